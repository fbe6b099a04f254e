"""Intake: `complaints` and `city-events` to the receipt book 收件簿. What comes before the decision, in this order:

1. read the bytes; what no reading can save goes to dead-letters first (law 10)
2. a message in another partition than its number's is posted again to the right one: a number has one writer
3. look the place up, mask the texts, and put the reporter away, acknowledged (law 11)
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import AIOKafkaProducer
from msgspec.structs import replace

from dispatchers.city import City
from dispatchers.ids import inbox_key
from dispatchers.intake import ReceiptBook, key_of
from dispatchers.messages import ForgetReporter, IntakeMessage, Misplaced, Unreadable, WireComplaint
from dispatchers.writer import INTAKE, Writer

from .. import reporters, wire
from ..app import App, Take, fetches, or_leave, raw_topic
from ..cities import Cities
from ..dead_letters import DeadLetters
from ..log import Incoming
from ..salvage import failed, keep
from ..scan import partition_of
from ..vault import Vault
from ..writers import Arrived


class IntakeInbox:
    """One of the two intake topics."""

    room = INTAKE

    def __init__(
        self,
        topic: str,
        log: str,
        producer: AIOKafkaProducer,
        vault: Vault,
        dead_letters: DeadLetters,
        cities: Cities,
    ) -> None:
        self.topic, self.log = topic, log
        self._producer, self._vault, self._dead_letters, self._cities = producer, vault, dead_letters, cities

    def writer_of(self, partition: int) -> str:
        """A receipt book is called as its partition."""
        return f"{self.topic}/{partition}"

    def city(self, book: ReceiptBook) -> City:
        """The configured version: a book adopts none, and each of its records names the one that decided."""
        return self._cities.configured.city

    async def taken(self, writer: Writer) -> None:
        """A receipt book needs nothing but its log."""

    async def prepare(self, records: list[Arrived], writer: Writer) -> list[IntakeMessage]:
        """Messages to decide; everything they rest on is acknowledged."""
        forgotten: set[str] = set()  # by a message of this very fetch, not yet in the book
        messages = [self._read(one, writer.state, forgotten) for one in records]
        pairs = zip(records, messages, strict=True)
        return list(await asyncio.gather(*(self._put_away(one, message, writer.state) for one, message in pairs)))

    def _read(self, one: Arrived, book: ReceiptBook, forgotten: set[str]) -> Any:
        message = wire.read(self.topic, one.record.value, one.at, self._vault)
        if isinstance(message, Unreadable):
            return message
        number = key_of(message.source, message.source_id)
        right = partition_of(self.topic, inbox_key(message.source, message.source_id))
        if right != one.record.partition:
            return Misplaced(source=message.source, source_id=message.source_id, partition=right)
        if isinstance(message, ForgetReporter):
            forgotten.add(number)
            return message
        receipt = book.receipts.get(number)
        gone = number in forgotten or bool(receipt and receipt.reporter_forgotten)
        return self._file(message, one.at, gone)

    def _file(self, message: WireComplaint, at: int, gone: bool) -> wire.Filing:
        filing = wire.file(self.topic, message, self._cities.configured.geo.locate, self._vault, gone)
        return filing._replace(filed=replace(filing.filed, filed_at=at))

    async def salvage(self, incoming: Incoming, fault: Exception) -> Unreadable:
        """The rules failed on a message."""
        message = failed(incoming.message, fault)
        await keep(self._dead_letters, incoming.record, incoming.at, message)
        return message

    async def _put_away(self, one: Arrived, message: Any, book: ReceiptBook) -> IntakeMessage:
        record = one.record
        if isinstance(message, Unreadable):
            await keep(self._dead_letters, record, one.at, message)
        elif isinstance(message, Misplaced):
            await self._producer.send_and_wait(
                record.topic,
                record.value,
                key=inbox_key(message.source, message.source_id),
                partition=message.partition,
                headers=list(record.headers),
            )
        elif isinstance(message, wire.Filing):
            filed = message.filed
            receipt = book.receipts.get(key_of(filed.source, filed.source_id))
            if receipt is None or receipt.digest != filed.digest:
                await reporters.keep(self._producer, self._vault, message)
            return filed
        return message


def register(app: App, take: Take, topics: list[str]) -> None:
    """The agent `intake`."""

    @app.agent(raw_topic(app, *topics))
    async def intake(stream: Any) -> None:
        async def work() -> None:
            async for event, fetched in fetches(app, stream):
                await take(fetched, event.ack)

        await or_leave(work())
