"""From the disposal to the end: done again, checked, answered, penalised, opened again."""

from __future__ import annotations

from msgspec.structs import replace

from dispatchers import events as e
from dispatchers.case import Appeal, Case, side_due

from .holding import lost
from .limits import limits_again, limits_done, no_wish, with_terms
from .table import Change, Changes


def _disposed(case: Case, event: e.CaseDisposed, at: int) -> Change:
    return {
        **limits_done(replace(case, relaxation=None), at),
        "relaxation": None,
        "squad": event.squad,
        "unit": event.unit,
        "disposed_by": event.actor.id if event.actor else "",
        "disposed_at": at,
        "handled_by": event.officers,
        "result": event.result,
        "tier": event.tier,
        "stage_due": event.check_due or at,  # logs of before 2026.11.2 had no such clock: it is due at once
        "before": None,
    }


def _rework(case: Case, event: e.ReworkOrdered, at: int) -> Change:
    return {
        **limits_again(case),
        "rework": case.rework + 1,
        "stage_due": getattr(event, "arrive_due", 0),
    }


def _checked(case: Case, event: e.CaseChecked, at: int) -> Change:
    return {
        "stage_due": event.callback_due or event.close_due or at,  # as above
        "checked_by": event.actor.id if event.actor else "",
    }


def _answered(case: Case, event: e.CallerAnswered, at: int) -> Change:
    term = case.term("reply")
    replied = {"replied_at": at, "replied_with_parent": event.with_parent}
    return {**replied, **(with_terms(case, (replace(term, done_at=at),)) if term else {})}


def _called_back(case: Case, event: e.CallbackRecorded, at: int) -> Change:
    """A caller who says that it is not solved is owed another answer, and another call, once it is done again."""
    if event.reached and not event.solved:
        return {"callbacks": 0, "called_back": False, "replied_at": 0, "stage_due": event.next_due or case.stage_due}
    return {
        "callbacks": case.callbacks + 1,
        "called_back": case.called_back or (event.reached and event.solved),
        "stage_due": event.next_due or case.stage_due,
    }


def _urged(case: Case, event: e.CaseUrged, at: int) -> Change:
    return {"urges": case.urges + 1}


def _act_refused(case: Case, event: e.ActRefused, at: int) -> Change:
    return {
        **lost(case, event, at),
        **limits_again(replace(case, relaxation=None)),
        "dispatch_due": event.dispatch_due,
    }


def _penalty(case: Case, event: e.PenaltyFiled, at: int) -> Change:
    """The clock of disposal is answered; from here on that of the penalty runs, whatever comes between."""
    free = replace(case, relaxation=None)
    done = replace(free, terms=limits_done(free, at)["terms"])
    filed = {"relaxation": None, "overdue_at": 0, "stage_due": event.term.due_at}
    return {**with_terms(done, (replace(event.term, done_at=0),)), **filed}


def _criminal(case: Case, event: e.CriminalTransferProposed, at: int) -> Change:
    return {"before": case.status, "stage_due": event.criminal_due, **no_wish(case)}


def _criminal_refused(case: Case, event: e.CriminalTransferRefused, at: int) -> Change:
    return {"before": None, "stage_due": event.stage_due}


def _closed(case: Case, event: e.CaseClosed, at: int) -> Change:
    return {"late": not event.on_time}


def _appealed(case: Case, event: e.OverdueAppealed, at: int) -> Change:
    return {"appeal": Appeal(by=event.actor.id if event.actor else "", at=at, reason=event.reason)}


def _endorsed(case: Case, event: e.AppealEndorsed, at: int) -> Change:
    first = event.actor.id if event.actor else ""
    return {"appeal": replace(case.appeal, first=first)} if case.appeal else {}


def _appeal_ruled(case: Case, event: e.AppealApproved | e.AppealRefused, at: int) -> Change:
    outcome = "approved" if isinstance(event, e.AppealApproved) else "refused"
    return {"appeal": replace(case.appeal, outcome=outcome)} if case.appeal else {}


def _reopened(case: Case, event: e.CaseReopened, at: int) -> Change:
    return {
        "changed_hands": event.case_version,
        "late": False,
        "appeal": None,
        "reopened": case.reopened + 1,
        "assignment": None,
        "tried": (),
        "stage_due": 0,
        "before": None,
        "terms": event.terms,
        "overdue_at": 0,
        "side_due": side_due(event.terms, (), None),
        "requests": (),
        "replied_at": 0,
        "called_back": False,
        "callbacks": 0,
        "dispatch_due": event.dispatch_due,
    }


CHANGES: Changes = {
    e.ActRefused: _act_refused,
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
    e.CaseClosed: _closed,
    e.CaseReopened: _reopened,
    e.OverdueAppealed: _appealed,
    e.AppealEndorsed: _endorsed,
    e.AppealApproved: _appeal_ruled,
    e.AppealRefused: _appeal_ruled,
}
