"""Every endpoint of the gateway, in one table: what it is called, who may, what goes in, what comes out.

The table is what the application serves, what OpenAPI is made from, and what the test of every role walks.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal, NamedTuple, cast, get_args

import msgspec
from aiohttp import web

from dispatchers.explain.voice import Lang
from dispatchers.messages import DeskOrder, WireComplaint
from dispatchers.messages.words import Id

from .. import metrics
from ..archive.query import NAMES, QueryError
from . import city, devices, drill, field, filing, opened, orders, people, photos, search, sessions, squads, whereabouts
from .access import Capability
from .accounts import Push
from .cases import Board, CaseView, Story
from .context import CONTEXT, Context
from .filing import Receipt, Upload
from .login import Credentials
from .problem import Problem, body_of, json, not_found, unfit
from .sessions import Session, need, session_of

Handler = Callable[[web.Request, Context, Session], Awaitable[web.StreamResponse]]


class Endpoint(NamedTuple):
    """One of them. `may`: the capability that it takes; "": whoever is signed in; None: anybody."""

    method: str
    path: str
    handler: Callable[..., Awaitable[web.StreamResponse]]
    may: Capability | Literal[""] | None
    text: str
    takes: Any = None  # type of the body
    gives: Any = None  # type of a 2xx body
    query: tuple[str, ...] = ()
    codes: tuple[int, ...] = ()  # beside 401, 404, 422


# -- who asks ----------------------------------------------------------------------------------------------------------


async def _login(request: web.Request, context: Context) -> web.Response:
    return await context.sessions.login(request)


async def _logout(request: web.Request, context: Context) -> web.Response:
    return await context.sessions.logout(request)


async def _me(request: web.Request, context: Context, session: Session) -> web.Response:
    return await context.sessions.me(request)


# -- reading -----------------------------------------------------------------------------------------------------------


async def _catalog(request: web.Request, context: Context, session: Session) -> web.Response:
    named = context.cities.configured.city
    return _kept(request, city.catalog(named, session.scope), _tag("c", named.version, session))


async def _map(request: web.Request, context: Context, session: Session) -> web.Response:
    named = context.cities.configured.city
    return _kept(request, city.outlines(named, session.scope), _tag("m", named.version, session))


def _tag(what: str, version: str, session: Session) -> str:
    """What the city's names and outlines depend on: its version, and the area that is asked for."""
    account = session.account
    area = account.desk or account.territory or account.unit
    return f"{what}-{version[:16]}-{area}{'' if session.scope.whole else '-part'}"


def _kept(request: web.Request, body: Any, tag: str) -> web.Response:
    """What changes with the city's version only: the browser may keep it and ask whether it still holds."""
    if request.headers.get("If-None-Match") == f'"{tag}"':
        return web.Response(status=304, headers={"ETag": f'"{tag}"'})
    return json(body, headers={"ETag": f'"{tag}"', "Cache-Control": "private, no-cache"})


async def _board(request: web.Request, context: Context, session: Session) -> web.Response:
    return json(await context.cases.board(session, request.query.get("desk", "")))


async def _stream(request: web.Request, context: Context, session: Session) -> web.StreamResponse:
    return await context.serve_stream(request, session)


async def _case(request: web.Request, context: Context, session: Session) -> web.Response:
    view = context.cases.view(session, request.match_info["case_id"])
    if view is None:
        raise not_found()
    return json(view, headers={"ETag": f'"{view.row.version}"'})


async def _story(request: web.Request, context: Context, session: Session) -> web.Response:
    return json(await context.cases.story(session, request.match_info["case_id"], _lang(request)))


async def _why(request: web.Request, context: Context, session: Session) -> web.Response:
    text = await context.cases.why(session, request.match_info["case_id"], _lang(request))
    return web.Response(text=text, content_type="text/plain", charset="utf-8", headers={"Cache-Control": "no-store"})


async def _replies(request: web.Request, context: Context, session: Session) -> web.Response:
    return json(city.replies(context.ledgers, context.clock.now()))


async def _duty(request: web.Request, context: Context, session: Session) -> web.Response:
    return json(city.duty(context.live, session.scope, request.query.get("desk", ""), context.clock.now()))


async def _wall(request: web.Request, context: Context, session: Session) -> web.Response:
    return json(city.wall(context.live, context.numbers, context.clock))


def _lang(request: web.Request) -> Lang:
    lang = request.query.get("lang", "zh")
    if lang not in get_args(Lang):
        raise unfit("lang", "应为 zh 或 en", "must be zh or en")
    return cast(Lang, lang)


# -- writing -----------------------------------------------------------------------------------------------------------


async def _order(request: web.Request, context: Context, session: Session) -> web.Response:
    told = await body_of(request, dict[str, Any])
    answer = await context.orders.give(session, _key(request), told)
    return json(answer, orders.status_of(answer))


async def _bulk(request: web.Request, context: Context, session: Session) -> web.Response:
    bulk = await body_of(request, orders.Bulk)
    if len(bulk.orders) > MOST_AT_ONCE:
        raise unfit("$.orders", f"一次最多 {MOST_AT_ONCE} 条", f"at most {MOST_AT_ONCE} at once")
    return json({"results": await context.orders.give_all(session, bulk)})


async def _ask(request: web.Request, context: Context, session: Session) -> web.Response:
    answer = await context.orders.ask(session, request.match_info["key"])
    return json(answer, orders.status_of(answer))


async def _complaint(request: web.Request, context: Context, session: Session) -> web.Response:
    return await _file(request, context, session, "complaints")


async def _city_event(request: web.Request, context: Context, session: Session) -> web.Response:
    return await _file(request, context, session, "city-events")


async def _file(request: web.Request, context: Context, session: Session, topic: str) -> web.Response:
    key = request.headers.get("Idempotency-Key", "")
    kept = await context.filing.file(topic, filing.source_of(session.account), await request.read(), key)
    return json(kept, 201)


async def _upload(request: web.Request, context: Context, session: Session) -> web.Response:
    account = session.account
    topic = request.query.get("topic", "complaints")
    if topic not in ("complaints", "city-events"):
        raise unfit("topic", "应为 complaints 或 city-events", "must be complaints or city-events")
    told = context.filing.upload(account.id, topic, filing.source_of(account), await request.read())
    return json(told, 202)


async def _uploaded(request: web.Request, context: Context, session: Session) -> web.Response:
    told = context.filing.uploaded(session.account.id, request.match_info["upload"])
    if told is None:
        raise not_found()
    return json(told)


async def _reveal(request: web.Request, context: Context, session: Session) -> web.Response:
    case_id = request.match_info["case_id"]
    if context.cases.held(session, case_id) is None:
        raise not_found()
    told = await body_of(request, dict[str, Any])
    return json({"reporter": await context.reveal(session, case_id, str(told.get("reason", "")))})


MOST_AT_ONCE = 200
STREAM = "/api/stream"
LASTING = (STREAM, field.STREAM, "/api/squad/poll")  # how long they take says nothing


def _key(request: web.Request) -> str:
    """The id that the caller made for its order."""
    key = request.headers.get("Idempotency-Key", "")
    try:
        return msgspec.convert(key, Id)
    except msgspec.ValidationError as fault:
        raise unfit(
            "Idempotency-Key", "请求头缺少或过长，应为客户端自制的唯一编号", f"{fault}: an id of your own making"
        ) from fault


# -- the table ---------------------------------------------------------------------------------------------------------

FOUND = NAMES
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("POST", "/api/login", _login, None, "Sign in", Credentials, sessions.Me, codes=(429,)),
    Endpoint("POST", "/api/logout", _logout, None, "Sign out"),
    Endpoint("GET", "/api/me", _me, "", "Who I am, and what I may", gives=sessions.Me),
    Endpoint("GET", "/api/catalog", _catalog, "catalog", "Names and coded words", gives=dict[str, Any]),
    Endpoint("GET", "/api/map", _map, "map", "Territories as GeoJSON", gives=dict[str, Any]),
    Endpoint("GET", "/api/board", _board, "board", "Open cases, squads, counts", gives=Board, query=("desk",)),
    Endpoint("GET", STREAM, _stream, "board", "Changes, as Server-Sent Events", query=("desk", "after")),
    Endpoint("GET", "/api/duty", _duty, "board", "Who is on duty, by team", gives=city.Duty, query=("desk",)),
    Endpoint("GET", "/api/replies", _replies, "replies", "What became of answers to sources", gives=city.Replies),
    Endpoint("GET", "/api/wall", _wall, "wall", "Counts for the wall", gives=city.Wall),
    Endpoint(
        "GET", drill.OF_CASES, drill.cases, "search", "The cases behind the first number", gives=opened.CaseList,
        query=(*drill.ASKED, "listed", "cursor"),
    ),
    Endpoint(
        "GET", drill.PATH, drill.show, "wall", "A number, opened", gives=opened.Opened, query=(*drill.ASKED, "by"),
    ),
    Endpoint("GET", "/api/cases", search.find, "search", "Cases, open and closed", gives=search.Page, query=FOUND),
    Endpoint(
        "GET", "/api/cases/count", search.count, "search", "How many, by what",
        gives=search.Counts, query=(*FOUND, "by"),
    ),
    Endpoint("GET", "/api/cases.csv", search.csv, "csv", "The same as CSV", query=FOUND),
    Endpoint(
        "GET", "/api/similar", search.similar, "similar", "Open cases that may be the same matter",
        gives=list[search.Similar], query=("title", "lon", "lat", "territory", "item"),
    ),
    Endpoint("GET", "/api/filters", search.filters, "filters", "Saved filters", gives=dict[str, str]),
    Endpoint("PUT", "/api/filters/{name}", search.save_filter, "filters", "Save one", search.Saved, dict[str, str]),
    Endpoint("DELETE", "/api/filters/{name}", search.drop_filter, "filters", "Drop one", gives=dict[str, str]),
    Endpoint("GET", "/api/cases/{case_id}", _case, "case", "One case whole", gives=CaseView),
    Endpoint("GET", "/api/cases/{case_id}/story", _story, "story", "Its events in words", gives=Story, query=("lang",)),
    Endpoint("GET", photos.OF_CASE, photos.show, "case", "A photo that its evidence names"),
    Endpoint("GET", "/api/cases/{case_id}/why", _why, "why", "Why it is where it is, as text", query=("lang",)),
    Endpoint(
        "POST", "/api/cases/{case_id}/reporter", _reveal, "reveal", "Who reported; written to the audit first",
        people.Reason, people.Revealed,
    ),
    Endpoint(
        "POST", "/api/orders", _order, "order", "An order; its answer is the desk's", DeskOrder, orders.Done,
        codes=(202, 403, 409, 429),
    ),
    Endpoint("POST", "/api/orders/bulk", _bulk, "order", "Many orders at once", orders.Bulk, dict[str, Any]),
    Endpoint("GET", "/api/orders/{key}", _ask, "order", "What became of an order", gives=orders.Done, codes=(202, 409)),
    Endpoint(
        "POST", "/api/complaints", _complaint, "file", "A complaint, in the wire form", WireComplaint, Receipt,
        codes=(201, 413, 429),
    ),
    Endpoint(
        "POST", "/api/city-events", _city_event, "file", "A city event, in the wire form", WireComplaint, Receipt,
        codes=(201, 413, 429),
    ),
    Endpoint(
        "POST", "/api/complaints/csv", _upload, "file", "A file of reports", gives=Upload,
        query=("topic",), codes=(202, 413, 429),
    ),
    Endpoint("HEAD", photos.ONE, photos.look, "photos", "How much of a photo is here"),
    Endpoint(
        "PATCH", photos.ONE, photos.take, "photos", "The next bytes of a photo",
        codes=(201, 204, 408, 409, 413, 415),
    ),
    Endpoint("GET", "/api/uploads/{upload}", _uploaded, "uploads", "How far a file is", gives=Upload),
    Endpoint(
        "POST", "/api/devices", field.add_device, "devices", "A code for a device", devices.NewDevice, devices.Code,
        codes=(201,),
    ),
    Endpoint("GET", "/api/devices", field.list_devices, "devices", "Devices of the desk", gives=devices.DeviceList),
    Endpoint("DELETE", "/api/devices/{account}", field.revoke_device, "devices", "Revoke one", codes=(204,)),
    Endpoint(
        "POST", "/api/enrol", field.enrol, None, "A device's code and key", devices.Enrol, sessions.Me, codes=(429,)
    ),
    Endpoint(
        "POST", "/api/device/challenge", field.challenge, None, "What a device is to sign", devices.Who,
        devices.Challenge,
    ),
    Endpoint(
        "POST", "/api/device/session", field.sign_in, None, "Sign in by a signature", devices.Signed, sessions.Me,
        codes=(429,),
    ),
    Endpoint("PUT", "/api/squad/push", field.subscribe, "squad", "How to wake this device", Push, codes=(204,)),
    Endpoint("GET", "/api/squad/day", field.day, "squad", "All of a shift", gives=squads.Day),
    Endpoint("GET", field.STREAM, field.stream, "squad", "Notices, as Server-Sent Events", query=("after",)),
    Endpoint(
        "GET", "/api/squad/poll", field.poll, "squad", "The same, asked for", gives=field.Polled,
        query=("after", "wait"),
    ),
    Endpoint("POST", "/api/squad/beat", field.beat, "squad", "Still there, and where", whereabouts.Beat, codes=(204,)),
    Endpoint(
        "GET", "/api/positions", field.positions, "positions", "Who is where", gives=whereabouts.Positions,
        query=("desk",),
    ),
)  # fmt: skip


def routes() -> list[web.RouteDef]:
    """The table as aiohttp takes it."""
    metrics.CAPABILITIES.declare(one.may or "" for one in ENDPOINTS)
    metrics.http_requests.zero()
    return [web.route(one.method, one.path, _guarded(one)) for one in ENDPOINTS]


def _guarded(one: Endpoint) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler behind the question who asks and whether that role may."""

    async def answer(request: web.Request) -> web.StreamResponse:
        context = request.app[CONTEXT]
        if one.may is None:
            return await one.handler(request, context)
        session = need(request, one.may) if one.may else _signed_in(request)
        return await one.handler(request, context, session)

    async def serve(request: web.Request) -> web.StreamResponse:
        begun, outcome = time.monotonic(), "failed"
        try:
            told = await answer(request)
            outcome = "ok" if told.status < 400 else "refused"
        except Problem as problem:
            outcome = "refused" if problem.status < 500 else "failed"
            raise
        except QueryError:
            outcome = "refused"
            raise
        finally:
            metrics.http_requests.of(one.may or "", outcome).inc()
            if one.path not in LASTING:
                metrics.http_seconds.of().observe(time.monotonic() - begun)
        return told

    return serve


def _signed_in(request: web.Request) -> Session:
    session = session_of(request)
    if session is None:
        raise Problem(401, "not_signed_in", "请先登录", "sign in first")
    return session
