"""Whatever comes when, a lane posts every reply, and those of a case in the order of the topic."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from streams.outbox import lane as module
from streams.outbox.account import Delivery
from streams.outbox.book import Book, Place
from streams.outbox.lane import Lane
from streams.outbox.ledger import Seen
from streams.outbox.sources import Limits, Source
from streams.outgoing import Answer
from streams.replies import Reply

SOURCE = Source("12345", URL("http://127.0.0.1/"), b"", Limits(parallel=3, retry_first_s=0.01, retry_most_s=0.01))
CASES = 3
STEPS = ("arrive", "arrive", "post", "post", "load", "read", "settle", "fail")


class World:
    """The topics, the server and the broker's answers; a step of a test lets one of them go on."""

    def __init__(self) -> None:
        self.topic: list[Reply] = []
        self.posted: list[str] = []
        self._read = 0  # deliveries that were read from their topic
        self._deliveries: list[Delivery] = []
        self._waits: dict[str, list[asyncio.Future[str]]] = defaultdict(list)
        self.book = Book({SOURCE.name: 0})
        self.book.begin(0, 0)
        self.book.open()
        self._lane = Lane(SOURCE, self.book, self._load, self._post, self._settle, now=lambda: 1)

    async def __aenter__(self) -> World:
        self._task = asyncio.create_task(self._lane.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _wait(self, what: str) -> str:
        self._waits[what].append(waits := asyncio.get_running_loop().create_future())
        return await waits

    async def _load(self, places: Sequence[Place]) -> list[Seen]:
        await self._wait("load")
        return [self._seen(offset) for _, offset in sorted(places)]

    async def _post(self, source: Source, reply_id: str, body: bytes) -> Answer:
        how = await self._wait("post")
        if how == "fail":
            return Answer("failing", "500")
        self.posted.append(reply_id)
        return Answer("accepted", "200")

    async def _settle(self, delivery: Delivery) -> None:
        self._deliveries.append(delivery)  # in the topic, and nobody was told so yet
        await self._wait("settle")
        self.book.delivery(delivery)

    def _seen(self, offset: int) -> Seen:
        return Seen((0, offset), self.topic[offset], msgspec.json.encode(self.topic[offset]))

    def step(self, what: str, which: int) -> bool:
        """Let one thing happen; whether there was one."""
        if what == "arrive":
            offset = len(self.topic)
            self.topic.append(
                Reply(
                    id=f"desk-log/0/{offset}/0", case_id=f"c-{which % CASES}", case_no="", case_version=offset,
                    source=SOURCE.name, source_id="", kind="progress", status="working", at=1,
                )
            )  # fmt: skip
            if self.book.reply(0, offset, self.topic[offset], 1):
                self._lane.changed(self._seen(offset))
            return True
        if what == "read":
            for delivery in self._deliveries[self._read :]:
                self.book.delivery(delivery)
            self._read, read = len(self._deliveries), self._read
            return read < self._read
        waits = self._waits["post" if what == "fail" else what]
        if waits:
            waits.pop(which % len(waits)).set_result(what)
        return bool(waits)

    @property
    def idle(self) -> bool:
        """Nothing was asked that waits for its answer."""
        return not any(self._waits.values())


async def _turn() -> None:
    for _ in range(8):  # futures, tasks and the lane's own wait, each a turn of the loop or two
        await asyncio.sleep(0)


async def _play(story: list[tuple[str, int, bool]]) -> World:
    async with World() as world:
        for what, which, at_once in story:
            world.step(what, which)
            if not at_once:
                await _turn()
        async with asyncio.timeout(20):
            while world.book.ledgers()[SOURCE.name].pending or not world.idle:
                for what in ("load", "post", "settle"):
                    world.step(what, 0)
                await _turn()
    return world


STORIES = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5), st.booleans()), min_size=10, max_size=60)


def _by_case(replies: list[Reply]) -> dict[str, list[str]]:
    found = defaultdict(list)
    for reply in replies:
        found[reply.case_id].append(reply.id)
    return found


@settings(max_examples=2 * settings.default.max_examples)
@given(STORIES, st.sampled_from((2, 4, 500)))
def test_of_a_case_in_the_order_of_the_topic(story: list[tuple[str, int, bool]], most: int) -> None:
    """With room for few replies and for many; answers late, and what was written read back before it is known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST", most)
        world = asyncio.run(_play(story))
    known = {reply.id: reply for reply in world.topic}
    assert len(world.posted) == len(set(world.posted))
    assert _by_case(world.topic) == _by_case([known[name] for name in world.posted])


def test_a_delivery_that_is_read_before_it_is_known_hides_nothing() -> None:
    """Found by the torture: a kept reply was read as acknowledged while its lane waited for the broker's word; so the
    next one, left to be loaded, was taken for it, and the one after that overtook."""
    story = ["arrive", "post", "read", "arrive", "arrive", "settle"]
    at_once = {3, 4}
    world = asyncio.run(_play([(what, 0, place in at_once) for place, what in enumerate(story)]))
    assert [reply.id for reply in world.topic] == world.posted
