"""From a complaint's append to the offer in the squad's Redis stream, with every process on this machine, open loop."""

from __future__ import annotations

import asyncio
import csv
import time
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaProducer
from redis.asyncio import Redis

from dispatchers.ids import case_id
from tests.support_kafka import CITY

from .day import lines
from .table import Row
from .whole import whole

RATES = {50: (30.0, 120.0), 200: (None, 250.0)}  # complaints/s -> targets of p50 and p99, ms
SECONDS, WARM_UP, AFTER = {50: 40, 200: 20}, 5, 3  # at 50/s twice as long: a p99 of 120 offers is one offer


async def bench(data: Path) -> list[Row]:
    """Complaints as the demo has them; nobody answers, and so many do not come to any squad's cap."""
    rows = []
    for rate, (middle, tail) in RATES.items():
        async with whole(data / str(rate), speed=1) as city:
            took = await _measured(city.run.kafka, city.run.redis, rate)
        name = f"{rate}/s, {len(took)} offers"
        rows.append(Row("latency", f"{name}: p50", _at(took, 0.5), "ms", middle))
        rows.append(Row("latency", f"{name}: p99", _at(took, 0.99), "ms", tail))
    return rows


async def _measured(kafka: str, redis: str, rate: int) -> list[float]:
    """Milliseconds of each offer. Broker and this process read the same clock."""
    appended: dict[str, float] = {}
    offered: dict[str, float] = {}
    watching = asyncio.create_task(_watch(redis, offered))
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True) as producer:
        begun = time.monotonic()
        for number, (topic, body) in enumerate(lines(rate * (SECONDS[rate] + WARM_UP))):
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
            source, source_id = body["source"], body["source_id"]
            key = f"{source}/{source_id}".encode()
            sent = await producer.send(topic, msgspec.json.encode(body), key=key)
            case = case_id(topic, source, source_id)
            if number > rate * WARM_UP:
                sent.add_done_callback(lambda f, c=case: appended.update({c: float(f.result().timestamp)}))
        await asyncio.sleep(AFTER)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return sorted(offered[case] - at for case, at in appended.items() if case in offered)


async def _watch(address: str, offered: dict[str, float]) -> None:
    """When the first offer of each case stood in its squad's stream."""
    with (CITY / "squads.csv").open(encoding="utf-8", newline="") as file:
        last = {f"paidan:{{{row['desk']}}}:offers:{row['id']}": "0-0" for row in csv.DictReader(file)}
    async with Redis.from_url(address, decode_responses=True) as redis:
        while True:
            answer = await redis.xread(last, block=1000)
            now = time.time() * 1000
            for stream, entries in answer:
                for entry, fields in entries:
                    last[stream] = entry
                    if fields["kind"] == "offer":
                        offered.setdefault(fields["case_id"], now)


def _at(values: list[float], share: float) -> float:
    return values[int(share * (len(values) - 1))] if values else float("nan")
