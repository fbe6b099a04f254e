"""The dashboards on a city that runs: a real Prometheus asks its processes, and is asked every query of every panel.

A query that a city in its first minutes does not yet answer is asked again until it does: the test takes as long as it
takes until somebody accepted, something was closed, a page was asked for.
"""

from __future__ import annotations

import json
import math
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.grafana.board import DEN, NUM, RATIO, percent
from streams.ops import Ops, of_run
from tests.shell.test_dashboards import Asked, asked, panels
from tests.support_run import Run

pytestmark = pytest.mark.timeout(400)
EVERY_S = 1.0
# What Grafana fills in: four looks, and all that is shown.
FILLED = {"$__rate_interval": f"{round(4 * EVERY_S)}s", "$__range": "10m"}
WITHIN_S = 200.0


class Asker:
    """Prometheus' HTTP API."""

    def __init__(self, base: str) -> None:
        self._base = base

    def now(self, expr: str, at: float | None = None) -> dict[tuple[tuple[str, str], ...], float]:
        """An expression's series, by their labels, as of an instant."""
        for variable, value in FILLED.items():
            expr = expr.replace(variable, value)
        form = {"query": expr} | ({"time": f"{at:.3f}"} if at else {})
        with urllib.request.urlopen(f"{self._base}/api/v1/query", urllib.parse.urlencode(form).encode()) as answer:
            told = json.load(answer)["data"]
        if told["resultType"] == "scalar":
            return {(): float(told["result"][1])}
        return {tuple(sorted(s["metric"].items())): float(s["value"][1]) for s in told["result"]}

    def settled(self) -> float:
        """An instant of now, about which everything has been told: every process was looked at again since."""
        at, deadline = time.time(), time.monotonic() + WITHIN_S
        while min(self.now("timestamp(up)").values()) <= at:
            assert time.monotonic() < deadline
            time.sleep(EVERY_S / 4)
        return at

    def unanswered(self, left: list[Asked]) -> list[Asked]:
        """Those that have no number now: no series, or 0/0 in all of them."""
        return [one for one in left if not any(map(math.isfinite, self.now(one.expr).values()))]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """A city twice as fast as `make run` has it (faster, and on a busy machine people are late for every offer), looked
    at once a second."""
    data = tmp_path_factory.mktemp("city") / "data"
    run = Run(data, "--speed", "120")
    try:
        run.until("assigned [1-9]", 120)
        with Ops(data, of_run(data), every_s=EVERY_S) as ops:
            yield Asker(ops.prometheus)
    finally:
        run.process.terminate()
        run.ended(60)


def test_no_panel_is_empty(city: Asker) -> None:
    """Every query of every panel, and of the variables, has a number on a city that runs."""
    left, deadline = asked(), time.monotonic() + WITHIN_S
    while (left := city.unanswered(left)) and time.monotonic() < deadline:
        time.sleep(EVERY_S)
    assert [(one.panel["title"], one.expr) for one in left] == []


def test_a_ratio_is_its_parts_divided_and_cut(city: Asker) -> None:
    """In every table and large number, as of one instant: row by row, and "no data" exactly where there is none."""
    at, seen, cut = city.settled(), 0, 0
    for panel in panels():
        named = {t.get("legendFormat") or _column(panel, t["refId"]): t["expr"] for t in panel.get("targets", ())}
        if RATIO not in named or NUM not in named:
            continue
        num, den, ratio = (city.now(named[name], at) for name in (NUM, DEN, RATIO))
        assert num.keys() == den.keys() == ratio.keys(), panel["title"]
        for row, whole in den.items():
            seen += 1
            if not whole:
                assert math.isnan(ratio[row]), panel["title"]
                continue
            tenths = 1000 * round(num[row] * 100) // round(whole * 100)
            assert ratio[row] == pytest.approx(tenths / 10), (panel["title"], row)
            cut += ratio[row] != 100 * num[row] / whole
    assert seen >= 60
    assert cut >= 10


def _column(panel: dict[str, Any], ref: str) -> str:
    return next(
        t["options"]["renameByName"][f"Value #{ref}"] for t in panel["transformations"] if t["id"] == "organize"
    )


def test_desks_add_up_to_the_city(city: Asker) -> None:
    """The table by desk has the same parts as the large number."""
    at = city.settled()
    titles = {p["title"]: p for p in panels()}
    large, table = (titles[t]["targets"] for t in ("任务·本月 R1 tasks, month", "各指挥席·本月 By desk, month"))
    for one, column in ((large[1], table[0]), (large[2], table[1])):
        by_desk = city.now(column["expr"], at)
        assert len(by_desk) == 10
        assert sum(by_desk.values()) == sum(city.now(one["expr"], at).values())
    assert sum(by_desk.values()) > 0


def test_shares_are_cut_and_never_rounded(city: Asker) -> None:
    """80 % is reached by 4 of 5 and not by 7,996 of 10,000, with fen as with cases; of nothing there is no share."""
    for num, den, shown in ((4, 5, 80.0), (7996, 10000, 79.9), (79_999_999_999, 100_000_000_000, 79.9), (1, 3, 33.3)):
        assert city.now(percent(f"vector({num})", f"vector({den})")) == {(): shown}
    assert math.isnan(city.now(percent("vector(0)", "vector(0)"))[()])


def test_nothing_shown_is_other(city: Asker) -> None:
    """Values of labels that the list of metrics does not know are a fault of the list. A limit of the city's own rows
    has no name there."""
    found = city.now('{__name__=~"paidan_.*"}')
    strangers = {dict(row)["__name__"] for row in found if "other" in dict(row).values()}
    known = {
        "paidan_deadlines_missed_total",
        "paidan_target_asides_cases",
        "paidan_escalations_total",
    }
    assert strangers - known == set()
