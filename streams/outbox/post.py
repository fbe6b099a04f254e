"""One try: a reply posted to its source's server, signed. Of the answer only the code and Retry-After are looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from .. import metrics, outgoing
from ..clock import wall_ms
from ..outgoing import Answer
from .signature import signed
from .sources import Source


class Poster:
    """Posts; made by `poster`."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def post(self, source: Source, reply_id: str, body: bytes) -> Answer:
        """Try once. Never raises for what the other side does."""
        headers = signed(source.secret, reply_id, body, wall_ms() // 1000) | {"Content-Type": "application/json"}
        answer = await outgoing.post(self._session, source.url, body, headers, source.limits.timeout_s)
        metrics.reply_attempts.of(answer.outcome).inc()
        return answer


@asynccontextmanager
async def poster() -> AsyncIterator[Poster]:
    """A Poster with connections of its own; each lane bounds its own."""
    async with outgoing.outgoing() as session:
        yield Poster(session)
