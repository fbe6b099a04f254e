"""Everything that can have happened: the log's words. Facts in the past tense, public and stable once released.

An event carries all that `evolve` needs (instants, weights, ids), so that folding never asks the city. Every event
about a case carries `case_id` and `case_version`; it counts up by one with each event that changes the case, from desk
to desk. `OrderRefused`, `OrderRepeated` and `OrderForwarded` change no case and carry the version as it stands.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from .case import Case
from .messages import Actor, LetterBody

Level = Literal["town", "county", "city"]


# gc=False: events, messages and cases are trees, in which the collector can find nothing, and there are very many.
class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Base of all events."""


class CaseEvent(Event, frozen=True, kw_only=True):
    """An event about one case."""

    case_id: str
    case_version: int


class CaseAct(CaseEvent, frozen=True, kw_only=True):
    """An event that somebody's order caused: who, when by the sender's claim, and whether that claim is odd."""

    actor: Actor | None = None
    happened_at: int | None = None
    odd_claim: str = ""  # "ahead", "behind": beyond the bounds of the city (law 6)


# -- intake ------------------------------------------------------------------------------------------------------------


class IntakeEvent(Event, frozen=True, kw_only=True):
    """An event of the receipt book, about one number of one source."""

    source: str
    source_id: str


class ComplaintAccepted(IntakeEvent, tag=True, frozen=True, kw_only=True):
    """The number became a case, of a desk. `why` is the step of jurisdiction that decided."""

    case_id: str
    desk: str
    digest: str
    why: str
    forget_after: int


class ComplaintUpdated(IntakeEvent, tag=True, frozen=True, kw_only=True):
    """The same number with another content: told to the same desk, wherever its address points now."""

    case_id: str
    desk: str
    digest: str


class ComplaintRepeated(IntakeEvent, tag=True, frozen=True, kw_only=True):
    """The same number with the same content: nothing to do."""

    case_id: str
    desk: str


class ComplaintRefused(IntakeEvent, tag=True, frozen=True, kw_only=True):
    """Unreadable; the bytes lie in `dead-letters`."""

    reason: str
    detail: str = ""


class ComplaintMisplaced(IntakeEvent, tag=True, frozen=True, kw_only=True):
    """Came to the wrong partition and was posted again to the right one."""

    partition: int


class ReporterForgotten(IntakeEvent, tag=True, frozen=True, kw_only=True):
    """The reporter's keys are destroyed and stay so."""

    case_id: str


# -- the case ----------------------------------------------------------------------------------------------------------


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
    due_at: int
    limit: str
    channel: str
    attachments: tuple[str, ...]
    reporter_ref: str
    caller_tag: str


class CaseUpdated(CaseEvent, tag=True, frozen=True, kw_only=True):
    """The source said more. Appended, never merged into what was decided."""

    title: str
    description: str
    address: str
    attachments: tuple[str, ...] = ()


class Candidate(Event, frozen=True, kw_only=True):
    """A team that was looked at: its figures, and why it won ("") or lost."""

    squad: str
    team: str
    pairs: int  # certified pairs on duty
    load: int  # open weight on the team
    metres: int | None
    lost: str = ""


class Basis(Event, frozen=True, kw_only=True):
    """The rows that made the decision: power list row, acting name, and both superiors (條 line, 塊 block)."""

    power: str
    law: str
    acting_name: str = ""
    line_superior: str = ""
    block_superior: str = ""
    step: str  # which step of the ladder: home, another_team, leader, mobile, neighbour, operator
    reason: str = ""  # an operator's, when one overruled


class AssignmentOffered(CaseAct, tag=True, frozen=True, kw_only=True):
    """派单: an offer with a lease. Who else was looked at stands beside it."""

    assignment_id: str
    attempt: int
    squad: str
    team: str
    officers: tuple[str, ...]
    channel: int
    due_at: int
    candidates: tuple[Candidate, ...]
    basis: Basis


class WorkOrderIssued(CaseAct, tag=True, frozen=True, kw_only=True):
    """A repair, a service or an answer is the unit's: a work order with a receipt and a deadline, never an offer."""

    assignment_id: str
    attempt: int
    unit: str
    receipt_due_at: int
    due_at: int
    basis: Basis


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


class AssignmentAccepted(CaseAct, tag=True, frozen=True, kw_only=True):
    """接单 by a human, or a unit's signature."""

    assignment_id: str


class AssignmentReturned(CaseAct, tag=True, frozen=True, kw_only=True):
    """退单 with a coded reason; the squad is not asked again by itself, and the dispatch clock begins anew."""

    assignment_id: str
    reason: str
    basis: str
    dispatch_due: int


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
    result: str
    note: str = ""
    evidence: tuple[str, ...] = ()


class CaseChecked(CaseAct, tag=True, frozen=True, kw_only=True):
    """核查 passed."""

    passed: bool = True
    note: str = ""


class ReworkOrdered(CaseAct, tag=True, frozen=True, kw_only=True):
    """返工: the check failed, back to the same team. The old clock runs on."""

    note: str = ""


class WorkOrderReopened(CaseAct, tag=True, frozen=True, kw_only=True):
    """The check of a unit's work failed."""

    note: str = ""


class CaseClosed(CaseAct, tag=True, frozen=True, kw_only=True):
    """结案, with what the first of the three numbers needs: who disposed, of which tier, in which stream."""

    outcome: Literal["normal", "overdue", "forced"]
    desk: str
    squad: str
    unit: str
    tier: str
    stream: Literal["general", "simple", "nonpenalty", "none"]
    countable: bool  # an enforcement task of the force (domain.md §2.2)
    item: str
    reason: str = ""
    forget_after: int


class LeaseExpired(CaseEvent, tag=True, frozen=True, kw_only=True):
    """Nobody answered in time."""

    assignment_id: str


class LeaseExtended(CaseEvent, tag=True, frozen=True, kw_only=True):
    """It fell due while we could not decide; the silence was ours (law 6)."""

    assignment_id: str
    due_at: int


class CaseEscalated(CaseAct, tag=True, frozen=True, kw_only=True):
    """升级: another level answers for it now. Levels never fall by themselves."""

    reason: str
    level: Level
    overdue_at: int  # when lateness raises it again; 0: it is at the top


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


class CaseNeedsOperator(CaseEvent, tag=True, frozen=True, kw_only=True):
    """The rules end here; a human must decide. After `operator_due` (0: never) the city desk does."""

    reason: str
    detail: str = ""
    operator_due: int
    candidates: tuple[Candidate, ...] = ()


# -- orders that changed nothing ---------------------------------------------------------------------------------------


class OrderRefused(CaseEvent, tag=True, frozen=True, kw_only=True):
    """Refused, with the reason in plain words and what is true now."""

    message_id: str
    order: str
    actor: Actor | None
    reason: str
    status: str = ""
    holder: str = ""


class OrderRepeated(CaseEvent, tag=True, frozen=True, kw_only=True):
    """The id was seen before; the first one counts."""

    message_id: str


class OrderForwarded(CaseEvent, tag=True, frozen=True, kw_only=True):
    """The case is another desk's; the letter beside this carries the order there."""

    message_id: str
    to_desk: str


# -- the desk ----------------------------------------------------------------------------------------------------------


class MessageUnreadable(Event, tag=True, frozen=True, kw_only=True):
    """A message in the inbox that no reading can save; its bytes lie in `dead-letters`."""

    reason: str
    detail: str = ""


class DutySet(Event, tag=True, frozen=True, kw_only=True):
    """The roster is overruled."""

    message_id: str
    actor: Actor
    officers: tuple[str, ...]
    on_duty: bool
    until: int | None


class CityAdopted(Event, tag=True, frozen=True, kw_only=True):
    """Decided by this version of the city from here on."""

    city: str
    message_id: str = ""


class MessageSeen(Event, tag=True, frozen=True, kw_only=True):
    """The id of an order, remembered until `forget_after`."""

    message_id: str
    forget_after: int


# -- letters -----------------------------------------------------------------------------------------------------------


class LetterSent(Event, tag=True, frozen=True, kw_only=True):
    """The record names the letter; it is posted once the record is acknowledged."""

    to: str
    number: int
    body: LetterBody


class LetterReceived(Event, tag=True, frozen=True, kw_only=True):
    """The next letter of a sender was taken."""

    sender: str
    number: int


class LetterGap(Event, tag=True, frozen=True, kw_only=True):
    """A number beyond the next: dropped and alarmed; the sender posts what is missing again (law 7)."""

    sender: str
    number: int
    expected: int


class EpochOpened(Event, tag=True, frozen=True, kw_only=True):
    """The log was imported into a new cluster: positions count from the start of a new inbox (law 3)."""

    epoch: int


CASE_EVENTS: tuple[type[CaseEvent], ...] = (
    CaseRegistered,
    CaseUpdated,
    AssignmentOffered,
    WorkOrderIssued,
    AssignmentDeferred,
    AssignmentWithdrawn,
    OfferReceived,
    AssignmentAccepted,
    AssignmentReturned,
    SquadArrived,
    CaseDisposed,
    CaseChecked,
    ReworkOrdered,
    WorkOrderReopened,
    CaseClosed,
    LeaseExpired,
    LeaseExtended,
    CaseEscalated,
    CaseHandedOver,
    CaseTaken,
    CaseNeedsOperator,
)

AnyEvent = (
    ComplaintAccepted
    | ComplaintUpdated
    | ComplaintRepeated
    | ComplaintRefused
    | ComplaintMisplaced
    | ReporterForgotten
    | CaseRegistered
    | CaseUpdated
    | AssignmentOffered
    | WorkOrderIssued
    | AssignmentDeferred
    | AssignmentWithdrawn
    | OfferReceived
    | AssignmentAccepted
    | AssignmentReturned
    | SquadArrived
    | CaseDisposed
    | CaseChecked
    | ReworkOrdered
    | WorkOrderReopened
    | CaseClosed
    | LeaseExpired
    | LeaseExtended
    | CaseEscalated
    | CaseHandedOver
    | CaseTaken
    | CaseNeedsOperator
    | OrderRefused
    | OrderRepeated
    | OrderForwarded
    | MessageUnreadable
    | DutySet
    | CityAdopted
    | MessageSeen
    | LetterSent
    | LetterReceived
    | LetterGap
    | EpochOpened
)
