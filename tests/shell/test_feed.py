"""`paidan feed` on a real broker: what is sent, where, when, and how it goes on."""

import asyncio
import gzip
import json
from pathlib import Path
from uuid import uuid4

from aiokafka import ConsumerRecord, TopicPartition

from dispatchers.ids import inbox_key
from streams import feed
from streams.clock import Clock, Segment, wall_ms
from streams.feed import Done, Pace
from streams.kafka_io import ends, read_ranges, reader
from streams.scan import partition_of, partitions


def written(tmp_path: Path, count: int, *, name: str = "", zipped: bool = False) -> tuple[Path, str]:
    """A file of complaints with a source of its own."""
    source = uuid4().hex
    told = [
        {
            "topic": "city-events" if n % 3 == 0 else "complaints",
            "source": source,
            "source_id": str(n),
            "kind": "event" if n % 3 == 0 else "report",
            "received_at": f"2026-07-13T08:00:{n % 60:02}+08:00",
        }
        for n in range(count)
    ]
    text = "\n".join(map(json.dumps, told)).encode()
    path = tmp_path / f"{name or source}.jsonl{'.gz' if zipped else ''}"
    path.write_bytes(gzip.compress(text) if zipped else text)
    return path, source


async def found(kafka: str, source: str) -> list[ConsumerRecord]:
    records = []
    async with reader(kafka) as consumer:
        tps = [TopicPartition(t, p) for t in feed.TOPICS for p in range(partitions(t))]
        async for _, batch in read_ranges(consumer, await ends(consumer, tps)):
            records += [r for r in batch if r.value and source.encode() in r.value]  # others send empty ones
    return records


async def play(kafka: str, path: Path, speed: float = 0, asked: asyncio.Event | None = None) -> Done:
    return await feed.feed(kafka, path, Pace(None, speed), asked or asyncio.Event())


async def test_every_line_comes_to_its_topic_and_partition(kafka: str, tmp_path: Path) -> None:
    """Each message lies under the key of its number, in the partition that intake calls right, without `topic`."""
    path, source = written(tmp_path, 200, zipped=True)
    assert await play(kafka, path) == Done(sent=200, unreadable=0, skipped=0)
    records = await found(kafka, source)
    assert len(records) == 200
    for record in records:
        told = json.loads(record.value)
        assert record.key == inbox_key(told["source"], told["source_id"])
        assert record.partition == partition_of(record.topic, record.key)
        assert record.topic == ("city-events" if told["kind"] == "event" else "complaints")
        assert "topic" not in told


async def test_played_again_it_sends_nothing_twice(kafka: str, tmp_path: Path) -> None:
    """Which lines were sent is read from the topics: a second feed of the file finds them all there."""
    path, source = written(tmp_path, 150)
    await play(kafka, path)
    assert await play(kafka, path) == Done(sent=0, unreadable=0, skipped=150)
    assert len(await found(kafka, source)) == 150


async def test_broken_off_it_goes_on(kafka: str, tmp_path: Path) -> None:
    """A feed that ended in the middle is continued, and every line is there once."""
    path, source = written(tmp_path, 400, name=uuid4().hex)
    whole = path.read_bytes()
    path.write_bytes(b"\n".join(whole.split(b"\n")[:170]))
    assert (await play(kafka, path)).sent == 170
    path.write_bytes(whole)
    assert await play(kafka, path) == Done(sent=230, unreadable=0, skipped=170)
    ids = [json.loads(r.value)["source_id"] for r in await found(kafka, source)]
    assert sorted(map(int, ids)) == list(range(400))


async def test_asked_to_end_it_ends_with_what_it_began(kafka: str, tmp_path: Path) -> None:
    """Asked while it waits half an hour for the next line, it ends; what it sent is acknowledged."""
    path, source = written(tmp_path, 60)
    asked = asyncio.Event()
    playing = asyncio.create_task(play(kafka, path, speed=1 / 2_000, asked=asked))
    while not await found(kafka, source):
        await asyncio.sleep(0.05)
    asked.set()
    done = await asyncio.wait_for(playing, 30)  # a feed that does not listen hangs, and that is the failure
    assert done.sent == len(await found(kafka, source)) == 1


async def test_a_line_that_is_no_json_is_sent_as_it_is(kafka: str, tmp_path: Path) -> None:
    """What a source might do wrong comes to intake, which refuses it with a reason."""
    mark = uuid4().hex
    path = tmp_path / f"{mark}.jsonl"
    path.write_bytes(f'no json {mark}\n\n{{"topic": "complaints", "source": "{mark}"}}\n[1, "{mark}"]\n'.encode())
    assert await play(kafka, path) == Done(sent=3, unreadable=2, skipped=0)
    values = sorted(r.value for r in await found(kafka, mark))
    assert values == sorted([f"no json {mark}".encode(), f'{{"source":"{mark}"}}'.encode(), f'[1, "{mark}"]'.encode()])


def test_the_pace_is_the_runs_clock() -> None:
    """On a clock 60 times as fast, a complaint an hour ahead comes in a minute, and a past one at once."""
    now = wall_ms()
    pace = Pace(Clock([Segment(wall=now, business=1_000_000_000, speed=60)]), 1.0)
    assert pace.seconds_until(999_000_000) == 0
    assert 59 < pace.seconds_until(1_000_000_000 + 3_600_000) <= 60


def test_its_own_pace_counts_from_the_first_line() -> None:
    """At 10 times the file's speed a line ten seconds after the first comes a second after it."""
    pace = Pace(None, 10)
    assert pace.seconds_until(5_000_000) == 0
    assert 0.9 < pace.seconds_until(5_010_000) <= 1.0


def test_a_time_out_of_order_does_not_stop_the_feed() -> None:
    """A line from 2031, or without a time, follows the one before it at once; so does the next one in order."""
    pace = Pace(None, 1)
    pace.seconds_until(5_000_000)
    assert pace.seconds_until(5_000_000 + 5 * 365 * 86_400_000) == 0
    assert pace.seconds_until(None) == 0
    assert 0 < pace.seconds_until(5_001_000) <= 1.0


def test_the_file_is_read_line_by_line(tmp_path: Path) -> None:
    """A feed holds one line at a time, whatever the file's size."""
    path, _ = written(tmp_path, 10)
    with path.open("rb") as file:
        lines = feed.read(file)
        assert next(lines).number == 1
        assert next(lines).number == 2
