"""The indicators of the trade 数字城管评价指标 (domain.md §3): the fold of the desks' logs. What each is made of stands
in formulas.py.

    counts where     a step counts in the month, of the city's zone, in which it happened; what waits or is late counts
                     as of now, of a month that is over as of its end. So every share lies between 0 and 1
    whose            each desk is folded for itself, like R1 (tasks.py): a case that goes on to another desk is
                     dispatched and disposed of there anew, and is registered 立案 where it was, whatever becomes
                     of it there
    what             every case of its own, units' repairs too (R1 has none of them); a report that was merged 并案 and
                     a question that only wants an answer are none
    taken back       where it counted: a disposal that is to be done again, a closing that was opened again, a
                     registration that was none (不予立案, 并案). What was never known to be wrong counts as right
    on time          by the limit as adjusted until then (extended, suspended, returned), of a filed penalty by its own
                     too. Where no limit ran nothing is on time (a product counts NULL as kept: domain.md §3)
    exempt           an approved appeal 申诉 leaves the raw fact where it is (`overdue`) and takes the case out of the
                     denominators of what is on time; opened again it has new limits, and nothing to be exempt from
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

from dispatchers.messages import EVENT_KINDS
from dispatchers.rows import CityPack

from .formulas import COUNTED, FORMULAS, Standing
from .limits import Matter
from .periods import day_of, ends_at, period_of, taken_back_until
from .share import Share
from .standing import STAYS, Counted, DeskIndicators, Ended, How, Work
from .told import Told, ToldRecord

MANAGEMENT = "towns"  # the group of domains (rows.Domain) that patrols look after


class MonthOf(NamedTuple):
    """A desk's month: its indicators, what is counted beside them, and `seen` 看得见、管不着 (R37): enforcement that a
    patrol found, and that went to a unit or a higher level because the power list has it there, once for a case."""

    shares: dict[str, Share]
    counts: dict[str, int]
    seen: int


class Indicators:
    """The fold. `pack`: the zone, and which matters are of city management."""

    def __init__(self, pack: CityPack) -> None:
        self._offset = pack.facts.utc_offset_minutes
        field = {domain.name for domain in pack.domains if domain.group == MANAGEMENT}
        self._patrolled = frozenset(item.id for item in pack.items if item.domain in field)
        self._rows: dict[str, dict[Ended, int]] = {}  # by desk: `ends` the other way round
        self._matters: dict[Matter, Matter] = {}
        self.desks: dict[str, DeskIndicators] = {}

    def restore(self, name: str, desk: DeskIndicators) -> None:
        """Go on with a desk from what was kept of it, instead of its log's beginning."""
        self.desks[name] = desk
        self._index(desk)
        for case in desk.open.values():
            case.matter = self._matters.setdefault(case.matter, case.matter)

    def _index(self, desk: DeskIndicators) -> None:
        self._rows[desk.name] = {ended: row for row, ended in desk.ends.items()}

    def take(self, record: ToldRecord) -> None:
        """Fold a valid record, once, in the order of its log."""
        desk = self.desks.get(record.desk)
        if desk is None:
            desk = self.desks[record.desk] = DeskIndicators(record.desk, self._offset)
        if record.at >= desk.tomorrow:
            desk.reach(record.at)
            self._index(desk)
        desk.at = record.at
        for event in record.events:
            change = _OF_OPEN.get(event.type)
            if change:
                case = desk.open.get(event.case_id)
                if case:
                    change(self, desk, case, event)
            elif other := _OTHERS.get(event.type):
                other(self, desk, event)

    # -- asking ----------------------------------------------------------------------------------------------------

    def month(self, desk: str, period: str, now: int = 0) -> MonthOf:
        """A desk's month. What stands is as of its end, before it as of `now` (0: the last record)."""
        parts = self._parts(desk, period, now)
        return MonthOf(
            {name: Share(_total(parts, f.num), _total(parts, f.den)) for name, f in FORMULAS.items()},
            {name: parts.get(part, 0) for name, part in COUNTED.items()},
            parts.get("seen", 0),
        )

    def of_month(self, desk: str, period: str, now: int = 0) -> dict[str, Share]:
        """A desk's indicators of a month."""
        return self.month(desk, period, now).shares

    def counts(self, desk: str, now: int) -> dict[str, int]:
        """What a desk counts beside them, in the month that `now` is in."""
        return self.month(desk, period_of(now, self._offset), now).counts

    def seen_not_governable(self, desk: str, now: int) -> int:
        """`MonthOf.seen` of the month that `now` is in."""
        return self.month(desk, period_of(now, self._offset), now).seen

    def loads(self) -> dict[str, dict[str, int]]:
        """Desk -> squad -> open cases that it has now; squads without one are left out."""
        return {name: desk.loads() for name, desk in self.desks.items()}

    def _parts(self, name: str, period: str, now: int) -> Mapping[str, int]:
        desk = self.desks.get(name)
        if desk is None:
            return {}
        month, standing = desk.months.get(period, Counted()), Standing()
        if month.standing:
            standing = month.standing
        elif period >= desk.period:  # before its first record nothing stood
            standing = desk.standing(min(now or desk.at, ends_at(period, self._offset)))
        return {str(name): count for name, count in month.sums.items()} | standing._asdict()

    # -- it begins -------------------------------------------------------------------------------------------------

    def _begun(self, desk: DeskIndicators, event: Told) -> None:
        if event.duty == "reply":
            return
        case = Work((event.nature, event.item, event.duty), due=event.due_at, public=event.kind not in EVENT_KINDS)
        self._report(desk, case, event)
        if not case.pending:
            self._register(desk, case, prompt=True)

    def _report(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        """上报."""
        case.matter = self._matters.setdefault(case.matter, case.matter)
        case.limits(event.terms)
        case.dispatch_due = event.dispatch_due
        case.reported = desk.period
        desk.add("reported")
        desk.add("valid")
        desk.open[event.case_id] = case

    def _taken(self, desk: DeskIndicators, event: Told) -> None:
        """From another desk: reported there, and registered, unless that is still to be done."""
        told = event.case
        if told is None or told.duty == "reply":
            return
        matter = (told.nature, told.item, told.duty)
        case = Work(
            self._matters.setdefault(matter, matter), child=bool(told.parent), due=told.due_at,
            public=told.kind not in EVENT_KINDS, extended=told.extensions > 0, reworked=told.rework > 0,
            hung=told.suspended, seen=told.level != "town", dispatch_due=event.dispatch_due,
        )  # fmt: skip
        case.limits(told.terms)
        desk.open[event.case_id] = case

    def _register(self, desk: DeskIndicators, case: Work, *, prompt: bool) -> None:
        """立案: what it is and where is known."""
        case.pending = False
        case.registered, case.prompt = desk.period, prompt
        case.missed = case.public and case.matter[1] in self._patrolled
        self._registration(desk, case, 1)

    def _known(self, desk: DeskIndicators, case: Work) -> None:
        if case.pending:
            self._register(desk, case, prompt=not case.accept_due or desk.at <= case.accept_due)

    def _registration(self, desk: DeskIndicators, case: Work, delta: int) -> None:
        """Count a registration, or take it back where it counted."""
        if case.registered:
            desk.add("registered", delta, case.registered)
            desk.add("prompt", delta * case.prompt, case.registered)
            desk.add("public", delta * case.public, case.registered)
            desk.add("missed", delta * case.missed, case.registered)

    def _count_as_case(self, desk: DeskIndicators, case: Work, delta: int) -> None:
        """It is a case of its own after all, or it is none."""
        if case.reported:
            desk.add("valid", delta, case.reported)
        self._registration(desk, case, delta)

    def _classified(self, desk: DeskIndicators, event: Told) -> None:
        """What had been a question may be a matter, and what nobody knew a question."""
        case = desk.open.get(event.case_id)
        if event.duty == "reply":
            if case:
                self._count_as_case(desk, case, -1)
                if case.reported:
                    desk.add("reported", -1, case.reported)
                del desk.open[event.case_id]
            return
        if case is None:
            case = Work((event.nature, event.item, event.duty), public=True)  # patrols ask nothing
            self._report(desk, case, event)
            self._register(desk, case, prompt=True)
            return
        case.take(event, desk.at)
        case.matter = self._matters.setdefault(case.matter, case.matter)
        case.looking = False
        case.dispatch_due = event.dispatch_due
        self._known(desk, case)

    def _merged(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        self._known(desk, case)
        self._count_as_case(desk, case, -1)
        case.take(event, desk.at)
        case.looking = False

    def _split(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        case.take(event, desk.at)
        self._count_as_case(desk, case, 1)
        case.dispatch_due = event.dispatch_due

    # -- looks -----------------------------------------------------------------------------------------------------

    def _look(self, desk: DeskIndicators, case: Work, due: int) -> None:
        """核实 or 核查 is to be done until then."""
        self._void_look(desk, case)
        case.looking, case.look_due = True, due

    def _void_look(self, desk: DeskIndicators, case: Work) -> None:
        """Only the last look of a round is valid."""
        if case.unlooked:
            desk.add("looked", -1, case.unlooked)
            case.unlooked = ""

    def _looked(self, desk: DeskIndicators, case: Work) -> None:
        if case.looking:
            self._void_look(desk, case)
            desk.add("looked")
            desk.add("looked_on_time", int(desk.at <= case.look_due))
            case.looking = False

    def _ordered_look(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        case.limits(event.terms)
        self._look(desk, case, event.due_at)

    def _verified(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        self._looked(desk, case)
        case.limits(event.terms)
        case.dispatch_due = event.dispatch_due
        if event.found and case.matter[1]:
            self._known(desk, case)

    def _needs_operator(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        case.limits(event.terms)
        if case.looking:  # nobody came to look
            desk.add("looked")
            case.looking, case.unlooked = False, desk.period

    # -- it is dispatched ------------------------------------------------------------------------------------------

    def _dispatched(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        self._known(desk, case)
        case.take(event, desk.at)
        case.squad, case.unlooked = event.squad, ""
        if case.unit:
            self._beyond(desk, case)
        if not case.dispatched:
            case.dispatched = desk.period
            desk.add("dispatched")
            desk.add("dispatched_on_time", int(desk.at <= case.dispatch_due))

    def _beyond(self, desk: DeskIndicators, case: Work) -> None:
        """R37: it is not the town's."""
        if not case.seen and not case.public and case.matter[0] == "enforcement":
            case.seen = True
            desk.add("seen")

    def _escalated(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        if event.cause == "reserved":
            self._beyond(desk, case)

    def _sought(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        """Deferred, or proposed: it is known what it is."""
        self._known(desk, case)

    def _disputed(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        self._known(desk, case)
        case.take(event, desk.at)
        case.squad = event.interim.squad if event.interim else ""

    def _lost(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        """Nobody has it."""
        case.take(event, desk.at)
        case.squad, case.suspended = "", 0
        case.dispatch_due = event.dispatch_due or case.dispatch_due  # after a ruling it begins anew
        if event.wrong and case.dispatched and not case.wrong:
            case.wrong = True
            desk.add("wrong", 1, case.dispatched)

    # -- it is done ------------------------------------------------------------------------------------------------

    def _limited(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        case.take(event, desk.at)

    def _extended(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        case.take(event, desk.at)
        case.extended = True

    def _suspended(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        case.take(event, desk.at)
        case.suspended = desk.day
        desk.add("suspensions")
        if not case.hung:
            case.hung = True
            desk.add("suspended")

    def _resumed(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        case.take(event, desk.at)
        case.suspended = 0

    def _disposed(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        case.take(event, desk.at)
        case.disposed, case.kept = desk.period, case.due > 0 and not case.late(desk.at)
        self._disposal(desk, case.disposed, 1, kept=case.kept, extended=case.extended)
        self._look(desk, case, event.check_due)

    def _disposal(self, desk: DeskIndicators, period: str, delta: int, *, kept: bool, extended: bool) -> None:
        """Count a disposal, or take it back where it counted."""
        if period:
            desk.add("disposed", delta, period)
            desk.add("disposed_on_time", delta * kept, period)
            desk.add("disposed_extended", delta * extended, period)

    def _checked(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        self._looked(desk, case)
        case.checked = True

    def _again(self, desk: DeskIndicators, case: Work, event: Told) -> None:
        """返工, by a check or by the caller's word."""
        self._looked(desk, case)
        self._disposal(desk, case.disposed, -1, kept=case.kept, extended=case.extended)
        case.disposed, case.kept, case.checked, case.reworked = "", False, False, True
        desk.add("reworks")
        case.take(event, desk.at)

    # -- it ends, and goes on --------------------------------------------------------------------------------------

    def _left(self, desk: DeskIndicators, event: Told) -> None:
        desk.open.pop(event.case_id, None)

    def _ended(self, desk: DeskIndicators, event: Told) -> None:
        case = desk.open.pop(event.case_id, None)
        if case is None:
            return
        if case.looking and 0 < case.look_due < desk.at:
            desk.add("looked")  # it fell due, and now nobody looks any more
        how, late, kept = _how(case, event), case.late(desk.at), False
        if how == "closed":
            kept = case.due > 0 and not late
        facts = [getattr(case, name) for name in STAYS]
        day = day_of(taken_back_until(event.reopen_until, event.forget_after, desk.at), self._offset)
        ended = Ended(day, how, desk.period, late, kept, False, case.disposed, case.kept, *facts)
        self._keep(desk, event.case_id, ended)
        self._ending(desk, case, ended, 1)

    def _keep(self, desk: DeskIndicators, case_id: str, ended: Ended) -> None:
        rows = self._rows[desk.name]
        row = rows.get(ended)
        if row is None:
            row = rows[ended] = desk.last = desk.last + 1
            desk.ends[row] = ended
        desk.ended[case_id] = row

    def _ending(self, desk: DeskIndicators, case: Work, ended: Ended, delta: int) -> None:
        """Count how it ended, or take it back where it counted."""
        how, period = ended.how, ended.period
        if how == "closed":
            desk.add("closed", delta, period)
            desk.add("closed_on_time", delta * ended.kept, period)
            desk.add("closed_reworked", delta * ended.reworked, period)
            desk.add("overdue", delta * ended.late, period)
        elif how in ("rejected", "not_registered"):
            desk.add(how, delta, period)
            self._count_as_case(desk, case, -delta)
        elif how == "cancelled":
            desk.add("cancelled", delta, period)
            if ended.registered:
                desk.add("void", delta, ended.registered)

    def _appealed(self, desk: DeskIndicators, event: Told) -> None:
        """申诉 was approved: after the closing, and once."""
        ended = desk.ends.get(desk.ended.get(event.case_id, 0))
        if ended and ended.how == "closed" and ended.late and not ended.exempt:
            ended = ended._replace(exempt=True)
            self._keep(desk, event.case_id, ended)
            self._exempt(desk, ended, 1)

    def _exempt(self, desk: DeskIndicators, ended: Ended, delta: int) -> None:
        desk.add("exempt", delta, ended.period)
        if ended.disposed:
            desk.add("disposed_exempt", delta, ended.disposed)

    def _reopened(self, desk: DeskIndicators, event: Told) -> None:
        ended = desk.ends.get(desk.ended.pop(event.case_id, 0))
        if ended is None:
            return
        case = Work(**{name: getattr(ended, name) for name in STAYS}, dispatch_due=event.dispatch_due)
        case.limits(event.terms)
        desk.open[event.case_id] = case
        self._ending(desk, case, ended, -1)
        if ended.exempt:
            self._exempt(desk, ended, -1)
        self._disposal(desk, ended.disposed, -1, kept=ended.disposed_kept, extended=ended.extended)
        if ended.how == "child":
            self._count_as_case(desk, case, 1)
        if case.reported and not case.registered:  # it ended before anybody knew what it is
            self._register(desk, case, prompt=False)


def _how(case: Work, event: Told) -> How:
    if case.child or event.outcome == "merged":
        return "child"
    if event.type == "CaseClosed":
        return "closed"
    return cast(How, event.outcome) if event.type == "CaseCancelled" else "transferred"


def _total(parts: Mapping[str, int], names: tuple[str, ...]) -> int:
    return sum(-parts.get(name[1:], 0) if name[0] == "-" else parts.get(name, 0) for name in names)


# By the events that speak of an open case, and by the others; what stands in neither changes no indicator.
_OF_OPEN: dict[str, Callable[[Indicators, DeskIndicators, Work, Told], None]] = {
    "CaseMerged": Indicators._merged,
    "CaseSplit": Indicators._split,
    "VerificationOrdered": Indicators._ordered_look,
    "CaseVerified": Indicators._verified,
    "CaseNeedsOperator": Indicators._needs_operator,
    "AssignmentOffered": Indicators._dispatched,
    "WorkOrderIssued": Indicators._dispatched,
    "AssignmentDeferred": Indicators._sought,
    "AssignmentProposed": Indicators._sought,
    "DisputeOpened": Indicators._disputed,
    "DisputeRuled": Indicators._lost,
    "AssignmentReturned": Indicators._lost,
    "AssignmentWithdrawn": Indicators._lost,
    "LeaseExpired": Indicators._lost,
    "ActRefused": Indicators._lost,
    "CaseEscalated": Indicators._escalated,
    "PenaltyFiled": Indicators._limited,
    "DeadlineExtended": Indicators._extended,
    "CaseSuspended": Indicators._suspended,
    "CaseResumed": Indicators._resumed,
    "CaseDisposed": Indicators._disposed,
    "CaseChecked": Indicators._checked,
    "ReworkOrdered": Indicators._again,
    "WorkOrderReopened": Indicators._again,
}
_OTHERS: dict[str, Callable[[Indicators, DeskIndicators, Told], None]] = {
    "CaseRegistered": Indicators._begun,
    "CaseTaken": Indicators._taken,
    "CaseClassified": Indicators._classified,
    "CaseHandedOver": Indicators._left,
    "CaseClosed": Indicators._ended,
    "CaseCancelled": Indicators._ended,
    "CaseTransferred": Indicators._ended,
    "CaseReopened": Indicators._reopened,
    "AppealApproved": Indicators._appealed,
}
