"""The audit topic: who looked at whose identity, who changed an account. A chain, so that nobody changes it unseen.

1. Each entry carries the SHA-256 of the stored bytes of the entry before it. Changing, removing or inserting one, but
   at the very end, breaks the chain there, and `verify` says where.
2. Fence (as DESIGN law 4): an entry is valid iff its `prev` is the hash of the last valid one; first in log order wins.
   Of two gateways that append at once the second one's entry is void: its writer sees that by the acknowledged offset,
   and appends it again behind the first.
3. What is audited happens after its entry is acknowledged and found valid, never before (people.py).
4. What the chain cannot show is that its last entries are missing. So `verify` prints the hash of its head, to be noted
   elsewhere (on paper, at another office), and takes such a note to look for it.

A writer starts from the end, not from the beginning: years of entries would hold up a gateway that starts again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition

from dispatchers.record import GENESIS, digest

from ..clock import wall_ms
from ..kafka_io import ends, read_ranges, reader
from ..scan import scan

TOPIC = "audit"
PLACE = TopicPartition(TOPIC, 0)
WINDOW = 500  # entries that a writer reads from the end to find the chain's head
TRIES = 50  # to come through between other writers
LATE = 100_000  # entries that an entry of a lost race may come behind the one that won
LONGEST = 2_000  # characters of a reason or detail


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """The value of an `audit` record. No name, no number of a telephone: what free text says is masked before."""

    prev: str
    seq: int  # from 1, of the valid ones
    at: int  # wall time of the writer; the broker's own stands beside the record
    account: str  # who: an account's id, "cli/<uid>" at the command line
    role: str
    what: str  # reveal, forget, account_added, account_disabled, password_changed, key_made, …
    case_id: str = ""
    reason: str = ""
    detail: str = ""


class _Link(msgspec.Struct, frozen=True):
    """What of an entry makes the chain."""

    prev: str
    seq: int


class _Head(NamedTuple):
    """Where the chain ends."""

    hash: str = GENESIS
    seq: int = 0

    def then(self, raw: bytes) -> _Head | None:
        """The head after these bytes; None: they are no valid entry. The one test of validity."""
        link = _link(raw)
        if link is None or link.prev != self.hash or link.seq != self.seq + 1:
            return None
        return _Head(digest(raw), link.seq)


_decode_link = msgspec.json.Decoder(_Link).decode


def _link(raw: bytes | None) -> _Link | None:
    try:
        return _decode_link(raw or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


class AuditError(Exception):
    """The entry could not be made valid; what it was to be written for must not happen."""


class Audit:
    """Writes entries. Any number of them, in any number of processes."""

    def __init__(self, kafka: str, sender: AIOKafkaProducer) -> None:
        self._kafka, self._sender = kafka, sender
        self._lock = asyncio.Lock()
        self._head = _Head()
        self._read_to = -1  # the next offset that was not looked at; -1: nothing was

    async def record(
        self, account: str, role: str, what: str, *, case_id: str = "", reason: str = "", detail: str = ""
    ) -> AuditEntry:
        """Append an entry; when this returns it is acknowledged by all and part of the chain.

        Raises AuditError, KafkaError: it may be there, or not, and what it is for must not happen.
        """
        entry = AuditEntry(
            prev="", seq=0, at=wall_ms(), account=account, role=role, what=what, case_id=case_id,
            reason=reason[:LONGEST], detail=detail[:LONGEST],
        )  # fmt: skip
        async with self._lock:
            for _ in range(TRIES):
                linked = await self._append(entry)
                if linked:
                    return linked
        raise AuditError(f"{TRIES} times another writer was first")

    async def _append(self, entry: AuditEntry) -> AuditEntry | None:
        """Append it behind the head as it is known; None: another's entry came first, and the head is known again."""
        if self._read_to < 0:
            await self._find_head()
        linked = msgspec.structs.replace(entry, prev=self._head.hash, seq=self._head.seq + 1)
        raw = msgspec.json.encode(linked)
        sent = await self._sender.send_and_wait(TOPIC, raw, partition=0)
        if sent.offset != self._read_to:
            await self._read(sent.offset)
        after = self._head.then(raw)
        self._read_to = sent.offset + 1
        if after is None:
            return None
        self._head = after
        return linked

    async def _read(self, end: int) -> None:
        """Fold what lies up to `end`: other writers' entries, and ours of an append whose answer never came."""
        if end < self._read_to:
            raise AuditError(f"the topic went back from {self._read_to} to {end}")
        async with reader(self._kafka) as consumer:
            async for _, records in read_ranges(consumer, {PLACE: (self._read_to, end)}):
                for record in records:
                    self._head = self._head.then(record.value) or self._head

    async def _find_head(self) -> None:
        async with reader(self._kafka) as consumer:
            first, end = (await ends(consumer, [PLACE]))[PLACE]
            window = WINDOW
            while True:
                start = max(first, end - window)
                ranges = {PLACE: (start, end)}
                raws = [r.value async for _, records in read_ranges(consumer, ranges) for r in records]
                head, length = _longest(raws)
                # Nobody continues a void entry, so a chain of two is made of valid ones.
                if start == first or length > 1:
                    break
                window *= 4
        self._head, self._read_to = head, end


def _longest(raws: list[bytes | None]) -> tuple[_Head, int]:
    """The end of the longest chain in a stretch of the log, and its length there. What begins in the stretch and is not
    continued cannot be told from a void entry: it is no chain, unless it is the very first."""
    chains: dict[str, tuple[_Head, int]] = {GENESIS: (_Head(), 0)}
    continued: set[str] = set()
    best = chains[GENESIS]
    for raw in raws:
        link = _link(raw)
        if raw is None or link is None or link.prev in continued:
            continue
        before, length = chains.get(link.prev, (_Head(link.prev, link.seq - 1), 0))
        if after := before.then(raw):
            continued.add(link.prev)
            chains[after.hash] = after, length + 1
            if length + 1 > best[1] and (length or link.prev == GENESIS):
                best = after, length + 1
    return best


# -- looking for damage ------------------------------------------------------------------------------------------------


class Report(msgspec.Struct, kw_only=True):
    """What a walk over the whole topic found."""

    entries: int = 0
    valid: int = 0
    void: int = 0  # of races that another writer won; said again behind the winner's
    unproven: int = 0  # from the first break on
    broken: str = ""  # what is wrong there, in words
    broken_at: int = -1  # offset
    head: str = GENESIS  # hash of the last valid entry: note it elsewhere
    seq: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing was changed, removed or put in between."""
        return not self.broken


class Walk:
    """Follows the chain from its first entry on."""

    def __init__(self, known: str = "") -> None:
        """`known`: the hash of a head that was noted before, to be found again."""
        self.report = Report()
        self._head, self._known = _Head(), known
        self._passed: OrderedDict[str, int] = OrderedDict({GENESIS: 0})  # hash -> seq of entries that are valid

    def see(self, offset: int, raw: bytes | None) -> None:
        """The next entry of the log."""
        report = self.report
        report.entries += 1
        if report.broken:
            report.unproven += 1
        elif after := self._head.then(raw or b""):
            report.valid += 1
            self._head, report.head, report.seq = after, after.hash, after.seq
            self._known = "" if self._known == after.hash else self._known
            self._passed[after.hash] = after.seq
            if len(self._passed) > LATE:
                self._passed.popitem(last=False)
        elif self._lost(raw):
            report.void += 1
        else:
            report.unproven += 1
            self._break(
                offset,
                f"the entry does not follow entry {report.seq}: one of them was changed, or some between them removed",
            )

    def end(self) -> Report:
        """What was found, after the last entry."""
        if self._known and not self.report.broken:
            self._break(
                self.report.entries,
                f"no entry has the noted hash {self._known}: entries at the end were removed, or all of it made anew",
            )
        return self.report

    def _lost(self, raw: bytes | None) -> bool:
        """Whether it is an entry that would have been valid, had another not been first."""
        link = _link(raw)
        return link is not None and self._passed.get(link.prev, -2) == link.seq - 1

    def _break(self, offset: int, why: str) -> None:
        self.report.broken, self.report.broken_at = why, offset


async def verify(kafka: str, known: str = "", topic: str = TOPIC) -> Report:
    """Walk over all of the topic."""
    walk = Walk(known)
    async for record in scan(kafka, topic, [0]):
        walk.see(record.offset, record.value)
    return walk.end()
