"""Places: from a point in any datum to the territories that may claim it. What a library of the outside must say is
said here, before anything is decided (DESIGN §2).

A zone lies over townships and beats them (R28), and so does a statute area, which a zone beats in its turn: what lies
over an area is cut out of it once, at the start. After that every point has one owner, and a township is a candidate
beside a zone only where their border is near. Outlines are kept in metres on the local plane (good to 0.3 % within a
prefecture), because a distance in degrees is none.
"""

from __future__ import annotations

from typing import NamedTuple

import coordTransform as datums  # noqa: N813  (the package's own spelling)
import numpy as np
import shapely

from dispatchers.messages import Near, Place, WireLocation
from dispatchers.rows import CityPack

from .outlines import PLACES, Plane, outline
from .place_names import PlaceNames

GAP_METRES = 500  # a point in a gap, or off the shore, belongs to the nearest area this far away; further out to none


class Found(NamedTuple):
    """`near`: the territory in which a point lies, with 0 metres, then every other within the border's width, nearest
    first, ties by id. `gap`: the point lies in none, and the first is only the nearest."""

    near: tuple[Near, ...]
    gap: bool


def to_wgs84(datum: str, lon: float, lat: float) -> tuple[float, float]:
    """A pair of coordinates in WGS-84. ValueError for a datum that is not known.

    CGCS2000 is WGS-84 here: they differ by centimetres, and by under a metre of plate motion since 2000.
    The library's inverses of GCJ-02 are one step long and up to 2.3 m off in Jiaxing (measured against its own forward
    direction, which is exact); a second step with that direction leaves millimetres, and 0.1 m for BD-09.
    """
    if datum in ("wgs84", "cgcs2000"):
        return lon, lat
    if datum == "bd09":
        lon, lat = datums.bd09_to_gcj02(lon, lat)
    elif datum != "gcj02":
        raise ValueError(f"datum {datum!r} is none of wgs84, cgcs2000, gcj02, bd09")
    x, y = datums.gcj02_to_wgs84(lon, lat)
    back = datums.wgs84_to_gcj02(x, y)
    return x + lon - back[0], y + lat - back[1]


class Geo:
    """The areas of one city pack, ready to be asked. Takes some tens of milliseconds to build."""

    def __init__(self, pack: CityPack) -> None:
        self._border = pack.facts.windows.border_metres
        kinds = {t.id: t.kind for t in pack.territories if t.kind in PLACES}
        outlines = {i: outline(pack.polygons[i]) for i in kinds}
        self._plane = Plane(sum(o.centroid.y for o in outlines.values()) / len(outlines))
        areas = {i: self._plane.flat(o) for i, o in outlines.items()}
        # In the order of precedence, kinds then ids: of two areas with the point on their line the first wins.
        self._ids = sorted(areas, key=lambda i: (PLACES.index(kinds[i]), i))
        above = {
            kind: shapely.union_all([areas[i] for i in self._ids if PLACES.index(kinds[i]) < rank])
            for rank, kind in enumerate(PLACES)
        }
        cut = [areas[i] if above[kinds[i]].is_empty else areas[i].difference(above[kinds[i]]) for i in self._ids]
        self._shapes = np.array(cut, dtype=object)
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)
        self._names = PlaceNames(pack)

    def find(self, lon: float, lat: float) -> Found | None:
        """The territories of a WGS-84 point; None when the point is outside of the city."""
        x, y = lon * self._plane.east, lat * self._plane.north
        point = shapely.Point(x, y)
        found = self._within(point, x, y, self._border)
        if found and found[0].metres == 0:
            return Found(tuple(found), gap=False)
        nearest = found or self._within(point, x, y, GAP_METRES)[:1]
        return Found(tuple(nearest), gap=True) if nearest else None

    def _within(self, point: shapely.Point, x: float, y: float, metres: float) -> list[Near]:
        hits = np.sort(self._tree.query(shapely.box(x - metres, y - metres, x + metres, y + metres)))
        inside = -1
        for hit in hits:
            if shapely.intersects_xy(self._shapes[hit], x, y):
                inside = int(hit)
                break
        hits = hits[shapely.dwithin(self._shapes[hits], point, metres)] if len(hits) else hits
        others = [
            # Only the one that holds the point has 0 metres: one that merely touches it comes after.
            Near(self._ids[h], max(1, round(float(shapely.distance(self._shapes[h], point)))))
            for h in hits
            if h != inside
        ]
        others.sort(key=lambda n: (n.metres, n.territory))
        return [Near(self._ids[inside], 0), *others] if inside >= 0 else others

    def locate(self, location: WireLocation | None) -> Place:
        """The place of a message: both pairs kept, its candidates, and the area that its address names.

        Coordinates without a datum are refused before this; here they would raise ValueError."""
        if location is None:
            return Place(note="nowhere")
        named = self.named_area(location.address) or ""
        if location.lon is None or location.lat is None:
            return Place(address=location.address, named=named)
        lon, lat = to_wgs84(location.datum or "", location.lon, location.lat)
        found = self.find(lon, lat)
        return Place(
            address=location.address,
            lon=lon,
            lat=lat,
            datum=location.datum or "",
            given_lon=location.lon,
            given_lat=location.lat,
            near=found.near if found else (),
            named=named,
            note="" if found and not found.gap else "gap" if found else "outside",
        )

    def named_area(self, text: str) -> str | None:
        """The county, zone or township that an address names for sure, or None (place_names.py)."""
        return self._names.area(text)
