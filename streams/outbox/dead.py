"""`paidan replies dead|again`: what was given up, and another try of it.

Sending again is a record more in `deliveries`, by which the reply is pending again; its time to be given up begins
anew. Nothing is taken away: until that record is acknowledged, the reply is as dead as before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from aiokafka import TopicPartition
from msgspec.structs import replace

from ..clock import wall_ms
from ..kafka_io import ends, producer, reader
from ..replies import TOPIC as REPLIES
from ..scan import scan
from .account import Delivery
from .ledger import DELIVERIES, read_delivery
from .process import write


class NotDeadError(ValueError):
    """There is no such dead reply. The text is for the person who asked."""


async def dead(kafka: str, source: str = "") -> list[Delivery]:
    """The dead replies that the topic still holds, of a source or of all, the longest dead first."""
    newest: dict[str, Delivery] = {}
    async for record in scan(kafka, DELIVERIES):
        told = read_delivery(record)
        if told and (not source or told.source == source):
            newest[told.id] = told
    found = [told for told in newest.values() if told.state == "dead"]
    first = await _first(kafka, {told.partition for told in found})
    return sorted((t for t in found if t.offset >= first[t.partition]), key=lambda t: (t.at, t.id))


async def again(kafka: str, ids: Sequence[str], source: str = "") -> list[Delivery]:
    """Have dead replies sent once more: those of these ids, and all of a source; what is pending now.

    Raises NotDeadError, before anything is written.
    """
    there = await dead(kafka)
    by_id = {told.id: told for told in there}
    if unknown := [one for one in ids if one not in by_id]:
        raise NotDeadError(f"not dead, or not kept any more: {', '.join(unknown)}; `paidan replies dead` lists those")
    chosen = [by_id[one] for one in dict.fromkeys(ids)]
    chosen += [told for told in there if source and told.source == source and told not in chosen]
    if source and not chosen:
        raise NotDeadError(f"no reply to {source!r} is dead")
    done = [replace(told, state="again", attempts=0, at=wall_ms()) for told in chosen]
    if done:
        async with producer(kafka) as sender:
            for told in done:
                await write(sender, told)
    return done


def line(told: Delivery) -> str:
    """A dead reply, for a person."""
    when = dt.datetime.fromtimestamp(told.at / 1000).astimezone().isoformat(timespec="seconds")
    return f"{told.id}  {told.source}  {told.case_id}  {told.status} after {told.attempts} tries  dead since {when}"


async def _first(kafka: str, partitions: set[int]) -> dict[int, int]:
    async with reader(kafka) as consumer:
        bounds = await ends(consumer, [TopicPartition(REPLIES, p) for p in partitions]) if partitions else {}
    return {tp.partition: first for tp, (first, _) in bounds.items()}
