"""One writer: the state of a log's partition, the next record from the next message, the fold of a stored one.

    raw = writer.decide(message, inbox_offset, at, city)     None: a repeated letter, or nothing due (law 1)
    writer.fold(offset, raw)                                 None: void, a zombie's or another chain's

The same code makes the records of a worker on Kafka (streams/log.py) and of a city in memory (memory.py), byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from . import desk, intake, state
from . import messages as m
from .city import City
from .clock import HOUR
from .events import AnyEvent, EpochOpened
from .record import RULES, Cause, Head, Record, decode_record, encode_record

# A log that was silent for so long keeps its position with an empty record at the next message that needs none. Without
# it a desk that hears nothing else for the inbox's retention (a letter posted again at each restart, a wake-up that
# came early) had a position before the inbox's beginning, and could not be told from one whose messages were deleted
# undecided: nobody could take it any more. Rejected: to ask the group's offset then (law 3: it claims, it proves
# nothing). Of time and not of a number of messages: retention is time.
KEEP_POSITION_MS = HOUR


class Room(NamedTuple):
    """What a kind of writer brings along: the type of its state, its rules, its fold."""

    state_type: type[Any]
    decide: Callable[[Any, Any, City, int], list[AnyEvent]]
    evolve: Callable[[Any, AnyEvent, int], Any]

    def new(self, writer: str) -> Any:
        """The state of a writer whose log is empty."""
        return self.state_type(id=writer)


DESK = Room(state.Desk, desk.decide, state.evolve)
INTAKE = Room(intake.ReceiptBook, intake.decide, intake.evolve)


class Decided(NamedTuple):
    """A record that was decided and not yet stored."""

    record: Record
    raw: bytes


class Writer:
    """Head of the chain and state of one partition."""

    def __init__(self, name: str, room: Room) -> None:
        self.room = room
        self.head = Head(writer=name)
        self.state = room.new(name)

    def decide(self, message: Any, inbox_offset: int, at: int, city: City) -> Decided | None:
        """The record of a message; changes nothing. None where law 1 allows no record.

        `at` is the broker's append time on the run's clock; time never runs backwards (law 6). A message that decides
        nothing has an empty record once the position in the log is old.
        """
        head = self.head
        at = max(at, head.at)
        events = self.room.decide(self.state, message, city, at)
        if not events and not 0 < self.keep_position_at <= at:
            return None
        record = Record(
            prev=head.hash,
            epoch=head.epoch,
            inbox_offset=inbox_offset,
            at=at,
            desk=head.writer,
            seq=head.seq + 1,
            cause=cause(message),
            rules=RULES,
            city=city.version,
            posted_through=head.posted_through,
            events=events,
        )
        return Decided(record, encode_record(record))

    @property
    def keep_position_at(self) -> int:
        """From when on a message that decides nothing has an empty record; 0: never, there is no position to keep."""
        return self.head.at + KEEP_POSITION_MS if self.head.seq else 0

    def apply(self, offset: int, decided: Decided) -> None:
        """Take a record of our own, to be found at `offset` of the log."""
        self._take(offset, decided.raw, decided.record)

    def fold(self, offset: int, raw: bytes) -> Record | None:
        """Take a stored record, if it is valid (law 4).

        Raises:
            msgspec.DecodeError: a record of our chain that this code cannot read: a newer version wrote it.
        """
        if not self.head.extends(raw):
            return None
        record = decode_record(raw)
        self._take(offset, raw, record)
        return record

    def _take(self, offset: int, raw: bytes, record: Record) -> None:
        for event in record.events:
            self.state = self.room.evolve(self.state, event, record.at)
        self.head.advance(offset, raw, record)

    def posted(self, through: int) -> None:
        """All letters of the records up to this log offset are with their receivers; the next record says so."""
        self.head.posted(through)

    def open_epoch(self, at: int, city: str) -> Decided:
        """The record with which a log imported into a new cluster begins to count a new inbox (law 3)."""
        head = self.head
        record = Record(
            prev=head.hash,
            epoch=head.epoch + 1,
            inbox_offset=-1,
            at=max(at, head.at),
            desk=head.writer,
            seq=head.seq + 1,
            cause=Cause(type="EpochOpened"),
            rules=RULES,
            city=city,
            posted_through=head.posted_through,
            events=[EpochOpened(epoch=head.epoch + 1)],
        )
        return Decided(record, encode_record(record))


def cause(message: Any) -> Cause:
    """What a record says of the message that it decided."""
    kind = type(message).__name__
    if isinstance(message, m.Letter | m.BrokenLetter):
        return Cause(type=kind, sender=message.sender, number=message.number)
    return Cause(type=kind, message_id=getattr(message, "message_id", ""))


class _Whole(msgspec.Struct, frozen=True, kw_only=True):
    """Head and state, to be encoded in one go: a large state has no room for a second copy."""

    head: Head
    state: Any


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The same, read: the head without decoding the state."""

    head: Head
    state: msgspec.Raw


def snapshot(writer: Writer) -> bytes:
    """The writer in bytes, to start from instead of the log's beginning."""
    return msgspec.msgpack.encode(_Whole(head=writer.head, state=writer.state))


def restored(raw: bytes, room: Room) -> Writer:
    """The writer of a snapshot. Whoever restores must first find `head.hash` at `head.offset` of the log (law 12)."""
    stored = msgspec.msgpack.decode(raw, type=Snapshot)
    writer = Writer(stored.head.writer, room)
    writer.head = stored.head
    writer.state = msgspec.msgpack.decode(stored.state, type=room.state_type)
    if isinstance(writer.state, state.Desk):
        state.share_texts(writer.state)
    return writer
