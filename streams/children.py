"""The processes of `paidan run`: started, kept alive, ended.

1. They die with us, also when we are killed with -9 (as the servers of local.py do, and by the same means).
2. Ctrl-C on a terminal goes to its whole group; they are not in it, because they must end in order.
3. What dies is started again, each time a little later; what dies TOO_OFTEN within a minute ends the run.
4. What is renewed becomes what lies on the disk now. Who can succeed another does so when it is ready, so a version
   that cannot start leaves the one before it in its place.
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
LOOK_EVERY_S, LOOK_OFTEN_S = 0.1, 0.02
KEPT_LOGS = 5  # of earlier starts


class BrokenError(Exception):
    """A child that dies again and again. The text has the end of its log."""


class Child:
    """One process, `paidan <words>`, with its environment and its log."""

    def __init__(
        self,
        name: str,
        words: list[str],
        env: dict[str, str],
        logs: Path,
        *,
        ends: bool = False,
        succeeds: bool = False,
    ) -> None:
        """`ends`: it may come to its end by itself (exit code 0), and is then not started again. `succeeds`: it knows
        `--succeed PID`."""
        self.name, self.ends, self.succeeds = name, ends, succeeds
        self.restarts = 0
        self.stopping = False
        self._renewing = False
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
        self._process = self._begun()

    def _begun(self, *more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "streams.cli", *self._words, *more]
        with self._log.open("ab") as out:
            return subprocess.Popen(
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
            if self.code is None or self.stopping or self._renewing:
                continue
            if self.ends and self.code == 0:
                return
            self._deaths.append(time.monotonic())
            if len(self._deaths) == TOO_OFTEN and self._deaths[-1] - self._deaths[0] < WITHIN_S:
                what = f"{self.name} ended {TOO_OFTEN} times within a minute, at last with {self.code}"
                raise self._broken(what)
            recent = sum(time.monotonic() - death < WITHIN_S for death in self._deaths)
            await asyncio.sleep(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (recent - 1)))
            await servers.wait()
            if not self.stopping:
                self.restarts += 1
                self.start()

    async def renew(self, patience_s: float) -> None:
        """A planned restart; returns when the old process is gone and a new one has its place. Who died is being
        started anew as it is.

        Raises:
            BrokenError: the new one ended before it was ready. The old one goes on.
        """
        old = self._process
        if old is None or self.code is not None or self.stopping:
            return
        self._renewing = True
        try:
            if self.succeeds:
                await self._succeed(old)
            else:
                await _end(old, patience_s)
                self.start()
        finally:
            self._renewing = False

    async def _succeed(self, old: subprocess.Popen[bytes]) -> None:
        new = self._begun("--succeed", str(old.pid))
        try:
            while old.poll() is None and new.poll() is None:  # noqa: ASYNC110 - a process sets no event
                await asyncio.sleep(LOOK_OFTEN_S)
        finally:
            if old.poll() is None:
                new.kill()
                new.wait()
            else:
                self._process = new
        if self._process is old:
            raise self._broken(f"the new {self.name} ended with {new.returncode}, the old one goes on")

    async def stop(self, patience_s: float) -> None:
        """Ask it to end, wait, and kill it when it does not."""
        self.stopping = True
        if self._process:
            await _end(self._process, patience_s)

    def _broken(self, what: str) -> BrokenError:
        return BrokenError(f"{what}; the end of {self._log}:\n{self.tail()}")

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        text = self._log.read_text("utf-8", "replace") if self._log.exists() else ""
        return "\n".join(text.splitlines()[-lines:]) or "(it said nothing)"


async def _end(process: subprocess.Popen[bytes], patience_s: float) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    deadline = time.monotonic() + patience_s
    while process.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110 - a process sets no event
        await asyncio.sleep(LOOK_OFTEN_S)
    process.kill()  # none if it is gone
    process.wait()


def _rotate(log: Path) -> None:
    """Keep the logs of the last starts as <name>.log.1 (the last), .2, …"""
    log.parent.mkdir(parents=True, exist_ok=True)
    for number in range(KEPT_LOGS - 1, -1, -1):
        old = log.with_name(f"{log.name}.{number}") if number else log
        if old.exists():
            old.replace(log.with_name(f"{log.name}.{number + 1}"))
