"""The audit topic: a chain that two gateways write at once, and in which nobody changes anything unseen."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError
from kafka import KafkaAdminClient

from dispatchers import messages as m
from dispatchers.ids import case_id
from streams import reporters, topics
from streams.gateway import audit as module
from streams.gateway import people
from streams.gateway.access import scope_of
from streams.gateway.accounts import Account
from streams.gateway.audit import Audit, AuditError, Report, Walk, verify
from streams.gateway.sessions import Session
from streams.kafka_io import producer
from streams.scan import scan
from streams.vault import KeyGoneError, Vault
from streams.wire import file
from tests.support_kafka import broker

VAULT = Vault(bytes(range(32)))
GENESIS = "0" * 64


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of these tests alone: `audit` is one chain, and here it is whole until the last test breaks it."""
    with broker(tmp_path_factory.mktemp("audit")) as server:
        yield server.address


async def raws(kafka: str) -> list[bytes]:
    return [record.value async for record in scan(kafka, "audit")]


def valid(log: list[bytes]) -> list[dict[str, Any]]:
    """The entries of the chain, found without the code under test: each names the hash of the one before."""
    entries, head = [], GENESIS
    for raw in log:
        entry = msgspec.json.decode(raw)
        if entry["prev"] == head and entry["seq"] == len(entries) + 1:
            entries.append(entry)
            head = sha256(raw).hexdigest()
    return entries


def walk(log: list[bytes], known: str = "") -> Report:
    walking = Walk(known)
    for offset, raw in enumerate(log):
        walking.see(offset, raw)
    return walking.end()


def chain(length: int) -> list[bytes]:
    """A whole log of so many entries."""
    log: list[bytes] = []
    for seq in range(1, length + 1):
        prev = sha256(log[-1]).hexdigest() if log else GENESIS
        entry = module.AuditEntry(prev=prev, seq=seq, at=seq, account="a", role="operator", what="reveal", reason="why")
        log.append(msgspec.json.encode(entry))
    return log


# -- writing -----------------------------------------------------------------------------------------------------------


async def test_two_writers_at_once_make_one_chain(kafka: str) -> None:
    """Every entry of both is in it once, in the order of each writer; what lost a race is void and said again."""
    async with producer(kafka) as one, producer(kafka) as two:
        writers = {"one": Audit(kafka, one), "two": Audit(kafka, two)}

        async def write(name: str) -> None:
            for n in range(40):
                entry = await writers[name].record(name, "operator", "reveal", case_id=f"c-{n}", reason="asked")
                assert entry.seq > 0

        await asyncio.gather(write("one"), write("two"))
    log = await raws(kafka)
    entries, report = valid(log), await verify(kafka)
    for name in writers:
        assert [f"c-{n}" for n in range(40)] == [e["case_id"] for e in entries if e["account"] == name]
    assert (80, len(log) - 80, 0, "") == (report.valid, report.void, report.unproven, report.broken)
    assert sha256(msgspec.json.encode(entries[-1])).hexdigest() == report.head


async def test_who_was_overtaken_appends_again_behind(kafka: str) -> None:
    """A writer that knows an old head finds out by the acknowledged offset; its first entry is void."""
    before = await verify(kafka)
    async with producer(kafka) as sender:
        slow, fast = Audit(kafka, sender), Audit(kafka, sender)
        await slow.record("slow", "operator", "reveal", reason="1")
        for n in range(3):
            await fast.record("fast", "operator", "reveal", reason=str(n))
        last = await slow.record("slow", "operator", "reveal", reason="2")
    after = await verify(kafka)
    assert (before.valid + 5, before.void + 1, after.valid) == (after.valid, after.void, last.seq)
    assert after.whole


@pytest.mark.parametrize("voids", [1, 30])
async def test_a_writer_that_starts_finds_the_head_behind_void_entries(
    kafka: str, voids: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where more of them lie at the end than it reads at first: nothing is ever continued from a void entry."""
    monkeypatch.setattr(module, "WINDOW", 3)
    log = await raws(kafka)
    heads = valid(log)
    lost = msgspec.json.encode(heads[-1] | {"reason": "too late"})
    async with producer(kafka) as sender:
        for _ in range(voids):
            await sender.send_and_wait("audit", lost, partition=0)
        entry = await Audit(kafka, sender).record("new", "operator", "reveal", reason="r")
    report = await verify(kafka)
    assert (len(heads) + 1, True, entry.seq) == (entry.seq, report.whole, report.seq)
    assert entry.prev == sha256(msgspec.json.encode(heads[-1])).hexdigest()


class Deaf:
    """A sender whose acknowledgement is lost once."""

    def __init__(self, sender: AIOKafkaProducer) -> None:
        self.sender, self.deaf = sender, False

    async def send_and_wait(self, *words: Any, **more: Any) -> Any:
        sent = await self.sender.send_and_wait(*words, **more)
        if self.deaf:
            self.deaf = False
            raise KafkaTimeoutError
        return sent


async def test_an_entry_whose_answer_was_lost_is_not_written_twice_nor_in_the_way(kafka: str) -> None:
    """Its writer says that it failed; it stands all the same, and the next one continues it."""
    async with producer(kafka) as real:
        sender = Deaf(real)
        audit = Audit(kafka, sender)
        first = await audit.record("deaf", "operator", "reveal", reason="1")
        sender.deaf = True
        with pytest.raises(KafkaTimeoutError):
            await audit.record("deaf", "operator", "reveal", reason="2")
        await audit.record("deaf", "operator", "reveal", reason="3")
    report = await verify(kafka)
    assert ["1", "2", "3"] == [e["reason"] for e in valid(await raws(kafka)) if e["account"] == "deaf"]
    assert (True, first.seq + 2) == (report.whole, report.seq)


async def test_who_never_comes_through_says_so(kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another writer first each time: an error, so that nothing happens that would have to be audited."""
    monkeypatch.setattr(module, "TRIES", 3)
    async with producer(kafka) as sender:
        rival = Audit(kafka, sender)

        class Late:
            async def send_and_wait(self, *words: Any, **more: Any) -> Any:
                await rival.record("rival", "operator", "reveal", reason="r")
                return await sender.send_and_wait(*words, **more)

        with pytest.raises(AuditError, match="3 times"):
            await Audit(kafka, Late()).record("late", "operator", "reveal", reason="r")
    assert [] == [e for e in valid(await raws(kafka)) if e["account"] == "late"]


# -- damage ------------------------------------------------------------------------------------------------------------


def test_a_whole_log_is_whole() -> None:
    """Also an empty one; a late entry of a lost race and one that was sent twice are void, and no damage."""
    log = chain(6)
    assert (0, True) == (walk([]).valid, walk([]).whole)
    assert (6, 0, "", 6) == (walk(log).valid, walk(log).void, walk(log).broken, walk(log).seq)
    late = msgspec.json.encode(msgspec.json.decode(log[2]) | {"account": "late"})
    report = walk([*log, late, log[5]])
    assert (6, 2, True) == (report.valid, report.void, report.whole)


@pytest.mark.parametrize("place", range(5))
def test_a_changed_byte_is_found_wherever_it_is(place: int) -> None:
    """Of any entry but the last, each byte: the chain is broken there or at the next one."""
    log = chain(6)
    for at in range(len(log[place])):
        changed = log[place][:at] + bytes([log[place][at] ^ 1]) + log[place][at + 1 :]
        report = walk([*log[:place], changed, *log[place + 1 :]])
        assert report.broken, at
        assert report.broken_at in (place, place + 1)
        assert 6 == report.valid + report.unproven + report.void


@pytest.mark.parametrize("place", range(5))
def test_a_missing_a_moved_and_an_added_entry_are_found(place: int) -> None:
    """Removed, changed places with the next, or made up with the right number: broken at that place."""
    log = chain(6)
    assert place == walk([*log[:place], *log[place + 1 :]]).broken_at
    assert place == walk([*log[:place], log[place + 1], log[place], *log[place + 2 :]]).broken_at
    right = msgspec.json.decode(log[place])["prev"]
    made_up = [msgspec.json.encode({"prev": p, "seq": n}) for p, n in (("f" * 64, place + 1), (right, 99))]
    for forged in (b"", b"{", b"nothing", *made_up):
        assert place == walk([*log[:place], forged, *log[place:]]).broken_at


def test_the_end_is_guarded_by_a_head_that_was_noted() -> None:
    """The last entries removed or changed, or all made anew, is seen by who noted the hash of the head."""
    log = chain(6)
    noted = walk(log).head
    longer = [*log, msgspec.json.encode({"prev": noted, "seq": 7})]
    assert walk(longer, noted).whole
    assert walk(log[:5]).whole, "the chain alone cannot show it"
    assert "removed" in walk(log[:5], noted).broken
    assert not walk([*log[:5], log[5].replace(b"why", b"not")], noted).whole
    assert not walk([raw.replace(b"why", b"not") for raw in chain(1)], noted).whole


async def test_a_tampered_copy_of_the_topic_is_found(kafka: str) -> None:
    """The very topic copied is whole; with one letter of one reason changed, or one entry left out, it is not."""
    log = await raws(kafka)
    entries = [msgspec.json.encode(entry) for entry in valid(log)]
    middle, following = log.index(entries[30]), log.index(entries[31])
    copies = {
        "audit-copy": log,
        "audit-changed": [*log[:middle], log[middle].replace(b"asked", b"asKed"), *log[middle + 1 :]],
        "audit-shorter": [*log[:middle], *log[middle + 1 :]],
    }  # fmt: skip
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    topics.apply(admin, dict.fromkeys(copies, topics.load()["audit"]), 1)
    admin.close()
    async with producer(kafka) as sender:
        for topic, entries in copies.items():
            for raw in entries:
                await sender.send(topic, raw, partition=0)
        await sender.flush()
    assert await verify(kafka) == await verify(kafka, topic="audit-copy")
    for topic in ("audit-changed", "audit-shorter"):
        report = await verify(kafka, topic=topic)
        assert middle <= report.broken_at <= following, topic
        assert report.valid in (30, 31)


# -- who reported ------------------------------------------------------------------------------------------------------


def session(role: str = "operator") -> Session:
    account = Account(id=f"js-{role}", role=role, **({"desk": "jia"} if role != "auditor" else {}))  # type: ignore[arg-type]
    return Session(account, scope_of(account))


async def kept(kafka: str, number: str, **reporter: str) -> str:
    """A reporter's block in the vault; the id of the case."""
    wire = m.WireComplaint(
        "test_audit", number, "complaint", "2026-07-13T08:00:00Z", reporter=m.WireReporter(**reporter)
    )
    async with producer(kafka) as sender:
        await reporters.keep(sender, VAULT, file("complaints", wire, lambda _: m.Place(), VAULT))
    return case_id("complaints", "test_audit", number)


async def test_a_reporter_is_shown_to_who_says_why_and_the_entry_comes_first(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the vault is opened the entry is in the topic already, with the reason, and without the number in it."""
    case = await kept(kafka, "1", name="甲某", phone="13900001111")
    await kept(kafka, "1", name="甲某", phone="13900002222", note="晚上打")
    opened = reporters.reveal

    async def watched(*words: Any) -> Any:
        last = valid(await raws(kafka))[-1]
        assert (case, "js-hotline", "hotline", "reveal") == (
            last["case_id"],
            last["account"],
            last["role"],
            last["what"],
        )
        return await opened(*words)

    monkeypatch.setattr(people.reporters, "reveal", watched)
    async with producer(kafka) as sender:
        audit = Audit(kafka, sender)
        who = await people.reveal(kafka, VAULT, audit, session("hotline"), case, " 回访 13900003333\u200b ")
    assert {"name": "甲某", "phone": "13900002222", "id_number": "", "note": "晚上打"} == who
    log = b"".join(await raws(kafka))
    assert "回访 〔电话〕".encode() in log
    assert not any(word in log for word in (b"13900003333", b"13900002222", "甲某".encode()))


@pytest.mark.parametrize("reason", ["", "  ", "\u200b\n\t", "\x00"])
async def test_nobody_looks_without_a_reason(kafka: str, reason: str) -> None:
    """Nor with one of which nothing can be seen; nothing is written then."""
    before = len(await raws(kafka))
    async with producer(kafka) as sender:
        with pytest.raises(people.NoReasonError):
            await people.reveal(kafka, VAULT, Audit(kafka, sender), session(), "c-1", reason)
    assert before == len(await raws(kafka))


async def test_no_entry_no_look(kafka: str) -> None:
    """If the audit cannot be written, nobody is shown; a role that never looks is refused before."""
    case = await kept(kafka, "2", name="乙某")

    class Broken(Audit):
        async def record(self, *words: Any, **more: Any) -> Any:
            raise AuditError("no")

    async with producer(kafka) as sender:
        with pytest.raises(AuditError):
            await people.reveal(kafka, VAULT, Broken(kafka, sender), session(), case, "why")
        with pytest.raises(people.NotTheirsError):
            await people.reveal(kafka, VAULT, Audit(kafka, sender), session("auditor"), case, "why")


async def test_a_look_at_who_is_forgotten_is_audited_too(kafka: str) -> None:
    """The entry says that somebody wanted to look; there is nobody to show."""
    case = await kept(kafka, "3", name="丙某")
    await reporters.forget(kafka, VAULT, case, wait=0.1)
    async with producer(kafka) as sender:
        with pytest.raises(KeyGoneError):
            await people.reveal(kafka, VAULT, Audit(kafka, sender), session(), case, "why")
    assert case == valid(await raws(kafka))[-1]["case_id"]


# -- the command line: last, since it breaks the topic -----------------------------------------------------------------


def paidan(kafka: str, data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    ours = {k: v for k, v in os.environ.items() if not k.startswith("PAIDAN_")}
    ours |= {"PAIDAN_KAFKA": kafka, "PAIDAN_DATA": str(data)}
    command = [sys.executable, "-m", "streams.cli", "audit", "verify", *words]
    return subprocess.run(command, env=ours, capture_output=True, text=True, check=False)


async def test_the_command_says_whether_it_is_whole_and_where_it_is_not(kafka: str, tmp_path: Path) -> None:
    """Exit code 0 and the head to be noted; 1 and the place once something was put in, or the noted head is gone."""
    whole = paidan(kafka, tmp_path)
    report = await verify(kafka)
    assert (0, "") == (whole.returncode, whole.stderr)
    assert f"{report.valid} valid" in whole.stdout
    assert whole.stdout.rstrip().endswith(report.head)
    gone = paidan(kafka, tmp_path, "--known", "f" * 64)
    assert (1, True) == (gone.returncode, "removed" in gone.stderr)
    async with producer(kafka) as sender:
        sent = await sender.send_and_wait("audit", b'{"prev":"of nobody","seq":1}', partition=0)
    broken = paidan(kafka, tmp_path, "--known", report.head)
    assert (1, True) == (broken.returncode, f"offset {sent.offset}" in broken.stderr)
