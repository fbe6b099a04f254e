"""The whiteboard of a desk in Redis: what operators and squads see, rendered from the fold of its log.

    paidan:{<desk>}:cases      hash    case id  -> views.CaseRow, JSON; open cases only
    paidan:{<desk>}:squads     hash    squad id -> views.SquadRow, JSON; all squads of the desk
    paidan:{<desk>}:desk       string  views.DeskRow, JSON
    paidan:{<desk>}:position   string  "<offset> <hash>" of the last record in all of the above

The braces are the cluster's hash tag: a desk's keys lie together, so that one script may write them.

1. A batch is one round trip: the changed rows and the position, atomically, and only if the stored position is the one
   we wrote last.
2. If it is not (FLUSHALL, another worker, a restart), everything is written anew from the state, in one transaction.
   So every history ends in the same bytes, and Redis need not be asked anything at the start.
3. What is written is always the state at exactly the position beside it, never a batch's own view of it: a board that
   fell behind catches up in one write, and one that starts on a long log shows nothing until it is at its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from dispatchers.case import Status
from dispatchers.city import City

from . import metrics
from .clock import Clock
from .reader import Fold, Position, Step
from .views import Tally, case_row, desk_row, encode, squad_row, squads_of
from .whiteboard import patiently

CHUNK = 500  # rows in a command of a rebuild
log = structlog.get_logger(__name__)

# KEYS position, cases, squads, desk; ARGV expected, new, desk row, counts of the three lists that follow:
# case ids and rows, ids of cases gone, squad ids and rows. Answers 1, or the position that stands there instead.
_UPDATE = """
local there = redis.call('GET', KEYS[1]) or ''
if there ~= ARGV[1] then return there end
local i = 7
for _ = 1, ARGV[4] do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]); i = i + 2 end
for _ = 1, ARGV[5] do redis.call('HDEL', KEYS[2], ARGV[i]); i = i + 1 end
for _ = 1, ARGV[6] do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]); i = i + 2 end
redis.call('SET', KEYS[4], ARGV[3])
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""


def key(desk: str, what: str) -> str:
    """The name of a key of the desk."""
    return f"paidan:{{{desk}}}:{what}"


class Board:
    """The whiteboard of one desk, and its gauges. A watcher of its fold."""

    def __init__(
        self,
        redis: Redis,
        fold: Fold,
        city: Callable[[str], Awaitable[City]],
        clock: Clock,
        *,
        goal: int = 0,
    ) -> None:
        """`city` gives a published version; nothing is shown before the fold has read up to the log offset `goal`."""
        self._redis, self._fold, self._city_of, self._goal = redis, fold, city, goal
        self._desk = fold.desk.id
        self._keys = [key(self._desk, what) for what in ("position", "cases", "squads", "desk")]
        self._script = redis.register_script(_UPDATE)
        self._tally = Tally(fold.desk)
        self._cases: set[str] = set()  # changed since the last write
        self._squads: set[str] = set()
        self._written: Position | None = None
        self._city: City | None = None
        self._ours: set[str] = set()  # squads that have a row: those of the desk, by its city
        self._lock = asyncio.Lock()  # the agent and the timer
        fold.watchers.append(self)
        self._show_gauges(clock)

    def see(self, step: Step) -> None:
        """Take note of what must be rendered again."""
        self._tally.moved(step.before, step.after)
        self._cases.add(step.event.case_id)
        for case in (step.before, step.after):
            if case and case.load_on:
                self._squads.add(case.load_on[0])

    def passed(self, position: Position) -> None:
        """Nothing: the fold's position is what is written."""

    async def show(self, *, check: bool = False) -> None:
        """Write what the fold has; returns when Redis has it, however long that takes.

        `check`: also when there is nothing to write see whether all is still there.
        """
        async with self._lock:
            if self._fold.chain.next < self._goal or not self._fold.desk.city:
                return
            if self._written == self._fold.position and not check:
                return
            city = await self._city_of(self._fold.desk.city)
            known = self._written is not None and city is self._city
            if city is not self._city:
                self._city, self._ours = city, set(squads_of(self._desk, city))
            if self._desk in city.desks and not (known and await self._update(city)):
                await patiently("board", self._anew)

    async def _update(self, city: City) -> bool:
        """One round trip; False if Redis does not hold what we wrote last."""
        new, desk = self._fold.position, self._fold.desk
        changed = [(i, desk.cases.get(i)) for i in sorted(self._cases)]
        rows = [(i, encode(case_row(case, self._desk))) for i, case in changed if case]
        gone = [i for i, case in changed if case is None]
        squads = [(s, self._squad(s, city)) for s in sorted(self._squads & self._ours)]
        args = [
            str(self._written),
            str(new),
            encode(desk_row(desk, self._tally, city)),
            len(rows),
            len(gone),
            len(squads),
        ]
        args += [*_flat(rows), *gone, *_flat(squads)]
        self._forget()
        answer = await patiently("board", lambda: self._send(args))
        if answer != 1 and answer != str(new):  # the latter: it was we, and the answer was lost
            return False
        self._written = new
        return True

    def _forget(self) -> None:
        """The notes are used up. Until Redis has said yes nothing is known of it: who is cancelled here begins anew."""
        self._cases, self._squads, self._written = set(), set(), None

    def _squad(self, squad: str, city: City) -> bytes:
        return encode(squad_row(squad, self._fold.desk, self._tally, city))

    async def _send(self, args: list[Any]) -> Any:
        try:
            return await self._script(keys=self._keys, args=args)
        except ResponseError as fault:
            if "WRONGTYPE" in str(fault):  # a stranger wrote under our names; writing anew deletes it
                return ""
            raise

    async def _anew(self) -> None:
        """Write everything from the state as it is now."""
        new, desk, city = self._fold.position, self._fold.desk, self._city
        assert city
        self._forget()
        position, cases, squads, own = self._keys
        pipe = self._redis.pipeline(transaction=True)
        pipe.delete(*self._keys)
        rows = [(i, encode(case_row(case, self._desk))) for i, case in desk.cases.items()]
        for start in range(0, len(rows), CHUNK):
            pipe.hset(cases, items=_flat(rows[start : start + CHUNK]))
        if self._ours:
            pipe.hset(squads, items=_flat((s, self._squad(s, city)) for s in sorted(self._ours)))
        pipe.set(own, encode(desk_row(desk, self._tally, city)))
        pipe.set(position, str(new))
        await pipe.execute()
        self._written = new
        metrics.redis_rebuilds.of("board").inc()
        log.info("board written anew", desk=self._desk, cases=len(rows), offset=new.offset)

    def _show_gauges(self, clock: Clock) -> None:
        """Gauges that look at the tally when they are scraped: right at that moment, and free between."""
        if self._desk not in metrics.DESKS:
            return
        tally = self._tally
        for status in Status:
            metrics.cases.of(self._desk, status).set_function(partial(_count, tally.statuses, status))
        metrics.cases_unassigned.of(self._desk).set_function(lambda: len(tally.unassigned))
        for of, ages in (("open", tally.open), ("unassigned", tally.unassigned)):
            metrics.oldest_age_seconds.of(self._desk, of).set_function(partial(_age, ages, clock))

    def close(self) -> None:
        """The partition is another worker's now: its gauges too."""
        for family in (metrics.cases, metrics.cases_unassigned, metrics.oldest_age_seconds):
            family.drop(self._desk)


def _count(statuses: dict[Status, int], status: Status) -> float:
    return statuses.get(status, 0)


def _age(registered: list[int], clock: Clock) -> float:
    """Age in seconds of the oldest. Called from the scraper's thread, so it looks at the list once."""
    oldest = registered[:1]
    return max(0.0, (clock.now() - oldest[0]) / 1000) if oldest else 0.0


def _flat(pairs: Iterable[tuple[Any, Any]]) -> list[Any]:
    return [word for pair in pairs for word in pair]
