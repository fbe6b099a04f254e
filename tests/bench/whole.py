"""The whole city as processes on this machine: broker, Redis, desk, tell, targets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

from streams.local import EmbeddedRedis
from tests.support_kafka import Child, Run, broker, exporter, teller, worker

from .day import AT
from .processes import cpu


class Whole(NamedTuple):
    """What runs."""

    run: Run
    desk: Child
    tell: Child
    targets: Child
    servers: dict[str, int]  # name -> pid

    def spent(self) -> dict[str, float]:
        """CPU-seconds so far of each process."""
        ours = {"desk": cpu(self.desk), "tell": cpu(self.tell), "targets": cpu(self.targets)}
        for name, pid in self.servers.items():
            times = psutil.Process(pid).cpu_times()
            ours[name] = times.user + times.system
        return ours


@asynccontextmanager
async def whole(data: Path, *, speed: float) -> AsyncIterator[Whole]:
    """Started and ready; ended when this ends."""
    with broker(data / "kafka") as kafka, EmbeddedRedis(data / "redis") as redis:
        run = Run(kafka.address, data, start=AT, speed=speed, redis=redis.address)
        desk, tell, targets = worker(run, "desk"), teller(run, "tell"), exporter(run, "targets")
        assert kafka.pid
        assert redis.pid
        try:
            for child in (desk, tell, targets):
                child.start()
            await asyncio.gather(desk.ready(), tell.ready())
            yield Whole(run, desk, tell, targets, {"kafka": kafka.pid, "redis": redis.pid})
        finally:
            desk.kill()
            tell.kill()
            targets.kill()
