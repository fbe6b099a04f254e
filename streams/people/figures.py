"""What a simulation counts and measures: what was filed, which offers came and how fast, what became of orders."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import msgspec


class Figures:
    """Of one run."""

    def __init__(self) -> None:
        self.filed = 0  # and kept
        self.kept: list[float] = []  # ms from a complaint's POST to its answer
        self.heard: set[str] = set()  # assignments of which a squad was told
        self.took: list[float] = []  # ms from a complaint's POST to its first offer at a device of the squad
        self.orders: Counter[str] = Counter()  # done, refused
        self.refused: Counter[str] = Counter()  # "<order> <reason>"
        self.underway: set[str] = set()  # ids of orders without an answer
        self.again = 0  # requests that were sent once more
        self.reconnects = 0  # streams that ended and were taken up
        self._posted: dict[str, float] = {}

    def posted(self, case_id: str) -> float:
        """A complaint that is measured is about to be filed; what case it becomes. When."""
        return self._posted.setdefault(case_id, time.monotonic())

    def answered_filing(self, since: float) -> None:
        """It is kept."""
        self.kept.append((time.monotonic() - since) * 1000)

    def offered(self, case_id: str, assignment: str, *, first: bool) -> None:
        """A device of a squad was told of an offer."""
        self.heard.add(assignment)
        at = self._posted.pop(case_id, None) if first else None
        if at is not None:
            self.took.append((time.monotonic() - at) * 1000)

    def given(self, key: str) -> None:
        """An order goes out."""
        self.underway.add(key)

    def answered(self, key: str, order: str, reason: str) -> None:
        """It has an answer. `reason` "": it was carried out."""
        self.underway.discard(key)
        self.orders["refused" if reason else "done"] += 1
        if reason:
            self.refused[f"{order} {reason}"] += 1

    def summary(self) -> dict[str, Any]:
        """All of it, for a program to read."""
        took, kept = sorted(self.took), sorted(self.kept)
        return {
            "filed": self.filed,
            "kept_ms_p50": at(kept, 0.5),
            "kept_ms_p99": at(kept, 0.99),
            "offers": len(self.heard),
            "offers_measured": len(took),
            "offer_ms_p50": at(took, 0.5),
            "offer_ms_p99": at(took, 0.99),
            "orders": {name: self.orders[name] for name in ("done", "refused")} | {"pending": len(self.underway)},
            "refused": dict(self.refused.most_common()),
            "tried_again": self.again,
            "reconnects": self.reconnects,
        }

    def json(self) -> str:
        """Likewise, in one line."""
        return msgspec.json.encode(self.summary()).decode()


def at(ordered: list[float], share: float) -> float | None:
    """The value at a share of an ordered list; None: there are none."""
    return round(ordered[int(share * (len(ordered) - 1))], 1) if ordered else None
