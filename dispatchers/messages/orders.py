"""Orders and reports: imperatives, each by somebody (`actor`) with an id that its sender made (DESIGN law 8)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from dispatchers.rows import RequestKind

from .words import Id, Long, Short

# squad and leader: who enforces; checker: looks before and after 监督员; operator 派遣员 and chief 值班长: the desk,
# two levels of it; coordination: the body that rules on whose it is 统筹协调; supervisor 督察; hotline: speaks with
# callers; unit: whoever gets work orders; town: the seat of a town, which asks offices about its town's cases (R32);
# notifier: a program that pushes offers through other channels; admin: runs the system. Both decide about no case.
Role = Literal[
    "squad", "leader", "checker", "operator", "chief", "coordination", "supervisor", "hotline", "unit", "town",
    "notifier", "admin",
]  # fmt: skip


class Actor(msgspec.Struct, frozen=True, gc=False):
    """Who speaks: an officer's number, a desk's operator, a unit. Never a name."""

    id: Id
    role: Role
    squad: str = ""


class Order(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every order and report carries (DESIGN law 8)."""

    message_id: Id  # made by the sender, remembered for a window: a repeat changes nothing
    actor: Actor
    happened_at: int | None = None  # the sender's claim (ms); for statistics and evidence, never for timers
    authority: Literal["", "line", "block"] = ""  # in which superior's name 条/块 the order is given (R30)
    simulated: bool = False


class CaseOrder(Order, frozen=True, kw_only=True):
    """An order about one case."""

    case_id: Id
    case_version: int | None = None  # the version the sender saw; an older one than the last change of hands is refused


class AssignmentOrder(CaseOrder, frozen=True, kw_only=True):
    """A report of who holds, or is offered, an assignment."""

    assignment_id: Id


# sent: the provider took it; failed: it did not, and may next time; limited: its limits are reached for now; refused:
# it never will; skipped: it was not tried, because nobody there is on duty or has such a device.
PushResult = Literal["sent", "failed", "limited", "refused", "skipped"]


class ReceiveOffer(AssignmentOrder, tag=True, frozen=True, kw_only=True):
    """A device has the offer. Says nothing of a human."""


class ReportPush(AssignmentOrder, tag=True, frozen=True, kw_only=True):
    """What became of pushing an offer through a channel. It says nothing of who reads it."""

    channel: Id  # as in the city's channels
    result: PushResult
    detail: Short = ""


class AcceptAssignment(AssignmentOrder, tag=True, frozen=True, kw_only=True):
    """接单: a human takes the case (a unit signs for its work order)."""


ReturnReason = Literal["not_our_territory", "not_our_power", "no_capacity", "recusal", "no_equipment", "wrong_item"]
# Reasons that say "it is not ours": reviewed, and ruled on when they come again. The others say "we cannot now".
CONTESTS = frozenset({"not_our_territory", "not_our_power", "wrong_item"})


class ReturnAssignment(AssignmentOrder, tag=True, frozen=True, kw_only=True):
    """退单: coded reason, and the basis it rests on."""

    reason: ReturnReason
    basis: Short  # the article, row or fact that it rests on
    officers: tuple[Id, ...] = ()  # of a recusal: who; nobody named: the whole squad


class ReportArrival(AssignmentOrder, tag=True, frozen=True, kw_only=True):
    """到场."""


Result = Literal[
    "corrected", "simple_penalty", "general_filed", "no_violation", "not_found", "repaired", "served", "answered",
    "self_handled",
]  # fmt: skip


class ReportDisposal(AssignmentOrder, tag=True, frozen=True, kw_only=True):
    """处置 and 反馈: what was done. `result` decides which stream of the 80 % numbers the case belongs to; a penalty
    without evidence is none (R22). `fine` and `cash` are in yuan: decided, and taken on the spot."""

    result: Result
    note: Long = ""
    evidence: tuple[Short, ...] = ()
    party: Literal["", "citizen", "organisation"] = ""  # who is fined
    fine: Annotated[int, msgspec.Meta(ge=0)] = 0
    cash: Annotated[int, msgspec.Meta(ge=0)] = 0
    officers: tuple[Id, ...] = ()  # the two who acted, if others than those of the offer (处罚法 art. 42)


class CheckCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """核查 after disposal, by somebody who did not dispose."""

    passed: bool
    note: Long = ""


class CloseCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """结案. A case that passed its check closes normally; an operator may force another with a reason."""

    forced: bool = False
    reason: Short = ""
    reply: Annotated[str, msgspec.Meta(max_length=20_000)] = ""  # to the caller, where one is owed and none was given


class AssignCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """派单 by an operator: to a squad, or to one team of it, or to a unit; by a leader, to another team of the own
    squad (a handover at a shift's end). The reason is kept."""

    squad: str = ""
    team: str = ""
    unit: str = ""
    reason: Short = ""


# Why a case goes up (domain.md §5.3). The desk itself names no_answer, overdue, repeated, reserved, dispute.
Cause = Literal["capacity", "resistance", "reserved", "cross_border", "major", "media", "dispute", "other"]


class EscalateCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """升级: to the next level up; at the city's level, to the city desk."""

    reason: Short
    cause: Cause = "other"


class LowerCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """下沉: one level down again, guarded so that nobody dumps cases to reach 80 % (domain.md §5.3)."""

    reason: Short


class HandOverCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """Give the case to another desk. It cannot refuse, only hand back."""

    to_desk: Id
    reason: Short


# -- finding out -------------------------------------------------------------------------------------------------------


class VerifyCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """核实: somebody shall look before anything is dispatched."""

    reason: Short = ""


class ReportVerification(CaseOrder, tag=True, frozen=True, kw_only=True):
    """What the collector found, and where. Not found: the operator decides what becomes of it."""

    found: bool
    territory: Short = ""
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None  # WGS-84
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    facts: dict[Short, Short] = {}
    note: Long = ""


class ClassifyCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """An operator says what it is, and if need be where: an unknown matter, a wrong class, another duty."""

    item: Id
    territory: Short = ""
    facts: dict[Short, Short] = {}
    reason: Short


# -- one matter, many reports ------------------------------------------------------------------------------------------


class MergeCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """并案: this case is the same matter as another of the desk."""

    parent: Id
    reason: Short


class SplitCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """拆案: it was a matter of its own after all."""

    reason: Short


class UrgeCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """催办. Resets no clock."""

    note: Short = ""


class RecordCall(CaseOrder, tag=True, frozen=True, kw_only=True):
    """An operator telephones a squad's leader: the number was shown, and that is kept."""

    squad: Id
    note: Short = ""


class SuperviseCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """督办: adds a clock and a recipient, resets none."""

    document: Id
    limit: Id  # clock.Duration, e.g. "2 working_days"


class AnswerCaller(CaseOrder, tag=True, frozen=True, kw_only=True):
    """答复 to this report's own caller. Children of a case are answered with it, or on their own."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
    attachments: tuple[Short, ...] = ()


class RecordCallback(CaseOrder, tag=True, frozen=True, kw_only=True):
    """回访: reached or not; not solved sends the case back."""

    reached: bool
    solved: bool = False
    note: Short = ""


# -- giving back, disputes ---------------------------------------------------------------------------------------------


class ReviewReturn(CaseOrder, tag=True, frozen=True, kw_only=True):
    """The desk's answer to a return: approved, refused, or put before the coordination body."""

    outcome: Literal["approved", "refused", "dispute"]
    reason: Short


class OpenDispute(CaseOrder, tag=True, frozen=True, kw_only=True):
    """职责争议, for a case that two sides deny."""

    reason: Short


class RuleDispute(CaseOrder, tag=True, frozen=True, kw_only=True):
    """协调裁定: whose it is, with the document's number; final. `precedent`: propose it for like cases."""

    document: Id
    squad: Short = ""
    unit: Short = ""
    reason: Short
    precedent: bool = False
    when: tuple[Short, ...] = ()  # facts under which it holds, as in the power list


class ApprovePrecedent(Order, tag=True, frozen=True, kw_only=True):
    """A proposed precedent becomes a row, by somebody else than who ruled."""

    desk: Id
    precedent: Id


# -- more time ---------------------------------------------------------------------------------------------------------


class RequestExtension(AssignmentOrder, tag=True, frozen=True, kw_only=True):
    """延期: one more limit in the same unit, asked before it is overdue."""

    reason: Short


class RequestSuspension(AssignmentOrder, tag=True, frozen=True, kw_only=True):
    """挂账: the clock stands until an instant, once, at most as long as the city allows."""

    reason: Short
    until: int


class ReviewRelaxation(CaseOrder, tag=True, frozen=True, kw_only=True):
    """Approval, first by an operator and then by the chief, or refusal by either."""

    approved: bool
    reason: Short = ""


class ResumeCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """A suspended case goes on before its time."""

    reason: Short = ""


# -- between offices ---------------------------------------------------------------------------------------------------


class AskOffice(CaseOrder, tag=True, frozen=True, kw_only=True):
    """A typed request to a unit, or for support to a squad of the desk. It changes no owner."""

    kind: RequestKind
    unit: Short = ""
    squad: Short = ""
    task: Short
    purpose: Short = ""  # what video is for (R51)


class SignRequest(CaseOrder, tag=True, frozen=True, kw_only=True):
    """A receipt by who was asked. There is no plain no: who denies its duty opens a dispute (R25)."""

    request_id: Id


class AnswerRequest(CaseOrder, tag=True, frozen=True, kw_only=True):
    """What was asked for."""

    request_id: Id
    note: Long = ""
    evidence: tuple[Short, ...] = ()


# -- rollout, people, ends ---------------------------------------------------------------------------------------------


class ConfirmProposal(CaseOrder, tag=True, frozen=True, kw_only=True):
    """An operator does what the rules propose."""


class RecuseOfficers(CaseOrder, tag=True, frozen=True, kw_only=True):
    """回避: these officers act no more in this case."""

    officers: tuple[Id, ...]
    reason: Short


class FilePenalty(AssignmentOrder, tag=True, frozen=True, kw_only=True):
    """A penalty file was opened 处罚立案: another clock than that of dispatch (处罚法 art. 60)."""

    file_no: Id


class ProposeCriminalTransfer(CaseOrder, tag=True, frozen=True, kw_only=True):
    """涉嫌犯罪: to the police. Until it is decided nothing else may be (移送规定 art. 5, 11)."""

    reason: Short


class DecideCriminalTransfer(CaseOrder, tag=True, frozen=True, kw_only=True):
    """Transferred, with the police's receipt, or not."""

    transferred: bool
    document: Id


class TransferCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """Out of the system: to a body that is none of its units."""

    to: Id
    reason: Short


class CancelCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """不予受理 (with the right channel told), 不予立案, or 作废 by the chief."""

    outcome: Literal["rejected", "not_registered", "cancelled"]
    reason: Short


class ReopenCase(CaseOrder, tag=True, frozen=True, kw_only=True):
    """A closed case goes on, and what was counted for it is taken back."""

    cause: Literal["fault", "reconsideration", "unsatisfied"]
    reason: Short


class AppealOverdue(CaseOrder, tag=True, frozen=True, kw_only=True):
    """超期申诉, after a case closed overdue, once: by the leader of the squad or the unit that disposed, or by the
    operator for them."""

    reason: Short
    evidence: Annotated[tuple[Id, ...], msgspec.Meta(max_length=20)] = ()


class ReviewAppeal(CaseOrder, tag=True, frozen=True, kw_only=True):
    """Two persons approve an appeal, one after the other; either may refuse it."""

    approved: bool
    reason: Short


# -- the desk ----------------------------------------------------------------------------------------------------------


class SetDuty(Order, tag=True, frozen=True, kw_only=True):
    """Overrule the roster for officers, until an instant (None: until the next such order)."""

    desk: Id
    officers: tuple[Id, ...]
    on_duty: bool
    until: int | None = None


class AdoptCity(Order, tag=True, frozen=True, kw_only=True):
    """Decide by another version of the city from here on (DESIGN law 12)."""

    desk: Id
    city: Id
    found: bool = True  # set by the worker: whether the version is published


DeskOrder = (
    ReceiveOffer
    | ReportPush
    | AcceptAssignment
    | ReturnAssignment
    | ReportArrival
    | ReportDisposal
    | CheckCase
    | CloseCase
    | AssignCase
    | EscalateCase
    | LowerCase
    | HandOverCase
    | VerifyCase
    | ReportVerification
    | ClassifyCase
    | MergeCase
    | SplitCase
    | UrgeCase
    | RecordCall
    | SuperviseCase
    | AnswerCaller
    | RecordCallback
    | ReviewReturn
    | OpenDispute
    | RuleDispute
    | ApprovePrecedent
    | RequestExtension
    | RequestSuspension
    | ReviewRelaxation
    | ResumeCase
    | AskOffice
    | SignRequest
    | AnswerRequest
    | ConfirmProposal
    | RecuseOfficers
    | FilePenalty
    | ProposeCriminalTransfer
    | DecideCriminalTransfer
    | TransferCase
    | CancelCase
    | ReopenCase
    | AppealOverdue
    | ReviewAppeal
    | SetDuty
    | AdoptCity
)
