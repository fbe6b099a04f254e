"""The newest records of every log, read once, and what they say of it: for `paidan doctor` (doctor_logs.py).

They tell whether the chain is whole there (law 4), how far the inbox is decided (law 3), and by which rules and which
version of the city. What lies before them is `paidan replay`'s to say.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from dispatchers.record import GENESIS, digest

from . import topics
from .clock import wall_ms
from .kafka_io import ends, read_ranges, reader
from .replay import LOGS

LAST = 1_000  # records of each log; a zombie wrote 456 before it was stopped (streaming.md §8.4)


class Event(msgspec.Struct):
    """What is asked of an event, of any version."""

    type: str
    case_id: Any = ""
    squad: Any = ""
    city: Any = ""


class Told(msgspec.Struct):
    """What is asked of a record, of any version."""

    prev: str
    inbox_offset: int
    at: int
    desk: str
    rules: str
    city: str
    events: list[Event]


_decode = msgspec.json.Decoder(Told).decode


class Tail(NamedTuple):
    """The end of one log that has a record."""

    tp: TopicPartition
    first: int  # offset of the oldest record that the broker has
    end: int
    holes: list[int]  # offsets that are missing
    void: list[int]  # offsets of what continues no chain
    chain: list[tuple[int, bytes, Told]]  # the valid records, by offset
    newest: int  # append time

    @property
    def where(self) -> str:
        """As people write it."""
        return f"{self.tp.topic}/{self.tp.partition}"

    @property
    def last(self) -> Told | None:
        """The newest valid record; None: there is none among those read."""
        return self.chain[-1][2] if self.chain else None


class Logs(NamedTuple):
    """The ends of all logs, as they were at `asked` (wall ms), before which nothing was appended behind them."""

    asked: int
    tails: dict[TopicPartition, Tail]
    ends: dict[TopicPartition, int]

    def decided(self) -> dict[tuple[str, int], int]:
        """By inbox and partition: the offset after the last one that has a record."""
        of = {(LOGS[tp.topic], tp.partition): tail.last for tp, tail in self.tails.items()}
        return {place: last.inbox_offset + 1 for place, last in of.items() if last}


def tail_of(tp: TopicPartition, first: int, end: int, records: list[ConsumerRecord]) -> Tail:
    """What the newest records of a log say. Where the chain comes from is known only if they begin with the log; else
    it is the longest one among them: a zombie's is shorter, since it is stopped (law 4)."""
    wanted = range(max(first, end - LAST), end)
    there = {r.offset for r in records}
    found = [_read(r.value) for r in records]
    hashes = [digest(r.value or b"") for r in records]
    follows: dict[str, int] = {}  # by `prev`: the first that continues it
    lengths = [0] * len(records)
    after: list[int | None] = [None] * len(records)
    for n in range(len(records) - 1, -1, -1):
        record = found[n]
        after[n] = follows.get(hashes[n])
        behind = after[n]
        lengths[n] = (1 if record else 0) + (lengths[behind] if behind is not None else 0)
        if record:
            follows[record.prev] = n
    at = follows.get(GENESIS) if wanted.start == 0 else max(range(len(records)), key=lengths.__getitem__, default=None)
    chain = []
    while at is not None:
        record = found[at]
        if record:
            chain.append((records[at].offset, records[at].value, record))
        at = after[at]
    valid = {offset for offset, _, _ in chain}
    return Tail(
        tp,
        first,
        end,
        holes=[o for o in wanted if o not in there],
        void=sorted(there - valid),
        chain=chain,
        newest=records[-1].timestamp if records else 0,
    )


def _read(raw: bytes | None) -> Told | None:
    try:
        return _decode(raw or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


async def read(kafka: str) -> Logs:
    """Read them. Raises KafkaError."""
    spec = topics.load()
    async with reader(kafka) as consumer:
        there = await consumer.topics()
        tps = [TopicPartition(log, p) for log in LOGS if log in there for p in range(spec[log].partitions)]
        asked = wall_ms()
        bounds = await ends(consumer, tps)
        wanted = {tp: (max(first, end - LAST), end) for tp, (first, end) in bounds.items() if end}
        read: dict[TopicPartition, list[ConsumerRecord]] = {tp: [] for tp in wanted}
        async for tp, records in read_ranges(consumer, wanted):
            read[tp] += records
    tails = {tp: tail_of(tp, *bounds[tp], records) for tp, records in read.items()}
    return Logs(asked, tails, {tp: end for tp, (_, end) in bounds.items()})
