"""The drawing of a case's life, made from the table the desks run on (case.TRANSITIONS): it cannot lie.

It stands in the README between the marks `<!-- transitions -->` and `<!-- /transitions -->`; a test compares.
"""

from __future__ import annotations

from .case import GONE, TRANSITIONS, Status


def mermaid() -> str:
    """TRANSITIONS as a Mermaid stateDiagram-v2. Moves between the same two statuses share an arrow."""
    arrows: dict[tuple[Status, Status], list[str]] = {}
    for (status, event), edge in TRANSITIONS.items():
        arrows.setdefault((status, edge.to), []).append(event)
    order = list(Status)
    lines = ["stateDiagram-v2", f"    [*] --> {Status.TO_DISPATCH.value}: CaseRegistered"]
    for (before, to), events in sorted(
        arrows.items(), key=lambda row: (order.index(row[0][0]), order.index(row[0][1]))
    ):
        lines.append(f"    {before.value} --> {to.value}: {', '.join(sorted(events))}")
    ends = [s for s in order if s in GONE and not any(status is s for status, _ in TRANSITIONS)]
    lines += [f"    {end.value} --> [*]" for end in ends]
    return "\n".join(lines) + "\n"
