"""What all rows of a pack have, and the words that several tables choose from."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all rows."""


class Dated(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row with a time of validity and a source."""

    valid_from: dt.date
    valid_to: dt.date | None = None
    source: str


# Which of the executors a competence belongs to. Only a squad gets offers; all others get work orders.
OwnerKind = Literal["squad", "professional", "component", "department", "police", "rescue"]
Level = Literal["town", "county", "city"]
# What a duty asks for (R16, R17). The last three are no enforcement; the others are split between the force and the
# departments: source .. policy stay with a department unless a row says otherwise, penalty and coercion may be moved.
Duty = Literal[
    "source", "post_approval", "routine", "follow_up", "penalty", "coercion", "tech_test", "policy",
    "repair", "service", "reply",
]  # fmt: skip
# What a power may do to people. personal_liberty is the police's alone, whatever a list says (处罚法 art. 18, R3).
PowerKind = Literal["penalty", "inspection", "coercion", "personal_liberty"]
TransferState = Literal[
    "transferred", "not_transferred", "to_return", "too_specialised", "pending_capacity", "should_transfer", "review"
]  # fmt: skip
Crew = Literal["enforcement", "support"]
Tool = Literal["vehicle", "vessel", "recorder", "terminal"]
RequestKind = Literal[
    "notice", "on_site", "test", "survey", "licence_data", "support", "copy_notice", "rescue", "video",
    "information", "assistance", "training", "technical", "acceptance", "briefing", "transfer",
]  # fmt: skip
Stage = Literal[
    "accept", "verify", "review", "approve", "check", "close", "callback", "dispute_county", "dispute_city",
    "penalty", "criminal", "park", "reopen", "suspend_cap", "hours", "repeat",
]  # fmt: skip
# Through what an offer goes that was not received by the squad's own page.
PushChannel = Literal["webhook", "webpush", "worknotice", "mqtt", "node"]
Tier = Literal["town_squad", "zone_squad", "county_mobile", "city_detachment"]
# enforcement: an act against the law; repair: something is broken; service: somebody should come and do something;
# reply: somebody wants an answer (consult, suggestion, praise).
Nature = Literal["enforcement", "repair", "service", "reply"]
