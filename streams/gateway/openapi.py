"""OpenAPI 3.1 of the gateway, from the table of endpoints and the very types that read and write the bodies."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, get_args

import msgspec

from ..archive.query import DEADLINES
from ..archive.search import By
from .api import ENDPOINTS, Endpoint
from .photos import LENGTH, OF_CASE, OFFSET, ONE

PLACE = "#/components/schemas/{name}"
TITLES = {
    200: "done",
    201: "kept",
    202: "taken; the answer is yet to come",
    204: "done",
    401: "not signed in",
    403: "wrong CSRF token, or a verb that this role never has",
    404: "absent, or not yours to see",
    408: "its body came to a stop",
    409: "refused by the desk, with the reason and what is true now",
    413: "too large",
    415: "not of a type that is taken",
    422: "does not fit its form; `where` says the place",
    429: "too many; Retry-After says when",
    503: "a part of the system does not answer",
}
PLAIN = {
    "/api/cases.csv": "text/csv", "/api/stream": "text/event-stream", "/api/cases/{case_id}/why": "text/plain",
    OF_CASE: "image/*",
}  # fmt: skip
NO_BODY = {"/api/logout"}
BARE = {ONE}  # whatever comes of it well, headers say it
_BYTES = {"type": "integer", "minimum": 0}
HEADERS: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/orders"): {"Idempotency-Key": {"type": "string", "minLength": 1}},
    ("PATCH", ONE): {OFFSET: _BYTES, LENGTH: _BYTES},
}
# On every answer, whatever it is about: reads go on when too few brokers live to decide, and are marked.
BEHIND = "X-Behind-Ms"
_HOW_OLD = {
    BEHIND: {
        "description": "How old what is told of open cases may be at most, in milliseconds; -1: unknown. "
        "Far above a second: the broker does not answer, and what is told is of that long ago.",
        "schema": {"type": "integer", "minimum": -1},
    }
}
WORDS: dict[str, list[str]] = {
    "lang": ["zh", "en"],
    "topic": ["complaints", "city-events"],
    "by": list(get_args(By)),
    "deadline": list(DEADLINES),
    "open": ["0", "1"],
}  # of query parameters


class Fault(msgspec.Struct):
    """Every error: a code for programs, a text for people. Some say more: `where`, `reason`, `case`."""

    error: str
    text: dict[str, str]


@cache
def document() -> dict[str, Any]:
    """The whole document."""
    types = [t for one in ENDPOINTS for t in (one.takes, one.gives) if t is not None]
    shapes, components = msgspec.json.schema_components([*types, Fault], ref_template=PLACE)
    known = {id(t): shape for t, shape in zip(types, shapes, strict=False)}
    fault = shapes[-1]
    paths: dict[str, dict[str, Any]] = {}
    for one in ENDPOINTS:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, known, fault)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Paidan 派单",
            "version": "1",
            "description": "Instants are integer milliseconds since 1970 UTC, but RFC 3339 in complaints.",
        },
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "paidan"},
                "key": {"type": "http", "scheme": "bearer", "description": "a source's key"},
            },
        },
    }


def _operation(one: Endpoint, known: dict[int, Any], fault: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "summary": one.text,
        "operationId": f"{one.method.lower()}{re.sub(r'[^a-z]+', '_', one.path)}",
    }
    names = re.findall(r"{(\w+)}", one.path)
    told["parameters"] = [
        {"name": n, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for n in names
    ] + [
        {"name": n, "in": "query", "schema": {"type": "string"} | ({"enum": WORDS[n]} if n in WORDS else {})}
        for n in one.query
    ]
    for name, shape in HEADERS.get((one.method, one.path), {}).items():
        told["parameters"].append({"name": name, "in": "header", "required": True, "schema": shape})
    if one.takes is not None:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": known[id(one.takes)]}}}
    elif one.path == "/api/complaints/csv":
        told["requestBody"] = {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}
    elif one.method == "PATCH":
        told["requestBody"] = {"content": {"application/octet-stream": {"schema": {}}}}
    bare = 204 in one.codes or (one.path in NO_BODY and one.gives is None)
    good = 201 if 201 in one.codes else 204 if bare else 200
    if 202 in one.codes and one.path == "/api/complaints/csv":
        good = 202
    told["responses"] = {str(good): _good(one, known, good)}
    bad = {*one.codes, 401, 404, 422, 503, *((403,) if one.may or one.method != "GET" else ())} - {good}
    for code in sorted(bad):
        shape = {"schema": {} if code == 202 else fault}
        content = {} if code == 204 or one.method == "HEAD" else {"content": {"application/json": shape}}
        told["responses"][str(code)] = {"description": TITLES[code], **content}
    if one.may is not None:
        told["security"] = [{"session": []}, {"key": []}] if one.may == "file" else [{"session": []}]
    return told


def _good(one: Endpoint, known: dict[int, Any], code: int) -> dict[str, Any]:
    told = {"description": TITLES[code], "headers": _HOW_OLD}
    if code == 204 or one.path in BARE:
        return told
    if one.path in PLAIN:
        return told | {"content": {PLAIN[one.path]: {"schema": {"type": "string"}}}}
    shape = known[id(one.gives)] if one.gives is not None else {}
    return told | {"content": {"application/json": {"schema": shape}}}
