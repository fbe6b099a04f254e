"""Time is a message (law 6): when the clock passes a desk's next thing due, a wake-up goes to its own inbox.

It decides nothing: the desk looks at its state. Sent twice or late it is harmless, so nothing here is remembered over a
restart; after one, what is overdue is asked for at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from aiokafka import AIOKafkaProducer
from faust.types import TP
from msgspec.json import encode

from dispatchers.messages import WakeUp
from dispatchers.record import Head

from . import metrics
from .clock import Clock
from .writers import Writers

AGAIN_S = 2.0  # an unanswered wake-up is sent again after this long
LONGEST_S = 5.0  # between two looks, should nothing be decided meanwhile
SHORTEST_S = 0.02  # between two looks: a wake-up that came a hair too early is asked for again


class WakeUps:
    """Watches the desks of this process."""

    def __init__(self, writers: Writers, producer: AIOKafkaProducer, clock: Clock) -> None:
        self._writers, self._producer, self._clock = writers, producer, clock
        self._asked: dict[TP, tuple[int, int, float]] = {}  # (due, inbox offset decided when asked, loop time)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._writers.changed.clear()
            now = self._clock.now()
            for tp, head, due in self._dues():
                if due <= now and self._should_ask(tp, due, head.inbox_offset):
                    metrics.wake_ups.of(head.writer).inc()
                    await self._producer.send(tp.topic, encode(WakeUp(due=due)), key=None, partition=tp.partition)
            await asyncio.sleep(SHORTEST_S)
            await self._wait(min((due for *_, due in self._dues()), default=0))

    def _dues(self) -> Iterator[tuple[TP, Head, int]]:
        for tp, log in self._writers.held.items():
            due = log.writer.state.next_due
            if due:
                yield tp, log.writer.head, due

    def _should_ask(self, tp: TP, due: int, decided: int) -> bool:
        """Once for each instant and state; again when that had no answer."""
        now = asyncio.get_running_loop().time()
        asked = self._asked.get(tp)
        if asked and asked[:2] == (due, decided) and now - asked[2] < AGAIN_S:
            return False
        self._asked[tp] = (due, decided, now)
        return True

    async def _wait(self, due: int) -> None:
        pause = min(LONGEST_S, self._clock.seconds_until(due)) if due else LONGEST_S
        try:
            await asyncio.wait_for(self._writers.changed.wait(), max(pause, SHORTEST_S))
        except TimeoutError:
            return
