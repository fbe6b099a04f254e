"""The processes of `paidan run`: started, kept alive, ended.

1. They die with us, also when we are killed with -9 (as the servers of local.py do, and by the same means).
2. Ctrl-C on a terminal goes to its whole group; they are not in it, because they must end in order.
3. What dies is started again, each time a little later; what dies TOO_OFTEN within a minute ends the run.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

from .local import LAUNCH  # dies with its parent; then becomes the program

TOO_OFTEN = 5
WITHIN_S = 60.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
LOOK_EVERY_S = 0.1
KEPT_LOGS = 5  # of earlier starts


class BrokenError(Exception):
    """A child that dies again and again. The text has the end of its log."""


class Child:
    """One process, `paidan <words>`, with its environment and its log."""

    def __init__(self, name: str, words: list[str], env: dict[str, str], logs: Path, *, ends: bool = False) -> None:
        """`ends`: it may come to its end by itself (exit code 0), and is then not started again."""
        self.name, self.ends = name, ends
        self.restarts = 0
        self.stopping = False
        self._words, self._env = words, env
        self._log = logs / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths: deque[float] = deque(maxlen=TOO_OFTEN)
        _rotate(self._log)

    @property
    def code(self) -> int | None:
        """Exit code; None while it runs."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start it. To be called in the main thread: children die with the thread that made them."""
        command = [sys.executable, "-m", "streams.cli", *self._words]
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", LAUNCH, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=self._env,
                start_new_session=True,
            )

    async def keep(self, servers: asyncio.Event) -> None:
        """Start it whenever it does not run and the servers do; returns when it has come to its end.

        Raises:
            BrokenError: it died too often.
        """
        self.start()
        while not self.stopping:
            await asyncio.sleep(LOOK_EVERY_S)
            if self.code is None or self.stopping:
                continue
            if self.ends and self.code == 0:
                return
            self._deaths.append(time.monotonic())
            if len(self._deaths) == TOO_OFTEN and self._deaths[-1] - self._deaths[0] < WITHIN_S:
                what = f"{self.name} ended {TOO_OFTEN} times within a minute, at last with {self.code}"
                raise BrokenError(f"{what}; the end of {self._log}:\n{self.tail()}")
            recent = sum(time.monotonic() - death < WITHIN_S for death in self._deaths)
            await asyncio.sleep(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (recent - 1)))
            await servers.wait()
            if not self.stopping:
                self.restarts += 1
                self.start()

    async def stop(self, patience_s: float) -> None:
        """Ask it to end, wait, and kill it when it does not."""
        self.stopping = True
        if self._process is None or self.code is not None:
            return
        self._process.terminate()
        deadline = time.monotonic() + patience_s
        while self.code is None and time.monotonic() < deadline:  # noqa: ASYNC110 - a process sets no event
            await asyncio.sleep(0.02)
        self.kill()

    def kill(self) -> None:
        """SIGKILL, if it still runs."""
        self.stopping = True
        if self._process and self.code is None:
            self._process.kill()
            self._process.wait()

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        text = self._log.read_text("utf-8", "replace") if self._log.exists() else ""
        return "\n".join(text.splitlines()[-lines:]) or "(it said nothing)"


def _rotate(log: Path) -> None:
    """Keep the logs of the last starts as <name>.log.1 (the last), .2, …"""
    log.parent.mkdir(parents=True, exist_ok=True)
    for number in range(KEPT_LOGS - 1, -1, -1):
        old = log.with_name(f"{log.name}.{number}") if number else log
        if old.exists():
            old.replace(log.with_name(f"{log.name}.{number + 1}"))
