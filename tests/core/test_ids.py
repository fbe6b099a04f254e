"""Ids are derived, not drawn."""

from dispatchers.ids import assignment_id, case_id, inbox_key


def test_a_case_id_never_changes() -> None:
    """The id of a known number is what it was when the first log was written."""
    assert case_id("complaints", "12345", "A-1") == "c-359f1e1db34578cc2a06"


def test_the_same_number_of_another_topic_or_source_is_another_case() -> None:
    """Topic, source and number each make a case of their own."""
    ids = {
        case_id("complaints", "12345", "A-1"),
        case_id("city-events", "12345", "A-1"),
        case_id("complaints", "web", "A-1"),
        case_id("complaints", "12345", "A-2"),
    }
    assert len(ids) == 4


def test_the_border_between_source_and_number_counts() -> None:
    """("a", "bc") and ("ab", "c") are two cases."""
    assert case_id("complaints", "a", "bc") != case_id("complaints", "ab", "c")


def test_an_assignment_is_named_after_its_case_and_attempt() -> None:
    """The third attempt to give case c-1 to somebody is c-1/3."""
    assert assignment_id("c-1", 3) == "c-1/3"


def test_the_key_of_a_number_is_readable() -> None:
    """The message key is source and number."""
    assert inbox_key("12345", "投-1") == "12345/投-1".encode()
