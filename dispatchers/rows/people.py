"""Who is where: bureaux, desks, territories, squads and whom and what they have, units."""

from __future__ import annotations

from typing import Literal

from .base import Dated, Row, Tier, Tool


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
    """A squad 中队. `cap` is the most open weight it may hold; `territory` is where it is at home; `phone` is its
    leader's duty telephone; `norm` is how many formal officers it should have (R76; 0: none is known)."""

    id: str
    name: str
    desk: str
    territory: str
    tier: Tier
    lon: float  # WGS-84
    lat: float
    cap: int
    phone: str = ""  # packs of before 2026.11.3 have none
    norm: int = 0
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


class Unit(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A unit that gets work orders (component owner, cleaning, department), of one kind, for one desk."""

    id: str
    kind: str
    desk: str
    name: str
    source: str
