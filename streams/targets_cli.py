"""`paidan targets --at DATE --explain R1`: the cases, officers or money behind a number, as text that adds up to it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from dispatchers.clock import DAY, EPOCH, MINUTE, text
from dispatchers.rows import CityPack, Definition
from dispatchers.targets import UNOFFICIAL, Tasks, decode_told, definition_on, force, support
from dispatchers.targets.cases import Cases, Counted, total
from dispatchers.targets.periods import first_day, month_of
from dispatchers.targets.share import Share

from .cli_common import connected, load_pack
from .why_cli import reading


def explained(number: str, on: dt.date | None, log: Path | None, city: Path | None) -> str:
    """The text about a number as of the end of a day; without one, of the last record's, or of today."""
    pack = load_pack(city)
    if number == "R1":
        return _tasks(pack, on, log)
    zone = dt.timezone(dt.timedelta(minutes=pack.facts.utc_offset_minutes))
    day = (on or dt.datetime.now(zone).date()).toordinal() - EPOCH
    return _force(pack, day) if number == "R2" else _support(pack, day)


def _tasks(pack: CityPack, on: dt.date | None, log: Path | None) -> str:
    """Every case of the month to the day, one a line, then what they add up to and what the sums say."""
    fold, cases, offset = Tasks(pack), Cases(pack), pack.facts.utc_offset_minutes
    until = (on.toordinal() - EPOCH + 1) * DAY - offset * MINUTE if on else 1 << 62

    def take(raw: bytes) -> None:
        told = decode_told(raw)
        if told.at < until:
            fold.take(told)
            cases.take(told)

    looked = reading(log, "" if log else connected().kafka)(take)
    now = min(until - 1, looked.at)
    day = on.toordinal() - EPOCH if on else (now + offset * MINUTE) // DAY
    listed = cases.within(first_day(month_of(day)), day)
    share, due = fold.total(until - 1 if on else now, "month"), fold.due_open(now)
    mine = total(listed)
    residual = f"{mine.num - share.num}/{mine.den - share.den}"
    sums = [
        f"R1 {_share(mine)} by these {len(listed)} cases; {_share(share)} by the sums; residual {residual}",
        f"R1_due 按期口径 {_share(Share(share.num, share.den + due))}: {due} open cases overdue",
    ]
    beside = ", ".join(f"{name} {count}" for name, count in fold.parts(month_of(day)).items())
    return "\n".join([*(_line(case, offset) for case in listed), *sums, beside, *_words(definition_on(pack, day))])


def _line(case: Counted, offset: int) -> str:
    marks = [m for m, is_so in (("month end", case.kind.marked), ("forced", case.kind.forced)) if is_so]
    columns = (case.case_id, text(case.closed_at, offset)[:16], case.desk, case.squad, case.tier, case.kind.sort)
    return "  ".join([*(column or "-" for column in columns), case.counts, *marks])


def _force(pack: CityPack, day: int) -> str:
    found = force(pack).on(day)
    shares = [f"R2 {name} {_share(getattr(found, name))}" for name in found._fields[:4]]
    why = [f"not computable, because {reason}" for reason in found.why]
    return "\n".join([*shares, f"without a duty post: {found.nowhere}", *why, *_words(definition_on(pack, day))])


def _support(pack: CityPack, day: int) -> str:
    found = support(pack).on(day)
    shares = [f"R3 {name} {_share(share)}" for name, share in (("money", found.money), ("budget", found.budget))]
    shares += [f"R3 {kind} {_share(share)}" for kind, share in found.things.items()]
    levels = ", ".join(f"{name} {fen / 100:.2f}" for name, fen in found.levels.items())
    why = [f"{part}: not computable, because {reason}" for part, told in found.why.items() for reason in told]
    return "\n".join([*shares, f"yuan by level: {levels}", *why, *_words(definition_on(pack, day))])


def _share(share: Share) -> str:
    return f"{share} ({share.num}/{share.den})"


def _words(definition: Definition) -> list[str]:
    return [f"{UNOFFICIAL} · {definition.version}: {definition.text}"]
