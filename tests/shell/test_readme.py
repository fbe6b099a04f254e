"""README.md and its Chinese twin: they say the same, section by section, and name only what exists.

Whoever changes one changes the other; a failure names the section or the decision, and what stands in one of them only.
The parts that `make generate` writes stand in README.md alone. Paths, commands and settings are written as `code` in
both; a figure in a decision is written in digits in both.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from cyclopts import App

from streams.cli import app
from streams.settings import Settings

ROOT = Path(__file__).parents[2]
EN, ZH = "README.md", "README.zh.md"
BOTH = pytest.mark.parametrize("name", [EN, ZH])
COMMAND = re.compile(r"\b(paidan|make)((?: [a-z][a-z|-]*)+)")
PATH = re.compile(r"\b(?:streams|dispatchers|deploy|tests)/[\w./-]*")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)")


class Section(NamedTuple):
    """A heading and what stands under it, up to the next one."""

    level: int
    title: str
    text: str

    def blocks(self) -> str:
        """What stands in its fenced and indented code, without comments."""
        fenced = re.findall(r"^```\w*\n(.*?)^```", self.text, re.S | re.M)
        indented = re.findall(r"^ {4}(?! )(.*)", re.sub(r"^```.*?^```", "", self.text, flags=re.S | re.M), re.M)
        return "\n".join(line.partition("#")[0] for line in [*fenced, *indented])

    def spans(self) -> list[str]:
        """What stands in `backticks`."""
        return spans(self.text)

    def tables(self) -> list[int]:
        """How many cells each row of its tables has."""
        rows = re.findall(r"^\|(.*)\|$", self.text, re.M)
        return [len(re.split(r"(?<!\\)\|", row)) for row in rows]

    def commands(self) -> set[tuple[str, ...]]:
        """(program, its words) of each `paidan …` and `make …`; a row of commands says `paidan` for its first only."""
        told = "\n".join([self.blocks(), *self.spans()])
        for row in re.findall(r"^\| (`paidan .*?) \|", self.text, re.M):
            told += "".join(f"\npaidan {span}" for span in spans(row) if not span.startswith("paidan "))
        found = [(program, [word.split("|") for word in words.split()]) for program, words in COMMAND.findall(told)]
        return {(program, *words) for program, choices in found for words in product(*choices)}

    def decisions(self) -> dict[int, str]:
        """{number: text} of its numbered list."""
        items = re.split(r"^(\d+)\. ", self.text, flags=re.M)[1:]
        return {int(number): text for number, text in zip(items[::2], items[1::2], strict=True)}


def spans(text: str) -> list[str]:
    """What stands in `backticks`, outside of fenced code; the bars of a table's cells are bars again."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    return [span.replace("\\|", "|") for span in re.findall(r"`([^`\n]+)`", prose)]


@cache
def sections(name: str) -> list[Section]:
    """A README without its generated parts, cut at its headings (those in fenced code are none)."""
    text = re.sub(r"<!-- (\w+) -->\n.*?<!-- /\1 -->\n", "", (ROOT / name).read_text("utf-8"), flags=re.S)
    found: list[Section] = []
    fenced = False
    for line in text.splitlines(keepends=True):
        fenced ^= line.startswith("```")
        heading = None if fenced else re.match(r"(#+) (.*)", line)
        if heading:
            found.append(Section(len(heading[1]), heading[2], ""))
        else:
            found[-1] = found[-1]._replace(text=found[-1].text + line)
    return found


def pairs() -> Iterator[tuple[str, Section, Section]]:
    """(its English title, a section, its twin)."""
    for one, other in zip(sections(EN), sections(ZH), strict=True):
        yield one.title, one, other


def only_in_one(take: Callable[[Section], set]) -> dict[str, set]:
    """{section: what `take` finds in one language only}."""
    return {title: one for title, en, zh in pairs() if (one := take(en) ^ take(zh))}


def decisions(name: str) -> dict[int, str]:
    """All numbered decisions of a README."""
    return {number: text for section in sections(name) for number, text in section.decisions().items()}


# -- the same in both --------------------------------------------------------------------------------------------------


def test_each_links_to_the_other_at_its_top() -> None:
    """Who reads the other language finds it."""
    for name, other in ((EN, ZH), (ZH, EN)):
        assert f"]({other})" in "".join((ROOT / name).read_text("utf-8").splitlines()[:3]), name


def test_both_have_the_same_sections_in_the_same_order() -> None:
    """As many headings, each at the level of its twin."""
    assert [s.level for s in sections(EN)] == [s.level for s in sections(ZH)], [
        f"{'#' * s.level} {s.title}" for name in (EN, ZH) for s in sections(name)
    ]


def test_both_name_the_same_commands() -> None:
    """`paidan …` and `make …`, section by section."""
    assert not only_in_one(Section.commands)
    assert len(set().union(*(s.commands() for s in sections(EN)))) > 20


def test_both_name_the_same_files_and_settings() -> None:
    """Everything in backticks and every path in code, section by section; and the same pictures."""
    assert not only_in_one(lambda s: {*s.spans(), *PATH.findall(s.blocks())})
    assert not only_in_one(lambda s: {file for file, _ in LINK.findall(s.text) if file.endswith(".png")})


def test_their_tables_have_the_same_rows() -> None:
    """No row of a table is missing, and none has a cell less."""
    for title, en, zh in pairs():
        assert en.tables() == zh.tables(), title


def test_both_have_the_same_decisions() -> None:
    """Numbered without gaps; each names the same, and its figures stand in the twin (80 % is a word of Chinese)."""
    en, zh = decisions(EN), decisions(ZH)
    assert list(en) == list(zh) == list(range(1, len(en) + 1))
    assert len(en) > 30
    for number, text in en.items():
        assert set(spans(text)) == set(spans(zh[number])), number
        figures = [set(re.findall(r"\d+(?:[.,]\d+)*", item)) - {"80"} for item in (text, zh[number])]
        assert figures[0] <= figures[1], (number, figures[0] - figures[1])


# -- what they name is there -------------------------------------------------------------------------------------------


def walk(words: tuple[str, ...]) -> str | None:
    """The first of these words that `paidan` does not know as a command; what follows a whole command is its own."""
    here: App = app
    for word in words:
        names = [name for name in here if not name.startswith("-")]
        if not names:
            break
        if word not in names:
            return word
        here = here[word]
    return None


@BOTH
def test_every_command_exists(name: str) -> None:
    """In the command line of streams/cli.py, and in the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for section in sections(name):
        for program, *words in section.commands():
            if program == "make":
                assert set(words) <= targets, (section.title, words)
            else:
                assert not walk(tuple(words)), (section.title, words)


@BOTH
def test_every_file_exists(name: str) -> None:
    """Paths from the root; a name without its folder is a module of ours."""
    modules = {p.name for folder in ("streams", "dispatchers") for p in (ROOT / folder).rglob("*.py")}
    for section in sections(name):
        told = "\n".join([section.blocks(), *section.spans()])
        for path in PATH.findall(told):
            assert (ROOT / path).exists(), (section.title, path)
        for module in re.findall(r"^\w+\.py$", "\n".join(section.spans()), re.M):
            assert module in modules, (section.title, module)


@BOTH
def test_every_setting_exists(name: str) -> None:
    """Each PAIDAN_… variable is read by `streams/settings.py`."""
    for setting in re.findall(r"\bPAIDAN_([A-Z]\w*)", (ROOT / name).read_text("utf-8"), re.ASCII):
        assert setting.lower() in Settings.model_fields, setting


def slug(title: str) -> str:
    """The anchor that a forge gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@BOTH
def test_every_local_link_leads_somewhere(name: str) -> None:
    """To a file, and in a README to a heading of it; the screenshots are taken last and may not be there yet."""
    for file, anchor in LINK.findall((ROOT / name).read_text("utf-8")):
        target = file or name
        if re.fullmatch(r"docs/[\w-]+\.png", target):
            continue
        assert (ROOT / target).exists(), target
        if anchor:
            assert anchor in {slug(s.title) for s in sections(target)}, f"{target}#{anchor}"
