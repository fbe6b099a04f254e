"""A real broker and real workers for tests that kill them, and everything that lies in the topics, read once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from kafka import KafkaAdminClient

from streams import topics
from streams.local import EmbeddedKafka

ROOT = Path(__file__).resolve().parent.parent
CITY = ROOT / "deploy" / "jiaxing"
MONDAY = 1783900800000  # 2026-07-13 08:00 in Jiaxing: squads are on duty
# SIGKILL with the test that started it, also when that is killed.
_TIED = "import ctypes, signal; ctypes.CDLL(None).prctl(1, signal.SIGKILL)\n"


@contextmanager
def broker(data: Path) -> Iterator[EmbeddedKafka]:
    """A broker with the topics of topics.yaml, all to oneself."""
    with EmbeddedKafka(data) as server:
        admin = KafkaAdminClient(bootstrap_servers=server.address)
        topics.apply(admin, topics.load(), replication=1)
        admin.close()
        yield server


class Run(NamedTuple):
    """What the processes of one run share."""

    kafka: str
    data: Path
    city: Path = CITY
    start: int = MONDAY
    speed: float = 60.0
    redis: str = ""

    @property
    def clock(self) -> Path:
        """The run's clock, as `paidan run` would write it: the whole city lives `speed` times faster."""
        file = self.data / "clock.json"
        if not file.exists():
            self.data.mkdir(parents=True, exist_ok=True)
            segment = {"wall": int(time.time() * 1000), "business": self.start, "speed": self.speed, "wall_end": None}
            file.write_text(json.dumps({"segments": [segment], "said": segment["wall"]}))
        return file

    @property
    def settings(self) -> str:
        """The words by which a child makes its settings."""
        return (
            f"settings.read(kafka={self.kafka!r}, redis={self.redis!r}, data={str(self.data)!r}, "
            f"city={str(self.city)!r}, clock={str(self.clock)!r}, worker_id=WORKER)"
        )


class Child:
    """A process of ours that can be killed, frozen, and started again under its name."""

    def __init__(self, name: str, code: str, log: Path, word: str = "partitions taken") -> None:
        """`word`: what it says when it works."""
        self.name, self._code, self.log, self.word = name, code, log, word
        self.process: subprocess.Popen[bytes] | None = None
        self.ended: list[int] = []  # return codes, oldest first

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.alive:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PAIDAN_")}
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _TIED + self._code],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    @property
    def alive(self) -> bool:
        """Whether it runs; remembers how it ended."""
        if self.process is None:
            return False
        code = self.process.poll()
        if code is not None:
            self.ended.append(code)
            self.process = None
        return code is None

    def send(self, number: signal.Signals) -> None:
        """A signal, if it runs."""
        if self.alive and self.process:
            self.process.send_signal(number)

    async def stop(self, limit: float = 30.0) -> None:
        """Ask it to end, and wait. Who is started in its place meanwhile is left alone."""
        asked = self.process
        self.send(signal.SIGTERM)
        deadline = time.monotonic() + limit
        while self.alive and self.process is asked and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        if self.process is asked:
            self.kill()

    def kill(self) -> None:
        """End it at once."""
        self.send(signal.SIGKILL)
        if self.process:
            self.process.wait()
        assert not self.alive

    async def ready(self, word: str = "", limit: float = 60.0) -> None:
        """Wait until it says that it works."""
        word = word or self.word
        deadline = time.monotonic() + limit
        while word not in self.said(1 << 20):
            assert self.alive, f"{self.name} ended: {self.said()}"
            assert time.monotonic() < deadline, f"{self.name} did not say {word!r}: {self.said()}"
            await asyncio.sleep(0.1)

    def said(self, last: int = 4000) -> str:
        """The end of what it said."""
        return self.log.read_text("utf-8", "replace")[-last:] if self.log.exists() else ""


# A wrong clock, for a process of ours from its first line on: it reads so many seconds more. Nothing of the product
# knows of it, and the broker's clock stays right.
_CLOCK = (
    "import time\n_s, _ns = time.time, time.time_ns\n"
    "time.time = lambda: _s() + {0}\ntime.time_ns = lambda: _ns() + {0} * 1_000_000_000\n"
)


def worker(run: Run, name: str, group: str = "paidan-desk", *, ahead: int = 0, after: Child | None = None) -> Child:
    """A `paidan desk` under a static id. In a group of its own it takes all partitions, whoever else has them.

    `ahead`: by so many seconds its clock is wrong. `after`: it succeeds that one, which lives under the same id.
    """
    words = f"{run.settings}, {after.process.pid}" if after and after.process else run.settings
    code = f"WORKER = {name!r}\nfrom streams import desk, settings\ndesk.NAME = {group!r}\ndesk.run({words})"
    log = run.data / f"{name}{f'-{after.log.stem}' if after else ''}.log"
    return Child(name, (_CLOCK.format(ahead) if ahead else "") + code, log)


def teller(run: Run, name: str) -> Child:
    """A `paidan tell` under a static id."""
    code = f"WORKER = {name!r}\nfrom streams import settings, tell\ntell.run({run.settings})"
    return Child(name, code, run.data / f"{name}.log")


def exporter(run: Run, name: str, port: int = 0) -> Child:
    """A `paidan targets`. `port`: of its /metrics; 0: none."""
    words = run.settings[:-1] + f", metrics_port={port})"
    code = f"WORKER = {name!r}\nfrom streams import settings, targets\ntargets.run({words})"
    return Child(name, code, run.data / f"{name}.log", word="")


@asynccontextmanager
async def two_workers(data: Path) -> AsyncIterator[tuple[Run, list[Child]]]:
    """A broker and two workers under static ids, that share the partitions."""
    with broker(data / "kafka") as kafka:
        run = Run(kafka.address, data)
        workers = [worker(run, name) for name in ("one", "two")]
        try:
            for one in workers:
                one.start()
            await asyncio.gather(*(one.ready(limit=120) for one in workers))
            yield run, workers
        finally:
            for one in workers:
                one.kill()


class Entry(NamedTuple):
    """A record as it lies in a topic."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


Place = tuple[str, int]  # topic, partition
Lying = dict[Place, list[Entry]]


async def lying(kafka: str, names: Iterable[str], onto: Lying | None = None) -> Lying:
    """Everything that lies in these topics now, added to what was read before (`onto`)."""
    found: Lying = {} if onto is None else onto
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, max_partition_fetch_bytes=1 << 23)
    await consumer.start()
    try:
        tps = [TopicPartition(t, p) for t in names for p in range(topics.load()[t].partitions)]
        end = await consumer.end_offsets(tps)
        left = {}
        for tp in tps:
            known = found.setdefault((tp.topic, tp.partition), [])
            start = known[-1].offset + 1 if known else 0
            if start < end[tp]:
                left[tp] = start
        consumer.assign(list(left))
        for tp, start in left.items():
            consumer.seek(tp, start)
        while left:
            for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                found[tp.topic, tp.partition] += [
                    Entry(r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in records
                ]
            for tp in [tp for tp in left if await consumer.position(tp) >= end[tp]]:
                del left[tp]
                consumer.pause(tp)
    finally:
        await asyncio.sleep(0)  # streams/kafka_io.py says why
        await consumer.stop()
    return found
