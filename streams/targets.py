"""`paidan targets`: one exporter of the official numbers, folded from all desk logs (target_fold.py), and of the lag.

No Faust and no group. One process in a city, or the numbers are there twice.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import signal

import msgspec
import structlog
from aiokafka import ConsumerRecord

from dispatchers.clock import Calendar
from dispatchers.rows import CityPack
from dispatchers.targets import DeskIndicators, Indicators, ToldRecord

from . import declared, metrics
from .city_files import load
from .clock import Clock
from .indicator_gauges import IndicatorGauges
from .kafka_io import producer, reader
from .lag import Lag
from .reader import LOG
from .recovery import Stored, write_snapshot
from .settings import Settings
from .target_fold import KEPT, Folded, follow
from .target_gauges import Gauges

log = structlog.get_logger(__name__)


class Exporter(Folded):
    """Shows the fold in gauges."""

    def __init__(self, pack: CityPack, clock: Clock) -> None:
        super().__init__(pack, clock)
        self.indicators = Indicators(pack)
        self._gauges, self._beside = Gauges(pack), IndicatorGauges(pack)
        self._live = False
        metrics.replaying.of().set(1)

    def take(self, record: ConsumerRecord) -> ToldRecord | None:
        """Fold a record. What comes live is counted as traffic; the past is not traffic (domain.md §2.5 pitfall 6)."""
        told = super().take(record)
        if told:
            self.indicators.take(told)
            if self._live:
                _count(told)
        return told

    def _keep_more(self, name: str) -> bytes:
        return msgspec.msgpack.encode(self.indicators.desks.get(name))

    def _go_on_more(self, name: str, raw: msgspec.Raw) -> None:
        desk = msgspec.msgpack.decode(raw, type=DeskIndicators | None)
        if desk:
            self.indicators.restore(name, desk)

    def show(self) -> None:
        """Set all gauges. It is first done when everything that was there is folded."""
        now = self._clock.now()
        self._gauges.show(self.targets, now)
        self._beside.show(self.indicators, now)
        metrics.target_watermark.of().set(self.newest / 1000)
        metrics.replaying.of().set(0)
        self._live = True


def _count(told: ToldRecord) -> None:
    for event in told.events:
        if event.type == "CaseClosed" and event.countable:
            metrics.tasks_closed.of(event.tier or "none", event.stream, told.desk).inc()
        elif event.type == "CaseReopened" and event.countable:
            metrics.tasks_retracted.of(event.stream, told.desk).inc()


async def _run(settings: Settings) -> None:
    await declared.require(settings.kafka, "targets")
    pack = load(settings.city)
    metrics.DESKS.declare(d.id for d in pack.desks)
    zone = dt.timezone(dt.timedelta(minutes=pack.facts.utc_offset_minutes))
    unknown = Calendar(pack.calendar, pack.facts.duty_hours, pack.facts.utc_offset_minutes).first_unknown
    metrics.calendar_unknown.of().set(dt.datetime.combine(unknown, dt.time(), zone).timestamp())
    exporter = Exporter(pack, Clock.read(settings.clock))
    metrics.serve("targets", settings.metrics_port)
    lag = Lag(settings.kafka, lambda: dict(exporter.decided))
    lag.start()
    sender = producer(settings.kafka)
    await sender.start()

    async def keep(partition: int, stored: Stored) -> None:
        await write_snapshot(sender, LOG, partition, stored, KEPT)

    try:
        async with reader(settings.kafka) as consumer:
            work = asyncio.create_task(follow(consumer, exporter, [d.partition for d in pack.desks], keep))
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, work.cancel)
            await work
    except asyncio.CancelledError:
        log.info("ended")
    finally:
        lag.end()
        await sender.stop()


def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Raises what ended it otherwise: a damaged log, a broker that is not there."""
    asyncio.run(_run(settings))
