"""The simulated people, on the real desks in memory: a day and a half of a real city."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from dispatchers import events as e
from dispatchers.case import Status
from dispatchers.city import City
from dispatchers.clock import HOUR, MINUTE
from dispatchers.events import CASE_EVENTS
from dispatchers.memory import Memory
from streams import city_files
from streams.decide import Decide
from streams.people.behaviour import Behaviour
from streams.people.heard import Heard, read
from streams.people.rehearsal import Filing, Happened, rehearse
from streams.people.times import MORNING, Closing, Day
from tests.support import at

HOME = Path(__file__).parents[2] / "deploy/jiaxing"
BEGIN = at("2026-07-13 08:00")
FILED_UNTIL = at("2026-07-14 02:00")
END = at("2026-07-14 20:00")


def filings(decide: Decide) -> Iterator[Filing]:
    """The demo's complaints, every second of them: a quiet Monday."""
    with gzip.open(HOME / "demo/complaints.jsonl.gz") as lines:
        for number, line in enumerate(lines):
            if number % 2:
                continue
            told = json.loads(line)
            topic = told.pop("topic")
            when = city_time(told["received_at"])
            if when >= FILED_UNTIL:
                return
            partition, message = decide.message(topic, json.dumps(told).encode(), when)
            yield Filing(when, topic, partition, message)


def city_time(stamp: str) -> int:
    return at(stamp[:19])


class Lived(NamedTuple):
    memory: Memory
    behaviour: Behaviour
    happened: list[Happened]

    @property
    def events(self) -> list[e.AnyEvent]:
        return [event for h in self.happened for event in h.record.events]

    def count(self) -> Counter[str]:
        return Counter(type(event).__name__ for event in self.events)


def live(seed: str) -> Lived:
    pack = city_files.load(HOME)
    decide = Decide(pack)
    behaviour = Behaviour(seed, City(pack, "test"), Closing.read(HOME / "demo/closing.json"))
    memory = decide.memory
    return Lived(memory, behaviour, list(rehearse(memory, behaviour, filings(decide), END)))


@pytest.fixture(scope="module")
def lived() -> Lived:
    return live("jiaxing")


def test_every_case_ends_or_is_someones(lived: Lived) -> None:
    """After a day and a half nothing that was registered is lost, and nothing waits for nobody."""
    registered = {x.case_id for x in lived.events if isinstance(x, e.CaseRegistered)}
    closed = {x.case_id for x in lived.events if isinstance(x, e.CaseClosed)}
    held = {c.id: c for log in lived.memory.desks.values() for c in log.writer.state.cases.values()}
    assert registered == closed | held.keys()
    assert not closed & held.keys()
    for case in held.values():
        assert case.assignment or case.next_due or case.status in (Status.CHECKED, Status.OPERATOR), case


def test_people_remember_the_open_cases_and_nothing_else(lived: Lived) -> None:
    """Memory is bounded by what is open, and agrees with the desks about what somebody waits for."""
    held = {c.id: c for log in lived.memory.desks.values() for c in log.writer.state.cases.values()}
    assert lived.behaviour.open.keys() == held.keys()
    assert {i: k.version for i, k in lived.behaviour.open.items()} == {i: c.version for i, c in held.items()}


def test_the_city_keeps_up(lived: Lived) -> None:
    """Most of a day's cases are closed by the next evening, nearly all of them without force, and few are refused."""
    count = lived.count()
    assert count["CaseClosed"] > 0.6 * count["CaseRegistered"]
    assert count["OrderRefused"] < 0.01 * count["CaseRegistered"]
    forced = [x for x in lived.events if isinstance(x, e.CaseClosed) and x.outcome == "forced"]
    assert 0 < len(forced) < 0.02 * count["CaseClosed"]


def test_every_rule_has_something_to_do(lived: Lived) -> None:
    """Leases run out, offers come back, checks fail, operators are called and give cases to other desks, devices repeat
    themselves."""
    count = lived.count()
    often = (
        "LeaseExpired", "AssignmentReturned", "ReworkOrdered", "WorkOrderReopened", "CaseNeedsOperator",
        "CaseHandedOver", "CaseTaken", "OrderRepeated", "AssignmentWithdrawn", "CaseEscalated",
    )  # fmt: skip
    assert {name: count[name] for name in often if not count[name]} == {}


def test_the_first_number_is_near_eighty_per_cent(lived: Lived) -> None:
    """The first of the three numbers has a denominator and lies near its target, so that a screen has a story."""
    closed = [x for x in lived.events if isinstance(x, e.CaseClosed) and x.countable]
    grassroots = [x for x in closed if x.tier in ("town_squad", "zone_squad")]
    assert 0.75 < len(grassroots) / len(closed) < 0.88


def test_every_order_is_simulated_and_says_so(lived: Lived) -> None:
    """No act of these people can be mistaken for a human's: their ids say so too."""
    ids = {x.message_id for x in lived.events if isinstance(x, e.MessageSeen)}
    assert ids
    assert all(i.startswith("sim/") for i in ids)


def test_at_night_only_what_is_urgent_is_done(lived: Lived) -> None:
    """Between 22:30 and 06:00 nobody sets out for what can wait."""
    day = Day(480)
    registered = {x.case_id: x for x in lived.events if isinstance(x, e.CaseRegistered)}
    arrived = [
        registered[x.case_id]
        for h in lived.happened
        for x in h.record.events
        if isinstance(x, e.SquadArrived) and day.night(h.record.at - 30 * MINUTE) and day.night(h.record.at)
    ]
    assert arrived
    for case in arrived:
        assert case.priority <= 1 or 0 < case.due_at < day.next_morning(at("2026-07-13 23:00")) + 2 * HOUR


def test_the_same_seed_is_the_same_day(lived: Lived) -> None:
    """People who are told the same do the same, to the byte; another seed is another day."""
    assert [h.stored.raw for h in live("jiaxing").happened] == [h.stored.raw for h in lived.happened]
    assert [h.stored.raw for h in live("other").happened[-50:]] != [h.stored.raw for h in lived.happened[-50:]]


def test_a_restart_plans_the_same_again(lived: Lived) -> None:
    """Who hears all public events anew plans, for each open case, the same orders under the same ids."""
    city = lived.behaviour.city
    again = Behaviour("jiaxing", city, lived.behaviour.closing)
    for h in lived.happened:
        for event in h.record.events:
            if isinstance(event, CASE_EVENTS):
                again.hear(read(msgspec.json.encode(event)), h.record.at)
    assert again.open == lived.behaviour.open
    for case_id, known in again.open.items():
        assert again.plan(known) == lived.behaviour.plan(lived.behaviour.open[case_id])


def test_versions_that_passed_change_nothing(lived: Lived) -> None:
    """A repeated or late public event (at least once, two desks) plans nothing and loses nothing."""
    behaviour = Behaviour("jiaxing", lived.behaviour.city, lived.behaviour.closing)
    born = Heard(type="CaseRegistered", case_id="c-1", case_version=1, desk="nanhu", item="", priority=2)
    called = Heard(type="CaseNeedsOperator", case_id="c-1", case_version=4, reason="no_territory")
    gone = Heard(type="CaseHandedOver", case_id="c-1", case_version=2, to_desk="xiuzhou")
    behaviour.react(born, BEGIN)
    assert behaviour.react(called, BEGIN)
    assert behaviour.react(called, BEGIN) == []
    assert behaviour.react(gone, BEGIN) == []
    known = behaviour.open["c-1"]
    assert (known.desk, known.stage, known.version) == ("xiuzhou", "operator", 4)


def test_what_was_overtaken_is_not_wanted() -> None:
    """A second plan is passed over once the case has moved on."""
    city = City(city_files.load(HOME), "test")
    behaviour = Behaviour("jiaxing", city, Closing({}))
    behaviour.react(Heard(type="CaseRegistered", case_id="c-1", case_version=1, desk="nanhu", item="stall"), BEGIN)
    acts = behaviour.react(Heard(type="CaseNeedsOperator", case_id="c-1", case_version=2, reason="undispatched"), BEGIN)
    assert len(acts) > 1
    assert all(behaviour.wanted(act) for act in acts)
    behaviour.react(Heard(type="WorkOrderIssued", case_id="c-1", case_version=3, unit="u"), BEGIN)
    assert not any(behaviour.wanted(act) for act in acts)


def test_daytime_pauses_at_night() -> None:
    """Two hours of daytime begun at 21:00 end at 07:30."""
    assert Day(480).after(at("2026-07-13 21:00"), 2 * HOUR) == at("2026-07-14 07:30")
    assert Day(480).next_morning(at("2026-07-13 06:00")) == at("2026-07-13 06:30")
    assert MORNING == 6.5 * HOUR


def test_closing_times_keep_their_order() -> None:
    """A case that took longer in the data takes longer here, within what a squad can do in a day."""
    closing = Closing({"stall": (10, 100, 1_000, 10_000)})
    times = [closing.on_site("stall", rank / 10) for rank in range(10)]
    assert times == sorted(times)
    assert 5 * MINUTE < times[0] < times[-1] < 4 * HOUR
