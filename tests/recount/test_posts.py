"""R2 and R3 of Jiaxing agree with the recount, on days before and after what changes in its files."""

import datetime as dt
from functools import cache
from pathlib import Path

import pytest

from dispatchers.clock import EPOCH
from dispatchers.rows import CityPack
from dispatchers.targets import force, support
from streams.city_files import load

from .posts import Posts

JIAXING = Path(__file__).parents[2] / "deploy" / "jiaxing"


@cache
def pack() -> CityPack:
    return load(JIAXING)


@cache
def posts() -> Posts:
    return Posts(JIAXING)


@pytest.mark.parametrize("day", ["2026-03-30", "2026-04-01", "2026-06-10", "2026-07-13", "2026-09-16", "2026-10-20"])
def test_force_and_support_agree_with_the_recount(day: str) -> None:
    """Officers by where they serve; money and things by who has the use of them."""
    ordinal = dt.date.fromisoformat(day).toordinal() - EPOCH
    posted, spent = force(pack()).on(ordinal), support(pack()).on(ordinal)
    assert (posts().force(day), posts().money(day)) == (posted.attendance, spent.money)
    assert posts().things(day) == {kind: part for kind, part in spent.things.items() if part.den}
    assert posts().force(day)[0] > 0
