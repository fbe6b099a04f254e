"""The one clock that all processes share: broker time mapped to business time (DESIGN law 6). Read nowhere else.

In a city it is the wall clock. In a run of `paidan run` the city lives SPEED times faster, from a Monday at 08:00 on,
and time stands still while the system is down. So the run keeps a file of *segments*: from wall time W on, business
time is B + (now - W) * speed, up to the segment's end. `paidan run` alone writes it: it opens a segment at its start,
says every second how far it came, and closes the segment at its end; a killed run is closed by the next one at what it
last said plus the longest pause between two sayings, so that business time never runs backwards.
Instants are integer milliseconds since 1970 UTC.
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

SAY_EVERY_MS = 1_000


def wall_ms() -> int:
    """Milliseconds since 1970, as the machine says."""
    return time.time_ns() // 1_000_000


class Segment(msgspec.Struct):
    """A stretch of running time."""

    wall: int
    business: int
    speed: float
    wall_end: int | None = None  # None while it runs

    def at(self, wall: int) -> int:
        """Business time of a wall time, held at both ends."""
        end = wall if self.wall_end is None else min(wall, self.wall_end)
        return self.business + int(max(0, end - self.wall) * self.speed)


class _File(msgspec.Struct):
    segments: list[Segment]
    said: int  # wall time of the last saying


class Clock:
    """Maps wall time (the broker's append times, or now) to business time."""

    def __init__(self, segments: list[Segment] | None = None) -> None:
        self._segments = segments or []

    @classmethod
    def read(cls, file: Path | None) -> Clock:
        """The clock of a run's file; without one the wall clock.

        Raises:
            FileNotFoundError, msgspec.DecodeError: the file is not there, or not a run's clock.
        """
        return cls(_load(file).segments) if file else cls()

    @property
    def speed(self) -> float:
        """How many business seconds pass in a second."""
        return self._segments[-1].speed if self._segments else 1.0

    def at(self, wall: int) -> int:
        """Business time of a wall time; between two segments it stands still."""
        if not self._segments:
            return wall
        for segment in reversed(self._segments):
            if wall >= segment.wall:
                return segment.at(wall)
        return self._segments[0].business

    def now(self) -> int:
        """Business time now."""
        return self.at(wall_ms())

    def seconds_until(self, business: int) -> float:
        """Wall seconds until a business instant; 0 if it is past."""
        return max(0.0, (business - self.now()) / 1000 / self.speed)

    def wall_seconds(self, earlier: int, later: int) -> float:
        """Wall seconds between two business instants of this run."""
        return (later - earlier) / 1000 / self.speed


class RunClock:
    """The writing end, held by `paidan run`."""

    def __init__(self, file: Path, *, start: int, speed: float) -> None:
        """Open a segment: at the file's last instant, or at `start` (business ms) in a new run."""
        self._file = file
        now = wall_ms()
        segments: list[Segment] = []
        if file.exists():
            old = _load(file)
            segments = old.segments
            last = segments[-1]
            if last.wall_end is None:
                last.wall_end = min(now, old.said + 2 * SAY_EVERY_MS)
            start = last.at(last.wall_end)
        segments.append(Segment(wall=now, business=start, speed=speed))
        self._state = _File(segments=segments, said=now)
        self._write()

    @property
    def clock(self) -> Clock:
        """The clock as it runs now."""
        return Clock(self._state.segments)

    def say(self) -> None:
        """Note how far time came; to be called every SAY_EVERY_MS."""
        self._state.said = wall_ms()
        self._write()

    def close(self) -> None:
        """End the segment: time stands still from now on."""
        self._state.segments[-1].wall_end = self._state.said = wall_ms()
        self._write()

    def _write(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        new = self._file.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(self._state))
        new.replace(self._file)


def _load(file: Path) -> _File:
    return msgspec.json.decode(file.read_bytes(), type=_File)
