"""What people see of a desk: pure functions from its state to rows. Nothing of the reporter is in them.

Instants are milliseconds of the run's clock; ages are computed by whoever shows them, else every row would change every
second. A row is the same bytes for the same state: fields in the order below, what is empty left out.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Any

import msgspec

from dispatchers.case import Case, Status, Term
from dispatchers.city import City
from dispatchers.state import Desk

UNASSIGNED = frozenset({Status.TO_DISPATCH, Status.OPERATOR})
_encode = msgspec.json.Encoder().encode


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all rows."""


class CaseRow(Row, frozen=True, kw_only=True):
    """An open case. Who has it: `squad`, `team`, `officers`, or `unit`; after its check, who disposed of it."""

    id: str
    no: str
    desk: str
    version: int
    status: Status
    priority: int
    level: str
    kind: str
    title: str
    address: str = ""
    lon: float | None = None  # WGS-84
    lat: float | None = None
    territory: str = ""
    near: tuple[str, ...] = ()
    item: str = ""
    domain: str = ""
    nature: str = ""
    duty: str = ""
    emergency: bool = False
    collector: str = ""  # who was told to look, while the status is verifying
    about: tuple[str, ...] = ()  # squads and officers that it complains of: never to be shown to them
    parent: str = ""  # the case that this report was merged into
    callers: int = 1
    received_at: int = 0  # by the source's word
    filed_at: int = 0  # by the broker's
    registered_at: int = 0
    due_at: int = 0  # legal limit; 0: none runs (not dispatched yet, paused, disposed of, or its parent's counts)
    warn_at: int = 0  # yellow from here on, red past `due_at`
    reply_due: int = 0  # until the caller has an answer
    stage_due: int = 0  # of what the status waits for: a look, an arrival, a review, a ruling, a check, the closing
    dispatch_due: int = 0  # while it waits for an offer
    operator_due: int = 0  # while the operator has it
    squad: str = ""
    team: str = ""
    unit: str = ""
    officers: tuple[str, ...] = ()
    assignment_id: str = ""
    attempt: int = 0
    channel: int = 0
    received: bool = False  # on the device
    offered_at: int = 0
    answer_due: int = 0  # while it waits for an answer or a signature
    mode: str = ""  # "propose", "shadow": what the rules would do stands in `proposed`
    proposed: str = ""  # squad or unit
    requests: int = 0  # to other offices, not yet answered
    alerted: str = ""  # the superior of the silent squad who was told
    relaxation: str = ""  # "extension", "suspension": somebody wants more time, and it is not decided
    urges: int = 0
    supervised: str = ""  # document
    returns: int = 0
    rework: int = 0
    result: str = ""
    simulated: bool = False


class SquadRow(Row, frozen=True, kw_only=True, omit_defaults=False):
    """A squad of the desk: open weight against its cap, cases it has, open weight of each of its teams."""

    id: str
    name: str
    tier: str
    territory: str
    cap: int
    load: int
    cases: int
    teams: dict[str, int]


class DeskRow(Row, frozen=True, kw_only=True, omit_defaults=False):
    """A desk at a glance. The oldest are instants of registration; None: there is no such case."""

    id: str
    name: str
    at: int  # of the newest record
    city: str
    open: int
    unassigned: int
    oldest_open: int | None
    oldest_unassigned: int | None
    statuses: dict[str, int]  # all of them, in the order of a case's life


def encode(row: Row) -> str:
    """A row as JSON. Text, not bytes: the MessagePack that Redis reads has no bytes."""
    return _encode(row).decode()


def units_of(case: Case) -> frozenset[str]:
    """The units to which a case is shown: who has or had it, gave it back, or is asked about it. (Squads among them:
    their ids are others.)"""
    held = case.assignment.unit if case.assignment else ""
    asked = (request.unit for request in case.requests)
    return frozenset({held, case.unit, *case.owners, *case.barred, *asked}) - {""}


def due(case: Case) -> int:
    """The legal limit that counts; 0: none."""
    term = running(case)
    return term.due_at if term else 0


def running(case: Case) -> Term | None:
    """The limit of disposal, if it counts: nobody is late with what was disposed of, or what its parent stands for."""
    term = case.term("dispose") if case.status is not Status.MERGED else None
    return term if term and not term.done_at else None


def case_row(case: Case, desk: str) -> CaseRow:
    """The row of an open case."""
    held = case.assignment
    waits = case.status in (Status.OFFERED, Status.ORDERED)
    dispose = running(case)
    reply = case.term("reply")
    return CaseRow(
        id=case.id,
        no=case.no,
        desk=desk,
        version=case.version,
        status=case.status,
        priority=case.priority,
        level=case.level,
        kind=case.kind,
        title=case.title,
        address=case.address,
        lon=case.lon,
        lat=case.lat,
        territory=case.territory,
        near=case.near,
        item=case.item,
        domain=case.domain,
        nature=case.nature,
        duty=case.duty,
        emergency=case.emergency,
        collector=case.collector,
        about=case.about,
        parent=case.parent,
        callers=case.callers,
        received_at=case.received_at,
        filed_at=case.filed_at,
        registered_at=case.registered_at,
        due_at=dispose.due_at if dispose else 0,
        warn_at=dispose.warn_at if dispose else 0,
        reply_due=reply.due_at if reply and not reply.done_at else 0,
        stage_due=case.stage_due,
        dispatch_due=case.dispatch_due if case.status in UNASSIGNED else 0,
        operator_due=case.operator_due if case.status is Status.OPERATOR else 0,
        squad=held.squad if held else case.squad,
        team=held.team if held else "",
        unit=held.unit if held else case.unit,
        officers=held.officers if held else (),
        assignment_id=held.id if held else "",
        attempt=held.attempt if held else case.attempts,
        channel=held.channel if held else 0,
        received=held.received if held else False,
        offered_at=held.offered_at if held else 0,
        answer_due=held.due_at if held and waits else 0,
        mode=case.mode if case.proposal else "",
        proposed=case.proposal.owner if case.proposal else "",
        requests=sum(1 for request in case.requests if request.next_due),
        alerted=case.alerted,
        relaxation=case.relaxation.kind if case.relaxation else "",
        urges=case.urges,
        supervised=case.supervised,
        returns=case.returns,
        rework=case.rework,
        result=case.result,
        simulated=case.simulated,
    )


class Tally:
    """What is counted over all cases of a desk, kept up case by case: a desk may hold 100,000."""

    def __init__(self, desk: Desk) -> None:
        self.statuses: dict[Status, int] = {}
        self.squads: dict[str, int] = {}  # squad -> cases it has
        self.open: list[int] = []  # instants of registration, sorted
        self.unassigned: list[int] = []
        self.kinds: dict[tuple[Status, int], list[int]] = {}  # the same by status and priority
        for case in desk.cases.values():
            self.moved(None, case)

    def moved(self, before: Case | None, after: Case | None) -> None:
        """A case changed; None: it was, or is, not the desk's."""
        for case, by in ((before, -1), (after, 1)):
            if case is None:
                continue
            self._count(self.statuses, case.status, by)
            if case.load_on:
                self._count(self.squads, case.load_on[0], by)
        self._age(self.open, before, after)
        for kind in {(case.status, case.priority) for case in (before, after) if case}:
            self._age(self.kinds.setdefault(kind, []), _if_of(kind, before), _if_of(kind, after))
        self._age(
            self.unassigned,
            before if before and before.status in UNASSIGNED else None,
            after if after and after.status in UNASSIGNED else None,
        )

    @staticmethod
    def _count(counts: dict[Any, int], key: Any, by: int) -> None:
        counts[key] = counts.get(key, 0) + by

    @staticmethod
    def _age(ages: list[int], before: Case | None, after: Case | None) -> None:
        if before and after and before.registered_at == after.registered_at:
            return
        if before:
            del ages[bisect_left(ages, before.registered_at)]
        if after:
            insort(ages, after.registered_at)


def _if_of(kind: tuple[Status, int], case: Case | None) -> Case | None:
    return case if case and (case.status, case.priority) == kind else None


def squad_row(squad: str, desk: Desk, tally: Tally, city: City) -> SquadRow:
    """The row of a squad of the desk. KeyError: the city has no such squad."""
    row = city.squads[squad]
    return SquadRow(
        id=squad,
        name=row.name,
        tier=row.tier,
        territory=row.territory,
        cap=row.cap,
        load=desk.loads.get(squad, 0),
        cases=tally.squads.get(squad, 0),
        teams={team.id: desk.loads.get(team.id, 0) for team in city.teams_of(squad)},
    )


def squads_of(desk: str, city: City) -> list[str]:
    """The squads of a desk, idle ones included."""
    return sorted(s.id for s in city.pack.squads if s.desk == desk)


def desk_row(desk: Desk, tally: Tally, city: City) -> DeskRow:
    """The desk's own row."""
    return DeskRow(
        id=desk.id,
        name=city.desks[desk.id].name,
        at=desk.at,
        city=desk.city,
        open=len(desk.cases),
        unassigned=len(tally.unassigned),
        oldest_open=tally.open[0] if tally.open else None,
        oldest_unassigned=tally.unassigned[0] if tally.unassigned else None,
        statuses={status.value: tally.statuses.get(status, 0) for status in Status},
    )
