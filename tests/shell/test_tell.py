"""`paidan tell` and `paidan targets` as processes, on a broker and a Redis of their own."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from redis.asyncio import Redis

from streams import facts, kafka_io, lag, topics
from streams.board import Board
from streams.clock import Clock
from streams.local import EmbeddedKafka, EmbeddedRedis, free_port
from streams.push import Push
from streams.reader import Fold
from streams.replies import Reply
from streams.scan import scan
from streams.whiteboard import connect
from tests.support_log import SMALL, folded, logs, records, small


@contextmanager
def process(command: str, kafka: str, redis: str, port: int = 0) -> Iterator[subprocess.Popen[bytes]]:
    code = f"from streams import settings, {command}; {command}.run(settings.read())"
    environment = {
        **os.environ,
        "PAIDAN_KAFKA": kafka,
        "PAIDAN_REDIS": redis,
        "PAIDAN_CITY": str(SMALL),
        "PAIDAN_WORKER_ID": "one",
        "PAIDAN_METRICS_PORT": str(port),
    }
    child = subprocess.Popen([sys.executable, "-c", code], env=environment)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


async def until(question: Callable[[], Awaitable[bool]], child: subprocess.Popen[bytes], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not await question():
        assert child.poll() is None, f"ended with {child.returncode}"
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.05)


async def append(kafka: str, start: int, end: int | None = None) -> None:
    """The middle of all logs to desk-log."""
    sender = kafka_io.producer(kafka)
    await sender.start()
    for desk, raws in logs().items():
        partition = small().desks[desk].partition
        await asyncio.gather(*[await _send(sender, raw, partition) for raw in raws[start:end]])
    await sender.stop()


async def _send(sender: AIOKafkaProducer, raw: bytes, partition: int) -> Awaitable[object]:
    return await sender.send("desk-log", raw, partition=partition)


async def everything(redis: Redis) -> dict[str, object]:
    read = {"hash": redis.hgetall, "stream": redis.xrange, "string": redis.get}
    return {name: await read[await redis.type(name)](name) for name in sorted(await redis.keys("*"))}


async def undisturbed(redis: Redis) -> dict[str, object]:
    """What Redis holds after all logs, without any process."""

    async def city(version: str) -> object:
        return small()

    for desk, raws in logs().items():
        fold = Fold(folded(desk, []), small().desks[desk].partition)
        board = Board(redis, fold, city, Clock())  # type: ignore[arg-type]
        push = Push(redis, fold, None, None, Clock())  # type: ignore[arg-type]
        fold.read(records(raws))  # type: ignore[arg-type]
        await board.show()
        await push.send(check=True)
    found = await everything(redis)
    await redis.flushall()
    return found


def scraped(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
        lines = [line.rsplit(" ", 1) for line in page.read().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


@pytest.mark.timeout(240)
async def test_tell_is_killed_and_redis_flushed_and_all_is_told(tmp_path: Path) -> None:
    """kill -9, FLUSHALL while down and up, SIGTERM: the same bytes in Redis, each public event and reply, one
    official number."""
    with EmbeddedKafka(tmp_path / "kafka") as broker, EmbeddedRedis(tmp_path / "redis") as server:
        kafka = broker.address
        admin = KafkaAdminClient(bootstrap_servers=kafka)
        topics.apply(admin, topics.load(), replication=1)
        redis = connect(server.address)
        expected = await undisturbed(redis)

        async def shows(at: int | None = None) -> bool:
            """Whether every board stands at the record `at`, the end if None."""
            ends = {desk: len(raws) - 1 if at is None else at for desk, raws in logs().items()}
            said = [await redis.mget(f"paidan:{{{d}}}:position", f"paidan:{{{d}}}:pushed") for d in ends]
            return all(
                [p and p.split()[0] for p in pair] == [str(o)] * 2 for pair, o in zip(said, ends.values(), strict=True)
            )

        async def whole() -> bool:
            return expected == await everything(redis)

        await append(kafka, 0, 60)
        with process("tell", kafka, server.address) as child:
            await until(lambda: shows(59), child)
            await append(kafka, 60, 90)
            await redis.flushall()
            await until(lambda: shows(89), child)
            await append(kafka, 90, 120)
            child.send_signal(signal.SIGKILL)
            child.wait()
        await append(kafka, 120, 150)
        await redis.flushall()
        port = free_port()
        with process("tell", kafka, server.address, port) as child:
            await append(kafka, 150)
            await until(shows, child)
            await until(whole, child)
            said = scraped(port)
            open_cases = sum(v for k, v in said.items() if k.startswith("paidan_cases{"))
            assert open_cases == sum(len(folded(d, raws).state.cases) for d, raws in logs().items())
            await redis.flushall()  # and nothing is decided any more
            await until(whole, child)

            async def behind() -> bool:
                return lag.measured(lag.waiting(admin, {}))["paidan-tell", "desk-log"] == 0

            await until(behind, child)
            child.send_signal(signal.SIGTERM)
            assert child.wait(60) == 0
        stored = await facts.stored_positions(kafka, range(32))
        assert {small().desks[d].partition: folded(d, raws).head.offset for d, raws in logs().items()} == {
            partition: position.offset for partition, position in stored.items()
        }
        found = {dict(r.headers)["ce_id"].decode() async for r in scan(kafka, facts.TOPIC)}
        assert found == {
            f"desk-log/{small().desks[desk].partition}/{step}"
            for desk, raws in logs().items()
            for step in _steps(desk, raws)
        }
        assert await _replied(kafka) == {reply.id for desk, raws in logs().items() for reply in _replies(desk, raws)}
        await redis.aclose()
        await _targets(kafka, server.address)
        admin.close()


async def test_a_new_partition_is_committed_to_its_end(tmp_path: Path) -> None:
    """The first record alone, then many at once: the group's offset comes to the end of the log, so no lag is told of
    what was told of long ago."""
    with EmbeddedKafka(tmp_path / "kafka") as broker, EmbeddedRedis(tmp_path / "redis") as server:
        admin = KafkaAdminClient(bootstrap_servers=broker.address)
        topics.apply(admin, topics.load(), replication=1)
        whole = 0

        async def committed() -> bool:
            try:
                left = [one for one in lag.waiting(admin, {}) if one.tp.topic == "desk-log"]
            except KafkaError:  # a new broker makes the groups' topic first
                return False
            return sum(one.done for one in left) == whole and not any(one.records for one in left)

        with process("tell", broker.address, server.address) as child:
            for start, end in ((0, 1), (1, 40)):
                await append(broker.address, start, end)
                whole = len(logs()) * end
                await until(committed, child)
        admin.close()


def _steps(desk: str, raws: list[bytes]) -> list[str]:
    seen: list[str] = []

    class Seeing:
        def see(self, step: object) -> None:
            seen.append(f"{step.offset}/{step.nth}")  # type: ignore[attr-defined]

        def passed(self, position: object) -> None:
            pass

    Fold(folded(desk, []), 0, [Seeing()]).read(records(raws))  # type: ignore[list-item, arg-type]
    return seen


async def _replied(kafka: str) -> set[str]:
    return {msgspec.json.decode(r.value, type=Reply).id async for r in scan(kafka, "replies")}


def _replies(desk: str, raws: list[bytes]) -> list[Reply]:
    from tests.shell.test_replies import Ear

    fold = Fold(folded(desk, []), small().desks[desk].partition)
    ear = Ear(fold)
    fold.read(records(raws))  # type: ignore[arg-type]
    return ear.heard


async def _targets(kafka: str, redis: str) -> None:
    """Two runs of `paidan targets` say the same, and what a fold in memory says."""
    from tests.shell.test_targets import closings

    share = closings()
    said = []
    for _ in range(2):
        port = free_port()
        with process("targets", kafka, redis, port) as child:

            async def there(port: int = port) -> bool:
                try:
                    return scraped(port).get("paidan_target_watermark_timestamp_seconds", 0) > 0
                except OSError:
                    return False

            await until(there, child)
            numbers = {k: v for k, v in scraped(port).items() if k.startswith("paidan_target_cases")}
            said.append(numbers)
            child.send_signal(signal.SIGTERM)
            assert child.wait(60) == 0
    assert said[0] == said[1]
    total = {
        part: sum(
            v for k, v in said[0].items() if f'part="{part}"' in k and 'stream="all"' in k and 'window="year"' in k
        )
        for part in ("num", "den")
    }
    assert share._asdict() == total
    assert share.den > 0
