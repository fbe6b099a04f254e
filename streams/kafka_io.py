"""aiokafka as we use it: one producer with the settings that lose nothing, one reader of plain ranges.

kafka-python is for administration and tools (synchronous); what carries data is here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaTimeoutError

from . import hanging

hanging.install()
LARGEST = 17 * 1024 * 1024  # above every max.message.bytes of topics.yaml
BATCH = 512 * 1024  # one atomic append; a larger record has a batch to itself


def producer(kafka: str, *, linger_ms: int = 0) -> AIOKafkaProducer:
    """Not yet started. acks=all and idempotence (off by default): what is acknowledged is there once."""
    return AIOKafkaProducer(
        bootstrap_servers=kafka,
        acks="all",
        enable_idempotence=True,
        linger_ms=linger_ms,
        max_batch_size=BATCH,
        max_request_size=LARGEST,
        request_timeout_ms=30_000,
    )


@asynccontextmanager
async def within(seconds: float | None) -> AsyncIterator[None]:
    """What is asked of the broker in here is answered by then; None: whenever it is. Raises KafkaTimeoutError.

    An idempotent producer tries for ever, rightly: it must not leave a gap. But who asks over HTTP must not hang with
    it when too few brokers live to acknowledge. What was sent may still be appended later.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as fault:
        raise KafkaTimeoutError(f"no answer within {seconds} s") from fault


class Together:
    """A bus stop: who waits leaves with the others, so that what several partitions send goes in one request.

    aiokafka sends at once what it is handed first, and the rest when that is answered. On live traffic the cost is per
    request (a third of the worker's CPU was writing to the socket), so a moment's wait pays.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._leaving: asyncio.Future[None] | None = None

    async def wait(self) -> None:
        """Until the next departure, at most `every_s` seconds."""
        if self._leaving is None:
            loop = asyncio.get_running_loop()
            self._leaving = loop.create_future()
            loop.call_later(self._every_s, self._leave)
        await asyncio.shield(self._leaving)

    def _leave(self) -> None:
        leaving, self._leaving = self._leaving, None
        if leaving:
            leaving.set_result(None)


@asynccontextmanager
async def reader(kafka: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of no group: it reads what it is told to and leaves no trace."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        max_partition_fetch_bytes=8 * 1024 * 1024,
        fetch_max_bytes=64 * 1024 * 1024,
        fetch_max_wait_ms=50,
        retry_backoff_ms=20,  # waited once for each topic of which it has not heard yet
        auto_offset_reset="none",
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        # aiokafka 0.14 cancels a task of its own and awaits it; one that has not begun yet answers with CancelledError,
        # which would look like ours. One turn of the loop lets it begin.
        await asyncio.sleep(0)
        await consumer.stop()


async def read_ranges(
    consumer: AIOKafkaConsumer, ranges: dict[TopicPartition, tuple[int, int]]
) -> AsyncIterator[tuple[TopicPartition, list[ConsumerRecord]]]:
    """The records of each partition's [start, end), in order within a partition.

    Ends when every end is reached. Offsets that the broker no longer has, or never had, raise
    aiokafka.errors.OffsetOutOfRangeError.
    """
    left = {tp: end for tp, (start, end) in ranges.items() if start < end}
    consumer.assign(list(left))
    for tp in left:
        consumer.seek(tp, ranges[tp][0])
    while left:
        for tp, records in (await consumer.getmany(timeout_ms=500)).items():
            wanted = [r for r in records if r.offset < left[tp]] if tp in left else []
            if wanted:
                yield tp, wanted
        for tp in [tp for tp, end in left.items()]:
            # The position passes compacted offsets and control batches, which never arrive as records.
            if await consumer.position(tp) >= left[tp]:
                del left[tp]
                if left:
                    consumer.pause(tp)


async def ends(consumer: AIOKafkaConsumer, tps: Iterable[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
    """(first offset, end) of each partition."""
    asked = list(tps)
    first = await consumer.beginning_offsets(asked)
    end = await consumer.end_offsets(asked)
    return {tp: (first[tp], end[tp]) for tp in asked}
