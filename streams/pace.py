"""Many fetches, one write: an agent hands over what it was given and is told later that it is written.

A round trip costs as much as folding ten records, and a city's records come one by one from ten desks. So each view is
written at its own pace for all partitions at once, and Faust's acknowledgements wait for it. Rejected: sleeping in the
agent, which fills its buffer and so holds up the other agents too.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

# Fetches that may wait for their write. Beyond, the oldest is acknowledged, else Faust would fill up and hold up the
# other views; nothing is lost by it, since each view reads on from its own position and not from the group's.
MOST = 200


class Pace:
    """One view's writing."""

    def __init__(self, write: Callable[[set[int], bool], Awaitable[None]], *, every: float, check_every: float) -> None:
        """`write(partitions, check)` writes what these partitions have; with `check`, every `check_every` seconds, it
        is called for none, to look after all. At least `every` seconds lie between two writes."""
        self._write, self._every, self._check_every = write, every, check_every
        self._partitions: set[int] = set()
        self._done: deque[Callable[[], None]] = deque()
        self._some = asyncio.Event()

    def take(self, partition: int, done: Callable[[], None]) -> None:
        """Have a partition written; `done` when it is."""
        self._partitions.add(partition)
        self._done.append(done)
        self._some.set()
        if len(self._done) > MOST:
            self._done.popleft()()

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
            self._partitions, self._done = set(), deque()
            self._some.clear()
            await self._write(partitions, False)
            for one in done:
                one()
            if check:
                await self._write(set(), True)
                check_at = loop.time() + self._check_every
