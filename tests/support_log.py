"""Logs of the small city, made in memory by the real rules: filing, answering, silence, handing over."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from dispatchers import messages as m
from dispatchers.case import Case, Status
from dispatchers.city import City
from dispatchers.clock import MINUTE
from dispatchers.memory import Memory
from dispatchers.record import decode_record
from dispatchers.writer import DESK, Writer
from streams import city_files

SMALL = Path(__file__).parent / "city/small"
MONDAY = 1783900800000  # 2026-07-13 08:00 in Jiaxing
CODES = ("COLLAPSE", "BURNING", "STALL", "REFUSE", "MANHOLE", "LAMP", "BULKY", "QUESTION", "NEVER_HEARD")
TERRITORIES = ("990101", "990102", "990201", "990202", "zone_bing")
PHONE = "reporter-1380000"  # stands for a reporter; must be found nowhere


@cache
def small() -> City:
    pack = city_files.load(SMALL)
    return City(pack, city_files.version(pack))


class Record(NamedTuple):
    """What the reader needs of an aiokafka record."""

    partition: int
    offset: int
    value: bytes


@cache
def logs(cases: int = 120, seed: int = 7) -> dict[str, list[bytes]]:
    """The logs of all desks."""
    memory = play(cases, seed)
    return {desk: list(log.records) for desk, log in memory.desks.items()}


def records(raws: list[bytes], partition: int = 0, start: int = 0) -> list[Record]:
    return [Record(partition, offset, raw) for offset, raw in enumerate(raws) if offset >= start]


def with_void(raws: list[bytes], every: int = 5) -> list[bytes]:
    """The log with a zombie's records in it: the same decisions over again, which continue nothing."""
    mixed: list[bytes] = []
    for number, raw in enumerate(raws):
        mixed.append(raw)
        if number % every == every - 1:
            mixed += [raw, raws[0], b"no record at all"]
    return mixed


def folded(desk: str, raws: list[bytes]) -> Writer:
    writer = Writer(desk, DESK)
    for offset, raw in enumerate(raws):
        writer.fold(offset, raw)
    return writer


def event_types(raws: list[bytes]) -> set[str]:
    return {type(event).__name__ for raw in raws for event in decode_record(raw).events}


def play(cases: int, seed: int) -> Memory:
    """A memory city that lived through `cases` complaints."""
    memory, draw = Memory(small()), random.Random(seed)
    at = MONDAY
    for number in range(cases):
        at += draw.randrange(1, 8) * MINUTE
        list(memory.file("complaints", 0, _filed(draw, number, at), at))
        for _ in range(draw.randrange(0, 6)):
            at += draw.randrange(1, 90) * 1000
            _somebody_acts(memory, draw, at)
    return memory


def _filed(draw: random.Random, number: int, at: int) -> m.Filed:
    code, territory = draw.choice(CODES), draw.choice(TERRITORIES)
    near = () if code == "NEVER_HEARD" else (m.Near(territory, 0),)
    return m.Filed(
        topic="complaints",
        source="12345",
        source_id=str(number),
        kind="complaint",
        received_at=at - 5000,
        filed_at=at,
        title=f"第{number}件",
        scheme="test",
        code=code,
        place=m.Place(address=f"{number}号", lon=120.05, lat=30.1, near=near),
        reporter_ref=PHONE,
        caller_tag=PHONE,
        digest=str(number),
    )


def _somebody_acts(memory: Memory, draw: random.Random, at: int) -> None:
    desk = draw.choice(sorted(memory.desks))
    held = memory.desks[desk].writer.state.cases
    if held:
        case = held[draw.choice(sorted(held))]
        order = _order(draw, case, desk, f"{at}-{draw.random()}")
        if order:
            list(memory.tell(desk, order, at))


def _order(draw: random.Random, case: Case, desk: str, message_id: str) -> Any:
    base: dict[str, Any] = {"message_id": message_id, "case_id": case.id}
    operator = {**base, "actor": m.Actor(id=f"op-{desk}", role="operator")}
    held = case.assignment
    if case.status is Status.DISPOSED:
        return m.CheckCase(**base, actor=m.Actor(id="checker", role="checker"), passed=draw.random() < 0.8)
    if case.status is Status.CHECKED:
        return m.CloseCase(**operator)
    if case.status is Status.OPERATOR:
        others = sorted(d for d in small().desks if d != desk)
        return draw.choice(
            [
                m.HandOverCase(**operator, to_desk=draw.choice(others), reason="不归我们管"),
                m.AssignCase(**operator, unit="DI-works", reason="试"),
                m.CloseCase(**operator, forced=True, reason="重复"),
            ]
        )
    if held is None:
        return None
    if draw.random() < 0.05:
        return m.AssignCase(**operator, unit="DI-clean", reason="改派")
    role: m.Role = "unit" if held.unit else "squad"
    actor = m.Actor(id=held.unit or held.officers[0], role=role, squad=held.squad)
    report = {**base, "actor": actor, "assignment_id": held.id}
    if case.status in (Status.OFFERED, Status.ORDERED):
        if not held.received:
            return m.ReceiveOffer(**report)
        return (
            m.ReturnAssignment(**report, reason="no_capacity") if draw.random() < 0.2 else m.AcceptAssignment(**report)
        )
    if case.status is Status.ACCEPTED:
        return m.ReportArrival(**report)
    result = "repaired" if held.unit else draw.choice(("corrected", "penalty_simple", "penalty_general"))
    return m.ReportDisposal(**report, result=result)  # type: ignore[arg-type]
