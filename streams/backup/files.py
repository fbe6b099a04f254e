"""What lies in a backup, and how it is read so that damage is named and never restored.

    manifest.json                  what there is, written last: a folder without it is no backup
    manifest.sha256                of the manifest, as `sha256sum -c` reads it
    topics/<topic>/<partition>.gz  records: 4 bytes of length, then MessagePack [offset, time, key, value, headers]
    photos/<ab>/<sha256>           as the gateway keeps them

Not in it: the key that wraps the reporters' keys (`master.key`; the manifest names it by its fingerprint), Redis and
the archive (views, folded again), ports and the run's clock. Files are for their owner alone: messages that are not yet
decided have persons in them, as `complaints` has.

How long a backup may be kept: a reporter who is forgotten today can still be read from yesterday's. So the files of
`topics/reporter-keys/` may be destroyed by themselves: the rest is restored without them, and all reporters of that
backup stay unreadable. Keep those of the newest backup only, or for the two days that the topic itself may take.

gzip, not zstd: Python has it, `zcat` reads it, and what is slow here is the broker.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from ..photos import is_hash
from ..reporters import KEYS

FORMAT = 1
MANIFEST, SUM = "manifest.json", "manifest.sha256"
LARGEST = 32 * 1024 * 1024  # bytes of an entry; above every max.message.bytes: a length beyond it is damage
PIECE = 1024 * 1024
_LEVEL = 3  # of gzip: JSON of one kind is a tenth already, and a second core is not there


class BackupError(Exception):
    """A backup cannot be made, read or restored; the text says which file or topic, and why."""


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """A record as it lay in its partition. `time`: ms since 1970, the broker's or the sender's as the topic has it."""

    offset: int
    time: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]] = []


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One partition: what of it was looked at ([first, end)), and what of that lies in the file."""

    topic: str
    partition: int
    first: int
    end: int
    records: int
    bytes: int  # of the file
    sha256: str  # of the file
    head: str = ""  # of a log: hash of its last valid record

    @property
    def file(self) -> str:
        """Where it lies, below the folder of the backup."""
        return part_file(self.topic, self.partition)


class PhotoSet(msgspec.Struct, frozen=True):
    """All photos. `sha256` is of their sorted names, and each name is the hash of its photo."""

    count: int = 0
    bytes: int = 0
    sha256: str = hashlib.sha256().hexdigest()
    damaged: list[str] = []  # that were not what their name says, and so are not here


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is of."""

    format: int
    made_at: str  # RFC 3339, UTC: when the logs were read
    rules: str
    master_key: str  # fingerprint of the key without which reporters, callers and dead letters stay closed
    parts: list[Part]
    photos: PhotoSet


def part_file(topic: str, partition: int) -> str:
    """Where a partition lies, below the folder of the backup."""
    return f"topics/{topic}/{partition}.gz"


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


class PartWriter:
    """A file of one partition, to be written on from where it ended (gzip members follow one another)."""

    def __init__(self, folder: Path, topic: str, partition: int) -> None:
        self.path = folder / part_file(topic, partition)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.topic, self.partition, self.records = topic, partition, 0
        self._raw = open(self.path, "ab", opener=_private)  # noqa: SIM115 - closed by __exit__
        self._file = gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=self._raw, mtime=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()

    def write(self, entry: Entry) -> None:
        """One record more."""
        raw = _encode(entry)
        self._file.write(len(raw).to_bytes(4, "big") + raw)
        self.records += 1


def entries(folder: Path, topic: str, partition: int) -> Iterator[Entry]:
    """The records of a partition, one in memory at a time. Raises BackupError: it is cut off or damaged."""
    name = part_file(topic, partition)
    try:
        with gzip.open(folder / name, "rb") as file:
            while length := file.read(4):
                size = int.from_bytes(length, "big")
                if len(length) < 4 or size > LARGEST:
                    raise BackupError(f"{name}: where a length should be there is something else")
                yield _decode(file.read(size))
    except FileNotFoundError as fault:
        raise BackupError(f"{name}: is missing") from fault
    except (EOFError, gzip.BadGzipFile, zlib.error) as fault:
        raise BackupError(f"{name}: cannot be unpacked: {fault}") from fault
    except msgspec.MsgspecError as fault:
        raise BackupError(f"{name}: holds something that is no record: {fault}") from fault


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Say that the backup is whole; everything that it names is on the disk by then."""
    raw = msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"
    write_file(folder / SUM, f"{hashlib.sha256(raw).hexdigest()}  {MANIFEST}\n".encode())
    write_file(folder / MANIFEST, raw)
    sync_folders(folder)


def read_manifest(folder: Path) -> Manifest:
    """What the backup says that it is. Raises BackupError."""
    try:
        raw, told = (folder / MANIFEST).read_bytes(), (folder / SUM).read_text("ascii", "replace")
    except FileNotFoundError as fault:
        raise BackupError(
            f"{folder} is no backup, or one that was broken off: no {Path(fault.filename).name}"
        ) from None
    if told.partition(" ")[0] != hashlib.sha256(raw).hexdigest():
        raise BackupError(f"{MANIFEST}: was changed: {SUM} has another hash")
    known = msgspec.json.decode(raw)
    if known.get("format") != FORMAT:
        raise BackupError(f"{MANIFEST}: format {known.get('format')} is not known here, only {FORMAT}")
    return msgspec.convert(known, Manifest)


def check_files(folder: Path, manifest: Manifest) -> None:
    """Whether each file is the one that was written. Raises BackupError naming all that are not."""
    faults = []
    for part in left(folder, manifest):
        path = folder / part.file
        if not path.is_file():
            faults.append(f"{part.file}: is missing")
        elif (size := path.stat().st_size) != part.bytes:
            faults.append(f"{part.file}: has {size} bytes, had {part.bytes}")
        elif file_hash(path) != part.sha256:
            faults.append(f"{part.file}: was changed (another SHA-256)")
    faults += _photo_faults(folder / "photos", manifest.photos)
    if faults:
        raise BackupError("\n".join(faults))


def left(folder: Path, manifest: Manifest) -> list[Part]:
    """The parts of a backup, without the reporters' keys if these were destroyed, all of them."""
    kept = (folder / "topics" / KEYS).exists()
    return [part for part in manifest.parts if kept or part.topic != KEYS]


def photo_files(root: Path) -> Iterator[Path]:
    """All whole photos of a store, sorted by name."""
    for sub in sorted(root.iterdir() if root.is_dir() else ()):
        if len(sub.name) == 2:
            yield from sorted(file for file in sub.iterdir() if is_hash(file.name))


def photo_set(files: Iterable[Path], damaged: list[str]) -> PhotoSet:
    """What these photos are, by their names and sizes."""
    names, count, size = hashlib.sha256(), 0, 0
    for file in files:
        names.update(file.name.encode())
        count, size = count + 1, size + file.stat().st_size
    return PhotoSet(count, size, names.hexdigest(), damaged)


def _photo_faults(root: Path, told: PhotoSet) -> list[str]:
    faults = [f"photos: {file.name} is another one" for file in photo_files(root) if file_hash(file) != file.name]
    found = photo_set(photo_files(root), told.damaged)
    if (found.count, found.sha256) != (told.count, told.sha256):
        faults.append(f"photos: {found.count} are here, {told.count} were written, or others")
    return faults


def copy_photo(file: Path, root: Path) -> bool:
    """Copy a photo into a store, whole or not at all; False: it is not what its name says."""
    target = root / file.name[:2] / file.name
    if target.exists():
        return True
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half, found = target.with_suffix(".new"), hashlib.sha256()
    half.unlink(missing_ok=True)
    with file.open("rb") as source, open(half, "xb", opener=_private) as copy:
        while piece := source.read(PIECE):
            found.update(piece)
            copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())
    if found.hexdigest() != file.name:
        half.unlink()
        return False
    half.rename(target)
    return True


def write_file(path: Path, raw: bytes) -> None:
    """A small file, on the disk when this returns."""
    with open(path, "xb", opener=_private) as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


def sync_folders(root: Path) -> None:
    """What folders name is on the disk only then."""
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _private(path: Any, flags: int) -> int:
    return os.open(path, flags, 0o600)
