"""The archive's file for its one writer: records in, then one transaction with rows, stories and position.

A case's events come from the logs of several desks, which have no common order: they are applied by `case_version`, and
what comes too early is `parked` until the gap before it is filled (law 5). Its story has it at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from dispatchers.case import Case
from dispatchers.events import CASE_EVENTS, AnyEvent, CaseEvent, CaseRegistered
from dispatchers.record import Record

from ..reader import Position
from ..views import case_row
from . import sqlite, texts
from .ends import Ends
from .fold import Held, Matter, step, without_reporter

KEEP = 20_000  # cases kept decoded between two batches
CELLS = 100  # of a degree: about a kilometre
MOVES = frozenset(CASE_EVENTS)
_encode = msgspec.json.Encoder().encode
decode_case = msgspec.json.Decoder(Case).decode
decode_matter = msgspec.json.Decoder(Matter).decode
decode_event = msgspec.json.Decoder(AnyEvent).decode
log = structlog.get_logger(__name__)


class Entry(NamedTuple):
    """A case as it is, and as it was last written (None: not yet)."""

    held: Held
    number: int = 0
    written: Held | None = None


def cell(lon: float | None, lat: float | None) -> tuple[int, int] | None:
    """The square of a kilometre or so in which a place lies."""
    return None if lon is None or lat is None else (int(lon * CELLS), int(lat * CELLS))


def searched(held: Held) -> sqlite.Texts:
    """The texts in which a case is found."""
    case = held.case
    body = "\n".join((case.title, held.matter.description, case.no, case.source_id, case.id))
    return texts.fold(body), texts.fold(case.address)


class Store:
    """The archive being written."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite.writing(path, sqlite.ARCHIVE)
        self._names = {name: code for code, name in self.db.execute("SELECT code, name FROM names")}
        self._parked = {case for (case,) in self.db.execute("SELECT DISTINCT case_id FROM parked")}
        self._cases: dict[str, Entry] = {}
        self._changed: dict[str, None] = {}
        self._told: list[tuple[object, ...]] = []
        self._ends = Ends(self.db, self.code, self._write)

    def close(self) -> None:
        """Let go of the file; what was not committed is read again."""
        self.db.close()

    def positions(self) -> dict[int, Position]:
        """How far each partition is in the file."""
        rows = self.db.execute("SELECT partition, offset, hash FROM position")
        return {partition: Position(offset, hash_) for partition, offset, hash_ in rows}

    def take(self, partition: int, offset: int, record: Record) -> None:
        """Fold a valid record; the file has it with the next `commit`."""
        for nth, event in enumerate(record.events):
            if not isinstance(event, CaseEvent):
                continue
            kept = without_reporter(event)
            self._tell(partition, offset, nth, record, kept)
            if type(kept) in MOVES:
                self.apply(kept, record.at, record.desk)

    def apply(self, event: CaseEvent, at: int, desk: str) -> None:
        """Take an event that changes its case, if it is the next one of it."""
        entry = self._entry(event.case_id)
        due = entry.held.case.version + 1 if entry else 1
        if event.case_version > due:
            self._parked.add(event.case_id)
            self._write("INSERT OR IGNORE INTO parked VALUES (?, ?)", [(event.case_id, event.case_version)])
            return
        if event.case_version < due and not (entry and isinstance(event, CaseRegistered) and not entry.held.open):
            log.warning("event of a version that was taken before", case=event.case_id, version=event.case_version)
            return
        self._step(entry, event, at, desk)
        if event.case_id in self._parked:
            self._unpark(event.case_id, event.case_version + 1)

    def held(self, case_id: str) -> Held | None:
        """A case as it is folded."""
        entry = self._entry(case_id)
        return entry.held if entry else None

    def put(self, held: Held) -> None:
        """A case as it shall stand, without its events: for who fills an archive without a log (the bench)."""
        entry = self._entry(held.case.id)
        self._cases[held.case.id] = entry._replace(held=held) if entry else Entry(held)
        self._changed[held.case.id] = None

    def commit(self, positions: dict[int, Position]) -> None:
        """Write what was folded, and that the log was read up to `positions`: all of it or nothing."""
        self._begin()
        self._flush_story()
        changed = [(case_id, self._numbered(self._cases[case_id])) for case_id in self._changed]
        self._write_texts(entry for _, entry in changed)
        self._write_rows([entry for _, entry in changed])
        self._write(
            _into("position", 3),
            [(partition, *position) for partition, position in positions.items()],
        )
        self.db.execute("COMMIT")
        self._changed.clear()
        for case_id, entry in changed:
            self._cases[case_id] = entry._replace(written=entry.held)
        if len(self._cases) > KEEP:
            self._cases = dict(list(self._cases.items())[-KEEP // 2 :])

    # -- folding -------------------------------------------------------------------------------------------------------

    def _step(self, entry: Entry | None, event: CaseEvent, at: int, desk: str) -> None:
        held = step(entry.held if entry else None, event, at, desk)
        self._ends.take(event, held.case.nature, held.case.territory, at, desk)
        self._cases[event.case_id] = Entry(held, entry.number, entry.written) if entry else Entry(held)
        self._changed[event.case_id] = None

    def _unpark(self, case_id: str, version: int) -> None:
        """Apply what waited for the version before."""
        self._flush_story()
        while row := self.db.execute(
            "SELECT event, at, (SELECT name FROM names WHERE code = desk) FROM story"
            " WHERE case_id = ? AND version = ? AND moves ORDER BY partition, offset",
            (case_id, version),
        ).fetchone():
            self._step(self._entry(case_id), decode_event(row[0]), row[1], row[2])
            version += 1
        self._write("DELETE FROM parked WHERE case_id = ? AND version < ?", [(case_id, version)])
        if not self.db.execute("SELECT 1 FROM parked WHERE case_id = ?", (case_id,)).fetchone():
            self._parked.discard(case_id)

    def _entry(self, case_id: str) -> Entry | None:
        entry = self._cases.get(case_id)
        if entry is None:
            sql = "SELECT n, desk, told, whole FROM bodies WHERE id = ?"
            if row := self.db.execute(sql, (case_id,)).fetchone():
                held = Held(decode_case(row[3]), row[1], decode_matter(row[2]))
                entry = self._cases[case_id] = Entry(held, row[0], held)
        return entry

    # -- writing -------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if not self.db.in_transaction:
            self.db.execute("BEGIN IMMEDIATE")

    def _write(self, sql: str, rows: list[tuple[object, ...]]) -> None:
        self._begin()
        self.db.executemany(sql, rows)

    def _tell(self, partition: int, offset: int, nth: int, record: Record, event: CaseEvent) -> None:
        desk, city = self.code(record.desk), self.code(record.city)
        moves = type(event) in MOVES
        place = (event.case_id, event.case_version, moves, partition, offset, nth)
        self._told.append((*place, record.at, desk, city, _encode(event)))

    def _flush_story(self) -> None:
        if self._told:
            self._write(_into("story", 10), self._told)
            self._told = []

    def _numbered(self, entry: Entry) -> Entry:
        """With a number that is kept free for it; one that is registered again after its end gets a new one."""
        registered_at = entry.held.case.registered_at
        if entry.written and entry.written.case.registered_at == registered_at:
            return entry
        if entry.written:
            self._erase(entry)
        number = sqlite.free_number(self.db, registered_at)
        self.db.execute("INSERT INTO cases (n) VALUES (?)", (number,))
        return entry._replace(number=number, written=None)

    def _erase(self, entry: Entry) -> None:
        assert entry.written
        sqlite.forget_texts(self.db, [(entry.number, searched(entry.written))])
        for table in ("cases", "bodies", "of_unit"):
            self.db.execute(f"DELETE FROM {table} WHERE n = ?", (entry.number,))  # noqa: S608 - names of ours

    def _write_texts(self, entries: Iterable[Entry]) -> None:
        old, new = [], []
        for entry in entries:
            said, before = searched(entry.held), searched(entry.written) if entry.written else None
            if said != before:
                new.append((entry.number, said))
                if before:
                    old.append((entry.number, before))
        sqlite.forget_texts(self.db, old)
        sqlite.index_texts(self.db, new)

    def _write_rows(self, entries: list[Entry]) -> None:
        self._write(_into("cases", 17), [self._row(e) for e in entries])
        self._write(_into("bodies", 10), [_body(e) for e in entries])
        new, gone = [], []
        for entry in entries:
            units, before = entry.held.units, entry.written.units if entry.written else frozenset()
            new += [(self.code(unit), entry.number) for unit in units - before]
            gone += [(self.code(unit), entry.number) for unit in before - units]
        self._write("DELETE FROM of_unit WHERE unit = ? AND n = ?", gone)  # type: ignore[arg-type]
        self._write("INSERT OR IGNORE INTO of_unit VALUES (?, ?)", new)  # type: ignore[arg-type]

    def _row(self, entry: Entry) -> tuple[object, ...]:
        held = entry.held
        row = case_row(held.case, held.desk)
        names = (held.desk, row.territory, row.item, row.domain, row.status, row.squad, row.unit, held.case.source)
        return (
            entry.number,
            *map(self.code, names),
            row.priority,
            held.open,
            row.due_at,
            row.warn_at,
            sqlite.square(*place) if (place := cell(row.lon, row.lat)) else None,
            row.registered_at,
            bool(row.about),
            held.matter.ended_at,
        )

    def code(self, name: str) -> int:
        """The number that stands for a name; a new one is written with the next commit."""
        code = self._names.get(name)
        if code is None:
            code = self._names[str(name)] = len(self._names) + 1
            self._write("INSERT INTO names VALUES (?, ?)", [(code, str(name))])
        return code


def _into(table: str, columns: int) -> str:
    return f"INSERT OR REPLACE INTO {table} VALUES ({','.join('?' * columns)})"  # noqa: S608 - names of ours


def _body(entry: Entry) -> tuple[object, ...]:
    case, desk, matter = entry.held
    told = (case.id, case.no, case.source_id, case.version, desk, *searched(entry.held))
    return (entry.number, *told, _encode(matter), _encode(case))
