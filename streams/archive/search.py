"""What the gateway asks of the archive, synchronously: it runs in a thread, each thread with a connection of its own.

Every list, count and export has the predicate of `plan.predicate`, with what the caller may see as a part of it: they
agree, and nothing of a case leaks that one may not see, not even that it is there.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from dispatchers.case import Case, Status
from dispatchers.events import AnyEvent

from ..views import CaseRow, case_row
from . import ends, sqlite
from .fold import Held, Matter
from .phones import Tags, found
from .plan import Predicate, predicate
from .query import Cursor, Deadline, Query, QueryError, Scope, parse, write_cursor
from .similar import Candidate, Similar, likest
from .store import cell, decode_case, decode_event, decode_matter
from .ways import Way, page, way

__all__ = ["Archive", "By", "Counts", "Found", "Line", "Page", "Query", "QueryError", "Scope", "Similar", "parse"]

By = Literal["status", "territory", "item", "squad", "desk"]
COUNTED = 10_000  # up to here a page's total is exact
CHUNK = 2_000  # cases of an export that are read at once: each time the way is chosen anew
_numbers = msgspec.json.Decoder(list[int]).decode


class ArchiveMissingError(Exception):
    """There is no archive here: `paidan archive` has not begun, or the phone suffixes are not at hand."""


class Found(CaseRow, frozen=True, kw_only=True):
    """A case in a list: as a row of the board, and what only the archive knows."""

    open: bool
    deadline: Deadline | Literal[""]  # "": closed
    source: str
    source_id: str
    disposed_at: int = 0
    ended_at: int = 0  # closed, cancelled or transferred


class Page(NamedTuple):
    """A page. `total` is exact up to 10,000; `more`: there are more than it says."""

    total: int
    more: bool
    cases: list[Found]
    next: str  # cursor; "": this was the last one


class Counts(NamedTuple):
    """Exact counts; the values of `by` ("": none) add up to the total."""

    total: int
    by: dict[str, int]


class Tallied(NamedTuple):
    """Counts of ended cases, and what they are of: up to where each partition of the log was read, and how many cases
    wait for what another desk says of them in a log that was not read so far."""

    tallies: list[list[ends.Tally]]
    position: dict[int, int]
    parked: int


class Archived(NamedTuple):
    """A case as it stands, or as it ended."""

    case: Case
    desk: str
    matter: Matter
    open: bool
    reporter: bool  # somebody is sealed in the vault
    version: int


class Line(NamedTuple):
    """One event of a story: when, by which desk, under which version of the city, and where it lies in the log."""

    at: int
    desk: str
    city: str
    event: AnyEvent
    partition: int
    offset: int
    nth: int


def deadline(row: CaseRow, now: int) -> Deadline:
    """The state of an open case's limit at an instant, by the contract of the gateway: what plan.py says in SQL."""
    if row.due_at and now > row.due_at:
        return "overdue"
    if row.warn_at and now >= row.warn_at:
        return "warn"
    return "paused" if row.status is Status.SUSPENDED else "in_time"


class Archive:
    """The archive for readers. It need not be there yet, and may be built anew meanwhile."""

    def __init__(self, path: Path, tags: Tags | None = None) -> None:
        """`tags`: for who may search by phone (`Tags(load_or_create(settings.master_key))`)."""
        self._path, self._tags = path, tags
        self._mine = threading.local()

    def find(self, query: Query, scope: Scope, now: int) -> Page:
        """A page of what is asked, of what may be seen. Raises ArchiveMissingError."""
        db = self._db()
        with _Reading(db):
            chosen, asked = self._way(db, query, scope, now)
            rows = page(db, chosen, asked, query, query.limit + 1)
            cases = self._found(db, [n for n, _ in rows[: query.limit]], now)
            total = len(rows)
            if chosen.least > COUNTED:
                total = chosen.least
            elif query.cursor or total > query.limit:
                total = db.execute(chosen.total(), {**asked.given, "most": COUNTED + 1}).fetchone()[0]
        follows = ""
        if len(rows) > query.limit:
            number, key = rows[query.limit - 1]
            follows = write_cursor(Cursor(query.sort, query.order, key, number))
        return Page(min(total, COUNTED), total > COUNTED, cases, follows)

    def count(self, query: Query, scope: Scope, by: By, now: int) -> Counts:
        """How many of what is asked have each value. Raises ArchiveMissingError."""
        db = self._db()
        with _Reading(db):
            if query.open is False and query.deadline is None:  # nearly all are: those that are not are soon counted
                among = msgspec.structs.replace(query, open=None)
                codes = self._counted(db, among, scope, by, now)
                codes -= self._counted(db, msgspec.structs.replace(query, open=True), scope, by, now)
            else:
                codes = self._counted(db, query, scope, by, now)
            names = dict(db.execute("SELECT code, name FROM names"))
        return Counts(codes.total(), {names[code]: count for code, count in codes.most_common()})

    def rows(self, query: Query, scope: Scope, now: int) -> Iterator[Found]:
        """All of what is asked, page by page, for an export; the page's limit and cursor are not looked at."""
        query = msgspec.structs.replace(query, cursor=None)
        while True:
            db = self._db()
            with _Reading(db):
                chosen, asked = self._way(db, query, scope, now)
                rows = page(db, chosen, asked, query, CHUNK)
                cases = self._found(db, [n for n, _ in rows], now)
            yield from cases
            if len(rows) < CHUNK:
                return
            number, key = rows[-1]
            query = msgspec.structs.replace(query, cursor=Cursor(query.sort, query.order, key, number))

    def case(self, case_id: str, scope: Scope) -> Archived | None:
        """A case by its id or number; None if there is none, or none that may be seen. Raises ArchiveMissingError."""
        db = self._db()
        with _Reading(db):
            chosen, asked = self._way(db, Query(id=case_id), scope, 0)
            rows = page(db, chosen, asked, Query(), 1)
            if not rows:
                return None
            row = db.execute("SELECT desk, told, whole FROM bodies WHERE n = ?", (rows[0][0],)).fetchone()
        case = decode_case(row[2])
        held = Held(case, row[0], decode_matter(row[1]))
        return Archived(case, held.desk, held.matter, held.open, bool(case.reporter_ref), case.version)

    def story(self, case_id: str) -> list[Line]:
        """The events of a case by its id, as they followed (`explain.in_order`). `case` says whether it may be seen."""
        sql = (
            "SELECT s.at, d.name, c.name, s.event, s.partition, s.offset, s.nth FROM story s"
            " JOIN names d ON d.code = s.desk JOIN names c ON c.code = s.city"
            " WHERE s.case_id = ? ORDER BY s.version, s.moves DESC, s.partition, s.offset, s.nth"
        )
        rows = self._db().execute(sql, (case_id,)).fetchall()
        return [Line(at, desk, city, decode_event(event), *place) for at, desk, city, event, *place in rows]

    def position(self) -> dict[int, int]:
        """Up to which offset each partition of `desk-log` is in the archive."""
        return dict(self._db().execute("SELECT partition, offset FROM position"))

    def ended(self, cells: Sequence[ends.Cell], by: str) -> Tallied:
        """How many cases ended how in each cell, by a part of it (`ends.PARTS`)."""
        db = self._db()
        with _Reading(db):
            parked = db.execute("SELECT count(DISTINCT case_id) FROM parked").fetchone()[0]
            return Tallied([ends.tally(db, cell, by) for cell in cells], self.position(), parked)

    def ended_cases(
        self, cell: ends.Cell, wanted: Sequence[ends.Wanted], after: tuple[int, str] | None, limit: int
    ) -> tuple[list[ends.Ended], list[list[ends.Tally]]]:
        """The cases behind such a count, the latest first; and what each span of them counts, at the same position."""
        db = self._db()
        with _Reading(db):
            cells = [cell._replace(first=first, last=last) for first, last, _ in wanted]
            return ends.page(db, cell, wanted, after, limit), [ends.tally(db, one, "squad") for one in cells]

    def similar(
        self,
        scope: Scope,
        now: int,
        *,
        title: str = "",
        lon: float | None = None,
        lat: float | None = None,
        territory: str = "",
        item: str = "",
        limit: int = 10,
    ) -> list[Similar]:
        """Open cases that a new one may be a repeat of, the likest first."""
        db = self._db()
        with _Reading(db):
            asked = predicate(db, Query(open=True), scope, now, None)
            where = " AND ".join(c.sql for c in asked.conditions)
            numbers = sqlite.like(db, where, asked.given, title, cell(lon, lat), (territory, item))
            held = [Candidate(case, desk) for case, desk, _ in _cases(db, numbers)]
        return likest(held, title=title, lon=lon, lat=lat, territory=territory, item=item)[:limit]

    def close(self) -> None:
        """Let go of this thread's connection."""
        if db := getattr(self._mine, "db", None):
            db.close()
            self._mine.db = None

    # -- reading -------------------------------------------------------------------------------------------------------

    def _db(self) -> sqlite3.Connection:
        """This thread's connection to the files as they are now: the writer may have built one anew."""
        files = tuple(_identity(p) for p in (self._path, sqlite.of_archive(self._path)))
        if getattr(self._mine, "db", None) is None or self._mine.files != files:
            self.close()
            try:
                self._mine.db = sqlite.reading(self._path)
            except sqlite3.Error as fault:
                raise ArchiveMissingError(f"no archive at {self._path}: is `paidan archive` running?") from fault
            self._mine.files = files
        db: sqlite3.Connection = self._mine.db
        return db

    def _way(self, db: sqlite3.Connection, query: Query, scope: Scope, now: int) -> tuple[Way, Predicate]:
        tag = None
        if query.phone:
            if self._tags is None or not found(db):
                raise ArchiveMissingError("no phone suffixes are at hand")
            tag = self._tags.of(query.phone)
        asked = predicate(db, query, scope, now, tag)
        return way(db, asked), asked

    def _counted(self, db: sqlite3.Connection, query: Query, scope: Scope, by: By, now: int) -> Counter[int]:
        chosen, asked = self._way(db, query, scope, now)
        if not asked.conditions:
            return Counter(dict(db.execute(chosen.grouped(by)).fetchall()))
        return Counter(_numbers(db.execute(chosen.values(by), asked.given).fetchone()[0]))

    def _found(self, db: sqlite3.Connection, numbers: list[int], now: int) -> list[Found]:
        return [_row(case, desk, ended_at, now) for case, desk, ended_at in _cases(db, numbers)]


class _Reading:
    """One state of the file for all that an answer is made of."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN")

    def __exit__(self, *_: object) -> None:
        self._db.execute("ROLLBACK")


def _cases(db: sqlite3.Connection, numbers: list[int]) -> Iterator[tuple[Case, str, int]]:
    sql = "SELECT b.whole, b.desk, c.ended_at FROM bodies b CROSS JOIN cases c ON c.n = b.n WHERE b.n = ?"
    for number in numbers:
        whole, desk, ended_at = db.execute(sql, (number,)).fetchone()
        yield decode_case(whole), desk, ended_at


def _row(case: Case, desk: str, ended_at: int, now: int) -> Found:
    row = case_row(case, desk)
    is_open = Held(case, desk, Matter()).open
    return Found(
        **msgspec.structs.asdict(row),
        open=is_open,
        deadline=deadline(row, now) if is_open else "",
        source=case.source,
        source_id=case.source_id,
        disposed_at=case.disposed_at,
        ended_at=ended_at,
    )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_dev, stat.st_ino
