"""The official numbers' fold on a real broker: from snapshots, from nothing, after ten minutes away."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.errors import KafkaError

from dispatchers.rows import CityPack
from streams import kafka_io, lag, target_fold, topics
from streams.clock import Clock, Segment
from streams.kafka_io import reader
from streams.local import EmbeddedKafka
from streams.reader import LOG
from streams.recovery import Stored, write_snapshot
from streams.target_fold import KEPT, Folded, follow
from tests.support_log import MONDAY, Record, logs, small

NOW = Clock([Segment(wall=0, business=MONDAY + 3_600_000, speed=1.0, wall_end=0)])
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]


class Shown(Folded):
    """Says when all was folded, and counts what it took."""

    def __init__(self, pack: CityPack) -> None:
        super().__init__(pack, NOW)
        self.taken, self.whole = 0, asyncio.Event()

    def take(self, record: Any) -> Any:
        told = super().take(record)
        self.taken += told is not None
        return told

    def show(self) -> None:
        self.whole.set()

    @property
    def state(self) -> Any:
        return msgspec.to_builtins(self.targets.desks, str_keys=False)


_groups = itertools.count()


class Log:
    """The logs of all desks on partitions of their own."""

    def __init__(self, kafka: str, sender: AIOKafkaProducer) -> None:
        self.kafka, self.sender = kafka, sender
        first = next(_groups) * len(logs())
        self.partitions = {desk: first + number for number, desk in enumerate(logs())}

    async def append(self, start: int, end: int | None = None) -> None:
        """A part of each."""
        for desk, raws in logs().items():
            for raw in raws[start:end]:
                await self.sender.send(LOG, raw, partition=self.partitions[desk])
        await self.sender.flush()

    async def keep(self, partition: int, stored: Stored) -> None:
        """Write a snapshot."""
        await write_snapshot(self.sender, LOG, partition, stored, KEPT)

    async def folded(self, pack: CityPack | None = None, *, keeps: bool = False) -> Shown:
        """By one who has read everything there is, and was then killed."""
        shown = Shown(pack or small().pack)
        async with reader(self.kafka) as consumer:
            keep = self.keep if keeps else None
            work = asyncio.create_task(follow(consumer, shown, self.partitions.values(), keep))
            seen = asyncio.create_task(shown.whole.wait())
            await asyncio.wait([work, seen], return_when=asyncio.FIRST_COMPLETED, timeout=60)
            work.cancel()
            seen.cancel()
            await asyncio.gather(work, seen, return_exceptions=True)
            assert shown.whole.is_set(), work
        return shown


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka")) as own:
        admin = KafkaAdminClient(bootstrap_servers=own.address)
        topics.apply(admin, topics.load(), replication=1)
        admin.close()
        yield own.address


@pytest_asyncio.fixture(loop_scope="module")
async def desk_log(broker: str) -> AsyncIterator[Log]:
    sender = kafka_io.producer(broker)
    await sender.start()
    yield Log(broker, sender)
    await sender.stop()


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_fold, "KEEP_EVERY", 40)
    monkeypatch.setattr(target_fold, "WORTH_IT", 10)


async def test_from_a_snapshot_it_is_the_same_and_reads_less(desk_log: Log) -> None:
    """Killed, away for a while, started again: the numbers are those of who never died (S28), and the past is not
    folded again."""
    half = min(map(len, logs().values())) // 2
    await desk_log.append(0, half)
    await desk_log.folded(keeps=True)
    await desk_log.append(half)  # nobody was there
    again, whole = await desk_log.folded(), Shown(small().pack)
    for desk, raws in logs().items():
        for offset, raw in enumerate(raws):
            whole.take(Record(desk_log.partitions[desk], offset, raw))
    assert whole.state == again.state
    assert (whole.decided, whole.newest) == (again.decided, again.newest)
    assert 0 < again.taken < whole.taken


async def test_other_definitions_of_the_past_read_it_anew(desk_log: Log) -> None:
    """What counts as grassroots was corrected for days that are over: a snapshot by the old words is not used."""
    await desk_log.append(0)
    first = await desk_log.folded(keeps=True)
    pack = small().pack
    definition, *rest = pack.definitions
    other = msgspec.structs.replace(definition, strict=("county_mobile",))
    changed = await desk_log.folded(msgspec.structs.replace(pack, definitions=(other, *rest)))
    assert changed.taken == first.taken
    assert changed.targets.ever() != first.targets.ever()
    assert (await desk_log.folded()).taken < first.taken


@pytest.mark.parametrize("wrong", ["hash", "shape"])
async def test_what_cannot_be_trusted_is_not(desk_log: Log, wrong: str) -> None:
    """A snapshot of another log, or of another shape, is passed over: the log is enough."""
    await desk_log.append(0)
    first = await desk_log.folded(keeps=True)
    for partition in desk_log.partitions.values():
        true = first.keep(partition)
        assert true
        false = true._replace(hash="0" * 64) if wrong == "hash" else true._replace(raw=b"\x93\x01")
        await desk_log.keep(partition, false)
    again = await desk_log.folded()
    assert again.taken == first.taken
    assert again.state == first.state


async def test_what_waits_is_told_by_number_and_by_age(desk_log: Log) -> None:
    """Three complaints that nobody took: three records, as old as the first of them; those decided do not wait."""
    sent = [await desk_log.sender.send_and_wait("complaints", b"{}", partition=5) for _ in range(3)]
    key = "paidan-desk", "complaints"
    admin = KafkaAdminClient(bootstrap_servers=desk_log.kafka)
    consumer = KafkaConsumer(bootstrap_servers=desk_log.kafka, group_id=None, enable_auto_commit=False)
    deadline = time.monotonic() + 60
    while True:  # a broker that no group ever asked makes their topic first, and reads it
        try:
            lag.waiting(admin, {})
            break
        except KafkaError:
            assert time.monotonic() < deadline
    try:
        for done in (0, 1, 3):
            found = lag.waiting(admin, {("complaints", 5): sent[0].offset + done})
            assert lag.measured(found)[key] == 3 - done
            ages = lag.behind(consumer, found, sent[0].timestamp / 1000 + 100)
            while done < 3 and key not in ages:  # a slow broker is asked again, as the next measurement does
                assert time.monotonic() < deadline
                ages = lag.behind(consumer, found, sent[0].timestamp / 1000 + 100)
            if done < 3:
                assert ages[key] == pytest.approx(100 - (sent[done].timestamp - sent[0].timestamp) / 1000)
            else:
                assert key not in ages
    finally:
        admin.close()
        consumer.close()
