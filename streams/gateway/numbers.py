"""The three 80 % numbers for the wall: folded as `paidan targets` folds them, with the words that belong to them.

R2 and R3 of a day take some 10 ms to compute, those of a month's days half a second: that is done day by day, with the
loop free in between, before the day begins (`prepare`). R1 is a fold and is only added up here.
"""

from __future__ import annotations

import asyncio
from typing import Any

from dispatchers.clock import DAY, MINUTE
from dispatchers.law import days_of
from dispatchers.rows import CityPack, Definition
from dispatchers.targets import UNOFFICIAL, WINDOWS, Force, Share, Support, definition_on, force, support
from dispatchers.targets.periods import after, before, day_of, first_day, month_of
from dispatchers.targets.tasks import ROLLING

from ..clock import Clock
from ..kafka_io import reader
from ..target_fold import Folded, follow

NOTE = {"zh": UNOFFICIAL, "en": "this platform's count, no official assessment"}
PREPARE_EVERY_S = 60.0  # what is known already costs nothing; a day of the demo is 24 minutes
Figure = dict[str, Any]


class Numbers(Folded):
    """`figures`: None before the whole log was read."""

    def __init__(self, pack: CityPack, clock: Clock) -> None:
        super().__init__(pack, clock)
        self.force, self.support = force(pack), support(pack)
        self.figures: dict[str, Any] | None = None
        self._of_day: tuple[int, dict[str, Figure], dict[str, Figure]] | None = None

    def show(self) -> None:
        """As of now."""
        now = self._clock.now()
        day = self.day(now)
        if self._of_day is None or self._of_day[0] != day:
            self._of_day = day, self._force(day), self._support(day)
        _, force, support = self._of_day
        self.figures = {"tasks": self._tasks(now, day), "force": force, "support": support}

    async def prepare(self) -> None:
        """Compute what `show` will ask of R2 and R3 today and tomorrow; both remember the days they were asked."""
        today = self.day(self._clock.now())
        for day in range(first_day(before(month_of(today))), today + 2):
            self.force.on(day)
            await asyncio.sleep(0)
        for day in (today, today + 1):
            self.support.on(day)
            await asyncio.sleep(0)

    # -- days and definitions --------------------------------------------------------------------------------------

    def day(self, at: int) -> int:
        """The city's day of an instant."""
        return day_of(at, self._pack.facts.utc_offset_minutes)

    def days(self, window: str, now: int) -> tuple[int, int]:
        """The first and the last day of a window; a month and a year go to their end."""
        day = self.day(now)
        month = month_of(day)
        if window == "today":
            return day, day
        if window == "d30":
            return day - ROLLING + 1, day
        if window == "year":
            return first_day(f"{month[:4]}-01"), first_day(after(month)) - 1
        month = before(month) if window == "last_month" else month
        return first_day(month), first_day(after(month)) - 1

    def instants(self, first: int, last: int) -> tuple[int, int]:
        """The first instant of a day, and the first one after another."""
        offset = self._pack.facts.utc_offset_minutes * MINUTE
        return first * DAY - offset, (last + 1) * DAY - offset

    def definition_on(self, day: int) -> Definition:
        """The definition of a day."""
        return definition_on(self._pack, day)

    def definitions(self, first: int, last: int) -> list[tuple[int, int, Definition]]:
        """The spans of days, both in them, that each have one definition."""
        begins = sorted({first, *(b for d in self._pack.definitions if first < (b := days_of(d)[0]) <= last)})
        ends = [*(day - 1 for day in begins[1:]), last]
        return [(begin, end, self.definition_on(begin)) for begin, end in zip(begins, ends, strict=True)]

    def read(self) -> dict[int, int]:
        """The last valid record of each partition that is in the fold."""
        return {partition: chain.head.offset for partition, chain in self._chains.items()}

    def note(self) -> dict[str, str]:
        """Whose count it is, and by which definition."""
        row = self.definition_on(self.day(self._clock.now()))
        return {"zh": f"{NOTE['zh']} · 口径 {row.version}", "en": f"{NOTE['en']} · definition {row.version}"}

    def _tasks(self, now: int, day: int) -> dict[str, Figure]:
        """R1 by window, the whole city's and each desk's; and last month, as it is final or still stands."""
        desks: dict[str, dict[str, Figure]] = {window: {} for window in WINDOWS}
        for (window, stream, desk), one in self.targets.shares(now).items():
            if stream == "all":
                desks[window][desk] = figure(one)
        overdue = self.targets.due_open(now)
        told: dict[str, Figure] = {}
        for window in WINDOWS:
            share = self.targets.total(now, window)
            told[window] = {
                **figure(share),
                "due": figure(Share(share.num, share.den + overdue)),
                "unmarked": figure(self.targets.total(now, window, marked=False)),
                "desks": desks[window],
            }
        last = self.targets.official(before(month_of(day)), now)
        more = {"period": last.period, "state": last.state, "restatements": last.restatements}
        told["last_month"] = {**figure(last.share), "due": figure(last.due), **more}
        return told

    def _force(self, day: int) -> dict[str, Figure]:
        """R2 of today and, in person-days, of this month and the last one."""
        month, last = month_of(day), before(month_of(day))
        spans = {
            "today": (day, day),
            "month": (first_day(month), day),
            "last_month": (first_day(last), first_day(month) - 1),
        }
        return {name: self._posted(self.force.over(*span), span[1]) for name, span in spans.items()}

    def _posted(self, force: Force, day: int) -> Figure:
        share = force.headline(definition_on(self._pack, day))
        beside = {name: figure(getattr(force, name)) for name in ("posting", "certified", "auxiliaries")}
        return {**figure(share), **beside, "nowhere": force.nowhere, "why": list(force.why)}

    def _support(self, day: int) -> dict[str, Figure]:
        """R3 of the year to date."""
        spent: Support = self.support.on(day)
        met = spent.met(definition_on(self._pack, day))
        return {
            "year": {
                **figure(spent.money),
                "met": met,
                "budget": figure(spent.budget),
                "things": {kind: figure(share) for kind, share in spent.things.items()},
                "levels": dict(spent.levels),
                "why": {part: list(reasons) for part, reasons in spent.why.items()},
            }
        }


def figure(share: Share) -> Figure:
    """A share as screens read it."""
    return {
        "numerator": share.num,
        "denominator": share.den,
        "met": share.met,
        "text": str(share) if share.den else None,
    }


def numbers(pack: CityPack, clock: Clock) -> Numbers:
    """Not yet followed."""
    return Numbers(pack, clock)


async def keep(kafka: str, pack: CityPack, shown: Numbers) -> None:
    """Follow the log for them, for ever."""
    await shown.prepare()
    async with reader(kafka) as consumer:
        days = asyncio.create_task(_prepared(shown))
        try:
            await follow(consumer, shown, sorted({d.partition for d in pack.desks}))
        finally:
            days.cancel()


async def _prepared(shown: Numbers) -> None:
    """For ever. What fails here fails in `show` again, where it is seen."""
    while True:
        await asyncio.sleep(PREPARE_EVERY_S)
        await shown.prepare()
