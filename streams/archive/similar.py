"""Which open cases a new one may be a repeat of: near it, of its matter, in like words. It suggests, people decide."""

from __future__ import annotations

import math
from typing import NamedTuple

from dispatchers.case import Case

from ..views import CaseRow, case_row
from . import texts

NEAR_M = 500.0
ENOUGH = 0.3  # of a score of 1
PLACE, WORDS, ITEM = 0.4, 0.35, 0.25


class Candidate(NamedTuple):
    """A case that may be like the new one."""

    case: Case
    desk: str


class Similar(NamedTuple):
    """A like case. `metres`: None where either has no place."""

    row: CaseRow
    metres: int | None
    score: float


def likest(
    cases: list[Candidate], *, title: str, lon: float | None, lat: float | None, territory: str, item: str
) -> list[Similar]:
    """Those that are like it, the likest first."""
    said = texts.token_set(title)
    found = []
    for case, desk in cases:
        far = metres(lon, lat, case.lon, case.lat)
        if far is not None and far > 2 * NEAR_M:
            continue  # another place: whatever it is called
        near = (
            max(0.0, 1 - far / NEAR_M) if far is not None else 0.4 * (bool(territory) and case.territory == territory)
        )
        score = PLACE * near + WORDS * texts.likeness(said, texts.token_set(case.title))
        score += ITEM * (bool(item) and case.item == item)
        if score >= ENOUGH:
            found.append(Similar(case_row(case, desk), None if far is None else round(far), round(score, 3)))
    return sorted(found, key=lambda one: (-one.score, one.row.id))


def metres(lon: float | None, lat: float | None, to_lon: float | None, to_lat: float | None) -> float | None:
    """The distance of two places, good enough for a few hundred metres."""
    if lon is None or lat is None or to_lon is None or to_lat is None:
        return None
    east = (to_lon - lon) * 111_320 * math.cos(math.radians(lat))
    return math.hypot(east, (to_lat - lat) * 110_574)
