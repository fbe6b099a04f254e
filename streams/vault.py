"""Who reported: kept so that it can be read with a key, and not at all without (DESIGN law 11). Cryptography only.

1. Every reporter's block has a data key of its own, drawn at random, and nothing but it opens the block. Destroying the
   wrapped key therefore destroys the block, in every copy and backup of the log of blocks.
2. The key's id `kid` is an HMAC of case and block: the same block of the same case has the same `ref` at every
   delivery, so the reference in the receipt is known before anything is written, whichever try comes through.
3. The block is written and acknowledged before its key, the key before the receipt (`reporters.py`). A second try after
   a crash writes a new pair under the same kid. Its key replaces the first one when the topic is compacted; then the
   first block is noise and the second is read. Whichever key stands last, its block stands too.
   "First write wins" thus needs no reader to judge: all that is ever written under one kid says the same.
4. Case and kid are bound as associated data: a block or key moved to another case does not open.

Rejected: a kid of (topic, partition, offset): they begin anew in a new cluster, and then a live key would be replaced
by a foreign one. A data key derived from the master key and the case: nothing could ever be forgotten. AES key wrap
(RFC 3394): it binds no case. Price of 2: who has the master key can test a guess of a block against its kid, as of a
number against its caller tag, also after it was forgotten.

AES-256-GCM, HMAC-SHA-256 and HKDF stand in `_derive`, `_gcm` and `_mac` alone: the seam for SM4 and SM3 (GB/T 22239,
level 3); `master` in each key record would say which.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .masking import normal

_NONCE = 12  # bytes; drawn at random, good for 2^32 messages under one key (NIST SP 800-38D)


class VaultError(Exception):
    """Base of what can go wrong with keys."""


class MasterKeyError(VaultError):
    """The file of the master key cannot be used. The text says why and what to do."""


class WrongKeyError(VaultError):
    """This is not the key it was closed with, or somebody changed or moved what was closed."""


class KeyGoneError(VaultError):
    """The key was destroyed: the reporter is forgotten. What is left of the block is noise."""


class ReporterKey(msgspec.Struct, frozen=True):
    """The value of a `reporter-keys` record: a data key under the master key. A record without a value forgets it."""

    case_id: str
    kid: str
    master: str  # which master key: its fingerprint
    wrapped: bytes  # nonce, then the data key and its tag


class Reporter(msgspec.Struct, frozen=True):
    """The value of a `reporters` record: the block, nonce first, under the data key of the same case and kid."""

    case_id: str
    kid: str
    block: bytes


class Sealed(NamedTuple):
    """A closed block: two records under one key `ref`; the block is to be acknowledged before the key is sent."""

    ref: str  # "case/kid"
    block: bytes  # value for `reporters`
    key: bytes  # value for `reporter-keys`


class Vault:
    """All that is done with the master key (32 bytes). Each use has a key of its own, derived from it."""

    def __init__(self, master: bytes) -> None:
        if len(master) != 32:
            raise MasterKeyError(f"a master key has 32 bytes, not {len(master)}")
        self._wrapping = AESGCM(_derive(master, "wrap"))
        self._letters = AESGCM(_derive(master, "dead-letters"))
        self._kid = _derive(master, "kid")
        self._caller = _derive(master, "caller")
        self._content = _derive(master, "content")
        self._control = _derive(master, "control")
        self.fingerprint = _derive(master, "fingerprint")[:4].hex()

    # -- reporters -------------------------------------------------------------------------------------------------

    def ref(self, case_id: str, block: bytes) -> str:
        """The reference under which a block of a case is kept: the same for the same block; it tells nothing."""
        return f"{case_id}/{_mac(self._kid, case_id.encode(), block)[:16]}"

    def seal(self, case_id: str, block: bytes) -> Sealed:
        """Close a block under a new data key."""
        ref = self.ref(case_id, block)
        kid, data_key = ref.rpartition("/")[2], AESGCM.generate_key(256)
        closed = Reporter(case_id, kid, _close(AESGCM(data_key), block, ref))
        wrapped = ReporterKey(case_id, kid, self.fingerprint, _close(self._wrapping, data_key, ref))
        return Sealed(ref, msgspec.json.encode(closed), msgspec.json.encode(wrapped))

    def open(self, keys: Mapping[str, bytes | None], blocks: Iterable[tuple[str, bytes]]) -> list[bytes]:
        """The blocks of a case, each kid once, in the order of `blocks` (ref and record value).

        `keys` has the newest key record of each ref; None, or none at all, is a forgotten one. Raises KeyGoneError if
        no block has a key any more, WrongKeyError if one has a key that opens none of its blocks.
        """
        by_ref: dict[str, list[bytes]] = {}
        for ref, value in blocks:
            by_ref.setdefault(ref, []).append(value)
        held = {ref: key for ref in by_ref if (key := keys.get(ref))}
        if not held:
            raise KeyGoneError("no key is left for this case: its reporter was forgotten, or never given")
        return [self._open_one(ref, key, by_ref[ref]) for ref, key in held.items()]

    def _open_one(self, ref: str, key: bytes, blocks: list[bytes]) -> bytes:
        record = msgspec.json.decode(key, type=ReporterKey)
        if record.master != self.fingerprint:
            raise WrongKeyError(f"{ref} was closed under master key {record.master}, this is {self.fingerprint}")
        data_key = AESGCM(_open(self._wrapping, record.wrapped, ref))
        for value in reversed(blocks):  # the key that stands is the last try's
            try:
                return _open(data_key, msgspec.json.decode(value, type=Reporter).block, ref)
            except WrongKeyError:
                continue  # an earlier try's, closed under a key that was replaced (rule 3)
        raise WrongKeyError(f"{ref}: its key opens none of its {len(blocks)} blocks")

    # -- marks that can be compared, and not turned back without the key ---------------------------------------------

    def caller_tag(self, phone: str) -> str:
        """Same caller, unknown person: 32 hex digits of the number in its one spelling; "" if there is no number."""
        number = normal(phone)
        return _mac(self._caller, number.encode())[:32] if number else ""

    def digest(self, content: bytes) -> str:
        """A mark of a content with persons in it (32 hex digits). A bare hash would let a number be found by trying."""
        return _mac(self._content, content)[:32]

    def sign(self, *words: str) -> str:
        """The signature of a control message: only who has the master key may ask to forget."""
        return _mac(self._control, *(word.encode() for word in words))

    def signed(self, signature: str, *words: str) -> bool:
        """Whether `sign` made this signature of these words."""
        return hmac.compare_digest(self.sign(*words).encode(), signature.encode())

    # -- dead letters ----------------------------------------------------------------------------------------------

    def seal_bytes(self, data: bytes, place: str) -> bytes:
        """Close the bytes of a message that was at `place`."""
        return _close(self._letters, data, place)

    def open_bytes(self, sealed: bytes, place: str) -> bytes:
        """What `seal_bytes` closed at this place. Raises WrongKeyError."""
        return _open(self._letters, sealed, place)


def load_or_create(path: Path) -> bytes:
    """The master key of a file: 32 bytes in base64. Drawn and written, mode 0600, if there is no file.

    Raises MasterKeyError if others may read it or it holds something else. The group may read: that is how Kubernetes
    hands a secret to a process that is not root.
    """
    if not path.exists():
        _create(path)
    if (mode := path.stat().st_mode & 0o777) & 0o027:
        raise MasterKeyError(f"{path} may be read by others or changed by its group (mode {mode:o}): chmod 600 {path}")
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except binascii.Error as error:
        raise MasterKeyError(f"{path} is no base64: it must hold the 32 bytes of the key, and nothing else") from error
    if len(key) != 32:
        raise MasterKeyError(f"{path} holds {len(key)} bytes: it must hold the 32 bytes of the key, in base64")
    return key


def _create(path: Path) -> None:
    """Written whole under another name, then linked: of two processes that start at once one wins, and both read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(os.urandom(32)) + b"\n")
            file.flush()
            os.fsync(file.fileno())  # lost in a power cut, it would forget every reporter
        try:
            os.link(name, path)
        except FileExistsError:
            return  # the other process was first; its key holds
    finally:
        Path(name).unlink()


def _derive(master: bytes, use: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"paidan/" + use.encode()).derive(master)


def _mac(key: bytes, *parts: bytes) -> str:
    mac = hmac.new(key, digestmod="sha256")
    for part in parts:
        mac.update(len(part).to_bytes(8, "big") + part)  # lengths: ("ab", "c") is not ("a", "bc")
    return mac.hexdigest()


def _close(gcm: AESGCM, data: bytes, bound_to: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + gcm.encrypt(nonce, data, bound_to.encode())


def _open(gcm: AESGCM, closed: bytes, bound_to: str) -> bytes:
    try:
        return gcm.decrypt(closed[:_NONCE], closed[_NONCE:], bound_to.encode())
    except (InvalidTag, ValueError) as error:  # ValueError: too short to be anything
        raise WrongKeyError(f"{bound_to}: closed with another key, for another place, or changed since") from error
