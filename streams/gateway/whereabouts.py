"""Who is where 定位, and which town's terminal is there at all (R46): on the whiteboard, for a short time.

    device: POST /api/squad/beat every minute ─▶ paidan:{<desk>}:nodes   hash   squad -> {"at": wall ms}
                                              └▶ paidan:{<desk>}:at      hash   officer -> {"squad", "lon", "lat", …}

1. A position is kept only of who is on duty, ten minutes, and nowhere but here: a movement track is sensitive data
   (PIPL art. 28), and a dispatch room needs the last point alone. Who goes off duty is taken out with the next look.
2. Instants are the wall's: silence is of telephones, not of the city's clock.
3. Without Redis nobody's place is known, which is said, and nothing else stops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Annotated

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ..board import key
from ..clock import wall_ms

POSITION_LASTS = 10 * 60_000
GONE_S = 3_600  # what nobody writes any more leaves the whiteboard
log = structlog.get_logger(__name__)


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """What a device says of itself every minute. WGS-84, metres; a place only if its owner allows it."""

    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    accuracy: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    battery: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    at: int = 0  # the device's own clock; not believed, but a place an hour old is none


class At(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an officer was. `at`: wall time of the gateway that heard it."""

    squad: str
    officer: str = ""
    lon: float
    lat: float
    accuracy: float | None = None
    at: int


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A town's terminal: any device of its squad. `seen_at` 0: never."""

    squad: str
    seen_at: int = 0
    online: bool = False


class Positions(msgspec.Struct, frozen=True, kw_only=True):
    """Who is where. Wall time throughout. `known` false: the whiteboard does not answer."""

    now: int
    known: bool
    positions: list[At]
    nodes: list[Node]
    online: int
    required: int


class _Seen(msgspec.Struct, frozen=True):
    at: int


async def beats(redis: Redis, desk: str) -> dict[str, int]:
    """When each squad of a desk was last heard. Somebody else's entry under our names says nothing.

    Raises RedisError, OSError.
    """
    found: dict[str, int] = {}
    for squad, raw in (await redis.hgetall(key(desk, "nodes"))).items():
        with suppress(msgspec.MsgspecError):
            found[str(squad)] = msgspec.json.decode(raw, type=_Seen).at
    return found


class Whereabouts:
    """Written by devices, read by consoles."""

    def __init__(self, redis: Redis, now: Callable[[], int] = wall_ms) -> None:
        self._redis, self._now = redis, now

    async def heard(self, desk: str, squad: str, officer: str, told: Beat, *, on_duty: bool) -> None:
        """A device spoke. Raises RedisError, OSError."""
        now, nodes, places = self._now(), key(desk, "nodes"), key(desk, "at")
        pipe = self._redis.pipeline(transaction=False)
        if squad:
            pipe.hset(nodes, squad, msgspec.json.encode(_Seen(now)).decode())
            pipe.expire(nodes, GONE_S)
        fresh = not told.at or abs(now - told.at) < POSITION_LASTS
        if on_duty and told.lon is not None and told.lat is not None and fresh:
            at = At(squad=squad, lon=told.lon, lat=told.lat, accuracy=told.accuracy, at=now)
            pipe.hset(places, officer, msgspec.json.encode(at).decode())
            pipe.expire(places, GONE_S)
        elif not on_duty:
            pipe.hdel(places, officer)
        await pipe.execute()

    async def of(
        self, desks: dict[str, list[str]], silent_after: int, on_duty: Callable[[str, str], bool]
    ) -> Positions:
        """The squads of these desks (desk -> squads that must have a terminal); `on_duty` by (desk, officer).

        Raises RedisError, OSError.
        """
        now, positions, nodes = self._now(), [], []
        for desk, squads in desks.items():
            gone = []
            for officer, raw in (await self._all(key(desk, "at"))).items():
                at = msgspec.json.decode(raw, type=At)
                if now - at.at < POSITION_LASTS and on_duty(desk, officer):
                    positions.append(msgspec.structs.replace(at, officer=officer))
                else:
                    gone.append(officer)
            if gone:
                await self._redis.hdel(key(desk, "at"), *gone)
            nodes += await self._nodes(desk, squads, now, silent_after)
        online = sum(node.online for node in nodes)
        return Positions(now=now, known=True, positions=positions, nodes=nodes, online=online, required=len(nodes))

    async def _nodes(self, desk: str, squads: Iterable[str], now: int, silent_after: int) -> list[Node]:
        seen = await beats(self._redis, desk)
        return [
            Node(squad=s, seen_at=seen.get(s, 0), online=now - seen.get(s, 0) < silent_after) for s in sorted(squads)
        ]

    async def _all(self, name: str) -> dict[str, str]:
        return await self._redis.hgetall(name)  # type: ignore[return-value]  # the client decodes


async def look(
    at: Whereabouts | None, desks: dict[str, list[str]], silent_after: int, on_duty: Callable[[str, str], bool]
) -> Positions:
    """As `Whereabouts.of`; where the whiteboard does not answer, that is the answer."""
    try:
        if at:
            return await at.of(desks, silent_after, on_duty)
    except (RedisError, OSError) as fault:
        log.warning("positions are not known", fault=f"{type(fault).__name__}: {fault}")
    nodes = [Node(squad=s) for squads in desks.values() for s in sorted(squads)]
    return Positions(now=wall_ms(), known=False, positions=[], nodes=nodes, online=0, required=len(nodes))
