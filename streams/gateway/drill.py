"""A number opened 下钻: the city, a desk, a township or a squad of it, and at last the cases; posts; cost objects.

    whole      what the wall shows: R1 folded from the log (numbers.py), R2 and R3 computed from the city's pack
    parts      what it is made of: of R1 from the archive, in one question at one position, as the list of cases is
    residual   whole less parts. While archive and fold have read up to different places it says so, and by how much

Sums are of the whole city for everybody who may see numbers; a list of cases is of one's own desk, or of all for who is
above the desks. The same rule makes both: `kind_of`, by the definition of the day of the closing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, cast, get_args

from aiohttp import web

from dispatchers.city import City
from dispatchers.rows import Definition
from dispatchers.targets import ASIDES, Kind, Share, forced, share
from dispatchers.targets.counts import TASKS, Counts, kind_of
from dispatchers.targets.periods import before, month_of
from dispatchers.targets.tasks import added

from ..archive.ends import Cell, End, Ended, Tally, Wanted
from ..archive.search import Tallied
from . import posts
from .access import may
from .numbers import Numbers
from .opened import (
    NONE,
    WINDOWS,
    By,
    CaseEnded,
    CaseList,
    Figure,
    Listed,
    Opened,
    Part,
    Position,
    Residual,
    Where,
    called,
    date,
    head,
    names,
)  # fmt: skip
from .problem import json, missing, not_found, unfit
from .sessions import Session

if TYPE_CHECKING:
    from .context import Context

ASKED = ("window", "desk", "territory", "squad")
CASES = 50  # of a page
PATH = "/api/numbers/{number}"
OF_CASES = "/api/numbers/tasks/cases"
UNKNOWN = "unknown"  # the sort of an end for which there is no word: what `parts` calls the residual


async def show(request: web.Request, context: Context, session: Session) -> web.Response:
    """GET /api/numbers/{number}."""
    city, shown = context.cities.configured.city, context.numbers
    where = _where(request, city, request.match_info["number"])
    if shown.figures is None:
        raise missing("numbers", "数字正在读取，请稍候", "the numbers are being read; a moment")
    if where.number == "tasks":
        return json(await _tasks(context, session, city, where))
    return json(posts.opened(shown, city, where, context.clock.now()))


async def cases(request: web.Request, context: Context, session: Session) -> web.Response:
    """GET /api/numbers/tasks/cases: of the caller's desk, or of any for who is above the desks."""
    city, shown, now = context.cities.configured.city, context.numbers, context.clock.now()
    where, listed = _of_mine(session, _where(request, city, "tasks")), _listed(request)
    first, last = shown.days(where.window, now)
    spans = shown.definitions(first, last)
    wanted = [Wanted(*shown.instants(begin, end), _lister(listed, definition)) for begin, end, definition in spans]
    found, tallies = await asyncio.to_thread(
        context.search.archive.ended_cases,
        _cell(shown, where, first, last), wanted, _cursor(request.query.get("cursor", "")), CASES + 1,
    )  # fmt: skip
    counts = added(by_part(zip(tallies, spans, strict=True)).values())
    counts = {kind: many for kind, many in counts.items() if _is_listed(listed, kind)}
    told = [_told(one, shown.definition_on(shown.day(one.at))) for one in found[:CASES]]
    return json(
        CaseList(
            now=now,
            window=where.window,
            first=date(first),
            last=date(min(last, shown.day(now))),
            note=shown.note(),
            desk=where.desk,
            territory=where.territory,
            squad=where.squad,
            names=names(city, where.desk, *(i for one in told for i in (one.desk, one.territory, one.squad))),
            listed=listed,
            figure=Figure.of(share(counts)),
            counts=_beside(counts),
            total=sum(counts.values()),
            cases=told,
            next=f"{told[-1].at}.{told[-1].id}" if len(found) > CASES else "",
        )
    )


def _of_mine(session: Session, where: Where) -> Where:
    """At most one's own desk, for who has one. Raises Problem 404 for another, as for one that there is not."""
    desks = session.scope.desks
    if not session.scope.whole or (desks is not None and where.desk not in ("", *desks)):
        raise not_found()
    return where if desks is None else where._replace(desk=next(iter(desks)))


def _listed(request: web.Request) -> Listed:
    words = get_args(Listed)
    listed = request.query.get("listed", "") or words[0]
    if listed not in words:
        raise unfit("listed", f"应为 {'、'.join(words)} 之一", f"must be one of {', '.join(words)}")
    return cast(Listed, listed)


def _where(request: web.Request, city: City, number: str) -> Where:
    """What is asked for. Raises Problem: 404 for what there is not, 422 for what is no word of ours."""
    given = request.query
    if number not in WINDOWS:
        raise not_found()
    window = given.get("window", "") or WINDOWS[number][0]
    if window not in WINDOWS[number]:
        words = ", ".join(WINDOWS[number])
        raise unfit("window", f"应为 {words} 之一", f"must be one of {words}")
    desk, territory, squad = (given.get(name, "") for name in ("desk", "territory", "squad"))
    known = (desk, city.desks), (territory, city.territories), (squad, city.squads)
    if any(name not in ("", NONE) and name not in rows for name, rows in known) or desk == NONE:
        raise not_found()
    by = given.get("by", "") or ("squad" if territory else "territory" if desk else "desk")
    if by not in get_args(By):
        raise unfit("by", f"应为 {'、'.join(get_args(By))} 之一", f"must be one of {', '.join(get_args(By))}")
    return Where(number, window, desk, territory, squad, cast(By, by))


def _cursor(text: str) -> tuple[int, str] | None:
    if not text:
        return None
    at, _, case_id = text.partition(".")
    if not (at.isascii() and at.isdigit() and len(at) < 16 and case_id):
        raise unfit("cursor", "应为上一页的 next", "must be the `next` of a page")
    return int(at), case_id


# -- R1 ----------------------------------------------------------------------------------------------------------------


async def _tasks(context: Context, session: Session, city: City, where: Where) -> Opened:
    shown, now = context.numbers, context.clock.now()
    days = shown.days(where.window, now)
    # The fold first, all of it without a pause: it is of one moment, and the archive's answer of another.
    whole, final, restated, state = folded(shown, where, now)
    due = None if where.window == "last_month" or whole is None else shown.targets.due_open(now, where.desk)
    read = shown.read()
    counted, tallied = await _counted(context, where, days, where.by)
    total = added(counted.values())
    known = whole is not None
    if whole is None:
        whole = total
    parts = [_part(city, where.by, name, counts) for name, counts in counted.items()]
    sums, one = share(total), share(whole)
    beside = {
        "with_self": share(whole).plus(share(whole, "self")),
        "unmarked": share(whole, marked=False),
        "towns": share(whole, scope="towns"),
        "broad": share(whole, scope="broad"),
        **({} if due is None else {"due": Share(one.num, one.den + due)}),
    }
    behind = {p: read.get(p, -1) - tallied.position.get(p, -1) for p in {d.partition for d in city.pack.desks}}
    scope = session.scope
    return Opened(
        **head(shown, city, where, now, "cases", state),
        by=where.by,
        whole=Figure.of(one),
        final=Figure.of(final) if final else None,
        restatements=restated,
        residual=Residual(one.num - sums.num, one.den - sums.den) if known else None,
        parts=sorted(parts, key=lambda p: (-p.figure.denominator, p.id)),
        beside={name: Figure.of(figure) for name, figure in beside.items()},
        counts=_beside(total),
        position=Position(
            fold_ahead=sum(n for n in behind.values() if n > 0),
            archive_ahead=-sum(n for n in behind.values() if n < 0),
            parked=tallied.parked,
        ),
        listable=may(session.role, "search") and scope.whole and (scope.desks is None or where.desk in scope.desks),
    )


def folded(shown: Numbers, where: Where, now: int) -> tuple[Counts | None, Share | None, int, str]:
    """What the fold says of the city or a desk: as it stands, as it became final, restatements, state. It knows no
    township and no squad: there the parts are all that is known (None)."""
    fold = shown.targets
    desks = [where.desk] if where.desk else list(fold.desks)
    if where.territory or where.squad:
        return None, None, 0, ""
    if where.window != "last_month":
        return added(fold.counts(desk, where.window, now) for desk in desks), None, 0, ""
    period = before(month_of(shown.day(now)))
    months = [fold.of_month(desk, period) for desk in desks]
    frozen = where.desk == "" and fold.official(period, now).state == "frozen"
    frozen = frozen or bool(where.desk and all(month.frozen for month in months))
    final = share(added(m.frozen.counts if m.frozen else m.counts for m in months)) if frozen else None
    restated = sum(len(month.restated) for month in months)
    return added(m.counts for m in months), final, restated, "frozen" if frozen else "provisional"


async def _counted(context: Context, where: Where, days: tuple[int, int], by: By) -> tuple[dict[str, Counts], Tallied]:
    """What the archive counts by part, and of what."""
    spans = context.numbers.definitions(*days)
    cells = [_cell(context.numbers, where, first, last) for first, last, _ in spans]
    tallied = await asyncio.to_thread(context.search.archive.ended, cells, by)
    return by_part(zip(tallied.tallies, spans, strict=True)), tallied


def by_part(told: Iterable[tuple[list[Tally], tuple[int, int, Definition]]]) -> dict[str, Counts]:
    """What the archive tells of spans of days, as sums of each part."""
    found: dict[str, Counts] = {}
    for tallies, (_, _, definition) in told:
        for part, end, many in tallies:
            counts = found.setdefault(part, {})
            kind = _kind(end, definition)
            counts[kind] = counts.get(kind, 0) + many
    return found


def _kind(end: End, definition: Definition) -> Kind:
    return kind_of(end.told(), end.nature, definition) or Kind(UNKNOWN)


def _part(city: City, by: By, name: str, counts: Counts) -> Part:
    return Part(
        id=name or NONE,
        of=by,
        name=called(city, by, name),
        figure=Figure.of(share(counts)),
        tier=city.squads[name].tier if by == "squad" and name in city.squads else "",
        counts=_beside(counts),
    )


def _beside(counts: Counts) -> dict[str, int]:
    """What ended and is not in the share, and what is marked of what is in it."""
    found = dict.fromkeys(("self", *ASIDES, UNKNOWN), 0)
    marked = 0
    for kind, many in counts.items():
        if kind.sort in found:
            found[kind.sort] += many
        else:
            marked += many * kind.marked
    return {**found, "forced": forced(counts), "month_end": marked}


def _lister(listed: Listed, definition: Definition) -> Callable[[End], bool]:
    return lambda end: _is_listed(listed, _kind(end, definition))


def _is_listed(listed: Listed, kind: Kind) -> bool:
    place = _counts(kind) or "aside"
    return listed in ("all", place) or (listed == "den" and kind.sort in TASKS)


def _counts(kind: Kind) -> str:
    """In which parts it is: "num" (and so in "den"), the "rest" of "den", "self" apart, or ""."""
    if kind.sort not in TASKS:
        return "self" if kind.sort == "self" else ""
    return "num" if kind.scopes[0] else "rest"


def _told(one: Ended, definition: Definition) -> CaseEnded:
    kind = _kind(one.end, definition)
    return CaseEnded(
        id=one.case_id,
        no=one.no,
        at=one.at,
        desk=one.desk,
        territory=one.territory,
        squad=one.squad,
        item=one.item,
        tier=one.end.tier,
        sort=kind.sort,
        counts=_counts(kind),
        month_end=kind.marked,
        forced=kind.forced,
    )


def _cell(shown: Numbers, where: Where, first: int, last: int) -> Cell:
    return Cell(*shown.instants(first, last), where.desk, where.territory, where.squad)
