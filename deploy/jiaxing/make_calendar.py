"""Write calendar.csv from two libraries that agree. Development only, in an environment of its own (`holidays` wants an
older dateutil than the project's lock has):

    pip install chinesecalendar==1.11.0 holidays==0.109
    python deploy/jiaxing/make_calendar.py

Both carry the State Council's notice on days off and make-up workdays. A year is written only if they say the same of
every single day, working or not; a year whose notice is not out gets one row that says so. Names are chinesecalendar's.
"""

from __future__ import annotations

import csv
import datetime as dt
import sys
from importlib.metadata import version
from pathlib import Path

import chinese_calendar
import holidays

YEARS = (2026,)
UNPUBLISHED = 2027
NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
}
SATURDAY = 5
BOTH = f"State Council notice as in chinesecalendar {version('chinesecalendar')} and holidays {version('holidays')}"


def days(year: int) -> list[dt.date]:
    """All days of a year."""
    first = dt.date(year, 1, 1)
    return [first + dt.timedelta(n) for n in range((dt.date(year + 1, 1, 1) - first).days)]


def disagreements(year: int) -> list[dt.date]:
    """Days that are a working day to one library and none to the other."""
    other = holidays.country_holidays("CN", years=year)
    return [
        day
        for day in days(year)
        if chinese_calendar.is_workday(day)
        != (day in other.weekend_workdays or (day.weekday() < SATURDAY and day not in other))
    ]


def rows(year: int) -> list[tuple[str, str, str, str]]:
    """Days of a holiday, its weekend among them, and make-up workdays."""
    found = []
    for day in days(year):
        off, name = chinese_calendar.get_holiday_detail(day)
        if off and name:
            found.append((day.isoformat(), "holiday", NAMES[name], BOTH))
        elif not off and day.weekday() >= SATURDAY:
            found.append((day.isoformat(), "workday", f"{NAMES[name]}调休", BOTH))
    return found


def main() -> None:
    """Compare, then write; on a disagreement nothing is written."""
    if wrong := [day for year in YEARS for day in disagreements(year)]:
        sys.exit(f"the libraries disagree about {', '.join(map(str, wrong))}")
    table = [row for year in YEARS for row in rows(year)]
    table.append((f"{UNPUBLISHED}-01-01", "unpublished", "未公布", "neither library has the notice of this year"))
    with (Path(__file__).parent / "calendar.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("date", "kind", "name", "source"))
        out.writerows(table)
    print(f"calendar.csv: {len(table)} rows, {', '.join(map(str, YEARS))} alike in both")  # noqa: T201


if __name__ == "__main__":
    main()
