"""A thousand clients of one gateway, which is killed under them: squads' devices, consoles, a source that files.

They do what the API asks of a client: what has no answer is sent again under the same id, a stream goes on from the
last place it told (Last-Event-ID), and who is told `anew` reads its day or its board. Nothing of the project's own
client is used. What each of them asked, was answered and was told is held against the records in the end (`unlike`).
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from itertools import cycle, islice
from typing import Any, NamedTuple

import aiohttp

from . import views
from .checker import LOGS, Checker, Fault, Sent
from .whiteboard import open_cases

OURS = ("Letter", "WakeUp", "AdoptCity")  # what lies in inboxes and no client sent
PATIENCE_S = 10.0  # for an answer
RETRY_S = (0.2, 1.0)
Place = tuple[int, int]  # offset in the desk's log, index of the event


class Asked(NamedTuple):
    """What was asked until it had an answer."""

    key: str  # message id of an order, number of a report
    kind: str
    status: int  # 0: none yet
    tries: int
    sent: Sent | None = None  # a report that was kept


class Day(NamedTuple):
    """A device was told that it may have missed something, and read its day."""

    after: Place
    through: Place
    cases: frozenset[str]


class Stream(ABC):
    """A client that listens: connects again for ever, from its last place."""

    path = ""

    def __init__(self, crowd: Crowd, headers: dict[str, str]) -> None:
        self.crowd, self.headers = crowd, headers
        self.last = ""
        self.open = False

    @abstractmethod
    async def anew(self) -> None:
        """Read what there is, and from where the stream goes on."""

    @abstractmethod
    def take(self, kind: str, place: str, data: str) -> None:
        """An event came."""

    async def listen(self) -> None:
        """Until cancelled."""
        await self.anew()
        while True:
            try:
                async for kind, place, data in self._events():
                    if kind == "anew":
                        await self.anew()
                        break
                    self.take(kind, place, data)
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass  # the gateway died: that is what happens here
            self.open = False
            await asyncio.sleep(random.uniform(*RETRY_S))

    async def _events(self) -> AsyncIterator[tuple[str, str, str]]:
        limit = aiohttp.ClientTimeout(total=None, sock_connect=PATIENCE_S, sock_read=60)
        headers = self.headers | {"Last-Event-ID": self.last}
        async with self.crowd.http.get(self.path, headers=headers, timeout=limit) as answer:
            self.crowd.opened[answer.status] += 1
            self.open = answer.status == 200
            lines: dict[str, str] = {}
            async for raw in answer.content if answer.status == 200 else _nothing():
                name, _, value = raw.decode().rstrip("\n").partition(": ")
                if name:
                    lines[name] = value
                    continue
                if "event" in lines:
                    yield lines["event"], lines.get("id", ""), lines["data"]
                lines = {}


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


class Device(Stream):
    """A squad's: what it was told, by place."""

    path = "/api/squad/stream"

    def __init__(self, crowd: Crowd, headers: dict[str, str], squad: str, *, acts: bool) -> None:
        super().__init__(crowd, headers)
        self.squad, self.acts = squad, acts
        self.begun: Place | None = None
        self.told: set[Place] = set()
        self.days: list[Day] = []

    async def anew(self) -> None:
        day = await self.crowd.read("/api/squad/day", self.headers)
        through = _place(day["seq"])
        if self.begun is None:
            self.begun = through
        else:
            cases = frozenset(case["row"]["id"] for case in day["cases"])
            self.days.append(Day(_place(self.last), through, cases))
        self.last = day["seq"]

    def take(self, kind: str, place: str, data: str) -> None:
        if kind != "notice":
            return
        self.last = place
        first = self.crowd.told.setdefault((self.squad, _place(place)), data)
        if first != data:
            self.crowd.otherwise.append(Fault("offers", f"{self.squad} {place} told {first}, and then {data}"))
        if self.acts and _place(place) not in self.told and '"kind":"offer"' in data:
            self.crowd.spawn(self.crowd.work(self.headers, json.loads(data)))
        self.told.add(_place(place))


class Console(Stream):
    """A desk's operator: the open cases of the board, kept up by what the stream says."""

    def __init__(self, crowd: Crowd, headers: dict[str, str], desk: str) -> None:
        super().__init__(crowd, headers)
        self.path, self.desk = f"/api/stream?desk={desk}", desk
        self.cases: dict[str, int] = {}

    async def anew(self) -> None:
        board = await self.crowd.read(f"/api/board?desk={self.desk}", self.headers)
        self.cases = {row["id"]: row["version"] for row in board["cases"]}
        self.last = board["seq"]

    def take(self, kind: str, place: str, data: str) -> None:
        if kind != "delta":
            return
        told = json.loads(data)
        self.cases |= {row["id"]: row["version"] for row in told["cases"]}
        for case in told["gone"]:
            self.cases.pop(case, None)
        self.last = place


class Crowd:
    """All of them."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        squads: list[tuple[str, dict[str, str], tuple[float, float]]],
        desks: list[tuple[str, dict[str, str]]],
        source: tuple[str, dict[str, str]],
        *,
        devices: int,
        consoles: int,
    ) -> None:
        """`squads`: name, headers, and a place of theirs; `desks`: name, and headers of somebody who sits there."""
        self.http, self._source, self._squads = http, source, squads
        self.devices = [
            Device(self, headers, squad, acts=n < len(squads))
            for n, (squad, headers, _) in enumerate(islice(cycle(squads), devices))
        ]
        self.consoles = [Console(self, headers, desk) for desk, headers in islice(cycle(desks), consoles)]
        self.asked: dict[str, Asked] = {}
        self.told: dict[tuple[str, Place], str] = {}
        self.otherwise: list[Fault] = []
        self.opened: Counter[int] = Counter()  # answers to who wanted to listen
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def streams(self) -> list[Stream]:
        """All that listen."""
        return [*self.devices, *self.consoles]

    @property
    def history(self) -> list[Sent]:
        """The reports that were answered 2xx."""
        return [asked.sent for asked in self.asked.values() if asked.sent]

    @property
    def again(self) -> int:
        """How often something was sent again."""
        return sum(asked.tries - 1 for asked in self.asked.values() if asked.tries)

    def told_of(self) -> str:
        """For who runs the test with -s."""
        days, there = sum(len(device.days) for device in self.devices), sum(one.open for one in self.streams)
        return (
            f"{there} streams open, answered {dict(self.opened)}, {len(self.told)} notices, {days} days read anew, "
            f"{self.again} sent again"
        )

    def spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """All that was begun has its answer. Raises what went wrong in it."""
        while self._tasks:
            done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    async def load(self, seconds: float, a_second: float) -> None:
        """File so many reports, open loop, at the squads' places in turn."""
        loop = asyncio.get_running_loop()
        begun, number = loop.time(), 0
        while (passed := loop.time() - begun) < seconds:
            while number < passed * a_second:
                self.spawn(self._file(number))
                number += 1
            await asyncio.sleep(0.02)

    # -- asking --------------------------------------------------------------------------------------------------------

    async def read(self, path: str, headers: dict[str, str]) -> dict[str, Any]:
        """Something that is there, once it is answered."""
        while True:
            status, told = await self._once("GET", path, headers)
            if status == 200:
                return told
            assert status in (0, 503), (path, status, told)
            await asyncio.sleep(random.uniform(*RETRY_S))

    async def ask(self, path: str, headers: dict[str, str], key: str, kind: str, body: dict[str, Any]) -> int:
        """Send it until it has an answer; gives that."""
        tries = 0
        self.asked[key] = Asked(key, kind, 0, 0)
        while True:
            tries += 1
            status, told = await self._once("POST", path, headers | {"Idempotency-Key": key}, body)
            if status in (200, 201) or 400 <= status < 500:
                break
            await asyncio.sleep(random.uniform(*RETRY_S))
        sent = Sent(told["topic"], told["partition"], told["offset"], key) if status == 201 else None
        self.asked[key] = Asked(key, kind, status, tries, sent)
        return status

    async def _once(
        self, method: str, path: str, headers: dict[str, str], body: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """(0, {}): no answer."""
        limit = aiohttp.ClientTimeout(total=PATIENCE_S)
        try:
            async with self.http.request(method, path, headers=headers, json=body, timeout=limit) as answer:
                return answer.status, await answer.json()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return 0, {}

    async def _file(self, number: int) -> None:
        name, headers = self._source
        lon, lat = self._squads[number % len(self._squads)][2]
        away = number // len(self._squads) / 400
        body = {
            "source": name,
            "source_id": f"g-{number}",
            "kind": "complaint",
            "received_at": "2026-07-13T09:59:00+08:00",
            "title": "占道经营",
            "category": {"scheme": "item", "code": "litter"},
            "location": {"datum": "wgs84", "lon": lon + away, "lat": lat},
        }
        await self.ask("/api/complaints", headers, f"{name}/g-{number}", "report", body)

    async def work(self, headers: dict[str, str], notice: dict[str, str]) -> None:
        """A squad takes a case, comes, and does it; or hears that it may not."""
        held = {"case_id": notice["case_id"], "assignment_id": notice["assignment_id"]}
        for kind, more in (
            ("AcceptAssignment", {}),
            ("ReportArrival", {}),
            ("ReportDisposal", {"result": "corrected", "note": "done"}),
        ):
            body = {"type": kind, **held, **more}
            key = f"{notice['assignment_id']}/{kind}"
            if await self.ask("/api/orders", headers, key, kind, body) != 200:
                return

    # -- what must hold ------------------------------------------------------------------------------------------------

    def missing(self, checker: Checker) -> int:
        """How many offers were not yet told to some device, and how many consoles are behind."""
        return len(self._untold(checker)) + len(self._behind(checker))

    def unlike(self, checker: Checker) -> list[Fault]:
        """Where the records are not what the clients were answered, or the clients were not told what the records say.

        order       200: it acted once; 409: it never did; a report is one case, however often it was sent
        sent        nothing lies in the inboxes that no client sent
        offers      each offer was told to each device of its squad, or stands in the day that it read instead
        console     each console has the open cases of its desk
        """
        faults = [*self.otherwise, *self._unanswered(checker), *self._strange(checker)]
        return faults + self._untold(checker) + self._behind(checker)

    def _unanswered(self, checker: Checker) -> Iterable[Fault]:
        acted: Counter[str] = Counter()
        refused: set[str] = set()
        for (topic, _), log in checker.logs.items():
            for event in (e for v in log if topic == "desk-log" for e in v.said["events"]):
                acted[event.get("message_id", "")] += event["type"] == "MessageSeen"
                if event["type"] == "OrderRefused":
                    refused.add(event["message_id"])
        for asked in self.asked.values():
            right = {200: acted[asked.key] == 1, 201: asked.kind == "report"}
            right[409] = not acted[asked.key] and asked.key in refused
            if not right.get(asked.status):
                yield Fault("order", f"{asked}: it acted {acted[asked.key]} times")

    def _strange(self, checker: Checker) -> Iterable[Fault]:
        for (topic, partition), messages in checker.parsed.items():
            for offset, said in enumerate(messages if topic in LOGS else ()):
                name = said.get("message_id") or f"{said.get('source')}/{said.get('source_id')}"
                if said.get("type") not in OURS and name not in self.asked:
                    yield Fault(
                        "sent", f"{topic}/{partition} {offset} lies there, and nobody sent it: {str(said)[:200]}"
                    )

    def _untold(self, checker: Checker) -> list[Fault]:
        due: dict[str, dict[Place, str]] = defaultdict(dict)  # squad -> place -> case
        over: dict[str, list[Place]] = defaultdict(list)  # case -> where an offer of it ended
        for one in views.told(checker):
            _, offset, nth = one.place
            case = one.event["case_id"]
            if one.event["type"] == "AssignmentOffered":
                due[one.event["squad"]][offset, nth] = case
            elif one.event["type"] in views.OVER:
                over[case].append((offset, nth))
        faults = []
        for device in self.devices:
            for place, case in due[device.squad].items():
                if place in device.told or device.begun is None or place <= device.begun:
                    continue
                days = [day for day in device.days if day.after < place <= day.through]
                ended = any(place < end <= day.through for day in days for end in over[case])
                if not days or not (ended or all(case in day.cases for day in days)):
                    faults.append(Fault("offers", f"{device.squad} {place} {case} lost: told to no device at {days}"))
        return faults

    def _behind(self, checker: Checker) -> list[Fault]:
        right = {
            log[-1].said["desk"]: open_cases(log) for (t, _), log in checker.logs.items() if t == "desk-log" and log
        }
        wrong = [console.desk for console in self.consoles if console.cases != right.get(console.desk, {})]
        return [
            Fault("console", f"{many} consoles of {desk} show other cases") for desk, many in Counter(wrong).items()
        ]


def _place(text: str) -> Place:
    offset, _, nth = text.rpartition("/")[2].rpartition("-")  # -1 before a log's first record
    return int(offset), int(nth)


async def until(true: Callable[[], bool], seconds: float) -> bool:
    """Wait until it is so, at most so long; whether it is."""
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    return true()
