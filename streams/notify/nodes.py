"""Is a town's terminal there at all (R46)? If not, an offer does not wait for it.

Devices beat every minute into Redis (gateway/whereabouts.py). A squad of which none was heard for `node_silence` of the
city pack is silent.

1. What Redis forgets is not silence: the newest beat ever seen counts, and before one was seen the time since which we
   look. While Redis is away nothing is known, nobody is treated as silent, and no number is shown.
2. Instants are the wall's: silence is of telephones, not of the city's clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from .. import metrics
from ..clock import wall_ms
from ..gateway.whereabouts import beats

LOOK_EVERY_S = 5.0
log = structlog.get_logger(__name__)


class Nodes:
    """When each squad was last heard, as the whiteboard has it."""

    def __init__(
        self,
        redis: Redis | None,
        squads: Mapping[str, list[str]],
        silent_after: int,
        now: Callable[[], int] = wall_ms,
    ) -> None:
        """`squads` by desk: each must have a terminal."""
        self._redis, self._squads, self._silent_after, self._now = redis, squads, silent_after, now
        self._since = 0  # when looking began that has gone on without a failure; 0: Redis is away
        self._seen: dict[str, int] = {}

    def silent(self, squad: str) -> bool:
        """Whether it is known that no device of the squad was heard for too long."""
        heard = self._seen.get(squad) or self._since
        return bool(self._since) and self._now() - heard >= self._silent_after

    def online(self, desk: str) -> int:
        """How many squads of a desk were heard lately."""
        now = self._now()
        return sum(now - self._seen.get(squad, 0) < self._silent_after for squad in self._squads[desk])

    async def look(self) -> None:
        """Read the whiteboard once, and tell the metrics."""
        if self._redis is None:
            return
        try:
            for desk in self._squads:
                for squad, at in (await beats(self._redis, desk)).items():
                    self._seen[squad] = max(at, self._seen.get(squad, 0))
        except (RedisError, OSError) as fault:
            if self._since:
                log.warning("which terminals are there is not known", fault=f"{type(fault).__name__}: {fault}")
            self._since = 0
            for desk in self._squads:
                metrics.nodes_online.drop(desk)
            return
        self._since = self._since or self._now()
        for desk, squads in self._squads.items():
            metrics.nodes_online.of(desk).set(self.online(desk))
            metrics.nodes_required.of(desk).set(len(squads))

    async def watch(self, became: Callable[[], None]) -> None:
        """Look again and again; `became` is called after each look."""
        while True:
            await self.look()
            became()
            await asyncio.sleep(LOOK_EVERY_S)
