"""Working time and continuous time (domain.md §3, scenarios S6 and S7)."""

import datetime as dt

import pytest

from dispatchers.clock import DAY, HOUR, MINUTE, Calendar, Duration, duration, text
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
    assert duration("2 working_days").ms == 16 * 3_600_000
    assert duration("90 seconds").ms == 90_000


def test_days_begin_at_midnight_in_the_city() -> None:
    """23:59:59.999 and 00:00 +08:00 are two days, although both are one day in UTC."""
    midnight = at("2026-07-13 00:00")
    assert CALENDAR.date(midnight) == dt.date(2026, 7, 13)
    assert CALENDAR.date(midnight - 1) == dt.date(2026, 7, 12)
    assert CALENDAR.minute(midnight - 1) == 1439


def test_an_instant_is_written_with_the_citys_offset() -> None:
    """RFC 3339 with +08:00."""
    assert text(at("2026-07-13 08:00"), 480) == "2026-07-13T08:00:00.000+08:00"


def test_s6_friday_evening_before_a_make_up_sunday() -> None:
    """Dispatched on Friday at 17:30 with 4 工作时: half an hour passes on Friday, the rest on the make-up Sunday 调休:
    the case is due on Sunday at 11:30. 4 紧急工作时 are up on Friday at 21:30."""
    friday = at("2026-09-18 17:30")
    assert CALENDAR.spent(friday, at("2026-09-18 18:00"), True) == 30 * MINUTE
    assert CALENDAR.spent(friday, at("2026-09-20 08:00"), True) == 30 * MINUTE
    assert CALENDAR.after(friday, Duration(4, "working_hours")) == at("2026-09-20 11:30")
    assert CALENDAR.after(friday, Duration(4, "hours")) == at("2026-09-18 21:30")


def test_s7_two_days_of_a_standard_are_sixteen_working_hours() -> None:
    """Begun on Friday at 17:30 without a make-up Sunday, they end on Tuesday at 17:30; as 自然日 on Sunday already."""
    friday = at("2026-09-11 17:30")
    due = CALENDAR.after(friday, Duration(2, "working_days"))
    assert due == CALENDAR.after(friday, Duration(16, "working_hours")) == at("2026-09-15 17:30")
    assert CALENDAR.after(friday, Duration(2, "days")) == at("2026-09-13 17:30")


@pytest.mark.parametrize("working", [True, False])
@pytest.mark.parametrize("left", [0, -1, -DAY])
def test_what_has_nothing_left_is_due_at_once(left: int, working: bool) -> None:
    """Even at night: waiting for the next duty hour would give it time that it has not."""
    assert CALENDAR.after_ms(at("2026-09-12 03:00"), left, working) == at("2026-09-12 03:00")


def test_a_single_millisecond_of_work_needs_duty_hours() -> None:
    """At the last millisecond of Friday it is used up with Friday; one more is Monday's first."""
    last = at("2026-09-11 18:00") - 1
    assert CALENDAR.after_ms(last, 1, True) == at("2026-09-11 18:00")
    assert CALENDAR.after_ms(last, 2, True) == at("2026-09-14 08:00") + 1


@pytest.mark.parametrize("working", [True, False])
def test_no_time_passes_backwards(working: bool) -> None:
    """What was spent is 0 if the end is the start or before it."""
    noon = at("2026-09-14 11:00")
    assert CALENDAR.spent(noon, noon, working) == 0
    assert CALENDAR.spent(noon, noon - HOUR, working) == 0


@pytest.mark.parametrize(
    ("length", "percent", "mark"),
    [
        # 80 % of 5 hours are 4 hours, working or not.
        ("5 hours", 80, "2026-09-18 21:30"),
        ("5 working_hours", 80, "2026-09-20 11:30"),
        # 80 % of a working day are 6 hours 24 minutes of duty, not of the clock.
        ("1 working_days", 80, "2026-09-20 15:54"),
        ("5 working_hours", 0, "2026-09-18 17:30"),
        ("4 working_hours", 100, "2026-09-20 11:30"),
        ("2 working_hours", 200, "2026-09-20 11:30"),
    ],
)
def test_a_share_is_counted_in_the_limits_own_time(length: str, percent: int, mark: str) -> None:
    """The yellow mark at 80 % of a working limit lies in duty hours."""
    assert CALENDAR.share(at("2026-09-18 17:30"), duration(length), percent) == at(mark)


def test_a_year_whose_notice_is_not_out_is_unknown_and_changes_no_day() -> None:
    """The marker row of 2027 lies on a Friday, which stays a workday."""
    known = [day("2025-10-01", "holiday"), day("2026-10-01", "holiday")]
    calendar = Calendar([*known, day("2027-01-01", "unpublished")], DUTY, 480)
    assert calendar.workday(calendar.day(at("2027-01-01 12:00")))
    assert calendar.after(at("2026-12-31 17:00"), Duration(2, "working_hours")) == at("2027-01-01 09:00")
    assert [calendar.published(year) for year in (2024, 2025, 2026, 2027, 2028)] == [False, True, True, False, False]
    assert calendar.first_unknown == dt.date(2027, 1, 1)
    assert calendar.last_year == 2026


def test_a_marker_beats_guessed_holidays_of_its_year() -> None:
    """They count as days off, but the year is not known before its notice is."""
    rows = [day("2026-10-01", "holiday"), day("2027-01-01", "holiday"), day("2027-01-02", "unpublished")]
    calendar = Calendar(iter(rows), DUTY, 480)
    assert not calendar.workday(calendar.day(at("2027-01-01 12:00")))
    assert not calendar.published(2027)
    assert (calendar.last_year, calendar.first_unknown) == (2026, dt.date(2027, 1, 1))


def test_the_first_unknown_year_may_lie_between_known_ones() -> None:
    """2026 is missing; without any year nothing is known."""
    calendar = Calendar([day("2027-10-01", "holiday"), day("2025-10-01", "holiday")], DUTY, 480)
    assert (calendar.first_unknown, calendar.last_year) == (dt.date(2026, 1, 1), 2027)
    assert (Calendar([], DUTY, 480).first_unknown, Calendar([], DUTY, 480).last_year) == (dt.date.min, 0)


def test_duty_hours_count_once_and_in_order() -> None:
    """A pack may list the afternoon first, or stretches that overlap."""
    mixed = Calendar([], [DutyHours(start=840, end=1080), DutyHours(start=480, end=720), *DUTY], 480)
    assert mixed.spent(at("2026-09-14 00:00"), at("2026-09-15 00:00"), True) == 8 * HOUR
    assert mixed.after(at("2026-09-14 11:00"), Duration(2, "working_hours")) == at("2026-09-14 15:00")


def test_without_duty_hours_working_time_never_passes() -> None:
    """It is said, not waited for."""
    empty = Calendar([], [], 480)
    assert empty.spent(0, DAY, True) == 0
    assert empty.after(0, Duration(1, "hours")) == HOUR
    with pytest.raises(ValueError, match="no duty hours"):
        empty.after(0, Duration(1, "working_hours"))


def test_holidays_on_a_weekend_and_workdays_in_the_week_change_nothing() -> None:
    """Notices list whole stretches of days; only those that differ from their weekday are other days."""
    rows = [day("2026-09-12", "holiday"), day("2026-09-14", "workday")]
    friday = at("2026-09-11 17:30")
    for hours in range(1, 200):
        length = Duration(hours, "working_hours")
        assert Calendar(rows, DUTY, 480).after(friday, length) == Calendar([], DUTY, 480).after(friday, length)
