"""Cases by the last digits of their reporter's number: HMACs of suffixes, in a file of its own beside the vault.

1. Nothing of a number is written: only HMACs of its last 4 to 11 digits, under a key of their own that is derived from
   the master key. Price: who has the master key and this file can find a number by trying, as with caller tags.
2. A block is acknowledged before its key is sent (vault.py, rule 3). So `reporters` is read to its end first, then
   `reporter-keys` to what was its end before that: the block of every key is at hand. Blocks wait, closed, for theirs.
3. A tombstone takes what its key had given: the rows, overwritten (secure_delete), and what waits; then the journal is
   emptied into the file. A forgotten number is found no more from that moment on.
4. A tombstone lies in the topic for a day at least. Who was away longer may have missed one and builds this file anew.
"""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from ..clock import wall_ms
from ..kafka_io import ends, read_ranges
from ..masking import normal
from ..reporters import BLOCKS, KEYS
from ..vault import Vault, VaultError, _derive
from ..wire import Private
from . import sqlite

SHORTEST, LONGEST = 4, 11
AWAY_MS = 20 * 3_600_000  # a tombstone may be gone a day after it was compacted
NOTE_EVERY_MS = 60_000
NOISE_MS = 24 * 3_600_000  # a block without a key: its worker died, or it was forgotten
log = structlog.get_logger(__name__)
_private = msgspec.json.Decoder(Private).decode


class Tags:
    """The marks of suffixes, for who has the master key."""

    def __init__(self, master: bytes) -> None:
        self._key = _derive(master, "archive/phone-suffix")

    def of(self, suffix: str) -> bytes:
        """The mark of these last digits."""
        return hmac.digest(self._key, suffix.encode(), "sha256")[:16]

    def all(self, phone: str) -> list[bytes]:
        """The marks of all suffixes of a number that are long enough to be asked for."""
        digits = normal(phone).lstrip("+")
        return [self.of(digits[-n:]) for n in range(SHORTEST, min(LONGEST, len(digits)) + 1)]


class Phones:
    """The file of suffixes for its one writer."""

    def __init__(self, path: Path, master: bytes) -> None:
        self.db = sqlite.writing(path, sqlite.PHONES)
        self._vault, self._tags = Vault(master), Tags(master)
        self._noted = 0

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    def stale(self, now: int) -> bool:
        """Whether a tombstone may have been missed since it was last read."""
        last = self.db.execute("SELECT max(at) FROM read").fetchone()[0]
        return last is not None and now - int(last) > AWAY_MS

    def next(self) -> dict[TopicPartition, int]:
        """Where each partition goes on."""
        rows = self.db.execute("SELECT topic, partition, next FROM position")
        return {TopicPartition(topic, partition): offset for topic, partition, offset in rows}

    def take(self, topic: str, records: list[ConsumerRecord]) -> int:
        """Records of one of the two topics; how many numbers were forgotten is handed back."""
        if topic == KEYS:
            return self._keys(records)
        self._blocks(records)
        return 0

    def _blocks(self, records: list[ConsumerRecord]) -> None:
        """They wait for their keys."""
        rows = [(*_ref(r), r.timestamp, r.value) for r in records if r.value is not None]
        self.db.executemany("INSERT INTO waiting VALUES (?, ?, ?, ?)", rows)

    def _keys(self, records: list[ConsumerRecord]) -> int:
        """They open what waits for them and are not kept; tombstones erase."""
        erased = 0
        for record in records:
            case_id, kid = _ref(record)
            if record.value is None:
                self.db.execute("DELETE FROM phones WHERE case_id = ? AND kid = ?", (case_id, kid))
                erased += 1
            else:
                self.db.executemany("INSERT OR IGNORE INTO phones VALUES (?, ?, ?)", self._opened(case_id, kid, record))
            self.db.execute("DELETE FROM waiting WHERE case_id = ? AND kid = ?", (case_id, kid))
        return erased

    def _opened(self, case_id: str, kid: str, key: ConsumerRecord) -> Iterator[tuple[bytes, str, str]]:
        ref = f"{case_id}/{kid}"
        sql = "SELECT value FROM waiting WHERE case_id = ? AND kid = ?"
        blocks = [(ref, value) for (value,) in self.db.execute(sql, (case_id, kid))]
        if not blocks:
            return  # a second try's key, whose block said the same; or its block was read as noise
        try:
            for block in self._vault.open({ref: key.value}, blocks):
                reporter = _private(block).reporter
                if reporter:
                    yield from ((tag, case_id, kid) for tag in self._tags.all(reporter.phone))
        except (VaultError, msgspec.MsgspecError) as fault:
            log.warning("a reporter's block was not read", case=case_id, fault=type(fault).__name__)

    def note(self, tp: TopicPartition, offset: int) -> None:
        """The partition was read up to there."""
        self.db.execute("INSERT OR REPLACE INTO position VALUES (?, ?, ?)", (tp.topic, tp.partition, offset))

    def noted(self, now: int) -> None:
        """Everything was read a moment ago. Said once a minute."""
        if now - self._noted < NOTE_EVERY_MS:
            return
        self._noted = now
        self.db.executescript("BEGIN; DELETE FROM read;")
        self.db.execute("INSERT INTO read VALUES (?)", (now,))
        self.db.execute("DELETE FROM waiting WHERE at < ?", (now - NOISE_MS,))
        self.db.execute("COMMIT")


async def catch_up(consumer: AIOKafkaConsumer, phones: Phones, partitions: Iterable[int]) -> bool:
    """Read what there is, partition by partition, so that few blocks wait; whether the file is of these topics.

    The consumer is this function's: it is assigned anew.
    """
    wanted = list(partitions)
    until = await ends(consumer, [TopicPartition(KEYS, p) for p in wanted])  # before the blocks': rule 2
    until |= await ends(consumer, [TopicPartition(BLOCKS, p) for p in wanted])
    start = phones.next()
    if any(offset > until[tp][1] for tp, offset in start.items() if tp in until):
        return False
    for partition in wanted:
        for topic in (BLOCKS, KEYS):
            tp = TopicPartition(topic, partition)
            first, end = until[tp]
            await _read(consumer, phones, tp, max(first, start.get(tp, 0)), end)
    phones.noted(wall_ms())
    return True


async def _read(consumer: AIOKafkaConsumer, phones: Phones, tp: TopicPartition, start: int, end: int) -> None:
    if start >= end:
        return
    async for _, records in read_ranges(consumer, {tp: (start, end)}):
        phones.db.execute("BEGIN IMMEDIATE")
        erased = phones.take(tp.topic, records)
        phones.note(tp, records[-1].offset + 1)
        phones.db.execute("COMMIT")
        if erased:
            sqlite.settle(phones.db)
    phones.note(tp, end)  # what lies behind the last record was compacted away


def _ref(record: ConsumerRecord) -> tuple[str, str]:
    case_id, _, kid = record.key.decode().rpartition("/")
    return case_id, kid


def found(db: sqlite3.Connection) -> bool:
    """Whether a reader of the archive has the suffixes at hand."""
    return any(name == "phones" for _, name, _ in db.execute("PRAGMA database_list"))
