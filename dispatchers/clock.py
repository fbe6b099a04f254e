"""Time as the rules see it: integer milliseconds since 1970 (UTC), handed in, never read.

Two kinds of limits (domain.md §3): *continuous* ones run through nights and holidays (紧急工作时, 自然日);
*working* ones run only in the duty hours of workdays (工作时, 工作日 = 8 working hours), with holidays out and
make-up workdays 调休 in. "2天" in a standard's table means two working days; a naive reading is wrong by weekends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal, NamedTuple

from .rows import CalendarDay, DutyHours

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
EPOCH = dt.date(1970, 1, 1).toordinal()
WORKING_DAY_HOURS = 8

Unit = Literal["seconds", "minutes", "hours", "days", "working_hours", "working_days"]
_CONTINUOUS: dict[str, int] = {"seconds": SECOND, "minutes": MINUTE, "hours": HOUR, "days": DAY}


class Duration(NamedTuple):
    """A length of time with its unit; `working` ones need a calendar to become an instant."""

    number: int
    unit: Unit

    @property
    def working(self) -> bool:
        """Whether it runs in duty hours only."""
        return self.unit.startswith("working")

    def ms(self) -> int:
        """Milliseconds of a continuous duration, or of working time for a working one."""
        if self.unit == "working_hours":
            return self.number * HOUR
        if self.unit == "working_days":
            return self.number * WORKING_DAY_HOURS * HOUR
        return self.number * _CONTINUOUS[self.unit]


def duration(text: str) -> Duration:
    """Read "4 working_hours". ValueError says what would be right."""
    number, _, unit = text.partition(" ")
    if not number.isdecimal() or unit not in (*_CONTINUOUS, "working_hours", "working_days"):
        raise ValueError(
            f"{text!r} is no duration: write a whole number, a space, and one of seconds, minutes, hours, days, "
            "working_hours, working_days"
        )
    return Duration(int(number), unit)  # type: ignore[arg-type]


class Calendar:
    """Working time of one city. Built once from the pack; answers are pure."""

    def __init__(self, days: Iterable[CalendarDay], duty: Iterable[DutyHours], utc_offset_minutes: int) -> None:
        self._kinds = {d.date.toordinal() - EPOCH: d.kind for d in days}
        self._duty = tuple((h.start * MINUTE, h.end * MINUTE) for h in duty)
        self._offset = utc_offset_minutes * MINUTE
        self.last_year = max((d.date.year for d in days), default=0)

    def day(self, at: int) -> int:
        """Days since 1970-01-01 of the city's calendar day in which `at` lies."""
        return (at + self._offset) // DAY

    def date(self, at: int) -> dt.date:
        """The city's calendar day in which `at` lies."""
        return dt.date.fromordinal(self.day(at) + EPOCH)

    def minute(self, at: int) -> int:
        """Minutes since midnight, city time."""
        return (at + self._offset) % DAY // MINUTE

    def workday(self, day: int) -> bool:
        """Whether duty hours run on a day: Monday to Friday, unless the calendar says otherwise."""
        kind = self._kinds.get(day)
        return kind == "workday" if kind else (day + 3) % 7 < 5  # 1970-01-01 was a Thursday

    def after(self, start: int, length: Duration) -> int:
        """The instant at which `length`, begun at `start`, is used up."""
        if length.unit in _CONTINUOUS:
            return start + length.number * _CONTINUOUS[length.unit]
        left = length.ms()
        day = self.day(start)
        while True:
            if self.workday(day):
                midnight = day * DAY - self._offset
                for begin, end in self._duty:
                    begin, end = max(midnight + begin, start), midnight + end
                    if end > begin:
                        if end - begin >= left:
                            return begin + left
                        left -= end - begin
            day += 1


def text(at: int, utc_offset_minutes: int) -> str:
    """`at` as RFC 3339 with the city's offset, for people."""
    zone = dt.timezone(dt.timedelta(minutes=utc_offset_minutes))
    return dt.datetime.fromtimestamp(at / 1000, zone).isoformat(timespec="milliseconds")
