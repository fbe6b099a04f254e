"""What squads and units are told, as Redis streams: an entry for each offer, order, request, change of term, loss
(which, and for what: notices.py).

    paidan:{<desk>}:offers:<squad>   stream   a squad's entries
    paidan:{<desk>}:looks:<collector>  stream  what a collector shall look at
    paidan:{<desk>}:orders:<unit>    stream   a unit's, of this desk (a unit may work for several)
    paidan:{<desk>}:pushed           string   "<offset> <hash>" of the last record whose entries are there

1. An entry's id is `<log offset>-<index of the event>`: derived, so that whoever reads may read twice and act once.
2. Entries and position are written by one script, only if the stored position is the one we wrote last; an id at or
   below a stream's last is skipped.
3. A stream keeps its last KEEP entries exactly, not about (`~`): what is kept depends on the log alone.
4. If Redis does not hold our position (FLUSHALL), the desk's log is read again from its start by a second fold, and the
   streams are written anew: the same entries under the same ids. Price: one reading of the whole log, some 20 s of CPU
   for a million records, in which this desk's offers wait. A snapshot cannot save it: the texts of an entry are those
   of its moment.

An entry's fields are text; empty ones are left out. Consumer groups of readers do not survive a FLUSHALL.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

import structlog
from redis.asyncio import Redis

from dispatchers import events as e
from dispatchers.writer import DESK, Writer

from . import metrics
from .board import key
from .clock import Clock
from .notices import Notice, notices
from .reader import Fold, Mark, Position, Step
from .whiteboard import Call, Script, patiently

# A busy squad gets 60 offers on a day, each with one or two more entries: three days. A device that was away longer
# asks for its open cases (the board), not for what it missed.
KEEP = 500
log = structlog.get_logger(__name__)

# KEYS position, streams; the write: KEEP, then for each entry its stream's index in KEYS, its id, its fields.
_SEND = Script("""
for i = 2, #write do
  local stream, id, fields = unpack(write[i])
  local added = redis.pcall('XADD', KEYS[stream], 'MAXLEN', write[1], id, unpack(fields))
  if type(added) == 'table' and added.err and not string.find(added.err, 'equal or smaller') then return added end
end
""")


class _Last:
    """A watcher that keeps the last KEEP notices of each stream."""

    def __init__(self, desk: str) -> None:
        self.desk = desk
        self.streams: dict[str, deque[Notice]] = {}

    def see(self, step: Step) -> None:
        for told in notices(step, self.desk):
            self.streams.setdefault(told.stream, deque(maxlen=KEEP)).append(told)

    def passed(self, position: Position) -> None:
        pass


class Push:
    """The streams of one desk. A watcher of its fold."""

    def __init__(
        self,
        redis: Redis,
        fold: Fold,
        stored: Position | None,
        history: Callable[[Fold, int], Awaitable[None]],
        clock: Clock,
        *,
        goal: int = 0,
    ) -> None:
        """`stored` is the position found in Redis, None if there is none or Redis could not be asked; `history` reads a
        new fold from the log's start through an offset (`reader.replay`).

        Latencies are measured of what follows `stored`, or else of what is written after the log offset `goal`.
        """
        self._redis, self._fold, self._history, self._clock = redis, fold, history, clock
        self._desk = fold.desk.id
        # A fold from the log's start needs no history, if Redis is as empty as it then must be.
        self._mark = Mark(stored or Position(), fold.position)
        self._whole = stored is not None or fold.position == Position()
        self._written = stored or Position()
        self._measured_from = stored.offset + 1 if stored else goal
        self._due: list[Notice] = []
        self._passed: dict[int, str] = {}  # records since the last write
        self._sent: tuple[list[Notice], Position] = [], Position()
        fold.watchers.append(self)

    def see(self, step: Step) -> None:
        """Take note of what must be told."""
        if step.offset <= self._written.offset:
            return
        self._due += notices(step, self._desk)
        if isinstance(step.event, e.AssignmentAccepted) and step.offset >= self._measured_from:
            case = step.before
            if case and case.assignment:
                waited = (step.at - case.assignment.offered_at) / 1000
                metrics.ack_latency_seconds.of(str(case.priority)).observe(waited)

    def passed(self, position: Position) -> None:
        """The entries of the record there are known."""
        self._mark.passed(position)
        if position.offset > self._written.offset:
            self._passed[position.offset] = position.hash

    async def send(self, *, check: bool = False) -> None:
        """As the function `send`, of this desk."""
        await send(self._redis, [self], check=check)

    @property
    def stale(self) -> bool:
        """Redis holds something else: the streams must be written from the log's start."""
        return self._fold.position.offset >= 0 and (not self._whole or self._mark.ours is False)

    def entries(self, *, check: bool) -> Call | None:
        """What must be written, or None. A record that tells nobody anything is not written for its position alone,
        until a check: the position may lag, since what lies between tells nothing."""
        new = self._fold.position
        if self.stale or self._mark.ours is None or new.offset < 0 or not (self._due or check):
            return None
        due = list(self._due)
        streams = sorted({n.stream for n in due})
        at = {stream: i for i, stream in enumerate(streams, 2)}
        write = [KEEP, *((at[n.stream], n.id, [word for pair in n.fields.items() for word in pair]) for n in due)]
        self._sent = due, new
        return Call([key(self._desk, "pushed"), *streams], _text(self._written), _text(new), write)

    def settle(self, answer: Any) -> bool:
        """Take the script's answer to `entries`: 1, or the position that stands there. False: ask `entries` again."""
        due, new = self._sent
        if answer not in (1, _text(new)):  # the latter: it was we, and the answer was lost
            there = Position.parse(answer)
            if there and self._passed.get(there.offset) == there.hash:
                self._reached(there)  # another worker was here before us
            else:
                self._whole = False
            return False
        self._reached(new)
        now = self._clock.now()
        for n in due:
            metrics.push_sent.of(n.fields["kind"]).inc()
            if n.filed_at and n.offset >= self._measured_from:
                metrics.offer_latency_seconds.of(str(n.fields["priority"])).observe(
                    self._clock.wall_seconds(n.filed_at, now)
                )
        return True

    def _reached(self, position: Position) -> None:
        """Everything up to there is written."""
        self._written = position
        self._due = [n for n in self._due if n.offset > position.offset]
        self._passed = {o: h for o, h in self._passed.items() if o > position.offset}

    async def anew(self) -> None:
        """Read the log again from its start and write the streams from it."""
        through = self._fold.position
        last = _Last(self._desk)
        again = Fold(Writer(self._desk, DESK), self._fold.partition, [last])
        if through.offset >= 0:
            await self._history(again, through.offset)
        assert again.position == through, "the log changed under us"
        await patiently("push", lambda: self._write(last, through))
        self._reached(through)
        self._whole, self._mark = True, Mark(through, through)
        metrics.redis_rebuilds.of("push").inc()
        log.info("streams written anew", desk=self._desk, streams=len(last.streams), offset=through.offset)

    async def _write(self, last: _Last, position: Position) -> None:
        old: list[str] = []
        for kind in ("offers", "looks", "orders"):
            old += [name async for name in self._redis.scan_iter(key(self._desk, f"{kind}:*"), 1000)]
        pipe = self._redis.pipeline(transaction=True)
        pipe.delete(key(self._desk, "pushed"), *old)
        for stream, entries in last.streams.items():
            for n in entries:
                pipe.xadd(stream, n.fields, id=n.id)  # type: ignore[arg-type]  # its dict of unions is invariant
        pipe.set(key(self._desk, "pushed"), _text(position))
        await pipe.execute()


async def send(redis: Redis, pushes: Iterable[Push], *, check: bool = False) -> None:
    """Write what is due to all streams of the desks, in one round trip; returns when Redis has it, however long that
    takes.

    `check`: also where nothing is due see whether all is still there. Not to be called twice at a time.
    """
    left = list(pushes)
    while left:
        await asyncio.gather(*(push.anew() for push in left if push.stale))
        calls = [(push, push.entries(check=check)) for push in left]
        sent = [(push, call) for push, call in calls if call]
        left = []
        if sent:
            answers = await patiently("push", partial(_SEND.run, redis, [call for _, call in sent]))
            left = [push for (push, _), answer in zip(sent, answers, strict=True) if not push.settle(answer)]


async def stored_position(redis: Redis, desk: str) -> Position | None:
    """Up to where the streams of a desk are written, as Redis says. Raises RedisError."""
    return Position.parse(str(await redis.get(key(desk, "pushed"))))


def _text(position: Position) -> str:
    """As it stands in Redis: nothing before the first record, so that an empty Redis is what a new log expects."""
    return str(position) if position.offset >= 0 else ""
