"""The table of a case's life is walked: every status with every event, every order in every status, every role."""

import re
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.case import GONE, HOLDING, TRANSITIONS, Assignment, Case, Status
from dispatchers.diagram import mermaid
from dispatchers.life import ForbiddenMoveError, after, allowed, born
from dispatchers.record import state_hash
from tests.support import CHECKER, MONDAY, OPERATOR, Town, holder, names, one

README = Path(__file__).parents[2] / "README.md"
S = Status
BY_UNIT = {S.ORDERED, S.UNIT_WORKING}


def case_in(status: Status) -> Case:
    """A case as it may stand in a status."""
    held = None
    if status in HOLDING:
        held = Assignment(id="c-1/1", attempt=1, squad="A1", team="A1-A", officers=("A1-001", "A1-002"))
    elif status in BY_UNIT:
        held = Assignment(id="c-1/1", attempt=1, unit="JA-works")
    return Case(
        id="c-1", no="JA-20260713-0001", version=4, status=status, changed_hands=2, source="12345", source_id="1",
        kind="complaint", title="t", address="a", territory="990101", assignment=held,
    )  # fmt: skip


BASIS = e.Basis(power="P03", law="art. 1", step="home")
OFFER = {"squad": "A1", "team": "A1-B", "officers": ("A1-004", "A1-005"), "channel": 1, "due_at": 9, "candidates": ()}
FIELDS: dict[type[e.CaseEvent], dict[str, Any]] = {
    e.CaseRegistered: {
        "case_no": "JA-20260713-0001", "desk": "jia", "source": "12345", "source_id": "1", "kind": "complaint",
        "title": "t", "description": "", "address": "a", "lon": None, "lat": None, "datum": "", "given_lon": None,
        "given_lat": None, "territory": "990101", "near": (), "item": "stall", "domain": "d", "nature": "enforcement",
        "priority": 2, "weight": 2, "received_at": 1, "filed_at": 1, "dispatch_due": 2, "due_at": 3, "limit": "1 hours",
        "channel": "", "attachments": (), "reporter_ref": "", "caller_tag": "",
    },
    e.CaseUpdated: {"title": "new", "description": "", "address": ""},
    e.AssignmentOffered: {"assignment_id": "c-1/2", "attempt": 2, "basis": BASIS, **OFFER},
    e.WorkOrderIssued: {
        "assignment_id": "c-1/2", "attempt": 2, "unit": "JA-works", "receipt_due_at": 8, "due_at": 9, "basis": BASIS
    },
    e.AssignmentDeferred: {"reason": "nobody_free", "retry_at": 7, "candidates": ()},
    e.AssignmentWithdrawn: {"assignment_id": "c-1/1", "reason": "r"},
    e.OfferReceived: {"assignment_id": "c-1/1"},
    e.AssignmentAccepted: {"assignment_id": "c-1/1"},
    e.AssignmentReturned: {"assignment_id": "c-1/1", "reason": "recusal", "basis": "", "dispatch_due": 9},
    e.SquadArrived: {"assignment_id": "c-1/1"},
    e.CaseDisposed: {"assignment_id": "c-1/1", "squad": "A1", "team": "A1-A", "result": "corrected"},
    e.CaseChecked: {},
    e.ReworkOrdered: {},
    e.WorkOrderReopened: {},
    e.CaseClosed: {
        "outcome": "normal", "desk": "jia", "squad": "A1", "unit": "", "tier": "town_squad", "stream": "nonpenalty",
        "countable": True, "item": "stall", "forget_after": 9,
    },
    e.LeaseExpired: {"assignment_id": "c-1/1"},
    e.LeaseExtended: {"assignment_id": "c-1/1", "due_at": 9},
    e.CaseEscalated: {"reason": "overdue", "level": "county", "overdue_at": 9},
    e.CaseHandedOver: {"to_desk": "yi", "reason": "r", "forget_after": 9},
    e.CaseTaken: {"from_desk": "yi", "case": case_in(S.HANDED_OVER), "dispatch_due": 9, "reason": "r"},
    e.CaseNeedsOperator: {"reason": "r", "operator_due": 9},
}  # fmt: skip


def happening(kind: type[e.CaseEvent]) -> e.CaseEvent:
    return kind(case_id="c-1", case_version=5, **FIELDS[kind])


@pytest.mark.parametrize(
    ("status", "kind"), list(product(Status, e.CASE_EVENTS)), ids=lambda x: getattr(x, "__name__", x)
)
def test_a_pair_leads_where_the_table_says_or_is_forbidden(status: Status, kind: type[e.CaseEvent]) -> None:
    """An event moves a case along its edge and counts its version; without an edge it raises and names both."""
    case, event = case_in(status), happening(kind)
    edge = TRANSITIONS.get((status, kind.__name__))
    assert (edge is not None) == allowed(status, kind)
    if edge is None:
        with pytest.raises(ForbiddenMoveError, match=f"{kind.__name__} of c-1 in status {status}"):
            after(case, event, MONDAY)
    else:
        moved = after(case, event, MONDAY)
        assert (edge.to, 5) == (moved.status, moved.version)


def test_the_table_speaks_of_known_events_only() -> None:
    """Each event of a case is in the table, but for the one that begins it; and nothing else is."""
    assert {kind.__name__ for kind in e.CASE_EVENTS} - {"CaseRegistered"} == {event for _, event in TRANSITIONS}


def test_everybody_in_the_table_has_a_role() -> None:
    """Who may act is the desk itself or a role that an actor can have."""
    assert {who for edge in TRANSITIONS.values() for who in edge.who} <= {"desk", *get_args(m.Role)}


def test_who_may_do_what() -> None:
    """Said a second time, apart from the table: squads answer for themselves, units for theirs, nobody for both."""
    desk, team, unit, check = {"desk"}, {"squad", "leader"}, {"unit"}, {"checker", "operator"}
    answers = {"OfferReceived", "AssignmentAccepted", "AssignmentReturned", "CaseDisposed"}
    said = {
        **dict.fromkeys(
            ("AssignmentOffered", "WorkOrderIssued", "CaseEscalated", "CaseHandedOver"), desk | {"operator"}
        ),
        **{key: {"operator"} for key in ("AssignmentWithdrawn", "CaseClosed")},
        **dict.fromkeys(("CaseChecked", "ReworkOrdered", "WorkOrderReopened"), check),
        "SquadArrived": team,
    }
    for (status, event), edge in TRANSITIONS.items():
        whose = unit if status in BY_UNIT else team
        assert set(edge.who) == (whose if event in answers else said.get(event, desk)), (status, event)


def leads_to(start: Status) -> set[Status]:
    """Statuses that a case can come to from a status, by any number of moves."""
    seen, todo = set(), [start]
    while todo:
        here = todo.pop()
        for (status, _), edge in TRANSITIONS.items():
            if status is here and edge.to not in seen:
                seen.add(edge.to)
                todo.append(edge.to)
    return seen


def test_every_status_is_reached_from_registration() -> None:
    """No status of the table is there in vain."""
    begun = born(happening(e.CaseRegistered), MONDAY).status  # type: ignore[arg-type]
    assert set(Status) == leads_to(begun) | {begun}


@pytest.mark.parametrize("status", [s for s in Status if s is not S.CLOSED])
def test_every_case_can_still_be_closed(status: Status) -> None:
    """From every status but the last there is a way to the end."""
    assert S.CLOSED in leads_to(status)


def test_a_closed_case_stays_closed() -> None:
    """Nothing leads out of the last status."""
    assert leads_to(S.CLOSED) == set()


# -- orders ------------------------------------------------------------------------------------------------------------


def town_with(status: Status, *, unit: bool = False) -> tuple[Town, str]:
    """A town in which a case came to a status by ordinary ways; `unit`: through a work order."""
    town = Town()
    if status is S.TO_DISPATCH:
        town.duty(False, "A1", "AM", "A2")
    item = "nobody knows" if status in (S.OPERATOR, S.HANDED_OVER) else "stall"
    case_id = town.file("1", "lamp" if unit or status in BY_UNIT else item)
    if status is S.HANDED_OVER:
        town.order(m.HandOverCase, case_id)
    elif status not in (S.TO_DISPATCH, S.OPERATOR, S.OFFERED, S.ORDERED):
        town.work(case_id, until=status.value)
    assert status in GONE or town.case(case_id).status is status
    return town, case_id


PLACES = [(s, False) for s in Status] + [(S.DISPOSED, True), (S.CHECKED, True)]
# Which edges an order needs; one of them is enough.
NEEDS: dict[type[m.CaseOrder], tuple[type[e.CaseEvent], ...]] = {
    m.ReceiveOffer: (e.OfferReceived,),
    m.AcceptAssignment: (e.AssignmentAccepted,),
    m.ReturnAssignment: (e.AssignmentReturned,),
    m.ReportArrival: (e.SquadArrived,),
    m.ReportDisposal: (e.CaseDisposed,),
    m.CheckCase: (e.CaseChecked,),
    m.CloseCase: (e.CaseClosed,),
    m.EscalateCase: (e.CaseEscalated,),
    m.AssignCase: (e.AssignmentOffered, e.AssignmentWithdrawn),
    m.HandOverCase: (e.CaseHandedOver, e.AssignmentWithdrawn),
}
MORE: dict[type[m.CaseOrder], dict[str, Any]] = {m.CloseCase: {"forced": True, "reason": "told so"}}


def edge_of(status: Status, order: type[m.CaseOrder]) -> list[type[e.CaseEvent]]:
    return [event for event in NEEDS[order] if allowed(status, event)]


def test_the_walk_knows_every_order_about_a_case() -> None:
    """An order added one day is walked that day."""
    assert {kind for kind in get_args(m.DeskOrder) if issubclass(kind, m.CaseOrder)} == set(NEEDS)


@pytest.mark.parametrize(("place", "kind"), list(product(PLACES, NEEDS)), ids=lambda x: getattr(x, "__name__", str(x)))
def test_an_order_happens_where_the_table_has_its_edge(place: tuple[Status, bool], kind: type[m.CaseOrder]) -> None:
    """Elsewhere it is refused as forbidden now (or as nobody's any more), and the case stays as it is."""
    status, unit = place
    town, case_id = town_with(status, unit=unit)
    if kind is m.AssignCase:
        town.duty(True, "A2")
    squad = kind is not m.AssignCase or not (unit or status in BY_UNIT)
    more = MORE.get(kind, {}) if squad else {"squad": "", "unit": "JA-works"}
    before = town.desk("jia").cases.get(case_id)
    events = town.order(kind, case_id, to="jia", **more)
    edges = edge_of(status, kind)
    if status is S.HANDED_OVER:
        assert case_id == one(events, e.OrderForwarded).case_id
    elif status is S.CLOSED:
        assert "closed" == one(events, e.OrderRefused).reason
    elif edges:
        assert edges[0].__name__ in names(events)
    else:
        held = before is not None and before.assignment is not None
        nobodys = issubclass(kind, m.AssignmentOrder) and not held
        refused = one(events, e.OrderRefused)
        assert ("not_yours_any_more" if nobodys else "forbidden_now") == refused.reason
        assert (status.value, kind.__name__) == (refused.status, refused.order)
        assert before == town.desk("jia").cases[case_id]


ROLES = [
    (place, kind, role)
    for place, kind, role in product(PLACES, NEEDS, get_args(m.Role))
    if place[0] not in GONE and edge_of(place[0], kind)
]


@pytest.mark.parametrize(("place", "kind", "role"), ROLES, ids=lambda x: getattr(x, "__name__", str(x)))
def test_only_whose_act_it_is_may_order_it(place: tuple[Status, bool], kind: type[m.CaseOrder], role: str) -> None:
    """The table names the roles of an edge; every other role is refused, even if it is in the right squad or unit."""
    town, case_id = town_with(place[0], unit=place[1])
    if kind is m.AssignCase:
        town.duty(True, "A2")
    who = TRANSITIONS[place[0], edge_of(place[0], kind)[0].__name__].who
    case = town.case(case_id)
    right = holder(case) if issubclass(kind, m.AssignmentOrder) else CHECKER
    actor = m.Actor(right.id, role, right.squad)  # type: ignore[arg-type]
    by_unit = case.assignment is not None and case.assignment.unit
    more = {"squad": "", "unit": "JA-works"} if kind is m.AssignCase and by_unit else MORE.get(kind, {})
    events = town.order(kind, case_id, actor=actor, **more)
    if role in who:
        assert "OrderRefused" not in names(events)
    else:
        assert "not_your_role" == one(events, e.OrderRefused).reason
        assert case == town.case(case_id)


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


def test_a_case_checked_by_an_operator_counts_as_checked() -> None:
    """Both the checker and the operator may check."""
    town, case_id = town_with(S.DISPOSED)
    assert ["CaseChecked"] == names(town.order(m.CheckCase, case_id, actor=OPERATOR))


# -- the drawing -------------------------------------------------------------------------------------------------------


def test_the_drawing_has_every_edge_and_no_other() -> None:
    """What mermaid() draws is the table, read back."""
    drawn = set()
    for before, to, events in re.findall(r"^    (\w+) --> (\w+): (.+)$", mermaid(), re.M):
        drawn |= {(before, event, to) for event in events.split(", ")}
    assert {(s.value, event, edge.to.value) for (s, event), edge in TRANSITIONS.items()} == drawn
    assert "    [*] --> to_dispatch: CaseRegistered\n" in mermaid()
    assert mermaid().endswith("    closed --> [*]\n")


def test_the_readme_shows_the_drawing() -> None:
    """The block between its marks is what the table draws today."""
    blocks = re.findall(r"<!-- transitions -->\n```mermaid\n(.*?)```\n<!-- /transitions -->", README.read_text(), re.S)
    assert [mermaid()] == blocks
