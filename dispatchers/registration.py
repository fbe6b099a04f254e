"""How a case comes to a desk: registered 立案 from intake's letter, updated by its source, taken from another desk."""

from __future__ import annotations

from . import events as e
from . import messages as m
from .case import Case, Status
from .decision import Decision
from .escalation import operator, place
from .ids import case_id
from .jurisdiction import whose
from .life import allowed

NOTHING_KNOWN = 2  # priority of a matter that nobody knows yet: an operator looks within the day


def register(decision: Decision, letter: m.RegisterCase) -> None:
    """立案: number, item, clocks, and at once somebody to do it."""
    if decision.case(letter.case_id) or letter.case_id in decision.desk.gone:
        _refuse(decision, letter.case_id, "RegisterCase", "known")
        return
    filed, city = letter.filed, decision.city
    item = city.item_of(filed.scheme, filed.code)
    priority = item.priority if item else NOTHING_KNOWN
    step = city.ladder[priority]
    where = whose(filed.place, city)
    case = decision.happen(
        e.CaseRegistered(
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
            nature=item.nature if item else "",
            priority=priority,
            weight=step.weight,
            received_at=filed.received_at,
            filed_at=filed.filed_at,
            dispatch_due=city.calendar.after(decision.at, step.dispatch),
            due_at=city.calendar.after(decision.at, city.limits[item.id]) if item else 0,
            limit=item.limit if item else "",
            channel=filed.channel,
            attachments=filed.attachments,
            reporter_ref=filed.reporter_ref,
            caller_tag=filed.caller_tag,
        )
    )
    place(decision, case)


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
    decision.happen(
        e.CaseUpdated(
            case_id=case.id,
            case_version=case.version + 1,
            title=filed.title,
            description=filed.description,
            address=filed.place.address,
            attachments=filed.attachments,
        )
    )


def take(decision: Decision, letter: m.TakeCase, sender: str) -> None:
    """Another desk's case is ours now. We cannot refuse it, only hand it back."""
    patience = decision.city.ladder[letter.case.priority].dispatch
    case = decision.happen(
        e.CaseTaken(
            case_id=letter.case.id,
            case_version=letter.case.version + 1,
            from_desk=sender,
            case=letter.case,
            dispatch_due=decision.city.calendar.after(decision.at, patience),
            reason=letter.reason,
        )
    )
    area = decision.city.territories.get(case.territory)
    ours = area is not None and area.desk == decision.desk.id
    if ours or decision.city.ladder[case.priority].helps:
        place(decision, case)
    else:
        operator(decision, case, "handed_over", letter.reason)


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
    day = int(decision.city.calendar.date(decision.at).strftime("%Y%m%d"))
    serial = decision.desk.serial + 1 if decision.desk.serial_day == day else 1
    return f"{decision.city.desks[decision.desk.id].prefix}-{day}-{serial:04d}"


def _refuse(decision: Decision, case_id: str, order: str, reason: str, case: Case | None = None) -> None:
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
