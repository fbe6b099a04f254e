"""How things go: many reports, replies, requests, stages, rollout, superiors, days, priorities."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from .base import Dated, PushChannel, RequestKind, Row, Stage


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


class ChannelRule(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An offer of a priority that nobody's device received within `after` goes through this channel too."""

    priority: int
    channel: PushChannel
    after: str
    source: str
