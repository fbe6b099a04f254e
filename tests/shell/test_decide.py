"""`paidan decide` and `paidan replay`: a city without a broker, from the command line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from dispatchers.record import decode_record, state_hash
from streams import city_files
from streams.decide import Decide
from tests.support import at

SMALL = Path(__file__).parents[1] / "city/small"
NINE = at("2026-07-13 09:00")


def complaint(number: str, minute: int, **more: Any) -> dict[str, Any]:
    return {
        "topic": "complaints",
        "at": f"2026-07-13T09:{minute:02}:00+08:00",
        "value": {
            "source": "12345",
            "source_id": number,
            "kind": "complaint",
            "received_at": "2026-07-13T08:59:00+08:00",
            "title": "占道摆摊",
            "category": {"scheme": "item", "code": "stall"},
            "location": {"datum": "wgs84", "lon": 120.05, "lat": 30.15, "address": "一街道"},
            "reporter": {"name": "张三", "phone": "13800138000"},
            **more,
        },
    }


def order(kind: str, case_id: str, minute: int, **more: Any) -> dict[str, Any]:
    actor = {"id": "op-1", "role": "operator", "squad": ""}
    value = {"type": kind, "message_id": f"{kind}-{minute}", "actor": actor, "case_id": case_id, **more}
    return {"topic": "desk-inbox", "at": NINE + minute * 60_000, "value": value}


def paidan(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "streams.cli", *words]
    return subprocess.run(command, input=stdin, capture_output=True, check=False)


def lines(*messages: Any) -> bytes:
    return b"".join(m if isinstance(m, bytes) else json.dumps(m).encode() + b"\n" for m in messages)


def decided(stdin: bytes, *words: str) -> list[dict[str, Any]]:
    done = paidan("decide", "--city", str(SMALL), *words, stdin=stdin)
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(line) for line in done.stdout.splitlines()]


def types(records: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for record in records for event in record["events"]]


def test_a_complaint_becomes_an_offer() -> None:
    """One line in; the desk's record with case and offer out."""
    (record,) = decided(lines(complaint("1", 0)))
    assert types([record])[-2:] == ["CaseRegistered", "AssignmentOffered"]
    registered = record["events"][-2]
    assert (registered["source_id"], registered["filed_at"], record["at"]) == ("1", NINE, NINE)


def test_the_same_lines_give_the_same_bytes() -> None:
    """Two processes, the same input, the same output to the byte."""
    told = lines(*(complaint(str(n), n) for n in range(20)), b"no json\n", complaint("3", 30))
    words = ("decide", "--city", str(SMALL), "--log", "all", "--until", "2026-07-14T09:00:00+08:00")
    first, second = paidan(*words, stdin=told), paidan(*words, stdin=told)
    assert first.stdout == second.stdout
    assert len(first.stdout.splitlines()) > 40


def test_it_is_the_city_of_memory() -> None:
    """The command prints exactly the records of `dispatchers.memory`, its desk-log in the order of deciding."""
    told = lines(complaint("1", 0), complaint("2", 5))
    memory = Decide(city_files.load(SMALL))
    inside = [s.raw for s in memory.lines(told.splitlines()) if s.topic == "desk-log"]
    done = paidan("decide", "--city", str(SMALL), stdin=told)
    assert done.stdout.splitlines() == inside
    assert [decode_record(raw).seq for raw in inside] == [1, 2]


def test_until_lets_time_pass() -> None:
    """What falls due fires up to the last `at`; with --until it goes on."""
    assert "LeaseExpired" not in types(decided(lines(complaint("1", 0))))
    assert "LeaseExpired" in types(decided(lines(complaint("1", 0), complaint("2", 40))))
    assert "LeaseExpired" in types(decided(lines(complaint("1", 0)), "--until", "2026-07-13T12:00:00+08:00"))
    assert "LeaseExpired" in types(decided(lines(complaint("1", 0)), "--until", str(NINE + 3 * 3_600_000)))


def test_an_order_finds_the_desk_that_holds_the_case() -> None:
    """An order names its case; which desk has it is looked up, as a gateway does."""
    case_id = decided(lines(complaint("1", 0)))[0]["events"][-1]["case_id"]
    told = decided(lines(complaint("1", 0), order("EscalateCase", case_id, 2, reason="serious")))
    assert told[1]["desk"] == told[0]["desk"]
    assert told[1]["events"][0]["type"] == "CaseEscalated"


def test_a_reopening_finds_the_desk_where_the_case_ended() -> None:
    """Nobody holds a case that was cancelled; who may reopen it is the desk that remembers it."""
    case_id = decided(lines(complaint("1", 0)))[0]["events"][-1]["case_id"]
    chief = {"id": "ch-1", "role": "chief", "squad": ""}
    cancelled = order("CancelCase", case_id, 2, outcome="cancelled", reason="filed by mistake")
    reopened = order("ReopenCase", case_id, 3, cause="fault", reason="it was not")
    for line in (cancelled, reopened):
        line["value"]["actor"] = chief
    told = decided(lines(complaint("1", 0), cancelled, reopened))
    assert [record["desk"] for record in told] == [told[0]["desk"]] * 3
    assert "CaseReopened" in types(told)


def test_an_order_about_nothing_is_refused_by_the_city_desk() -> None:
    """Nobody holds the case: the refusal is a record, not a fault."""
    (record,) = decided(lines(order("EscalateCase", "c-none", 0, reason="x")))
    assert record["desk"] == "ding"
    assert [e["reason"] for e in record["events"] if e["type"] == "OrderRefused"] == ["unknown_case"]


def test_what_cannot_be_read_is_a_refusal() -> None:
    """Bad lines, bad messages, bad orders: a record with a reason each, and the next message is decided."""
    bad = [
        b"no json at all\n",
        {"at": NINE, "value": {}},
        {"topic": "elsewhere", "at": NINE, "value": {}},
        {"topic": "complaints", "at": "2026-07-13T09:00:00", "value": {}},
        {"topic": "complaints", "at": NINE, "value": "no json inside"},
        complaint("9", 0, kind="miracle"),
        {"topic": "desk-inbox", "at": NINE, "value": {"type": "Nonsense"}},
    ]
    records = decided(lines(*bad, complaint("1", 1)), "--log", "all")
    refusals = ("ComplaintRefused", "MessageUnreadable")
    reasons = [event["reason"] for r in records for event in r["events"] if event["type"] in refusals]
    assert reasons == [
        "bad_json", "missing_member", "unknown_word", "time_without_zone", "bad_json", "unknown_kind", "unknown_type",
    ]  # fmt: skip
    assert types(records)[-1] == "AssignmentOffered"


def test_nothing_of_the_reporter_comes_out() -> None:
    """Neither name nor number stand in any record."""
    done = paidan("decide", "--city", str(SMALL), "--log", "all", stdin=lines(complaint("1", 0)))
    assert b"ComplaintAccepted" in done.stdout
    assert "张三".encode() not in done.stdout
    assert b"13800138000" not in done.stdout


def test_a_repeat_and_an_update_are_the_same_case() -> None:
    """The same number again is told apart by its content, and never makes a second case."""
    told = decided(lines(complaint("1", 0), complaint("1", 1), complaint("1", 2, title="another")), "--log", "all")
    assert types(told).count("CaseRegistered") == 1
    assert types(told).count("ComplaintRepeated") == 1
    assert types(told).count("CaseUpdated") == 1


def test_replay_folds_what_decide_printed(tmp_path: Path) -> None:
    """Every writer's state, folded from the file, has the hash of the state that decided; a void record is counted."""
    told = lines(*(complaint(str(n), n) for n in range(5)))
    decide = Decide(city_files.load(SMALL))
    stored = [s.raw for s in decide.lines(told.splitlines())]
    file = tmp_path / "records.jsonl"
    file.write_bytes(b"\n".join([*stored, stored[0], b"rubbish"]) + b"\n")
    done = paidan("replay", str(file))
    found = {line["writer"]: line for line in map(json.loads, done.stdout.splitlines())}
    jia = decide.memory.desks["jia"].writer
    assert found["jia"]["state"] == state_hash(jia.state)
    assert found["jia"]["records"] == 5
    assert found["?"] == {**found["?"], "records": 0, "void": 1}
    assert sum(line["void"] for line in found.values()) == 2
    assert sum(line["records"] for line in found.values()) == len(stored)
