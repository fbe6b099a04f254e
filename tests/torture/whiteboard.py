"""What Redis shows, against the logs: the board is the fold, and no offer is lost, doubled or told under another id.

`unlike_log` reads the records' JSON alone. `unlike_fold` compares every byte with what the project's own rules render
of its own fold of the same records: as serial.py is to the records.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import NamedTuple

import redis
from redis.asyncio import Redis
from redis.exceptions import RedisError

from streams.notices import notices
from streams.push import KEEP
from streams.reader import Fold, Position, Step
from streams.views import Tally, case_row, desk_row, encode, squad_row, squads_of

from .checker import NOTHING, Checker, Fault, Valid
from .serial import Serial

OFFERS = {"AssignmentOffered": ("offer", "offers", "squad"), "WorkOrderIssued": ("work_order", "orders", "unit")}
GONE = {"CaseClosed", "CaseCancelled", "CaseTransferred", "CaseHandedOver"}
COME = {"CaseRegistered", "CaseTaken", "CaseReopened"}
KINDS = ("cases", "squads", "desk", "position", "pushed", "offers", "orders", "looks")  # of our keys: what tell writes
Entries = list[tuple[str, dict[str, str]]]  # (id, fields) of a stream


class Shown(NamedTuple):
    """Everything of ours that lies in a Redis."""

    strings: dict[str, str]
    hashes: dict[str, dict[str, str]]
    streams: dict[str, Entries]


def read(url: str) -> Shown:
    """Read all of it. Raises RedisError."""
    found = Shown({}, {}, {})
    with redis.Redis.from_url(url, decode_responses=True) as client:
        for name in client.scan_iter("paidan:{*"):
            kind = client.type(name)
            if kind == "string":
                found.strings[name] = client.get(name)
            elif kind == "hash":
                found.hashes[name] = client.hgetall(name)
            elif kind == "stream":
                found.streams[name] = client.xrange(name)
    return found


class Device:
    """A reader of all streams while the run goes on, as the squads' devices are: what it was told, under which id."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.told: dict[tuple[str, str], dict[str, str]] = {}
        self.repeats = 0  # times that a stream began anew and told what it had told
        self.otherwise: list[Fault] = []

    async def listen(self) -> None:
        """Until cancelled; a Redis that is away is asked again."""
        last: dict[str, str] = {}
        task = asyncio.current_task()
        async with Redis.from_url(self._url, decode_responses=True) as client:
            # redis-py takes a cancelled read for a timeout, and tries again: then we are asked to end and not told so.
            while not (task and task.cancelling()):
                await asyncio.sleep(0.1)
                try:
                    for name in [n async for n in client.scan_iter("paidan:{*}:*s:*", 1000)]:
                        await self._hear(client, name, last)
                except (RedisError, OSError):
                    continue

    async def _hear(self, client: Redis, name: str, last: dict[str, str]) -> None:
        newest = (await client.xrevrange(name, count=1) or [("0-0", {})])[0][0]
        if _place(newest) < _place(last.get(name, "0-0")):  # it was lost and begins anew
            last[name] = "0-0"
            self.repeats += 1
        if newest != last.get(name):
            for entry, fields in await client.xrange(name, min=f"({last.get(name, '0-0')}"):
                self.take(name, entry, fields)
                last[name] = entry

    def take(self, stream: str, entry: str, fields: dict[str, str]) -> None:
        """An entry came, perhaps not for the first time."""
        before = self.told.setdefault((stream, entry), fields)
        if before != fields:
            self.otherwise.append(Fault("offers", f"{stream} {entry} told {before}, and then {fields}"))

    def unlike(self, checker: Checker) -> list[Fault]:
        """What it was told twice and otherwise, or what no record says."""
        faults = list(self.otherwise)
        for (stream, entry), fields in self.told.items():
            faults += _entry(checker, stream, entry, fields)
        return faults


def unlike_log(shown: Shown, checker: Checker) -> list[Fault]:
    """Where Redis is not what the records say.

    board    position, open cases and their versions are those of the whole valid log
    offers   each offer and work order of the log is in its stream, under its place as id; none else is
    """
    faults: list[Fault] = []
    for (topic, _), log in checker.logs.items():
        if topic == "desk-log" and log:
            faults += _board(shown, checker, log)
            faults += _offers(shown, log)
    for stream, entries in shown.streams.items():
        for entry, fields in entries:
            faults += _entry(checker, stream, entry, fields)
    return faults


def _board(shown: Shown, checker: Checker, log: list[Valid]) -> Iterator[Fault]:
    desk, last = log[-1].said["desk"], log[-1]
    if desk not in checker.rules.desks.values():
        return
    stands = f"{last.offset} {last.hash}"
    for what in ("position", "pushed"):
        there = shown.strings.get(f"paidan:{{{desk}}}:{what}", "")
        if there != stands:
            yield Fault("board", f"{desk}: {what} is {there!r}, the log ends at {stands!r}")
    versions = open_cases(log)
    rows = {case: json.loads(row) for case, row in shown.hashes.get(f"paidan:{{{desk}}}:cases", {}).items()}
    if versions.keys() != rows.keys():
        yield Fault("board", f"{desk}: shows {len(rows)} cases, {sorted(rows.keys() ^ versions.keys())[:5]} differ")
    for case in versions.keys() & rows.keys():
        if (rows[case]["version"], rows[case]["desk"]) != (versions[case], desk):
            yield Fault("board", f"{desk}: {case} is at version {versions[case]}, not {rows[case]}")
    own = json.loads(shown.strings.get(f"paidan:{{{desk}}}:desk", "{}"))
    if own.get("open") != len(versions):
        yield Fault("board", f"{desk}: {len(versions)} cases are open, it says {own.get('open')}")


def open_cases(log: list[Valid]) -> dict[str, int]:
    """The open cases of a desk and their versions."""
    versions: dict[str, int] = {}
    for valid in log:
        for event in valid.said["events"]:
            kind, case = event["type"], event.get("case_id")
            if "case_version" not in event or kind in NOTHING:
                continue
            if kind in GONE:
                versions.pop(case, None)
            elif case in versions or kind in COME:
                versions[case] = event["case_version"]
    return versions


def _offers(shown: Shown, log: list[Valid]) -> Iterator[Fault]:
    about: dict[str, list[str]] = {}  # case -> squads and officers that it complains of: they are told nothing
    streams = {name: [entry for entry, _ in entries] for name, entries in shown.streams.items()}
    for valid in log:
        for nth, event in enumerate(valid.said["events"]):
            case = event.get("case_id", "")
            if event["type"] in ("CaseRegistered", "CaseClassified"):
                about[case] = event.get("about", [])
            elif event["type"] == "CaseTaken":
                about[case] = event["case"].get("about", [])
            if event["type"] not in OFFERS:
                continue
            _, stream, whom = OFFERS[event["type"]]
            name, entry = f"paidan:{{{valid.said['desk']}}}:{stream}:{event[whom]}", f"{valid.offset}-{nth}"
            there = streams.get(name, [])
            gone = len(there) >= KEEP and _place(entry) < _place(there[0])  # a stream keeps its last ones
            due = event[whom] not in about.get(case, []) and not gone
            if there.count(entry) != due:
                yield Fault("offers", f"{name} has {entry} {there.count(entry)} times: lost: {str(event)[:200]}")


def _entry(checker: Checker, stream: str, entry: str, fields: dict[str, str]) -> Iterator[Fault]:
    """That the log says at this place what the entry tells."""
    desk = stream.split("{")[1].split("}")[0]
    partition = next((p for p, name in checker.rules.desks.items() if name == desk), -1)
    offset, nth = _place(entry)
    said = checker.at("desk-log", partition, offset)
    event = said["events"][nth] if said and nth < len(said["events"]) else {}
    if event.get("case_id") != fields.get("case_id") or str(event.get("case_version")) != fields.get("case_version"):
        yield Fault("offers", f"{stream} {entry} tells {fields}, the log has {str(event)[:200]} there")
        return
    kind, kinds, whom = OFFERS.get(event["type"], ("", "", ""))
    if fields["kind"] not in ("offer", "work_order"):
        return
    right = (kind, f"{kinds}:{event.get(whom)}", event.get("assignment_id"))
    if right != (fields["kind"], stream.split("}:")[1], fields.get("assignment_id")):
        yield Fault("offers", f"{stream} {entry} tells {fields}, the log has {str(event)[:200]} there")


def _place(entry: str) -> tuple[int, int]:
    offset, _, nth = entry.partition("-")
    return int(offset), int(nth)


class _Told:
    """A watcher that keeps the last KEEP notices of each stream."""

    def __init__(self, desk: str) -> None:
        self._desk = desk
        self.streams: dict[str, deque[tuple[str, dict[str, str]]]] = defaultdict(lambda: deque(maxlen=KEEP))

    def see(self, step: Step) -> None:
        for told in notices(step, self._desk):
            self.streams[told.stream].append((told.id, told.fields))

    def passed(self, position: Position) -> None:
        pass


def rendered(checker: Checker, serial: Serial) -> Shown:
    """What Redis must show, byte for byte, by the project's own fold and its own rows."""
    shown, city = Shown({}, {}, {}), serial.city
    for partition, desk in checker.rules.desks.items():
        if not checker.logs.get(("desk-log", partition)):
            continue
        told = _Told(desk)
        fold = Fold(serial.writer("desk-inbox", partition), partition, [told])
        for entry in checker.lying["desk-log", partition]:
            fold.take(entry.offset, entry.value or b"")
        tally, key = Tally(fold.desk), f"paidan:{{{desk}}}:"
        shown.strings[key + "position"] = shown.strings[key + "pushed"] = str(fold.position)
        shown.strings[key + "desk"] = encode(desk_row(fold.desk, tally, city))
        if fold.desk.cases:
            shown.hashes[key + "cases"] = {i: encode(case_row(case, desk)) for i, case in fold.desk.cases.items()}
        shown.hashes[key + "squads"] = {s: encode(squad_row(s, fold.desk, tally, city)) for s in squads_of(desk, city)}
        shown.streams.update({name: list(entries) for name, entries in told.streams.items()})
    return shown


def unlike_fold(shown: Shown, right: Shown) -> list[Fault]:
    """Where Redis is not, byte for byte, what `rendered` gave."""
    faults: list[Fault] = []
    for promise, there, due in zip(("board", "board", "offers"), shown, right, strict=True):
        names = {name for name in there if name.split("}:")[1].split(":")[0] in KINDS} | due.keys()
        wrong = [(name, there.get(name), due.get(name)) for name in sorted(names)]
        faults += [Fault(promise, f"{n}: {str(a)[:300]}, not {str(b)[:300]}") for n, a, b in wrong if a != b]
    return faults
