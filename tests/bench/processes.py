"""Processes that are measured: how much CPU and memory they took, as the kernel counts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams import topics
from tests.support_kafka import Child, Run

LIMIT_S = 300.0


def cpu(child: Child) -> float:
    """CPU-seconds of the process so far."""
    assert child.alive, f"{child.name} ended: {child.said()}"
    assert child.process
    times = psutil.Process(child.process.pid).cpu_times()
    return float(times.user + times.system)


def resident(child: Child) -> float:
    """Megabytes of memory that the process has to itself and shared."""
    assert child.process
    return float(psutil.Process(child.process.pid).memory_info().rss) / 1e6


def child(run: Run, name: str, code: str) -> Child:
    """A process of the bench's own."""
    return Child(name, code, run.data / f"{name}.log")


@asynccontextmanager
async def counter(kafka: str, topic: str) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """How many records lie in a topic, asked as often as one likes."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    tps = [TopicPartition(topic, p) for p in range(topics.load()[topic].partitions)]

    async def count() -> int:
        return sum((await consumer.end_offsets(tps)).values())

    try:
        yield count
    finally:
        await asyncio.sleep(0)  # streams/kafka_io.py says why
        await consumer.stop()


async def until(true: Callable[[], Awaitable[bool]], what: str, every: float = 0.05) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + LIMIT_S
    while not await true():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        await asyncio.sleep(every)


async def fill(kafka: str, messages: Iterable[tuple[str, int | None, bytes | None, bytes]]) -> int:
    """Append (topic, partition, key, value) as fast as may be; how many."""
    count = 0
    async with AIOKafkaProducer(
        bootstrap_servers=kafka, acks="all", linger_ms=20, max_batch_size=1 << 19, max_request_size=1 << 24
    ) as producer:
        sent = []
        for topic, partition, key, value in messages:
            sent.append(await producer.send(topic, value, key=key, partition=partition))
            count += 1
            if len(sent) >= 5_000:
                await asyncio.gather(*sent)
                sent = []
        await asyncio.gather(*sent)
    return count


async def drained(run: Run, make: Callable[[], Child], log: str, backlog: Callable[[], Awaitable[int]]) -> float:
    """CPU-seconds per message of a process that works off a backlog, until `log` has a record for each.

    What it needs to start is measured apart, with nothing to do, and taken off.
    """
    idle = make()
    idle.start()
    await idle.ready("partitions taken")
    start = cpu(idle)
    await idle.stop()
    count = await backlog()
    busy = make()
    async with counter(run.kafka, log) as records:

        async def done() -> bool:
            assert busy.alive, f"{busy.name} ended: {busy.said()}"
            return await records() >= count

        try:
            busy.start()
            await until(done, f"{busy.name} did not finish: {busy.said()}")
            spent = cpu(busy) - start
        finally:
            busy.kill()
    return spent / count
