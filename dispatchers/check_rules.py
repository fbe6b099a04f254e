"""What can be wrong with the city's smaller tables: rules that point to nothing, that are missing, or that could never
apply."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import get_args

from .check_words import FOREVER, Fault, condition, conditions, meet, no_unit, span, uncovered
from .messages import Kind
from .rows import CityPack, Dated, Duty, RequestKind, Stage

# Orders that both superiors of a squad may give.
ORDERS = (
    "AssignCase", "EscalateCase", "HandOverCase", "RuleDispute", "SetDuty", "LowerCase", "CloseCase", "CancelCase",
)  # fmt: skip


def _asked(pack: CityPack) -> Iterator[Fault]:
    """What a rule asks for can be read, and counts once: the number of conditions decides between rules."""
    for table in ("powers", "precedents"):
        for n, row in enumerate(getattr(pack, table)):
            for text in row.when:
                if condition(text) is None:
                    yield Fault(table, n, "when", f"{text!r} is no condition", "key=value or key!=value")
            if len(set(row.when)) != len(row.when):
                yield Fault(table, n, "when", "a condition twice", "each condition once")


def _told(pack: CityPack) -> Iterator[Fault]:
    """What a code or words tell is one value of a fact; what it names is there."""
    told = [("categories", n, "facts", text, c.item) for n, c in enumerate(pack.categories) for text in c.facts]
    told += [("hints", n, "fact", hint.fact, hint.item) for n, hint in enumerate(pack.hints)]
    items = {i.id: i for i in pack.items}
    known = {"item": set(items), "duty": set(get_args(Duty))}
    for table, n, field, text, of in told:
        fact = condition(text)
        if fact is None or not fact.wanted:
            yield Fault(table, n, field, f"{text!r} is no fact", "key=value")
        elif fact.value not in known.get(fact.key, {fact.value}):
            yield Fault(table, n, field, f"there is no {fact.key} {fact.value!r}", f"{fact.key}= one that there is")
        elif of in items and fact.key == "duty" and items[of].nature != "enforcement":
            what = f"never counts: {of} is {items[of].nature}, whatever the duty"
            yield Fault(table, n, field, what, "a fact of an item of enforcement")
        elif of in items and fact.key == "item" and (items[of].emergency or not items[fact.value].emergency):
            what = f"never counts: the item is {of} already"
            yield Fault(table, n, field, what, "an emergency, told of an item that is none")
    for n, category in enumerate(pack.categories):
        keys = [c.key for c in conditions(category.facts)]
        if len(keys) != len(set(keys)):
            yield Fault("categories", n, "facts", "two values of one fact", "each key once")


def _categories(pack: CityPack) -> Iterator[Fault]:
    seen: set[tuple[str, str]] = set()
    for n, c in enumerate(pack.categories):
        if (c.scheme, c.code) in seen:
            yield Fault("categories", n, "code", f"{c.scheme} {c.code} is given twice", "one item for a code")
        if c.scheme == "item":
            yield Fault("categories", n, "scheme", 'scheme "item" names our items directly', "another scheme")
        seen.add((c.scheme, c.code))


def _hints(pack: CityPack) -> Iterator[Fault]:
    """Only the first hint of a fact's name that is found counts, an item's own before those of all: words that hold
    those of an earlier one of the same item never do."""
    for n, hint in enumerate(pack.hints):
        key = hint.fact.partition("=")[0]
        for m, other in enumerate(pack.hints[:n]):
            if other.item == hint.item and other.fact.partition("=")[0] == key and other.words in hint.words:
                what = f"never counts: row {m + 1} finds {other.words!r} first"
                yield Fault("hints", n, "words", what, "the longer words before the shorter")
                break


def _with_item(pack: CityPack) -> Iterator[Fault]:
    """A rule about an item is in force on some day of it; readiness, with a power that waits for it."""
    items = {i.id: span(i) for i in pack.items}
    for table in ("limits", "readiness", "authorities"):
        for n, row in enumerate(getattr(pack, table)):
            days = items.get(row.item)
            if days and days[0] <= days[1] and not meet(span(row), days):
                yield Fault(table, n, "valid_from", f"never in force together with {row.item}", "days of the item")
    waiting: dict[str, list[Dated]] = defaultdict(list)
    for power in pack.powers:
        if power.transfer_state == "pending_capacity":
            waiting[power.item].append(power)
    for n, ready in enumerate(pack.readiness):
        if ready.item in items and not any(meet(span(ready), span(power)) for power in waiting[ready.item]):
            what = f"nothing of {ready.item} waits for capacity then"
            yield Fault("readiness", n, "item", what, "an item with a power that is pending_capacity")


def _rollout(pack: CityPack) -> Iterator[Fault]:
    known = {"*", *(i.id for i in pack.items), *(d.name for d in pack.domains)}
    for n, row in enumerate(pack.rollout):
        if row.item not in known:
            yield Fault("rollout", n, "item", f"there is no item or domain {row.item!r}", 'an item, a domain, or "*"')


def _domains(pack: CityPack) -> Iterator[Fault]:
    for n, domain in enumerate(pack.domains):
        for m, other in enumerate(pack.domains[:n]):
            alike = (domain.order, domain.desk) == (other.order, other.desk) and domain.name != other.name
            if alike and meet(span(domain), span(other)):
                what = f"order {domain.order} is that of row {m + 1} of domains"
                yield Fault("domains", n, "order", what, "an order of its own")
                break


def _stages(pack: CityPack) -> Iterator[Fault]:
    """Every stage has a limit, and the city a power list, on every day since the first on which there is an item."""
    if not pack.items:
        return
    days = min(i.valid_from for i in pack.items), FOREVER
    for stage in get_args(Stage):
        rows = [n for n, s in enumerate(pack.stages) if s.stage == stage]
        if day := uncovered(days, (span(pack.stages[n]) for n in rows)):
            what = f"stage {stage} has no limit on {day}"
            yield Fault("stages", rows[-1] if rows else -1, "stage", what, "one row of each stage for each day")
    if day := uncovered(days, (span(each) for each in pack.lists if not each.desk)):
        yield Fault("lists", -1, "id", f"no power list of the city on {day}", "one row without a desk for each day")


def _merges(pack: CityPack) -> Iterator[Fault]:
    if "*" not in {m.item for m in pack.merges}:
        yield Fault("merges", -1, "item", 'no row of item "*"', "one for all items without a row of their own")
    for n, merge in enumerate(pack.merges):
        if merge.radius < 0:
            yield Fault("merges", n, "radius", f"{merge.radius} metres", "0 (never merged) or more")
        if merge.raise_at < 2:
            what = f"{merge.raise_at} reports make it more urgent"
            yield Fault("merges", n, "raise_at", what, "2 or more: one report is no repetition")


def _replies(pack: CityPack) -> Iterator[Fault]:
    kinds = get_args(Kind)
    seen: set[tuple[str, str]] = set()
    for n, reply in enumerate(pack.replies):
        if reply.kind not in kinds:
            yield Fault("replies", n, "kind", f"there is no kind {reply.kind!r}", f"one of {', '.join(kinds)}")
        if (reply.kind, reply.channel) in seen:
            what = f"{reply.kind} {reply.channel}".strip() + " is given twice"
            yield Fault("replies", n, "kind", what, "one rule of a kind and channel")
        seen.add((reply.kind, reply.channel))
        if reply.unit:
            yield from no_unit(pack, "replies", n, "unit", reply.unit)
    for kind in kinds:
        if (kind, "") not in seen:
            yield Fault("replies", -1, "kind", f"no rule for {kind}", "one of each kind without a channel")


def _requests(pack: CityPack) -> Iterator[Fault]:
    """An office may ask for anything there is a kind of."""
    for kind in get_args(RequestKind):
        if kind not in {r.kind for r in pack.requests}:
            yield Fault("requests", -1, "kind", f"no rule for {kind}", "one of each kind")


def _ladders(pack: CityPack) -> Iterator[Fault]:
    """Whatever a case's priority is now, many reports may make it one more urgent; what nobody knows begins at 2."""
    there = {ladder.priority for ladder in pack.ladders}
    for missing in sorted(set(range(max((2, *there)) + 1)) - there):
        yield Fault("ladders", -1, "priority", f"no ladder of priority {missing}", "0 to 2 at least, none left out")
    heaviest = max((ladder.weight for ladder in pack.ladders), default=1)
    for n, ladder in enumerate(pack.ladders):
        if ladder.weight < 1:
            yield Fault("ladders", n, "weight", f"a case weighs {ladder.weight}", "1 or more")
    for n, squad in enumerate(pack.squads):
        if squad.cap < heaviest:
            what = f"{squad.id} may hold {squad.cap}, and a case of the heaviest priority weighs {heaviest}"
            yield Fault("squads", n, "cap", what, "room for one case of each priority at least")


def _commands(pack: CityPack) -> Iterator[Fault]:
    for n, command in enumerate(pack.commands):
        if command.order not in ORDERS:
            yield Fault("commands", n, "order", f"there is no order {command.order!r}", f"one of {', '.join(ORDERS)}")


RULES = (
    _asked, _told, _categories, _hints, _with_item, _rollout, _domains, _stages, _merges, _replies, _requests,
    _ladders, _commands,
)  # fmt: skip
