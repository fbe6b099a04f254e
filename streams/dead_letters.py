"""Messages that fail the same way each time: kept with reason and place, to be played again (DESIGN law 10).

1. The letter is acknowledged before the record that refuses the message. A worker that dies in between writes it again
   under the same id, the message's own place; readers take one per id.
2. The original key and bytes are encrypted and bound to their place: they may hold a person, and nobody has looked.
   Place, reason and detail are in the clear, and hold nothing of the message (faults.py).
3. Playing again is a new message, with a header that tells where it comes from. It goes to the partition in which it
   was, also where its key would lead elsewhere: intake sends a misplaced message on, and a desk has its own partition.
4. What was played again is said by a second record under the same id, after the message is acknowledged. Broken off in
   between, the letter can be played once more: intake takes that for a repeat, and a desk knows the ids of its orders.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from aiokafka import AIOKafkaProducer

from .kafka_io import producer
from .scan import partition_of, scan
from .vault import Vault

TOPIC = "dead-letters"
FROM, ATTEMPT = "redriven-from", "redriven-attempt"
Headers = Sequence[tuple[str, bytes]]


class NoSuchLetterError(Exception):
    """There is no dead letter with this id."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """The value of a `dead-letters` record."""

    id: str  # topic/partition/offset
    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
    at: int  # business ms of the message's append
    size: int  # bytes of the original value
    attempt: int = 1  # how many times the message has failed: 1, and one more for each time it was played again
    redriven_from: str = ""  # the letter that it was, the time before
    redriven_to: str = ""  # topic/partition/offset at which it was played again; "" if it was not
    redriven_at: int = 0  # business ms
    sealed: bytes = b""  # key and value; left out where letters are only listed


class _Original(msgspec.Struct, array_like=True):
    key: bytes | None
    value: bytes | None


class DeadLetters:
    """The worker's end. The producer takes records up to 4 MiB and waits for all copies (`kafka_io.producer`)."""

    def __init__(self, sender: AIOKafkaProducer, vault: Vault) -> None:
        self._sender, self._vault = sender, vault

    async def put(
        self,
        topic: str,
        partition: int,
        offset: int,
        key: bytes | None,
        value: bytes | None,
        reason: str,
        detail: str,
        at: int,
        headers: Headers = (),
    ) -> str:
        """Keep a message that failed; when this returns it may be refused. `at`: business ms of its append.

        Returns the letter's id. `headers`: the message's own, which say whether it was played again before.
        """
        place = f"{topic}/{partition}/{offset}"
        told = dict(headers)
        letter = DeadLetter(
            id=place,
            topic=topic,
            partition=partition,
            offset=offset,
            reason=reason,
            detail=detail,
            at=at,
            size=len(value or b""),
            attempt=_count(told.get(ATTEMPT, b"")) + 1,
            redriven_from=told.get(FROM, b"").decode(errors="replace")[:200],
            sealed=self._vault.seal_bytes(msgspec.msgpack.encode(_Original(key, value)), place),
        )
        await _write(self._sender, letter)
        return place


async def letters(kafka: str) -> list[DeadLetter]:
    """All dead letters as they stand, without their bytes, oldest first."""
    found: dict[str, DeadLetter] = {}
    async for letter in _read(kafka):
        known = found.get(letter.id)
        if known is None or letter.redriven_to:  # written again after a crash, it stays what it became
            found[letter.id] = msgspec.structs.replace(letter, sealed=b"")
    return sorted(found.values(), key=lambda letter: (letter.at, letter.id))


async def redrive(kafka: str, vault: Vault, ids: Sequence[str], at: int) -> list[DeadLetter]:
    """Play letters again; as they stand then, in the order of `ids`. `at`: business ms now.

    One that was played again before is played once more: who names it means it. Raises NoSuchLetterError before
    anything is sent, and vault.WrongKeyError at a letter of another master key.
    """
    wanted = set(ids)
    found: dict[str, DeadLetter] = {}
    async for letter in _read(kafka, {partition_of(TOPIC, id_.encode()) for id_ in wanted}, wanted.__contains__):
        if letter.sealed:  # not the record that says it was played again
            found.setdefault(letter.id, letter)
    if missing := [id_ for id_ in ids if id_ not in found]:
        raise NoSuchLetterError(f"no dead letter {', '.join(missing)}; `paidan dead-letters list` shows what there is")
    async with producer(kafka) as sender:
        return [await _play(sender, vault, found[id_], at) for id_ in dict.fromkeys(ids)]


async def _play(sender: AIOKafkaProducer, vault: Vault, letter: DeadLetter, at: int) -> DeadLetter:
    original = msgspec.msgpack.decode(vault.open_bytes(letter.sealed, letter.id), type=_Original)
    sent = await sender.send_and_wait(
        letter.topic,
        original.value,
        b"" if original.key is None and original.value is None else original.key,  # aiokafka sends no empty record
        letter.partition,
        headers=[(FROM, letter.id.encode()), (ATTEMPT, str(letter.attempt).encode())],
    )
    to = f"{sent.topic}/{sent.partition}/{sent.offset}"
    played = msgspec.structs.replace(letter, redriven_to=to, redriven_at=at, sealed=b"")
    await _write(sender, played)
    return played


async def _write(sender: AIOKafkaProducer, letter: DeadLetter) -> None:
    key = letter.id.encode()
    await sender.send_and_wait(TOPIC, msgspec.json.encode(letter), key, partition_of(TOPIC, key))


async def _read(
    kafka: str, only: set[int] | None = None, want: Callable[[str], bool] = lambda _: True
) -> AsyncIterator[DeadLetter]:
    async for record in scan(kafka, TOPIC, only):
        if want(record.key.decode()):
            yield msgspec.json.decode(record.value, type=DeadLetter)


def _count(text: bytes) -> int:
    """A number in a header that anyone may have written."""
    return int(text) if text.isdigit() and len(text) < 7 else 0
