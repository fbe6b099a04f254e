"""`paidan feed FILE`: plays a file of complaints into their topics, each at its time.

A line is a message in the public wire form with a leading member `topic`. The file may be gzipped, and is read line by
line: its size does not matter. A line that is no JSON is sent as it is, because that is what a source might do: intake
refuses it with a reason.

Where a broken-off feed goes on is read from the topics, not from a file beside the data that could lie: every message
says in its header `paidan-feed` which line of which file it was. At most IN_FLIGHT lines were on their way when a feed
ended, so all before them were sent, and of them those that are found. Should nothing be found (others wrote much since)
the feed begins anew, and intake drops what it had already.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec
import orjson
import structlog
from aiokafka import TopicPartition
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from dispatchers.ids import inbox_key

from . import stop
from .clock import Clock, wall_ms
from .kafka_io import ends, producer, read_ranges, reader
from .scan import partition_of, partitions
from .settings import Settings

TOPICS = ("complaints", "city-events")
HEADER = "paidan-feed"
IN_FLIGHT = 100  # messages without an acknowledgement
LOOK_BACK = 2 * IN_FLIGHT  # last messages of each partition that are looked at for our header
AHEAD_MS = 24 * 3_600_000  # a time further ahead of the line before is no time to wait for
log = structlog.get_logger(__name__)


class Line(NamedTuple):
    """One line of the file."""

    number: int
    topic: str
    key: bytes | None  # None: no number can be read
    due: int | None  # `received_at` in ms since 1970; None: that cannot be told
    value: bytes
    readable: bool = True


class Done(NamedTuple):
    """What a feed did."""

    sent: int
    unreadable: int  # of them: lines that are no JSON object, sent as they are
    skipped: int  # lines that an earlier feed of the file had sent


class Pace:
    """When a business instant comes: on the run's clock, or `speed` times as fast as the file's own times.

    speed 0: at once.
    """

    def __init__(self, clock: Clock | None, speed: float) -> None:
        self._clock, self._speed = clock, speed
        self._first: tuple[int, int] | None = None  # (wall, business) of the first line
        self._last: int | None = None

    def seconds_until(self, due: int | None) -> float:
        """Wall seconds to wait; lines without a usable time follow the one before them."""
        last = self._last
        if due is None or self._speed == 0 or (last is not None and due > last + AHEAD_MS):
            return 0.0
        self._last = due
        if self._clock:
            return self._clock.seconds_until(due)
        self._first = self._first or (wall_ms(), due)
        wall, business = self._first
        return max(0.0, (wall + (due - business) / self._speed - wall_ms()) / 1000)


def read(file: IO[bytes]) -> Iterator[Line]:
    """The lines of a file, empty ones left out."""
    for number, raw in enumerate(file, 1):
        if text := raw.strip():
            yield _line(number, text)


def _line(number: int, text: bytes) -> Line:
    try:
        told: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        return Line(number, TOPICS[0], None, None, text, readable=False)
    topic = told.pop("topic", TOPICS[0])
    source, source_id = told.get("source"), told.get("source_id")
    known = isinstance(source, str) and isinstance(source_id, str)
    return Line(
        number,
        topic if topic in TOPICS else TOPICS[0],
        inbox_key(str(source), str(source_id)) if known else None,
        _instant(told.get("received_at")),
        orjson.dumps(told),
    )


def _instant(told: Any) -> int | None:
    try:
        moment = msgspec.convert(told, dt.datetime)
    except msgspec.ValidationError:
        return None
    return round(moment.timestamp() * 1000) if moment.tzinfo else None


async def run(settings: Settings, file: Path, speed: float | None) -> Done:
    """Play a file until its end, SIGTERM or SIGINT. `speed` None: on the run's clock, else on its own pace.

    Raises:
        OSError: the file cannot be read.
    """
    on_clock = speed is None and settings.clock is not None
    pace = Pace(Clock.read(settings.clock) if on_clock else None, 1.0 if speed is None else speed)
    return await feed(settings.kafka, file, pace, stop.asked())


async def feed(kafka: str, file: Path, pace: Pace, asked: asyncio.Event) -> Done:
    """Play a file until its end, or until `asked` is set."""
    before = await sent_before(kafka, file.name)
    sent = unreadable = skipped = 0
    waiting: deque[asyncio.Future[Any]] = deque()
    async with producer(kafka, linger_ms=5) as sender:
        with _opened(file) as lines:
            for line in read(lines):
                if line.number in before:
                    skipped += 1
                    continue
                if await _wait(pace.seconds_until(line.due), asked):
                    break
                if not line.readable:
                    unreadable += 1
                    log.warning("no JSON object: sent as it is, intake refuses it", file=file.name, line=line.number)
                while len(waiting) >= IN_FLIGHT:
                    await waiting.popleft()
                waiting.append(await _send(sender, file.name, line))
                sent += 1
        await asyncio.gather(*waiting)
    return Done(sent, unreadable, skipped)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """The file's lines, unpacked; on a terminal with a bar of how much of it was read."""
    console = Console(stderr=True)
    look = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    bar = Progress(*look, console=console, disable=not console.is_terminal)
    with bar, bar.open(path, "rb", description=path.name) as raw:
        if path.suffix == ".gz":
            with gzip.open(raw) as unpacked:
                yield unpacked  # type: ignore[misc]  # an io.BufferedIOBase reads lines all the same
        else:
            yield raw


async def _send(sender: Any, name: str, line: Line) -> asyncio.Future[Any]:
    partition = None if line.key is None else partition_of(line.topic, line.key)
    header = (HEADER, f"{name}:{line.number}".encode())
    future: asyncio.Future[Any] = await sender.send(line.topic, line.value, line.key, partition, headers=[header])
    return future


async def _wait(seconds: float, asked: asyncio.Event) -> bool:
    """Wait, but not when the process is asked to end; whether it is."""
    if seconds > 0:
        try:
            await asyncio.wait_for(asked.wait(), seconds)
        except TimeoutError:
            return False
    return asked.is_set()


class Before(NamedTuple):
    """The lines that were sent before: all up to `through`, and those `beyond`."""

    through: int
    beyond: frozenset[int]

    def __contains__(self, line: object) -> bool:
        return isinstance(line, int) and (line <= self.through or line in self.beyond)


async def sent_before(kafka: str, name: str) -> Before:
    """Which lines of a file of this name are in the topics."""
    found: set[int] = set()
    async with reader(kafka) as consumer:
        tps = [TopicPartition(t, p) for t in TOPICS for p in range(partitions(t))]
        bounds = await ends(consumer, tps)
        ranges = {tp: (max(first, end - LOOK_BACK), end) for tp, (first, end) in bounds.items()}
        async for _, records in read_ranges(consumer, ranges):
            for record in records:
                said, _, line = dict(record.headers).get(HEADER, b"").decode().rpartition(":")
                if said == name and line.isdigit():
                    found.add(int(line))
    return Before(max(found, default=0) - IN_FLIGHT, frozenset(found))
