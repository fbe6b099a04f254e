"""The people on Kafka: they hear `case-events` and post to `desk-inbox` (`paidan people`).

At the start the whole of `case-events` is heard and nothing done: what counts is how each open case stands now. Then
the due acts are done, the oldest first. What was already posted before a restart is posted again under the same id,
which the desk knows. One heap of due acts, and the open cases: nothing else is kept.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import heapq
from collections.abc import Iterable

import msgspec
import structlog
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition

from dispatchers.city import City

from .. import stop, topics
from ..city_files import load, version
from ..clock import Clock
from ..kafka_io import ends, producer, read_ranges, reader
from ..settings import Settings
from .acts import Act
from .behaviour import Behaviour
from .heard import Heard, read_of
from .times import Closing

TOPIC = "case-events"
LOOK_EVERY_MS = 100  # at least so often the heap is looked at
log = structlog.get_logger(__name__)


class People:
    """All people of a city, with what they are about to do."""

    def __init__(self, behaviour: Behaviour, clock: Clock, sender: AIOKafkaProducer) -> None:
        self.behaviour, self.clock = behaviour, clock
        self._sender = sender
        self._desks = {d.id: d.partition for d in behaviour.city.pack.desks}
        self._acts: list[tuple[int, int, Act]] = []
        self._planned = 0

    def hear(self, records: Iterable[ConsumerRecord]) -> None:
        """Take the past in: nobody answers yet."""
        for record in records:
            self.behaviour.hear(_heard(record), self._at(record))

    def begin(self) -> None:
        """Plan what the open cases ask for."""
        for known in list(self.behaviour.open.values()):
            self._push(self.behaviour.plan(known))

    def react(self, records: Iterable[ConsumerRecord]) -> None:
        """Take news in, and plan."""
        for record in records:
            self._push(self.behaviour.react(_heard(record), self._at(record)))

    async def act(self) -> int:
        """Post what is due, and wait until the broker has it; the number of orders."""
        now = self.clock.now()
        sent = []
        while self._acts and self._acts[0][0] <= now:
            _, _, act = heapq.heappop(self._acts)
            if self.behaviour.wanted(act):
                value = msgspec.json.encode(act.order)
                key, partition = act.desk.encode(), self._desks[act.desk]
                sent.append(await self._sender.send("desk-inbox", value, key=key, partition=partition))
        await asyncio.gather(*sent)
        return len(sent)

    def _push(self, acts: list[Act]) -> None:
        for act in acts:
            self._planned += 1
            heapq.heappush(self._acts, (act.due, self._planned, act))

    def _at(self, record: ConsumerRecord) -> int:
        """When it happened, business ms: the CloudEvent's own time, else the broker's."""
        told = dict(record.headers).get("ce_time")
        if told is None:
            return self.clock.at(record.timestamp)
        return round(dt.datetime.fromisoformat(told.decode()).timestamp() * 1000)


def _heard(record: ConsumerRecord) -> Heard:
    source = dict(record.headers).get("ce_source", b"").decode()
    return read_of(source.removeprefix("/desks/"), record.value)


async def run(settings: Settings, seed: str) -> None:
    """Until SIGTERM or SIGINT. Any failure ends it: whoever restarts it loses nothing."""
    asked = stop.asked()
    pack = load(settings.city)
    closing = Closing.read(settings.city / "demo" / "closing.json")
    behaviour = Behaviour(seed, City(pack, version(pack)), closing)
    tps = [TopicPartition(TOPIC, p) for p in range(topics.load()[TOPIC].partitions)]
    async with producer(settings.kafka, linger_ms=5) as sender, reader(settings.kafka) as consumer:
        people = People(behaviour, Clock.read(settings.clock), sender)
        bounds = await ends(consumer, tps)
        async for _, records in read_ranges(consumer, bounds):
            people.hear(records)
        people.begin()
        log.info("people are there", open=len(behaviour.open))
        consumer.assign(tps)
        for tp, (_, end) in bounds.items():
            consumer.seek(tp, end)
        while not asked.is_set():
            for records in (await consumer.getmany(timeout_ms=LOOK_EVERY_MS)).values():
                people.react(records)
            await people.act()
