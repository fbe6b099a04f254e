"""MQTT 5, for the terminals of vehicles: QoS 1, not retained, gone from the broker when the lease is over.

A terminal subscribes to its squad's topic with a session of its own that lasts, so what came while it was in a tunnel
waits for it. The broker's word is no terminal's: it says whether somebody subscribes, not whether somebody hears.
A connection for each notice: they are few, and none is left half open. Price: a handshake each time.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import aiomqtt
import msgspec
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from yarl import URL

from .notifier import TOO_LARGE, Limits, Notice, Receipt, fitted

TOPIC = "jx/squad/{squad}/assign"
NOBODY = 0x10  # "no matching subscribers": taken, and thrown away
# MQTT 5, 2.4: what will not be otherwise next time, and what is too much now.
REFUSED = {
    0x84: "protocol", 0x85: "bad_client", 0x86: "bad_login", 0x87: "not_allowed", 0x8A: "banned", 0x8C: "bad_login",
    0x90: "bad_address", 0x95: "too_large", 0x99: "bad_payload",
}  # fmt: skip
LIMITED = {0x89: "busy", 0x93: "busy", 0x96: "rate", 0x97: "quota", 0x9F: "rate"}

UNREACHABLE = Receipt("failed", "unreachable")
LIMITS = Limits(rate=50, burst=100, size=16_384)


class _Client(aiomqtt.Client):
    """The library's client, and what it does not do: it keeps the broker's reason to itself, without which a refusal
    would look like a receipt, and leaves open a connection that never came to be."""

    puback = 0

    def __init__(self, *given: Any, timeout: float, **more: Any) -> None:
        super().__init__(*given, timeout=timeout, **more)
        self._client.connect_timeout = timeout

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: ReasonCode, properties: Any) -> None:
        self.puback = reason_code.value
        super()._on_publish(client, userdata, mid, reason_code, properties)

    def drop(self) -> None:
        """Close it, whatever it was about."""
        self._client._reset_sockets()


class Mqtt:
    """Publishes to the topic of the squad."""

    channel = "mqtt"

    def __init__(
        self, url: URL, user: str, secret: bytes, timeout_s: float, limits: Limits, topic: str = TOPIC
    ) -> None:
        self.limits = limits
        self._url, self._user, self._secret, self._timeout_s, self._topic = url, user, secret, timeout_s, topic
        self._tls = ssl.create_default_context() if url.scheme == "mqtts" else None

    async def notify(self, notice: Notice) -> Receipt:
        """Publish it once."""
        body = fitted(notice, self.limits.size, _encode)
        if body is None:
            return TOO_LARGE
        client = _Client(
            self._url.host or "",
            self._url.port or (8883 if self._tls else 1883),
            username=self._user or None,
            password=self._secret.decode() or None,
            protocol=aiomqtt.ProtocolVersion.V5,
            timeout=self._timeout_s,
            tls_context=self._tls,
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._publish(client, notice, body)
        except TimeoutError:
            return Receipt("failed", "timeout")
        except aiomqtt.MqttCodeError as fault:
            return _meaning(fault.rc.value) if isinstance(fault.rc, ReasonCode) else UNREACHABLE
        except (aiomqtt.MqttError, OSError):
            return UNREACHABLE
        finally:
            client.drop()

    async def _publish(self, client: _Client, notice: Notice, body: bytes) -> Receipt:
        properties = Properties(PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = max(1, round(notice.valid_s))
        async with client:
            topic = self._topic.format(squad=notice.squad)
            await client.publish(topic, body, qos=1, retain=False, properties=properties)
        return _meaning(client.puback)


def _meaning(code: int) -> Receipt:
    if code == NOBODY:
        return Receipt("failed", "nobody_listens")
    if code < 0x80:
        return Receipt("sent")
    if code in REFUSED:
        return Receipt("refused", REFUSED[code])
    return Receipt("limited", LIMITED[code]) if code in LIMITED else Receipt("failed", f"reason {code:#x}")


def _encode(notice: Notice) -> bytes:
    told = ("id", "case_no", "item", "place", "priority", "attempt", "clock", "team", "officers", "text")
    return msgspec.json.encode({"kind": "offer", **{name: getattr(notice, name) for name in told}})
