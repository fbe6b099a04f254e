"""What squads and collectors are told, as it is decided: notices in order, and which of their cases changed.

    live's folds ─▶ notices.py ─▶ a ring for each squad ─▶ SSE and long poll, each reader from its own place
    from before this gateway's start: the squad's stream in Redis (push.py) has the same entries by the same ids

1. A notice's place is (log offset, index of the event): the same in every gateway and in Redis, whenever it is read.
   A device that asks on from its last place gets each once more at most, never one less.
2. The ring is filled by the fold, not from Redis: an offer waits for nobody's whiteboard. Redis is read for what was
   before the gateway began to fold; where it cannot say that it has all of that, the device is told `anew` and reads
   its day (squads.py), in which every offer stands that still holds.
3. Who reads is woken by name: a thousand telephones do not look up for one squad's offer.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Iterable
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dispatchers.case import Case, Status

from ..board import key
from ..clock import Clock
from ..notices import Notice, notices
from ..push import KEEP, stored_position
from ..reader import Fold, Position, Step
from .live import Live
from .stream import event

BEAT_S = 5.0
RETRY_MS = 1_000
NTH = 1 << 30  # behind every event of a record
log = structlog.get_logger(__name__)


class Place(NamedTuple):
    """Behind which notice a device stands; `str` is what it keeps and sends."""

    desk: str
    offset: int
    nth: int

    def __str__(self) -> str:
        return f"{self.desk}/{self.offset}-{self.nth}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """None: no place of ours."""
        desk, _, number = text.partition("/")
        if desk and number == f"-1-{NTH}":  # `here`, before the desk had decided anything: no gap, though no record
            return cls(desk, -1, NTH)
        offset, _, nth = number.partition("-")
        if not (desk and all(n.isascii() and n.isdecimal() and len(n) < 16 for n in (offset, nth))):
            return None
        return cls(desk, int(offset), int(nth))


class Subject(NamedTuple):
    """Whose notices: of a desk, by the name of the stream behind `offers:` or `looks:`; and whose cases."""

    desk: str
    stream: str
    topics: frozenset[str]


def subject(desk: str, *, squad: str = "", collector: str = "", territory: str = "") -> Subject:
    """Of a squad, or of a collector and its territory."""
    if squad:
        return Subject(desk, key(desk, f"offers:{squad}"), frozenset({f"squad {squad}"}))
    topics = frozenset({f"collector {collector}", f"checks {territory}"})
    return Subject(desk, key(desk, f"looks:{collector}"), topics)


def _topics(case: Case | None) -> Iterable[str]:
    """Whom a case concerns as it stands."""
    if case is None:
        return
    held = case.assignment
    yield from (f"squad {s}" for s in {held.squad if held else case.squad, *(r.squad for r in case.requests)} if s)
    if case.collector:
        yield f"collector {case.collector}"
    if case.status is Status.DISPOSED:
        yield f"checks {case.territory}"


class Told(NamedTuple):
    """What a reader is handed: a notice with its place, cases that changed, a gap (read the day), or a beat."""

    kind: Literal["notice", "changed", "anew", "beat"]
    place: str
    data: Any

    def wire(self) -> bytes:
        """As Server-Sent Events have it."""
        return event(self.kind, self.data, self.place)


class _Reader:
    """One device that listens."""

    def __init__(self) -> None:
        self.changed: set[str] = set()
        self.woken = asyncio.Event()


class _Watch:
    """A watcher of one desk's fold."""

    def __init__(self, fold: Fold, offers: Offers) -> None:
        self.desk, self._offers = fold.desk.id, offers
        fold.watchers.append(self)

    def see(self, step: Step) -> None:
        for notice in notices(step, self.desk):
            self._offers.take(self.desk, notice)
        self._offers.moved(step.event.case_id, {*_topics(step.before)}, {*_topics(step.after)})

    def passed(self, position: Position) -> None:
        """Nothing: the fold has the position."""


class Offers:
    """The rings, and who listens."""

    def __init__(self, live: Live, redis: Redis | None, clock: Clock) -> None:
        """After `live.begin`: what was folded before is Redis' to tell."""
        self._live, self._redis, self._clock = live, redis, clock
        self._begun = {desk: fold.position.offset for desk, fold in live.folds.items()}
        self._rings: dict[str, deque[tuple[Place, Told]]] = defaultdict(lambda: deque(maxlen=KEEP))
        self._readers: dict[str, set[_Reader]] = defaultdict(set)
        self._cases: dict[str, set[str]] = defaultdict(set)  # topic -> ids
        self.readers = 0
        for fold in live.folds.values():
            for case in fold.desk.cases.values():
                self.moved(case.id, set(), {*_topics(case)})
            _Watch(fold, self)

    def take(self, desk: str, notice: Notice) -> None:
        """A new one, from the fold."""
        place = Place(desk, notice.offset, notice.nth)
        told = _told(place, notice.fields)
        self._rings[notice.stream].append((place, told))
        for reader in self._readers.get(notice.stream, ()):
            reader.woken.set()

    def moved(self, case_id: str, before: set[str], after: set[str]) -> None:
        """A case changed; whom it concerned, and whom it does now."""
        for topic in before - after:
            self._cases[topic].discard(case_id)
        for topic in after - before:
            self._cases[topic].add(case_id)
        for topic in before | after:
            for reader in self._readers.get(topic, ()):
                reader.changed.add(case_id)
                reader.woken.set()

    def cases_of(self, whose: Subject) -> set[str]:
        """Ids of the open cases that concern them."""
        return set().union(*(self._cases.get(topic, ()) for topic in whose.topics))

    def here(self, desk: str) -> Place:
        """Behind everything that was folded: who reads its day now goes on from here."""
        return Place(desk, self._live.folds[desk].position.offset, NTH)

    # -- reading -------------------------------------------------------------------------------------------------------

    async def read(self, whose: Subject, after: str) -> AsyncGenerator[Told]:
        """What there is to tell from behind a place on, for ever; a beat at the start and every five seconds."""
        with self._listening(whose) as reader:
            place, missed = await self._behind(whose, after)
            for told in missed:
                yield told
            beat_at = 0.0
            while True:
                loop = asyncio.get_running_loop()
                reader.woken.clear()
                for there, told in self._after(whose, place):
                    place = there
                    yield told
                if reader.changed:
                    cases, reader.changed = sorted(reader.changed), set()
                    yield Told("changed", "", {"cases": cases})
                if loop.time() >= beat_at:
                    beat_at = loop.time() + BEAT_S
                    yield Told("beat", "", self._beat())
                if not reader.woken.is_set():
                    await _within(reader.woken, beat_at - loop.time())

    async def poll(self, whose: Subject, after: str, wait_s: float) -> list[Told]:
        """The same for who cannot listen: what there is behind a place, at once or as soon as there is something within
        `wait_s`. What changed without a notice is told as `changed`."""
        deadline = asyncio.get_running_loop().time() + wait_s
        with self._listening(whose) as reader:
            place, missed = await self._behind(whose, after)
            while True:
                reader.woken.clear()
                found = [*missed, *(told for _, told in self._after(whose, place))]
                if reader.changed:
                    found.append(Told("changed", "", {"cases": sorted(reader.changed)}))
                left = deadline - asyncio.get_running_loop().time()
                if found or left <= 0:
                    return found
                await _within(reader.woken, left)

    @contextmanager
    def _listening(self, whose: Subject) -> Any:
        """Woken from now on: before anything is looked up, so that nothing falls in between."""
        reader, names = _Reader(), (whose.stream, *whose.topics)
        for name in names:
            self._readers[name].add(reader)
        self.readers += 1
        try:
            yield reader
        finally:
            self.readers -= 1
            for name in names:
                self._readers[name].discard(reader)
                if not self._readers[name]:
                    del self._readers[name]

    def _after(self, whose: Subject, place: Place) -> list[tuple[Place, Told]]:
        ring = self._rings.get(whose.stream)
        if not ring or ring[-1][0] <= place:
            return []
        return [(there, told) for there, told in ring if there > place]

    async def _behind(self, whose: Subject, after: str) -> tuple[Place, list[Told]]:
        """Where to go on in the ring, and what comes before that."""
        here, place = self.here(whose.desk), Place.parse(after)
        if not after:
            return here, []
        if place is None or place.desk != whose.desk or place > here:
            return here, [_ANEW]
        begun, ring = self._begun[whose.desk], self._rings.get(whose.stream)
        lost = ring is not None and len(ring) == KEEP and place < ring[0][0]  # the ring forgot what we would need
        if place.offset >= begun and not lost:
            return place, []
        found = None if lost else await self._from_redis(whose, place, begun)
        return (Place(whose.desk, begun, NTH), found) if found is not None else (here, [_ANEW])

    async def _from_redis(self, whose: Subject, place: Place, begun: int) -> list[Told] | None:
        """The squad's entries from behind a place to where the ring begins; None: Redis cannot say that these are all
        of them."""
        if self._redis is None:
            return None
        try:
            pushed = await stored_position(self._redis, whose.desk)
            rows: _Entries = await self._redis.xrange(  # type: ignore[assignment]  # the client decodes
                whose.stream, f"({place.offset}-{place.nth}" if place.offset >= 0 else "-", f"{begun}-{NTH}"
            )
            first: _Entries = await self._redis.xrange(whose.stream, count=1)  # type: ignore[assignment]
            length = await self._redis.xlen(whose.stream)
        except (RedisError, OSError) as fault:
            log.warning("redis does not say what was", fault=f"{type(fault).__name__}: {fault}")
            return None
        full = length >= KEEP and bool(first) and _place(whose.desk, first[0][0]) > place
        if pushed is None or pushed.offset < begun or full:
            return None
        return [_told(_place(whose.desk, number), fields) for number, fields in rows]

    def _beat(self) -> dict[str, Any]:
        return {"now": self._clock.now(), "speed": self._clock.speed, "behind_ms": self._live.behind_ms}


_Entries = list[tuple[str, dict[str, str]]]
_ANEW = Told("anew", "", {})


def _told(place: Place, fields: dict[str, str]) -> Told:
    return Told("notice", str(place), {"id": str(place), **fields})


def _place(desk: str, number: str) -> Place:
    """Of an entry's id in Redis."""
    offset, _, nth = number.partition("-")
    return Place(desk, int(offset), int(nth))


async def _within(woken: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(woken.wait(), max(0.0, seconds))
    except TimeoutError:
        return
