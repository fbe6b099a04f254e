"""A source's server that behaves as it is told, replies to post to it, and the outbox in this process."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
import yaml
from aiohttp import web

from streams import kafka_io
from streams.clock import Clock
from streams.outbox import sources
from streams.outbox.account import Ledger, ledger
from streams.outbox.ledger import DELIVERIES, read_delivery, read_reply
from streams.outbox.post import poster
from streams.outbox.process import Outbox
from streams.outbox.signature import verify
from streams.replies import TOPIC, Reply
from streams.scan import scan

SECRET = "0123456789abcdef0123456789abcdef"
NOW = 1783900800000
_numbers = itertools.count(1000)


class Got(NamedTuple):
    """A request that came, and whose signature held."""

    at: float
    reply: Reply
    answered: str  # how: the code, "closed", "held"


class Receiver:
    """One server for all sources: the path says how it answers. It checks every signature, and keeps what came."""

    def __init__(self) -> None:
        self.got: dict[str, list[Got]] = {}
        self.behaves: dict[str, str] = {}  # source -> behaviour, which a test may change
        self.port = 0
        self.forged: list[str] = []
        self._tries: Counter[str] = Counter()

    def of(self, source: str) -> list[Reply]:
        """The replies that came to a source, repeats included."""
        return [g.reply for g in self.got.get(source, [])]

    def url(self, source: str) -> str:
        return f"http://127.0.0.1:{self.port}/{source}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        source, body = request.match_info["source"], await request.read()
        try:
            name = verify([b"another secret, just replaced", SECRET.encode()], request.headers, body, time.time())
        except ValueError as fault:
            self.forged.append(str(fault))
            return web.Response(status=401)
        reply = msgspec.json.decode(body, type=Reply)
        assert (name, source) == (reply.id, reply.source)
        self._tries[reply.id] += 1
        return await self._behave(self.behaves[source], source, reply, request)

    async def elsewhere(self, request: web.Request) -> web.Response:
        self.forged.append("a redirect was followed")
        return web.Response()

    async def _behave(self, how: str, source: str, reply: Reply, request: web.Request) -> web.StreamResponse:
        first = self._tries[reply.id] == 1

        def note(answered: str) -> None:
            self.got.setdefault(source, []).append(Got(time.monotonic(), reply, answered))

        if how in ("closes", "hears_and_closes") and first:
            if how == "hears_and_closes":
                note("closed")
            assert request.transport
            request.transport.close()
            return web.Response()
        if how == "never":
            note("held")
            await asyncio.sleep(60)
        if how == "slow":
            await asyncio.sleep(0.15)
        if how == "endless":
            note("200")
            response = web.StreamResponse()
            await response.prepare(request)
            with suppress(ConnectionResetError):
                while True:
                    await response.write(b"x" * 65536)
                    await asyncio.sleep(0)
            return response
        codes = {"wrong": 400, "gone": 410, "redirect": 302, "broken": 503, "busy": 429 if first else 200}
        code = (500 if first else 200) if how == "flaky" else codes.get(how, 200)
        note(str(code))
        headers = {"Location": "/elsewhere"} if how == "redirect" else {"Retry-After": "1"} if code == 429 else {}
        return web.Response(status=code, headers=headers)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    one = Receiver()
    app = web.Application()
    app.router.add_post("/{source}", one.handle)
    app.router.add_route("*", "/elsewhere", one.elsewhere)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    one.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    try:
        yield one
    finally:
        await runner.cleanup()


def file_of(folder: Path, urls: dict[str, str], **limits: object) -> Path:
    """The file of PAIDAN_SOURCES for these sources, all with one secret."""
    (folder / "secret").write_text(SECRET + "\n")
    given = {"timeout_s": 1, "retry_first_s": 0.05, "retry_most_s": 0.4, **limits}
    path = folder / "sources.yaml"
    path.write_text(
        yaml.safe_dump({"sources": {s: {"url": u, "secret_file": "secret", **given} for s, u in urls.items()}})
    )
    return path


def fresh(name: str) -> str:
    """A source that no other test has: the broker is shared."""
    return f"{name}-{uuid.uuid4().hex[:8]}"


def some(source: str, count: int, cases: int = 3, text: str = "") -> list[Reply]:
    """Replies to a source, of some cases in turn, with ids as `tell` makes them."""
    log = next(_numbers)
    return [
        Reply(
            id=f"desk-log/{log}/{n}/0",
            case_id=f"c-{source}-{n % cases}",
            case_no=f"JS-20260713-{n % cases:04d}",
            case_version=n // cases + 1,
            source=source,
            source_id=str(n % cases),
            kind="progress",
            status="working",
            text=text,
            at=NOW + n,
        )
        for n in range(count)
    ]


async def publish(kafka: str, replies: Iterable[Reply]) -> None:
    async with kafka_io.producer(kafka) as sender:
        sent = [await sender.send(TOPIC, msgspec.json.encode(r), key=r.case_id.encode()) for r in replies]
        await asyncio.gather(*sent)


@asynccontextmanager
async def running(kafka: str, path: Path) -> AsyncIterator[Outbox]:
    """The outbox in this process, ready."""
    known = sources.read(path, {})
    async with kafka_io.producer(kafka, linger_ms=2) as sender, poster() as post:
        outbox = Outbox(kafka, known, sender, post, Clock())
        work = asyncio.create_task(outbox.run())
        ready = asyncio.create_task(outbox.ledgers.ready.wait())
        await asyncio.wait([work, ready], return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
        try:
            yield outbox
        finally:
            assert not work.done() or work.result()
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


async def until(true: Callable[[], bool | Awaitable[bool]], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while True:
        answer = true()
        if answer is True or (answer is not False and await answer):
            return
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.02)


async def accounts(kafka: str, those: Iterable[str]) -> dict[str, Ledger]:
    """The accounts of sources, by the pure function, from all that lies in the topics."""
    sent = [read_reply(r) async for r in scan(kafka, TOPIC)]
    told = [read_delivery(r) async for r in scan(kafka, DELIVERIES)]
    return ledger([r for r in sent if r], [d for d in told if d], dict.fromkeys(those, 0))


def in_order(came: list[Reply]) -> bool:
    """Whether of every case no reply came behind a later one, repeats included."""
    newest: dict[str, int] = {}
    for reply in came:
        if reply.case_version < newest.get(reply.case_id, 0):
            return False
        newest[reply.case_id] = reply.case_version
    return True
