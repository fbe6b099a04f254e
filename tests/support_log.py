"""Logs of the small city, made in memory by the real rules: filing, answering, silence, disputes, handing over."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from dispatchers import messages as m
from dispatchers.case import Assignment, Case, Status
from dispatchers.city import City
from dispatchers.clock import MINUTE
from dispatchers.memory import Memory
from dispatchers.record import decode_record
from dispatchers.writer import DESK, Writer
from streams import city_files

SMALL = Path(__file__).parent / "city/small"
MONDAY = 1783900800000  # 2026-07-13 08:00 in Jiaxing
ITEMS = (
    "collapse", "burning", "stall", "refuse", "manhole", "lamp", "bulky", "question", "tree", "gasleak", "conduct",
    "never_heard",
)  # fmt: skip
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
        for _ in range(draw.randrange(1, 11)):
            at += draw.randrange(1, 40) * 1000
            _somebody_acts(memory, draw, at)
    return memory


def _filed(draw: random.Random, number: int, at: int) -> m.Filed:
    item, territory = draw.choice(ITEMS), draw.choice(TERRITORIES)
    near = () if item == "never_heard" else (m.Near(territory, 0),)
    return m.Filed(
        topic="complaints",
        source="12345",
        source_id=str(number),
        kind="complaint",
        received_at=at - 5000,
        filed_at=at,
        title=f"第{number}件",
        scheme="item",
        code=item,
        place=m.Place(address=f"{number}号", lon=120.05, lat=30.1, near=near),
        reporter_ref=PHONE,
        caller_tag=PHONE,
        digest=str(number),
    )


def _somebody_acts(memory: Memory, draw: random.Random, at: int) -> None:
    desk = draw.choice(sorted(memory.desks))
    state = memory.desks[desk].writer.state
    order = None
    if state.cases:
        case = state.cases[draw.choice(sorted(state.cases))]
        order = _order(draw, case, desk, f"{at}-{draw.random()}")
    if draw.random() < 0.03 and state.reopenable:
        done = draw.choice(sorted(state.reopenable))
        chief = m.Actor(id=f"chief-{desk}", role="chief")
        order = m.ReopenCase(message_id=f"{at}-again", case_id=done, actor=chief, cause="fault", reason="重办")
    if order:
        list(memory.tell(desk, order, at))


def _order(draw: random.Random, case: Case, desk: str, message_id: str) -> Any:
    """What somebody may well say about a case as it stands; None: nobody says anything."""
    base: dict[str, Any] = {"message_id": message_id, "case_id": case.id}
    operator = {**base, "actor": m.Actor(id=f"op-{desk}", role="operator")}
    held, chance = case.assignment, draw.random()
    if chance < 0.08:
        return _beside(draw, case, desk, base)
    match case.status:
        case Status.DISPOSED:
            return m.CheckCase(**base, actor=m.Actor(id="checker", role="checker"), passed=draw.random() < 0.8)
        case Status.CHECKED:
            return m.CloseCase(**operator, reply="已办结")
        case Status.VERIFYING:
            collector = m.Actor(id=case.collector, role="checker")
            return m.ReportVerification(**base, actor=collector, found=draw.random() < 0.8)
        case Status.RETURNING:
            outcome = draw.choice(("approved", "refused", "dispute"))
            return m.ReviewReturn(**operator, outcome=outcome, reason="已审")
        case Status.DISPUTED:
            body = m.Actor(id=f"coordination-{desk}", role="coordination")
            return m.RuleDispute(**base, actor=body, document=message_id, unit="DI-clean", reason="列表如此")
        case Status.OPERATOR:
            return _helped(draw, desk, operator)
    if held is None:
        return None
    if chance < 0.13:
        return m.AssignCase(**operator, unit="DI-clean", reason="改派")
    return _reported(draw, case, held, base)


def _beside(draw: random.Random, case: Case, desk: str, base: dict[str, Any]) -> Any:
    """What may be said whatever the case waits for."""
    chief = {**base, "actor": m.Actor(id=f"chief-{desk}", role="chief")}
    request = case.requests[0] if case.requests else None
    if request and not request.signed_at:
        role: m.Role = "unit" if request.unit else "squad"
        actor = m.Actor(id=request.unit or "somebody", role=role, squad=request.squad)
        return m.SignRequest(**base, actor=actor, request_id=request.id)
    squads = sorted(s.id for s in small().pack.squads if s.desk == desk)
    return draw.choice(
        [
            m.UrgeCase(**chief, note="请尽快"),
            m.SuperviseCase(**chief, document="督1", limit="2 hours"),
            m.AskOffice(**chief, kind="copy_notice", squad=draw.choice(squads), task="抄告"),
            m.AskOffice(**chief, kind="licence_data", unit="DI-safety", task="查许可"),
        ]
    )


def _helped(draw: random.Random, desk: str, operator: dict[str, Any]) -> Any:
    """What an operator does with what the rules leave to people."""
    city = small()
    desks = sorted(city.desks) if desk == city.city_desk else [city.city_desk]
    places = sorted(t for t in city.territories if city.desk_of(t) == desk and t in TERRITORIES)
    return draw.choice(
        [
            m.HandOverCase(**operator, to_desk=draw.choice([d for d in desks if d != desk]), reason="不归我们管"),
            m.ClassifyCase(**operator, item="lamp", territory=draw.choice(places or [""]), reason="电话问明"),
            m.AssignCase(**operator, unit="DI-works", reason="试"),
            m.CancelCase(**operator, outcome="rejected", reason="请拨打110"),
            m.CloseCase(**operator, forced=True, reason="重复"),
        ]
    )


def _reported(draw: random.Random, case: Case, held: Assignment, base: dict[str, Any]) -> Any:
    """What who has the case says next."""
    role: m.Role = "unit" if held.unit else "squad"
    officer = held.officers[0] if held.officers else f"{held.squad}-001"
    actor = m.Actor(id=held.unit or officer, role=role, squad=held.squad)
    report = {**base, "actor": actor, "assignment_id": held.id}
    if case.status in (Status.OFFERED, Status.ORDERED):
        if not held.received:
            return m.ReceiveOffer(**report)
        if draw.random() < 0.7:
            return m.AcceptAssignment(**report)
        reason: m.ReturnReason = draw.choice(("no_capacity", "not_our_power"))
        return m.ReturnAssignment(**report, reason=reason, basis=f"第{draw.randrange(3)}条")
    if case.status is Status.ACCEPTED:
        return m.ReportArrival(**report)
    results = ("repaired",) if held.unit else ("corrected", "simple_penalty", "general_filed")
    return m.ReportDisposal(**report, result=draw.choice(results), evidence=("photo:1",))
