"""Shapes of a load: a storm over HTTP, a pile that is typed in, a crew's day, whole lives by a profile of arrivals.

What is sent is written down as in every run (history.py), so that the same checker looks at it afterwards. Over HTTP an
answer 2xx is an acknowledgement with its place, 429 is a refusal; who is refused obeys Retry-After and sends the same
bytes again.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
from aiokafka.errors import MessageSizeTooLargeError

from tests.support_gateway import Caller
from tests.support_kafka import CITY, Run

from .checker import LOGS, Checker, Fault
from .driver import decided
from .history import unlike_history
from .load import Load
from .measure import Row, counted, waits
from .serial import Serial, unlike_serial

LINES = CITY / "demo" / "complaints.jsonl.gz"
A_DAY = 3_260  # complaints and events of Jiaxing: 45,622 lines of 14 days (deploy/jiaxing/demo)
# Lives a second, and for how many seconds each.
PROFILE = ((1, 60), (15, 30), (1, 120), (25, 30), (2, 120), (35, 30), (10, 180), (0, 30))
OFFERS = ("AssignmentOffered", "WorkOrderIssued", "CaseNeedsOperator", "VerificationOrdered")


class RefusedError(MessageSizeTooLargeError):
    """429: it was not taken."""


class Place(NamedTuple):
    """Where the gateway says that it lies."""

    partition: int
    offset: int


# -- what is sent ------------------------------------------------------------------------------------------------------


def storm(count: int, source: str, named: str) -> Iterator[dict[str, Any]]:
    """So many reports of one item, fallen trees, where the demo's reports lie."""
    with gzip.open(LINES, "rt", encoding="utf-8") as file:
        places = [line["location"] for line in map(json.loads, file) if "lon" in line.get("location", {})]
    for number in range(count):
        yield {
            "source": source,
            "source_id": f"{named}-{number}",
            "kind": "complaint",
            "received_at": "2026-07-13T09:59:00+08:00",
            "title": "树木倒伏",
            "description": f"{named} {number}",
            "category": {"scheme": "item", "code": "fallen_tree"},
            "location": places[number * 7 % len(places)],
        }


class Lives(Load):
    """Complaints by a profile, each with the whole of its life: people answer at once, as fast as they are asked."""

    def __init__(self, run: Run, seed: int, profile: tuple[tuple[int, float], ...] = ()) -> None:
        super().__init__(run, 0, seed, 0.0, polite=True)
        self.profile, self.begun = profile, 0
        self.ordered: list[str] = []  # ids of orders that went through a gateway, which writes the bytes itself

    def due(self, passed: float) -> float:
        """How many complaints have come after so many seconds."""
        came = 0.0
        for rate, seconds in self.profile:
            came += rate * min(max(0.0, passed), seconds)
            passed -= seconds
        return came

    async def go(self, seconds: float = 0) -> None:
        """The whole profile; then until people have nothing more to say for some `seconds`."""
        whole, self.begun = sum(step for _, step in self.profile), int(time.time() * 1000)
        async with self._sending() as (send_one, reading):
            begun = quiet = time.monotonic()
            while (now := time.monotonic()) < max(begun + whole, quiet + seconds):
                assert not reading.done(), reading.exception()
                while self._to_say:  # an order comes before the next complaint
                    quiet = now
                    await send_one()
                while self._numbers < int(self.due(now - begun)):
                    await send_one()
                await asyncio.sleep(0.005)


async def post(load: Load, caller: Caller, body: dict[str, Any], topic: str = "complaints") -> int:
    """File one report over HTTP, as often as it takes; how often it was told to wait."""
    raw, refused = msgspec.json.encode(body), 0
    while True:
        op = load.book.begin(topic, f"{body['source']}/{body['source_id']}", raw)
        answer = await caller.ask("POST", f"/api/{topic}", raw, Content_Type="application/json")
        if answer.status == 429:
            load.book.end(op, RefusedError())
            refused += 1
            await asyncio.sleep(int(answer.headers["Retry-After"]))
            continue
        assert answer.status == 201, answer
        load.book.end(op, Place(answer.body["partition"], answer.body["offset"]))
        return refused


# -- what became of it -------------------------------------------------------------------------------------------------


class Came(NamedTuple):
    """What a shape came to."""

    checker: Checker
    broken: list[Fault]
    messages: int

    def row(self, shape: str) -> Row:
        """For the table."""
        return counted(shape, self.broken, self.checker, (), self.messages)


async def looked_at(load: Lives, limit: float = 60.0) -> Came:
    """Wait until all that was sent is decided, and hand everything to the checker."""
    history = load.history
    there, mark = await decided(load.run.kafka, history, load.rules, limit)
    checker = Checker(there, history, load.rules, mark)
    found = checker.check() + unlike_serial(checker, Serial(load.run))
    found += [f for f in unlike_history(checker, load.operations) if not _ordered(f, load.ordered)]
    ids = [said.get("message_id") for (topic, _), all_ in checker.parsed.items() for said in all_ if topic in LOGS]
    found += [Fault("acknowledged", f"order {one} is not there") for one in load.ordered if one not in ids]
    return Came(checker, found, len(history) + len(load.ordered))


def _ordered(fault: Fault, ids: list[str]) -> bool:
    return fault.promise == "sent" and any(one in fault.text for one in ids)


def backlog(spans: list[tuple[int, int]]) -> int:
    """How many lay undecided at once at most, of spans from lying there to being decided."""
    steps = sorted([(lay, 1) for lay, _ in spans] + [(decided, -1) for _, decided in spans])
    high = there = 0
    for _, step in steps:
        there += step
        high = max(high, there)
    return high


def at(values: list[int], share: float) -> float:
    """A percentile in seconds."""
    return sorted(values)[int(share * (len(values) - 1))] / 1000 if values else 0.0


def offered(checker: Checker) -> list[tuple[int, int]]:
    """(complaint appended, the answer to it appended: an offer, an order, a look or the operator's) of every case that
    has one of its own."""
    came = {}
    for (topic, partition), messages in checker.parsed.items():
        if topic in ("complaints", "city-events"):
            for entry, said in zip(checker.lying[topic, partition], messages, strict=True):
                came.setdefault((said.get("source"), said.get("source_id")), entry.timestamp)
    spans = []
    for happened in checker.cases.values():
        first = next((e for _, _, _, e in happened if e["type"] == "CaseRegistered"), None)
        answer = next((appended for _, appended, _, e in happened if e["type"] in OFFERS), 0)
        if first and answer and (lay := came.get((first["source"], first["source_id"]))):
            spans.append((lay, answer))
    return spans


def told(checker: Checker, profile: tuple[tuple[int, float], ...], begun: int) -> Iterator[tuple[str, str]]:
    """Each step of a profile, and what it was like."""
    decisions, offers = list(waits(checker)), offered(checker)
    edges = [begun]
    for _, seconds in profile:
        edges.append(edges[-1] + int(seconds * 1000))
    for step, ((rate, seconds), (start, end)) in enumerate(zip(profile, pairwise(edges), strict=True), 1):
        these = [(lay, decided) for lay, decided in decisions if start <= lay < end]
        took, ways = [d - lay for lay, d in these], [o - lay for lay, o in offers if start <= lay < end]
        text = (
            f"{len(these)} messages, decided p50 {at(took, 0.5):.3f} p99 {at(took, 0.99):.3f} s; "
            f"offer p50 {at(ways, 0.5):.3f} p99 {at(ways, 0.99):.3f} s; backlog {backlog(these)}"
        )
        yield f"step {step}, {rate} lives a second for {seconds:.0f} s", text
    last = max((decided for _, decided in decisions), default=begun)
    yield "then", f"backlog of all {backlog(decisions)}, drained {max(0, last - edges[-2]) / 1000:.1f} s after it"


def drained(checker: Checker) -> float:
    """Records a second over all logs, from the first record to the last."""
    times = [valid.appended for log in checker.logs.values() for valid in log]
    return 1000 * len(times) / max(1, max(times) - min(times))


def out_of_order(checker: Checker) -> list[str]:
    """Offers that went past an earlier turn: of two cases of one territory that waited for room when it came, the one
    that should have been offered later got it. Read from the log alone, by what the events say."""
    wrong = []
    for (topic, _), log in checker.logs.items():
        waiting: dict[str, tuple[str, int, str]] = {}  # case -> territory, its dispatch limit, why
        about: dict[str, tuple[str, int]] = {}
        for valid in log if topic == "desk-log" else ():
            for event in valid.said["events"]:
                case, kind = event.get("case_id", ""), event["type"]
                if kind == "CaseRegistered":
                    about[case] = event["territory"], event["dispatch_due"]
                elif kind == "AssignmentDeferred" and any(c.get("lost") == "cap" for c in event["candidates"]):
                    waiting[case] = (*about[case], "cap")
                elif kind == "AssignmentOffered" and case in waiting:
                    territory, due, _ = waiting.pop(case)
                    wrong += [
                        f"{case} due {due} before {other} due {o}"
                        for other, (t, o, _) in waiting.items()
                        if t == territory and o < due
                    ]
                elif kind not in ("MessageSeen", "OrderRefused") and case in waiting and kind != "CaseJoined":
                    waiting.pop(case)
    return wrong
