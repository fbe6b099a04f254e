"""The group's offset is a metric, and a metric must not lie: not for a while, and not for ever."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError
from faust.types import TP
from kafka import KafkaAdminClient

from streams import topics
from streams.app import make_app
from streams.settings import Settings
from tests.support_kafka import Run, broker, worker

from .checker import LOGS
from .driver import left, undecided
from .faults import GROUP
from .load import Load

pytestmark = pytest.mark.timeout(240)


async def test_who_follows_tells_the_group_what_is_settled(tmp_path: Path) -> None:
    """A worker that died before it committed leaves quiet partitions behind: they are not told as lagging until their
    next message, which may come tomorrow."""
    with broker(tmp_path / "kafka") as kafka:
        run = Run(kafka.address, tmp_path)
        load, one = Load(run, 100, 11), worker(run, "one")
        admin = KafkaAdminClient(bootstrap_servers=kafka.address)
        try:
            one.start()
            await one.ready()  # before that no group has a coordinator
            await load.go(3)
            assert [] == await left(admin)
            await one.stop()
            await _forget(run)
            assert len(load.history) <= sum(each.records for each in undecided(admin))
            one.start()
            assert [] == await left(admin)
        finally:
            one.kill()
            admin.close()


async def test_many_fetches_are_told_in_one_commit() -> None:
    """What Faust's consumer keeps of fetches of several messages each, of which we give it the last."""
    consumer = make_app(Settings(), GROUP, _nowhere).consumer
    tp = TP("desk-inbox", 0)
    consumer._committed_offset[tp] = consumer._read_offset[tp] = 9
    for last in (12, 13, 17, 19):
        if last - consumer._read_offset[tp] > 1:  # as Faust sees what is missing
            await consumer._add_gap(tp, consumer._read_offset[tp] + 1, last)
        consumer._acked[tp].append(last)
        consumer._read_offset[tp] = last
    assert 20 == consumer._new_offset(tp)
    assert [] == consumer._acked[tp]


async def _nowhere(_: list[TP]) -> dict[TP, int]:
    return {}


async def _forget(run: Run) -> None:
    """The group has the offsets of before: what a worker that was killed had not committed. Nobody of it may run."""
    tps = [TopicPartition(t, p) for t in LOGS for p in range(topics.load()[t].partitions)]
    deadline = time.monotonic() + 30
    async with AIOKafkaConsumer(bootstrap_servers=run.kafka, group_id=GROUP, enable_auto_commit=False) as consumer:
        consumer.assign(tps)
        while time.monotonic() < deadline:  # who left under a static id is a member until the session is over
            try:
                return await consumer.commit(dict.fromkeys(tps, 0))
            except CommitFailedError:
                await asyncio.sleep(0.5)
        pytest.fail("the group did not become empty")
