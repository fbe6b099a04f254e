"""What the checks of a city pack speak in: a fault, and the days on which a row is in force."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from .rows import Dated

FOREVER = dt.date.max


class Fault(NamedTuple):
    """Something wrong with a row, or with a field of the whole (row -1).

    `table` is the field of CityPack; in "facts" the field is a dotted name, in "polygons" a territory's id.
    """

    table: str
    row: int  # index in the table
    field: str
    what: str
    right: str


def span(row: Dated) -> tuple[dt.date, dt.date]:
    """First and last day in force."""
    return row.valid_from, row.valid_to or FOREVER


def ahead(day: dt.date) -> dt.date:
    """The day after; FOREVER has none."""
    return day if day == FOREVER else day + dt.timedelta(days=1)
