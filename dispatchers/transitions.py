"""The table of a case's life: which event may follow in which status, where it leads, and whose act it is.

Rule 1: everything that changes a case's status stands here; a missing pair is a forbidden move.
Rule 2: `to` None leads back to the status that was interrupted (`Case.before`): a refused return, a resumed case.
The diagram in the README is generated from TRANSITIONS.
"""

from __future__ import annotations

from typing import NamedTuple

from .case import ENDS, RUNNING, Status

S = Status


class Edge(NamedTuple):
    """A permitted move: where it leads (None: back), and whose act it is ("desk": the rules themselves)."""

    to: Status | None
    who: tuple[str, ...]


_DESK = ("desk",)
_SQUAD = ("squad", "leader")
_UNIT = ("unit",)
_OPERATOR = ("operator", "chief", "desk")
_CHECK = ("checker", "operator", "chief")
_NOTIFIER = ("notifier",)
_HOLDERS = ("squad", "leader", "unit")

FREE = (S.TO_DISPATCH, S.OPERATOR)  # nobody has it
BY_SQUAD = (S.OFFERED, S.ACCEPTED, S.ON_SITE)
BY_UNIT = (S.ORDERED, S.UNIT_WORKING)
WORKED = (*BY_SQUAD, *BY_UNIT)
WAITING = (S.RETURNING, S.SUSPENDED)
PAUSED = (*WAITING, S.DISPUTED)
ENDED = (S.CLOSED, S.CANCELLED, S.TRANSFERRED)
BEFORE_WORK = (*FREE, S.VERIFYING)
OPEN = tuple(s for s in S if s not in ENDS)

TRANSITIONS: dict[tuple[Status, str], Edge] = {
    # finding out what it is and where 核实
    **{(s, "VerificationOrdered"): Edge(S.VERIFYING, _OPERATOR) for s in FREE},
    (S.VERIFYING, "CaseVerified"): Edge(S.TO_DISPATCH, _CHECK),
    (S.VERIFYING, "CaseNeedsOperator"): Edge(S.OPERATOR, _DESK),
    **{(s, "CaseClassified"): Edge(S.TO_DISPATCH, ("operator", "chief")) for s in BEFORE_WORK},
    # one matter, many reports
    **{(s, "CaseMerged"): Edge(S.MERGED, _OPERATOR) for s in BEFORE_WORK},
    (S.MERGED, "CaseSplit"): Edge(S.TO_DISPATCH, _OPERATOR),
    **{(s, "CaseJoined"): Edge(s, _OPERATOR) for s in OPEN if s is not S.MERGED},
    **{(s, "ChildLeft"): Edge(s, _OPERATOR) for s in OPEN if s is not S.MERGED},
    # finding somebody
    **{(s, "AssignmentOffered"): Edge(S.OFFERED, _OPERATOR) for s in FREE},
    **{(s, "WorkOrderIssued"): Edge(S.ORDERED, _OPERATOR) for s in FREE},
    **{(s, "AssignmentProposed"): Edge(S.OPERATOR, _DESK) for s in FREE},
    (S.TO_DISPATCH, "AssignmentDeferred"): Edge(S.TO_DISPATCH, _DESK),
    **{(s, "SuperiorAlerted"): Edge(s, _DESK) for s in FREE},
    **{(s, "CaseNeedsOperator"): Edge(S.OPERATOR, _DESK) for s in FREE},
    # the offer, the work
    (S.OFFERED, "OfferReceived"): Edge(S.OFFERED, _SQUAD),
    **{(s, "OfferPushed"): Edge(s, _NOTIFIER) for s in BY_SQUAD},
    (S.OFFERED, "AssignmentAccepted"): Edge(S.ACCEPTED, _SQUAD),
    (S.OFFERED, "LeaseExtended"): Edge(S.OFFERED, _DESK),
    (S.OFFERED, "LeaseExpired"): Edge(S.TO_DISPATCH, _DESK),
    (S.ACCEPTED, "SquadArrived"): Edge(S.ON_SITE, _SQUAD),
    (S.ON_SITE, "CaseDisposed"): Edge(S.DISPOSED, _SQUAD),
    **{(s, "ActRefused"): Edge(S.TO_DISPATCH, _SQUAD) for s in (S.ACCEPTED, S.ON_SITE, S.PENALTY)},
    **{
        (s, "OfficersRecused"): Edge(s, (*_SQUAD, "operator", "chief"))
        for s in (*BEFORE_WORK, *BY_SQUAD, S.RETURNING, S.SUSPENDED, S.PENALTY, S.DISPOSED)
    },
    # the work order
    (S.ORDERED, "OfferReceived"): Edge(S.ORDERED, _UNIT),
    (S.ORDERED, "AssignmentAccepted"): Edge(S.UNIT_WORKING, _UNIT),
    (S.ORDERED, "LeaseExtended"): Edge(S.ORDERED, _DESK),
    (S.ORDERED, "LeaseExpired"): Edge(S.TO_DISPATCH, _DESK),
    (S.UNIT_WORKING, "CaseDisposed"): Edge(S.DISPOSED, _UNIT),
    **{(s, "AssignmentWithdrawn"): Edge(S.TO_DISPATCH, ("operator", "chief")) for s in (*BY_UNIT, *WAITING)},
    **{(s, "AssignmentWithdrawn"): Edge(S.TO_DISPATCH, ("leader", "operator", "chief")) for s in BY_SQUAD},
    (S.PENALTY, "AssignmentWithdrawn"): Edge(S.TO_DISPATCH, ("chief",)),  # the penalty's clock runs on
    # giving back 退单, and the dispute 职责争议 about whose it is: the holder stays until it is settled
    **{(s, "ReturnRequested"): Edge(S.RETURNING, _HOLDERS) for s in WORKED},
    **{(s, "AssignmentReturned"): Edge(S.TO_DISPATCH, _HOLDERS) for s in WORKED},  # what needs no review
    (S.RETURNING, "AssignmentReturned"): Edge(S.TO_DISPATCH, _OPERATOR),
    (S.RETURNING, "ReturnRefused"): Edge(None, _OPERATOR),
    **{(s, "ReturnRefused"): Edge(s, _DESK) for s in WORKED},  # the list itself answers
    **{(s, "DisputeOpened"): Edge(S.DISPUTED, _OPERATOR) for s in (*WORKED, S.RETURNING, *FREE)},
    (S.DISPUTED, "DisputeRuled"): Edge(S.TO_DISPATCH, ("coordination",)),
    # more time: two levels approve 延期, 挂账
    **{(s, "RelaxationRequested"): Edge(s, _HOLDERS) for s in (S.ACCEPTED, S.ON_SITE, S.UNIT_WORKING)},
    **{(s, "RelaxationApproved"): Edge(s, ("operator",)) for s in (S.ACCEPTED, S.ON_SITE, S.UNIT_WORKING)},
    **{(s, "RelaxationRefused"): Edge(s, _OPERATOR) for s in (S.ACCEPTED, S.ON_SITE, S.UNIT_WORKING)},
    **{(s, "DeadlineExtended"): Edge(s, ("chief",)) for s in (S.ACCEPTED, S.ON_SITE, S.UNIT_WORKING)},
    **{(s, "CaseSuspended"): Edge(S.SUSPENDED, ("chief",)) for s in (S.ACCEPTED, S.ON_SITE, S.UNIT_WORKING)},
    (S.SUSPENDED, "CaseResumed"): Edge(None, _OPERATOR),
    # the penalty and criminal procedures, as guarded ends of dispatch: their own machines come later
    (S.ON_SITE, "PenaltyFiled"): Edge(S.PENALTY, _SQUAD),
    (S.PENALTY, "CaseDisposed"): Edge(S.DISPOSED, _SQUAD),
    **{(s, "CriminalTransferProposed"): Edge(S.CRIMINAL, ("leader",)) for s in (S.ON_SITE, S.PENALTY)},
    (S.CRIMINAL, "CriminalTransferRefused"): Edge(None, ("chief",)),
    (S.CRIMINAL, "CaseTransferred"): Edge(S.TRANSFERRED, ("chief",)),
    # the check, by another person than the one who disposed (two centres, CJ/T 292); the caller; the end
    (S.DISPOSED, "CaseChecked"): Edge(S.CHECKED, _CHECK),
    (S.DISPOSED, "ReworkOrdered"): Edge(S.ACCEPTED, _CHECK),  # 返工: the same team
    (S.DISPOSED, "WorkOrderReopened"): Edge(S.UNIT_WORKING, _CHECK),
    (S.CHECKED, "CallbackRecorded"): Edge(S.CHECKED, ("hotline", "operator")),
    (S.CHECKED, "ReworkOrdered"): Edge(S.ACCEPTED, ("hotline", "operator")),  # the caller says it is not solved
    (S.CHECKED, "WorkOrderReopened"): Edge(S.UNIT_WORKING, ("hotline", "operator")),
    **{(s, "CallerAnswered"): Edge(s, ("operator", "chief", "hotline", "unit")) for s in OPEN},
    (S.CHECKED, "CaseClosed"): Edge(S.CLOSED, ("operator", "chief")),
    **{
        (s, "CaseClosed"): Edge(S.CLOSED, ("operator", "chief")) for s in (S.OPERATOR, S.DISPOSED)
    },  # by force, with a reason
    (S.MERGED, "CaseClosed"): Edge(S.CLOSED, _DESK),  # with its parent
    **{(s, "CaseCancelled"): Edge(S.CANCELLED, ("chief", "operator")) for s in BEFORE_WORK},
    **{(s, "CaseCancelled"): Edge(S.CANCELLED, ("chief",)) for s in (*WORKED, *PAUSED)},
    (S.MERGED, "CaseCancelled"): Edge(S.CANCELLED, _DESK),  # with its parent
    (S.OPERATOR, "CaseTransferred"): Edge(S.TRANSFERRED, ("operator", "chief")),
    **{(s, "CaseReopened"): Edge(S.TO_DISPATCH, ("supervisor", "chief")) for s in ENDED},
    (S.CLOSED, "OverdueAppealed"): Edge(S.CLOSED, ("leader", "unit", "operator")),
    **{
        (S.CLOSED, f"Appeal{said}"): Edge(S.CLOSED, ("chief", "supervisor"))
        for said in ("Endorsed", "Approved", "Refused")
    },
    # beside the states: lateness, levels, facts, requests between offices, change of desk
    **{(s, "DeadlineMissed"): Edge(s, _DESK) for s in OPEN},
    **{(s, "CaseEscalated"): Edge(s, _OPERATOR) for s in RUNNING},
    **{(s, "CaseLowered"): Edge(s, ("operator", "chief")) for s in FREE},
    **{(s, "CaseUrged"): Edge(s, ("operator", "chief", "hotline", "desk")) for s in OPEN},
    **{(s, "CallMade"): Edge(s, ("operator", "chief")) for s in RUNNING},
    **{(s, "CaseSupervised"): Edge(s, ("supervisor", "chief")) for s in OPEN},
    **{(s, "CaseUpdated"): Edge(s, _DESK) for s in OPEN},
    **{(s, "SuperiorOrdered"): Edge(s, ("operator", "chief", "coordination", "supervisor")) for s in OPEN},
    **{(s, "RequestMade"): Edge(s, (*_OPERATOR, *_HOLDERS, "town")) for s in RUNNING},
    **{(s, "RequestSigned"): Edge(s, ("squad", "leader", "unit")) for s in OPEN},
    **{(s, "RequestAnswered"): Edge(s, ("squad", "leader", "unit")) for s in OPEN},
    **{(s, "CaseHandedOver"): Edge(S.HANDED_OVER, _OPERATOR) for s in (*FREE, S.MERGED)},
    (S.HANDED_OVER, "CaseTaken"): Edge(S.TO_DISPATCH, _DESK),
}
