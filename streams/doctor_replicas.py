"""`paidan doctor`: how many brokers have what was acknowledged, and whether enough of them live to acknowledge more.

What the brokers say of themselves may be old: when two of three die at once nobody is left who could note it, and the
third tells for ever how well all three are. So each is asked whether it answers, and who does not has no copy.

How many must have a message before it counts (min.insync.replicas) is a setting of topics.yaml: the check of the topics
compares it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import stamina
from aiokafka.errors import KafkaError
from kafka.admin import ConfigResource
from kafka.errors import KafkaError as AdminError

from dispatchers.explain.words import Said

from . import topics as declared
from .doctor import Check, Finding, Patient, attention, broken, note
from .doctor_broker import SILENT_S, administration
from .kafka_io import reader

COPIES = 3  # of everything, once there are so many brokers
ANSWER_S = 5.0  # for one broker among others
GROUPS = "__consumer_offsets"  # the broker's own: without it no group finds its coordinator
NAMED = 3  # topics of a list


class Copies(NamedTuple):
    """One partition, and the brokers that have it."""

    topic: str
    partition: int
    leader: int
    of: frozenset[int]  # who shall have it
    whole: frozenset[int]  # who has all of it


class Told(NamedTuple):
    """What the brokers say of themselves."""

    brokers: dict[int, str]  # node -> where it listens
    needed: dict[str, int]  # topic -> copies that must have a message before it is acknowledged
    partitions: list[Copies]

    @property
    def nodes(self) -> set[int]:
        """All that there should be: also who has not been there for so long that only its copies know of it."""
        return set(self.brokers).union(*(one.of for one in self.partitions))


async def replicas(patient: Patient) -> list[Finding]:
    """Enough brokers have everything; one alone is said, and is no fault: that is what a small place has."""
    kafka = patient.reach()
    told = await asyncio.to_thread(_told, kafka)
    answers = await asyncio.gather(*(_answers(where) for where in told.brokers.values()))
    return judged(kafka, told, {node for node, well in zip(told.brokers, answers, strict=True) if well})


def judged(kafka: str, told: Told, there: set[int]) -> list[Finding]:
    """What is wrong when these brokers are there."""
    away = ", ".join(map(str, sorted(told.nodes - there)))
    standing = [p for p in told.partitions if p.leader not in there or len(p.whole & there) < told.needed[p.topic]]
    behind = [p for p in told.partitions if p.of - (p.whole & there) and p not in standing]
    why = Said(f"（{away} 号代理没有应答）", f" (broker {away} does not answer)") if away else Said("", "")
    found = []
    if standing:
        what = Said(
            f"{_of(standing).zh}没有足够的同步副本{why.zh}：不受理也不派单",
            f"too few copies of {_of(standing).en} are whole{why.en}: nothing is taken and nothing decided there",
        )
        right = Said("启动停掉的代理；已确认的都在", "start the brokers that are away; what was acknowledged is kept")
        found.append(broken(kafka, what, right))
    if behind:
        what = Said(f"{_of(behind).zh}缺副本{why.zh}", f"copies of {_of(behind).en} are missing{why.en}")
        right = Said(
            "启动停掉的代理，或等它补齐；再停一台就不受理也不派单",
            "start the broker that is away, or let it catch up: without another one nothing is taken or decided",
        )
        found.append(attention(kafka, what, right))
    return [*found, *_few_copies(kafka, told)]


def _few_copies(kafka: str, told: Told) -> list[Finding]:
    """Fewer than there could be."""
    brokers = len(told.nodes)
    if brokers < COPIES:
        what = Said(
            f"只有{brokers}台代理：磁盘坏了，上面的消息就没了",
            f"there {'is one broker' if brokers == 1 else f'are {brokers} brokers'}: "
            "a disk that dies takes what lies on it",
        )
        right = Said(
            "按时 paidan export；不能丢的城市用三台", "paidan export in time; three brokers where nothing may be lost"
        )
        return [note(kafka, what, right)]
    found = []
    for topic in sorted({p.topic for p in told.partitions if len(p.of) < COPIES}):
        copies = min(len(p.of) for p in told.partitions if p.topic == topic)
        what = Said(
            f"{COPIES}份副本只有{copies}份，代理有{brokers}台",
            f"it has {copies} of {COPIES} copies, on {brokers} brokers",
        )
        right = Said(
            f"改为{COPIES}份（kafka-reassign-partitions），再 paidan topics apply",
            f"{COPIES} copies (kafka-reassign-partitions), then paidan topics apply",
        )
        found.append(attention(topic, what, right))
    return found


def _of(partitions: Iterable[Copies]) -> Said:
    """How many partitions, and of which topics."""
    topics = Counter(one.topic for one in partitions)
    named = ", ".join(sorted(topics)[:NAMED]) + (f", … ({len(topics)})" if len(topics) > NAMED else "")
    count = topics.total()
    return Said(f"{count}个分区（{named}）", f"{count} partition{'s' * (count > 1)} ({named})")


def _told(kafka: str) -> Told:
    with administration(kafka) as admin:
        # It asks whichever broker it knows of; one that is away costs a try.
        for attempt in stamina.retry_context(on=AdminError, timeout=SILENT_S, wait_initial=0.05, wait_max=0.5):
            with attempt:
                brokers = {b["broker_id"]: f"{b['host']}:{b['port']}" for b in admin.describe_cluster()["brokers"]}
                ours = [t for t in admin.describe_topics() if t["name"] in (*declared.load(), GROUPS)]
                names = [ConfigResource("TOPIC", topic["name"]) for topic in ours]
                stated = admin.describe_configs(names, config_filter="all")["topic"] if names else {}
    needed = {name: int(settings["min.insync.replicas"]["value"]) for name, settings in stated.items()}
    partitions = [
        Copies(
            topic["name"],
            p["partition_index"],
            p["leader_id"],
            frozenset(p["replica_nodes"]),
            frozenset(p["isr_nodes"]),
        )
        for topic in ours
        for p in topic["partitions"]
    ]
    return Told(brokers, needed, partitions)


async def _answers(address: str) -> bool:
    try:
        async with asyncio.timeout(ANSWER_S), reader(address):
            return True
    except (KafkaError, OSError, TimeoutError):
        return False


REPLICAS = (Check("replicas", Said("副本", "copies"), replicas),)
