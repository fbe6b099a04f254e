"""The wording of the standards' tables (domain.md §3 "Time units", scenario S7)."""

import datetime as dt

import pytest

from dispatchers.clock import Calendar, Duration, duration
from dispatchers.limits_text import read_limit
from dispatchers.rows import DutyHours


@pytest.mark.parametrize(
    ("wording", "meaning"),
    [
        # In that city's Excel bare hours and days are working ones.
        ("2天", "2 working_days"),
        ("15天", "15 working_days"),
        ("4小时", "4 working_hours"),
        ("4小時", "4 working_hours"),
        ("4个小时", "4 working_hours"),
        ("4個小時", "4 working_hours"),
        # Working ones by name.
        ("4工作时", "4 working_hours"),
        ("4工作時", "4 working_hours"),
        ("4工作小时", "4 working_hours"),
        ("4個工作小時", "4 working_hours"),
        ("2工作日", "2 working_days"),
        ("2个工作日", "2 working_days"),
        # Urgent ones are continuous, whatever their name says.
        ("2紧急工作时", "2 hours"),
        ("2緊急工作時", "2 hours"),
        ("2紧急工作小时", "2 hours"),
        ("2緊急工作小時", "2 hours"),
        ("2个紧急工作时", "2 hours"),
        ("2紧急工作日", "2 days"),
        ("2緊急工作日", "2 days"),
        # Continuous ones by name.
        ("15自然日", "15 days"),
        ("15个自然日", "15 days"),
        ("15個自然日", "15 days"),
        ("30分钟", "30 minutes"),
        ("30分鐘", "30 minutes"),
        # Digits, numerals and spaces as people type them.
        ("１５自然日", "15 days"),
        ("０２天", "2 working_days"),
        ("一工作日", "1 working_days"),
        ("九个工作日", "9 working_days"),
        ("十自然日", "10 days"),
        ("两紧急工作时", "2 hours"),
        ("兩天", "2 working_days"),
        ("  2 \u3000个 紧急 工作时\xa0", "2 hours"),
    ],
)
def test_a_wording_has_one_meaning(wording: str, meaning: str) -> None:
    """Working or continuous, hours or days, as the tables mean them."""
    assert read_limit(wording) == duration(meaning)


def test_numerals_go_from_one_to_ten() -> None:
    """Each is its own number."""
    assert [read_limit(f"{n}天").number for n in "一二三四五六七八九十"] == list(range(1, 11))


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ("", "not one whole number"),
        ("天", "not one whole number"),
        ("半天", "not one whole number"),
        ("1.5天", "not one whole number"),
        ("-2天", "not one whole number"),
        ("1-2天", "not one whole number"),
        ("1 2天", "not one whole number"),
        ("②天", "not one whole number"),
        ("2²天", "unknown unit '²天'"),
        ("十五天", "not one whole number"),
        ("二十天", "not one whole number"),
        ("1天4小时", "not one whole number"),
        ("2天或5天", "not one whole number"),
        ("即时", "not one whole number"),
        ("2", "no unit"),
        ("2个", "no unit"),
        ("2周", "unknown unit '周'"),
        ("2天内", "unknown unit '天内'"),
        ("2紧急天", "unknown unit '紧急天'"),
        ("2 working_days", "unknown unit 'working_days'"),
        ("2日", "whether nights and holidays count"),
        ("2時", "whether nights and holidays count"),
        ("0天", "no time at all"),
        ("００小时", "no time at all"),
    ],
)
def test_what_is_unclear_is_refused(wrong: str, what: str) -> None:
    """Nothing is guessed; the message names the wording, what is wrong with it and, after a colon, what is right."""
    with pytest.raises(ValueError, match="工作时, 工作日") as refused:
        read_limit(wrong)
    said, colon, right = str(refused.value).partition(": ")
    assert repr(wrong) in said
    assert what in said
    assert colon
    assert right.startswith("write a whole number")


def test_s7_two_days_in_a_row_of_a_standard() -> None:
    """ "2天" is imported as two working days of 16 working hours, "2紧急工作时" runs through the night."""
    calendar = Calendar([], (DutyHours(start=480, end=720), DutyHours(start=840, end=1080)), 480)
    friday = int(dt.datetime.fromisoformat("2026-09-11T17:30+08:00").timestamp() * 1000)
    days, urgent = read_limit("2天"), read_limit("2紧急工作时")
    assert days == Duration(2, "working_days")
    assert days.ms == 16 * 3_600_000
    assert calendar.date(calendar.after(friday, days)) == dt.date(2026, 9, 15)
    assert not urgent.working
    assert calendar.after(friday, urgent) == friday + 2 * 3_600_000
