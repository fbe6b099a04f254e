"""Searching the archive: every kind of question at 10,000 and at a million cases, written by the archive's own writer.

The newest 10,000 cases are the same in both. A *selective* question finds the same few of them in either archive, so
its p95 may hardly differ; all others are held to the bound alone, on cases of which most have the words that are asked.
`ARCHIVE_CASES` says another number than a million; `ARCHIVE_KEEP` a folder where the two are kept, and found again.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from dispatchers.case import Assignment, Status, Term
from dispatchers.city import City
from dispatchers.events import CaseRegistered
from dispatchers.record import Cause, Record
from streams.archive import sqlite
from streams.archive.phones import Phones, Tags
from streams.archive.query import Cursor
from streams.archive.search import Archive, Query, Scope
from streams.archive.store import Store
from streams.reader import Position

from .day import city
from .table import Row

SMALL, LARGE = 10_000, int(os.environ.get("ARCHIVE_CASES", "1000000"))
NOW = 1_784_000_000_000
DAY = 86_400_000
EVERY = 30_000  # ms between two cases: a million a year
OPEN = 5_000  # the newest
MASTER = bytes(32)
BATCH = 5_000
MATTERS = (
    "占道经营",
    "违法停车",
    "油烟扰民",
    "垃圾堆放",
    "噪音扰民",
    "窨井盖缺失",
    "路灯不亮",
    "违章搭建",
    "树木倒伏",
    "小广告",
)
PLACES = ("中山路", "禾兴路", "建国路", "纺工路", "文昌路", "新气象路", "秀园路", "由拳路", "洪兴路", "昌盛路")
SAID = (
    "来电人反映该处长期存在{m}的情况，影响居民正常生活，希望相关部门尽快到现场处理",
    "市民反映门口有{m}现象，已多次投诉未得到解决，请核实并回复",
    "巡查发现{m}，位于人行道旁，存在安全隐患",
    "网友留言：{m}问题反复出现，请城管部门加强管理",
)
LAST = 4  # priority, and the only one of the commonest item
URGENT = "加急件，"  # said of priority 1 and of no other
OLD = "旧系统转入，"  # said of the older half and of no other


class Asked(NamedTuple):
    """A question, who asks, and whether it finds the same few cases in either archive."""

    what: str
    query: Query
    scope: Scope
    selective: bool
    by: str = ""  # counted by that; "": a page


def _shop(draw: random.Random) -> str:
    return "".join(chr(draw.randrange(0x4E00, 0x9000)) for _ in range(4))


def cases(of: City, number: int) -> Iterator[tuple[dict[str, Any], str, CaseRegistered]]:
    """That many cases, the newest first, always the same: what they became, their desk, how they began."""
    draw = random.Random(7)
    territories = sorted(t for t in of.territories if of.desk_of(t))
    items = sorted(i.id for i in of.pack.items)
    squads = sorted({s.id for s in of.pack.squads})
    for n in range(number):
        territory, item = draw.choice(territories), items[int(len(items) * draw.random() ** 2)]
        priority = LAST if item == items[0] else draw.choice((1, 2, 3, 3, 3, LAST))
        matter, place = draw.choice(MATTERS), draw.choice(PLACES)
        said = URGENT * (priority == 1) + OLD * (n >= LARGE // 2) + draw.choice(SAID).format(m=matter)
        at = NOW - n * EVERY
        is_open = n < OPEN
        status = draw.choice((Status.TO_DISPATCH, Status.OFFERED, Status.ACCEPTED, Status.ON_SITE, Status.SUSPENDED))
        event = CaseRegistered(
            case_id=f"c-{draw.getrandbits(80):020x}", case_version=1, case_no=f"JX-{at // 86_400_000}-{n % 2880:04d}",
            desk=of.desk_of(territory), source=draw.choice(("12345", "web", "patrol")), source_id=f"S{10_000_000 + n}",
            kind="complaint", title=f"{place}{matter}", description=f"{said}。店名{_shop(draw)}，单号{n:07d}",
            address=f"{place}{draw.randrange(1, 2000)}号{draw.randrange(1, 40)}幢",
            lon=120.5 + draw.random() / 2, lat=30.5 + draw.random() / 3, datum="wgs84", given_lon=None, given_lat=None,
            territory=territory, near=(), item=item, domain=item.split("-")[0], nature="", weight=1, limit="",
            priority=priority, received_at=at, filed_at=at, dispatch_due=0, channel="phone",
            attachments=(), reporter_ref="", caller_tag="",
        )  # fmt: skip
        due = at + draw.randrange(3_600_000, 40 * 3_600_000)
        squad = draw.choice(squads)
        changed = {
            "status": status
            if is_open
            else draw.choice((Status.CLOSED, Status.CLOSED, Status.CLOSED, Status.CANCELLED)),
            "terms": (Term(name="dispose", limit="1", started_at=at, warn_at=due - 1_800_000, due_at=due),),
            "squad": squad,
            "assignment": Assignment(id="a", attempt=1, squad=squad) if is_open else None,
        }
        yield changed, event.desk, event


def fill(path: Path, of: City, number: int) -> float:
    """An archive with so many cases, by the writer's own code; seconds."""
    begun = time.monotonic()
    store, phones, tags = Store(path), Phones(sqlite.of_archive(path), MASTER), Tags(MASTER)
    sqlite.bulk(store.db)
    sqlite.bulk(phones.db)
    made = []
    for changed, desk, event in cases(of, number):
        made.append((event.case_id, event.source_id))
        cause = Cause(type="Letter")
        record = Record(
            prev="", epoch=0, inbox_offset=0, at=event.filed_at, desk=desk, seq=1, cause=cause, rules="", city="v",
            posted_through=0, events=[event],
        )  # fmt: skip
        store.take(0, len(made), record)
        held = store.held(event.case_id)
        assert held
        store.put(held._replace(case=replace(held.case, **changed)))
        if len(made) % BATCH == 0:
            store.commit({0: Position(len(made), "0" * 64)})
    store.commit({0: Position(len(made), "0" * 64)})
    phones.db.execute("BEGIN")
    told = [*made[:SMALL], *made[SMALL::4]]  # most reports come without a number
    rows = sorted((tag, case, "k") for case, number in told for tag in tags.all(f"139{number[1:]}"))
    phones.db.executemany("INSERT INTO phones VALUES (?, ?, ?)", rows)
    phones.db.execute("COMMIT")
    left = sqlite.tidy(store.db, begin=True)
    while left:
        left = sqlite.tidy(store.db, begin=False)
    for db in (store.db, phones.db):
        sqlite.settle(db)
        db.close()
    return time.monotonic() - begun


def questions(of: City) -> list[Asked]:
    """Every filter at least once, alone and together, by who sees all and by who sees a desk, a town, a unit."""
    draw = random.Random(3)
    found = [(e, desk) for _, desk, e in cases(of, SMALL)]
    everything, asked = Scope(), []

    def few(what: str, scope: Scope = everything, **given: object) -> None:
        asked.append(Asked(what, Query(**given), scope, selective=True))  # type: ignore[arg-type]

    def many(what: str, scope: Scope = everything, by: str = "", **given: object) -> None:
        asked.append(Asked(what, Query(**given), scope, selective=False, by=by))  # type: ignore[arg-type]

    for number, (event, desk) in enumerate(draw.sample(found, 25)):
        own, town = Scope(frozenset({desk})), Scope(territory=event.territory)
        few("id", own, id=event.case_id)
        few("case number", own, q=event.case_no)
        few("source's number", source_id=event.source_id, source=event.source)
        few("phone, 8 digits", phone=event.source_id[1:])
        few("a rare word", q=event.description[-14:-10])
        many("seven digits somewhere", q=event.description[-7:])
        few("an hour", town, from_=event.filed_at - 1_800_000, to=event.filed_at + 1_800_000)
        few(
            "an hour and a word",
            own,
            q=event.title[:2],
            from_=event.filed_at - 1_800_000,
            to=event.filed_at + 1_800_000,
        )
        few("open, territory, late", own, territory=event.territory, deadline="overdue", sort="due_at", order="asc")
        few("open, item, by priority", town, item=event.item, open=True, sort="priority", order="asc")
        many("phone, 4 digits", phone=event.source_id[-4:])
        many("an address", address=event.address)
        many("territory and item", own, territory=event.territory, item=event.item)
        many("item and status, by limit", item=event.item, status="cancelled", sort="due_at", order="asc")
        many("a common word", q=event.title[-4:])
        many("a word of two characters", own, q=event.title[-4:-2])
        many("one character", q=event.title[-1])
        many("two common words, town", town, q=f"{event.title[:3]} {event.title[-2:]}")
        many("a common word, territory, cancelled", q="居民正常", territory=event.territory, status="cancelled")
        many("a common word, by limit", q=event.title[-4:], sort="due_at", order="asc")
        many("a common word, cancelled, by priority", q="反映", status="cancelled", sort="priority", order="asc")
        many("a word that no open case lacks, late", q="反映", deadline="overdue")
        many("a word that every case has, a desk, by priority", own, q="店名", sort="priority", order="asc")
        many("one character of an address, a desk, by limit", own, address="号", sort="due_at", order="asc")
        many("everything of a desk", own)
        many("everything", sort="due_at", order="asc")
        many("closed, not this month", own, open=False, to=NOW - 30 * DAY)
        many("count by status", by="status")
        many("count by squad of a desk", own, by="squad")
        many("count by item, a word", q=event.title[-4:], by="item")
        many("count by territory, closed", open=False, by="territory")
        if number < 8:
            asked += unlucky(min(i.id for i in of.pack.items), event, own)
    return asked


def unlucky(of_last: str, event: CaseRegistered, own: Scope) -> list[Asked]:
    """What is common, but not where it is looked for first; or common in all but what is asked beside it. `of_last`:
    the item whose cases have the last priority."""
    half = NOW - LARGE // 2 * EVERY
    middle, all_of_it = sqlite.numbers_from(half), Scope()
    by_limit, latest = Query(sort="due_at", order="asc"), Query(sort="due_at", order="desc")
    first, last = Query(sort="priority", order="asc"), Query(sort="priority", order="desc")
    inside = Cursor("priority", "desc", 3, middle), Cursor("due_at", "desc", half, middle)
    month = NOW - 30 * DAY
    asked = [
        ("a word that every case has, by limit", replace(by_limit, q="店名"), all_of_it),
        ("a word that every case has, latest limit first", replace(latest, q="店名"), all_of_it),
        ("a word that every case has, last priority first", replace(last, q="店名"), all_of_it),
        ("a word that every case has, by priority, deep inside", replace(last, q="店名", cursor=inside[0]), all_of_it),
        ("a word that every case has, a desk, deep inside", replace(latest, q="店名", cursor=inside[1]), own),
        ("everything, latest limit first", latest, all_of_it),
        ("everything of a desk, last priority first", last, own),
        ("one character, last priority first", replace(last, q=event.title[-1]), all_of_it),
        ("a word of the older half, latest limit first", replace(latest, q="旧系统"), all_of_it),
        ("a word of the older half, a desk, latest limit first", replace(latest, q="旧系统转"), own),
        ("a word of the older half, last priority first", replace(last, q="旧系统"), all_of_it),
        ("a word of one priority, last priority first", replace(last, q="加急"), all_of_it),
        ("a word of one priority, by limit", replace(by_limit, q="加急件"), all_of_it),
        ("an item of one priority and a word, by priority", replace(first, q="店名", item=of_last), all_of_it),
        ("the latest month and a word, by limit", replace(by_limit, q="反映", from_=month), all_of_it),
        ("the older half and a word, latest limit first", replace(latest, q="反映", to=half), all_of_it),
        ("a territory's item and a word", Query(q="店名", territory=event.territory, item=event.item), all_of_it),
    ]
    counted = Asked(
        "count by item, a desk, a word that every case has", Query(q="店名"), own, selective=False, by="item"
    )
    return [*(Asked(*one, selective=False) for one in asked), counted]


def ask(archives: list[Archive], asked: list[Asked]) -> list[dict[str, list[float]]]:
    """Milliseconds of each question at each archive, by what it is: the best of three, asked in turn, so that what
    else the machine does meets both alike."""
    took: list[dict[str, list[float]]] = [{} for _ in archives]
    for one in asked:
        best = [float("inf")] * len(archives)
        for _ in range(3):
            for n, archive in enumerate(archives):
                begun = time.perf_counter()
                if one.by:
                    archive.count(one.query, one.scope, one.by, NOW)  # type: ignore[arg-type]
                else:
                    archive.find(one.query, one.scope, NOW)
                best[n] = min(best[n], (time.perf_counter() - begun) * 1000)
        for n, ms in enumerate(best):
            took[n].setdefault(one.what, []).append(ms)
    return took


async def bench(data: Path) -> list[Row]:
    """Two archives, the same questions."""
    of, folder = city(), Path(os.environ.get("ARCHIVE_KEEP", data))
    small, large = folder / "small" / "archive.sqlite", folder / "large" / "archive.sqlite"
    rows = []
    for path, number in ((small, SMALL), (large, LARGE)):
        if not path.exists():
            seconds = fill(path, of, number)
            rows.append(Row("archive", f"writing {number:,} cases", number / seconds, "cases/s"))
        rows.append(Row("archive", f"file of {number:,} cases", path.stat().st_size / 1e6, "MB"))
    asked = questions(of)
    at_small, at_large = ask([Archive(small, Tags(MASTER)), Archive(large, Tags(MASTER))], asked)
    selective = {one.what for one in asked if one.selective}
    for what, took in at_large.items():
        floor = f"at {SMALL:,}" if what in selective else ""
        ratio = _p95(took) / _p95(at_small[what]) if floor else None
        rows.append(Row("archive", f"p95, {what}", _p95(took), "ms", 300, floor=floor, ratio=ratio))
    few = [[ms for what in selective for ms in took[what]] for took in (at_small, at_large)]
    rows.append(
        Row("archive", "p95 of all selective ones: times that at 10,000", _p95(few[1]) / _p95(few[0]), "x", 1.2)
    )
    longest, what = max((max(took), what) for what, took in at_large.items())
    rows.append(Row("archive", f"the longest of all {len(asked)} at {LARGE:,}: {what}", longest, "ms", 300))
    return rows


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]
