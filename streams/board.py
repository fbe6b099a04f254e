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

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from itertools import product
from typing import Any

import structlog
from redis.asyncio import Redis

from dispatchers.case import Status
from dispatchers.city import City

from . import metrics
from .clock import Clock
from .reader import Fold, Position, Step
from .views import Tally, case_row, desk_row, encode, squad_row, squads_of
from .whiteboard import Call, Script, patiently

CHUNK = 500  # rows in a command of a rebuild
log = structlog.get_logger(__name__)

# KEYS position, cases, squads, desk; the write: desk row, {case id: row}, ids of cases gone, {squad id: row}.
_UPDATE = Script("""
for id, row in pairs(write[2]) do redis.call('HSET', KEYS[2], id, row) end
for _, id in ipairs(write[3]) do redis.call('HDEL', KEYS[2], id) end
for id, row in pairs(write[4]) do redis.call('HSET', KEYS[3], id, row) end
redis.call('SET', KEYS[4], write[1])
""")


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
        self.tally = Tally(fold.desk)
        self._cases: set[str] = set()  # changed since the last write
        self._squads: set[str] = set()
        self._written: Position | None = None
        self._city: City | None = None
        self._ours: set[str] = set()  # squads that have a row: those of the desk, by its city
        self._sent = Position()
        self.stale = False  # Redis holds something else: everything must be written
        fold.watchers.append(self)
        self._show_gauges(clock)

    def see(self, step: Step) -> None:
        """Take note of what must be rendered again."""
        self.tally.moved(step.before, step.after)
        self._cases.add(step.event.case_id)
        for case in (step.before, step.after):
            if case and case.load_on:
                self._squads.add(case.load_on[0])

    def passed(self, position: Position) -> None:
        """Nothing: the fold's position is what is written."""

    async def show(self, *, check: bool = False) -> None:
        """As the function `show`, of this desk."""
        await show(self._redis, [self], check=check)

    async def changes(self, *, check: bool) -> Call | None:
        """What must be written to bring Redis from what we wrote last to the state; None: nothing, or everything."""
        desk = self._fold.desk
        if self._fold.chain.next < self._goal or not desk.city:
            return None
        city = await self._city_of(desk.city)
        if city is not self._city:
            self._city, self._ours, self._written = city, set(squads_of(self._desk, city)), None
        self.stale = self._written is None and self._desk in city.desks
        if self._written is None or (self._written == self._fold.position and not check):
            return None
        changed = [(i, desk.cases.get(i)) for i in sorted(self._cases)]
        write = (
            encode(desk_row(desk, self.tally, city)),
            {i: encode(case_row(case, self._desk)) for i, case in changed if case},
            [i for i, case in changed if case is None],
            {s: self._squad(s, city) for s in sorted(self._squads & self._ours)},
        )
        expected, self._sent = self._written, self._fold.position
        self._forget()
        return Call(self._keys, str(expected), str(self._sent), write)

    def settle(self, answer: Any) -> None:
        """Take the script's answer to `changes`: 1, or the position that stands there."""
        if answer in (1, str(self._sent)):  # the latter: it was we, and the answer was lost
            self._written = self._sent
        else:
            self.stale = True

    async def anew(self) -> None:
        """Write everything from the state as it is now."""
        new, desk, city = self._fold.position, self._fold.desk, self._city
        assert city, "`changes` comes first"
        self._forget()
        position, cases, squads, own = self._keys
        pipe = self._redis.pipeline(transaction=True)
        pipe.delete(*self._keys)
        rows = [(i, encode(case_row(case, self._desk))) for i, case in desk.cases.items()]
        for start in range(0, len(rows), CHUNK):
            pipe.hset(cases, items=_flat(rows[start : start + CHUNK]))
        if self._ours:
            pipe.hset(squads, items=_flat((s, self._squad(s, city)) for s in sorted(self._ours)))
        pipe.set(own, encode(desk_row(desk, self.tally, city)))
        pipe.set(position, str(new))
        await pipe.execute()
        self._written, self.stale = new, False
        metrics.redis_rebuilds.of("board").inc()
        log.info("board written anew", desk=self._desk, cases=len(rows), offset=new.offset)

    def _forget(self) -> None:
        """The notes are used up. Until Redis has said yes nothing is known of it: who is cancelled here begins anew."""
        self._cases, self._squads, self._written = set(), set(), None

    def _squad(self, squad: str, city: City) -> str:
        return encode(squad_row(squad, self._fold.desk, self.tally, city))

    def _show_gauges(self, clock: Clock) -> None:
        """Gauges that look at the tally when they are scraped: right at that moment, and free between."""
        if self._desk not in metrics.DESKS:
            return
        tally = self.tally
        for status in Status:
            metrics.cases.of(self._desk, status).set_function(partial(_count, tally.statuses, status))
        metrics.cases_unassigned.of(self._desk).set_function(lambda: len(tally.unassigned))
        for of, ages in (("open", tally.open), ("unassigned", tally.unassigned)):
            metrics.oldest_age_seconds.of(self._desk, of).set_function(partial(_age, ages, clock))

    def close(self) -> None:
        """The partition is another worker's now: its gauges too."""
        for family in (metrics.cases, metrics.cases_unassigned, metrics.oldest_age_seconds):
            family.drop(self._desk)


def show_open(boards: Callable[[], list[Board]], clock: Clock) -> None:
    """Gauges of open cases by status and priority, over the boards that there are when they are scraped."""

    def registered(status: Status, priority: str) -> list[list[int]]:
        return [ages for board in boards() if (ages := board.tally.kinds.get((status, int(priority))))]

    def count(status: Status, priority: str) -> float:
        return sum(map(len, registered(status, priority)))

    def oldest(status: Status, priority: str) -> float:
        return max((_age(ages, clock) for ages in registered(status, priority)), default=0.0)

    for kind in product(Status, metrics.PRIORITIES):
        metrics.open_cases.of(*kind).set_function(partial(count, *kind))
        metrics.open_oldest.of(*kind).set_function(partial(oldest, *kind))


async def show(redis: Redis, boards: Iterable[Board], *, check: bool = False) -> None:
    """Write what the desks' folds have, in one round trip; returns when Redis has it, however long that takes.

    `check`: also where there is nothing to write see whether all is still there. Not to be called twice at a time.
    """
    boards = list(boards)
    calls = [(board, await board.changes(check=check)) for board in boards]
    sent = [(board, call) for board, call in calls if call]
    if sent:
        answers = await patiently("board", lambda: _UPDATE.run(redis, [call for _, call in sent]))
        for (board, _), answer in zip(sent, answers, strict=True):
            board.settle(answer)
    for board in boards:
        if board.stale:
            await patiently("board", board.anew)


def _count(statuses: dict[Status, int], status: Status) -> float:
    return statuses.get(status, 0)


def _age(registered: list[int], clock: Clock) -> float:
    """Age in seconds of the oldest. Called from the scraper's thread, so it looks at the list once."""
    oldest = registered[:1]
    return max(0.0, (clock.now() - oldest[0]) / 1000) if oldest else 0.0


def _flat(pairs: Iterable[tuple[Any, Any]]) -> list[Any]:
    return [word for pair in pairs for word in pair]
