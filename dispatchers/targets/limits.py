"""Which open cases are overdue 超时: for R1_due, which a case that is left lying makes worse.

A case is overdue at an instant if a limit of its disposal, or of its penalty file, as adjusted by then (extended,
suspended, returned), passed before what it asks for was done. Only what would count if it were closed: enforcement
that no unit has and that is nobody's child.
"""

from __future__ import annotations

import msgspec

from .told import Told, ToldCase, ToldTerm

# Events after which a unit has the case, or a squad or nobody has.
HELD = {
    "WorkOrderIssued": True, "AssignmentOffered": False, "AssignmentReturned": False, "AssignmentWithdrawn": False,
    "LeaseExpired": False, "DisputeRuled": False, "ActRefused": False,
}  # fmt: skip
CHILD = {"CaseMerged": True, "CaseSplit": False}
AGAIN = ("ReworkOrdered", "WorkOrderReopened", "ActRefused")  # the old limits run on as if they had not been answered
Matter = tuple[str, str, str]  # nature, item, duty


class Open(msgspec.Struct, gc=False, array_like=True):
    """What is kept of an open case."""

    matter: Matter = ("", "", "")
    unit: bool = False  # a unit has it
    child: bool = False
    due: int = 0  # of disposal; 0: none runs
    done: int = 0
    penalty_due: int = 0
    penalty_done: int = 0

    def overdue(self, at: int) -> bool:
        """Whether it counts as overdue at an instant."""
        if self.matter[0] != "enforcement" or self.unit or self.child:
            return False
        return 0 < self.due < (self.done or at) or 0 < self.penalty_due < (self.penalty_done or at)

    def take(self, event: Told, at: int) -> None:
        """Go on by an event of the case."""
        kind = event.type
        if kind in HELD:
            self.unit = HELD[kind]
        elif kind == "DisputeOpened":
            self.unit = bool(event.interim and event.interim.unit)
        elif kind in ("CaseDisposed", "PenaltyFiled"):
            self._answered(kind, at)
        elif kind == "CaseClassified":
            self._classified(event)
        elif kind in CHILD:
            self.child = CHILD[kind]
        if kind in AGAIN:
            self._again()
        self.limits((*event.terms, event.term) if event.term else event.terms)

    def _answered(self, kind: str, at: int) -> None:
        self.done = self.done or at
        if kind == "CaseDisposed":
            self.penalty_done = self.penalty_done or at

    def _again(self) -> None:
        """Once a penalty is filed its clock alone runs."""
        if self.penalty_due:
            self.penalty_done = 0
        else:
            self.done = 0

    def _classified(self, event: Told) -> None:
        if (event.item, event.duty) != self.matter[1:]:
            self.due = self.done = self.penalty_due = self.penalty_done = 0
        self.matter = (event.nature, event.item, event.duty)

    def limits(self, terms: tuple[ToldTerm, ...]) -> None:
        """Set the limits that an event names."""
        for term in terms:
            if term.name == "dispose":
                self.due, self.done = term.due_at, term.done_at
            elif term.name == "penalty":
                self.penalty_due, self.penalty_done = term.due_at, term.done_at


def born(event: Told) -> Open:
    """A case as it is registered."""
    case = Open((event.nature, event.item, event.duty), due=event.due_at)
    case.limits(event.terms)
    return case


def taken(told: ToldCase) -> Open:
    """A case as it arrives from another desk."""
    case = Open((told.nature, told.item, told.duty), child=bool(told.parent), due=told.due_at)
    case.limits(told.terms)
    return case


def reopened(matter: Matter, event: Told) -> Open:
    """A case that goes on after its end: its limits begin anew with the next dispatch."""
    case = Open(matter)
    case.limits(event.terms)
    return case
