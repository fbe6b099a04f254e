"""The clock of a run: one file, read by all its processes."""

import time
from pathlib import Path

import msgspec
import pytest

from streams.clock import SAY_EVERY_MS, Clock, RunClock, Segment, wall_ms

MONDAY = 1_783_900_800_000


def stored(file: Path) -> dict[str, object]:
    return msgspec.json.decode(file.read_bytes())


def test_without_a_file_it_is_the_wall() -> None:
    """A real city lives at the speed of the wall."""
    clock = Clock.read(None)
    assert clock.at(1_234) == 1_234
    assert clock.speed == 1.0


def test_business_time_runs_faster() -> None:
    """A wall second is a minute at speed 60; before the beginning nothing has happened."""
    clock = Clock([Segment(wall=10_000, business=MONDAY, speed=60)])
    assert clock.at(11_000) == MONDAY + 60_000
    assert clock.at(9_000) == MONDAY
    assert clock.wall_seconds(MONDAY, MONDAY + 60_000) == 1.0


def test_time_stands_still_between_two_runs() -> None:
    """What is appended while the system is down happened when it stopped; the next run goes on from there."""
    clock = Clock(
        [
            Segment(wall=10_000, business=MONDAY, speed=60, wall_end=20_000),
            Segment(wall=50_000, business=MONDAY + 600_000, speed=10),
        ]
    )
    assert clock.at(20_000) == clock.at(35_000) == clock.at(50_000) == MONDAY + 600_000
    assert clock.at(51_000) == MONDAY + 610_000
    assert clock.speed == 10


def test_time_never_runs_backwards() -> None:
    """For wall times in order, over two runs and the gap between them, business times are in order."""
    clock = Clock(
        [
            Segment(wall=10_000, business=MONDAY, speed=60, wall_end=20_000),
            Segment(wall=50_000, business=MONDAY + 600_000, speed=1),
        ]
    )
    times = [clock.at(wall) for wall in range(0, 80_000, 500)]
    assert times == sorted(times)


def test_a_run_begins_at_its_start_and_the_next_where_it_ended(tmp_path: Path) -> None:
    """The first run begins where it is told, and the second where the first was closed, whatever it is told."""
    file = tmp_path / "clock.json"
    first = RunClock(file, start=MONDAY, speed=60)
    time.sleep(0.05)
    first.close()
    ended = first.clock.now()
    assert ended > MONDAY
    time.sleep(0.05)
    second = RunClock(file, start=0, speed=30)
    assert second.clock.at(second.clock._segments[-1].wall) == ended
    assert Clock.read(file).now() >= ended
    assert Clock.read(file).speed == 30


def test_a_killed_run_loses_at_most_what_it_had_not_said(tmp_path: Path) -> None:
    """A run that was killed is closed by the next at what it last said plus the longest pause between two sayings."""
    file = tmp_path / "clock.json"
    RunClock(file, start=MONDAY, speed=60)  # killed: never closed
    said = wall_ms() - 3_600_000
    old = stored(file)
    old["said"] = said
    old["segments"][0]["wall"] = said - 10_000
    file.write_bytes(msgspec.json.encode(old))
    again = RunClock(file, start=0, speed=60)
    segments = again.clock._segments
    assert segments[0].wall_end == said + 2 * SAY_EVERY_MS
    assert segments[1].business == MONDAY + (10_000 + 2 * SAY_EVERY_MS) * 60


def test_records_of_a_killed_run_lie_before_the_next_one(tmp_path: Path) -> None:
    """Whatever the broker appended until the kill is not later than the business time at which the next run begins."""
    file = tmp_path / "clock.json"
    killed = RunClock(file, start=MONDAY, speed=60)
    last_append = killed.clock.at(wall_ms())
    again = RunClock(file, start=0, speed=60)
    assert again.clock._segments[-1].business >= last_append
    assert again.clock.at(wall_ms()) >= last_append


def test_the_file_is_never_half_written(tmp_path: Path) -> None:
    """A reader finds a whole clock at any moment of a saying."""
    file = tmp_path / "clock.json"
    run = RunClock(file, start=MONDAY, speed=60)
    for _ in range(200):
        run.say()
        assert Clock.read(file).speed == 60
    assert list(tmp_path.iterdir()) == [file]


def test_no_clock_where_one_is_named_is_an_error(tmp_path: Path) -> None:
    """A worker that cannot read the run's clock does not decide by the wall's."""
    with pytest.raises(FileNotFoundError):
        Clock.read(tmp_path / "clock.json")
