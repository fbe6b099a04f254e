"""The numbers of a run: what is counted, and what is not."""

from collections.abc import Iterator

import pytest

from dispatchers.memory import Stored
from streams import city_files
from streams.clock import Clock, Segment
from streams.decide import Decide
from streams.summary import Rates, Tally, percent, percentile
from tests.shell.test_decide import NINE, SMALL, complaint, lines

SPEED = 60
WALL = 1_000_000_000  # at which business time is NINE
CLOCK = Clock([Segment(wall=WALL, business=NINE, speed=SPEED)])


def records(count: int) -> Iterator[Stored]:
    told = lines(*(complaint(str(n), n) for n in range(count)))
    return (s for s in Decide(city_files.load(SMALL)).lines(told.splitlines()) if s.topic == "desk-log")


def tally(count: int, *, since: int = WALL, late_ms: int = 20) -> Tally:
    """A tally of so many complaints, a minute apart, each decided `late_ms` wall ms after it was filed."""
    found = Tally(CLOCK, since)
    for n, s in enumerate(records(count)):
        found.take(s.partition, s.offset, s.raw, WALL + n * 60_000 // SPEED + late_ms)
    return found


def test_what_was_decided_is_counted() -> None:
    """Each case registered and offered is one; so it is in all and in this run."""
    found = tally(5)
    assert found.total == found.run == {"registered": 5, "assigned": 5}


def test_what_an_earlier_run_decided_is_not_this_runs() -> None:
    """Records from before the start count in all, and in no percentile."""
    found = tally(5, since=WALL + 2_500)
    assert (found.total["assigned"], found.run["assigned"], len(found.latencies)) == (5, 2, 2)


def test_received_to_offered_is_in_wall_milliseconds() -> None:
    """From append to append, on the wall, however fast the city lives."""
    assert list(tally(3, late_ms=20).latencies) == pytest.approx([20, 20, 20], abs=0.02)


def test_a_void_record_counts_for_nothing() -> None:
    """A zombie's record, or one said twice, continues no chain."""
    first, second, *_ = records(3)
    found = Tally(CLOCK, WALL)
    for offset, raw in enumerate([first.raw, first.raw, b"rubbish", second.raw]):
        found.take(first.partition, offset, raw, WALL)
    assert found.total["registered"] == 2


def test_a_share_is_never_rounded_up() -> None:
    """79.96 % is not 80 % (domain.md §2.1); without a denominator there is no share."""
    assert percent(7996, 10_000) == 79.9
    assert percent(4, 5) == 80.0
    assert percent(0, 0) is None
    assert percent(None, None) is None


def test_percentiles_are_values_that_occurred() -> None:
    """The median of a hundred, the last of them, none of nothing."""
    assert percentile(range(100), 0.5) == 50
    assert percentile(range(100), 0.99) == 99
    assert percentile([7.0], 0.99) == 7
    assert percentile([], 0.5) is None


def test_rates_are_of_the_last_seconds() -> None:
    """Growth per second over a sliding window; nothing at the first look."""
    rates = Rates()
    assert rates.of(0, {"filed": 100}) == {}
    assert rates.of(1, {"filed": 110}) == {"filed": 10.0}
    for second in range(2, 10):
        last = rates.of(second, {"filed": 110})
    assert last == {"filed": 0.0}
