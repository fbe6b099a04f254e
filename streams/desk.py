"""`paidan desk`: the process that decides. Agents `intake` and `desk` on one Faust app; any number of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from faust.types import TP

from . import declared, metrics, packs
from .agents import desk as desk_agent
from .agents import intake as intake_agent
from .app import App, Fetched, leave, make_app
from .app import run as run_app
from .cities import Cities
from .city_files import load
from .clock import Clock
from .dead_letters import DeadLetters
from .kafka_io import producer
from .observe import Observe
from .settings import Settings
from .stop import succeed
from .vault import Vault, load_or_create
from .wakeups import WakeUps
from .writers import Writers

NAME = "paidan-desk"
INTAKES = {"complaints": "complaint-receipts", "city-events": "event-receipts"}


class DeskProcess:
    """What the process is made of; joined here and nowhere else."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clock = Clock.read(settings.clock)
        self._vault = Vault(load_or_create(settings.master_key))
        self._cities = Cities(settings.kafka, load(settings.city))
        _ = self._cities.configured.geo  # made here: the first complaint shall not wait for it
        metrics.DESKS.declare(self._cities.configured.city.desks)
        self._writers: Writers | None = None

    async def positions(self, tps: list[TP]) -> dict[TP, int]:
        """Take partitions; the first time this also starts what needs a running loop."""
        if self._writers is None:
            self._writers = await self._start()
        return await self._writers.positions(tps)

    async def take(self, fetched: Fetched, done: Callable[[], None]) -> None:
        """Hand on what an agent was given."""
        assert self._writers, "nothing is fetched before the positions are taken"
        await self._writers.take(fetched, done)

    async def _start(self) -> Writers:
        await declared.require(self._settings.kafka, "desk")
        # Before the first record names it: whoever asks later why must find the version that decided (law 12).
        await packs.publish(self._settings.kafka, self._cities.configured.city.pack)
        sender = producer(self._settings.kafka)
        await sender.start()
        dead_letters = DeadLetters(sender, self._vault)
        partitions = {d.id: d.partition for d in self._cities.configured.city.pack.desks}
        writers = Writers(
            self._settings.kafka,
            sender,
            self._clock,
            [
                desk_agent.DeskInbox(self._cities, dead_letters),
                *(
                    intake_agent.IntakeInbox(topic, log, sender, self._vault, dead_letters, self._cities)
                    for topic, log in INTAKES.items()
                ),
            ],
            partitions.__getitem__,
            Observe(),
        )
        task = asyncio.create_task(WakeUps(writers, sender, self._clock).run())
        task.add_done_callback(_ended)
        self._waking = task  # held, or the loop may drop it
        return writers


def _ended(task: asyncio.Task[None]) -> None:
    """A desk that is not woken lets deadlines pass: leave, and come back whole."""
    if not task.cancelled() and (fault := task.exception()):
        leave(fault)


def build(settings: Settings) -> App:
    """The Faust app, not yet started."""
    process = DeskProcess(settings)
    app = make_app(settings, NAME, process.positions)
    desk_agent.register(app, process.take)
    intake_agent.register(app, process.take, list(INTAKES))
    return app


def run(settings: Settings, succeeds: int = 0) -> None:
    """Until SIGTERM or SIGINT; in place of the process `succeeds`, which is ended once all is ready. Raises
    SucceedError."""
    app = build(settings)  # declares the desks, whose counters then begin at 0
    if succeeds:
        succeed(succeeds)
    metrics.serve("desk", settings.metrics_port)
    run_app(app)
