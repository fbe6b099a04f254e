"""Whether somebody who may enforce is on duty at every minute (R77): a slot is covered iff a team with two certified
formal officers is on shift (处罚法 art. 42: two persons).

The lead team is on call, not on duty, and covers nothing. Certificates come and go, so each stretch of days between
two such changes is looked at on its own, for one round of all shift patterns together.

A roster with holes, or with more auxiliaries than officers (R78), is a shortage of people and not a slip of the pen: it
is told as a warning, once for a squad.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import lcm
from typing import NamedTuple

from dispatchers.clock import EPOCH
from dispatchers.rows import CityPack, Squad, Team

from .words import Days, Fault, ahead, span

DAY = 24 * 60
GENERAL = "*"
Shifts = dict[str, tuple[int, dict[int, list[tuple[int, int]]]]]  # pattern -> cycle, day -> (start, end)


class Post(NamedTuple):
    """An officer in a team."""

    number: str
    days: Days
    held: list[Days]  # days of general certificates
    away: list[Days]  # days lent to another post (R86)

    def able(self, day: dt.date) -> bool:
        """Whether the officer is here on a day, with a certificate."""
        return _within(day, [self.days]) and _within(day, self.held) and not _within(day, self.away)


Formal = dict[str, list[Post]]  # by team


def faults(pack: CityPack) -> Iterator[Fault]:
    """Faults of patterns, teams and rosters."""
    yield from _patterns(pack)
    yield from _domains(pack)
    formal = _formal(pack)
    yield from _teams(pack, formal)
    yield from _auxiliaries(pack)
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
    """The formal officers of each team."""
    general: dict[str, list[Days]] = {}
    for c in pack.certificates:
        if c.domain == GENERAL:
            general.setdefault(c.officer, []).append(span(c))
    away: dict[str, list[Days]] = {}
    for p in pack.postings:
        away.setdefault(p.officer, []).append(span(p))
    found: Formal = {}
    for o in pack.officers:
        if o.employment == "formal":
            post = Post(o.number, span(o), general.get(o.number, []), away.get(o.number, []))
            found.setdefault(o.team, []).append(post)
    return found


def _teams(pack: CityPack, formal: Formal) -> Iterator[Fault]:
    squad_of = {t.id: t.squad for t in pack.teams}
    for n, team in enumerate(pack.teams):
        if len({post.number for post in formal.get(team.id, ())}) < 2:
            yield Fault("teams", n, "id", f"{team.id} has not two formal officers", "two or more (处罚法 art. 42)")
    for n, o in enumerate(pack.officers):
        if squad_of.get(o.team, o.squad) != o.squad:
            yield Fault("officers", n, "team", f"team {o.team} is of {squad_of[o.team]}", f"a team of {o.squad}")


def _auxiliaries(pack: CityPack) -> Iterator[Fault]:
    """The first team of a squad, on its first day, with more auxiliaries than officers."""
    members: dict[str, list[tuple[Days, int]]] = {}
    for o in pack.officers:
        members.setdefault(o.team, []).append((span(o), 1 if o.employment == "aux" else -1))
    for n, squad in enumerate(pack.squads):
        over = [
            (day, team.id)
            for team in pack.teams
            if team.squad == squad.id
            for day in {days[0] for days, _ in members.get(team.id, ())}
            if sum(sign for days, sign in members[team.id] if _within(day, [days])) > 0
        ]
        if over:
            day, name = min(over)
            what = f"{squad.id} has more auxiliaries than formal officers in {name} on {day}"
            yield Fault("squads", n, "id", what, "no more of them than officers in any team (R78)", warning=True)


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
    known = {*(d.name for d in pack.domains), *(i.domain for i in pack.items), GENERAL}
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
        able = [t for t in ordinary if len({p.number for p in formal.get(t.id, ()) if p.able(start)}) >= 2]
        gap = next(_gaps(able, shifts, start, stop), None)
        if gap:
            day, minute = gap
            what = f"{squad.id} has no certified pair on {day} from {minute // 60:02}:{minute % 60:02}"
            right = "a team with two certified formal officers at every minute (R77)"
            yield Fault("squads", n, "id", what, right, warning=True)
            return


def _stretches(first: dt.date, end: dt.date, teams: Iterable[list[Post]]) -> Iterator[Days]:
    """The days from first to end, cut wherever an officer or a certificate comes or goes."""
    spans = [s for posts in teams for post in posts for s in (post.days, *post.held, *post.away)]
    cuts = {first, *(d for s in spans for d in (s[0], ahead(s[1])) if first < d <= end)}
    starts = [*sorted(cuts), ahead(end)]
    for start, following in pairwise(starts):
        if start < following:
            yield start, following - dt.timedelta(days=1)


def _within(day: dt.date, spans: Iterable[Days]) -> bool:
    return any(first <= day <= last for first, last in spans)


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
