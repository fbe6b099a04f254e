"""What can be wrong with facts: conditions that nothing can make true, and codes and words that tell what no rule asks
for (R16, R17, domain.md §5.2.6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple, get_args

from dispatchers.rows import CityPack, Duty, Item

from .words import Condition, Fault, condition, conditions, possible

RESERVED = ("duty", "item", "about")  # what these tell is used before any rule is asked, so no rule may ask for it


class Told(NamedTuple):
    """A fact that a code or words tell of an item ("*": any)."""

    table: str
    row: int
    field: str
    text: str
    item: str

    @property
    def fact(self) -> Condition | None:
        """The fact, if it can be read as one."""
        fact = condition(self.text)
        return fact if fact and fact.wanted else None


def _told(pack: CityPack) -> list[Told]:
    told = [Told("categories", n, "facts", text, c.item) for n, c in enumerate(pack.categories) for text in c.facts]
    return told + [Told("hints", n, "fact", hint.fact, hint.item) for n, hint in enumerate(pack.hints)]


def _asked(pack: CityPack) -> Iterator[Fault]:
    """What a rule asks for can be read, and counts once: the number of conditions decides between rules."""
    for table in ("powers", "precedents"):
        for n, row in enumerate(getattr(pack, table)):
            for text in row.when:
                asked = condition(text)
                if asked is None:
                    yield Fault(table, n, "when", f"{text!r} is no condition", "key=value or key!=value")
                elif asked.key in RESERVED:
                    what = f"{text} is never asked: {asked.key} says of itself what the matter is"
                    yield Fault(table, n, "when", what, "the row's own item and duty, or another fact")
            if len(set(row.when)) != len(row.when):
                yield Fault(table, n, "when", "a condition twice", "each condition once")


def _untold(pack: CityPack) -> Iterator[Fault]:
    """A condition that no code and no words can make true: only an operator or a collector could, who must know of it.
    A warning, since a source may tell facts of its own; once for a condition, at its first row."""
    items = {i.id for i in pack.items}
    values: dict[tuple[str, str], set[str]] = defaultdict(set)
    for told in _told(pack):
        if told.fact:
            values[told.item, told.fact.key].add(told.fact.value)
    for table in ("powers", "precedents"):
        untold: dict[Condition, list[int]] = defaultdict(list)
        rows = getattr(pack, table)
        for n, row in enumerate(rows):
            when = conditions(row.when)
            for asked in sorted(when if row.item in items and possible(when) else ()):
                known = values[row.item, asked.key] | values["*", asked.key]
                if asked.key not in RESERVED and not any((v == asked.value) is asked.wanted for v in known):
                    untold[asked].append(n)
        for asked, (first, *others) in untold.items():
            text = f"{asked.key}{'=' if asked.wanted else '!='}{asked.value}"
            what = f"no code and no words make {text} true of {rows[first].item}"
            what += f", nor in {len(others)} rows more" if others else ""
            right = "a fact of categories or hints that tells it, else people have to"
            yield Fault(table, first, "when", what, right, warning=True)


def _meant(pack: CityPack) -> Iterator[Fault]:
    """What a code or words tell is one value of a fact; what it names is there, and counts."""
    items = {i.id: i for i in pack.items}
    known = {"item": set(items), "duty": set(get_args(Duty))}
    for told in _told(pack):
        fact, right = told.fact, ""
        if fact is None:
            what, right = f"{told.text!r} is no fact", "key=value"
        elif fact.value not in known.get(fact.key, {fact.value}):
            what, right = f"there is no {fact.key} {fact.value!r}", f"{fact.key}= one that there is"
        elif told.item in items and fact.key == "item":
            what, right = _item(items[told.item], items[fact.value])
        elif told.item in (*items, "*") and fact.key == "duty":
            what, right = _duty(pack, told.item, fact.value)
        if right:
            yield Fault(told.table, told.row, told.field, what, right)
    for n, category in enumerate(pack.categories):
        keys = [c.key for c in conditions(category.facts)]
        if len(keys) != len(set(keys)):
            yield Fault("categories", n, "facts", "two values of one fact", "each key once")


def _item(named: Item, other: Item) -> tuple[str, str]:
    if named.emergency or not other.emergency:
        return f"never counts: the item is {named.id} already", "an emergency, told of an item that is none"
    return "", ""


def _duty(pack: CityPack, item: str, duty: str) -> tuple[str, str]:
    """A duty counts for items of enforcement, and somebody must own it, else the case is nobody's (R16, R21)."""
    owned = {p.item for p in pack.powers if p.duty == duty}
    asked = [i for i in pack.items if i.id == item or (item == "*" and i.nature == "enforcement")]
    for each in asked:
        if each.nature != "enforcement":
            what = f"never counts: {each.id} is {each.nature}, whatever the duty"
            return what, "a fact of an item of enforcement"
        if each.id not in owned:
            return f"nobody owns {duty} of {each.id}", f"a row of powers for {each.id} with this duty, or another duty"
    return "", ""


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
    those of an earlier one of the same item never do. One character is in too many words."""
    for n, hint in enumerate(pack.hints):
        if len(hint.words) == 1:
            yield Fault("hints", n, "words", f"{hint.words!r} is in too many words", "two characters or more")
        key = hint.fact.partition("=")[0]
        for m, other in enumerate(pack.hints[:n]):
            if other.item == hint.item and other.fact.partition("=")[0] == key and other.words in hint.words:
                what = f"never counts: row {m + 1} finds {other.words!r} first"
                yield Fault("hints", n, "words", what, "the longer words before the shorter")
                break


RULES = (_asked, _untold, _meant, _categories, _hints)
