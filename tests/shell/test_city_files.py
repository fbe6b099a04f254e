"""A city pack from files: every fault at once with its place, the version, the published form, the real city."""

import csv
import datetime as dt
import gzip
import io
import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dispatchers.city import City
from dispatchers.clock import EPOCH
from dispatchers.law import DUTY
from dispatchers.messages import EVENT_KINDS, WireComplaint
from dispatchers.rows import CityPack, Item
from streams import city_cli, city_files, city_table, outlines
from streams.geo import Geo

SMALL = Path(__file__).parent.parent / "city/small"
HARBOUR = SMALL.parent / "harbour"
JIAXING = Path(__file__).parent.parent.parent / "deploy/jiaxing"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the small city, to be spoilt."""
    return Path(shutil.copytree(SMALL, tmp_path / "city"))


def spoil(file: Path, line: int, old: str, new: str) -> tuple[int, int]:
    """Put `new` in the place of `old` on a line; where it begins."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    column = lines[line - 1].index(old) + 1
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    file.write_text("".join(lines), encoding="utf-8")
    return line, column


def test_all_faults_of_all_files_are_told_at_once(folder: Path) -> None:
    """Fourteen faults of fourteen kinds in twelve files: each with its file, line and column, and none beside them."""
    wanted = {}
    for name, line, old, new, words in (
        ("city.yaml", 16, "180 days", "180 Tage", "'180 Tage' is no duration"),
        ("desks.csv", 3, "1,YI", "0,YI", "partition 0 is another desk's"),
        ("territories.csv", 7, "jia", "bei", "there is no 'bei' in desks"),
        ("squads.csv", 2, "town_squad", "village", "tier is 'village'"),
        ("squads.csv", 3, "20,60002", "many,60002", "cap is 'many'"),
        ("teams.csv", 9, "always", "noon", "there is no 'noon' in shifts"),
        ("shifts.csv", 4, "1920", "1200", "1200 to 1200 is no shift"),
        ("officers.csv", 4, "2026-01-01", "13.7.2026", "valid_from is '13.7.2026'"),
        ("certificates.csv", 2, "A1-001", "", "officer is empty"),
        ("items.csv", 5, "2 working_days", "2天", "'2天' is no duration"),
        ("categories.csv", 4, "stall", "stool", "there is no 'stool' in items"),
        ("powers.csv", 8, "市政", "林业", "no unit of kind '林业'"),
        ("calendar.csv", 3, "workday", "busy", "kind is 'busy'"),
        ("ladders.csv", 2, "true", "perhaps", "helps is 'perhaps'"),
    ):
        place = spoil(folder / name, line, old, new)
        wanted[str(folder / name), *place] = words
    pack, faults = city_files.read(folder)
    assert pack is None
    found = {(f.file, f.line, f.column): f.what for f in faults}
    assert {place: words in found.get(place, "") for place, words in wanted.items()} == dict.fromkeys(wanted, True)
    assert len(faults) == len(wanted), "\n".join(map(str, faults))
    assert all(f.right for f in faults)


def test_a_fault_is_printed_so_that_an_editor_can_jump_to_it(folder: Path) -> None:
    """file:line:column: what; right: what would be right."""
    spoil(folder / "squads.csv", 2, "town_squad", "village")
    _, (fault,) = city_files.read(folder)
    assert str(fault) == (
        f"{folder}/squads.csv:2:21: tier is 'village'; "
        "right: one of town_squad, zone_squad, county_mobile, city_detachment"
    )


@pytest.mark.parametrize(
    ("name", "text", "place", "words"),
    [
        ("teams.csv", None, (1, 1), "missing"),
        ("teams.csv", "", (1, 1), "empty"),
        ("teams.csv", "id,squad,name,pattern,phase,colour\n", (1, 29), "unknown column 'colour'"),
        ("teams.csv", "id,squad,name,pattern,phase\n", (1, 28), "column 'source' is missing"),
        ("teams.csv", "id,squad,name,pattern,phase,id,source\n", (1, 29), "column 'id' twice"),
        ("city.yaml", None, (1, 1), "missing"),
        ("city.yaml", "id: [small\n", (2, 1), "no YAML"),
        ("city.yaml", "- small\n", (1, 1), "the file is ['small']"),
        ("polygons.geojson", None, (1, 1), "missing"),
        ("polygons.geojson", '{"features": [\n{]}', (2, 2), "no JSON"),
        ("polygons.geojson", '{"features": [{}]}', (1, 1), "no collection of features"),
    ],
)
def test_a_file_that_cannot_be_read_at_all(
    folder: Path, name: str, text: str | None, place: tuple[int, int], words: str
) -> None:
    """It is told with its place, and the others' own faults still are."""
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text, encoding="utf-8")
    other = spoil(folder / "squads.csv", 2, "town_squad", "village")
    pack, faults = city_files.read(folder)
    assert pack is None
    assert [f for f in faults if (f.line, f.column) == place and words in f.what and f.file.endswith(name)]
    assert (str(folder / "squads.csv"), *other) in [f[:3] for f in faults]


def test_the_yaml_file_tells_each_wrong_value(folder: Path) -> None:
    """Not the first alone: a wrong type, an unknown name, a missing one."""
    spoil(folder / "city.yaml", 6, "480", "east")
    spoil(folder / "city.yaml", 14, "neighbours: 6", "neighbors: 6")
    _, faults = city_files.read(folder)
    assert {(f.line, f.column, f.what) for f in faults} == {
        (6, 21, "utc_offset_minutes is 'east'"),
        (14, 14, "unknown name 'neighbors'"),
        (13, 3, "'neighbours' is missing"),
    }


def test_quoted_cells_may_hold_commas_and_keep_their_columns(folder: Path) -> None:
    """The column of a cell behind a quoted comma is that of the line as it stands in an editor."""
    spoil(folder / "teams.csv", 2, "一街道中队A组", '"一街道, A"')
    line, column = spoil(folder / "teams.csv", 2, "always", "noon")
    _, faults = city_files.read(folder)
    assert (line, column) in [(f.line, f.column) for f in faults]
    spoil(folder / "teams.csv", 3, "A1-B", '"A1-B')
    _, faults = city_files.read(folder)
    assert "no CSV" in " ".join(f.what for f in faults)


ONE_ITEM = """\
id,name,name_en,domain,nature,priority,limit,{}valid_from,source
stall,摊,Stall,市容,enforcement,2,2 hours,{}2026-01-01,model
"""


def items(folder: Path, header: str, cells: str) -> city_table.Table:
    """A table of one item, with more columns than it must have."""
    path = folder / "items.csv"
    path.write_text(ONE_ITEM.format(header, cells), encoding="utf-8")
    return city_table.read_table(path, Item)


@pytest.mark.parametrize(
    ("header", "cells", "powers", "emergency"),
    [
        ("", "", ("penalty", "inspection"), ()),  # no such column: the default
        ("powers,emergency,", ",,", (), ()),  # an empty cell: none
        ("powers,emergency,", "coercion,消防,", ("coercion",), ("消防",)),
        ("powers,emergency,", "penalty; coercion ,消防;燃气企业,", ("penalty", "coercion"), ("消防", "燃气企业")),
    ],
)
def test_a_cell_may_hold_several_values(
    tmp_path: Path, header: str, cells: str, powers: tuple[str, ...], emergency: tuple[str, ...]
) -> None:
    """Joined by ";"; empty is none, which is not the same as a column that is not there."""
    table = items(tmp_path, header, cells)
    assert table.faults == []
    assert [(i.powers, i.emergency) for i in table.rows if isinstance(i, Item)] == [(powers, emergency)]


@pytest.mark.parametrize(
    ("cells", "name", "cell", "right"),
    [
        ("fine,,", "powers", "fine", "each one of penalty, inspection, coercion, personal_liberty"),
        ("penalty;fine,,", "powers", "penalty;fine", "each one of penalty, inspection, coercion, personal_liberty"),
        ("penalty;,,", "powers", "penalty;", "each one of penalty, inspection, coercion, personal_liberty"),
        (",消防;;公安,", "emergency", "消防;;公安", "each a text"),
    ],
)
def test_a_wrong_value_among_several_is_told(tmp_path: Path, cells: str, name: str, cell: str, right: str) -> None:
    """With the place of its cell and what would be right; the row is mended with none."""
    table = items(tmp_path, "powers,emergency,", cells)
    line = (tmp_path / "items.csv").read_text(encoding="utf-8").splitlines()[1]
    wanted = f'nothing, or values joined by ";", {right}'
    assert table.faults == [(2, line.index(cell) + 1, f"{name} is {cell!r}", wanted)]
    assert table.mended == {0}
    assert getattr(table.rows[0], name) == ()


def square(west: float, east: float, south: float = 30.0, north: float = 30.2) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


@pytest.mark.parametrize(
    ("geometry", "line", "words"),
    [
        ({"type": "Point", "coordinates": [120, 30]}, 2, "a Point is no area"),
        (
            {"type": "Polygon", "coordinates": [[*square(120, 120.1)[::2], *square(120, 120.1)[1::2], [120, 30]]]},
            2,
            "Self-",
        ),
        ({"type": "Polygon", "coordinates": [square(0, 9560, 0, 11090)]}, 2, "not in degrees"),
        ({"type": "Polygon"}, 2, "no geometry"),
        (None, 2, "no geometry"),
        ({"type": "Polygon", "coordinates": [square(120, 120.15)]}, 3, "一街道 and 二镇 overlap by 106.8"),
        ({"type": "Polygon", "coordinates": [square(120.045, 120.1)]}, 6, "丙园区 lie in no township"),
        (
            {"type": "Polygon", "coordinates": [square(120, 120.1), square(120.07, 120.08, 30.01, 30.02)]},
            2,
            "a hole of 1.07 km² beside 一街道",
        ),
    ],
)
def test_outlines_must_be_areas_that_fit_together(folder: Path, geometry: object, line: int, words: str) -> None:
    """Broken, overlapping, with a hole, outside: each is told once, at the feature's line."""
    path = folder / "polygons.geojson"
    features = json.loads(path.read_text())["features"]
    features[0]["geometry"] = geometry
    path.write_text('{"features": [\n' + ",\n".join(map(json.dumps, features)) + "\n]}")
    pack, faults = city_files.read(folder, 2026)
    assert pack is None
    assert [(Path(f.file).name, f.line, words in f.what) for f in faults] == [("polygons.geojson", line, True)], faults


def inner(gap: float) -> CityPack:
    """The small city, but 二镇 lies inside of 一街道, this many degrees from it."""
    pack = city_files.load(SMALL)
    ring = [square(120, 120.2), square(120.12, 120.16, 30.08, 30.12)]
    town = [square(120.12 + gap, 120.16 - gap, 30.08 + gap, 30.12 - gap)]
    areas = {i: json.dumps({"type": "Polygon", "coordinates": a}) for i, a in (("990101", ring), ("990102", town))}
    borders = (pack.borders[0], msgspec.structs.replace(pack.borders[1], a="990101"), pack.borders[2])
    return msgspec.structs.replace(pack, polygons=pack.polygons | areas, borders=borders)


@pytest.mark.parametrize(("gap", "faults"), [(0, []), (0.000_005, []), (0.000_2, ["a hole of 0.34 km² beside 一街道"])])
def test_a_slit_around_an_inner_township_is_only_as_large_as_it_is(gap: float, faults: list[str]) -> None:
    """Half a metre comes from rounding; twenty are a strip that nobody answers for, and not the township in it."""
    assert [f.what for f in outlines.faults(inner(gap))] == faults


@pytest.mark.parametrize(
    ("file", "line", "old", "new", "words", "warning"),
    [
        ("squads.csv", 3, "120.15", "121.15", "the seat of A2 is 91.5 km outside", False),
        ("squads.csv", 3, "120.15", "120.05", "", False),  # in the county
        ("squads.csv", 3, "120.15", "120.25", "the seat of A2 is 4.8 km outside", False),  # in the next one
        ("squads.csv", 4, "120.1,", "120.3,", "the seat of AM is 9.6 km outside", True),
        ("squads.csv", 8, "120.04", "120.3", "", False),  # a zone's squad, in the city
        ("squads.csv", 8, "120.04", "121.04", "the seat of C1 is 61.6 km outside", True),
        ("squads.csv", 9, "30.1", "31.1", "the seat of X1 is 99.8 km outside", True),
        ("borders.csv", 4, "990201", "990101", "990101 and 990202 are 19.3 km apart", False),
    ],
)
def test_what_is_said_of_a_place_agrees_with_the_outlines(
    folder: Path, file: str, line: int, old: str, new: str, words: str, warning: bool
) -> None:
    """A seat in the own area or its county (a mobile squad, or a zone's, may sit elsewhere), a border of two areas that
    touch."""
    spoil(folder / file, line, old, new)
    _, faults = city_files.read(folder, 2026)
    assert [(Path(f.file).name, f.line, f.warning) for f in faults] == ([(file, line, warning)] if words else [])
    assert all(words in f.what for f in faults)


def test_a_township_apart_from_the_others(folder: Path) -> None:
    """Told once: not of its squad's seat, nor of its borders too."""
    path = folder / "polygons.geojson"
    features = json.loads(path.read_text())["features"]
    features[3]["geometry"] = {"type": "Polygon", "coordinates": [square(121, 121.1)]}
    path.write_text('{"features": [\n' + ",\n".join(map(json.dumps, features)) + "\n]}")
    _, (fault,) = city_files.read(folder, 2026)
    assert (Path(fault.file).name, fault.line) == ("polygons.geojson", 5)
    assert fault.what == "四镇 lies apart from the other townships"


def test_an_area_without_an_outline_and_an_outline_without_an_area(folder: Path) -> None:
    """Both sides are told, each in its own file."""
    path = folder / "polygons.geojson"
    path.write_text(path.read_text().replace('"990102"', '"990109"'), encoding="utf-8")
    _, faults = city_files.read(folder)
    assert [(Path(f.file).name, f.line, f.what) for f in faults] == [
        ("polygons.geojson", 3, "990109 is no territory"),
        ("territories.csv", 7, "二镇 has no outline"),
    ]


def test_a_pack_is_published_and_read_again() -> None:
    """The same pack under the same version; small enough for one message."""
    pack = city_files.load(JIAXING)
    value = city_files.publishable(pack)
    again = city_files.from_published(value)
    assert again == pack
    assert city_files.version(again) == city_files.version(pack)
    assert len(value) < 500_000


def test_the_version_is_of_the_content(folder: Path) -> None:
    """Formatting changes nothing, a cell changes it, and the order of the power list does too."""
    first = city_files.version(city_files.load(folder))
    (folder / "teams.csv").write_text((folder / "teams.csv").read_text() + "\n\n", encoding="utf-8")
    path = folder / "polygons.geojson"
    path.write_text(json.dumps(json.loads(path.read_text()), indent=1), encoding="utf-8")
    assert city_files.version(city_files.load(folder)) == first
    lines = (folder / "powers.csv").read_text().splitlines()
    (folder / "powers.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]), encoding="utf-8")
    assert city_files.version(city_files.load(folder)) != first


def test_load_raises_with_all_faults(folder: Path) -> None:
    """Whoever starts with a bad pack is told all of it."""
    spoil(folder / "squads.csv", 2, "town_squad", "village")
    spoil(folder / "teams.csv", 9, "always", "noon")
    with pytest.raises(city_files.BadCityError) as bad:
        city_files.load(folder)
    assert str(bad.value).count("; right: ") == len(bad.value.faults) == 2


def test_outlines_are_left_to_who_looks_places_up(folder: Path) -> None:
    """The desks refuse them; others take them as they are, and load nothing for it."""
    path = folder / "polygons.geojson"
    features = json.loads(path.read_text())["features"]
    features[0]["geometry"] = {"type": "Point", "coordinates": [120, 30]}
    path.write_text(json.dumps({"features": features}))
    with pytest.raises(city_files.BadCityError):
        city_files.load(folder)
    assert city_files.load(folder, drawn=False).polygons


def test_check_and_show_are_commands(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 and a version for a sound pack, 1 and the faults for a bad one."""
    assert (city_cli.check(SMALL, 2026), city_cli.show(SMALL)) == (0, 0)
    assert "version" in capsys.readouterr().out
    spoil(folder / "squads.csv", 2, "town_squad", "village")
    assert (city_cli.check(folder, 2026), city_cli.show(folder)) == (1, 1)
    assert capsys.readouterr().out.count("squads.csv:2:21: ") == 2


def test_jiaxing_is_whole() -> None:
    """1 city, 7 counties, 2 zones, 1 area by statute, 72 townships, 10 desks, 82 squads, the 21 domains, no fault."""
    pack, faults = city_files.read(JIAXING, 2026)
    assert [fault for fault in faults if not fault.warning] == []
    assert pack
    assert Counter(t.kind for t in pack.territories) == {
        "city": 1, "county": 7, "zone": 2, "statute": 1, "township": 72,
    }  # fmt: skip
    tiers = {"town_squad": 72, "zone_squad": 2, "county_mobile": 7, "city_detachment": 1}
    assert Counter(s.tier for s in pack.squads) == tiers
    assert sorted(d.partition for d in pack.desks) == list(range(10))
    domains = sorted((d for d in pack.domains if not d.valid_to), key=lambda d: d.order)
    listed = [d.name for d in domains if not d.desk]
    assert len(listed) == len(set(listed)) == 21
    assert (listed[0], listed[-1]) == ("市容环境卫生", "体育管理")
    assert set(listed) <= {i.domain for i in pack.items if i.nature == "enforcement"}
    assert [d.order for d in domains if d.desk == "jiashan"] == list(range(1, 27))
    ended = {(d.name, d.desk, d.extent, str(d.valid_to)) for d in pack.domains if d.valid_to}
    assert ended == {("陆域渔政", desk, "part", "2026-09-30") for desk in ("", "jiashan")}
    branches = {s.acting_name for s in pack.squads if s.tier == "zone_squad"}
    assert branches == {"嘉兴市综合行政执法局"}  # R27
    assert {s.acting_name for s in pack.squads if s.name == "罗星街道中队"} == {"嘉善县综合行政执法局"}


def test_each_kind_of_rule_is_in_jiaxing() -> None:
    """Emergencies with their services and a crew that cordons, a complaint about the force, a statute without a squad
    of its own, a transfer that waits and who is ready, both modes before auto, a ruling, a year without its notice."""
    pack = city_files.load(JIAXING)
    emergencies = [i for i in pack.items if i.emergency]
    assert len(emergencies) == 10
    assert {(i.crew, i.needs) for i in emergencies} == {("support", ())}
    assert {kind for i in emergencies for kind in i.emergency} >= {"消防", "公安", "急救"}
    assert [i.id for i in pack.items if i.about_force] == ["officer_conduct"]
    (lake,) = (t for t in pack.territories if t.kind == "statute")
    assert [s.tier for s in pack.squads if s.territory in (lake.id, lake.parent)] == ["county_mobile"]
    waiting = {p.item for p in pack.powers if p.transfer_state == "pending_capacity" and not p.valid_to}
    assert {r.item for r in pack.readiness} == waiting == {"sand_mining"}
    assert {r.mode for r in pack.rollout} == {"auto", "propose", "shadow"}
    assert len(pack.precedents) == 1
    assert [d.date.year for d in pack.calendar if d.kind == "unpublished"] == [2027]
    assert any(f.what == "2027 is unpublished" for f in city_files.read(JIAXING, 2027)[1])


def test_whatever_the_list_of_jiaxing_asks_for_is_told() -> None:
    """Every item has a name in some scheme; every fact that a row or a ruling asks for is told by a category or a hint;
    each public field says something, and what an item's power list punishes is among its powers."""
    pack = city_files.load(JIAXING)
    items = {i.id: i for i in pack.items}
    assert {c.item for c in pack.categories} == items.keys()
    told = {fact.partition("=")[0] for c in pack.categories for fact in c.facts}
    told |= {h.fact.partition("=")[0] for h in pack.hints}
    when = {text for p in pack.powers for text in p.when} | {text for p in pack.precedents for text in p.when}
    asked = {text.partition("=")[0].removesuffix("!") for text in when}
    assert asked == {"actor", "cover", "licence", "place", "reading"}
    assert asked <= told
    assert not [p.row for p in pack.powers if "model" in f"{p.basis}{p.scope}{p.procedure}{p.standard}"]
    assert all("penalty" in items[p.item].powers for p in pack.powers if p.duty == "penalty")


def test_both_readings_of_supervision_after_approval_are_in_the_list() -> None:
    """R17: of each item of enforcement practice's, and the study's where it is asked for; each says from which line."""
    pack = city_files.load(JIAXING)
    law, (scheme, code) = City(pack, "test").law, ("jx12345", "对综合行政执法的监管")
    day = dt.date(2026, 7, 13).toordinal() - EPOCH
    for item in pack.items:
        if item.nature == "enforcement":
            plain = law.power(item.id, "post_approval", {}, "nanhu", day, day)
            study = law.power(item.id, "post_approval", {"reading": "enforcement"}, "nanhu", day, day)
            assert plain
            assert study
            assert (study.row, study.owner) == (f"{plain.row}-law", plain.owner)
            assert ("L99" in plain.source, "L121" in study.source) == (True, True)
    assert law.category(scheme, code)[1] == {"duty": "post_approval", "reading": "enforcement"}


def test_the_zones_of_jiaxing_have_who_looks_and_who_acts() -> None:
    """A collector; a branch for what elsewhere is the county's (R28); a board for straw, penalties excepted."""
    city = City(city_files.load(JIAXING), "test")
    day = dt.date(2026, 7, 13).toordinal() - EPOCH

    def whose(item: str, duty: str, desk: str) -> tuple[str, str]:
        power = city.law.power(item, duty, {}, desk, day, day)
        assert power
        return power.owner, power.level

    counties = {i.id for i in city.pack.items if whose(i.id, DUTY[i.nature], "nanhu")[1] == "county"}
    assert counties == {"occupied_land", "unlicensed_school", "risky_sport", "swimming_pool"}
    for zone, desk in (("zone_jk", "jk"), ("zone_gq", "gq")):
        assert city.collector(zone, desk, day).startswith(f"C{zone}-")
        assert {whose(i, duty, desk) for i in counties for duty in ("penalty", "follow_up")} == {("*", "town")}
        assert whose("occupied_land", "coercion", desk) == ("*", "town")
        assert whose("straw_burning", "routine", desk)[0] == "管委会"
        assert whose("straw_burning", "penalty", desk)[0] == "*"
        unit = city.units[city.unit("管委会", desk) or ""]
        assert unit.desk == desk
    assert whose("straw_burning", "routine", "pinghu")[0] == "农业农村"


def test_a_town_that_is_ready_has_what_the_item_takes() -> None:
    """R11, R89: who is said to be able to carry an item has the things for it on that day."""
    city = City(city_files.load(JIAXING), "test")
    for ready in city.pack.readiness:
        day = ready.valid_from.toordinal() - EPOCH
        squad = city.squad_at(ready.territory, day)
        assert squad
        assert all(city.equipped(squad.id, tool, day) for tool in city.items[ready.item].needs)


def test_the_readme_of_jiaxing_tells_of_every_table_and_its_rows() -> None:
    """Each once, with as many rows as there are."""
    pack = city_files.load(JIAXING)
    told: dict[str, str] = {}
    for line in (JIAXING / "README.md").read_text(encoding="utf-8").splitlines():
        names, _, rest = line.removeprefix("| ").partition(" | ")
        if tables := re.findall(r"`(\w+)\.csv`", names) if rest else []:
            told |= dict(zip(tables, rest.partition(" | ")[0].split(", "), strict=True))
    assert told == {name: f"{len(getattr(pack, name)):,}" for name in city_files.TABLES}


def test_the_staffing_norm_holds() -> None:
    """15 formal officers in a street, 10 in an ordinary town (R76); auxiliaries are twice as many (R78)."""
    pack = city_files.load(JIAXING)
    formal = Counter(o.squad for o in pack.officers if o.employment == "formal")
    aux = Counter(o.squad for o in pack.officers if o.employment == "aux")
    towns = [s for s in pack.squads if s.tier == "town_squad"]
    assert {formal[s.id] for s in towns if s.name.endswith("街道中队")} == {15}
    assert Counter(formal[s.id] for s in towns) == {15: 37, 10: 35}
    assert {aux[s.id] / formal[s.id] for s in pack.squads} == {2.0}
    assert Counter(o.squad for o in pack.officers if o.post == "leader") == dict.fromkeys(
        (s.id for s in pack.squads), 1
    )
    assert {o.employment for o in pack.officers if o.post == "leader"} == {"formal"}


def test_every_line_of_the_demo_is_a_message_that_the_pack_understands() -> None:
    """The wire form, its own topic, an item, a place inside of the city under the township that its address names."""
    pack = city_files.load(JIAXING)
    city, geo = City(pack, "test"), Geo(pack)
    day = dt.date(2026, 7, 13).toordinal() - EPOCH
    with gzip.open(JIAXING / "demo/complaints.jsonl.gz", "rb") as file:
        lines = file.read().splitlines()
    read = msgspec.json.Decoder(WireComplaint).decode
    messages = [read(line) for line in lines]
    assert len(messages) == len({(m.source, m.source_id) for m in messages}) == 45_622
    for line, message in zip(lines, messages, strict=True):
        topic = "city-events" if message.kind in EVENT_KINDS else "complaints"
        assert line.startswith(f'{{"topic":"{topic}"'.encode())
        assert message.category
        item, _ = city.law.category(message.category.scheme, message.category.code)
        assert city.law.item(item, day)
        if message.location:
            place = geo.locate(message.location)
            owner = place.near[0].territory
            assert owner == place.named or city.territories[owner].kind in ("zone", "statute"), message
    times = [m.received_at for m in messages]
    assert times == sorted(times)
    assert (times[0][:13], times[-1][:10]) == ("2026-07-13T08", "2026-07-26")
    sample = (Path(__file__).parent.parent / "data/demo_500.jsonl").read_bytes().splitlines()
    assert sample == lines[:500]


def test_no_hint_is_found_in_the_demo() -> None:
    """Its titles are names of our items, its words English: a hint that is found there would mean something else."""
    with gzip.open(JIAXING / "demo/complaints.jsonl.gz", "rt", encoding="utf-8") as file:
        text = file.read()
    assert [h.words for h in city_files.load(JIAXING).hints if h.words in text] == []


def test_no_outcome_is_in_the_demo() -> None:
    """A dispatcher must not read how it ended."""
    with gzip.open(JIAXING / "demo/complaints.jsonl.gz", "rb") as file:
        members = {name for line in file for name in msgspec.json.decode(line)}
    wanted = {"topic", "source", "source_id", "kind", "received_at", "title", "description", "category", "location"}
    assert members == wanted | {"channel"}


def test_a_warning_is_printed_and_refuses_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """More auxiliaries than officers (R78): told with its place, and the pack is read and used."""
    with (folder / "officers.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"A1-9{n},A1,A1-A,aux,member,2026-01-01,,invented\n" for n in (1, 2))
    pack, (warning,) = city_files.read(folder, 2026)
    assert pack == city_files.load(folder)
    assert (Path(warning.file).name, *warning[1:3], warning.warning) == ("squads.csv", 2, 1, True)
    assert city_cli.check(folder, 2026) == 0
    said = capsys.readouterr().out
    assert "squads.csv:2:1: warning: A1 has more auxiliaries" in said
    assert "no faults, 1 warning, version" in said
    spoil(folder / "teams.csv", 9, "always", "noon")
    assert city_cli.check(folder, 2026) == 1
    assert "1 fault, 1 warning\n" in capsys.readouterr().out
    with pytest.raises(city_files.BadCityError) as bad:
        city_files.load(folder)
    assert len(bad.value.faults) == 1


@pytest.mark.parametrize(
    ("name", "line", "old", "new", "words"),
    [
        ("powers.csv", 13, "actor=vehicle", "vehicle", "'vehicle' is no condition"),
        ("stages.csv", 2, "15 minutes", "a while", "'a while' is no duration"),
        ("hints.csv", 4, "item=gasleak", "item=gas", "there is no item 'gas'"),
        ("commands.csv", 3, "EscalateCase", "Dance", "there is no order 'Dance'"),
        ("limits.csv", 4, "20 days", "twenty", "'twenty' is no duration"),
        ("collectors.csv", 2, "K-990101", "A1-003", "A1-003 is an officer of A1 too"),
        ("city.yaml", 7, "[镇, 县, 市]", "[镇, 市]", "2 levels"),
        ("city.yaml", 27, "24 hours", "late", "'late' is no duration"),
        ("city.yaml", 28, "5 minutes", "long", "'long' is no duration"),
        ("squads.csv", 4, "60003", "13800000000", "AM has the telephone '13800000000'"),
        ("squads.csv", 2, "11", "-1", "A1 should have -1 formal officers"),
        ("channels.csv", 5, "30 seconds", "90 seconds", "after 90 seconds of a lease of 120 seconds"),
        ("channels.csv", 3, "webpush", "pigeon", "channel is 'pigeon'"),
        ("redlines.csv", 2, "any", "all", "act is 'all'"),
    ],
)
def test_each_table_tells_the_place_of_its_faults(
    folder: Path, name: str, line: int, old: str, new: str, words: str
) -> None:
    """The very cell, in the very file, and nothing else."""
    place = spoil(folder / name, line, old, new)
    _, (fault,) = city_files.read(folder, 2026)
    assert (fault.file, fault.line, fault.column) == (str(folder / name), *place)
    assert words in fault.what


OTHER = "P90,stall,penalty,department,应急,not_transferred,例法,占道,程序,基准,00000,town"
GONE = "P90,litter,penalty,police,公安,not_transferred,例法,抛物,程序,基准,00000,town"
REFUSED: dict[str, tuple[str, int, str, str, str, int, str]] = {
    # what a good pack is broken by (file, line, old and new text; line 0: a row more), and where that is told
    "no owner from a day on": (
        "powers.csv", 4, "2026-01-01,,", "2026-01-01,2026-09-30,", "items.csv", 4, "stall has no owner on 2026-10-01",
    ),
    "two owners of a penalty": (
        "powers.csv", 0, "", f"{OTHER},,,false,2026-07-01,,invented", "powers.csv", 30,
        "a second owner: department 应急, and the squad by row 3",
    ),
    "unreadable limit": ("items.csv", 3, "2 hours", "2小时", "items.csv", 3, "'2小时' is no duration"),
    "row that another always beats": (
        "powers.csv", 0, "", f"{GONE},,actor=vehicle;actor!=ship,false,2026-01-01,,invented", "powers.csv", 13,
        "never decides: row 29 of powers",
    ),
    "conditions that exclude each other": (
        "powers.csv", 0, "", f"{GONE},,actor=ship;actor=vehicle,false,2026-01-01,,invented", "powers.csv", 30,
        "actor=ship;actor=vehicle is never true",
    ),
    "hint that is never found": (
        "hints.csv", 0, "", "*,有煤气味,item=collapse,invented", "hints.csv", 5, "row 3 finds '煤气' first",
    ),
    "officer of two squads": (
        "officers.csv", 0, "", "A1-003,A2,A2-A,aux,member,2026-02-01,,invented", "officers.csv", 53,
        "in force at once with row 3 of officers for A1-003",
    ),
    "year that is not there": (
        "calendar.csv", 0, "", "\n".join(f"2028-01-0{n},holiday,元旦,invented" for n in range(1, 8)),
        "calendar.csv", 1, "nothing of 2027",
    ),
    "year that is unpublished": (
        "calendar.csv", 2, "holiday", "unpublished", "calendar.csv", 2, "2026 is unpublished",
    ),
    "officer without a certificate": (
        "certificates.csv", 26, "2028-12-31", "2026-07-14", "squads.csv", 5,
        "B1 has no certified pair on 2026-07-15 from 00:00",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_one_break_of_a_good_pack_is_one_fault_with_its_line(folder: Path, name: str) -> None:
    """And the pack is refused, but for a shortage of people, with which a city may have to live."""
    file, line, old, new, where, at, words = REFUSED[name]
    if line:
        spoil(folder / file, line, old, new)
    else:
        with (folder / file).open("a", encoding="utf-8") as table:
            table.write(new + "\n")
    pack, (fault, *more) = city_files.read(folder, 2026)
    assert not [str(one) for one in more]
    assert (Path(fault.file).name, fault.line) == (where, at), fault
    assert words in fault.what
    assert fault.warning is (pack is not None) is (where == "squads.csv")


def test_a_row_that_cannot_be_read_is_not_missed_too(folder: Path) -> None:
    """What a table lacks may be in the very row whose cell is wrong."""
    spoil(folder / "stages.csv", 13, "park", "dock")
    spoil(folder / "requests.csv", 2, "notice", "notes")
    spoil(folder / "ladders.csv", 5, "3,", "three,")
    _, faults = city_files.read(folder, 2026)
    found = {(Path(f.file).name, f.line) for f in faults if Path(f.file).name != "items.csv"}
    assert found == {("stages.csv", 13), ("requests.csv", 2), ("ladders.csv", 5)}, faults


def power_list(capsys: pytest.CaptureFixture[str], pack: Path, on: dt.date, desk: str = "") -> dict[str, Any]:
    """What `paidan city powers --json` prints."""
    assert city_cli.powers(pack, on, desk, as_json=True) == 0
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def test_the_power_list_of_a_day_is_public(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """R5, R6: the version in force, and of each row the item, the owner, the five public fields and the days."""
    spoil(folder / "powers.csv", 4, "2026-01-01,,", "2026-01-01,2026-09-30,")
    with (folder / "powers.csv").open("a", encoding="utf-8") as file:
        file.write(
            "P03b,stall,penalty,department,应急,not_transferred,新法,占道,程序,基准,00001,county,,,false,2026-10-01,,invented\n"
        )
    with (folder / "authorities.csv").open("a", encoding="utf-8") as file:
        file.write("burning,990101,丁市执法局,2026-10-01,,invented\n")
    before = power_list(capsys, folder, dt.date(2026, 9, 30))
    after = power_list(capsys, folder, dt.date(2026, 10, 1))
    assert (before["list"]["id"], after["list"]["id"]) == ("S-1", "S-1")
    assert power_list(capsys, folder, dt.date(2027, 1, 1))["list"]["id"] == "S-2"
    assert [r["row"] for r in before["rows"] if r["item"] == "stall"] == ["P03"]
    (row,) = [r for r in after["rows"] if r["item"] == "stall"]
    assert row == {
        "row": "P03b", "item": "stall", "name": "占道经营", "name_en": "Stall in the road", "domain": "市容环境卫生",
        "duty": "penalty", "owner_kind": "department", "owner": "应急", "level": "county", "desk": "", "when": [],
        "transfer_state": "not_transferred", "basis": "新法", "scope": "占道", "procedure": "程序", "standard": "基准",
        "hotline": "00001", "list": "S-1", "acting": [], "valid_from": "2026-10-01", "valid_to": None,
        "source": "invented",
    }  # fmt: skip
    acting = {r["item"]: [a["acting_name"] for a in r["acting"]] for r in after["rows"] if r["acting"]}
    assert acting == {"burning": ["丁市执法局"]}
    assert not any(r["acting"] for r in before["rows"])
    assert all(r[f] for r in after["rows"] for f in ("basis", "scope", "procedure", "standard", "hotline"))


def test_the_power_list_of_a_desk_has_its_own_rows_in_the_place_of_the_citys(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its own version of the list too, where it has one, and the precedents of its area."""
    day = dt.date(2026, 10, 1)
    lists = {desk: power_list(capsys, HARBOUR, day, desk) for desk in ("", "north", "south")}
    assert {desk: said["list"]["id"] for desk, said in lists.items()} == {
        "": "SM/1", "north": "SM/1", "south": "SM/1-south",
    }  # fmt: skip
    moorings = {desk: [r["row"] for r in said["rows"] if r["item"] == "mooring"] for desk, said in lists.items()}
    assert moorings == {"": ["H10", "H11", "H12"], "north": ["H11", "H12"], "south": ["H10"]}
    assert {desk: [r["document"] for r in said["precedents"]] for desk, said in lists.items()} == {
        "": ["Ruling 3 of 2026"], "north": [], "south": ["Ruling 3 of 2026"],
    }  # fmt: skip
    assert power_list(capsys, HARBOUR, dt.date(2026, 1, 1))["rows"] == []
    assert power_list(capsys, HARBOUR, dt.date(2026, 1, 1))["list"] is None


def test_the_power_list_of_jiaxing_says_of_every_duty_whose_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """2026-11-01: every item has an owner of its main duty, every row its five public fields, its state, its level and
    the version of its list; what changed hands on 2026-10-01 has."""
    said = power_list(capsys, JIAXING, dt.date(2026, 11, 1))
    pack = city_files.load(JIAXING)
    owned = {(r["item"], r["duty"]) for r in said["rows"] if not r["when"] and not r["desk"]}
    assert {(i.id, DUTY[i.nature]) for i in pack.items} <= owned
    wanted = ("owner", "level", "transfer_state", "list", "basis", "scope", "procedure", "standard", "hotline")
    assert all(r[field] for r in said["rows"] for field in wanted)
    assert said["list"]["id"] == "JX-2026-2"
    assert {r["list"] for r in said["rows"] if r["desk"] == "jiashan"} == {"JS-2026-2"}
    before = power_list(capsys, JIAXING, dt.date(2026, 9, 30))
    fishing = [
        [(r["row"], r["owner"]) for r in day["rows"] if r["item"] == "closed_season_fishing" and r["duty"] == "penalty"]
        for day in (before, said)
    ]
    assert fishing == [[("P807", "农业农村")], [("P808", "*")]]


def test_the_power_list_is_a_table_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Without --json it is CSV that a spreadsheet opens: a line for each row, and for each precedent."""
    day = dt.date(2026, 10, 1)
    said = power_list(capsys, HARBOUR, day)
    assert city_cli.powers(HARBOUR, day) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [r["row"] for r in rows] == [r["row"] for r in (*said["rows"], *said["precedents"])]
    spill, ruling = rows[0], rows[-1]
    assert [spill[name] for name in ("owner", "list", "hotline", "acting")] == [
        "*", "SM/1", "555-0101", "oldlock=Saltmouth Port Authority",
    ]  # fmt: skip
    assert [ruling[name] for name in ("owner", "list", "when", "document")] == [
        "*", "SM/1-south", "actor=ferry", "Ruling 3 of 2026",
    ]  # fmt: skip
    assert city_cli.powers(HARBOUR) == 0  # today


def test_the_power_list_of_nobody(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A desk that is not there, or a pack with faults: said, and exit code 1."""
    assert city_cli.powers(folder, dt.date(2026, 10, 1), "bei") == 1
    assert "no desk 'bei'" in capsys.readouterr().out
    spoil(folder / "teams.csv", 9, "always", "noon")
    assert city_cli.powers(folder, dt.date(2026, 10, 1)) == 1
    assert "'noon'" in capsys.readouterr().out


def test_a_very_different_city_is_only_other_data() -> None:
    """Other words for the levels, no zones, a statute area, other hours and zone of time, five priorities, no working
    time, mostly the police's: no fault, no warning, and the same code answers."""
    pack, faults = city_files.read(HARBOUR, 2026)
    assert faults == []
    assert pack
    assert (pack.facts.levels, pack.facts.utc_offset_minutes) == (("post", "district", "port"), 0)
    assert Counter(t.kind for t in pack.territories) == {"city": 1, "county": 2, "statute": 1, "township": 5}
    assert [ladder.priority for ladder in pack.ladders if ladder.helps] == [0, 1, 2, 3, 4]
    for other in (city_files.load(SMALL), city_files.load(JIAXING)):
        assert not set(pack.facts.levels) & set(other.facts.levels)
        assert not set(pack.facts.duty_hours) & set(other.facts.duty_hours)
        assert not set(pack.ladders) & set(other.ladders)
        assert pack.facts.utc_offset_minutes != other.facts.utc_offset_minutes
    assert [i.id for i in pack.items if i.about_force] == ["rudeness"]
    assert {r.item for r in pack.readiness} == {p.item for p in pack.powers if p.transfer_state == "pending_capacity"}
    assert {r.mode for r in pack.rollout} == {"auto", "propose", "shadow"}
    assert [r.document for r in pack.precedents] == ["Ruling 3 of 2026"]
    assert Counter(p.owner_kind for p in pack.powers).most_common(1)[0][0] == "police"
    texts = (HARBOUR / f"{name}.csv" for name in ("items", "limits", "stages", "replies", "requests", "ladders"))
    assert not any("working" in path.read_text(encoding="utf-8") for path in texts)
    geo = Geo(pack)
    places = ((-1.405, 50.915), (-1.405, 50.93), (-1.21, 50.93))
    found = [geo.find(*place) for place in places]
    assert [f.near[0].territory for f in found if f] == ["oldlock", "eastquay", "fishmarket"]
