"""Devices as squads carry them, without a browser: a key, a session by signature, the stream of notices."""

from __future__ import annotations

import asyncio
import base64
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support_gateway import Answer, Caller, Site


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Key:
    """A pair that a device made."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public(self) -> str:
        """SPKI, DER."""
        return _text(self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def sign(self, text: str) -> str:
        """As WebCrypto does."""
        r, s = decode_dss_signature(self._key.sign(text.encode(), ec.ECDSA(SHA256())))
        return _text(r.to_bytes(32) + s.to_bytes(32))


class Device(Caller):
    """One that is enrolled, and signed in."""

    def __init__(self, http: aiohttp.ClientSession, me: dict[str, Any], key: Key) -> None:
        super().__init__(http, me)
        self.key = key

    async def sign_in(self) -> Answer:
        """Once more, by a new signature."""
        who = {"account": self.me["account"]}
        asked = (await self.ask("POST", "/api/device/challenge", who)).body["challenge"]
        signed = {"account": self.me["account"], "challenge": asked, "signature": self.key.sign(asked)}
        answer = await self.ask("POST", "/api/device/session", signed)
        if answer.status == 200:
            self.me = answer.body
        return answer

    async def day(self) -> dict[str, Any]:
        """All of its shift."""
        return dict(await self.get("/api/squad/day"))

    async def holding(self, case_id: str, true: Any = lambda case: True, limit: float = 10.0) -> dict[str, Any]:
        """One of its cases, once it is there and so."""
        deadline = time.monotonic() + limit
        while True:
            found = [c for c in (await self.day())["cases"] if c["row"]["id"] == case_id and true(c)]
            if found:
                return dict(found[0])
            assert time.monotonic() < deadline, case_id
            await asyncio.sleep(0.05)

    async def report(self, kind: str, case: dict[str, Any], key: str = "", **words: Any) -> Answer:
        """A report about what it holds or is offered."""
        held = case["assignment"]["id"]
        return await self.order(
            kind, case, key or str(uuid.uuid4()), assignment_id=held, case_version=case["row"]["version"], **words
        )

    async def events(self, after: str = "", limit: float = 15.0) -> AsyncIterator[dict[str, Any]]:
        """The stream: each event with `event`, `id` and `data`."""
        headers = {"Last-Event-ID": after} if after else {}
        timeout = aiohttp.ClientTimeout(total=None, sock_read=limit)
        async with self.http.get("/api/squad/stream", headers=headers, timeout=timeout) as answer:
            assert answer.status == 200, await answer.text()
            lines: dict[str, str] = {}
            async for raw in answer.content:
                line = raw.decode().rstrip("\n")
                if line:
                    name, _, value = line.partition(": ")
                    lines[name] = value
                elif lines:
                    if "event" in lines:
                        data = json.loads(lines["data"])
                        yield {"event": lines["event"], "id": lines.get("id", ""), "data": data}
                    lines = {}


async def code_for(lead: Caller, officer: str, role: str = "squad") -> str:
    """A code that the lead shows."""
    answer = await lead.ask("POST", "/api/devices", {"role": role, "officer": officer})
    assert answer.status == 201, answer
    return str(answer.body["code"])


@asynccontextmanager
async def enrolled(here: Site, officer: str, role: str = "squad", lead: str = "js-lead") -> AsyncIterator[Device]:
    """A device of an officer, enrolled by a code that the lead of the desk shows."""
    async with here.signed_in(lead) as shown:
        code = await code_for(shown, officer, role)
    async with unenrolled(here) as http:
        key = Key()
        async with http.post("/api/enrol", json={"code": code, "key": key.public}) as answer:
            told = await answer.json()
            assert answer.status == 200, told
        yield Device(http, told, key)


@asynccontextmanager
async def unenrolled(here: Site) -> AsyncIterator[aiohttp.ClientSession]:
    """A telephone that nobody knows."""
    async with aiohttp.ClientSession(
        here.url, cookie_jar=aiohttp.CookieJar(unsafe=True), connector=aiohttp.TCPConnector(limit=0)
    ) as http:
        yield http
