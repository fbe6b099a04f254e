"""`paidan notify`: the parts, joined. One process in a city: two would each send, under the same ids.

It decides nothing. Killed at any moment it loses nothing: what the log does not say was sent is sent, perhaps again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

import msgspec
import structlog
from aiohttp import ClientSession
from aiokafka import AIOKafkaProducer

from dispatchers.city import City
from dispatchers.messages import ReportPush
from dispatchers.state import Desk

from .. import declared, metrics, stop
from ..cities import Cities
from ..city_files import load
from ..clock import Clock, wall_ms
from ..gateway.accounts import Accounts
from ..kafka_io import producer
from ..outgoing import outgoing
from ..settings import Settings
from ..views import squads_of
from ..whiteboard import connect
from . import channels
from .bounds import Bounded
from .nodes import Nodes
from .offers import Offer, Offers
from .push import Pusher, Way
from .webpush import Subscription, Subscriptions

INBOX = "desk-inbox"
SHOW_EVERY_S = 1.0
log = structlog.get_logger(__name__)


class Notify:
    """The process."""

    def __init__(
        self, kafka: str, cities: Cities, ways: dict[str, Way], nodes: Nodes, sender: AIOKafkaProducer, clock: Clock
    ) -> None:
        self._sender, self._clock, self.nodes = sender, clock, nodes
        self.offers = Offers(kafka, cities, self._begin)
        self._pusher = Pusher(ways, clock, self._world, nodes.silent, self._tell)
        self._tasks = asyncio.TaskGroup()

    async def run(self) -> None:
        """Until cancelled. Raises what ends it otherwise: a log that is damaged, a broker that is away."""
        await self.offers.begin()
        async with self._tasks as tasks:
            await self.nodes.look()
            self.offers.passed()
            self.show()
            log.info("offers are taken further", open=len(self.offers))
            tasks.create_task(self.offers.follow())
            tasks.create_task(self.nodes.watch(self._stir))
            tasks.create_task(self._show())

    def _begin(self, offer: Offer) -> None:
        self._tasks.create_task(self._pusher.push(offer))

    def _stir(self) -> None:
        """Whoever waits for a terminal that is silent now, waits no longer."""
        for offer in self.offers:
            if self.nodes.silent(offer.assignment.squad):
                offer.stir()

    async def _world(self, desk: str) -> tuple[Desk, City]:
        state = self.offers.desk(desk)
        await self.offers.cities.require(state.city)
        return state, self.offers.city(desk)

    async def _tell(self, desk: str, told: ReportPush) -> None:
        """Written when this returns. Raises KafkaError: then nobody knows, and the next process says it again."""
        partition = self.offers.partitions[desk]
        await self._sender.send_and_wait(INBOX, msgspec.json.encode(told), key=desk.encode(), partition=partition)

    def show(self) -> None:
        """Tell the metrics."""
        oldest = min((offer.assignment.offered_at for offer in self.offers), default=0)
        metrics.notify_pending.of().set(len(self.offers))
        metrics.notify_oldest.of().set(max(0, self._clock.now() - oldest) / 1000 if oldest else 0)

    async def _show(self) -> None:
        while True:
            await asyncio.sleep(SHOW_EVERY_S)
            self.show()


def devices(accounts: Accounts, squad: str, officers: tuple[str, ...]) -> Iterator[Subscription]:
    """Where the devices of these officers of a squad are woken."""
    for account in accounts.all():
        if account.push and not account.disabled and account.squad == squad and account.officer in officers:
            yield Subscription(account.push.endpoint, account.push.p256dh, account.push.auth)


def open_ways(
    known: Mapping[str, channels.Channel], session: ClientSession, subscriptions: Subscriptions, city: City
) -> dict[str, Way]:
    """The channels of a file, each within its limits; a provider's day is the city's."""
    ways = {}
    for name, notifier in channels.open_channels(known, session, subscriptions).items():
        given = known[name].given
        bounded = Bounded(notifier, lambda: city.calendar.day(wall_ms()))
        ways[name] = Way(bounded, given.retry_first_s, given.retry_most_s)
    return ways


async def _run(settings: Settings) -> None:
    known = channels.read(settings.channels, os.environ)
    await declared.require(settings.kafka, "notify")
    pack = load(settings.city, drawn=False)
    metrics.DESKS.declare(desk.id for desk in pack.desks)
    metrics.serve("notify", settings.metrics_port)
    asked = stop.asked()
    # Names are looked up, and MQTT connects, in threads: a server that is not found must not hold up the others'.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(16))
    async with AsyncExitStack() as stack:
        cities, clock = Cities(settings.kafka, pack), Clock.read(settings.clock)
        city = cities.configured.city
        missing = sorted({step.channel for steps in city.channels.values() for step in steps} - set(known))
        if missing:
            log.info("channels of the city pack without an address here are passed over", channels=missing)
        sender = producer(settings.kafka, linger_ms=2)
        await sender.start()
        stack.push_async_callback(sender.stop)
        accounts = Accounts(settings.kafka, sender)
        await accounts.start()
        stack.push_async_callback(accounts.stop)
        redis = connect(settings.redis) if settings.redis else None
        if redis:
            stack.push_async_callback(redis.aclose)
        session = await stack.enter_async_context(outgoing())
        ways = open_ways(known, session, lambda squad, whom: devices(accounts, squad, whom), city)
        squads = {desk.id: squads_of(desk.id, city) for desk in pack.desks}
        nodes = Nodes(redis, squads, city.node_silence_ms)
        work = asyncio.create_task(Notify(settings.kafka, cities, ways, nodes, sender, clock).run())
        ending = asyncio.create_task(asked.wait())
        await asyncio.wait([work, ending], return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if work.done():
            work.result()
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    log.info("ended")


def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Raises channels.ChannelsError, and what ended it otherwise."""
    asyncio.run(_run(settings))
