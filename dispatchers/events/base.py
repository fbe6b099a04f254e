"""What all events are, and the small values that they carry as their reasons."""

from __future__ import annotations

from typing import Literal

import msgspec

from dispatchers.messages.orders import Actor


# gc=False: events, messages and cases are trees, in which the collector can find nothing, and there are very many.
class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Base of all events."""


class CaseEvent(Event, frozen=True, kw_only=True):
    """An event about one case."""

    case_id: str
    case_version: int


class CaseAct(CaseEvent, frozen=True, kw_only=True):
    """An event that somebody's order caused: who, when by the sender's claim, and whether that claim is odd."""

    actor: Actor | None = None
    happened_at: int | None = None
    odd_claim: str = ""  # "ahead", "behind": beyond the bounds of the city (law 6)


class Step(Event, frozen=True, kw_only=True, array_like=True):
    """One step of a decision in its order (domain.md §5.2): what was asked, the row that answered, and the answer.

    `explain.py` has a sentence for each `rule` in Chinese and English.
    """

    rule: str
    row: str = ""
    detail: str = ""


class Blame(Event, frozen=True, kw_only=True):
    """To which of the four responsibilities 四类责任 a delay, a return or a wrong dispatch belongs, and whose (R36)."""

    responsibility: Literal["government", "enforcement", "department", "post"]
    unit: str  # a squad, a unit, a desk, or an operator


class Candidate(Event, frozen=True, kw_only=True):
    """A team that was looked at: its figures, and why it won ("") or lost."""

    squad: str
    team: str
    pairs: int  # certified pairs on duty
    load: int  # open weight on the team
    metres: int | None
    lost: str = ""


class Basis(Event, frozen=True, kw_only=True):
    """The rows that made the decision: power list row, acting name, and both superiors (條 line, 塊 block)."""

    power: str
    law: str
    acting_name: str = ""
    line_superior: str = ""
    block_superior: str = ""
    power_list: str = ""  # its version
    duty: str = ""
    task: str = ""  # "cordon": support only, somebody else leads
    step: str  # which step of the ladder: home, another_team, leader, mobile, neighbour, operator; handover
    reason: str = ""  # an operator's, when one overruled; a leader's
