"""The archive: folded from the logs of all desks, killed and rebuilt, searched, and without any reporter in it."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from dispatchers import messages as m
from dispatchers.case import Case
from dispatchers.events import CASE_EVENTS, CaseEvent, CaseRegistered, CaseTaken, CaseUpdated
from dispatchers.explain import Told, explain, in_order
from dispatchers.ids import case_id
from dispatchers.record import Cause, Record, decode_record, encode_record
from streams import reporters, settings
from streams.archive import follow, sqlite, ways
from streams.archive.phones import Phones, Tags
from streams.archive.plan import predicate
from streams.archive.query import MOST, Cursor, Order, QueryError, Sort
from streams.archive.search import Archive, ArchiveMissingError, Query, Scope, parse
from streams.archive.store import Store
from streams.kafka_io import producer
from streams.local import EmbeddedKafka
from streams.reader import Position
from streams.vault import Vault, load_or_create
from streams.wire import file, read
from tests.support_kafka import Child, broker
from tests.support_log import MONDAY, PHONE, SMALL, folded, logs, small, with_void

ALL = Scope()
NOW = MONDAY + 3_600_000
PLACES = {desk: small().desks[desk].partition for desk in small().desks}


# -- helpers -----------------------------------------------------------------------------------------------------------


def filled(path: Path, order: random.Random | None = None) -> Store:
    """All logs in an archive; with `order` they come mixed, each log in its own order, in batches of any size."""
    store = Store(path)
    left = {desk: list(enumerate(raws)) for desk, raws in logs().items()}
    read: dict[int, Position] = {}
    while left:
        desk = order.choice(sorted(left)) if order else next(iter(left))
        for _ in range(min(len(left[desk]), order.randrange(1, 60) if order else 10_000)):
            offset, raw = left[desk].pop(0)
            store.take(PLACES[desk], offset, decode_record(raw))
            read[PLACES[desk]] = Position(offset, "0" * 64)
        if not left[desk]:
            del left[desk]
        if order is None or order.random() < 0.3 or not left:
            store.commit(read)
            read = {}
    return store


def content(path: Path) -> dict[str, list[Any]]:
    """All that is in an archive, without the numbers that follow from the order of coming."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("INSERT INTO long_words (long_words, rank) VALUES ('integrity-check', 1)")
        return _content(db)


def _content(db: sqlite3.Connection) -> dict[str, list[Any]]:
    names = dict(db.execute("SELECT code, name FROM names"))
    columns = ", ".join(f"c.{c}" for c in sqlite.COLUMNS)
    cases = db.execute(
        f"SELECT {columns}, c.priority, c.open, c.due_at, c.warn_at, c.cell, c.registered_at,"
        " b.id, b.no, b.source_id, b.version, b.desk, b.body, b.address, b.told, b.whole"
        " FROM cases c JOIN bodies b ON b.n = c.n"
    ).fetchall()
    assert len(cases) == db.execute("SELECT count(*) FROM cases").fetchone()[0]
    assert len(cases) == db.execute("SELECT count(*) FROM long_words").fetchone()[0]
    story = "SELECT case_id, version, moves, partition, offset, nth, at, desk, city, event FROM story"
    return {
        "cases": sorted([*(names[code] for code in row[:8]), *row[8:]] for row in cases),
        "story": sorted([*row[:7], names[row[7]], names[row[8]], row[9]] for row in db.execute(story)),
        "units": sorted((names[u], i) for u, i in db.execute("SELECT unit, id FROM of_unit JOIN bodies USING (n)")),
        "ended": sorted(
            (case, names[desk], at, until, names[squad], names[place], facts)
            for case, desk, at, until, squad, place, facts in db.execute(
                "SELECT case_id, desk, at, until, squad, territory, facts FROM ended JOIN outcomes ON code = outcome"
            )
        ),
        "parked": db.execute("SELECT * FROM parked").fetchall(),
    }


def registered(case: str, version: int = 1, **more: Any) -> CaseRegistered:
    values: dict[str, Any] = {
        "case_id": case, "case_version": version, "case_no": "JIA-20260713-0001", "desk": "jia", "source": "web",
        "source_id": case, "kind": "complaint", "title": "占道经营", "description": "", "address": "", "lon": None,
        "lat": None, "datum": "", "given_lon": None, "given_lat": None, "territory": "990101", "near": (),
        "item": "stall", "domain": "", "nature": "", "priority": 3, "weight": 1, "received_at": MONDAY,
        "filed_at": MONDAY, "dispatch_due": 0, "limit": "", "channel": "", "attachments": (), "reporter_ref": "",
        "caller_tag": "",
    }  # fmt: skip
    return CaseRegistered(**{**values, **more})


def told(store: Store, *events: CaseEvent, desk: str = "jia", at: int = MONDAY) -> None:
    """One record with these events, committed."""
    offset = store.positions().get(PLACES[desk], Position()).offset + 1
    record = Record(
        prev="", epoch=0, inbox_offset=0, at=at, desk=desk, seq=1, cause=Cause(type="Letter"), rules="", city="v",
        posted_through=0, events=list(events),
    )  # fmt: skip
    store.take(PLACES[desk], offset, record)
    store.commit({PLACES[desk]: Position(offset, "0" * 64)})


def asked(archive: Archive, scope: Scope = ALL, **given: str) -> list[str]:
    """The ids that a request finds."""
    page = archive.find(parse({"limit": str(MOST), **given}, NOW), scope, NOW)
    assert page.total == len(page.cases)
    return [row.id for row in page.cases]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "archive.sqlite"
    filled(path).close()
    return path


# -- folding -----------------------------------------------------------------------------------------------------------


def test_open_cases_are_those_of_the_desks_and_ended_ones_are_kept(whole: Path) -> None:
    """Every case that a desk holds is there as the desk has it; the others as they ended."""
    archive, held = Archive(whole), dict[str, tuple[str, Case]]()
    for desk, raws in logs().items():
        held |= {case.id: (desk, case) for case in folded(desk, raws).state.cases.values()}
    found = list(archive.rows(Query(), ALL, NOW))
    assert len(held) < len(found)
    for row in found:
        kept = archive.case(row.id, ALL)
        assert kept
        assert row.open == kept.open == (row.id in held)
        if row.open:
            desk, case = held[row.id]
            assert (kept.desk, kept.case) == (desk, replace(case, reporter_ref="sealed", caller_tag=""))
            assert kept.reporter
        else:
            assert row.status in ("closed", "cancelled", "transferred")
            assert row.deadline == ""


@pytest.mark.parametrize("seed", range(6))
def test_logs_may_come_in_any_order(whole: Path, tmp_path: Path, seed: int) -> None:
    """However the logs of the desks are mixed and cut into batches, the archive is the same, with nothing parked."""
    handed = [e for raws in logs().values() for raw in raws for e in decode_record(raw).events if type(e) is CaseTaken]
    assert len(handed) > 3
    filled(tmp_path / "a.sqlite", random.Random(seed)).close()
    mixed = content(tmp_path / "a.sqlite")
    assert content(whole) == mixed
    assert mixed["parked"] == []


def test_what_comes_before_its_time_is_parked_also_over_a_restart(tmp_path: Path) -> None:
    """Version 3 waits in the file until 2 is there; its story has it at once."""
    path = tmp_path / "a.sqlite"
    more = [CaseUpdated(case_id="c-1", case_version=v, title=f"{v}", description=f"{v}", address="") for v in (2, 3)]
    store = Store(path)
    told(store, registered("c-1"))
    told(store, more[1], desk="yi")
    store.close()
    kept = Archive(path).case("c-1", ALL)
    assert kept
    assert (kept.version, [line.event.case_version for line in Archive(path).story("c-1")]) == (1, [1, 3])  # type: ignore[union-attr]
    store = Store(path)
    told(store, more[0])
    store.close()
    kept = Archive(path).case("c-1", ALL)
    assert kept
    assert (kept.version, kept.case.title, kept.matter.description, kept.desk) == (3, "3", "2\n\n3", "yi")
    assert content(path)["parked"] == []


def test_a_story_is_told_as_the_log_tells_it(whole: Path) -> None:
    """`why` says the same from the archive and from the logs, for every case."""
    records = [(r, e) for raws in logs().values() for r in map(decode_record, raws) for e in r.events]
    archive = Archive(whole)
    for row in archive.find(Query(limit=MOST), ALL, NOW).cases:
        course = in_order(Told(r.at, r.desk, e, small()) for r, e in records if getattr(e, "case_id", "") == row.id)
        kept = [Told(line.at, line.desk, line.event, small()) for line in archive.story(row.id)]
        assert [(t.at, t.desk, type(t.event)) for t in course] == [(t.at, t.desk, type(t.event)) for t in kept]
        assert explain(course, NOW) == explain(kept, NOW)
        assert {line.city for line in archive.story(row.id)} == {small().version}
        moved = [line.event.case_version for line in archive.story(row.id) if type(line.event) in CASE_EVENTS]  # type: ignore[union-attr]
        assert moved == list(range(1, row.version + 1))


def test_nothing_of_a_reporter_is_in_the_file(whole: Path) -> None:
    """Neither the reference nor the tag that the log has, not even that two cases are of one caller."""
    assert any(PHONE.encode() in raw for raws in logs().values() for raw in raws)
    assert PHONE.encode() not in b"".join(p.read_bytes() for p in whole.parent.iterdir())


def test_a_case_that_is_registered_again_after_its_end_begins_anew(whole: Path, tmp_path: Path) -> None:
    """The source sent its number again when intake had forgotten it: one case, as it is now."""
    path = tmp_path / "a.sqlite"
    store = filled(path)
    done = asked(Archive(path), status="closed")[0]
    told(store, registered(done, title="又来了"), at=NOW)
    store.close()
    archive = Archive(path)
    assert asked(archive, q="又来了") == asked(archive, id=done) == [done]
    kept = archive.case(done, ALL)
    assert kept
    assert kept.open
    assert len(content(path)["cases"]) == len(content(whole)["cases"])


# -- searching ---------------------------------------------------------------------------------------------------------


def test_words_are_found_whatever_their_length_and_wherever_they_stand(tmp_path: Path) -> None:
    """One, two, three characters, Chinese, Latin, digits, full-width, at a text's begin and end, with signs in them."""
    store = Store(tmp_path / "a.sqlite")
    told(
        store,
        registered("c-1", title="占道经营", description="Noise at night; 100%", address="中山路３８号"),
        registered("c-2", title="油烟", description='他说"滚"；a*b', address="中山东路8号", source_id="SRC-42"),
        registered("c-3", title="𠮷野家门口积水", description="ＡＢＣ\x00d", address="e\u0301tang"),
    )
    archive = Archive(tmp_path / "a.sqlite")
    store.close()
    expect = {
        "占": ["c-1"], "营": ["c-1"], "占道": ["c-1"], "道经": ["c-1"], "经营": ["c-1"], "占道经营": ["c-1"],
        "油烟": ["c-2"], "烟": ["c-2"], "烟油": [], "占经": [], "38": ["c-1"], "38号": ["c-1"], "８": ["c-1", "c-2"],
        "noise": ["c-1"], "NIGHT": ["c-1"], "%": ["c-1"], '"': ["c-2"], '"滚"': ["c-2"], "a*": ["c-2"], "a*b": ["c-2"],
        "𠮷": ["c-3"], "𠮷野": ["c-3"], "𠮷野家": ["c-3"], "abc": ["c-3"], "ab": ["c-3"], "d": ["c-3"],
        "étang": ["c-3"], "ét": ["c-3"], "中山 油": ["c-2"], "中山 经营 noi": ["c-1"], "中山 积": [],
        "src-42": ["c-2"], "c-3": ["c-3"],
        "OR": [], "NEAR(": [], "body:占": [], "  ": ["c-1", "c-2", "c-3"],
    }  # fmt: skip
    for words, ids in expect.items():
        assert ids == sorted(asked(archive, q=words)), words
    for words, ids in {
        "山": ["c-1", "c-2"],
        "山路": ["c-1"],
        "中山路3": ["c-1"],
        "油烟": [],
        "号": ["c-1", "c-2"],
    }.items():
        assert ids == sorted(asked(archive, address=words)), words


def test_a_changed_text_is_found_as_it_is_now(tmp_path: Path) -> None:
    """What the source took back is found no more; what it added is."""
    store = Store(tmp_path / "a.sqlite")
    told(store, registered("c-1", title="占道", address="东街"))
    told(store, CaseUpdated(case_id="c-1", case_version=2, title="油烟扰民", description="每晚", address="西街"))
    archive = Archive(tmp_path / "a.sqlite")
    found = {words: asked(archive, q=words) for words in ("占道", "占", "东街", "油烟", "油烟扰", "每晚", "西街")}
    assert found == {
        "占道": [],
        "占": [],
        "东街": [],
        "油烟": ["c-1"],
        "油烟扰": ["c-1"],
        "每晚": ["c-1"],
        "西街": ["c-1"],
    }
    content(tmp_path / "a.sqlite")
    store.close()


def test_deadlines_turn_at_their_instants(tmp_path: Path) -> None:
    """Late after the limit, not at it; a warning at its instant, not before: as a row of the board says it."""
    store = Store(tmp_path / "a.sqlite")
    told(store, registered("c-1", due_at=NOW))  # of a log of before 2026.11.2: yellow and red are one instant
    archive = Archive(tmp_path / "a.sqlite")
    for at, state in ((NOW - 1, "in_time"), (NOW, "warn"), (NOW + 1, "overdue")):
        for asked_for in ("in_time", "warn", "overdue", "paused"):
            page = archive.find(Query(deadline=asked_for), ALL, at)  # type: ignore[arg-type]
            assert [row.deadline for row in page.cases] == [state] * (asked_for == state)
    store.close()


def test_what_one_may_not_see_is_not_there(whole: Path) -> None:
    """A case of another desk, town or unit answers as one that never was, and is in no count."""
    archive = Archive(whole)
    rows = archive.find(Query(limit=MOST), ALL, NOW).cases
    row = next(r for r in rows if r.desk == "jia" and r.territory == "990101")
    for scope in (Scope(frozenset({"yi"})), Scope(frozenset()), Scope(territory="990102"), Scope(unit="DI-works")):
        assert archive.case(row.id, scope) is None
        assert archive.case("c-none", scope) is None
        assert asked(archive, scope, id=row.id) == asked(archive, scope, id="c-none") == []
        assert row.id not in {r.id for r in archive.rows(Query(), scope, NOW)}
    assert archive.case(row.id, Scope(frozenset({"jia"}), territory="990101"))
    desks = archive.count(Query(), Scope(frozenset({"jia", "yi"})), "desk", NOW).by
    assert desks.keys() == {"jia", "yi"}


def test_like_cases_are_suggested(tmp_path: Path) -> None:
    """Near, of like words, of the same matter comes first; what is far away or closed does not come at all."""
    store = Store(tmp_path / "a.sqlite")
    told(
        store,
        registered("c-here", title="占道经营烧烤", lon=120.05, lat=30.1),
        registered("c-next", title="烧烤摊占道", lon=120.052, lat=30.1, item="other"),
        registered("c-far", title="占道经营烧烤", lon=120.2, lat=30.1),
        registered("c-none", title="占道经营烧烤"),
        registered("c-else", title="路灯不亮", territory="990202", item="lamp"),
    )
    archive = Archive(tmp_path / "a.sqlite")
    store.close()
    like = {"title": "占道烧烤", "lon": 120.0501, "lat": 30.1, "territory": "990101", "item": "stall"}
    found = archive.similar(ALL, NOW, **like)  # type: ignore[arg-type]
    assert [one.row.id for one in found] == ["c-here", "c-none", "c-next"]
    assert (found[0].metres, found[1].metres) == (10, None)
    assert archive.similar(Scope(frozenset({"yi"})), NOW, **like) == []  # type: ignore[arg-type]
    assert archive.similar(ALL, NOW, title="完全不同") == archive.similar(ALL, NOW) == []


@pytest.mark.parametrize("sort", ["due_at", "priority"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_a_page_is_read_from_an_index_in_its_order(whole: Path, sort: Sort, order: Order) -> None:
    """Whatever is asked, nothing is sorted and no row is looked up: so it may be read to its end."""
    names = dict.fromkeys((*sqlite.COLUMNS, "id"), "x")
    filters: dict[str, Any] = {**names, "open": True, "deadline": "warn", "from_": MONDAY, "to": NOW}
    filters |= {"closed_from": MONDAY, "closed_to": NOW}
    query = Query(**filters, sort=sort, order=order, cursor=Cursor(sort, order, 0, 0))
    with closing(sqlite.reading(whole)) as db:
        asked = predicate(db, query, Scope(frozenset({"jia"}), "990101", "DI-works"), NOW, None)
        given = {**asked.given, "key": 0, "number": 0, "limit": 1}
        steps = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {ways.along(asked, query)}", given)]
    assert steps[0].startswith(f"SEARCH c USING COVERING INDEX by_{sort}")
    assert not any("TEMP B-TREE" in step for step in steps)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"statsu": "closed"}, "statsu"),
        ({"status": "clsoed"}, "status"),
        ({"open": "yes"}, "open"),
        ({"limit": "201"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"limit": "²"}, "limit"),
        ({"phone": "123"}, "phone"),
        ({"phone": "123456789012"}, "phone"),
        ({"phone": "12a4"}, "phone"),
        ({"from": "2026-07-13"}, "from"),
        ({"from": "20", "to": "10"}, "to"),
        ({"from": str(NOW + 1)}, "from"),
        ({"to": "9" * 30}, "to"),
        ({"closed_from": "20", "closed_to": "20"}, "closed_to"),
        ({"closed_from": str(NOW + 1)}, "closed_from"),
        ({"closed_to": "gestern"}, "closed_to"),
        ({"sort": "title"}, "sort"),
        ({"order": "up"}, "order"),
        ({"deadline": "late"}, "deadline"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "WyJwcmlvcml0eSIsImFzYyIsMSwxXQ"}, "cursor"),
        ({"q": "长" * 201}, "q"),
        ({"q": "a " * 11}, "q"),
        ({"q": "\udc80"}, "q"),
    ],
)
def test_who_asks_wrongly_is_told_what_would_be_right(given: dict[str, str], where: str) -> None:
    """The parameter is named, and both languages have a text."""
    with pytest.raises(QueryError) as caught:
        parse(given, NOW)
    assert caught.value.where == where
    assert all(caught.value.text[lang] for lang in ("zh", "en"))


# -- the file ----------------------------------------------------------------------------------------------------------


def test_readers_say_that_there_is_none_and_find_the_one_that_comes(tmp_path: Path) -> None:
    """An archive that is missing is told; one that is built anew is read anew, by the same reader."""
    path = tmp_path / "a.sqlite"
    archive = Archive(path)
    with pytest.raises(ArchiveMissingError):
        archive.position()
    filled(path).close()
    assert archive.position() == {PLACES[desk]: len(raws) - 1 for desk, raws in logs().items()}
    sqlite.remove(path)
    Store(path).close()
    assert archive.position() == {}
    with pytest.raises(ArchiveMissingError):
        archive.find(parse({"phone": "1234"}, NOW), ALL, NOW)


def test_tidying_ends_and_changes_nothing(whole: Path, tmp_path: Path) -> None:
    """The text indexes are merged step by step, and find what they found."""
    store = filled(tmp_path / "a.sqlite", random.Random(1))
    steps, left = 1, sqlite.tidy(store.db, begin=True)
    while left and steps < 100:
        steps, left = steps + 1, sqlite.tidy(store.db, begin=False)
    store.close()
    assert not left
    assert content(tmp_path / "a.sqlite") == content(whole)
    for words in ("件", "3件", "第11件"):
        assert sorted(asked(Archive(whole), q=words)) == sorted(asked(Archive(tmp_path / "a.sqlite"), q=words))


def test_what_was_not_committed_is_not_there(tmp_path: Path) -> None:
    """A writer that ends between two commits leaves rows and position as they were."""
    path = tmp_path / "a.sqlite"
    filled(path).close()
    before = content(path)
    store = Store(path)
    store.take(0, 1_000_000, decode_record(logs()["jia"][0]))
    with pytest.raises(sqlite3.IntegrityError):
        store.commit({0: Position(1_000_000, None)})  # type: ignore[arg-type]
    store.close()
    assert content(path) == before


# -- on a broker -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A broker with all logs in it, a zombie's records among them."""
    with broker(tmp_path_factory.mktemp("kafka")) as server:
        asyncio.run(_append(server.address))
        yield server


async def _append(address: str) -> None:
    async with producer(address) as sender:
        for desk, raws in logs().items():
            sent = [await sender.send("desk-log", raw, partition=PLACES[desk]) for raw in with_void(raws)]
            await asyncio.gather(*sent)


def settings_of(kafka: EmbeddedKafka, data: Path) -> settings.Settings:
    return settings.read(kafka=kafka.address, data=data, city=SMALL)


@asynccontextmanager
async def running(given: settings.Settings) -> AsyncIterator[Archive]:
    """The whole process, in this one."""
    end = asyncio.Event()
    task = asyncio.create_task(follow.archive(given, end))
    tags = Tags(load_or_create(given.master_key))
    try:
        yield Archive(given.data / follow.FILE, tags)
    finally:
        end.set()
        await task


async def until(question: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while True:
            with suppress(ArchiveMissingError):
                if question():
                    return
            await asyncio.sleep(0.05)


def ends(archive: Archive) -> bool:
    """Whether everything was read: the last valid record of each log, behind which void ones lie."""
    last = {PLACES[desk]: _last(with_void(raws), raws[-1]) for desk, raws in logs().items()}
    return last.items() <= archive.position().items()


def _last(mixed: list[bytes], raw: bytes) -> int:
    return mixed.index(raw)


async def test_it_survives_being_killed_at_any_moment(kafka: EmbeddedKafka, whole: Path, tmp_path: Path) -> None:
    """Killed again and again in the middle of it, the archive is what reading the logs in one go makes."""
    code = (
        f"import time\nfrom streams import settings\nfrom streams.archive import follow, store\nfollow.BATCH = 25\n"
        "commit = store.Store.commit\n"
        "def slow(self, positions):\n    time.sleep(0.02)\n    commit(self, positions)\n    time.sleep(0.02)\n"
        "store.Store.commit = slow\n"
        f"follow.run(settings.read(kafka={kafka.address!r}, data={str(tmp_path)!r}, city={str(SMALL)!r}))"
    )
    child, archive = Child("archive", code, tmp_path / "log"), Archive(tmp_path / follow.FILE)
    draw, stood = random.Random(5), [-1]
    for _ in range(4):
        child.start()
        await until(lambda: sum(archive.position().values()) > stood[-1] or not child.alive)
        assert child.alive, child.said()
        await asyncio.sleep(draw.random() * 0.3)
        child.kill()
        stood.append(sum(archive.position().values()))
        assert not ends(archive)
    child.start()
    await until(lambda: ends(archive))
    await child.stop()
    assert child.ended[-1] == 0, child.said()
    assert without_places(content(tmp_path / follow.FILE)) == without_places(content(whole))
    assert stood == sorted(stood)


def without_places(of: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Without offsets: the broker's logs have a zombie's records in them."""
    return {**of, "story": sorted([*row[:4], *row[5:]] for row in of["story"])}


async def test_a_file_of_another_shape_or_another_log_is_built_anew(
    kafka: EmbeddedKafka, whole: Path, tmp_path: Path
) -> None:
    """What cannot be continued is thrown away, and the readers that had it open go on with the new one."""
    path = tmp_path / follow.FILE
    strange: list[Callable[[sqlite3.Connection], object]] = [
        lambda db: db.execute("PRAGMA user_version = 77"),
        lambda db: db.execute("UPDATE position SET hash = ? WHERE partition = 1", ("f" * 64,)),
        lambda db: db.execute("UPDATE position SET offset = 1000000 WHERE partition = 1"),
    ]
    async with running(settings_of(kafka, tmp_path)) as archive:
        await until(lambda: ends(archive))
        with pytest.raises(follow.AlreadyRunningError):
            await follow.archive(settings_of(kafka, tmp_path), asyncio.Event())
    for change in strange:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("UPDATE cases SET priority = 9")  # would stay if it were only continued
            change(db)
        before = path.stat().st_ino
        async with running(settings_of(kafka, tmp_path)):
            await until(lambda: _another(path, before) and ends(archive))  # noqa: B023 - waited for at once
        assert without_places(content(path)) == without_places(content(whole))
    sqlite.remove(path)
    path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(ArchiveMissingError):
        archive.position()
    async with running(settings_of(kafka, tmp_path)):
        await until(lambda: ends(archive))


def _another(path: Path, before: int) -> bool:
    return path.exists() and path.stat().st_ino != before


# -- phones ------------------------------------------------------------------------------------------------------------

DIGITS = "13957364219"


async def keep(address: str, vault: Vault, source_id: str, phone: str) -> str:
    """A reporter in the vault, as intake puts it there; the case's id."""
    value = {
        "source": "web", "source_id": source_id, "kind": "complaint", "received_at": "2026-07-13T08:00:00+08:00",
        "reporter": {"name": "甲某", "phone": phone},
    }  # fmt: skip
    wire = read("complaints", msgspec.json.encode(value), MONDAY, vault)
    assert isinstance(wire, m.WireComplaint)
    async with producer(address) as sender:
        await reporters.keep(sender, vault, file("complaints", wire, lambda _: m.Place(), vault))
    return case_id("complaints", "web", source_id)


async def register(address: str, partition: int, *cases: str) -> None:
    """The cases in a log of their own."""
    record = Record(
        prev="0" * 64, epoch=0, inbox_offset=0, at=MONDAY, desk="x", seq=1, cause=Cause(type="Letter"), rules="",
        city="v", posted_through=-1, events=[registered(case, source_id=str(n)) for n, case in enumerate(cases)],
    )  # fmt: skip
    async with producer(address) as sender:
        await sender.send_and_wait("desk-log", encode_record(record), partition=partition)


def everything_in(data: Path) -> bytes:
    return b"".join(p.read_bytes() for p in sorted(data.glob("*.sqlite*")))


async def test_a_suffix_finds_its_cases_until_they_are_forgotten(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    """4 to 11 last digits find; a tombstone ends it at once, in the bytes too; no digits are ever in them."""
    given = settings.read(kafka=kafka.address, data=tmp_path, city=SMALL)
    vault = Vault(load_or_create(given.master_key))
    tags = Tags(load_or_create(given.master_key)).all(DIGITS)
    one = await keep(kafka.address, vault, "1", "+86 139-5736-4219")
    other = await keep(kafka.address, vault, "2", "13800004219")
    await keep(kafka.address, vault, "1", "+86 139-5736-4219")  # a second try after a crash
    await register(kafka.address, 30, one, other)
    async with running(given) as archive:
        await until(lambda: sorted(asked(archive, phone="4219")) == sorted([one, other]))
        for length in range(5, 12):
            assert asked(archive, phone=DIGITS[-length:]) == [one]
        assert asked(archive, phone="4218") == asked(archive, Scope(frozenset({"yi"})), phone="4219") == []
        before = everything_in(tmp_path)
        assert all(tag in before for tag in tags)
        keys = {ref: None async for ref in _keys(kafka.address, one)}
        async with producer(kafka.address) as sender:
            for ref in keys:
                partition = reporters._partition(reporters.KEYS, one)
                await sender.send_and_wait(reporters.KEYS, None, ref, partition)
        await until(lambda: asked(archive, phone="4219") == [other])
        assert asked(archive, phone=DIGITS) == []
        after = everything_in(tmp_path)
    async with running(given) as archive:  # and after a restart
        await until(lambda: asked(archive, phone="4219") == [other])
    ours = set(Tags(load_or_create(given.master_key)).all("13800004219"))
    assert [tag in after for tag in tags] == [tag in ours for tag in tags]
    for found in (before, after, everything_in(tmp_path)):
        assert not any(DIGITS[-n:].encode() in found for n in range(6, 12))


async def _keys(address: str, case: str) -> AsyncIterator[bytes]:
    from streams import scan

    async for record in scan.scan(address, reporters.KEYS):
        if record.key.startswith(case.encode()):
            yield record.key


def test_another_master_key_finds_nothing_and_a_file_left_alone_is_not_trusted(tmp_path: Path) -> None:
    """Marks are bound to the key; after a day away a tombstone may have been missed."""
    assert set(Tags(bytes(32)).all(DIGITS)).isdisjoint(Tags(b"x" * 32).all(DIGITS))
    assert Tags(bytes(32)).all("123") == []
    assert len(Tags(bytes(32)).all("0573-8200 1234")) == 8
    phones = Phones(tmp_path / "phones.sqlite", bytes(32))
    assert not phones.stale(NOW)
    phones.noted(NOW)
    assert not phones.stale(NOW + 3_600_000)
    assert phones.stale(NOW + 86_400_000)
    phones.close()
