"""Read a topic once, from its first record to what was its last when the reading began. For tools, not for writers.

No group and no commits: nothing is remembered, so two readers never disturb each other. `isolation_level` stays
read_uncommitted, because nothing here writes in transactions (streaming.md §0).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.partitioner import murmur2

MOST = 4_194_304  # bytes asked of one partition at once: the largest message of any topic that is scanned


def partition_of(key: bytes, count: int) -> int:
    """The partition that Kafka's own clients choose for a key (murmur2, as the Java client)."""
    return (murmur2(key) & 0x7FFFFFFF) % count


async def partitions(bootstrap: str, topic: str) -> int:
    """How many partitions the topic has."""
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap) as consumer:
        return len(consumer.partitions_for_topic(topic))


async def end(bootstrap: str, topic: str, partition: int) -> int:
    """The offset that the partition's next record will get."""
    place = TopicPartition(topic, partition)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        return (await consumer.end_offsets([place]))[place]


async def scan(
    bootstrap: str, topic: str, only: Iterable[int] | None = None, since: int = 0
) -> AsyncIterator[ConsumerRecord]:
    """Every record of the topic, or of `only` some of its partitions, from offset `since`, in order within each one."""
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=MOST
    ) as consumer:
        wanted = consumer.partitions_for_topic(topic) if only is None else only
        places = [TopicPartition(topic, p) for p in wanted]
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        left = {p for p in places if max(begins[p], since) < ends[p]}
        consumer.unsubscribe()  # subscribing was for the list of partitions
        consumer.assign(sorted(left))
        for place in left:
            consumer.seek(place, max(begins[place], since))
        while left:
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    if record.offset < ends[place]:
                        yield record
            # By position, not by the last record: compaction may have taken that one away.
            left = {p for p in left if await consumer.position(p) < ends[p]}
