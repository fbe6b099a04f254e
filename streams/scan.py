"""Read a topic once, from its first record to what was its last when the reading began. For tools, not for writers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from functools import cache

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.partitioner import murmur2

from . import topics
from .kafka_io import ends, read_ranges, reader


@cache
def partitions(topic: str) -> int:
    """How many partitions the topic has: `topics.yaml` says so, and nothing starts on a broker that differs."""
    return topics.load()[topic].partitions


def partition_of(topic: str, key: bytes) -> int:
    """The partition of the topic that Kafka's own clients choose for a key (murmur2, as the Java client)."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions(topic)


async def end(kafka: str, topic: str, partition: int) -> int:
    """The offset that the partition's next record will get."""
    place = TopicPartition(topic, partition)
    async with reader(kafka) as consumer:
        return (await ends(consumer, [place]))[place][1]


async def scan(
    kafka: str, topic: str, only: Iterable[int] | None = None, since: int = 0
) -> AsyncIterator[ConsumerRecord]:
    """Every record of the topic, or of `only` some of its partitions, from offset `since`, in order within each one."""
    async with reader(kafka) as consumer:
        places = [TopicPartition(topic, p) for p in (range(partitions(topic)) if only is None else only)]
        ranges = {place: (max(first, since), end) for place, (first, end) in (await ends(consumer, places)).items()}
        async for _, records in read_ranges(consumer, ranges):
            for record in records:
                yield record
