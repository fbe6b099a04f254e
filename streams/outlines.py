"""Outlines of territories: from GeoJSON to shapes in metres, and what can be wrong with them together."""

from __future__ import annotations

import json
from math import cos, radians

import numpy as np
import shapely
from shapely.geometry import shape

from dispatchers.check.words import Fault
from dispatchers.city import Tiers
from dispatchers.rows import CityPack, Squad

SLIVER = 20_000  # m²: smaller holes and overlaps come from rounding outlines that were drawn apart, and are no faults

TOUCH = 50.0  # m: outlines this near to one another touch, for the same reason

# Kinds of areas that a point may lie in, in the order of precedence (domain.md §5.2.3): a zone lies over a statute
# area, both over townships. Those of one kind never lie over one another.
PLACES = ("zone", "statute", "township")


class Plane:
    """A local plane in metres about a latitude: a distance in degrees is none. Good to 0.3 % within a prefecture."""

    def __init__(self, latitude: float) -> None:
        self.east = 111_320 * cos(radians(latitude))
        self.north = 110_900.0

    def flat(self, geometry: shapely.Geometry) -> shapely.Geometry:
        """A geometry of degrees in metres."""
        return shapely.transform(geometry, lambda p: p * (self.east, self.north))


def outline(text: str) -> shapely.Geometry:
    """The area of a GeoJSON geometry, in degrees. ValueError says why it is none."""
    try:
        area = shape(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, shapely.errors.ShapelyError) as error:
        raise ValueError(f"no geometry ({error})") from error
    if area.geom_type not in ("Polygon", "MultiPolygon") or area.is_empty:
        raise ValueError(f"a {area.geom_type} is no area" if not area.is_empty else "empty")
    if not area.is_valid:
        raise ValueError(shapely.is_valid_reason(area))
    west, south, east, north = area.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise ValueError("not in degrees of longitude and latitude")
    return area


def faults(pack: CityPack) -> list[Fault]:
    """Outlines that are absent, broken, nobody's, over one another, apart from one another, or outside of the city."""
    known = {t.id: t for t in pack.territories}
    found = [
        Fault("polygons", -1, i, f"{i} is no territory", "the id of a row of territories")
        for i in pack.polygons
        if i not in known
    ]
    areas: dict[str, shapely.Geometry] = {}
    for n, area in enumerate(pack.territories):
        if area.kind in PLACES and area.id not in pack.polygons:
            found.append(Fault("territories", n, "id", f"{area.name} has no outline", "a feature in polygons.geojson"))
        elif area.id in pack.polygons:
            try:
                areas[area.id] = outline(pack.polygons[area.id])
            except ValueError as error:
                found.append(Fault("polygons", -1, area.id, f"{area.name}: {error}", "a valid Polygon or MultiPolygon"))
    if areas:
        plane = Plane(float(np.mean([a.centroid.y for a in areas.values()])))
        names = {i: t.name for i, t in known.items()}
        kinds = {kind: {i: plane.flat(a) for i, a in areas.items() if known[i].kind == kind} for kind in PLACES}
        for alike in kinds.values():
            found += _overlaps(alike, names)
        if all(t.id in areas for t in pack.territories if t.kind == "township"):
            # Else the land is not known, and what one township leaves out would be told of others too.
            found += [*_holes(kinds["township"], names), *_apart(kinds["township"], names), *_overlays(kinds, names)]
            told = {fault.field for fault in found}
            found += _borders(pack, kinds, told)
            found += _seats(pack, kinds, told, plane)
    return found


def _overlaps(areas: dict[str, shapely.Geometry], names: dict[str, str]) -> list[Fault]:
    """Two areas of one kind that claim the same ground. (A zone over townships is meant, or over a statute area.)"""
    ids, shapes = list(areas), np.array(list(areas.values()), dtype=object)
    found = []
    for a, b in shapely.STRtree(shapes).query(shapes, predicate="intersects").T:
        if a < b and (both := shapes[a].intersection(shapes[b]).area) > SLIVER:
            what = f"{names[ids[a]]} and {names[ids[b]]} overlap by {both / 1e6:.2f} km²"
            found.append(Fault("polygons", -1, ids[b], what, "every place in one of them"))
    return found


def _overlays(kinds: dict[str, dict[str, shapely.Geometry]], names: dict[str, str]) -> list[Fault]:
    """Zones and statute areas that leave the city, and statute areas that a point can never lie in."""
    found = []
    land = shapely.union_all(list(kinds["township"].values()))
    zones = shapely.union_all(list(kinds["zone"].values()))
    for i, over in (kinds["zone"] | kinds["statute"]).items():
        if (out := over.difference(land).area) > SLIVER:
            what = f"{out / 1e6:.2f} km² of {names[i]} lie in no township"
            found.append(Fault("polygons", -1, i, what, "an outline inside of the city"))
        elif i in kinds["statute"] and over.difference(zones).area <= SLIVER:
            what = f"{names[i]} lies wholly under zones, which come first"
            found.append(Fault("polygons", -1, i, what, "an outline that reaches out of the zones"))
    return found


def _holes(towns: dict[str, shapely.Geometry], names: dict[str, str]) -> list[Fault]:
    """Ground that the townships enclose and none of them claims. (What lies outside of all is the sea, or abroad.) A
    slit around an inner township encloses the slit alone."""
    found = []
    land = shapely.union_all(list(towns.values()))
    filled = shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(land)])
    for hole in shapely.get_parts(filled.difference(land)):
        if (size := hole.area) > SLIVER:
            nearest = min(towns, key=lambda i: (towns[i].distance(hole), i))
            what = f"a hole of {size / 1e6:.2f} km² beside {names[nearest]}"
            found.append(Fault("polygons", -1, nearest, what, "outlines that meet"))
    return found


def _apart(towns: dict[str, shapely.Geometry], names: dict[str, str]) -> list[Fault]:
    """Townships that no chain of touching ones joins to the rest of the city. (An island is part of a township.)"""
    land = shapely.union_all([town.buffer(TOUCH / 2) for town in towns.values()])
    main = max(shapely.get_parts(land), key=lambda part: part.area)
    return [
        Fault("polygons", -1, i, f"{names[i]} lies apart from the other townships", "outlines that meet")
        for i, town in towns.items()
        if not town.intersects(main)
    ]


def _borders(pack: CityPack, kinds: dict[str, dict[str, shapely.Geometry]], told: set[str]) -> list[Fault]:
    """Borders of areas that are not near: their squads would be asked as neighbours. Not of areas that are wrong
    themselves."""
    areas = {i: area for alike in kinds.values() for i, area in alike.items() if i not in told}
    found = []
    for n, border in enumerate(pack.borders):
        if border.a in areas and border.b in areas:
            far = areas[border.a].distance(areas[border.b])
            if far > TOUCH:
                what = f"{border.a} and {border.b} are {far / 1000:.1f} km apart"
                found.append(Fault("borders", n, "b", what, "two areas that touch"))
    return found


def _seats(pack: CityPack, kinds: dict[str, dict[str, shapely.Geometry]], told: set[str], plane: Plane) -> list[Fault]:
    """Seats outside of the squad's own area and of the county around it: distances from there are wrong. Those of zones
    and mobile squads may be elsewhere. Not of areas that are wrong themselves."""
    around = {t.id: t.parent for t in pack.territories}
    areas = {i: area for alike in kinds.values() for i, area in alike.items()}
    found = []
    for n, squad in enumerate(pack.squads):
        if not _on_earth(squad) or squad.territory in told:
            continue  # told already
        county = around.get(squad.territory, "") if squad.territory in areas else squad.territory
        near = [
            area
            for i, area in areas.items()
            if i == squad.territory or (i in kinds["township"] and _within(i, county, around))
        ]
        seat = plane.flat(shapely.Point(squad.lon, squad.lat))
        far = min((area.distance(seat) for area in near), default=0.0)
        if far > TOUCH:
            what = f"the seat of {squad.id} is {far / 1000:.1f} km outside of its area and its county"
            right = "longitude and latitude (WGS-84) of its seat"
            warning = squad.tier not in Tiers or squad.territory not in kinds["township"]
            found.append(Fault("squads", n, "lon", what, right, warning))
    return found


def _on_earth(squad: Squad) -> bool:
    return abs(squad.lon) <= 180 and abs(squad.lat) <= 90


def _within(area: str, large: str, around: dict[str, str]) -> bool:
    """Whether an area is another, or lies in it; three steps up is the city."""
    steps = [area, around.get(area, ""), around.get(around.get(area, ""), "")]
    return large in steps
