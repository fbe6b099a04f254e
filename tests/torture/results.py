"""What `make torture` came to, kept in `results.json` and shown in the README.

A whole run replaces all that was kept; a run of a part (`pytest tests/torture --long -k disk`) replaces its own lines.
`make generate` fills the README from what is kept, so its table cannot say anything that was not measured.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from .measure import HEAD, Figure, Row, cells

ROOT = Path(__file__).parents[2]
FILE = Path(__file__).parent / "results.json"
MARKED = re.compile(r"(<!-- torture -->\n).*?(<!-- /torture -->)", re.S)
LIKE_NUMBERS = set(range(1, len(HEAD)))  # columns


class Results(NamedTuple):
    """Rows of faults, figures, and (test, reason) of what could not be injected."""

    rows: list[Row]
    figures: list[Figure]
    not_run: list[tuple[str, str]]


def kept() -> Results:
    """What the last runs came to."""
    said = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {"rows": [], "figures": [], "not_run": []}
    return Results(
        [Row(*each) for each in said["rows"]],
        [Figure(*each) for each in said["figures"]],
        [(name, why) for name, why in said["not_run"]],
    )


def keep(new: Results, ran: Collection[str], *, whole: bool) -> None:
    """Write it down: in place of everything, or in place of the same lines and of what these tests could not do."""
    old = Results([], [], []) if whole else kept()
    faults, told = {row.fault for row in new.rows}, {each.what for each in new.figures}
    rows = sorted([*(row for row in old.rows if row.fault not in faults), *new.rows])
    figures = [*(each for each in old.figures if each.what not in told), *new.figures]
    not_run = sorted([*(each for each in old.not_run if each[0] not in ran), *new.not_run])
    lines = (
        f' "{name}": [\n  ' + ",\n  ".join(json.dumps(each, ensure_ascii=False) for each in part) + "\n ]"
        for name, part in (("rows", rows), ("figures", sorted(figures)), ("not_run", not_run))
    )
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def shown(results: Results) -> str:
    """The README's part: two Markdown tables."""
    words = [
        *cells(results.rows),
        *((name, "not run", *("-" for _ in HEAD[2:-1]), why) for name, why in results.not_run),
    ]
    return _markdown(HEAD, words) + "\n" + _markdown(Figure._fields, results.figures)


def _markdown(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    line = [":--", *("--:" if n in LIKE_NUMBERS else ":--" for n in range(1, len(names)))]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in each)} |\n" for each in (names, line, *rows))


def filled(readme: str) -> str:
    """The README's text with the tables as of today. ValueError if a mark is missing."""
    if not MARKED.search(readme):
        raise ValueError("README.md has no <!-- torture --> … <!-- /torture -->")
    return MARKED.sub(lambda mark: mark[1] + shown(kept()) + mark[2], readme)


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(filled(path.read_text("utf-8")), "utf-8")
