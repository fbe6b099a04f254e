"""Time is a message: whatever a worker's own clock says, its desks are woken when the broker's clock says so, and what
they heard without a record is kept in the log before the inbox forgets it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka.structs import TopicPartition

from streams.kafka_io import producer
from streams.scan import partition_of
from tests.support_kafka import Lying, Run, broker, lying, worker

from .checker import LOGS, Checker
from .load import rules_of
from .serial import Serial, unlike_serial

pytestmark = pytest.mark.timeout(300)
TWO_HOURS = 2 * 3600
NANHU = ("desk-log", 0)
READ = ("desk-inbox", "desk-log")
EVERY = (*LOGS, *LOGS.values())
ACTOR = {"id": "o", "role": "operator"}


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A city that lives five minutes a second."""
    with broker(tmp_path / "kafka") as kafka:
        yield Run(kafka.address, tmp_path, speed=300.0)


async def complain(sender: AIOKafkaProducer) -> None:
    """A complaint that a squad of the first desk is offered."""
    body = {
        "source": "12345",
        "source_id": "1",
        "kind": "complaint",
        "received_at": "2026-07-13T08:00:00+08:00",
        "title": "占道经营",
        "category": {"scheme": "item", "code": "exposed_waste"},
        "location": {"datum": "wgs84", "lon": 120.75, "lat": 30.7522},
    }
    partition = partition_of("complaints", b"12345/1")
    await sender.send_and_wait("complaints", json.dumps(body).encode(), partition=partition)


async def order(sender: AIOKafkaProducer, number: int) -> None:
    """An order about a case that nobody knows: it has a record, and nothing else comes of it."""
    said = {"type": "EscalateCase", "message_id": f"m-{number}", "actor": ACTOR, "case_id": "c-no", "reason": "?"}
    await sender.send_and_wait("desk-inbox", json.dumps(said).encode(), partition=NANHU[1])


def events(there: Lying) -> list[dict[str, Any]]:
    return [event for entry in there[NANHU] for event in json.loads(entry.value or b"")["events"]]


def silent(there: Lying) -> list[int]:
    """Offsets of the wake-ups that had no record, up to the last message that had one."""
    decided = {json.loads(entry.value or b"")["inbox_offset"] for entry in there[NANHU]}
    inbox = there["desk-inbox", NANHU[1]]
    return [e.offset for e in inbox[: max(decided)] if b"WakeUp" in (e.value or b"") and e.offset not in decided]


def kept(there: Lying) -> bool:
    """Whether the log says of all that lies in the inbox that it was heard."""
    return bool(json.loads(there[NANHU][-1].value or b"")["inbox_offset"] == there["desk-inbox", NANHU[1]][-1].offset)


async def until(run: Run, there: Lying, seen: Callable[[], bool]) -> None:
    """Read on until it is there."""
    deadline = time.monotonic() + 120
    while not seen():
        assert time.monotonic() < deadline, "it did not come"
        await lying(run.kafka, READ, there)


def wrong(run: Run, there: Lying) -> list[Any]:
    checker = Checker(there, [], rules_of(run))
    return checker.check() + unlike_serial(checker, Serial(run))


@pytest.mark.parametrize("ahead", [-TWO_HOURS, TWO_HOURS])
async def test_a_lease_ends_by_the_brokers_clock(run: Run, ahead: int) -> None:
    """On a worker two hours behind it does not wait for two hours; one two hours ahead is not woken again and again."""
    there = await lying(run.kafka, READ)
    one = worker(run, "one", ahead=ahead)
    try:
        one.start()
        await one.ready()
        async with producer(run.kafka) as sender:
            await complain(sender)
            await until(run, there, lambda: any(e["type"] == "AssignmentOffered" for e in events(there)))
            for number in range(20):
                await order(sender, number)
                await asyncio.sleep(0.05)
            await until(run, there, lambda: any(e["type"] == "LeaseExpired" for e in events(there)))
        await one.stop()
    finally:
        one.kill()
    await lying(run.kafka, EVERY, there)
    assert len(silent(there)) <= 2  # the first one, that asks for the time
    assert [] == wrong(run, there)


async def test_what_was_heard_without_a_record_is_kept_before_the_inbox_forgets_it(run: Run) -> None:
    """A desk that hears repeated letters and idle wake-ups alone can still be taken when they are deleted."""
    there = await lying(run.kafka, READ)
    one = worker(run, "one")
    try:
        one.start()
        await one.ready()
        async with producer(run.kafka) as sender:
            await order(sender, 1)
            await until(run, there, lambda: bool(there[NANHU]))
            for _ in range(3):
                await sender.send_and_wait("desk-inbox", b'{"type":"WakeUp","due":1}', partition=NANHU[1])
            await until(run, there, lambda: len(there["desk-inbox", NANHU[1]]) > 3 and kept(there))
        await one.stop()
        assert [] == json.loads(there[NANHU][-1].value or b"")["events"]
        await lying(run.kafka, EVERY, there)
        assert [] == wrong(run, there)
        forget(run, there)
        one.start()
        await one.ready("partitions taken")
        async with producer(run.kafka) as sender:
            await order(sender, 2)
            await until(run, there, lambda: b"m-2" in (there[NANHU][-1].value or b""))
    finally:
        one.kill()


def forget(run: Run, there: Lying) -> None:
    """The inbox loses all it holds, as its retention does in a month."""
    admin = KafkaAdminClient(bootstrap_servers=run.kafka)
    admin.delete_records({TopicPartition("desk-inbox", NANHU[1]): len(there["desk-inbox", NANHU[1]])})
    admin.close()
