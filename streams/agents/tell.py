"""The agents that tell: `board`, `push`, `facts`, each on `desk-log`, each handed the same fetches.

Three and not one, so that a slow Redis holds up the public events only once its agent's buffer is full.
"""

from __future__ import annotations

from typing import Any

from ..app import App, Take, fetches, or_leave
from ..reader import LOG


def register(app: App, board: Take, push: Take, facts: Take) -> None:
    """An agent for each of the three; it is told when what it was handed is written, and acknowledges then."""
    topic = app.topic(LOG, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    for name, take in (("board", board), ("push", push), ("facts", facts)):
        app.agent(topic, name=name)(_agent(app, take))


def _agent(app: App, take: Take) -> Any:
    async def agent(stream: Any) -> None:
        async def work() -> None:
            async for event, fetched in fetches(app, stream):
                await take(fetched, event.ack)

        await or_leave(work())

    return agent
