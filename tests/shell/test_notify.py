"""`paidan notify` on a real broker, with a desk that decides, against providers that behave as they are told.

The desk lives by the wall's clock, in which no lease ends within a test; the notifier's is moved by the test's hand. So
what comes when is asked without waiting for it.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import redis
import yaml

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.record import Record
from streams import kafka_io, metrics
from streams.cities import Cities
from streams.city_files import load
from streams.clock import Clock
from streams.desks import Desks
from streams.local import free_port
from streams.notify import channels, nodes
from streams.notify.process import Notify, devices, open_ways
from streams.outgoing import outgoing
from streams.whiteboard import connect
from tests.support_gateway import AT, complaint
from tests.support_kafka import CITY, Child, Run, broker, worker
from tests.support_notify import (
    SECRET,
    Fake,
    FakeMqttBroker,
    FakePlatform,
    FakePushService,
    FakeWebhook,
    Got,
    listening,
)
from tests.support_outbox import until

DESK = "jiashan"
MINUTE = 60_000
SECOND = 1_000
OPERATOR, CHIEF = m.Actor(id="op-1", role="operator"), m.Actor(id="chief-1", role="chief")
pytestmark = pytest.mark.timeout(240)
_numbers = itertools.count()


# -- the desk, and who speaks to it ------------------------------------------------------------------------------------


class Story(Desks):
    """The desks as the log has them, and what happened to each case."""

    def __init__(self, kafka: str, cities: Cities) -> None:
        super().__init__(kafka, cities)
        self.events: dict[str, list[e.CaseEvent]] = {}
        self.at: dict[str, int] = {}  # assignment -> when it was offered

    def took(self, record: Record) -> None:
        for event in record.events:
            if isinstance(event, e.CaseEvent):
                self.events.setdefault(event.case_id, []).append(event)
            if isinstance(event, e.AssignmentOffered):
                self.at[event.assignment_id] = record.at

    def pushed(self, offer: e.AssignmentOffered) -> list[tuple[str, str, str]]:
        """What the story says of an offer: channel, result, why."""
        told = [x for x in self.events.get(offer.case_id, []) if isinstance(x, e.OfferPushed)]
        return [(x.channel, x.result, x.detail) for x in told if x.assignment_id == offer.assignment_id]


class Town:
    """People who complain, and who answer."""

    def __init__(self, run: Run, story: Story, sender: Any) -> None:
        self.run, self.story, self._sender = run, story, sender
        self.city = story.cities.configured.city

    async def complain(self, **more: Any) -> e.AssignmentOffered:
        """A complaint; the offer that comes of it."""
        number = f"n-{os.getpid()}-{next(_numbers)}"
        wire = complaint(f"垃圾 {number}") | {"source": "web", "source_id": number} | more
        wire["reporter"] = {"name": "张三", "phone": "13800000000"}
        await self._sender.send_and_wait("complaints", msgspec.json.encode(wire), key=f"web/{number}".encode())
        found: list[e.AssignmentOffered] = []

        def offered() -> bool:
            for events in self.story.events.values():
                if any(isinstance(x, e.CaseRegistered) and number in x.title for x in events):
                    found[:] = [x for x in events if isinstance(x, e.AssignmentOffered)]
            return bool(found)

        await until(offered, 60)
        return found[0]

    async def order(self, order: m.Order) -> None:
        await self._sender.send_and_wait(
            "desk-inbox", msgspec.json.encode(order), key=DESK.encode(), partition=self.story.partitions[DESK]
        )

    async def received(self, offer: e.AssignmentOffered) -> None:
        """A device of the squad says that it has it."""
        order = m.ReceiveOffer(
            message_id=f"r/{offer.assignment_id}",
            actor=m.Actor(id=offer.officers[0], role="squad", squad=offer.squad),
            case_id=offer.case_id,
            assignment_id=offer.assignment_id,
        )
        await self.order(order)
        await until(lambda: any(isinstance(x, e.OfferReceived) for x in self.story.events[offer.case_id]), 60)

    async def off_duty(self, *officers: str) -> None:
        """From now on."""
        await self._duty(officers, on_duty=False)
        await until(lambda: set(officers) <= set(self.story.desk(DESK).duty), 60)

    async def _duty(self, officers: tuple[str, ...], *, on_duty: bool) -> None:
        name = f"d-{next(_numbers)}"
        await self.order(m.SetDuty(message_id=name, actor=OPERATOR, desk=DESK, officers=officers, on_duty=on_duty))

    async def clear(self) -> None:
        """No case is left to the next test, and all are on duty again."""
        if gone := tuple(self.story.desk(DESK).duty):
            await self._duty(gone, on_duty=True)
        cases = self.story.desk(DESK).cases
        for case in list(cases.values()):
            name = f"x/{case.id}"
            over = m.CancelCase(message_id=name, actor=CHIEF, case_id=case.id, outcome="cancelled", reason="over")
            await self.order(over)
        await until(lambda: not cases, 60)

    def due(self, offer: e.AssignmentOffered, channel: str) -> int:
        """When the city pack has an offer go through a channel."""
        priority = self.story.desk(DESK).cases[offer.case_id].priority
        steps = {step.channel: step.after_ms for step in self.city.channels[priority]}
        return self.story.at[offer.assignment_id] + steps[channel]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Run]:
    """A broker, Redis, and a desk."""
    data = tmp_path_factory.mktemp("notify")
    with broker(data / "kafka") as kafka:
        one = Run(kafka.address, data, start=AT, speed=1.0, redis=redis_url)
        desk = worker(one, "desk")
        desk.start()
        try:
            asyncio.run(desk.ready(limit=120))
            yield one
        finally:
            desk.kill()


@pytest.fixture(scope="module")
def pack() -> Any:
    return load(CITY, drawn=False)


@pytest.fixture
async def town(run: Run, pack: Any) -> AsyncIterator[Town]:
    story = Story(run.kafka, Cities(run.kafka, pack))
    await story.begin()
    async with kafka_io.producer(run.kafka) as sender:
        following = asyncio.create_task(story.follow())
        one = Town(run, story, sender)
        yield one
        await one.clear()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


# -- the providers, and the notifier -----------------------------------------------------------------------------------


class Providers(NamedTuple):
    webhook: FakeWebhook
    webpush: FakePushService
    worknotice: FakePlatform
    mqtt: FakeMqttBroker

    def of(self, offer: e.AssignmentOffered) -> list[tuple[str, Got]]:
        """What came of an offer; Web Push does not say of which."""
        fakes: list[Fake] = list(self)
        return [(fake.channel, got) for fake in fakes for got in fake.got if got.id == offer.assignment_id]


WAYS = Providers._fields


@pytest.fixture
async def providers() -> AsyncIterator[Providers]:
    made = Providers(FakeWebhook(), FakePushService(), FakePlatform(), FakeMqttBroker())
    async with AsyncExitStack() as stack:
        for fake in made:
            await stack.enter_async_context(listening(fake))
        yield made
    assert [fake.wrong for fake in made] == [[], [], [], []]


def file_of(there: Providers, folder: Path, *, only: str = "") -> Path:
    """The file of PAIDAN_CHANNELS."""
    (folder / "secret").write_bytes(SECRET)
    (folder / "push.pem").write_bytes(there.webpush.ours.private_pem())
    often = {"secret_file": "secret", "timeout_s": 2, "retry_first_s": 0.05, "retry_most_s": 0.1}
    contact = {"contact": "mailto:a@b.example", "public_key": there.webpush.public}
    platform = {"url": f"http://127.0.0.1:{there.worknotice.port}/gov", "api_key": "paidan", "tenant": "196729"}
    given: dict[str, Any] = {
        "webhook": {"url": f"http://127.0.0.1:{there.webhook.port}/", **often},
        "webpush": {**often, **contact, "secret_file": "push.pem"},
        "worknotice": {**platform, **often},
        "mqtt": {"url": f"mqtt://127.0.0.1:{there.mqtt.port}", "user": "paidan", **often},
    }
    path = folder / "channels.yaml"
    path.write_text(yaml.safe_dump({"channels": {only: given[only]} if only else given}))
    return path


class Hand(Clock):
    """A clock that goes where it is put."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.is_now = at

    def now(self) -> int:
        return self.is_now


class Notifying(NamedTuple):
    process: Notify
    clock: Hand

    def at(self, now: int) -> None:
        """It is now then."""
        self.clock.is_now = now
        for offer in self.process.offers:
            offer.stir()


@asynccontextmanager
async def notifying(town: Town, there: Providers, folder: Path, at: int) -> AsyncIterator[Notifying]:
    """The notifier in this process, whose clock stands at `at`."""
    clock, run, pack = Hand(at), town.run, town.city.pack
    known = channels.read(file_of(there, folder), {})
    async with outgoing() as session, kafka_io.producer(run.kafka) as sender:
        ways = open_ways(known, session, lambda squad, whom: [there.webpush.subscription(0)], town.city)
        board = connect(run.redis)
        squads = {d.id: [s.id for s in pack.squads if s.desk == d.id] for d in pack.desks}
        metrics.DESKS.declare(squads)
        here = nodes.Nodes(board, squads, town.city.node_silence_ms)
        one = Notify(run.kafka, Cities(run.kafka, pack), ways, here, sender, clock)
        work = asyncio.create_task(one.run())
        try:
            await until(lambda: bool(one.offers.behind_ms >= 0) or (work.done() and work.result() is None), 60)
            yield Notifying(one, clock)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await board.aclose()


def count(channel: str, result: str) -> float:
    return metrics.notify_attempts.of(channel, result)._value.get()


def why(run: Run, case_id: str, lang: str) -> str:
    ours = {k: v for k, v in os.environ.items() if not k.startswith("PAIDAN_")}
    command = [sys.executable, "-m", "streams.cli", "why", case_id, "--lang", lang]
    done = subprocess.run(command, env=ours | {"PAIDAN_KAFKA": run.kafka}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# -- what must hold ----------------------------------------------------------------------------------------------------


async def test_what_no_device_received_goes_through_the_channels_one_after_the_other(
    run: Run, town: Town, providers: Providers, tmp_path: Path
) -> None:
    """Each once, in the order of the city pack, not before its delay and then at once, to the officers of the offer,
    under the assignment's id, without the reporter. What was received goes nowhere, also between two channels. Story
    and metrics say it."""
    heard, offer = await town.complain(), await town.complain()
    await town.received(heard)
    before = {way: count(way, "sent") for way in WAYS}
    async with notifying(town, providers, tmp_path, town.story.at[offer.assignment_id]) as notify:
        notify.process.show()
        assert metrics.notify_pending.of()._value.get() == 1
        for number, way in enumerate(WAYS):
            notify.at(town.due(offer, way) - 1)
            await asyncio.sleep(0.05)
            assert len(town.story.pushed(offer)) == number
            notify.at(town.due(offer, way))
            await until(lambda number=number: len(town.story.pushed(offer)) == number + 1)  # type: ignore[misc]
        assert town.story.pushed(offer) == [(way, "sent", "") for way in WAYS]
        assert {way: count(way, "sent") - before[way] for way in WAYS} == dict.fromkeys(WAYS, 1)
        notify.process.show()
        assert (
            metrics.notify_oldest.of()._value.get()
            == (town.due(offer, "mqtt") - town.story.at[offer.assignment_id]) / 1000
        )

        notify.at(town.story.at[offer.assignment_id])
        second = await town.complain()
        notify.at(town.due(second, "webhook"))
        await until(lambda: town.story.pushed(second) == [("webhook", "sent", "")])
        await town.received(second)
        await until(lambda: second.assignment_id not in {o.assignment.id for o in notify.process.offers})
        notify.at(town.due(second, "mqtt"))
        await asyncio.sleep(0.2)
        assert town.story.pushed(second) == [("webhook", "sent", "")]
    got = dict(providers.of(offer))
    assert [*got] == ["webhook", "worknotice", "mqtt"]
    assert got["webhook"].more["officers"] == [*offer.officers]
    assert got["worknotice"].more["receiverIds"] == ",".join(offer.officers)
    assert got["mqtt"].more["topic"] == f"jx/squad/{offer.squad}/assign"
    case = town.story.desk(DESK).cases[offer.case_id]
    assert [x.more["text"] for x in providers.webpush.got] == [f'{{"case_no":"{case.no}"}}']
    for one in got.values():
        assert "嘉善县罗星街道" in one.text
        assert not [word for word in ("13800000000", "张三", "垃圾 n-") if word in one.text]
    assert providers.of(heard) == []
    assert town.story.pushed(heard) == []
    assert case.assignment
    assert case.assignment.pushed == WAYS
    assert why(run, offer.case_id, "zh").count("推送") >= 4
    assert why(run, offer.case_id, "en").count("pushed through") == 4  # each with its result


async def test_a_provider_that_is_down_for_ten_minutes_is_tried_until_it_is_back(
    town: Town, providers: Providers, tmp_path: Path
) -> None:
    """The story says "failed" once, with the reason, and "sent" when it went through; the metric counts each try; other
    channels do not wait for it. When the lease is over nothing rings any more; if it is extended, again."""
    providers.webhook.behaves, providers.mqtt.behaves = "broken", "broken"
    offer = await town.complain()
    at, failed = town.story.at[offer.assignment_id], count("webhook", "failed")
    async with notifying(town, providers, tmp_path, at) as notify:
        for minutes in range(1, 11):
            notify.at(at + minutes * MINUTE)
            tries = count("webhook", "failed")
            await until(lambda tries=tries: count("webhook", "failed") > tries + 1)  # type: ignore[misc]
        told = {("webhook", "failed", "http 500"), ("webpush", "sent", ""), ("worknotice", "sent", "")}
        told |= {("mqtt", "failed", "reason 0x88")}
        await until(lambda: set(town.story.pushed(offer)) == told)
        assert len(town.story.pushed(offer)) == 4
        assert count("webhook", "failed") - failed > 10
        providers.webhook.behaves = "well"
        await until(lambda: town.story.pushed(offer)[4:] == [("webhook", "sent", "")])
        assert len(providers.of(offer)) == 2
        assert offer.due_at > notify.clock.now()
        notify.at(offer.due_at)
        await asyncio.sleep(0.3)
        asked = providers.mqtt.asked
        await asyncio.sleep(0.5)
        assert providers.mqtt.asked == asked
        notify.at(offer.due_at - SECOND)
        await until(lambda: providers.mqtt.asked > asked)
    assert len(town.story.pushed(offer)) == 5


async def test_what_has_reached_its_limit_or_never_will_take_it_has_the_next_one_go_at_once(
    town: Town, providers: Providers, tmp_path: Path
) -> None:
    """Said once each. A limit may pass: then it is sent through that channel too. A refusal is the end of it."""
    providers.webhook.behaves, providers.worknotice.behaves = "limited", "gone"
    offer = await town.complain()
    async with notifying(town, providers, tmp_path, town.story.at[offer.assignment_id]) as notify:
        notify.at(town.due(offer, "webhook"))
        told = [("webhook", "limited", "busy"), ("webpush", "sent", "")]
        await until(lambda: town.story.pushed(offer) == told)
        notify.at(town.due(offer, "worknotice"))
        told += [("worknotice", "refused", "gone"), ("mqtt", "sent", "")]
        await until(lambda: town.story.pushed(offer) == told)
        await asyncio.sleep(0.3)
        assert (providers.webhook.asked, providers.worknotice.asked) == (1, 1)  # it asked for seven seconds' rest
    assert count("webhook", "limited") >= 1
    assert count("worknotice", "refused") >= 1


@pytest.mark.usefixtures("room")
async def test_a_silent_terminal_makes_the_first_channel_due_at_once(
    run: Run, town: Town, providers: Providers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not heard for longer than the city allows; the story says why. The others wait, as do those whose terminal was
    heard. It is shown how many are there. Redis away: unknown, and nobody is silent; what is back is silent again."""
    monkeypatch.setattr(nodes, "LOOK_EVERY_S", 0.05)
    elsewhere = complaint("")["location"] | {"lon": 120.93, "lat": 30.90, "address": "西塘镇"}
    others, offer = await town.complain(location=elsewhere), await town.complain()
    assert others.squad != offer.squad
    silent = town.city.node_silence_ms
    with redis.Redis.from_url(run.redis) as board:
        from streams.clock import wall_ms

        name = f"paidan:{{{DESK}}}:nodes"
        fresh = f'{{"at":{wall_ms()}}}'
        board.delete(name)
        board.hset(name, mapping={offer.squad: fresh, others.squad: fresh, "nobody": "["})
        async with notifying(town, providers, tmp_path, town.story.at[others.assignment_id]) as notify:
            await asyncio.sleep(0.2)
            assert town.story.pushed(offer) == town.story.pushed(others) == []
            assert metrics.nodes_online.of(DESK)._value.get() == 2
            here = sum(s.desk == DESK for s in town.city.pack.squads)
            assert metrics.nodes_required.of(DESK)._value.get() == here
            # One of them is still heard, the other is not, and time goes on.
            later = wall_ms() + silent
            board.hset(name, others.squad, f'{{"at":{later}}}')
            await until(lambda: notify.process.nodes._seen[others.squad] == later)
            monkeypatch.setattr(notify.process.nodes, "_now", lambda: later + SECOND)
            await until(lambda: town.story.pushed(offer) == [("webhook", "sent", "node_silent")])
            assert town.story.pushed(others) == []
            assert metrics.nodes_online.of(DESK)._value.get() == 1
            assert notify.process.nodes.silent(offer.squad)
            monkeypatch.setattr(notify.process.nodes, "_redis", connect("redis://127.0.0.1:9/0"))
            await until(lambda: not notify.process.nodes.silent(offer.squad))
            assert (DESK,) not in metrics.nodes_online.series()
        board.delete(name)


async def test_nobody_off_duty_is_woken(town: Town, providers: Providers, tmp_path: Path) -> None:
    """One of two went off duty after the offer: only the other is told. Both: nobody is, and the story says so."""
    one = await town.complain()
    left, stays = one.officers
    await town.off_duty(left)
    async with notifying(town, providers, tmp_path, town.due(one, "mqtt")):
        await until(lambda: len(town.story.pushed(one)) == 4)
    got = dict(providers.of(one))
    assert got["webhook"].more["officers"] == [stays]
    assert got["worknotice"].more["receiverIds"] == stays
    both = await town.complain()
    await town.off_duty(*both.officers)
    async with notifying(town, providers, tmp_path, town.due(both, "mqtt")):
        await until(lambda: len(town.story.pushed(both)) == 4)
    assert sorted(town.story.pushed(both)) == sorted((way, "skipped", "off_duty") for way in WAYS)
    assert providers.of(both) == []


async def test_killed_between_sending_and_saying_so_it_sends_the_same_once_more(
    run: Run, town: Town, providers: Providers, tmp_path: Path
) -> None:
    """`paidan notify` as a process, kill -9 when the provider has the offer and the desk does not know: the next one
    sends it again under the same id, of which a receiver's list rings once, and the story says it once. A channel that
    has no address here is passed over without a word on the case."""
    offer = await town.complain()
    still = {"wall": 0, "business": town.due(offer, "mqtt"), "speed": 1.0, "wall_end": 0}
    (tmp_path / "clock.json").write_bytes(msgspec.json.encode({"segments": [still], "said": 0}))
    path, port = file_of(providers, tmp_path, only="webhook"), free_port()
    words = run.settings[:-1].replace(str(run.clock), str(tmp_path / "clock.json"))
    words += f", channels={str(path)!r}, metrics_port={port})"
    code = f"WORKER = 'notify'\nfrom streams import settings\nfrom streams.notify import process\nprocess.run({words})"
    child = Child("notify", code, tmp_path / "notify.log")
    well = providers.webhook.well

    def dies() -> Any:
        child.send(signal.SIGKILL)
        return well()

    try:
        providers.webhook.well = dies  # type: ignore[method-assign]
        child.start()
        await until(lambda: bool(child.ended or not child.alive), 120)
        assert child.ended == [-signal.SIGKILL], child.said()
        assert town.story.pushed(offer) == []
        providers.webhook.well = well  # type: ignore[method-assign]
        child.start()
        await until(lambda: town.story.pushed(offer) == [("webhook", "sent", "")], 120)
        first, second = (got for _, got in providers.of(offer))
        assert first.more == second.more
        rings = [providers.webhook.taken.first(got.id, now) for now, got in enumerate((first, second))]
        assert rings == [True, False]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            shown = answer.read().decode()
        assert re.search(r'^paidan_notify_attempts_total\{channel="webhook",result="sent"\} 1.0$', shown, re.M)
        assert re.search(r"^paidan_notify_pending 1.0$", shown, re.M)
        assert "channels of the city pack without an address here are passed over" in child.said(1 << 20)
        child.send(signal.SIGTERM)
        assert child.process
        assert child.process.wait(20) == 0
    finally:
        child.kill()
    assert town.story.pushed(offer) == [("webhook", "sent", "")]


def test_only_devices_of_these_officers_are_woken() -> None:
    """Of that squad, not closed, and with a subscription."""
    from streams.gateway.accounts import Push, made

    push = Push(endpoint="https://push.example/1", p256dh="A" * 87, auth="B" * 22)
    place = {"desk": DESK, "squad": "JS01"}

    class Known:
        def all(self) -> list[Any]:
            return [
                made("d-aaaaaaaa", "squad", "test", officer="1", push=push, **place),
                made("d-bbbbbbbb", "squad", "test", officer="2", push=push, disabled=True, **place),
                made("d-cccccccc", "squad", "test", officer="3", push=push, **place),
                made("d-dddddddd", "squad", "test", officer="1", **place),
                made("d-eeeeeeee", "squad", "test", officer="1", push=push, **{**place, "squad": "JS02"}),
            ]

    found = list(devices(Known(), "JS01", ("1", "2")))  # type: ignore[arg-type]
    assert [one.endpoint for one in found] == ["https://push.example/1"]
