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


# Which of the executors a competence belongs to. Only a squad gets offers; all others get work orders.
OwnerKind = Literal["squad", "professional", "component", "department", "police", "rescue"]
Level = Literal["town", "county", "city"]
# What a duty asks for (R16, R17). The last three are no enforcement; the others are split between the force and the
# departments: source .. policy stay with a department unless a row says otherwise, penalty and coercion may be moved.
Duty = Literal[
    "source", "post_approval", "routine", "follow_up", "penalty", "coercion", "tech_test", "policy",
    "repair", "service", "reply",
]  # fmt: skip
# What a power may do to people. personal_liberty is the police's alone, whatever a list says (处罚法 art. 18, R3).
PowerKind = Literal["penalty", "inspection", "coercion", "personal_liberty"]
TransferState = Literal[
    "transferred", "not_transferred", "to_return", "too_specialised", "pending_capacity", "should_transfer", "review"
]  # fmt: skip
Crew = Literal["enforcement", "support"]
Tool = Literal["vehicle", "vessel", "recorder", "terminal"]
RequestKind = Literal[
    "notice", "on_site", "test", "survey", "licence_data", "support", "copy_notice", "rescue", "video",
    "information", "assistance", "training", "technical", "acceptance", "briefing", "transfer",
]  # fmt: skip
Stage = Literal[
    "accept", "verify", "review", "approve", "check", "close", "callback", "dispute_county", "dispute_city",
    "penalty", "criminal", "park", "reopen", "suspend_cap", "hours", "repeat",
]  # fmt: skip
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
    """An area that somebody answers for. A zone lies over townships and beats their codes (R28), a statute area names
    its squad by law and lies over those, but under a zone. `area` chooses the limits (R40)."""

    id: str
    kind: Literal["city", "county", "zone", "statute", "township"]
    code: str = ""  # official division code; zones have none
    name: str
    parent: str = ""
    desk: str
    area: Literal["urban", "rural"] = "urban"


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


class Posting(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An officer lent to another post 外借: absent from the own squad as long as it lasts (R86)."""

    officer: str
    to: str  # where: the id of a squad or an organisation, or "outside: " and a name


class Equipment(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A thing in service with a squad (R89, R90)."""

    id: str
    squad: str
    kind: Tool


class Collector(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A collector 采集员, by number: looks before (verify_pre) and after (check_post), and enforces nothing."""

    number: str
    territory: str


class Domain(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the aspects 方面 of the transferred powers. `desk`: "" the city's list of 21, else a county that counts
    otherwise (嘉善: 26); `order` is that of the list and of every label of metrics."""

    name: str
    name_en: str
    group: Literal["public_safety", "ecology", "towns", "society", "livelihood"]
    order: int
    extent: Literal["all", "part"]
    desk: str = ""


class PowerList(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A published version of the power list (R5): what a decision names beside its row. `desk` "": the city's."""

    id: str
    desk: str = ""
    published_at: dt.date
    approver: str


class Item(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A matter 事项, the unit of competence. `limit`: time to dispose, as "4 working_hours" (clock.Duration).

    `powers`: what an act of it may be (R3, R4). `emergency`: kinds of units told before anything else, e.g. the rescue
    services; a squad then only cordons. `about_force`: a complaint about officers, the supervising desk's (R66).
    `crew`, `needs`: who and what an act on site takes (处罚法 art. 42; R89, R90).
    """

    id: str
    name: str
    name_en: str
    domain: str
    nature: Nature
    priority: int  # 0 most urgent … 3
    limit: str
    specialist: bool = False  # only officers certified for this very domain (R10)
    powers: tuple[PowerKind, ...] = ("penalty", "inspection")
    crew: Crew = "enforcement"
    needs: tuple[Tool, ...] = ()
    emergency: tuple[str, ...] = ()
    about_force: bool = False


class Limit(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit of an item beside, or instead of, its own: `name` "dispose" replaces Item.limit in an area class; any
    other name (stop, penalise, demolish) is a further limit of the same case (domain.md §3)."""

    item: str
    name: str
    limit: str
    area: Literal["", "urban", "rural"] = ""


class Category(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a source names an item: (scheme, code) -> item, and facts that the code alone tells ("actor=vehicle")."""

    scheme: str
    code: str
    item: str
    facts: tuple[str, ...] = ()
    source: str


class Hint(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words in a report about an item ("*": any) that tell a fact. The first of a name that is found counts; what the
    source says itself, or its category, comes before."""

    item: str
    words: str
    fact: str  # "actor=vehicle"
    source: str


class Power(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of the power list 权责清单: who owns a duty of an item, why, with the five public fields (R6).

    `when`: facts that must hold, all of them ("actor=vehicle", "licence!=chemical"); of the rows that apply, the one
    with the most of them decides, a row of the own desk before the city's. `level`: the lowest that may (R31, R35).
    `moves_open`: a transition rule, the row decides also about cases accepted before it came into force.
    """

    row: str
    item: str
    duty: Duty
    owner_kind: OwnerKind
    owner: str  # unit kind; "*" for the squad of the territory
    transfer_state: TransferState
    basis: str
    scope: str = ""
    procedure: str = ""
    standard: str = ""
    hotline: str = ""
    level: Level = "town"
    desk: str = ""  # "": every desk without a row of its own
    when: tuple[str, ...] = ()
    moves_open: bool = False


class Readiness(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A published word that a town can carry an item whose transfer waits for capacity (R11: 成熟一个划转一个)."""

    item: str
    territory: str


class Authority(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In whose name a place acts on an item ("*": all) from a day on; without a row, in its squad's (R27)."""

    item: str
    territory: str
    acting_name: str


class MergeRule(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reports of an item ("*": every other) this near in place and time are one case (domain.md §5.2.4). `raise_at`:
    this many reports make it more urgent by one, and again at each multiple."""

    item: str
    radius: int  # metres
    window: str
    raise_at: int
    source: str


class ReplyRule(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a kind of report is owed. `unit`: kind of unit that answers, for kinds that are never an enforcement task;
    "" for the others. `limit` runs from each report's own receipt; `callback`: ask whether it was solved."""

    kind: str
    channel: str = ""  # "": every source; else one source's own rule
    limit: str = ""  # "": nobody expects a reply
    unit: str = ""
    callback: bool = False
    source: str


class RequestRule(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of request between offices (R24, R55): sign for it within `receipt`, answer within `limit` ("": a receipt
    is all that is asked, 抄告)."""

    kind: RequestKind
    receipt: str
    limit: str = ""
    source: str


class StageLimit(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a stage may take, whatever the priority (those that depend on it are in the ladders)."""

    stage: Stage
    limit: str


class Rollout(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """先易后难: from which day a desk ("*") decides an item or domain ("*") by itself (auto), asks its operator to
    confirm (propose), or only records what it would have done (shadow). The most special row counts; none: auto."""

    desk: str
    item: str
    mode: Literal["auto", "propose", "shadow"]


class Command(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which superior prevails when 条 (line) and 块 (block) order differently in the same minute (R30, R45)."""

    order: str  # type of order, e.g. AssignCase
    prevails: Literal["line", "block"]
    source: str


class Precedent(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ruling of the coordination body that was taken into the list: it decides before the list's own row."""

    row: str
    item: str
    duty: Duty
    when: tuple[str, ...] = ()
    owner_kind: OwnerKind
    owner: str
    document: str
    desk: str = ""


class Unit(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A unit that gets work orders (component owner, cleaning, department), of one kind, for one desk."""

    id: str
    kind: str
    desk: str
    name: str
    source: str


class CalendarDay(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day that is not what its weekday says: a holiday, or a make-up workday 调休."""

    date: dt.date
    kind: Literal["holiday", "workday", "unpublished"]  # unpublished: the notice of this day's year is not out yet
    name: str
    source: str


class Ladder(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a priority means in time and weight. Durations are text with a unit, see clock.Duration."""

    priority: int
    lease: str  # an offer waits this long for an answer
    dispatch: str  # a case may be without an offer this long
    arrive: str  # from acceptance to arrival
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
    polygons: dict[str, str]  # territory id -> GeoJSON geometry (WGS-84); read by streams/geo.py only
