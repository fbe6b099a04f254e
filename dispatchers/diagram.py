"""The drawing of a case's life, made from the table the desks run on (TRANSITIONS): it cannot lie.

It stands in the README between the marks `<!-- transitions -->` and `<!-- /transitions -->`; a test compares.
"""

from __future__ import annotations

from collections import Counter

from .case import ENDS, Status
from .transitions import TRANSITIONS

BESIDE = 5  # an event that changes nothing of where a case stands, in more statuses than this, is not drawn


def mermaid() -> str:
    """TRANSITIONS as a Mermaid stateDiagram-v2. Moves between the same two statuses share an arrow.

    A move that leads back to what was interrupted is drawn to every status that can have been.
    """
    beside = Counter(event for (status, event), edge in TRANSITIONS.items() if edge.to is status)
    arrows: dict[tuple[Status, Status], list[str]] = {}
    for (status, event), edge in TRANSITIONS.items():
        if edge.to is status and beside[event] > BESIDE:
            continue
        for to in [edge.to] if edge.to else _interrupted(status):
            arrows.setdefault((status, to), []).append(event)
    order = list(Status)
    lines = ["stateDiagram-v2", f"    [*] --> {Status.TO_DISPATCH.value}: CaseRegistered"]
    for (before, to), events in sorted(
        arrows.items(), key=lambda row: (order.index(row[0][0]), order.index(row[0][1]))
    ):
        lines.append(f"    {before.value} --> {to.value}: {', '.join(sorted(events))}")
    ends = [s for s in order if s in ENDS and s is not Status.HANDED_OVER]  # that one goes on at another desk
    lines += [f"    {end.value} --> [*]" for end in ends]
    return "\n".join(lines) + "\n"


def _interrupted(status: Status) -> list[Status]:
    """The statuses from which a case can have come into this one."""
    return sorted({s for (s, _), edge in TRANSITIONS.items() if edge.to is status and s is not status}, key=str)
