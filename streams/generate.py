"""`make generate`: every file, and every part of the README, that is made from the code and not written by hand.

What is drawn from the code cannot lie; a test compares, so that it does not grow old either. In the README a generated
part stands between `<!-- name -->` and `<!-- /name -->`.
"""

from __future__ import annotations

import re
from typing import get_args

from dispatchers.diagram import mermaid
from dispatchers.explain.voice import Lang

from . import topics
from .gateway.terms import catalogue
from .schema import definitions


def files() -> dict[str, str]:
    """{path from the repository's root: its text as of today}."""
    readme = (topics.ROOT / "README.md").read_text("utf-8")
    made = topics.generated(topics.load(), definitions("#/components/schemas/"))
    screens = {f"streams/gateway/static/i18n/terms.{lang}.js": catalogue(lang) for lang in get_args(Lang)}
    return made | screens | {"README.md": _filled(readme)}


def _filled(text: str) -> str:
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


if __name__ == "__main__":
    for path, text in files().items():
        (topics.ROOT / path).write_text(text, "utf-8")
