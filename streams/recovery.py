"""Taking a partition: the writer as its log makes it (laws 2, 3, 5 and 12). Used by desks, by tell and by tools.

    snapshot, if one is trusted      its hash must stand at its offset in the log
    + the tail of the log            folded; void records skipped; holes, truncation and going back refused
    = the writer

Snapshots lie in `snapshots`, partition = that of the log, in chunks; the last chunk names the first, so that the newest
one is found from the end of a partition that compaction has not yet tidied.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from dispatchers.record import digest
from dispatchers.writer import Room, Writer, restored, snapshot

from .kafka_io import ends, read_ranges, reader

STATE_VERSION = 3  # of the states' shape; a snapshot of another shape is not looked at
CHUNK = 1024 * 1024
WORTH_IT = 2_000  # records behind a log under which folding them is quicker than looking for a snapshot
LOOK_BACK = (256, 4_096, 65_536)  # records from the end in which a snapshot is looked for, then everything


class LogDamagedError(Exception):
    """The log is not as an append-only log must be: a hole, a truncation, a snapshot from its future."""


class Wanted(NamedTuple):
    """A writer to be folded."""

    log: str
    partition: int
    name: str
    room: Room

    @property
    def tp(self) -> TopicPartition:
        """Its log's topic and partition."""
        return TopicPartition(self.log, self.partition)


class _Last(msgspec.Struct, frozen=True):
    """What the last chunk of a snapshot says: where the first lies, and what the snapshot rests on."""

    first: int
    chunks: int
    offset: int
    hash: str


async def recover(kafka: str, log: str, partition: int, name: str, room: Room, *, snapshots: bool = True) -> Writer:
    """One writer, folded up to the end of its log."""
    wanted = Wanted(log, partition, name, room)
    return (await recover_all(kafka, [wanted], snapshots=snapshots))[wanted.tp]


async def recover_all(kafka: str, wanted: list[Wanted], *, snapshots: bool = True) -> dict[TopicPartition, Writer]:
    """Writers of many logs at once, each folded up to the end that its log had when this began.

    Raises:
        LogDamagedError: a log has a hole or begins after 0.
    """
    async with reader(kafka) as consumer:
        bounds = await ends(consumer, [w.tp for w in wanted])
        writers: dict[TopicPartition, Writer] = {}
        for one in wanted:
            first, end = bounds[one.tp]
            if first > 0:
                raise LogDamagedError(f"{one.log}/{one.partition} begins at {first}: its first records were deleted")
            found = await find_snapshot(consumer, one, end) if snapshots and end > WORTH_IT else None
            writers[one.tp] = found or Writer(one.name, one.room)
        await fold(consumer, writers, {tp: bounds[tp][1] for tp in writers})
        return writers


async def catch_up(kafka: str, writers: dict[TopicPartition, Writer]) -> None:
    """Fold what was added to the logs of writers since."""
    async with reader(kafka) as consumer:
        bounds = await ends(consumer, writers)
        await fold(consumer, writers, {tp: end for tp, (_, end) in bounds.items()})


async def fold(
    consumer: AIOKafkaConsumer, writers: dict[TopicPartition, Writer], until: dict[TopicPartition, int]
) -> None:
    """Fold each log from where its writer stands up to `until` (an end: not included).

    Raises:
        LogDamagedError: there is a hole, or the log ends before its writer.
    """
    ranges = {}
    for tp, writer in writers.items():
        if writer.head.offset >= until[tp]:
            raise LogDamagedError(
                f"{tp.topic}/{tp.partition} ends at {until[tp]}, before {writer.head.offset}: truncated?"
            )
        ranges[tp] = (writer.head.offset + 1, until[tp])
    expected = {tp: start for tp, (start, _) in ranges.items()}
    async for tp, records in read_ranges(consumer, ranges):
        for record in records:
            if record.offset != expected[tp]:
                raise LogDamagedError(f"{tp.topic}/{tp.partition} has no {expected[tp]}, next is {record.offset}")
            expected[tp] += 1
            writers[tp].fold(record.offset, record.value)
        await asyncio.sleep(0)  # a long fold must not look like a dead worker


class Kept(NamedTuple):
    """What snapshots are of, and of which shape: their key."""

    what: str
    version: int

    def key(self, tp: TopicPartition, part: str) -> bytes:
        """The key of a chunk, or of the "last"."""
        return f"{self.what}/{tp.topic}/{tp.partition}/v{self.version}/{part}".encode()


WRITERS = Kept("snapshot", STATE_VERSION)


class Stored(NamedTuple):
    """The fold of a log in bytes, and the record up to which it goes."""

    raw: bytes
    offset: int
    hash: str


def store(writer: Writer) -> Stored:
    """The writer as it is now. A writer that was fenced may do so too: nobody will trust it."""
    return Stored(snapshot(writer), writer.head.offset, writer.head.hash)


async def write_snapshot(
    producer: AIOKafkaProducer, log: str, partition: int, stored: Stored, kept: Kept = WRITERS
) -> None:
    """Write what is stored of a log; returns when the broker has all of it."""
    tp = TopicPartition(log, partition)
    chunks = [stored.raw[i : i + CHUNK] for i in range(0, len(stored.raw), CHUNK)]
    sent = [
        await producer.send("snapshots", chunk, key=kept.key(tp, str(i)), partition=partition)
        for i, chunk in enumerate(chunks)
    ]
    first, *_ = await asyncio.gather(*sent)
    last = _Last(first=first.offset, chunks=len(chunks), offset=stored.offset, hash=stored.hash)
    await producer.send_and_wait("snapshots", msgspec.json.encode(last), key=kept.key(tp, "last"), partition=partition)


async def find_snapshot(consumer: AIOKafkaConsumer, one: Wanted, log_end: int) -> Writer | None:
    """The newest snapshot of a writer that lies before `log_end` of its log, if it can be trusted."""
    found = await find_stored(consumer, one.tp, log_end)
    if found is None:
        return None
    writer = restored(found.raw, one.room)
    return writer if (writer.head.offset, writer.head.hash) == (found.offset, found.hash) else None


async def find_stored(
    consumer: AIOKafkaConsumer, log: TopicPartition, log_end: int, kept: Kept = WRITERS
) -> Stored | None:
    """The newest that was stored and lies before `log_end` of the log, if its hash stands at its offset there."""
    tp = TopicPartition("snapshots", log.partition)
    begin, end = (await ends(consumer, [tp]))[tp]
    for back in (*LOOK_BACK, end):
        start = max(begin, end - back)
        last: _Last | None = None
        async for _, records in read_ranges(consumer, {tp: (start, end)}):
            for record in records:
                if record.key == kept.key(log, "last") and record.value:
                    last = msgspec.json.decode(record.value, type=_Last)
        if last is not None:
            return await _load(consumer, log, last, kept, tp, end) if last.offset < log_end else None
        if start == begin:
            return None
    return None


async def _load(
    consumer: AIOKafkaConsumer, log: TopicPartition, last: _Last, kept: Kept, tp: TopicPartition, end: int
) -> Stored | None:
    """What is stored, if its hash stands at its offset in the log and all its chunks are there."""
    anchor = None
    async for _, records in read_ranges(consumer, {log: (last.offset, last.offset + 1)}):
        anchor = records[0].value
    if anchor is None or digest(anchor) != last.hash:
        return None
    parts: dict[bytes, bytes] = {}
    async for _, records in read_ranges(consumer, {tp: (last.first, end)}):
        parts.update({r.key: r.value for r in records})
    try:
        raw = b"".join(parts[kept.key(log, str(i))] for i in range(last.chunks))
    except KeyError:
        return None  # a newer snapshot was being written over this one; the log itself is always enough
    return Stored(raw, last.offset, last.hash)
