"""`paidan targets`: one exporter of the official numbers, folded from all desk logs from their start, and of the lag.

No Faust, no group, no stored position: a restart reads all of it again and comes to the same numbers (about ten seconds
for a million records, of which only a few fields are decoded). One process in a city, or the numbers are there twice.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import signal
import time
from collections.abc import Iterable

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from dispatchers.clock import Calendar
from dispatchers.record import Head
from dispatchers.rows import CityPack
from dispatchers.targets import Tasks, decode_told

from . import metrics
from .city_files import load
from .clock import Clock
from .kafka_io import reader
from .reader import LOG, Chain
from .settings import Settings
from .target_gauges import Gauges

SHOW_EVERY_S = 1.0
ROUND_S = 0.25  # between two fetches of live records: nobody needs the numbers sooner, and it is the fetch that costs
log = structlog.get_logger(__name__)


class Folded:
    """The fold of all desk logs, for whoever shows something of it."""

    def __init__(self, pack: CityPack, clock: Clock) -> None:
        self.targets, self._clock, self._pack = Tasks(pack), clock, pack
        self._chains: dict[int, Chain] = {}
        self.decided: dict[tuple[str, int], int] = {}
        self.newest = 0

    def take(self, record: ConsumerRecord) -> None:
        """Fold a stored record, if it is valid. Raises LogDamagedError, msgspec.DecodeError."""
        chain = self._chains.get(record.partition)
        if chain is None:
            chain = self._chains[record.partition] = Chain(LOG, record.partition, Head(writer=""))
        raw = record.value
        if not chain.valid(record.offset, raw):
            return
        chain.head.passed(record.offset, raw)
        told = decode_told(raw)
        self.decided["desk-inbox", record.partition] = told.inbox_offset + 1
        self.newest = max(self.newest, told.at)
        self.targets.take(told)

    def show(self) -> None:
        """Show it as of now: at midnight "today" begins anew without an event."""
        raise NotImplementedError


class Exporter(Folded):
    """Shows it in gauges."""

    def __init__(self, pack: CityPack, clock: Clock) -> None:
        super().__init__(pack, clock)
        self._gauges = Gauges(pack)

    def show(self) -> None:
        """Set all gauges."""
        self._gauges.show(self.targets, self._clock.now())
        metrics.target_watermark.of().set(self.newest / 1000)


async def follow(consumer: AIOKafkaConsumer, exporter: Folded, used: Iterable[int]) -> None:
    """Fold what there is and what comes in the `used` partitions, until cancelled.

    The gauges are set once everything there was is folded.
    """
    tps = [TopicPartition(LOG, p) for p in used]
    consumer.assign(tps)
    await consumer.seek_to_beginning(*tps)
    left = {tp: end for tp, end in (await consumer.end_offsets(tps)).items() if end}
    shown = 0.0
    while True:
        for records in (await consumer.getmany(timeout_ms=int(SHOW_EVERY_S * 1000))).values():
            for record in records:
                exporter.take(record)
        left = {tp: end for tp, end in left.items() if await consumer.position(tp) < end}
        if not left and time.monotonic() - shown >= SHOW_EVERY_S:
            exporter.show()
            shown = time.monotonic()
        if not left:
            await asyncio.sleep(ROUND_S)


async def _run(settings: Settings) -> None:
    pack = load(settings.city)
    metrics.DESKS.declare(d.id for d in pack.desks)
    zone = dt.timezone(dt.timedelta(minutes=pack.facts.utc_offset_minutes))
    unknown = Calendar(pack.calendar, pack.facts.duty_hours, pack.facts.utc_offset_minutes).first_unknown
    metrics.calendar_unknown.of().set(dt.datetime.combine(unknown, dt.time(), zone).timestamp())
    exporter = Exporter(pack, Clock.read(settings.clock))
    metrics.serve("targets", settings.metrics_port)
    from .lag import Lag  # here: the gateway folds the numbers too, and measures no lag

    lag = Lag(settings.kafka, lambda: dict(exporter.decided))
    lag.start()
    try:
        async with reader(settings.kafka) as consumer:
            work = asyncio.create_task(follow(consumer, exporter, [d.partition for d in pack.desks]))
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, work.cancel)
            await work
    except asyncio.CancelledError:
        log.info("ended")
    finally:
        lag.end()


def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Raises what ended it otherwise: a damaged log, a broker that is not there."""
    asyncio.run(_run(settings))
