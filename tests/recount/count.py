"""A second program for R1: the definitions of domain.md §2.1 and §2.2 as SQL over the records of the desks' logs.

Written apart from dispatchers/targets and importing nothing of it: two programs that agree are seldom wrong in the same
way. It knows no fold. A case counts where its last closing is that no reopening followed, by the versions that every
event of a case carries; a month that a desk has frozen is counted from that desk's records of before.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

GRASSROOTS = ("town_squad", "zone_squad")
HOURS_EAST = 8

SCHEMA = """
create table event (
    desk text, place integer, at integer, type text, case_id text, version integer, told text,
    primary key (desk, place)
);
create index by_case on event (case_id, version);
create index by_type on event (type);
"""
# A case's last closing, if nothing took it back: §2.2 "final close", "reopened: retract, count again at new close".
FINAL = """
with closing as (
    select desk, place, at, case_id, version,
        json_extract(told, '$.tier') as tier, json_extract(told, '$.stream') as stream,
        json_extract(told, '$.outcome') as outcome, coalesce(json_extract(told, '$.month_end'), 0) as marked
    from event as e
    where type = 'CaseClosed' and json_extract(told, '$.countable') and {before}
),
final as (
    select * from closing as c
    where not exists (
        select 1 from event as e
        where e.case_id = c.case_id and e.version > c.version and e.type in ('CaseClosed', 'CaseReopened') and {before}
    )
)
"""
ALWAYS = "true"
# What a desk's log said before it froze a month; of a desk that has not frozen it, all.
UNTIL_FROZEN = """e.place < coalesce((
    select min(f.place) from event as f
    where f.desk = e.desk and f.type = 'PeriodFrozen' and json_extract(f.told, '$.period') = :period
), 1 << 60)"""
# Whether a case has a holder at an instant, which is its last state of before; §2.2 R1_due, §5.1.
LAST = """
select case_id, max(version) as version from event
where at < :at and type not in ('OrderRefused', 'OrderRepeated', 'OrderForwarded', 'OrderParked', 'OrderUnparked',
        'OverdueAppealed', 'AppealEndorsed', 'AppealApproved', 'AppealRefused')
    and case_id <> ''
group by case_id
"""
ENDS = ("CaseClosed", "CaseCancelled", "CaseTransferred", "CaseHandedOver")


class Recount:
    """The records of all desks, to be asked."""

    def __init__(self, records: Iterable[bytes]) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.executescript(SCHEMA)
        self.places: dict[str, int] = {}
        self.db.executemany("insert into event values (?, ?, ?, ?, ?, ?, ?)", self._rows(records))

    def _rows(self, records: Iterable[bytes]) -> Iterator[tuple[Any, ...]]:
        for raw in records:
            record = json.loads(raw)
            for event in record["events"]:
                place = self.places[record["desk"]] = self.places.get(record["desk"], -1) + 1
                case, version = event.get("case_id", ""), event.get("case_version", 0)
                yield record["desk"], place, record["at"], event["type"], case, version, json.dumps(event)

    # -- R1 --------------------------------------------------------------------------------------------------------

    def final(self, first: int, last: int, before: str = ALWAYS, period: str = "") -> list[dict[str, Any]]:
        """The cases whose final close lies in [first, last)."""
        query = FINAL.format(before=before) + "select * from final where at >= :first and at < :last"
        if before != ALWAYS:  # each desk for itself: what another one closed again later is no business of its month
            query = query.replace("where e.case_id = c.case_id", "where e.case_id = c.case_id and e.desk = c.desk")
        rows = self.db.execute(query, {"first": first, "last": last, "period": period})
        names = [column[0] for column in rows.description]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def share(
        self, first: int, last: int, stream: str = "all", tiers: tuple[str, ...] = GRASSROOTS, *, marked: bool = True
    ) -> tuple[int, int]:
        """(num, den) of R1 in a window."""
        return part(self.final(first, last), stream, tiers, marked=marked)

    def of_desk(self, desk: str, first: int, last: int) -> tuple[int, int]:
        """R1 of what a desk closed."""
        return part([row for row in self.final(first, last) if row["desk"] == desk])

    def month(self, period: str) -> tuple[int, int]:
        """R1 of a month as the desks have frozen it."""
        return part(self.final(*span(period), before=UNTIL_FROZEN, period=period))

    def proof(self, period: str) -> int:
        """Of which cases a month is: as they stand now."""
        of_both = [row for row in self.final(*span(period)) if row["stream"] != "none"]
        return sum(int(sha256(row["case_id"].encode()).hexdigest()[:16], 16) for row in of_both) % 2**64

    def restated(self, period: str) -> int:
        """Closings of a month that were taken back after the desk had frozen it."""
        frozen = {(row["desk"], row["place"]) for row in self.final(*span(period), before=UNTIL_FROZEN, period=period)}
        now = {(row["desk"], row["place"]) for row in self.final(*span(period))}
        return len(frozen - now)

    # -- R1_due ----------------------------------------------------------------------------------------------------

    def due_open(self, at: int) -> int:
        """Open cases that are overdue at an instant, by the deadline as adjusted until then."""
        found = 0
        for case_id, version in self.db.execute(LAST, {"at": at}).fetchall():
            history = [
                (when, kind, json.loads(told))
                for when, kind, told in self.db.execute(
                    "select at, type, told from event where case_id = ? and version <= ? and at < ? "
                    "and type not like 'Order%' order by version",
                    (case_id, version, at),
                )
            ]
            if history[-1][1] not in ENDS and _overdue(history, at):
                found += 1
        return found


def _overdue(history: list[tuple[int, str, dict[str, Any]]], at: int) -> bool:
    """Read backwards: the last word on each question."""
    return _ours(history) and (_late(history, "dispose", at) or _late(history, "penalty", at))


def _ours(history: list[tuple[int, str, dict[str, Any]]]) -> bool:
    """An enforcement task that no unit has, and a case of its own."""
    nature = next(_nature(told) for _, kind, told in reversed(history) if kind in ("CaseRegistered", "CaseClassified"))
    joined = next((kind for _, kind, _ in reversed(history) if kind in ("CaseMerged", "CaseSplit")), "")
    with_unit = False
    for _, kind, told in reversed(history):
        if kind in ("AssignmentOffered", "CaseTaken", "CaseReopened", "LeaseExpired", "DisputeRuled", "ActRefused"):
            break
        if kind in ("AssignmentReturned", "AssignmentWithdrawn"):
            break
        if kind in ("WorkOrderIssued", "DisputeOpened"):
            with_unit = kind == "WorkOrderIssued" or bool(told["interim"].get("unit"))
            break
    return nature == "enforcement" and joined != "CaseMerged" and not with_unit


def _nature(told: dict[str, Any]) -> str:
    return str(told["nature"])


def _late(history: list[tuple[int, str, dict[str, Any]]], name: str, at: int) -> bool:
    """Whether the limit of a name passed before what it asks for was done."""
    start, due, done_before = 0, 0, 0
    for n in range(len(history) - 1, -1, -1):
        _, kind, told = history[n]
        named = [t for t in (*told.get("terms", ()), *([told["term"]] if "term" in told else [])) if t["name"] == name]
        if kind == "CaseTaken":
            named = [t for t in told["case"].get("terms", ()) if t["name"] == name]
        if named:
            start, due, done_before = n, named[-1]["due_at"], named[-1].get("done_at", 0)
            break
        if kind in ("CaseReopened", "CaseTaken") or (kind == "CaseClassified" and _another(history, n)):
            return False
    if not due:
        return False
    filed = any(kind == "PenaltyFiled" for _, kind, _ in history[: start + 1])
    done = done_before
    for when, kind, _ in history[start + 1 :]:
        if kind == "CaseDisposed" or (kind == "PenaltyFiled" and name == "dispose"):
            done = done or when
        filed = filed or kind == "PenaltyFiled"
        if kind in ("ReworkOrdered", "WorkOrderReopened", "ActRefused") and (name == "penalty" or not filed):
            done = 0
    return int(due) < (done or at)


def _another(history: list[tuple[int, str, dict[str, Any]]], n: int) -> bool:
    """Whether a classification made another matter of it."""
    told = history[n][2]
    before = next(h[2] for h in reversed(history[:n]) if h[1] in ("CaseRegistered", "CaseClassified"))
    return (told["item"], told["duty"]) != (before["item"], before.get("duty", ""))


def part(
    rows: list[dict[str, Any]], stream: str = "all", tiers: tuple[str, ...] = GRASSROOTS, *, marked: bool = True
) -> tuple[int, int]:
    """(num, den) of final closings; `self` is in no "all", a forced close has no tier."""
    ours = [r for r in rows if r["stream"] == stream or (stream == "all" and r["stream"] != "self")]
    ours = [r for r in ours if marked or not r["marked"]]
    return sum(r["tier"] in tiers and r["outcome"] != "forced" for r in ours), len(ours)


def span(period: str) -> tuple[int, int]:
    """A month's first instant and the next one's, in UTC+8."""
    begin = dt.datetime.fromisoformat(f"{period}-01T00:00:00+08:00")
    end = (begin + dt.timedelta(days=31)).replace(day=1)
    return int(begin.timestamp() * 1000), int(end.timestamp() * 1000)


def day(at: int) -> tuple[int, int]:
    """The day of an instant, in UTC+8."""
    begin = (at + HOURS_EAST * 3_600_000) // 86_400_000 * 86_400_000 - HOURS_EAST * 3_600_000
    return begin, begin + 86_400_000
