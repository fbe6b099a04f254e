"""What can be wrong with a city pack as a whole (DESIGN §7): every fault, never only the first. Pure; the core trusts
a pack that passed, so whatever `City` and the rules take for granted is asked here.

A rule is a function from the pack to faults; RULES lists them. Rosters are in coverage.py, outlines (holes, overlaps)
in streams/outlines.py because they need a library, single cells in streams/city_table.py.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from . import coverage
from .check_words import FOREVER, Fault, ahead, span
from .clock import duration
from .competence import DUTY
from .rows import CityPack, Dated, Item, Power

PARTITIONS = 32  # of every keyed topic, from the start and for good (DESIGN §5)

# Fields that must be unique in their table.
KEYS = {
    "organisations": "id", "desks": "id", "territories": "id", "squads": "id", "teams": "id", "officers": "number",
    "items": "id", "powers": "row", "units": "id", "calendar": "date", "ladders": "priority",
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
    ("categories", "item"): ("items", "id"),
    ("powers", "item"): ("items", "id"),
    ("units", "desk"): ("desks", "id"),
}
# Words of a power that limits personal freedom: the police's alone, whatever a list says (处罚法 art. 18, R3).
PERSONAL_LIBERTY = ("限制人身自由", "拘留", "拘役", "强制隔离", "强制戒毒", "detention")


def faults(pack: CityPack, year: int | None = None) -> list[Fault]:
    """Every fault of a pack. `year`: the one in which it shall be used, which its calendar must then know."""
    found = [fault for rule in RULES for fault in rule(pack)]
    return found + list(_calendar(pack, year))


def _keys(pack: CityPack) -> Iterator[Fault]:
    """No row hides another. `City` keeps one row of a key, so a second one would win or lose silently."""
    for table, field in KEYS.items():
        seen: set[object] = set()
        for n, row in enumerate(getattr(pack, table)):
            key = getattr(row, field)
            if key in seen:
                yield Fault(table, n, field, f"{key} is given twice", f"each {field} once")
            seen.add(key)


def _pointers(pack: CityPack) -> Iterator[Fault]:
    for (table, field), (target, key) in POINTERS.items():
        known = {getattr(row, key) for row in getattr(pack, target)}
        for n, row in enumerate(getattr(pack, table)):
            value = getattr(row, field)
            if value and value not in known:
                yield Fault(table, n, field, f"there is no {value!r} in {target}", f"{key} of a row of {target}")


def _dates(pack: CityPack) -> Iterator[Fault]:
    """No row is in force on no day, and no two rows say different things about the same on one day."""
    keyed = {
        "squads": lambda r: (r.territory, r.tier),
        "certificates": lambda r: (r.officer, r.domain),
        "powers": lambda r: (r.item, r.duty),
    }
    for table in ("territories", "squads", "officers", "certificates", "items", "powers"):
        last: dict[object, tuple[dt.date, int]] = {}
        rows: tuple[Dated, ...] = getattr(pack, table)
        for n, row in sorted(enumerate(rows), key=lambda pair: (pair[1].valid_from, pair[0])):
            first, end = span(row)
            if end < first:
                yield Fault(table, n, "valid_to", f"ends on {end}, before it begins", "valid_to not before valid_from")
            elif table in keyed:
                key = keyed[table](row)
                before, of = last.get(key, (dt.date.min, -1))
                if first <= before:
                    what = f"in force at once with row {of + 1} of {table} for {', '.join(map(str, key))}"
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


def _territories(pack: CityPack) -> Iterator[Fault]:
    """Every area where a point can lie has a squad at home (R29), under one roof."""
    home = {s.territory for s in pack.squads}
    for n, area in enumerate(pack.territories):
        if area.kind in ("township", "zone") and area.id not in home:
            yield Fault("territories", n, "id", f"{area.name} has no squad", "a row of squads with this territory")
        if not area.parent and area.kind != "city":
            yield Fault("territories", n, "parent", f"{area.name} has no parent", "the area around it")


def _items(pack: CityPack) -> Iterator[Fault]:
    powers: dict[str, list[Power]] = {}
    for power in pack.powers:
        powers.setdefault(power.item, []).append(power)
    for n, item in enumerate(pack.items):
        if item.priority not in {ladder.priority for ladder in pack.ladders}:
            yield Fault("items", n, "priority", f"no ladder of priority {item.priority}", "a priority of ladders")
        own = [p for p in powers.get(item.id, ()) if p.duty == DUTY[item.nature]]
        first = _ownerless(item, own)
        if first:
            right = f"a row of powers for {item.id} with duty {DUTY[item.nature]}, in force that day"
            yield Fault("items", n, "id", f"{item.id} has no owner on {first}", right)
        if item.domain not in pack.facts.domains and any(p.owner_kind == "squad" for p in own):
            right = "a domain of city.yaml; outside of the list only a unit may own it"
            yield Fault("items", n, "domain", f"{item.domain} is none of the list, and a squad owns it", right)


def _ownerless(item: Item, powers: list[Power]) -> dt.date | None:
    """The first day of an item on which nobody owns it."""
    day, last = span(item)
    for first, end in sorted(map(span, powers)):
        if first > day:
            break
        day = max(day, ahead(end))
    return day if day <= last and day != FOREVER else None


def _powers(pack: CityPack) -> Iterator[Fault]:
    """Rows of the power list that could never decide anything, or must not."""
    items = {i.id: i for i in pack.items}
    city = {d.id for d in pack.desks if d.kind == "city"}
    for n, power in enumerate(pack.powers):
        item = items.get(power.item)
        if item and power.duty not in (DUTY[item.nature], "supervision" if item.nature == "enforcement" else ""):
            what = f"{item.id} is {item.nature} and never asks for {power.duty}"
            yield Fault("powers", n, "duty", what, DUTY[item.nature])
        if item and (power.valid_from > span(item)[1] or span(power)[1] < item.valid_from):
            yield Fault("powers", n, "valid_from", f"never in force together with {item.id}", "days of the item")
        if power.owner_kind == "squad":
            yield from _squads_power(n, power, item)
        elif not any(u.kind == power.owner and u.desk in city for u in pack.units):
            missing = {d.id for d in pack.desks} - {u.desk for u in pack.units if u.kind == power.owner}
            if missing:
                what = f"no unit of kind {power.owner!r} for {', '.join(sorted(missing))}"
                yield Fault("powers", n, "owner", what, "a kind of units, with one at the city's desk or at every desk")
        for field in ("basis", "scope", "procedure", "standard", "hotline"):
            if not getattr(power, field):
                yield Fault("powers", n, field, f"{field} is empty", "all five public fields (R6)")


def _squads_power(n: int, power: Power, item: Item | None) -> Iterator[Fault]:
    if power.owner != "*":
        what = f"owner {power.owner!r} of a squad's power"
        yield Fault("powers", n, "owner", what, '"*", the squad of the territory')
    if item and item.nature != "enforcement":
        yield Fault("powers", n, "owner_kind", f"{item.id} is {item.nature}: no squad's", "unit")
    words = f"{item.name} {item.name_en} {power.scope} {power.basis} {power.procedure}" if item else power.scope
    if any(word in words for word in PERSONAL_LIBERTY):
        what = "a power over personal liberty given to a squad"
        yield Fault("powers", n, "owner_kind", what, "unit: the police's alone (处罚法 art. 18, R3)")


def _categories(pack: CityPack) -> Iterator[Fault]:
    seen: set[tuple[str, str]] = set()
    for n, c in enumerate(pack.categories):
        if (c.scheme, c.code) in seen:
            yield Fault("categories", n, "code", f"{c.scheme} {c.code} is given twice", "one item for a code")
        if c.scheme == "item":
            yield Fault("categories", n, "scheme", 'scheme "item" names our items directly', "another scheme")
        seen.add((c.scheme, c.code))


def _durations(pack: CityPack) -> Iterator[Fault]:
    texts = [("items", n, "limit", i.limit) for n, i in enumerate(pack.items)]
    for n, ladder in enumerate(pack.ladders):
        texts += [("ladders", n, f, getattr(ladder, f)) for f in ("lease", "dispatch", "operator", "overdue")]
    windows = ("message_ids", "receipts", "forwards", "lease_grace", "claim_ahead", "claim_behind")
    texts += [("facts", -1, f"windows.{f}", getattr(pack.facts.windows, f)) for f in windows]
    for table, n, field, text in texts:
        try:
            if not duration(text).number:
                yield Fault(table, n, field, f"{text!r} is no time at all", "a longer one")
        except ValueError as error:
            what, _, right = str(error).partition(": ")
            yield Fault(table, n, field, what, right)


def _calendar(pack: CityPack, year: int | None) -> Iterator[Fault]:
    """Every year from the first to the last, and the one in which the pack is used: a missing year would make
    holidays workdays without a word."""
    marked = {d.date.year for d in pack.calendar if d.kind == "unpublished"}  # such a year is known to be unknown
    years = {d.date.year for d in pack.calendar} - marked
    wanted = set(range(min(years), max(years) + 1)) if years else set()
    for missing in sorted((wanted | ({year} if year else set())) - years):
        yield Fault("calendar", -1, "date", f"nothing of {missing}", f"holidays and make-up workdays of {missing}")
    if not years:
        yield Fault("calendar", -1, "date", "no day at all", "holidays and make-up workdays of each year")
    if not pack.facts.duty_hours or any(not 0 <= h.start < h.end <= 1440 for h in pack.facts.duty_hours):
        yield Fault("facts", -1, "duty_hours", "no usable duty hours", "start before end, minutes from midnight")


RULES = (
    _keys, _pointers, _dates, _desks, _territories, _items, _powers, _categories, _durations, coverage.faults,
)  # fmt: skip
