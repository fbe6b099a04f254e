"""Where every reply stands: sent = acknowledged + pending + dead, for each source, at every moment.

1. Two topics say it all: `replies` (what was sent) and `deliveries` (what became of it; the newest record of a reply
   holds). `ledger` says so as a pure function; a `Book` says the same one record at a time, and a test compares.
2. Counted are the replies that the topic still holds (30 days), each once however often it was published.
3. A source without a webhook reads the topic itself. What it took of it nobody here can know: its replies are counted
   apart (`by_topic`), neither acknowledged nor pending for ever. The same holds for what is older than a webhook's
   `not_before`.
4. A Book keeps 27 bytes of a reply, and some 200 more while it is pending; never its text. A delivery therefore says
   where in `replies` its reply lies; where that place holds another one (topics copied to another cluster, the first of
   two copies expired) its partition is searched.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Literal, NamedTuple

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from .. import scan
from ..kafka_io import ends, reader
from ..replies import TOPIC as REPLIES
from ..replies import Reply

DELIVERIES = "deliveries"
FORGET_EVERY_S = 600.0
WAIT_MS = 200
AT_ONCE = 2_000
Place = tuple[int, int]  # partition and offset in `replies`
log = structlog.get_logger(__name__)


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """The value of a `deliveries` record. No text of a reply, and of what the source's server said its code alone."""

    id: str  # of the reply
    case_id: str
    source: str
    state: Literal["acknowledged", "dead", "again"]  # again: a person had it sent once more; it is pending
    attempts: int  # since it was sent, or sent again, by the process that ended it
    at: int  # wall time, ms
    status: str  # of the last try: the HTTP code, or timeout, unreachable, untried; of `again` the one before
    partition: int  # where the reply lies in `replies`
    offset: int


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """A source's account."""

    sent: int = 0
    acknowledged: int = 0
    pending: int = 0
    dead: int = 0
    oldest_pending_at: int = 0  # `Reply.at`; 0: none is pending


def ledger(replies: Iterable[Reply], deliveries: Iterable[Delivery], webhooks: Mapping[str, int]) -> dict[str, Ledger]:
    """The account of each source that has a webhook. `webhooks`: from when on (`Reply.at`) it is posted its replies."""
    newest = {delivery.id: delivery.state for delivery in deliveries}
    sent = {r.id: r for r in replies if r.source in webhooks and r.at >= webhooks[r.source]}
    found = {}
    for source in webhooks:
        mine = [r for r in sent.values() if r.source == source]
        states = [newest.get(r.id) for r in mine]
        pending = [r.at for r, state in zip(mine, states, strict=True) if state in (None, "again")]
        found[source] = Ledger(
            sent=len(mine),
            acknowledged=states.count("acknowledged"),
            pending=len(pending),
            dead=states.count("dead"),
            oldest_pending_at=min(pending, default=0),
        )
    return found


# -- one record at a time ----------------------------------------------------------------------------------------------

_NONE, _PENDING, _ACKNOWLEDGED, _DEAD, _BY_TOPIC = range(5)
_MOST_SOURCES = 10_000  # told apart; a source is whatever the adaptors say it is
_OTHERS = "…"
_STATES = {"acknowledged": _ACKNOWLEDGED, "dead": _DEAD, "again": _PENDING}


class _Page:
    """The replies of one partition, by offset from `first` on."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.states = bytearray()
        self.sources = array("H")
        self.checks = array("Q")  # of the ids
        self.at = array("q")
        self.since = array("q")
        self.newest: dict[str, tuple[int, ...]] = {}  # by log: the greatest id that lies here
        self._found = 0

    @property
    def end(self) -> int:
        """The offset after the last one."""
        return self.first + len(self.states)

    def put(self, state: int, source: int = 0, check: int = 0, at: int = 0, since: int = 0) -> None:
        self.states.append(state)
        self.sources.append(source)
        self.checks.append(check)
        self.at.append(at)
        self.since.append(since)

    def drop(self, count: int) -> None:
        """Forget the oldest."""
        for column in (self.states, self.sources, self.checks, self.at, self.since):
            del column[:count]
        self.first += count
        self._found = 0

    def repeated(self, reply_id: str, check: int) -> bool:
        """Whether this reply lies here already. A log's replies come in its order; only after a crash of `tell` some
        come again. So most are known to be new at a glance, and of a row of repeats each lies behind the last one."""
        where, number = _number(reply_id)
        newest = self.newest.get(where)
        if newest is None or number > newest:
            self.newest[where] = number
            return False
        at = self.find(check, self._found)
        if at is None:
            at = self.find(check)
        if at is None:
            return False
        self._found = at + 1
        return True

    def find(self, check: int, start: int = 0) -> int | None:
        """The index of a reply."""
        try:
            return self.checks.index(check, start)
        except ValueError:
            return None


def _check(reply_id: str) -> int:
    """64 bits of an id: no two of the millions that are ever compared meet."""
    return int.from_bytes(blake2b(reply_id.encode(), digest_size=8).digest())


def _number(reply_id: str) -> tuple[str, tuple[int, ...]]:
    """An id's log, and its numbers there."""
    topic, *numbers = reply_id.split("/")
    try:
        partition, *rest = map(int, numbers)
    except ValueError:
        return reply_id, ()
    return f"{topic}/{partition}", tuple(rest)


class Book:
    """The fold of both topics."""

    def __init__(self, webhooks: Mapping[str, int]) -> None:
        """`webhooks`: as `ledger` has it."""
        self._webhooks = dict(webhooks)
        self._names: list[str] = list(webhooks)
        self._numbers = {name: n for n, name in enumerate(self._names)}
        self._pages: dict[int, _Page] = {}
        self._counts: list[list[int]] = [[0] * 5 for _ in self._names]  # by source: by state
        self._pending: list[dict[Place, None]] = [{} for _ in self._names]
        self._early: dict[str, Delivery] = {}  # by reply: read before it was
        self._open = False

    # -- what is read --------------------------------------------------------------------------------------------------

    def begin(self, partition: int, first: int) -> None:
        """What the topic has of a partition begins there."""
        self._pages[partition] = _Page(first)

    def reply(self, partition: int, offset: int, reply: Reply | None, since: int) -> bool:
        """A record of `replies` (None: unreadable) of wall time `since`; whether it is to be delivered now."""
        page = self._pages[partition]
        if offset < page.end:
            return False  # read again after a pause
        while page.end < offset:
            page.put(_NONE)
        check = _check(reply.id) if reply else 0
        if reply is None or page.repeated(reply.id, check):
            page.put(_NONE)
            return False
        source = self._number(reply.source)
        posted = self._webhooks.get(reply.source)
        page.put(_NONE, source, check, reply.at, since)
        self._set(page, offset, (partition, offset), _BY_TOPIC if posted is None or reply.at < posted else _PENDING)
        early = self._early.pop(reply.id, None)
        if early:
            self.delivery(early)
        return page.states[offset - page.first] == _PENDING

    def delivery(self, told: Delivery) -> None:
        """A record of `deliveries`."""
        page = self._pages[told.partition]
        index = self._index(page, told)
        if index is None and told.offset >= page.end:
            self._early[told.id] = told
        if index is None or page.states[index] in (_NONE, _BY_TOPIC):
            return
        if told.state == "again":
            page.since[index] = told.at
        offset = page.first + index
        self._set(page, offset, (told.partition, offset), _STATES[told.state])

    def knows(self, told: Delivery) -> bool:
        """Whether its reply is here, or yet to come."""
        page = self._pages[told.partition]
        return told.offset >= page.end or self._index(page, told) is not None

    def _index(self, page: _Page, told: Delivery) -> int | None:
        check, index = _check(told.id), told.offset - page.first
        return index if 0 <= index < len(page.checks) and page.checks[index] == check else page.find(check)

    def forget(self, partition: int, first: int) -> None:
        """The topic has no reply before `first` any more."""
        page = self._pages[partition]
        if first <= page.first:
            return
        last = min(first, page.end)
        for offset in range(page.first, last):
            if page.states[offset - page.first] != _NONE:
                self._set(page, offset, (partition, offset), _NONE)
        page.drop(last - page.first)
        if not page.states:
            page.first = first

    def open(self) -> None:
        """All that there was is read: from now on it is known which are pending, not only how many. (While reading,
        nearly all are pending for a moment, and an index of them would be the largest thing here.)"""
        self._open = True
        for partition, page in self._pages.items():
            for index, state in enumerate(page.states):
                if state == _PENDING:
                    self._pending[page.sources[index]][partition, page.first + index] = None

    def _number(self, source: str) -> int:
        number = self._numbers.get(source)
        if number is None and len(self._names) > _MOST_SOURCES:
            source, number = _OTHERS, self._numbers.get(_OTHERS)
        if number is None:
            number = self._numbers[source] = len(self._names)
            self._names.append(source)
            self._counts.append([0] * 5)
            self._pending.append({})
        return number

    def _set(self, page: _Page, offset: int, place: Place, state: int) -> None:
        index = offset - page.first
        source, was = page.sources[index], page.states[index]
        if was == state:
            return
        page.states[index] = state
        self._counts[source][was] -= 1
        self._counts[source][state] += 1
        if self._open and _PENDING in (was, state):
            if state == _PENDING:
                self._pending[source][place] = None
            else:
                self._pending[source].pop(place, None)

    # -- what is asked -------------------------------------------------------------------------------------------------

    def ledgers(self) -> dict[str, Ledger]:
        """The account of each source that has a webhook, by its name."""
        return {name: self._ledger(number) for number, name in enumerate(self._names[: len(self._webhooks)])}

    def _ledger(self, number: int) -> Ledger:
        _, pending, acknowledged, dead, _ = self._counts[number]
        return Ledger(
            sent=pending + acknowledged + dead,
            acknowledged=acknowledged,
            pending=pending,
            dead=dead,
            oldest_pending_at=min(map(self._at, self._pending[number]), default=0),
        )

    def by_topic(self) -> dict[str, int]:
        """How many replies each source has to read for itself."""
        counted = {name: self._counts[number][_BY_TOPIC] for number, name in enumerate(self._names)}
        return {name: count for name, count in sorted(counted.items()) if count}

    def pending(self, source: str) -> Mapping[Place, None]:
        """Places of the replies that the source is still to be posted; those of a case in their order."""
        return self._pending[self._numbers[source]]

    def since(self, place: Place) -> int:
        """Wall time at which a reply was sent, or sent again."""
        page = self._pages[place[0]]
        return page.since[place[1] - page.first]

    def _at(self, place: Place) -> int:
        page = self._pages[place[0]]
        return page.at[place[1] - page.first]


# -- both topics, followed ---------------------------------------------------------------------------------------------


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


def total(accounts: Mapping[str, Ledger]) -> Ledger:
    """The sum of some accounts."""
    every = accounts.values()
    oldest: Iterator[int] = (a.oldest_pending_at for a in every if a.pending)
    return Ledger(
        sent=sum(a.sent for a in every),
        acknowledged=sum(a.acknowledged for a in every),
        pending=sum(a.pending for a in every),
        dead=sum(a.dead for a in every),
        oldest_pending_at=min(oldest, default=0),
    )
