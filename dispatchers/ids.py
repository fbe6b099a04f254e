"""Ids are derived, not drawn (DESIGN law 8): deciding the same message again gives the same names.

Rejected: random ids (a replay would name other cases), counters of the whole city (two writers would have to agree),
and the source's own number as the id (two sources use the same numbers, and it would go into every URL and metric).
"""

from __future__ import annotations

from hashlib import sha256

# No part of a number can hold it: `streams/wire.py` refuses ids with control characters.
SEPARATOR = "\x1f"


def case_id(topic: str, source: str, source_id: str) -> str:
    """The case that a number of a source becomes: "c-" and 20 hex digits (80 bits; no two of 10^9 cases meet)."""
    return "c-" + sha256(SEPARATOR.join((topic, source, source_id)).encode()).hexdigest()[:20]


def assignment_id(case_id: str, attempt: int) -> str:
    """The attempt-th try to give the case to somebody, counted from 1 over all desks."""
    return f"{case_id}/{attempt}"


def inbox_key(source: str, source_id: str) -> bytes:
    """The message key of a number on `complaints` and `city-events`; its murmur2 is the partition that is right."""
    return f"{source}/{source_id}".encode()
