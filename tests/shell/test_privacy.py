"""A person who complains is known to `complaints` and to the vault, and to nobody else (DESIGN law 11)."""

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from kafka import KafkaAdminClient
from redis.asyncio import Redis

from dispatchers.ids import case_id, inbox_key
from streams import kafka_io, reporters, topics
from streams.clock import wall_ms
from streams.local import EmbeddedKafka, EmbeddedRedis, free_port
from streams.scan import scan
from streams.vault import KeyGoneError, Vault, load_or_create
from tests.support_log import SMALL

CANARY = "13955512345"
# Ways in which one number is written; each must be found by whoever searches.
WRITTEN = (CANARY, "139-5551-2345", "139 5551 2345", "１３９５５５１２３４５", "+8613955512345")
NUMBER = ("12345", "canary-1")
CASE = case_id("complaints", *NUMBER)
SECRETS = [w.encode() for w in WRITTEN] + ["王小明".encode()]


class City(NamedTuple):
    """A desk and a tell at work on the small city."""

    kafka: str
    redis: str
    vault: Vault
    ports: dict[str, int]
    logs: Path


@contextmanager
def _process(name: str, city: City, data: Path) -> Any:
    environment = {
        "PATH": "",
        "PAIDAN_KAFKA": city.kafka,
        "PAIDAN_REDIS": city.redis,
        "PAIDAN_CITY": str(SMALL),
        "PAIDAN_DATA": str(data),
        "PAIDAN_WORKER_ID": "one",
        "PAIDAN_METRICS_PORT": str(city.ports[name]),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    with (city.logs / f"{name}.log").open("wb") as out:
        child = subprocess.Popen([sys.executable, "-m", "streams.cli", name], env=environment, stdout=out, stderr=out)
        try:
            yield child
        finally:
            child.terminate()
            child.wait(30)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Any:
    place = tmp_path_factory.mktemp("privacy")
    with EmbeddedKafka(place / "kafka") as broker, EmbeddedRedis(place / "redis") as store:
        kafka, redis = broker.address, store.address
        admin = KafkaAdminClient(bootstrap_servers=kafka)
        topics.apply(admin, topics.load(), 1)
        admin.close()
        vault = Vault(load_or_create(place / "master.key"))
        made = City(kafka, redis, vault, {"desk": free_port(), "tell": free_port()}, place)
        with _process("desk", made, place), _process("tell", made, place):
            asyncio.run(_complain(made))
            yield made


async def _complain(city: City) -> None:
    """A complaint with the canary everywhere, another version of it, and one that nobody can read."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S+08:00", time.gmtime(wall_ms() / 1000 + 8 * 3600))
    body = {
        "source": NUMBER[0],
        "source_id": NUMBER[1],
        "kind": "complaint",
        "received_at": stamp,
        "title": f"占道 {WRITTEN[1]}",
        "description": f"请打 {WRITTEN[0]} 或 {WRITTEN[2]} 或 {WRITTEN[3]} 或 {WRITTEN[4]}",
        "category": {"scheme": "item", "code": "stall"},
        "location": {"datum": "wgs84", "lon": 120.05, "lat": 30.05, "address": f"一街道 1 号 {WRITTEN[0]}"},
        "reporter": {"name": "王小明", "phone": WRITTEN[4]},
        "channel": f"phone {WRITTEN[0]}",
    }
    sender = kafka_io.producer(city.kafka)
    await sender.start()
    for value in (
        json.dumps(body, ensure_ascii=False),
        json.dumps(body | {"description": f"再打 {WRITTEN[0]}"}, ensure_ascii=False),
        json.dumps(body | {"kind": CANARY, "source_id": "canary-2"}, ensure_ascii=False),
        f'{{"phone": "{CANARY}", ',
    ):
        await sender.send_and_wait("complaints", value.encode(), key=inbox_key(*NUMBER))
    await sender.stop()
    redis = Redis.from_url(city.redis)
    await _until(lambda: _has(redis, CASE.encode()), city)
    await _until(lambda: _count(city.kafka, "dead-letters", 2), city)
    await _until(lambda: _count(city.kafka, "case-events", 3), city)
    await redis.aclose()


async def _has(redis: Redis, text: bytes) -> bool:
    return any([text in value async for value in _values(redis)])


async def _count(kafka: str, topic: str, least: int) -> bool:
    return len([1 async for _ in scan(kafka, topic)]) >= least


async def _until(question: Callable[[], Awaitable[bool]], city: City) -> None:
    deadline = time.monotonic() + 90
    while not await question():
        assert time.monotonic() < deadline, (city.logs / "desk.log").read_text() + (city.logs / "tell.log").read_text()
        await asyncio.sleep(0.1)


async def _values(redis: Redis) -> AsyncIterator[bytes]:
    """All that is in Redis, names of keys included."""
    async for key in redis.scan_iter():
        yield key
        kind = (await redis.type(key)).decode()
        if kind == "hash":
            for name, value in (await redis.hgetall(key)).items():
                yield name + b" " + value
        elif kind == "stream":
            for _, fields in await redis.xrange(key):
                yield b" ".join(name + b" " + value for name, value in fields.items())
        else:
            yield await redis.get(key)


def _found(data: bytes) -> list[bytes]:
    return [secret for secret in SECRETS if secret in data]


async def test_the_person_is_in_no_topic_but_complaints(city: City) -> None:
    """The canary is found in `complaints` alone, in keys, values and headers of all topics."""
    seen = {}
    for topic in topics.load():
        seen[topic] = [
            secret
            async for r in scan(city.kafka, topic)
            for secret in _found(b" ".join([r.key or b"", r.value or b"", *(v for _, v in r.headers)]))
        ]
    assert seen.pop("complaints")
    assert {} == {topic: found for topic, found in seen.items() if found}


async def test_the_person_is_in_no_view(city: City) -> None:
    """Redis, as far as it goes, has the case and not the canary."""
    redis = Redis.from_url(city.redis)
    values = [value async for value in _values(redis)]
    await redis.aclose()
    assert any(CASE.encode() in value for value in values)
    assert [] == [secret for value in values for secret in _found(value)]


async def test_the_person_is_in_no_log_line_and_no_metric(city: City) -> None:
    """What the processes wrote and what they export has no canary."""
    said = b"".join((city.logs / f"{name}.log").read_bytes() for name in city.ports)
    for port in city.ports.values():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            said += answer.read()
    assert b"paidan_dead_letters_total" in said
    assert [] == _found(said)


async def test_the_person_can_be_read_with_the_key_and_never_without(city: City) -> None:
    """`reveal` finds the reporter; another master key does not; after `forget` nobody does."""
    blocks = await reporters.reveal(city.kafka, city.vault, CASE)
    assert any(WRITTEN[4].encode() in block for block in blocks)
    with pytest.raises(Exception, match="key"):
        await reporters.reveal(city.kafka, Vault(b"\1" * 32), CASE)
    forgotten = await reporters.forget(city.kafka, city.vault, CASE)
    assert forgotten.keys > 0
    assert forgotten.remembered
    with pytest.raises(KeyGoneError):
        await reporters.reveal(city.kafka, city.vault, CASE)
