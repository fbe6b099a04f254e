"""Cases by what one knows of them: the archive asked over HTTP, in a thread, the caller's area in every question."""

from __future__ import annotations

import asyncio
import csv as writing
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import msgspec
from aiohttp import web

from ..archive import search as archived
from ..archive.phones import Tags
from ..archive.query import Query, Scope, parse
from ..archive.search import Archive, ArchiveMissingError, By, Found
from ..clock import Clock
from ..views import CaseRow
from . import accounts
from .access import may
from .live import Held
from .problem import body_of, json, unfit
from .sessions import Session

if TYPE_CHECKING:
    from .context import Context

EVERYWHERE = Scope()
CSV_COLUMNS = (
    "no", "id", "desk", "status", "priority", "item", "domain", "title", "address", "territory", "squad", "team",
    "unit", "kind", "registered_at", "due_at", "result", "ended_at",
)  # fmt: skip
CHUNK = 500
CSV_ROWS = 100_000  # at most; who needs more asks for less at a time
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet takes for a formula at the beginning of a cell
MOST_FILTERS = 50


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of cases. `total` is exact up to 10,000; `more`: there are more than it says. `next`: cursor."""

    now: int
    total: int
    more: bool
    cases: list[Found]
    next: str


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Exact counts; the values of `by` ("": none) add up to the total."""

    now: int
    total: int
    by: dict[str, int]


class Similar(msgspec.Struct, frozen=True, kw_only=True):
    """A like case; `score` of 1."""

    row: CaseRow
    metres: int | None
    score: float


class Filed(msgspec.Struct, frozen=True):
    """What a report said beside what its case needs to be decided."""

    description: str = ""
    attachments: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    version: int = 0  # of the case that the archive has


class Search:
    """The archive, if it is there: `paidan archive` makes the file, and may be making it."""

    def __init__(self, path: Path, master: bytes, clock: Clock) -> None:
        self.archive, self.clock = Archive(path, Tags(master)), clock

    def there(self) -> bool:
        """Whether it can be asked."""
        try:
            self.archive.position()
        except ArchiveMissingError:
            return False
        return True

    def held(self, case_id: str) -> Held | None:
        """A case, ended long ago too; None: unknown, or not in the archive yet."""
        kept = self._kept(case_id)
        return Held(kept.desk, kept.case) if kept else None

    def filed(self, case_id: str) -> Filed:
        """Texts of a case; empty while the archive does not have it."""
        kept = self._kept(case_id)
        if kept is None:
            return Filed()
        matter = kept.matter
        return Filed(matter.description, matter.attachments, matter.evidence, kept.version)

    def _kept(self, case_id: str) -> archived.Archived | None:
        try:
            return self.archive.case(case_id, EVERYWHERE)
        except ArchiveMissingError:
            return None

    def story(self, case_id: str) -> list[archived.Line]:
        """Everything that happened to a case. Raises ArchiveMissingError."""
        return self.archive.story(case_id)


def _scope(session: Session) -> Scope:
    """The area of who asks, as the archive takes it."""
    scope = session.scope
    return Scope(None if scope.unit or scope.territory else scope.desks, scope.territory, scope.unit)


def _query(asked: Mapping[str, str], session: Session, now: int) -> Query:
    """Raises QueryError with the parameter, Problem for the number of a telephone that is not this role's to search."""
    if asked.get("phone") and not may(session.role, "phones"):
        raise unfit("phone", "您的岗位不能按电话查询", "your role does not search by telephone")
    return parse({name: value for name, value in asked.items() if name not in ("by", "lang")}, now)


async def find(request: web.Request, context: Context, session: Session) -> web.Response:
    """GET /api/cases."""
    now = context.clock.now()
    query = _query(request.query, session, now)
    page = await asyncio.to_thread(context.search.archive.find, query, _scope(session), now)
    return json(Page(now=now, total=page.total, more=page.more, cases=page.cases, next=page.next))


async def count(request: web.Request, context: Context, session: Session) -> web.Response:
    """GET /api/cases/count."""
    now, by = context.clock.now(), request.query.get("by", "status")
    if by not in get_args(By):
        words = ", ".join(get_args(By))
        raise unfit("by", f"应为 {words} 之一", f"must be one of {words}")
    query = _query(request.query, session, now)
    told = await asyncio.to_thread(context.search.archive.count, query, _scope(session), cast(By, by), now)
    return json(Counts(now=now, total=told.total, by=told.by))


async def csv(request: web.Request, context: Context, session: Session) -> web.StreamResponse:
    """GET /api/cases.csv: row by row, so that a large answer is nowhere whole."""
    now = context.clock.now()
    query = _query(request.query, session, now)
    rows = context.search.archive.rows(query, _scope(session), now)
    chunk = await asyncio.to_thread(_some, rows, CHUNK)  # before the head: what fails can still say so
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": 'attachment; filename="cases.csv"',
            "Cache-Control": "no-store",
        }
    )
    await response.prepare(request)
    await response.write("\ufeff".encode())  # a spreadsheet reads it as UTF-8 then
    await response.write(_lines([list(CSV_COLUMNS)]))
    left = CSV_ROWS
    while chunk and left > 0:
        await response.write(_lines([[_cell(getattr(row, name, "")) for name in CSV_COLUMNS] for row in chunk]))
        left -= len(chunk)
        chunk = await asyncio.to_thread(_some, rows, min(CHUNK, left))
    await response.write_eof()
    return response


def _some(rows: Any, count: int) -> list[Any]:
    return [row for row, _ in zip(rows, range(count), strict=False)]


def _lines(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    writing.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def _cell(value: object) -> str:
    """Text that stays text in a spreadsheet."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(DANGEROUS) else text


async def similar(request: web.Request, context: Context, session: Session) -> web.Response:
    """GET /api/similar: open cases that may be the matter that somebody is typing."""
    asked, place = request.query, {}
    for name in ("lon", "lat"):
        try:
            place[name] = float(asked[name]) if asked.get(name) else None
        except ValueError as fault:
            raise unfit(name, "应为数字", "must be a number") from fault
    found = await asyncio.to_thread(
        context.search.archive.similar,
        _scope(session),
        context.clock.now(),
        title=asked.get("title", ""),
        lon=place["lon"],
        lat=place["lat"],
        territory=asked.get("territory", ""),
        item=asked.get("item", ""),
    )
    return json([Similar(row=one.row, metres=one.metres, score=one.score) for one in found])


# -- saved filters: in the account's own record, so that they are at every desk where one sits down ----------------


async def filters(request: web.Request, context: Context, session: Session) -> web.Response:
    """GET /api/filters."""
    return json(_account(context, session).filters)


async def save_filter(request: web.Request, context: Context, session: Session) -> web.Response:
    """PUT /api/filters/{name} {"query": "status=operator&territory=…"}."""
    query = (await body_of(request, Saved)).query
    name, known = request.match_info["name"], _account(context, session)
    if name not in known.filters and len(known.filters) >= MOST_FILTERS:
        raise unfit("name", f"最多 {MOST_FILTERS} 个", f"at most {MOST_FILTERS}")
    return await _put(context, session, {**known.filters, name: query})


async def drop_filter(request: web.Request, context: Context, session: Session) -> web.Response:
    """DELETE /api/filters/{name}; also of one that is not there."""
    known = _account(context, session).filters
    return await _put(context, session, {n: q for n, q in known.items() if n != request.match_info["name"]})


class Saved(msgspec.Struct, frozen=True):
    """A filter as it is saved: the part of an address after the question mark."""

    query: str


def _account(context: Context, session: Session) -> accounts.Account:
    return context.accounts.get(session.account.id) or session.account


async def _put(context: Context, session: Session, new: dict[str, str]) -> web.Response:
    account = accounts.changed(_account(context, session), session.account.id, filters=new)
    await context.accounts.put(account)
    return json(account.filters)
