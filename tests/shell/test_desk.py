"""`paidan desk` on the real broker, on a small city: what a number becomes, and by which version it is decided."""

import asyncio
import json
from pathlib import Path
from typing import Any

from dispatchers.clock import text
from dispatchers.ids import case_id, inbox_key
from streams import kafka_io, packs
from streams.city_files import load, version
from streams.scan import scan
from tests.support_kafka import MONDAY, Run, broker, worker

CITY = Path(__file__).parents[1] / "city" / "small"
NUMBER = ("12345", "thrice")


def complaint(lon: float) -> bytes:
    """The complaint at one place or another: at 120.05 it is the zone's, at 120.25 a county's."""
    body = {
        "source": NUMBER[0],
        "source_id": NUMBER[1],
        "kind": "complaint",
        "received_at": text(MONDAY, 480),
        "title": "占道经营",
        "category": {"scheme": "item", "code": "stall"},
        "location": {"datum": "wgs84", "lon": lon, "lat": 30.05, "address": ""},
    }
    return json.dumps(body, ensure_ascii=False).encode()


async def told(kafka: str, log: str, count: int) -> list[dict[str, Any]]:
    """The events of a log, when it has so many records."""
    while True:
        records = [json.loads(r.value) async for r in scan(kafka, log)]
        if len(records) >= count:
            return [event for record in records for event in record["events"]]
        await asyncio.sleep(0.2)


async def test_a_number_is_one_case_whatever_comes(tmp_path: Path) -> None:
    """Sent three times, also after a kill -9, and then with another desk's address, it stays one case of one desk,
    and the version that decided it is published."""
    with broker(tmp_path / "kafka") as kafka:
        desk = worker(Run(kafka.address, tmp_path, city=CITY), "one")
        sender = kafka_io.producer(kafka.address)
        await sender.start()
        try:
            desk.start()
            await desk.ready()
            assert version(load(CITY)) in await packs.published(kafka.address)
            for _ in range(2):
                await sender.send_and_wait("complaints", complaint(120.05), key=inbox_key(*NUMBER))
            await told(kafka.address, "complaint-receipts", 2)
            desk.kill()
            for lon in (120.05, 120.25):
                await sender.send_and_wait("complaints", complaint(lon), key=inbox_key(*NUMBER))
            desk.start()
            receipts = await told(kafka.address, "complaint-receipts", 4)
            events = await told(kafka.address, "desk-log", 2)
        finally:
            await sender.stop()
            await desk.stop()
    book = [e for e in receipts if e["type"] != "LetterSent"]
    kinds = ["ComplaintAccepted", "ComplaintRepeated", "ComplaintRepeated", "ComplaintUpdated"]
    assert kinds == [e["type"] for e in book]
    assert {(case_id("complaints", *NUMBER), "bing")} == {(e["case_id"], e["desk"]) for e in book}
    about = [e["type"] for e in events if e.get("case_id")]
    assert 1 == about.count("CaseRegistered")
    assert 1 == about.count("CaseUpdated")
