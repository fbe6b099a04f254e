"""Letters at their receiver: the next number is taken, another is dropped; broken ones advance too (law 7)."""

import msgspec
import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.clock import HOUR
from dispatchers.ids import case_id
from dispatchers.record import Cause, state_hash
from dispatchers.writer import DESK, Writer
from tests.support import CITY, MONDAY, Town, filed, names, one, place

SENDER = "complaints/9"


def letter(number: int, body: m.LetterBody | None = None, sender: str = SENDER, receiver: str = "jia") -> m.Letter:
    which = f"L-{number}"
    body = body or m.RegisterCase(case_id=case_id("complaints", "12345", which), filed=filed(which))
    return m.Letter(sender=sender, receiver=receiver, number=number, body=body)


def test_the_next_letter_is_taken() -> None:
    """Its number is remembered per sender, and the record names it as its cause."""
    town = Town()
    for number in (1, 2, 3):
        events = town.tell("jia", letter(number))
        assert e.LetterReceived(sender=SENDER, number=number) in events
        assert Cause(type="Letter", sender=SENDER, number=number) == town.records[-1].cause
    town.tell("jia", letter(1, sender="complaints/8"))
    assert {SENDER: 3, "complaints/8": 1} == town.desk("jia").letters_in


@pytest.mark.parametrize("number", [0, -1, 1, 2])
def test_a_repeated_letter_leaves_no_record(number: int) -> None:
    """It changes neither state nor clock (law 1)."""
    town = Town()
    for n in (1, 2):
        town.tell("jia", letter(n))
    before = state_hash(town.desk("jia"))
    town.now += 1
    assert [] == town.tell("jia", letter(number))
    assert before == state_hash(town.desk("jia"))


@pytest.mark.parametrize("message", [letter(0), m.WakeUp(due=0)])
def test_what_decides_nothing_keeps_the_position_when_that_is_old(message: m.DeskMessage) -> None:
    """An empty record, once an hour: else the inbox could forget what no log says was heard."""
    writer = Writer("jia", DESK)
    first = writer.decide(m.Unreadable(reason="bad_json"), 0, MONDAY, CITY)
    assert first
    writer.apply(0, first)
    before = state_hash(writer.state)
    assert writer.decide(message, 1, MONDAY + HOUR - 1, CITY) is None
    kept = writer.decide(message, 2, MONDAY + HOUR, CITY)
    assert kept
    assert ([], 2) == (kept.record.events, kept.record.inbox_offset)
    writer.apply(1, kept)
    assert (2, before) == (writer.head.inbox_offset, state_hash(writer.state))
    assert writer.decide(message, 3, MONDAY + HOUR + 1, CITY) is None


def test_an_empty_log_keeps_nothing() -> None:
    """A desk that was never told anything has no position."""
    assert Writer("jia", DESK).decide(m.WakeUp(due=0), 0, MONDAY, CITY) is None


def test_a_letter_beyond_the_next_is_dropped_and_told() -> None:
    """The gap is an event with both numbers; what the letter says does not happen until it comes again in its turn."""
    town = Town()
    town.tell("jia", letter(1))
    assert ["LetterGap"] == names(town.tell("jia", letter(3)))
    assert e.LetterGap(sender=SENDER, number=3, expected=2) in town.records[-1].events
    assert 1 == len(town.desk("jia").cases)
    for number in (2, 3):
        town.tell("jia", letter(number))
    assert (3, 3) == (len(town.desk("jia").cases), town.desk("jia").letters_in[SENDER])


def test_a_broken_letter_is_an_operators_and_its_number_advances() -> None:
    """Nothing is known of the case but that somebody must look: it is registered as such."""
    town = Town()
    broken = m.BrokenLetter(sender=SENDER, number=1, reason="wrong_type", detail="$.body")
    events = town.tell("jia", broken)
    assert ["MessageUnreadable", "CaseRegistered", "CaseNeedsOperator"] == names(events)
    registered = one(events, e.CaseRegistered)
    assert ("unreadable letter 1 of complaints/9", SENDER, "jia/1") == (
        registered.title, registered.source, registered.source_id,
    )  # fmt: skip
    assert 1 == town.desk("jia").letters_in[SENDER]
    assert [] == town.tell("jia", broken)
    assert "LetterReceived" in [type(x).__name__ for x in town.tell("jia", letter(2))]


def test_each_broken_letter_is_a_case_of_its_own() -> None:
    """Its id is derived from sender, receiver and number: two desks count the letters of one sender apart."""
    town = Town()
    for desk, number in (("jia", 1), ("jia", 2), ("yi", 1)):
        town.tell(desk, m.BrokenLetter(sender=SENDER, number=number, reason="bad_json"))
    assert 3 == len({*town.desk("jia").cases, *town.desk("yi").cases})


def test_a_broken_letter_about_a_known_case_brings_it_to_the_operator() -> None:
    """A case that nobody holds waits for a human; one that a team has stays with its team, and the fault is told."""
    town = Town()
    town.duty(False, "A1")
    waits, urgent = town.file("1"), town.file("2", "burning")
    sender = "desk-x"
    for number, case in ((1, waits), (2, urgent)):
        town.tell("jia", m.BrokenLetter(sender=sender, number=number, reason="bad_json", case_id=case))
    assert ("broken_letter", "desk-x 1") == (
        (n := one([x for x in town.events(waits) if isinstance(x, e.CaseNeedsOperator)], e.CaseNeedsOperator)).reason,
        n.detail,
    )  # fmt: skip
    assert "offered" == town.case(urgent).status
    assert 2 == len([x for x in town.events() if isinstance(x, e.MessageUnreadable)])


def test_a_broken_letter_about_a_case_that_went_is_told_only() -> None:
    """Nothing is registered twice."""
    town = Town()
    case = town.file("1")
    town.order(m.HandOverCase, case)
    events = town.tell("jia", m.BrokenLetter(sender=SENDER, number=1, reason="bad_json", case_id=case))
    assert ["MessageUnreadable"] == names(events)


def test_a_gap_of_broken_letters_is_a_gap() -> None:
    """A broken letter beyond the next waits for its turn like any other."""
    town = Town()
    assert ["LetterGap"] == names(town.tell("jia", m.BrokenLetter(sender=SENDER, number=2, reason="bad_json")))


def test_an_unreadable_message_gets_its_record() -> None:
    """Its bytes lie in dead-letters; the log says that and why."""
    town = Town()
    events = town.tell("jia", m.Unreadable(reason="bad_json", detail="$"))
    assert e.MessageUnreadable(reason="bad_json", detail="$") in events


def test_a_case_registered_twice_is_refused_in_words() -> None:
    """A new letter about a number that is known, open or gone, changes nothing of it."""
    town = Town()
    case = town.file("L-1")
    assert "known" == one(town.tell("jia", letter(1)), e.OrderRefused).reason
    town.order(m.HandOverCase, case)
    body = letter(1).body
    assert "known" == one(town.tell("jia", letter(2, body)), e.OrderRefused).reason


def test_a_handed_over_case_arrives_as_it_left() -> None:
    """All that a desk must know travels in the letter."""
    town = Town()
    case = town.file("1", where=place("990102", "990201"), reporter_ref="r", caller_tag="t")
    before = town.case(case)
    town.order(m.HandOverCase, case)
    after = town.case(case)
    for field in ("no", "source", "source_id", "title", "near", "item", "reporter_ref", "caller_tag", "registered_at",
                  "due_at", "overdue_at", "level", "attempts", "barred", "returns"):  # fmt: skip
        assert getattr(before, field) == getattr(after, field), field
    assert (MONDAY + 30 * 60_000, None) == (after.dispatch_due, after.assignment)


def test_a_case_from_a_desk_with_a_newer_city_is_an_operators() -> None:
    """Its territory is not in our version: it is taken all the same, for the desk cannot refuse."""
    town = Town()
    case = town.file("1")
    town.order(m.HandOverCase, case, to_desk="yi")
    strange = one(
        [x for x in town.events() if isinstance(x, e.LetterSent) and isinstance(x.body, m.TakeCase)], e.LetterSent
    ).body
    assert isinstance(strange, m.TakeCase)
    body = msgspec.structs.replace(
        strange, case=msgspec.structs.replace(strange.case, id="c-new", territory="991199", item="new item")
    )
    events = town.tell("bing", letter(1, body, sender="yi", receiver="bing"))
    assert ["CaseTaken", "CaseNeedsOperator"] == names(events)


def test_an_order_that_meets_its_case_on_the_way_back_is_decided() -> None:
    """Forwarded by a desk that had the case and forwarded back by one that had it too, it is no repeat of itself."""
    town = Town()
    case = town.file("1")
    order = town.made(m.EscalateCase, case)
    jia, yi = town.memory.desks["jia"], town.memory.desks["yi"]
    over = town.made(m.HandOverCase, case)
    _, to_yi = jia.decide(over, MONDAY, town.memory.city)  # the letter is on its way
    _, forwarded = jia.decide(order, MONDAY, town.memory.city)
    yi.decide(to_yi[0], MONDAY, town.memory.city)
    back = town.made(m.HandOverCase, case, to_desk="jia")
    _, to_jia = yi.decide(back, MONDAY, town.memory.city)
    _, returned = yi.decide(forwarded[0], MONDAY, town.memory.city)
    jia.decide(to_jia[0], MONDAY, town.memory.city)
    assert "town" == town.case(case).level
    jia.decide(returned[0], MONDAY, town.memory.city)
    assert "county" == town.case(case).level
