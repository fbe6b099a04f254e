"""The cases behind R1 in a window: where each counts and why, found in the same log by the same rules as the sums.

The sums know no cases; who asks for them reads the log once more. What the list adds up to is what the sum says.
"""

from __future__ import annotations

from typing import NamedTuple

from dispatchers.rows import CityPack

from .counts import STREAMS, TASKS, Kind, kind_of
from .definition import definition_on
from .periods import day_of
from .share import Share
from .told import ToldRecord


class Counted(NamedTuple):
    """A case that ended in the window, the last time that it did."""

    case_id: str
    closed_at: int
    desk: str
    squad: str
    tier: str
    kind: Kind

    @property
    def counts(self) -> str:
        """In which parts it is: "num" (and so "den"), "den", "self" apart, or "" (why not is its sort)."""
        if self.kind.sort not in TASKS:
            return "self" if self.kind.sort == "self" else ""
        return "num" if self.kind.scopes[0] else "den"


class Cases:
    """The fold: what is closed and was not reopened, of the records up to an instant."""

    def __init__(self, pack: CityPack) -> None:
        self._pack, self._offset = pack, pack.facts.utc_offset_minutes
        self._natures: dict[str, str] = {}
        self._closed: dict[tuple[str, str], Counted] = {}

    def take(self, record: ToldRecord) -> None:
        """Fold a valid record of a desk."""
        for event in record.events:
            key = record.desk, event.case_id
            if event.type in ("CaseRegistered", "CaseClassified"):
                self._natures[event.case_id] = event.nature
            elif event.type == "CaseReopened":
                self._closed.pop(key, None)
            elif event.type == "CaseClosed":
                definition = definition_on(self._pack, day_of(record.at, self._offset))
                kind = kind_of(event, self._natures.get(event.case_id, ""), definition)
                if kind:
                    self._closed[key] = Counted(event.case_id, record.at, record.desk, event.squad, event.tier, kind)

    def within(self, first: int, last: int) -> list[Counted]:
        """Those that ended from the day `first` to the day `last`, by when they did."""
        found = (c for c in self._closed.values() if first <= day_of(c.closed_at, self._offset) <= last)
        return sorted((c for c in found if c.kind.sort in STREAMS), key=lambda c: (c.closed_at, c.case_id))


def total(cases: list[Counted]) -> Share:
    """What a list adds up to."""
    parts = [case.counts for case in cases]
    return Share(parts.count("num"), parts.count("num") + parts.count("den"))
