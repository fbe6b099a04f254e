"""What a desk's operator does with a case that the rules do not settle: a few plans, minutes after one another.

An operator looks at what the desk tells (`reason`, `candidates`) and at the city's public rows: who owns the item,
which squads there are and where. That an order was carried out shows by the case moving on; if it did not, the next
plan. The last plan always ends it: it goes to the city desk, or is closed by force with a reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from dispatchers import messages as m
from dispatchers.city import City, metres
from dispatchers.clock import MINUTE
from dispatchers.competence import competent
from dispatchers.rows import Squad

from .chance import Chance
from .heard import Known

NO_TASK = 0.3  # of the matters that no list knows: nothing to be done
NO_PLACE = 0.06  # of the cases without a place: nobody finds out where
ASKED = 0.7  # of those at the city desk: the caller knew the county
BEATEN = frozenset({"off_duty", "no_certified_pair", "cap"})  # why a candidate lost: not even an operator may
NEARBY = 3  # squads of the desk that are tried besides
ANSWERS = "热线答复"  # kind of the units that answer citizens


class Plan(NamedTuple):
    """One order of an operator: its number, when (ms after the call), what."""

    number: int
    delay: float
    kind: type[m.CaseOrder]
    rest: dict[str, Any]


class Operators:
    """The operators of all desks."""

    def __init__(self, chance: Chance, city: City) -> None:
        self.chance, self.city = chance, city
        self._squads: dict[str, list[Squad]] = {}
        for squad in city.pack.squads:
            self._squads.setdefault(squad.desk, []).append(squad)

    def options(self, known: Known) -> Iterator[Plan]:
        """The plans for a case that needs an operator, in their order."""
        urgent = known.priority <= 1
        first = self.chance.between(0.5, 3 if urgent else 8, known.id, "operator", known.since)
        step = 1 if urgent else 3
        for number, (kind, rest) in enumerate(self._plans(known)):
            yield Plan(number, (first + number * step) * MINUTE, kind, rest)

    def _plans(self, known: Known) -> Iterator[tuple[type[m.CaseOrder], dict[str, Any]]]:
        if known.handovers > 1 and known.desk == self.city.city_desk:
            yield m.CloseCase, {"forced": True, "reason": "nobody can be found for it; told to the reporter"}
            return
        if known.why == "no_territory":
            yield from self._placeless(known)
        item = self.city.items.get(known.item)
        power = competent(item, self.city, known.at) if item else None
        if item is None and self.chance.happens(NO_TASK, known.id, "no task"):
            yield m.CloseCase, {"forced": True, "reason": "no task of the city's"}
        elif power is None or power.owner_kind == "unit":
            yield from self._units(known, power.owner if power else ANSWERS)
        else:
            yield from self._squads_for(known)
        if known.desk != self.city.city_desk:
            yield m.HandOverCase, {"to_desk": self.city.city_desk, "reason": "nobody here can"}
        elif known.territory and self.city.desk_of(known.territory) != known.desk:
            yield m.HandOverCase, {"to_desk": self.city.desk_of(known.territory), "reason": "the place is yours"}
        yield m.CloseCase, {"forced": True, "reason": "nobody can be found for it; told to the reporter"}

    def _placeless(self, known: Known) -> Iterator[tuple[type[m.CaseOrder], dict[str, Any]]]:
        """Somebody calls back: some cases end there, some go to the county that was meant."""
        if self.chance.happens(NO_PLACE, known.id, "no place"):
            yield m.CloseCase, {"forced": True, "reason": "nobody knows where; the reporter cannot be reached"}
        elif known.desk == self.city.city_desk and self.chance.happens(ASKED, known.id, "asked"):
            counties = [(d.id, 1.0) for d in self.city.pack.desks if d.kind == "county"]
            county = self.chance.weighted(counties, known.id, "county")
            yield m.HandOverCase, {"to_desk": county, "reason": "the caller says it is yours"}

    def _units(self, known: Known, kind: str) -> Iterator[tuple[type[m.CaseOrder], dict[str, Any]]]:
        """The unit of the desk, told that it is theirs; then whoever answers citizens."""
        for name, reason in ((kind, "yours by the power list"), (ANSWERS, "answer the citizen, pass it on")):
            unit = self.city.unit(name, known.desk)
            if unit:
                yield m.AssignCase, {"unit": unit, "reason": reason}

    def _squads_for(self, known: Known) -> Iterator[tuple[type[m.CaseOrder], dict[str, Any]]]:
        """Whom the desk looked at and who may still; the county's team; the nearest of the desk.

        A case without a place first goes to the squad of the place that somebody found out.
        """
        asked = {c.squad: "asked again" for c in known.candidates if c.pairs and c.lost not in BEATEN}
        day = self.city.calendar.day(known.at)
        county = {squad.id: "the county's team" for squad in self.city.mobile(known.desk, day)}
        nearest = {squad.id: "the nearest that can" for squad in self._nearest(known)[:NEARBY]}
        first, *others = (asked, county, nearest) if known.territory else (nearest, county)
        chosen = dict(first)
        for other in others:
            chosen |= {squad: reason for squad, reason in other.items() if squad not in chosen}
        for squad_id, reason in chosen.items():
            yield m.AssignCase, {"squad": squad_id, "reason": reason}

    def _nearest(self, known: Known) -> list[Squad]:
        """Squads of the desk by distance; of a case without a place, in an order drawn for it."""
        squads = self._squads.get(known.desk, [])
        lon, lat = known.lon, known.lat
        if lon is None or lat is None:
            return sorted(squads, key=lambda s: self.chance.unit(known.id, "where", s.id))
        return sorted(squads, key=lambda s: (metres(s.lon, s.lat, lon, lat), s.id))
