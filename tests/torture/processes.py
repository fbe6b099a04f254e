"""The rest of the system beside desk and tell, for a torture run: archive, gateway, exporter, replies, notify.

Each is a child that is killed and started again as the workers are. When the desks have ended, what each of them shows
is compared with the records (views.py); what they post to is in this process (outside.py).
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs

import aiohttp

from dispatchers.city import City
from streams import settings
from streams.city_files import load, version
from streams.local import free_port
from streams.people.accounts import ready
from tests.support_gateway import archiver, gateway
from tests.support_kafka import Child, Lying, Run, exporter, lying

from . import views
from .checker import Checker, Fault
from .outside import CHANNELS, SOURCES, Outside

PATIENCE = 60  # seconds for what they have to catch up with when the desks have ended


class Processes:
    """All of them, as the driver takes them."""

    def __init__(self, *, waits: tuple[str, ...] = CHANNELS[:1]) -> None:
        """`waits`: for these channels to have every offer that stands; the later ones are due after minutes."""
        self.outside, self._waits = Outside(), waits
        self.children: list[Child] = []
        self.ports = {name: free_port() for name in ("gateway", "targets", "replies", "notify")}

    async def begin(self, run: Run) -> None:
        """Make the children, the servers that they post to, and accounts by which the boards can be read."""
        self._run = run
        await self.outside.begin()
        sources, channels = self.outside.files(run.data)
        self.children = [
            archiver(run),
            gateway(run, self.ports["gateway"]),
            exporter(run, "targets", self.ports["targets"]),
            _poster(run, "replies", "streams.outbox.process", "replies are delivered", self.ports, sources=sources),
            _poster(run, "notify", "streams.notify.process", "offers are taken further", self.ports, channels=channels),
        ]
        self.children[0].word, self.children[1].word = "", "gateway serves"  # the archive says nothing of a new log
        pack = load(run.city)
        given = settings.read(kafka=run.kafka, data=run.data, city=run.city, worker_id="test")
        self._keys = await ready(given, City(pack, version(pack)))
        self._desks = [desk.id for desk in pack.desks]

    async def end(self) -> None:
        """Of the servers."""
        await self.outside.end()

    async def unlike(self, checker: Checker) -> list[Fault]:
        """How what they show is unlike the records, each once it had its time."""
        self._topics: Lying = {}
        asked: list[Callable[[], Awaitable[list[Fault]]]] = [
            lambda: asyncio.to_thread(self._archive, checker),
            lambda: self._public(checker),
            lambda: self._outside(checker),
            lambda: self._numbers(checker),
            lambda: self._boards(checker),
        ]
        return [fault for ask in asked for fault in await self._at_last(ask)]

    async def _at_last(self, ask: Callable[[], Awaitable[list[Fault]]]) -> list[Fault]:
        deadline = time.monotonic() + PATIENCE
        while (faults := await ask()) and time.monotonic() < deadline:
            for child in self.children:
                child.start()
            await asyncio.sleep(0.5)
        return faults

    def _archive(self, checker: Checker) -> list[Fault]:
        file = self._run.data / "archive.sqlite"
        try:
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
                return views.unlike_archive(db, checker)
        except sqlite3.OperationalError as fault:
            return [Fault("archive", str(fault))]

    async def _public(self, checker: Checker) -> list[Fault]:
        await lying(self._run.kafka, ("case-events", "replies", "deliveries"), self._topics)
        facts, replies = (
            [entry for (name, _), entries in self._topics.items() for entry in entries if name == topic]
            for topic in ("case-events", "replies")
        )
        return views.unlike_facts(facts, checker) + views.unlike_replies(replies, checker)

    async def _outside(self, checker: Checker) -> list[Fault]:
        await lying(self._run.kafka, ("replies", "deliveries"), self._topics)
        faults = [Fault("outside", said) for said in self.outside.forged]
        for source in SOURCES:
            done = [(kept.id, kept.body) for kept in self.outside.kept[source]]
            faults += views.undelivered(source, self._topics, done)
        for channel in CHANNELS:
            told = [(kept.id, _squad(channel, kept.body)) for kept in self.outside.kept[channel]]
            faults += views.unpushed(channel, checker, told, waits=channel in self._waits)
        return faults

    async def _numbers(self, checker: Checker) -> list[Fault]:
        shown = await self.metrics("targets")
        return views.unlike_numbers(shown, checker) if shown else [Fault("numbers", "the exporter does not answer")]

    async def _boards(self, checker: Checker) -> list[Fault]:
        boards = {}
        for desk in self._desks:
            key = {"Authorization": f"Bearer {self._keys[f'sim-operator-{desk}']}"}
            told = await _get(f"http://127.0.0.1:{self.ports['gateway']}/api/board?desk={desk}", **key)
            if not told:
                return [Fault("console", "the gateway does not answer")]
            boards[desk] = json.loads(told)["cases"]
        return views.unlike_boards(boards, checker)

    async def metrics(self, name: str) -> str:
        """What a process says of itself; "": it does not answer."""
        return await _get(f"http://127.0.0.1:{self.ports[name]}/metrics")


def _poster(run: Run, name: str, module: str, word: str, ports: dict[str, int], **given: Path) -> Child:
    """A `paidan replies` or `paidan notify`."""
    more = "".join(f", {key}={str(value)!r}" for key, value in given.items())
    words = run.settings[:-1] + f", metrics_port={ports[name]}{more})"
    code = f"WORKER = {name!r}\nfrom streams import settings\nfrom {module} import run\nrun({words})"
    return Child(name, code, run.data / f"{name}.log", word)


async def _get(url: str, **headers: str) -> str:
    try:
        async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
            return await answer.text() if answer.status == 200 else ""
    except aiohttp.ClientError:
        return ""


def _squad(channel: str, body: bytes) -> str:
    """Of an offer, as a channel was told; a work notice names officers alone."""
    if channel == "worknotice":
        assert parse_qs(body.decode())["receiverIds"]
        return ""
    return str(json.loads(body)["squad"])
