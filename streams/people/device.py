"""A squad's device: it listens, says by itself that an offer arrived, and tells every minute where it is.

    GET /api/squad/day ─▶ GET /api/squad/stream, from there on ─▶ told(…) ─▶ ReceiveOffer
    the stream cannot be had: GET /api/squad/poll, from the same place; then the stream is tried again

What a squad was not told by its device it does not know (simulate.py): an offer that is lost on the way is answered by
nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from dispatchers.rows import Squad

from ..clock import wall_ms
from ..outgoing import backoff
from .chance import Chance
from .client import FIRST_S, MOST_S, Gateway
from .figures import Figures

BEAT_S = 60.0
POLL_S = 25
NEAR = 0.003  # degrees: some 300 m


class Told(NamedTuple):
    """What a device learns of: something that is its squad's to answer. `first`: the case's first offer."""

    case_id: str
    about: str  # assignment, or request
    offer: bool
    first: bool


class Device:
    """One of them."""

    def __init__(
        self,
        gateway: Gateway,
        account: str,
        squad: Squad,
        chance: Chance,
        figures: Figures,
        told: Callable[[Device, Told], None],
    ) -> None:
        self.account, self.squad = account, squad
        self.connected = asyncio.Event()
        self._gateway, self._chance, self._figures, self._told = gateway, chance, figures, told
        self._after = ""
        self._place = squad.lon, squad.lat
        self._beats = 0

    async def listen(self) -> None:
        """For ever."""
        await self._read_day()
        failures = 0
        while True:
            failures = 0 if await self._follow() else failures + 1
            self._figures.reconnects += 1
            if failures:
                await self._ask()
            await asyncio.sleep(backoff(failures + 1, FIRST_S, MOST_S))

    async def beat(self) -> None:
        """For ever; the first one at an instant of its own within the minute."""
        await asyncio.sleep(self._chance.between(0, BEAT_S, self.account, "beat"))
        while True:
            self._beats += 1
            east, north = (self._chance.between(-NEAR, NEAR, self.account, self._beats, way) for way in "en")
            lon, lat = self._place
            place = {"lon": round(lon + east, 6), "lat": round(lat + north, 6), "accuracy": 15.0}
            await self._gateway.beat(self.account, place | {"battery": 0.8, "at": wall_ms()})
            await asyncio.sleep(BEAT_S)

    async def _follow(self) -> bool:
        """The stream, until it ends; whether there was one."""
        came = False
        async for said in self._gateway.stream(self.account, "/api/squad/stream", self._after):
            came = True
            self.connected.set()
            if said.kind == "notice":
                self._notice(said.data)
            elif said.kind == "anew":
                await self._read_day()
        return came

    async def _ask(self) -> None:
        path = f"/api/squad/poll?after={self._after}&wait={POLL_S}"
        answer = await self._gateway.get(self.account, path, POLL_S + MOST_S)
        if answer is None:
            return
        for notice in answer["notices"]:
            self._notice(notice)
        if answer["anew"]:
            await self._read_day()
        self._after = answer["last"]

    async def _read_day(self) -> None:
        """All that is the squad's to answer now, and from where the notices go on."""
        failures = 0
        while (day := await self._gateway.get(self.account, "/api/squad/day")) is None:
            failures += 1
            await asyncio.sleep(backoff(failures, FIRST_S, MOST_S))
        for view in day["cases"]:
            case_id, held = view["row"]["id"], view["assignment"]
            if held and held.get("squad") == self.squad.id:
                new = view["row"]["status"] == "offered" and not held.get("received")
                self._told(self, Told(case_id, held["id"], offer=new, first=held["attempt"] == 1))
            for request in view["requests"]:
                if request.get("squad") == self.squad.id:
                    self._told(self, Told(case_id, request["id"], offer=False, first=False))
        self._after = day["seq"]

    def _notice(self, fields: dict[str, Any]) -> None:
        self._after = fields["id"]
        if fields["kind"] == "withdrawn":
            return
        if "lon" in fields and "lat" in fields:
            self._place = float(fields["lon"]), float(fields["lat"])
        about = fields.get("request_id") or fields.get("assignment_id", "")
        offer = fields["kind"] == "offer"
        self._told(self, Told(fields["case_id"], about, offer=offer, first=fields.get("attempt") == "1"))
