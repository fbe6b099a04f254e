"""Many fetches, one write: an agent hands over what it was given and is told later that it is written.

A round trip costs as much as folding ten records, and a city's records come one by one from ten desks. So each view is
written at its own pace for all partitions at once, and Faust's acknowledgements wait for it. Rejected: sleeping in the
agent, which fills its buffer and so holds up the other agents too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

MOST = 200  # fetches that may wait for their write; then the agent waits, and soon the fetching


class Pace:
    """One view's writing."""

    def __init__(self, write: Callable[[set[int], bool], Awaitable[None]], *, every: float, check_every: float) -> None:
        """`write(partitions, check)` writes what these partitions have; with `check`, every `check_every` seconds, it
        is called for none, to look after all. At least `every` seconds lie between two writes."""
        self._write, self._every, self._check_every = write, every, check_every
        self._partitions: set[int] = set()
        self._done: list[Callable[[], None]] = []
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def take(self, partition: int, done: Callable[[], None]) -> None:
        """Have a partition written; `done` when it is."""
        await self._room.wait()
        self._partitions.add(partition)
        self._done.append(done)
        self._some.set()
        if len(self._done) >= MOST:
            self._room.clear()

    async def run(self) -> None:
        """Write until cancelled. Raises what `write` raises: nothing of it is acknowledged."""
        loop = asyncio.get_running_loop()
        check_at = loop.time() + self._check_every
        while True:
            wait = check_at - loop.time()
            if not self._some.is_set() and wait > 0:
                timer = loop.call_later(wait, self._some.set)
                await self._some.wait()
                timer.cancel()
            await asyncio.sleep(self._every)
            check = loop.time() >= check_at
            partitions, done = self._partitions, self._done
            self._partitions, self._done = set(), []
            self._some.clear()
            self._room.set()
            await self._write(partitions, False)
            for one in done:
                one()
            if check:
                await self._write(set(), True)
                check_at = loop.time() + self._check_every
