"""One decision in the making: the state as it was, and what the events so far have made of it.

`decide` may not change the state (law 2: only the fold does), yet the second event of a decision must see the first:
a team that was just given a case is fuller, a freed one is emptier. So a Decision lays the few touched cases and loads
over the untouched state. Rejected: a copy of the state (too dear), changing it and undoing (a fault would stay).
"""

from __future__ import annotations

from collections.abc import Iterator

from . import events as e
from .case import GONE, Case, Status
from .city import City
from .life import after, born, taken
from .messages import LetterBody
from .state import Desk, Duty


class Decision:
    """Events of one message on one desk. `at` is the record's."""

    def __init__(self, desk: Desk, city: City, at: int) -> None:
        self.desk, self.city, self.at = desk, city, at
        self.day = city.calendar.day(at)
        self.events: list[e.AnyEvent] = []
        self.freed: list[str] = []  # squads that this decision made emptier, in the order in which it did
        self._cases: dict[str, Case | None] = {}
        self._loads: dict[str, int] = {}
        self._letters: dict[str, int] = {}
        self._duty: dict[str, Duty] = {}

    def case(self, case_id: str) -> Case | None:
        """The case as it stands now; None when this desk does not hold it."""
        if case_id in self._cases:
            return self._cases[case_id]
        return self.desk.cases.get(case_id)

    def load(self, bearer: str) -> int:
        """Open weight on a squad or a team, this decision's own moves included."""
        return self.desk.loads.get(bearer, 0) + self._loads.get(bearer, 0)

    @property
    def overruled(self) -> bool:
        """Whether anybody's roster is."""
        return bool(self._duty or self.desk.duty)

    def duty(self, officer: str) -> Duty | None:
        """What overrules the roster for an officer, this decision's own word included."""
        return self._duty.get(officer) or self.desk.duty.get(officer)

    def waiting(self, territory: str) -> Iterator[Case]:
        """Cases of a territory that wait for an offer, the most urgent first, then the oldest."""
        for _, _, case_id in self.desk.waiting.get(territory, ()):
            case = self.case(case_id)
            if case and case.status is Status.TO_DISPATCH:
                yield case

    def emit(self, event: e.AnyEvent) -> None:
        """Add an event about no case."""
        self.events.append(event)

    def set_duty(self, event: e.DutySet) -> None:
        """Add the event, and see it: whoever is called in may be chosen at once."""
        self.events.append(event)
        self._duty.update((officer, Duty(event.on_duty, event.until)) for officer in event.officers)

    def happen(self, event: e.CaseEvent) -> Case:
        """Add an event of a case; returns the case after it."""
        if isinstance(event, e.CaseRegistered):
            before, case = None, born(event, self.at)
        elif isinstance(event, e.CaseTaken):
            before, case = None, taken(event)
        else:
            before = self.case(event.case_id)
            assert before is not None, f"{event.case_id} is not of this desk"
            case = after(before, event, self.at)
        self.events.append(event)  # type: ignore[arg-type]  # every CaseEvent used here is in AnyEvent
        self._weigh(before, -1)
        self._weigh(case, +1)
        if before and before.load_on and not case.load_on:
            self.free([before.load_on[0]])
        self._cases[case.id] = None if case.status in GONE else case
        return case

    def send(self, to: str, body: LetterBody) -> None:
        """Name a letter; it is posted once the record is acknowledged."""
        number = self._letters.get(to, self.desk.letters_out.get(to, 0)) + 1
        self._letters[to] = number
        self.events.append(e.LetterSent(to=to, number=number, body=body))

    def free(self, squads: list[str]) -> None:
        """Note that squads may have room for a case that waits."""
        self.freed += [s for s in squads if s not in self.freed]

    def _weigh(self, case: Case | None, sign: int) -> None:
        if case and case.load_on and case.status not in GONE:
            for bearer in case.load_on:
                self._loads[bearer] = self._loads.get(bearer, 0) + sign * case.weight
