"""Deadlines, from the records alone: said to be missed not before their time, once, and none that nobody had set.

A `DeadlineMissed` names an instant. It must have been set by an earlier event of the case (at whichever desk), be past,
and be said again only when the last saying announced that (`again_at`), and not before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

SETS = ("due", "until", "again")  # in a field's name: an instant at which something is to be done
Told = tuple[int, int, dict[str, Any]]  # case version, the record's `at`, the event


def deadlines(told: Iterable[tuple[str, Told]], broken: Callable[[str, str], None]) -> None:
    """Hold the promise "deadline" for (case, event) pairs of all desks."""
    cases: dict[str, list[Told]] = defaultdict(list)
    for case, event in told:
        cases[case].append(event)
    for case, happened in cases.items():
        if any(event["type"] == "DeadlineMissed" for *_, event in happened):
            for fault in _case(sorted(happened, key=lambda t: t[0])):
                broken("deadline", f"{case} {fault}")


def _case(happened: list[Told]) -> Iterator[str]:
    known: set[int] = set()  # instants that were set
    said: dict[tuple[str, str, int], int] = {}  # name, request, instant -> when it may be said again; 0: never
    for version, at, event in happened:
        if event["type"] == "DeadlineMissed":
            name, due = event["name"], event["due_at"]
            if at < due:
                yield f"v{version}: {name} missed {due - at} ms before its time"
            if due not in known:
                yield f"v{version}: {name} missed {due}, which nobody had set"
            key = name, event.get("request_id", ""), due
            if key in said and not 0 < said[key] <= at:
                yield f"v{version}: {name} of {due} missed twice"
            said[key] = event.get("again_at", 0)
        known.update(_instants(event, set_here=False))


def _instants(value: Any, *, set_here: bool) -> Iterator[int]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _instants(inner, set_here=any(word in name for word in SETS))
    elif isinstance(value, list):
        for inner in value:
            yield from _instants(inner, set_here=set_here)
    elif set_here and isinstance(value, int):
        yield value
