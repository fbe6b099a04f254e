"""From a query to SQL: one predicate for list, count and CSV. By which index it is read, `ways` says."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from msgspec.structs import replace

from . import sqlite, texts
from .query import Query, Scope

WHOLE = 8  # characters of a word that may be a whole number
SUSPENDED = "suspended"
_OVERDUE = "c.due_at > 0 AND c.due_at < :now"
_WARNED = "c.warn_at > 0 AND c.warn_at <= :now"


class Condition(NamedTuple):
    """One that holds for every case that is found."""

    sql: str  # {n}: the case's number
    lead: str = ""  # "INDEXED BY …", or "NOT INDEXED" (by number): how its cases are found, if not by reading all
    match: str = ""  # "long", "short": the text index that finds its cases and no others


class Predicate(NamedTuple):
    """All conditions, with their parameters."""

    conditions: list[Condition]
    given: dict[str, Any]

    @property
    def words(self) -> list[Condition]:
        """Those for which the case's texts are read."""
        return [c for c in self.conditions if c.match]

    @property
    def but_words(self) -> list[Condition]:
        """Those for which its row is enough."""
        return [c for c in self.conditions if not c.match]


def predicate(db: sqlite3.Connection, query: Query, scope: Scope, now: int, tag: bytes | None) -> Predicate:
    """What is asked, and what may be seen. `tag`: of the phone suffix."""
    given: dict[str, Any] = {"now": now}
    group = "open" if query.open or query.deadline else "by"
    seen = _seen(db, scope, group, given)
    number = _whole_number(db, query, seen, given)
    if number:
        query = replace(query, q="")
    conditions = [
        *seen,
        *number,
        *_named(db, query, group, given),
        *_keyed(query, tag, given),
        *_timed(db, query, given),
        *_texts(query, given),
    ]
    return Predicate(conditions, given)


def _code(db: sqlite3.Connection, name: str) -> int:
    row = db.execute("SELECT code FROM names WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else -1


def _open(group: str, sql: str) -> str:
    """The condition as the index of open cases asks for it."""
    return f"c.open = 1 AND {sql}" if group == "open" else sql


def _seen(db: sqlite3.Connection, scope: Scope, group: str, given: dict[str, Any]) -> list[Condition]:
    found = []
    if scope.desks is not None:
        codes = ",".join(str(_code(db, desk)) for desk in sorted(scope.desks)) or "-1"
        found.append(Condition(_open(group, f"c.desk IN ({codes})"), f"INDEXED BY {group}_desk"))
    if scope.territory:
        given["seen_territory"] = _code(db, scope.territory)
        sql = _open(group, "c.territory = :seen_territory AND NOT c.about")
        found.append(Condition(sql, f"INDEXED BY {group}_territory"))
    if scope.unit:
        given["seen_unit"] = _code(db, scope.unit)
        found.append(Condition("c.n IN (SELECT n FROM of_unit WHERE unit = :seen_unit)", "NOT INDEXED"))
    return found


def _named(db: sqlite3.Connection, query: Query, group: str, given: dict[str, Any]) -> list[Condition]:
    found = []
    for column in sqlite.COLUMNS:
        if name := getattr(query, column):
            given[column] = _code(db, name)
            found.append(Condition(_open(group, f"c.{column} = :{column}"), f"INDEXED BY {group}_{column}"))
    return found


def _keyed(query: Query, tag: bytes | None, given: dict[str, Any]) -> list[Condition]:
    found = []
    if query.id:
        given["id"] = query.id
        sql = "SELECT n FROM bodies WHERE id = :id UNION ALL SELECT n FROM bodies WHERE no = :id"
        found.append(Condition(f"c.n IN ({sql})", "NOT INDEXED"))
    if query.source_id:
        given["source_id"] = query.source_id
        found.append(Condition("c.n IN (SELECT n FROM bodies WHERE source_id = :source_id)", "NOT INDEXED"))
    if tag is not None:
        given["tag"] = tag
        sql = "SELECT b.n FROM phones.phones p CROSS JOIN bodies b ON b.id = p.case_id WHERE p.tag = :tag"
        found.append(Condition(f"c.n IN ({sql})", "NOT INDEXED"))
    return found


def _whole_number(
    db: sqlite3.Connection, query: Query, seen: list[Condition], given: dict[str, Any]
) -> list[Condition]:
    """Who gives one whole number as words means its case, and not who mentions it; if there is one that may be seen."""
    number = query.q.strip()
    if len(number) < WHOLE or len(number.split()) > 1:
        return []
    given |= {"number": number, "upper": number.upper()}
    places = ("id = :number", "no = :upper", "source_id = :number")
    sql = f"c.n IN ({' UNION ALL '.join(f'SELECT n FROM bodies WHERE {place}' for place in places)})"  # noqa: S608
    where = " AND ".join(c.sql for c in [Condition(sql), *seen])
    if not db.execute(f"SELECT 1 FROM cases c NOT INDEXED WHERE {where}", given).fetchone():  # noqa: S608
        return []
    return [Condition(sql, "NOT INDEXED")]


def _timed(db: sqlite3.Connection, query: Query, given: dict[str, Any]) -> list[Condition]:
    found = []
    if query.open is not None:
        found.append(Condition(f"c.open = {int(query.open)}", "INDEXED BY open_due" if query.open else ""))
    if query.deadline:
        given["suspended"] = _code(db, SUSPENDED)
        found.append(Condition(f"c.open = 1 AND {_DEADLINES[query.deadline]}", "INDEXED BY open_due"))
    if query.from_ is not None:
        given |= {"from": query.from_, "from_n": sqlite.numbers_from(query.from_)}
        found.append(Condition("{n} >= :from_n AND c.registered_at >= :from", "NOT INDEXED"))
    if query.to is not None:
        # Of those who were registered in one instant the last ones may have numbers of a little later.
        given |= {"to": query.to, "to_n": sqlite.numbers_from(query.to + 60_000)}
        found.append(Condition("{n} < :to_n AND c.registered_at < :to"))
    if query.from_ is not None and query.to is not None:
        both = Condition(f"{found[-2].sql} AND {found[-1].sql}", "NOT INDEXED")
        found[-2:] = [both]
    ends = [("closed_from", ">=", query.closed_from), ("closed_to", "<", query.closed_to)]
    if bounds := [f"c.ended_at {sign} :{name}" for name, sign, instant in ends if instant is not None]:
        given |= {name: instant for name, _, instant in ends if instant is not None}
        found.append(Condition(" AND ".join(["c.open = 0", *bounds]), "INDEXED BY by_end"))
    return found


# The state of an open case at :now, as the contract of the gateway has it: the first that holds.
_DEADLINES = {
    "overdue": f"({_OVERDUE})",
    "warn": f"NOT ({_OVERDUE}) AND ({_WARNED})",
    "paused": f"NOT ({_OVERDUE}) AND NOT ({_WARNED}) AND c.status = :suspended",
    "in_time": f"NOT ({_OVERDUE}) AND NOT ({_WARNED}) AND c.status != :suspended",
}


def _texts(query: Query, given: dict[str, Any]) -> list[Condition]:
    asked = [(word, False) for word in texts.words(query.q)] + [(word, True) for word in texts.words(query.address)]
    found = []
    for number, (word, address) in enumerate(asked):
        given[f"word{number}"] = word
        where = f"instr(b.address, :word{number})"
        sql = where if address else f"(instr(b.body, :word{number}) OR {where})"
        found.append(Condition(sql, match="short" if texts.short(word) else "long"))
    given["long"] = sqlite.long_match((w, a) for w, a in asked if not texts.short(w))
    given["short"] = sqlite.short_match((w, a) for w, a in asked if texts.short(w))
    return found
