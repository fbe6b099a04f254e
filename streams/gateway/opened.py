"""What is told of a number that is opened (drill.py): its shapes, and the words around it."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal, NamedTuple

import msgspec

from dispatchers.city import City
from dispatchers.clock import EPOCH
from dispatchers.targets import Share

from .numbers import Numbers

Window = Literal["today", "month", "year", "d30", "last_month"]
WINDOWS: dict[str, tuple[Window, ...]] = {
    "tasks": ("month", "today", "year", "d30", "last_month"),
    "force": ("month", "today", "last_month"),
    "support": ("year",),
}  # the first is asked if none is said
By = Literal["desk", "territory", "squad"]
# den: all that counts; rest: what of it is not in num; aside: what ended and counts nowhere.
Listed = Literal["all", "den", "num", "rest", "self", "aside"]
NONE = "-"  # in place of an id: no squad, no place, no post


class Where(NamedTuple):
    """What is opened."""

    number: str
    window: Window
    desk: str
    territory: str
    squad: str
    by: By


class Figure(msgspec.Struct, frozen=True):
    """A share. `met` and `text` None: no data."""

    numerator: int
    denominator: int
    met: bool | None
    text: str | None

    @classmethod
    def of(cls, one: Share) -> Figure:
        """As screens read it."""
        return cls(one.num, one.den, one.met, str(one) if one.den else None)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a number. `of`: what it is; it can be opened if it is a desk, a territory or a squad."""

    id: str  # "-": none
    of: str  # desk, territory, squad, organisation
    name: str
    figure: Figure
    tier: str = ""  # of a squad
    counts: dict[str, int] = {}  # beside it: self, aside, forced, month_end
    beside: dict[str, Figure] = {}  # of a cost object: budget


class Residual(msgspec.Struct, frozen=True):
    """By how much the parts do not add up to the whole."""

    numerator: int
    denominator: int


class Position(msgspec.Struct, frozen=True):
    """Of which moments whole and parts are: how many records of the log either has read that the other has not, and how
    many cases the archive has not counted because another desk's log has to say something first. All 0: of the same."""

    fold_ahead: int
    archive_ahead: int
    parked: int


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A number, opened."""

    now: int
    number: str
    unit: Literal["cases", "officers", "person_days", "fen"]
    window: Window
    windows: tuple[Window, ...]  # that there are of this number
    first: str  # days of the window, both in it
    last: str  # or today
    state: Literal["", "provisional", "frozen"]  # of a month that is over
    note: dict[str, str]
    definition: dict[str, str]  # version, zh, en
    desk: str
    territory: str
    squad: str
    names: dict[str, str]  # of the three
    by: str
    whole: Figure | None  # None: it cannot be computed, `why` says the reason
    final: Figure | None = None  # of a month that is frozen: as it became final; `whole` is as it stands now
    restatements: int = 0
    residual: Residual | None  # None: there is no whole but the sum of the parts
    parts: list[Part]
    beside: dict[str, Figure]
    counts: dict[str, int]
    why: dict[str, list[str]] = {}
    position: Position | None = None
    listable: bool = False  # the cases may be listed by who asks


class CaseEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A case behind R1. `counts`: num, rest, self, or "": counts nowhere, and `sort` says why."""

    id: str
    no: str
    at: int
    desk: str
    territory: str
    squad: str
    item: str
    tier: str
    sort: str
    counts: str
    month_end: bool
    forced: bool


class CaseList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of them. `figure`, `counts`: of all that is listed, counted at the same position. `next`: cursor."""

    now: int
    window: Window
    first: str
    last: str
    note: dict[str, str]
    desk: str
    territory: str
    squad: str
    names: dict[str, str]  # of the desks, territories and squads in the list
    listed: Listed
    figure: Figure
    counts: dict[str, int]
    total: int
    cases: list[CaseEnded]
    next: str


# -- words ------------------------------------------------------------------------------------------------------------


def head(shown: Numbers, city: City, where: Where, now: int, unit: str, state: str = "") -> dict[str, Any]:
    """What every answer begins with."""
    first, last = shown.days(where.window, now)
    definition = shown.definition_on(min(last, shown.day(now)))
    return {
        "now": now,
        "number": where.number,
        "unit": unit,
        "window": where.window,
        "windows": WINDOWS[where.number],
        "first": date(first),
        "last": date(min(last, shown.day(now))),
        "state": state,
        "note": shown.note(),
        "definition": {"version": definition.version, "zh": definition.text, "en": definition.text_en},
        "desk": where.desk,
        "territory": where.territory,
        "squad": where.squad,
        "names": names(city, where.desk, where.territory, where.squad),
    }


def names(city: City, *ids: str) -> dict[str, str]:
    """Of desks, territories and squads, as far as they are known."""
    rows = (city.desks, city.territories, city.squads)
    return {i: r[i].name for i in ids for r in rows if i in r}


def called(city: City, of: str, id_: str) -> str:
    """ "" for none and for what the city no longer knows."""
    if of == "organisation":
        return next((o.name for o in city.pack.organisations if o.id == id_), "")
    return names(city, id_).get(id_, "")


def date(day: int) -> str:
    """A day as 2026-07-13."""
    return dt.date.fromordinal(day + EPOCH).isoformat()
