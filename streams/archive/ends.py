"""How cases ended, one row an end: what stands behind the first of the three numbers, to be opened down to its cases.

Kept are facts of the closing alone (`End`), not where it counts: that says the definition of the day, when it is asked,
by the very function of the sums (`counts.kind_of`). So are the rules by which an end replaces or takes back another:

    per desk   what a desk closed only it reopens; the same case may end at two desks
    until      as long as it may be reopened, a further end replaces it and a reopening takes it away; then it stands
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from dispatchers import events as e
from dispatchers.clock import DAY
from dispatchers.targets import Told
from dispatchers.targets.periods import taken_back_until

MONTH = 31 * DAY
Code = Callable[[str], int]


class End(msgspec.Struct, frozen=True, array_like=True):
    """What the numbers look at in an end. There are a few hundred different ones: they are stored once each."""

    type: str
    nature: str
    outcome: str = ""
    stream: str = ""
    tier: str = ""
    unit: bool = False
    countable: bool = False
    month_end: bool = False

    def told(self) -> Told:
        """As the sums read it."""
        return Told(
            type=self.type,
            outcome=self.outcome,
            stream=self.stream,
            tier=self.tier,
            unit="a unit" if self.unit else "",
            countable=self.countable,
            month_end=self.month_end,
        )


class Cell(NamedTuple):
    """Which ends are meant; "" is no bound, `first` is in it and `last` is not. "-" is none: no squad, no place."""

    first: int
    last: int
    desk: str = ""
    territory: str = ""
    squad: str = ""


class Tally(NamedTuple):
    """So many ends of one kind in one part."""

    part: str  # value of what is grouped by; "": none
    end: End
    many: int


class Ended(NamedTuple):
    """One of them."""

    case_id: str
    no: str
    at: int
    desk: str
    territory: str
    squad: str
    item: str
    end: End


PARTS = ("desk", "territory", "squad")
OUTCOMES = 1 << 20  # there are fewer codes of outcomes than that
_decode = msgspec.json.Decoder(End).decode
_numbers = msgspec.json.Decoder(list[int]).decode
_encode = msgspec.json.Encoder().encode

# -- writing -----------------------------------------------------------------------------------------------------------


class Ends:
    """The writer's part. `write` begins a transaction."""

    def __init__(self, db: sqlite3.Connection, code: Code, write: Callable[[str, list[tuple[object, ...]]], None]):
        self._write, self._code = write, code
        self._outcomes = {_decode(facts): code for code, facts in db.execute("SELECT code, facts FROM outcomes")}

    def take(self, event: e.CaseEvent, nature: str, territory: str, at: int, desk: str) -> None:
        """An event of a desk's record of `at`, of a case of this nature and place."""
        if isinstance(event, e.CaseReopened):
            self._take_back(event.case_id, desk, at)
        elif isinstance(event, e.CaseClosed):
            until = taken_back_until(event.reopen_until, event.forget_after, at)
            self._end(event.case_id, event.squad, until, _closed(event, nature), territory, at, desk)
        elif isinstance(event, e.CaseCancelled | e.CaseTransferred):
            until = taken_back_until(0, event.forget_after, at)
            self._end(event.case_id, "", until, End(type(event).__name__, nature), territory, at, desk)

    def _end(self, case_id: str, squad: str, until: int, end: End, territory: str, at: int, desk: str) -> None:
        self._take_back(case_id, desk, at)
        where = self._code(desk), at, until, self._code(squad), self._code(territory), self._outcome(end)
        self._write("INSERT OR REPLACE INTO ended VALUES (?, ?, ?, ?, ?, ?, ?)", [(case_id, *where)])

    def _take_back(self, case_id: str, desk: str, at: int) -> None:
        sql = "DELETE FROM ended WHERE case_id = ? AND desk = ? AND until > ?"
        self._write(sql, [(case_id, self._code(desk), at)])

    def _outcome(self, end: End) -> int:
        code = self._outcomes.get(end)
        if code is None:
            code = self._outcomes[end] = len(self._outcomes) + 1
            self._write("INSERT INTO outcomes VALUES (?, ?)", [(code, _encode(end).decode())])
        return code


def _closed(event: e.CaseClosed, nature: str) -> End:
    return End(
        "CaseClosed",
        nature,
        event.outcome,
        event.stream,
        event.tier,
        bool(event.unit),
        event.countable,
        event.month_end,
    )


# -- reading -----------------------------------------------------------------------------------------------------------


def tally(db: sqlite3.Connection, cell: Cell, by: str) -> list[Tally]:
    """How many ends of which kind each part of a cell has. `by`: one of PARTS.

    Read as JSON arrays and counted here: SQLite's own grouping sorts, which takes nine times as long (a year of 1.2
    million ends: 0.3 s). A month at a time, so that other threads have their turn in between.
    """
    found: Counter[int] = Counter()
    for first in range(cell.first, cell.last, MONTH):
        where, given = _where(db, cell._replace(first=first, last=min(first + MONTH, cell.last)))
        sql = f"SELECT json_group_array(e.{by} * {OUTCOMES} + e.outcome) FROM ended e WHERE {where}"  # noqa: S608 - ours
        found.update(_numbers(db.execute(sql, given).fetchone()[0]))
    names, ends = _names(db), _ends(db)
    return [Tally(names[both // OUTCOMES], ends[both % OUTCOMES], many) for both, many in found.items()]


class Wanted(NamedTuple):
    """Which ends are listed between two instants: the definition of then says it."""

    first: int
    last: int
    listed: Callable[[End], bool]


def page(
    db: sqlite3.Connection, cell: Cell, wanted: Iterable[Wanted], after: tuple[int, str] | None, limit: int
) -> list[Ended]:
    """The ends of a cell, the latest first, from after an instant and case on."""
    where, given = _where(db, cell)
    names, ends = _names(db), _ends(db)
    spans = ["0"]
    for first, last, listed in wanted:
        codes = ",".join(str(code) for code, end in ends.items() if listed(end)) or "-1"
        spans.append(f"e.at >= {first:d} AND e.at < {last:d} AND e.outcome IN ({codes})")
    conditions = [where, f"({' OR '.join(spans)})"]
    if after:
        given |= {"after": after[0], "id": after[1]}
        conditions.append("e.at <= :after AND (e.at < :after OR e.case_id < :id)")
    sql = (
        "SELECT e.case_id, b.no, e.at, e.desk, e.territory, e.squad, c.item, e.outcome"  # noqa: S608 - ours throughout
        " FROM ended e INDEXED BY by_ended CROSS JOIN bodies b ON b.id = e.case_id CROSS JOIN cases c ON c.n = b.n"
        f" WHERE {' AND '.join(conditions)} ORDER BY e.at DESC, e.case_id DESC LIMIT :limit"
    )
    return [
        Ended(case_id, no, at, names[desk], names[place], names[squad], names[item], ends[code])
        for case_id, no, at, desk, place, squad, item, code in db.execute(sql, {**given, "limit": limit})
    ]


def _where(db: sqlite3.Connection, cell: Cell) -> tuple[str, dict[str, object]]:
    given: dict[str, object] = {"first": cell.first, "last": cell.last}
    conditions = ["e.at >= :first AND e.at < :last"]
    for column in PARTS:
        if name := getattr(cell, column):
            row = db.execute("SELECT code FROM names WHERE name = ?", ("" if name == "-" else name,)).fetchone()
            given[f"of_{column}"] = row[0] if row else -1
            conditions.append(f"e.{column} = :of_{column}")
    return " AND ".join(conditions), given


def _names(db: sqlite3.Connection) -> dict[int, str]:
    return dict(db.execute("SELECT code, name FROM names"))


def _ends(db: sqlite3.Connection) -> dict[int, End]:
    return {code: _decode(facts) for code, facts in db.execute("SELECT code, facts FROM outcomes")}
