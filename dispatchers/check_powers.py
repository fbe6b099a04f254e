"""What can be wrong with who owns what: items without an owner, powers that two have, powers that decide nothing, and
powers that nobody may be given (R3, R6, R8, R16, R21)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence

from .check_words import FOREVER, Fault, conditions, implies, meet, no_unit, possible, span, uncovered
from .law import DUTY
from .rows import CityPack, Item, Power, Precedent

# Words of a power that limits personal freedom: the police's alone, whatever a list says (处罚法 art. 18, R3).
PERSONAL_LIBERTY = ("限制人身自由", "拘留", "拘役", "强制隔离", "强制戒毒", "detention")
PUBLIC = ("basis", "scope", "procedure", "standard", "hotline")
Rule = Power | Precedent


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
        squads = any(_for_squads(p) for p in powers[item.id])
        if item.domain not in domains and squads:
            right = "a domain of domains.csv; outside of the list only others may own it"
            yield Fault("items", n, "domain", f"{item.domain} is none of the list, and a squad owns it", right)
        for kind in item.emergency:
            yield from no_unit(pack, "items", n, "emergency", kind)


def _ownerless(item: Item, powers: list[Power]) -> dt.date | None:
    """The first day of an item on which nobody owns it."""
    days = span(item)
    return uncovered(days, map(span, powers)) if days[0] <= days[1] else None


def _rows(pack: CityPack) -> Iterator[Fault]:
    """Rows of the list, and of the precedents taken into it, that could never decide anything, or must not."""
    items = {i.id: i for i in pack.items}
    for table, rows in _tables(pack).items():
        for n, rule in enumerate(rows):
            item = items.get(rule.item)
            yield from _never(table, n, rule, item)
            if _for_squads(rule):
                yield from _squads(pack, table, n, rule, item)
            if rule.owner_kind != "squad":
                yield from no_unit(pack, table, n, "owner", rule.owner)
    for n, power in enumerate(pack.powers):
        for field in PUBLIC:
            if not getattr(power, field):
                yield Fault("powers", n, field, f"{field} is empty", "all five public fields (R6)")


def _tables(pack: CityPack) -> dict[str, Sequence[Rule]]:
    return {"powers": pack.powers, "precedents": pack.precedents}


def _never(table: str, n: int, rule: Rule, item: Item | None) -> Iterator[Fault]:
    """A duty, days or conditions that no case can have."""
    if item and item.nature != "enforcement" and rule.duty != DUTY[item.nature]:
        what = f"{item.id} is {item.nature} and never asks for {rule.duty}"
        yield Fault(table, n, "duty", what, DUTY[item.nature])
    if item and span(item)[0] <= span(item)[1] and not meet(span(rule), span(item)):
        yield Fault(table, n, "valid_from", f"never in force together with {item.id}", "days of the item")
    if not possible(conditions(rule.when)):
        what = f"{';'.join(rule.when)} is never true"
        yield Fault(table, n, "when", what, "conditions that can hold together")


def _for_squads(rule: Rule) -> bool:
    """Whether a squad may come to act by a row: now, or where a town is said to be ready (R11)."""
    waits = isinstance(rule, Power) and rule.transfer_state == "pending_capacity"
    return rule.owner_kind == "squad" or waits


def _squads(pack: CityPack, table: str, n: int, rule: Rule, item: Item | None) -> Iterator[Fault]:
    if rule.owner_kind == "squad" and rule.owner != "*":
        what = f"owner {rule.owner!r} of a squad's power"
        yield Fault(table, n, "owner", what, '"*", the squad of the territory')
    if item and item.nature != "enforcement":
        yield Fault(table, n, "owner_kind", f"{item.id} is {item.nature}: no squad's", "another kind of owner")
    if item and "personal_liberty" in item.powers:
        what = f"{item.id} may be personal_liberty, and a squad is to own it"
        yield Fault(table, n, "owner_kind", what, "police: theirs alone (处罚法 art. 18, R3)")
    said = [item.name, item.name_en] if item else []
    said += [rule.scope, rule.basis, rule.procedure] if isinstance(rule, Power) else [rule.document]
    if any(word in " ".join(said) for word in PERSONAL_LIBERTY):
        what = "a power over personal liberty given to a squad"
        yield Fault(table, n, "owner_kind", what, "police: theirs alone (处罚法 art. 18, R3)")
    days = meet(span(rule), span(item)) if item else None
    listed = [span(d) for d in pack.domains if item and d.name == item.domain]
    if item and days and listed and (day := uncovered(days, listed)):
        what = f"{item.domain} is not in the list on {day}, and a squad owns {item.id}"
        yield Fault(table, n, "valid_from", what, "days on which the domain is transferred")


def _together(pack: CityPack) -> Iterator[Fault]:
    """Rows that say two things at once, and rows of which another always says more."""
    desks = [d.id for d in pack.desks]
    items = {i.id: i for i in pack.items}
    for table, rows in _tables(pack).items():
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
        (m, other) for m, other in others if implies(asked, conditions(other.when)) and other.desk in ("", *desks)
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


def weight(rule: Rule, desk: str, place: int) -> tuple[bool, int, int]:
    """What decides between rows that apply: the own desk, then the number of conditions, then the order of the list."""
    return rule.desk == desk, len(rule.when), -place


RULES = (_owners, _rows, _together)
