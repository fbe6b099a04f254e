"""The simulated people, on the real desks in memory: a day and a half of a real city, and weeks of a small one."""

import datetime as dt
import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.case import Case, Status
from dispatchers.city import City
from dispatchers.clock import HOUR, MINUTE, text
from dispatchers.events import CASE_EVENTS
from dispatchers.memory import Memory
from dispatchers.rows import Rollout
from dispatchers.state import Desk, evolve
from streams import city_files
from streams.decide import Decide
from streams.gateway.access import actor_of
from streams.gateway.accounts import Account
from streams.people.accounts import Names, posts
from streams.people.acts import Act
from streams.people.behaviour import Behaviour
from streams.people.heard import RELAXATION, Heard, Holder, Limit, Wish, read_of
from streams.people.rehearsal import Filing, Happened, rehearse
from streams.people.times import MORNING, Closing, Day
from streams.views import UNASSIGNED
from tests.support import at

HOME = Path(__file__).parents[2] / "deploy/jiaxing"
SMALL = Path(__file__).parents[1] / "city/small"
BEGIN = at("2026-07-13 08:00")
FILED_UNTIL = at("2026-07-14 02:00")
END = at("2026-07-14 20:00")
MUCH_LATER = at("2026-08-14 20:00")
ENDS = e.CaseClosed | e.CaseCancelled | e.CaseTransferred


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

    @property
    def held(self) -> dict[str, Case]:
        return {c.id: c for log in self.memory.desks.values() for c in log.writer.state.cases.values()}


def live(seed: str, until: int = END) -> Lived:
    pack = city_files.load(HOME)
    decide = Decide(pack)
    behaviour = Behaviour(seed, City(pack, "test"), Closing.read(HOME / "demo/closing.json"))
    memory = decide.memory
    return Lived(memory, behaviour, list(rehearse(memory, behaviour, filings(decide), until)))


def odd_filings(decide: Decide) -> Iterator[Filing]:
    """Every matter of the small city and one that it has not, all over it and outside, from callers of every kind."""
    draw, when = random.Random(5), BEGIN
    items = [*(item.id for item in decide.city.pack.items), "unheard_of"]
    for number in range(400):
        when += draw.randrange(1, 10) * MINUTE
        told = {
            "source": "12345",
            "source_id": str(number),
            "kind": draw.choice(("complaint", "complaint", "complaint", "help", "consult", "report")),
            "received_at": text(when, 480),
            "title": f"第{number}件",
            "category": {"scheme": "item", "code": draw.choice(items)},
            "channel": draw.choice(("phone", "callback")),
        }
        if draw.random() < 0.85:
            point = {"lon": draw.uniform(120.0, 120.4), "lat": draw.uniform(30.0, 30.2)}
            told["location"] = {"datum": "wgs84", **point}
        partition, message = decide.message("complaints", json.dumps(told).encode(), when)
        yield Filing(when, "complaints", partition, message)


@pytest.fixture(scope="module")
def oddly() -> Lived:
    """A month of the small city, in which the rules may only propose for some matters."""
    pack = city_files.load(SMALL)
    modes: dict[str, Literal["propose", "shadow"]] = {"stall": "propose", "refuse": "shadow", "lamp": "shadow"}
    rollout = tuple(
        Rollout(desk="*", item=item, mode=mode, valid_from=dt.date(2026, 1, 1), source="test")
        for item, mode in modes.items()
    )
    decide = Decide(msgspec.structs.replace(pack, rollout=rollout))
    behaviour = Behaviour("d", decide.city, Closing({}))
    memory = decide.memory
    return Lived(memory, behaviour, list(rehearse(memory, behaviour, odd_filings(decide), MUCH_LATER)))


@pytest.fixture(scope="module")
def lived() -> Lived:
    return live("jiaxing")


def test_an_operator_hears_at_most_six_alerts_an_hour(lived: Lived) -> None:
    """A sound is for an urgent case that nobody has (console/sound.js), once for each: on a busy day that must stay
    rare, or nobody listens any more."""
    desks: dict[str, Desk] = {}
    heard: set[str] = set()
    alerts: Counter[tuple[str, int]] = Counter()
    for _, record in lived.happened:
        if record.desk not in lived.memory.desks:
            continue  # the receipt book's
        desk = desks.setdefault(record.desk, Desk(id=record.desk))
        for event in record.events:
            evolve(desk, event, record.at)
        for case_id in {event.case_id for event in record.events if isinstance(event, CASE_EVENTS)}:
            case = desk.cases.get(case_id)
            if case and case.status in UNASSIGNED and case.priority <= 1 and case_id not in heard:
                heard.add(case_id)
                alerts[record.desk, record.at // HOUR] += 1
    assert heard, "nothing urgent ever waits: the day says nothing"
    assert max(alerts.values()) <= 6, alerts.most_common(5)


def test_every_case_ends_or_is_someones(lived: Lived) -> None:
    """After a day and a half nothing that was registered is lost, and nothing waits for nobody."""
    registered = {x.case_id for x in lived.events if isinstance(x, e.CaseRegistered)}
    ended = {x.case_id for x in lived.events if isinstance(x, ENDS)}
    assert registered == ended | lived.held.keys()
    assert not ended & lived.held.keys()
    for case in lived.held.values():
        assert case.next_due or case.status is Status.MERGED, case


def test_nothing_is_stuck_for_ever(oddly: Lived) -> None:
    """A month after the last complaint no case is open, in the real city and in the small one with every odd matter."""
    for city in (live("jiaxing", MUCH_LATER), oddly):
        assert city.held == {}
        assert city.behaviour.open == {}


def test_odd_matters_are_dealt_with_by_their_rules(oddly: Lived) -> None:
    """Proposals, looks, requests, disputes, more time: each is answered, and hardly an order is refused. What nobody
    may do (no vessel, no certificate) goes up and is at last closed with a reason."""
    count = oddly.count()
    often = (
        "AssignmentProposed", "VerificationOrdered", "CaseVerified", "CaseClassified", "RequestMade", "RequestSigned",
        "RequestAnswered", "ReturnRequested", "DisputeOpened", "DisputeRuled", "CallbackRecorded", "CallerAnswered",
        "RelaxationRequested", "CaseCancelled", "ActRefused",
    )  # fmt: skip
    assert {name: count[name] for name in often if not count[name]} == {}
    assert count["RequestMade"] == count["RequestSigned"]
    assert count["OrderRefused"] < 0.1 * count["CaseRegistered"]
    forced = [x for x in oddly.events if isinstance(x, e.CaseClosed) and x.outcome == "forced"]
    assert len(forced) < 0.1 * count["CaseClosed"]


def test_four_eyes(lived: Lived, oddly: Lived) -> None:
    """Who looks is the collector that was named, and who closes neither checked nor disposed."""
    for city in (lived, oddly):
        collectors = {x.case_id: x.collector for x in city.events if isinstance(x, e.VerificationOrdered)}
        hands: dict[str, set[str]] = {}
        for x in city.events:
            if isinstance(x, e.CaseVerified):
                assert x.actor
                assert (x.actor.id, x.actor.role) == (collectors[x.case_id], "checker")
            elif isinstance(x, e.CaseDisposed):
                assert x.actor
                hands[x.case_id] = {x.actor.id, *x.officers}
            elif isinstance(x, e.CaseChecked):
                assert x.actor
                assert x.actor.id not in hands[x.case_id]
                hands[x.case_id].add(x.actor.id)
            elif isinstance(x, e.CaseClosed) and x.outcome in ("normal", "overdue"):
                assert x.actor
                assert x.actor.id not in hands[x.case_id]


def test_every_caller_who_is_owed_an_answer_has_one(lived: Lived) -> None:
    """A normal closing of a complaint comes with a sentence in the caller's language, also for those merged into it."""
    registered = {x.case_id: x for x in lived.events if isinstance(x, e.CaseRegistered)}
    answered = {x.case_id: x.text for x in lived.events if isinstance(x, e.CallerAnswered)}
    closed = [x.case_id for x in lived.events if isinstance(x, e.CaseClosed) and x.outcome != "forced"]
    owed = [i for i in closed if registered[i].kind in ("complaint", "report", "consult", "help")]
    assert owed
    assert all(answered[i].startswith("您反映的问题") for i in owed)


def test_nobody_fines_without_the_power_to(lived: Lived) -> None:
    """Squads punish where a penalty is asked for, units never; each result is its holder's to report."""
    duties = {x.case_id: x.duty for x in lived.events if isinstance(x, e.CaseRegistered | e.CaseClassified)}
    done = [x for x in lived.events if isinstance(x, e.CaseDisposed)]
    fined = [x for x in done if x.result in ("simple_penalty", "general_filed")]
    assert {x.result for x in fined} == {"simple_penalty", "general_filed"}
    assert all(x.squad and duties[x.case_id] in ("penalty", "coercion") for x in fined)
    assert not [x for x in lived.events if isinstance(x, e.OrderRefused) and x.reason == "no_power_for_result"]


def test_people_remember_the_open_cases_and_nothing_else(lived: Lived) -> None:
    """Memory is bounded by what is open, and agrees with the desks about what somebody waits for."""
    assert lived.behaviour.open.keys() == lived.held.keys()
    assert {i: k.version for i, k in lived.behaviour.open.items()} == {i: c.version for i, c in lived.held.items()}
    for case_id, known in lived.behaviour.open.items():
        asked = {r.id for r in lived.held[case_id].requests if r.next_due}
        assert {name for name in known.asked if name != RELAXATION} == asked


def test_the_city_keeps_up(lived: Lived) -> None:
    """Most of a day's cases are closed by the next evening, nearly all of them without force, and few are refused."""
    count = lived.count()
    assert count["CaseClosed"] > 0.6 * count["CaseRegistered"]
    assert count["OrderRefused"] < 0.01 * count["CaseRegistered"]
    forced = [x for x in lived.events if isinstance(x, e.CaseClosed) and x.outcome == "forced"]
    assert len(forced) < 0.02 * count["CaseClosed"]
    assert 0 < count["CaseCancelled"] < 0.02 * count["CaseClosed"]


def test_every_rule_has_something_to_do(lived: Lived) -> None:
    """Leases run out, offers come back, checks fail, operators are called and give cases to other desks, devices repeat
    themselves."""
    count = lived.count()
    often = (
        "LeaseExpired", "AssignmentReturned", "ReworkOrdered", "WorkOrderReopened", "CaseNeedsOperator",
        "CaseHandedOver", "CaseTaken", "OrderRepeated", "AssignmentWithdrawn", "CaseEscalated", "CaseMerged",
        "ReturnRequested", "ReturnRefused", "CaseVerified", "RequestSigned", "CallerAnswered",
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


def test_everyone_who_acts_has_an_account(lived: Lived, oddly: Lived) -> None:
    """At a gateway each speaks under an account of the role that may say it, and of no other."""
    for city in (lived, oddly):
        names, there = Names(city.behaviour.city), {post.account: post for post in posts(city.behaviour.city)}
        actors = {actor for x in city.events if (actor := getattr(x, "actor", None)) and actor.role != "desk"}
        assert len(actors) > 10
        for actor in actors:
            post = there[names.of(actor)]
            made = Account(id=post.account, role=post.role, simulated=True, key="0" * 64, **post.area)
            told = actor_of(made)
            assert told
            assert (told.role, told.squad) == (actor.role, actor.squad)


def test_at_night_only_what_is_urgent_is_done(lived: Lived) -> None:
    """Between 22:30 and 06:00 nobody sets out for what can wait."""
    day = Day(480)
    registered = {x.case_id: x for x in lived.events if isinstance(x, e.CaseRegistered)}
    limits = {
        x.case_id: term.due_at
        for x in lived.events
        if isinstance(x, e.AssignmentOffered)
        for term in x.terms
        if term.name == "dispose"
    }
    arrived = [
        registered[x.case_id]
        for h in lived.happened
        for x in h.record.events
        if isinstance(x, e.SquadArrived) and day.night(h.record.at - 30 * MINUTE) and day.night(h.record.at)
    ]
    assert arrived
    for case in arrived:
        assert case.priority <= 1 or limits[case.case_id] < day.next_morning(at("2026-07-13 23:00")) + 2 * HOUR


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
                again.hear(read_of(h.record.desk, msgspec.json.encode(event)), h.record.at)
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


def one_case(*events: Heard) -> tuple[Behaviour, list[Act]]:
    """What people plan on the last of these events of one case of 南湖区."""
    behaviour = Behaviour("jiaxing", City(city_files.load(HOME), "test"), Closing({}))
    born = Heard(type="CaseRegistered", case_id="c-1", case_version=1, desk="nanhu", kind="complaint", item="litter")
    acts = behaviour.react(born, BEGIN)
    for version, event in enumerate(events, 2):
        acts = behaviour.react(msgspec.structs.replace(event, case_id="c-1", case_version=version), BEGIN)
    return behaviour, acts


def event(kind: str, **fields: Any) -> Heard:
    return Heard(type=kind, case_id="", case_version=0, **fields)


OFFERED = event("AssignmentOffered", assignment_id="c-1/1", squad="NH-1", officers=("1", "2"), due_at=BEGIN + HOUR)


def test_a_refused_return_asks_the_same_people_again() -> None:
    """The case stands where it stood, and is answered once more; a resumed one likewise."""
    received = event("OfferReceived", assignment_id="c-1/1")
    asked = event("ReturnRequested", assignment_id="c-1/1", reason="not_our_power")
    behaviour, acts = one_case(OFFERED, received, asked)
    assert [type(a.order) for a in acts] == [m.ReviewReturn]
    behaviour, acts = one_case(OFFERED, received, asked, event("ReturnRefused", assignment_id="c-1/1", due_at=1))
    assert behaviour.open["c-1"].stage == "received"


def test_more_time_is_granted_by_two_and_forgotten_with_the_case() -> None:
    """First the operator, then the chief; whoever lost the case has nothing to be granted."""
    accepted = event("AssignmentAccepted", assignment_id="c-1/1")
    wish = event("RelaxationRequested", relaxation=Wish("extension"))
    _, first = one_case(OFFERED, accepted, wish)
    _, second = one_case(OFFERED, accepted, wish, event("RelaxationApproved"))
    assert [[a.order.actor.role for a in acts] for acts in (first, second)] == [["operator"], ["chief"]]
    behaviour, _ = one_case(OFFERED, accepted, wish, event("AssignmentWithdrawn"))
    assert not any(behaviour.wanted(a) for a in first)
    extended = event("DeadlineExtended", term=Limit("dispose", BEGIN + 9 * HOUR))
    behaviour, _ = one_case(OFFERED, accepted, wish, event("RelaxationApproved"), extended)
    assert behaviour.open["c-1"].due_at == BEGIN + 9 * HOUR
    assert behaviour.open["c-1"].asked == {}


def test_a_shadow_is_no_order() -> None:
    """What the rules may only propose is confirmed; what they only note, an operator gives to somebody."""
    wish = Holder(squad="NH-1")
    _, proposed = one_case(event("AssignmentProposed", mode="propose", proposal=wish))
    _, noted = one_case(event("AssignmentProposed", mode="shadow", proposal=wish))
    assert isinstance(proposed[0].order, m.ConfirmProposal)
    assert isinstance(noted[0].order, m.AssignCase)
    assert noted[0].order.squad == "NH-1"
    assert not [a for a in noted if isinstance(a.order, m.ConfirmProposal)]


def test_a_merged_case_asks_nobody_for_anything() -> None:
    """It ends with its parent, also on another desk; split off, it waits for the rules like any other."""
    behaviour, acts = one_case(event("CaseMerged"))
    assert acts == []
    behaviour, acts = one_case(event("CaseMerged"), event("CaseHandedOver", to_desk="jiaxing"), event("CaseTaken"))
    assert (acts, behaviour.open["c-1"].stage, behaviour.open["c-1"].desk) == ([], "merged", "jiaxing")
    behaviour, acts = one_case(event("CaseMerged"), event("CaseSplit"))
    assert behaviour.open["c-1"].stage == "waiting"


def test_a_reopened_case_is_known_again() -> None:
    """Nobody remembers a case that ended; the event's own desk says where it goes on, and its caller has an answer."""
    behaviour = Behaviour("jiaxing", City(city_files.load(HOME), "test"), Closing({}))
    raw = msgspec.json.encode(e.CaseReopened(
        case_id="c-1", case_version=9, cause="fault", reason="x", stream="none", tier="", countable=False,
        dispatch_due=0,
    ))  # fmt: skip
    behaviour.react(read_of("nanhu", raw), BEGIN)
    checked = Heard(type="CaseChecked", case_id="c-1", case_version=12)
    acts = behaviour.react(checked, BEGIN)
    assert {a.desk for a in acts} == {"nanhu"}
    close = acts[-1].order
    assert isinstance(close, m.CloseCase)
    assert close.reply


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
