"""The people of a desk who are no operators: who looks before, checks after, answers the caller, reviews, rules.

Each is somebody else than who did the work: a collector or checker checks, another closes, the coordination body rules,
the operator and then the chief approve more time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from dispatchers import messages as m
from dispatchers.city import City
from dispatchers.clock import HOUR, MINUTE

from .acts import Plan, chief, operator
from .chance import Chance
from .known import Asked, Known
from .places import Places

# Shares, all model.
FOUND = 0.94  # of what a collector looks for
OVER_THE_BORDER = 0.15  # of what lies near a border and was looked at
FAILED_CHECK = 0.04
NOT_REACHED = 0.3  # of the callers
NOT_SOLVED = 0.04
GRANTED = 0.7  # of the wishes for more time, at each level
REVIEWS: tuple[tuple[Literal["approved", "refused", "dispute"], float], ...] = (
    ("approved", 6),
    ("refused", 3),
    ("dispute", 2),
)
DONE = {
    "corrected": "现场已责令改正",
    "simple_penalty": "已当场作出处罚",
    "general_filed": "已立案调查",
    "no_violation": "经现场核查未发现违法行为",
    "not_found": "到场时未发现您反映的情况",
    "repaired": "已修复",
    "served": "已上门处理",
    "answered": "已由承办单位答复",
}


class Post:
    """These people of all desks."""

    def __init__(self, chance: Chance, city: City, places: Places) -> None:
        self.chance, self.city, self.places = chance, city, places

    def look(self, known: Known) -> Iterator[Plan]:
        """核实: the collector goes there, in time and also at night, and says what there is and whose ground it is."""
        delay = self.chance.between(6 * MINUTE, 24 * MINUTE, known.id, "look", known.since)
        found = self.chance.happens(FOUND, known.id, "found", known.since)
        rest = {"found": found, "territory": self._where(known) if found else ""}
        yield Plan(0, delay, m.ReportVerification, rest, m.Actor(id=known.collector, role="checker"))

    def _where(self, known: Known) -> str:
        others = [t for t in known.near if t != known.territory and self.places.at_home(t, known.at)]
        over = bool(others) and self.chance.happens(OVER_THE_BORDER, known.id, "border", known.since)
        if over or not known.territory:
            return others[0] if others else self.places.some(known)
        return known.territory

    def check(self, known: Known, after: float) -> Iterator[Plan]:
        """核查, `after` ms of daytime: by somebody who did not dispose."""
        passed = not self.chance.happens(FAILED_CHECK, known.id, "passed", known.since)
        checker = m.Actor(id=f"checker-{known.desk}", role="checker")
        yield Plan(0, after, m.CheckCase, {"passed": passed}, checker)

    def close(self, known: Known) -> Iterator[Plan]:
        """The caller is called back where the city asks for it, has an answer, and the case is closed."""
        rule = self.city.law.reply(known.kind, known.channel)
        if rule.callback and known.callbacks < self.city.windows.callbacks:
            reached = not self.chance.happens(NOT_REACHED, known.id, "reached", known.since)
            solved = reached and not self.chance.happens(NOT_SOLVED, known.id, "solved", known.since)
            delay = self.chance.between(5 * MINUTE, 60 * MINUTE, known.id, "callback", known.since)
            hotline = m.Actor(id=f"hotline-{known.desk}", role="hotline")
            yield Plan(0, delay, m.RecordCallback, {"reached": reached, "solved": solved}, hotline)
        delay = self.chance.between(2 * MINUTE, 15 * MINUTE, known.id, "close", known.since)
        # Of a case that was reopened nobody here remembers how it came: an answer too many does no harm.
        owed = (rule.limit is not None or known.children or not known.kind) and not known.replied
        rest = {"reply": f"您反映的问题{DONE.get(known.result, '已处理')}，感谢您的监督。"} if owed else {}
        late = 61 * MINUTE if rule.callback else 0  # the call comes first, and brings the case back here
        yield Plan(0, late + delay, m.CloseCase, rest, operator(known.desk))

    def review(self, known: Known) -> Iterator[Plan]:
        """退单审核, within the half hour that it may take."""
        delay = self.chance.between(4 * MINUTE, 25 * MINUTE, known.id, "review", known.since)
        outcome = self.chance.weighted(REVIEWS, known.id, "outcome", known.since)
        rest = {"outcome": outcome, "reason": "simulated: the list was read"}
        yield Plan(0, delay, m.ReviewReturn, rest, operator(known.desk))

    def rule(self, known: Known) -> Iterator[Plan]:
        """协调裁定: the coordination body follows the list; what it does not name stays with who had it first."""
        delay = self.chance.between(1 * HOUR, 5 * HOUR, known.id, "ruling", known.since)
        body = m.Actor(id=f"coordination-{known.desk}", role="coordination")
        rest = {"document": f"simulated/{known.id}/{known.since}", "reason": "by the power list"}
        for number, owner in enumerate(self.places.owners(known)):
            yield Plan(number, delay + number * 5 * MINUTE, m.RuleDispute, rest | owner, body)

    def crime(self, known: Known) -> Iterator[Plan]:
        """涉嫌犯罪: the head of the organ decides within the day that it goes to the police."""
        delay = self.chance.between(2 * HOUR, 20 * HOUR, known.id, "crime", known.since)
        rest = {"transferred": True, "document": f"simulated/{known.id}/{known.since}"}
        yield Plan(0, delay, m.DecideCriminalTransfer, rest, chief(known.desk))

    # -- beside the stage ------------------------------------------------------------------------------------------

    def relax(self, known: Known, wish: Asked) -> Iterator[Plan]:
        """延期, 挂账: first the operator, then the chief; either may refuse."""
        delay = self.chance.between(5 * MINUTE, 40 * MINUTE, known.id, "relax", wish.since)
        approved = self.chance.happens(GRANTED, known.id, "granted", wish.since)
        by = chief(known.desk) if wish.step else operator(known.desk)
        yield Plan(0, delay, m.ReviewRelaxation, {"approved": approved, "reason": "simulated"}, by)

    def asked(self, known: Known, name: str, asked: Asked) -> Iterator[Plan]:
        """Who is asked signs, within a minute where life is in danger, and gives what was asked for in time."""
        actor = m.Actor(id=asked.unit, role="unit")
        if asked.squad:
            actor = m.Actor(id=self.places.officer(asked.squad), role="squad", squad=asked.squad)
        if not asked.step:
            longest = 1.5 if asked.kind == "rescue" else 12
            delay = self.chance.between(0.3, longest, known.id, "sign", asked.since) * MINUTE
            yield Plan(0, delay, m.SignRequest, {"request_id": name}, actor)
        elif asked.due_at:
            share = self.chance.between(0.2, 0.8, known.id, "request", asked.since)
            rest = {"request_id": name, "note": "simulated"}
            yield Plan(0, share * max(0, asked.due_at - asked.at), m.AnswerRequest, rest, actor)
