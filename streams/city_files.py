"""A city pack from a folder that people can edit (DESIGN §7), with every fault of every file at once.

One CSV per row type of `dispatchers/rows/`, named like the field of `CityPack` that it fills, its columns named like
the fields of the row; `city.yaml` for `CityFacts`; `polygons.geojson`, a FeatureCollection whose features have a
property `id`. What a file says wrongly is found here; what the rows say wrongly together is found by
`dispatchers/check.py` and `streams/outlines.py`, and gets its line here.

A row that cannot be read is mended with harmless values and kept while the checks run, so that one bad date does not
make all that points to its row look wrong too; what the checks then say about a mended row itself is not told.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_type_hints

import msgspec

from dispatchers import check
from dispatchers.check import words
from dispatchers.rows import CityPack, Row

from .city_table import Table, read_table
from .city_yaml import Facts, read_facts

TABLES: dict[str, type[Row]] = {
    name: get_args(kind)[0]
    for name, kind in get_type_hints(CityPack).items()
    if get_args(kind) and issubclass(get_args(kind)[0], Row)
}


class Fault(NamedTuple):
    """Something wrong in a file: where (line and column count from 1, in characters), what, and what would be right.

    A `warning` is told and does not refuse the pack."""

    file: str
    line: int
    column: int
    what: str
    right: str
    warning: bool = False

    def __str__(self) -> str:
        word = "warning: " if self.warning else ""
        return f"{self.file}:{self.line}:{self.column}: {word}{self.what}; right: {self.right}"


class BadCityError(ValueError):
    """A folder that is no city pack. Its text lists all faults, one a line."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def load(folder: str | Path, *, drawn: bool = True) -> CityPack:
    """The city pack of a folder. Raises BadCityError with all faults; warnings are for `paidan city check`.

    Not `drawn`: outlines are taken as they are, by who looks no place up and need not load shapely for it; the desks
    refuse them.
    """
    pack, faults = read(folder, drawn=drawn)
    if pack is None:
        raise BadCityError([fault for fault in faults if not fault.warning])
    return pack


def read(folder: str | Path, year: int | None = None, *, drawn: bool = True) -> tuple[CityPack | None, list[Fault]]:
    """The pack of a folder, or None if there is a fault that is no mere warning; and every fault and warning, in the
    order of the files.

    `year` is the year in which it shall be used: the calendar must know it. Without one that is not asked.
    """
    home = Path(folder)
    tables = {name: read_table(home / f"{name}.csv", row) for name, row in TABLES.items()}
    facts = read_facts(home / "city.yaml")
    areas = _Outlines(home / "polygons.geojson")
    files: list[Table | Facts | _Outlines] = [facts, *tables.values(), areas]
    faults = [Fault(str(f.path), *said) for f in files for said in f.faults]
    if facts.value is None or areas.broken or any(t.broken for t in tables.values()):
        return None, faults  # a whole file is missing or unreadable: anything more would be noise
    rows: dict[str, Any] = {name: tuple(t.rows) for name, t in tables.items()}
    pack = CityPack(facts=facts.value, polygons=areas.polygons, **rows)
    for fault in (*check.faults(pack, year), *(_drawn(pack) if drawn else ())):
        faults += _placed(fault, tables, facts, areas)
    return (pack if all(fault.warning for fault in faults) else None), faults


def _drawn(pack: CityPack) -> list[words.Fault]:
    from . import outlines  # shapely and numpy are 15 MB

    return outlines.faults(pack)


def version(pack: CityPack) -> str:
    """The pack's name: 16 hex digits of the SHA-256 of its canonical JSON. The order of rows counts, that of polygons
    does not: the power list is read in its order."""
    return hashlib.sha256(msgspec.json.encode(pack, order="deterministic")).hexdigest()[:16]


def publishable(pack: CityPack) -> bytes:
    """The pack as one value of the topic `city-packs`: canonical JSON, zlib."""
    return zlib.compress(msgspec.json.encode(pack, order="deterministic"), 9)


def from_published(value: bytes) -> CityPack:
    """The pack of a value of `city-packs`. Raises zlib.error or msgspec.DecodeError for anything else."""
    return msgspec.json.decode(zlib.decompress(value), type=CityPack)


class _Outlines:
    """polygons.geojson: geometry texts by territory, and the line of each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[tuple[int, int, str, str]] = []
        self.polygons: dict[str, str] = {}
        self.broken = True
        try:
            self.text = path.read_text(encoding="utf-8")
            features: Iterable[dict[str, Any]] = json.loads(self.text)["features"]
            for feature in features:
                name = str(feature["properties"]["id"])
                if name in self.polygons:
                    self.faults.append((self.line(name), 1, f"{name} has two features", "one feature for a territory"))
                self.polygons[name] = json.dumps(feature["geometry"], separators=(",", ":"))
            self.broken = False
        except OSError:
            self.faults.append((1, 1, "the file is missing", "a FeatureCollection with a feature for each area"))
        except json.JSONDecodeError as error:
            self.faults.append((error.lineno, error.colno, f"no JSON: {error.msg}", "a GeoJSON FeatureCollection"))
        except (KeyError, TypeError, UnicodeDecodeError) as error:
            what = f"no collection of features with ids: {error!r}"
            self.faults.append((1, 1, what, 'features with "properties": {"id": …} and "geometry"'))

    def line(self, name: str) -> int:
        """The first line that speaks of a territory."""
        found = self.text.find(f'"{name}"')
        return self.text.count("\n", 0, found) + 1 if found >= 0 else 1


def _placed(fault: words.Fault, tables: dict[str, Table], facts: Facts, areas: _Outlines) -> list[Fault]:
    """A fault of the checks with its line and column; nothing if it is about a row that was only mended, or about one
    that a table lacks which may be among those."""
    what, right, warning = fault.what, fault.right, fault.warning
    if fault.table == "facts":
        return [Fault(str(facts.path), *facts.place(fault.field), what, right, warning)]
    if fault.table == "polygons":
        return [Fault(str(areas.path), areas.line(fault.field), 1, what, right, warning)]
    table = tables[fault.table]
    if fault.row in table.mended or (fault.row < 0 and table.mended):
        return []
    return [Fault(str(table.path), *table.place(fault.row, fault.field), what, right, warning)]
