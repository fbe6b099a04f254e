"""A gateway as people meet it: a real broker, a desk that decides, an archive, the gateway, each a process."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from streams import prepare, settings
from streams.city_files import load
from streams.local import EmbeddedRedis, free_port
from tests.support_kafka import CITY, Child, Run, broker, worker

AT = 1783908000000  # Monday 2026-07-13 10:00 in Jiaxing


class Site(NamedTuple):
    """Where it is, and who may sign in."""

    run: Run
    url: str
    passwords: dict[str, str]
    gateway: Child
    archive: Child
    desk: Child
    kafka: Any  # what `site` was given: one broker, or three

    @asynccontextmanager
    async def signed_in(self, account: str) -> AsyncIterator[Caller]:
        """A person at a browser."""
        async with aiohttp.ClientSession(
            self.url, cookie_jar=aiohttp.CookieJar(unsafe=True), connector=aiohttp.TCPConnector(limit=0)
        ) as http:
            body = {"account": account, "password": self.passwords[account]}
            async with http.post("/api/login", json=body) as answer:
                told = await answer.json()
                assert answer.status == 200, told
            yield Caller(http, told)


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: Any
    headers: Any


class Caller:
    """Someone who is signed in."""

    def __init__(self, http: aiohttp.ClientSession, me: dict[str, Any]) -> None:
        self.http, self.me = http, me

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request, with the CSRF token."""
        sent = {"X-CSRF": self.me["csrf"]} | {name.replace("_", "-"): value for name, value in headers.items()}
        data = {"data": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        async with self.http.request(method, path, headers=sent, **data) as answer:
            kind = answer.content_type
            return Answer(
                answer.status, await (answer.json() if kind == "application/json" else answer.text()), answer.headers
            )

    async def get(self, path: str) -> Any:
        """The body of something that must be there."""
        answer = await self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.body

    async def order(self, kind: str, case: dict[str, Any] | str, /, key: str = "", **words: Any) -> Answer:
        """An order about a case."""
        case_id = case if isinstance(case, str) else case["row"]["id"] if "row" in case else case["id"]
        body = {"type": kind, "case_id": case_id, **words}
        return await self.ask("POST", "/api/orders", body, Idempotency_Key=key or str(uuid.uuid4()))

    async def file(self, title: str, **more: Any) -> dict[str, Any]:
        """A complaint by hand: litter in 罗星街道, unless `more` says otherwise."""
        answer = await self.ask("POST", "/api/complaints", complaint(title) | more)
        assert answer.status == 201, answer
        return dict(answer.body)

    async def case(self, case_id: str, true: Any = lambda case: True, limit: float = 10.0) -> dict[str, Any]:
        """A case once it is there and so."""
        deadline = time.monotonic() + limit
        while True:
            answer = await self.ask("GET", f"/api/cases/{case_id}")
            if answer.status == 200 and true(answer.body):
                return dict(answer.body)
            assert time.monotonic() < deadline, answer
            await asyncio.sleep(0.05)


_places = itertools.count()


def complaint(title: str) -> dict[str, Any]:
    """In the wire form; without source and number, which the gateway gives. Each at a place of its own, or they would
    be one matter."""
    north, east = divmod(next(_places) % 400, 20)
    return {
        "kind": "complaint",
        "received_at": "2026-07-13T09:59:00+08:00",
        "title": title,
        "description": "",
        "category": {"scheme": "item", "code": "litter"},
        "location": {
            "datum": "wgs84",
            "lon": 120.916 + east / 800,
            "lat": 30.832 + north / 800,
            "address": "嘉善县罗星街道",
        },
    }


def archiver(run: Run) -> Child:
    """A `paidan archive`."""
    code = (
        f"WORKER = 'archive'\nfrom streams import settings\nfrom streams.archive.follow import run\nrun({run.settings})"
    )
    return Child("archive", code, run.data / "archive.log")


def gateway(run: Run, port: int) -> Child:
    """A `paidan gateway`."""
    words = run.settings[:-1] + f", http_port={port})"
    code = f"WORKER = 'gateway'\nfrom streams.gateway import app\nfrom streams import settings\napp.run({words})"
    return Child("gateway", code, run.data / "gateway.log")


@asynccontextmanager
async def site(
    data: Path,
    *,
    speed: float = 1.0,
    redis: str = "",
    brokers: Callable[[Path], AbstractContextManager[Any]] = broker,
) -> AsyncIterator[Site]:
    """Started and ready; ended when this ends. `redis`: its URL, for what stands on the whiteboard. `brokers`: a broker
    with its topics, all to oneself."""
    with brokers(data / "kafka") as kafka:
        run = Run(kafka.address, data, redis=redis, start=AT, speed=speed)
        port = free_port()
        pack = load(CITY)
        given = settings.read(kafka=kafka.address, data=data, city=CITY, worker_id="test")
        await prepare.prepare(given, pack, lambda said: None)
        logins = await prepare.demo_logins(given, pack, data / "logins.json")
        children = desk, archive, served = worker(run, "desk"), archiver(run), gateway(run, port)
        try:
            for child in children:
                child.start()
            await asyncio.gather(desk.ready(), served.ready("gateway serves"))
            yield Site(
                run, f"http://127.0.0.1:{port}", {a.account: a.password for a in logins}, served, archive, desk, kafka
            )
        finally:
            for child in children:
                child.kill()


@asynccontextmanager
async def whole_site(data: Path) -> AsyncIterator[Site]:
    """With a Redis of its own."""
    with EmbeddedRedis(data / "redis") as server:
        async with site(data, redis=server.address) as started:
            yield started
