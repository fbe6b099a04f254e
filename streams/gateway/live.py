"""The open cases of all desks as the log has them at this moment: what the gateway shows is what was decided.

    desk-log ─▶ one fold per desk (desks.py) ─▶ rows when somebody asks, changes for `stream.py`, answers to orders

The gateway folds the log itself rather than reading the whiteboard in Redis: an order's answer is the record of its
message, allowed actions need the whole case, and a console must go on when Redis does not.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import NamedTuple

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.case import Case
from dispatchers.record import Record
from dispatchers.state import Desk

from ..cities import Cities
from ..desks import Desks
from ..reader import Fold, Position, Step
from ..views import Tally

KEPT = 10_000  # answers to orders that are remembered; the log has all of them


class Answer(NamedTuple):
    """What became of an order, as its record says. `reason` "": it was carried out."""

    desk: str
    case_id: str
    events: tuple[str, ...] = ()  # names of what happened to its case
    reason: str = ""
    repeated: bool = False  # its id was known: what became of it then is in the case's story
    waits: bool = False  # for the version of the case that it speaks of


class Held(NamedTuple):
    """A case, and the desk that has it."""

    desk: str
    case: Case


class Watched:
    """What changed on one desk since it was last asked. A watcher of its fold."""

    def __init__(self, desk: Desk) -> None:
        self.tally = Tally(desk)
        self.before: dict[str, Case | None] = {}  # case id -> as it was when it first changed
        self.squads: set[str] = set()

    def see(self, step: Step) -> None:
        """Take note."""
        self.tally.moved(step.before, step.after)
        self.before.setdefault(step.event.case_id, step.before)
        for case in (step.before, step.after):
            if case and case.load_on:
                self.squads.add(case.load_on[0])

    def passed(self, position: Position) -> None:
        """Nothing: the fold has the position."""

    def taken(self) -> tuple[dict[str, Case | None], set[str]]:
        """What changed, to be told now."""
        told = self.before, self.squads
        self.before, self.squads = {}, set()
        return told


class Live(Desks):
    """All desks, followed."""

    def __init__(self, kafka: str, cities: Cities) -> None:
        super().__init__(kafka, cities)
        self.watched: dict[str, Watched] = {}
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._waiting: OrderedDict[str, asyncio.Future[Answer]] = OrderedDict()
        self._underway: OrderedDict[tuple[str, str, int], str] = OrderedDict()  # (receiver, sender, number) -> order
        self._arrived: OrderedDict[tuple[str, str, int], Record] = OrderedDict()  # letters with orders, not yet known

    # -- what stands there -------------------------------------------------------------------------------------------

    def joined(self, name: str, fold: Fold) -> None:
        """A desk is folded: note from now on what changes."""
        self.watched[name] = Watched(fold.desk)
        fold.watchers.append(self.watched[name])

    def find(self, case_id: str) -> Held | None:
        """An open case, wherever it is; None: nobody has it open."""
        for desk, fold in self.folds.items():
            if case := fold.desk.cases.get(case_id):
                return Held(desk, case)
        return None

    def found_ended(self, case_id: str) -> Held | None:
        """A case that ended so short a time ago that a desk may still reopen it."""
        for desk, fold in self.folds.items():
            gone = fold.desk.gone.get(case_id)
            if gone and gone.case:
                return Held(desk, gone.case)
        return None

    # -- answers to orders ---------------------------------------------------------------------------------------------

    def answer_to(self, message_id: str) -> Answer | None:
        """What became of an order, if its record came by here."""
        return self._answers.get(message_id)

    def awaited(self, message_id: str) -> asyncio.Future[Answer]:
        """The answer to come. To be asked before the order is sent. While a desk is silent the oldest are given up: who
        asks again finds the answer where all are remembered."""
        if message_id not in self._waiting:
            self._waiting[message_id] = asyncio.get_running_loop().create_future()
            if len(self._waiting) > KEPT:
                self._waiting.popitem(last=False)
        return self._waiting[message_id]

    def forget(self, message_id: str) -> None:
        """Nobody waits any more; the answer is remembered all the same when it comes."""
        self._waiting.pop(message_id, None)

    def took(self, record: Record) -> None:
        """What a record says of orders: its own message, one it passes on, one that waited."""
        order = record.cause.message_id
        if order:
            self._tell(order, record)
        letter = next((x for x in record.events[:2] if isinstance(x, e.LetterReceived)), None)  # a new desk's is second
        if letter and letter.sender in self.partitions:  # an intake passes no orders on, and brings every case
            arrived = record.desk, letter.sender, letter.number
            if passed_on := self._underway.pop(arrived, ""):
                self._tell(passed_on, record)
            else:
                self._arrived[arrived] = record
                if len(self._arrived) > KEPT:
                    self._arrived.popitem(last=False)
        for event in record.events:
            if isinstance(event, e.OrderUnparked):
                self._tell(event.message_id, record)
            elif isinstance(event, e.LetterSent) and isinstance(event.body, m.ForwardedOrder):
                self._passed_on(record.desk, event, event.body.order.message_id)

    def _passed_on(self, sender: str, letter: e.LetterSent, order: str) -> None:
        """The order is another desk's to decide, whose log may be ahead of what we read here."""
        place = letter.to, sender, letter.number
        if record := self._arrived.pop(place, None):
            self._tell(order, record)
        else:
            self._underway[place] = order
            if len(self._underway) > KEPT:
                self._underway.popitem(last=False)

    def _tell(self, order: str, record: Record) -> None:
        answer = _answer(order, record)
        if answer is None or (answer.repeated and order in self._answers):
            return
        self._answers[order] = answer
        if len(self._answers) > KEPT:
            self._answers.popitem(last=False)
        waiting = self._waiting.get(order)
        if waiting and not waiting.done():
            waiting.set_result(answer)
            del self._waiting[order]


def _answer(order: str, record: Record) -> Answer | None:
    """What a record says of an order; None: that it was passed on, which is no answer."""
    happened: list[str] = []
    case_id = reason = ""
    for event in record.events:
        match event:
            case e.OrderForwarded(message_id=about) if about == order:
                return None
            case e.OrderRepeated(message_id=about) if about == order:
                return Answer(record.desk, event.case_id, repeated=True)
            case e.OrderParked(message_id=about) if about == order:
                return Answer(record.desk, event.case_id, waits=True)
            case e.OrderRefused(message_id=about) if about == order:
                case_id, reason = event.case_id, event.reason
            case e.CaseEvent():
                happened.append(type(event).__name__)
                case_id = case_id or event.case_id
            case e.DutySet() | e.CityAdopted() | e.PrecedentApproved() | e.MessageUnreadable():
                happened.append(type(event).__name__)
    if reason:
        return Answer(record.desk, case_id, reason=reason)
    return Answer(record.desk, case_id, tuple(happened))
