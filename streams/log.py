"""The one log that decides: the I/O half of DESIGN laws 1-4 and 7, for any inbox and its log.

1. One message, one record; the record acknowledged with acks=all *is* the decision. Nothing is acked, posted or told
   before.
3. The log holds the position. A gap in delivery stops the process; so does a position beyond the inbox's end.
4. Fence. After each append the acknowledged offset must be the expected one. If not, the strange records are read: if
   one of them continues the chain, another writer has the partition and we leave at once; else they are void.
7. Letters are posted once their record is acknowledged, in order; the next record says up to where (`posted_through`).
10. Any failure here ends the process (`Leave`); whoever takes the partition folds the log and posts again.

    take(records) ── decide and fold each ──┐                     (the next records are decided meanwhile)
                                            └▶ settle: append ── await ack ── check the offset ── post letters

The pure half (chain, fold, record) is `dispatchers/record.py` and `writer.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder
from msgspec.json import encode

from dispatchers.city import City
from dispatchers.record import Head, letters
from dispatchers.writer import Decided, Writer

from .kafka_io import Together, read_ranges, reader
from .observe import Observe
from .recovery import Stored, store, write_snapshot

PATIENCE_S = 30  # for an acknowledgement; then we leave and the log says what became of it
SNAPSHOT_EVERY = 20_000  # records
TOO_MANY_FAILURES = 20  # messages in a row on which the rules raise: a bad release must not drain a topic


class LeaveError(Exception):
    """This process must end now, before it acknowledges anything."""


class FencedError(LeaveError):
    """Another process writes what this one wrote."""


class Incoming(NamedTuple):
    """A message to decide: read, looked up, with its time on the run's clock and the record it came in."""

    record: ConsumerRecord
    at: int
    message: Any


class _Batch(NamedTuple):
    """Records decided from one fetch, folded, and not yet appended."""

    decided: list[Decided]
    snapshot: Stored | None
    done: Callable[[], None]


class Log:
    """One partition of an inbox and its log, held by this process."""

    def __init__(
        self,
        *,
        kafka: str,
        producer: AIOKafkaProducer,
        log: str,
        partition: int,
        writer: Writer,
        post: Callable[[Any], Awaitable[Any]],
        salvage: Callable[[Incoming, Exception], Awaitable[Any]],
        leave: Callable[[BaseException], None],
        observe: Observe,
        together: Together,
    ) -> None:
        """
        `post` queues a letter and gives a future of its acknowledgement. `salvage` keeps the bytes of a message that
        the rules failed on, acknowledged, and gives the message to decide in its place. `leave` ends the process.
        `together` is shared by all logs of the process.
        """
        self.tp = TopicPartition(log, partition)
        self.writer = writer
        self._kafka, self._producer = kafka, producer
        self._post, self._salvage, self._leave, self._observe = post, salvage, leave, observe
        self._together = together
        self._failed_in_a_row = 0
        self._heard = -1  # the last inbox offset that this process looked at
        self._queue: asyncio.Queue[_Batch] = asyncio.Queue(maxsize=4)  # bounded: a slow broker slows deciding
        self._settled = writer.head.offset  # last log offset known to be ours
        self._seen = max(writer.head.offset, 0)  # when it was last asked whether a snapshot is due
        self._keeping: asyncio.Task[None] | None = None
        self._task = asyncio.create_task(self._settle_all())

    @property
    def inbox_offset(self) -> int:
        """The last inbox offset that has a record."""
        return self.writer.head.inbox_offset

    @property
    def heard(self) -> int:
        """The last inbox offset that was decided, or needed no record."""
        return max(self._heard, self.inbox_offset)

    @property
    def keep_position_at(self) -> int:
        """When a wake-up is to keep the position; 0: never, no message without a record lies behind it."""
        return self.writer.keep_position_at if self.heard > self.inbox_offset else 0

    async def take(self, messages: list[Incoming], city: Callable[[], City], done: Callable[[], None]) -> int:
        """Decide messages in order and append their records; `done` is called when all of it is settled.

        Returns the number of records. A message that needs no record is done with the others.
        """
        began = time.perf_counter()
        decided: list[Decided] = []
        for incoming in messages:
            if incoming.record.offset <= self.inbox_offset:
                continue  # delivered again by a rebalance while the first delivery was being prepared
            try:
                one = self.writer.decide(incoming.message, incoming.record.offset, incoming.at, city())
                self._failed_in_a_row = 0
            except Exception as fault:  # noqa: BLE001 - law 10: it would fail the same way for ever
                one = await self._decide_failed(incoming, fault, city())
            if one is not None:
                self.writer.apply(self.writer.head.offset + 1, one)
                decided.append(one)
            self._heard = incoming.record.offset
        self._observe.decided(self.tp.topic, len(messages), time.perf_counter() - began)
        await self._queue.put(_Batch(decided, self._due_snapshot(), done))
        return len(decided)

    async def _decide_failed(self, incoming: Incoming, fault: Exception, city: City) -> Decided | None:
        """Nothing was changed by the failed decision; what is decided instead is that it failed."""
        self._failed_in_a_row += 1
        if self._failed_in_a_row > TOO_MANY_FAILURES:
            raise LeaveError(f"the rules failed on {self._failed_in_a_row} messages in a row") from fault
        message = await self._salvage(incoming, fault)
        return self.writer.decide(message, incoming.record.offset, incoming.at, city)

    async def begin(self) -> None:
        """After the log was folded and before anything is decided: post again what may not have been posted (law 7)."""
        self._settled = self.writer.head.offset
        outbox = list(self.writer.head.outbox)
        await self._deliver([letter for _, letter in outbox])
        if outbox:
            self.writer.posted(outbox[-1][0])

    async def drain(self) -> None:
        """Wait until nothing is on its way, a snapshot included."""
        await self._queue.join()
        if self._keeping:
            await self._keeping

    async def close(self) -> None:
        """Stop settling; what is on its way is the log's word to our successor."""
        ending = [task for task in (self._task, self._keeping) if task]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _settle_all(self) -> None:
        try:
            while True:
                batches = [await self._queue.get()]
                while not self._queue.empty():  # behind: the more at once, the cheaper
                    batches.append(self._queue.get_nowait())
                await self._settle([one for batch in batches for one in batch.decided])
                for batch in batches:
                    if batch.snapshot:
                        self._keep(batch.snapshot)
                    batch.done()
                    self._queue.task_done()
        except asyncio.CancelledError:
            raise
        except BaseException as fault:  # noqa: BLE001 - leave() is the handling: nothing may be acknowledged after it
            self._leave(fault)

    async def _settle(self, decided: list[Decided]) -> None:
        """Append records, check where they lie, post their letters."""
        if not decided:
            return
        await self._together.wait()
        began, taken = time.perf_counter(), 0
        for future, size in await self._append(decided):
            metadata = await asyncio.wait_for(future, PATIENCE_S)
            expected = self._settled + 1
            if metadata.offset != expected:
                await self._examine(expected, metadata.offset, decided[taken].record.prev)
            self._settled = metadata.offset + size - 1
            taken += size
        self._observe.settled(self.tp.topic, decided, time.perf_counter() - began)
        await self._deliver([letter for one in decided for letter in letters(one.record)])
        self.writer.posted(self._settled)

    async def _append(self, decided: list[Decided]) -> list[tuple[Any, int]]:
        """One atomic append; more than one only where the records are too large for one. (future, records) of each."""
        sent = []
        builder, count = self._producer.create_batch(), 0
        for one in decided:
            # None means full, unlike an exception: unchecked, the state would run ahead of the log.
            if builder.append(key=None, value=one.raw, timestamp=None) is None:
                sent.append((await self._send(builder), count))
                builder, count = self._producer.create_batch(), 0
                if builder.append(key=None, value=one.raw, timestamp=None) is None:
                    raise LeaveError(f"a record of {len(one.raw)} bytes fits no batch")
            count += 1
        sent.append((await self._send(builder), count))
        return sent

    async def _send(self, builder: BatchBuilder) -> Any:
        builder.close()
        return await self._producer.send_batch(builder, self.tp.topic, partition=self.tp.partition)

    def _keep(self, stored: Stored) -> None:
        """Write a snapshot beside the settling: 100,000 open cases are 80 MB, and no offer shall wait for them."""
        if self._keeping and not self._keeping.done():
            return  # the one before is still being written; the next will come
        self._keeping = asyncio.create_task(self._write(stored))

    async def _write(self, stored: Stored) -> None:
        try:
            await write_snapshot(self._producer, self.tp.topic, self.tp.partition, stored)
        except KafkaError as fault:
            self._leave(fault)
        self._observe.snapshot(self.tp.topic)

    def _due_snapshot(self) -> Stored | None:
        """The writer in bytes, now and then. Made when the state is at a record's end, written when that is settled.

        At every 20,000th record of the log, not of this process: one that is restarted often would never come to it.
        Should a void record have moved ours meanwhile, the hash does not stand where it says, and nobody trusts it.
        """
        before, self._seen = self._seen, self.writer.head.offset
        return store(self.writer) if self._seen // SNAPSHOT_EVERY > before // SNAPSHOT_EVERY else None

    async def _examine(self, expected: int, found: int, prev: str) -> None:
        """Strange records stand before ours: another writer's, or void (law 4)."""
        if found < expected:
            raise LeaveError(f"{self.tp.topic}/{self.tp.partition} went back from {expected} to {found}")
        ours = Head(writer=self.writer.head.writer, hash=prev)
        async with reader(self._kafka) as consumer:
            async for _, records in read_ranges(consumer, {self.tp: (expected, found)}):
                for record in records:
                    if ours.extends(record.value):
                        raise FencedError(f"fenced: another writer continued {self.tp.topic}/{self.tp.partition}")
        self._observe.void(self.tp.topic, found - expected)
        self._shift(found - expected, expected)

    def _shift(self, by: int, start: int) -> None:
        """Our records from `start` on lie further down than was thought when they were folded."""
        head = self.writer.head
        head.offset += by
        head.outbox = [(o + by if o >= start else o, letter) for o, letter in head.outbox]

    async def _deliver(self, due: list[Any]) -> None:
        if due:
            await self._together.wait()
            futures = [await self._post(letter) for letter in due]
            await asyncio.wait_for(asyncio.gather(*futures), PATIENCE_S)
            self._observe.letters(self.tp.topic, len(futures))


def letter_bytes(letter: Any) -> bytes:
    """A letter as it lies in an inbox."""
    return encode(letter)
