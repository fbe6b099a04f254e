"""How far behind the readers are, from the admin client: also when all of them are down, which is when it matters.

Lag is the log's end minus what is done, summed over partitions. The group's committed offset is what Faust last told
the broker, up to half a second ago; where the log itself says how far the inbox is decided, the larger of both counts
(a repeated letter or a wake-up with nothing due has no record). A partition nobody ever committed counts whole.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import structlog
from kafka import KafkaAdminClient
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError
from kafka.structs import TopicPartition

from . import metrics

GROUPS = {"paidan-desk": ("complaints", "city-events", "desk-inbox"), "paidan-tell": ("desk-log",)}
EVERY_S = 5.0
log = structlog.get_logger(__name__)
Decided = Callable[[], Mapping[tuple[str, int], int]]


class Lag(threading.Thread):
    """Measures every EVERY_S seconds, on a thread of its own: kafka-python blocks. It says so when it cannot."""

    def __init__(self, kafka: str, decided: Decided) -> None:
        """`decided` gives, by (inbox, partition), the offset after the last one that has a record."""
        super().__init__(name="lag", daemon=True)
        self._kafka, self._decided = kafka, decided
        self._ended = threading.Event()

    def run(self) -> None:
        """The thread's work."""
        admin: KafkaAdminClient | None = None
        while not self._ended.is_set():
            try:
                admin = admin or KafkaAdminClient(bootstrap_servers=self._kafka)
                for (group, topic), records in measure(admin, self._decided()).items():
                    metrics.consumer_lag.of(group, topic).set(records)
                metrics.lag_measured.of().set(time.time())
            except (
                KafkaError,
                OSError,
            ) as fault:  # `lag_measured` stands still; the broker's absence is alarmed elsewhere
                log.warning("lag not measured", fault=f"{type(fault).__name__}: {fault}")
            self._ended.wait(EVERY_S)
        if admin:
            admin.close()

    def end(self) -> None:
        """Stop measuring; returns when the thread has ended."""
        self._ended.set()
        self.join()


def measure(admin: KafkaAdminClient, decided: Mapping[tuple[str, int], int]) -> dict[tuple[str, str], int]:
    """Lag in records by (group, topic). Raises KafkaError."""
    topics = sorted({t for of in GROUPS.values() for t in of})
    parts = {t["name"]: [p["partition_index"] for p in t["partitions"]] for t in admin.describe_topics(topics)}
    tps = [TopicPartition(t, p) for t in topics for p in parts.get(t, ())]
    ends = admin.list_partition_offsets(dict.fromkeys(tps, OffsetSpec.LATEST))
    lags: dict[tuple[str, str], int] = {}
    for group, names in GROUPS.items():
        committed = admin.list_group_offsets(group)[group]
        for tp in tps:
            if tp.topic in names:
                said = committed[tp].offset if tp in committed else 0
                done = max(said, decided.get((tp.topic, tp.partition), 0))
                lags[group, tp.topic] = lags.get((group, tp.topic), 0) + max(0, ends[tp].offset - done)
    return lags
