"""The red lines 红线 (R22): each that the desk sees has one check, and its test here."""

from typing import Any

import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.explain import Told, explain, in_order
from dispatchers.reports import IN_CASH, ON_THE_SPOT, RED_LINES
from tests.support import CITY, Town, names, one

FINED = {"result": "simple_penalty", "evidence": ("photo:1",)}
OTHERS = ("A1-001", "A1-002")  # who have the general certificate alone
Report = dict[str, Any]
# The red line, the item of the case, a report that crosses it, and the nearest one that does not.
CROSSED: dict[str, tuple[str, Report, Report]] = {
    "single_officer": ("stall", {**FINED, "officers": OTHERS[:1]}, {**FINED, "officers": OTHERS}),
    "no_certificate": ("chemicals", {**FINED, "officers": OTHERS}, FINED),
    "no_record": ("stall", {**FINED, "evidence": ()}, {"result": "corrected", "evidence": ()}),
    "fine_limit": ("stall", {**FINED, "party": "citizen", "fine": 201}, {**FINED, "party": "citizen", "fine": 200}),
    "cash": ("stall", {**FINED, "fine": 150, "cash": 150}, {**FINED, "fine": 150, "cash": 150, "note": "he leaves"}),
}


def on_site(item: str) -> tuple[Town, str]:
    town = Town()
    case = town.file("1", item)
    town.work(case, until="on_site")
    return town, case


def test_every_red_line_of_the_desk_has_its_check_and_its_warning() -> None:
    """What is refused was warned of: the city's file has a line for each, in both languages, with its law."""
    assert set(CROSSED) == set(RED_LINES)
    lines = {line.id: line for line in CITY.red_lines}
    assert set(RED_LINES) <= set(lines)
    assert all(line.text and line.text_en and line.law for line in lines.values())


@pytest.mark.parametrize("line", CROSSED)
def test_a_red_line_is_not_crossed(line: str) -> None:
    """The act is refused by its own reason, and what is just short of it is done."""
    item, crossing, short = CROSSED[line]
    town, case = on_site(item)
    told = [x for x in town.order(m.ReportDisposal, case, **crossing) if isinstance(x, e.ActRefused | e.OrderRefused)]
    assert [RED_LINES[line]] == [x.reason for x in told]
    town, case = on_site(item)
    assert ["CaseDisposed"] == names(town.order(m.ReportDisposal, case, **short))


@pytest.mark.parametrize("line", ["no_record", "fine_limit", "cash"])
def test_what_the_report_lacks_leaves_the_case_where_it_is(line: str) -> None:
    """The two officers may yet add the photograph, or take the other procedure."""
    item, crossing, _ = CROSSED[line]
    town, case = on_site(item)
    before = town.case(case)
    refused = one(town.order(m.ReportDisposal, case, **crossing), e.OrderRefused)
    assert (refused.status, refused.holder) == ("on_site", before.assignment and before.assignment.team)
    assert before == town.case(case)


def test_a_penalty_by_the_general_procedure_needs_evidence_too() -> None:
    """And it is never taken in cash (处罚法 art. 67)."""
    town, case = on_site("stall")
    general = {"result": "general_filed"}
    assert "no_record" == one(town.order(m.ReportDisposal, case, **general, evidence=()), e.OrderRefused).reason
    told = town.order(m.ReportDisposal, case, **general, fine=50, cash=50, note="in hand")
    assert "cash" == one(told, e.OrderRefused).reason
    assert ["CaseDisposed"] == names(town.order(m.ReportDisposal, case, **general, fine=5_000))


@pytest.mark.parametrize(("party", "most"), [("citizen", 200), ("organisation", 3_000), ("", 3_000)])
def test_how_much_a_fine_on_the_spot_may_be(party: str, most: int) -> None:
    """Of whoever is not named only what nobody may be fined is refused; the amounts are in the event."""
    assert ON_THE_SPOT[party] == most
    town, case = on_site("stall")
    told = town.order(m.ReportDisposal, case, **FINED, party=party, fine=most + 1)
    assert "fine_limit" == one(told, e.OrderRefused).reason
    done = one(town.order(m.ReportDisposal, case, **FINED, party=party, fine=most, cash=IN_CASH), e.CaseDisposed)
    assert (party, most, IN_CASH) == (done.party, done.fine, done.cash)


def test_the_story_tells_the_amounts_and_none_where_there_is_none() -> None:
    """What was decided and taken is read in both languages; of a warning nothing is said of money."""
    town, case = on_site("stall")
    town.order(m.ReportDisposal, case, **FINED, fine=150, cash=50)
    told = in_order(Told(0, "jia", event, CITY) for event in town.events(case))
    assert "罚款 150 元，当场收缴 50 元" in explain(told, 0)
    assert "a fine of 150 yuan, 50 yuan taken on the spot" in explain(told, 0, "en")
    town, case = on_site("stall")
    town.order(m.ReportDisposal, case, **FINED)
    assert "元" not in explain(in_order(Told(0, "jia", event, CITY) for event in town.events(case)), 0)
