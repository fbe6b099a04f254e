"""One matter, many reports 并案: forty calls about one fallen tree are one case with forty callers (scenario 14).

A report joins a running case of the same item that is near in place and in time (both are data, per item), or that the
same caller reported before. Each report keeps its caller and the clock of its own reply; the parent is worked on, and
its end is theirs too. Many reports make the parent more urgent; a matter that is reported again long after it was taken
up goes up a level (domain.md §5.3). An operator may split what does not belong together.
"""

from __future__ import annotations

from . import events as e
from . import messages as m
from .acts import act, refuse
from .case import Case, Status
from .city import metres
from .competence import owner_of
from .decision import Decision, next_of
from .dispatch import place
from .levels import raise_level
from .life import allowed

MOST_URGENT = 1  # that many reports can make it; 0 is for danger to life


def find_parent(decision: Decision, case: Case) -> Case | None:
    """The running case of the same matter, the nearest of them; None: this is a matter of its own."""
    if case.duty == "reply":
        return None
    rule = decision.city.law.merge(case.item)
    if not rule.radius:
        return None
    found = [
        (way, other.id, other)
        for other in decision.near(case, rule.radius)
        if (way := _way(case, other)) <= rule.radius
    ]
    for _, _, other in sorted(found, key=lambda row: row[:2]) if found else ():
        again = bool(case.caller_tag) and case.caller_tag == other.caller_tag
        fresh = decision.at <= decision.city.calendar.after(other.registered_at, rule.window)
        alike = (other.duty, other.about) == (case.duty, case.about)
        if alike and (fresh or again) and _owner(decision, case) == _owner(decision, other):
            return other
    return None


def _owner(decision: Decision, case: Case) -> tuple[str, str, str] | None:
    """Whose it is by which row: litter from a vehicle and from a balcony are not one matter, though of one item."""
    owner = owner_of(decision, case)
    return owner and (owner.row, owner.kind, owner.owner)


def _way(one: Case, other: Case) -> int:
    """Metres between two cases that have a place (decision.near asks for one)."""
    return metres(one.lon or 0.0, one.lat or 0.0, other.lon or 0.0, other.lat or 0.0)


def join(decision: Decision, case: Case, parent: Case, reason: str, by: dict[str, object] | None = None) -> None:
    """Make the case a child of the other; so many callers may make the matter more urgent."""
    decision.happen(e.CaseMerged(**(by or next_of(case)), parent=parent.id, reason=reason))
    again = _called_before(decision, case, parent)
    callers = parent.callers + (0 if again else 1)
    rule = decision.city.law.merge(parent.item)
    priority = parent.priority
    if not again and callers % rule.raise_at == 0:
        priority = min(priority, max(priority - 1, MOST_URGENT))
    parent = decision.happen(
        e.CaseJoined(
            **next_of(parent),
            child=case.id,
            callers=callers,
            priority=priority,
            weight=decision.city.ladder[priority].weight,
            facts=case.title if again else "",
        )
    )
    late = decision.at > decision.city.calendar.after(
        parent.registered_at, decision.city.law.stage("repeat", decision.day)
    )
    if late and allowed(parent.status, e.CaseUrged):
        parent = decision.happen(e.CaseUrged(**next_of(parent), note="reported_again"))
        often = parent.urges % decision.city.windows.repeat_level == 0
        if often and parent.level != "city" and allowed(parent.status, e.CaseEscalated):
            raise_level(decision, parent, "repeated", cause="repeated")


def _called_before(decision: Decision, case: Case, parent: Case) -> bool:
    """Whether this very caller is among those of the matter."""
    if not case.caller_tag:
        return False
    others = (decision.case(child) for child in parent.children)
    return case.caller_tag == parent.caller_tag or any(
        o and o.id != case.id and o.caller_tag == case.caller_tag for o in others
    )


def merge(decision: Decision, case: Case, order: m.MergeCase) -> None:
    """An operator sees that two are one."""
    parent = decision.case(order.parent)
    if parent is None:
        refuse(decision, order, "unknown_parent", case)
    elif parent.id == case.id or parent.about != case.about or not allowed(parent.status, e.CaseJoined):
        refuse(decision, order, "no_parent_for_it", case)
    elif case.children:
        refuse(decision, order, "has_children", case)  # a matter has one parent, not a tree of them
    else:
        join(decision, case, parent, order.reason, act(decision, case, order))


def split(decision: Decision, case: Case, order: m.SplitCase) -> None:
    """拆案: a matter of its own again. Its reply was owed since its own receipt; now it seeks somebody."""
    parent = decision.case(case.parent)
    patience = decision.city.ladder[case.priority].dispatch
    case = decision.happen(
        e.CaseSplit(
            **act(decision, case, order),
            parent=case.parent,
            reason=order.reason,
            dispatch_due=decision.after(patience),
        )
    )
    if parent and allowed(parent.status, e.ChildLeft):
        callers = parent.callers - (0 if _called_before(decision, case, parent) else 1)
        decision.happen(e.ChildLeft(**next_of(parent), child=case.id, callers=callers))
    place(decision, case)


def children_of(decision: Decision, parent: Case) -> list[Case]:
    """The reports that live with a case."""
    found = (decision.case(child) for child in parent.children)
    return [c for c in found if c and c.status is Status.MERGED and c.parent == parent.id]
