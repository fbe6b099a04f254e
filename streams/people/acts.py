"""What people are about to do: a plan says what and by whom, an act is the order that will be posted.

Every order has an id made of the case, the step that it answers, and what it is: said twice, it is one order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from dispatchers import messages as m

from .known import Known


class Plan(NamedTuple):
    """One order of somebody: its number, when (ms after the step that it answers), what, by whom."""

    number: int
    delay: float
    kind: type[m.CaseOrder]
    rest: dict[str, Any]
    actor: m.Actor


class Act(NamedTuple):
    """Something that somebody will do at `due` (business ms), if the case still stands as at version `since`."""

    due: int
    desk: str
    case_id: str
    since: int
    order: m.DeskOrder
    again: bool = False  # a device's repetition: it does not know that it was heard
    beside: str = ""  # it answers what runs beside the stage: `Known.asked` by this name


def act(known: Known, plan: Plan, beside: str = "") -> Act:
    """The act of a plan. What answers something beside the stage is valid whoever has the case by then."""
    step = known.asked[beside] if beside else known
    due = step.at + round(plan.delay)
    order: Any = plan.kind(
        message_id=f"sim/{known.id}/{step.since}/{plan.kind.__name__}/{plan.number}",
        actor=plan.actor,
        simulated=True,
        case_id=known.id,
        case_version=None if beside else known.version,
        **{"happened_at": due, **plan.rest},
    )
    return Act(due, known.desk, known.id, step.since, order, beside=beside)


def operator(desk: str) -> m.Actor:
    """The operator 派遣员 of a desk."""
    return m.Actor(id=f"operator-{desk}", role="operator")


def chief(desk: str) -> m.Actor:
    """The chief of a desk's watch 值班长."""
    return m.Actor(id=f"chief-{desk}", role="chief")
