"""Signed webhook: a squad's own system, or the county's, is posted the offer (outbox/signature.py: HMAC, time, id)."""

from __future__ import annotations

import aiohttp
import msgspec
from yarl import URL

from ..clock import wall_ms
from ..outbox.signature import signed
from ..outgoing import post
from .notifier import TOO_LARGE, Limits, Notice, Receipt, fitted, receipt_of

LIMITS = Limits(rate=20, burst=40, size=16_384)


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """What is posted."""

    id: str
    kind: str = "offer"
    desk: str
    squad: str
    team: str
    officers: tuple[str, ...]
    case_no: str
    item: str
    place: str
    priority: int
    attempt: int
    clock: str
    text: str


def _encode(notice: Notice) -> bytes:
    given = notice._asdict()
    return msgspec.json.encode(Body(text=notice.text, **{n: given[n] for n in given if n != "valid_s"}))


class Webhook:
    """Posts to one address."""

    channel = "webhook"

    def __init__(
        self, session: aiohttp.ClientSession, url: URL, secret: bytes, timeout_s: float, limits: Limits
    ) -> None:
        self.limits = limits
        self._session, self._url, self._secret, self._timeout_s = session, url, secret, timeout_s

    async def notify(self, notice: Notice) -> Receipt:
        """Post it once."""
        body = fitted(notice, self.limits.size, _encode)
        if body is None:
            return TOO_LARGE
        headers = signed(self._secret, notice.id, body, wall_ms() // 1000) | {"Content-Type": "application/json"}
        return receipt_of(await post(self._session, self._url, body, headers, self._timeout_s))
