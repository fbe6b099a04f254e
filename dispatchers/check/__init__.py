"""What can be wrong with a city pack as a whole (DESIGN §7): every fault, never only the first. Pure; the core trusts
a pack that passed, so whatever `City` and the rules take for granted is asked here.

A rule is a function from the pack to faults; RULES lists them. In the files beside this one: places (areas and desks),
days (durations, calendar, holes in time), powers (who owns what), owners (what a single row of the list may say), facts
(and what tells them), rules (the city's smaller tables), squads (how they are reached, what is forbidden to them),
people (and things), rosters, counted (data of the 80 % numbers), and words, in which all of them speak. Outlines are
streams/outlines.py's, because they need a library, single cells streams/city_table.py's.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from dispatchers.rows import CityPack, Dated

from . import counted, days, facts, owners, people, places, powers, rosters, rules, squads
from .words import Fault, span

DAY = 24 * 60  # minutes
# Windows that count or measure, and the least they can be.
COUNTS = {
    "border_metres": 0, "neighbours": 0, "max_returns": 0, "max_rework": 0, "ambiguous_metres": 0, "repeat_level": 1,
    "callbacks": 0, "extensions": 0,
}  # fmt: skip
PARTITIONS = 32  # of every keyed topic, from the start and for good (DESIGN §5)

# Fields that must be unique in their table.
KEYS = {
    "organisations": "id", "desks": "id", "territories": "id", "squads": "id", "teams": "id", "items": "id",
    "powers": "row", "precedents": "row", "units": "id", "calendar": "date", "ladders": "priority", "lists": "id",
    "merges": "item", "requests": "kind", "commands": "order", "redlines": "id", "definitions": "version",
}  # fmt: skip
# (table, field) -> where it points. An empty cell points nowhere and is no fault here.
POINTERS = {
    ("organisations", "line_superior"): ("organisations", "id"),
    ("organisations", "block_superior"): ("organisations", "id"),
    ("desks", "organisation"): ("organisations", "id"),
    ("territories", "parent"): ("territories", "id"),
    ("territories", "desk"): ("desks", "id"),
    ("borders", "a"): ("territories", "id"),
    ("borders", "b"): ("territories", "id"),
    ("squads", "desk"): ("desks", "id"),
    ("squads", "territory"): ("territories", "id"),
    ("squads", "acting_name"): ("organisations", "acting_name"),
    ("squads", "line_superior"): ("organisations", "id"),
    ("squads", "block_superior"): ("organisations", "id"),
    ("teams", "squad"): ("squads", "id"),
    ("teams", "pattern"): ("shifts", "pattern"),
    ("officers", "squad"): ("squads", "id"),
    ("officers", "team"): ("teams", "id"),
    ("certificates", "officer"): ("officers", "number"),
    ("postings", "officer"): ("officers", "number"),
    ("equipment", "squad"): ("squads", "id"),
    ("collectors", "territory"): ("territories", "id"),
    ("domains", "desk"): ("desks", "id"),
    ("lists", "desk"): ("desks", "id"),
    ("categories", "item"): ("items", "id"),
    ("powers", "item"): ("items", "id"),
    ("powers", "desk"): ("desks", "id"),
    ("precedents", "item"): ("items", "id"),
    ("precedents", "desk"): ("desks", "id"),
    ("limits", "item"): ("items", "id"),
    ("hints", "item"): ("items", "id"),
    ("merges", "item"): ("items", "id"),
    ("readiness", "item"): ("items", "id"),
    ("readiness", "territory"): ("territories", "id"),
    ("authorities", "item"): ("items", "id"),
    ("authorities", "territory"): ("territories", "id"),
    ("authorities", "acting_name"): ("organisations", "acting_name"),
    ("rollout", "desk"): ("desks", "id"),
    ("units", "desk"): ("desks", "id"),
    ("attendance", "officer"): ("officers", "number"),
    ("usage", "thing"): ("equipment", "id"),
}
# Where "*" points to all.
ANY = {("hints", "item"), ("merges", "item"), ("authorities", "item"), ("rollout", "desk")}
# Of rows that are alike in this, one at most is in force on a day.
ONE_A_DAY = {
    "squads": ("territory",),
    "officers": ("number",),
    "certificates": ("officer", "domain"),
    "postings": ("officer",),
    "equipment": ("id",),
    "collectors": ("number",),
    "domains": ("name", "desk"),
    "lists": ("desk",),
    "limits": ("item", "name", "area"),
    "readiness": ("item", "territory"),
    "authorities": ("item", "territory"),
    "stages": ("stage",),
    "rollout": ("desk", "item"),
    "definitions": (),
    "attendance": ("officer", "post"),
    "usage": ("thing", "at"),
}
DATED = (*ONE_A_DAY, "territories", "items", "powers", "precedents")


def faults(pack: CityPack, year: int | None = None) -> list[Fault]:
    """Every fault of a pack. `year`: the one in which it shall be used, which its calendar must then know."""
    found = [fault for rule in RULES for fault in rule(pack)]
    return found + list(days.calendar(pack, year))


def _keys(pack: CityPack) -> Iterator[Fault]:
    """No row hides another. `City` keeps one row of a key, so a second one would win or lose silently."""
    for table, field in KEYS.items():
        seen: set[object] = set()
        for n, row in enumerate(getattr(pack, table)):
            key = getattr(row, field)
            if key in seen:
                yield Fault(table, n, field, f"{key} is given twice", f"each {field} once")
            seen.add(key)
    asked: dict[tuple[str, str], str] = {}
    squads = {squad.id for squad in pack.squads}
    for n, unit in enumerate(pack.units):
        first = asked.setdefault((unit.kind, unit.desk), unit.id)
        if first != unit.id:
            what = f"{first} is the unit of kind {unit.kind!r} for {unit.desk} already"
            yield Fault("units", n, "kind", what, "one unit of a kind for a desk")
        if unit.id in squads:
            what = f"{unit.id} is a squad's id too"
            yield Fault("units", n, "id", what, "an id of its own: it says who holds a case")


def _pointers(pack: CityPack) -> Iterator[Fault]:
    for (table, field), (target, key) in POINTERS.items():
        known = {getattr(row, key) for row in getattr(pack, target)} | ({"*"} if (table, field) in ANY else set())
        for n, row in enumerate(getattr(pack, table)):
            value = getattr(row, field)
            if value and value not in known:
                right = f"{key} of a row of {target}" + (', or "*"' if "*" in known else "")
                yield Fault(table, n, field, f"there is no {value!r} in {target}", right)


def _dates(pack: CityPack) -> Iterator[Fault]:
    """No row is in force on no day, and no two rows say different things about the same on one day."""
    for table in DATED:
        last: dict[object, tuple[dt.date, int]] = {}
        rows: tuple[Dated, ...] = getattr(pack, table)
        for n, row in sorted(enumerate(rows), key=lambda pair: (pair[1].valid_from, pair[0])):
            first, end = span(row)
            if end < first:
                yield Fault(table, n, "valid_to", f"ends on {end}, before it begins", "valid_to not before valid_from")
            elif table in ONE_A_DAY:
                key = tuple(getattr(row, field) for field in ONE_A_DAY[table])
                before, of = last.get(key, (dt.date.min, -1))
                if first <= before:
                    named = ", ".join(str(part) for part in key if part) or "the city"
                    what = f"in force at once with row {of + 1} of {table} for {named}"
                    yield Fault(table, n, "valid_from", what, f"valid_from after {before}, or an end of the other")
                last[key] = max((before, of), (end, n))


def _desks(pack: CityPack) -> Iterator[Fault]:
    cities = [n for n, d in enumerate(pack.desks) if d.kind == "city"]
    if len(cities) != 1:
        yield Fault("desks", cities[1] if cities else -1, "kind", f"{len(cities)} city desks", "exactly one")
    for field in ("partition", "prefix"):
        counts = Counter(getattr(d, field) for d in pack.desks)
        for n, desk in enumerate(pack.desks):
            value = getattr(desk, field)
            if counts[value] > 1 and any(getattr(d, field) == value for d in pack.desks[:n]):
                yield Fault("desks", n, field, f"{field} {value} is another desk's", f"a {field} of its own")
    for n, desk in enumerate(pack.desks):
        if not 0 <= desk.partition < PARTITIONS:
            what = f"there is no partition {desk.partition}"
            yield Fault("desks", n, "partition", what, f"0 to {PARTITIONS - 1}, free and for good")


def _facts(pack: CityPack) -> Iterator[Fault]:
    if not pack.facts.duty_hours or any(not 0 <= h.start < h.end <= 1440 for h in pack.facts.duty_hours):
        yield Fault("facts", -1, "duty_hours", "no usable duty hours", "start before end, minutes from midnight")
    for field in ("levels", "levels_en"):
        words = getattr(pack.facts, field)
        if len(words) != 3 or len(set(words)) != 3:
            what = f"{len(words)} levels, {len(set(words))} of them different"
            yield Fault("facts", -1, field, what, "three: the words for town, county and city")
    if abs(pack.facts.utc_offset_minutes) > DAY:
        what = f"{pack.facts.utc_offset_minutes} minutes from UTC"
        yield Fault("facts", -1, "utc_offset_minutes", what, f"-{DAY} to {DAY}")


def _windows(pack: CityPack) -> Iterator[Fault]:
    """Bounds and distances are none below nothing."""
    windows = pack.facts.windows
    for field in COUNTS:
        number, least = getattr(windows, field), COUNTS[field]
        if number < least:
            yield Fault("facts", -1, f"windows.{field}", f"{field} is {number}", f"{least} or more")
    if windows.ambiguous_metres > windows.border_metres:
        what = f"ambiguous_metres {windows.ambiguous_metres} is more than border_metres {windows.border_metres}"
        right = "border_metres at most: of what is farther no neighbour is known"
        yield Fault("facts", -1, "windows.ambiguous_metres", what, right)


RULES = (
    _keys, _pointers, _dates, _desks, _facts, _windows,
    *places.RULES, *days.RULES, *powers.RULES, *owners.RULES, *facts.RULES,
    *rules.RULES, *squads.RULES, *people.RULES, rosters.faults, *counted.RULES,
)  # fmt: skip
