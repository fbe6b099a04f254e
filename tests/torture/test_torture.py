"""Two workers on a real broker, a load that does not wait, and faults: nothing is lost, doubled or out of order."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from streams.local import EmbeddedKafka
from tests.support_kafka import Child, Lying, Run, broker, lying, worker

from . import faults
from .checker import LOGS, Checker, Fault, settled
from .load import Load
from .serial import Serial, unlike_serial

pytestmark = pytest.mark.timeout(300)
READ = (*LOGS, *LOGS.values(), "dead-letters")
RATE = 200  # messages a second
Seconds = Callable[[float], float]
CALM = 60  # seconds for what is on its way when the load ends


class Seen(NamedTuple):
    """What a run came to."""

    broken: list[Fault]
    checker: Checker
    load: Load
    plan: faults.Plan
    workers: list[Child]

    def summary(self) -> str:
        """One line for who runs the test with -s."""
        records = sum(map(len, self.checker.logs.values()))
        voids = self.checker.voids
        codes = {w.name: w.ended for w in self.workers}
        told = Counter(e["type"] for log in self.checker.logs.values() for v in log for e in v.said["events"])
        return (
            f"{len(self.load.history)} acknowledged, {len(self.load.refused)} not, {records} records, {voids} void, "
            f"{len(self.checker.cases)} cases; {', '.join(self.plan.done)}; ended {codes}; {dict(told)}"
        )


async def torture(
    data: Path,
    what: Sequence[faults.Fault],
    seconds: float,
    *,
    seed: int,
    handovers: float = 0.04,
    groups: Sequence[str] = (faults.GROUP, faults.GROUP),
) -> Seen:
    """Load and faults for so long, then calm, then the checker over everything."""
    with broker(data / "kafka") as kafka:
        run = Run(kafka.address, data)
        workers = [worker(run, name, group) for name, group in zip(("one", "two"), groups, strict=True)]
        load = Load(run, RATE, seed, handovers)
        plan = faults.Plan(run, workers, load, seed, kafka)
        try:
            for one in workers:
                one.start()
            await asyncio.gather(*(one.ready() for one in workers))
            acting = [asyncio.create_task(plan.go(fault)) for fault in (*what, faults.poison)]
            await load.go(seconds)
            broken = [str(task.exception()) for task in acting if task.done()]
            assert not broken, broken
            for task in acting:
                task.cancel()
            await asyncio.gather(*acting, return_exceptions=True)
            for one in workers:
                one.send(signal.SIGCONT)  # who was frozen when the load ended
            found = await _calm(run, kafka, workers, load)
        finally:
            for one in workers:
                one.kill()
        checker = Checker(found[0], load.history, load.rules, found[1])
        return Seen(checker.check() + unlike_serial(checker, Serial(run)), checker, load, plan, workers)


async def _calm(
    run: Run, kafka: EmbeddedKafka, workers: list[Child], load: Load
) -> tuple[Lying, dict[tuple[str, int], int]]:
    """Until all that was sent is decided, at most CALM seconds; then the workers end.

    Gives everything that lies in the topics, and where they ended when the load did.
    """
    await asyncio.to_thread(kafka.start)
    there = await lying(run.kafka, READ)
    mark = {place: len(entries) for place, entries in there.items()}
    deadline = time.monotonic() + CALM
    while not settled(there, load.history, load.rules, mark) and time.monotonic() < deadline:
        for one in workers:
            one.start()
        await asyncio.sleep(1)
        await lying(run.kafka, READ, there)
    await asyncio.gather(*(one.stop() for one in workers))
    return await lying(run.kafka, READ, there), mark


@pytest.fixture
def seconds(request: pytest.FixtureRequest) -> Seconds:
    """How long the load goes on, in the short form and in the long one."""
    return lambda short: 60.0 if request.config.getoption("--long") else short


async def test_kill(tmp_path: Path, seconds: Seconds) -> None:
    """Workers killed every 5-9 s decide every message once, in order, as one that is never killed does."""
    seen = await torture(tmp_path, [faults.kill], seconds(20), seed=1)
    print(seen.summary())
    assert [] == seen.broken[:20]


async def test_terminate(tmp_path: Path, seconds: Seconds) -> None:
    """Rolling restarts lose nothing and decide nothing twice."""
    seen = await torture(tmp_path, [faults.terminate], seconds(15), seed=2)
    print(seen.summary())
    assert [] == seen.broken[:20]


async def test_freeze(tmp_path: Path, seconds: Seconds, request: pytest.FixtureRequest) -> None:
    """A worker that wakes up after its session finds itself fenced: whatever it still writes is void."""
    frozen = 20.0 if request.config.getoption("--long") else 12.0
    seen = await torture(tmp_path, [faults.freeze(frozen)], seconds(20), seed=3)
    print(seen.summary())
    assert [] == seen.broken[:20]


async def test_handovers(tmp_path: Path, seconds: Seconds) -> None:
    """Cases that go from desk to desk under kills have one holder at every position."""
    seen = await torture(tmp_path, [faults.kill], seconds(18), seed=4, handovers=0.4)
    print(seen.summary())
    assert [] == seen.broken[:20]


async def test_split_brain(tmp_path: Path, seconds: Seconds) -> None:
    """Of two workers that both believe to hold every partition one is fenced at its next record: nothing goes wrong."""
    seen = await torture(tmp_path, [faults.restart], seconds(15), seed=6, groups=(faults.GROUP, "another"))
    print(seen.summary())
    assert [] == seen.broken[:20]


async def test_broker(tmp_path: Path, seconds: Seconds) -> None:
    """A broker that is killed takes nothing with it that it acknowledged."""
    seen = await torture(tmp_path, [faults.broker], seconds(15), seed=5)
    print(seen.summary())
    assert [] == seen.broken[:20]
