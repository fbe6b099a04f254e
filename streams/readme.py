"""The generated parts of the README, between `<!-- name -->` and `<!-- /name -->`; `make generate` fills them.

What is drawn from the code cannot lie; a test compares, so that it does not grow old either.
"""

from __future__ import annotations

import re
from pathlib import Path

from dispatchers.diagram import mermaid

from . import topics

README = topics.ROOT / "README.md"


def filled(text: str) -> str:
    """The README's text with its generated parts made anew. ValueError if a mark is missing."""
    parts = {
        "transitions": f"```mermaid\n{mermaid()}```\n",
        "topics": topics.readme_table(topics.load()),
    }
    for name, part in parts.items():
        marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
        if not marks.search(text):
            raise ValueError(f"README.md has no <!-- {name} --> … <!-- /{name} -->")
        text = marks.sub(lambda m, p=part: m[1] + p + m[2], text)  # type: ignore[misc]
    return text


def write(path: Path = README) -> None:
    """Fill the file in place."""
    path.write_text(filled(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    write()
