"""The definition in force on a day. It is a row of the city pack (targets.csv), dated like every other."""

from __future__ import annotations

import datetime as dt

from dispatchers.law import days_of
from dispatchers.rows import CityPack, Definition

# Stands beside every number that is shown, with the definition's version.
UNOFFICIAL = "本平台口徑，非官方考核"

# Packs of before 2026.11.4 have none: this is what they were counted by.
FIRST = Definition(
    version="R1-2026-01",
    strict=("town_squad", "zone_squad"),
    towns=("town_squad",),
    broad=("town_squad", "zone_squad", "county_mobile"),
    freeze_after="3 working_days",
    force="attendance",
    spending=("operating", "business", "equipment", "premises"),
    things="gate",
    least_things=5,
    text="基层＝镇（街道）中队和开发区（港区）中队",
    text_en="grassroots: squads of towns, streets and zones",
    valid_from=dt.date(2026, 1, 1),
    source="domain.md §2",
)


def definition_on(pack: CityPack, day: int) -> Definition:
    """The definition of a day: the last one begun by then; before the first, the first."""
    known = sorted(pack.definitions, key=lambda d: d.valid_from) or [FIRST]
    return next((d for d in reversed(known) if days_of(d)[0] <= day), known[0])
