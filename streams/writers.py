"""The partitions that this process holds, of all inboxes: taken, given up, and fed (`paidan desk`).

    partitions assigned ─▶ fold their logs ─▶ post letters again ─▶ say where to read on       (laws 2, 3, 7)
    records fetched     ─▶ guard ─▶ prepare ─▶ Log.take                                        (laws 1, 10, 11)

What comes before the decision and outside of it, a place looked up, a reporter sealed, a dead letter kept, a stray
message posted again, is done and acknowledged in `prepare`, per inbox: `agents/intake.py` and `agents/desk.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol

import structlog
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from faust.types import TP

from dispatchers.city import City
from dispatchers.writer import Room, Writer

from . import declared
from .app import Fetched, leave
from .clock import Clock
from .kafka_io import Together, ends, reader
from .log import Incoming, LeaveError, Log, letter_bytes
from .observe import Observe
from .recovery import Wanted, catch_up, recover_all

log = structlog.get_logger(__name__)
LOG_APPEND_TIME = 1  # whose time a record has: the broker's
TOGETHER_S = 0.002  # appends of several partitions wait so long for each other


class Inbox(Protocol):
    """One kind of inbox with its log: names, rules, and what comes before deciding."""

    topic: str
    log: str

    @property
    def room(self) -> Room:
        """Its rules."""

    def writer_of(self, partition: int) -> str:
        """The name of the partition's writer, in records and letters."""

    def city(self, state: Any) -> City:
        """The version of the city that a state is decided by."""

    async def taken(self, writer: Writer) -> None:
        """Have ready what a writer just folded needs."""

    async def prepare(self, records: list[Arrived], writer: Writer) -> list[Any]:
        """A message to decide for each record; what they rest on is acknowledged."""

    async def salvage(self, incoming: Incoming, fault: Exception) -> Any:
        """What to decide in place of a message on which the rules failed; its bytes are kept, acknowledged."""


class Arrived(NamedTuple):
    """A record of an inbox, and when it was appended on the run's clock."""

    record: ConsumerRecord
    at: int


class _Held(NamedTuple):
    inbox: Inbox
    log: Log


class Writers:
    """What this process decides about. One per process."""

    def __init__(
        self,
        kafka: str,
        producer: AIOKafkaProducer,
        clock: Clock,
        inboxes: list[Inbox],
        partition_of: Callable[[str], int],
        observe: Observe,
    ) -> None:
        """`partition_of` a desk's id: where its letters go."""
        self._kafka, self._producer, self._clock = kafka, producer, clock
        self._inboxes = {inbox.topic: inbox for inbox in inboxes}
        self._partition_of, self._observe = partition_of, observe
        self._together = Together(TOGETHER_S)
        self._held: dict[TP, _Held] = {}
        self._next: dict[TP, int] = {}  # inbox offset that must come next
        self.changed = asyncio.Event()  # something was decided: the next thing due may be another

    @property
    def held(self) -> dict[TP, Log]:
        """The logs this process writes, by inbox partition."""
        return {tp: held.log for tp, held in self._held.items()}

    async def positions(self, tps: list[TP]) -> dict[TP, int]:
        """Take these partitions, and only these; returns where to read each inbox on.

        Raises:
            LogDamagedError: a log is not whole.
            LeaveError: an inbox does not reach up to the log's position, or no longer holds what comes next.
        """
        began = time.perf_counter()
        for tp in [tp for tp in self._held if tp not in tps]:
            await self._held.pop(tp).log.close()
            self._next.pop(tp, None)
        for held in self._held.values():
            await held.log.drain()
        stay = {held.log.tp: held.log.writer for held in self._held.values()}
        await catch_up(self._kafka, stay)
        await self._take([tp for tp in tps if tp not in self._held])
        for held in self._held.values():
            await held.log.begin()
        await self._check_inboxes()
        self.changed.set()
        self._observe.taken(time.perf_counter() - began)
        log.info("partitions taken", count=len(tps))
        return dict(self._next)

    async def _take(self, tps: list[TP]) -> None:
        wanted = {}
        for tp in tps:
            inbox = self._inboxes[tp.topic]
            wanted[tp] = Wanted(inbox.log, tp.partition, inbox.writer_of(tp.partition), inbox.room)
        writers = await recover_all(self._kafka, list(wanted.values()))
        for tp, one in wanted.items():
            inbox, writer = self._inboxes[tp.topic], writers[one.tp]
            await inbox.taken(writer)
            held = Log(
                kafka=self._kafka,
                producer=self._producer,
                log=one.log,
                partition=one.partition,
                writer=writer,
                post=self._post,
                salvage=inbox.salvage,
                leave=leave,
                observe=self._observe,
                together=self._together,
            )
            self._held[tp] = _Held(inbox, held)

    async def _check_inboxes(self) -> None:
        async with reader(self._kafka) as consumer:
            bounds = await ends(consumer, [TopicPartition(tp.topic, tp.partition) for tp in self._held])
        for tp, held in self._held.items():
            first, end = bounds[TopicPartition(tp.topic, tp.partition)]
            start = held.log.inbox_offset + 1
            if start > end:
                raise LeaveError(f"{tp.topic}/{tp.partition} ends at {end}, its log has decided up to {start - 1}")
            if start < first:
                raise LeaveError(f"{tp.topic}/{tp.partition} begins at {first}: {start} was deleted undecided")
            self._next[tp] = start

    async def take(self, fetched: Fetched, done: Callable[[], None]) -> None:
        """Decide the records of a fetch in order; `done` when their records are acknowledged and letters posted."""
        tp = fetched.tp
        inbox, held = self._held[tp]
        arrived = await self._timed(self._guard(tp, fetched.records), held.writer.head.at)
        messages = await inbox.prepare(arrived, held.writer)
        incoming = [Incoming(a.record, a.at, message) for a, message in zip(arrived, messages, strict=True)]
        count = await held.take(incoming, lambda: inbox.city(held.writer.state), done)
        if arrived:
            waited = time.time() - arrived[0].record.timestamp / 1000
            self._observe.received(tp.topic, len(arrived), count, waited)
        self.changed.set()

    async def _timed(self, records: list[ConsumerRecord], known: int) -> list[Arrived]:
        """When each was appended. `known`: the last time that the log has.

        A record with its sender's time came while its topic was not as declared: then nothing more is decided until it
        is. What came meanwhile stays so for ever; it is decided in the moment of the record before it, since a
        sender's clock moves no deadline (law 6).
        """
        if any(r.timestamp_type != LOG_APPEND_TIME for r in records):
            await declared.require(self._kafka, "desk")
            log.warning(
                "decided without a time of the broker's", topic=records[0].topic, partition=records[0].partition
            )
        return [
            Arrived(r, self._clock.at(r.timestamp) if r.timestamp_type == LOG_APPEND_TIME else known) for r in records
        ]

    def _guard(self, tp: TP, records: list[ConsumerRecord]) -> list[ConsumerRecord]:
        """Only what comes next, without a gap (law 3): a silent skip becomes a restart."""
        fresh = [r for r in records if r.offset >= self._next[tp]]
        for record in fresh:
            if record.offset != self._next[tp]:
                raise LeaveError(f"{tp.topic}/{tp.partition}: {record.offset} came, {self._next[tp]} was next")
            self._next[tp] += 1
        return fresh

    async def _post(self, letter: Any) -> Awaitable[Any]:
        return await self._producer.send(
            "desk-inbox",
            letter_bytes(letter),
            key=letter.receiver.encode(),
            partition=self._partition_of(letter.receiver),
        )
