"""What a desk's operator does with a case that the rules do not settle: a few plans, minutes after one another.

An operator looks at what the desk tells (`reason`, `candidates`) and at the city's public rows (`places`). That an
order was carried out shows by the case moving on; if it did not, the next plan. The last plan always ends it: it goes
to the city desk, or is closed by force with a reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dispatchers import messages as m
from dispatchers.city import City
from dispatchers.clock import MINUTE

from .acts import Plan, operator
from .chance import Chance
from .known import Known
from .places import ANSWERS, Places
from .times import Day

NO_TASK = 0.3  # of the matters that no list knows: nothing to be done
NO_PLACE = 0.06  # of the cases without a place: nobody finds out where
ASKED = 0.7  # of those at the city desk: the caller knew the county
BEATEN = frozenset({"off_duty", "no_certified_pair", "cap", "no_equipment", "about_them"})  # not even an operator may
NEARBY = 3  # squads of the desk that are tried besides
MOST_HANDOVERS = 4
Said = tuple[type[m.CaseOrder], dict[str, Any]]


class Operators:
    """The operators of all desks."""

    def __init__(self, chance: Chance, city: City, places: Places, day: Day) -> None:
        self.chance, self.city, self.places, self.day = chance, city, places, day

    def options(self, known: Known) -> Iterator[Plan]:
        """The plans for a case that needs an operator, in their order."""
        urgent = known.priority <= 1
        first = self.chance.between(0.5, 3 if urgent else 8, known.id, "operator", known.since) * MINUTE
        step = (1 if urgent else 3) * MINUTE
        if known.why == "designated_elsewhere" and self.day.night(known.at):  # theirs are asleep
            first += self.day.next_morning(known.at) - known.at
        for number, (kind, rest) in enumerate(self._plans(known)):
            yield Plan(number, first + number * step, kind, rest, operator(known.desk))

    def _plans(self, known: Known) -> Iterator[Said]:
        if known.stage == "proposed":
            yield from self._proposal(known)
        elif known.why == "not_found":
            yield m.CancelCase, {"outcome": "not_registered", "reason": "looked at: there is nothing of the kind"}
            return
        elif known.item not in self.city.items and known.duty != "reply":
            yield from self._nameless(known)
        elif not known.territory and known.duty != "reply":
            yield from self._placeless(known)
        if known.designated:
            yield from self._designated(known)
            return
        if known.why == "returned_too_often":
            yield m.OpenDispute, {"reason": "everybody gives it back"}
        owner = self.places.owner(known)
        if owner is None or owner.kind != "squad":
            yield from self._units(known, owner.owner if owner else ANSWERS)
        else:
            yield from self._squads_for(known)
        yield from self._on(known)

    def _on(self, known: Known) -> Iterator[Said]:
        """Nobody here can: the city desk; from there back to the place; and at last the end."""
        if known.handovers <= MOST_HANDOVERS:
            if known.desk != self.city.city_desk:
                yield m.HandOverCase, {"to_desk": self.city.city_desk, "reason": "nobody here can"}
            elif known.territory and self.city.desk_of(known.territory) != known.desk:
                yield m.HandOverCase, {"to_desk": self.city.desk_of(known.territory), "reason": "the place is yours"}
        yield m.CloseCase, {"forced": True, "reason": "nobody can be found for it; told to the reporter"}

    def _proposal(self, known: Known) -> Iterator[Said]:
        """What the rules propose is done as they say; what they only note, people do themselves, mostly likewise."""
        if known.mode == "propose":
            yield m.ConfirmProposal, {}
        wish = known.proposed
        whom = {"unit": wish.unit} if wish.unit else {"squad": wish.squad}
        yield m.AssignCase, whom | {"reason": "as the rules would"}

    def _nameless(self, known: Known) -> Iterator[Said]:
        """Nobody knows what it is: read, and perhaps telephoned about; some are no task of the city's."""
        item = self.places.plausible(known)
        if item is None or self.chance.happens(NO_TASK, known.id, "no task"):
            yield m.CancelCase, {"outcome": "rejected", "reason": "no task of the city's: 12345 told the caller whose"}
        else:
            yield m.ClassifyCase, {"item": item.id, "reason": "read by an operator"}

    def _placeless(self, known: Known) -> Iterator[Said]:
        """Somebody calls back: some cases end there, some go to the county that was meant, most get a place."""
        if self.chance.happens(NO_PLACE, known.id, "no place"):
            reason = "nobody knows where; the reporter cannot be reached"
            yield m.CancelCase, {"outcome": "not_registered", "reason": reason}
        elif known.desk == self.city.city_desk:
            if known.handovers <= MOST_HANDOVERS and self.chance.happens(ASKED, known.id, "asked"):
                counties = [(d.id, 1.0) for d in self.city.pack.desks if d.kind == "county"]
                county = self.chance.weighted(counties, known.id, "county")
                yield m.HandOverCase, {"to_desk": county, "reason": "the caller says it is yours"}
        elif territory := self.places.some(known):
            yield m.ClassifyCase, {"item": known.item, "territory": territory, "reason": "the caller says where"}

    def _designated(self, known: Known) -> Iterator[Said]:
        """Whom the ruling named, or nobody (协调裁定 is final): asked again, at last with the desk above."""
        home = self._desk_of(known.designated)
        if home == known.desk or known.designated in self.city.units:
            whom = {"unit": known.designated} if known.designated in self.city.units else {"squad": known.designated}
            yield m.AssignCase, whom | {"reason": "the ruling names you"}
        elif known.desk == self.city.city_desk:
            yield m.HandOverCase, {"to_desk": home, "reason": "the ruling names you"}

    def _desk_of(self, owner: str) -> str:
        row = self.city.squads.get(owner) or self.city.units.get(owner)
        return row.desk if row else self.city.city_desk

    def _units(self, known: Known, kind: str) -> Iterator[Said]:
        """The unit of the desk, told that it is theirs; then whoever answers citizens, where nothing is enforced."""
        kinds = (kind,) if known.nature == "enforcement" and kind != ANSWERS else (kind, ANSWERS)
        for name in kinds:
            unit = self.city.unit(name, known.desk)
            if unit:
                yield m.AssignCase, {"unit": unit, "reason": "yours by the power list" if name == kind else "answer it"}

    def _squads_for(self, known: Known) -> Iterator[Said]:
        """Whom the desk looked at and who may still; the county's team; the nearest of the desk.

        A case without a place first goes to the squad of the place that somebody found out.
        """
        asked = {c.squad: "asked again" for c in known.candidates if c.pairs and c.lost not in BEATEN}
        day = self.city.calendar.day(known.at)
        county = {squad.id: "the county's team" for squad in self.city.mobile(known.desk, day)}
        nearest = {squad.id: "the nearest that can" for squad in self.places.nearest(known)[:NEARBY]}
        first, *others = (asked, county, nearest) if known.territory else (nearest, county)
        chosen = dict(first)
        for other in others:
            chosen |= {squad: reason for squad, reason in other.items() if squad not in chosen}
        beaten = {c.squad for c in known.candidates if c.lost in BEATEN} - asked.keys()
        for squad_id, reason in chosen.items():
            if squad_id not in beaten and self.places.able(squad_id, known):
                yield m.AssignCase, {"squad": squad_id, "reason": reason}
