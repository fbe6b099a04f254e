"""CPU-seconds of our processes for a complaint's whole life, filed to closed, viewed and pushed, with fast people."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.support_kafka import lying
from tests.torture.checker import Checker
from tests.torture.load import Load

from .table import Row
from .whole import whole

RATE, SECONDS, CALM = 200, 40, 10


async def bench(data: Path) -> list[Row]:
    """At 200 messages a second: complaints, and everything people say about them."""
    async with whole(data, speed=60) as city:
        before = city.spent()
        load = Load(city.run, RATE, 1, handovers=0.0, polite=True)
        await load.go(SECONDS)
        await asyncio.sleep(CALM)
        spent = {name: after - before[name] for name, after in city.spent().items()}
        there = await lying(city.run.kafka, ("desk-log",))
    happened = [e["type"] for case in Checker(there, [], load.rules).cases.values() for *_, e in case]
    filed, closed = happened.count("CaseRegistered"), happened.count("CaseClosed")
    ours = spent["desk"] + spent["tell"] + spent["targets"]
    rows = [Row("life", f"ours, per complaint ({closed} of {filed} closed)", ours / closed, "CPU-s", 0.005)]
    return rows + [Row("life", f"share of {name}", each / closed, "CPU-s") for name, each in spent.items()]
