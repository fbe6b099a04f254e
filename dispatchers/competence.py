"""Who may 职权: the row of the power list 权责清单 that gives a duty to a squad or to a unit (R2, R5, R16).

In this order: a ruling that was taken into the list 先例, the row of the list, and for a report that only wants an
answer the unit that the city named for its kind. The list in force at acceptance decides; a later one moves a case only
where its row says so (`moves_open`). Opinions about who should have a power (the seven transfer states) never move it;
a transfer that waits for capacity is carried out, town by town, by a published readiness (R11). What the force may
never do stays with the police, whatever a list says: personal liberty (处罚法 art. 18, R3).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .case import Case
from .city import City
from .decision import Decision
from .events import Step
from .law import DUTY as DUTY  # what check/powers.py asks about too
from .law import hold
from .rows import Level
from .state import Ruling


class Owner(NamedTuple):
    """Whose a case is: a squad's ("*", that of the territory) or that of a unit of a kind."""

    row: str
    kind: str  # rows.OwnerKind
    owner: str
    level: Level
    law: str
    steps: tuple[Step, ...] = ()
    state: str = ""  # rows.TransferState of the row


def competent(case: Case, city: City, desk: str, at: int, ruled: Iterable[Ruling] = ()) -> Owner | None:
    """Whose the case is; None: nobody is named, an operator's. `ruled`: the desk's own rulings."""
    law, desk = city.law, _whose_list(case, city, desk)
    accepted, today = city.calendar.day(case.registered_at), city.calendar.day(at)
    power = law.power(case.item, case.duty, case.facts, desk, accepted, today)
    level: Level = power.level if power else "town"  # a ruling says whose it is, not that a town may do what it may not
    for ruling in ruled:
        if ruling.approved and (ruling.item, ruling.duty) == (case.item, case.duty) and hold(ruling.when, case.facts):
            step = Step(rule="ruling", row=ruling.id, detail=ruling.document)
            owner = Owner(ruling.id, ruling.owner_kind, ruling.owner, level, ruling.document, (step,))
            return _checked(owner, case, city)
    precedent = law.precedent(case.item, case.duty, case.facts, desk, today)
    if precedent:
        step = Step(rule="precedent", row=precedent.row, detail=precedent.document)
        owner = Owner(precedent.row, precedent.owner_kind, precedent.owner, level, precedent.document, (step,))
        return _checked(owner, case, city)
    if power is None:
        unit = law.reply(case.kind, case.channel).unit if case.duty == "reply" else ""
        step = Step(rule="reply_unit", row=case.kind, detail=unit)
        return Owner(f"replies:{case.kind}", "professional", unit, "town", "", (step,)) if unit else None
    state = f"{power.transfer_state} {';'.join(power.when)}" if power.when else power.transfer_state
    step = Step(rule="power", row=power.row, detail=state)
    owner = Owner(power.row, power.owner_kind, power.owner, power.level, power.basis, (step,), power.transfer_state)
    if power.transfer_state == "pending_capacity" and law.ready(case.item, case.territory, accepted):
        step = Step(rule="ready", row=power.row, detail=case.territory)
        owner = owner._replace(kind="squad", owner="*", steps=(*owner.steps, step))
    return _checked(owner, case, city)


def owner_of(decision: Decision, case: Case) -> Owner | None:
    """Whose a case of this desk is now, its own rulings included."""
    return competent(case, decision.city, decision.desk.id, decision.at, decision.desk.rulings.values())


def technical_lead(case: Case, city: City, desk: str, at: int) -> str:
    """The kind of unit that tests and measures in matters of the item; "" for an item that has no such row."""
    accepted, today = city.calendar.day(case.registered_at), city.calendar.day(at)
    power = city.law.power(case.item, "tech_test", case.facts, _whose_list(case, city, desk), accepted, today)
    return power.owner if power and power.owner_kind != "squad" else ""


def _whose_list(case: Case, city: City, desk: str) -> str:
    """Whoever holds it now, the place of the violation says by which county's list (处罚法 art. 22); without a known
    place, the desk that has it."""
    area = city.territories.get(case.territory)
    return area.desk if area else desk


def _checked(owner: Owner, case: Case, city: City) -> Owner | None:
    """Never the force's: what limits personal liberty."""
    item = city.items.get(case.item)
    if owner.kind == "squad" and item and "personal_liberty" in item.powers:
        return None
    return owner
