"""What every way to a squad promises, tried on each against its provider, which answers well, slowly, wrongly, never,
with its limit reached, and "gone"."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from dispatchers.explain.terms import PUSHED
from streams.metrics import CHANNELS
from streams.notify import bounds, mqtt
from streams.notify.bounds import Bounded
from streams.notify.channels import KINDS
from streams.notify.notifier import Notifier, Receipt
from streams.outgoing import outgoing
from tests.support_notify import FAKES, NOTICE, TIMEOUT_S, Fake, FakePlatform, FakePushService, listening

# Of the person who reported, and of what they wrote: in no channel, whatever else it may say.
FORBIDDEN = ("13800000000", "reporter", "caller", "description", "title")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with outgoing() as one:
        yield one


@pytest.fixture(params=CHANNELS)
async def fake(request: pytest.FixtureRequest) -> AsyncIterator[Fake]:
    one = FAKES[request.param]()
    async with listening(one):
        yield one
    assert one.wrong == []


@pytest.fixture
def way(fake: Fake, session: aiohttp.ClientSession) -> Notifier:
    return fake.notifier(session)


async def test_a_provider_that_takes_it_has_it_once_and_knows_a_repeat(fake: Fake, way: Notifier) -> None:
    """Sent; the same offer again has the same id, another attempt another one; nothing of the reporter is in it."""
    assert way.channel == fake.channel
    assert await way.notify(NOTICE) == Receipt("sent")
    assert await way.notify(NOTICE) == Receipt("sent")
    assert await way.notify(NOTICE._replace(id="c-0123456789abcdef0123/3", attempt=3, clock="10:11")) == Receipt("sent")
    first, repeat, next_one = fake.got
    assert first.id == repeat.id != next_one.id
    assert NOTICE.case_no in first.text
    assert not [word for word in FORBIDDEN if word in first.text]
    assert first.size <= way.limits.size


async def test_a_slow_one_is_waited_for(fake: Fake, way: Notifier) -> None:
    """Within the timeout."""
    fake.behaves = "slow"
    assert await way.notify(NOTICE) == Receipt("sent")


FAULTS = [("broken", "failed"), ("garbage", "failed"), ("closes", "failed"), ("never", "failed"), ("gone", "refused")]


@pytest.mark.parametrize(("behaves", "result"), FAULTS)
async def test_a_fault_is_a_receipt_and_never_an_exception(
    fake: Fake, way: Notifier, behaves: str, result: str
) -> None:
    """What may pass is "failed", what never will "refused"; each says why, in time, and it is well again after it."""
    fake.behaves = behaves
    begun = time.monotonic()
    receipt = await way.notify(NOTICE)
    assert receipt.result == result
    assert receipt.detail
    assert time.monotonic() - begun < TIMEOUT_S * 5
    assert fake.got == []
    if result == "failed":
        fake.behaves = "well"
        assert await way.notify(NOTICE) == Receipt("sent")


async def test_a_reached_limit_is_said(fake: Fake, way: Notifier) -> None:
    """As the provider says it; how long to wait, if it says so."""
    fake.behaves = "limited"
    receipt = await way.notify(NOTICE)
    assert receipt.result == "limited"
    assert receipt.detail
    assert receipt.wait_s == (0 if fake.channel == "mqtt" else 7)


async def test_nobody_there_is_a_failure(fake: Fake, session: aiohttp.ClientSession) -> None:
    """A port on which nobody listens."""
    fake.port = 9
    assert await fake.notifier(session).notify(NOTICE) == Receipt("failed", "unreachable")


async def test_a_long_place_is_shortened_and_what_cannot_be_is_refused(
    fake: Fake, session: aiohttp.ClientSession
) -> None:
    """The size that is declared holds, in bytes; number and time stay whole."""
    way = fake.notifier(session, fake.limits._replace(size=900))
    assert await way.notify(NOTICE._replace(place="嘉善县" * 2_000)) == Receipt("sent")
    assert fake.got[0].size <= 900
    assert NOTICE.case_no in fake.got[0].text
    if fake.channel != "webpush":  # which says no place
        narrow = fake.notifier(session, fake.limits._replace(size=40))
        assert await narrow.notify(NOTICE) == Receipt("refused", "too_large")
        assert fake.asked == 1


async def test_faults_leave_nothing_open(fake: Fake, way: Notifier) -> None:
    """Six of each, and again: no more files are open than after the first ones. A provider may be down for days."""
    kinds = ("never", "garbage", "closes", "broken", "gone", "well")

    async def tried() -> int:
        for behaves in kinds:
            fake.behaves = behaves
            await asyncio.gather(*(way.notify(NOTICE) for _ in range(6)))
        await asyncio.sleep(0.05)
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    before = await tried()
    await tried()
    assert await tried() <= before + 2


async def test_no_more_a_second_than_declared(
    fake: Fake, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not pass soon is limited, without asking the provider."""
    monkeypatch.setattr(bounds, "PATIENCE_S", 0.05)
    way = Bounded(fake.notifier(session, fake.limits._replace(rate=0.01, burst=2)), lambda: 1)
    results = [await way.notify(NOTICE) for _ in range(4)]
    assert results == [Receipt("sent"), Receipt("sent"), Receipt("limited", "rate"), Receipt("limited", "rate")]
    assert fake.asked == 2


async def test_no_more_to_a_user_and_day_than_declared(fake: Fake, session: aiohttp.ClientSession) -> None:
    """Who had enough today is left out, and if nobody is left it is limited; tomorrow all get it. What the provider did
    not take is not counted."""
    days = [1]
    way = Bounded(fake.notifier(session, fake.limits._replace(user_day=2)), lambda: days[0])
    fake.behaves = "broken"
    assert (await way.notify(NOTICE)).result == "failed"
    fake.behaves = "well"
    assert [await way.notify(NOTICE) for _ in range(3)] == [*[Receipt("sent")] * 2, Receipt("limited", "user_day")]
    days[0] = 2
    assert await way.notify(NOTICE) == Receipt("sent")


def test_the_declared_limits_are_the_providers() -> None:
    """Of the work notice: 2,048 bytes, 1,000 receivers, 100 a user and day."""
    assert tuple(KINDS) == CHANNELS == tuple(FAKES)
    assert KINDS["worknotice"].limits[2:] == (2_048, 1_000, 100)
    assert all(kind.limits.rate > 0 and kind.limits.burst > 0 for kind in KINDS.values())


# -- each one's own ----------------------------------------------------------------------------------------------------


async def test_web_push_says_no_more_than_open_the_app(session: aiohttp.ClientSession) -> None:
    """The number and nothing else, also closed; it rings for as long as the lease; of two devices one gone: sent; the
    gone one is asked no more; none at all: skipped."""
    fake = FakePushService()
    async with listening(fake):
        way = fake.notifier(session)
        await way.notify(NOTICE)
        assert fake.got[0].more["text"] == '{"case_no":"JS-20260713-0042"}'
        assert (fake.got[0].more["ttl"], fake.got[0].more["urgency"]) == ("290", "high")
        fake.behaves = "gone"
        assert await way.notify(NOTICE) == Receipt("refused", "gone")
        fake.behaves, fake.devices = "well", 2
        assert await way.notify(NOTICE) == Receipt("sent")
        assert [got.more["path"] for got in fake.got] == ["/send/0", "/send/1"]
        assert fake.asked == 3
        fake.devices = 0
        assert await way.notify(NOTICE) == Receipt("skipped", "no_device")
    assert fake.wrong == []


async def test_a_work_notice_goes_to_who_is_on_duty_and_differs_by_attempt(session: aiohttp.ClientSession) -> None:
    """Receivers are the officers; the same text is never sent for another attempt; codes mean what the file says."""
    fake = FakePlatform()
    async with listening(fake):
        way = fake.notifier(session)
        await way.notify(NOTICE)
        await way.notify(NOTICE._replace(id="c-0123456789abcdef0123/3", attempt=3))
        assert [got.more["receiverIds"] for got in fake.got] == ["330421-0101,330421-0102"] * 2
        assert fake.got[0].more["msg"] != fake.got[1].more["msg"]
        assert await way.notify(NOTICE._replace(officers=())) == Receipt("skipped", "no_receiver")
    read = way._read  # type: ignore[attr-defined]
    assert read(b'{"success":false,"errorCode":"90018"}') == Receipt("limited", "code 90018")
    assert read(b'{"success":false,"errorCode":33012}') == Receipt("refused", "code 33012")
    assert read(b'{"success":true,"content":"{\\"success\\":false,\\"bizErrorCode\\":\\"x\\"}"}') == Receipt(
        "failed", "code x"
    )
    for garbage in (
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"success":"yes"}',
        b"\xff",
        b'{"success":true,"content":"success"}',
    ):
        assert read(garbage) == Receipt("failed", "garbage"), garbage
    assert read(b'{"success":true,"content":{"msgId":"1"}}') == Receipt("sent")


async def test_mqtt_is_at_least_once_not_kept_and_says_when_nobody_listens(session: aiohttp.ClientSession) -> None:
    """QoS 1, not retained, gone with the lease, to the squad's topic."""
    fake = FAKES["mqtt"]()
    async with listening(fake):
        way = fake.notifier(session)
        await way.notify(NOTICE)
        more = fake.got[0].more
        assert (more["topic"], more["qos"], more["retain"]) == ("jx/squad/jiashan-luoxing/assign", 1, 0)
        assert more["properties"] == b"\x02" + (290).to_bytes(4, "big")
        fake.behaves = "nobody"
        assert await way.notify(NOTICE) == Receipt("failed", "nobody_listens")


def test_every_reason_has_its_words() -> None:
    """What a receipt says why, the story says in both languages; codes of an answer are the same in both."""
    code = "".join(file.read_text("utf-8") for file in Path(bounds.__file__).parent.glob("*.py"))
    said = set(re.findall(r'Receipt\("\w+", "([a-z_]+)"', code)) | {*mqtt.REFUSED.values(), *mqtt.LIMITED.values()}
    assert len(said) > 15
    assert said - set(PUSHED) == {"protocol", "bad_client", "banned", "bad_payload"}  # a broker's, seldom seen
    assert {"timeout", "unreachable"} <= set(PUSHED)  # as outgoing.py calls them
