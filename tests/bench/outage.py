"""How long a partition is without decisions: after a kill -9 with a restarter, and without one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.support_kafka import Child, two_workers
from tests.torture.outage import outages

from .table import Row

RESTART_S = 0.5  # what a supervisor needs to see that its child is gone
SESSION_S = 10


async def bench(data: Path) -> list[Row]:
    """Two workers under static ids; one of them is killed."""
    back = await _longest(data / "with", RESTART_S)
    gone = await _longest(data / "without", None)
    return [
        Row("outage", "kill -9, restarted: longest of a partition", back, "s", 3),
        Row("outage", "kill -9, not restarted: longest of a partition", gone, "s", 12),
    ]


async def _longest(data: Path, restart: float | None) -> float:
    async with two_workers(data) as (run, workers):
        await asyncio.sleep(5)
        return max((await outages(run, lambda: _kill(workers[0], restart))).values())


async def _kill(one: Child, restart: float | None) -> None:
    one.kill()
    if restart is None:
        await asyncio.sleep(SESSION_S + 8)
        return
    await asyncio.sleep(restart)
    one.start()
    await asyncio.sleep(8)
