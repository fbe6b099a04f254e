"""The outbox on a real broker, against servers that answer right, slowly, wrongly, never."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from kafka import KafkaAdminClient
from kafka.structs import TopicPartition as AdminPartition
from msgspec.structs import replace

from streams import kafka_io, metrics
from streams.kafka_io import ends, reader
from streams.outbox import dead as given_up
from streams.outbox import lane
from streams.outbox.account import Ledger, total
from streams.outbox.ledger import DELIVERIES, Ledgers
from streams.replies import TOPIC
from streams.scan import partition_of, scan
from tests.support_kafka import Child
from tests.support_outbox import (
    NOW,
    accounts,
    file_of,
    fresh,
    in_order,
    publish,
    receiver,
    running,
    some,
    until,
)

GOOD = ("right", "slow", "flaky", "closes", "hears_and_closes", "endless", "busy")


async def test_each_reply_reaches_its_source_whatever_its_server_does(kafka: str, tmp_path: Path) -> None:
    """Right, slow, first 500, first closed (before or after it was heard), busy, an answer without end: every reply is
    delivered, of a case in its order, signed, under the same id at each try; the account says so, from both sides."""
    async with receiver() as server:
        server.behaves = {fresh(how): how for how in GOOD}
        sent = {source: some(source, 12) for source in server.behaves}
        path = file_of(tmp_path, {s: server.url(s) for s in sent})
        await publish(kafka, [r for every in sent.values() for r in every[:6]])
        async with running(kafka, path) as outbox:
            await publish(kafka, [r for every in sent.values() for r in every[6:]])  # and while it runs
            await until(lambda: total(outbox.ledgers.ledgers()).acknowledged == 12 * len(GOOD))
            outbox.show()
            assert metrics.replies.of("pending")._value.get() == 0
            assert metrics.replies_oldest.of()._value.get() == 0
            shown = outbox.ledgers.ledgers()
        assert server.forged == []
        assert shown == await accounts(kafka, sent) == dict.fromkeys(sent, Ledger(sent=12, acknowledged=12))
        for source, replies in sent.items():
            came = server.of(source)
            assert {r.id: r for r in replies} == {r.id: r for r in came}, source
            assert in_order(came), source
            repeats = {"hears_and_closes": 24, "flaky": 24, "busy": 24}.get(server.behaves[source], 12)
            assert len(came) == repeats, source


async def test_a_source_that_never_answers_delays_no_other(kafka: str, tmp_path: Path) -> None:
    """One holds every connection, one is not there, one has 300 replies waiting: a fourth gets each of its own and
    waits for none of them (the one that hangs is given up after 30 s)."""
    async with receiver() as server:
        held, gone, full, right = (fresh(n) for n in ("held", "gone", "full", "right"))
        server.behaves = {held: "never", full: "broken", right: "right"}
        urls = {s: server.url(s) for s in (held, full, right)} | {gone: "http://127.0.0.1:9/"}
        path = file_of(tmp_path, urls, timeout_s=30, parallel=2)
        await publish(kafka, [*some(held, 20, 20), *some(gone, 20, 20), *some(full, 300, 300)])
        async with running(kafka, path) as outbox:
            await until(lambda: len(server.of(held)) == 2)
            begun = time.monotonic()
            for reply in some(right, 10):
                await publish(kafka, [reply])
                await until(lambda reply=reply: reply in server.of(right), 20)  # type: ignore[misc]
            assert time.monotonic() - begun < 30, "the one that hangs was waited for"
            await until(lambda: outbox.ledgers.ledgers()[right].acknowledged == 10)
            shown = outbox.ledgers.ledgers()
            assert (shown[right].pending, shown[held].pending, shown[gone].pending) == (0, 20, 20)
            assert shown[full] == Ledger(sent=300, pending=300, oldest_pending_at=NOW)
            outbox.show()
            assert metrics.replies.of("pending")._value.get() == 340
            assert metrics.replies_oldest.of()._value.get() > 0
            assert len(server.of(full)) < 60  # a server that is down is not stormed


async def test_a_server_that_is_back_gets_all_at_once(kafka: str, tmp_path: Path) -> None:
    """Down for a while with 60 cases waiting, then right: all of them, not one a retry; each case in its order."""
    async with receiver() as server:
        source = fresh("back")
        server.behaves = {source: "broken"}
        path = file_of(tmp_path, {source: server.url(source)}, retry_most_s=1)
        async with running(kafka, path) as outbox:
            await publish(kafka, some(source, 120, 60))
            await until(lambda: len(server.of(source)) >= lane.DOWN + 2)
            server.behaves[source] = "right"
            begun = time.monotonic()
            await until(lambda: outbox.ledgers.ledgers()[source].acknowledged == 120)
            assert time.monotonic() - begun < 30  # one a second would take a minute
        assert in_order(server.of(source))


async def test_one_reply_that_is_refused_holds_up_its_case_alone(kafka: str, tmp_path: Path) -> None:
    """400 to one case: it is tried again, ever later, and its next one waits; other cases go by."""
    async with receiver() as server:
        wrong, source = fresh("wrong"), fresh("mixed")
        server.behaves = {wrong: "wrong", source: "right"}
        path = file_of(tmp_path, {wrong: server.url(wrong), source: server.url(source)}, retry_most_s=5)
        await publish(kafka, [*some(wrong, 2, 1), *some(source, 4, 2)])
        async with running(kafka, path) as outbox:
            await until(lambda: len(server.got.get(wrong, [])) == 4)
            times = [g.at for g in server.got[wrong]]
            gaps = [b - a for a, b in itertools.pairwise(times)]
            assert gaps[0] >= 0.025
            assert gaps[2] >= 0.1  # 0.05, 0.1, 0.2 s, at least half of each
            assert {r.case_version for r in server.of(wrong)} == {1}
            assert outbox.ledgers.ledgers()[source].acknowledged == 4


async def test_what_is_gone_or_over_its_time_is_dead_and_can_be_sent_again(kafka: str, tmp_path: Path) -> None:
    """410 is dead at once, another refusal after its hours; the dead are listed, and sent again none is lost."""
    async with receiver() as server:
        gone, late, moved = fresh("gone"), fresh("late"), fresh("moved")
        server.behaves = {gone: "gone", late: "wrong", moved: "redirect"}
        path = file_of(tmp_path, {s: server.url(s) for s in server.behaves}, give_up_hours=1 / 3600)
        sent = {s: some(s, 3, 2) for s in server.behaves}
        async with running(kafka, path) as outbox:
            await publish(kafka, [r for every in sent.values() for r in every])
            await until(lambda: total(outbox.ledgers.ledgers()).dead == 9)
            dead = dict.fromkeys(sent, Ledger(sent=3, dead=3))
            assert await accounts(kafka, sent) == outbox.ledgers.ledgers() == dead
            assert len(server.of(gone)) == 3
            assert len(server.of(late)) >= 4  # at once, and again
            assert server.forged == []
            listed = [told for told in await given_up.dead(kafka) if told.source in sent]
            assert {t.id for t in listed} == {r.id for every in sent.values() for r in every}
            assert {t.status for t in listed} == {"410", "400", "302"}
            assert {1} == {t.attempts for t in listed if t.source == gone}

            server.behaves = dict.fromkeys(sent, "right")
            one = sent[gone][0]
            assert paidan(kafka, "again", one.id) == f"{one.id} is pending again, for {gone}\n"
            await until(lambda: outbox.ledgers.ledgers()[gone].acknowledged == 1)
            assert server.of(gone)[-1] == one
            await given_up.again(kafka, [], late)
            await until(lambda: outbox.ledgers.ledgers()[late] == Ledger(sent=3, acknowledged=3))
            assert {r.id for r in server.of(late)[-3:]} == {r.id for r in sent[late]}
            with pytest.raises(given_up.NotDeadError, match="not dead"):
                await given_up.again(kafka, [sent[moved][0].id, one.id])
            assert (await accounts(kafka, [moved]))[moved].dead == 3  # refused whole: nothing was written
        shown = paidan(kafka, "dead", "--source", moved).splitlines()
        # The longest dead first; which of three cases was given up first is the milliseconds' to say.
        assert sorted(line.split("  ")[:2] for line in shown) == sorted([r.id, moved] for r in sent[moved])
        assert "302 after" in shown[0]


def paidan(kafka: str, *words: str) -> str:
    ours = {k: v for k, v in os.environ.items() if not k.startswith("PAIDAN_")}
    command = [sys.executable, "-m", "streams.cli", "replies", *words]
    done = subprocess.run(command, env=ours | {"PAIDAN_KAFKA": kafka}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_sent_again_while_nobody_delivers_it_is_pending_at_the_next_start(kafka: str, tmp_path: Path) -> None:
    """The record alone says it; its hours begin anew with it."""
    async with receiver() as server:
        source = fresh("later")
        server.behaves = {source: "gone"}
        path = file_of(tmp_path, {source: server.url(source)}, give_up_hours=0.7 / 3600)
        await publish(kafka, some(source, 1))
        async with running(kafka, path) as outbox:
            await until(lambda: outbox.ledgers.ledgers()[source].dead == 1)
        await asyncio.sleep(0.8)
        await given_up.again(kafka, [], source)
        assert (await accounts(kafka, [source]))[source].pending == 1
        server.behaves[source] = "flaky"  # the second try of this id is answered 200
        async with running(kafka, path) as outbox:
            await until(lambda: outbox.ledgers.ledgers()[source] == Ledger(sent=1, acknowledged=1))


async def test_only_so_many_are_kept_in_memory(kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for 10, or for few large ones, 90 waiting replies are delivered, in order, and never more is kept."""
    monkeypatch.setattr(lane, "MOST", 10)
    monkeypatch.setattr(lane, "MOST_BYTES", 40_000)
    async with receiver() as server:
        small, large = fresh("small"), fresh("large")
        server.behaves = {small: "right", large: "right"}
        path = file_of(tmp_path, {small: server.url(small), large: server.url(large)})
        await publish(kafka, [*some(small, 60, 7), *some(large, 30, 7, text="文" * 5000)])
        most: dict[str, list[int]] = {small: [0, 0], large: [0, 0]}
        async with running(kafka, path) as outbox:

            def done() -> bool:
                for source, (kept, size) in most.items():
                    one = outbox._lanes[source]
                    most[source] = [max(kept, len(one._kept)), max(size, one._bytes)]
                return total(outbox.ledgers.ledgers()).acknowledged == 90

            await until(done)
        assert 0 < most[small][0] <= 10
        assert 0 < most[large][1] <= 40_000 + 16_000  # the one that went over it
        assert in_order(server.of(small))
        assert in_order(server.of(large))
        assert (len(server.of(small)), len(server.of(large))) == (60, 30)


async def test_who_reads_the_topic_is_counted_apart(kafka: str, tmp_path: Path) -> None:
    """A source without a webhook has no account and nothing pending; one that has a webhook since lately neither, for
    what was said before."""
    async with receiver() as server:
        own, new = fresh("own"), fresh("new")
        server.behaves = {new: "right"}
        sent = some(new, 6, 1)
        path = file_of(tmp_path, {new: server.url(new)}, not_before="2026-07-13T08:00:00.004+08:00")
        await publish(kafka, [*some(own, 4), *sent])
        async with running(kafka, path) as outbox:
            await until(lambda: outbox.ledgers.ledgers()[new].acknowledged == 2)
            assert set(outbox.ledgers.ledgers()) == {new}
            by_topic = outbox.ledgers.by_topic()
            assert (by_topic[own], by_topic[new]) == (4, 4)
        assert server.of(new) == sent[4:]


async def test_published_twice_it_is_one_reply(kafka: str, tmp_path: Path) -> None:
    """What `tell` says again after a crash is neither counted nor posted again."""
    async with receiver() as server:
        source = fresh("twice")
        server.behaves = {source: "right"}
        path = file_of(tmp_path, {source: server.url(source)})
        sent = some(source, 9)
        await publish(kafka, sent[:6])
        async with running(kafka, path) as outbox:
            await until(lambda: outbox.ledgers.ledgers()[source].acknowledged == 6)
            await publish(kafka, sent[2:])
            await until(lambda: outbox.ledgers.ledgers()[source].acknowledged == 9)
        assert len(server.of(source)) == 9
        async with running(kafka, path) as outbox:  # nor by the next one
            assert outbox.ledgers.ledgers()[source] == Ledger(sent=9, acknowledged=9)
            await asyncio.sleep(0.3)
        assert len(server.of(source)) == 9
        assert await accounts(kafka, [source]) == {source: Ledger(sent=9, acknowledged=9)}


@pytest.mark.timeout(120)
async def test_killed_at_any_moment_it_loses_none(kafka: str, tmp_path: Path) -> None:
    """kill -9 of the process twice while it delivers: at every moment sent = acknowledged + pending + dead and
    nothing acknowledged that did not come; at the end all came, in order, and are acknowledged."""
    async with receiver() as server:
        slow, flaky, gone = fresh("slow"), fresh("flaky"), fresh("gone")
        server.behaves = {slow: "slow", flaky: "flaky", gone: "gone"}
        path = file_of(tmp_path, {s: server.url(s) for s in server.behaves})
        sent = {slow: some(slow, 60, 20), flaky: some(flaky, 100, 25), gone: some(gone, 20, 10)}
        child = Child("replies", _code(kafka, path, tmp_path), tmp_path / "replies.log")
        watched = Ledgers(kafka, dict.fromkeys(sent, 0))
        watching = asyncio.create_task(watched.run())
        await watched.ready.wait()
        looks = 0

        def adds_up() -> bool:
            nonlocal looks
            looks += 1
            shown = watched.ledgers()
            for source, one in shown.items():
                assert one.sent == one.acknowledged + one.pending + one.dead
                answered = {g.reply.id for g in server.got.get(source, []) if g.answered in ("200", "410")}
                assert one.acknowledged + one.dead <= len(answered)
                assert (one.oldest_pending_at > 0) == (one.pending > 0)
            return total(shown).pending == 0

        try:
            child.start()
            await child.ready("replies are delivered")
            await publish(kafka, [r for every in sent.values() for r in every])
            for enough in (40, 100):
                await until(lambda enough=enough: adds_up() or len(_ids(server)) >= enough)  # type: ignore[misc]
                child.send(signal.SIGKILL)
                assert child.process
                child.process.wait()
                assert not child.alive
                adds_up()
                await until(lambda: _same(kafka, watched))
                child.start()
            await until(lambda: adds_up() and total(watched.ledgers()).sent == 180, 30)
            assert looks > 50
            assert child.alive, child.said()
            child.send(signal.SIGTERM)
            assert child.process
            assert child.process.wait(10) == 0
        finally:
            child.kill()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        assert watched.ledgers() == {
            slow: Ledger(sent=60, acknowledged=60),
            flaky: Ledger(sent=100, acknowledged=100),
            gone: Ledger(sent=20, dead=20),
        }
        for source, replies in sent.items():
            assert {r.id: r for r in replies} == {r.id: r for r in server.of(source)}
            assert in_order(server.of(source))
        assert await accounts(kafka, sent) == watched.ledgers()
        assert server.forged == []


def _ids(server: object) -> set[str]:
    return {g.reply.id for every in server.got.values() for g in every}  # type: ignore[attr-defined]


async def _same(kafka: str, watched: Ledgers) -> bool:
    return await accounts(kafka, watched.ledgers()) == watched.ledgers()


def _code(kafka: str, path: Path, data: Path) -> str:
    given = f"kafka={kafka!r}, sources={str(path)!r}, data={str(data)!r}"
    return f"from streams import settings\nfrom streams.outbox import process\nprocess.run(settings.read({given}))"


async def test_deliveries_of_replies_that_expired_are_deleted(kafka: str, tmp_path: Path) -> None:
    """Once the topic has a reply no more, its delivery gets a tombstone, it is not counted, and nothing else goes."""
    async with receiver() as server:
        source = fresh("old")
        server.behaves = {source: "right"}
        path = file_of(tmp_path, {source: server.url(source)})
        old, new = some(source, 3, 1), some(source, 2, 1)
        old = [replace(r, case_id=f"c-old-{source}") for r in old]
        partition = partition_of(TOPIC, old[0].case_id.encode())
        await publish(kafka, [*old, *new])
        async with running(kafka, path) as outbox:
            await until(lambda: outbox.ledgers.ledgers()[source].acknowledged == 5)
            assert await outbox.tidy() == 0
            async with reader(kafka) as consumer:
                tp = TopicPartition(TOPIC, partition)
                end = (await ends(consumer, [tp]))[tp][1]
            admin = KafkaAdminClient(bootstrap_servers=kafka)
            admin.delete_records({AdminPartition(TOPIC, partition): end})
            admin.close()
            assert await outbox.load([(partition, end - 1)]) == []  # which notices
            kept = 0 if partition_of(TOPIC, new[0].case_id.encode()) == partition else 2
            assert outbox.ledgers.ledgers()[source] == Ledger(sent=kept, acknowledged=kept)
            assert await outbox.tidy() >= 3
            newest = {r.key.decode(): r.value async for r in scan(kafka, DELIVERIES)}
            assert [newest[r.id] for r in old] == [None] * 3
            assert await outbox.tidy() == 0
        async with running(kafka, path) as outbox:
            assert outbox.ledgers.ledgers()[source] == Ledger(sent=kept, acknowledged=kept)


async def test_something_else_in_the_topics_is_passed_over(kafka: str, tmp_path: Path) -> None:
    """A record that is no reply, and one that is no delivery, stop nobody."""
    async with receiver() as server:
        source = fresh("strange")
        server.behaves = {source: "right"}
        path = file_of(tmp_path, {source: server.url(source)})
        async with kafka_io.producer(kafka) as sender:
            await sender.send_and_wait(TOPIC, b"{", key=b"c-strange")
            await sender.send_and_wait(DELIVERIES, b"[1]", key=b"strange")
        await publish(kafka, some(source, 2))
        async with running(kafka, path) as outbox:
            await until(lambda: outbox.ledgers.ledgers()[source].acknowledged == 2)
        assert len(server.of(source)) == 2
