"""Work notice 工作通知 of the 浙政钉 kind (专有钉钉): the officers' own application rings, over the government network.

    POST {url}/message/workNotification   form: bizMsgId, msg, receiverIds, tenantId
    X-Hmac-Auth-Signature = base64(HMAC-SHA256(secret, method, timestamp, nonce, path, sorted form; a line each))

Receivers are officers by their number, which must be their code in its address book. Its limits (as public copies of
its documents have them): 2,048 bytes, 1,000 receivers, 100 notices a user and day, the same text to a user once a
day; `bizMsgId` tells it a repeat. Its error codes are the installation's: `limited_codes` and `refused_codes` say which
mean what, any other is a failure that may pass.
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import secrets
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec
from yarl import URL

from ..clock import wall_ms
from ..outgoing import post
from .notifier import TOO_LARGE, Limits, Notice, Receipt, fitted, receipt_of

PATH = "/message/workNotification"
ANSWER = 64 * 1024  # bytes of an answer that are read
ZONE = dt.timezone(dt.timedelta(hours=8))  # as its documents write the time
LIMITS = Limits(rate=10, burst=20, size=2_048, receivers=1_000, user_day=100)


class WorkNotice:
    """Asks the platform to notify the officers of an offer."""

    channel = "worknotice"

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: URL,
        api_key: str,
        tenant: str,
        secret: bytes,
        timeout_s: float,
        limits: Limits,
        limited_codes: tuple[str, ...] = (),
        refused_codes: tuple[str, ...] = (),
    ) -> None:
        self.limits = limits
        self._session, self._url, self._api_key, self._tenant = session, url / PATH.strip("/"), api_key, tenant
        self._secret, self._timeout_s = secret, timeout_s
        self._meaning: dict[str, str] = {
            **dict.fromkeys(refused_codes, "refused"),
            **dict.fromkeys(limited_codes, "limited"),
        }

    async def notify(self, notice: Notice) -> Receipt:
        """Ask once, for all officers of the offer."""
        if not notice.officers:
            return Receipt("skipped", "no_receiver")
        text = fitted(notice, self.limits.size, _message)
        if text is None:
            return TOO_LARGE
        form = {
            "bizMsgId": notice.id,
            "msg": text.decode(),
            "receiverIds": ",".join(notice.officers[: self.limits.receivers or None]),
            "tenantId": self._tenant,
        }
        headers = self._signed(form) | {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await post(self._session, self._url, urlencode(form).encode(), headers, self._timeout_s, read=ANSWER)
        return self._read(answer.body) if answer.outcome == "accepted" else receipt_of(answer)

    def _signed(self, form: dict[str, str]) -> dict[str, str]:
        stamp = dt.datetime.fromtimestamp(wall_ms() / 1000, ZONE).isoformat(timespec="milliseconds")
        nonce = secrets.token_hex(8)
        parameters = "&".join(f"{name}={form[name]}" for name in sorted(form))
        lines = "\n".join(("POST", stamp, nonce, self._url.path, parameters))
        mac = hmac.digest(self._secret, lines.encode(), "sha256")
        return {
            "apiKey": self._api_key,
            "X-Hmac-Auth-Version": "1.0",
            "X-Hmac-Auth-Timestamp": stamp,
            "X-Hmac-Auth-Nonce": nonce,
            "X-Hmac-Auth-Signature": base64.b64encode(mac).decode(),
        }

    def _read(self, body: bytes) -> Receipt:
        """It answers 200 to everything; what became of it stands inside, sometimes as a text in a text."""
        said: Any = body
        for _ in range(3):
            if isinstance(said, str | bytes):
                try:
                    said = msgspec.json.decode(said)
                except (msgspec.DecodeError, UnicodeDecodeError):
                    return Receipt("failed", "garbage")
            if not isinstance(said, dict) or not isinstance(said.get("success"), bool):
                return Receipt("failed", "garbage")
            if not said["success"]:
                code = str(said.get("errorCode") or said.get("bizErrorCode") or "")[:60]
                return Receipt(self._meaning.get(code, "failed"), f"code {code}" if code else "no_reason")  # type: ignore[arg-type]
            if "success" not in str(said.get("content")):
                break
            said = said["content"]
        return Receipt("sent")


def _message(notice: Notice) -> bytes:
    return msgspec.json.encode({"msgtype": "text", "text": {"content": notice.text}})
