"""Sums of ended cases, by what decides where they count: never a list of cases."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Literal, NamedTuple

from dispatchers.rows import Definition

from .share import Share
from .told import Told

Stream = Literal["general", "simple", "nonpenalty", "self", "all"]
Scope = Literal["strict", "towns", "broad"]
STREAMS: tuple[Stream, ...] = ("general", "simple", "nonpenalty", "self", "all")
TASKS = ("general", "simple", "nonpenalty")  # whose union is "all"; `self` is in none of them and in no "all"
SCOPES: tuple[Scope, ...] = ("strict", "towns", "broad")
# What ended and is no task in R1: told beside it, so that a rise is seen.
ASIDES = ("routed_dept", "other", "merged", "transferred", "cancelled")
RING = 1 << 64


class Kind(NamedTuple):
    """Where an ended case counts. The tier is that of the disposal and the scopes are those of the definition of then,
    so that relabelling either rewrites no history."""

    sort: str  # a stream, or one of ASIDES
    scopes: tuple[bool, bool, bool] = (False, False, False)  # of SCOPES: whether it was done there
    marked: bool = False  # sent down just before a month's end
    forced: bool = False


Counts = dict[Kind, int]


def kind_of(event: Told, nature: str, definition: Definition) -> Kind | None:
    """Of an event that ends a case; `nature`: what it was about. None: no word for it, which the residual shows."""
    if event.type == "CaseTransferred":
        return Kind("transferred")
    if event.type == "CaseCancelled":
        return Kind("cancelled")
    if event.countable:
        if event.stream not in STREAMS:
            return None
        tiers = (definition.strict, definition.towns, definition.broad)
        here = tuple(event.tier in known for known in tiers)
        return Kind(event.stream, here, event.month_end, event.outcome == "forced")  # type: ignore[arg-type]
    if event.outcome == "merged":
        return Kind("merged")
    return Kind("routed_dept" if event.unit and nature == "enforcement" else "other")


def share(counts: Mapping[Kind, int], stream: Stream = "all", scope: Scope = "strict", *, marked: bool = True) -> Share:
    """The share of a stream in a scope; without `marked`, the second series: without what was sent down at the end."""
    place = SCOPES.index(scope)
    num = den = 0
    for kind, count in counts.items():
        ours = kind.sort == stream or (stream == "all" and kind.sort in TASKS)
        if ours and (marked or not kind.marked):
            den += count
            num += count * kind.scopes[place]
    return Share(num, den)


def parts(counts: Mapping[Kind, int], ended: int) -> dict[str, int]:
    """What all that ended is made of; `residual`: by how much the parts do not add up."""
    found = dict.fromkeys((*TASKS, "self", *ASIDES), 0)
    for kind, count in counts.items():
        found[kind.sort] += count
    return {**found, "ended": ended, "residual": ended - sum(found.values())}


def forced(counts: Mapping[Kind, int]) -> int:
    """Closed by force: in the denominator, never in the numerator."""
    return sum(count for kind, count in counts.items() if kind.forced and kind.sort in TASKS)


def proof(case_id: str) -> int:
    """A case's part of the proof of a sum: added where it counts, taken back where it no more does. Two counts with
    one proof are of the same cases (but for one chance in 2^64), in whatever order they were read."""
    return int.from_bytes(sha256(case_id.encode()).digest()[:8], "big")
