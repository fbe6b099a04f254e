"""More time 延期、挂账: asked for by who has the case, approved by two levels, refused by either (domain.md §3).

An extension is one more limit in the limit's own unit, asked before it is overdue, as often as the city allows. A
suspension is granted once and capped; it stops the limits of disposal and they go on by themselves with what was left,
in their own time. The reply to the caller is owed all the while. A refusal uses up no chance; whoever loses the case
loses the wish with it.
"""

from __future__ import annotations

from . import events as e
from . import messages as m
from .acts import act, refuse
from .case import Case, Relaxation, Status
from .decision import Decision, next_of
from .terms import extended, paused, resume_all


def extension(decision: Decision, case: Case, message: m.RequestExtension) -> None:
    """延期 is asked for."""
    if case.due_at <= decision.at:
        refuse(decision, message, "overdue", case)
    elif case.extensions >= decision.city.windows.extensions:
        refuse(decision, message, "extended_too_often", case)
    else:
        _ask(decision, case, message, "extension", 0)


def suspension(decision: Decision, case: Case, message: m.RequestSuspension) -> None:
    """挂账 is asked for."""
    cap = decision.stage_due("suspend_cap")
    if case.suspended:
        refuse(decision, message, "suspended_before", case)
    elif not decision.at < message.until <= cap:
        refuse(decision, message, "until_out_of_bounds", case)
    else:
        _ask(decision, case, message, "suspension", message.until)


def _ask(
    decision: Decision, case: Case, message: m.RequestExtension | m.RequestSuspension, kind: str, until: int
) -> None:
    if case.relaxation:
        refuse(decision, message, "asked_before", case)
        return
    wish = Relaxation(
        kind=kind,  # type: ignore[arg-type]
        by=message.actor.id,
        reason=message.reason,
        until=until,
        due_at=decision.stage_due("approve"),
    )
    decision.happen(e.RelaxationRequested(**act(decision, case, message), relaxation=wish))


def review(decision: Decision, case: Case, message: m.ReviewRelaxation) -> None:
    """The operator first, then the chief; four eyes, and none of them the one who asked."""
    wish, actor = case.relaxation, message.actor
    if wish is None:
        refuse(decision, message, "nothing_asked", case)
    elif actor.id in (wish.by, wish.first):
        refuse(decision, message, "own_wish", case)
    elif not message.approved:
        decision.happen(
            e.RelaxationRefused(**act(decision, case, message), kind=wish.kind, reason=message.reason or "refused")
        )
    elif not wish.first and actor.role == "operator":
        due = decision.stage_due("approve")
        decision.happen(e.RelaxationApproved(**act(decision, case, message), kind=wish.kind, due_at=due))
    elif not wish.first or actor.role != "chief":
        refuse(decision, message, "other_level_first" if not wish.first else "chief_decides", case)
    else:
        _grant(decision, case, message, wish)


def _grant(decision: Decision, case: Case, message: m.ReviewRelaxation, wish: Relaxation) -> None:
    by, calendar = act(decision, case, message), decision.city.calendar
    dispose = case.term("dispose")
    if wish.kind == "extension" and dispose:
        decision.happen(e.DeadlineExtended(**by, term=extended(dispose, calendar)))
    elif wish.kind == "suspension" and wish.until > decision.at:
        stopped = paused(case, calendar, decision.at)
        decision.happen(e.CaseSuspended(**by, until=wish.until, reason=wish.reason, terms=stopped))
    else:
        decision.happen(e.RelaxationRefused(**by, kind=wish.kind, reason="too_late"))


def resume_by_order(decision: Decision, case: Case, message: m.ResumeCase) -> None:
    """A suspended case goes on before its time."""
    resume(decision, case, message.reason or "ordered", act(decision, case, message))


def resume(decision: Decision, case: Case, reason: str, by: dict[str, object] | None = None) -> None:
    """The limits go on by what was left; who was on the way has the time for it again."""
    city = decision.city
    on_the_way = case.before is Status.ACCEPTED and case.assignment and case.assignment.squad
    arrive = decision.after(city.ladder[case.priority].arrive) if on_the_way else 0
    decision.happen(
        e.CaseResumed(
            **(by or next_of(case)),
            reason=reason,
            terms=resume_all(case, city.calendar, decision.at),
            stage_due=arrive,
        )
    )
