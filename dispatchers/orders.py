"""What orders and reports do: checked against the table, the holder and the version they saw; then they happen.

An order is refused, with the reason and what is true now, when the case is unknown or gone, when the table has no such
move, when the actor has no right to it, when it speaks of an assignment that no longer stands, or when the case changed
hands since the version it saw (a late accept of an expired offer must not win).
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from . import events as e
from . import messages as m
from .assignment import Choice, choose
from .case import TRANSITIONS, Case, Status
from .competence import competent
from .decision import Decision
from .escalation import hand_over, offer, operator, order, place, raise_level

# The event that an order asks for; the table says in which statuses and whose act it is.
ASKS: dict[type[m.CaseOrder], type[e.CaseEvent]] = {
    m.ReceiveOffer: e.OfferReceived,
    m.AcceptAssignment: e.AssignmentAccepted,
    m.ReturnAssignment: e.AssignmentReturned,
    m.ReportArrival: e.SquadArrived,
    m.ReportDisposal: e.CaseDisposed,
    m.CheckCase: e.CaseChecked,
    m.CloseCase: e.CaseClosed,
    m.EscalateCase: e.CaseEscalated,
}


def carry_out(decision: Decision, message: m.DeskOrder) -> bool:
    """Decide an order that was not seen before. False: it was forwarded, and whoever decides it remembers its id."""
    if isinstance(message, m.SetDuty):
        _set_duty(decision, message)
    elif isinstance(message, m.AdoptCity):
        _adopt_city(decision, message)
    elif not _forwarded(decision, message):
        _case_order(decision, message)
    else:
        return False
    return True


def _forwarded(decision: Decision, message: Any) -> bool:
    """Send an order about a case that left behind it, in order (law 7)."""
    gone = decision.desk.gone.get(message.case_id)
    if gone is None or not gone.to_desk or decision.case(message.case_id):
        return False
    decision.emit(
        e.OrderForwarded(
            case_id=message.case_id,
            case_version=gone.version,
            message_id=message.message_id,
            to_desk=gone.to_desk,
        )
    )
    decision.send(gone.to_desk, m.ForwardedOrder(order=message))
    return True


def _case_order(decision: Decision, message: Any) -> None:
    case = decision.case(message.case_id)
    if case is None:
        gone = decision.desk.gone.get(message.case_id)
        _refuse(decision, message, "closed" if gone else "unknown_case", version=gone.version if gone else 0)
        return
    objection = _objection(case, message)
    if objection:
        _refuse(decision, message, objection, case)
        return
    match message:
        case m.AssignCase():
            _assign(decision, case, message)
        case m.HandOverCase():
            _hand_over(decision, case, message)
        case m.EscalateCase():
            _escalate(decision, case, message)
        case m.CheckCase():
            _check(decision, case, message)
        case m.CloseCase():
            _close(decision, case, message)
        case _:
            _report(decision, case, message)


def _objection(case: Case, message: Any) -> str:
    """Why the order cannot be carried out, or ""."""
    asked = ASKS.get(type(message))
    edge = TRANSITIONS.get((case.status, asked.__name__)) if asked else None
    held = case.assignment
    spoken_of = getattr(message, "assignment_id", "")
    if spoken_of and (held is None or held.id != spoken_of):
        return "not_yours_any_more"
    if asked and edge is None:
        return "forbidden_now"
    actor = message.actor
    if actor.role not in (edge.who if edge else ("operator",)):
        return "not_your_role"
    if spoken_of and held and (held.unit != actor.id if held.unit else held.squad != actor.squad):
        return "not_your_assignment"
    if message.case_version is not None and message.case_version < case.changed_hands:
        return "stale"
    if message.case_version is not None and message.case_version > case.version:
        return "unheard_of_version"
    return ""


def _report(decision: Decision, case: Case, message: Any) -> None:
    """Reports of who holds the case."""
    act = _act(decision, case, message)
    held = case.assignment
    assert held
    match message:
        case m.ReceiveOffer():
            decision.happen(e.OfferReceived(**act, assignment_id=held.id))
        case m.AcceptAssignment():
            decision.happen(e.AssignmentAccepted(**act, assignment_id=held.id))
        case m.ReportArrival():
            decision.happen(e.SquadArrived(**act, assignment_id=held.id))
        case m.ReturnAssignment():
            step = decision.city.ladder[case.priority]
            case = decision.happen(
                e.AssignmentReturned(
                    **act,
                    assignment_id=held.id,
                    reason=message.reason,
                    basis=message.basis,
                    dispatch_due=decision.city.calendar.after(decision.at, step.dispatch),
                )
            )
            if held.unit:
                operator(decision, case, "unit_gave_back", message.reason)
            else:
                place(decision, case)
        case m.ReportDisposal():
            squad = decision.city.squads.get(held.squad)
            decision.happen(
                e.CaseDisposed(
                    **act,
                    assignment_id=held.id,
                    squad=held.squad,
                    team=held.team,
                    unit=held.unit,
                    tier=squad.tier if squad else "",
                    result=message.result,
                    note=message.note,
                    evidence=message.evidence,
                )
            )


def _check(decision: Decision, case: Case, message: m.CheckCase) -> None:
    """核查: who disposed may not certify the result (two centres, domain.md §3)."""
    act = _act(decision, case, message)
    if message.actor.id == case.disposed_by:
        _refuse(decision, message, "own_work", case)
    elif message.passed:
        decision.happen(e.CaseChecked(**act, note=message.note))
    else:
        again = e.WorkOrderReopened if case.unit else e.ReworkOrdered
        case = decision.happen(again(**act, note=message.note))
        if case.rework == decision.city.windows.max_rework:
            raise_level(decision, case, "reworked_too_often")


def _close(decision: Decision, case: Case, message: m.CloseCase) -> None:
    forced = case.status is not Status.CHECKED
    if forced and not (message.forced and message.reason):
        _refuse(decision, message, "not_checked", case)
        return
    streams = {"penalty_general": "general", "penalty_simple": "simple"}
    ours = case.nature == "enforcement" and not case.unit
    decision.happen(
        e.CaseClosed(
            **_act(decision, case, message),
            outcome="forced" if forced else "overdue" if 0 < case.due_at < decision.at else "normal",
            desk=decision.desk.id,
            squad=case.squad,
            unit=case.unit,
            tier="" if forced else case.tier,
            stream=streams.get(case.result, "nonpenalty") if ours else "none",  # type: ignore[arg-type]
            countable=ours,
            item=case.item,
            reason=message.reason,
            forget_after=decision.at + decision.city.forwards_ms,
        )
    )


def _assign(decision: Decision, case: Case, message: m.AssignCase) -> None:
    """派单 by an operator: whoever holds the case loses it; power, pair and cap bind operators too (R34)."""
    refusal, choice = "", None
    squad = decision.city.squads.get(message.squad)
    item = decision.city.items.get(case.item)
    power = competent(item, decision.city, case.registered_at) if item else None
    if message.unit:
        refusal = "" if message.unit in decision.city.units and not message.squad else "unknown_unit"
    elif squad is None or squad.desk != decision.desk.id:
        refusal = "unknown_squad"
    elif power and power.owner_kind == "unit":
        refusal = "squad_has_no_power"
    if not refusal and not message.reason:
        refusal = "reason_missing"
    if not refusal and case.status not in _WITHDRAWABLE:
        refusal = "forbidden_now"
    if refusal:
        _refuse(decision, message, refusal, case)
        return
    if squad:
        choice = _pick(decision, case, squad.id, message.team)
        if choice.squad is None:
            why = sorted({c.lost for c in choice.candidates}) or ["unknown_team"]
            _refuse(decision, message, why[0], case)
            return
    case = _withdraw(decision, case, message)
    if choice:
        offer(decision, case, choice, power, "operator", actor=message.actor, reason=message.reason)
    else:
        order(decision, case, message.unit, power, "operator", actor=message.actor, reason=message.reason)


_WITHDRAWABLE = {s for s, event in TRANSITIONS if event == "AssignmentWithdrawn"} | {
    Status.TO_DISPATCH,
    Status.OPERATOR,
}


def _pick(decision: Decision, case: Case, squad: str, team: str) -> Choice:
    """The operator's squad or team, if it can; a human may ask again whoever was silent or gave the case back."""
    own = case.weight if case.load_on and case.load_on[0] == squad else 0  # it leaves the squad before it comes back
    fresh = replace(case, tried=(), barred=(), weight=case.weight - own)
    squads = [decision.city.squads[squad]]
    if team:
        named = decision.city.teams.get(team)
        return choose(decision, fresh, squads, leaders=bool(named and decision.city.leads(named)), only=team)
    best = choose(decision, fresh, squads)
    return best if best.squad else choose(decision, fresh, squads, leaders=True)


def _withdraw(decision: Decision, case: Case, message: Any) -> Case:
    if case.assignment is None:
        return case
    return decision.happen(
        e.AssignmentWithdrawn(**_act(decision, case, message), assignment_id=case.assignment.id, reason=message.reason)
    )


def _hand_over(decision: Decision, case: Case, message: m.HandOverCase) -> None:
    if message.to_desk not in decision.city.desks or message.to_desk == decision.desk.id:
        _refuse(decision, message, "unknown_desk", case)
    elif case.status not in _WITHDRAWABLE:
        _refuse(decision, message, "forbidden_now", case)
    else:
        case = _withdraw(decision, case, message)
        hand_over(decision, case, message.to_desk, message.reason, message.actor)


def _escalate(decision: Decision, case: Case, message: m.EscalateCase) -> None:
    """升级: a level up; at the city's level a case that nobody holds goes to the city desk."""
    case = raise_level(decision, case, message.reason, message.actor)
    elsewhere = decision.desk.id != decision.city.city_desk
    if case.level == "city" and elsewhere and case.status in (Status.TO_DISPATCH, Status.OPERATOR):
        hand_over(decision, case, decision.city.city_desk, message.reason, message.actor)


def _set_duty(decision: Decision, message: m.SetDuty) -> None:
    """Operators and admins for all squads of the desk, a leader for the own."""
    officers = [decision.city.officers.get(o) for o in message.officers]
    squads = {decision.city.squads[o.squad] for o in officers if o}
    if not all(officers) or any(s.desk != decision.desk.id for s in squads):
        _refuse(decision, message, "unknown_officer")
        return
    role = message.actor.role
    if role not in ("leader", "operator", "admin") or (
        role == "leader" and any(s.id != message.actor.squad for s in squads)
    ):
        _refuse(decision, message, "not_your_role")
        return
    decision.set_duty(
        e.DutySet(
            message_id=message.message_id,
            actor=message.actor,
            officers=message.officers,
            on_duty=message.on_duty,
            until=message.until,
        )
    )
    if message.on_duty:
        decision.free(sorted(s.id for s in squads))


def _adopt_city(decision: Decision, message: m.AdoptCity) -> None:
    if not message.found:
        _refuse(decision, message, "unknown_city")
    elif message.actor.role != "admin":
        _refuse(decision, message, "not_your_role")
    else:
        decision.emit(e.CityAdopted(city=message.city, message_id=message.message_id))


def _act(decision: Decision, case: Case, message: Any) -> dict[str, Any]:
    """What every act of somebody carries; a claim of time beyond the city's bounds is kept and flagged (law 6)."""
    claim = message.happened_at
    odd = ""
    if claim is not None and claim > decision.at + decision.city.claim_ahead_ms:
        odd = "ahead"
    elif claim is not None and claim < decision.at - decision.city.claim_behind_ms:
        odd = "behind"
    return {
        "case_id": case.id,
        "case_version": case.version + 1,
        "actor": message.actor,
        "happened_at": claim,
        "odd_claim": odd,
    }


def _refuse(decision: Decision, message: Any, reason: str, case: Case | None = None, version: int = 0) -> None:
    held = case.assignment if case else None
    decision.emit(
        e.OrderRefused(
            case_id=getattr(message, "case_id", ""),
            case_version=case.version if case else version,
            message_id=message.message_id,
            order=type(message).__name__,
            actor=message.actor,
            reason=reason,
            status=case.status if case else "",
            holder=(held.unit or held.team) if held else "",
        )
    )
