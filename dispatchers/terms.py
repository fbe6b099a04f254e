"""Limits of a case 时限: started, paused, resumed, extended. Computed once, kept in the event, never recomputed.

Acceptance 受理 takes no time where the rules know what a report is and where; where they do not, its clock runs from
the receipt until somebody says so, and stands while a collector looks (domain.md §5.1).
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
    length = duration(limit)
    warn, due = calendar.marks(at, length, YELLOW)
    guessed = due > calendar.unknown_from and length.working
    return Term(name=name, limit=limit, started_at=at, warn_at=warn, due_at=due, guessed=guessed)


def at_dispatch(case: Case, owner: str, city: City, at: int) -> tuple[Term, ...]:
    """What starts or goes on with a dispatch to `owner`; () where the limits run already."""
    item = city.items.get(case.item)
    dispose = case.term("dispose")
    if dispose and dispose.due_at:
        return ()
    if item is None:  # an answer about nothing in particular: the limit of its kind
        text = city.law.reply(case.kind, case.channel).text or str(city.law.stage("close", city.calendar.day(at)))
        return (term(city.calendar, "dispose", text, at),)
    if dispose and case.returned_by in ("", owner):
        return resume_all(case, city.calendar, at)
    area = city.territories.get(case.territory)
    limits = city.law.limits(item.id, area.area if area else "", city.calendar.day(case.registered_at))
    return tuple([term(city.calendar, name, limit, at) for name, limit in limits])


def paused(case: Case, calendar: Calendar, at: int) -> tuple[Term, ...]:
    """The limits of disposal, stopped with what is left of them; an overdue one stays overdue."""
    return tuple(stopped(t, calendar, at) for t in case.terms if t.name not in KEPT and not t.done_at and t.due_at > at)


def stopped(running: Term, calendar: Calendar, at: int) -> Term:
    """A limit that is not over, with what is left of it."""
    left = calendar.spent(at, running.due_at, duration(running.limit).working)
    return replace(running, left=left, due_at=0, warn_at=0)


def resumed(paused_term: Term, calendar: Calendar, at: int) -> Term:
    """A paused limit that goes on: due after as much of its own time as was left, yellow when a fifth of it all is."""
    length = duration(paused_term.limit)
    due = calendar.after_ms(at, paused_term.left, length.working)
    warn = calendar.after_ms(at, paused_term.left - length.ms * (100 - YELLOW) // 100, length.working)
    guessed = due > calendar.unknown_from and length.working
    return replace(paused_term, left=0, due_at=due, warn_at=warn, guessed=guessed)


def resume_all(case: Case, calendar: Calendar, at: int) -> tuple[Term, ...]:
    """Every paused limit, running again."""
    return tuple(resumed(t, calendar, at) for t in case.terms if not t.due_at and not t.done_at)


def extended(old: Term, calendar: Calendar) -> Term:
    """One more limit in the same unit, counted from the old deadline."""
    length = duration(old.limit)
    warn, due = calendar.marks(old.due_at, length, YELLOW)
    return replace(old, warn_at=warn, due_at=due, missed=False, guessed=due > calendar.unknown_from and length.working)


def acceptance_stands(case: Case, calendar: Calendar, at: int) -> tuple[Term, ...]:
    """The clock of acceptance, stopped while somebody looks; nothing if it does not run."""
    accept = case.term("accept")
    return (stopped(accept, calendar, at),) if accept and accept.due_at > at else ()


def acceptance_goes_on(case: Case, calendar: Calendar, at: int) -> tuple[Term, ...]:
    """The clock of acceptance, running again with what was left; nothing if it was not stopped."""
    accept = case.term("accept")
    return (resumed(accept, calendar, at),) if accept and not accept.due_at else ()
