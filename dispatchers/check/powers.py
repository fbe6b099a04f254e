"""What can be wrong with who owns what: items without an owner, powers that two have, and powers that decide nothing
(R16, R21). What a single row may say: owners.py."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

from dispatchers.law import DUTY
from dispatchers.rows import CityPack, Item, Power

from .owners import Rule, for_squads, tables
from .words import FOREVER, Fault, conditions, implies, meet, no_unit, possible, span, uncovered


def _owners(pack: CityPack) -> Iterator[Fault]:
    """Every item has an owner at every desk on each of its days, whatever is known of the facts."""
    powers: dict[str, list[Power]] = defaultdict(list)
    for power in pack.powers:
        powers[power.item].append(power)
    domains = {d.name for d in pack.domains}
    priorities = {ladder.priority for ladder in pack.ladders}
    for n, item in enumerate(pack.items):
        if item.priority not in priorities:
            yield Fault("items", n, "priority", f"no ladder of priority {item.priority}", "a priority of ladders")
        duty = DUTY[item.nature]
        # Only a row that asks for nothing is sure to apply: what a rule asks about may not be known.
        sure = [p for p in powers[item.id] if p.duty == duty and not p.when]
        lacking = {d.id: _ownerless(item, [p for p in sure if p.desk in ("", d.id)]) for d in pack.desks}
        days = [day for day in lacking.values() if day]
        if days:
            first = min(days)
            where = sorted(desk for desk, day in lacking.items() if day == first)
            at = "" if len(where) == len(pack.desks) else f" at {', '.join(where)}"
            right = f"a row of powers for {item.id} with duty {duty} and no conditions, in force that day"
            yield Fault("items", n, "id", f"{item.id} has no owner on {first}{at}", right)
        squads = any(for_squads(p) for p in powers[item.id])
        if item.domain not in domains and squads:
            right = "a domain of domains.csv; outside of the list only others may own it"
            yield Fault("items", n, "domain", f"{item.domain} is none of the list, and a squad owns it", right)
        for kind in item.emergency:
            yield from no_unit(pack, "items", n, "emergency", kind)


def _ownerless(item: Item, powers: list[Power]) -> dt.date | None:
    """The first day of an item on which nobody owns it."""
    days = span(item)
    return uncovered(days, map(span, powers)) if days[0] <= days[1] else None


def _together(pack: CityPack) -> Iterator[Fault]:
    """Rows that say two things at once, and rows of which another always says more."""
    desks = [d.id for d in pack.desks]
    items = {i.id: i for i in pack.items}
    for table, rows in tables(pack).items():
        alike: dict[tuple[str, str], list[tuple[int, Rule]]] = defaultdict(list)
        for n, rule in enumerate(rows):
            asked = conditions(rule.when)
            if span(rule)[0] <= span(rule)[1] and len(asked) == len(rule.when) and possible(asked):
                alike[rule.item, rule.duty].append((n, rule))
        for (item, _), group in alike.items():
            days = span(items[item]) if item in items else (dt.date.min, FOREVER)
            for place, (n, rule) in enumerate(group):
                said = next(filter(None, (_clash(table, n, rule, *before) for before in group[:place])), None)
                if said is None and (own := meet(days, span(rule))):
                    others = [other for other in group if other[0] != n]
                    if (over := _shadow(n, rule, own, others, desks)) is not None:
                        what = f"never decides: row {over + 1} of {table} always comes before it"
                        said = Fault(table, n, "row", what, "other days, another desk or other conditions")
                if said:
                    yield said


def _clash(table: str, n: int, rule: Rule, m: int, other: Rule) -> Fault | None:
    """What is wrong with a row beside an earlier one of the same item and duty that counts as much."""
    days = meet(span(rule), span(other))
    asked, before = conditions(rule.when), conditions(other.when)
    if not days or rule.desk != other.desk or len(rule.when) != len(other.when) or not possible(asked | before):
        return None
    named = f"row {m + 1} of {table} for {rule.item}, {rule.duty}"
    if (rule.owner_kind, rule.owner) != (other.owner_kind, other.owner):
        what = f"a second owner: {_owner(rule)}, and {_owner(other)} by {named}, from {days[0]}"
        return Fault(table, n, "owner", what, "one owner: other days, or one more condition where it shall prevail")
    if asked == before:
        right = "other days, or an end of the other"
        return Fault(table, n, "valid_from", f"in force at once with {named}", right)
    return None


def _owner(rule: Rule) -> str:
    return "the squad" if rule.owner_kind == "squad" else f"{rule.owner_kind} {rule.owner}"


def _shadow(
    n: int, rule: Rule, days: tuple[dt.date, dt.date], others: list[tuple[int, Rule]], desks: list[str]
) -> int | None:
    """A row that, alone or with others, takes every case that `rule` could decide; None: some are left to it."""
    asked = conditions(rule.when)
    over: list[tuple[int, Rule]] = [
        (m, other)
        for m, other in others
        if implies(asked, conditions(other.when)) and other.desk in ("", *desks) and _moves(rule) <= _moves(other)
    ]
    found = None
    for desk in [rule.desk] if rule.desk else desks:
        stronger = [
            (m, other)
            for m, other in over
            if other.desk in ("", desk) and weight(other, desk, m) > weight(rule, desk, n)
        ]
        if uncovered(days, (span(other) for _, other in stronger)):
            return None
        found = stronger[0][0]
    return found


def _moves(rule: Rule) -> bool:
    """Whether a row decides about cases from before it too (R12): of those, one that does not takes none."""
    return isinstance(rule, Power) and rule.moves_open


def weight(rule: Rule, desk: str, place: int) -> tuple[bool, int, int]:
    """What decides between rows that apply: the own desk, then the number of conditions, then the order of the list."""
    return rule.desk == desk, len(rule.when), -place


RULES = (_owners, _together)
