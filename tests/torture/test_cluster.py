"""Three brokers, each topic three times, two of them needed: one may die, be paused or lose its disk and nothing stands
still for long; with two away nothing is acknowledged, and nothing that was is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import faults
from .driver import Scene, Seen, torture
from .measure import Measure, Seconds

pytestmark = pytest.mark.timeout(400)
THREE = Scene(brokers=3)


def acknowledged_in_the_dark(seen: Seen) -> list[str]:
    """Messages sent while two of three brokers were dead, and acknowledged before one of them was started again."""
    return [
        str(op)
        for op in seen.load.operations
        for begun, ended in seen.plan.dark
        if op.answer == "acknowledged" and begun <= op.begun and op.ended <= ended
    ]


async def test_two_of_three_brokers(
    tmp_path: Path, seconds: Seconds, measure: Measure, request: pytest.FixtureRequest
) -> None:
    """Without one of three all goes on; without two nothing is acknowledged until one is back, and nothing is lost."""
    dark = 25.0 if request.config.getoption("--long") else 8.0
    seen = await torture(tmp_path, [faults.two_brokers(dark)], seconds(24), seed=21, scene=THREE)
    measure("2 of 3 brokers down", seen)
    assert seen.plan.dark
    assert [] == acknowledged_in_the_dark(seen)[:20]
    assert [] == seen.broken[:20]


@pytest.mark.long
async def test_one_of_three_brokers(tmp_path: Path, seconds: Seconds, measure: Measure) -> None:
    """One broker after the other killed and back: two of three have all that was acknowledged."""
    seen = await torture(tmp_path, [faults.one_broker], seconds(0), seed=22, scene=THREE)
    measure("kill -9 of 1 of 3 brokers", seen)
    assert [] == seen.broken[:20]


@pytest.mark.long
async def test_leaders_move(tmp_path: Path, seconds: Seconds, measure: Measure) -> None:
    """Partitions change their leaders, by order and by brokers that are restarted one after the other."""
    seen = await torture(tmp_path, [faults.leaders], seconds(0), seed=23, scene=THREE)
    measure("leaders moved", seen)
    assert [] == seen.broken[:20]


@pytest.mark.long
async def test_a_paused_leader(tmp_path: Path, seconds: Seconds, measure: Measure) -> None:
    """A leader that wakes up after 15 s finds others in its place, and what it still holds alone counts for nothing."""
    seen = await torture(tmp_path, [faults.paused_leader(15.0)], seconds(0), seed=24, scene=THREE)
    measure("leader paused 15 s", seen)
    assert [] == seen.broken[:20]


@pytest.mark.long
async def test_an_empty_disk(tmp_path: Path, seconds: Seconds, measure: Measure) -> None:
    """A broker that comes back with nothing reads all of it again before it leads anything."""
    seen = await torture(tmp_path, [faults.empty_disk], seconds(0), seed=25, scene=THREE)
    measure("a broker with an empty disk", seen)
    assert [] == seen.broken[:20]
