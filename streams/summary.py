"""The numbers of a run, counted from `desk-log` and shown: a table on a terminal, a line elsewhere, JSON at the end.

Received to offered is exact, for every first offer that was made when the case was registered: from the broker's append
of the complaint to the broker's append of the record with the offer, in wall milliseconds. A case that waits for a free
team or an operator waits on purpose; that is told by "oldest", not by a percentile.
R1 is the exporter's number (`paidan targets`), read and never counted here.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

import msgspec
from rich.table import Table

from dispatchers.record import Head

from .clock import Clock

WINDOW = 5  # seconds over which rates are shown
MOST_LATENCIES = 200_000
# What is counted, and by which events.
COUNTED = {
    "registered": ("CaseRegistered",),
    "assigned": ("AssignmentOffered", "WorkOrderIssued"),
    "accepted": ("AssignmentAccepted",),
    "closed": ("CaseClosed",),
}
_KIND = {event: name for name, events in COUNTED.items() for event in events}


class _Event(msgspec.Struct):
    type: str
    case_id: str = ""
    filed_at: int = 0


class _Record(msgspec.Struct):
    at: int
    events: list[_Event]


_decode = msgspec.json.Decoder(_Record).decode


class Tally:
    """Counts over the valid chain of every partition, since the log began and since this run did."""

    def __init__(self, clock: Clock, since_wall: int) -> None:
        self._clock, self._since = clock, since_wall
        self._heads: dict[int, Head] = {}
        self.total: Counter[str] = Counter()
        self.run: Counter[str] = Counter()
        self.latencies: deque[float] = deque(maxlen=MOST_LATENCIES)
        self.at = 0

    def take(self, partition: int, offset: int, raw: bytes, appended: int) -> None:
        """Count a record, appended at this wall time, if it continues its chain."""
        head = self._heads.setdefault(partition, Head(writer=str(partition)))
        if not head.extends(raw):
            return
        head.passed(offset, raw)
        record = _decode(raw)
        self.at = max(self.at, record.at)
        ours = appended >= self._since
        filed = {e.case_id: e.filed_at for e in record.events if e.type == "CaseRegistered" and e.filed_at}
        for event in record.events:
            kind = _KIND.get(event.type)
            if kind is None:
                continue
            self.total[kind] += 1
            if ours:
                self.run[kind] += 1
                if event.type == "AssignmentOffered" and event.case_id in filed:
                    wall = self._clock.wall_seconds(filed[event.case_id], self._clock.at(appended))
                    self.latencies.append(1000 * wall)


class DeskNumbers(msgspec.Struct, frozen=True):
    """Of one desk: open cases, and how long the oldest is open (business seconds; None: there is none)."""

    open: int
    oldest_s: int | None


class Numbers(msgspec.Struct, kw_only=True, rename={"in_total": "total"}):
    """All that is shown. None: not known (yet)."""

    seconds: float  # wall, since the first complaint
    business: str  # RFC 3339
    filed: int
    registered: int
    assigned: int
    accepted: int
    closed: int
    in_total: dict[str, int]  # since the log began
    per_second: dict[str, float]
    open: int | None
    desks: dict[str, DeskNumbers]
    offered_ms_p50: float | None
    offered_ms_p99: float | None
    dead_letters: int
    lag: int | None
    r1_num: int | None
    r1_den: int | None
    r1_percent: float | None
    restarts: dict[str, int]

    def line(self) -> str:
        """For a log: one line."""
        rates = " ".join(f"{name} {getattr(self, name)} ({self.per_second.get(name, 0):.1f}/s)" for name in _SHOWN)
        return (
            f"{self.business[:16]}  {rates}  open {_or_dash(self.open)}  offered p50/p99 {self._offered()}"
            f"  dead letters {self.dead_letters}  lag {_or_dash(self.lag)}  R1 {self._r1()}"
            f"  restarts {sum(self.restarts.values())}"
        )

    def json(self) -> str:
        """The last word of a run."""
        return msgspec.json.encode(self).decode()

    def table(self, footer: str) -> Table:
        """For a terminal."""
        table = Table(title=f"派单  {self.business[:16]}", caption=footer, caption_justify="left")
        for head in ("", "this run", "per second", "in all"):
            table.add_column(head, justify="left" if not head else "right")
        for name in _SHOWN:
            total = str(self.in_total[name]) if name in self.in_total else ""
            table.add_row(name, str(getattr(self, name)), f"{self.per_second.get(name, 0):.1f}", total)
        table.add_section()
        table.add_row("received → offered, p50 / p99", self._offered())
        table.add_row("dead letters", str(self.dead_letters))
        table.add_row("lag", _or_dash(self.lag))
        table.add_row("R1 closed at the grassroots", self._r1())
        table.add_row("restarts", ", ".join(f"{k} {v}" for k, v in self.restarts.items() if v) or "0")
        table.add_section()
        for desk, one in self.desks.items():
            table.add_row(f"open at {desk}", str(one.open), "oldest", _age(one.oldest_s))
        return table

    def _offered(self) -> str:
        if self.offered_ms_p50 is None or self.offered_ms_p99 is None:
            return "–"
        return f"{self.offered_ms_p50:.0f} / {self.offered_ms_p99:.0f} ms"

    def _r1(self) -> str:
        return "–" if self.r1_percent is None else f"{self.r1_percent} % ({self.r1_num}/{self.r1_den})"


_SHOWN = ("filed", "assigned", "accepted", "closed")


class Rates:
    """Growth per second over the last WINDOW seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, Mapping[str, int]]] = deque()

    def of(self, now: float, counts: Mapping[str, int]) -> dict[str, float]:
        """Take counts at a wall second in; how fast each grew."""
        self._seen.append((now, dict(counts)))
        while len(self._seen) > 2 and now - self._seen[1][0] >= WINDOW:
            self._seen.popleft()
        then, before = self._seen[0]
        return {k: round((v - before.get(k, 0)) / (now - then), 1) for k, v in counts.items()} if now > then else {}


def percentile(values: Any, share: float) -> float | None:
    """The smallest value that at least this share does not exceed; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return round(float(ordered[min(len(ordered) - 1, int(share * len(ordered)))]), 1)


def percent(num: int | None, den: int | None) -> float | None:
    """Truncated to tenths, never rounded up: 79.96 % is 79.9 % (domain.md §2.1). None without a denominator."""
    return num * 1000 // den / 10 if num is not None and den else None


def _or_dash(value: int | None) -> str:
    return "–" if value is None else str(value)


def _age(seconds: int | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds // 3600} h {seconds // 60 % 60:02} min"
