"""Searching the archive: list, count, pages and export are one, and are what reading all cases would give.

By which way a question is read depends on how many cases have what it asks for. There are 120 here, so the
numbers from which on a thing is common are made small, too: then all ways are taken.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dispatchers.events import CaseCancelled, CaseClosed, CaseTransferred
from dispatchers.record import decode_record
from streams.archive import search, sqlite, texts, ways
from streams.archive.query import DEADLINES, MOST, Query, Sort, parse
from streams.archive.search import Archive, Archived, Found, Scope
from streams.archive.store import Store
from streams.reader import Position
from tests.support_log import ITEMS, MONDAY, TERRITORIES, logs, small

LATER = MONDAY + 40 * 3_600_000
STATUSES = ("closed", "operator", "offered", "accepted", "cancelled", "merged", "suspended", "unit_working")
UNITS = ("DI-clean", "DI-works", "DI-safety", "nobody")
WORDS = (
    "第",
    "件",
    "号",
    "1",
    "12",
    "3号",
    "第1",
    "第11件",
    "10件",
    "c-",
    "12345",
    "无",
    "di-20",
    '"',
    "* OR",
    "%",
    "第1 3",
)
BY = ("status", "territory", "item", "squad", "desk")


@cache
def archive() -> Archive:
    path = Path(mkdtemp(prefix="paidan-archive-")) / "archive.sqlite"
    store = Store(path)
    for desk, raws in logs().items():
        partition = small().desks[desk].partition
        for offset, raw in enumerate(raws):
            store.take(partition, offset, decode_record(raw))
        store.commit({partition: Position(len(raws) - 1, "0" * 64)})
    store.close()
    return Archive(path)


@cache
def everything() -> dict[str, tuple[Found, Archived]]:
    """All cases, as they are looked at one by one, without any index."""
    found = archive().rows(Query(), Scope(), 0)
    return {row.id: (row, archive().case(row.id, Scope())) for row in found}  # type: ignore[misc]


def squads() -> list[str]:
    return sorted({row.squad for row, _ in everything().values()})


@st.composite
def queries(draw: Any) -> Query:
    """Filters as somebody may put them together: few at a time, or nothing would ever be found."""
    ids = sorted(everything())
    some_id = ids[draw(st.integers(0, len(ids) - 1))]
    row = everything()[some_id][0]
    values: dict[str, Any] = {
        "q": st.sampled_from((*WORDS, row.no, row.no.lower(), row.id, row.id[:-1])),
        "address": st.sampled_from(("号", "1", "11", "11号", "号1")),
        "id": st.sampled_from((some_id, row.no, "c-none")),
        "source": st.sampled_from(("12345", "web")),
        "source_id": st.just(row.source_id),
        "territory": st.sampled_from(TERRITORIES),
        "desk": st.sampled_from(sorted(small().desks)),
        "item": st.sampled_from(ITEMS),
        "domain": st.just(row.domain),
        "status": st.sampled_from(STATUSES),
        "squad": st.sampled_from(squads()),
        "unit": st.sampled_from(UNITS),
        "open": st.booleans(),
        "deadline": st.sampled_from(DEADLINES),
        "from_": st.integers(MONDAY, MONDAY + 10 * 3_600_000),
        "to": st.integers(MONDAY, MONDAY + 12 * 3_600_000),
        "closed_from": st.sampled_from(instants_of_ends()),
        "closed_to": st.sampled_from(instants_of_ends()),
    }
    names = draw(st.sets(st.sampled_from(sorted(values)), max_size=3))
    sort, order = draw(st.sampled_from(("registered_at", "due_at", "priority"))), draw(st.sampled_from(("asc", "desc")))
    limit = draw(st.sampled_from((1, 7, 50)))
    return Query(**{name: draw(values[name]) for name in sorted(names)}, sort=sort, order=order, limit=limit)


scopes = st.builds(
    Scope,
    desks=st.none() | st.frozensets(st.sampled_from(sorted(small().desks)), max_size=3),
    territory=st.sampled_from(("", "", *TERRITORIES)),
    unit=st.sampled_from(("", "", *UNITS)),
)
instants = st.integers(MONDAY, LATER)
sizes = st.fixed_dictionaries(
    {
        "STEPS": st.sampled_from((ways.STEPS, (1, 2), (0, 9), (0,))),
        "WALKED": st.sampled_from((ways.WALKED, (1, 8), (2,))),
        "COUNTED": st.sampled_from((search.COUNTED, 5)),
    }
)


@contextmanager
def common_from(size: dict[str, Any]) -> Iterator[None]:
    """With these numbers of cases as the steps from rare to common, and exports of a few pieces."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "CHUNK", 17)
        for name, value in size.items():
            patch.setattr(search if name == "COUNTED" else ways, name, value)
        yield


def holds(query: Query, scope: Scope, row: Found, whole: Archived, now: int) -> bool:
    """The filters in Python, one after the other."""
    if any(query.q in (r.id, r.no, r.no.lower()) and seen(scope, r, w) for r, w in everything().values()):
        query = replace(query, q="") if query.q.upper() in (row.id.upper(), row.no) else replace(query, id="none")
    equal = ("source_id", "source", "territory", "desk", "item", "domain", "status", "squad", "unit")
    body = texts.fold("\n".join((row.title, whole.matter.description, row.no, row.source_id, row.id)))
    address = texts.fold(row.address)
    return (
        all(getattr(query, name) in ("", getattr(row, name)) for name in equal)
        and query.id in ("", row.id, row.no)
        and all(word in body or word in address for word in texts.words(query.q))
        and all(word in address for word in texts.words(query.address))
        and query.open in (None, row.open)
        and (query.deadline is None or (row.open and query.deadline == state(row, now)))
        and (query.from_ is None or row.registered_at >= query.from_)
        and (query.to is None or row.registered_at < query.to)
        and (query.closed_from is None or (not row.open and ended(row.id) >= query.closed_from))
        and (query.closed_to is None or (not row.open and ended(row.id) < query.closed_to))
    )


ENDS = (CaseClosed, CaseCancelled, CaseTransferred)


@cache
def ended(case_id: str) -> int:
    """When a case ended: the last time that its story says so."""
    return max((line.at for line in archive().story(case_id) if isinstance(line.event, ENDS)), default=0)


@cache
def instants_of_ends() -> list[int]:
    """Every instant at which a case ended, and the ones after."""
    ends = {ended(row.id) for row, _ in everything().values() if not row.open}
    return sorted(ends | {at + 1 for at in ends})


def state(row: Found, now: int) -> str:
    """As the gateway's contract says."""
    if row.due_at and now > row.due_at:
        return "overdue"
    if row.warn_at and now >= row.warn_at:
        return "warn"
    return "paused" if row.status == "suspended" else "in_time"


def seen(scope: Scope, row: Found, whole: Archived) -> bool:
    """What the caller may see."""
    case = whole.case
    units = {row.unit, case.unit, *case.owners, *case.barred, *(request.unit for request in case.requests)}
    return (
        (scope.desks is None or row.desk in scope.desks)
        and (not scope.territory or (scope.territory == row.territory and not case.about))
        and (not scope.unit or scope.unit in units)
    )


@cache
def numbers() -> dict[str, int]:
    """The place of each case in the order of registration."""
    return dict(sqlite.reading(archive()._path).execute("SELECT id, n FROM bodies"))


def key(sort: Sort, row: Found) -> int:
    """By what a page is sorted before registration."""
    return {"registered_at": 0, "due_at": row.due_at or sqlite.NEVER, "priority": row.priority}[sort]


def expected(query: Query, scope: Scope, now: int) -> list[str]:
    """What is to be found, in its order: of equal cases by registration, those without a limit after all limits."""
    cases = everything().values()
    rows = [row for row, whole in cases if holds(query, scope, row, whole, now) and seen(scope, row, whole)]
    rows.sort(key=lambda row: (key(query.sort, row), numbers()[row.id]), reverse=query.order == "desc")
    return [row.id for row in rows]


def pages(query: Query, scope: Scope, now: int) -> Iterator[list[Found]]:
    page = archive().find(query, scope, now)
    yield page.cases
    while page.next:
        given = {"sort": query.sort, "order": query.order, "cursor": page.next}
        page = archive().find(replace(query, cursor=parse(given, now).cursor), scope, now)
        yield page.cases


@given(queries(), scopes, instants, sizes)
def test_what_is_found_is_what_reading_all_cases_gives(query: Query, scope: Scope, now: int, size: Any) -> None:
    """The export has exactly the cases for which the filters hold and which may be seen, with the state of now."""
    with common_from(size):
        found = list(archive().rows(query, scope, now))
    assert expected(query, scope, now) == [row.id for row in found]
    assert all(row.deadline == (state(row, now) if row.open else "") for row in found)
    assert all(row.ended_at == (0 if row.open else ended(row.id)) for row in found)


@given(queries(), scopes, instants, st.sampled_from(BY), sizes)
def test_counts_are_those_of_the_list(query: Query, scope: Scope, now: int, by: Any, size: Any) -> None:
    """The total of a page, the counts by a column and the export say the same."""
    with common_from(size):
        listed = list(archive().rows(query, scope, now))
        counts = archive().count(query, scope, by, now)
        page = archive().find(query, scope, now)
    assert len(listed) == counts.total
    assert (page.total, page.more) == (min(len(listed), size["COUNTED"]), len(listed) > size["COUNTED"])
    assert Counter(getattr(row, by) for row in listed) == counts.by


def test_a_span_of_ends_has_its_first_instant_and_not_its_last() -> None:
    """So that days follow one another without a gap, and no case is in two of them."""
    for at in instants_of_ends():
        for query in (
            Query(closed_from=at, order="desc"),
            Query(closed_to=at),
            Query(closed_from=at, closed_to=at + 1),
        ):
            found = [row.id for row in archive().rows(query, Scope(), LATER)]
            assert found == expected(query, Scope(), LATER)


def test_what_is_common_apart_may_be_rare_together() -> None:
    """Every word with every item, status and unit, all of them taken as common: the total is of both."""
    filters = [*(("item", i) for i in ITEMS), *(("status", s) for s in STATUSES), *(("unit", u) for u in UNITS)]
    with common_from({"STEPS": (0,), "WALKED": (1,), "COUNTED": 0}):
        for word, (name, value) in product(WORDS, filters):
            given: dict[str, Any] = {"q": word, name: value}
            query = Query(**given, sort="priority", limit=MOST)
            page = archive().find(query, Scope(), MONDAY)
            assert [row.id for row in page.cases] == expected(query, Scope(), MONDAY)
            assert page.more == bool(page.cases)


@given(queries(), scopes, instants, sizes)
def test_pages_have_every_case_once_and_in_order(query: Query, scope: Scope, now: int, size: Any) -> None:
    """Page after page gives what is to be found, in its order, each page but the last full."""
    with common_from(size):
        several = list(pages(query, scope, now))
    assert all(len(page) == query.limit for page in several[:-1])
    assert expected(query, scope, now) == [row.id for page in several for row in page]


@given(st.text(max_size=12), st.text(max_size=12), st.data())
def test_every_piece_of_a_text_is_found_by_the_index_that_is_meant_for_it(text: str, other: str, data: Any) -> None:
    """A run of one or two characters of a text is among its tokens, and no other word is."""
    folded = texts.fold(text)
    tokens = texts.pairs(folded, "").split()
    assert {"z" + t for t in tokens} | set(tokens) == set(texts.pairs("", folded).split())
    assert not any(t.startswith("z") for t in tokens)
    for word in texts.words(text):
        start = data.draw(st.integers(0, len(word) - 1))
        piece = word[start : start + data.draw(st.integers(1, 2))]
        assert any(t.startswith(texts.token(piece)) if len(piece) == 1 else t == texts.token(piece) for t in tokens)
    for word in texts.words(other):
        wanted = texts.token(word[:2])
        found = wanted in tokens if len(word) > 1 else any(t[:4] == wanted for t in tokens)
        assert (word[:2] in folded) == found
