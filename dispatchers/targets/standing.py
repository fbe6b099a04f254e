"""What is kept of a desk for the indicators: its open cases, those that may be reopened, and sums of months.

An open case is a few small fields. A closed one is a row that it shares with all that ended alike, kept as long as it
may be reopened; after that it is part of sums.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from dispatchers.clock import DAY, MINUTE

from .formulas import Standing, Sum
from .limits import Matter, Open
from .periods import after, day_of, ends_at, month_of
from .told import ToldTerm

BACKLOG_DAYS = 60  # natural days of 疑难缓办 after which a case is 积存 (Ningbo, domain.md §3)
How = Literal["closed", "rejected", "not_registered", "cancelled", "transferred", "child"]


class Work(Open, gc=False, array_like=True):
    """What is kept of an open case. Months in which something counted here are named; "" it did not."""

    public: bool = False  # reported by the public, not by a patrol
    reported: str = ""
    registered: str = ""
    prompt: bool = False  # registered on time
    missed: bool = False
    dispatched: str = ""
    wrong: bool = False
    extended: bool = False
    reworked: bool = False
    hung: bool = False  # was suspended, ever
    seen: bool = False  # found by a patrol, and not the town's to punish (R37)
    pending: bool = False
    accept_due: int = 0  # while it is pending; 0: the clock stands
    dispatch_due: int = 0
    disposed: str = ""
    kept: bool = False  # disposed of in time
    suspended: int = 0  # since which day
    squad: str = ""
    checked: bool = False
    looking: bool = False  # 核实 or 核查 is to be done
    look_due: int = 0
    unlooked: str = ""  # where a look of this round counts that was not done

    def late(self, at: int) -> bool:
        """Whether a limit passed before what it asks for was done."""
        return 0 < self.due < (self.done or at) or 0 < self.penalty_due < (self.penalty_done or at)

    def limits(self, terms: tuple[ToldTerm, ...]) -> None:
        """Set the limits that an event names."""
        super().limits(terms)
        for term in terms:
            if term.name == "accept":
                self.pending, self.accept_due = True, term.due_at


class Ended(NamedTuple):
    """What is kept of an ended case: until which day, how it ended, what that counted, and what reopening needs."""

    until: int
    how: How
    period: str
    late: bool
    kept: bool
    exempt: bool
    disposed: str
    disposed_kept: bool
    matter: Matter
    public: bool
    reported: str
    registered: str
    prompt: bool
    missed: bool
    dispatched: str
    wrong: bool
    extended: bool
    reworked: bool
    hung: bool
    seen: bool


STAYS = Ended._fields[Ended._fields.index("matter") :]


class Counted(msgspec.Struct):
    """A month's sums. `standing`: what stood at its end; None: it has not ended."""

    sums: dict[Sum, int] = {}
    standing: Standing | None = None


class DeskIndicators(msgspec.Struct):
    """One desk's part: open cases, those that may be reopened, sums by month."""

    name: str
    offset: int
    open: dict[str, Work] = {}
    ended: dict[str, int] = {}  # case -> its row in `ends`: there are a hundred thousand, and few that differ
    ends: dict[int, Ended] = {}
    last: int = 0  # row of `ends`
    months: dict[str, Counted] = {}
    at: int = 0
    day: int = 0
    tomorrow: int = 0
    period: str = ""

    def reach(self, at: int) -> None:
        """Another day begins: months end, and cases that can be reopened no more are forgotten."""
        while self.period and (end := ends_at(self.period, self.offset)) <= at:
            self.month(self.period).standing = self.standing(end)
            self.period = after(self.period)
        self.day = day_of(at, self.offset)
        self.period = month_of(self.day)
        self.tomorrow = (self.day + 1) * DAY - self.offset * MINUTE
        old = {row for row, ended in self.ends.items() if ended.until < self.day}
        for row in old:
            del self.ends[row]
        for case_id in [c for c, row in self.ended.items() if row in old] if old else ():
            del self.ended[case_id]

    def month(self, period: str) -> Counted:
        """A month, to be changed."""
        if period not in self.months:
            self.months[period] = Counted()
        return self.months[period]

    def add(self, name: Sum, delta: int = 1, period: str = "") -> None:
        """Count a step, in this month or in another one."""
        sums = self.month(period or self.period).sums
        sums[name] = sums.get(name, 0) + delta

    def standing(self, at: int) -> Standing:
        """What stands at an instant after all that was read."""
        pending = waiting = late = extended = reworked = done = again = unlooked = hung = backlog = 0
        old = day_of(at, self.offset) - BACKLOG_DAYS
        for case in self.open.values():
            if case.child:
                continue
            if case.pending:
                pending += 1
            elif not case.dispatched:
                waiting += 1
            if case.disposed:
                done += 1
                again += case.reworked
            elif case.late(at):
                late += 1
                extended += case.extended
                reworked += case.reworked
            if case.looking and 0 < case.look_due < at:
                unlooked += 1
            if case.suspended:
                hung += 1
                backlog += case.suspended <= old
        return Standing(pending, waiting, late, extended, reworked, done, again, unlooked, hung, backlog)

    def loads(self) -> dict[str, int]:
        """Open cases that each squad has: from the offer until the check has passed, without those that are suspended
        (Case.load_on)."""
        found: dict[str, int] = {}
        for case in self.open.values():
            if case.squad and not (case.checked or case.suspended):
                found[case.squad] = found.get(case.squad, 0) + 1
        return found
