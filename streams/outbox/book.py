"""The fold of `replies` and `deliveries`, record by record: account.py says what is counted, and what is kept."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from hashlib import blake2b

from ..replies import Reply
from .account import Delivery, Ledger

Place = tuple[int, int]  # partition and offset in `replies`
_NONE, _PENDING, _ACKNOWLEDGED, _DEAD, _BY_TOPIC = range(5)
_MOST_SOURCES = 10_000  # told apart; a source is whatever the adaptors say it is
_OTHERS = "…"
_STATES = {"acknowledged": _ACKNOWLEDGED, "dead": _DEAD, "again": _PENDING}


class _Page:
    """The replies of one partition, by offset from `first` on."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.states = bytearray()
        self.sources = array("H")
        self.checks = array("Q")  # of the ids
        self.at = array("q")
        self.since = array("q")
        self.newest: dict[str, tuple[int, ...]] = {}  # by log: the greatest id that lies here
        self._found = 0

    @property
    def end(self) -> int:
        """The offset after the last one."""
        return self.first + len(self.states)

    def put(self, state: int, source: int = 0, check: int = 0, at: int = 0, since: int = 0) -> None:
        self.states.append(state)
        self.sources.append(source)
        self.checks.append(check)
        self.at.append(at)
        self.since.append(since)

    def drop(self, count: int) -> None:
        """Forget the oldest."""
        for column in (self.states, self.sources, self.checks, self.at, self.since):
            del column[:count]
        self.first += count
        self._found = 0

    def repeated(self, reply_id: str, check: int) -> bool:
        """Whether this reply lies here already. A log's replies come in its order; only after a crash of `tell` some
        come again. So most are known to be new at a glance, and of a row of repeats each lies behind the last one."""
        where, number = _number(reply_id)
        newest = self.newest.get(where)
        if newest is None or number > newest:
            self.newest[where] = number
            return False
        at = self.find(check, self._found)
        if at is None:
            at = self.find(check)
        if at is None:
            return False
        self._found = at + 1
        return True

    def find(self, check: int, start: int = 0) -> int | None:
        """The index of a reply."""
        try:
            return self.checks.index(check, start)
        except ValueError:
            return None


def _check(reply_id: str) -> int:
    """64 bits of an id: no two of the millions that are ever compared meet."""
    return int.from_bytes(blake2b(reply_id.encode(), digest_size=8).digest())


def _number(reply_id: str) -> tuple[str, tuple[int, ...]]:
    """An id's log, and its numbers there."""
    topic, *numbers = reply_id.split("/")
    try:
        partition, *rest = map(int, numbers)
    except ValueError:
        return reply_id, ()
    return f"{topic}/{partition}", tuple(rest)


class Book:
    """The fold of both topics."""

    def __init__(self, webhooks: Mapping[str, int]) -> None:
        """`webhooks`: as `ledger` has it."""
        self._webhooks = dict(webhooks)
        self._names: list[str] = list(webhooks)
        self._numbers = {name: n for n, name in enumerate(self._names)}
        self._pages: dict[int, _Page] = {}
        self._counts: list[list[int]] = [[0] * 5 for _ in self._names]  # by source: by state
        self._pending: list[dict[Place, None]] = [{} for _ in self._names]
        self._early: dict[str, Delivery] = {}  # by reply: read before it was
        self._open = False

    # -- what is read --------------------------------------------------------------------------------------------------

    def begin(self, partition: int, first: int) -> None:
        """What the topic has of a partition begins there."""
        self._pages[partition] = _Page(first)

    def reply(self, partition: int, offset: int, reply: Reply | None, since: int) -> bool:
        """A record of `replies` (None: unreadable) of wall time `since`; whether it is to be delivered now."""
        page = self._pages[partition]
        if offset < page.end:
            return False  # read again after a pause
        while page.end < offset:
            page.put(_NONE)
        check = _check(reply.id) if reply else 0
        if reply is None or page.repeated(reply.id, check):
            page.put(_NONE)
            return False
        source = self._number(reply.source)
        posted = self._webhooks.get(reply.source)
        page.put(_NONE, source, check, reply.at, since)
        self._set(page, offset, (partition, offset), _BY_TOPIC if posted is None or reply.at < posted else _PENDING)
        early = self._early.pop(reply.id, None)
        if early:
            self.delivery(early)
        return page.states[offset - page.first] == _PENDING

    def delivery(self, told: Delivery) -> None:
        """A record of `deliveries`."""
        page = self._pages[told.partition]
        index = self._index(page, told)
        if index is None and told.offset >= page.end:
            self._early[told.id] = told
        if index is None or page.states[index] in (_NONE, _BY_TOPIC):
            return
        if told.state == "again":
            page.since[index] = told.at
        offset = page.first + index
        self._set(page, offset, (told.partition, offset), _STATES[told.state])

    def knows(self, told: Delivery) -> bool:
        """Whether its reply is here, or yet to come."""
        page = self._pages[told.partition]
        return told.offset >= page.end or self._index(page, told) is not None

    def _index(self, page: _Page, told: Delivery) -> int | None:
        check, index = _check(told.id), told.offset - page.first
        return index if 0 <= index < len(page.checks) and page.checks[index] == check else page.find(check)

    def forget(self, partition: int, first: int) -> None:
        """The topic has no reply before `first` any more."""
        page = self._pages[partition]
        if first <= page.first:
            return
        last = min(first, page.end)
        for offset in range(page.first, last):
            if page.states[offset - page.first] != _NONE:
                self._set(page, offset, (partition, offset), _NONE)
        page.drop(last - page.first)
        if not page.states:
            page.first = first

    def open(self) -> None:
        """All that there was is read: from now on it is known which are pending, not only how many. (While reading,
        nearly all are pending for a moment, and an index of them would be the largest thing here.)"""
        self._open = True
        for partition, page in self._pages.items():
            for index, state in enumerate(page.states):
                if state == _PENDING:
                    self._pending[page.sources[index]][partition, page.first + index] = None

    def _number(self, source: str) -> int:
        number = self._numbers.get(source)
        if number is None and len(self._names) > _MOST_SOURCES:
            source, number = _OTHERS, self._numbers.get(_OTHERS)
        if number is None:
            number = self._numbers[source] = len(self._names)
            self._names.append(source)
            self._counts.append([0] * 5)
            self._pending.append({})
        return number

    def _set(self, page: _Page, offset: int, place: Place, state: int) -> None:
        index = offset - page.first
        source, was = page.sources[index], page.states[index]
        if was == state:
            return
        page.states[index] = state
        self._counts[source][was] -= 1
        self._counts[source][state] += 1
        if self._open and _PENDING in (was, state):
            if state == _PENDING:
                self._pending[source][place] = None
            else:
                self._pending[source].pop(place, None)

    # -- what is asked -------------------------------------------------------------------------------------------------

    def ledgers(self) -> dict[str, Ledger]:
        """The account of each source that has a webhook, by its name."""
        return {name: self._ledger(number) for number, name in enumerate(self._names[: len(self._webhooks)])}

    def _ledger(self, number: int) -> Ledger:
        _, pending, acknowledged, dead, _ = self._counts[number]
        return Ledger(
            sent=pending + acknowledged + dead,
            acknowledged=acknowledged,
            pending=pending,
            dead=dead,
            oldest_pending_at=min(map(self._at, self._pending[number]), default=0),
        )

    def by_topic(self) -> dict[str, int]:
        """How many replies each source has to read for itself."""
        counted = {name: self._counts[number][_BY_TOPIC] for number, name in enumerate(self._names)}
        return {name: count for name, count in sorted(counted.items()) if count}

    def pending(self, source: str) -> Mapping[Place, None]:
        """Places of the replies that the source is still to be posted; those of a case in their order."""
        return self._pending[self._numbers[source]]

    def since(self, place: Place) -> int:
        """Wall time at which a reply was sent, or sent again."""
        page = self._pages[place[0]]
        return page.since[place[1] - page.first]

    def _at(self, place: Place) -> int:
        page = self._pages[place[0]]
        return page.at[place[1] - page.first]
