"""One decision in the making: the state as it was, and what the events so far have made of it.

`decide` may not change the state (law 2: only the fold does), yet the second event of a decision must see the first:
a team that was just given a case is fuller, a freed one is emptier. So a Decision lays the few touched cases and loads
over the untouched state. Rejected: a copy of the state (too dear), changing it and undoing (a fault would stay).
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import groupby
from math import cos, radians
from operator import itemgetter
from typing import Any

from . import events as e
from .case import ENDS, Case, Status
from .city import City
from .clock import Duration
from .life import after, born, taken
from .messages import LetterBody
from .state import CELLS, JOINABLE, Desk, Duty, Parked


class Decision:
    """Events of one message on one desk. `at` is the record's."""

    def __init__(self, desk: Desk, city: City, at: int) -> None:
        self.desk, self.city, self.at = desk, city, at
        self.day, self.minute = city.calendar.day(at), city.calendar.minute(at)
        self.events: list[e.AnyEvent] = []
        self.freed: list[str] = []  # squads that this decision made emptier, in the order in which it did
        self._cases: dict[str, Case | None] = {}
        self._loads: dict[str, int] = {}
        self._letters: dict[str, int] = {}
        self._duty: dict[str, Duty] = {}
        self._unparked: set[str] = set()

    def case(self, case_id: str) -> Case | None:
        """The case as it stands now; None when this desk does not hold it."""
        if case_id in self._cases:
            return self._cases[case_id]
        return self.desk.cases.get(case_id)

    def load(self, bearer: str) -> int:
        """Open weight on a squad or a team, this decision's own moves included."""
        load = self.desk.loads.get(bearer, 0)
        return load + self._loads.get(bearer, 0) if self._loads else load

    @property
    def longest_duty(self) -> int:
        """Milliseconds that a shift may last before its people are sent home (R87)."""
        return self.city.law.stage("hours", self.day).ms

    @property
    def overruled(self) -> bool:
        """Whether anybody's roster is."""
        return bool(self._duty or self.desk.duty)

    def duty(self, officer: str) -> Duty | None:
        """What overrules the roster for an officer, this decision's own word included."""
        return self._duty.get(officer) or self.desk.duty.get(officer)

    def turn(self, case: Case) -> tuple[int, int, str]:
        """What orders those who wait: the instant at which each should have been offered by, for what it is now.

        So the more urgent of two that came together is first, and nothing starves: it is passed only by what came
        within the difference of the two limits after it (30 minutes, where the ladder says 60 and 30). Rejected: the
        more urgent always first, since in a long storm the others would never be offered.
        """
        return self._turn(case.priority, case.registered_at, case.id)

    def _turn(self, priority: int, registered_at: int, case_id: str) -> tuple[int, int, str]:
        limit = self.city.ladder[priority].dispatch
        return self.city.calendar.after(registered_at, limit), priority, case_id

    def waiting(self, territory: str) -> Iterator[Case]:
        """Cases of a territory that wait for an offer, in the order of their turns."""
        rows = self.desk.waiting.get(territory, ())
        of_each = [list(same) for _, same in groupby(rows, key=itemgetter(0))]  # of one priority the older is first
        turns = ((self._turn(*row) for row in same) for same in of_each)
        for _, _, case_id in merge(*turns):
            case = self.case(case_id)
            if case and case.status is Status.TO_DISPATCH:
                yield case

    def near(self, case: Case, radius: int) -> Iterator[Case]:
        """Running cases of the same item within a square of `radius` metres each way, cell by cell, oldest first in
        each: roughly and cheaply, whoever asks measures."""
        if case.lon is None or case.lat is None:
            return
        lon, lat = case.lon, case.lat
        high = radius / 110_000  # degrees of latitude
        wide = high / max(0.1, cos(radians(case.lat)))
        for x in range(int((lon - wide) * CELLS), int((lon + wide) * CELLS) + 1):
            for y in range(int((lat - high) * CELLS), int((lat + high) * CELLS) + 1):
                for case_id in self.desk.spots.get(f"{case.item} {x} {y}", ()):
                    other = self.case(case_id)
                    if other is None or other.id == case.id or other.lon is None or other.lat is None:
                        continue
                    if abs(other.lon - lon) <= wide and abs(other.lat - lat) <= high and other.status in JOINABLE:
                        yield other

    def after(self, length: Duration) -> int:
        """The instant at which a length of time that begins now is over."""
        return self.city.calendar.after(self.at, length)

    def stage_due(self, stage: str) -> int:
        """When a stage that begins now is to be done."""
        return self.after(self.city.law.stage(stage, self.day))

    def waiting_orders(self, case_id: str) -> list[Parked]:
        """Orders that still wait for a version of a case."""
        rows = self.desk.parked.get(case_id, ())
        return [row for row in rows if row.order.message_id not in self._unparked]

    def parked(self) -> list[Parked]:
        """Orders that waited for a version which a case of this decision has now, or whose case left."""
        if not self.desk.parked:
            return []
        ready = []
        for case_id in self._cases:
            now = self.case(case_id)
            for row in self.waiting_orders(case_id):
                wanted = row.order.case_version  # type: ignore[union-attr]  # only orders about cases are parked
                if now is None or now.version >= (wanted or 0):
                    ready.append(row)
        return sorted(ready, key=lambda row: row.order.case_version or 0)  # type: ignore[union-attr]

    def unpark(self, row: Parked) -> None:
        """Take an order out of the waiting ones."""
        self._unparked.add(row.order.message_id)
        case_id = row.order.case_id  # type: ignore[union-attr]
        version = self.case(case_id).version if self.case(case_id) else 0  # type: ignore[union-attr]
        self.emit(e.OrderUnparked(case_id=case_id, case_version=version, message_id=row.order.message_id))

    def emit(self, event: e.AnyEvent) -> None:
        """Add an event about no case."""
        self.events.append(event)

    def set_duty(self, event: e.DutySet) -> None:
        """Add the event, and see it: whoever is called in may be chosen at once."""
        self.events.append(event)
        said = Duty(event.on_duty, event.until, self.at, event.authority)
        self._duty.update(dict.fromkeys(event.officers, said))

    def happen(self, event: e.CaseEvent) -> Case:
        """Add an event of a case; returns the case after it."""
        if isinstance(event, e.CaseRegistered):
            before, case = None, born(event, self.at)
        elif isinstance(event, e.CaseTaken):
            before, case = None, taken(event)
        else:
            before, gone = self.case(event.case_id), self.desk.gone.get(event.case_id)
            known = before or (gone.case if gone else None)  # of one that ended the table says what may still be
            assert known is not None, f"{event.case_id} is not of this desk"
            case = after(known, event, self.at)
        self.events.append(event)  # type: ignore[arg-type]  # every CaseEvent used here is in AnyEvent
        bore = before.load_on if before else None
        bears = case.load_on
        if bore and before:
            self._weigh(bore, -before.weight)
            if not bears:
                self.free([bore[0]])
        if bears:
            self._weigh(bears, case.weight)
        self._cases[case.id] = None if case.status in ENDS else case
        return case

    def send(self, to: str, body: LetterBody) -> None:
        """Name a letter; it is posted once the record is acknowledged."""
        number = self._letters.get(to, self.desk.letters_out.get(to, 0)) + 1
        self._letters[to] = number
        self.events.append(e.LetterSent(to=to, number=number, body=body))

    def free(self, squads: list[str]) -> None:
        """Note that squads may have room for a case that waits."""
        self.freed += [s for s in squads if s not in self.freed]

    def _weigh(self, bearers: tuple[str, str], weight: int) -> None:
        for bearer in bearers:
            self._loads[bearer] = self._loads.get(bearer, 0) + weight


def next_of(case: Case) -> dict[str, Any]:
    """The fields that name a case's next event."""
    return {"case_id": case.id, "case_version": case.version + 1}
