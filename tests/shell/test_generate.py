"""What is generated is what is committed."""

import pytest

from streams import generate, topics


@pytest.mark.parametrize("path", generate.files())
def test_generated_files_are_those_committed(path: str) -> None:
    """Who changes topics.yaml, the table of a case's life or a message runs `make generate`."""
    assert generate.files()[path] == (topics.ROOT / path).read_text("utf-8")
