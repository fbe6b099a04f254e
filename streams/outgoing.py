"""HTTP to servers that are not ours: one try, and what the answer means. For replies to sources, offers to squads.

Nothing but the given address is asked: no redirect is followed, no proxy of the environment used, no cookie kept. Of an
answer no more is read than was asked for, so it can be as long as it likes.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Literal, NamedTuple

import aiohttp
from yarl import URL

GONE = 410
Outcome = Literal["accepted", "refused", "gone", "failing", "timeout", "unreachable"]


class Answer(NamedTuple):
    """What became of a try."""

    outcome: Outcome
    status: str  # the HTTP code, or the outcome where there was none
    wait_s: float = 0.0  # asked for by the server
    body: bytes = b""


async def post(
    session: aiohttp.ClientSession,
    url: URL | str,
    body: bytes,
    headers: Mapping[str, str],
    timeout_s: float,
    *,
    read: int = 0,
) -> Answer:
    """Try once; at most `read` bytes of the answer are looked at. Never raises for what the other side does."""
    limit = aiohttp.ClientTimeout(total=timeout_s)
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False, timeout=limit) as response:
            said = await _begin(response.content, read)
            return _answer(response.status, response.headers.get("Retry-After", ""), said)
    except TimeoutError:
        return Answer("timeout", "timeout")
    except (aiohttp.ClientError, OSError, ValueError):  # ValueError: what it answered is no HTTP
        return Answer("unreachable", "unreachable")


async def _begin(content: aiohttp.StreamReader, most: int) -> bytes:
    said = b""
    while len(said) < most and (more := await content.read(most - len(said))):
        said += more
    return said


def _answer(code: int, retry_after: str, body: bytes) -> Answer:
    if 200 <= code < 300:
        return Answer("accepted", str(code), 0.0, body)
    if code == GONE:
        return Answer("gone", str(code), 0.0, body)
    wait = float(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 7 else 0.0
    return Answer("refused" if code < 500 and code not in (408, 429) else "failing", str(code), wait, body)


def backoff(failures: int, first: float, most: float) -> float:
    """Seconds until the next try: doubled with each failure, a random part shorter, lest many come at once."""
    return min(most, first * 2.0 ** min(failures - 1, 30)) * random.uniform(0.5, 1.0)


@asynccontextmanager
async def outgoing() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections for `post`. How many are open at a time is the caller's to bound."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "paidan"},
        trust_env=False,
        auto_decompress=False,
    )
    try:
        yield session
    finally:
        await session.close()
        await asyncio.sleep(0)  # aiohttp closes its sockets in the loop's next turn
