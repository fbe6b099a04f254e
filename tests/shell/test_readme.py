"""The README says what the code does."""

from streams import readme


def test_the_generated_parts_are_of_today():
    """The diagram of a case's life and the table of topics in the README are what the code makes of them."""
    text = readme.README.read_text("utf-8")
    assert readme.filled(text) == text, "run `make generate`"
