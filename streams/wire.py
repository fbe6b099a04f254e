"""From the bytes of `complaints` and `city-events` to what intake decides on, in two steps: `read`, then `file`.

1. Any bytes give a message or an `Unreadable`, never an exception.
2. Every fault has a reason of a closed list (a metric's label) and a detail: the JSON path, what is wrong, what would
   be right. Nothing of the message's own text is in it, since details go to logs and screens.
3. The person leaves the message in `file`: what it gives back as `private` is sealed and acknowledged before `filed` is
   decided (`reporters.keep`), and `filed` has references and marks only.

Rejected: saving what can be saved of a faulty message (a complaint without its place is sent to the wrong people and
nobody knows why); guessing a missing datum or zone (485 m and 8 hours off, in Jiaxing).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from dispatchers.clock import DAY, HOUR
from dispatchers.ids import case_id
from dispatchers.messages import (
    COMPLAINT_KINDS,
    Datum,
    Filed,
    ForgetReporter,
    Id,
    Place,
    Unreadable,
    WireComplaint,
    WireLocation,
    WireReporter,
)

from .faults import Fault, decode, told, words_of
from .masking import clean, mask, mask_reference, tokens
from .vault import Vault

MAX_COMPLAINT = 256 * 1024  # bytes; the broker refuses above 1 MiB, so what lies between is a dead letter
MAX_ATTACHMENTS = 50
MAX_FACTS = 50
AHEAD = 1 * HOUR  # a source's clock may be wrong by this much
BEHIND = 400 * DAY  # a late batch may be a year old; nothing older is news

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_CONTROL = b'"ForgetReporter"'


class _Number(msgspec.Struct):
    """What is told of a message that cannot be read."""

    source: Id = ""
    source_id: Id = ""


class _Control(msgspec.Struct):
    """A control message on a public topic: signed, because anyone who may complain could send it."""

    type: str
    source: Id
    source_id: Id
    signature: str


class Private(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is sealed of a message: the reporter, and the numbers that were masked in its texts, in order."""

    reporter: WireReporter | None = None
    in_texts: tuple[str, ...] = ()


class Filing(NamedTuple):
    """A message ready to be decided. `private` (b"": nobody) must be kept under `filed.reporter_ref` before that."""

    filed: Filed
    private: bytes


_complaint = msgspec.json.Decoder(WireComplaint)
_number = msgspec.json.Decoder(_Number)
_control = msgspec.json.Decoder(_Control)


def read(topic: str, value: bytes | None, at: int, vault: Vault) -> WireComplaint | ForgetReporter | Unreadable:
    """What the bytes of a message on `complaints` or `city-events` say. `at`: business ms of the broker's append."""
    try:
        return _read(topic, value or b"", at, vault)
    except Fault as fault:
        source, source_id = _number_of(value or b"")
        return Unreadable(reason=fault.reason, detail=fault.detail, source=source, source_id=source_id)


def file(
    topic: str,
    wire: WireComplaint,
    locate: Callable[[WireLocation], Place],
    vault: Vault,
    forgotten: bool = False,
) -> Filing:
    """A message that `read` gave: located, masked, its person apart.

    `locate` finds the territories of a place (`geo.Geo.locate`). `forgotten`: the receipt book says that this number's
    reporter is forgotten, so nothing of the person is kept again, not even the caller's tag.
    """
    who = wire.reporter or WireReporter()
    known = tokens(who.phone, who.id_number)
    location = wire.location or WireLocation()
    texts, taken = zip(
        *(mask(text, known) for text in (wire.title, wire.description, location.address, wire.channel)), strict=True
    )
    title, description, address, channel = texts
    facts = {key: mask(text, known) for key, text in wire.facts.items()}
    taken += tuple(numbers for _, numbers in facts.values())
    in_texts = tuple(number for numbers in taken for number in numbers)
    private, ref = b"", ""
    if not forgotten and (who != WireReporter() or in_texts):
        private = msgspec.json.encode(Private(wire.reporter, in_texts))
        ref = vault.ref(case_id(topic, wire.source, wire.source_id), private)
    place = locate(location)
    if not place.near and not place.named:  # many titles begin with the place
        place = msgspec.structs.replace(place, named=locate(WireLocation(address=wire.title)).named)
    category = wire.category
    filed = Filed(
        topic=topic,
        source=wire.source,
        source_id=wire.source_id,
        kind=wire.kind,
        received_at=_instant(wire.received_at),
        title=title,
        description=description,
        scheme=category.scheme if category else "",
        code=category.code if category else "",
        place=msgspec.structs.replace(place, address=address),
        channel=channel,
        attachments=tuple(mask_reference(reference) for reference in wire.attachments),
        reporter_ref=ref,
        caller_tag="" if forgotten else vault.caller_tag(who.phone),
        facts={mask(key, known)[0]: text for key, (text, _) in facts.items()},
        digest=vault.digest(_content(wire)),
    )
    return Filing(filed, private)


def forget_message(topic: str, source: str, source_id: str, vault: Vault) -> bytes:
    """The control message by which intake is told to forget a reporter, to be posted where the complaint came.

    A copy of it sent again forgets the same number again, which changes nothing.
    """
    signature = vault.sign("ForgetReporter", topic, source, source_id)
    return msgspec.json.encode(_Control("ForgetReporter", source, source_id, signature))


def _read(topic: str, value: bytes, at: int, vault: Vault) -> WireComplaint | ForgetReporter:
    if len(value) > MAX_COMPLAINT:
        raise Fault("too_large", f"$: {len(value)} bytes; at most {MAX_COMPLAINT}. Attachments are sent as references")
    if _CONTROL in value and (control := told(_control, value)) and control.type == "ForgetReporter":
        if not vault.signed(control.signature, control.type, topic, control.source, control.source_id):
            raise Fault("forged_control", "$.signature: not ours; use `paidan reporter forget`")
        return ForgetReporter(source=control.source, source_id=control.source_id)
    wire = decode(_complaint, value)
    if (wire.kind in COMPLAINT_KINDS) != (topic == "complaints"):
        right = "city-events" if topic == "complaints" else "complaints"
        raise Fault("kind_of_other_topic", f'$.kind: "{wire.kind}" belongs on {right}')
    for member in ("source", "source_id"):
        if clean(text := getattr(wire, member)) != text or not text.strip() or "\n" in text:
            raise Fault("bad_text", f"$.{member}: control characters or nothing but spaces; an id is one line of text")
    _check_place(wire.location)
    if len(wire.attachments) > MAX_ATTACHMENTS:
        raise Fault("too_large", f"$.attachments: {len(wire.attachments)} references; at most {MAX_ATTACHMENTS}")
    if len(wire.facts) > MAX_FACTS:
        raise Fault("too_large", f"$.facts: {len(wire.facts)} of them; at most {MAX_FACTS}")
    received_at = _instant(wire.received_at)
    if not at - BEHIND <= received_at <= at + AHEAD:
        side = "in the future: at most 1 hour ahead" if received_at > at else "too old: at most 400 days"
        raise Fault("time_out_of_bounds", f"$.received_at: {side} of the city's clock")
    cleaned: WireComplaint = _cleaned(wire)
    return cleaned


def _check_place(location: WireLocation | None) -> None:
    if location is None or location.lon is location.lat is None:
        return
    if location.lon is None or location.lat is None:
        raise Fault("bad_coordinates", "$.location: one of lon and lat; give both, or neither")
    if location.datum is None:
        raise Fault("missing_datum", f"$.location.datum: missing; one of {words_of(Datum)}")


def _instant(text: str) -> int:
    """Milliseconds since 1970 of an RFC 3339 text."""
    try:
        moment = msgspec.convert(text, dt.datetime)
    except msgspec.ValidationError as error:
        raise Fault("bad_time", "$.received_at: no RFC 3339 time, like 2026-07-13T08:00:00+08:00") from error
    if moment.tzinfo is None:
        raise Fault("time_without_zone", "$.received_at: without a zone; add +08:00, or Z for UTC")
    return (moment - _EPOCH) // dt.timedelta(milliseconds=1)


def _cleaned(value: Any) -> Any:
    """The struct with every text in it, at any depth, freed of control characters."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, tuple):
        return tuple(_cleaned(v) for v in value)
    if isinstance(value, dict):
        return {_cleaned(k): _cleaned(v) for k, v in value.items()}
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.replace(value, **{n: _cleaned(v) for n, v in msgspec.structs.asdict(value).items()})
    return value


def _content(wire: WireComplaint) -> bytes:
    """What makes two messages of one number the same: all but the time of reception, which some sources renew.

    Empty members are left out, so that a member added to the form one day does not turn every repeat into an update.
    """

    def full(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {k: full(v) for k, v in value.items() if v not in ("", None, [], {})}

    members = msgspec.to_builtins(wire)
    del members["received_at"]
    return msgspec.json.encode(full(members), order="sorted")


def _number_of(value: bytes) -> tuple[str, str]:
    """Which number of which source it was, as far as that can be told; "" for what cannot."""
    number = told(_number, value) or _Number()
    source, source_id = (text if clean(text) == text else "" for text in (number.source, number.source_id))
    return source, source_id
