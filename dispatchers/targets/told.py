"""What the numbers read of a record: a few fields of a few events, so that a year of records is read in minutes.

`Told` holds the fields of all events that it speaks of; what an event has beside them is skipped unread. Names and
meanings are those of events/.
"""

from __future__ import annotations

import msgspec

from dispatchers.record import RULES, decode_record, newer


class ToldTerm(msgspec.Struct, frozen=True, gc=False):
    """A limit."""

    name: str
    due_at: int
    done_at: int = 0


class ToldHolder(msgspec.Struct, frozen=True, gc=False):
    """Who has a case."""

    squad: str = ""
    unit: str = ""


class ToldCase(msgspec.Struct, frozen=True, gc=False):
    """A case as it comes from another desk."""

    nature: str = ""
    item: str = ""
    duty: str = ""
    parent: str = ""
    terms: tuple[ToldTerm, ...] = ()
    due_at: int = 0  # in letters of before 2026.11.2
    kind: str = ""
    level: str = "town"
    extensions: int = 0
    rework: int = 0
    suspended: bool = False


class Told(msgspec.Struct, frozen=True, gc=False):
    """An event."""

    type: str
    case_id: str = ""
    nature: str = ""
    item: str = ""
    duty: str = ""
    due_at: int = 0  # of CaseRegistered in logs of before 2026.11.2 the limit of disposal
    squad: str = ""
    unit: str = ""
    tier: str = ""
    stream: str = ""
    outcome: str = ""
    countable: bool = False
    month_end: bool = False
    reopen_until: int = 0
    forget_after: int = 0
    terms: tuple[ToldTerm, ...] = ()
    term: ToldTerm | None = None
    case: ToldCase | None = None
    interim: ToldHolder | None = None
    period: str = ""
    kind: str = ""
    cause: str = ""
    dispatch_due: int = 0
    check_due: int = 0
    found: bool = False
    wrong: bool = False


class ToldRecord(msgspec.Struct, frozen=True, gc=False):
    """A record."""

    inbox_offset: int
    at: int
    desk: str
    events: tuple[Told, ...]
    rules: str = RULES


_decode = msgspec.json.Decoder(ToldRecord).decode


def decode_told(raw: bytes) -> ToldRecord:
    """What a record tells. Raises NewerError: who skips what it does not know shows numbers that are none."""
    told = _decode(raw)
    if told.rules != RULES and newer(told.rules):
        decode_record(raw)
    return told
