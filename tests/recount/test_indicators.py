"""The fold of the indicators and their recount agree, at every desk, whatever happened."""

import csv
import json
import random
from collections import Counter
from functools import cache
from typing import get_args
from zlib import crc32

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatchers.clock import HOUR
from dispatchers.targets import DeskIndicators, Indicators, decode_told
from dispatchers.targets.formulas import Standing, Sum
from tests.recount import indicators
from tests.recount.count import Recount, span
from tests.recount.test_recount import SEEDS, Logs, ends, history
from tests.support_log import SMALL, small
from tests.support_targets import at

MONTHS = ("2026-07", "2026-08")


@cache
def varied(seed: int) -> Logs:
    """The history of a seed with more of what it has too seldom: patrols found a third of it, cases are cancelled at
    every stage, some got more time just before they were disposed of, and appealed some time after they closed."""
    draw, logs = random.Random(seed), {}
    for desk, raws in history(seed).items():
        logs[desk] = []
        appeals: list[str] = []
        for raw in raws:
            told = decode_told(raw)
            said = [(event.type, event.case_id) for event in told.events]
            for case_id in (case for kind, case in said if kind == "CaseDisposed" and draw.random() < 0.2):
                limit = {"name": "dispose", "limit": "1 hours", "started_at": told.at, "warn_at": told.at}
                term = limit | {"due_at": told.at + HOUR}
                logs[desk].append(_record(told.at, desk, "DeadlineExtended", case_id, term=term))
            logs[desk].append(_otherwise(raw))
            appeals += [case for kind, case in said if kind == "CaseClosed" and draw.random() < 0.5]
            if appeals and draw.random() < 0.1:
                logs[desk].append(_record(told.at, desk, "AppealApproved", appeals.pop()))
    return logs


def _record(when: int, desk: str, kind: str, case_id: str, **more: object) -> bytes:
    event = {"type": kind, "case_id": case_id, "case_version": 0, **more}
    return json.dumps({"inbox_offset": 0, "at": when, "desk": desk, "events": [event]}).encode()


def _otherwise(raw: bytes) -> bytes:
    """A record in which every third case is a patrol's, and cancelled as its number has it."""
    record = json.loads(raw)
    for event in record["events"]:
        number = crc32(event.get("case_id", "").encode()) % 3
        told = event.get("case", event)
        if number == 0 and told.get("kind") in ("complaint", "report"):
            told["kind"] = "event"
        if event["type"] == "CaseCancelled":
            event["outcome"] = ("rejected", "not_registered", "cancelled")[number]
    return json.dumps(record).encode()


def patrolled() -> set[str]:
    """The items of city management, from the tables of the small city themselves."""
    with (
        (SMALL / "domains.csv").open(encoding="utf-8") as domains,
        (SMALL / "items.csv").open(encoding="utf-8") as items,
    ):
        field = {row["name"] for row in csv.DictReader(domains) if row["group"] == "towns"}
        return {row["id"] for row in csv.DictReader(items) if row["domain"] in field}


def until(logs: Logs, end: int) -> Logs:
    """What the logs said before an instant."""
    return {desk: [raw for raw in raws if decode_told(raw).at < end] for desk, raws in logs.items()}


def clean(logs: Logs) -> Indicators:
    """One fold of all records, desk after desk."""
    fold = Indicators(small().pack)
    for raws in logs.values():
        for raw in raws:
            fold.take(decode_told(raw))
    return fold


def recount(logs: Logs) -> indicators.Indicators:
    return indicators.Indicators(Recount(raw for raws in logs.values() for raw in raws), patrolled())


def agree(fold: Indicators, other: indicators.Indicators, now: int) -> None:
    """Every indicator, count and load of every desk, in each month that began by `now`."""
    for desk in fold.desks:
        for period in MONTHS:
            first, last = span(period)
            if now <= first:
                continue
            assert other.shares(desk, first, last, now) == fold.of_month(desk, period, now), (desk, period)
            when = min(now, last - 1)
            if when == now or fold.desks[desk].period == period:
                assert other.counts(desk, first, last, when) == fold.counts(desk, when), (desk, period)
            assert other.seen(desk, first, last) == fold.seen_not_governable(desk, when), (desk, period)
        assert other.loads(desk, now) == fold.desks[desk].loads(), desk


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_fold_agrees_with_the_recount(seed: int) -> None:
    """At the end of each history, and as of instants on its way."""
    logs = varied(seed)
    now = ends(logs) + 1
    agree(clean(logs), recount(logs), now)
    for when in (at("2026-07-31 23:00"), at("2026-08-02 00:00"), at("2026-08-06 12:00")):
        begun = until(logs, when)
        agree(clean(begun), recount(begun), when)


def test_the_histories_have_what_the_indicators_are_about() -> None:
    """Nothing that is counted is nothing everywhere, but what takes 60 days; every share lies between 0 and 1."""
    found: Counter[str] = Counter()
    for seed, fold in ((seed, Indicators(small().pack)) for seed in range(SEEDS)):
        for name, raws in varied(seed).items():
            for place, raw in enumerate(raws):
                fold.take(decode_told(raw))
                if place % 20 == 0:
                    desk = fold.desks[name]
                    found.update(desk.standing(desk.at)._asdict())
                    shares = fold.of_month(name, desk.period).values()
                    assert all(0 <= share.num <= share.den for share in shares)
            for month in fold.desks[name].months.values():
                found.update({str(of): count for of, count in month.sums.items()})
                assert min(month.sums.values()) >= 0
    assert {"backlog"} == {of for of in (*get_args(Sum), *Standing._fields) if not found[of]}


@settings(max_examples=12, deadline=None, derandomize=True, database=None)
@given(st.integers(0, SEEDS - 1), st.integers(0, 1 << 32))
def test_however_it_is_read_it_is_the_same(seed: int, order: int) -> None:
    """Logs interleaved anyhow, and each desk kept and gone on from at random places."""
    logs, draw = varied(seed), random.Random(order)
    fold, places = Indicators(small().pack), dict.fromkeys(logs, 0)
    while left := [desk for desk, place in places.items() if place < len(logs[desk])]:
        desk = draw.choice(left)
        count = draw.randrange(1, 200)
        for raw in logs[desk][places[desk] : places[desk] + count]:
            fold.take(decode_told(raw))
        places[desk] += count
        if desk in fold.desks and draw.random() < 0.2:
            kept = msgspec.msgpack.encode(fold.desks[desk])
            fold.restore(desk, msgspec.msgpack.decode(kept, type=DeskIndicators))
    assert clean(logs).desks == fold.desks
