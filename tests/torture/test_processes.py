"""Every kind of process dies: desk, tell, archive, gateway, exporter, replies, notify. What each shows is right in the
end: the board is the fold, the archive the log, the numbers a recount; what goes out went out, under the same ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import faults
from .driver import Scene, torture
from .measure import Measure, Seconds
from .processes import Processes

pytestmark = pytest.mark.timeout(600)
# Slow enough for an offer to stand until it is taken further; half of the usual load, for three times the processes.
SCENE = Scene(redis=True, speed=6.0, rate=100)


async def test_each_is_killed(tmp_path: Path, seconds: Seconds, measure: Measure) -> None:
    """kill -9 of one after the other, in a drawn order."""
    scene = SCENE._replace(beside=Processes())
    seen = await torture(tmp_path, [faults.kill_each], seconds(10), seed=11, scene=scene)
    measure("kill -9 of every process kind", seen)
    assert [] == seen.broken[:20]


@pytest.mark.long
async def test_each_is_rolled(tmp_path: Path, seconds: Seconds, measure: Measure) -> None:
    """SIGTERM of one after the other: each ends by itself and says that nothing was wrong."""
    scene = SCENE._replace(beside=Processes())
    seen = await torture(tmp_path, [faults.roll], seconds(0), seed=12, scene=scene)
    measure("SIGTERM of everything, rolling", seen)
    assert [] == seen.broken[:20]
    assert {0} == {code for child in seen.workers for code in child.ended[:-1]}  # at last the driver ends them
