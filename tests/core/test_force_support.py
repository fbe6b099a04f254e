"""R2 and R3, the second and the third of the 80 % numbers (domain.md §2.3, §2.4); what makes them not computable."""

import datetime as dt
from typing import Any

import msgspec
import pytest

from dispatchers import check
from dispatchers.clock import EPOCH
from dispatchers.rows import Attendance, CityPack, Posting, Spending, UseHours
from dispatchers.targets import Force, Share, definition_on, force, support
from tests.support import PACK, changed

JULY = dt.date(2026, 7, 13)
BEGIN = dt.date(2026, 1, 1)


def day(date: dt.date = JULY) -> int:
    return date.toordinal() - EPOCH


def on(pack: CityPack, date: dt.date = JULY) -> Force:
    return force(pack).on(day(date))


def serves(*rows: tuple[Any, ...], officer: str = "A1-001") -> CityPack:
    """The small city with an officer's attendance written anew: (post, shifts, from, to)."""
    others = tuple(a for a in PACK.attendance if a.officer != officer)
    new = tuple(
        Attendance(officer=officer, post=post, shifts=shifts, valid_from=first, valid_to=last, source="invented")
        for post, shifts, first, last in rows
    )
    return msgspec.structs.replace(PACK, attendance=(*others, *new))


ALL = on(PACK)


def test_formal_officers_count_where_they_serve() -> None:
    """Town and zone squads against all; mobile teams and the city's own are not grassroots; auxiliaries are apart."""
    formal = [o for o in PACK.officers if o.employment == "formal"]
    here = [o for o in formal if o.squad[1:] in ("1", "2") and o.squad != "X1"]
    assert Share(len(here), len(formal)) == ALL.attendance == ALL.posting
    assert 0 < ALL.auxiliaries.den == len(PACK.officers) - len(formal)
    assert ALL.why == ()


@pytest.mark.parametrize(
    ("rows", "num", "den", "nowhere"),
    [
        ([("A1", 20, BEGIN, None)], 0, 0, 0),
        ([("AM", 20, BEGIN, None)], -1, 0, 0),  # kept in the town, working at the county: 编制
        ([("A1", 10, BEGIN, None), ("AM", 9, BEGIN, None)], 0, 0, 0),  # half and more is enough
        ([("A1", 7, BEGIN, None), ("AM", 7, BEGIN, None), ("BM", 7, BEGIN, None)], -1, 0, 1),  # at no post for half
        ([("bureau-jia", 20, BEGIN, None)], -1, 0, 0),
        ([("outside: school", 20, BEGIN, None)], -1, -1, 0),
        ([("leave", 0, BEGIN, None)], -1, -1, 0),  # for longer than 30 days: in neither part
        ([("leave", 0, dt.date(2026, 7, 1), dt.date(2026, 7, 30)), ("A1", 20, BEGIN, dt.date(2026, 6, 30))], 0, 0, 0),
        ([("AM", 20, BEGIN, dt.date(2026, 6, 28)), ("A1", 20, dt.date(2026, 6, 29), None)], 0, 0, 0),  # in mid-move
        ([("AM", 20, BEGIN, dt.date(2026, 7, 1)), ("A1", 20, dt.date(2026, 7, 2), None)], -1, 0, 0),
    ],
)
def test_the_duty_post_is_where_half_of_the_shifts_were(
    rows: list[tuple[Any, ...]], num: int, den: int, nowhere: int
) -> None:
    """By attendance of the last 30 days; posting documents go on saying what they say."""
    found = on(serves(*rows))
    assert Share(ALL.attendance.num + num, ALL.attendance.den + den) == found.attendance
    assert (nowhere, ALL.posting) == (found.nowhere, found.posting)


def test_who_is_lent_out_counts_where_they_are() -> None:
    """To a county: in the denominator only; outside: in neither, whatever the attendance says (R86)."""
    for to, num, den in (("bureau-jia", -1, 0), ("outside: school", -1, -1)):
        lent = Posting(officer="A1-001", to=to, valid_from=BEGIN, source="invented")
        found = on(msgspec.structs.replace(PACK, postings=(lent,)))
        assert Share(ALL.posting.num + num, ALL.posting.den + den) == found.posting
    assert Share(ALL.attendance.num - 1, ALL.attendance.den - 1) == found.attendance


def test_a_period_is_the_sum_of_its_days() -> None:
    """Person-days, never a mean of daily shares: 10 days at the county of 30."""
    pack = serves(("A1", 20, BEGIN, dt.date(2026, 7, 20)), ("AM", 20, dt.date(2026, 7, 21), None))
    whole = force(pack).over(day(dt.date(2026, 7, 1)), day(dt.date(2026, 8, 31)))
    days = [on(pack, dt.date(2026, 7, 1) + dt.timedelta(n)).attendance for n in range(62)]
    assert Share(sum(d.num for d in days), sum(d.den for d in days)) == whole.attendance
    assert {d.num for d in days} == {ALL.attendance.num, ALL.attendance.num - 1}


def test_only_the_certified_count_in_the_companion() -> None:
    """R2_cert: an officer whose certificate ended is in it no more, and stays in the headline."""
    found = on(changed(PACK, "certificates", {"officer": "A1-001"}, valid_to=dt.date(2026, 6, 30)))
    assert (ALL.attendance, ALL.certified.den - 1) == (found.attendance, found.certified.den)


def test_an_officer_at_two_posts_makes_it_not_computable() -> None:
    """Listed by the check with its place; the headline is no data, never 0 or 100 %."""
    pack = serves(("A1", 10, BEGIN, None), ("AM", 10, BEGIN, None))
    found = on(pack)
    assert (Share(), ("A1-001 serves at two posts 一人两岗: A1, AM",)) == (found.attendance, found.why)
    assert found.headline(definition_on(pack, day())).met is None
    (fault,) = check.faults(pack, 2026)
    assert (fault.table, fault.warning) == ("attendance", True)
    assert "A1-001 serves at two posts" in fault.what


def test_without_attendance_there_is_no_number() -> None:
    """No feed: no data. A definition that counts by posting documents has one still (scenario of another city)."""
    pack = msgspec.structs.replace(PACK, attendance=())
    assert on(pack).headline(definition_on(pack, day())).met is None
    by_posting = changed(pack, "definitions", {}, force="posting")
    assert on(by_posting).headline(definition_on(by_posting, day())) == ALL.posting


# -- R3 ----------------------------------------------------------------------------------------------------------------


def spent(*rows: tuple[str, str, str, int], **but: Any) -> CityPack:
    """The small city with other spending: (object, kind, booked on, fen)."""
    money = tuple(
        Spending(object=o, kind=k, booked_on=dt.date.fromisoformat(d), executed=x, budget=2 * x, source="invented")  # type: ignore[arg-type]
        for o, k, d, x in rows
    )
    return msgspec.structs.replace(PACK, spending=money, **but)


MONEY = (
    ("A1", "operating", "2026-03-31", 79),
    ("AM", "operating", "2026-03-31", 20),
    ("A1", "premises", "2026-06-30", 1),
)


def test_money_goes_by_cost_object() -> None:
    """Executed fen of the year to date; pay and construction are out; what is booked later is not spent yet."""
    pack = spent(
        *MONEY, ("A1", "salary", "2026-03-31", 10**9), ("bureau-jia", "construction", "2026-03-31", 10**9),
        ("AM", "business", "2026-09-30", 900), ("AM", "operating", "2025-12-31", 900),
    )  # fmt: skip
    found = support(pack).on(day())
    assert (Share(80, 100), Share(160, 2000)) == (found.money, found.budget)
    assert found.levels == {"grassroots": 80, "county": 20, "city": 0, "residual": 0}
    assert found.money.met is True
    assert Share(80, 1000) == support(pack).on(day(dt.date(2026, 10, 1))).money


def test_money_without_cost_object_makes_it_not_computable() -> None:
    """Listed by the check; shown by how much the parts do not add up, never as 0 or 100 %."""
    pack = spent(*MONEY, ("", "operating", "2026-03-31", 7))
    found = support(pack).on(day())
    assert (Share(), 7) == (found.money, found.levels["residual"])
    assert "without cost object" in found.why["money"][0]
    assert found.met(definition_on(pack, day())) is None
    assert [("spending", 3, True)] == [(f.table, f.row, f.warning) for f in check.faults(pack, 2026)]
    assert support(spent()).on(day()).met(definition_on(PACK, day())) is None  # no feed at all


def test_things_go_by_use_and_not_by_plate() -> None:
    """A car of the county that a town uses for half of its hours and more is the town's."""
    before = support(PACK).on(day()).things["vehicle"]
    shared = (
        UseHours(thing="V-AM", at="A1", hours=60, valid_from=BEGIN, source="invented"),
        UseHours(thing="V-AM", at="AM", hours=60, valid_from=BEGIN, source="invented"),
    )
    usage = tuple(u for u in PACK.usage if u.thing != "V-AM")
    pack = msgspec.structs.replace(PACK, usage=(*usage, *shared))
    assert Share(before.num + 1, before.den) == support(pack).on(day()).things["vehicle"]
    unused = msgspec.structs.replace(PACK, usage=usage)
    found = support(unused).on(day())
    assert (Share(), "1 without use-hours 无使用工时: V-AM") == (found.things["vehicle"], found.why["vehicle"][0])
    assert found.met(definition_on(unused, day())) is not True
    assert [("equipment", "V-AM has no use-hours 无使用工时")] == [
        (f.table, f.what) for f in check.faults(unused, 2026)
    ]


def test_things_decide_only_where_the_definition_says_so() -> None:
    """A gate for kinds of which there are enough; beside the money they decide nothing."""
    pack = spent(*MONEY)
    vehicles = support(pack).on(day()).things["vehicle"]
    assert vehicles.met is False
    for things, least, met in (("gate", 2, False), ("gate", vehicles.den + 99, True), ("beside", 2, True)):
        told = changed(pack, "definitions", {}, version="S-2", things=things, least_things=least)
        assert met is support(told).on(day()).met(definition_on(told, day())), (things, least)


@pytest.mark.parametrize(
    ("table", "where", "but", "words"),
    [
        ("definitions", {}, {"freeze_after": "3天"}, "'3天' is no duration"),
        ("definitions", {}, {"freeze_after": "40 days"}, "final 40 days after"),
        ("definitions", {}, {"strict": ("county_mobile",)}, "do not lie in one another"),
        ("attendance", {"officer": "A1-001"}, {"post": "nowhere"}, "no organisation or squad 'nowhere'"),
        ("attendance", {"officer": "A1-001"}, {"shifts": 0}, "0 shifts at A1"),
        ("attendance", {"officer": "A1-001"}, {"officer": "A1-003"}, "A1-003 is no formal officer"),
        ("usage", {"thing": "V-A1"}, {"at": "nowhere"}, "no organisation or squad 'nowhere'"),
        ("usage", {"thing": "V-A1"}, {"hours": -1}, "-1 hours"),
        (
            "spending",
            {"object": "A1", "kind": "operating"},
            {"object": "nowhere"},
            "no organisation or squad 'nowhere'",
        ),
    ],
)
def test_wrong_rows_are_refused(table: str, where: dict[str, Any], but: dict[str, Any], words: str) -> None:
    """What can only be a slip of the pen refuses the city."""
    faults = [f for f in check.faults(changed(PACK, table, where, **but), 2026) if not f.warning]
    assert [table] == [f.table for f in faults]
    assert words in faults[0].what


def test_there_must_be_a_definition() -> None:
    """Without one nobody knows what the numbers mean."""
    assert "no definition" in check.faults(msgspec.structs.replace(PACK, definitions=()), 2026)[0].what
