"""The questions a city answers (city.py), and every rule of the check (check/), on the small city."""

import datetime as dt
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from dispatchers import check
from dispatchers.check.powers import weight
from dispatchers.city import City, metres
from dispatchers.clock import EPOCH
from dispatchers.law import Law, asked, days_of, hold
from dispatchers.rows import (
    Authority,
    CityPack,
    Command,
    Posting,
    Power,
    Precedent,
    Rollout,
    Row,
)
from streams import city_files

PACK = city_files.load(Path(__file__).parent.parent / "city/small")
CITY = City(PACK, "test")
EAST = dt.timezone(dt.timedelta(hours=8))


def at(stamp: str) -> int:
    return int(dt.datetime.fromisoformat(stamp).replace(tzinfo=EAST).timestamp() * 1000)


def day(date: str) -> int:
    return dt.date.fromisoformat(date).toordinal() - EPOCH


TODAY = day("2026-07-13")
NAMES = {
    "officers": "number", "certificates": "number", "collectors": "number", "stages": "stage", "domains": "name",
    "replies": "kind",
}  # fmt: skip
FIRST = dt.date(2026, 1, 1)


def change(table: str, key: object, **fields: Any) -> CityPack:
    """The small city with one row changed."""
    rows = getattr(PACK, table)
    name = {**check.KEYS, **NAMES}[table]
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


def plus(table: str, *rows: Row, to: CityPack = PACK) -> CityPack:
    """The small city with rows more."""
    return msgspec.structs.replace(to, **{table: (*getattr(to, table), *rows)})


def facts(**fields: Any) -> CityPack:
    """The small city with other facts of its own."""
    return msgspec.structs.replace(PACK, facts=msgspec.structs.replace(PACK.facts, **fields))


def windows(**fields: Any) -> CityPack:
    """The small city with other windows."""
    return facts(windows=msgspec.structs.replace(PACK.facts.windows, **fields))


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
    """By the source's scheme, or directly; what nobody mapped is nothing. A code may tell a fact too."""
    named = [CITY.law.category(*c) for c in (("test", "STALL"), ("item", "stall"), ("test", "stall"), ("item", "x"))]
    found = [CITY.law.item(item, TODAY) for item, _ in named]
    assert [item.id if item else None for item in found] == ["stall", "stall", None, None]
    assert CITY.law.category("test", "CAR_LITTER") == ("litter", {"actor": "vehicle"})


def test_powers_are_those_in_force() -> None:
    """A row ends, the next begins: one owner on each day."""
    pack = change("powers", "P03", valid_to=dt.date(2026, 7, 13))
    later = msgspec.structs.replace(
        pack.powers[2], row="P03b", valid_from=dt.date(2026, 7, 14), valid_to=None, owner_kind="component", owner="市政"
    )
    city = City(msgspec.structs.replace(pack, powers=(*pack.powers, later)), "test")
    owners = [city.law.power("stall", "penalty", {}, "jia", TODAY + n, TODAY + n) for n in (0, 1)]
    assert [owner.row if owner else None for owner in owners] == ["P03", "P03b"]


def test_an_items_own_hint_comes_before_that_of_all() -> None:
    """So a hint about one item is no vain one because shorter words are in a row for all before it."""
    own = msgspec.structs.replace(PACK.hints[2], item="stall", words="煤气味", fact="smell=gas")
    every = msgspec.structs.replace(own, item="*", words="煤气", fact="smell=any")
    pack = plus("hints", every, own)
    assert City(pack, "test").law.hinted("stall", "有煤气味")["smell"] == "gas"
    assert check.faults(pack, 2026) == []


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


@pytest.mark.parametrize(
    ("team", "now", "next_"),
    [
        ("A1-B", "2026-07-13 07:59", "2026-07-13 08:00"),
        ("A1-B", "2026-07-13 08:00", "2026-07-13 20:00"),
        ("A1-B", "2026-07-13 20:00", "2026-07-14 08:00"),
        ("A1-N", "2026-07-13 03:00", "2026-07-13 08:00"),
        ("A1-N", "2026-07-13 23:00", "2026-07-14 08:00"),
    ],
)
def test_the_roster_says_when_it_changes_next(team: str, now: str, next_: str) -> None:
    """From the minute of a change on it is the one after; a night shift of yesterday ends this morning."""
    assert CITY.next_change(CITY.teams[team], at(now)) == at(next_)


def test_a_change_may_be_days_ahead_or_never_come() -> None:
    """Who works one night of five waits four days; who is always on call is never relieved."""
    rare = tuple(msgspec.structs.replace(s, cycle=5) if s.pattern == "night" else s for s in PACK.shifts)
    pack = msgspec.structs.replace(change("teams", "A1-N", phase=-TODAY % 5), shifts=rare)
    city = City(pack, "test")
    assert city.next_change(city.teams["A1-N"], at("2026-07-14 08:00")) == at("2026-07-18 20:00")
    assert [CITY.next_change(CITY.teams[t], at("2026-07-13 12:00")) for t in ("A1-A", "A1-L")] == [0, 0]


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
    "category to nowhere": (
        also("categories", 0, code="X", item="x"),
        ("categories", len(PACK.categories), "item"),
        "'x'",
    ),
    "key twice": (also("items", 0), ("items", 21, "id"), "collapse is given twice"),
    "category twice": (also("categories", 0), ("categories", len(PACK.categories), "code"), "twice"),
    "scheme of our own": (
        also("categories", 0, scheme="item"),
        ("categories", len(PACK.categories), "scheme"),
        "directly",
    ),
    "two squads at home": (also("squads", 0, id="A9"), ("squads", 8, "valid_from"), "in force at once with row 1"),
    "two squads of two tiers at home": (
        also("squads", 0, id="A9", tier="county_mobile"),
        ("squads", 8, "valid_from"),
        "in force at once with row 1",
    ),
    "a power twice": (also("powers", 2, row="P90"), ("powers", 28, "valid_from"), "in force at once with row 3"),
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
                msgspec.structs.replace(PACK.powers[2], row="P90", valid_from=dt.date(2026, 7, 2)),
            ),
        ),
        ("items", 2, "id"),
        "no owner on 2026-07-01",
    ),
    "never in force after its item": (
        msgspec.structs.replace(
            change("items", "stall", valid_to=dt.date(2026, 12, 31)),
            powers=also("powers", 2, row="P90", valid_from=dt.date(2027, 1, 1)).powers,
        ),
        ("powers", 28, "valid_from"),
        "never in force together",
    ),
    "duty never asked for": (change("powers", "P06", duty="service"), ("powers", 5, "duty"), "never asks for service"),
    "never in force with its item": (
        also("powers", 2, row="P90", valid_from=dt.date(2025, 1, 1), valid_to=dt.date(2025, 2, 1)),
        ("powers", 28, "valid_from"),
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
    "domain not yet in the list": (
        change("domains", "环境保护", valid_from=dt.date(2026, 6, 1)),
        ("powers", 1, "valid_from"),
        "环境保护 is not in the list on 2026-01-01",
    ),
    "priority without a ladder": (change("items", "stall", priority=4), ("items", 2, "priority"), "priority 4"),
    "unreadable limit": (change("items", "stall", limit="2天"), ("items", 2, "limit"), "'2天' is no duration"),
    "lease of no length": (change("ladders", 0, lease="0 minutes"), ("ladders", 0, "lease"), "no time"),
    "township without a squad": (without("squads", id="A2"), ("territories", 5, "id"), "二镇 has no squad"),
    "statute area without a squad": (
        plus(
            "territories",
            msgspec.structs.replace(PACK.territories[4], id="S1", kind="statute", name="湖区"),
            to=without("squads", id="AM"),
        ),
        ("territories", 8, "id"),
        "湖区 has no squad",
    ),
    "partition twice": (change("desks", "yi", partition=0), ("desks", 1, "partition"), "another desk's"),
    "partition out of range": (change("desks", "yi", partition=32), ("desks", 1, "partition"), "no partition 32"),
    "two city desks": (change("desks", "yi", kind="city"), ("desks", 3, "kind"), "2 city desks"),
    "squad without teams": (without("teams", squad="B2"), ("squads", 4, "id"), "B2 has no team"),
    "squad without a lead team": (without("teams", id="B2-L"), ("squads", 4, "id"), "no lead team"),
    "team of one": (without("officers", number="A1-004"), ("teams", 1, "id"), "not two formal"),
    "officer in another squad's team": (change("officers", "A1-003", team="A2-A"), ("officers", 2, "team"), "is of A2"),
    "shift of no length": (also("shifts", 0, day=0, start=600, end=600), ("shifts", 4, "end"), "no shift"),
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


def power(row: str, copy_of: str, **fields: Any) -> CityPack:
    """The small city with one power more, like an existing one."""
    old = next(p for p in PACK.powers if p.row == copy_of)
    return plus("powers", msgspec.structs.replace(old, row=row, **fields))


def ruling(**fields: Any) -> CityPack:
    """The small city with a precedent: stalls are the safety department's."""
    given: dict[str, Any] = {
        "row": "R1", "item": "stall", "duty": "penalty", "when": ("actor=ship",), "owner_kind": "department",
        "owner": "应急", "document": "1/2026", "valid_from": FIRST, "source": "invented",
    }  # fmt: skip
    return plus("precedents", Precedent(**{**given, **fields}))


def named(item: str, name: str = "甲县执法局") -> CityPack:
    """The small city with a row of authorities."""
    row = Authority(item=item, territory="990101", acting_name=name, valid_from=FIRST, source="invented")
    return plus("authorities", row)


def rollout(item: str, mode: Literal["auto", "propose", "shadow"], desk: str = "*", to: CityPack = PACK) -> CityPack:
    """The small city with a row of rollout."""
    return plus("rollout", Rollout(desk=desk, item=item, mode=mode, valid_from=FIRST, source="invented"), to=to)


def own_lists(*days: tuple[dt.date, dt.date | None]) -> CityPack:
    """The small city with power lists of 甲县's own."""
    lists = (
        msgspec.structs.replace(PACK.lists[0], id=f"J-{n}", desk="jia", valid_from=first, valid_to=last)
        for n, (first, last) in enumerate(days)
    )
    return plus("lists", *lists)


def own_domains(*left_out: str) -> CityPack:
    """The small city with 城乡规划 for sheds, and 甲县 with a list of domains of its own."""
    planning = msgspec.structs.replace(PACK.domains[0], name="城乡规划", order=5)
    pack = plus("domains", planning, to=change("items", "shed", domain="城乡规划"))
    kept = [d for d in pack.domains if d.name not in left_out]
    return plus("domains", *(msgspec.structs.replace(d, desk="jia", order=n) for n, d in enumerate(kept, 1)), to=pack)


def posting(officer: str, to: str, first: str, last: str | None = None) -> Posting:
    return Posting(
        officer=officer,
        to=to,
        valid_from=dt.date.fromisoformat(first),
        valid_to=dt.date.fromisoformat(last) if last else None,
        source="invented",
    )


def moved(gone: str, come: str) -> CityPack:
    """The auxiliary A1-003 goes to A2 on a day, and comes there on another."""
    pack = change("officers", "A1-003", valid_to=dt.date.fromisoformat(gone))
    old = next(o for o in PACK.officers if o.number == "A1-003")
    there = msgspec.structs.replace(old, squad="A2", team="A2-A", valid_from=dt.date.fromisoformat(come), valid_to=None)
    return plus("officers", there, to=pack)


SAFETY = {"owner_kind": "department", "owner": "应急", "transfer_state": "not_transferred"}
LATER, YEAR_END = dt.date(2026, 6, 1), dt.date(2026, 12, 31)
EXACT: dict[str, tuple[CityPack, tuple[str, int, str], str]] = {
    # one row is changed, and this one thing is told
    # -- who owns what
    "no owner at one desk": (
        plus(
            "powers",
            *(msgspec.structs.replace(PACK.powers[2], row=f"P-{desk}", desk=desk) for desk in ("yi", "bing")),
            to=change("powers", "P03", desk="jia"),
        ),
        ("items", 2, "id"),
        "no owner on 2026-01-01 at ding",
    ),
    "owner only under a condition": (
        change("powers", "P03", when=("actor=ship",)),
        ("items", 2, "id"),
        "no owner on 2026-01-01",
    ),
    "two owners": (
        power("P90", "P03", **SAFETY),
        ("powers", 28, "owner"),
        "a second owner: department 应急, and the squad by row 3 of powers for stall, penalty, from 2026-01-01",
    ),
    "two owners under conditions that can hold together": (
        power("P90", "P12", when=("place=road",), owner_kind="department", owner="应急"),
        ("powers", 28, "owner"),
        "a second owner: department 应急, and police 公安 by row 12",
    ),
    "two owners at a desk": (
        plus(
            "powers",
            *(
                msgspec.structs.replace(PACK.powers[2], row=f"P9{n}", desk="jia", **more)
                for n, more in enumerate(({}, SAFETY))
            ),
        ),
        ("powers", 29, "owner"),
        "and the squad by row 29",
    ),
    "a condition that is never true": (
        power("P90", "P12", when=("actor=vehicle", "actor=ship")),
        ("powers", 28, "when"),
        "actor=vehicle;actor=ship is never true",
    ),
    "a condition that denies itself": (
        power("P90", "P12", when=("actor=vehicle", "actor!=vehicle")),
        ("powers", 28, "when"),
        "is never true",
    ),
    "no condition": (
        change("powers", "P12", when=("vehicle",)),
        ("powers", 11, "when"),
        "'vehicle' is no condition",
    ),
    "a condition twice": (
        change("powers", "P12", when=("actor=vehicle", "actor=vehicle")),
        ("powers", 11, "when"),
        "a condition twice",
    ),
    "personal liberty that waits for capacity": (
        change("items", "pending", powers=("personal_liberty",)),
        ("powers", 24, "owner_kind"),
        "pending may be personal_liberty",
    ),
    "a power that another always beats": (
        power("P90", "P12", when=("actor=vehicle", "actor!=ship"), owner_kind="department", owner="应急"),
        ("powers", 11, "row"),
        "never decides: row 29 of powers always comes before it",
    ),
    "a city's power that every desk replaces": (
        plus("powers", *(msgspec.structs.replace(PACK.powers[2], row=f"P-{d.id}", desk=d.id) for d in PACK.desks)),
        ("powers", 2, "row"),
        "never decides: row",
    ),
    "a duty of a repair": (power("P90", "P06", duty="penalty"), ("powers", 28, "duty"), "never asks for penalty"),
    "personal liberty to a squad": (
        change("items", "stall", powers=("penalty", "personal_liberty")),
        ("powers", 2, "owner_kind"),
        "stall may be personal_liberty",
    ),
    "personal liberty to a squad by a precedent": (
        ruling(item="detain", when=(), owner_kind="squad", owner="*"),
        ("precedents", 0, "owner_kind"),
        "detain may be personal_liberty",
    ),
    "emergency without its services": (
        change("items", "gasleak", emergency=("燃气", "海警")),
        ("items", 13, "emergency"),
        "no unit of kind '海警'",
    ),
    "precedent without its unit": (ruling(owner="林业"), ("precedents", 0, "owner"), "no unit of kind '林业'"),
    "precedent that is never true": (ruling(when=("a=1", "a=2")), ("precedents", 0, "when"), "never true"),
    "precedent about nothing": (ruling(item="ufo"), ("precedents", 0, "item"), "'ufo'"),
    "precedent too late": (
        msgspec.structs.replace(
            change("items", "shed", valid_to=YEAR_END),
            precedents=ruling(item="shed", when=(), valid_from=dt.date(2027, 1, 1)).precedents,
        ),
        ("precedents", 0, "valid_from"),
        "never in force together with shed",
    ),
    # -- the smaller tables
    "unit of a kind twice": (also("units", 0, id="JA-2"), ("units", 10, "kind"), "JA-works is the unit of kind '市政'"),
    "further limit unreadable": (
        also("limits", 0, item="stall", limit="4"),
        ("limits", 3, "limit"),
        "'4' is no duration",
    ),
    "further limit twice": (also("limits", 0), ("limits", 3, "valid_from"), "with row 1 of limits for shed, stop"),
    "further limit of nothing": (also("limits", 0, item="ufo"), ("limits", 3, "item"), "'ufo'"),
    "arrival of no length": (change("ladders", 1, arrive="soon"), ("ladders", 1, "arrive"), "'soon' is no duration"),
    "window of merging": (change("merges", "tree", window="1h"), ("merges", 1, "window"), "'1h' is no duration"),
    "priority left out": (
        plus(
            "ladders",
            msgspec.structs.replace(PACK.ladders[3], priority=5),
            to=plus("channels", msgspec.structs.replace(PACK.channels[0], priority=5)),
        ),
        ("ladders", -1, "priority"),
        "no ladder of priority 4",
    ),
    "channel of no priority": (also("channels", 0, priority=9), ("channels", 16, "priority"), "no priority 9"),
    "channel twice": (also("channels", 0), ("channels", 16, "channel"), "goes through webhook twice"),
    "channel when the lease is nearly over": (
        also("channels", 0, channel="node", after="90 seconds"),
        ("channels", 16, "after"),
        "of a lease of 120 seconds",
    ),
    "channel that stands still at night": (
        also("channels", 0, channel="node", after="1 working_hours"),
        ("channels", 16, "after"),
        "stands still at night",
    ),
    "no telephone": (change("squads", "A1", phone=""), ("squads", 0, "phone"), "A1 has no telephone"),
    "somebody's telephone": (change("squads", "A2", phone="13900000000"), ("squads", 1, "phone"), "'13900000000'"),
    "red line that the desk sees": (without("redlines", id="cash"), ("redlines", -1, "id"), "no red line cash"),
    "red line twice": (also("redlines", 0), ("redlines", 5, "id"), "single_officer is given twice"),
    "silence of no length": (facts(node_silence="0 minutes"), ("facts", -1, "node_silence"), "no time at all"),
    "no rule of merging for all": (without("merges", item="*"), ("merges", -1, "item"), '"*"'),
    "merging of nothing": (change("merges", "tree", item="ufo"), ("merges", 1, "item"), "'ufo'"),
    "one report is many": (change("merges", "tree", raise_at=1), ("merges", 1, "raise_at"), "1 reports"),
    "negative radius": (change("merges", "tree", radius=-1), ("merges", 1, "radius"), "-1 metres"),
    "no rule of replies": (without("replies", kind="report"), ("replies", -1, "kind"), "no rule for report"),
    "replies to nobody": (also("replies", 0, kind="rumour"), ("replies", 9, "kind"), "'rumour'"),
    "replies twice": (also("replies", 0), ("replies", 9, "kind"), "complaint is given twice"),
    "replies by no unit": (change("replies", "praise", unit="林业"), ("replies", 6, "unit"), "'林业'"),
    "reply limit": (change("replies", "praise", limit="soon"), ("replies", 6, "limit"), "'soon'"),
    "stage missing": (
        without("stages", stage="park"),
        ("stages", -1, "stage"),
        "stage park has no limit on 2026-01-01",
    ),
    "stage for some days": (
        change("stages", "park", valid_to=LATER),
        ("stages", 11, "stage"),
        "stage park has no limit on 2026-06-02",
    ),
    "stage twice": (
        also("stages", 0, limit="1 hours"),
        ("stages", 16, "valid_from"),
        "with row 1 of stages for accept",
    ),
    "stage limit": (change("stages", "park", limit="2 weeks"), ("stages", 11, "limit"), "'2 weeks'"),
    "request twice": (also("requests", 0), ("requests", 16, "kind"), "notice is given twice"),
    "request without a rule": (without("requests", kind="video"), ("requests", -1, "kind"), "no rule for video"),
    "receipt of no length": (change("requests", "video", receipt="0 hours"), ("requests", 8, "receipt"), "no time"),
    "no power list for some days": (
        change("lists", "S-1", valid_to=dt.date(2026, 12, 30)),
        ("lists", -1, "id"),
        "no power list of the city on 2026-12-31",
    ),
    "two power lists": (
        change("lists", "S-1", valid_to=None),
        ("lists", 1, "valid_from"),
        "with row 1 of lists for the city",
    ),
    "domain twice": (also("domains", 0), ("domains", 4, "valid_from"), "with row 1 of domains for 市容环境卫生"),
    "two domains in one place": (change("domains", "安全生产", order=2), ("domains", 2, "order"), "that of row 2"),
    "hint to no item": (also("hints", 2, words="井盖", fact="item=ufo"), ("hints", 3, "fact"), "no item 'ufo'"),
    "hint to no duty": (also("hints", 1, words="井盖", fact="duty=fun"), ("hints", 3, "fact"), "no duty 'fun'"),
    "hint that tells nothing": (also("hints", 0, words="井盖", fact="car"), ("hints", 3, "fact"), "'car' is no fact"),
    "hint that denies": (also("hints", 0, words="井盖", fact="actor!=car"), ("hints", 3, "fact"), "is no fact"),
    "hint that another beats": (
        also("hints", 2, words="煤气味", fact="item=burning"),
        ("hints", 3, "words"),
        "row 3 finds '煤气' first",
    ),
    "hint of a duty that is never asked for": (
        also("hints", 1, item="lamp", words="井盖"),
        ("hints", 3, "fact"),
        "never counts: lamp is repair",
    ),
    "hint of another item where one is told": (
        also("hints", 2, item="stall", words="井盖", fact="item=burning"),
        ("hints", 3, "fact"),
        "never counts: the item is stall already",
    ),
    "hint of an emergency in an emergency": (
        also("hints", 2, item="gasleak", words="井盖"),
        ("hints", 3, "fact"),
        "never counts: the item is gasleak already",
    ),
    "category of a duty that is never asked for": (
        also("categories", 0, code="X", item="lamp", facts=("duty=routine",)),
        ("categories", len(PACK.categories), "facts"),
        "never counts: lamp is repair",
    ),
    "hint about nothing": (also("hints", 0, item="ufo", words="井盖"), ("hints", 3, "item"), "'ufo'"),
    "category that tells nothing": (
        also("categories", 0, code="X", facts=("car",)),
        ("categories", len(PACK.categories), "facts"),
        "'car'",
    ),
    "category that tells two things": (
        also("categories", 0, code="X", facts=("actor=car", "actor=ship")),
        ("categories", len(PACK.categories), "facts"),
        "two values of one fact",
    ),
    "readiness for nothing": (also("readiness", 0, item="stall"), ("readiness", 1, "item"), "nothing of stall waits"),
    "readiness nowhere": (also("readiness", 0, territory="990199"), ("readiness", 1, "territory"), "'990199'"),
    "readiness of nothing": (also("readiness", 0, item="ufo"), ("readiness", 1, "item"), "'ufo'"),
    "authority of nobody": (
        named("*", "戊局"),
        ("authorities", 0, "acting_name"),
        "'戊局'",
    ),
    "rollout of nothing": (
        rollout("ufo", "auto"),
        ("rollout", 0, "item"),
        "'ufo'",
    ),
    "rollout at no desk": (
        rollout("*", "auto", "wu"),
        ("rollout", 0, "desk"),
        "'wu'",
    ),
    "order that nobody gives": (
        plus("commands", Command(order="Dance", prevails="line", source="invented")),
        ("commands", 3, "order"),
        "'Dance'",
    ),
    "order twice": (also("commands", 0), ("commands", 3, "order"), "AssignCase is given twice"),
    "two levels": (
        facts(levels=("镇", "市")),
        ("facts", -1, "levels"),
        "2 levels",
    ),
    "consult that is a task": (
        change("replies", "consult", unit=""),
        ("replies", 3, "unit"),
        "consult without a unit",
    ),
    "report that is only answered": (
        change("replies", "report", unit="热线"),
        ("replies", 2, "unit"),
        "never looked into",
    ),
    "event that is only answered": (
        change("replies", "event", unit="热线"),
        ("replies", 7, "unit"),
        "event answered by",
    ),
    "county that is ready": (
        also("readiness", 0, territory="990200"),
        ("readiness", 1, "territory"),
        "990200 is a county",
    ),
    "name for what no squad does": (named("lamp"), ("authorities", 0, "item"), "no squad has any duty of lamp"),
    "limit that nobody knows": (also("limits", 0, name="finish"), ("limits", 3, "name"), "no limit 'finish'"),
    "emergency in the shadow": (rollout("gasleak", "shadow"), ("rollout", 0, "mode"), "gasleak is an emergency"),
    "domain of an emergency in the shadow": (rollout("市政公用", "shadow"), ("rollout", 0, "mode"), "gasleak"),
    "all in the shadow": (rollout("*", "shadow", "jia"), ("rollout", 0, "mode"), "gasleak is an emergency"),
    "domain too far down": (change("domains", "市政公用", order=9), ("domains", 3, "order"), "order 9 of 4 domains"),
    "domain before the first": (change("domains", "市容环境卫生", order=0), ("domains", 0, "order"), "order 0 of 4"),
    "unit with the id of a squad": (change("units", "DI-clean", id="A1"), ("units", 2, "id"), "A1 is a squad's id"),
    # -- facts, and what tells them
    "rule about the duty": (power("P90", "P12", when=("duty=routine",)), ("powers", 28, "when"), "never asked"),
    "rule about the item": (power("P90", "P12", when=("item=stall",)), ("powers", 28, "when"), "never asked"),
    "rule about the person": (ruling(when=("about=A1",)), ("precedents", 0, "when"), "about=A1 is never asked"),
    "hint of nobody's duty": (
        also("hints", 1, item="stall"),
        ("hints", 3, "fact"),
        "nobody owns routine of stall",
    ),
    "hint of a duty that is not everybody's": (
        also("hints", 1, item="*", words="请问"),
        ("hints", 3, "fact"),
        "nobody owns routine of collapse",
    ),
    "category of nobody's duty": (
        also("categories", 2, code="X", facts=("duty=coercion",)),
        ("categories", len(PACK.categories), "facts"),
        "nobody owns coercion of stall",
    ),
    "hint of one character": (also("hints", 0, words="车"), ("hints", 3, "words"), "in too many words"),
    # -- areas, desks and bureaus
    "squad that ends": (change("squads", "A2", valid_to=LATER), ("territories", 5, "id"), "no squad on 2026-06-02"),
    "squad that begins late": (
        change("squads", "C1", valid_from=LATER),
        ("territories", 3, "id"),
        "丙园区 has no squad on 2026-01-01",
    ),
    "mobile squad in the place of a town's": (
        change("squads", "A2", tier="county_mobile"),
        ("territories", 5, "id"),
        "二镇 has no squad",
    ),
    "county in its own township": (
        change("territories", "990100", parent="990101"),
        ("territories", 1, "parent"),
        "甲县 is a county in a township",
    ),
    "two cities": (also("territories", 0, id="990001"), ("territories", 8, "kind"), "2 territories of kind city"),
    "township of another desk": (
        change("territories", "990102", desk="yi"),
        ("territories", 5, "desk"),
        "二镇 is of desk yi, and the area around it of jia",
    ),
    "township of another county": (
        change("territories", "990102", parent="990200"),
        ("territories", 5, "desk"),
        "二镇 is of desk jia, and the area around it of yi",
    ),
    "squad of another desk": (change("squads", "A2", desk="yi"), ("squads", 1, "desk"), "A2 is of desk yi"),
    "squad in another county's name": (
        change("squads", "A2", acting_name="乙县执法局"),
        ("squads", 1, "acting_name"),
        "its desk is of 甲县执法局",
    ),
    "zone in a county's name": (
        change("squads", "C1", acting_name="甲县执法局"),
        ("squads", 6, "acting_name"),
        "its desk is of 丁市执法局丙园区分局",
    ),
    "squad led by another county": (
        change("squads", "A2", line_superior="bureau-yi"),
        ("squads", 1, "line_superior"),
        "A2 is led by bureau-yi",
    ),
    "squad without a block": (change("squads", "A2", block_superior=""), ("squads", 1, "block_superior"), "A2 has no"),
    "circle of superiors": (
        change("organisations", "bureau-city", line_superior="bureau-jia"),
        ("organisations", 0, "line_superior"),
        "bureau-city > bureau-jia > bureau-city is a circle",
    ),
    "zone without a collector": (
        without("collectors", number="K-bing"),
        ("desks", 2, "id"),
        "丙园区指挥席 has no collector on 2026-01-01, and 丙园区 is its",
    ),
    "collector who leaves": (change("collectors", "K-bing", valid_to=LATER), ("desks", 2, "id"), "on 2026-06-02"),
    "border with itself": (also("borders", 0, b="990101"), ("borders", 3, "b"), "990101 borders on itself"),
    "border twice": (also("borders", 0, a="990102", b="990101"), ("borders", 3, "b"), "by row 1 of borders already"),
    "border of no length": (also("borders", 0, b="990201", metres=0), ("borders", 3, "metres"), "of 0 metres"),
    "seat beyond the world": (change("squads", "A2", lon=181.0), ("squads", 1, "lon"), "at lon 181.0"),
    "seat beyond the pole": (change("squads", "A2", lat=-91.0), ("squads", 1, "lat"), "at lat -91.0"),
    # -- time and measure
    "limit of eleven years": (
        change("items", "stall", limit="4000 days"),
        ("items", 2, "limit"),
        "more than ten years",
    ),
    "limit in wide digits": (change("items", "stall", limit="４ hours"), ("items", 2, "limit"), "is no duration"),
    "collector by working time": (
        change("stages", "verify", limit="4 working_hours"),
        ("stages", 1, "limit"),
        "stands still at night",
    ),
    "duty by working time": (change("stages", "hours", limit="8 working_hours"), ("stages", 14, "limit"), "at night"),
    "offer by working time": (change("ladders", 1, lease="1 working_hours"), ("ladders", 1, "lease"), "at night"),
    "window by working time": (windows(receipts="90 working_days"), ("facts", -1, "windows.receipts"), "at night"),
    "gap in a county's own lists": (
        own_lists((FIRST, dt.date(2026, 3, 31)), (dt.date(2026, 5, 1), None)),
        ("lists", 3, "valid_from"),
        "jia has no list of its own on 2026-04-01",
    ),
    "make-up workday on a Monday": (
        also("calendar", 1, date=dt.date(2026, 9, 21)),
        ("calendar", 9, "date"),
        "2026-09-21 is a Monday",
    ),
    "beyond the date line": (facts(utc_offset_minutes=1441), ("facts", -1, "utc_offset_minutes"), "1441 minutes"),
    "negative window": (windows(neighbours=-1), ("facts", -1, "windows.neighbours"), "neighbours is -1"),
    "no report is many": (windows(repeat_level=0), ("facts", -1, "windows.repeat_level"), "repeat_level is 0"),
    "doubt beyond the border": (
        windows(ambiguous_metres=151),
        ("facts", -1, "windows.ambiguous_metres"),
        "more than border_metres 150",
    ),
    "case of no weight": (change("ladders", 3, weight=0), ("ladders", 3, "weight"), "a case weighs 0"),
    "squad that may hold nothing": (change("squads", "A2", cap=0), ("squads", 1, "cap"), "A2 may hold 0"),
    # -- what single rows of the list may say
    "department after the transfer": (
        change("powers", "P03", owner_kind="department", owner="应急"),
        ("powers", 2, "transfer_state"),
        "transferred, and department 应急 owns its penalty",
    ),
    "department before the return": (
        change("powers", "P03", **{**SAFETY, "transfer_state": "to_return"}),
        ("powers", 2, "transfer_state"),
        "to_return, and department 应急",
    ),
    "department that coerces after the transfer": (
        power("P90", "P28", duty="coercion", owner_kind="department", owner="应急"),
        ("powers", 28, "transfer_state"),
        "owns its coercion",
    ),
    **{
        f"squad that is {state}": (
            change("powers", "P03", transfer_state=state),
            ("powers", 2, "transfer_state"),
            f"{state}, and a squad owns its penalty",
        )
        for state in ("not_transferred", "pending_capacity", "should_transfer")
    },
    "personal liberty to a department": (
        change("powers", "P27", owner_kind="department", owner="应急"),
        ("powers", 26, "owner_kind"),
        "detain may be personal_liberty, and a department",
    ),
    "personal liberty to a department that coerces": (
        power("P90", "P27", duty="coercion", owner_kind="department", owner="应急"),
        ("powers", 28, "owner_kind"),
        "detain may be personal_liberty",
    ),
    "personal liberty in the scope of a department": (
        change("powers", "P20", scope="行政拘留"),
        ("powers", 19, "owner_kind"),
        "personal liberty given to a department",
    ),
    "personal liberty in the standard of a squad": (
        change("powers", "P03", standard="处十日以下拘留"),
        ("powers", 2, "owner_kind"),
        "personal liberty given to a squad",
    ),
    "owner of two kinds": (
        power("P90", "P14", duty="follow_up", owner_kind="professional"),
        ("powers", 28, "owner_kind"),
        "应急 as professional, and as department in row 14 of powers",
    ),
    "domain that a county has not": (
        own_domains("城乡规划"),
        ("powers", 27, "valid_from"),
        "城乡规划 is not in the list on 2026-01-01 at jia, and a squad owns shed",
    ),
    **{
        f"public field {text!r}": (change("powers", "P03", **{field: text}), ("powers", 2, field), "says nothing")
        for field, text in (
            ("standard", "-"),
            ("standard", "—"),
            ("hotline", "无"),
            ("basis", "model"),
            ("scope", "N/A"),
        )
    },
    "hotline that nobody can call": (change("powers", "P03", hotline="call us"), ("powers", 2, "hotline"), "'call us'"),
    # -- people and things
    "lent to somewhere": (
        plus("postings", posting("A1-003", "学校", "2026-02-01")),
        ("postings", 0, "to"),
        "no organisation or squad '学校'",
    ),
    "certificate of an auxiliary": (
        also("certificates", 0, officer="A1-003", number="C-A1-003"),
        ("certificates", len(PACK.certificates), "officer"),
        "A1-003 is an auxiliary",
    ),
    "officer in two squads": (moved("2026-06-01", "2026-06-01"), ("officers", 51, "valid_from"), "for A1-003"),
    "officer and collector": (
        also("collectors", 0, number="A1-003"),
        ("collectors", len(PACK.collectors), "number"),
        "A1-003 is an officer of A1 too on 2026-01-01",
    ),
    "collector in two places": (
        also("collectors", 0, territory="990102"),
        ("collectors", len(PACK.collectors), "valid_from"),
        "with row 1 of collectors",
    ),
    "lent to two": (
        plus(
            "postings",
            posting("A1-003", "outside: 学校", "2026-02-01"),
            posting("A1-003", "outside: 医院", "2026-03-01"),
        ),
        ("postings", 1, "valid_from"),
        "with row 1 of postings for A1-003",
    ),
    "lent before being there": (
        plus("postings", posting("A1-003", "outside: 学校", "2025-02-01", "2025-03-01")),
        ("postings", 0, "valid_from"),
        "A1-003 is nowhere then",
    ),
    "lent home": (
        plus("postings", posting("A1-003", "A1", "2026-02-01")),
        ("postings", 0, "to"),
        "A1-003 is of A1 already",
    ),
    "nobody lent": (
        plus("postings", posting("A9-001", "outside: 学校", "2026-02-01")),
        ("postings", 0, "officer"),
        "'A9-001'",
    ),
    "a boat in two places": (
        also("equipment", 16, squad="A1"),
        ("equipment", len(PACK.equipment), "valid_from"),
        "for S-A2",
    ),
    "a boat of nobody": (
        also("equipment", 16, id="S-2", squad="A9"),
        ("equipment", len(PACK.equipment), "squad"),
        "'A9'",
    ),
}


@pytest.mark.parametrize("name", EXACT)
def test_one_wrong_row_is_one_fault(name: str) -> None:
    """Each rule tells its fault with its place, and nothing beside it."""
    pack, place, words = EXACT[name]
    found = check.faults(pack, 2026)
    assert [f[:3] for f in found] == [place], found
    assert words in found[0].what
    assert found[0].right
    assert not found[0].warning


SHORT: dict[str, tuple[CityPack, tuple[str, int, str], str]] = {
    "nobody certified later": (
        change("certificates", "C-B1-001", valid_to=dt.date(2026, 7, 14)),
        ("squads", 3, "id"),
        "no certified pair on 2026-07-15 from 00:00",
    ),
    "nobody at night": (change("teams", "B1-A", pattern="day"), ("squads", 3, "id"), "on 2026-01-01 from 00:00"),
    "lent out": (
        plus("postings", posting("B1-001", "outside: 学校", "2026-07-15", "2026-07-20")),
        ("squads", 3, "id"),
        "no certified pair on 2026-07-15 from 00:00",
    ),
    "a year with one holiday": (
        also("calendar", 0, date=dt.date(2027, 1, 1)),
        ("calendar", 9, "date"),
        "2027 has 1 holidays",
    ),
    "a fact that nothing tells": (
        power("P90", "P12", when=("akteur=vehicle",)),
        ("powers", 28, "when"),
        "no code and no words make akteur=vehicle true of litter",
    ),
    "a value that nothing tells": (
        power("P90", "P12", when=("actor=vehicel",)),
        ("powers", 28, "when"),
        "make actor=vehicel true of litter",
    ),
    "no other value that anything tells": (
        ruling(item="safety", when=("actor!=ship",)),
        ("precedents", 0, "when"),
        "make actor!=ship true of safety",
    ),
    "a fact that nothing tells, twice": (
        plus("precedents", *ruling(item="refuse", row="R2").precedents, to=ruling(item="safety")),
        ("precedents", 0, "when"),
        "make actor=ship true of safety, nor in 1 rows more",
    ),
    "more auxiliaries than officers": (
        plus("officers", *(msgspec.structs.replace(PACK.officers[2], number=f"A1-9{n}") for n in (1, 2))),
        ("squads", 0, "id"),
        "A1 has more auxiliaries than formal officers in A1-A on 2026-01-01",
    ),
    "a priority without a channel": (without("channels", priority=1), ("channels", -1, "priority"), "own page alone"),
}


@pytest.mark.parametrize("name", SHORT)
def test_a_shortage_is_a_warning(name: str) -> None:
    """A city may have to live with it: it is told once for a squad, and refuses nothing."""
    pack, place, words = SHORT[name]
    (found,) = check.faults(pack, 2026)
    assert (found[:3], found.warning) == (place, True)
    assert words in found.what


def test_as_many_auxiliaries_as_officers_are_no_shortage() -> None:
    """R78: a ratio of 1.0 passes."""
    pack = plus("officers", msgspec.structs.replace(PACK.officers[2], number="A1-91"))
    assert check.faults(pack, 2026) == []


def test_what_only_looks_wrong_is_none() -> None:
    """A transfer from day to day, a desk's own owner, a special rule, a rule for each of two values, one row after
    another, a hint with longer words first."""
    for pack in (
        moved("2026-06-01", "2026-06-02"),
        power("P90", "P03", desk="jia", **SAFETY),
        power("P90", "P03", when=("place=market",), **SAFETY),
        power("P90", "P12", when=("actor=ship",), **SAFETY),
        power("P90", "P12", when=("actor!=vehicle",), **SAFETY),
        power("P90", "P12", when=("actor=vehicle", "place=road"), **SAFETY),
        power("P90", "P03", duty="coercion", **SAFETY),
        ruling(),
        ruling(when=(), desk="jia"),
        # Its squad is that of the county around it.
        plus("territories", msgspec.structs.replace(PACK.territories[4], id="S1", kind="statute", name="湖区")),
        rollout("安全生产", "shadow", "jia"),
        rollout("*", "shadow", to=rollout("gasleak", "auto")),
        own_lists((FIRST, dt.date(2026, 3, 31)), (dt.date(2026, 4, 1), None)),
        own_domains(),
        named("stall"),
        named("pending"),  # a squad's, where a town is ready
        change("powers", "P03", transfer_state="review"),
        change("powers", "P03", transfer_state="to_return"),
        also("calendar", 0, date=dt.date(2026, 9, 19)),  # a holiday on a Saturday
        plus(
            "postings",
            posting("A1-003", "outside: 学校", "2026-02-01", "2026-03-01"),
            posting("A1-003", "A2", "2026-03-02"),
        ),
        also("collectors", 0, number="A1-003", valid_from=dt.date(2025, 1, 1), valid_to=dt.date(2025, 12, 31)),
        msgspec.structs.replace(PACK, hints=(msgspec.structs.replace(PACK.hints[2], words="煤气味"), *PACK.hints)),
        also("hints", 2, item="stall", words="井盖"),  # an emergency, whatever the code says
        change("replies", "event", limit=""),  # nobody expects a reply
    ):
        assert check.faults(pack, 2026) == []


def test_an_unpublished_year_is_none() -> None:
    """Its row says that the notice is not out: the year is known to be unknown, and may not be used."""
    pack = also("calendar", 0, date=dt.date(2027, 1, 1), kind="unpublished")
    assert check.faults(pack, 2026) == []
    assert [(f[:3], f.what) for f in check.faults(pack, 2027)] == [(("calendar", 9, "kind"), "2027 is unpublished")]


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


def test_what_a_squad_needs_and_nobody_has_is_a_warning() -> None:
    """A vessel, or a certificate of a domain, neither at the desk nor at the city's (R10, R89): once for each desk."""
    for pack, desks, words in (
        (without("equipment", id="S-X1"), [1, 2, 3], "has a thing 'vessel', which boat takes"),
        (without("equipment", kind="vessel"), [0, 1, 2, 3], "has a thing 'vessel'"),
        (without("certificates", domain="安全生产"), [0, 1, 2, 3], "a certificate '安全生产', which chemicals takes"),
    ):
        there = {thing.id for thing in pack.equipment}
        used = tuple(row for row in pack.usage if row.thing in there)
        found = check.faults(msgspec.structs.replace(pack, usage=used), 2026)
        assert [f[:3] for f in found] == [("desks", n, "id") for n in desks]
        assert all(f.warning and words in f.what for f in found)


def test_one_squad_may_follow_another() -> None:
    """From day to day, with no hole between (R29)."""
    ended = change("squads", "A2", valid_to=LATER)
    for first, hole in ((dt.date(2026, 6, 2), []), (dt.date(2026, 6, 3), ["二镇 has no squad on 2026-06-02"])):
        pack = plus("squads", msgspec.structs.replace(PACK.squads[1], id="A9", valid_from=first), to=ended)
        assert [f.what for f in check.faults(pack, 2026) if f.table == "territories"] == hole


def test_a_row_that_moves_open_cases_is_not_shadowed_by_one_that_does_not() -> None:
    """R12: it decides about cases from before its days, and the other does not."""
    rest = {"when": ("actor=vehicle", "place=road"), "valid_from": LATER}
    stronger = {"when": ("actor=vehicle", "place=road", "actor!=ship"), "valid_from": LATER}
    for moves, faults in ((True, []), (False, ["never decides: row 30 of powers always comes before it"])):
        old = next(p for p in PACK.powers if p.row == "P12")
        rows = (
            msgspec.structs.replace(old, row="P90", moves_open=moves, **rest),
            msgspec.structs.replace(old, row="P91", **stronger),
        )
        assert [f.what for f in check.faults(plus("powers", *rows), 2026)] == faults


def known(rows: list[Power]) -> Iterator[dict[str, str]]:
    """All that may be known of the facts that rows ask for: each of their values, another, or nothing."""
    values: dict[str, set[str]] = {}
    for row in rows:
        for key, _, value in asked(row.when):
            values.setdefault(key, {"", "another"}).add(value)
    for choice in product(*(sorted(values[key]) for key in values)):
        yield {key: value for key, value in zip(values, choice, strict=True) if value}


def _holds(row: Power, desk: str, told: dict[str, str], on: int) -> bool:
    first, last = days_of(row)
    return row.desk in ("", desk) and first <= on <= last and hold(row.when, told)


@pytest.mark.parametrize("folder", ["tests/city/small", "tests/city/harbour", "deploy/jiaxing"])
def test_the_check_and_the_law_agree_about_what_comes_first(folder: str) -> None:
    """Of the rows that hold on a day, whatever is known, at each desk, the heaviest by the check's word decides."""
    pack = city_files.load(Path(__file__).parents[2] / folder)
    law = Law(pack)
    alike: dict[tuple[str, str], list[int]] = {}
    for n, row in enumerate(pack.powers):
        alike.setdefault((row.item, row.duty), []).append(n)
    compared = 0
    for (item, duty), places in alike.items():
        rows = [pack.powers[n] for n in places]
        days = {end + more for row in rows for end in days_of(row) for more in (-1, 0, 1)}
        for on, desk, told in product(sorted(days), (d.id for d in pack.desks), known(rows)):
            held = [n for n in places if _holds(pack.powers[n], desk, told, on)]
            first = max(held, key=lambda n: weight(pack.powers[n], desk, n), default=None)
            wanted = None if first is None else pack.powers[first].row
            power = law.power(item, duty, told, desk, on, on)
            assert (power.row if power else None) == wanted, (item, duty, told, desk, on)
            compared += len(held) > 1
    assert compared
