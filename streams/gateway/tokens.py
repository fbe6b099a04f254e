"""What is handed out and not kept: a struct as text, signed, so that it is believed when it comes back.

<base64 of its JSON>.<MAC under a key of its own>      cookies of sessions, challenges of devices
"""

from __future__ import annotations

import base64
import binascii
from hmac import compare_digest
from typing import Any, TypeVar

import msgspec

# The seam for other algorithms is there.
from ..vault import _mac

T = TypeVar("T")


def signed(key: bytes, told: Any) -> str:
    """The token."""
    body = to_text(msgspec.json.encode(told))
    return f"{body}.{_mac(key, body.encode())}"


def opened(key: bytes, token: str, kind: type[T]) -> T | None:
    """What a token of ours says; None: it is not ours, was changed, or is of a version with other tokens."""
    body, _, mac = token.rpartition(".")
    if not token.isascii() or not compare_digest(_mac(key, body.encode()), mac):
        return None
    try:
        return msgspec.json.decode(to_bytes(body), type=kind)
    except (msgspec.MsgspecError, binascii.Error):
        return None


def to_text(raw: bytes) -> str:
    """Base64 as it may stand in an address, without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def to_bytes(text: str) -> bytes:
    """The bytes again. Raises binascii.Error."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
