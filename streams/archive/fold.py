"""What an event makes of an archived case: the core's own fold (life.py), without the desk around it. Pure.

Of a reporter the archive keeps nothing, not even the reference and the tag that the log has: whoever copies this file
cannot tell which cases are of one caller.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from dispatchers import events as e
from dispatchers.case import Case, Status
from dispatchers.life import after, born, taken

from ..photos import references
from ..views import units_of

ENDED = frozenset({Status.CLOSED, Status.CANCELLED, Status.TRANSFERRED})  # what was handed over is on its way


SEALED = "sealed"  # in place of a reference: somebody reported it, and the vault knows who


class Matter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a case keeps no memory of: the texts and files that came with it, and where it was said to be."""

    description: str = ""
    attachments: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()  # of those who acted: what their reports name
    datum: str = ""
    given_lon: float | None = None
    given_lat: float | None = None
    ended_at: int = 0  # closed, cancelled or transferred; the last time, if it was opened again


class Held(NamedTuple):
    """A case as it is archived, and the desk that has it."""

    case: Case
    desk: str
    matter: Matter

    @property
    def open(self) -> bool:
        """Whether somebody must still act."""
        return self.case.status not in ENDED

    @property
    def units(self) -> frozenset[str]:
        """The units to which it is shown."""
        return units_of(self.case)


def without_reporter(event: e.CaseEvent) -> e.CaseEvent:
    """The event as it is archived."""
    if isinstance(event, e.CaseRegistered):
        return replace(event, reporter_ref=_sealed(event.reporter_ref), caller_tag="")
    if isinstance(event, e.CaseTaken):
        case = replace(event.case, reporter_ref=_sealed(event.case.reporter_ref), caller_tag="")
        return replace(event, case=case)
    return event


def step(known: Held | None, event: e.CaseEvent, at: int, desk: str) -> Held:
    """The case after an event (`without_reporter`) of a desk's record of `at`.

    Raises:
        ForbiddenMoveError: the table has no such edge; no desk can have written that.
        ValueError: a case begins with something else than its registration.
    """
    if isinstance(event, e.CaseRegistered):
        return Held(born(event, at), desk, _matter(event))
    if known is None:
        raise ValueError(f"{event.case_id} begins with {type(event).__name__}, version {event.case_version}")
    if isinstance(event, e.CaseTaken):
        return _dated(known, Held(taken(event), desk, known.matter), at)
    matter = _told_more(known.matter, event) if isinstance(event, e.CaseUpdated) else known.matter
    return _dated(known, Held(after(known.case, event, at), desk, _shown(matter, event)), at)


def _sealed(reference: str) -> str:
    return SEALED if reference else ""


def _matter(event: e.CaseRegistered) -> Matter:
    return Matter(
        description=event.description,
        attachments=event.attachments,
        datum=event.datum,
        given_lon=event.given_lon,
        given_lat=event.given_lat,
    )


def _dated(before: Held, now: Held, at: int) -> Held:
    """With the instant of its end: what is said of a case that has ended is no second end."""
    if before.open is now.open:
        return now
    return now._replace(matter=replace(now.matter, ended_at=0 if now.open else at))


def _shown(matter: Matter, event: e.CaseEvent) -> Matter:
    """With the evidence of an event; a collector, who reports no act, names photos in a note."""
    named = *getattr(event, "evidence", ()), *references((getattr(event, "note", ""),))
    return replace(matter, evidence=tuple(dict.fromkeys((*matter.evidence, *named)))) if named else matter


def _told_more(matter: Matter, event: e.CaseUpdated) -> Matter:
    said = matter.description
    if event.description and event.description not in said.split("\n\n"):
        said = f"{said}\n\n{event.description}" if said else event.description
    return replace(
        matter, description=said, attachments=tuple(dict.fromkeys((*matter.attachments, *event.attachments)))
    )
