"""The table of a case's life is walked: every status with every event, every order in every status, every role."""

import re
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from msgspec import inspect

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.case import ENDS, Assignment, Case, Status
from dispatchers.diagram import BESIDE, mermaid
from dispatchers.ends import AFTER
from dispatchers.life import ForbiddenMoveError, after, allowed, born
from dispatchers.orders import ORDERS
from dispatchers.record import state_hash
from dispatchers.transitions import TRANSITIONS
from tests.support import CHIEF, COLLECTOR, COORDINATION, MONDAY, OPERATOR, Town, holder, names, one

README = Path(__file__).parents[2] / "README.md"
S = Status
FREE = {S.TO_DISPATCH, S.OPERATOR, S.VERIFYING, S.MERGED}  # nobody has the case
INTERRUPTED = {S.RETURNING: S.OFFERED, S.SUSPENDED: S.ACCEPTED, S.CRIMINAL: S.ON_SITE}


def sample(kind: inspect.Type) -> Any:
    """Some value of a type, with nothing in it that need not be there."""
    match kind:
        case inspect.StructType():
            return kind.cls(**{f.name: sample(f.type) for f in kind.fields if f.required})
        case inspect.UnionType():
            return None if kind.includes_none else sample(kind.types[0])
        case inspect.LiteralType():
            return kind.values[0]
        case inspect.EnumType():
            return next(iter(kind.cls))
        case inspect.StrType():
            return "x"
        case inspect.BoolType():
            return False
        case inspect.IntType() | inspect.FloatType():
            return 9
        case inspect.DictType():
            return {}
        case _:
            return ()


def happening(kind: type[e.CaseEvent]) -> e.CaseEvent:
    """An event of the case c-1, which makes it the fifth version."""
    event: e.CaseEvent = sample(inspect.type_info(kind))
    return msgspec.structs.replace(event, case_id="c-1", case_version=5)


def case_in(status: Status) -> Case:
    """A case as it may stand in a status."""
    by_unit = status in (S.ORDERED, S.UNIT_WORKING)
    held = Assignment(id="c-1/1", attempt=1, squad="A1", team="A1-A", officers=("A1-001", "A1-002"))
    if by_unit:
        held = Assignment(id="c-1/1", attempt=1, unit="JA-works")
    return Case(
        id="c-1", no="JA-20260713-0001", version=4, status=status, changed_hands=2, source="12345", source_id="1",
        kind="complaint", title="t", address="a", territory="990101", before=INTERRUPTED.get(status),
        assignment=None if status in FREE or status in ENDS else held,
    )  # fmt: skip


# -- the table ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", Status)
def test_a_pair_leads_where_the_table_says_or_is_forbidden(status: Status) -> None:
    """An event moves a case along its edge and counts its version; without an edge it raises and names both."""
    case = case_in(status)
    for kind in e.CASE_EVENTS:
        edge = TRANSITIONS.get((status, kind.__name__))
        assert (edge is not None) == allowed(status, kind)
        if edge is None:
            with pytest.raises(ForbiddenMoveError, match=f"{kind.__name__} of c-1 in status {status}"):
                after(case, happening(kind), MONDAY)
        else:
            moved = after(case, happening(kind), MONDAY)
            assert (edge.to or case.before, 5) == (moved.status, moved.version), kind


def test_nothing_leads_back_where_nothing_was_interrupted() -> None:
    """A way back that leads nowhere is a fault that says so, not a case without a status."""
    backs = [(status, event) for (status, event), edge in TRANSITIONS.items() if edge.to is None]
    assert {status for status, _ in backs} == set(INTERRUPTED)
    for status, event in backs:
        lost = msgspec.structs.replace(case_in(status), before=None)
        with pytest.raises(ForbiddenMoveError):
            after(lost, happening(getattr(e, event)), MONDAY)


def test_the_table_speaks_of_known_events_only() -> None:
    """Each event of a case is in the table, but for the one that begins it; and nothing else is."""
    assert {kind.__name__ for kind in e.CASE_EVENTS} - {"CaseRegistered"} == {event for _, event in TRANSITIONS}


def test_everybody_in_the_table_has_a_role() -> None:
    """Who may act is the desk itself or a role that an actor can have."""
    assert {who for edge in TRANSITIONS.values() for who in edge.who} <= {"desk", *get_args(m.Role)}


def test_who_has_a_case_says_what_was_done_and_nobody_else_does() -> None:
    """Said a second time, apart from the table: squads speak for themselves and units for theirs; looking, checking,
    ruling and closing are other people's; nobody who works on a case can end it."""
    squad, unit, desk = {"squad", "leader"}, {"unit"}, {"operator", "chief"}
    for (status, event), edge in TRANSITIONS.items():
        who = set(edge.who)
        if event in ("OfferReceived", "AssignmentAccepted", "CaseDisposed"):
            assert who == (unit if status in (S.ORDERED, S.UNIT_WORKING) else squad), (status, event)
        if event in ("SquadArrived", "PenaltyFiled", "ActRefused"):
            assert who == squad, (status, event)
        if event in ("CaseClosed", "CaseCancelled", "CaseTransferred", "CaseClassified"):
            assert who <= desk | {"desk"}, (status, event)
        if event in ("CaseChecked", "CaseVerified"):
            assert who == {"checker", *desk}, (status, event)
        if event in ("DeadlineExtended", "CaseSuspended", "CriminalTransferRefused"):
            assert who == {"chief"}, (status, event)
        if event == "DisputeRuled":
            assert who == {"coordination"}
        if event == "CaseReopened":
            assert who == {"supervisor", "chief"}


@cache
def leads_to(start: Status) -> frozenset[Status]:
    """Statuses that a case can come to from a status, by any number of moves."""
    seen: set[Status] = set()
    todo = [start]
    while todo:
        here = todo.pop()
        for (status, _), edge in TRANSITIONS.items():
            to = edge.to or INTERRUPTED[status]
            if status is here and to not in seen:
                seen.add(to)
                todo.append(to)
    return frozenset(seen)


def test_every_status_is_reached_from_registration() -> None:
    """No status of the table is there in vain."""
    event = happening(e.CaseRegistered)
    assert isinstance(event, e.CaseRegistered)
    begun = born(event, MONDAY).status
    assert set(Status) == leads_to(begun) | {begun}


@pytest.mark.parametrize("status", Status)
def test_every_case_can_still_be_closed(status: Status) -> None:
    """From every status there is a way to the end; what ended can be opened again within its window."""
    assert S.CLOSED in leads_to(status)


def test_what_ended_is_opened_again_and_in_no_other_way() -> None:
    """Out of an end there is one way: reopened, by the supervisor or the chief; what went to another desk is there. An
    appeal against the lateness of a closing leaves it closed."""
    out = {(status, event) for status, event in TRANSITIONS if status in ENDS}
    ended = {(status, "CaseReopened") for status in (S.CLOSED, S.CANCELLED, S.TRANSFERRED)}
    appeals = {edge for edge in out if TRANSITIONS[edge].to in ENDS}
    assert out - appeals == {*ended, (S.HANDED_OVER, "CaseTaken")}
    assert appeals == {
        (S.CLOSED, name) for name in ("OverdueAppealed", "AppealEndorsed", "AppealApproved", "AppealRefused")
    }


# -- a case in every status, by ordinary messages ----------------------------------------------------------------------

UNKNOWN = "nobody knows"


def steps_to(status: Status) -> list[tuple[type[m.CaseOrder], dict[str, Any]]]:
    """The orders that bring a case of an item into a status."""
    leader = m.Actor("A1-001", "leader", "A1")
    on_site: list[tuple[type[m.CaseOrder], dict[str, Any]]] = [(m.AcceptAssignment, {}), (m.ReportArrival, {})]
    more_time = {"reason": "the owner is away", "until": MONDAY + 90_000_000}
    ways: dict[Status, list[tuple[type[m.CaseOrder], dict[str, Any]]]] = {
        S.VERIFYING: [(m.VerifyCase, {"reason": "is it there"})],
        S.RETURNING: [(m.ReturnAssignment, {"reason": "wrong_item", "basis": "art. 9"})],
        S.DISPUTED: [(m.OpenDispute, {"reason": "both deny"})],
        S.SUSPENDED: [
            (m.AcceptAssignment, {}),
            (m.RequestSuspension, more_time),
            (m.ReviewRelaxation, {"approved": True, "reason": "r"}),
            (m.ReviewRelaxation, {"approved": True, "reason": "r", "actor": CHIEF}),
        ],
        S.PENALTY: [*on_site, (m.FilePenalty, {"file_no": "嘉综执立〔2026〕1号"})],
        S.CRIMINAL: [*on_site, (m.ProposeCriminalTransfer, {"reason": "a crime", "actor": leader})],
        S.CANCELLED: [(m.CancelCase, {"outcome": "rejected", "reason": "no task"})],
        S.TRANSFERRED: [(m.TransferCase, {"to": "the bar association", "reason": "theirs"})],
        S.HANDED_OVER: [(m.HandOverCase, {})],
    }
    return ways.get(status, [])


def town_with(status: Status, *, unit: bool = False) -> tuple[Town, str]:
    """A town in which a case came to a status by ordinary ways; `unit`: through a work order."""
    town = Town()
    if status is S.TO_DISPATCH:
        town.duty(False, "A1", "AM", "A2")
    nobodys = (S.OPERATOR, S.VERIFYING, S.MERGED, S.CANCELLED, S.TRANSFERRED, S.HANDED_OVER)
    item = UNKNOWN if status in nobodys else "stall"
    case_id = town.file("1", "lamp" if unit or status in (S.ORDERED, S.UNIT_WORKING) else item)
    if status is S.MERGED:
        town.order(m.MergeCase, case_id, parent=town.file("2", UNKNOWN), reason="one hole")
    for kind, fields in steps_to(status):
        town.order(kind, case_id, **fields)
    if status in (S.ACCEPTED, S.ON_SITE, S.UNIT_WORKING, S.DISPOSED, S.CHECKED, S.CLOSED):
        town.work(case_id, until=status.value)
    assert status in ENDS or town.case(case_id).status is status
    return town, case_id


PLACES = [(s, False) for s in Status] + [(S.DISPOSED, True), (S.CHECKED, True), (S.RETURNING, True)]
SHOWN = [f"{status.value}{'-unit' * unit}" for status, unit in PLACES]


@pytest.mark.parametrize(("status", "unit"), PLACES, ids=SHOWN)
def test_every_open_case_has_a_clock(status: Status, unit: bool) -> None:
    """Whatever status a case came to, something falls due; what ended waits for nothing."""
    town, case_id = town_with(status, unit=unit)
    if status in ENDS:
        assert town.where(case_id) in ("", "yi")  # handed over: the other desk has it
    else:
        assert town.case(case_id).next_due > town.now


# -- orders ------------------------------------------------------------------------------------------------------------

GOOD: dict[type[m.CaseOrder], dict[str, Any]] = {
    m.ReturnAssignment: {"reason": "no_capacity", "basis": "two are ill"},
    m.CancelCase: {"outcome": "not_registered", "reason": "no task"},  # 作废 is the chief's alone, whoever may cancel
    m.ClassifyCase: {"item": "stall", "reason": "it is one"},
    m.CloseCase: {"forced": True, "reason": "told so"},
    m.SuperviseCase: {"document": "1", "limit": "1 working_days"},
    m.ReportVerification: {"found": True, "actor": COLLECTOR},
    m.RequestSuspension: {"reason": "the owner is away", "until": MONDAY + 90_000_000},
}


def told(town: Town, kind: type[m.CaseOrder], case_id: str, **fields: Any) -> list[e.AnyEvent]:
    """An order with everything in it, to the desk at which the case began."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    given = ("message_id", "actor", "case_id", "assignment_id")
    need = {f.name: sample(f.type) for f in info.fields if f.required and f.name not in given}
    made = town.made(kind, case_id, **{**need, **GOOD.get(kind, {}), **fields})
    return town.tell("jia", made)


def who_may(kind: type[m.CaseOrder], status: Status) -> set[str]:
    """Roles that the table gives an order in a status; of one that asks no edge, those that the order itself names."""
    does = ORDERS[kind]
    edges = [TRANSITIONS[key] for event in does.asks if (key := (status, event.__name__)) in TRANSITIONS]
    return {who for edge in edges for who in edge.who} if does.asks else set(does.who)


def test_the_walk_knows_every_order_about_a_case() -> None:
    """Every order is in the table of orders; every one but those about what ended speaks of a case that is open."""
    about = {kind for kind in get_args(m.DeskOrder) if issubclass(kind, m.CaseOrder)}
    assert about - set(ORDERS) == set(AFTER)
    assert set(ORDERS) <= about


@pytest.mark.parametrize(("status", "unit"), PLACES, ids=SHOWN)
def test_an_order_is_carried_out_in_its_statuses_by_its_roles_only(status: Status, unit: bool) -> None:
    """Every order by every role: where the table has no edge it is forbidden now, whoever gives it; where it has one,
    every other role is refused, even in the right squad or unit. A refusal leaves the case as it is."""
    for kind, role in product(ORDERS, get_args(m.Role)):
        town, case_id = walked(status, unit)
        before = town.desk("jia").cases.get(case_id)
        nobodys = before is None or before.assignment is None
        right = holder(before) if before and not nobodys else OPERATOR
        actor = m.Actor(right.id, role, right.squad)
        events = told(town, kind, case_id, actor=actor)
        where = (status.value, kind.__name__, role)
        refused = [x.reason for x in events if isinstance(x, e.OrderRefused)]
        if status is S.HANDED_OVER:
            assert case_id == one(events, e.OrderForwarded).case_id, where
        elif before is None:
            assert refused == ["closed"], where
        elif issubclass(kind, m.AssignmentOrder) and nobodys:
            assert refused == ["not_yours_any_more"], where
        elif not who_may(kind, status):
            assert refused == ["forbidden_now"], where
        elif role not in who_may(kind, status):
            assert refused == ["not_your_role"], where
        else:
            assert not {"not_your_role", "unknown_case", "closed"} & set(refused), where
        assert not refused or before == town.desk("jia").cases.get(case_id), where
        if not refused:
            _walked.pop((status, unit))


_walked: dict[tuple[Status, bool], tuple[Town, str]] = {}


def walked(status: Status, unit: bool) -> tuple[Town, str]:
    """A town with a case in the status; the same one as long as all orders about it were refused."""
    if (status, unit) not in _walked:
        _walked[status, unit] = town_with(status, unit=unit)
    return _walked[status, unit]


@pytest.mark.parametrize("kind", [m.AssignCase, m.HandOverCase])
def test_what_moves_a_case_twice_asks_whether_it_can_be_withdrawn(kind: type[m.CaseOrder]) -> None:
    """A case that is disputed, with the police or at its check cannot be given to others; one before the penalty's
    decision only by the chief."""
    for status in Status:
        if status in ENDS:
            continue
        town, case_id = town_with(status)
        fields = {"squad": "A2", "reason": "r"} if kind is m.AssignCase else {"reason": "r"}
        if status in (S.OPERATOR, S.VERIFYING, S.MERGED) and kind is m.AssignCase:
            continue  # nobody knows what it is
        if status in (S.ORDERED, S.UNIT_WORKING) and kind is m.AssignCase:
            fields = {"unit": "JA-works", "squad": "", "reason": "r"}
        if kind is m.HandOverCase:
            fields["to_desk"] = town.memory.city.city_desk
        if status is S.PENALTY:
            kept = town.order(kind, case_id, at_desk="jia", **fields, actor=OPERATOR)
            assert [x.reason for x in kept if isinstance(x, e.OrderRefused)] == ["forbidden_now"]
        who = CHIEF if kind is m.AssignCase or status is S.PENALTY else COORDINATION
        events = town.order(kind, case_id, at_desk="jia", **fields, actor=who)
        free = status in (S.TO_DISPATCH, S.OPERATOR)
        refused = [x.reason for x in events if isinstance(x, e.OrderRefused)]
        if free or allowed(status, e.AssignmentWithdrawn):
            assert "forbidden_now" not in refused, status
        else:
            assert refused == ["forbidden_now"], status


def test_a_refused_order_changes_nothing_but_what_was_heard() -> None:
    """But for the id of the message and the clock, the desk is what it was."""
    town, case_id = town_with(S.OFFERED)
    desk = town.desk("jia")
    town.order(m.CheckCase, case_id)
    seen, at = dict(desk.seen), desk.at
    desk.seen.clear()
    before = state_hash(desk)
    desk.seen.update(seen)
    town.now += 1
    town.order(m.ReportArrival, case_id)
    assert len(seen) + 1 == len(desk.seen)
    desk.seen.clear()
    assert at + 1 == desk.at
    desk.at = at
    assert before == state_hash(desk)


# -- four eyes ---------------------------------------------------------------------------------------------------------

CLOSERS = ("operator", "chief")


@pytest.mark.parametrize("unit", [False, True], ids=["squad", "unit"])
def test_nothing_is_closed_by_who_handled_it(unit: bool) -> None:
    """Neither an officer of the act nor anybody of the squad, nor the unit, nor who checked, in whatever role they come
    now; somebody else can. Nor can who disposed say that the disposal was good, or end it by force."""
    town, case_id = town_with(S.DISPOSED, unit=unit)
    case = town.case(case_id)
    assert case.assignment
    own = {m.Actor(o, "chief") for o in case.assignment.officers} | {m.Actor(case.disposed_by, "operator")}
    if not unit:
        own |= {m.Actor("A1-003", role, "A1") for role in CLOSERS}
    for actor in own:
        for kind, fields in ((m.CheckCase, {}), (m.CloseCase, {"forced": True, "reason": "r"})):
            refused = one(town.order(kind, case_id, actor=actor, **fields), e.OrderRefused)
            assert (refused.reason, town.case(case_id)) == ("own_work", case), (actor, kind)
    checker = m.Actor("op-2", "operator")
    town.order(m.CheckCase, case_id, actor=checker)
    for actor in own | {checker}:
        refused = one(town.order(m.CloseCase, case_id, actor=actor), e.OrderRefused)
        assert refused.reason == ("own_check" if actor == checker else "own_work"), actor
        assert town.case(case_id).status is S.CHECKED
    assert one(town.order(m.CloseCase, case_id, actor=CHIEF), e.CaseClosed).actor == CHIEF


def test_a_case_checked_by_an_operator_counts_as_checked() -> None:
    """Both the checker and the operator may check."""
    town, case_id = town_with(S.DISPOSED)
    assert ["CaseChecked"] == names(town.order(m.CheckCase, case_id, actor=OPERATOR))


# -- the drawing -------------------------------------------------------------------------------------------------------


def test_the_drawing_has_every_edge_and_no_other() -> None:
    """What mermaid() draws is the table, read back, but for what changes nothing in nearly every status."""
    drawn: set[tuple[str, str, str]] = set()
    for before, to, events in re.findall(r"^    (\w+) --> (\w+): (.+)$", mermaid(), re.M):
        drawn |= {(before, event, to) for event in events.split(", ")}
    stays = [event for (status, event), edge in TRANSITIONS.items() if edge.to is status]
    told = {
        (status.value, event, edge.to.value)
        for (status, event), edge in TRANSITIONS.items()
        if edge.to and not (edge.to is status and stays.count(event) > BESIDE)
    }
    back = {(status.value, event) for (status, event), edge in TRANSITIONS.items() if edge.to is None}
    assert told == {row for row in drawn if row[:2] not in back}
    for status, event in back:
        tos = {to for before, name, to in drawn if (before, name) == (status, event)}
        assert INTERRUPTED[Status(status)].value in tos
    assert "    [*] --> to_dispatch: CaseRegistered\n" in mermaid()
    assert re.findall(r"(\w+) --> \[\*\]", mermaid()) == ["closed", "cancelled", "transferred"]


def test_the_readme_shows_the_drawing() -> None:
    """The block between its marks is what the table draws today."""
    blocks = re.findall(r"<!-- transitions -->\n```mermaid\n(.*?)```\n<!-- /transitions -->", README.read_text(), re.S)
    assert [mermaid()] == blocks
