"""Backup and restore: damage is named; and a city goes on in an empty cluster as if nothing had happened."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from kafka import KafkaAdminClient

from dispatchers.clock import text
from dispatchers.ids import case_id, inbox_key
from dispatchers.messages import Actor, Filed, Near, Place, UrgeCase
from dispatchers.record import Record, decode_record, letters
from dispatchers.writer import DESK, INTAKE
from streams import dead_letters, kafka_io, recovery, replay, reporters, scan, settings, topics
from streams.archive.follow import Follower
from streams.archive.store import Store
from streams.backup import export, files, restore
from streams.backup.files import BackupError, Entry, Manifest, Part, PhotoSet
from streams.cli import app
from streams.clock import Clock
from streams.gateway import accounts, devices
from streams.local import EmbeddedKafka
from streams.log import letter_bytes
from streams.photos import Photos
from streams.reporters import NothingKeptError
from streams.targets import Exporter
from streams.vault import KeyGoneError, Vault, load_or_create
from tests.support_kafka import MONDAY, Run, broker, lying, worker
from tests.support_log import SMALL, play, small
from tests.support_log import Record as Stored
from tests.support_photos import photo

LOGS = ("complaint-receipts", "event-receipts", "desk-log")
PARTITION = {desk.id: desk.partition for desk in small().pack.desks}
Files = dict[tuple[str, int], list[Entry]]


# -- files alone -------------------------------------------------------------------------------------------------------


@cache
def lived() -> Files:
    """The logs of a city in memory, and two messages that a desk has not decided."""
    memory = play(60, 7)
    logs = {("desk-log", PARTITION[desk]): log.records for desk, log in memory.desks.items()}
    logs |= {("complaint-receipts", p): log.records for (_, p), log in memory.intakes.items()}
    found = {place: [Entry(offset, 0, None, raw) for offset, raw in enumerate(raws)] for place, raws in logs.items()}
    begin = memory.desks["yi"].inbox
    found["desk-inbox", PARTITION["yi"]] = [Entry(begin + n, 0, b"yi", b"{}") for n in range(2)]
    found["reporter-keys", 3] = [Entry(17, 0, b"case/key", b"{}")]
    return found


def written(folder: Path, content: Files) -> Path:
    """A backup with this content, and with a photo."""
    parts = []
    for (topic, partition), entries in content.items():
        with files.PartWriter(folder, topic, partition) as out:
            for entry in entries:
                out.write(entry)
        file = folder / files.part_file(topic, partition)
        part = Part(
            topic=topic,
            partition=partition,
            first=entries[0].offset,
            end=entries[-1].offset + 1,
            records=len(entries),
            bytes=file.stat().st_size,
            sha256=files.file_hash(file),
            head=sha256(entries[-1].value or b"").hexdigest() if topic in LOGS else "",
        )
        parts.append(part)
    name, raw = photo(1000)
    (folder / "photos" / name[:2]).mkdir(parents=True)
    (folder / "photos" / name[:2] / name).write_bytes(raw)
    photos = files.photo_set(files.photo_files(folder / "photos"), [])
    files.write_manifest(
        folder, Manifest(format=files.FORMAT, made_at="then", rules="r", master_key="k", parts=parts, photos=photos)
    )
    return folder


def of(folder: Path, pattern: str) -> Path:
    return sorted(path for path in folder.glob(pattern) if path.is_file())[-1]


def flip(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


DAMAGED: list[tuple[str, Callable[[Path], None], str]] = [
    ("topics/desk-log/*", flip, r"topics/desk-log/3\.gz: was changed"),
    ("topics/desk-log/*", cut, r"topics/desk-log/3\.gz: has \d+ bytes, had \d+"),
    ("topics/desk-log/*", Path.unlink, r"topics/desk-log/3\.gz: is missing"),
    ("manifest.json", flip, r"manifest\.json: was changed"),
    ("manifest.json", Path.unlink, r"is no backup, or one that was broken off: no manifest\.json"),
    ("manifest.sha256", Path.unlink, r"is no backup, or one that was broken off: no manifest\.sha256"),
    ("photos/*/*", flip, r"photos: \w{64} is another one"),
    ("photos/*/*", Path.unlink, r"photos: 0 are here, 1 were written"),
]


@pytest.mark.parametrize(("pattern", "damage", "said"), DAMAGED, ids=[f"{d[1].__name__} {d[0]}" for d in DAMAGED])
def test_a_damaged_file_is_named(tmp_path: Path, pattern: str, damage: Callable[[Path], None], said: str) -> None:
    """One byte changed, one missing, the file missing: each is said with the file's name."""
    folder = written(tmp_path / "backup", lived())
    restore.verify(folder)
    damage(of(folder, pattern))
    with pytest.raises(BackupError, match=said):
        restore.verify(folder)


def without(content: Files, place: tuple[str, int], offset: int) -> Files:
    return content | {place: [entry for entry in content[place] if entry.offset != offset]}


def changed(content: Files, place: tuple[str, int], nth: int) -> Files:
    entries = list(content[place])
    entries[nth] = msgspec.structs.replace(
        entries[nth], value=(entries[nth].value or b"").replace(b'"at":1', b'"at":2')
    )
    return content | {place: entries}


def shorter(content: Files, place: tuple[str, int]) -> Files:
    return content | {place: content[place][: len(content[place]) // 2]}


DING, YI = ("desk-log", PARTITION["ding"]), ("desk-inbox", PARTITION["yi"])
WRONG: list[tuple[str, Callable[[Files], Files], str]] = [
    ("a record changed", lambda known: changed(known, DING, 50), r"desk-log/3\.gz: the chain ends with"),
    ("a record gone", lambda known: without(known, DING, 50), r"desk-log/3 has no 50"),
    ("a log is older", lambda known: shorter(known, DING), "not of one moment: .* of ding, whose log does not name it"),
    ("a log is missing", lambda known: {p: e for p, e in known.items() if p != DING}, "not of one moment"),
    ("a message gone", lambda known: known | {YI: known[YI][1:]}, r"desk-inbox/1\.gz: begins at \d+, its log"),
    (
        "no such topic",
        lambda known: known | {("desk-logs", 0): known[YI]},
        r"topics/desk-logs/0\.gz: .* another version",
    ),
]


@pytest.mark.parametrize(("change", "said"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_what_cannot_be_one_moment_is_refused(tmp_path: Path, change: Callable[[Files], Files], said: str) -> None:
    """Files that are whole, of a content that no cluster had."""
    with pytest.raises(BackupError, match=said):
        restore.verify(written(tmp_path / "backup", change(lived())))


@pytest.mark.parametrize("left", [1, 10, 500, 5000])
def test_a_file_that_ends_early_is_read_up_to_there(tmp_path: Path, left: int) -> None:
    """Whoever reads a part of a broken backup gets what is there and then a word, never half a record."""
    folder = written(tmp_path / "backup", lived())
    file = of(folder, "topics/desk-log/3.gz")
    file.write_bytes(file.read_bytes()[:left])
    found: list[Entry] = []
    with pytest.raises(BackupError, match=r"topics/desk-log/3\.gz"):
        found.extend(files.entries(folder, *DING))
    assert found == lived()[DING][: len(found)]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\xff\xff\xff\xff", "where a length should be"),
        (b"\x00\x00", "where a length should be"),
        (b"\x00\x00\x00\x09\x95", "no record: Input data was truncated"),
        (b"\x00\x00\x00\x01\x95", "no record: Input data was truncated"),
    ],
)
def test_a_file_of_something_else_is_no_record(tmp_path: Path, raw: bytes, said: str) -> None:
    """Whatever a well packed file holds, it is not asked of the memory, and is named."""
    file = tmp_path / files.part_file("audit", 0)
    file.parent.mkdir(parents=True)
    file.write_bytes(gzip.compress(raw))
    with pytest.raises(BackupError, match=rf"topics/audit/0\.gz: .*{said}"):
        list(files.entries(tmp_path, "audit", 0))


def test_reporters_keys_may_be_destroyed_and_nothing_else(tmp_path: Path) -> None:
    """A backup without them is whole, and its reporters stay forgotten."""
    folder = written(tmp_path / "backup", lived())
    of(folder, "topics/reporter-keys/*").unlink()
    with pytest.raises(BackupError, match=r"reporter-keys/3\.gz: is missing"):
        restore.verify(folder)
    (folder / "topics" / "reporter-keys").rmdir()
    assert restore.verify(folder).chains.by_name.keys() >= PARTITION.keys()


def test_a_backup_is_for_its_owner_alone(tmp_path: Path) -> None:
    """What is undecided has persons in it."""
    folder = written(tmp_path / "backup", lived())
    assert {0o600} == {path.stat().st_mode & 0o777 for path in folder.rglob("*.*") if path.is_file()}


def test_a_photo_that_rotted_is_left_out_and_told_of(tmp_path: Path) -> None:
    """One bad photo must not stop the backup of everything else."""
    names = []
    for _ in range(2):
        name, raw = photo(5000)
        names.append(name)
        (tmp_path / "store" / name[:2]).mkdir(parents=True, exist_ok=True)
        (tmp_path / "store" / name[:2] / name).write_bytes(raw)
    flip(of(tmp_path / "store", f"*/{names[0]}"))
    told = export.copy_photos(tmp_path / "store", tmp_path / "copy")
    assert PhotoSet(1, 5000, sha256(names[1].encode()).hexdigest(), [names[0]]) == told
    assert [names[1]] == [file.name for file in files.photo_files(tmp_path / "copy")]
    assert [] == list((tmp_path / "copy").rglob("*.new"))


def test_the_command_checks_without_a_broker(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`paidan import DIR --check`."""
    folder = written(tmp_path / "backup", lived())
    app(["import", str(folder), "--check"], result_action="return_value")
    assert f"{folder}: whole, of then, rules r\n" == capsys.readouterr().out


# -- a rehearsal -------------------------------------------------------------------------------------------------------

PHONE = "19900001234"  # of no one: 199 0000 is given to nobody
BAD = b"{no complaint " + PHONE.encode()
DAY = 24 * 3600 * 1000
KINDS = {"zone": (120.05, "bing"), "county": (120.25, "yi")}


def complaint(number: str, where: str = "zone") -> bytes:
    body = {
        "source": "12345",
        "source_id": number,
        "kind": "complaint",
        "received_at": text(MONDAY, 480),
        "title": "占道经营",
        "category": {"scheme": "item", "code": "stall"},
        "location": {"datum": "wgs84", "lon": KINDS[where][0], "lat": 30.05, "address": ""},
        "reporter": {"phone": PHONE},
    }
    return json.dumps(body, ensure_ascii=False).encode()


def case(number: str) -> str:
    return case_id("complaints", "12345", number)


def partition(number: str) -> int:
    return scan.partition_of("complaints", inbox_key("12345", number))


async def file(sender: AIOKafkaProducer, number: str, where: str = "zone") -> Any:
    return await sender.send_and_wait("complaints", complaint(number, where), inbox_key("12345", number))


async def until(question: Callable[[], Awaitable[bool]], limit: float = 60.0) -> None:
    deadline = time.monotonic() + limit
    while not await question():
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.2)


async def decided(kafka: str) -> list[Record]:
    return [decode_record(r.value) async for r in scan.scan(kafka, "desk-log")]


async def registered(kafka: str) -> Counter[str]:
    return Counter(e.case_id for r in await decided(kafka) for e in r.events if type(e).__name__ == "CaseRegistered")


async def crash(sender: AIOKafkaProducer, kafka: str, number: str) -> None:
    """Intake decides a complaint, and dies before it posts the letter."""
    place = await file(sender, number)
    name = f"complaints/{place.partition}"
    writer = await recovery.recover(kafka, "complaint-receipts", place.partition, name, INTAKE)
    filed = Filed(
        topic="complaints",
        source="12345",
        source_id=number,
        kind="complaint",
        received_at=MONDAY,
        filed_at=MONDAY,
        title="占道经营",
        scheme="item",
        code="stall",
        place=Place(lon=120.05, lat=30.05, near=(Near("zone_bing", 0),)),
        reporter_ref="",
        caller_tag="",
        digest=number,
    )
    made = writer.decide(filed, place.offset, MONDAY, small())
    assert made
    assert ["bing"] == [letter.receiver for letter in letters(made.record)]
    told = await sender.send_and_wait("complaint-receipts", made.raw, partition=place.partition)
    assert told.offset == writer.head.offset + 1


async def from_later(sender: AIOKafkaProducer, kafka: str, number: str) -> None:
    """A letter that was posted after the moment of which the backup's logs are: they do not name it."""
    at = partition(number)
    raws = [r.value async for r in scan.scan(kafka, "complaint-receipts", [at])]
    last = [letter for raw in raws for letter in letters(decode_record(raw)) if letter.receiver == "bing"][-1]
    later = msgspec.structs.replace(last, number=last.number + 1)
    await sender.send_and_wait("desk-inbox", letter_bytes(later), b"bing", PARTITION["bing"])


async def torn_and_whole_snapshot(sender: AIOKafkaProducer, kafka: str) -> recovery.Stored:
    """One whose chunks were compacted away, so that offsets change in the new cluster, and one that can be read."""
    writer = await recovery.recover(kafka, "desk-log", PARTITION["bing"], "bing", DESK)
    stored = recovery.store(writer)
    tp = TopicPartition("desk-log", PARTITION["bing"])
    torn = {"first": 0, "chunks": 1, "offset": stored.offset, "hash": stored.hash}
    key = recovery.WRITERS.key(tp, "last")
    await sender.send_and_wait("snapshots", msgspec.json.encode(torn), key, partition=tp.partition)
    await recovery.write_snapshot(sender, "desk-log", tp.partition, stored)
    return stored


def delete_decided(kafka: str, known: Files) -> None:
    """As retention does: the inboxes lose what was decided."""
    ends = {}
    for inbox, log in (("complaints", "complaint-receipts"), ("desk-inbox", "desk-log")):
        for (topic, p), entries in known.items():
            if topic == log and entries:
                ends[TopicPartition(inbox, p)] = decode_record(entries[-1].value).inbox_offset + 1
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.delete_records(ends)
    admin.close()


def shown(known: Any, topic: str) -> list[tuple[Any, ...]]:
    """What lies in a topic, without offsets and times."""
    return [(p, e.key, e.value) for (name, p), entries in sorted(known.items()) if name == topic for e in entries]


async def hashes(kafka: str) -> dict[str, str]:
    """The hash of each writer's state, as `paidan replay` says it."""
    pack, found = small().pack, {}
    for log in LOGS:
        found |= {one.writer: one.state for one in (await replay.of_topic(kafka, log, pack)).result()}
    return found


def told_by_readers(known: Any, folder: Path) -> tuple[bytes, list[str]]:
    """What the exporter of the official numbers and the archive make of the log of all desks."""
    exporter, follower = Exporter(small().pack, Clock.read(None)), Follower(Store(folder / "archive"))
    for (topic, p), entries in sorted(known.items()):
        for entry in entries if topic == "desk-log" else []:
            for reader in (exporter, follower):
                reader.take(Stored(p, entry.offset, entry.value))  # type: ignore[arg-type]
    follower.commit()
    numbers = msgspec.msgpack.encode(exporter.targets.desks)
    archive = [line for line in follower.store.db.iterdump() if 'INTO "position"' not in line]
    follower.store.close()
    return numbers, archive


class Before:
    """The old city: what it was asked, and what it was when it was left."""

    live = ("first", "second", "third")
    counties = ("fourth", "fifth")
    late = ("late", "later")  # filed when no desk runs any more
    gone = "first"  # its reporter is forgotten

    def __init__(self, run: Run, folder: Path) -> None:
        self.run, self.folder = run, folder
        self.settings = settings.read(kafka=run.kafka, data=run.data, city=run.city, clock=run.clock)
        self.vault = Vault(load_or_create(self.settings.master_key))
        self.photo, raw = photo(3000)
        path = run.data / "photos" / self.photo[:2] / self.photo
        path.parent.mkdir(parents=True)
        path.write_bytes(raw)

    async def live_on(self, patch: pytest.MonkeyPatch) -> None:
        """Complaints, a dead letter, a forgotten reporter, accounts, a public event; a backup of it as it runs; then
        the end of all processes, and what came too late for them."""
        kafka, desk = self.run.kafka, worker(self.run, "one")
        async with kafka_io.producer(kafka) as sender:
            desk.start()
            try:
                await desk.ready()
                for number in self.live:
                    await file(sender, number)
                for number in self.counties:
                    await file(sender, number, "county")
                await sender.send_and_wait("complaints", BAD, partition=5)
                wanted = {case(number) for number in self.live + self.counties}
                await until(lambda: self._are(wanted))
                assert (1, True) == await reporters.forget(kafka, self.vault, case(self.gone))
                await accounts.write(sender, *(account for account, _ in devices.demo(small().pack)))
                self.published = int(time.time() * 1000) - DAY
                headers = [("ce_id", b"desk-log/2/0/0")]
                await sender.send_and_wait(
                    "case-events", b"{}", b"case", 7, timestamp_ms=self.published, headers=headers
                )
                self.snapshot = await torn_and_whole_snapshot(sender, kafka)
                await export.export(self.settings, self.folder / "live", str)
                with patch.context() as slow:
                    slow.setattr(export, "ends", slow_ends())
                    await export.export(self.settings, self.folder / "slow", str)
            finally:
                await desk.stop()
            await self._too_late(sender)

    async def _are(self, cases: set[str]) -> bool:
        return cases <= set(await registered(self.run.kafka))

    async def _too_late(self, sender: AIOKafkaProducer) -> None:
        kafka = self.run.kafka
        for number in self.late:
            await file(sender, number)
        urge = UrgeCase(message_id="urge-1", case_id=case("second"), actor=Actor(id="op", role="operator"))
        await sender.send_and_wait("desk-inbox", msgspec.json.encode(urge), b"bing", PARTITION["bing"])
        await dead_letters.redrive(kafka, self.vault, ["complaints/5/0"], MONDAY)
        await from_later(sender, kafka, "third")
        delete_decided(kafka, await lying(kafka, LOGS))
        await crash(sender, kafka, "crashed")
        self.lying = await lying(kafka, topics.load())
        self.hashes = await hashes(kafka)


async def new_city(run: Run, before: Before) -> settings.Settings:
    """An empty cluster, and what is refused on it until the right key is there."""
    new = settings.read(kafka=run.kafka, data=run.data, city=run.city, clock=run.clock)
    with pytest.raises(BackupError, match=f"needs the one with the fingerprint {before.vault.fingerprint}"):
        await restore.restore(new, small().pack, before.folder / "whole", str)
    other = load_or_create(new.master_key)
    with pytest.raises(BackupError, match=f"fingerprint {Vault(other).fingerprint}: this backup needs"):
        await restore.restore(new, small().pack, before.folder / "whole", str)
    shutil.copy(before.settings.master_key, new.master_key)
    await restore.restore(new, small().pack, before.folder / "whole", str)
    with pytest.raises(BackupError, match=r"the cluster is not empty \(accounts, case-events, "):
        await restore.restore(new, small().pack, before.folder / "whole", str)
    return new


def same_content(old: Any, new: Any) -> None:
    """Every topic holds what it held: logs at their offsets, and one record more."""
    for name in ("city-packs", "accounts", "reporters", "case-events", "replies", "deliveries", "audit"):
        assert shown(old, name) == shown(new, name), name
    for (topic, p), entries in old.items():
        if topic in LOGS and entries:
            there = new[topic, p]
            assert [(e.offset, e.key, e.value) for e in entries] == [(e.offset, e.key, e.value) for e in there[:-1]]
            opened = decode_record(there[-1].value)
            assert ["EpochOpened"] == [type(event).__name__ for event in opened.events]
            assert (1, -1) == (opened.epoch, opened.inbox_offset)
    waiting = [value for _, _, value in shown(new, "complaints")]
    assert sorted([BAD, *map(complaint, Before.late)]) == sorted(waiting)
    heard = [json.loads(value)["type"] for _, _, value in shown(new, "desk-inbox")]
    assert ["UrgeCase"] == [kind for kind in heard if kind != "WakeUp"]


async def same_people(settings_: settings.Settings, before: Before, new: Any) -> None:
    """Reporters can be read, and the forgotten one's key is not there."""
    assert {case(n) for n in before.live + before.counties} - {case(before.gone)} == {
        key.decode().partition("/")[0] for _, key, _ in shown(new, "reporter-keys")
    }
    (told,) = await reporters.reveal(settings_.kafka, before.vault, case("second"))
    assert PHONE.encode() in told
    with pytest.raises((KeyGoneError, NothingKeptError)):
        await reporters.reveal(settings_.kafka, before.vault, case(before.gone))


async def goes_on(run: Run, before: Before) -> None:
    """A desk on the new cluster decides what waited, what comes next, and a dead letter that is played again."""
    desk = worker(run, "one")
    was = "complaints/5/0~0"
    following = next(f"next-{n}" for n in range(1000) if partition(f"next-{n}") == partition("third"))
    async with kafka_io.producer(run.kafka) as sender:
        desk.start()
        try:
            await desk.ready()
            await file(sender, following)
            await dead_letters.redrive(run.kafka, before.vault, [was], MONDAY)

            async def all_decided() -> bool:
                told = await registered(run.kafka)
                failed = [letter for letter in await dead_letters.letters(run.kafka) if letter.redriven_from]
                return {case(n) for n in (*before.late, "crashed", following)} <= set(told) and len(failed) == 2

            await until(all_decided)
        finally:
            await desk.stop()
    everyone = (*before.live, *before.counties, *before.late, "crashed", following)
    assert Counter({case(number): 1 for number in everyone}) == await registered(run.kafka)
    named = {(letter.id, letter.redriven_from) for letter in await dead_letters.letters(run.kafka)}
    assert {(was, ""), ("complaints/5/0", was), ("complaints/5/1", was)} == named
    records = await decided(run.kafka)
    assert 1 == sum(record.cause.message_id == "urge-1" for record in records)
    taken = Counter((r.desk, r.cause.sender, r.cause.number) for r in records if r.cause.type == "Letter")
    assert {1} == set(taken.values())
    assert not [e for r in records for e in r.events if type(e).__name__ == "LetterGap"]


@pytest.mark.timeout(240)
async def test_a_city_goes_on_in_an_empty_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Photos, accounts, reporters, logs byte for byte; what was undecided is decided once, and then what comes."""
    with broker(tmp_path / "a") as kafka:
        before = Before(Run(kafka.address, tmp_path / "old", city=SMALL), tmp_path)
        await before.live_on(monkeypatch)
        await export.export(before.settings, tmp_path / "whole", str)
        live, slow = (restore.verify(tmp_path / name).chains for name in ("live", "slow"))
        assert live.by_name["bing"].taken
        for name, chain in live.by_name.items():
            assert chain.taken == slow.by_name[name].taken
        with pytest.raises(BackupError, match="is not empty"):
            await export.export(before.settings, tmp_path / "whole", str)
    with EmbeddedKafka(tmp_path / "b") as kafka:
        run = Run(kafka.address, tmp_path / "new", city=SMALL)
        run.data.mkdir()
        shutil.copy(before.run.clock, run.data)
        new = await new_city(run, before)
        there = await lying(run.kafka, topics.load())
        same_content(before.lying, there)
        await same_people(new, before, there)
        assert before.hashes == await hashes(run.kafka)
        assert told_by_readers(before.lying, tmp_path / "old") == told_by_readers(there, tmp_path / "new")
        (event,) = [e async for e in scan.scan(run.kafka, "case-events")]
        assert (before.published, (("ce_id", b"desk-log/2/0/0"),)) == (event.timestamp, event.headers)
        wanted = recovery.Wanted("desk-log", PARTITION["bing"], "bing", DESK)
        async with kafka_io.reader(run.kafka) as consumer:
            found = await recovery.find_snapshot(consumer, wanted, 1 << 30)
        assert found
        assert before.snapshot == recovery.store(found)
        assert Photos(run.data / "photos").size(before.photo) == 3000
        await goes_on(run, before)
        monkeypatch.setattr(restore, "_refuse_filled", nothing_there)
        with pytest.raises(BackupError, match=r"/\d+: 0 came to lie at \d+: something else writes to this cluster"):
            await restore.restore(new, small().pack, tmp_path / "whole", str)


async def nothing_there(_: str) -> None:
    """Somebody began to write after it was looked."""


def slow_ends() -> Any:
    """The broker's answer about the ends of intake's logs when these were still empty, and true ones from then on."""
    asked: set[TopicPartition] = set()

    async def ends(consumer: Any, tps: Any) -> Any:
        told = await kafka_io.ends(consumer, tps)
        old = {tp: (0, 0) for tp in told if tp.topic == "complaint-receipts" and tp not in asked}
        asked.update(told)
        return told | old

    return ends
