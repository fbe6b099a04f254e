"""Orders that changed no case, events of the desk itself, and letters."""

from __future__ import annotations

from dispatchers.messages.letters import LetterBody
from dispatchers.messages.orders import Actor, DeskOrder

from .base import CaseEvent, Event


class OrderRefused(CaseEvent, tag=True, frozen=True, kw_only=True):
    """Refused, with the reason in plain words and what is true now."""

    message_id: str
    order: str
    actor: Actor | None
    reason: str
    status: str = ""
    holder: str = ""


class OrderRepeated(CaseEvent, tag=True, frozen=True, kw_only=True):
    """The id was seen before; the first one counts."""

    message_id: str


class OrderForwarded(CaseEvent, tag=True, frozen=True, kw_only=True):
    """The case is another desk's; the letter beside this carries the order there."""

    message_id: str
    to_desk: str


class OrderParked(CaseEvent, tag=True, frozen=True, kw_only=True):
    """It speaks of a version that is yet to come: kept until that comes, or until the limit."""

    message_id: str
    order: DeskOrder
    until: int


class OrderUnparked(CaseEvent, tag=True, frozen=True, kw_only=True):
    """Its version came, its case left, or its time was up; what became of it stands beside this."""

    message_id: str


class MessageUnreadable(Event, tag=True, frozen=True, kw_only=True):
    """A message in the inbox that no reading can save; its bytes lie in `dead-letters`."""

    reason: str
    detail: str = ""


class DutySet(Event, tag=True, frozen=True, kw_only=True):
    """The roster is overruled."""

    message_id: str
    actor: Actor
    officers: tuple[str, ...]
    on_duty: bool
    until: int | None
    authority: str = ""  # in which superior's name 条/块 (R30)


class CityAdopted(Event, tag=True, frozen=True, kw_only=True):
    """Decided by this version of the city from here on. `freeze_due`: when by its calendar the next month is frozen."""

    city: str
    message_id: str = ""
    freeze_due: int = 0  # in logs of before 2026.11.4 nothing is


class PeriodFrozen(Event, tag=True, frozen=True, kw_only=True):
    """A month's numbers are final as this desk's log has them here; what changes them later is a restatement.

    `next_due`: when the month after it is frozen.
    """

    period: str  # "2026-07"
    ends_at: int
    next_due: int


class MessageSeen(Event, tag=True, frozen=True, kw_only=True):
    """The id of an order, remembered until `forget_after`."""

    message_id: str
    forget_after: int


class PrecedentApproved(Event, tag=True, frozen=True, kw_only=True):
    """A ruling became a row, by which this desk decides from here on; the next power list should take it over."""

    precedent: str
    actor: Actor
    message_id: str


class LetterSent(Event, tag=True, frozen=True, kw_only=True):
    """The record names the letter; it is posted once the record is acknowledged."""

    to: str
    number: int
    body: LetterBody


class LetterReceived(Event, tag=True, frozen=True, kw_only=True):
    """The next letter of a sender was taken."""

    sender: str
    number: int


class LetterGap(Event, tag=True, frozen=True, kw_only=True):
    """A number beyond the next: dropped and alarmed; the sender posts what is missing again (law 7)."""

    sender: str
    number: int
    expected: int


class EpochOpened(Event, tag=True, frozen=True, kw_only=True):
    """The log was imported into a new cluster: positions count from the start of a new inbox (law 3)."""

    epoch: int
