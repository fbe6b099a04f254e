"""Servers that are not ours misbehave under load: they hang, fail, answer too late, break off, talk rubbish.

Nothing waits for them: the desks decide on, and so do the other source and the other channel get what is theirs. What
they are owed is kept in the log, is counted, and is theirs when they are well again, under the same ids.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from . import faults
from .crowd import until
from .driver import Scene, torture
from .measure import Measure
from .outside import CHANNELS, MOODS, SOURCES
from .processes import Processes

SECONDS = 95.0
SPELL_S = 5.0, 12.0  # of one mood: until the others got something meanwhile, within these bounds
BAD = {SOURCES[0], CHANNELS[1]}  # `web`, and the webhook of offers, are well all the time
WELL = {SOURCES[1], CHANNELS[0]}


class Moods:
    """One after the other, and what was seen of it meanwhile."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self.during: dict[str, Counter[str]] = {}  # mood -> way -> what its server did meanwhile
        self.seen: dict[str, set[str]] = {}  # mood -> what /metrics said

    async def __call__(self, plan: faults.Plan) -> None:
        outside = self._processes.outside
        await until(lambda: all(outside.asked[way, "well"] for way in (*BAD, *WELL)), SPELL_S[1])
        for mood in MOODS:
            before, counted = self._done(), self.during.setdefault(mood, Counter())
            outside.mood = dict.fromkeys(BAD, mood)
            plan.did(mood)
            try:
                await asyncio.sleep(SPELL_S[0])
                await until(lambda: self._reached(mood, before), SPELL_S[1] - SPELL_S[0])  # noqa: B023 - asked here
                self.seen.setdefault(mood, set()).update(await self._said())
            finally:
                outside.mood = {}
                counted.update(self._done() - before)
            await asyncio.sleep(1)

    def _done(self) -> Counter[str]:
        """How much each server did so far."""
        return Counter({way: len(kept) for way, kept in self._processes.outside.kept.items()})

    def _reached(self, mood: str, before: Counter[str]) -> bool:
        """Whether the bad ones were asked, and the others did something meanwhile."""
        asked = all(self._processes.outside.asked[way, mood] for way in BAD)
        return asked and all((self._done() - before)[way] for way in WELL)

    async def _said(self) -> set[str]:
        """Which of the series that the alerts stand on are above 0."""
        said = set()
        for process in ("replies", "notify"):
            for family in text_string_to_metric_families(await self._processes.metrics(process)):
                for sample in family.samples:
                    labels = sample.labels.get("state") or sample.labels.get("outcome") or sample.labels.get("result")
                    said |= {f"{sample.name} {labels or ''}".strip()} if sample.value else set()
        return said


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_adaptors(tmp_path: Path, measure: Measure) -> None:
    """Each mood for some seconds, at one source of two and one channel of two."""
    processes = Processes(waits=CHANNELS)
    moods = Moods(processes)
    scene = Scene(redis=True, speed=6.0, rate=100, beside=processes)
    seen = await torture(tmp_path, [moods], SECONDS, seed=14, scene=scene)
    measure("adaptor hangs, 500, late", seen)
    outside = processes.outside
    print({f"{way} {mood}": many for (way, mood), many in outside.asked.items()}, moods.during)
    assert [] == seen.broken[:20]
    assert {*MOODS} == {*moods.during}
    assert all(outside.asked[way, mood] for way in BAD for mood in MOODS)
    assert all(moods.during[mood][way] for way in WELL for mood in MOODS)
    for mood in MOODS:
        assert {"paidan_replies pending", "paidan_notify_pending"} <= moods.seen[mood] or mood == "rubbish"
    assert "paidan_notify_attempts_total failed" in moods.seen[MOODS[0]]
    assert {"paidan_reply_attempts_total timeout"} <= moods.seen[MOODS[0]]
