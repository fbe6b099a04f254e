"""What goes wrong for a caller, as JSON that a program can read and a person understands.

{"error": "<code>", "text": {"zh": "…", "en": "…"}, …}: what is wrong, where, and what would be right. What is absent
and what one may not see answer alike, byte for byte: nobody learns by asking that a case exists (users.md row 21).
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from aiohttp import web

T = TypeVar("T")
# For an acknowledgement of the broker. A change of leaders after a kill may take longer (a broker's session is 9 s by
# default): what is sent again under its own number happens once, and a person who waits knows more after a 503.
PATIENCE_S = 5.0


class Problem(Exception):  # noqa: N818  # an answer, as RFC 9457 calls it
    """An answer that is none. `more` goes into the body; `wait` is the Retry-After of a 429 or 503 in seconds."""

    def __init__(self, status: int, code: str, zh: str, en: str, *, wait: int = 0, **more: Any) -> None:
        super().__init__(f"{status} {code}: {en}")
        self.status, self.code, self.wait = status, code, wait
        self.body = {"error": code, "text": {"zh": zh, "en": en}, **more}

    def response(self) -> web.Response:
        """As it goes out."""
        headers = {"Retry-After": str(self.wait)} if self.wait else None
        return json(self.body, self.status, headers)


def json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A JSON answer. Never stored: it is of this moment and of this account."""
    return web.Response(
        body=msgspec.json.encode(body),
        status=status,
        content_type="application/json",
        charset="utf-8",
        headers={"Cache-Control": "no-store"} | (headers or {}),
    )


def not_found() -> Problem:
    """It is not there, or not for you."""
    return Problem(
        404, "not_found", "没有这一项，或不在您的权限内", "there is no such thing, or it is not yours to see"
    )


def unfit(where: str, zh: str, en: str) -> Problem:
    """The request does not fit its form."""
    return Problem(422, "unfit", f"{where}：{zh}", f"{where}: {en}", where=where)


def missing(what: str, zh: str, en: str) -> Problem:
    """A part of the system does not answer."""
    return Problem(503, "not_available", zh, en, wait=2, missing=what)


def no_broker() -> Problem:
    """Nothing was acknowledged: it may lie there, or not."""
    return missing(
        "broker", "消息系统无应答，请用同一编号重发", "the broker does not answer; send it again with the same key"
    )


def too_many(wait_s: float) -> Problem:
    """There is no room now: 429, and after how many seconds to come again."""
    return Problem(
        429, "too_many", "来件过多，请稍后重发", "too many at once; send it again", wait=max(1, round(wait_s + 0.5))
    )


async def body_of(request: web.Request, kind: type[T]) -> T:
    """The body of a request. Raises Problem 422."""
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise bad_body(fault) from fault


def bad_body(fault: msgspec.MsgspecError | UnicodeDecodeError) -> Problem:
    """A body that is no JSON, or not of the type: msgspec says what it wanted and where (`$.case_id`)."""
    text = str(fault)
    where = text.rpartition(" - at `")[2].rstrip("`") if " - at `" in text else "$"
    return unfit(where, f"内容不合要求（{text}）", text)
