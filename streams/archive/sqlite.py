"""All that is SQLite's own: pragmas, the schema with its indexes, FTS5. The seam for PostgreSQL.

Why it is quick at a million cases:
1. A row of `cases` is a dozen small integers (words stand once, in `names`), so reading all of it takes 50 ms.
2. `cases.n` is the instant of registration and a count: every index is in the order of registration by itself, so is
   each of the text indexes, and who wants the newest 50 stops after 50.
3. Texts, numbers and the case itself lie apart (`bodies`) and are read for what is shown only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import texts

SCHEMA = 6  # of the tables' shape and of what is written into them; another one is built anew
PIECE = 500  # pages of a text index that are merged at once
NEVER = 1 << 60  # when what has no limit falls due
DUE = f"CASE WHEN due_at THEN due_at ELSE {NEVER} END"
SLOTS = 64  # cases that may be registered in one millisecond before the next one's numbers are taken

_TABLES = """
CREATE TABLE position (partition INTEGER PRIMARY KEY, offset INTEGER NOT NULL, hash TEXT NOT NULL);
CREATE TABLE names (code INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE cases (
  n INTEGER PRIMARY KEY, desk INTEGER, territory INTEGER, item INTEGER, domain INTEGER, status INTEGER, squad INTEGER,
  unit INTEGER, source INTEGER, priority INTEGER, open INTEGER, due_at INTEGER, warn_at INTEGER, cell INTEGER,
  registered_at INTEGER,
  about INTEGER, -- the force itself: the towns do not see it (R66)
  ended_at INTEGER -- 0: it is open
);
CREATE TABLE bodies (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, no TEXT NOT NULL, source_id TEXT NOT NULL, version INTEGER NOT NULL,
  desk TEXT NOT NULL, body TEXT NOT NULL, address TEXT NOT NULL, told BLOB NOT NULL, whole BLOB NOT NULL
);
CREATE TABLE of_unit (unit INTEGER, n INTEGER, PRIMARY KEY (unit, n)) WITHOUT ROWID;
CREATE TABLE story (
  case_id TEXT NOT NULL, version INTEGER NOT NULL, moves INTEGER NOT NULL, partition INTEGER NOT NULL,
  offset INTEGER NOT NULL, nth INTEGER NOT NULL, at INTEGER NOT NULL, desk INTEGER NOT NULL, city INTEGER NOT NULL,
  event BLOB NOT NULL
);
CREATE TABLE outcomes (code INTEGER PRIMARY KEY, facts TEXT NOT NULL UNIQUE);
CREATE TABLE ended (
  case_id TEXT NOT NULL, desk INTEGER NOT NULL, at INTEGER NOT NULL, until INTEGER NOT NULL, squad INTEGER NOT NULL,
  territory INTEGER NOT NULL, outcome INTEGER NOT NULL, PRIMARY KEY (case_id, desk, at)
) WITHOUT ROWID;
CREATE TABLE parked (case_id TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (case_id, version)) WITHOUT ROWID;
CREATE VIRTUAL TABLE long_words USING fts5 (body, address, content='bodies', content_rowid='n',
  tokenize='trigram case_sensitive 1');
CREATE VIRTUAL TABLE short_words USING fts5 (tokens, content='', detail=none, tokenize='ascii', prefix='4 5');
"""
COLUMNS = ("desk", "territory", "item", "domain", "status", "squad", "unit", "source")  # equal to a name
# What may be asked of a case stands in the indexes by which pages are sorted, so the table is not looked at: at a
# million cases that takes a tenth of a second to the end of them.
_ASKED = f"n, {', '.join(COLUMNS)}, open, due_at, warn_at, registered_at, about, ended_at"
# What is asked of a board is asked of the few thousand open ones, however many are closed.
_INDEXES = "".join(
    f"CREATE INDEX by_{c} ON cases ({c});\nCREATE INDEX open_{c} ON cases ({c}) WHERE open = 1;\n" for c in COLUMNS
) + (
    f"""
CREATE INDEX by_due_at ON cases ({DUE}, {_ASKED});
CREATE INDEX by_priority ON cases (priority, {_ASKED});
CREATE INDEX open_due ON cases (due_at) WHERE open = 1;
CREATE INDEX by_end ON cases (ended_at) WHERE open = 0;
CREATE INDEX open_cell ON cases (cell) WHERE open = 1;
CREATE INDEX by_no ON bodies (no);
CREATE INDEX by_source_id ON bodies (source_id);
CREATE INDEX by_ended ON ended (at, desk, squad, territory, outcome);
CREATE INDEX by_case ON story (case_id, version);
"""
)
_PHONES = """
CREATE TABLE position (topic TEXT, partition INTEGER, next INTEGER NOT NULL, PRIMARY KEY (topic, partition));
CREATE TABLE phones (tag BLOB, case_id TEXT, kid TEXT, PRIMARY KEY (tag, case_id, kid)) WITHOUT ROWID;
CREATE TABLE waiting (case_id TEXT, kid TEXT, at INTEGER NOT NULL, value BLOB NOT NULL);
CREATE TABLE read (at INTEGER NOT NULL);
CREATE INDEX by_kid ON phones (case_id, kid);
CREATE INDEX waits ON waiting (case_id, kid);
"""


class Kind:
    """One of the two files: its tables, and the version of their shape."""

    def __init__(self, tables: str, schema: int, *, forgets: bool) -> None:
        self.tables, self.schema, self.forgets = tables, schema, forgets


ARCHIVE = Kind(_TABLES + _INDEXES, SCHEMA, forgets=False)
PHONES = Kind(_PHONES, 1, forgets=True)


def of_archive(path: Path) -> Path:
    """Where the phone suffixes lie that belong to an archive."""
    return path.with_name("phones.sqlite")


# -- opening -----------------------------------------------------------------------------------------------------------


def writing(path: Path, kind: Kind) -> sqlite3.Connection:
    """The file for its one writer, made if it is not there. `ours` must have said that it may be used."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(0o600)
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;"
        "PRAGMA journal_size_limit = 67108864;"
    )
    # What is forgotten is overwritten. Elsewhere nothing is, and that would double the writing of the text indexes.
    db.execute(f"PRAGMA secure_delete = {'ON' if kind.forgets else 'OFF'}")
    if not db.execute("PRAGMA user_version").fetchone()[0]:
        db.executescript(f"BEGIN; {kind.tables} PRAGMA user_version = {kind.schema}; COMMIT;")
    return db


def ours(path: Path, kind: Kind) -> bool:
    """Whether the file is of this shape, or not there yet."""
    if not path.exists():
        return True
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            return db.execute("PRAGMA user_version").fetchone()[0] in (0, kind.schema)
        finally:
            db.close()
    except sqlite3.DatabaseError:
        return False


def remove(path: Path) -> None:
    """Delete a file; its journal first, or a crash in between would leave it to the next file."""
    for suffix in ("-wal", "-shm", ""):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def reading(path: Path) -> sqlite3.Connection:
    """The archive for a reader, with the phone suffixes as `phones` if they are there.

    Raises:
        sqlite3.DatabaseError: it is not there, or of another shape.
    """
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)
    if db.execute("PRAGMA user_version").fetchone()[0] != SCHEMA:
        db.close()
        raise sqlite3.DatabaseError(f"{path} has another shape than {SCHEMA}")
    db.executescript("PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;")
    if of_archive(path).exists():
        db.execute(f"ATTACH '{of_archive(path).absolute().as_uri()}?mode=ro' AS phones")
    return db


def bulk(db: sqlite3.Connection) -> None:
    """For whoever fills a file that may be lost (the bench): nothing is synced."""
    db.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -524288;")


def settle(db: sqlite3.Connection) -> None:
    """Take the journal into the file, and what it had out of it."""
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def tidy(db: sqlite3.Connection, *, begin: bool) -> bool:
    """After a long build: a step, of some 20 ms, towards text indexes of one piece each; whether one is left to do."""
    left = False
    for table in ("long_words", "short_words"):
        changes = db.total_changes
        db.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)", (-PIECE if begin else PIECE,))  # noqa: S608
        left |= db.total_changes - changes > 1  # FTS5: fewer than two when nothing was done
    return left


# -- numbers -----------------------------------------------------------------------------------------------------------


def free_number(db: sqlite3.Connection, registered_at: int) -> int:
    """The number of a new case: in the order of registration, and nobody else's."""
    base = registered_at * SLOTS
    while True:
        last = db.execute("SELECT max(n) FROM cases WHERE n BETWEEN ? AND ?", (base, base + SLOTS - 1)).fetchone()[0]
        if last is None:
            return base
        if last < base + SLOTS - 1:
            return int(last) + 1
        base += SLOTS


def numbers_from(instant: int) -> int:
    """What registered at an instant or later has this number or a higher one."""
    return instant * SLOTS


# -- texts -------------------------------------------------------------------------------------------------------------

Texts = tuple[str, str]  # body and address, folded


def index_texts(db: sqlite3.Connection, rows: list[tuple[int, Texts]]) -> None:
    """Texts of cases into the two indexes, by their numbers."""
    db.executemany("INSERT INTO long_words (rowid, body, address) VALUES (?, ?, ?)", [(n, *new) for n, new in rows])
    db.executemany("INSERT INTO short_words (rowid, tokens) VALUES (?, ?)", [(n, _tokens(new)) for n, new in rows])


def forget_texts(db: sqlite3.Connection, rows: list[tuple[int, Texts]]) -> None:
    """Out of the indexes, texts as they were put in: FTS5 must be told what that was."""
    db.executemany(
        "INSERT INTO long_words (long_words, rowid, body, address) VALUES ('delete', ?, ?, ?)",
        [(n, *old) for n, old in rows],
    )
    db.executemany(
        "INSERT INTO short_words (short_words, rowid, tokens) VALUES ('delete', ?, ?)",
        [(n, _tokens(old)) for n, old in rows],
    )


def _tokens(of: Texts) -> str:
    return texts.pairs(*of)


def long_match(words: Iterable[tuple[str, bool]]) -> str:
    """The expression for `long_words` that finds all words (folded; True: in the address)."""
    return " AND ".join(f"{'address : ' if address else ''}{_quoted(word)}" for word, address in words)


def short_match(words: Iterable[tuple[str, bool]]) -> str:
    """The expression for `short_words` that finds all words, as above."""
    tokens = ((texts.token(word, address=address), len(word) == 1) for word, address in words)
    return " AND ".join(f"{_quoted(token)}{'*' * begins}" for token, begins in tokens)


def any_match(words: Iterable[str]) -> str:
    """The expression for `short_words` that finds any of the pairs."""
    return " OR ".join(_quoted(texts.token(word)) for word in words)


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


# -- likeness ----------------------------------------------------------------------------------------------------------


def like(
    db: sqlite3.Connection,
    where: str,
    given: dict[str, Any],
    title: str,
    at: tuple[int, int] | None,
    kind: tuple[str, str],
) -> list[int]:
    """Numbers of open cases of `where` that may be like a new one: around its square, of its words, of its kind
    (territory and item); at most 100 by each, the newest."""
    found: dict[int, None] = {}

    def add(sql: str, more: dict[str, Any]) -> None:
        sql = f"{sql} AND {where} ORDER BY 1 DESC LIMIT 100"
        found.update(dict.fromkeys(n for (n,) in db.execute(sql.replace("{n}", "c.n"), {**given, **more})))

    if at:
        around = ",".join(str(square(at[0] + x, at[1] + y)) for x in (-1, 0, 1) for y in (-1, 0, 1))
        add(f"SELECT c.n FROM cases c INDEXED BY open_cell WHERE c.open = 1 AND c.cell IN ({around})", {})  # noqa: S608
    if all(kind):
        names = {"t": kind[0], "i": kind[1]}
        code = "(SELECT code FROM names WHERE name = {})".format
        same = f"c.territory = {code(':t')} AND c.item = {code(':i')}"
        add(f"SELECT c.n FROM cases c WHERE {same}", names)  # noqa: S608
    if match := any_match(sorted(texts.token_set(title))[:20]):
        # The newest 5,000 with any of its pairs: of a common word nobody needs the others.
        words = "SELECT rowid FROM short_words WHERE short_words MATCH :pairs ORDER BY rowid DESC LIMIT 5000"
        add(f"SELECT c.n FROM ({words}) w CROSS JOIN cases c ON c.n = w.rowid WHERE 1", {"pairs": match})  # noqa: S608
    return list(found)


def square(east: int, north: int) -> int:
    """A square of the map as one number."""
    return east * 100_000 + north
