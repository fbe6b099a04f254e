"""Everything that can have happened: the log's words. Facts in the past tense, public and stable once released.

An event carries all that `evolve` needs (instants, weights, ids), so that folding never asks the city. Every event
about a case carries `case_id` and `case_version`; it counts up by one with each event that changes the case, from desk
to desk. `OrderRefused`, `OrderRepeated` and `OrderForwarded` change no case and carry the version as it stands.
"""

from typing import get_args

from .base import *
from .case import *
from .desk import *
from .intake import *
from .law import *

CaseEvents = (
    CaseRegistered
    | CaseUpdated
    | AssignmentOffered
    | WorkOrderIssued
    | AssignmentDeferred
    | AssignmentWithdrawn
    | OfferReceived
    | OfferPushed
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
    | SuperiorAlerted
    | CaseNeedsOperator
    | VerificationOrdered
    | CaseVerified
    | CaseClassified
    | CaseMerged
    | CaseJoined
    | CaseSplit
    | ChildLeft
    | CaseUrged
    | CallMade
    | CaseSupervised
    | CallerAnswered
    | CallbackRecorded
    | AssignmentProposed
    | ReturnRequested
    | ReturnRefused
    | DisputeOpened
    | DisputeRuled
    | RelaxationRequested
    | RelaxationApproved
    | RelaxationRefused
    | DeadlineExtended
    | CaseSuspended
    | CaseResumed
    | DeadlineMissed
    | RequestMade
    | RequestSigned
    | RequestAnswered
    | OfficersRecused
    | ActRefused
    | CaseLowered
    | SuperiorOrdered
    | PenaltyFiled
    | CriminalTransferProposed
    | CriminalTransferRefused
    | CaseTransferred
    | CaseCancelled
    | CaseReopened
    | OverdueAppealed
    | AppealEndorsed
    | AppealApproved
    | AppealRefused
)
CASE_EVENTS: tuple[type[CaseEvent], ...] = get_args(CaseEvents)  # each changes its case and counts its version

AnyEvent = (
    ComplaintAccepted
    | ComplaintUpdated
    | ComplaintRepeated
    | ComplaintRefused
    | ComplaintMisplaced
    | ReporterForgotten
    | CaseEvents
    | OrderRefused
    | OrderRepeated
    | OrderForwarded
    | OrderParked
    | OrderUnparked
    | MessageUnreadable
    | DutySet
    | CityAdopted
    | PeriodFrozen
    | MessageSeen
    | PrecedentApproved
    | LetterSent
    | LetterReceived
    | LetterGap
    | EpochOpened
)
