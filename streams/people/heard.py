"""What people read of a public event, and what it leaves them waiting for.

Of `case-events` only what people need is decoded: members that are not here are ignored, so that the public form may
grow.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Stage = Literal[
    "waiting", "verifying", "proposed", "offered", "received", "ordered", "accepted", "on_site", "returning",
    "disputed", "suspended", "penalty", "criminal", "merged", "disposed", "checked", "operator", "ended",
]  # fmt: skip
# What an event leaves people waiting for. Events that are not here (an update, an escalation) leave that as it was.
STAGES: dict[str, Stage] = {
    "CaseRegistered": "waiting",
    "CaseTaken": "waiting",
    "CaseHandedOver": "waiting",
    "CaseReopened": "waiting",
    "CaseSplit": "waiting",
    "CaseMerged": "merged",
    "VerificationOrdered": "verifying",
    "CaseVerified": "waiting",
    "CaseClassified": "waiting",
    "AssignmentDeferred": "waiting",
    "AssignmentProposed": "proposed",
    "AssignmentOffered": "offered",
    "WorkOrderIssued": "ordered",
    "OfferReceived": "received",
    "AssignmentAccepted": "accepted",
    "AssignmentReturned": "waiting",
    "AssignmentWithdrawn": "waiting",
    "LeaseExpired": "waiting",
    "ReturnRequested": "returning",
    "DisputeOpened": "disputed",
    "DisputeRuled": "waiting",
    "CaseSuspended": "suspended",
    "SquadArrived": "on_site",
    "ActRefused": "waiting",
    "PenaltyFiled": "penalty",
    "CriminalTransferProposed": "criminal",
    "CaseDisposed": "disposed",
    "ReworkOrdered": "accepted",
    "WorkOrderReopened": "accepted",
    "CaseChecked": "checked",
    "CallbackRecorded": "checked",
    "CaseNeedsOperator": "operator",
    "CaseClosed": "ended",
    "CaseCancelled": "ended",
    "CaseTransferred": "ended",
}
INTERRUPTS = ("ReturnRequested", "CaseSuspended", "CriminalTransferProposed")
BACK = ("ReturnRefused", "CaseResumed", "CriminalTransferRefused")  # to what was interrupted, or it all begins anew
ENDS = ("CaseClosed", "CaseCancelled", "CaseTransferred")
RELAXATION = "relaxation"  # the name under which a wish for more time is remembered


class Looked(msgspec.Struct, frozen=True):
    """A team that the desk looked at, and why it did not get the case."""

    squad: str
    pairs: int = 0
    metres: int | None = None
    lost: str = ""


class Holder(msgspec.Struct, frozen=True):
    """Who shall have the case: proposed, or until a ruling."""

    squad: str = ""
    unit: str = ""


class Limit(msgspec.Struct, frozen=True):
    """A limit of the case."""

    name: str = ""
    due_at: int = 0


class Request(msgspec.Struct, frozen=True):
    """What an office is asked."""

    id: str
    kind: str
    unit: str = ""
    squad: str = ""
    due_at: int = 0


class Wish(msgspec.Struct, frozen=True):
    """More time is asked for."""

    kind: str = ""


class Heard(msgspec.Struct, frozen=True):
    """A public event, as far as people care."""

    type: str
    case_id: str
    case_version: int
    desk: str = ""  # of CaseRegistered
    to_desk: str = ""  # of CaseHandedOver
    kind: str = ""
    territory: str = ""
    near: tuple[str, ...] = ()
    item: str = ""
    nature: str = ""
    duty: str = ""
    facts: dict[str, str] | str = {}  # of a CaseJoined a text
    priority: int = 3
    lon: float | None = None
    lat: float | None = None
    due_at: int = 0  # limit of a work order, lease of an offer
    receipt_due_at: int = 0
    terms: tuple[Limit, ...] = ()
    term: Limit = Limit()
    assignment_id: str = ""
    channel: int | str = 1  # of an offer a number; of a case the word for how it was reported
    squad: str = ""
    team: str = ""
    officers: tuple[str, ...] = ()
    unit: str = ""
    owner: str = ""  # whom a ruling named
    reason: str = ""
    result: str = ""
    reached: bool = False  # of a call-back
    solved: bool = False
    collector: str = ""
    mode: str = ""
    proposal: Holder = Holder()
    interim: Holder = Holder()
    request: Request | None = None
    request_id: str = ""
    relaxation: Wish = Wish()
    candidates: tuple[Looked, ...] = ()


read = msgspec.json.Decoder(Heard).decode


def read_of(desk: str, value: bytes) -> Heard:
    """An event of a desk's log. A case that is reopened was forgotten when it ended, and does not say where it is."""
    heard = read(value)
    return msgspec.structs.replace(heard, desk=desk) if heard.type == "CaseReopened" else heard
