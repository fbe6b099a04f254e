"""Attendance, spending and use-hours: model data of R2 and R3 (domain.md §2.3, §2.4); called by make_pack.py, or alone:

    python deploy/jiaxing/make_support.py

Nothing of it is a fact: no such data of Jiaxing are known. What it must show is every case that the definitions speak
of: officers who serve elsewhere than where they are kept, on leave, lent out, at no one place for half of their shifts;
pool cars that towns use; vessels of which too few are with the towns. It reads the tables that make_people.py wrote.
"""

from __future__ import annotations

import csv
from pathlib import Path

HERE = Path(__file__).parent
FROM = "2026-01-01"
DAYS = 30
QUARTERS = ("2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31")
# Yuan an officer, or an office, and a quarter. The first four kinds count in R3.
AN_OFFICER = {
    "operating": 4200,
    "business": 3600,
    "equipment": 2400,
    "premises": 1500,
    "salary": 36000,
    "benefits": 9000,
}
AN_OFFICE = {"operating": 60000, "business": 45000, "equipment": 24000, "premises": 30000, "salary": 400000}
HOURS = {"vehicle": 160, "vessel": 60, "recorder": 150, "terminal": 190}  # in 30 days


def table(name: str) -> list[dict[str, str]]:
    """A table of the pack."""
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(name: str, header: str, rows: list[tuple[object, ...]]) -> None:
    """Write a table of the pack."""
    with (HERE / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header.split(","))
        out.writerows(rows)
    print(f"{name}.csv: {len(rows)} rows")  # noqa: T201


def attendance() -> None:
    """Where formal officers did their shifts. Each 23rd of a town serves at the bureau as much as at home and more,
    each 61st at three places, each 97th is on leave for the summer."""
    patterns = {t["id"]: t["pattern"] for t in table("teams")}
    worked: dict[str, set[str]] = {}
    cycle = {}
    for shift in table("shifts"):
        worked.setdefault(shift["pattern"], set()).add(shift["day"])
        cycle[shift["pattern"]] = int(shift["cycle"])
    lent = {p["officer"]: p for p in table("postings")}
    squads = {s["id"]: s for s in table("squads")}
    model = "model: domain.md §2.3"
    rows: list[tuple[object, ...]] = []
    for n, officer in enumerate((o for o in table("officers") if o["employment"] == "formal"), 1):
        who, home = officer["number"], officer["squad"]
        bureau = f"bureau-{squads[home]['desk']}" if squads[home]["tier"] != "zone_squad" else "bureau-jiaxing"
        pattern = patterns[officer["team"]]
        shifts = DAYS * len(worked[pattern]) // cycle[pattern]
        town = squads[home]["tier"] == "town_squad"
        if posting := lent.get(who):
            rows.append((who, posting["to"], shifts, FROM, posting["valid_to"], model))
            if posting["valid_to"]:
                rows.append((who, home, shifts, "2027-01-01", "", model))
        elif town and n % 97 == 0:
            rows.append((who, home, shifts, FROM, "2026-05-31", model))
            rows.append((who, "leave", 0, "2026-06-01", "2026-09-15", model))
            rows.append((who, home, shifts, "2026-09-16", "", model))
        elif town and n % 61 == 0:
            third = shifts // 3
            mobile = next(s for s, of in squads.items() if of["desk"] == squads[home]["desk"] and s.endswith("M"))
            rows += [(who, place, third, FROM, "", model) for place in (home, mobile, bureau)]
        elif town and n % 23 == 0:
            rows.append((who, home, shifts * 2 // 5, FROM, "", model))
            rows.append((who, bureau, shifts * 3 // 5, FROM, "", model))
        else:
            rows.append((who, home, shifts, FROM, "", model))
    write("attendance", "officer,post,shifts,valid_from,valid_to,source", rows)


def spending() -> None:
    """By cost object, kind and quarter. What is spent differs from what was allotted, by less than a tenth."""
    officers: dict[str, int] = {}
    for officer in table("officers"):
        if officer["employment"] == "formal":
            officers[officer["squad"]] = officers.get(officer["squad"], 0) + 1
    model = "model: domain.md §2.4"
    objects = [(s["id"], AN_OFFICER, officers[s["id"]]) for s in table("squads")]
    objects += [(o["id"], AN_OFFICE, 1) for o in table("organisations") if o["id"].startswith(("bureau-", "branch-"))]
    rows: list[tuple[object, ...]] = []
    for n, (object_, kinds, count) in enumerate(objects):
        for k, (kind, yuan) in enumerate(kinds.items()):
            for q, day in enumerate(QUARTERS):
                budget = 100 * yuan * count
                executed = budget * (94 + (7 * n + 5 * k + 3 * q) % 11) // 100
                rows.append((object_, kind, day, executed, budget, model))
    building = ("construction", QUARTERS[1], 380_000_000, 400_000_000, model)
    rows += [(bureau, *building) for bureau in ("bureau-nanhu", "bureau-haining")]
    write("spending", "object,kind,booked_on,executed,budget,source", rows)


def usage() -> None:
    """Things are used at home; each 3rd car of a mobile team by the towns of its county more than by itself."""
    squads = {s["id"]: s for s in table("squads")}
    towns: dict[str, list[str]] = {}
    for squad in squads.values():
        if squad["tier"] == "town_squad":
            towns.setdefault(squad["desk"], []).append(squad["id"])
    model = "model: domain.md §2.4"
    rows: list[tuple[object, ...]] = []
    for n, thing in enumerate(table("equipment")):
        home, hours = thing["squad"], HOURS[thing["kind"]] - n % 7
        if thing["kind"] == "vehicle" and home.endswith("M") and thing["id"].endswith("3"):
            guests = towns[squads[home]["desk"]]
            rows.append((thing["id"], guests[n % len(guests)], hours * 3 // 5, FROM, "", model))
            hours = hours * 2 // 5
        rows.append((thing["id"], home, hours, FROM, "", model))
    write("usage", "thing,at,hours,valid_from,valid_to,source", rows)


def support() -> None:
    """Write attendance.csv, spending.csv and usage.csv."""
    attendance()
    spending()
    usage()


if __name__ == "__main__":
    support()
