"""The first of the three 80 % numbers: enforcement done at the grassroots 执法任务在基层完成 (domain.md §2.2).

Of the countable cases closed in a window, how many were disposed of by a grassroots squad (scope strict: a town's or a
zone's, as it was then)? A fold of `CaseClosed` events, each case once: folding twice is folding once, a case closed
again counts where it was closed last, and every restart comes to the same numbers. Windows are calendar windows in the
city's zone, by the instant of the decision to close.

    countable         an enforcement task that was not a unit's; everything else is in neither number
    forced close      in the denominator, never in the numerator (it has no tier)
    county or city    in the denominator only, however well it was done
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Literal, NamedTuple

from .city import Tiers
from .clock import DAY, EPOCH, MINUTE
from .events import CaseClosed, CaseReopened

Stream = Literal["general", "simple", "nonpenalty", "all"]
Window = Literal["today", "month", "all"]
STREAMS: tuple[Stream, ...] = ("general", "simple", "nonpenalty", "all")
WINDOWS: tuple[Window, ...] = ("today", "month", "all")


class Share(NamedTuple):
    """Cases that count for it, of cases that count. Never averaged: numerators and denominators are added apart."""

    num: int = 0
    den: int = 0

    @property
    def met(self) -> bool | None:
        """Whether it is 80 % or more (以上 includes the number itself, 民法典 art. 1259); None: no data."""
        return 5 * self.num >= 4 * self.den if self.den else None

    def __str__(self) -> str:
        """For people: truncated, since 79.96 % is not 80 %."""
        if not self.den:
            return "no data"
        tenths = 1000 * self.num // self.den
        return f"{tenths // 10}.{tenths % 10} %"


class _Closed(NamedTuple):
    """What is kept of a closed case. Equal ones are one object: there are few kinds and a million cases a year."""

    day: int
    desk: str
    stream: str
    grassroots: bool


class Targets:
    """The fold. `utc_offset_minutes` is the city's zone."""

    def __init__(self, utc_offset_minutes: int) -> None:
        self._offset = utc_offset_minutes * MINUTE
        self._cases: dict[str, _Closed] = {}
        self._kinds: dict[_Closed, _Closed] = {}
        self._counts: Counter[_Closed] = Counter()

    def take(self, event: CaseClosed, at: int) -> None:
        """A case was closed by a record of `at` (ms)."""
        self._drop(event.case_id)
        if not event.countable or event.stream == "none":
            return
        new = _Closed((at + self._offset) // DAY, event.desk, event.stream, event.tier in Tiers)
        new = self._kinds.setdefault(new, new)
        self._cases[event.case_id] = new
        self._counts[new] += 1

    def retract(self, event: CaseReopened) -> None:
        """A closed case goes on: what it counted is taken back, and it counts where it is closed again."""
        self._drop(event.case_id)

    def _drop(self, case_id: str) -> None:
        old = self._cases.pop(case_id, None)
        if old:
            self._counts[old] -= 1

    def shares(self, now: int) -> dict[tuple[str, str, str], Share]:
        """The shares of each window that `now` is in, by stream and desk; combinations without a case are left out.

        The share of several desks is `total` of theirs.
        """
        today = (now + self._offset) // DAY
        sums: dict[tuple[str, str, str], Share] = {}
        for kind, count in self._counts.items():
            if not count:
                continue
            windows = [w for w in WINDOWS if w == "all" or _within(w, kind.day, today)]
            for window in windows:
                for stream in STREAMS:
                    if stream in (kind.stream, "all"):
                        key = (window, stream, kind.desk)
                        before = sums.get(key, Share())
                        sums[key] = Share(before.num + count * kind.grassroots, before.den + count)
        return sums

    def total(self, now: int, window: Window = "today", stream: Stream = "all") -> Share:
        """The whole city's share."""
        rows = [share for (w, s, _), share in self.shares(now).items() if (w, s) == (window, stream)]
        return Share(sum(r.num for r in rows), sum(r.den for r in rows))


def _within(window: Window, day: int, today: int) -> bool:
    if window == "today":
        return day == today
    then, now = (dt.date.fromordinal(d + EPOCH) for d in (day, today))
    return (then.year, then.month) == (now.year, now.month)
