"""Who may: the row of the power list in force at registration, a squad's or a unit's."""

import datetime as dt

import msgspec
import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.city import City
from dispatchers.clock import DAY, HOUR
from dispatchers.competence import competent, technical_lead
from dispatchers.rows import CityPack
from tests.support import ADMIN, CITY, MONDAY, PACK, Town, at, changed, names, officers_of, one, place


def moved(day: dt.date) -> CityPack:
    """The power over stalls goes from the squads to the works unit on a day."""
    pack = changed(PACK, "powers", {"row": "P03"}, valid_to=day - dt.timedelta(days=1))
    row = next(p for p in pack.powers if p.row == "P03")
    later = msgspec.structs.replace(
        row, row="P03b", owner_kind="component", owner="市政", basis="art. 2", valid_from=day, valid_to=None
    )
    return msgspec.structs.replace(pack, powers=(later, *pack.powers))


def test_the_list_in_force_at_registration_decides() -> None:
    """Registered before midnight, the squads have it; after, the unit; where the row stands in the list is nothing."""
    town = Town(City(moved(dt.date(2026, 7, 14)), "moved"), now=MONDAY + 14 * HOUR)
    before = town.case(town.file("1"))
    town.wait(hours=1)
    after = town.case(town.file("2"))
    rows = [competent(case, town.memory.city, "jia", town.now + 30 * DAY) for case in (before, after)]
    assert ["P03", "P03b"] == [row.row for row in rows if row]


def test_the_technical_lead_too_is_that_of_the_place() -> None:
    """A county's own row says who measures, also when the city desk holds the case; elsewhere the city's row does."""
    plain = next(p for p in PACK.powers if (p.item, p.duty) == ("safety", "tech_test"))
    own = msgspec.structs.replace(plain, row="P17-jia", desk="jia", owner_kind="police", owner="公安")
    town = Town(City(msgspec.structs.replace(PACK, powers=(*PACK.powers, own)), "own"))
    here, there = (town.case(town.file(n, "safety", place(t))) for n, t in (("1", "990101"), ("2", "990201")))
    city = town.memory.city
    assert ["公安", "应急"] == [technical_lead(case, city, "ding", MONDAY) for case in (here, there)]


def test_a_case_on_its_way_keeps_its_competence() -> None:
    """A lease that runs out the day after goes on by the list of the day of registration."""
    town = Town(City(moved(dt.date(2026, 7, 14)), "moved"), now=MONDAY + DAY * 14 // 24 + 50 * 60_000)
    case = town.file("1")
    assert ["AssignmentOffered", "LeaseExpired", "AssignmentOffered"] == names(
        [*town.events(case), *town.wait(minutes=16)], "CaseRegistered"
    )
    assert {"P03"} == {event.basis.power for event in town.events(case) if isinstance(event, e.AssignmentOffered)}
    assert ["CaseRegistered", "WorkOrderIssued"] == town.story(town.file("2"))


@pytest.mark.parametrize(
    ("item", "territory", "unit"),
    [("manhole", "990101", "JA-works"), ("lamp", "990201", "DI-works"), ("bulky", "990101", "DI-clean")],
)
def test_what_is_a_units_is_never_offered_to_a_squad(item: str, territory: str, unit: str) -> None:
    """Repair and service go as a work order to the unit of the desk, else the city's, with receipt and deadline."""
    town = Town()
    case = town.file("1", item, place(territory))
    issued = one(town.events(case), e.WorkOrderIssued)
    assert ["CaseRegistered", "WorkOrderIssued"] == town.story(case)
    assert (unit, town.case(case).due_at) == (issued.unit, issued.due_at)
    assert MONDAY < issued.receipt_due_at <= MONDAY + DAY
    assert {} == town.desk(town.where(case)).loads


def test_nobody_answering_never_makes_a_units_work_a_squads() -> None:
    """Days of silence bring a manhole cover to operators, never to a squad."""
    town = Town()
    case = town.file("1", "manhole")
    town.wait(hours=72)
    assert "AssignmentOffered" not in town.story(case)


def test_an_unknown_item_is_an_operators() -> None:
    """What nobody knows is looked at by a human, with no legal limit running."""
    town = Town()
    case = town.file("1", "ufo")
    assert ("unknown_item", 0) == (one(town.events(case), e.CaseNeedsOperator).reason, town.case(case).due_at)


def test_an_item_that_nobody_owns_is_an_operators() -> None:
    """A hole in the power list makes a case an operator's, with the item named."""
    pack = msgspec.structs.replace(PACK, powers=tuple(p for p in PACK.powers if p.item != "stall"))
    town = Town(City(pack, "hole"))
    needs = one(town.events(town.file("1")), e.CaseNeedsOperator)
    assert ("nobody_competent", "stall") == (needs.reason, needs.detail)


def test_a_unit_kind_without_a_unit_is_an_operators() -> None:
    """A row may name a kind that nobody is."""
    town = Town(City(changed(PACK, "powers", {"row": "P06"}, owner="林业"), "forest"))
    needs = one(town.events(town.file("1", "manhole")), e.CaseNeedsOperator)
    assert ("no_unit", "林业") == (needs.reason, needs.detail)


def test_an_operator_cannot_give_a_units_work_to_a_squad() -> None:
    """Competence binds operators too (R34)."""
    town = Town()
    case = town.file("1", "manhole")
    assert "squad_has_no_power" == one(town.order(m.AssignCase, case, squad="A1"), e.OrderRefused).reason
    both = town.order(m.AssignCase, case, squad="B1", unit="JA-works")
    assert "AssignmentOffered" not in names(both)


def test_a_city_adopted_decides_from_then_on() -> None:
    """The next registration is by the new list; the record names the version."""
    new = City(moved(dt.date(2026, 7, 1)), "small-2")
    town = Town(CITY, cities={"small-2": new})
    town.order(m.AdoptCity)
    case = town.file("1")
    assert ["CaseRegistered", "WorkOrderIssued"] == town.story(case)
    assert ("small-2", "small-2") == (town.desk("jia").city, town.records[-1].city)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"found": False}, "unknown_city"), ({"actor": m.Actor("op-1", "operator")}, "not_your_role")],
)
def test_a_city_is_adopted_by_an_admin_and_only_if_it_is_published(fields: dict[str, object], reason: str) -> None:
    """Else the desk goes on with what it has."""
    town = Town()
    town.file("1")
    assert reason == one(town.order(m.AdoptCity, **fields), e.OrderRefused).reason
    assert "small-1" == town.desk("jia").city


def test_a_desk_says_first_by_which_city_it_decides() -> None:
    """The first record of a desk has CityAdopted before anything else."""
    town = Town()
    town.order(m.SetDuty, at_desk="yi", desk="yi", officers=officers_of("B1"), on_duty=True, actor=ADMIN)
    third_working_day = at("2026-08-05 18:00")  # of August: then July's numbers are final
    assert e.CityAdopted(city="small-1", freeze_due=third_working_day) == town.records[0].events[0]
