"""A city, ready to be asked: who is where, who may do what on which day, who is on duty.

Built once from a `CityPack` (rows/); never changes; every answer is a pure function of the pack and its arguments.
`check.py` finds the faults of a pack before anyone builds this.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from math import cos, hypot, radians
from typing import NamedTuple, TypeVar

from .clock import DAY, MINUTE, Calendar, Duration, duration
from .law import REMEMBERED, Law, days_of, grouped, in_force
from .rows import (
    CityPack,
    Dated,
    Desk,
    Item,
    Ladder,
    Officer,
    Shift,
    Squad,
    Team,
    Territory,
    Unit,
)

T = TypeVar("T")
GENERAL = "*"  # the certificate for ordinary items
Tiers = ("town_squad", "zone_squad")  # 基层: the squads that a place has as its own, and no county's


OnDuty = tuple[int, int, int]  # minutes from midnight: start, end of a shift, and since when its people are on duty
Shifts = dict[str, tuple[int, dict[int, list[OnDuty]]]]  # by pattern: its cycle, and the shifts of each day of it


class Step(NamedTuple):
    """A Ladder with its durations read."""

    lease: Duration
    dispatch: Duration
    arrive: Duration
    operator: Duration
    overdue: Duration
    weight: int
    helps: bool


class Channel(NamedTuple):
    """A way to the squad beside its own page, and for how long an offer must have been unreceived."""

    channel: str
    after_ms: int


class Post(NamedTuple):
    """A team in a watch. `begun`: the minute of the day since which it is on duty without a break."""

    team: str
    on_duty: bool
    begun: int
    people: tuple[str, ...]  # who of it is here on the day
    able: tuple[str, ...]  # who of them may act


class _ByPriority(dict[int, T]):
    """By priority. A case of before a version with fewer priorities is of the least urgent one."""

    def __missing__(self, priority: int) -> T:
        return self[max(self)]


class City:
    """One version of one city. `version` is the hash under which the pack is published."""

    def __init__(self, pack: CityPack, version: str) -> None:
        self.pack = pack
        self.version = version
        self.facts = pack.facts
        self.windows = pack.facts.windows
        self.calendar = Calendar(pack.calendar, pack.facts.duty_hours, pack.facts.utc_offset_minutes)
        self.message_ids_ms = duration(self.windows.message_ids).ms
        self.receipts_ms = duration(self.windows.receipts).ms
        self.forwards_ms = duration(self.windows.forwards).ms
        self.lease_grace_ms = duration(self.windows.lease_grace).ms
        self.claim_ahead_ms = duration(self.windows.claim_ahead).ms
        self.claim_behind_ms = duration(self.windows.claim_behind).ms
        self.month_end_ms = duration(self.windows.month_end).ms
        self.node_silence_ms = duration(pack.facts.node_silence).ms
        self.desks: dict[str, Desk] = {d.id: d for d in pack.desks}
        self.city_desk = next(d.id for d in pack.desks if d.kind == "city")
        self.territories: dict[str, Territory] = {t.id: t for t in pack.territories}
        self.squads: dict[str, Squad] = {s.id: s for s in pack.squads}
        self.teams: dict[str, Team] = {t.id: t for t in pack.teams}
        self.officers = grouped((o.number, (o, *days_of(o))) for o in pack.officers)
        self.units: dict[str, Unit] = {u.id: u for u in pack.units}
        self.items: dict[str, Item] = {i.id: i for i in pack.items}
        self.law = Law(pack)
        self.ladder = _ByPriority({ladder.priority: _step(ladder) for ladder in pack.ladders})
        self.channels = _ByPriority({ladder.priority: _channels(pack, ladder.priority) for ladder in pack.ladders})
        self.red_lines = pack.redlines
        self.collectors = frozenset(c.number for c in pack.collectors)
        self._unit = {(u.kind, u.desk): u.id for u in pack.units}
        self._squads_at = grouped((s.territory, s) for s in sorted(pack.squads, key=lambda s: s.id))
        self._squads_of = grouped((s.desk, s) for s in sorted(pack.squads, key=lambda s: s.id))
        self._teams = grouped((t.squad, t) for t in sorted(pack.teams, key=lambda t: t.id))
        self._led = grouped(((t.squad, self.leads(t)), t) for t in sorted(pack.teams, key=lambda t: t.id))
        away = grouped((p.officer, days_of(p)) for p in pack.postings)
        people = [(o, *days_of(o), away.get(o.number, ())) for o in sorted(pack.officers, key=lambda o: o.number)]
        self._officers = grouped((row[0].team, row) for row in people if row[0].employment == "formal")
        self._auxiliaries = grouped((row[0].team, row) for row in people if row[0].employment == "aux")
        self._equipment = grouped(((q.squad, str(q.kind)), days_of(q)) for q in pack.equipment)
        self._collectors = grouped((c.territory, (c.number, *days_of(c))) for c in pack.collectors)
        self._certificates = grouped(((c.officer, c.domain), days_of(c)) for c in pack.certificates)
        self._shifts = _shifts(pack.shifts)
        self._neighbours = self._find_neighbours()
        # Minutes of a day at which a shift begins or ends: between two of them the roster is the same.
        self._turns = sorted({0} | {m % 1440 for shift in pack.shifts for m in (shift.start, shift.end)})
        # What is asked with every case and is the same all day, or from one turn to the next, remembered.
        self.crew = lru_cache(REMEMBERED)(self._crew)
        self.roster = lru_cache(REMEMBERED)(self._roster)
        self.squad_at = lru_cache(REMEMBERED)(self._squad_at)

    # -- place -----------------------------------------------------------------------------------------------------

    def desk_of(self, territory: str) -> str:
        """The desk that decides about a territory."""
        return self.territories[territory].desk

    def _squad_at(self, territory: str, day: int) -> Squad | None:
        """The squad at home in a territory on a day: a zone's own, a township's; a statute area without one of its own
        has that of the area around it, as the statute names (南湖保护范围: 南湖区's)."""
        own = next((s for s in self._squads_at.get(territory, ()) if _valid(s, day)), None)
        area = self.territories.get(territory)
        if own or area is None or area.kind != "statute":
            return own
        return next((s for s in self._squads_at.get(area.parent, ()) if _valid(s, day)), None)

    def mobile(self, desk: str, day: int) -> list[Squad]:
        """The county mobile team, or the city's detachment for the city desk."""
        return [s for s in self._squads_of.get(desk, ()) if s.tier not in Tiers and _valid(s, day)]

    def neighbours(self, squad: Squad, day: int) -> list[Squad]:
        """Squads of the same desk and acting name with a common border, longest border first.

        Never another county's: the place of the violation decides whose it is (处罚法 art. 22).
        """
        near = (self.squad_at(t, day) for t in self._neighbours.get(squad.territory, ()))
        ours = [s for s in near if s and s.desk == squad.desk and s.acting_name == squad.acting_name]
        return ours[: self.windows.neighbours]

    # -- things and units ------------------------------------------------------------------------------------------

    def unit(self, kind: str, desk: str) -> str | None:
        """The unit of a kind that works for a desk's area, else the city's."""
        return self._unit.get((kind, desk)) or self._unit.get((kind, self.city_desk))

    def equipped(self, squad: str, kind: str, day: int) -> bool:
        """Whether a squad has a thing of a kind in service (R89, R90)."""
        return in_force(self._equipment.get((squad, kind), ()), day)

    # -- people ----------------------------------------------------------------------------------------------------

    def collector(self, territory: str, desk: str, day: int) -> str:
        """Who looks for the desk: the territory's collector, else one nearby, else the desk's first; "" nobody."""
        own = (t for t, area in sorted(self.territories.items()) if area.desk == desk)
        for area in (territory, *self._neighbours.get(territory, ()), *own):
            if area == territory or self.territories[area].desk == desk:
                for number, first, last in self._collectors.get(area, ()):
                    if first <= day <= last:
                        return number
        return ""

    def teams_of(self, squad: str) -> list[Team]:
        """A squad's teams, by id."""
        return self._teams.get(squad, [])

    def asked_of(self, squad: str, leaders: bool) -> list[Team]:
        """A squad's ordinary teams, or its leaders', by id."""
        return self._led.get((squad, leaders), [])

    def watch(self, minute: int) -> int:
        """The stretch of a day, between two turns of shifts, in which a minute lies."""
        return bisect_right(self._turns, minute) - 1

    def _roster(
        self, squad: str, leaders: bool, item: str | None, auxiliaries: bool, expert: bool, day: int, watch: int
    ) -> tuple[Post, ...]:
        """A squad's ordinary teams, or its leaders', in a watch: who is on duty, and who may enforce the item (None:
        all of them; `expert`: with a department's beside them)."""
        minute = self._turns[watch]
        posts = []
        for team in self._led.get((squad, leaders), ()):
            passed = self.on_shift(team, day, minute)
            posts.append(
                Post(team.id, passed >= 0, minute - passed, *self.crew(team.id, item, day, auxiliaries, expert))
            )
        return tuple(posts)

    def rostered(self, team: Team, at: int) -> bool:
        """Whether the team's shift pattern has it working at `at`; shifts may reach past midnight."""
        return self.on_shift(team, self.calendar.day(at), self.calendar.minute(at)) >= 0

    def _begins(self, team: Team, day: int) -> list[int]:
        """The minutes of a day at which shifts of the team begin."""
        cycle, days = self._shifts[team.pattern]
        return [start for start, *_ in days.get((day + team.phase) % cycle, ())]

    def leads(self, team: Team) -> bool:
        """Whether this is the squad leader's own team, asked by the next channel when the others were silent."""
        return team.id.endswith("-L")

    def next_shift(self, squad: str, at: int) -> int:
        """The next instant at which a team of the squad begins a shift, at most two days ahead."""
        midnight = at - (at + self.facts.utc_offset_minutes * MINUTE) % DAY
        today = self.calendar.day(at)
        starts = (
            midnight + ahead * DAY + start * MINUTE
            for team in self.teams_of(squad)
            for ahead in (0, 1)
            for start in self._begins(team, today + ahead)
        )
        return min((s for s in starts if s > at), default=midnight + 2 * DAY)

    def next_change(self, team: Team, at: int) -> int:
        """The next instant at which the roster has the team begin or end its work; 0: never, it is always on call."""
        midnight = at - (at + self.facts.utc_offset_minutes * MINUTE) % DAY
        today, works = self.calendar.day(at), self.rostered(team, at)
        cycle, days = self._shifts[team.pattern]
        edges = (
            midnight + ahead * DAY + minute * MINUTE
            for ahead in range(-1, cycle + 1)
            for shift in days.get((today + ahead + team.phase) % cycle, ())
            for minute in shift[:2]
        )
        return next((e for e in sorted(edges) if e > at and self.rostered(team, e) is not works), 0)

    def on_shift(self, team: Team, day: int, minute: int) -> int:
        """For how many minutes the team has been on duty without a break; -1: it is not."""
        cycle, days = self._shifts[team.pattern]
        for start, end, begun in days.get((day + team.phase) % cycle, ()):
            if start <= minute < end:
                return minute - begun
        for _, end, begun in days.get((day - 1 + team.phase) % cycle, ()):
            if minute + 1440 < end:  # it reaches past midnight
                return minute + 1440 - begun
        return -1

    def officer(self, number: str, day: int) -> Officer | None:
        """The officer's row that is in force on a day; whoever changes squads has several."""
        return next((o for o, first, last in self.officers.get(number, ()) if first <= day <= last), None)

    def formal(self, team: str, day: int) -> list[Officer]:
        """The formal officers of a team who are here on a day, by number; who is lent out is absent (R86)."""
        rows = self._officers.get(team, ())
        return [o for o, first, last, away in rows if first <= day <= last and not (away and in_force(away, day))]

    def auxiliaries(self, team: str, day: int) -> list[Officer]:
        """The auxiliaries of a team: they support, and count towards no pair (条例 art. 30)."""
        rows = self._auxiliaries.get(team, ())
        return [o for o, first, last, away in rows if first <= day <= last and not (away and in_force(away, day))]

    def _crew(
        self, team: str, item: str | None, day: int, auxiliaries: bool, expert: bool = False
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(numbers of a team's people who are here on a day, who of them may enforce the item; None: all of them)."""
        people = [*self.formal(team, day), *(self.auxiliaries(team, day) if auxiliaries else ())]
        here = tuple(o.number for o in people)
        return here, here if item is None else tuple(
            o for o in here if self.certified(o, self.items[item], day, expert)
        )

    def certified(self, officer: str, item: Item, day: int, expert: bool = False) -> bool:
        """Whether the officer may enforce the item: by its own domain, or the general one where that is enough, as it
        also is with a department's expert beside them (R10)."""
        if (expert or not item.specialist) and in_force(self._certificates.get((officer, GENERAL), ()), day):
            return True
        return in_force(self._certificates.get((officer, item.domain), ()), day)

    def grassroots(self, squad: str) -> bool:
        """Whether the squad is a town's or a zone's own 基层."""
        return self.squads[squad].tier in Tiers

    def _find_neighbours(self) -> dict[str, list[str]]:
        near: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for b in self.pack.borders:
            near[b.a].append((-b.metres, b.b))
            near[b.b].append((-b.metres, b.a))
        return {t: [other for _, other in sorted(rows)] for t, rows in near.items()}


def metres(lon1: float, lat1: float, lon2: float, lat2: float) -> int:
    """Distance on the local plane, whole metres (good to 0.1 % within a prefecture)."""
    return round(hypot((lon2 - lon1) * 111_320 * cos(radians((lat1 + lat2) / 2)), (lat2 - lat1) * 110_900))


def _shifts(rows: Iterable[Shift]) -> Shifts:
    """Who goes from one shift into the next has no break between them (R87). A pattern without any break says nothing
    of who rests when, so each of its shifts counts by itself."""
    found: Shifts = {}
    for pattern, shifts in grouped((row.pattern, row) for row in rows).items():
        cycle = shifts[0].cycle
        whole = cycle * 1440
        ending = {(s.day * 1440 + s.end) % whole: s for s in shifts}
        days: dict[int, list[OnDuty]] = {}
        for shift in shifts:
            first, before = shift, 0
            while before < whole and (previous := ending.get((first.day * 1440 + first.start) % whole)):
                first, before = previous, before + previous.end - previous.start
            begun = shift.start - (before if before < whole else 0)
            days.setdefault(shift.day, []).append((shift.start, shift.end, begun))
        found[pattern] = cycle, days
    return found


def _step(ladder: Ladder) -> Step:
    return Step(
        duration(ladder.lease),
        duration(ladder.dispatch),
        duration(ladder.arrive),
        duration(ladder.operator),
        duration(ladder.overdue),
        ladder.weight,
        ladder.helps,
    )


def _channels(pack: CityPack, priority: int) -> tuple[Channel, ...]:
    """The channels of a priority, the quickest first; equal ones in the order of their rows."""
    rows = (Channel(rule.channel, duration(rule.after).ms) for rule in pack.channels if rule.priority == priority)
    return tuple(sorted(rows, key=lambda row: row.after_ms))


def _valid(row: Dated, day: int) -> bool:
    first, last = days_of(row)
    return first <= day <= last
