"""Outlines of territories: from GeoJSON to shapes in metres, and what can be wrong with them together."""

from __future__ import annotations

import json
from math import cos, radians

import numpy as np
import shapely
from shapely.geometry import shape

from dispatchers.check_words import Fault
from dispatchers.rows import CityPack

SLIVER = 20_000  # m²: smaller holes and overlaps come from rounding outlines that were drawn apart, and are no faults

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
            found += [*_holes(kinds["township"], names), *_overlays(kinds, names)]
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
    """Ground that the townships enclose and none of them claims. (What lies outside of all is the sea, or abroad.)"""
    found = []
    for part in shapely.get_parts(shapely.union_all(list(towns.values()))):
        for ring in part.interiors:
            if (size := shapely.Polygon(ring).area) > SLIVER:
                nearest = min(towns, key=lambda i: (towns[i].distance(ring), i))
                what = f"a hole of {size / 1e6:.2f} km² beside {names[nearest]}"
                found.append(Fault("polygons", -1, nearest, what, "outlines that meet"))
    return found
