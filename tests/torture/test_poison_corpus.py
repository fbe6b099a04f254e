"""Poison of a thousand kinds: each has its record, what cannot be read or decided is kept, and the next is decided."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from kafka import KafkaAdminClient

from dispatchers import messages as m
from dispatchers.memory import Log
from dispatchers.record import decode_record, encode_record, state_hash
from dispatchers.writer import Writer, restored, snapshot
from streams import topics
from streams.city_files import load
from streams.decide import Decide
from streams.desk_wire import read_desk_message
from streams.salvage import failed
from tests.bench.processes import fill as put
from tests.support_kafka import CITY, MONDAY, Run, broker, lying, worker

from .checker import LOGS, Checker
from .conftest import KeepRow
from .driver import left
from .load import rules_of
from .measure import Row
from .poison import WAYS, Poison, keep, kept, seeds, spoilt
from .serial import Serial, unlike_serial

pytestmark = pytest.mark.timeout(150)
FAULT = "poison, a thousand kinds"
EVERY = 20  # messages of poison between two good ones


class Came(NamedTuple):
    """What became of a message."""

    message: Any
    record: bytes | None
    failed: str  # where the rules failed on it; "": they did not


class City:
    """A city in memory that hears bytes as a worker does: read, looked up, decided, salvaged where the rules fail."""

    def __init__(self) -> None:
        self._decide = Decide(load(CITY))
        self.memory = self._decide.memory
        self.memory.at = self._at = MONDAY

    def take(self, poison: Poison) -> Came:
        """One message, a second after the last."""
        self._at += 1000
        if poison.topic == "desk-inbox":
            log, message = self.memory.desks[poison.desk], read_desk_message(poison.value, poison.desk)
            if isinstance(message, m.AdoptCity):
                message = msgspec.structs.replace(message, found=message.city in self.memory.cities)
        else:
            partition, message = self._decide.message(poison.topic, poison.value, self._at)
            log = self.memory.intake(poison.topic, partition)
        try:
            return Came(message, self._record(log, message), "")
        except Exception as fault:  # noqa: BLE001 - as streams/log.py: it would fail the same way for ever
            instead = failed(message, fault)
            return Came(instead, self._record(log, instead), instead.detail)

    def partition(self, poison: Poison) -> int:
        """Where its sender puts it."""
        if poison.topic == "desk-inbox":
            return next(d.partition for d in self.memory.city.pack.desks if d.id == poison.desk)
        return self._decide.message(poison.topic, poison.value, self._at)[0]

    def _record(self, log: Log, message: Any) -> bytes | None:
        stored, _ = log.decide(message, self._at, self.memory.city)
        return stored.raw if stored else None

    def logs(self) -> Iterable[Log]:
        return [*self.memory.desks.values(), *self.memory.intakes.values()]


def _good(number: int) -> Poison:
    body = {"source": "poison", "source_id": f"good-{number}", "kind": "consult", "title": "?"}
    return Poison("complaints", "", "good", json.dumps({**body, "received_at": "2026-07-13T08:00:00+08:00"}).encode())


def _wrong(came: Came) -> str:
    """What is wrong with what became of a message; "": nothing."""
    if came.record is None:
        return "" if isinstance(came.message, m.WakeUp | m.Letter | m.BrokenLetter) else "it has no record"
    record = decode_record(came.record)
    if encode_record(record) != came.record:
        return "its record is not what it was encoded from"
    json.loads(came.record)  # any reader of JSON
    if isinstance(came.message, m.Unreadable | m.BrokenLetter) and not came.message.reason:
        return "it is refused without a reason"
    return ""


@pytest.mark.long
async def test_a_broker_and_a_worker_that_is_killed_change_nothing(tmp_path: Path, keep_row: KeepRow) -> None:
    """Through a real broker: the logs are the serial fold of what lies in the inboxes, nothing of an inbox is without
    its record, and what is good is taken."""
    city = City()
    corpus = [one for _, one in kept()] + [spoilt(n) for n in range(3 * len(WAYS) * len(seeds()))]
    room = {name: topic.config.max_message_bytes - 1000 for name, topic in topics.load().items()}
    all_ = [one for one in corpus if len(one.value) < room[one.topic]]  # the others the broker refuses
    sent = [each for n, one in enumerate(all_) for each in ([one, _good(n)] if n % EVERY == 0 else [one])]
    with broker(tmp_path / "kafka") as kafka:
        run = Run(kafka.address, tmp_path)
        one = worker(run, "one")
        try:
            one.start()
            await one.ready(limit=120)
            for half in (sent[: len(sent) // 2], sent[len(sent) // 2 :]):
                await put(run.kafka, ((p.topic, city.partition(p), b"poison", p.value) for p in half))
                one.kill()
                one.start()
            with KafkaAdminClient(bootstrap_servers=run.kafka) as admin:
                assert [] == await left(admin, 120)
            there = await lying(run.kafka, (*LOGS, *LOGS.values()))
        finally:
            one.kill()
    checker = Checker(there, [], rules_of(run), {})
    otherwise = unlike_serial(checker, Serial(run))
    lost = []
    for (topic, partition), entries in there.items():
        if topic in LOGS and topic != "desk-inbox":  # of a desk's inbox the serial fold knows what needs no record
            heard = {valid.said["inbox_offset"] for valid in checker.logs[LOGS[topic], partition]}
            lost += [(topic, partition, entry.offset) for entry in entries if entry.offset not in heard]
    accepted = [
        e for log in checker.logs.values() for v in log for e in v.said["events"] if e["type"] == "ComplaintAccepted"
    ]
    good = {e["source_id"] for e in accepted if e["source_id"].startswith("good-")}
    keep_row(Row(f"{FAULT}, through a broker, kill -9", 2, len(all_), len(lost), 0, 0, len(otherwise)))
    assert [] == otherwise[:20]
    assert [] == lost[:20]
    assert {f"good-{n}" for n in range(0, len(all_), EVERY)} == good


def test_each_has_its_record_and_the_next_is_decided(keep_row: KeepRow, request: pytest.FixtureRequest) -> None:
    """The corpus and some of the thousand, one city: none stops it, and it is the fold of its records at the end."""
    city, long = City(), request.config.getoption("--long")
    every = len(WAYS) * len(seeds())  # each way of each message once
    count = 3 * every if long else 300
    all_ = [one for _, one in kept()] + [spoilt(n * max(every, count) // count) for n in range(count)]
    lost, otherwise, failing, refused = [], [], [], 0
    for number, one in enumerate(all_):
        came = city.take(one)
        if wrong := _wrong(came):
            (lost if came.record is None else otherwise).append(f"{one.topic} {one.kind}: {wrong}: {one.value[:200]!r}")
        refused += isinstance(came.message, m.Unreadable | m.BrokenLetter)
        if came.failed:
            failing.append(f"{came.failed}: {one.topic} {one.kind}")
        if wrong or came.failed:
            keep(one, wrong or came.failed)
        if number % EVERY == 0:
            good = city.take(_good(number))
            if not good.record or b"ComplaintAccepted" not in good.record:
                otherwise.append(f"after {one.topic} {one.kind} a good one is not taken: {good.record!r}")
    kinds = len({(one.kind, one.value) for one in all_})
    print(f"{len(all_)} messages, {kinds} different ones; {refused} refused; the rules failed on {failing}")
    keep_row(Row(FAULT, len(all_), len(all_), len(lost), 0, 0, len(otherwise)))
    assert [] == lost + otherwise + failing
    assert 0.2 * len(all_) < refused < 0.9 * len(all_)  # else it is no poison, or nothing else
    for log in city.logs():
        again = Writer(log.writer.head.writer, log.writer.room)
        for offset, raw in enumerate(log.records):
            again.fold(offset, raw)
        assert state_hash(log.writer.state) == state_hash(again.state)
        assert state_hash(restored(snapshot(again), again.room).state) == state_hash(again.state)
