"""A whole city under random people: whatever they do, in whatever order, these things hold.

One machine files, orders, repeats, forges, sends people home and lets time pass; after each step every invariant of
the core is asked again. The city is the real one of `dispatchers.memory`; only its records and messages are watched.
"""

from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.case import GONE, RUNNING, Case, Status
from dispatchers.city import City
from dispatchers.clock import DAY, MINUTE
from dispatchers.memory import Log, Stored
from dispatchers.record import decode_record, state_hash
from dispatchers.state import Desk
from dispatchers.writer import DESK, INTAKE, Writer
from tests.support import ADMIN, CHECKER, CITY, LAST_DESK, OPERATOR, PACK, Town, officers_of, place

LEVELS = ("town", "county", "city")
OPEN_AT_LAST = {Status.DISPOSED, Status.CHECKED}  # wait for a checker or an operator, whom no clock hurries
SMALL = City(
    msgspec.structs.replace(PACK, squads=tuple(msgspec.structs.replace(s, cap=9) for s in PACK.squads)), CITY.version
)
ITEMS = (*(item.id for item in PACK.items), "stall", "burning", "ufo")
PLACES = (
    place("990101"), place("990101", "990102"), place("990102"), place("990201"), place("zone_bing"), m.Place(),
    place(named="990200"),
)  # fmt: skip
KINDS: tuple[type[m.CaseOrder], ...] = (
    m.ReceiveOffer, m.AcceptAssignment, m.ReturnAssignment, m.ReportArrival, m.ReportDisposal, m.CheckCase,
    m.CloseCase, m.AssignCase, m.EscalateCase, m.HandOverCase,
)  # fmt: skip
STRANGERS = (OPERATOR, CHECKER, ADMIN, m.Actor("A1-001", "squad", "A1"), m.Actor("A2-005", "leader", "A2"),
             m.Actor("JA-works", "unit"), m.Actor("A1-001", "checker"))  # fmt: skip
DESKS = ("jia", "yi", "bing", "ding")


class WatchedLog(Log):
    """A writer of the city, watched while it decides."""

    def decide(self, message: Any, at: int, city: City) -> tuple[Stored | None, list[m.Letter]]:
        state = self.writer.state
        before = state_hash(state)
        repeated = isinstance(message, m.Letter | m.BrokenLetter) and message.number <= state.letters_in.get(
            message.sender, 0
        )
        nothing_due = isinstance(message, m.WakeUp) and not 0 < state.next_due <= max(at, self.writer.head.at)
        first, second = (self.writer.decide(message, self.inbox, at, city) for _ in range(2))
        assert first == second, "the same message in the same state gives the same bytes"
        assert before == state_hash(state), "deciding changes nothing"
        assert (first is None) == (repeated or nothing_due), "one message, one record, but for the two exceptions"
        stored = super().decide(message, at, city)
        if stored[0] is None:
            assert before == state_hash(state), "what leaves no record leaves no trace"
        return stored


class CityMachine(RuleBasedStateMachine):
    """Random days of the small city."""

    def __init__(self) -> None:
        super().__init__()
        self.town = Town(SMALL)
        memory = self.town.memory
        memory.desks = {d.id: WatchedLog("desk-log", d.partition, Writer(d.id, DESK)) for d in PACK.desks}
        memory.intakes["complaints", 0] = WatchedLog("complaint-receipts", 0, Writer("complaints/0", INTAKE))
        self.sent: list[tuple[str, Any]] = []
        self.known: list[str] = []
        self.versions: dict[str, int] = {}
        self.levels: dict[str, int] = {}
        self.checked = 0

    # -- what people do --------------------------------------------------------------------------------------------

    @initialize(hour=st.integers(0, 23))
    def begin(self, hour: int) -> None:
        """A city begins at any hour."""
        self.town.wait(hours=hour)

    @rule(number=st.integers(0, 25), item=st.sampled_from(ITEMS), where=st.sampled_from(PLACES), text=st.integers(0, 2))
    def file(self, number: int, item: str, where: m.Place, text: int) -> None:
        """Somebody complains, again, or otherwise."""
        case = self.town.file(str(number), item, where, digest=str(text), title=f"text {text}")
        if case not in self.known:
            self.known.append(case)

    def _pick(self, which: int) -> str:
        return self.known[which % len(self.known)] if self.known else "c-nobody"

    @rule(which=st.integers(0, 99), steps=st.integers(1, 5))
    def work(self, which: int, steps: int) -> None:
        """Those whose turn it is do what is to be done next."""
        case_id = self._pick(which)
        for _ in range(steps):
            desk = self.town.where(case_id)
            if not desk:
                return
            status = self.town.case(case_id).status
            kind = {
                Status.OFFERED: m.AcceptAssignment,
                Status.ORDERED: m.AcceptAssignment,
                Status.ACCEPTED: m.ReportArrival,
                Status.ON_SITE: m.ReportDisposal,
                Status.UNIT_WORKING: m.ReportDisposal,
                Status.DISPOSED: m.CheckCase,
                Status.CHECKED: m.CloseCase,
            }.get(status)
            if kind is None:
                return
            self._send(desk, self.town.made(kind, case_id))

    @rule(
        kind=st.sampled_from(KINDS),
        which=st.integers(0, 99),
        desk=st.sampled_from(("", "", "", *DESKS)),
        who=st.none() | st.sampled_from(STRANGERS),
        saw=st.none() | st.integers(0, 12),
        other=st.sampled_from(("", "A1", "A2", "AM", "B1", "X1", "JA-works", "DI-clean")),
        to=st.sampled_from((*DESKS, "nowhere")),
        flag=st.booleans(),
    )
    def order(self, kind: Any, which: int, desk: str, who: Any, saw: Any, other: str, to: str, flag: bool) -> None:
        """Anybody orders anything of any desk."""
        case_id = self._pick(which)
        fields: dict[str, Any] = {"case_version": saw}
        if who:
            fields["actor"] = who
        if kind is m.AssignCase:
            fields |= {"squad": other if "-" not in other else "", "unit": other if "-" in other else ""}
        elif kind is m.HandOverCase:
            fields["to_desk"] = to
        elif kind is m.CheckCase:
            fields["passed"] = flag
        elif kind is m.CloseCase:
            fields |= {"forced": flag, "reason": "told so"}
        self._send(desk or self.town.where(case_id) or "jia", self.town.made(kind, case_id, **fields))

    def _send(self, desk: str, message: Any) -> None:
        self.sent.append((desk, message))
        self.town.tell(desk, message)

    @rule(which=st.integers(0, 999), desk=st.none() | st.sampled_from(DESKS))
    def repeat(self, which: int, desk: str | None) -> None:
        """A device sends an old order again, to its desk or to another."""
        if self.sent:
            first, message = self.sent[which % len(self.sent)]
            self.town.tell(desk or first, message)

    @rule(squad=st.sampled_from(("A1", "A2", "AM", "B1", "X1")), on=st.booleans(), hours=st.none() | st.integers(1, 20))
    def duty(self, squad: str, on: bool, hours: int | None) -> None:
        """A squad goes home, or comes."""
        until = None if hours is None else self.town.now + hours * 60 * MINUTE
        desk = SMALL.squads[squad].desk
        order = self.town.made(m.SetDuty, desk=desk, officers=officers_of(squad), on_duty=on, until=until)
        self._send(desk, order)

    @rule(number=st.integers(1, 4), desk=st.sampled_from(DESKS), broken=st.booleans(), which=st.integers(0, 99))
    def letter(self, number: int, desk: str, broken: bool, which: int) -> None:
        """Letters of some sender come twice, too early, or unreadable."""
        if broken:
            case_id = self._pick(which) if self.town.where(self._pick(which)) == desk else ""
            self.town.tell(desk, m.BrokenLetter(sender="web/1", number=number, reason="bad_json", case_id=case_id))
        else:
            order = self.town.made(m.EscalateCase, self._pick(which))
            body = m.ForwardedOrder(order=order)
            self.town.tell(desk, m.Letter(sender="web/1", receiver=desk, number=number, body=body))

    @rule(desk=st.sampled_from(DESKS), due=st.integers(0, 2**40))
    def wake(self, desk: str, due: int) -> None:
        """A wake-up out of nowhere."""
        self.town.tell(desk, m.WakeUp(due=due))

    @rule(minutes=st.sampled_from((1, 3, 5, 15, 16, 30, 31, 60, 240, 1_000, 5_000)))
    def pass_time(self, minutes: int) -> None:
        """Nobody does anything for a while."""
        self.town.wait(minutes=minutes)

    @rule(minutes=st.integers(1, 2_000), desk=st.sampled_from(DESKS))
    def outage(self, minutes: int, desk: str) -> None:
        """All is down for a while; then one desk after the other finds out."""
        self.town.now += minutes * MINUTE
        self.town.memory.at = self.town.now
        order = [desk, *(d for d in DESKS if d != desk)]
        for name in order:
            wake = m.WakeUp(due=self.town.now)
            self.town._keep(self.town.memory._run(self.town.memory.desks[name], wake))
        self.town.wait(0)

    # -- what holds ------------------------------------------------------------------------------------------------

    def _open(self) -> list[tuple[Desk, Case]]:
        return [(desk, c) for name in DESKS for desk in [self.town.desk(name)] for c in desk.cases.values()]

    @invariant()
    def every_open_case_is_someones(self) -> None:
        for desk, case in self._open():
            assert case.status not in GONE
            if case.status is Status.TO_DISPATCH:
                assert case.next_due > self.town.now, "it waits for an instant to come"
                assert desk.waiting[case.territory]
            elif case.status is Status.OPERATOR:
                assert case.operator_due > self.town.now or (desk.id == LAST_DESK and not case.operator_due)
            elif case.status is not Status.CHECKED:
                assert case.assignment is not None
                assert bool(case.assignment.squad) != bool(case.assignment.unit)
            if case.next_due:
                assert case.next_due > self.town.now, "nothing due is left undone"
            if case.assignment and case.assignment.squad:
                assert SMALL.squads[case.assignment.squad].desk == desk.id

    @invariant()
    def no_squad_is_above_its_cap(self) -> None:
        for name in DESKS:
            loads = self.town.desk(name).loads
            assert all(load <= SMALL.squads[b].cap for b, load in loads.items() if b in SMALL.squads)

    @invariant()
    def what_follows_from_the_cases_is_what_they_say(self) -> None:
        for name in DESKS:
            desk = self.town.desk(name)
            loads: dict[str, int] = {}
            waiting: dict[str, list[tuple[int, int, str]]] = {}
            for case in desk.cases.values():
                for bearer in case.load_on or ():
                    loads[bearer] = loads.get(bearer, 0) + case.weight
                if case.status is Status.TO_DISPATCH:
                    waiting.setdefault(case.territory, []).append((case.priority, case.registered_at, case.id))
            assert loads == desk.loads
            assert {territory: sorted(rows) for territory, rows in waiting.items()} == desk.waiting
            assert sorted((c.next_due, c.id) for c in desk.cases.values() if c.next_due) == desk.dues

    @invariant()
    def one_desk_holds_each_case_and_its_versions_count_by_one(self) -> None:
        for record in self.town.records[self.checked :]:
            for event in record.events:
                if isinstance(event, e.CASE_EVENTS):
                    assert event.case_version == self.versions.get(event.case_id, 0) + 1
                    self.versions[event.case_id] = event.case_version
                elif isinstance(event, e.OrderRefused | e.OrderForwarded) and event.case_version:
                    assert event.case_version <= self.versions[event.case_id]
        self.checked = len(self.town.records)
        held = [case.id for _, case in self._open()]
        assert len(held) == len(set(held))
        closed = {event.case_id for event in self.town.events() if isinstance(event, e.CaseClosed)}
        assert set(self.versions) == {*held, *closed}
        assert not closed & set(held)

    @invariant()
    def levels_never_fall(self) -> None:
        for _, case in self._open():
            level = LEVELS.index(case.level)
            assert level >= self.levels.get(case.id, 0)
            self.levels[case.id] = level

    @invariant()
    def memories_are_bounded_and_in_order(self) -> None:
        for name in DESKS:
            desk = self.town.desk(name)
            for ends in (list(desk.seen.values()), [g.forget_after for g in desk.gone.values()]):
                assert sorted(ends) == ends
                assert all(end > desk.at for end in ends)

    # -- the end ---------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Nobody answers any more: every case comes to its end or to somebody; and the log says all of it again."""
        self.town.wait(90 * DAY)
        for desk, case in self._open():
            if case.status is Status.OPERATOR:
                assert desk.id == LAST_DESK
            else:
                assert case.status in OPEN_AT_LAST or case.assignment
                assert case.status not in RUNNING or case.level == "city" or not case.due_at
            assert case.status not in (Status.TO_DISPATCH, Status.OFFERED, Status.ORDERED)
        for name, log in self.town.memory.desks.items():
            again = Writer(name, DESK)
            for offset, raw in enumerate(log.records):
                assert again.fold(offset, raw) is not None
                assert again.fold(offset, raw) is None, "folding twice is folding once"
            assert state_hash(log.writer.state) == state_hash(again.state)
            assert [r.seq for r in map(decode_record, log.records)] == list(range(1, len(log.records) + 1))
        super().teardown()


TestCity = CityMachine.TestCase
TestCity.__doc__ = "Every case is someone's, nobody is overloaded, nothing is lost: whatever people do."
TestCity.settings = settings(stateful_step_count=40, max_examples=3 * settings.default.max_examples)
