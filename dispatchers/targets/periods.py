"""Months of the numbers: calendar months of the city's zone, provisional until so many working days after their end.

A month is named "2026-07". Instants are milliseconds as in clock.py; a month ends with the first instant of the next.
"""

from __future__ import annotations

import datetime as dt

from dispatchers.city import City
from dispatchers.clock import DAY, EPOCH, MINUTE, duration

from .definition import definition_on


def day_of(at: int, offset: int) -> int:
    """Days since 1970-01-01 of the city's day in which `at` lies; `offset`: minutes of the city's zone."""
    return (at + offset * MINUTE) // DAY


def period_of(at: int, offset: int) -> str:
    """The month in which an instant lies."""
    return month_of(day_of(at, offset))


def month_of(day: int) -> str:
    """The month of a day since 1970-01-01."""
    return dt.date.fromordinal(day + EPOCH).isoformat()[:7]


def after(period: str) -> str:
    """The next month."""
    year, month = int(period[:4]), int(period[5:])
    return f"{year + month // 12}-{month % 12 + 1:02}"


def before(period: str) -> str:
    """The month before."""
    year, month = int(period[:4]), int(period[5:])
    return f"{year - (month == 1)}-{(month + 10) % 12 + 1:02}"


def first_day(period: str) -> int:
    """The first day of a month, since 1970-01-01."""
    return dt.date(int(period[:4]), int(period[5:]), 1).toordinal() - EPOCH


def ends_at(period: str, offset: int) -> int:
    """The first instant that is no more in the month."""
    return first_day(after(period)) * DAY - offset * MINUTE


def taken_back_until(reopen_until: int, forget_after: int, at: int) -> int:
    """Until when an end of `at` may be taken back. Closings of before 2026.11.2 say no end of it: 31 days."""
    return reopen_until or forget_after or at + 31 * DAY


def freezes_at(city: City, period: str) -> int:
    """When a month is final, by the definition in force at its end."""
    end = ends_at(period, city.facts.utc_offset_minutes)
    return city.calendar.after(end, duration(definition_on(city.pack, first_day(after(period)) - 1).freeze_after))


def freeze_due(city: City, at: int) -> int:
    """The next instant after `at` at which a month is frozen."""
    period = before(period_of(at, city.facts.utc_offset_minutes))
    while freezes_at(city, period) <= at:
        period = after(period)
    return freezes_at(city, period)
