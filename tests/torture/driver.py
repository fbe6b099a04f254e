"""One run: the whole of it on a real broker, a load that does not wait, faults by a seeded plan, calm, the checker."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from kafka import KafkaAdminClient
from redis.exceptions import RedisError

from streams import topics
from streams.lag import Waiting, waiting
from streams.local import EmbeddedKafka, EmbeddedRedis
from tests.support_kafka import Child, Lying, Place, Run, lying, teller, worker

from . import faults, whiteboard
from .checker import LOGS, Checker, Fault, Rules, Sent, settled
from .cluster import KafkaCluster
from .history import unlike_history
from .load import Load
from .proxy import ProxiedKafka
from .serial import Serial, unlike_serial

READ = (*LOGS, *LOGS.values(), "dead-letters")
RATE = 200  # messages a second
START = 180  # seconds for all processes to be there
CALM = 60  # seconds for what is on its way when the load ends
NAMES = ("one", "two")


class Beside(Protocol):
    """Processes beside the workers and who tells, and how what they show is unlike the records (processes.py)."""

    children: list[Child]

    async def begin(self, run: Run) -> None:
        """Make the children, and what they stand on."""

    async def unlike(self, checker: Checker) -> list[Fault]:
        """Once they had their time; the desks have ended."""

    async def end(self) -> None:
        """Of what they stood on."""


class Scene(NamedTuple):
    """What is set up for a run besides two workers and a broker."""

    groups: Sequence[str] = (faults.GROUP, faults.GROUP)
    redis: bool = False  # with `paidan tell`, and a device that listens to every squad
    proxied: bool = False  # the first worker speaks to the broker through a proxy
    ahead: Sequence[int] = (0, 0)  # seconds by which each worker's clock is wrong
    brokers: int = 1  # or 3: a cluster
    beside: Beside | None = None
    speed: float = 60.0  # of the city's clock
    rate: float = RATE


class Seen(NamedTuple):
    """What a run came to."""

    broken: list[Fault]
    checker: Checker
    load: Load
    plan: faults.Plan
    workers: list[Child]

    def summary(self) -> str:
        """One line for who runs the test with -s."""
        records = sum(map(len, self.checker.logs.values()))
        voids = self.checker.voids
        codes = {w.name: w.ended for w in self.workers}
        told = Counter(e["type"] for log in self.checker.logs.values() for v in log for e in v.said["events"])
        answers = Counter(op.answer for op in self.load.operations)
        late = {desk: f"{ms / 60_000:.0f} min" for desk, ms in self.checker.late.items()}  # on the city's clock
        return (
            f"{dict(answers)}, {records} records, {voids} void, "
            f"{len(self.checker.cases)} cases; {', '.join(self.plan.done)}; ended {codes}; "
            f"latest lease {late}; {dict(told)}"
        )


async def torture(
    data: Path,
    what: Sequence[faults.Fault],
    seconds: float,
    *,
    seed: int,
    handovers: float = 0.04,
    scene: Scene = Scene(),  # noqa: B008 - a tuple
) -> Seen:
    """Load and faults for so long, then calm, then the checker over everything."""
    with ExitStack() as stack:
        kafka = stack.enter_context(_brokers(scene, data / "kafka"))
        admin = KafkaAdminClient(bootstrap_servers=kafka.address)
        topics.apply(admin, topics.load(), replication=scene.brokers)
        admin.close()
        redis = stack.enter_context(EmbeddedRedis(data / "redis")) if scene.redis else None
        proxy = stack.enter_context(kafka.proxy()) if isinstance(kafka, ProxiedKafka) else None
        run = Run(kafka.address, data, redis=redis.address if redis else "", speed=scene.speed)
        if scene.beside:
            await scene.beside.begin(run)
        workers = _workers(run, scene, proxy.address if proxy else "")
        load = Load(run, scene.rate, seed, handovers)
        plan = faults.Plan(run, workers, load, seed, kafka, redis, proxy)
        device = whiteboard.Device(redis.address) if redis else None
        beside = [asyncio.create_task(device.listen())] if device else []
        try:
            for one in workers:
                one.start()
            await asyncio.gather(*(one.ready(limit=START) for one in workers))
            acting = [asyncio.create_task(plan.go(fault)) for fault in (*what, faults.poison, faults.restart)]
            await load.go(seconds)
            broken = [str(task.exception()) for task in acting if task.done()]
            assert not broken, broken
            for task in acting:
                task.cancel()
            await asyncio.gather(*acting, return_exceptions=True)
            await plan.undo()
            stay = workers
            if len(set(scene.groups)) > 1:  # two that fence each other until one is switched off: that is the mending
                workers[1].kill()
                stay = [one for one in workers if one is not workers[1]]
            there, mark = await _calm(run, kafka, stay, load)
            checker = Checker(there, load.history, load.rules, mark)
            found = checker.check()
            if redis and device:
                found += await _shown(redis, checker, Serial(run))
                found += device.unlike(checker)
                plan.done.append(f"{device.repeats} streams told again")
            if scene.beside:
                found += await scene.beside.unlike(checker)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            for one in workers:
                one.kill()
            if scene.beside:
                await scene.beside.end()
            load.book.close()
        found += unlike_serial(checker, Serial(run)) + unlike_history(checker, load.operations)
        return Seen(found, checker, load, plan, workers)


def _brokers(scene: Scene, data: Path) -> EmbeddedKafka | KafkaCluster:
    if scene.brokers > 1:
        return KafkaCluster(data)
    return ProxiedKafka(data) if scene.proxied else EmbeddedKafka(data)


def _workers(run: Run, scene: Scene, through: str) -> list[Child]:
    """Two workers, the first one behind the proxy if there is one; who tells; the processes beside them."""
    ways = (run._replace(kafka=through) if through else run, run)
    each = zip(ways, NAMES, scene.groups, scene.ahead, strict=True)
    made = [worker(way, name, group, ahead=ahead) for way, name, group, ahead in each]
    tells = [teller(run, "tell")] if scene.redis else []
    return [*made, *tells, *(scene.beside.children if scene.beside else ())]


async def _calm(
    run: Run, kafka: EmbeddedKafka | KafkaCluster, workers: list[Child], load: Load
) -> tuple[Lying, dict[Place, int]]:
    """Until all that was sent is decided, at most CALM seconds; then the workers end, but who tells.

    Gives everything that lies in the topics, and where they ended when the load did.
    """
    await asyncio.to_thread(kafka.start)

    def start() -> None:
        for one in workers:
            one.start()

    there, mark = await decided(run.kafka, load.history, load.rules, CALM, start)
    await asyncio.gather(*(one.stop() for one in workers if one.name in NAMES))
    for one in workers:
        if one.name not in NAMES:
            one.start()
    return await lying(run.kafka, READ, there), mark


async def decided(
    kafka: str, history: list[Sent], rules: Rules, limit: float, meanwhile: Callable[[], None] = lambda: None
) -> tuple[Lying, dict[Place, int]]:
    """Read until all that lies there now is decided, at most `limit` seconds; `meanwhile` is done again and again.

    Gives everything that lies in the topics, and where they ended at first.
    """
    there = await lying(kafka, READ)
    mark = {place: len(entries) for place, entries in there.items()}
    deadline = time.monotonic() + limit
    while not settled(there, history, rules, mark) and time.monotonic() < deadline:
        meanwhile()
        await asyncio.sleep(0.5)
        await lying(kafka, READ, there)
    return there, mark


async def left(admin: KafkaAdminClient, limit: float = 30.0) -> list[Waiting]:
    """What the desks' group seems not to have dealt with, given time to do so."""
    deadline = time.monotonic() + limit
    while (there := undecided(admin)) and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    return there


def undecided(admin: KafkaAdminClient) -> list[Waiting]:
    """What it seems not to have dealt with now."""
    return [each for each in waiting(admin, {}) if each.group == faults.GROUP and each.records]


async def _shown(redis: EmbeddedRedis, checker: Checker, serial: Serial) -> list[Fault]:
    """How Redis is unlike the logs, once it had CALM seconds to become like them."""
    right = whiteboard.rendered(checker, serial)
    deadline = time.monotonic() + CALM
    while True:
        there = None
        with suppress(RedisError):
            there = await asyncio.to_thread(whiteboard.read, redis.address)
        wrong = [Fault("board", "redis does not answer")]
        if there:
            wrong = whiteboard.unlike_log(there, checker) + whiteboard.unlike_fold(there, right)
        if not wrong or time.monotonic() > deadline:
            return wrong
        await asyncio.sleep(0.5)
