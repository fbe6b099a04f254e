"""Time is a message: the record's clock decides, the sender's claim is kept and flagged (law 6)."""

import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.clock import DAY, MINUTE
from tests.support import MONDAY, Town, one


@pytest.mark.parametrize(
    ("claim", "odd"),
    [
        (None, ""),
        (MONDAY, ""),
        (MONDAY + 5 * MINUTE, ""),
        (MONDAY + 5 * MINUTE + 1, "ahead"),
        (MONDAY - 3 * DAY, ""),
        (MONDAY - 3 * DAY - 1, "behind"),
        (0, "behind"),
        (2**60, "ahead"),
        (-(2**60), "behind"),
    ],
)
def test_a_claim_beyond_the_citys_bounds_is_kept_and_flagged(claim: int | None, odd: str) -> None:
    """Five minutes ahead, three days behind are believed, to the millisecond."""
    town = Town()
    accepted = one(town.order(m.AcceptAssignment, town.file("1"), happened_at=claim), e.AssignmentAccepted)
    assert (claim, odd) == (accepted.happened_at, accepted.odd_claim)


def test_no_timer_believes_a_claim() -> None:
    """Whatever the squad says of when it accepted, the case's clocks are the same."""
    cases = []
    for claim in (None, MONDAY - 2 * DAY, MONDAY + 900 * DAY):
        town = Town()
        case = town.file("1")
        town.order(m.AcceptAssignment, case, happened_at=claim)
        cases.append((town.case(case), town.desk("jia").next_due))
    assert cases[0] == cases[1] == cases[2]


def test_a_phone_that_was_offline_does_not_save_its_lease() -> None:
    """It accepted in time by its own clock; the offer had gone on."""
    town = Town()
    case = town.file("1")
    late = town.made(m.AcceptAssignment, case, happened_at=MONDAY + MINUTE)
    town.wait(minutes=20)
    assert "not_yours_any_more" == one(town.tell("jia", late), e.OrderRefused).reason


def test_time_never_runs_backwards() -> None:
    """A message that the broker stamped earlier than the last record is decided at the last record's instant."""
    town = Town()
    town.file("1")
    log = town.memory.desks["jia"]
    order = town.made(m.SetDuty, desk="jia", officers=("A1-001",), on_duty=False)
    decided = log.writer.decide(order, log.inbox, MONDAY - DAY, town.memory.city)
    assert decided
    assert MONDAY == decided.record.at


@pytest.mark.parametrize("kind", [m.ReceiveOffer, m.AcceptAssignment, m.ReturnAssignment, m.AssignCase, m.EscalateCase])
def test_every_act_carries_who_and_when(kind: type[m.CaseOrder]) -> None:
    """The first event of an order names its actor."""
    town = Town()
    case = town.file("1")
    order = town.made(kind, case, happened_at=MONDAY - 1)
    act = next(event for event in town.tell("jia", order) if isinstance(event, e.CaseAct))
    assert order.actor == act.actor
