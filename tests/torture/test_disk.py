"""A disk without room: the broker's under load, and those of the processes that keep something themselves."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiokafka import ConsumerRecord

from streams import photos as store
from streams.archive.follow import Follower
from streams.archive.store import Store
from streams.gateway import photos
from streams.gateway.problem import Problem
from tests.support_log import logs
from tests.support_photos import photo

from . import faults
from .conftest import KeepRow
from .driver import torture
from .measure import Measure, Row, Seconds

pytestmark = pytest.mark.timeout(300)
MIB = 1 << 20
OF_OURS = "disk of photos and archive full"


@contextmanager
def disk(at: Path, mib: int) -> Iterator[Path]:
    """A small disk there, for as long as this lasts."""
    at.mkdir(parents=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(at)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no right to mount a small disk: {made.stderr.strip()}")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def fill(at: Path, spare: int = 0) -> Path:
    """Take all that is left of the disk but so many bytes; the file that does."""
    ballast = at / "ballast"
    with ballast.open("wb", buffering=0) as file:
        while shutil.disk_usage(at).free:
            file.write(bytes(min(MIB // 4, shutil.disk_usage(at).free)))
        file.truncate(file.tell() - spare)
    return ballast


def full(of: Path) -> faults.Fault:
    """The broker's disk is full until it has noticed; then there is room again, and it is started again."""

    async def fault(plan: faults.Plan) -> None:
        await asyncio.sleep(plan.dice.uniform(3, 5))
        plan.did("disk full")
        ballast = await asyncio.to_thread(fill, of)
        try:
            for _ in range(200):
                if not plan.kafka.alive():
                    break
                await asyncio.sleep(0.05)
        finally:
            ballast.unlink()
        plan.done.append("broker " + ("went on" if plan.kafka.alive() else "ended"))
        await asyncio.to_thread(plan.kafka.kill)
        await asyncio.to_thread(plan.kafka.start)
        await asyncio.sleep(8)

    return fault


@pytest.mark.long
async def test_the_brokers_disk_is_full(tmp_path: Path, seconds: Seconds, measure: Measure) -> None:
    """Nothing is acknowledged that is not there, and with room and a broker again everything goes on."""
    with disk(tmp_path / "run" / "kafka", 512) as of:
        seen = await torture(tmp_path / "run", [full(of)], seconds(0), seed=31)
        measure("disk of the broker full", seen)
    assert [] == seen.broken[:20]


async def test_no_photo_is_taken_without_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep_row: KeepRow
) -> None:
    """503, never 2xx, also when the room is gone in the middle; what was kept is gone on with once there is room."""
    with disk(tmp_path / "disk", 2) as of:
        kept = store.Photos(of / "photos")
        client = TestClient(TestServer(_app(kept)))
        async with client:
            name, content = photo(MIB)
            url, length = f"/api/photos/{name}", {"Upload-Length": str(MIB)}
            before = await client.patch(url, data=content, headers={**length, "Upload-Offset": "0"})
            monkeypatch.setattr(store, "SPARE", 0)  # the room that is kept for others: it is taken meanwhile
            ballast = fill(of, spare=MIB // 2)
            amid = await client.patch(url, data=content, headers={**length, "Upload-Offset": "0"})
            so_far = kept.kept("a", name)
            ballast.unlink()
            rest = {**length, "Upload-Offset": str(so_far)}
            after = await client.patch(url, data=content[so_far:], headers=rest)
            whole = kept.piece(name, 0, MIB)
    keep_row(Row(OF_OURS, 1, 1, whole != content, 0, 0, 0))
    assert (503, 503, 201) == (before.status, amid.status, after.status)
    assert 0 < so_far < MIB
    assert whole == content


def _app(kept: store.Photos) -> web.Application:
    """Only the way of a photo, of one account."""
    context, session = SimpleNamespace(photos=kept), SimpleNamespace(account=SimpleNamespace(id="a"))

    async def take(request: web.Request) -> web.StreamResponse:
        try:
            return await photos.take(request, context, session)  # type: ignore[arg-type]  # all that it asks of them
        except Problem as problem:
            return problem.response()

    app = web.Application()
    app.router.add_patch(photos.ONE, take)
    return app


def test_the_archive_goes_on_from_its_position(tmp_path: Path, keep_row: KeepRow) -> None:
    """Without room it ends and says so; with room it goes on where it was, and has what one has that never stopped."""
    raws = logs(cases=400)["jia"]
    right = Follower(Store(tmp_path / "right.sqlite"))
    _take(right, raws)
    with disk(tmp_path / "disk", 8) as of:
        path = of / "archive.sqlite"
        ended = Follower(Store(path))
        _take(ended, raws[:20])
        ballast = fill(of)
        with pytest.raises(sqlite3.OperationalError) as fault:
            _take(ended, raws)
        assert fault.value.sqlite_errorname == "SQLITE_FULL"  # which the command line tells in words
        ended.store.db.close()
        ballast.unlink()
        on = Follower(Store(path))
        stood = on.next(0)
        _take(on, raws)
        told, expected = _content(on.store), _content(right.store)
        on.store.close()
    right.store.close()
    keep_row(Row(OF_OURS, 1, len(raws), told != expected, 0, 0, 0))
    assert 0 < stood < len(raws)
    assert told == expected


def _take(follower: Follower, raws: list[bytes]) -> None:
    """Up to the end of these; a transaction for every few."""
    for offset in range(follower.next(0), len(raws)):
        raw = raws[offset]
        follower.take(ConsumerRecord("desk-log", 0, offset, 0, 1, None, raw, None, -1, len(raw), ()))
        if offset % 20 == 19:
            follower.commit()
    follower.commit()


def _content(of: Store) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    names = [name for (name,) in of.db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {name: sorted(of.db.execute(f'SELECT * FROM "{name}"'), key=repr) for name in names}
