"""Faust as we host agents in it, with what was measured to lose data or time taken out (streaming.md §8).

1. No Table, no group_by, no exactly_once, no leader; raw bytes; concurrency 1; an exception never ends an agent, it
   ends the process (`leave`): Faust acknowledges the message of a failed agent.
2. Positions come from us, not from the group: `positions` is awaited in `on_rebalance_complete` (Faust awaits it before
   it resumes, seeks and lets anything flow), then `perform_seek` goes there. The group's offset is a lag metric.
3. One pseudo-record per partition and fetch: its value is a `Fetched` with all records. Faust's cost per message
   becomes a cost per fetch (77,000 against 5,000 messages a second and core).
4. Static membership: a worker that comes back within the session keeps its partitions without a rebalance.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from math import exp
from typing import Any, cast

import faust
import faust.transport.drivers.aiokafka as driver
import structlog
import uvloop
from aiokafka import ConsumerRecord
from faust.tables import TableManager
from faust.types import TP

from .log import FencedError
from .member import Member
from .settings import Settings
from .stop import REFUSALS, REFUSED

BUILT_FOR = "0.15."  # the hooks below are written against these sources
SESSION_S = 10
FAILED = 70  # exit code (EX_SOFTWARE)
FETCH_WAIT_MS = 100  # an empty fetch costs 1 ms
END_S = 1.0  # for what was begun, when asked to end
STANDSTILL_S = 5  # a loop that stood still this long may be a zombie's (SIGSTOP, swap): leave before appending more

log = structlog.get_logger(__name__)
Positions = Callable[[list[TP]], Awaitable[dict[TP, int]]]
Reads = Callable[[TP], bool]
_ours: Member | None = None  # who this process is, once it has an app
# What was fetched, and whom to tell when it is settled.
Take = Callable[["Fetched", Callable[[], None]], Awaitable[None]]


class Fetched:
    """The records of one partition of one fetch. All agents on a topic are handed the same object."""

    __slots__ = ("decoded", "partition", "records", "topic")

    def __init__(self, tp: TP, records: list[ConsumerRecord]) -> None:
        self.topic: str = tp.topic
        self.partition: int = tp.partition
        self.records = records
        self.decoded: Any = None  # for agents that share what they decoded

    @property
    def tp(self) -> TP:
        """Its topic and partition."""
        return TP(self.topic, self.partition)


class Linger:
    """How long to wait before a fetch. The cost of live traffic is per round, not per message (streaming.md §8.3).

    In quiet hours next to nothing, since nobody pays for idle cores; the busier, the longer, so that rounds carry more
    instead of following each other faster. The bounds keep three hops within the promised 30 ms and 250 ms.
    """

    LEAST_S, MOST_S = 0.002, 0.025
    QUIET, BUSY = 100.0, 200.0  # messages a second
    MEMORY_S = 1.0

    def __init__(self) -> None:
        self._rate = 0.0
        self._at = time.monotonic()

    def note(self, messages: int) -> None:
        """So many came in a round."""
        now = time.monotonic()
        passed, self._at = max(now - self._at, 1e-6), now
        self._rate += (messages / passed - self._rate) * (1 - exp(-passed / self.MEMORY_S))

    @property
    def seconds(self) -> float:
        """What to wait now."""
        share = min(1.0, max(0.0, (self._rate - self.QUIET) / (self.BUSY - self.QUIET)))
        return self.LEAST_S + share * (self.MOST_S - self.LEAST_S)


class _Thread(driver.AIOKafkaConsumerThread):
    """The driver's thread, whose fetches do not wait for a second and a half.

    There is one fetch in flight, and it asks for the partitions that were empty when it began. Whatever comes for
    another one meanwhile waits until it returns: the first message after a takeover, and the slow ones of quiet hours.
    """

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer: Any = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # a number in Faust's source, not a setting
        return consumer

    async def watch(self, ours: Member) -> None:
        """Note by which name the group knows us, and end when it does because another process has our place: the
        driver would join again, and by that take it back (member.py)."""
        coordinator: Any = self._ensure_consumer()._coordinator
        ours.joined(coordinator.member_id)
        driver_forgets = type(coordinator).reset_generation

        def forgotten() -> None:
            if fault := ours.replaced():
                leave(fault)
            ours.joined("")
            driver_forgets(coordinator)

        coordinator.reset_generation = forgotten

    async def leave_out(self, reads: Reads) -> None:
        """Ask for nothing of partitions that nobody uses: each of them costs in every fetch."""
        consumer = self._ensure_consumer()
        consumer.pause(*(tp for tp in consumer.assignment() if not reads(TP(tp.topic, tp.partition))))


class _NoTables(TableManager):
    """Faust gives tables a second to be declared before it joins the group; there are none (law 2)."""

    async def sleep(self, n: Any) -> None:
        await asyncio.sleep(0)


class _Consumer(driver.Consumer):
    """The driver's consumer with our positions, and one pseudo-record per partition and fetch."""

    start_at: dict[TP, int]
    pace: Linger

    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    async def perform_seek(self) -> None:
        """Go where our positions say, whatever the group committed."""
        await super().perform_seek()
        mine = {tp: offset for tp, offset in self.start_at.items() if tp in self.assignment()}
        if mine:
            behind = {tp: offset for tp, offset in mine.items() if offset > (self._committed_offset.get(tp) or 0)}
            await self.seek_wait(mine)
            if behind:
                # Whom we follow may have died before they told the broker what they had settled. Nobody would, until
                # the partition's next message, and a quiet one would be told as lagging.
                await self._commit(behind)
            for tp, offset in mine.items():
                self._read_offset[tp] = offset - 1 if offset else None
                self._committed_offset[tp] = offset - 1 if offset else None
        thread, app = cast(_Thread, self._thread), cast(App, self.app)
        await thread.call_thread(thread.watch, _ours)
        await thread.call_thread(thread.leave_out, app.reads)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> dict[TP, list[Any]]:  # noqa: ASYNC109 - Faust's signature
        await asyncio.sleep(self.pace.seconds)
        fetched = await super()._getmany(active_partitions, timeout)
        self.pace.note(sum(map(len, fetched.values())))
        for tp, records in fetched.items():
            # Faust notes what our pseudo-record leaves out as a gap, else it waits for it for ever before it commits.
            # But it takes a read offset of 0 for none, and a new partition would be told as lagging all its life.
            if records and self._read_offset[tp] == 0 and records[-1].offset > 1:
                await self._add_gap(tp, 1, records[-1].offset)
        return {tp: [_pseudo(tp, records)] for tp, records in fetched.items() if records}

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Faust's gap has the message in it whose offset shows it. Acknowledged, that one would be there twice, and a
        commit would end at it: one fetch of a partition every interval, so that a busy one lags more and more."""
        await super()._add_gap(tp, offset_from, offset_to - 1)


def _pseudo(tp: TP, records: list[ConsumerRecord]) -> ConsumerRecord:
    last = records[-1]
    return ConsumerRecord(
        topic=last.topic,
        partition=last.partition,
        offset=last.offset,
        timestamp=last.timestamp,
        timestamp_type=last.timestamp_type,
        key=None,
        value=Fetched(TP(tp.topic, tp.partition), records),
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=-1,
        headers=(),
    )


class _Transport(driver.Transport):
    Consumer = _Consumer


class App(faust.App):
    """A Faust app that reads where `positions` says."""

    positions: Positions
    reads: Reads

    def _new_transport(self) -> _Transport:
        return _Transport(self.conf.broker_consumer, self)

    def _create_directories(self) -> None:
        """None: they are for tables, and the place where we were started may be read-only."""

    def _new_consumer(self) -> Any:
        consumer: Any = super()._new_consumer()
        consumer.pace = Linger()
        consumer.start_at = {}
        return consumer


def make_app(settings: Settings, name: str, positions: Positions, reads: Reads = lambda tp: True) -> App:
    """The app of one process kind; `name` is its consumer group, `reads` says which partitions are of use to it."""
    if not faust.__version__.startswith(BUILT_FOR):
        raise RuntimeError(f"faust-streaming {faust.__version__}: streams/app.py is written for {BUILT_FOR}x")
    global _ours  # noqa: PLW0603 - a process is one member, and whoever leaves asks for it
    _ours = Member(settings.kafka, name, settings.worker_id)
    app = App(
        name,
        broker=[f"kafka://{server}" for server in settings.kafka.split(",")],
        store="memory://",
        TableManager=_NoTables,
        processing_guarantee="at_least_once",
        agent_supervisor="mode.supervisors.CrashingSupervisor",
        stream_wait_empty=True,
        stream_buffer_maxsize=16,  # batches
        stream_recovery_delay=0.0,
        table_standby_replicas=0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        broker_commit_interval=2.0,
        broker_session_timeout=SESSION_S,
        broker_heartbeat_interval=3,
        broker_request_timeout=30,
        broker_max_poll_records=500,
        broker_check_crcs=True,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=_ours.instance,
        consumer_max_fetch_size=4 * 1024 * 1024,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    app.positions = positions
    app.reads = reads
    app.on_rebalance_complete.connect(_take_positions)  # type: ignore[arg-type]  # a signal's handler takes **kwargs
    app.task(_pulse)
    return app


async def _take_positions(app: Any, **_: Any) -> None:
    try:
        consumer = app.consumer
        consumer.start_at = await app.positions(sorted(TP(t.topic, t.partition) for t in consumer.assignment()))
    except asyncio.CancelledError:
        raise
    except BaseException as fault:  # noqa: BLE001 - leave() is the handling
        leave(fault)


async def _pulse(app: App) -> None:
    """Leave when the loop stood still: another worker may have our partitions, and our next append would be void."""
    while not app.should_stop:
        before = time.monotonic()
        await asyncio.sleep(0.5)
        if time.monotonic() - before > STANDSTILL_S:
            leave(RuntimeError(f"stood still for {time.monotonic() - before:.1f} s"))


def raw_topic(app: App, *names: str) -> Any:
    """A channel of undecoded bytes: what is wrong with a message is for the agent to say, not for Faust."""
    return app.topic(*names, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")


async def fetches(app: App, stream: Any) -> AsyncIterator[tuple[Any, Fetched]]:
    """(event, Fetched) of this generation. Who takes it calls `event.ack()` when all of it is settled."""
    async for event in stream.noack().events():
        if event.message.generation_id == app.consumer_generation_id:
            yield event, event.value


async def or_leave(work: Awaitable[None]) -> None:
    """Run an agent's body; whatever goes wrong ends the process with nothing acknowledged (law 10)."""
    try:
        await work
    except (asyncio.CancelledError, GeneratorExit):
        raise
    except BaseException as fault:  # noqa: BLE001 - leave() is the handling
        leave(fault)


def leave(fault: BaseException) -> None:
    """End the process at once. `os._exit` is the only exit that cannot acknowledge (streaming.md §2.2)."""
    if isinstance(fault, FencedError) and _ours:
        fault = _ours.replaced() or fault  # by one who has our place: to start again would be to fence them
    refused = isinstance(fault, REFUSALS)  # its text is for a person, and all there is to say
    log.error("leaving", fault=f"{type(fault).__name__}: {fault}", exc_info=None if refused else fault)
    logging.shutdown()
    os._exit(REFUSED if refused else FAILED)


class _Worker(faust.Worker):
    """Ends as we want it when SIGTERM or SIGINT comes."""

    def _schedule_shutdown(self, _: signal.Signals) -> None:
        if not self._signal_stop_time:
            self._signal_stop_time = self.loop.time()
            self._signal_stop_future = asyncio.ensure_future(_end(cast(App, self.app)), loop=self.loop)


async def _end(app: App) -> None:
    """Finish what was begun and tell the group, END_S at most for each, and be gone. What is cut off by that is as if
    it were killed, which loses nothing. Faust's own end takes one service down after the other for two seconds, in
    which nobody decides."""
    log.info("ending")
    try:
        consumer: Any = app.consumer
        until = time.monotonic() + END_S
        consumer.stop_flow()
        while consumer.unacked and time.monotonic() < until:
            await consumer._wait_for_ack(END_S)  # a second at most, and no cancellation ends it
            consumer._clean_unacked_messages()
        async with asyncio.timeout(END_S):
            await consumer.commit()
    except Exception as fault:  # noqa: BLE001 - the end is the handling
        log.warning("ended before all was told", fault=f"{type(fault).__name__}: {fault}")
    logging.shutdown()
    os._exit(0)


def run(app: App) -> None:
    """Run the worker until SIGTERM or SIGINT."""
    uvloop.install()
    # A fetch makes thousands of objects that die without the collector's help; at its default it looks at all of the
    # city every few fetches, which was a third of the cost of a message. Cycles are rare and wait a little longer.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    logging.disable(logging.DEBUG)  # aiokafka builds a DEBUG record for each send otherwise (performance.md §2.3)
    worker = _Worker(app, loglevel="info", redirect_stdouts=False)
    for noisy in ("aiokafka", "faust", "kafka", "mode"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    worker.execute_from_commandline()
