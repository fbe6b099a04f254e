"""Pure decide: microseconds of the messages that choose a squad, at a thousand open cases a desk."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dispatchers.events import AssignmentOffered
from dispatchers.record import encode_record
from dispatchers.writer import DESK, Writer

from .day import AT, Day, city, lines
from .table import Row

OPEN, MEASURED = 1_000, 4_000
LOOKED_UP = 500  # the floor: what Python and this machine need for that at the same moment


async def bench(data: Path) -> list[Row]:
    """Of every message twice: once to decide it, once to see what deciding and encoding it costs."""
    of = city()
    heard = list(Day(of, OPEN).live(lines(10 * OPEN + MEASURED)))
    writers = {desk: Writer(desk, DESK) for desk in of.desks}
    decide: list[float] = []
    encode: list[float] = []
    every: list[float] = []
    floor: list[float] = []
    numbers = {str(n): n for n in range(100_000)}
    asked = [str(n * 7919 % 100_000) for n in range(LOOKED_UP)]
    for offset, (desk, message) in enumerate(heard):
        writer = writers[desk]
        measured = len(heard) - offset <= 4 * MEASURED
        spent = _us(lambda w=writer, m=message: w.room.decide(w.state, m, of, AT)) if measured else 0.0
        decided = writer.decide(message, offset, AT, of)
        assert decided
        if measured:
            every.append(spent)
            if any(isinstance(e, AssignmentOffered) for e in decided.record.events):
                decide.append(spent)
                floor.append(_us(lambda: sum(numbers[a] for a in asked)))
                encode.append(_us(lambda d=decided: encode_record(d.record)))
        writer.apply(writer.head.offset + 1, decided)
    largest = max(len(w.state.cases) for w in writers.values())
    choosing = f"messages that choose a squad ({len(decide)}, up to {largest} open cases)"
    return [
        Row(
            "decide",
            f"median, {choosing}",
            _at(decide, 0.5),
            "µs",
            60,
            floor=f"{LOOKED_UP} look-ups in a large dict, in between",
            ratio=_at(decide, 0.5) / _at(floor, 0.5),
        ),
        Row("decide", "p99", _at(decide, 0.99), "µs", 250),
        Row("decide", f"mean of all {len(every)} messages", sum(every) / len(every), "µs"),
        Row("decide", "encoding those records, median", _at(encode, 0.5), "µs"),
    ]


def _us(work: Callable[[], Any]) -> float:
    begun = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - begun) / 1000


def _at(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]
