"""What is whose, by which list, within which limits; and what tells what a report is about."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from .base import Crew, Dated, Duty, Level, Nature, OwnerKind, PowerKind, Row, Tool, TransferState


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


class RedLine(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An act that is forbidden whoever does it 红线 (R22): squads are warned of it, and what the desk can know of it is
    refused. `act`: the result that it is about."""

    id: str
    name: str
    name_en: str
    act: Literal["simple_penalty", "general_filed", "any"]
    text: str
    text_en: str
    law: str
    source: str
