"""What an event does to a case: TRANSITIONS applied, one function per event that changes more than the status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from . import events as e
from .case import TRANSITIONS, Assignment, Case, Status


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
        item=event.item,
        domain=event.domain,
        nature=event.nature,
        priority=event.priority,
        weight=event.weight,
        reporter_ref=event.reporter_ref,
        caller_tag=event.caller_tag,
        received_at=event.received_at,
        filed_at=event.filed_at,
        registered_at=at,
        dispatch_due=event.dispatch_due,
        due_at=event.due_at,
        overdue_at=event.due_at,
    )


def taken(event: e.CaseTaken) -> Case:
    """A case as it arrives from another desk: its clocks run on, its round of offers begins anew."""
    return replace(
        event.case,
        version=event.case_version,
        status=TRANSITIONS[Status.HANDED_OVER, "CaseTaken"].to,
        changed_hands=event.case_version,
        dispatch_due=event.dispatch_due,
        operator_due=0,
        retry_at=0,
        assignment=None,
        tried=(),
    )


def after(case: Case, event: e.CaseEvent, at: int) -> Case:
    """The case after an event recorded at `at`.

    Raises:
        ForbiddenMoveError: the table has no such edge.
    """
    edge = TRANSITIONS.get((case.status, type(event).__name__))
    if edge is None:
        raise ForbiddenMoveError(f"{type(event).__name__} of {case.id} in status {case.status}")
    change = _CHANGES.get(type(event))
    return replace(case, version=event.case_version, status=edge.to, **(change(case, event, at) if change else {}))


def _offered(case: Case, event: e.AssignmentOffered, at: int) -> dict[str, Any]:
    return {
        "changed_hands": event.case_version,
        "attempts": event.attempt,
        "retry_at": 0,
        "assignment": Assignment(
            id=event.assignment_id,
            attempt=event.attempt,
            squad=event.squad,
            team=event.team,
            officers=event.officers,
            channel=event.channel,
            offered_at=at,
            due_at=event.due_at,
        ),
    }


def _ordered(case: Case, event: e.WorkOrderIssued, at: int) -> dict[str, Any]:
    return {
        "changed_hands": event.case_version,
        "attempts": event.attempt,
        "retry_at": 0,
        "assignment": Assignment(
            id=event.assignment_id,
            attempt=event.attempt,
            unit=event.unit,
            offered_at=at,
            due_at=event.receipt_due_at,
        ),
    }


def _lost(case: Case, event: e.CaseEvent, at: int) -> dict[str, Any]:
    """The assignment ended without a result; its team is not the next one asked."""
    team = case.assignment.team if case.assignment else ""
    return {
        "changed_hands": event.case_version,
        "assignment": None,
        "tried": (*case.tried, team) if team and team not in case.tried else case.tried,
    }


def _returned(case: Case, event: e.AssignmentReturned, at: int) -> dict[str, Any]:
    who = case.assignment.squad or case.assignment.unit if case.assignment else ""
    barred = (*case.barred, who) if who and who not in case.barred else case.barred
    return {
        **_lost(case, event, at),
        "returns": case.returns + 1,
        "barred": barred,
        "dispatch_due": event.dispatch_due,
    }


def _withdrawn(case: Case, event: e.AssignmentWithdrawn, at: int) -> dict[str, Any]:
    return {"changed_hands": event.case_version, "assignment": None}


def _received(case: Case, event: e.OfferReceived, at: int) -> dict[str, Any]:
    return {"assignment": replace(case.assignment, received=True)} if case.assignment else {}


def _accepted(case: Case, event: e.AssignmentAccepted, at: int) -> dict[str, Any]:
    """The round of offers is over: whoever is asked next time is asked afresh."""
    return {"changed_hands": event.case_version, "tried": ()}


def _extended(case: Case, event: e.LeaseExtended, at: int) -> dict[str, Any]:
    return {"assignment": replace(case.assignment, due_at=event.due_at, extended=True)} if case.assignment else {}


def _disposed(case: Case, event: e.CaseDisposed, at: int) -> dict[str, Any]:
    return {
        "squad": event.squad,
        "unit": event.unit,
        "disposed_by": event.actor.id if event.actor else "",
        "result": event.result,
        "tier": event.tier,
    }


def _rework(case: Case, event: e.CaseEvent, at: int) -> dict[str, Any]:
    return {"rework": case.rework + 1}


def _checked(case: Case, event: e.CaseChecked, at: int) -> dict[str, Any]:
    return {"assignment": None}


def _escalated(case: Case, event: e.CaseEscalated, at: int) -> dict[str, Any]:
    return {"level": event.level, "overdue_at": event.overdue_at}


def _deferred(case: Case, event: e.AssignmentDeferred, at: int) -> dict[str, Any]:
    return {"retry_at": event.retry_at}


def _needs_operator(case: Case, event: e.CaseNeedsOperator, at: int) -> dict[str, Any]:
    return {"operator_due": event.operator_due, "retry_at": 0}


def _updated(case: Case, event: e.CaseUpdated, at: int) -> dict[str, Any]:
    return {"title": event.title or case.title, "address": event.address or case.address}


_CHANGES: dict[type[e.CaseEvent], Callable[[Case, Any, int], dict[str, Any]]] = {
    e.AssignmentOffered: _offered,
    e.WorkOrderIssued: _ordered,
    e.AssignmentDeferred: _deferred,
    e.AssignmentWithdrawn: _withdrawn,
    e.OfferReceived: _received,
    e.AssignmentAccepted: _accepted,
    e.AssignmentReturned: _returned,
    e.LeaseExpired: _lost,
    e.LeaseExtended: _extended,
    e.CaseDisposed: _disposed,
    e.CaseChecked: _checked,
    e.ReworkOrdered: _rework,
    e.WorkOrderReopened: _rework,
    e.CaseEscalated: _escalated,
    e.CaseUpdated: _updated,
    e.CaseNeedsOperator: _needs_operator,
}
