"""Taking a partition: from its log and nothing else, quickly; and never from a log that is not whole."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from kafka import KafkaAdminClient
from kafka.structs import TopicPartition as AdminTP

from dispatchers import messages as m
from dispatchers import writer as rooms
from dispatchers.record import state_hash
from dispatchers.writer import Writer
from streams import recovery, scan
from streams.kafka_io import Together, producer
from streams.log import SNAPSHOT_EVERY, Incoming, Log
from streams.observe import Observe
from streams.recovery import STATE_VERSION, LogDamagedError, Stored, recover, store, write_snapshot
from tests.support_kafka import MONDAY, Run, broker, lying, two_workers, worker
from tests.support_log import small

from . import faults
from .checker import Checker
from .driver import decided
from .load import Load, rules_of
from .outage import outages, told
from .serial import Serial, unlike_serial

pytestmark = pytest.mark.timeout(180)
DESK = "bing"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of our own: what is done to its logs would stop every worker."""
    with broker(tmp_path_factory.mktemp("recovery")) as server:
        yield server.address


@pytest.fixture
async def sender(address: str) -> AsyncIterator[AIOKafkaProducer]:
    """A producer as the workers have it."""
    async with producer(address) as one:
        yield one


def history(count: int) -> tuple[Writer, list[bytes]]:
    """A desk with so many records behind it, and their bytes."""
    writer, raws, city = Writer(DESK, rooms.DESK), [], small()
    for offset in range(count):
        actor = m.Actor("op", "operator")
        order = m.EscalateCase(message_id=str(offset), actor=actor, case_id="c-unknown", reason="?")
        decided = writer.decide(order, offset, MONDAY + offset, city)
        assert decided
        writer.apply(offset, decided)
        raws.append(decided.raw)
    return writer, raws


async def put(sender: AIOKafkaProducer, partition: int, raws: list[bytes]) -> None:
    """Records into desk-log."""
    sent = [await sender.send("desk-log", raw, partition=partition) for raw in raws]
    await asyncio.gather(*sent)


async def test_a_killed_worker_is_back_soon(tmp_path: Path) -> None:
    """After a kill -9 under a restarter with static ids every partition is decided again (how soon is printed)."""
    async with two_workers(tmp_path) as (run, workers):

        async def happen() -> None:
            for one in workers:
                one.kill()
                await asyncio.sleep(0.5)
                one.start()
                await asyncio.sleep(6)

        longest = await outages(run, happen)
    print(told(longest))
    assert {("desk-log", p) for p in range(10)} <= longest.keys()


async def test_forged_group_offsets_change_nothing(tmp_path: Path) -> None:
    """What the consumer group claims to have read is decided all the same: the log holds the position."""
    with broker(tmp_path / "kafka") as kafka:
        run = Run(kafka.address, tmp_path)
        load, one = Load(run, 200, 7), worker(run, "one")
        await load.go(3)
        assert await faults.forge_offsets(run) == len(load.history)
        try:
            one.start()
            there, mark = await decided(run.kafka, load.history, load.rules, 60)
            await one.stop()
        finally:
            one.kill()
        checker = Checker(await lying(run.kafka, (), there), load.history, load.rules, mark)
        assert [] == checker.check() + unlike_serial(checker, Serial(run))


async def test_a_backlog_survives_a_join_a_restart_and_a_kill(tmp_path: Path) -> None:
    """While a backlog is worked off a worker joins, one is restarted, one is killed: each message is decided once."""
    each = 6_000  # messages for each desk
    with broker(tmp_path / "kafka") as kafka:
        run = Run(kafka.address, tmp_path)
        desks = rules_of(run).desks
        asked = {"type": "EscalateCase", "actor": {"id": "o", "role": "operator"}, "case_id": "c-no", "reason": "?"}
        async with AIOKafkaProducer(bootstrap_servers=run.kafka, linger_ms=20, max_batch_size=1 << 18) as sender:
            sent = [
                await sender.send("desk-inbox", json.dumps({**asked, "message_id": str(n)}).encode(), partition=p)
                for n in range(each)
                for p in desks
            ]
            await asyncio.gather(*sent)
        one, two = worker(run, "one"), worker(run, "two")
        there = await lying(run.kafka, ("desk-inbox",))
        mark = {place: len(entries) for place, entries in there.items()}

        async def decided(share: float) -> None:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                await lying(run.kafka, ("desk-log",), there)
                if sum(len(there["desk-log", p]) for p in desks) >= share * sum(mark.values()):
                    return

        try:
            one.start()
            await asyncio.sleep(1.5)  # so that it works already when the other one joins
            two.start()
            await two.ready()
            await one.stop()
            one.start()
            await decided(0.8)
            two.kill()
            two.start()
            await decided(1.0)
        finally:
            one.kill()
            two.kill()
        checker = Checker(await lying(run.kafka, ("desk-log",), there), [], rules_of(run), mark)
        assert [] == checker.check() + unlike_serial(checker, Serial(run))


async def test_a_position_beyond_the_inbox_refuses_to_start(tmp_path: Path) -> None:
    """A log that has decided more than its inbox holds belongs to another inbox: the worker says so and ends."""
    with broker(tmp_path / "kafka") as kafka:
        run, one = Run(kafka.address, tmp_path), None
        serial = Serial(run)
        writer = serial.writer("desk-inbox", 3)
        order = m.EscalateCase(message_id="1", actor=m.Actor("op", "operator"), case_id="c-unknown", reason="?")
        decided = writer.decide(order, 41, MONDAY, serial.city)
        assert decided
        async with producer(kafka.address) as sender:
            await sender.send_and_wait("desk-log", decided.raw, partition=3)
        one = worker(run, "one")
        try:
            one.start()
            while one.alive:
                await asyncio.sleep(0.1)
        finally:
            one.kill()
        assert [70] == one.ended
        assert "desk-inbox/3 ends at 0, its log has decided up to 41" in one.said()


async def test_a_log_with_a_hole_is_refused(address: str, sender: AIOKafkaProducer) -> None:
    """A missing offset in the middle of a log is no log: nothing is folded over it."""
    _, raws = history(20)
    await put(sender, 20, raws[:10])
    # The marker that ends a transaction takes an offset and is no record: the one way to make a hole from outside.
    async with AIOKafkaProducer(bootstrap_servers=address, transactional_id="hole") as other, other.transaction():
        await other.send_and_wait("desk-log", raws[10], partition=20)
    while await scan.end(address, "desk-log", 20) < 12:  # the marker comes a little later
        await asyncio.sleep(0.05)
    await put(sender, 20, raws[11:])
    with pytest.raises(LogDamagedError, match="desk-log/20 has no 11, next is 12"):
        await recover(address, "desk-log", 20, DESK, rooms.DESK)


async def test_a_log_without_its_beginning_is_refused(address: str, sender: AIOKafkaProducer) -> None:
    """A log whose first records were deleted is refused, whatever a snapshot says."""
    writer, raws = history(recovery.WORTH_IT + 10)
    await put(sender, 21, raws)
    await write_snapshot(sender, "desk-log", 21, store(writer))
    admin = KafkaAdminClient(bootstrap_servers=address)
    admin.delete_records({AdminTP("desk-log", 21): 5})
    admin.close()
    with pytest.raises(LogDamagedError, match="desk-log/21 begins at 5"):
        await recover(address, "desk-log", 21, DESK, rooms.DESK)


async def test_a_snapshot_and_the_tail_are_the_whole_fold(address: str, sender: AIOKafkaProducer) -> None:
    """A writer from a snapshot and the tail of its log equals the one folded from the beginning."""
    half = recovery.WORTH_IT
    writer, _ = history(half)
    _, raws = history(half + 500)
    await put(sender, 22, raws)
    await write_snapshot(sender, "desk-log", 22, store(writer))
    whole = await recover(address, "desk-log", 22, DESK, rooms.DESK, snapshots=False)
    quick = await recover(address, "desk-log", 22, DESK, rooms.DESK)
    assert (whole.head, state_hash(whole.state)) == (quick.head, state_hash(quick.state))


async def test_a_snapshot_of_the_chain_is_used(address: str, sender: AIOKafkaProducer) -> None:
    """A snapshot whose hash stands in the log is where the fold begins: what only it knows is found again."""
    writer, raws = history(recovery.WORTH_IT + 10)
    await put(sender, 23, raws)
    writer.state.serial = 4711
    await write_snapshot(sender, "desk-log", 23, store(writer))
    assert 4711 == (await recover(address, "desk-log", 23, DESK, rooms.DESK)).state.serial


async def test_a_forged_snapshot_is_not_trusted(address: str, sender: AIOKafkaProducer) -> None:
    """A snapshot whose hash does not stand at its offset is nobody's: the log itself is folded."""
    writer, raws = history(recovery.WORTH_IT + 10)
    await put(sender, 24, raws)
    writer.head.hash, writer.state.serial = "f" * 64, 4711
    await write_snapshot(sender, "desk-log", 24, store(writer))
    assert 0 == (await recover(address, "desk-log", 24, DESK, rooms.DESK)).state.serial


async def test_a_snapshot_under_another_ones_name_is_not_trusted(address: str, sender: AIOKafkaProducer) -> None:
    """A snapshot that lies under a hash of the chain and is of another record is not trusted either."""
    writer, raws = history(recovery.WORTH_IT + 10)
    await put(sender, 25, raws)
    honest = store(writer)
    writer.head.offset, writer.state.serial = 7, 4711
    await write_snapshot(sender, "desk-log", 25, Stored(store(writer).raw, honest.offset, honest.hash))
    assert 0 == (await recover(address, "desk-log", 25, DESK, rooms.DESK)).state.serial


async def test_a_log_that_changes_hands_often_has_snapshots(address: str, sender: AIOKafkaProducer) -> None:
    """A snapshot is written at every so manieth record of a log, however short the lives of its workers are."""
    lives, city = 3, small()
    for life in range(lives):
        writer = await recover(address, "desk-log", 26, DESK, rooms.DESK)
        log = Log(
            kafka=address,
            producer=sender,
            log="desk-log",
            partition=26,
            writer=writer,
            post=sender.send,
            salvage=_never,
            leave=_leave,
            observe=Observe(),
            together=Together(0.0),
        )
        count = SNAPSHOT_EVERY // 2
        for start in range(life * count, (life + 1) * count, 500):
            await log.take([asked(offset) for offset in range(start, start + 500)], lambda: city, lambda: None)
        await log.drain()
        await log.close()
    found = (await lying(address, ("snapshots",)))["snapshots", 26]
    last = [e.key for e in found if e.key and e.key.endswith(b"last")]
    assert [f"snapshot/desk-log/26/v{STATE_VERSION}/last".encode()] == last


def asked(offset: int) -> Incoming:
    """An order about a case that nobody knows, as it comes out of an inbox."""
    record = ConsumerRecord("desk-inbox", 26, offset, 0, 1, None, b"", None, -1, -1, ())
    actor = m.Actor("op", "operator")
    return Incoming(record, MONDAY, m.EscalateCase(message_id=str(offset), actor=actor, case_id="c-no", reason="?"))


async def _never(incoming: Incoming, fault: Exception) -> None:
    raise fault


def _leave(fault: BaseException) -> None:
    raise fault


def test_another_shape_of_the_states_is_another_version() -> None:
    """A worker reads snapshots of its own shape alone: one that knows less would leave out in silence what it does not
    know. Who changes a state counts STATE_VERSION up, and writes the shape down here."""
    shapes = [msgspec.json.schema(room.state_type) for room in (rooms.DESK, rooms.INTAKE)]
    shape = sha256(msgspec.json.encode(_without_words(shapes), order="deterministic")).hexdigest()[:12]
    assert {3: "644d3de89971"} == {STATE_VERSION: shape}


def _without_words(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {name: _without_words(value) for name, value in schema.items() if name != "description"}
    return [_without_words(value) for value in schema] if isinstance(schema, list) else schema
