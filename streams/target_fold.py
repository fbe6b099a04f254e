"""The fold behind the official numbers: every desk's log, for whoever shows something of it (exporter, wall).

    snapshot of a desk, if one is trusted   its hash stands at its offset in the log (recovery.py)
    + the log after it                      valid records, each once
    = what a fold of the whole log is

No group and no stored position but the snapshots': who starts anew reads on from there and comes to the same numbers,
and who finds no snapshot reads everything. A snapshot also rests on the definitions: where one of them was changed for
days that are over, the log is read anew.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from dispatchers.record import Head, digest
from dispatchers.rows import CityPack
from dispatchers.targets import DeskTasks, Tasks, ToldRecord, decode_told

from .clock import Clock
from .kafka_io import ends
from .reader import LOG, Chain
from .recovery import WORTH_IT, Kept, Stored, find_stored

KEPT = Kept("targets", 1)  # the version: of the shape, and of the rules by which is counted
KEEP_EVERY = 20_000  # records of a desk: a second of folding
SHOW_EVERY_S = 1.0
ROUND_S = 0.25  # between two fetches of live records: nobody needs the numbers sooner, and it is the fetch that costs
Keep = Callable[[int, Stored], Awaitable[None]]
log = structlog.get_logger(__name__)


class _Desk(msgspec.Struct):
    """What is kept of a desk."""

    basis: str
    name: str
    inbox_offset: int
    at: int
    tasks: DeskTasks
    more: msgspec.Raw  # of who folds something beside it


class Folded:
    """The fold of all desk logs."""

    def __init__(self, pack: CityPack, clock: Clock) -> None:
        self.targets, self._clock, self._pack = Tasks(pack), clock, pack
        self._basis = digest(msgspec.json.encode(_rests_on(pack)))
        self._chains: dict[int, Chain] = {}
        self._names: dict[int, str] = {}
        self.decided: dict[tuple[str, int], int] = {}  # by inbox: the offset after the last one that has a record
        self.newest = 0

    def next(self, partition: int) -> int:
        """The offset to read next."""
        return self._chain(partition).next

    def take(self, record: ConsumerRecord) -> ToldRecord | None:
        """Fold a stored record; None if it is not valid, or was there. Raises LogDamagedError, msgspec.DecodeError."""
        chain, raw = self._chain(record.partition), record.value
        if not chain.valid(record.offset, raw):
            return None
        chain.head.passed(record.offset, raw)
        told = decode_told(raw)
        self._names[record.partition] = told.desk
        self.decided["desk-inbox", record.partition] = told.inbox_offset + 1
        self.newest = max(self.newest, told.at)
        self.targets.take(told)
        return told

    def keep(self, partition: int) -> Stored | None:
        """What is known of a partition's desk; None: nothing."""
        name, head = self._names.get(partition, ""), self._chain(partition).head
        tasks = self.targets.desks.get(name)
        if tasks is None:
            return None
        more = msgspec.Raw(self._keep_more(name))
        desk = _Desk(self._basis, name, self.decided["desk-inbox", partition], tasks.at, tasks, more)
        return Stored(msgspec.msgpack.encode(desk), head.offset, head.hash)

    def go_on(self, partition: int, stored: Stored) -> bool:
        """Begin with what was kept; False: it rests on other definitions, or cannot be read, and nothing was done."""
        try:
            desk = msgspec.msgpack.decode(stored.raw, type=_Desk)
            if desk.basis != self._basis:
                return False
            self._go_on_more(desk.name, desk.more)
        except msgspec.MsgspecError as fault:
            log.warning("snapshot of the numbers not read", partition=partition, fault=str(fault))
            return False
        self.targets.restore(desk.name, desk.tasks)
        self._names[partition] = desk.name
        self.decided["desk-inbox", partition] = desk.inbox_offset
        self.newest = max(self.newest, desk.at)
        self._chains[partition] = Chain(LOG, partition, Head(writer="", offset=stored.offset, hash=stored.hash))
        return True

    def _keep_more(self, name: str) -> bytes:
        """MessagePack of what else is known of a desk; here nothing."""
        return msgspec.msgpack.encode(None)

    def _go_on_more(self, name: str, raw: msgspec.Raw) -> None:
        """Go on with it. Raises msgspec.MsgspecError before anything is changed."""

    def show(self) -> None:
        """Show it as of now: at midnight "today" begins anew without an event."""
        raise NotImplementedError

    def _chain(self, partition: int) -> Chain:
        if partition not in self._chains:
            self._chains[partition] = Chain(LOG, partition, Head(writer=""))
        return self._chains[partition]


def _rests_on(pack: CityPack) -> Any:
    """What a fold asks the city besides the log. Definitions are dated; the rest is the same for all days."""
    items = [(item.id, item.domain) for item in pack.items]
    return pack.definitions, pack.facts.utc_offset_minutes, [(d.name, d.group) for d in pack.domains], items


async def follow(consumer: AIOKafkaConsumer, fold: Folded, used: Iterable[int], keep: Keep | None = None) -> None:
    """Fold what there is and what comes in the `used` partitions, until cancelled; shown once everything there was is
    folded. `keep` writes a snapshot of a partition, now and then."""
    left = await _begin(consumer, fold, [TopicPartition(LOG, p) for p in used])
    kept = {tp.partition: fold.next(tp.partition) for tp in left}
    shown = 0.0
    while True:
        for tp, records in (await consumer.getmany(timeout_ms=int(SHOW_EVERY_S * 1000))).items():
            for record in records:
                fold.take(record)
            if keep and fold.next(tp.partition) - kept[tp.partition] >= KEEP_EVERY:
                kept[tp.partition] = fold.next(tp.partition)
                if stored := fold.keep(tp.partition):
                    await keep(tp.partition, stored)
        left = {tp: end for tp, end in left.items() if fold.next(tp.partition) < end}
        if not left and time.monotonic() - shown >= SHOW_EVERY_S:
            fold.show()
            shown = time.monotonic()
        if not left:
            await asyncio.sleep(ROUND_S)


async def _begin(consumer: AIOKafkaConsumer, fold: Folded, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
    """Go on from the snapshots that are trusted; the consumer stands behind them. Returns the ends of the logs."""
    until = {tp: end for tp, (_, end) in (await ends(consumer, tps)).items()}
    for tp, end in until.items():
        stored = await find_stored(consumer, tp, end, KEPT) if end > WORTH_IT else None
        if stored:
            fold.go_on(tp.partition, stored)
    consumer.assign(tps)
    for tp in tps:
        consumer.seek(tp, fold.next(tp.partition))
    return until
