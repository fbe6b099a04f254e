"""What an event has to tell squads and units: pure. How it reaches them is push.py's.

    offer, work_order     the case is yours to answer        interim    it is yours until the ruling
    extended, kept        answer until then after all        rework     go back to it
    urged, supervised     somebody waits for you             limit      your limit changed, or does not
    request               another office asks you            withdrawn  it is no longer yours, with the reason
    look                  a collector shall look, before anything is dispatched

Nobody is told of a complaint about themselves (`Case.about`), whatever the event. Nothing of the reporter is in here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from dispatchers import events as e
from dispatchers.case import Assignment, Case, Request, Status

from .board import key
from .reader import Step


class Notice(NamedTuple):
    """An entry to be written. `filed_at` (run's clock): when the complaint came, for a first offer; else 0."""

    offset: int
    nth: int
    stream: str
    fields: dict[str, str]
    filed_at: int

    @property
    def id(self) -> str:
        """The entry's id in its stream."""
        return f"{self.offset}-{self.nth}"


# What a holder is told of a case that stays its own.
_KEPT: dict[type[e.CaseEvent], str] = {
    e.AssignmentOffered: "offer",
    e.WorkOrderIssued: "work_order",
    e.LeaseExtended: "extended",
    e.ReworkOrdered: "rework",
    e.WorkOrderReopened: "rework",
    e.ReturnRefused: "kept",
    e.CaseUrged: "urged",
    e.CaseSupervised: "supervised",
    e.DeadlineExtended: "limit",
    e.RelaxationRefused: "limit",
    e.CaseSuspended: "limit",
    e.CaseResumed: "limit",
}
# What ends a holding before its work is done. (A closed or checked case was the holder's own last word.)
_LOST = (
    e.LeaseExpired,
    e.AssignmentReturned,
    e.AssignmentWithdrawn,
    e.ActRefused,
    e.DisputeOpened,
    e.DisputeRuled,
    e.CaseCancelled,
    e.CaseTransferred,
)


def notices(step: Step, desk: str) -> Iterator[Notice]:
    """What an event has to tell squads and units: each at most once."""
    event, kept = step.event, _KEPT.get(type(step.event))
    held = step.after.assignment if step.after else None
    if isinstance(event, e.VerificationOrdered):
        yield from _look(step, desk, event)
    elif isinstance(event, e.RequestMade):
        yield from _notice(step, desk, "request", step.after, event.request)
    elif kept:
        done = step.after is None or step.after.status in (Status.DISPOSED, Status.CHECKED)
        yield from _notice(step, desk, kept, step.after, None if done else held)
    elif isinstance(event, _LOST):
        had = step.before.assignment if step.before else None
        still = held is not None and had is not None and held.owner == had.owner
        if not still:
            yield from _notice(step, desk, "withdrawn", step.before, had)
        if isinstance(event, e.DisputeOpened) and not still:
            yield from _notice(step, desk, "interim", step.after, held)


def _notice(step: Step, desk: str, kind: str, case: Case | None, whom: Assignment | Request | None) -> Iterator[Notice]:
    """The entry, if there is somebody to tell who may know."""
    if case is None or whom is None or whom.squad in case.about:
        return
    stream = key(desk, f"orders:{whom.unit}" if whom.unit else f"offers:{whom.squad}")
    first = kind == "offer" and isinstance(whom, Assignment) and whom.attempt == 1
    fields = {"kind": kind, **_of_case(step.event, case), **_of_whom(whom), **_of_event(step.event)}
    told = {name: str(value) for name, value in fields.items() if value not in ("", None)}
    yield Notice(step.offset, step.nth, stream, told, case.filed_at if first else 0)


def _look(step: Step, desk: str, event: e.VerificationOrdered) -> Iterator[Notice]:
    if step.after is None or step.after.about:
        return
    fields = {"kind": "look", **_of_case(event, step.after), "due_at": event.due_at, "reason": event.reason}
    told = {name: str(value) for name, value in fields.items() if value not in ("", None)}
    yield Notice(step.offset, step.nth, key(desk, f"looks:{event.collector}"), told, 0)


def _of_case(event: e.CaseEvent, case: Case) -> dict[str, object]:
    return {
        "case_id": case.id,
        "case_version": event.case_version,
        "case_no": case.no,
        "priority": case.priority,
        "item": case.item,
        "title": case.title,
        "address": case.address,
        "lon": case.lon,
        "lat": case.lat,
        "limit_at": case.due_at or "",  # of the disposal
    }


def _of_whom(whom: Assignment | Request) -> dict[str, object]:
    if isinstance(whom, Request):
        return {
            "request_id": whom.id,
            "request": whom.kind,
            "task": whom.task,
            "role": whom.role,
            "squad": whom.squad,
            "unit": whom.unit,
            "due_at": whom.receipt_due,  # of the signature
            "answer_at": whom.due_at or "",
        }
    return {
        "assignment_id": whom.id,
        "attempt": whom.attempt,
        "squad": whom.squad,
        "team": whom.team,
        "unit": whom.unit,
        "officers": ",".join(whom.officers),
        "due_at": whom.due_at or "",  # of the answer or the signature
        "channel": whom.channel,
    }


def _of_event(event: e.CaseEvent) -> dict[str, object]:
    """Why, in the event's own words, and what only this event has to say."""
    if isinstance(event, e.LeaseExpired):
        return {"reason": "lease_expired"}
    if isinstance(event, e.CaseSupervised):
        return {"reason": event.document, "supervised_at": event.term.due_at}
    if isinstance(event, e.CaseUrged):
        return {"reason": event.note}
    if isinstance(event, e.ReturnRefused):
        return {"reason": event.reason, "row": event.row}
    return {"reason": getattr(event, "reason", "")}
