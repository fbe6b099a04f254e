"""What a run came to in figures: what was lost, doubled, misordered, how long anything waited, how soon it went on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from .checker import LOGS, Checker, Fault
from .driver import Seen

Seconds = Callable[[float], float]
Measure = Callable[[str, Seen], None]
HEAD = ("fault", "runs", "injected", "messages", "lost", "doubled", "misordered", "else", "longest pause", "recovery")
LOST = ("acknowledged", "dead letter", "offers")
DOUBLED = ("one case", "order")
MISORDERED = ("version", "holder", "letters")


class Row(NamedTuple):
    """A run in figures."""

    fault: str
    injected: int  # how often something was done to the system
    messages: int  # that were acknowledged
    lost: int  # promises that were broken, by what that came to
    doubled: int
    misordered: int
    otherwise: int
    pause: float | None = None  # seconds from a message in an inbox to its record, the longest; None: nothing to time
    recovery: float | None = (
        None  # seconds from a fault until all that lay in the inboxes then was decided, the longest
    )


class Figure(NamedTuple):
    """A figure that is told beside what is wanted of it."""

    what: str
    wanted: str
    value: str


def measured(fault: str, seen: Seen) -> Row:
    """The figures of a run of the driver."""
    return counted(fault, seen.broken, seen.checker, seen.plan.times, len(seen.load.history))


def counted(fault: str, broken: Iterable[Fault], checker: Checker, times: Sequence[int], messages: int) -> Row:
    """The figures of a run: what was broken, when something was done to it (wall ms), how much was said."""
    kinds = [_kind(one) for one in broken]
    spans = list(waits(checker))
    left = [decided - at for at in times for lay, decided in spans if lay <= at < decided]
    return Row(
        fault,
        len(times),
        messages,
        *(kinds.count(kind) for kind in ("lost", "doubled", "misordered", "else")),
        max((decided - lay for lay, decided in spans), default=0) / 1000,
        max(left, default=0) / 1000 if times else None,
    )


def _kind(broken: Fault) -> str:
    if " lost: " in broken.text or broken.promise in LOST:
        return "lost"
    if broken.promise in DOUBLED or " decided again" in broken.text:
        return "doubled"
    return "misordered" if broken.promise in MISORDERED else "else"


def waits(checker: Checker) -> Iterator[tuple[int, int]]:
    """(appended to the inbox, appended to the log) of each message that has a record."""
    for (topic, partition), entries in checker.lying.items():
        for valid in checker.logs[LOGS[topic], partition] if topic in LOGS else ():
            yield entries[valid.said["inbox_offset"]].timestamp, valid.appended


def table(rows: Iterable[Row], not_run: Iterable[tuple[str, str]]) -> list[str]:
    """Lines: one for each fault over all its runs, and one for each that could not be injected, with the reason."""
    lines = [HEAD, *cells(rows)]
    width = max(len(line[0]) for line in lines)
    return [*_aligned(lines), *(f"{name.ljust(width)}  not run: {why}" for name, why in not_run)]


def cells(rows: Iterable[Row]) -> list[tuple[str, ...]]:
    """A row's words under HEAD, for each fault over all its runs: sums of what is counted, the longest of times."""
    made = []
    for fault, runs in groupby(sorted(rows, key=lambda row: row.fault), key=lambda row: row.fault):
        every = list(runs)
        sums = (str(sum(row[n] for row in every)) for n in range(1, 7))
        times = ([row[n] for row in every if row[n] is not None] for n in (7, 8))
        made.append((fault, str(len(every)), *sums, *(f"{max(each):.1f} s" if each else "-" for each in times)))
    return made


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
    return ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]


def figures(told: Iterable[Figure]) -> list[str]:
    """Lines: each figure beside what is wanted."""
    return _aligned([("figure", "wanted", "measured"), *told])
