"""What a desk remembers, and how events change it. The fold of its log, nothing else (law 2).

`evolve` reads the event and the record's `at` alone, never the city. It changes the desk it is given and hands it back:
the fold owns its state, and a copy of 100,000 cases for each event would be the whole cost of deciding. Cases are
values: a changed case is a new one. Every memory here is bounded by an instant that the event itself carries.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec.structs import force_setattr, replace

from . import events as e
from .case import ENDS, RUNNING, Case, Status
from .life import after, born, taken
from .messages import DeskOrder

T = TypeVar("T")
CELLS = 100  # of a degree
JOINABLE = RUNNING - {Status.PENALTY, Status.CRIMINAL} | {Status.SUSPENDED, Status.DISPOSED}


class Gone(msgspec.Struct, frozen=True):
    """A case this desk no longer holds: where it went ("" ended), and until when that is remembered."""

    to_desk: str
    version: int
    forget_after: int
    case: Case | None = None  # of one that ended here: as it was, until it may no more be reopened
    counted: e.CaseClosed | None = None  # what its closing counted
    reopen_until: int = 0


class Duty(msgspec.Struct, frozen=True):
    """The roster overruled for one officer."""

    on_duty: bool
    until: int | None
    since: int = 0
    authority: str = ""

    def holds(self, at: int) -> bool:
        """Whether it still overrules the roster."""
        return self.until is None or at < self.until


class Ruling(msgspec.Struct, frozen=True):
    """A ruling that was proposed as a row for like cases; it decides once somebody else approved it."""

    id: str
    item: str
    duty: str
    when: tuple[str, ...]
    owner_kind: str
    owner: str
    document: str
    by: str
    approved: bool = False


class Parked(msgspec.Struct, frozen=True):
    """An order about a version that is yet to come."""

    order: DeskOrder
    until: int


class Desk(msgspec.Struct, kw_only=True):
    """The whole state of a command desk. `loads`, `spots`, `dues` and `waiting` follow from `cases`."""

    id: str
    city: str = ""  # version decided by
    at: int = 0  # of the last record: time never runs backwards
    cases: dict[str, Case] = {}
    gone: dict[str, Gone] = {}
    reopenable: dict[str, int] = {}  # case id -> until when it is kept whole, oldest first
    seen: dict[str, int] = {}  # message id -> forget_after, oldest first
    letters_in: dict[str, int] = {}  # sender -> last number taken
    letters_out: dict[str, int] = {}  # receiver -> last number sent
    serial_day: int = 0  # of the last case number, as 20260713
    serial: int = 0
    freeze_due: int = 0  # when the numbers of a month are frozen next
    duty: dict[str, Duty] = {}
    loads: dict[str, int] = {}  # squad or team -> open weight
    rulings: dict[str, Ruling] = {}
    parked: dict[str, list[Parked]] = {}  # case id -> orders about a version to come
    spots: dict[str, list[str]] = {}  # spot (item and grid cell) -> running cases there, oldest first
    dues: list[tuple[int, str]] = []  # (instant, case id), sorted: the next thing due of every case that has one
    waiting: dict[str, list[tuple[int, int, str]]] = {}  # territory -> (priority, registered_at, case id), sorted

    @property
    def next_due(self) -> int:
        """When the desk wants to be woken; 0: never."""
        due = self.dues[0][0] if self.dues else 0
        return min(due, self.freeze_due) if due and self.freeze_due else due or self.freeze_due


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


def _ended(desk: Desk, event: e.CaseClosed | e.CaseCancelled | e.CaseTransferred, at: int) -> None:
    """What ended is kept as it was, for whoever may reopen it; it is out of all that is decided about."""
    case = after(desk.cases[event.case_id], event, at)
    counted = event if isinstance(event, e.CaseClosed) else None
    until = counted.reopen_until if counted else event.forget_after
    _put(desk, desk.cases[event.case_id], case)
    desk.reopenable.pop(event.case_id, None)
    desk.reopenable[event.case_id] = until
    _remember(desk, event.case_id, Gone("", event.case_version, event.forget_after, case, counted, until))


def _reopened(desk: Desk, event: e.CaseReopened, at: int) -> None:
    gone = desk.gone.pop(event.case_id)
    del desk.reopenable[event.case_id]
    assert gone.case
    _put(desk, None, after(gone.case, event, at))


def _said_after(desk: Desk, event: e.CaseEvent, at: int) -> None:
    """Something about a case that ended, which stays so."""
    gone = desk.gone[event.case_id]
    assert gone.case
    desk.gone[event.case_id] = replace(gone, version=event.case_version, case=after(gone.case, event, at))


def _ruled(desk: Desk, event: e.DisputeRuled, at: int) -> None:
    _move(desk, event, at)
    if event.precedent:
        desk.rulings[event.precedent] = Ruling(
            event.precedent,
            event.item,
            event.duty,
            event.when,
            event.owner_kind,
            event.owner_unit,
            event.document,
            event.actor.id if event.actor else "",
        )


def _approved(desk: Desk, event: e.PrecedentApproved, at: int) -> None:
    desk.rulings[event.precedent] = replace(desk.rulings[event.precedent], approved=True)


def _parked(desk: Desk, event: e.OrderParked, at: int) -> None:
    desk.parked.setdefault(event.case_id, []).append(Parked(event.order, event.until))
    insort(desk.dues, (event.until, event.case_id))


def _unparked(desk: Desk, event: e.OrderUnparked, at: int) -> None:
    rows = desk.parked[event.case_id]
    row = next(p for p in rows if p.order.message_id == event.message_id)
    rows.remove(row)
    if not rows:
        del desk.parked[event.case_id]
    del desk.dues[bisect_left(desk.dues, (row.until, event.case_id))]


def _seen(desk: Desk, event: e.MessageSeen, at: int) -> None:
    desk.seen[event.message_id] = event.forget_after


def _letter_received(desk: Desk, event: e.LetterReceived, at: int) -> None:
    desk.letters_in[event.sender] = event.number


def _letter_sent(desk: Desk, event: e.LetterSent, at: int) -> None:
    desk.letters_out[event.to] = event.number


def _duty_set(desk: Desk, event: e.DutySet, at: int) -> None:
    for officer in event.officers:
        desk.duty[officer] = Duty(event.on_duty, event.until, at, event.authority)


def _city_adopted(desk: Desk, event: e.CityAdopted, at: int) -> None:
    desk.city = event.city
    desk.freeze_due = event.freeze_due or desk.freeze_due


def _frozen(desk: Desk, event: e.PeriodFrozen, at: int) -> None:
    desk.freeze_due = event.next_due


def _nothing(desk: Desk, event: e.AnyEvent, at: int) -> None:
    """Told, and nothing changed here (the position and its epoch are the head's, record.py)."""


def _move(desk: Desk, event: e.CaseEvent, at: int) -> None:
    before = desk.cases[event.case_id]
    _put(desk, before, after(before, event, at))


def _put(desk: Desk, before: Case | None, case: Case) -> None:
    """Replace a case and what follows from it."""
    was, spot = spot_of(before) if before else "", spot_of(case)
    if was != spot:
        if was:
            _leave(desk.spots, was, case.id)
        if spot:
            desk.spots.setdefault(spot, []).append(case.id)
    if before is not None:
        _out(desk, before)
    if case.status not in ENDS:
        _in(desk, case)


def _out(desk: Desk, case: Case) -> None:
    del desk.cases[case.id]
    if due := case.next_due:
        del desk.dues[bisect_left(desk.dues, (due, case.id))]
    if bearers := case.load_on:
        _weigh(desk, bearers, -case.weight)
    if case.status is Status.TO_DISPATCH:
        _leave(desk.waiting, case.territory, (case.priority, case.registered_at, case.id))


def _in(desk: Desk, case: Case) -> None:
    desk.cases[case.id] = case
    if due := case.next_due:
        insort(desk.dues, (due, case.id))
    if bearers := case.load_on:
        _weigh(desk, bearers, case.weight)
    if case.status is Status.TO_DISPATCH:
        insort(desk.waiting.setdefault(case.territory, []), (case.priority, case.registered_at, case.id))


def _leave(index: dict[str, list[T]], key: str, entry: T) -> None:
    rows = index[key]
    rows.remove(entry)
    if not rows:
        del index[key]


def spot_of(case: Case) -> str:
    """Where a running case lies for a search of its like; "" when no report can be joined to it.

    The cell is the fold's own (0.01 degrees, about a kilometre), since the fold knows no city; how near is near enough
    is merging.py's question to the city.
    """
    if case.lon is None or case.lat is None or not case.item or case.status not in JOINABLE:
        return ""
    return f"{case.item} {int(case.lon * CELLS)} {int(case.lat * CELLS)}"


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
    """Drop what may be forgotten by now. All are in the order of their instants: a window is one length."""
    while desk.seen and desk.seen[oldest := next(iter(desk.seen))] <= desk.at:
        del desk.seen[oldest]
    while desk.reopenable and desk.reopenable[done := next(iter(desk.reopenable))] <= desk.at:
        del desk.reopenable[done]
        if done in desk.gone:
            desk.gone[done] = replace(desk.gone[done], case=None, counted=None)
    while desk.gone and desk.gone[first := next(iter(desk.gone))].forget_after <= desk.at:
        del desk.gone[first]


_SHARED = ("source", "kind", "channel", "territory", "item", "domain", "nature", "duty", "power_list", "squad", "unit")


def share_texts(desk: Desk) -> None:
    """Keep once what thousands of cases say alike. A decoded snapshot has each word anew for each case: two thirds of a
    kilobyte of a hundred thousand cases. The values stay what they are, so the frozen cases may be told."""
    once: dict[str, str] = {}
    nothing: dict[str, str] = {}
    for case in desk.cases.values():
        for name in _SHARED:
            text = getattr(case, name)
            force_setattr(case, name, once.setdefault(text, text))
        if not case.facts:
            force_setattr(case, "facts", nothing)
        for term in case.terms:
            force_setattr(term, "name", once.setdefault(term.name, term.name))
            force_setattr(term, "limit", once.setdefault(term.limit, term.limit))


# What an event changes besides moving its case; every other CaseEvent moves its case and nothing else.
_CHANGES: dict[type[e.Event], Callable[[Desk, Any, int], None]] = {
    e.CaseRegistered: _registered,
    e.CaseTaken: _taken,
    e.CaseHandedOver: _handed_over,
    e.CaseClosed: _ended,
    e.CaseCancelled: _ended,
    e.CaseTransferred: _ended,
    e.CaseReopened: _reopened,
    e.OverdueAppealed: _said_after,
    e.AppealEndorsed: _said_after,
    e.AppealApproved: _said_after,
    e.AppealRefused: _said_after,
    e.DisputeRuled: _ruled,
    e.PrecedentApproved: _approved,
    e.OrderParked: _parked,
    e.OrderUnparked: _unparked,
    e.MessageSeen: _seen,
    e.LetterReceived: _letter_received,
    e.LetterSent: _letter_sent,
    e.DutySet: _duty_set,
    e.CityAdopted: _city_adopted,
    e.PeriodFrozen: _frozen,
    e.OrderRefused: _nothing,
    e.OrderRepeated: _nothing,
    e.OrderForwarded: _nothing,
    e.MessageUnreadable: _nothing,
    e.LetterGap: _nothing,
    e.EpochOpened: _nothing,
}
