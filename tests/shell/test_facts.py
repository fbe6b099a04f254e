"""The public events of a desk, on a real broker."""

import datetime as dt
import json
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord

from dispatchers.events import CASE_EVENTS
from dispatchers.record import decode_record
from streams import facts, kafka_io
from streams.facts import Facts, stored_positions
from streams.reader import Fold, Position
from streams.recovery import LogDamagedError
from streams.scan import partition_of, scan
from tests.support_log import PHONE, folded, logs, records, with_void

DESK = "ding"
RAWS = logs()[DESK]
FIRST = 20  # each test has a partition of its own: the broker is shared


@pytest.fixture
async def producer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    sender = kafka_io.producer(kafka)
    await sender.start()
    yield sender
    await sender.stop()


async def published(kafka: str, partition: int) -> list[ConsumerRecord]:
    mine = f"desk-log/{partition}/".encode()
    return [r async for r in scan(kafka, facts.TOPIC) if dict(r.headers)["ce_id"].startswith(mine)]


def ids(raws: list[bytes], partition: int) -> list[str]:
    return [
        f"desk-log/{partition}/{offset}/{nth}"
        for offset, raw in enumerate(raws)
        for nth, event in enumerate(decode_record(raw).events)
        if type(event) in CASE_EVENTS
    ]


def told(records: list[ConsumerRecord]) -> list[str]:
    return [dict(r.headers)["ce_id"].decode() for r in records]


async def test_each_case_event_is_one_cloudevent(kafka: str, producer: AIOKafkaProducer) -> None:
    """Every event of a case once, by binary mode's headers, keyed by its case, and never one of a void record."""
    fold = Fold(folded(DESK, []), FIRST)
    public = Facts(producer, fold, None)
    mixed = with_void(RAWS)
    fold.read(records(mixed))  # type: ignore[arg-type]
    await public.publish()
    found = await published(kafka, FIRST)
    valid = Fold(folded(DESK, []), FIRST)
    offsets = []
    for offset, raw in enumerate(mixed):
        before = valid.position
        valid.take(offset, raw)
        if valid.position != before:
            offsets.append(offset)
    expected = [
        (f"desk-log/{FIRST}/{offset}/{nth}", event, decode_record(raw).at)
        for offset, raw in zip(offsets, RAWS, strict=True)
        for nth, event in enumerate(decode_record(raw).events)
        if type(event) in CASE_EVENTS
    ]
    by_id = {dict(r.headers)["ce_id"].decode(): r for r in found}
    assert len(expected) == len(found) == len(by_id)
    for name, event, at in expected:
        record = by_id[name]
        headers = {k: v.decode() for k, v in record.headers}
        kind = type(event).__name__
        assert {
            "ce_specversion": "1.0",
            "ce_id": name,
            "ce_source": "/desks/ding",
            "ce_type": f"paidan.{kind}.v1",
            "ce_time": headers["ce_time"],
            "ce_subject": event.case_id,  # type: ignore[union-attr]
            "content-type": "application/json",
        } == headers
        assert at == round(dt.datetime.fromisoformat(headers["ce_time"]).timestamp() * 1000)
        assert record.key.decode() == event.case_id  # type: ignore[union-attr]
        assert record.partition == partition_of(facts.TOPIC, record.key)
        value = json.loads(record.value)
        assert (kind, event.case_version) == (value["type"], value["case_version"])  # type: ignore[union-attr]


async def test_nothing_points_to_a_reporter(kafka: str, producer: AIOKafkaProducer) -> None:
    """The references to reporters are in the log and in no public event, also not inside a case handed over."""
    fold = Fold(folded(DESK, []), FIRST + 1)
    public = Facts(producer, fold, None)
    fold.read(records(RAWS))  # type: ignore[arg-type]
    await public.publish()
    values = b"".join(r.value for r in await published(kafka, FIRST + 1))
    assert b"CaseTaken" in values
    assert PHONE.encode() in b"".join(RAWS)
    for word in (PHONE.encode(), b"reporter_ref", b"caller_tag"):
        assert word not in values


async def test_a_restart_goes_on_where_it_stood(kafka: str, producer: AIOKafkaProducer) -> None:
    """From a saved position nothing is published twice; from none, everything again under the same ids."""
    partition = FIRST + 2
    fold = Fold(folded(DESK, []), partition)
    public = Facts(producer, fold, None)
    fold.read(records(RAWS[:100]))  # type: ignore[arg-type]
    await public.publish()
    await public.save()
    assert fold.position == (await stored_positions(kafka, [partition]))[partition]
    later = Fold(folded(DESK, RAWS[:60]), partition)  # the streams stood further back
    public = Facts(producer, later, fold.position)
    later.read(records(RAWS, start=59))  # type: ignore[arg-type]
    await public.publish()
    assert sorted(ids(RAWS, partition)) == sorted(told(await published(kafka, partition)))
    again = Fold(folded(DESK, []), partition)
    public = Facts(producer, again, None)
    again.read(records(RAWS))  # type: ignore[arg-type]
    await public.publish()
    assert set(ids(RAWS, partition)) == set(told(await published(kafka, partition)))


async def test_the_newest_position_holds(kafka: str, producer: AIOKafkaProducer) -> None:
    """Saved twice, the later one is found; a partition that was never published has none."""
    partition = FIRST + 3
    fold = Fold(folded(DESK, []), partition)
    public = Facts(producer, fold, None)
    for until in (10, 30):
        fold.read(records(RAWS[:until]))  # type: ignore[arg-type]
        await public.publish()
        await public.save()
    assert {partition: fold.position} == await stored_positions(kafka, [partition, FIRST + 5])


async def test_a_position_of_another_log_is_refused(kafka: str, producer: AIOKafkaProducer) -> None:
    """Public events are not published from a log that is not the one they came from."""
    fold = Fold(folded(DESK, []), FIRST + 4)
    Facts(producer, fold, Position(50, "e" * 64))
    with pytest.raises(LogDamagedError, match="case-events stand at 50"):
        fold.read(records(RAWS))  # type: ignore[arg-type]
