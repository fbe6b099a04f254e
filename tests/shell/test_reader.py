"""Reading a log as law 5 asks: the valid chain, from a position, without a hole."""

import pytest

from dispatchers.record import digest, state_hash
from streams.reader import Fold, Position
from streams.recovery import LogDamagedError
from tests.support_log import folded, logs, records, with_void

RAWS = logs()["jia"]


def test_void_records_change_nothing() -> None:
    """A fold of a log full of a zombie's records is the fold of the log without them."""
    plain, mixed = Fold(folded("jia", []), 0), Fold(folded("jia", []), 0)
    plain.read(records(RAWS))  # type: ignore[arg-type]
    mixed.read(records(with_void(RAWS)))  # type: ignore[arg-type]
    assert state_hash(plain.desk) == state_hash(mixed.desk)
    assert plain.position.hash == mixed.position.hash


def test_what_was_delivered_before_is_skipped() -> None:
    """The same fetch twice is folded once."""
    fold = Fold(folded("jia", []), 0)
    for _ in range(2):
        fold.read(records(RAWS[:50]))  # type: ignore[arg-type]
    assert state_hash(folded("jia", RAWS[:50]).state) == state_hash(fold.desk)
    assert Position(49, digest(RAWS[49])) == fold.position


def test_a_hole_is_refused() -> None:
    """A missing offset stops the reader."""
    fold = Fold(folded("jia", []), 0)
    with pytest.raises(LogDamagedError, match="desk-log/0: 11 came, 10 was next"):
        fold.read([r for r in records(RAWS) if r.offset != 10])  # type: ignore[misc]


def test_another_log_at_the_position_is_refused() -> None:
    """The record at the position is read again, and must be the one that was there."""
    fold = Fold(folded("jia", RAWS[:20]), 0)
    assert fold.chain.next == 19
    with pytest.raises(LogDamagedError, match="at 19 stands another record"):
        fold.read(records(logs(seed=8)["jia"], start=19))  # type: ignore[arg-type]


def test_a_position_is_read_back_as_it_was_written() -> None:
    """Text of a position gives the position; any other text gives none."""
    position = Position(7, digest(b"x"))
    assert position == Position.parse(str(position))
    for text in (None, "", "7", "x y", "-1 " + "0" * 64, "7 short"):
        assert Position.parse(text) is None
