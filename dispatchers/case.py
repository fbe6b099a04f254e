"""The life of one case 案件.

Rule 1: everything that changes a case's status stands in TRANSITIONS; a missing pair is a forbidden move.
Rule 2: `life.after(case, event)` applies the table and reads the event alone, never the city (law 2).
Rule 3: a case is a value; whoever holds one may keep it.
The diagram in the README is generated from TRANSITIONS.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

import msgspec


class Status(StrEnum):
    """Where a case stands. Every status but the last two has somebody who must act."""

    TO_DISPATCH = "to_dispatch"  # 待派遣: registered, no offer stands (waiting for a free team, or just returned)
    OPERATOR = "operator"  # the desk's operator must decide
    OFFERED = "offered"  # 已派: a lease runs
    ACCEPTED = "accepted"  # 已接单
    ON_SITE = "on_site"  # 处置中
    ORDERED = "ordered"  # work order sent to a unit, not yet signed for
    UNIT_WORKING = "unit_working"  # the unit signed
    DISPOSED = "disposed"  # 反馈: waits for the check
    CHECKED = "checked"  # 核查 passed: waits to be closed
    CLOSED = "closed"  # 结案
    HANDED_OVER = "handed_over"  # another desk holds it


class Assignment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Who holds, or is offered, the case."""

    id: str
    attempt: int
    squad: str = ""
    team: str = ""
    officers: tuple[str, ...] = ()
    unit: str = ""
    channel: int = 1  # 1 the squad's own push, 2 the next one (the leader)
    offered_at: int = 0
    due_at: int = 0  # lease of an offer, signature of a work order
    received: bool = False
    extended: bool = False  # the lease was extended once because we were silent


class Case(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a desk must know of a case to decide. Texts beyond title and address stay in the log."""

    id: str
    no: str
    version: int
    status: Status
    changed_hands: int  # the version at which the holder last changed; orders that saw less are stale
    source: str
    source_id: str
    kind: str
    title: str
    address: str
    lon: float | None = None
    lat: float | None = None
    territory: str = ""
    near: tuple[str, ...] = ()
    item: str = ""
    domain: str = ""
    nature: str = ""
    priority: int = 3
    weight: int = 1
    level: Literal["town", "county", "city"] = "town"
    reporter_ref: str = ""
    caller_tag: str = ""
    received_at: int = 0
    filed_at: int = 0
    registered_at: int = 0
    dispatch_due: int = 0  # without an offer until then: the operator's; 0: no such clock
    operator_due: int = 0  # left by the operator until then: the city desk's
    retry_at: int = 0  # look for a free team again
    due_at: int = 0  # legal limit of disposal
    overdue_at: int = 0  # next time that lateness raises the level; first the legal limit itself
    assignment: Assignment | None = None
    attempts: int = 0
    tried: tuple[str, ...] = ()  # teams that let a lease run out or gave the case back
    barred: tuple[str, ...] = ()  # squads and units that gave it back
    returns: int = 0
    rework: int = 0
    squad: str = ""  # who disposed last
    unit: str = ""
    disposed_by: str = ""  # the person
    tier: str = ""  # of that squad, as it was then
    result: str = ""
    simulated: bool = False

    @property
    def load_on(self) -> tuple[str, str] | None:
        """(squad, team) that this case weighs on: from the offer until the check has passed."""
        a = self.assignment
        if a is None or not a.squad or self.status not in HOLDING:
            return None
        return a.squad, a.team

    @property
    def next_due(self) -> int:
        """The instant at which something falls due if nobody acts; 0: nothing."""
        status = self.status
        if status not in RUNNING:
            return 0
        if (status is Status.OFFERED or status is Status.ORDERED) and self.assignment:
            return _earlier(self.overdue_at, self.assignment.due_at)
        if status is Status.TO_DISPATCH:
            return _earlier(self.overdue_at, _earlier(self.dispatch_due, self.retry_at))
        return _earlier(self.overdue_at, self.operator_due) if status is Status.OPERATOR else self.overdue_at


def _earlier(one: int, other: int) -> int:
    """The earlier of two instants, of which 0 is none."""
    return min(one, other) if one and other else one or other


S = Status
HOLDING = frozenset({S.OFFERED, S.ACCEPTED, S.ON_SITE, S.DISPOSED})
RUNNING = frozenset({S.TO_DISPATCH, S.OPERATOR, S.OFFERED, S.ACCEPTED, S.ON_SITE, S.ORDERED, S.UNIT_WORKING})
GONE = frozenset({S.CLOSED, S.HANDED_OVER})


class Edge(NamedTuple):
    """A permitted move: where it leads, and whose act it is ("desk": the rules themselves)."""

    to: Status
    who: tuple[str, ...]


_DESK = ("desk",)
_OPERATOR = ("operator", "desk")
# (status, type of event) -> edge. An event that leaves the status alone leads back to it.
TRANSITIONS: dict[tuple[Status, str], Edge] = {
    # finding somebody
    (S.TO_DISPATCH, "AssignmentOffered"): Edge(S.OFFERED, _OPERATOR),
    (S.OPERATOR, "AssignmentOffered"): Edge(S.OFFERED, _OPERATOR),
    (S.TO_DISPATCH, "WorkOrderIssued"): Edge(S.ORDERED, _OPERATOR),
    (S.OPERATOR, "WorkOrderIssued"): Edge(S.ORDERED, _OPERATOR),
    (S.TO_DISPATCH, "AssignmentDeferred"): Edge(S.TO_DISPATCH, _DESK),
    (S.TO_DISPATCH, "CaseNeedsOperator"): Edge(S.OPERATOR, _DESK),
    (S.OPERATOR, "CaseNeedsOperator"): Edge(S.OPERATOR, _DESK),
    # the offer
    (S.OFFERED, "OfferReceived"): Edge(S.OFFERED, ("squad", "leader")),
    (S.OFFERED, "AssignmentAccepted"): Edge(S.ACCEPTED, ("squad", "leader")),
    (S.OFFERED, "AssignmentReturned"): Edge(S.TO_DISPATCH, ("squad", "leader")),
    (S.OFFERED, "LeaseExtended"): Edge(S.OFFERED, _DESK),
    (S.OFFERED, "LeaseExpired"): Edge(S.TO_DISPATCH, _DESK),
    (S.OFFERED, "AssignmentWithdrawn"): Edge(S.TO_DISPATCH, ("operator",)),
    # the work
    (S.ACCEPTED, "SquadArrived"): Edge(S.ON_SITE, ("squad", "leader")),
    (S.ACCEPTED, "AssignmentReturned"): Edge(S.TO_DISPATCH, ("squad", "leader")),
    (S.ACCEPTED, "AssignmentWithdrawn"): Edge(S.TO_DISPATCH, ("operator",)),
    (S.ON_SITE, "AssignmentWithdrawn"): Edge(S.TO_DISPATCH, ("operator",)),
    (S.ON_SITE, "CaseDisposed"): Edge(S.DISPOSED, ("squad", "leader")),
    # the work order
    (S.ORDERED, "OfferReceived"): Edge(S.ORDERED, ("unit",)),
    (S.ORDERED, "AssignmentAccepted"): Edge(S.UNIT_WORKING, ("unit",)),
    (S.ORDERED, "AssignmentReturned"): Edge(S.TO_DISPATCH, ("unit",)),
    (S.ORDERED, "LeaseExtended"): Edge(S.ORDERED, _DESK),
    (S.ORDERED, "LeaseExpired"): Edge(S.TO_DISPATCH, _DESK),
    (S.ORDERED, "AssignmentWithdrawn"): Edge(S.TO_DISPATCH, ("operator",)),
    (S.UNIT_WORKING, "AssignmentReturned"): Edge(S.TO_DISPATCH, ("unit",)),
    (S.UNIT_WORKING, "AssignmentWithdrawn"): Edge(S.TO_DISPATCH, ("operator",)),
    (S.UNIT_WORKING, "CaseDisposed"): Edge(S.DISPOSED, ("unit",)),
    # the check, by another person than the one who disposed (two centres, CJ/T 292)
    (S.DISPOSED, "CaseChecked"): Edge(S.CHECKED, ("checker", "operator")),
    (S.DISPOSED, "ReworkOrdered"): Edge(S.ACCEPTED, ("checker", "operator")),  # 返工: the same team
    (S.DISPOSED, "WorkOrderReopened"): Edge(S.UNIT_WORKING, ("checker", "operator")),
    (S.CHECKED, "CaseClosed"): Edge(S.CLOSED, ("operator",)),
    **{(s, "CaseClosed"): Edge(S.CLOSED, ("operator",)) for s in (S.OPERATOR, S.DISPOSED)},  # forced, with a reason
    # lateness, facts, change of desk
    **{(s, "CaseEscalated"): Edge(s, _OPERATOR) for s in RUNNING},
    **{(s, "CaseUpdated"): Edge(s, _DESK) for s in RUNNING | {S.DISPOSED, S.CHECKED}},
    **{(s, "CaseHandedOver"): Edge(S.HANDED_OVER, _OPERATOR) for s in (S.TO_DISPATCH, S.OPERATOR)},
    (S.HANDED_OVER, "CaseTaken"): Edge(S.TO_DISPATCH, _DESK),
}
