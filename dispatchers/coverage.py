"""Whether somebody who may enforce is on duty at every minute (R77): a slot is covered iff a team with two certified
formal officers is on shift (处罚法 art. 42: two persons).

The lead team is on call, not on duty, and covers nothing. Certificates come and go, so each stretch of days between
two such changes is looked at on its own, for one round of all shift patterns together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import lcm

from .check_words import Fault, ahead, span
from .clock import EPOCH
from .rows import CityPack, Squad, Team

DAY = 24 * 60
GENERAL = "*"
Shifts = dict[str, tuple[int, dict[int, list[tuple[int, int]]]]]  # pattern -> cycle, day -> (start, end)
Days = tuple[dt.date, dt.date]
Formal = dict[str, list[tuple[Days, list[Days]]]]  # team -> of each officer, own days and those of certificates


def faults(pack: CityPack) -> Iterator[Fault]:
    """Faults of patterns, teams and rosters."""
    yield from _patterns(pack)
    yield from _domains(pack)
    formal = _formal(pack)
    yield from _teams(pack, formal)
    shifts: Shifts = {}
    for s in pack.shifts:
        shifts.setdefault(s.pattern, (max(1, s.cycle), {}))[1].setdefault(s.day, []).append((s.start, s.end))
    teams: dict[str, list[Team]] = {}
    for team in pack.teams:
        teams.setdefault(team.squad, []).append(team)
    last = dt.date(max((d.date.year for d in pack.calendar), default=1970), 12, 31)
    for n, squad in enumerate(pack.squads):
        yield from _squad(n, squad, teams.get(squad.id, []), formal, shifts, last)


def _formal(pack: CityPack) -> Formal:
    """The formal officers of each team: their own days, and those of their general certificates."""
    general: dict[str, list[Days]] = {}
    for c in pack.certificates:
        if c.domain == GENERAL:
            general.setdefault(c.officer, []).append(span(c))
    found: Formal = {}
    for o in pack.officers:
        if o.employment == "formal":
            found.setdefault(o.team, []).append((span(o), general.get(o.number, [])))
    return found


def _teams(pack: CityPack, formal: Formal) -> Iterator[Fault]:
    squad_of = {t.id: t.squad for t in pack.teams}
    for n, team in enumerate(pack.teams):
        if len(formal.get(team.id, ())) < 2:
            yield Fault("teams", n, "id", f"{team.id} has not two formal officers", "two or more (处罚法 art. 42)")
    for n, o in enumerate(pack.officers):
        if squad_of.get(o.team, o.squad) != o.squad:
            yield Fault("officers", n, "team", f"team {o.team} is of {squad_of[o.team]}", f"a team of {o.squad}")


def leads(team: Team) -> bool:
    """As City.leads, of a pack that may yet be wrong."""
    return team.id.endswith("-L")


def _patterns(pack: CityPack) -> Iterator[Fault]:
    cycles: dict[str, int] = {}
    for n, s in enumerate(pack.shifts):
        if cycles.setdefault(s.pattern, s.cycle) != s.cycle:
            yield Fault("shifts", n, "cycle", f"{s.pattern} has two cycles", str(cycles[s.pattern]))
        if not 0 <= s.day < s.cycle:
            yield Fault("shifts", n, "day", f"no day {s.day} in a cycle of {s.cycle}", "0 to cycle - 1")
        if not (0 <= s.start < DAY and s.start < s.end <= s.start + DAY):
            right = "0 <= start < 1440, start < end <= start + 1440"
            yield Fault("shifts", n, "end", f"{s.start} to {s.end} is no shift", right)


def _domains(pack: CityPack) -> Iterator[Fault]:
    known = {*pack.facts.domains, *(i.domain for i in pack.items), GENERAL}
    for n, c in enumerate(pack.certificates):
        if c.domain not in known:
            yield Fault("certificates", n, "domain", f"no domain {c.domain!r}", 'a domain of the list, or "*"')


def _squad(
    n: int,
    squad: Squad,
    teams: list[Team],
    formal: Formal,
    shifts: Shifts,
    last: dt.date,
) -> Iterator[Fault]:
    ordinary = [t for t in teams if not leads(t)]
    if not ordinary:
        yield Fault("squads", n, "id", f"{squad.id} has no team", "a team beside the lead team")
        return
    if len(ordinary) == len(teams):
        right = f"a team {squad.id}-L of the leader and a second officer (the ladder's third step)"
        yield Fault("squads", n, "id", f"{squad.id} has no lead team", right)
    if any(t.pattern not in shifts for t in ordinary):
        return  # told already; what the team would cover is not known
    first, end = squad.valid_from, min(squad.valid_to or last, last)
    for start, stop in _stretches(first, end, [formal.get(t.id, []) for t in ordinary]):
        able = [t for t in ordinary if _certified(formal.get(t.id, []), start) >= 2]
        gap = next(_gaps(able, shifts, start, stop), None)
        if gap:
            day, minute = gap
            what = f"{squad.id} has no certified pair on {day} from {minute // 60:02}:{minute % 60:02}"
            yield Fault("squads", n, "id", what, "a team with two certified formal officers at every minute (R77)")
            return


def _stretches(first: dt.date, end: dt.date, pairs: Iterable[list[tuple[Days, list[Days]]]]) -> Iterator[Days]:
    """The days from first to end, cut wherever an officer or a certificate comes or goes."""
    spans = [s for officers in pairs for own, held in officers for s in (own, *held)]
    cuts = {first, *(d for s in spans for d in (s[0], ahead(s[1])) if first < d <= end)}
    starts = [*sorted(cuts), ahead(end)]
    for start, following in pairwise(starts):
        if start < following:
            yield start, following - dt.timedelta(days=1)


def _certified(officers: list[tuple[Days, list[Days]]], day: dt.date) -> int:
    return sum(own[0] <= day <= own[1] and any(a <= day <= b for a, b in held) for own, held in officers)


def _gaps(teams: list[Team], shifts: Shifts, start: dt.date, stop: dt.date) -> Iterator[tuple[dt.date, int]]:
    """Days and minutes at which nobody of `teams` is on shift; one round of all patterns is enough."""
    days = min((stop - start).days + 1, lcm(*(shifts[t.pattern][0] for t in teams)))
    for day in (start + dt.timedelta(days=d) for d in range(days)):
        number = day.toordinal() - EPOCH
        on = [
            (begin - back * DAY, end - back * DAY)
            for t in teams
            for cycle, plan in (shifts[t.pattern],)
            for back in (0, 1)
            for begin, end in plan.get((number - back + t.phase) % cycle, ())
        ]
        reached = 0
        for begin, end in sorted(on):
            if begin > reached:
                break
            reached = max(reached, end)
        if reached < DAY:
            yield day, reached
