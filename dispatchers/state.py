"""What a desk remembers, and how events change it. The fold of its log, nothing else (law 2).

`evolve` reads the event and the record's `at` alone, never the city. It changes the desk it is given and hands it back:
the fold owns its state, and a copy of 100,000 cases for each event would be the whole cost of deciding. Cases are
values: a changed case is a new one. Every memory here is bounded by an instant that the event itself carries.
"""

from __future__ import annotations

from bisect import bisect_left, insort

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


def evolve(desk: Desk, event: e.AnyEvent, at: int) -> Desk:  # noqa: C901 - a flat table, one line an event
    """The desk after an event of a record of `at`."""
    desk.at = at
    match event:
        case e.CaseRegistered():
            _put(desk, None, born(event, at))
            _count_number(desk, event.case_no)
        case e.CaseTaken():
            desk.gone.pop(event.case_id, None)
            _put(desk, None, taken(event))
        case e.CaseHandedOver():
            _move(desk, event, at)
            _remember(desk, event.case_id, Gone(event.to_desk, event.case_version, event.forget_after))
        case e.CaseClosed():
            _move(desk, event, at)
            _remember(desk, event.case_id, Gone("", event.case_version, event.forget_after))
        case e.OrderRefused() | e.OrderRepeated() | e.OrderForwarded() | e.MessageUnreadable() | e.LetterGap():
            pass  # told, and nothing changed
        case e.CaseEvent():
            _move(desk, event, at)
        case e.MessageSeen():
            desk.seen[event.message_id] = event.forget_after
        case e.LetterReceived():
            desk.letters_in[event.sender] = event.number
        case e.LetterSent():
            desk.letters_out[event.to] = event.number
        case e.DutySet():
            for officer in event.officers:
                desk.duty[officer] = Duty(event.on_duty, event.until)
        case e.CityAdopted():
            desk.city = event.city
        case e.EpochOpened():
            pass  # the position is the head's (record.py)
        case _:
            raise TypeError(f"{type(event).__name__} is no event of a desk")
    _forget(desk, at)
    return desk


def _move(desk: Desk, event: e.CaseEvent, at: int) -> None:
    before = desk.cases[event.case_id]
    _put(desk, before, after(before, event, at))


def _put(desk: Desk, before: Case | None, case: Case) -> None:
    """Replace a case and what follows from it."""
    if before is not None:
        if before.next_due:
            del desk.dues[bisect_left(desk.dues, (before.next_due, before.id))]
        if before.load_on:
            _weigh(desk, before.load_on, -before.weight)
        if before.status is Status.TO_DISPATCH:
            rows = desk.waiting[before.territory]
            rows.remove((before.priority, before.registered_at, before.id))
            if not rows:
                del desk.waiting[before.territory]
    if case.status in GONE:
        del desk.cases[case.id]
        return
    desk.cases[case.id] = case
    if case.next_due:
        insort(desk.dues, (case.next_due, case.id))
    if case.load_on:
        _weigh(desk, case.load_on, case.weight)
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


def _forget(desk: Desk, at: int) -> None:
    """Drop what may be forgotten; both memories are in the order of their instants (a window is one length)."""
    while desk.seen:
        oldest = next(iter(desk.seen))
        if desk.seen[oldest] > at:
            break
        del desk.seen[oldest]
    while desk.gone:
        first = next(iter(desk.gone))
        if desk.gone[first].forget_after > at:
            break
        del desk.gone[first]
