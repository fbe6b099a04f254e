"""A day of Jiaxing in half an hour, while everything dies: nothing is lost, nothing grows, the numbers are right."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import json
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.recount.count import Recount, part, span
from tests.recount.count import day as day_of
from tests.recount.posts import Posts
from tests.support_kafka import CITY, Lying, lying
from tests.support_kafka import Run as Settings
from tests.support_run import Run, left

from .checker import LOGS, Checker, Fault
from .conftest import KeepRow, Tell
from .driver import READ
from .load import rules_of
from .measure import counted
from .serial import Serial, unlike_serial
from .soak import FIRST_HALF, SECOND_HALF, City, Labels, Look, Told

SPEED = 48  # a day in half an hour
HALF_S = 900.0
SETTLE_S = 90.0  # after the first half, before memory is compared: who was killed last has read what it needs
FEED_BEHIND_MS = 30 * 60_000  # business: who fed may just have been killed, and took up its place again
REST_S = 240.0  # at most, until all that was said is dealt with
EAST = dt.timezone(dt.timedelta(hours=8))
STREAMS = ("general", "simple", "nonpenalty", "self", "all")
OFFICIAL = ("paidan_target_cases", "paidan_target_force_officers", "paidan_target_support")
GROWN = 1.3  # times what it needed at noon
BESIDES_MB, BESIDES_FDS = 30.0, 24  # whatever is small may double


class Rest(NamedTuple):
    """The city at a moment at which nothing moved: what the exporter told, and what lies in the topics."""

    told: Told
    lying: Lying

    @property
    def now(self) -> int:
        """When the numbers were last set, in business ms."""
        return round(self.told["paidan_target_shown_timestamp_seconds"][()] * 1000)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_day_under_faults(tmp_path: Path, keep_row: KeepRow, figure: Tell) -> None:
    """All is decided once, as a serial fold decides it; lag is gone; each number of each desk is the recount's; what a
    process needs in memory and descriptors does not grow over the second half of the day."""
    data = tmp_path / "data"
    run = Run(data, "--speed", str(SPEED), "--workers", "2")
    city = City(run, seed=1)
    try:
        run.until("accepted [1-9]", 180)
        city.live(HALF_S, FIRST_HALF)
        noon = time.monotonic() + SETTLE_S
        city.live(HALF_S, SECOND_HALF)
        city.hush()
        rest = asyncio.run(_at_rest(run, city))
    finally:
        run.process.kill()
        for process in left(tmp_path):
            process.kill()
    settings = Settings(run.kafka, data)
    checker = Checker(rest.lying, [], rules_of(settings))
    broken = checker.check()
    broken += unlike_serial(checker, Serial(settings))
    fed = checker.rules.clock(city.hushed) - FEED_BEHIND_MS
    broken += [*_unfiled(checker, fed), *_unlike_recount(checker, rest), *_grown(city.looks, noon, figure)]
    messages = sum(len(entries) for (topic, _), entries in rest.lying.items() if topic in LOGS)
    keep_row(counted("everything, all day long (soak)", broken, checker, city.times, messages))
    print(f"{len(city.done)} faults: {city.done}; {messages} messages; {run.text.splitlines()[-1]}")
    assert [] == broken[:20]


async def _at_rest(run: Run, city: City) -> Rest:
    """When nothing is left to be dealt with, and the numbers are the same before and after the topics were read."""
    deadline = time.monotonic() + REST_S
    why = ""
    there: Lying = {}
    while time.monotonic() < deadline:
        await asyncio.sleep(1)
        try:
            before = city.metrics("targets")
            why = f"lag {[each for each in before['paidan_consumer_lag_records'].items() if each[1]]}"
            if any(before["paidan_consumer_lag_records"].values()):
                continue
            there = await lying(run.kafka, READ, there)
            after = city.metrics("targets")
        except OSError as fault:
            why = str(fault)
            continue
        same = all(before[name] == after[name] for name in OFFICIAL)
        if same and round(after["paidan_target_watermark_timestamp_seconds"][()] * 1000) == _newest(there):
            return Rest(after, there)
        why = "the numbers still move"
    pytest.fail(f"not at rest after {REST_S:.0f} s: {why}")


def _newest(there: Lying) -> int:
    """`at` of the newest record of any desk."""
    return max(json.loads(es[-1].value or b"")["at"] for (topic, _), es in there.items() if topic == "desk-log" and es)


def _unfiled(checker: Checker, until: int) -> Iterator[Fault]:
    """What the file of the day had until then (business ms), and no receipt book has."""
    kept = {
        (event["source"], event["source_id"])
        for (log, _), records in checker.logs.items()
        for valid in records
        if log != "desk-log"
        for event in valid.said["events"]
        if "source_id" in event
    }
    with gzip.open(CITY / "demo" / "complaints.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            said = json.loads(line)
            if dt.datetime.fromisoformat(said["received_at"]).timestamp() * 1000 > until:
                return
            if (said["source"], said["source_id"]) not in kept:
                yield Fault("acknowledged", f"{said['source']}/{said['source_id']} of the day has no receipt")


def _unlike_recount(checker: Checker, rest: Rest) -> Iterator[Fault]:
    """Where one of the three numbers, of any desk, stream and window, is not what SQL finds in logs and files."""
    told = {(name, labels): value for name in OFFICIAL for labels, value in rest.told[name].items()}
    for (name, labels), right in _recounted(checker, rest).items():
        if told[name, labels] != right:
            yield Fault("numbers", f"{name} {dict(labels)}: told {told[name, labels]:.0f}, recounted {right}")


def _recounted(checker: Checker, rest: Rest) -> dict[tuple[str, Labels], int]:
    lies = {place: {e.offset: e.value or b"" for e in es} for place, es in rest.lying.items() if place[0] == "desk-log"}
    recount = Recount(lies[place][valid.offset] for place in sorted(lies) for valid in checker.logs[place])
    date = dt.datetime.fromtimestamp(rest.now / 1000, EAST).date()
    begin, end = day_of(rest.now)
    windows = {
        "today": (begin, end),
        "month": span(f"{date:%Y-%m}"),
        "d30": (end - 30 * (end - begin), end),
        "year": (span(f"{date:%Y}-01")[0], span(f"{date:%Y}-12")[1]),
    }
    found: dict[tuple[str, Labels], int] = {}

    def say(name: str, both: tuple[int, int], **labels: str) -> None:
        for nth, value in zip(("num", "den"), both, strict=True):
            found[name, tuple(sorted({"part": nth, **labels}.items()))] = value

    for window, bounds in windows.items():
        rows = recount.final(*bounds)
        for desk, stream in product(checker.rules.desks.values(), STREAMS):
            ours = part([row for row in rows if row["desk"] == desk], stream)
            say("paidan_target_cases", ours, stream=stream, window=window, desk=desk)
    posts = Posts(CITY)
    say("paidan_target_force_officers", posts.force(str(date)), reading="headline")
    for of, both in {"money": posts.money(str(date)), **posts.things(str(date))}.items():
        say("paidan_target_support", both, of=of)
    assert any(found.values())
    return found


def _grown(looks: dict[str, list[Look]], noon: float, figure: Tell) -> Iterator[Fault]:
    """Who needs much more at the end than at noon, without having been started again."""
    for name, every in sorted(looks.items()):
        end = every[-1]
        after = [look for look in every if look.pid == end.pid and look.at >= noon]
        if len(after) < 2:
            continue
        first = after[0]
        figure(
            f"soak: {name} in the second half of the day",
            "flat",
            f"{first.megabytes:.0f} to {end.megabytes:.0f} MB, {first.descriptors} to {end.descriptors} descriptors",
        )
        if end.megabytes > GROWN * first.megabytes + BESIDES_MB or end.descriptors > first.descriptors + BESIDES_FDS:
            yield Fault("flat", f"{name} grew from {first} to {end}")
