"""The vault, and forgetting on a real broker."""

import asyncio
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dispatchers import messages as m
from dispatchers.events import ReporterForgotten
from dispatchers.ids import case_id
from dispatchers.record import Cause, Record, encode_record
from streams import reporter_cli, reporters, scan, vault
from streams.kafka_io import producer
from streams.settings import Settings
from streams.vault import KeyGoneError, MasterKeyError, Sealed, Vault, WrongKeyError, load_or_create
from streams.wire import Filing, Private, file, read

MASTER = bytes(range(32))
VAULT = Vault(MASTER)
BLOCK = b'{"phone":"19900009999"}'


def opened(with_: Vault, *sealed: Sealed, keys: dict[str, bytes | None] | None = None) -> list[bytes]:
    return with_.open(keys or {s.ref: s.key for s in sealed}, [(s.ref, s.block) for s in sealed])


def test_with_its_key_a_block_is_read_again() -> None:
    """What was sealed is opened with the same master key, by another process."""
    assert opened(Vault(MASTER), VAULT.seal("c-1", BLOCK)) == [BLOCK]


def test_nothing_of_the_block_stands_in_its_records() -> None:
    """Neither record has the number in it."""
    sealed = VAULT.seal("c-1", BLOCK)
    assert b"19900009999" not in sealed.block + sealed.key + sealed.ref.encode()


def test_without_its_key_a_block_is_never_read() -> None:
    """A destroyed key record, or none, is a KeyGoneError."""
    sealed = VAULT.seal("c-1", BLOCK)
    for keys in ({sealed.ref: None}, {"c-1/other": sealed.key}):
        with pytest.raises(KeyGoneError):
            opened(VAULT, sealed, keys=keys)


def test_another_master_key_opens_nothing() -> None:
    """It is told that the master key is another."""
    with pytest.raises(WrongKeyError, match="master key"):
        opened(Vault(b"x" * 32), VAULT.seal("c-1", BLOCK))


def test_a_block_cannot_be_moved_to_another_case() -> None:
    """Case and kid are bound in: under another reference the same bytes do not open."""
    sealed = VAULT.seal("c-1", BLOCK)
    with pytest.raises(WrongKeyError):
        opened(VAULT, sealed._replace(ref=sealed.ref.replace("c-1", "c-2")))


def test_changed_bytes_do_not_open() -> None:
    """A block of another sealing under the same reference does not pass for this one's."""
    sealed = VAULT.seal("c-1", BLOCK)
    with pytest.raises(WrongKeyError):
        opened(VAULT, sealed._replace(block=VAULT.seal("c-1", BLOCK).block))


def test_a_second_try_after_a_crash_has_the_same_reference_and_is_read_once() -> None:
    """Two tries leave two blocks; whichever key stands last, the block is read, once."""
    first, second = VAULT.seal("c-1", BLOCK), VAULT.seal("c-1", BLOCK)
    assert first.ref == second.ref == VAULT.ref("c-1", BLOCK)
    assert first.block != second.block
    for last in (first, second):
        assert opened(VAULT, first, second, keys={last.ref: last.key}) == [BLOCK]


def test_an_update_keeps_the_first_block() -> None:
    """Another block of the same case stands beside the first one, in order."""
    first, second = VAULT.seal("c-1", BLOCK), VAULT.seal("c-1", b"{}")
    assert first.ref != second.ref
    assert opened(VAULT, first, second) == [BLOCK, b"{}"]


def test_the_same_person_in_two_cases_cannot_be_seen() -> None:
    """The same block has another kid in another case."""
    kids = {VAULT.ref(case, BLOCK).partition("/")[2] for case in ("c-1", "c-2")}
    assert len(kids) == 2


def test_a_caller_is_known_by_any_spelling_and_by_no_other_key() -> None:
    """The tag is of the number, not of its spelling, and another master key gives another."""
    tags = {VAULT.caller_tag(phone) for phone in ("19900009999", "+86 199-0000-9999", "１９９００００９９９９")}
    assert len(tags) == 1
    assert {len(tag) for tag in tags} == {32}
    assert Vault(b"x" * 32).caller_tag("19900009999") not in tags
    assert VAULT.caller_tag("无") == ""


def test_sealed_bytes_open_at_their_place_only() -> None:
    """A dead letter's bytes are bound to where the message was."""
    sealed = VAULT.seal_bytes(BLOCK, "complaints/1/2")
    assert VAULT.open_bytes(sealed, "complaints/1/2") == BLOCK
    for one, place, data in (
        (VAULT, "complaints/1/3", sealed),
        (Vault(b"x" * 32), "complaints/1/2", sealed),
        (VAULT, "complaints/1/2", b""),
    ):
        with pytest.raises(WrongKeyError):
            one.open_bytes(data, place)


# -- the file of the master key ----------------------------------------------------------------------------------------


def test_a_master_key_is_made_once(tmp_path: Path) -> None:
    """The first call makes the file, readable by its owner alone; later ones read it."""
    path = tmp_path / "new" / "master.key"
    key = load_or_create(path)
    assert (len(key), load_or_create(path), stat.S_IMODE(path.stat().st_mode)) == (32, key, 0o600)
    assert [p.name for p in path.parent.iterdir()] == ["master.key"]


def test_a_key_that_came_first_holds(tmp_path: Path) -> None:
    """A process that saw no file, and is late with its own, leaves the other's in place."""
    key = load_or_create(tmp_path / "master.key")
    vault._create(tmp_path / "master.key")
    assert load_or_create(tmp_path / "master.key") == key


async def test_processes_that_start_at_once_get_one_key(tmp_path: Path) -> None:
    """Eight first calls at the same time give the same key."""
    keys = await asyncio.gather(*(asyncio.to_thread(load_or_create, tmp_path / "master.key") for _ in range(8)))
    assert len(set(keys)) == 1


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """The text says how to mend it."""
    path = tmp_path / "master.key"
    load_or_create(path)
    path.chmod(mode)
    with pytest.raises(MasterKeyError, match=f"chmod 600 {path}"):
        load_or_create(path)


@pytest.mark.parametrize("content", [b"", b"short", b"?" * 44, b"A" * 40])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    """An empty or damaged file is told of, never used and never overwritten."""
    path = tmp_path / "master.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(MasterKeyError, match="32 bytes"):
        load_or_create(path)
    assert path.read_bytes() == content


# -- on a broker -------------------------------------------------------------------------------------------------------

AT = 1_783_900_800_000


def filing(source_id: str, phone: str = "19900009999") -> Filing:
    value = {
        "source": "test_vault",
        "source_id": source_id,
        "kind": "complaint",
        "received_at": "2026-07-13T08:00:00+08:00",
        "reporter": {"name": "甲某", "phone": phone},
    }
    wire = read("complaints", msgspec.json.encode(value), AT, VAULT)
    assert isinstance(wire, m.WireComplaint)
    return file("complaints", wire, lambda _: m.Place(), VAULT)


def case_of(source_id: str) -> str:
    return case_id("complaints", "test_vault", source_id)


async def keep(kafka: str, *filings: Filing) -> None:
    async with producer(kafka) as sender:
        for one in filings:
            await reporters.keep(sender, VAULT, one)


class Intake:
    """Answers orders to forget as intake does, and before that does what `meanwhile` says."""

    def __init__(self, kafka: str, meanwhile: Any = None) -> None:
        self.kafka, self.meanwhile = kafka, meanwhile

    async def answer(self, source_id: str, orders: int = 1) -> m.ForgetReporter:
        """Answer the last of so many orders."""
        partition = scan.partition_of("complaints", f"test_vault/{source_id}".encode())
        while True:
            told = [
                read("complaints", r.value, AT, VAULT) async for r in scan.scan(self.kafka, "complaints", [partition])
            ]
            heard = [t for t in told if isinstance(t, m.ForgetReporter) and t.source_id == source_id]
            if len(heard) == orders:
                if self.meanwhile:
                    await self.meanwhile()
                await self._record(partition, heard[-1])
                return heard[-1]
            await asyncio.sleep(0.1)

    async def _record(self, partition: int, told: m.ForgetReporter) -> None:
        record = Record(
            prev="", epoch=0, inbox_offset=0, at=AT, desk="", seq=1, cause=Cause(type="ForgetReporter"), rules="",
            city="", posted_through=-1,
            events=[ReporterForgotten(source=told.source, source_id=told.source_id, case_id=case_of(told.source_id))],
        )  # fmt: skip
        async with producer(self.kafka) as sender:
            await sender.send_and_wait("complaint-receipts", encode_record(record), partition=partition)


async def test_a_reporter_is_kept_and_read_again(kafka: str) -> None:
    """Two messages of a case, one of them twice, are read as two blocks, oldest first."""
    first, second = filing("kept"), filing("kept", "19900009998")
    await keep(kafka, first, first, second)
    blocks = await reporters.reveal(kafka, VAULT, case_of("kept"))
    phones = [msgspec.json.decode(block, type=Private).reporter.phone for block in blocks]  # type: ignore[union-attr]
    assert phones == ["19900009999", "19900009998"]


async def test_a_forgotten_reporter_is_never_read_again(kafka: str) -> None:
    """The keys are gone, also one that a message on its way wrote meanwhile, and intake was told in its own order."""
    case = case_of("gone")
    await keep(kafka, filing("gone"))
    intake = Intake(kafka, meanwhile=lambda: keep(kafka, filing("gone", "19900009998")))
    answered = asyncio.create_task(intake.answer("gone"))
    assert await reporters.forget(kafka, VAULT, case) == reporters.Forgotten(keys=2, remembered=True)
    assert await answered == m.ForgetReporter(source="test_vault", source_id="gone")
    with pytest.raises(KeyGoneError):
        await reporters.reveal(kafka, VAULT, case)


async def test_forgetting_without_intake_destroys_the_key_and_can_be_run_again(kafka: str) -> None:
    """With no worker running the key is gone at once, and the second run still knows whom to tell intake of."""
    case = case_of("alone")
    await keep(kafka, filing("alone"))
    assert await reporters.forget(kafka, VAULT, case, wait=0.5) == reporters.Forgotten(keys=1, remembered=False)
    answered = asyncio.create_task(Intake(kafka).answer("alone", orders=2))
    assert await reporters.forget(kafka, VAULT, case) == reporters.Forgotten(keys=0, remembered=True)
    await answered


async def test_a_case_without_a_reporter_is_told_so(kafka: str) -> None:
    """Neither reading nor forgetting finds anything, and both say it."""
    with pytest.raises(reporters.NothingKeptError, match="c-0"):
        await reporters.reveal(kafka, VAULT, "c-0")
    with pytest.raises(reporters.NothingKeptError, match="c-0"):
        await reporters.forget(kafka, VAULT, "c-0")


async def test_the_command_line_reads_with_the_file_of_the_key(kafka: str, tmp_path: Path) -> None:
    """`reveal` gives JSON lines; with another key file it says that this is not the key."""
    settings = Settings(kafka=kafka, data=tmp_path)
    ours = Vault(load_or_create(settings.master_key))
    wire = m.WireComplaint("test_vault", "cli", "complaint", "2026-07-13T08:00:00Z", reporter=m.WireReporter("甲某"))
    async with producer(kafka) as sender:
        await reporters.keep(sender, ours, file("complaints", wire, lambda _: m.Place(), ours))
    assert '"name":"甲某"' in await reporter_cli.reveal(settings, case_of("cli"))
    with pytest.raises(WrongKeyError):
        await reporter_cli.reveal(Settings(kafka=kafka, data=tmp_path / "other"), case_of("cli"))
