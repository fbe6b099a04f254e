"""A command desk decides: one message in, the events of its record out.

    decide(desk, message, city, at) -> events      no clock, no I/O; the desk is not changed
    state.evolve(desk, event, at)   -> desk        the fold

A refusal, a duplicate, a missing squad is an event with a reason, never an exception, never silence. Only a repeated
letter and a wake-up with nothing due decide nothing (law 1).
"""

from __future__ import annotations

from itertools import islice

from . import events as e
from . import messages as m
from .assignment import LOOKED_AT
from .city import City
from .deadlines import fall_due
from .decision import Decision
from .dispatch import place
from .orders import carry_out, unpark
from .registration import broken, register, take, update
from .state import Desk
from .targets.periods import after, before, ends_at, freeze_due, freezes_at, period_of

DUE_AT_ONCE = 100  # a wake-up decides about at most this many cases, so that no record grows without bound,
OF_ONE_CASE = 8  # and at most so many things of each: what is left is due still, and the next wake-up has it


def decide(desk: Desk, message: m.DeskMessage, city: City, at: int) -> list[e.AnyEvent]:
    """The events of one message at `at`; empty only for a repeated letter and a wake-up with nothing due."""
    decision = Decision(desk, city, at)
    if not desk.city or not desk.freeze_due:
        decision.emit(e.CityAdopted(city=city.version, freeze_due=freeze_due(city, at)))
    match message:
        case m.WakeUp():
            if not _fall_due(decision):
                return []
        case m.Letter() | m.BrokenLetter():
            if not _letter(decision, message):
                return []
        case m.Unreadable():
            decision.emit(e.MessageUnreadable(reason=message.reason, detail=message.detail))
        case _:
            _order(decision, message)
    _use_freed(decision)
    _unpark(decision)
    return decision.events


def _fall_due(decision: Decision) -> bool:
    due = [case_id for instant, case_id in decision.desk.dues[:DUE_AT_ONCE] if instant <= decision.at]
    for case_id in due:
        for row in decision.waiting_orders(case_id):
            if row.until <= decision.at:
                unpark(decision, row)
        for _ in range(OF_ONE_CASE):  # none, if an earlier one of this very wake-up has settled it
            case = decision.case(case_id)
            if case is None or not 0 < case.next_due <= decision.at:
                break
            fall_due(decision, case)
    return bool(due) | _freeze(decision)


def _freeze(decision: Decision) -> bool:
    """The numbers of the oldest month that is not frozen yet, once its time has come (domain.md §2.1)."""
    due, city = decision.desk.freeze_due, decision.city
    if not 0 < due <= decision.at:
        return False
    offset = city.facts.utc_offset_minutes
    period = before(period_of(due, offset))
    next_due = freezes_at(city, after(period))
    decision.emit(e.PeriodFrozen(period=period, ends_at=ends_at(period, offset), next_due=next_due))
    return True


def _letter(decision: Decision, letter: m.Letter | m.BrokenLetter) -> bool:
    """Take the next letter of its sender; drop a repeated one, tell of one beyond the next (law 7)."""
    expected = decision.desk.letters_in.get(letter.sender, 0) + 1
    if letter.number < expected:
        return False
    if letter.number > expected:
        decision.emit(e.LetterGap(sender=letter.sender, number=letter.number, expected=expected))
        return True
    decision.emit(e.LetterReceived(sender=letter.sender, number=letter.number))
    if isinstance(letter, m.BrokenLetter):
        broken(decision, letter)
        return True
    match letter.body:
        case m.RegisterCase():
            register(decision, letter.body)
        case m.UpdateCase():
            update(decision, letter.body)
        case m.TakeCase():
            take(decision, letter.body, letter.sender)
        case m.ForwardedOrder(order=order):
            _order(decision, order)
        case m.ForwardedUpdate(update=forwarded):
            update(decision, forwarded)
    return True


def _order(decision: Decision, order: m.DeskOrder) -> None:
    case_id = order.case_id if isinstance(order, m.CaseOrder) else ""
    held = decision.case(case_id)
    version = held.version if held else 0
    if order.message_id in decision.desk.seen:
        decision.emit(e.OrderRepeated(case_id=case_id, case_version=version, message_id=order.message_id))
        return
    if carry_out(decision, order):
        until = decision.at + decision.city.message_ids_ms
        decision.emit(e.MessageSeen(message_id=order.message_id, forget_after=until))


def _unpark(decision: Decision) -> None:
    """Orders whose version has come, in the order of their versions; each may bring the next one's."""
    while rows := decision.parked():
        unpark(decision, rows[0])


def _use_freed(decision: Decision) -> None:
    """Whoever this decision freed gets the cases that wait at home, in the order of their turns."""
    for squad_id in decision.freed:
        squad = decision.city.squads.get(squad_id)
        if squad is None:
            continue
        for case in list(islice(decision.waiting(squad.territory), LOOKED_AT)):
            place(decision, case)
