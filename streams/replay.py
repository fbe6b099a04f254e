"""`paidan replay`: folds logs, from a topic or from a file, and says where they stand.

The state's hash is the fold's fingerprint: two folds of the same records have the same one, on every machine and in
every version that did not change the shape of the state. A file has one record a line, as `paidan decide` prints them;
records of several writers may be mixed, each follows its own chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO

import msgspec

from dispatchers.record import state_hash
from dispatchers.rows import CityPack
from dispatchers.writer import DESK, INTAKE, Room, Writer

from .kafka_io import ends, read_ranges, reader
from .scan import partitions

LOGS = {"complaint-receipts": "complaints", "event-receipts": "city-events", "desk-log": "desk-inbox"}


class Replayed(msgspec.Struct):
    """Where one log stands: what `paidan replay` prints."""

    writer: str
    records: int
    void: int
    at: int
    state: str


class Replay:
    """Folds of any number of writers."""

    def __init__(self) -> None:
        self.writers: dict[str, Writer] = {}
        self._records: dict[str, int] = {}
        self._void: dict[str, int] = {}

    def take(self, raw: bytes, writer: str, offset: int | None = None) -> None:
        """Fold a record if it is valid.

        Raises:
            msgspec.DecodeError: a record of the chain that this code cannot read: a newer version wrote it.
        """
        folded = self.writers.get(writer) or Writer(writer, _room(writer))
        self.writers[writer] = folded
        place = folded.head.offset + 1 if offset is None else offset
        valid = folded.fold(place, raw) is not None
        counted = self._records if valid else self._void
        counted[writer] = counted.get(writer, 0) + 1

    def result(self) -> Iterator[Replayed]:
        """Where each log stands, by the name of its writer."""
        for name, writer in sorted(self.writers.items()):
            records, void = self._records.get(name, 0), self._void.get(name, 0)
            yield Replayed(name, records, void, writer.head.at, state_hash(writer.state))


class _Writer(msgspec.Struct):
    desk: str = "?"


def of_file(lines: IO[bytes] | Iterable[bytes]) -> Replay:
    """The logs in a file. A line that is no record counts as void, under the writer "?"."""
    replay = Replay()
    named = msgspec.json.Decoder(_Writer)
    for line in lines:
        if raw := line.strip():
            try:
                writer = named.decode(raw).desk
            except (msgspec.MsgspecError, UnicodeDecodeError):
                writer = "?"
            replay.take(raw, writer)
    return replay


async def of_topic(kafka: str, log: str, pack: CityPack, only: int | None = None) -> Replay:
    """The logs of a topic, up to where each stood when this began; of all its partitions, or of one.

    Raises:
        aiokafka.errors.KafkaError: the broker is not there, or has no such topic.
    """
    from aiokafka import TopicPartition

    desks = {d.partition: d.id for d in pack.desks}
    replay = Replay()
    async with reader(kafka) as consumer:
        tps = [TopicPartition(log, p) for p in range(partitions(log)) if only is None or p == only]
        async for tp, records in read_ranges(consumer, await ends(consumer, tps)):
            nobody = f"{LOGS[log]}/{tp.partition}"
            writer = desks.get(tp.partition, nobody) if log == "desk-log" else nobody
            for record in records:
                replay.take(record.value, writer, record.offset)
    return replay


def _room(writer: str) -> Room:
    return INTAKE if writer.startswith(("complaints/", "city-events/")) else DESK
