"""From bytes to what is decided on: every fault named, every person out."""

import json
from typing import Any, get_args

import msgspec
import pytest

from dispatchers import messages as m
from streams.desk_wire import MAX_ORDER, read_desk_message
from streams.faults import Reason
from streams.vault import Vault
from streams.wire import MAX_COMPLAINT, Filing, Private, file, forget_message, read

AT = 1_783_900_800_000  # 2026-07-13T00:00:00Z
CANARY = "19900009999"
SECRET = "此人之言"
VAULT = Vault(bytes(range(32)))
GOOD: dict[str, Any] = {
    "source": "12345",
    "source_id": "JX-20260713-0042",
    "kind": "complaint",
    "received_at": "2026-07-13T08:00:00+08:00",
    "title": "中山东路1388号占道经营",
    "description": "2026-07-13 07:30 起有流动摊贩",
    "category": {"scheme": "city", "code": "01"},
    "location": {"datum": "gcj02", "lon": 120.755, "lat": 30.751, "address": "中山东路1388号"},
    "reporter": {"name": "甲某", "phone": CANARY},
    "attachments": ["sha256:0a1b"],
    "channel": "phone",
    "unknown": {"members": "are ignored"},
}


def located(location: m.WireLocation | None) -> m.Place:
    """A city of one county, 南湖区, whose territory every point is in."""
    location = location or m.WireLocation()
    near = (m.Near("t-1", 0),) if location.lon is not None else ()
    named = "nanhu" if "南湖区" in location.address else ""
    return m.Place(address=location.address, lon=location.lon, lat=location.lat, near=near, named=named)


def complaint(**changes: Any) -> bytes:
    return json.dumps({k: v for k, v in (GOOD | changes).items() if v is not None}, ensure_ascii=False).encode()


def said(value: bytes, topic: str = "complaints") -> Any:
    return read(topic, value, AT, VAULT)


def filed(forgotten: bool = False, **changes: Any) -> Filing:
    wire = said(complaint(**changes))
    assert isinstance(wire, m.WireComplaint)
    return file("complaints", wire, located, VAULT, forgotten)


def loc(**changes: Any) -> dict[str, Any]:
    return {k: v for k, v in (GOOD["location"] | changes).items() if v is not None}


FAULTS: list[tuple[bytes | None, str, str]] = [
    (None, "bad_json", "$"),
    (b"", "bad_json", "$"),
    (b"\xff\xfe", "bad_json", "$"),
    (b'{"source": "12345", ', "bad_json", "$"),
    (complaint(title="@").replace(b"@", b"\xff"), "bad_json", "UTF-8"),
    (complaint().replace(b'"unknown": ', b'"unknown": ' + b"[" * 50_000), "bad_json", "deep"),
    (b"[]", "wrong_type", "$: expected `object`, got `array`"),
    (complaint(title=5), "wrong_type", "$.title: expected `str`, got `int`"),
    (complaint(reporter={"phone": 19900009999}), "wrong_type", "$.reporter.phone: expected `str`, got `int`"),
    (complaint(attachments=["a", 1]), "wrong_type", "$.attachments[1]"),
    (complaint(location=loc(lon="120")), "wrong_type", "$.location.lon"),
    (complaint(source_id=None), "missing_member", "$.source_id: missing"),
    (complaint(category={"scheme": "city"}), "missing_member", "$.category.code: missing"),
    (complaint(kind=SECRET), "unknown_kind", "praise"),
    (complaint(kind="event"), "kind_of_other_topic", "city-events"),
    (complaint(location=loc(datum=SECRET)), "unknown_word", "$.location.datum: must be one of wgs84, cgcs2000"),
    (complaint(location=loc(datum=None)), "missing_datum", "$.location.datum"),
    (complaint(location=loc(lat=None)), "bad_coordinates", "$.location"),
    (complaint(location=loc(lon=1207.55)), "bad_coordinates", "$.location.lon"),
    (complaint().replace(b"120.755", b"1e999"), "bad_coordinates", "$.location.lon"),
    (complaint(received_at=SECRET), "bad_time", "$.received_at"),
    (complaint(received_at="2026-07-13T08:00:00"), "time_without_zone", "+08:00"),
    (complaint(received_at="2031-07-13T08:00:00+08:00"), "time_out_of_bounds", "future"),
    (complaint(received_at="2026-07-13T09:00:01+08:00"), "time_out_of_bounds", "future"),
    (complaint(received_at="2025-01-01T08:00:00+08:00"), "time_out_of_bounds", "400 days"),
    (complaint(source=""), "bad_text", "$.source"),
    (complaint(source_id=" "), "bad_text", "$.source_id"),
    (complaint(source_id="1\x1f2"), "bad_text", "$.source_id"),
    (complaint(title=SECRET * 200), "too_long", "$.title: at most 500"),
    (complaint(description="长" * 300_000), "too_large", "900"),
    (complaint(attachments=["a"] * 51), "too_large", "$.attachments: 51"),
    (complaint(facts={str(n): "x" for n in range(51)}), "too_large", "$.facts: 51"),
    (complaint(facts={"actor": 1}), "wrong_type", "$.facts"),
]


@pytest.mark.parametrize(("value", "reason", "detail"), FAULTS, ids=[f"{n}-{f[1]}" for n, f in enumerate(FAULTS)])
def test_every_fault_is_named_without_the_messages_words(value: bytes | None, reason: str, detail: str) -> None:
    """A faulty message is Unreadable for a reason of the list, and the detail says where but repeats nothing."""
    unreadable = read("complaints", value, AT, VAULT)
    assert isinstance(unreadable, m.Unreadable)
    assert (unreadable.reason, detail in unreadable.detail) == (reason, True), unreadable.detail
    assert unreadable.reason in get_args(Reason)
    assert SECRET not in unreadable.detail
    assert CANARY not in unreadable.detail


def test_an_unreadable_message_tells_its_number_where_it_can() -> None:
    """Source and number are told of a message that fails elsewhere, and of a too large one, but not of broken JSON."""
    for value in (complaint(kind="x"), complaint(description="x" * MAX_COMPLAINT)):
        assert (said(value).source, said(value).source_id) == ("12345", "JX-20260713-0042")
    assert (said(b"{").source, said(complaint(source_id="1\x00")).source_id) == ("", "")


def test_a_good_message_is_read_whole() -> None:
    """Members come through as they are, unknown ones are dropped."""
    known = {k: v for k, v in GOOD.items() if k != "unknown"}
    assert said(complaint()) == msgspec.convert(known, m.WireComplaint)


def test_each_kind_is_read_on_its_own_topic_only() -> None:
    """The first six kinds are complaints, the last two city events."""
    for kind in get_args(m.Kind):
        topics = [
            t for t in ("complaints", "city-events") if isinstance(said(complaint(kind=kind), t), m.WireComplaint)
        ]
        assert topics == (["complaints"] if kind in m.COMPLAINT_KINDS else ["city-events"])


def test_an_hour_ahead_and_400_days_behind_are_still_read() -> None:
    """The bounds of received_at belong to it."""
    for time in ("2026-07-13T09:00:00+08:00", "2025-06-08T00:00:00Z"):
        assert isinstance(said(complaint(received_at=time)), m.WireComplaint)


def test_control_and_hidden_characters_leave_the_texts() -> None:
    """NUL, escape, zero-width and direction characters go; line breaks stay."""
    wire = said(complaint(title="a\x00b\x1bc\u200bd\u202ee\nf", attachments=["x\x07"]))
    assert (wire.title, wire.attachments) == ("abcde\nf", ("x",))


# -- filing ------------------------------------------------------------------------------------------------------------


def test_filing_says_all_that_is_decided_on() -> None:
    """Time in ms, category, place and what is no person's come through."""
    got = filed().filed
    assert (got.topic, got.source, got.source_id, got.kind) == ("complaints", "12345", "JX-20260713-0042", "complaint")
    assert (got.received_at, got.scheme, got.code, got.channel) == (AT, "city", "01", "phone")
    assert (got.title, got.description) == (GOOD["title"], GOOD["description"])
    assert got.place.near == (m.Near("t-1", 0),)


def test_what_the_source_knows_of_the_matter_comes_through() -> None:
    """Facts decide whose it is: they arrive cleaned, without persons' numbers, which are sealed like those of texts."""
    filing = filed(facts={"actor": "vehi\x00cle", "about": f"找{CANARY}"})
    assert filing.filed.facts == {"actor": "vehicle", "about": "找〔电话〕"}
    assert msgspec.json.decode(filing.private, type=Private).in_texts == (CANARY,)
    assert filed().filed.facts == {}


def test_nothing_of_the_person_is_in_what_is_decided() -> None:
    """A number given in the reporter block and in every text is nowhere in Filed, in any spelling."""
    spelt = "199 0000 9999"
    got = filed(
        title=f"找{CANARY}",
        description=f"电话{spelt}，或１９９００００９９９９",
        location={"address": f"南湖区 {CANARY}"},
        channel=CANARY,
        attachments=[f"photo-{CANARY}.jpg"],
    ).filed
    text = msgspec.json.encode(got).decode()
    assert [word for word in (CANARY, spelt, "１９９００００９９９９", "甲某") if word in text] == []
    assert (got.title, got.place.address, got.place.named) == ("找〔电话〕", "南湖区 〔电话〕", "nanhu")


def test_what_was_masked_is_kept_in_the_private_part() -> None:
    """The private part has the reporter and the numbers of the texts, so a number masked by mistake is not lost."""
    private = msgspec.json.decode(filed(title=f"找{CANARY}").private, type=Private)
    assert private == Private(m.WireReporter(name="甲某", phone=CANARY), (CANARY,))


def test_a_message_without_a_person_has_no_private_part() -> None:
    """No reporter, no number in the texts: nothing to keep, no reference, no tag."""
    filing = filed(reporter=None)
    assert (filing.private, filing.filed.reporter_ref, filing.filed.caller_tag) == (b"", "", "")


def test_nothing_is_kept_of_a_forgotten_reporter() -> None:
    """Neither block nor reference nor tag, and the texts stay masked."""
    filing = filed(forgotten=True, title=CANARY)
    assert (filing.private, filing.filed.reporter_ref, filing.filed.caller_tag) == (b"", "", "")
    assert filing.filed.title == "〔电话〕"


def test_filing_twice_gives_the_same() -> None:
    """A message that is delivered again files to the same value, reference included."""
    assert filed() == filed()


def test_a_repeat_has_the_digest_of_the_first() -> None:
    """Another time of reception and other unknown members make no update."""
    again = filed(received_at="2026-07-13T08:05:00+08:00", unknown=None).filed
    assert again.digest == filed().filed.digest


@pytest.mark.parametrize(
    "change",
    [{"title": "x"}, {"reporter": {"phone": "19900009998"}}, {"location": loc(lon=120.7)}, {"description": CANARY}],
    ids=["title", "reporter", "place", "masked"],
)
def test_another_content_has_another_digest(change: dict[str, Any]) -> None:
    """A changed text, person or place is an update, also where masking leaves the texts alike."""
    assert (
        filed(**change).filed.digest
        != filed(**({"description": "19900009998"} if "description" in change else {})).filed.digest
    )


def test_a_digest_cannot_be_tried_out_without_the_key() -> None:
    """Another master key gives another digest of the same content: it is no bare hash."""
    wire = said(complaint())
    other = file("complaints", wire, located, Vault(b"x" * 32)).filed
    assert other.digest != filed().filed.digest


def test_a_complaint_without_a_place_is_placed_by_its_title() -> None:
    """Where neither point nor address name a territory, the title may."""
    assert filed(location=None, title="南湖区的路灯不亮").filed.place.named == "nanhu"
    assert filed(location={"address": "不知道"}, title="路灯不亮").filed.place.named == ""


# -- forgetting --------------------------------------------------------------------------------------------------------


def test_a_signed_order_to_forget_is_read() -> None:
    """What `forget_message` writes is read as ForgetReporter on the same topic."""
    order = forget_message("complaints", "12345", "A-1", VAULT)
    assert said(order) == m.ForgetReporter(source="12345", source_id="A-1")


def test_an_order_to_forget_cannot_be_forged() -> None:
    """Without the master key, for another number, or on another topic it is Unreadable."""
    order = forget_message("complaints", "12345", "A-1", VAULT)
    foreign = forget_message("complaints", "12345", "A-1", Vault(b"x" * 32))
    for topic, value in (
        ("complaints", foreign),
        ("complaints", order.replace(b"A-1", b"A-2")),
        ("city-events", order),
    ):
        assert said(value, topic).reason == "forged_control"


def test_a_complaint_may_speak_of_forgetting() -> None:
    """A complaint whose title is the order's name is a complaint."""
    assert said(complaint(title="ForgetReporter")).title == "ForgetReporter"


# -- the desk's inbox --------------------------------------------------------------------------------------------------

ACTOR = {"id": "330411-07", "role": "checker"}
CHECK = {"type": "CheckCase", "message_id": "m-1", "actor": ACTOR, "case_id": "c-1", "passed": True}
UPDATE = {"type": "UpdateCase", "case_id": "c-7", "filed": {"type": "Filed"}}
LETTER = {"type": "Letter", "sender": "haining", "receiver": "nanhu", "number": 3, "body": UPDATE}


def heard(message: dict[str, Any]) -> Any:
    return read_desk_message(json.dumps(message).encode(), "nanhu")


def test_every_order_letter_and_wake_up_is_read_as_it_was_written() -> None:
    """Encoding and reading give the same message."""
    check = m.CheckCase(message_id="m-1", actor=m.Actor("330411-07", "checker"), case_id="c-1", passed=True)
    update = m.UpdateCase(case_id="c-1", filed=filed().filed)
    for message in (
        check,
        m.WakeUp(due=5),
        m.Letter(sender="haining", receiver="nanhu", number=1, body=update),
        m.Letter(sender="haining", receiver="nanhu", number=2, body=m.ForwardedOrder(order=check)),
    ):
        assert read_desk_message(msgspec.json.encode(message), "nanhu") == message


@pytest.mark.parametrize(
    ("message", "reason", "detail"),
    [
        ({"type": SECRET}, "unknown_type", "$.type"),
        ({"type": "Unreadable", "reason": "x"}, "unknown_type", "$.type"),
        ({"type": "BrokenLetter", "sender": "a", "number": 1, "reason": "x"}, "unknown_type", "$.type"),
        ({}, "missing_member", "$.type"),
        (CHECK | {"actor": ACTOR | {"role": SECRET}}, "unknown_word", "$.actor.role"),
        (CHECK | {"passed": "yes"}, "wrong_type", "$.passed"),
        (CHECK | {"happened_at": 10**30}, "number_out_of_bounds", "$.happened_at"),
        ({"type": "WakeUp", "due": -(10**30)}, "number_out_of_bounds", "$.due"),
        (CHECK | {"unknown": "x" * MAX_ORDER}, "too_large", "at most"),
        (CHECK | {"type": "AdoptCity", "desk": "haining", "city": "x"}, "wrong_desk", "$.desk"),
        (CHECK | {"type": "ApprovePrecedent", "desk": "haining", "precedent": "x"}, "wrong_desk", "$.desk"),
        (
            CHECK | {"type": "SetDuty", "desk": "haining", "officers": ["1"], "on_duty": True},
            "wrong_desk",
            "$.desk",
        ),
        (
            {"type": "Letter", "sender": "a", "receiver": "haining", "number": 1, "body": UPDATE},
            "missing_member",
            "$.body.filed",
        ),
    ],
)
def test_what_a_desk_cannot_read_is_named(message: dict[str, Any], reason: str, detail: str) -> None:
    """A faulty order is Unreadable for a reason of the list; verdicts of ours cannot be sent."""
    unreadable = heard(message)
    assert isinstance(unreadable, m.Unreadable)
    assert (unreadable.reason, detail in unreadable.detail, SECRET in unreadable.detail) == (reason, True, False)


def test_a_letter_with_a_broken_inside_keeps_its_number_and_case() -> None:
    """Its number advances, so the letters behind it are not lost."""
    broken = heard(LETTER)
    assert isinstance(broken, m.BrokenLetter)
    assert (broken.sender, broken.number, broken.reason, broken.case_id) == ("haining", 3, "missing_member", "c-7")
    forwarded = heard(LETTER | {"body": {"type": "ForwardedOrder", "order": {"type": "?", "case_id": "c-8"}}})
    assert (forwarded.reason, forwarded.case_id) == ("unknown_type", "c-8")


def test_a_letter_to_another_desk_is_not_taken() -> None:
    """It came to the wrong partition: its number is not one of ours."""
    letter = m.Letter(
        sender="haining", receiver="haiyan", number=1, body=m.UpdateCase(case_id="c-1", filed=filed().filed)
    )
    told = read_desk_message(msgspec.json.encode(letter), "nanhu")
    assert isinstance(told, m.Unreadable)
    assert told.reason == "wrong_desk"


def test_free_texts_of_orders_come_masked() -> None:
    """What a squad writes goes into the log like what a citizen writes."""
    order = heard(CHECK | {"note": f"已联系{CANARY}\x00", "passed": False})
    assert order.note == "已联系〔电话〕"
    disposal = CHECK | {"type": "ReportDisposal", "assignment_id": "c-1/1", "result": "corrected"}
    assert heard(disposal | {"evidence": [f"{CANARY}.jpg", "sha256:ab"]}).evidence == ("〔电话〕.jpg", "sha256:ab")


SPOKEN = f"已联系{CANARY}"
TEXTS: list[tuple[str, dict[str, Any]]] = [
    ("AnswerCaller", {"text": SPOKEN, "attachments": [f"{CANARY}.jpg"]}),
    ("CloseCase", {"reply": SPOKEN, "reason": SPOKEN}),
    ("AskOffice", {"kind": "video", "unit": "u", "task": SPOKEN, "purpose": SPOKEN}),
    ("ReportVerification", {"found": True, "facts": {"witness": SPOKEN}, "note": SPOKEN}),
    ("ClassifyCase", {"item": "stall", "facts": {SPOKEN: "yes"}, "reason": SPOKEN}),
    ("UrgeCase", {"note": SPOKEN}),
    ("RecordCallback", {"reached": True, "note": SPOKEN}),
    ("ReturnAssignment", {"assignment_id": "c-1/1", "reason": "recusal", "basis": SPOKEN}),
    ("OpenDispute", {"reason": SPOKEN}),
    ("AnswerRequest", {"request_id": "r", "note": SPOKEN, "evidence": [f"{CANARY}.jpg"]}),
    ("TransferCase", {"to": "police", "reason": SPOKEN}),
]


@pytest.mark.parametrize(("kind", "texts"), TEXTS)
def test_no_order_carries_a_persons_number(kind: str, texts: dict[str, Any]) -> None:
    """Every free text and reference of an order, also inside its facts, comes without the number."""
    order = heard({"type": kind, "message_id": "m-1", "actor": ACTOR, "case_id": "c-1", **texts})
    assert type(order).__name__ == kind
    assert CANARY not in msgspec.json.encode(order).decode()
    assert "〔电话〕" in msgspec.json.encode(order).decode()
