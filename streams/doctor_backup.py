"""`paidan doctor`: how old the last backup is. `paidan export` leaves its trace in the audit: who took a copy of
everything that a city knows belongs there, and an import brings the trace along."""

from __future__ import annotations

import datetime as dt

import msgspec
from aiokafka import TopicPartition

from dispatchers.explain.words import Said

from .clock import wall_ms
from .doctor import Check, Finding, Patient, attention
from .kafka_io import ends, read_ranges, reader

EXPORTED = "exported"  # what the audit says of a backup that is whole
PLACE = TopicPartition("audit", 0)
LOOK_BACK = 1_000  # entries from the end, then eight times as many, until one is found
OLD_DAYS = 7
RIGHT = Said("paidan export 到另一台机器上的目录", "paidan export, to a folder on another machine")


class _Entry(msgspec.Struct):
    """What is needed of an audit entry (gateway/audit.py)."""

    at: int
    what: str


_decode = msgspec.json.Decoder(_Entry).decode


async def backup(patient: Patient) -> list[Finding]:
    """What is lost with the disks is all since the last one. A rehearsed city, whose clock runs faster, needs none."""
    made = await last_export(patient.reach())
    if made is None:
        if patient.clock.speed != 1 or not (await patient.logs()).decided():
            return []
        return [attention(PLACE.topic, Said("从来没有做过备份", "no backup was ever made"), RIGHT)]
    days = dt.timedelta(milliseconds=max(0, wall_ms() - made)).days
    if days < OLD_DAYS:
        return []
    return [attention(PLACE.topic, Said(f"最近的备份是{days}天前做的", f"the last backup is {days} days old"), RIGHT)]


async def last_export(kafka: str) -> int | None:
    """When the last one was finished, in wall ms; None: never."""
    async with reader(kafka) as consumer:
        first, end = (await ends(consumer, [PLACE]))[PLACE]
        back = LOOK_BACK
        while True:
            start = max(first, end - back)
            found = [
                entry.at
                async for _, records in read_ranges(consumer, {PLACE: (start, end)})
                for record in records
                if (entry := _read(record.value)) and entry.what == EXPORTED
            ]
            if found or start == first:
                return max(found, default=None)
            back *= 8


def _read(raw: bytes | None) -> _Entry | None:
    try:
        return _decode(raw or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


BACKUP = (Check("backup", Said("备份", "backup"), backup),)
