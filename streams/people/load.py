"""Complaints at a rate, over HTTP: the demo's records in their order, again and again, each under a new number.

Open loop: the next one is filed at its instant, whatever became of those before it.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from dispatchers.clock import text
from dispatchers.ids import case_id

from ..clock import Clock, wall_ms
from .accounts import SOURCE, SOURCE_ACCOUNT
from .client import Gateway
from .figures import Figures

WARM_UP_S = 5.0  # of a load, in which nothing is measured
DEMO = Path("demo/complaints.jsonl.gz")


def records(file: Path) -> Iterator[dict[str, Any]]:
    """Those of a file, without end."""
    while True:
        with gzip.open(file) as lines:
            yield from map(msgspec.json.decode, lines)


class Load:
    """Who complains."""

    def __init__(self, gateway: Gateway, clock: Clock, utc_offset_minutes: int, figures: Figures) -> None:
        self._gateway, self._clock, self._offset, self._figures = gateway, clock, utc_offset_minutes, figures
        self._named = wall_ms()

    async def file(self, told: Iterator[dict[str, Any]], rate: float, until: asyncio.Event) -> None:
        """So many a second, until something is set."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async with asyncio.TaskGroup() as group:
            for number, body in zip(count(), told, strict=False):
                try:
                    await asyncio.wait_for(until.wait(), max(0.0, begun + number / rate - loop.time()))
                    return
                except TimeoutError:
                    group.create_task(self._one(number, body, measured=number >= rate * WARM_UP_S))

    async def _one(self, number: int, body: dict[str, Any], *, measured: bool) -> None:
        topic, key = str(body.pop("topic")), f"{self._named}-{number}"
        now = text(self._clock.now(), self._offset)
        told = body | {"source": SOURCE, "source_id": key, "received_at": now}
        since = self._figures.posted(case_id(topic, SOURCE, key)) if measured else None
        kept = await self._gateway.file(topic, key, told, SOURCE_ACCOUNT)
        self._figures.filed += kept
        if kept and since is not None:
            self._figures.answered_filing(since)
