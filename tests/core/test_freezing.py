"""A desk freezes each month at its own wake-up, three working days after its end (domain.md §2.1)."""

import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.city import City
from dispatchers.memory import Memory
from dispatchers.record import decode_record
from dispatchers.state import Desk, evolve
from dispatchers.targets import Share
from dispatchers.targets.periods import after, before, ends_at, freeze_due, freezes_at, month_of, period_of
from tests.support import CITY, PACK, SUPERVISOR, Town, changed
from tests.support_scenarios import Story, shown
from tests.support_targets import at


def test_months_are_those_of_the_citys_zone() -> None:
    """The first instant of August is not July's, in UTC it would be; December is before January."""
    assert ("2026-07", "2026-08") == tuple(period_of(at(s), 480) for s in ("2026-07-31 23:59:59", "2026-08-01 00:00"))
    assert at("2026-08-01 00:00") == ends_at("2026-07", 480)
    assert ("2027-01", "2025-12") == (after("2026-12"), before("2026-01"))


@given(st.integers(2000, 2100), st.integers(1, 12))
def test_the_month_after_the_month_before_is_the_month(year: int, month: int) -> None:
    """And it ends where the next one begins."""
    period = f"{year}-{month:02}"
    assert period == after(before(period)) == before(after(period))
    assert period_of(ends_at(period, 480), 480) == after(period)
    assert period_of(ends_at(period, 480) - 1, 480) == period
    assert period == month_of(dt.date(year, month, 1).toordinal() - dt.date(1970, 1, 1).toordinal())


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-07-13 08:00", "2026-08-05 18:00"),  # July ends on a Friday: Monday, Tuesday, Wednesday
        ("2026-08-05 17:59", "2026-08-05 18:00"),
        ("2026-08-05 18:00", "2026-09-03 18:00"),
        ("2026-08-02 12:00", "2026-08-05 18:00"),  # begun in August: July is yet to be frozen
    ],
)
def test_a_month_is_final_after_the_third_working_day(now: str, due: str) -> None:
    """Of the next one, at the end of the duty hours."""
    assert due == shown(freeze_due(CITY, at(now)))


def test_the_definition_says_when() -> None:
    """A city with another text freezes at another time."""
    quick = City(changed(PACK, "definitions", {}, freeze_after="48 hours"), "small-2")
    assert "2026-08-03 00:00" == shown(freezes_at(quick, "2026-07"))


def test_each_desk_freezes_its_months_by_itself() -> None:
    """Every desk that began has a record for each month, in its own log, and nothing else happens."""
    story = Story()
    case = story.file("09:00", "1")
    story.work(case, "09:01", "09:02", "09:03")
    story.finish(case, "09:04")
    assert story.last(e.CityAdopted).freeze_due == at("2026-08-05 18:00")
    happened = story.wait("2026-09-30 12:00")
    assert ["2026-07", "2026-08"] == [x.period for x in happened if isinstance(x, e.PeriodFrozen)]
    assert ["2026-08-05 18:00", "2026-09-03 18:00"] == story.times(e.PeriodFrozen)
    assert ("frozen", Share(1, 1)) == story.tasks().official("2026-07", at("2026-09-30 12:00"))[1:3]


def test_16_reopened_after_the_month_was_frozen() -> None:
    """S16 with desks: closed on the last of July, reopened in August after the third working day."""
    story = Story()
    case = story.file("2026-07-31 09:00", "1")
    story.work(case, "09:01", "09:02", "09:03")
    story.finish(case, "09:04")
    story.tell("2026-08-07 10:00", m.ReopenCase, case, actor=SUPERVISOR, cause="reconsideration", reason="撤销")
    fold, now = story.tasks(), at("2026-08-07 11:00")
    july = fold.official("2026-07", now)
    assert (july.state, july.share, july.restated, july.restatements) == ("frozen", Share(1, 1), Share(), 1)
    assert Share() == fold.total(now, "month") == fold.ever()


def test_a_desk_that_was_away_for_months_freezes_one_after_the_other() -> None:
    """One at a wake-up; each asks for the next."""
    memory = Memory(CITY)
    duty = m.SetDuty(
        message_id="d", actor=m.Actor("root", "admin"), desk="yi", officers=("B1-001",), on_duty=True
    )  # fmt: skip
    list(memory.tell("yi", duty, at("2026-07-13 09:00")))
    log = memory.desks["yi"]
    late = at("2026-10-20 09:00")
    frozen = []
    while 0 < log.writer.state.next_due <= late:
        stored, _ = log.decide(m.WakeUp(due=log.writer.state.next_due), late, CITY)
        assert stored
        frozen += [x.period for x in decode_record(stored.raw).events if isinstance(x, e.PeriodFrozen)]
    assert ["2026-07", "2026-08", "2026-09"] == frozen


def test_a_desk_of_an_older_log_learns_when_at_its_next_decision() -> None:
    """Logs of before 2026.11.4 say nothing of it."""
    desk = Desk(id="jia")
    evolve(desk, e.CityAdopted(city="small-1"), at("2026-07-13 09:00"))
    assert 0 == desk.next_due
    raw = msgspec.json.encode(e.CityAdopted(city="small-1"))
    assert b"freeze_due" not in raw
    town = Town()
    town.memory.desks["jia"].writer.state = desk
    town.file("1", "stall")
    assert "CityAdopted" in [type(x).__name__ for x in town.records[-1].events]
    assert town.desk("jia").freeze_due > 0


def test_what_a_patrol_settles_itself_is_a_stream_of_its_own() -> None:
    """自行处置 (domain.md §2.2): in no "all", or it would inflate; a caller's complaint can never be one."""
    story = Story()
    found = story.file("09:00", "1", kind="event")
    story.work(found, "09:01", "09:02", "09:03", result="self_handled")
    story.finish(found, "09:04")
    called = story.file("10:00", "2", where="990102")
    story.work(called, "10:01", "10:02", "10:03", result="self_handled")
    assert ["no_power_for_result"] == story.refusals(called)
    now = at("2026-07-13 12:00")
    assert (Share(1, 1), Share()) == (story.tasks().total(now, stream="self"), story.tasks().total(now))


def test_a_case_handed_to_the_penalty_procedure_counts_once() -> None:
    """When it ends: the filing itself is no end, and a legal review in between changes no lead."""
    story = Story()
    case = story.file("09:00", "1")
    story.work(case, "09:01", "09:02")
    story.tell("09:03", m.FilePenalty, case, file_no="F1")
    assert Share() == story.share()
    actor = m.Actor("legal", "operator")
    story.tell("09:04", m.AskOffice, case, actor=actor, kind="technical", unit="JA-safety", task="法制审核")
    story.tell("2026-08-20 09:00", m.ReportDisposal, case, result="general_filed", evidence=("photo:1",))
    story.finish(case, "09:10")
    assert (Share(), Share(1, 1)) == (story.share("2026-07-31 23:00"), story.share("2026-08-31 12:00"))
    assert Share(1, 1) == story.tasks().total(at("2026-08-20 12:00"), "month", "general")
