"""The whiteboard: whatever happens to Redis, it ends in the same bytes. On a real Redis."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from dispatchers.city import City
from streams import metrics
from streams.board import Board, key
from streams.clock import Clock
from streams.local import EmbeddedRedis
from streams.reader import Fold
from streams.whiteboard import Call, Script, connect, patiently
from tests.support_log import PHONE, folded, logs, records, small, with_void

DESK = "yi"
RAWS = logs()[DESK]


@pytest.fixture
async def redis(clean_redis: str) -> AsyncIterator[Redis]:
    client = connect(clean_redis)
    yield client
    await client.aclose()


async def of(version: str) -> City:
    return small()


def board(redis: Redis, raws: list[bytes] = (), goal: int = 0) -> tuple[Fold, Board]:  # type: ignore[assignment]
    fold = Fold(folded(DESK, list(raws)), 0)
    return fold, Board(redis, fold, of, Clock(), goal=goal)


async def play(fold: Fold, shown: Board, raws: list[bytes], batch: int = 7) -> None:
    for start in range(0, len(raws), batch):
        fold.read(records(raws[: start + batch], start=start))  # type: ignore[arg-type]
        await shown.show()


async def everything(redis: Redis) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in sorted([k async for k in redis.scan_iter("*")]):
        kind = await redis.type(name)
        found[name] = await (redis.hgetall(name) if kind == "hash" else redis.get(name))
    return found


async def undisturbed(redis: Redis) -> dict[str, object]:
    await play(*board(redis), RAWS)
    found = await everything(redis)
    await redis.flushall()
    return found


async def test_the_keys_are_the_cases_squads_desk_and_position(redis: Redis) -> None:
    """Four keys with the desk as hash tag; the cases are exactly the open ones, and nobody's reporter is among them."""
    found = await undisturbed(redis)
    assert {key(DESK, what) for what in ("cases", "squads", "desk", "position")} == found.keys()
    state = folded(DESK, RAWS).state
    assert state.cases.keys() == found[key(DESK, "cases")].keys()  # type: ignore[attr-defined]
    assert {"B1", "B2", "BM"} == found[key(DESK, "squads")].keys()  # type: ignore[attr-defined]
    assert PHONE not in str(found)


async def test_flushall_between_any_two_batches_ends_in_the_same_bytes(redis: Redis) -> None:
    """FLUSHALL in the middle, again and again, costs rebuilds and not a byte."""
    expected = await undisturbed(redis)
    fold, shown = board(redis)
    for start in range(0, len(RAWS), 7):
        await redis.flushall()
        fold.read(records(RAWS[: start + 7], start=start))  # type: ignore[arg-type]
        await shown.show()
    assert expected == await everything(redis)


async def test_a_batch_is_written_as_changes_not_anew(redis: Redis) -> None:
    """Undisturbed there is one rebuild, the first; every later batch touches the changed rows only."""
    fold, shown = board(redis)
    await play(fold, shown, RAWS[:200])
    rebuilds = metrics.redis_rebuilds.of("board")._value.get()
    await redis.hset(key(DESK, "cases"), "stranger", "stays")
    await play(fold, shown, RAWS)
    assert metrics.redis_rebuilds.of("board")._value.get() == rebuilds
    assert await redis.hget(key(DESK, "cases"), "stranger") == "stays"


async def test_flushall_when_nothing_is_decided_is_noticed(redis: Redis) -> None:
    """A check without a new record finds the whiteboard empty and writes it anew."""
    expected = await undisturbed(redis)
    fold, shown = board(redis)
    await play(fold, shown, RAWS)
    await redis.flushall()
    await shown.show()
    assert await everything(redis) == {}
    await shown.show(check=True)
    assert expected == await everything(redis)


async def test_another_workers_rows_are_replaced(redis: Redis) -> None:
    """A worker that finds a position it did not write replaces everything, also rows that should not be there."""
    expected = await undisturbed(redis)
    fold, shown = board(redis)
    await play(fold, shown, RAWS[:100])
    await play(*board(redis), RAWS[:150])
    await redis.hset(key(DESK, "cases"), "c-ghost", "{}")
    await play(fold, shown, RAWS)
    assert expected == await everything(redis)


async def test_void_records_are_not_seen(redis: Redis) -> None:
    """A log with a zombie's records shows the same rows; only the offset of the position differs."""
    expected = await undisturbed(redis)
    await play(*board(redis), with_void(RAWS))
    found = await everything(redis)
    old, new = (str(rows.pop(key(DESK, "position"))).split() for rows in (expected, found))
    assert expected == found
    assert old[1] == new[1]
    assert int(old[0]) < int(new[0])


async def test_a_restart_goes_on(redis: Redis) -> None:
    """A new process with an older state shows nothing before it has caught up, then the present."""
    expected = await undisturbed(redis)
    await play(*board(redis), RAWS[:200])
    before = await everything(redis)
    fold, shown = board(redis, RAWS[:150], goal=200)
    fold.read(records(RAWS[:199], start=149))  # type: ignore[arg-type]
    await shown.show()
    assert before == await everything(redis)
    await play(fold, shown, RAWS)
    assert expected == await everything(redis)


async def test_a_key_of_another_kind_is_overwritten(redis: Redis) -> None:
    """A stranger's string in the place of our hash does not stop the board."""
    expected = await undisturbed(redis)
    fold, shown = board(redis)
    await play(fold, shown, RAWS[:100])
    await redis.set(key(DESK, "cases"), "stranger")
    await play(fold, shown, RAWS)
    assert expected == await everything(redis)


async def test_a_redis_that_dies_is_waited_for(tmp_path: object) -> None:
    """Killed and started empty in the middle of a batch, it is waited for and written anew."""
    import asyncio

    with EmbeddedRedis(tmp_path / "redis") as server:  # type: ignore[operator]
        client = connect(server.address)
        expected = await undisturbed(client)
        fold, shown = board(client)
        await play(fold, shown, RAWS[:100])
        server.kill()
        fold.read(records(RAWS[:120], start=100))  # type: ignore[arg-type]
        waiting = asyncio.create_task(shown.show())
        while not metrics.redis_waiting.of("board")._value.get():
            await asyncio.sleep(0.01)
        assert not waiting.done()
        await asyncio.to_thread(server.start)
        await waiting
        await play(fold, shown, RAWS)
        assert expected == await everything(client)
        assert metrics.redis_waiting.of("board")._value.get() == 0
        await client.aclose()


@pytest.mark.usefixtures("room")
async def test_gauges_follow_the_state_and_leave_with_the_partition(redis: Redis) -> None:
    """Open cases of the desk are what the gauges say when scraped; a partition given up takes its gauges along."""
    metrics.DESKS.declare([DESK])
    fold, shown = board(redis)
    await play(fold, shown, RAWS)

    def said() -> dict[str, float]:
        samples = [s for f in metrics.REGISTRIES["tell"].collect() if f.name == "paidan_cases" for s in f.samples]
        return {s.labels["status"]: s.value for s in samples if s.labels["desk"] == DESK}

    assert len(fold.desk.cases) == sum(said().values()) > 0
    shown.close()
    assert said() == {}


async def test_a_script_that_redis_cannot_run_is_no_outage(redis: Redis) -> None:
    """A fault of our own is raised at once; waiting for ever would hide it."""
    broken = Script("no lua at all")
    with pytest.raises(ResponseError):
        await patiently("board", lambda: broken.run(redis, [Call(["position"], "", "x", [])]))
