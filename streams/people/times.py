"""How long things take people: the day, the way, the work.

The data have no working times, only how long cities took to close a case: minutes to months, nearly all of it waiting
in a queue. Two assumptions make work of it (model, not fact):
    a squad's work on site   5 minutes + a third of the square root of the closing time in minutes: an hour becomes 8
                             minutes, a day 18, a month 74. It keeps the order of items, and of easy and hard cases
    a unit's whole job       a quarter of the closing time, from half an hour to three days: a unit has its own queue
A team works on several cases side by side, and finishes what it took after its shift: nobody here serialises it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from pathlib import Path

import msgspec

from dispatchers.clock import DAY, HOUR, MINUTE

MORNING, EVENING = 6 * HOUR + 30 * MINUTE, 22 * HOUR  # between them people work on what can wait, too
WAY_METRES_PER_MS = 20_000 / HOUR  # 20 km/h from door to door
UNKNOWN_WAY = 4_000  # metres, when nobody knows the place
UNIT_LEAST, UNIT_MOST = 30 * MINUTE, 3 * DAY
DEFAULT = (60.0, 1_440.0, 10_080.0)  # closing minutes of an item without data: an hour, a day, a week


class Day:
    """Day and night of a city."""

    def __init__(self, utc_offset_minutes: int) -> None:
        self._offset = utc_offset_minutes * MINUTE

    def night(self, at: int) -> bool:
        """Whether it is between 22:00 and 06:30."""
        return not MORNING <= (at + self._offset) % DAY < EVENING

    def next_morning(self, at: int) -> int:
        """The next 06:30 after `at`."""
        midnight = at - (at + self._offset) % DAY
        return midnight + MORNING if at < midnight + MORNING else midnight + DAY + MORNING

    def after(self, at: int, length: int) -> int:
        """The instant at which `length` ms of daytime, begun at `at`, are used up."""
        while True:
            if self.night(at):
                at = self.next_morning(at)
            evening = at - (at + self._offset) % DAY + EVENING
            if at + length <= evening:
                return at + length
            length -= evening - at
            at = evening


class _Item(msgspec.Struct, frozen=True):
    minutes: list[float]


class _File(msgspec.Struct, frozen=True):
    items: dict[str, _Item]


class Closing:
    """Closing times of the data: for each item its quantiles in minutes, evenly spaced from the least to the most."""

    def __init__(self, quantiles: Mapping[str, Sequence[float]]) -> None:
        self._quantiles = {item: tuple(values) for item, values in quantiles.items() if len(values) > 1}

    @classmethod
    def read(cls, file: Path) -> Closing:
        """The closing times of a demo's `closing.json`; of a city without one, the same plain guess for every item.

        Raises:
            msgspec.DecodeError: the file is none of ours.
        """
        if not file.exists():
            return cls({})
        items = msgspec.json.decode(file.read_bytes(), type=_File).items
        return cls({item: one.minutes for item, one in items.items()})

    def minutes(self, item: str, rank: float) -> float:
        """The closing time at a rank (0 to 1) of the item's cases."""
        values = self._quantiles.get(item, DEFAULT)
        place = rank * (len(values) - 1)
        low = min(int(place), len(values) - 2)
        return values[low] + (values[low + 1] - values[low]) * (place - low)

    def on_site(self, item: str, rank: float) -> int:
        """A squad's work, in ms."""
        return round((5 + sqrt(max(0.0, self.minutes(item, rank))) / 3) * MINUTE)

    def job(self, item: str, rank: float) -> int:
        """A unit's whole job, in ms of daytime."""
        return min(UNIT_MOST, max(UNIT_LEAST, round(self.minutes(item, rank) / 4 * MINUTE)))


def way(metres: int | None) -> int:
    """The way of a squad, in ms, with five minutes to set out."""
    return 5 * MINUTE + round((UNKNOWN_WAY if metres is None else metres) * 1.4 / WAY_METRES_PER_MS)
