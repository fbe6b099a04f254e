"""`paidan city check|show|powers`: plain functions for cli_admin.py. They print, and return an exit code."""

from __future__ import annotations

import csv
import datetime as dt
import io
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from dispatchers.check.owners import PUBLIC, Rule
from dispatchers.check.powers import weight
from dispatchers.check.words import conditions, implies, span
from dispatchers.rows import Authority, CityPack, Dated

from . import city_files

COLUMNS = (
    "row", "item", "name", "name_en", "domain", "duty", "owner_kind", "owner", "level", "transfer_state", "list",
    "desk", "when", *PUBLIC, "document", "acting", "valid_from", "valid_to", "source",
)  # fmt: skip


def check(folder: str | Path, year: int | None = None) -> int:
    """Print every fault and every warning of a city pack as file:line:column; 1 if there is any fault.

    `year`: the year that its calendar must know, else this one's.
    """
    pack, said = city_files.read(folder, year or dt.datetime.now(dt.UTC).year)
    for one in said:
        _say(str(one))
    warnings = sum(one.warning for one in said)
    counted = [_count(len(said) - warnings, "fault")] + ([_count(warnings, "warning")] if warnings else [])
    _say(f"{folder}: {', '.join(counted)}" + (f", version {city_files.version(pack)}" if pack else ""))
    return 0 if pack else 1


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'s' if number != 1 else ''}"


def show(folder: str | Path) -> int:
    """Print what a city pack holds: counts, desks, how much of it is model, the calendar's end."""
    try:
        pack = city_files.load(folder)
    except city_files.BadCityError as bad:
        _say(str(bad))
        return 1
    _say(f"{pack.facts.name} {pack.facts.name_en} ({pack.facts.code}), version {city_files.version(pack)}")
    size = len(city_files.publishable(pack))
    _say(f"published: {size:,} bytes; calendar until {max(d.date for d in pack.calendar)}")
    _say("")
    for name in city_files.TABLES:
        rows = getattr(pack, name)
        model = sum(getattr(row, "source", "").startswith("model") for row in rows)
        _say(f"  {name:15}{len(rows):6}" + (f"  of them model data {model}" if model else ""))
    _say("")
    for desk in sorted(pack.desks, key=lambda d: d.partition):
        _say(f"  {desk.partition:2} {desk.prefix:3} {desk.id:12}{_desk(pack, desk.id)}  {desk.name}")
    return 0


def powers(folder: str | Path, on: dt.date | None = None, desk: str = "", *, as_json: bool = False) -> int:
    """Print the power list of a day for the public to read (R5, R6): of all desks, or as it is for one.

    `on`: today in the city if not given. As CSV, a line for each row and then for each precedent; or as JSON.
    """
    try:
        pack = city_files.load(folder)
    except city_files.BadCityError as bad:
        _say(str(bad))
        return 1
    if desk and desk not in {d.id for d in pack.desks}:
        _say(f"there is no desk {desk!r}; right: one of {', '.join(d.id for d in pack.desks)}")
        return 1
    zone = dt.timezone(dt.timedelta(minutes=pack.facts.utc_offset_minutes))
    said = power_list(pack, on or dt.datetime.now(zone).date(), desk)
    _say(msgspec.json.format(msgspec.json.encode(said), indent=2).decode() if as_json else _table(said))
    return 0


def _table(said: dict[str, Any]) -> str:
    """A power list as CSV; several values of a cell are joined by ";", as in the pack."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(COLUMNS)
    for row in (*said["rows"], *said["precedents"]):
        acting = ";".join(f"{a['territory']}={a['acting_name']}" for a in row["acting"])
        cells = row | {"when": ";".join(row["when"]), "acting": acting}
        out.writerow([cells.get(name, "") for name in COLUMNS])
    return text.getvalue().rstrip("\n")


def power_list(pack: CityPack, on: dt.date, desk: str = "") -> dict[str, Any]:
    """The power list in force on a day, each row with the version that a decision of its desk names that day.

    For a desk: its own rows and those of the city's that can still decide there beside them.
    """
    versions = {v.desk: v for v in pack.lists if _in_force(v, on)}
    named = {i.id: (i.name, i.name_en, i.domain) for i in pack.items if _in_force(i, on)}
    acting = [a for a in pack.authorities if _in_force(a, on)]
    if desk:
        here = {t.id for t in pack.territories if t.desk == desk}
        acting = [a for a in acting if a.territory in here]

    def public(rules: tuple[Rule, ...]) -> list[dict[str, Any]]:
        deciding = _deciding([rule for rule in rules if rule.item in named], on, desk)
        told = [(rule, versions.get(desk or rule.desk) or versions.get("")) for rule in deciding]
        return [_public(rule, of.id if of else "", named, acting) for rule, of in told]

    return {
        "city": pack.facts.id,
        "name": pack.facts.name,
        "pack": city_files.version(pack),
        "on": on,
        "desk": desk,
        "list": versions.get(desk) or versions.get(""),
        "rows": public(pack.powers),
        "precedents": public(pack.precedents),
    }


def _in_force(row: Dated, on: dt.date) -> bool:
    first, last = span(row)
    return first <= on <= last


def _deciding(rows: list[Rule], on: dt.date, desk: str) -> list[Rule]:
    """The rows in force; for one desk, without those before which another always comes."""
    there = [(n, r) for n, r in enumerate(rows) if _in_force(r, on) and (not desk or r.desk in ("", desk))]
    return [
        rule
        for n, rule in there
        if not desk
        or not any(
            (other.item, other.duty) == (rule.item, rule.duty)
            and implies(conditions(rule.when), conditions(other.when))
            and weight(other, desk, m) > weight(rule, desk, n)
            for m, other in there
        )
    ]


def _public(
    rule: Rule, version: str, named: dict[str, tuple[str, str, str]], acting: list[Authority]
) -> dict[str, Any]:
    """A row as the public reads it. `acting`: where a name to act in is fixed; elsewhere it is the squad's own."""
    name, name_en, domain = named[rule.item]
    fixed = [
        {"territory": a.territory, "acting_name": a.acting_name, "valid_from": a.valid_from, "valid_to": a.valid_to}
        for a in acting
        if a.item in ("*", rule.item) and rule.owner_kind == "squad"
    ]
    fields = ("duty", "owner_kind", "owner", "level", "transfer_state", "desk", "when", *PUBLIC, "document")
    return {
        "row": rule.row,
        "item": rule.item,
        "name": name,
        "name_en": name_en,
        "domain": domain,
        **{field: getattr(rule, field) for field in fields if hasattr(rule, field)},
        "list": version,
        "acting": fixed,
        "valid_from": rule.valid_from,
        "valid_to": rule.valid_to,
        "source": rule.source,
    }


def _desk(pack: CityPack, desk: str) -> str:
    """Townships, squads and formal officers of a desk."""
    squads = {s.id for s in pack.squads if s.desk == desk}
    towns = sum(t.desk == desk and t.kind == "township" for t in pack.territories)
    people = Counter(o.employment for o in pack.officers if o.squad in squads)
    return f"{towns:3} townships {len(squads):3} squads {people['formal']:4} formal {people['aux']:5} auxiliaries"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
