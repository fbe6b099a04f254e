"""The serial fold: every writer's inbox decided again, message by message, in one process, by the project's own rules.

What the workers wrote under kills must be what one process writes that was never killed, byte for byte. Only
`posted_through` is taken from the stored record: how far the letters were posted is no decision.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from dispatchers.city import City
from dispatchers.ids import inbox_key
from dispatchers.messages import AdoptCity, ForgetReporter, Misplaced, Unreadable
from dispatchers.writer import DESK, INTAKE, Writer
from streams import wire
from streams.city_files import load, version
from streams.desk_wire import read_desk_message
from streams.geo import Geo
from streams.scan import partition_of
from streams.vault import Vault, load_or_create
from tests.support_kafka import Entry, Place, Run

from .checker import LOGS, Checker, Fault


class Serial:
    """The rules of a run, with what is looked up before deciding."""

    def __init__(self, run: Run) -> None:
        pack = load(run.city)
        self.city, self.geo = City(pack, version(pack)), Geo(pack)
        self.vault = Vault(load_or_create(run.data / "master.key"))
        self.desks = {d.partition: d.id for d in pack.desks}

    def writer(self, topic: str, partition: int) -> Writer:
        """A new writer of an inbox."""
        if topic == "desk-inbox":
            return Writer(self.desks.get(partition, f"{topic}/{partition}"), DESK)
        return Writer(f"{topic}/{partition}", INTAKE)

    def message(self, topic: str, partition: int, entry: Entry, at: int, state: Any) -> Any:
        """What the bytes say, as the worker hands it to the rules."""
        if topic == "desk-inbox":
            if partition not in self.desks:
                return Unreadable(reason="no_desk_here", detail=f"no desk has partition {partition}")
            message = read_desk_message(entry.value, state.id)
            return (
                replace(message, found=message.city == self.city.version) if isinstance(message, AdoptCity) else message
            )
        told = wire.read(topic, entry.value, at, self.vault)
        if isinstance(told, Unreadable):
            return told
        right = partition_of(topic, inbox_key(told.source, told.source_id))
        if right != partition:
            return Misplaced(source=told.source, source_id=told.source_id, partition=right)
        if isinstance(told, ForgetReporter):
            return told
        return replace(wire.file(topic, told, self.geo.locate, self.vault).filed, filed_at=at)


def unlike_serial(checker: Checker, serial: Serial, ours: Callable[[bytes], bytes] = bytes) -> list[Fault]:
    """Where the logs are not those of a serial fold. `ours`: a record without what only another version says."""
    faults = []
    for place, entries in checker.lying.items():
        if place[0] in LOGS:
            faults += _writer(checker, serial, place, entries, ours)
    return faults


def _writer(
    checker: Checker, serial: Serial, place: Place, entries: list[Entry], ours: Callable[[bytes], bytes]
) -> list[Fault]:
    topic, partition = place
    log = LOGS[topic], partition
    stored = {v.said["inbox_offset"]: v for v in checker.logs[log]}
    writer = serial.writer(topic, partition)
    for entry in entries[: max(stored, default=-1) + 1]:
        at = checker.rules.clock(entry.timestamp)
        message = serial.message(topic, partition, entry, max(at, 0), writer.state)
        valid = stored.get(entry.offset)
        if valid:
            writer.posted(valid.said["posted_through"])
        try:
            decided = writer.decide(message, entry.offset, at, serial.city)
        except Exception as fault:  # noqa: BLE001 - the rules failed: that is a finding
            return [Fault("fold", f"{place} {entry.offset}: {type(fault).__name__}: {fault}: {message}")]
        raw = checker.lying[log][valid.offset].value if valid else None
        said = ours(raw) if raw else None
        if (decided.raw if decided else None) != said:
            return [Fault("fold", f"{place} {entry.offset}: {_unlike(decided.raw if decided else None, said)}")]
        if valid and raw and said == raw:
            writer.fold(valid.offset, raw)
        elif valid and raw and decided:
            writer.apply(valid.offset, decided)
            writer.head.passed(valid.offset, raw)
    return []


def _unlike(serial: bytes | None, stored: bytes | None) -> str:
    """Where two records differ, for a person."""
    if not serial or not stored:
        return f"serial {serial!r}, stored {stored!r}"
    return "; ".join(_paths("$", json.loads(serial), json.loads(stored)))


def _paths(path: str, one: Any, other: Any) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from _paths(f"{path}.{key}", one.get(key), other.get(key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            yield from _paths(f"{path}[{index}]", *pair)
    elif one != other:
        yield f"{path}: serial {json.dumps(one)[:300]}, stored {json.dumps(other)[:300]}"
