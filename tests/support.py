"""What the tests of the core stand on: the small city in memory, and words to speak to it.

No fakes: a `Town` is the real desks and receipt books of `dispatchers.memory`, with every record kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.case import Case
from dispatchers.city import City
from dispatchers.clock import HOUR, MINUTE
from dispatchers.ids import case_id
from dispatchers.memory import Memory, Stored
from dispatchers.record import Record, decode_record
from dispatchers.rows import CityPack
from dispatchers.state import Desk
from streams import city_files

E = TypeVar("E", bound=e.Event)

EAST = dt.timezone(dt.timedelta(hours=8))
PACK = city_files.load(Path(__file__).parent / "city/small")
CITY = City(PACK, "small-1")

OPERATOR = m.Actor("op-1", "operator")
CHECKER = m.Actor("ck-1", "checker")
ADMIN = m.Actor("root", "admin")
CHIEF = m.Actor("ch-1", "chief")
COORDINATION = m.Actor("co-1", "coordination")  # may designate another county's desk
SUPERVISOR = m.Actor("su-1", "supervisor")
HOTLINE = m.Actor("hl-1", "hotline")
COLLECTOR = m.Actor("K-990101", "checker")
BORDER_COLLECTOR = m.Actor("K-990102", "checker")
NOTIFIER = m.Actor("notify", "notifier")
# Where a point of each territory lies, and at which desk.
POINTS = {
    "990101": (120.05, 30.15),
    "990102": (120.15, 30.1),
    "990201": (120.25, 30.1),
    "990202": (120.35, 30.1),
    "zone_bing": (120.04, 30.075),
}
LAST_DESK = "ding"


def at(stamp: str) -> int:
    """The instant of a local time, like "2026-07-13 09:00"."""
    return int(dt.datetime.fromisoformat(stamp).replace(tzinfo=EAST).timestamp() * 1000)


MONDAY = at("2026-07-13 09:00")


def changed(pack: CityPack, table: str, where: dict[str, object], **fields: Any) -> CityPack:
    """A pack in which the rows that match have other fields."""
    rows = getattr(pack, table)
    new = tuple(
        msgspec.structs.replace(r, **fields) if all(getattr(r, k) == v for k, v in where.items()) else r for r in rows
    )
    assert new != rows
    return msgspec.structs.replace(pack, **{table: new})


def windows(pack: CityPack, **fields: Any) -> CityPack:
    """A pack with other windows."""
    facts = msgspec.structs.replace(pack.facts, windows=msgspec.structs.replace(pack.facts.windows, **fields))
    return msgspec.structs.replace(pack, facts=facts)


def place(*territories: str, named: str = "") -> m.Place:
    """A place inside the first territory, near the others' borders."""
    if not territories:
        return m.Place(named=named)
    lon, lat = POINTS[territories[0]]
    near = tuple(m.Near(t, 0 if n == 0 else 100 + n) for n, t in enumerate(territories))
    return m.Place(lon=lon, lat=lat, datum="wgs84", given_lon=lon, given_lat=lat, near=near, named=named)


def filed(number: str, item: str = "stall", where: m.Place | None = None, **fields: Any) -> m.Filed:
    """A complaint as intake gets it."""
    given: dict[str, Any] = {
        "topic": "complaints",
        "source": "12345",
        "source_id": number,
        "kind": "complaint",
        "received_at": MONDAY,
        "title": f"complaint {number}",
        "scheme": "item",
        "code": item,
        "place": where or place("990101"),
        "digest": "1",
    }
    return m.Filed(**{**given, **fields})


def officers_of(*squads: str) -> tuple[str, ...]:
    """Numbers of all officers of squads."""
    return tuple(o.number for o in PACK.officers if o.squad in squads)


def holder(case: Case) -> m.Actor:
    """Somebody who may speak for whoever holds, or is offered, a case."""
    held = case.assignment
    if held is None:
        return m.Actor("A1-001", "squad", "A1")
    officer = held.officers[0] if held.officers else f"{held.squad}-001"
    return m.Actor(held.unit, "unit") if held.unit else m.Actor(officer, "squad", held.squad)


def one(events: Iterable[e.AnyEvent], kind: type[E]) -> E:
    """The only event of a kind."""
    found = [event for event in events if type(event) is kind]
    assert len(found) == 1, [type(event).__name__ for event in events]
    return found[0]


def names(events: Iterable[e.AnyEvent], *without: str) -> list[str]:
    """Types of events in their order, without the bookkeeping of the desk."""
    book = {"CityAdopted", "MessageSeen", "LetterReceived", "LetterSent", "ComplaintAccepted", *without}
    return [type(event).__name__ for event in events if type(event).__name__ not in book]


class Town:
    """The small city, alive: what is filed, ordered and waited for happens at once, and every record is kept."""

    def __init__(self, city: City = CITY, now: int = MONDAY, cities: dict[str, City] | None = None) -> None:
        self.memory = Memory(city, cities)
        self.now = now
        self.stored: list[Stored] = []
        self.records: list[Record] = []
        self._messages = 0

    # -- doing -----------------------------------------------------------------------------------------------------

    def file(self, number: str, item: str = "stall", where: m.Place | None = None, **fields: Any) -> str:
        """File a complaint; returns the id that its case has."""
        message = filed(number, item, where, **fields)
        self._keep(self.memory.file(message.topic, 0, message, self.now))
        return case_id(message.topic, message.source, message.source_id)

    def tell(self, desk: str, message: Any) -> list[e.AnyEvent]:
        """Tell a desk something; returns all events of all records that follow."""
        return self._keep(self.memory.tell(desk, message, self.now))

    def order(self, kind: type[m.Order], case_id: str = "", /, **fields: Any) -> list[e.AnyEvent]:
        """Give an order about a case to the desk that holds it, by who may give it, unless said otherwise."""
        desk = fields.pop("at_desk", None) or self.where(case_id) or "jia"
        return self.tell(desk, self.made(kind, case_id, **fields))

    def made(self, kind: type[m.Order], case_id: str = "", /, **fields: Any) -> Any:
        """An order with everything in it that it needs."""
        self._messages += 1
        case = self.case(case_id) if case_id and self.where(case_id) else None
        given: dict[str, Any] = {"message_id": f"m-{self._messages}", "actor": OPERATOR}
        if issubclass(kind, m.CaseOrder):
            given["case_id"] = case_id
        if issubclass(kind, m.AssignmentOrder):
            given["actor"] = holder(case) if case else m.Actor("A1-001", "squad", "A1")
            given["assignment_id"] = case.assignment.id if case and case.assignment else f"{case_id}/0"
        given |= DEFAULTS.get(kind, {})
        return kind(**{**given, **fields})

    def wait(self, ms: int = 0, *, hours: int = 0, minutes: int = 0) -> list[e.AnyEvent]:
        """Let time pass; returns what happened meanwhile."""
        self.now += ms + hours * HOUR + minutes * MINUTE
        return self._keep(self.memory.pass_time(self.now))

    def duty(self, on_duty: bool, *squads: str, desk: str = "jia", until: int | None = None) -> list[e.AnyEvent]:
        """Send all officers of squads to work, or home."""
        who = officers_of(*squads)
        return self.order(m.SetDuty, at_desk=desk, desk=desk, officers=who, on_duty=on_duty, until=until)

    def work(self, case_id: str, *, until: str = "checked") -> None:
        """Let whoever has the case do its work, up to a status."""
        steps = (
            ("accepted", m.AcceptAssignment), ("on_site", m.ReportArrival), ("disposed", m.ReportDisposal),
            ("checked", m.CheckCase), ("closed", m.CloseCase),
        )  # fmt: skip
        by_unit = bool((held := self.case(case_id).assignment) and held.unit)
        for status, kind in steps:
            if kind is m.ReportArrival and by_unit:
                continue
            self.order(kind, case_id)
            if until == status or (by_unit and until == "unit_working" and status == "accepted"):
                return
        raise AssertionError(f"no work leads to {until}")

    # -- looking ---------------------------------------------------------------------------------------------------

    def desk(self, name: str) -> Desk:
        state: Desk = self.memory.desks[name].writer.state
        return state

    def where(self, case_id: str) -> str:
        """The desk that holds a case, or ""."""
        return next((name for name in self.memory.desks if case_id in self.desk(name).cases), "")

    def case(self, case_id: str) -> Case:
        return self.desk(self.where(case_id)).cases[case_id]

    def events(self, case_id: str = "") -> list[e.AnyEvent]:
        """All events of all records so far, or those about a case."""
        every = [event for record in self.records for event in record.events]
        return [event for event in every if not case_id or getattr(event, "case_id", "") == case_id]

    def story(self, case_id: str) -> list[str]:
        """What happened to a case, in words."""
        return names(self.events(case_id))

    def _keep(self, stored: Iterable[Stored]) -> list[e.AnyEvent]:
        new = list(stored)
        records = [decode_record(s.raw) for s in new]
        self.stored += new
        self.records += records
        return [event for record in records for event in record.events]


DEFAULTS: dict[type[m.Order], dict[str, Any]] = {
    m.ReturnAssignment: {"reason": "no_capacity", "basis": "art. 1"},
    m.ReportPush: {"actor": NOTIFIER, "channel": "webhook", "result": "sent"},
    m.ReportDisposal: {"result": "corrected", "evidence": ("photo:1",)},
    m.CheckCase: {"actor": CHECKER, "passed": True},
    m.AssignCase: {"squad": "A2", "reason": "nearer"},
    m.EscalateCase: {"reason": "major"},
    m.CloseCase: {"reply": "done as asked"},
    m.ReviewAppeal: {"approved": True, "reason": "so it was"},
    m.HandOverCase: {"to_desk": "yi", "reason": "over the border", "actor": COORDINATION},
    m.AdoptCity: {"actor": ADMIN, "desk": "jia", "city": "small-2"},
}
