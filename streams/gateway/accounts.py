"""Accounts: who may sign in, as what, for which area. The newest record of an account in the topic `accounts` holds.

1. Nothing is kept elsewhere. Each gateway reads the topic whole at its start and follows it, so that an account that is
   closed is closed at all of them within a second, and nothing is lost with Redis.
2. A record has no name in it: an account is a number of a post, and who has the post stands in the office's own books.
3. A record that cannot be read, or breaks a rule of `Account`, is logged and counts for nothing: the one before holds.
4. A password is kept as its argon2id hash, a source's key as its SHA-256 (it is 256 random bits: nobody tries those),
   the secret of one-time codes closed under a key derived from the master key and bound to its account.

Rejected: roles in the city pack, which is public and kept for ever; a database of the gateway's own, which would have
to be backed up apart from the log. Price: two who change one account in the same second: the last one holds.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from hmac import compare_digest
from typing import Annotated, Any, Literal

import msgspec
import pyotp
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dispatchers.rows import CityPack

from ..clock import wall_ms
from ..kafka_io import ends, reader, within

# The seam for other algorithms is there, for the gateway's keys too.
from ..vault import _close, _derive, _open
from .access import Role
from .problem import PATIENCE_S

TOPIC = "accounts"
PLACE = TopicPartition(TOPIC, 0)
READ_S = 30.0  # for all of the topic at the start
AGAIN_S = 1.0  # after the broker was lost
TOGETHER = 32  # accounts in one append: the topic takes 64 KiB, and one with a subscription has almost two
WITH_CODE: frozenset[Role] = frozenset({"lead", "admin"})  # must have a one-time code (TOTP), GB/T 22239
# What of an area each role's record must say, and nothing but that; the others may name a desk, or none for all desks.
AREA: dict[Role, tuple[str, ...]] = {
    "operator": ("desk",), "lead": ("desk",), "checker": ("desk",), "unit": ("unit",), "town": ("territory",),
    "integrator": ("source",), "squad": ("squad", "officer"), "leader": ("squad", "officer"),
    "collector": ("officer", "territory"),
}  # fmt: skip
DEVICES: frozenset[Role] = frozenset({"squad", "leader", "collector"})  # sign in with a key of the device (devices.py)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is mistaken for another when read aloud
_ID = r"[a-z0-9][a-z0-9._-]{0,63}"
log = structlog.get_logger(__name__)

# OWASP's second choice for argon2id: 19 MiB, two passes, one lane. Its first takes 46 MiB, and a gateway has 200.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class AccountError(ValueError):
    """An account cannot be as is asked; the text is for a person."""


class Push(msgspec.Struct, frozen=True):
    """A browser's subscription (RFC 8030): where to, and the keys that what is sent is closed under (RFC 8291)."""

    endpoint: Annotated[str, msgspec.Meta(pattern="^https://", max_length=1_000)]
    p256dh: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{80,100}$")]
    auth: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{16,40}$")]


class Account(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The value of an `accounts` record. Making one that breaks a rule raises ValueError, reading one likewise."""

    id: Annotated[str, msgspec.Meta(pattern=f"^{_ID}$")]  # of the post: js-operator-3
    role: Role
    desk: str = ""  # "" all desks, for the roles that may have all
    territory: str = ""  # a town's seat
    unit: str = ""
    source: str = ""  # an integrator's: what it files is said to come from there
    password: str = ""  # argon2id, in the form of its own that names the parameters
    code: Literal["required", "none"] = "none"  # whether a one-time code is asked for
    totp: bytes = b""  # its secret, closed (`Keys`)
    squad: str = ""
    officer: str = ""  # number of the officer, or collector, who carries the device
    key: str = ""  # of a source, or of whom `paidan simulate` plays: SHA-256 of it, hex
    device: str = ""  # public key of the device that enrolled, as devices.py has it
    enrol: str = ""  # SHA-256 of the code by which one may, hex; gone once it was used
    enrol_until: int = 0  # wall time; 0: until it is used (demo)
    push: Push | None = None  # how the device is woken by Web Push
    simulated: bool = False  # nobody's: what it orders is marked so
    demo: bool = False  # made by `paidan run`, where leads may sign in without a code
    disabled: bool = False
    filters: dict[str, str] = {}  # saved searches, by name: they go where the account does
    epoch: int = 0  # raised, it ends all sessions begun before
    changed_at: int = 0  # wall time
    changed_by: str = ""

    def __post_init__(self) -> None:
        if faults := list(_faults(self)):
            raise AccountError(f"{self.id}: {'; '.join(faults)}")


def _faults(account: Account) -> Iterator[str]:
    if not re.fullmatch(_ID, account.id):
        yield "an id has 1 to 64 small letters, digits, '.', '_' or '-'"
    wanted = AREA.get(account.role, ())
    for field in ("desk", "territory", "unit", "source", "squad", "officer"):
        said = getattr(account, field)
        if field in wanted and not said:
            yield f"the role {account.role} needs its {field}"
        if said and field not in (*wanted, "desk"):
            yield f"the role {account.role} has no {field}"
    yield from _faulty_signing_in(account)


def _faulty_signing_in(account: Account) -> Iterator[str]:
    if account.role in ("integrator", *DEVICES) and account.password:
        yield f"the role {account.role} has a key, no password"
    if account.role not in DEVICES and (account.device or account.enrol or account.push):
        yield f"the role {account.role} has no device"
    if account.role != "integrator" and account.key and not account.simulated:
        yield f"the role {account.role} has no key"
    if account.simulated and not (account.key and not (account.password or account.device or account.enrol)):
        yield "what is simulated has a key, and nothing else to sign in with"
    if account.code == "required" and account.password and not account.totp:
        yield "a code is required, and there is no secret to make it from"
    if account.role in WITH_CODE and account.code == "none" and not (account.demo or account.simulated):
        yield f"the role {account.role} must sign in with a code"


class Keys:
    """What the gateway does with the master key: each use has a key of its own, so that every gateway, and one that
    starts again, takes the others' sessions for its own."""

    def __init__(self, master: bytes) -> None:
        self.session = _derive(master, "gateway/session")
        self.csrf = _derive(master, "gateway/csrf")
        self.challenge = _derive(master, "gateway/challenge")
        self._code = AESGCM(_derive(master, "gateway/code"))

    def seal_code(self, account: str, secret: str) -> bytes:
        """The secret of an account's one-time codes, closed; to another account it is of no use."""
        return _close(self._code, secret.encode(), f"account/{account}")

    def open_code(self, account: str, sealed: bytes) -> str:
        """The secret again. Raises vault.WrongKeyError."""
        return _open(self._code, sealed, f"account/{account}").decode()


# -- secrets that are shown once ---------------------------------------------------------------------------------------


def letters(number: int) -> str:
    """So many at random, as a person reads them aloud and types them."""
    return "".join(secrets.choice(_LETTERS) for _ in range(number))


def new_password() -> str:
    """A password that can be read aloud and typed: 59 bits, far beyond what the back-off lets anybody try."""
    return "-".join(letters(4) for _ in range(3))


def new_code() -> str:
    """A secret for one-time codes, as apps take it."""
    return pyotp.random_base32()


def new_key() -> str:
    """A source's key: 256 random bits, with a beginning by which a leaked one is recognised."""
    return "paidan_" + secrets.token_urlsafe(32)


def key_hash(key: str) -> str:
    """How a key is kept."""
    return sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def code_address(account: str, secret: str) -> str:
    """What an app for one-time codes reads, as a picture or typed in."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name="Paidan")


def made(account: str, role: Role, by: str, **fields: Any) -> Account:
    """A new account, stamped. Raises AccountError."""
    return Account(id=account, role=role, changed_at=wall_ms(), changed_by=by, **fields)


def changed(account: Account, by: str, **fields: Any) -> Account:
    """The account with other fields, stamped. Raises AccountError."""
    return msgspec.structs.replace(account, changed_at=wall_ms(), changed_by=by, **fields)


# -- the topic ---------------------------------------------------------------------------------------------------------


async def write(sender: AIOKafkaProducer, *accounts: Account) -> int:
    """Write accounts; when this returns they are acknowledged by all. The offset of the last one."""
    offset = -1
    for begin in range(0, len(accounts), TOGETHER):
        underway = [
            await sender.send(TOPIC, msgspec.json.encode(account), key=account.id.encode(), partition=0)
            for account in accounts[begin : begin + TOGETHER]
        ]
        offset = (await asyncio.gather(*underway))[-1].offset
    return offset


def fold(into: dict[str, Account], record: ConsumerRecord) -> None:
    """Take a record of the topic; one that is no account counts for nothing. Without a value it removes the account."""
    name = (record.key or b"").decode("utf-8", "replace")
    if record.value is None:
        into.pop(name, None)
        return
    try:
        account = msgspec.json.decode(record.value, type=Account)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        log.error("an account's record cannot be read", account=name, offset=record.offset, fault=str(fault))
        return
    if account.id != name:
        log.error("an account's record has another's key", key=name, account=account.id, offset=record.offset)
        return
    into[name] = account


class Accounts:
    """All accounts, as new as the topic."""

    def __init__(self, kafka: str, sender: AIOKafkaProducer) -> None:
        self._kafka, self._sender = kafka, sender
        self._by_id: dict[str, Account] = {}
        self._by_key: dict[str, str] = {}
        self._position = 0
        self._moved = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self, patience: float = READ_S) -> None:
        """Read the topic, and follow it from now on. Raises TimeoutError."""
        moved = self._moved
        self._task = asyncio.create_task(self._follow())
        async with asyncio.timeout(patience):
            await moved.wait()

    async def stop(self) -> None:
        """Follow no more."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def get(self, account: str) -> Account | None:
        """The account of this id, disabled or not."""
        return self._by_id.get(account)

    def by_key(self, key: str) -> Account | None:
        """The source, or who is simulated, whose key this is."""
        digest = key_hash(key)
        found = self._by_id.get(self._by_key.get(digest, ""))
        return found if found and compare_digest(found.key, digest) and not found.disabled else None

    def all(self) -> list[Account]:
        """All of them, by id."""
        return [self._by_id[name] for name in sorted(self._by_id)]

    async def put(self, account: Account) -> None:
        """Write an account; when this returns it is acknowledged by all, and holds here.

        Raises KafkaError: it may hold, or not; ask again.
        """
        await self.put_all([account])

    async def put_all(self, accounts: Iterable[Account]) -> None:
        """Likewise for many."""
        async with within(PATIENCE_S):
            offset = await write(self._sender, *accounts)
            while self._position <= offset:
                await self._moved.wait()

    async def _follow(self) -> None:
        while True:
            try:
                async with reader(self._kafka) as consumer:
                    await self._read(consumer)
            except (KafkaError, OSError) as fault:
                log.warning("accounts are not followed for a moment", fault=str(fault))
                await asyncio.sleep(AGAIN_S)

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        """All of the topic from its beginning, and then what comes. Until the end is reached, what was known holds."""
        first, end = (await ends(consumer, [PLACE]))[PLACE]
        consumer.assign([PLACE])
        consumer.seek(PLACE, first)
        found: dict[str, Account] = {}
        position = first
        while True:
            if position >= end:
                self._hold(found, position)
            for record in (await consumer.getmany(PLACE, timeout_ms=500)).get(PLACE, ()):
                fold(found, record)
            position = await consumer.position(PLACE)

    def _hold(self, found: dict[str, Account], position: int) -> None:
        if position == self._position and found is self._by_id:
            return
        self._by_id, self._position = found, position
        self._by_key = {account.key: name for name, account in found.items() if account.key}
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


# -- a city to try -----------------------------------------------------------------------------------------------------


def demo(pack: CityPack, keys: Keys) -> list[tuple[Account, str, str]]:
    """Accounts for `paidan run`: (account, password, secret of its codes or ""). Drawn anew each time it is asked.

    For each desk an operator, a lead, a checker and a hotline; for the city the bodies above the desks; of the first
    county three town seats and a unit of each kind it has.
    """
    county = next((d for d in pack.desks if d.kind == "county"), pack.desks[0])
    towns = [t for t in pack.territories if t.kind == "township" and t.desk == county.id][:3]
    units = {unit.kind: unit for unit in pack.units if unit.desk == county.id}
    posts: list[tuple[str, Role, dict[str, str]]] = [
        (f"{desk.prefix}-{role}", role, {"desk": desk.id}) for desk in pack.desks for role in _AT_A_DESK
    ]
    posts += [(role, role, {}) for role in _OF_THE_CITY]
    posts += [(f"{county.prefix}-town-{town.id}", "town", {"territory": town.id}) for town in towns]
    posts += [(f"{unit.id}-unit", "unit", {"unit": unit.id}) for unit in units.values()]
    return [_demo(post.lower(), role, area, keys) for post, role, area in posts]


_AT_A_DESK: tuple[Role, ...] = ("operator", "lead", "checker", "hotline")
_OF_THE_CITY: tuple[Role, ...] = ("coordination", "supervisor", "auditor", "wall", "ops", "admin")


def _demo(post: str, role: Role, area: dict[str, str], keys: Keys) -> tuple[Account, str, str]:
    password, secret = new_password(), new_code() if role == "admin" else ""
    account = made(
        post,
        role,
        "demo",
        **area,
        password=HASHER.hash(password),
        code="required" if secret else "none",
        totp=keys.seal_code(post, secret) if secret else b"",
        demo=True,
    )
    return account, password, secret
