"""Two versions side by side, one with a word that the other does not know: who cannot read a log whole leaves it to who
can, and a version that says nothing new can be taken back."""

from __future__ import annotations

import asyncio
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import ConsumerRecord

from dispatchers.record import RULES, NewerError, digest
from dispatchers.writer import DESK, Writer
from streams.archive.follow import Follower
from streams.archive.store import Store
from streams.backup.chains import Chain
from streams.backup.files import BackupError, Entry
from streams.clock import Clock
from streams.reader import Fold
from streams.recovery import STATE_VERSION
from streams.stop import REFUSED
from streams.target_fold import Folded
from tests.support_kafka import ROOT, Child
from tests.support_log import logs, small

from . import driver, faults
from .checker import Checker
from .driver import torture
from .measure import Measure, Seconds
from .serial import unlike_serial

pytestmark = pytest.mark.timeout(300)
FAULT = "two versions side by side"
NEXT = RULES + ".1"
# What its developer changes: (file, what stands there, what comes in its place). The version comes first.
RAISED = [
    ("dispatchers/record.py", f'RULES = "{RULES}"', f'RULES = "{NEXT}"'),
    ("streams/recovery.py", f"STATE_VERSION = {STATE_VERSION}", f"STATE_VERSION = {STATE_VERSION + 1}"),
]
WORDS = [
    (
        "dispatchers/events/desk.py",
        "class PrecedentApproved(",
        (
            "class OrderWeighed(Event, tag=True, frozen=True, kw_only=True):\n    message_id: str\n\n\n"
            "class PrecedentApproved("
        ),
    ),
    ("dispatchers/events/desk.py", "    forget_after: int\n\n\n", "    forget_after: int\n    heft: int = 0\n\n\n"),
    ("dispatchers/events/__init__.py", "    | MessageSeen\n", "    | MessageSeen\n    | OrderWeighed\n"),
    (
        "dispatchers/state.py",
        "    e.MessageSeen: _seen,\n",
        "    e.MessageSeen: _seen,\n    e.OrderWeighed: _nothing,\n",
    ),
    (
        "dispatchers/desk.py",
        "        decision.emit(e.MessageSeen(message_id=order.message_id, forget_after=until))\n",
        (
            "        decision.emit(e.MessageSeen(message_id=order.message_id, forget_after=until, heft=3))\n"
            "        decision.emit(e.OrderWeighed(message_id=order.message_id))\n"
        ),
    ),
]


def next_version(to: Path, changes: list[tuple[str, str, str]]) -> Path:
    """The working tree with these changes, in a folder of its own."""
    for package in ("dispatchers", "streams"):
        shutil.copytree(ROOT / package, to / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "topics.yaml", to)
    for name, was, becomes in changes:
        text = (to / name).read_text("utf-8")
        assert text.count(was) == 1, f"{name} has {was!r} {text.count(was)} times"
        (to / name).write_text(text.replace(was, becomes), "utf-8")
    return to


def ours(raw: bytes) -> bytes:
    """A record of the next version without what only that one says."""
    said = msgspec.json.decode(raw)
    if said["rules"] != NEXT:
        return raw
    said["rules"] = RULES
    said["events"] = [event for event in said["events"] if event["type"] != "OrderWeighed"]
    for event in said["events"]:
        event.pop("heft", None)
    return msgspec.json.encode(said)


class Rolling:
    """The workers from this version to the next, one of them back, and forward again."""

    def __init__(self, tree: Path, *, quiet: bool, stays_away: float) -> None:
        """`quiet`: the next version says nothing new. `stays_away`: seconds that who refused is left alone."""
        self._new = f"import os, sys\nos.chdir({str(tree)!r})\nsys.path[:0] = [{str(tree)!r}]\n"
        self._quiet, self._away = quiet, stays_away

    async def __call__(self, plan: faults.Plan) -> None:
        """All of it, also if the load ends in its middle; then nothing more."""
        steps = asyncio.create_task(self._steps(plan))
        try:
            await asyncio.shield(steps)
            await asyncio.Event().wait()
        finally:
            await steps

    async def _steps(self, plan: faults.Plan) -> None:
        one, two = (worker for worker in plan.workers if worker.name in driver.NAMES)
        this = {worker.name: worker._code for worker in (one, two)}
        for worker in (two, one):
            await asyncio.sleep(plan.dice.uniform(2, 4))
            await self._change(plan, worker, self._new + this[worker.name], "forward")
        await asyncio.sleep(plan.dice.uniform(2, 4))
        await self._change(plan, one, this["one"], "back")
        # A machine so slow that the load was over before the next version had said much has nothing to refuse.
        deadline = time.monotonic() + (3 if self._quiet else 25)
        while REFUSED not in one.ended and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
            if not one.alive and REFUSED not in one.ended:  # it ended otherwise
                one.start()
        await asyncio.sleep(self._away)
        await self._change(plan, one, self._new + this["one"], "forward")

    async def _change(self, plan: faults.Plan, worker: Child, code: str, which: str) -> None:
        plan.did(f"{worker.name} {which}")
        worker._code = code
        await worker.stop()
        worker.start()


@pytest.mark.long
@pytest.mark.parametrize("quiet", [False, True], ids=["new words", "quiet"])
async def test_a_rolling_upgrade(
    tmp_path: Path,
    seconds: Seconds,
    measure: Measure,
    monkeypatch: pytest.MonkeyPatch,
    quiet: bool,
) -> None:
    """Forward under load, back and forward again: decisions are those of a serial fold; who cannot read, leaves."""
    tree = next_version(tmp_path / "next", RAISED if quiet else RAISED + WORDS)
    monkeypatch.setattr(driver, "unlike_serial", partial(unlike_serial, ours=ours))
    rolling = Rolling(tree, quiet=quiet, stays_away=14.0)
    seen = await torture(tmp_path / "run", [rolling], seconds(0), seed=21)
    measure(FAULT, seen)
    assert [] == seen.broken[:20]
    one = next(worker for worker in seen.workers if worker.name == "one")
    assert [] == _over_unknown(seen.checker)
    if quiet:
        assert REFUSED not in one.ended
    else:
        assert REFUSED in one.ended
        assert f"is of rules {NEXT}, this program has {RULES} and cannot read it" in one.said(1 << 22)
    assert {RULES, NEXT} == {valid.said["rules"] for log in seen.checker.logs.values() for valid in log}


def _over_unknown(checker: Checker) -> list[str]:
    """Records of this version behind one that it cannot read."""
    found = []
    for place, log in checker.logs.items():
        unknown = False
        for valid in log:
            if unknown and valid.said["rules"] == RULES:
                found.append(f"{place} {valid.offset}")
            unknown = unknown or any(event["type"] == "OrderWeighed" for event in valid.said["events"])
    return found


def _reading(name: str, tmp_path: Path) -> Any:
    """How a reader takes a record's place and bytes."""
    if name == "tell, gateway and notify":
        fold = Fold(Writer("jia", DESK), 0)
        return fold.take
    if name == "archive":
        follower = Follower(Store(tmp_path / "archive.sqlite"))
        return lambda offset, raw: follower.take(_lying(offset, raw))
    if name == "targets":
        numbers = Folded(small().pack, Clock.read(None))
        return lambda offset, raw: numbers.take(_lying(offset, raw))
    chain = Chain(("desk-log", 0))
    return lambda offset, raw: chain.take(Entry(offset, 0, None, raw))


def _lying(offset: int, raw: bytes) -> ConsumerRecord[None, bytes]:
    return ConsumerRecord("desk-log", 0, offset, 0, 1, None, raw, None, -1, len(raw), ())


@pytest.mark.parametrize("name", ["tell, gateway and notify", "archive", "targets", "export"])
def test_a_reader_of_the_old_version_stops(name: str, tmp_path: Path) -> None:
    """It reads what it knows, also by the next rules, and passes nothing over that it does not: readers go first."""
    raws = logs(cases=30)["jia"][:40]
    known = raws[-1].replace(f'"rules":"{RULES}"'.encode(), f'"rules":"{NEXT}"'.encode())
    assert known != raws[-1]
    take = _reading(name, tmp_path)
    for offset, raw in enumerate([*raws[:-1], known]):
        take(offset, raw)
    after = msgspec.json.decode(known) | {"prev": digest(known), "seq": len(raws) + 1}
    for events in (
        [{"type": "OrderWeighed"}],
        [{"type": "MessageSeen", "message_id": "1", "forget_after": 1, "heft": 3}],
    ):
        with pytest.raises(BackupError if name == "export" else NewerError, match=NEXT):
            _reading_on(name, tmp_path, [*raws[:-1], known])(len(raws), msgspec.json.encode(after | {"events": events}))


def _reading_on(name: str, tmp_path: Path, raws: list[bytes]) -> Any:
    """A reader that has read these."""
    take = _reading(name, tmp_path / str(len(list(tmp_path.iterdir()))))
    for offset, raw in enumerate(raws):
        take(offset, raw)
    return take
