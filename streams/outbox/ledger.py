"""The accounts of all sources, as new as the topics: `replies` and `deliveries`, read whole and then followed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from .. import scan
from ..kafka_io import ends, reader
from ..replies import TOPIC as REPLIES
from ..replies import Reply
from .account import Delivery, Ledger
from .book import Book, Place

DELIVERIES = "deliveries"
FORGET_EVERY_S = 600.0
WAIT_MS = 200
AT_ONCE = 2_000
log = structlog.get_logger(__name__)


class Seen(NamedTuple):
    """A reply that is to be delivered, as it was read."""

    place: Place
    reply: Reply
    body: bytes


def read_reply(record: ConsumerRecord) -> Reply | None:
    """The reply of a record; None if somebody wrote something else there."""
    try:
        return msgspec.json.decode(record.value or b"", type=Reply)
    except msgspec.MsgspecError as fault:
        log.error("no reply", partition=record.partition, offset=record.offset, fault=str(fault))
        return None


def read_delivery(record: ConsumerRecord) -> Delivery | None:
    """The delivery of a record; None for a tombstone, or if somebody wrote something else there."""
    if record.value is None:
        return None
    try:
        return msgspec.json.decode(record.value, type=Delivery)
    except msgspec.MsgspecError as fault:
        log.error("no delivery", partition=record.partition, offset=record.offset, fault=str(fault))
        return None


class Ledgers:
    """The accounts of all sources, as new as the topics. For whoever shows them, and for who delivers.

    Usage: `task = asyncio.create_task(ledgers.run())`, `await ledgers.ready.wait()`, then `ledgers.book` at any time.
    """

    def __init__(
        self, kafka: str, webhooks: Mapping[str, int], changed: Callable[[Seen | None, str], None] = lambda *_: None
    ) -> None:
        """`changed(reply, source)` is called, once `ready`, for each reply that is to be delivered, and (None, source)
        for one that shall be delivered again."""
        self.book = Book(webhooks)
        self.ready = asyncio.Event()
        self._kafka, self._changed = kafka, changed
        self._next: dict[TopicPartition, int] = {}  # where to go on

    async def run(self) -> None:
        """Read all there is, and follow what comes, until cancelled. Raises KafkaError: it must begin anew."""
        async with reader(self._kafka) as consumer:
            replies = [TopicPartition(REPLIES, p) for p in range(scan.partitions(REPLIES))]
            deliveries = [TopicPartition(DELIVERIES, p) for p in range(scan.partitions(DELIVERIES))]
            # Replies first: what became of a reply can only be noted beside it.
            for tps in (replies, deliveries):
                await self._catch_up(consumer, tps)
            stood = {tp: self._next[tp] for tp in (*replies, *deliveries)}
            consumer.assign(list(stood))
            for tp, offset in stood.items():
                consumer.seek(tp, offset)
            self.book.open()
            self.ready.set()
            forget_at = time.monotonic() + FORGET_EVERY_S
            while True:
                await self._take(consumer)
                if time.monotonic() >= forget_at:
                    await self._forget(consumer, replies)
                    forget_at = time.monotonic() + FORGET_EVERY_S

    async def _catch_up(self, consumer: AIOKafkaConsumer, tps: list[TopicPartition]) -> None:
        bounds = await ends(consumer, tps)
        consumer.assign(tps)
        for tp, (first, _) in bounds.items():
            consumer.seek(tp, first)
            if tp.topic == REPLIES:
                self.book.begin(tp.partition, first)
        left = {tp: end for tp, (first, end) in bounds.items() if first < end}
        while left:
            await self._take(consumer)
            left = {tp: end for tp, end in left.items() if await consumer.position(tp) < end}
        self._next |= {tp: await consumer.position(tp) for tp in tps}

    async def _take(self, consumer: AIOKafkaConsumer) -> None:
        for tp, records in (await consumer.getmany(timeout_ms=WAIT_MS, max_records=AT_ONCE)).items():
            for record in records:
                if tp.topic == REPLIES:
                    self._reply(record)
                else:
                    self._delivery(record)

    def _reply(self, record: ConsumerRecord) -> None:
        reply = read_reply(record)
        pending = self.book.reply(record.partition, record.offset, reply, record.timestamp)
        if pending and reply and self.ready.is_set():
            self._changed(Seen((record.partition, record.offset), reply, record.value), reply.source)

    def _delivery(self, record: ConsumerRecord) -> None:
        delivery = read_delivery(record)
        if delivery:
            self.book.delivery(delivery)
            if delivery.state == "again" and self.ready.is_set():
                self._changed(None, delivery.source)

    async def _forget(self, consumer: AIOKafkaConsumer, replies: list[TopicPartition]) -> None:
        for tp, first in (await consumer.beginning_offsets(replies)).items():
            self.book.forget(tp.partition, first)

    def ledgers(self) -> dict[str, Ledger]:
        """As `Book.ledgers`."""
        return self.book.ledgers()

    def by_topic(self) -> dict[str, int]:
        """As `Book.by_topic`."""
        return self.book.by_topic()
