"""What the checks of a city pack speak in: a fault, the days on which a row is in force, the conditions of a rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dispatchers.rows import CityPack, Dated

FOREVER = dt.date.max
Days = tuple[dt.date, dt.date]


class Fault(NamedTuple):
    """Something wrong with a row, or with a field of the whole (row -1).

    `table` is the field of CityPack; in "facts" the field is a dotted name, in "polygons" a territory's id. A
    `warning` is a shortage that a city may have to live with; it is told and refuses nothing.
    """

    table: str
    row: int  # index in the table
    field: str
    what: str
    right: str
    warning: bool = False


def span(row: Dated) -> Days:
    """First and last day in force."""
    return row.valid_from, row.valid_to or FOREVER


def ahead(day: dt.date) -> dt.date:
    """The day after; FOREVER has none."""
    return day if day == FOREVER else day + dt.timedelta(days=1)


def begins(pack: CityPack) -> dt.date:
    """The first day on which the city has a power list: what is older than it need not be ready for a case. (A date
    that could not be read stands as 1970-01-01 and says nothing.)"""
    return min((x.valid_from for x in pack.lists if not x.desk and x.valid_from.year > 1970), default=FOREVER)


def meet(one: Days, other: Days) -> Days | None:
    """The days of both, if there are any."""
    first, last = max(one[0], other[0]), min(one[1], other[1])
    return (first, last) if first <= last else None


def uncovered(days: Days, spans: Iterable[Days]) -> dt.date | None:
    """The first of `days` that is in none of `spans`."""
    day, last = days
    for first, end in sorted(spans):
        if first > day:
            break
        if end >= last:
            return None
        day = max(day, ahead(end))
    return day if day <= last else None


class Condition(NamedTuple):
    """One fact that a rule asks for: the value (or, not `wanted`, any other)."""

    key: str
    wanted: bool
    value: str


def condition(text: str) -> Condition | None:
    """ "actor=vehicle" or "licence!=chemical"; None if the text is neither."""
    key, sign, value = text.partition("=")
    wanted = not key.endswith("!")
    key = key.removesuffix("!")
    if not sign or not key.isidentifier() or not value or value != value.strip() or "=" in value:
        return None
    return Condition(key, wanted, value)


def conditions(when: Iterable[str]) -> frozenset[Condition]:
    """Those of a rule that can be read (the others are faults already)."""
    return frozenset(c for c in map(condition, when) if c)


def possible(asked: frozenset[Condition]) -> bool:
    """Whether facts exist of which all conditions are true: one value of a key, and none that is ruled out."""
    values: dict[str, str] = {}
    for key, wanted, value in asked:
        if wanted and values.setdefault(key, value) != value:
            return False
    return not any(not c.wanted and values.get(c.key) == c.value for c in asked)


def implies(held: frozenset[Condition], asked: frozenset[Condition]) -> bool:
    """Whether `asked` is true of all facts of which `held` is true: "a=1" says "a!=2" too."""
    values = {c.key: c.value for c in held if c.wanted}
    return all(c in held or (not c.wanted and values.get(c.key, c.value) != c.value) for c in asked)


def unitless(pack: CityPack, kind: str) -> list[str]:
    """The desks for which nobody is of a kind of unit: none, with a unit of it at the city's desk."""
    having = {u.desk for u in pack.units if u.kind == kind}
    if any(d.id in having for d in pack.desks if d.kind == "city"):
        return []
    return sorted({d.id for d in pack.desks} - having)


def no_unit(pack: CityPack, table: str, row: int, field: str, kind: str) -> Iterator[Fault]:
    """The fault of a row that names a kind of unit which some desk has not."""
    if missing := unitless(pack, kind):
        right = "a kind of units, with one at the city's desk or at every desk"
        yield Fault(table, row, field, f"no unit of kind {kind!r} for {', '.join(missing)}", right)
