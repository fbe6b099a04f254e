"""Sessions: what a browser shows with each request, and what of it handlers get.

    POST /api/login ─▶ login.py ─▶ cookie `paidan` ─▶ middleware ─▶ request[SESSION] ─▶ need(request, …) in handlers
    Authorization: Bearer <a source's key, or of whom `paidan simulate` plays> ┘

1. A session is not kept anywhere: the cookie says account, epoch and times, signed with a key that all gateways derive
   from the master key. One that was restarted, or another one, takes it for its own.
2. It ends after twelve hours without use (renewed when half of that is over), a week after signing in at the latest,
   and as soon as the topic of accounts says that the account is disabled or its epoch was raised. Handlers that last,
   as the stream, ask `stands` again at every beat.
3. An unsafe method with the cookie needs the header X-CSRF, which no other site can read or set. With a key no cookie
   counts, so none is needed.
4. Instants here are the wall's, not the city's clock: people's shifts do not go sixty times faster in a demo.

Rejected: sessions in Redis, which may forget all at any time (law 9). Price: signing out ends a session at this gateway
and in this browser; a copy of its cookie is good at another gateway until it ends by itself. Raising the epoch
(`paidan account password`) ends all sessions of an account everywhere.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from typing import NamedTuple, TypeVar

import msgspec
import structlog
from aiohttp import web

from ..clock import wall_ms

# The seam for other algorithms is there, for the gateway's keys too.
from ..vault import _mac
from . import tokens
from .access import MAY, Capability, Role, Scope, may, scope_of, verbs
from .accounts import DEVICES, Account, Accounts, Keys
from .login import Credentials, Login
from .problem import Problem, body_of, json, unfit

COOKIE = "paidan"
CSRF = "X-CSRF"
LOGIN, LOGOUT, ME = "/api/login", "/api/logout", "/api/me"
# Where a session begins: nothing is done in the name of one that a browser still has.
OPENINGS = frozenset({LOGIN, "/api/enrol", "/api/device/challenge", "/api/device/session"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HOUR = 3_600_000
LASTS = 12 * HOUR
DEVICE_LASTS = HOUR // 4
LONGEST = 7 * 24 * HOUR
LARGEST = 1024  # characters of a cookie: none of ours is longer
KEPT = 10_000  # sessions that were signed out here
T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = structlog.get_logger(__name__)


class Ticket(msgspec.Struct, frozen=True):
    """What the cookie says."""

    account: str
    epoch: int
    issued: int  # when the account signed in; renewing does not change it
    expires: int
    nonce: str


class Session(NamedTuple):
    """Who asks. A source's has no ticket, and with it no CSRF token and no end."""

    account: Account
    scope: Scope
    ticket: Ticket | None = None
    csrf: str = ""

    @property
    def role(self) -> Role:
        """Of the account."""
        return self.account.role

    @property
    def expires_at(self) -> int:
        """Wall time; 0: never."""
        return self.ticket.expires if self.ticket else 0


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser is told of itself."""

    account: str
    role: Role
    desk: str
    territory: str
    unit: str
    squad: str
    officer: str
    csrf: str
    verbs: list[str]  # order types that this role can ever give
    may: list[Capability]  # what else it may ask for
    expires_at: int  # wall time, unless it is used before


SESSION: web.RequestKey[Session | None] = web.RequestKey("session")


def session_of(request: web.Request) -> Session | None:
    """The session of a request; None: nobody is signed in."""
    return request.get(SESSION)


def need(request: web.Request, capability: Capability) -> Session:
    """The session of a request whose role gets such answers. Raises Problem 401, 403, whatever is asked for."""
    session = session_of(request)
    if session is None:
        raise Problem(401, "not_signed_in", "请先登录", "sign in first")
    if not may(session.role, capability):
        raise Problem(403, "not_your_role", "您的岗位没有这项权限", "your role does not do this")
    return session


class Sessions:
    """Begins, reads, renews and ends sessions. An app adds `middleware(sessions)` (inside the one that turns Problems
    into answers), `sessions.renew` to `on_response_prepare`, and `sessions.routes()`."""

    def __init__(
        self,
        keys: Keys,
        accounts: Accounts,
        login: Login,
        *,
        secure: bool = False,
        now: Callable[[], int] = wall_ms,
    ) -> None:
        self._keys, self._accounts, self._login = keys, accounts, login
        self._secure, self._now = secure, now
        self._ended: OrderedDict[str, None] = OrderedDict()  # nonces

    # -- from cookie to session and back -------------------------------------------------------------------------------

    def begin(self, account: Account) -> Session:
        """A new session."""
        now, lasts = self._now(), DEVICE_LASTS if account.role in DEVICES else LASTS
        return self._session(account, Ticket(account.id, account.epoch, now, now + lasts, secrets.token_urlsafe(16)))

    def cookie(self, ticket: Ticket) -> str:
        """A ticket, signed."""
        return tokens.signed(self._keys.session, ticket)

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie, if it is ours and stands."""
        ticket = tokens.opened(self._keys.session, cookie, Ticket) if len(cookie) <= LARGEST else None
        account = self._accounts.get(ticket.account) if ticket else None
        session = self._session(account, ticket) if account and ticket else None
        return session if session and self.stands(session) else None

    def stands(self, session: Session) -> bool:
        """Whether a session that stood when its request came still does."""
        now = self._accounts.get(session.account.id)
        if now is None or now.disabled:
            return False
        ticket = session.ticket
        if ticket is None:
            return now.key == session.account.key
        return now.epoch == ticket.epoch and self._now() < ticket.expires and ticket.nonce not in self._ended

    def of(self, request: web.Request) -> Session | None:
        """The session of a request: by a source's key if it has one, else by its cookie."""
        kind, _, key = request.headers.get("Authorization", "").partition(" ")
        if kind:
            source = self._accounts.by_key(key.strip()) if kind.lower() == "bearer" else None
            return Session(source, scope_of(source)) if source else None
        cookie = request.cookies.get(COOKIE)
        return self.read(cookie) if cookie else None

    async def renew(self, request: web.Request, response: web.StreamResponse) -> None:
        """Signal `on_response_prepare`: a session of which half is over lasts twelve hours from now again."""
        session, now = session_of(request), self._now()
        ticket = session.ticket if session else None
        if session is None or ticket is None or COOKIE in response.cookies or session.role in DEVICES:
            return
        expires = min(now + LASTS, ticket.issued + LONGEST)
        if ticket.expires - now < LASTS // 2 and expires > ticket.expires:
            # aiohttp has written the response's own cookies by now; what is added must be a header already.
            carrier = web.Response()
            self._set(carrier, msgspec.structs.replace(ticket, expires=expires))
            response.headers.add("Set-Cookie", carrier.cookies[COOKIE].OutputString())

    def _session(self, account: Account, ticket: Ticket) -> Session:
        return Session(account, scope_of(account), ticket, _mac(self._keys.csrf, ticket.nonce.encode()))

    def _set(self, response: web.StreamResponse, ticket: Ticket) -> None:
        response.set_cookie(
            COOKIE,
            self.cookie(ticket),
            max_age=max(0, ticket.expires - self._now()) // 1000,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self._secure,
        )

    # -- over HTTP -----------------------------------------------------------------------------------------------------

    def routes(self) -> list[web.RouteDef]:
        """Sign in, sign out, who am I."""
        return [web.post(LOGIN, self.login), web.post(LOGOUT, self.logout), web.get(ME, self.me)]

    async def login(self, request: web.Request) -> web.Response:
        """POST /api/login {"account", "password", "code"?} -> Me, and the cookie."""
        told = await opening(request, Credentials)
        account = await self._login.sign_in(told, request.remote or "")
        log.info("signed in", account=account.id, address=request.remote)
        return self.opened(account)

    def opened(self, account: Account) -> web.Response:
        """The answer to who just proved to be this account: Me, and the cookie."""
        session = self.begin(account)
        assert session.ticket
        response = json(me_of(session))
        self._set(response, session.ticket)
        return response

    async def logout(self, request: web.Request) -> web.Response:
        """POST /api/logout -> 204; also for who was not signed in."""
        session = session_of(request)
        if session and session.ticket:
            self._ended[session.ticket.nonce] = None
            if len(self._ended) > KEPT:
                self._ended.popitem(last=False)
        response = web.Response(status=204, headers={"Cache-Control": "no-store"})
        response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict", secure=self._secure)
        return response

    async def me(self, request: web.Request) -> web.Response:
        """GET /api/me -> Me."""
        session = session_of(request)
        if session is None:
            raise Problem(401, "not_signed_in", "请先登录", "sign in first")
        return json(me_of(session))


async def opening(request: web.Request, kind: type[T]) -> T:
    """The body of a request that may begin a session. Raises Problem 422, also for what a form of another site can send
    unasked."""
    if request.content_type != "application/json":
        raise unfit("Content-Type", "须为 application/json", "must be application/json")
    return await body_of(request, kind)


def me_of(session: Session) -> Me:
    """What a browser is told of its session."""
    account = session.account
    return Me(
        account=account.id,
        role=account.role,
        desk=account.desk,
        territory=account.territory,
        unit=account.unit,
        squad=account.squad,
        officer=account.officer,
        csrf=session.csrf,
        verbs=sorted(kind.__name__ for kind in verbs(account.role)),
        may=sorted(MAY[account.role]),
        expires_at=session.expires_at,
    )


def middleware(sessions: Sessions) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
    """Puts `request[SESSION]`, and refuses an unsafe method with a cookie but without its token (Problem 403)."""

    @web.middleware
    async def of_session(request: web.Request, handler: Handler) -> web.StreamResponse:
        session = sessions.of(request)
        request[SESSION] = session
        if session and session.csrf and request.method not in SAFE and request.path not in OPENINGS:
            token = request.headers.get(CSRF, "").encode("utf-8", "replace")
            if not compare_digest(session.csrf.encode(), token):
                raise Problem(403, "csrf", "页面令牌不符，请刷新页面", "the page's token is wrong; load the page again")
        return await handler(request)

    return of_session
