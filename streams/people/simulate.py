"""All people of a city as clients of the gateway, and with `--rate` its load (`paidan simulate`).

    case-events (public) ─▶ behaviour ─▶ acts, each at its time ─▶ POST /api/orders under the account of who acts
    /api/squad/stream    ─▶ devices   ─▶ what each squad may know of; ReceiveOffer at once

1. Squads learn what is theirs from their devices alone: an act about an assignment or request of which no device of the
   squad was told waits until one is. Of everything else (their own reports, what a desk, a unit or a checker waits
   for) people read the public topic `case-events`, as a subscriber may. The console's stream would not do: it has
   rows, and people need the event's reasons.
2. An order goes on until it has an answer (client.py). Its id is derived, so that what was sent before a restart is
   sent again as the same order.
3. At the start the whole of `case-events` is heard and nothing done: what counts is how each open case stands now.

Kafka is asked for two things: the accounts of these people are written there once (accounts.py), and `case-events` is
read.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import heapq
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec
import structlog
import uvloop
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from dispatchers import messages as m
from dispatchers.city import City
from dispatchers.clock import SECOND

from .. import stop, topics
from ..city_files import load, version
from ..clock import Clock
from ..kafka_io import ends, read_ranges, reader
from ..settings import Settings
from .accounts import SOURCE_ACCOUNT, Names, device_of, ready
from .acts import Act
from .behaviour import OFFLINE, Behaviour
from .client import Gateway, session
from .device import Device, Told
from .figures import Figures
from .heard import Heard, read_of
from .load import DEMO, Load, records
from .times import Closing

TOPIC = "case-events"
LOOK_EVERY_MS = 100  # at least so often the heap is looked at
SETTLE_S = 3.0  # for what was filed last to be heard of
LONGEST_OFFLINE = 600 * SECOND
OURS = ("message_id", "actor", "simulated")  # what the gateway says of an order
log = structlog.get_logger(__name__)


class Plan(NamedTuple):
    """What the person asked for."""

    url: str
    seed: str = "jiaxing"
    rate: float = 0.0  # complaints a second
    squads: int | None = None  # how many have devices; None: all
    seconds: float | None = None


def url_of(settings: Settings) -> str:
    """Of the gateway that these settings are of, seen from its own machine."""
    host = settings.http_host
    if host == "0.0.0.0":  # noqa: S104 - asked, not bound
        host = "127.0.0.1"
    return f"http://{host}:{settings.http_port}"


class People:
    """All people of a city, with what they are about to do."""

    def __init__(self, behaviour: Behaviour, clock: Clock, gateway: Gateway, figures: Figures) -> None:
        self.behaviour, self._clock, self._gateway, self._figures = behaviour, clock, gateway, figures
        self._names = Names(behaviour.city)
        self._acts: list[tuple[int, int, Act]] = []
        self._planned = 0
        self._told: dict[str, set[str]] = {}  # case -> assignments and requests of which a squad was told
        self._held: dict[str, list[Act]] = {}  # case -> acts of a squad that was not told yet
        self._group: asyncio.TaskGroup | None = None

    # -- what they hear ------------------------------------------------------------------------------------------------

    def hear(self, records: Iterable[ConsumerRecord]) -> None:
        """Take the past in: nobody answers yet."""
        for record in records:
            self.behaviour.hear(_heard(record), self._at(record))

    def begin(self, group: asyncio.TaskGroup) -> None:
        """Plan what the open cases ask for; orders are given in the group."""
        self._group = group
        for known in list(self.behaviour.open.values()):
            self._plan(self.behaviour.plan(known))

    def react(self, records: Iterable[ConsumerRecord]) -> None:
        """Take news in, and plan."""
        for record in records:
            heard = _heard(record)
            self._plan(self.behaviour.react(heard, self._at(record)))
            if heard.case_id not in self.behaviour.open:
                self._told.pop(heard.case_id, None)
                self._held.pop(heard.case_id, None)

    def told(self, device: Device, told: Told) -> None:
        """A device was told of something. Of a squad's two the first one answers."""
        known = self._told.setdefault(told.case_id, set())
        if told.about in known:
            return
        known.add(told.about)
        if told.offer:
            self._figures.offered(told.case_id, told.about, first=told.first)
            self._receive(device, told)
        self._push(self._held.pop(told.case_id, []))

    def _receive(self, device: Device, told: Told) -> None:
        """By the device itself: at once, or when the phone has a network again."""
        order: Any = m.ReceiveOffer(
            message_id=f"sim/{told.about}/ReceiveOffer",
            actor=m.Actor(device.squad.id, "squad", device.squad.id),
            case_id=told.case_id,
            assignment_id=told.about,
        )
        act = Act(self._clock.now(), device.squad.desk, told.case_id, 0, order, again=True)
        chance = self.behaviour.chance
        if chance.happens(OFFLINE, told.about, "offline"):
            act = act._replace(due=act.due + round(chance.between(0, LONGEST_OFFLINE, told.about, "network")))
            self._push([act])
        else:
            self._give(act, device.account)

    def _plan(self, acts: list[Act]) -> None:
        self._push([act for act in acts if not isinstance(act.order, m.ReceiveOffer)])  # that is the device's to say

    def _push(self, acts: list[Act]) -> None:
        for act in acts:
            self._planned += 1
            heapq.heappush(self._acts, (act.due, self._planned, act))

    # -- what they do --------------------------------------------------------------------------------------------------

    def act(self) -> None:
        """Send what is due; what a squad was not told of waits for its device."""
        now = self._clock.now()
        while self._acts and self._acts[0][0] <= now:
            _, _, act = heapq.heappop(self._acts)
            if not self.behaviour.wanted(act):
                continue
            if act.order.actor.squad and _about(act.order) not in self._told.get(act.case_id, ()):
                self._held.setdefault(act.case_id, []).append(act)
            else:
                self._give(act, self._names.of(act.order.actor))

    def _give(self, act: Act, account: str) -> None:
        assert self._group, "orders are given while the simulation runs"
        body = {k: v for k, v in msgspec.to_builtins(act.order).items() if k not in OURS and v is not None}
        self._group.create_task(self._gateway.order(account, act.order.message_id, body))

    def _at(self, record: ConsumerRecord) -> int:
        """When it happened, business ms: the CloudEvent's own time, else the broker's."""
        told = dict(record.headers).get("ce_time")
        if told is None:
            return self._clock.at(record.timestamp)
        return round(dt.datetime.fromisoformat(told.decode()).timestamp() * 1000)


def _about(order: m.DeskOrder) -> str:
    """The assignment or request that an order answers."""
    return getattr(order, "request_id", "") or getattr(order, "assignment_id", "")


def _heard(record: ConsumerRecord) -> Heard:
    source = dict(record.headers).get("ce_source", b"").decode()
    return read_of(source.removeprefix("/desks/"), record.value)


def main(settings: Settings, plan: Plan) -> str:
    """Until SIGTERM, SIGINT or the plan's end; what was seen, as JSON. Raises NotSimulatedError."""
    figures = Figures()

    async def until_asked() -> None:
        await run(settings, plan, figures, stop.asked())

    uvloop.run(until_asked())
    return figures.json()


async def run(settings: Settings, plan: Plan, figures: Figures, asked: asyncio.Event) -> None:
    """Until `asked` is set, by a signal or by the plan's end. Any failure ends it: whoever restarts it loses nothing.

    Raises NotSimulatedError.
    """
    work, end = asyncio.create_task(_simulate(settings, plan, figures, asked)), asyncio.create_task(asked.wait())
    await asyncio.wait([work, end], return_when=asyncio.FIRST_COMPLETED)
    for task in (work, end):
        task.cancel()
    with suppress(asyncio.CancelledError):
        await work


async def _simulate(settings: Settings, plan: Plan, figures: Figures, asked: asyncio.Event) -> None:
    """For ever; asks itself to end when the plan says so."""
    pack = load(settings.city)
    city = City(pack, version(pack))
    clock = Clock.read(settings.clock)
    behaviour = Behaviour(plan.seed, city, Closing.read(settings.city / "demo" / "closing.json"))
    keys = await ready(settings, city)
    async with session() as http, reader(settings.kafka) as consumer:
        gateway = Gateway(http, plan.url, keys, figures)
        people = People(behaviour, clock, gateway, figures)
        devices = [
            Device(gateway, account, squad, behaviour.chance, figures, people.told)
            for squad in pack.squads[: plan.squads]
            for leader in (False, True)
            if (account := device_of(squad.id, leader=leader)) in keys
        ]
        await gateway.known(SOURCE_ACCOUNT)
        await _hear_past(consumer, people)
        async with asyncio.TaskGroup() as group:
            people.begin(group)
            for device in devices:
                group.create_task(device.listen())
                group.create_task(device.beat())
            group.create_task(_live(consumer, people))
            log.info("people are there", open=len(behaviour.open), devices=len(devices))
            over = asyncio.Event()
            if plan.rate:
                for device in devices:
                    await device.connected.wait()
                callers = Load(gateway, clock, city.facts.utc_offset_minutes, figures)
                group.create_task(callers.file(records(settings.city / DEMO), plan.rate, over))
            if plan.seconds is not None:
                await asyncio.sleep(plan.seconds)
                over.set()
                await asyncio.sleep(SETTLE_S if plan.rate else 0)
                asked.set()


async def _hear_past(consumer: AIOKafkaConsumer, people: People) -> None:
    """All of `case-events` so far; what comes then is read on from there."""
    tps = [TopicPartition(TOPIC, p) for p in range(topics.load()[TOPIC].partitions)]
    bounds = await ends(consumer, tps)
    async for _, heard in read_ranges(consumer, bounds):
        people.hear(heard)
    consumer.assign(tps)
    for tp, (_, end) in bounds.items():
        consumer.seek(tp, end)


async def _live(consumer: AIOKafkaConsumer, people: People) -> None:
    """Hear and act, for ever."""
    while True:
        for heard in (await consumer.getmany(timeout_ms=LOOK_EVERY_MS)).values():
            people.react(heard)
        people.act()
