"""What a case is and where: looked at, classified, merged, split, told more about."""

from __future__ import annotations

from msgspec.structs import replace

from dispatchers import events as e
from dispatchers.case import Case, side_due

from .limits import KEPT, accepted, with_terms
from .table import Change, Changes


def _updated(case: Case, event: e.CaseUpdated, at: int) -> Change:
    return {"title": event.title or case.title, "address": event.address or case.address}


def _verifying(case: Case, event: e.VerificationOrdered, at: int) -> Change:
    return {
        "stage_due": event.due_at,
        "operator_due": 0,
        "retry_at": 0,
        "collector": event.collector,
        **with_terms(case, event.terms),
    }


def _verified(case: Case, event: e.CaseVerified, at: int) -> Change:
    """Found, at a place and of a matter that somebody knows: it is accepted."""
    known = event.found and case.item and (event.territory or case.territory)
    return {
        **(with_terms(accepted(case), ()) if known else with_terms(case, event.terms)),
        "verified": True,
        "collector": "",
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
    same = (event.item, event.duty) == (case.item, case.duty)
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
        "about": event.about,
        "proposal": None,
        "verified": case.verified or event.placed,
        "collector": "",
        "stage_due": 0,
        "operator_due": 0,
        "dispatch_due": event.dispatch_due,
        **(with_terms(accepted(case), ()) if same else _another_matter(case)),
    }


def _another_matter(case: Case) -> Change:
    """The limits of what it was not go; those of what it is begin with its dispatch. The reply is owed as before, and a
    ruling about what it was not names nobody for what it is."""
    kept = tuple(t for t in case.terms if t.name in KEPT)
    return {
        "terms": kept,
        "overdue_at": 0,
        "side_due": side_due(kept, case.requests, case.relaxation),
        "final": False,
        "ruling": "",
        "designated": "",
    }


def _merged(case: Case, event: e.CaseMerged, at: int) -> Change:
    return {
        "parent": event.parent,
        "changed_hands": event.case_version,
        "operator_due": 0,
        "stage_due": 0,
        "proposal": None,
        "collector": "",
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
    """A matter of its own again: what its parent's caller was told was no answer to it."""
    change: Change = {"parent": "", "changed_hands": event.case_version, "dispatch_due": event.dispatch_due}
    reply = case.term("reply")
    if case.replied_with_parent:
        change |= {"replied_at": 0, "replied_with_parent": False}
        change |= with_terms(case, (replace(reply, done_at=0),)) if reply else {}
    return change


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
