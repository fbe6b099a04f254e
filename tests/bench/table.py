"""What a measurement says: a row with its target, beside a floor of the same run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """One figure. `most`: the target is an upper bound; `floor`: what it is a multiple of, and how many times."""

    bench: str
    what: str
    value: float
    unit: str
    target: float | None = None
    most: bool = True
    floor: str = ""
    ratio: float | None = None

    @property
    def met(self) -> str:
        if self.target is None:
            return ""
        return "yes" if (self.value <= self.target) == self.most or self.value == self.target else "NO"


def show(rows: list[Row]) -> str:
    """The table."""
    lines = [("bench", "what", "value", "unit", "target", "met", "beside")]
    for row in rows:
        target = "" if row.target is None else f"{'≤' if row.most else '≥'} {_number(row.target)}"
        beside = f"{_number(row.ratio)}x {row.floor}" if row.ratio is not None else row.floor
        lines.append((row.bench, row.what, _number(row.value), row.unit, target, row.met, beside))
    widths = [max(len(line[i]) for line in lines) for i in range(7)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def write(rows: list[Row], file: Path) -> None:
    """The rows as JSON."""
    file.write_text(
        json.dumps([{**row._asdict(), "met": row.met} for row in rows], ensure_ascii=False, indent=1) + "\n"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
