"""How far rules and people agree: each proposal of a log is compared with what was done next, and counted in a line."""

import datetime as dt
import random

import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers import rows
from dispatchers.case import ENDS as OVER
from dispatchers.case import Status
from dispatchers.rollout import ENDS, Line, Rollout
from dispatchers.rows import CityPack
from dispatchers.transitions import TRANSITIONS
from tests.support import BORDER_COLLECTOR, CHIEF, COORDINATION, PACK
from tests.support_scenarios import Story, added, refused


def rolled_out(mode: str, *desks: str, pack: CityPack = PACK) -> CityPack:
    """The small city, in which these desks decide nothing by themselves."""
    for desk in desks:
        row = rows.Rollout(desk=desk, item="*", mode=mode, valid_from=dt.date(2026, 1, 1), source="x")  # type: ignore[arg-type]
        pack = added(pack, "rollout", row)
    return pack


def folded(*stories: Story, seed: int = 0) -> list[Line]:
    """The report over the records of stories; `seed`: shuffled, as logs of many desks may be read."""
    fold = Rollout()
    told = [(r.desk, x) for story in stories for r in story.records for x in r.events]
    if seed:
        random.Random(seed).shuffle(told)
    for desk, event in told:
        fold.see(desk, event)
    return fold.report()


def line(story: Story) -> Line:
    """The only line of the report."""
    (found,) = folded(story)
    return found


def counts(found: Line) -> tuple[int, int, int, int, int, dict[str, int]]:
    return (
        found.proposals, found.as_proposed, found.other_team, found.otherwise, found.undecided, found.instead,
    )  # fmt: skip


def shadowed(item: str = "stall") -> tuple[Story, str]:
    """A desk in shadow mode, and a case of which the rules say: squad A1, team A1-A."""
    story = Story(rolled_out("shadow", "jia"))
    return story, story.file("09:00", "1", item)


def test_nothing_was_proposed() -> None:
    """Where the rules decide by themselves there is no line, whatever people do."""
    story = Story()
    case = story.file("09:00", "1", "stall")
    story.tell("09:05", m.AssignCase, case, squad="A2", reason="near")
    assert folded(story) == []


def test_as_proposed() -> None:
    """Given a desk that proposes; when its operator confirms; then it counts as proposed, in the line of desk, item and
    mode, and the agreement is whole."""
    story = Story(rolled_out("propose", "jia"))
    case = story.file("09:00", "1", "stall")
    story.tell("09:05", m.ConfirmProposal, case)
    found = line(story)
    assert (found.desk, found.item, found.mode) == ("jia", "stall", "propose")
    assert (counts(found), found.agreement) == ((1, 1, 0, 0, 0, {}), 1.0)


@pytest.mark.parametrize(
    ("given", "counted", "agreement"),
    [
        ({"squad": "A1", "team": "A1-A"}, (1, 1, 0, 0, 0, {}), 1.0),
        ({"squad": "A1", "team": "A1-B"}, (1, 0, 1, 0, 0, {}), 1.0),  # the right squad: the rules were not wrong
        ({"squad": "A2"}, (1, 0, 0, 1, 0, {"A2": 1}), 0.0),
    ],
)
def test_what_people_gave_it_to(given: dict[str, str], counted: object, agreement: float) -> None:
    """Given a shadow's word for a team; when the operator gives the case to that team, to another of the squad, or to
    another squad; then it is counted as such, and which squad it was instead."""
    story, case = shadowed()
    assert refused(story.tell("09:05", m.AssignCase, case, reason="so", **given)) == []
    found = line(story)
    assert (found.mode, counts(found), found.agreement) == ("shadow", counted, agreement)


def test_a_unit_instead_of_a_unit() -> None:
    """Given a work order that was proposed to one unit; when the operator gives it to it, or to another; then that is
    as proposed, and otherwise with the unit's name."""
    for unit, counted in (("JA-works", (1, 1, 0, 0, 0, {})), ("DI-works", (1, 0, 0, 1, 0, {"DI-works": 1}))):
        story, case = shadowed("lamp")
        assert refused(story.tell("09:05", m.AssignCase, case, squad="", unit=unit, reason="so")) == []
        assert counts(line(story)) == counted


def test_nothing_yet() -> None:
    """Given a proposal that nobody has answered; when something happens to the case that answers nothing; then it is
    undecided, and there is no agreement to speak of: not zero, none."""
    story, case = shadowed()
    story.tell("09:05", m.UrgeCase, case)
    found = line(story)
    assert (counts(found), found.agreement) == ((1, 0, 0, 0, 1, {}), None)


def test_what_is_undecided_weighs_nothing() -> None:
    """Given four proposals, two as proposed, one otherwise, one open; when the agreement is asked; then it is two of
    three."""
    story, first = shadowed()
    cases = [first, *(story.file(f"09:0{n}", str(n), "stall", "990102") for n in (2, 3, 4))]
    home = ("A1", "A2", "A1")  # of the last nothing is said; the third is given away
    for case, squad in zip(cases, home, strict=False):
        story.tell("09:05", m.AssignCase, case, squad=squad, reason="so")
    found = line(story)
    assert (found.proposals, found.undecided, found.otherwise) == (4, 1, 1)
    assert found.instead == {"A1": 1}
    assert found.agreement == pytest.approx(2 / 3)


def test_the_first_answer_counts() -> None:
    """Given a proposal that the operator followed; when the case is then taken away and given to others; then it was as
    proposed all the same: the rules had been asked only once."""
    story, case = shadowed()
    story.tell("09:05", m.AssignCase, case, squad="A1", reason="so")
    story.tell("09:06", m.AssignCase, case, squad="A2", reason="now so")
    assert len(story.all(e.AssignmentOffered, case)) == 2
    assert line(story).agreement == 1.0


def test_proposed_again() -> None:
    """Given a proposal that nobody followed until the rules looked again; when the operator then follows; then the
    first counts as otherwise, "proposed again", and the second as proposed."""
    story, case = shadowed()
    story.tell("09:05", m.ClassifyCase, case, item="stall", reason="a stall indeed")
    story.tell("09:06", m.AssignCase, case, squad="A1", reason="so")
    assert len(story.all(e.AssignmentProposed, case)) == 2
    found = line(story)
    assert (found.proposals, found.as_proposed + found.other_team, found.otherwise) == (2, 1, 1)
    assert found.instead == {"proposed_again": 1}


def test_a_case_that_ends_instead() -> None:
    """Given proposals; when one case is cancelled, one transferred, one merged into another and one closed by force;
    then each is otherwise, by what became of it."""
    story, cancelled = shadowed()
    transferred, merged, closed, parent = (story.file(f"09:0{n}", str(n), "stall") for n in (2, 3, 4, 5))
    story.tell("09:10", m.CancelCase, cancelled, outcome="rejected", reason="not ours", actor=CHIEF)
    story.tell("09:11", m.TransferCase, transferred, to="信访", reason="theirs", actor=CHIEF)
    story.tell("09:12", m.MergeCase, merged, parent=parent, reason="the same")
    story.tell("09:13", m.CloseCase, closed, forced=True, reason="long gone", actor=CHIEF)
    assert story.refusals() == []
    found = line(story)
    assert found.instead == {"cancelled": 1, "closed": 1, "merged": 1, "transferred": 1}
    assert (found.otherwise, found.undecided, found.agreement) == (4, 1, 0.0)


def test_every_end_is_watched() -> None:
    """Each event that ends a case, or lets it live with another, answers a proposal; beside them only a new proposal
    does."""
    over = {*OVER, Status.MERGED}
    ends = {event for (status, event), edge in TRANSITIONS.items() if edge.to in over and status not in over}
    assert {kind.__name__ for kind in ENDS} == ends | {"AssignmentProposed"}


def test_a_hand_over() -> None:
    """Given two desks in shadow mode; when a case is handed from one to the other and followed there; then the first
    desk's line says that it was handed over, the second's that it was as proposed; each with the item, which the case
    brought along."""
    story = Story(rolled_out("shadow", "jia", "yi"))
    case = story.file("09:00", "1", "stall")
    story.tell("09:01", m.HandOverCase, case, to_desk="yi", reason="over the border", actor=COORDINATION)
    story.tell("09:02", m.ClassifyCase, case, item="stall", territory="990201", reason="it is here")
    story.tell("09:03", m.AssignCase, case, squad="B1", reason="so")
    first, second = folded(story)
    assert (first.desk, first.item, first.instead) == ("jia", "stall", {"handed_over": 1})
    assert (second.desk, second.item, second.as_proposed) == ("yi", "stall", 1)


def test_a_desk_that_was_silent() -> None:
    """Given a proposal that no operator looked at; when the case goes to the city desk by itself; then that is no
    agreement either."""
    story, _ = shadowed()
    story.wait("10:00")
    assert line(story).instead == {"handed_over": 1}


def test_an_item_that_arrives_with_its_case() -> None:
    """Given a case that a collector found to be the second desk's; when only that desk's log is read; then the item of
    its proposal is that of the case that it took."""
    story = Story(rolled_out("shadow", "yi"))
    case = story.file("09:00", "1", "stall", (120.1999, 30.1))
    story.tell("09:20", m.ReportVerification, case, found=True, territory="990201", actor=BORDER_COLLECTOR)
    fold = Rollout()
    for record in story.records:
        for event in record.events:
            if record.desk == "yi":
                fold.see(record.desk, event)
    assert [(x.desk, x.item, x.undecided) for x in fold.report()] == [("yi", "stall", 1)]


def test_an_item_that_was_mistaken() -> None:
    """Given a case that is proposed as a stall; when the operator finds that it is refuse; then the proposal before
    counts for the stall and that after for refuse."""
    story, case = shadowed()
    story.tell("09:05", m.ClassifyCase, case, item="refuse", reason="it is refuse")
    story.tell("09:06", m.AssignCase, case, squad="A1", reason="so")
    first, second = folded(story)
    assert (first.item, second.item) == ("refuse", "stall")
    assert (first.as_proposed + first.other_team, first.otherwise) == (1, 0)
    assert (second.otherwise, second.instead) == (1, {"proposed_again": 1})


def test_lines_are_in_order() -> None:
    """Given two desks, several items and both modes; when the report is made; then there is a line for each of the
    three together, ordered by desk, item and mode."""
    story = Story(rolled_out("shadow", "yi", pack=rolled_out("propose", "jia")))
    for n, (item, where) in enumerate((("stall", "990201"), ("stall", "990101"), ("refuse", "990101"))):
        story.file(f"09:0{n}", str(n), item, where)
    other = Story(rolled_out("shadow", "jia"))
    other.file("09:00", "other", "stall")
    assert [(x.desk, x.item, x.mode, x.proposals) for x in folded(story, other)] == [
        ("jia", "refuse", "propose", 1),
        ("jia", "stall", "propose", 1),
        ("jia", "stall", "shadow", 1),
        ("yi", "stall", "shadow", 1),
    ]


def test_what_was_done_instead_most_stands_first() -> None:
    """Given several things that people did otherwise; when they are counted; then the commonest stands first, and of
    as many the first by name."""
    story = Story(rolled_out("shadow", "jia"))
    one, two, *others = [story.file(f"09:0{n}", str(n), "stall") for n in range(4)]
    story.tell("09:10", m.AssignCase, one, squad="AM", reason="so")
    story.tell("09:11", m.AssignCase, two, squad="A2", reason="so")
    for case in others:
        story.tell("09:12", m.CancelCase, case, outcome="rejected", reason="no", actor=CHIEF)
    assert [*line(story).instead.items()] == [("cancelled", 2), ("A2", 1), ("AM", 1)]


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_order_of_logs_does_not_matter(seed: int) -> None:
    """Given the records of two desks between which a case went, with proposals at both; when their events are read in
    any order; then the report is the same."""
    story = Story(rolled_out("shadow", "jia", "yi"))
    case, other = story.file("09:00", "1", "stall"), story.file("09:00", "2", "refuse")
    story.tell("09:01", m.HandOverCase, case, to_desk="yi", reason="over the border", actor=COORDINATION)
    story.tell("09:02", m.ClassifyCase, case, item="litter", territory="990201", reason="it is litter")
    story.tell("09:03", m.AssignCase, case, squad="B2", reason="so")
    story.tell("09:04", m.ClassifyCase, other, item="stall", reason="it is a stall")
    story.tell("09:05", m.AssignCase, other, squad="A1", team="A1-B", reason="so")
    assert [(x.desk, x.item) for x in folded(story)] == [
        ("jia", "refuse"), ("jia", "stall"), ("yi", "litter"),
    ]  # fmt: skip
    assert folded(story, seed=seed) == folded(story)
