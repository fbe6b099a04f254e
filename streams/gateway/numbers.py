"""The three 80 % numbers for the wall: folded as `paidan targets` folds them, with the words that belong to them."""

from __future__ import annotations

from typing import Any

from dispatchers.rows import CityPack
from dispatchers.targets import WINDOWS, Force, Share, Support, definition_on, force, support
from dispatchers.targets.periods import before, day_of, first_day, month_of

from ..clock import Clock
from ..kafka_io import reader
from ..targets import Folded, follow

NOTE = {"zh": "本平台口徑，非官方考核", "en": "this platform's count, no official assessment"}
Figure = dict[str, Any]


class Numbers(Folded):
    """`figures`: None before the whole log was read."""

    def __init__(self, pack: CityPack, clock: Clock) -> None:
        super().__init__(pack, clock)
        self.force, self.support = force(pack), support(pack)
        self.figures: dict[str, Any] | None = None

    def show(self) -> None:
        """As of now."""
        now = self._clock.now()
        day = day_of(now, self._pack.facts.utc_offset_minutes)
        self.figures = {"tasks": self._tasks(now, day), "force": self._force(day), "support": self._support(day)}

    def note(self) -> dict[str, str]:
        """Whose count it is, and by which definition."""
        row = definition_on(self._pack, day_of(self._clock.now(), self._pack.facts.utc_offset_minutes))
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
    async with reader(kafka) as consumer:
        await follow(consumer, shown, sorted({d.partition for d in pack.desks}))
