"""Puts what stands in events into a person's words: names from the city that decided, instants in its zone, codes.

A name that the city does not know, or a city that is not at hand, gives the id; a word that is no code is somebody's
own and is told as it is.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from dispatchers.case import Assignment, Relaxation, Request
from dispatchers.city import City
from dispatchers.clock import HOUR, MINUTE
from dispatchers.messages import Actor

from . import terms, words
from .words import Said, Words

Lang = Literal["zh", "en"]
UNKNOWN = Said("不明", "unknown")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")

# Which words a field's codes are told in; "Event.field" before "field".
CODES: dict[str, Words] = {
    "AssignmentProposed.mode": words.MODES,
    "Candidate.lost": words.LOST,
    "CaseNeedsOperator.reason": words.OPERATOR,
    "OrderRefused.reason": words.REFUSED,
    "RelaxationApproved.kind": terms.RELAXATIONS,
    "RelaxationRefused.kind": terms.RELAXATIONS,
    "RelaxationRequested.kind": terms.RELAXATIONS,
    "RequestMade.kind": terms.REQUESTS,
    "RequestMade.role": terms.ROLES_OF_HELP,
    "RequestMade.task": terms.TASKS,
    "Basis.task": terms.TASKS,
    "CaseTransferred.to": terms.BODIES,
    "OfferPushed.channel": terms.CHANNELS,
    "OfferPushed.detail": terms.PUSHED,
    "OfferPushed.result": terms.PUSHES,
    "authority": terms.SUPERIORS,
    "cause": words.REASONS,
    "colour": terms.COLOURS,
    "detail": words.REASONS,
    "doubt": words.REASONS,
    "duty": terms.DUTIES,
    "kind": terms.KINDS,
    "level": terms.LEVELS,
    "mode": words.MODES,
    "name": terms.LIMITS,
    "note": words.REASONS,
    "odd_claim": terms.CLAIMS,
    "order": terms.ORDERS,
    "origin": terms.ORIGINS,
    "outcome": terms.OUTCOMES,
    "reason": words.REASONS,
    "responsibility": terms.RESPONSIBILITIES,
    "result": terms.RESULTS,
    "state": terms.TRANSFERS,
    "status": terms.STATUSES,
    "step": words.LADDER,
    "stream": terms.STREAMS,
}
# Where the names of a field's ids stand.
TABLES: dict[str, tuple[str, ...]] = {
    "CaseNeedsOperator.detail": ("squads", "units", "items"),
    "squad": ("squads",),
    "team": ("teams",),
    "unit": ("units",),
    "desk": ("desks",),
    "to_desk": ("desks",),
    "from_desk": ("desks",),
    "territory": ("territories",),
    "owner": ("squads", "units"),
    "sides": ("squads", "units"),
    "holder": ("teams", "units"),
    "blamed": ("squads", "units", "desks", "territories"),
}
_CARRIED = ("request", "relaxation", "proposal", "interim")


class Voice:
    """One language, one version of a city (None: not at hand), the zone of the city."""

    def __init__(self, lang: Lang, city: City | None, zone: dt.timezone) -> None:
        self.lang, self._city, self._zone = lang, city, zone
        rows = city.pack.organisations if city else ()
        self._organisations = {row.id: row.name for row in rows}

    def pick(self, said: Said) -> str:
        """The text in this language."""
        return getattr(said, self.lang)  # type: ignore[no-any-return]

    def tell(self, said: Said, values: Mapping[str, Any], of: str = "") -> str:
        """A sentence with its slots filled. `of`: the type of what the values are of."""
        text, before = self.pick(said), ""
        # Filled text stands between marks that no sentence has, so that a citizen's own brackets stay.
        while text != before:
            text, before = _OPTIONAL.sub(lambda part: self._part(part[1], values, of), text), text
        return self._filled(text, values, of).translate(_UNMARKED)

    def _part(self, part: str, values: Mapping[str, Any], of: str) -> str:
        if any(not self.value(slot, values.get(slot), of) for slot in _SLOT.findall(part)):
            return ""
        return self._filled(part, values, of)

    def _filled(self, text: str, values: Mapping[str, Any], of: str) -> str:
        return _SLOT.sub(lambda slot: self.value(slot[1], values.get(slot[1]), of).translate(_MARKED), text)

    def value(self, field: str, value: Any, of: str = "") -> str:
        """One value in words; "" if there is nothing to say."""
        if isinstance(value, bool):
            return self.pick(terms.FLAGS[field][not value])
        if isinstance(value, tuple):
            return self.pick(_AND).join(self.value(field, one, of) for one in value)
        if isinstance(value, Actor):
            return f"{self.pick(terms.ROLES[value.role])} {_line(value.id)}"
        if isinstance(value, int):
            if _is_instant(field):
                return self.instant(value) if value else ""
            return "" if field in _AMOUNTS and not value else str(value)
        return self._text(field, str(value or ""), of)

    def _text(self, field: str, text: str, of: str) -> str:
        if field == "item":
            return self.item(text)
        if field == "limit":
            return self.limit(text)
        if field in ("line_superior", "block_superior", "organisation"):
            return self._organisations.get(text, text)
        name = self._name(text, TABLES.get(f"{of}.{field}") or TABLES.get(field, ()))
        if name:
            return name
        if field == "level" and self._city and text in terms.LEVELS:
            facts = self._city.facts
            return (facts.levels if self.lang == "zh" else facts.levels_en)[list(terms.LEVELS).index(text)]
        codes = CODES.get(f"{of}.{field}") or CODES.get(field) or {}
        if text in codes:
            return self.pick(codes[text])
        begun = next((p for p in words.PREFIXES if codes is words.REASONS and text.startswith(p)), "")
        own = _line(text.removeprefix(begun))
        return self.pick(words.PREFIXES[begun]) + own if begun else own

    def instant(self, at: int) -> str:
        """An instant in the city's zone."""
        return dt.datetime.fromtimestamp(at / 1000, self._zone).strftime("%Y-%m-%d %H:%M")

    def item(self, item: str) -> str:
        """An item by its name; of none, that it is not known."""
        row = self._city.items.get(item) if self._city else None
        if row is None:
            return item or self.pick(UNKNOWN)
        return row.name if self.lang == "zh" else row.name_en

    def limit(self, text: str) -> str:
        """A length of time as the pack writes it, in words."""
        number, _, unit = text.partition(" ")
        return f"{number} {self.pick(terms.UNITS[unit])}" if unit in terms.UNITS else text

    def left(self, ms: int) -> str:
        """What is left of a limit that stands."""
        return self.pick(_LEFT).format(ms // HOUR, ms % HOUR // MINUTE)

    def _name(self, of: str, tables: Iterable[str]) -> str:
        rows: Iterable[Any] = (getattr(self._city, table).get(of) for table in tables) if self._city else ()
        row = next((row for row in rows if row), None)
        if row is None:
            return ""
        return str(getattr(row, "name_en", row.name) if self.lang == "en" else row.name)


_AMOUNTS = ("fine", "cash")  # of which nothing is said when there is none
_AND = Said("、", ", ")
_LEFT = Said("{} 小时 {} 分", "{} h {} min")
_MARKED = str.maketrans("[]{}", "\ue000\ue001\ue002\ue003")
_UNMARKED = str.maketrans("\ue000\ue001\ue002\ue003", "[]{}")


def _line(text: str) -> str:
    """Somebody's own word, which must not look like a line of ours."""
    return " ".join(text.split())


def _is_instant(field: str) -> bool:
    return field.endswith(("_at", "_due")) or field == "until"


def values_of(told: msgspec.Struct) -> dict[str, Any]:
    """The slots of an event: its own fields, and before them those of what it carries."""
    own = {field: getattr(told, field) for field in told.__struct_fields__}
    carried: dict[str, Any] = {}
    for field in _CARRIED:
        part = own.get(field)
        if isinstance(part, Assignment | Relaxation | Request):
            carried |= {name: getattr(part, name) for name in part.__struct_fields__}
    return {**carried, **own}
