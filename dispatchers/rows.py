"""The rows of a city pack: everything that differs between two cities, and everything that has a date (DESIGN §7).

Plain data, no behaviour: `streams/city_files.py` fills them from a folder, `city.py` asks questions of them, and the
whole `CityPack` is what is published to `city-packs` under its hash. Dates are calendar days in the city's zone; a row
is in force from `valid_from` up to and including `valid_to` (None: until further notice). `source` says where a row is
from; `source = "model"` marks what was invented from norms and is not a fact.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all rows."""


class Dated(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row with a time of validity and a source."""

    valid_from: dt.date
    valid_to: dt.date | None = None
    source: str


# Which of the executors a competence belongs to. Only a squad gets offers; a unit gets a work order.
OwnerKind = Literal["squad", "unit"]
Tier = Literal["town_squad", "zone_squad", "county_mobile", "city_detachment"]
# enforcement: an act against the law; repair: something is broken; service: somebody should come and do something;
# reply: somebody wants an answer (consult, suggestion, praise).
Nature = Literal["enforcement", "repair", "service", "reply"]


class Organisation(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bureau. `acting_name` stands on documents: a squad acts in the name of its county's bureau (R27)."""

    id: str
    name: str
    other_name: str = ""  # the 支队/大队 the same body is also called (R26)
    acting_name: str
    line_superior: str = ""  # 条: law and quality
    block_superior: str = ""  # 块: daily command
    source: str


class Desk(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command desk 指挥席: the one writer about its cases and squads. `partition` is given once and for good."""

    id: str
    name: str
    kind: Literal["county", "zone", "city"]
    partition: int  # of desk-inbox and desk-log; a desk has it to itself
    prefix: str  # of case numbers, e.g. JS
    organisation: str
    source: str


class Territory(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An area that somebody answers for. A zone lies over townships and beats their codes (R28)."""

    id: str
    kind: Literal["city", "county", "zone", "township"]
    code: str = ""  # official division code; zones have none
    name: str
    parent: str = ""
    desk: str


class Border(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two territories that touch; `metres` is the length of the common border."""

    a: str
    b: str
    metres: int


class Squad(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A squad 中队. `cap` is the most open weight it may hold; `territory` is where it is at home."""

    id: str
    name: str
    desk: str
    territory: str
    tier: Tier
    lon: float  # WGS-84
    lat: float
    cap: int
    acting_name: str
    line_superior: str
    block_superior: str


class Team(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A team 小组 of a squad; `pattern` and `phase` say when it works. The lead team is the squad's leader's."""

    id: str
    squad: str
    name: str
    pattern: str
    phase: int
    source: str


class Shift(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One day of a shift pattern: a team with `phase` p works on day d of the cycle when (d + p) % cycle == day.

    Minutes count from midnight, city time; `end` past 1440 reaches into the next day.
    """

    pattern: str
    cycle: int
    day: int
    start: int
    end: int


class Officer(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An officer, by number. Auxiliaries may support, never enforce (条例 art. 30): they are in no pair."""

    number: str
    squad: str
    team: str
    employment: Literal["formal", "aux"]
    post: Literal["leader", "member"]


class Certificate(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The right of an officer to enforce in a domain ("*": general certificate for ordinary items)."""

    officer: str
    domain: str
    number: str


class Item(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A matter 事项, the unit of competence. `limit`: time to dispose, as "4 working_hours" (clock.Duration)."""

    id: str
    name: str
    name_en: str
    domain: str
    nature: Nature
    priority: int  # 0 most urgent … 3
    limit: str
    specialist: bool = False  # only officers certified for this very domain (R10)


class Category(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a source names an item: (scheme, code) -> item."""

    scheme: str
    code: str
    item: str
    source: str


class Power(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of the power list 权责清单: who owns a duty of an item, why, with the five public fields (R6)."""

    row: str
    item: str
    duty: Literal["penalty", "supervision", "repair", "service", "reply"]
    owner_kind: OwnerKind
    owner: str  # unit kind; "*" for the squad of the territory
    transfer_state: Literal["transferred", "not_transferred", "to_return", "pending_capacity", "review"]
    basis: str
    scope: str = ""
    procedure: str = ""
    standard: str = ""
    hotline: str = ""


class Unit(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A unit that gets work orders (component owner, cleaning, department), of one kind, for one desk."""

    id: str
    kind: str
    desk: str
    name: str
    source: str


class CalendarDay(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day that is not what its weekday says: a holiday, or a make-up workday 调休.

    `unpublished` changes no day: it marks a year whose notice is not out yet, and beats the year's other rows.
    """

    date: dt.date
    kind: Literal["holiday", "workday", "unpublished"]
    name: str
    source: str


class Ladder(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a priority means in time and weight. Durations are text with a unit, see clock.Duration."""

    priority: int
    lease: str  # an offer waits this long for an answer
    dispatch: str  # a case may be without an offer this long
    operator: str  # an operator may leave a case this long before the city desk takes it
    overdue: str  # after the legal limit: next level up after this long again
    weight: int  # what one open case weighs on its team
    helps: bool  # mobile team and neighbours are asked without an operator


class Windows(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds and distances that are the city's to set."""

    border_metres: int  # a point this near to a border keeps all its candidates
    neighbours: int  # how many neighbour squads are asked at most
    message_ids: str  # how long ids of orders are remembered
    receipts: str  # how long a source's number is remembered
    forwards: str  # how long a desk knows where a case went
    lease_grace: str  # a lease found due later than this was our silence, not the squad's: extended once
    claim_ahead: str  # happened_at further ahead of us than this is odd
    claim_behind: str  # happened_at older than this is odd
    max_returns: int  # more returns than this go to an operator (no kick-around)
    max_rework: int  # failed checks before an operator looks


class DutyHours(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stretch of working time on a workday, minutes from midnight."""

    start: int
    end: int


class CityFacts(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The city's own row."""

    id: str
    code: str
    name: str
    name_en: str
    utc_offset_minutes: int
    domains: tuple[str, ...]  # the 21, in the order of the list
    duty_hours: tuple[DutyHours, ...]
    definition: str  # of the 80 % numbers: version text printed beside them
    windows: Windows


class CityPack(msgspec.Struct, frozen=True, kw_only=True):
    """A whole city as data. Order inside each tuple is the order of the files; nothing depends on it."""

    facts: CityFacts
    organisations: tuple[Organisation, ...]
    desks: tuple[Desk, ...]
    territories: tuple[Territory, ...]
    borders: tuple[Border, ...]
    squads: tuple[Squad, ...]
    teams: tuple[Team, ...]
    shifts: tuple[Shift, ...]
    officers: tuple[Officer, ...]
    certificates: tuple[Certificate, ...]
    items: tuple[Item, ...]
    categories: tuple[Category, ...]
    powers: tuple[Power, ...]
    units: tuple[Unit, ...]
    calendar: tuple[CalendarDay, ...]
    ladders: tuple[Ladder, ...]
    polygons: dict[str, str]  # territory id -> GeoJSON geometry (WGS-84); read by streams/geo.py only
