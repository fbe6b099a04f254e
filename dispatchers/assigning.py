"""What an operator does with a case: look first, say what it is, give it to somebody, up, down, to another desk."""

from __future__ import annotations

from typing import Any, cast

from msgspec.structs import replace

from . import events as e
from . import messages as m
from .acts import act, refuse
from .assignment import Choice, choose
from .case import Case, Status
from .classification import about_whom, duty_of
from .competence import Owner, owner_of
from .decision import Decision
from .dispatch import REACH, Why, offer, operator, order, place, verify
from .levels import hand_over, kicked_around, may_hand_over, raise_level
from .offices import tell_rescue
from .refusals import Objection, Refusal
from .rows import Squad
from .terms import acceptance_goes_on
from .transitions import TRANSITIONS

LOWER = {"city": "county", "county": "town"}
LEVEL_OF = {"town_squad": "town", "zone_squad": "town", "county_mobile": "county", "city_detachment": "city"}


def movable(case: Case, role: str) -> bool:
    """Whether the case is free, or may be taken by this role from who has it. Coordination takes as operators do."""
    role = "operator" if role == "coordination" else role
    edge = TRANSITIONS.get((case.status, "AssignmentWithdrawn"))
    return case.status in (Status.TO_DISPATCH, Status.OPERATOR) or (edge is not None and role in edge.who)


def assign(decision: Decision, case: Case, message: m.AssignCase) -> None:
    """派单 by an operator: whoever holds the case loses it; power, pair and cap bind operators too (R34). By a leader:
    from one team of the own squad to another, at the level at which it is."""
    city, squad, choice = decision.city, decision.city.squads.get(message.squad), None
    owner = owner_of(decision, case)
    refusal = _may_assign(decision, case, message, owner)
    if not refusal and squad:
        choice = _pick(decision, case, squad.id, message.team)
        if choice.squad is None:
            refusal = _unable(choice)
    if refusal:
        refuse(decision, message, refusal, case)
        return
    case = withdraw(decision, case, message)
    leader = message.actor.role == "leader"
    why = Why(owner, "handover" if leader else "operator", message.actor, message.reason)
    if squad and REACH[LEVEL_OF[squad.tier]] < REACH[case.level] and not (case.designated or leader):
        case = _lowered(decision, case, message, LEVEL_OF[squad.tier])
    if choice:
        offer(decision, case, choice, why)
    else:
        kind = owner if owner and city.unit(owner.owner, decision.desk.id) == message.unit else None
        order(decision, case, message.unit, why._replace(owner=kind))


def _unable(choice: Choice) -> Refusal:
    """Why nobody of those looked at can; nobody at all: there is no such team."""
    return cast(Refusal, min((c.lost for c in choice.candidates), default="unknown_team"))


def _may_assign(decision: Decision, case: Case, message: m.AssignCase, owner: Owner | None) -> Objection:
    """Why this may not be, or ""."""
    city, squad = decision.city, decision.city.squads.get(message.squad)
    enforcement = case.nature == "enforcement"
    if nobody := _names_nobody(decision, message):
        return nobody
    if case.duty != "reply" and case.item not in city.items:
        return "classify_first"  # who may act depends on what it is
    if case.designated and case.designated not in (message.squad, message.unit):
        return "ruling_is_final"
    if squad and not case.designated and (owner is None or owner.kind != "squad"):
        return "squad_has_no_power"
    theirs = city.unit(owner.owner, decision.desk.id) if owner else ""
    if message.unit and enforcement and owner and message.unit not in (theirs, case.designated):
        return "unit_has_no_power"
    if not message.reason:
        return "reason_missing"
    if not movable(case, message.actor.role):
        return "forbidden_now"
    return _not_for(decision, case, squad, owner, message.actor.role) if squad and not case.designated else ""


def _names_nobody(decision: Decision, message: m.AssignCase) -> Objection:
    """Why the order names nobody to whom this actor may give anything, or ""."""
    city, squad, leader = decision.city, decision.city.squads.get(message.squad), message.actor.role == "leader"
    if bool(message.unit) == bool(message.squad):
        return "unit_or_squad"
    if leader and message.squad != message.actor.squad:
        return "own_squad_only"
    if leader and not message.team:
        return "unknown_team"  # who has it might get it again
    if message.unit and message.unit not in city.units:
        return "unknown_unit"
    return "unknown_squad" if message.squad and (squad is None or squad.desk != decision.desk.id) else ""


def _not_for(decision: Decision, case: Case, squad: Squad, owner: Owner | None, role: str) -> Objection:
    """Why the squad may not have it though its kind may: a level below the list's, another organ's neighbour, or a
    sending down that LowerCase would refuse."""
    city, day = decision.city, decision.day
    reach = REACH[LEVEL_OF[squad.tier]]
    home = city.squad_at(case.territory, day)
    if owner and reach < REACH[owner.level]:
        return "not_theirs_by_the_list"
    ours = home is not None and home.desk == decision.desk.id  # what coordination gave us is ours by its word
    if home and ours and home.id != squad.id and reach == REACH["town"]:
        name = city.law.acting_name(case.item, home, day)
        if city.law.acting_name(case.item, squad, day) != name:
            return "another_authority"
    return _no_lowering(case, role) if reach < REACH[case.level] and role != "leader" else ""


def _no_lowering(case: Case, role: str) -> Objection:
    """Why the case may not go down: something is under review, or it went down once (again: only the chief)."""
    if case.relaxation or case.supervised:
        return "under_review"
    return "lowered_before" if case.lowered and role != "chief" else ""


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


def withdraw(decision: Decision, case: Case, message: Any) -> Case:
    """Take the case from who has it; what stands of its limits goes on with the next dispatch."""
    if case.assignment is None:
        return case
    return decision.happen(
        e.AssignmentWithdrawn(**act(decision, case, message), assignment_id=case.assignment.id, reason=message.reason)
    )


def confirm(decision: Decision, case: Case, message: m.ConfirmProposal) -> None:
    """An operator does what the rules proposed, if it may and can still be done."""
    wish, owner = case.proposal, owner_of(decision, case)
    if wish is None or case.mode != "propose":
        refuse(decision, message, "nothing_proposed", case)
        return
    why, choice = Why(owner, "confirmed", message.actor, "as proposed"), None
    same = m.AssignCase(
        message_id=message.message_id, actor=message.actor, case_id=case.id, squad=wish.squad, unit=wish.unit,
        reason=why.reason,
    )  # fmt: skip
    refusal = _may_assign(decision, case, same, owner)
    if not refusal and wish.squad:
        choice = _pick(decision, case, wish.squad, wish.team)
        refusal = _unable(choice) if choice.squad is None else ""
    if refusal:
        refuse(decision, message, refusal, case)
    elif choice:
        offer(decision, case, choice, why)
    else:
        order(decision, case, wish.unit, why)


def verify_by_order(decision: Decision, case: Case, message: m.VerifyCase) -> None:
    """核实: somebody shall look first."""
    if not decision.city.collector(case.territory, decision.desk.id, decision.day):
        refuse(decision, message, "nobody_to_verify", case)
    else:
        verify(decision, case, message.reason or "ordered", message.actor)


def verified(decision: Decision, case: Case, message: m.ReportVerification) -> None:
    """What the collector found. The clock of acceptance stood meanwhile: it goes on with what was left."""
    city, who = decision.city, message.actor
    if who.role == "checker" and who.id in city.collectors and who.id != case.collector:
        refuse(decision, message, "not_asked_of_you", case)  # a collector's own look alone
        return
    if message.territory and message.territory not in city.territories:
        refuse(decision, message, "unknown_territory", case)
        return
    looked = city.law.stage("verify", decision.day)
    begun = case.stage_due - looked.ms  # continuous, as all stages of looking
    left = max(0, case.dispatch_due - begun)
    case = decision.happen(
        e.CaseVerified(
            **act(decision, case, message),
            found=message.found,
            territory=message.territory,
            near=tuple(t for t in case.near if t != message.territory),
            lon=message.lon,
            lat=message.lat,
            facts=message.facts,
            note=message.note,
            dispatch_due=decision.at + left,
            terms=acceptance_goes_on(case, city.calendar, decision.at),
        )
    )
    if not message.found:
        operator(decision, case, "not_found", message.note)
    else:
        _where_it_belongs(decision, case, message, "verified_there")


def _where_it_belongs(decision: Decision, case: Case, message: m.CaseOrder, reason: str) -> None:
    """Seek somebody, at the desk of its territory; what is the city's, or about the force, stays at the city's."""
    area = decision.city.territories.get(case.territory)
    theirs = area.desk if area else decision.desk.id
    if case.about:
        theirs = decision.city.city_desk  # nobody judges in their own cause (R66)
    if theirs == decision.desk.id or (case.level == "city" and not case.about):
        place(decision, case)
    else:
        hand_over(decision, case, theirs, reason, message.actor)


def classify_by_order(decision: Decision, case: Case, message: m.ClassifyCase) -> None:
    """What it is, by an operator's word. Facts that are said anew count; the list is still that of acceptance."""
    city = decision.city
    item = city.law.item(message.item, decision.day)
    if item is None or (message.territory and message.territory not in city.territories):
        refuse(decision, message, "unknown_territory" if item else "unknown_item", case)
        return
    facts = {**case.facts, **message.facts}
    reply = case.duty == "reply" and item.nature in ("enforcement", "reply")  # never made an enforcement task
    step = city.ladder[item.priority]
    case = decision.happen(
        e.CaseClassified(
            **act(decision, case, message),
            item=item.id,
            domain=item.domain,
            nature="reply" if reply else item.nature,
            duty="reply" if reply else duty_of(item, facts),
            priority=item.priority,
            weight=step.weight,
            territory=message.territory or case.territory,
            facts=facts,
            emergency=bool(item.emergency),
            about=about_whom(city, item, facts, message.territory or case.territory, decision.day),
            placed=bool(message.territory),
            reason=message.reason,
            dispatch_due=decision.after(step.dispatch),
        )
    )
    if case.emergency:
        case = tell_rescue(decision, case)
    _where_it_belongs(decision, case, message, "classified_there")


def escalate(decision: Decision, case: Case, message: m.EscalateCase) -> None:
    """升级: a level up. A case that nobody holds is sought for there at once; the city's goes to the city desk."""
    if case.level == "city" and decision.desk.id == decision.city.city_desk:
        refuse(decision, message, "highest_level", case)
        return
    case = raise_level(decision, case, message.reason, message.actor, cause=message.cause)
    free = case.status in (Status.TO_DISPATCH, Status.OPERATOR)
    if free and case.level == "city" and decision.desk.id != decision.city.city_desk:
        hand_over(decision, case, decision.city.city_desk, message.reason, message.actor)
    elif free:
        place(decision, case)


def lower(decision: Decision, case: Case, message: m.LowerCase) -> None:
    """下沉: one level down, if the town may, if nothing is under review, and once (again: only the chief)."""
    owner = owner_of(decision, case)
    level = LOWER.get(case.level, "")
    home = decision.city.squad_at(case.territory, decision.day)
    fault: Objection = ""
    if not level:
        fault = "lowest_level"
    elif owner is None or owner.kind != "squad" or REACH[owner.level] > REACH[level]:
        fault = "not_theirs_by_the_list"
    elif again := _no_lowering(case, message.actor.role):
        fault = again
    elif level == "town" and (home is None or choose(decision, case, [home]).squad is None):
        fault = "home_cannot"
    if fault:
        refuse(decision, message, fault, case)
        return
    _where_it_belongs(decision, _lowered(decision, case, message, level), message, "lowered")


def _lowered(decision: Decision, case: Case, message: m.LowerCase | m.AssignCase, level: str) -> Case:
    return decision.happen(
        e.CaseLowered(
            **act(decision, case, message),
            reason=message.reason,
            level=level,  # type: ignore[arg-type]
            month_end=_month_ends(decision),
        )
    )


def _month_ends(decision: Decision) -> bool:
    """Whether the month is about to end, so that the R1 audit marks what is sent down now (scenario 22)."""
    calendar, at = decision.city.calendar, decision.at
    return calendar.date(at).month != calendar.date(at + decision.city.month_end_ms).month


def hand_over_by_order(decision: Decision, case: Case, message: m.HandOverCase) -> None:
    """To another desk: up to the city's or down from it, sideways only where a place of theirs is in question."""
    if message.to_desk not in decision.city.desks or message.to_desk == decision.desk.id:
        refuse(decision, message, "unknown_desk", case)
    elif not movable(case, message.actor.role):
        refuse(decision, message, "forbidden_now", case)
    elif not may_hand_over(decision, case, message.to_desk, message.actor.role):
        refuse(decision, message, "another_county", case)
    elif kicked_around(decision, case, message.to_desk, message.actor.role):
        refuse(decision, message, "handed_over_too_often", case)
    elif _reserved(decision, case, message.to_desk):
        refuse(decision, message, "not_theirs_by_the_list", case)
    else:
        case = withdraw(decision, case, message)
        hand_over(decision, case, message.to_desk, message.reason, message.actor)


def _reserved(decision: Decision, case: Case, to_desk: str) -> bool:
    """Whether the list keeps the matter for the city, so that no county can have it."""
    owner = None if case.designated or to_desk == decision.city.city_desk else owner_of(decision, case)
    return owner is not None and owner.kind == "squad" and owner.level == "city"
