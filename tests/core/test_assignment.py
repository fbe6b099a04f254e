"""Who will: one team and two officers, and why not the others (domain.md §5.2 steps 9-11)."""

import datetime as dt
import random
from typing import Any

import msgspec
import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.city import City
from dispatchers.rows import CityPack
from tests.support import (
    CITY,
    MONDAY,
    OPERATOR,
    PACK,
    Town,
    at,
    changed,
    filed,
    names,
    officers_of,
    one,
    place,
)


def offered(town: Town, case: str) -> e.AssignmentOffered:
    return one(town.events(case), e.AssignmentOffered)


def with_team(pack: CityPack, team: str, *officers: str) -> CityPack:
    """A pack in which officers serve in another team."""
    for officer in officers:
        pack = changed(pack, "officers", {"number": officer}, team=team, squad=team.split("-")[0])
    return pack


def test_two_certified_officers_of_the_home_squad_get_the_offer() -> None:
    """By day A and B are free: equal load, equal way, the smaller id wins; both losers are named with the reason."""
    town = Town()
    offer = offered(town, town.file("1"))
    assert ("A1", "A1-A", ("A1-001", "A1-002"), 1, 1) == (
        offer.squad, offer.team, offer.officers, offer.attempt, offer.channel,
    )  # fmt: skip
    assert [("A1-A", 1, 0, 0, ""), ("A1-B", 1, 0, 0, "later_id"), ("A1-N", 0, 0, 0, "off_duty")] == [
        (c.team, c.pairs, c.load, c.metres, c.lost) for c in offer.candidates
    ]


def test_the_offer_names_the_rows_that_decided() -> None:
    """Power, law, in whose name, under which two superiors, at which step."""
    town = Town()
    assert e.Basis(
        power="P03", law="例法 art. 1", acting_name="甲县执法局", line_superior="bureau-jia",
        block_superior="bureau-jia", power_list="S-1", duty="penalty", step="home",
    ) == offered(town, town.file("1")).basis  # fmt: skip


def test_the_offer_has_the_lease_of_its_priority() -> None:
    """15 minutes for an ordinary case, 2 for one that endangers life."""
    town = Town()
    leases = [offered(town, town.file(item, item)).due_at - MONDAY for item in ("stall", "burning", "collapse")]
    assert [15 * 60_000, 5 * 60_000, 2 * 60_000] == leases


def test_the_less_loaded_team_wins() -> None:
    """The second case goes to the team that has none yet; the loser's load is told."""
    town = Town()
    town.file("1")
    offer = offered(town, town.file("2"))
    assert [("A1-B", 0, ""), ("A1-A", 2, "more_load"), ("A1-N", 0, "off_duty")] == [
        (c.team, c.load, c.lost) for c in offer.candidates
    ]


def test_load_counts_per_pair() -> None:
    """Two pairs with weight 3 are less busy than one pair with weight 2."""
    pack = with_team(PACK, "A1-A", "A1-006", "A1-007")
    pack = changed(pack, "ladders", {"priority": 3}, weight=3)
    town = Town(City(pack, "pairs"))
    assert "A1-A" == offered(town, town.file("1", "refuse")).team
    assert "A1-B" == offered(town, town.file("2", "stall")).team
    offer = offered(town, town.file("3", "stall"))
    assert [("A1-A", 2, 3, ""), ("A1-B", 1, 2, "more_load")] == [
        (c.team, c.pairs, c.load, c.lost) for c in offer.candidates[:2]
    ]


def test_an_odd_officer_makes_no_pair() -> None:
    """Three officers are one pair, and the pair is the same whatever the order of the rows."""
    pack = with_team(PACK, "A1-A", "A1-006")
    for officers in (pack.officers, pack.officers[::-1]):
        town = Town(City(msgspec.structs.replace(pack, officers=officers), "odd"))
        offer = offered(town, town.file("1"))
        assert (1, ("A1-001", "A1-002")) == (offer.candidates[0].pairs, offer.officers)


def test_the_nearer_squad_wins_among_neighbours() -> None:
    """Equal load: the distance decides, before the id."""
    pack = msgspec.structs.replace(
        PACK,
        territories=(
            *PACK.territories,
            msgspec.structs.replace(next(t for t in PACK.territories if t.id == "990102"), id="990103", code="990103"),
        ),
        squads=(
            *(s for s in PACK.squads if s.id != "AM"),
            msgspec.structs.replace(
                next(s for s in PACK.squads if s.id == "A2"), id="A0", territory="990103", lon=121.0
            ),
        ),
        teams=(
            *PACK.teams,
            msgspec.structs.replace(next(t for t in PACK.teams if t.id == "A2-A"), id="A0-A", squad="A0"),
        ),
        officers=(
            *PACK.officers,
            *(
                msgspec.structs.replace(o, number=f"A0{o.number[2:]}", squad="A0", team="A0-A")
                for o in PACK.officers
                if o.team == "A2-A"
            ),
        ),
        certificates=(
            *PACK.certificates,
            *(
                msgspec.structs.replace(c, number=f"C-A0{c.officer[2:]}", officer=f"A0{c.officer[2:]}")
                for c in PACK.certificates
                if c.officer.startswith("A2")
            ),
        ),
        borders=(*PACK.borders, msgspec.structs.replace(PACK.borders[0], b="990103")),
    )
    town = Town(City(pack, "near"))
    town.duty(False, "A1")
    offer = offered(town, town.file("1", "burning"))
    assert ("A2-A", "neighbour") == (offer.team, offer.basis.step)
    assert [("A2-A", ""), ("A2-B", "later_id"), ("A0-A", "farther")] == [
        (c.team, c.lost) for c in offer.candidates if c.squad in ("A2", "A0")
    ]
    assert offer.candidates[0].metres == 11111
    assert (offer.candidates[2].metres or 0) > 80_000


def test_a_squad_takes_no_more_than_its_cap() -> None:
    """The cap binds to the unit of weight: what fits exactly is taken, what does not is another's or waits."""
    town = Town(City(changed(PACK, "squads", {"id": "A1"}, cap=4), "cap"))
    cases = [town.file(str(n)) for n in range(3)]
    assert [4, 2, 2] == [town.desk("jia").loads.get(b, 0) for b in ("A1", "A1-A", "A1-B")]
    deferred = one(town.events(cases[2]), e.AssignmentDeferred)
    assert {("A1-A", "cap"), ("A1-B", "cap"), ("A1-N", "off_duty")} == {(c.team, c.lost) for c in deferred.candidates}


def test_a_case_weighs_from_the_offer_until_the_check() -> None:
    """Accepting, going there and disposing change no load; the check frees the team."""
    town = Town()
    case = town.file("1")
    loads = []
    for kind in (m.AcceptAssignment, m.ReportArrival, m.ReportDisposal, m.CheckCase):
        loads.append(dict(town.desk("jia").loads))
        town.order(kind, case)
    assert [{"A1": 2, "A1-A": 2}] * 4 == loads
    assert {} == town.desk("jia").loads


def test_a_specialist_matter_needs_specialists() -> None:
    """A general certificate is not enough for 安全生产 (R10): only A1-B has the pair."""
    town = Town()
    offer = offered(town, town.file("1", "chemicals"))
    assert [("A1-B", ""), ("A1-A", "no_certified_pair"), ("A1-N", "off_duty")] == [
        (c.team, c.lost) for c in offer.candidates
    ]


def test_one_certified_officer_and_auxiliaries_are_no_pair() -> None:
    """S11: the two-person rule (处罚法 art. 42)."""
    pack = changed(PACK, "officers", {"number": "A1-002"}, employment="aux")
    town = Town(City(pack, "aux"))
    offer = offered(town, town.file("1"))
    assert [("A1-B", 1, ""), ("A1-A", 0, "no_certified_pair")] == [
        (c.team, c.pairs, c.lost) for c in offer.candidates[:2]
    ]


def test_a_certificate_that_ran_out_certifies_nobody() -> None:
    """S13: good at 23:59, no more at 00:10 of the next day."""
    pack = changed(PACK, "certificates", {"number": "C-A1-001"}, valid_to=dt.date(2026, 7, 13))
    town = Town(City(pack, "expired"), now=at("2026-07-13 23:59"))
    assert "A1-A" == offered(town, town.file("1")).team
    town.wait(minutes=11)
    offer = offered(town, town.file("2"))
    assert ("A1-N", [("A1-A", "no_certified_pair")]) == (
        offer.team, [(c.team, c.lost) for c in offer.candidates if c.team == "A1-A"],
    )  # fmt: skip


def test_the_roster_says_who_is_on_duty() -> None:
    """At night N works and B sleeps."""
    town = Town(now=at("2026-07-13 22:00"))
    offer = offered(town, town.file("1"))
    assert [("A1-A", ""), ("A1-N", "later_id"), ("A1-B", "off_duty")] == [(c.team, c.lost) for c in offer.candidates]


def test_set_duty_overrules_the_roster_both_ways() -> None:
    """Those sent home are off duty though rostered; those called in are on duty though not."""
    town = Town()
    home = tuple(o for o in officers_of("A1") if o in ("A1-001", "A1-002", "A1-004", "A1-005"))
    for officers, on_duty in ((home, False), (("A1-006", "A1-007"), True)):
        town.order(m.SetDuty, at_desk="jia", desk="jia", officers=officers, on_duty=on_duty)
    offer = offered(town, town.file("1"))
    assert [("A1-N", ""), ("A1-A", "off_duty"), ("A1-B", "off_duty")] == [(c.team, c.lost) for c in offer.candidates]


def test_set_duty_ends_with_its_instant() -> None:
    """Until then, not including it; after that the roster speaks again."""
    town = Town()
    town.duty(False, "A1", "AM", "A2", until=MONDAY + 600_000)
    town.wait(599_999)
    assert "AssignmentDeferred" in town.story(town.file("1"))
    town.wait(1)
    assert "A1-A" == offered(town, town.file("2", "burning")).team


def test_called_in_officers_get_what_waits_at_once() -> None:
    """The record that calls them in already offers them the case."""
    town = Town()
    town.duty(False, "A1")
    case = town.file("1")
    assert ["DutySet", "AssignmentOffered"] == names(town.duty(True, "A1"))
    assert "offered" == town.case(case).status


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"officers": ("A1-001", "nobody")}, "unknown_officer"),
        ({"officers": ("B1-001",)}, "unknown_officer"),
        ({"actor": m.Actor("A1-001", "squad", "A1")}, "not_your_role"),
        ({"actor": m.Actor("A2-005", "leader", "A2")}, "not_your_role"),
    ],
)
def test_duty_is_set_by_who_may_for_officers_of_the_desk(fields: dict[str, Any], reason: str) -> None:
    """Operators for all officers of their desk, a leader for those of the own squad; else nothing changes."""
    town = Town()
    given = {"desk": "jia", "officers": ("A1-001",), "on_duty": False, "actor": OPERATOR, **fields}
    assert reason == one(town.order(m.SetDuty, at_desk="jia", **given), e.OrderRefused).reason
    assert {} == town.desk("jia").duty


def test_a_leader_sets_the_duty_of_the_own_squad() -> None:
    """The shift's leader knows who came."""
    town = Town()
    leader = m.Actor("A1-008", "leader", "A1")
    town.order(m.SetDuty, at_desk="jia", desk="jia", officers=("A1-001",), on_duty=False, actor=leader)
    assert {"A1-001": (False, None)} == {o: (d.on_duty, d.until) for o, d in town.desk("jia").duty.items()}


def test_every_squad_that_was_looked_at_is_named() -> None:
    """When the mobile team wins, the offer still says why each team at home lost."""
    town = Town()
    town.duty(False, "A1")
    offer = offered(town, town.file("1", "burning"))
    assert ("AM-A", "mobile") == (offer.team, offer.basis.step)
    assert [("AM-A", ""), ("AM-B", "later_id"), ("A1-A", "off_duty"), ("A1-B", "off_duty"), ("A1-N", "off_duty")] == [
        (c.team, c.lost) for c in offer.candidates
    ]


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_the_rows_is_irrelevant(seed: int) -> None:
    """A city with all its rows shuffled decides the same days in the same bytes."""
    chance = random.Random(seed)
    tables = {
        table: tuple(chance.sample(rows, len(rows)))
        for table in PACK.__struct_fields__
        if isinstance(rows := getattr(PACK, table), tuple)
    }
    shuffled = City(msgspec.structs.replace(with_team(PACK, "A1-A", "A1-006"), **{
        **tables, "officers": tuple(chance.sample(s := with_team(PACK, "A1-A", "A1-006").officers, len(s)))
    }), CITY.version)  # fmt: skip
    plain = City(with_team(PACK, "A1-A", "A1-006"), CITY.version)
    logs = []
    for city in (plain, shuffled):
        town = Town(city)
        items = [i.id for i in sorted(PACK.items, key=lambda i: i.id)] * 3
        for n, item in enumerate(items):
            town.file(str(n), item, place(("990101", "990102", "990201", "990202", "zone_bing")[n % 5]))
            town.wait(minutes=7)
        town.wait(hours=20)
        logs.append([s.raw for s in town.stored])
    assert logs[0] == logs[1]


def test_an_item_nobody_knows_is_classified_before_it_is_given() -> None:
    """The operator says first what it is, since who may act depends on it; then it goes its ordinary way."""
    town = Town()
    case = town.file("1", "ufo")
    assert "classify_first" == one(town.order(m.AssignCase, case, squad="A1"), e.OrderRefused).reason
    told = town.order(m.ClassifyCase, case, item="stall", reason="looks like a stall")
    assert ["CaseClassified", "AssignmentOffered"] == names(told)
    assert ("A1-A", "home", "P03") == ((o := one(told, e.AssignmentOffered)).team, o.basis.step, o.basis.power)


def test_a_place_without_a_point_has_no_distances() -> None:
    """A territory without coordinates: load and id decide."""
    town = Town()
    where = m.Place(near=(m.Near("990101", 0),))
    message = filed("1", where=where)
    assert message.place.lon is None
    offer = offered(town, town.file("1", where=where))
    assert ("A1-A", None) == (offer.team, offer.candidates[0].metres)
