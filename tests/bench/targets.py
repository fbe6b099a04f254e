"""The official numbers and the indicators: a year of Jiaxing folded from its records, and from a snapshot.

The records are those of the newest recording of tests/replay: cases that came to their end there, over and over under
other numbers and on later days, each desk's in its own order. No broker: reading is what `paidan targets` has beside.
`TARGET_CASES` says another number than 1.2 million.
"""

from __future__ import annotations

import gzip
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from dispatchers.clock import DAY
from dispatchers.record import decode_record, digest
from dispatchers.rows import CityPack
from dispatchers.targets import DeskIndicators, DeskTasks, Indicators, Tasks, decode_told
from tests.replay.record import Header

from .table import Row

CASES = int(os.environ.get("TARGET_CASES", "1200000"))
DAYS = 365


class Step(msgspec.Struct):
    """What is needed of a recorded step."""

    record: str


def closed_cases() -> tuple[CityPack, list[list[bytes]]]:
    """The pack, and the records of each case that was registered and closed at one desk, and speak of no other."""
    path = sorted((Path(__file__).parents[1] / "replay").glob("*.jsonl.gz"))[-1]
    header, pack, *steps = gzip.decompress(path.read_bytes()).splitlines()
    assert msgspec.json.decode(header, type=Header)
    records: dict[str, list[bytes]] = {}
    for step in steps:
        raw = msgspec.json.decode(step, type=Step).record.encode()
        cases = {getattr(event, "case_id", "") for event in decode_record(raw).events} - {""} if raw else set()
        if len(cases) == 1 and b'"desk":"complaints' not in raw and b'"desk":"city-events' not in raw:
            records.setdefault(cases.pop(), []).append(raw)
    whole = [raws for raws in records.values() if b'"CaseRegistered"' in raws[0] and b'"CaseClosed"' in raws[-1]]
    return msgspec.json.decode(pack, type=CityPack), whole


def year(whole: list[list[bytes]]) -> Iterator[tuple[bytes, int]]:
    """The records of so many cases, and by how much each is later than it was recorded."""
    for number in range(CASES):
        raws, day = whole[number % len(whole)], number * DAYS // CASES
        for raw in raws:
            yield raw.replace(b'"c-', b'"c%d-' % number), day * DAY


async def bench(data: Path) -> list[Row]:
    """Seconds and memory of a year, and of going on from a snapshot of it."""
    pack, whole = closed_cases()
    begun = time.process_time()
    count = sum(1 for _ in year(whole))
    making = time.process_time() - begun
    fold, beside, bytes_read = Tasks(pack), Indicators(pack), 0
    begun = time.process_time()
    for raw, later in year(whole):
        digest(raw)
        told = decode_told(raw)
        bytes_read += len(raw)
        events = tuple(_later(event, later) for event in told.events)
        moved = msgspec.structs.replace(told, at=told.at + later, events=events)
        fold.take(moved)
        beside.take(moved)
    spent = time.process_time() - begun - making
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun = time.process_time()
    raw = msgspec.msgpack.encode(fold.desks)
    other = msgspec.msgpack.encode(beside.desks)
    again = Tasks(pack)
    for name, desk in msgspec.msgpack.decode(raw, type=dict[str, DeskTasks]).items():
        again.restore(name, desk)
    further = Indicators(pack)
    for name, standing in msgspec.msgpack.decode(other, type=dict[str, DeskIndicators]).items():
        further.restore(name, standing)
    kept = time.process_time() - begun
    assert (again.desks, further.desks) == (fold.desks, beside.desks)
    assert fold.ever().den <= CASES
    say = f"{CASES:,} cases, {count:,} records of {bytes_read // count:,} bytes"
    return [
        Row("targets", f"a year folded: {say}", spent, "s", target=180),
        Row("targets", "memory of it", memory, "MB", target=300),
        Row("targets", f"a snapshot of {(len(raw) + len(other)) / 1e6:.1f} MB written and read", kept, "s", target=10),
    ]


def _later(event: object, later: int) -> object:
    """The event with its only instant that is kept moved too."""
    until = getattr(event, "reopen_until", 0)
    return msgspec.structs.replace(event, reopen_until=until + later) if until else event  # type: ignore[type-var]
