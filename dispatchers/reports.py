"""What who holds a case reports: received, accepted, arrived, disposed 处置, officers recused, a penalty file opened.

An act of enforcement is two certified officers' or it is none (处罚法 art. 42): certificates are looked at with the
offer and again with the act (R80). An act that no law covers is refused and its evidence kept; the case looks for
others (scenario 13).
"""

from __future__ import annotations

from . import events as e
from . import messages as m
from .acts import act, refuse
from .case import Case
from .decision import Decision
from .dispatch import place
from .disputes import returned
from .events import Blame
from .terms import term

BY_UNITS = ("corrected", "no_violation", "not_found", "repaired", "served", "answered")
PENALTIES = ("simple_penalty", "general_filed")


def received(decision: Decision, case: Case, message: m.ReceiveOffer) -> None:
    """A device has it. Said once: a device that repeats itself says nothing new."""
    assert case.assignment
    decision.happen(e.OfferReceived(**act(decision, case, message), assignment_id=case.assignment.id))


def accepted(decision: Decision, case: Case, message: m.AcceptAssignment) -> None:
    """接单. A squad is on its way by the ladder; a unit need not say when it is there."""
    held = case.assignment
    assert held
    arrive = decision.city.ladder[case.priority].arrive
    due = 0 if held.unit else decision.city.calendar.after(decision.at, arrive)
    decision.happen(e.AssignmentAccepted(**act(decision, case, message), assignment_id=held.id, arrive_due=due))


def arrived(decision: Decision, case: Case, message: m.ReportArrival) -> None:
    """到场."""
    assert case.assignment
    decision.happen(e.SquadArrived(**act(decision, case, message), assignment_id=case.assignment.id))


def disposed(decision: Decision, case: Case, message: m.ReportDisposal) -> None:
    """处置 and 反馈."""
    held = case.assignment
    assert held
    if held.unit and message.result not in BY_UNITS:
        refuse(decision, message, "no_power_for_result", case)
        return
    if message.result in PENALTIES and case.duty not in ("penalty", "coercion"):
        refuse(decision, message, "no_power_for_result", case)
        return
    officers = message.officers or held.officers
    squad = decision.city.squads.get(held.squad)
    fault = _no_act(decision, case, message, officers) if squad else ""
    if fault:
        _refuse_act(decision, case, message, officers, fault)
        return
    decision.happen(
        e.CaseDisposed(
            **act(decision, case, message),
            assignment_id=held.id,
            squad=held.squad,
            team=held.team,
            unit=held.unit,
            tier=squad.tier if squad else "",
            officers=officers,
            result=message.result,
            note=message.note,
            evidence=message.evidence,
            check_due=decision.stage_due("check"),
        )
    )


def _no_act(decision: Decision, case: Case, message: m.ReportDisposal, officers: tuple[str, ...]) -> str:
    """Why these officers' act is none, or "": as of when they acted, if that can be believed, else as of now."""
    city, item = decision.city, decision.city.items.get(case.item)
    if item is None or item.crew == "support" or case.emergency:
        return ""
    when = act(decision, case, message)
    day = city.calendar.day(message.happened_at if message.happened_at and not when["odd_claim"] else decision.at)
    if any(o in case.recused or o in case.about for o in officers):
        return "recused"
    if len(set(officers)) < 2:
        return "two_person_rule"
    squad = case.assignment.squad if case.assignment else ""
    known = [city.officer(o, day) for o in officers]
    if any(o is None or o.squad != squad or o.employment != "formal" for o in known):
        return "not_an_officer_of_the_squad"
    if any(not city.certified(o, item, day) for o in officers):
        return "no_valid_certificate"
    return ""


def _refuse_act(
    decision: Decision, case: Case, message: m.ReportDisposal, officers: tuple[str, ...], fault: str
) -> None:
    assert case.assignment
    patience = decision.city.ladder[case.priority].dispatch
    case = decision.happen(
        e.ActRefused(
            **act(decision, case, message),
            assignment_id=case.assignment.id,
            reason=fault,
            officers=officers,
            result=message.result,
            note=message.note,
            evidence=message.evidence,
            dispatch_due=decision.city.calendar.after(decision.at, patience),
            blame=Blame(responsibility="enforcement", unit=case.assignment.squad),
        )
    )
    place(decision, case)


def recused(decision: Decision, case: Case, message: m.RecuseOfficers) -> None:
    """回避. If one of those who were to act is among them, the case seeks others, of the same squad too."""
    if any(o not in decision.city.officers for o in message.officers):
        refuse(decision, message, "unknown_officer", case)
        return
    case = decision.happen(
        e.OfficersRecused(**act(decision, case, message), officers=message.officers, reason=message.reason)
    )
    if case.assignment and set(message.officers) & set(case.assignment.officers):
        returned(decision, case, message, "recusal", message.reason, message.officers)


def penalty(decision: Decision, case: Case, message: m.FilePenalty) -> None:
    """处罚立案: the clock of the penalty begins (处罚法 art. 60), that of disposal is answered."""
    assert case.assignment
    if case.duty not in ("penalty", "coercion"):
        refuse(decision, message, "no_power_for_result", case)
        return
    decision.happen(
        e.PenaltyFiled(
            **act(decision, case, message),
            assignment_id=case.assignment.id,
            file_no=message.file_no,
            term=term(
                decision.city.calendar, "penalty", str(decision.city.law.stage("penalty", decision.day)), decision.at
            ),
        )
    )
