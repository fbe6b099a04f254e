"""Giving back 退单 and the dispute about whose it is 职责争议: nobody kicks a case around (R19, R21, R24, R25, R33).

"We cannot now" (no capacity, recusal, no equipment) is settled by the rules. "It is not ours" needs a basis and is
reviewed; a department cannot decline at all, whatever the reason, since the list answers: it may only dispute. What
comes again without a new basis, or once too often, goes to the coordination body 统筹协调. Whoever has the case keeps
it meanwhile, or the first receiver gets it back 首接负责: a case is never without an owner. The ruling 协调裁定 is
final and may become a row for like cases, by another person's approval.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from . import events as e
from . import messages as m
from .acts import act, refuse
from .assignment import choose, incapable
from .case import Assignment, Case, Status
from .competence import owner_of
from .decision import Decision, next_of
from .dispatch import place
from .events import Blame
from .ids import assignment_id
from .levels import hand_over
from .offices import Ask, ask
from .rows import Officer
from .terms import paused

BOUND = ("department", "police", "rescue")  # who holds a duty by the list and cannot decline it
APPROVERS = ("coordination", "chief")  # of a precedent


def give_back(decision: Decision, case: Case, message: m.ReturnAssignment) -> None:
    """退单: settled at once, reviewed, answered by the list, or put before the coordination body."""
    held = case.assignment
    assert held
    recused = message.officers if message.reason == "recusal" else ()
    bound = _row_of(decision, case, held) if held.unit and held.kind in BOUND else ""
    contested = bound or message.reason in m.CONTESTS
    if case.final and not recused:
        refuse(decision, message, "ruling_is_final", case)
    elif any(o is None or o.squad != held.squad for o in _officers(decision, recused)):
        refuse(decision, message, "unknown_officer", case)
    elif not contested:
        returned(decision, case, message, message.reason, message.basis, recused)
    elif case.returns and (message.basis in case.bases or case.returns >= decision.city.windows.max_returns):
        dispute(decision, case, "returned_again", act(decision, case, message), message.basis)
    elif bound:
        _answered_by_list(decision, case, message, bound)
    else:
        decision.happen(
            e.ReturnRequested(
                **act(decision, case, message),
                assignment_id=held.id,
                reason=message.reason,
                basis=message.basis,
                review_due=decision.stage_due("review"),
            )
        )


def _officers(decision: Decision, numbers: tuple[str, ...]) -> list[Officer | None]:
    return [decision.city.officer(number, decision.day) for number in numbers]


def _row_of(decision: Decision, case: Case, held: Assignment) -> str:
    """The row that says it is theirs indeed; "" when the list names somebody else."""
    owner = owner_of(decision, case)
    theirs = owner and owner.kind == held.kind and decision.city.unit(owner.owner, decision.desk.id) == held.unit
    return owner.row if owner and theirs else ""


def _answered_by_list(decision: Decision, case: Case, message: m.ReturnAssignment, row: str) -> None:
    """ "It is yours by row …": it stays, the dispute is counted, the squad at home hears of it (抄告, S4)."""
    held = case.assignment
    assert held
    case = decision.happen(
        e.ReturnRefused(
            **act(decision, case, message),
            assignment_id=held.id,
            reason="theirs_by_the_list",
            basis=message.basis,
            row=row,
            due_at=held.due_at,  # a new basis is no new term
            blame=Blame(responsibility="department", unit=held.unit),
        )
    )
    home = decision.city.squad_at(case.territory, decision.day)
    if home and home.desk == decision.desk.id and home.id not in case.about:
        ask(decision, case, Ask("copy_notice", squad=home.id, task=f"{held.unit}: {message.basis}"))


def returned(
    decision: Decision,
    case: Case,
    message: m.ReturnAssignment | m.ReviewReturn | m.RecuseOfficers,
    reason: str,
    basis: str,
    officers: tuple[str, ...] = (),
    *,
    wrong: bool = False,
) -> None:
    """The return takes effect: the limits stand, the clock of dispatch begins, and somebody else is sought."""
    held, city = case.assignment, decision.city
    assert held
    by_desk = Blame(responsibility="post", unit=held.by or decision.desk.id)
    blame = by_desk if wrong else Blame(responsibility=_whose(held.kind), unit=held.owner)
    case = decision.happen(
        e.AssignmentReturned(
            **act(decision, case, message),
            assignment_id=held.id,
            reason=reason,
            basis=basis,
            dispatch_due=decision.after(city.ladder[case.priority].dispatch),
            officers=officers,
            wrong=wrong,
            blame=blame,
            terms=paused(case, city.calendar, decision.at),
        )
    )
    place(decision, case)


def _whose(kind: str) -> Literal["enforcement", "department"]:
    """Which of the four responsibilities a holder's is (R36)."""
    return "enforcement" if kind == "squad" else "department"


def review(decision: Decision, case: Case, message: m.ReviewReturn) -> None:
    """The desk's answer: theirs was wrong to begin with, it stays, or the coordination body says."""
    held = case.assignment
    assert held
    if message.outcome == "approved":
        returned(decision, case, message, "not_theirs", case.bases[-1] if case.bases else "", wrong=True)
    elif message.outcome == "dispute":
        dispute(decision, case, message.reason, act(decision, case, message))
    else:
        ladder = decision.city.ladder[case.priority]
        lease = ladder.operator if held.unit else ladder.lease
        on_the_way = case.before is Status.ACCEPTED
        decision.happen(
            e.ReturnRefused(
                **act(decision, case, message),
                assignment_id=held.id,
                reason=message.reason,
                due_at=decision.after(lease),
                stage_due=decision.after(ladder.arrive) if on_the_way else 0,
                blame=Blame(responsibility=_whose(held.kind), unit=held.owner),
            )
        )


def open_by_order(decision: Decision, case: Case, message: m.OpenDispute) -> None:
    """An operator sees that two sides deny."""
    if case.final:
        refuse(decision, message, "ruling_is_final", case)
    elif _interim(decision, case) is None:
        refuse(decision, message, "no_interim_owner", case)
    else:
        dispute(decision, case, message.reason, act(decision, case, message))


def dispute(decision: Decision, case: Case, reason: str, by: dict[str, object] | None = None, basis: str = "") -> Case:
    """Before the coordination body: of the county within its limit, for the city desk's cases of the city's."""
    interim = _interim(decision, case) or case.assignment
    assert interim
    owner = owner_of(decision, case)
    last = decision.desk.id == decision.city.city_desk
    return decision.happen(
        e.DisputeOpened(
            **(by or next_of(case)),
            reason=reason,
            interim=interim,
            sides=case.owners,
            dispute_due=decision.stage_due("dispute_city" if last else "dispute_county"),
            row=owner.row if owner else "",
            basis=basis,
        )
    )


def _interim(decision: Decision, case: Case) -> Assignment | None:
    """Who has it until the ruling: the first receiver; a case that nobody ever had, the squad at home; where neither is
    of this desk, its mobile team. Never who is complained about."""
    held = case.assignment
    home = decision.city.squad_at(case.territory, decision.day)
    first = case.owners[0] if case.owners else home.id if home else ""
    if held and (held.owner == first or not first):
        return held
    new = Assignment(
        id=assignment_id(case.id, case.attempts + 1), attempt=case.attempts + 1, offered_at=decision.at, due_at=0
    )
    if first in decision.city.units:
        return replace(new, unit=first, kind="department")
    city, named = decision.city, decision.city.squads.get(first)
    ours = [named] if named and named.desk == decision.desk.id else city.mobile(decision.desk.id, decision.day)
    squad = next((s for s in ours if s.id not in case.about), None)
    if squad is None:
        return held
    for leaders in (False, True):
        choice = choose(decision, replace(case, tried=(), barred=()), [squad], leaders=leaders)
        if choice.squad:
            return replace(new, squad=squad.id, team=choice.team, officers=choice.officers)
    lead = next(iter(decision.city.asked_of(squad.id, leaders=True)), None)
    return replace(new, squad=squad.id, team=lead.id) if lead else held


def rule(decision: Decision, case: Case, message: m.RuleDispute) -> None:
    """协调裁定 by the coordination body: final, with its document."""
    city = decision.city
    squad, unit = city.squads.get(message.squad), city.units.get(message.unit)
    if (squad is None) == (unit is None):
        refuse(decision, message, "unit_or_squad", case)
        return
    if squad and (squad.id in case.about or not _may_enforce(decision, case)):
        refuse(decision, message, "about_them" if squad.id in case.about else "squad_has_no_power", case)
        return
    if squad and (lack := incapable(decision, case, squad)):
        refuse(decision, message, lack, case)  # a ruling is final: it may not name who can never act (处罚法 art. 42)
        return
    item = case.item if message.precedent else ""
    case = decision.happen(
        e.DisputeRuled(
            **act(decision, case, message),
            document=message.document,
            owner=squad.id if squad else message.unit,
            reason=message.reason,
            dispatch_due=decision.after(city.ladder[case.priority].dispatch),
            precedent=_new_precedent(decision, case, message.document) if message.precedent else "",
            item=item,
            duty=case.duty if item else "",
            when=message.when,
            owner_kind="squad" if squad else "department",
            owner_unit="*" if squad else unit.kind if unit else "",
        )
    )
    if squad and squad.desk != decision.desk.id:
        hand_over(decision, case, squad.desk, f"ruling {message.document}", message.actor)
    else:
        place(decision, case)


def _new_precedent(decision: Decision, case: Case, document: str) -> str:
    """The id of the row that a ruling proposes; a document that ruled before must not take the place of that row."""
    name = f"{decision.desk.id}:{document}"
    return f"{name}/{case.no}" if name in decision.desk.rulings else name


def _may_enforce(decision: Decision, case: Case) -> bool:
    """What is no enforcement, or what the force may never do, no ruling gives it."""
    item = decision.city.items.get(case.item)
    return item is not None and item.nature == "enforcement" and "personal_liberty" not in item.powers


def approve_precedent(decision: Decision, message: m.ApprovePrecedent) -> None:
    """A ruling becomes a row by which this desk decides, by somebody else than who ruled."""
    ruling = decision.desk.rulings.get(message.precedent)
    if ruling is None:
        refuse(decision, message, "unknown_precedent")
    elif ruling.approved:
        refuse(decision, message, "approved_before")
    elif message.actor.role not in APPROVERS:
        refuse(decision, message, "not_your_role")
    elif message.actor.id == ruling.by:
        refuse(decision, message, "own_ruling")
    else:
        decision.emit(e.PrecedentApproved(precedent=ruling.id, actor=message.actor, message_id=message.message_id))
