"""`paidan schema`: JSON Schema of everything that is said on the topics, from the types that read it."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from dispatchers import events, messages
from dispatchers.record import Record
from dispatchers.rows import CityPack

# Payload names of topics.yaml -> the types that may be there.
PAYLOADS: dict[str, Any] = {
    "Complaint": messages.WireComplaint,
    "CityEvent": messages.WireComplaint,
    "DeskMessage": messages.DeskMessage,
    "Record": Record,
    "CloudEvent": events.AnyEvent,
    "CityPack": CityPack,
}


def document() -> dict[str, Any]:
    """One JSON Schema (draft 2020-12) with a definition for every message, event, record and wire form."""
    types = [
        *(t for union in (messages.IntakeMessage, messages.DeskMessage, events.AnyEvent) for t in get_args(union)),
        *(t for t in PAYLOADS.values() if isinstance(t, type)),
    ]
    _, definitions = msgspec.json.schema_components(list(dict.fromkeys(types)), ref_template="#/$defs/{name}")
    for name, union in (("DeskMessage", messages.DeskMessage), ("Event", events.AnyEvent)):
        definitions[name] = {"anyOf": [{"$ref": f"#/$defs/{t.__name__}"} for t in get_args(union)]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Paidan 派单",
        "description": "Instants are integer milliseconds since 1970 UTC, but RFC 3339 with a zone in WireComplaint.",
        "$defs": dict(sorted(definitions.items())),
    }
