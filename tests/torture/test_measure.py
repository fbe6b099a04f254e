"""What the torture tests themselves stand on: the table counts right, and the proxy does what it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streams.local import free_port

from . import results
from .faults import heal
from .measure import HEAD, Figure, Row, table
from .proxy import Proxy
from .results import ROOT, Results, filled, keep, kept

Ends = tuple[Proxy, asyncio.StreamReader, asyncio.StreamWriter]


def test_the_table_sums_the_runs_of_a_fault() -> None:
    """Counts are added, pauses are the longest, and what was not run says why."""
    rows = [Row("kill", 2, 100, 0, 1, 0, 0, 1.5, 0.2), Row("kill", 3, 50, 1, 0, 0, 2, 0.5, 0.7)]
    head, kill, missing = table(rows, [("test_disk", "no rights")])
    assert head.split() == " ".join(HEAD).split()
    assert kill.split() == ["kill", "2", "5", "150", "1", "1", "0", "2", "1.5", "s", "0.7", "s"]
    assert missing.split(maxsplit=1) == ["test_disk", "not run: no rights"]


def test_a_fault_without_a_pause_has_none() -> None:
    """What was not timed is not told as 0."""
    assert table([Row("settings", 8, 0, 0, 0, 0, 0)], [])[1].split() == ["settings", *"1800000--"]


def test_a_part_replaces_its_own_lines_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another test measured stays; what could not be done once and was done now is no longer missing."""
    monkeypatch.setattr(results, "FILE", tmp_path / "results.json")
    old, new = Row("kill", 2, 100, 0, 0, 0, 0, 1.5, 0.2), Row("disk", 1, 50, 0, 0, 0, 0)
    keep(Results([old, new], [Figure("pause", "1 s", "2 s")], [("test_cut", "no rights")]), [], whole=True)
    again = new._replace(messages=70)
    keep(Results([again], [Figure("pause", "1 s", "0.5 s")], []), ["test_cut"], whole=False)
    assert kept() == Results([again, old], [Figure("pause", "1 s", "0.5 s")], [])


def test_the_readme_shows_what_was_kept() -> None:
    """Its tables are those of the last run (`make generate`)."""
    readme = (ROOT / "README.md").read_text("utf-8")
    assert readme == filled(readme)


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    """A proxy before a server that gives back what it gets, and a client's two ends."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(1 << 16):
            writer.write(chunk)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", free_port())
    with Proxy(free_port(), server.sockets[0].getsockname()[1]) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        yield proxy, reader, writer
        writer.close()
    server.close()


async def test_a_cut_network_passes_nothing_and_says_nothing(ends: Ends) -> None:
    """While it is cut nothing comes and no connection breaks; healed, it passes on what was sent meanwhile."""
    proxy, reader, writer = ends
    writer.write(b"before")
    assert await reader.readexactly(6) == b"before"
    proxy.cut = True
    writer.write(b"meanwhile")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.3)
    heal(proxy)
    assert await reader.readexactly(9) == b"meanwhile"


async def test_a_slow_network_passes_all_in_order(ends: Ends) -> None:
    """Delayed and at a low rate, every byte comes, in its order."""
    proxy, reader, writer = ends
    proxy.delay, proxy.rate = 0.01, 4_000_000.0
    sent = bytes(range(256)) * 1000
    writer.write(sent)
    assert await reader.readexactly(len(sent)) == sent


async def test_a_reset_breaks_the_connection(ends: Ends) -> None:
    """Whoever reads is told at once."""
    proxy, reader, writer = ends
    writer.write(b"before")
    assert await reader.readexactly(6) == b"before"
    proxy.reset()
    assert await reader.read(1) == b""
