"""`paidan schema`: JSON Schema of everything that is said on the topics, from the very types that read it."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from dispatchers import events, messages
from dispatchers.record import Record
from dispatchers.rows import CityPack

from .dead_letters import DeadLetter
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
    "CloudEvent": events.AnyEvent,  # the data; its envelope is in the headers (ce_…)
}


def document() -> dict[str, Any]:
    """One JSON Schema (draft 2020-12) with a definition for every message, event, record and wire form, and one for
    each payload of topics.yaml."""
    unions = (messages.IntakeMessage, messages.DeskMessage, events.AnyEvent)
    types = [t for union in (*unions, *PAYLOADS.values()) for t in get_args(union) or (union,)]
    _, definitions = msgspec.json.schema_components(list(dict.fromkeys(types)), ref_template="#/$defs/{name}")
    for name, payload in PAYLOADS.items():
        options = [{"$ref": f"#/$defs/{t.__name__}"} for t in get_args(payload) or (payload,)]
        definitions.setdefault(name, {"anyOf": options})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Paidan 派单",
        "description": "Instants are integer milliseconds since 1970 UTC, but RFC 3339 with a zone in WireComplaint.",
        "$defs": dict(sorted(definitions.items())),
    }
