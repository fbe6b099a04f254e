"""What is done to the workers and the broker while the load runs: a seeded plan, so that a run can be had again."""

from __future__ import annotations

import asyncio
import json
import random
import signal
from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams import topics
from streams.local import EmbeddedKafka
from tests.support_kafka import Child, Run

from .checker import LOGS
from .load import Load

Fault = Callable[["Plan"], Awaitable[None]]
GROUP = "paidan-desk"


class Plan:
    """Faults one after another, until the load ends."""

    def __init__(
        self, run: Run, workers: list[Child], load: Load, seed: int, kafka: EmbeddedKafka | None = None
    ) -> None:
        self.run, self.workers, self.load, self.kafka = run, workers, load, kafka
        self.dice = random.Random(seed)
        self.done: list[str] = []

    async def go(self, fault: Fault) -> None:
        """Do the fault again and again, until cancelled."""
        while True:
            await fault(self)

    def pick(self) -> Child:
        """One of the workers."""
        return self.dice.choice(self.workers)


async def kill(plan: Plan) -> None:
    """kill -9 of a worker every 5-9 s; a restarter brings it back under its static id within 1-2 s."""
    await asyncio.sleep(plan.dice.uniform(5, 9))
    victim = plan.pick()
    victim.kill()
    plan.done.append(f"kill {victim.name}")
    await asyncio.sleep(plan.dice.uniform(1, 2))
    victim.start()


async def terminate(plan: Plan) -> None:
    """A rolling restart: SIGTERM, wait until it has gone, start."""
    await asyncio.sleep(plan.dice.uniform(3, 6))
    victim = plan.pick()
    await victim.stop()
    plan.done.append(f"term {victim.name}")
    victim.start()


async def restart(plan: Plan) -> None:
    """No fault: who left is started again."""
    await asyncio.sleep(plan.dice.uniform(0.2, 1))
    for worker in plan.workers:
        if not worker.alive:
            plan.done.append(f"restart {worker.name}")
            worker.start()


def freeze(seconds: float) -> Fault:
    """SIGSTOP past the session, then SIGCONT: the zombie wakes up when its partitions are another's."""

    async def fault(plan: Plan) -> None:
        await asyncio.sleep(plan.dice.uniform(2, 4))
        victim = plan.pick()
        victim.send(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        victim.send(signal.SIGCONT)
        plan.done.append(f"freeze {victim.name}")
        await asyncio.sleep(plan.dice.uniform(3, 4))
        victim.start()  # the zombie notices and leaves; its restarter brings it back

    return fault


async def broker(plan: Plan) -> None:
    """kill -9 of the broker, and its restart on the same data."""
    assert plan.kafka
    await asyncio.sleep(plan.dice.uniform(4, 7))
    await asyncio.to_thread(plan.kafka.kill)
    plan.done.append("broker")
    await asyncio.sleep(plan.dice.uniform(1, 3))
    await asyncio.to_thread(plan.kafka.start)
    await asyncio.sleep(10)
    for worker in plan.workers:
        worker.start()


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
