"""The day of a squad or collector 当日任务: all a telephone needs to work through a shift, also without a network.

What a device is offered and holds comes whole, with the law of its items: the page keeps all of it. It is read anew at
the start, after a gap, and whenever one of its cases changed (offers.py); it is never a copy that decides.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from dispatchers.city import City
from dispatchers.clock import DAY, MINUTE
from dispatchers.duty import on_duty
from dispatchers.law import days_of
from dispatchers.rows.base import Dated
from dispatchers.state import Desk

from ..views import SquadRow, squad_row
from .access import sees
from .accounts import Account
from .cases import Cases, CaseView
from .city import present
from .offers import Offers, Subject, subject
from .problem import not_found
from .sessions import Session


class Certified(msgspec.Struct, frozen=True, kw_only=True):
    """A domain that an officer may enforce ("*": ordinary items), and how long (`until` 0: without an end), because the
    end may come while the telephone has no network (R80)."""

    domain: str
    since: int
    until: int


class TeamToday(msgspec.Struct, frozen=True, kw_only=True):
    """A team, and its formal officers who are there now, by number: only they make a pair (处罚法 art. 42); and what
    each of them is certified for."""

    id: str
    name: str
    leads: bool
    on_duty: bool
    officers: list[str]
    certificates: dict[str, list[Certified]]


class Limit(msgspec.Struct, frozen=True):
    """A time limit of an item."""

    name: str
    limit: str


class Law(msgspec.Struct, frozen=True, kw_only=True):
    """What one must know to act on an item: the five public fields of its row in the power list (R6), its limits.
    `specialist`: it takes a certificate of its own domain (R10); `enforces`: it takes one at all."""

    item: str
    name: str
    name_en: str
    domain: str
    specialist: bool
    enforces: bool
    row: str
    basis: str
    scope: str
    procedure: str
    standard: str
    hotline: str
    limits: list[Limit]


class Red(msgspec.Struct, frozen=True, kw_only=True):
    """A red line 红线 (R22): what must not be done, and by which law. `act`: the result it is about, or "any"."""

    id: str
    name: str
    name_en: str
    act: str
    text: str
    text_en: str
    law: str


class Bearer(msgspec.Struct, frozen=True, kw_only=True):
    """Who carries the device."""

    account: str
    role: str
    officer: str
    squad: str
    team: str  # the one with which the officer is there; "": a collector, or somebody who is not there now
    on_duty: bool  # who is not is never woken; a collector always is


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `seq`: where the notices go on (`after`)."""

    now: int
    speed: float
    seq: str
    me: Bearer
    squad: SquadRow | None
    phone: str  # of the squad's leader
    teams: list[TeamToday]
    cases: list[CaseView]
    laws: dict[str, Law]
    red_lines: list[Red]
    push_key: str  # for Web Push; "": there is none


def subject_of(account: Account) -> Subject:
    """Whose notices a device is told."""
    return subject(account.desk, squad=account.squad, collector=account.officer, territory=account.territory)


async def day(cases: Cases, offers: Offers, session: Session, push_key: str) -> Day:
    """The day of who carries this device. Raises Problem 404: the desk is no more."""
    account, live = session.account, cases.live
    if account.desk not in live.folds:
        raise not_found()
    seq = offers.here(account.desk)  # before anything is read: what changes meanwhile is told once more
    desk, now = live.desk(account.desk), cases.clock.now()
    await live.cities.require(desk.city)
    city = live.city(desk.id)
    known = account.squad in city.squads
    whose = offers.cases_of(subject_of(account))
    mine = [c for i in sorted(whose) if (c := desk.cases.get(i)) and sees(session.scope, account.role, c, desk.id)]
    views = [view for case in mine if (view := cases.view(session, case.id))]
    today = city.calendar.date(now)
    teams = list(_teams(desk, city, account.squad, now))
    team = next((t.id for t in teams if account.officer in t.officers), "")
    return Day(
        now=now,
        speed=cases.clock.speed,
        seq=str(seq),
        me=Bearer(
            account=account.id,
            role=account.role,
            officer=account.officer,
            squad=account.squad,
            team=team,
            on_duty=not account.squad or on_duty(desk, city, account.officer, now),
        ),
        squad=squad_row(account.squad, desk, live.watched[desk.id].tally, city) if known else None,
        phone=city.squads[account.squad].phone if known else "",
        teams=teams,
        cases=views,
        laws={c.item: law for c in mine if (law := _law(city, c.item, c.duty, desk.id, today))},
        red_lines=[
            Red(id=r.id, name=r.name, name_en=r.name_en, act=r.act, text=r.text, text_en=r.text_en, law=r.law)
            for r in city.red_lines
        ],
        push_key=push_key,
    )


def _teams(desk: Desk, city: City, squad: str, now: int) -> Iterator[TeamToday]:
    for team in city.teams_of(squad):
        here = present(desk, city, team, now)
        valid = {o: [c for c in _certificates(city).get(o, ()) if not c.until or c.until > now] for o in here}
        yield TeamToday(
            id=team.id, name=team.name, leads=city.leads(team), on_duty=bool(here), officers=here, certificates=valid
        )


@lru_cache(2)
def _certificates(city: City) -> dict[str, list[Certified]]:
    """By officer, as instants of the city's clock."""
    midnight = city.facts.utc_offset_minutes * MINUTE
    found: dict[str, list[Certified]] = defaultdict(list)
    for row in city.pack.certificates:
        first, last = days_of(row)
        until = (last + 1) * DAY - midnight if row.valid_to else 0
        found[row.officer].append(Certified(domain=row.domain, since=first * DAY - midnight, until=until))
    return found


@lru_cache(2_000)
def _law(city: City, item_id: str, duty: str, desk: str, today: dt.date) -> Law | None:
    """By the row by which squads act on the item: of the case's duty if there is one, of its own desk before the
    city's. None: nobody knows yet what it is, or it is not the squads'."""
    item, pack = city.items.get(item_id), city.pack
    rows = [
        p
        for p in pack.powers
        if p.item == item_id and p.owner_kind == "squad" and p.desk in ("", desk) and _in_force(p, today)
    ]
    row = min(rows, key=lambda p: (p.duty != duty, not p.desk, p.row), default=None)
    if item is None or row is None:
        return None
    limits = [Limit(x.name, x.limit) for x in pack.limits if x.item == item_id and _in_force(x, today)]
    return Law(
        item=item.id, name=item.name, name_en=item.name_en, domain=item.domain, specialist=item.specialist,
        enforces=item.crew == "enforcement", row=row.row, basis=row.basis, scope=row.scope, procedure=row.procedure,
        standard=row.standard, hotline=row.hotline,
        limits=[Limit("dispose", item.limit), *limits],
    )  # fmt: skip


def _in_force(row: Dated, today: dt.date) -> bool:
    return row.valid_from <= today and (row.valid_to is None or today <= row.valid_to)
