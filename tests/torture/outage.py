"""How long a partition is without decisions when something happens: asked steadily, read from the logs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise

from aiokafka import AIOKafkaProducer

from streams.scan import partition_of
from tests.support_kafka import Lying, Place, Run, lying

from .load import rules_of

ENOUGH_S = 120  # seconds until all is decided again
ASK_S = 0.1  # a question to every desk, and to some receipt books, so often


async def outages(run: Run, happen: Callable[[], Awaitable[None]]) -> dict[Place, float]:
    """While `happen` goes on: the longest time in seconds between two records of each log, steadily asked."""
    return (await pauses(run, [happen]))[0]


async def pauses(run: Run, happen: Sequence[Callable[[], Awaitable[None]]]) -> list[dict[Place, float]]:
    """One thing after another, each when all is decided again after the one before: for each the longest time between
    two records of each log, from its beginning to the next one's."""
    asking = asyncio.create_task(_ask(run))
    await asyncio.sleep(2)
    there: Lying = {}
    begun = []
    for each in happen:
        begun.append(time.time() * 1000)
        await each()
        await _decided_again(run, there)
    begun.append(time.time() * 1000)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    found = []
    for start, end in pairwise(begun):
        longest = {}
        for place, entries in there.items():
            times = [e.timestamp for e in entries]
            gaps = [b - a for a, b in pairwise(times) if a < end and b > start]
            if gaps:
                longest[place] = max(gaps) / 1000
        found.append(longest)
    return found


async def _decided_again(run: Run, there: Lying) -> None:
    """Read until every log has a record from now on: a pause may outlast what made it."""
    since, deadline = time.time() * 1000, time.monotonic() + ENOUGH_S
    while True:
        await lying(run.kafka, ("desk-log", "complaint-receipts"), there)
        waiting = [place for place, entries in there.items() if entries and entries[-1].timestamp < since]
        if not waiting:
            return
        assert time.monotonic() < deadline, f"not decided again: {waiting}"
        await asyncio.sleep(0.2)


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


def spread(found: Sequence[dict[Place, float]]) -> str:
    """Of several times: the middle one and the worst one, of each the partition that waited longest."""
    longest = sorted(max(each.values()) for each in found)
    return f"p50 {longest[len(longest) // 2]:.1f} s, longest {longest[-1]:.1f} s ({len(longest)} times)"
