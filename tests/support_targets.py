"""Records as the numbers read them, made from events: for tests that need no desk."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from dispatchers.events import CaseClosed, CaseReopened, Event
from dispatchers.rows import CityPack
from dispatchers.targets import Tasks, Told, ToldRecord
from tests.support import PACK

EAST = dt.timezone(dt.timedelta(hours=8))


def at(stamp: str) -> int:
    """The instant of a local time."""
    return int(dt.datetime.fromisoformat(stamp).replace(tzinfo=EAST).timestamp() * 1000)


def told(event: Event) -> Told:
    """An event as it is read from a record."""
    return msgspec.json.decode(msgspec.json.encode(event), type=Told)


def record(when: int, desk: str, *events: Event | Told) -> ToldRecord:
    """A record of a desk."""
    return ToldRecord(0, when, desk, tuple(e if isinstance(e, Told) else told(e) for e in events))


def closed(case_id: str = "c-1", **but: Any) -> CaseClosed:
    """A town's case of the general procedure, or otherwise."""
    usual: dict[str, Any] = {
        "case_version": 9,
        "outcome": "normal",
        "desk": "jia",
        "squad": "A1",
        "unit": "",
        "tier": "town_squad",
        "stream": "general",
        "countable": True,
        "item": "stall",
        "reopen_until": 1 << 50,
        "forget_after": 1 << 50,
    }
    return CaseClosed(case_id=case_id, **{**usual, **but})


def reopened(case_id: str = "c-1", **but: Any) -> CaseReopened:
    """It goes on."""
    usual: dict[str, Any] = {
        "case_version": 10,
        "cause": "fault",
        "reason": "r",
        "stream": "general",
        "tier": "town_squad",
        "countable": True,
        "dispatch_due": 0,
    }
    return CaseReopened(case_id=case_id, **{**usual, **but})


def folded(*said: tuple[Event | Told, int], pack: CityPack = PACK, desk: str = "") -> Tasks:
    """The fold of events, each a record of its desk."""
    fold = Tasks(pack)
    for event, when in said:
        fold.take(record(when, desk or getattr(event, "desk", "jia"), event))
    return fold
