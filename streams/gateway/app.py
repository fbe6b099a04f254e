"""`paidan gateway`: HTTP for people and programs, a process of its own. No rule and no truth stand here.

    request ─▶ security headers ─▶ faults as JSON ─▶ who asks (sessions) ─▶ may they (access) ─▶ handler (api.py)
    desk-log ─▶ live ─▶ stream ─▶ browsers          orders, complaints ─▶ broker, acks=all ─▶ 2xx

It joins no group: a rebalance of the workers cuts nobody off, and any number of gateways run side by side.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import structlog
import uvloop
from aiohttp import web
from aiokafka.errors import KafkaError

from .. import declared, memory, metrics, stop, topics
from ..archive.query import QueryError
from ..archive.search import ArchiveMissingError
from ..cities import Cities
from ..city_files import load
from ..clock import Clock
from ..kafka_io import producer
from ..outbox.ledger import Ledgers
from ..outbox.sources import webhooks_in
from ..photos import Photos
from ..settings import Settings
from ..vault import Vault, load_or_create
from ..whiteboard import connect
from . import numbers, pages
from .accounts import Accounts, Keys
from .api import routes
from .audit import Audit
from .cases import Cases
from .context import CONTEXT, Context
from .devices import Devices
from .filing import Filing
from .live import Live
from .login import PasswordLogin
from .offers import Offers
from .openapi import BEHIND, document
from .orders import Orders
from .problem import Problem, json, missing, no_broker
from .search import Search
from .sessions import Sessions
from .stream import Stream
from .undecided import Undecided
from .whereabouts import Whereabouts

LARGEST = 5 * 1024 * 1024  # a file of reports; single ones have a smaller bound of their own
SQUEEZED = 4 * 1024  # bytes from which on JSON is compressed
READY_MS = 5_000  # older than this, a gateway should get no new browsers
ENDING_S = 3.0
THREADS = 3
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = structlog.get_logger(__name__)

# No script, style or picture from elsewhere, nothing inline, no frame around us (ecosystem.md §7.3).
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=()",
}


@web.middleware
async def faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong, as JSON; a fault of ours without its inside, which is in the log."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except QueryError as fault:
        return Problem(422, "unfit", fault.text["zh"], fault.text["en"], where=fault.where).response()
    except (KafkaError, ArchiveMissingError) as fault:
        return _missing(fault, request.path).response()
    except web.HTTPRedirection:
        raise
    except web.HTTPRequestEntityTooLarge:
        return Problem(413, "too_large", "内容过大", f"too large: at most {LARGEST} bytes").response()
    except web.HTTPMethodNotAllowed as fault:
        allowed = ", ".join(sorted(fault.allowed_methods))
        answer = Problem(405, "method", f"只支持 {allowed}", f"only {allowed}").response()
        answer.headers["Allow"] = allowed
        return answer
    except web.HTTPException as fault:
        return Problem(
            fault.status, "not_found" if fault.status == 404 else "http", "没有这一项", fault.reason
        ).response()
    except (ConnectionResetError, asyncio.CancelledError):
        raise
    except Exception:
        log.exception("a handler failed", path=request.path)
        return Problem(500, "fault", "系统故障，已记录", "a fault of ours; it is in the log").response()


def _missing(fault: Exception, path: str) -> Problem:
    if isinstance(fault, ArchiveMissingError):
        return missing("archive", "档案正在建立，请稍候", "the archive is being built; a moment")
    log.warning("the broker does not answer", path=path, fault=f"{type(fault).__name__}: {fault}")
    return no_broker()


@web.middleware
async def who(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whose request it is (sessions.py)."""
    return await request.app[CONTEXT].who(request, handler)


async def _dress(request: web.Request, response: web.StreamResponse) -> None:
    """Headers on every answer, those of streams and files included."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-cache"  # asked for again each time: an upgrade must not mix modules
    context = request.app[CONTEXT]
    if request.path.startswith("/api/"):
        response.headers[BEHIND] = str(context.live.behind_ms)
    await context.sessions.renew(request, response)
    if isinstance(response, web.Response) and isinstance(response.body, bytes) and len(response.body) > SQUEEZED:
        response.enable_compression()


def build(settings: Settings) -> web.Application:
    """The application, which folds the log when it starts."""
    app = web.Application(client_max_size=LARGEST, middlewares=[faults, who])
    app.on_response_prepare.append(_dress)
    app.add_routes(routes())
    app.add_routes(pages.routes())
    app.add_routes(
        [
            web.get("/api/openapi.json", _openapi),
            web.get("/api/asyncapi.json", _asyncapi),
            web.get("/livez", _livez),
            web.get("/readyz", _readyz),
        ]
    )

    async def lives(app: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await _join(app, settings, stack)
            yield

    app.cleanup_ctx.append(lives)
    return app


async def _join(app: web.Application, settings: Settings, stack: AsyncExitStack) -> None:
    """Make the parts and set them going; what is begun here is ended in reverse."""
    await declared.require(settings.kafka, "gateway")
    pack = load(settings.city, drawn=False)
    master = load_or_create(settings.master_key)
    clock, cities, vault = Clock.read(settings.clock), Cities(settings.kafka, pack), Vault(master)
    sender = producer(settings.kafka, linger_ms=2)
    await sender.start()
    stack.push_async_callback(sender.stop)
    live = Live(settings.kafka, cities)
    await live.begin()
    stream = Stream(live, clock)
    metrics.stream_readers.of().set_function(lambda: stream.readers)
    metrics.gateway_behind.of().set_function(lambda: live.behind_ms / 1000 if live.behind_ms >= 0 else -1)
    search = Search(settings.data / "archive.sqlite", master, clock)
    cases = Cases(live, cities, clock, lambda: stream.here, search)
    accounts, keys = Accounts(settings.kafka, sender), Keys(master)
    await accounts.start()
    stack.push_async_callback(accounts.stop)
    login = PasswordLogin(accounts, keys)
    shown = numbers.numbers(pack, clock)
    ledgers = Ledgers(settings.kafka, webhooks_in(settings.sources))
    photos = Photos(settings.data / "photos")
    if old := await asyncio.to_thread(photos.tidy):
        log.info("parts of photos that nobody went on with are gone", parts=old)
    redis = connect(settings.redis) if settings.redis else None
    if redis:
        stack.push_async_callback(redis.aclose)
    audit = Audit(settings.kafka, sender)
    offers = Offers(live, redis, clock)
    metrics.squad_readers.of().set_function(lambda: offers.readers)
    undecided = Undecided(settings.kafka, settings.drain_rate)
    context = Context(
        kafka=settings.kafka,
        clock=clock,
        cities=cities,
        live=live,
        stream=stream,
        cases=cases,
        orders=Orders(cases, sender),
        filing=Filing(sender, vault, clock, undecided),
        search=search,
        numbers=shown,
        accounts=accounts,
        sessions=Sessions(keys, accounts, login, secure=settings.http_secure),
        audit=audit,
        ledgers=ledgers,
        photos=photos,
        vault=vault,
        devices=Devices(accounts, keys, audit),
        offers=offers,
        whereabouts=Whereabouts(redis) if redis else None,
        push_key=_push_key(settings.channels),
    )
    app[CONTEXT] = context
    forever = (
        live.follow(), stream.run(), ledgers.run(), numbers.keep(settings.kafka, pack, shown), undecided.run(),
    )  # fmt: skip
    tasks = [asyncio.create_task(work) for work in forever]
    failed = app[FAILED] = asyncio.get_running_loop().create_future()

    def ended(task: asyncio.Task[None]) -> None:
        """A gateway that no longer hears must not go on telling: whoever restarts it loses nothing."""
        if not task.cancelled() and (fault := task.exception()) and not failed.done():
            log.error("a part of the gateway failed", fault=f"{type(fault).__name__}: {fault}")
            failed.set_exception(fault)

    for task in tasks:
        task.add_done_callback(ended)
    stack.push_async_callback(_cancel, tasks)
    stack.callback(context.end)


def _push_key(channels: Path | None) -> str:
    """The key by which telephones subscribe to Web Push; "": this city has none."""
    if channels is None:
        return ""
    from ..notify.channels import public_key_in  # the adaptors' libraries are of no other use here

    return public_key_in(channels)


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


FAILED: web.AppKey[asyncio.Future[None]] = web.AppKey("failed", asyncio.Future)


async def _openapi(request: web.Request) -> web.Response:
    return json(document())


async def _asyncapi(request: web.Request) -> web.FileResponse:
    return web.FileResponse(topics.ROOT / "deploy" / "asyncapi.json")


async def _livez(request: web.Request) -> web.Response:
    return json({"alive": True})


async def _readyz(request: web.Request) -> web.Response:
    """Whether what is told here is of now, and who would be missed."""
    context = request.app[CONTEXT]
    behind = context.live.behind_ms
    ready = 0 <= behind <= READY_MS
    told: dict[str, Any] = {"ready": ready, "behind_ms": behind, "archive": context.search.there()}
    return json(told, 200 if ready else 503)


def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT."""
    memory.hand_back()
    metrics.serve("gateway", settings.metrics_port)
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    asked = stop.asked()
    # Few threads: each that asks the archive has a connection with a cache of its own.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    app = build(settings)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=ENDING_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.http_host, settings.http_port, reuse_port=False).start()
        log.info("gateway serves", address=f"http://{settings.http_host}:{settings.http_port}/")
        waiting: list[asyncio.Future[Any]] = [asyncio.create_task(asked.wait()), app[FAILED]]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        app[CONTEXT].end()
        if app[FAILED].done():
            app[FAILED].result()
    finally:
        await runner.cleanup()
