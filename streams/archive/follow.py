"""`paidan archive`: follows every partition of `desk-log` into the archive, and the vault's records into the suffixes.

One process in a city. A kill at any moment loses and doubles nothing: rows and position are one transaction. A file of
another shape, or of another log (the record at its position has another hash), is deleted and built anew.
"""

from __future__ import annotations

import asyncio
import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from dispatchers.record import Head, decode_record, digest

from .. import declared, metrics, scan, stop
from ..clock import wall_ms
from ..kafka_io import ends, read_ranges, reader
from ..reader import LOG, Chain, Position
from ..reporters import KEYS
from ..settings import Settings
from ..vault import load_or_create
from . import sqlite
from .phones import Phones, catch_up
from .store import Store

FILE = "archive.sqlite"
BATCH = 2_000  # records in one transaction
WAIT_MS = 200  # for records; then it is asked whether to end
PHONES_EVERY_S = 1.0
LONG_BUILD = 100_000  # records, after which the text indexes are put in one piece
log = structlog.get_logger(__name__)


class AlreadyRunningError(Exception):
    """There is one writer of an archive."""


class Follower:
    """The valid chains of all partitions, and the store that they are folded into."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.records = 0
        self._chains: dict[int, Chain] = {}
        self._read: dict[int, Position] = {}  # since the last commit
        self._stored = store.positions()

    def next(self, partition: int) -> int:
        """The offset to read next: of a partition that was read before, the record there is looked at again."""
        return self._chain(partition).next

    def _chain(self, partition: int) -> Chain:
        chain = self._chains.get(partition)
        if chain is None:
            at = self._stored.get(partition, Position())
            head = Head(writer="", offset=at.offset, hash=at.hash)
            chain = self._chains[partition] = Chain(LOG, partition, head)
        return chain

    def take(self, record: ConsumerRecord) -> None:
        """Fold a stored record, if it is valid. Raises LogDamagedError, msgspec.DecodeError (a newer version's)."""
        chain = self._chain(record.partition)
        if not chain.valid(record.offset, record.value):
            return
        self.store.take(record.partition, record.offset, decode_record(record.value))
        chain.head.passed(record.offset, record.value)
        self._read[record.partition] = Position(record.offset, chain.head.hash)
        self.records += 1

    def commit(self) -> None:
        """Into the file with what was read."""
        if self._read:
            self.store.commit(self._read)
            self._read = {}


async def of_this_log(consumer: AIOKafkaConsumer, stored: dict[int, Position]) -> bool:
    """Whether every stored position stands in the log as it was read."""
    at = {TopicPartition(LOG, partition): position for partition, position in stored.items()}
    bounds = await ends(consumer, at)
    if any(position.offset >= bounds[tp][1] for tp, position in at.items()):
        return False
    found = {}
    try:
        async for tp, records in read_ranges(consumer, {tp: (p.offset, p.offset + 1) for tp, p in at.items()}):
            found[tp] = digest(records[0].value)
    except OffsetOutOfRangeError:
        return False
    return found == {tp: position.hash for tp, position in at.items()}


async def opened(consumer: AIOKafkaConsumer, path: Path) -> Store:
    """The store of a file that may go on, or of a new one."""
    why = "" if sqlite.ours(path, sqlite.ARCHIVE) else "it has another shape"
    if not why:
        store = Store(path)
        if await of_this_log(consumer, store.positions()):
            return store
        store.close()
        why = "it is of another log"
    log.warning("the archive is built anew", file=str(path), why=why)
    sqlite.remove(path)
    sqlite.remove(sqlite.of_archive(path))
    return Store(path)


async def follow(consumer: AIOKafkaConsumer, follower: Follower, end: asyncio.Event) -> None:
    """Fold what there is and what comes, until asked to end. LogDamagedError ends it too."""
    tps = [TopicPartition(LOG, p) for p in range(scan.partitions(LOG))]
    consumer.assign(tps)
    for tp in tps:
        consumer.seek(tp, follower.next(tp.partition))
    left = {tp: last for tp, last in (await consumer.end_offsets(tps)).items() if last > follower.next(tp.partition)}
    building, tidying = bool(left), False
    begun = time.monotonic()
    while not end.is_set():
        for records in (await consumer.getmany(timeout_ms=WAIT_MS, max_records=BATCH)).values():
            for record in records:
                follower.take(record)
        follower.commit()
        left = {tp: last for tp, last in left.items() if await consumer.position(tp) < last}
        if building and not left:
            building = False
            if follower.records >= LONG_BUILD:
                tidying = sqlite.tidy(follower.store.db, begin=True)
            seconds = round(time.monotonic() - begun, 1)
            log.info("the archive is up to date", records=follower.records, seconds=seconds)
        elif tidying:
            tidying = sqlite.tidy(follower.store.db, begin=False)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the files against a second writer, which would tell every story twice. The kernel lets go of what is killed.

    Raises:
        AlreadyRunningError: there is one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise AlreadyRunningError(f"another `paidan archive` writes {path}") from fault
        yield


def phones_at(path: Path, master: bytes) -> Phones:
    """The suffixes of a file that may go on, or of a new one."""
    why = "" if sqlite.ours(path, sqlite.PHONES) else "it has another shape"
    if not why:
        phones = Phones(path, master)
        if not phones.stale(wall_ms()):
            return phones
        phones.close()
        why = "it was not read for so long that a forgotten number may be in it"
    log.warning("the phone suffixes are read anew", why=why)
    sqlite.remove(path)
    return Phones(path, master)


async def follow_phones(kafka: str, path: Path, master: bytes) -> None:
    """Keep the suffixes up to date, until cancelled."""
    phones = phones_at(path, master)
    try:
        async with reader(kafka) as consumer:
            while True:
                if not await catch_up(consumer, phones, range(scan.partitions(KEYS))):
                    log.warning("the phone suffixes are read anew", why="they are of other topics")
                    phones.close()
                    sqlite.remove(path)
                    phones = Phones(path, master)
                    continue
                await asyncio.sleep(PHONES_EVERY_S)
    finally:
        phones.close()


async def archive(settings: Settings, end: asyncio.Event) -> None:
    """Both, until asked to end; what fails in one ends the other."""
    path = settings.data / FILE
    with alone(path):
        await _archive(settings, path, end)


async def _archive(settings: Settings, path: Path, end: asyncio.Event) -> None:
    await declared.require(settings.kafka, "archive")
    master = load_or_create(settings.master_key)
    async with reader(settings.kafka) as consumer:
        store = await opened(consumer, path)
        try:
            async with asyncio.TaskGroup() as tasks:
                suffixes = tasks.create_task(follow_phones(settings.kafka, sqlite.of_archive(path), master))
                await follow(consumer, Follower(store), end)
                suffixes.cancel()
        finally:
            store.close()


async def _run(settings: Settings) -> None:
    metrics.serve("archive", settings.metrics_port)
    await archive(settings, stop.asked())
    log.info("ended")


def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Raises what ended it otherwise: a damaged log, a broker that is not there."""
    try:
        asyncio.run(_run(settings))
    except ExceptionGroup as group:  # of one task at a time: the other is cancelled
        raise group.exceptions[0] from None
