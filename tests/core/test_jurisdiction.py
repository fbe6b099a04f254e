"""Whose is it: zone, township, border, named county, nowhere (domain.md §5.2 step 3; S1)."""

import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.jurisdiction import Whose, whose
from streams.geo import Geo
from tests.support import CITY, PACK, Town, names, one, place

GEO = Geo(PACK)


def located(lon: float, lat: float, address: str = "") -> m.Place:
    return GEO.locate(m.WireLocation(datum="wgs84", lon=lon, lat=lat, address=address))


def test_the_zone_beats_the_township_below_it() -> None:
    """S1: a point in the zone is the zone branch's, whatever its division code says (R28)."""
    answer = whose(located(120.04, 30.075), CITY)
    assert ("bing", "zone_bing", "inside") == (answer.desk, answer.territory, answer.why)


def test_a_zones_case_is_done_by_the_zones_squad_in_the_citys_name() -> None:
    """S1: owner the zone's squad, acting name the city's bureau."""
    town = Town()
    case = town.file("1", where=located(120.04, 30.075))
    offered = one(town.events(case), e.AssignmentOffered)
    assert ("C1", "丁市执法局") == (offered.squad, offered.basis.acting_name)


def test_a_township_is_its_countys() -> None:
    """A point in 三街道 is 乙县's."""
    assert Whose("yi", "990201", (), "inside") == whose(located(120.25, 30.1), CITY)


def test_a_point_near_a_border_keeps_its_candidates() -> None:
    """Inside of 一街道 and 50 m from 二镇: the first takes it, the other is remembered with the case."""
    where = located(120.0995, 30.17)
    assert Whose("jia", "990101", ("990102",), "inside") == whose(where, CITY)
    town = Town()
    assert ("990102",) == town.case(town.file("1", where=where)).near


def test_a_border_between_counties_keeps_both_and_one_holds() -> None:
    """Somebody must hold it at once: the county in which the point lies (首接負責)."""
    answer = whose(located(120.1995, 30.1), CITY)
    assert Whose("jia", "990102", ("990201",), "inside") == answer


def test_a_point_beside_the_city_is_the_nearest_areas() -> None:
    """A point off the edge by less than the border's width is taken by the nearest."""
    answer = whose(m.Place(near=(m.Near("990101", 40),)), CITY)
    assert Whose("jia", "990101", (), "nearest") == answer


@pytest.mark.parametrize(("named", "desk"), [("990200", "yi"), ("990100", "jia"), ("990201", "yi")])
def test_without_a_point_the_named_county_has_it(named: str, desk: str) -> None:
    """No point is known: a collector looks, of the township if one is named, else of the county's first."""
    near = (named,) if named == "990201" else ()
    assert Whose(desk, "", near, "named", "no_point") == whose(place(named=named), CITY)
    town = Town()
    case = town.file("1", where=place(named=named))
    looks = one(town.events(case), e.VerificationOrdered)
    collector = "K-990101" if desk == "jia" else "K-990201"
    assert (desk, "no_point", collector) == (town.where(case), looks.reason, looks.collector)


def test_nowhere_is_the_city_desks() -> None:
    """Neither a point nor a name, and the city has no collector of its own: its operator, who is reminded."""
    assert Whose("ding", "", (), "nowhere", "nowhere") == whose(m.Place(), CITY)
    town = Town()
    case = town.file("1", where=m.Place())
    needs = one(town.events(case), e.CaseNeedsOperator)
    assert ("ding", "no_territory") == (town.where(case), needs.reason)
    missed = [x for x in town.wait(needs.operator_due - town.now) if isinstance(x, e.DeadlineMissed)]
    assert ["accept", "operator"] == [x.name for x in missed]
    assert ["DeadlineMissed"] == names(town.wait(hours=24))


def test_near_to_another_desks_border_somebody_looks_first() -> None:
    """Within the city's ambiguous metres of another county, and outside of both, nobody is sent before a look."""
    inside = m.Place(near=(m.Near("990102", 0), m.Near("990201", 25)))
    outside = m.Place(near=(m.Near("990102", 10), m.Near("990201", 30)))
    far = m.Place(near=(m.Near("990102", 0), m.Near("990201", 26)))
    assert ["border", "border", ""] == [whose(where, CITY).doubt for where in (inside, outside, far)]
    same_desk = m.Place(near=(m.Near("990101", 0), m.Near("990102", 5)))
    assert "" == whose(same_desk, CITY).doubt


def test_territories_nobody_knows_claim_nothing() -> None:
    """A candidate of another version of the city is passed over."""
    where = m.Place(near=(m.Near("nowhere", 0), m.Near("990201", 20)))
    assert Whose("yi", "990201", (), "nearest") == whose(where, CITY)


def test_the_point_beats_the_name() -> None:
    """The address may be wrong in words; the point says where."""
    assert "jia" == whose(place("990101", named="990200"), CITY).desk
