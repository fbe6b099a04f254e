"""Where the vault's records lie: blocks in `reporters`, wrapped keys in `reporter-keys`, both in the case's partition.

1. The block is acknowledged before its key is sent, the key before anything is decided (vault.py, rule 3).
2. Records have the key "case/kid", so that compaction keeps the newest key of each block. The partition is that of the
   case alone: all of a case is found in one partition.
3. A key record says in its headers which number it belongs to, and so does its tombstone: to forget, intake must be
   told the number, and a case's id does not give it back.
4. Forgetting: intake is told first, then the keys go, then, when the receipt book says that intake remembers, what
   keys a message in flight may have written in between go too. Broken off, it is simply run again.

What stays possible: a worker that was suspended between reading a message and writing its key, and awakes after all of
this, leaves a key; it finds itself fenced at its next record, and forgetting again takes that key.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from aiokafka import AIOKafkaProducer

from dispatchers.events import ReporterForgotten
from dispatchers.ids import case_id, inbox_key
from dispatchers.record import decode_record

from . import scan
from .kafka_io import producer
from .vault import Vault, VaultError
from .wire import Filing, forget_message

BLOCKS, KEYS = "reporters", "reporter-keys"
RECEIPTS = {"complaints": "complaint-receipts", "city-events": "event-receipts"}


class NothingKeptError(VaultError):
    """No key was ever kept for this case, or it is forgotten so long that the tombstones are gone too."""


class Number(NamedTuple):
    """What a case was on its way in."""

    topic: str
    source: str
    source_id: str


class Forgotten(NamedTuple):
    """What was done: keys destroyed, and whether intake has said that it remembers."""

    keys: int
    remembered: bool


class _Held(NamedTuple):
    number: Number
    keys: dict[str, bytes | None]  # the newest record of each ref; None: destroyed


async def keep(sender: AIOKafkaProducer, vault: Vault, filing: Filing) -> None:
    """Put the private part of a message away; when this returns it may be decided. Does nothing if there is none."""
    if not filing.private:
        return
    filed = filing.filed
    case = case_id(filed.topic, filed.source, filed.source_id)
    sealed = vault.seal(case, filing.private)
    number = Number(filed.topic, filed.source, filed.source_id)
    await sender.send_and_wait(BLOCKS, sealed.block, sealed.ref.encode(), _partition(BLOCKS, case))
    await sender.send_and_wait(KEYS, sealed.key, sealed.ref.encode(), _partition(KEYS, case), headers=_headers(number))


async def reveal(kafka: str, vault: Vault, case: str) -> list[bytes]:
    """What is kept of a case's reporter (`wire.Private` as JSON), oldest first.

    Raises NothingKeptError, KeyGoneError after forgetting, WrongKeyError. Reads one partition of each topic; that takes
    seconds when they are years long, and is for a person who has a reason.
    """
    held = await _held(kafka, case)
    blocks = [
        (ref, record.value)
        async for record in scan.scan(kafka, BLOCKS, [_partition(BLOCKS, case)])
        if (ref := record.key.decode()).startswith(f"{case}/")
    ]
    return vault.open(held.keys, blocks)


async def forget(kafka: str, vault: Vault, case: str, wait: float = 30.0) -> Forgotten:
    """Destroy the keys of a case's reporter and have intake remember that. `wait`: seconds for its answer.

    Compaction takes the destroyed keys off the disks within the bound stated in topics.yaml. Raises NothingKeptError.
    """
    number, keys = await _held(kafka, case)
    async with producer(kafka) as sender:
        key = inbox_key(number.source, number.source_id)
        partition = scan.partition_of(number.topic, key)
        since = await scan.end(kafka, RECEIPTS[number.topic], partition)
        order = forget_message(*number, vault)
        await sender.send_and_wait(number.topic, order, key, partition)
        destroyed = await _destroy(sender, case, number, keys)
        remembered = await _answered(kafka, number, partition, since, wait)
        destroyed += await _destroy(sender, case, number, (await _held(kafka, case)).keys)
    return Forgotten(destroyed, remembered)


async def _destroy(sender: AIOKafkaProducer, case: str, number: Number, keys: dict[str, bytes | None]) -> int:
    live = [ref for ref, value in keys.items() if value is not None]
    for ref in live:
        await sender.send_and_wait(KEYS, None, ref.encode(), _partition(KEYS, case), headers=_headers(number))
    return len(live)


async def _answered(kafka: str, number: Number, partition: int, since: int, wait: float) -> bool:
    """Whether the receipt book tells of the forgetting within `wait` seconds.

    The chain is not followed: should this be the void record of a worker that lost its partition, its successor decides
    the same message the same way.
    """
    try:
        async with asyncio.timeout(wait):
            while True:
                async for stored in scan.scan(kafka, RECEIPTS[number.topic], [partition], since):
                    for event in decode_record(stored.value).events:
                        if isinstance(event, ReporterForgotten) and (event.source, event.source_id) == number[1:]:
                            return True
                await asyncio.sleep(0.2)
    except TimeoutError:
        return False


async def _held(kafka: str, case: str) -> _Held:
    number, keys = None, {}
    async for record in scan.scan(kafka, KEYS, [_partition(KEYS, case)]):
        if (ref := record.key.decode()).startswith(f"{case}/"):
            keys[ref] = record.value
            headers = {name: value.decode() for name, value in record.headers}
            number = Number(headers["topic"], headers["source"], headers["source_id"])
    if number is None:
        raise NothingKeptError(
            f"nothing is kept for {case}: it has no reporter, was forgotten long ago, or is not ours"
        )
    return _Held(number, keys)


def _partition(topic: str, case: str) -> int:
    return scan.partition_of(topic, case.encode())


def _headers(number: Number) -> list[tuple[str, bytes]]:
    return [(name, value.encode()) for name, value in number._asdict().items()]
