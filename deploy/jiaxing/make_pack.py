"""Make the large files of this pack from the facts and norms in `sources/`. Development only: what is read is the CSVs.

    python deploy/jiaxing/make_pack.py

Deterministic: the same sources give the same bytes. It calls make_law.py (domains, items, powers, categories) and
make_people.py (squads and whom and what they have) and make_support.py (where officers serve, what is spent for whom,
where things are used); calendar.csv is make_calendar.py's. The other tables are written
by hand and not touched here. Whoever edits a made file by hand should stop running this, or change it here.

Facts (`sources/README.md`): divisions with their codes and names. Everything else is model data and says so: people
and rosters come from the staffing norm (domain.md R76: 15 formal officers in a street or pilot town, 10 in another
town; R78: auxiliaries about 2:1), outlines of townships are derived, outlines of zones are discs.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import shapely
from shapely.geometry import mapping, shape

HERE = Path(__file__).parent
FROM = "2026-01-01"  # first day of the model: a roster has no history
GENERAL = "*"

COUNTIES = {  # code: desk, prefix of numbers
    "330402": ("nanhu", "NH"),
    "330411": ("xiuzhou", "XZ"),
    "330421": ("jiashan", "JS"),
    "330424": ("haiyan", "HY"),
    "330481": ("haining", "HN"),
    "330482": ("pinghu", "PH"),
    "330483": ("tongxiang", "TX"),
}
CITY = "330400"
CITY_BUREAU = "嘉兴市综合行政执法局"
# 小城市试点镇, one a county: model (which towns are pilots is not in the sources).
PILOTS = {"330402105", "330411101", "330421111", "330424101", "330481103", "330482102", "330483107"}
# Zones lie over townships (R28). Their real outlines are not in the sources: discs about the seats of the townships
# that they share (name, desk, prefix, seats, radius in degrees of latitude, 0.01 = 1.1 km).
ZONES = {
    "zone_jk": ("嘉兴经济技术开发区", "jk", "JK", ("330402012", "330402014", "330411003", "330411004"), 0.010),
    "zone_gq": ("嘉兴港区", "gq", "GQ", ("330482101",), 0.022),
}
# 南湖保护范围: that the lake has a law of its own is a fact (嘉兴市南湖保护条例 2017, domain.md §5.2), this outline is
# not: about 1 km² drawn about the middle of the lake, in degrees.
LAKE = ("statute_nanhu", "南湖保护范围", "330402", "nanhu")
LAKE_OUTLINE = (
    (120.7535, 30.7564), (120.7570, 30.7570), (120.7604, 30.7562), (120.7624, 30.7538), (120.7620, 30.7504),
    (120.7601, 30.7476), (120.7566, 30.7468), (120.7536, 30.7474), (120.7516, 30.7500), (120.7514, 30.7537),
)  # fmt: skip
# Who gets work orders. True: one in each county; False: one for the city.
UNITS = {
    "市政公用": ("utilities", True),
    "环卫": ("cleansing", True),
    "园林": ("parks", True),
    "交警": ("traffic", True),
    "排水": ("drainage", True),
    "供水企业": ("water", True),
    "热线答复": ("hotline", True),
    "水利": ("rivers", True),
    "卫健": ("health", True),
    "市场监管": ("market", True),
    "应急": ("emergency", True),
    "消防": ("fire", True),
    "交通运输": ("transport", True),
    "民政": ("civil", True),
    "公安": ("police", True),
    "急救": ("ambulance", True),
    "生态环境": ("environment", True),
    "自然资源": ("planning", True),
    "住建": ("construction", True),
    "农业农村": ("farming", True),
    "教育": ("education", True),
    "商务": ("commerce", True),
    "检察": ("procuratorate", True),
    "法院": ("court", True),
    "统筹协调": ("coordination", True),
    "发改": ("development", False),
    "体育": ("sport", False),
    "文化": ("culture", False),
    "燃气企业": ("gas", False),
    "供热企业": ("heat", False),
    "通信电力": ("power", False),
    "管道企业": ("pipeline", False),
    "督察": ("inspectorate", False),
}
SPECIALIST = ("安全生产", "环境保护", "城乡规划")


def read(name: str) -> list[dict[str, str]]:
    """The rows of a file of sources/."""
    with (HERE / "sources" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(name: str, header: str, rows: list[tuple[object, ...]]) -> None:
    """Write a table of the pack."""
    with (HERE / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header.split(","))
        out.writerows(rows)
    print(f"{name}.csv: {len(rows)} rows")  # noqa: T201


DIVISIONS = read("divisions.csv")
NAME = {d["code"]: d["name"] for d in DIVISIONS}
TOWNS = sorted(d["code"] for d in DIVISIONS if d["level"] == "township")
SEATS = {s["code"]: s for s in read("township_seats.csv")}
SEAT = {code: (float(s["lon_wgs84"]), float(s["lat_wgs84"])) for code, s in SEATS.items()}


def bureau(county: str) -> str:
    """The name in which a county's squads act (R27)."""
    return f"{NAME[county]}综合行政执法局"


def places() -> None:
    """Territories, their outlines and common borders."""
    source = "china-division 2.7.0 (NBS codes of 2023-06-30)"
    rows: list[tuple[object, ...]] = [
        (CITY, "city", CITY, NAME[CITY], "", "jiaxing", "urban", "2023-06-30", "", source)
    ]
    rows += [
        (c, "county", c, NAME[c], CITY, desk, "urban", "2023-06-30", "", source) for c, (desk, _) in COUNTIES.items()
    ]
    model = "model: the branch is a fact (domain.md R28), its outline is not"
    rows += [(z, "zone", "", name, CITY, desk, "urban", FROM, "", model) for z, (name, desk, *_) in ZONES.items()]
    model = "model: 嘉兴市南湖保护条例 2017 is a fact (domain.md §5.2), the outline and the day are not"
    rows.append((LAKE[0], "statute", "", *LAKE[1:], "urban", FROM, "", model))
    for t in TOWNS:
        # Which class a place is in (R40): a street is urban, a town rural. Model.
        area = "urban" if NAME[t].endswith("街道") else "rural"
        rows.append((t, "township", t, NAME[t], t[:6], COUNTIES[t[:6]][0], area, "2023-06-30", "", source))
    write("territories", "id,kind,code,name,parent,desk,area,valid_from,valid_to,source", rows)

    features = json.loads((HERE / "sources/townships_wgs84.geojson").read_text(encoding="utf-8"))["features"]
    shapes = {f["properties"]["code"]: shape(f["geometry"]) for f in features}
    shapes = without_holes(shapes)
    for zone, (_, _, _, seats, radius) in ZONES.items():
        parts = [disc(SEAT[s], radius).intersection(shapes[s]) for s in seats]
        shapes[zone] = shapely.set_precision(shapely.union_all(parts), 1e-6)
    shapes[LAKE[0]] = shapely.Polygon(LAKE_OUTLINE)
    lines = [
        json.dumps({"type": "Feature", "properties": {"id": i}, "geometry": mapping(shapes[i])}, ensure_ascii=False)
        for i in sorted(shapes)
    ]
    text = '{"type": "FeatureCollection", "features": [\n' + ",\n".join(lines) + "\n]}\n"
    (HERE / "polygons.geojson").write_text(text, encoding="utf-8")
    borders(shapes)


def without_holes(shapes: dict[str, shapely.Geometry]) -> dict[str, shapely.Geometry]:
    """The cells leave out lakes and slivers between counties. Land or water, somebody answers for it (R29): a hole
    goes to the township that has the most of its shore."""
    for part in shapely.get_parts(shapely.union_all(list(shapes.values()))):
        for ring in part.interiors:
            hole = shapely.Polygon(ring)
            near = [i for i in sorted(shapes) if shapes[i].distance(hole) < 1e-9]
            owner = max(near, key=lambda i: shapes[i].buffer(1e-6).intersection(ring).length)
            shapes[owner] = shapes[owner].union(hole)
    return {i: shapely.set_precision(s, 1e-6) for i, s in shapes.items()}


def disc(centre: tuple[float, float], radius: float) -> shapely.Polygon:
    """A round of 16 corners about a point; wider in degrees of longitude so that it is round on the ground."""
    corners = shapely.Point(0, 0).buffer(1, quad_segs=4)
    return shapely.transform(corners, lambda p: p * (radius * 1.163, radius) + centre)


def borders(shapes: dict[str, shapely.Geometry]) -> None:
    """Common borders of townships, in metres; borders of zones need none: a zone has no neighbour of its own name."""
    scale = (95_600.0, 110_900.0)  # metres a degree at 30.65 N
    flat = {t: shapely.transform(shapes[t], lambda p: p * scale) for t in TOWNS}
    rows: list[tuple[object, ...]] = []
    for i, a in enumerate(TOWNS):
        for b in TOWNS[i + 1 :]:
            # Outlines were rounded apart: what lies within 5 m of the other's edge is common.
            metres = round(shapely.length(flat[a].boundary.intersection(flat[b].boundary.buffer(5))))
            if metres >= 50:  # less is a corner, not a border
                rows.append((a, b, metres))
    write("borders", "a,b,metres", rows)


def organisations() -> None:
    """Bureaux with their acting names (R26, R27), and who commands the squads day by day (R30)."""
    fact = "domain.md R26-R28"
    derived = "model: name formed from the division's"
    rows: list[tuple[object, ...]] = [
        ("gov-city", "嘉兴市人民政府", "", "嘉兴市人民政府", "", "", derived),
        ("bureau-jiaxing", CITY_BUREAU, "嘉兴市综合行政执法支队", CITY_BUREAU, "", "gov-city", fact),
    ]
    for county, (desk, _) in COUNTIES.items():
        gov = f"{NAME[county]}人民政府"
        other = f"{NAME[county]}综合行政执法大队"
        rows.append((f"gov-{county}", gov, "", gov, "", "gov-city", derived))
        rows.append((f"bureau-{desk}", bureau(county), other, bureau(county), "bureau-jiaxing", f"gov-{county}", fact))
    for zone, (name, desk, *_) in ZONES.items():
        board = f"{name}管理委员会"
        rows.append((f"gov-{zone}", board, "", board, "", "gov-city", derived))
        branch = f"{CITY_BUREAU}{name}分局"
        rows.append((f"branch-{desk}", branch, "", CITY_BUREAU, "bureau-jiaxing", f"gov-{zone}", fact))
    for t in TOWNS:
        gov = f"{NAME[t]}办事处" if NAME[t].endswith("街道") else f"{NAME[t]}人民政府"
        rows.append((f"gov-{t}", gov, "", gov, "", f"gov-{t[:6]}", derived))
    write("organisations", "id,name,other_name,acting_name,line_superior,block_superior,source", rows)


def units() -> None:
    """Who gets work orders: units of a kind, for a county or for the whole city."""
    rows: list[tuple[object, ...]] = []
    areas = [(desk, prefix, NAME[c]) for c, (desk, prefix) in COUNTIES.items()] + [("jiaxing", "JX", NAME[CITY])]
    for kind, (slug, each) in UNITS.items():
        for desk, prefix, name in areas if each else areas[-1:]:
            rows.append((f"{prefix}-{slug}", kind, desk, f"{name}{kind}单位", "model: one of a kind and desk"))
    # Boards manage their zones (domain.md §5.2.3: 秸秆条例 art. 21). The city's own stands in where the city desk has a
    # zone's case.
    source = "model: that the board is a unit; that it manages its zone is domain.md §5.2.3"
    for name, desk, prefix, *_ in ZONES.values():
        rows.append((f"{prefix}-board", "管委会", desk, f"{name}管理委员会", source))
    name = f"{NAME[CITY]}开发区管委会联络单位"
    rows.append(("JX-board", "管委会", "jiaxing", name, "model: for zones' cases at the city desk"))
    write("units", "id,kind,desk,name,source", rows)


if __name__ == "__main__":
    from make_law import law
    from make_people import people
    from make_support import support

    places()
    organisations()
    units()
    law()
    people()
    support()
