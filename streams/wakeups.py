"""Time is a message (law 6): when the broker's clock passes a desk's next thing due, a wake-up goes to its own inbox.

It decides nothing: the desk looks at its state. Sent twice or late it is harmless, so nothing here is remembered over a
restart; after one, what is overdue is asked for at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata
from faust.types import TP
from msgspec.json import encode

from dispatchers.messages import WakeUp

from . import metrics
from .clock import Clock
from .log import Log
from .writers import Writers

AGAIN_S = 2.0  # a wake-up that decided nothing is sent again after this long
LONGEST_S = 5.0  # between two looks, should nothing be decided meanwhile
SHORTEST_S = 0.02  # between two looks


class BrokerTime:
    """The broker's wall clock, as this process knows it: what it last said, and the time since then.

    Deadlines fall due by the broker's time alone, so to ask this machine's clock when to wake the desk would be wrong
    by as much as that one is: a machine two hours behind woke its desks two hours late, one ahead woke them again and
    again with nothing due. Kafka has no request that asks for the time; but it says when it appended, and of our own
    record that is now. What passes since then is counted by a clock that nobody sets and that goes on while the machine
    sleeps. Never ahead of the broker, since a wake-up that comes too early must be sent twice.
    """

    _STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # the first is Linux's

    def __init__(self) -> None:
        self._ahead: int | None = None  # of our steady clock, in ms

    @property
    def known(self) -> bool:
        """Whether the broker has said anything yet."""
        return self._ahead is not None

    def said(self, appended: int) -> None:
        """The broker appended something just now, at this time of its own."""
        self._ahead = appended - self._steady()

    def now(self) -> int:
        """Milliseconds since 1970, as the broker says."""
        assert self._ahead is not None
        return self._ahead + self._steady()

    def _steady(self) -> int:
        return time.clock_gettime_ns(self._STEADY) // 1_000_000


class _Asked:
    """A wake-up that was sent: for what, when (loop time), and where it lies once that is known."""

    __slots__ = ("at", "due", "offset")

    def __init__(self, due: int, at: float) -> None:
        self.due, self.at = due, at
        self.offset: int | None = None


class WakeUps:
    """Watches the desks of this process."""

    def __init__(self, writers: Writers, producer: AIOKafkaProducer, clock: Clock) -> None:
        self._writers, self._producer, self._clock = writers, producer, clock
        self._broker = BrokerTime()
        self._asked: dict[TP, _Asked] = {}  # the last one of each desk

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._writers.changed.clear()
            for tp, log, due in self._come():
                if self._should_ask(tp, log, due):
                    await self._ask(tp, log, due)
            await asyncio.sleep(SHORTEST_S)
            await self._wait(min((due for _, _, due in self._dues()), default=0))

    def _come(self) -> list[tuple[TP, Log, int]]:
        """What is due. While the time is not known, a wake-up for nothing: its acknowledgement tells it."""
        if not self._broker.known:
            return [(tp, log, 0) for tp, log, _ in self._dues()][:1]
        now = self._clock.at(self._broker.now())
        return [(tp, log, due) for tp, log, due in self._dues() if due <= max(now, log.writer.head.at)]

    def _dues(self) -> Iterator[tuple[TP, Log, int]]:
        """When each desk is to be woken: something of it falls due, or its log is to say how far it has heard."""
        for tp, log in self._writers.held.items():
            if dues := [due for due in (log.writer.state.next_due, log.keep_position_at) if due]:
                yield tp, log, min(dues)

    def _should_ask(self, tp: TP, log: Log, due: int) -> bool:
        """One at a time: a desk with a backlog before its wake-up hears that one, and a thousand more after it would
        say nothing. Again at once when it had its record and something is due still; later, if it decided nothing."""
        asked = self._asked.get(tp)
        if asked is None:
            return True
        if asked.offset is None or log.heard < asked.offset:
            return False
        now = asyncio.get_running_loop().time()
        return log.inbox_offset >= asked.offset or asked.due != due or now - asked.at >= AGAIN_S

    async def _ask(self, tp: TP, log: Log, due: int) -> None:
        metrics.wake_ups.of(log.writer.head.writer).inc()
        asked = self._asked[tp] = _Asked(due, asyncio.get_running_loop().time())

        def heard(sent: asyncio.Future[RecordMetadata]) -> None:
            if sent.cancelled() or sent.exception():
                self._asked.pop(tp, None)  # it will not be heard: another one is to be
                return
            asked.offset = sent.result().offset
            self._broker.said(sent.result().timestamp)
            self._writers.changed.set()

        sent = await self._producer.send(tp.topic, encode(WakeUp(due=due)), key=None, partition=tp.partition)
        sent.add_done_callback(heard)

    async def _wait(self, due: int) -> None:
        pause = LONGEST_S
        if due and self._broker.known:
            pause = min(pause, self._clock.wall_seconds(self._clock.at(self._broker.now()), due))
        try:
            await asyncio.wait_for(self._writers.changed.wait(), max(pause, SHORTEST_S))
        except TimeoutError:
            return
