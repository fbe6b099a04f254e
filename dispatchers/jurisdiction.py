"""Whose is it 管辖: from a place to a desk, a territory, and the squad at home there (domain.md §5.2 step 3).

Order: the zone overlay beats the division code (R28), then the township; a point near a border keeps every candidate;
without a point the county that the address names; else the city desk, for an operator.
"""

from __future__ import annotations

from typing import NamedTuple

from .city import City
from .messages import Place


class Whose(NamedTuple):
    """The answer, and the step that gave it."""

    desk: str
    territory: str  # "" when no territory is known: an operator's
    near: tuple[str, ...]  # every other territory that may claim the place
    why: str


def whose(place: Place, city: City) -> Whose:
    """The desk of a place.

    The territory in which the point lies takes the case even when a border is near: somebody must hold it at once, and
    the first who has it may hand it over, never ignore it (首接負責, domain.md §4). Sending every border case to the
    city desk instead would give it every tenth case.
    """
    known = [n for n in place.near if n.territory in city.territories]
    if known:
        first, *others = known
        return Whose(
            city.desk_of(first.territory),
            first.territory,
            tuple(n.territory for n in others),
            "inside" if first.metres == 0 else "nearest",
        )
    if place.named in city.territories:
        return Whose(city.desk_of(place.named), "", (), "named")
    return Whose(city.city_desk, "", (), "nowhere")
