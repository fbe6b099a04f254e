"""From the bytes of `desk-inbox` to orders, letters and wake-ups. Any bytes give a message, never an exception.

Free texts of orders come out masked: what a squad writes goes into the log like what a citizen writes (DESIGN law 11).
Rejected: a block of its own for what is masked here, as reporters have; nobody waits for it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from dispatchers.messages import (
    AdoptCity,
    ApprovePrecedent,
    BrokenLetter,
    DeskMessage,
    DeskOrder,
    Letter,
    SetDuty,
    Unreadable,
    WakeUp,
)

from .faults import Fault, decode, told
from .masking import clean, mask, mask_reference

MAX_ORDER = 128 * 1024  # bytes
MAX_LETTER = 2 * 1024 * 1024  # bytes: what the topic takes
SAFE = 2**53  # integers beyond are no longer exact in every reader of JSON, and beyond 2^64 end msgpack
_NUMBERS = ("happened_at", "case_version", "until", "due", "number")
_TEXTS = ("note", "reason", "basis", "text", "reply", "task", "purpose")
_REFERENCES = ("evidence", "attachments")


class _Envelope(msgspec.Struct, tag="Letter"):
    """A letter's outside, for when its inside cannot be read."""

    sender: str
    receiver: str
    number: int
    body: msgspec.Raw = msgspec.Raw()


_message = msgspec.json.Decoder(DeskOrder | Letter | WakeUp)  # BrokenLetter and Unreadable are our words, nobody's else
_envelope = msgspec.json.Decoder(_Envelope)
_anything = msgspec.json.Decoder(dict[str, Any])


def read_desk_message(value: bytes | None, desk: str) -> DeskMessage:
    """What the bytes of a message in the inbox of `desk` say.

    A letter whose inside cannot be read is a `BrokenLetter`: its number must advance, else all later letters of its
    sender would wait for it (law 7). It belongs in dead-letters as an `Unreadable` does.
    """
    value = value or b""
    try:
        return _read(value, desk)
    except Fault as fault:
        letter = told(_envelope, value)
        if letter and letter.receiver == desk and 0 < letter.number <= SAFE:
            return BrokenLetter(
                sender=letter.sender,
                number=letter.number,
                reason=fault.reason,
                detail=fault.detail,
                case_id=_case_of(told(_anything, bytes(letter.body)) or {}),
            )
        return Unreadable(reason=fault.reason, detail=fault.detail)


def _read(value: bytes, desk: str) -> DeskMessage:
    if len(value) > MAX_LETTER:
        raise Fault("too_large", f"$: {len(value)} bytes; at most {MAX_LETTER}")
    message = decode(_message, value)
    for member in _NUMBERS:
        number = getattr(message, member, None)
        if number is not None and abs(number) > SAFE:
            raise Fault("number_out_of_bounds", f"$.{member}: beyond 2^53")
    if isinstance(message, WakeUp):
        return message
    if isinstance(message, Letter):
        if message.receiver != desk:
            raise Fault("wrong_desk", "$.receiver: another desk's; each desk has a partition to itself")
        return message
    if len(value) > MAX_ORDER:
        raise Fault("too_large", f"$: {len(value)} bytes; an order has at most {MAX_ORDER}")
    if isinstance(message, SetDuty | AdoptCity | ApprovePrecedent) and message.desk != desk:
        raise Fault("wrong_desk", "$.desk: another desk's; each desk has a partition to itself")
    return _without_persons(message)


def _without_persons(order: DeskOrder) -> DeskOrder:
    """The order with its free texts masked."""
    texts: dict[str, Any] = {name: _masked(text) for name in _TEXTS if (text := getattr(order, name, ""))}
    for name in _REFERENCES:
        if references := getattr(order, name, ()):
            texts[name] = tuple(mask_reference(clean(reference)) for reference in references)
    if facts := getattr(order, "facts", {}):
        texts["facts"] = {_masked(key): _masked(text) for key, text in facts.items()}
    return msgspec.structs.replace(order, **texts) if texts else order


def _masked(text: str) -> str:
    return mask(clean(text))[0]


def _case_of(body: dict[str, Any]) -> str:
    """The case that a broken letter was about, as far as it can be told."""
    for inner in (body, *(v for name in ("order", "update", "case") if isinstance(v := body.get(name), dict))):
        found = inner.get("case_id") or inner.get("id")
        if isinstance(found, str) and clean(found) == found and len(found) <= 200:
            return found
    return ""
