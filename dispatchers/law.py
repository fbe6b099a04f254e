"""The city's law, ready to be asked: what a report is about, whose it is, in whose name, within which limits.

Built once from a `CityPack`; every answer is a function of the pack and the day that is asked about. What follows from
the answers is decided in competence.py, terms.py and the other rules; who is where and on duty is city.py's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from .clock import EPOCH, Duration, duration
from .rows import CityPack, Dated, Duty, Item, Power, Precedent, Squad

K = TypeVar("K")
V = TypeVar("V")
FOREVER = 1 << 30
Facts = Mapping[str, str]
# Which duty of an item a case asks for, by the item's nature, unless a fact names another (R16, R17).
DUTY: dict[str, Duty] = {"enforcement": "penalty", "repair": "repair", "service": "service", "reply": "reply"}


class Reply(NamedTuple):
    """What a kind of report is owed: an answer within `limit` (None: nobody expects one)."""

    limit: Duration | None
    text: str
    unit: str
    callback: bool


REMEMBERED = 1 << 14
NO_RULE: tuple[tuple[bool, int, int], Power | None] = ((False, -1, 0), None)
NOTHING_OWED = Reply(None, "", "", False)


class Merge(NamedTuple):
    """When reports are one matter. `radius` 0: never."""

    radius: int
    window: Duration
    raise_at: int


Row = TypeVar("Row", bound=Power | Precedent)


class Rule(NamedTuple, Generic[Row]):
    """A row of the list, or a ruling, with its conditions read."""

    row: Row
    asks: tuple[tuple[str, bool, str], ...]
    place: int  # in the order of the list
    first: int
    last: int

    def holds(self, facts: Facts) -> bool:
        """Whether all that the row asks for is known to be so; what is not known holds nothing."""
        return _true(self.asks, facts)


def hold(when: Iterable[str], facts: Facts) -> bool:
    """Whether all conditions are known to be so."""
    return _true(asked(when), facts)


def _true(asks: tuple[tuple[str, bool, str], ...], facts: Facts) -> bool:
    return all(key in facts and (facts[key] == value) is wanted for key, wanted, value in asks)


def asked(when: Iterable[str]) -> tuple[tuple[str, bool, str], ...]:
    """ "actor=vehicle" and "licence!=chemical", read: key, whether it shall be so, value."""
    parts = (text.partition("=") for text in when)
    return tuple((key.removesuffix("!"), not key.endswith("!"), value) for key, _, value in parts)


class Law:
    """One version of a city's law."""

    def __init__(self, pack: CityPack) -> None:
        self._items = {i.id: i for i in pack.items}
        self._valid = {i.id: days_of(i) for i in pack.items}
        self._category = {(c.scheme, c.code): (c.item, _facts(c.facts)) for c in pack.categories}
        hints = grouped((h.item, (h.words, *h.fact.split("=", 1))) for h in pack.hints)
        self._any_hints = tuple(hints.get("*", ()))
        self._hints = {item: (*rows, *self._any_hints) for item, rows in hints.items()}
        self._powers = grouped(((p.item, str(p.duty)), _rule(p, n)) for n, p in enumerate(pack.powers))
        self._precedents = grouped(((p.item, str(p.duty)), _rule(p, n)) for n, p in enumerate(pack.precedents))
        self._lists = [(p.desk, p.id, *days_of(p)) for p in pack.lists]
        self._ready = grouped(((r.item, r.territory), days_of(r)) for r in pack.readiness)
        self._authority = grouped(((a.item, a.territory), (a.acting_name, *days_of(a))) for a in pack.authorities)
        self._limits = grouped((x.item, (x.name, x.area, x.limit, *days_of(x))) for x in pack.limits)
        self._reply = {(r.kind, r.channel): _reply(r.limit, r.unit, r.callback) for r in pack.replies}
        self._merge = {m.item: Merge(m.radius, duration(m.window), m.raise_at) for m in pack.merges}
        self._request = {
            str(r.kind): (duration(r.receipt), duration(r.limit) if r.limit else None) for r in pack.requests
        }
        self._stages = grouped((str(s.stage), (duration(s.limit), *days_of(s))) for s in pack.stages)
        self._rollout = [((r.desk, r.item), str(r.mode), *days_of(r)) for r in pack.rollout]
        self._prevails = {c.order: c.prevails for c in pack.commands}
        # What is asked with every case and is the same all day, remembered.
        self.limits = lru_cache(REMEMBERED)(self._limits_of)
        self.stage = lru_cache(REMEMBERED)(self._stage)
        self.mode = lru_cache(REMEMBERED)(self._mode)
        self.list_in_force = lru_cache(REMEMBERED)(self._list_in_force)

    # -- what it is ------------------------------------------------------------------------------------------------

    def category(self, scheme: str, code: str) -> tuple[str, dict[str, str]]:
        """(item, facts) that a source means by its category; the scheme "item" names ours directly."""
        return (code, {}) if scheme == "item" else self._category.get((scheme, code), ("", {}))

    def hinted(self, item: str, text: str) -> dict[str, str]:
        """Facts that the words of a report tell; of several words for one fact the first row counts."""
        told: dict[str, str] = {}
        for words, key, value in self._hints.get(item, self._any_hints):
            if words in text and key not in told:
                told[key] = value
        return told

    def item(self, item: str, day: int) -> Item | None:
        """An item that is in force on a day."""
        first, last = self._valid.get(item, (1, 0))
        return self._items[item] if first <= day <= last else None

    # -- whose it is -----------------------------------------------------------------------------------------------

    def power(self, item: str, duty: str, facts: Facts, desk: str, accepted: int, today: int) -> Power | None:
        """The row of the power list that decides: of the list in force at acceptance; where a row of today's moves the
        open cases (a transition rule, R12), of what is in force today of both.

        Rows of the own desk come before the city's, then those that ask for most, then the order of the list.
        """
        then, now, moved = NO_RULE, NO_RULE, False
        for rule in self._powers.get((item, duty), ()):
            row = rule.row
            if row.desk not in ("", desk) or (rule.asks and not rule.holds(facts)):
                continue
            rank = (row.desk == desk, len(rule.asks), -rule.place)
            held, holds = rule.first <= accepted <= rule.last, rule.first <= today <= rule.last
            if held and rank > then[0]:
                then = rank, row
            if holds and (held or row.moves_open) and rank > now[0]:
                now = rank, row
            moved = moved or (holds and not held and row.moves_open)
        return now[1] if moved else then[1]

    def precedent(self, item: str, duty: str, facts: Facts, desk: str, day: int) -> Precedent | None:
        """A ruling that was taken into the list and holds for these facts; the one that asks for most."""
        rows = self._precedents.get((item, duty))
        if not rows:
            return None
        found = [r for r in rows if r.row.desk in ("", desk) and r.first <= day <= r.last and r.holds(facts)]
        best = max(found, key=lambda r: (r.row.desk == desk, len(r.asks), -r.place), default=None)
        return best.row if best else None

    def _list_in_force(self, desk: str, day: int) -> str:
        """The version of the power list on a day: the desk's own, else the city's; "" before the first."""
        own = city = ""
        for of, name, first, last in self._lists:
            if first <= day <= last:
                own, city = (name, city) if of == desk else (own, name if of == "" else city)
        return own or city

    def ready(self, item: str, territory: str, day: int) -> bool:
        """Whether a town was said to be able to carry an item whose transfer waits for capacity (R11)."""
        return in_force(self._ready.get((item, territory), ()), day)

    def acting_name(self, item: str, squad: Squad, day: int) -> str:
        """In whose name a squad acts on an item: by the published table, else its own (R27)."""
        for key in ((item, squad.territory), ("*", squad.territory)):
            for name, first, last in self._authority.get(key, ()):
                if first <= day <= last:
                    return name
        return squad.acting_name

    # -- within which limits ---------------------------------------------------------------------------------------

    def _limits_of(self, item: str, area: str, day: int) -> tuple[tuple[str, str], ...]:
        """The limits of a case, (name, how long), "dispose" first; an area class may have its own (R40)."""
        rows = self._limits.get(item, ())
        found = {"dispose": self._items[item].limit}
        for of in ("", area):
            found |= {name: text for name, where, text, first, last in rows if where == of and first <= day <= last}
        return ("dispose", found.pop("dispose")), *sorted(found.items())

    def reply(self, kind: str, channel: str) -> Reply:
        """What a kind of report is owed, by its source's own rule if there is one."""
        return self._reply.get((kind, channel)) or self._reply.get((kind, ""), NOTHING_OWED)

    def merge(self, item: str) -> Merge:
        """The rule of an item, else that of all."""
        return self._merge.get(item) or self._merge["*"]

    def request(self, kind: str) -> tuple[Duration, Duration | None]:
        """(receipt, answer) of a kind of request between offices."""
        return self._request[kind]

    def _stage(self, name: str, day: int) -> Duration:
        """How long a stage may take."""
        rows = self._stages[name]
        return next((limit for limit, first, last in rows if first <= day <= last), rows[-1][0])

    # -- how far, and who prevails ---------------------------------------------------------------------------------

    def _mode(self, desk: str, item: str, domain: str, day: int) -> str:
        """auto, propose or shadow: the most special row in force, the item's before the domain's, the desk's first."""
        if not self._rollout:
            return "auto"
        rows = {key: mode for key, mode, first, last in self._rollout if first <= day <= last}
        for key in ((desk, item), (desk, domain), (desk, "*"), ("*", item), ("*", domain), ("*", "*")):
            if key in rows:
                return rows[key]
        return "auto"

    def prevails(self, order: str) -> str:
        """line or block: whose order of this type stands when both superiors give one; "" the first (R30)."""
        return self._prevails.get(order, "")


def days_of(row: Dated) -> tuple[int, int]:
    """First and last day of validity, as days since 1970-01-01."""
    last = row.valid_to.toordinal() - EPOCH if row.valid_to else FOREVER
    return row.valid_from.toordinal() - EPOCH, last


def in_force(spans: Sequence[tuple[int, int]], day: int) -> bool:
    """Whether a day is in one of these (first, last)."""
    for first, last in spans:  # noqa: SIM110  # a generator would cost more than all of it
        if first <= day <= last:
            return True
    return False


def _rule(row: Row, place: int) -> Rule[Row]:
    return Rule(row, asked(row.when), place, *days_of(row))


def _reply(limit: str, unit: str, callback: bool) -> Reply:
    return Reply(duration(limit) if limit else None, limit, unit, callback)


def _facts(texts: Iterable[str]) -> dict[str, str]:
    return dict(text.split("=", 1) for text in texts)


def grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    """Values by key, each list in the order given."""
    found: dict[K, list[V]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
