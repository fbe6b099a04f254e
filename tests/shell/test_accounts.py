"""Who one is: accounts in their topic, signing in, cookie, token, a source's key; over HTTP, on a real broker."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import msgspec
import pyotp
import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from aiokafka import AIOKafkaProducer
from argon2 import Parameters, extract_parameters

from streams import cli
from streams.city_files import load
from streams.cli_common import UserError
from streams.gateway import accounts as module
from streams.gateway import login as login_module
from streams.gateway.access import ROLES, Role
from streams.gateway.accounts import (
    DEVICES,
    HASHER,
    Account,
    AccountError,
    Accounts,
    Keys,
    changed,
    demo,
    key_hash,
    made,
    new_key,
)
from streams.gateway.login import Backoff, Credentials, PasswordLogin
from streams.gateway.problem import Problem
from streams.gateway.sessions import LASTS, LONGEST, Session, Sessions, middleware, need
from streams.kafka_io import producer
from streams.scan import scan
from streams.vault import load_or_create
from tests.support import PACK

SMALL = Path(__file__).parents[1] / "city/small"
JIAXING = Path(__file__).parents[2] / "deploy/jiaxing"
MASTER = bytes(range(32))
KEYS = Keys(MASTER)
PASSWORD = "correct horse battery"
HASHED = HASHER.hash(PASSWORD)
NOW = 1_783_900_800_000
HOUR = 3_600_000
JSON = {"Content-Type": "application/json"}


def operator(name: str, **fields: Any) -> Account:
    return made(name, "operator", "test", **{"desk": "jia", "password": HASHED, **fields})


def lead(name: str, secret: str, **fields: Any) -> Account:
    code = {"code": "required", "totp": KEYS.seal_code(name, secret)}
    return made(name, "lead", "test", **{"desk": "jia", "password": HASHED, **code, **fields})


def source(name: str, key: str) -> Account:
    return made(name, "integrator", "test", source="web", key=key_hash(key))


@asynccontextmanager
async def following(kafka: str) -> AsyncIterator[tuple[Accounts, AIOKafkaProducer]]:
    async with producer(kafka) as sender:
        accounts = Accounts(kafka, sender)
        await accounts.start()
        try:
            yield accounts, sender
        finally:
            await accounts.stop()


# -- what an account may be --------------------------------------------------------------------------------------------

WRONG: list[tuple[str, Role, dict[str, Any], str]] = [
    ("Zhang San", "operator", {"desk": "jia"}, "small letters"),
    ("op", "operator", {}, "needs its desk"),
    ("le", "lead", {"desk": "jia"}, "must sign in with a code"),
    ("ad", "admin", {}, "must sign in with a code"),
    ("le", "lead", {"desk": "jia", "code": "required", "password": HASHED}, "no secret"),
    ("un", "unit", {"desk": "jia"}, "needs its unit"),
    ("to", "town", {}, "needs its territory"),
    ("so", "integrator", {}, "needs its source"),
    ("so", "integrator", {"source": "web", "password": HASHED}, "no password"),
    ("op", "operator", {"desk": "jia", "key": "00"}, "has no key"),
    ("op", "operator", {"desk": "jia", "simulated": True}, "has a key, and nothing else"),
    ("op", "operator", {"desk": "jia", "simulated": True, "key": "00", "password": HASHED}, "nothing else"),
    ("op", "operator", {"desk": "jia", "unit": "JA-works"}, "has no unit"),
    ("au", "auditor", {"territory": "990101"}, "has no territory"),
]


@pytest.mark.parametrize(("name", "role", "fields", "said"), WRONG)
def test_an_account_that_breaks_a_rule_cannot_be_made_nor_read(
    name: str, role: Role, fields: dict[str, Any], said: str
) -> None:
    """Neither by us nor by whoever writes to the topic: a role has its area and no other, leads and admins a code."""
    with pytest.raises(AccountError, match=said):
        made(name, role, "test", **fields)
    raw = msgspec.json.encode({"id": name, "role": role, **fields})
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(raw, type=Account)


def test_whoever_is_simulated_has_a_key_whatever_the_role() -> None:
    """And no code: there is no password to go with it. Humans of these roles have none."""
    areas: dict[Role, dict[str, str]] = {
        "lead": {"desk": "jia"}, "unit": {"unit": "JA-works"}, "squad": {"squad": "A1", "officer": "A1-001"},
    }  # fmt: skip
    for role, area in areas.items():
        made("sim-1", role, "test", simulated=True, key=key_hash(new_key()), **area)
        with pytest.raises(AccountError, match="has no key"):
            made("sim-1", role, "test", key=key_hash(new_key()), **area)


def test_a_changed_account_is_asked_again() -> None:
    """A lead cannot lose the code by a change either."""
    with pytest.raises(AccountError, match="code"):
        changed(lead("le", pyotp.random_base32()), "test", code="none")


def test_the_secret_of_codes_opens_for_its_account_alone() -> None:
    """Moved to another account's record, or under another master key, it is noise."""
    sealed = KEYS.seal_code("one", "SECRET")
    assert KEYS.open_code("one", sealed) == "SECRET"
    assert b"SECRET" not in sealed
    for keys, name in ((KEYS, "two"), (Keys(bytes(32)), "one")):
        with pytest.raises(Exception, match="closed with another key"):
            keys.open_code(name, sealed)


# -- the topic ---------------------------------------------------------------------------------------------------------


async def test_what_is_put_holds_at_every_gateway(kafka: str) -> None:
    """At our own when `put` returns, at another within five seconds, and at one that starts later."""
    async with following(kafka) as (ours, _), following(kafka) as (other, _):
        first = operator("topic-1")
        await ours.put(first)
        assert first == ours.get("topic-1")
        async with asyncio.timeout(5):
            while other.get("topic-1") is None:
                await asyncio.sleep(0.01)
        await other.put(changed(first, "test", disabled=True))
        async with asyncio.timeout(5):
            while not ours.get("topic-1").disabled:  # type: ignore[union-attr]
                await asyncio.sleep(0.01)
    async with following(kafka) as (later, _):
        assert later.get("topic-1").disabled  # type: ignore[union-attr]
        assert "topic-1" in [account.id for account in later.all()]


async def test_a_bad_record_counts_for_nothing(kafka: str) -> None:
    """No JSON, no such role, a broken rule, another's key: the account before it holds. A tombstone removes it."""
    good = operator("topic-2")
    bad = [
        b"{",
        b"\xff\xfe",
        b'{"id": "topic-2", "role": "king"}',
        b'{"id": "topic-2", "role": "admin"}',
        msgspec.json.encode(operator("topic-3", epoch=9)),
        msgspec.json.encode({"id": "topic-2", "role": "operator", "desk": 7}),
    ]
    async with following(kafka) as (accounts, sender):
        await accounts.put(good)
        for raw in bad:
            await sender.send_and_wait(module.TOPIC, raw, key=b"topic-2", partition=0)
        await accounts.put(operator("topic-4"))
        assert accounts.get("topic-2") == good
        assert accounts.get("topic-3") is None
        await sender.send_and_wait(module.TOPIC, None, key=b"topic-2", partition=0)
        await accounts.put(operator("topic-4"))
        assert accounts.get("topic-2") is None


async def test_a_source_is_known_by_its_newest_key(kafka: str) -> None:
    """The key before is void, and so is that of a source that was closed; a half of a key is none."""
    first, second = new_key(), new_key()
    async with following(kafka) as (accounts, _):
        await accounts.put(source("source-1", first))
        assert accounts.by_key(first).source == "web"  # type: ignore[union-attr]
        await accounts.put(changed(accounts.by_key(first), "test", key=key_hash(second)))  # type: ignore[arg-type]
        assert [None, "source-1"] == [a and a.id for a in map(accounts.by_key, (first, second))]
        assert [None, None, None] == [accounts.by_key(k) for k in ("", second[:-1], key_hash(second))]
        await accounts.put(changed(accounts.by_key(second), "test", disabled=True))  # type: ignore[arg-type]
        assert accounts.by_key(second) is None


async def test_nothing_secret_lies_in_the_topic(kafka: str) -> None:
    """Neither passwords, nor keys, nor the secrets of codes."""
    secret, key = pyotp.random_base32(), new_key()
    async with following(kafka) as (accounts, _):
        await accounts.put(lead("secret-1", secret))
        await accounts.put(source("secret-2", key))
    lying = b"".join([r.value or b"" async for r in scan(kafka, module.TOPIC)])
    assert b"secret-1" in lying
    assert [] == [word for word in (PASSWORD, secret, key) if word.encode() in lying]


# -- signing in --------------------------------------------------------------------------------------------------------


class Wall:
    """A clock that a test moves: seconds and milliseconds of the same instant."""

    def __init__(self) -> None:
        self.at = float(NOW // 1000)

    def seconds(self) -> float:
        return self.at

    def ms(self) -> int:
        return int(self.at * 1000)


class Gateway:
    """The part of the gateway that says who one is, with a page behind it, as the app joins it."""

    def __init__(self, accounts: Accounts, wall: Wall, client: TestClient[Any, Any], sessions: Sessions) -> None:
        self.accounts, self.wall, self.client, self.sessions = accounts, wall, client, sessions

    async def sign_in(self, account: str, password: str = PASSWORD, code: str = "") -> ClientResponse:
        self.client.session.cookie_jar.clear()
        body = {"account": account, "password": password} | ({"code": code} if code else {})
        return await self.client.post("/api/login", json=body)

    async def me(self, cookie: str) -> ClientResponse:
        """Asked with this cookie and no other."""
        self.client.session.cookie_jar.clear()
        return await self.client.get("/api/me", headers={"Cookie": f"paidan={cookie}"})


@asynccontextmanager
async def gateway(kafka: str, *, master: bytes = MASTER, secure: bool = False) -> AsyncIterator[Gateway]:
    wall = Wall()
    async with following(kafka) as (accounts, _):
        keys = Keys(master)
        login = PasswordLogin(accounts, keys, now=wall.seconds, wall_s=wall.seconds)
        sessions = Sessions(keys, accounts, login, secure=secure, now=wall.ms)

        @web.middleware
        async def problems(request: web.Request, handler: Any) -> web.StreamResponse:
            try:
                return await handler(request)
            except Problem as problem:
                return problem.response()

        async def page(request: web.Request) -> web.Response:
            return web.json_response(need(request, "file").account.id)

        async def audit(request: web.Request) -> web.Response:
            return web.json_response(need(request, "audit").account.id)

        app = web.Application(middlewares=[problems, middleware(sessions)])
        app.on_response_prepare.append(sessions.renew)
        app.add_routes([*sessions.routes(), web.route("*", "/page", page), web.get("/audit", audit)])
        async with TestClient(TestServer(app)) as client:
            yield Gateway(accounts, wall, client, sessions)


def cookie_of(answer: ClientResponse) -> str:
    return answer.cookies["paidan"].value


async def test_signing_in_tells_who_one_is_and_sets_a_cookie_no_script_can_read(kafka: str) -> None:
    """Me as the contract has it; HttpOnly, SameSite=Strict, Path=/, Secure where the gateway is told so."""
    for secure in (False, True):
        async with gateway(kafka, secure=secure) as g:
            await g.accounts.put(operator("in-1"))
            answer = await g.sign_in("in-1")
            me = await answer.json()
            assert {
                    "account", "role", "desk", "territory", "unit", "squad", "officer", "csrf", "verbs", "may",
                    "expires_at",
                } == set(me)  # fmt: skip
            assert {"board", "file", "reveal"} < set(me["may"])
            assert ("in-1", "operator", "jia", NOW + LASTS) == (me["account"], me["role"], me["desk"], me["expires_at"])
            assert "AssignCase" in me["verbs"]
            assert "RuleDispute" not in me["verbs"]
            said = answer.headers["Set-Cookie"]
            assert all(word in said for word in ("HttpOnly", "SameSite=Strict", "Path=/", f"Max-Age={LASTS // 1000}"))
            assert ("Secure" in said) == secure
            assert answer.headers["Cache-Control"] == "no-store"
            assert me == await (await g.me(cookie_of(answer))).json()


async def test_whoever_may_not_sign_in_hears_the_same(kafka: str) -> None:
    """A wrong password, no such account, a closed one, a source: the same bytes, and no cookie."""
    async with gateway(kafka) as g:
        await g.accounts.put(operator("in-2"))
        await g.accounts.put(operator("in-2-closed", disabled=True))
        await g.accounts.put(operator("in-2-empty", password=""))
        await g.accounts.put(source("in-2-source", new_key()))
        tried = [("in-2", "wrong"), ("nobody", PASSWORD), ("in-2-closed", PASSWORD), ("in-2-source", PASSWORD)]
        tried += [("in-2-empty", "")]
        answers = [await g.sign_in(*one) for one in tried]
        assert {401} == {answer.status for answer in answers}
        bodies = [await answer.read() for answer in answers]
        assert {bodies[0]} == set(bodies)
        assert msgspec.json.decode(bodies[0])["error"] == "wrong"
        assert not any("Set-Cookie" in answer.headers for answer in answers)


async def test_a_wrong_account_costs_what_a_wrong_password_costs(kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """For each of them one hash with the same parameters is computed: no clock tells which accounts there are."""
    tried: list[tuple[Parameters, bool]] = []
    verify = login_module._verify

    def watched(hashed: str, password: str) -> bool:
        tried.append((extract_parameters(hashed), verify(hashed, password)))
        return tried[-1][1]

    monkeypatch.setattr(login_module, "_verify", watched)
    async with following(kafka) as (accounts, _):
        await accounts.put_all(
            [operator("in-3"), operator("in-3-closed", disabled=True), source("in-3-key", new_key())]
        )
        login = PasswordLogin(accounts, KEYS)
        for name in ("in-3", "in-3-closed", "in-3-key", "nobody"):
            with pytest.raises(Problem, match="401"):
                await login.sign_in(Credentials(name, "wrong"), "here")
    assert [(extract_parameters(HASHED), False)] * 4 == tried


async def test_a_lead_needs_a_code_and_each_code_works_once(kafka: str) -> None:
    """Without one it is asked for, only after the right password; a wrong one, and a used one, are refused."""
    secret = pyotp.random_base32()
    async with gateway(kafka) as g:
        await g.accounts.put(lead("in-4", secret))
        now = pyotp.TOTP(secret)

        async def said(*words: str) -> str:
            return (await (await g.sign_in("in-4", *words)).json()).get("error", "in")

        right = now.at(int(g.wall.at))
        good = {now.at(int(g.wall.at) + step) for step in (-30, 0, 30)}
        wrong = next(code for code in ("000000", "111111", "222222", "333333") if code not in good)
        assert "wrong" == await said("wrong", right)
        assert "code_wanted" == await said(PASSWORD)
        assert "wrong" == await said(PASSWORD, wrong)
        assert "in" == await said(PASSWORD, right)
        assert "wrong" == await said(PASSWORD, right)
        g.wall.at += 30
        assert "in" == await said(PASSWORD, now.at(int(g.wall.at)))
        g.wall.at += 600
        assert "wrong" == await said(PASSWORD, now.at(int(g.wall.at) - 300))


async def test_attempts_are_slowed_down_and_a_right_one_is_heard_after_the_wait(kafka: str) -> None:
    """After five wrong ones 429 with Retry-After, doubling, also for the right one; then all is forgotten."""
    async with gateway(kafka) as g:
        await g.accounts.put(operator("in-5"))
        for _ in range(5):
            assert (await g.sign_in("in-5", "wrong")).status == 401
        answer = await g.sign_in("in-5")
        assert (429, "1") == (answer.status, answer.headers["Retry-After"])
        assert (await answer.json())["error"] == "too_many"
        assert (await g.sign_in("in-5-other", "wrong")).status == 401, "another account is heard"
        g.wall.at += 1.1
        assert (await g.sign_in("in-5", "wrong")).status == 401
        g.wall.at += 1.1
        assert (await g.sign_in("in-5")).status == 429, "the wait has doubled"
        g.wall.at += 1.1
        assert (await g.sign_in("in-5")).status == 200
        assert (await g.sign_in("in-5", "wrong")).status == 401


async def test_a_thousand_at_once_are_no_better_than_in_a_row(kafka: str) -> None:
    """Attempts count before they are tried: of those that come together only the first few compute a hash."""
    async with following(kafka) as (accounts, _):
        login = PasswordLogin(accounts, KEYS)
        tries = [login.sign_in(Credentials("nobody", str(n)), f"10.0.0.{n}") for n in range(200)]
        statuses = [p.status for p in await asyncio.gather(*tries, return_exceptions=True) if isinstance(p, Problem)]
        assert (5, 195) == (statuses.count(401), statuses.count(429))


async def test_an_address_that_tries_many_accounts_is_slowed_down(kafka: str) -> None:
    """Twenty wrong ones are a busy office's; then the address waits, and others do not."""
    async with following(kafka) as (accounts, _):
        login = PasswordLogin(accounts, KEYS)
        for n in range(20):
            with pytest.raises(Problem, match="401"):
                await login.sign_in(Credentials(f"nobody-{n}", "x"), "10.0.0.1")
        with pytest.raises(Problem, match="429"):
            await login.sign_in(Credentials("nobody-20", "x"), "10.0.0.1")
        with pytest.raises(Problem, match="401"):
            await login.sign_in(Credentials("nobody-20", "x"), "10.0.0.2")


async def test_asking_for_the_code_gives_no_more_attempts_at_it(kafka: str) -> None:
    """Who has the password and asks for the code in between is slowed down at guessing codes all the same."""
    secret = pyotp.random_base32()
    async with gateway(kafka) as g:
        await g.accounts.put(lead("in-6", secret))
        statuses = []
        for n in range(12):
            await g.sign_in("in-6")
            statuses.append((await g.sign_in("in-6", PASSWORD, f"x{n}")).status)
        assert 429 in statuses


def test_waits_double_up_to_a_bound_and_memory_is_bounded() -> None:
    """1, 2, 4 … seconds, at most the longest; after a quarter of an hour of peace all is forgotten."""
    wall = Wall()
    backoff = Backoff(2, 10.0, wall.seconds)
    waits = []
    for _ in range(8):
        waits.append(backoff.wait("a"))
        backoff.count("a")
    assert waits == [0, 0, 1, 2, 4, 8, 10, 10]
    wall.at += 901
    backoff.count("a")
    assert backoff.wait("a") == 0
    for n in range(Backoff.KEPT + 5):
        backoff.count(str(n))
    assert len(backoff._tries) == Backoff.KEPT


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{", JSON), (b"", JSON), (b"[]", JSON), (b'{"account": "a"}', JSON),
        (b'{"account": 1, "password": "x"}', JSON),
        (b'{"account": "a", "password": "' + b"x" * 2000 + b'"}', JSON), (b"\xff", JSON),
        (b'{"account": "a", "password": "x"}', {"Content-Type": "text/plain"}),
    ],
)  # fmt: skip
async def test_what_is_no_sign_in_is_said_so(kafka: str, body: bytes, headers: dict[str, str]) -> None:
    """422 with the place, also for what a form of another site could send."""
    async with gateway(kafka) as g:
        answer = await g.client.post("/api/login", data=body, headers=headers)
        assert answer.status == 422
        assert {"error", "text", "where"} <= set(await answer.json())


# -- the session -------------------------------------------------------------------------------------------------------


async def test_an_unsafe_request_needs_the_token_and_a_safe_one_does_not(kafka: str) -> None:
    """With the cookie alone 403, before the handler; with another session's token likewise."""
    async with gateway(kafka) as g:
        await g.accounts.put(operator("csrf-1"))
        other = (await (await g.sign_in("csrf-1")).json())["csrf"]
        csrf = (await (await g.sign_in("csrf-1")).json())["csrf"]
        assert other != csrf
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            for token in ({}, {"X-CSRF": other}, {"X-CSRF": ""}, {"X-CSRF": "中".encode().decode("latin-1")}):
                answer = await g.client.request(method, "/page", headers=token)
                assert (403, "csrf") == (answer.status, (await answer.json())["error"]), (method, token)
            assert (await g.client.request(method, "/page", headers={"X-CSRF": csrf})).status == 200
        assert (await g.client.get("/page")).status == 200


async def test_nobody_is_401_and_another_role_403(kafka: str) -> None:
    """`need` tells both apart, and says nothing of what was asked for."""
    async with gateway(kafka) as g:
        await g.accounts.put(operator("need-1"))
        assert [401, 401, 401] == [(await g.client.get(path)).status for path in ("/page", "/audit", "/api/me")]
        assert (await g.client.post("/page")).status == 401
        await g.sign_in("need-1")
        assert [200, 403] == [(await g.client.get(path)).status for path in ("/page", "/audit")]


async def test_a_source_has_a_key_and_needs_no_token(kafka: str) -> None:
    """Its key lets it file and nothing else; a wrong key is nobody, also beside a good cookie."""
    key = new_key()
    async with gateway(kafka) as g:
        await g.accounts.put(source("key-1", key))
        await g.accounts.put(operator("key-2"))
        mine = {"Authorization": f"Bearer {key}"}
        assert (await g.client.post("/page", headers=mine)).status == 200
        assert (await g.client.get("/audit", headers=mine)).status == 403
        await g.sign_in("key-2")
        for wrong in ("Bearer nonsense", "Bearer", "Basic a2V5LTI6eA==", f"Basic {key}"):
            assert (await g.client.post("/page", headers={"Authorization": wrong})).status == 401, wrong


async def test_a_cookie_that_was_changed_is_nobodys(kafka: str) -> None:
    """Whichever character of it: with any other in its place it is no session, and no fault of ours either."""
    async with gateway(kafka) as g:
        await g.accounts.put(operator("cookie-1"))
        cookie = cookie_of(await g.sign_in("cookie-1"))
        assert isinstance(g.sessions.read(cookie), Session)
        for place, letter in enumerate(cookie):
            for other in ("A" if letter != "A" else "B", "é", ""):
                assert g.sessions.read(cookie[:place] + other + cookie[place + 1 :]) is None, place
        body, mac = cookie.split(".")
        for forged in ("", ".", body, f"{body}.", f".{mac}", f"{body}.{mac}.{mac}", cookie * 9, "\udcff" + cookie):
            assert g.sessions.read(forged) is None
        other_role = msgspec.structs.replace(g.sessions.read(cookie).ticket, account="root")  # type: ignore[union-attr, type-var]
        assert g.sessions.read(Sessions.cookie(g.sessions, other_role)) is None, "there is no such account"


async def test_another_gateway_and_a_restarted_one_accept_a_session(kafka: str) -> None:
    """All with the same master key; one with another key does not."""
    async with gateway(kafka) as g:
        await g.accounts.put(operator("cookie-2"))
        cookie = cookie_of(await g.sign_in("cookie-2"))
    async with gateway(kafka) as other:
        assert (await other.me(cookie)).status == 200
    async with gateway(kafka, master=bytes(32)) as stranger:
        assert (await stranger.me(cookie)).status == 401


@pytest.mark.parametrize("how", [{"disabled": True}, {"epoch": 1}])
async def test_a_session_ends_within_five_seconds_at_every_gateway(kafka: str, how: dict[str, Any]) -> None:
    """Its account is closed, or its epoch raised, at one gateway: the other one refuses it, and ends what lasts."""
    name = f"end-{next(iter(how))}"
    async with gateway(kafka) as one, gateway(kafka) as two:
        await one.accounts.put(operator(name))
        while two.accounts.get(name) is None:
            await asyncio.sleep(0.01)
        cookie = cookie_of(await two.sign_in(name))
        session = two.sessions.read(cookie)
        assert session
        assert two.sessions.stands(session)
        await one.accounts.put(changed(operator(name), "admin", **how))
        async with asyncio.timeout(5):
            while (await two.me(cookie)).status == 200:
                await asyncio.sleep(0.02)
        assert (await one.me(cookie)).status == 401
        assert not two.sessions.stands(session)


async def test_a_session_is_renewed_after_half_its_time_and_not_before(kafka: str) -> None:
    """The token stays the same, so that other tabs go on; unused for twelve hours it ends; after a week too."""
    async with gateway(kafka) as g:
        await g.accounts.put(operator("renew-1"))
        first = await g.sign_in("renew-1")
        cookie, csrf = cookie_of(first), (await first.json())["csrf"]
        g.wall.at += 5.9 * 3600
        assert "Set-Cookie" not in (await g.me(cookie)).headers
        g.wall.at += 0.2 * 3600
        renewed = await g.me(cookie)
        assert csrf == (await renewed.json())["csrf"]
        assert g.sessions.read(cookie_of(renewed)).expires_at == g.wall.ms() + LASTS  # type: ignore[union-attr]
        g.wall.at += 6 * 3600
        assert [401, 200] == [(await g.me(c)).status for c in (cookie, cookie_of(renewed))]
        last = cookie_of(renewed)
        while g.wall.ms() < NOW + LONGEST - HOUR:
            g.wall.at += 3600
            answer = await g.me(last)
            assert answer.status == 200
            last = cookie_of(answer) if "Set-Cookie" in answer.headers else last
        g.wall.at += 2 * 3600
        assert (await g.me(last)).status == 401


async def test_signing_out_ends_the_session_and_takes_the_cookie(kafka: str) -> None:
    """204, also for who is not signed in; a copy of the cookie is no session here any more; signing out too needs the
    token."""
    async with gateway(kafka) as g:
        await g.accounts.put(operator("out-1"))
        first = await g.sign_in("out-1")
        cookie, csrf = cookie_of(first), (await first.json())["csrf"]
        assert (await g.client.post("/api/logout")).status == 403
        g.wall.at += 7 * 3600  # when it would be renewed
        out = await g.client.post("/api/logout", headers={"X-CSRF": csrf})
        assert (204, "") == (out.status, cookie_of(out))
        assert (await g.me(cookie)).status == 401
        g.client.session.cookie_jar.clear()
        assert (await g.client.post("/api/logout")).status == 204
        assert (await g.sign_in("out-1")).status == 200


async def test_one_may_sign_in_again_with_an_old_cookie_and_gets_a_new_session(kafka: str) -> None:
    """The page of signing in has no token yet; the session of before is neither kept nor renewed by the answer."""
    async with gateway(kafka) as g:
        await g.accounts.put(operator("again-1"))
        first = cookie_of(await g.sign_in("again-1"))
        body = {"account": "again-1", "password": PASSWORD}
        g.wall.at += 7 * 3600
        again = await g.client.post("/api/login", json=body, headers={"Cookie": f"paidan={first}"})
        assert again.status == 200
        assert len(again.headers.getall("Set-Cookie")) == 1
        assert g.sessions.read(cookie_of(again)).ticket.issued == g.wall.ms()  # type: ignore[union-attr]


# -- a city to try, and the command line -------------------------------------------------------------------------------


async def test_the_demo_has_an_account_for_every_role_and_each_can_sign_in(kafka: str) -> None:
    """For every desk its four posts, above them the city's, three towns, units of one desk; drawn anew each time."""
    drawn = demo(PACK, KEYS)
    by_id = {account.id: account for account, _, _ in drawn}
    assert {role for role in ROLES if role not in ("integrator", *DEVICES)} == {
        account.role for account in by_id.values()
    }
    for desk in PACK.desks:
        for role in ("operator", "lead", "checker", "hotline"):
            assert by_id[f"{desk.prefix.lower()}-{role}"].desk == desk.id
    towns = [a for a in by_id.values() if a.role == "town"]
    there = [t.id for t in PACK.territories if t.kind == "township" and t.desk == "jia"]
    assert sorted(there)[:3] == sorted(a.territory for a in towns)
    units = {a.unit for a in by_id.values() if a.role == "unit"}
    assert {u.kind for u in PACK.units if u.desk == "jia"} == {u.kind for u in PACK.units if u.id in units}
    assert len(by_id) == len(drawn) == len({password for _, password, _ in drawn})
    assert not {p for _, p, _ in drawn} & {p for _, p, _ in demo(PACK, KEYS)}
    assert [("admin", "required")] == [(a.id, a.code) for a, _, secret in drawn if secret]
    async with gateway(kafka) as g:
        await g.accounts.put_all(account for account, _, _ in drawn)
        for account, password, secret in drawn:
            code = pyotp.TOTP(secret).at(int(g.wall.at)) if secret else ""
            answer = await g.sign_in(account.id, password, code)
            assert (200, account.role) == (answer.status, (await answer.json())["role"])


def test_the_demo_of_the_real_city_gives_every_post_an_id_of_its_own() -> None:
    """A desk's hotline and a unit that is called so are two accounts."""
    drawn = demo(load(JIAXING), KEYS)
    assert len({account.id for account, _, _ in drawn}) == len(drawn) > 70


def paidan(words: tuple[str, ...]) -> str:
    """What `paidan` says to these words; a fault of the person's is what it says too."""
    said = io.StringIO()
    with redirect_stdout(said):
        try:
            cli.app(list(words), exit_on_error=False, print_error=False, result_action="return_value")
        except UserError as fault:
            return str(fault)
    return said.getvalue()


async def test_the_command_line_makes_and_closes_accounts(
    kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it shows signs in; a new password ends the old one's sessions; closed is closed; each change is audited."""
    for name, value in (("KAFKA", kafka), ("DATA", str(tmp_path)), ("CITY", str(SMALL))):
        monkeypatch.setenv(f"PAIDAN_{name}", value)

    async def ask(*words: str) -> str:
        return await asyncio.to_thread(paidan, words)

    shown = await ask("account", "add", "cli-lead", "--role", "lead", "--desk", "jia")
    password, secret = re.search(r"password: (\S+)", shown)[1], re.search(r"secret=(\w+)", shown)[1]  # type: ignore[index]
    shown = await ask("account", "add", "cli-source", "--role", "integrator", "--source", "web")
    key = re.search(r"key: (\S+)", shown)[1]  # type: ignore[index]
    assert "there already" in await ask("account", "add", "cli-lead", "--role", "auditor")
    assert "no desk nowhere" in await ask("account", "add", "x", "--role", "operator", "--desk", "nowhere")
    assert "needs its desk" in await ask("account", "add", "cli-x", "--role", "operator")
    async with gateway(kafka, master=load_or_create(tmp_path / "master.key")) as g:
        signed_in = await g.sign_in("cli-lead", password, pyotp.TOTP(secret).at(int(g.wall.at)))
        assert signed_in.status == 200
        assert g.accounts.by_key(key)
        second = re.search(r"password: (\S+)", await ask("account", "password", "cli-lead"))[1]  # type: ignore[index]
        newer = re.search(r"key: (\S+)", await ask("account", "key", "cli-source"))[1]  # type: ignore[index]
        assert second != password
        async with asyncio.timeout(5):
            while g.accounts.by_key(newer) is None:
                await asyncio.sleep(0.02)
        assert (await g.me(cookie_of(signed_in))).status == 401
        assert g.accounts.by_key(key) is None
        assert "closed" in await ask("account", "disable", "cli-lead")
        listed = await ask("account", "list")
        assert "cli-lead\tlead\tjia\tclosed\tcode" in listed
        assert "cli-source\tintegrator\tweb\topen" in listed
    said = [msgspec.json.decode(r.value) async for r in scan(kafka, "audit")]
    ours = [(entry["what"], entry["detail"].split()[0]) for entry in said if entry["detail"].startswith("cli-")]
    assert ours == [
        ("account_added", "cli-lead"), ("account_added", "cli-source"), ("password_changed", "cli-lead"),
        ("key_made", "cli-source"), ("account_disabled", "cli-lead"),
    ]  # fmt: skip
