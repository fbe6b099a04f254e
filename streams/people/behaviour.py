"""What a case makes people do: pure, so that the same people live in a test (rehearsal.py) and on Kafka (client.py).

1. What somebody does next depends on the last thing that happened to the case, and on draws of (seed, case, version):
   not on the order in which two cases were heard of, nor on a memory that a restart would lose.
2. Every order has an id made of the same words: said twice, it is one order.
3. Nobody hears that an order was refused. Who needs an answer has a second plan for later, passed over when the case
   has moved on meanwhile (`wanted`).
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from dispatchers import messages as m
from dispatchers.city import City
from dispatchers.clock import HOUR, MINUTE, SECOND

from .chance import Chance
from .heard import Heard, Known, remember
from .operators import Operators
from .times import Closing, Day, way

Result = Literal["corrected", "penalty_simple", "penalty_general", "unfounded", "repaired", "served", "answered"]

# Shares, all model. They make a city that is busy and mostly well run, so that each rule has something to do.
SILENT = 0.05  # offers that nobody answers
GIVEN_BACK = 0.03  # assignments that are returned
GRAVE = 0.14  # of enforcement: so grave on site that the county's own team takes it; from 0.6 to 1.4 of it by county
FAILED_CHECK = 0.04
TWICE = 0.01  # messages that a device sends twice
OFFLINE = 0.02  # reports that wait in a phone without a network
RETURNS: tuple[tuple[m.ReturnReason, float], ...] = (
    ("no_capacity", 4),
    ("wrong_item", 2),
    ("not_our_power", 2),
    ("not_our_territory", 1),
    ("no_equipment", 1),
    ("recusal", 0.5),
)
RESULTS: tuple[tuple[Result, float], ...] = (
    ("corrected", 62),
    ("unfounded", 15),
    ("penalty_simple", 15),
    ("penalty_general", 8),
)
UNIT_RESULTS: dict[str, Result] = {"repair": "repaired", "service": "served", "reply": "answered"}


class Act(NamedTuple):
    """Something that somebody will do at `due` (business ms), if the case still stands as at version `since`."""

    due: int
    desk: str
    case_id: str
    since: int
    order: m.DeskOrder
    again: bool = False  # a device's repetition: it does not know that it was heard


class Behaviour:
    """All people of a city. Remembers the open cases and nothing else."""

    def __init__(self, seed: int | str, city: City, closing: Closing) -> None:
        self.chance = Chance(seed)
        self.city = city
        self.closing = closing
        self.day = Day(city.facts.utc_offset_minutes)
        self.open: dict[str, Known] = {}
        self.operators = Operators(self.chance, city)

    def react(self, heard: Heard, at: int) -> list[Act]:
        """Take an event of `at` (business ms) in, and say what people will do about it."""
        before = self.open.get(heard.case_id)
        since = before.since if before else 0
        known = self.hear(heard, at)
        return self.plan(known) if known and known.since != since else []

    def hear(self, heard: Heard, at: int) -> Known | None:
        """Take an event in without an answer; the case, or None when it is closed."""
        before = self.open.get(heard.case_id)
        if before is None and heard.type == "CaseClosed":
            return None  # said again
        known = remember(before, heard, at)
        if known.stage == "closed":
            self.open.pop(known.id, None)
            return None
        self.open[known.id] = known
        return known

    def wanted(self, act: Act) -> bool:
        """Whether the case still stands as when the act was planned."""
        known = self.open.get(act.case_id)
        return act.again or (known is not None and known.since == act.since)

    def plan(self, known: Known) -> list[Act]:
        """What people will do about a case as it stands, first things first."""
        match known.stage:
            case "offered":
                return self._device(known)
            case "received":
                return self._answer(known)
            case "ordered":
                return self._sign(known)
            case "accepted" if known.unit:
                return self._job(known)
            case "accepted":
                return self._set_out(known)
            case "on_site":
                return self._work(known)
            case "disposed":
                return self._check(known)
            case "checked":
                delay = self.chance.between(2 * MINUTE, 15 * MINUTE, known.id, "close", known.since)
                return [self._operator(known, delay, m.CloseCase)]
            case "operator":
                plans = self.operators.options(known)
                return [self._operator(known, p.delay, p.kind, p.number, **p.rest) for p in plans]
            case _:
                return []

    # -- a squad ---------------------------------------------------------------------------------------------------

    def _device(self, known: Known) -> list[Act]:
        """The offer arrives: in seconds, or when the phone has a network again."""
        offline = self.chance.happens(OFFLINE, known.id, "offline", known.since)
        delay = self.chance.between(2, 600 if offline else 15, known.id, "receive", known.since) * SECOND
        return self._told(known, delay, m.ReceiveOffer, assignment_id=known.assignment_id)

    def _answer(self, known: Known) -> list[Act]:
        """A human reads it: accepts within the lease, gives it back, or says nothing."""
        silent = SILENT / 5 if known.leader else SILENT
        if self.chance.happens(silent, known.id, "silent", known.since):
            return []
        slow = 1.6 if self.day.night(known.at) else 1.0
        delay = self.chance.between(0.05, 0.5, known.id, "answer", known.since) * slow * (known.lease - known.at)
        if self.chance.happens(GIVEN_BACK, known.id, "return", known.since):
            return self._give_back(known, delay)
        return self._told(known, delay, m.AcceptAssignment, assignment_id=known.assignment_id)

    def _set_out(self, known: Known) -> list[Act]:
        """The way; at night only for what cannot wait."""
        due = self._after(known, way(known.metres) * self.chance.between(0.8, 1.6, known.id, "way", known.since))
        return self._told(known, due - known.at, m.ReportArrival, assignment_id=known.assignment_id)

    def _work(self, known: Known) -> list[Act]:
        rank = self.chance.unit(known.id, "work", known.since)
        done = self._after(known, self.closing.on_site(known.item, rank))
        result = self.chance.weighted(RESULTS, known.id, "result")
        acts = self._told(
            known,
            done - known.at,
            m.ReportDisposal,
            assignment_id=known.assignment_id,
            result=result,
            note="simulated",
            evidence=(f"simulated/{known.id}/{known.since}.jpg",),
        )
        return acts + self._county(known)

    def _county(self, known: Known) -> list[Act]:
        """What is grave: the squad telephones, and the operator gives the case to the county's own team (if it can)."""
        share = GRAVE * self.chance.between(0.6, 1.4, "grave", known.desk)
        grave = known.nature == "enforcement" and self.chance.happens(share, known.id, "grave")
        mobile = self.city.mobile(known.desk, self.city.calendar.day(known.at))
        if not grave or not mobile or not self.city.grassroots(known.squad):
            return []
        delay = self.chance.between(3 * MINUTE, 8 * MINUTE, known.id, "grave", known.since)
        reason = "grave: the county's team takes it"
        return [self._operator(known, delay, m.AssignCase, squad=mobile[0].id, reason=reason)]

    # -- a unit ----------------------------------------------------------------------------------------------------

    def _sign(self, known: Known) -> list[Act]:
        if self.chance.happens(SILENT / 2, known.id, "silent", known.since):
            return []
        delay = self.chance.between(1 * MINUTE, 8 * MINUTE, known.id, "sign", known.since)
        if self.chance.happens(GIVEN_BACK, known.id, "return", known.since):
            return self._give_back(known, delay)
        return self._told(known, delay, m.AcceptAssignment, assignment_id=known.assignment_id)

    def _job(self, known: Known) -> list[Act]:
        """A unit's job has its own queue; whoever has a limit mostly looks at it."""
        length = self.closing.job(known.item, self.chance.unit(known.id, "job", known.since))
        done = self._after(known, length)
        left = known.due_at - known.at
        if left > 0 and not self.chance.happens(0.1, known.id, "late", known.since):
            done = min(done, known.at + round(left * self.chance.between(0.5, 0.95, known.id, "limit", known.since)))
        return self._told(
            known,
            done - known.at,
            m.ReportDisposal,
            assignment_id=known.assignment_id,
            result=UNIT_RESULTS.get(known.nature, "answered"),
            note="simulated",
        )

    # -- both ------------------------------------------------------------------------------------------------------

    def _give_back(self, known: Known, delay: float) -> list[Act]:
        reason = self.chance.weighted(RETURNS, known.id, "reason", known.since)
        return self._told(
            known, delay, m.ReturnAssignment, assignment_id=known.assignment_id, reason=reason, basis="simulated"
        )

    def _check(self, known: Known) -> list[Act]:
        """核查 by day, by somebody who did not dispose."""
        delay = self.chance.between(10 * MINUTE, 60 * MINUTE, known.id, "check", known.since)
        passed = not self.chance.happens(FAILED_CHECK, known.id, "passed", known.since)
        checker = m.Actor(id=f"checker-{known.desk}", role="checker")
        return [self._act(known, self._after(known, delay), checker, m.CheckCase, passed=passed)]

    def _after(self, known: Known, length: float) -> int:
        """When work of `length` ms, begun now, is done. At night only what is urgent, or due before the next morning
        is two hours old."""
        urgent = known.priority <= 1 or 0 < known.due_at < self.day.next_morning(known.at) + 2 * HOUR
        return known.at + round(length) if urgent else self.day.after(known.at, round(length))

    def _told(self, known: Known, delay: float, kind: type[m.AssignmentOrder], **rest: Any) -> list[Act]:
        """A report of who holds the case, sometimes late (offline), sometimes twice."""
        happened = known.at + round(delay)
        name = kind.__name__
        due = happened
        if kind is not m.ReceiveOffer and self.chance.happens(OFFLINE, known.id, "late", name, known.since):
            due += round(self.chance.between(1, 4, known.id, "network", name, known.since) * MINUTE)
        if known.unit:
            actor = m.Actor(id=known.unit, role="unit")
        else:
            officer = known.officers[0] if known.officers else known.team
            actor = m.Actor(id=officer, role="leader" if known.leader else "squad", squad=known.squad)
        act = self._act(known, due, actor, kind, happened_at=happened, **rest)
        if not self.chance.happens(TWICE, known.id, "twice", name, known.since):
            return [act]
        return [act, act._replace(due=due + 20 * SECOND, again=True)]

    def _operator(self, known: Known, delay: float, kind: type[m.CaseOrder], plan: int = 0, **rest: Any) -> Act:
        operator = m.Actor(id=f"operator-{known.desk}", role="operator")
        return self._act(known, known.at + round(delay), operator, kind, plan, **rest)

    def _act(self, known: Known, due: int, actor: m.Actor, kind: type[m.CaseOrder], plan: int = 0, **rest: Any) -> Act:
        order: Any = kind(
            message_id=f"sim/{known.id}/{known.since}/{kind.__name__}/{plan}",
            actor=actor,
            simulated=True,
            case_id=known.id,
            case_version=known.version,
            **{"happened_at": due, **rest},
        )
        return Act(due, known.desk, known.id, known.since, order)
