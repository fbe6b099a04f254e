"""`paidan tell`: the process that shows what was decided: board, push, facts and replies behind one Faust agent.

    partitions assigned ─▶ where does each view stand? ─▶ one fold per partition, at the earliest of them
    records fetched     ─▶ folded once ─▶ board and push: Redis; facts: case-events; replies: replies, each at its pace

Nothing here decides, and nothing waits for it. Any number of such processes; each partition is told by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

import stamina.instrumentation
import structlog
from aiokafka import AIOKafkaProducer, TopicPartition
from faust.types import TP
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dispatchers.city import City

from . import board, declared, facts, metrics, outlet, push, reader, replies
from .agents import tell as agents
from .app import App, Fetched, leave, make_app
from .app import run as run_app
from .cities import Cities
from .city_files import load
from .clock import Clock
from .kafka_io import ends, producer
from .kafka_io import reader as kafka_reader
from .pace import Pace
from .settings import Settings
from .stop import succeed
from .whiteboard import connect

NAME = "paidan-tell"
CHECK_EVERY_S = 5.0  # whether Redis still holds what was written, when nothing is decided
log = structlog.get_logger(__name__)


class _Told(NamedTuple):
    """One partition, and who watches it."""

    fold: reader.Fold
    board: board.Board
    push: push.Push
    facts: facts.Facts
    replies: replies.Replies

    @property
    def outlets(self) -> tuple[outlet.Outlet, ...]:
        """What goes out on other topics."""
        return self.facts, self.replies


class Tell:
    """What the process is made of; joined here and nowhere else."""

    def __init__(self, settings: Settings, cities: Cities, clock: Clock) -> None:
        self._kafka, self._url = settings.kafka, settings.redis
        self._cities, self._clock = cities, clock
        self._desks = {d.partition: d.id for d in cities.configured.city.pack.desks}
        self._told: dict[int, _Told] = {}
        self._connections: tuple[Redis, AIOKafkaProducer] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._paces = (
            Pace(self._show, every=0.1, check_every=CHECK_EVERY_S),  # an eye sees no less
            Pace(self._push, every=0.0, check_every=CHECK_EVERY_S),  # somebody waits for help
            Pace(self._publish, every=0.25, check_every=outlet.EVERY_S),  # nobody acts on it; fewer, larger batches
        )
        board.show_open(lambda: [told.board for told in list(self._told.values())], clock)

    async def positions(self, tps: list[TP]) -> dict[TP, int]:
        """Take these partitions, and only these; returns where to read each log on.

        Raises:
            LogDamagedError: a view stands where its log never was.
        """
        await self._start()
        held = {tp.partition for tp in tps}
        for partition in self._told.keys() - held:
            told = self._told.pop(partition)
            told.board.close()
            await _save([told])
        await self._take(sorted(held - self._told.keys()))
        # One record again: it says nothing new, but an agent whose last fetches were of the old generation, and so
        # dropped, writes what is due.
        return {tp: max(0, self._told[tp.partition].fold.chain.next - 1) for tp in tps}

    async def _start(self) -> None:
        """What needs a running loop."""
        if self._connections is None:
            await declared.require(self._kafka, "tell")
            sender = producer(self._kafka, linger_ms=2)
            await sender.start()
            self._connections = connect(self._url), sender
            self._tasks = [asyncio.create_task(pace.run()) for pace in self._paces]
            for task in self._tasks:
                task.add_done_callback(_ended)

    def _connected(self) -> tuple[Redis, AIOKafkaProducer]:
        assert self._connections, "partitions are taken before anything is fetched"
        return self._connections

    async def _take(self, partitions: list[int]) -> None:
        if not partitions:
            return
        async with kafka_reader(self._kafka) as consumer:
            bounds = await ends(consumer, [TopicPartition(reader.LOG, p) for p in partitions])
        stood = await outlet.stored_positions(self._kafka, partitions, (facts.NAME, replies.NAME))
        published, replied = stood[facts.NAME], stood[replies.NAME]
        told = await asyncio.gather(
            *(
                self._tell(p, bounds[TopicPartition(reader.LOG, p)][1], published.get(p), replied.get(p))
                for p in partitions
            )
        )
        self._told.update(zip(partitions, told, strict=True))
        log.info("partitions taken", count=len(partitions))

    async def _tell(
        self, partition: int, end: int, published: reader.Position | None, replied: reader.Position | None
    ) -> _Told:
        """One partition, folded to where its views stand."""
        redis, sender = self._connected()
        name = self._desks.get(partition, f"desk-inbox/{partition}")
        pushed = await _pushed(redis, name)
        # Streams' texts, public events and replies must be folded in their moment; the board only wants the end.
        # Streams without a position are read again from the log's start by themselves.
        nothing = reader.Position()
        through = min([s.offset for s in (published or nothing, replied or nothing, pushed) if s is not None])
        fold = reader.Fold(await reader.fold_to(self._kafka, partition, name, through), partition)
        return _Told(
            fold,
            board.Board(redis, fold, self._city, self._clock, goal=end),
            push.Push(redis, fold, pushed, partial(reader.replay, self._kafka), self._clock, goal=end),
            facts.Facts(sender, fold, published),
            replies.Replies(sender, fold, replied),
        )

    async def _city(self, version: str) -> City:
        await self._cities.require(version)
        return self._cities.of(version).city

    def reads(self, tp: TP) -> bool:
        """Only the partitions of desks are of use."""
        return tp.partition in self._desks

    async def take(self, fetched: Fetched, done: Callable[[], None]) -> None:
        """Fold what was fetched, and have it shown, pushed and published, each at its own pace."""
        told = self._told.get(fetched.partition)
        if told is None:  # it is another worker's by now
            done()
            return
        told.fold.read(fetched.records)
        left = len(self._paces)

        def one_more() -> None:
            nonlocal left
            left -= 1
            if not left:
                done()

        for pace in self._paces:
            pace.take(fetched.partition, one_more)

    # -- what is written ----------------------------------------------------------------------------------------------

    def _of(self, partitions: set[int], check: bool) -> list[_Told]:
        return [told for p, told in list(self._told.items()) if check or p in partitions]

    async def _show(self, partitions: set[int], check: bool) -> None:
        redis, _ = self._connected()
        await board.show(redis, [told.board for told in self._of(partitions, check)], check=check)

    async def _push(self, partitions: set[int], check: bool) -> None:
        redis, _ = self._connected()
        await push.send(redis, [told.push for told in self._of(partitions, check)], check=check)

    async def _publish(self, partitions: set[int], check: bool) -> None:
        await _save(self._of(set(), check))
        await asyncio.gather(*(out.publish() for told in self._of(partitions, False) for out in told.outlets))

    async def close(self) -> None:
        """Keep the positions and close the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await _save(self._told.values())
        if self._connections:
            redis, sender = self._connections
            await sender.stop()
            await redis.aclose()


async def _save(every: Iterable[_Told]) -> None:
    """Keep up to where the outlets have published."""
    await asyncio.gather(*(out.save() for told in every for out in told.outlets))


async def _pushed(redis: Redis, desk: str) -> reader.Position | None:
    try:
        return await push.stored_position(redis, desk)
    except (RedisError, OSError) as fault:  # it is away: whatever it holds is written anew when it is back
        log.warning("redis does not answer", fault=f"{type(fault).__name__}: {fault}")
        return None


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (fault := task.exception()):
        leave(fault)


def build(settings: Settings) -> App:
    """The Faust app, not yet started."""
    cities = Cities(settings.kafka, load(settings.city))
    metrics.DESKS.declare(cities.configured.city.desks)
    tell = Tell(settings, cities, Clock.read(settings.clock))
    app = make_app(settings, NAME, tell.positions, tell.reads)
    agents.register(app, tell.take)

    @app.on_before_shutdown.connect(weak=False)
    async def close(app: App, **_: object) -> None:
        await tell.close()

    return app


def run(settings: Settings, succeeds: int = 0) -> None:
    """Until SIGTERM or SIGINT; in place of the process `succeeds`, which is ended once all is ready. Raises
    SucceedError."""
    stamina.instrumentation.set_on_retry_hooks([])  # `patiently` says it itself, and not at each try
    app = build(settings)  # declares the desks
    metrics.redis_waiting.zero()
    if succeeds:
        succeed(succeeds)
    metrics.serve("tell", settings.metrics_port)
    run_app(app)
