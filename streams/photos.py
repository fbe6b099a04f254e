"""Photos by their content: a file a photo, its name its hash. `Photos` alone knows of files: the seam for S3.

    photos/parts/<account>-<sha256>  ── piece by piece ──▶ type and hash hold ── synced ──▶ photos/ab/<sha256>

1. The offset is the lock. A piece is taken only where what is kept ends, and the file is locked for as long as that one
   piece is written. Of two who send the same photo at once, whoever comes second to an offset is refused; nobody waits
   for a connection that died, and a gateway that was killed, or another one, goes on where the file ends.
2. A photo is there under its hash or not at all: it is moved there once it is whole, right and on the disk.
3. An account has a few parts, none larger than a photo: that bounds their bytes too. The oldest give way.

All of it blocks: the gateway calls it in threads, a step each, so that a step that was begun is also ended. Not kept is
the hash of a part as far as it came: to hash ten megabytes once more costs twenty milliseconds.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

LARGEST = 10 * 1024 * 1024
PIECE = 256 * 1024  # that a photo is read in
HEAD = 12  # bytes that tell its type
MOST_PARTS = 8  # of an account
PART_AGE_S = 2 * 24 * 3600
SPARE = 1 << 30  # bytes of the disk that are not for photos: the archive and the log may lie on it too
_HASH = r"[0-9a-f]{64}"
_REFERENCE = re.compile(rf"(?<!\S)photo:({_HASH})(?=;|\s|$)\S*")


class OffsetError(ValueError):
    """A piece for another place than where what is kept ends, which is `kept`."""

    def __init__(self, kept: int) -> None:
        super().__init__(f"{kept} bytes are kept")
        self.kept = kept


class NoPhotoError(ValueError):
    """By its first bytes it is nothing that we take."""


class WrongHashError(ValueError):
    """It is whole, and another one than it was said to be."""


class Type(NamedTuple):
    """What a photo is, for who reads it."""

    media: str
    suffix: str


JPEG, PNG, WEBP = Type("image/jpeg", "jpg"), Type("image/png", "png"), Type("image/webp", "webp")
HEIC, HEIF = Type("image/heic", "heic"), Type("image/heif", "heif")
_BRANDS = {b"heic": HEIC, b"heix": HEIC, b"heim": HEIC, b"heis": HEIC, b"mif1": HEIF}  # of still pictures


def type_of(head: bytes) -> Type | None:
    """The type of a photo that begins so; None: it is none that we take."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    return _BRANDS.get(head[8:12]) if head[4:8] == b"ftyp" else None


def is_hash(text: str) -> bool:
    """Whether a photo may be called so: nothing else ever becomes a part of a path."""
    return re.fullmatch(_HASH, text) is not None


def references(texts: Iterable[str]) -> tuple[str, ...]:
    """What names a photo in them (photo:<sha256>;at=…;lon=…), as a word of its own, in order."""
    return tuple(match[0] for text in texts for match in _REFERENCE.finditer(text))


def hashes(texts: Iterable[str]) -> frozenset[str]:
    """The photos that are named in them."""
    return frozenset(match[1] for text in texts for match in _REFERENCE.finditer(text))


class Photos:
    """The photos of this machine. `now` is the wall's, as the times of files are."""

    def __init__(self, root: Path, now: Callable[[], float] = time.time) -> None:
        self._root, self._parts, self._now = root, root / "parts", now

    # -- whole ones ------------------------------------------------------------------------------------------------

    def size(self, photo: str) -> int | None:
        """Bytes of a photo; None: it is not here."""
        return _size(self._whole(photo))

    def type(self, photo: str) -> Type | None:
        """What it is; None: it is not here."""
        return type_of(self.piece(photo, 0, HEAD)) if self._whole(photo).exists() else None

    def piece(self, photo: str, offset: int, most: int = PIECE) -> bytes:
        """Its bytes from `offset` on; b"": that is its end."""
        with self._whole(photo).open("rb") as file:
            file.seek(offset)
            return file.read(most)

    def full(self) -> bool:
        """Whether the disk is needed for other things."""
        return shutil.disk_usage(_there(self._parts)).free < SPARE

    # -- parts -----------------------------------------------------------------------------------------------------

    def kept(self, account: str, photo: str) -> int:
        """How many bytes of a photo this account has sent; 0: none."""
        return _size(self._part(account, photo)) or 0

    def append(self, account: str, photo: str, offset: int, piece: bytes) -> int:
        """Keep a piece; the offset of the next one.

        Raises OffsetError, NoPhotoError (what was kept is thrown away)."""
        part = self._part(account, photo)
        with _locked(part, create=offset == 0) as file:
            if offset != (kept := os.fstat(file).st_size):
                raise OffsetError(kept)
            _write(file, piece)
            offset += len(piece)
            if kept < HEAD <= offset and type_of(os.pread(file, HEAD, 0)) is None:
                part.unlink()
                raise NoPhotoError
        if not kept:
            self._make_room(account, part)
        return offset

    def sync(self, account: str, photo: str) -> None:
        """Put a part on the disk as far as it came. Raises OffsetError: it is gone."""
        with _locked(self._part(account, photo)) as file:
            os.fsync(file)
        _sync_folder(self._parts)

    def finish(self, account: str, photo: str, total: int) -> None:
        """Make a photo of a part that has all its bytes; it is on the disk then, and so are the folders above it.

        Raises OffsetError, NoPhotoError, WrongHashError (what was kept is thrown away with the last two)."""
        part, whole = self._part(account, photo), self._whole(photo)
        with _locked(part) as file:
            if total != (kept := os.fstat(file).st_size):
                raise OffsetError(kept)
            fault = self._fault(file, photo)
            if fault:
                part.unlink()
                raise fault
            os.fsync(file)
            whole.parent.mkdir(mode=0o700, exist_ok=True)
            part.rename(whole)
        for folder in (whole.parent, self._root, self._root.parent):
            _sync_folder(folder)

    def drop(self, account: str, photo: str) -> None:
        """Throw a part away, if there is one."""
        self._part(account, photo).unlink(missing_ok=True)

    def tidy(self) -> int:
        """Throw away the parts that nobody has gone on with for long; how many they were."""
        old = [part for part in self._all_parts() if self._age(part) > PART_AGE_S]
        for part in old:
            part.unlink(missing_ok=True)
        return len(old)

    @staticmethod
    def _fault(file: int, photo: str) -> NoPhotoError | WrongHashError | None:
        if type_of(os.pread(file, HEAD, 0)) is None:
            return NoPhotoError()
        with os.fdopen(os.dup(file), "rb") as content:
            content.seek(0)
            right = hashlib.file_digest(content, "sha256").hexdigest() == photo
        return None if right else WrongHashError()

    def _make_room(self, account: str, new: Path) -> None:
        """Of an account's other parts the old ones go, and the oldest of those that are too many."""
        others = [part for part in self._all_parts() if part.name[:-65] == account and part != new]
        by_age = sorted((self._age(part), part) for part in others)
        for nth, (age, part) in enumerate(by_age, 2):
            if nth > MOST_PARTS or age > PART_AGE_S:
                part.unlink(missing_ok=True)

    def _all_parts(self) -> list[Path]:
        return list(self._parts.iterdir()) if self._parts.exists() else []

    def _age(self, part: Path) -> float:
        try:
            return self._now() - part.stat().st_mtime
        except FileNotFoundError:  # finished, or thrown away by another gateway
            return 0.0

    # -- names -----------------------------------------------------------------------------------------------------

    def _whole(self, photo: str) -> Path:
        assert is_hash(photo)
        return self._root / photo[:2] / photo

    def _part(self, account: str, photo: str) -> Path:
        assert is_hash(photo)
        assert "/" not in account
        return self._parts / f"{account}-{photo}"


@contextmanager
def _locked(path: Path, *, create: bool = False) -> Iterator[int]:
    """The file of a part, nobody else's meanwhile. Raises OffsetError: there is none, or it became a photo while we
    waited, and must not be written to any more."""
    if create:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o600)
    except FileNotFoundError as fault:
        raise OffsetError(0) from fault
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not _same(file, path):
            raise OffsetError(0)
        yield file
    finally:
        os.close(file)


def _same(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _write(file: int, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[os.write(file, left) :]


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _there(folder: Path) -> Path:
    """The folder, or the nearest above it that exists."""
    return folder if folder.exists() else _there(folder.parent)


def _sync_folder(folder: Path) -> None:
    """What a folder names is on the disk only then."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
