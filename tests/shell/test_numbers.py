"""The three numbers opened: the archive counts what the fold counts, down to the case, whatever happened to it; parts
add up to their whole, or say by how much they do not."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dispatchers import events as e
from dispatchers.city import City
from dispatchers.clock import DAY, MINUTE
from dispatchers.record import Cause, Head, Record, decode_record, encode_record
from dispatchers.rows import CityPack
from dispatchers.targets import Share, share
from dispatchers.targets.tasks import added
from streams.archive.ends import Cell
from streams.archive.search import Archive
from streams.archive.store import Store
from streams.clock import Clock, Segment
from streams.gateway import posts
from streams.gateway.drill import by_part, folded
from streams.gateway.numbers import Numbers
from streams.gateway.opened import Opened, Residual, Where
from streams.reader import Position
from tests.support import PACK
from tests.support_log import MONDAY, logs
from tests.support_log import Record as Stored
from tests.support_targets import at

PLACES = {desk.id: desk.partition for desk in PACK.desks}
WINDOWS = ("today", "month", "year", "d30")


def clock(now: int) -> Clock:
    """It stands still."""
    return Clock([Segment(wall=0, business=now, speed=1.0, wall_end=0)])


class Both:
    """One log, read by the fold and by the archive."""

    def __init__(self, path: Path, now: int, pack: CityPack = PACK) -> None:
        self.shown, self.store, self.archive = Numbers(pack, clock(now)), Store(path), Archive(path)
        self.pack, self.now = pack, now
        self._heads: dict[str, Head] = {}
        self._versions: Counter[str] = Counter()

    def took(self, desk: str, offset: int, raw: bytes) -> None:
        """A stored record, into both."""
        self.shown.take(Stored(PLACES[desk], offset, raw))  # type: ignore[arg-type]
        self.store.take(PLACES[desk], offset, decode_record(raw))
        self.store.commit({PLACES[desk]: Position(offset, "0" * 64)})

    def happened(self, when: int, desk: str, *events: Any) -> None:
        """A record of events, made to follow the one before."""
        head = self._heads.setdefault(desk, Head(writer=""))
        offset = head.offset + 1
        record = Record(
            prev=head.hash, epoch=0, inbox_offset=offset, at=when, desk=desk, seq=offset + 1,
            cause=Cause(type="Letter"),
            rules="",
            city="v", posted_through=0, events=list(events),
        )  # fmt: skip
        raw = encode_record(record)
        head.passed(offset, raw)
        self.took(desk, offset, raw)

    def agree(self) -> dict[str, Share]:
        """Each window of each desk has the same kinds in fold and archive; the city's shares are given back."""
        found = {}
        for window in WINDOWS:
            parts = self.counted(window)
            for desk in self.shown.targets.desks:
                assert parts.get(desk, {}) == self.shown.targets.counts(desk, window, self.now), (window, desk)  # type: ignore[arg-type]
            found[window] = share(added(parts.values()))
            assert found[window] == self.shown.targets.total(self.now, window)  # type: ignore[arg-type]
        return found

    def counted(self, window: str, by: str = "desk", **where: str) -> dict[str, Any]:
        """What the archive counts, by part."""
        spans = self.shown.definitions(*self.shown.days(window, self.now))
        cells = [Cell(*self.shown.instants(first, last), **where) for first, last, _ in spans]
        tallied = self.archive.ended(cells, by)
        assert tallied.position == self.shown.read()
        return by_part(zip(tallied.tallies, spans, strict=True))

    def parked(self) -> bool:
        """Whether a case waits for what another desk says of it."""
        return bool(self.archive.ended([], "desk").parked)


def mixed(draw: random.Random, seed: int) -> Iterator[tuple[str, int, bytes]]:
    """All logs of the small city, each in its own order, and between them nearly as it was."""
    told = [
        (decode_record(raw).at, desk, n, raw) for desk, raws in logs(seed=seed).items() for n, raw in enumerate(raws)
    ]
    late = {desk: draw.randrange(10 * MINUTE) for desk in PLACES}
    for _, desk, offset, raw in sorted(told, key=lambda one: one[0] + late[one[1]]):
        yield desk, offset, raw


def registered(case: str, **more: Any) -> e.CaseRegistered:
    values: dict[str, Any] = {
        "case_id": case, "case_version": 1, "case_no": case, "desk": "jia", "source": "web", "source_id": case,
        "kind": "complaint", "title": "占道", "description": "", "address": "", "lon": None, "lat": None, "datum": "",
        "given_lon": None, "given_lat": None, "territory": "990101", "near": (), "item": "stall", "domain": "",
        "nature": "enforcement", "priority": 3, "weight": 1, "received_at": MONDAY, "filed_at": MONDAY,
        "dispatch_due": 0, "limit": "", "channel": "", "attachments": (), "reporter_ref": "", "caller_tag": "",
    }  # fmt: skip
    return e.CaseRegistered(**{**values, **more})


def begun(case: str) -> tuple[e.CaseRegistered, e.CaseNeedsOperator]:
    """It may be closed from here."""
    return registered(case), e.CaseNeedsOperator(case_id=case, case_version=2, reason="r", operator_due=0)


def closed(case: str, version: int, **but: Any) -> e.CaseClosed:
    values: dict[str, Any] = {
        "outcome": "forced", "desk": "jia", "squad": "A1", "unit": "", "tier": "town_squad", "stream": "general",
        "countable": True, "item": "stall", "reason": "r", "reopen_until": 1 << 50, "forget_after": 1 << 50,
    }  # fmt: skip
    return e.CaseClosed(case_id=case, case_version=version, **{**values, **but})


def reopened(case: str, version: int) -> e.CaseReopened:
    return e.CaseReopened(
        case_id=case, case_version=version, cause="fault", reason="r", stream="general", tier="town_squad",
        countable=True, dispatch_due=0,
    )  # fmt: skip


# -- the archive counts what the fold counts ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [7, 23])
def test_archive_and_fold_agree_at_every_position(tmp_path: Path, seed: int) -> None:
    """Whatever the order in which logs are read, and wherever it stops: kind by kind, desk by desk."""
    both = Both(tmp_path / "archive.sqlite", MONDAY + DAY - 1)
    compared = 0
    for number, (desk, offset, raw) in enumerate(mixed(random.Random(5), seed)):
        both.took(desk, offset, raw)
        if number % 20 == 0 and not both.parked():
            both.agree()
            compared += 1
    assert compared > 20
    assert not both.parked()
    total = both.agree()["month"]
    assert total.den >= 10
    assert 0 < total.num < total.den


def test_a_reopened_case_is_gone_and_counts_where_it_is_closed_again(tmp_path: Path) -> None:
    """In the month of its last closing, by its last lead (domain.md §2.2)."""
    both = Both(tmp_path / "archive.sqlite", at("2026-08-20 12:00"))
    both.happened(at("2026-07-30 10:00"), "jia", *begun("c-1"), *begun("c-2"))
    both.happened(at("2026-07-31 10:00"), "jia", closed("c-1", 3, outcome="normal"), closed("c-2", 3, outcome="normal"))
    assert both.agree() == {"today": (0, 0), "month": (0, 0), "year": (2, 2), "d30": (2, 2)}
    both.happened(
        at("2026-08-03 10:00"),
        "jia",
        reopened("c-1", 4),
        e.CaseNeedsOperator(case_id="c-1", case_version=5, reason="r", operator_due=0),
    )
    assert both.agree()["year"] == (1, 1)
    assert set(both.counted("year", "squad")) == {"A1"}
    again = closed("c-1", 6, squad="AM", tier="county_mobile")
    both.happened(at("2026-08-20 09:00"), "jia", again)
    assert both.agree() == {"today": (0, 1), "month": (0, 1), "year": (1, 2), "d30": (1, 2)}
    assert {part: share(counts) for part, counts in both.counted("year", "squad").items()} == {
        "A1": (1, 1),
        "AM": (0, 1),
    }
    assert set(both.counted("year", "squad", territory="990101")) == {"A1", "AM"}
    assert both.counted("year", "squad", territory="990102") == {}


def test_what_ends_again_after_its_time_counts_twice_and_before_it_once(tmp_path: Path) -> None:
    """A report that comes after all was forgotten is a case of its own under its old id."""
    both = Both(tmp_path / "archive.sqlite", at("2026-07-20 12:00"))
    until = at("2026-07-12 00:00")
    both.happened(at("2026-07-10 10:00"), "jia", *begun("c-1"))
    both.happened(at("2026-07-10 11:00"), "jia", closed("c-1", 3, reopen_until=until, outcome="normal"))
    both.happened(at("2026-07-13 10:00"), "jia", *begun("c-1"))
    assert both.agree()["month"] == (1, 1)
    both.happened(at("2026-07-13 11:00"), "jia", closed("c-1", 3, outcome="normal"))
    assert both.agree()["month"] == (2, 2)
    both.happened(at("2026-07-14 10:00"), "jia", *begun("c-1"))
    both.happened(at("2026-07-14 11:00"), "jia", closed("c-1", 3, outcome="normal"))
    assert both.agree()["month"] == (2, 2)


def test_each_day_counts_by_its_own_definition(tmp_path: Path) -> None:
    """A city that counts the county's own squads from the 15th on relabels nothing of before."""
    (first,) = PACK.definitions
    later = msgspec.structs.replace(
        first, version="S-2", strict=(*first.strict, "county_mobile"), valid_from=dt.date(2026, 7, 15)
    )
    both = Both(
        tmp_path / "archive.sqlite", at("2026-07-20 12:00"), msgspec.structs.replace(PACK, definitions=(first, later))
    )
    for n, day in enumerate((14, 16)):
        both.happened(at(f"2026-07-{day} 10:00"), "jia", *begun(f"c-{n}"))
        ended = closed(f"c-{n}", 3, squad="AM", tier="county_mobile", outcome="normal")
        both.happened(at(f"2026-07-{day} 11:00"), "jia", ended)
    assert both.agree()["month"] == (1, 2)
    assert len(both.shown.definitions(*both.shown.days("month", both.now))) == 2


def test_a_frozen_month_stands_beside_what_corrections_made_of_it(tmp_path: Path) -> None:
    """As it became final, how often it was corrected since, and as it stands: that is what its cases add up to."""
    both = Both(tmp_path / "archive.sqlite", at("2026-08-20 12:00"))
    both.happened(at("2026-07-30 10:00"), "jia", *begun("c-1"), *begun("c-2"))
    both.happened(at("2026-07-31 10:00"), "jia", closed("c-1", 3, outcome="normal"), closed("c-2", 3, outcome="normal"))
    last = Where("tasks", "last_month", "", "", "", "desk")
    whole, final, restated, state = folded(both.shown, last, both.now)
    assert (share(whole or {}), final, restated, state) == ((2, 2), None, 0, "provisional")
    both.happened(at("2026-08-05 18:00"), "jia", e.PeriodFrozen(period="2026-07", ends_at=0, next_due=0))
    both.happened(at("2026-08-10 10:00"), "jia", reopened("c-1", 4))
    for where in (last, last._replace(desk="jia")):
        whole, final, restated, state = folded(both.shown, where, both.now)
        assert (share(whole or {}), final, restated, state) == ((1, 1), (2, 2), 1, "frozen")
    assert added(both.counted("last_month").values()) == whole
    assert folded(both.shown, last._replace(desk="yi"), both.now) == ({}, None, 0, "provisional")


# -- R2 and R3 ---------------------------------------------------------------------------------------------------------


def opened(pack: CityPack, number: str, window: str, desk: str = "") -> Opened:
    now = at("2026-07-13 12:00")
    where = Where(number, window, desk, "", "", "desk")  # type: ignore[arg-type]
    return posts.opened(Numbers(pack, clock(now)), City(pack, "v"), where, now)


def of_parts(told: Opened) -> tuple[int, int]:
    return sum(p.figure.numerator for p in told.parts), sum(p.figure.denominator for p in told.parts)


@pytest.mark.parametrize(("number", "window"), [("force", "today"), ("force", "month"), ("support", "year")])
def test_posts_and_cost_objects_add_up_at_each_level(number: str, window: str) -> None:
    """City, desks, squads and offices; and what the wall shows is the same."""
    told = opened(PACK, number, window)
    shown = Numbers(PACK, clock(at("2026-07-13 12:00")))
    shown.show()
    assert shown.figures
    assert told.whole
    assert told.whole.numerator == shown.figures[number][window]["numerator"] > 0
    assert told.whole.denominator == shown.figures[number][window]["denominator"]
    assert told.residual == Residual(0, 0)
    assert of_parts(told) == (told.whole.numerator, told.whole.denominator)
    for part in told.parts:
        if part.of == "desk":
            below = opened(PACK, number, window, part.id)
            assert below.whole == part.figure
            assert of_parts(below) == (part.figure.numerator, part.figure.denominator)
            assert {p.of for p in below.parts} <= {"squad", "organisation"}
            assert {s.desk for s in PACK.squads for p in below.parts if p.id == s.id} <= {part.id}
    if number == "support":
        assert sum(p.beside["budget"].denominator for p in told.parts) == told.beside["budget"].denominator


def test_what_cannot_be_computed_says_why_and_is_neither_0_nor_100() -> None:
    """An officer at two posts, money without cost object."""
    (one,) = [a for a in PACK.attendance if a.officer == "A1-001"]
    twice = msgspec.structs.replace(PACK, attendance=(*PACK.attendance, msgspec.structs.replace(one, post="AM")))
    for told in (opened(twice, "force", "today"), opened(twice, "force", "today", "jia")):
        assert (told.whole, told.residual) == (None, None)
        assert "A1-001 serves at two posts" in told.why["force"][0]
    lost = msgspec.structs.replace(
        PACK, spending=(*PACK.spending, msgspec.structs.replace(PACK.spending[0], object="nobody", executed=7))
    )
    told = opened(lost, "support", "year")
    assert told.whole is None
    assert "1 rows without cost object" in told.why["money"][0]
    assert [p.figure.denominator for p in told.parts if p.of == "organisation" and p.id == "nobody"] == [7]


async def test_a_month_of_days_is_computed_beside_the_loop_before_it_is_shown() -> None:
    """`show` computes no day anew, today and after midnight; others have their turn between any two days."""
    now = at("2026-07-13 12:00")
    shown, turns = Numbers(PACK, clock(now)), 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    await shown.prepare()
    beside.cancel()
    days = 30 + 13 + 1
    assert shown.force.on.cache_info().misses == days
    assert turns >= days
    for later in (0, DAY):
        shown._clock = clock(now + later)
        shown.show()
    assert shown.force.on.cache_info().misses == days
    assert shown.support.on.cache_info().misses == 2
