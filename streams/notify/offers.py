"""Which offers are open that no device has received: folded from the logs, and nothing else is remembered of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress

from dispatchers.case import Assignment, Case, Status

from ..cities import Cities
from ..desks import Desks
from ..reader import Fold, Position, Step


def unreceived(case: Case | None) -> Assignment | None:
    """The offer of a case to a squad, if it stands and no device has it. A complaint about the squad is none."""
    offer = case.assignment if case and case.status is Status.OFFERED else None
    if case is None or offer is None or not offer.squad or offer.received or offer.squad in case.about:
        return None
    return offer


class Offer:
    """An offer, as it stands now. Who waits for it to change or to be over asks `within`."""

    def __init__(self, desk: str, case: Case, assignment: Assignment) -> None:
        self.desk, self.case, self.assignment = desk, case, assignment
        self.over = False
        self.hurried: set[int] = set()  # steps that wait no longer
        self._moved = asyncio.Event()

    def becomes(self, case: Case, assignment: Assignment) -> None:
        """The log says more of it."""
        self.case, self.assignment = case, assignment
        self.stir()

    def end(self) -> None:
        """It was received, answered, taken back, or its lease ran out."""
        self.over = True
        self.stir()

    def hurry(self, step: int) -> None:
        """Let a step wait no longer."""
        self.hurried.add(step)
        self.stir()

    def stir(self) -> None:
        """Have all who wait look again."""
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def within(self, seconds: float | None) -> None:
        """Return when something moves, or the time is over (None: only when something moves)."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._moved.wait()


class _Changes:
    """The cases of a desk that changed. A watcher of its fold."""

    def __init__(self) -> None:
        self.cases: set[str] = set()

    def see(self, step: Step) -> None:
        self.cases.add(step.event.case_id)

    def passed(self, position: Position) -> None:
        """Nothing: the fold has the position."""


class Offers(Desks):
    """All of them, over all desks."""

    def __init__(self, kafka: str, cities: Cities, begun: Callable[[Offer], None]) -> None:
        """`begun` is told each offer once, when it is known that no device has it."""
        super().__init__(kafka, cities)
        self._begun = begun
        self._changes: dict[str, _Changes] = {}
        self._open: dict[tuple[str, str], Offer] = {}  # by desk and case

    def __iter__(self) -> Iterator[Offer]:
        return iter(self._open.values())

    def __len__(self) -> int:
        return len(self._open)

    def joined(self, name: str, fold: Fold) -> None:
        """A desk is folded: all its cases are looked at, and from now on those that change."""
        changes = self._changes[name] = _Changes()
        changes.cases.update(fold.desk.cases)
        fold.watchers.append(changes)

    def passed(self) -> None:
        """Look at what changed, once for all that came together: most offers are received by then."""
        for desk, changes in self._changes.items():
            cases, changes.cases = changes.cases, set()
            for case_id in cases:
                self._judge(desk, case_id)

    def _judge(self, desk: str, case_id: str) -> None:
        case = self.desk(desk).cases.get(case_id)
        now, known = unreceived(case), self._open.get((desk, case_id))
        if known and (now is None or now.id != known.assignment.id):
            known.end()
            del self._open[desk, case_id]
            known = None
        if now is None or case is None:
            return
        if known:
            known.becomes(case, now)
        else:
            offer = self._open[desk, case_id] = Offer(desk, case, now)
            self._begun(offer)
