"""One try: a reply posted to its source's server, and what the server's answer means.

Nothing but the configured address is asked: no redirect is followed, no proxy of the environment used, no cookie kept.
Of the answer only the code and Retry-After are looked at; its body is not read, so it can be as long as it likes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, NamedTuple

import aiohttp

from .. import metrics
from ..clock import wall_ms
from .signature import signed
from .sources import Source

GONE = 410
Outcome = Literal["accepted", "refused", "gone", "failing", "timeout", "unreachable"]


class Answer(NamedTuple):
    """What became of a try."""

    outcome: Outcome
    status: str  # the HTTP code, or the outcome where there was none
    wait_s: float = 0.0  # asked for by the server


class Poster:
    """Posts; made by `poster`."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def post(self, source: Source, reply_id: str, body: bytes) -> Answer:
        """Try once. Never raises for what the other side does."""
        headers = signed(source.secret, reply_id, body, wall_ms() // 1000) | {"Content-Type": "application/json"}
        limit = aiohttp.ClientTimeout(total=source.limits.timeout_s)
        try:
            async with self._session.post(
                source.url, data=body, headers=headers, allow_redirects=False, timeout=limit
            ) as response:
                answer = _answer(response.status, response.headers.get("Retry-After", ""))
        except TimeoutError:
            answer = Answer("timeout", "timeout")
        except (aiohttp.ClientError, OSError, ValueError):  # ValueError: what it answered is no HTTP
            answer = Answer("unreachable", "unreachable")
        metrics.reply_attempts.of(answer.outcome).inc()
        return answer


def _answer(code: int, retry_after: str) -> Answer:
    if 200 <= code < 300:
        return Answer("accepted", str(code))
    if code == GONE:
        return Answer("gone", str(code))
    wait = float(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 7 else 0.0
    return Answer("refused" if code < 500 and code not in (408, 429) else "failing", str(code), wait)


@asynccontextmanager
async def poster() -> AsyncIterator[Poster]:
    """A Poster with connections of its own."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),  # each lane has its own bound
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "paidan"},
        trust_env=False,
        auto_decompress=False,
    )
    try:
        yield Poster(session)
    finally:
        await session.close()
        await asyncio.sleep(0)  # aiohttp closes its sockets in the loop's next turn
