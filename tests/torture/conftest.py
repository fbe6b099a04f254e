"""How long the tests here go on, and the tables of what they measured, which `make torture` prints and keeps.

A pause is never asserted: how long it is depends on the machine. It is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from .driver import Seen
from .measure import Figure, Measure, Row, Seconds, figures, measured, table
from .results import Results, keep

ROW, FIGURE = "torture row", "torture figure"
KeepRow = Callable[[Row], None]
Tell = Callable[[str, str, str], None]


def pytest_configure(config: pytest.Config) -> None:
    """`long`: a test of `make torture` alone."""
    config.addinivalue_line("markers", "long: only with --long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long ones out of `make test`."""
    out = [item for item in items if item.get_closest_marker("long") and not config.getoption("--long")]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]


@pytest.fixture
def seconds(request: pytest.FixtureRequest) -> Seconds:
    """How long the load goes on, in the short form and in the long one."""
    return lambda short: 60.0 if request.config.getoption("--long") else short


@pytest.fixture
def keep_row(record_property: Callable[[str, object], None]) -> KeepRow:
    """Keep a row for the table; call it before anything is asserted."""
    return lambda row: record_property(ROW, json.dumps(row))


@pytest.fixture
def measure(keep_row: KeepRow) -> Measure:
    """Keep what a run came to for the table; call it before anything is asserted."""

    def measure(fault: str, seen: Seen) -> None:
        print(seen.summary())
        keep_row(measured(fault, seen))

    return measure


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Tell:
    """Keep a figure for the second table: what was measured, what is wanted of it, its value with the unit."""
    return lambda what, wanted, value: record_property(FIGURE, json.dumps(Figure(what, wanted, value)))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The tables. A test that was skipped is a fault that could not be injected."""
    reports = [r for every in terminalreporter.stats.values() for r in every if isinstance(r, pytest.TestReport)]
    # The teardown's report repeats what the test kept.
    kept = [(name, json.loads(value)) for r in reports if r.when == "call" for name, value in r.user_properties]
    rows = [Row(*value) for name, value in kept if name == ROW]
    told = [Figure(*value) for name, value in kept if name == FIGURE]
    skipped = [r for r in reports if r.skipped and "/torture/" in r.nodeid and isinstance(r.longrepr, tuple)]
    not_run = [(r.nodeid.rpartition("::")[2], r.longrepr[2].removeprefix("Skipped: ")) for r in skipped]
    for lines in (table(rows, not_run) if rows or not_run else (), figures(told) if told else ()):
        if lines:
            terminalreporter.section("torture")
        for line in lines:
            terminalreporter.write_line(line)
    if config.getoption("--long") and not config.option.collectonly:
        whole = config.args == ["tests/torture"] and not config.option.keyword
        keep(Results(rows, told, not_run), {r.nodeid.rpartition("::")[2] for r in reports}, whole=whole)
