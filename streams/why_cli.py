"""`paidan why` and `paidan rollout`: plain functions for cli.py that make the text to print.

Both ask the logs of all desks, of the running system or of a file: a case may have moved, and its versions order its
events (law 5). Names are of the version of the city that decided (law 12), if its pack is at hand.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from dispatchers import events as e
from dispatchers.city import City
from dispatchers.explain import Told, explain, in_order
from dispatchers.explain.voice import Lang
from dispatchers.record import Record, decode_record
from dispatchers.rollout import Line, Rollout
from dispatchers.rows import CityPack

from . import whole_log
from .cli_common import UserError, connected, load_pack, opened
from .whole_log import Looked, Take

Read = Callable[[Take], Looked]
COLUMNS = (
    "desk", "item", "mode", "proposals", "as_proposed", "other_team", "otherwise", "undecided", "agreement", "instead",
)  # fmt: skip


def why(case: str, lang: Lang = "zh", log: Path | None = None, city: Path | None = None) -> str:
    """The text about a case, by its id or its number.

    `log`: a file of records, else the running system's logs; `city`: a folder with the pack that decided them.
    """
    kafka = "" if log else connected().kafka
    read = reading(log, kafka)
    case_id = case if case.startswith("c-") else _numbered(case, read)
    records, looked = _about(case_id or case, read)
    told = [(r, x) for r in records for x in r.events if isinstance(x, e.CaseEvent) and x.case_id == case_id]
    if not any(type(event) in e.CASE_EVENTS for _, event in told):
        raise UserError(_unknown(case, looked, len(told)))
    cities = _cities({r.city for r, _ in told}, kafka, city)
    course = in_order(Told(r.at, r.desk, event, cities.get(r.city)) for r, event in told)
    return explain(course, looked.at, lang)


def rollout(log: Path | None = None, *, as_json: bool = False) -> str:
    """The report of agreement, as a table or as JSON."""
    fold = Rollout()

    def take(raw: bytes) -> None:
        record = decode_record(raw)
        for event in record.events:
            fold.see(record.desk, event)

    reading(log, "" if log else connected().kafka)(take)
    lines = fold.report()
    if as_json:
        return msgspec.json.format(msgspec.json.encode([_told(line) for line in lines]), indent=2).decode()
    return _table(lines) if lines else "nothing was proposed"


# -- reading -----------------------------------------------------------------------------------------------------------


def reading(log: Path | None, kafka: str) -> Read:
    """How the logs are read; more than once if need be. "-" is the standard input, which is kept for that."""
    if log is None:
        return lambda take: asyncio.run(whole_log.of_topic(kafka, take))
    if str(log) == "-":
        with opened(None) as lines:
            kept = list(lines)
        return lambda take: whole_log.of_lines(kept, "standard input", take)

    def read(take: Take) -> Looked:
        with opened(log) as lines:
            return whole_log.of_lines(lines, str(log), take)

    return read


def _about(text: str, read: Read) -> tuple[list[Record], Looked]:
    """The records in which a text stands somewhere."""
    wanted, found = msgspec.json.encode(text)[1:-1], list[Record]()

    def take(raw: bytes) -> None:
        if wanted in raw:
            found.append(decode_record(raw))

    return found, read(take)


def _numbered(number: str, read: Read) -> str:
    """The id of the case with a number; "" if there is none."""
    events = [event for record in _about(number, read)[0] for event in record.events]
    for event in events:
        if isinstance(event, e.CaseRegistered) and event.case_no == number:
            return event.case_id
        if isinstance(event, e.CaseTaken) and event.case.no == number:
            return event.case_id
    return ""


def _unknown(case: str, looked: Looked, named: int) -> str:
    """That there is no such case, and what was looked at."""
    until = dt.datetime.fromtimestamp(looked.at / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    whose = f" of {', '.join(sorted(looked.writers))}, up to {until}" if looked.records else ""
    void = f", {looked.void} void" if looked.void else ""
    only = f"; {named} refused, repeated or forwarded orders name it" if named else ""
    return f"{case}: no such case in {looked.where} ({looked.records} valid records{whose}{void}){only}"


# -- names -------------------------------------------------------------------------------------------------------------


def _cities(wanted: set[str], kafka: str, folder: Path | None) -> dict[str, City]:
    """The versions of the city that are at hand: the folder's, and those that were published."""
    from .city_files import version

    packs = {version(pack): pack for pack in _configured(folder)}
    if kafka and wanted - packs.keys():
        packs |= asyncio.run(_published(kafka, wanted))
    return {name: City(pack, name) for name, pack in packs.items() if name in wanted}


def _configured(folder: Path | None) -> Iterable[CityPack]:
    """The pack of the folder, or of PAIDAN_CITY; without a good one ids must do, unless it was asked for."""
    try:
        return [load_pack(folder)]
    except UserError:
        if folder:
            raise
        return []


async def _published(kafka: str, wanted: set[str]) -> dict[str, CityPack]:
    from .city_files import from_published
    from .scan import scan

    keyed = [(r.key.decode(), r.value) async for r in scan(kafka, "city-packs") if r.key and r.value]
    return {name: from_published(value) for name, value in keyed if name in wanted}


# -- the table ---------------------------------------------------------------------------------------------------------


def _told(line: Line) -> dict[str, object]:
    return {name: getattr(line, name) for name in COLUMNS}


def _table(lines: list[Line]) -> str:
    rows = [COLUMNS, *(tuple(_cell(getattr(line, name)) for name in COLUMNS) for line in lines)]
    wide = [max(len(row[n]) for row in rows) for n in range(len(COLUMNS))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, wide, strict=True)).rstrip() for row in rows)


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{what} {count}" for what, count in value.items()) or "-"
    return f"{value:.0%}" if isinstance(value, float) else "-" if value is None else str(value)
