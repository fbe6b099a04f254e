"""MQTT against Debian's own broker: what a vehicle's terminal gets, and what the broker's reasons mean."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import aiomqtt
import msgspec
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from yarl import URL

from streams.local import free_port, taken
from streams.notify.mqtt import LIMITS, Mqtt
from streams.notify.notifier import Receipt
from tests.support_notify import NOTICE

PROGRAM = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
TOPIC = "jx/squad/jiashan-luoxing/assign"


class Broker(NamedTuple):
    port: int
    process: subprocess.Popen[bytes]

    def way(self, user: str = "paidan", secret: bytes = b"pw-paidan") -> Mqtt:
        return Mqtt(URL(f"mqtt://127.0.0.1:{self.port}"), user, secret, 5.0, LIMITS)

    def terminal(self, name: str = "van-1") -> aiomqtt.Client:
        """A terminal whose session lasts an hour."""
        kept = Properties(PacketTypes.CONNECT)
        kept.SessionExpiryInterval = 3600
        return aiomqtt.Client(
            "127.0.0.1", self.port, identifier=name, username="van", password="pw-van",
            protocol=aiomqtt.ProtocolVersion.V5, clean_start=False, properties=kept,
        )  # fmt: skip


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    port = free_port()
    tmp_path.chmod(0o755)
    passwords, rights, config = tmp_path / "passwords", tmp_path / "rights", tmp_path / "mosquitto.conf"
    passwords.write_text("paidan:pw-paidan\nvan:pw-van\nother:pw-other\n")
    subprocess.run([Path(PROGRAM).parent.parent / "bin" / "mosquitto_passwd", "-U", passwords], check=True)
    rights.write_text(
        "user paidan\ntopic write jx/squad/+/assign\nuser van\ntopic read jx/squad/jiashan-luoxing/assign\n"
    )
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nacl_file {rights}\nuser root\n"
    )
    process = subprocess.Popen([PROGRAM, "-c", config], stderr=subprocess.DEVNULL)
    while not taken(port):
        assert process.poll() is None
        await asyncio.sleep(0.02)
    yield Broker(port, process)
    process.kill()
    process.wait()


async def heard(client: aiomqtt.Client) -> aiomqtt.Message:
    async with asyncio.timeout(10):
        async for message in client.messages:
            return message
    raise AssertionError("nothing came")


async def test_a_terminal_gets_it_also_after_the_tunnel(broker: Broker) -> None:
    """At once while it is there; when it comes back, what was sent meanwhile; a new one nothing, for it is not kept."""
    async with broker.terminal() as van:
        await van.subscribe(TOPIC, qos=1)
        assert await broker.way().notify(NOTICE) == Receipt("sent")
        message = await heard(van)
        assert (message.qos, message.retain, str(message.topic)) == (1, False, TOPIC)
        told = msgspec.json.decode(message.payload)
        assert (told["id"], told["case_no"], told["officers"]) == (NOTICE.id, NOTICE.case_no, [*NOTICE.officers])
    assert await broker.way().notify(NOTICE._replace(id="c-1/3")) == Receipt("sent")
    async with broker.terminal() as van:
        assert msgspec.json.decode((await heard(van)).payload)["id"] == "c-1/3"
    async with broker.terminal("van-2") as other:
        await other.subscribe(TOPIC, qos=1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await heard(other)


async def test_when_the_lease_is_over_it_does_not_ring_any_more(broker: Broker) -> None:
    """The broker throws it away."""
    async with broker.terminal() as van:
        await van.subscribe(TOPIC, qos=1)
    assert await broker.way().notify(NOTICE._replace(valid_s=1)) == Receipt("sent")
    await asyncio.sleep(2.1)
    async with broker.terminal() as van:
        assert await broker.way().notify(NOTICE._replace(id="c-1/3")) == Receipt("sent")
        assert msgspec.json.decode((await heard(van)).payload)["id"] == "c-1/3"


async def test_the_brokers_reasons_are_heard(broker: Broker) -> None:
    """Nobody subscribes; a wrong password; no right to the topic; dead."""
    assert await broker.way().notify(NOTICE) == Receipt("failed", "nobody_listens")
    assert await broker.way(secret=b"wrong").notify(NOTICE) == Receipt("refused", "not_allowed")
    assert await broker.way("other", b"pw-other").notify(NOTICE) == Receipt("refused", "not_allowed")
    broker.process.kill()
    broker.process.wait()
    assert await broker.way().notify(NOTICE) == Receipt("failed", "unreachable")
