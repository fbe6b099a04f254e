"""Who may 職權: the row of the power list 权责清单 that gives a duty to a squad or to a unit (R2, R5, R16).

The list in force when the case was registered decides; a later list does not move a case that is on its way. Opinions
about who should have a power never move it, only a published row does.
"""

from __future__ import annotations

from .city import City
from .rows import Item, Power

# Which duty of an item a case asks for, by the item's nature.
DUTY = {"enforcement": "penalty", "repair": "repair", "service": "service", "reply": "reply"}


def competent(item: Item, city: City, registered_at: int) -> Power | None:
    """The row that decides, the first in the order of the list; None: nobody is named, an operator's."""
    duty = DUTY[item.nature]
    return next((p for p in city.powers(item.id, city.calendar.day(registered_at)) if p.duty == duty), None)
