"""Orders and reports: checked against the table, the holder and the version they saw; then they happen.

An order is refused, with the reason and what is true now, when the case is unknown or gone, when the table has no such
move, when the actor has no right to it, when it speaks of an assignment that no longer stands, or when the case changed
hands since the version it saw (a late accept of an expired offer must not win). One about a version that is yet to come
waits for it (scenario 19). What each order does stands in the module of its matter; ORDERS says which.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec.structs import fields

from . import assigning, closing, disputes, ends, merging, offices, relaxation, reports
from . import events as e
from . import messages as m
from .acts import act, refuse
from .case import Case
from .clock import MINUTE
from .decision import Decision
from .refusals import Objection
from .state import Parked
from .transitions import TRANSITIONS


class Does(NamedTuple):
    """What carries an order out, and the events it asks for: one of them must be allowed, by who may. () : its own
    module asks the table, since it moves the case twice; `who` then says whose order it is."""

    by: Callable[[Decision, Case, Any], None]
    asks: tuple[type[e.CaseEvent], ...] = ()
    who: tuple[str, ...] = ()


_DESK = ("operator", "chief")
_DUTY = ("leader", "operator", "chief", "admin")
HOLDERS = ("squad", "leader", "unit")  # who speaks of a case only while having it
ASKED = m.SignRequest | m.AnswerRequest  # but for what they were asked about another's
ORDERS: dict[type[m.CaseOrder], Does] = {
    m.ReceiveOffer: Does(reports.received, (e.OfferReceived,)),
    m.ReportPush: Does(reports.pushed, (e.OfferPushed,)),
    m.AcceptAssignment: Does(reports.accepted, (e.AssignmentAccepted,)),
    m.ReportArrival: Does(reports.arrived, (e.SquadArrived,)),
    m.ReportDisposal: Does(reports.disposed, (e.CaseDisposed,)),
    m.RecuseOfficers: Does(reports.recused, (e.OfficersRecused,)),
    m.FilePenalty: Does(reports.penalty, (e.PenaltyFiled,)),
    m.ReturnAssignment: Does(disputes.give_back, (e.ReturnRequested, e.AssignmentReturned)),
    m.ReviewReturn: Does(disputes.review, (e.ReturnRefused,)),
    m.OpenDispute: Does(disputes.open_by_order, (e.DisputeOpened,)),
    m.RuleDispute: Does(disputes.rule, (e.DisputeRuled,)),
    m.RequestExtension: Does(relaxation.extension, (e.RelaxationRequested,)),
    m.RequestSuspension: Does(relaxation.suspension, (e.RelaxationRequested,)),
    m.ReviewRelaxation: Does(relaxation.review, (e.RelaxationApproved, e.DeadlineExtended)),
    m.ResumeCase: Does(relaxation.resume_by_order, (e.CaseResumed,)),
    m.AssignCase: Does(assigning.assign, who=("leader", *_DESK)),
    m.HandOverCase: Does(assigning.hand_over_by_order, who=(*_DESK, "coordination")),
    m.ConfirmProposal: Does(assigning.confirm, (e.AssignmentOffered,)),
    m.EscalateCase: Does(assigning.escalate, (e.CaseEscalated,)),
    m.LowerCase: Does(assigning.lower, (e.CaseLowered,)),
    m.VerifyCase: Does(assigning.verify_by_order, (e.VerificationOrdered,)),
    m.ReportVerification: Does(assigning.verified, (e.CaseVerified,)),
    m.ClassifyCase: Does(assigning.classify_by_order, (e.CaseClassified,)),
    m.MergeCase: Does(merging.merge, (e.CaseMerged,)),
    m.SplitCase: Does(merging.split, (e.CaseSplit,)),
    m.AskOffice: Does(offices.request, (e.RequestMade,)),
    m.SignRequest: Does(offices.sign, (e.RequestSigned,)),
    m.AnswerRequest: Does(offices.answer, (e.RequestAnswered,)),
    m.UrgeCase: Does(closing.urge, (e.CaseUrged,)),
    m.RecordCall: Does(closing.called, (e.CallMade,)),
    m.SuperviseCase: Does(closing.supervise, (e.CaseSupervised,)),
    m.CheckCase: Does(closing.check, (e.CaseChecked,)),
    m.AnswerCaller: Does(closing.answer, (e.CallerAnswered,)),
    m.RecordCallback: Does(closing.call_back, (e.CallbackRecorded,)),
    m.CloseCase: Does(closing.close, (e.CaseClosed,)),
    m.CancelCase: Does(ends.cancel, (e.CaseCancelled,)),
    m.TransferCase: Does(ends.transfer, (e.CaseTransferred,)),
    m.ProposeCriminalTransfer: Does(ends.propose_criminal, (e.CriminalTransferProposed,)),
    m.DecideCriminalTransfer: Does(ends.decide_criminal, (e.CriminalTransferRefused,)),
}

# What only who has a case, or is offered it, says of it. Pushes are reported by a program that has none.
BY_HOLDER = frozenset(kind for kind in ORDERS if issubclass(kind, m.AssignmentOrder)) - {m.ReportPush}

# What an order's type demands in words must not be empty: nobody moves a case without saying why.
WORDS = {
    kind: tuple(f.name for f in fields(kind) if f.required and f.name in ("reason", "basis", "document"))
    for kind in ORDERS
}

# Orders that are about no case, and whose they are.
OF_THE_DESK: dict[type[m.Order], tuple[str, ...]] = {
    m.SetDuty: _DUTY,
    m.ApprovePrecedent: disputes.APPROVERS,
    m.AdoptCity: ("admin",),
}


def possible(case: Case, actor: m.Actor, kind: type[m.CaseOrder]) -> bool:
    """Whether an order of this type by this actor may find the case as the table wants it: what is impossible here is
    refused whatever it says. Screens ask this for what to offer; the order itself is still asked everything."""
    if after := ends.AFTER.get(kind):
        return after.possible(case, actor)
    does = ORDERS[kind]
    if not does.asks and not assigning.movable(case, actor.role):
        return False
    return not _barred(case, actor, does, as_holder=_speaks_as_holder(actor, kind))


def givers(kind: type[m.Order]) -> frozenset[str]:
    """The roles that may ever give an order of this type, in whatever status; without the rules themselves."""
    if kind in OF_THE_DESK:
        return frozenset(OF_THE_DESK[kind])
    if not issubclass(kind, m.CaseOrder):
        raise TypeError(f"{kind.__name__} is no order")
    if after := ends.AFTER.get(kind):
        return after.who
    does = ORDERS[kind]
    asked = {event.__name__ for event in does.asks}
    roles = {role for (_, event), edge in TRANSITIONS.items() if event in asked for role in edge.who} | {*does.who}
    return frozenset(roles & {*HOLDERS} if kind in BY_HOLDER else roles - {"desk"})


def carry_out(decision: Decision, message: m.DeskOrder) -> bool:
    """Decide an order that was not seen before. False: it was forwarded, and whoever decides it remembers its id."""
    match message:
        case m.SetDuty():
            _set_duty(decision, message)
        case m.AdoptCity():
            _adopt_city(decision, message)
        case m.ApprovePrecedent():
            disputes.approve_precedent(decision, message)
        case _ if _forwarded(decision, message):
            return False
        case _ if type(message) in ends.AFTER and decision.case(message.case_id) is None:
            ends.of_ended(decision, message)
        case _:
            _case_order(decision, message)
    return True


def unpark(decision: Decision, row: Parked) -> None:
    """An order that waited: its version came, its case left, or its time is up, which is said like any refusal."""
    decision.unpark(row)
    order = row.order
    assert isinstance(order, m.CaseOrder)
    if not _forwarded(decision, order):
        _case_order(decision, order, late=True)


def _forwarded(decision: Decision, message: Any) -> bool:
    """Send an order about a case that left behind it, in order (law 7)."""
    gone = decision.desk.gone.get(message.case_id)
    if gone is None or not gone.to_desk or decision.case(message.case_id):
        return False
    decision.emit(
        e.OrderForwarded(
            case_id=message.case_id,
            case_version=gone.version,
            message_id=message.message_id,
            to_desk=gone.to_desk,
        )
    )
    decision.send(gone.to_desk, m.ForwardedOrder(order=message))
    return True


def _case_order(decision: Decision, message: Any, *, late: bool = False) -> None:
    case = decision.case(message.case_id)
    if case is None:
        gone = decision.desk.gone.get(message.case_id)
        refuse(decision, message, "closed" if gone else "unknown_case", version=gone.version if gone else 0)
        return
    if message.case_version is not None and message.case_version > case.version and not late:
        _park(decision, case, message)
        return
    does = ORDERS.get(type(message))
    if does is None:  # only of a case that ended
        refuse(decision, message, "forbidden_now", case)
        return
    objection = _objection(decision, case, message, does)
    if objection:
        refuse(decision, message, objection, case)
        return
    before = len(decision.events)
    does.by(decision, case, message)
    if message.authority and not any(isinstance(x, e.OrderRefused) for x in decision.events[before:]):
        _note_superior(decision, message)


def _park(decision: Decision, case: Case, message: Any) -> None:
    decision.emit(
        e.OrderParked(
            case_id=case.id,
            case_version=case.version,
            message_id=message.message_id,
            order=message,
            until=decision.stage_due("park"),
        )
    )


def _objection(decision: Decision, case: Case, message: Any, does: Does) -> Objection:
    """Why the order cannot be carried out, or ""."""
    held, actor = case.assignment, message.actor
    if message.case_version is not None and message.case_version > case.version:
        return "unheard_of_version"
    spoken_of = getattr(message, "assignment_id", "")
    if spoken_of and (held is None or held.id != spoken_of):
        return "not_yours_any_more"
    if barred := _barred(case, actor, does, as_holder=_speaks_as_holder(actor, type(message))):
        return barred
    if message.case_version is not None and message.case_version < case.changed_hands:
        return "stale"
    if not all(getattr(message, word) for word in WORDS[type(message)]):
        return "reason_missing"
    return _overruled(decision, case, message)


def _speaks_as_holder(actor: m.Actor, kind: type[m.CaseOrder]) -> bool:
    """Whether the actor may order this only about a case that is with them."""
    return kind in BY_HOLDER or (actor.role in HOLDERS and not issubclass(kind, ASKED))


def _barred(case: Case, actor: m.Actor, does: Does, *, as_holder: bool) -> Objection:
    """Why the case's status, or who it is with, lets this actor not order it, or ""."""
    edges = [TRANSITIONS[key] for event in does.asks if (key := (case.status, event.__name__)) in TRANSITIONS]
    if does.asks and not edges:
        return "forbidden_now"
    if not any(actor.role in who for who in ([edge.who for edge in edges] or [does.who])):
        return "not_your_role"
    if actor.id in case.about or (actor.squad and actor.squad in case.about):
        return "about_you"
    return "not_your_assignment" if as_holder and not _holds(case, actor) else ""


def _holds(case: Case, actor: m.Actor) -> bool:
    """Whether the case is with who speaks: a squad's officer, or a unit."""
    held = case.assignment
    return held is not None and (held.unit == actor.id if held.unit else held.squad == actor.squad)


def _overruled(decision: Decision, case: Case, message: Any) -> Objection:
    """Line and block ordered differently within one minute: the table says whose order stands; both are in the log
    (R30)."""
    order = type(message).__name__
    before, at = next((row[1:] for row in case.commanded if row[0] == order), ("", 0))
    return _prevails(decision, order, message.authority, before, at)


def _prevails(decision: Decision, order: str, now: str, before: str, at: int) -> Objection:
    """Whether the one superior's order of a type gives way to the other's of `at`."""
    if not (now and before and now != before) or decision.at - at > MINUTE:
        return ""
    prevails = decision.city.law.prevails(order)
    return "other_superior_prevails" if prevails and prevails != now else ""


def _note_superior(decision: Decision, message: Any) -> None:
    case = decision.case(message.case_id)
    if case:
        name = type(message).__name__
        decision.happen(e.SuperiorOrdered(**act(decision, case, message), order=name, authority=message.authority))


def _set_duty(decision: Decision, message: m.SetDuty) -> None:
    """Operators and admins for all squads of the desk, a leader for the own."""
    officers = [decision.city.officer(o, decision.day) for o in message.officers]
    squads = {decision.city.squads[o.squad] for o in officers if o}
    if not all(officers) or any(s.desk != decision.desk.id for s in squads):
        refuse(decision, message, "unknown_officer")
        return
    role = message.actor.role
    if role not in _DUTY or (role == "leader" and any(s.id != message.actor.squad for s in squads)):
        refuse(decision, message, "not_your_role")
        return
    for said in map(decision.duty, message.officers):
        if said and _prevails(decision, "SetDuty", message.authority, said.authority, said.since):
            refuse(decision, message, "other_superior_prevails")
            return
    decision.set_duty(
        e.DutySet(
            message_id=message.message_id,
            actor=message.actor,
            officers=message.officers,
            on_duty=message.on_duty,
            until=message.until,
            authority=message.authority,
        )
    )
    if message.on_duty:
        decision.free(sorted(s.id for s in squads))


def _adopt_city(decision: Decision, message: m.AdoptCity) -> None:
    if not message.found:
        refuse(decision, message, "unknown_city")
    elif message.actor.role != "admin":
        refuse(decision, message, "not_your_role")
    else:
        decision.emit(e.CityAdopted(city=message.city, message_id=message.message_id))
