"""Cases as the gateway tells them: the board of a desk, one case whole, its story, why it is where it is.

Open cases come from `live.py`, which is as new as the log; what ended, texts, and the events come from the archive.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from dispatchers.case import ENDS, Assignment, Relaxation, Request, Term
from dispatchers.events import AnyEvent, Candidate
from dispatchers.explain import Told, course, explain, in_order
from dispatchers.explain.voice import Lang

from ..cities import Cities
from ..clock import Clock
from ..views import CaseRow, DeskRow, SquadRow, case_row, desk_row, squad_row, squads_of
from . import access
from .live import Held, Live
from .problem import missing, not_found
from .search import Search
from .sessions import Session


class CaseView(msgspec.Struct, frozen=True, kw_only=True):
    """One case whole, with what this caller may do about it now."""

    now: int
    row: CaseRow
    open: bool
    terms: tuple[Term, ...]
    requests: tuple[Request, ...]
    relaxation: Relaxation | None
    assignment: Assignment | None
    proposal: Assignment | None
    children: tuple[str, ...]
    facts: dict[str, str]
    description: str
    attachments: tuple[str, ...]
    evidence: tuple[str, ...]
    filed: bool  # whether the archive has it as it is: else texts and evidence are those of a moment ago
    allowed_actions: list[str]
    reporter: str  # "masked": somebody is known; "none"


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """A desk at a glance; `seq` is where its stream goes on."""

    now: int
    speed: float
    seq: str
    desk: DeskRow | None
    desks: list[DeskRow]
    cases: list[CaseRow]
    squads: list[SquadRow]


class StoryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One event in words."""

    at: int
    happened_at: int | None
    desk: str
    version: int
    event: str
    actor: dict[str, Any] | None
    authority: str
    text: str
    below: tuple[str, ...]
    candidates: tuple[Candidate, ...]


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """All of a case's events."""

    now: int
    lines: list[StoryLine]


class Cases:
    """What is asked about cases."""

    def __init__(self, live: Live, cities: Cities, clock: Clock, here: Callable[[], str], archive: Search) -> None:
        """`here`: where the stream of changes stands; `archive`: what is not open here."""
        self.live, self.clock, self.here = live, clock, here
        self._cities, self._archive = cities, archive

    def held(self, session: Session, case_id: str) -> Held | None:
        """A case, open or ended, and the desk that has or had it; None when there is none for this caller.

        The archive may have heard of a new one before we did: what was shown must not be denied a moment later.
        """
        held = self.live.find(case_id) or self.live.found_ended(case_id) or self._archive.held(case_id)
        return held if held and access.sees(session.scope, session.account.role, held.case, held.desk) else None

    def view(self, session: Session, case_id: str) -> CaseView | None:
        """A case whole; None when there is none for this caller."""
        held = self.held(session, case_id)
        return self._view(session, held) if held else None

    def now(self, session: Session, case_id: str) -> CaseView | None:
        """A case as the log just left it; None for one on its way to another desk, of which the archive knows only how
        it was."""
        held = self.live.find(case_id) or self.live.found_ended(case_id)
        seen = held and access.sees(session.scope, session.account.role, held.case, held.desk)
        return self._view(session, held) if held and seen else None

    def _view(self, session: Session, held: Held) -> CaseView:
        case, case_id = held.case, held.case.id
        filed = self._archive.filed(case_id)
        return CaseView(
            now=self.clock.now(),
            row=case_row(case, held.desk),
            open=case.status not in ENDS,
            terms=case.terms,
            requests=case.requests,
            relaxation=case.relaxation,
            assignment=case.assignment,
            proposal=case.proposal,
            children=case.children,
            facts=case.facts,
            description=filed.description,
            attachments=filed.attachments,
            evidence=filed.evidence,
            filed=filed.version >= case.version,
            allowed_actions=access.allowed_actions(case, session.account),
            reporter="masked" if case.reporter_ref else "none",
        )

    def evidence(self, session: Session, case_id: str) -> tuple[str, ...]:
        """What those who acted named in their reports, while the case is this caller's to see. Raises Problem 404."""
        if self.held(session, case_id) is None:
            raise not_found()
        return self._archive.filed(case_id).evidence

    async def board(self, session: Session, wanted: str) -> Board:
        """The open cases, squads and counts of a desk, or of the caller's whole area (""). Raises Problem 404."""
        scope, role = session.scope, session.account.role
        of_cases = bool(scope.territory or scope.unit)  # a town's or a unit's cases may be on any desk
        names = [d for d in self.live.folds if of_cases or scope.desks is None or d in scope.desks]
        if wanted:
            names = [d for d in names if d == wanted]
        if not names:
            raise not_found()
        seq = self.here()  # before the rows: what changes meanwhile is told once more, never not at all
        rows: list[CaseRow] = []
        squads: list[SquadRow] = []
        desks: list[DeskRow] = []
        for name in names:
            desk = self.live.desk(name)
            seen = [c for c in desk.cases.values() if access.sees(scope, role, c, name)]
            rows += [case_row(case, name) for case in seen]
            if of_cases:
                continue
            await self._cities.require(desk.city)
            city, tally = self.live.city(name), self.live.watched[name].tally
            squads += [squad_row(s, desk, tally, city) for s in squads_of(name, city)]
            desks.append(desk_row(desk, tally, city))
        first = desks[0] if len(desks) == 1 else None
        return Board(
            now=self.clock.now(), speed=self.clock.speed, seq=seq, desk=first, desks=desks, cases=rows, squads=squads
        )

    async def story(self, session: Session, case_id: str, lang: Lang) -> Story:
        """Its events in words, oldest first. Raises Problem 404, 503."""
        told = await self._told(session, case_id)
        lines = await asyncio.to_thread(course, told, lang)
        return Story(now=self.clock.now(), lines=[_line(line.told, line.text, line.below) for line in lines])

    async def why(self, session: Session, case_id: str, lang: Lang) -> str:
        """The text of `paidan why`. Raises Problem 404, 503."""
        told = await self._told(session, case_id)
        return await asyncio.to_thread(explain, told, self.clock.now(), lang)

    async def _told(self, session: Session, case_id: str) -> list[Told]:
        if self.held(session, case_id) is None:
            raise not_found()
        events = await asyncio.to_thread(self._archive.story, case_id)
        if not events:
            raise missing("archive", "案件经过尚未归档，请稍候", "the story is not in the archive yet; a moment")
        told = []
        for line in events:
            known = await self._cities.ensure(line.city)  # of a version that is not at hand ids stand for names
            told.append(Told(line.at, line.desk, line.event, self._cities.of(line.city).city if known else None))
        return in_order(told)


def _line(told: Told, text: str, below: tuple[str, ...]) -> StoryLine:
    event: AnyEvent = told.event
    actor = getattr(event, "actor", None)
    return StoryLine(
        at=told.at,
        happened_at=getattr(event, "happened_at", None),
        desk=told.desk,
        version=getattr(event, "case_version", 0),
        event=type(event).__name__,
        actor=msgspec.to_builtins(actor) if actor else None,
        authority=getattr(event, "authority", ""),
        text=text,
        below=below,
        candidates=getattr(event, "candidates", ()),
    )
