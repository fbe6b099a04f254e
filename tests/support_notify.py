"""Providers that behave as they are told: well, slowly, wrongly, never, too busy, gone. One for each adaptor, by one
interface, and what they were sent, opened and checked as a true provider would."""

from __future__ import annotations

import asyncio
import base64
import hmac
import os
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from typing import Any, NamedTuple

import http_ece
import msgspec
from aiohttp import ClientSession, web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from py_vapid.utils import b64urldecode, b64urlencode
from yarl import URL

from streams.notify import mqtt, webhook, webpush, worknotice
from streams.notify.notifier import Limits, Notice, Notifier
from streams.outbox.signature import Taken, verify

SECRET = b"0123456789abcdef0123456789abcdef"
TIMEOUT_S = 0.6
BEHAVIOURS = ("well", "slow", "broken", "garbage", "closes", "never", "limited", "gone")
NOTICE = Notice(
    id="c-0123456789abcdef0123/2",
    desk="jiashan",
    squad="jiashan-luoxing",
    team="jiashan-luoxing-1",
    officers=("330421-0101", "330421-0102"),
    case_no="JS-20260713-0042",
    item="乱倒垃圾",
    place="嘉善县罗星街道体育南路",
    priority=1,
    attempt=2,
    clock="10:05",
    valid_s=290.4,
)


class Got(NamedTuple):
    """What came, and was what it should be."""

    id: str  # by which the provider tells a repeat
    text: str  # all of it that somebody could read on the way, and what was closed, opened
    size: int
    more: dict[str, Any]


class Fake:
    """A provider."""

    channel: str
    limits: Limits

    def __init__(self) -> None:
        self.behaves = "well"
        self.got: list[Got] = []
        self.wrong: list[str] = []  # what no true provider would have taken
        self.asked = 0
        self.port = 0

    def notifier(self, session: ClientSession, limits: Limits | None = None) -> Notifier:
        raise NotImplementedError


class _Http(Fake):
    """Over HTTP: the answers that all three have in common."""

    def open(self, request: web.Request, body: bytes) -> Got:
        raise NotImplementedError

    def well(self) -> web.Response:
        return web.Response(status=201)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        body = await request.read()
        try:
            got = self.open(request, body)
        except Exception as fault:  # noqa: BLE001
            self.wrong.append(repr(fault))
            return web.Response(status=401)
        match self.behaves:
            case "slow":
                await asyncio.sleep(TIMEOUT_S / 2)
            case "never":
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(60)
            case "broken":
                return web.Response(status=500, text="<html>")
            case "limited":
                return web.Response(status=429, headers={"Retry-After": "7"})
            case "gone":
                return web.Response(status=410)
            case "garbage" | "closes":
                assert request.transport
                if self.behaves == "garbage":
                    request.transport.write(b"\x00\xff what is this\r\n\r\n")
                request.transport.close()
                return web.Response()
        self.got.append(got)
        return self.well()


class FakeWebhook(_Http):
    channel, limits = "webhook", webhook.LIMITS

    def __init__(self) -> None:
        super().__init__()
        self.taken = Taken()

    def notifier(self, session: ClientSession, limits: Limits | None = None) -> Notifier:
        url = URL(f"http://127.0.0.1:{self.port}/squads?of=jiashan")
        return webhook.Webhook(session, url, SECRET, TIMEOUT_S, limits or self.limits)

    def open(self, request: web.Request, body: bytes) -> Got:
        name = verify([SECRET], request.headers, body, time.time())
        told = msgspec.json.decode(body)
        assert told["id"] == name
        return Got(name, body.decode() + str(request.headers), len(body), told)


class FakePushService(_Http):
    channel, limits = "webpush", webpush.LIMITS

    def __init__(self) -> None:
        super().__init__()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)
        secret, self.public = webpush.new_key()
        self.ours = webpush.load_key(secret)
        self.devices = 1

    def subscription(self, number: int) -> webpush.Subscription:
        public = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        endpoint = f"http://127.0.0.1:{self.port}/send/{number}"
        return webpush.Subscription(endpoint, b64urlencode(public), b64urlencode(self.auth))

    def notifier(self, session: ClientSession, limits: Limits | None = None) -> Notifier:
        def of(squad: str, officers: tuple[str, ...]) -> list[webpush.Subscription]:
            assert (squad, officers) == (NOTICE.squad, NOTICE.officers)
            return [self.subscription(n) for n in range(self.devices)]

        contact = "mailto:dispatch@city.example"
        return webpush.WebPush(session, self.ours, contact, of, TIMEOUT_S, limits or self.limits)

    def open(self, request: web.Request, body: bytes) -> Got:
        signed = request.headers["Authorization"]
        assert Vapid02.verify(signed.replace(",k=", ",k="))
        token = signed.split("t=")[1].split(",")[0]
        claims = msgspec.json.decode(b64urldecode(token.split(".")[1].encode()))
        assert claims["aud"] == f"http://127.0.0.1:{self.port}"
        assert 0 < claims["exp"] - time.time() <= 24 * 3600
        assert request.headers["Content-Encoding"] == "aes128gcm"
        assert 1 <= len(request.headers["Topic"]) <= 32
        text = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm").decode()
        more = {
            "ttl": request.headers["TTL"],
            "urgency": request.headers["Urgency"],
            "path": request.path,
            "text": text,
        }
        return Got(request.headers["Topic"], text + str(request.headers), len(body), more)


class FakePlatform(_Http):
    channel, limits = "worknotice", worknotice.LIMITS

    def notifier(self, session: ClientSession, limits: Limits | None = None) -> Notifier:
        url = URL(f"http://127.0.0.1:{self.port}/gov/")
        return worknotice.WorkNotice(
            session, url, "paidan", "196729", SECRET, TIMEOUT_S, limits or self.limits, ("90018",), ("33012",)
        )

    def open(self, request: web.Request, body: bytes) -> Got:
        from urllib.parse import parse_qsl

        form = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
        head = request.headers
        lines = ("POST", head["X-Hmac-Auth-Timestamp"], head["X-Hmac-Auth-Nonce"], "/gov/message/workNotification")
        signed = "\n".join((*lines, "&".join(f"{n}={form[n]}" for n in sorted(form))))
        mac = base64.b64encode(hmac.digest(SECRET, signed.encode(), sha256)).decode()
        assert mac == head["X-Hmac-Auth-Signature"]
        assert (head["apiKey"], form["tenantId"]) == ("paidan", "196729")
        return Got(form["bizMsgId"], body.decode() + form["msg"], len(form["msg"].encode()), form)

    def well(self) -> web.Response:
        inner = {"success": True, "content": {"msgId": "aeb07a615a5e4294a55d65925f84bb3a"}}
        return web.json_response({"success": True, "content": msgspec.json.encode(inner).decode()})


class FakeMqttBroker(Fake):
    """A broker of MQTT 5, as far as one publishes to it."""

    channel, limits = "mqtt", mqtt.LIMITS

    def notifier(self, session: ClientSession, limits: Limits | None = None) -> Notifier:
        return mqtt.Mqtt(URL(f"mqtt://127.0.0.1:{self.port}"), "paidan", SECRET, TIMEOUT_S, limits or self.limits)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        kind, body = await _packet(reader)
        assert kind >> 4 == 1
        if b"\x05" != body[6:7] or SECRET not in body:
            self.wrong.append("no MQTT 5, or no password")
        match self.behaves:
            case "never":
                await reader.read()
            case "garbage":
                writer.write(b"\xff\xff\xff\xff\xff\xff what is this")
                await reader.read()
            case "closes":
                return
            case "broken":
                writer.write(b"\x20\x03\x00\x88\x00")  # server unavailable
            case "slow":
                await asyncio.sleep(TIMEOUT_S / 2)
                writer.write(b"\x20\x03\x00\x00\x00")
            case _:
                writer.write(b"\x20\x03\x00\x00\x00")
        kind, body = await _packet(reader)
        if kind >> 4 != 3:
            return
        reason = {"limited": 0x97, "gone": 0x87, "nobody": 0x10}.get(self.behaves, 0)
        length = struct.unpack("!H", body[:2])[0]
        topic, at = body[2 : 2 + length].decode(), 2 + length
        number, properties = body[at : at + 2], body[at + 3 : at + 3 + body[at + 2]]
        text = body[at + 3 + body[at + 2] :]
        if not reason:
            told = msgspec.json.decode(text)
            more = {**told, "topic": topic, "qos": kind >> 1 & 3, "retain": kind & 1, "properties": properties}
            self.got.append(Got(told["id"], text.decode(), len(text), more))
        writer.write(b"\x40\x04" + number + bytes((reason, 0)))
        await _packet(reader)  # its good-bye


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    kind = (await reader.readexactly(1))[0]
    length = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return kind, await reader.readexactly(length)


FAKES: dict[str, Callable[[], Fake]] = {
    "webhook": FakeWebhook,
    "webpush": FakePushService,
    "worknotice": FakePlatform,
    "mqtt": FakeMqttBroker,
}


@asynccontextmanager
async def listening(fake: Fake) -> AsyncIterator[None]:
    """The provider, there."""
    if isinstance(fake, FakeMqttBroker):
        async with await asyncio.start_server(fake.serve, "127.0.0.1", 0) as server:
            fake.port = server.sockets[0].getsockname()[1]
            yield
            server.close()
        return
    assert isinstance(fake, _Http)
    app = web.Application()
    app.router.add_post("/{path:.*}", fake.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    try:
        yield
    finally:
        await runner.cleanup()
