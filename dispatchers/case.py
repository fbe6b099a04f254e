"""One case 案件 as a value: what a desk must know of it to decide. Whoever holds one may keep it.

What may happen to a case stands in transitions.py, what an event changes in life.py.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec


class Status(StrEnum):
    """Where a case stands. Every status but the ends has somebody who must act, and a clock for it."""

    TO_DISPATCH = "to_dispatch"  # 待派遣: registered, no offer stands (waiting for a free team, or just returned)
    VERIFYING = "verifying"  # 核实: a collector looks, before anything is dispatched
    OPERATOR = "operator"  # the desk's operator must decide
    OFFERED = "offered"  # 已派: a lease runs
    ACCEPTED = "accepted"  # 已接单
    ON_SITE = "on_site"  # 处置中
    ORDERED = "ordered"  # work order sent to a unit, not yet signed for
    UNIT_WORKING = "unit_working"  # the unit signed
    RETURNING = "returning"  # 退单申请: who has it keeps it until the return is reviewed
    DISPUTED = "disputed"  # 职责争议: the interim owner has it until the ruling
    SUSPENDED = "suspended"  # 挂账
    PENALTY = "penalty"  # a penalty file was opened (penalty_filed_at); its own machine comes later
    CRIMINAL = "criminal"  # a transfer to the police is proposed
    MERGED = "merged"  # 并案: lives with its parent; its caller is answered on its own clock
    DISPOSED = "disposed"  # 反馈: waits for the check
    CHECKED = "checked"  # 核查 passed: waits for answer, call-back and closing
    CLOSED = "closed"  # 结案
    CANCELLED = "cancelled"  # 不予受理, 不予立案, 作废
    TRANSFERRED = "transferred"  # out of the system: police, 信访, another authority
    HANDED_OVER = "handed_over"  # another desk holds it


class Term(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A time limit of a case that runs from an act of its own. Computed once and never again (issue 4, clocks).

    `due_at` 0: paused, `left` ms (of working time, if the limit is) remain. `warn_at`: 80 % are used up, yellow;
    past `due_at` it is red. `missed`: that was said. `done_at`: what it asked for was done. `guessed`: it ends in a
    year whose days off are not published yet, so working days may be holidays.
    """

    name: str  # accept, dispose, reply, supervise; stop, penalise, demolish; penalty
    limit: str
    started_at: int
    warn_at: int
    due_at: int
    left: int = 0
    done_at: int = 0
    missed: bool = False
    guessed: bool = False

    def colour(self, now: int) -> str:
        """green, yellow, red as of an instant; "paused" while it does not run."""
        if not self.due_at:
            return "paused"
        now = self.done_at or now
        return "red" if now > self.due_at else "yellow" if now >= self.warn_at else "green"


class Request(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What one office asks of another about a case (R24, R55): it changes no owner and has clocks of its own.

    A helper of a joint case is a request of kind `support`, the rescue that is told first one of kind `rescue`, a copy
    notice 抄告 one of kind `copy_notice`. `role`: "lead" when the asked one leads what the holder only supports.
    """

    id: str
    kind: str
    unit: str = ""  # who is asked: a unit, or a squad
    squad: str = ""
    task: str = ""
    role: Literal["", "lead", "help"] = ""
    made_at: int
    receipt_due: int  # to be signed for until then; 0 once it is
    due_at: int = 0  # to be answered until then; 0: a receipt is enough
    signed_at: int = 0
    answered_at: int = 0

    @property
    def next_due(self) -> int:
        """When its silence is said (again); 0: nothing more is asked."""
        return 0 if self.answered_at else self.receipt_due or self.due_at


class Relaxation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A pending wish for more time: the first level approves, then the second (two-level approval, domain.md §3)."""

    kind: Literal["extension", "suspension"]
    by: str
    reason: str
    until: int  # of a suspension; 0 for an extension
    due_at: int  # to be decided until then
    first: str = ""  # who approved first


class Appeal(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """超期申诉: against an overdue closing, once; two reviewers, one after the other (domain.md §3)."""

    by: str
    at: int
    reason: str
    first: str = ""  # who endorsed it
    outcome: Literal["", "approved", "refused"] = ""


class Assignment(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Who holds, or is offered, the case."""

    id: str
    attempt: int
    squad: str = ""
    team: str = ""
    officers: tuple[str, ...] = ()
    unit: str = ""
    kind: str = "squad"  # of the executor, as the power list names it (rows.OwnerKind)
    channel: int = 1  # 1 the squad's own push, 2 the next one (the leader)
    offered_at: int = 0
    due_at: int = 0  # lease of an offer, signature of a work order
    received: bool = False
    pushed: tuple[str, ...] = ()  # channels that need not be tried again, in the order of their reports
    extended: bool = False  # the lease was extended once because we were silent
    by: str = ""  # the operator who gave it; "" the rules

    @property
    def owner(self) -> str:
        """The squad or unit."""
        return self.squad or self.unit


class Case(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
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
    # where
    lon: float | None = None
    lat: float | None = None
    territory: str = ""
    near: tuple[str, ...] = ()
    doubt: str = ""  # why somebody must look first; "" nobody need
    collector: str = ""  # who was told to look, until it is known
    verified: bool = False
    # what
    item: str = ""
    domain: str = ""
    nature: str = ""
    duty: str = ""
    facts: dict[str, str] = {}
    power_list: str = ""  # version of the list in force when it was registered
    emergency: bool = False
    about: tuple[str, ...] = ()  # squads and officers that it complains of: they neither get nor see it
    priority: int = 3
    weight: int = 1
    level: Literal["town", "county", "city"] = "town"
    lowered: int = 0
    month_end: bool = False  # lowered just before a month's end (R1 audit)
    # from whom
    channel: str = ""
    reporter_ref: str = ""
    caller_tag: str = ""
    parent: str = ""
    children: tuple[str, ...] = ()
    callers: int = 1
    received_at: int = 0
    filed_at: int = 0
    registered_at: int = 0
    # clocks
    dispatch_due: int = 0  # without an offer until then: the operator's; 0: no such clock
    operator_due: int = 0  # left by the operator until then: the city desk's
    retry_at: int = 0  # look for a free team again
    stage_due: int = 0  # of the present status: verify, arrive, review, ruling, resume, check, close
    terms: tuple[Term, ...] = ()
    overdue_at: int = 0  # next time that lateness raises the level; first the limit of disposal itself
    side_due: int = 0  # the earliest of the other terms, the requests, and a pending relaxation
    # who
    before: Status | None = None  # what was interrupted
    assignment: Assignment | None = None
    proposal: Assignment | None = None  # what the rules would do, where they may only propose
    mode: str = ""
    attempts: int = 0
    tried: tuple[str, ...] = ()  # teams that let a lease run out or gave the case back
    alerted: str = ""  # the superior 块 who was told that its squad is silent
    barred: tuple[str, ...] = ()  # squads and units that gave it back
    recused: tuple[str, ...] = ()  # officers
    requests: tuple[Request, ...] = ()
    # against the kick-around
    returns: int = 0
    returned_by: str = ""  # whose return stopped the limits of disposal, while they stand
    bases: tuple[str, ...] = ()  # what was cited in returns so far
    owners: tuple[str, ...] = ()  # everyone who had it, once each, the first receiver first
    disputes: int = 0
    hops: int = 0  # from desk to desk
    final: bool = False  # no more return: designated by a ruling
    ruling: str = ""  # its document
    designated: str = ""  # the squad or unit that it named
    wrong: int = 0  # dispatches that were found wrong
    # more time
    relaxation: Relaxation | None = None
    late: bool = False  # it closed after its limit of disposal
    appeal: Appeal | None = None  # against that
    extensions: int = 0
    suspended: bool = False  # once
    # the end
    rework: int = 0
    squad: str = ""  # who disposed last
    unit: str = ""
    disposed_by: str = ""  # the person
    disposed_at: int = 0
    handled_by: tuple[str, ...] = ()  # the officers of the act: none of them may close
    checked_by: str = ""
    tier: str = ""  # of that squad, as it was then
    result: str = ""
    replied_at: int = 0
    replied_with_parent: bool = False
    called_back: bool = False
    callbacks: int = 0
    urges: int = 0
    supervised: str = ""  # document of the supervision
    reopened: int = 0
    commanded: tuple[tuple[str, str, int], ...] = ()  # last order of a superior of each type: 条 or 块, when
    simulated: bool = False
    dated: int = msgspec.field(default=0, name="due_at")  # the limit of disposal, in letters of before 2026.11.2 only

    @property
    def due_at(self) -> int:
        """The legal limit of disposal; 0: not dispatched yet, or paused."""
        term = self.term("dispose")
        return term.due_at if term else 0

    def term(self, name: str) -> Term | None:
        """The limit of a name."""
        for term in self.terms:
            if term.name == name:
                return term
        return None

    @property
    def owner(self) -> str:
        """Who answers for the case at this moment: who holds it, or is offered it; "" the desk itself."""
        return self.assignment.owner if self.assignment else ""

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
        if status in ENDS:
            return 0
        if status in (Status.OFFERED, Status.ORDERED):
            due = self.assignment.due_at if self.assignment else 0
        elif status is Status.TO_DISPATCH:
            due = _earlier(self.dispatch_due, self.retry_at)
        elif status is Status.OPERATOR:
            due = self.operator_due
        else:
            due = self.stage_due
        if self.overdue_at and status in RUNNING:
            due = _earlier(due, self.overdue_at)
        return _earlier(due, self.side_due)


def _earlier(one: int, other: int) -> int:
    """The earlier of two instants, of which 0 is none."""
    return min(one, other) if one and other else one or other


def side_due(terms: tuple[Term, ...], requests: tuple[Request, ...], relaxation: Relaxation | None) -> int:
    """The earliest instant of what runs beside the status. Kept in the case, since it seldom changes."""
    due = relaxation.due_at if relaxation else 0
    for term in terms:
        if term.name != "dispose" and not term.missed and not term.done_at:
            due = _earlier(due, term.due_at)
    for request in requests:
        due = _earlier(due, request.next_due)
    return due


S = Status
ENDS = frozenset({S.CLOSED, S.CANCELLED, S.TRANSFERRED, S.HANDED_OVER})
HOLDING = frozenset({S.OFFERED, S.ACCEPTED, S.ON_SITE, S.RETURNING, S.DISPUTED, S.PENALTY, S.CRIMINAL, S.DISPOSED})
# Where the limit of disposal runs, or would: it is not disposed of, and nobody was allowed to wait.
RUNNING = frozenset(S) - ENDS - {S.MERGED, S.DISPOSED, S.CHECKED, S.SUSPENDED}
