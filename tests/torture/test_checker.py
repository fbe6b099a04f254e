"""The checker's own tests: a small run in which all promises hold, and each promise broken once."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from dispatchers.messages import WakeUp
from dispatchers.record import letters
from dispatchers.writer import Writer
from streams.scan import partition_of
from tests.support_kafka import Entry, Lying, Place, Run

from . import whiteboard
from .checker import LOGS, Checker, Rules, Sent, chain
from .history import Book, Operation, read, sent, unlike_history
from .load import rules_of
from .serial import Serial, unlike_serial
from .whiteboard import Device, Shown, unlike_fold, unlike_log

LEASE_MS = 16 * 60_000  # longer than the longest lease
ARRIVAL_MS = 26 * 3_600_000  # longer than anybody may be on the way
Logs = dict[Place, list[dict[str, Any]]]


class World:
    """A run without a broker: what is put into an inbox is decided at once, and its letters are posted."""

    def __init__(self, run: Run) -> None:
        self.serial = Serial(run)
        self.rules = Rules(rules_of(run).desks, rules_of(run).caps, lambda wall: wall)
        self.lying: Lying = {}
        self.operations: list[Operation] = []
        self.now = run.start
        self.events: list[dict[str, Any]] = []
        self._writers: dict[Place, Writer] = {}
        self._partition = {desk: p for p, desk in self.rules.desks.items()}

    @property
    def history(self) -> list[Sent]:
        return sent(self.operations)

    def say(self, topic: str, partition: int, value: bytes, message: str, poison: str = "") -> int:
        """Put it as a client that writes down what it does."""
        begun, sha = self.now, sha256(value).hexdigest()
        offset = self.put(topic, partition, value)
        place = (self.now, "acknowledged", partition, offset, poison)
        self.operations.append(Operation("W", message, topic, sha, begun, *place))
        return offset

    def put(self, topic: str, partition: int, value: bytes) -> int:
        """Append a message; everything it leads to happens before this returns. Gives its offset."""
        self.now += 10
        entries = self.lying.setdefault((topic, partition), [])
        entry = Entry(len(entries), self.now, None, value)
        entries.append(entry)
        log = self.lying.setdefault((LOGS[topic], partition), [])
        writer = self._writers.setdefault((topic, partition), self.serial.writer(topic, partition))
        message = self.serial.message(topic, partition, entry, self.now, writer.state)
        decided = writer.decide(message, entry.offset, self.now, self.serial.city)
        if decided:
            writer.apply(len(log), decided)
            log.append(Entry(len(log), self.now + 1, None, decided.raw))
            self.events += json.loads(decided.raw)["events"]
            for letter in letters(decided.record):
                self.put("desk-inbox", self._partition[letter.receiver], msgspec.json.encode(letter))
            writer.posted(len(log) - 1)
        return entry.offset

    def complain(self, number: str, **changed: Any) -> None:
        body = {
            "source": "12345",
            "source_id": number,
            "kind": "complaint",
            "received_at": "2026-07-13T08:00:00+08:00",
            "title": "占道经营",
            "category": {"scheme": "item", "code": "exposed_waste"},
            "location": {"datum": "wgs84", "lon": 120.75, "lat": 30.7522},
            **changed,
        }
        partition = partition_of("complaints", f"12345/{number}".encode())
        self.say("complaints", partition, json.dumps(body).encode(), f"12345/{number}")

    def order(self, desk: str, kind: str, name: str, **rest: Any) -> None:
        offered = next(e for e in reversed(self.events) if e["type"] == "AssignmentOffered")
        squad = {"id": offered["officers"][0], "role": "squad", "squad": offered["squad"]}
        body = {"type": kind, "message_id": name, "actor": squad, "case_id": offered["case_id"], **rest}
        if kind in ("AcceptAssignment", "ReportArrival", "ReportDisposal"):
            body["assignment_id"] = offered["assignment_id"]
        self.say("desk-inbox", self._partition[desk], json.dumps(body).encode(), name)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Four cases: one to which nobody comes, one closed, one handed over, one whose lease runs out; and what nobody can
    read."""
    world = World(Run("", tmp_path_factory.mktemp("world")))
    desk, other = "nanhu", "haiyan"
    operator = {"id": "o", "role": "operator"}
    world.complain("0", location={"datum": "wgs84", "lon": 120.76, "lat": 30.7622})
    world.order(desk, "AcceptAssignment", "m0")
    world.complain("1")
    world.order(desk, "AcceptAssignment", "m1")
    world.order(desk, "AcceptAssignment", "m1")
    world.order(desk, "ReportArrival", "m2")
    world.order(desk, "ReportDisposal", "m3", result="corrected")
    world.order(desk, "CheckCase", "m4", passed=True, actor={"id": "c", "role": "checker"})
    world.order(desk, "CloseCase", "m5", actor=operator)
    world.complain("2")
    world.order(desk, "HandOverCase", "m6", to_desk=other, reason="yours", actor={"id": "b", "role": "coordination"})
    world.order(desk, "EscalateCase", "m7", reason="after it", actor=operator)
    world.complain("3")
    world.complain("3")
    world.complain("3", title="占道经营，又来了")
    letter = next(e for e in world.lying["desk-inbox", 0] if b'"Letter"' in (e.value or b""))
    world.put("desk-inbox", 0, letter.value or b"")
    world.now += LEASE_MS
    world.put("desk-inbox", 0, msgspec.json.encode(WakeUp(due=1)))
    world.put("desk-inbox", 5, msgspec.json.encode(WakeUp(due=1)))
    world.now += ARRIVAL_MS
    world.put("desk-inbox", 0, letter.value or b"")  # this time it keeps the position
    world.put("desk-inbox", 0, msgspec.json.encode(WakeUp(due=1)))
    offset = world.say("desk-inbox", 5, b"not json", "bad json", "bad json")
    kept = json.dumps({"id": f"desk-inbox/5/{offset}"}).encode()
    world.lying["dead-letters", 0] = [Entry(0, world.now, None, kept)]
    return world


def look(world: World, lying: Lying, history: list[Sent] | None = None) -> set[str]:
    """The promises that are broken."""
    checker = Checker(lying, world.history if history is None else history, world.rules)
    faults = checker.check() + unlike_serial(checker, world.serial) + unlike_history(checker, world.operations)
    return {f.promise for f in faults}


def edited(world: World, edit: Callable[[Logs], None]) -> Lying:
    """The run with its records edited, and chained anew: a writer that was wrong, not a forger."""
    logs = {p: [json.loads(e.value or b"") for e in es] for p, es in world.lying.items() if p[0] in LOGS.values()}
    edit(logs)
    lying = copy.copy(world.lying)
    for place, records in logs.items():
        last, entries = "0" * 64, []
        for seq, record in enumerate(records, 1):
            appended = record.pop("appended", record["at"] + 1)
            raw = json.dumps({**record, "prev": last, "seq": seq}).encode()
            last = sha256(raw).hexdigest()
            entries.append(Entry(seq - 1, appended, None, raw))
        lying[place] = entries
    return lying


NANHU = ("desk-log", 0)
HAIYAN = ("desk-log", 3)


def of(logs: Logs, kind: str, place: Place = NANHU) -> tuple[int, dict[str, Any]]:
    """(index of the record, event) of the first such event of a log."""
    return next((i, e) for i, r in enumerate(logs[place]) for e in r["events"] if e["type"] == kind)


def _lost(logs: Logs) -> None:
    del logs[NANHU][of(logs, "SquadArrived")[0]]


def _kept(logs: Logs) -> int:
    return next(i for i, r in enumerate(logs[NANHU]) if not r["events"])


def _position_not_kept(logs: Logs) -> None:
    del logs[NANHU][_kept(logs)]


def _kept_too_soon(logs: Logs) -> None:
    log = logs[NANHU]
    index = next(i for i, r in enumerate(log) if r["inbox_offset"] > i)  # before it a repeated letter has no record
    log.insert(index, {**copy.deepcopy(log[index]), "inbox_offset": index, "events": []})


def _kept_by_an_order(logs: Logs) -> None:
    logs[NANHU][of(logs, "OrderRepeated")[0]]["events"] = []


def _doubled(logs: Logs) -> None:
    index = of(logs, "SquadArrived")[0]
    logs[NANHU].insert(index, copy.deepcopy(logs[NANHU][index]))


def _swapped(logs: Logs) -> None:
    index = of(logs, "SquadArrived")[0]
    log = logs[NANHU]
    log[index], log[index + 1] = log[index + 1], log[index]


def _early_clock(logs: Logs) -> None:
    logs[NANHU][3]["at"] -= 1


def _letter_skipped(logs: Logs) -> None:
    of(logs, "LetterReceived")[1]["number"] = 2


def _letter_unsent(logs: Logs) -> None:
    index, event = of(logs, "LetterSent")
    logs[NANHU][index]["events"].remove(event)


def _letter_changed(logs: Logs) -> None:
    of(logs, "LetterSent")[1]["body"]["reason"] = "another"


def _posted_too_soon(logs: Logs) -> None:
    index = of(logs, "LetterSent")[0]
    logs[NANHU][index]["posted_through"] = index
    logs[NANHU][index]["appended"] = 1


def _gap(logs: Logs) -> None:
    logs[HAIYAN][0]["events"].append({"type": "LetterGap", "sender": "nanhu", "number": 9, "expected": 2})


def _another_case(logs: Logs) -> None:
    for place, log in logs.items():
        if place[0] == "complaint-receipts":
            for record in log:
                for event in record["events"]:
                    if event["type"] == "ComplaintUpdated":
                        event["type"] = "ComplaintAccepted"


def _version_twice(logs: Logs) -> None:
    of(logs, "CaseDisposed")[1]["case_version"] -= 1


def _two_holders(logs: Logs) -> None:
    event = of(logs, "CaseTaken", HAIYAN)[1]
    event["type"] = "CaseUpdated"


def _taken_before_given(logs: Logs) -> None:
    logs[HAIYAN][of(logs, "CaseTaken", HAIYAN)[0]]["appended"] = 1


def _above_cap(logs: Logs) -> None:
    of(logs, "CaseRegistered")[1]["weight"] = 1000


def _lease_early(logs: Logs) -> None:
    last = [e for r in logs[NANHU] for e in r["events"] if e["type"] == "AssignmentOffered" and e["attempt"] == 1][-1]
    last["due_at"] += LEASE_MS


def _lease_twice(logs: Logs) -> None:
    index, event = of(logs, "LeaseExpired" if "LeaseExpired" in str(logs[NANHU]) else "LeaseExtended")
    logs[NANHU][index]["events"].append(dict(event))


def _lease_left(logs: Logs) -> None:
    index, event = of(logs, "LeaseExpired" if "LeaseExpired" in str(logs[NANHU]) else "LeaseExtended")
    for record in logs[NANHU][index:]:  # nor does anything else become of the case
        record["events"] = [e for e in record["events"] if e.get("case_id") != event["case_id"]]


def _missed_early(logs: Logs) -> None:
    index, event = of(logs, "DeadlineMissed")
    logs[NANHU][index]["at"] = event["due_at"] - 1


def _missed_twice(logs: Logs) -> None:
    index, event = of(logs, "DeadlineMissed")
    logs[NANHU][index]["events"].append({**event, "case_version": event["case_version"] + 1})


def _missed_another(logs: Logs) -> None:
    of(logs, "DeadlineMissed")[1]["due_at"] -= 60_000


def _order_twice(logs: Logs) -> None:
    event = of(logs, "OrderRepeated")[1]
    event.update(type="MessageSeen", forget_after=0)


def _decided_otherwise(logs: Logs) -> None:
    of(logs, "CaseDisposed")[1]["note"] = "something else"


BREAKS = [
    ("decided", _lost),
    ("decided", _doubled),
    ("decided", _swapped),
    ("decided", _position_not_kept),
    ("decided", _kept_too_soon),
    ("decided", _kept_by_an_order),
    ("time", _early_clock),
    ("letters", _letter_skipped),
    ("letters", _letter_unsent),
    ("letters", _letter_changed),
    ("letters", _posted_too_soon),
    ("letters", _gap),
    ("one case", _another_case),
    ("version", _version_twice),
    ("holder", _two_holders),
    ("holder", _taken_before_given),
    ("cap", _above_cap),
    ("lease", _lease_early),
    ("lease", _lease_twice),
    ("lease", _lease_left),
    ("deadline", _missed_early),
    ("deadline", _missed_twice),
    ("deadline", _missed_another),
    ("order", _order_twice),
    ("fold", _decided_otherwise),
]


def test_a_run_that_kept_every_promise_is_clean(world: World) -> None:
    """In an honest run nothing is found."""
    assert set() == look(world, world.lying)


@pytest.mark.parametrize(("promise", "edit"), BREAKS, ids=[edit.__name__.strip("_") for _, edit in BREAKS])
def test_a_broken_promise_is_caught(world: World, promise: str, edit: Callable[[Logs], None]) -> None:
    """A record that breaks a promise is found under that promise's name."""
    assert promise in look(world, edited(world, edit))


def test_an_acknowledged_message_that_is_gone_is_caught(world: World) -> None:
    """What was acknowledged and is not there is found."""
    assert "acknowledged" in look(world, world.lying, [*world.history, Sent("desk-inbox", 0, 10_000, "m99")])


def test_a_complaint_without_a_case_is_caught(world: World) -> None:
    """An acknowledged complaint that no receipt book knows is found."""
    sent = world.history[0]
    assert "one case" in look(world, world.lying, [*world.history, sent._replace(id="12345/99")])


def test_a_dead_letter_that_was_not_kept_is_caught(world: World) -> None:
    """Poison whose bytes are nowhere is found."""
    assert "dead letter" in look(world, {**world.lying, ("dead-letters", 0): []})


def test_a_zombies_record_is_void_and_harmless(world: World) -> None:
    """A record that continues an older one is counted, and nothing else."""
    log = world.lying[NANHU]
    late = json.dumps({**json.loads(log[4].value or b""), "at": 1}).encode()
    entries = [*log[:8], log[7]._replace(value=late), *log[8:]]
    lying = {**world.lying, NANHU: [e._replace(offset=i) for i, e in enumerate(entries)]}
    checker = Checker(lying, [], world.rules)
    checker.check()
    assert 1 == checker.voids
    assert len(log) == len(checker.logs[NANHU])


def test_a_record_of_no_chain_is_caught(world: World) -> None:
    """A record whose `prev` nobody wrote is found: not even a zombie writes that."""
    log = world.lying[NANHU]
    alien = json.dumps({**json.loads(log[4].value or b""), "prev": "f" * 64}).encode()
    lying = {**world.lying, NANHU: [*log, Entry(len(log), 0, None, alien)]}
    assert "chain" in look(world, lying)


def test_a_record_with_another_number_is_caught(world: World) -> None:
    """A record whose `seq` is not the next one is found, though it continues the chain."""
    log = world.lying[NANHU]
    raw = json.dumps({**json.loads(log[-1].value or b""), "seq": 4711}).encode()
    assert "chain" in look(world, {**world.lying, NANHU: [*log[:-1], log[-1]._replace(value=raw)]})


def test_a_hole_in_the_log_is_caught(world: World) -> None:
    """A log with a missing offset is found."""
    log = world.lying[NANHU]
    assert "chain" in look(world, {**world.lying, NANHU: [*log[:3], *log[4:]]})


def test_a_byte_changed_anywhere_is_found(world: World) -> None:
    """Whichever byte of a log is changed: the chain breaks, or at the last record it is not the one that was shown."""
    dice = random.Random(8)
    for (topic, partition), entries in world.lying.items():
        heads = [valid.hash for valid in chain(entries)[0]] if topic in LOGS.values() else []
        for index in range(len(heads)):
            raw = entries[index].value or b""
            for place in (0, len(raw) - 1, *(dice.randrange(len(raw)) for _ in range(40))):
                changed = raw[:place] + bytes([raw[place] ^ dice.randrange(1, 256)]) + raw[place + 1 :]
                valid, _, broken = chain(
                    [*entries[:index], entries[index]._replace(value=changed), *entries[index + 1 :]]
                )
                assert broken or valid[-1].hash != heads[-1], f"{topic}/{partition} {index}: byte {place}"
                assert broken or index == len(heads) - 1, f"{topic}/{partition} {index}: byte {place}"


# -- what the clients did ----------------------------------------------------------------------------------------------


def operated(world: World, edit: Callable[[list[Operation]], None]) -> set[str]:
    """The promises that are broken when the clients did something else."""
    operations = list(world.operations)
    edit(operations)
    return {f.promise for f in unlike_history(Checker(world.lying, [], world.rules), operations)}


def _other_bytes(operations: list[Operation]) -> None:
    operations[0] = operations[0]._replace(sha="0" * 64)


def _elsewhere(operations: list[Operation]) -> None:
    operations[0] = operations[0]._replace(offset=operations[0].offset + 1)


def _before_it_began(operations: list[Operation]) -> None:
    operations[0] = operations[0]._replace(begun=operations[0].ended + 1, ended=operations[0].ended + 2)


def _refused(operations: list[Operation]) -> None:
    operations[0] = operations[0]._replace(answer="refused")


def _never_sent(operations: list[Operation]) -> None:
    del operations[0]


@pytest.mark.parametrize(
    ("promise", "edit"),
    [
        ("acknowledged", _other_bytes),
        ("acknowledged", _elsewhere),
        ("acknowledged", _before_it_began),
        ("refused", _refused),
        ("sent", _never_sent),
    ],
    ids=["other_bytes", "elsewhere", "before_it_began", "refused", "never_sent"],
)
def test_a_history_of_other_clients_is_caught(
    world: World, promise: str, edit: Callable[[list[Operation]], None]
) -> None:
    """What lies in the inboxes is what the clients sent and were not refused, when they sent it."""
    assert promise in operated(world, edit)


def test_what_had_no_answer_may_lie_there_or_not(world: World) -> None:
    """An operation without an answer promises nothing, whatever became of it."""

    def unanswered(operations: list[Operation]) -> None:
        operations[0] = operations[0]._replace(answer="unknown")
        operations.append(operations[0]._replace(sha="0" * 64))

    assert set() == operated(world, unanswered)


def test_a_history_is_read_as_it_was_written(tmp_path: Any) -> None:
    """A file of operations has each with its begin, its end and its answer, also one that was cut off."""
    book = Book(tmp_path / "history.jsonl", "W")
    one = book.begin("complaints", "12345/1", b"one")
    two = book.begin("complaints", "12345/2", b"two", poison="bad json")
    book.end(one, Sent("complaints", 3, 41, ""))
    book.end(two, OSError("gone"))
    book.begin("complaints", "12345/3", b"three")
    book.close()
    first, second, third = read(book.file)
    assert ("acknowledged", 3, 41, sha256(b"one").hexdigest()) == (
        first.answer,
        first.partition,
        first.offset,
        first.sha,
    )
    assert first.begun <= first.ended
    assert ("unknown", "bad json", "unknown", 0) == (second.answer, second.poison, third.answer, third.ended)
    assert [Sent("complaints", 3, 41, "12345/1")] == sent([first, second, third])


# -- what Redis shows --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shown(world: World) -> Shown:
    """What Redis shows when all is well."""
    return whiteboard.rendered(Checker(world.lying, [], world.rules), world.serial)


def shows(world: World, shown: Shown) -> tuple[set[str], set[str]]:
    """The promises that are broken: by the records' JSON, by the fold."""
    checker = Checker(world.lying, [], world.rules)
    right = whiteboard.rendered(checker, world.serial)
    return {f.promise for f in unlike_log(shown, checker)}, {f.promise for f in unlike_fold(shown, right)}


def test_a_redis_that_shows_the_fold_is_clean(world: World, shown: Shown) -> None:
    """What the fold says, shown, is what both looks expect; there are offers in it and a case."""
    assert (set(), set()) == shows(world, shown)
    assert any(fields["kind"] == "offer" for entries in shown.streams.values() for _, fields in entries)
    assert any(name.endswith(":cases") for name in shown.hashes)


def _position(shown: Shown) -> None:
    offset, hash_ = shown.strings["paidan:{nanhu}:position"].split()
    shown.strings["paidan:{nanhu}:position"] = f"{int(offset) - 1} {hash_}"


def _no_row(shown: Shown) -> None:
    shown.hashes["paidan:{nanhu}:cases"].popitem()


def _old_row(shown: Shown) -> None:
    case, row = next(iter(shown.hashes["paidan:{nanhu}:cases"].items()))
    said = json.loads(row)
    shown.hashes["paidan:{nanhu}:cases"][case] = json.dumps({**said, "version": said["version"] - 1})


def _alien_row(shown: Shown) -> None:
    shown.hashes["paidan:{nanhu}:cases"]["c-nobody"] = "{}"


def _flushed(shown: Shown) -> None:
    for kind in shown:
        kind.clear()


def _offers_of(shown: Shown) -> list[Any]:
    return next(
        entries
        for name, entries in shown.streams.items()
        if "{nanhu}:offers" in name and entries[0][1]["kind"] == "offer"
    )


def _offer_lost(shown: Shown) -> None:
    del _offers_of(shown)[0]


def _offer_moved(shown: Shown) -> None:
    entries = _offers_of(shown)
    entries[0] = ("0-77", entries[0][1])


def _offer_of_another_squad(shown: Shown) -> None:
    entries = _offers_of(shown)
    shown.streams["paidan:{nanhu}:offers:nobody"] = [entries[0]]


def _offer_doubled(shown: Shown) -> None:
    entries = _offers_of(shown)
    entries.insert(0, entries[0])


@pytest.mark.parametrize(
    ("promise", "edit"),
    [
        ("board", _position),
        ("board", _no_row),
        ("board", _old_row),
        ("board", _alien_row),
        ("board", _flushed),
        ("offers", _flushed),
        ("offers", _offer_lost),
        ("offers", _offer_moved),
        ("offers", _offer_of_another_squad),
        ("offers", _offer_doubled),
    ],
)
def test_a_redis_that_shows_something_else_is_caught(
    world: World, shown: Shown, promise: str, edit: Callable[[Shown], None]
) -> None:
    """What Redis shows too much, too little or otherwise is found, by the records alone and by the fold."""
    wrong = copy.deepcopy(shown)
    edit(wrong)
    by_records, by_fold = shows(world, wrong)
    assert promise in by_records
    assert promise in by_fold


def test_a_repeat_that_says_something_else_is_caught(world: World, shown: Shown) -> None:
    """A device that is told the same id twice is told the same, and nothing that no record says."""
    checker = Checker(world.lying, [], world.rules)
    device = Device("redis://nowhere")
    for _ in range(2):
        for name, entries in shown.streams.items():
            for entry, fields in entries:
                device.take(name, entry, fields)
    assert [] == device.unlike(checker)
    name, (entry, fields) = next((n, e[0]) for n, e in shown.streams.items() if e)
    device.take(name, entry, {**fields, "title": "another"})
    assert ["offers"] == [f.promise for f in device.unlike(checker)]
