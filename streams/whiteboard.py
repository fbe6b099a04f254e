"""Redis as a whiteboard (law 9): connect to it, and have patience with it.

It may be slow, away, or empty at any moment. Whoever writes to it waits and tries again for ever, without acknowledging
what it was handed: views lag behind meanwhile, and nothing is lost. Writes are conditional on the position that stands
beside them, so one whose answer was lost may be sent again.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import stamina
import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from . import metrics

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


async def patiently(view: str, work: Callable[[], Awaitable[T]]) -> T:
    """The result of `work`, tried again while Redis fails, at most 2 s apart. `view` is a label of the metrics."""

    def again(fault: Exception) -> bool:
        if not isinstance(fault, RedisError | OSError):
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
