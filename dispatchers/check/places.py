"""What can be wrong with areas and with who is theirs: a day on which nobody is at home in one (R29), desks and bureaus
that disagree about whose an area or a squad is (R26-R30, R33). Their outlines: streams/outlines.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from dispatchers.city import Tiers
from dispatchers.rows import CityPack, Territory

from .words import FOREVER, Days, Fault, begins, meet, span, uncovered

# What an area may lie in. A zone lies over townships of several counties: it is the city's, or one county's (R28).
PARENTS = {
    "city": (),
    "county": ("city",),
    "zone": ("city", "county"),
    "statute": ("city", "county", "township"),
    "township": ("city", "county"),
}


def _home(pack: CityPack) -> Iterator[Fault]:
    """Every area where a point can lie has a squad at home (R29) on each day since there is an item. A statute may name
    one of the area's own, or that of the area around it (南湖保护范围: the squad of 南湖区)."""
    squads = defaultdict(list)
    for squad in pack.squads:
        squads[squad.territory].append(squad)
    for n, area in enumerate(pack.territories):
        home = [s for s in squads[area.id] if s.tier in Tiers]
        if area.kind == "statute":
            home = [*squads[area.id], *squads[area.parent]]
        days = _needed(pack, area)
        if area.kind not in ("township", "statute", "zone") or not days:
            continue
        if day := uncovered(days, map(span, home)):
            at = f" on {day}" if home else ""
            right = "a row of squads with this territory for each of its days"
            right += ", or its parent" if area.kind == "statute" else ""
            yield Fault("territories", n, "id", f"{area.name} has no squad{at}", right)


def _needed(pack: CityPack, area: Territory) -> Days | None:
    """The days of an area on which there is something to do: the area may be older than the city's list."""
    return meet(span(area), (begins(pack), FOREVER))


def _parents(pack: CityPack) -> Iterator[Fault]:
    """An area lies in one of a larger kind (so that no chain of parents comes back to itself), in one city."""
    kinds = {t.id: t.kind for t in pack.territories}
    cities = [n for n, t in enumerate(pack.territories) if t.kind == "city"]
    for n in cities[1:]:
        yield Fault("territories", n, "kind", f"{len(cities)} territories of kind city", "exactly one")
    for n, area in enumerate(pack.territories):
        allowed = PARENTS[area.kind]
        right = "the area around it: " + (" or ".join(f"a {kind}" for kind in allowed) or "none")
        if not area.parent and area.kind != "city":
            yield Fault("territories", n, "parent", f"{area.name} has no parent", "the area around it")
        elif area.parent in kinds and kinds[area.parent] not in allowed:
            what = f"{area.name} is a {area.kind} in a {kinds[area.parent]}"
            yield Fault("territories", n, "parent", what, right)


def _desks_of(pack: CityPack) -> dict[str, list[str]]:
    """The desks that each area may be said to be of: its own, and for a township, or what a statute names, its
    county's. Should they differ, one of them is wrong, and that is told once."""
    areas = {t.id: t for t in pack.territories}
    found = {}
    for area in pack.territories:
        around = areas.get(area.parent)
        if around and around.kind == "township":
            around = areas.get(around.parent)
        ours = area.kind in ("township", "statute") and around and around.kind != "city"
        found[area.id] = [area.desk, around.desk] if ours and around else [area.desk]
    return found


def _desks(pack: CityPack) -> Iterator[Fault]:
    """One desk for an area and its squads, and for a county and its townships: else a case is decided at one desk, and
    its squad is another's. A zone is its branch's, whatever it lies in (R28)."""
    desks = _desks_of(pack)
    known = {d.id for d in pack.desks}
    for n, area in enumerate(pack.territories):
        own, theirs = area.desk, desks[area.id][-1]
        if own != theirs and {own, theirs} <= known:
            what = f"{area.name} is of desk {own}, and the area around it of {theirs}"
            yield Fault("territories", n, "desk", what, theirs)
    for n, squad in enumerate(pack.squads):
        at = desks.get(squad.territory, [squad.desk])
        if squad.desk not in at and {squad.desk, *at} <= known:
            what = f"{squad.id} is of desk {squad.desk}, and {squad.territory}, where it is at home, of {at[0]}"
            yield Fault("squads", n, "desk", what, at[0])


def _superiors(pack: CityPack) -> Iterator[Fault]:
    """A squad acts in the name of its desk's bureau, and is led by it: a branch's is the city's (R27, R30). A town that
    acts in its own name is in authorities.csv."""
    bureaus = {o.id: o for o in pack.organisations}
    names = {o.acting_name for o in pack.organisations}
    desks = {d.id: bureaus.get(d.organisation) for d in pack.desks}
    at = _desks_of(pack)
    for n, squad in enumerate(pack.squads):
        theirs = at.get(squad.territory, [squad.desk])
        bureau = desks.get(squad.desk if squad.desk in theirs else theirs[0])  # a wrong desk is told already
        for field in ("line_superior", "block_superior"):
            if not getattr(squad, field):
                yield Fault("squads", n, field, f"{squad.id} has no {field}", "line and block, both (R30)")
        if bureau and squad.acting_name in names and squad.acting_name != bureau.acting_name:
            what = f"{squad.id} acts in the name of {squad.acting_name}, and its desk is of {bureau.name}"
            yield Fault("squads", n, "acting_name", what, bureau.acting_name)
        if bureau and squad.line_superior in bureaus and squad.line_superior != bureau.id:
            what = f"{squad.id} is led by {squad.line_superior}, and its desk is of {bureau.id}"
            yield Fault("squads", n, "line_superior", what, bureau.id)


def _circles(pack: CityPack) -> Iterator[Fault]:
    """Whoever goes up from superior to superior comes to an end (R30); told once for a circle."""
    for field in ("line_superior", "block_superior"):
        above = {o.id: getattr(o, field) for o in pack.organisations}
        told: set[str] = set()
        for n, organisation in enumerate(pack.organisations):
            passed = [organisation.id]
            while (up := above.get(passed[-1], "")) and up not in passed:
                passed.append(up)
            if up == organisation.id and not told & set(passed):
                told.update(passed)
                what = f"{' > '.join([*passed, up])} is a circle"
                yield Fault("organisations", n, field, what, "a superior who is not below it")


def _collectors(pack: CityPack) -> Iterator[Fault]:
    """Somebody can be sent to look in every zone and township: a collector of the desk's area (as City.collector seeks
    them; R28, domain.md §3). All places of a desk have the same ones, so it is told once for a desk."""
    desk_of = {t.id: t.desk for t in pack.territories}
    spans = defaultdict(list)
    for collector in pack.collectors:
        spans[desk_of.get(collector.territory)].append(span(collector))
    for n, desk in enumerate(pack.desks):
        for area in pack.territories:
            days = _needed(pack, area)
            theirs = area.kind in ("zone", "township") and area.desk == desk.id
            if theirs and days and (day := uncovered(days, spans[desk.id])):
                what = f"{desk.name} has no collector on {day}, and {area.name} is its"
                yield Fault("desks", n, "id", what, "a row of collectors with a territory of the desk, for each day")
                break


def _borders(pack: CityPack) -> Iterator[Fault]:
    """A border is between two areas, told once, and has a length."""
    told: dict[frozenset[str], int] = {}
    for n, border in enumerate(pack.borders):
        first = told.setdefault(frozenset((border.a, border.b)), n)
        if border.a == border.b:
            yield Fault("borders", n, "b", f"{border.a} borders on itself", "another territory")
        elif first != n:
            yield Fault("borders", n, "b", f"told by row {first + 1} of borders already", "each border once")
        if border.metres < 1:
            yield Fault("borders", n, "metres", f"a border of {border.metres} metres", "1 or more")


def _seats(pack: CityPack) -> Iterator[Fault]:
    for n, squad in enumerate(pack.squads):
        for field, limit in (("lon", 180), ("lat", 90)):
            if not -limit <= getattr(squad, field) <= limit:
                what = f"{squad.id} has a seat at {field} {getattr(squad, field)}"
                yield Fault("squads", n, field, what, f"degrees from -{limit} to {limit}")


RULES = (_home, _parents, _desks, _superiors, _circles, _collectors, _borders, _seats)
