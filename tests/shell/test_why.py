"""`paidan why` and `paidan rollout`: what they read, whom they find, what they say when there is nothing."""

import asyncio
import datetime as dt
import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.record import encode_record
from dispatchers.rows import Rollout
from streams import packs, why_cli
from streams.cli_common import UserError
from streams.kafka_io import producer
from tests.support import COORDINATION, OPERATOR, PACK, changed
from tests.support_kafka import broker
from tests.support_scenarios import Story, added

SMALL = Path(__file__).parents[1] / "city/small"


def written(story: Story, file: Path, *more: bytes) -> Path:
    """What `paidan decide --log all` prints of a story, with more lines behind it."""
    file.write_bytes(b"".join(raw + b"\n" for raw in (*(s.raw for s in story.stored), *more)))
    return file


@pytest.fixture(scope="module")
def story() -> Story:
    """Two cases, one of which went to another desk."""
    story = Story()
    story.file("09:00", "1", "stall", title="占道摆摊")
    case = story.file("09:01", "2", "refuse")
    story.tell("09:02", m.HandOverCase, case, to_desk="yi", reason="over the border", actor=COORDINATION)
    return story


@pytest.fixture(scope="module")
def log(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(story, tmp_path_factory.mktemp("why") / "records.jsonl")


def cases(story: Story) -> list[e.CaseRegistered]:
    return story.all(e.CaseRegistered)


def rolled_out() -> Story:
    """A desk in shadow mode with two cases: one followed, one given to another squad; a third is open."""
    row = Rollout(desk="jia", item="*", mode="shadow", valid_from=dt.date(2026, 1, 1), source="invented")
    story = Story(added(PACK, "rollout", row))
    one, other, _ = story.file("09:00", "1"), story.file("09:01", "2"), story.file("09:02", "3", "refuse")
    story.tell("09:05", m.AssignCase, one, squad="A1", reason="so")
    story.tell("09:05", m.AssignCase, other, squad="A2", reason="so")
    return story


def paidan(*words: str, stdin: bytes = b"", **env: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "streams.cli", *words]
    ours = {k: v for k, v in os.environ.items() if not k.startswith("PAIDAN_")}
    return subprocess.run(command, input=stdin, env=ours | env, capture_output=True, check=False)


# -- why ---------------------------------------------------------------------------------------------------------------


def test_a_case_is_found_by_its_id_and_by_its_number(story: Story, log: Path) -> None:
    """Both say the same about the same case, with the city's names; another case's is another text."""
    first, second = cases(story)
    text = why_cli.why(first.case_id, log=log, city=SMALL)
    assert text.split("\n")[0] == f"案件 JA-20260713-0001（{first.case_id}）：占道经营 占道摆摊"
    assert text == why_cli.why("JA-20260713-0001", log=log, city=SMALL)
    assert second.case_id not in text
    assert "派单给一街道中队 一街道中队A组" in text


def test_a_text_is_as_of_the_last_record(story: Story, log: Path) -> None:
    """The limits have the colour of when the log ends, not of the wall's clock, so that a file says the same for
    ever."""
    text = why_cli.why(cases(story)[0].case_id, log=log, city=SMALL)
    assert text.split("\n")[1].startswith("截至 2026-07-13 09:02（UTC+08:00）：已派单待接")
    assert text.split("\n")[5].endswith("，绿")


def test_a_case_of_two_desks_is_one_text(story: Story, log: Path) -> None:
    """What the first desk wrote, then what the second did, though each has a log of its own."""
    case = cases(story)[1].case_id
    desks = [line.split(" ")[2] for line in why_cli.why(case, log=log, city=SMALL).split("\n") if line[:4] == "2026"]
    assert desks == ["甲县指挥席"] * 4 + ["乙县指挥席"] * 2


def test_a_case_that_came_without_its_beginning(story: Story, tmp_path: Path) -> None:
    """From the second desk's log alone the case is found by its number too, and the gap is said."""
    number = cases(story)[1].case_no
    file = tmp_path / "yi.jsonl"
    file.write_bytes(
        b"".join(s.raw + b"\n" for s, r in zip(story.stored, story.records, strict=True) if r.desk == "yi")
    )
    text = why_cli.why(number, log=file, city=SMALL).split("\n")
    assert text[0].startswith(f"案件 {number}（")
    assert text[text.index("经过：") + 1] == "（缺第 1 至 4 版的事件）"


def test_a_case_that_another_one_names(tmp_path: Path) -> None:
    """A number in somebody's title is not that case, and of a record about two cases only what is about this one is
    told."""
    story = Story()
    parent = story.file("09:00", "1", "tree", title="same as JA-20260713-0002")
    child = story.file("09:05", "2", "tree")
    file = written(story, tmp_path / "records.jsonl")
    text = why_cli.why("JA-20260713-0002", "en", log=file, city=SMALL)
    assert text.startswith(f"case JA-20260713-0002 ({child})")
    assert text.count("registered as") == 1
    assert f"merged into case {parent}" in text
    assert f"{child} joined" not in text
    assert f"{child} joined" in why_cli.why(parent, "en", log=file, city=SMALL)


def test_a_packed_file_is_read(story: Story, log: Path, tmp_path: Path) -> None:
    """`.gz` is unpacked, as everywhere."""
    packed = tmp_path / "records.jsonl.gz"
    packed.write_bytes(gzip.compress(log.read_bytes()))
    case = cases(story)[0].case_id
    assert why_cli.why(case, log=packed, city=SMALL) == why_cli.why(case, log=log, city=SMALL)


def test_an_unknown_case_says_what_was_looked_at(log: Path) -> None:
    """The file, how many valid records of whom it has, up to when, and how many are void."""
    for wanted in ("c-nobody", "JA-20260713-0099"):
        with pytest.raises(UserError) as said:
            why_cli.why(wanted, log=log, city=SMALL)
        text = str(said.value)
        assert text.startswith(f"{wanted}: no such case in {log} (")
        assert "jia, yi, up to 2026-07-13T01:02:00Z)" in text
        assert "void" not in text


def test_a_case_that_only_orders_speak_of(tmp_path: Path) -> None:
    """An order about a case that is nowhere is no case: it is said that one names it."""
    story = Story()
    story.tell("09:00", m.UrgeCase, "c-nobody")
    file = written(story, tmp_path / "records.jsonl")
    with pytest.raises(
        UserError, match=r"1 valid records of ding, .*; 1 refused, repeated or forwarded orders name it"
    ):
        why_cli.why("c-nobody", log=file, city=SMALL)


def test_a_file_of_nothing(tmp_path: Path) -> None:
    """An empty file, and one of something else, have no valid record; nobody's name or time is made up."""
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    other = tmp_path / "other.jsonl"
    other.write_bytes(b"no json\n{}\n[1]\n\xff\xfe\n\n")
    with pytest.raises(UserError) as said:
        why_cli.why("c-1", log=empty, city=SMALL)
    assert str(said.value) == f"c-1: no such case in {empty} (0 valid records)"
    with pytest.raises(UserError) as said:
        why_cli.why("c-1", log=other, city=SMALL)
    assert str(said.value) == f"c-1: no such case in {other} (0 valid records, 4 void)"


def test_void_records_are_not_shown(story: Story, tmp_path: Path) -> None:
    """Given a zombie's records in the log: one that closes the case and continues an older record, one written twice,
    rubbish; when the case is asked for; then none of it is told, and a case that only they know is unknown."""
    case = cases(story)[0]
    last = next(r for r in reversed(story.records) if r.desk == "jia")
    lie = e.CaseUrged(case_id=case.case_id, case_version=3, actor=OPERATOR, note="a lie")
    ghost = msgspec.structs.replace(case, case_id="c-ghost", case_no="JA-20260713-0666")
    forged = encode_record(msgspec.structs.replace(last, events=[lie, ghost]))  # its `prev` is that of the last but one
    file = written(story, tmp_path / "records.jsonl", forged, story.stored[-1].raw, b"rubbish")
    clean = written(story, tmp_path / "clean.jsonl")
    assert b"a lie" in file.read_bytes()
    assert why_cli.why(case.case_id, log=file, city=SMALL) == why_cli.why(case.case_id, log=clean, city=SMALL)
    for wanted in ("c-ghost", "JA-20260713-0666"):
        with pytest.raises(UserError, match=r"no such case in .*, up to 2026-07-13T01:02:00Z, 3 void\)"):
            why_cli.why(wanted, log=file, city=SMALL)


def test_what_follows_a_void_record_is_shown(story: Story, tmp_path: Path) -> None:
    """A void record between two valid ones breaks no chain: the second continues the first."""
    raws = [s.raw for s in story.stored]
    file = tmp_path / "records.jsonl"
    file.write_bytes(b"".join(raw + b"\nrubbish\n" + raw + b"\n" for raw in raws))
    clean = written(story, tmp_path / "clean.jsonl")
    case = cases(story)[1].case_id
    assert why_cli.why(case, log=file, city=SMALL) == why_cli.why(case, log=clean, city=SMALL)


def test_a_gap_in_the_file_ends_what_is_valid(story: Story, tmp_path: Path) -> None:
    """A record that is missing makes all that its writer wrote after it void: what cannot be proved is not told."""
    ours = [n for n, r in enumerate(story.records) if r.desk == "jia"]
    raws = [s.raw for n, s in enumerate(story.stored) if n != ours[0]]
    file = tmp_path / "records.jsonl"
    file.write_bytes(b"".join(raw + b"\n" for raw in raws))
    with pytest.raises(UserError, match=f"{len(ours) - 1} void"):
        why_cli.why(cases(story)[0].case_id, log=file, city=SMALL)


def test_without_the_right_city_there_are_ids(story: Story, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pack that did not decide gives no names, whether it is PAIDAN_CITY's or there is none; one that was asked for
    and is none is a fault."""
    case = cases(story)[0].case_id
    for folder in (Path("deploy/jiaxing"), Path("tests")):
        monkeypatch.setenv("PAIDAN_CITY", str(folder))
        text = why_cli.why(case, "en", log=log)
        assert text.endswith("(the city's data of that time is not at hand: ids stand for names)")
        assert "offered to A1 A1-A (A1-001, A1-002)" in text
    monkeypatch.setenv("PAIDAN_CITY", str(SMALL))
    assert "一街道中队" in why_cli.why(case, "en", log=log)
    with pytest.raises(UserError, match="paidan city check tests"):
        why_cli.why(case, log=log, city=Path("tests"))


def test_standard_input_is_kept(story: Story, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ "-" is read once, though a number is looked for first and then its case; what was looked at has its name."""

    class Stdin:
        buffer = io.BytesIO(log.read_bytes())

    monkeypatch.setattr(sys, "stdin", Stdin)
    case = cases(story)[0]
    text = why_cli.why(case.case_no, log=Path("-"), city=SMALL)
    assert text == why_cli.why(case.case_id, log=log, city=SMALL)
    with pytest.raises(UserError, match="no such case in standard input"):
        why_cli.why("c-1", log=Path("-"), city=SMALL)


def test_the_command(story: Story, log: Path) -> None:
    """`paidan why` from a pipe, in English; an unknown case is one line on stderr and exit code 2, and so is the
    running system when nobody said where it is."""
    case = cases(story)[0]
    done = paidan("why", case.case_no, "--lang", "en", "--log", "-", "--city", str(SMALL), stdin=log.read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == why_cli.why(case.case_id, "en", log=log, city=SMALL) + "\n"
    assert done.stdout.decode().startswith("case JA-20260713-0001")
    wrong = paidan("why", "c-1", "--log", str(log))
    assert (wrong.returncode, wrong.stdout, wrong.stderr.count(b"\n")) == (2, b"", 1)
    assert wrong.stderr.startswith(b"paidan: c-1: no such case in ")
    alone = paidan("why", "c-1")
    assert (alone.returncode, alone.stderr.startswith(b"paidan: PAIDAN_KAFKA is not set")) == (2, True)


# -- rollout -----------------------------------------------------------------------------------------------------------

TABLE = """\
desk  item    mode    proposals  as_proposed  other_team  otherwise  undecided  agreement  instead
jia   refuse  shadow  1          0            0           0          1          -          -
jia   stall   shadow  2          1            0           1          0          50%        A2 1"""


def test_the_report_is_a_table(tmp_path: Path) -> None:
    """A line for each desk, item and mode; no agreement is a dash, not nought; void records count nothing."""
    story = rolled_out()
    file = written(story, tmp_path / "records.jsonl", story.stored[-1].raw, b"rubbish")
    assert why_cli.rollout(file) == TABLE


def test_the_report_as_json(tmp_path: Path) -> None:
    """The same numbers, with none for no agreement."""
    file = written(rolled_out(), tmp_path / "records.jsonl")
    refuse, stall = json.loads(why_cli.rollout(file, as_json=True))
    assert refuse["agreement"] is None
    assert stall == {
        "desk": "jia", "item": "stall", "mode": "shadow", "proposals": 2, "as_proposed": 1, "other_team": 0,
        "otherwise": 1, "undecided": 0, "agreement": 0.5, "instead": {"A2": 1},
    }  # fmt: skip


def test_nothing_was_proposed(log: Path) -> None:
    """Where the rules decide by themselves it is said so, and as JSON there is an empty list."""
    assert why_cli.rollout(log) == "nothing was proposed"
    assert json.loads(why_cli.rollout(log, as_json=True)) == []


def test_the_command_of_the_report(tmp_path: Path) -> None:
    """`paidan rollout` from a pipe and from a file."""
    file = written(rolled_out(), tmp_path / "records.jsonl")
    piped = paidan("rollout", "--log", "-", stdin=file.read_bytes())
    assert (piped.returncode, piped.stdout.decode(), piped.stderr) == (0, TABLE + "\n", b"")
    told = paidan("rollout", "--log", str(file), "--json")
    assert json.loads(told.stdout)[1]["agreement"] == 0.5


# -- of the running system ---------------------------------------------------------------------------------------------


def test_the_running_systems_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given the logs of two desks on a broker, with a zombie's record among them, and the pack that decided published
    there; when a case is asked for by its number without a file; then both logs are read and the names are there,
    though PAIDAN_CITY is another city; the report is made of the same logs."""
    row = Rollout(desk="yi", item="*", mode="shadow", valid_from=dt.date(2026, 1, 1), source="invented")
    pack = added(changed(PACK, "squads", {"id": "A1"}, name="改名中队"), "rollout", row)
    story = Story(pack)
    case = story.file("09:00", "1", "stall")
    story.tell("09:01", m.HandOverCase, case, to_desk="yi", reason="over the border", actor=COORDINATION)
    story.tell("09:02", m.ClassifyCase, case, item="stall", territory="990201", reason="it is here")
    partitions = {desk.id: desk.partition for desk in pack.desks}

    async def append(kafka: str) -> None:
        await packs.publish(kafka, pack)
        async with producer(kafka) as sender:
            for stored, record in zip(story.stored, story.records, strict=True):
                if stored.topic == "desk-log":
                    place = {"key": record.desk.encode(), "partition": partitions[record.desk]}
                    for raw in (stored.raw, stored.raw):  # each is written twice: the second continues nothing
                        await sender.send_and_wait("desk-log", raw, **place)

    lying = [s.raw for s in story.stored if s.topic == "desk-log"]
    file = tmp_path / "records.jsonl"
    file.write_bytes(b"".join(raw + b"\n" for raw in lying))
    with broker(tmp_path / "kafka") as server:
        asyncio.run(append(server.address))
        monkeypatch.setenv("PAIDAN_KAFKA", server.address)
        monkeypatch.setenv("PAIDAN_CITY", "deploy/jiaxing")
        text = why_cli.why("JA-20260713-0001")
        report = why_cli.rollout()
        with pytest.raises(UserError) as said:
            why_cli.why("c-1")
    looked = f"c-1: no such case in desk-log of {server.address} ({len(lying)} valid records of jia, yi, up to "
    assert str(said.value) == f"{looked}2026-07-13T01:02:00Z, {len(lying)} void)"
    assert "派单给改名中队 一街道中队A组" in text
    assert "接收甲县指挥席移来的案件" in text
    assert [line.split()[:3] for line in report.split("\n")[1:]] == [["yi", "stall", "shadow"]]
    assert report == why_cli.rollout(file)
