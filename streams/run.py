"""`paidan run`: a whole city on one machine (DESIGN §4).

    kafka, redis (unless given) ─▶ topics ─▶ city pack ─▶ clock ─▶ the processes ─▶ feed, simulate

1. What is started is ended, in reverse, however this ends; killed with -9, all of it dies too (children.py, local.py).
2. What dies is started again, servers too. What cannot live ends the run, with the end of its log.
3. SIGUSR2 renews the processes, one after the other, with what lies on the disk now: an upgrade without an outage.
4. Nothing about the city is kept beside the topics but the clock (and it stands still while this does not run), ports,
   logs and the key. So a second run goes on from where the log stands.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

from aiokafka.errors import KafkaError
from kafka.errors import KafkaError as AdminError
from rich.console import Console
from rich.live import Live

from dispatchers.rows import CityPack, Definition
from dispatchers.targets import UNOFFICIAL, definition_on
from dispatchers.targets.periods import day_of

from .children import BrokenError, Child
from .city_files import BadCityError, load
from .clock import SAY_EVERY_MS, Clock, RunClock, wall_ms
from .local import LocalError
from .ports import Ports
from .prepare import decides, demo_logins, prepare
from .renewal import Turn, renew
from .servers import Servers
from .settings import PREFIX, Settings
from .summary import Numbers
from .topics import TopicError
from .watch import Watch

START = 1_783_900_800_000  # Monday 2026-07-13 08:00 +08:00: where the demo's complaints begin
DEMO = Path("demo/complaints.jsonl.gz")
SHOW_EVERY_S = 5.0  # without a terminal
READY_WITHIN_S = 30.0  # seconds until complaints come, even if no desk is ready
LOGINS = "demo-accounts.json"
SHOWN_LOGINS = ("operator", "lead", "coordination", "wall")
NO_COMPLAINT_S = 120.0  # a run that shall end by itself waits so long for its first complaint
# Seconds from SIGTERM to SIGKILL.
PATIENCE_S = {
    "simulate": 2.0, "feed": 2.0, "targets": 2.0, "tell": 3.0, "archive": 3.0, "gateway": 3.0, "replies": 3.0,
    "notify": 3.0,
}  # fmt: skip
DESK_PATIENCE_S = 4.0
BESIDE = ("tell", "targets", "archive", "gateway", "replies", "notify")  # the processes that show what was decided
SUCCEED = ("tell",)  # of these can take another's place, as the desks can


class RunError(Exception):
    """The run cannot begin, or cannot go on. The text is for the person who started it."""


class Plan(NamedTuple):
    """What the person asked for."""

    speed: float
    seconds: float | None  # end so long after the first complaint
    demo: bool
    workers: int
    seed: str


def main(settings: Settings, plan: Plan) -> int:
    """Run until it ends; the exit code. Raises RunError."""
    settings.data.mkdir(parents=True, exist_ok=True)
    with _alone(settings.data / "run.lock"):
        return asyncio.run(_Run(settings, plan).main())


@contextmanager
def _alone(path: Path) -> Any:
    """Two runs on the same data would be two clocks."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise RunError(f"another `paidan run` uses {path.parent}") from fault
        yield


class _Run:
    """One run, from start to end."""

    def __init__(self, settings: Settings, plan: Plan) -> None:
        self._settings, self._plan = settings, plan
        self._data = settings.data.absolute()
        self._ports = Ports(self._data / "ports.json")
        self._console = Console(stderr=True)
        self._servers: Servers | None = None
        self._children: list[Child] = []
        self._watch: Watch | None = None
        self._renewal = asyncio.Event()
        self._final: Numbers | None = None
        self._began = time.monotonic()

    async def main(self) -> int:
        """Everything, in order; what was begun is ended in reverse."""
        asked = self._listen()
        work = asyncio.create_task(self._whole())
        ask = asyncio.create_task(asked.wait())
        await asyncio.wait([work, ask], return_when=asyncio.FIRST_COMPLETED)
        stopped = not work.done()
        work.cancel()
        ask.cancel()
        try:
            with suppress(asyncio.CancelledError):
                await work
        except BadCityError as fault:
            told = f"{fault.faults[0]} ({len(fault.faults)} fault(s) in all: paidan city check {self._settings.city})"
            raise RunError(told) from fault
        except (LocalError, BrokenError, TopicError, KafkaError, AdminError) as fault:
            raise RunError(str(fault)) from fault
        return self._last_word(stopped)

    def _listen(self) -> asyncio.Event:
        """The first Ctrl-C or SIGTERM ends cleanly, the second at once (the children die with us)."""
        asked = asyncio.Event()

        def hear() -> None:
            if asked.is_set():
                os._exit(130)
            asked.set()
            self._say("ending (once more: at once)")

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, hear)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, self._renewal.set)
        return asked

    async def _whole(self) -> None:
        async with AsyncExitStack() as stack:
            self._servers = servers = Servers(self._settings, self._data, self._ports)
            stack.push_async_callback(servers.stop)
            loading = asyncio.to_thread(load, self._settings.city)
            pack, settings = await asyncio.gather(loading, servers.start(self._say))
            await prepare(settings, pack, self._say)
            if self._plan.demo:
                await self._sign_in(settings, pack)
            settings, clock, keeping = self._open_clock(settings, stack)
            self._watch = Watch(settings.kafka, settings.redis, self._ports.of("targets"), pack, clock, wall_ms())
            await self._watch.begin(stack)
            stack.push_async_callback(self._end_children)
            forever: list[Coroutine[Any, Any, None]] = [
                *keeping,
                servers.keep(),
                self._play(settings, pack, servers.up),
                self._watch.run(),
                self._show(settings, definition_on(pack, day_of(clock.now(), pack.facts.utc_offset_minutes))),
            ]
            ending = asyncio.create_task(self._end())
            tasks = [ending, *map(asyncio.create_task, forever)]
            try:
                await _first_to_fail(ending, tasks)
            finally:
                with suppress(KafkaError):  # the broker may be what failed
                    await self._watch.look()
                self._final = self._watch.numbers(self._restarts())
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    # -- start -----------------------------------------------------------------------------------------------------

    async def _sign_in(self, settings: Settings, pack: CityPack) -> None:
        """Log-ins for a first look, made at the first start and kept on this machine alone."""
        logins = await demo_logins(settings, pack, self._data / LOGINS)
        self._say(f"console http://{settings.http_host}:{self._ports.of('console', settings.http_port)}/")
        roles = {one.role: one for one in reversed(logins)}  # the first of each role
        for role in SHOWN_LOGINS:
            if one := roles.get(role):
                self._say(f"  {one.role}: {one.account}  {one.password}")
        if one := roles.get("squad"):
            self._say(f"  a squad's telephone: /squad, enrolled once by the code {one.code}")
        self._say(f"  all {len(logins)} log-ins: {self._data / LOGINS}")

    def _open_clock(
        self, settings: Settings, stack: AsyncExitStack
    ) -> tuple[Settings, Clock, list[Coroutine[Any, Any, None]]]:
        """The run's clock, unless it is a real city's: at speed 1 and without the demo the wall's clock holds."""
        if self._plan.speed == 1 and not self._plan.demo:
            return settings.model_copy(update={"clock": None}), Clock(), []
        file = self._data / "clock.json"
        run_clock = RunClock(file, start=START, speed=self._plan.speed)
        stack.callback(run_clock.close)
        return settings.model_copy(update={"clock": file}), run_clock.clock, [_tick(run_clock)]

    async def _play(self, settings: Settings, pack: CityPack, up: asyncio.Event) -> None:
        """The processes, the deciding ones first; then, when they are there, complaints and people."""
        desks = [self._child(name, ["desk"], settings, served=True, succeeds=True) for name in self._desks()]
        beside = [self._child(n, [n], settings, served=True, succeeds=n in SUCCEED) for n in BESIDE]
        keeping = [asyncio.create_task(child.keep(up)) for child in (*desks, *beside)]
        keeping.append(asyncio.create_task(self._renew(desks, beside, settings, pack)))
        try:
            if self._plan.demo:
                keeping += await self._play_demo(settings, pack, up, keeping)
            await asyncio.gather(*keeping)
        finally:
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)

    async def _play_demo(
        self, settings: Settings, pack: CityPack, up: asyncio.Event, keeping: list[asyncio.Task[None]]
    ) -> list[asyncio.Task[None]]:
        ready = asyncio.create_task(decides(settings.kafka, pack, [self._ports.of(d) for d in self._desks()]))
        await asyncio.wait([ready, *keeping], return_when=asyncio.FIRST_COMPLETED, timeout=READY_WITHIN_S)
        ready.cancel()
        demo = settings.city.absolute() / DEMO
        children = []
        if demo.exists():
            children.append(self._child("feed", ["feed", str(demo)], settings, ends=True))
        else:
            self._say(f"{demo} is not there: nobody complains")
        children.append(self._child("simulate", ["simulate", "--seed", self._plan.seed], settings))
        return [asyncio.create_task(child.keep(up)) for child in children]

    def _desks(self) -> list[str]:
        return [f"desk-{n}" if n else "desk" for n in range(self._plan.workers)]

    def _child(
        self,
        name: str,
        words: list[str],
        settings: Settings,
        *,
        served: bool = False,
        ends: bool = False,
        succeeds: bool = False,
    ) -> Child:
        told = {
            "kafka": settings.kafka,
            "redis": settings.redis,
            "data": str(self._data),
            "city": str(settings.city.absolute()),
            "clock": str(settings.clock or ""),
            "master_key": str(settings.master_key.absolute()),
            "log_level": settings.log_level,
            "worker_id": f"run-{name}",
            "metrics_port": str(self._ports.of(name)) if served else "",
            "http_host": settings.http_host,
            "http_port": str(self._ports.of("console", settings.http_port)),
            "http_secure": str(settings.http_secure),
            "drain_rate": str(settings.drain_rate),
            "sources": str(settings.sources.absolute()) if settings.sources else "",
            "channels": str(settings.channels.absolute()) if settings.channels else "",
        }
        ours = {k: v for k, v in os.environ.items() if not k.upper().startswith(PREFIX)}
        env = ours | {PREFIX + k.upper(): v for k, v in told.items()} | {"PYTHONUNBUFFERED": "1"}
        child = Child(name, words, env, self._data / "logs", ends=ends, succeeds=succeeds)
        self._children.append(child)
        return child

    async def _renew(self, desks: list[Child], beside: list[Child], settings: Settings, pack: CityPack) -> None:
        """All processes anew, whenever that is asked for."""
        turns = [Turn(one, self._ports.of(one.name), _patience_s(one)) for one in beside]
        for one in desks:
            port = self._ports.of(one.name)
            turns.append(Turn(one, port, _patience_s(one), partial(decides, settings.kafka, pack, [port])))
        while True:
            await self._renewal.wait()
            self._renewal.clear()
            self._say(await renew(turns))

    # -- while it runs -----------------------------------------------------------------------------------------------

    async def _show(self, settings: Settings, definition: Definition) -> None:
        """The live summary: a table on a terminal, else a line now and then. R1 stands in both."""
        assert self._watch
        note = f"R1: {UNOFFICIAL} · {definition.version}"
        footer = f"PAIDAN_KAFKA={settings.kafka}  logs {self._data / 'logs'}  Ctrl-C ends it\n{note}"
        if self._console.is_terminal:
            with Live(console=self._console, auto_refresh=False, transient=True) as live:
                while True:
                    live.update(self._watch.numbers(self._restarts()).table(footer), refresh=True)
                    await asyncio.sleep(1)
        self._say(note)
        while True:
            await asyncio.sleep(SHOW_EVERY_S)
            self._say(self._watch.numbers(self._restarts()).line())

    async def _end(self) -> None:
        """Return when the time asked for is over."""
        assert self._watch
        began = time.monotonic()
        while True:
            await asyncio.sleep(0.1)
            if self._plan.seconds is None:
                continue
            first, now = self._watch.first_complaint, time.monotonic()
            if now - (first or began) >= (self._plan.seconds if first else NO_COMPLAINT_S):
                return

    def _restarts(self) -> dict[str, int]:
        of_servers = self._servers.restarts if self._servers else {}
        return {**of_servers, **{child.name: child.restarts for child in self._children}}

    # -- end -------------------------------------------------------------------------------------------------------

    async def _end_children(self) -> None:
        """In reverse: who says something first, who decides last."""
        for child in reversed(self._children):
            await child.stop(_patience_s(child))

    def _last_word(self, stopped: bool) -> int:
        numbers = self._final
        if numbers is None:
            return 0 if stopped else 1
        if self._plan.seconds is None:
            self._say(numbers.line())
            return 0
        sys.stdout.write(numbers.json() + "\n")
        sys.stdout.flush()
        return 0 if stopped or numbers.assigned else 1

    def _say(self, text: str) -> None:
        out: IO[str] = sys.stdout
        out.write(f"{time.monotonic() - self._began:6.1f} s  {text}\n")
        out.flush()


def _patience_s(child: Child) -> float:
    return PATIENCE_S.get(child.name, DESK_PATIENCE_S)


async def _first_to_fail(ending: asyncio.Task[None], tasks: list[asyncio.Task[None]]) -> None:
    """Until the run shall end, or one of its parts fails."""
    left = set(tasks)
    while not ending.done():
        done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


async def _tick(run_clock: RunClock) -> None:
    """Say how far time came."""
    while True:
        await asyncio.sleep(SAY_EVERY_MS / 1000)
        run_clock.say()
