"""What is done to the processes, the servers and the network while the load runs: a seeded plan, so that a run can be
had again."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import time
from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams import topics
from streams.local import EmbeddedKafka, EmbeddedRedis
from streams.stop import REFUSED
from streams.whiteboard import connect
from tests.support_kafka import Child, Run, worker

from .checker import LOGS
from .cluster import KafkaCluster
from .load import Load
from .proxy import Proxy

Fault = Callable[["Plan"], Awaitable[None]]
GROUP = "paidan-desk"


class Plan:
    """Faults one after another, until the load ends."""

    def __init__(
        self,
        run: Run,
        workers: list[Child],
        load: Load,
        seed: int,
        kafka: EmbeddedKafka | KafkaCluster,
        redis: EmbeddedRedis | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        self.run, self.workers, self.load = run, workers, load
        self.kafka, self.redis, self.proxy = kafka, redis, proxy
        self.dice = random.Random(seed)
        self.done: list[str] = []
        self.times: list[int] = []  # wall ms of each
        self.dark: list[tuple[int, int]] = []  # wall ms from and to which only one of three brokers lived

    def did(self, what: str) -> None:
        """Note that something was done to the system, now."""
        self.done.append(what)
        self.times.append(int(time.time() * 1000))

    async def undo(self) -> None:
        """What was stopped goes on: the load has ended, perhaps in the middle of a fault."""
        for one in self.workers:
            one.send(signal.SIGCONT)
        if isinstance(self.kafka, KafkaCluster):
            self.kafka.resume()
        if self.proxy:
            heal(self.proxy)
        if self.redis:
            self.redis.start()

    async def go(self, fault: Fault) -> None:
        """Do the fault again and again, until cancelled."""
        while True:
            await fault(self)

    @property
    def cluster(self) -> KafkaCluster:
        """The brokers, of a scene with three."""
        assert isinstance(self.kafka, KafkaCluster)
        return self.kafka

    def pick(self) -> Child:
        """One of the workers."""
        return self.dice.choice(self.workers)


async def kill(plan: Plan) -> None:
    """kill -9 of a worker every 5-9 s."""
    await asyncio.sleep(plan.dice.uniform(5, 9))
    victim = plan.pick()
    victim.kill()
    plan.did(f"kill {victim.name}")


async def terminate(plan: Plan) -> None:
    """A rolling restart: SIGTERM, wait until it has gone."""
    await asyncio.sleep(plan.dice.uniform(3, 6))
    victim = plan.pick()
    plan.did(f"term {victim.name}")
    await victim.stop()


async def kill_each(plan: Plan) -> None:
    """kill -9 of each process there is, one after the other in a drawn order."""
    for victim in plan.dice.sample(plan.workers, len(plan.workers)):
        await asyncio.sleep(plan.dice.uniform(0.5, 1.5))
        await _back(victim)
        victim.kill()
        plan.did(f"kill {victim.name}")


async def roll(plan: Plan) -> None:
    """A rolling restart of everything: SIGTERM of each process, one after the other."""
    for victim in plan.workers:
        await asyncio.sleep(plan.dice.uniform(0.5, 1.5))
        await _back(victim)
        plan.did(f"term {victim.name}")
        await victim.stop()


async def _back(child: Child) -> None:
    """Until it runs: who ended is started by `restart`."""
    while not child.alive:
        await asyncio.sleep(0.05)


async def twin(plan: Plan) -> None:
    """A second process under a worker's id, as a copied unit file starts it, while both have a restarter: until one of
    them has understood that it was replaced. The other one is the worker from then on."""
    await asyncio.sleep(plan.dice.uniform(1, 4))
    number = plan.dice.randrange(len(plan.workers))
    old = plan.workers[number]
    await _back(old)
    new = worker(plan.run, old.name)
    plan.did(f"twin {old.name}")
    try:
        while not (replaced := [one for one in (old, new) if one.ended[-1:] == [REFUSED]]):
            for one in (old, new):
                if not one.alive and one.ended[-1:] != [REFUSED]:
                    one.start()
            await asyncio.sleep(0.2)
        new.ended += old.ended
    finally:
        if old.alive:
            new.kill()
        else:
            plan.workers[number] = new
    plan.done.append("the old one went on" if new in replaced else "the new one went on")


async def restart(plan: Plan) -> None:
    """No fault, and in every run: who ended is started again within a second, as `paidan run` and systemd do.

    Without it a worker that leaves (a broker that is away, a fence) would stay away until the next fault's end, and the
    longest pause would be the test's. Who refused to take part is let be, as systemd is told to: under its static id it
    would hold its partitions from who can decide them.
    """
    await asyncio.sleep(plan.dice.uniform(0.2, 1))
    for one in plan.workers:
        if not one.alive and one.ended[-1:] != [REFUSED]:
            plan.done.append(f"restart {one.name}")
            one.start()


def freeze(seconds: float) -> Fault:
    """SIGSTOP past the session, then SIGCONT: the zombie wakes up when its partitions are another's."""

    async def fault(plan: Plan) -> None:
        await asyncio.sleep(plan.dice.uniform(2, 4))
        victim = plan.pick()
        plan.did(f"freeze {victim.name}")
        victim.send(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        victim.send(signal.SIGCONT)
        await asyncio.sleep(plan.dice.uniform(3, 4))  # the zombie notices and leaves

    return fault


async def broker(plan: Plan) -> None:
    """kill -9 of the broker, and its restart on the same data."""
    await asyncio.sleep(plan.dice.uniform(4, 7))
    plan.did("broker")
    await asyncio.to_thread(plan.kafka.kill)
    await asyncio.sleep(plan.dice.uniform(1, 3))
    await asyncio.to_thread(plan.kafka.start)
    await asyncio.sleep(10)


async def one_broker(plan: Plan) -> None:
    """kill -9 of one of three, until it was missed and its leaderships are others'; the next one once all is whole."""
    cluster = plan.cluster
    await asyncio.sleep(plan.dice.uniform(1, 3))
    victim = plan.dice.choice(cluster.members)
    plan.did(f"kill broker {victim.node}")
    await asyncio.to_thread(cluster.kill, [victim])
    await asyncio.sleep(plan.dice.uniform(5, 8))
    await asyncio.to_thread(cluster.start, [victim])
    await asyncio.to_thread(cluster.settle)


async def leaders(plan: Plan) -> None:
    """Every inbox and log is led by another broker, twice; then SIGTERM of one after the other, as in an upgrade."""
    cluster = plan.cluster
    for _ in range(2):
        await asyncio.sleep(plan.dice.uniform(2, 4))
        moved = await asyncio.to_thread(cluster.move_leaders, [*LOGS, *LOGS.values()], plan.dice.choice((1, 2)))
        plan.did(f"moved {moved} leaders")
    for member in cluster.members:
        await asyncio.sleep(plan.dice.uniform(1, 2))
        plan.did(f"term broker {member.node}")
        await asyncio.to_thread(cluster.stop, [member])
        await asyncio.to_thread(cluster.start, [member])
        await asyncio.to_thread(cluster.settle)


def paused_leader(seconds: float) -> Fault:
    """SIGSTOP of the broker that leads the most logs: its connections stay open, and it wakes up as nobody's leader."""

    async def fault(plan: Plan) -> None:
        cluster = plan.cluster
        await asyncio.sleep(plan.dice.uniform(2, 4))
        led = await asyncio.to_thread(cluster.leaders)
        victim = max(cluster.members, key=lambda m: sum(topic in LOGS.values() for topic, _ in led.get(m.node, ())))
        plan.did(f"pause broker {victim.node}")
        victim.pause()
        await asyncio.sleep(seconds)
        victim.resume()
        await asyncio.to_thread(cluster.settle)

    return fault


async def empty_disk(plan: Plan) -> None:
    """A broker dies and is back at once under its id with nothing on its disk: it may lead nothing before it has read
    all of it again."""
    cluster = plan.cluster
    await asyncio.sleep(plan.dice.uniform(2, 4))
    victim = plan.dice.choice(cluster.members)
    plan.did(f"empty broker {victim.node}")
    await asyncio.to_thread(cluster.wipe, victim)
    await asyncio.to_thread(cluster.start, [victim])
    await asyncio.to_thread(cluster.settle)


def two_brokers(seconds: float) -> Fault:
    """kill -9 of one of three and, once the others went on without it, of another; both come back."""

    async def fault(plan: Plan) -> None:
        cluster = plan.cluster
        await asyncio.sleep(plan.dice.uniform(2, 3))
        first, second = plan.dice.sample(cluster.members, 2)
        plan.did(f"kill broker {first.node}")
        await asyncio.to_thread(cluster.kill, [first])
        await asyncio.sleep(plan.dice.uniform(4, 6))
        plan.did(f"kill broker {second.node}")
        await asyncio.to_thread(cluster.kill, [second])
        begun = int(time.time() * 1000) + 1
        try:
            await asyncio.sleep(seconds)
        finally:  # also when the load ends first
            plan.dark.append((begun, int(time.time() * 1000)))
        await asyncio.to_thread(cluster.start, [first, second])
        await asyncio.to_thread(cluster.settle)

    return fault


async def redis(plan: Plan) -> None:
    """Redis is emptied, killed and begins empty, killed and begins with an old dump: each in its turn.

    It is killed and started here, not in a thread: that would go on when this is cancelled.
    """
    assert plan.redis
    client = connect(plan.redis.address)
    dump = plan.redis.dir / "dump.rdb"
    try:
        await asyncio.sleep(plan.dice.uniform(2, 3))
        await client.save()
        old = dump.read_bytes()
        dump.unlink()
        await asyncio.sleep(plan.dice.uniform(1, 2))
        plan.did("flushed")
        await client.flushall()
        await asyncio.sleep(plan.dice.uniform(1, 3))
        plan.did("killed")
        plan.redis.kill()
        await asyncio.sleep(plan.dice.uniform(0, 2))
        plan.redis.start()
        await asyncio.sleep(plan.dice.uniform(1, 3))
        plan.did("old dump")
        plan.redis.kill()
        dump.write_bytes(old)
        plan.redis.start()
        dump.unlink()
    finally:
        await client.aclose()


async def network(plan: Plan) -> None:
    """Between a worker and its broker: cut for longer than its session, broken off, slow, late."""
    assert plan.proxy
    proxy, pause = plan.proxy, plan.dice.uniform
    await asyncio.sleep(pause(1, 2))
    plan.did("cut")
    proxy.cut = True
    await asyncio.sleep(pause(11, 13))  # the session is 10 s
    heal(proxy)
    await asyncio.sleep(pause(1, 2))
    plan.did("reset")
    proxy.reset()
    await asyncio.sleep(pause(1, 2))
    plan.did("slow")
    proxy.rate = pause(20_000, 60_000)
    await asyncio.sleep(pause(2, 3))
    heal(proxy)
    plan.did("delayed")
    proxy.delay = pause(0.1, 0.4)
    await asyncio.sleep(pause(2, 3))
    heal(proxy)


def heal(proxy: Proxy) -> None:
    """The network is as it should be."""
    proxy.cut, proxy.delay, proxy.rate = False, 0.0, 0.0


async def poison(plan: Plan) -> None:
    """Now and then a message of each kind that nobody can read."""
    async with AIOKafkaProducer(bootstrap_servers=plan.run.kafka, acks="all", max_request_size=2 << 20) as producer:
        for topic, kind, value in POISON:
            await asyncio.sleep(plan.dice.uniform(0.2, 1.0))
            await plan.load.poison(producer, topic, kind, value)


def _complaint(**changed: object) -> bytes:
    body = {
        "source": "12345",
        "source_id": "poison",
        "kind": "complaint",
        "received_at": "2026-07-13T08:00:00+08:00",
        "title": "poison",
        "location": {"datum": "wgs84", "lon": 120.75, "lat": 30.76},
    }
    return json.dumps({**body, **changed}).encode()


_ORDER = {"message_id": "poison", "actor": {"id": "a", "role": "operator"}, "case_id": "c-0"}
POISON: list[tuple[str, str, bytes]] = [
    ("complaints", "bad json", b'{"source": "12345", '),
    ("complaints", "wrong type", _complaint(source_id=7)),
    ("complaints", "1.5 MB: refused", _complaint(description="x" * 1_500_000)),
    ("complaints", "900 kB", _complaint(description="x" * 900_000)),
    ("complaints", "unknown kind", _complaint(kind="rumour")),
    ("complaints", "no datum", _complaint(location={"lon": 120.75, "lat": 30.76})),
    ("complaints", "no zone", _complaint(received_at="2026-07-13T08:00:00")),
    ("complaints", "in 2031", _complaint(received_at="2031-07-13T08:00:00+08:00")),
    ("complaints", "nothing", b""),
    ("city-events", "not utf-8", b"\xff\xfe\x00"),
    ("city-events", "other topic's kind", _complaint()),
    ("desk-inbox", "bad json", b"[1, 2"),
    ("desk-inbox", "unknown order", json.dumps({"type": "Explode", **_ORDER}).encode()),
    ("desk-inbox", "wrong type", json.dumps({"type": "EscalateCase", **_ORDER, "reason": 7}).encode()),
    ("desk-inbox", "no type", json.dumps(_ORDER).encode()),
]


async def forge_offsets(run: Run) -> int:
    """Set the group's offsets to the end of every inbox, as if all had been decided; how many messages that claims.

    Nobody of the group may run.
    """
    tps = [TopicPartition(t, p) for t in LOGS for p in range(topics.load()[t].partitions)]
    async with AIOKafkaConsumer(bootstrap_servers=run.kafka, group_id=GROUP, enable_auto_commit=False) as consumer:
        consumer.assign(tps)
        await consumer.commit(await consumer.end_offsets(tps))
        return sum([await consumer.committed(tp) for tp in tps])
