"""What a screen must know of the city: names, outlines, and the wall's figures. All of the area of the account."""

from __future__ import annotations

import json
from typing import Any, get_args

import msgspec

from dispatchers.case import ENDS, Status
from dispatchers.city import City
from dispatchers.duty import on_duty
from dispatchers.messages.orders import Cause, Result, ReturnReason
from dispatchers.rows import RequestKind, Team
from dispatchers.state import Desk

from ..clock import Clock
from ..outbox.ledger import Ledgers
from ..views import due, squads_of
from .access import Scope
from .live import Live
from .numbers import Numbers
from .problem import missing


def catalog(city: City, scope: Scope) -> dict[str, Any]:
    """Names of everything that rows speak of by id, and the coded words of orders."""
    pack, ours = city.pack, _desks(city, scope)
    superiors = {s.block_superior for s in pack.squads if s.desk in ours}
    return {
        "city": pack.facts.id,
        "name": pack.facts.name,
        "version": city.version,
        "desks": [{"id": d.id, "name": d.name, "kind": d.kind} for d in pack.desks if d.id in ours],
        "other_desks": [{"id": d.id, "name": d.name} for d in pack.desks if d.id not in ours],
        "territories": [
            {"id": t.id, "name": t.name, "desk": t.desk, "kind": t.kind} for t in pack.territories if t.desk in ours
        ],
        "squads": [
            {
                "id": s.id,
                "name": s.name,
                "desk": s.desk,
                "territory": s.territory,
                "tier": s.tier,
                "cap": s.cap,
                "lon": s.lon,
                "lat": s.lat,
                "teams": [{"id": t.id, "leads": city.leads(t)} for t in city.teams_of(s.id)],
                **({"phone": s.phone} if scope.whole else {}),
            }
            for s in pack.squads
            if s.desk in ours
        ],
        "superiors": [{"id": o.id, "name": o.name} for o in pack.organisations if o.id in superiors],
        "units": [
            {"id": u.id, "name": u.name, "kind": u.kind, "desk": u.desk}
            for u in pack.units
            if u.desk in ours or u.desk == city.city_desk
        ],
        "items": [
            {
                "id": i.id,
                "name": i.name,
                "name_en": i.name_en,
                "domain": i.domain,
                "nature": i.nature,
                "priority": i.priority,
            }
            for i in pack.items
        ],
        "domains": sorted({i.domain for i in pack.items}),
        "statuses": [s.value for s in Status],
        "ends": sorted(ENDS),
        "return_reasons": list(get_args(ReturnReason)),
        "results": list(get_args(Result)),
        "causes": list(get_args(Cause)),
        "request_kinds": list(get_args(RequestKind)),
        "ladder": {
            str(priority): {"lease_ms": s.lease.ms, "dispatch_ms": s.dispatch.ms, "operator_ms": s.operator.ms}
            for priority, s in city.ladder.items()
        },
        "utc_offset_minutes": pack.facts.utc_offset_minutes,
    }


def outlines(city: City, scope: Scope) -> dict[str, Any]:
    """The territories as GeoJSON, WGS-84."""
    ours = _desks(city, scope)
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"id": t.id, "name": t.name, "desk": t.desk, "kind": t.kind},
                "geometry": json.loads(city.pack.polygons[t.id]),
            }
            for t in city.pack.territories
            if t.desk in ours and t.id in city.pack.polygons
        ],
    }


def _desks(city: City, scope: Scope) -> set[str]:
    """The desks of an area: for a town's seat, a unit and a squad, that which they work with."""
    if scope.territory in city.territories:
        return {city.territories[scope.territory].desk}
    if scope.unit in city.units:
        return {city.units[scope.unit].desk}
    if scope.squad in city.squads:
        return {city.squads[scope.squad].desk}
    return set(city.desks) if scope.desks is None else set(city.desks) & set(scope.desks)


class TeamDuty(msgspec.Struct, frozen=True, kw_only=True):
    """A team at this moment: how many of its formal officers are there, by roster and by orders that overrule it; and
    when the roster has it begin or end its work next (0: never)."""

    on: bool
    people: int
    of: int
    next_change: int
    begins: bool  # what it does then


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on duty, by team."""

    now: int
    teams: dict[str, TeamDuty]


def duty(live: Live, scope: Scope, wanted: str, now: int) -> Duty:
    """The teams of a desk, or of all desks of the area ("")."""
    teams = {}
    for name in live.folds:
        if wanted not in ("", name) or (scope.desks is not None and name not in scope.desks):
            continue
        desk = live.desk(name)
        city = live.city(name)
        day = city.calendar.day(now)
        for squad in squads_of(name, city):
            for team in city.teams_of(squad):
                here = len(present(desk, city, team, now))
                teams[team.id] = TeamDuty(
                    on=here > 0,
                    people=here,
                    of=len(city.formal(team.id, day)),
                    next_change=city.next_change(team, now),
                    begins=not city.rostered(team, now),
                )
    return Duty(now=now, teams=teams)


def present(desk: Desk, city: City, team: Team, now: int) -> list[str]:
    """The formal officers of a team who are there: by an order, as long as it holds, else by the roster."""
    formal = city.formal(team.id, city.calendar.day(now))
    return [o.number for o in formal if on_duty(desk, city, o.number, now)]


class WallDesk(msgspec.Struct, frozen=True, kw_only=True):
    """One desk's counts. `oldest_unassigned`: an instant of registration; None: nothing waits."""

    id: str
    name: str
    open: int
    unassigned: int
    overdue: int
    oldest_unassigned: int | None


class Wall(msgspec.Struct, frozen=True, kw_only=True):
    """What is seen from ten metres away. No case, no person."""

    now: int
    speed: float
    behind_ms: int
    targets: dict[str, Any]
    desks: list[WallDesk]
    load: dict[str, dict[str, int]]
    note: dict[str, str]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What became of answers to one source: sent is acknowledged + pending + dead. `by_topic`: it has no webhook and
    reads them for itself, so that only `sent` is known."""

    source: str
    sent: int
    acknowledged: int = 0
    pending: int = 0
    dead: int = 0
    oldest_pending_at: int | None = None
    by_topic: bool = False


class Replies(msgspec.Struct, frozen=True, kw_only=True):
    """The accounts of all sources."""

    now: int
    sources: list[Account]


def replies(ledgers: Ledgers, now: int) -> Replies:
    """The answers to sources, as of now. Raises Problem 503 while they are being read."""
    if not ledgers.ready.is_set():
        raise missing("replies", "回复台账正在读取，请稍候", "the accounts of replies are being read; a moment")
    told = [
        Account(
            source=name,
            sent=one.sent,
            acknowledged=one.acknowledged,
            pending=one.pending,
            dead=one.dead,
            oldest_pending_at=one.oldest_pending_at or None,
        )
        for name, one in ledgers.ledgers().items()
    ]
    told += [Account(source=name, sent=count, by_topic=True) for name, count in ledgers.by_topic().items()]
    return Replies(now=now, sources=told)


def wall(live: Live, shown: Numbers, clock: Clock) -> Wall:
    """The wall, as of now."""
    now = clock.now()
    desks = []
    load: dict[str, dict[str, int]] = {}
    for name, fold in live.folds.items():
        desk, tally = fold.desk, live.watched[name].tally
        city = live.city(name)
        late = sum(1 for c in desk.cases.values() if 0 < due(c) < now)
        desks.append(
            WallDesk(
                id=name,
                name=city.desks[name].name,
                open=len(desk.cases),
                unassigned=len(tally.unassigned),
                overdue=late,
                oldest_unassigned=tally.unassigned[0] if tally.unassigned else None,
            )
        )
        for squad in squads_of(name, city):
            load[squad] = {"load": desk.loads.get(squad, 0), "cap": city.squads[squad].cap}
    targets = shown.figures or {"tasks": None, "force": None, "support": None}  # no data, not zero
    note = shown.note()
    return Wall(
        now=now, speed=clock.speed, behind_ms=live.behind_ms, targets=targets, desks=desks, load=load, note=note
    )
