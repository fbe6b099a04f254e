"""What a case is and where: looked at, classified, merged, split, told more about."""

from __future__ import annotations

from dispatchers import events as e
from dispatchers.case import Case, side_due

from .limits import KEPT, accepted, with_terms
from .table import Change, Changes


def _updated(case: Case, event: e.CaseUpdated, at: int) -> Change:
    return {"title": event.title or case.title, "address": event.address or case.address}


def _verifying(case: Case, event: e.VerificationOrdered, at: int) -> Change:
    return {"stage_due": event.due_at, "operator_due": 0, "retry_at": 0, **with_terms(case, event.terms)}


def _verified(case: Case, event: e.CaseVerified, at: int) -> Change:
    """Found, at a place and of a matter that somebody knows: it is accepted."""
    known = event.found and case.item and (event.territory or case.territory)
    return {
        **(with_terms(accepted(case), ()) if known else with_terms(case, event.terms)),
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
        "verified": case.verified or event.placed,
        "stage_due": 0,
        "operator_due": 0,
        "dispatch_due": event.dispatch_due,
        **(_limits_of_another_matter(case) if event.item != case.item else with_terms(accepted(case), ())),
    }


def _limits_of_another_matter(case: Case) -> Change:
    """The limits of what it was not go; those of what it is begin with its dispatch. The reply is owed as before."""
    kept = tuple(t for t in case.terms if t.name in KEPT)
    return {"terms": kept, "overdue_at": 0, "side_due": side_due(kept, case.requests, case.relaxation)}


def _merged(case: Case, event: e.CaseMerged, at: int) -> Change:
    return {
        "parent": event.parent,
        "changed_hands": event.case_version,
        "operator_due": 0,
        "stage_due": 0,
        **with_terms(accepted(case), ()),
    }


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
    return {"children": tuple(c for c in case.children if c != event.child), "callers": event.callers}


CHANGES: Changes = {
    e.VerificationOrdered: _verifying,
    e.CaseVerified: _verified,
    e.CaseClassified: _classified,
    e.CaseMerged: _merged,
    e.CaseJoined: _joined,
    e.CaseSplit: _split,
    e.ChildLeft: _child_left,
    e.CaseUpdated: _updated,
}
