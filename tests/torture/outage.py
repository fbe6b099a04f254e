"""How long a partition is without decisions when something happens: asked steadily, read from the logs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise

from aiokafka import AIOKafkaProducer

from streams.scan import partition_of
from tests.support_kafka import Place, Run, lying

from .load import rules_of

ASK_S = 0.1  # a question to every desk, and to some receipt books, so often


async def outages(run: Run, happen: Callable[[], Awaitable[None]]) -> dict[Place, float]:
    """While `happen` goes on: the longest time in seconds between two records of each log, steadily asked."""
    begun = time.time() * 1000
    asking = asyncio.create_task(_ask(run))
    await asyncio.sleep(2)
    await happen()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await asyncio.sleep(1)
    longest = {}
    for place, entries in (await lying(run.kafka, ("desk-log", "complaint-receipts"))).items():
        times = [e.timestamp for e in entries if e.timestamp >= begun]
        if len(times) > 1:
            longest[place] = max(b - a for a, b in pairwise(times)) / 1000
    return longest


async def _ask(run: Run) -> None:
    """Orders about a case that nobody knows, and one complaint again and again: each has a record."""
    desks = rules_of(run).desks
    number, asked = 0, {"actor": {"id": "o", "role": "operator"}, "case_id": "c-unknown", "reason": "?"}
    numbers = {partition_of("complaints", f"outage/{n}".encode()): str(n) for n in range(40)}
    async with AIOKafkaProducer(bootstrap_servers=run.kafka, acks="all", linger_ms=5) as producer:
        while True:
            number += 1
            for partition in desks:
                order = {"type": "EscalateCase", "message_id": f"ask-{partition}-{number}", **asked}
                await producer.send("desk-inbox", json.dumps(order).encode(), partition=partition)
            for partition, source_id in numbers.items():
                body = {"source": "outage", "source_id": source_id, "kind": "consult", "title": "?"}
                body["received_at"] = "2026-07-13T08:00:00+08:00"
                await producer.send("complaints", json.dumps(body).encode(), partition=partition)
            await asyncio.sleep(ASK_S)


def told(longest: dict[Place, float]) -> str:
    """p50 and worst over the partitions."""
    seconds = sorted(longest.values())
    place = max(longest, key=lambda p: longest[p])
    middle = seconds[len(seconds) // 2]
    return f"{len(seconds)} partitions: p50 {middle:.1f} s, longest {seconds[-1]:.1f} s ({place[0]}/{place[1]})"
