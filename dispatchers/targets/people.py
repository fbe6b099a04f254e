"""People of the squads on a day (domain.md §1E): who is there by norm (R76), round the clock (R77), in what proportion
(R78), and how unequally work lies on them (R38). Pure functions of the city pack, a day, and what each squad has.

Who is there, and who is on duty, is said by City (city.py) as for dispatch: who is lent out is absent. For the cover,
who is on leave by attendance is absent too, and the leaders' teams are left out: on call day and night, they would
cover every squad on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from statistics import median
from typing import NamedTuple

from dispatchers.city import City
from dispatchers.clock import DAY, MINUTE
from dispatchers.law import days_of, grouped, in_force
from dispatchers.rows import CityPack, Squad

from .force import LEAVE
from .periods import day_of
from .share import Share

PAIR = 2  # certified formal officers: without two there is no act (处罚法 art. 42)
WEEK = 7
THURSDAY = 3  # days after a Monday: 1970-01-01, from which days are counted


class Crew(NamedTuple):
    """A squad's people on a day. `norm` 0: none is known."""

    formal: int = 0
    aux: int = 0
    certified: int = 0  # of the formal ones
    norm: int = 0

    @property
    def pairs(self) -> int:
        """Who can act at once; a squad without a pair bears its load as if it had one."""
        return max(self.certified // PAIR, 1)


class Staff(NamedTuple):
    """A desk's people on a day. `present`: formal officers of the squads that have a norm."""

    formal: int = 0
    aux: int = 0
    norm: int = 0
    present: int = 0

    @property
    def within(self) -> bool:
        """Whether auxiliaries are no more than formal officers (R78: 1.0 passes)."""
        return self.aux <= self.formal


class Load(NamedTuple):
    """How unequally open cases lie on pairs. `peak`: the largest by the median; None: the median squad has none."""

    gini: float = 0.0
    peak: float | None = None


class People:
    """The people of a city, to be asked by day. Remembers the days and weeks that were asked."""

    def __init__(self, pack: CityPack) -> None:
        self._city = City(pack, "")
        self._certified = grouped((c.officer, days_of(c)) for c in pack.certificates)
        self._leave = grouped((a.officer, days_of(a)) for a in pack.attendance if a.post == LEAVE)
        # Minutes of a day at which shifts begin or end: between two of them the roster is the same.
        self._turns = sorted({0} | {m % (DAY // MINUTE) for s in pack.shifts for m in (s.start, s.end)})
        self.crews = lru_cache(8)(self._crews)
        self._of_week = lru_cache(8)(self._cover)

    def staff(self, day: int) -> dict[str, Staff]:
        """The people of each desk's squads."""
        found: dict[str, Staff] = {}
        for squad, crew in self._crews_of(day):
            old = found.get(squad.desk, Staff())
            present = crew.formal if crew.norm else 0
            found[squad.desk] = Staff(
                old.formal + crew.formal, old.aux + crew.aux, old.norm + crew.norm, old.present + present
            )
        return found

    def cover(self, at: int) -> dict[str, Share]:
        """By desk, squad-seconds of the week (from Monday, city time) that `at` is in: of the grassroots squads' time
        that with two certified formal officers on duty, of all of it."""
        day = day_of(at, self._city.facts.utc_offset_minutes)
        return self._of_week(day - (day + THURSDAY) % WEEK)

    def load(self, desk: str, day: int, loads: Mapping[str, int]) -> Load:
        """The inequality among a desk's squads; `loads`: open cases by squad, of one that is not in it none."""
        crews = self._crews_of(day)
        return load(Fraction(loads.get(s.id, 0), crew.pairs) for s, crew in crews if s.desk == desk)

    def _crews_of(self, day: int) -> list[tuple[Squad, Crew]]:
        crews = self.crews(day)
        return [(squad, crews[squad.id]) for squad in self._city.squads.values() if squad.id in crews]

    def _crews(self, day: int) -> dict[str, Crew]:
        """Each squad's people."""
        city, found = self._city, {}
        for squad in city.squads.values():
            if in_force((days_of(squad),), day):
                teams = [team.id for team in city.teams_of(squad.id)]
                formal = [o.number for team in teams for o in city.formal(team, day)]
                aux = sum(len(city.auxiliaries(team, day)) for team in teams)
                found[squad.id] = Crew(len(formal), aux, self._count_certified(formal, day), squad.norm)
        return found

    def _count_certified(self, officers: Iterable[str], day: int) -> int:
        return sum(in_force(self._certified.get(officer, ()), day) for officer in officers)

    def _cover(self, monday: int) -> dict[str, Share]:
        found: dict[str, Share] = {}
        for day in range(monday, monday + WEEK):
            for squad in self._city.squads.values():
                if self._city.grassroots(squad.id) and in_force((days_of(squad),), day):
                    covered = sum(self._covered(squad.id, day)) * MINUTE // 1000
                    found[squad.desk] = found.get(squad.desk, Share()).plus(Share(covered, DAY // 1000))
        return found

    def _covered(self, squad: str, day: int) -> Iterator[int]:
        """The minutes of each stretch of a day in which a pair is on duty."""
        city = self._city
        for minute, end in zip(self._turns, (*self._turns[1:], DAY // MINUTE), strict=True):
            posts = city.roster(squad, False, None, False, False, day, city.watch(minute))
            there = (o for post in posts if post.on_duty for o in post.people)
            here = [o for o in there if not in_force(self._leave.get(o, ()), day)]
            if self._count_certified(here, day) >= PAIR:
                yield end - minute


def load(per_pair: Iterable[Fraction]) -> Load:
    """How unequal loads are: the Gini coefficient (0: all alike; near 1: all on one), and the largest by the median."""
    ordered = sorted(per_pair)
    total, n = sum(ordered), len(ordered)
    if not total:
        return Load()
    ranked = sum(rank * one for rank, one in enumerate(ordered, 1))
    middle = median(ordered)
    return Load(float(2 * ranked / (n * total) - Fraction(n + 1, n)), float(ordered[-1] / middle) if middle else None)
