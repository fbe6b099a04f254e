"""How a case comes to a desk: registered 立案 from intake's letter, updated by its source, taken from another desk.

What is found out at registration, in its order: what it is and whom it is about, what its caller is owed, whether
somebody must be told at once, whether it is a matter that runs already, and only then who shall do it.
"""

from __future__ import annotations

from . import events as e
from . import messages as m
from .case import Case, Status, Term
from .classification import Matter, about_whom, classify
from .decision import Decision, next_of
from .dispatch import operator, place
from .ids import case_id
from .jurisdiction import Whose, whose
from .levels import hand_over
from .life import allowed
from .merging import find_parent, join
from .offices import tell_rescue
from .refusals import Refusal
from .terms import term

NOTHING_KNOWN = 2  # priority of a matter that nobody knows yet: an operator looks within the day


def register(decision: Decision, letter: m.RegisterCase) -> None:
    """立案: number, item, clocks, and at once somebody to do it."""
    if decision.case(letter.case_id) or letter.case_id in decision.desk.gone:
        _refuse(decision, letter.case_id, "RegisterCase", "known")
        return
    case = decision.happen(_registered(decision, letter))
    case = tell_rescue(decision, case)
    parent = find_parent(decision, case)
    if parent:
        join(decision, case, parent, "same_matter")
    else:
        place(decision, case)


def _registered(decision: Decision, letter: m.RegisterCase) -> e.CaseRegistered:
    filed, city = letter.filed, decision.city
    matter = classify(filed, city, decision.at)
    where = whose(filed.place, city)
    item = matter.item
    priority = item.priority if item else NOTHING_KNOWN
    step = city.ladder[priority]
    place_step = e.Step(rule=where.why, row=where.territory, detail=where.doubt)
    return e.CaseRegistered(
        case_id=letter.case_id,
        case_version=1,
        case_no=_number(decision),
        desk=decision.desk.id,
        source=filed.source,
        source_id=filed.source_id,
        kind=filed.kind,
        title=filed.title or (item.name if item else ""),
        description=filed.description,
        address=filed.place.address,
        lon=filed.place.lon,
        lat=filed.place.lat,
        datum=filed.place.datum,
        given_lon=filed.place.given_lon,
        given_lat=filed.place.given_lat,
        territory=where.territory,
        near=where.near,
        item=item.id if item else "",
        domain=item.domain if item else "",
        nature=matter.nature,
        duty=matter.duty,
        facts=matter.facts,
        power_list=city.law.list_in_force(decision.desk.id, decision.day),
        emergency=matter.emergency,
        about=about_whom(city, item, matter.facts, where.territory, decision.day),
        doubt=where.doubt,
        priority=priority,
        weight=step.weight,
        received_at=filed.received_at,
        filed_at=filed.filed_at,
        dispatch_due=decision.after(step.dispatch),
        limit=item.limit if item else "",
        channel=filed.channel,
        attachments=filed.attachments,
        reporter_ref=filed.reporter_ref,
        caller_tag=filed.caller_tag,
        terms=(*_owed(decision, filed), *_to_accept(decision, filed, matter, where)),
        steps=(place_step, *matter.steps),
    )


def _owed(decision: Decision, filed: m.Filed) -> tuple[Term, ...]:
    """What the caller is owed: an answer within the limit of the kind, from the receipt of this very report."""
    rule = decision.city.law.reply(filed.kind, filed.channel)
    start = filed.filed_at or decision.at
    return (term(decision.city.calendar, "reply", rule.text, start),) if rule.limit else ()


def _to_accept(decision: Decision, filed: m.Filed, matter: Matter, where: Whose) -> tuple[Term, ...]:
    """受理 where the rules cannot say what it is or where: until somebody does. What waits for nobody is accepted."""
    known = matter.item and where.territory and not where.doubt
    if known or matter.duty == "reply" or matter.emergency or (matter.item and matter.item.about_force):
        return ()
    limit = decision.city.law.stage("accept", decision.day)
    return (term(decision.city.calendar, "accept", str(limit), filed.filed_at or decision.at),)


def update(decision: Decision, letter: m.UpdateCase) -> None:
    """The source says more: appended to the case, wherever it is now."""
    case = decision.case(letter.case_id)
    gone = decision.desk.gone.get(letter.case_id)
    if case is None and gone and gone.to_desk:
        decision.emit(
            e.OrderForwarded(case_id=letter.case_id, case_version=gone.version, message_id="", to_desk=gone.to_desk)
        )
        decision.send(gone.to_desk, m.ForwardedUpdate(update=letter))
        return
    if case is None:
        _refuse(decision, letter.case_id, "UpdateCase", "closed" if gone else "unknown_case")
        return
    if not allowed(case.status, e.CaseUpdated):
        _refuse(decision, letter.case_id, "UpdateCase", "forbidden_now", case)
        return
    filed = letter.filed
    case = decision.happen(
        e.CaseUpdated(
            **next_of(case),
            title=filed.title,
            description=filed.description,
            address=filed.place.address,
            attachments=filed.attachments,
        )
    )
    told = classify(filed, decision.city, decision.at)
    if told.emergency and allowed(case.status, e.RequestMade):  # what began harmless may be none: the gate asks again
        tell_rescue(decision, case, told.item)


def take(decision: Decision, letter: m.TakeCase, sender: str) -> None:
    """Another desk's case is ours now. We cannot refuse it, only hand it back. A child comes with its parent."""
    patience = decision.city.ladder[letter.case.priority].dispatch
    case = decision.happen(
        e.CaseTaken(
            case_id=letter.case.id,
            case_version=letter.case.version + 1,
            from_desk=sender,
            case=letter.case,
            dispatch_due=decision.after(patience),
            reason=letter.reason,
        )
    )
    if case.status is Status.MERGED:
        _join_again(decision, case)
        return
    area = decision.city.territories.get(case.territory)
    ours = area is not None and area.desk == decision.desk.id
    wanted = case.level == "city" and letter.reason == "reserved"
    if ours or wanted or case.about or case.designated or decision.city.ladder[case.priority].helps:
        place(decision, case)
    else:
        operator(decision, case, "handed_over", letter.reason)


def _join_again(decision: Decision, child: Case) -> None:
    """A child that came behind its parent: the parent may have gone on meanwhile, or have ended without it."""
    gone = decision.desk.gone.get(child.parent)
    if decision.case(child.parent):
        return
    if gone and gone.to_desk:
        hand_over(decision, child, gone.to_desk, "behind its parent")
        return
    patience = decision.city.ladder[child.priority].dispatch
    due = decision.after(patience)
    case = decision.happen(e.CaseSplit(**next_of(child), parent=child.parent, reason="parent_ended", dispatch_due=due))
    place(decision, case)


def broken(decision: Decision, letter: m.BrokenLetter) -> None:
    """A letter whose content fails: its case is an operator's; the bytes lie in dead-letters (law 7)."""
    decision.emit(e.MessageUnreadable(reason=letter.reason, detail=letter.detail))
    case = decision.case(letter.case_id)
    if case and case.status in (Status.TO_DISPATCH, Status.OPERATOR):
        operator(decision, case, "broken_letter", f"{letter.sender} {letter.number}")
    elif case is None and letter.case_id not in decision.desk.gone:
        number = f"{decision.desk.id}/{letter.number}"  # letters are numbered per sender and receiver
        stub = m.Filed(
            topic="desk-inbox",
            source=letter.sender,
            source_id=number,
            kind="report",
            received_at=decision.at,
            title=f"unreadable letter {letter.number} of {letter.sender}",
        )
        new = letter.case_id or case_id(stub.topic, stub.source, stub.source_id)
        register(decision, m.RegisterCase(case_id=new, filed=stub))


def _number(decision: Decision) -> str:
    """The next case number of the day: JS-20260713-0042."""
    day = decision.city.calendar.number(decision.day)
    serial = decision.desk.serial + 1 if decision.desk.serial_day == day else 1
    return f"{decision.city.desks[decision.desk.id].prefix}-{day}-{serial:04d}"


def _refuse(decision: Decision, case_id: str, order: str, reason: Refusal, case: Case | None = None) -> None:
    held = case or decision.case(case_id)
    gone = decision.desk.gone.get(case_id)
    decision.emit(
        e.OrderRefused(
            case_id=case_id,
            case_version=held.version if held else gone.version if gone else 0,
            message_id="",
            order=order,
            actor=None,
            reason=reason,
            status=held.status if held else "",
        )
    )
