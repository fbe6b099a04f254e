"""Any bytes give a message or a refusal, never an exception."""

import json
from typing import Any, get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from dispatchers import messages as m
from streams.desk_wire import read_desk_message
from streams.faults import Reason
from streams.masking import mask
from streams.vault import Vault
from streams.wire import file, read

AT = 1_783_900_800_000
VAULT = Vault(bytes(32))
GOOD: dict[str, Any] = {
    "source": "12345",
    "source_id": "1",
    "kind": "complaint",
    "received_at": "2026-07-13T08:00:00+08:00",
    "title": "占道",
    "category": {"scheme": "city", "code": "01"},
    "location": {"datum": "wgs84", "lon": 120.7, "lat": 30.7, "address": "中山路"},
    "reporter": {"name": "甲某", "phone": "19900009999"},
    "attachments": ["a"],
    "channel": "phone",
}
ORDER: dict[str, Any] = {
    "type": "ReportDisposal",
    "message_id": "1",
    "actor": {"id": "1", "role": "squad", "squad": "s"},
    "happened_at": 1,
    "case_id": "c",
    "case_version": 1,
    "assignment_id": "c/1",
    "result": "corrected",
    "note": "n",
    "evidence": ["e"],
}
LETTER = {
    "type": "Letter",
    "sender": "d",
    "receiver": "nanhu",
    "number": 1,
    "body": {"type": "ForwardedOrder", "order": ORDER},
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
mostly_numbers = st.text(st.sampled_from("0123456789 -+.()１９x@电话\n")) | st.text()


@st.composite
def mutated(draw: st.DrawFn, good: dict[str, Any]) -> bytes:
    """A good message with some members, at any depth, taken away or replaced, and at times a byte changed."""
    message = json.loads(json.dumps(good))
    for _ in range(draw(st.integers(0, 3))):
        where = message
        while isinstance(child := where[key] if (key := draw(st.sampled_from(sorted(where)))) else None, dict):
            if not child or draw(st.booleans()):
                break
            where = child
        if draw(st.booleans()):
            where[key] = draw(json_values | mostly_numbers)
        elif len(where) > 1:
            del where[key]
    value = bytearray(json.dumps(message, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass"))
    if draw(st.integers(0, 4)) == 0:
        value[draw(st.integers(0, len(value) - 1))] = draw(st.integers(0, 255))
    return bytes(value)


def _nowhere(location: m.WireLocation | None) -> m.Place:
    return m.Place(address=location.address if location else "")


def _comes_to_a_decision(value: bytes, topic: str) -> None:
    told = read(topic, value, AT, VAULT)
    if isinstance(told, m.WireComplaint):
        filed = file(topic, told, _nowhere, VAULT).filed
        assert msgspec.json.decode(msgspec.json.encode(filed), type=m.Filed) == filed
        assert filed.source
        assert filed.source_id
    else:
        assert isinstance(told, m.Unreadable)
        assert told.reason in get_args(Reason)
        assert told.detail.startswith("$")


def _comes_to_a_desk(value: bytes) -> None:
    told = read_desk_message(value, "nanhu")
    if isinstance(told, m.Unreadable | m.BrokenLetter):
        assert told.reason in get_args(Reason)
    msgspec.msgpack.encode(told)  # whatever comes through can be put into a state


@given(st.binary(), st.sampled_from(["complaints", "city-events"]))
def test_any_bytes_are_read(value: bytes, topic: str) -> None:
    """Any bytes give a message or an Unreadable with a reason of the list."""
    _comes_to_a_decision(value, topic)
    _comes_to_a_desk(value)


@given(json_values)
def test_any_json_is_read(message: Any) -> None:
    """So does any JSON, NaN and lone surrogates too."""
    value = json.dumps(message).encode()
    _comes_to_a_decision(value, "complaints")
    _comes_to_a_desk(value)


@given(mutated(GOOD))
def test_a_good_complaint_with_anything_changed_is_read(value: bytes) -> None:
    """Changed members and bytes of a good complaint, too; and what is read can be filed and written."""
    _comes_to_a_decision(value, "complaints")


@given(mutated(ORDER) | mutated(LETTER))
def test_a_good_order_or_letter_with_anything_changed_is_read(value: bytes) -> None:
    """Changed members and bytes of an order and of a letter, too."""
    _comes_to_a_desk(value)


@given(st.sampled_from(["kind", "received_at", "source", "title", "attachments", "category", "reporter", "location"]))
def test_no_detail_repeats_what_was_sent(member: str) -> None:
    """Whatever member a text stands in wrongly, the detail does not have it."""
    for wrong in ("绝密", ["绝密"], {"datum": "绝密", "scheme": "绝密", "绝密": 1}, [["绝密"]]):
        told = read("complaints", json.dumps(GOOD | {member: wrong}).encode(), AT, VAULT)
        assert not isinstance(told, m.Unreadable) or "绝密" not in told.detail


@given(mostly_numbers)
def test_masking_twice_is_masking_once(text: str) -> None:
    """What is left has nothing more to mask, and nothing is lost but what was handed back."""
    masked, taken = mask(text)
    assert sum(map(len, taken)) + len(masked) == len(text) + 4 * len(taken)
    assert all(part in text for part in taken)


@given(st.text("0123456789 -", max_size=30), st.text("，。 号\n", max_size=5), st.text("，。 号\n", max_size=5))
def test_a_mobile_number_in_a_text_is_never_left(before: str, left: str, right: str) -> None:
    """A number between anything but further digits is gone."""
    masked, _ = mask(f"{before}{left}，19900009999，{right}{before}")
    assert "19900009999" not in masked
