"""A planned restart of what `paidan run` keeps alive, with what lies on the disk now: an upgrade without an outage.

    SIGUSR2 ─▶ of each process in turn: renewed (children.py) ─▶ is it there, does it decide? ─▶ the next one

Who shows what was decided comes first, the desks last: what a newer version decides, all who read it can read by then.
One that is not there in time leaves the others as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from aiokafka.errors import KafkaError

from .children import BrokenError, Child
from .watch import total

WITHIN_S = 60.0  # of one process


class Turn(NamedTuple):
    """A process that is to be renewed."""

    child: Child
    port: int  # of its metrics
    patience_s: float  # from SIGTERM to SIGKILL, if it cannot be succeeded
    decides: Callable[[], Awaitable[None]] | None = None  # returns when it does, if it is there to decide


async def renew(turns: Sequence[Turn]) -> str:
    """Each in turn; what became of it, in words."""
    for done, turn in enumerate(turns):
        try:
            await asyncio.wait_for(_one(turn), WITHIN_S)
        except (BrokenError, TimeoutError, KafkaError) as fault:
            why = str(fault) or f"{turn.child.name} is not there after {WITHIN_S:.0f} s"
            return f"renewed {done} of {len(turns)} processes and left the others: {why}"
    return f"renewed {len(turns)} processes"


async def _one(turn: Turn) -> None:
    before = await _began(turn.port)
    await turn.child.renew(turn.patience_s)
    while await _began(turn.port) in (0, before):  # noqa: ASYNC110 - a process sets no event
        await asyncio.sleep(0.1)
    if turn.decides:
        await turn.decides()


async def _began(port: int) -> float:
    return await asyncio.to_thread(total, port, "process_start_time_seconds")
