"""Up, down and sideways 升级、下沉、移交: which level answers for a case, and which desk holds it (domain.md §5.3).

Up on a cause: nobody answered, overdue, reserved, beyond one's means. Down only by an order, guarded, so that nobody
dumps cases to reach 80 %. Never to another county, unless a place there is in question or the common superior names it
(处罚法 art. 22, 25): levels.may_hand_over.
"""

from __future__ import annotations

from . import events as e
from .case import Case
from .decision import Decision, next_of
from .events import Blame
from .messages import Actor, ForwardedOrder, TakeCase
from .rows import Level

NEXT_LEVEL: dict[str, Level] = {"town": "county", "county": "city", "city": "city"}


def raise_level(
    decision: Decision,
    case: Case,
    reason: str,
    actor: Actor | None = None,
    *,
    cause: str = "",
    to: Level | None = None,
    blame: Blame | None = None,
) -> Case:
    """升级, by one level or to one. Levels never fall by themselves. A lateness that is due now is said again later."""
    again = case.overdue_at
    if 0 < again <= decision.at:
        again = decision.after(decision.city.ladder[case.priority].overdue)
    return decision.happen(
        e.CaseEscalated(
            **next_of(case),
            actor=actor,
            reason=reason,
            cause=cause,
            level=to or NEXT_LEVEL[case.level],
            overdue_at=again,
            blame=blame,
        )
    )


def hand_over(decision: Decision, case: Case, to_desk: str, reason: str, actor: Actor | None = None) -> Case:
    """End our holding; the letter beside the event begins the other desk's (law 7). What was joined to the case, and
    what waits for a version of it, goes with it, in order."""
    gone = decision.happen(
        e.CaseHandedOver(
            **next_of(case),
            actor=actor,
            to_desk=to_desk,
            reason=reason,
            forget_after=decision.at + decision.city.forwards_ms,
        )
    )
    decision.send(to_desk, TakeCase(case=gone, reason=reason))
    for row in decision.waiting_orders(case.id):
        decision.unpark(row)
        decision.send(to_desk, ForwardedOrder(order=row.order))
    for child_id in case.children:
        child = decision.case(child_id)
        if child and child.parent == case.id:
            hand_over(decision, child, to_desk, reason, actor)
    return gone


def kicked_around(decision: Decision, case: Case, to_desk: str, role: str) -> bool:
    """Whether the case went from desk to desk often enough: it may only go up now, or where coordination says."""
    city = decision.city
    return case.hops >= city.windows.max_returns and to_desk != city.city_desk and role != "coordination"


def may_hand_over(decision: Decision, case: Case, to_desk: str, role: str) -> bool:
    """Whether the desk may give the case to that one: to its superior and from it always, sideways only where a
    territory of theirs is in question, or by the coordination body's word."""
    city = decision.city
    if city.city_desk in (to_desk, decision.desk.id) or role == "coordination":
        return True
    claims = (case.territory, *case.near)
    return any(t in city.territories and city.desk_of(t) == to_desk for t in claims)
