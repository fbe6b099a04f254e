"""A backup of one moment of a cluster that lives. Nothing is stopped, and nothing written to it (but
that it was made, in the audit: cli.py).

What is read later may know more, so what others rest on is read after them:

    snapshots        their anchors stand in the logs that are read next
    logs             then read on, where a letter was taken that its sender's log does not name yet (chains.py)
    the rest         dead letters, keys and blocks of reporters: acknowledged before the record that rests on them;
                     keys before blocks, replies before what became of them
    inboxes          only what their log has not decided: a message that a record posted on is here or decided

Read the other way round, messages would be lost: a dead letter played again after the inbox was read, a number that was
moved to its right partition.

Forgotten reporters: only live keys leave the cluster. Of a key that was destroyed nothing is written, nor of a case
whose reporter the receipt books remember as forgotten, though the broker may keep those bytes for two days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, aclosing
from pathlib import Path

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from dispatchers.record import RULES

from .. import reporters, topics
from ..kafka_io import ends, read_ranges, reader
from ..replay import LOGS
from ..settings import Settings
from ..vault import Vault, load_or_create
from . import files
from .chains import Chain, Chains, Due
from .files import BackupError, Entry, Manifest, Part, PartWriter

log = structlog.get_logger(__name__)
FIRST = "snapshots"
LATER = (reporters.KEYS, reporters.BLOCKS, "replies", "deliveries")  # in this order
Bounds = dict[TopicPartition, tuple[int, int]]


async def export(settings: Settings, folder: Path, say: Callable[[str], None]) -> Manifest:
    """Make a backup in a folder that is empty, or not there yet.

    Raises BackupError: it cannot be made; the folder has no manifest then, and nobody will take it for a backup.
    """
    fingerprint = _begin(settings, folder)
    async with reader(settings.kafka) as consumer:
        export = _Export(consumer, folder)
        made_at = await export.topics(say)
    photos = copy_photos(settings.data / "photos", folder / "photos")
    files.sync_folders(folder)
    manifest = Manifest(
        format=files.FORMAT,
        made_at=made_at.isoformat(timespec="seconds"),
        rules=RULES,
        master_key=fingerprint,
        parts=export.parts,
        photos=photos,
    )
    files.write_manifest(folder, manifest)
    return manifest


def _begin(settings: Settings, folder: Path) -> str:
    """Make the folder; the fingerprint of the master key that whoever restores will need."""
    if folder.exists() and any(folder.iterdir()):
        raise BackupError(f"{folder} is not empty: a backup never goes over another one")
    if not settings.master_key.exists():
        raise BackupError(f"no master key at {settings.master_key}: the backup could not say which one it needs")
    fingerprint = Vault(load_or_create(settings.master_key)).fingerprint
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return fingerprint


def copy_photos(store: Path, folder: Path) -> files.PhotoSet:
    """All whole photos; one that is not what its name says is left out and told of."""
    damaged = [file.name for file in files.photo_files(store) if not files.copy_photo(file, folder)]
    for name in damaged:
        log.error("photo is damaged, not in the backup", photo=name)
    return files.photo_set(files.photo_files(folder), damaged)


class _Export:
    def __init__(self, consumer: AIOKafkaConsumer, folder: Path) -> None:
        self._consumer, self._folder = consumer, folder
        self._spec = topics.load()
        self.chains = Chains()
        self.parts: list[Part] = []

    async def topics(self, say: Callable[[str], None]) -> dt.datetime:
        """All topics, in their order; the moment of which the logs are."""
        await self._plain(FIRST)
        made_at = dt.datetime.now(dt.UTC)
        await self._logs()
        inboxes = LOGS.values()
        rest = [name for name in self._spec if name not in (FIRST, *LATER, *LOGS, *inboxes)]
        for name in (*rest, *LATER):
            await (self._keys(name) if name == reporters.KEYS else self._plain(name))
        for name in inboxes:
            await self._inbox(name)
        for name in self._spec:
            say(f"{name}: {sum(part.records for part in self.parts if part.topic == name)} records")
        return made_at

    # -- kinds of topics -----------------------------------------------------------------------------------------------

    async def _plain(self, name: str) -> None:
        await self._write(await self._bounds(name))

    async def _logs(self) -> None:
        bounds: Bounds = {}
        for name in LOGS:
            bounds |= await self._bounds(name)
        for tp, (first, _) in bounds.items():
            if first > 0:
                raise BackupError(f"{tp.topic}/{tp.partition} begins at {first}: its first records were deleted")
        counts = dict.fromkeys(bounds, 0)
        for name in LOGS:
            ranges = {tp: span for tp, span in bounds.items() if tp.topic == name}
            counts |= await self._copy(ranges, self._valid)
        while due := next(self.chains.due(), None):
            tps = [TopicPartition(*due.place)] if due.place else [tp for tp in bounds if not self._chain(tp).next]
            for tp, (_, end) in (await ends(self._consumer, tps)).items():
                counts[tp] += await self._read_on(tp, end, due)
            if due in self.chains.due():
                raise BackupError(str(due))
        for tp in bounds:
            chain = self._chain(tp)
            if chain.next:
                self._add(tp, (0, chain.next), counts[tp], chain.head.hash)

    def _valid(self, record: ConsumerRecord) -> bool:
        """Every record of a log is kept, void ones too: offsets are positions."""
        self.chains.take((record.topic, record.partition), _entry(record))
        return True

    async def _read_on(self, tp: TopicPartition, end: int, due: Due) -> int:
        """Read a log on to the record that sends a letter: it was there before its receiver took it. An empty one is
        read on likewise, or to its end if it is another's."""
        if end == (start := self._chain(tp).next):
            return 0
        with PartWriter(self._folder, *tp) as out:
            async with aclosing(self._records({tp: (start, end)})) as records:
                async for record in records:
                    self._valid(record)
                    out.write(_entry(record))
                    if self.chains.sent(due.sender, due.receiver) >= due.number:
                        break
        return out.records

    def _chain(self, tp: TopicPartition) -> Chain:
        return self.chains.of((tp.topic, tp.partition))

    async def _keys(self, name: str) -> None:
        """Only keys that live: what a tombstone lies behind is gone, though compaction has not come by."""
        bounds = await self._bounds(name)
        destroyed: dict[bytes, int] = {}
        async with aclosing(self._records(bounds)) as records:
            async for record in records:
                if record.value is None:
                    destroyed[record.key] = record.offset

        def lives(record: ConsumerRecord) -> bool:
            case = record.key.decode().rpartition("/")[0]
            return (
                record.value is not None
                and record.offset > destroyed.get(record.key, -1)
                and case not in self.chains.forgotten
            )

        await self._write(bounds, lives)

    async def _inbox(self, name: str) -> None:
        undecided: Bounds = {}
        for tp, (first, end) in (await self._bounds(name)).items():
            start = self.chains.decided((name, tp.partition)) + 1
            if first > start:
                raise BackupError(f"{name}/{tp.partition} begins at {first}: {start} was deleted undecided")
            undecided[tp] = (start, max(start, end))
        await self._write(undecided)

    # -- records to files ----------------------------------------------------------------------------------------------

    async def _bounds(self, name: str) -> Bounds:
        return await ends(self._consumer, [TopicPartition(name, p) for p in range(self._spec[name].partitions)])

    async def _write(self, bounds: Bounds, want: Callable[[ConsumerRecord], bool] = lambda _: True) -> None:
        for tp, count in (await self._copy(bounds, want)).items():
            if count:
                self._add(tp, bounds[tp], count)

    def _add(self, tp: TopicPartition, span: tuple[int, int], count: int, head: str = "") -> None:
        path = self._folder / files.part_file(*tp)
        part = Part(
            topic=tp.topic,
            partition=tp.partition,
            first=span[0],
            end=span[1],
            records=count,
            bytes=path.stat().st_size,
            sha256=files.file_hash(path),
            head=head,
        )
        self.parts.append(part)

    async def _copy(self, bounds: Bounds, want: Callable[[ConsumerRecord], bool]) -> dict[TopicPartition, int]:
        """Write what is wanted of a topic's partitions; how many records of each. A file for each that has any."""
        out: dict[TopicPartition, PartWriter] = {}
        with ExitStack() as stack:
            async with aclosing(self._records(bounds)) as records:
                async for record in records:
                    if want(record):
                        tp = TopicPartition(record.topic, record.partition)
                        if tp not in out:
                            out[tp] = stack.enter_context(PartWriter(self._folder, *tp))
                        out[tp].write(_entry(record))
        return {tp: writer.records for tp, writer in out.items()}

    async def _records(self, bounds: Bounds) -> AsyncGenerator[ConsumerRecord, None]:
        async for _, records in read_ranges(self._consumer, bounds):
            for record in records:
                yield record


def _entry(record: ConsumerRecord) -> Entry:
    return Entry(record.offset, record.timestamp, record.key, record.value, list(record.headers))
