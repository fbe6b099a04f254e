"""A day of the whole city while everything in it dies in turn: `paidan run` as a person starts it, seen from outside.

In the first half of the day every process and server is killed, again and again, by a seeded plan, also while all are
being renewed; in the second only a desk, the people and what Redis holds, so that what the others need can be compared
over hours of traffic. What died is started again by the run itself; nothing here helps it.
"""

from __future__ import annotations

import random
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

import psutil
import redis
from prometheus_client.parser import text_string_to_metric_families

from tests.support_run import Run

DESKS, PEOPLE = ("desk", "desk-1"), ("feed", "simulate")
BESIDE = ("tell", "targets", "archive", "gateway", "replies", "notify")
SERVERS = {"redis-server": "redis", "java": "kafka"}
FIRST_HALF = (*DESKS, *PEOPLE, *BESIDE, *SERVERS.values(), "flush", "freeze", "renew")
SECOND_HALF = ("desk", *PEOPLE, "flush")
FROZEN_S = 12.0  # the session is 10 s
PAUSE_S = (8.0, 16.0)  # between two faults: nothing dies five times in a minute, which would end the run
LOOK_EVERY_S = 5.0
Labels = tuple[tuple[str, str], ...]
Told = dict[str, dict[Labels, float]]


class Look(NamedTuple):
    """What a process needs at a moment."""

    at: float  # monotonic s
    pid: int
    megabytes: float
    descriptors: int


class City:
    """The processes of a run by name, what is done to them, what they need and say."""

    def __init__(self, run: Run, seed: int) -> None:
        self._run = run
        self._dice = random.Random(seed)
        self.done: list[str] = []
        self.times: list[int] = []  # wall ms of each
        self.looks: dict[str, list[Look]] = {}
        self.hushed = 0  # wall ms

    def processes(self) -> dict[str, psutil.Process]:
        """By the names that the run gives them."""
        return dict(self._named())

    def _named(self) -> Iterator[tuple[str, psutil.Process]]:
        for process in self._run.family():
            with suppress(psutil.NoSuchProcess):  # it has just ended
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                if name := SERVERS.get(process.name()):
                    yield name, process
                elif worker := process.environ().get("PAIDAN_WORKER_ID"):
                    yield worker.removeprefix("run-"), process

    def live(self, seconds: float, faults: tuple[str, ...]) -> None:
        """Let it live for so long, do to it what is listed in rounds of its own order, and look at what it needs."""
        ends, left = time.monotonic() + seconds, list[str]()
        due = time.monotonic() + self._dice.uniform(*PAUSE_S)
        while (now := time.monotonic()) < ends:
            self._look(now)
            assert self._run.process.poll() is None, self._run.text[-3000:]
            if now >= due:
                left = left or self._dice.sample(faults, len(faults))
                self._do(left.pop())
                due = time.monotonic() + self._dice.uniform(*PAUSE_S)
            time.sleep(min(LOOK_EVERY_S, max(0.0, due - time.monotonic())))

    def _do(self, fault: str) -> None:
        there = self.processes()
        if fault == "flush":
            with suppress(redis.ConnectionError):  # it is just being started
                self.redis().flushall()
        elif fault == "freeze":
            victim = there.get(self._dice.choice(DESKS))
            if victim:
                victim.send_signal(signal.SIGSTOP)
                time.sleep(FROZEN_S)
                with suppress(psutil.NoSuchProcess):
                    victim.send_signal(signal.SIGCONT)
        elif fault == "renew":  # takes longer than it is until the next fault
            self._run.process.send_signal(signal.SIGUSR2)
        elif fault in there:
            there[fault].kill()
        else:
            return  # it is just being started
        self.done.append(fault)
        self.times.append(int(time.time() * 1000))

    def _look(self, now: float) -> None:
        for name, process in self._named():
            with suppress(psutil.NoSuchProcess):
                needs = Look(now, process.pid, process.memory_info().rss / 1e6, process.num_fds())
                self.looks.setdefault(name, []).append(needs)

    def hush(self) -> None:
        """Nobody says anything any more; what was said goes on to be dealt with."""
        self.hushed = int(time.time() * 1000)
        for name, process in self._named():
            if name in PEOPLE:
                process.send_signal(signal.SIGSTOP)

    def metrics(self, process: str) -> Told:
        """What a process tells Prometheus, by metric and labels. Raises OSError: it does not answer."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._run.port(process)}/metrics", timeout=10) as answer:
            families = text_string_to_metric_families(answer.read().decode())
        return {f.name: {tuple(sorted(s.labels.items())): s.value for s in f.samples} for f in families}

    def redis(self) -> redis.Redis:
        """A client of its Redis."""
        return redis.Redis(port=self._run.port("redis"))
