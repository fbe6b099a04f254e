"""What people remember of a case that is open.

A case's life is told by its versions; two desks' events of one case may arrive out of order, so a version that was
passed already changes nothing (but says where the case went, if it is a handover).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from .heard import BACK, INTERRUPTS, RELAXATION, STAGES, Heard, Holder, Looked, Stage


class Asked(msgspec.Struct, kw_only=True):
    """What runs beside the stage and waits for somebody: a request to an office, a wish for more time."""

    kind: str
    unit: str = ""
    squad: str = ""
    due_at: int = 0  # 0: a receipt is enough
    since: int  # version of the last step of it
    at: int
    step: int = 0  # 1: signed for, or approved by the first level


class Known(msgspec.Struct, kw_only=True):
    """An open case in people's memory."""

    id: str
    desk: str
    version: int = 0
    moved: int = 0  # version of the last handover we know of
    stage: Stage = "waiting"
    before: Stage = "waiting"  # what was interrupted
    since: int = 0  # version at which the stage began
    at: int = 0  # and when, business ms
    kind: str = ""
    channel: str = ""
    territory: str = ""
    near: tuple[str, ...] = ()
    item: str = ""
    nature: str = ""
    duty: str = ""
    facts: dict[str, str] = {}
    priority: int = 3
    registered_at: int = 0
    lon: float | None = None
    lat: float | None = None
    due_at: int = 0
    lease: int = 0
    assignment_id: str = ""
    leader: bool = False
    squad: str = ""
    team: str = ""
    officers: tuple[str, ...] = ()
    unit: str = ""
    metres: int | None = None
    handovers: int = 0
    why: str = ""  # the operator was called
    candidates: tuple[Looked, ...] = ()
    collector: str = ""
    mode: str = ""
    proposed: Holder = Holder()
    designated: str = ""  # by a ruling, which is final
    parent: bool = False  # it lives with another case
    children: bool = False
    result: str = ""
    replied: bool = False
    callbacks: int = 0
    asked: dict[str, Asked] = {}


def remember(known: Known | None, heard: Heard, at: int) -> Known:
    """The case after an event of `at`; changes and hands back the one that is given."""
    if known is None:
        known = Known(id=heard.case_id, desk=heard.desk)
    if heard.type == "CaseHandedOver" and heard.case_version > known.moved:
        known.desk, known.moved, known.handovers = heard.to_desk, heard.case_version, known.handovers + 1
    if heard.case_version <= known.version:
        return known
    known.version = heard.case_version
    note = _NOTES.get(heard.type)
    if note:
        note(known, heard, at)
    if heard.type in BACK:
        stage = known.before if known.stage in ("returning", "suspended", "criminal") else known.stage
    elif heard.type == "CaseTaken" and known.parent:
        stage = "merged"
    elif heard.type in STAGES:
        stage = STAGES[heard.type]
    else:
        return known
    if heard.type in INTERRUPTS:
        known.before = known.stage
    known.stage, known.since, known.at = stage, heard.case_version, at
    if RELAXATION in known.asked and stage not in ("accepted", "on_site"):  # who lost the case lost the wish with it
        known.asked = {name: asked for name, asked in known.asked.items() if name != RELAXATION}
    return known


def _registered(known: Known, heard: Heard, at: int) -> None:
    known.desk = known.desk or heard.desk
    known.kind, known.channel, known.near = heard.kind, str(heard.channel), heard.near
    known.lon, known.lat, known.registered_at = heard.lon, heard.lat, at
    _classified(known, heard, at)


def _classified(known: Known, heard: Heard, at: int) -> None:
    known.territory, known.item, known.nature = heard.territory, heard.item, heard.nature
    known.duty, known.priority = heard.duty, heard.priority
    known.facts = heard.facts if isinstance(heard.facts, dict) else {}


def _verified(known: Known, heard: Heard, at: int) -> None:
    known.territory = heard.territory or known.territory
    known.near = heard.near


def _ordered_to_look(known: Known, heard: Heard, at: int) -> None:
    known.collector = heard.collector


def _given(known: Known, heard: Heard, at: int) -> None:
    known.assignment_id, known.leader = heard.assignment_id, heard.channel == 2
    known.squad, known.team, known.officers, known.unit = heard.squad, heard.team, heard.officers, heard.unit
    known.metres = heard.candidates[0].metres if heard.candidates else None
    known.lease = heard.receipt_due_at or heard.due_at
    if heard.type == "WorkOrderIssued":
        known.due_at = heard.due_at
    _limited(known, heard, at)


def _limited(known: Known, heard: Heard, at: int) -> None:
    for limit in (*heard.terms, heard.term):
        if limit.name == "dispose":
            known.due_at = limit.due_at


def _extended(known: Known, heard: Heard, at: int) -> None:
    known.lease = heard.due_at


def _called(known: Known, heard: Heard, at: int) -> None:
    known.why, known.candidates = heard.reason, heard.candidates


def _proposed(known: Known, heard: Heard, at: int) -> None:
    known.mode, known.proposed, known.candidates = heard.mode, heard.proposal, heard.candidates


def _disputed(known: Known, heard: Heard, at: int) -> None:
    known.squad, known.unit = heard.interim.squad, heard.interim.unit


def _ruled(known: Known, heard: Heard, at: int) -> None:
    known.designated = heard.owner


def _merged(known: Known, heard: Heard, at: int) -> None:
    known.parent = heard.type == "CaseMerged"


def _joined(known: Known, heard: Heard, at: int) -> None:
    known.children, known.priority = True, heard.priority


def _disposed(known: Known, heard: Heard, at: int) -> None:
    known.result = heard.result


def _answered(known: Known, heard: Heard, at: int) -> None:
    known.replied = True


def _called_back(known: Known, heard: Heard, at: int) -> None:
    """Who says that it is not solved is owed another answer and another call."""
    again = heard.reached and not heard.solved
    known.callbacks = 0 if again else known.callbacks + 1
    known.replied = known.replied and not again


def _reopened(known: Known, heard: Heard, at: int) -> None:
    known.replied, known.callbacks, known.asked = False, 0, {}


def _requested(known: Known, heard: Heard, at: int) -> None:
    new = heard.request
    if new:
        asked = Asked(kind=new.kind, unit=new.unit, squad=new.squad, due_at=new.due_at, since=heard.case_version, at=at)
        known.asked = known.asked | {new.id: asked}


def _signed(known: Known, heard: Heard, at: int) -> None:
    """A first step: signed for, or approved by the first level. Where a receipt is enough, it is the last."""
    name = heard.request_id or RELAXATION
    old = known.asked.get(name)
    if old and name != RELAXATION and not old.due_at:
        _settled(known, heard, at)
    elif old:
        step = msgspec.structs.replace(old, since=heard.case_version, at=at, step=1)
        known.asked = known.asked | {name: step}


def _wished(known: Known, heard: Heard, at: int) -> None:
    wish = Asked(kind=heard.relaxation.kind, since=heard.case_version, at=at)
    known.asked = known.asked | {RELAXATION: wish}


def _settled(known: Known, heard: Heard, at: int) -> None:
    name = heard.request_id or RELAXATION
    known.asked = {other: asked for other, asked in known.asked.items() if other != name}
    _limited(known, heard, at)


_NOTES: dict[str, Callable[[Known, Heard, int], None]] = {
    "CaseRegistered": _registered,
    "CaseClassified": _classified,
    "CaseVerified": _verified,
    "VerificationOrdered": _ordered_to_look,
    "AssignmentOffered": _given,
    "WorkOrderIssued": _given,
    "AssignmentReturned": _limited,
    "LeaseExtended": _extended,
    "CaseNeedsOperator": _called,
    "AssignmentProposed": _proposed,
    "DisputeOpened": _disputed,
    "DisputeRuled": _ruled,
    "CaseMerged": _merged,
    "CaseSplit": _merged,
    "CaseJoined": _joined,
    "CaseDisposed": _disposed,
    "CallerAnswered": _answered,
    "CallbackRecorded": _called_back,
    "CaseReopened": _reopened,
    "RequestMade": _requested,
    "RequestSigned": _signed,
    "RequestAnswered": _settled,
    "RelaxationRequested": _wished,
    "RelaxationApproved": _signed,
    "RelaxationRefused": _settled,
    "DeadlineExtended": _settled,
    "CaseSuspended": _settled,
    "CaseResumed": _limited,
}
