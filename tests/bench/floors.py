"""The two floors: the same job, complaint to decision record, as others would write it. Each is a process's whole code.

Both parse the complaint, give it to the least loaded team of its town, keep the loads, and append a record of it. The
agent keeps them as Faust's manual shows it, in a Table; the loop in a dict, which a crash forgets.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from zlib import crc32

import faust
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

FROM, TO = "complaints", "complaint-receipts"
TOWNS = [[f"town-{town}-team-{team}" for team in range(6)] for town in range(72)]


def teams_of(source_id: str) -> list[str]:
    """The teams of a complaint's town."""
    return TOWNS[crc32(source_id.encode()) % len(TOWNS)]


def loop(kafka: str) -> None:
    """One batch loop on aiokafka."""
    asyncio.run(_loop(kafka))


async def _loop(kafka: str) -> None:
    consumer = AIOKafkaConsumer(
        FROM, bootstrap_servers=kafka, group_id="floor-loop", enable_auto_commit=False, auto_offset_reset="earliest"
    )
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True, max_batch_size=1 << 19)
    await consumer.start()
    await producer.start()
    print("partitions taken", flush=True)
    loads: dict[str, int] = defaultdict(int)
    while True:
        fetched = await consumer.getmany(timeout_ms=500, max_records=500)
        appended = []
        for tp, records in fetched.items():
            batch = producer.create_batch()
            for record in records:
                complaint = orjson.loads(record.value)
                team = min(teams_of(complaint["source_id"]), key=loads.__getitem__)
                loads[team] += 1
                decision = {
                    "inbox_offset": record.offset,
                    "at": record.timestamp,
                    "source": complaint["source"],
                    "source_id": complaint["source_id"],
                    "team": team,
                }
                batch.append(key=None, value=orjson.dumps(decision), timestamp=None)
            batch.close()
            appended.append(await producer.send_batch(batch, TO, partition=tp.partition))
        if appended:
            await asyncio.gather(*appended)
            await consumer.commit()


class Complaint(faust.Record):
    """As the manual shows it: typed, JSON."""

    source: str
    source_id: str
    kind: str
    received_at: str
    title: str = ""
    description: str = ""


class Decision(faust.Record):
    """The record."""

    source: str
    source_id: str
    team: str


def agent(kafka: str) -> None:
    """A Faust agent as Faust's manual shows it."""
    app = faust.App("floor-agent", broker=f"kafka://{kafka}", web_enabled=False, topic_disable_leader=True)
    complaints = app.topic(FROM, value_type=Complaint)
    decisions = app.topic(TO, value_type=Decision)
    loads = app.Table("loads", default=int, partitions=32)

    @app.agent(complaints)
    async def decide(stream: faust.StreamT[Complaint]) -> None:
        async for complaint in stream:
            team = min(teams_of(complaint.source_id), key=loads.__getitem__)
            loads[team] += 1
            await decisions.send(value=Decision(source=complaint.source, source_id=complaint.source_id, team=team))

    @app.on_rebalance_complete.connect(weak=False)
    async def ready(app: faust.App, **_: object) -> None:
        print("partitions taken", flush=True)

    faust.Worker(app, loglevel="info", redirect_stdouts=False).execute_from_commandline()
