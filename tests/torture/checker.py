"""The independent checker: what lies in the topics against what was acknowledged. No code of the project decides here.

It parses by itself (json, hashlib) and holds the promises of DESIGN §3, each under a word of its own:

    acknowledged   what the broker acknowledged lies where it said
    chain          records continue one another; void ones are a zombie's (counted, ignored); a changed byte breaks it
    decided        every message has one record, in order; only repeated letters and wake-ups have none, or an empty
                   one that keeps the position after an hour without any
    time           `at` is the append time on the run's clock, never running backwards
    letters        numbered without gaps on both sides, none lost, none changed, posted before it is said so
    one case       each number of a source became exactly one case
    version        a case's events count up by one over all desks
    holder         one desk holds a case at a time: given away before it is taken
    cap            no squad above its cap
    lease          a lease ends once, not before its time; a wake-up leaves none that is over
    deadline       a limit is missed once, not before its time (deadlines.py)
    order          an order acts once
    dead letter    what cannot be read is kept

What the clients did beside it is history.py's business, what Redis shows whiteboard.py's. That the records are those of
a serial fold is serial.py's: that one re-decides with the project's own rules.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from tests.support_kafka import Entry, Lying, Place

from .assignments import Assignments
from .deadlines import deadlines

LOGS = {"complaints": "complaint-receipts", "city-events": "event-receipts", "desk-inbox": "desk-log"}
GENESIS = "0" * 64
KEPT_MS = 3_600_000  # for so long a log's last record keeps its position
FIELDS = {  # of a record: all of them, and no other
    *("prev", "epoch", "inbox_offset", "at", "desk", "seq"),
    *("cause", "rules", "city", "posted_through", "events"),
}
NOTHING = {  # of a case, and change none
    "OrderRefused",
    "OrderRepeated",
    "OrderForwarded",
    "OrderParked",
    "OrderUnparked",
}


class Sent(NamedTuple):
    """An acknowledged message: where, what the sender calls it, and whether it can be read at all."""

    topic: str
    partition: int
    offset: int
    id: str  # source and number of a complaint, message_id of an order
    poison: str = ""


class Fault(NamedTuple):
    """A broken promise."""

    promise: str
    text: str


class Valid(NamedTuple):
    """A valid record: its place in the log, and what it says."""

    offset: int
    appended: int
    said: dict[str, Any]
    hash: str  # of its bytes


class Rules(NamedTuple):
    """What the checker must be told of the city and the run."""

    desks: dict[int, str]  # partition -> desk
    caps: dict[str, int]  # squad -> most open weight
    clock: Callable[[int], int]  # wall ms -> business ms


class Checker:
    """One look at everything. `mark`: where the topics ended when the load did; what came later may be on its way."""

    def __init__(self, lying: Lying, history: list[Sent], rules: Rules, mark: dict[Place, int] | None = None) -> None:
        self.lying, self.history, self.rules = lying, history, rules
        self.mark = mark or {place: len(entries) for place, entries in lying.items()}
        self.faults: list[Fault] = []
        self.voids = 0
        self.late: dict[str, int] = {}  # desk -> by how much its latest lease ended too late, in ms; told, not judged
        self.parsed = {p: [_parsed(e) for e in entries] for p, entries in lying.items() if p[0] in LOGS}
        self.logs = {p: self._chain(p) for p in lying if p[0] in LOGS.values()}
        self.cases = self._cases()

    def check(self) -> list[Fault]:
        """Every broken promise."""
        self._acknowledged()
        for (topic, partition), entries in self.lying.items():
            if topic in LOGS:
                self._decided(topic, partition, entries)
        self._letters()
        self._one_case()
        self._versions()
        deadlines(self._told(), self._broken)
        for place, log in self.logs.items():
            if place[0] == "desk-log":
                self._caps_and_leases(log)
                self._orders(place, log)
        self._dead_letters()
        return self.faults

    def at(self, log: str, partition: int, offset: int) -> dict[str, Any]:
        """The valid record at this place, {} if there is none."""
        records = self.logs.get((log, partition), [])
        index = bisect_left(records, offset, key=lambda valid: valid.offset)
        return records[index].said if index < len(records) and records[index].offset == offset else {}

    def _broken(self, promise: str, text: str) -> None:
        self.faults.append(Fault(promise, text))

    # -- the log -------------------------------------------------------------------------------------------------------

    def _chain(self, place: Place) -> list[Valid]:
        valid, voids, broken = chain(self.lying[place])
        for text in broken:
            self._broken("chain", f"{place[0]}/{place[1]} {text}")
        self.voids += voids
        return valid

    def _decided(self, topic: str, partition: int, entries: list[Entry]) -> None:
        log = self.logs[LOGS[topic], partition]
        place = f"{topic}/{partition}"
        records: dict[int, Valid] = {}
        before, clock = -1, 0
        for valid in log:
            offset, at = valid.said["inbox_offset"], valid.said["at"]
            if offset <= before:
                self._broken("decided", f"{place} {offset} decided again, after {before}")
            if offset >= len(entries):
                self._broken("decided", f"{place} {offset} decided and does not exist")
                continue
            before = max(before, offset)
            clock = max(clock, self.rules.clock(entries[offset].timestamp))
            if at != clock:
                self._broken("time", f"{place} {offset}: at {at}, the clock said {clock}")
            self._cause(place, offset, self.parsed[topic, partition][offset], valid.said)
            records[offset] = valid
        self._undecided(topic, partition, records)

    def _undecided(self, topic: str, partition: int, records: dict[int, Valid]) -> None:
        taken: Counter[str] = Counter()
        last = max(records, default=-1)
        kept = 0  # until when the position in the log is new enough; 0: there is none
        for entry, said in zip(self.lying[topic, partition], self.parsed[topic, partition], strict=True):
            kind = said.get("type")
            place = f"{topic}/{partition} {entry.offset}"
            repeated = kind == "Letter" and said["number"] <= taken[said["sender"]]
            record = records.get(entry.offset)
            if record is None:
                due = entry.offset < max(last, self.mark.get((topic, partition), 0))
                if due and kind != "WakeUp" and not repeated:
                    self._broken("decided", f"{place} lost: {str(said)[:200]}")
                elif due and 0 < kept <= self.rules.clock(entry.timestamp):
                    self._broken("decided", f"{place}: the position was not kept")
                continue
            events = record.said["events"]
            if repeated and events:
                self._broken("decided", f"{place}: a repeated letter has a record")
            if not events and not (repeated or kind == "WakeUp"):
                self._broken("decided", f"{place}: an empty record for {str(said)[:200]}")
            if not events and not 0 < kept <= record.said["at"]:
                self._broken("decided", f"{place}: an empty record at {record.said['at']}, none before {kept}")
            kept = record.said["at"] + KEPT_MS
            for event in events:
                if event["type"] == "LetterReceived":
                    taken[event["sender"]] = event["number"]

    def _cause(self, place: str, offset: int, message: dict[str, Any], record: dict[str, Any]) -> None:
        cause, kind = record["cause"], message.get("type")
        if kind == "Letter" and cause["type"] in ("Letter", "BrokenLetter"):
            same = (cause["sender"], cause["number"]) == (message["sender"], message["number"])
        elif cause["type"] == "Unreadable":
            same = True  # the serial fold says whether rightly so
        elif place.startswith("desk-inbox"):
            same = cause["type"] == kind and cause.get("message_id", "") == message.get("message_id", "")
        else:
            event = record["events"][0]
            same = (event["source"], event["source_id"]) == (message.get("source"), message.get("source_id"))
        if not same:
            self._broken("decided", f"{place} {offset}: the record is about {cause}, the message {str(message)[:200]}")

    # -- letters -------------------------------------------------------------------------------------------------------

    def _letters(self) -> None:
        named: dict[tuple[str, str], list[tuple[Place, Valid, Any]]] = defaultdict(list)
        taken: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, log in self.logs.items():
            for valid in log:
                for event in valid.said["events"]:
                    if event["type"] == "LetterSent":
                        way = (valid.said["desk"], event["to"])
                        named[way].append((place, valid, event["body"]))
                        if event["number"] != len(named[way]):
                            self._broken("letters", f"{way}: {event['number']} sent, {len(named[way])} was next")
                    elif event["type"] == "LetterReceived":
                        taken[event["sender"], valid.said["desk"]].append(event["number"])
                    elif event["type"] == "LetterGap":
                        self._broken("letters", f"{place} {valid.offset}: {event}")
        arrived = self._arrived()
        for way in named.keys() | taken.keys():
            self._one_way(way, named.get(way, []), taken.get(way, []), arrived.get(way, {}))

    def _arrived(self) -> dict[tuple[str, str], dict[int, tuple[int, Any]]]:
        """(append time, body) of the first copy of each letter in the inboxes."""
        found: dict[tuple[str, str], dict[int, tuple[int, Any]]] = defaultdict(dict)
        for (topic, _), messages in self.parsed.items():
            for entry, said in zip(self.lying[topic, _], messages, strict=True):
                if said.get("type") == "Letter":
                    way = found[said["sender"], said["receiver"]]
                    way.setdefault(said["number"], (entry.timestamp, said.get("body")))
        return found

    def _one_way(
        self,
        way: tuple[str, str],
        named: list[tuple[Place, Valid, Any]],
        taken: list[int],
        arrived: dict[int, tuple[int, Any]],
    ) -> None:
        if taken != list(range(1, len(taken) + 1)):
            self._broken("letters", f"{way}: taken {taken[:20]}…")
        if not named and self._is_writer(way[0]):
            self._broken("letters", f"{way}: taken and never sent")
        for number, (place, valid, body) in enumerate(named, 1):
            if number > len(taken) and valid.offset < self.mark.get(place, 0):
                self._broken("letters", f"{way} {number} lost: {str(body)[:200]}")
            if number not in arrived:
                continue
            at, came = arrived[number]
            if came != body:
                self._broken("letters", f"{way} {number} arrived as another letter than was sent")
            at_last = self._said_posted(place, valid.offset)
            if at_last is not None and at > at_last:
                self._broken("letters", f"{way} {number} said to be posted {at - at_last} ms before it was")

    def _said_posted(self, place: Place, offset: int) -> int | None:
        """When the log first said that the letters of the record at `offset` were posted."""
        log = self.logs[place]
        first = bisect_left(log, offset, key=lambda valid: valid.said["posted_through"])
        return log[first].appended if first < len(log) else None

    def _is_writer(self, name: str) -> bool:
        return name in self.rules.desks.values() or name.split("/")[0] in LOGS

    # -- cases ---------------------------------------------------------------------------------------------------------

    def _cases(self) -> dict[str, list[tuple[int, int, str, dict[str, Any]]]]:
        """What changed each case: (version, append time, desk, event)."""
        found: dict[str, list[tuple[int, int, str, dict[str, Any]]]] = defaultdict(list)
        for (topic, _), log in self.logs.items():
            for valid in log if topic == "desk-log" else ():
                for event in valid.said["events"]:
                    if "case_version" in event and event["type"] not in NOTHING:
                        found[event["case_id"]].append(
                            (event["case_version"], valid.appended, valid.said["desk"], event)
                        )
        return found

    def _told(self) -> Iterator[tuple[str, tuple[int, int, dict[str, Any]]]]:
        """(case, (version, `at`, event)) of all that changed a case."""
        for (topic, _), log in self.logs.items():
            for valid in log if topic == "desk-log" else ():
                for event in valid.said["events"]:
                    if "case_version" in event and event["type"] not in NOTHING:
                        yield event["case_id"], (event["case_version"], valid.said["at"], event)

    def _one_case(self) -> None:
        accepted: dict[tuple[str, str], set[str]] = defaultdict(set)
        for (topic, _), log in self.logs.items():
            for valid in log if topic != "desk-log" else ():
                for event in valid.said["events"]:
                    if event["type"] == "ComplaintAccepted":
                        number = (topic, f"{event['source']}/{event['source_id']}")
                        if number in accepted:
                            self._broken("one case", f"{number} accepted twice")
                        accepted[number].add(event["case_id"])
        happened = (event for case in self.cases.values() for *_, event in case)
        registered = Counter(f"{e['source']}/{e['source_id']}" for e in happened if e["type"] == "CaseRegistered")
        for number, times in registered.items():
            if times > 1:
                self._broken("one case", f"{number} registered {times} times")
        numbers = {(LOGS[s.topic], s.id) for s in self.history if s.topic != "desk-inbox" and not s.poison}
        for topic, number in numbers:
            if (topic, number) not in accepted or not registered[number]:
                self._broken("one case", f"{topic} {number} lost: it became no case")

    def _versions(self) -> None:
        for case, happened in self.cases.items():
            in_order = sorted(happened, key=lambda h: h[0])
            versions = [version for version, *_ in in_order]
            if versions != list(range(1, len(versions) + 1)):
                self._broken("version", f"{case}: versions {versions}")
                continue
            by_desk: dict[str, list[int]] = defaultdict(list)
            for version, _, desk, _ in happened:
                by_desk[desk].append(version)
            if any(own != sorted(own) for own in by_desk.values()):
                self._broken("version", f"{case}: not in order at {by_desk}")
            self._holders(case, in_order)

    def _holders(self, case: str, in_order: list[tuple[int, int, str, dict[str, Any]]]) -> None:
        holder, given = "", 0  # "": nobody, the first must register it
        on_way_to = ""
        for version, appended, desk, event in in_order:
            kind = event["type"]
            if on_way_to:
                if (kind, desk) != ("CaseTaken", on_way_to) or appended < given:
                    self._broken("holder", f"{case} v{version}: {kind} at {desk}, on its way to {on_way_to}")
                holder, on_way_to = desk, ""
            elif not holder:
                if kind != "CaseRegistered":
                    self._broken("holder", f"{case} v{version}: begins with {kind}")
                holder = desk
            elif desk != holder or kind in ("CaseTaken", "CaseRegistered"):
                self._broken("holder", f"{case} v{version}: {kind} at {desk}, held by {holder}")
            if kind == "CaseHandedOver":
                given, on_way_to = appended, event["to_desk"]

    def _caps_and_leases(self, log: list[Valid]) -> None:
        held = Assignments(self.rules.caps, self._broken)
        for valid in log:
            for event in valid.said["events"]:
                held.take(event, valid.said["at"])
            if valid.said["cause"]["type"] == "WakeUp":
                held.woken(valid.said)
        if log:
            self.late[log[-1].said["desk"]] = held.latest(log[-1].said["at"])

    def _orders(self, place: Place, log: list[Valid]) -> None:
        seen = Counter(e["message_id"] for v in log for e in v.said["events"] if e["type"] == "MessageSeen")
        for message, times in seen.items():
            if times > 1:
                self._broken("order", f"{place}: {message} acted {times} times")

    # -- what was acknowledged -----------------------------------------------------------------------------------------

    def _acknowledged(self) -> None:
        for sent in self.history:
            messages = self.parsed[sent.topic, sent.partition]
            said = messages[sent.offset] if sent.offset < len(messages) else {}
            there = said.get("message_id") or f"{said.get('source')}/{said.get('source_id')}"
            if sent.offset >= len(messages) or (there != sent.id and not sent.poison):
                self._broken("acknowledged", f"{sent} is not there")

    def _dead_letters(self) -> None:
        kept = {_parsed(e).get("id") for (topic, _), es in self.lying.items() if topic == "dead-letters" for e in es}
        for sent in self.history:
            if sent.poison and f"{sent.topic}/{sent.partition}/{sent.offset}" not in kept:
                self._broken("dead letter", f"{sent} was not kept")


def chain(entries: list[Entry]) -> tuple[list[Valid], int, list[str]]:
    """A log's valid records, how many are void, and how its chain is broken. It ends at a hole."""
    valid: list[Valid] = []
    broken: list[str] = []
    last, known, voids = GENESIS, {GENESIS}, 0
    for index, entry in enumerate(entries):
        if entry.offset != index:
            return valid, voids, [*broken, f"has no {index}"]
        said = _parsed(entry)
        known.add(hash_ := sha256(entry.value or b"").hexdigest())
        if said.get("prev") != last:
            voids += 1
            if said.get("prev") not in known:
                broken.append(f"{index} continues no record of this log")
            continue
        if said.keys() != FIELDS:
            return valid, voids, [*broken, f"{index} is no record: {sorted(said.keys() ^ FIELDS)}"]
        if said["seq"] != len(valid) + 1:
            broken.append(f"{index}: seq {said['seq']}, {len(valid) + 1} was next")
        last = hash_
        valid.append(Valid(index, entry.timestamp, said, hash_))
    return valid, voids, broken


def settled(lying: Lying, history: list[Sent], rules: Rules, mark: dict[Place, int]) -> bool:
    """Whether all up to the mark is decided, each letter named before it taken, each number of the history a case."""
    return not [f for f in Checker(lying, history, rules, mark).check() if " lost: " in f.text]


def _parsed(entry: Entry) -> dict[str, Any]:
    try:
        said = json.loads(entry.value or b"")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
