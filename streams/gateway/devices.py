"""Devices 终端 of squads and collectors: enrolled once by a code, signed in by a key that never leaves them.

    lead: POST /api/devices ─▶ an account with the hash of a code ─▶ its officer types it ─▶ POST /api/enrol with a key
    later: POST /api/device/challenge ─▶ signed on the device ─▶ POST /api/device/session ─▶ a cookie for a quarter hour

1. The device makes a P-256 key pair which the browser does not give out; only the public half comes here. So what can
   be stolen off a telephone is a cookie that ends within a quarter of an hour, and nobody can renew it elsewhere. (A
   token that is good for a month, as most apps have one, works from any machine.)
2. A code is used once, within ten minutes, and is kept as its hash. Of two who use it in one second the last one holds;
   the first one's next signature is refused, and the lead sees the wrong one in the list.
3. Revoking writes the account; each gateway knows within a second, and asks at each request and each event.
4. A challenge is not kept: it says its time under our signature. Each is taken once by a gateway, within a minute.

Browsers sign with WebCrypto only where the page came by https, or from this machine.
"""

from __future__ import annotations

import binascii
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest
from typing import Annotated, Literal

import msgspec
import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from dispatchers.city import City
from dispatchers.messages.words import Id
from dispatchers.rows import CityPack

from ..clock import wall_ms
from ..kafka_io import within
from . import tokens
from .accounts import DEVICES, Account, Accounts, Keys, Push, changed, letters, made
from .audit import Audit
from .login import Backoff, too_many
from .problem import PATIENCE_S, Problem, not_found, unfit
from .sessions import Session

CODE_LASTS = 10 * 60_000
CHALLENGE_LASTS = 60_000
KEPT = 10_000  # challenges that were answered
log = structlog.get_logger(__name__)


class NewDevice(msgspec.Struct, frozen=True, kw_only=True):
    """Whose device shall be enrolled: an officer's, by number, or a collector's."""

    role: Literal["squad", "leader", "collector"]
    officer: Id


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """What the lead shows to who carries the device. Shown once."""

    account: str
    code: str
    until: int  # wall time


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device as the lead sees it."""

    account: str
    role: str
    squad: str
    officer: str
    enrolled: bool
    disabled: bool
    until: int  # of a code that was not used yet
    changed_at: int


class DeviceList(msgspec.Struct, frozen=True):
    """Those of the lead's desk."""

    devices: list[Device]


class Enrol(msgspec.Struct, frozen=True, kw_only=True):
    """A code, and the public key (SPKI, DER) of the pair that the device made."""

    code: Annotated[str, msgspec.Meta(min_length=8, max_length=20)]
    key: Annotated[str, msgspec.Meta(max_length=200)]


class Who(msgspec.Struct, frozen=True):
    """Which account wants to sign in."""

    account: Annotated[str, msgspec.Meta(max_length=64)]


class Challenge(msgspec.Struct, frozen=True):
    """What the device is to sign."""

    challenge: str


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge, signed: ECDSA with SHA-256 over its UTF-8 bytes, r and s of 32 bytes each (as WebCrypto has it)."""

    account: Annotated[str, msgspec.Meta(max_length=64)]
    challenge: Annotated[str, msgspec.Meta(max_length=500)]
    signature: Annotated[str, msgspec.Meta(max_length=100)]


class _Asked(msgspec.Struct, frozen=True, array_like=True):
    account: str
    at: int
    nonce: str


class Devices:
    """Enrols devices, and tells which account a signature is of."""

    def __init__(self, accounts: Accounts, keys: Keys, audit: Audit, *, now: Callable[[], int] = wall_ms) -> None:
        self._accounts, self._keys, self._audit, self._now = accounts, keys, audit, now
        self._answered: OrderedDict[str, None] = OrderedDict()
        self._tries = Backoff(20, 300.0, time.monotonic)  # of an address: a whole squad may stand behind one

    # -- by the lead ---------------------------------------------------------------------------------------------------

    async def add(self, session: Session, told: NewDevice, city: City, day: int) -> Code:
        """An account that waits for its device. Raises Problem 422: there is no such officer on the lead's desk."""
        account, code = offered(told, session.account.desk, city, day, session.account.id, self._now() + CODE_LASTS)
        await self._audited(session, "device_added", account)
        await self._accounts.put(account)
        return Code(account=account.id, code=code, until=account.enrol_until)

    def of(self, session: Session) -> DeviceList:
        """The devices of the lead's desk, whoever added them."""
        now = self._now()
        ours = [a for a in self._accounts.all() if a.role in DEVICES and a.desk == session.account.desk]
        there = [a for a in ours if a.device or a.enrol_until > now or (a.enrol and not a.enrol_until)]
        return DeviceList([_device(a) for a in there])

    async def revoke(self, session: Session, name: str) -> None:
        """A device is lost, or was the wrong one. Raises Problem 404."""
        account = self._accounts.get(name)
        if account is None or account.role not in DEVICES or account.desk != session.account.desk:
            raise not_found()
        by = session.account.id
        await self._audited(session, "device_revoked", account)
        await self._accounts.put(changed(account, by, disabled=True, enrol="", push=None, epoch=account.epoch + 1))

    async def _audited(self, session: Session, what: str, account: Account) -> None:
        by = session.account
        async with within(PATIENCE_S):
            await self._audit.record(by.id, by.role, what, detail=f"{account.id} {account.officer}")

    # -- by the device -------------------------------------------------------------------------------------------------

    async def enrol(self, told: Enrol, address: str) -> Account:
        """The account of a code, which the device now has. Raises Problem 401, 422, 429."""
        self._hear(address)
        _public(told.key)
        account = self._waiting(told.code)
        if account is None:
            raise _wrong("the code")
        await self._accounts.put(changed(account, account.id, device=told.key, enrol="", enrol_until=0))
        account = self._accounts.get(account.id)
        if account is None or account.disabled or account.device != told.key:
            raise _wrong("the code")
        self._tries.take_back(address)
        log.info("a device enrolled", account=account.id, officer=account.officer, address=address)
        return account

    def challenge(self, told: Who) -> Challenge:
        """For any name: whether there is such an account is not told."""
        asked = _Asked(told.account, self._now(), secrets.token_urlsafe(16))
        return Challenge(tokens.signed(self._keys.challenge, asked))

    def sign_in(self, told: Signed, address: str) -> Account:
        """The account whose device signed. Raises Problem 401, 429."""
        self._hear(address)
        account = self._accounts.get(told.account)
        asked = self._asked(told.challenge)
        if account is None or account.disabled or not account.device or asked is None or asked.account != account.id:
            raise _wrong("the signature")
        if not _signed(account.device, told.challenge.encode(), told.signature) or asked.nonce in self._answered:
            raise _wrong("the signature")
        self._answered[asked.nonce] = None
        if len(self._answered) > KEPT:
            self._answered.popitem(last=False)
        self._tries.take_back(address)
        return account

    async def subscribe(self, session: Session, push: Push) -> None:
        """How the device is woken when no page of ours is open."""
        account = self._accounts.get(session.account.id)
        if account and account.push != push:
            await self._accounts.put(changed(account, account.id, push=push))

    def _hear(self, address: str) -> None:
        if (wait := self._tries.wait(address)) > 0:
            raise too_many(wait)
        self._tries.count(address)

    def _waiting(self, code: str) -> Account | None:
        digest, now = _hash(code), self._now()
        for account in self._accounts.all():
            if account.enrol and compare_digest(account.enrol, digest) and not account.disabled:
                return account if not account.enrol_until or now < account.enrol_until else None
        return None

    def _asked(self, challenge: str) -> _Asked | None:
        asked = tokens.opened(self._keys.challenge, challenge, _Asked)
        return asked if asked and 0 <= self._now() - asked.at < CHALLENGE_LASTS else None


def offered(told: NewDevice, desk: str, city: City, day: int, by: str, until: int) -> tuple[Account, str]:
    """An account that waits for its device, and the code. Raises Problem 422."""
    where: dict[str, str] = {}
    if told.role == "collector":
        row = next((c for c in city.pack.collectors if c.number == told.officer), None)
        if row and city.territories[row.territory].desk == desk:
            where = {"territory": row.territory}
    else:
        officer = city.officer(told.officer, day)
        if officer and city.squads[officer.squad].desk == desk:
            where = {"squad": officer.squad}
    if not where:
        raise unfit("$.officer", "本指挥席没有这个编号", "nobody of this desk has this number")
    return waiting(told, by, until, desk=desk, **where)


def demo(pack: CityPack) -> list[tuple[Account, str]]:
    """Devices to try the city with, of the first county: a member's and the leader's of its first squad, and a
    collector's there. Their codes hold until they are used."""
    county = next((d for d in pack.desks if d.kind == "county"), pack.desks[0])
    squad = next((s for s in pack.squads if s.desk == county.id and s.tier == "town_squad"), None)
    if squad is None:
        return []
    posts = {o.post: o.number for o in reversed(pack.officers) if o.squad == squad.id and o.employment == "formal"}
    looks = next((c.number for c in pack.collectors if c.territory == squad.territory), "")
    carried = [
        (NewDevice(role="squad", officer=posts.get("member", "")), {"squad": squad.id}),
        (NewDevice(role="leader", officer=posts.get("leader", "")), {"squad": squad.id}),
        (NewDevice(role="collector", officer=looks), {"territory": squad.territory}),
    ]
    return [waiting(told, "demo", 0, desk=county.id, **where) for told, where in carried if told.officer]


def waiting(told: NewDevice, by: str, until: int, **where: str) -> tuple[Account, str]:
    """An account that waits for its device, and the code; `until` 0: until it is used."""
    code, name = f"{letters(4)}-{letters(4)}", f"d-{letters(8)}"
    return made(name, told.role, by, officer=told.officer, enrol=_hash(code), enrol_until=until, **where), code


def _device(account: Account) -> Device:
    return Device(
        account=account.id,
        role=account.role,
        squad=account.squad,
        officer=account.officer,
        enrolled=bool(account.device),
        disabled=account.disabled,
        until=account.enrol_until,
        changed_at=account.changed_at,
    )


def _hash(code: str) -> str:
    """As a code is kept: however it was typed."""
    plain = "".join(c for c in code.lower() if c.isalnum())
    return sha256(plain.encode("utf-8", "replace")).hexdigest()


def _wrong(what: str) -> Problem:
    return Problem(401, "wrong", "注册码或设备签名无效", f"{what} is wrong, was used, or is no longer valid")


def _public(key: str) -> ec.EllipticCurvePublicKey:
    """Raises Problem 422."""
    try:
        public = load_der_public_key(tokens.to_bytes(key))
    except (ValueError, binascii.Error) as fault:
        raise unfit("$.key", "不是公钥（SPKI DER）", "no public key (SPKI, DER)") from fault
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise unfit("$.key", "须为 P-256 公钥", "must be a key on P-256")
    return public


def _signed(key: str, message: bytes, signature: str) -> bool:
    try:
        raw = tokens.to_bytes(signature)
        if len(raw) != 64:
            return False
        pair = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
        _public(key).verify(encode_dss_signature(*pair), message, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True
