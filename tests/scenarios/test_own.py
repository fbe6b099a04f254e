"""What domain.md §6 does not list: clocks over holidays, midnights of lists, kicks from office to office, people."""

import datetime as dt
from pathlib import Path

import msgspec
import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.rows import Authority, CityPack, MergeRule, Posting, Readiness, Rollout
from dispatchers.targets import Share
from streams import city_files
from tests.support import (
    BORDER_COLLECTOR,
    CHECKER,
    CHIEF,
    COORDINATION,
    HOTLINE,
    OPERATOR,
    PACK,
    SUPERVISOR,
    at,
    changed,
)
from tests.support import officers_of as people
from tests.support_scenarios import Story, added, due, kinds, refused, shown

JIAXING = Path(__file__).parents[2] / "deploy/jiaxing"
SINCE = {"valid_from": dt.date(2026, 1, 1), "source": "invented"}


@pytest.fixture(scope="module")
def real_calendar() -> CityPack:
    """The small city with the real calendar of 2026."""
    table = city_files.load(JIAXING).calendar
    return msgspec.structs.replace(PACK, calendar=table)


def blame(responsibility: str, unit: str) -> e.Blame:
    return e.Blame(responsibility=responsibility, unit=unit)  # type: ignore[arg-type]


def missed(story: Story, case: str, name: str) -> list[tuple[str, e.Blame]]:
    """When it was said that a limit, stage or request was missed, and whose that was."""
    found = [x for x in story.all(e.DeadlineMissed, case) if x.name == name]
    return [(shown(x.due_at), x.blame) for x in found]


# -- clocks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dispatched", "due_at"),
    [
        ("2026-09-30 16:00", "2026-10-09 16:00"),  # two hours, then a week of holidays, eight hours, six hours
        ("2026-09-19 10:00", "2026-09-21 18:00"),  # a Saturday: the make-up Sunday and Monday
        ("2026-10-09 17:00", "2026-10-12 17:00"),  # Saturday 10 October is a make-up workday too
        ("2026-02-13 17:00", "2026-02-24 17:00"),  # Friday, make-up Saturday, nine days of the spring festival
    ],
)
def test_two_working_days_over_the_holidays(real_calendar: CityPack, dispatched: str, due_at: str) -> None:
    """Given a limit of 2 working days; when the National Day week or the spring festival with their make-up workdays
    lie in between; then the limit is due after 16 hours of duty, wherever those lie."""
    story = Story(real_calendar)
    case = story.file(dispatched, "1", "refuse")
    assert due(story.one(e.AssignmentOffered, case).terms) == due_at


def granted(story: Story, when: str, case: str) -> list[e.AnyEvent]:
    """Both levels approve what was asked for."""
    story.tell(when, m.ReviewRelaxation, case, approved=True)
    return story.tell(when, m.ReviewRelaxation, case, approved=True, actor=CHIEF)


def test_suspended_over_a_holiday() -> None:
    """Given a case of 2 working days of which 9 hours are spent; when it is suspended into the National Day week; then
    it resumes by itself in the holiday, and is due after the 7 working hours that were left, not after the days lost;
    the caller's reply is owed all the while; a second suspension is refused."""
    story = Story()
    case = story.file("2026-09-28 09:00", "1", "refuse")
    assert due(story.one(e.AssignmentOffered, case).terms) == "2026-09-30 09:00"
    story.work(case, "09:05", "09:30")
    until = at("2026-10-03 12:00")
    story.tell("2026-09-29 09:50", m.RequestSuspension, case, reason="waits for a crane", until=until)
    granted(story, "2026-09-29 10:00", case)
    (left,) = (t.left for t in story.one(e.CaseSuspended, case).terms)
    assert left == 7 * 3_600_000
    reply = due(story.case(case).terms, "reply")
    told = story.wait("2026-10-08 16:59")
    assert story.times(e.CaseResumed, case) == ["2026-10-03 12:00"]
    assert due(story.one(e.CaseResumed, case).terms) == "2026-10-08 17:00"
    assert "DeadlineMissed" not in kinds(told)
    assert (due(story.case(case).terms, "reply"), story.case(case).status) == (reply, "on_site")
    again = story.tell("2026-10-08 16:59", m.RequestSuspension, case, reason="again", until=until + 86_400_000 * 9)
    assert refused(again) == ["suspended_before"]
    story.wait("2026-10-08 17:01")
    assert missed(story, case, "dispose") == [("2026-10-08 17:00", blame("enforcement", "A1"))]


def test_an_extension_counts_from_the_old_deadline() -> None:
    """Given a case of 4 working hours due at 15:00; when an extension is approved at 10:00 by two levels; then it is
    due 4 working hours after 15:00, not after 10:00; a second one adds to that, a third is refused."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.work(case, "09:05", "09:30")
    story.tell("09:50", m.RequestExtension, case, reason="the owner is away")
    granted(story, "10:00", case)
    assert due((story.one(e.DeadlineExtended, case).term,)) == "2026-07-14 09:00"
    story.tell("2026-07-14 08:30", m.RequestExtension, case, reason="still away")
    granted(story, "08:40", case)
    assert due((story.last(e.DeadlineExtended, case).term,)) == "2026-07-14 15:00"
    assert refused(story.tell("09:00", m.RequestExtension, case, reason="again")) == ["extended_too_often"]
    assert missed(story, case, "dispose") == []


def test_more_time_needs_four_eyes() -> None:
    """Given a wish for more time; when only one level, the wrong level first or the same person approves; then it is
    refused, and nothing changes until an operator and then a chief have approved; a limit that is over is not
    extended."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.work(case, "09:05", "09:30")
    story.tell("09:40", m.RequestExtension, case, reason="the owner is away")
    yes = {"approved": True}
    assert refused(story.tell("09:41", m.ReviewRelaxation, case, actor=CHIEF, **yes)) == ["other_level_first"]
    assert refused(story.tell("09:42", m.ReviewRelaxation, case, **yes)) == []
    assert refused(story.tell("09:43", m.ReviewRelaxation, case, **yes)) == ["own_wish"]
    same = m.Actor(OPERATOR.id, "chief")
    assert refused(story.tell("09:44", m.ReviewRelaxation, case, actor=same, **yes)) == ["own_wish"]
    other = m.Actor("op-2", "operator")
    assert refused(story.tell("09:45", m.ReviewRelaxation, case, actor=other, **yes)) == ["chief_decides"]
    assert story.all(e.DeadlineExtended, case) == []
    story.tell("09:46", m.ReviewRelaxation, case, actor=CHIEF, **yes)
    assert len(story.all(e.DeadlineExtended, case)) == 1
    assert refused(story.tell("2026-07-14 09:10", m.RequestExtension, case, reason="late")) == ["overdue"]


@pytest.mark.parametrize(("squad", "due_at"), [("A1", "15:20"), ("A2", "17:20")])
def test_a_return_pauses_the_limit(squad: str, due_at: str) -> None:
    """Given 4 working hours of which a squad used 2 before it gave the case back for want of people; when the operator
    gives it to the same squad 20 minutes later; then the 2 hours that were left go on; another squad begins anew."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.tell("09:05", m.AcceptAssignment, case)
    story.tell("11:00", m.ReturnAssignment, case, reason="no_capacity", basis="two are ill")
    returned = story.one(e.AssignmentReturned, case)
    assert [(t.name, t.left, t.due_at) for t in returned.terms] == [("dispose", 2 * 3_600_000, 0)]
    assert returned.blame == blame("enforcement", "A1")
    story.tell("11:20", m.AssignCase, case, squad=squad, reason="now it goes")
    assert due(story.last(e.AssignmentOffered, case).terms) == f"2026-07-13 {due_at}"


def test_rework_refreshes_no_deadline() -> None:
    """Given a case due at 15:00 and disposed of at 10:00; when the check fails and the work is done again at 15:30;
    then the old clock went on: the case is late, though the first disposal was not."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.work(case, "09:05", "09:30", "10:00")
    story.tell("10:30", m.CheckCase, case, passed=False, note="still there")
    assert (story.one(e.ReworkOrdered, case).note, story.case(case).owner) == ("still there", "A1")
    assert due(story.case(case).terms) == "2026-07-13 15:00"
    story.tell("11:00", m.ReportArrival, case)
    story.tell("15:30", m.ReportDisposal, case)
    story.finish(case, "15:40")
    closed = story.one(e.CaseClosed, case)
    assert (closed.on_time, closed.outcome) == (False, "overdue")
    assert missed(story, case, "dispose") == [("2026-07-13 15:00", blame("enforcement", "A1"))]


def test_several_limits_of_one_case() -> None:
    """Given an illegal building with limits to stop it, to punish and to pull it down; when nothing is done; then each
    is missed at its own time, once, by the squad; the reply by the desk; urging and supervising reset none of them."""
    story = Story()
    case = story.file("09:00", "1", "shed")
    terms = story.one(e.AssignmentOffered, case).terms
    assert [(t.name, shown(t.due_at)) for t in terms] == [
        ("dispose", "2026-08-12 09:00"),
        ("demolish", "2026-08-02 09:00"),
        ("penalise", "2026-07-20 09:00"),
        ("stop", "2026-07-13 15:00"),
    ]
    assert shown(terms[3].warn_at) == "2026-07-13 14:12"  # yellow at 80 % of 4 working hours
    story.work(case, "09:05", "09:30")
    story.tell("10:00", m.UrgeCase, case, actor=HOTLINE)
    story.tell("10:05", m.SuperviseCase, case, actor=SUPERVISOR, document="督〔2026〕7号", limit="1 working_days")
    story.wait("2026-08-13 09:00")
    squad, desk = blame("enforcement", "A1"), blame("post", "jia")
    assert missed(story, case, "stop") == [("2026-07-13 15:00", squad)]
    assert missed(story, case, "supervise") == [("2026-07-14 10:05", squad)]
    assert missed(story, case, "penalise") == [("2026-07-20 09:00", squad)]
    assert missed(story, case, "reply") == [("2026-07-22 09:00", desk)]
    assert missed(story, case, "demolish") == [("2026-08-02 09:00", squad)]
    assert missed(story, case, "dispose")[0] == ("2026-08-12 09:00", squad)


def test_an_overdue_case_that_was_suspended() -> None:
    """Given a case that is overdue; when it is suspended for a week and resumes; then its lateness is said again: no
    open case is without a next deadline."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.work(case, "09:05", "09:30")
    story.tell("16:00", m.RequestSuspension, case, reason="the owner is away", until=at("2026-07-20 09:00"))
    granted(story, "16:10", case)
    story.wait("2026-07-21 09:00")
    assert story.times(e.CaseResumed, case) == ["2026-07-20 09:00"]
    said = [*story.times(e.CaseEscalated, case), *story.times(e.DeadlineMissed, case)]
    assert (min(said), max(said) >= "2026-07-20 09:00") == ("2026-07-13 15:00", True)


def test_what_turns_out_to_be_something_else_has_its_own_limit() -> None:
    """Given a report that was dispatched as a stall and that nobody took; when the operator finds that a house is in
    danger of collapse; then the limit of that matter holds, 2 hours from its dispatch, not 4 working hours."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.wait("09:50")
    assert story.last(e.CaseNeedsOperator, case).reason == "nobody_answered"
    story.tell("09:51", m.ClassifyCase, case, item="collapse", reason="the wall is falling")
    assert (story.case(case).item, story.case(case).status) == ("collapse", "offered")
    dispose = story.case(case).term("dispose")
    assert dispose
    assert (dispose.limit, shown(dispose.due_at) <= "2026-07-13 11:51") == ("2 hours", True)


def test_a_wish_for_more_time_ends_with_the_work() -> None:
    """Given a wish for more time that nobody has decided; when the squad disposes of the case before; then the wish is
    void: nobody can decide it any more, so nobody is said to be late with it."""
    story = Story()
    case = story.file("09:00", "1", "shed")
    story.work(case, "09:05", "09:10")
    story.tell("09:20", m.RequestExtension, case, reason="the owner is away")
    story.tell("09:30", m.ReportDisposal, case)
    story.wait("2026-07-14 09:00")
    assert missed(story, case, "approve") == []
    assert story.case(case).relaxation is None


def test_acceptance_has_a_clock_that_stands_while_somebody_looks() -> None:
    """Given a stall at a doubtful place, received at 09:00 with 15 minutes to accept it; when the collector does not
    come within half an hour; then the 15 minutes run on from 09:30, and at 09:45 the desk itself is late; a report that
    the rules understand at once has no such clock, and neither has one that somebody understood in time."""
    story = Story()
    doubtful = story.file("09:00", "1", "stall", (120.1999, 30.1))
    assert [(t.name, t.left, t.due_at) for t in story.one(e.VerificationOrdered, doubtful).terms] == [
        ("accept", 15 * 60_000, 0)
    ]
    story.wait("09:44")
    assert story.last(e.CaseNeedsOperator, doubtful).reason == "not_verified"
    assert due(story.last(e.CaseNeedsOperator, doubtful).terms, "accept") == "2026-07-13 09:45"
    assert missed(story, doubtful, "accept") == []
    story.wait("09:46")
    assert missed(story, doubtful, "accept") == [("2026-07-13 09:45", blame("post", "jia"))]
    plain, unknown = story.file("10:00", "2", "stall"), story.file("10:00", "3", "never_heard")
    assert (story.case(plain).term("accept"), due(story.case(unknown).terms, "accept")) == (None, "2026-07-13 10:15")
    story.tell("10:10", m.ClassifyCase, unknown, item="stall", reason="a stall")
    story.wait("10:30")
    assert [missed(story, case, "accept") for case in (plain, unknown)] == [[], []]


def test_a_looked_at_case_is_accepted() -> None:
    """Given a stall at a doubtful place; when the collector finds it within the half hour; then it is accepted, and no
    clock of acceptance runs on; when nobody finds it, it runs on with what was left."""
    for found, clock in ((True, []), (False, ["2026-07-13 09:35"])):
        story = Story()
        case = story.file("09:00", "1", "stall", (120.1999, 30.1))
        story.tell("09:20", m.ReportVerification, case, found=found, territory="990102", actor=BORDER_COLLECTOR)
        assert [shown(t.due_at) for t in story.case(case).terms if t.name == "accept"] == clock


def test_the_call_back_has_a_clock_of_its_own() -> None:
    """Given a source whose callers are called back, within one working day; when the check has passed and nobody calls;
    then that is said the next working day, not the closing's lateness; when the caller is not reached, it is tried
    again within a working day, and after the last try the clock of closing begins."""
    story = Story()
    case = story.file("09:00", "1", "stall", channel="callback")
    story.work(case, "09:05", "09:10", "09:20")
    story.tell("10:00", m.CheckCase, case)
    assert shown(story.one(e.CaseChecked, case).callback_due) == "2026-07-14 10:00"
    story.wait("2026-07-14 10:01")
    assert missed(story, case, "callback") == [("2026-07-14 10:00", blame("post", "jia"))]
    call = {"reached": False, "actor": HOTLINE}
    for hour in ("10:30", "11:00"):
        story.tell(f"2026-07-14 {hour}", m.RecordCallback, case, **call)
    tries = story.all(e.CallbackRecorded, case)
    assert [shown(x.next_due) for x in tries] == ["2026-07-15 10:30", "2026-07-16 11:00"]
    story.wait("2026-07-16 11:01")
    assert missed(story, case, "close") == [("2026-07-16 11:00", blame("post", "jia"))]


def test_a_limit_into_an_unpublished_year_says_so() -> None:
    """Given that the days off of 2027 are not published; when a limit of 2 working days begins on the last workday of
    2026; then it says that it is guessed; one of 2 hours, and one that ends in 2026, do not."""
    story, terms = Story(day="2026-12-28"), []
    for when, number, item in (("2026-12-28 09:00", "1", "refuse"), ("2026-12-31 10:00", "2", "refuse"),
                               ("2026-12-31 10:01", "3", "collapse")):  # fmt: skip
        terms.append(story.case(story.file(when, number, item)).term("dispose"))
    assert [(t.guessed, t.due_at >= at("2027-01-01 00:00")) for t in terms if t] == [
        (False, False), (True, True), (False, False),
    ]  # fmt: skip


# -- one matter, many reports ------------------------------------------------------------------------------------------


def test_a_child_that_is_split_has_its_own_clocks() -> None:
    """Given a child that was filed five minutes after its parent; when it is split again at 10:00; then its limit
    begins at 10:00, its reply is owed from its own receipt at 09:05, and its parent's end is not its own."""
    story = Story()
    parent, child = story.file("09:00", "1", "tree"), story.file("09:05", "2", "tree")
    assert story.one(e.CaseMerged, child).parent == parent
    story.work(parent, "09:10")
    story.tell("10:00", m.SplitCase, child, reason="another tree")
    assert story.one(e.ChildLeft, parent).child == child
    order = story.one(e.WorkOrderIssued, child)
    assert (order.unit, shown(order.due_at)) == ("JA-works", "2026-07-13 12:00")
    assert due(story.case(child).terms, "reply") == "2026-07-22 09:05"
    assert due(story.case(parent).terms, "reply") == "2026-07-22 09:00"
    story.tell("10:30", m.ReportDisposal, parent, result="repaired")
    story.finish(parent, "10:40")
    assert [x.case_id for x in story.all(e.CaseClosed)] == [parent]
    assert story.all(e.CallerAnswered, child) == []


def test_a_child_goes_along_with_its_parent() -> None:
    """Given a parent with a child; when the parent is handed to the city desk; then the child goes along behind it, is
    still its child there, and is answered and closed with it."""
    story = Story()
    parent, child = story.file("09:00", "1", "tree"), story.file("09:05", "2", "tree")
    story.tell("09:10", m.HandOverCase, parent, to_desk="ding", reason="needs the city's crane")
    assert (story.desks(parent), story.desks(child)) == (["jia", "ding"], ["jia", "ding"])
    assert story.holder(parent) == "DI-works"
    assert (story.case(child).status, story.case(child).parent) == ("merged", parent)
    story.work(parent, "09:20", "09:40")
    story.finish(parent, "09:50", "lifted away")
    assert story.one(e.CallerAnswered, child).text == "lifted away"
    assert [(x.case_id, x.desk, x.outcome) for x in story.all(e.CaseClosed)] == [
        (child, "ding", "merged"),
        (parent, "ding", "normal"),
    ]


def test_the_same_caller_with_new_facts() -> None:
    """Given a caller who reported a fallen tree; when the same number calls again with new facts; then these are
    appended to the case and the caller is not counted twice; another number is."""
    story = Story()
    phone = {"reporter": {"phone": "13800000001"}}
    parent = story.file("09:00", "1", "tree", **phone)
    story.file("09:05", "2", "tree", title="now it blocks the school", **phone)
    joined = story.last(e.CaseJoined, parent)
    assert (joined.callers, joined.facts) == (1, "now it blocks the school")
    story.file("09:06", "3", "tree", reporter={"phone": "13800000002"})
    joined = story.last(e.CaseJoined, parent)
    assert (joined.callers, joined.facts) == (2, "")


def test_many_callers_make_a_matter_urgent() -> None:
    """Given a fallen tree of priority 3; when the tenth caller reports it; then it is of priority 2 and weighs as much;
    the ninth changed nothing."""
    story = Story(changed(PACK, "items", {"id": "tree"}, priority=3))
    parent, *_ = [story.file(f"09:{n:02}", str(n), "tree", reporter={"phone": f"1380000000{n}"}) for n in range(10)]
    assert [x.priority for x in story.all(e.CaseJoined, parent)] == [3] * 8 + [2]
    assert (story.last(e.CaseJoined, parent).weight, story.last(e.CaseJoined, parent).callers) == (2, 10)


def merged_by_place(item: str) -> CityPack:
    """The small city, where reports of an item within 200 m and 2 hours are one matter."""
    rule = MergeRule(item=item, radius=200, window="2 hours", raise_at=10, source="invented")
    return added(PACK, "merges", rule)


def test_two_owners_are_two_matters() -> None:
    """Given litter from a vehicle and litter from a balcony at the same place within minutes; when litter is merged by
    place; then they stay two cases, since the first is the police's and the second the squad's; a third is merged with
    its like."""
    story = Story(merged_by_place("litter"))
    car = story.file("09:00", "1", "litter", title="车窗抛物")
    balcony = story.file("09:02", "2", "litter", title="阳台抛物", facts={"actor": "building"})
    assert (story.holder(car), story.names(balcony)[1:]) == ("DI-police", ["AssignmentOffered"])
    again = story.file("09:04", "3", "litter", title="车窗抛物")
    assert story.one(e.CaseMerged, again).parent == car


def test_a_child_that_left_is_no_caller_of_it() -> None:
    """Given a parent with one child; when the child is split and another report comes; then the callers of both matters
    are three together, not four."""
    story = Story()
    parent = story.file("09:00", "1", "tree", reporter={"phone": "13800000001"})
    child = story.file("09:01", "2", "tree", reporter={"phone": "13800000002"})
    assert story.case(parent).callers == 2
    story.tell("09:02", m.SplitCase, child, reason="another tree")
    story.file("09:03", "3", "tree", reporter={"phone": "13800000003"})
    assert story.case(parent).callers + story.case(child).callers == 3


def test_a_child_that_came_after_the_answer() -> None:
    """Given a parent whose caller was answered already; when another report joins it and the case is closed with a
    reply; then the later caller is answered too, the first not twice."""
    story = Story()
    parent = story.file("09:00", "1", "tree")
    story.work(parent, "09:05")
    story.tell("09:10", m.AnswerCaller, parent, text="we are on our way")
    child = story.file("09:20", "2", "tree")
    story.tell("09:30", m.ReportDisposal, parent, result="repaired")
    story.finish(parent, "09:40", "it is gone")
    assert [x.text for x in story.all(e.CallerAnswered, child)] == ["it is gone"]
    assert [x.text for x in story.all(e.CallerAnswered, parent)] == ["we are on our way"]


def test_a_citizen_behind_a_sensor() -> None:
    """Given a sensor's event, which nobody expects a reply to, and a citizen's complaint that joins it; when the case
    is to be closed without a word; then that is refused, since the citizen is owed an answer."""
    story = Story(changed(PACK, "replies", {"kind": "event"}, limit=""))
    parent = story.file("09:00", "1", "tree", kind="event")
    child = story.file("09:05", "2", "tree")
    assert story.one(e.CaseMerged, child).parent == parent
    story.work(parent, "09:06", "09:30")
    assert refused(story.finish(parent, "09:40", "")) == ["reply_missing"]
    story.tell("09:41", m.CloseCase, parent, reply="it is gone")
    assert [x.text for x in story.all(e.CallerAnswered, child)] == ["it is gone"]


def test_two_reports_of_one_gas_leak() -> None:
    """Given a second report of a gas leak that is merged with the first; when the gas company and the fire brigade sign
    and answer all that they were asked; then nothing is said to be late."""
    story = Story(merged_by_place("gasleak"))
    first = story.file("09:00:00", "1", "gasleak")
    second = story.file("09:00:30", "2", "gasleak")
    assert story.one(e.CaseMerged, second).parent == first
    for made in story.all(e.RequestMade):
        asked = {"request_id": made.request.id, "actor": m.Actor(made.request.unit, "unit")}
        assert refused(story.tell("09:01", m.SignRequest, made.case_id, **asked)) == []
        assert refused(story.tell("09:01", m.AnswerRequest, made.case_id, **asked)) == []
    story.wait("09:30")
    assert [x for x in story.all(e.DeadlineMissed) if x.name == "request"] == []


# -- whose it is -------------------------------------------------------------------------------------------------------

NEW_YEAR = dt.date(2027, 1, 1)
TOMORROW = dt.date(2026, 7, 14)


def from_new_year(**more: object) -> CityPack:
    """The small city, whose list gives stalls to the department from 2027 on."""
    pack = changed(PACK, "powers", {"row": "P03"}, valid_to=dt.date(2026, 12, 31))
    old = next(p for p in PACK.powers if p.row == "P03")
    new = {"row": "P03-27", "owner_kind": "department", "owner": "应急", "valid_from": NEW_YEAR, **more}
    return added(pack, "powers", msgspec.structs.replace(old, **new))


def test_a_handover_that_crosses_the_midnight_of_a_new_list() -> None:
    """Given a case accepted on the last day of list S-1; when it is handed to another county by coordination after the
    midnight from which list S-2 gives the matter to a department; then the list of its acceptance decides there; a case
    accepted after midnight is the department's."""
    story = Story(from_new_year())
    case = story.file("2026-12-31 23:50", "1", "stall")
    story.tell("23:55", m.AcceptAssignment, case)
    story.tell("2027-01-01 00:05", m.HandOverCase, case, to_desk="yi", reason="the stall moved", actor=COORDINATION)
    assert story.desks(case) == ["jia", "yi"]
    story.tell("00:10", m.AssignCase, case, squad="B1", reason="it is there now")
    basis = story.last(e.AssignmentOffered, case).basis
    assert (basis.power, basis.power_list) == ("P03", "S-1")
    assert story.holder(case) == "B1"
    late = story.file("00:15", "2", "stall")
    order = story.one(e.WorkOrderIssued, late)
    assert (order.unit, order.basis.power, order.basis.power_list) == ("JA-safety", "P03-27", "S-2")


def test_a_row_that_takes_open_cases_along() -> None:
    """Given a new row with the transition rule that it moves open cases; when a case of the old year seeks somebody
    again in the new one; then the new row decides; without the rule it stays with the old one."""
    for moves, holder in ((True, "JA-safety"), (False, "A2")):
        story = Story(from_new_year(moves_open=moves))
        case = story.file("2026-12-31 23:50", "1", "stall")
        story.tell("23:55", m.AcceptAssignment, case)
        story.tell("2027-01-01 00:10", m.ReturnAssignment, case, reason="no_capacity", basis="two are ill")
        if not moves:
            assert story.last(e.CaseNeedsOperator, case).reason == "squad_gave_back"
            story.tell("00:12", m.AssignCase, case, squad="A2", reason="near")
        assert (story.holder(case), story.given(case).basis.power) == (holder, "P03-27" if moves else "P03")


def test_a_row_that_takes_open_cases_along_takes_no_others() -> None:
    """Given the general row for litter of a new list, which moves open cases, a new row for balconies, which does not,
    and the row for vehicles, which stays; when litter from a vehicle and from a balcony, both of the old year, seek
    somebody in the new one; then the first is still the police's, and the second goes with the row that moves it."""
    pack = changed(PACK, "powers", {"row": "P11"}, valid_to=dt.date(2026, 12, 31))
    old = next(p for p in PACK.powers if p.row == "P11")
    new = {"row": "P11-27", "owner_kind": "department", "owner": "应急", "valid_from": NEW_YEAR, "moves_open": True}
    special = new | {"row": "P11-27b", "owner": "公安", "owner_kind": "police", "when": ("actor=building",)}
    rows = (old, new), (old, special | {"moves_open": False})
    story = Story(added(pack, "powers", *(msgspec.structs.replace(of, **fields) for of, fields in rows)))
    car = story.file("2026-12-31 23:50", "1", "litter", title="车窗抛物")
    balcony = story.file("23:51", "2", "litter", "990102", title="阳台抛物", facts={"actor": "building"})
    assert (story.holder(car), story.holder(balcony)) == ("DI-police", "A2")
    story.tell("2027-01-01 00:10", m.ReturnAssignment, balcony, reason="no_capacity", basis="two are ill")
    theirs = story.tell("00:11", m.AssignCase, car, squad="", unit="JA-safety", reason="the new row")
    assert refused(theirs) == ["unit_has_no_power"]
    assert (story.holder(balcony), story.given(balcony).basis.power) == ("JA-safety", "P11-27")


def test_capacity_that_is_there_in_one_town_only() -> None:
    """Given an item whose transfer waits for capacity, published as ready for one town; when it is reported there and
    in the neighbour town; then the squad gets the first and the department keeps the second, by the same row."""
    story = Story()
    ready, not_yet = story.file("09:00", "1", "pending", "990101"), story.file("09:01", "2", "pending", "990102")
    offer, order = story.one(e.AssignmentOffered, ready), story.one(e.WorkOrderIssued, not_yet)
    assert (offer.squad, offer.basis.power) == ("A1", "P25")
    assert (order.unit, order.basis.power) == ("JA-safety", "P25")


def test_readiness_that_comes_after_acceptance() -> None:
    """Given a case of an item whose transfer waits for capacity, accepted a day before its town is said to be ready;
    when somebody is sought again on that day; then it is still the department's, by the list in force at its
    acceptance."""
    ready = Readiness(item="pending", territory="990102", **SINCE | {"valid_from": TOMORROW})
    story = Story(added(PACK, "readiness", ready))
    case = story.file("23:40", "1", "pending", "990102")
    story.wait("2026-07-14 00:15")
    assert (story.holder(case), story.last(e.CaseNeedsOperator, case).reason) == ("JA-safety", "unit_did_not_sign")
    assert refused(story.tell("00:20", m.AssignCase, case, squad="A2", reason="x")) == ["squad_has_no_power"]
    assert story.holder(story.file("00:21", "2", "pending", "990102")) == "A2"


def test_personal_liberty_is_never_a_squads() -> None:
    """Given a list that gives detention to the squads; when such a case comes; then no squad gets it: not by the list,
    not by an operator, not by a ruling of the coordination body."""
    pack = changed(PACK, "powers", {"row": "P27"}, owner_kind="squad", owner="*", transfer_state="transferred")
    story = Story(pack)
    case = story.file("09:00", "1", "detain")
    assert story.last(e.CaseNeedsOperator, case).reason == "nobody_competent"
    assert refused(story.tell("09:01", m.AssignCase, case, squad="A1", reason="x")) == ["squad_has_no_power"]
    story.tell("09:02", m.OpenDispute, case, reason="nobody wants it")
    ruling = {"document": "协裁1号", "reason": "x", "actor": COORDINATION}
    assert refused(story.tell("09:03", m.RuleDispute, case, squad="A1", **ruling)) == ["squad_has_no_power"]
    assert story.all(e.AssignmentOffered, case) == []
    as_it_is = Story()
    assert as_it_is.holder(as_it_is.file("09:00", "1", "detain")) == "DI-police"


def test_an_emergency_waits_for_nobody() -> None:
    """Given a smell of gas, with neither a known category nor a place; when it comes; then the gas company and the fire
    brigade are asked before a squad gets an offer, the squad only cordons, and their silence is an alert in minutes."""
    story = Story()
    category = {"scheme": "test", "code": "NEVER_HEARD"}
    case = story.file("09:00", "1", "", None, title="楼道里煤气味很大", category=category)
    assert story.names(case) == ["CaseRegistered", "RequestMade", "RequestMade", "AssignmentOffered"]
    assert [(x.request.kind, x.request.unit) for x in story.all(e.RequestMade)] == [
        ("rescue", "DI-gas"),
        ("rescue", "DI-fire"),
    ]
    offer = story.one(e.AssignmentOffered, case)
    assert (offer.basis.task, offer.squad, shown(offer.due_at)) == ("cordon", "X1", "2026-07-13 09:02")
    story.tell("09:01", m.SignRequest, case, request_id=f"{case}/r2", actor=m.Actor("DI-fire", "unit"))
    story.wait("09:03")
    assert missed(story, case, "request") == [("2026-07-13 09:02", blame("department", "DI-gas"))]


def test_no_cap_holds_up_an_emergency() -> None:
    """Given squads that hold as much as they may; when a stall and a leak of gas are reported; then the stall waits
    for room and the leak does not: somebody cordons at once."""
    pack = msgspec.structs.replace(PACK, squads=tuple(msgspec.structs.replace(s, cap=8) for s in PACK.squads))
    story = Story(pack)
    for n in range(4):
        assert story.holder(story.file("09:00", f"s{n}", "stall", (120.05, 30.15 + n / 100))) == "A1"
    stall, danger = story.file("09:01", "5", "stall"), story.file("09:01", "6", "gasleak")
    assert "cap" in {c.lost for c in story.one(e.AssignmentDeferred, stall).candidates}
    assert (story.holder(danger), story.one(e.AssignmentOffered, danger).basis.task) == ("A1", "cordon")


def test_the_list_of_the_place_decides_wherever_the_case_is() -> None:
    """Given a county whose own list gives stalls to the police, and the city's to the squads; when a case of that
    county is the city desk's in the end, since nobody answered; then the county's list decides there too."""
    own = msgspec.structs.replace(
        next(p for p in PACK.powers if p.row == "P03"), row="P03-jia", desk="jia", owner_kind="police", owner="公安"
    )
    story = Story(added(PACK, "powers", own))
    case = story.file("09:00", "1", "stall")
    assert story.given(case).basis.power == "P03-jia"
    story.wait("11:00")
    assert (story.desks(case), story.all(e.AssignmentOffered, case)) == (["jia", "ding"], [])
    assert refused(story.tell("11:01", m.AssignCase, case, squad="X1", reason="x")) == ["squad_has_no_power"]
    story.tell("11:02", m.AssignCase, case, squad="", unit="DI-police", reason="theirs")
    assert story.last(e.WorkOrderIssued, case).basis.power == "P03-jia"


def test_a_consult_about_nothing_known() -> None:
    """Given a consult whose matter nobody knows; when it comes; then it is no enforcement task: the hotline unit
    answers within the limit of replies, and it counts in none of the numbers."""
    story = Story()
    case = story.file("09:00", "1", "no_such_thing", kind="consult")
    order = story.one(e.WorkOrderIssued, case)
    assert (order.unit, shown(order.due_at)) == ("DI-hotline", "2026-07-16 09:00")
    unit = m.Actor("DI-hotline", "unit")
    story.tell("09:10", m.AcceptAssignment, case)
    story.tell("09:20", m.AnswerCaller, case, text="at the town hall", actor=unit)
    story.tell("09:21", m.ReportDisposal, case, result="answered")
    story.finish(case, "09:30", "")
    assert story.one(e.CallerAnswered, case).text == "at the town hall"
    closed = story.one(e.CaseClosed, case)
    assert (closed.countable, closed.stream, closed.on_time) == (False, "none", True)
    assert story.share() == Share(0, 0)


def test_help_is_the_repairers_or_a_reply() -> None:
    """Given two calls for help; when one is about a broken lamp and one about a stall; then whoever repairs lamps gets
    the first, and the second is never made an enforcement task but a reply of the hotline within 5 working days."""
    story = Story()
    lamp, stall = story.file("09:00", "1", "lamp", kind="help"), story.file("09:00", "2", "stall", kind="help")
    assert (story.holder(lamp), story.holder(stall)) == ("JA-works", "DI-hotline")
    assert story.one(e.CaseRegistered, stall).duty == "reply"
    assert due(story.case(stall).terms, "reply") == "2026-07-20 09:00"
    assert refused(story.tell("09:05", m.AssignCase, stall, squad="A1", reason="x")) == ["squad_has_no_power"]


def test_in_whose_name_from_a_day_on() -> None:
    """Given a town that may act in its own name from 14 July; when the same matter comes the day before and on that
    day; then the acting name changes with the day, and from then on the neighbour of the county's name helps no
    more."""
    own = Authority(
        item="*", territory="990101", acting_name="一街道办事处", **SINCE | {"valid_from": dt.date(2026, 7, 14)}
    )
    story = Story(added(PACK, "authorities", own))
    story.tell("08:00", m.SetDuty, at_desk="jia", desk="jia", officers=people("AM"), on_duty=False)
    for day, name, helper in (("2026-07-13", "甲县执法局", "A2"), ("2026-07-14", "一街道办事处", "")):
        here = story.file(f"{day} 09:00", f"s{day}", "stall")
        assert story.one(e.AssignmentOffered, here).basis.acting_name == name
        story.tell("09:01", m.SetDuty, at_desk="jia", desk="jia", officers=people("A1"), on_duty=False)
        fire = story.file("09:02", f"b{day}", "burning")
        assert [x.squad for x in story.all(e.AssignmentOffered, fire)] == ([helper] if helper else [])
        story.tell("09:03", m.SetDuty, at_desk="jia", desk="jia", officers=people("A1"), on_duty=True)
    assert story.last(e.CaseNeedsOperator, fire).reason == "nobody_can"


# -- place -------------------------------------------------------------------------------------------------------------


def test_a_point_on_the_border_is_looked_at_first() -> None:
    """Given a point ten metres from another county; when it is reported; then the nearest collector looks first while
    the clock of acceptance stands, and what is found there decides whose it is."""
    story = Story()
    case = story.file("09:00", "1", "stall", (120.1999, 30.1))
    order = story.one(e.VerificationOrdered, case)
    assert (order.collector, order.reason, shown(order.due_at)) == ("K-990102", "border", "2026-07-13 09:30")
    story.tell("09:20", m.ReportVerification, case, found=True, territory="990201", actor=BORDER_COLLECTOR)
    assert shown(story.one(e.CaseVerified, case).dispatch_due) == "2026-07-13 09:50"  # half an hour was left
    assert (story.desks(case), story.holder(case)) == (["jia", "yi"], "B1")


def test_never_another_county_without_designation() -> None:
    """Given a case inside of a county; when its operator hands it sideways to another; then that is refused, unless a
    place of theirs is in question or the coordination body names them."""
    story = Story()
    inside, border = story.file("09:00", "1", "stall"), story.file("09:00", "2", "stall", (120.1992, 30.1))
    over = {"to_desk": "yi", "reason": "over the border", "actor": OPERATOR}
    assert refused(story.tell("09:01", m.HandOverCase, inside, **over)) == ["another_county"]
    assert story.desks(inside) == ["jia"]
    assert refused(story.tell("09:02", m.HandOverCase, border, **over)) == []
    assert story.desks(border) == ["jia", "yi"]
    assert refused(story.tell("09:03", m.HandOverCase, inside, **over | {"actor": COORDINATION})) == []
    assert story.desks(inside) == ["jia", "yi"]


def test_what_is_to_go_back_is_not_handled_alone() -> None:
    """Given a power that is to go back to its department and is the force's until the list says so; when such a case is
    given to a squad; then the department is asked to lead the technical part, once, with clocks of its own, and the
    squad stays the owner; a power that is simply transferred asks nobody."""
    pack = changed(PACK, "powers", {"item": "safety", "duty": "penalty"}, transfer_state="to_return")
    story, plain = Story(pack), Story()
    case, other = story.file("09:00", "1", "safety"), plain.file("09:00", "1", "safety")
    request = story.one(e.RequestMade, case).request
    assert (request.unit, request.role, request.task) == ("JA-safety", "lead", "technical_part")
    assert (story.case(case).owner, plain.all(e.RequestMade, other)) == ("A1", [])
    story.tell("09:05", m.AssignCase, case, squad="A1", team="A1-B", reason="they are nearer")
    assert len(story.all(e.RequestMade, case)) == 1


# -- offices -----------------------------------------------------------------------------------------------------------


def test_a_joint_case_has_one_lead() -> None:
    """Given a case that a squad leads; when a second squad is asked to support it; then the owner stays, the helper has
    clocks of its own, its silence is its own alert, and what it does is told to the case."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.work(case, "09:05", "09:10")
    told = story.tell("09:15", m.AskOffice, case, kind="support", squad="A2", task="close the road")
    (request,) = (x.request for x in told if isinstance(x, e.RequestMade))
    assert (request.role, shown(request.receipt_due), shown(request.due_at)) == (
        "help", "2026-07-13 09:45", "2026-07-13 13:15",
    )  # fmt: skip
    story.wait("09:50")
    assert missed(story, case, "request") == [("2026-07-13 09:45", blame("enforcement", "A2"))]
    helper = m.Actor("A2-001", "squad", "A2")
    assert refused(story.tell("09:51", m.ReportDisposal, case, actor=helper)) == ["not_your_assignment"]
    story.tell("09:52", m.SignRequest, case, request_id=request.id, actor=helper)
    story.tell("10:00", m.AnswerRequest, case, request_id=request.id, note="closed", actor=helper)
    assert (story.case(case).owner, story.one(e.RequestAnswered, case).note) == ("A1", "closed")
    story.wait("14:00")
    assert len(missed(story, case, "request")) == 1


def test_a_copy_notice_changes_no_owner() -> None:
    """Given a case that a squad holds; when a copy notice goes to the police; then the owner stays, a receipt is asked
    within one working day and nothing more, and somebody else cannot sign for it."""
    story = Story()
    case = story.file("09:00", "1", "shed")
    story.work(case, "09:05", "09:10")
    story.tell("09:15", m.AskOffice, case, kind="copy_notice", unit="DI-police", task="for your information")
    request = story.one(e.RequestMade, case).request
    assert (story.case(case).owner, request.due_at) == ("A1", 0)
    story.wait("2026-07-14 09:16")
    assert missed(story, case, "request") == [("2026-07-14 09:15", blame("department", "DI-police"))]
    sign = {"request_id": request.id}
    other = story.tell("09:20", m.SignRequest, case, actor=m.Actor("DI-fire", "unit"), **sign)
    assert refused(other) == ["not_asked_of_you"]
    story.tell("09:21", m.SignRequest, case, actor=m.Actor("DI-police", "unit"), **sign)
    story.wait("2026-07-16 09:00")
    assert (len(missed(story, case, "request")), story.case(case).owner) == (1, "A1")


def test_a_receipt_after_the_work_is_done() -> None:
    """Given a copy notice to the police with a working day to sign for it; when the squad has disposed of the case
    before the police sign, well in time; then the receipt is taken and no lateness is said."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.work(case, "09:05", "09:10")
    story.tell("09:15", m.AskOffice, case, kind="copy_notice", unit="DI-police", task="for your information")
    story.tell("09:30", m.ReportDisposal, case)
    request = story.one(e.RequestMade, case).request
    told = story.tell("11:00", m.SignRequest, case, request_id=request.id, actor=m.Actor("DI-police", "unit"))
    assert kinds(told)[-1:] == ["RequestSigned"]
    story.wait("2026-07-14 12:00")
    assert missed(story, case, "request") == []


def test_what_needs_a_reason() -> None:
    """Given a case at a squad; when it is returned without a basis, or sent up or to another desk without a reason;
    then that is refused and nothing changes."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    before = story.case(case)
    no = {"reason": "not_our_power", "basis": ""}
    assert refused(story.tell("09:01", m.ReturnAssignment, case, **no)) == ["reason_missing"]
    assert refused(story.tell("09:02", m.EscalateCase, case, reason="")) == ["reason_missing"]
    assert refused(story.tell("09:03", m.HandOverCase, case, to_desk="ding", reason="")) == ["reason_missing"]
    assert story.case(case) == before


def test_a_report_that_waits_goes_along() -> None:
    """Given an order about a version that is yet to come; when the case is handed to another county meanwhile; then it
    goes along and is carried out there once that version has come, not refused."""
    story = Story()
    case = story.file("09:00:00", "1", "stall")
    told = story.tell("09:00:10", m.UrgeCase, case, actor=HOTLINE, case_version=5, note="the caller asks")
    assert kinds(told) == ["OrderParked"]
    story.tell("09:00:20", m.HandOverCase, case, to_desk="yi", reason="it moved", actor=COORDINATION)
    assert (story.refusals(case), story.one(e.CaseUrged, case).note) == ([], "the caller asks")
    assert story.desks(case) == ["jia", "yi"]


def test_an_order_that_follows_its_case() -> None:
    """Given a case that was handed to another county; when an order about it still comes to the first desk; then it is
    forwarded behind the case and carried out there, once."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.tell("09:01", m.HandOverCase, case, to_desk="yi", reason="it moved", actor=COORDINATION)
    told = story.tell("09:02", m.UrgeCase, case, at_desk="jia", actor=HOTLINE, note="the caller asks")
    assert kinds(told) == ["OrderForwarded", "CaseUrged"]
    assert [r.desk for r in story.records[-2:]] == ["jia", "yi"]
    again = story.say(msgspec.json.decode(story.lines[-1]))
    assert kinds(again) == ["OrderForwarded", "OrderRepeated"]


def test_line_and_block_order_differently() -> None:
    """Given both superiors' orders about one case in the same minute; when the table says that the block prevails; then
    the line's order is refused after the block's and gives way to it before, and both are in the log."""
    story = Story()
    first, second = story.file("09:00", "1", "stall"), story.file("09:00", "2", "stall")
    line, block = {"authority": "line", "squad": "A2"}, {"authority": "block", "squad": "A1"}
    story.tell("09:05:00", m.AssignCase, first, reason="x", **line)
    assert refused(story.tell("09:05:30", m.AssignCase, first, reason="x", **block)) == []
    assert story.holder(first) == "A1"
    assert [x.authority for x in story.all(e.SuperiorOrdered, first)] == ["line", "block"]
    story.tell("09:06:00", m.AssignCase, second, reason="x", **block)
    assert refused(story.tell("09:06:30", m.AssignCase, second, reason="x", **line)) == ["other_superior_prevails"]
    assert story.holder(second) == "A1"
    assert story.one(e.OrderRefused, second).order == "AssignCase"
    assert (
        refused(story.tell("09:08:00", m.AssignCase, second, reason="x", **line)) == []
    )  # a minute later, a new order
    assert story.holder(second) == "A2"


def test_the_second_return_of_a_department() -> None:
    """Given a department that was told by the list that the case is its own; when it returns it again on the same
    basis; then it goes before the coordination body, with the first receiver as interim owner; the ruling is final."""
    story = Story()
    case = story.file("09:00", "1", "safety", title="从未检查")
    no = {"reason": "not_our_power", "basis": "处罚权已划转"}
    story.tell("09:05", m.ReturnAssignment, case, **no)
    told = story.tell("09:10", m.ReturnAssignment, case, **no)
    assert kinds(told) == ["DisputeOpened"]
    dispute = story.one(e.DisputeOpened, case)
    assert (dispute.interim.owner, dispute.row, dispute.basis) == ("JA-safety", "P14", no["basis"])
    assert story.case(case).owner == "JA-safety"
    ruling = {"document": "协裁1号", "reason": "they were there first"}
    assert refused(story.tell("09:20", m.RuleDispute, case, squad="A1", actor=CHIEF, **ruling)) == ["not_your_role"]
    story.tell("10:00", m.RuleDispute, case, squad="A1", actor=COORDINATION, **ruling)
    assert story.holder(case) == "A1"
    assert refused(story.tell("10:05", m.ReturnAssignment, case, **no)) == ["ruling_is_final"]
    other = {"squad": "", "unit": "JA-safety", "reason": "x"}
    assert refused(story.tell("10:06", m.AssignCase, case, **other)) == ["ruling_is_final"]
    assert story.holder(case) == "A1"


def test_the_designated_squad_when_it_is_back() -> None:
    """Given a ruling that names a squad which has nobody on duty; when it is back; then the operator can give it the
    case, as the ruling says, whatever the list says."""
    story = Story()
    case = story.file("09:00", "1", "safety", title="从未检查")
    duty = {"at_desk": "jia", "desk": "jia", "officers": people("A1")}
    story.tell("09:01", m.SetDuty, on_duty=False, **duty)
    story.tell("09:02", m.OpenDispute, case, reason="both deny")
    story.tell("09:05", m.RuleDispute, case, actor=COORDINATION, squad="A1", document="协裁1号", reason="x")
    assert story.last(e.CaseNeedsOperator, case).reason == "designated_cannot"
    story.tell("09:10", m.SetDuty, on_duty=True, **duty)
    assert refused(story.tell("09:11", m.AssignCase, case, squad="A2", reason="x")) != []
    assert refused(story.tell("09:12", m.AssignCase, case, squad="A1", reason="they are back")) == []
    assert story.holder(case) == "A1"


def test_a_ruling_names_nobody_who_can_never_act() -> None:
    """Given a dispute about a matter of enforcement; when the coordination body names a squad of which no pair is
    certified for it; then that is refused, since a ruling is final and the case would never leave the desks."""
    story = Story()
    case = story.file("09:00", "1", "chemicals")
    story.tell("09:02", m.OpenDispute, case, reason="both deny")
    ruling = {"document": "协裁1号", "reason": "x", "actor": COORDINATION}
    assert refused(story.tell("09:05", m.RuleDispute, case, squad="B1", **ruling)) == ["no_certified_pair"]
    assert story.case(case).status == "disputed"


def test_a_ruling_names_another_county() -> None:
    """Given a dispute about a case of one county; when the coordination body rules that it is a squad's of another;
    then the case goes to that county's desk and to that squad, and cannot be given to anybody else."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.tell("09:02", m.OpenDispute, case, reason="both deny")
    story.tell("09:05", m.RuleDispute, case, actor=COORDINATION, squad="B1", document="协裁1号", reason="x")
    assert (story.desks(case), story.holder(case)) == (["jia", "yi"], "B1")
    assert story.given(case).basis.step == "ruling"
    assert refused(story.tell("09:06", m.AssignCase, case, squad="B2", reason="x")) == ["ruling_is_final"]


def test_nobody_kicks_a_case_around() -> None:
    """Given a case that came back from three squads; when it comes back again; then no further squad is asked by the
    rules, an operator decides; every owner is remembered in order."""
    story = Story(changed(PACK, "items", {"id": "stall"}, priority=1))
    case = story.file("09:00", "1", "stall")
    for minute in range(1, 4):
        story.tell(f"09:0{minute}", m.ReturnAssignment, case, reason="no_capacity", basis="all are out")
    assert story.case(case).owners == ("A1", "AM", "A2")
    assert story.last(e.CaseNeedsOperator, case).reason == "returned_too_often"
    assert len(story.all(e.AssignmentOffered, case)) == 3


def test_a_dispute_that_nobody_rules_on() -> None:
    """Given a dispute at the county; when no ruling comes within one working day; then that is said as the failure of
    who coordinates, the dispute is the city's, and the interim owner still has the case."""
    story = Story()
    case = story.file("09:00", "1", "shed")
    story.tell("09:01", m.OpenDispute, case, reason="both deny")
    story.wait("2026-07-14 09:02")
    assert missed(story, case, "dispute") == [("2026-07-14 09:01", blame("government", "990101"))]
    raised = next(x for x in story.all(e.CaseEscalated, case) if x.cause == "dispute")
    assert (raised.level, story.case(case).owner) == ("city", "A1")


def test_a_precedent_decides_once_another_approved_it() -> None:
    """Given a ruling that is proposed as a precedent; when a like case comes before and after somebody else approved
    it; then the list decides the first and the precedent the second; who ruled cannot approve, nor may an operator."""
    story = Story()
    case = story.file("09:00", "1", "safety", title="从未检查")
    story.tell("09:01", m.OpenDispute, case, reason="both deny")
    ruling = {"document": "协裁1号", "reason": "x", "squad": "A1", "precedent": True}
    story.tell("09:05", m.RuleDispute, case, actor=COORDINATION, **ruling)
    assert story.holder(story.file("09:10", "2", "safety", title="从未检查")) == "JA-safety"
    approve = {"at_desk": "jia", "desk": "jia", "precedent": story.one(e.DisputeRuled, case).precedent}
    assert refused(story.tell("09:15", m.ApprovePrecedent, actor=COORDINATION, **approve)) == ["own_ruling"]
    assert refused(story.tell("09:16", m.ApprovePrecedent, **approve)) == ["not_your_role"]
    assert story.holder(story.file("09:17", "3", "safety", title="从未检查")) == "JA-safety"
    story.tell("09:18", m.ApprovePrecedent, actor=CHIEF, **approve)
    like = story.file("09:20", "4", "safety", title="从未检查")
    assert (story.holder(like), story.given(like).basis.law) == ("A1", "协裁1号")
    assert story.holder(story.file("09:21", "5", "safety")) == "A1"  # a penalty was theirs anyway
    assert story.given(like).basis.power == approve["precedent"]


# -- levels ------------------------------------------------------------------------------------------------------------


def raised_and_lowered(day: str) -> tuple[Story, str]:
    """A case that went up because nobody was there, and down again when somebody was."""
    story = Story(day=day)
    duty = {"at_desk": "jia", "desk": "jia", "officers": people("A1")}
    story.tell("09:00", m.SetDuty, on_duty=False, **duty)
    case = story.file("09:01", "1", "stall")
    story.tell("09:05", m.EscalateCase, case, reason="nobody there", cause="capacity")
    assert (story.holder(case), story.one(e.CaseEscalated, case).level) == ("AM", "county")
    story.tell("09:06", m.ReturnAssignment, case, reason="no_capacity", basis="all are out")
    assert refused(story.tell("09:07", m.LowerCase, case, reason="x")) == ["home_cannot"]
    story.tell("09:08", m.SetDuty, on_duty=True, **duty)
    story.tell("09:09", m.LowerCase, case, reason="they are back")
    return story, case


@pytest.mark.parametrize(("day", "marked"), [("2026-07-13", False), ("2026-07-31", True)])
def test_sent_down_before_the_end_of_a_month(day: str, marked: bool) -> None:
    """Given a case that the county sends down to the town; when that is within 24 hours of the month's end; then it is
    marked for the audit of the 80 % in the lowering and in the closing; in mid-month it is not."""
    story, case = raised_and_lowered(day)
    lowered = story.one(e.CaseLowered, case)
    assert (lowered.level, lowered.month_end, story.holder(case)) == ("town", marked, "A1")
    story.work(case, "09:10", "09:20", "09:30")
    story.finish(case, "09:40")
    closed = story.one(e.CaseClosed, case)
    assert (closed.month_end, closed.tier) == (marked, "town_squad")


def test_no_case_is_dumped_twice() -> None:
    """Given a case that was sent down once; when an operator would do it again; then only the chief may."""
    story, case = raised_and_lowered("2026-07-13")
    duty = {"at_desk": "jia", "desk": "jia", "officers": people("A1")}
    story.tell("09:10", m.AssignCase, case, squad="A2", reason="near")
    story.tell("09:11:00", m.SetDuty, on_duty=False, **duty)
    story.tell("09:11:30", m.ReturnAssignment, case, reason="no_capacity", basis="two are ill")
    story.tell("09:12:00", m.EscalateCase, case, reason="nobody there", cause="capacity")
    story.tell("09:12:30", m.SetDuty, on_duty=True, **duty)
    assert refused(story.tell("09:13", m.LowerCase, case, reason="again")) == ["lowered_before"]
    assert refused(story.tell("09:14", m.LowerCase, case, reason="again", actor=CHIEF)) == []
    assert (story.holder(case), len(story.all(e.CaseLowered, case))) == ("A1", 2)


def test_what_the_list_reserves_is_not_sent_down() -> None:
    """Given an item reserved to the city and one to the county; when they are reported in a town; then each begins at
    its own level, and the county's is not lowered to the town."""
    story = Story()
    city, county = story.file("09:00", "1", "reserved"), story.file("09:00", "2", "countywork")
    assert (story.desks(city), story.holder(city)) == (["jia", "ding"], "X1")
    assert (story.desks(county), story.holder(county)) == (["jia"], "AM")
    assert story.one(e.CaseEscalated, county).cause == "reserved"
    story.tell("09:05", m.ReturnAssignment, county, reason="no_capacity", basis="all are out")
    assert refused(story.tell("09:06", m.LowerCase, county, reason="x")) == ["not_theirs_by_the_list"]


# -- people ------------------------------------------------------------------------------------------------------------


def test_officers_who_are_not_chosen() -> None:
    """Given a team of two; when one is lent out; then the other team is chosen; when one of that is recused, a third;
    nobody of a team on duty for more than 24 hours is chosen, unless there is danger to life."""
    lent = Posting(officer="A1-001", to="街道办事处", **SINCE)
    story = Story(added(PACK, "postings", lent))
    case = story.file("09:00", "1", "stall")
    offer = story.one(e.AssignmentOffered, case)
    (out,) = (c for c in offer.candidates if c.team == "A1-A")
    assert (offer.team, out.lost, out.pairs) == ("A1-B", "no_certified_pair", 0)
    duty = {"at_desk": "jia", "desk": "jia"}
    story.tell("09:01", m.SetDuty, officers=("A1-006", "A1-007"), on_duty=True, **duty)
    story.tell("09:02", m.RecuseOfficers, case, officers=("A1-004",), reason="a cousin")
    again = story.last(e.AssignmentOffered, case)
    assert (again.team, again.officers) == ("A1-N", ("A1-006", "A1-007"))
    story.tell("09:03", m.SetDuty, officers=("A1-004", "A1-005"), on_duty=False, **duty)
    late = story.file("2026-07-14 09:02", "2", "stall")
    tired = story.one(e.AssignmentDeferred, late)
    assert {c.team: c.lost for c in tired.candidates}["A1-N"] == "off_duty"
    danger = story.file("09:03", "3", "collapse")
    assert story.one(e.AssignmentOffered, danger).team == "A1-N"


def test_what_a_phone_without_network_reports_late() -> None:
    """Given a certificate that expires at midnight and an act at 23:50; when the phone reports it at 00:10 with the
    time of the act; then the act stands; a claim of five days ago is not believed."""
    pack = changed(PACK, "certificates", {"officer": "A1-001"}, valid_to=dt.date(2026, 7, 13))
    for claim, stands in (("2026-07-13 23:50", True), ("2026-07-09 23:50", False)):
        story = Story(pack)
        case = story.file("2026-07-13 23:40", "1", "stall")
        story.work(case, "23:42", "23:45")
        story.tell("2026-07-14 00:10", m.ReportDisposal, case, happened_at=at(claim))
        assert len(story.all(e.CaseDisposed, case)) == stands
        assert [x.odd_claim for x in story.all(e.ActRefused, case)] == ([] if stands else ["behind"])


def test_the_boat() -> None:
    """Given an item that needs a vessel, which one squad has; when it is reported at the neighbour's; then that one is
    passed over with the reason, an operator cannot overrule it, and who has the vessel helps if the matter is
    urgent."""
    story = Story()
    case = story.file("09:00", "1", "boat")
    lost = {c.team: c.lost for c in story.one(e.AssignmentDeferred, case).candidates}
    assert set(lost.values()) == {"no_equipment"}
    assert refused(story.tell("09:05", m.AssignCase, case, squad="A1", reason="swim")) == ["no_equipment"]
    story.tell("09:06", m.AssignCase, case, squad="A2", reason="has the boat")
    assert story.holder(case) == "A2"
    urgent = Story(changed(PACK, "items", {"id": "boat"}, priority=1))
    offer = urgent.one(e.AssignmentOffered, urgent.file("09:00", "1", "boat"))
    assert (offer.squad, offer.basis.step) == ("A2", "neighbour")


def test_nobody_certifies_their_own_work() -> None:
    """Given a case that a squad disposed of; when somebody of that squad would check it or the checker would close it;
    then both are refused, and without an answer to the caller nobody can close it."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.work(case, "09:05", "09:10", "09:20")
    mate = m.Actor("A1-008", "checker", "A1")
    assert refused(story.tell("09:25", m.CheckCase, case, actor=mate)) == ["own_work"]
    assert refused(story.tell("09:26", m.CheckCase, case, actor=m.Actor("A1-001", "checker"))) == ["own_work"]
    story.tell("09:27", m.CheckCase, case, actor=m.Actor(CHECKER.id, "operator"))
    assert refused(story.tell("09:28", m.CloseCase, case, actor=m.Actor(CHECKER.id, "chief"))) == ["own_check"]
    assert refused(story.tell("09:29", m.CloseCase, case, reply="")) == ["reply_missing"]
    assert kinds(story.tell("09:30", m.CloseCase, case, reply="gone")) == ["CallerAnswered", "CaseClosed"]


def test_an_act_of_one_officer_is_none() -> None:
    """Given a case on site; when one officer alone, or one of another squad, reports the act; then it is refused with
    its evidence kept and the case seeks another team; the squad is named as responsible."""
    for officers, reason in ((("A1-001",), "two_person_rule"), (("A1-001", "A2-001"), "not_an_officer_of_the_squad")):
        story = Story()
        case = story.file("09:00", "1", "stall")
        story.work(case, "09:05", "09:10")
        story.tell("09:20", m.ReportDisposal, case, officers=officers, evidence=("photo-1",))
        act = story.one(e.ActRefused, case)
        assert (act.reason, act.evidence, act.blame) == (reason, ("photo-1",), blame("enforcement", "A1"))
        assert story.last(e.AssignmentOffered, case).team == "A1-B"


# -- ends, and the way back --------------------------------------------------------------------------------------------


def test_a_reopened_case_counts_once() -> None:
    """Given a case that a town closed in July; when it is reopened by the supervisor and closed by the county in
    August; then July loses it, August has it as the county's, and it counts once in total."""
    story = Story()
    case = story.file("2026-07-30 09:00", "1", "stall")
    story.work(case, "09:05", "09:10", "09:20", result="simple_penalty")
    story.finish(case, "09:30")
    assert story.share("2026-07-31 12:00") == Share(1, 1)
    back = {"at_desk": "jia", "cause": "reconsideration", "reason": "revoked", "actor": SUPERVISOR}
    assert refused(story.tell("2026-08-03 08:59", m.ReopenCase, case, **back | {"actor": OPERATOR})) == [
        "not_your_role"
    ]
    story.tell("2026-08-03 09:00", m.ReopenCase, case, **back)
    reopened = story.one(e.CaseReopened, case)
    assert (reopened.countable, reopened.stream, reopened.tier) == (True, "simple", "town_squad")
    assert story.share() == Share(0, 0)
    assert due(story.last(e.AssignmentOffered, case).terms) == "2026-08-03 15:00"  # the limit begins anew
    story.tell("09:01", m.AssignCase, case, squad="AM", reason="not the same hands")
    story.work(case, "09:05", "09:10", "09:20")
    story.finish(case, "09:30")
    assert (story.share("2026-07-31 12:00"), story.share("2026-08-31 12:00")) == (Share(0, 0), Share(0, 1))
    assert story.share() == Share(0, 1)
    late = story.tell("2026-09-03 09:00", m.ReopenCase, case, **back)  # a month and more after its end
    assert [x for x in late if isinstance(x, e.CaseReopened)] == []


def test_a_caller_who_says_it_is_not_solved() -> None:
    """Given a source whose callers are called back; when the case is checked; then it cannot be closed before; a caller
    who is reached and says it is not solved sends it back to the same squad, on the old clock."""
    story = Story()
    case = story.file("09:00", "1", "stall", channel="callback")
    story.work(case, "09:05", "09:10", "09:20")
    assert refused(story.finish(case, "09:30")) == ["callback_missing"]
    story.tell("09:40", m.RecordCallback, case, reached=True, solved=False, note="it is back", actor=HOTLINE)
    assert (story.one(e.ReworkOrdered, case).note, story.case(case).owner) == ("it is back", "A1")
    assert due(story.case(case).terms) == "2026-07-13 15:00"
    story.tell("09:50", m.ReportArrival, case)
    story.tell("10:00", m.ReportDisposal, case)
    story.tell("10:10", m.CheckCase, case)
    story.tell("10:20", m.RecordCallback, case, reached=True, solved=True, actor=HOTLINE)
    assert kinds(story.tell("10:30", m.CloseCase, case))[-1:] == ["CaseClosed"]


def test_a_crime_waits_for_the_police() -> None:
    """Given a case on site in which a crime is suspected; when the leader proposes the transfer; then no disposal is
    taken until the chief has decided; not taken over, the case goes on where it stood."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.work(case, "09:05", "09:10")
    leader = m.Actor("A1-008", "leader", "A1")
    story.tell("09:20", m.ProposeCriminalTransfer, case, reason="a knife", actor=leader)
    assert shown(story.one(e.CriminalTransferProposed, case).criminal_due) == "2026-07-16 09:20"
    assert refused(story.tell("09:25", m.ReportDisposal, case, result="simple_penalty")) == ["forbidden_now"]
    story.tell("10:00", m.DecideCriminalTransfer, case, transferred=False, document="公1号", actor=CHIEF)
    assert kinds(story.tell("10:05", m.ReportDisposal, case, result="simple_penalty")) == ["CaseDisposed"]


# -- rollout -----------------------------------------------------------------------------------------------------------


def rolled_out(mode: str) -> CityPack:
    """The small city, where one desk may decide by itself only from 1 August on."""
    first, later = dt.date(2026, 1, 1), dt.date(2026, 8, 1)
    row = Rollout(desk="jia", item="*", mode=mode, valid_from=first, valid_to=dt.date(2026, 7, 31), source="x")  # type: ignore[arg-type]
    return added(PACK, "rollout", row, Rollout(desk="jia", item="*", mode="auto", valid_from=later, source="x"))


def test_where_the_rules_may_only_propose() -> None:
    """Given a desk that only proposes until August; when a case comes; then nobody is told before an operator confirms;
    danger to life waits for no confirmation; the next county and the next month decide by themselves."""
    story = Story(rolled_out("propose"))
    case = story.file("09:00", "1", "stall")
    proposed = story.one(e.AssignmentProposed, case)
    assert (proposed.mode, proposed.proposal.squad, story.all(e.AssignmentOffered, case)) == ("propose", "A1", [])
    story.tell("09:05", m.ConfirmProposal, case)
    offer = story.one(e.AssignmentOffered, case)
    assert (offer.squad, offer.basis.step, offer.actor) == ("A1", "confirmed", OPERATOR)
    assert due(offer.terms) == "2026-07-13 15:05"  # it runs from the dispatch
    danger = story.file("09:06", "2", "gasleak")
    assert (story.holder(danger), story.all(e.AssignmentProposed, danger)) == ("A1", [])
    assert story.holder(story.file("09:07", "3", "stall", "990201")) == "B1"
    assert story.holder(story.file("2026-08-01 09:00", "4", "stall")) == "A1"


def test_a_shadow_decides_beside_people() -> None:
    """Given a desk in shadow mode; when a case comes; then what the rules would do is recorded and nobody is told;
    there is nothing to confirm; what the operator does instead stands beside it, to be compared."""
    story = Story(rolled_out("shadow"))
    case = story.file("09:00", "1", "stall")
    shadow = story.one(e.AssignmentProposed, case)
    assert (shadow.mode, shadow.proposal.squad, shadow.basis.power) == ("shadow", "A1", "P03")
    assert refused(story.tell("09:05", m.ConfirmProposal, case)) == ["nothing_proposed"]
    assert story.all(e.AssignmentOffered, case) == []
    story.tell("09:06", m.AssignCase, case, squad="A2", reason="they pass by")
    assert (story.holder(case), shadow.proposal.squad) == ("A2", "A1")
