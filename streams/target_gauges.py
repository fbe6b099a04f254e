"""The gauges of `paidan targets`, set from its folds: R1 by desk, what stands beside it, R2 and R3."""

from __future__ import annotations

from dispatchers.rows import CityPack
from dispatchers.targets import WINDOWS, Tasks, definition_on, force, forced, share, support
from dispatchers.targets.periods import day_of, period_of

from . import metrics


class Gauges:
    """All official gauges of one city."""

    def __init__(self, pack: CityPack) -> None:
        self._pack = pack
        self._force, self._support = force(pack), support(pack)
        newest = sorted(pack.definitions, key=lambda d: d.valid_from)[-metrics.DEFINITIONS.most :]
        metrics.DEFINITIONS.declare(d.version for d in newest)
        for family in (metrics.target_cases, metrics.tasks_closed, metrics.tasks_retracted):
            family.zero()

    def show(self, tasks: Tasks, now: int) -> None:
        """Set all of them, as of now."""
        shares = tasks.shares(now)
        for part, stream, window, desk in metrics.target_cases.series():
            found = shares.get((window, stream, desk))
            metrics.target_cases.of(part, stream, window, desk).set(getattr(found, part) if found else 0)
        self._show_beside(tasks, now)
        self._show_others(now)
        metrics.target_restatements.of().set(len(tasks.restated()))
        definition = definition_on(self._pack, day_of(now, self._pack.facts.utc_offset_minutes))
        for version in metrics.DEFINITIONS:
            metrics.definition_info.of(version).set(version == definition.version)
        metrics.target_shown.of().set(now / 1000)

    def _show_beside(self, tasks: Tasks, now: int) -> None:
        """What stands beside R1: the other scopes, the series without what was sent down at a month's end, R1_due."""
        due = tasks.due_open(now)
        for window in WINDOWS:
            counts = tasks.city(now, window)
            unmarked = share(counts, marked=False)
            for part, value in (
                ("towns", share(counts, scope="towns").num),
                ("broad", share(counts, scope="broad").num),
                ("unmarked_num", unmarked.num),
                ("unmarked_den", unmarked.den),
                ("forced", forced(counts)),
                ("due_open", due),
            ):
                metrics.target_beside.of(part, window).set(value)
        month = tasks.parts(period_of(now, self._pack.facts.utc_offset_minutes))
        for kind in metrics.TARGET_ASIDES:
            metrics.target_asides.of(kind).set(month[kind])

    def _show_others(self, now: int) -> None:
        """R2 of today and R3 of the year to date; a part that cannot be computed has no number."""
        day = day_of(now, self._pack.facts.utc_offset_minutes)
        posted, spent = self._force.on(day), self._support.on(day)
        shares = posted._asdict() | {"headline": posted.headline(definition_on(self._pack, day))}
        for reading in metrics.TARGET_READINGS:
            one = shares[reading]
            for part in ("num", "den"):
                metrics.target_force.of(part, reading).set(getattr(one, part))
        metrics.target_uncomputable.of("force").set(bool(posted.why))
        for of in metrics.TARGET_SUPPORT:
            one = spent.things[of] if of in spent.things else getattr(spent, of)
            for part in ("num", "den"):
                metrics.target_support.of(part, of).set(getattr(one, part))
            metrics.target_uncomputable.of(of).set(of in spent.why)
