"""Events of the law of the desk: doubt, many reports, returns and disputes, more time, requests, other ends."""

from __future__ import annotations

from typing import Literal

from dispatchers.case import Assignment, Relaxation, Request, Term
from dispatchers.rows import Level

from .base import Basis, Blame, Candidate, CaseAct, CaseEvent, Step

# -- finding out -------------------------------------------------------------------------------------------------------


class VerificationOrdered(CaseAct, tag=True, frozen=True, kw_only=True):
    """核实: a collector looks first. The acceptance clock stands meanwhile."""

    collector: str
    reason: str
    due_at: int
    terms: tuple[Term, ...] = ()


class CaseVerified(CaseAct, tag=True, frozen=True, kw_only=True):
    """The collector's word; what is empty stays as it was."""

    found: bool
    territory: str
    near: tuple[str, ...] = ()
    lon: float | None = None
    lat: float | None = None
    facts: dict[str, str] = {}
    note: str = ""
    dispatch_due: int
    terms: tuple[Term, ...] = ()


class CaseClassified(CaseAct, tag=True, frozen=True, kw_only=True):
    """An operator said what it is. The list in force at registration still decides."""

    item: str
    domain: str
    nature: str
    duty: str
    priority: int
    weight: int
    territory: str
    facts: dict[str, str] = {}
    emergency: bool = False
    about: tuple[str, ...] = ()  # squads and officers that it complains of
    placed: bool = False  # the operator knows where it is: nobody need look
    reason: str
    dispatch_due: int


# -- one matter, many reports ------------------------------------------------------------------------------------------


class CaseMerged(CaseAct, tag=True, frozen=True, kw_only=True):
    """并案: this report belongs to another case. Its caller stays its own, with the clock of the own reply."""

    parent: str
    reason: str


class CaseJoined(CaseAct, tag=True, frozen=True, kw_only=True):
    """Another report of this case's matter; so many callers make it more urgent."""

    child: str
    callers: int
    priority: int
    weight: int
    facts: str = ""  # what a caller who had called before said now


class CaseSplit(CaseAct, tag=True, frozen=True, kw_only=True):
    """拆案: a case of its own again, with the clock from its own receipt."""

    parent: str
    reason: str
    dispatch_due: int


class ChildLeft(CaseAct, tag=True, frozen=True, kw_only=True):
    """The other side of CaseSplit; `callers`: those who are left."""

    child: str
    callers: int


class CaseUrged(CaseAct, tag=True, frozen=True, kw_only=True):
    """催办."""

    note: str = ""


class CallMade(CaseAct, tag=True, frozen=True, kw_only=True):
    """An operator telephoned the leader of a squad."""

    squad: str
    note: str = ""


class CaseSupervised(CaseAct, tag=True, frozen=True, kw_only=True):
    """督办, with a clock beside the others."""

    document: str
    term: Term


class CallerAnswered(CaseAct, tag=True, frozen=True, kw_only=True):
    """答复 to the caller of this very report."""

    text: str
    attachments: tuple[str, ...] = ()
    with_parent: bool = False  # the answer of the case that this report was merged into


class CallbackRecorded(CaseAct, tag=True, frozen=True, kw_only=True):
    """回访: solved, or not reached. `next_due`: to be tried again, or else closed, until then."""

    reached: bool
    solved: bool
    note: str = ""
    next_due: int = 0


# -- dispatch where the rules may only propose -------------------------------------------------------------------------


class AssignmentProposed(CaseEvent, tag=True, frozen=True, kw_only=True):
    """What the rules would do: confirmed by an operator (propose), or compared with what people do (shadow)."""

    mode: Literal["propose", "shadow"]
    proposal: Assignment
    operator_due: int
    candidates: tuple[Candidate, ...] = ()
    basis: Basis
    steps: tuple[Step, ...] = ()


# -- giving back, disputes ---------------------------------------------------------------------------------------------


class ReturnRequested(CaseAct, tag=True, frozen=True, kw_only=True):
    """退单申请: "not ours", with a basis. Who has it keeps it until the review."""

    assignment_id: str
    reason: str
    basis: str
    review_due: int


class ReturnRefused(CaseAct, tag=True, frozen=True, kw_only=True):
    """It stays with who has it. `row` of the list that says so; `due_at`: the term of an answer that still lacks."""

    assignment_id: str
    reason: str
    basis: str = ""  # what had been cited
    row: str = ""
    due_at: int
    stage_due: int = 0
    blame: Blame | None = None


class DisputeOpened(CaseAct, tag=True, frozen=True, kw_only=True):
    """职责争议 goes to the coordination body. `owner` has the case until the ruling and sees to what is urgent."""

    reason: str
    interim: Assignment
    sides: tuple[str, ...]
    dispute_due: int
    row: str = ""  # what the list says by default
    basis: str = ""


class DisputeRuled(CaseAct, tag=True, frozen=True, kw_only=True):
    """协调裁定: final. `precedent`: the id of the row it proposes."""

    document: str
    owner: str
    reason: str
    dispatch_due: int
    precedent: str = ""
    item: str = ""
    duty: str = ""
    when: tuple[str, ...] = ()
    owner_kind: str = "squad"
    owner_unit: str = "*"  # kind of unit, as in the power list


# -- more time ---------------------------------------------------------------------------------------------------------


class RelaxationRequested(CaseAct, tag=True, frozen=True, kw_only=True):
    """延期 or 挂账 is asked for; the clock runs on."""

    relaxation: Relaxation


class RelaxationApproved(CaseAct, tag=True, frozen=True, kw_only=True):
    """By the first of two levels."""

    kind: str
    due_at: int


class RelaxationRefused(CaseAct, tag=True, frozen=True, kw_only=True):
    """Refused, or void because who asked for it lost the case. It uses up no chance."""

    kind: str
    reason: str


class DeadlineExtended(CaseAct, tag=True, frozen=True, kw_only=True):
    """延期: old deadline + one limit in its own unit."""

    term: Term


class CaseSuspended(CaseAct, tag=True, frozen=True, kw_only=True):
    """挂账: the limits stand with what is left of them."""

    until: int
    reason: str
    terms: tuple[Term, ...]


class CaseResumed(CaseAct, tag=True, frozen=True, kw_only=True):
    """The limits go on by what was left."""

    reason: str
    terms: tuple[Term, ...]
    stage_due: int = 0


class DeadlineMissed(CaseEvent, tag=True, frozen=True, kw_only=True):
    """A limit or a stage passed without its act: said once for a limit, again and again for a stage (`again_at`)."""

    name: str  # of a term, a stage ("verify", "check", …) or "request"
    due_at: int
    again_at: int = 0
    request_id: str = ""
    blame: Blame


# -- between offices ---------------------------------------------------------------------------------------------------


class RequestMade(CaseAct, tag=True, frozen=True, kw_only=True):
    """One office asks another. It changes no owner."""

    request: Request


class RequestSigned(CaseAct, tag=True, frozen=True, kw_only=True):
    """A receipt."""

    request_id: str


class RequestAnswered(CaseAct, tag=True, frozen=True, kw_only=True):
    """What was asked for."""

    request_id: str
    note: str = ""
    evidence: tuple[str, ...] = ()


# -- people, levels, other ends ----------------------------------------------------------------------------------------


class OfficersRecused(CaseAct, tag=True, frozen=True, kw_only=True):
    """回避."""

    officers: tuple[str, ...]
    reason: str


class ActRefused(CaseAct, tag=True, frozen=True, kw_only=True):
    """An act that no law covers: not two officers, or a certificate that is not valid on the day. The evidence is kept
    and the case looks for others."""

    assignment_id: str
    reason: str
    officers: tuple[str, ...]
    result: str
    note: str = ""
    evidence: tuple[str, ...] = ()
    dispatch_due: int
    blame: Blame


class CaseLowered(CaseAct, tag=True, frozen=True, kw_only=True):
    """下沉 by one level. `month_end`: so near to a month's end that the R1 audit marks it."""

    reason: str
    level: Level
    month_end: bool


class SuperiorOrdered(CaseAct, tag=True, frozen=True, kw_only=True):
    """An order in the name of one of the two superiors 条块 was carried out. Told beside what it did, so that the
    other's order of the same minute can be weighed against it (R30)."""

    order: str
    authority: str


class PenaltyFiled(CaseAct, tag=True, frozen=True, kw_only=True):
    """处罚立案 (`penalty_filed_at` is the record's `at`)."""

    assignment_id: str
    file_no: str
    term: Term


class CriminalTransferProposed(CaseAct, tag=True, frozen=True, kw_only=True):
    """涉嫌犯罪: nothing else may be decided until this is."""

    reason: str
    criminal_due: int


class CriminalTransferRefused(CaseAct, tag=True, frozen=True, kw_only=True):
    """Not taken: the case goes on where it stood."""

    document: str
    stage_due: int


class CaseTransferred(CaseAct, tag=True, frozen=True, kw_only=True):
    """Out of the system; in no number of the 80 %."""

    to: str
    reason: str
    document: str = ""
    forget_after: int


class CaseCancelled(CaseAct, tag=True, frozen=True, kw_only=True):
    """不予受理, 不予立案, 作废."""

    outcome: Literal["rejected", "not_registered", "cancelled"]
    reason: str
    forget_after: int


class OverdueAppealed(CaseAct, tag=True, frozen=True, kw_only=True):
    """超期申诉: who disposed of a case that closed overdue says why that was not theirs. The lateness stays in the file
    whatever comes of it."""

    reason: str
    evidence: tuple[str, ...] = ()


class AppealEndorsed(CaseAct, tag=True, frozen=True, kw_only=True):
    """The first of two reviewers agrees."""

    reason: str


class AppealApproved(CaseAct, tag=True, frozen=True, kw_only=True):
    """The second agrees too: the case is exempt from the statistics of what was on time (scenario 30)."""

    reason: str


class AppealRefused(CaseAct, tag=True, frozen=True, kw_only=True):
    """Either of them does not: it counts as overdue, and that is final."""

    reason: str


class CaseReopened(CaseAct, tag=True, frozen=True, kw_only=True):
    """It goes on; what its closing counted is taken back (signed: its stream and tier). Its limits begin anew
    with the next dispatch, that of the reply now (`terms`)."""

    cause: str
    reason: str
    stream: str
    tier: str
    countable: bool
    dispatch_due: int
    terms: tuple[Term, ...] = ()
