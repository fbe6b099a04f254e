"""What the three 80 % numbers are counted by, and the data of the second and third: where officers serve, what is
spent for whom, where things are used (domain.md §2)."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from .base import Dated, Row, Tier

SpendingKind = Literal["operating", "business", "equipment", "premises", "salary", "benefits", "construction"]


class Definition(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The definition 口径 in force from a day on. A city that counts otherwise changes this row; `text` is printed
    beside every number."""

    version: str
    strict: tuple[Tier, ...]  # 基层: the official scope
    towns: tuple[Tier, ...]  # without the zones
    broad: tuple[Tier, ...]  # with the counties' own: sensitivity alone
    freeze_after: str  # a month is final so long after its end
    force: Literal["attendance", "posting"]  # which reading of a duty post is the headline of R2
    spending: tuple[SpendingKind, ...]  # what counts in R3
    things: Literal["beside", "gate"]  # whether the shares of things decide about R3
    least_things: int  # a kind of which there are fewer decides nothing
    text: str
    text_en: str


class Attendance(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an officer's duty shifts were done, by attendance 考勤: so many in 30 days, as long as the row is in force.

    `post`: the id of a squad or an organisation, "outside: " and a name, or "leave" (then `shifts` is 0).
    """

    officer: str
    post: str
    shifts: int


class Spending(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money by cost object: what was spent (`executed`) and what was allotted (`budget`), in fen, booked on a day."""

    object: str  # the id of a squad or an organisation; "" is a fault that is shown, and no reason to refuse the city
    kind: SpendingKind
    booked_on: dt.date
    executed: int
    budget: int
    source: str


class UseHours(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a thing is used: so many hours in 30 days, as long as the row is in force."""

    thing: str  # id of a row of equipment
    at: str  # the id of a squad or an organisation
    hours: int
