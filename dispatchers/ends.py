"""Ends other than closing, and the way back: cancelled 作废, out of the system 移送, a crime 涉嫌犯罪, reopened."""

from __future__ import annotations

from msgspec.structs import replace

from . import events as e
from . import messages as m
from .acts import act, refuse
from .case import Case, Status
from .decision import Decision, next_of
from .dispatch import place
from .life import allowed
from .merging import children_of
from .terms import term

REOPENERS = ("supervisor", "chief")


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


def reopenable(case: Case) -> bool:
    """Whether the table lets a case go on that ended; a report that was joined to another ends and goes on with it."""
    return allowed(case.status, e.CaseReopened) and not case.parent


def reopen(decision: Decision, message: m.ReopenCase) -> None:
    """A case that ended goes on, within the city's window; what its closing counted is taken back, signed."""
    gone = decision.desk.gone.get(message.case_id)
    ended = gone.case if gone else None
    if ended is None or gone is None or gone.reopen_until <= decision.at:
        refuse(decision, message, "too_late" if gone else "unknown_case", version=gone.version if gone else 0)
    elif not reopenable(ended):
        refuse(decision, message, "forbidden_now", ended)
    elif message.actor.role not in REOPENERS:
        refuse(decision, message, "not_your_role", ended)
    else:
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
