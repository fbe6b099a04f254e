"""The record of a writer's log, its chain, its fold: the pure half of DESIGN laws 1-4 and 7.

1. One message, one record. What is not in the log did not happen.
2. State is the fold of the log, nothing else.
3. The log holds the position: the last record's (epoch, inbox_offset).
4. `prev` is the SHA-256 of the stored bytes of the last valid record; a record is valid iff its `prev` is that hash;
   the first in log order wins. `Head.extends` is the one function for it, for writers and readers alike.
7. A letter stands in the record that sends it. `posted_through` says up to which record all letters were posted; what
   lies after it is in `Head.outbox`, and who takes the partition posts it again.

The I/O half (append, check the acknowledged offset, post, snapshot) is `streams/log.py`.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec

from .events import AnyEvent, LetterSent
from .messages import Letter

GENESIS = "0" * 64
RULES = "2026.11.6"  # version of decide; a change of the rules changes it (streaming.md §8.6)


class Cause(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was decided on: the type of the message, its id, and for a letter whose and which."""

    type: str
    message_id: str = ""
    sender: str = ""
    number: int = 0


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One decision. `at` is business time (law 6); `seq` counts the records of this log from 1."""

    prev: str
    epoch: int
    inbox_offset: int
    at: int
    desk: str  # the writer: a desk's id, or an intake partition as "complaints/7"
    seq: int
    cause: Cause
    rules: str
    city: str
    posted_through: int  # log offset; -1: nothing posted yet
    events: list[AnyEvent]


class _Envelope(msgspec.Struct, frozen=True):
    """What validity needs of a record; decoding this alone is cheap for readers that only follow the chain."""

    prev: str


class _Signed(msgspec.Struct, frozen=True):
    """Whose record it is, of any version."""

    desk: str
    seq: int
    rules: str


encode_record = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Record).decode
_decode_prev = msgspec.json.Decoder(_Envelope).decode
_decode_signed = msgspec.json.Decoder(_Signed).decode


class NewerError(msgspec.DecodeError):
    """A record that newer rules made and that this program cannot read whole: it must not go on over it."""


def decode_record(raw: bytes) -> Record:
    """A record, whole.

    What newer rules decided is read if nothing of it is lost: an unknown event cannot be, and an unknown member would
    be dropped in silence, so the record must come out as the bytes that went in. So a release that says nothing new can
    be taken back, and one that does is not decided over by a program that folds another state than it. Rejected: to
    refuse all newer rules (no bad release could ever be taken back); to skip what is unknown (law 2).

    Raises:
        NewerError: it can only be read by a newer program.
        msgspec.DecodeError: it is no record.
    """
    try:
        record = _decode(raw)
    except msgspec.DecodeError as fault:
        check_version(_decode_signed(raw), str(fault))
        raise
    if record.rules != RULES and newer(record.rules) and encode_record(record) != raw:
        check_version(record, "it has members that are unknown here")
    return record


def check_version(record: Record | _Signed, why: str) -> None:
    """Raise NewerError if newer rules made a record that cannot be read, and `why` it cannot."""
    if newer(record.rules):
        raise NewerError(
            f"record {record.seq} of {record.desk} is of rules {record.rules}, this program has {RULES} and cannot "
            f"read it ({why}): run the newer program in place of this one"
        )


@lru_cache(64)
def newer(rules: str) -> bool:
    """Whether these rules came after ours."""
    return _numbers(rules) > _numbers(RULES)


def _numbers(rules: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in rules.split("."))


def digest(raw: bytes) -> str:
    """The hash that chains records: of the stored bytes, never of a re-encoding."""
    return sha256(raw).hexdigest()


class Head(msgspec.Struct, kw_only=True):
    """Where a log stands after its last valid record. Mutable: `advance` moves it."""

    writer: str
    hash: str = GENESIS
    offset: int = -1  # of the last valid record in the log
    epoch: int = 0
    inbox_offset: int = -1
    at: int = 0
    seq: int = 0
    posted_through: int = -1
    outbox: list[tuple[int, Letter]] = []  # (log offset of the record, letter), not yet known to be posted

    def extends(self, raw: bytes) -> bool:
        """Whether these bytes continue the chain: the one test of validity."""
        try:
            return _decode_prev(raw).prev == self.hash
        except msgspec.DecodeError:
            return False  # no record at all: nothing of ours, void like a zombie's

    def passed(self, offset: int, raw: bytes) -> None:
        """Go on behind a valid record; this much is enough for who only follows the chain."""
        self.hash, self.offset = digest(raw), offset

    def advance(self, offset: int, raw: bytes, record: Record) -> None:
        """Take a valid record, found at `offset` of the log."""
        self.passed(offset, raw)
        self.epoch, self.inbox_offset = record.epoch, record.inbox_offset
        self.at, self.seq = record.at, record.seq
        self.posted(record.posted_through)
        self.outbox += [(offset, letter) for letter in letters(record)]

    def posted(self, through: int) -> None:
        """The letters of all records up to this offset are with their receivers."""
        self.posted_through = max(self.posted_through, through)
        if self.outbox and self.outbox[0][0] <= self.posted_through:
            self.outbox = [(o, letter) for o, letter in self.outbox if o > self.posted_through]


def letters(record: Record) -> list[Letter]:
    """The letters a record sends, in order."""
    return [
        Letter(sender=record.desk, receiver=e.to, number=e.number, body=e.body)
        for e in record.events
        if type(e) is LetterSent
    ]


def state_hash(state: Any) -> str:
    """A state in 64 characters: equal states, equal hashes, on every machine."""
    return sha256(msgspec.msgpack.encode(state)).hexdigest()
