"""Days of a city in memory with these people in it: no broker, no clock, a business day in seconds.

For tests, for tuning the people, and for the policy lab: the desks are the real ones (`dispatchers.memory`).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from dispatchers.events import CASE_EVENTS, AnyEvent
from dispatchers.memory import Memory, Stored
from dispatchers.record import Record, decode_record

from .acts import Act
from .behaviour import Behaviour
from .heard import read_of


class Filing(NamedTuple):
    """A message to intake."""

    at: int
    topic: str
    partition: int
    message: Any


class Happened(NamedTuple):
    """A record of the city, decoded."""

    stored: Stored
    record: Record


def rehearse(memory: Memory, behaviour: Behaviour, filings: Iterable[Filing], until: int) -> Iterator[Happened]:
    """Every record of the city up to `until`, with the people answering. `filings` in the order of `at`."""
    acts: list[tuple[int, int, Act]] = []
    planned = 0
    coming = iter(filings)
    filing = next(coming, None)
    while True:
        due = acts[0][0] if acts else until + 1
        if filing is not None and filing.at <= min(due, until):
            records = memory.file(filing.topic, filing.partition, filing.message, filing.at)
            filing = next(coming, None)
        elif due <= until:
            _, _, act = heapq.heappop(acts)
            if not behaviour.wanted(act):
                continue
            records = memory.tell(act.desk, act.order, max(memory.at, act.due))
        else:
            break
        for happened in map(_decoded, records):
            yield happened
            for act in _answers(behaviour, happened.record):
                planned += 1
                heapq.heappush(acts, (act.due, planned, act))
    for happened in map(_decoded, memory.pass_time(until)):
        yield happened
        for _ in _answers(behaviour, happened.record):
            continue  # what is due after the end


def _decoded(stored: Stored) -> Happened:
    return Happened(stored, decode_record(stored.raw))


def _answers(behaviour: Behaviour, record: Record) -> Iterator[Act]:
    """What people do about a record's events, told to them in the public form."""
    for event in record.events:
        if isinstance(event, CASE_EVENTS):
            yield from behaviour.react(read_of(record.desk, _public(event)), record.at)


def _public(event: AnyEvent) -> bytes:
    return msgspec.json.encode(event)
