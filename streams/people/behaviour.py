"""What a case makes people do: pure, so that they live in a test (rehearsal.py) and at a gateway (simulate.py) alike.

1. What somebody does next depends on the last thing that happened to the case, and on draws of (seed, case, version):
   not on the order in which two cases were heard of, nor on a memory that a restart would lose.
2. Every order has an id made of the same words: said twice, it is one order.
3. Nobody hears that an order was refused. Who needs an answer has a second plan for later, passed over when the case
   has moved on meanwhile (`wanted`).

Here stand who has the case, squads and units; the desk's own people are post.py's and operators.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from dispatchers import messages as m
from dispatchers.city import City
from dispatchers.clock import HOUR, MINUTE, SECOND

from .acts import Act, Plan, act, operator
from .chance import Chance
from .heard import ENDS, RELAXATION, Heard
from .known import Asked, Known, remember
from .operators import Operators
from .places import Places
from .post import Post
from .times import Closing, Day, way

# Shares, all model. They make a city that is busy and mostly well run, so that each rule has something to do.
SILENT = 0.05  # offers that nobody answers
GIVEN_BACK = 0.03  # assignments that are returned
GRAVE = 0.14  # of enforcement: so grave on site that the county's own team takes it; from 0.6 to 1.4 of it by county
ALONE = 0.004  # of the acts of enforcement: by one officer, which is none
MORE_TIME = 0.5  # of the jobs that will be late: the unit asks for more time
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
FOUND_NOTHING: tuple[tuple[m.Result, float], ...] = (("corrected", 62), ("no_violation", 12), ("not_found", 3))
PENALTIES: tuple[tuple[m.Result, float], ...] = (("simple_penalty", 15), ("general_filed", 8))
UNIT_RESULTS: dict[str, m.Result] = {"repair": "repaired", "service": "served", "reply": "answered"}
STILL = ("disposed", "checked", "merged", "suspended")  # stages in which no office is asked any more


class Behaviour:
    """All people of a city. Remembers the open cases and nothing else."""

    def __init__(self, seed: int | str, city: City, closing: Closing) -> None:
        self.chance = Chance(seed)
        self.city = city
        self.closing = closing
        self.day = Day(city.facts.utc_offset_minutes)
        self.open: dict[str, Known] = {}
        self.places = Places(self.chance, city)
        self.operators = Operators(self.chance, city, self.places, self.day)
        self.post = Post(self.chance, city, self.places)
        self._stages: dict[str, Callable[[Known], Iterable[Act]]] = {
            "offered": self._device,
            "received": self._answer,
            "ordered": self._sign,
            "accepted": self._go,
            "on_site": self._work,
            "penalty": self._penalise,
            "disposed": self._check,
        }
        self._posts: dict[str, Callable[[Known], Iterable[Plan]]] = {
            "verifying": self.post.look,
            "returning": self.post.review,
            "disputed": self.post.rule,
            "criminal": self.post.crime,
            "checked": self.post.close,
            "operator": self.operators.options,
            "proposed": self.operators.options,
        }

    def react(self, heard: Heard, at: int) -> list[Act]:
        """Take an event of `at` (business ms) in, and say what people will do about it."""
        before = self.open.get(heard.case_id)
        since, asked = (before.since, before.asked) if before else (0, {})
        known = self.hear(heard, at)
        if known is None:
            return []
        acts = self._on_stage(known) if known.since != since else []
        new = {name: one for name, one in known.asked.items() if asked.get(name) != one}
        return acts + self._beside(known, new)

    def hear(self, heard: Heard, at: int) -> Known | None:
        """Take an event in without an answer; the case, or None when it ended."""
        before = self.open.get(heard.case_id)
        if before is None and heard.type in ENDS:
            return None  # said again
        known = remember(before, heard, at)
        if known.stage == "ended":
            self.open.pop(known.id, None)
            return None
        self.open[known.id] = known
        return known

    def wanted(self, act: Act) -> bool:
        """Whether the case still stands as when the act was planned."""
        known = self.open.get(act.case_id)
        if act.again or known is None:
            return act.again
        if act.beside:
            asked = known.asked.get(act.beside)
            return asked is not None and asked.since == act.since and known.stage not in STILL
        return known.since == act.since

    def plan(self, known: Known) -> list[Act]:
        """What people will do about a case as it stands, first things first."""
        return self._on_stage(known) + self._beside(known, known.asked)

    def _on_stage(self, known: Known) -> list[Act]:
        if by_holder := self._stages.get(known.stage):
            return list(by_holder(known))
        if by_desk := self._posts.get(known.stage):
            return [act(known, plan) for plan in by_desk(known)]
        return []  # it waits for a team, lives with another case, or rests

    def _beside(self, known: Known, asked: dict[str, Asked]) -> list[Act]:
        return [
            act(known, plan, name)
            for name, one in asked.items()
            for plan in (self.post.relax(known, one) if name == RELAXATION else self.post.asked(known, name, one))
        ]

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
        if not known.designated and self.chance.happens(GIVEN_BACK, known.id, "return", known.since):
            return self._give_back(known, delay)  # a ruling is final
        return self._told(known, delay, m.AcceptAssignment, assignment_id=known.assignment_id)

    def _go(self, known: Known) -> list[Act]:
        """A unit works where it works; a squad sets out."""
        return self._job(known) if known.unit else self._set_out(known)

    def _set_out(self, known: Known) -> list[Act]:
        """The way; at night only for what cannot wait."""
        due = self._after(known, way(known.metres) * self.chance.between(0.8, 1.6, known.id, "way", known.since))
        return self._told(known, due - known.at, m.ReportArrival, assignment_id=known.assignment_id)

    def _work(self, known: Known) -> list[Act]:
        rank = self.chance.unit(known.id, "work", known.since)
        done = self._after(known, self.closing.on_site(known.item, rank))
        may = FOUND_NOTHING + (PENALTIES if known.duty in ("penalty", "coercion") else ())
        rest: dict[str, Any] = {"result": self.chance.weighted(may, known.id, "result")}
        if self.chance.happens(ALONE, known.id, "alone", known.since):
            rest["officers"] = known.officers[:1]
        acts = self._disposed(known, done - known.at, evidence=(f"simulated/{known.id}/{known.since}.jpg",), **rest)
        return acts + self._county(known)

    def _penalise(self, known: Known) -> list[Act]:
        """A penalty file that a human opened: decided after some days."""
        delay = self.chance.between(3 * 24, 20 * 24, known.id, "penalty", known.since) * HOUR
        evidence = (f"simulated/{known.id}/{known.since}.jpg",)
        return self._disposed(known, delay, result="general_filed", evidence=evidence)

    def _disposed(self, known: Known, delay: float, **rest: Any) -> list[Act]:
        return self._told(known, delay, m.ReportDisposal, assignment_id=known.assignment_id, note="simulated", **rest)

    def _county(self, known: Known) -> list[Act]:
        """What is grave: the squad telephones, and the operator gives the case to the county's own team (if it can)."""
        share = GRAVE * self.chance.between(0.6, 1.4, "grave", known.desk)
        grave = known.nature == "enforcement" and self.chance.happens(share, known.id, "grave")
        if not grave or known.designated or not self.city.grassroots(known.squad):
            return []
        mobile = self.city.mobile(known.desk, self.city.calendar.day(known.at))
        able = [squad.id for squad in mobile if self.places.able(squad.id, known)]
        if not able:
            return []
        delay = self.chance.between(3 * MINUTE, 8 * MINUTE, known.id, "grave", known.since)
        reason = "grave: the county's team takes it"
        rest = {"squad": able[0], "reason": reason}
        return [act(known, Plan(0, delay, m.AssignCase, rest, operator(known.desk)))]

    # -- a unit ----------------------------------------------------------------------------------------------------

    def _sign(self, known: Known) -> list[Act]:
        if self.chance.happens(SILENT / 2, known.id, "silent", known.since):
            return []
        delay = self.chance.between(1 * MINUTE, 8 * MINUTE, known.id, "sign", known.since)
        if not known.designated and self.chance.happens(GIVEN_BACK, known.id, "return", known.since):
            return self._give_back(known, delay)  # a ruling is final
        return self._told(known, delay, m.AcceptAssignment, assignment_id=known.assignment_id)

    def _job(self, known: Known) -> list[Act]:
        """A unit's job has its own queue; whoever has a limit mostly looks at it."""
        length = self.closing.job(known.item, self.chance.unit(known.id, "job", known.since))
        done = self._after(known, length)
        left = known.due_at - known.at
        late = self.chance.happens(0.1, known.id, "late", known.since)
        if left > 0 and not late:
            done = min(done, known.at + round(left * self.chance.between(0.5, 0.95, known.id, "limit", known.since)))
        result = UNIT_RESULTS.get(known.duty) or self.chance.weighted(FOUND_NOTHING, known.id, "result")
        acts = self._disposed(known, done - known.at, result=result)
        if late and 0 < left < done - known.at and self.chance.happens(MORE_TIME, known.id, "more", known.since):
            acts += self._told(
                known, 0.6 * left, m.RequestExtension, assignment_id=known.assignment_id, reason="simulated: parts"
            )
        return acts

    # -- both ------------------------------------------------------------------------------------------------------

    def _give_back(self, known: Known, delay: float) -> list[Act]:
        reason = self.chance.weighted(RETURNS, known.id, "reason", known.since)
        return self._told(
            known, delay, m.ReturnAssignment, assignment_id=known.assignment_id, reason=reason, basis="simulated"
        )

    def _check(self, known: Known) -> list[Act]:
        """核查 by day."""
        delay = self.chance.between(10 * MINUTE, 60 * MINUTE, known.id, "check", known.since)
        return [act(known, plan) for plan in self.post.check(known, self._after(known, delay) - known.at)]

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
        plan = Plan(0, due - known.at, kind, {"happened_at": happened, **rest}, actor)
        said = act(known, plan)
        if not self.chance.happens(TWICE, known.id, "twice", name, known.since):
            return [said]
        return [said, said._replace(due=due + 20 * SECOND, again=True)]
