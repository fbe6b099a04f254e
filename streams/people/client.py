"""The gateway to its clients: an order until it has its answer, a complaint until it is kept, what devices read.

1. What has no answer is sent again under the same id, for ever: 202 and every 5xx, a connection that was lost or never
   made, an answer that does not come. A gateway, a broker or a desk may die at any moment and nothing is lost by it,
   nor done twice.
2. Retry-After is obeyed; else each further try waits longer, up to MOST_S.
3. 409 and all other 4xx are answers: the same again would be refused again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import aiohttp
import msgspec
import structlog

from ..outgoing import Answer, backoff, post
from .figures import Figures

AT_ONCE = 256  # orders and complaints on the wire
PATIENCE_S = 10.0  # for an answer; a gateway says 202 after two
FIRST_S, MOST_S = 0.2, 5.0
LONGEST = 1 << 20  # bytes of an answer: a whole case is some thousands
SILENCE_S = 15.0  # three beats of a stream
BUFFER = 1 << 18  # bytes of a line
log = structlog.get_logger(__name__)


class Said(NamedTuple):
    """An event of a stream."""

    kind: str
    id: str
    data: dict[str, Any]


class Refused(msgspec.Struct):
    """As far as we read a refusal."""

    error: str = ""
    reason: str = ""


def session() -> aiohttp.ClientSession:
    """Connections for all people of a city at once."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60),
        cookie_jar=aiohttp.DummyCookieJar(),
        read_bufsize=BUFFER,
    )


class Gateway:
    """One gateway, spoken to by many accounts."""

    def __init__(self, http: aiohttp.ClientSession, url: str, keys: dict[str, str], figures: Figures) -> None:
        self._http, self._url, self._keys, self._figures = http, url.rstrip("/"), keys, figures
        self._room = asyncio.Semaphore(AT_ONCE)

    async def known(self, account: str) -> None:
        """Return when the gateway serves and knows an account."""
        failures = 0
        while await self.get(account, "/api/me") is None:
            failures += 1
            if failures % 20 == 0:
                log.warning("the gateway does not answer, or does not know us yet", url=self._url)
            await asyncio.sleep(backoff(failures, FIRST_S, 1.0))

    async def order(self, account: str, key: str, body: dict[str, Any]) -> None:
        """Give an order until it has an answer."""
        self._figures.given(key)
        answer = await self._until_answered(account, "/api/orders", key, body)
        reason = ""
        if answer.outcome != "accepted":
            told = _refusal(answer.body)
            reason = told.reason or told.error or answer.status
        self._figures.answered(key, body["type"], reason)

    async def file(self, topic: str, key: str, body: dict[str, Any], account: str) -> bool:
        """File a report until it is kept; False: it is refused."""
        answer = await self._until_answered(account, f"/api/{topic}", key, body)
        return answer.outcome == "accepted"

    async def beat(self, account: str, body: dict[str, Any]) -> None:
        """Say where one is. What is lost is said again in a minute."""
        await self._post(account, "/api/squad/beat", "", body)

    async def get(self, account: str, path: str, patience: float = PATIENCE_S) -> dict[str, Any] | None:
        """What there is to read; None: nothing now."""
        limit = aiohttp.ClientTimeout(total=patience)
        try:
            async with self._http.get(self._url + path, headers=self._headers(account), timeout=limit) as answer:
                return msgspec.json.decode(await answer.read(), type=dict[str, Any]) if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError):
            return None

    async def stream(self, account: str, path: str, after: str) -> AsyncIterator[Said]:
        """Server-Sent Events from behind a place on, until the connection ends or falls silent."""
        headers = self._headers(account) | ({"Last-Event-ID": after} if after else {})
        limit = aiohttp.ClientTimeout(total=None, sock_connect=PATIENCE_S, sock_read=SILENCE_S)
        try:
            async with self._http.get(self._url + path, headers=headers, timeout=limit) as answer:
                if answer.status == 200:
                    async for said in _events(answer.content):
                        yield said
        except (aiohttp.ClientError, TimeoutError, OSError):
            return

    async def _until_answered(self, account: str, path: str, key: str, body: dict[str, Any]) -> Answer:
        failures = 0
        while True:
            async with self._room:
                answer = await self._post(account, path, key, body)
            if answer.outcome in ("refused", "gone") or (answer.outcome == "accepted" and answer.status != "202"):
                return answer
            failures += 1
            self._figures.again += 1
            await asyncio.sleep(max(answer.wait_s, backoff(failures, FIRST_S, MOST_S)))

    async def _post(self, account: str, path: str, key: str, body: dict[str, Any]) -> Answer:
        headers = self._headers(account) | {"Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        sent = msgspec.json.encode(body)
        return await post(self._http, self._url + path, sent, headers, PATIENCE_S, read=LONGEST)

    def _headers(self, account: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._keys[account]}"}


def _refusal(body: bytes) -> Refused:
    try:
        return msgspec.json.decode(body, type=Refused)
    except msgspec.MsgspecError:
        return Refused()


async def _events(content: aiohttp.StreamReader) -> AsyncIterator[Said]:
    lines: dict[str, str] = {}
    async for raw in content:
        line = raw.decode().rstrip("\n")
        if line:
            name, _, value = line.partition(": ")
            lines[name] = value
            continue
        if "event" in lines:
            yield Said(lines["event"], lines.get("id", ""), msgspec.json.decode(lines["data"]))
        lines = {}
