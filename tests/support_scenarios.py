"""What the scenarios stand on: the lines that a user feeds to `paidan decide`, and the log records that come out.

A `Story` speaks JSON lines to `streams.decide.Decide`, which is all that the command does, and knows nothing but the
records that came out: who holds a case is read from them, like everything that a test asserts.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.case import Case, Term
from dispatchers.clock import MINUTE, text
from dispatchers.ids import case_id
from dispatchers.memory import Stored
from dispatchers.record import Record, decode_record
from dispatchers.rows import CityPack
from dispatchers.targets import Share, Tasks, decode_told
from streams.decide import Decide
from tests.support import CHECKER, DEFAULTS, OPERATOR, PACK, POINTS, at

E = TypeVar("E")
Given = e.AssignmentOffered | e.WorkOrderIssued | e.DisputeOpened
BOOK = {"CityAdopted", "MessageSeen", "LetterReceived", "LetterSent"}
ANSWER = "done as asked"
EAST_MINUTES = 480  # the zone of `at`, and of the small city


def shown(instant: int, offset: int = EAST_MINUTES) -> str:
    """ "2026-07-13 09:00", the local minute of an instant; "" for none. `offset`: the city's zone, as in its facts."""
    return text(instant, offset)[:16].replace("T", " ") if instant else ""


def due(terms: tuple[Term, ...], name: str = "dispose", offset: int = EAST_MINUTES) -> str:
    """When the limit of a name is due, as local time."""
    return next(shown(t.due_at, offset) for t in terms if t.name == name)


def added(pack: CityPack, table: str, *rows: Any) -> CityPack:
    """A pack with more rows."""
    return msgspec.structs.replace(pack, **{table: (*getattr(pack, table), *rows)})


class Story:
    """Lines in, records out. Instants are local: "09:05" of the day of the line before, or "2026-07-14 09:05"."""

    def __init__(self, pack: CityPack = PACK, *others: CityPack, day: str = "2026-07-13") -> None:
        self.decide = Decide(pack, others)
        self.offset = pack.facts.utc_offset_minutes
        self.day = day
        self.lines: list[bytes] = []
        self.stored: list[Stored] = []
        self.records: list[Record] = []
        self._messages = 0

    # -- saying ----------------------------------------------------------------------------------------------------

    def file(self, when: str, number: str, item: str = "stall", where: Any = "990101", /, **more: Any) -> str:
        """A report, as its source sends it. `where`: a territory, a point, or None. Returns the id of its case."""
        topic = "city-events" if more.get("kind") in ("event", "component") else "complaints"
        instant = self.instant(when)
        value = {
            "source": "12345",
            "source_id": number,
            "kind": "complaint",
            "received_at": text(instant, self.offset),
            "title": f"report {number}",
            "category": {"scheme": "item", "code": item},
        }
        if where:
            lon, lat = POINTS[where] if isinstance(where, str) else where
            value["location"] = {"datum": "wgs84", "lon": lon, "lat": lat}
        self.say({"topic": topic, "at": instant, "value": value | more})
        return case_id(topic, "12345", number)

    def tell(self, when: str, kind: type[m.Order], case: str = "", /, **fields: Any) -> list[e.AnyEvent]:
        """An order or report, by who may give it unless said otherwise; returns the events of all that follows."""
        self._messages += 1
        desk = fields.pop("at_desk", "")
        given: dict[str, Any] = {"message_id": f"m-{self._messages}", "actor": OPERATOR, **DEFAULTS.get(kind, {})}
        if issubclass(kind, m.CaseOrder):
            given["case_id"] = case
        if issubclass(kind, m.AssignmentOrder):
            given["assignment_id"], given["actor"] = self.held(case)
        order = msgspec.json.encode(kind(**{**given, **fields}))
        return self.say(
            {"topic": "desk-inbox", "at": self.instant(when), "value": msgspec.json.decode(order), "desk": desk}
        )

    def say(self, line: dict[str, Any]) -> list[e.AnyEvent]:
        """Any line."""
        self.lines.append(json.dumps(line, ensure_ascii=False).encode())
        return self._keep(self.decide.line(self.lines[-1]))

    def wait(self, until: str) -> list[e.AnyEvent]:
        """Nobody says anything until then."""
        return self._keep(self.decide.lines([], self.instant(until)))

    def work(self, case: str, *when: str, **how: Any) -> None:
        """Whoever has the case accepts, arrives (a squad) and disposes of it, each at its instant, as far as said."""
        unit = isinstance(self.given(case), e.WorkOrderIssued)
        steps = [m.AcceptAssignment, m.ReportDisposal] if unit else [m.AcceptAssignment, m.ReportArrival]
        for kind, instant in zip([*steps, m.ReportDisposal], when, strict=False):
            more = {"result": "repaired" if unit else "corrected", **how} if kind is m.ReportDisposal else {}
            self.tell(instant, kind, case, **more)

    def finish(self, case: str, when: str, reply: str = ANSWER) -> list[e.AnyEvent]:
        """Check and close."""
        self.tell(when, m.CheckCase, case, actor=CHECKER)
        return self.tell(when, m.CloseCase, case, reply=reply)

    def instant(self, when: str) -> int:
        if when[2] == ":":
            when = f"{self.day} {when}"
        self.day = when[:10]
        return self._at(when)

    def _at(self, when: str) -> int:
        """The instant of a local time of this city."""
        return at(when) + (EAST_MINUTES - self.offset) * MINUTE

    # -- looking ---------------------------------------------------------------------------------------------------

    def all(self, kind: type[E], case: str = "") -> list[E]:
        """All events of a type, or those about a case."""
        every = (event for record in self.records for event in record.events)
        return [x for x in every if isinstance(x, kind) and (not case or getattr(x, "case_id", "") == case)]

    def one(self, kind: type[E], case: str = "") -> E:
        """The only event of a type."""
        (event,) = self.all(kind, case)
        return event

    def last(self, kind: type[E], case: str = "") -> E:
        """The last event of a type."""
        return self.all(kind, case)[-1]

    def times(self, kind: type[Any], case: str = "") -> list[str]:
        """When events of a type happened, as local times."""
        found = ((r.at, x) for r in self.records for x in r.events if isinstance(x, kind))
        return [shown(instant, self.offset) for instant, x in found if not case or getattr(x, "case_id", "") == case]

    def names(self, case: str) -> list[str]:
        """The types of the events about a case."""
        return [type(x).__name__ for x in self.all(e.CaseEvent, case)]

    def desks(self, case: str) -> list[str]:
        """The desks whose records are about a case, each time it changes."""
        about = [r.desk for r in self.records if any(getattr(x, "case_id", "") == case for x in r.events)]
        ours = [desk for desk in about if "/" not in desk]
        return [desk for n, desk in enumerate(ours) if n == 0 or ours[n - 1] != desk]

    def given(self, case: str) -> Given:
        """What gave the case to whoever has it."""
        given: Given = self.last(Given, case)  # type: ignore[arg-type, assignment]
        return given

    def holder(self, case: str) -> str:
        """The squad or unit that the case was given to last."""
        given = self.given(case)
        if isinstance(given, e.DisputeOpened):
            return given.interim.owner
        return given.squad if isinstance(given, e.AssignmentOffered) else given.unit

    def held(self, case: str) -> tuple[str, m.Actor]:
        """The assignment that stands, and somebody who may speak for who has it."""
        given = self.given(case)
        held = given.interim if isinstance(given, e.DisputeOpened) else given
        unit, squad = getattr(held, "unit", ""), getattr(held, "squad", "")
        actor = m.Actor(unit, "unit") if unit else m.Actor(held.officers[0], "squad", squad)  # type: ignore[union-attr]
        return (held.id if isinstance(given, e.DisputeOpened) else given.assignment_id), actor  # type: ignore[union-attr]

    def case(self, case: str) -> Case:
        """The case as the records fold it, at the desk that holds it."""
        desks = self.decide.memory.desks.values()
        return next(d.writer.state.cases[case] for d in desks if case in d.writer.state.cases)

    def refusals(self, case: str = "") -> list[str]:
        """Why orders were refused."""
        return [x.reason for x in self.all(e.OrderRefused, case)]

    def tasks(self) -> Tasks:
        """The first number, folded from the desks' records so far."""
        fold = Tasks(self.decide.memory.city.pack)
        for stored in self.stored:
            if stored.topic == "desk-log":
                fold.take(decode_told(stored.raw))
        return fold

    def share(self, when: str = "") -> Share:
        """The city's first number by these records: of this month if `when` says which, else of all time."""
        return self.tasks().total(self._at(when), "month") if when else self.tasks().ever()

    def _keep(self, stored: Any) -> list[e.AnyEvent]:
        new = list(stored)
        records = [decode_record(s.raw) for s in new]
        self.stored += new
        self.records += records
        return [event for record in records for event in record.events]


def refused(events: list[e.AnyEvent]) -> list[str]:
    """Why what was said last was refused."""
    return [x.reason for x in events if isinstance(x, e.OrderRefused)]


def kinds(events: list[e.AnyEvent]) -> list[str]:
    """Types of events, without the bookkeeping of the desk."""
    return [name for x in events if (name := type(x).__name__) not in BOOK]
