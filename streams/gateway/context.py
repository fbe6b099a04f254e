"""What handlers share: one object, made at the start, found in the application under CONTEXT."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from aiohttp import web
from aiokafka.errors import KafkaError

from ..cities import Cities
from ..clock import Clock
from ..kafka_io import within
from ..outbox.ledger import Ledgers
from ..photos import Photos
from ..vault import Vault, VaultError
from . import people
from .accounts import Accounts
from .audit import Audit, AuditError
from .cases import Cases
from .devices import Devices
from .filing import Filing
from .live import Live
from .numbers import Numbers
from .offers import Offers
from .orders import Orders
from .problem import PATIENCE_S, Problem, missing, unfit
from .search import Search
from .sessions import Session, Sessions, middleware
from .stream import Stream, View
from .whereabouts import Whereabouts

LOOK_EVERY_S = 1.0  # whether the session of who listens stands, and whether the gateway ends
MOST_READERS = 2_000  # browsers; beyond, a new one is told to come again


class Context:
    """The parts of a gateway, joined in app.py and nowhere else."""

    def __init__(
        self,
        *,
        kafka: str,
        clock: Clock,
        cities: Cities,
        live: Live,
        stream: Stream,
        cases: Cases,
        orders: Orders,
        filing: Filing,
        search: Search,
        numbers: Numbers,
        accounts: Accounts,
        sessions: Sessions,
        audit: Audit,
        ledgers: Ledgers,
        photos: Photos,
        vault: Vault,
        devices: Devices,
        offers: Offers,
        whereabouts: Whereabouts | None,
        push_key: str,
    ) -> None:
        self.clock, self.cities, self.live, self.stream = clock, cities, live, stream
        self.cases, self.orders, self.filing, self.search = cases, orders, filing, search
        self.numbers, self.accounts, self.sessions = numbers, accounts, sessions
        self.who = middleware(sessions)
        self.ledgers, self.photos = ledgers, photos
        self.devices, self.offers, self.whereabouts, self.push_key = devices, offers, whereabouts, push_key
        self._kafka, self._audit, self._vault = kafka, audit, vault
        self.ending: asyncio.Future[None] = asyncio.get_running_loop().create_future()  # done: streams end

    def end(self) -> None:
        """Let those go who listen."""
        if not self.ending.done():
            self.ending.set_result(None)

    async def reveal(self, session: Session, case_id: str, reason: str) -> dict[str, Any]:
        """Who reported a case, once the audit has it (people.py). Raises Problem."""
        try:
            async with within(PATIENCE_S):
                return await people.reveal(self._kafka, self._vault, self._audit, session, case_id, reason)
        except people.NoReasonError as fault:
            raise unfit("$.reason", "须说明查看理由", "say why you look") from fault
        except (AuditError, KafkaError) as fault:
            raise missing(
                "audit", "审计未能写入，不予显示", "the audit could not be written, so nothing is shown"
            ) from fault
        except VaultError as fault:
            raise Problem(
                410, "forgotten", "没有保存举报人信息，或已被遗忘", "no reporter is kept, or it was forgotten"
            ) from fault

    async def serve_stream(self, request: web.Request, session: Session) -> web.StreamResponse:
        """Write the changes of an area until the browser goes or the gateway ends."""
        if self.stream.readers + self.offers.readers >= MOST_READERS:
            raise missing("stream", "连接过多", "too many are connected")
        desk = request.query.get("desk", "")
        last = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        view = View(desk, session.account.role, session.scope)
        return await self.serve_events(request, session, self.stream.read(view, last))

    async def serve_events(
        self, request: web.Request, session: Session, events: AsyncGenerator[bytes]
    ) -> web.StreamResponse:
        """Write Server-Sent Events as long as the session stands: nothing is told after it was ended, and who listens
        learns of it within a second."""
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream; charset=utf-8",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",  # proxies that gather before they pass on would make us late
            }
        )
        await response.prepare(request)
        reading = asyncio.create_task(self._write(response, events, session))
        try:
            while self.sessions.stands(session) and not (reading.done() or self.ending.done()):
                await asyncio.wait([reading], timeout=LOOK_EVERY_S)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        return response

    async def _write(self, response: web.StreamResponse, events: AsyncGenerator[bytes], session: Session) -> None:
        async with aclosing(events) as told:
            async for one in told:
                if not self.sessions.stands(session):
                    return
                await response.write(one)


CONTEXT: web.AppKey[Context] = web.AppKey("context", Context)
