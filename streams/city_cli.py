"""`paidan city check` and `paidan city show`: plain functions for cli.py. They print, and return an exit code."""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from pathlib import Path

from dispatchers.rows import CityPack

from . import city_files


def check(folder: str | Path, year: int | None = None) -> int:
    """Print every fault of a city pack as file:line:column; 1 if there is any.

    `year`: the year that its calendar must know, else this one's.
    """
    pack, faults = city_files.read(folder, year or dt.datetime.now(dt.UTC).year)
    for fault in faults:
        _say(str(fault))
    if pack is None:
        _say(f"{folder}: {len(faults)} fault{'s' if len(faults) != 1 else ''}")
        return 1
    _say(f"{folder}: no faults, version {city_files.version(pack)}")
    return 0


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


def _desk(pack: CityPack, desk: str) -> str:
    """Townships, squads and formal officers of a desk."""
    squads = {s.id for s in pack.squads if s.desk == desk}
    towns = sum(t.desk == desk and t.kind == "township" for t in pack.territories)
    people = Counter(o.employment for o in pack.officers if o.squad in squads)
    return f"{towns:3} townships {len(squads):3} squads {people['formal']:4} formal {people['aux']:5} auxiliaries"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
