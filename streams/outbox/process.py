"""`paidan replies`: posts to each source that has a webhook what it is owed, and writes down what became of it.

One process in a city. Killed at any moment it loses nothing: what is not written as acknowledged or dead is pending,
and posted, perhaps once more, by the next one. Two side by side would post each reply twice, under the same id.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
import structlog
from aiokafka import AIOKafkaProducer, TopicPartition

from .. import declared, metrics, scan, stop
from ..clock import Clock
from ..kafka_io import ends, producer, read_ranges, reader
from ..replies import TOPIC as REPLIES
from ..settings import Settings
from . import sources
from .account import Delivery, total
from .book import Place
from .lane import Lane
from .ledger import DELIVERIES, Ledgers, Seen, read_delivery, read_reply
from .post import Poster, poster

SHOW_EVERY_S = 2.0
TIDY_EVERY_S = 24 * 3600.0
FIRST_TIDY_S = 600.0
log = structlog.get_logger(__name__)


class Outbox:
    """The parts, joined."""

    def __init__(
        self, kafka: str, known: dict[str, sources.Source], sender: AIOKafkaProducer, post: Poster, clock: Clock
    ) -> None:
        self._kafka, self._sender, self._clock = kafka, sender, clock
        self.ledgers = Ledgers(kafka, sources.webhooks(known), self._changed)
        self._lanes = {
            name: Lane(source, self.ledgers.book, self.load, post.post, self.settle) for name, source in known.items()
        }

    async def run(self) -> None:
        """Until cancelled. Raises what ends it otherwise."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.ledgers.run())
            await self.ledgers.ready.wait()
            self.show()
            log.info("replies are delivered", sources=len(self._lanes), pending=total(self.ledgers.ledgers()).pending)
            for lane in self._lanes.values():
                tasks.create_task(lane.run())
            tasks.create_task(self._show())
            tasks.create_task(self._tidy())

    def _changed(self, seen: Seen | None, source: str) -> None:
        lane = self._lanes.get(source)
        if lane:
            lane.changed(seen)

    async def load(self, places: Sequence[Place]) -> list[Seen]:
        """These replies, those of a partition in their order; what the topic holds no more is left out."""
        wanted = set(places)
        found: dict[Place, Seen] = {}
        async with reader(self._kafka) as consumer:
            bounds = await ends(consumer, {TopicPartition(REPLIES, p) for p, _ in places})
            ranges = {}
            for tp, (first, end) in bounds.items():
                self.ledgers.book.forget(tp.partition, first)
                mine = [offset for p, offset in places if p == tp.partition and first <= offset < end]
                if mine:
                    ranges[tp] = min(mine), max(mine) + 1
            async for tp, records in read_ranges(consumer, ranges):
                for record in records:
                    place = tp.partition, record.offset
                    reply = read_reply(record) if place in wanted else None
                    if reply:
                        found[place] = Seen(place, reply, record.value)
        return [found[place] for place in places if place in found]

    async def settle(self, delivery: Delivery) -> None:
        """Write what became of a reply; when this returns all copies have it, and the book knows."""
        await write(self._sender, delivery)
        self.ledgers.book.delivery(delivery)

    def show(self) -> None:
        """Tell the metrics."""
        accounts = total(self.ledgers.ledgers())
        for state in ("acknowledged", "pending", "dead"):
            metrics.replies.of(state).set(getattr(accounts, state))
        metrics.replies.of("by_topic").set(sum(self.ledgers.by_topic().values()))
        oldest = accounts.oldest_pending_at
        metrics.replies_oldest.of().set(max(0, self._clock.now() - oldest) / 1000 if oldest else 0)

    async def _show(self) -> None:
        while True:
            await asyncio.sleep(SHOW_EVERY_S)
            self.show()

    async def _tidy(self) -> None:
        await asyncio.sleep(FIRST_TIDY_S)
        while True:
            await self.tidy()
            await asyncio.sleep(TIDY_EVERY_S)

    async def tidy(self) -> int:
        """Delete what became of replies that their topic holds no more; how many it were."""
        gone: set[tuple[int, bytes]] = set()
        async for record in scan.scan(self._kafka, DELIVERIES):
            told = read_delivery(record)
            if told and not self.ledgers.book.knows(told):
                gone.add((record.partition, record.key))
            else:
                gone.discard((record.partition, record.key))  # deleted already
        for partition, key in gone:
            await self._sender.send_and_wait(DELIVERIES, None, key, partition)
        return len(gone)


async def write(sender: AIOKafkaProducer, delivery: Delivery) -> None:
    """A record of `deliveries`, acknowledged when this returns."""
    await sender.send_and_wait(DELIVERIES, msgspec.json.encode(delivery), key=delivery.id.encode())


async def _run(settings: Settings) -> None:
    known = sources.read(settings.sources, os.environ)
    await declared.require(settings.kafka, "replies")
    metrics.serve("replies", settings.metrics_port)
    asked = stop.asked()
    # Names are looked up in threads: a server whose name is not found for half a minute must not hold up the others'.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(len(known) + 8))
    sender = producer(settings.kafka, linger_ms=2)
    await sender.start()
    try:
        async with poster() as post:
            outbox = Outbox(settings.kafka, known, sender, post, Clock.read(settings.clock))
            work = asyncio.create_task(outbox.run())
            ending = asyncio.create_task(asked.wait())
            await asyncio.wait([work, ending], return_when=asyncio.FIRST_COMPLETED)
            ending.cancel()
            if work.done():
                work.result()
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
    finally:
        await sender.stop()
    log.info("ended")


def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Raises sources.SourcesError, and what ended it otherwise."""
    asyncio.run(_run(settings))
