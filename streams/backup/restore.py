"""A backup into an empty cluster, which then goes on in a new epoch. Nothing else may run on it meanwhile.

    verify        everything in the files, before anything is written
    photos        first: they may be there already, and a full disk leaves the cluster empty
    data, people  as they were
    logs          byte for byte, each record at its old offset, then the record that opens the new epoch
    inboxes       what is undecided, in its order

Letters: the logs are their truth (law 7). One in an inbox that its sender's log does not name comes from behind the
moment of the backup; it is left out, because the sender will decide anew and give its number again. One that is not yet
known to be posted is posted by who takes its sender's partition, as ever. All others are taken or in the inbox: they
were posted before the logs were read, and the inboxes are read after them.

Dead letters are named by the place of their message, and places are given anew in the new epoch. So they are renamed to
`<place>~<epoch>` and closed again under that name; who has the master key can.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition
from kafka import KafkaAdminClient

from dispatchers.messages import BrokenLetter, Letter
from dispatchers.rows import CityPack

from .. import dead_letters, topics
from ..dead_letters import DeadLetter
from ..desk_wire import read_desk_message
from ..kafka_io import ends, producer, reader
from ..replay import LOGS
from ..scan import partition_of
from ..settings import Settings
from ..vault import Vault, load_or_create
from . import files
from .chains import LOG_OF, Chains
from .files import BackupError, Entry, Manifest, Part

DESKS, SNAPSHOTS = "desk-inbox", "snapshots"
AT_ONCE = 2_000  # messages on their way to the broker


class Verified(NamedTuple):
    """A backup that is whole."""

    manifest: Manifest
    chains: Chains


def verify(folder: Path) -> Verified:
    """Read all of a backup. Raises BackupError naming each damaged file; of what files say, the first fault."""
    manifest = files.read_manifest(folder)
    files.check_files(folder, manifest)
    spec, chains = topics.load(), Chains()
    # Logs first: they tell at what an inbox must begin.
    for part in sorted(files.left(folder, manifest), key=lambda part: part.topic not in LOGS):
        if part.topic not in spec or part.partition >= spec[part.topic].partitions:
            raise BackupError(f"{part.file}: {topics.FILE.name} has no such partition: another version made this")
        _verify_part(folder, part, chains)
    for due in chains.due():
        raise BackupError(f"the logs are not of one moment: {due}")
    return Verified(manifest, chains)


def _verify_part(folder: Path, part: Part, chains: Chains) -> None:
    place, count, last = (part.topic, part.partition), 0, part.first - 1
    whole = part.topic in LOGS or part.topic in LOG_OF  # of which nothing may be missing in between
    for entry in files.entries(folder, *place):
        if part.topic in LOGS:
            chains.take(place, entry)
        if entry.offset <= last or (whole and entry.offset != last + 1):
            raise BackupError(f"{part.file}: after {last} comes {entry.offset}")
        count, last = count + 1, entry.offset
    if count != part.records or last >= part.end or (whole and last != part.end - 1):
        raise BackupError(f"{part.file}: {count} records up to {last}; there were {part.records} in all to {part.end}")
    if part.topic in LOGS and (found := chains.of(place).head.hash) != part.head:
        raise BackupError(f"{part.file}: the chain ends with {found}, not with {part.head}")
    if part.topic in LOG_OF and part.first != (decided := chains.decided(place)) + 1:
        raise BackupError(f"{part.file}: begins at {part.first}, its log has decided up to {decided}")


async def restore(settings: Settings, pack: CityPack, folder: Path, say: Callable[[str], None]) -> Manifest:
    """Bring a backup into an empty cluster.

    Raises BackupError. As long as no line of a topic was said nothing is written; later the cluster has to be emptied
    before another try.
    """
    manifest, chains = await asyncio.to_thread(verify, folder)
    vault = _vault(settings, manifest)
    desks = _desks(pack, chains)
    await _refuse_filled(settings.kafka)
    await asyncio.to_thread(_make_topics, settings.kafka)
    store = settings.data / "photos"
    for file in files.photo_files(folder / "photos"):
        files.copy_photo(file, store)
    if store.exists():
        files.sync_folders(store)
    say(f"photos: {manifest.photos.count}")
    async with producer(settings.kafka) as sender:
        await _Restore(sender, folder, manifest, chains, vault, desks).all(say)
    return manifest


def _vault(settings: Settings, manifest: Manifest) -> Vault:
    """Never a new key, which would be drawn in silence and open nothing."""
    path, needed = settings.master_key, manifest.master_key
    if not path.exists():
        raise BackupError(f"no master key at {path}: this backup needs the one with the fingerprint {needed}")
    vault = Vault(load_or_create(path))
    if vault.fingerprint != needed:
        raise BackupError(f"{path} has the fingerprint {vault.fingerprint}: this backup needs {needed}")
    return vault


def _desks(pack: CityPack, chains: Chains) -> dict[str, int]:
    """The partition of each desk; the pack must give the desks of the logs those that they have."""
    desks = {desk.id: desk.partition for desk in pack.desks}
    for (topic, partition), chain in chains.by_place.items():
        name = chain.head.writer
        if LOGS[topic] == DESKS and name and desks.get(name) != partition:
            raise BackupError(f"PAIDAN_CITY is of another city: {name} has partition {partition} here")
    return desks


async def _refuse_filled(kafka: str) -> None:
    """Raise BackupError if a topic holds, or ever held, a message."""
    tps = await asyncio.to_thread(_partitions, kafka)
    async with reader(kafka) as consumer:
        used = sorted({tp.topic for tp, (_, end) in (await ends(consumer, tps)).items() if end > 0})
    if used:
        raise BackupError(f"the cluster is not empty ({', '.join(used)}): a backup goes into a new one")


def _partitions(kafka: str) -> list[TopicPartition]:
    """What there is of our topics."""
    admin = KafkaAdminClient(bootstrap_servers=kafka.split(","))
    try:
        there = [(topic["name"], len(topic["partitions"])) for topic in admin.describe_topics()]
    finally:
        admin.close()
    return [TopicPartition(name, p) for name, count in there if name in topics.load() for p in range(count)]


def _make_topics(kafka: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=kafka.split(","))
    try:
        brokers = len(admin.describe_cluster()["brokers"])
        topics.apply(admin, topics.load(), 3 if brokers >= 3 else 1)
    except topics.TopicError as fault:
        raise BackupError(str(fault)) from fault
    finally:
        admin.close()


class _Restore:
    def __init__(
        self,
        sender: AIOKafkaProducer,
        folder: Path,
        manifest: Manifest,
        chains: Chains,
        vault: Vault,
        desks: dict[str, int],
    ) -> None:
        self._sender, self._folder, self._chains, self._vault, self._desks = sender, folder, chains, vault, desks
        self._parts: dict[str, list[Part]] = {name: [] for name in topics.load()}
        for part in files.left(folder, manifest):
            self._parts[part.topic].append(part)
        self._created = {n for n, t in topics.load().items() if t.config.message_timestamp_type == "CreateTime"}
        self._flying: list[tuple[Any, int | None]] = []  # acknowledgement to come, the offset that it must say

    async def all(self, say: Callable[[str], None]) -> None:
        """Write everything, in the order in which it rests on one another."""
        special = {SNAPSHOTS: self._snapshots, dead_letters.TOPIC: self._dead_letters}
        plain = [name for name in self._parts if name not in LOGS and name not in LOG_OF]
        for name in (*plain, *LOGS, *LOG_OF):
            write = self._log if name in LOGS else self._inbox if name in LOG_OF else special.get(name, self._plain)
            count = 0
            for part in self._parts[name]:
                count += await write(part)
            await self._landed()
            say(f"{name}: {count} records")

    # -- kinds of topics -----------------------------------------------------------------------------------------------

    async def _plain(self, part: Part) -> int:
        for entry in self._entries(part):
            await self._send(part.topic, part.partition, entry)
        return part.records

    async def _log(self, part: Part) -> int:
        place = (part.topic, part.partition)
        for entry in self._entries(part):
            await self._send(*place, entry, entry.offset)
        opened = self._chains.of(place).open_epoch()
        await self._send(*place, Entry(part.end, 0, None, opened.raw), part.end)
        return part.records + 1

    async def _inbox(self, part: Part) -> int:
        count = 0
        for entry in self._entries(part):
            if part.topic != DESKS or self._stands(part.partition, entry):
                headers = [
                    (name, self._played(value) if name == dead_letters.FROM else value) for name, value in entry.headers
                ]
                await self._send(part.topic, part.partition, msgspec.structs.replace(entry, headers=headers))
                count += 1
        return count

    def _played(self, value: bytes | None) -> bytes:
        """Which dead letter a message was, under its new name."""
        return self._named((value or b"").decode(errors="replace")).encode()

    def _stands(self, partition: int, entry: Entry) -> bool:
        """Whether a message is no letter, or one that its sender's log names."""
        desk = next((name for name, p in self._desks.items() if p == partition), "")
        message = read_desk_message(entry.value, desk)
        return not isinstance(message, Letter | BrokenLetter) or message.number <= self._chains.sent(
            message.sender, desk
        )

    async def _snapshots(self, part: Part) -> int:
        """A snapshot's last chunk says at which offset its first one lies; here that is another."""
        begun: dict[bytes, Any] = {}  # by key: the acknowledgement of the newest first chunk
        count = 0
        for entry in self._entries(part):
            key = entry.key or b""
            if key.endswith(b"/last") and entry.value:
                if (first := begun.get(key.removesuffix(b"last") + b"0")) is None:
                    continue  # its chunks were being written over
                told = msgspec.json.decode(entry.value)
                value = msgspec.json.encode(told | {"first": (await first).offset})
                entry = msgspec.structs.replace(entry, value=value)
            future = await self._send(part.topic, part.partition, entry)
            if key.endswith(b"/0"):
                begun[key] = future
            count += 1
        return count

    async def _dead_letters(self, part: Part) -> int:
        count = 0
        for entry in self._entries(part):
            letter = self._renamed(msgspec.json.decode(entry.value or b"", type=DeadLetter))
            if letter:
                key = letter.id.encode()
                new = msgspec.structs.replace(entry, key=key, value=msgspec.json.encode(letter))
                await self._send(part.topic, partition_of(part.topic, key), new)
                count += 1
        return count

    def _renamed(self, letter: DeadLetter) -> DeadLetter | None:
        """The letter under a name that the new epoch will not give; None: its message is undecided, and may fail again
        under a new one."""
        new = self._named(letter.id)
        if new == letter.id:
            return letter
        if letter.offset > self._chains.decided((letter.topic, letter.partition)):
            return None
        sealed = self._vault.seal_bytes(self._vault.open_bytes(letter.sealed, letter.id), new) if letter.sealed else b""
        return msgspec.structs.replace(letter, id=new, sealed=sealed, redriven_from=self._named(letter.redriven_from))

    def _named(self, place: str) -> str:
        """A dead letter's place with the epoch that ends; as it is if it has one, or is no place."""
        topic, partition, offset, *_ = [*place.split("/"), "", ""]
        if topic not in LOG_OF or not (partition.isdigit() and offset.isdigit()):
            return place
        return f"{place}~{self._chains.of((LOG_OF[topic], int(partition))).head.epoch}"

    # -- records to the broker -----------------------------------------------------------------------------------------

    def _entries(self, part: Part) -> Iterator[Entry]:
        return files.entries(self._folder, part.topic, part.partition)

    async def _send(self, topic: str, partition: int, entry: Entry, offset: int | None = None) -> Any:
        """Send a record. `offset`: where it must come to lie."""
        key = b"" if entry.key is None and entry.value is None else entry.key  # aiokafka sends no empty record
        future = await self._sender.send(
            topic,
            entry.value,
            key,
            partition,
            timestamp_ms=entry.time if topic in self._created else None,
            headers=entry.headers,
        )
        self._flying.append((future, offset))
        if len(self._flying) >= AT_ONCE:
            await self._landed()
        return future

    async def _landed(self) -> None:
        """Wait until the broker has what was sent, and see where it lies."""
        flying, self._flying = self._flying, []
        for metadata, (_, offset) in zip(await asyncio.gather(*(f for f, _ in flying)), flying, strict=True):
            if offset is not None and metadata.offset != offset:
                raise BackupError(
                    f"{metadata.topic}/{metadata.partition}: {offset} came to lie at {metadata.offset}: something else "
                    "writes to this cluster. Empty it, and begin again with nothing running"
                )
