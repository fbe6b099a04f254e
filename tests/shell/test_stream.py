"""The ring of changes: each reader in its own time, none with a gap, each with its own area only."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from dispatchers.case import Case
from streams.clock import Clock
from streams.gateway import stream
from streams.gateway.access import Scope
from streams.gateway.live import Watched
from streams.gateway.stream import Stream, View
from tests.support_log import folded, logs


class _Cities:
    def __init__(self, city: Any) -> None:
        self._known = type("Known", (), {"city": city})

    async def require(self, wanted: str) -> None:
        """Always there."""

    def of(self, wanted: str) -> Any:
        return self._known


class _Live:
    """Desks of the small city whose cases are moved by hand."""

    def __init__(self) -> None:
        from tests.support_log import small

        self.desks = {name: folded(name, raws).state for name, raws in logs().items()}
        self.watched = {name: Watched(desk) for name, desk in self.desks.items()}
        self.cities = _Cities(small())
        self.behind_ms = 0

    def desk(self, name: str) -> Any:
        return self.desks[name]

    def city(self, name: str) -> Any:
        return self.cities.of(self.desk(name).city).city

    def touch(self, case: Case, desk: str) -> None:
        """As if an event had changed the case."""
        self.watched[desk].before.setdefault(case.id, case)


async def _next(events: AsyncIterator[bytes], wanted: str) -> tuple[str, Any]:
    async with asyncio.timeout(5):
        async for raw in events:
            lines = dict(line.split(": ", 1) for line in raw.decode().splitlines() if line)
            if lines.get("event") == wanted:
                return lines.get("id", ""), json.loads(lines["data"])
    raise AssertionError(f"no {wanted} came")


@pytest.fixture
def live() -> _Live:
    return _Live()


def _desk(live: _Live) -> str:
    return next(name for name, desk in live.desks.items() if len(desk.cases) > 3)


async def test_a_reader_goes_on_from_where_it_was(live: _Live) -> None:
    told = Stream(live, Clock())  # type: ignore[arg-type]
    desk = _desk(live)
    cases = list(live.desks[desk].cases.values())
    begun = told.here
    running = asyncio.create_task(told.run())
    view = View(desk, "operator", Scope(frozenset({desk})))
    first = told.read(view, begun)
    seen = []
    for case in cases[:3]:
        live.touch(case, desk)
        number, data = await _next(first, "delta")
        assert [row["id"] for row in data["cases"]] == [case.id]
        seen.append(number)
    again = told.read(view, seen[0])  # as a browser that was away for two changes
    assert [(await _next(again, "delta"))[0] for _ in range(2)] == seen[1:]
    running.cancel()


async def test_who_comes_from_before_a_restart_or_too_late_is_told_to_begin_anew(
    live: _Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "KEPT", 2)
    monkeypatch.setattr(stream, "TICK_S", 0.01)
    told = Stream(live, Clock())  # type: ignore[arg-type]
    desk = _desk(live)
    view, begun = View(desk, "operator", Scope(frozenset({desk}))), told.here
    running = asyncio.create_task(told.run())
    for strange in ("", "nonsense", "17.3", f"{begun.partition('.')[0]}.99"):
        assert (await _next(told.read(view, strange), "anew"))[1] == {}
    for case in list(live.desks[desk].cases.values())[:4]:
        live.touch(case, desk)
        await asyncio.sleep(0.05)
    assert (await _next(told.read(view, begun), "anew"))[1] == {}
    running.cancel()


async def test_nobody_is_told_of_another_area(live: _Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "TICK_S", 0.01)
    monkeypatch.setattr(stream, "BEAT_S", 0.2)
    told = Stream(live, Clock())  # type: ignore[arg-type]
    desk = _desk(live)
    other = next(name for name in live.desks if name != desk)
    case = next(c for c in live.desks[desk].cases.values() if c.territory and not c.about)
    begun = told.here
    running = asyncio.create_task(told.run())
    live.touch(case, desk)
    town = View("", "town", Scope(frozenset(), territory=case.territory))
    _, data = await _next(told.read(town, begun), "delta")
    assert ([row["id"] for row in data["cases"]], data["desks"], data["squads"]) == ([case.id], [], [])
    strangers = [
        View(other, "operator", Scope(frozenset({other}))),
        View("", "town", Scope(frozenset(), territory="nowhere")),
        View("", "unit", Scope(frozenset(), unit="nobody")),
    ]
    for view in strangers:
        events = told.read(view, begun)
        raws = [await anext(events) for _ in range(2)]  # the pause between tries, then a beat and no change
        assert b"event: beat" in raws[1], view
        assert case.id.encode() not in b"".join(raws)
    running.cancel()
