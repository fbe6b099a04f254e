"""Places: the index against brute force, datums, zones, borders, gaps, names of areas."""

import datetime as dt
import json
import random
from pathlib import Path

import coordTransform as datums  # noqa: N813
import msgspec
import pytest
import shapely

from dispatchers import rows
from dispatchers.city import metres
from dispatchers.messages import Near, WireLocation
from streams import city_files
from streams.geo import GAP_METRES, Geo, to_wgs84
from streams.outlines import Plane, faults, outline

TOWN = city_files.load(Path(__file__).parent.parent / "city/small")
SMALL = Geo(TOWN)
PACK = city_files.load(Path(__file__).parent.parent.parent / "deploy/jiaxing")
JIAXING = Geo(PACK)
KIND = {t.id: t.kind for t in PACK.territories}
RANK = {"zone": 0, "statute": 1, "township": 2}  # what lies over what
SHAPES = {i: outline(text) for i, text in PACK.polygons.items()}


def brute(lon: float, lat: float) -> tuple[list[tuple[str, int]], bool] | None:
    """The rule written down naively: no index, no preparation, no cut outlines but at the last moment."""
    plane = Plane(sum(s.centroid.y for s in SHAPES.values()) / len(SHAPES))
    point = plane.flat(shapely.Point(lon, lat))
    found = []
    for i, flat in FLAT.items():
        found.append((float(flat.distance(point)), RANK[KIND[i]], i))
    found.sort()
    inside = [i for d, _, i in sorted(found, key=lambda f: (f[1], f[2])) if d == 0][:1]
    near = [(max(1, round(d)), i) for d, _, i in found if d <= 150 and i not in inside]
    if inside:
        return [(inside[0], 0), *((i, d) for d, i in sorted(near))], False
    if not near:
        near = [(max(1, round(d)), i) for d, _, i in found if d <= GAP_METRES]
        near = sorted(near)[:1]
    return ([(i, d) for d, i in sorted(near)], True) if near else None


def _flat() -> dict[str, shapely.Geometry]:
    plane = Plane(sum(s.centroid.y for s in SHAPES.values()) / len(SHAPES))
    cut = {}
    for i, shape in SHAPES.items():
        above = shapely.union_all([s for k, s in SHAPES.items() if RANK[KIND[k]] < RANK[KIND[i]]])
        cut[i] = plane.flat(shape.difference(above))
    return cut


FLAT = _flat()


def test_the_index_says_what_brute_force_says() -> None:
    """10,000 points over the city and its surroundings, a third of them within some metres of a border: 0 wrong."""
    chance = random.Random(20260713)
    west, south, east, north = shapely.union_all(list(SHAPES.values())).bounds
    points = [(chance.uniform(west, east), chance.uniform(south, north)) for _ in range(6_667)]
    rims = [c for s in SHAPES.values() for part in shapely.get_parts(s) for c in part.exterior.coords]
    points += [
        (x + chance.gauss(0, 0.001), y + chance.gauss(0, 0.001))
        for x, y in chance.choices(rims, k=10_000 - len(points))
    ]
    wrong = []
    for lon, lat in points:
        found = JIAXING.find(lon, lat)
        said = ([(n.territory, n.metres) for n in found.near], found.gap) if found else None
        if said != brute(lon, lat):
            wrong.append((lon, lat, said, brute(lon, lat)))
    assert wrong == []


@pytest.mark.parametrize(
    ("point", "near", "gap"),
    [
        ((120.15, 30.1), [("990102", 0)], False),
        # S1: a zone beats the code, and far from its border the township below it is no candidate.
        ((120.04, 30.075), [("zone_bing", 0)], False),
        ((120.0601, 30.075), [("990101", 0), ("zone_bing", 10)], False),
        ((120.0599, 30.075), [("zone_bing", 0), ("990101", 10)], False),
        # Within 150 m of a border every neighbour stays a candidate, 160 m away none does.
        ((120.0990, 30.1), [("990101", 0), ("990102", 96)], False),
        ((120.0983, 30.1), [("990101", 0)], False),
        # On the line of two the lower id has it; the other is there too, and not at 0.
        ((120.1, 30.1), [("990101", 0), ("990102", 1)], False),
        # On the line of a zone the zone has it, although its id comes later.
        ((120.06, 30.075), [("zone_bing", 0), ("990101", 1)], False),
        # Outside by less than 500 m: the nearest, flagged.
        ((120.15, 29.9985), [("990102", 166)], True),
        ((120.1, 29.9990), [("990101", 111), ("990102", 111)], True),
    ],
)
def test_a_point_has_one_owner_and_every_near_candidate(
    point: tuple[float, float], near: list[tuple[str, int]], gap: bool
) -> None:
    """The owner first, then the others by distance and id."""
    found = SMALL.find(*point)
    assert found is not None
    assert found == (tuple(Near(*n) for n in near), gap)


def test_a_point_outside_of_the_city_is_nobodys() -> None:
    """Half a kilometre off, or on another continent, or with its axes swapped."""
    assert [SMALL.find(*p) for p in ((120.15, 29.99), (-71.07, 42.27), (30.1, 120.15))] == [None, None, None]


def test_a_zone_beats_the_code() -> None:
    """S1: the seat of 乍浦镇 has the code of 平湖市 and lies in 嘉兴港区."""
    found = JIAXING.find(121.08686, 30.60153)
    assert found is not None
    assert found.near[0] == Near("zone_gq", 0)


def with_statute(*squares: tuple[float, float, float, float]) -> rows.CityPack:
    """The small city with statute areas, each a square: west, east, south, north."""
    areas, outlines = list(TOWN.territories), dict(TOWN.polygons)
    for n, (west, east, south, north) in enumerate(squares, 1):
        areas.append(
            rows.Territory(
                id=f"lake_{n}", kind="statute", name=f"湖{n}", parent="990100", desk="jia",
                valid_from=dt.date(2026, 1, 1), source="invented",
            )
        )  # fmt: skip
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        outlines[f"lake_{n}"] = json.dumps({"type": "Polygon", "coordinates": [ring]})
    return msgspec.structs.replace(TOWN, territories=tuple(areas), polygons=outlines)


@pytest.mark.parametrize(
    ("point", "near"),
    [
        ((120.095, 30.08), [("lake_1", 0)]),  # over 一街道
        ((120.105, 30.08), [("lake_1", 0)]),  # over 二镇
        ((120.05, 30.08), [("zone_bing", 0)]),  # under the zone
        ((120.1101, 30.08), [("990102", 0), ("lake_1", 10)]),
        ((120.11, 30.08), [("lake_1", 0), ("990102", 1)]),  # on its line with a township
        ((120.06, 30.08), [("zone_bing", 0), ("lake_1", 1)]),  # on the zone's
        ((120.0601, 30.08), [("lake_1", 0), ("zone_bing", 10)]),
        ((120.05, 30.15), [("990101", 0)]),
    ],
)
def test_a_statute_area_beats_townships_and_a_zone_beats_it(
    point: tuple[float, float], near: list[tuple[str, int]]
) -> None:
    """The zone first, then what a statute says, then the township (domain.md §5.2.3)."""
    found = Geo(with_statute((120.04, 120.11, 30.07, 30.09))).find(*point)
    assert found == (tuple(Near(*n) for n in near), False)


@pytest.mark.parametrize(
    ("squares", "said"),
    [
        ([(120.04, 120.11, 30.07, 30.09)], []),
        ([(120.08, 120.11, 30.07, 30.09), (120.1, 120.13, 30.07, 30.09)], [("lake_2", "湖1 and 湖2 overlap by 2.1")]),
        ([(120.39, 120.41, 30.07, 30.09)], [("lake_1", "2.14 km² of 湖1 lie in no township")]),
        ([(120.03, 120.05, 30.06, 30.09)], [("lake_1", "湖1 lies wholly under zones")]),
    ],
)
def test_statute_areas_lie_apart_in_the_city_and_somewhere_in_the_open(
    squares: list[tuple[float, float, float, float]], said: list[tuple[str, str]]
) -> None:
    """A zone may lie over one, but not over all of it: no point would ever be there."""
    found = faults(with_statute(*squares))
    assert [(f.table, f.field) for f in found] == [("polygons", area) for area, _ in said]
    assert all(words in f.what for f, (_, words) in zip(found, said, strict=True)), found


def test_a_statute_area_needs_its_outline() -> None:
    """As a township and a zone do."""
    pack = with_statute((120.04, 120.11, 30.07, 30.09))
    without = msgspec.structs.replace(pack, polygons=TOWN.polygons)
    assert [(f[:3], f.what) for f in faults(without)] == [(("territories", 8, "id"), "湖1 has no outline")]


def test_a_gcj02_point_lands_in_its_own_township() -> None:
    """Read as WGS-84 it would be 485 m off: every township loses points near its border to a neighbour."""
    chance = random.Random(7)
    right = misread = 0
    for town in (i for i in sorted(SHAPES) if KIND[i] == "township"):
        west, south, east, north = SHAPES[town].bounds
        for _ in range(100):
            lon, lat = chance.uniform(west, east), chance.uniform(south, north)
            true = JIAXING.find(lon, lat)
            if true is None or true.gap or len(true.near) > 1:  # what lies on a border may well have two answers
                continue
            given = datums.wgs84_to_gcj02(lon, lat)
            found = JIAXING.find(*to_wgs84("gcj02", *given))
            assert found == true
            right += 1
            naive = JIAXING.find(*given)
            misread += naive is None or naive.near[0] != true.near[0]
    assert right > 2_000
    assert misread > right * 0.03


@pytest.mark.parametrize(("datum", "bound"), [("wgs84", 0), ("cgcs2000", 0), ("gcj02", 0.01), ("bd09", 1.0)])
def test_a_datum_is_undone_to_within_a_metre(datum: str, bound: float) -> None:
    """There and back over the whole prefecture, in metres."""
    there = {"gcj02": datums.wgs84_to_gcj02, "bd09": datums.wgs84_to_bd09}.get(datum, lambda *p: p)
    worst = 0.0
    for lon in range(12_030, 12_130, 5):
        for lat in range(3_030, 3_110, 5):
            x, y = to_wgs84(datum, *there(lon / 100, lat / 100))
            worst = max(worst, ((x - lon / 100) ** 2 * 95_600**2 + (y - lat / 100) ** 2 * 110_900**2) ** 0.5)
    assert worst <= bound


def test_gcj02_is_shifted_as_jiaxing_is() -> None:
    """About (+0.0043, -0.0023) degrees there, 485 m: the library is the right formula, not merely an invertible one."""
    lon, lat = datums.wgs84_to_gcj02(120.75, 30.75)
    assert (round(lon - 120.75, 4), round(lat - 30.75, 4)) == (0.0043, -0.0023)
    assert metres(120.75, 30.75, lon, lat) == pytest.approx(485, abs=15)


def test_an_unknown_datum_is_refused() -> None:
    """It is never guessed."""
    with pytest.raises(ValueError, match="cgcs2000"):
        to_wgs84("beijing54", 120, 30)


def test_a_place_keeps_both_pairs_and_what_the_address_names() -> None:
    """The pair as given, the pair in WGS-84, the candidates, the named area, a note of doubt."""
    lon, lat = datums.wgs84_to_gcj02(120.1536, 30.1024)
    place = SMALL.locate(WireLocation(datum="gcj02", lon=lon, lat=lat, address="甲县二镇1号"))
    assert (place.given_lon, place.given_lat, place.datum, place.named, place.note) == (lon, lat, "gcj02", "990102", "")
    assert (round(place.lon or 0, 6), round(place.lat or 0, 6)) == (120.1536, 30.1024)
    assert place.near == (Near("990102", 0),)
    assert SMALL.locate(WireLocation(datum="wgs84", lon=121.0, lat=30.1)).note == "outside"
    assert SMALL.locate(WireLocation(datum="wgs84", lon=120.15, lat=29.9985)).note == "gap"
    assert SMALL.locate(WireLocation(address="乙县")).named == "990200"
    assert SMALL.locate(None).near == ()


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("嘉善县罗星街道晋阳路1号", "330421002"),
        ("罗星街道", "330421002"),
        ("南湖街道", "330402010"),  # and not 南湖区
        ("南湖区", "330402"),
        ("浙江省嘉兴市嘉善县", "330421"),
        ("嘉兴嘉善西塘镇", "330421103"),
        ("海盐城里", "330424"),
        ("桐乡大道1号", None),  # a road in 南湖区
        ("解放路", None),  # runs through every town, and is not 解放街道
        ("海宁市新塍镇", None),  # 新塍 is in 秀洲区
        ("南湖区和秀洲区交界", None),
        ("罗星街道与魏塘街道交界", "330421"),  # two townships of one county
        ("平湖市乍浦镇嘉兴港区", "zone_gq"),
        ("嘉兴市", None),
        ("", None),
    ],
)
def test_an_address_names_the_smallest_area_that_is_sure(text: str, area: str | None) -> None:
    """Full names, the longest first; what contradicts itself names nothing."""
    assert JIAXING.named_area(text) == area
