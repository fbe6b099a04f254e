"""A whole city without a broker: messages in, log records out; same code, same bytes (`paidan decide`).

Tests, the policy lab and the simulator stand on it. A log is a list of bytes, an inbox a counter; letters arrive in the
instant in which they were sent; a desk wakes up when something of it falls due, before anything later is decided.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from .city import City
from .messages import Letter, WakeUp
from .record import letters
from .writer import DESK, INTAKE, Writer


class Stored(NamedTuple):
    """A record as it lies in a log."""

    topic: str
    partition: int
    offset: int
    raw: bytes


class Log:
    """One writer with its log in memory."""

    def __init__(self, topic: str, partition: int, writer: Writer) -> None:
        self.topic, self.partition, self.writer = topic, partition, writer
        self.inbox = 0
        self.records: list[bytes] = []

    def decide(self, message: Any, at: int, city: City) -> tuple[Stored | None, list[Letter]]:
        """Decide one message; returns the stored record and the letters it sends."""
        decided = self.writer.decide(message, self.inbox, at, city)
        self.inbox += 1
        if decided is None:
            return None, []
        offset = len(self.records)
        self.writer.apply(offset, decided)
        self.writer.posted(offset)  # in memory a letter is with its receiver at once
        self.records.append(decided.raw)
        return Stored(self.topic, self.partition, offset, decided.raw), letters(decided.record)


class Memory:
    """All desks and all intake partitions of one city."""

    def __init__(self, city: City, cities: dict[str, City] | None = None) -> None:
        self.city = city
        self.cities = {city.version: city, **(cities or {})}
        self.at = 0
        self.desks = {d.id: Log("desk-log", d.partition, Writer(d.id, DESK)) for d in city.pack.desks}
        self.intakes: dict[tuple[str, int], Log] = {}

    def intake(self, topic: str, partition: int) -> Log:
        """The receipt book of a partition of `complaints` or `city-events`."""
        if (topic, partition) not in self.intakes:
            log = "complaint-receipts" if topic == "complaints" else "event-receipts"
            self.intakes[topic, partition] = Log(log, partition, Writer(f"{topic}/{partition}", INTAKE))
        return self.intakes[topic, partition]

    def file(self, topic: str, partition: int, message: Any, at: int) -> Iterator[Stored]:
        """A message to intake at `at`; what fell due before is decided first."""
        yield from self.pass_time(at)
        yield from self._run(self.intake(topic, partition), message)

    def tell(self, desk: str, message: Any, at: int) -> Iterator[Stored]:
        """A message to a desk's inbox at `at`."""
        yield from self.pass_time(at)
        yield from self._run(self.desks[desk], message)

    def pass_time(self, until: int) -> Iterator[Stored]:
        """Wake the desks for everything that falls due up to `until`, in the order in which it does."""
        while True:
            due, desk = min(((d.writer.state.next_due or until + 1, name) for name, d in self.desks.items()))
            if due > until:
                break
            self.at = max(self.at, due)
            yield from self._run(self.desks[desk], WakeUp(due=due))
        self.at = max(self.at, until)

    def _run(self, first: Log, message: Any) -> Iterator[Stored]:
        todo: deque[tuple[Log, Any]] = deque([(first, message)])
        while todo:
            log, one = todo.popleft()
            city = self.cities.get(getattr(log.writer.state, "city", ""), self.city)
            stored, sent = log.decide(one, self.at, city)
            if stored:
                yield stored
            todo.extend((self.desks[letter.receiver], letter) for letter in sent)
