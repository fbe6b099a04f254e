"""The record and its chain: laws 1 to 5, the pure half."""

import json
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from dispatchers import messages as m
from dispatchers.record import (
    GENESIS,
    RULES,
    Head,
    NewerError,
    decode_record,
    digest,
    encode_record,
    letters,
    state_hash,
)
from dispatchers.targets import decode_told
from dispatchers.writer import DESK, INTAKE, Writer, restored, snapshot
from tests.support import CITY, MONDAY, Town, filed, place


@pytest.fixture(scope="module")
def town() -> Town:
    """A few days of a city, with handovers."""
    made = Town()
    items = [item.id for item in CITY.pack.items]
    for n in range(40):
        case = made.file(str(n), items[n % 9], place(("990101", "990201", "zone_bing", "990102")[n % 4]))
        if n % 5 == 0:
            made.order(m.HandOverCase, case, to_desk="yi" if made.where(case) != "yi" else "jia")
        elif n % 3 == 0:
            made.work(case, until="closed")
        made.wait(minutes=11)
    made.wait(hours=30)
    return made


def log_of(town: Town, name: str) -> list[bytes]:
    return town.memory.desks[name].records


def folded(name: str, log: list[bytes], start: Writer | None = None, at: int = 0) -> Writer:
    writer = start or Writer(name, DESK)
    for offset, raw in enumerate(log[at:], at):
        writer.fold(offset, raw)
    return writer


def test_the_fold_of_the_stored_bytes_is_the_writers_state(town: Town) -> None:
    """State is the fold of the log, nothing else (law 2): of every desk and of the receipt book."""
    for name, log in town.memory.desks.items():
        again = folded(name, log.records)
        assert state_hash(log.writer.state) == state_hash(again.state)
        assert log.writer.state == again.state
        assert (log.writer.head.hash, log.writer.head.seq) == (again.head.hash, again.head.seq)
    book = town.memory.intake("complaints", 0)
    again = Writer("complaints/0", INTAKE)
    for offset, raw in enumerate(book.records):
        again.fold(offset, raw)
    assert state_hash(book.writer.state) == state_hash(again.state)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_a_snapshot_and_the_tail_are_the_whole_fold(town: Town, share: float) -> None:
    """Wherever it was taken (law 12): the same state in the same bytes, and the same head."""
    log = log_of(town, "jia")
    cut = int(len(log) * share)
    taken = snapshot(folded("jia", log[:cut]))
    assert taken == snapshot(restored(taken, DESK))
    again = folded("jia", log, restored(taken, DESK), cut)
    whole = folded("jia", log)
    assert (state_hash(whole.state), whole.head) == (state_hash(again.state), again.head)


def test_records_count_and_chain(town: Town) -> None:
    """`prev` is the hash of the bytes before, `seq` counts from 1, offsets of the inbox grow, time does not fall."""
    log = log_of(town, "jia")
    records = [decode_record(raw) for raw in log]
    assert [GENESIS, *(digest(raw) for raw in log[:-1])] == [r.prev for r in records]
    assert list(range(1, len(log) + 1)) == [r.seq for r in records]
    for before, after in pairwise(records):
        assert before.inbox_offset < after.inbox_offset
        assert before.at <= after.at
    assert {"jia"} == {r.desk for r in records}


def test_a_record_is_its_bytes(town: Town) -> None:
    """Decoding and encoding gives the same bytes; they are JSON that anybody can read."""
    for raw in log_of(town, "yi"):
        assert raw == encode_record(decode_record(raw))
        assert {"prev", "epoch", "inbox_offset", "at", "desk", "seq", "cause", "rules", "city", "posted_through",
                "events"} == set(json.loads(raw))  # fmt: skip


def two_writers() -> tuple[Writer, Writer, list[bytes]]:
    """Two workers that folded the same log, each thinking itself the only one."""
    log: list[bytes] = []
    first = Writer("jia", DESK)
    letter = m.Letter(
        sender="complaints/0", receiver="jia", number=1, body=m.RegisterCase(case_id="c-1", filed=filed("1"))
    )
    decided = first.decide(letter, 0, MONDAY, CITY)
    assert decided
    first.apply(0, decided)
    log.append(decided.raw)
    return first, folded("jia", log), log


def duty(number: int) -> m.SetDuty:
    return m.SetDuty(
        message_id=f"d-{number}",
        actor=m.Actor("op", "operator"),
        desk="jia",
        officers=("A1-001",),
        on_duty=bool(number % 2),
    )


def test_the_first_in_log_order_wins() -> None:
    """Two records continue the same one: the second is void for every reader, and so is what follows it (law 4)."""
    first, second, log = two_writers()
    mine, other = first.decide(duty(1), 1, MONDAY, CITY), second.decide(duty(2), 1, MONDAY, CITY)
    assert mine
    assert other
    first.apply(1, mine)
    second.apply(2, other)
    followers = second.decide(duty(3), 2, MONDAY, CITY)
    last = first.decide(duty(4), 2, MONDAY, CITY)
    assert followers
    assert last
    log += [mine.raw, other.raw, followers.raw, last.raw]
    reader = Writer("jia", DESK)
    assert [True, True, False, False, True] == [reader.fold(n, raw) is not None for n, raw in enumerate(log)]
    assert (4, digest(last.raw), 3) == (reader.head.offset, reader.head.hash, reader.head.seq)
    assert ["d-1", "d-4"] == list(reader.state.seen)


@pytest.mark.parametrize(
    "raw", [b"", b"x", b"{}", b'{"prev":1}', b'{"prev":"' + b"1" * 64 + b'"}', b"\xff", b"[]", b"null"]
)
def test_what_is_no_record_of_the_chain_is_void(raw: bytes) -> None:
    """Whatever lies in the log, the fold passes over what does not continue it."""
    writer, _, log = two_writers()
    before = state_hash(writer.state)
    assert writer.fold(len(log), raw) is None
    assert before == state_hash(writer.state)


def test_a_replayed_record_is_void() -> None:
    """Folding twice is folding once."""
    writer, _, log = two_writers()
    before = (state_hash(writer.state), writer.head.offset)
    assert writer.fold(1, log[0]) is None
    assert before == (state_hash(writer.state), writer.head.offset)


def test_a_byte_changed_anywhere_is_noticed(town: Town) -> None:
    """The log is a tamper-evident chain: after any changed byte the head is another."""
    log = log_of(town, "bing")[:6]
    head = chain(log)
    for n, raw in enumerate(log):
        for position in range(0, len(raw), 7):
            forged = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
            assert head != chain([*log[:n], forged, *log[n + 1 :]])


def test_a_record_taken_out_added_or_moved_is_noticed(town: Town) -> None:
    """So it is after any change of the log as a whole."""
    log = log_of(town, "bing")[:6]
    head = chain(log)
    for n in range(6):
        assert head != chain([*log[:n], *log[n + 1 :]])
    assert head != chain([log[1], log[0], *log[2:]])
    assert head != chain(log[:-1])


def chain(log: list[bytes]) -> tuple[str, int]:
    """Hash and number of the records that a reader accepts."""
    head, count = Head(writer="bing"), 0
    for raw in log:
        if head.extends(raw):
            head.hash = digest(raw)
            count += 1
    return head.hash, count


def test_void_records_between_shift_offsets_only() -> None:
    """A zombie's records in between change where ours lie, not what they say."""
    writer, _, log = two_writers()
    decided = writer.decide(duty(1), 1, MONDAY, CITY)
    assert decided
    plain, shifted = (
        folded("jia", [*log, decided.raw]),
        folded("jia", [*log, b"{}", b'{"prev":"x"}', decided.raw]),
    )
    assert (state_hash(plain.state), 1, 3) == (state_hash(shifted.state), plain.head.offset, shifted.head.offset)


def test_deciding_changes_nothing_and_is_the_same_each_time(town: Town) -> None:
    """`decide` hands out a record; only `apply` moves the writer."""
    writer = folded("jia", log_of(town, "jia"))
    before = state_hash(writer.state), msgspec.msgpack.encode(writer.head)
    for message in (duty(1), m.WakeUp(due=0), m.Unreadable(reason="bad_json")):
        one, two = (writer.decide(message, 9_999, town.now + 10**10, CITY) for _ in range(2))
        assert one == two
    assert before == (state_hash(writer.state), msgspec.msgpack.encode(writer.head))


# -- posted_through and the outbox -------------------------------------------------------------------------------------


def handing_over() -> tuple[Writer, list[bytes]]:
    """A desk with three handovers decided, none posted."""
    writer, _, log = two_writers()
    for n in (2, 3):
        body = m.RegisterCase(case_id=f"c-{n}", filed=filed(str(n)))
        _take(writer, log, m.Letter(sender="complaints/0", receiver="jia", number=n, body=body))
    for n in (1, 2, 3):
        _take(writer, log, m.HandOverCase(
            message_id=f"h-{n}", actor=m.Actor("co", "coordination"), case_id=f"c-{n}",
            to_desk="yi" if n < 3 else "bing", reason="r",
        ))  # fmt: skip
    return writer, log


def _take(writer: Writer, log: list[bytes], message: Any) -> None:
    decided = writer.decide(message, len(log), MONDAY, CITY)
    assert decided
    writer.apply(len(log), decided)
    log.append(decided.raw)


def outbox(writer: Writer) -> list[tuple[int, str, int]]:
    return [(offset, letter.receiver, letter.number) for offset, letter in writer.head.outbox]


def test_a_letter_lies_in_the_outbox_until_it_is_posted() -> None:
    """Whoever folds the log finds what a record after it does not call posted, in order, numbered per receiver."""
    writer, log = handing_over()
    due = [(3, "yi", 1), (4, "yi", 2), (5, "bing", 1)]
    assert [due, due] == [outbox(writer), outbox(folded("jia", log))]
    assert ["jia"] * 3 == [letter.sender for _, letter in writer.head.outbox]


def test_the_next_record_says_what_was_posted() -> None:
    """posted_through is the log's word, not the worker's: it stands in the record after."""
    writer, log = handing_over()
    writer.posted(4)
    assert 3 == len(outbox(folded("jia", log)))
    _take(writer, log, duty(1))
    assert 4 == decode_record(log[-1]).posted_through
    assert [[(5, "bing", 1)]] * 2 == [outbox(writer), outbox(folded("jia", log))]


def test_posted_through_never_falls() -> None:
    """A late word about earlier letters takes nothing back."""
    writer, log = handing_over()
    writer.posted(5)
    writer.posted(3)
    _take(writer, log, duty(1))
    assert (5, []) == (decode_record(log[-1]).posted_through, outbox(folded("jia", log)))


def test_the_letters_of_a_record_are_those_it_names(town: Town) -> None:
    """Numbered without gaps per sender and receiver over the whole log."""
    for name, log in town.memory.desks.items():
        numbers: dict[str, list[int]] = {}
        for raw in log.records:
            for letter in letters(decode_record(raw)):
                assert name == letter.sender
                numbers.setdefault(letter.receiver, []).append(letter.number)
        assert all(list(range(1, len(found) + 1)) == found for found in numbers.values())
        assert log.writer.state.letters_out == {receiver: found[-1] for receiver, found in numbers.items()}


def test_an_imported_log_counts_a_new_inbox() -> None:
    """The record that opens an epoch ends the old positions and changes nothing else (law 3)."""
    writer, log = handing_over()
    before = state_hash(writer.state)
    decided = writer.open_epoch(MONDAY, CITY.version)
    writer.apply(len(log), decided)
    assert (1, -1, before) == (writer.head.epoch, writer.head.inbox_offset, state_hash(writer.state))
    after = writer.decide(duty(1), 0, MONDAY, CITY)
    assert after
    assert (1, 0) == (after.record.epoch, after.record.inbox_offset)


def test_a_record_of_a_newer_version_stops_the_fold() -> None:
    """It is of our chain and cannot be read: going on without it would be another state."""
    writer, _, log = two_writers()
    raw = log[0].replace(b'"prev":"' + GENESIS.encode(), b'"prev":"' + writer.head.hash.encode())
    newer = raw.replace(b'"CaseRegistered"', b'"CaseTeleported"')
    with pytest.raises(msgspec.DecodeError):
        writer.fold(1, newer)


NEWER = RULES + ".1"


@pytest.mark.parametrize(
    ("was", "is_", "why"),
    [
        (b'{"type":"CaseRegistered"', b'{"type":"CaseTeleported"', "Invalid value 'CaseTeleported'"),
        (b'{"type":"CaseRegistered"', b'{"type":"CaseRegistered","weighed":3', "it has members that are unknown here"),
        (b'"cause":{', b'"cause":{"weighed":3,', "it has members that are unknown here"),
        (b'"events":', b'"weighed":3,"events":', "it has members that are unknown here"),
    ],
)
def test_what_newer_rules_say_anew_is_not_dropped(was: bytes, is_: bytes, why: str) -> None:
    """A record of newer rules with an event or a member that is unknown here stops who reads it, and says why."""
    _, _, log = two_writers()
    raw = log[0].replace(f'"rules":"{RULES}"'.encode(), f'"rules":"{NEWER}"'.encode())
    assert decode_record(raw).rules == NEWER
    with pytest.raises(NewerError, match=f"of rules {NEWER}, this program has {RULES} .*{why}"):
        decode_record(raw.replace(was, is_))
    with pytest.raises(NewerError):
        decode_told(raw.replace(was, is_))


def test_an_old_record_with_a_member_that_is_gone_is_read() -> None:
    """Old logs are read for ever: a member that a later version dropped is no fault."""
    _, _, log = two_writers()
    raw = (
        log[0].replace(f'"rules":"{RULES}"'.encode(), b'"rules":"2026.1.1"').replace(b'"cause":{', b'"cause":{"was":1,')
    )
    assert decode_record(raw).rules == "2026.1.1"
