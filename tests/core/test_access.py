"""Who may what: every role with every capability in every place, against tables that are written here by hand."""

from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.case import ENDS, Appeal, Assignment, Case, Request, Status
from dispatchers.desk import decide
from dispatchers.ends import AFTER
from dispatchers.orders import OF_THE_DESK, ORDERS, possible
from dispatchers.state import Desk
from streams.gateway import access
from streams.gateway.accounts import Account
from tests.properties.test_city_machine import DESKS, ITEMS, KINDS, PLACES, SAYS, SMALL, STRANGERS, CityMachine
from tests.support import ADMIN, Town, holder, one

# What a role gets an answer to. Of the capabilities left of the bar each is one of cases: only as far as the role sees.
CAPABILITIES = """
               board case story why search csv phones order reveal similar | catalog map filters file uploads wall accounts audit replies photos squad devices positions
operator       x     x    x     x   x      x   x      x     x      x       | x       x   x       x    x       x    .        .     x       .      .     .       x
lead           x     x    x     x   x      x   x      x     x      x       | x       x   x       x    x       x    .        .     x       .      .     x       x
checker        x     x    x     x   x      .   .      x     .      .       | x       x   x       .    .       .    .        .     .       .      .     .       .
coordination   x     x    x     x   x      x   .      x     .      .       | x       x   x       .    .       x    .        .     x       .      .     .       .
supervisor     x     x    x     x   x      x   x      x     .      .       | x       x   x       .    .       x    .        .     x       .      .     .       .
hotline        x     x    x     x   x      .   x      x     x      x       | x       x   x       x    x       .    .        .     x       .      .     .       .
unit           x     x    x     x   x      .   .      x     .      .       | x       x   x       .    .       .    .        .     .       x      .     .       .
town           x     x    x     x   x      x   .      x     .      x       | x       x   x       x    x       .    .        .     .       .      .     .       .
auditor        x     x    x     x   x      x   .      .     .      .       | x       x   x       .    .       x    .        x     x       .      .     .       .
ops            .     .    .     .   .      .   .      .     .      .       | x       .   .       .    .       x    .        .     x       .      .     .       .
wall           .     .    .     .   .      .   .      .     .      .       | x       x   .       .    .       x    .        .     .       .      .     .       .
integrator     .     .    .     .   .      .   .      .     .      .       | .       .   .       x    x       .    .        .     .       .      .     .       .
admin          .     .    .     .   .      .   .      .     .      .       | x       .   .       .    .       .    x        .     .       .      .     .       .
squad          .     x    .     .   .      .   .      x     .      .       | x       x   .       .    .       .    .        .     .       x      x     .       .
leader         .     x    .     .   .      .   .      x     .      .       | x       x   .       .    .       .    .        .     .       x      x     .       .
collector      .     x    .     .   .      .   .      x     .      .       | x       x   .       .    .       .    .        .     .       x      x     .       .
"""  # noqa: E501

# Which case a role sees. The accounts are of desk jia, town 990101 or unit JA-works; "*": one of all desks.
AREAS = """
               own_desk other_desk own_town other_town own_unit other_unit own_squad other_squad own_look own_check
operator       x        .          .        .          .        .        .         .           .        .
lead           x        .          .        .          .        .        .         .           .        .
checker        x        .          .        .          .        .        .         .           .        .
coordination   x        .          .        .          .        .        .         .           .        .
coordination*  x        x          x        x          x        x        x         x           x        x
supervisor     x        .          .        .          .        .        .         .           .        .
supervisor*    x        x          x        x          x        x        x         x           x        x
hotline        x        .          .        .          .        .        .         .           .        .
hotline*       x        x          x        x          x        x        x         x           x        x
unit           .        .          .        .          x        .        .         .           .        .
town           .        .          x        .          .        .        .         .           .        x
auditor        x        .          .        .          .        .        .         .           .        .
auditor*       x        x          x        x          x        x        x         x           x        x
ops*           .        .          .        .          .        .        .         .           .        .
wall           .        .          .        .          .        .        .         .           .        .
wall*          .        .          .        .          .        .        .         .           .        .
integrator     .        .          .        .          .        .        .         .           .        .
admin          .        .          .        .          .        .        .         .           .        .
squad          .        .          .        .          .        .        x         .           .        .
leader         .        .          .        .          .        .        x         .           .        .
collector      .        .          .        .          .        .        .         .           x        x
"""


def table(text: str) -> dict[str, dict[str, bool]]:
    """Row -> column -> whether there is an x."""
    head, *rows = text.replace("|", " ").strip("\n").splitlines()
    return {row.split()[0]: {c: v == "x" for c, v in zip(head.split(), row.split()[1:], strict=True)} for row in rows}


MAY, SEES = table(CAPABILITIES), table(AREAS)
OF_CASES = set(CAPABILITIES.strip("\n").partition("|")[0].split())
WHERE: dict[str, dict[str, str]] = {
    "operator": {"desk": "jia"}, "lead": {"desk": "jia"}, "checker": {"desk": "jia"}, "coordination": {"desk": "jia"},
    "supervisor": {"desk": "jia"}, "hotline": {"desk": "jia"}, "auditor": {"desk": "jia"}, "wall": {"desk": "jia"},
    "unit": {"unit": "JA-works", "desk": "jia"}, "town": {"territory": "990101", "desk": "jia"},
    "integrator": {"source": "web"}, "squad": {"squad": "A1", "officer": "A1-001"},
    "leader": {"squad": "A1", "officer": "A1-000"}, "collector": {"officer": "C1", "territory": "990101"},
}  # fmt: skip


def account(row: str, **fields: Any) -> Account:
    role = row.rstrip("*")
    area = {} if row.endswith("*") else WHERE.get(role, {})
    if role in ("lead", "admin"):
        fields = {"code": "required", **fields}
    return Account(id=f"a-{role}", role=role, **{**area, **fields})  # type: ignore[arg-type]


def case(status: Status = Status.TO_DISPATCH, **fields: Any) -> Case:
    """A case that is nobody's, nowhere that any account of these tests is at home."""
    given: dict[str, Any] = {
        "id": "c-1", "no": "YI-20260713-0001", "version": 4, "status": status, "changed_hands": 2, "source": "12345",
        "source_id": "1", "kind": "complaint", "title": "t", "address": "a", "territory": "990202",
    }  # fmt: skip
    return Case(**{**given, **fields})


def ordered_to(unit: str, status: Status = Status.ORDERED, **fields: Any) -> Case:
    return case(status, assignment=Assignment(id="c-1/1", attempt=1, unit=unit), **fields)


def offered_to(squad: str, status: Status = Status.OFFERED, **fields: Any) -> Case:
    return case(status, assignment=Assignment(id="c-1/1", attempt=1, squad=squad), **fields)


# Each place differs from "nowhere" (held by another desk, in another town, with nobody) in one thing.
AT: dict[str, tuple[Case, str]] = {
    "own_desk": (case(), "jia"),
    "other_desk": (case(), "yi"),
    "own_town": (case(territory="990101"), "yi"),
    "other_town": (case(territory="990201"), "yi"),
    "own_unit": (ordered_to("JA-works"), "yi"),
    "other_unit": (ordered_to("JA-safety"), "yi"),
    "own_squad": (offered_to("A1"), "yi"),
    "other_squad": (offered_to("B1"), "yi"),
    "own_look": (case(Status.VERIFYING, collector="C1"), "yi"),
    "own_check": (case(Status.DISPOSED, territory="990101"), "yi"),
}


# -- every cell --------------------------------------------------------------------------------------------------------


def test_the_tables_have_every_role_capability_and_place() -> None:
    """Whoever adds a role or a capability must say here what it may."""
    assert set(access.ROLES) == set(MAY) == {row.rstrip("*") for row in SEES} == set(access.MAY)
    assert {frozenset(access.CAPABILITIES)} == {frozenset(row) for row in MAY.values()}
    assert set(access.OF_CASES) == OF_CASES
    assert {frozenset(AT)} == {frozenset(row) for row in SEES.values()}


@pytest.mark.parametrize("row", SEES)
def test_every_cell_of_role_capability_and_place(row: str) -> None:
    """An account gets an answer where its role has the capability and, where it is of a case, sees the case."""
    who = account(row)
    scope = access.scope_of(who)
    for capability in access.CAPABILITIES:
        for place, (what, desk) in AT.items():
            expected = MAY[who.role][capability] and (capability not in OF_CASES or SEES[row][place])
            granted = access.may(who.role, capability) and (
                capability not in access.OF_CASES or access.sees(scope, who.role, what, desk)
            )
            assert expected == granted, (row, capability, place)


@pytest.mark.parametrize(
    ("seen", "what"),
    [
        (True, ordered_to("JA-works", Status.UNIT_WORKING)),
        (True, case(Status.CLOSED, unit="JA-works")),
        (True, case(owners=("A1", "JA-works"))),
        (True, case(barred=("JA-works",))),
        (True, case(requests=(Request(id="c-1/r1", kind="test", unit="JA-works", made_at=1, receipt_due=2),))),
        (False, case(requests=(Request(id="c-1/r1", kind="test", unit="JA-safety", made_at=1, receipt_due=2),))),
        (False, case(territory="", owners=("A1",))),
        (False, case(territory="990101", proposal=Assignment(id="c-1/1", attempt=1, unit="JA-works"))),
    ],
)  # fmt: skip
def test_a_unit_sees_what_is_was_or_is_asked_of_it(seen: bool, what: Case) -> None:
    """A work order of now or of before, one it gave back, a request; not what the rules only propose."""
    assert seen == access.sees(access.scope_of(account("unit")), "unit", what, "jia")


@pytest.mark.parametrize(
    ("seen", "what"),
    [
        (True, offered_to("A1", Status.ON_SITE)),
        (True, case(Status.CLOSED, squad="A1")),
        (True, case(requests=(Request(id="c-1/r1", kind="support", squad="A1", made_at=1, receipt_due=2),))),
        (False, offered_to("B1", owners=("A1", "B1"))),  # another has it by now
        (False, case(owners=("A1",))),
        (False, case(proposal=Assignment(id="c-1/1", attempt=1, squad="A1"))),
        (False, offered_to("A1", about=("A1",))),
        (False, offered_to("A1", about=("A1-001",))),
    ],
)  # fmt: skip
def test_a_squad_sees_its_own_and_nothing_that_is_about_itself(seen: bool, what: Case) -> None:
    """What it is offered, holds, disposed of or is asked about; never a complaint about it, or about who carries the
    device."""
    assert seen == access.sees(access.scope_of(account("squad")), "squad", what, "jia")


def test_a_collector_sees_its_own_looks_and_the_checks_of_its_territory() -> None:
    """Not another's, and no complaint about the force."""
    scope = access.scope_of(account("collector"))
    for what in (
        case(Status.VERIFYING, collector="C2", territory="990101"),
        case(Status.DISPOSED, territory="990102"),
        case(Status.DISPOSED, territory="990101", about=("A1",)),
        case(Status.ON_SITE, territory="990101"),
    ):
        assert not access.sees(scope, "collector", what, "jia")


def test_a_town_sees_no_complaint_about_its_own_squad() -> None:
    """Those are the city desk's alone (R66); also a case without a place is nobody's town's."""
    scope = access.scope_of(account("town"))
    assert access.sees(scope, "town", case(territory="990101"), "ding")
    assert not access.sees(scope, "town", case(territory="990101", about=("A1",)), "ding")
    assert not access.sees(access.NOTHING, "town", case(territory=""), "jia")
    assert not access.sees(access.NOTHING, "unit", case(), "jia")


@pytest.mark.parametrize(
    ("row", "whole"), [("operator", True), ("wall*", True), ("unit", False), ("town", False), ("admin", False)]
)
def test_counts_of_whole_desks_are_not_for_units_and_towns(row: str, whole: bool) -> None:
    """`Scope.whole` says whether squads and counts of a desk belong to an account."""
    assert whole == access.scope_of(account(row)).whole


# -- orders ------------------------------------------------------------------------------------------------------------

SQUADS = (
    "AcceptAssignment AnswerRequest AskOffice FilePenalty ReceiveOffer RecuseOfficers ReportArrival ReportDisposal"
    " RequestExtension RequestSuspension ReturnAssignment SignRequest"
)
VERBS = {
    "operator": "AnswerCaller AppealOverdue AskOffice AssignCase CancelCase CheckCase ClassifyCase CloseCase"
    " ConfirmProposal EscalateCase HandOverCase LowerCase MergeCase OpenDispute RecordCall RecordCallback"
    " RecuseOfficers ReportVerification ResumeCase ReviewRelaxation ReviewReturn SetDuty SplitCase TransferCase"
    " UrgeCase VerifyCase",
    "lead": "AnswerCaller ApprovePrecedent AskOffice AssignCase CancelCase CheckCase ClassifyCase CloseCase"
    " ConfirmProposal DecideCriminalTransfer EscalateCase HandOverCase LowerCase MergeCase OpenDispute RecordCall"
    " RecuseOfficers ReopenCase ReportVerification ResumeCase ReviewAppeal ReviewRelaxation ReviewReturn SetDuty"
    " SplitCase SuperviseCase TransferCase UrgeCase VerifyCase",
    "checker": "CheckCase ReportVerification",
    "coordination": "ApprovePrecedent HandOverCase RuleDispute",
    "supervisor": "ReopenCase ReviewAppeal SuperviseCase",
    "hotline": "AnswerCaller RecordCallback UrgeCase",
    "unit": "AcceptAssignment AnswerCaller AnswerRequest AppealOverdue AskOffice ReceiveOffer ReportDisposal"
    " RequestExtension RequestSuspension ReturnAssignment SignRequest",
    "squad": SQUADS, "leader": f"{SQUADS} AppealOverdue AssignCase ProposeCriminalTransfer SetDuty",
    "collector": "CheckCase ReportVerification",
    "town": "AskOffice", "auditor": "", "ops": "", "wall": "", "integrator": "", "admin": "",
}  # fmt: skip


@pytest.mark.parametrize("role", access.ROLES)
def test_a_role_gives_these_orders_and_no_others(role: access.Role) -> None:
    """What the tables of dispatchers come to, said a second time; who may order anything at all has the capability."""
    assert sorted(VERBS[role].split()) == sorted(kind.__name__ for kind in access.verbs(role))
    assert bool(VERBS[role]) == MAY[role]["order"]


def test_what_is_about_no_case_is_refused_to_every_other_role() -> None:
    """SetDuty and AdoptCity are refused for their role by the desk where the table does not name it, and only there."""
    for kind, fields in ((m.SetDuty, {"officers": ("A1-001",), "on_duty": True}), (m.AdoptCity, {"city": "x"})):
        for role in ("operator", "chief", "checker", "admin", "unit"):
            events = Town().tell("jia", kind(message_id="1", actor=m.Actor("x", role), desk="jia", **fields))  # type: ignore[arg-type]
            refused = [x.reason for x in events if isinstance(x, e.OrderRefused)]
            assert ("not_your_role" in refused) == (role not in OF_THE_DESK[kind]), (kind, role)


ALLOWED = [
    ("operator", case(), "AssignCase HandOverCase EscalateCase"),
    ("operator", case(Status.VERIFYING), "ReportVerification ClassifyCase"),
    ("checker", case(Status.VERIFYING), "ReportVerification"),
    ("checker", case(Status.DISPOSED), "CheckCase"),
    ("checker", case(), ""),
    ("coordination*", ordered_to("JA-works", Status.DISPUTED), "RuleDispute"),
    ("coordination*", case(), "HandOverCase"),
    ("unit", ordered_to("JA-works"), "ReceiveOffer AcceptAssignment ReturnAssignment"),
    ("unit", ordered_to("JA-works", Status.UNIT_WORKING), "ReportDisposal RequestExtension RequestSuspension"),
    ("supervisor*", case(Status.CLOSED), "ReopenCase"),
    ("lead", case(Status.CLOSED), "ReopenCase"),
    ("auditor*", case(), ""),
]
NOT_ALLOWED = [
    ("operator", case(Status.PENALTY), "AssignCase HandOverCase"),
    ("operator", case(Status.DISPUTED), "AssignCase HandOverCase RuleDispute"),
    ("operator", ordered_to("JA-works", Status.RETURNING), "ReturnAssignment"),
    ("operator", case(Status.CLOSED), "ReopenCase CloseCase AssignCase"),
    ("unit", ordered_to("JA-safety"), "ReceiveOffer AcceptAssignment ReturnAssignment"),
    ("unit", case(owners=("JA-works",)), "AcceptAssignment AskOffice"),
    ("supervisor*", case(Status.CLOSED, parent="c-0"), "ReopenCase"),
]


@pytest.mark.parametrize(("row", "what", "orders"), ALLOWED)
def test_what_may_be_done_now_is_offered(row: str, what: Case, orders: str) -> None:
    """Orders that the table allows in this status by this role, or nothing for who gives none."""
    found = access.allowed_actions(what, account(row))
    assert set(orders.split()) <= set(found)
    assert orders or not found


@pytest.mark.parametrize(("row", "what", "orders"), NOT_ALLOWED)
def test_what_may_not_be_done_now_is_not_offered(row: str, what: Case, orders: str) -> None:
    """Not in this status, not by this role, not about what another holds."""
    assert not set(orders.split()) & set(access.allowed_actions(what, account(row)))


def test_everybody_acts_as_themselves_and_a_unit_as_the_unit() -> None:
    """An order is by the account's id, in dispatchers' words; of a unit's account it is by the unit."""
    assert m.Actor("a-lead", "chief") == access.actor_of(account("lead"))
    assert m.Actor("JA-works", "unit") == access.actor_of(account("unit"))
    assert m.Actor("A1-001", "squad", "A1") == access.actor_of(account("squad"))
    assert m.Actor("A1-000", "leader", "A1") == access.actor_of(account("leader"))
    assert m.Actor("C1", "checker") == access.actor_of(account("collector"))
    assert m.Actor("a-town", "town") == access.actor_of(account("town"))
    assert [None] * 5 == [access.actor_of(account(row)) for row in ("auditor", "ops", "wall", "integrator", "admin")]


# -- what is offered, and what the desk says ---------------------------------------------------------------------------


class Offers(CityMachine):
    """A random day of the small city, in which it is asked now and then what each order by anybody would come to."""

    asked = [0, 0]  # how often the answer of `possible` was no, and yes

    def live(self, data: st.DataObject) -> None:
        """Some cases, and each a good way along its life."""
        for number in range(3):
            item, where = data.draw(st.sampled_from(ITEMS)), data.draw(st.sampled_from(PLACES))
            self.file(number, item, where, number, "complaint")
        for which in data.draw(st.lists(st.integers(0, 2), min_size=6, max_size=6)):
            self.act(which, 4, data)
            self.compare(self._pick(which), data)

    def compare(self, case_id: str, data: st.DataObject) -> None:
        """What is not offered is refused, and what is offered is not refused for its status or its role."""
        for state in (self.town.desk(name) for name in DESKS):
            gone = state.gone.get(case_id)
            held = state.cases.get(case_id) or (gone.case if gone and not gone.to_desk else None)
            if held:
                for kind in data.draw(st.lists(st.sampled_from(KINDS), min_size=6, max_size=6, unique=True)):
                    self._compare(state, held, kind, data.draw(SAYS.get(kind, st.just({}))))

    def _compare(self, state: Desk, held: Case, kind: type[m.CaseOrder], says: dict[str, Any]) -> None:
        if kind is m.CancelCase:
            says = {**says, "outcome": "rejected"}  # 作废 is the chief's alone, whoever may cancel
        mine = holder(held)
        for actor in (*STRANGERS, mine, m.Actor(mine.id, "leader", mine.squad)):
            given = {"parent": "c-nobody", "reason": "r"} if kind is m.MergeCase else says
            message = self.town.made(kind, held.id, **{**given, "actor": actor})
            offered = possible(held, actor, kind)
            told = decide(state, message, SMALL, self.town.now)  # only asked: the desk stays as it is
            refused = [x.reason for x in told if isinstance(x, e.OrderRefused) and x.message_id == message.message_id]
            if offered:
                assert not {"not_your_role", "forbidden_now"} & set(refused), (message, held.status)
            else:
                assert refused, (message, held.status)
            self.asked[offered] += 1


def test_what_is_offered_and_what_the_desk_says_agree() -> None:
    """For any order by anybody about cases with any history `possible` and the desk agree on status and role."""
    Offers.asked = [0, 0]

    @settings(derandomize=True, database=None, deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        Offers().live(data)

    agree()
    assert min(Offers.asked) > 1_000, Offers.asked


def test_every_order_in_every_ended_case_by_its_role() -> None:
    """Of a case that ended only its reopening is offered, to the two who may; of one that closed late an appeal too, by
    whoever disposed of it or the operator, and of one with an appeal its review."""
    asked = Appeal(by="a", at=1, reason="r")
    for status, late, appeal in product(ENDS, (False, True), (None, asked, replace(asked, outcome="refused"))):
        ended = case(status, late=late, appeal=appeal, unit="JA-works", squad="A2")
        closed = status is Status.CLOSED
        for kind, role in product((*ORDERS, *AFTER), ("chief", "supervisor", "operator", "unit", "checker", "leader")):
            offered = possible(ended, m.Actor("JA-works", role), kind)  # type: ignore[arg-type]
            expected = {
                m.ReopenCase: status is not Status.HANDED_OVER and role in ("chief", "supervisor"),
                m.AppealOverdue: closed and late and appeal is None and role in ("operator", "unit"),
                m.ReviewAppeal: closed and appeal is asked and role in ("chief", "supervisor"),
            }
            assert offered == expected.get(kind, False), (status, kind, role)


def test_a_ruling_becomes_a_row_by_those_two_roles() -> None:
    """ApprovePrecedent by anybody else is refused, whoever ruled."""
    town = Town()
    case_id = town.file("1", "stall")
    town.order(m.OpenDispute, case_id, reason="both deny")
    ruled = town.order(
        m.RuleDispute,
        case_id,
        actor=m.Actor("co", "coordination"),
        document="D",
        squad="A1",
        reason="r",
        precedent=True,
    )
    precedent = one(ruled, e.DisputeRuled).precedent
    for role in ("operator", "checker", "supervisor", "chief"):
        order = m.ApprovePrecedent(message_id=role, actor=m.Actor(role, role), desk="jia", precedent=precedent)  # type: ignore[arg-type]
        refused = [x.reason for x in town.tell("jia", order) if isinstance(x, e.OrderRefused)]
        assert refused == ([] if role in OF_THE_DESK[m.ApprovePrecedent] else ["not_your_role"])
    assert ADMIN.role not in OF_THE_DESK[m.ApprovePrecedent]
