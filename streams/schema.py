"""`paidan schema`: JSON Schema of everything that is said on the topics, from the very types that read it."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from dispatchers import events, messages
from dispatchers.record import Record
from dispatchers.rows import CityPack

from .dead_letters import DeadLetter
from .gateway.accounts import Account
from .gateway.audit import AuditEntry
from .outbox.account import Delivery
from .replies import Reply
from .vault import Reporter, ReporterKey

# Names of payloads in topics.yaml, and what may be there.
PAYLOADS: dict[str, Any] = {
    "Complaint": messages.WireComplaint,
    "CityEvent": messages.WireComplaint,
    "DeskMessage": messages.DeskMessage,
    "Record": Record,
    "CityPack": CityPack,
    "Reporter": Reporter,
    "ReporterKey": ReporterKey,
    "DeadLetter": DeadLetter,
    "Account": Account,
    "AuditEntry": AuditEntry,
    "Reply": Reply,
    "Delivery": Delivery,
    "CloudEvent": events.AnyEvent,  # the data; its envelope is in the headers (ce_…)
}


def document() -> dict[str, Any]:
    """One JSON Schema (draft 2020-12) with all definitions."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Paidan 派单",
        "description": "Instants are integer milliseconds since 1970 UTC, but RFC 3339 with a zone in WireComplaint.",
        "$defs": definitions("#/$defs/"),
    }


def definitions(place: str) -> dict[str, Any]:
    """A definition for every message, event, record and wire form, and for each payload of topics.yaml.

    `place` is what references begin with.
    """
    unions = (messages.IntakeMessage, messages.DeskMessage, events.AnyEvent)
    types = [t for union in (*unions, *PAYLOADS.values()) for t in get_args(union) or (union,)]
    _, found = msgspec.json.schema_components(list(dict.fromkeys(types)), ref_template=place + "{name}")
    for name, payload in PAYLOADS.items():
        options = [{"$ref": f"{place}{t.__name__}"} for t in get_args(payload) or (payload,)]
        found.setdefault(name, {"anyOf": options})
    return dict(sorted(found.items()))
