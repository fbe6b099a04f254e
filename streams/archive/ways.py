"""How what is asked is read from the file.

1. SQLite counts how often a value occurs on average, and statuses do not occur on average. So each condition with an
   index is counted here as it stands, up to 200, then 2,000, then 20,000 rows, until one of them has no more: that
   index leads, and all other conditions are looked at row by row.
2. Where none is that rare, the table is read, which takes 70 ms at a million cases, until 20,000 have all that is asked
   but the words. If there are no more, the texts of these are read, once for page and total, and what is left is the
   answer.
3. Where there are more, a page is soon full: along the index of the words, which is in the order of registration, or
   along one that is in the order of the page, with a look at the texts. Only words that hardly a case at that end of
   the order has, and many elsewhere, must all be read and sorted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from . import sqlite
from .plan import Condition, Predicate
from .query import Query

STEPS = (200, 2_000, 20_000)
WALKED = (1_000, 20_000)  # cases whose texts are read along an order; of each a few microseconds
KEYS = {"registered_at": "0", "due_at": sqlite.DUE, "priority": "c.priority"}
_ALL = Condition("1")
_THESE = Condition("c.n IN (SELECT value FROM json_each(:these))")

Rows = list[tuple[int, int]]  # numbers, and the keys by which they are sorted


class Way(NamedTuple):
    """How the cases of a predicate can be read."""

    tables: str
    where: str
    n: str  # the case's number, as the leading table has it
    lead: str  # FROM and WHERE of the leading condition alone
    wide: bool = False  # nothing that is asked is rare
    least: int = 0  # there are so many or more

    def page(self, query: Query) -> str:
        """The numbers and sort keys of a page, to be given :limit, and the cursor's :key and :number."""
        return _ordered(self.tables, self.where, self.n, query)

    def total(self) -> str:
        """How many there are, up to :most."""
        return f"SELECT count(*) FROM (SELECT 1 FROM {self.tables} WHERE {self.where} LIMIT :most)"  # noqa: S608

    def grouped(self, column: str) -> str:
        """The values of a column of all cases, and how many have each: read from its index alone."""
        return f"SELECT {column}, count(*) FROM cases GROUP BY {column}"  # noqa: S608

    def values(self, column: str) -> str:
        """The values of a column as one JSON array: SQLite's own grouping sorts, which takes three times as long."""
        return f"SELECT json_group_array(c.{column}) FROM {self.tables} WHERE {self.where}"  # noqa: S608


def _ordered(tables: str, where: str, n: str, query: Query) -> str:
    key, order, beyond = KEYS[query.sort], query.order, "<" if query.order == "desc" else ">"
    by, after = f"{n} {order}", f"{n} {beyond} :number"
    if query.sort != "registered_at":
        by = f"{key} {order}, {by}"
        after = f"{key} {beyond}= :key AND ({key} {beyond} :key OR {after})"  # the first half is where an index begins
    if query.cursor:
        where = f"{where} AND {after}"
    return f"SELECT {n}, {key} FROM {tables} WHERE {where} ORDER BY {by} LIMIT :limit"  # noqa: S608 - ours throughout


# -- choosing ----------------------------------------------------------------------------------------------------------


def way(db: sqlite3.Connection, asked: Predicate) -> Way:
    """The cheapest one. What `asked` is given may become more."""
    ways = _ways(asked)
    for most in STEPS:
        for one in ways:
            sql = f"SELECT count(*) FROM (SELECT 1 FROM {one.lead} LIMIT {most + 1})"  # noqa: S608
            if db.execute(sql, asked.given).fetchone()[0] <= most:
                many = most == STEPS[-1] and asked.words and one.n == "c.n"
                return _settled(db, asked, _rows(db, asked, one.lead, most)) if many else one
    return _together(db, asked, ways)


def _ways(asked: Predicate) -> list[Way]:
    ways = [
        _way(f"cases c {lead.lead}", "c.n", lead, [c for c in asked.conditions if c is not lead])
        for lead in asked.conditions
        if lead.lead and not lead.match
    ]
    kinds = {c.match for c in asked.conditions if c.match}
    for kind in ("long", "short"):
        if kind in kinds:
            table = f"{kind}_words"
            rest = [c for c in asked.conditions if c.match != kind]
            ways.append(_way(table, f"{table}.rowid", Condition(f"{table} MATCH :{kind}"), rest))
    return ways


def _way(table: str, n: str, lead: Condition, rest: list[Condition]) -> Way:
    """Texts are looked at last: they are the dear ones."""
    tables = table if n == "c.n" else f"{table} CROSS JOIN cases c ON c.n = {n}"
    if any(c.match for c in rest):
        tables += " CROSS JOIN bodies b ON b.n = c.n"
    where = _and([lead, *sorted(rest, key=lambda c: bool(c.match))], n)
    return Way(tables, where, n, f"{table} WHERE {_and([lead], n)}")


def _and(conditions: Iterable[Condition], n: str = "c.n") -> str:
    return " AND ".join(c.sql for c in conditions).replace("{n}", n)


def _together(db: sqlite3.Connection, asked: Predicate, ways: list[Way]) -> Way:
    """By what is asked beside the words, if that is rare as a whole; or else by the words."""
    least = 0
    if asked.but_words:
        numbers = _rows(db, asked, "cases c NOT INDEXED WHERE 1", STEPS[-1] + 1)
        if len(numbers) <= STEPS[-1]:
            return _settled(db, asked, numbers)
        least = 0 if asked.words else len(numbers)
    by_words = (one for one in ways if one.n != "c.n")
    whole = _way("cases c NOT INDEXED", "c.n", _ALL, asked.conditions)
    return next(by_words, whole)._replace(wide=True, least=least)


def _rows(db: sqlite3.Connection, asked: Predicate, lead: str, most: int) -> list[int]:
    """The first so many cases of a lead that have all that is asked but the words."""
    sql = f"SELECT c.n FROM {lead} AND {_and(asked.but_words)} LIMIT {most}"  # noqa: S608
    return [n for (n,) in db.execute(sql, asked.given)]


def _settled(db: sqlite3.Connection, asked: Predicate, numbers: list[int]) -> Way:
    """By the numbers of all that is found: those of these cases that have the words too."""
    asked.given["these"] = msgspec.json.encode(_with_words(db, asked, numbers)).decode()
    return _way("cases c NOT INDEXED", "c.n", _THESE, [])


def _with_words(db: sqlite3.Connection, asked: Predicate, numbers: list[int]) -> list[int]:
    """Those that have the words too, if any are asked."""
    if not asked.words:
        return numbers
    among = "json_each(:among) a CROSS JOIN bodies b ON b.n = a.value"
    given = {**asked.given, "among": msgspec.json.encode(numbers).decode()}
    return [n for (n,) in db.execute(f"SELECT b.n FROM {among} WHERE {_and(asked.words)}", given)]  # noqa: S608


# -- pages -------------------------------------------------------------------------------------------------------------


def page(db: sqlite3.Connection, chosen: Way, asked: Predicate, query: Query, limit: int) -> Rows:
    """The first so many after the query's cursor."""
    at = query.cursor
    given = {**asked.given, "limit": limit, **({"key": at.key, "number": at.number} if at else {})}
    if chosen.wide and query.sort != "registered_at":
        found = _walked(db, chosen, asked._replace(given=given), query)
        if found is not None:
            return found
    return db.execute(chosen.page(query), given).fetchall()


def _walked(db: sqlite3.Connection, chosen: Way, asked: Predicate, query: Query) -> Rows | None:
    """A page along the index that is in its order; None if it was not full after as many texts as may be read."""
    limit = asked.given["limit"]
    if not asked.words:
        return db.execute(along(asked, query), asked.given).fetchall()
    asked = _since_words(db, chosen, asked)
    for most in WALKED:
        seen: Rows = db.execute(along(asked, query), {**asked.given, "limit": most}).fetchall()
        having = set(_with_words(db, asked, [n for n, _ in seen]))
        found = [row for row in seen if row[0] in having]
        if len(found) >= limit or len(seen) < most:
            return found[:limit]
    return None


def _since_words(db: sqlite3.Connection, chosen: Way, asked: Predicate) -> Predicate:
    """From the first case that has the words to the last one: texts are written by habit, and habits change."""
    for name, order in (("first", "ASC"), ("last", "DESC")):
        sql = f"SELECT {chosen.n} FROM {chosen.lead} ORDER BY {chosen.n} {order} LIMIT 1"  # noqa: S608
        (asked.given[name],) = db.execute(sql, asked.given).fetchone()
    return asked._replace(conditions=[*asked.conditions, Condition("c.n BETWEEN :first AND :last")])


def along(asked: Predicate, query: Query) -> str:
    """The first so many in the order of the query that fulfil all but the words: without a sort, from one index."""
    return _ordered(f"cases c INDEXED BY by_{query.sort}", _and(asked.but_words or [_ALL]), "c.n", query)
