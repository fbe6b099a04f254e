"""Ends other than closing: cancelled 作废, out of the system 移送, a crime 涉嫌犯罪; and what comes after an end:
reopened, or an appeal against its lateness 超期申诉."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec.structs import replace

from . import events as e
from . import messages as m
from .acts import act, refuse
from .case import Case, Status
from .decision import Decision, next_of
from .dispatch import place
from .life import allowed
from .merging import children_of
from .refusals import Refusal
from .state import Gone
from .terms import term
from .transitions import TRANSITIONS


def cancel(decision: Decision, case: Case, message: m.CancelCase) -> None:
    """不予受理 (the right channel is told in the reason), 不予立案; 作废 is the chief's."""
    if message.outcome == "cancelled" and message.actor.role != "chief":
        refuse(decision, message, "not_your_role", case)
    elif not message.reason:
        refuse(decision, message, "reason_missing", case)
    else:
        ended = e.CaseCancelled(
            **act(decision, case, message),
            outcome=message.outcome,
            reason=message.reason,
            forget_after=decision.at + decision.city.forwards_ms,
        )
        for child in children_of(decision, case):
            decision.happen(replace(ended, **next_of(child)))
        decision.happen(ended)


def transfer(decision: Decision, case: Case, message: m.TransferCase) -> None:
    """Out of the system, to a body that is none of its units. In no number of the 80 %."""
    _transferred(decision, case, message, message.to, message.reason, "")


def _transferred(
    decision: Decision,
    case: Case,
    message: m.TransferCase | m.DecideCriminalTransfer,
    to: str,
    reason: str,
    document: str,
) -> None:
    forget = decision.at + decision.city.forwards_ms
    for child in children_of(decision, case):
        decision.happen(
            e.CaseCancelled(
                **next_of(child), outcome="not_registered", reason=f"transferred with {case.id}", forget_after=forget
            )
        )
    decision.happen(
        e.CaseTransferred(**act(decision, case, message), to=to, reason=reason, document=document, forget_after=forget)
    )


def propose_criminal(decision: Decision, case: Case, message: m.ProposeCriminalTransfer) -> None:
    """Until it is decided nothing else may be: no fine in place of a crime (移送规定 art. 11)."""
    decision.happen(
        e.CriminalTransferProposed(
            **act(decision, case, message), reason=message.reason, criminal_due=decision.stage_due("criminal")
        )
    )


def decide_criminal(decision: Decision, case: Case, message: m.DecideCriminalTransfer) -> None:
    """The head of the organ decides, with the police's receipt, or the case goes on where it stood."""
    if message.transferred:
        _transferred(decision, case, message, "police", "criminal", message.document)
        return
    runs = case.term("penalty")  # the 90 days run on: only a law may stop them (scenario 25)
    due = max(runs.due_at, decision.at + 1) if runs and case.before is Status.PENALTY else 0
    decision.happen(e.CriminalTransferRefused(**act(decision, case, message), document=message.document, stage_due=due))


# -- after the end ----------------------------------------------------------------------------------------------------


class After(NamedTuple):
    """An order about a case that ended: its decision, the event that it asks for, whether the case allows it, and who
    may give it."""

    by: Callable[[Decision, Gone, Case, Any], None]
    asks: type[e.CaseEvent]
    fits: Callable[[Case], bool]

    def possible(self, case: Case, actor: m.Actor) -> bool:
        """Whether the table and the case allow it by this actor."""
        edge = TRANSITIONS.get((case.status, self.asks.__name__))
        return edge is not None and actor.role in edge.who and self.fits(case) and _theirs(case, actor)

    @property
    def who(self) -> frozenset[str]:
        """The roles that may ever give it."""
        return frozenset(r for (_, name), edge in TRANSITIONS.items() if name == self.asks.__name__ for r in edge.who)


def of_ended(decision: Decision, message: Any) -> None:
    """Carry out, or refuse, an order about a case that ended, in the city's window: later nothing of it is known."""
    gone, does = decision.desk.gone.get(message.case_id), AFTER[type(message)]
    ended = gone.case if gone else None
    if ended is None or gone is None or gone.reopen_until <= decision.at:
        refuse(decision, message, "too_late" if gone else "unknown_case", version=gone.version if gone else 0)
    elif not does.fits(ended) or not allowed(ended.status, does.asks):
        refuse(decision, message, _misfit(ended, message), ended)
    elif message.actor.role not in TRANSITIONS[ended.status, does.asks.__name__].who:
        refuse(decision, message, "not_your_role", ended)
    elif not _theirs(ended, message.actor):
        refuse(decision, message, "own_squad_only", ended)
    elif not message.reason:
        refuse(decision, message, "reason_missing", ended)
    else:
        does.by(decision, gone, ended, message)


def _misfit(case: Case, message: Any) -> Refusal:
    if isinstance(message, m.AppealOverdue) and case.appeal:
        return "asked_before"
    if isinstance(message, m.ReviewAppeal):
        return "answered_before" if case.appeal else "nothing_asked"
    return "forbidden_now"


def _theirs(case: Case, actor: m.Actor) -> bool:
    """Whether a leader or a unit speaks of what they disposed of; everybody else may speak of all."""
    if actor.role == "leader":
        return actor.squad == case.squad
    return actor.role != "unit" or actor.id == case.unit


def _goes_on(case: Case) -> bool:
    """A report that was joined to another ends and goes on with it."""
    return not case.parent


def _reopen(decision: Decision, gone: Gone, ended: Case, message: m.ReopenCase) -> None:
    """It goes on; what its closing counted is taken back, signed."""
    counted, city = gone.counted, decision.city
    rule = city.law.reply(ended.kind, ended.channel)
    case = decision.happen(
        e.CaseReopened(
            **act(decision, ended, message),
            cause=message.cause,
            reason=message.reason,
            stream=counted.stream if counted else "none",
            tier=counted.tier if counted else "",
            countable=bool(counted and counted.countable),
            dispatch_due=decision.after(city.ladder[ended.priority].dispatch),
            terms=(term(city.calendar, "reply", rule.text, decision.at),) if rule.limit else (),
        )
    )
    place(decision, case)


def _may_appeal(case: Case) -> bool:
    """One that closed overdue and was not appealed against: the numbers have it, its children not."""
    return _goes_on(case) and case.appeal is None and case.late


def _appeal(decision: Decision, gone: Gone, ended: Case, message: m.AppealOverdue) -> None:
    decision.happen(
        e.OverdueAppealed(**act(decision, ended, message), reason=message.reason, evidence=message.evidence)
    )


def _may_review(case: Case) -> bool:
    return case.appeal is not None and not case.appeal.outcome


def _review(decision: Decision, gone: Gone, ended: Case, message: m.ReviewAppeal) -> None:
    """Two persons, neither of whom asked for it."""
    appeal = ended.appeal
    assert appeal
    if message.actor.id == appeal.by:
        refuse(decision, message, "own_wish", ended)
    elif message.actor.id == appeal.first:
        refuse(decision, message, "approved_before", ended)
    else:
        kind = e.AppealRefused if not message.approved else e.AppealApproved if appeal.first else e.AppealEndorsed
        decision.happen(kind(**act(decision, ended, message), reason=message.reason))


AFTER: dict[type[m.CaseOrder], After] = {
    m.ReopenCase: After(_reopen, e.CaseReopened, _goes_on),
    m.AppealOverdue: After(_appeal, e.OverdueAppealed, _may_appeal),
    m.ReviewAppeal: After(_review, e.AppealApproved, _may_review),
}
