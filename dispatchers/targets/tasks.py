"""R1, enforcement done at the grassroots 执法任务在基层完成 (domain.md §2.2): the fold of the desks' logs.

Each desk is folded for itself: what it closed only it can reopen (the closing is in the same log, before), so the
order in which logs are read changes nothing, and the city's numbers are the sums of its desks'.

    countable        an enforcement task that was no unit's; what else ends is told beside the number, in neither part
    lead             the unit whose disposal passed its check, by its tier of then; a forced close has none
    closed at        the instant of the decision to close, in the city's zone
    reopened         taken back where it counted, and counted again where it is closed again
    frozen           what a desk's log says of a month after its PeriodFrozen is a restatement, kept one by one

A closed case is remembered as long as it may be reopened; after that it is part of sums, with their proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

import msgspec

from dispatchers.rows import CityPack

from .counts import RING, STREAMS, Counts, Kind, Scope, Stream, kind_of, parts, proof, share
from .definition import definition_on
from .limits import Matter, Open, born, reopened, taken
from .periods import after, day_of, ends_at, month_of, taken_back_until
from .share import Share
from .told import Told, ToldRecord

Window = Literal["today", "month", "year", "d30"]
WINDOWS: tuple[Window, ...] = ("today", "month", "year", "d30")
ROLLING = 30  # days


class Restated(NamedTuple):
    """A case that a frozen month no more counts (-1), or counts after all (+1)."""

    case_id: str
    at: int
    period: str
    kind: Kind
    delta: int


class Frozen(msgspec.Struct, frozen=True):
    """A month as it was when it became final."""

    at: int
    counts: Counts
    ended: int
    proof: int


class Month(msgspec.Struct):
    """A month's sums. `due_open`: cases overdue at its end; None: it has not ended."""

    counts: Counts = {}
    ended: int = 0
    proof: int = 0  # of the cases in R1 and `self`
    due_open: int | None = None
    frozen: Frozen | None = None
    restated: list[Restated] = []


class Closed(NamedTuple):
    """What is kept of an ended case. Equal ones are one object: there are few and a hundred thousand cases a month."""

    day: int
    kind: Kind | None
    matter: Matter


class DeskTasks(msgspec.Struct):
    """One desk's part: open cases, those that may be reopened, sums by day and by month."""

    offset: int
    open: dict[str, Open] = {}
    ended: dict[str, tuple[int, Closed]] = {}  # case -> until when it may be reopened, what it counts
    days: dict[int, Counts] = {}
    months: dict[str, Month] = {}
    at: int = 0
    day: int = 0

    def overdue(self, at: int) -> int:
        """Open cases that are overdue at an instant after all that was read."""
        return sum(case.overdue(at) for case in self.open.values())

    def month(self, period: str) -> Month:
        """A month, to be changed."""
        if period not in self.months:
            self.months[period] = Month()
        return self.months[period]

    def reach(self, at: int) -> None:
        """Time passes to the next record: months end, old days and cases that can be reopened no more are forgotten."""
        if self.at:
            period = month_of(self.day)
            while (end := ends_at(period, self.offset)) <= at:
                self.month(period).due_open = self.overdue(end)
                period = after(period)
        self.at = at
        day = day_of(at, self.offset)
        if day == self.day:
            return
        self.day = day
        for old in [d for d in self.days if d <= day - ROLLING]:
            del self.days[old]
        for case_id in [c for c, (until, _) in self.ended.items() if until <= at]:
            del self.ended[case_id]

    def count(self, case_id: str, closed: Closed, delta: int) -> None:
        """Add or take back what an ended case counts."""
        month = self.month(month_of(closed.day))
        month.ended += delta
        kind = closed.kind
        if kind is None:
            return
        sums = [month.counts]
        if closed.day > self.day - ROLLING:
            sums.append(self.days.setdefault(closed.day, {}))
        for counts in sums:
            counts[kind] = counts.get(kind, 0) + delta
            if not counts[kind]:
                del counts[kind]
        if kind.sort not in STREAMS:
            return
        month.proof = (month.proof + delta * proof(case_id)) % RING
        if month.frozen:
            month.restated.append(Restated(case_id, self.at, month_of(closed.day), kind, delta))


class Tasks:
    """The fold. `pack`: the definitions, all of them with their dates, and the zone."""

    def __init__(self, pack: CityPack) -> None:
        self._pack = pack
        self._offset = pack.facts.utc_offset_minutes
        self._definition = 0, definition_on(pack, 0)
        self._same: dict[Closed, Closed] = {}
        self._matters: dict[Matter, Matter] = {}
        self.desks: dict[str, DeskTasks] = {}

    # -- kept ------------------------------------------------------------------------------------------------------

    def restore(self, name: str, desk: DeskTasks) -> None:
        """Go on with a desk from what was kept of it, instead of its log's beginning."""
        self.desks[name] = desk
        for case_id, (until, closed) in desk.ended.items():
            desk.ended[case_id] = until, self._same.setdefault(closed, closed)
        for case in desk.open.values():
            case.matter = self._matters.setdefault(case.matter, case.matter)

    # -- taking ----------------------------------------------------------------------------------------------------

    def take(self, record: ToldRecord) -> None:
        """Fold a valid record, once, in the order of its log."""
        desk = self.desks.get(record.desk)
        if desk is None:
            desk = self.desks[record.desk] = DeskTasks(self._offset)
        if record.at != desk.at:
            desk.reach(record.at)
        for event in record.events:
            kind = event.type
            change = _CHANGES.get(kind)
            if change:
                change(self, desk, event)
            elif kind not in _IDLE and (case := desk.open.get(event.case_id)):
                case.take(event, record.at)

    def _begun(self, desk: DeskTasks, event: Told) -> None:
        case = taken(event.case) if event.case else born(event)
        case.matter = self._matters.setdefault(case.matter, case.matter)
        desk.open[event.case_id] = case

    def _left(self, desk: DeskTasks, event: Told) -> None:
        desk.open.pop(event.case_id, None)

    def _ended(self, desk: DeskTasks, event: Told) -> None:
        case = desk.open.pop(event.case_id, None)
        matter = self._take_back(desk, event.case_id)
        if case:
            matter = case.matter
        if self._definition[0] != desk.day:
            self._definition = desk.day, definition_on(self._pack, desk.day)
            self._same.clear()  # of another day none is equal
        kind = kind_of(event, matter[0], self._definition[1])
        closed = Closed(desk.day, kind, matter)
        closed = self._same.setdefault(closed, closed)
        desk.count(event.case_id, closed, 1)
        desk.ended[event.case_id] = taken_back_until(event.reopen_until, event.forget_after, desk.at), closed

    def _reopened(self, desk: DeskTasks, event: Told) -> None:
        matter = self._take_back(desk, event.case_id)
        desk.open[event.case_id] = reopened(matter, event)

    def _take_back(self, desk: DeskTasks, case_id: str) -> Matter:
        _, closed = desk.ended.pop(case_id, (0, None))
        if closed is None:
            return ("", "", "")
        desk.count(case_id, closed, -1)
        return closed.matter

    def _frozen(self, desk: DeskTasks, event: Told) -> None:
        month = desk.month(event.period)
        month.frozen = Frozen(desk.at, dict(month.counts), month.ended, month.proof)

    # -- asking ----------------------------------------------------------------------------------------------------

    def counts(self, desk: str, window: Window, now: int) -> Counts:
        """What a desk counts in the window that `now` is in."""
        tasks = self.desks.get(desk)
        if tasks is None:
            return {}
        today = day_of(now, self._offset)
        if window == "today":
            return tasks.days.get(today, {})
        if window == "d30":
            return added(counts for day, counts in tasks.days.items() if today - ROLLING < day <= today)
        period = month_of(today)
        if window == "month":
            return self.of_month(desk, period).counts
        return added(month.counts for name, month in tasks.months.items() if name[:4] == period[:4] and name <= period)

    def of_month(self, desk: str, period: str) -> Month:
        """A desk's month, as it stands now: with its restatements, if it is frozen."""
        tasks = self.desks.get(desk)
        return tasks.months.get(period, Month()) if tasks else Month()

    def shares(self, now: int, scope: Scope = "strict") -> dict[tuple[str, str, str], Share]:
        """The shares of each window that `now` is in, by window, stream and desk; those without a case are left out."""
        found: dict[tuple[str, str, str], Share] = {}
        for desk in self.desks:
            for window in WINDOWS:
                counts = self.counts(desk, window, now)
                for stream in STREAMS:
                    one = share(counts, stream, scope)
                    if one.den:
                        found[window, stream, desk] = one
        return found

    def total(
        self,
        now: int,
        window: Window = "today",
        stream: Stream = "all",
        scope: Scope = "strict",
        *,
        marked: bool = True,
    ) -> Share:
        """The whole city's share: the sums of its desks'."""
        return share(self.city(now, window), stream, scope, marked=marked)

    def city(self, now: int, window: Window) -> Counts:
        """What the whole city counts in a window."""
        return added(self.counts(desk, window, now) for desk in self.desks)

    def ever(self, stream: Stream = "all", scope: Scope = "strict") -> Share:
        """The city's share of all that was read."""
        return share(added(m.counts for d in self.desks.values() for m in d.months.values()), stream, scope)

    def due(self, now: int, window: Window = "month") -> Share:
        """R1_due 按期口径: cases that are overdue stand in the denominator too."""
        one = self.total(now, window)
        return Share(one.num, one.den + self.due_open(now))

    def due_open(self, now: int, desk: str = "") -> int:
        """Open cases that are overdue now; of a desk, or of all."""
        return sum(d.overdue(now) for name, d in self.desks.items() if desk in ("", name))

    def parts(self, period: str) -> dict[str, int]:
        """What all that ended in a month is made of, with the residual."""
        months = [self.of_month(desk, period) for desk in self.desks]
        return parts(added(m.counts for m in months), sum(m.ended for m in months))

    def restated(self, period: str = "") -> list[Restated]:
        """The ledger of restatements 更正台账, of a month or of all, in the order of time."""
        rows = (
            r for d in self.desks.values() for name, m in d.months.items() if period in ("", name) for r in m.restated
        )
        return sorted(rows, key=lambda r: (r.at, r.case_id, r.delta))

    def official(self, period: str, now: int) -> Official:
        """A month of the whole city: final once every desk that was there has frozen it."""
        end = ends_at(period, self._offset)
        months = [(desk, self.of_month(name, period)) for name, desk in self.desks.items()]
        final = bool(months) and all(m.frozen for d, m in months if m.counts or m.frozen)
        final = final and any(m.frozen for _, m in months)
        counts = added(m.frozen.counts if m.frozen else m.counts for _, m in months)
        due = sum(d.overdue(min(now, end)) if m.due_open is None else m.due_open for d, m in months)
        one = share(counts)
        return Official(
            period, "frozen" if final else "provisional", one, Share(one.num, one.den + due),
            share(counts, marked=False), share(added(m.counts for _, m in months)), len(self.restated(period)),
        )  # fmt: skip


class Official(NamedTuple):
    """A month's numbers: as they became final (or stand, while provisional), and what corrections made of them."""

    period: str
    state: Literal["provisional", "frozen"]
    share: Share
    due: Share
    unmarked: Share
    restated: Share
    restatements: int


def added(many: Iterable[Counts]) -> Counts:
    """The sum of sums."""
    total: Counts = {}
    for counts in many:
        for kind, count in counts.items():
            total[kind] = total.get(kind, 0) + count
    return total


_CHANGES: dict[str, Callable[[Tasks, DeskTasks, Told], None]] = {
    "CaseRegistered": Tasks._begun,
    "CaseTaken": Tasks._begun,
    "CaseHandedOver": Tasks._left,
    "CaseClosed": Tasks._ended,
    "CaseCancelled": Tasks._ended,
    "CaseTransferred": Tasks._ended,
    "CaseReopened": Tasks._reopened,
    "PeriodFrozen": Tasks._frozen,
}
# The commonest events that change no limit: not worth a look.
_IDLE = frozenset({"OfferReceived", "OfferPushed", "MessageSeen", "LetterReceived", "LetterSent", "SquadArrived"})
