"""City packs on the topics: published under their hash, and adopted by desks that decide by another (law 12)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from aiokafka import TopicPartition

from dispatchers.messages import Actor, AdoptCity
from dispatchers.rows import CityPack

from .city_files import publishable, version
from .kafka_io import ends, producer, read_ranges, reader

ACTOR = Actor(id="paidan-city", role="admin")


class _Record(msgspec.Struct):
    """What is asked of a desk's last record: the version that decided it."""

    city: str


async def published(kafka: str) -> set[str]:
    """The versions in `city-packs`."""
    packs = TopicPartition("city-packs", 0)
    found = set()
    async with reader(kafka) as consumer:
        async for _, records in read_ranges(consumer, await ends(consumer, [packs])):
            found |= {r.key.decode() for r in records if r.key and r.value}
    return found


async def publish(kafka: str, pack: CityPack) -> str:
    """Publish a pack if it is not there yet; its version."""
    name = version(pack)
    if name not in await published(kafka):
        async with producer(kafka) as sender:
            await sender.send_and_wait("city-packs", publishable(pack), key=name.encode(), partition=0)
    return name


async def adopt(kafka: str, pack: CityPack, wanted: str, only: Iterable[str] | None = None) -> list[str]:
    """Tell the desks of `pack` (or `only` some) that decide by another version to decide by `wanted`; whom was told.

    A desk without a record needs no word: it begins with the version its worker has.
    """
    told = []
    last = await _last(kafka, pack)
    async with producer(kafka) as sender:
        for desk in pack.desks:
            offset, city = last.get(desk.partition, (-1, wanted))
            if city == wanted or (only is not None and desk.id not in only):
                continue
            # The offset makes the id new when a version is adopted, left and adopted again.
            order = AdoptCity(message_id=f"adopt/{wanted}/{offset}", actor=ACTOR, desk=desk.id, city=wanted)
            key, value = desk.id.encode(), msgspec.json.encode(order)
            await sender.send_and_wait("desk-inbox", value, key=key, partition=desk.partition)
            told.append(desk.id)
    return told


async def _last(kafka: str, pack: CityPack) -> dict[int, tuple[int, str]]:
    """Offset and version of each desk's last record. Should it be a zombie's, its version is the same but for seconds,
    and adopting a version twice changes nothing."""
    async with reader(kafka) as consumer:
        bounds = await ends(consumer, [TopicPartition("desk-log", d.partition) for d in pack.desks])
        ranges = {tp: (max(first, end - 1), end) for tp, (first, end) in bounds.items()}
        return {
            tp.partition: (records[-1].offset, msgspec.json.decode(records[-1].value, type=_Record).city)
            async for tp, records in read_ranges(consumer, ranges)
        }
