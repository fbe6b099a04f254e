"""What squads and units are told: every entry once, under a derived id, the same whatever happens. On a real Redis."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from dispatchers import events as e
from dispatchers.record import decode_record
from streams import metrics, push
from streams.board import key
from streams.clock import Clock, Segment
from streams.reader import Fold, Position
from streams.whiteboard import connect
from tests.support_log import MONDAY, PHONE, folded, logs, records, small, with_void

DESK = "bing"
RAWS = logs()[DESK]


@pytest.fixture
async def redis(clean_redis: str) -> AsyncIterator[Redis]:
    client = connect(clean_redis)
    yield client
    await client.aclose()


class Teller:
    """A fold with its push, on a log in memory; counts how often the log was read again."""

    def __init__(self, redis: Redis, raws: list[bytes], start: int = 0, stored: Position | None = None, goal: int = 0):
        self.redis, self.raws, self.reread = redis, raws, 0
        self.fold = Fold(folded(DESK, raws[:start]), 0)
        self.push = push.Push(redis, self.fold, stored, self._again, Clock(), goal=goal)

    async def _again(self, fold: Fold, through: int) -> None:
        self.reread += 1
        fold.read(records(self.raws[: through + 1]))  # type: ignore[arg-type]

    async def play(self, until: int | None = None, batch: int = 7) -> None:
        raws = self.raws[:until]
        for start in range(self.fold.chain.next, len(raws), batch):
            self.fold.read(records(raws[: start + batch], start=start))  # type: ignore[arg-type]
            await self.push.send()
        await self.push.send(check=True)  # the position of records that tell nobody anything


async def everything(redis: Redis) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in sorted([k async for k in redis.scan_iter("*")]):
        found[name] = await (redis.get(name) if name.endswith(":pushed") else redis.xrange(name))
    return found


async def undisturbed(redis: Redis) -> dict[str, object]:
    await Teller(redis, RAWS).play()
    found = await everything(redis)
    await redis.flushall()
    return found


async def test_an_offer_is_told_under_its_place_in_the_log(redis: Redis) -> None:
    """For every offer of the log there is one entry, id (offset, index), with what a squad must know."""
    await Teller(redis, RAWS).play()
    told = {i: f for name in await redis.keys("*offers:*") for i, f in await redis.xrange(name)}
    expected = {
        f"{offset}-{nth}": event
        for offset, raw in enumerate(RAWS)
        for nth, event in enumerate(decode_record(raw).events)
        if isinstance(event, e.AssignmentOffered)
    }
    offers = {i: f for i, f in told.items() if f["kind"] == "offer"}
    assert expected.keys() == offers.keys()
    assert expected
    for i, event in expected.items():
        fields = offers[i]
        assert (event.assignment_id, str(event.attempt), event.case_id, str(event.case_version)) == (
            fields["assignment_id"],
            fields["attempt"],
            fields["case_id"],
            fields["case_version"],
        )
        assert (event.team, ",".join(event.officers), str(event.due_at)) == (
            fields["team"],
            fields["officers"],
            fields["due_at"],
        )
        assert fields["title"].startswith("第")
        assert (fields["lon"], fields["lat"]) == ("120.05", "30.1")
    assert PHONE not in str(told)


async def test_who_lost_a_case_is_told(redis: Redis) -> None:
    """A lease that ran out, a return and a withdrawal each give the former holder an entry with the reason."""
    await Teller(redis, RAWS).play()
    told = {i: f for name in await redis.keys("paidan:*:o*") for i, f in await redis.xrange(name)}
    kinds = {f["kind"] for f in told.values()}
    assert {"offer", "work_order", "withdrawn"} <= kinds <= set(metrics.PUSHED)
    for offset, raw in enumerate(RAWS):
        for nth, event in enumerate(decode_record(raw).events):
            if isinstance(event, e.LeaseExpired | e.AssignmentReturned | e.AssignmentWithdrawn):
                entry = told[f"{offset}-{nth}"]
                reason = "lease_expired" if isinstance(event, e.LeaseExpired) else event.reason
                assert ("withdrawn", event.assignment_id, reason) == (
                    entry["kind"],
                    entry["assignment_id"],
                    entry["reason"],
                )


async def test_flushall_between_any_two_batches_ends_in_the_same_entries(redis: Redis) -> None:
    """FLUSHALL again and again: the log is read again, and every stream has the same entries under the same ids."""
    expected = await undisturbed(redis)
    teller = Teller(redis, RAWS)
    for until in range(7, len(RAWS) + 7, 7):
        await redis.flushall()
        await teller.play(until)
    assert expected == await everything(redis)
    assert teller.reread > 10


async def test_undisturbed_the_log_is_read_once(redis: Redis) -> None:
    """Without a disturbance nothing is read again, after a restart neither, and repeated fetches add nothing."""
    expected = await undisturbed(redis)
    first = Teller(redis, RAWS)
    await first.play(100)
    stored = await push.stored_position(redis, DESK)
    assert first.fold.position == stored
    sent = sum(metrics.push_sent.of(kind)._value.get() for kind in metrics.PUSHED)
    second = Teller(redis, RAWS, start=80, stored=stored)  # another view stood further back
    await second.play()
    new = sum(metrics.push_sent.of(kind)._value.get() for kind in metrics.PUSHED) - sent
    told = [i for name in await redis.keys("paidan:*:o*") for i, _ in await redis.xrange(name, min="100")]
    assert len(told) == new
    assert expected == await everything(redis)
    assert (first.reread, second.reread) == (0, 0)


async def test_streams_are_bounded_exactly(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream keeps its last KEEP entries, and a rebuilt one the same."""
    monkeypatch.setattr(push, "KEEP", 5)
    expected = await undisturbed(redis)
    lengths = [len(entries) for name, entries in expected.items() if not name.endswith("pushed")]  # type: ignore[arg-type]
    assert max(lengths) == 5
    teller = Teller(redis, RAWS)
    await teller.play(150)
    await redis.flushall()
    await teller.play()
    assert expected == await everything(redis)


async def test_a_worker_that_was_here_before_us_is_gone_on_from(redis: Redis) -> None:
    """A position further on in our own log is taken over without reading the log again and without an entry twice."""
    expected = await undisturbed(redis)
    old, new = Teller(redis, RAWS), Teller(redis, RAWS)
    await old.play(70)
    new.fold.read(records(RAWS[:100]))  # type: ignore[arg-type]
    await new.push.send()
    await new.play()
    assert expected == await everything(redis)
    assert new.reread == 0


async def test_a_position_of_another_log_is_not_believed(redis: Redis) -> None:
    """Streams of another log are replaced."""
    expected = await undisturbed(redis)
    stored = Position(60, "f" * 64)
    await redis.set(key(DESK, "pushed"), str(stored))
    await redis.xadd(key(DESK, "offers:GHOST"), {"kind": "offer"})
    teller = Teller(redis, RAWS, start=40, stored=stored)
    await teller.play()
    assert expected == await everything(redis)
    assert teller.reread == 1


async def test_a_log_without_a_record_leaves_no_key(redis: Redis) -> None:
    """A partition without a desk is checked for ever and leaves Redis empty."""
    await Teller(redis, []).push.send(check=True)
    assert await everything(redis) == {}


async def test_void_records_push_nothing(redis: Redis) -> None:
    """A zombie's offers reach no squad."""
    expected = await undisturbed(redis)
    await Teller(redis, with_void(RAWS)).play()
    found = await everything(redis)
    for rows in (expected, found):
        rows.pop(key(DESK, "pushed"))
    assert {k: [f for _, f in v] for k, v in expected.items()} == {k: [f for _, f in v] for k, v in found.items()}  # type: ignore[attr-defined]


async def test_the_latency_of_first_offers_is_measured_once(redis: Redis) -> None:
    """First offers are measured in wall seconds from the complaint's append; second ones and a rebuild's are not."""

    def measured() -> Counter[str]:
        """Of all priorities together."""
        found: Counter[str] = Counter()
        for sample in metrics.offer_latency_seconds.metric.collect()[0].samples:
            found[sample.name] += sample.value  # type: ignore[assignment]
        return found

    before = measured()
    teller = Teller(redis, RAWS)
    teller.push._clock = Clock([Segment(wall=0, business=MONDAY + 86_400_000, speed=60.0, wall_end=0)])
    await teller.play()
    await redis.flushall()
    await teller.push.send(check=True)
    assert teller.reread == 1
    after = measured()
    offers = [
        event
        for raw in RAWS
        for event in decode_record(raw).events
        if isinstance(event, e.AssignmentOffered) and event.attempt == 1
    ]
    name = "paidan_offer_latency_seconds_"
    assert len(offers) == after[f"{name}count"] - before[f"{name}count"]
    filed = {
        ev.case_id: ev.filed_at if isinstance(ev, e.CaseRegistered) else ev.case.filed_at
        for raw in RAWS
        for ev in decode_record(raw).events
        if isinstance(ev, e.CaseRegistered | e.CaseTaken)
    }
    waited = sum((MONDAY + 86_400_000 - filed[o.case_id]) / 60_000 for o in offers)
    assert after[f"{name}sum"] - before[f"{name}sum"] == pytest.approx(waited)


def test_a_units_stream_is_of_one_desk() -> None:
    """Two desks write to one unit of the city under different names: their log offsets have no common order."""
    names = set()
    for desk in ("jia", "yi"):
        last = push._Last(desk)
        Fold(folded(desk, []), small().desks[desk].partition, [last]).read(records(logs()[desk]))  # type: ignore[arg-type]
        names |= {name for name in last.streams if name.endswith("orders:DI-clean")}
    assert names == {"paidan:{jia}:orders:DI-clean", "paidan:{yi}:orders:DI-clean"}


async def test_a_redis_from_an_old_dump_is_written_anew_with_the_looks(redis: Redis) -> None:
    """Streams of collectors are among what an old dump brings back: none of it stands in the way of what is so now."""
    looks = push.key(DESK, "looks:collector-1")
    teller = Teller(redis, RAWS)
    await teller.play()
    await redis.xadd(looks, {"kind": "look", "case_id": "c-1"}, id="9999-0")
    await redis.set(push.key(DESK, "pushed"), "3 " + "a" * 64)
    await teller.push.send(check=True)
    assert teller.reread == 1
    assert await redis.xrange(looks) == []
