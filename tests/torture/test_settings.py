"""Topics that are not as topics.yaml says: no process takes part on them, and what an operator changes while the
workers run decides nothing wrongly and loses nothing."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from streams import declared, topics
from streams.kafka_io import producer
from streams.local import free_port
from streams.scan import scan
from tests.support_kafka import Child, Run, broker, worker

from .conftest import KeepRow
from .load import rules_of
from .measure import Row

pytestmark = pytest.mark.timeout(180)
FAULT = "topics with wrong settings"
REFUSED = 78
HALF_AN_HOUR = 30 * 60 * 1000
# Each with a word of what must be told: which topic, what is, what would be right.
WRONG = [
    ("desk-log", "cleanup.policy", "compact", "desk-log: cleanup.policy from compact to delete"),
    ("desk-log", "retention.ms", "604800000", "desk-log: retention.ms from 604800000 to -1"),
    ("complaint-receipts", "segment.ms", "60000", "complaint-receipts: segment.ms from 60000 to default"),
    ("desk-inbox", "message.timestamp.type", "CreateTime", "type from CreateTime to LogAppendTime"),
    ("city-events", "max.message.bytes", "1000", "city-events: max.message.bytes from 1000 to 1048576"),
    ("desk-log", "min.insync.replicas", "2", "desk-log: min.insync.replicas from 2 to default"),
]


class Broker:
    """A broker, and an operator who changes its topics."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.admin = KafkaAdminClient(bootstrap_servers=address)

    def set(self, *changes: tuple[str, str, str]) -> None:
        """Returns when the broker goes by it."""
        for topic, setting, value in changes:
            self.admin.alter_configs([ConfigResource("TOPIC", topic, {setting: ("SET", value)})])
        while any(self._stands(topic)[setting]["value"] != value for topic, setting, value in changes):
            time.sleep(0.05)

    def _stands(self, topic: str) -> Any:
        return self.admin.describe_configs([ConfigResource("TOPIC", topic)])["topic"][topic]

    def make(self, topic: str, partitions: int) -> None:
        """In place of the one that is there."""
        self.drop(topic)
        self.admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1}})
        self.admin.wait_for_topics([topic])

    def drop(self, topic: str) -> None:
        self.admin.delete_topics([topic])
        while topic in {t["name"] for t in self.admin.describe_topics()}:
            time.sleep(0.05)

    def mend(self) -> None:
        """What the operator is told to do."""
        topics.apply(self.admin, topics.load(), 1)
        while topics.plan(self.admin, topics.load()):
            time.sleep(0.05)


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of our own, as declared when a test begins."""
    with broker(tmp_path_factory.mktemp("settings")) as server:
        yield Broker(server.address)


@pytest.fixture
async def sender(kafka: Broker) -> AsyncIterator[AIOKafkaProducer]:
    async with producer(kafka.address) as one:
        yield one


async def test_each_difference_is_told(kafka: Broker) -> None:
    """Which topic, what is, what would be right, and the command that makes it so; then it is."""
    await declared.require(kafka.address, "desk")
    kafka.set(*(wrong[:3] for wrong in WRONG))
    kafka.make("reporters", 8)
    kafka.make("city-packs", 3)
    kafka.drop("snapshots")
    with pytest.raises(topics.TopicError) as fault:
        await declared.require(kafka.address, "desk")
    await declared.require(kafka.address, "replies")  # which has to do with none of them
    for topic in ("reporters", "city-packs"):
        kafka.drop(topic)
    kafka.mend()
    await declared.require(kafka.address, "desk")
    said = str(fault.value).splitlines()
    assert "paidan topics apply" in said[0]
    expected = [
        *(line for *_, line in WRONG),
        "snapshots: create, 32 partitions",
        "reporters: has 8 partitions, topics.yaml says 32. A keyed topic never changes them",
        "city-packs: has 3 partitions, topics.yaml says 1.",
    ]
    assert [] == [line for line in expected if not any(line in one for one in said)]


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("desk", "archive"), id="two"),  # one on Faust, one not
        pytest.param(("tell", "targets", "gateway", "notify", "replies"), id="others", marks=pytest.mark.long),
    ],
)
async def test_no_process_takes_part(kafka: Broker, tmp_path: Path, keep_row: KeepRow, names: tuple[str, ...]) -> None:
    """Every kind of process ends with the words, under a code that says that to start it again changes nothing."""
    run = Run(kafka.address, tmp_path)
    kafka.set(*(wrong[:3] for wrong in WRONG), ("replies", "retention.ms", "1000"))
    before = {r.offset async for r in scan(kafka.address, "desk-log")}
    kinds = [_process(run, name) for name in names]
    try:
        for one in kinds:
            one.start()
        await asyncio.gather(*(_ended(one) for one in kinds))
    finally:
        for one in kinds:
            one.kill()
        kafka.mend()
    went_on = [one.name for one in kinds if one.ended != [REFUSED]]
    keep_row(Row(FAULT, len(WRONG) + 1, 0, 0, 0, 0, len(went_on)))
    assert [] == went_on
    for one in kinds:
        line = "replies: retention.ms from 1000" if one.name == "replies" else WRONG[0][-1]
        assert line in one.said(1 << 20), one.said()
        assert "Traceback" not in one.said(1 << 20), one.said()
    assert before == {r.offset async for r in scan(kafka.address, "desk-log")}


async def test_a_senders_clock_moves_nothing(
    kafka: Broker, tmp_path: Path, sender: AIOKafkaProducer, keep_row: KeepRow
) -> None:
    """An inbox whose records have their senders' times stops its worker; what came meanwhile is decided once the topic
    is right, in the moment of the record before it."""
    run = Run(kafka.address, tmp_path)
    partition, ask = _asking(run, sender)
    one = worker(run, "one")
    before = len(await _records(kafka, partition))
    try:
        one.start()
        await one.ready()
        await ask("a")
        await _decided(kafka, partition, before + 1)
        kafka.set(("desk-inbox", "message.timestamp.type", "CreateTime"))
        await ask("b", timestamp_ms=int(time.time() * 1000) + HALF_AN_HOUR)
        await _ended(one)
        one.start()
        await _ended(one)
        refused = await _records(kafka, partition)
        kafka.mend()
        one.start()
        await ask("c")
        after = await _decided(kafka, partition, before + 3)
    finally:
        one.kill()
        kafka.mend()
    came = {said["cause"]["message_id"]: said["at"] for _, said in after[before:]}
    inbox = {r.offset: r async for r in scan(kafka.address, "desk-inbox", [partition])}
    third = rules_of(run).clock(inbox[after[-1][1]["inbox_offset"]].timestamp)
    keep_row(Row(FAULT, 1, 3, 3 - len(came), len(after) - before - 3, 0, came.get("b") != came["a"]))
    assert [REFUSED, REFUSED] == one.ended[:2]
    assert WRONG[3][-1] in one.said(1 << 20)
    assert before + 1 == len(refused)
    assert {"a": came["a"], "b": came["a"], "c": third} == came


@pytest.mark.parametrize(
    ("setting", "value"),
    [("max.message.bytes", "100"), ("cleanup.policy", "compact")],
)
@pytest.mark.long
async def test_a_log_that_takes_no_record(
    kafka: Broker, tmp_path: Path, sender: AIOKafkaProducer, keep_row: KeepRow, setting: str, value: str
) -> None:
    """A log that refuses what is appended ends its worker with nothing told; once it is mended all is decided, once."""
    run = Run(kafka.address, tmp_path)
    partition, ask = _asking(run, sender)
    one = worker(run, "one")
    before = len(await _records(kafka, partition))
    try:
        one.start()
        await one.ready()
        kafka.set(("desk-log", setting, value))
        await ask("d")
        await _ended(one)
        await ask("e")
        one.start()
        await _ended(one)
        kafka.mend()
        mended = time.time() * 1000
        one.start()
        after = await _decided(kafka, partition, before + 2)
    finally:
        one.kill()
        kafka.mend()
    came = [said["cause"]["message_id"] for _, said in after[before:]]
    keep_row(Row(FAULT, 1, 2, len({"d", "e"} - {*came}), len(came) - 2, 0, 0, None, (after[-1][0] - mended) / 1000))
    assert ["d", "e"] == came
    assert [70, REFUSED] == one.ended[:2]
    assert re.search(rf"desk-log: {setting} from {value} to", one.said(1 << 20))


def _asking(run: Run, sender: AIOKafkaProducer) -> tuple[int, Any]:
    """A desk's partition, and how an order about a case that nobody knows is given to it."""
    partition = min(rules_of(run).desks)

    async def ask(number: str, **more: Any) -> None:
        actor = {"id": "o", "role": "operator"}
        order = {"type": "EscalateCase", "message_id": number, "actor": actor, "case_id": "c-unknown", "reason": "?"}
        await sender.send_and_wait("desk-inbox", json.dumps(order).encode(), partition=partition, **more)

    return partition, ask


async def _records(kafka: Broker, partition: int) -> list[tuple[int, dict[str, Any]]]:
    """(append time, record) of a desk's log."""
    return [(r.timestamp, json.loads(r.value)) async for r in scan(kafka.address, "desk-log", [partition])]


async def _decided(kafka: Broker, partition: int, count: int) -> list[tuple[int, dict[str, Any]]]:
    while len(found := await _records(kafka, partition)) < count:
        await asyncio.sleep(0.1)
    return found


async def _ended(one: Child) -> None:
    while one.alive:
        await asyncio.sleep(0.05)


def _process(run: Run, name: str) -> Child:
    """`paidan <name>`."""
    env = {
        "PAIDAN_KAFKA": run.kafka,
        "PAIDAN_REDIS": "redis://127.0.0.1:1/0",  # never come to
        "PAIDAN_DATA": str(run.data / name),
        "PAIDAN_CITY": str(run.city),
        "PAIDAN_CLOCK": str(run.clock),
        "PAIDAN_WORKER_ID": name,
        "PAIDAN_HTTP_PORT": str(free_port()),
    }
    code = f"import os\nos.environ.update({env!r})\nfrom streams.cli import main\nmain([{name!r}])"
    return Child(name, code, run.data / f"{name}.log")
