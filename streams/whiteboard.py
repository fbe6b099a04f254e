"""Redis as a whiteboard (law 9): connect to it, and have patience with it.

It may be slow, away, or empty at any moment. Whoever writes to it waits and tries again for ever, without acknowledging
what it was handed: views lag behind meanwhile, and nothing is lost. Writes are conditional on the position that stands
beside them, so one whose answer was lost may be sent again.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from hashlib import sha1
from typing import Any, NamedTuple, TypeVar

import msgspec
import stamina
import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    ClusterDownError,
    MasterDownError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)

from . import metrics

_PASSING = (ReadOnlyError, OutOfMemoryError, ClusterDownError, MasterDownError, TryAgainError)
ANSWER_S = 5.0  # a Redis that writes 100,000 rows anew needs about one
SAY_EVERY_S = 30.0
T = TypeVar("T")
log = structlog.get_logger(__name__)
_said: dict[str, float] = {}


def connect(url: str) -> Redis:
    """A client that answers in text; it does not retry by itself, `patiently` does."""
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=ANSWER_S,
        socket_connect_timeout=ANSWER_S,
        retry=Retry(NoBackoff(), 0),
    )


def _passing(fault: Exception) -> bool:
    """Whether it may be over at the next try. A script that Redis cannot run never will be: that is for a restart."""
    if isinstance(fault, ResponseError):
        return isinstance(fault, _PASSING) or str(fault).startswith(("MISCONF", "BUSY", "NOREPLICAS"))
    return isinstance(fault, RedisError | OSError)


async def patiently(view: str, work: Callable[[], Awaitable[T]]) -> T:
    """The result of `work`, tried again while Redis fails, at most 2 s apart. `view` is a label of the metrics.

    Raises ResponseError when Redis will never do it: a fault of ours.
    """

    try:
        return await work()  # as a rule; preparing to try again costs more than the work
    except (RedisError, OSError) as fault:
        if not _passing(fault):
            raise
    return await _again_and_again(view, work)


async def _again_and_again(view: str, work: Callable[[], Awaitable[T]]) -> T:
    def again(fault: Exception) -> bool:
        if not _passing(fault):
            return False
        metrics.redis_waiting.of(view).set(1)
        if time.monotonic() - _said.get(view, -SAY_EVERY_S) >= SAY_EVERY_S:
            _said[view] = time.monotonic()
            log.warning("waiting for redis", view=view, fault=f"{type(fault).__name__}: {fault}")
        return True

    async for attempt in stamina.retry_context(
        on=again, attempts=None, timeout=None, wait_initial=0.05, wait_max=2.0, wait_jitter=0.1
    ):
        with attempt:
            result = await work()
    metrics.redis_waiting.of(view).set(0)
    if _said.pop(view, None):
        log.info("redis is back", view=view)
    return result


class Call(NamedTuple):
    """One run of a script. The first of `keys` is the position's, where `expected` must stand and `new` will."""

    keys: list[str]
    expected: str
    new: str
    write: Any


_FRAME = """
local there = redis.call('GET', KEYS[1]) or ''
if there ~= ARGV[1] then return there end
local write = cmsgpack.unpack(ARGV[3])
{}
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""


class Script:
    """A Lua script that writes only if the stored position is the expected one, and then moves it.

    What it writes it finds in `write`, one MessagePack value: redis-py packs an argument in a microsecond or two, and a
    batch has hundreds.
    """

    def __init__(self, body: str) -> None:
        self._text = _FRAME.format(body)
        self._sha = sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    async def run(self, redis: Redis, calls: list[Call]) -> list[Any]:
        """The answers of many calls in one round trip: 1, or the position that stands there instead. Each call is
        atomic, all of them together are not.

        A call that met a key of another type answers "", as if nothing were there: a stranger wrote under our names,
        and writing anew deletes it. Raises RedisError for everything else.
        """
        pipe = redis.pipeline(transaction=False)
        for call in calls:
            packed = msgspec.msgpack.encode(call.write)
            pipe.evalsha(self._sha, len(call.keys), *call.keys, call.expected, call.new, packed)
        answers: list[Any] = await pipe.execute(raise_on_error=False)
        if any(isinstance(answer, NoScriptError) for answer in answers):
            await redis.script_load(self._text)
            return await self.run(redis, calls)  # those that went through before find their own position
        for number, answer in enumerate(answers):
            if isinstance(answer, ResponseError) and "WRONGTYPE" in str(answer):
                answers[number] = ""
            elif isinstance(answer, Exception):
                raise answer
        return answers
