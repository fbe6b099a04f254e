"""The city's own row, and all of its tables together."""

from __future__ import annotations

import msgspec

from .base import Row
from .law import Authority, Category, Domain, Hint, Item, Limit, Power, PowerList, Precedent, Readiness, RedLine
from .people import (
    Border,
    Certificate,
    Collector,
    Desk,
    Equipment,
    Officer,
    Organisation,
    Posting,
    Shift,
    Squad,
    Team,
    Territory,
    Unit,
)
from .targets import Attendance, Definition, Spending, UseHours
from .ways import CalendarDay, ChannelRule, Command, Ladder, MergeRule, ReplyRule, RequestRule, Rollout, StageLimit


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
    ambiguous_metres: int  # this near to another desk's border, somebody looks first (verify_pre)
    repeat_level: int  # this many reports of one matter raise it a level (domain.md §5.3)
    callbacks: int  # tries to reach the caller before the case may be closed without
    extensions: int  # at most this many, one limit each
    month_end: str  # a hand-down this near to a month's end is marked in the R1 audit


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
    levels: tuple[str, ...]  # what its people call town, county and city, in this order
    levels_en: tuple[str, ...]  # the same in English
    duty_hours: tuple[DutyHours, ...]
    windows: Windows
    definition: str = ""  # of the 80 % numbers, in packs of before 2026.11.4: since then rows of definitions
    node_silence: str = "5 minutes"  # a town's terminal that says nothing for longer is not there (R46)


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
    domains: tuple[Domain, ...]
    lists: tuple[PowerList, ...]
    limits: tuple[Limit, ...]
    hints: tuple[Hint, ...]
    readiness: tuple[Readiness, ...]
    authorities: tuple[Authority, ...]
    precedents: tuple[Precedent, ...]
    merges: tuple[MergeRule, ...]
    replies: tuple[ReplyRule, ...]
    requests: tuple[RequestRule, ...]
    stages: tuple[StageLimit, ...]
    rollout: tuple[Rollout, ...]
    commands: tuple[Command, ...]
    postings: tuple[Posting, ...]
    equipment: tuple[Equipment, ...]
    collectors: tuple[Collector, ...]
    channels: tuple[ChannelRule, ...] = ()  # packs of before 2026.11.3 have neither these
    redlines: tuple[RedLine, ...] = ()  # nor these
    definitions: tuple[Definition, ...] = ()  # packs of before 2026.11.4 have none of these four
    attendance: tuple[Attendance, ...] = ()
    spending: tuple[Spending, ...] = ()
    usage: tuple[UseHours, ...] = ()
    polygons: dict[str, str]  # territory id -> GeoJSON geometry (WGS-84); read by streams/geo.py only
