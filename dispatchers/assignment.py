"""Who will 派单: from a squad's teams to one team and two officers (domain.md §5.2 steps 9-11).

A team is eligible iff: its squad has not given this case back, it has not let this case lie, it is on duty, two of its
formal officers on duty are certified for the item (处罚法 art. 42), and the squad stays within its cap. Among the
eligible: least open weight per certified pair, then the nearer squad, then the smaller id. Every team that was looked
at is named with its figures and the reason why it lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from .case import Case
from .city import metres
from .decision import Decision
from .events import Candidate
from .rows import Item, Squad, Team


class Choice(NamedTuple):
    """The team that gets the offer, and everyone who was looked at, the winner first."""

    squad: Squad | None
    team: str
    officers: tuple[str, ...]
    candidates: tuple[Candidate, ...]


def choose(decision: Decision, case: Case, squads: Iterable[Squad], *, leaders: bool = False, only: str = "") -> Choice:
    """The best team of the squads for the case, or no team and the reasons.

    `leaders`: look at the leaders' own teams instead of the ordinary ones (the third step of the ladder);
    `only`: at this one team, because an operator named it.
    """
    item = decision.city.items.get(case.item)
    able: list[tuple[tuple[float, int, str], Candidate, Squad, tuple[str, ...]]] = []
    lost: list[Candidate] = []
    for squad in squads:
        way = _way(squad, case)
        for team in decision.city.teams_of(squad.id):
            if decision.city.leads(team) != leaders or (only and team.id != only):
                continue
            present = on_duty(decision, team)
            officers = _certified(decision, present, item)
            candidate = Candidate(
                squad=squad.id, team=team.id, pairs=len(officers) // 2, load=decision.load(team.id), metres=way
            )
            reason = _unable(decision, case, squad, team, present, officers)
            if reason:
                lost.append(replace(candidate, lost=reason))
            else:
                rank = (candidate.load / candidate.pairs, way or 0, team.id)
                able.append((rank, candidate, squad, officers[:2]))
    if not able:
        return Choice(None, "", (), tuple(lost))
    able.sort(key=lambda row: row[0])
    best, winner, squad, pair = able[0]
    behind = (replace(c, lost=_behind(best, rank)) for rank, c, _, _ in able[1:])
    return Choice(squad, winner.team, pair, (winner, *behind, *lost))


def on_duty(decision: Decision, team: Team) -> list[str]:
    """Numbers of the team's formal officers on duty: the roster, unless overruled."""
    rostered = decision.city.rostered(team, decision.at)
    if not decision.overruled:  # as a rule
        return [o.number for o in decision.city.formal(team.id, decision.day)] if rostered else []
    present = []
    for officer in decision.city.formal(team.id, decision.day):
        said = decision.duty(officer.number)
        overruled = said is not None and (said.until is None or decision.at < said.until)
        if said.on_duty if said is not None and overruled else rostered:
            present.append(officer.number)
    return present


def _certified(decision: Decision, present: list[str], item: Item | None) -> tuple[str, ...]:
    """Who of those on duty may enforce the item; for an item nobody knows, all of them (an operator sends them)."""
    return tuple(o for o in present if item is None or decision.city.certified(o, item, decision.day))


def _unable(
    decision: Decision, case: Case, squad: Squad, team: Team, present: list[str], certified: tuple[str, ...]
) -> str:
    if squad.id in case.barred:
        return "returned_before"
    if team.id in case.tried:
        return "did_not_answer"
    if len(certified) < 2:
        return "no_certified_pair" if present else "off_duty"
    if decision.load(squad.id) + case.weight > squad.cap:
        return "cap"
    return ""


def _behind(best: tuple[float, int, str], rank: tuple[float, int, str]) -> str:
    return "more_load" if rank[0] > best[0] else "farther" if rank[1] > best[1] else "later_id"


def _way(squad: Squad, case: Case) -> int | None:
    if case.lon is None or case.lat is None:
        return None
    return metres(squad.lon, squad.lat, case.lon, case.lat)
