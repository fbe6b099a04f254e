"""Signing in: a password and, where the account has one, a one-time code. What comes of it is an account, no more.

1. A wrong account costs the time of a wrong password: it is tried against a hash that nothing matches.
2. An attempt counts before it is tried, per account and per address, and is taken back when it was right: a thousand at
   once are no better than a thousand in a row. After a few, each wrong one doubles the wait (429, Retry-After). The
   wait of an account is short, for whoever knows its id could else lock its owner out; that of an address is long.
3. A code is taken once (RFC 6238 §5.2), by a gateway; another one may take it again within its 90 seconds.
4. Who may not sign in hears what the one with a wrong password hears.

The seam for single sign-on (OIDC) is `Login`: an implementation with Authlib (`AsyncOAuth2Client`: redirect, state,
nonce, the id token's signature) would give the account whose id the token's `sub` stands for; sessions, rights and the
topic of accounts stay as they are. It needs two more routes, for the redirect there and back, beside `POST /api/login`.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from hmac import compare_digest
from math import ceil
from typing import Annotated, NamedTuple, Protocol

import msgspec
import pyotp
import structlog
from argon2.exceptions import InvalidHashError, VerificationError

from ..vault import WrongKeyError
from .accounts import HASHER, Account, Accounts, Keys, new_password
from .problem import Problem

AT_ONCE = 2  # hashes that are computed at a time: each takes 19 MiB and a core
IN_QUEUE = 50  # more who wait for one are told to come again
STEP_S = 30  # of a one-time code
log = structlog.get_logger(__name__)


class Credentials(msgspec.Struct, frozen=True):
    """What `POST /api/login` is told."""

    account: Annotated[str, msgspec.Meta(max_length=64)]
    password: Annotated[str, msgspec.Meta(max_length=1024)]
    code: Annotated[str, msgspec.Meta(max_length=16)] = ""


class Login(Protocol):
    """A way to find out who somebody is."""

    async def sign_in(self, told: Credentials, address: str) -> Account:
        """The account. Raises Problem: 401 wrong, 401 code_wanted, 429."""


class _Tries(NamedTuple):
    number: int
    last: float


class Backoff:
    """How long somebody has to wait after wrong attempts: nothing for `free` of them, then 1 s, 2 s, … up to `longest`.

    In memory, of the last `KEPT` who tried: forgetting one is no more than a few free attempts for them.
    """

    KEPT = 10_000
    FORGET_S = 900.0

    def __init__(self, free: int, longest: float, now: Callable[[], float]) -> None:
        self._free, self._longest, self._now = free, longest, now
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def wait(self, who: str) -> float:
        """Seconds until the next attempt is heard."""
        tries = self._tries.get(who)
        if tries is None or tries.number < self._free:
            return 0.0
        pause = min(self._longest, 2.0 ** min(30, tries.number - self._free))
        return max(0.0, tries.last + pause - self._now())

    def count(self, who: str) -> None:
        """An attempt begins."""
        now, before = self._now(), self._tries.pop(who, None)
        fresh = before is None or now - before.last > self.FORGET_S
        self._tries[who] = _Tries(1 if fresh or before is None else before.number + 1, now)
        if len(self._tries) > self.KEPT:
            self._tries.popitem(last=False)

    def take_back(self, who: str) -> None:
        """That attempt was not wrong; those before it still were."""
        before = self._tries.get(who)
        if before:
            self._tries[who] = _Tries(max(0, before.number - 1), before.last)

    def forget(self, who: str) -> None:
        """All is well again."""
        self._tries.pop(who, None)


def too_many(wait_s: float) -> Problem:
    """The answer to who must wait."""
    seconds = max(1, ceil(wait_s))
    return Problem(429, "too_many", "尝试过多，请稍后再试", "too many attempts; wait a moment", wait=seconds)


class PasswordLogin:
    """Password and one-time code, from the topic of accounts."""

    def __init__(
        self,
        accounts: Accounts,
        keys: Keys,
        *,
        now: Callable[[], float] = time.monotonic,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self._accounts, self._keys, self._wall_s = accounts, keys, wall_s
        self._by_account = Backoff(5, 30.0, now)
        self._by_address = Backoff(20, 300.0, now)  # a whole office may come from one
        self._hashing, self._queue = asyncio.Semaphore(AT_ONCE), 0
        self._nobodys = HASHER.hash(new_password())
        self._codes: dict[str, int] = {}  # account -> the step of the last code that was taken

    async def sign_in(self, told: Credentials, address: str) -> Account:
        """See `Login`."""
        self._hear(told.account, address)
        account = self._accounts.get(told.account)
        hashed = account.password if account else ""
        right = await self._matches(hashed or self._nobodys, told.password)
        account = self._accounts.get(told.account)  # it may have been closed meanwhile
        if account is None or account.disabled or not (right and hashed == account.password):
            raise self._wrong(told.account, address)
        if account.code == "required":
            if not told.code:
                self._by_account.take_back(told.account)  # not forgotten, or codes could be tried in between
                self._by_address.take_back(address)
                raise Problem(401, "code_wanted", "请输入动态验证码", "a one-time code is wanted too")
            if not self._takes(account, told.code):
                raise self._wrong(told.account, address)
        self._by_account.forget(told.account)
        self._by_address.take_back(address)
        return account

    def _hear(self, account: str, address: str) -> None:
        """Count an attempt. Raises Problem 429 instead while its account or its address must wait."""
        wait = max(self._by_account.wait(account), self._by_address.wait(address))
        if self._queue >= IN_QUEUE:
            wait = max(wait, 1.0)
        if wait > 0:
            raise too_many(wait)
        self._by_account.count(account)
        self._by_address.count(address)

    def _wrong(self, account: str, address: str) -> Problem:
        known = account if self._accounts.get(account) else "unknown"  # people type passwords into the wrong field
        log.warning("a sign-in was refused", account=known, address=address)
        return Problem(401, "wrong", "账号、密码或验证码不正确", "account, password or code is wrong")

    async def _matches(self, hashed: str, password: str) -> bool:
        self._queue += 1
        try:
            async with self._hashing:
                return await asyncio.to_thread(_verify, hashed, password)
        finally:
            self._queue -= 1

    def _takes(self, account: Account, code: str) -> bool:
        """Whether this is the code of now, or of half a minute before or after, and newer than the last one taken."""
        try:
            totp = pyotp.TOTP(self._keys.open_code(account.id, account.totp))
        except WrongKeyError as fault:
            log.error("the secret of an account's codes cannot be opened", account=account.id, fault=str(fault))
            return False
        step, said = int(self._wall_s()) // STEP_S, code.replace(" ", "").encode("utf-8", "replace")
        right = [s for s in (step - 1, step, step + 1) if compare_digest(totp.generate_otp(s).encode(), said)]
        if not right or right[-1] <= self._codes.get(account.id, -1):
            return False
        self._codes[account.id] = right[-1]
        return True


def _verify(hashed: str, password: str) -> bool:
    try:
        return HASHER.verify(hashed, password.encode("utf-8", "surrogateescape"))
    except (VerificationError, InvalidHashError):
        return False
