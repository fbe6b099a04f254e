"""What writers tell each other (DESIGN law 7), and what a desk's inbox can hold."""

from __future__ import annotations

import msgspec

from dispatchers.case import Case

from .intake import Filed, Unreadable
from .orders import DeskOrder


class RegisterCase(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """Intake to desk: this is yours."""

    case_id: str
    filed: Filed


class UpdateCase(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """Intake to desk: the source says more about a case of yours."""

    case_id: str
    filed: Filed


class TakeCase(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """Desk to desk: you hold this case now."""

    case: Case
    reason: str


class ForwardedOrder(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """Desk to desk: an order that came to me about a case that is yours."""

    order: DeskOrder


class ForwardedUpdate(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """Desk to desk: an update that came to me about a case that is yours."""

    update: UpdateCase


LetterBody = RegisterCase | UpdateCase | TakeCase | ForwardedOrder | ForwardedUpdate


class Letter(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """One letter: numbered without gaps per sender and receiver (law 7)."""

    sender: str  # a desk's id, or an intake partition as "complaints/7"
    receiver: str
    number: int
    body: LetterBody


class BrokenLetter(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """A letter whose number can be read and whose content cannot: the number advances all the same (law 7)."""

    sender: str
    number: int
    reason: str
    detail: str = ""
    case_id: str = ""  # when at least that could be read


class WakeUp(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """The worker's word that time has passed `due`. It decides nothing; the desk looks at its own state."""

    due: int


DeskMessage = DeskOrder | Letter | BrokenLetter | WakeUp | Unreadable
