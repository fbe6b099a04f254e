"""What changes, pushed to every browser as Server-Sent Events 事件流.

    live.Watched ─▶ one Change of all desks per tick ─▶ ring ─▶ each reader writes on from its own place

1. A change is rendered once for each kind of view (desk, area), not once for each browser: 500 consoles of nine desks
   cost nine renderings.
2. No queue per browser: a reader has a place in the ring. Who is slower than the ring is long, who comes from before a
   restart, or from another gateway, is told `anew` and reads the board again; so nobody ever sees a gap.
3. The number of a change is `<start of this gateway>.<count>`; a browser says the last one it has (`Last-Event-ID`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any, NamedTuple

import msgspec

from dispatchers.case import Case

from ..clock import Clock, wall_ms
from ..views import CaseRow, DeskRow, SquadRow, case_row, desk_row, squad_row, squads_of
from .access import Role, Scope, sees
from .live import Live

TICK_S = 0.1  # an eye sees no less
BEAT_S = 5.0
KEPT = 600  # changes: a minute; who was away longer reads the board
MOST_MOVED = 5_000  # cases in all of them: a change keeps its cases as they were, a kilobyte or two each
RETRY_MS = 500
_encode = msgspec.json.encode


class View(NamedTuple):
    """What a reader sees: a desk or all of them ("") of the area of an account."""

    desk: str
    role: Role
    scope: Scope


class _Moved(NamedTuple):
    desk: str
    before: Case | None
    after: Case | None


class _Change:
    """One tick's changes, and how they were rendered for each view so far."""

    def __init__(
        self, count: int, now: int, moved: list[_Moved], squads: dict[str, list[SquadRow]], desks: list[DeskRow]
    ):
        self.count, self._now = count, now
        self._moved, self._squads, self._desks = moved, squads, desks
        self._rendered: dict[View, bytes] = {}

    @property
    def size(self) -> int:
        """How many cases it keeps."""
        return len(self._moved)

    def rendered(self, view: View, start: str) -> bytes:
        """The event for a view; b"" when nothing of it is for that view."""
        if view not in self._rendered:
            self._rendered[view] = self._render(view, start)
        return self._rendered[view]

    def _render(self, view: View, start: str) -> bytes:
        cases: list[CaseRow] = []
        gone: list[str] = []
        for moved in self._moved:
            if view.desk not in ("", moved.desk):
                continue
            if moved.after and sees(view.scope, view.role, moved.after, moved.desk):
                cases.append(case_row(moved.after, moved.desk))
            elif moved.before and sees(view.scope, view.role, moved.before, moved.desk):
                gone.append(moved.before.id)
        desks = [row for row in self._desks if _has(view, row.id)]
        squads = [s for row in desks for s in self._squads.get(row.id, ())]
        if not (cases or gone or desks):
            return b""
        told = {"now": self._now, "cases": cases, "gone": gone, "squads": squads, "desks": desks}
        if view.desk and desks:
            told["desk"] = desks[0]
        return event("delta", told, f"{start}.{self.count}")


def _has(view: View, desk: str) -> bool:
    """Whether a view is of this whole desk, so that its counts and squads belong to it."""
    desks = view.scope.desks
    return view.scope.whole and view.desk in ("", desk) and (desks is None or desk in desks)


def event(name: str, data: Any, number: str = "") -> bytes:
    """An event as it goes over the wire. JSON has no line breaks of its own."""
    head = f"id: {number}\n" if number else ""
    return f"{head}event: {name}\ndata: ".encode() + _encode(data) + b"\n\n"


class Stream:
    """The ring of changes, and those who read it."""

    def __init__(self, live: Live, clock: Clock) -> None:
        self._live, self._clock = live, clock
        self._start = str(wall_ms())
        self._count = 0
        self._ring: deque[_Change] = deque()
        self._moved = 0  # cases in the ring
        self._news = asyncio.Event()
        self.readers = 0

    @property
    def here(self) -> str:
        """Where the stream stands: who reads the board now goes on from here."""
        return f"{self._start}.{self._count}"

    async def run(self) -> None:
        """Gather what changed, and wake the readers: at once when there is something, else for a beat. For ever."""
        loop = asyncio.get_running_loop()
        beat_at = loop.time() + BEAT_S
        while True:
            await asyncio.sleep(TICK_S)
            if await self._gather() or loop.time() >= beat_at:
                beat_at = loop.time() + BEAT_S
                news, self._news = self._news, asyncio.Event()
                news.set()

    async def _gather(self) -> bool:
        """Whether there is a new change."""
        moved: list[_Moved] = []
        squads: dict[str, list[SquadRow]] = {}
        desks: list[DeskRow] = []
        for name, watched in self._live.watched.items():
            if not watched.before:
                continue
            desk = self._live.desk(name)
            await self._live.cities.require(desk.city)
            city = self._live.city(name)
            before, loaded = watched.taken()
            moved += [_Moved(name, was, desk.cases.get(case_id)) for case_id, was in before.items()]
            ours = set(squads_of(name, city))
            squads[name] = [squad_row(s, desk, watched.tally, city) for s in sorted(loaded & ours)]
            desks.append(desk_row(desk, watched.tally, city))
        if not desks:
            return False
        self._count += 1
        self._ring.append(_Change(self._count, self._clock.now(), moved, squads, desks))
        self._moved += len(moved)
        while len(self._ring) > 1 and (len(self._ring) > KEPT or self._moved > MOST_MOVED):
            self._moved -= self._ring.popleft().size
        return True

    async def read(self, view: View, last: str) -> AsyncGenerator[bytes]:
        """The events of a view from after `last` on, for ever."""
        self.readers += 1
        try:
            yield f"retry: {RETRY_MS}\n\n".encode()
            place = self._place(last)
            if place is None:
                yield event("anew", {})
                place = self._count
            loop, beat_at = asyncio.get_running_loop(), 0.0
            while True:
                news = self._news
                while place < self._count:
                    if place < self._count - len(self._ring):  # slower than the ring is long
                        yield event("anew", {})
                        place = self._count
                        break
                    place += 1
                    if told := self._ring[place - self._count - 1].rendered(view, self._start):
                        yield told
                if loop.time() >= beat_at:
                    yield self._beat()
                    beat_at = loop.time() + BEAT_S - TICK_S
                await news.wait()
        finally:
            self.readers -= 1

    def _place(self, last: str) -> int | None:
        """The count of a number of ours; None: of another start, or no number at all."""
        start, _, count = last.partition(".")
        if start != self._start or not count.isdecimal() or int(count) > self._count:
            return None
        return int(count)

    def _beat(self) -> bytes:
        beat = {"now": self._clock.now(), "speed": self._clock.speed, "behind_ms": self._live.behind_ms}
        return event("beat", beat)
