"""Working time against an oracle that counts minutes one by one (domain.md §3, scenario S6).

The oracle reads deploy/jiaxing/calendar.csv by itself, asks `datetime` for the weekday of every single day, and uses
nothing of `dispatchers.clock`. 100 examples of 100 random intervals make 10,000 for every question. An interval begins
in 2026; what is asked of it may reach into 2027.
"""

import csv
import datetime as dt
import random
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatchers.clock import Calendar, Duration
from dispatchers.rows import CalendarDay, DutyHours

TABLE = Path(__file__).parents[2] / "deploy" / "jiaxing" / "calendar.csv"
DUTY = (DutyHours(start=480, end=720), DutyHours(start=840, end=1080))
DUTY_CLOCK = {8, 9, 10, 11, 14, 15, 16, 17}  # the hours of the day in which there is duty
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2027, 12, 31)
MINUTE = 60_000
ZERO = int(dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=8))).timestamp()) * 1000
YEAR = 365 * 1440  # minutes of 2026
BATCH = 100
LENGTHS = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400, "working_hours": 3_600, "working_days": 28_800}

seeds = st.integers(min_value=0, max_value=2**48)


class Oracle:
    """All minutes from 2026 to 2027; an instant is a number of minutes, or of milliseconds, since the first."""

    def __init__(self) -> None:
        with TABLE.open(encoding="utf-8", newline="") as file:
            said = {row["date"]: row["kind"] for row in csv.DictReader(file)}
        self.works = bytearray()  # for each minute whether it is one of duty
        self.passed = [0]  # for each minute how many minutes of duty came before it
        count = 0
        day = FIRST
        while day <= LAST:
            kind = said.get(day.isoformat(), "")
            open_ = kind == "workday" or (kind != "holiday" and day.strftime("%a") not in ("Sat", "Sun"))
            for minute in range(1440):
                duty = open_ and minute // 60 in DUTY_CLOCK
                count += duty
                self.works.append(duty)
                self.passed.append(count)
            day += dt.timedelta(days=1)

    def spent(self, start: int, end: int) -> int:
        """Minutes of duty between two minutes."""
        return self.passed[end] - self.passed[start] if end > start else 0

    def after_ms(self, start: int, ms: int) -> int:
        """Milliseconds at which `ms` of duty since a minute are used up."""
        if not ms:
            return start * MINUTE
        full, rest = divmod(ms, MINUTE)
        if not rest:
            return bisect_left(self.passed, self.passed[start] + full) * MINUTE
        last = bisect_left(self.passed, self.passed[start] + full + 1) - 1  # the minute that is used in part
        return last * MINUTE + rest

    def walk(self, start: int, minutes: int, pauses: list[tuple[int, int]]) -> int:
        """The minute at which so many minutes of duty outside the pauses are used up."""
        for at in range(start, len(self.works)):
            if self.works[at] and not any(begin <= at < end for begin, end in pauses):
                minutes -= 1
                if not minutes:
                    return at + 1
        raise AssertionError("the oracle's years are over")

    def seconds(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The part of each second of duty that lies between two milliseconds."""
        for second in range(start // 1000, -(-end // 1000)):
            if self.works[second // 60]:
                yield max(start, second * 1000), min(end, second * 1000 + 1000)


def calendar() -> Calendar:
    with TABLE.open(encoding="utf-8", newline="") as file:
        days = [
            CalendarDay(date=dt.date.fromisoformat(r["date"]), kind=r["kind"], name=r["name"], source=r["source"])
            for r in csv.DictReader(file)
        ]
    return Calendar(days, DUTY, 480)


ORACLE = Oracle()
CALENDAR = calendar()


def moment(chance: random.Random) -> int:
    """A minute of 2026; half of them where duty begins or ends, or next to it, for that is where faults are."""
    if chance.random() < 0.5:
        return chance.randrange(YEAR)
    edge = chance.choice((0, 480, 720, 840, 1080)) + chance.choice((-1, 0, 1))
    return max(chance.randrange(365) * 1440 + edge, 0)


def said(minute: int) -> str:
    """A minute for people, in the message of a failure."""
    return (dt.datetime(2026, 1, 1) + dt.timedelta(minutes=minute)).strftime("%a %Y-%m-%d %H:%M")  # noqa: DTZ001


def test_the_oracle_knows_known_days() -> None:
    """2026 has 248 workdays by the notice of the State Council; S6 in minutes."""
    assert ORACLE.passed[YEAR] == 248 * 8 * 60
    friday = (dt.date(2026, 9, 18) - FIRST).days * 1440 + 17 * 60 + 30
    assert said(ORACLE.walk(friday, 240, [])) == "Sun 2026-09-20 11:30"
    assert said(ORACLE.after_ms(friday, 240 * MINUTE) // MINUTE) == "Sun 2026-09-20 11:30"


@settings(max_examples=100)
@given(seeds)
def test_time_spent_is_the_minutes_counted(seed: int) -> None:
    """Between any two instants of 2026: working time as counted, continuous time as the difference, never below 0."""
    chance = random.Random(seed)
    for _ in range(BATCH):
        start, end = moment(chance), moment(chance)
        if chance.random() < 0.9:  # the others end before they begin
            start, end = min(start, end), max(start, end)
        a, b = ZERO + start * MINUTE, ZERO + end * MINUTE
        about = f"{said(start)} .. {said(end)}"
        assert CALENDAR.spent(a, b, True) == ORACLE.spent(start, end) * MINUTE, about
        assert CALENDAR.spent(a, b, False) == max(end - start, 0) * MINUTE, about


@settings(max_examples=100)
@given(seeds)
def test_a_length_ends_at_the_minute_counted(seed: int) -> None:
    """`after_ms` for lengths of working and of continuous time from nothing to 40 workdays, many not whole minutes."""
    chance = random.Random(seed)
    for _ in range(BATCH):
        start = moment(chance)
        ms = chance.choice((0, 1, 4 * 60 * MINUTE, chance.randrange(9_600) * MINUTE, chance.randrange(9_600 * MINUTE)))
        about = f"{ms} ms from {said(start)}"
        assert CALENDAR.after_ms(ZERO + start * MINUTE, ms, True) - ZERO == ORACLE.after_ms(start, ms), about
        assert CALENDAR.after_ms(ZERO + start * MINUTE, ms, False) - ZERO == start * MINUTE + ms, about


@settings(max_examples=100)
@given(seeds)
def test_a_limit_and_a_share_of_it_end_at_the_minute_counted(seed: int) -> None:
    """`after` and `share` in every unit: a working limit by counting, a continuous one by adding."""
    chance = random.Random(seed)
    for _ in range(BATCH):
        start, percent = moment(chance), chance.choice((80, 100, chance.randrange(1, 200)))
        unit = chance.choice(tuple(LENGTHS))
        length = Duration(chance.randrange(1, 30), unit)
        about = f"{percent} % of {length.number} {unit} from {said(start)}"
        ms = length.number * LENGTHS[unit] * 1000
        part = length.number * LENGTHS[unit] * 10 * percent
        begun = ZERO + start * MINUTE
        if unit in ("working_hours", "working_days"):
            assert CALENDAR.after(begun, length) - ZERO == ORACLE.after_ms(start, ms), about
            assert CALENDAR.share(begun, length, percent) - ZERO == ORACLE.after_ms(start, part), about
        else:
            assert CALENDAR.after(begun, length) == begun + ms, about
            assert CALENDAR.share(begun, length, percent) == begun + part, about


def due(start: int, minutes: int, pauses: list[tuple[int, int]]) -> int:
    """The minute at which a paused working limit is used up, as a case reckons: resumed, it has what was left."""
    at, left = ZERO + start * MINUTE, minutes * MINUTE
    for begin, end in pauses:
        paused = ZERO + begin * MINUTE
        if CALENDAR.after_ms(at, left, True) <= paused:
            break  # used up before
        left -= CALENDAR.spent(at, paused, True)
        at = ZERO + end * MINUTE
    minute, rest = divmod(CALENDAR.after_ms(at, left, True) - ZERO, MINUTE)
    assert rest == 0
    return minute


@settings(max_examples=100)
@given(seeds)
def test_a_paused_limit_ends_at_the_minute_walked_to(seed: int) -> None:
    """None to three pauses, some at night, some over a weekend, some after the end: the oracle walks every minute and
    skips the paused ones."""
    chance = random.Random(seed)
    for _ in range(BATCH):
        start = at = moment(chance)
        minutes = chance.choice((1, 120, 240, 480, chance.randrange(1, 1_441)))
        pauses = []
        for _ in range(chance.randrange(4)):
            begin = at + chance.choice((0, chance.randrange(240), chance.randrange(2_000)))
            at = begin + chance.choice((0, 15, chance.randrange(240), chance.randrange(3_000)))
            pauses.append((begin, at))
        about = f"{minutes} minutes from {said(start)}, pauses {[(said(a), said(b)) for a, b in pauses]}"
        assert due(start, minutes, pauses) == ORACLE.walk(start, minutes, pauses), about


# A minute near which something happens (most often an edge of duty) and milliseconds around it.
instants = st.builds(
    lambda day, clock, ms: max((day * 1440 + clock) * MINUTE + ms, 0),
    st.integers(0, 364),
    st.sampled_from((0, 480, 600, 720, 780, 840, 1080)),
    st.integers(-90_000, 90_000),
)


@settings(max_examples=100)
@given(instants, st.integers(0, 3 * 86_400_000))
def test_milliseconds_spent_are_those_of_every_second(start: int, span: int) -> None:
    """Ends that are no whole minutes, nor seconds: the oracle adds up what of every second lies between them."""
    counted = sum(end - begin for begin, end in ORACLE.seconds(start, start + span))
    assert CALENDAR.spent(ZERO + start, ZERO + start + span, True) == counted


@settings(max_examples=100)
@given(instants, st.one_of(st.integers(1, 3_000), st.integers(1, 6 * 3_600_000)))
def test_milliseconds_are_used_up_second_by_second(start: int, ms: int) -> None:
    """`after_ms` from any millisecond: the oracle takes from every second of duty what there is of it."""
    left = ms
    for begin, end in ORACLE.seconds(start, start + 30 * 86_400_000):
        if end - begin >= left:
            assert CALENDAR.after_ms(ZERO + start, ms, True) == ZERO + begin + left
            return
        left -= end - begin
    raise AssertionError("thirty days without enough duty")
