"""The scenarios of domain.md §6 that issue 4 asks for, each told to `paidan decide` and read from its records."""

import datetime as dt
import re
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.clock import HOUR
from dispatchers.limits_text import read_limit
from dispatchers.record import state_hash
from dispatchers.rows import CityPack
from dispatchers.targets import Share, decode_told
from dispatchers.targets.indicators import Indicators
from dispatchers.writer import DESK, Writer, restored, snapshot
from streams import city_cli, city_files
from streams.clock import Clock, Segment
from streams.targets import Exporter
from tests.support import CHIEF, COORDINATION, OPERATOR, PACK, SUPERVISOR, at, changed, officers_of
from tests.support_log import Record as Delivered
from tests.support_scenarios import Story, added, due, kinds, refused, shown

JIAXING = Path(__file__).parents[2] / "deploy/jiaxing"
SMALL = Path(__file__).parents[1] / "city/small"
PORT = (121.08686, 30.60574)  # in 嘉兴港区, which lies inside of 平湖
NANHU = (120.78, 30.77)  # in no zone


@pytest.fixture(scope="module")
def jiaxing() -> CityPack:
    return city_files.load(JIAXING)


def test_01_the_port_zone_beats_the_division_code(jiaxing: CityPack) -> None:
    """Given a point inside the 港区 polygon with division code 330482 平湖; when 占道经营 arrives; then the owner is
    the squad of the 港区 branch, the acting name is that of 嘉兴市局, the label is the zone's and not 330482."""
    story = Story(jiaxing)
    case = story.file(
        "09:00", "1", location={"datum": "wgs84", "lon": PORT[0], "lat": PORT[1], "address": "平湖市(330482)乍浦镇"},
        category={"scheme": "item", "code": "street_stall"}, title="占道经营",
    )  # fmt: skip
    offer = story.one(e.AssignmentOffered, case)
    assert (offer.squad, offer.basis.acting_name) == ("GQ01", "嘉兴市综合行政执法局")
    registered = story.one(e.CaseRegistered, case)
    assert (registered.desk, registered.territory) == ("gq", "zone_gq")
    assert story.desks(case) == ["gq"]  # 平湖's desk heard nothing


def test_02_litter_by_who_threw_it(jiaxing: CityPack) -> None:
    """Given the reports "vehicle window litter" and "balcony litter" in the same street; when they are triaged; then
    the first goes to the police and the second to a squad of the force: the same family of texts, another actor."""
    story = Story(jiaxing)
    litter = {"category": {"scheme": "jx12345", "code": "乱扔垃圾"}}
    car = story.file("09:00", "1", "", NANHU, title="中山路有人从车窗往外扔垃圾", **litter)
    balcony = story.file("09:01", "2", "", NANHU, title="中山路有人从阳台往外扔垃圾", **litter)
    police = story.one(e.WorkOrderIssued, car)
    assert (police.kind, police.basis.power) == ("police", "P801")
    assert story.all(e.AssignmentOffered, car) == []
    offer = story.one(e.AssignmentOffered, balcony)
    assert (offer.basis.power, story.all(e.WorkOrderIssued, balcony)) == ("P802", [])
    items = {x.item for x in story.all(e.CaseRegistered)}
    assert items == {"litter"}


def test_04_a_department_cannot_decline_what_is_routine_supervision() -> None:
    """Given the safety complaint "factory never inspected" with no violation seen, the penalty power transferred; when
    the department says "the penalty is yours" and returns it; then, the duty being routine supervision, the department
    stays the owner, its return is refused, the dispute counter is 1, and the enforcement force is informed."""
    story = Story()
    case = story.file("09:00", "1", "safety", title="工厂从未检查")
    assert story.one(e.CaseRegistered, case).duty == "routine"
    assert story.one(e.WorkOrderIssued, case).unit == "JA-safety"
    told = story.tell("09:10", m.ReturnAssignment, case, reason="not_our_power", basis="处罚权已划转")
    (no,) = (x for x in told if isinstance(x, e.ReturnRefused))
    assert (no.reason, no.row) == ("theirs_by_the_list", "P14")
    assert no.blame == e.Blame(responsibility="department", unit="JA-safety")
    assert (story.case(case).owner, story.case(case).disputes) == ("JA-safety", 1)
    (notice,) = (x.request for x in told if isinstance(x, e.RequestMade))
    assert (notice.kind, notice.squad, "处罚权已划转" in notice.task) == ("copy_notice", "A1", True)
    assert story.all(e.AssignmentOffered, case) == []


def test_05_nobody_wants_the_hazardous_chemicals() -> None:
    """Given a non-chemical plant using hazardous chemicals; when both deny; then there is a dispute with the first
    receiver as interim owner, never an ownerless case, a ruling within one working day at the county, the default rule
    (the power is not transferred: the department) printed, and the ruling stored as a precedent."""
    story = Story()
    case = story.file("09:00", "1", "hazuse")
    assert story.holder(case) == "A1"
    story.tell("09:05", m.ReturnAssignment, case, reason="not_our_power", basis="非危化品企业")
    assert story.case(case).owner == "A1"  # it keeps the case until the review
    story.tell("09:10", m.ReviewReturn, case, outcome="approved", reason="no chemical licence")
    story.tell("09:12", m.ClassifyCase, case, item="hazuse", facts={"licence": "none"}, reason="no chemical licence")
    assert story.holder(case) == "JA-safety"
    story.tell("09:20", m.ReturnAssignment, case, reason="not_our_power", basis="处罚权在执法局")
    assert story.case(case).owner == "JA-safety"
    story.tell("09:25", m.OpenDispute, case, reason="both deny")
    dispute = story.one(e.DisputeOpened, case)
    assert (dispute.interim.owner, dispute.sides) == ("A1", ("A1", "JA-safety"))
    assert dispute.row == "P20"  # the rule of the list, printed: too specialised, the department's
    assert shown(dispute.dispute_due) == "2026-07-14 09:25"
    assert story.case(case).owner == "A1"
    ruling = {"document": "协裁〔2026〕1号", "reason": "supervision is theirs", "when": ("licence!=chemical",)}
    story.tell("15:00", m.RuleDispute, case, actor=COORDINATION, unit="JA-safety", precedent=True, **ruling)
    ruled = story.one(e.DisputeRuled, case)
    assert (ruled.owner, ruled.precedent, ruled.when) == ("JA-safety", "jia:协裁〔2026〕1号", ("licence!=chemical",))
    assert story.holder(case) == "JA-safety"
    story.tell("15:10", m.ApprovePrecedent, at_desk="jia", desk="jia", precedent=ruled.precedent, actor=CHIEF)
    assert story.one(e.PrecedentApproved).precedent == ruled.precedent


def test_06_working_hours_over_a_make_up_sunday() -> None:
    """Given a case dispatched on Friday at 17:30 with a limit of 4 working hours, the next Sunday being a make-up
    workday; when the clock runs; then half an hour passes on Friday and 3.5 on Sunday morning, so it is due on Sunday
    at 11:30; 4 continuous hours would be due on Friday at 21:30."""
    story = Story(day="2026-09-18")
    case = story.file("17:30", "1", "stall")
    assert due(story.one(e.AssignmentOffered, case).terms) == "2026-09-20 11:30"
    continuous = Story(changed(PACK, "items", {"id": "stall"}, limit="4 hours"), day="2026-09-18")
    case = continuous.file("17:30", "1", "stall")
    assert due(continuous.one(e.AssignmentOffered, case).terms) == "2026-09-18 21:30"


@pytest.mark.parametrize(
    ("wording", "means", "due_at"),
    [("2天", "2 working_days", "2026-09-21 17:00"), ("2紧急工作时", "2 hours", "2026-09-18 19:00")],
)
def test_07_a_standards_row_is_imported(wording: str, means: str, due_at: str) -> None:
    """Given the standard's row text "2天"; when it is imported; then it becomes 2 working days (16 working hours) and
    the row "2紧急工作时" is continuous."""
    limit = read_limit(wording)
    assert f"{limit.number} {limit.unit}" == means
    assert limit.ms == (16 * HOUR if limit.working else 2 * HOUR)
    story = Story(changed(PACK, "items", {"id": "stall"}, limit=means), day="2026-09-18")
    case = story.file("17:00", "1", "stall")
    assert due(story.one(e.AssignmentOffered, case).terms) == due_at


def test_07_what_cannot_be_parsed_fails_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given a standard's row whose limit cannot be parsed; when it is imported; then the import fails with the line."""
    folder = shutil.copytree(SMALL, tmp_path / "city")
    items = folder / "items.csv"
    rows = items.read_text().splitlines()
    line = next(n for n, row in enumerate(rows, 1) if row.startswith("stall,"))
    rows[line - 1] = rows[line - 1].replace("4 working_hours", "尽快")
    items.write_text("\n".join(rows) + "\n")
    assert city_cli.check(folder, 2026) == 1
    said = capsys.readouterr().out.splitlines()
    assert [s for s in said if re.search(rf"items\.csv:{line}:\d+: .*尽快", s)]
    with pytest.raises(ValueError, match="尽快"):
        read_limit("尽快")


def test_10_the_unit_that_never_signs() -> None:
    """Given a unit that never signs; when 24 hours pass; then the clock ran since the dispatch, the takeover for want
    of a signature fired, and the on-time rate counts the case as late."""
    story = Story()
    case = story.file("09:00", "1", "manhole")
    order = story.one(e.WorkOrderIssued, case)
    assert (order.unit, shown(order.receipt_due_at), shown(order.due_at)) == (
        "JA-works", "2026-07-13 09:15", "2026-07-13 11:00",
    )  # fmt: skip
    story.wait("2026-07-14 09:00")
    assert story.times(e.LeaseExpired, case) == ["2026-07-13 09:15", "2026-07-13 09:45"]
    blamed = [x.blame for x in story.all(e.LeaseExpired, case)]
    assert blamed == [e.Blame(responsibility="department", unit=u) for u in ("JA-works", "DI-works")]
    unsigned = {(x.reason, x.detail) for x in story.all(e.CaseNeedsOperator, case)}
    assert unsigned == {("unit_did_not_sign", "JA-works"), ("unit_did_not_sign", "DI-works")}
    assert story.one(e.CaseHandedOver, case).to_desk == "ding"  # the city desk took it over
    missed = next(x for x in story.all(e.DeadlineMissed, case) if x.name == "dispose")
    assert shown(missed.due_at) == "2026-07-13 11:00"  # two hours from the dispatch
    story.tell("2026-07-14 09:05", m.AssignCase, case, squad="", unit="DI-works", reason="silent")
    assert (
        story.last(e.WorkOrderIssued, case).due_at == order.due_at
    )  # another unit, the old clock: nothing was returned
    story.work(case, "09:06", "09:30")
    story.finish(case, "09:40")
    closed = story.one(e.CaseClosed, case)
    assert (closed.on_time, closed.outcome) == (False, "overdue")


def one_and_three() -> CityPack:
    """The small city, where the squad A1 has one certified officer and three auxiliaries on duty."""
    aux = next(o for o in PACK.officers if o.number == "A1-003")
    more = [msgspec.structs.replace(aux, number=n) for n in ("A1-103", "A1-203")]
    gone = [o for o in officers_of("A1") if o not in ("A1-001", "A1-003")]
    pack = added(PACK, "officers", *more)
    return msgspec.structs.replace(pack, officers=tuple(o for o in pack.officers if o.number not in gone))


def test_11_the_two_person_rule() -> None:
    """Given a team of 1 certified officer and 3 auxiliaries on duty; when a P2 penalty task comes; then the team is not
    eligible for the reason "two-person rule"; a task of publicity or verifying would find it eligible."""
    story = Story(one_and_three())
    case = story.file("09:00", "1", "stall")
    waits = story.one(e.AssignmentDeferred, case)
    (team,) = (c for c in waits.candidates if c.team == "A1-A")
    assert (team.pairs, team.lost) == (0, "no_certified_pair")
    assert story.all(e.AssignmentOffered, case) == []
    dissuade = Story(changed(one_and_three(), "items", {"id": "stall"}, crew="support"))
    case = dissuade.file("09:00", "1", "stall")
    offer = dissuade.one(e.AssignmentOffered, case)
    assert (offer.team, offer.officers, offer.candidates[0].pairs) == ("A1-A", ("A1-001", "A1-003"), 2)


def test_13_the_certificate_that_expired_at_midnight() -> None:
    """Given an officer's certificate that expires at 24:00 and an act at 00:10; when the act is submitted; then it is
    refused, the case reassigned and not lost, the evidence kept."""
    pack = changed(PACK, "certificates", {"officer": "A1-001"}, valid_to=dt.date(2026, 7, 13))
    story = Story(pack)
    case = story.file("23:40", "1", "stall")
    assert story.one(e.AssignmentOffered, case).officers == ("A1-001", "A1-002")
    evidence = ("photo-1", "photo-2")
    story.work(case, "23:45", "23:55", "2026-07-14 00:10", evidence=evidence, note="stall removed")
    assert story.all(e.CaseDisposed, case) == []
    act = story.one(e.ActRefused, case)
    assert (act.reason, act.evidence, act.note) == ("no_valid_certificate", evidence, "stall removed")
    again = story.last(e.AssignmentOffered, case)
    assert (again.attempt, again.team, again.officers) == (2, "A1-N", ("A1-006", "A1-007"))
    before = Story(pack)  # ten minutes before midnight the same act is one
    case = before.file("23:40", "1", "stall")
    before.work(case, "23:41", "23:42", "23:50")
    assert before.one(e.CaseDisposed, case).officers == ("A1-001", "A1-002")


TREE = [(120.0990, 30.1), (120.0995, 30.1005), (120.1004, 30.1)]  # the last beyond the border of 二镇


def tree_of_the_force() -> CityPack:
    """The small city, where a fallen tree is a matter of enforcement, since a repair counts in no number."""
    pack = changed(PACK, "items", {"id": "tree"}, nature="enforcement")
    mine = {"duty": "penalty", "owner_kind": "squad", "owner": "*", "transfer_state": "transferred"}
    return changed(pack, "powers", {"item": "tree"}, **mine)


def forty_calls() -> tuple[Story, list[str]]:
    story, calls = Story(tree_of_the_force()), []
    for n in range(40):
        when, where = f"09:{n // 4:02}:{n % 4 * 15:02}", TREE[n % 3]
        calls.append(story.file(when, str(n), "tree", where, reporter={"phone": f"138000000{n:02}"}))
        if n == 0:
            story.tell(when, m.AcceptAssignment, calls[0])
    return story, calls


def test_14_forty_calls_about_one_tree() -> None:
    """Given 40 calls on one fallen tree within 10 minutes, 3 addresses, one across the town border; when they are taken
    in; then there is one parent with 40 callers, all get the result, R1 counts 1, and the child at the border may be
    split by the operator."""
    story, (parent, *children) = forty_calls()
    assert [x.case_id for x in story.all(e.CaseMerged)] == children
    assert {x.parent for x in story.all(e.CaseMerged)} == {parent}
    assert story.last(e.CaseJoined, parent).callers == 40
    assert {story.one(e.CaseRegistered, c).territory for c in children} == {"990101", "990102"}
    assert len(story.all(e.AssignmentOffered)) == 1
    story.tell("09:12", m.ReportArrival, parent)
    story.tell("09:40", m.ReportDisposal, parent)
    story.finish(parent, "09:50", "the tree is gone")
    answers = story.all(e.CallerAnswered)
    assert {x.case_id for x in answers} == {parent, *children}
    assert ({x.text for x in answers}, len(answers)) == ({"the tree is gone"}, 40)
    assert story.share() == Share(1, 1)
    assert [x.outcome for x in story.all(e.CaseClosed)].count("merged") == 39


def test_14_the_child_at_the_border_is_split() -> None:
    """… the border child may be split by the operator: it seeks its own squad and is owed its own reply still."""
    story, (parent, *children) = forty_calls()
    border = children[1]
    story.tell("09:15", m.SplitCase, border, reason="another tree, in 二镇")
    assert story.holder(border) == "A2"
    assert due(story.case(border).terms, "reply") == "2026-07-22 09:00"  # 7 working days from its own receipt
    story.tell("09:16", m.ReportArrival, parent)
    story.tell("09:40", m.ReportDisposal, parent)
    story.finish(parent, "09:50")
    assert border not in {x.case_id for x in story.all(e.CallerAnswered)}
    assert len(story.all(e.CallerAnswered)) == 39


def five_hundred() -> tuple[Story, list[dict[str, object]]]:
    """500 cases from their reports to their ends, and the lines that closed them."""
    story, closes = Story(), []
    for n in range(500):
        case = story.file("09:00", str(n), "stall", ("990101", "990102", "990201", "990202")[n % 4])
        how = ("corrected", "simple_penalty", "general_filed")[n % 3]
        story.work(case, "09:00", "09:00", "09:00", result=how)
        story.finish(case, "09:00")
        close = msgspec.json.decode(story.lines[-1])
        closes.append(close | {"desk": story.one(e.CaseRegistered, case).desk})
    return story, closes


def test_18_close_events_delivered_again() -> None:
    """Given that Kafka redelivers 500 close events after a rebalance, and a kill -9 in mid-batch; when it recovers;
    then the gauges are identical to a clean run, the counter of duplicates has 500 more, no push was sent twice."""
    story, closes = five_hundred()
    clean, offers = story.share(), [x.assignment_id for x in story.all(e.AssignmentOffered)]
    assert clean == Share(500, 500)
    told = [x for line in closes for x in story.say(line)]
    assert kinds(told) == ["OrderRepeated"] * 500
    assert story.share() == clean
    assert [x.assignment_id for x in story.all(e.AssignmentOffered)] == offers
    assert len(set(offers)) == 500


def test_18_killed_in_mid_batch() -> None:
    """… a reader and a writer that were killed begin again from what they had: same gauges, same state, to the byte."""
    story, _ = five_hundred()
    raws = [s.raw for s in story.stored if (s.topic, s.partition) == ("desk-log", 0)]
    now = Clock([Segment(wall=0, business=at("2026-07-13 10:00"), speed=1.0, wall_end=0)])
    clean, torn = Exporter(PACK, now), Exporter(PACK, now)
    for offset, raw in enumerate(raws):
        clean.take(Delivered(0, offset, raw))
        torn.take(Delivered(0, offset, raw))
        if offset % 100 == 99:  # the batch is delivered again
            for again in range(offset - 99, offset + 1):
                torn.take(Delivered(0, again, raws[again]))
    assert torn.targets.shares(at("2026-07-13 10:00")) == clean.targets.shares(at("2026-07-13 10:00"))
    half = Writer("jia", DESK)
    for offset, raw in enumerate(raws[: len(raws) // 2]):
        half.fold(offset, raw)
    again = restored(snapshot(half), DESK)
    for offset, raw in enumerate(raws):
        if offset >= len(raws) // 2 - 100:  # what it had folded before it died is void now
            again.fold(offset, raw)
    assert state_hash(again.state) == state_hash(story.decide.memory.desks["jia"].writer.state)


def versions() -> dict[str, int]:
    """The version of the case after each report, in an orderly run."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.work(case, "09:00", "09:00", "09:00")
    story.finish(case, "09:00")
    return {type(x).__name__: x.case_version for x in story.all(e.CaseEvent, case)}


def test_19_the_close_before_the_assignment_is_done() -> None:
    """Given that the close arrives before the assignment (topics out of order); when it is consumed; then it is parked
    and everything is applied in the order of the versions."""
    seen, story = versions(), Story()
    case = story.file("09:00", "1", "stall")
    close = story.tell("09:00:10", m.CloseCase, case, case_version=seen["CaseChecked"])
    story.tell("09:00:20", m.ReportDisposal, case, case_version=seen["SquadArrived"])
    story.tell("09:00:30", m.ReportArrival, case, case_version=seen["AssignmentAccepted"])
    assert (kinds(close), story.case(case).status) == (["OrderParked"], "offered")
    assert len(story.all(e.OrderParked, case)) == 3
    told = story.tell("09:00:40", m.AcceptAssignment, case, case_version=seen["AssignmentOffered"])
    assert [k for k in kinds(told) if k != "OrderUnparked"] == ["AssignmentAccepted", "SquadArrived", "CaseDisposed"]
    checked = story.tell("09:00:50", m.CheckCase, case)
    assert kinds(checked) == ["CaseChecked", "OrderUnparked", "CallerAnswered", "CaseClosed"]
    assert story.refusals() == []


def test_19_past_the_park_limit() -> None:
    """… and after the park limit it is refused and alarmed, the state unchanged."""
    seen, story = versions(), Story()
    case = story.file("09:00", "1", "stall")
    story.tell("09:00:10", m.CloseCase, case, case_version=seen["CaseChecked"])
    before = story.case(case)
    assert shown(story.one(e.OrderParked, case).until) == "2026-07-13 09:02"
    told = story.wait("09:02:10")
    assert kinds(told) == ["OrderUnparked", "OrderRefused"]
    assert (refused(told), story.one(e.OrderRefused).order) == (["unheard_of_version"], "CloseCase")
    assert story.case(case) == before


def test_23_a_complaint_about_a_squad() -> None:
    """Given a complaint about squad A1's rude conduct in its own area; when it is routed; then it goes to the
    supervising desk, the squad has no access to it, and the caller is hidden."""
    story = Story()
    case = story.file("09:00", "1", "conduct", reporter={"name": "张三", "phone": "13800138000"})
    registered = story.one(e.CaseRegistered, case)
    assert (registered.desk, registered.about) == ("ding", ("A1",))
    assert story.desks(case) == ["ding"]  # the squad's own desk never hears of it
    assert (story.holder(case), story.all(e.AssignmentOffered, case)) == ("DI-conduct", [])
    mine = m.Actor("A1-001", "squad", "A1")
    told = story.tell("09:05", m.AskOffice, case, actor=mine, kind="notice", unit="DI-police", task="who was it?")
    assert refused(told) == ["about_you"]
    told = story.tell("09:06", m.AskOffice, case, kind="on_site", squad="A1", task="tell us")
    assert [x for x in told if isinstance(x, e.RequestMade)] == []
    raw = b"".join(s.raw for s in story.stored)
    assert "张三".encode() not in raw
    assert b"13800138000" not in raw


def test_30_an_overdue_appeal_is_approved_after_the_close() -> None:
    """Given a case that closed overdue; when its squad's leader appeals and two persons approve; then the lateness
    stays in the file, the statistics of what was on time do without the case, and both counts are published."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.work(case, "09:12", "09:20", "2026-07-20 15:00")
    story.finish(case, "15:10")
    closed = story.one(e.CaseClosed, case)
    assert (closed.outcome, closed.on_time, closed.squad) == ("overdue", False, "A1")
    leader, other = m.Actor("A1-008", "leader", "A1"), m.Actor("A2-005", "leader", "A2")
    appeal: dict[str, Any] = {"at_desk": "jia", "reason": "台风停工三日", "evidence": ("photo:9",)}
    review: dict[str, Any] = {"at_desk": "jia", "reason": "属实"}
    said = [
        story.tell("2026-07-21 09:00", m.ReviewAppeal, case, actor=CHIEF, **review),
        story.tell("09:01", m.AppealOverdue, case, actor=other, **appeal),
        story.tell("09:02", m.AppealOverdue, case, actor=leader, **appeal),
        story.tell("09:03", m.AppealOverdue, case, actor=leader, **appeal),
        story.tell("09:04", m.ReviewAppeal, case, actor=OPERATOR, **review),
        story.tell("09:05", m.ReviewAppeal, case, actor=CHIEF, **review),
        story.tell("09:06", m.ReviewAppeal, case, actor=CHIEF, **review),
        story.tell("09:07", m.ReviewAppeal, case, actor=SUPERVISOR, **review),
        story.tell("09:08", m.ReviewAppeal, case, actor=SUPERVISOR, **review),
    ]
    assert [refused(events) for events in said] == [
        ["nothing_asked"], ["own_squad_only"], [], ["asked_before"], ["not_your_role"], [], ["approved_before"], [],
        ["answered_before"],
    ]  # fmt: skip
    happened = [name for name in story.names(case) if name != "OrderRefused"]
    assert happened[-4:] == ["CaseClosed", "OverdueAppealed", "AppealEndorsed", "AppealApproved"]
    assert story.one(e.CaseClosed, case) == closed
    assert story.share() == Share(1, 1)  # it was done at the grassroots, late or not
    fold = Indicators(PACK)
    for stored in story.stored:
        if stored.topic == "desk-log":
            fold.take(decode_told(stored.raw))
    now = story.instant("2026-07-21 10:00")
    counts, shares = fold.counts("jia", now), fold.of_month("jia", "2026-07")
    assert (counts["overdue"], counts["exempt"]) == (1, 1)
    assert (shares["closed"], shares["closed_on_time"]) == (Share(1, 1), Share(0, 0))
    # reopened, it is a case like any other: what was granted is gone with the closing
    story.tell("10:00", m.ReopenCase, case, at_desk="jia", cause="fault", reason="重办", actor=SUPERVISOR)
    assert story.case(case).appeal is None


def test_30_an_appeal_is_refused_for_good() -> None:
    """Given a case that closed in time, and one that closed late; when somebody appeals; then the first cannot be, and
    of the second one reviewer's no is enough and final; nobody reviews their own appeal, nor after the window."""
    story = Story()
    quick, slow, old = story.file("09:00", "1"), story.file("09:00", "2"), story.file("09:00", "3")
    for case in (quick, slow, old):
        story.work(case, "09:12", "09:20")
    story.tell("09:30", m.ReportDisposal, quick, result="corrected")
    story.finish(quick, "09:40")
    for case in (slow, old):
        story.tell("2026-07-20 15:00", m.ReportDisposal, case, result="corrected")
        story.finish(case, "15:10")
    appeal: dict[str, Any] = {"at_desk": "jia", "reason": "找不到当事人"}
    assert refused(story.tell("2026-07-21 09:00", m.AppealOverdue, quick, **appeal)) == ["forbidden_now"]
    assert refused(story.tell("09:01", m.AppealOverdue, slow, **appeal)) == []  # the operator, for the squad
    mine = m.Actor(OPERATOR.id, "chief")
    no: dict[str, Any] = {"at_desk": "jia", "approved": False, "reason": "应当申请延期"}
    assert refused(story.tell("09:02", m.ReviewAppeal, slow, actor=mine, **no)) == ["own_wish"]
    assert refused(story.tell("09:03", m.ReviewAppeal, slow, actor=CHIEF, **no)) == []
    assert refused(story.tell("09:04", m.AppealOverdue, slow, **appeal)) == ["asked_before"]
    assert story.one(e.AppealRefused, slow).reason == no["reason"]
    assert refused(story.tell("2026-08-20 09:00", m.AppealOverdue, old, **appeal)) == ["too_late"]


def test_32_a_wrong_dispatch_is_counted_once() -> None:
    """Given that dispatch A was wrong and B followed; when statistics are made; then the accurate dispatch of this case
    is 0 and not 1, the dispatch is counted once, and the wrong dispatch is attributed to the dispatcher."""
    story = Story()
    case = story.file("09:00", "1", "unheard_of")
    story.tell("09:05", m.ClassifyCase, case, item="stall", reason="a stall")
    story.tell("09:06", m.AssignCase, case, squad="A2", reason="nearer")
    story.tell("09:08", m.ReturnAssignment, case, reason="not_our_territory", basis="一街道")
    story.tell("09:10", m.ReviewReturn, case, outcome="approved", reason="right", actor=CHIEF)
    returned = story.one(e.AssignmentReturned, case)
    assert (returned.wrong, returned.blame) == (True, e.Blame(responsibility="post", unit=OPERATOR.id))
    assert story.holder(case) == "A1"
    story.work(case, "09:12", "09:20", "09:30")
    story.finish(case, "09:40")
    closed = story.one(e.CaseClosed, case)
    assert (closed.accurate, closed.squad) == (False, "A1")
    assert story.share() == Share(1, 1)
    right = Story()
    case = right.file("09:00", "1", "stall")
    right.work(case, "09:12", "09:20", "09:30")
    right.finish(case, "09:40")
    assert right.one(e.CaseClosed, case).accurate
    assert right.all(e.AssignmentReturned) == []
