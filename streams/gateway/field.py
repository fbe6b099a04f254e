"""What devices ask, and what is asked about them: handlers before devices.py, squads.py, offers.py, whereabouts.py."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec
from aiohttp import web
from redis.exceptions import RedisError

from dispatchers.duty import on_duty

from ..views import squads_of
from . import squads, whereabouts
from .accounts import Push
from .context import Context
from .devices import Enrol, NewDevice, Signed, Who
from .offers import RETRY_MS, Told
from .problem import body_of, json, missing, unfit
from .sessions import Session, opening

LONGEST_WAIT_S = 30.0
STREAM = "/api/squad/stream"
_POSITIONS_DOWN = "位置暂不可用", "positions are not known at the moment"


class Polled(msgspec.Struct, frozen=True, kw_only=True):
    """What there was to tell. `last`: what to ask on from; `anew`: something is missing, read the day."""

    now: int
    speed: float
    notices: list[dict[str, str]]
    changed: list[str]
    last: str
    anew: bool


# -- devices -----------------------------------------------------------------------------------------------------------


async def add_device(request: web.Request, context: Context, session: Session) -> web.Response:
    """POST /api/devices."""
    told = await body_of(request, NewDevice)
    city = context.live.city(session.account.desk)
    return json(await context.devices.add(session, told, city, city.calendar.day(context.clock.now())), 201)


async def list_devices(request: web.Request, context: Context, session: Session) -> web.Response:
    """GET /api/devices."""
    return json(context.devices.of(session))


async def revoke_device(request: web.Request, context: Context, session: Session) -> web.Response:
    """DELETE /api/devices/{account}."""
    await context.devices.revoke(session, request.match_info["account"])
    return web.Response(status=204)


async def enrol(request: web.Request, context: Context) -> web.Response:
    """POST /api/enrol."""
    account = await context.devices.enrol(await opening(request, Enrol), request.remote or "")
    return context.sessions.opened(account)


async def challenge(request: web.Request, context: Context) -> web.Response:
    """POST /api/device/challenge."""
    return json(context.devices.challenge(await opening(request, Who)))


async def sign_in(request: web.Request, context: Context) -> web.Response:
    """POST /api/device/session."""
    account = context.devices.sign_in(await opening(request, Signed), request.remote or "")
    return context.sessions.opened(account)


async def subscribe(request: web.Request, context: Context, session: Session) -> web.Response:
    """PUT /api/squad/push."""
    await context.devices.subscribe(session, await body_of(request, Push))
    return web.Response(status=204)


# -- what a squad is told ----------------------------------------------------------------------------------------------


async def day(request: web.Request, context: Context, session: Session) -> web.Response:
    """GET /api/squad/day."""
    return json(await squads.day(context.cases, context.offers, session, context.push_key))


async def stream(request: web.Request, context: Context, session: Session) -> web.StreamResponse:
    """GET /api/squad/stream."""
    return await context.serve_events(request, session, _events(request, context, session))


async def _events(request: web.Request, context: Context, session: Session) -> AsyncGenerator[bytes]:
    yield f"retry: {RETRY_MS}\n\n".encode()
    after = request.headers.get("Last-Event-ID") or request.query.get("after", "")
    async with aclosing(context.offers.read(squads.subject_of(session.account), after)) as told:
        async for one in told:
            yield one.wire()


async def poll(request: web.Request, context: Context, session: Session) -> web.Response:
    """GET /api/squad/poll: for who cannot listen; answers as soon as there is something, or after `wait` seconds."""
    after, whose = request.query.get("after", ""), squads.subject_of(session.account)
    found = await context.offers.poll(whose, after, _wait(request) if after else 0.0)
    if not context.sessions.stands(session):
        found = []
    return json(_polled(context, found, after, str(context.offers.here(whose.desk))))


def _wait(request: web.Request) -> float:
    text = request.query.get("wait", "25")
    if not (text.isascii() and text.isdecimal() and int(text) <= LONGEST_WAIT_S):
        raise unfit("wait", f"应为 0 至 {LONGEST_WAIT_S:.0f} 秒", f"must be seconds from 0 to {LONGEST_WAIT_S:.0f}")
    return float(text)


def _polled(context: Context, found: list[Told], after: str, here: str) -> Polled:
    anew = any(told.kind == "anew" for told in found)
    notices = [told for told in found if told.kind == "notice"]
    return Polled(
        now=context.clock.now(),
        speed=context.clock.speed,
        notices=[told.data for told in notices],
        changed=sorted({case for told in found if told.kind == "changed" for case in told.data["cases"]}),
        last=notices[-1].place if notices else here if anew or not after else after,
        anew=anew,
    )


# -- where they are ----------------------------------------------------------------------------------------------------


async def beat(request: web.Request, context: Context, session: Session) -> web.Response:
    """POST /api/squad/beat."""
    told, account = await body_of(request, whereabouts.Beat), session.account
    if context.whereabouts is None or account.desk not in context.live.folds:
        raise missing("redis", *_POSITIONS_DOWN)
    desk = context.live.desk(account.desk)
    there = on_duty(desk, context.live.city(desk.id), account.officer, context.clock.now())
    try:
        await context.whereabouts.heard(account.desk, account.squad, account.officer, told, on_duty=there)
    except (RedisError, OSError) as fault:
        raise missing("redis", *_POSITIONS_DOWN) from fault
    return web.Response(status=204)


async def positions(request: web.Request, context: Context, session: Session) -> web.Response:
    """GET /api/positions: of a desk, or of all desks of the area."""
    wanted, now = request.query.get("desk", ""), context.clock.now()
    live, scope = context.live, session.scope
    desks = {
        name: squads_of(name, live.city(name))
        for name in live.folds
        if wanted in ("", name) and (scope.desks is None or name in scope.desks)
    }

    def there(desk: str, officer: str) -> bool:
        return on_duty(live.desk(desk), live.city(desk), officer, now)

    silent_after = context.cities.configured.city.node_silence_ms
    return json(await whereabouts.look(context.whereabouts, desks, silent_after, there))
