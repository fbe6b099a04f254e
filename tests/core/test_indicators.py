"""The indicators of the trade (domain.md §3): what each counts, where, and what is taken back."""

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from dispatchers import messages as m
from dispatchers.clock import DAY, HOUR, MINUTE
from dispatchers.events import AssignmentReturned
from dispatchers.targets import COUNTED, FORMULAS, DeskIndicators, Indicators, Share, Told, decode_told
from dispatchers.targets.told import ToldCase, ToldHolder, ToldTerm
from streams.metrics import COUNTS, INDICATORS
from tests.support import CHIEF, OPERATOR, PACK, Town, one
from tests.support_targets import at, record

NOON = at("2026-07-13 12:00")
DUE = NOON + HOUR
JULY, AUGUST = "2026-07", "2026-08"
BEFORE = NOON + MINUTE  # in time
AFTER = DUE + MINUTE  # too late
EVE = at("2026-07-31 23:59:59")


def says(event: str, case_id: str = "a", **fields: Any) -> Told:
    return Told(event, case_id=case_id, **fields)


def filed(case_id: str = "a", *terms: ToldTerm, **but: Any) -> Told:
    """A patrol's report that is registered at once, to be dispatched within the hour."""
    usual = {"nature": "enforcement", "item": "stall", "duty": "penalty", "kind": "event", "dispatch_due": DUE}
    return says("CaseRegistered", case_id, terms=terms, **{**usual, **but})


def offered(case_id: str = "a", *terms: ToldTerm, squad: str = "A1") -> Told:
    """A dispatch, with which the limit of disposal begins."""
    return says("AssignmentOffered", case_id, squad=squad, terms=terms or (ToldTerm("dispose", DUE),))


def disposed(case_id: str = "a", check_due: int = DUE) -> Told:
    return says("CaseDisposed", case_id, squad="A1", check_due=check_due)


def closed(case_id: str = "a", **but: Any) -> Told:
    return says("CaseClosed", case_id, **{"outcome": "normal", "reopen_until": 1 << 50, **but})


def cancelled(outcome: str, case_id: str = "a") -> Told:
    return says("CaseCancelled", case_id, outcome=outcome, forget_after=1 << 50)


def folded(*said: tuple[Told, int], desk: str = "jia") -> Indicators:
    """The fold of events, each with its instant."""
    fold = Indicators(PACK)
    for event, when in said:
        fold.take(record(when, desk, event))
    return fold


def shares(fold: Indicators, *names: str, now: int = AFTER, period: str = JULY) -> list[tuple[int, int]]:
    found = fold.of_month("jia", period, now)
    return [tuple(found[name]) for name in names]


def counts(fold: Indicators, *names: str, now: int = AFTER) -> list[int]:
    found = fold.counts("jia", now)
    return [found[name] for name in names]


LIFE = [(filed(), NOON), (offered(), NOON), (disposed(), BEFORE), (says("CaseChecked"), BEFORE), (closed(), BEFORE)]
LATE = [(filed(), NOON), (offered(), NOON), (disposed(check_due=AFTER), AFTER), (closed(), AFTER)]


def test_they_are_those_of_the_metrics() -> None:
    """The ids of the gauges, in their order."""
    assert INDICATORS == tuple(FORMULAS)
    assert COUNTS == tuple(COUNTED)
    assert Share() == folded().of_month("nobody", JULY)["closed"]


def test_a_month_of_another_city() -> None:
    """天门: 立案 996, 应结案 972, 结案 911 = 93.72 %, 按期 737 = 75.82 %; shown truncated, by the true numbers."""
    life: list[tuple[Told, int]] = []
    for n in range(996):
        life += [(filed(f"c{n}"), NOON), (offered(f"c{n}", ToldTerm("dispose", DUE if n < 972 else DUE + DAY)), NOON)]
    life += [(disposed(f"c{n}"), BEFORE) for n in range(737)]
    life += [(disposed(f"c{n}"), AFTER) for n in range(737, 940)]  # 29 of them wait for their check
    life += [(closed(f"c{n}"), AFTER) for n in range(911)]
    found = folded(*life).of_month("jia", JULY, AFTER)
    assert (Share(911, 972), Share(737, 972)) == (found["closed"], found["closed_on_time"])
    assert ("93.7 %", "75.8 %") == (str(found["closed"]), str(found["closed_on_time"]))
    assert (Share(996, 996), Share(940, 972), Share(32, 972)) == (
        found["registered"], found["disposed"], found["overdue_waiting"]
    )  # fmt: skip


# -- reported, registered ----------------------------------------------------------------------------------------------

REPORTS = ("reported_valid", "registered", "registered_on_time", "registered_right")
ACCEPT = ToldTerm("accept", DUE)
REOPENED = says("CaseReopened", dispatch_due=DUE)
WRONG = says("AssignmentReturned", wrong=True)


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ([(filed(), NOON)], [(1, 1), (1, 1), (1, 1), (1, 1)]),  # known at once
        ([(filed("a", ACCEPT), NOON)], [(1, 1), (0, 1), (0, 0), (0, 0)]),  # nobody knows yet
        ([(filed("a", ACCEPT), NOON), (offered(), DUE)], [(1, 1), (1, 1), (1, 1), (1, 1)]),
        ([(filed("a", ACCEPT), NOON), (offered(), DUE + 1)], [(1, 1), (1, 1), (0, 1), (1, 1)]),
        ([(filed("a", ACCEPT), NOON), (says("AssignmentDeferred"), AFTER)], [(1, 1), (1, 1), (0, 1), (1, 1)]),
        ([(filed("a", ACCEPT), NOON), (says("CaseClassified", duty="penalty"), BEFORE)], [(1, 1)] * 4),
        ([(filed(), NOON), (cancelled("rejected"), BEFORE)], [(0, 1), (0, 0), (0, 0), (0, 0)]),
        ([(filed(), NOON), (cancelled("not_registered"), BEFORE)], [(0, 1), (0, 1), (0, 0), (0, 0)]),
        ([(filed(), NOON), (cancelled("cancelled"), BEFORE)], [(1, 1), (1, 1), (1, 1), (0, 1)]),
        ([(filed("a", ACCEPT), NOON), (cancelled("cancelled"), BEFORE)], [(1, 1), (0, 0), (0, 0), (0, 0)]),
        ([(filed(), NOON), (says("CaseMerged"), NOON)], [(0, 1), (0, 0), (0, 0), (0, 0)]),
        ([(filed(), NOON), (says("CaseMerged"), NOON), (says("CaseSplit"), BEFORE)], [(1, 1)] * 4),
        (
            [(filed(), NOON), (says("CaseMerged"), NOON), (closed(outcome="merged"), NOON), (REOPENED, NOON)],
            [(1, 1)] * 4,
        ),
        (
            [(filed("a", ACCEPT), NOON), (cancelled("cancelled"), NOON), (REOPENED, NOON)],
            [(1, 1), (1, 1), (0, 1), (1, 1)],  # known when it was taken up again, by no clock
        ),
        ([(filed(duty="reply"), NOON)], [(0, 0)] * 4),  # 咨询 is no case
        ([(filed("a", ACCEPT), NOON), (says("CaseClassified", duty="reply"), BEFORE)], [(0, 0)] * 4),
        ([(filed(duty="reply"), NOON), (says("CaseClassified", duty="repair"), BEFORE)], [(1, 1)] * 4),
    ],
)
def test_what_is_a_case_is_registered(then: list[tuple[Told, int]], expected: list[tuple[int, int]]) -> None:
    """A report counts as valid until it turns out to be none; 作废 by stage: only what was registered is void."""
    assert expected == shares(folded(*then), *REPORTS)


def test_the_clock_of_acceptance_stands_while_somebody_looks() -> None:
    """What is known meanwhile is known in time; what is not, goes on with what was left."""
    looked = [
        (filed("a", ACCEPT), NOON),
        (says("VerificationOrdered", due_at=DUE, terms=(ToldTerm("accept", 0),)), NOON),
    ]
    assert [(1, 1)] == shares(folded(*looked, (says("CaseMerged"), AFTER), (says("CaseSplit"), AFTER)), REPORTS[2])
    found = says("CaseVerified", found=True, terms=(ToldTerm("accept", AFTER),))
    assert [(1, 1), (1, 1)] == shares(folded(*looked, (found, AFTER)), *REPORTS[1:3])
    lost = says("CaseVerified", terms=(ToldTerm("accept", AFTER),))
    assert [(0, 1), (0, 0)] == shares(folded(*looked, (lost, BEFORE)), *REPORTS[1:3])
    assert [(1, 1), (0, 1)] == shares(folded(*looked, (lost, BEFORE), (offered(), AFTER + 1)), *REPORTS[1:3])


def test_what_the_public_found_first() -> None:
    """公众举报 is who reported it; 漏报 those of it that are of city management, which patrols look after."""
    kinds = [("complaint", "stall"), ("report", "burning"), ("event", "stall"), ("component", "lamp")]
    fold = folded(*((filed(f"c{n}", kind=kind, item=item), NOON) for n, (kind, item) in enumerate(kinds)))
    assert [(2, 4), (1, 4)] == shares(fold, "by_public", "missed")


def test_voids_are_counted_by_stage() -> None:
    """不予受理, 不予立案 and 作废 apart, and taken back with the end that they were."""
    stages = ("rejected", "rejected", "not_registered", "cancelled")
    life = [(filed(f"c{n}"), NOON) for n in range(4)]
    life += [(cancelled(stage, f"c{n}"), BEFORE) for n, stage in enumerate(stages)]
    fold = folded(*life)
    assert [2, 1, 1] == counts(fold, "rejected", "not_registered", "cancelled")
    for n in range(4):
        fold.take(record(BEFORE, "jia", says("CaseReopened", f"c{n}", dispatch_due=DUE)))
    assert [0, 0, 0] == counts(fold, "rejected", "not_registered", "cancelled")
    assert [(4, 4)] * 4 == shares(fold, *REPORTS)


# -- dispatched --------------------------------------------------------------------------------------------------------

DISPATCH = ("dispatched", "dispatched_on_time", "dispatched_right")


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ([], [(0, 1), (0, 1), (0, 1)]),  # waiting: 应派遣
        ([(offered(), DUE)], [(1, 1), (1, 1), (1, 1)]),
        ([(offered(), DUE + 1)], [(1, 1), (0, 1), (1, 1)]),
        ([(says("WorkOrderIssued", unit="JA-works"), NOON)], [(1, 1), (1, 1), (1, 1)]),
        ([(says("AssignmentProposed"), NOON)], [(0, 1), (0, 1), (0, 1)]),  # proposed is not dispatched
        ([(offered(), NOON), (says("LeaseExpired"), AFTER), (offered(), AFTER)], [(1, 1), (1, 1), (1, 1)]),  # once
        ([(offered(), NOON), (says("AssignmentReturned"), AFTER)], [(1, 1), (1, 1), (1, 1)]),  # not the desk's fault
        ([(offered(), NOON), (WRONG, AFTER)], [(1, 1), (1, 1), (0, 1)]),
        ([(offered(), NOON), (WRONG, AFTER), (offered(), AFTER), (WRONG, AFTER)], [(1, 1), (1, 1), (0, 1)]),
        ([(says("DisputeRuled", dispatch_due=AFTER), NOON), (offered(), AFTER)], [(1, 1), (1, 1), (1, 1)]),
        ([(says("CaseHandedOver"), NOON)], [(0, 0), (0, 0), (0, 0)]),
    ],
)
def test_dispatched_once_in_time_and_rightly(then: list[tuple[Told, int]], expected: list[tuple[int, int]]) -> None:
    """The first dispatch counts; 错派 is what was never theirs."""
    assert expected == shares(folded((filed(), NOON), *then), *DISPATCH)


def test_a_limit_that_is_missing_is_not_kept() -> None:
    """Neither of dispatch nor of disposal nor of a check nor of the closing."""
    no_limit = says("AssignmentOffered", squad="A1")
    life = [(filed(dispatch_due=0), NOON), (no_limit, NOON), (disposed(check_due=0), BEFORE)]
    fold = folded(*life, (says("CaseChecked"), BEFORE), (closed(), BEFORE))
    assert [(0, 1)] * 4 == shares(
        fold, "dispatched_on_time", "disposed_on_time", "checked_on_time", "closed_on_time"
    )  # fmt: skip
    assert [0] == counts(fold, "overdue")  # nor is it broken


def test_32_a_wrong_dispatch_is_wrong_for_good() -> None:
    """S32: dispatched to A1, which was wrong, and again to A2: 派遣 once, 准确派遣 0, the dispatching desk's."""
    town = Town()
    case = town.file("1")
    first = town.case(case).assignment
    town.order(m.ReturnAssignment, case, reason="not_our_power", basis="art. 9")
    town.order(m.ReviewReturn, case, actor=OPERATOR, outcome="approved", reason="r")
    town.order(m.AssignCase, case, squad="A2")
    town.work(case, until="closed")
    held = one(town.events(case), AssignmentReturned)
    assert first
    assert held.blame
    assert ("A1", True, "post") == (first.squad, held.wrong, held.blame.responsibility)
    fold = of_town(town)
    assert [(1, 1), (0, 1), (1, 1), (1, 1)] == shares(
        fold, "dispatched", "dispatched_right", "disposed_on_time", "closed_on_time", now=town.now
    )  # fmt: skip


def of_town(town: Town) -> Indicators:
    """The fold of all that a town said."""
    fold = Indicators(PACK)
    for stored in town.stored:
        if stored.topic == "desk-log":
            fold.take(decode_told(stored.raw))
    return fold


# -- disposed, closed --------------------------------------------------------------------------------------------------

DISPOSAL = ("disposed", "disposed_on_time", "overdue_waiting", "extended")
CLOSING = ("closed", "closed_on_time", "reworked")
BEGUN = [(filed(), NOON), (offered(), NOON)]
AGAIN = says("ReworkOrdered")


@pytest.mark.parametrize(
    ("then", "disposal", "closing"),
    [
        ([], [(0, 1), (0, 1), (1, 1), (0, 1)], [(0, 1), (0, 1), (0, 1)]),  # overdue: to be disposed of, and closed
        ([(disposed(), DUE)], [(1, 1), (1, 1), (0, 1), (0, 1)], [(0, 1), (0, 1), (0, 1)]),
        ([(disposed(), DUE + 1)], [(1, 1), (0, 1), (0, 1), (0, 1)], [(0, 1), (0, 1), (0, 1)]),
        ([(disposed(), DUE), (closed(), AFTER)], [(1, 1), (1, 1), (0, 1), (0, 1)], [(1, 1), (1, 1), (0, 1)]),
        ([(disposed(), BEFORE), (AGAIN, BEFORE)], [(0, 1), (0, 1), (1, 1), (0, 1)], [(0, 1), (0, 1), (1, 1)]),
        (
            [(disposed(), BEFORE), (AGAIN, BEFORE), (disposed(), BEFORE), (AGAIN, BEFORE), (disposed(), AFTER)],
            [(1, 1), (0, 1), (0, 1), (0, 1)],
            [(0, 1), (0, 1), (1, 1)],
        ),
        (
            [(says("DeadlineExtended", term=ToldTerm("dispose", AFTER)), BEFORE), (disposed(), AFTER)],
            [(1, 1), (1, 1), (0, 1), (1, 1)],
            [(0, 1), (0, 1), (0, 1)],
        ),
        ([(says("CaseSuspended", terms=(ToldTerm("dispose", 0),)), BEFORE)], [(0, 0)] * 4, [(0, 0)] * 3),
        (
            [(says("PenaltyFiled", term=ToldTerm("penalty", DUE + DAY)), BEFORE), (disposed(), AFTER)],
            [(1, 1), (1, 1), (0, 1), (0, 1)],
            [(0, 1), (0, 1), (0, 1)],
        ),
        (
            [(says("PenaltyFiled", term=ToldTerm("penalty", BEFORE + 1)), BEFORE), (disposed(), AFTER)],
            [(1, 1), (0, 1), (0, 1), (0, 1)],
            [(0, 1), (0, 1), (0, 1)],
        ),
        ([(cancelled("cancelled"), BEFORE)], [(0, 0)] * 4, [(0, 0)] * 3),
        ([(says("CaseTransferred"), BEFORE)], [(0, 0)] * 4, [(0, 0)] * 3),
        ([(closed(outcome="forced"), BEFORE)], [(0, 0)] * 4, [(1, 1), (1, 1), (0, 1)]),
        ([(closed(outcome="forced"), AFTER)], [(0, 0)] * 4, [(1, 1), (0, 1), (0, 1)]),
        ([(says("CaseMerged"), BEFORE), (closed(outcome="merged"), BEFORE)], [(0, 0)] * 4, [(0, 0)] * 3),
    ],
)
def test_what_is_to_be_disposed_of_and_closed(
    then: list[tuple[Told, int]], disposal: list[tuple[int, int]], closing: list[tuple[int, int]]
) -> None:
    """应结案 is what was disposed of and what is overdue, not all that is open; only the last disposal counts."""
    fold = folded(*BEGUN, *then)
    assert (disposal, closing) == (shares(fold, *DISPOSAL), shares(fold, *CLOSING))


def test_what_is_open_and_not_due_is_not_to_be_closed() -> None:
    """As of the very instant at which it falls due it is in time."""
    assert [(0, 0), (0, 0)] == shares(folded(*BEGUN), "closed", "disposed", now=DUE)
    assert [(0, 1), (0, 1)] == shares(folded(*BEGUN), "closed", "disposed", now=DUE + 1)


def test_rework_counts_a_case_once_and_its_times_apart() -> None:
    """返工 is 0 or 1, 返工次数 how often; a unit's too."""
    life = [*BEGUN, (disposed(), BEFORE), (AGAIN, BEFORE), (disposed(), BEFORE)]
    life += [(says("WorkOrderReopened"), BEFORE), (disposed(), BEFORE), (closed(), BEFORE)]
    fold = folded(*life)
    assert ([(1, 1)], [2]) == (shares(fold, "reworked"), counts(fold, "reworks"))


def test_30_an_appeal_exempts_what_stays_overdue() -> None:
    """S30: the raw fact stays in the file, what is on time does without the case, both counts are published."""
    on_time = ("closed_on_time", "disposed_on_time")
    fold = folded(*LATE)
    assert ([(0, 1), (0, 1)], [1, 0]) == (shares(fold, *on_time), counts(fold, "overdue", "exempt"))
    for _ in range(2):  # an appeal is decided once
        fold.take(record(AFTER, "jia", says("AppealApproved")))
        assert [(0, 0), (0, 0), (1, 1), (1, 1)] == shares(fold, *on_time, "closed", "disposed")
        assert [1, 1] == counts(fold, "overdue", "exempt")
    fold.take(record(AFTER, "jia", says("CaseReopened")))
    assert [(0, 0)] * 4 == shares(fold, *on_time, "closed", "disposed")
    assert [0, 0] == counts(fold, "overdue", "exempt")
    fold.take(record(AFTER, "jia", offered("a", ToldTerm("dispose", BEFORE)), disposed(), closed()))
    assert ([(0, 1), (0, 1)], [1, 0]) == (shares(fold, *on_time), counts(fold, "overdue", "exempt"))


def test_an_appeal_is_about_something_late_that_was_closed() -> None:
    """Of what is open, was in time, or nobody remembers, it changes nothing."""
    for life in (BEGUN, LIFE, []):
        fold = folded(*life)
        was = msgspec.to_builtins(fold.desks, str_keys=True)
        fold.take(record(AFTER, "jia", says("AppealApproved")))
        assert [0] == counts(fold, "exempt")
        if life:
            assert was["jia"]["months"] == msgspec.to_builtins(fold.desks, str_keys=True)["jia"]["months"]


# -- looks -------------------------------------------------------------------------------------------------------------

LOOK = says("VerificationOrdered", due_at=DUE)
NOBODY = says("CaseNeedsOperator")


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ([(LOOK, NOON)], (0, 1)),  # fell due
        ([(LOOK, NOON), (says("CaseVerified", found=True), DUE)], (1, 1)),
        ([(LOOK, NOON), (says("CaseVerified"), DUE + 1)], (0, 1)),
        ([(LOOK, NOON), (NOBODY, DUE)], (0, 1)),
        ([(LOOK, NOON), (NOBODY, DUE), (LOOK, DUE), (says("CaseVerified"), DUE)], (1, 1)),  # the last of the round
        (
            [
                (LOOK, NOON),
                (NOBODY, DUE),
                (offered(), DUE),
                (says("LeaseExpired"), DUE),
                (LOOK, DUE),
                (says("CaseVerified"), DUE),
            ],
            (1, 2),  # another round
        ),
        ([(LOOK, NOON), (says("CaseClassified", duty="penalty"), BEFORE)], (0, 0)),  # nobody need look
        ([(offered(), NOON), (disposed(), NOON)], (0, 1)),
        ([(offered(), NOON), (disposed(), NOON), (says("CaseChecked"), DUE)], (1, 1)),
        ([(offered(), NOON), (disposed(), NOON), (says("CaseChecked"), DUE + 1)], (0, 1)),
        ([(offered(), NOON), (disposed(), NOON), (AGAIN, DUE), (disposed(), DUE), (AGAIN, AFTER)], (1, 2)),
        ([(offered(), NOON), (disposed(), NOON), (says("CaseChecked"), DUE), (AGAIN, AFTER)], (1, 1)),  # the caller's
        ([(offered(), NOON), (disposed(), NOON), (closed(outcome="forced"), BEFORE)], (0, 0)),
        ([(offered(), NOON), (disposed(), NOON), (closed(outcome="forced"), AFTER)], (0, 1)),
    ],
)
def test_only_the_last_look_of_a_round_is_valid(then: list[tuple[Told, int]], expected: tuple[int, int]) -> None:
    """核实 before and 核查 after: done in time, of those that were done or fell due."""
    assert [expected] == shares(folded((filed(), NOON), *then), "checked_on_time")


def test_a_look_is_due_with_the_end_of_its_limit() -> None:
    """At its very end it may still be done in time."""
    fold = folded((filed(), NOON), (LOOK, NOON))
    assert ([(0, 0)], [(0, 1)]) == tuple(shares(fold, "checked_on_time", now=now) for now in (DUE, DUE + 1))


# -- waiting -----------------------------------------------------------------------------------------------------------


def test_what_is_suspended() -> None:
    """挂账 now, ever and how often; 积存 from 60 natural days on."""
    hang = says("CaseSuspended", terms=(ToldTerm("dispose", 0),))
    names = ("suspended_now", "suspended_ever", "suspensions", "backlog")
    fold = folded(*BEGUN, (hang, NOON))
    assert [1, 1, 1, 0] == counts(fold, *names)
    begins = at("2026-09-11 00:00")
    assert ([1, 0, 0, 0], [1, 0, 0, 1]) == (counts(fold, *names, now=begins - 1), counts(fold, *names, now=begins))
    resumed = says("CaseResumed", terms=(ToldTerm("dispose", DUE + DAY),))
    for event in (resumed, hang, says("AssignmentWithdrawn")):
        fold.take(record(BEFORE, "jia", event))
    assert [0, 1, 2, 0] == counts(fold, *names)


def test_each_step_counts_in_its_month() -> None:
    """Of the city's zone: filed in July, disposed of and closed in August; what stood at the end of July stays."""
    midnight = EVE + 1000
    life = [(filed(), EVE), (offered("a", ToldTerm("dispose", EVE)), EVE), (disposed(check_due=DUE), midnight)]
    fold = folded(*life, (closed(), midnight))
    assert [(1, 1), (1, 1), (0, 1), (0, 1)] == shares(fold, "registered", "dispatched", "disposed", "closed")
    assert [(0, 0), (0, 0), (1, 1), (1, 1)] == shares(
        fold, "registered", "dispatched", "disposed", "closed", period=AUGUST
    )  # fmt: skip
    fold.take(record(midnight + DAY, "jia", says("CaseReopened", dispatch_due=DUE)))
    assert [(0, 0), (0, 0)] == shares(fold, "disposed", "closed", period=AUGUST, now=midnight + DAY)
    assert [(0, 1), (0, 1)] == shares(fold, "disposed", "closed")


def test_what_turns_out_wrong_is_wrong_where_it_counted() -> None:
    """A dispatch of July that is found wrong in August, a registration of July that is void then."""
    august = EVE + DAY
    life = [(filed("b"), EVE), (filed(), EVE), (offered(), EVE), (WRONG, august), (cancelled("cancelled", "b"), august)]
    fold = folded(*life)
    assert [(0, 2), (1, 2)] == shares(fold, "dispatched_right", "registered_right", now=august)
    assert [(0, 0), (0, 0)] == shares(fold, "dispatched_right", "registered_right", now=august, period=AUGUST)


def test_a_month_without_a_record_stands_as_it_is() -> None:
    """Its end is an end, also if nobody said anything since; the month after it begins with what waits."""
    fold = folded((filed(), EVE))
    assert [(0, 0)] == shares(fold, "dispatched", period="2026-06", now=EVE)
    later = at("2026-08-20 12:00")
    assert [(0, 1)] == shares(fold, "dispatched", now=later) == shares(fold, "dispatched", now=later, period=AUGUST)
    due = folded((filed("a"), EVE), (offered("a", ToldTerm("dispose", EVE + DAY)), EVE))
    assert [(0, 0), (1, 1)] == [shares(due, "overdue_waiting", now=later, period=p)[0] for p in (JULY, AUGUST)]
    fold.take(record(at("2026-09-02 12:00"), "jia", offered()))
    assert [(0, 1), (0, 1), (1, 1)] == [
        shares(fold, "dispatched", now=later, period=p)[0] for p in (JULY, AUGUST, "2026-09")
    ]


def test_what_is_closed_again_counts_once() -> None:
    """Reopened it counts nowhere, closed again where it was closed last."""
    fold = folded(*LIFE, (says("CaseReopened", dispatch_due=DUE), BEFORE))
    assert [(0, 0), (0, 0), (1, 1), (1, 1)] == shares(fold, "closed", "disposed", "registered", "dispatched", now=DUE)
    august = at("2026-08-03 12:00")
    for event in (offered("a", ToldTerm("dispose", august)), disposed(), closed()):
        fold.take(record(august, "jia", event))
    assert [(0, 0), (1, 1)] == shares(fold, "closed", "dispatched", now=august)
    assert [(1, 1), (1, 1)] == shares(fold, "closed", "closed_on_time", now=august, period=AUGUST)


def test_another_desks_case() -> None:
    """Registered where it was, dispatched by who has it; what it brings along is known."""
    case = ToldCase(nature="enforcement", item="stall", kind="event", rework=1, extensions=1, suspended=True)
    fold = folded((says("CaseTaken", case=case, dispatch_due=DUE), NOON))
    assert [(0, 0), (0, 0), (0, 1)] == shares(fold, "reported_valid", "registered", "dispatched")
    for event in (offered(), disposed(), closed()):
        fold.take(record(BEFORE, "jia", event))
    assert [(1, 1), (1, 1), (1, 1), (1, 1)] == shares(fold, "dispatched_on_time", "closed", "reworked", "extended")
    again = folded((says("CaseTaken", case=case, dispatch_due=DUE), NOON), (says("CaseSuspended"), NOON))
    assert [0, 1] == counts(again, "suspended_ever", "suspensions")
    child = folded((says("CaseTaken", case=ToldCase(parent="b", duty="penalty")), NOON))
    question = folded((says("CaseTaken", case=ToldCase(duty="reply")), NOON))
    assert [(0, 0)] == shares(child, "dispatched") == shares(question, "dispatched")


# -- people's ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "then", "seen"),
    [
        (filed(), [says("WorkOrderIssued", unit="JA-safety")], 1),
        (filed(), [says("CaseEscalated", cause="reserved"), offered(squad="AM")], 1),
        (filed(), [says("CaseEscalated", cause="reserved"), says("WorkOrderIssued", unit="JA-safety")], 1),  # once
        (filed(), [says("CaseEscalated", cause="overdue")], 0),
        (filed(), [offered()], 0),
        (filed(kind="complaint"), [says("WorkOrderIssued", unit="JA-safety")], 0),  # the public saw it
        (filed(nature="repair"), [says("WorkOrderIssued", unit="JA-works")], 0),  # nothing to be punished
    ],
)
def test_seen_and_not_governable(first: Told, then: list[Told], seen: int) -> None:
    """R37 看得见、管不着: a patrol found it, and the power is not the town's."""
    fold = folded((first, NOON), *((event, NOON) for event in then))
    assert (seen, 0) == (fold.seen_not_governable("jia", AFTER), fold.seen_not_governable("jia", EVE + DAY))


@pytest.mark.parametrize(("level", "seen"), [("town", 1), ("county", 0)])
def test_it_was_seen_where_it_went_up(level: str, seen: int) -> None:
    """A case that comes from below was told there."""
    case = ToldCase(nature="enforcement", kind="event", level=level)
    fold = folded((says("CaseTaken", case=case), NOON), (says("WorkOrderIssued", unit="JA-safety"), NOON))
    assert seen == fold.seen_not_governable("jia", AFTER)


@pytest.mark.parametrize(
    ("then", "loads"),
    [
        ([], {"A1": 1}),
        ([disposed()], {"A1": 1}),  # until the check has passed
        ([disposed(), says("CaseChecked")], {}),
        ([disposed(), says("CaseChecked"), AGAIN], {"A1": 1}),
        ([says("LeaseExpired")], {}),
        ([says("AssignmentReturned"), offered(squad="A2")], {"A2": 1}),
        ([says("CaseSuspended")], {}),
        ([says("CaseSuspended"), says("CaseResumed")], {"A1": 1}),
        ([says("DisputeOpened", interim=ToldHolder(squad="A2"))], {"A2": 1}),
        ([says("DisputeOpened", interim=ToldHolder(unit="JA-works"))], {}),
        ([closed()], {}),
    ],
)
def test_what_a_squad_has(then: list[Told], loads: dict[str, int]) -> None:
    """From the offer on, as long as it is its turn."""
    assert {"jia": loads} == folded(*BEGUN, *((event, BEFORE) for event in then)).loads()


# -- kept --------------------------------------------------------------------------------------------------------------


def kept(desks: dict[str, DeskIndicators]) -> Indicators:
    """Another fold that goes on from what was kept."""
    fold = Indicators(PACK)
    raw = msgspec.msgpack.encode(desks)
    for name, desk in msgspec.msgpack.decode(raw, type=dict[str, DeskIndicators]).items():
        fold.restore(name, desk)
    return fold


def test_it_goes_on_from_what_was_kept() -> None:
    """Anywhere, to the same."""
    said: Iterable[tuple[Told, int]] = [
        *LATE, (filed("b"), AFTER), (offered("b"), AFTER), (says("AppealApproved"), AFTER), (disposed("b"), AFTER),
        (closed("b"), AFTER), (says("CaseReopened"), EVE), (offered(), EVE), (disposed(), EVE + DAY),
        (closed(), EVE + DAY),
    ]  # fmt: skip
    whole, broken = folded(), folded()
    for event, when in said:
        for fold in (whole, broken):
            fold.take(record(when, "jia", event))
        broken = kept(broken.desks)
        assert whole.desks == broken.desks
    assert [(2, 2)] == shares(whole, "registered", now=EVE)


def test_what_can_be_reopened_no_more_is_forgotten() -> None:
    """Of a closed case its sums stay; those that ended alike share a row."""
    life = [(filed(c), NOON) for c in "abc"] + [(closed(c, reopen_until=NOON + DAY), NOON) for c in "abc"]
    fold = folded(*life)
    desk = fold.desks["jia"]
    assert (3, 1) == (len(desk.ended), len(desk.ends))
    fold.take(record(NOON + DAY, "jia", filed("d")))
    assert 3 == len(desk.ended)  # the day is not over
    fold.take(record(NOON + 2 * DAY, "jia", says("CaseReopened"), cancelled("cancelled", "d")))
    assert (["d"], 1) == (list(desk.ended), len(desk.ends))
    assert [(3, 3)] == shares(fold, "closed", now=NOON + 2 * DAY)


def test_a_chief_who_cancels() -> None:
    """As the desk says it: registered, found void, and taken up again."""
    town = Town()
    case = town.file("1")
    town.order(m.CancelCase, case, actor=CHIEF, outcome="cancelled", reason="r")
    assert [(1, 1), (0, 1)] == shares(of_town(town), "registered", "registered_right", now=town.now)
    town.order(m.ReopenCase, case, actor=CHIEF, cause="fault", reason="r", at_desk="jia")
    assert [(1, 1), (1, 1)] == shares(of_town(town), "registered", "registered_right", now=town.now)
