"""People of the squads (domain.md §1E): norm, cover round the clock, auxiliaries, inequality of load; their gauges."""

import datetime as dt
from fractions import Fraction
from math import isnan
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatchers.clock import DAY, EPOCH
from dispatchers.rows import Attendance, CityPack, Officer, Posting
from dispatchers.targets import Indicators, People, Share, Told
from dispatchers.targets.people import Crew, Load, Staff, load
from streams import metrics
from streams.indicator_gauges import IndicatorGauges
from tests.support import PACK, changed
from tests.support_targets import at, record

MONDAY = at("2026-07-13 00:00")
JULY = dt.date(2026, 7, 13)
TODAY = JULY.toordinal() - EPOCH
BEGIN = dt.date(2026, 1, 1)
WEEK = 7 * 24 * 3600
HOUR = 3600


def rows(pack: CityPack, **tables: Any) -> CityPack:
    return msgspec.structs.replace(pack, **tables)


def on_team(*teams: str, pack: CityPack = PACK) -> CityPack:
    """Only these teams of the town A1, and no other grassroots squad of the desk."""
    squads = tuple(s for s in pack.squads if s.id != "A2")
    return rows(pack, squads=squads, teams=tuple(t for t in pack.teams if t.squad != "A1" or t.id in teams))


def cover(pack: CityPack, when: int = MONDAY) -> Share:
    return People(pack).cover(when)["jia"]


def staff(pack: CityPack, day: int = TODAY) -> Staff:
    return People(pack).staff(day)["jia"]


# -- R77 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("teams", "hours"),
    [
        (("A1-A",), 24),
        (("A1-B",), 12),  # 8 to 20
        (("A1-B", "A1-N"), 24),  # and 20 to 8: without a gap
        (("A1-N",), 12),
        (("A1-L",), 0),  # on call is not on duty
        ((), 0),
    ],
)
def test_77_a_week_is_covered_where_a_pair_is_on_duty(teams: tuple[str, ...], hours: int) -> None:
    """Squad-seconds with two certified formal officers on duty, of 168 hours."""
    assert Share(7 * hours * HOUR, WEEK) == cover(on_team(*teams))


def test_77_one_formal_officer_and_three_auxiliaries_cover_nothing() -> None:
    """Nor do two, if one of them has no certificate; two certified ones do."""
    own = on_team("A1-A")
    two = [o.number for o in own.officers if o.team == "A1-A" and o.employment == "formal"]
    three = tuple(
        Officer(
            number=f"A1-9{n}", squad="A1", team="A1-A", employment="aux", post="member", valid_from=BEGIN, source="-"
        )
        for n in range(3)
    )
    alone = tuple(o for o in own.officers if o.number != two[1])
    assert 2 == len(two)
    assert Share(WEEK, WEEK) == cover(own)
    assert Share(0, WEEK) == cover(rows(own, officers=(*alone, *three)))
    bare = tuple(c for c in own.certificates if c.officer != two[0])
    assert Share(0, WEEK) == cover(rows(own, certificates=bare))


def test_77_who_is_lent_out_or_on_leave_is_not_on_duty() -> None:
    """On the days of it, and no longer."""
    own, wednesday = on_team("A1-A"), JULY + dt.timedelta(2)
    lent = Posting(officer="A1-001", to="bureau-jia", valid_from=wednesday, valid_to=wednesday, source="-")
    leave = Attendance(
        officer="A1-001", post="leave", shifts=0, valid_from=wednesday, valid_to=wednesday, source="-"
    )  # fmt: skip
    works = msgspec.structs.replace(leave, post="A1", shifts=3)
    for pack, days in (
        (rows(own, postings=(lent,)), 6), (rows(own, attendance=(leave,)), 6), (rows(own, attendance=(works,)), 7)
    ):  # fmt: skip
        assert Share(days * 24 * HOUR, WEEK) == cover(pack)


def test_77_a_certificate_ends_with_its_day() -> None:
    """Valid to Tuesday: Wednesday is not covered."""
    own = on_team("A1-A")
    ends = changed(own, "certificates", {"officer": "A1-001"}, valid_to=JULY + dt.timedelta(1))
    assert Share(2 * 24 * HOUR, WEEK) == cover(ends)
    assert Share(0, WEEK) == cover(ends, MONDAY + 7 * DAY)


def test_77_a_week_is_the_citys_from_monday() -> None:
    """Each instant of it has the same answer, that of grassroots squads alone; a desk without one has none."""
    people = People(on_team("A1-A", pack=changed(PACK, "certificates", {"officer": "A1-001"}, valid_to=JULY)))
    this = people.cover(MONDAY)
    assert Share(24 * HOUR, WEEK) == this["jia"]
    assert this is people.cover(MONDAY + 7 * DAY - 1) is not people.cover(MONDAY - 1)
    assert Share(WEEK, WEEK) == people.cover(MONDAY - 1)["jia"]
    assert {"jia", "yi", "bing"} == set(this)


# -- R76, R78 ----------------------------------------------------------------------------------------------------------


def test_76_the_norm_of_each_squad_and_who_is_there() -> None:
    """Of the squads that have one; who is lent out is not there."""
    assert Staff(formal=20, aux=1, norm=19, present=14) == staff(PACK)
    lent = Posting(officer="A1-001", to="bureau-jia", valid_from=BEGIN, source="-")
    assert Staff(formal=19, aux=1, norm=19, present=13) == staff(rows(PACK, postings=(lent,)))
    mobile = rows(PACK, postings=(msgspec.structs.replace(lent, officer="AM-001"),))
    assert Staff(formal=19, aux=1, norm=19, present=14) == staff(mobile)
    assert {} == People(PACK).staff(BEGIN.toordinal() - EPOCH - 1)  # before anybody was there


def test_78_auxiliaries_may_be_as_many_as_formal_officers() -> None:
    """1.0 passes, 1.01 does not."""
    assert (True, False) == (Staff(formal=100, aux=100).within, Staff(formal=100, aux=101).within)
    assert staff(PACK).within


# -- R38 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loads", "expected"),
    [
        ([], Load(0, None)),
        ([0, 0, 0], Load(0, None)),
        ([5], Load(0, 1)),
        ([3, 3, 3, 3], Load(0, 1)),
        ([0, 0, 0, 8], Load(0.75, None)),  # the median squad has nothing
        ([1, 2, 3, 6], Load(1 / 3, 2.4)),
        ([0, 1, 1], Load(1 / 3, 1)),
    ],
)
def test_38_inequality_of_loads(loads: list[int], expected: Load) -> None:
    """0 where all are alike, near 1 where one has it all; the largest as a multiple of the median."""
    found = load(map(Fraction, loads))
    assert expected == Load(pytest.approx(found.gini), found.peak and pytest.approx(found.peak))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=9))
def test_38_by_its_definition(loads: list[int]) -> None:
    """The mean difference of all pairs of squads, by twice the mean."""
    total, n = sum(loads), len(loads)
    apart = sum(abs(a - b) for a in loads for b in loads)
    assert load(map(Fraction, loads)).gini == pytest.approx(apart / (2 * n * total) if total else 0)


def test_38_loads_are_by_pair() -> None:
    """Six cases weigh on three pairs as two on one; who has no pair bears them as one; squads without a case count."""
    assert [3, 1, 1] == [Crew(certified=7).pairs, Crew(certified=3).pairs, Crew(certified=0).pairs]
    people = People(PACK)
    pairs = {name: people.crews(TODAY)[name].pairs for name in ("A1", "A2", "AM")}
    assert {"A1": 4, "A2": 3, "AM": 3} == pairs
    assert Load(0, 1) == people.load("jia", TODAY, pairs)
    assert people.load("jia", TODAY, {"A1": 4}) == load(map(Fraction, (1, 0, 0)))


# -- gauges ------------------------------------------------------------------------------------------------------------


def value(family: Any, *labels: str) -> float:
    return float(family.of(*labels).collect()[0].samples[0].value)


@pytest.mark.usefixtures("room")
def test_the_gauges_say_what_the_folds_do() -> None:
    """Every family of them, by desk; a desk of which nothing is known has its zeros."""
    metrics.DESKS.declare(desk.id for desk in PACK.desks)
    fold, noon = Indicators(PACK), MONDAY + DAY // 2
    usual = {"nature": "enforcement", "item": "stall", "kind": "event", "dispatch_due": noon}
    for case in ("a", "b", "c"):
        fold.take(record(noon, "jia", Told("CaseRegistered", case, **usual)))
    fold.take(record(noon, "jia", Told("AssignmentOffered", "a", squad="A1")))
    fold.take(record(noon, "jia", Told("WorkOrderIssued", "b", unit="JA-safety")))
    IndicatorGauges(PACK).show(fold, noon)
    assert (2, 3) == tuple(value(metrics.indicator_cases, "dispatched", part, "jia") for part in ("num", "den"))
    assert (0, 0) == tuple(value(metrics.indicator_cases, "dispatched", part, "yi") for part in ("num", "den"))
    assert (0, 1) == (value(metrics.indicator_counts, "exempt", "jia"), value(metrics.seen_not_governable, "jia"))
    assert (2 * WEEK, 2 * WEEK) == tuple(value(metrics.duty_cover, part, "jia") for part in ("num", "den"))
    assert (20, 1) == tuple(value(metrics.force_people, who, "jia") for who in ("formal", "aux"))
    assert (19, 14) == tuple(value(metrics.staffing_officers, part, "jia") for part in ("norm", "present"))
    assert 2 / 3 == pytest.approx(value(metrics.load_gini, "jia"))
    assert isnan(value(metrics.load_peak, "jia"))
