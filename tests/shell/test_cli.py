"""`paidan` on the command line: clear words, few imports."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import jsonschema
import pytest

SMALL = Path(__file__).parents[1] / "city/small"


def paidan(*words: str, out: int | IO[str] = subprocess.PIPE, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streams.cli", *words]
    ours = {k: v for k, v in os.environ.items() if not k.startswith("PAIDAN_")}
    return subprocess.run(
        command, env=ours | env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True, check=False
    )


WRONG = [
    (["nonsense"], {}, "nonsense"),
    (["run", "--speed", "fast"], {}, "fast"),
    (["run", "--speed", "0"], {}, "above 0"),
    (["run"], {"PAIDAN_REDIS": "localhost"}, "PAIDAN_REDIS"),
    (["desk"], {}, "PAIDAN_KAFKA is not set"),
    (["desk", "--succeed", "1"], {}, "the id of a worker's process"),
    (["tell", "--succeed", "-7"], {}, "the id of a worker's process"),
    (["simulate"], {"PAIDAN_KAFA": "127.0.0.1:9092"}, "PAIDAN_KAFA: there is no such setting"),
    (["feed"], {"PAIDAN_KAFKA": "127.0.0.1:1"}, "FILE"),
    (["feed", "nowhere.jsonl"], {"PAIDAN_KAFKA": "127.0.0.1:1"}, "no such file"),
    (["topics", "check"], {}, "PAIDAN_KAFKA is not set"),
    (["decide", "--until", "soon"], {}, "no time"),
    (["decide", "--city", "tests"], {}, "paidan city check tests"),
    (["replay", "nowhere.jsonl"], {}, "no such file"),
    (["city", "adopt", "v1"], {}, "PAIDAN_KAFKA is not set"),
]


@pytest.mark.parametrize(("words", "env", "said"), WRONG, ids=[" ".join(w) + "".join(e) for w, e, _ in WRONG])
def test_a_fault_of_a_person_is_one_line(words: list[str], env: dict[str, str], said: str) -> None:
    """One line on stderr that names the fault, nothing on stdout, exit code 2."""
    done = paidan(*words, **env)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert done.stderr.startswith("paidan: ")
    assert said in done.stderr


def test_a_broker_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """No traceback for a wrong address."""
    file = tmp_path / "none.jsonl"
    file.touch()
    done = paidan("feed", str(file), PAIDAN_KAFKA="127.0.0.1:1")
    assert done.returncode == 2
    assert "paidan: no Kafka answers" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_said_so() -> None:
    """No traceback: nothing is wrong with the program, and a restarter goes on trying."""
    with Path("/dev/full").open("w") as full:
        done = paidan("schema", out=full)
    assert (done.returncode, done.stderr.count("\n")) == (74, 1), done.stderr
    assert done.stderr.startswith("paidan: there is no room left on the disk")


def test_the_schema_is_valid_and_has_every_word() -> None:
    """`paidan schema` is a JSON Schema of draft 2020-12 whose references all resolve, with orders, events and forms."""
    document = json.loads(paidan("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(document)
    words = document["$defs"].keys()
    assert words >= {"WireComplaint", "AcceptAssignment", "AdoptCity", "Letter", "CaseRegistered", "Record"}
    named = set(_references(document))
    assert named
    assert {ref.removeprefix("#/$defs/") for ref in named} <= words


def test_the_schema_takes_what_the_readers_take() -> None:
    """A complaint and an order pass their schema; without a datum's word, or a type, they do not."""
    document = json.loads(paidan("schema").stdout)

    def valid(name: str, message: object) -> bool:
        return jsonschema.Draft202012Validator({**document, "$ref": f"#/$defs/{name}"}).is_valid(message)

    complaint = {"source": "web", "source_id": "1", "kind": "report", "received_at": "2026-07-13T08:00:00+08:00"}
    assert valid("Complaint", complaint)
    assert not valid("Complaint", {**complaint, "kind": "miracle"})
    actor = {"id": "a", "role": "squad"}
    order = {"type": "ReceiveOffer", "message_id": "1", "actor": actor, "case_id": "c", "assignment_id": "c/1"}
    assert valid("DeskMessage", order)
    assert not valid("DeskMessage", {**order, "type": "Nonsense"})


def test_every_word_has_help() -> None:
    """`paidan --help` names every word of the issue; each has a help of its own."""
    told = paidan("--help").stdout
    for word in ("run", "desk", "tell", "targets", "simulate", "feed", "decide", "replay", "schema", "topics", "city"):
        assert word in told
    assert paidan("dead-letters", "redrive", "--help").returncode == 0


def test_city_check_passes_the_small_city() -> None:
    """The tests' own city has no faults; a folder that is no city has exit code 1."""
    assert paidan("city", "check", str(SMALL), "--year", "2026").returncode == 0
    assert paidan("city", "check", "tests").returncode == 1


def test_topics_table_needs_no_broker() -> None:
    """The README's table comes from topics.yaml alone."""
    assert "| `desk-inbox` |" in paidan("topics", "table").stdout


def test_the_entry_point_imports_nothing_heavy() -> None:
    """A worker's start does not pay for what other words need."""
    told = [sys.executable, "-c", "import sys, streams.cli; print(*sys.modules)"]
    loaded = subprocess.run(told, capture_output=True, text=True, check=True).stdout
    assert not set(loaded.split()) & {"faust", "aiokafka", "kafka", "shapely", "numpy", "pydantic", "streams.run"}


def _references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [r for value in part.values() for r in _references(value)]
    return [r for value in part for r in _references(value)] if isinstance(part, list) else []
