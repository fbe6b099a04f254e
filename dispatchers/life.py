"""What an event does to a case: TRANSITIONS applied, one function per event that changes more than the status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from . import events as e
from .case import Assignment, Case, Request, Status, Term, side_due
from .transitions import TRANSITIONS

Change = dict[str, Any]


class ForbiddenMoveError(Exception):
    """An event that the table does not allow in this status. In `decide` a fault of ours; orders are refused before."""


def allowed(status: Status, event: type[e.CaseEvent]) -> bool:
    """Whether the table has the pair."""
    return (status, event.__name__) in TRANSITIONS


def born(event: e.CaseRegistered, at: int) -> Case:
    """A case as it is registered."""
    return Case(
        id=event.case_id,
        no=event.case_no,
        version=event.case_version,
        status=Status.TO_DISPATCH,
        changed_hands=event.case_version,
        source=event.source,
        source_id=event.source_id,
        kind=event.kind,
        title=event.title,
        address=event.address,
        lon=event.lon,
        lat=event.lat,
        territory=event.territory,
        near=event.near,
        doubt=event.doubt,
        item=event.item,
        domain=event.domain,
        nature=event.nature,
        duty=event.duty,
        facts=event.facts,
        power_list=event.power_list,
        emergency=event.emergency,
        about=event.about,
        priority=event.priority,
        weight=event.weight,
        channel=event.channel,
        reporter_ref=event.reporter_ref,
        caller_tag=event.caller_tag,
        received_at=event.received_at,
        filed_at=event.filed_at,
        registered_at=at,
        dispatch_due=event.dispatch_due,
        terms=event.terms,
        side_due=side_due(event.terms, (), None),
        simulated=event.simulated,
    )


def taken(event: e.CaseTaken) -> Case:
    """A case as it arrives from another desk: its clocks run on, its round of offers begins anew."""
    child = bool(event.case.parent)
    return replace(
        event.case,
        version=event.case_version,
        status=Status.MERGED if child else TRANSITIONS[Status.HANDED_OVER, "CaseTaken"].to,
        changed_hands=event.case_version,
        dispatch_due=event.dispatch_due,
        operator_due=0,
        retry_at=0,
        stage_due=0,
        before=None,
        assignment=None,
        proposal=None,
        tried=(),
    )


def after(case: Case, event: e.CaseEvent, at: int) -> Case:
    """The case after an event recorded at `at`.

    Raises:
        ForbiddenMoveError: the table has no such edge, or leads back and nothing was interrupted.
    """
    edge = TRANSITIONS.get((case.status, type(event).__name__))
    status = (edge.to or case.before) if edge else None
    if status is None:
        raise ForbiddenMoveError(f"{type(event).__name__} of {case.id} in status {case.status}")
    change = _CHANGES.get(type(event))
    return replace(case, version=event.case_version, status=status, **(change(case, event, at) if change else {}))


def with_terms(case: Case, terms: tuple[Term, ...]) -> Change:
    """The case's limits with these in place of those of the same names."""
    new = {t.name: t for t in terms}
    kept = tuple(new.pop(t.name, t) for t in case.terms)
    every = (*kept, *new.values())
    change: Change = {"terms": every, "side_due": side_due(every, case.requests, case.relaxation)}
    if any(t.name == "dispose" for t in terms):
        change["overdue_at"] = next(t.due_at for t in every if t.name == "dispose")
    return change


def with_requests(case: Case, requests: tuple[Request, ...]) -> Change:
    """The case with these requests."""
    return {"requests": requests, "side_due": side_due(case.terms, requests, case.relaxation)}


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
        "owners": case.owners if owner in case.owners else (*case.owners, owner),
        **(with_terms(case, event.terms) if event.terms else {}),
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


def _lost(case: Case, event: e.CaseEvent, at: int) -> Change:
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


def _returned(case: Case, event: e.AssignmentReturned, at: int) -> Change:
    who = case.owner
    bars = who and not event.officers and who not in case.barred
    change = {
        **_lost(case, event, at),
        "returns": case.returns + 1,
        "barred": (*case.barred, who) if bars else case.barred,
        "recused": (*case.recused, *event.officers),
        "bases": (*case.bases, event.basis) if event.basis not in case.bases else case.bases,
        "wrong": case.wrong + event.wrong,
        "dispatch_due": event.dispatch_due,
    }
    if event.terms:
        change |= with_terms(replace(case, relaxation=None), event.terms)
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
        "stage_due": event.dispute_due,
        "disputes": case.disputes + 1,
        "returns": case.returns + 1,
    }


def _ruled(case: Case, event: e.DisputeRuled, at: int) -> Change:
    return {
        **_lost(case, event, at),
        "final": True,
        "ruling": event.document,
        "tried": (),
        "barred": (),
        "dispatch_due": event.dispatch_due,
    }


def _withdrawn(case: Case, event: e.AssignmentWithdrawn, at: int) -> Change:
    return _lost(case, event, at) | {"tried": case.tried}


def _received(case: Case, event: e.OfferReceived, at: int) -> Change:
    return {"assignment": replace(case.assignment, received=True)} if case.assignment else {}


def _accepted(case: Case, event: e.AssignmentAccepted, at: int) -> Change:
    """The round of offers is over: whoever is asked next time is asked afresh."""
    return {"changed_hands": event.case_version, "tried": (), "stage_due": event.arrive_due}


def _arrived(case: Case, event: e.SquadArrived, at: int) -> Change:
    return {"stage_due": 0}


def _extended(case: Case, event: e.LeaseExtended, at: int) -> Change:
    return {"assignment": replace(case.assignment, due_at=event.due_at, extended=True)} if case.assignment else {}


def _disposed(case: Case, event: e.CaseDisposed, at: int) -> Change:
    done = tuple(replace(t, done_at=at) for t in case.terms if t.name not in ("reply", "supervise") and not t.done_at)
    return {
        **with_terms(case, done),
        "overdue_at": 0,
        "squad": event.squad,
        "unit": event.unit,
        "disposed_by": event.actor.id if event.actor else "",
        "disposed_at": at,
        "handled_by": event.officers,
        "result": event.result,
        "tier": event.tier,
        "stage_due": event.check_due,
        "before": None,
    }


def _rework(case: Case, event: e.ReworkOrdered, at: int) -> Change:
    """The old clock runs on as if it had not been stopped (rework does not refresh a deadline)."""
    open_again = tuple(replace(t, done_at=0) for t in case.terms if t.name not in ("reply", "supervise"))
    return {
        **with_terms(case, open_again),
        "rework": case.rework + 1,
        "stage_due": getattr(event, "arrive_due", 0),
    }


def _checked(case: Case, event: e.CaseChecked, at: int) -> Change:
    return {
        "assignment": None,
        "stage_due": event.close_due,
        "checked_by": event.actor.id if event.actor else "",
    }


def _escalated(case: Case, event: e.CaseEscalated, at: int) -> Change:
    return {"level": event.level, "overdue_at": event.overdue_at}


def _lowered(case: Case, event: e.CaseLowered, at: int) -> Change:
    return {"level": event.level, "lowered": case.lowered + 1}


def _deferred(case: Case, event: e.AssignmentDeferred, at: int) -> Change:
    return {"retry_at": event.retry_at}


def _needs_operator(case: Case, event: e.CaseNeedsOperator, at: int) -> Change:
    return {"operator_due": event.operator_due, "retry_at": 0, "stage_due": 0}


def _proposed(case: Case, event: e.AssignmentProposed, at: int) -> Change:
    return {"proposal": event.proposal, "mode": event.mode, "operator_due": event.operator_due, "retry_at": 0}


def _updated(case: Case, event: e.CaseUpdated, at: int) -> Change:
    return {"title": event.title or case.title, "address": event.address or case.address}


def _verifying(case: Case, event: e.VerificationOrdered, at: int) -> Change:
    return {"stage_due": event.due_at, "operator_due": 0, "retry_at": 0}


def _verified(case: Case, event: e.CaseVerified, at: int) -> Change:
    return {
        "verified": True,
        "doubt": "" if event.found else "not_found",
        "territory": event.territory or case.territory,
        "near": event.near,
        "lon": case.lon if event.lon is None else event.lon,
        "lat": case.lat if event.lat is None else event.lat,
        "facts": {**case.facts, **event.facts},
        "stage_due": 0,
        "dispatch_due": event.dispatch_due,
    }


def _classified(case: Case, event: e.CaseClassified, at: int) -> Change:
    return {
        "item": event.item,
        "domain": event.domain,
        "nature": event.nature,
        "duty": event.duty,
        "priority": event.priority,
        "weight": event.weight,
        "territory": event.territory,
        "facts": event.facts,
        "emergency": event.emergency,
        "stage_due": 0,
        "operator_due": 0,
        "dispatch_due": event.dispatch_due,
    }


def _merged(case: Case, event: e.CaseMerged, at: int) -> Change:
    return {"parent": event.parent, "changed_hands": event.case_version, "operator_due": 0, "stage_due": 0}


def _joined(case: Case, event: e.CaseJoined, at: int) -> Change:
    return {
        "children": (*case.children, event.child),
        "callers": event.callers,
        "priority": event.priority,
        "weight": event.weight,
    }


def _split(case: Case, event: e.CaseSplit, at: int) -> Change:
    return {"parent": "", "changed_hands": event.case_version, "dispatch_due": event.dispatch_due}


def _child_left(case: Case, event: e.ChildLeft, at: int) -> Change:
    return {"children": tuple(c for c in case.children if c != event.child)}


def _relaxation(case: Case, event: e.RelaxationRequested, at: int) -> Change:
    wish = event.relaxation
    return {"relaxation": wish, "side_due": side_due(case.terms, case.requests, wish)}


def _relaxation_approved(case: Case, event: e.RelaxationApproved, at: int) -> Change:
    if case.relaxation is None:
        return {}
    wish = replace(case.relaxation, first=event.actor.id if event.actor else "", due_at=event.due_at)
    return {"relaxation": wish, "side_due": side_due(case.terms, case.requests, wish)}


def _relaxation_refused(case: Case, event: e.RelaxationRefused, at: int) -> Change:
    return {"relaxation": None, "side_due": side_due(case.terms, case.requests, None)}


def _deadline_extended(case: Case, event: e.DeadlineExtended, at: int) -> Change:
    free = replace(case, relaxation=None)
    return {"relaxation": None, "extensions": case.extensions + 1, **with_terms(free, (event.term,))}


def _suspended(case: Case, event: e.CaseSuspended, at: int) -> Change:
    free = replace(case, relaxation=None)
    change = with_terms(free, event.terms)
    return {
        **change,
        "before": case.status,
        "relaxation": None,
        "suspended": True,
        "stage_due": event.until,
        "overdue_at": 0,
    }


def _resumed(case: Case, event: e.CaseResumed, at: int) -> Change:
    return {"before": None, "stage_due": event.stage_due, **with_terms(case, event.terms)}


def _missed(case: Case, event: e.DeadlineMissed, at: int) -> Change:
    """A limit is said to be missed once; a stage and a request are said again at `again_at`."""
    if event.request_id:
        late = tuple(_again(r, event.again_at) if r.id == event.request_id else r for r in case.requests)
        return with_requests(case, late)
    term = case.term(event.name)
    if term:
        return {k: v for k, v in with_terms(case, (replace(term, missed=True),)).items() if k != "overdue_at"}
    if event.name == "approve" and case.relaxation:
        wish = replace(case.relaxation, due_at=event.again_at)
        return {"relaxation": wish, "side_due": side_due(case.terms, case.requests, wish)}
    return {"stage_due": event.again_at}


def _again(request: Request, at: int) -> Request:
    return replace(request, receipt_due=at) if request.receipt_due else replace(request, due_at=at)


def _request_made(case: Case, event: e.RequestMade, at: int) -> Change:
    return with_requests(case, (*case.requests, event.request))


def _request_signed(case: Case, event: e.RequestSigned, at: int) -> Change:
    return with_requests(
        case,
        tuple(replace(r, receipt_due=0, signed_at=at) if r.id == event.request_id else r for r in case.requests),
    )


def _request_answered(case: Case, event: e.RequestAnswered, at: int) -> Change:
    return with_requests(
        case,
        tuple(replace(r, receipt_due=0, answered_at=at) if r.id == event.request_id else r for r in case.requests),
    )


def _supervised(case: Case, event: e.CaseSupervised, at: int) -> Change:
    return {"supervised": event.document, **with_terms(case, (event.term,))}


def _urged(case: Case, event: e.CaseUrged, at: int) -> Change:
    return {"urges": case.urges + 1}


def _answered(case: Case, event: e.CallerAnswered, at: int) -> Change:
    term = case.term("reply")
    return {"replied_at": at, **(with_terms(case, (replace(term, done_at=at),)) if term else {})}


def _called_back(case: Case, event: e.CallbackRecorded, at: int) -> Change:
    return {"callbacks": case.callbacks + 1, "called_back": case.called_back or (event.reached and event.solved)}


def _recused(case: Case, event: e.OfficersRecused, at: int) -> Change:
    return {"recused": (*case.recused, *event.officers)}


def _act_refused(case: Case, event: e.ActRefused, at: int) -> Change:
    return {**_lost(case, event, at), "dispatch_due": event.dispatch_due}


def _penalty(case: Case, event: e.PenaltyFiled, at: int) -> Change:
    return {"stage_due": event.penalty_due}


def _criminal(case: Case, event: e.CriminalTransferProposed, at: int) -> Change:
    return {"before": case.status, "stage_due": event.criminal_due}


def _criminal_refused(case: Case, event: e.CriminalTransferRefused, at: int) -> Change:
    return {"before": None, "stage_due": event.stage_due}


def _reopened(case: Case, event: e.CaseReopened, at: int) -> Change:
    return {
        "changed_hands": event.case_version,
        "reopened": case.reopened + 1,
        "assignment": None,
        "tried": (),
        "stage_due": 0,
        "replied_at": 0,
        "called_back": False,
        "dispatch_due": event.dispatch_due,
    }


_CHANGES: dict[type[e.CaseEvent], Callable[[Case, Any, int], Change]] = {
    e.VerificationOrdered: _verifying,
    e.CaseVerified: _verified,
    e.CaseClassified: _classified,
    e.CaseMerged: _merged,
    e.CaseJoined: _joined,
    e.CaseSplit: _split,
    e.ChildLeft: _child_left,
    e.AssignmentOffered: _offered,
    e.WorkOrderIssued: _ordered,
    e.AssignmentDeferred: _deferred,
    e.AssignmentProposed: _proposed,
    e.CaseNeedsOperator: _needs_operator,
    e.OfferReceived: _received,
    e.AssignmentAccepted: _accepted,
    e.SquadArrived: _arrived,
    e.ActRefused: _act_refused,
    e.OfficersRecused: _recused,
    e.ReturnRequested: _return_requested,
    e.AssignmentReturned: _returned,
    e.ReturnRefused: _return_refused,
    e.DisputeOpened: _disputed,
    e.DisputeRuled: _ruled,
    e.AssignmentWithdrawn: _withdrawn,
    e.LeaseExpired: _lost,
    e.LeaseExtended: _extended,
    e.RelaxationRequested: _relaxation,
    e.RelaxationApproved: _relaxation_approved,
    e.RelaxationRefused: _relaxation_refused,
    e.DeadlineExtended: _deadline_extended,
    e.CaseSuspended: _suspended,
    e.CaseResumed: _resumed,
    e.DeadlineMissed: _missed,
    e.RequestMade: _request_made,
    e.RequestSigned: _request_signed,
    e.RequestAnswered: _request_answered,
    e.PenaltyFiled: _penalty,
    e.CriminalTransferProposed: _criminal,
    e.CriminalTransferRefused: _criminal_refused,
    e.CaseDisposed: _disposed,
    e.CaseChecked: _checked,
    e.ReworkOrdered: _rework,
    e.WorkOrderReopened: _rework,
    e.CallerAnswered: _answered,
    e.CallbackRecorded: _called_back,
    e.CaseUrged: _urged,
    e.CaseSupervised: _supervised,
    e.CaseEscalated: _escalated,
    e.CaseLowered: _lowered,
    e.CaseUpdated: _updated,
    e.CaseReopened: _reopened,
}
