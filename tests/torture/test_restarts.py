"""How soon it goes on: a worker that is restarted, killed, killed for good, and one that takes a very large desk.

Told beside what is wanted, never judged: how long it takes depends on the machine.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.bench import recovery
from tests.support_kafka import Child, Run, two_workers, worker
from tests.support_run import Run as City

from .conftest import Tell
from .outage import pauses, spread

pytestmark = pytest.mark.timeout(600)
SEEN_S = 0.3  # until a restarter sees that its child is gone, and starts it again
SETTLED_S = 6.0  # then all is as before
GONE_S = 17.0  # a session and a rebalance, and a little
Happen = Callable[[Child], Awaitable[None]]


async def terminated(one: Child) -> None:
    """A planned restart."""
    await one.stop()
    await asyncio.sleep(SEEN_S)
    one.start()
    await asyncio.sleep(SETTLED_S)


async def killed(one: Child) -> None:
    """A worker that dies, and is started again."""
    one.kill()
    await asyncio.sleep(SEEN_S)
    one.start()
    await asyncio.sleep(SETTLED_S)


async def lost(one: Child) -> None:
    """A worker that dies for good: the other one has its partitions when its session ends."""
    one.kill()
    await asyncio.sleep(GONE_S)


@pytest.mark.long
@pytest.mark.parametrize(
    ("what", "wanted", "happen", "times"),
    [
        ("planned restart (SIGTERM, static ids, a restarter): pause of a desk", "p50 1 s, longest 7 s", terminated, 6),
        ("kill -9, static ids, a restarter: pause of a desk", "3 s", killed, 6),
        ("kill -9, never restarted: pause of a desk", "12 s", lost, 1),
    ],
    ids=["terminated", "killed", "lost"],
)
async def test_a_worker_that_goes(
    tmp_path: Path, figure: Tell, what: str, wanted: str, happen: Happen, times: int
) -> None:
    """Every desk decides again."""
    async with two_workers(tmp_path) as (run, workers):
        await asyncio.sleep(SETTLED_S)
        found = await pauses(run, [lambda one=workers[n % 2]: happen(one) for n in range(times)])  # type: ignore[misc]
    figure(what, wanted, spread(found))
    assert all({("desk-log", p) for p in range(10)} <= each.keys() for each in found)


@pytest.mark.long
async def test_a_worker_that_is_succeeded(tmp_path: Path, figure: Tell) -> None:
    """A planned restart by one who has loaded all before it ends its predecessor: one after the other, six times."""
    async with two_workers(tmp_path) as (run, workers):
        await asyncio.sleep(SETTLED_S)
        old = list(workers)

        async def succeeded(n: int) -> None:
            workers[n] = worker(run, old[n].name, after=workers[n])
            workers[n].start()
            await workers[n].ready()
            await asyncio.sleep(SETTLED_S)

        found = await pauses(run, [lambda n=n: succeeded(n % 2) for n in range(6)])  # type: ignore[misc]
        assert [False, False] == [one.alive for one in old]
        assert [[0], [0]] == [one.ended for one in old]
    figure("planned restart (--succeed, static ids): pause of a desk", "p50 1 s, longest 7 s", spread(found))


@pytest.mark.long
async def test_a_city_that_is_renewed(tmp_path: Path, figure: Tell) -> None:
    """`paidan run` asked to renew everything, three times: the desks are succeeded one after the other."""
    city = City(tmp_path / "data", "--no-demo", "--speed", "60", "--workers", "2")
    try:
        await asyncio.to_thread(city.until, "assigned 0")
        run = Run(city.kafka, tmp_path / "data")

        async def renewed() -> None:
            await asyncio.to_thread(city.renew)
            await asyncio.sleep(SETTLED_S)

        found = await pauses(run, [renewed] * 3)
    finally:
        city.process.terminate()
        await asyncio.to_thread(city.ended)
    figure("`paidan run` renews all its processes: pause of a desk", "p50 1 s, longest 7 s", spread(found))
    assert all({("desk-log", p) for p in range(10)} <= each.keys() for each in found)
    assert re.search(r"restarts 0\n", city.text)
    assert not re.search(r"restarts [1-9]", city.text)


@pytest.mark.long
async def test_a_very_large_desk(tmp_path: Path, figure: Tell) -> None:
    """A desk with 100,000 open cases and a million records behind it decides again."""
    taken, started, megabytes = await recovery.taken(tmp_path, 100_000, recovery.RECORDS)
    what = "desk with 100,000 open cases and 1,000,000 records"
    figure(f"{what}: from taking its partition to the next decision", "5 s", f"{taken:.1f} s")
    figure(f"{what}: the same, from the start of the process", "-", f"{started:.1f} s")
    figure(f"{what}: memory", "-", f"{megabytes:.0f} MB")


async def test_a_large_desk(tmp_path: Path, figure: Tell) -> None:
    """The same of a desk of some size, in the short form."""
    taken, _, _ = await recovery.taken(tmp_path, 1_000, 4_000)
    figure("desk with 1,000 open cases and 4,000 records: from taking to the next decision", "5 s", f"{taken:.1f} s")
