"""The questions a city answers (city.py), and every rule of the check (check.py, coverage.py), on the small city."""

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dispatchers import check
from dispatchers.city import City, metres
from dispatchers.clock import EPOCH
from dispatchers.rows import CityPack
from streams import city_files

PACK = city_files.load(Path(__file__).parent.parent / "city/small")
CITY = City(PACK, "test")
EAST = dt.timezone(dt.timedelta(hours=8))


def at(stamp: str) -> int:
    return int(dt.datetime.fromisoformat(stamp).replace(tzinfo=EAST).timestamp() * 1000)


def day(date: str) -> int:
    return dt.date.fromisoformat(date).toordinal() - EPOCH


TODAY = day("2026-07-13")


def change(table: str, key: object, **fields: Any) -> CityPack:
    """The small city with one row changed."""
    rows = getattr(PACK, table)
    name = {**check.KEYS, "certificates": "number"}[table]
    changed = tuple(msgspec.structs.replace(r, **fields) if getattr(r, name) == key else r for r in rows)
    assert changed != rows
    return msgspec.structs.replace(PACK, **{table: changed})


def without(table: str, **where: Any) -> CityPack:
    """The small city without the rows that have these values."""
    rows = getattr(PACK, table)
    kept = tuple(r for r in rows if any(getattr(r, k) != v for k, v in where.items()))
    assert kept != rows
    return msgspec.structs.replace(PACK, **{table: kept})


def also(table: str, copy_of: int, **fields: Any) -> CityPack:
    """The small city with a row more, like an existing one but for some fields."""
    rows = getattr(PACK, table)
    return msgspec.structs.replace(PACK, **{table: (*rows, msgspec.structs.replace(rows[copy_of], **fields))})


# -- questions ---------------------------------------------------------------------------------------------------------


def test_a_territory_has_one_squad_at_home_and_a_desk() -> None:
    """A township's own squad; a zone's own, although townships lie below it; the county's is the mobile team."""
    assert [s.id for t in ("990101", "990102", "zone_bing") if (s := CITY.squad_at(t, TODAY))] == ["A1", "A2", "C1"]
    assert [CITY.desk_of(t) for t in ("990101", "990201", "zone_bing", "990000")] == ["jia", "yi", "bing", "ding"]
    assert [s.id for s in CITY.mobile("jia", TODAY)] == ["AM"]
    assert [s.id for s in CITY.mobile("ding", TODAY)] == ["X1"]


def test_a_squad_is_there_from_its_first_to_its_last_day() -> None:
    """valid_from and valid_to are in force themselves."""
    city = City(change("squads", "A1", valid_from=dt.date(2026, 7, 1), valid_to=dt.date(2026, 7, 31)), "test")
    there = [
        city.squad_at("990101", day(d)) is not None for d in ("2026-06-30", "2026-07-01", "2026-07-31", "2026-08-01")
    ]
    assert there == [False, True, True, False]


def test_neighbours_are_of_the_same_county() -> None:
    """二镇 and 三街道 touch, but the squad of another county has no power here (处罚法 art. 22)."""
    assert [s.id for s in CITY.neighbours(CITY.squads["A1"], TODAY)] == ["A2"]
    assert [s.id for s in CITY.neighbours(CITY.squads["A2"], TODAY)] == ["A1"]
    assert CITY.neighbours(CITY.squads["C1"], TODAY) == []


def test_a_category_names_an_item() -> None:
    """By the source's scheme, or directly; what nobody mapped is nothing."""
    found = [CITY.item_of(*c) for c in (("test", "STALL"), ("item", "stall"), ("test", "stall"), ("item", "x"))]
    assert [item.id if item else None for item in found] == ["stall", "stall", None, None]


def test_powers_are_those_in_force() -> None:
    """A row ends, the next begins: one owner on each day."""
    pack = change("powers", "P03", valid_to=dt.date(2026, 7, 13))
    later = msgspec.structs.replace(
        pack.powers[2], row="P03b", valid_from=dt.date(2026, 7, 14), valid_to=None, owner_kind="unit", owner="市政"
    )
    city = City(msgspec.structs.replace(pack, powers=(*pack.powers, later)), "test")
    assert [p.row for p in city.powers("stall", TODAY)] == ["P03"]
    assert [p.row for p in city.powers("stall", TODAY + 1)] == ["P03b"]


def test_a_unit_is_the_desks_own_or_the_citys() -> None:
    """甲县 has its own works unit, 乙县 uses the city's; a kind that nobody has is nobody."""
    assert [CITY.unit("市政", d) for d in ("jia", "yi", "ding")] == ["JA-works", "DI-works", "DI-works"]
    assert CITY.unit("环卫", "jia") == "DI-clean"
    assert CITY.unit("林业", "jia") is None


@pytest.mark.parametrize(
    ("team", "hours"),
    [
        ("A1-A", {"03:00": True, "12:00": True, "23:59": True}),
        ("A1-B", {"07:59": False, "08:00": True, "19:59": True, "20:00": False}),
        ("A1-N", {"19:59": False, "20:00": True, "03:00": True, "07:59": True, "08:00": False}),
    ],
)
def test_shifts_may_reach_past_midnight(team: str, hours: dict[str, bool]) -> None:
    """A night shift of yesterday is on duty this morning; the minute at which a shift ends is not in it."""
    assert {h: CITY.rostered(CITY.teams[team], at(f"2026-07-13 {h}")) for h in hours} == hours


def test_a_pattern_turns_with_its_cycle_and_phase() -> None:
    """Every other night: yesterday's shift is still on this morning, and not tomorrow; the phase moves it by a day."""
    nights = tuple(msgspec.structs.replace(s, cycle=2) if s.pattern == "night" else s for s in PACK.shifts)
    on = {}
    for phase in (2, 1):
        pack = msgspec.structs.replace(change("teams", "A1-N", phase=phase), shifts=nights)
        city = City(pack, "test")
        hours = (f"2026-07-{d} {h}" for d in (13, 14, 15) for h in ("03:00", "23:00"))
        on[phase] = [city.rostered(city.teams["A1-N"], at(hour)) for hour in hours]
    first = TODAY % 2  # day 0 of the cycle is 1970-01-01
    assert on[first or 2] == [False, True, True, False, False, True]
    assert on[1 - first or 2] == [True, False, False, True, True, False]


def test_a_certificate_ends_with_its_day() -> None:
    """S13: valid until 24:00, refused at 00:10. A specialist item needs the certificate of its own domain (R10)."""
    city = City(change("certificates", "C-A1-001", valid_to=dt.date(2026, 7, 13)), "test")
    stall, chemicals = city.items["stall"], city.items["chemicals"]
    assert [city.certified("A1-001", stall, TODAY + d) for d in (0, 1)] == [True, False]
    assert [city.certified(o, chemicals, TODAY) for o in ("A1-001", "A1-004")] == [False, True]


def test_auxiliaries_are_in_no_pair() -> None:
    """A1-003 is an auxiliary (条例 art. 30)."""
    assert [o.number for o in CITY.formal("A1-A", TODAY)] == ["A1-001", "A1-002"]


def test_metres_are_metres() -> None:
    """A hundredth of a degree north is 1,109 m; of longitude at 30 degrees north, 964 m."""
    assert metres(120, 30, 120, 30.01) == 1109
    assert metres(120, 30, 120.01, 30) == 964


# -- faults ------------------------------------------------------------------------------------------------------------


def test_the_small_city_has_no_faults() -> None:
    """What the tests stand on is sound."""
    assert check.faults(PACK, 2026) == []


BAD: dict[str, tuple[CityPack, tuple[str, int, str], str]] = {
    # what is wrong: the pack, (table, row, field) of the fault, words of it
    "unknown team": (change("officers", "A1-003", team="A1-X"), ("officers", 2, "team"), "'A1-X'"),
    "unknown desk": (change("territories", "990102", desk="bei"), ("territories", 5, "desk"), "'bei'"),
    "unknown acting name": (change("squads", "A1", acting_name="戊局"), ("squads", 0, "acting_name"), "戊局"),
    "unknown pattern": (change("teams", "A1-B", pattern="noon"), ("teams", 1, "pattern"), "'noon'"),
    "category to nowhere": (also("categories", 0, code="X", item="x"), ("categories", 9, "item"), "'x'"),
    "key twice": (also("items", 0), ("items", 9, "id"), "collapse is given twice"),
    "category twice": (also("categories", 0), ("categories", 9, "code"), "twice"),
    "scheme of our own": (also("categories", 0, scheme="item"), ("categories", 9, "scheme"), "directly"),
    "two squads at home": (also("squads", 0, id="A9"), ("squads", 8, "valid_from"), "in force at once with row 1"),
    "two owners at once": (also("powers", 2, row="P10"), ("powers", 9, "valid_from"), "in force at once with row 3"),
    "ends before it begins": (
        change("items", "stall", valid_to=dt.date(2025, 1, 1)),
        ("items", 2, "valid_to"),
        "before",
    ),
    "no owner at all": (without("powers", item="stall"), ("items", 2, "id"), "no owner on 2026-01-01"),
    "no owner later": (
        change("powers", "P03", valid_to=dt.date(2026, 6, 30)),
        ("items", 2, "id"),
        "no owner on 2026-07-01",
    ),
    "no owner for a day": (
        msgspec.structs.replace(
            PACK,
            powers=(
                *change("powers", "P03", valid_to=dt.date(2026, 6, 30)).powers,
                msgspec.structs.replace(PACK.powers[2], row="P10", valid_from=dt.date(2026, 7, 2)),
            ),
        ),
        ("items", 2, "id"),
        "no owner on 2026-07-01",
    ),
    "never in force after its item": (
        msgspec.structs.replace(
            change("items", "stall", valid_to=dt.date(2026, 12, 31)),
            powers=also("powers", 2, row="P10", valid_from=dt.date(2027, 1, 1)).powers,
        ),
        ("powers", 9, "valid_from"),
        "never in force together",
    ),
    "duty never asked for": (change("powers", "P06", duty="service"), ("powers", 5, "duty"), "never asks for service"),
    "never in force with its item": (
        also("powers", 2, row="P10", valid_from=dt.date(2025, 1, 1), valid_to=dt.date(2025, 2, 1)),
        ("powers", 9, "valid_from"),
        "never in force together",
    ),
    "unit kind with no unit": (change("powers", "P06", owner="林业"), ("powers", 5, "owner"), "林业"),
    "named squad as owner": (change("powers", "P03", owner="A1"), ("powers", 2, "owner"), "'A1'"),
    "repair to a squad": (
        change("powers", "P06", owner_kind="squad", owner="*"),
        ("powers", 5, "owner_kind"),
        "no squad's",
    ),
    "detention to a squad": (change("powers", "P03", scope="行政拘留"), ("powers", 2, "owner_kind"), "liberty"),
    "public field empty": (change("powers", "P03", hotline=""), ("powers", 2, "hotline"), "empty"),
    "domain outside the list": (change("items", "stall", domain="占卜"), ("items", 2, "domain"), "占卜"),
    "priority without a ladder": (change("items", "stall", priority=4), ("items", 2, "priority"), "priority 4"),
    "unreadable limit": (change("items", "stall", limit="2天"), ("items", 2, "limit"), "'2天' is no duration"),
    "lease of no length": (change("ladders", 0, lease="0 minutes"), ("ladders", 0, "lease"), "no time"),
    "township without a squad": (without("squads", id="A2"), ("territories", 5, "id"), "二镇 has no squad"),
    "partition twice": (change("desks", "yi", partition=0), ("desks", 1, "partition"), "another desk's"),
    "partition out of range": (change("desks", "yi", partition=32), ("desks", 1, "partition"), "no partition 32"),
    "two city desks": (change("desks", "yi", kind="city"), ("desks", 3, "kind"), "2 city desks"),
    "squad without teams": (without("teams", squad="B2"), ("squads", 4, "id"), "B2 has no team"),
    "squad without a lead team": (without("teams", id="B2-L"), ("squads", 4, "id"), "no lead team"),
    "team of one": (without("officers", number="A1-004"), ("teams", 1, "id"), "not two formal"),
    "officer in another squad's team": (change("officers", "A1-003", team="A2-A"), ("officers", 2, "team"), "is of A2"),
    "shift of no length": (also("shifts", 0, day=0, start=600, end=600), ("shifts", 4, "end"), "no shift"),
    "nobody certified later": (
        change("certificates", "C-B1-001", valid_to=dt.date(2026, 7, 14)),
        ("squads", 3, "id"),
        "no certified pair on 2026-07-15 from 00:00",
    ),
    "nobody at night": (change("teams", "B1-A", pattern="day"), ("squads", 3, "id"), "on 2026-01-01 from 00:00"),
    "certificate of no domain": (
        change("certificates", "S-A1-004", domain="占卜"),
        ("certificates", 3, "domain"),
        "占卜",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_fault_names_its_row_and_what_is_wrong(name: str) -> None:
    """Each rule of the check fires on the row that breaks it."""
    pack, place, words = BAD[name]
    found = check.faults(pack, 2026)
    assert [f for f in found if f[:3] == place and words in f.what], found
    assert all(f.right for f in found)


def test_a_missing_year_of_the_calendar_is_a_fault() -> None:
    """Else holidays of that year would be workdays without a word."""
    found = check.faults(PACK, 2028)
    assert [(f.table, f.what) for f in found] == [("calendar", "nothing of 2028")]
    gap = also("calendar", 0, date=dt.date(2028, 1, 1))
    assert "nothing of 2027" in [f.what for f in check.faults(gap)]


def test_the_lead_team_on_call_covers_nothing() -> None:
    """On call is not on duty: without its other teams at night a squad has nobody, whatever its leader's team says."""
    pack = without("teams", id="B2-A")
    assert [f.what for f in check.faults(pack) if f.table == "squads"] == [
        "B2 has no certified pair on 2026-01-01 from 00:00"
    ]


def test_a_night_shift_covers_the_morning_after() -> None:
    """From 20:00 to 08:00 and from 08:00 to 20:00 is round the clock."""
    assert check.faults(change("teams", "B1-A", pattern="night")) == []


def test_a_unit_kind_needs_the_citys_unit_or_one_of_every_desk() -> None:
    """A unit kind is complete with one at the city's desk, or with one at every desk."""
    own = [msgspec.structs.replace(PACK.units[0], id=f"U-{d.id}", kind="林业", desk=d.id) for d in PACK.desks]
    pack = msgspec.structs.replace(change("powers", "P06", owner="林业"), units=(*PACK.units, *own))
    assert check.faults(pack, 2026) == []
