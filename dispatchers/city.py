"""A city, ready to be asked: who is where, who may do what on which day, who is on duty.

Built once from a `CityPack` (rows.py); never changes; every answer is a pure function of the pack and its arguments.
`check.py` finds the faults of a pack before anyone builds this.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import cos, hypot, radians
from typing import NamedTuple, TypeVar

from .clock import DAY, EPOCH, MINUTE, Calendar, Duration, duration
from .rows import (
    CityPack,
    Dated,
    Desk,
    Item,
    Ladder,
    Officer,
    Power,
    Squad,
    Team,
    Territory,
    Unit,
)

K = TypeVar("K")
V = TypeVar("V")
FOREVER = 1 << 30
GENERAL = "*"  # the certificate for ordinary items
Tiers = ("town_squad", "zone_squad")  # 基层: what counts as grassroots in the 80 % numbers (domain.md §2.1, strict)


class Step(NamedTuple):
    """A Ladder with its durations read."""

    lease: Duration
    dispatch: Duration
    operator: Duration
    overdue: Duration
    weight: int
    helps: bool


class City:
    """One version of one city. `version` is the hash under which the pack is published."""

    def __init__(self, pack: CityPack, version: str) -> None:
        self.pack = pack
        self.version = version
        self.facts = pack.facts
        self.windows = pack.facts.windows
        self.calendar = Calendar(pack.calendar, pack.facts.duty_hours, pack.facts.utc_offset_minutes)
        self.message_ids_ms = duration(self.windows.message_ids).ms()
        self.receipts_ms = duration(self.windows.receipts).ms()
        self.forwards_ms = duration(self.windows.forwards).ms()
        self.lease_grace_ms = duration(self.windows.lease_grace).ms()
        self.claim_ahead_ms = duration(self.windows.claim_ahead).ms()
        self.claim_behind_ms = duration(self.windows.claim_behind).ms()
        self.desks: dict[str, Desk] = {d.id: d for d in pack.desks}
        self.city_desk = next(d.id for d in pack.desks if d.kind == "city")
        self.territories: dict[str, Territory] = {t.id: t for t in pack.territories}
        self.squads: dict[str, Squad] = {s.id: s for s in pack.squads}
        self.teams: dict[str, Team] = {t.id: t for t in pack.teams}
        self.officers: dict[str, Officer] = {o.number: o for o in pack.officers}
        self.units: dict[str, Unit] = {u.id: u for u in pack.units}
        self.items: dict[str, Item] = {i.id: i for i in pack.items}
        self.limits: dict[str, Duration] = {i.id: duration(i.limit) for i in pack.items}
        self.ladder: dict[int, Step] = {ladder.priority: _step(ladder) for ladder in pack.ladders}
        self._category = {(c.scheme, c.code): c.item for c in pack.categories}
        self._unit = {(u.kind, u.desk): u.id for u in pack.units}
        self._squads_at = _group((s.territory, s) for s in sorted(pack.squads, key=lambda s: s.id))
        self._squads_of = _group((s.desk, s) for s in sorted(pack.squads, key=lambda s: s.id))
        self._teams = _group((t.squad, t) for t in sorted(pack.teams, key=lambda t: t.id))
        self._powers = _group((p.item, p) for p in pack.powers)
        formal = sorted((o for o in pack.officers if o.employment == "formal"), key=lambda o: o.number)
        self._officers = _group((o.team, (o, *_days(o))) for o in formal)
        self._certificates = _group(((c.officer, c.domain), _days(c)) for c in pack.certificates)
        self._shifts: dict[str, tuple[int, dict[int, list[tuple[int, int]]]]] = {}
        for shift in pack.shifts:
            days = self._shifts.setdefault(shift.pattern, (shift.cycle, {}))[1]
            days.setdefault(shift.day, []).append((shift.start, shift.end))
        self._neighbours = self._find_neighbours()

    # -- place -----------------------------------------------------------------------------------------------------

    def desk_of(self, territory: str) -> str:
        """The desk that decides about a territory."""
        return self.territories[territory].desk

    def squad_at(self, territory: str, day: int) -> Squad | None:
        """The squad at home in a territory on a day (a zone's own, or a township's)."""
        return next((s for s in self._squads_at.get(territory, ()) if _valid(s, day)), None)

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

    # -- competence ------------------------------------------------------------------------------------------------

    def item_of(self, scheme: str, code: str) -> Item | None:
        """The item a source means by its category; the scheme "item" names ours directly."""
        return self.items.get(code if scheme == "item" else self._category.get((scheme, code), ""))

    def powers(self, item: str, day: int) -> list[Power]:
        """Rows of the power list in force for an item on a day, in the order of the list."""
        return [p for p in self._powers.get(item, ()) if _valid(p, day)]

    def unit(self, kind: str, desk: str) -> str | None:
        """The unit of a kind that works for a desk's area, else the city's."""
        return self._unit.get((kind, desk)) or self._unit.get((kind, self.city_desk))

    # -- people ----------------------------------------------------------------------------------------------------

    def teams_of(self, squad: str) -> list[Team]:
        """A squad's teams, by id."""
        return self._teams.get(squad, [])

    def rostered(self, team: Team, at: int) -> bool:
        """Whether the team's shift pattern has it working at `at`; shifts may reach past midnight."""
        today, minute = self.calendar.day(at), self.calendar.minute(at)
        for start, end in self._shift(team, today):
            if start <= minute < end:
                return True
        return any(minute + 24 * 60 < end for _, end in self._shift(team, today - 1))

    def _shift(self, team: Team, day: int) -> list[tuple[int, int]]:
        """(start, end) minutes of the team's shifts on a day."""
        cycle, days = self._shifts[team.pattern]
        return days.get((day + team.phase) % cycle, [])

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
            for start, _ in self._shift(team, today + ahead)
        )
        return min((s for s in starts if s > at), default=midnight + 2 * DAY)

    def formal(self, team: str, day: int) -> list[Officer]:
        """The formal officers posted to a team on a day, by number."""
        return [o for o, first, last in self._officers.get(team, ()) if first <= day <= last]

    def certified(self, officer: str, item: Item, day: int) -> bool:
        """Whether the officer may enforce the item: by its own domain, or the general one where enough (R10)."""
        own = self._certificates.get((officer, item.domain), ())
        general = () if item.specialist else self._certificates.get((officer, GENERAL), ())
        return any(first <= day <= last for first, last in (*own, *general))

    def grassroots(self, squad: str) -> bool:
        """Whether the squad counts as grassroots 基层 (strict scope)."""
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


def _step(ladder: Ladder) -> Step:
    return Step(
        duration(ladder.lease),
        duration(ladder.dispatch),
        duration(ladder.operator),
        duration(ladder.overdue),
        ladder.weight,
        ladder.helps,
    )


def _days(row: Dated) -> tuple[int, int]:
    """First and last day of validity, as days since 1970-01-01."""
    last = row.valid_to.toordinal() - EPOCH if row.valid_to else FOREVER
    return row.valid_from.toordinal() - EPOCH, last


def _valid(row: Dated, day: int) -> bool:
    first, last = _days(row)
    return first <= day <= last


def _group(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    grouped: dict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        grouped[key].append(value)
    return dict(grouped)
