"""What time does to a case: its limits, requests between offices, wishes for more time."""

from __future__ import annotations

from msgspec.structs import replace

from dispatchers import events as e
from dispatchers.case import Case, Request, Status, Term, side_due

from .table import Change, Changes

KEPT = ("reply", "supervise")  # limits that disposal does not answer


def with_terms(case: Case, terms: tuple[Term, ...]) -> Change:
    """The case's limits with these in place of those of the same names."""
    every = case.terms
    if terms:
        new = {t.name: t for t in terms}
        kept = [new.pop(t.name, t) for t in case.terms]
        every = (*kept, *new.values())
    change: Change = {"terms": every, "side_due": side_due(every, case.requests, case.relaxation)}
    for term in terms:
        if term.name == "dispose":
            change["overdue_at"] = term.due_at
    return change


def with_requests(case: Case, requests: tuple[Request, ...]) -> Change:
    """The case with these requests."""
    return {"requests": requests, "side_due": side_due(case.terms, requests, case.relaxation)}


def no_wish(case: Case) -> Change:
    """More time is asked for no more: the case waits for something else now."""
    return {"relaxation": None, "side_due": side_due(case.terms, case.requests, None)}


def accepted(case: Case) -> Case:
    """The case without its limit of acceptance: somebody knows now what it is and where."""
    if case.term("accept") is None:
        return case
    return replace(case, terms=tuple(t for t in case.terms if t.name != "accept"))


def limits_done(case: Case, at: int) -> Change:
    """Every limit that disposal answers, answered."""
    done = tuple(replace(t, done_at=at) for t in case.terms if t.name not in KEPT and not t.done_at)
    return {**with_terms(case, done), "overdue_at": 0}


def limits_again(case: Case) -> Change:
    """The old clocks run on as if they had not been stopped (rework does not refresh a deadline). Once a penalty is
    filed that is its clock alone: those of the disposal were answered with the filing."""
    filed = case.term("penalty")
    again = (filed,) if filed else tuple(t for t in case.terms if t.name not in KEPT)
    return with_terms(case, tuple(replace(t, done_at=0) for t in again))


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
    return {"before": None, "stage_due": event.stage_due, "overdue_at": case.due_at, **with_terms(case, event.terms)}


def _missed(case: Case, event: e.DeadlineMissed, at: int) -> Change:
    """A further limit is said to be missed once; that of disposal, a stage and a request again at `again_at`."""
    if event.request_id:
        late = tuple(_again(r, event.again_at) if r.id == event.request_id else r for r in case.requests)
        return with_requests(case, late)
    term = case.term(event.name)
    if term:
        change = with_terms(case, (replace(term, missed=True),))
        return change | ({"overdue_at": event.again_at} if event.name == "dispose" else {})
    if event.name == "approve" and case.relaxation:
        wish = replace(case.relaxation, due_at=event.again_at)
        return {"relaxation": wish, "side_due": side_due(case.terms, case.requests, wish)}
    return {"operator_due" if case.status is Status.OPERATOR else "stage_due": event.again_at}


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


CHANGES: Changes = {
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
    e.CaseSupervised: _supervised,
}
