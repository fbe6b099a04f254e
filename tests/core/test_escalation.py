"""The ladder: what happens when nobody acts, to the minute."""

import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.city import City
from dispatchers.clock import HOUR, MINUTE
from dispatchers.desk import DUE_AT_ONCE
from tests.support import CITY, MONDAY, PACK, Town, at, changed, names, one, place, windows


def ladder(town: Town, case: str) -> list[tuple[int, str]]:
    """(minutes since Monday, what happened) of a case, with the team and step of each offer."""
    told = []
    for record in town.records:
        for event in record.events:
            if getattr(event, "case_id", "") != case or not isinstance(event, e.CASE_EVENTS):
                continue
            word = type(event).__name__
            if isinstance(event, e.AssignmentOffered):
                word = f"{event.basis.step} {event.team} channel {event.channel}"
            elif isinstance(event, e.CaseNeedsOperator):
                word = f"operator {event.reason}"
            elif isinstance(event, e.CaseEscalated):
                word = f"level {event.level} {event.reason}"
            elif isinstance(event, e.DeadlineMissed):
                word = f"missed {event.name}"
            elif isinstance(event, e.CaseTaken):
                word = f"taken from {event.from_desk}"
            told.append(((record.at - MONDAY) // MINUTE, word))
    return told


def test_the_whole_ladder_of_an_ordinary_case() -> None:
    """Two teams of the squad, its leader by the next channel, the operator, the city desk; then lateness to the top."""
    town = Town()
    case = town.file("1")
    town.wait(hours=24 * 7)
    assert [
        (0, "CaseRegistered"),
        (0, "home A1-A channel 1"),
        (15, "LeaseExpired"),
        (15, "another_team A1-B channel 1"),
        (30, "LeaseExpired"),
        (30, "leader A1-L channel 2"),
        (45, "LeaseExpired"),
        (45, "SuperiorAlerted"),
        (45, "operator nobody_answered"),
        (75, "level city operator_silent"),
        (75, "CaseHandedOver"),
        (75, "taken from jia"),
        (75, "operator handed_over"),
        (105, "missed operator"),
        (6 * 60, "missed dispose"),
    ] == ladder(town, case)[:15]
    assert {"missed operator", "missed dispose"} == {word for _, word in ladder(town, case)[15:]}
    assert ("ding", "operator") == (town.where(case), town.case(case).status)


def test_the_whole_ladder_of_an_urgent_case() -> None:
    """It goes on by itself to the county's mobile team and the neighbour before the operator gets it."""
    town = Town()
    case = town.file("1", "burning")
    town.wait(hours=1)
    steps = [
        "home A1-A channel 1", "another_team A1-B channel 1", "leader A1-L channel 2", "mobile AM-A channel 1",
        "mobile AM-B channel 1", "neighbour A2-A channel 1", "neighbour A2-B channel 1", "operator nobody_answered",
    ]  # fmt: skip
    told = ladder(town, case)
    assert [(0, "CaseRegistered")] == told[:1]
    found = [(minute, word) for minute, word in told[1:] if word not in ("LeaseExpired", "SuperiorAlerted")]
    assert [(n * 5, step) for n, step in enumerate(steps)] == found[:8]
    assert [(50, "level city operator_silent"), (50, "CaseHandedOver"), (50, "taken from jia")] == found[8:11]
    assert [(50, "mobile X1-A channel 1"), (55, "mobile X1-B channel 1")] == found[11:13]


def test_two_teams_are_asked_before_the_leader() -> None:
    """A third one on duty is passed over: time runs."""
    town = Town()
    town.order(m.SetDuty, at_desk="jia", desk="jia", officers=("A1-006", "A1-007"), on_duty=True)
    case = town.file("1")
    town.wait(minutes=30)
    assert [(0, "home A1-A channel 1"), (15, "another_team A1-B channel 1"), (30, "leader A1-L channel 2")] == [
        step for step in ladder(town, case) if "channel" in step[1]
    ]


def test_what_falls_due_together_is_handed_over_together() -> None:
    """One wake-up, one record, and the letters in it are numbered one after the other."""
    town = Town()
    for n in range(3):
        town.file(str(n), "ufo")
    events = town.wait(minutes=30)
    assert [("ding", 1), ("ding", 2), ("ding", 3)] == [(x.to, x.number) for x in events if isinstance(x, e.LetterSent)]
    assert 3 == len(town.desk("ding").cases)


@pytest.mark.parametrize("item", ["collapse", "burning"])
def test_the_two_highest_priorities_go_to_the_mobile_team_by_themselves(item: str) -> None:
    """Nobody at home: the county's mobile team is asked in the same record."""
    town = Town()
    town.duty(False, "A1")
    case = town.file("1", item)
    assert [(0, "CaseRegistered"), (0, "mobile AM-A channel 1")] == ladder(town, case)


@pytest.mark.parametrize("item", ["collapse", "burning"])
def test_after_the_mobile_team_the_neighbour_is_asked(item: str) -> None:
    """A squad with a common border and the same acting name; never another county's (处罚法 art. 22)."""
    town = Town()
    town.duty(False, "A1", "AM")
    assert (0, "neighbour A2-A channel 1") == ladder(town, town.file("1", item))[1]
    town.duty(False, "A2")
    assert (0, "operator nobody_can") == ladder(town, town.file("2", item))[1]


@pytest.mark.parametrize("item", ["stall", "refuse"])
def test_the_others_wait_while_there_is_slack(item: str) -> None:
    """No mobile team, no neighbour: they wait, and after the dispatch clock the operator has them."""
    town = Town()
    town.duty(False, "A1")
    case = town.file("1", item)
    assert [(0, "CaseRegistered"), (0, "AssignmentDeferred")] == ladder(town, case)
    minutes = {"stall": 30, "refuse": 60}[item]
    town.wait(minutes=minutes)
    assert [(minutes, "operator undispatched")] == ladder(town, case)[2:]


def test_a_case_that_waits_is_looked_at_when_a_shift_begins() -> None:
    """B begins at 08:00; the case of 07:45 does not wait for its dispatch clock."""
    town = Town(
        City(changed(PACK, "shifts", {"pattern": "always"}, start=480, end=1200), "days"), at("2026-07-13 07:45")
    )
    town.duty(False, "A1", until=at("2026-07-13 08:00"))
    case = town.file("1")
    assert at("2026-07-13 08:00") == town.case(case).retry_at
    town.wait(minutes=15)
    assert "A1-A" == one(town.events(case), e.AssignmentOffered).team


def full_town() -> tuple[Town, list[str]]:
    """A town in which squad A1 can hold two ordinary cases, and does."""
    town = Town(City(changed(PACK, "squads", {"id": "A1"}, cap=4), "cap"))
    cases = [town.file(str(n)) for n in range(2)]
    for case in cases:
        town.work(case, until="disposed")
    return town, cases


def test_capacity_that_frees_goes_to_the_most_urgent_that_waits() -> None:
    """Of three that wait the more urgent one gets the offer in the record that freed the team, then the older one."""
    town, cases = full_town()
    low, high = town.file("low", "refuse"), town.file("high", "stall")
    town.wait(1)
    later = town.file("later", "stall")
    events = town.order(m.CheckCase, cases[0])
    assert ["CaseChecked", "AssignmentOffered"] == names(events)
    assert high == one(events, e.AssignmentOffered).case_id
    events = town.order(m.CheckCase, cases[1])
    assert later == one(events, e.AssignmentOffered).case_id
    assert "to_dispatch" == town.case(low).status


def test_what_waits_for_somebody_else_does_not_block_the_rest() -> None:
    """A case that needs specialists who are not there leaves the freed team to the next one."""
    town, cases = full_town()
    town.order(m.SetDuty, at_desk="jia", desk="jia", officers=("A1-004", "A1-005"), on_duty=False)
    chemicals, stall = town.file("c", "chemicals"), town.file("s")
    town.order(m.CheckCase, cases[0])
    assert ["to_dispatch", "offered"] == [town.case(c).status for c in (chemicals, stall)]


def test_room_is_kept_for_the_heavier_case_whose_turn_it_is() -> None:
    """A stall weighs two, litter one: litter that fits already, waiting or new, does not take the room bit by bit."""
    town = Town(City(changed(PACK, "squads", {"id": "A1"}, cap=3), "cap"))
    light = [town.file(f"light {n}", "refuse") for n in range(3)]
    for case in light:
        town.work(case, until="disposed")
    stall, litter = town.file("s"), town.file("l", "refuse")
    assert ["AssignmentDeferred"] == names(town.events(litter), "CaseRegistered")
    town.order(m.CheckCase, light[0])
    town.wait(1)
    new = town.file("n", "refuse")
    assert ["to_dispatch"] * 3 == [town.case(c).status for c in (stall, litter, new)]
    town.order(m.CheckCase, light[1])
    assert ["offered", "to_dispatch", "to_dispatch"] == [town.case(c).status for c in (stall, litter, new)]
    town.order(m.CheckCase, light[2])
    assert ["offered", "to_dispatch"] == [town.case(c).status for c in (litter, new)]


def test_whoever_cannot_wait_takes_what_room_there_is() -> None:
    """An urgent case is not kept out by an ordinary one that waits for more room than there is."""
    pack = changed(changed(PACK, "squads", {"id": "A1"}, cap=3), "ladders", {"priority": 1}, weight=1)
    town = Town(City(pack, "cap"))
    town.work(town.file("1"), until="disposed")
    waits = town.file("2")
    town.wait(minutes=20)
    urgent = town.file("3", "burning")
    assert ["to_dispatch", "offered"] == [town.case(c).status for c in (waits, urgent)]
    assert ("A1", "home") == ((offer := one(town.events(urgent), e.AssignmentOffered)).squad, offer.basis.step)


def test_nothing_starves_in_a_storm_of_more_urgent_cases() -> None:
    """One stall a minute, and room for one a minute: litter gets its offer half an hour after it came, which is the
    difference of the two limits, before the stalls that came later than that."""
    town, held = full_town()
    litter, stalls = town.file("l", "refuse"), []
    offered: list[str] = []
    for minute in range(40):
        stalls.append(town.file(f"s{minute}"))
        town.wait(minutes=1)
        if minute < 2:
            events = town.order(m.CheckCase, held[minute])
        else:
            town.work(offered[minute - 2], until="disposed")
            events = town.order(m.CheckCase, offered[minute - 2])
        offered += [event.case_id for event in events if isinstance(event, e.AssignmentOffered)]
    assert litter in offered
    before = offered[: offered.index(litter)]
    assert stalls[: len(before)] == before
    assert len(before) <= 31


@pytest.mark.parametrize("kind", [m.ReturnAssignment, m.AssignCase, m.HandOverCase])
def test_whoever_loses_a_case_gets_one_that_waits(kind: type[m.CaseOrder]) -> None:
    """A return, a withdrawal, a handover free a team like a check does."""
    town = Town(City(changed(PACK, "squads", {"id": "A1"}, cap=2), "cap"))
    held, waits = town.file("1"), town.file("2")
    town.order(kind, held)
    assert "A1" == one(town.events(waits), e.AssignmentOffered).squad


def test_a_return_bars_the_squad_and_starts_the_dispatch_clock_anew() -> None:
    """The squad that gave an ordinary case back is not asked again; the operator is told so."""
    town = Town()
    case = town.file("1")
    town.wait(minutes=10)
    events = town.order(m.ReturnAssignment, case)
    needs = one(events, e.CaseNeedsOperator)
    assert ("squad_gave_back", MONDAY + 40 * MINUTE) == (needs.reason, one(events, e.AssignmentReturned).dispatch_due)
    assert {"returned_before"} == {c.lost for c in needs.candidates if c.pairs}


def test_an_urgent_return_goes_on_to_the_mobile_team() -> None:
    """Until it came back more often than the city allows: then an operator looks."""
    town = Town()
    case = town.file("1", "burning")
    events = [one(town.order(m.ReturnAssignment, case), e.AssignmentOffered).squad for _ in range(2)]
    assert ["AM", "A2"] == events
    assert "returned_too_often" == one(town.order(m.ReturnAssignment, case), e.CaseNeedsOperator).reason


def test_a_unit_that_does_not_sign_brings_its_order_to_the_operator() -> None:
    """The receipt falls due, the work order ends, a human decides."""
    town = Town()
    case = town.file("1", "manhole")
    town.wait(minutes=15)
    assert [(15, "LeaseExpired"), (15, "operator unit_did_not_sign")] == ladder(town, case)[2:]


def test_a_unit_that_gave_back_is_not_ordered_again_by_itself() -> None:
    """At the city desk the same unit would be the one: the operator has it instead."""
    town = Town()
    case = town.file("1", "manhole", place("990201"))
    town.order(m.ReturnAssignment, case)
    assert (0, "operator unit_gave_back") == ladder(town, case)[-1]
    town.wait(minutes=15)
    assert [(15, "taken from yi"), (15, "operator unit_gave_back")] == ladder(town, case)[-2:]


def test_lateness_raises_the_level_one_by_one() -> None:
    """A squad that has the case keeps it; the county answers after the limit, the city after the same again."""
    town = Town()
    case = town.file("1")
    town.work(case, until="accepted")
    due = town.case(case).due_at
    assert at("2026-07-13 15:00") == due
    town.wait(due - MONDAY)
    assert ("county", due + 8 * HOUR, "A1") == (
        (c := town.case(case)).level, c.overdue_at, c.assignment.squad if c.assignment else "",
    )  # fmt: skip
    town.wait(hours=8)
    assert ("city", due + 16 * HOUR, "accepted", "jia") == (
        (c := town.case(case)).level, c.overdue_at, c.status, town.where(case),
    )  # fmt: skip


def test_the_clock_of_lateness_stops_with_the_disposal() -> None:
    """What was done in time is not late because nobody has checked it yet."""
    town = Town()
    case = town.file("1")
    town.work(case, until="disposed")
    town.wait(hours=24 * 30)
    assert "town" == town.case(case).level


def test_an_unknown_item_has_no_limit_to_be_late_of() -> None:
    """An operator's escalation raises it one level; no lateness follows."""
    town = Town()
    case = town.file("1", "ufo")
    assert ("county", 0) == ((c := one(town.order(m.EscalateCase, case), e.CaseEscalated)).level, c.overdue_at)


def outage(town: Town, minutes: int, desk: str = "jia") -> list[e.AnyEvent]:
    """Nothing is decided for so long; then the desk is woken once."""
    town.now += minutes * MINUTE
    town.memory.at = town.now
    log = town.memory.desks[desk]
    return town._keep(town.memory._run(log, m.WakeUp(due=town.now)))


def test_a_lease_due_during_an_outage_is_extended_once() -> None:
    """The silence was ours: the whole lease again; the second time it runs out, to the millisecond."""
    town = Town()
    case = town.file("1")
    town.file("2")
    extended = [event for event in outage(town, 60) if isinstance(event, e.LeaseExtended)]
    assert [(case, MONDAY + 75 * MINUTE)] == [(x.case_id, x.due_at) for x in extended if x.case_id == case]
    assert "LeaseExpired" in names(outage(town, 60))


def test_a_wakeup_within_the_grace_extends_nothing() -> None:
    """Three minutes late is not an outage."""
    town = Town()
    case = town.file("1")
    outage(town, 18)
    assert "LeaseExpired" in town.story(case)


def test_a_work_order_due_during_an_outage_is_extended_too() -> None:
    """A unit could not sign while we were down."""
    town = Town()
    case = town.file("1", "manhole")
    outage(town, 30)
    assert "LeaseExtended" in town.story(case)


def test_legal_limits_run_on_through_an_outage() -> None:
    """A limit is the law's, not ours to extend."""
    town = Town()
    case = town.file("1")
    town.work(case, until="accepted")
    outage(town, 24 * 60)
    assert "county" == town.case(case).level


def test_a_wakeup_decides_at_most_a_hundred_things() -> None:
    """The rest is due still, and the next wake-ups have it, until one has nothing and leaves no record."""
    pack = changed(windows(PACK, lease_grace="9000 days"), "squads", {"id": "A1"}, cap=10_000)
    town = Town(City(pack, "many"))
    for n in range(DUE_AT_ONCE * 2 + 50):
        town.file(str(n))
    found = [len([x for x in outage(town, 16 if n == 0 else 0) if isinstance(x, e.LeaseExpired)]) for n in range(4)]
    assert [100, 100, 50, 0] == found


def test_a_wakeup_with_nothing_due_leaves_no_record() -> None:
    """Neither state nor clock moves (law 1)."""
    town = Town()
    town.file("1")
    desk = town.desk("jia")
    before = desk.at
    assert [] == outage(town, 1)
    assert (before, MONDAY + 15 * MINUTE) == (desk.at, desk.next_due)


def test_a_desk_wants_to_be_woken_for_the_first_thing_due() -> None:
    """Of a lease, a receipt and a dispatch clock the earliest."""
    town = Town()
    town.file("1")
    town.file("2", "collapse")
    assert MONDAY + 2 * MINUTE == town.desk("jia").next_due
    assert 0 == Town().desk("jia").next_due


def test_a_case_handed_to_the_city_waits_for_its_operator_without_end() -> None:
    """Nobody stands behind the city's operator, so no clock runs there."""
    town = Town()
    case = town.file("1", "ufo", m.Place())
    town.wait(hours=24 * 365)
    assert ("ding", "operator") == (town.where(case), town.case(case).status)


def test_the_windows_are_the_citys() -> None:
    """How often a case may come back is data."""
    town = Town(City(windows(PACK, max_returns=0), "strict"))
    assert (
        "returned_too_often"
        == one(town.order(m.ReturnAssignment, town.file("1", "burning")), e.CaseNeedsOperator).reason
    )
    assert 2 == CITY.windows.max_returns
