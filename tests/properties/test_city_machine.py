"""A whole city under random people: whatever they do, in whatever order, these things hold.

One machine files, orders, repeats, forges, sends people home and lets time pass; after each step every invariant of
the core is asked again. The city is the real one of `dispatchers.memory`; only its records and messages are watched.
"""

from typing import Any, get_args

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.case import ENDS, Case, Status
from dispatchers.city import City
from dispatchers.clock import DAY, MINUTE
from dispatchers.ends import AFTER
from dispatchers.memory import Log, Stored
from dispatchers.orders import ORDERS
from dispatchers.record import decode_record, state_hash
from dispatchers.state import Desk, spot_of
from dispatchers.transitions import TRANSITIONS
from dispatchers.writer import DESK, INTAKE, Writer
from tests.support import (
    ADMIN,
    BORDER_COLLECTOR,
    CHECKER,
    CHIEF,
    CITY,
    COORDINATION,
    HOTLINE,
    LAST_DESK,
    MONDAY,
    NOTIFIER,
    OPERATOR,
    PACK,
    SUPERVISOR,
    Town,
    holder,
    officers_of,
    place,
)  # fmt: skip

LEVELS = ("town", "county", "city")
# What nobody but people can move on; each of them is reminded, for ever.
OPEN_AT_LAST = {
    Status.DISPOSED, Status.CHECKED, Status.ACCEPTED, Status.ON_SITE, Status.UNIT_WORKING, Status.DISPUTED,
    Status.PENALTY, Status.CRIMINAL, Status.MERGED,
}  # fmt: skip
UNOWNED = {Status.TO_DISPATCH, Status.OPERATOR, Status.VERIFYING, Status.MERGED}  # the desk's own, or the parent's
SMALL = City(
    msgspec.structs.replace(PACK, squads=tuple(msgspec.structs.replace(s, cap=9) for s in PACK.squads)), CITY.version
)
ITEMS = (*(item.id for item in PACK.items), "stall", "burning", "tree", "tree", "ufo")
REPORTS = ("complaint", "complaint", "report", "help", "consult")
PLACES = (
    place("990101"), place("990101", "990102"), place("990102"), place("990201"), place("zone_bing"), m.Place(),
    place(named="990200"),
)  # fmt: skip
KINDS: tuple[type[m.CaseOrder], ...] = tuple(
    sorted((k for k in get_args(m.DeskOrder) if issubclass(k, m.CaseOrder)), key=lambda k: k.__name__)
)
# What an order says beside what every order says.
SAYS: dict[type[m.CaseOrder], st.SearchStrategy[dict[str, Any]]] = {
    m.ReturnAssignment: st.fixed_dictionaries({
        "reason": st.sampled_from(get_args(m.ReturnReason)), "basis": st.sampled_from(("art. 1", "art. 2")),
        "officers": st.sampled_from(((), ("A1-001",))),
    }),
    m.ReportPush: st.fixed_dictionaries({
        "channel": st.sampled_from(("webhook", "webpush", "mqtt")), "result": st.sampled_from(get_args(m.PushResult)),
    }),
    m.RecordCall: st.fixed_dictionaries({"squad": st.sampled_from(("A1", "B1", "nowhere"))}),
    m.ReportDisposal: st.fixed_dictionaries({
        "result": st.sampled_from(get_args(m.Result)), "evidence": st.sampled_from(((), ("photo:1",))),
        "fine": st.sampled_from((0, 0, 200, 5_000)), "cash": st.sampled_from((0, 0, 100)),
    }),
    m.CheckCase: st.fixed_dictionaries({"passed": st.booleans()}),
    m.CloseCase: st.fixed_dictionaries({"forced": st.booleans(), "reason": st.just("told so")}),
    m.AssignCase: st.sampled_from([
        *({"squad": s, "unit": "", "reason": "r"} for s in ("A1", "A2", "AM", "B1", "X1")),
        {"squad": "A1", "team": "A1-B", "reason": "r", "actor": m.Actor("A1-009", "leader", "A1")},
        *({"squad": "", "unit": u, "reason": "r"} for u in ("JA-works", "DI-clean", "DI-police")),
    ]),
    m.HandOverCase: st.fixed_dictionaries({"to_desk": st.sampled_from(("jia", "yi", "bing", "ding", "nowhere"))}),
    m.VerifyCase: st.just({}),
    m.ReportVerification: st.fixed_dictionaries({
        "found": st.booleans(), "territory": st.sampled_from(("", "990101", "990201", "nowhere")),
    }),
    m.ClassifyCase: st.fixed_dictionaries({
        "item": st.sampled_from(ITEMS), "territory": st.sampled_from(("", "990101", "990202")), "reason": st.just("r"),
    }),
    m.SplitCase: st.just({"reason": "r"}),
    m.SuperviseCase: st.fixed_dictionaries({
        "document": st.just("d"), "limit": st.sampled_from(("2 hours", "2 working_days", "soon")),
    }),
    m.AnswerCaller: st.just({"text": "answer"}),
    m.RecordCallback: st.fixed_dictionaries({"reached": st.booleans(), "solved": st.booleans()}),
    m.ReviewReturn: st.fixed_dictionaries({
        "outcome": st.sampled_from(("approved", "refused", "dispute")), "reason": st.just("r"),
    }),
    m.OpenDispute: st.just({"reason": "r"}),
    m.RuleDispute: st.sampled_from([
        {"document": "D1", "squad": "A1", "reason": "r"}, {"document": "D2", "unit": "DI-safety", "reason": "r"},
        {"document": "D3", "squad": "B1", "reason": "r", "precedent": True}, {"document": "D4", "reason": "r"},
    ]),
    m.RequestExtension: st.just({"reason": "r"}),
    m.RequestSuspension: st.fixed_dictionaries({"reason": st.just("r"), "until": st.integers(1, 400).map(
        lambda days: MONDAY + days * DAY
    )}),
    m.ReviewRelaxation: st.fixed_dictionaries({"approved": st.booleans()}),
    m.AskOffice: st.fixed_dictionaries({
        "kind": st.sampled_from(("test", "support", "copy_notice", "video")), "task": st.just("t"),
        "unit": st.sampled_from(("", "JA-safety")), "squad": st.sampled_from(("", "A2")),
    }),
    m.SignRequest: st.fixed_dictionaries({"request_id": st.sampled_from(("r1", "r2"))}),
    m.AnswerRequest: st.fixed_dictionaries({"request_id": st.sampled_from(("r1", "r2"))}),
    m.RecuseOfficers: st.just({"officers": ("A1-001",), "reason": "r"}),
    m.FilePenalty: st.just({"file_no": "F1"}),
    m.ProposeCriminalTransfer: st.just({"reason": "r"}),
    m.DecideCriminalTransfer: st.fixed_dictionaries({"transferred": st.booleans(), "document": st.just("d")}),
    m.TransferCase: st.just({"to": "court", "reason": "r"}),
    m.CancelCase: st.fixed_dictionaries({
        "outcome": st.sampled_from(("rejected", "not_registered", "cancelled")), "reason": st.just("r"),
    }),
    m.ReopenCase: st.just({"cause": "fault", "reason": "r"}),
    m.AppealOverdue: st.just({"reason": "r"}),
    m.ReviewAppeal: st.fixed_dictionaries({"approved": st.booleans(), "reason": st.just("r")}),
    m.LowerCase: st.just({"reason": "r"}),
    m.EscalateCase: st.just({"reason": "r"}),
}  # fmt: skip
STRANGERS = (
    CHIEF, COORDINATION, SUPERVISOR, HOTLINE, OPERATOR, CHECKER, ADMIN, m.Actor("A1-001", "squad", "A1"),
    m.Actor("A2-005", "leader", "A2"), m.Actor("JA-works", "unit"), m.Actor("A1-001", "checker"), BORDER_COLLECTOR,
)  # fmt: skip
WHOSE: dict[type[m.CaseOrder], m.Actor] = {
    m.RuleDispute: COORDINATION, m.ReviewRelaxation: CHIEF, m.DecideCriminalTransfer: CHIEF, m.ReopenCase: SUPERVISOR,
    m.ReviewAppeal: CHIEF, m.AppealOverdue: OPERATOR,
    m.SuperviseCase: SUPERVISOR, m.CancelCase: CHIEF, m.RecordCallback: HOTLINE, m.ReportVerification: CHECKER,
    m.SignRequest: m.Actor("JA-safety", "unit"), m.AnswerRequest: m.Actor("A2-001", "squad", "A2"),
}  # fmt: skip
BY_ROLE = {
    "operator": OPERATOR, "chief": CHIEF, "checker": CHECKER, "coordination": COORDINATION, "supervisor": SUPERVISOR,
    "hotline": HOTLINE, "notifier": NOTIFIER,
}  # fmt: skip
EASILY: dict[type[m.CaseOrder], dict[str, Any]] = {
    m.ReportVerification: {"actor": CHECKER, "found": True},
    m.ReviewReturn: {"outcome": "approved", "reason": "r"},
    m.RuleDispute: {"actor": COORDINATION, "document": "D9", "squad": "A1", "reason": "r"},
}
DESKS = ("jia", "yi", "bing", "ding")


class WatchedLog(Log):
    """A writer of the city, watched while it decides."""

    def decide(self, message: Any, at: int, city: City) -> tuple[Stored | None, list[m.Letter]]:
        state = self.writer.state
        before = state_hash(state)
        repeated = isinstance(message, m.Letter | m.BrokenLetter) and message.number <= state.letters_in.get(
            message.sender, 0
        )
        now = max(at, self.writer.head.at)
        nothing_due = isinstance(message, m.WakeUp) and not 0 < state.next_due <= now
        keeps_position = 0 < self.writer.keep_position_at <= now
        first, second = (self.writer.decide(message, self.inbox, at, city) for _ in range(2))
        assert first == second, "the same message in the same state gives the same bytes"
        assert before == state_hash(state), "deciding changes nothing"
        silent = repeated or nothing_due
        assert (first is None) == (silent and not keeps_position), "one message, one record, but for two exceptions"
        assert silent == (first is None or not first.record.events), "a record without events keeps a position alone"
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

    @rule(
        number=st.integers(0, 12),
        item=st.sampled_from(ITEMS),
        where=st.sampled_from(PLACES),
        text=st.integers(0, 2),
        kind=st.sampled_from(REPORTS),
    )
    def file(self, number: int, item: str, where: m.Place, text: int, kind: str) -> None:
        """Somebody complains, asks, again, or otherwise; what one says is near to what another said."""
        case = self.town.file(
            str(number), item, where, digest=str(text), title=f"text {text}", kind=kind, caller_tag=f"t{number % 7}"
        )
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
                Status.VERIFYING: m.ReportVerification,
                Status.RETURNING: m.ReviewReturn,
                Status.DISPUTED: m.RuleDispute,
            }.get(status)
            if kind is None:
                return
            self._send(desk, self.town.made(kind, case_id, **EASILY.get(kind, {})))

    @rule(
        which=st.integers(0, 99),
        desk=st.sampled_from(("", "", "", *DESKS)),
        who=st.none() | st.sampled_from(STRANGERS),
        saw=st.none() | st.integers(0, 12),
        parent=st.integers(0, 99),
        data=st.data(),
    )
    def order(self, which: int, desk: str, who: Any, saw: Any, parent: int, data: st.DataObject) -> None:
        """Anybody orders anything of any desk; the one whose order it would be, more often than others."""
        case_id = self._pick(which)
        kind = data.draw(st.sampled_from(KINDS))
        fields = data.draw(SAYS.get(kind, st.just({})))
        if kind is m.MergeCase:
            fields = {"parent": self._pick(parent), "reason": "r"}
        if "request_id" in fields:
            fields = {"request_id": f"{case_id}/{fields['request_id']}"}
        rightful = WHOSE.get(kind)
        if who or rightful:
            fields = {**fields, "actor": who or rightful}
        self._send(desk or self.town.where(case_id) or "jia", self.town.made(kind, case_id, case_version=saw, **fields))

    @rule(which=st.integers(0, 99), steps=st.integers(1, 8), data=st.data())
    def act(self, which: int, steps: int, data: st.DataObject) -> None:
        """Whose turn it is does the next thing, or any of all that the table allows now, and again."""
        if not self.known:
            self.file(0, "stall", PLACES[0], 0, "complaint")
        for _ in range(steps):
            if data.draw(st.booleans()):
                self.work(which, 1)
            else:
                self._act(self._pick(which), data)

    @rule(which=st.integers(0, 99), steps=st.integers(3, 12), data=st.data())
    def go_on(self, which: int, steps: int, data: st.DataObject) -> None:
        """As `act`, so that hypothesis chooses it more often."""
        self.act(which, steps, data)

    def _act(self, case_id: str, data: st.DataObject) -> None:
        desk = self.town.where(case_id)
        if not desk:
            kind = data.draw(st.sampled_from(sorted(AFTER, key=lambda kind: kind.__name__)))
            fields = data.draw(SAYS[kind])
            actor = data.draw(st.sampled_from((WHOSE[kind], SUPERVISOR, CHIEF)))
            self._send("jia", self.town.made(kind, case_id, **fields, actor=actor))
            return
        case = self.town.case(case_id)
        turns = [
            (kind, role)
            for kind, does in ORDERS.items()
            for event in does.asks
            if (edge := TRANSITIONS.get((case.status, event.__name__)))
            for role in edge.who
            if role != "desk"
        ]
        kind, role = data.draw(st.sampled_from(turns))
        fields = data.draw(SAYS.get(kind, st.just({})))
        if kind is m.MergeCase:
            fields = {"parent": self._pick(data.draw(st.integers(0, 99))), "reason": "r"}
        actor = BY_ROLE.get(role)
        if "request_id" in fields and case.requests:
            asked = case.requests[-1]
            fields = {"request_id": asked.id}
            actor = m.Actor(asked.unit, "unit") if asked.unit else m.Actor(f"{asked.squad}-001", "squad", asked.squad)
        elif actor is None:
            mine = holder(case)
            actor = m.Actor(mine.id, role, mine.squad)  # type: ignore[arg-type]
        self._send(desk, self.town.made(kind, case_id, **{**fields, "actor": actor}))

    def _send(self, desk: str, message: Any) -> None:
        self.sent.append((desk, message))
        self.town.tell(desk, message)
        self.town.wait(0)  # a desk is woken as soon as something is due, what was due long ago included

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
    def every_open_case_has_one_owner_and_a_deadline(self) -> None:
        for desk, case in self._open():
            assert case.status not in ENDS
            if case.status is Status.MERGED:
                parent = desk.cases[case.parent]
                assert case.id in parent.children
                assert parent.status is not Status.MERGED, "its owner and its deadline are its parent's"
            else:
                assert case.next_due > self.town.now, "an instant to come, at which something happens by itself"
            if case.status in UNOWNED:
                assert case.assignment is None, "the desk's own"
            else:
                assert case.assignment is not None
                assert bool(case.assignment.squad) != bool(case.assignment.unit)
            if case.assignment and case.assignment.squad:
                assert SMALL.squads[case.assignment.squad].desk == desk.id
            if case.status is Status.TO_DISPATCH:
                assert desk.waiting[case.territory]

    @invariant()
    def nobody_has_a_case_about_themselves(self) -> None:
        for _, case in self._open():
            held = case.assignment
            assert held is None or held.squad not in case.about or not held.squad
            assert held is None or not {*held.officers} & {*case.about, *case.recused}

    @invariant()
    def no_squad_is_offered_more_than_its_cap(self) -> None:
        loads: dict[str, int] = {}
        for _, case in self._open():
            # What comes back to a squad, or grows on it, is its own: a dispute, rework, more callers. An emergency is
            # given to whoever is there.
            beyond = case.disputes or case.rework or case.reopened or case.callers > 1 or case.emergency
            if case.load_on and not beyond:
                loads[case.load_on[0]] = loads.get(case.load_on[0], 0) + case.weight
        assert all(load <= SMALL.squads[squad].cap for squad, load in loads.items())

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
            dues = [(c.next_due, c.id) for c in desk.cases.values() if c.next_due]
            dues += [(row.until, case_id) for case_id, rows in desk.parked.items() for row in rows]
            assert sorted(dues) == desk.dues
            spots: dict[str, set[str]] = {}
            for case in desk.cases.values():
                if spot := spot_of(case):
                    spots.setdefault(spot, set()).add(case.id)
            assert spots == {spot: set(ids) for spot, ids in desk.spots.items()}
            assert sum(map(len, spots.values())) == sum(map(len, desk.spots.values()))

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
        ended = {case for name in DESKS for case, gone in self.town.desk(name).gone.items() if not gone.to_desk}
        assert set(self.versions) == {*held, *ended}
        assert not ended & set(held)

    @invariant()
    def levels_fall_only_by_an_order(self) -> None:
        for _, case in self._open():
            level, before = LEVELS.index(case.level) + case.lowered, self.levels.get(case.id, 0)
            assert level >= before
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
        self.town.wait(20 * DAY)
        for desk, case in self._open():
            if case.status is Status.OPERATOR:
                assert desk.id == LAST_DESK
            else:
                assert case.status in OPEN_AT_LAST or (case.status is Status.SUSPENDED and case.next_due)
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
