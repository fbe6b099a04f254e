"""How far behind the readers are, from the admin client: also when all of them are down, which is when it matters.

Lag is the log's end minus what is done, summed over partitions. The group's committed offset is what Faust last told
the broker, up to two seconds ago; where the log itself says how far the inbox is decided, the larger of both counts
(a repeated letter or a wake-up with nothing due has no record). A partition nobody ever committed counts whole.

How old the oldest record is that waits is read from that record itself: a hundred records may be a moment or a morning.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import structlog
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError
from kafka.structs import TopicPartition

from . import metrics

GROUPS = {"paidan-desk": ("complaints", "city-events", "desk-inbox"), "paidan-tell": ("desk-log",)}
EVERY_S = 5.0
READ_WITHIN_S = 2.0
log = structlog.get_logger(__name__)
Decided = Callable[[], Mapping[tuple[str, int], int]]


class Waiting(NamedTuple):
    """What a group has not dealt with in a partition: the offsets from `done` to before `end`."""

    group: str
    tp: TopicPartition
    done: int
    end: int

    @property
    def records(self) -> int:
        """How many."""
        return max(0, self.end - self.done)


class Lag(threading.Thread):
    """Measures every EVERY_S seconds, on a thread of its own: kafka-python blocks. It says so when it cannot."""

    def __init__(self, kafka: str, decided: Decided) -> None:
        """`decided` gives, by (inbox, partition), the offset after the last one that has a record."""
        super().__init__(name="lag", daemon=True)
        self._kafka, self._decided = kafka, decided
        self._ended = threading.Event()

    def run(self) -> None:
        """The thread's work."""
        clients: tuple[KafkaAdminClient, KafkaConsumer] | None = None
        while not self._ended.is_set():
            try:
                clients = clients or self._connect()
                self._tell(*clients)
            except (
                KafkaError,
                OSError,
            ) as fault:  # `lag_measured` stands still; the broker's absence is alarmed elsewhere
                log.warning("lag not measured", fault=f"{type(fault).__name__}: {fault}")
            self._ended.wait(EVERY_S)
        for client in clients or ():
            client.close()

    def _connect(self) -> tuple[KafkaAdminClient, KafkaConsumer]:
        consumer = KafkaConsumer(
            bootstrap_servers=self._kafka, group_id=None, enable_auto_commit=False, max_partition_fetch_bytes=4096
        )
        return KafkaAdminClient(bootstrap_servers=self._kafka), consumer

    def _tell(self, admin: KafkaAdminClient, consumer: KafkaConsumer) -> None:
        found = waiting(admin, self._decided())
        ages = behind(consumer, found, time.time())
        for (group, topic), records in measured(found).items():
            metrics.consumer_lag.of(group, topic).set(records)
            metrics.consumer_behind.of(group, topic).set(ages.get((group, topic), 0.0))
        metrics.lag_measured.of().set(time.time())

    def end(self) -> None:
        """Stop measuring; returns when the thread has ended."""
        self._ended.set()
        self.join()


def measured(found: list[Waiting]) -> dict[tuple[str, str], int]:
    """Lag in records by (group, topic)."""
    lags: dict[tuple[str, str], int] = {}
    for one in found:
        lags[one.group, one.tp.topic] = lags.get((one.group, one.tp.topic), 0) + one.records
    return lags


def waiting(admin: KafkaAdminClient, decided: Mapping[tuple[str, int], int]) -> list[Waiting]:
    """What waits, of every group and partition. Raises KafkaError."""
    topics = sorted({t for of in GROUPS.values() for t in of})
    parts = {t["name"]: [p["partition_index"] for p in t["partitions"]] for t in admin.describe_topics(topics)}
    tps = [TopicPartition(t, p) for t in topics for p in parts.get(t, ())]
    ends = admin.list_partition_offsets(dict.fromkeys(tps, OffsetSpec.LATEST))
    found = []
    for group, names in GROUPS.items():
        committed = admin.list_group_offsets(group)[group]
        for tp in tps:
            if tp.topic in names:
                said = committed[tp].offset if tp in committed else 0
                done = max(said, decided.get((tp.topic, tp.partition), 0))
                found.append(Waiting(group, tp, done, ends[tp].offset))
    return found


def behind(consumer: KafkaConsumer, found: list[Waiting], now: float) -> dict[tuple[str, str], float]:
    """Age in seconds at `now` of the oldest record that waits, by (group, topic); one that is not read within
    READ_WITHIN_S is left out: the next measurement has it. Raises KafkaError."""
    left = {one.tp: one for one in found if one.records}
    ages: dict[tuple[str, str], float] = {}
    consumer.assign(list(left))
    consumer.resume(*left)  # one that was assigned before is still paused
    for tp, one in left.items():
        consumer.seek(tp, one.done)
    deadline = time.monotonic() + READ_WITHIN_S
    while left and time.monotonic() < deadline:
        for tp, records in consumer.poll(timeout_ms=200).items():
            if tp in left:
                one = left.pop(tp)
                key = one.group, tp.topic
                ages[key] = max(ages.get(key, 0.0), now - records[0].timestamp / 1000)
                consumer.pause(tp)
    return ages
