"""`paidan doctor`: each check is quiet, then the thing itself is broken, on a real broker, Redis, disk or file, and it
speaks. Thresholds are never waited for: what is old was written with an old time.

The broker is shared by the tests of this file; each breaks partitions, or a topic, that no other one looks at.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from dispatchers.clock import DAY, HOUR
from dispatchers.record import GENESIS, RULES, Cause, Record, digest
from streams import cli, doctor, doctor_broker, doctor_logs, doctor_tails, packs, topics
from streams.dead_letters import DeadLetters, redrive
from streams.doctor import Check, Examined, Finding, Patient, Severity, examine
from streams.doctor_replicas import Copies, Told, judged
from streams.kafka_io import producer
from streams.local import EmbeddedRedis, free_port
from streams.log import SNAPSHOT_EVERY
from streams.notify.offers import unreceived
from streams.outbox.account import Delivery
from streams.outbox.process import write
from streams.recovery import Stored, write_snapshot
from streams.scan import end, scan
from streams.vault import Vault, load_or_create
from tests.support_kafka import broker
from tests.support_log import MONDAY, SMALL, folded, logs, small, with_void
from tests.support_outbox import file_of, publish, some

Look = Callable[[Patient], Awaitable[list[Finding]]]
WELL, ATTENTION, BROKEN = Severity
# A process of the city as far as the doctor sees one; with the rules of its third word.
SERVER = """
import signal, sys
from streams import metrics as m
m.RULES = sys.argv[3]
m.serve(sys.argv[1], int(sys.argv[2]))
m.notify_pending.of().set(3)
m.notify_oldest.of().set(float(sys.argv[4]))
signal.sigwait({signal.SIGTERM})
"""
# A disk of 8 MiB of its own, and what the doctor says of it as it is filled.
FILL = """
import asyncio, json, subprocess, sys
from pathlib import Path
from streams import doctor
data = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "x", data], check=True)
said = []
for mib in (4, 3.5, 0.5):
    (data / str(mib)).write_bytes(bytes(int(mib * (1 << 20))))
    found = asyncio.run(doctor.disk(doctor.Patient()))
    said.append([(one.severity, one.where, one.what.en) for one in found])
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of our own: others' dead letters would be findings here."""
    with broker(tmp_path_factory.mktemp("kafka")) as server:
        yield server.address


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small city, data of this test alone, and a Monday in July on the city's clock."""
    for name in [name for name in os.environ if name.startswith("PAIDAN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PAIDAN_DATA", str(tmp_path))
    monkeypatch.setenv("PAIDAN_CITY", str(SMALL))
    monkeypatch.setenv("PAIDAN_CLOCK", str(clock(tmp_path, MONDAY)))


def clock(folder: Path, at: int) -> Path:
    """A run's clock that says `at` now, and goes on as the wall's."""
    file, now = folder / f"clock-{at}.json", time.time_ns() // 1_000_000
    segment = {"wall": now, "business": at, "speed": 1.0, "wall_end": None}
    file.write_text(json.dumps({"segments": [segment], "said": now}))
    return file


async def looked(look: Look, kafka: str = "") -> Examined:
    """What a check comes to."""
    patient = Patient()
    if kafka:
        patient.kafka, patient.answers = kafka, True
    (done,) = await examine(patient, [Check("it", doctor.HERE[0].title, look)])
    return done


async def found(look: Look, kafka: str = "", where: str = "") -> list[tuple[Severity, str, str]]:
    """Severity, place and English sentence of each finding, of those at a place that begins so; the check was made."""
    done = await looked(look, kafka)
    assert done.unmade is None
    assert all(one.what.zh and one.right.zh and one.right.en for one in done.found)
    return [(one.severity, one.where, one.what.en) for one in done.found if one.where.startswith(where)]


async def append(kafka: str, topic: str, partition: int, *values: bytes, at: int | None = None) -> int:
    """Append records; the offset of the first."""
    async with producer(kafka, linger_ms=5) as sender:
        sent = [await sender.send(topic, v, key=b"k", partition=partition, timestamp_ms=at) for v in values]
        places = [(await one).offset for one in sent]
    return places[0]


def until(true: Callable[[], Any]) -> None:
    """Return once it is so."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


async def commit(kafka: str, group: str, tp: TopicPartition, offset: int) -> None:
    """A group says how far it is."""
    async with AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False) as consumer:
        consumer.assign([tp])
        await consumer.commit({tp: offset})


@contextmanager
def altered(kafka: str, topic: str, **settings: str) -> Iterator[None]:
    """A topic with other settings than topics.yaml says."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        wanted = {name.replace("_", "."): ("SET", value) for name, value in settings.items()}
        assert set(admin.alter_configs([ConfigResource("TOPIC", topic, wanted)])["topic"].values()) == {"OK"}
        until(lambda: topics.plan(admin, topics.load()))
        yield
        topics.apply(admin, topics.load(), 1)
        until(lambda: not topics.plan(admin, topics.load()))
    finally:
        admin.close()


def chain(count: int, start: int = 0, prev: str = GENESIS, **changes: Any) -> list[bytes]:
    """Records that continue each other."""
    made = []
    for number in range(start, start + count):
        base = {
            "prev": prev, "epoch": 0, "inbox_offset": number, "at": MONDAY, "desk": "jia", "seq": number + 1,
            "cause": Cause(type="WakeUp"), "rules": RULES, "city": small().version, "posted_through": -1, "events": [],
        }  # fmt: skip
        made.append(msgspec.json.encode(Record(**{**base, **changes})))
        prev = digest(made[-1])
    return made


# -- this machine ------------------------------------------------------------------------------------------------------


async def test_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that cannot be used is named, its value is not; the others hold."""
    assert await found(doctor.settings) == []
    monkeypatch.setenv("PAIDAN_REDIS", "secret-host")
    monkeypatch.setenv("PAIDAN_KAFA", "127.0.0.1:9092")
    said = await found(doctor.settings)
    assert [(severity, where) for severity, where, _ in said] == [(BROKEN, "PAIDAN_KAFA"), (BROKEN, "PAIDAN_REDIS")]
    assert "no such setting" in said[0][2]
    assert "secret" not in str(said)
    assert Patient().settings.city == SMALL


async def test_master_key(tmp_path: Path) -> None:
    """Missing, it is not made; readable by all, or no key, it is broken."""
    key = tmp_path / "master.key"
    assert await found(doctor.master_key) == [(ATTENTION, str(key), "there is no master key")]
    assert not key.exists()
    load_or_create(key)
    assert await found(doctor.master_key) == []
    key.chmod(0o644)
    ((severity, _, what),) = await found(doctor.master_key)
    assert (severity, "chmod 600" in what) == (BROKEN, True)
    key.write_text("no key")
    key.chmod(0o600)
    ((severity, _, what),) = await found(doctor.master_key)
    assert (severity, "base64" in what) == (BROKEN, True)


def test_disk(tmp_path: Path) -> None:
    """A real file system of its own is filled: half, nearly, wholly."""
    mine = ["unshare", "-rm"]
    if subprocess.run([*mine, "mount", "-t", "tmpfs", "x", "/mnt"], capture_output=True, check=False).returncode:
        pytest.skip("no file system can be made here without rights")
    done = subprocess.run(
        [*mine, sys.executable, "-c", FILL, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [
        [],
        [[1, str(tmp_path), "only 6% of the disk are free (0 MiB)"]],
        [[2, str(tmp_path), "only 0% of the disk are free (0 MiB)"]],
    ]


async def test_city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first fault is told with its file and line, and what needs the pack says that it is not there."""
    assert await found(doctor.city) == []
    bad = tmp_path / "city"
    shutil.copytree(SMALL, bad)
    lines = (bad / "desks.csv").read_text("utf-8").splitlines()
    (bad / "desks.csv").write_text("\n".join([*lines, lines[1]]) + "\n", "utf-8")
    monkeypatch.setenv("PAIDAN_CITY", str(bad))
    ((severity, where, what),) = await found(doctor.city)
    assert (severity, where.startswith(f"{bad}/desks.csv:")) == (BROKEN, True)
    assert what.startswith("the city pack has a fault")
    assert (await looked(doctor.calendar)).unmade == ("城市数据包有错误", "the city pack has faults")


async def test_calendar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Known until the end of 2026: quiet in July, attention in November, broken in January."""
    where = str(SMALL / "calendar.csv")
    assert await found(doctor.calendar) == []
    monkeypatch.setenv("PAIDAN_CLOCK", str(clock(tmp_path, MONDAY + 130 * DAY)))
    said = await found(doctor.calendar)
    assert said == [(ATTENTION, where, "the calendar is not known from 2027-01-01 on, in 42 days")]
    monkeypatch.setenv("PAIDAN_CLOCK", str(clock(tmp_path, MONDAY + 180 * DAY)))
    ((severity, _, what),) = await found(doctor.calendar)
    assert (severity, what) == (BROKEN, "unknown since 2027-01-01: limits made now may be wrong")


@contextmanager
def served(folder: Path, kind: str, rules: str = RULES, oldest_s: float = 0.0) -> Iterator[int]:
    """A process of the run on this data, with its metrics; its port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SERVER, kind, str(port), rules, str(oldest_s)])
    note(folder, **{kind: port})
    try:
        until(lambda: doctor._samples(f"127.0.0.1:{port}"))
        yield port
    finally:
        process.terminate()
        process.wait()


def note(folder: Path, **ports: int) -> None:
    """The file of ports, as `paidan run` keeps it."""
    file = folder / "ports.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(known | ports))


async def test_processes(tmp_path: Path) -> None:
    """What does not answer is broken, what decides by other rules is named; where nothing ran is nothing to say."""
    assert await found(doctor.processes) == []
    with served(tmp_path, "tell"):
        assert await found(doctor.processes) == []
        gone = free_port()
        note(tmp_path, desk=gone)
        assert await found(doctor.processes) == [(BROKEN, f"desk=127.0.0.1:{gone}", "the process does not answer")]
        with served(tmp_path, "desk", rules="2020.1") as port:
            ((severity, where, what),) = await found(doctor.processes)
            assert (severity, where) == (ATTENTION, f"desk=127.0.0.1:{port}")
            assert RULES in what
    ((severity, _, what),) = await found(doctor.processes)
    assert (severity, what) == (ATTENTION, "a run was here, and none of its processes answers now")


class _Gateway(BaseHTTPRequestHandler):
    ready = 200

    def do_GET(self) -> None:
        self.send_response(self.ready if self.path == "/readyz" else 200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


async def test_the_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not ready is attention, not there is broken."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Gateway)
    base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with served(tmp_path, "gateway"):
        note(tmp_path, console=server.server_port)
        try:
            assert await found(doctor.processes) == []
            monkeypatch.setattr(_Gateway, "ready", 503)
            ((severity, where, what),) = await found(doctor.processes)
            assert (severity, where) == (ATTENTION, base)
            assert what.startswith("the gateway is not ready")
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
        assert await found(doctor.processes) == [(BROKEN, base, "the gateway does not answer")]


# -- the broker and Redis ----------------------------------------------------------------------------------------------


async def test_broker(kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody says where it is; it is not there; it answers. What needs it says so, and is no finding of its own."""
    ((severity, where, _),) = await found(doctor_broker.broker)
    assert (severity, where) == (ATTENTION, "PAIDAN_KAFKA")
    nobody = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("PAIDAN_KAFKA", nobody)
    ((severity, where, what),) = await found(doctor_broker.broker)
    assert (severity, where) == (BROKEN, nobody)
    assert what.startswith("the broker does not answer")
    done = await looked(doctor_logs.logs)
    assert (done.severity, done.found) == (ATTENTION, [])
    assert done.unmade == ("没有应答的消息代理可问", "there is no broker that answers")
    monkeypatch.setenv("PAIDAN_KAFKA", kafka)
    assert await found(doctor_broker.broker) == []


async def test_the_broker_of_a_run_is_found_by_its_data(kafka: str, tmp_path: Path) -> None:
    """Without PAIDAN_KAFKA the ports of the run say where it is."""
    note(tmp_path, kafka=int(kafka.partition(":")[2]))
    assert await found(doctor_broker.broker) == []


async def test_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Away, it needs attention; its password is not told."""
    with EmbeddedRedis(tmp_path / "redis") as server:
        monkeypatch.setenv("PAIDAN_REDIS", server.address)
        assert await found(doctor_broker.redis) == []
        server.kill()
        monkeypatch.setenv("PAIDAN_REDIS", server.address.replace("//", "//:s3cret@"))
        ((severity, where, what),) = await found(doctor_broker.redis)
        assert (severity, where) == (ATTENTION, f"127.0.0.1:{server.port}/0")
        assert "s3cret" not in where + what


async def test_topics(kafka: str) -> None:
    """A setting that differs is broken: no process starts on it."""
    assert await found(doctor_broker.topics, kafka) == []
    with altered(kafka, "audit", max_message_bytes="1024"):
        ((severity, where, what),) = await found(doctor_broker.topics, kafka)
        assert (severity, where) == (BROKEN, "audit")
        assert what.startswith("it is not as topics.yaml says: max.message.bytes from 1024 to")
    assert await found(doctor_broker.topics, kafka) == []


# -- the logs ----------------------------------------------------------------------------------------------------------


def test_copies() -> None:
    """With a broker away copies are missing; with two away nothing is decided, whatever the third believes of them."""
    every = frozenset({1, 2, 3})
    brokers = {node: f"127.0.0.1:{node}" for node in every}

    def said(there: set[int], *partitions: Copies) -> list[tuple[Severity, str, str]]:
        found = judged("here", Told(brokers, {"audit": 2, "desk-log": 2}, list(partitions)), there)
        assert all(one.what.zh and one.right.zh and one.right.en for one in found)
        return [(one.severity, one.where, one.what.en) for one in found]

    well = [Copies("desk-log", 0, 1, every, every), Copies("audit", 0, 2, every, every)]
    assert said({1, 2, 3}, *well) == []
    missing = "copies of 1 partition (desk-log) are missing"
    late = Copies("desk-log", 0, 1, every, frozenset({1, 2}))
    assert said({1, 2, 3}, late, well[1]) == [(ATTENTION, "here", missing)]
    missing = "copies of 2 partitions (audit, desk-log) are missing (broker 3 does not answer)"
    assert said({1, 2}, *well) == [(ATTENTION, "here", missing)]
    stands = "too few copies of 2 partitions (audit, desk-log) are whole (broker 2, 3 does not answer)"
    stands += ": nothing is taken and nothing decided there"
    assert said({1}, *well) == [(BROKEN, "here", stands)]
    few = Copies("audit", 0, 2, frozenset({2}), frozenset({2}))
    ((severity, where, what),) = said({1, 2, 3}, well[0], few._replace(of=frozenset({2, 3}), whole=frozenset({2, 3})))
    assert (severity, where, what) == (ATTENTION, "audit", "it has 2 of 3 copies, on 3 brokers")
    assert [one[:2] for one in said({1, 2, 3}, well[0], few)] == [(BROKEN, "here"), (ATTENTION, "audit")]


async def test_a_log_begins_at_0(kafka: str) -> None:
    """Records that were deleted from its beginning."""
    await append(kafka, "desk-log", 10, *chain(3))
    assert await found(doctor_logs.logs, kafka, "desk-log/10") == []
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.delete_records({TopicPartition("desk-log", 10): 2})
    admin.close()
    said = await found(doctor_logs.logs, kafka, "desk-log/10")
    assert said == [(BROKEN, "desk-log/10", "it begins at 2: its first records were deleted")]


async def test_a_log_has_no_hole(kafka: str) -> None:
    """A transaction's marker is an offset without a record: who wrote it is not one of ours."""
    first, second = chain(2)
    await append(kafka, "desk-log", 11, first)
    assert await found(doctor_logs.logs, kafka, "desk-log/11") == []
    async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id="stranger") as other, other.transaction():
        await other.send("desk-log", second, partition=11)
    while await end(kafka, "desk-log", 11) < 3:  # the marker comes a little after the commit
        await asyncio.sleep(0.05)
    await append(kafka, "desk-log", 11, *chain(1, 2, digest(second)))
    assert await found(doctor_logs.logs, kafka, "desk-log/11") == [
        (BROKEN, "desk-log/11", "records are missing: 2"),
    ]


async def test_void_records_are_counted(kafka: str) -> None:
    """The log of the small city is quiet; with a zombie's records in it each of them is counted, and no other."""
    raws = logs()["bing"]
    await append(kafka, "desk-log", 12, *raws)
    assert await found(doctor_logs.void, kafka, "desk-log/12") == []
    mixed = with_void(raws)
    await append(kafka, "desk-log", 13, *mixed)
    ((severity, _, what),) = await found(doctor_logs.void, kafka, "desk-log/13")
    assert severity == ATTENTION
    assert what.startswith(
        f"{len(mixed) - len(raws)} of the last {len(mixed)} records are void, a zombie's: 5, 6, 7, 13,"
    )


async def test_void_records_are_told_from_valid_ones_without_the_beginning(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Among the newest records alone, begun in the midst of a zombie's, the longer chain is the log's."""
    ours = chain(8)
    zombie = chain(4, 2, digest(ours[1]), at=MONDAY + 1)
    await append(kafka, "desk-log", 14, *ours[:3], *zombie[:2], *ours[3:6], *zombie[2:], *ours[6:])
    monkeypatch.setattr(doctor_tails, "LAST", 9)
    ((severity, _, what),) = await found(doctor_logs.void, kafka, "desk-log/14")
    assert (severity, what) == (ATTENTION, "4 of the last 9 records are void, a zombie's: 3, 4, 8, 9")


async def test_a_log_that_is_none_of_ours(kafka: str) -> None:
    """Nothing in it continues a chain."""
    await append(kafka, "desk-log", 15, b"nothing", chain(1, prev="f" * 64)[0])
    said = await found(doctor_logs.void, kafka, "desk-log/15")
    assert said == [(BROKEN, "desk-log/15", "none of the last 2 records continues a chain")]


@pytest.mark.parametrize(("partition", "newer"), [(0, f"{RULES}.1"), (1, "2099.1.1")])
async def test_rules(kafka: str, partition: int, newer: str) -> None:
    """A record by newer rules than this program has is worth a look while it can be read whole; older ones are well.
    One that says something new is not to be continued by this program, nor by it once older ones follow."""
    log, where = "event-receipts", f"event-receipts/{partition}"
    old = chain(2, rules="2026.2.10")
    await append(kafka, log, partition, *old)
    assert await found(doctor_logs.rules, kafka, where) == []
    (new,) = chain(1, 2, digest(old[-1]), rules=newer)
    await append(kafka, log, partition, new)
    ((severity, at, what),) = await found(doctor_logs.rules, kafka, where)
    assert (severity, at, what) == (ATTENTION, where, f"decided by rules {newer}, this program has {RULES}")
    unknown = chain(1, 3, digest(new), rules=newer)[0].replace(b'"events":[]', b'"events":[],"tomorrow":1')
    await append(kafka, log, partition, unknown, *chain(1, 4, digest(unknown)))
    ((severity, at, what),) = await found(doctor_logs.rules, kafka, where)
    assert (severity, at) == (BROKEN, where)
    assert what.startswith(f"record 3 cannot be read by this program: record 4 of jia is of rules {newer}, ")


async def test_a_record_that_cannot_be_read(kafka: str) -> None:
    """An event of a kind that this program does not have."""
    raw = chain(1)[0].replace(b'"events":[]', b'"events":[{"type":"TomorrowsEvent"}]')
    await append(kafka, "event-receipts", 2, raw)
    ((severity, _, what),) = await found(doctor_logs.rules, kafka, "event-receipts/2")
    assert severity == BROKEN
    assert what.startswith("record 0 cannot be read by this program: ")
    assert "TomorrowsEvent" in what


async def test_city_versions(kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not published; published and decided by; another one configured; a desk that decides by an unknown one."""
    ((severity, where, _),) = await found(doctor_logs.cities, kafka, "city-packs")
    assert (severity, where) == (ATTENTION, "city-packs")
    version = await packs.publish(kafka, small().pack)
    raws = chain(2, desk="ding")
    await append(kafka, "desk-log", 16, *raws)
    assert await found(doctor_logs.cities, kafka, "city-packs") == []
    assert await found(doctor_logs.cities, kafka, "ding (desk-log/16)") == []
    other = tmp_path / "city"
    shutil.copytree(SMALL, other)
    facts = (other / "city.yaml").read_text("utf-8")
    (other / "city.yaml").write_text(facts.replace(f"name: {small().pack.facts.name}", "name: 别市"), "utf-8")
    monkeypatch.setenv("PAIDAN_CITY", str(other))
    ((severity, _, what),) = await found(doctor_logs.cities, kafka, "ding (desk-log/16)")
    assert (severity, what.startswith(f"the desk decides by {version}, configured is ")) == (ATTENTION, True)
    monkeypatch.setenv("PAIDAN_CITY", str(SMALL))
    adopts = chain(1, 2, digest(raws[-1]), desk="ding")[0]
    adopts = adopts.replace(b'"events":[]', b'"events":[{"type":"CityAdopted","city":"0123456789abcdef"}]')
    await append(kafka, "desk-log", 16, adopts)
    ((severity, _, what),) = await found(doctor_logs.cities, kafka, "ding (desk-log/16)")
    assert (severity, what) == (BROKEN, "the desk decides by 0123456789abcdef, which is not published")


async def test_positions(kafka: str) -> None:
    """An inbox that ends before what was decided, and one whose next message was deleted."""
    await append(kafka, "city-events", 20, b"{}", b"{}")
    await append(kafka, "event-receipts", 20, *chain(1))
    assert await found(doctor_logs.positions, kafka, "city-events/20") == []
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.delete_records({TopicPartition("city-events", 20): 2})
    admin.close()
    said = await found(doctor_logs.positions, kafka, "city-events/20")
    assert said == [(BROKEN, "city-events/20", "it begins at 2: 1 was deleted undecided")]
    await append(kafka, "event-receipts", 21, *chain(5))
    said = await found(doctor_logs.positions, kafka, "city-events/21")
    assert said == [(BROKEN, "city-events/21", "it ends at 0, its log has decided up to 4")]


async def test_snapshots(kafka: str) -> None:
    """A long log without one, with one that can be trusted, with a newer one whose hash stands nowhere."""
    where, log = "complaint-receipts/3", ("complaint-receipts", 3)
    raws = chain(SNAPSHOT_EVERY + 1)
    await append(kafka, *log, *raws[:-1])
    assert await found(doctor_logs.snapshots, kafka, where) == []
    await append(kafka, *log, raws[-1])
    none = f"no snapshot can be trusted: who takes it folds all {len(raws)} records"
    assert await found(doctor_logs.snapshots, kafka, where) == [(ATTENTION, where, none)]
    async with producer(kafka) as sender:
        await write_snapshot(sender, *log, Stored(b"state", 20, digest(raws[20])))
    assert await found(doctor_logs.snapshots, kafka, where) == []
    async with producer(kafka) as sender:
        await write_snapshot(sender, *log, Stored(b"state", 30, "f" * 64))
    assert await found(doctor_logs.snapshots, kafka, where) == [(ATTENTION, where, none)]


async def test_an_old_snapshot(kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than two more should have been written since."""
    monkeypatch.setattr(doctor_logs, "SNAPSHOT_EVERY", 10)
    where, log = "complaint-receipts/4", ("complaint-receipts", 4)
    raws = chain(40)
    await append(kafka, *log, *raws)
    async with producer(kafka) as sender:
        await write_snapshot(sender, *log, Stored(b"state", 19, digest(raws[19])))
        assert await found(doctor_logs.snapshots, kafka, where) == []
        await write_snapshot(sender, *log, Stored(b"state", 18, digest(raws[18])))
    said = await found(doctor_logs.snapshots, kafka, where)
    assert said == [(ATTENTION, where, "the newest snapshot is at 18, 21 records ago")]


async def test_clock(kafka: str) -> None:
    """A record appended while the doctor looks, by a broker whose clock is wrong. Here the topic takes the sender's
    time, and the sender is the broker with the wrong clock."""
    for partition, apart_s, word in ((25, -90, "behind"), (26, 90, "ahead of")):
        patient = Patient()
        patient.kafka, patient.answers = kafka, True
        asked = (await patient.logs()).asked
        first, second = chain(2)
        await append(kafka, "event-receipts", partition, first)
        assert await doctor_logs.clock(patient) == []
        with altered(kafka, "event-receipts", message_timestamp_type="CreateTime"):
            await append(kafka, "event-receipts", partition, second, at=asked + apart_s * 1000)
        (one,) = await doctor_logs.clock(patient)
        assert (one.severity, one.where) == (ATTENTION, kafka)
        assert one.what.en.startswith("the broker's clock is ")
        assert f" s {word} this machine's" in one.what.en
    (of_its_future,) = await found(doctor_logs.clock, kafka)
    assert of_its_future[2].endswith("ahead of this machine's")


# -- what waits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("partition", "old_s", "severity"), [(0, 30, ATTENTION), (1, 300, BROKEN)])
async def test_lag(kafka: str, partition: int, old_s: int, severity: Severity) -> None:
    """Messages that nobody decided, half a minute old and five; then their records, and nothing waits."""
    assert await found(doctor_broker.lag, kafka, "complaints") == []
    with altered(kafka, "complaints", message_timestamp_type="CreateTime"):
        old = int(time.time() - old_s) * 1000
        await append(kafka, "complaints", partition, b"{}", b"{}", at=old)
    ((said, _, what),) = await found(doctor_broker.lag, kafka, "complaints")
    assert said == severity
    assert what.startswith("paidan-desk is 2 records behind, the oldest waits for ")
    assert what.endswith(f"(partitions {partition})")
    await append(kafka, "complaint-receipts", partition, *chain(2))
    assert await found(doctor_broker.lag, kafka, "complaints") == []


async def test_a_log_that_was_cut(kafka: str) -> None:
    """A group was further than the log goes."""
    where = "desk-log/30"
    assert await found(doctor_broker.lag, kafka, where) == []
    await commit(kafka, "paidan-tell", TopicPartition("desk-log", 30), 7)
    said = await found(doctor_broker.lag, kafka, where)
    assert said == [(BROKEN, where, "it ends at 0, paidan-tell was at 6: it was cut, or is another one")]


async def test_dead_letters(kafka: str) -> None:
    """How many, why, and how long ago the newest came; what was played again is none."""
    assert await found(doctor_broker.dead_letters, kafka) == []
    vault, places = Vault(bytes(range(32))), []
    async with producer(kafka) as sender:
        for offset, reason, age in ((1, "bad_json", 3), (2, "bad_time", 2), (3, "bad_json", 5)):
            kept = DeadLetters(sender, vault)
            at = MONDAY - age * HOUR
            places.append(await kept.put("city-events", 9, offset, b"k", b"{", reason, "$: broken", at))
    ((severity, where, what),) = await found(doctor_broker.dead_letters, kafka)
    assert (severity, where) == (ATTENTION, "city-events/9/2")
    assert what.startswith("3 letters wait (bad_json 2, bad_time 1), the newest came 2:00:")
    await redrive(kafka, vault, places, MONDAY)
    assert await found(doctor_broker.dead_letters, kafka) == []


async def test_offers_told_by_notify(tmp_path: Path) -> None:
    """What `paidan notify` counts: under half an hour it is quiet."""
    with served(tmp_path, "notify", oldest_s=1700):
        assert await found(doctor_broker.offers) == []
    with served(tmp_path, "notify", oldest_s=1900):
        said = await found(doctor_broker.offers)
    assert said == [(ATTENTION, "notify", "3 offers are on no device, the oldest for 32 minutes")]


def test_offers_among_the_newest_records() -> None:
    """Those that the fold of the same records has open and unreceived, at every desk."""
    some_desk = 0
    for desk, raws in logs().items():
        for length in range(1, len(raws) + 1, 13):
            state = folded(desk, raws[:length]).state
            waiting = [c for c in state.cases.values() if c.assignment and unreceived(c)]
            stored = [_Stored(n, raw) for n, raw in enumerate(raws[:length])]
            tail = doctor_tails.tail_of(TopicPartition("desk-log", 0), 0, length, stored)
            assert len(doctor_broker._unreceived(tail)) == len(waiting), (desk, length)
            some_desk += len(waiting)
    assert some_desk > 20


class _Stored:
    """What is read of a stored record."""

    def __init__(self, offset: int, value: bytes) -> None:
        self.offset, self.value, self.timestamp = offset, value, MONDAY


async def test_offers_without_notify(kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the newest records of the logs, by the city's clock."""
    raws, desk = logs()["yi"], "yi"
    length = next(n for n in range(50, len(raws)) if _open(desk, raws[:n]))
    await append(kafka, "desk-log", 1, *raws[:length])
    made = min(_open(desk, raws[:length]))
    monkeypatch.setenv("PAIDAN_CLOCK", str(clock(tmp_path, MONDAY)))
    assert await found(doctor_broker.offers, kafka) == []
    monkeypatch.setenv("PAIDAN_CLOCK", str(clock(tmp_path, made + 40 * DAY)))
    ((severity, where, what),) = await found(doctor_broker.offers, kafka)
    assert (severity, where) == (ATTENTION, "desk-log")
    assert "offers are on no device, the oldest for 57" in what  # 40 days are 57,600 minutes


def _open(desk: str, raws: list[bytes]) -> list[int]:
    cases = folded(desk, raws).state.cases.values()
    return [c.assignment.offered_at for c in cases if c.assignment and unreceived(c)]


async def test_replies(kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that waits for hours, and one that was given up; without sources nobody is owed any."""
    late, dead = some("hotline", 2)
    await publish(kafka, [late, dead])
    assert await found(doctor_broker.replies, kafka) == []
    file = file_of(tmp_path, {"hotline": "http://127.0.0.1:9/hotline"})
    monkeypatch.setenv("PAIDAN_SOURCES", str(file))
    assert await found(doctor_broker.replies, kafka) == []
    monkeypatch.setenv("PAIDAN_CLOCK", str(clock(tmp_path, late.at + 5 * HOUR)))
    said = await found(doctor_broker.replies, kafka)
    assert said == [(ATTENTION, "replies", "2 answers were not taken yet, the oldest for 5 hours")]
    lying = {json.loads(r.value)["id"]: (r.partition, r.offset) async for r in scan(kafka, "replies")}
    async with producer(kafka) as sender:
        for reply, state in ((late, "acknowledged"), (dead, "dead")):
            told = {"id": reply.id, "case_id": reply.case_id, "source": "hotline", "state": state, "attempts": 3}
            place = {"at": 1, "status": "500", "partition": lying[reply.id][0], "offset": lying[reply.id][1]}
            await write(sender, msgspec.convert(told | place, Delivery))
    assert await found(doctor_broker.replies, kafka) == [(ATTENTION, "replies", "1 answers were given up")]
    file.write_text("sources: 3\n", "utf-8")
    ((severity, where, _),) = await found(doctor_broker.replies, kafka)
    assert (severity, where) == (BROKEN, str(file))


# -- all of it ---------------------------------------------------------------------------------------------------------


async def test_a_check_that_cannot_be_made_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says why; one that hangs is left; the next one is made."""

    async def falls(patient: Patient) -> list[Finding]:
        raise RuntimeError("of this test")

    async def hangs(patient: Patient) -> list[Finding]:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(doctor, "WITHIN_S", 0.05)
    title = doctor.HERE[0].title
    done = await examine(Patient(), [Check("a", title, falls), Check("b", title, hangs), *doctor.HERE[:1]])
    assert [one.severity for one in done] == [ATTENTION, ATTENTION, WELL]
    assert [one.unmade and one.unmade.en for one in done] == ["RuntimeError: of this test", "not done within 0 s", None]


def test_exit_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """All well: 0. Redis dies: 1. The broker dies: 2, and what needs it is not looked at. Nothing was changed."""

    def paidan_doctor(*words: str) -> tuple[Any, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(["doctor", *words])
        told = capsys.readouterr()
        assert told.err == ""
        return ended.value.code, told.out

    load_or_create(tmp_path / "master.key")
    with broker(tmp_path / "kafka") as kafka, EmbeddedRedis(tmp_path / "redis") as redis:
        monkeypatch.setenv("PAIDAN_KAFKA", kafka.address)
        monkeypatch.setenv("PAIDAN_REDIS", redis.address)
        asyncio.run(packs.publish(kafka.address, small().pack))
        asyncio.run(commit(kafka.address, "paidan-desk", TopicPartition("desk-inbox", 0), 0))
        before = asyncio.run(ends_of(kafka.address)), sorted(tmp_path.iterdir())
        code, told = paidan_doctor("--lang", "en")
        noted, well = told.splitlines()
        assert code == 0
        assert noted.startswith(f"note  copies  {kafka.address}  there is one broker: a disk that dies takes what lies")
        assert well.startswith("well  settings, master key, disk, city pack, calendar, processes, broker, Redis,")
        assert (asyncio.run(ends_of(kafka.address)), sorted(tmp_path.iterdir())) == before
        redis.kill()
        code, told = paidan_doctor("--lang", "en")
        assert code == 1
        assert told.startswith("attention  Redis  redis://127.0.0.1:")
        kafka.kill()
        code, told = paidan_doctor()
        assert code == 2
        lines = told.splitlines()
        assert [line.split("  ")[0] for line in lines] == ["故障", "注意", "没有检查", "正常"]
        assert "消息代理没有应答" in lines[0]
        assert "；应当：启动它" in lines[0]
        code, told = paidan_doctor("--json")
        assert (code, json.loads(told)["severity"]) == (2, "broken")
        checks = {one["check"]: one for one in json.loads(told)["checks"]}
        assert checks["broker"]["findings"][0]["what"]["en"].startswith("the broker does not answer")
        assert checks["lag"]["not_looked_at"]["en"] == "there is no broker that answers"
        assert checks["disk"] == {"check": "disk", "severity": "well", "findings": [], "not_looked_at": None}


async def ends_of(kafka: str) -> dict[TopicPartition, int]:
    """The end of every partition there is, the groups' own topic included."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    there = {t["name"]: len(t["partitions"]) for t in admin.describe_topics()}
    admin.close()
    async with AIOKafkaConsumer(bootstrap_servers=kafka) as consumer:
        return dict(await consumer.end_offsets([TopicPartition(t, p) for t, n in there.items() for p in range(n)]))


def test_the_help_says_what_the_codes_mean(capsys: pytest.CaptureFixture[str]) -> None:
    """0, 1 and 2, in words."""
    with pytest.raises(SystemExit):
        cli.main(["doctor", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "0 all is well, 1 something needs attention (or could not be looked at), 2 something is broken now" in told
