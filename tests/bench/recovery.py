"""Taking a large desk: how soon it decides again, and how much memory open cases need."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from dispatchers import messages as m
from dispatchers import writer as rooms
from dispatchers.classification import classify
from dispatchers.writer import Writer
from streams.kafka_io import producer
from streams.log import SNAPSHOT_EVERY
from streams.recovery import Stored, store, write_snapshot
from tests.support_kafka import Child, Run, broker, lying

from .day import AT, Day, city, lines
from .processes import child, counter, fill, resident, until
from .table import Row

DESK, PARTITION = "haining", 4
RECORDS = 1_000_000
STILL = 1e-9
# Says when it is given its partitions: before that it was starting.
CODE = """
import time
from streams import desk, settings, writers
take = writers.Writers.positions
async def positions(self, tps):
    print(f"taking {time.time()}", flush=True)
    return await take(self, tps)
writers.Writers.positions = positions
"""


async def bench(data: Path) -> list[Row]:
    """A desk with 1,000 open cases, and one with 100,000 and a million records behind them."""
    small = await taken(data / "small", 1_000, 4_000)
    large = await taken(data / "large", 100_000, RECORDS)
    return [
        Row("recovery", "100,000 open, 1,000,000 records: taken to decided", large[0], "s", 5),
        Row("recovery", "the same, from the start of the process", large[1], "s"),
        Row("recovery", "1,000 open: taken to decided", small[0], "s"),
        Row("recovery", "resident with 1,000 open cases", small[2], "MB", 150),
        Row("recovery", "resident with 100,000 open cases", large[2], "MB", 500),
    ]


async def taken(data: Path, cases: int, records: int) -> tuple[float, float, float]:
    """(seconds from taking the partition to a decision, from the process's start, MB)."""
    with broker(data / "kafka") as kafka:
        run = Run(kafka.address, data, start=AT, speed=STILL)
        last = await _history(run, cases, records)
        await _ask(run, last)
        one = child(run, "one", f"WORKER = 'one'\n{CODE}\ndesk.run({run.settings})")
        try:
            begun = time.time()
            one.start()
            async with counter(run.kafka, "desk-log") as count:

                async def decided() -> bool:
                    assert one.alive, one.said()
                    return await count() > records

                await until(decided, one.said(), 0.01)
            there = (await lying(run.kafka, ("desk-log",)) if records < 10_000 else {}).get(("desk-log", PARTITION))
            ended = there[-1].timestamp / 1000 if there else time.time()
            return ended - _said(one), ended - begun, resident(one)
        finally:
            one.kill()


def _said(one: Child) -> float:
    """When it was given its partitions."""
    return float(one.said(1 << 20).split("taking ")[1].split()[0])


async def _ask(run: Run, last: int) -> None:
    """What is to be decided next; the inbox has forgotten what was decided before, as after its week."""
    asked = m.EscalateCase(message_id="next", actor=m.Actor("o", "operator"), case_id="c-unknown", reason="?")
    empty = (("desk-inbox", PARTITION, None, b"") for _ in range(last + 1))
    await fill(run.kafka, empty)
    await fill(run.kafka, [("desk-inbox", PARTITION, None, msgspec.json.encode(asked))])


async def _history(run: Run, cases: int, records: int) -> int:
    """The log of a desk that registered so many cases and heard of them until it had so many records.

    The last snapshot lies where a worker writes it last, which leaves the longest tail there is. Returns the last inbox
    offset that was decided.
    """
    of, writer = city(), Writer(DESK, rooms.DESK)
    stored: list[Stored] = []

    def raws() -> Iterator[tuple[str, int | None, bytes | None, bytes]]:
        for offset, message in enumerate(_letters(Day(of, cases), cases, records)):
            decided = writer.decide(message, offset, AT, of)
            assert decided
            writer.apply(offset, decided)
            writer.posted(offset)
            if offset == max(records - SNAPSHOT_EVERY, records // 2):
                stored.append(store(writer))
            yield "desk-log", PARTITION, None, decided.raw

    count = await fill(run.kafka, raws())
    async with producer(run.kafka) as sender:
        await write_snapshot(sender, "desk-log", PARTITION, stored[0])
    assert len(writer.state.cases) == cases, len(writer.state.cases)
    return count - 1


def _letters(day: Day, cases: int, records: int) -> Iterator[m.Letter]:
    """Registrations, then updates of them in turn. Work orders, as most complaints are: no squad comes to its cap. Each
    some hundred metres from the next, so that none is another's repetition."""
    filed = next(f for topic, body in lines(5_000) if (f := day.filed(topic, body)) and _to_a_unit(day, f))
    for number in range(records):
        nth = number % cases
        case, place = f"c-{nth:020d}", filed.place
        assert place.lon is not None
        assert place.lat is not None
        apart = msgspec.structs.replace(place, lon=place.lon + nth % 400 / 200, lat=place.lat + nth // 400 / 200)
        told = msgspec.structs.replace(
            filed, source_id=str(nth), description=f"{filed.description} {number}", place=apart
        )
        body = m.RegisterCase(case_id=case, filed=told) if number < cases else m.UpdateCase(case_id=case, filed=told)
        yield m.Letter(sender="complaints/0", receiver=DESK, number=number + 1, body=body)


def _to_a_unit(day: Day, filed: m.Filed) -> bool:
    item = classify(filed, day.memory.city, AT).item
    at = [n.territory for n in filed.place.near][:1]
    return bool(item and item.nature == "repair" and at and day.memory.city.desk_of(at[0]) == DESK)
