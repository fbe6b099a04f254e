"""Working time and continuous time (domain.md §3, scenarios S6 and S7)."""

import datetime as dt

import pytest

from dispatchers.clock import Calendar, Duration, duration, text
from dispatchers.rows import CalendarDay, DutyHours

EAST = dt.timezone(dt.timedelta(hours=8))
DUTY = (DutyHours(start=480, end=720), DutyHours(start=840, end=1080))


def at(stamp: str) -> int:
    return int(dt.datetime.fromisoformat(stamp).replace(tzinfo=EAST).timestamp() * 1000)


def day(date: str, kind: str) -> CalendarDay:
    return CalendarDay(date=dt.date.fromisoformat(date), kind=kind, name="", source="test")


CALENDAR = Calendar(
    [day("2026-09-20", "workday"), day("2026-10-01", "holiday"), day("2026-10-02", "holiday")], DUTY, 480
)


@pytest.mark.parametrize(
    ("start", "length", "due"),
    [
        # S6: Friday 17:30 and a make-up Sunday 调休: half an hour on Friday, the rest on Sunday morning.
        ("2026-09-18 17:30", "4 working_hours", "2026-09-20 11:30"),
        # S6: 4 紧急工作时 run through.
        ("2026-09-18 17:30", "4 hours", "2026-09-18 21:30"),
        # An ordinary weekend is no working time.
        ("2026-09-11 17:30", "4 working_hours", "2026-09-14 11:30"),
        # Begun at night, at noon, on a day off: the clock waits for the next duty hour.
        ("2026-09-14 03:00", "1 working_hours", "2026-09-14 09:00"),
        ("2026-09-14 12:30", "1 working_hours", "2026-09-14 15:00"),
        ("2026-09-12 10:00", "1 working_hours", "2026-09-14 09:00"),
        # S7: a working day is 8 working hours, so it ends at the time of day at which it began.
        ("2026-09-14 10:00", "2 working_days", "2026-09-16 10:00"),
        # Used up exactly at the end of duty: that instant, not the next morning.
        ("2026-09-14 14:00", "4 working_hours", "2026-09-14 18:00"),
        # Holidays are out: Wednesday noon over the Thursday and Friday off to Monday.
        ("2026-09-30 16:00", "1 working_days", "2026-10-05 16:00"),
        ("2026-09-30 16:00", "1 days", "2026-10-01 16:00"),
    ],
)
def test_a_limit_ends_when_its_own_kind_of_time_is_used_up(start: str, length: str, due: str) -> None:
    """Working limits skip nights, noons, weekends and holidays and count make-up workdays; continuous ones run on."""
    assert CALENDAR.after(at(start), duration(length)) == at(due)


@pytest.mark.parametrize(
    "wrong", ["", "4", "4h", "four hours", "-1 hours", "4 Working_hours", "2天", "4  hours", "1.5 hours"]
)
def test_an_unreadable_duration_is_refused_with_what_would_be_right(wrong: str) -> None:
    """Nothing is guessed: a naive reading of "2天" is wrong by weekends."""
    with pytest.raises(ValueError, match="working_days"):
        duration(wrong)


def test_a_duration_knows_its_length() -> None:
    """Milliseconds; a working day is eight working hours."""
    assert duration("2 working_days") == Duration(2, "working_days")
    assert duration("2 working_days").ms() == 16 * 3_600_000
    assert duration("90 seconds").ms() == 90_000


def test_days_begin_at_midnight_in_the_city() -> None:
    """23:59:59.999 and 00:00 +08:00 are two days, although both are one day in UTC."""
    midnight = at("2026-07-13 00:00")
    assert CALENDAR.date(midnight) == dt.date(2026, 7, 13)
    assert CALENDAR.date(midnight - 1) == dt.date(2026, 7, 12)
    assert CALENDAR.minute(midnight - 1) == 1439


def test_an_instant_is_written_with_the_citys_offset() -> None:
    """RFC 3339 with +08:00."""
    assert text(at("2026-07-13 08:00"), 480) == "2026-07-13T08:00:00.000+08:00"
