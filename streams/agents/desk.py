"""The desk's inbox `desk-inbox`: orders, reports, letters and wake-ups to the command desks. Before the decision:

1. read the bytes; what no reading can save goes to dead-letters first (law 10)
2. `AdoptCity`: whether the version is published is looked up and put into the message (DESIGN §2)
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from dispatchers.city import City
from dispatchers.messages import AdoptCity, BrokenLetter, Unreadable
from dispatchers.state import Desk
from dispatchers.writer import DESK, Writer

from ..app import App, Take, fetches, or_leave, raw_topic
from ..cities import Cities
from ..dead_letters import DeadLetters
from ..desk_wire import read_desk_message
from ..log import Incoming
from ..salvage import failed, keep
from ..writers import Arrived


class DeskInbox:
    """The inbox of all desks; the city pack gives each its partition, and the others nobody."""

    topic, log = "desk-inbox", "desk-log"
    room = DESK

    def __init__(self, cities: Cities, dead_letters: DeadLetters) -> None:
        self._cities, self._dead_letters = cities, dead_letters
        self._desks = {d.partition: d.id for d in cities.configured.city.pack.desks}

    def writer_of(self, partition: int) -> str:
        """The desk that the pack gives the partition to."""
        return self._desks.get(partition, f"desk-inbox/{partition}")

    def city(self, desk: Desk) -> City:
        """The version that the desk adopted."""
        return self._cities.of(desk.city).city

    async def taken(self, writer: Writer) -> None:
        """Have the version ready by which the desk decides."""
        await self._cities.require(writer.state.city)

    async def prepare(self, records: list[Arrived], writer: Writer) -> list[Any]:
        """Messages to decide, in order; dead letters are acknowledged."""
        return [await self._prepare(one, writer.state.id) for one in records]

    async def salvage(self, incoming: Incoming, fault: Exception) -> Unreadable | BrokenLetter:
        """The rules failed on a message; a letter's number advances all the same (law 7)."""
        message = failed(incoming.message, fault)
        await keep(self._dead_letters, incoming.record, incoming.at, message)
        return message

    async def _prepare(self, one: Arrived, desk: str) -> Any:
        record = one.record
        if record.partition not in self._desks:
            message: Any = Unreadable(reason="no_desk_here", detail=f"no desk has partition {record.partition}")
        else:
            message = read_desk_message(record.value, desk)
        if isinstance(message, AdoptCity):
            return replace(message, found=await self._cities.ensure(message.city))
        if isinstance(message, Unreadable | BrokenLetter):
            await keep(self._dead_letters, record, one.at, message)
        return message


def register(app: App, take: Take) -> None:
    """The agent `desk`."""

    @app.agent(raw_topic(app, DeskInbox.topic))
    async def desk(stream: Any) -> None:
        async def work() -> None:
            async for event, fetched in fetches(app, stream):
                await take(fetched, event.ack)

        await or_leave(work())
