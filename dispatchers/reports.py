"""What who holds a case reports: received, accepted, arrived, disposed 处置, officers recused, a penalty file opened;
and how else an offer was pushed.

An act of enforcement is two certified officers' or it is none (处罚法 art. 42): certificates are looked at with the
offer and again with the act (R80). An act that no law covers is refused and its evidence kept; the case looks for
others (scenario 13).
"""

from __future__ import annotations

from . import events as e
from . import messages as m
from .acts import act, refuse
from .assignment import expert_beside
from .case import Case
from .decision import Decision, next_of
from .dispatch import place
from .disputes import returned
from .events import Blame
from .life import allowed
from .refusals import Objection
from .terms import term

# The red lines (R22) that the desk itself sees crossed, and as what it refuses them. The first two are no lawful act,
# and the case seeks others (ActRefused); of the others the report alone is refused, and the case stays.
RED_LINES = {
    "single_officer": "two_person_rule",
    "no_certificate": "no_valid_certificate",
    "no_record": "no_record",
    "fine_limit": "fine_limit",
    "cash": "cash",
}
ON_THE_SPOT = {"citizen": 200, "organisation": 3_000, "": 3_000}  # yuan, by the simple procedure (处罚法 art. 51)
IN_CASH = 100  # yuan that may be taken without another reason (处罚法 art. 68)
BY_UNITS = ("corrected", "no_violation", "not_found", "repaired", "served", "answered")
SELF_HANDLED = "self_handled"  # 自行处置: of what a patrol finds and settles itself; a caller's report is no such thing
PENALTIES = ("simple_penalty", "general_filed")


def received(decision: Decision, case: Case, message: m.ReceiveOffer) -> None:
    """A device has it. Said once: a device that repeats itself says nothing new."""
    assert case.assignment
    decision.happen(e.OfferReceived(**act(decision, case, message), assignment_id=case.assignment.id))


def pushed(decision: Decision, case: Case, message: m.ReportPush) -> None:
    """A channel beside the squad's own page took the offer, or did not. Nobody has read it by that."""
    decision.happen(
        e.OfferPushed(
            **next_of(case),
            assignment_id=message.assignment_id,
            channel=message.channel,
            result=message.result,
            detail=message.detail,
        )
    )


def accepted(decision: Decision, case: Case, message: m.AcceptAssignment) -> None:
    """接单. A squad is on its way by the ladder; a unit need not say when it is there."""
    held = case.assignment
    assert held
    arrive = decision.city.ladder[case.priority].arrive
    due = 0 if held.unit else decision.after(arrive)
    decision.happen(e.AssignmentAccepted(**act(decision, case, message), assignment_id=held.id, arrive_due=due))


def arrived(decision: Decision, case: Case, message: m.ReportArrival) -> None:
    """到场."""
    assert case.assignment
    decision.happen(e.SquadArrived(**act(decision, case, message), assignment_id=case.assignment.id))


def disposed(decision: Decision, case: Case, message: m.ReportDisposal) -> None:
    """处置 and 反馈."""
    city, held = decision.city, case.assignment
    assert held
    if held.unit and message.result not in BY_UNITS:
        refuse(decision, message, "no_power_for_result", case)
        return
    if message.result == SELF_HANDLED and case.kind not in m.EVENT_KINDS:
        refuse(decision, message, "no_power_for_result", case)
        return
    if message.result in PENALTIES and (case.duty not in ("penalty", "coercion") or case.item not in city.items):
        refuse(decision, message, "no_power_for_result", case)
        return
    if crossed := _crossed(message):
        refuse(decision, message, crossed, case)
        return
    officers = message.officers or held.officers
    squad = city.squads.get(held.squad)
    fault = _no_act(decision, case, message, officers) if held.squad else ""
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
            party=message.party,
            fine=message.fine,
            cash=message.cash,
            check_due=decision.stage_due("check"),
        )
    )


def _crossed(message: m.ReportDisposal) -> Objection:
    """Which red line a penalty crosses by what its own report says, or ""."""
    simple = message.result == "simple_penalty"
    if message.result in PENALTIES and not message.evidence:
        return "no_record"
    if simple and message.fine > ON_THE_SPOT[message.party]:
        return "fine_limit"
    if message.cash and (not simple or (message.cash > IN_CASH and not message.note)):
        return "cash"
    return ""


def _no_act(decision: Decision, case: Case, message: m.ReportDisposal, officers: tuple[str, ...]) -> str:
    """Why these officers' act is none, or "": as of when they acted, if that can be believed, else as of now. What
    enforces nothing, as a cordon, is no such act; a penalty always is."""
    item, held, claim = decision.city.items.get(case.item), case.assignment, message.happened_at
    supports = item is None or item.crew == "support" or case.emergency
    if held is None or (supports and message.result not in PENALTIES):
        return ""
    if any(o in case.recused or o in case.about for o in officers):
        return "recused"
    believed = claim is not None and claim >= held.offered_at and not act(decision, case, message)["odd_claim"]
    when = claim if believed and claim is not None else decision.at
    return _no_pair(decision, case, held.squad, officers, decision.city.calendar.day(when))


def _no_pair(decision: Decision, case: Case, squad: str, officers: tuple[str, ...], day: int) -> str:
    """Why these are no two officers who may enforce the item on a day (处罚法 art. 42), or ""."""
    city, item = decision.city, decision.city.items.get(case.item)
    here = {o.number for team in city.teams_of(squad) for o in city.formal(team.id, day)}  # nobody who is lent out
    if len(set(officers)) < 2:
        return "two_person_rule"
    if any(o not in here for o in officers):
        return "not_an_officer_of_the_squad"
    expert = expert_beside(case)
    if item is None or any(not city.certified(o, item, day, expert) for o in officers):
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
            dispatch_due=decision.after(patience),
            blame=Blame(responsibility="enforcement", unit=case.assignment.squad),
        )
    )
    place(decision, case)


def recused(decision: Decision, case: Case, message: m.RecuseOfficers) -> None:
    """回避. If one of those who were to act is among them, the case seeks others, of the same squad too; where it
    cannot be given back any more, others must act."""
    known = [decision.city.officer(o, decision.day) for o in message.officers]
    own = message.actor.squad if message.actor.role in ("squad", "leader") else ""
    if not message.officers or any(o is None or (own and o.squad != own) for o in known):
        refuse(decision, message, "unknown_officer", case)
        return
    chosen = case.assignment and set(message.officers) & set(case.assignment.officers)
    case = decision.happen(
        e.OfficersRecused(**act(decision, case, message), officers=message.officers, reason=message.reason)
    )
    if chosen and allowed(case.status, e.AssignmentReturned):
        returned(decision, case, message, "recusal", message.reason, message.officers)


def penalty(decision: Decision, case: Case, message: m.FilePenalty) -> None:
    """处罚立案: the clock of the penalty begins (处罚法 art. 60), that of disposal is answered. A second file of the
    same case begins no new one."""
    city, held = decision.city, case.assignment
    assert held
    limit = city.law.stage("penalty", decision.day)
    if case.duty not in ("penalty", "coercion"):
        refuse(decision, message, "no_power_for_result", case)
        return
    if _no_pair(decision, case, held.squad, held.officers, decision.day):
        refuse(decision, message, "no_certified_pair", case)
        return
    decision.happen(
        e.PenaltyFiled(
            **act(decision, case, message),
            assignment_id=held.id,
            file_no=message.file_no,
            term=case.term("penalty") or term(city.calendar, "penalty", str(limit), decision.at),
        )
    )
