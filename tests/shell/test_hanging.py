"""A broker that takes a connection and never answers: who asks it goes on to another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer, conn
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.group import JoinGroupRequest
from aiokafka.protocol.metadata import MetadataRequest

from streams import hanging, kafka_io


@asynccontextmanager
async def silent() -> AsyncIterator[int]:
    """The port of a server that reads, and says nothing."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            pass
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_who_is_silent_from_the_beginning_is_passed_over(kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers: that is told. One of two addresses hangs: a producer of ours is there by the other."""
    monkeypatch.setattr(hanging, "KNOWN_S", 0.2)
    async with silent() as port, asyncio.timeout(20):  # aiokafka alone waits 30 s
        alone = kafka_io.producer(f"127.0.0.1:{port}")
        with pytest.raises(KafkaConnectionError):
            await alone.start()
        await alone.stop()
        async with kafka_io.producer(f"127.0.0.1:{port},{kafka}") as sender:
            assert sender.client.cluster.brokers()


@pytest.mark.parametrize(
    ("request_", "closed"), [(MetadataRequest([]), True), (JoinGroupRequest("g", 1, 1, "", "", "c", []), False)]
)
async def test_only_what_cannot_take_long_is_bounded(
    kafka: str, monkeypatch: pytest.MonkeyPatch, request_: object, closed: bool
) -> None:
    """Who leads is known in a moment; to join a group takes as long as its slowest member."""
    monkeypatch.setattr(hanging, "KNOWN_S", 0.2)
    monkeypatch.setattr(hanging, "DONE_S", 0.2)
    host, port = kafka.split(":")
    asked = await conn.create_conn(host, int(port), request_timeout_ms=2_000)
    assert isinstance(asked, hanging.Connection)
    asked._reader.feed_data = lambda data: None  # from now on nothing comes
    with pytest.raises(TimeoutError):
        await asked.send(request_)
    assert asked.connected() is not closed
    await asked.close()


async def test_every_client_has_it(kafka: str) -> None:
    """Whichever class of aiokafka makes it, Faust's too."""
    async with AIOKafkaProducer(bootstrap_servers=kafka) as sender:
        assert await sender.client.ready(sender.client.get_random_node())
        assert {type(one) for one in sender.client._conns.values()} == {hanging.Connection}
