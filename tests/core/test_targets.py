"""R1, the first of the three 80 % numbers, by the table of domain.md §2.2."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dispatchers.clock import DAY
from dispatchers.events import CaseCancelled, CaseTransferred, PeriodFrozen
from dispatchers.targets import SCOPES, STREAMS, Official, Share, Tasks, Told, proof
from dispatchers.targets.told import ToldTerm
from tests.support import PACK
from tests.support_targets import at, closed, folded, record, reopened

NOON = at("2026-07-13 12:00")


@pytest.mark.parametrize(
    ("but", "num", "den"),
    [
        ({}, 1, 1),
        ({"tier": "zone_squad"}, 1, 1),
        ({"tier": "county_mobile"}, 0, 1),
        ({"tier": "city_detachment", "desk": "ding"}, 0, 1),
        ({"outcome": "forced", "tier": ""}, 0, 1),
        ({"outcome": "overdue"}, 1, 1),
        ({"stream": "self"}, 0, 0),
        ({"countable": False, "stream": "none", "unit": "JA-works", "tier": ""}, 0, 0),
        ({"countable": False, "stream": "none"}, 0, 0),
        ({"countable": False, "stream": "none", "outcome": "merged"}, 0, 0),
    ],
)
def test_what_counts(but: dict[str, Any], num: int, den: int) -> None:
    """Grassroots counts for it, other levels and forced closes against it, units' work not at all."""
    assert Share(num, den) == folded((closed(**but), NOON)).total(NOON)


@pytest.mark.parametrize(
    ("but", "sort"),
    [
        ({"countable": False, "stream": "none", "unit": "JA-safety", "tier": ""}, "routed_dept"),
        ({"countable": False, "stream": "none"}, "other"),
        ({"countable": False, "stream": "none", "outcome": "merged"}, "merged"),
        ({}, "general"),
        ({"stream": "self"}, "self"),
        ({"stream": "odd"}, "residual"),
    ],
)
def test_what_does_not_count_is_told_beside_it(but: dict[str, Any], sort: str) -> None:
    """Every end is of one sort; what no word is for is the residual, by which the parts do not add up."""
    begun = Told("CaseRegistered", case_id="c-1", nature="enforcement")
    parts = folded((begun, NOON), (closed(**but), NOON)).parts("2026-07")
    assert {name for name, count in parts.items() if count} == {sort, "ended"}


def test_cases_that_left_the_system_are_no_tasks() -> None:
    """To the police or a department, and what was never one: shown with its count, in neither part."""
    gone = CaseTransferred(case_id="a", case_version=3, to="police", reason="r", forget_after=NOON + DAY)
    void = CaseCancelled(case_id="b", case_version=3, outcome="rejected", reason="r", forget_after=NOON + DAY)
    fold = folded((gone, NOON), (void, NOON))
    assert Share() == fold.total(NOON)
    assert (1, 1, 2) == tuple(fold.parts("2026-07")[name] for name in ("transferred", "cancelled", "ended"))


def test_a_case_counts_once_where_it_was_closed_last() -> None:
    """Folded twice it counts once; closed again by the county, the town's credit is taken back."""
    fold = folded((closed(), NOON), (closed(), NOON))
    assert Share(1, 1) == fold.total(NOON)
    fold.take(record(NOON, "jia", reopened()))
    assert Share(0, 0) == fold.total(NOON)
    fold.take(record(NOON, "jia", closed(tier="county_mobile")))
    assert Share(0, 1) == fold.total(NOON)


def test_closed_again_at_another_desk() -> None:
    """In whatever order the two logs are read: the one takes back, the other counts."""
    first = [(closed(), NOON), (reopened(), NOON + 1000)]
    second = [(closed(desk="ding", tier="city_detachment"), NOON + 5000)]
    for order in ((first, second), (second, first)):
        fold = Tasks(PACK)
        for said in order:
            for event, when in said:
                fold.take(record(when, "ding" if said is second else "jia", event))
        assert Share(0, 1) == fold.total(NOON)


def test_windows_are_calendar_windows_of_the_city() -> None:
    """The last instant of yesterday is not today, of June not July, of last year not this one; in UTC they would be."""
    stamps = ("2025-12-31 23:59:59", "2026-01-01 00:00:00", "2026-06-14 00:00:00", "2026-06-13 23:59:59")
    stamps += ("2026-06-30 23:59:59", "2026-07-01 00:00:00", "2026-07-12 23:59:59", "2026-07-13 00:00:00")
    fold = folded(*((closed(stamp), at(stamp)) for stamp in sorted(stamps)))
    dens = [fold.total(NOON, window).den for window in ("today", "month", "d30", "year")]
    assert [1, 3, 5, 7] == dens
    assert 0 == fold.total(at("2026-07-14 00:00:00")).den
    assert 5 == fold.total(at("2026-07-13 23:59:59"), "d30").den
    assert 4 == fold.total(at("2026-07-14 00:00:00"), "d30").den


def test_streams_are_apart_and_all_is_their_union() -> None:
    """General, simple and non-penalty are disjoint; `all` is their sum; what a patrol settles itself is in none."""
    fold = folded(*((closed(s, stream=s), NOON) for s in ("general", "simple", "nonpenalty", "self")))
    assert [1, 1, 1, 1, 3] == [fold.total(NOON, "month", s).den for s in STREAMS]


def test_scopes_lie_in_one_another() -> None:
    """Strict is the official one; without the zones it is less, with the counties' own nearly all."""
    tiers = ("town_squad", "zone_squad", "county_mobile", "city_detachment")
    fold = folded(*((closed(tier, tier=tier), NOON) for tier in tiers))
    assert [Share(2, 4), Share(1, 4), Share(3, 4)] == [fold.total(NOON, scope=scope) for scope in SCOPES]


def test_a_new_definition_rewrites_no_history() -> None:
    """From its first day on zones are no grassroots any more; what was closed before still counts."""
    (old,) = PACK.definitions
    new = replace(old, version="S-2", strict=("town_squad",), valid_from=old.valid_from.replace(month=7))
    pack = replace(PACK, definitions=(old, new))
    fold = folded(
        (closed("a", tier="zone_squad"), at("2026-06-30 12:00")), (closed("b", tier="zone_squad"), NOON), pack=pack
    )
    assert Share(1, 2) == fold.total(NOON, "year")


def test_counties_are_added_not_averaged() -> None:
    """S20, pitfall 1: A 9 of 10 and B 700 of 1000 are 70.1 % together (709/1010), not the 80.0 % of their mean."""
    fold = Tasks(PACK)
    for county, num, den in (("jia", 9, 10), ("yi", 700, 1000)):
        for number in range(den):
            tier = "town_squad" if number < num else "county_mobile"
            fold.take(record(NOON, county, closed(f"{county}-{number}", desk=county, tier=tier)))
    assert Share(709, 1010) == fold.total(NOON)
    assert ("70.1 %", False) == (str(fold.total(NOON)), fold.total(NOON).met)
    assert "90.0 %" == str(fold.shares(NOON)["today", "all", "jia"])


@pytest.mark.parametrize(
    ("share", "shown", "met"),
    [
        (Share(80, 100), "80.0 %", True),
        (Share(4, 5), "80.0 %", True),
        (Share(799, 1000), "79.9 %", False),
        (Share(7996, 10000), "79.9 %", False),
        (Share(79, 100), "79.0 %", False),
        (Share(3, 3), "100.0 %", True),
        (Share(0, 7), "0.0 %", False),
        (Share(0, 0), "no data", None),
    ],
)
def test_the_threshold_includes_itself_and_display_truncates(share: Share, shown: str, met: bool | None) -> None:
    """S21, pitfall 7: 80/100 is met, 79.96 % is shown as 79.9 % and is not; nothing of nothing is no data."""
    assert (shown, met) == (str(share), share.met)


# -- R1_due ------------------------------------------------------------------------------------------------------------


def begun(case_id: str, due: int, nature: str = "enforcement") -> Told:
    return Told("CaseRegistered", case_id=case_id, nature=nature, item="stall", terms=(ToldTerm("dispose", due),))


def says(kind: str, case_id: str = "a", **fields: Any) -> Told:
    return Told(kind, case_id=case_id, **fields)


HOUR = 3_600_000
DUE = NOON + HOUR


@pytest.mark.parametrize(
    ("then", "overdue"),
    [
        ([], True),
        ([says("CaseDisposed")], False),  # in time; it only waits for its check
        ([says("CaseDisposed"), says("ReworkOrdered")], True),  # rework does not refresh a deadline
        ([says("DeadlineExtended", term=ToldTerm("dispose", DUE + DAY))], False),
        ([says("CaseSuspended", terms=(ToldTerm("dispose", 0),))], False),
        ([says("PenaltyFiled", term=ToldTerm("penalty", DUE + 90 * DAY))], False),
        ([says("PenaltyFiled", term=ToldTerm("penalty", DUE))], True),
        ([says("WorkOrderIssued", unit="JA-works")], False),  # a unit's work is no task
        ([says("WorkOrderIssued", unit="JA-works"), says("AssignmentWithdrawn")], True),
        ([says("CaseMerged")], False),  # the parent's
        ([says("CaseMerged"), says("CaseSplit")], True),
        ([says("CaseClassified", nature="repair", item="lamp")], False),
        ([says("CaseHandedOver")], False),  # the other desk's
        ([says("CaseCancelled", outcome="cancelled")], False),
    ],
)
def test_r1_due_has_what_is_left_lying(then: list[Told], overdue: bool) -> None:
    """按期口徑: an open case beyond its deadline, as adjusted, is in the denominator too."""
    fold = folded((begun("a", DUE), NOON), *((event, NOON + 1) for event in then), (closed("b"), NOON + 2))
    assert Share(1, 1) == fold.due(DUE)
    assert Share(1, 1 + overdue) == fold.due(DUE + 1)
    assert Share(1, 1) == fold.total(DUE + 1, "month")


def test_disposed_of_too_late_stays_overdue_until_it_is_closed() -> None:
    """And then it counts like any other."""
    fold = folded((begun("a", DUE), NOON), (says("CaseDisposed"), DUE + 1))
    assert Share(0, 1) == fold.due(DUE + DAY)
    fold.take(record(DUE + DAY, "jia", closed("a")))
    assert Share(1, 1) == fold.due(DUE + DAY)


def test_a_months_overdue_cases_are_those_at_its_end() -> None:
    """What happens in the next month does not change them."""
    end = at("2026-08-01 00:00")
    fold = folded((begun("a", end - 1), NOON), (begun("b", end), NOON), (closed("c"), NOON))
    assert Share(1, 2) == fold.official("2026-07", end + DAY).due
    fold.take(record(end + DAY, "jia", closed("a"), closed("b")))
    assert Share(1, 2) == fold.official("2026-07", end + DAY).due
    assert Share(2, 2) == fold.due(end + DAY)


# -- months ------------------------------------------------------------------------------------------------------------


def frozen(period: str, when: int) -> PeriodFrozen:
    return PeriodFrozen(period=period, ends_at=when, next_due=when + DAY)


def test_16_a_frozen_month_is_restated_in_the_ledger() -> None:
    """S16: closed by a town in November, revoked in January: November stays as it was frozen, the ledger says what came
    of it, January is not negative, and the case counts once in all."""
    november, january = at("2026-11-20 10:00"), at("2027-01-15 10:00")
    fold = folded((closed(), november), (frozen("2026-11", 0), at("2026-12-03 18:00")), (reopened(), january))
    was = fold.official("2026-11", january)
    assert (was.state, was.share, was.restated) == ("frozen", Share(1, 1), Share(0, 0))
    assert [("c-1", january, -1)] == [(r.case_id, r.at, r.delta) for r in fold.restated("2026-11")]
    assert Share(0, 0) == fold.total(january, "month")
    fold.take(record(january + DAY, "jia", closed(tier="county_mobile")))
    assert (Share(0, 1), Share(0, 1)) == (fold.total(january + DAY, "month"), fold.ever())
    assert was == fold.official("2026-11", january + DAY)
    assert min(n for d in fold.desks.values() for m in d.months.values() for n in m.counts.values()) > 0


def test_a_month_is_provisional_until_every_desk_has_frozen_it() -> None:
    """Until then a reopening changes it without a word in the ledger."""
    august = at("2026-08-03 10:00")
    fold = folded((closed("a"), NOON), (closed("b", desk="yi"), NOON), (reopened("a"), august))
    assert Official("2026-07", "provisional", *(Share(1, 1),) * 4, 0) == fold.official("2026-07", august)
    fold.take(record(august + DAY, "jia", frozen("2026-07", 0)))
    assert "provisional" == fold.official("2026-07", august).state
    fold.take(record(august + DAY, "yi", frozen("2026-07", 0)))
    assert ("frozen", 0) == (fold.official("2026-07", august).state, len(fold.restated()))


def test_a_closed_month_is_a_sum_with_its_proof() -> None:
    """Cases that can be reopened no more are forgotten; the sum and the proof of which they were stay."""
    fold = folded(*((closed(c, reopen_until=NOON + DAY), NOON) for c in ("a", "b")), (closed("d"), NOON + 2 * DAY))
    desk = fold.desks["jia"]
    assert ["d"] == list(desk.ended)
    assert Share(3, 3) == fold.total(NOON + 2 * DAY, "month")
    assert sum(map(proof, "abd")) % (1 << 64) == desk.months["2026-07"].proof


def test_22_cases_sent_down_at_the_end_of_a_month_are_marked() -> None:
    """S22: 30 county cases sent down on the last day and closed by the town: marked; the second series is without."""
    last = at("2026-07-31 20:00")
    fold = folded(
        *((closed(f"c-{n}", tier="county_mobile"), NOON) for n in range(10)),
        *((closed(f"d-{n}", month_end=True), last) for n in range(30)),
    )
    assert (Share(30, 40), Share(0, 10)) == (
        fold.total(last, "month"), fold.total(last, "month", marked=False)
    )  # fmt: skip
    assert fold.official("2026-07", last).unmarked == Share(0, 10)


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
    """Whatever was closed and closed again: the last closing of each case is counted, once."""
    fold = Tasks(PACK)
    begin = NOON - 80 * DAY
    open_again: dict[str, tuple[str, int]] = {}
    for case, tier, stream, day in sorted(closings, key=lambda c: c[3]):
        if case in open_again:
            fold.take(record(begin + day * DAY, "jia", reopened(case)))
        open_again[case] = tier, day
        fold.take(record(begin + day * DAY, "jia", closed(case, tier=tier, stream=stream)))
    assert Share(sum(tier == "town_squad" for tier, _ in open_again.values()), len(open_again)) == fold.ever()
    assert sum(day == 80 for _, day in open_again.values()) == fold.total(NOON, "today").den
