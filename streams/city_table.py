"""One CSV file of a city pack as rows, with the place of every cell (city_files.py joins the files).

A cell of a list holds its values joined by ";": an empty cell is an empty list, a column that is not there the default.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from dispatchers.rows import Row

Said = tuple[int, int, str, str]  # line, column, what, right


@dataclass
class Table:
    """What a file held. `broken`: it could not be read as a table of its rows at all."""

    path: Path
    rows: list[Row] = field(default_factory=list)
    faults: list[Said] = field(default_factory=list)
    mended: set[int] = field(default_factory=set)  # rows with a fault of their own, kept for what points to them
    broken: bool = False
    header: list[str] = field(default_factory=list)
    records: list[tuple[int, str]] = field(default_factory=list)  # of each row: its line and text

    def place(self, row: int, name: str) -> tuple[int, int]:
        """Line and column of a row's cell; of its first cell if it has none of that name, of the header if no row."""
        if not 0 <= row < len(self.records):
            return 1, 1
        line, text = self.records[row]
        return line, column(text, self.header.index(name) if name in self.header else 0)


def read_table(path: Path, kind: type[Row]) -> Table:
    """Read a CSV file as rows of `kind`; every fault is in the table, nothing is raised."""
    table = Table(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError:
        return _broken(table, 1, 1, "the file is missing", f"a CSV file with the columns {_columns(kind)}")
    except UnicodeDecodeError as error:
        return _broken(table, 1, 1, f"not UTF-8 at byte {error.start}", "UTF-8")
    if not lines:
        return _broken(table, 1, 1, "the file is empty", f"a header with the columns {_columns(kind)}")
    table.header = next(csv.reader(lines[:1]))
    _check_header(table, kind, lines[0])
    if table.broken:
        return table
    fields = msgspec.structs.fields(kind)  # once: it evaluates all annotations anew, which for each row took a second
    for number, text in enumerate(lines[1:], 2):
        if text.strip():  # an empty line parts two thoughts
            _read_row(table, kind, fields, number, text)
    return table


def column(text: str, index: int) -> int:
    """The character, from 1, at which a cell begins. Quotes may hold commas; a cell never reaches over a line."""
    quoted, cell = False, 0
    for place, letter in enumerate(text):
        if cell == index:
            return place + 1
        if letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            cell += 1
    return len(text) + 1


def _broken(table: Table, line: int, at: int, what: str, right: str) -> Table:
    table.faults.append((line, at, what, right))
    table.broken = True
    return table


def _columns(kind: type[Row]) -> str:
    return ", ".join(f.name for f in msgspec.structs.fields(kind))


def _check_header(table: Table, kind: type[Row], text: str) -> None:
    known = {f.name: f.required for f in msgspec.structs.fields(kind)}
    for index, name in enumerate(table.header):
        if name not in known:
            _broken(table, 1, column(text, index), f"unknown column {name!r}", f"one of {_columns(kind)}")
        elif name in table.header[:index]:
            _broken(table, 1, column(text, index), f"column {name!r} twice", "each column once")
    for name, required in known.items():
        if required and name not in table.header:
            _broken(table, 1, len(text) + 1, f"column {name!r} is missing", f"the columns {_columns(kind)}")


def _read_row(table: Table, kind: type[Row], fields: Iterable[FieldInfo], line: int, text: str) -> None:
    index = len(table.rows)
    try:
        cells = next(csv.reader([text], strict=True))
    except csv.Error as error:
        table.faults.append((line, 1, f"no CSV: {error}", "a quoted cell ends on its line, a quote in it is doubled"))
        return
    if len(cells) != len(table.header):
        what = f"{len(cells)} cells under {len(table.header)} columns"
        table.faults.append((line, column(text, len(table.header)), what, "a cell for each column, empty or not"))
        table.mended.add(index)
        cells = (cells + [""] * len(table.header))[: len(table.header)]
    given = dict(zip(table.header, cells, strict=True))
    values: dict[str, Any] = {}
    for f in fields:
        cell = given.get(f.name, "").strip()
        if not cell and not f.required and not (_listed(f.type) and f.name in given):
            continue
        try:
            values[f.name] = _value(f.type, cell)
        except (msgspec.ValidationError, ValueError):
            if index not in table.mended or cell:
                what = f"{f.name} is {cell!r}" if cell else f"{f.name} is empty"
                table.faults.append((line, column(text, table.header.index(f.name)), what, _right(f.type)))
            table.mended.add(index)
            values[f.name] = _harmless(f.type, cell)
    table.rows.append(kind(**values))
    table.records.append((line, text))


def _listed(kind: Any) -> bool:
    """Whether a cell of a type holds several values: tuple[X, ...]."""
    return get_origin(kind) is tuple


def _value(kind: Any, cell: str) -> Any:
    """A cell as a value of a type. Raises ValueError or msgspec.ValidationError."""
    if _listed(kind):
        return tuple(_value(get_args(kind)[0], part.strip()) for part in cell.split(";")) if cell else ()
    if not cell:
        raise ValueError
    return msgspec.convert(cell, kind, strict=False)


def _right(kind: Any) -> str:
    """What a cell of a type looks like."""
    if _listed(kind):
        return f'nothing, or values joined by ";", each {_right(get_args(kind)[0])}'
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(get_args(kind))
    options = [k for k in get_args(kind) or (kind,) if k is not NoneType]
    words = {
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        dt.date: "a date like 2026-07-13",
        str: "a text",
    }
    return words.get(options[0], str(kind)) + (" or nothing" if len(get_args(kind)) > 1 else "")


def _harmless(kind: Any, cell: str) -> Any:
    """A value for a cell that cannot be read: of the right type, and in nobody's way."""
    if _listed(kind):
        return ()
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    if NoneType in get_args(kind):
        return None
    return {int: -1, float: 0.0, bool: False, dt.date: dt.date(1970, 1, 1)}.get(kind, cell)
