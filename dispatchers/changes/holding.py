"""Who has a case: proposed, offered, ordered, taken, given back, disputed, lost; and at which level."""

from __future__ import annotations

from msgspec.structs import replace

from dispatchers import events as e
from dispatchers.case import Assignment, Case, Status, side_due

from .limits import accepted, with_terms
from .table import Change, Changes


def _given(case: Case, event: e.AssignmentOffered | e.WorkOrderIssued, held: Assignment) -> Change:
    owner = held.owner
    return {
        "changed_hands": event.case_version,
        "attempts": event.attempt,
        "retry_at": 0,
        "stage_due": 0,
        "operator_due": 0,
        "proposal": None,
        "assignment": held,
        "returned_by": "",
        "owners": case.owners if owner in case.owners else (*case.owners, owner),
        **with_terms(accepted(case), event.terms),
    }


def _offered(case: Case, event: e.AssignmentOffered, at: int) -> Change:
    return _given(
        case,
        event,
        Assignment(
            id=event.assignment_id,
            attempt=event.attempt,
            squad=event.squad,
            team=event.team,
            officers=event.officers,
            channel=event.channel,
            offered_at=at,
            due_at=event.due_at,
            by=event.actor.id if event.actor else "",
        ),
    )


def _ordered(case: Case, event: e.WorkOrderIssued, at: int) -> Change:
    return _given(
        case,
        event,
        Assignment(
            id=event.assignment_id,
            attempt=event.attempt,
            unit=event.unit,
            kind=event.kind,
            offered_at=at,
            due_at=event.receipt_due_at,
            by=event.actor.id if event.actor else "",
        ),
    )


def _deferred(case: Case, event: e.AssignmentDeferred, at: int) -> Change:
    return {"retry_at": event.retry_at, **with_terms(accepted(case), ())}


def _proposed(case: Case, event: e.AssignmentProposed, at: int) -> Change:
    return {
        "proposal": event.proposal,
        "mode": event.mode,
        "operator_due": event.operator_due,
        "retry_at": 0,
        **with_terms(accepted(case), ()),
    }


def _needs_operator(case: Case, event: e.CaseNeedsOperator, at: int) -> Change:
    change: Change = {
        "operator_due": event.operator_due, "retry_at": 0, "stage_due": 0, "proposal": None, "collector": "",
    }  # fmt: skip
    return change | with_terms(case, event.terms) if event.terms else change


def _received(case: Case, event: e.OfferReceived, at: int) -> Change:
    return {"assignment": replace(case.assignment, received=True)} if case.assignment else {}


# What a channel says once and for all of one offer; what failed, or was too much just now, is tried again.
SETTLED = ("sent", "refused", "skipped")


def _pushed(case: Case, event: e.OfferPushed, at: int) -> Change:
    held = case.assignment
    if held is None or event.result not in SETTLED or event.channel in held.pushed:
        return {}
    return {"assignment": replace(held, pushed=(*held.pushed, event.channel))}


def _alerted(case: Case, event: e.SuperiorAlerted, at: int) -> Change:
    return {"alerted": event.organisation}


def _accepted(case: Case, event: e.AssignmentAccepted, at: int) -> Change:
    """The round of offers is over: whoever is asked next time is asked afresh."""
    return {"changed_hands": event.case_version, "tried": (), "stage_due": event.arrive_due}


def _arrived(case: Case, event: e.SquadArrived, at: int) -> Change:
    return {"stage_due": 0}


def _extended(case: Case, event: e.LeaseExtended, at: int) -> Change:
    return {"assignment": replace(case.assignment, due_at=event.due_at, extended=True)} if case.assignment else {}


def lost(case: Case, event: e.CaseEvent, at: int) -> Change:
    """The assignment ended without a result; its team is not the next one asked. What it had asked for is void."""
    team = case.assignment.team if case.assignment else ""
    return {
        "changed_hands": event.case_version,
        "assignment": None,
        "before": None,
        "stage_due": 0,
        "relaxation": None,
        "side_due": side_due(case.terms, case.requests, None),
        "tried": (*case.tried, team) if team and team not in case.tried else case.tried,
    }


def _withdrawn(case: Case, event: e.AssignmentWithdrawn, at: int) -> Change:
    """Taken away, also while it was suspended: what is overdue is said again."""
    return lost(case, event, at) | {"tried": case.tried, "overdue_at": case.overdue_at or case.due_at}


def _returned(case: Case, event: e.AssignmentReturned, at: int) -> Change:
    who = case.owner
    bars = who and not event.officers and who not in case.barred
    change = {
        **lost(case, event, at),
        "returns": case.returns + 1,
        "barred": (*case.barred, who) if bars else case.barred,
        "recused": (*case.recused, *event.officers),
        "bases": (*case.bases, event.basis) if event.basis not in case.bases else case.bases,
        "wrong": case.wrong + event.wrong,
        "dispatch_due": event.dispatch_due,
    }
    if event.terms:
        change |= {"returned_by": who} | with_terms(replace(case, relaxation=None), event.terms)
    return change


def _return_requested(case: Case, event: e.ReturnRequested, at: int) -> Change:
    bases = case.bases if event.basis in case.bases else (*case.bases, event.basis)
    return {"before": case.status, "stage_due": event.review_due, "bases": bases}


def _return_refused(case: Case, event: e.ReturnRefused, at: int) -> Change:
    held = case.assignment
    waits = (case.before or case.status) in (Status.OFFERED, Status.ORDERED)
    bases = case.bases if not event.basis or event.basis in case.bases else (*case.bases, event.basis)
    return {
        "before": None,
        "stage_due": event.stage_due,
        "assignment": replace(held, due_at=event.due_at) if held and waits else held,
        "returns": case.returns + 1,
        "disputes": case.disputes + 1,
        "bases": bases,
    }


def _disputed(case: Case, event: e.DisputeOpened, at: int) -> Change:
    return {
        "changed_hands": event.case_version,
        "before": None,
        "assignment": event.interim,
        "attempts": event.interim.attempt,
        "stage_due": event.dispute_due,
        "disputes": case.disputes + 1,
        "returns": case.returns + 1,
        **with_terms(accepted(replace(case, relaxation=None)), ()),
        "relaxation": None,
    }


def _ruled(case: Case, event: e.DisputeRuled, at: int) -> Change:
    return {
        **lost(case, event, at),
        "final": True,
        "ruling": event.document,
        "designated": event.owner,
        "tried": (),
        "barred": (),
        "dispatch_due": event.dispatch_due,
    }


def _recused(case: Case, event: e.OfficersRecused, at: int) -> Change:
    """They act no more, also where the case stays with their team: others of it must be named."""
    held = case.assignment
    if held:
        held = replace(held, officers=tuple(o for o in held.officers if o not in event.officers))
    return {"recused": (*case.recused, *event.officers), "assignment": held}


def _escalated(case: Case, event: e.CaseEscalated, at: int) -> Change:
    return {"level": event.level, "overdue_at": event.overdue_at}


def _lowered(case: Case, event: e.CaseLowered, at: int) -> Change:
    return {"level": event.level, "lowered": case.lowered + 1, "month_end": case.month_end or event.month_end}


def _handed_over(case: Case, event: e.CaseHandedOver, at: int) -> Change:
    return {"hops": case.hops + 1}


def _commanded(case: Case, event: e.SuperiorOrdered, at: int) -> Change:
    others = tuple(row for row in case.commanded if row[0] != event.order)
    return {"commanded": (*others, (event.order, event.authority, at))}


CHANGES: Changes = {
    e.AssignmentOffered: _offered,
    e.WorkOrderIssued: _ordered,
    e.AssignmentDeferred: _deferred,
    e.AssignmentProposed: _proposed,
    e.SuperiorAlerted: _alerted,
    e.CaseNeedsOperator: _needs_operator,
    e.OfferReceived: _received,
    e.OfferPushed: _pushed,
    e.AssignmentAccepted: _accepted,
    e.SquadArrived: _arrived,
    e.OfficersRecused: _recused,
    e.ReturnRequested: _return_requested,
    e.AssignmentReturned: _returned,
    e.ReturnRefused: _return_refused,
    e.DisputeOpened: _disputed,
    e.DisputeRuled: _ruled,
    e.AssignmentWithdrawn: _withdrawn,
    e.LeaseExpired: lost,
    e.LeaseExtended: _extended,
    e.SuperiorOrdered: _commanded,
    e.CaseHandedOver: _handed_over,
    e.CaseEscalated: _escalated,
    e.CaseLowered: _lowered,
}
