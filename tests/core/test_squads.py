"""How a squad is reached and what happens while it is silent: the ladder of each priority, an outage of ours, pushes,
calls, a leader's handover, a collector's look."""

from typing import Any

import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.case import Assignment
from dispatchers.clock import MINUTE
from dispatchers.explain import Told, explain, in_order
from tests.core.test_escalation import outage
from tests.support import BORDER_COLLECTOR, CITY, COLLECTOR, MONDAY, NOTIFIER, PACK, Town, holder, names, one

LEADER = m.Actor("A1-008", "leader", "A1")
HOME = ["home A1-A 1", "another_team A1-B 1", "leader A1-L 2"]
HELP = ["mobile AM-A 1", "mobile AM-B 1", "neighbour A2-A 1", "neighbour A2-B 1"]
AT_THE_END = ["SuperiorAlerted bureau-jia", "CaseNeedsOperator nobody_answered"]


def refusal(events: list[e.AnyEvent]) -> str:
    return one(events, e.OrderRefused).reason


def held(town: Town, case: str) -> Assignment:
    now = town.case(case).assignment
    assert now
    return now


def blamed(event: e.LeaseExpired) -> tuple[str, str]:
    assert event.blame
    return event.blame.responsibility, event.blame.unit


# -- the ladder --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "offers"),
    [("collapse", HOME + HELP), ("burning", HOME + HELP), ("stall", HOME), ("refuse", HOME)],
    ids=["P0", "P1", "P2", "P3"],
)
def test_the_whole_ladder_by_the_clock(item: str, offers: list[str]) -> None:
    """Another team, the leader by the next channel, for the two highest priorities the county's team and the neighbour,
    then the superior and the operator, then the city desk: each an event with its reason, at the very instant that the
    ladder's data say, so that the top is reached by the sum of them."""
    town = Town()
    case = town.file("1", item)
    step = CITY.ladder[town.case(case).priority]
    town.wait(step.lease.ms * len(offers) + step.operator.ms)
    told: list[tuple[int, str]] = []
    for record in town.records:
        for event in record.events:
            if isinstance(event, e.AssignmentOffered):
                told.append((record.at, f"{event.basis.step} {event.team} {event.channel}"))
                assert [s.detail for s in event.steps if s.rule == "step"] == [event.basis.step]
            elif isinstance(event, e.LeaseExpired):
                assert "enforcement" == blamed(event)[0]
            elif isinstance(event, e.SuperiorAlerted):
                assert event.reason == "nobody_answered"
                told.append((record.at, f"SuperiorAlerted {event.organisation}"))
            elif isinstance(event, e.CaseNeedsOperator):
                told.append((record.at, f"CaseNeedsOperator {event.reason}"))
            elif isinstance(event, e.CaseHandedOver):
                told.append((record.at, f"CaseHandedOver {event.to_desk} {event.reason}"))
    asked = [(MONDAY + n * step.lease.ms, offer) for n, offer in enumerate(offers)]
    silent = MONDAY + len(offers) * step.lease.ms
    last = [(silent, word) for word in AT_THE_END] + [
        (silent + step.operator.ms, "CaseHandedOver ding operator_silent")
    ]
    assert told[: len(asked) + 3] == asked + last
    assert ("ding", "bureau-jia") == (town.where(case), town.case(case).alerted)


def test_the_superior_is_told_once() -> None:
    """An operator who asks the squad again gets the same silence; nobody tells the superior a second time."""
    town = Town()
    case = town.file("1")
    town.wait(minutes=45)
    town.order(m.AssignCase, case, squad="A1", team="A1-A")
    again = names(town.wait(minutes=15))
    assert ["LeaseExpired", "CaseNeedsOperator"] == again
    assert 1 == town.story(case).count("SuperiorAlerted")


def test_nobody_is_told_of_a_squad_that_was_never_asked() -> None:
    """Whoever is off duty is not silent."""
    town = Town()
    town.duty(False, "A1", "AM", "A2")
    case = town.file("1", "burning")
    assert ("operator", "") == (town.case(case).status, town.case(case).alerted)
    assert "SuperiorAlerted" not in town.story(case)


def test_a_late_accept_is_told_what_is_true() -> None:
    """Fencing: the offer ran out, the refusal says which team has the case now."""
    town = Town()
    case = town.file("1")
    late = town.made(m.AcceptAssignment, case)
    town.wait(minutes=15)
    now = town.case(case)
    told = one(town.tell("jia", late), e.OrderRefused)
    assert ("not_yours_any_more", "offered", "A1-B", now.version) == (
        told.reason, told.status, told.holder, told.case_version,
    )  # fmt: skip


# -- an outage of ours -------------------------------------------------------------------------------------------------


def test_what_is_most_urgent_goes_to_the_operator_after_an_outage() -> None:
    """P0 waits for no second lease: it ran out, by our fault, and the operator has it in the same record."""
    town = Town()
    case = town.file("1", "collapse")
    events = outage(town, 6)
    assert ["LeaseExpired", "CaseNeedsOperator"] == names(events)
    expired, asked = one(events, e.LeaseExpired), one(events, e.CaseNeedsOperator)
    assert ("post", "jia") == blamed(expired)
    assert ("outage", "A1") == (asked.reason, asked.detail)
    assert asked.operator_due == town.now + CITY.ladder[0].operator.ms
    assert case == asked.case_id


@pytest.mark.parametrize("item", ["burning", "stall", "refuse"])
def test_everything_else_is_extended_once(item: str) -> None:
    """The whole lease again; a second outage is no second excuse."""
    town = Town()
    case = town.file("1", item)
    lease = CITY.ladder[town.case(case).priority].lease.ms
    assert one(outage(town, 60), e.LeaseExtended).due_at == MONDAY + 60 * MINUTE + lease
    assert "LeaseExpired" in names(outage(town, 60))
    assert 1 == town.story(case).count("LeaseExtended")


# -- pushes and calls --------------------------------------------------------------------------------------------------


def test_a_push_is_told_and_changes_no_hands() -> None:
    """In every status of the assignment; what need not be tried again is remembered in its order, the rest is not."""
    town = Town()
    case = town.file("1")
    hands = town.case(case).changed_hands
    results: list[tuple[str, m.PushResult]] = [
        ("webhook", "failed"), ("webpush", "limited"), ("webhook", "sent"), ("mqtt", "skipped"),
        ("worknotice", "refused"),
    ]  # fmt: skip
    for channel, result in results:
        event = one(town.order(m.ReportPush, case, channel=channel, result=result, detail="503"), e.OfferPushed)
        assert (channel, result, "503") == (event.channel, event.result, event.detail)
    assert hands == town.case(case).changed_hands
    town.order(m.AcceptAssignment, case)
    town.order(m.ReportPush, case, channel="webpush")
    town.order(m.ReportArrival, case)
    town.order(m.ReportPush, case, channel="webpush")
    assert ("webhook", "mqtt", "worknotice", "webpush") == held(town, case).pushed


def test_a_push_that_is_reported_again_changes_nothing() -> None:
    """The same id is the same report, though a process died between sending and saying so."""
    town = Town()
    case = town.file("1")
    report = town.made(m.ReportPush, case)
    town.tell("jia", report)
    before = town.case(case)
    assert ["OrderRepeated"] == names(town.tell("jia", report))
    assert before == town.case(case)


def test_a_push_of_an_offer_that_is_over_is_refused() -> None:
    """It went out too late: another team has the case."""
    town = Town()
    case = town.file("1")
    late = town.made(m.ReportPush, case)
    town.wait(minutes=15)
    assert "not_yours_any_more" == refusal(town.tell("jia", late))
    assert () == held(town, case).pushed


def test_only_the_notifier_says_what_was_pushed_and_nothing_else() -> None:
    """Neither the squad nor an operator; and the notifier accepts nothing for anybody."""
    town = Town()
    case = town.file("1")
    for actor in (holder(town.case(case)), m.Actor("op-1", "operator")):
        assert "not_your_role" == refusal(town.order(m.ReportPush, case, actor=actor))
    kinds: list[type[m.CaseOrder]] = [m.AcceptAssignment, m.ReceiveOffer, m.EscalateCase]
    for kind in kinds:
        assert "not_your_role" == refusal(town.order(kind, case, actor=NOTIFIER))


def test_a_call_is_kept() -> None:
    """Whom the operator telephoned, in any status that runs; nobody about a complaint of their own squad."""
    town = Town()
    case = town.file("1")
    call = one(town.order(m.RecordCall, case, squad="A1", note="on the way"), e.CallMade)
    assert ("A1", "on the way", "op-1") == (call.squad, call.note, call.actor and call.actor.id)
    assert "offered" == town.case(case).status
    assert "unknown_squad" == refusal(town.order(m.RecordCall, case, squad="Z9"))
    assert "not_your_role" == refusal(town.order(m.RecordCall, case, squad="A1", actor=LEADER))
    town.work(case, until="disposed")
    assert "forbidden_now" == refusal(town.order(m.RecordCall, case, squad="A1"))
    town.file("2", "conduct", facts={"squad": "A1"})
    about = next(c for c in town.desk("ding").cases.values() if c.item == "conduct")
    assert about.about == ("A1",)
    assert "about_them" == refusal(town.order(m.RecordCall, about.id, squad="A1"))


# -- a leader's handover -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("until", ["", "accepted", "on_site"])
def test_a_leader_hands_over_within_the_squad(until: str) -> None:
    """At a shift's end: offered, accepted or on site, another team is offered it, with the reason and by whom."""
    town = Town()
    case = town.file("1")
    if until:
        town.work(case, until=until)
    events = town.order(m.AssignCase, case, actor=LEADER, squad="A1", team="A1-B", reason="our shift ends")
    assert ["AssignmentWithdrawn", "AssignmentOffered"] == names(events)
    offered = one(events, e.AssignmentOffered)
    assert ("A1-B", "handover", "our shift ends", LEADER) == (
        offered.team, offered.basis.step, offered.basis.reason, offered.actor,
    )  # fmt: skip


def test_a_handover_lowers_no_level() -> None:
    """What is the county's by now stays so, whichever team of the town works on it."""
    town = Town()
    case = town.file("1")
    town.work(case, until="accepted")
    town.order(m.EscalateCase, case)
    events = town.order(m.AssignCase, case, actor=LEADER, squad="A1", team="A1-B", reason="our shift ends")
    assert ["AssignmentWithdrawn", "AssignmentOffered"] == names(events)
    assert "county" == town.case(case).level


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"reason": ""}, "reason_missing"),
        ({"squad": "A2", "team": "A2-A"}, "own_squad_only"),
        ({"squad": "", "team": "", "unit": "JA-works"}, "own_squad_only"),
        ({"team": ""}, "unknown_team"),
        ({"team": "A2-A"}, "unknown_team"),
        ({"team": "A1-N"}, "off_duty"),
        ({"actor": m.Actor("A2-005", "leader", "A2"), "squad": "A2", "team": "A2-A"}, "not_your_assignment"),
        ({"actor": m.Actor("A1-001", "squad", "A1")}, "not_your_role"),
    ],
)
def test_a_leader_is_bound_by_the_rules(fields: dict[str, Any], reason: str) -> None:
    """Own squad to own squad, with a reason, to whom the rules would give it; the case stays where it is."""
    town = Town()
    case = town.file("1")
    before = town.case(case)
    given = {"actor": LEADER, "squad": "A1", "team": "A1-B", "reason": "our shift ends"}
    assert reason == refusal(town.order(m.AssignCase, case, **{**given, **fields}))
    assert before == town.case(case)


def test_a_leader_hands_over_no_specialist_matter_to_others() -> None:
    """The pair of the team that gets it is certified, or it does not get it."""
    town = Town()
    case = town.file("1", "chemicals")
    assert "A1-B" == held(town, case).team
    told = town.order(m.AssignCase, case, actor=LEADER, squad="A1", team="A1-A", reason="our shift ends")
    assert "no_certified_pair" == refusal(told)


def test_nothing_is_handed_over_that_waits_for_others() -> None:
    """Under review, or disposed of and to be checked, it is not the leader's to move."""
    town = Town()
    returning, done = town.file("1"), town.file("2")
    town.order(m.ReturnAssignment, returning, reason="wrong_item", basis="art. 9")
    town.work(done, until="disposed")
    for case in (returning, done):
        told = town.order(m.AssignCase, case, actor=LEADER, squad="A1", team="A1-B", reason="our shift ends")
        assert "forbidden_now" == refusal(told)


# -- whose look it is --------------------------------------------------------------------------------------------------


def test_a_collector_reports_the_own_look_alone() -> None:
    """Who was told to look is in the case until it is known; another collector's report is refused."""
    town = Town()
    case = town.file("1", "ufo")
    town.order(m.VerifyCase, case, reason="is it there")
    assert COLLECTOR.id == town.case(case).collector
    assert "not_asked_of_you" == refusal(town.order(m.ReportVerification, case, actor=BORDER_COLLECTOR, found=True))
    assert COLLECTOR.id == town.case(case).collector
    assert "CaseVerified" in names(town.order(m.ReportVerification, case, actor=COLLECTOR, found=True))
    assert "" == town.case(case).collector


def test_a_look_that_nobody_made_is_nobodys_any_more() -> None:
    """The half hour is over: the operator has the case."""
    town = Town()
    case = town.file("1", "ufo")
    town.order(m.VerifyCase, case, reason="is it there")
    town.wait(minutes=30)
    assert ("operator", "") == (town.case(case).status, town.case(case).collector)
    assert "forbidden_now" == refusal(town.order(m.ReportVerification, case, actor=COLLECTOR, found=True))


def test_the_city_knows_how_to_reach_a_squad() -> None:
    """Channels by priority, the quickest first and within half the lease; telephones; how long a terminal may rest."""
    for ladder in PACK.ladders:
        delays = [channel.after_ms for channel in CITY.channels[ladder.priority]]
        assert delays == sorted(delays)
        assert delays[-1] * 2 <= CITY.ladder[ladder.priority].lease.ms
    assert CITY.channels[0][0].after_ms < CITY.channels[3][0].after_ms
    assert CITY.channels[9] == CITY.channels[3], "of a priority that is no more"
    assert ("60001", 5 * MINUTE) == (CITY.squads["A1"].phone, CITY.node_silence_ms)


def test_the_story_tells_who_was_reached_and_how() -> None:
    """Pushes, the superior, the call and the handover, in both languages."""
    town = Town()
    case = town.file("1")
    town.order(m.ReportPush, case, channel="webpush", result="limited", detail="429")
    town.order(m.AssignCase, case, actor=LEADER, squad="A1", team="A1-B", reason="our shift ends")
    town.wait(minutes=60)
    town.order(m.RecordCall, case, squad="A1", note="in the cellar")
    told = in_order(Told(0, "jia", event, CITY) for event in town.events(case))
    zh, en = explain(told, 0), explain(told, 0, "en")
    for line in (
        "经浏览器推送：已达限额，稍后再送（429）", "队长在本中队内交接", "理由：our shift ends",
        "一街道中队派单无人应答，已告知甲县执法局", "已电话联系一街道中队队长：in the cellar",
    ):  # fmt: skip
        assert line in zh
    for line in (
        "pushed through web push: its limits are reached for now (429)", "handed over within the squad by its leader",
        "its daily superior, is told", "the leader of 一街道中队 was telephoned: in the cellar",
    ):  # fmt: skip
        assert line in en
