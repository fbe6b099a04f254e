"""Recorded logs fold the same for ever, and today's rules show which of the decisions they would make otherwise."""

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from dispatchers.city import City
from dispatchers.record import RULES, decode_record, digest, state_hash
from dispatchers.rows import CityPack
from dispatchers.state import Desk
from dispatchers.writer import DESK, INTAKE, Writer
from tests.replay.record import Header, Step, standing

RECORDINGS = sorted(Path(__file__).parent.glob("*.jsonl.gz"))


# Rules whose city packs and orders had another shape: inputs come in today's words, only logs are for ever.
READ_AS_LOGS = {"2026.11.1"}


class Stored(Step):
    """A step whose message is not read."""

    message: msgspec.Raw  # type: ignore[assignment]


class Recording(NamedTuple):
    """A day that was decided once."""

    header: Header
    city: City | None  # None: today's code reads neither its pack nor its messages, only its log
    steps: list[Step]


def load(path: Path) -> Recording:
    header, pack, *steps = gzip.decompress(path.read_bytes()).splitlines()
    head = msgspec.json.decode(header, type=Header)
    if head.rules in READ_AS_LOGS:
        return Recording(head, None, [msgspec.json.decode(step, type=Stored) for step in steps])
    city = City(msgspec.json.decode(pack, type=CityPack), head.city)
    return Recording(head, city, [msgspec.json.decode(step, type=Step) for step in steps])


@pytest.fixture(scope="module", params=RECORDINGS, ids=lambda path: path.name.removesuffix(".jsonl.gz"))
def recording(request: pytest.FixtureRequest) -> Recording:
    path: Path = request.param
    return load(path)


def writers(steps: list[Step]) -> dict[str, Writer]:
    return {name: Writer(name, INTAKE if "/" in name else DESK) for name in {s.writer for s in steps}}


def differences(recording: Recording) -> Iterator[str]:
    """Decisions that today's rules make otherwise, each in the state that the recorded log had come to."""
    assert recording.city
    known = writers(recording.steps)
    for step in recording.steps:
        writer = known[step.writer]
        decided = writer.decide(step.message, step.offset, step.at, recording.city)
        now, then = decided.record.events if decided else [], []
        if step.record:
            writer.posted(decode_record(step.record.encode()).posted_through)
            record = writer.fold(writer.head.offset + 1, step.record.encode())
            assert record, "a recorded log is a valid chain"
            then = record.events
        if now != then:
            words = [[type(event).__name__ for event in events] for events in (then, now)]
            yield f"{step.writer} {step.offset}: {words[0]} -> {words[1]}"


def test_there_is_a_recording_of_todays_rules() -> None:
    """A new version of the rules is recorded the day it is made."""
    assert RULES in {load(path).header.rules for path in RECORDINGS}


def test_an_old_log_folds_to_the_same_state(recording: Recording) -> None:
    """Every writer's records, folded by today's evolve, give the state they gave then."""
    known = writers(recording.steps)
    for step in recording.steps:
        if step.record:
            writer = known[step.writer]
            assert writer.fold(writer.head.offset + 1, step.record.encode()) is not None
    assert recording.header.cases == {n: standing(w.state) for n, w in known.items() if isinstance(w.state, Desk)}
    if recording.header.rules == RULES:  # the shape of a state changes, what it says does not
        assert recording.header.hashes == {n: state_hash(w.state) for n, w in known.items() if w.head.seq}
    for writer in known.values():
        if isinstance(writer.state, Desk):
            assert all(case.next_due or case.parent for case in writer.state.cases.values())


def test_the_same_rules_decide_the_same(recording: Recording) -> None:
    """What was decided by these rules is decided so again; what older rules decided otherwise is shown."""
    if recording.city is None:  # read as a log: there is nothing to decide by
        assert recording.header.rules in READ_AS_LOGS - {RULES}
        return
    found = list(differences(recording))
    print(f"{len(found)} of {len(recording.steps)} decisions of {recording.header.rules} differ", *found, sep="\n  ")
    assert recording.header.rules != RULES or [] == found


def test_the_same_messages_give_the_same_bytes(recording: Recording) -> None:
    """By the same rules not only the events but the stored bytes are the recorded ones, hash by hash."""
    if recording.header.rules == RULES:
        assert [step.record for step in recording.steps] == list(decided_again(recording))


def decided_again(recording: Recording) -> Iterator[str]:
    """The records of all messages, decided by today's rules from the beginning."""
    assert recording.city
    known = writers(recording.steps)
    for step in recording.steps:
        writer = known[step.writer]
        decided = writer.decide(step.message, step.offset, step.at, recording.city)
        if decided:
            writer.apply(writer.head.offset + 1, decided)
            writer.posted(writer.head.offset)
        yield decided.raw.decode() if decided else ""


@pytest.mark.parametrize("seed", ["1", "2"])
def test_no_decision_hangs_on_the_hash_of_a_text(seed: str) -> None:
    """Another process, in which sets and hashes come in another order, decides the same bytes."""
    program = (
        "from tests.replay.test_replay import RECORDINGS, decided_again, digest, load\n"
        "print(digest('\\n'.join(decided_again(load(RECORDINGS[-1]))).encode()))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": seed}, cwd=Path(__file__).parents[2], capture_output=True, text=True,
        check=True,
    ).stdout.strip()  # fmt: skip
    assert digest("\n".join(decided_again(load(RECORDINGS[-1]))).encode()) == told


def test_the_recording_has_something_to_say(recording: Recording) -> None:
    """All kinds of a day are in it: offers, leases that ran out, returns, work orders, checks, closes, letters."""
    said = {
        type(event).__name__ for s in recording.steps if s.record for event in decode_record(s.record.encode()).events
    }
    assert {
        "ComplaintAccepted", "CaseRegistered", "AssignmentOffered", "OfferReceived", "AssignmentAccepted",
        "LeaseExpired", "AssignmentReturned", "SquadArrived", "CaseDisposed", "CaseChecked", "CaseClosed",
        "WorkOrderIssued", "CaseNeedsOperator", "LetterSent", "LetterReceived",
    } <= said  # fmt: skip
