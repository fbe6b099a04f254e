"""Who will 派单: from a squad's teams to one team and two officers (domain.md §5.2 steps 9-11).

A team is eligible iff: its squad is not complained about, has not given this case back and has what the item needs; the
team has not let this case lie, and is on duty, not for too long (R87; an emergency takes whoever is there); two of its
formal officers on duty are certified for the item (处罚法 art. 42) and not recused; and the squad stays within its cap,
which holds up no emergency. Room that somebody waits for whose turn is earlier is taken (`room_first_for`).
Where nothing is enforced, as in a cordon, auxiliaries count (条例 art. 30). Age and gender enter nothing.

Among the eligible: least open weight per pair, then the nearer squad, then the smaller id. Every team that was looked
at is named with its figures and the reason why it lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from operator import itemgetter
from typing import Literal, NamedTuple

from .case import Case
from .city import Post, metres
from .clock import MINUTE
from .decision import Decision
from .events import Candidate
from .refusals import Unable
from .rows import Item, Squad

# Of those who wait, so many are looked at for one room: the first may need what the squad lacks, the next may not.
LOOKED_AT = 8
Crew = tuple[tuple[str, ...], tuple[str, ...]]  # who of a team is there, and who of them may act
NOBODY: Crew = ((), ())
# A team that is able, by what ranks it: open weight per pair, metres, id; then pairs, open weight, officers, squad.
Rank = tuple[float, int, str, int, int, tuple[str, ...], Squad]
RANKED = itemgetter(0, 1, 2)


class Choice(NamedTuple):
    """The team that gets the offer, and everyone who was looked at, the winner first."""

    squad: Squad | None
    team: str
    officers: tuple[str, ...]
    candidates: tuple[Candidate, ...]


def choose(
    decision: Decision,
    case: Case,
    squads: Iterable[Squad],
    *,
    leaders: bool = False,
    only: str = "",
    crowded: bool = False,
) -> Choice:
    """The best team of the squads for the case, or no team and the reasons.

    `leaders`: look at the leaders' own teams instead of the ordinary ones (the third step of the ladder);
    `only`: at this one team, because an operator named it; `crowded`: as if there were no room. Who is on duty is the
    roster's word, or what overrules it.
    """
    city, item = decision.city, decision.city.items.get(case.item)
    enforces = item is None or (item.crew == "enforcement" and not case.emergency)
    longest = 0 if leaders or case.priority == 0 else decision.longest_duty  # the leaders are on call, not on duty
    longest //= MINUTE
    minute = decision.minute
    whom = item.id if item and enforces else None
    asked = (whom, not enforces, expert_beside(case), decision.day, city.watch(minute))
    changed = decision.overruled or case.recused or case.about
    known = case.lon is not None and case.lat is not None
    able: list[Rank] = []
    lost: list[Candidate] = []
    for squad in squads:
        way = metres(squad.lon, squad.lat, case.lon or 0.0, case.lat or 0.0) if known else None
        barrier = _barred(decision, case, squad, item)
        full = (crowded or decision.load(squad.id) + case.weight > squad.cap) and not case.emergency
        for post in city.roster(squad.id, leaders, *asked):
            team, there, begun, present, officers = post
            if only and team != only:
                continue
            there = there and not (longest and minute - begun >= longest)
            by_roster = (present, officers) if there else NOBODY
            present, officers = _called(decision, case, post, there, longest) if changed else by_roster
            pairs, load = len(officers) // 2, decision.load(team)
            if barrier:
                reason: Unable = barrier
            elif team in case.tried:
                reason = "did_not_answer"
            elif not pairs:
                reason = "no_certified_pair" if present else "off_duty"
            elif full:
                reason = "cap"
            else:
                able.append((load / pairs, way or 0, team, pairs, load, officers, squad))
                continue
            lost.append(Candidate(squad=squad.id, team=team, pairs=pairs, load=load, metres=way, lost=reason))
    if not able:
        return Choice(None, "", (), tuple(lost))
    able.sort(key=RANKED)
    _, _, winner, *_, officers, best = able[0]
    return Choice(best, winner, officers[:2], (*_ranked(able, known), *lost))


def room_first_for(decision: Decision, case: Case, squad: Squad) -> str:
    """Who waits for nothing but room at this squad, at its home, and has an earlier turn than the case; "": nobody.

    The heavier, more urgent case would else wait for ever: whenever a little room comes, a lighter one takes it.
    """
    turn = decision.turn(case)
    for other in islice(decision.waiting(squad.territory), LOOKED_AT):
        if decision.turn(other) >= turn:
            return ""
        if any(c.lost == "cap" for c in choose(decision, other, [squad]).candidates):
            return other.id
    return ""


def _ranked(able: list[Rank], known: bool) -> list[Candidate]:
    """The teams that were able, the winner first, each other with what it was behind by."""
    weight, way, winner, *_ = able[0]
    return [
        Candidate(
            squad=squad.id,
            team=team,
            pairs=pairs,
            load=load,
            metres=far if known else None,
            lost="" if team == winner else "more_load" if per_pair > weight else "farther" if far > way else "later_id",
        )
        for per_pair, far, team, pairs, load, _, squad in able
    ]


def expert_beside(case: Case) -> bool:
    """Whether a department has signed to support the case: its expert stands in for a special certificate (R10)."""
    for request in case.requests:  # noqa: SIM110  # a generator would cost more than all of it
        if request.kind == "support" and request.unit and request.signed_at:
            return True
    return False


def _called(decision: Decision, case: Case, post: Post, there: bool, longest: int) -> Crew:
    """Who of a team is there whatever the roster says: by orders that overrule it, without whom the case is about and
    who was recused."""
    out = (*case.recused, *case.about)
    people = tuple([o for o in post.people if o not in out and _present(decision, o, there, longest)])
    return people, tuple([o for o in post.able if o in people])


def _present(decision: Decision, officer: str, there: bool, longest: int) -> bool:
    said = decision.duty(officer)
    if said is None or not said.holds(decision.at):
        return there
    return said.on_duty and not (longest and decision.at - said.since >= longest * MINUTE)


def _barred(decision: Decision, case: Case, squad: Squad, item: Item | None) -> Unable | Literal[""]:
    """Why no team of a squad can: reasons that its teams have in common."""
    if squad.id in case.about:
        return "about_them"
    if squad.id in case.barred:
        return "returned_before"
    return _lacks(decision, squad, item) if item else ""


def _lacks(decision: Decision, squad: Squad, item: Item) -> Literal["no_equipment", ""]:
    for thing in item.needs:
        if not decision.city.equipped(squad.id, thing, decision.day):
            return "no_equipment"
    return ""


def incapable(decision: Decision, case: Case, squad: Squad) -> Unable | Literal[""]:
    """Why a squad could not enforce the matter on this day whoever were on duty: no equipment, no certified pair."""
    city, item = decision.city, decision.city.items.get(case.item)
    if item is None or item.crew != "enforcement":
        return ""
    expert = expert_beside(case)
    crews = (city.crew(team.id, item.id, decision.day, False, expert)[1] for team in city.teams_of(squad.id))
    if not any(len([o for o in crew if o not in case.recused]) > 1 for crew in crews):
        return "no_certified_pair"
    return _lacks(decision, squad, item)
