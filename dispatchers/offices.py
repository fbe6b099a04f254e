"""Requests between offices 部门协同: typed, with a receipt and a deadline, changing no owner (R24, R55).

Notice, on-site, test, survey, licence data, support, the seven with police, procuratorate and court; a copy notice 抄告
asks for a receipt only. There is no plain no: who denies a duty opens a dispute (R25). A joint case has one lead, who
holds it; each helper is a request of its own with clocks of its own. Rescue is asked first, before anybody is sought.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from . import events as e
from . import messages as m
from .acts import act, refuse
from .case import Case, Request
from .decision import Decision, next_of
from .rows import Item


class Ask(NamedTuple):
    """What is asked of whom: a unit, or a squad."""

    kind: str
    unit: str = ""
    squad: str = ""
    task: str = ""
    role: str = ""


def ask(decision: Decision, case: Case, what: Ask, by: dict[str, Any] | None = None) -> Case:
    """Ask an office, with the clocks of its kind from now on."""
    receipt, answer = decision.city.law.request(what.kind)
    return decision.happen(
        e.RequestMade(
            **(by or next_of(case)),
            request=Request(
                id=f"{case.id}/r{len(case.requests) + 1}",
                kind=what.kind,
                unit=what.unit,
                squad=what.squad,
                task=what.task,
                role=what.role,  # type: ignore[arg-type]
                made_at=decision.at,
                receipt_due=decision.after(receipt),
                due_at=decision.after(answer) if answer else 0,
            ),
        )
    )


def tell_rescue(decision: Decision, case: Case, item: Item | None = None) -> Case:
    """An emergency: 110, 119, 120, the company of the pipe, each at once, before anybody is sought (domain.md §5.2).
    `item`: the matter, if it is not the case's own. Nobody is told twice."""
    item = item or decision.city.items.get(case.item)
    told = {r.task for r in case.requests if r.kind == "rescue"}
    for kind in item.emergency if item else ():
        unit = decision.city.unit(kind, decision.desk.id)
        if unit and kind not in told:
            case = ask(decision, case, Ask("rescue", unit=unit, task=kind))
    return case


def request(decision: Decision, case: Case, order: m.AskOffice) -> None:
    """An office is asked, by the desk or by who has the case."""
    squad = decision.city.squads.get(order.squad)
    if bool(order.unit) == bool(order.squad):
        refuse(decision, order, "unit_or_squad", case)
    elif order.unit and order.unit not in decision.city.units:
        refuse(decision, order, "unknown_unit", case)
    elif order.squad and (squad is None or squad.desk != decision.desk.id):
        refuse(decision, order, "unknown_squad", case)
    elif order.squad in case.about and order.squad:
        refuse(decision, order, "about_them", case)
    elif order.kind == "video" and not order.purpose:
        refuse(decision, order, "purpose_missing", case)  # R51: nobody looks at people without one
    else:
        task = f"{order.task} ({order.purpose})" if order.purpose else order.task
        role = "help" if order.kind == "support" else ""
        ask(decision, case, Ask(order.kind, order.unit, order.squad, task, role), act(decision, case, order))


def sign(decision: Decision, case: Case, order: m.SignRequest) -> None:
    """A receipt."""
    wanted = _asked_of(decision, case, order)
    if wanted and wanted.signed_at:
        refuse(decision, order, "signed_before", case)
    elif wanted:
        decision.happen(e.RequestSigned(**act(decision, case, order), request_id=wanted.id))


def answer(decision: Decision, case: Case, order: m.AnswerRequest) -> None:
    """What was asked for."""
    wanted = _asked_of(decision, case, order)
    if wanted and wanted.answered_at:
        refuse(decision, order, "answered_before", case)
    elif wanted:
        decision.happen(
            e.RequestAnswered(
                **act(decision, case, order), request_id=wanted.id, note=order.note, evidence=order.evidence
            )
        )


def _asked_of(decision: Decision, case: Case, order: m.SignRequest | m.AnswerRequest) -> Request | None:
    """The request, if it was made to who speaks; else the refusal is said."""
    found = next((r for r in case.requests if r.id == order.request_id), None)
    mine = found and (found.unit == order.actor.id if found.unit else found.squad == order.actor.squad)
    if not mine:
        refuse(decision, order, "not_asked_of_you" if found else "unknown_request", case)
        return None
    return found
