"""Days of a city in memory: what its desks hear, in the order in which they hear it, and what they hold by then.

The inboxes are those of the real rules: letters of intake, and the orders of people who answer at once. Time stands
still at Monday 10:00, so that a worker whose clock stands there too decides the same.
"""

from __future__ import annotations

import gzip
import json
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.city import City
from dispatchers.memory import Log, Memory, Stored
from dispatchers.record import Record, decode_record, letters
from streams import wire
from streams.city_files import load, version
from streams.geo import Geo
from streams.vault import Vault
from tests.support_kafka import CITY, MONDAY

LINES = CITY / "demo" / "complaints.jsonl.gz"
AT = MONDAY + 2 * 3_600_000
CHECKER, OPERATOR = m.Actor("checker-1", "checker"), m.Actor("operator-1", "operator")


class Heard(NamedTuple):
    """A message of a desk's inbox."""

    desk: str
    message: Any


def city() -> City:
    """Jiaxing."""
    pack = load(CITY)
    return City(pack, version(pack))


def lines(count: int, named: str = "B") -> Iterator[tuple[str, dict[str, Any]]]:
    """(topic, complaint) of so many: the demo's, as often as need be, under new numbers."""
    with gzip.open(LINES, "rt", encoding="utf-8") as file:
        known = [json.loads(line) for line in file]
    for number in range(count):
        body = dict(known[number % len(known)])
        body["source_id"], body["received_at"] = f"{named}-{number}", "2026-07-13T09:59:00+08:00"
        yield body.pop("topic"), body


class Day:
    """A city in memory with people who answer at once, `open_cases` of a desk later."""

    def __init__(self, of: City, open_cases: int) -> None:
        self.memory, self._geo = Memory(of), Geo(of.pack)
        self._vault, self._open_cases = Vault(bytes(32)), open_cases
        self._waiting: dict[str, deque[e.CaseEvent]] = {d: deque() for d in of.desks}

    def filed(self, topic: str, body: dict[str, Any]) -> m.Filed:
        """A complaint as intake decides on it."""
        told = wire.read(topic, msgspec.json.encode(body), AT, self._vault)
        assert isinstance(told, m.WireComplaint), told
        filed = wire.file(topic, told, self._geo.locate, self._vault).filed
        return msgspec.structs.replace(filed, filed_at=AT)

    def live(self, complaints: Iterator[tuple[str, dict[str, Any]]]) -> Iterator[Heard]:
        """What the desks hear because of these complaints."""
        for topic, body in complaints:
            yield from self._told(self.memory.file(topic, 0, self.filed(topic, body), AT))

    def _told(self, stored: Iterator[Stored]) -> Iterator[Heard]:
        todo = deque([decode_record(one.raw) for one in stored])
        while todo:
            record = todo.popleft()
            yield from (Heard(letter.receiver, letter) for letter in letters(record))
            for desk, order in self._answers(record):
                yield Heard(desk, order)
                todo.extend(decode_record(one.raw) for one in self.memory.tell(desk, order, AT))

    def _answers(self, record: Record) -> Iterator[tuple[str, Any]]:
        desk = record.desk
        for event in record.events:
            if isinstance(event, e.AssignmentOffered | e.WorkOrderIssued):
                waiting = self._waiting[desk]
                waiting.append(event)
                if len(waiting) > self._open_cases:
                    yield desk, self._order(waiting.popleft(), m.AcceptAssignment)
            elif isinstance(event, e.CaseEvent):
                following = self._next(event, desk)
                if following:
                    yield desk, following

    def _next(self, event: e.CaseEvent, desk: str) -> Any:
        case = self._log(desk).writer.state.cases.get(event.case_id)
        base: dict[str, Any] = {"message_id": f"{event.case_id}:{event.case_version}", "case_id": event.case_id}
        match event:
            case e.AssignmentAccepted() if case and case.assignment and case.assignment.unit:
                return m.ReportDisposal(**base, **_holder(case), result="repaired")
            case e.AssignmentAccepted() if case:
                return m.ReportArrival(**base, **_holder(case))
            case e.SquadArrived() if case:
                return m.ReportDisposal(**base, **_holder(case), result="corrected", note="done")
            case e.CaseDisposed():
                return m.CheckCase(**base, actor=CHECKER, passed=True)
            case e.CaseChecked():
                return m.CloseCase(**base, actor=OPERATOR, reply="done")
            case e.CaseNeedsOperator():
                return m.CloseCase(**base, actor=OPERATOR, forced=True, reason="answered by telephone")
        return None

    def _order(self, offer: Any, kind: Any) -> Any:
        unit = getattr(offer, "unit", "")
        actor = m.Actor(unit, "unit") if unit else m.Actor(offer.officers[0], "squad", offer.squad)
        name = f"{offer.case_id}:{offer.case_version}"
        return kind(message_id=name, actor=actor, case_id=offer.case_id, assignment_id=offer.assignment_id)

    def _log(self, desk: str) -> Log:
        return self.memory.desks[desk]


def _holder(case: Any) -> dict[str, Any]:
    held = case.assignment
    actor = m.Actor(held.unit, "unit") if held.unit else m.Actor(held.officers[0], "squad", held.squad)
    return {"actor": actor, "assignment_id": held.id}


def as_bytes(heard: Heard) -> bytes:
    """The message as it lies in an inbox."""
    return msgspec.json.encode(heard.message)
