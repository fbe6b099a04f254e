"""What makes a reply, or an offer by webhook (notify/), ours: the headers sent with it, and how a receiver checks it.

    X-Paidan-Id         the reply's id, the same at each try: who has it already drops it and answers 200
    X-Paidan-Timestamp  seconds since 1970, of this try
    X-Paidan-Signature  v1=<hex of HMAC-SHA256(secret, timestamp + "." + id + "." + body)>

A receiver that cannot use this file does the same in its own words: compare in constant time, refuse a timestamp more
than five minutes off, and remember the ids it took (`Taken`). `verify` may be given two secrets while one is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from hmac import compare_digest, digest

ID, TIMESTAMP, SIGNATURE = "X-Paidan-Id", "X-Paidan-Timestamp", "X-Paidan-Signature"
WINDOW_S = 300


class ForgedError(ValueError):
    """It is not from us, or not of now. The text says why."""


def signed(secret: bytes, reply_id: str, body: bytes, now_s: int) -> dict[str, str]:
    """The headers of a try."""
    stamp = str(now_s)
    return {ID: reply_id, TIMESTAMP: stamp, SIGNATURE: f"v1={_mac(secret, stamp, reply_id, body)}"}


def verify(
    secrets: Iterable[bytes], headers: Mapping[str, str], body: bytes, now_s: float, window_s: float = WINDOW_S
) -> str:
    """The id of a reply that is ours and of now; what the receiver does with an id it has already is its own affair.

    `headers` with names in any case. Raises ForgedError.
    """
    given = {name.lower(): value for name, value in headers.items()}
    reply_id, stamp, signature = (given.get(name.lower(), "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not (reply_id and re.fullmatch(r"\d{1,12}", stamp, re.ASCII) and signature):
        raise ForgedError(f"{ID}, {TIMESTAMP} and {SIGNATURE} must be there")
    if abs(now_s - int(stamp)) > window_s:
        raise ForgedError(f"signed {now_s - int(stamp):.0f} s ago, at most {window_s:.0f} s either way are taken")
    told = signature.encode("utf-8", "replace")
    # All are compared, whichever holds: how long it takes tells nothing.
    if not sum(compare_digest(f"v1={_mac(secret, stamp, reply_id, body)}".encode(), told) for secret in secrets):
        raise ForgedError("the signature is not by this secret, or something was changed on the way")
    return reply_id


class Taken:
    """The ids that a receiver took, for as long as one may come again: a repeat is answered like the first, and rings
    nobody."""

    def __init__(self, keep_s: float = 24 * 3600.0) -> None:
        self._keep_s = keep_s
        self._ids: dict[str, float] = {}  # id -> when, oldest first

    def first(self, one: str, now_s: float) -> bool:
        """Whether this id comes for the first time."""
        while self._ids and self._ids[oldest := next(iter(self._ids))] + self._keep_s <= now_s:
            del self._ids[oldest]
        if one in self._ids:
            return False
        self._ids[one] = now_s
        return True


def _mac(secret: bytes, stamp: str, reply_id: str, body: bytes) -> str:
    return digest(secret, f"{stamp}.{reply_id}.".encode() + body, sha256).hex()
