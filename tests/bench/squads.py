"""Squads at the gateway: HTTP complaint to the notice at a squad's device, and a thousand of their streams at once.

Who files and who listens are in another process than the gateway. Beside the first figure stands the answer to the same
POSTs (checked, and on the broker's disk); beside the second what a bare aiohttp server needs that only writes the event
to as many streams.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import aiohttp

from dispatchers.city import City
from dispatchers.ids import case_id
from streams import settings
from streams.city_files import load, version
from streams.local import EmbeddedRedis, free_port
from streams.people.accounts import SOURCE, SOURCE_ACCOUNT, device_of, ready
from streams.people.client import Gateway, session
from streams.people.figures import Figures
from tests.support_gateway import Site, complaint, site
from tests.support_kafka import CITY, Child, teller

from .processes import child, resident
from .table import Row

RATE, SECONDS = 50, 45
CLIENTS = 1_000
ROUNDS, A_SECOND = 4, 20  # an offer to each squad, so often; so many complaints a second
SETTLE_S = 3.0

# The floor: GET /stream?squad= waits, POST /tell?squad= writes an event of a notice's size to all who wait for it.
BARE = """
import asyncio, collections
from aiohttp import web
streams = collections.defaultdict(list)
async def stream(request):
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    streams[request.query["squad"]].append(response)
    await asyncio.Event().wait()
async def tell(request):
    event = b"event: notice\\ndata: " + await request.read() + b"\\n\\n"
    for response in streams[request.query["squad"]]:
        await response.write(event)
    return web.Response(status=201)
app = web.Application()
app.add_routes([web.get("/stream", stream), web.post("/tell", tell)])
print("bare serves", flush=True)
web.run_app(app, host="127.0.0.1", port=PORT, print=None)
"""


async def bench(data: Path) -> list[Row]:
    """Both."""
    return await _pushed(data / "pushed") + await _fanned(data / "fanned")


async def _pushed(data: Path) -> list[Row]:
    """`paidan simulate` as it is: all squads with their devices, and everybody else at work."""
    with EmbeddedRedis(data / "redis") as redis:
        async with site(data, redis=redis.address) as here:
            tell = teller(here.run, "tell")
            tell.start()
            await tell.ready()
            plan = f"Plan({here.url!r}, seed='bench', rate={RATE}, seconds={SECONDS})"
            code = "from streams import settings\nfrom streams.people.simulate import Plan, main\n"
            people = child(here.run, "simulate", f"WORKER = 'simulate'\n{code}print(main({here.run.settings}, {plan}))")
            people.start()
            while people.alive:
                await asyncio.sleep(0.5)
            memory = resident(here.gateway)
            tell.kill()
    told = json.loads(people.said().splitlines()[-1])
    name = f"{RATE}/s, 82 squads, {told['offers_measured']} offers"
    answered = f"{told['kept_ms_p50']} ms, the POST's answer"
    return [
        _row(f"POST to a squad's device, {name}: p50", told["offer_ms_p50"], 150, answered, told["kept_ms_p50"]),
        _row("p99", told["offer_ms_p99"], 1_000, f"{told['kept_ms_p99']} ms", told["kept_ms_p99"]),
        Row("squads", f"gateway resident with them, {sum(told['orders'].values())} orders", memory, "MB"),
        Row("squads", f"orders refused, of {told['orders']}", told["orders"]["refused"], ""),
    ]


def _row(what: str, value: float, target: float, floor: str, beside: float) -> Row:
    return Row("squads", what, value, "ms", target, floor=floor, ratio=value / beside)


async def _fanned(data: Path) -> list[Row]:
    """A thousand streams: twelve of each squad, and one offer after the other to each squad."""
    floor, bare = await _bare(data)
    async with site(data) as here, _devices(here) as (gateway, squads):
        places = [(s.lon, s.lat) for s in squads]

        async def file(number: int, took: Callable[[str, float], None]) -> None:
            lon, lat = places[number % len(places)]
            body = complaint("") | {"source": SOURCE, "source_id": f"fan-{number}"}
            shift = number // len(places) / 400
            body["location"] |= {"lon": lon + shift, "lat": lat}
            took(case_id("complaints", SOURCE, body["source_id"]), time.monotonic())
            assert await gateway.file("complaints", body["source_id"], body, SOURCE_ACCOUNT)

        def listen(squad: str) -> AsyncIterator[str]:
            return _offers(gateway, squad)

        took = await _measured([s.id for s in squads], listen, file)
        memory = resident(here.gateway)
    name = f"POST to each of {CLIENTS} streams, {len(took)} events"
    return [
        _row(f"{name}: p50", _at(took, 0.5), 1_000, "bare", _at(floor, 0.5)),
        _row(f"{name}: p99", _at(took, 0.99), 1_000, "bare", _at(floor, 0.99)),
        Row("squads", f"resident with {CLIENTS} streams", memory, "MB", 150, floor="bare", ratio=memory / bare),
    ]


@asynccontextmanager
async def _devices(here: Site) -> AsyncIterator[tuple[Gateway, list[Any]]]:
    given = settings.read(kafka=here.run.kafka, data=here.run.data, city=CITY, worker_id="bench")
    pack = load(CITY)
    keys = await ready(given, City(pack, version(pack)))
    async with session() as http:
        gateway = Gateway(http, here.url, keys, Figures())
        await gateway.known(SOURCE_ACCOUNT)
        yield gateway, list(pack.squads)


async def _offers(gateway: Gateway, squad: str) -> AsyncIterator[str]:
    """First "", once it is connected; then the case of each first offer."""
    async for said in gateway.stream(device_of(squad), "/api/squad/stream", ""):
        if said.kind == "beat":
            yield ""
        elif said.kind == "notice" and said.data["kind"] == "offer" and said.data["attempt"] == "1":
            yield said.data["case_id"]


async def _bare(data: Path) -> tuple[list[float], float]:
    """The same streams and events at a server that does nothing else: milliseconds, and its memory."""
    port, squads = free_port(), [str(n) for n in range(82)]
    server = Child("bare", f"PORT = {port}\n{BARE}", data / "bare.log")
    server.start()
    await server.ready("bare serves")
    event = json.dumps({"case_id": "c-0123456789abcdef0123", "text": "x" * 400})
    try:
        async with session() as http:
            url = f"http://127.0.0.1:{port}"

            async def listen(squad: str) -> AsyncIterator[str]:
                limit = aiohttp.ClientTimeout(total=None)
                async with http.get(f"{url}/stream?squad={squad}", timeout=limit) as answer:
                    yield ""
                    async for raw in answer.content:
                        if raw.startswith(b"data: "):
                            yield json.loads(raw[6:])["case_id"]

            async def tell(number: int, took: Callable[[str, float], None]) -> None:
                squad, case = squads[number % len(squads)], f"c-{number}"
                took(case, time.monotonic())
                body = event.replace("c-0123456789abcdef0123", case)
                async with http.post(f"{url}/tell?squad={squad}", data=body) as answer:
                    assert answer.status == 201

            return await _measured(squads, listen, tell), resident(server)
    finally:
        server.kill()


async def _measured(
    squads: list[str],
    listen: Callable[[str], AsyncIterator[str]],
    send: Callable[[int, Callable[[str, float], None]], Awaitable[None]],
) -> list[float]:
    """Milliseconds from each sending to its event in each of the squad's streams; open loop."""
    sent: dict[str, float] = {}
    took: list[float] = []
    there = 0

    async def watch(squad: str) -> None:
        nonlocal there
        known = False
        async for case in listen(squad):
            there += not known
            known = True
            if case in sent:
                took.append((time.monotonic() - sent[case]) * 1000)

    async with asyncio.TaskGroup() as group:
        watching = [group.create_task(watch(squad)) for squad in islice(cycle(squads), CLIENTS)]
        while there < CLIENTS:
            await asyncio.sleep(0.1)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for number in range(ROUNDS * len(squads)):
            await asyncio.sleep(max(0.0, begun + number / A_SECOND - loop.time()))
            group.create_task(_sending(send, number, sent))
        await asyncio.sleep(SETTLE_S)
        for task in watching:
            task.cancel()
    return sorted(took)


async def _sending(
    send: Callable[[int, Callable[[str, float], None]], Awaitable[None]], number: int, sent: dict[str, float]
) -> None:
    await send(number, sent.__setitem__)


def _at(values: list[float], share: float) -> float:
    return values[int(share * (len(values) - 1))] if values else float("nan")
