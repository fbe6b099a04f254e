"""The ladder of a case that nobody holds yet, and what happens when nobody acts 升级.

The steps, each tried only when the one before has nobody (issue 3; domain.md §5.2 step 10, §5.3):
    home           the least loaded team of the squad at home
    another_team   after a lease ran out: another team of that squad
    leader         after two: the squad's leader, by the next channel
    mobile         the county's mobile team     } by itself only for the two highest priorities
    neighbour      a squad with a common border }
    wait           nobody was asked yet and there is slack: look again when a team is free, a shift begins
    operator       the desk's operator; when that one is silent too, the city desk
A case without an offer is as late as an overdue one: its dispatch clock leads to the operator.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import events as e
from .assignment import Choice, choose
from .case import Case, Status
from .competence import competent
from .decision import Decision
from .events import Basis, Candidate, Level
from .ids import assignment_id
from .messages import Actor, TakeCase
from .rows import Power, Squad

ASKED_TEAMS = 2  # ordinary teams of the squad at home that are asked before its leader is
NEXT_LEVEL: dict[str, Level] = {"town": "county", "county": "city", "city": "city"}


def place(decision: Decision, case: Case) -> Case:
    """Find somebody for a case that waits for dispatch: an offer, a work order, a wait, or the operator."""
    item = decision.city.items.get(case.item)
    if item is None:
        return operator(decision, case, "unknown_item")
    if not case.territory:
        return operator(decision, case, "no_territory")
    power = competent(item, decision.city, case.registered_at)
    if power is None:
        return operator(decision, case, "nobody_competent", item.id)
    if case.returns > decision.city.windows.max_returns:
        return operator(decision, case, "returned_too_often")
    if power.owner_kind == "unit":
        unit = decision.city.unit(power.owner, decision.desk.id)
        if unit is None or unit in case.barred:
            return operator(decision, case, "no_unit" if unit is None else "unit_gave_back", power.owner)
        return order(decision, case, unit, power, "home")
    return _squad(decision, case, power)


def _squad(decision: Decision, case: Case, power: Power) -> Case:
    at_home = decision.city.squad_at(case.territory, decision.day)
    ours = at_home if at_home and at_home.desk == decision.desk.id else None
    looked: list[Candidate] = []
    for step, squads, leaders in _steps(decision, case, ours):
        choice = choose(decision, case, squads, leaders=leaders)
        if choice.squad:
            everyone = choice._replace(candidates=(*choice.candidates, *looked))
            return offer(decision, case, everyone, power, step, channel=2 if leaders else 1)
        looked += choice.candidates
    return _nobody(decision, case, ours, tuple(looked))


def _steps(decision: Decision, case: Case, ours: Squad | None) -> Iterator[tuple[str, list[Squad], bool]]:
    """Whom to look at, in the order of the ladder: (step, squads, whether their leaders' teams)."""
    if ours and len(case.tried) < ASKED_TEAMS:
        yield "another_team" if case.tried else "home", [ours], False
    if ours and case.tried:
        yield "leader", [ours], True
    if decision.city.ladder[case.priority].helps:
        yield "mobile", decision.city.mobile(decision.desk.id, decision.day), False
        yield "neighbour", decision.city.neighbours(ours, decision.day) if ours else [], False


def _nobody(decision: Decision, case: Case, ours: Squad | None, looked: tuple[Candidate, ...]) -> Case:
    """Wait while there is slack and nobody was asked; else the operator."""
    helps = decision.city.ladder[case.priority].helps
    if ours and ours.id in case.barred and not helps:
        return operator(decision, case, "squad_gave_back", candidates=looked)
    if case.tried:
        return operator(decision, case, "nobody_answered", candidates=looked)
    if helps:
        return operator(decision, case, "nobody_can", candidates=looked)
    if ours is None:
        return operator(decision, case, "no_squad")
    if case.dispatch_due <= decision.at:
        return operator(decision, case, "undispatched", candidates=looked)
    return wait(decision, case, ours, looked)


def offer(
    decision: Decision,
    case: Case,
    choice: Choice,
    power: Power | None,
    step: str,
    *,
    channel: int = 1,
    actor: Actor | None = None,
    reason: str = "",
) -> Case:
    """派单: an offer with a lease to the chosen team."""
    assert choice.squad
    lease = decision.city.ladder[case.priority].lease
    return decision.happen(
        e.AssignmentOffered(
            case_id=case.id,
            case_version=case.version + 1,
            actor=actor,
            assignment_id=assignment_id(case.id, case.attempts + 1),
            attempt=case.attempts + 1,
            squad=choice.squad.id,
            team=choice.team,
            officers=choice.officers,
            channel=channel,
            due_at=decision.city.calendar.after(decision.at, lease),
            candidates=choice.candidates,
            basis=basis(power, step, choice.squad, reason),
        )
    )


def order(
    decision: Decision,
    case: Case,
    unit: str,
    power: Power | None,
    step: str,
    *,
    actor: Actor | None = None,
    reason: str = "",
) -> Case:
    """A work order to the unit that owns the matter: to be signed for, and done by the legal limit."""
    sign = decision.city.ladder[case.priority].operator
    return decision.happen(
        e.WorkOrderIssued(
            case_id=case.id,
            case_version=case.version + 1,
            actor=actor,
            assignment_id=assignment_id(case.id, case.attempts + 1),
            attempt=case.attempts + 1,
            unit=unit,
            receipt_due_at=decision.city.calendar.after(decision.at, sign),
            due_at=case.due_at,
            basis=basis(power, step, None, reason),
        )
    )


def basis(power: Power | None, step: str, squad: Squad | None, reason: str) -> Basis:
    """The rows that decided: the power, in whose name, under which two superiors (R27, R30)."""
    return Basis(
        power=power.row if power else "",
        law=power.basis if power else "",
        acting_name=squad.acting_name if squad else "",
        line_superior=squad.line_superior if squad else "",
        block_superior=squad.block_superior if squad else "",
        step=step,
        reason=reason,
    )


def wait(decision: Decision, case: Case, squad: Squad, looked: tuple[Candidate, ...]) -> Case:
    """Nobody can now and there is slack. Said once for each reason to look again, not at every look."""
    retry = min(decision.city.next_shift(squad.id, decision.at), case.dispatch_due)
    if case.retry_at == retry:
        return case
    return decision.happen(
        e.AssignmentDeferred(
            case_id=case.id,
            case_version=case.version + 1,
            reason="nobody_free",
            retry_at=retry,
            candidates=looked,
        )
    )


def operator(
    decision: Decision, case: Case, reason: str, detail: str = "", candidates: tuple[Candidate, ...] = ()
) -> Case:
    """The rules end: the desk's operator. At the city desk nobody stands behind the operator."""
    patience = decision.city.ladder[case.priority].operator
    last = decision.desk.id == decision.city.city_desk
    return decision.happen(
        e.CaseNeedsOperator(
            case_id=case.id,
            case_version=case.version + 1,
            reason=reason,
            detail=detail,
            operator_due=0 if last else decision.city.calendar.after(decision.at, patience),
            candidates=candidates,
        )
    )


def raise_level(decision: Decision, case: Case, reason: str, actor: Actor | None = None) -> Case:
    """升级 by one level. Levels never fall by themselves."""
    level = NEXT_LEVEL[case.level]
    again = case.overdue_at
    if 0 < again <= decision.at:
        step = decision.city.ladder[case.priority].overdue
        again = 0 if level == "city" else decision.city.calendar.after(decision.at, step)
    return decision.happen(
        e.CaseEscalated(
            case_id=case.id,
            case_version=case.version + 1,
            actor=actor,
            reason=reason,
            level=level,
            overdue_at=again,
        )
    )


def hand_over(decision: Decision, case: Case, to_desk: str, reason: str, actor: Actor | None = None) -> None:
    """End our holding; the letter beside the event begins the other desk's (law 7)."""
    gone = decision.happen(
        e.CaseHandedOver(
            case_id=case.id,
            case_version=case.version + 1,
            actor=actor,
            to_desk=to_desk,
            reason=reason,
            forget_after=decision.at + decision.city.forwards_ms,
        )
    )
    decision.send(to_desk, TakeCase(case=gone, reason=reason))


def fall_due(decision: Decision, case: Case) -> None:
    """Something of this case fell due: do the one thing that its status asks for."""
    at = decision.at
    assignment = case.assignment
    if case.status in (Status.OFFERED, Status.ORDERED) and assignment and assignment.due_at <= at:
        if not assignment.extended and at - assignment.due_at > decision.city.lease_grace_ms:
            # It fell due while the desk could not decide; the silence was ours (law 6).
            decision.happen(
                e.LeaseExtended(
                    case_id=case.id,
                    case_version=case.version + 1,
                    assignment_id=assignment.id,
                    due_at=at + (assignment.due_at - assignment.offered_at),
                )
            )
            return
        case = decision.happen(
            e.LeaseExpired(case_id=case.id, case_version=case.version + 1, assignment_id=assignment.id)
        )
        if assignment.unit:
            operator(decision, case, "unit_did_not_sign", assignment.unit)
        else:
            place(decision, case)
    elif case.status is Status.OPERATOR and case.operator_due and case.operator_due <= at:
        if case.level != "city":
            case = _to_city_level(decision, case)
        hand_over(decision, case, decision.city.city_desk, "operator_silent")
    elif case.status is Status.TO_DISPATCH and min(case.dispatch_due, case.retry_at or case.dispatch_due) <= at:
        place(decision, case)
    elif case.overdue_at and case.overdue_at <= at:
        raise_level(decision, case, "overdue")


def _to_city_level(decision: Decision, case: Case) -> Case:
    return decision.happen(
        e.CaseEscalated(
            case_id=case.id,
            case_version=case.version + 1,
            reason="operator_silent",
            level="city",
            overdue_at=case.overdue_at,
        )
    )
