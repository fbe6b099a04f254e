"""What the workers stand on is bad: Redis, the clocks, the network. Nothing is lost, doubled or out of order."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import faults
from .driver import Scene, torture
from .measure import Measure, Seconds

pytestmark = pytest.mark.timeout(300)
TWO_HOURS = 2 * 3600


async def test_redis(tmp_path: Path, seconds: Seconds, measure: Measure) -> None:
    """Redis emptied, killed, back with an old dump: in the end the board is the fold, and each offer was told."""
    seen = await torture(tmp_path, [faults.redis], seconds(12), seed=8, scene=Scene(redis=True))
    measure("Redis flushed, killed, an old dump", seen)
    assert [] == seen.broken[:20]


@pytest.mark.long
async def test_clocks(tmp_path: Path, seconds: Seconds, measure: Measure) -> None:
    """A worker two hours ahead and one two hours behind decide as others do: time is what the broker says (law 6)."""
    ahead = (TWO_HOURS, -TWO_HOURS)
    seen = await torture(tmp_path, [faults.kill], seconds(0), seed=9, scene=Scene(ahead=ahead))
    measure("clocks 2 h ahead and behind, kill -9", seen)
    assert [] == seen.broken[:20]


@pytest.mark.long
async def test_network(tmp_path: Path, seconds: Seconds, measure: Measure) -> None:
    """A worker whose network is cut beyond its session, broken off, slow and late: what it still writes is void."""
    seen = await torture(tmp_path, [faults.network], seconds(0), seed=10, scene=Scene(proxied=True))
    measure("network cut, broken, slow, delayed", seen)
    assert [] == seen.broken[:20]
