"""The first of the three 80 % numbers, by the table of domain.md §2.2."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatchers.events import CaseClosed
from dispatchers.targets import Share, Targets

EAST = dt.timezone(dt.timedelta(hours=8))


def at(stamp: str) -> int:
    return int(dt.datetime.fromisoformat(stamp).replace(tzinfo=EAST).timestamp() * 1000)


NOON = at("2026-07-13 12:00")


def closed(case_id: str = "c-1", **but: Any) -> CaseClosed:
    usual: dict[str, Any] = {
        "case_version": 9,
        "outcome": "normal",
        "desk": "jia",
        "squad": "A1",
        "unit": "",
        "tier": "town_squad",
        "stream": "general",
        "countable": True,
        "item": "stall",
        "forget_after": 0,
    }
    return CaseClosed(case_id=case_id, **{**usual, **but})


def targets(*closings: tuple[CaseClosed, int]) -> Targets:
    fold = Targets(480)
    for event, when in closings:
        fold.take(event, when)
    return fold


@pytest.mark.parametrize(
    ("but", "num", "den"),
    [
        ({}, 1, 1),
        ({"tier": "zone_squad"}, 1, 1),
        ({"tier": "county_mobile"}, 0, 1),
        ({"tier": "city_detachment", "desk": "ding"}, 0, 1),
        ({"outcome": "forced", "tier": ""}, 0, 1),
        ({"outcome": "overdue"}, 1, 1),
        ({"countable": False, "stream": "none", "unit": "JA-works", "tier": ""}, 0, 0),
        ({"countable": False, "stream": "none"}, 0, 0),
    ],
)
def test_what_counts(but: dict[str, Any], num: int, den: int) -> None:
    """Grassroots counts for it, other levels and forced closes against it, units' work not at all."""
    assert Share(num, den) == targets((closed(**but), NOON)).total(NOON)


def test_a_case_counts_once_where_it_was_closed_last() -> None:
    """Folded twice it counts once; closed again by the county, the town's credit is taken back."""
    twice = targets((closed(), NOON), (closed(), NOON))
    assert Share(1, 1) == twice.total(NOON)
    twice.take(closed(desk="ding", tier="city_detachment"), NOON)
    assert Share(0, 1) == twice.total(NOON)
    twice.take(closed(countable=False, stream="none"), NOON)
    assert Share(0, 0) == twice.total(NOON)


def test_windows_are_calendar_windows_of_the_city() -> None:
    """The last instant of yesterday is not today, the last of June is not July; in UTC both would be."""
    fold = targets(
        (closed("a"), at("2026-07-13 00:00:00")),
        (closed("b"), at("2026-07-12 23:59:59")),
        (closed("c"), at("2026-06-30 23:59:59")),
        (closed("d"), at("2025-07-13 12:00:00")),
    )
    assert [1, 2, 4] == [fold.total(NOON, window).den for window in ("today", "month", "all")]
    assert 0 == fold.total(at("2026-07-14 00:00:00")).den


def test_streams_are_apart_and_all_is_their_union() -> None:
    """General, simple and non-penalty are disjoint; `all` is their sum."""
    fold = targets(*((closed(s, stream=s), NOON) for s in ("general", "simple", "nonpenalty")))
    assert [1, 1, 1, 3] == [fold.total(NOON, "all", s).den for s in ("general", "simple", "nonpenalty", "all")]


def test_counties_are_added_not_averaged() -> None:
    """County A 9 of 10 and B 700 of 1000 are 70.1 % together, not the 80.0 % of their mean."""
    fold = Targets(480)
    for county, num, den in (("jia", 9, 10), ("yi", 700, 1000)):
        for number in range(den):
            tier = "town_squad" if number < num else "county_mobile"
            fold.take(closed(f"{county}-{number}", desk=county, tier=tier), NOON)
    assert Share(709, 1010) == fold.total(NOON)
    assert ("70.1 %", False) == (str(fold.total(NOON)), fold.total(NOON).met)
    assert "90.0 %" == str(fold.shares(NOON)["today", "all", "jia"])


@pytest.mark.parametrize(
    ("share", "shown", "met"),
    [
        (Share(80, 100), "80.0 %", True),
        (Share(4, 5), "80.0 %", True),
        (Share(7996, 10000), "79.9 %", False),
        (Share(79, 100), "79.0 %", False),
        (Share(3, 3), "100.0 %", True),
        (Share(0, 7), "0.0 %", False),
        (Share(0, 0), "no data", None),
    ],
)
def test_the_threshold_includes_itself_and_display_truncates(share: Share, shown: str, met: bool | None) -> None:
    """80/100 is met, 79.96 % is shown as 79.9 % and is not; nothing of nothing is no data."""
    assert (shown, met) == (str(share), share.met)


CLOSINGS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d"]),
        st.sampled_from(["town_squad", "county_mobile", ""]),
        st.sampled_from(["general", "simple"]),
        st.integers(0, 80),
    ),
    max_size=30,
)


@given(CLOSINGS)
def test_the_numbers_are_those_of_the_last_closing_of_each_case(closings: list[tuple[str, str, str, int]]) -> None:
    """Whatever was closed and closed again, and however often it is read: the last closing of each case is counted."""
    fold = Targets(480)
    for _ in range(2):
        for case, tier, stream, day in closings:
            fold.take(closed(case, tier=tier, stream=stream), NOON - day * 86_400_000)
    last = {case: (tier, stream, day) for case, tier, stream, day in closings}
    num = sum(tier == "town_squad" for tier, _, _ in last.values())
    assert Share(num, len(last)) == fold.total(NOON, "all")
    assert sum(day == 0 for _, _, day in last.values()) == fold.total(NOON, "today").den
