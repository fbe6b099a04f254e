"""What happens when nobody acts 超时: every open case has a clock, and every clock leads somewhere.

An offer that nobody answers goes on by the ladder, an operator who is silent loses the case to the city desk, a review
that nobody makes goes to coordination, a suspension ends by itself. Of what only people can do (look, arrive, check,
close, rule) lateness is said, with whose responsibility it is (R36), and said again until it is done.
"""

from __future__ import annotations

from typing import Literal

from . import events as e
from .case import Case, Request, Status, Term
from .closing import owes_callback
from .decision import Decision, next_of
from .dispatch import operator, place, post_of
from .disputes import dispute
from .events import Blame
from .levels import hand_over, raise_level
from .relaxation import resume

# What only people can do, by the status that waits for it.
WAITS = {
    Status.ACCEPTED: "arrive",
    Status.PENALTY: "penalty_decision",
    Status.CRIMINAL: "criminal",
    Status.DISPOSED: "check",
    Status.CHECKED: "close",
}


def fall_due(decision: Decision, case: Case) -> None:
    """Something of this case fell due: do one thing about it; what else is due comes with the next look."""
    at, status = decision.at, case.status
    if case.side_due and case.side_due <= at:
        _beside(decision, case)
    elif status in (Status.OFFERED, Status.ORDERED) and case.assignment and case.assignment.due_at <= at:
        _unanswered(decision, case)
    elif status is Status.OPERATOR and 0 < case.operator_due <= at:
        _operator_silent(decision, case)
    elif status is Status.TO_DISPATCH and min(case.dispatch_due, case.retry_at or case.dispatch_due) <= at:
        place(decision, case)
    elif 0 < case.stage_due <= at:
        _stage(decision, case)
    elif 0 < case.overdue_at <= at:
        _overdue(decision, case)


def _unanswered(decision: Decision, case: Case) -> None:
    held, at = case.assignment, decision.at
    assert held
    # It fell due while the desk could not decide: the silence was ours (law 6). What is most urgent has no time for
    # another lease.
    outage = not held.extended and at - held.due_at > decision.city.lease_grace_ms
    if outage and case.priority > 0:
        due = at + (held.due_at - held.offered_at)
        decision.happen(e.LeaseExtended(**next_of(case), assignment_id=held.id, due_at=due))
        return
    blame = post_of(decision) if outage else _holder(case)
    case = decision.happen(e.LeaseExpired(**next_of(case), assignment_id=held.id, blame=blame))
    if outage:
        operator(decision, case, "outage", held.owner)
    elif held.unit:
        operator(decision, case, "unit_did_not_sign", held.unit)
    else:
        place(decision, case)


def _operator_silent(decision: Decision, case: Case) -> None:
    """The city desk's; there nobody stands behind the operator, so it is said again."""
    city = decision.city
    if decision.desk.id == city.city_desk:
        _missed(decision, case, "operator", case.operator_due, post_of(decision))
        return
    if case.level != "city":
        case = raise_level(decision, case, "operator_silent", to="city", blame=post_of(decision))
    hand_over(decision, case, city.city_desk, "operator_silent")


def _stage(decision: Decision, case: Case) -> None:
    status = case.status
    if status is Status.VERIFYING:
        operator(decision, case, "not_verified")
    elif status is Status.RETURNING:
        dispute(decision, case, "review_late")
    elif status is Status.SUSPENDED:
        resume(decision, case, "time_is_up")
    elif status is Status.DISPUTED:
        case = _missed(decision, case, "dispute", case.stage_due, _holder(case), "dispute_city")
        if case.level != "city":
            raise_level(decision, case, "dispute", cause="dispute", to="city")
    elif status is Status.CHECKED and owes_callback(decision, case):
        _missed(decision, case, "callback", case.stage_due, post_of(decision))
    elif status in WAITS:
        late = _holder(case) if status in (Status.ACCEPTED, Status.PENALTY) else post_of(decision)
        _missed(decision, case, WAITS[status], case.stage_due, late)


def _overdue(decision: Decision, case: Case) -> None:
    """Past the legal limit, or still so: a level up; at the city's it is said again and again."""
    term = case.term("dispose")
    due = term.due_at if term else case.overdue_at
    if term is None or not term.missed or case.level == "city":
        ladder = decision.city.ladder[case.priority]
        again = decision.after(ladder.overdue) if case.level != "city" else 0
        case = _missed(decision, case, "dispose", due, _holder(case), again_at=again)
    if case.level != "city":
        raise_level(decision, case, "overdue", cause="overdue", blame=_holder(case))


def _beside(decision: Decision, case: Case) -> None:
    """What runs beside the status: the other limits, the requests, a wish for more time."""
    at = decision.at
    for request in case.requests:
        if 0 < request.next_due <= at:
            _request_late(decision, case, request)
            return
    wish = case.relaxation
    if wish and wish.due_at <= at:
        _missed(decision, case, "approve", wish.due_at, post_of(decision))
        return
    for term in case.terms:
        if term.name != "dispose" and not (term.missed or term.done_at) and 0 < term.due_at <= at:
            _term_late(decision, case, term)
            return


def _term_late(decision: Decision, case: Case, term: Term) -> None:
    late = post_of(decision) if term.name in ("accept", "reply") else _holder(case)
    decision.happen(e.DeadlineMissed(**next_of(case), name=term.name, due_at=term.due_at, blame=late))


def _request_late(decision: Decision, case: Case, request: Request) -> None:
    whose: Literal["department", "enforcement"] = "department" if request.unit else "enforcement"
    decision.happen(
        e.DeadlineMissed(
            **next_of(case),
            name="request",
            due_at=request.next_due,
            again_at=decision.after(decision.city.ladder[case.priority].overdue),
            request_id=request.id,
            blame=Blame(responsibility=whose, unit=request.unit or request.squad),
        )
    )


def _missed(
    decision: Decision, case: Case, name: str, due: int, blame: Blame, stage: str = "repeat", again_at: int = 0
) -> Case:
    """Say that something was not done until `due`, and when that is said again."""
    again = again_at or decision.stage_due(stage)
    return decision.happen(e.DeadlineMissed(**next_of(case), name=name, due_at=due, again_at=again, blame=blame))


def _holder(case: Case) -> Blame:
    """The responsibility of who has the case (R36): the force's, a department's; nobody's, and what waits for a ruling,
    is the government's, which coordinates."""
    held = case.assignment
    if held is None or case.status is Status.DISPUTED:
        return Blame(responsibility="government", unit=case.territory)
    return Blame(responsibility="enforcement" if held.squad else "department", unit=held.owner)
