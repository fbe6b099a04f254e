"""Time as the rules see it: integer milliseconds since 1970 (UTC), handed in, never read.

Limits come in four units (domain.md §3) of two kinds:

    hours, minutes, seconds   continuous   紧急工作时: through nights and holidays
    days                      continuous   自然日, 紧急工作日: 24 hours each, ending at the time of day of the beginning
    working_hours             working      工作时: duty hours of workdays alone
    working_days              working      工作日: 8 working hours each, wherever they begin

Workdays are Monday to Friday, with holidays out and make-up workdays 调休 in. "2天" in a standard's table means two
working days (limits_text.py reads such wording); a naive reading is wrong by weekends.

A limit that was paused goes on with what it had left: `after_ms(resumed, limit.ms - spent(begun, paused, …), …)`.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from .rows import CalendarDay, DutyHours

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
EPOCH = dt.date(1970, 1, 1).toordinal()
WORKING_DAY_HOURS = 8

Unit = Literal["seconds", "minutes", "hours", "days", "working_hours", "working_days"]
_MS: dict[str, int] = {
    "seconds": SECOND,
    "minutes": MINUTE,
    "hours": HOUR,
    "days": DAY,
    "working_hours": HOUR,
    "working_days": WORKING_DAY_HOURS * HOUR,
}


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time with its unit.

    `ms`: milliseconds, of working time where it is `working`, which runs in duty hours only and needs a calendar to
    become an instant. Both are kept, because every decision asks for them a dozen times.
    """

    number: int
    unit: Unit
    ms: int = field(init=False)
    working: bool = field(init=False)

    def __post_init__(self) -> None:
        """Work out what follows from the two."""
        object.__setattr__(self, "ms", self.number * _MS[self.unit])
        object.__setattr__(self, "working", self.unit.startswith("working"))

    def __str__(self) -> str:
        """As `duration` reads it."""
        return f"{self.number} {self.unit}"


REMEMBERED = 1_000  # durations, and days


@lru_cache(REMEMBERED)
def duration(text: str) -> Duration:
    """Read "4 working_hours". ValueError says what would be right."""
    number, _, unit = text.partition(" ")
    if not (number.isascii() and number.isdecimal()) or unit not in _MS:
        raise ValueError(
            f"{text!r} is no duration: write a whole number, a space, and one of seconds, minutes, hours, days, "
            "working_hours, working_days"
        )
    return Duration(int(number), unit)  # type: ignore[arg-type]


class Calendar:
    """Working time of one city. Built once from the pack; answers are pure.

    No answer walks through days: workdays are numbered, so that a year costs what an hour costs. Where the calendar
    says nothing (after `last_year`, say), days are what their weekday says; `first_unknown` tells where that begins.
    """

    def __init__(self, days: Iterable[CalendarDay], duty: Iterable[DutyHours], utc_offset_minutes: int) -> None:
        days = tuple(days)
        self._kinds = {d.date.toordinal() - EPOCH: d.kind for d in days if d.kind != "unpublished"}
        self._offset = utc_offset_minutes * MINUTE
        self._duty = _stretches(duty)
        self._per_day = sum(end - begin for begin, end in self._duty)
        # The days that are not what their weekday says, the number of workdays before each, and how many workdays more
        # than Mondays to Fridays there were before each (the last figure: after all of them).
        self._changed: list[int] = []
        self._number: list[int] = []
        self._more = [0]
        for day in sorted(self._kinds):
            works = self.workday(day)
            if works != (_weekdays(day + 1) > _weekdays(day)):
                self._changed.append(day)
                self._number.append(_weekdays(day) + self._more[-1])
                self._more.append(self._more[-1] + (1 if works else -1))
        # A marker beats other rows of its year: days that somebody expects are no notice.
        self._years = {d.date.year for d in days} - {d.date.year for d in days if d.kind == "unpublished"}
        self.last_year = max(self._years, default=0)
        unknown = min(self._years, default=1)
        while unknown in self._years:
            unknown += 1
        # From here on a limit may be wrong. If no year is published at all, that is every day.
        self.first_unknown = dt.date(unknown, 1, 1)
        self.unknown_from = (self.first_unknown.toordinal() - EPOCH) * DAY - self._offset  # the same, as an instant
        self.number = lru_cache(REMEMBERED)(_number)
        self._before = lru_cache(REMEMBERED)(self._worked_before)
        self._workday_at = lru_cache(REMEMBERED)(self._workday_number)

    def published(self, year: int) -> bool:
        """Whether the calendar of a year is known: it has rows, and none of them says "unpublished"."""
        return year in self._years

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
        """The instant at which `length`, begun at `start`, is used up. As `after_ms`."""
        return self.after_ms(start, length.ms, length.working)

    def after_ms(self, start: int, ms: int, working: bool) -> int:
        """The instant at which `ms` more, of continuous or of working time, are used up.

        Working time that ends with the duty hours ends there, not on the next morning. With nothing left (0 or less)
        it is `start` itself, also at night: such a limit is due at once. ValueError if there are no duty hours at all.
        """
        if ms <= 0:
            return start
        if not working:
            return start + ms
        return self._worked_off(self._worked(start) + ms)

    def marks(self, start: int, length: Duration, percent: int) -> tuple[int, int]:
        """The instants at which `percent` % of a limit, and all of it, are used up; `share` and `after` in one."""
        ms = length.ms
        part = ms * percent // 100
        if not length.working or part <= 0:
            return self.after_ms(start, part, length.working), self.after_ms(start, ms, length.working)
        worked = self._worked(start)
        return self._worked_off(worked + part), self._worked_off(worked + ms)

    def _worked_off(self, worked: int) -> int:
        """The instant at which so much working time has passed (as `_worked` counts it)."""
        if not self._per_day:
            raise ValueError("working time never passes: the city has no duty hours")
        # One less and one more: the last millisecond belongs to the day on which it is worked.
        number, left = divmod(worked - 1, self._per_day)
        left += 1
        clock = 0
        for begin, end in self._duty:
            clock = begin + left
            if clock <= end:
                break
            left -= end - begin
        return self._workday_at(number) * DAY - self._offset + clock

    def share(self, start: int, length: Duration, percent: int) -> int:
        """The instant at which `percent` % of a limit begun at `start` are used up, counted in the limit's own time.

        Exact: every unit is whole seconds, and a hundredth of a second is whole milliseconds.
        """
        return self.after_ms(start, length.ms * percent // 100, length.working)

    def spent(self, start: int, end: int, length_unit_working: bool) -> int:
        """Milliseconds of continuous or of working time between two instants; 0 if `end` is not after `start`."""
        if end <= start:
            return 0
        if not length_unit_working:
            return end - start
        return self._worked(end) - self._worked(start)

    def _worked(self, at: int) -> int:
        """Working time up to `at`, counted from a fixed instant; below 0 before that."""
        day, clock = divmod(at + self._offset, DAY)
        worked, duty = self._before(day)
        for begin, end in duty:
            if clock <= begin:
                break
            worked += min(clock, end) - begin
        return worked

    def _worked_before(self, day: int) -> tuple[int, tuple[tuple[int, int], ...]]:
        """(working time before a day, the duty hours on it)."""
        worked = (_weekdays(day) + self._more[bisect_left(self._changed, day)]) * self._per_day
        return worked, self._duty if self.workday(day) else ()

    def _workday_number(self, number: int) -> int:
        """The workday before which there were `number` others, as days since 1970-01-01."""
        known = bisect_right(self._number, number)  # as many changed days lie before it, or are it
        if known and self._number[known - 1] == number and self._more[known] > self._more[known - 1]:
            return self._changed[known - 1]  # a make-up workday
        weeks, weekday = divmod(number - self._more[known], 5)
        return weeks * 7 + weekday - 3


def _number(day: int) -> int:
    """Days since 1970-01-01 as people write the date: 20260713."""
    date = dt.date.fromordinal(day + EPOCH)
    return date.year * 10_000 + date.month * 100 + date.day


def _weekdays(day: int) -> int:
    """Mondays to Fridays before a day, counted from Monday 1969-12-29 (1970-01-01 was a Thursday)."""
    weeks, weekday = divmod(day + 3, 7)
    return weeks * 5 + min(weekday, 5)


def _stretches(duty: Iterable[DutyHours]) -> tuple[tuple[int, int], ...]:
    """Duty hours as milliseconds since midnight, in order; what overlaps counts once."""
    found: list[tuple[int, int]] = []
    last = 0
    for hours in sorted(duty, key=lambda h: h.start):
        begin, end = max(hours.start * MINUTE, last), hours.end * MINUTE
        if end > begin:
            found.append((begin, end))
            last = end
    return tuple(found)


def text(at: int, utc_offset_minutes: int) -> str:
    """`at` as RFC 3339 with the city's offset, for people."""
    zone = dt.timezone(dt.timedelta(minutes=utc_offset_minutes))
    return dt.datetime.fromtimestamp(at / 1000, zone).isoformat(timespec="milliseconds")
