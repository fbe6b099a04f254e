"""What a desk remembers, and how events change it. The fold of its log, nothing else (law 2).

`evolve` reads the event and the record's `at` alone, never the city. It changes the desk it is given and hands it back:
the fold owns its state, and a copy of 100,000 cases for each event would be the whole cost of deciding. Cases are
values: a changed case is a new one. Every memory here is bounded by an instant that the event itself carries.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Any

import msgspec

from . import events as e
from .case import GONE, Case, Status
from .life import after, born, taken


class Gone(msgspec.Struct, frozen=True):
    """A case this desk no longer holds: where it went ("" closed), and until when that is remembered."""

    to_desk: str
    version: int
    forget_after: int


class Duty(msgspec.Struct, frozen=True):
    """The roster overruled for one officer."""

    on_duty: bool
    until: int | None


class Desk(msgspec.Struct, kw_only=True):
    """The whole state of a command desk. `loads`, `dues` and `waiting` follow from `cases` and are kept beside them."""

    id: str
    city: str = ""  # version decided by
    at: int = 0  # of the last record: time never runs backwards
    cases: dict[str, Case] = {}
    gone: dict[str, Gone] = {}
    seen: dict[str, int] = {}  # message id -> forget_after, oldest first
    letters_in: dict[str, int] = {}  # sender -> last number taken
    letters_out: dict[str, int] = {}  # receiver -> last number sent
    serial_day: int = 0  # of the last case number, as 20260713
    serial: int = 0
    duty: dict[str, Duty] = {}
    loads: dict[str, int] = {}  # squad or team -> open weight
    dues: list[tuple[int, str]] = []  # (instant, case id), sorted: the next thing due of every case that has one
    waiting: dict[str, list[tuple[int, int, str]]] = {}  # territory -> (priority, registered_at, case id), sorted

    @property
    def next_due(self) -> int:
        """When the desk wants to be woken; 0: never."""
        return self.dues[0][0] if self.dues else 0


def evolve(desk: Desk, event: e.AnyEvent, at: int) -> Desk:
    """The desk after an event of a record of `at`."""
    if at != desk.at:
        desk.at = at
        _forget(desk)
    change = _CHANGES.get(type(event))
    if change:
        change(desk, event, at)
    elif isinstance(event, e.CaseEvent):
        _move(desk, event, at)
    else:
        raise TypeError(f"{type(event).__name__} is no event of a desk")
    return desk


def _registered(desk: Desk, event: e.CaseRegistered, at: int) -> None:
    _put(desk, None, born(event, at))
    _count_number(desk, event.case_no)


def _taken(desk: Desk, event: e.CaseTaken, at: int) -> None:
    desk.gone.pop(event.case_id, None)
    _put(desk, None, taken(event))


def _handed_over(desk: Desk, event: e.CaseHandedOver, at: int) -> None:
    _move(desk, event, at)
    _remember(desk, event.case_id, Gone(event.to_desk, event.case_version, event.forget_after))


def _closed(desk: Desk, event: e.CaseClosed, at: int) -> None:
    _move(desk, event, at)
    _remember(desk, event.case_id, Gone("", event.case_version, event.forget_after))


def _seen(desk: Desk, event: e.MessageSeen, at: int) -> None:
    desk.seen[event.message_id] = event.forget_after


def _letter_received(desk: Desk, event: e.LetterReceived, at: int) -> None:
    desk.letters_in[event.sender] = event.number


def _letter_sent(desk: Desk, event: e.LetterSent, at: int) -> None:
    desk.letters_out[event.to] = event.number


def _duty_set(desk: Desk, event: e.DutySet, at: int) -> None:
    for officer in event.officers:
        desk.duty[officer] = Duty(event.on_duty, event.until)


def _city_adopted(desk: Desk, event: e.CityAdopted, at: int) -> None:
    desk.city = event.city


def _nothing(desk: Desk, event: e.AnyEvent, at: int) -> None:
    """Told, and nothing changed here (the position and its epoch are the head's, record.py)."""


def _move(desk: Desk, event: e.CaseEvent, at: int) -> None:
    before = desk.cases[event.case_id]
    _put(desk, before, after(before, event, at))


def _put(desk: Desk, before: Case | None, case: Case) -> None:
    """Replace a case and what follows from it."""
    if before is not None:
        if due := before.next_due:
            del desk.dues[bisect_left(desk.dues, (due, before.id))]
        if bearers := before.load_on:
            _weigh(desk, bearers, -before.weight)
        if before.status is Status.TO_DISPATCH:
            rows = desk.waiting[before.territory]
            rows.remove((before.priority, before.registered_at, before.id))
            if not rows:
                del desk.waiting[before.territory]
    if case.status in GONE:
        del desk.cases[case.id]
        return
    desk.cases[case.id] = case
    if due := case.next_due:
        insort(desk.dues, (due, case.id))
    if bearers := case.load_on:
        _weigh(desk, bearers, case.weight)
    if case.status is Status.TO_DISPATCH:
        insort(desk.waiting.setdefault(case.territory, []), (case.priority, case.registered_at, case.id))


def _weigh(desk: Desk, bearers: tuple[str, str], weight: int) -> None:
    for bearer in bearers:
        load = desk.loads.get(bearer, 0) + weight
        if load:
            desk.loads[bearer] = load
        else:
            del desk.loads[bearer]


def _count_number(desk: Desk, case_no: str) -> None:
    """Case numbers count per day: JS-20260713-0042."""
    _, day, serial = case_no.rsplit("-", 2)
    desk.serial_day, desk.serial = int(day), int(serial)


def _remember(desk: Desk, case_id: str, gone: Gone) -> None:
    desk.gone.pop(case_id, None)  # so that the order stays that of forgetting
    desk.gone[case_id] = gone


def _forget(desk: Desk) -> None:
    """Drop what may be forgotten by now. Both memories are in the order of their instants: a window is one length."""
    while desk.seen and desk.seen[oldest := next(iter(desk.seen))] <= desk.at:
        del desk.seen[oldest]
    while desk.gone and desk.gone[first := next(iter(desk.gone))].forget_after <= desk.at:
        del desk.gone[first]


# What an event changes besides moving its case; every other CaseEvent moves its case and nothing else.
_CHANGES: dict[type[e.Event], Callable[[Desk, Any, int], None]] = {
    e.CaseRegistered: _registered,
    e.CaseTaken: _taken,
    e.CaseHandedOver: _handed_over,
    e.CaseClosed: _closed,
    e.MessageSeen: _seen,
    e.LetterReceived: _letter_received,
    e.LetterSent: _letter_sent,
    e.DutySet: _duty_set,
    e.CityAdopted: _city_adopted,
    e.OrderRefused: _nothing,
    e.OrderRepeated: _nothing,
    e.OrderForwarded: _nothing,
    e.MessageUnreadable: _nothing,
    e.LetterGap: _nothing,
    e.EpochOpened: _nothing,
}
