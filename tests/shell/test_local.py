"""The embedded Kafka and Redis: real processes, really killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kafka import KafkaAdminClient

from streams.local import EmbeddedKafka, EmbeddedRedis, LocalError


def gone(pid: int, within: float = 10) -> bool:
    """Whether the process ends in time (a zombie has ended)."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


async def read_one(bootstrap: str, topic: str) -> bytes | None:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        return (await consumer.getone()).value
    finally:
        await consumer.stop()


async def test_a_message_survives_kill_9_of_the_broker(tmp_path: Path) -> None:
    """What was acknowledged is there after SIGKILL and a restart, at the same address."""
    with EmbeddedKafka(tmp_path) as kafka:
        address, pid = kafka.address, kafka.pid
        admin = KafkaAdminClient(bootstrap_servers=address)
        admin.create_topics({"kept": {"num_partitions": 1, "replication_factor": 1}})
        admin.wait_for_topics(["kept"])
        admin.close()
        async with AIOKafkaProducer(bootstrap_servers=address, acks="all", enable_idempotence=True) as producer:
            await producer.send_and_wait("kept", "案件".encode())
        kafka.kill()
        assert kafka.pid is None
        assert kafka.start() == address
        assert kafka.pid != pid
        assert await read_one(address, "kept") == "案件".encode()
    # And for another object on the same directory, whatever its port: a new process finds the city of the last one.
    with EmbeddedKafka(tmp_path) as again:
        assert await read_one(again.address, "kept") == "案件".encode()


def test_an_undeclared_topic_is_not_made_by_asking(kafka: str) -> None:
    """The broker creates nothing by itself."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.describe_topics(["gossip"])
    assert "gossip" not in admin.list_topics()
    admin.close()


PARENT = """
import sys, threading, time
from streams.local import EmbeddedKafka, EmbeddedRedis
children = [EmbeddedKafka(sys.argv[1] + "/kafka"), EmbeddedRedis(sys.argv[1] + "/redis")]
for child in children:
    # From a thread that ends: children belong to the process, not to who started them.
    thread = threading.Thread(target=child.start)
    thread.start()
    thread.join()
time.sleep(1)
print(*(child.pid for child in children), flush=True)
time.sleep(600)
"""


def test_children_die_with_a_killed_parent(tmp_path: Path) -> None:
    """Kill -9 of the process that started them ends broker and Redis; the end of the thread that did so does not."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert [psutil.Process(pid).ppid() for pid in pids] == [parent.pid] * 2
    finally:
        parent.kill()
        parent.wait()
    assert [gone(pid) for pid in pids] == [True, True]


def test_they_listen_on_the_loopback_only(tmp_path: Path) -> None:
    """No other machine can reach a broker or Redis without a password."""
    with EmbeddedKafka(tmp_path / "kafka") as kafka, EmbeddedRedis(tmp_path / "redis") as server:
        for child in (kafka, server):
            listening = [c.laddr for c in psutil.Process(child.pid).net_connections() if c.status == "LISTEN"]
            assert child.port in {address.port for address in listening}
            assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_redis_is_a_whiteboard(tmp_path: Path) -> None:
    """It keeps its port over a restart and nothing else."""
    with EmbeddedRedis(tmp_path) as server:
        with redis.Redis.from_url(server.address) as client:
            client.set("offer", "1")
        address = server.address
        server.stop()
        assert server.start() == address
        with redis.Redis.from_url(address) as client:
            assert client.get("offer") is None


def test_stop_ends_what_does_not_want_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped (SIGSTOP) server cannot obey SIGTERM, and is killed when its time is over."""
    monkeypatch.setattr("streams.local.STOP_LIMIT", 0.2)
    server = EmbeddedRedis(tmp_path)
    server.start()
    pid = server.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    server.stop()
    assert server.pid is None
    assert gone(pid)


def test_a_directory_is_for_one_broker(tmp_path: Path) -> None:
    """Who starts a second one on the same data reads why it cannot, and the first does not notice."""
    with EmbeddedKafka(tmp_path) as first:
        said = first.log_file.read_bytes()
        second = EmbeddedKafka(tmp_path)
        with pytest.raises(LocalError, match="another one runs on"):
            second.start()
        assert second.pid is None
        assert first.alive()
        assert first.log_file.read_bytes() == said
        first.kill()
        with second:
            assert second.alive()


def test_a_failed_start_shows_the_end_of_the_log(tmp_path: Path) -> None:
    """A broker that cannot read what is there ends, with its reason in the error."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "meta.properties").write_text("version=1\nnode.id=7\n")
    broker = EmbeddedKafka(tmp_path)
    with pytest.raises(LocalError, match=r"kafka on port \d+ ended with 1(?s:.*)No readable meta\.properties"):
        broker.start()
    assert broker.pid is None


def test_a_taken_port_is_said_so(tmp_path: Path) -> None:
    """Another program on the port is not mistaken for ours."""
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(LocalError, match="belongs to another program"):
        EmbeddedRedis(tmp_path, other.getsockname()[1]).start()


def test_clean_redis_is_empty(clean_redis: str) -> None:
    """The fixture gives a Redis with nothing in it."""
    with redis.Redis.from_url(clean_redis) as client:
        assert client.dbsize() == 0
