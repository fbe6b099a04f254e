"""The fold of the numbers and the recount agree to the case, whatever happened and however it was read."""

import random
from functools import cache
from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatchers import messages as m
from dispatchers.case import Case, Status
from dispatchers.clock import DAY, HOUR, MINUTE
from dispatchers.events import CaseClosed, CaseReopened, PeriodFrozen
from dispatchers.memory import Memory
from dispatchers.record import decode_record
from dispatchers.targets import SCOPES, STREAMS, Indicators, Tasks, decode_told
from streams.clock import Clock, Segment
from streams.targets import Exporter
from tests.recount.count import Recount, day, part, span
from tests.support_log import Record, _filed, _order, small
from tests.support_targets import at

BEGIN = at("2026-07-27 08:00")  # a Monday: July ends on Friday, and is frozen on Wednesday
SEEDS = 6
WORKING = (Status.ON_SITE, Status.PENALTY)
TIERS = {
    "strict": ("town_squad", "zone_squad"),
    "towns": ("town_squad",),
    "broad": ("town_squad", "zone_squad", "county_mobile"),
}
Logs = dict[str, list[bytes]]


@cache
def history(seed: int, cases: int = 110) -> Logs:
    """The logs of some weeks: reopenings, merges, hand-downs, late uploads, penalties, more time, silence."""
    memory, draw = Memory(small()), random.Random(seed)
    now = BEGIN
    for number in range(cases):
        now += draw.choice((5 * MINUTE, HOUR, 9 * HOUR))
        first = _filed(draw, number, now)
        list(memory.file("complaints", 0, first, now))
        for code in draw.choice(((), (), ("tree", "tree"), ("countywork", "reserved"))):  # the same tree twice
            more = msgspec.structs.replace(first, source_id=f"{number}{code}{draw.random()}", code=code)
            list(memory.file("complaints", 0, more, now))
        for _ in range(draw.randrange(1, 6)):
            now += draw.choice((20_000, 2 * MINUTE, 25 * MINUTE))
            if draw.random() < 0.2:
                _somebody_differs(memory, draw, now)
            else:
                now = _a_case_goes_on(memory, draw, now)
    list(memory.pass_time(now + 3 * DAY))
    return {desk: list(log.records) for desk, log in memory.desks.items()}


def _a_case_goes_on(memory: Memory, draw: random.Random, now: int) -> int:
    """Those whose turn it is do what comes next, or what may come, for a while. Returns when they stop."""
    desk = draw.choice([desk for desk, log in memory.desks.items() if log.writer.state.cases] or ["jia"])
    state = memory.desks[desk].writer.state
    newest = sorted(state.cases, key=lambda c: -state.cases[c].registered_at)[:6]
    case_id = draw.choice(newest) if newest else ""
    for _ in range(draw.randrange(2, 9)):
        case = state.cases.get(case_id)
        now += 20_000
        if case is None:
            break
        wild = (case.relaxation or case.status in WORKING or case.parent) and draw.random() < 0.4
        base = {"message_id": f"{now}-{draw.random()}", "case_id": case.id}
        order = _wild(draw, case, desk, base, now) if wild else _order(draw, case, desk, base["message_id"])
        if order:
            list(memory.tell(desk, msgspec.structs.replace(order, happened_at=now - draw.randrange(3 * DAY)), now))
    return now


def _somebody_differs(memory: Memory, draw: random.Random, now: int) -> None:
    """What a day of support_log has too seldom for the numbers."""
    desk = draw.choice(sorted(memory.desks))
    state = memory.desks[desk].writer.state
    base: dict[str, Any] = {"message_id": f"{now}-{draw.random()}", "happened_at": now - draw.randrange(3 * DAY)}
    chief = m.Actor(id=f"chief-{desk}", role="chief")
    if state.reopenable and draw.random() < 0.3:
        done = draw.choice(sorted(state.reopenable))
        order: Any = m.ReopenCase(**base, case_id=done, actor=chief, cause="fault", reason="重办")
        list(memory.tell(desk, order, now))
        return
    late = sorted(i for i, g in state.gone.items() if g.case and g.case.late and not g.case.appeal)
    if late and draw.random() < 0.2:
        _appeal(draw, memory, desk, base | {"case_id": draw.choice(late)}, now)
        return
    if not state.cases:
        return
    asking = [c for c in state.cases.values() if c.relaxation]
    working = [c for c in state.cases.values() if c.status in WORKING and c.assignment and c.assignment.squad]
    every = list(state.cases.values())
    case = draw.choice(sorted(draw.choice([asking, working, every]) or every, key=lambda c: c.id))
    list(memory.tell(desk, _wild(draw, case, desk, {**base, "case_id": case.id}, now), now))


def _appeal(draw: random.Random, memory: Memory, desk: str, base: dict[str, Any], now: int) -> None:
    """Against the lateness of a closing; one reviewer, or both, say yes or no."""
    operator, chief = m.Actor(f"operator-{desk}", "operator"), m.Actor(f"chief-{desk}", "chief")
    orders: list[Any] = [m.AppealOverdue(**base, actor=operator, reason="台风")]
    for nth, actor in enumerate((chief, m.Actor("supervisor", "supervisor"))):
        said = {**base, "message_id": f"{base['message_id']}-{nth}", "approved": draw.random() < 0.8}
        orders.append(m.ReviewAppeal(**said, actor=actor, reason="复核"))
    for order in orders[: draw.randrange(1, 4)]:
        list(memory.tell(desk, order, now))


def _wild(draw: random.Random, case: Case, desk: str, base: dict[str, Any], now: int) -> Any:
    """What is asked for, what a squad at work does, or anything that changes where a case counts."""
    chief, operator = m.Actor(f"chief-{desk}", "chief"), m.Actor(f"operator-{desk}", "operator")
    if case.relaxation:
        return m.ReviewRelaxation(**base, actor=chief if case.relaxation.first else operator, approved=True)
    if case.parent:
        return m.SplitCase(**base, actor=operator, reason="拆案")
    held = case.assignment
    if case.status in WORKING and held and held.squad:
        actor = m.Actor(held.officers[0] if held.officers else "A1-001", "squad", held.squad)
        squad = {**base, "assignment_id": held.id, "actor": actor}
        how = draw.choice(("corrected", "simple_penalty", "general_filed"))
        done = m.ReportDisposal(**squad, result=how, evidence=("photo:1",))
        wait = m.RequestSuspension(**squad, reason="挂账", until=now + 5 * DAY)
        filed = m.FilePenalty(**squad, file_no="F1")
        return draw.choice([m.RequestExtension(**squad, reason="取证"), wait, filed, done, done])
    ours = [squad.id for squad in small().pack.squads if squad.desk == desk]
    return draw.choice([
        m.EscalateCase(**base, actor=operator, reason="重大"), m.LowerCase(**base, actor=chief, reason="下沉"),
        m.LowerCase(**base, actor=chief, reason="下沉"), m.CloseCase(**base, actor=chief, forced=True, reason="强制"),
        m.TransferCase(**base, actor=chief, to="信访", reason="信访"),
        m.CancelCase(**base, actor=chief, outcome="cancelled", reason="作废"),
        m.AssignCase(**base, actor=operator, squad=draw.choice(ours), reason="改派"),
    ])  # fmt: skip


def clean(logs: Logs) -> Tasks:
    """One fold of all records, desk after desk."""
    fold = Tasks(small().pack)
    for raws in logs.values():
        for raw in raws:
            fold.take(decode_told(raw))
    return fold


def recount(logs: Logs) -> Recount:
    return Recount(raw for raws in logs.values() for raw in raws)


def ends(logs: Logs) -> int:
    """The instant of the last record."""
    return max(decode_told(raws[-1]).at for raws in logs.values() if raws)


def agree(fold: Tasks, other: Recount, now: int) -> None:
    """Every number of R1 there is."""
    first = day(now)[0]
    windows = {
        "today": day(now),
        "month": span("2026-08" if now >= at("2026-08-01 00:00") else "2026-07"),
        "d30": (first - 29 * DAY, first + DAY),
        "year": (at("2026-01-01 00:00"), at("2027-01-01 00:00")),
    }
    for window, (begin, end) in windows.items():
        rows = other.final(begin, end)
        for stream, scope, marked in product(STREAMS, SCOPES, (True, False)):
            mine = fold.total(now, window, stream, scope, marked=marked)  # type: ignore[arg-type]
            assert part(rows, stream, TIERS[scope], marked=marked) == mine, (window, stream, scope, marked)
    shares = fold.shares(now)
    for desk in fold.desks:
        assert other.of_desk(desk, *windows["year"]) == shares.get(("year", "all", desk), (0, 0))
    for period in ("2026-07", "2026-08"):
        official = fold.official(period, now)
        assert other.month(period) == official.share, period
        assert other.share(*span(period)) == official.restated
        assert other.restated(period) == official.restatements
        assert other.due_open(min(now, span(period)[1])) == official.due.den - official.share.den, period
        proofs = sum(fold.of_month(desk, period).proof for desk in fold.desks)
        assert other.proof(period) == proofs % 2**64
        assert fold.parts(period)["residual"] == 0


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_fold_agrees_with_the_recount(seed: int) -> None:
    """At the end of each history, and as of each midnight and month's end on its way."""
    logs = history(seed)
    now = ends(logs)
    agree(clean(logs), recount(logs), now)
    for until in (at("2026-07-31 23:00"), at("2026-08-02 00:00"), at("2026-08-06 12:00")):
        begun = {desk: [raw for raw in raws if decode_told(raw).at < until] for desk, raws in logs.items()}
        agree(clean(begun), recount(begun), until)


def test_the_histories_have_what_the_numbers_are_about() -> None:
    """Reopened, merged, sent down at the end, forced, restated, overdue, of all streams: none is missing."""
    said = [
        e for seed in range(SEEDS) for raws in history(seed).values() for r in raws for e in decode_record(r).events
    ]
    closed = [e for e in said if isinstance(e, CaseClosed)]
    assert {"normal", "overdue", "forced", "merged"} == {e.outcome for e in closed}
    assert {"general", "simple", "nonpenalty", "none"} <= {e.stream for e in closed}
    assert {"town_squad", "zone_squad", "county_mobile", "city_detachment"} <= {e.tier for e in closed}
    assert any(isinstance(e, CaseReopened) and e.countable for e in said)
    assert {"2026-07", "2026-08"} & {e.period for e in said if isinstance(e, PeriodFrozen)}
    kinds = {type(e).__name__ for e in said}
    assert {"DeadlineExtended", "CaseSuspended", "PenaltyFiled", "CaseHandedOver", "CaseSplit", "CaseLowered"} <= kinds
    assert {"OverdueAppealed", "AppealApproved", "AppealRefused"} <= kinds
    folds = [clean(history(seed)) for seed in range(SEEDS)]
    assert any(fold.restated("2026-07") for fold in folds)
    assert any(fold.official("2026-07", ends(history(n))).due.den for n, fold in enumerate(folds))


@settings(max_examples=12, deadline=None, derandomize=True, database=None)
@given(st.integers(0, SEEDS - 1), st.integers(0, 1 << 32))
def test_however_it_is_read_it_is_the_same(seed: int, order: int) -> None:
    """S28, pitfalls 3 to 6: logs interleaved anyhow, batches delivered again, zombies' records, restarts from nothing
    or from a snapshot at random places: exporter = recount = one clean fold, to the byte."""
    logs, draw = history(seed), random.Random(order)
    now = Clock([Segment(wall=0, business=ends(logs), speed=1.0, wall_end=0)])
    exporter = Exporter(small().pack, now)
    places = dict.fromkeys(logs, 0)
    while left := [desk for desk, place in places.items() if place < len(logs[desk])]:
        desk = draw.choice(left)
        first, count = places[desk], draw.randrange(1, 120)
        again = draw.randrange(first + 1) if draw.random() < 0.2 else first
        for offset in range(again, min(first + count, len(logs[desk]))):
            exporter.take(Record(small().desks[desk].partition, offset, logs[desk][offset]))  # type: ignore[arg-type]
        places[desk] = min(first + count, len(logs[desk]))
        if draw.random() < 0.05:  # killed: what it knew is gone, or is what the snapshot says
            kept = {d: exporter.keep(small().desks[d].partition) for d in logs if draw.random() < 0.7}
            exporter = Exporter(small().pack, now)
            found = {d for d, one in kept.items() if one and exporter.go_on(small().desks[d].partition, one)}
            # The record of the snapshot itself is read again: it must be the one that it rests on.
            places = {d: exporter.next(small().desks[d].partition) for d in logs}
            assert found == {d for d, one in kept.items() if one}
    whole = clean(logs)
    assert msgspec.to_builtins(exporter.targets.desks, str_keys=False) == msgspec.to_builtins(whole.desks)
    beside = Indicators(small().pack)
    for raws in logs.values():
        for raw in raws:
            beside.take(decode_told(raw))
    for desk, month, now in product(logs, ("2026-07", "2026-08"), (ends(logs),)):
        assert exporter.indicators.of_month(desk, month, now) == beside.of_month(desk, month, now)
        assert exporter.indicators.counts(desk, now) == beside.counts(desk, now)
    agree(exporter.targets, recount(logs), ends(logs))
