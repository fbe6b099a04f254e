"""How long the tests here go on, and the table of what they measured, which `make torture` prints at its end.

A pause is never asserted: how long it is depends on the machine. It is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from .driver import Seen
from .measure import Measure, Row, Seconds, measured, table

KEY = "torture"


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
def measure(record_property: Callable[[str, object], None]) -> Measure:
    """Keep what a run came to for the table; call it before anything is asserted."""

    def keep(fault: str, seen: Seen) -> None:
        print(seen.summary())
        record_property(KEY, json.dumps(measured(fault, seen)))

    return keep


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table. A test that was skipped is a fault that could not be injected."""
    reports = [r for every in terminalreporter.stats.values() for r in every if isinstance(r, pytest.TestReport)]
    called = [r for r in reports if r.when == "call"]  # the teardown's report repeats what the test kept
    rows = [Row(*json.loads(value)) for r in called for name, value in r.user_properties if name == KEY]
    skipped = [r for r in reports if r.skipped and "/torture/" in r.nodeid and isinstance(r.longrepr, tuple)]
    not_run = [(r.nodeid.rpartition("::")[2], r.longrepr[2].removeprefix("Skipped: ")) for r in skipped]
    if rows or not_run:
        terminalreporter.section("torture")
        for line in table(rows, not_run):
            terminalreporter.write_line(line)
