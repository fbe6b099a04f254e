"""Simulated people at a real gateway: what they order is done and says what it is; whatever dies, nothing is lost."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from streams import settings
from streams.local import EmbeddedRedis
from streams.people.figures import Figures
from streams.people.simulate import Plan, run
from tests.support_gateway import Site, site
from tests.support_kafka import CITY, Child, lying, teller

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
LIMIT_S = 90.0
RATE = 3.0


class Seen(Figures):
    """Figures that remember every order."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, str] = {}

    def answered(self, key: str, order: str, reason: str) -> None:
        super().answered(key, order, reason)
        self.answers[key] = reason


class Alive(NamedTuple):
    """A city with its people."""

    site: Site
    tell: Child
    redis: EmbeddedRedis
    seen: Seen
    living: asyncio.Task[None]

    async def log(self) -> list[dict[str, Any]]:
        """What the desks decided so far."""
        found = await lying(self.site.run.kafka, ["desk-log"])
        return [json.loads(entry.value) for entries in found.values() for entry in entries if entry.value]

    async def until(self, true: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + LIMIT_S
        while not true():
            assert time.monotonic() < deadline, (what, self.seen.summary())
            if self.living.done():
                self.living.result()
            await asyncio.sleep(0.05)

    async def goes_on(self) -> None:
        """People hear and do more than they had."""
        offers, done = len(self.seen.heard), self.seen.orders["done"]
        await self.until(
            lambda: len(self.seen.heard) >= offers + 5 and self.seen.orders["done"] >= done + 20, "it goes on"
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def alive(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Alive]:
    data = tmp_path_factory.mktemp("people")
    with EmbeddedRedis(data / "redis") as redis:
        async with site(data, speed=60.0, redis=redis.address) as here:
            tell = teller(here.run, "tell")
            tell.start()
            asked, seen = asyncio.Event(), Seen()
            given = settings.read(kafka=here.run.kafka, data=data, city=CITY, clock=here.run.clock, worker_id="people")
            simulated = asyncio.create_task(run(given, Plan(url=here.url, rate=RATE), seen, asked))
            try:
                yield Alive(here, tell, redis, seen, simulated)
            finally:
                asked.set()
                await simulated
                await tell.stop()


async def test_what_they_order_is_done_and_says_that_it_is_simulated(alive: Alive) -> None:
    """Each under the account of who acts: a squad's device, a desk's operator, a unit. Nobody else knows their keys."""
    await alive.until(lambda: alive.seen.orders["done"] >= 60 and len(alive.seen.heard) >= 20, "orders are done")
    inbox = await lying(alive.site.run.kafka, ["desk-inbox"])
    told = [json.loads(entry.value) for entries in inbox.values() for entry in entries if entry.value]
    orders = [order for order in told if order.get("message_id", "").startswith("sim/")]
    assert all(order["simulated"] for order in orders)
    by = {order["type"]: order["actor"] for order in orders}
    assert by["ReceiveOffer"]["role"] in ("squad", "leader")
    assert by["ReceiveOffer"]["id"].startswith(by["ReceiveOffer"]["squad"])  # an officer's number
    assert by["AcceptAssignment"]["role"] in ("squad", "leader", "unit")
    assert alive.seen.took
    keys = alive.site.run.data / "simulated.json"
    assert keys.stat().st_mode & 0o777 == 0o600
    refused = sum(alive.seen.refused.values())
    # A case that went to another desk meanwhile is no longer theirs to see: of those it is the load that decides.
    gone = sum(n for why, n in alive.seen.refused.items() if why.endswith("not_found"))
    assert refused - gone < alive.seen.orders["done"] / 5, alive.seen.refused


async def test_a_gateway_that_dies_loses_no_order_and_none_is_done_twice(alive: Alive) -> None:
    await alive.goes_on()
    alive.site.gateway.kill()
    again, reconnects = alive.seen.again, alive.seen.reconnects
    await alive.until(lambda: alive.seen.again > again + 5 and alive.seen.reconnects > reconnects, "it is missed")
    waiting = {*alive.seen.underway}
    alive.site.gateway.start()
    await alive.until(lambda: not waiting & alive.seen.underway, "what waited is answered")
    await alive.goes_on()
    done = {key for key, reason in alive.seen.answers.items() if not reason}
    decided = Counter[str]()
    for record in await alive.log():
        key, said = record["cause"].get("message_id", ""), {event["type"] for event in record["events"]}
        if key.startswith("sim/") and not said & {"OrderRepeated", "OrderForwarded"}:
            decided[key] += 1
    assert waiting & done
    assert done <= {*decided} <= {*alive.seen.answers} | alive.seen.underway
    assert not {key: count for key, count in decided.items() if count > 1}


async def test_without_redis_and_without_tell_no_offer_is_lost(alive: Alive) -> None:
    """Notices come from the log itself: squads hear of every offer while either is away, and after it."""
    await alive.goes_on()
    alive.redis.kill()
    await alive.goes_on()
    await asyncio.to_thread(alive.redis.start)
    alive.tell.kill()
    offers = len(alive.seen.heard)
    await alive.until(lambda: len(alive.seen.heard) >= offers + 5, "offers come without tell")
    alive.tell.start()
    await alive.goes_on()
    squads = {
        event["assignment_id"]
        for record in await alive.log()
        for event in record["events"]
        if event["type"] == "AssignmentOffered" and event.get("squad")
    }
    await alive.until(lambda: squads <= alive.seen.heard, "every offer is heard of")
