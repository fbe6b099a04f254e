"""Kafka and Redis of a run: the given ones, else embedded ones, started together and started again when they die."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from .local import EmbeddedKafka, EmbeddedRedis
from .ports import Ports
from .settings import Settings

LOOK_EVERY_S = 0.5
log = structlog.get_logger(__name__)


class Servers:
    """What a run has of its own. `up` is set while all of it runs; the others wait for that."""

    def __init__(self, settings: Settings, data: Path, ports: Ports) -> None:
        self.up = asyncio.Event()
        self._given = settings
        self._own: list[EmbeddedKafka | EmbeddedRedis] = []
        if not settings.kafka:
            self._own.append(EmbeddedKafka(data / "kafka", ports.of("kafka")))
        if not settings.redis:
            self._own.append(EmbeddedRedis(data / "redis", ports.of("redis")))
        self.restarts = {server.name: 0 for server in self._own}

    async def start(self, say: Callable[[str], None]) -> Settings:
        """Start all; the settings with their addresses. Raises LocalError."""
        for server in self._own:
            say(f"starting {server.name}")
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in self._own))
        self.up.set()
        return self._given.model_copy(update={server.name: server.address for server in self._own})

    async def keep(self) -> None:
        """Start again what died, on its port and its data, until cancelled. Raises LocalError."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            for server in self._own:
                if not server.alive():
                    log.warning("a server died, starting it again", server=server.name)
                    self.up.clear()
                    self.restarts[server.name] += 1
                    await asyncio.to_thread(server.start)
                    self.up.set()

    async def stop(self) -> None:
        """End all, Redis before Kafka."""
        for server in reversed(self._own):
            await asyncio.to_thread(server.stop)
