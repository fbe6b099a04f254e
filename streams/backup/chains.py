"""The logs as a backup sees them: the chain of each, the letters between them, and whose reporter is forgotten.

A set of logs is of one moment when no log has taken a letter that its sender's does not name: else the sender would
give that number to another letter, and its receiver drop it for a repeat (law 7). The other way round is the ordinary
state of letters on their way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from dispatchers.events import LetterReceived, LetterSent, ReporterForgotten
from dispatchers.record import Head, Record, decode_record
from dispatchers.writer import DESK, Decided, Writer

from ..replay import LOGS
from .files import BackupError, Entry

Place = tuple[str, int]  # topic, partition
LOG_OF = {inbox: log for log, inbox in LOGS.items()}


class Due(NamedTuple):
    """A letter that was taken, and that its sender's log does not name yet. `place`: of that log; None: it is empty."""

    place: Place | None
    sender: str
    receiver: str
    number: int

    def __str__(self) -> str:
        return f"{self.receiver} has taken letter {self.number} of {self.sender}, whose log does not name it"


class Chain:
    """One log: where it stands, and its letters by number."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.head = Head(writer="")
        self.next = 0  # offset of the record to come
        self.city = ""
        self.sent: dict[str, int] = {}  # receiver: last number
        self.taken: dict[str, int] = {}  # sender: last number

    def take(self, entry: Entry) -> Record | None:
        """The next record, if it is valid. Raises BackupError: it is not the next one, or cannot be read."""
        topic, partition = self.place
        if entry.offset != self.next or entry.value is None:
            raise BackupError(f"{topic}/{partition} has no {self.next}, next is {entry.offset}: the log is damaged")
        self.next += 1
        if not self.head.extends(entry.value):
            return None
        try:
            record = decode_record(entry.value)
        except msgspec.MsgspecError as fault:
            raise BackupError(f"{topic}/{partition}: {entry.offset} is of a newer version: {fault}") from fault
        self.head.writer, self.city = record.desk, record.city
        self.head.advance(entry.offset, entry.value, record)
        for event in record.events:
            match event:
                case LetterSent():
                    self.sent[event.to] = event.number
                case LetterReceived():
                    self.taken[event.sender] = event.number
        return record

    def open_epoch(self) -> Decided:
        """The record by which a new inbox counts. It is as old as the last one: that nothing was decided meanwhile is
        told by what is decided next."""
        writer = Writer(self.head.writer, DESK)
        writer.head = self.head
        return writer.open_epoch(0, self.city)


class Chains:
    """All logs of a city."""

    def __init__(self) -> None:
        self.by_place: dict[Place, Chain] = {}
        self.by_name: dict[str, Chain] = {}
        self.forgotten: set[str] = set()  # cases whose reporter is to stay forgotten

    def take(self, place: Place, entry: Entry) -> Record | None:
        """As `Chain.take`, of the log at a place."""
        record = self.of(place).take(entry)
        if record:
            self.by_name[record.desk] = self.of(place)
            self.forgotten.update(event.case_id for event in record.events if isinstance(event, ReporterForgotten))
        return record

    def of(self, place: Place) -> Chain:
        """The log at a place."""
        return self.by_place.setdefault(place, Chain(place))

    def due(self) -> Iterator[Due]:
        """Letters by which the logs are not of one moment."""
        for name, receiver in self.by_name.items():
            for sender, number in receiver.taken.items():
                if number > self.sent(sender, name):
                    known = self.by_name.get(sender)
                    yield Due(known.place if known else None, sender, name, number)

    def decided(self, inbox: Place) -> int:
        """The last offset of an inbox that its log has decided; -1: none."""
        return self.of((LOG_OF[inbox[0]], inbox[1])).head.inbox_offset

    def sent(self, sender: str, receiver: str) -> int:
        """The number of the last letter that one has for the other."""
        return self.by_name[sender].sent.get(receiver, 0) if sender in self.by_name else 0
