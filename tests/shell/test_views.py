"""What people see of a desk."""

import json

from dispatchers.case import Status
from dispatchers.state import Desk
from streams.reader import Fold
from streams.views import Tally, case_row, desk_row, encode, squad_row, squads_of
from tests.support_log import PHONE, Record, folded, logs, records, small


class Keeping:
    """A watcher that keeps a tally, and nothing else."""

    def __init__(self, desk: Desk) -> None:
        self.tally = Tally(desk)

    def see(self, step: object) -> None:
        self.tally.moved(step.before, step.after)  # type: ignore[attr-defined]

    def passed(self, position: object) -> None:
        pass


def shown(tally: Tally) -> tuple[object, ...]:
    counts = ({k: v for k, v in kept.items() if v} for kept in (tally.statuses, tally.squads))
    return (*counts, tally.open, tally.unassigned)


def test_a_tally_kept_case_by_case_is_the_tally_of_all_cases() -> None:
    """After every record of every desk the counts kept up are those counted afresh."""
    for desk, raws in logs().items():
        fold = Fold(folded(desk, []), 0)
        keeping = Keeping(fold.desk)
        fold.watchers.append(keeping)  # type: ignore[arg-type]
        for record in records(raws):
            fold.read([record])  # type: ignore[list-item]
            assert shown(Tally(fold.desk)) == shown(keeping.tally)


def test_rows_hold_nothing_of_the_reporter() -> None:
    """What points to a reporter is in the state and in no row."""
    for desk, raws in logs().items():
        state = folded(desk, raws).state
        rows = "".join(encode(case_row(case, desk)) for case in state.cases.values())
        assert all(case.caller_tag == PHONE for case in state.cases.values())
        assert PHONE not in rows
        assert "caller_tag" not in rows
        assert "reporter" not in rows


def test_a_case_row_names_who_has_it_and_when_an_answer_is_due() -> None:
    """An offered case shows squad, team, officers, attempt and the end of its lease; a waiting one shows nobody."""
    cases = [c for desk, raws in logs().items() for c in folded(desk, raws).state.cases.values()]
    offered = next(c for c in cases if c.status is Status.OFFERED)
    row = json.loads(encode(case_row(offered, "jia")))
    held = offered.assignment
    assert held
    told = (row["squad"], row["team"], row["officers"], row["attempt"], row["answer_due"])
    assert (held.squad, held.team, list(held.officers), held.attempt, held.due_at) == told
    waiting = next(c for c in cases if c.status is Status.OPERATOR)
    row = json.loads(encode(case_row(waiting, "jia")))
    assert not {"squad", "team", "officers", "unit", "assignment_id", "answer_due"} & row.keys()


def test_a_case_row_shows_its_clocks_and_what_runs_beside() -> None:
    """The limit of disposal with its yellow mark, what the caller is owed, requests without an answer, and whom it is
    about, so that a screen can keep it from them."""
    cases = [c for desk, raws in logs().items() for c in folded(desk, raws).state.cases.values()]
    for case in cases:
        row = case_row(case, "jia")
        dispose, reply = case.term("dispose"), case.term("reply")
        counts = (
            dispose and not dispose.done_at and case.status is not Status.MERGED
        )  # nobody is late with what is done
        assert (row.due_at, row.warn_at) == ((dispose.due_at, dispose.warn_at) if dispose and counts else (0, 0))
        assert row.relaxation == (case.relaxation.kind if case.relaxation else "")
        assert row.reply_due == (reply.due_at if reply and not reply.done_at else 0)
        assert row.requests == sum(1 for r in case.requests if r.receipt_due or (r.due_at and not r.answered_at))
    rows = [case_row(case, "jia") for case in cases]
    assert any(row.warn_at for row in rows)
    assert any(row.reply_due for row in rows)
    assert any(row.requests for row in rows)
    assert any(row.about for row in rows)


def test_squads_show_load_against_cap_and_idle_ones_are_shown() -> None:
    """Every squad of the desk has a row; loads of its teams sum to its own."""
    city = small()
    for desk, raws in logs().items():
        state = folded(desk, raws).state
        tally = Tally(state)
        rows = [squad_row(squad, state, tally, city) for squad in squads_of(desk, city)]
        assert [s.id for s in city.pack.squads if s.desk == desk] == [row.id for row in rows]
        for row in rows:
            assert row.load == sum(row.teams.values())
            assert row.cap == city.squads[row.id].cap
        assert sum(row.cases for row in rows) == sum(1 for case in state.cases.values() if case.load_on)


def test_the_desk_row_counts_and_names_the_oldest() -> None:
    """Counts by status sum to what is open; the oldest instants are the smallest there are, or null."""
    for desk, raws in logs().items():
        state = folded(desk, raws).state
        row = desk_row(state, Tally(state), small())
        free = [c.registered_at for c in state.cases.values() if c.status in (Status.TO_DISPATCH, Status.OPERATOR)]
        assert row.open == len(state.cases) == sum(row.statuses.values())
        assert (len(free), min(free, default=None)) == (row.unassigned, row.oldest_unassigned)
        assert min((c.registered_at for c in state.cases.values()), default=None) == row.oldest_open
    empty = Desk(id="jia")
    assert desk_row(empty, Tally(empty), small()).oldest_open is None


def test_the_record_stands_for_aiokafkas() -> None:
    """The tests' records have the fields that the reader reads."""
    from aiokafka import ConsumerRecord

    assert set(Record._fields) <= set(ConsumerRecord.__dataclass_fields__)
