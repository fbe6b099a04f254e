"""Messages that nobody can read, on the real broker: each is a dead letter with its reason, and the next is decided."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dispatchers.clock import text
from dispatchers.ids import inbox_key
from streams import dead_letters, kafka_io
from streams.local import EmbeddedKafka
from streams.scan import scan
from streams.vault import Vault, load_or_create
from tests.support_kafka import MONDAY, Run, broker, worker

CITY = Path(__file__).parents[1] / "city" / "small"
KEY = inbox_key("12345", "good-1")  # all on one partition, so that "the next" has a meaning


def complaint(number: str, **other: Any) -> dict[str, Any]:
    """A good complaint, or one with other members; a member that is None is left out."""
    body = {
        "source": "12345",
        "source_id": number,
        "kind": "complaint",
        "received_at": text(MONDAY, 480),
        "title": "占道经营",
        "category": {"scheme": "item", "code": "stall"},
        "location": {"datum": "wgs84", "lon": 120.05, "lat": 30.05, "address": ""},
    }
    return {name: value for name, value in (body | other).items() if value is not None}


POISON: dict[str, Any] = {
    "bad_json": b'{"source": "12345", ',
    "wrong_type": complaint("wrong", title=7),
    "too_large": complaint("large", description="x" * 900_000),
    "unknown_kind": complaint("kind", kind="rumour"),
    "missing_datum": complaint("datum", location={"lon": 120.05, "lat": 30.05}),
    "time_without_zone": complaint("zone", received_at="2026-07-13T08:00:00"),
    "time_out_of_bounds": complaint("future", received_at="2031-01-01T00:00:00+08:00"),
    "missing_member": complaint("member", kind=None),
    "kind_of_other_topic": complaint("topic", kind="component"),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("poison")


@pytest.fixture(scope="module")
def kafka(place: Path) -> Any:
    with broker(place / "kafka") as server:
        yield server


async def receipts(kafka: EmbeddedKafka, count: int) -> list[dict[str, Any]]:
    """The records of the receipt book in which KEY's numbers are, when there are so many."""
    while True:
        records = [json.loads(r.value) async for r in scan(kafka.address, "complaint-receipts")]
        if len(records) >= count:
            return records
        await asyncio.sleep(0.2)


async def test_each_kind_is_kept_with_its_reason_and_the_next_is_decided(kafka: EmbeddedKafka, place: Path) -> None:
    """Of nine bad complaints between two good ones each is kept and refused in its turn; the good ones are accepted."""
    async for sender in _desk(kafka, place):
        bodies = [complaint("good-1"), *POISON.values(), complaint("good-2")]
        partition = (await sender.send_and_wait("complaints", _bytes(bodies[0]), key=KEY)).partition
        for body in bodies[1:]:
            await sender.send_and_wait("complaints", _bytes(body), key=KEY, partition=partition)
        # good-2 is on the wrong partition for its number: refused here as misplaced, accepted on its own.
        records = await receipts(kafka, len(bodies) + 1)
        told = [event for record in records for event in record["events"]]
        refused = [e["reason"] for e in told if e["type"] == "ComplaintRefused"]
        assert list(POISON) == refused
        accepted = {e["source_id"] for e in told if e["type"] == "ComplaintAccepted"}
        assert {"good-1", "good-2"} == accepted
        letters = await dead_letters.letters(kafka.address)
        assert sorted(POISON) == sorted(letter.reason for letter in letters)
        assert all(letter.detail for letter in letters)


async def test_a_redriven_letter_is_a_new_message(kafka: EmbeddedKafka, place: Path) -> None:
    """Played again, a message fails again under a new id, and the old letter says where it went."""
    async for _ in _desk(kafka, place):
        before = len(await receipts(kafka, 1))
        first = next(one for one in await dead_letters.letters(kafka.address) if one.reason == "unknown_kind")
        vault = Vault(load_or_create(place / "master.key"))
        await dead_letters.redrive(kafka.address, vault, [first.id], MONDAY)
        await receipts(kafka, before + 1)
        after = {one.id: one for one in await dead_letters.letters(kafka.address)}
        again = [one for one in after.values() if one.redriven_from == first.id]
        assert [2] == [one.attempt for one in again]
        assert after[first.id].redriven_to == again[0].id


async def _desk(kafka: EmbeddedKafka, place: Path) -> AsyncIterator[Any]:
    """A desk at work, and a producer."""
    desk = worker(Run(kafka.address, place, city=CITY), "one")
    desk.start()
    sender = kafka_io.producer(kafka.address)
    await sender.start()
    try:
        await desk.ready()
        yield sender
    finally:
        await sender.stop()
        await desk.stop()


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
