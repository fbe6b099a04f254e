"""Dead letters on a real broker: kept unread, listed, played again."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import ConsumerRecord

from streams import dead_letters_cli, scan
from streams.dead_letters import DeadLetter, DeadLetters, NoSuchLetterError, letters, redrive
from streams.kafka_io import producer
from streams.settings import Settings
from streams.vault import Vault, WrongKeyError, load_or_create

VAULT = Vault(bytes(range(32)))
AT = 1_783_900_800_000
CANARY = b"19900009999"


async def put(kafka: str, offset: int, value: bytes | None = b"{" + CANARY, **changes: Any) -> str:
    given = {
        "topic": "complaints", "partition": 31, "key": b"web/" + CANARY, "reason": "bad_json", "detail": "$: broken",
        "at": AT, **changes,
    }  # fmt: skip
    vault = given.pop("vault", VAULT)
    async with producer(kafka) as sender:
        return await DeadLetters(sender, vault).put(offset=offset, value=value, **given)


async def stored(kafka: str, letter: str) -> list[ConsumerRecord]:
    return [r async for r in scan.scan(kafka, "dead-letters") if r.key == letter.encode()]


async def at(kafka: str, place: str) -> ConsumerRecord:
    topic, partition, offset = place.split("/")
    (record, *_) = [r async for r in scan.scan(kafka, topic, [int(partition)], int(offset))]
    assert record.offset == int(offset)
    return record


async def one(kafka: str, letter: str) -> Any:
    return next(found for found in await letters(kafka) if found.id == letter)


async def test_a_letter_says_where_and_why_and_nothing_of_the_message(kafka: str) -> None:
    """Place, reason and detail are readable; the canary in key and value is not."""
    letter = await put(kafka, 1000)
    found = await one(kafka, letter)
    assert (found.id, found.reason, found.detail, found.at) == ("complaints/31/1000", "bad_json", "$: broken", AT)
    assert (found.attempt, found.size, found.redriven_to) == (1, 12, "")
    (record,) = await stored(kafka, letter)
    assert CANARY not in record.value + record.key


async def test_a_letter_written_again_after_a_crash_is_one_letter(kafka: str) -> None:
    """Two records of one place are listed once."""
    letter = await put(kafka, 1001)
    assert await put(kafka, 1001) == letter
    assert len(await stored(kafka, letter)) == 2
    assert [found.id for found in await letters(kafka)].count(letter) == 1


@pytest.mark.parametrize(
    ("offset", "value"),
    list(enumerate([None, b"", b"\xff\x00", bytes(2_000_000)])),
    ids=["null", "empty", "bytes", "2 MB"],
)
async def test_a_letter_played_again_has_the_same_bytes(kafka: str, offset: int, value: bytes | None) -> None:
    """Key, value and partition are the original's, and headers tell where it comes from."""
    letter = await put(kafka, offset, value, topic="desk-inbox", key=b"k", partition=30)
    (played,) = await redrive(kafka, VAULT, [letter], AT + 5)
    again = await at(kafka, played.redriven_to)
    assert (again.topic, again.partition, again.key) == ("desk-inbox", 30, b"k")
    assert again.value == value
    assert dict(again.headers) == {"redriven-from": letter.encode(), "redriven-attempt": b"1"}


async def test_a_message_of_nothing_can_be_played_again(kafka: str) -> None:
    """Without key and value there is still a message; its key comes back empty."""
    (played,) = await redrive(kafka, VAULT, [await put(kafka, 1002, None, key=None)], AT)
    again = await at(kafka, played.redriven_to)
    assert (again.key, again.value) == (b"", None)


async def test_a_played_letter_is_listed_as_such_and_stays_so(kafka: str) -> None:
    """A late repeat of its first writing does not make it wait again."""
    letter = await put(kafka, 1003)
    (played,) = await redrive(kafka, VAULT, [letter], AT + 5)
    await put(kafka, 1003)
    found = await one(kafka, letter)
    assert (found.redriven_to, found.redriven_at) == (played.redriven_to, AT + 5)
    assert (await at(kafka, found.redriven_to)).key == b"web/" + CANARY


async def test_a_message_that_fails_again_says_how_often(kafka: str) -> None:
    """The headers of a played message count its attempts on."""
    letter = await put(kafka, 1004)
    (played,) = await redrive(kafka, VAULT, [letter], AT)
    again = await put(kafka, 1005, headers=(await at(kafka, played.redriven_to)).headers)
    found = await one(kafka, again)
    assert (found.attempt, found.redriven_from) == (2, letter)
    forged = await one(
        kafka, await put(kafka, 1006, headers=[("redriven-attempt", b"9" * 99), ("redriven-from", b"\xff")])
    )
    assert forged.attempt == 1


async def test_an_unknown_letter_plays_nothing(kafka: str) -> None:
    """One wrong id among good ones is told of before anything is sent."""
    letter = await put(kafka, 1007)
    with pytest.raises(NoSuchLetterError, match="complaints/31/9"):
        await redrive(kafka, VAULT, [letter, "complaints/31/9"], AT)
    assert (await one(kafka, letter)).redriven_to == ""


async def test_a_letter_whose_bytes_expired_is_gone(kafka: str) -> None:
    """When only the record that it was played is left, there is nothing to play."""
    told = DeadLetter(
        id="complaints/31/1009", topic="complaints", partition=31, offset=1009, reason="bad_json", detail="", at=AT,
        size=0, redriven_to="complaints/31/0",
    )  # fmt: skip
    async with producer(kafka) as sender:
        await sender.send_and_wait(
            "dead-letters",
            msgspec.json.encode(told),
            told.id.encode(),
            scan.partition_of("dead-letters", told.id.encode()),
        )
    with pytest.raises(NoSuchLetterError):
        await redrive(kafka, VAULT, [told.id], AT)


async def test_letters_of_another_master_key_are_not_played(kafka: str) -> None:
    """It is a WrongKeyError, and the letter goes on waiting."""
    letter = await put(kafka, 1008)
    with pytest.raises(WrongKeyError):
        await redrive(kafka, Vault(b"x" * 32), [letter], AT)
    assert (await one(kafka, letter)).redriven_to == ""


async def test_the_command_line_lists_and_plays_by_reason(kafka: str, tmp_path: Path) -> None:
    """All waiting letters of a reason are played, once; the list shows age, reason and where they went."""
    settings = Settings(kafka=kafka, data=tmp_path)
    vault = Vault(load_or_create(settings.master_key))
    ids = [await put(kafka, 2000 + n, reason="missing_datum", vault=vault) for n in range(3)]
    await put(kafka, 2003, reason="too_large", vault=vault)
    lines = await dead_letters_cli.show(settings, reason="missing_datum")
    assert [line.split("  ")[0] for line in lines] == ids
    assert all("missing_datum  $: broken  12 B" in line for line in lines)
    assert len(await dead_letters_cli.redrive(settings, [ids[0]])) == 1
    played = await dead_letters_cli.redrive(settings, [], reason="missing_datum")
    assert [line.split(" ")[0] for line in played] == ids[1:]
    assert await dead_letters_cli.show(settings, reason="missing_datum", waiting=True) == []
    with pytest.raises(ValueError, match="bad_json"):
        await dead_letters_cli.redrive(settings, [], reason="no_such_reason")
