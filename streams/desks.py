"""All desks as the log has them at this moment, for a process that must know more than a view tells.

    desk-log ─▶ one fold per desk (reader.Fold): snapshot and tail, then what comes

Nothing here is kept: a restart folds again. Price: each such process holds the desks' states (a few kilobytes an open
case). The gateway's is gateway/live.py, that of `paidan notify` notify/offers.py.
"""

from __future__ import annotations

import asyncio
import time

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from dispatchers.city import City
from dispatchers.record import Record
from dispatchers.state import Desk
from dispatchers.writer import DESK

from .cities import Cities
from .kafka_io import reader
from .reader import LOG, Fold
from .recovery import Wanted, recover_all

FETCH_MS = 200
LOOK_EVERY_S = 1.0  # how often it is made sure that there is nothing newer in the log
SILENCE_S = 3.0  # a broker that does not answer within this is not there
log = structlog.get_logger(__name__)


class Desks:
    """All desks, followed. Who needs more than the states overrides `joined` and `took`."""

    def __init__(self, kafka: str, cities: Cities) -> None:
        self._kafka, self.cities = kafka, cities
        self.partitions = {d.id: d.partition for d in cities.configured.city.pack.desks}
        self.folds: dict[str, Fold] = {}
        self._by_partition: dict[int, Fold] = {}
        self._current = 0.0  # when it was last known that there is nothing newer

    def joined(self, name: str, fold: Fold) -> None:
        """A desk is folded up to now, and will be followed."""

    def took(self, record: Record) -> None:
        """A record came, and is folded."""

    def passed(self) -> None:
        """All that was fetched together is folded."""

    @property
    def behind_ms(self) -> int:
        """How old what is known may be at most."""
        return int((time.monotonic() - self._current) * 1000) if self._current else -1

    def desk(self, desk: str) -> Desk:
        """The state of a desk. KeyError: there is no such desk."""
        return self.folds[desk].desk

    def city(self, desk: str) -> City:
        """The city as the desk knows it; its version must be at hand (`cities.require`)."""
        return self.cities.of(self.desk(desk).city).city

    async def begin(self) -> None:
        """Fold all desks up to now. Raises LogDamagedError, KafkaError, UnknownCityError."""
        wanted = [Wanted(LOG, partition, desk, DESK) for desk, partition in self.partitions.items()]
        writers = await recover_all(self._kafka, wanted)
        for one in wanted:
            fold = Fold(writers[one.tp], one.partition)
            self.folds[one.name] = self._by_partition[one.partition] = fold
            self.joined(one.name, fold)
        for version in {fold.desk.city for fold in self.folds.values()}:
            await self.cities.require(version)
        log.info("desks folded", desks=len(self.folds), open=sum(len(f.desk.cases) for f in self.folds.values()))

    async def follow(self) -> None:
        """Fold what comes, for ever."""
        tps = [TopicPartition(LOG, p) for p in self._by_partition]
        async with reader(self._kafka) as consumer:
            consumer.assign(tps)
            for tp in tps:
                consumer.seek(tp, self._by_partition[tp.partition].chain.next)
            looking = asyncio.create_task(self._look(consumer, tps))
            try:
                while True:
                    fetched = await consumer.getmany(timeout_ms=FETCH_MS)
                    for tp, records in fetched.items():
                        for stored in records:
                            record = self._by_partition[tp.partition].take(stored.offset, stored.value)
                            if record is not None:
                                self.took(record)
                    if fetched:
                        self.passed()
                    if looking.done():
                        looking.result()
            finally:
                looking.cancel()

    async def _look(self, consumer: AIOKafkaConsumer, tps: list[TopicPartition]) -> None:
        """Make sure, again and again, that there is nothing newer: silence may be a quiet night or a dead broker."""
        while True:
            asked = time.monotonic()
            try:
                ends = await asyncio.wait_for(consumer.end_offsets(tps), SILENCE_S)
                if all(ends[tp] <= self._by_partition[tp.partition].chain.next for tp in tps):
                    self._current = asked
            except (KafkaError, TimeoutError) as fault:
                log.warning("the broker does not answer", fault=f"{type(fault).__name__}: {fault}")
            await asyncio.sleep(LOOK_EVERY_S)
