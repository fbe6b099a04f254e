"""One source's replies: which is tried when. Each source has a lane of its own, so none waits for another's server.

1. Of a case one reply at a time, in the order of the topic: the next is tried once the one before is acknowledged or
   dead, and that is written. A reply that was dead and is sent again comes after what was said meanwhile.
2. A try that fails is made again after 1 s, 2 s, 4 s … (`Limits`), each a random part shorter, so that many do not come
   at once; not sooner than the server asks. Waiting holds up that case alone: it takes none of the `parallel` places.
3. After DOWN failures in a row the server is down: one try at a time, with pauses that grow; the first that goes
   through makes all of them due.
4. Kept in memory are at most MOST replies and MOST_BYTES of text. The others stay in the topic and are read when there
   is room; `Book.pending` says which they are.
5. After `give_up_hours` since it was sent a reply is dead: after a try of its own, or while the server is down.

Not by stamina or tenacity: they sleep within the call, so a reply that waits five minutes would hold a place and its
text for as long.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from heapq import heappop, heappush
from itertools import islice

import structlog

from ..clock import wall_ms
from ..outgoing import Answer, backoff
from .account import Delivery
from .book import Book, Place
from .ledger import Seen
from .sources import Source

MOST, MOST_BYTES = 500, 4 << 20
DOWN = 5
LONGEST_PAUSE_S = 30.0
SWEEP_S = 60.0
HOUR_MS = 3_600_000
log = structlog.get_logger(__name__)


class _Item:
    """A reply that is kept here."""

    def __init__(self, seen: Seen, since: int) -> None:
        self.place, self.body = seen.place, seen.body
        self.id, self.case_id = seen.reply.id, seen.reply.case_id
        self.since = since
        self.attempts = 0
        self.status = ""
        self.trying = False


class Lane:
    """The way to one source's server."""

    def __init__(
        self,
        source: Source,
        book: Book,
        load: Callable[[Sequence[Place]], Awaitable[list[Seen]]],
        post: Callable[[Source, str, bytes], Awaitable[Answer]],
        settle: Callable[[Delivery], Awaitable[None]],
        now: Callable[[], int] = wall_ms,
    ) -> None:
        """`load` reads replies from the topic; `settle` writes what became of one, and has told the book when it
        returns."""
        self.source = source
        self._book, self._load, self._post, self._settle, self._now = book, load, post, settle, now
        self._cases: dict[str, deque[_Item]] = {}
        self._kept: set[Place] = set()
        self._left = True  # whether one may be pending that is not kept; then none is taken before it
        self._bytes = 0
        self._due: list[tuple[float, int, str]] = []  # heap: when (loop's clock), number, case
        self._number = 0
        self._trying = 0
        self._failures = 0  # in a row
        self._paused_until = 0.0
        self._moved = asyncio.Event()

    # -- what comes in -------------------------------------------------------------------------------------------------

    def changed(self, seen: Seen | None) -> None:
        """There is a reply more to deliver: this one, just read, or (None) one that must be loaded.

        (Rejected: to compare how many are pending with how many are kept. The book may have read that a reply is
        acknowledged while its lane still waits for the broker's word.)
        """
        if seen and not self._left and self._room():
            self._keep(seen)
        else:
            self._left = True
        self._moved.set()

    def _room(self) -> bool:
        return len(self._kept) < MOST and self._bytes < MOST_BYTES

    def _keep(self, seen: Seen) -> None:
        if seen.place in self._kept:
            return
        item = _Item(seen, self._book.since(seen.place))
        self._kept.add(item.place)
        self._bytes += len(item.body)
        waiting = self._cases.get(item.case_id)
        if waiting is None:
            self._cases[item.case_id] = deque([item])
            self._later(item.case_id, 0.0)
        else:
            waiting.append(item)

    async def _fill(self) -> None:
        """Load what is pending and not here, if half of the room is free."""
        if not self._left or len(self._kept) > MOST // 2 or self._bytes > MOST_BYTES // 2:
            return
        pending = self._book.pending(self.source.name)
        missing = (p for p in pending if p not in self._kept)
        for seen in await self._load(list(islice(missing, MOST - len(self._kept)))):
            if not self._room():
                break
            if seen.place in pending:  # still
                self._keep(seen)
        self._left = any(p not in self._kept for p in pending)

    # -- what goes out -------------------------------------------------------------------------------------------------

    @property
    def _down(self) -> bool:
        return self._failures >= DOWN

    async def run(self) -> None:
        """Deliver until cancelled. Raises what `load` and `settle` raise: then nobody knows what is written."""
        async with asyncio.TaskGroup() as tasks:
            loop = asyncio.get_running_loop()
            sweep_at = 0.0
            while True:
                self._moved.clear()
                await self._fill()
                if self._down and loop.time() >= sweep_at:
                    self._sweep(tasks)
                    sweep_at = loop.time() + min(SWEEP_S, self.source.limits.give_up_hours * 360)
                self._start(tasks)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._idle_s()):
                        await self._moved.wait()

    def _idle_s(self) -> float:
        """Until when nothing is to do, if nothing comes."""
        if not self._due or self._trying >= self._places():
            return SWEEP_S
        when = max(self._due[0][0], self._paused_until)
        return min(SWEEP_S, max(0.0, when - asyncio.get_running_loop().time()))

    def _places(self) -> int:
        return 1 if self._down else self.source.limits.parallel

    def _start(self, tasks: asyncio.TaskGroup) -> None:
        now = asyncio.get_running_loop().time()
        while self._due and self._trying < self._places() and max(self._due[0][0], self._paused_until) <= now:
            _, _, case_id = heappop(self._due)
            waiting = self._cases.get(case_id)
            if waiting and not waiting[0].trying:
                waiting[0].trying = True
                self._trying += 1
                tasks.create_task(self._try(waiting[0]))

    def _sweep(self, tasks: asyncio.TaskGroup) -> None:
        """While the server is down: give up what is over its time, also what was never tried."""
        for waiting in self._cases.values():
            item = waiting[0]
            if not item.trying and self._over(item):
                item.trying = True
                tasks.create_task(self._end(item, "dead"))

    def _over(self, item: _Item) -> bool:
        return self._now() - item.since >= self.source.limits.give_up_hours * HOUR_MS

    async def _try(self, item: _Item) -> None:
        answer = await self._post(self.source, item.id, item.body)
        self._trying -= 1
        item.attempts += 1
        item.status = answer.status
        if answer.outcome in ("accepted", "gone"):
            self._back()
            await self._end(item, "acknowledged" if answer.outcome == "accepted" else "dead")
        elif self._over(item):
            self._failed(answer)
            await self._end(item, "dead")
        else:
            self._failed(answer)
            item.trying = False
            limits = self.source.limits
            wait = backoff(item.attempts, limits.retry_first_s, limits.retry_most_s)
            self._later(item.case_id, max(wait, min(answer.wait_s, limits.retry_most_s)))
        self._moved.set()

    async def _end(self, item: _Item, state: str) -> None:
        """Write it, and only then go on with the case."""
        partition, offset = item.place
        await self._settle(
            Delivery(
                id=item.id,
                case_id=item.case_id,
                source=self.source.name,
                state="acknowledged" if state == "acknowledged" else "dead",
                attempts=item.attempts,
                at=self._now(),
                status=item.status or "untried",
                partition=partition,
                offset=offset,
            )
        )
        if state == "dead":
            log.warning("a reply is dead", source=self.source.name, reply=item.id, status=item.status)
        waiting = self._cases[item.case_id]
        waiting.popleft()
        self._kept.discard(item.place)
        self._bytes -= len(item.body)
        if waiting:
            self._later(item.case_id, 0.0)
        else:
            del self._cases[item.case_id]
        self._moved.set()

    # -- when ----------------------------------------------------------------------------------------------------------

    def _later(self, case_id: str, seconds: float) -> None:
        self._number += 1
        heappush(self._due, (asyncio.get_running_loop().time() + seconds, self._number, case_id))

    def _failed(self, answer: Answer) -> None:
        self._failures += 1
        if not self._down:
            return
        limits = self.source.limits
        most = min(LONGEST_PAUSE_S, limits.retry_most_s)
        pause = backoff(self._failures - DOWN + 1, limits.retry_first_s, most)
        self._paused_until = asyncio.get_running_loop().time() + pause
        if self._failures == DOWN:
            log.warning("a source takes no replies", source=self.source.name, status=answer.status)

    def _back(self) -> None:
        """It answered: what failed while it was down is due now."""
        if self._down:
            log.info("a source takes replies again", source=self.source.name)
            self._due.clear()
            for case_id, waiting in self._cases.items():
                if not waiting[0].trying:
                    self._later(case_id, 0.0)
        self._failures, self._paused_until = 0, 0.0
