"""Our way of a message with rules that do nothing: what deciding through the log itself costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from faust.types import TP

from dispatchers.city import City
from dispatchers.events import AnyEvent, ComplaintRepeated
from dispatchers.messages import WireComplaint
from dispatchers.writer import Writer
from streams.app import App, Fetched, fetches, make_app, or_leave
from streams.app import run as run_app
from streams.clock import Clock
from streams.kafka_io import producer
from streams.observe import Observe
from streams.settings import Settings
from streams.writers import Arrived, Writers

from .day import city
from .floors import FROM, TO

_read = msgspec.json.Decoder(WireComplaint).decode


class Nothing(msgspec.Struct):
    """A state that remembers nothing."""

    id: str
    next_due: int = 0


class NoRules:
    """A room in which nothing is thought about."""

    state_type = Nothing

    def new(self, writer: str) -> Nothing:
        return Nothing(writer)

    def decide(self, state: Nothing, message: Any, city: City, at: int) -> list[AnyEvent]:
        return [ComplaintRepeated(source=message.source, source_id=message.source_id, case_id="c", desk="nanhu")]

    def evolve(self, state: Nothing, event: AnyEvent, at: int) -> Nothing:
        return state


class NoInbox:
    """`complaints`, read and not looked up."""

    topic, log, room = FROM, TO, NoRules()

    def __init__(self) -> None:
        self._city = city()

    def writer_of(self, partition: int) -> str:
        return f"{FROM}/{partition}"

    def city(self, state: Any) -> City:
        return self._city

    async def taken(self, writer: Writer) -> None:
        """Nothing to have ready."""

    async def prepare(self, records: list[Arrived], writer: Writer) -> list[Any]:
        return [_read(one.record.value) for one in records]

    async def salvage(self, incoming: Any, fault: Exception) -> Any:
        raise fault


class Process:
    """As `streams/desk.py` joins it."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._inbox = settings, NoInbox()
        self._writers: Writers | None = None

    async def positions(self, tps: list[TP]) -> dict[TP, int]:
        if self._writers is None:
            sender = producer(self._settings.kafka)
            await sender.start()
            self._writers = Writers(
                self._settings.kafka, sender, Clock(), [self._inbox], {"": 0}.__getitem__, Observe()
            )
        return await self._writers.positions(tps)

    async def take(self, fetched: Fetched, done: Callable[[], None]) -> None:
        assert self._writers
        await self._writers.take(fetched, done)


def run(settings: Settings) -> None:
    """Until it is killed."""
    process = Process(settings)
    app: App = make_app(settings, "floor-trivial", process.positions)

    @app.agent(app.topic(FROM, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"))
    async def desk(stream: Any) -> None:
        async def work() -> None:
            async for event, fetched in fetches(app, stream):
                await process.take(fetched, event.ack)

        await or_leave(work())

    run_app(app)
