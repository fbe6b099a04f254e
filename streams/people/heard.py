"""What people read of a public event, and what they remember of a case that is open.

Of `case-events` only what people need is decoded: members that are not here are ignored, so that the public form may
grow. A case's life is told by its versions; two desks' events of one case may arrive out of order, so a version that
was passed already changes nothing (but says where the case went, if it is a handover).
"""

from __future__ import annotations

from typing import Literal

import msgspec

Stage = Literal[
    "waiting", "offered", "received", "ordered", "accepted", "on_site", "disposed", "checked", "operator", "closed"
]
# What an event leaves people waiting for. Events that are not here (an update, an escalation) leave that as it was.
STAGES: dict[str, Stage] = {
    "CaseRegistered": "waiting",
    "CaseTaken": "waiting",
    "CaseHandedOver": "waiting",
    "AssignmentDeferred": "waiting",
    "AssignmentOffered": "offered",
    "WorkOrderIssued": "ordered",
    "OfferReceived": "received",
    "AssignmentAccepted": "accepted",
    "AssignmentReturned": "waiting",
    "AssignmentWithdrawn": "waiting",
    "LeaseExpired": "waiting",
    "SquadArrived": "on_site",
    "CaseDisposed": "disposed",
    "ReworkOrdered": "accepted",
    "WorkOrderReopened": "accepted",
    "CaseChecked": "checked",
    "CaseNeedsOperator": "operator",
    "CaseClosed": "closed",
}


class Looked(msgspec.Struct, frozen=True):
    """A team that the desk looked at, and why it did not get the case."""

    squad: str
    pairs: int = 0
    metres: int | None = None
    lost: str = ""


class Heard(msgspec.Struct, frozen=True):
    """A public event, as far as people care."""

    type: str
    case_id: str
    case_version: int
    desk: str = ""  # of CaseRegistered
    to_desk: str = ""  # of CaseHandedOver
    territory: str = ""
    item: str = ""
    nature: str = ""
    priority: int = 3
    lon: float | None = None
    lat: float | None = None
    due_at: int = 0  # limit of a case or a work order, lease of an offer
    assignment_id: str = ""
    channel: int | str = 1  # of an offer a number; of a case the word for how it was reported
    squad: str = ""
    team: str = ""
    officers: tuple[str, ...] = ()
    unit: str = ""
    reason: str = ""
    candidates: tuple[Looked, ...] = ()


read = msgspec.json.Decoder(Heard).decode


class Known(msgspec.Struct, kw_only=True):
    """An open case in people's memory."""

    id: str
    desk: str
    version: int = 0
    moved: int = 0  # version of the last handover we know of
    stage: Stage = "waiting"
    since: int = 0  # version at which the stage began
    at: int = 0  # and when, business ms
    territory: str = ""
    item: str = ""
    nature: str = ""
    priority: int = 3
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


def remember(known: Known | None, heard: Heard, at: int) -> Known:
    """The case after an event of `at`; changes and hands back the one that is given."""
    if known is None:
        known = Known(id=heard.case_id, desk=heard.desk)
    if heard.type == "CaseHandedOver" and heard.case_version > known.moved:
        known.desk, known.moved, known.handovers = heard.to_desk, heard.case_version, known.handovers + 1
    if heard.case_version <= known.version:
        return known
    known.version = heard.case_version
    if heard.type == "CaseRegistered":
        known.desk = known.desk or heard.desk
        known.territory, known.item, known.nature = heard.territory, heard.item, heard.nature
        known.priority, known.due_at, known.lon, known.lat = heard.priority, heard.due_at, heard.lon, heard.lat
    elif heard.type in ("AssignmentOffered", "WorkOrderIssued"):
        known.assignment_id, known.leader = heard.assignment_id, heard.channel == 2
        known.squad, known.team, known.officers, known.unit = heard.squad, heard.team, heard.officers, heard.unit
        known.metres = heard.candidates[0].metres if heard.candidates else None
        known.lease = heard.due_at
    elif heard.type == "LeaseExtended":
        known.lease = heard.due_at
    elif heard.type == "CaseNeedsOperator":
        known.why, known.candidates = heard.reason, heard.candidates
    if heard.type in STAGES:
        known.stage, known.since, known.at = STAGES[heard.type], heard.case_version, at
    return known
