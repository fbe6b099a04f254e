"""A second program for R2 and R3: domain.md §2.3 and §2.4 as SQL over the files of a city pack, as they lie there.

It imports nothing of the project, and knows what Jiaxing's files have: who serves or is used at several places, leave,
lending. A city's own definition and faulty files are the business of `dispatchers/targets` and its tests.
"""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path

TABLES = ("squads", "officers", "attendance", "spending", "equipment", "usage")
NEVER = "9999-12-31"
MONTH = (
    "max(0, min(julianday(:day), julianday(valid_to)) - max(julianday(:day, '-29 days'), julianday(valid_from)) + 1)"
)
GRASSROOTS = "exists (select 1 from squads as s where s.id = {} and s.tier in ('town_squad', 'zone_squad'))"
IN_FORCE = "valid_from <= :day and :day <= valid_to"

# Half and more of the shifts of 30 days; on leave for more than 30 days, or outside: in neither part.
FORCE = f"""
with done as (
    select officer, post, sum(shifts * {MONTH}) as weight from attendance group by officer, post having weight > 0
),
duty as (
    select officer, post from done as d
    where 2 * weight >= (select sum(weight) from done as all_of where all_of.officer = d.officer)
),
away as (
    select officer from attendance
    where post = 'leave' and {IN_FORCE} and julianday(valid_to) - julianday(valid_from) >= 30
    union select officer from duty where post like 'outside: %'
)
select coalesce(sum({GRASSROOTS.format("d.post")}), 0), count(*)
from officers as o left join duty as d on d.officer = o.number
where o.employment = 'formal' and {IN_FORCE} and o.number not in (select officer from away)
"""
MONEY = f"""
select coalesce(sum(executed * {GRASSROOTS.format("object")}), 0), coalesce(sum(executed), 0) from spending
where kind in ('operating', 'business', 'equipment', 'premises')
    and booked_on <= :day and booked_on >= strftime('%Y-01-01', :day)
"""
THINGS = f"""
with hours as (
    select thing, sum(hours * {MONTH}) as every, sum(hours * {MONTH} * {GRASSROOTS.format("at")}) as here
    from usage group by thing
)
select kind, sum(coalesce(every > 0 and 2 * here >= every, 0)), count(*)
from equipment left join hours on thing = id where {IN_FORCE} group by kind
"""
Part = tuple[int, int]


class Posts:
    """The files of a city pack, to be asked by day (`2026-07-13`)."""

    def __init__(self, city: Path) -> None:
        self._db = sqlite3.connect(":memory:")
        for name in TABLES:
            with (city / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            names = list(rows[0])
            self._db.execute(f"create table {name} ({', '.join(f'{n} {_kind(n)}' for n in names)})")
            values = [[row[n] or (NEVER if n == "valid_to" else "") for n in names] for row in rows]
            self._db.executemany(f"insert into {name} values ({', '.join('?' * len(names))})", values)

    def force(self, day: str) -> Part:
        """(num, den) of R2 by attendance: officers."""
        return self._one(FORCE, day)

    def money(self, day: str) -> Part:
        """(num, den) of R3 in money of the year to date: fen."""
        return self._one(MONEY, day)

    def things(self, day: str) -> dict[str, Part]:
        """(num, den) of R3 in things in service, by kind."""
        return {kind: (num, den) for kind, num, den in self._db.execute(THINGS, {"day": day})}

    def _one(self, query: str, day: str) -> Part:
        num, den = self._db.execute(query, {"day": day}).fetchone()
        return num, den


def _kind(name: str) -> str:
    return "integer" if name in ("shifts", "executed", "hours") else "text"
