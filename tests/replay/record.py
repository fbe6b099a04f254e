"""Records a day of Jiaxing for the replay tests: messages in, log records out, and the city that decided.

    .venv/bin/python -m tests.replay.record

Run it when RULES of dispatchers/record.py has a new version, and keep the old recordings: old logs fold the same for
ever. A recording is a gzip of JSON lines: a `Header`, the city pack without its outlines, then a `Step` each.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec

from dispatchers import messages as m
from dispatchers.city import City
from dispatchers.clock import HOUR
from dispatchers.memory import Log, Memory, Stored
from dispatchers.record import RULES, state_hash
from dispatchers.state import Desk
from dispatchers.writer import DESK, INTAKE, Writer
from streams import city_files
from streams.decide import Decide
from streams.people.behaviour import Behaviour
from streams.people.rehearsal import Filing, rehearse
from streams.people.times import Closing
from tests.support import at

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
COMPLAINTS = 150
HOURS = 14


class Header(msgspec.Struct):
    """What was recorded, and what must come of it."""

    rules: str
    city: str
    hashes: dict[str, str]  # writer -> hash of its state at the end
    cases: dict[str, dict[str, str]]  # desk -> case -> what stands of it, in words that outlive the state's shape


def standing(desk: Desk) -> dict[str, str]:
    """What stands of every case that a desk has or had."""
    open_cases = {
        c.id: f"{c.status} {c.version} {c.territory} {c.item} {'' if c.status == 'checked' else c.owner} {c.due_at}"
        for c in desk.cases.values()
    }
    return open_cases | {case_id: f"gone {gone.version} {gone.to_desk}" for case_id, gone in desk.gone.items()}


class Step(msgspec.Struct):
    """One message of one writer, and its record ("" where law 1 allows none)."""

    writer: str
    offset: int  # in the inbox
    at: int
    message: m.Filed | m.Misplaced | m.ForgetReporter | m.DeskMessage
    record: str


class RecordingLog(Log):
    """A writer whose messages are kept."""

    steps: list[Step]

    def decide(self, message: Any, at: int, city: City) -> tuple[Stored | None, list[m.Letter]]:
        offset = self.inbox
        stored, sent = super().decide(message, at, city)
        record = stored.raw.decode() if stored else ""
        self.steps.append(Step(self.writer.head.writer, offset, at, message, record))
        return stored, sent


def recorded(memory: Memory) -> list[Step]:
    """Put writers that keep their messages into a city; returns where they keep them."""
    steps: list[Step] = []
    memory.desks = {d: RecordingLog("desk-log", log.partition, Writer(d, DESK)) for d, log in memory.desks.items()}
    for topic, name in (("complaints", "complaint-receipts"), ("city-events", "event-receipts")):
        for n in range(32):
            memory.intakes[topic, n] = RecordingLog(name, n, Writer(f"{topic}/{n}", INTAKE))
    for log in (*memory.desks.values(), *memory.intakes.values()):
        assert isinstance(log, RecordingLog)
        log.steps = steps
    return steps


def main() -> None:
    """Write tests/replay/<RULES>.jsonl.gz."""
    pack = city_files.load(ROOT / "deploy/jiaxing")
    decide = Decide(pack)
    city = decide.memory.city
    steps = recorded(decide.memory)
    lines = (ROOT / "tests/data/demo_500.jsonl").read_text().splitlines()[:COMPLAINTS]
    filings = []
    for told in map(json.loads, lines):
        topic, when = told.pop("topic"), at(told["received_at"][:19])
        filings.append(Filing(when, topic, *decide.message(topic, json.dumps(told).encode(), when)))
    people = Behaviour("replay", city, Closing.read(ROOT / "deploy/jiaxing/demo/closing.json"))
    for _ in rehearse(decide.memory, people, filings, filings[0].at + HOURS * HOUR):
        continue
    logs = [*decide.memory.desks.values(), *decide.memory.intakes.values()]
    hashes = {log.writer.head.writer: state_hash(log.writer.state) for log in logs if log.records}
    cases = {desk: standing(log.writer.state) for desk, log in decide.memory.desks.items() if log.records}
    head = Header(RULES, city.version, hashes, cases)
    bare = msgspec.structs.replace(pack, polygons={})
    with gzip.GzipFile(HERE / f"{RULES}.jsonl.gz", "wb", mtime=0) as out:
        out.write(b"\n".join(msgspec.json.encode(x) for x in (head, bare, *steps)) + b"\n")


if __name__ == "__main__":
    main()
