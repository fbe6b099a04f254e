"""The processes of a run: kept alive, given up, ended."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from streams import children
from streams.children import BrokenError, Child
from streams.ports import Ports


@pytest.fixture
def up() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


def child(tmp_path: Path, *words: str, ends: bool = False) -> Child:
    env = {k: v for k, v in os.environ.items() if not k.startswith("PAIDAN_")}
    return Child("one", list(words), env, tmp_path / "logs", ends=ends)


async def test_what_cannot_live_is_given_up_with_its_last_words(
    tmp_path: Path, up: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that dies again and again ends the run, and its log says why."""
    monkeypatch.setattr(children, "FIRST_PAUSE_S", 0.01)
    one = child(tmp_path, "desk")  # without a broker it is a fault of a person
    with pytest.raises(BrokenError, match=r"one ended 5 times(?s:.*)PAIDAN_KAFKA is not set"):
        await one.keep(up)
    assert one.restarts == children.TOO_OFTEN - 1


async def test_what_comes_to_its_end_is_not_started_again(tmp_path: Path, up: asyncio.Event) -> None:
    """A feed whose file is over is done."""
    one = child(tmp_path, "topics", "table", ends=True)
    await one.keep(up)
    assert (one.code, one.restarts) == (0, 0)
    assert "desk-inbox" in one.tail(100)


async def test_without_servers_nothing_is_started_again(tmp_path: Path, up: asyncio.Event) -> None:
    """While Kafka is away the children that died of it wait, and do not use up their lives."""
    one = child(tmp_path, "desk")
    keeping = asyncio.create_task(one.keep(up))
    await asyncio.sleep(0)
    up.clear()
    while one.code is None:
        await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    assert one.restarts == 0
    up.set()
    while not one.restarts:
        await asyncio.sleep(0.05)
    keeping.cancel()
    await one.stop(5)


async def test_stop_ends_what_does_not_want_to_end(tmp_path: Path, up: asyncio.Event) -> None:
    """A stopped process cannot obey; it is killed when its time is over, and not started again."""
    one = child(tmp_path, "topics", "table")
    one.start()
    assert one._process
    process = psutil.Process(one._process.pid)
    process.suspend()
    while process.status() != psutil.STATUS_STOPPED:
        await asyncio.sleep(0.01)
    await one.stop(0.3)
    assert one.code == -signal.SIGKILL


SLEEPER = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); print(flush=True); signal.pause()"


def lives(one: Child) -> int:
    """Have it be a process that lives until it is asked to end."""
    one._process = process = subprocess.Popen([sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    return process.pid


async def test_a_new_version_that_cannot_start_leaves_the_old_one(tmp_path: Path, up: asyncio.Event) -> None:
    """Who succeeds another ends it when all is loaded, not before."""
    one = Child("one", ["desk"], os.environ | {"PAIDAN_KAFKA": ""}, tmp_path / "logs", succeeds=True)
    pid = lives(one)
    with pytest.raises(BrokenError, match=r"the new one ended with 2, the old one goes on(?s:.*)PAIDAN_KAFKA"):
        await one.renew(5)
    assert one._process
    assert (one._process.pid, one.code) == (pid, None)
    await one.stop(5)
    assert one.code == 0
    await one.renew(5)
    assert one._process.pid == pid, "who was ended is not started"


async def test_who_cannot_be_succeeded_ends_and_is_started(tmp_path: Path, up: asyncio.Event) -> None:
    """Its end is asked for, so it is none of the deaths that are counted."""
    one = child(tmp_path, "topics", "table", ends=True)
    keeping = asyncio.create_task(one.keep(up))
    await asyncio.sleep(0)  # started
    assert one._process
    one._process.kill()
    one._process.wait()
    lives(one)
    await one.renew(5)
    await keeping
    assert (one.code, one.restarts) == (0, 0)
    assert "desk-inbox" in one.tail(100)


def test_logs_of_earlier_starts_are_kept(tmp_path: Path) -> None:
    """Each start has a log of its own; the last five before it are numbered."""
    for start in range(9):
        one = child(tmp_path)
        one._log.write_text(f"start {start}")
    logs = tmp_path / "logs"
    assert {f.name: f.read_text() for f in logs.iterdir()} == {
        "one.log": "start 8", **{f"one.log.{n}": f"start {8 - n}" for n in range(1, 6)}
    }  # fmt: skip


def test_ports_are_kept(tmp_path: Path) -> None:
    """The next run has the same ports, each name its own."""
    first, second = Ports(tmp_path / "ports.json"), Ports(tmp_path / "ports.json")
    names = ("kafka", "redis", "desk")
    given = [first.of(name) for name in names]
    assert given == [first.of(name) for name in names]
    assert [Ports(tmp_path / "ports.json").of(name) for name in names] == given
    assert len(set(given)) == 3
    assert second.of("other") not in (0, None)
