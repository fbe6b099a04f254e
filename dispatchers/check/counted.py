"""What can be wrong with the data of the 80 % numbers (domain.md §2.3, §2.4): definitions, attendance, money, hours.

What makes a number meaningless is told as a warning and refuses nothing: the number is then shown as "not computable,
because …", and the city goes on dispatching.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from dispatchers.clock import DAY, duration
from dispatchers.law import days_of
from dispatchers.rows import Attendance, CityPack
from dispatchers.targets.force import DAYS, LEAVE, duty_posts

from .people import OUTSIDE
from .words import Fault, meet, span

LONGEST = 14  # days that a month may wait to be final: it is, before the next one is half over


def _definitions(pack: CityPack) -> Iterator[Fault]:
    """There is one, from the first day of the first month that is counted by it; a month ends under one of them."""
    if not pack.definitions:
        yield Fault("definitions", -1, "version", "no definition of the 80 % numbers", "a row at least")
    for n, row in enumerate(pack.definitions):
        try:
            length = duration(row.freeze_after)
        except ValueError as error:
            yield Fault("definitions", n, "freeze_after", str(error), "a duration like 3 working_days")
            continue
        days = length.number if length.unit == "working_days" else -(-length.ms // DAY)
        if not 0 < days <= LONGEST:
            what = f"a month is final {row.freeze_after} after its end"
            yield Fault("definitions", n, "freeze_after", what, f"1 to {LONGEST} days")
        if not set(row.towns) <= set(row.strict) <= set(row.broad):
            what = "the scopes do not lie in one another"
            yield Fault("definitions", n, "strict", what, "towns within strict within broad")


def _places(pack: CityPack) -> Iterator[Fault]:
    """Where officers serve, money goes and things are used is known."""
    known = {*(o.id for o in pack.organisations), *(s.id for s in pack.squads)}
    right = "the id of an organisation or a squad"
    for n, row in enumerate(pack.attendance):
        if row.post not in {*known, LEAVE} and not row.post.startswith(OUTSIDE):
            what = f"there is no organisation or squad {row.post!r}"
            yield Fault("attendance", n, "post", what, f'{right}, "{LEAVE}", or "{OUTSIDE}" and where')
        if row.shifts < 0 or (row.post == LEAVE) != (row.shifts == 0):
            what = f"{row.shifts} shifts at {row.post}"
            yield Fault("attendance", n, "shifts", what, f'1 or more, 0 for "{LEAVE}" alone')
    for n, used in enumerate(pack.usage):
        if used.at not in known:
            yield Fault("usage", n, "at", f"there is no organisation or squad {used.at!r}", right)
        if used.hours < 0:
            yield Fault("usage", n, "hours", f"{used.hours} hours", "0 or more")
    for n, money in enumerate(pack.spending):
        if not money.object:
            yield Fault("spending", n, "object", "money without cost object 支出无成本对象", right, warning=True)
        elif money.object not in known:
            yield Fault("spending", n, "object", f"there is no organisation or squad {money.object!r}", right)


def _posts(pack: CityPack) -> Iterator[Fault]:
    """Nobody serves at two posts at once; attendance is of formal officers, while they are."""
    rows: dict[str, list[tuple[int, Attendance]]] = defaultdict(list)
    for n, row in enumerate(pack.attendance):
        rows[row.officer].append((n, row))
    formal = defaultdict(list)
    for officer in pack.officers:
        if officer.employment == "formal":
            formal[officer.number].append(span(officer))
    for number, those in rows.items():
        for n, row in those:
            if not any(meet(span(row), days) for days in formal[number]):
                yield Fault("attendance", n, "officer", f"{number} is no formal officer then", "a formal officer")
        if len(those) < 2:
            continue
        served = [(row, *days_of(row)) for _, row in those]
        for first, last in sorted({(first, last) for _, first, last in served}):
            day = min(first + DAYS, last)
            posts = duty_posts(served, day)
            if len(posts) > 1:
                what = f"{number} serves at two posts at once 一人两岗: {', '.join(posts)}"
                yield Fault("attendance", those[-1][0], "post", what, "more than half at one of them", warning=True)
                break


def _hours(pack: CityPack) -> Iterator[Fault]:
    """Every thing in service is used somewhere, or nobody knows whose it is."""
    squads = {squad.id for squad in pack.squads}
    used = defaultdict(list)
    for row in pack.usage:
        if row.hours > 0:
            used[row.thing].append(span(row))
    for n, thing in enumerate(pack.equipment):
        if thing.squad in squads and not any(meet(span(thing), days) for days in used[thing.id]):
            what = f"{thing.id} has no use-hours 无使用工时"
            yield Fault("equipment", n, "id", what, "a row of usage", warning=True)


RULES = (_definitions, _places, _posts, _hours)
