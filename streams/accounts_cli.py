"""`paidan account` and `paidan audit`: who may sign in, and whether the record of who looked at what is whole.

Each change is in the audit topic before it is in the topic of accounts. What is secret is drawn here, shown once, and
kept only as a hash: nobody chooses a password for somebody else, and none stands in the history of a shell.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from cyclopts import App

from .cli_common import UserError, asked, connected, load_pack, say
from .gateway.access import Role  # cyclopts reads the choices from it

if TYPE_CHECKING:  # each word imports what it needs
    from .gateway.accounts import Account
    from .settings import Settings

account_app = App(name="account", help="Who may sign in at the gateway.")
audit_app = App(name="audit", help="Who looked at what.")


@account_app.command
def add(id: str, /, *, role: Role, desk: str = "", territory: str = "", unit: str = "", source: str = "") -> None:  # noqa: A002
    """Make an account and show, once, what it signs in with.

    Parameters
    ----------
    id: Of the post, not of the person (js-operator-3); small letters and digits.
    role: What it may.
    desk: Its desk; roles above the desks may have none, which is all of them.
    territory: Of a town's seat.
    unit: Of a unit.
    source: Of an integrator: what it files is said to come from there.
    """
    _must_exist(desk, territory, unit)
    say(asked(_add(connected(), id, role, {"desk": desk, "territory": territory, "unit": unit, "source": source})))


@account_app.command(name="list")
def list_accounts() -> None:
    """List the accounts."""
    say("\n".join(asked(_list(connected()))))


@account_app.command
def disable(id: str, /) -> None:  # noqa: A002
    """Close an account: its sessions end within seconds, and it signs in no more.

    Parameters
    ----------
    id: Of the account.
    """
    say(asked(_disable(connected(), id)))


@account_app.command
def password(id: str, /) -> None:  # noqa: A002
    """Give an account a new password (and, if it has one, a new one-time code), open it again, end all its sessions.

    Parameters
    ----------
    id: Of the account.
    """
    say(asked(_password(connected(), id)))


@account_app.command
def key(id: str, /) -> None:  # noqa: A002
    """Give an integrator a new key; the one before is void.

    Parameters
    ----------
    id: Of the account.
    """
    say(asked(_key(connected(), id)))


@audit_app.command
def verify(*, known: str = "") -> int:
    """Walk over the audit topic; exit code 1 if an entry was changed, removed or put in between.

    Parameters
    ----------
    known: The hash that an earlier run printed: is that entry still there?
    """
    from .gateway import audit

    report = asked(audit.verify(connected().kafka, known))
    say(f"{report.entries} entries: {report.valid} valid, {report.void} void (said again), {report.unproven} unproven")
    if not report.whole:
        sys.stderr.write(f"paidan: broken at offset {report.broken_at}: {report.broken}\n")
        return 1
    say(f"whole up to entry {report.seq}, hash {report.head}")
    return 0


def _must_exist(desk: str, territory: str, unit: str) -> None:
    pack = load_pack()
    for word, said, rows in (
        ("desk", desk, pack.desks),
        ("territory", territory, pack.territories),
        ("unit", unit, pack.units),
    ):
        if said and said not in {row.id for row in rows}:
            raise UserError(f"the city has no {word} {said}")


async def _add(settings: Settings, name: str, role: Role, area: dict[str, str]) -> str:
    from .gateway.accounts import WITH_CODE, AccountError, made

    if name in await _held(settings):
        raise AccountError(f"{name} is there already; `paidan account password {name}` gives it a new password")
    if role == "integrator":
        fields, shown = _new_key()
    else:
        fields, shown = _new_password(settings, name, code=role in WITH_CODE)
    await _write(settings, made(name, role, who(), **area, **fields), "account_added", f"role {role}")
    return f"{name}: {role}\n{shown}"


async def _list(settings: Settings) -> list[str]:
    held = await _held(settings)
    return [_line(held[name]) for name in sorted(held)]


async def _disable(settings: Settings, name: str) -> str:
    from .gateway.accounts import changed

    account = await _one(settings, name)
    after = changed(account, who(), disabled=True, epoch=account.epoch + 1)
    await _write(settings, after, "account_disabled")
    return f"{name} is closed; its sessions end within seconds"


async def _password(settings: Settings, name: str) -> str:
    from .gateway.accounts import AccountError, changed

    account = await _one(settings, name)
    if account.role == "integrator":
        raise AccountError(f"{name} is a source: it has a key (`paidan account key {name}`)")
    fields, shown = _new_password(settings, name, code=account.code == "required")
    after = changed(account, who(), disabled=False, epoch=account.epoch + 1, **fields)
    await _write(settings, after, "password_changed")
    return f"{name}: {account.role}\n{shown}"


async def _key(settings: Settings, name: str) -> str:
    from .gateway.accounts import AccountError, changed

    account = await _one(settings, name)
    if account.role != "integrator":
        raise AccountError(f"{name} is no source but {account.role}: it has a password")
    fields, shown = _new_key()
    await _write(settings, changed(account, who(), disabled=False, epoch=account.epoch + 1, **fields), "key_made")
    return f"{name}: source {account.source}\n{shown}"


def _new_key() -> tuple[dict[str, Any], str]:
    from .gateway.accounts import key_hash, new_key

    drawn = new_key()
    return {"key": key_hash(drawn)}, f"key: {drawn}"


def _new_password(settings: Settings, name: str, *, code: bool) -> tuple[dict[str, Any], str]:
    from .gateway.accounts import HASHER, Keys, code_address, new_code, new_password
    from .vault import load_or_create

    drawn = new_password()
    fields: dict[str, Any] = {"password": HASHER.hash(drawn)}
    if not code:
        return fields, f"password: {drawn}"
    secret = new_code()
    keys = Keys(load_or_create(settings.master_key))
    fields |= {"code": "required", "totp": keys.seal_code(name, secret)}
    return fields, f"password: {drawn}\none-time code: {code_address(name, secret)}"


def _line(account: Account) -> str:
    area = account.desk or account.territory or account.unit or account.source or "-"
    told = {"code": account.code == "required", "demo": account.demo, "simulated": account.simulated}
    marks = [mark for mark, is_so in told.items() if is_so]
    return "\t".join((account.id, account.role, area, "closed" if account.disabled else "open", ",".join(marks) or "-"))


async def _held(settings: Settings) -> dict[str, Account]:
    from .gateway.accounts import TOPIC, fold
    from .scan import scan

    held: dict[str, Account] = {}
    async for record in scan(settings.kafka, TOPIC):
        fold(held, record)
    return held


async def _one(settings: Settings, name: str) -> Account:
    from .gateway.accounts import AccountError

    account = (await _held(settings)).get(name)
    if account is None:
        raise AccountError(f"there is no account {name}")
    return account


async def _write(settings: Settings, account: Account, what: str, detail: str = "") -> None:
    from .gateway.accounts import write
    from .gateway.audit import Audit
    from .kafka_io import producer

    async with producer(settings.kafka) as sender:
        said = " ".join(word for word in (account.id, detail) if word)
        await Audit(settings.kafka, sender).record(who(), "cli", what, detail=said)
        await write(sender, account)


def who() -> str:
    """Who sits at the command line, without a name."""
    return f"cli/{os.getuid()}"
