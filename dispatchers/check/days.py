"""What can be wrong with time: durations, the calendar, and days on which no list or no limit is in force."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import get_args

from dispatchers.clock import DAY, duration
from dispatchers.rows import CityPack, Stage

from .words import FOREVER, Fault, span, uncovered

LONGEST_DAYS = 3653  # ten years: more is a slip of the pen
HOLIDAYS = 7  # a year with fewer is hardly whole
LADDER = ("lease", "dispatch", "arrive", "operator", "overdue")
WINDOWS = ("message_ids", "receipts", "forwards", "lease_grace", "claim_ahead", "claim_behind", "month_end")
# Limits of rows, and whether an empty one means that there is none.
LIMITS = {
    ("items", "limit"): False,
    ("limits", "limit"): False,
    ("stages", "limit"): False,
    ("merges", "window"): False,
    ("replies", "limit"): True,
    ("requests", "receipt"): False,
    ("requests", "limit"): True,
    ("channels", "after"): False,
    **{("ladders", field): False for field in LADDER},
}
# Stages whose clock runs through nights and holidays: who is sent to look, and how long somebody is on duty (R87).
CONTINUOUS = ("verify", "hours")


def _durations(pack: CityPack) -> Iterator[Fault]:
    texts = [
        (table, n, field, getattr(row, field))
        for (table, field), may_be_none in LIMITS.items()
        for n, row in enumerate(getattr(pack, table))
        if getattr(row, field) or not may_be_none
    ]
    texts += [("facts", -1, f"windows.{f}", getattr(pack.facts.windows, f)) for f in WINDOWS]
    texts.append(("facts", -1, "node_silence", pack.facts.node_silence))
    for table, n, field, text in texts:
        try:
            length = duration(text)
        except ValueError as error:
            what, _, right = str(error).partition(": ")
            yield Fault(table, n, field, what, right)
            continue
        if not length.number:
            yield Fault(table, n, field, f"{text!r} is no time at all", "a longer one")
        elif length.ms > LONGEST_DAYS * DAY:
            yield Fault(table, n, field, f"{text!r} is more than ten years", "a shorter one")
        elif length.working and _runs_on(pack, table, n, field):
            yield Fault(table, n, field, f"{text!r} stands still at night", "seconds, minutes, hours or days")


def _runs_on(pack: CityPack, table: str, n: int, field: str) -> bool:
    """Whether a clock is of those that the rules take for continuous."""
    if table == "stages":
        return pack.stages[n].stage in CONTINUOUS
    return table in ("facts", "channels") or field == "lease"


def _stages(pack: CityPack) -> Iterator[Fault]:
    """Every stage has a limit, and the city a power list, on every day since the first on which there is an item."""
    if not pack.items:
        return
    days = min(i.valid_from for i in pack.items), FOREVER
    for stage in get_args(Stage):
        rows = [n for n, s in enumerate(pack.stages) if s.stage == stage]
        if day := uncovered(days, (span(pack.stages[n]) for n in rows)):
            what = f"stage {stage} has no limit on {day}"
            yield Fault("stages", rows[-1] if rows else -1, "stage", what, "one row of each stage for each day")
    if day := uncovered(days, (span(each) for each in pack.lists if not each.desk)):
        yield Fault("lists", -1, "id", f"no power list of the city on {day}", "one row without a desk for each day")


def _lists(pack: CityPack) -> Iterator[Fault]:
    """Between two lists of a county's own, the city's would be in force without a word (R5)."""
    desks = defaultdict(list)
    for n, each in enumerate(pack.lists):
        if each.desk and span(each)[0] <= span(each)[1]:
            desks[each.desk].append((span(each), n))
    for desk, rows in desks.items():
        days = min(rows)[0][0], max(end for (_, end), _ in rows)
        if day := uncovered(days, (each for each, _ in rows)):
            after = min(row for row in rows if row[0][0] > day)[1]
            what = f"{desk} has no list of its own on {day}, and has one before and after"
            yield Fault("lists", after, "valid_from", what, f"{day}, or an own list that ends for good")


def _workdays(pack: CityPack) -> Iterator[Fault]:
    """A make-up workday 调休 takes the place of a Saturday or Sunday; a year with very few holidays is not whole."""
    for n, day in enumerate(pack.calendar):
        if day.kind == "workday" and day.date.weekday() < 5:
            what = f"{day.date} is a {day.date:%A}, and works anyway"
            yield Fault("calendar", n, "date", what, "a Saturday or Sunday")
    unknown = {day.date.year for day in pack.calendar if day.kind == "unpublished"}
    holidays = Counter(day.date.year for day in pack.calendar if day.kind == "holiday")
    first = {day.date.year: n for n, day in reversed(list(enumerate(pack.calendar)))}
    for year in sorted(set(first) - unknown):
        if holidays[year] < HOLIDAYS:
            what = f"{year} has {holidays[year]} holidays"
            yield Fault("calendar", first[year], "date", what, "all of the year's notice", warning=True)


def calendar(pack: CityPack, year: int | None) -> Iterator[Fault]:
    """Every year from the first to the last, and the one in which the pack is used: a missing year would make
    holidays workdays without a word. A year is not there before its notice is, whatever else is known of it."""
    waiting = {day.date.year: n for n, day in reversed(list(enumerate(pack.calendar))) if day.kind == "unpublished"}
    years = {d.date.year for d in pack.calendar} - set(waiting)
    wanted = set(range(min(years), max(years) + 1)) if years else set(waiting)
    for missing in sorted((wanted | ({year} if year else set())) - years):
        right = f"holidays and make-up workdays of {missing}"
        if missing in waiting:
            what, right = f"{missing} is unpublished", f"{right}, once they are out"
            yield Fault("calendar", waiting[missing], "kind", what, right)
        else:
            yield Fault("calendar", -1, "date", f"nothing of {missing}", right)
    if not pack.calendar:
        yield Fault("calendar", -1, "date", "no day at all", "holidays and make-up workdays of each year")


RULES = (_durations, _stages, _lists, _workdays)
