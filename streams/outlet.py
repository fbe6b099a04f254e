"""What of a desk's log goes out on another topic, at least once: a watcher of its fold with a position of its own.

    record folded ─▶ `see`: what has it to say? ─▶ `publish`: sent, all acknowledged ─▶ `save`: the position is kept

A batch's acknowledgements are awaited, then the position counts as done. It is kept in the compacted topic `snapshots`
under `<name>/desk-log/<partition>`, at most a second old, so a crash repeats about a second, under the same ids.
(Rejected: Redis, since a FLUSHALL would publish the whole log again; the group's offset, which Faust moves without us.)
`facts.py` and `replies.py` say what is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition
from prometheus_client import Counter

from . import metrics
from .kafka_io import ends, read_ranges, reader
from .reader import LOG, Fold, Mark, Position, Step
from .recovery import LogDamagedError

POSITIONS = "snapshots"
EVERY_S = 1.0
PATIENCE_S = 60  # for acknowledgements; then the process leaves


class Told(NamedTuple):
    """A message to be published. `label`: how it is counted."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    label: str


class Outlet:
    """What one desk has to say on a topic."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        fold: Fold,
        stored: Position | None,
        *,
        name: str,
        topic: str,
        told: Callable[[Step], Iterable[Told]],
        counted: metrics.Family[Counter],
    ) -> None:
        """`stored` is what `stored_positions` found under `name`; None: nothing was ever published of this log.

        `told` is asked in the moment of the event, the fold standing just behind it.
        """
        self._producer = producer
        self._fold = fold
        self._name, self._topic, self._told, self._counted = name, topic, told, counted
        self._partition = fold.partition
        self._done = stored or Position()
        self._mark = Mark(self._done, fold.position)
        self._due: list[Told] = []
        self._saved = self._done
        fold.watchers.append(self)

    def see(self, step: Step) -> None:
        """Take note of what must be published."""
        if step.offset > self._done.offset:
            self._due += self._told(step)

    def passed(self, position: Position) -> None:
        """Raises LogDamagedError when the stored position is of another log: to go on would be to guess."""
        self._mark.passed(position)
        if self._mark.ours is False:
            raise LogDamagedError(
                f"{LOG}/{self._partition}: {self._topic} stand at {self._mark.stored}, which it has not"
            )

    async def publish(self) -> None:
        """Publish what is due; returns when the broker has all of it. Not to be called twice at a time.

        Raises KafkaError, TimeoutError.
        """
        if self._mark.ours is None:
            return  # all that was read is published; the stored position is yet to come
        due, through = self._due, self._fold.position
        self._due = []
        futures = [await self._producer.send(self._topic, t.value, key=t.key, headers=t.headers) for t in due]
        if futures:
            await asyncio.wait_for(asyncio.gather(*futures), PATIENCE_S)
        self._done = through
        for t in due:
            self._counted.of(t.label).inc()

    async def save(self) -> None:
        """Keep the position, if it moved. To be called every EVERY_S and at the end."""
        if self._done == self._saved:
            return
        done = self._done
        key = _key(self._name, self._partition)
        await self._producer.send_and_wait(POSITIONS, str(done).encode(), key=key, partition=self._partition)
        self._saved = done


def _key(name: str, partition: int) -> bytes:
    return f"{name}/{LOG}/{partition}".encode()


async def stored_positions(
    kafka: str, partitions: Iterable[int], names: Iterable[str]
) -> dict[str, dict[int, Position]]:
    """By name, up to where the logs of these partitions are published; those of which nothing is are left out."""
    found: dict[str, dict[int, Position]] = {name: {} for name in names}
    async with reader(kafka) as consumer:
        bounds = await ends(consumer, [TopicPartition(POSITIONS, p) for p in partitions])
        async for tp, records in read_ranges(consumer, bounds):
            keys = {_key(name, tp.partition): name for name in found}
            for record in records:
                name = keys.get(record.key)
                position = Position.parse((record.value or b"").decode()) if name else None
                if name and position:
                    found[name][tp.partition] = position
    return found
