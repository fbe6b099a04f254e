"""Servers that are not ours, each in a mood: where replies and offers go, and what becomes of them there.

    well      does what it is asked, and says so
    hang      takes the connection, and never answers
    500       fails
    late      does it, and answers when nobody waits any more
    reset     does it, and breaks the connection in place of an answer
    rubbish   answers 200 and something else than was agreed; what has agreed on the code alone did it
    noise     answers what is no HTTP

What they did is in `kept`; that, and not what they answered, is what the city must be able to count on.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs

from aiohttp import web

from streams.local import free_port
from streams.outbox.signature import verify

MOODS = ("hang", "500", "late", "reset", "rubbish", "noise")
SOURCES = ("12345", "web")  # of the load's reports; those of `patrol` and `app` read the topic
CHANNELS = ("webhook", "worknotice")
TIMEOUT_S = 2.0
SECRET = "0123456789abcdef0123456789abcdef"


class Kept(NamedTuple):
    """What a server did."""

    id: str
    body: bytes
    mood: str
    at: float  # monotonic


class Outside:
    """All of them, at one port; the first part of the path says which."""

    def __init__(self) -> None:
        self.mood: dict[str, str] = {}
        self.kept: dict[str, list[Kept]] = defaultdict(list)
        self.asked: Counter[tuple[str, str]] = Counter()  # by way and mood
        self.forged: list[str] = []
        self.port = free_port()
        self._runner: web.AppRunner | None = None

    async def begin(self) -> None:
        app = web.Application()
        app.router.add_post("/{way}{rest:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def end(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    def files(self, folder: Path) -> tuple[Path, Path]:
        """Those of PAIDAN_SOURCES and PAIDAN_CHANNELS (JSON is YAML)."""
        (folder / "secret").write_text(SECRET)
        often = {"secret_file": "secret", "timeout_s": TIMEOUT_S, "retry_first_s": 0.05, "retry_most_s": 1.0}
        url = f"http://127.0.0.1:{self.port}/"
        fast = {"rate": 1000, "burst": 1000}  # what a provider may take is no matter here
        sources = {"sources": {name: {"url": url + name, **often} for name in SOURCES}}
        channels = {name: {"url": url + name, **often, **fast} for name in CHANNELS}
        channels["worknotice"] |= {"api_key": "paidan", "tenant": "196729"}
        made = folder / "sources.yaml", folder / "channels.yaml"
        for path, told in zip(made, (sources, {"channels": channels}), strict=True):
            path.write_text(json.dumps(told))
        return made

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        way, body = request.match_info["way"], await request.read()
        mood = self.mood.get(way, "well")
        self.asked[way, mood] += 1
        done = Kept(self._id(way, request, body), body, mood, time.monotonic())
        if mood in ("well", "late", "reset") or (mood == "rubbish" and way != "worknotice"):
            self.kept[way].append(done)
        if mood == "hang":
            await asyncio.sleep(600)
        if mood == "late":
            await asyncio.sleep(2 * TIMEOUT_S)
        if mood in ("reset", "noise"):
            assert request.transport
            if mood == "noise":
                request.transport.write(b"\x00\xff what is this\r\n\r\n")
            request.transport.close()
        if mood == "500":
            return web.Response(status=500, text="<html>")
        if mood == "rubbish" or way != "worknotice":
            return web.Response(text="<html>")
        return web.json_response({"success": True, "content": '{"success": true, "content": {}}'})

    def _id(self, way: str, request: web.Request, body: bytes) -> str:
        if way == "worknotice":
            return parse_qs(body.decode())["bizMsgId"][0]
        try:
            return verify([SECRET.encode()], request.headers, body, time.time())
        except ValueError as fault:
            self.forged.append(str(fault))
            raise web.HTTPUnauthorized from fault
