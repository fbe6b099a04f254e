"""What orders do, and when they are refused: late, stale, repeated, in one's own cause, about a case that left."""

from typing import Any

import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.city import City
from dispatchers.clock import DAY, MINUTE
from tests.support import CHECKER, MONDAY, OPERATOR, PACK, Town, changed, holder, names, one, place


def refusal(events: list[e.AnyEvent]) -> str:
    return one(events, e.OrderRefused).reason


def test_the_way_of_an_ordinary_case() -> None:
    """Received, accepted, arrived, disposed, checked, closed: each in one record, by one version more."""
    town = Town()
    case = town.file("1")
    steps = (m.ReceiveOffer, m.AcceptAssignment, m.ReportArrival, m.ReportDisposal, m.CheckCase, m.CloseCase)
    told = [name for kind in steps for name in names(town.order(kind, case))]
    assert [
        "OfferReceived",
        "AssignmentAccepted",
        "SquadArrived",
        "CaseDisposed",
        "CaseChecked",
        "CallerAnswered",
        "CaseClosed",
    ] == told
    versions = [event.case_version for event in town.events(case) if isinstance(event, e.CASE_EVENTS)]
    assert list(range(1, 10)) == versions


def test_a_closed_case_says_what_the_targets_need() -> None:
    """Who disposed, of which tier, in which stream, and that it counts."""
    town = Town()
    case = town.file("1")
    town.work(case, until="on_site")
    town.order(m.ReportDisposal, case, result="simple_penalty", note="fined", evidence=("photo",))
    town.order(m.CheckCase, case)
    closed = one(town.order(m.CloseCase, case), e.CaseClosed)
    assert ("normal", "jia", "A1", "", "town_squad", "simple", True, "stall", MONDAY + 90 * DAY) == (
        closed.outcome, closed.desk, closed.squad, closed.unit, closed.tier, closed.stream, closed.countable,
        closed.item, closed.forget_after,
    )  # fmt: skip


def test_a_units_work_counts_nowhere() -> None:
    """Repair is no enforcement task of the force."""
    town = Town()
    case = town.file("1", "manhole")
    town.work(case, until="checked")
    closed = one(town.order(m.CloseCase, case), e.CaseClosed)
    assert ("JA-works", "", "none", False) == (closed.unit, closed.tier, closed.stream, closed.countable)


def test_a_case_disposed_of_after_its_limit_is_overdue() -> None:
    """By the disposal, not by the closing: a case that waits for its paper is not late. It is said for ever."""
    town = Town()
    done, late = town.file("1", "burning"), town.file("2", "burning")
    town.work(done, until="checked")
    town.work(late, until="on_site")
    town.wait(hours=3)
    town.order(m.ReportDisposal, late)
    town.order(m.CheckCase, late)
    closed = [one(town.order(m.CloseCase, case), e.CaseClosed) for case in (done, late)]
    assert [("normal", True), ("overdue", False)] == [(c.outcome, c.on_time) for c in closed]


def test_a_late_accept_of_an_expired_offer_does_not_win() -> None:
    """The lease ran out and another team has it: the first is told that it is no more theirs."""
    town = Town()
    case = town.file("1")
    late = town.made(m.AcceptAssignment, case)
    town.wait(minutes=15)
    before = town.case(case)
    assert "not_yours_any_more" == refusal(town.tell("jia", late))
    assert before == town.case(case)


def test_an_order_that_saw_another_holder_is_stale() -> None:
    """The case changed hands after the version it saw."""
    town = Town()
    case = town.file("1")
    saw = town.case(case).version
    town.wait(minutes=15)
    assert "stale" == refusal(town.order(m.AssignCase, case, case_version=saw))
    assert "stale" == refusal(town.order(m.EscalateCase, case, case_version=saw))


def test_an_order_that_saw_a_holder_who_lost_it_is_stale() -> None:
    """Nobody has it now: an operator who decided on the offer must look again."""
    town = Town()
    case = town.file("1")
    town.wait(minutes=30)
    saw = town.case(case).version
    town.wait(minutes=15)
    assert ("operator", 3) == (town.case(case).status, town.case(case).attempts)
    assert "stale" == refusal(town.order(m.AssignCase, case, case_version=saw))


def test_an_order_that_saw_less_but_the_same_holder_is_good() -> None:
    """An update in between is no change of hands."""
    town = Town()
    case = town.file("1")
    saw = town.case(case).version
    town.file("1", digest="2")
    assert ["AssignmentAccepted"] == names(town.order(m.AcceptAssignment, case, case_version=saw))


def test_a_version_that_never_was_is_refused() -> None:
    """Nobody can have seen it; it waits for the limit of such orders, in case the version comes, and no longer."""
    town = Town()
    case = town.file("1")
    assert ["OrderParked"] == names(town.order(m.AcceptAssignment, case, case_version=99))
    told = town.wait(minutes=2)
    assert ["OrderUnparked", "OrderRefused"] == names(told)
    assert "unheard_of_version" == refusal(told)
    assert "offered" == town.case(case).status


def test_a_message_id_counts_once() -> None:
    """The second time it is OrderRepeated, whatever it asks and however the first ended."""
    town = Town()
    case = town.file("1")
    first = town.made(m.AcceptAssignment, case)
    assert ["AssignmentAccepted"] == names(town.tell("jia", first))
    before = town.case(case)
    assert ["OrderRepeated"] == names(town.tell("jia", first))
    refused = town.made(m.CheckCase, case)
    assert [["OrderRefused"], ["OrderRepeated"]] == [names(town.tell("jia", refused)) for _ in range(2)]
    assert before == town.case(case)


def test_ids_are_forgotten_after_their_window() -> None:
    """Seven days; then the same id is a new order, and the memory is bounded."""
    town = Town()
    case = town.file("1", "ufo", m.Place())
    for day in range(20):
        town.order(m.EscalateCase, case)
        town.wait(hours=24)
        assert len(town.desk("ding").seen) <= 8, day


@pytest.mark.parametrize(
    "actor",
    [m.Actor("A2-001", "squad", "A2"), m.Actor("A1-001", "squad", ""), m.Actor("A2-005", "leader", "A2")],
)
def test_only_the_squad_that_was_asked_may_answer(actor: m.Actor) -> None:
    """Another squad's officer cannot take an offer that is not for it."""
    town = Town()
    case = town.file("1")
    assert "not_your_assignment" == refusal(town.order(m.AcceptAssignment, case, actor=actor))


def test_another_unit_cannot_sign() -> None:
    """A work order is signed for by the unit it is for."""
    town = Town()
    case = town.file("1", "manhole")
    assert "not_your_assignment" == refusal(town.order(m.AcceptAssignment, case, actor=m.Actor("DI-works", "unit")))


def test_own_work_cannot_be_checked() -> None:
    """Who disposed may not certify it, not even as a checker (two centres)."""
    town = Town()
    case = town.file("1")
    town.work(case, until="disposed")
    myself = m.Actor("A1-001", "checker")
    assert "own_work" == refusal(town.order(m.CheckCase, case, actor=myself))
    assert "own_work" == refusal(town.order(m.CheckCase, case, actor=myself, passed=False))
    assert ["CaseChecked"] == names(town.order(m.CheckCase, case))


def test_a_failed_check_sends_the_same_team_back() -> None:
    """返工: the team keeps the case and its load, the old clocks run on."""
    town = Town()
    case = town.file("1")
    town.work(case, until="disposed")
    before = town.case(case)
    assert ["ReworkOrdered"] == names(town.order(m.CheckCase, case, passed=False))
    after = town.case(case)
    assert ("accepted", before.assignment, before.due_at, before.due_at, 1) == (
        after.status, after.assignment, after.due_at, after.overdue_at, after.rework,
    )  # fmt: skip
    assert {"A1": 2, "A1-A": 2} == town.desk("jia").loads


def test_a_units_failed_check_reopens_its_work_order() -> None:
    """The unit goes on working; no squad is involved."""
    town = Town()
    case = town.file("1", "lamp")
    town.work(case, until="disposed")
    assert ["WorkOrderReopened"] == names(town.order(m.CheckCase, case, passed=False))
    assert "unit_working" == town.case(case).status


def test_work_that_fails_too_often_is_raised() -> None:
    """The third failed check brings the next level in."""
    town = Town()
    case = town.file("1")
    town.work(case, until="accepted")
    told = []
    for _ in range(3):
        town.order(m.ReportArrival, case)
        town.order(m.ReportDisposal, case)
        told.append(names(town.order(m.CheckCase, case, passed=False)))
    assert [["ReworkOrdered"], ["ReworkOrdered"], ["ReworkOrdered", "CaseEscalated"]] == told


@pytest.mark.parametrize(("forced", "reason"), [(False, ""), (True, ""), (False, "because")])
def test_a_forced_close_needs_its_word_and_its_reason(forced: bool, reason: str) -> None:
    """A case that passed no check is closed by force with a reason, or not at all."""
    town = Town()
    case = town.file("1", "ufo")
    assert "not_checked" == refusal(town.order(m.CloseCase, case, forced=forced, reason=reason))
    closed = one(town.order(m.CloseCase, case, forced=True, reason="a joke"), e.CaseClosed)
    assert ("forced", "a joke", "") == (closed.outcome, closed.reason, closed.tier)


def test_what_is_checked_closes_normally_even_if_forced() -> None:
    """The word forced takes nothing from a case that passed."""
    town = Town()
    case = town.file("1")
    town.work(case, until="checked")
    assert "normal" == one(town.order(m.CloseCase, case, forced=True, reason="r"), e.CaseClosed).outcome


# -- an operator assigns -----------------------------------------------------------------------------------------------


def test_an_operator_gives_a_case_to_another_squad() -> None:
    """Whoever held it loses it; the offer names the operator and the reason; the loads follow."""
    town = Town()
    case = town.file("1")
    events = town.order(m.AssignCase, case, squad="A2", reason="they pass by")
    offer = one(events, e.AssignmentOffered)
    assert ["AssignmentWithdrawn", "AssignmentOffered"] == names(events)
    assert ("A2-A", 2, OPERATOR, "operator", "they pass by") == (
        offer.team, offer.attempt, offer.actor, offer.basis.step, offer.basis.reason,
    )  # fmt: skip
    assert {"A2": 2, "A2-A": 2} == town.desk("jia").loads


def test_an_operator_names_a_team() -> None:
    """Even the leader's."""
    town = Town()
    case = town.file("1")
    teams = [
        one(town.order(m.AssignCase, case, squad="A1", team=t), e.AssignmentOffered).team for t in ("A1-B", "A1-L")
    ]
    assert ["A1-B", "A1-L"] == teams


def test_an_operator_may_ask_the_silent_again() -> None:
    """A human overrules that they did not answer, and that they gave it back."""
    town = Town()
    case = town.file("1")
    town.order(m.ReturnAssignment, case)
    assert "A1" == one(town.order(m.AssignCase, case, squad="A1"), e.AssignmentOffered).squad


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"squad": "B1"}, "unknown_squad"),
        ({"squad": "nobody"}, "unknown_squad"),
        ({"squad": ""}, "unit_or_squad"),
        ({"squad": "A1", "team": "A2-A"}, "unknown_team"),
        ({"squad": "A1", "team": "A1-N"}, "off_duty"),
        ({"squad": "A2", "reason": ""}, "reason_missing"),
        ({"squad": "", "unit": "nobody"}, "unknown_unit"),
        ({"squad": "", "unit": "JA-works"}, "unit_has_no_power"),
        ({"squad": "A2", "unit": "JA-works"}, "unit_or_squad"),
    ],
)
def test_an_operators_choice_is_bound_by_the_rules(fields: dict[str, Any], reason: str) -> None:
    """One squad of the desk or one unit, a reason, a team that can: else nothing is withdrawn."""
    town = Town()
    case = town.file("1")
    before = town.case(case)
    assert reason == refusal(town.order(m.AssignCase, case, **fields))
    assert before == town.case(case)


def test_the_cap_binds_operators_too() -> None:
    """A full squad stays full."""
    town = Town(City(changed(PACK, "squads", {"id": "A2"}, cap=3), "cap"))
    cases = [town.file(str(n)) for n in range(2)]
    town.order(m.AssignCase, cases[0], squad="A2")
    assert "cap" == refusal(town.order(m.AssignCase, cases[1], squad="A2"))


def test_a_case_moves_within_a_full_squad() -> None:
    """It weighs nothing new on the squad that has it."""
    town = Town(City(changed(PACK, "squads", {"id": "A1"}, cap=2), "cap"))
    case = town.file("1")
    events = town.order(m.AssignCase, case, squad="A1", team="A1-B")
    assert ["AssignmentWithdrawn", "AssignmentOffered"] == names(events)
    assert {"A1": 2, "A1-B": 2} == town.desk("jia").loads


# -- another desk ------------------------------------------------------------------------------------------------------


def test_a_case_goes_over_and_comes_back() -> None:
    """Each desk ends its holding before the other begins; versions count on; the clocks run on."""
    town = Town()
    case = town.file("1", where=place("990102", "990201"))
    due = town.case(case).due_at
    town.order(m.HandOverCase, case, to_desk="yi")
    assert ("yi", "operator", due) == (town.where(case), town.case(case).status, town.case(case).due_at)
    events = town.order(m.HandOverCase, case, to_desk="jia", reason="it is yours")
    assert ["CaseHandedOver", "CaseTaken", "AssignmentOffered"] == names(events)
    assert "jia" == town.where(case)
    versions = [event.case_version for event in town.events(case) if isinstance(event, e.CASE_EVENTS)]
    assert list(range(1, len(versions) + 1)) == versions
    assert [set(), {case}] == [set(town.desk(d).gone) for d in ("jia", "yi")]


def test_what_is_taken_back_is_offered_afresh() -> None:
    """Whoever was silent before may be asked again; attempts count on, so that no assignment id comes twice."""
    town = Town()
    case = town.file("1")
    town.wait(minutes=15)
    town.order(m.HandOverCase, case, to_desk="yi")
    offer = one(town.order(m.HandOverCase, case, to_desk="jia"), e.AssignmentOffered)
    assert ("A1-A", 3, f"{case}/3") == (offer.team, offer.attempt, offer.assignment_id)


@pytest.mark.parametrize("desk", ["jia", "nowhere"])
def test_a_case_is_handed_to_another_desk_that_is_there(desk: str) -> None:
    """Neither to oneself nor to nobody."""
    town = Town()
    case = town.file("1")
    assert "unknown_desk" == refusal(town.order(m.HandOverCase, case, to_desk=desk))
    assert "jia" == town.where(case)


def test_orders_follow_a_case_that_left() -> None:
    """The old desk forwards them behind the case, in their order, and decides nothing itself."""
    town = Town()
    case = town.file("1")
    town.order(m.HandOverCase, case, to_desk="yi")
    events = town.order(m.AssignCase, case, at_desk="jia", squad="B1", reason="near")
    assert ["OrderForwarded", "AssignmentOffered"] == names(events)
    accept = town.made(m.AcceptAssignment, case)
    assert ["OrderForwarded", "AssignmentAccepted"] == names(town.tell("jia", accept))
    assert ("yi", "accepted") == (town.where(case), town.case(case).status)


def test_a_forwarded_order_counts_once_too() -> None:
    """Sent again to the old desk it is forwarded again, and the holder knows its id."""
    town = Town()
    case = town.file("1")
    town.order(m.HandOverCase, case, to_desk="yi")
    order = town.made(m.EscalateCase, case)
    assert ["OrderForwarded", "CaseEscalated", "AssignmentOffered"] == names(town.tell("jia", order))
    assert ["OrderForwarded", "OrderRepeated"] == names(town.tell("jia", order))
    assert ["OrderRepeated"] == names(town.tell("yi", order))


def test_updates_follow_a_case_that_left() -> None:
    """The source's word reaches whoever holds the case now."""
    town = Town()
    case = town.file("1")
    town.order(m.HandOverCase, case, to_desk="yi")
    town.file("1", title="again", digest="2")
    assert ("yi", "again") == (town.where(case), town.case(case).title)


def test_an_unknown_case_is_told_so() -> None:
    """Version 0, nothing held."""
    town = Town()
    refused = one(town.order(m.AcceptAssignment, "c-nobody"), e.OrderRefused)
    assert ("unknown_case", 0, "", "") == (refused.reason, refused.case_version, refused.status, refused.holder)


def test_where_a_case_went_is_forgotten_after_its_window() -> None:
    """90 days; then the case is unknown, and the memory is bounded."""
    town = Town()
    case = town.file("1")
    town.work(case, until="closed")
    assert "closed" == refusal(town.order(m.CheckCase, case, at_desk="jia"))
    town.wait(hours=24 * 90)
    town.order(m.CheckCase, "c-other")
    assert "unknown_case" == refusal(town.order(m.CheckCase, case, at_desk="jia"))
    assert {} == town.desk("jia").gone


def test_a_refusal_says_what_is_true_now() -> None:
    """Status, holder and version, so that a screen can show why."""
    town = Town()
    case = town.file("1")
    refused = one(town.order(m.CloseCase, case, actor=CHECKER), e.OrderRefused)
    assert (case, 2, "CloseCase", CHECKER, "forbidden_now", "offered", "A1-A") == (
        refused.case_id, refused.case_version, refused.order, refused.actor, refused.reason, refused.status,
        refused.holder,
    )  # fmt: skip


def test_an_accepted_round_is_over() -> None:
    """After an accept and a withdrawal everybody may be asked again."""
    town = Town()
    case = town.file("1")
    town.wait(minutes=15)
    assert ("A1-A",) == town.case(case).tried
    town.order(m.AcceptAssignment, case)
    assert () == town.case(case).tried


def test_a_receipt_keeps_the_lease_running() -> None:
    """A device has the offer: no human said anything."""
    town = Town()
    case = town.file("1")
    town.order(m.ReceiveOffer, case)
    held = town.case(case).assignment
    assert held
    assert (True, MONDAY + 15 * MINUTE) == (held.received, held.due_at)
    town.wait(minutes=15)
    assert "LeaseExpired" in town.story(case)


def test_the_holders_leader_may_answer() -> None:
    """The leader speaks for the squad."""
    town = Town()
    case = town.file("1")
    assert "A1" == holder(town.case(case)).squad
    events = town.order(m.AcceptAssignment, case, actor=m.Actor("A1-008", "leader", "A1"))
    assert ["AssignmentAccepted"] == names(events)
