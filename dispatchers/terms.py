"""Limits of a case 时限: started, paused, resumed, extended. Computed once, kept in the event, never recomputed.

The limits of disposal run from the first dispatch, not from the signature (nobody stops a clock by not signing
不点签收), that of the reply from the report's own receipt. They stop only by a rule: an approved return (the same
unit goes on with what was left, another begins anew, domain.md §3), and one suspension. Rework refreshes nothing.
"""

from __future__ import annotations

from msgspec.structs import replace

from .case import Case, Term
from .changes.limits import KEPT
from .city import City
from .clock import Calendar, duration

YELLOW = 80  # per cent of a limit after which it is yellow, 100 red


def term(calendar: Calendar, name: str, limit: str, at: int) -> Term:
    """A limit that begins now."""
    warn, due = calendar.marks(at, duration(limit), YELLOW)
    return Term(name=name, limit=limit, started_at=at, warn_at=warn, due_at=due)


def at_dispatch(case: Case, owner: str, city: City, at: int) -> tuple[Term, ...]:
    """What starts or goes on with a dispatch to `owner`; () where the limits run already."""
    item = city.items.get(case.item)
    dispose = case.term("dispose")
    if dispose and dispose.due_at:
        return ()
    if item is None:  # an answer about nothing in particular: the limit of its kind
        text = city.law.reply(case.kind, case.channel).text
        return (term(city.calendar, "dispose", text, at),) if text else ()
    if dispose and (owner in case.barred or not case.barred):
        return tuple(resumed(t, city.calendar, at) for t in case.terms if not t.due_at)
    area = city.territories.get(case.territory)
    limits = city.law.limits(item.id, area.area if area else "", city.calendar.day(case.registered_at))
    return tuple([term(city.calendar, name, limit, at) for name, limit in limits])


def paused(case: Case, calendar: Calendar, at: int) -> tuple[Term, ...]:
    """The limits of disposal, stopped with what is left of them; an overdue one stays overdue."""
    return tuple(
        replace(t, left=calendar.spent(at, t.due_at, duration(t.limit).working), due_at=0, warn_at=0)
        for t in case.terms
        if t.name not in KEPT and not t.done_at and t.due_at > at
    )


def resumed(paused_term: Term, calendar: Calendar, at: int) -> Term:
    """A paused limit that goes on: due after as much of its own time as was left, yellow when a fifth of it all is."""
    length = duration(paused_term.limit)
    due = calendar.after_ms(at, paused_term.left, length.working)
    warn = calendar.after_ms(at, paused_term.left - length.ms() * (100 - YELLOW) // 100, length.working)
    return replace(paused_term, left=0, due_at=due, warn_at=warn)


def resume_all(case: Case, calendar: Calendar, at: int) -> tuple[Term, ...]:
    """Every paused limit, running again."""
    return tuple(resumed(t, calendar, at) for t in case.terms if not t.due_at and not t.done_at)


def extended(old: Term, calendar: Calendar) -> Term:
    """One more limit in the same unit, counted from the old deadline."""
    warn, due = calendar.marks(old.due_at, duration(old.limit), YELLOW)
    return replace(old, warn_at=warn, due_at=due, missed=False)
