"""Reading a log as everybody but its writer does (law 5): the valid chain from a stored position, folded once.

1. A position is (offset, hash) of the last valid record taken. The record at that offset is read again first and must
   have that hash, so a log that was cut, rewritten or taken for another is refused, not continued.
2. The next offset must come next. A hole or a log that ends before the position ends the process (`LogDamagedError`).
   What was delivered before is skipped; what continues no chain is void (law 4).
3. One fold of a partition per process: each record is hashed, decoded and folded once, and every event is shown to all
   who watch (board, push, facts) with the case as it was before and after. Each watcher keeps what it needs and writes
   it in its own time; so whichever agent is handed a fetch first reads it for all three.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from aiokafka import ConsumerRecord, TopicPartition

from dispatchers.case import Case
from dispatchers.events import CASE_EVENTS, CaseEvent
from dispatchers.record import GENESIS, Head, Record, decode_record, digest
from dispatchers.state import Desk, evolve
from dispatchers.writer import DESK, Writer

from . import metrics, recovery
from .kafka_io import ends, read_ranges, reader
from .recovery import LogDamagedError

LOG = "desk-log"
_TOLD = frozenset(CASE_EVENTS)


class Position(NamedTuple):
    """The last valid record that was taken."""

    offset: int = -1
    hash: str = GENESIS

    def __str__(self) -> str:
        return f"{self.offset} {self.hash}"

    @classmethod
    def parse(cls, text: str | None) -> Position | None:
        """The position of a text as `str` makes it; None for anything else (somebody else's key)."""
        offset, _, hash_ = (text or "").partition(" ")
        return cls(int(offset), hash_) if offset.isdigit() and len(hash_) == len(GENESIS) else None


class Chain:
    """The guard of one partition: lets through the valid records after its head, each once."""

    def __init__(self, log: str, partition: int, head: Head) -> None:
        self.head = head
        self.next = max(head.offset, 0)  # to be read next: at first the record at the position itself
        self._log, self._partition = log, partition
        self._known = head.offset < 0  # nothing to find again before the first record

    def valid(self, offset: int, raw: bytes) -> bool:
        """Whether this is the next valid record; if so the caller must advance the head before it asks again.

        Raises:
            LogDamagedError: this cannot be the log that the position is of, or something of it is missing.
        """
        if offset < self.next:
            return False
        if offset > self.next:
            raise LogDamagedError(f"{self._log}/{self._partition}: {offset} came, {self.next} was next")
        self.next += 1
        if not self._known:
            if digest(raw) != self.head.hash:
                raise LogDamagedError(
                    f"{self._log}/{self._partition}: at {offset} stands another record than was read there before"
                )
            self._known = True
            return False
        if self.head.extends(raw):
            return True
        metrics.void_records.of(self._log).inc()
        return False


class Step(NamedTuple):
    """One event of a valid record, and what it did to its case (None: the desk does not hold it)."""

    offset: int
    nth: int  # event of the record, from 0
    at: int
    event: CaseEvent
    before: Case | None
    after: Case | None


class Watcher(Protocol):
    """Who is shown what is folded. Both are called for every valid record and must be quick: they only take notes."""

    def see(self, step: Step) -> None:
        """An event that changed a case."""

    def passed(self, position: Position) -> None:
        """All events of the record there were seen."""


class Mark:
    """A stored position of a watcher that the fold has yet to pass: `ours` tells whether it is of this log."""

    def __init__(self, stored: Position, start: Position) -> None:
        self.stored = stored
        self.ours: bool | None = True if stored.offset < 0 or stored == start else None

    def passed(self, position: Position) -> None:
        """The fold took the record there."""
        if self.ours is None and position.offset >= self.stored.offset:
            self.ours = position == self.stored


class Fold:
    """One partition of `desk-log`, followed and folded for all who watch it."""

    def __init__(self, writer: Writer, partition: int, watchers: Iterable[Watcher] = ()) -> None:
        self.head = writer.head
        self.desk: Desk = writer.state
        self.partition = partition
        self.watchers = list(watchers)
        self.chain = Chain(LOG, partition, self.head)

    @property
    def position(self) -> Position:
        """The last record that was folded."""
        return Position(self.head.offset, self.head.hash)

    def read(self, records: Iterable[ConsumerRecord]) -> None:
        """Fold the records that are new. Raises LogDamagedError, msgspec.DecodeError (a newer version wrote it)."""
        for record in records:
            self.take(record.offset, record.value)

    def take(self, offset: int, raw: bytes) -> Record | None:
        """As `read`, of one record's bytes; the record, if it was new and valid."""
        if not self.chain.valid(offset, raw):
            return None
        record = decode_record(raw)
        cases = self.desk.cases
        for nth, event in enumerate(record.events):
            if type(event) in _TOLD:
                assert isinstance(event, CaseEvent)
                before = cases.get(event.case_id)
                evolve(self.desk, event, record.at)
                step = Step(offset, nth, record.at, event, before, cases.get(event.case_id))
                for watcher in self.watchers:
                    watcher.see(step)
            else:
                evolve(self.desk, event, record.at)
        self.head.advance(offset, raw, record)
        position = self.position
        for watcher in self.watchers:
            watcher.passed(position)
        return record


async def fold_to(kafka: str, partition: int, name: str, through: int) -> Writer:
    """The writer of `desk-log/<partition>` as it was after the record at `through` (-1: new), from a snapshot if one
    is early enough.

    Raises:
        LogDamagedError: the log ends before that, or has a hole.
    """
    wanted = recovery.Wanted(LOG, partition, name, DESK)
    writer = Writer(name, wanted.room)
    if through < 0:
        return writer
    async with reader(kafka) as consumer:
        first, end = (await ends(consumer, [wanted.tp]))[wanted.tp]
        if first > 0 or end <= through:
            raise LogDamagedError(f"{LOG}/{partition} holds [{first}, {end}), it was read up to {through} before")
        writer = await recovery.find_snapshot(consumer, wanted, through + 1) or writer
        await recovery.fold(consumer, {wanted.tp: writer}, {wanted.tp: through + 1})
    return writer


async def replay(kafka: str, fold: Fold, through: int) -> None:
    """Show a fold's watchers the log from where it stands up to the record at `through`."""
    tp = TopicPartition(LOG, fold.partition)
    async with reader(kafka) as consumer:
        async for _, records in read_ranges(consumer, {tp: (fold.chain.next, through + 1)}):
            fold.read(records)
