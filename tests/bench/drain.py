"""Messages per CPU-second on a backlog: the two floors, our log with rules that do nothing, our desk with all rules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import msgspec

from tests.support_kafka import Run, broker, worker

from .day import AT, Day, as_bytes, city, lines
from .processes import child, drained, fill
from .table import Row

LOOP, AGENT, TRIVIAL, CASES, OPEN = 50_000, 10_000, 50_000, 8_000, 300
STILL = 1e-9  # the clock stands: what was decided in memory is decided again
_measured: dict[str, float] = {}


def _complaints(count: int) -> Callable[[str], Awaitable[int]]:
    async def put(kafka: str) -> int:
        bodies = (body for _, body in lines(count))
        return await fill(kafka, (("complaints", n % 32, None, msgspec.json.encode(b)) for n, b in enumerate(bodies)))

    return put


async def _rate(data: Path, name: str, code: str, count: int) -> float:
    """Messages per CPU-second of a process that reads complaints."""
    if name not in _measured:
        with broker(data / name / "kafka") as kafka:
            run = Run(kafka.address, data / name, start=AT, speed=STILL)
            code = (
                f"WORKER = 'one'\nfrom streams import settings\nKAFKA, SETTINGS = {run.kafka!r}, {run.settings}\n{code}"
            )
            cost = await drained(
                run, lambda: child(run, name, code), "complaint-receipts", lambda: _complaints(count)(run.kafka)
            )
        _measured[name] = 1 / cost
    return _measured[name]


async def _floors(data: Path) -> tuple[float, float]:
    loop = await _rate(data, "loop", "from tests.bench import floors\nfloors.loop(KAFKA)", LOOP)
    agent = await _rate(
        data, "agent", "import sys\nsys.argv[1:] = []\nfrom tests.bench import floors\nfloors.agent(KAFKA)", AGENT
    )
    return loop, agent


async def floors(data: Path) -> list[Row]:
    """The batch loop and the manual's agent."""
    loop, agent = await _floors(data)
    return [
        Row("floors", "batch loop on aiokafka", loop, "msg/CPU-s", floor="the manual's agent", ratio=loop / agent),
        Row("floors", "Faust agent as the manual shows it", agent, "msg/CPU-s"),
    ]


async def desk(data: Path) -> list[Row]:
    """Ours, beside them."""
    loop, agent = await _floors(data)
    trivial = await _rate(data, "trivial", "from tests.bench import trivial\ntrivial.run(SETTINGS)", TRIVIAL)
    intake = await _intake(data / "intake")
    rules = await _desk(data / "desk")
    manual = "the manual's agent"
    return [
        Row("desk", "log with rules that do nothing", trivial, "msg/CPU-s", 40 * agent, False, manual, trivial / agent),
        Row("desk", "the same", trivial, "msg/CPU-s", floor="the batch loop", ratio=trivial / loop),
        Row("desk", "desk with all rules", rules, "msg/CPU-s", 8 * agent, False, manual, rules / agent),
        Row("desk", "the same", rules, "msg/CPU-s", floor="the batch loop", ratio=rules / loop),
        Row(
            "desk",
            "complaints through intake, desks deciding beside",
            intake,
            "msg/CPU-s",
            floor=manual,
            ratio=intake / agent,
        ),
    ]


async def _desk(data: Path) -> float:
    """What the desks hear in a life of so many cases, with some hundred open at each."""
    heard = [(h.desk, as_bytes(h)) for h in Day(city(), OPEN).live(lines(CASES))]
    partition = {d.id: d.partition for d in city().pack.desks}
    with broker(data / "kafka") as kafka:
        run = Run(kafka.address, data, start=AT, speed=STILL)

        def messages() -> Iterator[tuple[str, int | None, bytes | None, bytes]]:
            return (("desk-inbox", partition[d], None, raw) for d, raw in heard)

        return 1 / await drained(run, lambda: worker(run, "one"), "desk-log", lambda: fill(run.kafka, messages()))


async def _intake(data: Path) -> float:
    """The same worker on complaints: read, looked up, masked, put into the book, told to the desks, decided there."""
    with broker(data / "kafka") as kafka:
        run = Run(kafka.address, data, start=AT, speed=STILL)
        return 1 / await drained(
            run, lambda: worker(run, "one"), "complaint-receipts", lambda: _numbers(run.kafka, CASES)
        )


async def _numbers(kafka: str, count: int) -> int:
    bodies = [body for topic, body in lines(2 * count) if topic == "complaints"][:count]
    return await fill(
        kafka,
        (("complaints", None, f"{b['source']}/{b['source_id']}".encode(), msgspec.json.encode(b)) for b in bodies),
    )
