"""A second, very different city decides: Saltmouth, an invented port (tests/city/harbour). All of it is data, no code
knows it: five priorities that all ask for help, leases in seconds, no zones, an old lock of its own by statute,
universal time, limits in hours alone, most of it the police's (issue 4: "all of it by data, not one `if`")."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.rows import CityPack, Equipment
from dispatchers.targets import Share
from streams import city_files
from tests.support import CHECKER, CHIEF, HOTLINE, SUPERVISOR, changed
from tests.support_scenarios import Story, added, kinds, refused, shown
from tests.support_scenarios import due as due_in

HARBOUR = city_files.load(Path(__file__).parents[1] / "city/harbour")
HERE = {
    "eastquay": (-1.43, 50.93),
    "grain": (-1.37, 50.93),
    "drydock": (-1.32, 50.93),
    "ferry": (-1.27, 50.93),
    "fishmarket": (-1.22, 50.93),
    "oldlock": (-1.405, 50.915),  # within the square of eastquay
}
EAST = 1 / 70_170  # degrees of longitude, of one metre


def harbour(day: str = "2026-07-13", pack: CityPack = HARBOUR) -> Story:
    return Story(pack, day=day)


def utc(instant: int) -> str:
    return shown(instant, 0)


def due(story: Story, case: str, name: str = "dispose") -> str:
    return due_in(story.case(case).terms, name, 0)


def asked(story: Story, case: str) -> list[tuple[str, str, str]]:
    """Who got an offer, at which step of the ladder, until when they might answer."""
    return [(x.team, x.basis.step, utc(x.due_at)[11:]) for x in story.all(e.AssignmentOffered, case)]


def test_the_fifth_priority_asks_for_help_too() -> None:
    """Given false scales, of the fifth priority; when nobody answers; then each has 20 minutes, the district's patrol
    and the neighbour of the same district are asked without an operator, who has 90 minutes before it is the port's."""
    story = harbour("2026-09-07")
    case = story.file("09:00", "1", "scales", HERE["fishmarket"])
    story.wait("12:00")
    assert asked(story, case)[:4] == [
        ("FM-2", "home", "09:20"),
        ("FM-L", "leader", "09:40"),
        ("SM-2", "mobile", "10:00"),
        ("FL-2", "neighbour", "10:20"),
    ]
    silent = story.all(e.CaseNeedsOperator, case)[0]
    assert (silent.reason, utc(silent.operator_due)) == ("nobody_answered", "2026-09-07 11:50")
    assert story.times(e.CaseHandedOver, case) == ["2026-09-07 11:50"]
    assert (story.one(e.CaseRegistered, case).weight, story.desks(case)) == (1, ["south", "port"])


def test_a_watch_after_a_watch_is_one_duty() -> None:
    """Given a watch from 16:00 to midnight that goes on from midnight to 08:00, and ten hours as the most; when scales
    are reported at 01:30 and at 02:30; then the first find it on duty for 9.5 hours, the second too tired."""
    story = harbour("2026-09-07")
    first, second = story.file("01:30", "1", "scales", HERE["fishmarket"]), ""
    (team,) = (x.team for x in story.all(e.AssignmentOffered, first))
    second = story.file("02:30", "2", "scales", HERE["fishmarket"])
    lost = {c.team: c.lost for x in story.all(e.CaseNeedsOperator, second) for c in x.candidates}
    assert (team[:2], lost[team], story.all(e.AssignmentOffered, second)) == ("FM", "off_duty", [])


def test_at_most_two_neighbours_are_asked() -> None:
    """Given rubbish in the dock of the grain terminal, which three others border on; when nobody answers; then the two
    with the longest borders are asked, four minutes each, not the lock wardens; then the operator, then the cutter."""
    story = harbour()
    case = story.file("09:00", "1", "dumping", HERE["grain"])
    story.wait("09:43")
    assert asked(story, case) == [
        ("GT-1", "home", "09:04"),
        ("GT-L", "leader", "09:08"),
        ("NM-1", "mobile", "09:12"),
        ("DD-1", "neighbour", "09:16"),
        ("EQ-1", "neighbour", "09:20"),
        ("PC-1", "mobile", "09:44"),
    ]
    assert "OL" not in {c.squad for x in story.all(e.AssignmentOffered, case) for c in x.candidates}
    assert story.last(e.AssignmentOffered, case).basis.acting_name == "Saltmouth Port Authority"


@pytest.mark.parametrize(
    ("item", "facts", "unit", "sign", "done"),
    [
        ("brawl", {}, "police-n", "09:03", "2026-07-13 09:45"),
        ("speeding", {}, "police-n", "09:06", "2026-07-13 13:00"),
        ("theft", {}, "police-n", "09:20", "2026-07-14 09:00"),
        ("parking", {}, "police-n", "09:45", "2026-07-13 15:00"),
        ("bollard", {}, "works", "10:30", "2026-07-17 09:00"),
        ("smuggling", {"cargo": "bonded"}, "customs", "09:20", "2026-07-15 09:00"),
    ],
)
def test_what_is_not_the_squads(item: str, facts: dict[str, str], unit: str, sign: str, done: str) -> None:
    """Given a matter that the list leaves to the police, the works or the customs; when it comes; then it is a work
    order of theirs, to be signed for as its priority says, and no squad may have it; the silence is theirs."""
    story = harbour()
    case = story.file("09:00", "1", item, HERE["grain"], facts=facts)
    order = story.one(e.WorkOrderIssued, case)
    assert (order.unit, utc(order.receipt_due_at), utc(order.due_at)) == (unit, f"2026-07-13 {sign}", done)
    assert refused(story.tell("09:01", m.AssignCase, case, squad="GT", reason="x")) == ["squad_has_no_power"]
    story.wait("10:31")
    assert story.times(e.LeaseExpired, case)[0] == f"2026-07-13 {sign}"
    assert story.all(e.LeaseExpired, case)[0].blame == e.Blame(responsibility="department", unit=unit)


def test_the_police_cannot_decline() -> None:
    """Given a speeding boat, which is the police's by row H4; when they give it back as not theirs; then the list
    answers them, their term to sign runs on, and the post at home has twelve hours to sign for the copy; when they sign
    and do nothing, then it is the district's matter after four hours, and the port's after 20 minutes more."""
    story = harbour()
    case = story.file("09:00", "1", "speeding", HERE["grain"])
    story.tell("09:02", m.ReturnAssignment, case, reason="not_our_power", basis="s. 99")
    no = story.one(e.ReturnRefused, case)
    assert (no.row, utc(no.due_at), story.holder(case)) == ("H4", "2026-07-13 09:06", "police-n")
    copy = story.one(e.RequestMade, case).request
    assert (copy.kind, copy.squad, utc(copy.receipt_due)) == ("copy_notice", "GT", "2026-07-13 21:02")
    story.work(case, "09:05")
    story.wait("13:21")
    assert [x.level for x in story.all(e.CaseEscalated, case)] == ["county", "city"]
    assert story.times(e.CaseEscalated, case) == ["2026-07-13 13:00", "2026-07-13 13:20"]


@pytest.mark.parametrize(
    ("when", "item", "where", "title", "holder", "row", "law"),
    [
        # Ruling 3 holds in the south and from 1 May, universal time, on; else the list decides.
        ("2026-07-13 09:00", "dumping", "fishmarket", "ferry", "FM", "R-1", "Ruling 3 of 2026"),
        ("2026-05-01 00:01", "dumping", "fishmarket", "ferry", "FM", "R-1", "Ruling 3 of 2026"),
        ("2026-04-30 23:59", "dumping", "fishmarket", "ferry", "FM", "H13", "Harbour Act s. 13"),
        ("2026-07-13 09:00", "dumping", "grain", "ferry", "GT", "H13", "Harbour Act s. 13"),
        ("2026-07-13 09:00", "dumping", "fishmarket", "tanker", "police-s", "H14", "Harbour Act s. 14"),
        # The north leaves moorings to the police, but for houseboats, which are the district's own.
        ("2026-07-13 09:00", "mooring", "ferry", "", "FL", "H10", "Harbour Act s. 10"),
        ("2026-07-13 09:00", "mooring", "grain", "", "police-n", "H11", "Harbour Act s. 11"),
        ("2026-07-13 09:00", "mooring", "grain", "houseboat", "NM", "H12", "Harbour Act s. 12"),
        ("2026-07-13 09:00", "no_such_thing", "grain", "loose buoy", "guard", "H18", "Harbour Act s. 18"),
    ],
)
def test_rows_rulings_and_words(when: str, item: str, where: str, title: str, holder: str, row: str, law: str) -> None:
    """Given rows of one desk, rows with conditions, a ruling and words of this city; when a report comes; then the row
    of its desk, day and facts decides; what is the district's goes up to the district's patrol."""
    story = harbour()
    case = story.file(when, "1", item, HERE[where], title=title)
    basis: Any = story.given(case).basis  # type: ignore[union-attr]
    assert (story.holder(case), basis.power, basis.law) == (holder, row, law)
    assert story.case(case).level == ("county" if row == "H12" else "town")


def boat_at_the_lock() -> CityPack:
    """The harbour, where the lock has a boat, and squads may hold more than a spill."""
    boat = Equipment(id="BOAT-3", squad="OL", kind="vessel", valid_from=dt.date(2026, 7, 1), source="invented")
    return added(changed(HARBOUR, "squads", {}, cap=40), "equipment", boat)


def test_the_old_lock_is_the_wardens_by_statute() -> None:
    """Given the old lock within East Quay's square; when oil is spilt there; then the lock wardens go, in the Port
    Authority's name, and no neighbour helps, who acts in another; with rubbish, in the district's, two do."""
    story = harbour(pack=boat_at_the_lock())
    oil = story.file("09:00:00", "1", "spill", HERE["oldlock"])
    assert [x.request.unit for x in story.all(e.RequestMade, oil)] == ["guard"]
    rubbish = story.file("09:00:00", "2", "dumping", HERE["oldlock"])
    story.wait("09:21")
    first = story.all(e.AssignmentOffered, oil)[0]
    assert (first.basis.acting_name, first.basis.task) == ("Saltmouth Port Authority", "cordon")
    assert story.times(e.LeaseExpired, oil)[:2] == ["2026-07-13 09:00", "2026-07-13 09:01"]  # 45 seconds each
    assert {c.squad for c in story.all(e.CaseNeedsOperator, oil)[0].candidates} == {"OL", "NM"}
    assert [(team, step) for team, step, _ in asked(story, rubbish)] == [
        ("OL-1", "home"), ("OL-L", "leader"), ("NM-1", "mobile"), ("EQ-1", "neighbour"), ("GT-1", "neighbour"),
    ]  # fmt: skip
    assert story.all(e.AssignmentOffered, rubbish)[0].basis.acting_name == "North District Office"


def test_how_near_to_a_border_is_in_doubt() -> None:
    """Given a theft in the dry dock; when it is 90 or 15 m from the other district, of which 60 m are near and 10 in
    doubt; then the police have it at once; at 5 m the dock's watcher looks first, within 20 minutes."""
    story = harbour()
    for number, metres, claims in (("0", 90, ()), ("1", 15, ("ferry",))):
        case = story.file("09:00", number, "theft", (-1.3 - metres * EAST, 50.94))
        assert (story.holder(case), story.one(e.CaseRegistered, case).near) == ("police-n", claims)
    near = story.file("09:00", "2", "theft", (-1.3 - 5 * EAST, 50.93))
    look = story.one(e.VerificationOrdered, near)
    assert (look.collector, utc(look.due_at)) == ("EYE-drydock", "2026-07-13 09:20")


def test_a_complaint_about_a_rude_officer() -> None:
    """Given a complaint about rudeness at the grain terminal; when it comes; then the port's desk has it and its
    inspector, 90 minutes to sign and five days of 24 hours; the post it is about gets no say."""
    story = harbour("2026-07-10")
    case = story.file("09:00", "1", "rudeness", HERE["grain"])
    order = story.one(e.WorkOrderIssued, case)
    assert (story.desks(case), order.unit, story.case(case).about) == (["port"], "inspector", ("GT",))
    assert (utc(order.receipt_due_at), utc(order.due_at)) == ("2026-07-10 10:30", "2026-07-15 09:00")
    mine = m.Actor("GT1", "squad", "GT")
    told = story.tell("09:05", m.AskOffice, case, actor=mine, kind="notice", unit="police", task="who was it?")
    assert refused(told) == ["about_you"]


def test_midnight_and_how_far_the_rules_may_go() -> None:
    """Given scales, which are proposed in the north, shadowed in the south until 31 August and decided by themselves
    from 1 September, when one town of the north becomes ready for them; when they come at 23:50 and at 00:05 universal
    time; then each is of its own day: mode, holder and number."""
    story = harbour()
    reports = [
        ("2026-08-31 23:50", "drydock", "propose", "trade", "NOR-20260831-0001"),
        ("2026-08-31 23:50", "fishmarket", "shadow", "FM-1", "SOU-20260831-0001"),
        ("2026-09-01 00:36", "drydock", "propose", "DD-1", "NOR-20260901-0001"),  # past the window of merging
        ("2026-09-01 00:36", "fishmarket", "auto", "FM-1", "SOU-20260901-0001"),
        ("2026-09-01 00:37", "grain", "propose", "trade", "NOR-20260901-0002"),
    ]
    for n, (when, where, mode, holder, number) in enumerate(reports):
        case = story.file(when, str(n), "scales", HERE[where])
        assert story.one(e.CaseRegistered, case).case_no == number
        if mode != "auto":
            wish = story.one(e.AssignmentProposed, case)
            assert (wish.mode, wish.proposal.unit or wish.proposal.team) == (mode, holder)
            told = story.tell(when, m.ConfirmProposal, case)
            assert refused(told) == ([] if mode == "propose" else ["nothing_proposed"])
        if mode != "shadow":
            given: Any = story.given(case)
            assert (getattr(given, "unit", "") or given.team) == holder


def granted(story: Story, when: str, case: str) -> None:
    story.tell(when, m.ReviewRelaxation, case, approved=True)
    story.tell(when, m.ReviewRelaxation, case, approved=True, actor=CHIEF)


def test_no_night_weekend_or_holiday_stops_a_clock() -> None:
    """Given a boat moored wrongly at the ferry, on a Saturday night before a holiday; when 18 hours (not 12, as in
    town) run, an approval is late after 90 minutes, one extension and a suspension follow; then all of it is in hours
    through Sunday and the holiday, and a second extension is one too many."""
    story = harbour("2026-08-29")
    case = story.file("22:00", "1", "mooring", HERE["ferry"])
    assert (due(story, case), due(story, case, "reply")) == ("2026-08-30 16:00", "2026-09-01 22:00")
    story.work(case, "22:05", "22:30")
    story.tell("23:00", m.RequestExtension, case, reason="the owner is away")
    story.wait("2026-08-30 00:31")
    late = story.one(e.DeadlineMissed, case)
    assert (late.name, utc(late.due_at)) == ("approve", "2026-08-30 00:30")
    granted(story, "00:40", case)
    assert due(story, case) == "2026-08-31 10:00"
    assert refused(story.tell("00:50", m.RequestExtension, case, reason="again")) == ["extended_too_often"]
    far, near = (story.instant(when) for when in ("2026-12-01 01:00", "2026-08-31 12:00"))
    told = story.tell("2026-08-30 01:00", m.RequestSuspension, case, reason="gale", until=far)
    assert refused(told) == ["until_out_of_bounds"]  # 90 days here
    story.tell("01:30", m.RequestSuspension, case, reason="gale", until=near)
    granted(story, "02:00", case)
    story.wait("2026-08-31 12:01")
    assert (story.times(e.CaseResumed, case), due(story, case)) == (["2026-08-31 12:00"], "2026-09-01 20:00")


def test_what_is_one_matter_here() -> None:
    """Given a broken bollard; when others call; then within 30 m and 45 minutes it is one matter, whose fourth caller
    makes it of priority 3; 35 m away, or after 46 minutes, it is another; who calls again may, and from 48 hours on
    five such calls raise it to the district."""
    story = harbour()
    who = [{"reporter": {"phone": f"0238012345{n}"}} for n in range(7)]
    lon, lat = HERE["grain"]
    case = story.file("09:00", "0", "bollard", (lon, lat), **who[0])
    story.work(case, "09:01")
    story.file("09:10", "1", "bollard", (lon + 25 * EAST, lat), **who[1])
    aside = story.file("09:12", "2", "bollard", (lon + 35 * EAST, lat + 0.0001), **who[2])
    for n in (3, 4):
        story.file("09:45", str(n), "bollard", (lon, lat), **who[n])
    late = story.file("09:46", "5", "bollard", (lon, lat), **who[5])
    assert [(x.callers, x.priority, x.weight) for x in story.all(e.CaseJoined, case)] == [
        (2, 4, 1), (3, 4, 1), (4, 3, 3),
    ]  # fmt: skip
    assert [story.all(e.CaseMerged, c) for c in (aside, late)] == [[], []]
    story.file("2026-07-15 08:59", "6", "bollard", (lon, lat), **who[0])
    assert story.all(e.CaseUrged, case) == []
    for n in range(7, 12):
        assert story.case(case).level == "town"
        story.file("2026-07-15 09:01", str(n), "bollard", (lon, lat), **who[0])
    assert (len(story.all(e.CaseUrged, case)), story.case(case).level) == (5, "county")


def test_what_callers_are_owed_here() -> None:
    """Given calls for help, a question and a report; when they come; then help with a rope is the cleaners' and other
    help an answer within 6 hours, a question's within 24 hours, by the desk of answers; a report's within 48."""
    story = harbour("2026-07-11")
    rope = story.file("09:00", "1", "rope", HERE["grain"], kind="help")
    boat = story.file("09:00", "2", "mooring", HERE["ferry"], kind="help")
    question = story.file("09:00", "3", "no_such_thing", None, kind="consult")
    report = story.file("09:00", "4", "dumping", HERE["ferry"], kind="report")
    assert [story.holder(c) for c in (rope, boat, question, report)] == ["clean-n", "answers", "answers", "FL"]
    assert [due(story, c, "reply") for c in (rope, boat, question, report)] == [
        "2026-07-11 15:00", "2026-07-11 15:00", "2026-07-12 09:00", "2026-07-13 09:00",
    ]  # fmt: skip
    assert story.one(e.CaseRegistered, boat).duty == "reply"


def test_a_whole_life() -> None:
    """Given a ferry's rubbish on a Sunday night; when it is fined, checked, and the caller was not reached once, which
    is enough here; then it is closed in time for the post, is one of one in the numbers, and may be reopened for ten
    days of 24 hours, not longer."""
    story = harbour("2026-07-12")
    case = story.file("23:20", "1", "dumping", HERE["fishmarket"], title="a ferry throws out rubbish")
    assert (due(story, case), due(story, case, "penalise")) == ("2026-07-13 07:20", "2026-07-22 23:20")
    story.work(case, "23:22", "23:55", "2026-07-13 07:10", result="simple_penalty")
    arrive, check = story.one(e.AssignmentAccepted, case).arrive_due, story.one(e.CaseDisposed, case).check_due
    assert (utc(arrive), utc(check)) == ("2026-07-13 00:02", "2026-07-13 08:10")
    story.tell("07:30", m.CheckCase, case, actor=CHECKER)
    assert utc(story.one(e.CaseChecked, case).close_due) == "2026-07-13 19:30"
    assert refused(story.tell("07:40", m.CloseCase, case, reply="fined")) == ["callback_missing"]
    story.tell("07:50", m.RecordCallback, case, reached=False, actor=HOTLINE)
    assert kinds(story.tell("08:00", m.CloseCase, case, reply="fined")) == ["CallerAnswered", "CaseClosed"]
    end = story.one(e.CaseClosed, case)
    assert (end.desk, end.squad, end.tier, end.stream, end.outcome) == ("south", "FM", "town_squad", "simple", "normal")
    assert (story.share(), utc(end.reopen_until)) == (Share(1, 1), "2026-07-23 08:00")
    again = {"cause": "unsatisfied", "reason": "it is back", "actor": SUPERVISOR, "at_desk": "south"}
    assert refused(story.tell("2026-07-23 08:01", m.ReopenCase, case, **again)) == ["too_late"]
