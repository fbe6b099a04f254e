"""The receipt book: which number of which source became which case, of which desk, or why not."""

import msgspec
import pytest

from dispatchers import events as e
from dispatchers import intake
from dispatchers import messages as m
from dispatchers.clock import DAY
from dispatchers.ids import case_id
from tests.support import CITY, MONDAY, Town, filed, one, place


def told(book: intake.ReceiptBook, message: m.IntakeMessage, at: int = MONDAY) -> list[e.AnyEvent]:
    """Decide and fold a message."""
    events = intake.decide(book, message, CITY, at)
    for event in events:
        intake.evolve(book, event, at)
    return events


def book() -> intake.ReceiptBook:
    return intake.ReceiptBook(id="complaints/0")


def test_a_complaint_becomes_a_case_of_a_desk() -> None:
    """The receipt names the case, the desk and the step that found it; the letter beside it carries the complaint."""
    complaint = filed("1", where=place("990201"))
    accepted, sent = told(book(), complaint)
    number = case_id("complaints", "12345", "1")
    assert accepted == e.ComplaintAccepted(
        source="12345", source_id="1", case_id=number, desk="yi", digest="1", why="inside",
        forget_after=MONDAY + 180 * DAY,
    )  # fmt: skip
    assert sent == e.LetterSent(to="yi", number=1, body=m.RegisterCase(case_id=number, filed=complaint))


def test_the_same_complaint_three_times_is_one_case() -> None:
    """A repeat says which case it is and sends nothing."""
    receipts = book()
    told(receipts, filed("1"))
    for _ in range(2):
        assert told(receipts, filed("1")) == [
            e.ComplaintRepeated(source="12345", source_id="1", case_id=case_id("complaints", "12345", "1"), desk="jia")
        ]


def test_an_update_goes_to_the_same_desk_wherever_it_points_now() -> None:
    """The same number with an address in another county is told to the desk that has the case."""
    receipts = book()
    told(receipts, filed("1", where=place("990101")))
    moved = filed("1", where=place("990201"), digest="2")
    updated, sent = told(receipts, moved)
    assert isinstance(updated, e.ComplaintUpdated)
    assert ("jia", "2") == (updated.desk, updated.digest)
    assert sent == e.LetterSent(to="jia", number=2, body=m.UpdateCase(case_id=updated.case_id, filed=moved))


def test_an_update_repeated_is_a_repeat() -> None:
    """The last content counts."""
    receipts = book()
    told(receipts, filed("1"))
    told(receipts, filed("1", digest="2"))
    assert isinstance(told(receipts, filed("1", digest="2"))[0], e.ComplaintRepeated)
    assert isinstance(told(receipts, filed("1", digest="1"))[0], e.ComplaintUpdated)


def test_sources_and_topics_have_numbers_of_their_own() -> None:
    """Number 1 of the hotline and number 1 of the web are two cases."""
    receipts = book()
    told(receipts, filed("1"))
    assert isinstance(told(receipts, filed("1", source="web"))[0], e.ComplaintAccepted)


def test_the_update_is_appended_to_the_case() -> None:
    """Its desk keeps what was decided and adds what was said."""
    town = Town()
    case = town.file("1")
    before = town.case(case)
    town.file("1", where=place("990201"), title="worse now", description="and louder", digest="2")
    after = town.case(case)
    assert ("jia", "worse now", "990101") == (town.where(case), after.title, after.territory)
    assert (before.version + 1, before.assignment) == (after.version, after.assignment)
    assert "and louder" == one(town.events(case), e.CaseUpdated).description


def test_an_update_of_a_closed_case_is_refused_in_words() -> None:
    """Nothing is swallowed: the desk says that the case is closed."""
    town = Town()
    case = town.file("1")
    town.work(case, until="closed")
    town.file("1", digest="2")
    assert ("UpdateCase", "closed") == (
        (refused := one(town.events(case), e.OrderRefused)).order, refused.reason
    )  # fmt: skip


def test_an_unreadable_message_is_refused_with_its_reason() -> None:
    """What could be read of the number is told, and no letter goes out."""
    message = m.Unreadable(reason="missing_datum", detail="$.location.datum", source="web", source_id="7")
    assert told(book(), message) == [
        e.ComplaintRefused(source="web", source_id="7", reason="missing_datum", detail="$.location.datum")
    ]


def test_a_misplaced_message_is_told_and_forgotten() -> None:
    """It was posted to its own partition, whose book will have it."""
    receipts = book()
    assert told(receipts, m.Misplaced(source="web", source_id="7", partition=3)) == [
        e.ComplaintMisplaced(source="web", source_id="7", partition=3)
    ]
    assert {} == receipts.receipts


def test_forgetting_a_reporter_is_remembered() -> None:
    """The receipt says so, through updates too; an unknown number has no case to name."""
    receipts = book()
    told(receipts, filed("1"))
    forgotten = told(receipts, m.ForgetReporter(source="12345", source_id="1"))
    told(receipts, filed("1", digest="2"))
    assert case_id("complaints", "12345", "1") == one(forgotten, e.ReporterForgotten).case_id
    assert [True] == [r.reporter_forgotten for r in receipts.receipts.values()]
    unknown = told(receipts, m.ForgetReporter(source="12345", source_id="2"))
    assert "" == one(unknown, e.ReporterForgotten).case_id
    assert 1 == len(receipts.receipts)


@pytest.mark.parametrize(("days", "what"), [(180 * DAY - 1, e.ComplaintRepeated), (180 * DAY, e.ComplaintAccepted)])
@pytest.mark.parametrize("another_between", [False, True])
def test_receipts_are_forgotten_after_the_window(days: int, what: type[e.Event], another_between: bool) -> None:
    """180 days, to the millisecond, whether or not somebody else complained meanwhile."""
    receipts = book()
    told(receipts, filed("1"))
    if another_between:
        told(receipts, filed("2"), MONDAY + days)
    assert what is type(told(receipts, filed("1"), MONDAY + days)[0])


def test_the_book_does_not_grow_for_ever() -> None:
    """After the window only what came since is kept, in the order of forgetting."""
    receipts = book()
    for day in range(400):
        told(receipts, filed(str(day)), MONDAY + day * DAY)
        told(receipts, filed(str(day - 5), digest="2"), MONDAY + day * DAY)
    ends = [r.forget_after for r in receipts.receipts.values()]
    assert sorted(ends) == ends
    assert 180 == len(receipts.receipts)


def test_every_message_is_told_of() -> None:
    """Whatever comes, intake has a word for it."""
    messages: list[m.IntakeMessage] = [
        filed("1"), filed("1"), filed("1", digest="2"), filed("2", where=place()), m.Unreadable(reason="bad_json"),
        m.Misplaced(source="web", source_id="7", partition=3), m.ForgetReporter(source="12345", source_id="1"),
    ]  # fmt: skip
    receipts = book()
    assert all(told(receipts, message) for message in messages)


def test_letters_to_a_desk_are_numbered_without_gaps() -> None:
    """Each desk has a count of its own."""
    receipts = book()
    sent = [
        event
        for n, territory in enumerate(["990101", "990201", "990102", "990202", "zone_bing"])
        for event in told(receipts, filed(str(n), where=place(territory)))
        if isinstance(event, e.LetterSent)
    ]
    assert [("jia", 1), ("yi", 1), ("jia", 2), ("yi", 2), ("bing", 1)] == [(s.to, s.number) for s in sent]


def test_what_the_complaint_said_is_registered() -> None:
    """Title, texts, place in both pairs, times, references and the caller's mark all come to the case."""
    town = Town()
    where = msgspec.structs.replace(place("990101"), address="1 Road", datum="gcj02", given_lon=120.06, given_lat=30.16)
    case = town.file(
        "1", where=where, description="long", channel="phone", attachments=("a",), reporter_ref="r", caller_tag="t",
        received_at=MONDAY - 5, filed_at=MONDAY - 3,
    )  # fmt: skip
    registered = one(town.events(case), e.CaseRegistered)
    assert (
        "complaint 1", "long", "1 Road", 120.05, 30.15, "gcj02", 120.06, 30.16, "phone", ("a",), "r", "t",
        MONDAY - 5, MONDAY - 3, "JA-20260713-0001", "jia", "4 working_hours",
    ) == (
        registered.title, registered.description, registered.address, registered.lon, registered.lat,
        registered.datum, registered.given_lon, registered.given_lat, registered.channel, registered.attachments,
        registered.reporter_ref, registered.caller_tag, registered.received_at, registered.filed_at,
        registered.case_no, registered.desk, registered.limit,
    )  # fmt: skip


def test_case_numbers_count_per_desk_and_day() -> None:
    """They begin anew at midnight of the city, which is not midnight in Greenwich."""
    town = Town()
    for n in range(3):
        town.file(str(n), where=place("990101" if n < 2 else "990201"))
    town.wait(hours=14, minutes=59)
    town.file("3")
    town.wait(minutes=1)
    town.file("4")
    numbers = [event.case_no for event in town.events() if isinstance(event, e.CaseRegistered)]
    assert [
        "JA-20260713-0001", "JA-20260713-0002", "YI-20260713-0001", "JA-20260713-0003", "JA-20260714-0001",
    ] == numbers  # fmt: skip
