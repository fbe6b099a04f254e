"""Events of the receipt books."""

from __future__ import annotations

from .base import Event


class IntakeEvent(Event, frozen=True, kw_only=True):
    """An event of the receipt book, about one number of one source."""

    source: str
    source_id: str


class ComplaintAccepted(IntakeEvent, tag=True, frozen=True, kw_only=True):
    """The number became a case, of a desk. `why` is the step of jurisdiction that decided."""

    case_id: str
    desk: str
    digest: str
    why: str
    forget_after: int


class ComplaintUpdated(IntakeEvent, tag=True, frozen=True, kw_only=True):
    """The same number with another content: told to the same desk, wherever its address points now."""

    case_id: str
    desk: str
    digest: str


class ComplaintRepeated(IntakeEvent, tag=True, frozen=True, kw_only=True):
    """The same number with the same content: nothing to do."""

    case_id: str
    desk: str


class ComplaintRefused(IntakeEvent, tag=True, frozen=True, kw_only=True):
    """Unreadable; the bytes lie in `dead-letters`."""

    reason: str
    detail: str = ""


class ComplaintMisplaced(IntakeEvent, tag=True, frozen=True, kw_only=True):
    """Came to the wrong partition and was posted again to the right one."""

    partition: int


class ReporterForgotten(IntakeEvent, tag=True, frozen=True, kw_only=True):
    """The reporter's keys are destroyed and stay so."""

    case_id: str
