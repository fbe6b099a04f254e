"""Two workers on a real broker, a load that does not wait, and faults: nothing is lost, doubled or out of order."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import faults
from .driver import Scene, torture
from .measure import Measure, Seconds

pytestmark = pytest.mark.timeout(300)


async def test_kill(tmp_path: Path, seconds: Seconds, measure: Measure) -> None:
    """Workers killed every 5-9 s decide every message once, in order, as one that is never killed does."""
    seen = await torture(tmp_path, [faults.kill], seconds(20), seed=1)
    measure("kill -9", seen)
    assert [] == seen.broken[:20]


async def test_terminate(tmp_path: Path, seconds: Seconds, measure: Measure) -> None:
    """Rolling restarts lose nothing and decide nothing twice."""
    seen = await torture(tmp_path, [faults.terminate], seconds(15), seed=2)
    measure("SIGTERM, rolling", seen)
    assert [] == seen.broken[:20]


async def test_freeze(tmp_path: Path, seconds: Seconds, measure: Measure, request: pytest.FixtureRequest) -> None:
    """A worker that wakes up after its session finds itself fenced: whatever it still writes is void."""
    frozen = 20.0 if request.config.getoption("--long") else 12.0
    seen = await torture(tmp_path, [faults.freeze(frozen)], seconds(20), seed=3)
    measure("SIGSTOP beyond the session", seen)
    assert [] == seen.broken[:20]


async def test_handovers(tmp_path: Path, seconds: Seconds, measure: Measure) -> None:
    """Cases that go from desk to desk under kills have one holder at every position."""
    seen = await torture(tmp_path, [faults.kill], seconds(18), seed=4, handovers=0.4)
    measure("kill -9, cases on their way", seen)
    assert [] == seen.broken[:20]


async def test_split_brain(tmp_path: Path, seconds: Seconds, measure: Measure) -> None:
    """Of two workers that both believe to hold every partition one is fenced at its next record: nothing goes wrong."""
    seen = await torture(tmp_path, [], seconds(15), seed=6, scene=Scene(groups=(faults.GROUP, "another")))
    measure("two groups, one log", seen)
    assert [] == seen.broken[:20]


async def test_twins(tmp_path: Path, seconds: Seconds, measure: Measure) -> None:
    """Of two processes under one id one ends with the words of what is wrong, and the other goes on."""
    seen = await torture(tmp_path, [faults.twin], seconds(40), seed=14)
    measure("two processes under one worker's id", seen)
    assert [] == seen.broken[:20]
    assert any("went on" in done for done in seen.plan.done)
    assert "needs a PAIDAN_WORKER_ID of its own" in "".join(log.read_text() for log in tmp_path.glob("*.log"))


async def test_broker(tmp_path: Path, seconds: Seconds, measure: Measure) -> None:
    """A broker that is killed takes nothing with it that it acknowledged."""
    seen = await torture(tmp_path, [faults.broker], seconds(15), seed=5)
    measure("kill -9 of the broker", seen)
    assert [] == seen.broken[:20]
