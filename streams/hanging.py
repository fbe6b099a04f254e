"""A broker that hangs: its connections stay open, and it answers nothing.

A broker that dies is noticed at once, one that hangs only by its silence, and aiokafka waits 30 or 40 s for any answer.
Others lead in its place after 9 s (`broker.session.timeout.ms`), but who leads is asked of a broker drawn by lot, and
that question alone hung for as long: a leader that slept for 15 s, four times in a minute, held up messages for 80 s.
So each kind of request is given the time that it can rightly take, after which its connection is closed and another
broker is asked. A broker answers a connection's requests one by one, so a question may wait also behind an append that
waits for followers. Nothing is lost then: an idempotent producer sends the same batch again under the same number, and
what is replicated meanwhile is acknowledged at once.

Not by `request_timeout_ms`: it bounds joining a group too, which takes as long as the slowest member, and how long
`end_offsets` tries again. Upstream has no other setting (aiokafka #576 made a silent broker be passed over, no sooner).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from aiokafka import conn
from aiokafka.protocol.admin import ApiVersionRequest
from aiokafka.protocol.commit import OffsetCommitRequest, OffsetFetchRequest
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.group import HeartbeatRequest
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.produce import ProduceRequest

KNOWN_S = 5.0  # what it has in memory
DONE_S = 12.0  # what its disk or its followers must do first; longer than it takes others to lead in its place
_KNOWN = (ApiVersionRequest, MetadataRequest, FindCoordinatorRequest, HeartbeatRequest)
_DONE = (FetchRequest, OffsetRequest, ProduceRequest, OffsetCommitRequest, OffsetFetchRequest)


class Connection(conn.AIOKafkaConnection):
    """A connection that is closed when an answer takes longer than it can."""

    def send(self, request: Any, expect_response: bool = True) -> Awaitable[Any]:
        """As aiokafka's. The answer raises TimeoutError, as it does there."""
        sent = super().send(request, expect_response)
        limit = KNOWN_S if isinstance(request, _KNOWN) else DONE_S if isinstance(request, _DONE) else None
        return self._within(sent, limit) if limit and expect_response else sent

    async def _within(self, sent: Awaitable[Any], seconds: float) -> Any:
        try:
            async with asyncio.timeout(seconds):
                return await sent
        except TimeoutError:
            self.close(reason=conn.CloseReason.CONNECTION_TIMEOUT)
            raise


def install() -> None:
    """Have every client of this process use it."""
    conn.AIOKafkaConnection = Connection
