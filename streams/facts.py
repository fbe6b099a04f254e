"""The public life of each case: topic `case-events`, one CloudEvents 1.0 message (Kafka binary mode) for each event.

    key      case id          value    the event as in the log, JSON, without `reporter_ref` and `caller_tag`
    headers  ce_id            "desk-log/<partition>/<offset>/<index>": stable, so a reader that saw it may drop it
             ce_source        "/desks/<desk>"        ce_type     "paidan.<EventName>.v1"
             ce_subject       case id                ce_time     the record's `at` (run's clock), RFC 3339, UTC
             ce_specversion   "1.0"                  content-type "application/json"

At least once: a batch's acknowledgements are awaited, then the position counts as done. It is kept in the compacted
topic `snapshots` under `facts/desk-log/<partition>`, at most a second old, so a crash repeats about a second.
(Rejected: Redis, since a FLUSHALL would publish the whole log again; the group's offset, which Faust moves without us.)
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition

from dispatchers.events import CaseEvent, CaseRegistered, CaseTaken

from . import metrics
from .kafka_io import ends, read_ranges, reader
from .reader import LOG, Fold, Mark, Position, Step
from .recovery import LogDamagedError

TOPIC = "case-events"
POSITIONS = "snapshots"
EVERY_S = 1.0
PATIENCE_S = 60  # for acknowledgements; then the process leaves
_PRIVATE = ("reporter_ref", "caller_tag")
_encode = msgspec.json.Encoder().encode


class Fact(NamedTuple):
    """A message to be published."""

    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    type: str


def fact(step: Step, desk: str, partition: int) -> Fact:
    """The CloudEvent of an event."""
    name = type(step.event).__name__
    subject = step.event.case_id.encode()
    return Fact(
        key=subject,
        value=public(step.event),
        headers=[
            ("ce_specversion", b"1.0"),
            ("ce_id", f"{LOG}/{partition}/{step.offset}/{step.nth}".encode()),
            ("ce_source", f"/desks/{desk}".encode()),
            ("ce_type", f"paidan.{name}.v1".encode()),
            ("ce_time", rfc3339(step.at).encode()),
            ("ce_subject", subject),
            ("content-type", b"application/json"),
        ],
        type=name,
    )


def public(event: CaseEvent) -> bytes:
    """The event as JSON, without what points to its reporter. Only two types hold that; the others are not copied."""
    if not isinstance(event, CaseRegistered | CaseTaken):
        return _encode(event)
    told: dict[str, Any] = msgspec.to_builtins(event)
    for holder in (told, told.get("case", {})):
        for name in _PRIVATE:
            holder.pop(name, None)
    return _encode(told)


def rfc3339(at: int) -> str:
    """An instant in UTC with milliseconds."""
    return dt.datetime.fromtimestamp(at / 1000, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Facts:
    """The public events of one desk. A watcher of its fold."""

    def __init__(self, producer: AIOKafkaProducer, fold: Fold, stored: Position | None) -> None:
        """`stored` is what `stored_positions` found; None: nothing was ever published of this log."""
        self._producer = producer
        self._fold = fold
        self._desk, self._partition = fold.desk.id, fold.partition
        self._done = stored or Position()
        self._mark = Mark(self._done, fold.position)
        self._due: list[Fact] = []
        self._saved = self._done
        fold.watchers.append(self)

    def see(self, step: Step) -> None:
        """Take note of what must be published."""
        if step.offset > self._done.offset:
            self._due.append(fact(step, self._desk, self._partition))

    def passed(self, position: Position) -> None:
        """Raises LogDamagedError when the stored position is of another log: to go on would be to guess."""
        self._mark.passed(position)
        if self._mark.ours is False:
            raise LogDamagedError(
                f"{LOG}/{self._partition}: case-events stand at {self._mark.stored}, which it has not"
            )

    async def publish(self) -> None:
        """Publish what is due; returns when the broker has all of it. Not to be called twice at a time.

        Raises KafkaError, TimeoutError.
        """
        if self._mark.ours is None:
            return  # all that was read is published; the stored position is yet to come
        due, through = self._due, self._fold.position
        self._due = []
        futures = [await self._producer.send(TOPIC, f.value, key=f.key, headers=f.headers) for f in due]
        if futures:
            await asyncio.wait_for(asyncio.gather(*futures), PATIENCE_S)
        self._done = through
        for f in due:
            metrics.facts_published.of(f.type).inc()

    async def save(self) -> None:
        """Keep the position, if it moved. To be called every EVERY_S and at the end."""
        if self._done == self._saved:
            return
        done = self._done
        key = f"facts/{LOG}/{self._partition}".encode()
        await self._producer.send_and_wait(POSITIONS, str(done).encode(), key=key, partition=self._partition)
        self._saved = done


async def stored_positions(kafka: str, partitions: Iterable[int]) -> dict[int, Position]:
    """Up to where the logs of these partitions are published; those of which nothing is are left out."""
    found: dict[int, Position] = {}
    async with reader(kafka) as consumer:
        bounds = await ends(consumer, [TopicPartition(POSITIONS, p) for p in partitions])
        async for tp, records in read_ranges(consumer, bounds):
            key = f"facts/{LOG}/{tp.partition}".encode()
            for record in records:
                position = Position.parse((record.value or b"").decode()) if record.key == key else None
                if position:
                    found[tp.partition] = position
    return found
