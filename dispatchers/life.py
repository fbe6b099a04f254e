"""The life of a case: how it begins, and what an event makes of it (TRANSITIONS and CHANGES, applied)."""

from __future__ import annotations

from msgspec.structs import replace

from . import events as e
from .case import Case, Status, Term, side_due
from .changes import CHANGES
from .transitions import TRANSITIONS


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
        terms=_limits(event.terms, event.limit, event.due_at, at),
        overdue_at=event.due_at,
        side_due=side_due(event.terms, (), None),
        simulated=event.simulated,
    )


def _limits(terms: tuple[Term, ...], limit: str, due: int, at: int) -> tuple[Term, ...]:
    """What runs from the registration on; in logs of before 2026.11.2 the limit of disposal did, until `due`.

    Letters of then did not say how long it was, only its end; its unit is taken to be the commonest one.
    """
    if not due:
        return terms
    return (Term(name="dispose", limit=limit, started_at=at, warn_at=due, due_at=due),)


def taken(event: e.CaseTaken) -> Case:
    """A case as it arrives from another desk: its clocks run on, its round of offers begins anew."""
    child = bool(event.case.parent)
    return replace(
        event.case,
        dated=0,
        terms=_limits(event.case.terms, "1 working_days", event.case.dated, event.case.registered_at),
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
    change = CHANGES.get(type(event))
    return replace(case, version=event.case_version, status=status, **(change(case, event, at) if change else {}))
