"""R3, support spent at the grassroots 执法保障落实到基层 (domain.md §2.4): executed money by cost object, in fen.

Salaries and benefits are out (they are R2's), construction too. Budget stands beside it, never in its place. The shares
of things go by where they are used, not by whose plate they have: a thing is at the grassroots if at least half of its
use-hours of the last 30 days are. They decide only if the definition says so, and never by a mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, get_args

from dispatchers.clock import EPOCH
from dispatchers.law import days_of, grouped
from dispatchers.rows import CityPack, Definition, Tool

from .definition import definition_on
from .periods import first_day, month_of
from .share import Share

DAYS = 30
TOOLS: tuple[str, ...] = get_args(Tool)


class Spent(NamedTuple):
    """What a cost object has spent, year to date, and its budget of the year: shares of the grassroots."""

    money: Share = Share()  # fen
    budget: Share = Share()  # fen


class Support(NamedTuple):
    """R3 of a day: year to date. `why`: by part ("money", a kind of things), why it cannot be computed."""

    money: Share = Share()  # fen
    budget: Share = Share()  # fen, of the whole year
    things: Mapping[str, Share] = {}
    levels: Mapping[str, int] = {}  # fen by level: grassroots, county, city; `residual` has no cost object
    why: Mapping[str, tuple[str, ...]] = {}
    objects: Mapping[str, Spent] = {}  # what money and budget are made of, by cost object ("": none)

    def met(self, definition: Definition) -> bool | None:
        """Whether it is reached: by money, and by every kind of things of which there are enough, if these are a gate.
        None: no data."""
        if self.money.met is None or "money" in self.why:
            return None
        if definition.things == "beside" or not self.money.met:
            return self.money.met
        if any(kind in self.why for kind in self.things):
            return None
        return all(s.met for s in self.things.values() if s.den >= definition.least_things)


def support(pack: CityPack) -> SupportOf:
    """R3 of a city, to be asked by day."""
    return SupportOf(pack)


class SupportOf:
    """R3 by day. Remembers the days that were asked."""

    def __init__(self, pack: CityPack) -> None:
        self._pack = pack
        self._tier: dict[str, str] = {s.id: s.tier for s in pack.squads}
        cities = {d.organisation for d in pack.desks if d.kind == "city"}
        self._level = {o.id: "city" if o.id in cities else "county" for o in pack.organisations}
        self._level |= {s.id: "city" if s.tier == "city_detachment" else "county" for s in pack.squads}
        self._used = grouped((u.thing, (u, *days_of(u))) for u in pack.usage)
        self.on = lru_cache(60)(self._on)

    def _on(self, day: int) -> Support:
        definition = definition_on(self._pack, day)
        why: dict[str, tuple[str, ...]] = {}
        objects, levels, lost = self._money(day, definition)
        money, budget = Share(), Share()
        for spent in objects.values():
            money, budget = money.plus(spent.money), budget.plus(spent.budget)
        if not self._pack.spending:
            why["money"] = ("no spending 无支出数据",)
        elif lost:
            why["money"] = (f"{lost} rows without cost object 支出无成本对象",)
        things: dict[str, Share] = {}
        for kind in TOOLS:
            things[kind], unused = self._things(kind, day, definition)
            if unused:
                named = ", ".join(unused[:5]) + (" …" if len(unused) > 5 else "")
                why[kind] = (f"{len(unused)} without use-hours 无使用工时: {named}",)
                things[kind] = Share()
        return Support(Share() if lost else money, budget, things, levels, why, objects)

    def _money(self, day: int, definition: Definition) -> tuple[dict[str, Spent], dict[str, int], int]:
        first = first_day(f"{month_of(day)[:4]}-01")
        last = first_day(f"{int(month_of(day)[:4]) + 1}-01") - 1
        objects: dict[str, Spent] = {}
        lost = 0
        levels = dict.fromkeys(("grassroots", "county", "city", "residual"), 0)
        for row in self._pack.spending:
            booked = row.booked_on.toordinal() - EPOCH
            if row.kind not in definition.spending or not first <= booked <= last:
                continue
            here = self._tier.get(row.object) in definition.strict
            executed = row.executed if booked <= day else 0
            known = objects.get(row.object, Spent())
            objects[row.object] = Spent(
                known.money.plus(Share(executed * here, executed)),
                known.budget.plus(Share(row.budget * here, row.budget)),
            )
            if booked <= day:
                level = "grassroots" if here else self._level.get(row.object, "residual")
                levels[level] += row.executed
                lost += level == "residual"
        return objects, levels, lost

    def _things(self, kind: str, day: int, definition: Definition) -> tuple[Share, list[str]]:
        num, den, unused = 0, 0, []
        for thing in self._pack.equipment:
            first, last = days_of(thing)
            if thing.kind != kind or not first <= day <= last:
                continue
            den += 1
            here = total = 0
            for row, begins, ends in self._used.get(thing.id, ()):
                hours = row.hours * max(0, min(day, ends) - max(day - DAYS + 1, begins) + 1)
                total += hours
                here += hours * (self._tier.get(row.at) in definition.strict)
            if total:
                num += 2 * here >= total
            else:
                unused.append(thing.id)
        return Share(num, den), unused
