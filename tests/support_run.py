"""A `paidan run` as a person starts it, for tests that look at a whole city, and what of it is left behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support_kafka import ROOT


class Run:
    """A `paidan run` with its output."""

    def __init__(self, data: Path, *words: str) -> None:
        env = {k: v for k, v in os.environ.items() if not k.startswith("PAIDAN_")} | {"PAIDAN_DATA": str(data)}
        self.data = data
        self.out = data.parent / f"run-{time.monotonic_ns()}.txt"
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams.cli", "run", *words],
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.out.read_text("utf-8", "replace")

    def until(self, said: str, seconds: float = 90) -> None:
        """Wait until it said something of this pattern."""
        deadline = time.monotonic() + seconds
        while not re.search(said, self.text):
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.1)

    def ended(self, seconds: float = 180) -> int:
        """Its exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pytest.fail(self.text)

    def renew(self, seconds: float = 120) -> None:
        """Have all its processes renewed, and wait until they are."""
        times = self.text.count("renewed")
        self.process.send_signal(signal.SIGUSR2)
        self.until(rf"(?s)(renewed.*){{{times + 1}}}", seconds)
        assert re.findall("renewed .*", self.text)[-1].endswith(" processes"), self.text

    def port(self, name: str) -> int:
        """Where one of its servers or processes answers."""
        return int(json.loads((self.data / "ports.json").read_bytes())[name])

    @property
    def kafka(self) -> str:
        """Its broker, for bootstrap."""
        return f"127.0.0.1:{self.port('kafka')}"

    def last_line(self) -> dict[str, Any]:
        return json.loads(self.text.strip().splitlines()[-1])

    def assigned(self) -> int:
        """The newest number of assignments that it showed."""
        return int(re.findall(r"assigned (\d+)", self.text)[-1])

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


def left(data: Path) -> list[psutil.Process]:
    """Processes that have to do with the directory: by their words, or by their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            said = [*process.cmdline(), process.environ().get("PAIDAN_DATA", "")]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        ours = process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE
        if ours and any(str(data) in word for word in said):
            found.append(process)
    return found


def names(processes: list[psutil.Process]) -> list[str]:
    return sorted(" ".join(p.cmdline())[-80:] for p in processes)
