"""Odd but possible sequences: what a desk's people, a phone or a clock may do, and what must hold all the same."""

import datetime as dt

import msgspec
import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.case import Case
from dispatchers.record import encode_record
from dispatchers.rows import Authority, CityPack, MergeRule, Posting, Rollout
from dispatchers.writer import snapshot
from tests.support import CHIEF, COORDINATION, HOTLINE, OPERATOR, PACK, SUPERVISOR, at, changed, windows
from tests.support_scenarios import Story, added, due, kinds, refused, shown

SINCE = {"valid_from": dt.date(2026, 1, 1), "source": "invented"}
RULING = {"document": "协裁1号", "reason": "x", "actor": COORDINATION}
AUX, FORMAL = "A1-003", ("A1-001", "A1-002")


def on_site(item: str = "stall", pack: CityPack = PACK) -> tuple[Story, str]:
    """A case at which a squad has arrived."""
    story = Story(pack)
    case = story.file("09:00", "1", item)
    story.work(case, "09:01", "09:02")
    return story, case


def now(story: Story, case: str) -> Case:
    return story.case(case)


# -- ends, and the way back --------------------------------------------------------------------------------------------


def test_a_reopening_in_the_last_millisecond() -> None:
    """Given a case that may be reopened for 30 days; when it is at the very instant at which that ends; then it is too
    late, and the desk's log can still be folded; a moment before it goes."""
    for when, ends in (("2026-08-12 09:09:59", []), ("2026-08-12 09:10", ["too_late"])):
        story = Story()
        case = story.file("09:00", "1", "stall")
        story.work(case, "09:01", "09:02", "09:05")
        story.finish(case, "09:10")
        back = {"at_desk": "jia", "cause": "fault", "reason": "r", "actor": SUPERVISOR}
        assert refused(story.tell(when, m.ReopenCase, case, **back)) == ends
        story.file("2026-08-12 09:30", "2", "stall")


def test_what_the_police_sent_back_is_opened_again() -> None:
    """Given a case that was transferred as a crime; when the police decline it weeks later; then the supervisor reopens
    it, and somebody has it."""
    story, case = on_site()
    leader = m.Actor("A1-008", "leader", "A1")
    story.tell("09:20", m.ProposeCriminalTransfer, case, reason="a knife", actor=leader)
    story.tell("10:00", m.DecideCriminalTransfer, case, transferred=True, document="公1号", actor=CHIEF)
    back = {"at_desk": "jia", "cause": "reconsideration", "reason": "declined", "actor": SUPERVISOR}
    assert refused(story.tell("2026-07-20 09:00", m.ReopenCase, case, **back)) == []
    assert story.holder(case) == "A1"


# -- the penalty's clock -----------------------------------------------------------------------------------------------


def test_a_penalty_is_filed_twice() -> None:
    """Given a penalty file whose disposal failed the check; when a second file is opened; then the 90 days run from the
    first, are said to be over once, and the limit of disposal, which the first file answered, is not revived."""
    story, case = on_site()
    story.tell("09:20", m.FilePenalty, case, file_no="1")
    first = due(now(story, case).terms, "penalty")
    story.tell("2026-07-20 09:00", m.ReportDisposal, case, result="general_filed")
    story.tell("09:30", m.CheckCase, case, passed=False)
    story.tell("10:00", m.ReportArrival, case)
    story.tell("10:30", m.FilePenalty, case, file_no="2")
    assert [t.name for t in now(story, case).terms].count("penalty") == 1
    assert due(now(story, case).terms, "penalty") == first == "2026-10-11 09:20"
    story.wait("2026-10-20 09:00")
    assert [x.name for x in story.all(e.DeadlineMissed, case)].count("penalty") == 1
    assert "dispose" not in [x.name for x in story.all(e.DeadlineMissed, case)]


def test_the_officer_of_a_penalty_turns_out_to_be_a_cousin() -> None:
    """Given a penalty file of a squad; when one of its officers is recused; then others of the squad decide it, and the
    chief may give it to another squad; the operator may not, and the 90 days run on."""
    story, case = on_site()
    story.tell("09:20", m.FilePenalty, case, file_no="1")
    assert refused(story.tell("09:30", m.RecuseOfficers, case, officers=("A1-001",), reason="a cousin")) == []
    assert story.tell("09:40", m.ReportDisposal, case, result="general_filed") == [] or story.all(e.ActRefused, case)
    story, case = on_site()
    story.tell("09:20", m.FilePenalty, case, file_no="1")
    to = {"squad": "AM", "reason": "a cousin of all"}
    assert refused(story.tell("09:30", m.AssignCase, case, **to)) == ["forbidden_now"]
    assert refused(story.tell("09:31", m.AssignCase, case, actor=CHIEF, **to)) == []
    assert (story.holder(case), due(now(story, case).terms, "penalty")) == ("AM", "2026-10-11 09:20")


def test_recused_between_the_act_and_the_rework() -> None:
    """Given a disposal one of whose officers is recused before the check; when the check fails; then the team has the
    case again, but an act is that officer's no more: two others must be named."""
    story, case = on_site()
    story.tell("09:20", m.ReportDisposal, case)
    assert refused(story.tell("09:30", m.RecuseOfficers, case, officers=("A1-001",), reason="a cousin")) == []
    story.tell("09:40", m.CheckCase, case, passed=False)
    assert (now(story, case).owner, now(story, case).assignment.officers) == ("A1", ("A1-002",))  # type: ignore[union-attr]
    story.tell("09:50", m.ReportArrival, case)
    told = story.tell("10:00", m.ReportDisposal, case, officers=("A1-004", "A1-005"))
    assert "CaseDisposed" in kinds(told)


# -- limits ------------------------------------------------------------------------------------------------------------


def test_a_supervision_of_a_million_years() -> None:
    """Given a supervision with a limit that no calendar has; when it is ordered; then it is refused, and the desk can
    still write its snapshot; a second document gives no more time than the first."""
    story, case = on_site()
    long = {"actor": SUPERVISOR, "document": "1"}
    endless = story.tell("09:20", m.SuperviseCase, case, limit="99999999999999999999 hours", **long)
    assert refused(endless) == ["limit_unreadable"]
    assert snapshot(story.decide.memory.desks["jia"].writer)
    story.tell("09:21", m.SuperviseCase, case, limit="2 hours", **long)
    story.tell("09:22", m.SuperviseCase, case, limit="300 days", actor=CHIEF, document="2")
    assert due(now(story, case).terms, "supervise") == "2026-07-13 11:21"


def test_an_overdue_case_that_was_suspended_and_taken_away() -> None:
    """Given a case that is overdue and suspended; when the operator gives it to another squad, who go there; then its
    lateness is said again: it has a clock."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.work(case, "09:05", "09:10")
    story.tell("14:50", m.RequestSuspension, case, reason="r", until=at("2026-07-20 09:00"))
    story.tell("15:05", m.ReviewRelaxation, case, approved=True)
    story.tell("15:06", m.ReviewRelaxation, case, approved=True, actor=CHIEF)
    story.tell("15:10", m.AssignCase, case, squad="AM", reason="they can")
    story.work(case, "15:11", "15:12")
    assert now(story, case).next_due > 0
    before = len(story.all(e.DeadlineMissed, case))
    story.wait("2026-07-16 09:00")
    assert len(story.all(e.DeadlineMissed, case)) > before


@pytest.mark.parametrize(("who", "due_at"), [("", "15:20"), ("A1", "15:20"), ("A2", "17:20")])
def test_whose_return_stopped_the_limit(who: str, due_at: str) -> None:
    """Given 4 working hours of which 2 are spent when an officer is recused; when the same squad's other team, the same
    squad by order or another squad goes on 20 minutes later; then the first two have the rest, and only the other squad
    begins anew: nobody gets a fresh limit for a recusal of its own."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.tell("09:05", m.AcceptAssignment, case)
    if who:
        story.tell("11:00", m.ReturnAssignment, case, reason="no_capacity", basis="two are ill")
        story.tell("11:20", m.AssignCase, case, squad=who, reason="now it goes")
        assert due(story.last(e.AssignmentOffered, case).terms) == f"2026-07-13 {due_at}"
        return
    story.tell("11:00", m.RecuseOfficers, case, officers=("A1-001",), reason="a cousin")
    assert due(story.last(e.AssignmentOffered, case).terms) == "2026-07-13 15:00"


def test_a_recusal_after_anothers_return_gives_no_fresh_limit() -> None:
    """Given a squad that has a new limit since another gave the case back; when one of its own officers is recused and
    the operator gives it to its other team; then that one goes on with what was left of it: whose return stopped the
    limit counts, not who ever gave the case back."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.tell("09:10", m.ReturnAssignment, case, reason="no_capacity", basis="two are ill")
    story.tell("09:11", m.AssignCase, case, squad="A2", reason="near")
    assert due(story.last(e.AssignmentOffered, case).terms) == "2026-07-13 15:11"
    story.tell("09:12", m.AcceptAssignment, case)
    first = story.last(e.AssignmentOffered, case).officers[0]
    story.tell("11:00", m.RecuseOfficers, case, officers=(first,), reason="a cousin")
    story.tell("11:01", m.AssignCase, case, squad="A2", reason="the other team")
    assert due(now(story, case).terms) == "2026-07-13 15:12"


def test_a_department_that_finds_a_new_article_every_time() -> None:
    """Given a department that returns its case again and again, each time by another article; when it does; then its
    term to sign is not renewed, and after some returns the coordination body has the case."""
    story = Story()
    case = story.file("09:00", "1", "safety", title="从未检查")
    sign = story.one(e.WorkOrderIssued, case).receipt_due_at
    for n in range(4):
        story.tell(f"09:{10 + n}", m.ReturnAssignment, case, reason="not_our_power", basis=f"art. {n}")
        if story.all(e.DisputeOpened, case):
            break
        assert now(story, case).assignment
        assert story.all(e.ReturnRefused, case)[-1].due_at == sign
    assert (len(story.all(e.ReturnRefused, case)), len(story.all(e.DisputeOpened, case))) == (2, 1)


def test_a_reply_that_has_no_limit_has_a_clock() -> None:
    """Given a kind of report whose answer has no limit; when its unit has signed; then something falls due still."""
    story = Story(changed(PACK, "replies", {"kind": "praise"}, limit=""))
    case = story.file("09:00", "1", "no_such_thing", kind="praise")
    story.work(case, "09:05")
    assert (now(story, case).status, now(story, case).next_due > 0) == ("unit_working", True)


# -- many reports ------------------------------------------------------------------------------------------------------


def test_a_report_about_a_suspended_matter() -> None:
    """Given a fallen tree that waits for a crane, suspended; when it is reported again two days later, and urged often;
    then the report joins it, nobody is sent a second time, and nothing breaks."""
    pack = changed(PACK, "merges", {"item": "tree"}, window="20 days")
    story = Story(pack)
    case = story.file("09:00", "1", "tree")
    story.work(case, "09:05")
    story.tell("09:10", m.RequestSuspension, case, reason="a crane", until=at("2026-08-20 09:00"))
    story.tell("09:11", m.ReviewRelaxation, case, approved=True)
    story.tell("09:12", m.ReviewRelaxation, case, approved=True, actor=CHIEF)
    again = [story.file(f"2026-07-15 09:0{n}", f"2{n}", "tree") for n in range(6)]
    assert [x.case_id for x in story.all(e.CaseMerged)] == again
    assert now(story, case).status == "suspended"


def test_a_child_that_was_answered_with_its_parent_and_split() -> None:
    """Given a child whose caller was told what its parent's was; when it is split, as another tree; then that was no
    answer to it: a reply is owed from its own receipt, and it cannot be closed without."""
    story = Story()
    parent, child = story.file("09:00", "1", "tree"), story.file("09:05", "2", "tree")
    story.tell("09:10", m.AnswerCaller, parent, text="we are on our way")
    assert story.one(e.CallerAnswered, child).with_parent
    story.tell("09:20", m.SplitCase, child, reason="another tree")
    story.work(child, "09:30", "09:40")
    assert refused(story.finish(child, "09:50", "")) == ["reply_missing"]
    assert kinds(story.tell("09:51", m.CloseCase, child, reply="gone"))[:1] == ["CallerAnswered"]


def test_a_complaint_about_a_squad_joins_no_other_matter() -> None:
    """Given complaints about two squads; when they are of one place, and an operator would merge them; then they stay
    two, since the one accused would have a say in the other's matter."""
    pack = added(PACK, "merges", MergeRule(item="conduct", radius=200, window="2 hours", raise_at=10, source="x"))
    story = Story(pack)
    complaint = story.file("09:00", "1", "conduct")
    other = story.file("09:01", "2", "conduct", facts={"about": "A2"})
    assert story.all(e.CaseMerged) == []
    assert (now(story, complaint).about, now(story, other).about) == (("A1",), ("A2",))
    told = story.tell("09:05", m.MergeCase, complaint, parent=other, reason="one matter")
    assert refused(told) in (["no_parent_for_it"], ["forbidden_now"])


# -- who may act -------------------------------------------------------------------------------------------------------


def test_a_penalty_is_two_officers_whatever_the_item_says() -> None:
    """Given a cordon at a gas leak and an item that auxiliaries may see to; when an auxiliary alone reports a penalty;
    then that is no act, and the evidence is kept; what punishes nobody the auxiliary may report."""
    for pack, item in ((PACK, "gasleak"), (changed(PACK, "items", {"id": "stall"}, crew="support"), "stall")):
        story, case = on_site(item, pack)
        alone = {"officers": (AUX,), "evidence": ("photo",)}
        told = story.tell("09:20", m.ReportDisposal, case, result="simple_penalty", **alone)
        assert ("CaseDisposed" in kinds(told), story.one(e.ActRefused, case).evidence) == (False, ("photo",))
        story, case = on_site(item, pack)
        assert "CaseDisposed" in kinds(story.tell("09:20", m.ReportDisposal, case, result="corrected", **alone))


def test_with_an_experts_word_a_general_certificate_is_enough() -> None:
    """Given a matter for specialists, of whom a squad has none; when its operator gives it the case before and after
    the department has signed to support it; then only after, and the act of two officers with general certificates
    stands; a squad's support, or a department that did not sign, is no expert."""
    story = Story()
    case = story.file("09:00", "1", "chemicals", "990201")
    give = {"squad": "B1", "reason": "with their expert"}
    assert refused(story.tell("09:01", m.AssignCase, case, **give)) == ["no_certified_pair"]
    ask = {"kind": "support", "task": "an expert"}
    story.tell("09:02", m.AskOffice, case, unit="DI-safety", **ask)
    made = story.one(e.RequestMade, case).request
    story.tell("09:03", m.AskOffice, case, squad="B2", **ask)
    assert refused(story.tell("09:04", m.AssignCase, case, **give)) == ["no_certified_pair"]
    story.tell("09:05", m.SignRequest, case, request_id=made.id, actor=m.Actor("DI-safety", "unit"))
    assert refused(story.tell("09:06", m.AssignCase, case, **give)) == []
    story.work(case, "09:07", "09:08", "09:20", result="simple_penalty")
    assert story.one(e.CaseDisposed, case).squad == "B1"


def test_who_is_lent_out_does_not_act() -> None:
    """Given an officer who is lent to another post; when an act of theirs is reported; then it is none."""
    story, case = on_site(pack=added(PACK, "postings", Posting(officer="A1-001", to="街道办事处", **SINCE)))
    story.tell("09:20", m.ReportDisposal, case, officers=FORMAL)
    assert story.one(e.ActRefused, case).reason == "not_an_officer_of_the_squad"


def test_an_act_before_the_case_was_theirs() -> None:
    """Given a certificate that ended two days before the case came; when the act is claimed to be of that day; then the
    claim is not believed: nobody acts in a case before having it."""
    pack = changed(PACK, "certificates", {"officer": "A1-001"}, valid_to=dt.date(2026, 7, 11))
    story = Story(pack)
    case = story.file("09:00", "1", "stall")
    story.tell("09:01", m.AssignCase, case, squad="A1", team="A1-B", reason="x")
    story.work(case, "09:05", "09:10")
    story.tell("09:20", m.ReportDisposal, case, officers=FORMAL, happened_at=at("2026-07-11 10:00"))
    assert story.one(e.ActRefused, case).reason == "no_valid_certificate"


def test_strangers_speak_of_nobody_elses_case() -> None:
    """Given a case of squad A1; when another squad, its leader or a unit recuses, asks, proposes a transfer or answers
    the caller in it; then each is refused, and the squad has it still."""
    story, case = on_site()
    stranger, leader = m.Actor("B1-001", "squad", "B1"), m.Actor("A2-005", "leader", "A2")
    orders = (
        (m.RecuseOfficers, {"officers": ("A1-001",), "reason": "r", "actor": stranger}),
        (m.ProposeCriminalTransfer, {"reason": "r", "actor": leader}),
        (m.AskOffice, {"kind": "notice", "unit": "DI-police", "task": "t", "actor": leader}),
        (m.AnswerCaller, {"text": "go away", "actor": m.Actor("DI-fire", "unit")}),
    )
    for kind, fields in orders:
        assert refused(story.tell("09:20", kind, case, **fields)) == ["not_your_assignment"], kind
    assert now(story, case).owner == "A1"
    strange = {"reason": "recusal", "basis": "a cousin", "officers": ("A2-001",)}
    assert refused(story.tell("09:21", m.ReturnAssignment, case, **strange)) == ["unknown_officer"]


def test_naming_officers_spares_no_squad_that_gives_back() -> None:
    """Given a squad that gives a case back for want of people and names two of them; when somebody is sought; then the
    squad is not asked again, and its officers are not recused."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.tell("09:05", m.ReturnAssignment, case, reason="no_capacity", basis="ill", officers=FORMAL)
    assert (now(story, case).barred, now(story, case).recused) == (("A1",), ())


def test_the_dispatcher_does_not_certify() -> None:
    """Given a case that an operator gave to a squad; when that operator checks the result; then it is refused, as for
    who disposed; another one may."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.tell("09:01", m.AssignCase, case, squad="A1", team="A1-B", reason="x")
    story.work(case, "09:05", "09:10", "09:20")
    assert refused(story.tell("09:30", m.CheckCase, case, actor=OPERATOR)) == ["own_work"]
    assert refused(story.tell("09:31", m.CheckCase, case, actor=m.Actor("op-2", "operator"))) == []


# -- whose it is -------------------------------------------------------------------------------------------------------


def test_what_turns_out_to_be_about_the_force() -> None:
    """Given a report that nobody understood; when the operator finds that it is about a squad's conduct; then it is the
    city desk's at once, and the squad neither gets it nor may say a word in it."""
    story = Story()
    case = story.file("09:00", "1", "never_heard")
    story.tell("09:05", m.ClassifyCase, case, item="conduct", reason="they were rude")
    assert (story.desks(case), now(story, case).about) == (["jia", "ding"], ("A1",))
    assert story.holder(case) == "DI-conduct"
    checker = m.Actor("A1-001", "checker", "A1")
    assert refused(story.tell("09:10", m.CheckCase, case, actor=checker)) != []


def test_a_ruling_is_about_what_the_case_was() -> None:
    """Given a ruling that a stall is squad A1's; when it is found to be a matter of personal liberty; then the ruling
    names nobody for that: it is the police's."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.tell("09:02", m.OpenDispute, case, reason="both deny")
    duty = {"at_desk": "jia", "desk": "jia", "officers": tuple(o.number for o in PACK.officers if o.squad == "A1")}
    story.tell("09:03", m.SetDuty, on_duty=False, **duty)
    story.tell("09:05", m.RuleDispute, case, squad="A1", **RULING)
    assert story.last(e.CaseNeedsOperator, case).reason == "designated_cannot"
    story.tell("09:10", m.ClassifyCase, case, item="detain", reason="it was a fight")
    assert (story.holder(case), now(story, case).final) == ("DI-police", False)


def test_nobody_takes_a_case_out_of_a_dispute() -> None:
    """Given a case before the coordination body; when an operator gives it to somebody or to another desk; then that is
    refused: whose it is, is what is being ruled on."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.tell("09:02", m.OpenDispute, case, reason="both deny")
    assert refused(story.tell("09:03", m.AssignCase, case, squad="A2", reason="x")) == ["forbidden_now"]
    assert refused(story.tell("09:04", m.HandOverCase, case, to_desk="ding", reason="x")) == ["forbidden_now"]
    assert now(story, case).status == "disputed"


def test_a_dispute_about_what_came_up_from_a_county() -> None:
    """Given a case that a county's squad had first and that came up to the city, where nobody answers either; when both
    sides deny and the city's operator opens a dispute; then the city's own team has it until the ruling."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.wait("12:00")
    assert (story.desks(case)[-1], now(story, case).status) == ("ding", "operator")
    assert refused(story.tell("12:01", m.OpenDispute, case, reason="both deny")) == []
    assert (now(story, case).owner, now(story, case).owners[0]) == ("X1", "A1")


def test_two_counties_do_not_play_tennis() -> None:
    """Given a case at a border, which two operators hand to each other; when it went to and fro; then it goes no
    further but up, or where coordination says: the hops are counted."""
    story = Story()
    case = story.file("09:00", "1", "stall", (120.1992, 30.1))
    over = {"reason": "yours", "actor": OPERATOR}
    for n, to in enumerate(("yi", "jia")):
        assert refused(story.tell(f"09:1{n}", m.HandOverCase, case, to_desk=to, **over)) == []
    assert (now(story, case).hops, story.desks(case)) == (2, ["jia", "yi", "jia"])
    assert refused(story.tell("09:20", m.HandOverCase, case, to_desk="yi", **over)) == ["handed_over_too_often"]
    assert refused(story.tell("09:21", m.HandOverCase, case, to_desk="ding", **over)) == []


def test_what_is_reserved_is_nobodys_below() -> None:
    """Given an item of the city and an urgent one of the county; when an operator gives one to a town, hands the other
    down, or the ladder runs out; then no town and no county team gets what is reserved above it."""
    pack = changed(PACK, "items", {"id": "countywork"}, priority=1)
    story = Story(pack)
    city, county = story.file("09:00", "1", "reserved"), story.file("09:00", "2", "countywork")
    assert refused(story.tell("09:01", m.AssignCase, county, squad="A1", reason="x")) == ["not_theirs_by_the_list"]
    down = {"to_desk": "jia", "reason": "x", "actor": OPERATOR}
    assert refused(story.tell("09:02", m.HandOverCase, city, **down)) == ["not_theirs_by_the_list"]
    story.wait("10:00")
    assert {x.squad for x in story.all(e.AssignmentOffered, county)} <= {"AM", "X1"}


def test_nobody_is_ordered_to_act_in_another_name() -> None:
    """Given a town that acts in its own name; when an operator gives its case to the neighbour town's squad; then that
    is refused: it would be another organ's act; the county's own team may."""
    own = Authority(item="*", territory="990101", acting_name="一街道办事处", **SINCE)
    story = Story(added(PACK, "authorities", own))
    case = story.file("09:00", "1", "stall")
    assert refused(story.tell("09:01", m.AssignCase, case, squad="A2", reason="near")) == ["another_authority"]
    assert refused(story.tell("09:02", m.AssignCase, case, squad="AM", reason="near")) == []


def test_sent_down_by_an_assignment_is_sent_down() -> None:
    """Given a case that the county took up; when an operator gives it to the town's squad two days before the month
    ends; then that is a sending down like any other: said, marked near the month's end, and not done a second time."""
    story = Story(day="2026-07-31")
    case = story.file("09:00", "1", "stall")
    story.tell("09:05", m.EscalateCase, case, reason="too much", cause="capacity")
    story.tell("09:10", m.AssignCase, case, squad="AM", reason="the county's")
    story.tell("09:15", m.AssignCase, case, squad="A1", reason="after all")
    lowered = story.one(e.CaseLowered, case)
    assert (lowered.level, lowered.month_end, story.holder(case)) == ("town", True, "A1")
    story.tell("09:20", m.EscalateCase, case, reason="again", cause="capacity")
    story.tell("09:21", m.AssignCase, case, squad="AM", reason="the county's")
    assert refused(story.tell("09:25", m.AssignCase, case, squad="A1", reason="no")) == ["lowered_before"]


def test_a_department_that_cannot_now_still_cannot_decline() -> None:
    """Given a department's case; when it returns it for want of people; then the list answers as for any reason: it may
    only dispute (R25); a designated squad gives nothing back but a recusal."""
    story = Story()
    case = story.file("09:00", "1", "safety", title="从未检查")
    told = story.tell("09:05", m.ReturnAssignment, case, reason="no_capacity", basis="all are ill")
    assert [x.reason for x in told if isinstance(x, e.ReturnRefused)] == ["theirs_by_the_list"]
    stall = story.file("09:10", "2", "stall")
    story.tell("09:11", m.OpenDispute, stall, reason="both deny")
    story.tell("09:12", m.RuleDispute, stall, squad="A1", **RULING)
    ill = {"reason": "no_capacity", "basis": "all are ill"}
    assert refused(story.tell("09:13", m.ReturnAssignment, stall, **ill)) == ["ruling_is_final"]


def test_two_rulings_of_one_document() -> None:
    """Given two rulings in one document, both proposed as precedents; when the second comes; then it takes no place of
    the first."""
    story = Story()
    for n, title in enumerate(("从未检查", "从不检查")):
        case = story.file(f"09:0{n}", str(n), "safety", title=title)
        story.tell(f"09:1{n}", m.OpenDispute, case, reason="both deny")
        story.tell(f"09:2{n}", m.RuleDispute, case, squad="A1", precedent=True, **RULING)
    proposed = [x.precedent for x in story.all(e.DisputeRuled)]
    assert len(set(proposed)) == 2
    assert set(story.decide.memory.desks["jia"].writer.state.rulings) == set(proposed)


# -- rescue, rollout ---------------------------------------------------------------------------------------------------


def test_what_began_harmless_smells_of_gas() -> None:
    """Given a stall; when its caller adds that it smells of gas; then the gas company and the fire brigade are told at
    once, and not a second time when the operator says so too."""
    story = Story()
    case = story.file("09:00", "1", "stall", title="占道经营")
    assert story.all(e.RequestMade, case) == []
    story.file("09:10", "1", "stall", title="煤气味很大")
    assert [x.request.unit for x in story.all(e.RequestMade, case)] == ["DI-gas", "DI-fire"]


def test_a_shadow_sends_nobody_to_look() -> None:
    """Given a desk in shadow mode; when a report comes whose place is in doubt; then no collector is sent: an operator
    sees to it."""
    row = Rollout(desk="jia", item="*", mode="shadow", **SINCE)
    story = Story(added(PACK, "rollout", row))
    case = story.file("09:00", "1", "stall", (120.1999, 30.1))
    assert (story.all(e.VerificationOrdered, case), story.last(e.CaseNeedsOperator, case).reason) == ([], "doubt")


def test_a_proposal_that_was_overtaken() -> None:
    """Given a proposal for a stall; when the case is found to be something else, for which nobody is named; then there
    is nothing to confirm."""
    row = Rollout(desk="jia", item="*", mode="propose", **SINCE)
    pack = changed(added(PACK, "rollout", row), "powers", {"row": "P27"}, owner_kind="squad", owner="*")
    story = Story(pack)
    case = story.file("09:00", "1", "stall")
    assert now(story, case).proposal
    story.tell("09:05", m.ClassifyCase, case, item="detain", reason="a fight")
    assert story.last(e.CaseNeedsOperator, case).reason == "nobody_competent"
    assert refused(story.tell("09:06", m.ConfirmProposal, case)) == ["nothing_proposed"]


# -- the caller --------------------------------------------------------------------------------------------------------


def test_a_caller_who_was_told_and_says_it_is_not_so() -> None:
    """Given a case whose caller was answered and called back, and says that it is not solved; when it is done again;
    then the caller is owed another answer and another call."""
    story = Story()
    case = story.file("09:00", "1", "stall", channel="callback")
    story.work(case, "09:05", "09:10", "09:20")
    story.tell("09:25", m.CheckCase, case)
    story.tell("09:26", m.AnswerCaller, case, text="done")
    story.tell("09:30", m.RecordCallback, case, reached=True, solved=False, actor=HOTLINE)
    story.tell("09:40", m.ReportArrival, case)
    story.tell("09:50", m.ReportDisposal, case)
    assert refused(story.finish(case, "10:00", "")) == ["reply_missing"]
    assert refused(story.tell("10:01", m.CloseCase, case, reply="done now")) == ["callback_missing"]


# -- two superiors, another city ---------------------------------------------------------------------------------------


def test_an_order_between_two_superiors_hides_none() -> None:
    """Given the block's assignment, then its urging, then the line's assignment within the minute; when the table gives
    assignments to the block; then the line's is refused, whatever came between."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.tell("09:05:00", m.AssignCase, case, squad="A1", team="A1-B", reason="x", authority="block")
    story.tell("09:05:10", m.UrgeCase, case, authority="block")
    line = story.tell("09:05:20", m.AssignCase, case, squad="A2", reason="x", authority="line")
    assert refused(line) == ["other_superior_prevails"]


def test_a_city_without_what_a_case_speaks_of() -> None:
    """Given a case, and a new version of the city without its squad, its territory and its priority; when orders about
    it come; then each is answered by a record, and one officer's penalty is none there either."""
    gone = msgspec.structs.replace(
        PACK,
        squads=tuple(s for s in PACK.squads if s.id != "A1"),
        territories=tuple(t for t in PACK.territories if t.id != "990101"),
        ladders=tuple(ladder for ladder in PACK.ladders if ladder.priority < 3),
    )
    story = Story(changed(PACK, "items", {"id": "stall"}, priority=3), gone)
    case = story.file("09:00", "1", "stall")
    story.work(case, "09:05", "09:10")
    version = next(v for v in story.decide.memory.cities if v != story.decide.memory.city.version)
    adopt = {"at_desk": "jia", "desk": "jia", "city": version, "actor": m.Actor("root", "admin")}
    assert refused(story.tell("09:11", m.AdoptCity, **adopt)) == []
    story.tell("09:12", m.ReportDisposal, case, result="simple_penalty", officers=("A1-001",))
    assert story.all(e.CaseDisposed, case) == []
    for kind, fields in ((m.ClassifyCase, {"item": "refuse", "reason": "x"}), (m.LowerCase, {"reason": "x"}),
                         (m.EscalateCase, {"reason": "x"}), (m.AssignCase, {"squad": "A1"})):  # fmt: skip
        assert story.tell("09:20", kind, case, **fields)
    story.wait("2026-07-14 09:00")
    assert all(encode_record(record) for record in story.records)
    assert shown(now(story, case).next_due) > "2026-07-14 09:00"


def test_a_memory_that_is_shorter_than_the_window() -> None:
    """Given a city that may reopen for longer than its desks remember; when that time passes; then nothing breaks."""
    pack = windows(changed(PACK, "stages", {"stage": "reopen"}, limit="120 days"), forwards="90 days")
    story = Story(pack)
    case = story.file("09:00", "1", "stall")
    story.work(case, "09:01", "09:02", "09:05")
    story.finish(case, "09:10")
    story.file("2026-10-20 09:00", "2", "stall")
    assert story.file("2026-11-20 09:00", "3", "stall")
