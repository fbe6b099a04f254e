"""A gateway with 1,000 clients is killed under load, three times: what was answered is in the log once, who listens
misses nothing, and nobody signs in again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from dispatchers.city import City
from streams import settings
from streams.city_files import load, version
from streams.local import EmbeddedRedis
from streams.people.accounts import SOURCE, SOURCE_ACCOUNT, device_of, ready
from tests.support_gateway import Caller, Site, site
from tests.support_kafka import CITY, lying, teller

from .checker import Checker
from .conftest import KeepRow, Tell
from .crowd import Crowd, until
from .driver import READ, decided
from .load import rules_of
from .measure import counted
from .serial import Serial, unlike_serial

DEVICES, CONSOLES = 820, 180
SECONDS, A_SECOND = 60.0, 8.0  # reports; each comes to three orders
KILLS, DOWN_S = 3, (0.5, 2.0)
PATIENCE_S = 120


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_gateway_with_a_thousand_clients(tmp_path: Path, keep_row: KeepRow, figure: Tell) -> None:
    """820 devices of squads, 180 consoles and a source; what had no answer is said again under its id."""
    dice, killed = random.Random(13), []
    back: list[float] = []
    with EmbeddedRedis(tmp_path / "redis") as redis:
        async with site(tmp_path, redis=redis.address) as here, _crowd(here) as crowd, signed(here) as people:
            tell = teller(here.run, "tell")
            tell.start()
            try:
                await tell.ready(limit=180)
                listening = [asyncio.create_task(one.listen()) for one in crowd.streams]
                assert await until(lambda: all(one.open for one in crowd.streams), PATIENCE_S), crowd.told_of()
                loading = asyncio.create_task(crowd.load(SECONDS, A_SECOND))
                for _ in range(KILLS):
                    await asyncio.sleep(dice.uniform(0.8, 1.0) * SECONDS / (KILLS + 1))
                    here.gateway.kill()
                    killed.append(int(time.time() * 1000))
                    await asyncio.sleep(dice.uniform(*DOWN_S))
                    here.gateway.start()
                    begun = time.monotonic()
                    await until(lambda: not any(one.open for one in crowd.streams), 1)
                    assert await until(lambda: all(one.open for one in crowd.streams), PATIENCE_S), crowd.told_of()
                    back.append(time.monotonic() - begun)
                await loading
                await crowd.settled()
                checker = await _decided(here, crowd)
                deadline = time.monotonic() + PATIENCE_S
                while crowd.missing(checker) and time.monotonic() < deadline:
                    await asyncio.sleep(0.5)
                for task in listening:
                    assert not task.done(), task.result()
                    task.cancel()
                await asyncio.gather(*listening, return_exceptions=True)
                names = [await who.get("/api/me") for who in people]
            finally:
                tell.kill()
    broken = checker.check() + unlike_serial(checker, Serial(here.run)) + crowd.unlike(checker)
    answers = {status: sum(a.status == status for a in crowd.asked.values()) for status in (200, 201, 409)}
    days = sum(len(device.days) for device in crowd.devices)
    print(
        f"{answers}, {crowd.again} sent again, {len(crowd.told)} notices, {days} days read anew, {dict(crowd.opened)}"
    )
    keep_row(counted("gateway with 1,000 clients killed", broken, checker, killed, len(crowd.asked)))
    figure("gateway killed, from its restart until 1,000 streams are open again", "told", f"{max(back):.1f} s")
    assert [] == broken[:20]
    assert [who.me["account"] for who in people] == [name["account"] for name in names]
    assert {409, 201, 200} >= {a.status for a in crowd.asked.values()}
    assert crowd.again > 0


async def _decided(here: Site, crowd: Crowd) -> Checker:
    """All that was sent is decided, and the desk has ended."""
    rules, history = rules_of(here.run), crowd.history
    there, mark = await decided(here.run.kafka, history, rules, PATIENCE_S)
    await here.desk.stop()
    return Checker(await lying(here.run.kafka, READ, there), history, rules, mark)


@asynccontextmanager
async def signed(here: Site) -> AsyncIterator[list[Caller]]:
    """People who signed in before the first kill."""
    async with here.signed_in("supervisor") as one, here.signed_in("js-operator") as other:
        yield [one, other]


@asynccontextmanager
async def _crowd(here: Site) -> AsyncIterator[Crowd]:
    given = settings.read(kafka=here.run.kafka, data=here.run.data, city=CITY, worker_id="test")
    pack = load(CITY)
    keys = await ready(given, City(pack, version(pack)))

    def bearer(account: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {keys[account]}"}

    squads = [(s.id, bearer(device_of(s.id)), (s.lon, s.lat)) for s in pack.squads if device_of(s.id) in keys]
    desks = [(desk.id, bearer(f"sim-operator-{desk.id}")) for desk in pack.desks]
    connections = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        here.url, connector=connections, cookie_jar=aiohttp.DummyCookieJar(), read_bufsize=1 << 20
    ) as http:
        yield Crowd(http, squads, desks, (SOURCE, bearer(SOURCE_ACCOUNT)), devices=DEVICES, consoles=CONSOLES)
