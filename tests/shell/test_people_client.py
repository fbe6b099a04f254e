"""Simulated people as clients of a fake gateway: orders until they are answered, devices by whatever way is open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dispatchers.city import City
from streams import settings
from streams.clock import Clock
from streams.gateway.accounts import TOPIC, Account, changed, fold, key_hash, made, write
from streams.kafka_io import producer
from streams.people import client
from streams.people.accounts import NotSimulatedError, ready
from streams.people.behaviour import Behaviour
from streams.people.chance import Chance
from streams.people.client import Gateway, session
from streams.people.device import Device, Told
from streams.people.figures import Figures
from streams.people.load import Load
from streams.people.simulate import People
from streams.people.times import Closing
from streams.scan import scan
from tests.support import PACK

pytestmark = pytest.mark.asyncio
SMALL = Path(__file__).parents[1] / "city/small"
SQUAD = PACK.squads[0]
ORDER = {"type": "AcceptAssignment", "case_id": "c-1", "assignment_id": "c-1/1"}
Answer = Callable[[web.Request], web.StreamResponse | None]


class Fake:
    """A gateway that answers what it is told to, in order; the last answer for ever. None: it hangs up."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.heard: list[tuple[str, str, Any]] = []  # key, account's key, body
        self.at: list[float] = []

    async def order(self, request: web.Request) -> web.StreamResponse:
        self.at.append(time.monotonic())
        self.heard.append((request.headers["Idempotency-Key"], request.headers["Authorization"], await request.json()))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        told = answer(request)
        if told is None:
            assert request.transport
            request.transport.abort()
            return web.Response()
        return told


@asynccontextmanager
async def speaking(*routes: web.RouteDef, account: str = "one") -> AsyncIterator[tuple[Gateway, Figures]]:
    app = web.Application()
    app.add_routes(routes)
    figures = Figures()
    async with TestServer(app) as server, session() as http:
        yield Gateway(http, str(server.make_url("")), {account: "paidan_1"}, figures), figures


def status(code: int, **more: Any) -> Answer:
    headers = {"Retry-After": str(more.pop("wait"))} if "wait" in more else None
    return lambda request: web.json_response(more, status=code, headers=headers)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_S", 0.01)
    monkeypatch.setattr(client, "MOST_S", 0.02)


async def test_what_has_no_answer_is_sent_again_under_its_id() -> None:
    """202, a fault of theirs, a connection that breaks: the same order until it is one of 200 and 409."""
    fake = Fake()
    fake.answers = [status(202), status(500), lambda request: None, status(503), status(200, done=True)]
    async with speaking(web.post("/api/orders", fake.order)) as (gateway, figures):
        await gateway.order("one", "sim/1", ORDER)
    assert fake.heard == [("sim/1", "Bearer paidan_1", ORDER)] * 5
    assert (figures.orders, figures.underway, figures.again) == ({"done": 1}, set(), 4)


async def test_a_refusal_is_an_answer() -> None:
    fake = Fake()
    fake.answers = [status(409, error="refused", reason="stale", case={"row": "…"}), status(404, error="not_found")]
    async with speaking(web.post("/api/orders", fake.order)) as (gateway, figures):
        await gateway.order("one", "sim/1", ORDER)
        await gateway.order("one", "sim/2", ORDER)
    assert [key for key, _, _ in fake.heard] == ["sim/1", "sim/2"]
    assert figures.refused == {"AcceptAssignment stale": 1, "AcceptAssignment not_found": 1}


@pytest.mark.parametrize("code", [429, 503])
async def test_retry_after_is_obeyed(code: int) -> None:
    fake = Fake()
    fake.answers = [status(code, wait=1), status(200)]
    async with speaking(web.post("/api/orders", fake.order)) as (gateway, _):
        await gateway.order("one", "sim/1", ORDER)
    assert fake.at[1] - fake.at[0] >= 1


async def test_what_is_given_up_is_pending() -> None:
    fake = Fake()
    fake.answers = [status(202)]
    async with speaking(web.post("/api/orders", fake.order)) as (gateway, figures):
        task = asyncio.create_task(gateway.order("one", "sim/1", ORDER))
        while len(fake.heard) < 2:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert figures.summary()["orders"] == {"done": 0, "refused": 0, "pending": 1}


# -- a device ----------------------------------------------------------------------------------------------------------

DAY = {
    "seq": "jia/5-0",
    "cases": [
        {
            "row": {"id": "c-1", "status": "offered"},
            "assignment": {"id": "c-1/1", "attempt": 1, "squad": SQUAD.id},
            "requests": [{"id": "r-1", "squad": SQUAD.id}, {"id": "r-2", "squad": "another"}],
        },
        {
            "row": {"id": "c-2", "status": "offered"},
            "assignment": {"id": "c-2/3", "attempt": 3, "squad": SQUAD.id, "received": True},
            "requests": [],
        },
    ],
}


def notice(number: int, kind: str = "offer") -> dict[str, str]:
    case = f"c-{number}"
    return {"id": f"jia/{number}-0", "kind": kind, "case_id": case, "assignment_id": f"{case}/1", "attempt": "1"}


class Line:
    """The way to a device: a stream that breaks after each event, or none at all."""

    def __init__(self, *, streams: bool) -> None:
        self.streams, self.days = streams, 0
        self.after: list[str] = []
        self.polled: list[str] = []
        self.told: list[Told] = []

    async def day(self, request: web.Request) -> web.Response:
        self.days += 1
        return web.json_response(DAY) if self.days > 1 else web.Response(status=503)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        if not self.streams:
            return web.Response(status=502)
        self.after.append(request.headers["Last-Event-ID"])
        response = web.StreamResponse()
        await response.prepare(request)
        number = 10 + len(self.after)
        kind = "withdrawn" if number == 12 else "offer"
        told = web.json_response(notice(number, kind)).text
        await response.write(f"id: jia/{number}-0\nevent: notice\ndata: {told}\n\n".encode())
        return response

    async def poll(self, request: web.Request) -> web.Response:
        after = request.query["after"]
        self.polled.append(after)
        if len(self.polled) == 2:  # a gap: the day is read anew
            return web.json_response({"notices": [], "anew": True, "last": "jia/40-0"})
        return web.json_response({"notices": [notice(30)], "anew": False, "last": "jia/30-0"})

    @asynccontextmanager
    async def device(self) -> AsyncIterator[Figures]:
        ways = web.get("/api/squad/stream", self.stream), web.get("/api/squad/poll", self.poll)
        async with speaking(web.get("/api/squad/day", self.day), *ways) as (gateway, figures):
            device = Device(gateway, "one", SQUAD, Chance(1), figures, lambda device, told: self.told.append(told))
            listening = asyncio.create_task(device.listen())
            try:
                yield figures
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.01)


async def test_a_device_reads_its_day_and_goes_on_from_there() -> None:
    """Each stream from behind the last notice; what was withdrawn is nothing to answer."""
    line = Line(streams=True)
    async with line.device() as figures:
        await until(lambda: len(line.after) >= 4)
        assert figures.reconnects >= 3
    assert line.after[:4] == ["jia/5-0", "jia/11-0", "jia/12-0", "jia/13-0"]
    assert line.told[:3] == [
        Told("c-1", "c-1/1", offer=True, first=True),
        Told("c-1", "r-1", offer=False, first=False),
        Told("c-2", "c-2/3", offer=False, first=False),
    ]
    assert [told.case_id for told in line.told[3:5]] == ["c-11", "c-13"]
    assert line.polled == []


async def test_without_a_stream_it_asks() -> None:
    """By long poll from the same place; a gap makes it read its day anew."""
    line = Line(streams=False)
    async with line.device():
        await until(lambda: len(line.polled) >= 3)
    assert line.polled[:3] == ["jia/5-0", "jia/30-0", "jia/40-0"]
    assert line.days == 3
    assert line.told[3] == Told("c-30", "c-30/1", offer=True, first=True)


# -- all together ------------------------------------------------------------------------------------------------------


class Post:
    """Takes orders."""

    def __init__(self) -> None:
        self.orders: list[tuple[str, str, dict[str, Any]]] = []

    async def order(self, account: str, key: str, body: dict[str, Any]) -> None:
        self.orders.append((account, key, body))


def public(version: int, name: str, /, **fields: Any) -> Any:
    """A record of `case-events`."""
    value = {"type": name, "case_id": "c-1", "case_version": version, **fields}
    headers = [("ce_source", b"/desks/jia"), ("ce_time", b"2026-07-13T08:00:00+08:00")]
    return SimpleNamespace(value=msgspec.json.encode(value), headers=headers, timestamp=0)


async def test_a_squad_knows_what_its_device_was_told_and_nothing_else() -> None:
    """Its phone says by itself that an offer came, once; that it accepts waits until the phone has the offer."""
    clock, post, figures = Clock(), Post(), Figures()
    people = People(Behaviour(1, City(PACK, "test"), Closing({})), clock, cast(Gateway, post), figures)
    device = Device(cast(Gateway, post), f"sim-squad-{SQUAD.id}".lower(), SQUAD, Chance(1), figures, people.told)
    held = {"assignment_id": "c-1/1", "squad": SQUAD.id, "officers": ("1", "2")}
    async with asyncio.TaskGroup() as group:
        people.begin(group)
        people.react([
            public(1, "CaseRegistered", desk="jia", kind="complaint", item="litter"),
            public(2, "AssignmentOffered", due_at=1, **held),
            public(3, "OfferReceived", assignment_id="c-1/1"),
        ])  # fmt: skip
        people.act()
        await asyncio.sleep(0)
        assert post.orders == []
        for _ in range(2):
            people.told(device, Told("c-1", "c-1/1", offer=True, first=True))
        people.act()
    assert [(account, body["type"]) for account, _, body in post.orders] == [
        (device.account, "ReceiveOffer"),
        (device.account, "AcceptAssignment"),
    ]
    assert [key for _, key, _ in post.orders] == ["sim/c-1/1/ReceiveOffer", "sim/c-1/3/AcceptAssignment/0"]
    assert not any({"actor", "simulated", "message_id"} & body.keys() for _, _, body in post.orders)
    assert figures.heard == {"c-1/1"}


async def test_complaints_are_filed_as_the_sources_own() -> None:
    fake = Fake()
    fake.answers = [status(503), status(201)]
    told = [{"topic": "city-events", "source": "patrol", "source_id": "1", "title": str(n)} for n in range(3)]
    async with speaking(web.post("/api/city-events", fake.order), account="sim-source") as (gateway, figures):
        await Load(gateway, Clock(), 480, figures).file(iter(told), 1_000, asyncio.Event())
    numbers = {key for key, _, _ in fake.heard}
    assert len(fake.heard) == 4
    assert numbers == {body["source_id"] for _, _, body in fake.heard}
    assert len(numbers) == figures.filed == 3
    assert {body["source"] for _, _, body in fake.heard} == {"simulated"}


# -- their accounts ----------------------------------------------------------------------------------------------------


async def test_accounts_are_made_once_and_a_humans_is_left_alone(kafka: str, tmp_path: Path) -> None:
    """Made again only if they are not there; one that was closed stays closed; none takes the name of a human's."""
    given = settings.read(kafka=kafka, data=tmp_path, city=SMALL, worker_id="test")
    city = City(PACK, "test")
    keys = await ready(given, city)
    first = await held(kafka)
    assert {key_hash(keys[name]) for name in keys} == {a.key for a in first.values() if a.simulated}
    async with producer(kafka) as sender:
        await write(sender, changed(first["sim-operator-jia"], "lead", disabled=True, epoch=1))
    assert await ready(given, city) == keys
    assert (await held(kafka))["sim-operator-jia"].disabled
    human = made("sim-operator-jia", "operator", "test", desk="jia", password="x")
    async with producer(kafka) as sender:
        await write(sender, human)
    with pytest.raises(NotSimulatedError, match="sim-operator-jia"):
        await ready(given, city)


async def held(kafka: str) -> dict[str, Account]:
    found: dict[str, Account] = {}
    async for record in scan(kafka, TOPIC):
        fold(found, record)
    return found
