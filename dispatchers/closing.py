"""From the disposal to the end, with four eyes: check 核查, answer 答复, call-back 回访, close 结案; urge, call the
leader, supervise.

Who disposed may neither check nor close, nor any officer of the act; who checked may not close (CJ/T 292).
Every caller is owed an answer of their own: a case closes normally once its reply is given, that of its children with
it. A forced close needs a reason and counts against the force (domain.md §2.2). Urging and supervising reset no clock.
"""

from __future__ import annotations

from msgspec.structs import replace

from . import events as e
from . import messages as m
from .acts import act, refuse
from .case import Case, Status
from .clock import DAY, duration
from .decision import Decision, next_of
from .levels import raise_level
from .merging import children_of
from .refusals import Objection
from .terms import term

LONGEST = 366 * DAY  # of a supervision: what is longer is a slip
STREAMS = {"general_filed": "general", "simple_penalty": "simple", "self_handled": "self"}


def urge(decision: Decision, case: Case, message: m.UrgeCase) -> None:
    """催办."""
    decision.happen(e.CaseUrged(**act(decision, case, message), note=message.note))


def called(decision: Decision, case: Case, message: m.RecordCall) -> None:
    """The leader of a squad was telephoned; of a complaint about their own squad nobody telephones them (R66)."""
    if message.squad not in decision.city.squads:
        refuse(decision, message, "unknown_squad", case)
    elif message.squad in case.about:
        refuse(decision, message, "about_them", case)
    else:
        decision.happen(e.CallMade(**act(decision, case, message), squad=message.squad, note=message.note))


def supervise(decision: Decision, case: Case, message: m.SuperviseCase) -> None:
    """督办: a limit of its own beside the others."""
    try:
        if duration(message.limit).ms > LONGEST:
            raise ValueError(f"{message.limit!r} is longer than a year")
        limit = term(decision.city.calendar, "supervise", message.limit, decision.at)
    except ValueError:
        refuse(decision, message, "limit_unreadable", case)
        return
    runs = case.term("supervise")
    if runs and not runs.done_at and runs.due_at < limit.due_at:
        limit = runs  # a second document does not give more time than the first
    decision.happen(e.CaseSupervised(**act(decision, case, message), document=message.document, term=limit))


def handled(case: Case, actor: m.Actor) -> bool:
    """Whether somebody had a hand in the disposal."""
    return bool(
        actor.id == case.disposed_by or actor.id in case.handled_by or (actor.squad and actor.squad == case.squad)
    )


def check(decision: Decision, case: Case, message: m.CheckCase) -> None:
    """核查: neither who disposed nor who dispatched may certify the result (two centres, CJ/T 292)."""
    if handled(case, message.actor) or (case.assignment and case.assignment.by == message.actor.id):
        refuse(decision, message, "own_work", case)
    elif message.passed:
        first = decision.stage_due("callback") if owes_callback(decision, case) else 0
        due = decision.stage_due("close")
        decision.happen(
            e.CaseChecked(**act(decision, case, message), note=message.note, close_due=due, callback_due=first)
        )
    else:
        _again(decision, case, message, message.note)


def _again(decision: Decision, case: Case, message: m.CheckCase | m.RecordCallback, note: str) -> None:
    """返工, to the same hands; the old clock runs on. Too often, and a level up looks."""
    by = act(decision, case, message)
    if case.unit:
        case = decision.happen(e.WorkOrderReopened(**by, note=note))
    else:
        arrive = decision.after(decision.city.ladder[case.priority].arrive)
        case = decision.happen(e.ReworkOrdered(**by, note=note, arrive_due=arrive))
    if case.rework == decision.city.windows.max_rework:
        raise_level(decision, case, "reworked_too_often")


def answer(decision: Decision, case: Case, message: m.AnswerCaller) -> None:
    """答复 to this report's caller, and to those of its children who were not answered on their own."""
    if case.replied_at:
        refuse(decision, message, "answered_before", case)
        return
    decision.happen(
        e.CallerAnswered(**act(decision, case, message), text=message.text, attachments=message.attachments)
    )
    _answer_children(decision, case, message.text, message.actor)


def _answer_children(decision: Decision, parent: Case, text: str, actor: m.Actor) -> None:
    for child in children_of(decision, parent):
        if not child.replied_at:
            decision.happen(e.CallerAnswered(**next_of(child), actor=actor, text=text, with_parent=True))


def call_back(decision: Decision, case: Case, message: m.RecordCallback) -> None:
    """回访: reached and not solved sends the case back; not reached, it is tried again, as often as the city wants."""
    solved = message.reached and message.solved
    after = replace(case, callbacks=case.callbacks + 1, called_back=case.called_back or solved)
    case = decision.happen(
        e.CallbackRecorded(
            **act(decision, case, message),
            reached=message.reached,
            solved=message.solved,
            note=message.note,
            next_due=decision.stage_due("callback" if owes_callback(decision, after) else "close"),
        )
    )
    if message.reached and not message.solved:
        _again(decision, case, message, message.note or "not_solved")


def close(decision: Decision, case: Case, message: m.CloseCase) -> None:
    """结案 by somebody else than who disposed and who checked."""
    fault = _may_close(decision, case, message)
    if fault:
        refuse(decision, message, fault, case)
        return
    if message.reply:
        if not case.replied_at:
            case = decision.happen(e.CallerAnswered(**act(decision, case, message), text=message.reply))
        _answer_children(decision, case, message.reply, message.actor)
    closed = _closing(decision, case, forced=case.status is not Status.CHECKED, reason=message.reason)
    end_children(decision, case, closed)
    decision.happen(replace(closed, actor=message.actor, happened_at=message.happened_at))


def owes_callback(decision: Decision, case: Case) -> bool:
    """Whether the caller is still to be asked if it is solved."""
    wanted = decision.city.law.reply(case.kind, case.channel).callback
    return wanted and not case.called_back and case.callbacks < decision.city.windows.callbacks


def _may_close(decision: Decision, case: Case, message: m.CloseCase) -> Objection:
    if handled(case, message.actor):
        return "own_work"
    if case.status is not Status.CHECKED:
        return "" if message.forced and message.reason else "not_checked"
    if message.actor.id == case.checked_by:
        return "own_check"
    callers = (case, *children_of(decision, case))
    if not message.reply and any(c.term("reply") and not c.replied_at for c in callers):
        return "reply_missing"
    return "callback_missing" if owes_callback(decision, case) else ""


def _closing(decision: Decision, case: Case, *, forced: bool, reason: str) -> e.CaseClosed:
    """What the numbers need of a closed case: who disposed, in which stream, in time and rightly dispatched or not."""
    ours = case.nature == "enforcement" and not case.unit
    dispose = case.term("dispose")
    on_time = not (dispose and dispose.due_at and (dispose.done_at or decision.at) > dispose.due_at)
    at = decision.at
    return e.CaseClosed(
        **next_of(case),
        outcome="forced" if forced else "normal" if on_time else "overdue",
        desk=decision.desk.id,
        squad=case.squad,
        unit=case.unit,
        tier="" if forced else case.tier,
        stream=STREAMS.get(case.result, "nonpenalty") if ours else "none",  # type: ignore[arg-type]
        countable=ours,
        item=case.item,
        reason=reason,
        on_time=on_time,
        accurate=not case.wrong,
        month_end=case.month_end,
        reopen_until=decision.stage_due("reopen"),
        forget_after=at + decision.city.forwards_ms,
    )


def end_children(decision: Decision, parent: Case, closed: e.CaseClosed) -> None:
    """The reports of the same matter end with it; they count nowhere of their own (R1: one case, domain.md §2.2)."""
    for child in children_of(decision, parent):
        decision.happen(
            replace(
                closed, **next_of(child), outcome="merged", countable=False, stream="none", tier="", reason=parent.id
            )
        )
