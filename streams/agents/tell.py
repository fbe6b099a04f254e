"""The agent that tells, on `desk-log`.

One agent for board, push and facts, not one for each: Faust's cost is per agent and fetch, and they share the fold.
That a slow Redis does not hold up the public events is the business of their paces (pace.py).
"""

from __future__ import annotations

from typing import Any

from ..app import App, Take, fetches, or_leave, raw_topic
from ..reader import LOG


def register(app: App, take: Take) -> None:
    """The agent `tell`."""

    @app.agent(raw_topic(app, LOG))
    async def tell(stream: Any) -> None:
        async def work() -> None:
            async for event, fetched in fetches(app, stream):
                await take(fetched, event.ack)

        await or_leave(work())
