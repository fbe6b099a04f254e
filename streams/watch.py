"""Where the numbers of a run come from: the tail of `desk-log`, ends of topics, the board in Redis, `paidan targets`.

A looker-on: whatever of it is away (Redis, the exporter) leaves its number unknown and disturbs nothing.
"""

from __future__ import annotations

import asyncio
import time
import urllib.request
from collections import Counter
from contextlib import AsyncExitStack

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dispatchers.clock import text
from dispatchers.rows import CityPack

from . import board
from .clock import Clock
from .feed import TOPICS
from .kafka_io import ends, reader
from .scan import partitions
from .summary import DeskNumbers, Numbers, Rates, Tally, percent, percentile

log = structlog.get_logger(__name__)
DEAD_LETTERS = "dead-letters"
GROUP = "paidan-desk"


class _Row(msgspec.Struct):
    """What is read of a desk's row on the board."""

    open: int
    oldest_open: int | None = None


class Watch:
    """Follows a run. `numbers` is always ready to be asked."""

    def __init__(
        self, kafka: str, redis: str, targets_port: int, pack: CityPack, clock: Clock, since_wall: int
    ) -> None:
        self.tally = Tally(clock, since_wall)
        self.first_complaint: float | None = None  # time.monotonic of when it was seen
        self._kafka, self._redis, self._targets = kafka, redis, targets_port
        self._desks = [d.id for d in sorted(pack.desks, key=lambda d: d.partition)]
        self._logs = [TopicPartition("desk-log", d.partition) for d in pack.desks]
        self._offset_minutes = pack.facts.utc_offset_minutes
        self._clock = clock
        self._ends: dict[str, int] = {}
        self._begin: dict[str, int] = {}
        self._rows: dict[str, DeskNumbers] = {}
        self._official: dict[str, int] = {}
        self._run: Counter[str] = Counter()
        self._total: Counter[str] = Counter()
        self._rates = Rates()
        self._consumer: AIOKafkaConsumer | None = None
        self._board: Redis | None = None

    async def begin(self, stack: AsyncExitStack) -> None:
        """Connect, and note where the inboxes end; to be called before anything is fed."""
        consumer = await stack.enter_async_context(reader(self._kafka))
        self._consumer, self._board = consumer, await stack.enter_async_context(Redis.from_url(self._redis))
        self._begin = self._ends = await _ends(consumer)
        consumer.assign(self._logs)
        for tp, (first, _) in (await ends(consumer, self._logs)).items():
            consumer.seek(tp, first)

    async def run(self) -> None:
        """Follow until cancelled."""
        assert self._consumer
        await asyncio.gather(self._tail(self._consumer), self._ask())

    async def _tail(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    self.tally.take(tp.partition, record.offset, record.value, record.timestamp)
                await asyncio.sleep(0)  # a long log must not hold up the clock

    async def _ask(self) -> None:
        while True:
            try:
                await self.look()
            except KafkaError as fault:  # it is being started again
                log.warning("kafka does not answer", fault=f"{type(fault).__name__}: {fault}")
            await asyncio.sleep(1)

    async def look(self) -> None:
        """Ask everything that is asked and not followed. Raises KafkaError."""
        assert self._consumer
        assert self._board
        await self._ask_board(self._board)
        self._official = await asyncio.to_thread(self._ask_targets)
        # What was counted before it is asked how much was filed: never more registered than that.
        self._run, self._total = Counter(self.tally.run), Counter(self.tally.total)
        self._ends = await _ends(self._consumer)
        if self.first_complaint is None and self._filed() > 0:
            self.first_complaint = time.monotonic()

    async def _ask_board(self, redis: Redis) -> None:
        try:
            raw = await redis.mget([board.key(desk, "desk") for desk in self._desks])
        except (RedisError, OSError) as fault:
            log.warning("redis does not answer", fault=f"{type(fault).__name__}: {fault}")
            self._rows = {}
            return
        now = self._clock.now()
        rows = {d: msgspec.json.decode(r, type=_Row) for d, r in zip(self._desks, raw, strict=True) if r}
        self._rows = {
            desk: DeskNumbers(row.open, None if row.oldest_open is None else max(0, now - row.oldest_open) // 1000)
            for desk, row in rows.items()
        }

    def _ask_targets(self) -> dict[str, int]:
        """R1 of this year's closings, and the lag, from the exporter's /metrics; nothing if it is away."""
        found: Counter[str] = Counter()
        for sample in _metrics(self._targets):
            labels = sample.labels
            if sample.name == "paidan_target_cases" and (labels["stream"], labels["window"]) == ("all", "year"):
                found[labels["part"]] += int(sample.value)
            elif sample.name == "paidan_consumer_lag_records" and labels["group"] == GROUP:
                found["lag"] += int(sample.value)
        return dict(found)

    def _filed(self) -> int:
        return sum(self._ends.get(t, 0) - self._begin.get(t, 0) for t in TOPICS)

    def numbers(self, restarts: dict[str, int]) -> Numbers:
        """How things stand now."""
        run, now = self._run, time.monotonic()
        counts = {"filed": self._filed(), **{k: run[k] for k in ("registered", "assigned", "accepted", "closed")}}
        official = self._official
        num, den = official.get("num"), official.get("den")
        return Numbers(
            seconds=round(now - (self.first_complaint or now), 1),
            business=text(self._clock.now(), self._offset_minutes),
            **counts,
            in_total={"filed": sum(self._ends.get(t, 0) for t in TOPICS), **self._total},
            per_second=self._rates.of(now, counts),
            open=sum(d.open for d in self._rows.values()) if self._rows else None,
            desks=self._rows,
            offered_ms_p50=percentile(self.tally.latencies, 0.5),
            offered_ms_p99=percentile(self.tally.latencies, 0.99),
            dead_letters=self._ends.get(DEAD_LETTERS, 0),
            lag=official.get("lag"),
            r1_num=num,
            r1_den=den,
            r1_percent=percent(num, den),
            restarts=restarts,
        )


async def _ends(consumer: AIOKafkaConsumer) -> dict[str, int]:
    """How many messages the topics ever had."""
    asked = [TopicPartition(t, p) for t in (*TOPICS, DEAD_LETTERS) for p in range(partitions(t))]
    found: Counter[str] = Counter()
    for tp, end in (await consumer.end_offsets(asked)).items():
        found[tp.topic] += end
    return dict(found)


def _metrics(port: int) -> list[Sample]:
    """What a process of ours exports; nothing while it is away."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as answer:
            told = answer.read().decode()
    except OSError:
        return []  # it starts, or died and will be back; the numbers it gives are shown as unknown
    return [sample for family in text_string_to_metric_families(told) for sample in family.samples]


def total(port: int, name: str) -> float:
    """The sum of a metric over its labels; 0 while the process is away."""
    return sum(sample.value for sample in _metrics(port) if sample.name == name)
