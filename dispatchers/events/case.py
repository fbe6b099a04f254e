"""Events of a case's plain life: registered, offered, worked on, checked, closed, and its change of desk."""

from __future__ import annotations

from typing import Literal

from dispatchers.case import Case, Term
from dispatchers.messages.orders import PushResult
from dispatchers.rows import Level

from .base import Basis, Blame, Candidate, CaseAct, CaseEvent, Step


class CaseRegistered(CaseEvent, tag=True, frozen=True, kw_only=True):
    """立案 (`dcm_registered_at` is the record's `at`). Everything known of the case, with the rows that decided."""

    case_no: str
    desk: str
    source: str
    source_id: str
    kind: str
    title: str
    description: str
    address: str
    lon: float | None
    lat: float | None
    datum: str
    given_lon: float | None
    given_lat: float | None
    territory: str
    near: tuple[str, ...]
    item: str
    domain: str
    nature: str
    priority: int
    weight: int
    received_at: int
    filed_at: int
    dispatch_due: int
    limit: str  # of disposal; it starts with the first dispatch
    due_at: int = 0  # of disposal, in logs of before 2026.11.2 only: it ran from the registration
    channel: str
    attachments: tuple[str, ...]
    reporter_ref: str
    caller_tag: str
    duty: str = ""
    facts: dict[str, str] = {}
    power_list: str = ""
    emergency: bool = False
    about: tuple[str, ...] = ()
    doubt: str = ""  # why somebody must look at the place first
    terms: tuple[Term, ...] = ()  # the reply, from this report's own receipt
    steps: tuple[Step, ...] = ()
    simulated: bool = False


class CaseUpdated(CaseEvent, tag=True, frozen=True, kw_only=True):
    """The source said more. Appended, never merged into what was decided."""

    title: str
    description: str
    address: str
    attachments: tuple[str, ...] = ()


class AssignmentOffered(CaseAct, tag=True, frozen=True, kw_only=True):
    """派单: an offer with a lease. Who else was looked at stands beside it."""

    assignment_id: str
    attempt: int
    squad: str
    team: str
    officers: tuple[str, ...]
    channel: int
    due_at: int  # of the answer
    terms: tuple[Term, ...] = ()  # limits that start, or start again, with this dispatch
    candidates: tuple[Candidate, ...]
    basis: Basis
    steps: tuple[Step, ...] = ()


class WorkOrderIssued(CaseAct, tag=True, frozen=True, kw_only=True):
    """A repair, a service or an answer is the unit's: a work order with a receipt and a deadline, never an offer."""

    assignment_id: str
    attempt: int
    unit: str
    kind: str = "department"  # of the executor
    receipt_due_at: int
    due_at: int  # the limit of disposal in force
    terms: tuple[Term, ...] = ()
    basis: Basis
    steps: tuple[Step, ...] = ()


class AssignmentDeferred(CaseEvent, tag=True, frozen=True, kw_only=True):
    """Nobody can now, and there is slack: looked at again at `retry_at` or when a team is free."""

    reason: str
    retry_at: int
    candidates: tuple[Candidate, ...]


class AssignmentWithdrawn(CaseAct, tag=True, frozen=True, kw_only=True):
    """An operator took the case away from who held it."""

    assignment_id: str
    reason: str


class OfferReceived(CaseAct, tag=True, frozen=True, kw_only=True):
    """The offer is on a device."""

    assignment_id: str


class OfferPushed(CaseEvent, tag=True, frozen=True, kw_only=True):
    """An offer that was not received went out through another channel, or could not."""

    assignment_id: str
    channel: str
    result: PushResult
    detail: str = ""


class AssignmentAccepted(CaseAct, tag=True, frozen=True, kw_only=True):
    """接单 by a human, or a unit's signature."""

    assignment_id: str
    arrive_due: int = 0  # 0: a unit need not say when it is there


class AssignmentReturned(CaseAct, tag=True, frozen=True, kw_only=True):
    """退单 with a coded reason, approved; who returned is not asked again by itself. The dispatch clock begins anew and
    that of disposal stands (`terms`: with what is left of them)."""

    assignment_id: str
    reason: str
    basis: str
    dispatch_due: int
    officers: tuple[str, ...] = ()  # recused; then the squad itself may be asked again
    wrong: bool = False  # it was never theirs: the dispatch was wrong 错派
    blame: Blame | None = None
    terms: tuple[Term, ...] = ()


class SquadArrived(CaseAct, tag=True, frozen=True, kw_only=True):
    """到场."""

    assignment_id: str


class CaseDisposed(CaseAct, tag=True, frozen=True, kw_only=True):
    """处置. `tier` is the squad's as of now: relabelling a unit later does not rewrite history."""

    assignment_id: str
    squad: str = ""
    team: str = ""
    unit: str = ""
    tier: str = ""
    officers: tuple[str, ...] = ()
    result: str
    note: str = ""
    evidence: tuple[str, ...] = ()
    party: str = ""
    fine: int = 0  # yuan, decided
    cash: int = 0  # yuan, taken on the spot
    check_due: int = 0


class CaseChecked(CaseAct, tag=True, frozen=True, kw_only=True):
    """核查 passed. `callback_due`: the caller is to be called back first, until then; 0: nobody is."""

    passed: bool = True
    note: str = ""
    close_due: int = 0
    callback_due: int = 0


class ReworkOrdered(CaseAct, tag=True, frozen=True, kw_only=True):
    """返工: the check failed, back to the same team. The old clock runs on."""

    note: str = ""
    arrive_due: int = 0


class WorkOrderReopened(CaseAct, tag=True, frozen=True, kw_only=True):
    """The check of a unit's work failed."""

    note: str = ""


class CaseClosed(CaseAct, tag=True, frozen=True, kw_only=True):
    """结案, with what the first of the three numbers needs: who disposed, of which tier, in which stream."""

    outcome: Literal["normal", "overdue", "forced", "merged"]
    desk: str
    squad: str
    unit: str
    tier: str
    stream: Literal["general", "simple", "nonpenalty", "self", "none"]
    countable: bool  # an enforcement task of the force (domain.md §2.2)
    item: str
    reason: str = ""
    on_time: bool = True  # by the disposal, not by the closing
    accurate: bool = True  # dispatched once and rightly 准确派遣
    month_end: bool = False  # sent down just before a month's end (R1 audit)
    reopen_until: int = 0
    forget_after: int


class LeaseExpired(CaseEvent, tag=True, frozen=True, kw_only=True):
    """Nobody answered in time."""

    assignment_id: str
    blame: Blame | None = None


class LeaseExtended(CaseEvent, tag=True, frozen=True, kw_only=True):
    """It fell due while we could not decide; the silence was ours (law 6)."""

    assignment_id: str
    due_at: int


class CaseEscalated(CaseAct, tag=True, frozen=True, kw_only=True):
    """升级: another level answers for it now. Levels never fall by themselves."""

    reason: str
    level: Level
    overdue_at: int  # when lateness raises it, or is said, again
    cause: str = ""
    blame: Blame | None = None


class CaseHandedOver(CaseAct, tag=True, frozen=True, kw_only=True):
    """This ends our holding: the letter beside it begins the other desk's."""

    to_desk: str
    reason: str
    forget_after: int


class CaseTaken(CaseEvent, tag=True, frozen=True, kw_only=True):
    """A case arrived from another desk, with its clocks."""

    from_desk: str
    case: Case
    dispatch_due: int
    reason: str


class SuperiorAlerted(CaseEvent, tag=True, frozen=True, kw_only=True):
    """The squad at home was silent to the end of its ladder: its daily superior 块 is told, once for a case."""

    organisation: str
    squad: str
    reason: str


class CaseNeedsOperator(CaseEvent, tag=True, frozen=True, kw_only=True):
    """The rules end here; a human must decide. After `operator_due` the city desk does; there it is said again."""

    reason: str
    detail: str = ""
    operator_due: int
    candidates: tuple[Candidate, ...] = ()
    steps: tuple[Step, ...] = ()
    terms: tuple[Term, ...] = ()  # a clock of acceptance that goes on
