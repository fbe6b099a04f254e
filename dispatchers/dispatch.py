"""The way of a case that nobody holds: to a collector, a squad, a unit, or the operator 派遣 (domain.md §5.2).

The order of a decision: an emergency waits for nothing; what it is; where it is (in doubt, somebody looks first);
whose it is by the list in force; the lowest level that may; then, for a squad's, the steps of the ladder, each tried
only when the one before has nobody (domain.md §5.2 step 10, §5.3):
    home           the least loaded team of the squad at home
    another_team   after a lease ran out: another team of that squad
    leader         after two: the squad's leader, by the next channel
    mobile         the county's mobile team     } by itself only for the two highest priorities, and for matters that
    neighbour      a squad with a common border }   are not the town's: those begin with the mobile team
    wait           nobody was asked yet and there is slack: look again when a team is free, a shift begins
    superior       the daily superior 块 of the silent squad at home is told
    operator       the desk's operator; when that one is silent too, the city desk
A case without an offer is as late as an overdue one: its dispatch clock leads to the operator.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from . import events as e
from .assignment import Choice, choose, room_first_for
from .case import Assignment, Case
from .competence import Owner, owner_of, technical_lead
from .decision import Decision, next_of
from .events import Basis, Blame, Candidate, Step
from .ids import assignment_id
from .levels import hand_over, raise_level
from .messages import Actor
from .offices import Ask, ask
from .rows import Squad
from .terms import acceptance_goes_on, acceptance_stands, at_dispatch

ASKED_TEAMS = 2  # ordinary teams of the squad at home that are asked before its leader is
REACH = {"town": 0, "county": 1, "city": 2}


class Why(NamedTuple):
    """What an assignment rests on, beside the choice itself."""

    owner: Owner | None
    step: str
    actor: Actor | None = None
    reason: str = ""
    steps: tuple[Step, ...] = ()


def place(decision: Decision, case: Case) -> Case:
    """Find somebody for a case that waits for dispatch: an offer, a work order, a look, a wait, or the operator."""
    city = decision.city
    if case.duty != "reply":  # an answer needs neither a matter nor a place
        if case.item not in city.items:
            return operator(decision, case, "unknown_item")
        if case.doubt and not (case.emergency or case.verified or case.about):
            shadow = _rollout(decision, case) == "shadow"  # which tells nobody anything
            return operator(decision, case, "doubt", case.doubt) if shadow else verify(decision, case, case.doubt)
        if not (case.territory or case.emergency or case.about):
            return operator(decision, case, "no_territory")
    owner = owner_of(decision, case)
    if owner is None:
        return operator(decision, case, "nobody_competent", case.item)
    if case.returns > city.windows.max_returns and not case.final:
        return operator(decision, case, "returned_too_often")
    if case.designated:
        return _designated(decision, case, owner)
    return _squad(decision, case, owner) if owner.kind == "squad" else _unit(decision, case, owner)


def _unit(decision: Decision, case: Case, owner: Owner) -> Case:
    """The unit's of that kind; in an emergency the squad at home cordons meanwhile."""
    unit = decision.city.unit(owner.owner, decision.desk.id)
    if unit is None or unit in case.barred:
        return operator(decision, case, "no_unit" if unit is None else "unit_gave_back", owner.owner)
    case = order(decision, case, unit, Why(owner, "home", steps=owner.steps))
    home = decision.city.squad_at(case.territory, decision.day) if case.emergency else None
    if home and home.desk == decision.desk.id and case.assignment and not any(r.squad for r in case.requests):
        case = ask(decision, case, Ask("support", squad=home.id, task="cordon", role="help"))
    return case


def _squad(decision: Decision, case: Case, owner: Owner) -> Case:
    city = decision.city
    if REACH[owner.level] > REACH[case.level]:
        case = raise_level(decision, case, "reserved", cause="reserved", to=owner.level)
    if owner.level == "city" and decision.desk.id != city.city_desk:
        return hand_over(decision, case, city.city_desk, "reserved")
    return _by_ladder(decision, case, owner)


def _designated(decision: Decision, case: Case, owner: Owner) -> Case:
    """Whoever the coordination body named, and nobody else (协调裁定 is final)."""
    why = Why(owner, "ruling", steps=(*owner.steps, Step(rule="ruled", row=case.ruling, detail=case.designated)))
    squad = decision.city.squads.get(case.designated)
    if squad is None:
        return order(decision, case, case.designated, why)
    if squad.desk != decision.desk.id:  # it came up from their desk because nobody answered there
        return operator(decision, case, "designated_elsewhere", squad.id)
    for leaders in (False, True):
        choice = choose(decision, case, [squad], leaders=leaders)
        if choice.squad:
            return offer(decision, case, choice, why, channel=2 if leaders else 1)
    return operator(decision, case, "designated_cannot", squad.id, choice.candidates)


def _by_ladder(decision: Decision, case: Case, owner: Owner) -> Case:
    at_home = decision.city.squad_at(case.territory, decision.day)
    ours = at_home if at_home and at_home.desk == decision.desk.id else None
    looked: list[Candidate] = []
    for step, squads, leaders in _steps(decision, case, ours, reserved=owner.level != "town"):
        crowded = step == "home" and _may_wait(decision, case) and bool(room_first_for(decision, case, squads[0]))
        choice = choose(decision, case, squads, leaders=leaders, crowded=crowded)
        if choice.squad:
            everyone = choice._replace(candidates=(*choice.candidates, *looked)) if looked else choice
            steps = (*owner.steps, Step(rule="level", detail=case.level), Step(rule="step", detail=step))
            return offer(decision, case, everyone, Why(owner, step, steps=steps), channel=2 if leaders else 1)
        looked += choice.candidates
    return _nobody(decision, case, ours, tuple(looked), owner.steps)


def _may_wait(decision: Decision, case: Case) -> bool:
    """Whether it may wait for its turn at home. What is urgent enough for help may not: it takes what room there is."""
    return case.level == "town" and not case.emergency and not decision.city.ladder[case.priority].helps


def _steps(
    decision: Decision, case: Case, ours: Squad | None, *, reserved: bool
) -> Iterator[tuple[str, list[Squad], bool]]:
    """Whom to look at, in the order of the ladder: (step, squads, whether their leaders' teams). What the list reserves
    to a higher level is no town's, however urgent (R31, R35)."""
    city, day = decision.city, decision.day
    town = case.level == "town"
    if town and ours and len(case.tried) < ASKED_TEAMS:
        yield "another_team" if case.tried else "home", [ours], False
    if town and ours and case.tried:
        yield "leader", [ours], True
    if city.ladder[case.priority].helps or not town:
        yield "mobile", city.mobile(decision.desk.id, day), False
    if city.ladder[case.priority].helps and ours and not reserved:
        # Help comes only from who acts in the same name: another's act would be another organ's (处罚法 art. 22).
        name = city.law.acting_name(case.item, ours, day)
        near = [s for s in city.neighbours(ours, day) if city.law.acting_name(case.item, s, day) == name]
        yield "neighbour", near, False
    if not town and ours and not reserved and city.ladder[case.priority].helps:
        yield "home", [ours], False  # above the town's level the town still helps out before nobody does


def _nobody(
    decision: Decision, case: Case, ours: Squad | None, looked: tuple[Candidate, ...], steps: tuple[Step, ...]
) -> Case:
    """Wait while there is slack and nobody was asked; else the operator."""
    helps = decision.city.ladder[case.priority].helps
    reason = ""
    if ours and ours.id in case.barred and not helps:
        reason = "squad_gave_back"
    elif case.tried:
        reason = "nobody_answered"
    elif helps or case.level != "town":
        reason = "nobody_can"
    elif ours is None:
        reason = "no_squad"
    elif case.dispatch_due <= decision.at:
        reason = "undispatched"
    if reason == "nobody_answered" and ours:
        case = _alert(decision, case, ours)
    if reason or ours is None:
        return operator(decision, case, reason, candidates=looked, steps=steps)
    return wait(decision, case, ours, looked)


def _alert(decision: Decision, case: Case, squad: Squad) -> Case:
    """Tell the superior of a silent squad, who commands it day by day (R30); once for a case, however often it is
    sought for anew."""
    superior = squad.block_superior
    if not superior or case.alerted == superior:
        return case
    return decision.happen(
        e.SuperiorAlerted(**next_of(case), organisation=superior, squad=squad.id, reason="nobody_answered")
    )


def offer(decision: Decision, case: Case, choice: Choice, why: Why, *, channel: int = 1) -> Case:
    """派单: an offer with a lease to the chosen team; where the rules may only propose, a proposal."""
    assert choice.squad
    at, city = decision.at, decision.city
    due = decision.after(city.ladder[case.priority].lease)
    new = assignment_id(case.id, case.attempts + 1)
    basis = _basis(decision, case, why, choice.squad)
    if mode := _mode(decision, case, why):
        proposal = Assignment(
            id=new, attempt=case.attempts + 1, squad=choice.squad.id, team=choice.team, officers=choice.officers
        )
        return _propose(decision, case, mode, proposal, basis, why.steps, choice.candidates)
    case = decision.happen(
        e.AssignmentOffered(
            case_id=case.id,  # not **next_of(case): a dict for each event would be felt here
            case_version=case.version + 1,
            actor=why.actor,
            assignment_id=new,
            attempt=case.attempts + 1,
            squad=choice.squad.id,
            team=choice.team,
            officers=choice.officers,
            channel=channel,
            due_at=due,
            terms=at_dispatch(case, choice.squad.id, city, at),
            candidates=choice.candidates,
            basis=basis,
            steps=why.steps,
        )
    )
    return _not_alone(decision, case) if why.owner and why.owner.state == "to_return" else case


def _not_alone(decision: Decision, case: Case) -> Case:
    """What is to go back to its department is still the force's on paper, but never handled by it alone: the department
    leads the technical part (R9)."""
    unit = decision.city.unit(technical_lead(case, decision.city, decision.desk.id, decision.at), decision.desk.id)
    if unit is None or any(r.role == "lead" for r in case.requests):
        return case
    return ask(decision, case, Ask("on_site", unit=unit, task="technical_part", role="lead"))


def order(decision: Decision, case: Case, unit: str, why: Why) -> Case:
    """A work order to the unit that owns the matter: to be signed for, and done by the legal limit."""
    at, city = decision.at, decision.city
    sign = city.ladder[case.priority].operator
    new = assignment_id(case.id, case.attempts + 1)
    kind = why.owner.kind if why.owner and why.owner.kind != "squad" else "department"
    terms = at_dispatch(case, unit, city, at)
    basis = _basis(decision, case, why, None)
    if mode := _mode(decision, case, why):
        proposal = Assignment(id=new, attempt=case.attempts + 1, unit=unit, kind=kind)
        return _propose(decision, case, mode, proposal, basis, why.steps, ())
    return decision.happen(
        e.WorkOrderIssued(
            **next_of(case),
            actor=why.actor,
            assignment_id=new,
            attempt=case.attempts + 1,
            unit=unit,
            kind=kind,
            receipt_due_at=decision.after(sign),
            due_at=next((t.due_at for t in terms if t.name == "dispose"), case.due_at),
            terms=terms,
            basis=basis,
            steps=why.steps,
        )
    )


def _mode(decision: Decision, case: Case, why: Why) -> str:
    """propose or shadow where the rules may not decide alone yet; "" where they may, or a human already did.

    An emergency waits for no confirmation; a shadow never acts, whatever happens.
    """
    if why.actor is not None or case.final:
        return ""
    mode = _rollout(decision, case)
    return mode if mode == "shadow" or (mode == "propose" and not case.emergency) else ""


def _rollout(decision: Decision, case: Case) -> str:
    return decision.city.law.mode(decision.desk.id, case.item, case.domain, decision.day)


def _propose(
    decision: Decision,
    case: Case,
    mode: str,
    proposal: Assignment,
    basis: Basis,
    steps: tuple[Step, ...],
    candidates: tuple[Candidate, ...],
) -> Case:
    patience = decision.city.ladder[case.priority].operator
    return decision.happen(
        e.AssignmentProposed(
            **next_of(case),
            mode=mode,  # type: ignore[arg-type]
            proposal=proposal,
            operator_due=decision.after(patience),
            candidates=candidates,
            basis=basis,
            steps=(*steps, Step(rule="rollout", detail=mode)),
        )
    )


def _basis(decision: Decision, case: Case, why: Why, squad: Squad | None) -> Basis:
    """The rows that decided: the power and its list, in whose name, under which two superiors (R27, R30)."""
    owner = why.owner
    return Basis(
        power=owner.row if owner else "",
        law=owner.law if owner else "",
        acting_name=decision.city.law.acting_name(case.item, squad, decision.day) if squad else "",
        line_superior=squad.line_superior if squad else "",
        block_superior=squad.block_superior if squad else "",
        power_list=case.power_list,
        duty=case.duty,
        task="cordon" if squad and case.emergency else "",
        step=why.step,
        reason=why.reason,
    )


def verify(decision: Decision, case: Case, reason: str, actor: Actor | None = None) -> Case:
    """核实: the nearest collector looks; nobody to look: the operator."""
    where = case.territory or (case.near[0] if case.near else "")
    collector = decision.city.collector(where, decision.desk.id, decision.day)
    if not collector:
        return operator(decision, case, "nobody_to_verify" if case.territory else "no_territory", reason)
    return decision.happen(
        e.VerificationOrdered(
            **next_of(case),
            actor=actor,
            collector=collector,
            reason=reason,
            due_at=decision.stage_due("verify"),
            terms=acceptance_stands(case, decision.city.calendar, decision.at),
        )
    )


def wait(decision: Decision, case: Case, squad: Squad, looked: tuple[Candidate, ...]) -> Case:
    """Nobody can now and there is slack. Said once for each reason to look again, not at every look."""
    retry = min(decision.city.next_shift(squad.id, decision.at), case.dispatch_due)
    if case.retry_at == retry:
        return case
    return decision.happen(
        e.AssignmentDeferred(**next_of(case), reason="nobody_free", retry_at=retry, candidates=looked)
    )


def operator(
    decision: Decision,
    case: Case,
    reason: str,
    detail: str = "",
    candidates: tuple[Candidate, ...] = (),
    steps: tuple[Step, ...] = (),
) -> Case:
    """The rules end: the desk's operator, and when that one is silent, the city desk's."""
    patience = decision.city.ladder[case.priority].operator
    return decision.happen(
        e.CaseNeedsOperator(
            **next_of(case),
            reason=reason,
            detail=detail,
            operator_due=decision.after(patience),
            candidates=candidates,
            steps=steps,
            terms=acceptance_goes_on(case, decision.city.calendar, decision.at),
        )
    )


def post_of(decision: Decision) -> Blame:
    """The desk itself, which did not do what its post asks for (岗位责任, R36)."""
    return Blame(responsibility="post", unit=decision.desk.id)
