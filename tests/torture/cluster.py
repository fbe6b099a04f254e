"""Three real brokers on this machine that are one cluster, each of which can be killed, paused or lose its disk.

    each topic three times, two must have a message before it counts (acks=all, min.insync.replicas=2)
    each broker is a controller too, so two of three must live for leaders to be chosen

As a city's own should be (deploy/kubernetes/), but for the heaps: 3 x 256 MB and what a Java needs beside them, about
1.5 GB in all. Ports and ids stay over restarts; killed brokers are found again by their neighbours.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from kafka.protocol.admin import ElectionType
from kafka.structs import TopicPartition

from streams.local import EmbeddedKafka, free_port

SIZE = 3
WHOLE = 90.0  # seconds for a broker to have read what it missed, on a machine that does other things too


class Member(EmbeddedKafka):
    """One broker of a cluster."""

    heap = "256m"

    def __init__(self, data_dir: Path, node: int, port: int) -> None:
        super().__init__(data_dir, port)
        self.node = node
        self.controller = free_port(besides=port)
        self.voters = ""  # all of them, once their ports are known

    def _properties(self) -> str:
        return super()._properties() + _OF_THREE.format(
            node=self.node, port=self.port, controller=self.controller, voters=self.voters
        )

    def pause(self) -> None:
        """SIGSTOP: its connections stay open, and nothing is answered."""
        if self.pid:
            os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        if self.pid:
            os.kill(self.pid, signal.SIGCONT)

    def wipe(self) -> None:
        """An empty disk: what it held is gone, the controller's log too. The next start formats it with its old id."""
        shutil.rmtree(self.dir / "logs")


class KafkaCluster:
    """Stands where a test has an `EmbeddedKafka`: one `address`, and start, stop and kill of all at once."""

    def __init__(self, data_dir: Path) -> None:
        ports: list[int] = []
        while len(ports) < SIZE:
            port = free_port()
            ports += [port] if port not in ports else []
        self.members = [Member(data_dir / str(node), node, port) for node, port in enumerate(ports, 1)]
        voters = ",".join(f"{m.node}@127.0.0.1:{m.controller}" for m in self.members)
        for member in self.members:
            member.voters = voters
        # A fault that was cancelled goes on in its thread; what is done next must wait until it is through.
        self._one = threading.Lock()
        self._over = False

    @property
    def address(self) -> str:
        """host:port of all, for bootstrap."""
        return ",".join(member.address for member in self.members)

    def start(self, some: Iterable[Member] = ()) -> str:
        """Start those that do not run, of `some` or of all: at once, for none answers before two do."""
        with self._one, ThreadPoolExecutor(SIZE) as pool:
            list(pool.map(Member.start, list(some) or self.members))
        return self.address

    def kill(self, some: Iterable[Member] = ()) -> None:
        """kill -9, of `some` or of all."""
        with self._one:
            for member in list(some) or self.members:
                member.kill()

    def stop(self, some: Iterable[Member]) -> None:
        """SIGTERM: each hands its leaderships over first. Not of all: the last one would find nobody."""
        with self._one:
            for member in some:
                member.stop()

    def wipe(self, member: Member) -> None:
        """kill -9 of one, and all that it held is gone."""
        with self._one:
            member.kill()
            member.wipe()

    def resume(self) -> None:
        """Who was paused goes on."""
        for member in self.members:
            member.resume()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        self.kill()  # nothing of it is wanted any more, and three that end together wait for one another

    @contextmanager
    def admin(self) -> Iterator[KafkaAdminClient]:
        """Of those that run: one that is away would cost each bootstrap seconds."""
        alive = [member.address for member in self.members if member.alive()]
        admin = KafkaAdminClient(bootstrap_servers=alive, request_timeout_ms=10_000)
        try:
            yield admin
        finally:
            admin.close()

    def leaders(self) -> dict[int, list[tuple[str, int]]]:
        """The partitions that each broker leads."""
        led = defaultdict(list)
        with self.admin() as admin:
            for topic, one in _partitions(admin):
                led[one["leader_id"]].append((topic, one["partition_index"]))
        return led

    def behind(self) -> list[tuple[str, int]]:
        """The partitions of which not every broker has all."""
        with self.admin() as admin:
            return [
                (topic, one["partition_index"])
                for topic, one in _partitions(admin)
                if len(one["isr_nodes"]) < len(one["replica_nodes"]) or one["leader_id"] < 0
            ]

    def settle(self) -> float:
        """Wait until each broker has everything; the seconds that took."""
        begun = time.monotonic()
        left: Any = None
        while time.monotonic() - begun < WHOLE and not self._over:
            try:
                left = self.behind()
            except KafkaError as fault:  # the one that was asked was about to learn who leads
                left = fault
            if not left:
                return time.monotonic() - begun
            time.sleep(0.25)
        if self._over:  # nobody waits for the answer any more
            return 0.0
        raise AssertionError(f"after {WHOLE:.0f} s not whole: {str(left)[:500]}")

    def move_leaders(self, names: Iterable[str], by: int) -> int:
        """Another broker first in the list of each partition of these topics, and then the first one leads; how many
        do."""
        with self.admin() as admin:
            turned = {
                TopicPartition(topic, one["partition_index"]): _turned(one["replica_nodes"], by)
                for topic, one in _partitions(admin)
                if topic in names
            }
            refused = {tp: fault for tp, fault in admin.alter_partition_reassignments(turned).items() if fault}
            assert not refused, refused
            wanted = defaultdict(list)
            for tp in turned:
                wanted[tp.topic].append(tp.partition)
            admin.elect_leaders(ElectionType.PREFERRED, dict(wanted))
            begun = time.monotonic()
            while time.monotonic() - begun < WHOLE and not self._over:  # until all brokers have heard of it
                led = {
                    TopicPartition(topic, one["partition_index"]): one["leader_id"] for topic, one in _partitions(admin)
                }
                moved = sum(led[tp] == nodes[0] for tp, nodes in turned.items())
                if moved == len(turned):
                    break
                time.sleep(0.25)
            return moved


def _partitions(admin: KafkaAdminClient) -> Iterator[tuple[str, dict[str, Any]]]:
    for topic in admin.describe_topics():
        for one in topic["partitions"]:
            yield topic["name"], one


def _turned(nodes: list[int], by: int) -> list[int]:
    by %= len(nodes)
    return nodes[by:] + nodes[:by]


_OF_THREE = """
# One of three, behind what one alone has.
node.id={node}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
default.replication.factor=3
min.insync.replicas=2
unclean.leader.election.enable=false
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
"""
