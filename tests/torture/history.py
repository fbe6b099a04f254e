"""What the clients did: every operation with its begin and its end, in a file of lines of JSON (JSONL).

    {"op": 7, "client": "T1", "message": "12345/T1-3", "topic": "complaints", "sha": "…", "begun": 1783…}
    {"op": 7, "ended": 1783…, "answer": "acknowledged", "partition": 3, "offset": 41}

`answer`: acknowledged (with its place), refused (the broker said no), unknown (nobody said; it may lie there or not).
An operation without an end is unknown too. Beside the topics this file is all that the checker is told of the load,
and a run that was killed leaves it whole up to the last line.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka.errors import MessageSizeTooLargeError

from .checker import LOGS, Checker, Fault, Sent

OURS = ("Letter", "WakeUp", "ReportPush")  # what the system itself posts into inboxes
REFUSALS = (MessageSizeTooLargeError,)  # after any other fault a message may lie there all the same


class Operation(NamedTuple):
    """A message that was sent, and what the client was told."""

    client: str
    message: str
    topic: str
    sha: str  # of its bytes
    begun: int  # wall ms
    ended: int = 0
    answer: str = "unknown"
    partition: int = -1
    offset: int = -1
    poison: str = ""


class Book:
    """The writing end. A line is with the kernel before the operation goes on."""

    def __init__(self, file: Path, client: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file, self._client, self._next = file, client, 0
        self._out = file.open("w", encoding="utf-8", buffering=1)

    def begin(self, topic: str, message: str, value: bytes, poison: str = "") -> int:
        """Note that a message is about to be sent; gives the operation's number."""
        self._next += 1
        more = {"poison": poison} if poison else {}
        self._say(
            op=self._next, client=self._client, message=message, topic=topic, sha=sha256(value).hexdigest(),
            begun=int(time.time() * 1000), **more,
        )  # fmt: skip
        return self._next

    def end(self, op: int, told: Any) -> None:
        """Note the answer: the place that the broker told, or the fault."""
        if isinstance(told, BaseException):
            answer: dict[str, Any] = {"answer": "refused" if isinstance(told, REFUSALS) else "unknown"}
        else:
            answer = {"answer": "acknowledged", "partition": told.partition, "offset": told.offset}
        self._say(op=op, ended=int(time.time() * 1000) + 1, **answer)

    def _say(self, **line: Any) -> None:
        self._out.write(json.dumps(line, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._out.close()


def read(file: Path) -> list[Operation]:
    """The operations of a file, in the order of their begins."""
    found: dict[int, dict[str, Any]] = {}
    for line in file.read_text("utf-8").splitlines() if file.exists() else ():
        said = json.loads(line)
        found.setdefault(said.pop("op"), {}).update(said)
    return [Operation(**said) for said in found.values()]


def sent(operations: Iterable[Operation]) -> list[Sent]:
    """What was acknowledged, as the checker takes it."""
    return [
        Sent(o.topic, o.partition, o.offset, o.poison or o.message, o.poison)
        for o in operations
        if o.answer == "acknowledged"
    ]


def unlike_history(checker: Checker, operations: list[Operation]) -> list[Fault]:
    """Where the inboxes are not what the clients did.

    acknowledged   the bytes lie at the place that was told, appended between begin and end
    sent           nothing lies there that nobody sent
    refused        nothing lies there that was refused
    """
    return [*_acknowledged(checker, operations), *_sent(checker, operations)]


def _acknowledged(checker: Checker, operations: list[Operation]) -> Iterable[Fault]:
    for op in operations:
        if op.answer != "acknowledged":
            continue
        entries = checker.lying.get((op.topic, op.partition), [])
        entry = entries[op.offset] if op.offset < len(entries) else None
        if entry is None or sha256(entry.value or b"").hexdigest() != op.sha:
            yield Fault("acknowledged", f"{op} is not there")
        elif not op.begun <= entry.timestamp <= op.ended:
            yield Fault("acknowledged", f"{op} was appended at {entry.timestamp}")


def _sent(checker: Checker, operations: list[Operation]) -> Iterable[Fault]:
    begun = {op.sha for op in operations}
    kept = {op.sha for op in operations if op.answer != "refused"}
    for (topic, partition), messages in checker.parsed.items():
        if topic not in LOGS:
            continue
        for entry, said in zip(checker.lying[topic, partition], messages, strict=True):
            sha = sha256(entry.value or b"").hexdigest()
            if said.get("type") in OURS or sha in kept:
                continue
            promise, who = ("refused", "was refused") if sha in begun else ("sent", "nobody sent it")
            yield Fault(promise, f"{topic}/{partition} {entry.offset} lies there, and {who}: {str(said)[:200]}")
