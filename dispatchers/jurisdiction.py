"""Whose is it 管辖: from a place to a desk, a territory, and the squad at home there (domain.md §5.2 step 3).

Order: the zone overlay beats the division code (R28), then the area that a statute names, then the township; a point
near a border keeps every candidate; without a point the county that the address names; else the city desk. What is
about the force itself is the city desk's, wherever it happened (R66): nobody judges in their own cause.
"""

from __future__ import annotations

from typing import NamedTuple

from .city import City
from .messages import Place

RANK = {"zone": 0, "statute": 1}  # of territories that contain the same point


class Whose(NamedTuple):
    """The answer, and the step that gave it."""

    desk: str
    territory: str  # "" when no territory is known: an operator's
    near: tuple[str, ...]  # every other territory that may claim the place
    why: str
    doubt: str = ""  # why somebody should look at the place before anything is dispatched


def whose(place: Place, city: City) -> Whose:
    """The desk of a place.

    The territory in which the point lies takes the case even when a border is near: somebody must hold it at once, and
    the first who has it may hand it over, never ignore it (首接負責, domain.md §4). Sending every border case to the
    city desk instead would give it every tenth case.
    """
    known = [n for n in place.near if n.territory in city.territories]
    if len(known) > 1:
        known.sort(key=lambda n: (n.metres, RANK.get(city.territories[n.territory].kind, 2)))
    if known:
        first, *others = known
        desk = city.desk_of(first.territory)
        near = tuple(n.territory for n in others)
        # Inside of two at once is an overlay, which has its rank; as near to another desk's area is a doubt.
        close = first.metres + city.windows.ambiguous_metres
        doubt = any(0 < n.metres <= close and city.desk_of(n.territory) != desk for n in others)
        why = "nearest" if first.metres else "inside"
        return Whose(desk, first.territory, near, why, "border" if doubt else "")
    if place.named in city.territories:
        named = city.territories[place.named]
        near = (named.id,) if named.kind == "township" else ()  # a word is no point, but it says where to look
        return Whose(named.desk, "", near, "named", "no_point")
    return Whose(city.city_desk, "", (), "nowhere", "nowhere")
