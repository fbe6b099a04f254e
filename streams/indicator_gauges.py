"""Gauges of the indicators of the trade (domain.md §3) and of people and work (§1E), set from their folds by desk."""

from __future__ import annotations

from math import nan

from dispatchers.rows import CityPack
from dispatchers.targets import Indicators, People
from dispatchers.targets.periods import day_of, period_of

from . import metrics


class IndicatorGauges:
    """All of one city. A desk that said nothing yet has its zeros, and its people."""

    def __init__(self, pack: CityPack) -> None:
        self._offset = pack.facts.utc_offset_minutes
        self._desks = [desk.id for desk in pack.desks]
        self._people = People(pack)

    def show(self, indicators: Indicators, now: int) -> None:
        """Set all of them, as of now."""
        period = period_of(now, self._offset)
        for desk in self._desks:
            month = indicators.month(desk, period, now)  # once: it looks at every open case
            for indicator, share in month.shares.items():
                metrics.indicator_cases.of(indicator, "num", desk).set(share.num)
                metrics.indicator_cases.of(indicator, "den", desk).set(share.den)
            for of, count in month.counts.items():
                metrics.indicator_counts.of(of, desk).set(count)
            metrics.seen_not_governable.of(desk).set(month.seen)
        self._show_people(indicators, now)

    def _show_people(self, indicators: Indicators, now: int) -> None:
        """A desk without squads has no number of them; a median squad without a case makes no multiple."""
        day = day_of(now, self._offset)
        loads = indicators.loads()
        for desk, share in self._people.cover(now).items():
            metrics.duty_cover.of("num", desk).set(share.num)
            metrics.duty_cover.of("den", desk).set(share.den)
        for desk, staff in self._people.staff(day).items():
            metrics.force_people.of("formal", desk).set(staff.formal)
            metrics.force_people.of("aux", desk).set(staff.aux)
            metrics.staffing_officers.of("norm", desk).set(staff.norm)
            metrics.staffing_officers.of("present", desk).set(staff.present)
            load = self._people.load(desk, day, loads.get(desk, {}))
            metrics.load_gini.of(desk).set(load.gini)
            metrics.load_peak.of(desk).set(nan if load.peak is None else load.peak)
