"""What the source of each report is told: from the real events of the small city, and on a real broker."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer

from dispatchers import messages as m
from dispatchers.writer import DESK, Writer
from streams import kafka_io, outlet
from streams.outlet import stored_positions
from streams.reader import Fold, Position, Step
from streams.replies import NAME, TOPIC, Replies, Reply, replies
from streams.scan import scan
from tests.support import CHIEF, HOTLINE, SUPERVISOR, Town
from tests.support_log import PHONE, folded, logs, records


class Heard(NamedTuple):
    """What matters of a reply here."""

    kind: str
    status: str
    text: str = ""


class Ear:
    """A watcher that hears what the sources of a desk's cases are told."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self.heard: list[Reply] = []
        fold.watchers.append(self)

    def see(self, step: Step) -> None:
        self.heard += replies(step, self._fold.desk, self._fold.partition)

    def passed(self, position: Position) -> None:
        pass


def heard(town: Town, case_id: str = "") -> list[Reply]:
    """All that was told, about a case or about all, over all desks in the order of the records."""
    ears: dict[int, Ear] = {}
    folds: dict[int, Fold] = {}
    found: list[Reply] = []
    for name, log in town.memory.desks.items():
        fold = folds[log.partition] = Fold(Writer(name, DESK), log.partition)
        ears[log.partition] = Ear(fold)
    for stored in town.stored:
        if stored.topic == "desk-log":
            folds[stored.partition].take(stored.offset, stored.raw)
            found += ears[stored.partition].heard
            ears[stored.partition].heard = []
    return [r for r in found if not case_id or r.case_id == case_id]


def story(town: Town, case_id: str) -> list[Heard]:
    return [Heard(r.kind, r.status, r.text) for r in heard(town, case_id)]


REGISTERED = Heard("progress", "registered")
WORKING = Heard("progress", "working")
DISPOSED = Heard("progress", "disposed")


def test_a_plain_case_is_told_in_four_words_an_answer_and_its_end() -> None:
    """Registered, working, disposed, the answer's own text, closed: each once, in order, with the source's number."""
    town = Town()
    case = town.file("77")
    no = town.case(case).no
    town.work(case, until="closed")
    assert story(town, case) == [REGISTERED, WORKING, DISPOSED, Heard("reply", "disposed", "done as asked"),
                                 Heard("closed", "closed")]  # fmt: skip
    told = heard(town, case)
    assert {("12345", "77", case, no)} == {(r.source, r.source_id, r.case_id, r.case_no) for r in told}
    assert [r.case_version for r in told] == sorted({r.case_version for r in told})
    assert len({r.id for r in told}) == len(told)


def test_an_id_is_the_place_of_the_event() -> None:
    """desk-log/partition/offset/nth: folding the log again gives the same ids, for the same events."""
    town = Town()
    case = town.file("1")
    town.work(case, until="closed")
    told = heard(town)
    assert told == heard(town)
    events = {
        f"desk-log/{s.partition}/{s.offset}/{n}": e["type"]
        for s in town.stored
        if s.topic == "desk-log"
        for n, e in enumerate(json.loads(s.raw)["events"])
    }
    assert [events[r.id] for r in told] == [
        "CaseRegistered", "AssignmentAccepted", "CaseDisposed", "CallerAnswered", "CaseClosed",
    ]  # fmt: skip


def test_the_answer_says_until_when_it_was_owed_and_then_no_more() -> None:
    """`due_at` is that of the reply's own limit while it is owed; at the end it is 0."""
    town = Town()
    case = town.file("1")
    term = town.case(case).term("reply")
    assert term
    town.work(case, until="closed")
    told = heard(town, case)
    assert [term.due_at] * 3 + [0, 0] == [r.due_at for r in told]


def test_an_offer_that_nobody_takes_is_no_news() -> None:
    """Whom it is offered to, who lets it lie or gives it back is our own affair."""
    town = Town()
    case = town.file("1")
    town.order(m.ReturnAssignment, case)
    town.wait(minutes=20)
    assert len(town.story(case)) == 4
    assert story(town, case) == [REGISTERED]


def test_what_was_begun_and_goes_back_is_told() -> None:
    """Working, then registered again: nobody has it, and nobody pretends."""
    town = Town()
    case = town.file("1")
    town.order(m.AcceptAssignment, case)
    town.order(m.ReturnAssignment, case)
    assert story(town, case)[:3] == [REGISTERED, WORKING, REGISTERED]


def test_each_report_of_one_matter_hears_for_itself() -> None:
    """Children get their parent's progress under their own number and ids, the answer and the end of their own."""
    town = Town()
    parent, child = town.file("1", "tree"), town.file("2", "tree")
    assert town.case(child).parent == parent
    town.work(parent, until="closed")
    ours = [REGISTERED, WORKING, DISPOSED, Heard("reply", "disposed", "done as asked"), Heard("closed", "closed")]
    assert (story(town, parent), story(town, child)) == (ours, ours)
    told = heard(town)
    assert len({r.id for r in told}) == len(told) == 10
    assert {"2"} == {r.source_id for r in told if r.case_id == child}
    of_parents_events = [r.id for r in told if r.case_id == child and r.status in ("working", "disposed")]
    assert all(one.endswith("/1") and one.count("/") == 4 for one in of_parents_events[:2])


def test_a_report_merged_into_a_case_in_work_is_told_so() -> None:
    """It stands where its parent does; split from it, it stands where it was."""
    town = Town()
    parent = town.file("1", "tree")
    town.order(m.AcceptAssignment, parent)
    child = town.file("2", "tree")
    town.order(m.SplitCase, child, reason="another heap")
    assert story(town, child) == [REGISTERED, WORKING, REGISTERED]


def test_a_rejected_report_hears_why() -> None:
    """The reason with the right channel, and which kind of no it is; an office's number stays, a person's goes."""
    town = Town()
    cases = [town.file(str(n), "never_heard", where=None) for n in range(2)]
    outcomes: list[Any] = ["rejected", "not_registered"]
    reason = "请拨打0573-82521234，或找13812345678，身份证330402199001011234"
    for case, outcome in zip(cases, outcomes, strict=True):
        town.order(m.CancelCase, case, outcome=outcome, reason=reason if outcome == "not_registered" else "请拨打110")
    assert story(town, cases[0])[-1] == Heard("rejected", "rejected", "请拨打110")
    last = story(town, cases[1])[-1]
    assert last[:2] == ("rejected", "not_registered")
    assert not [n for n in ("13812345678", "330402199001011234") if n in last.text]
    again = town.file("9", "never_heard")
    town.order(m.CancelCase, again, actor=CHIEF, outcome="cancelled", reason="重复，请拨打0573-82521234转13812345678")
    said = story(town, again)[-1]
    assert (said.status, "0573-82521234" in said.text, "13812345678" in said.text) == ("cancelled", True, False)


def test_a_transferred_case_says_where_it_went() -> None:
    """Its own source hears the body and the reason; the children that end with it hear that they are there too."""
    town = Town()
    parent = town.file("1", "never_heard")
    child = town.file("2", "never_heard")
    town.order(m.MergeCase, child, parent=parent, reason="same")
    if town.where(parent) and town.case(parent).status != "operator":
        raise AssertionError(town.case(parent).status)
    town.order(m.TransferCase, parent, actor=CHIEF, to="信访局", reason="属信访事项")
    last = heard(town, parent)[-1]
    assert (last.kind, last.to, last.text) == ("transferred", "信访局", "属信访事项")
    last = heard(town, child)[-1]
    assert (last.kind, last.status, last.text) == ("transferred", "transferred", "")


def test_a_forced_end_gives_its_reason_and_a_reopened_case_begins_anew() -> None:
    """Without an answer the reason is all the source hears; then it is registered again."""
    town = Town()
    case = town.file("1", "never_heard")
    town.order(m.CloseCase, case, forced=True, reason="重复件", reply="")
    town.order(m.ReopenCase, case, actor=SUPERVISOR, cause="fault", reason="重办", at_desk="jia")
    assert story(town, case)[:3] == [REGISTERED, Heard("closed", "closed", "重复件"), REGISTERED]


def test_an_answer_on_its_own_is_told_at_once() -> None:
    """The hotline answers before the work is done: reply, and then the rest."""
    town = Town()
    case = town.file("1")
    town.order(m.AnswerCaller, case, actor=HOTLINE, text="已派人前往")
    assert story(town, case) == [REGISTERED, Heard("reply", "registered", "已派人前往")]


def test_a_change_of_desk_is_no_news() -> None:
    """Handed over and taken: sought for as before; what follows is told by the other desk, with a later version."""
    town = Town()
    case = town.file("1", "never_heard")
    town.order(m.HandOverCase, case)
    assert town.where(case) == "yi"
    town.order(m.CancelCase, case, outcome="rejected", reason="不属城管")
    told = heard(town, case)
    assert [(r.kind, r.status) for r in told] == [("progress", "registered"), ("rejected", "rejected")]
    assert told[0].case_version < told[1].case_version
    assert told[0].id.split("/")[1] != told[1].id.split("/")[1]


def test_every_report_of_a_wild_day_hears_and_nobody_is_named() -> None:
    """120 complaints through returns, disputes, merges, hand-overs: each hears first that it is registered, no word
    twice in a row, nothing after its end but of a reopening; no reporter, officer, squad or operator in any of it."""
    told: dict[str, list[Reply]] = {}
    people: set[str] = set()
    for name, raws in logs().items():
        fold = Fold(folded(name, []), 0)
        ear = Ear(fold)
        fold.read(records(raws))  # type: ignore[arg-type]
        for reply in ear.heard:
            told.setdefault(reply.case_id, []).append(reply)
        people |= {e["actor"]["id"] for raw in raws for e in json.loads(raw)["events"] if e.get("actor")}
    assert len(told) == 120
    kinds = set()
    for story in told.values():
        story.sort(key=lambda r: r.case_version)
        assert (story[0].kind, story[0].status) == ("progress", "registered")
        kinds |= {r.kind for r in story}
        words = [r.status for r in story if r.kind == "progress"]
        again = {r.kind for r in story} & {"closed", "rejected", "transferred"}  # and reopened
        assert again or all(a != b for a, b in pairwise(words))
    assert {"progress", "reply", "closed", "rejected"} <= kinds
    everything = json.dumps([[r.kind, r.status, r.text, r.to, r.id] for s in told.values() for r in s])
    assert len(people) > 10
    assert not [one for one in (*people, PHONE) if f'"{one}"' in everything]


# -- on the broker -----------------------------------------------------------------------------------------------------

DESK_NAME = "ding"
RAWS = logs()[DESK_NAME]
FIRST = 26  # each test has a partition of its own: the broker is shared


async def published(kafka: str, partition: int) -> list[Reply]:
    mine = f"desk-log/{partition}/"
    records = [r async for r in scan(kafka, TOPIC) if mine.encode() in r.value]
    found = [msgspec.json.decode(r.value, type=Reply) for r in records]
    assert [r.key.decode() for r in records] == [reply.case_id for reply in found]
    assert all(reply.id.startswith(mine) for reply in found)
    return found


async def test_replies_are_published_and_a_restart_repeats_none(kafka: str) -> None:
    """All of a log's replies by their case's key, from a stored position on; from none again, under the same ids."""
    fold = Fold(folded(DESK_NAME, []), FIRST)
    expected = Ear(fold)
    fold.read(records(RAWS))  # type: ignore[arg-type]
    async with kafka_io.producer(kafka) as sender:
        position = await _publish(sender, RAWS[:90], FIRST, None)
        assert position
        later = Fold(folded(DESK_NAME, RAWS[:60]), FIRST)
        out = Replies(sender, later, position)
        later.read(records(RAWS, start=59))  # type: ignore[arg-type]
        await out.publish()
        await out.save()
        key = by_case(expected.heard)
        assert key == by_case(await published(kafka, FIRST))
        await _publish(sender, RAWS, FIRST, None)
    found = await published(kafka, FIRST)
    assert len(found) == 2 * len(expected.heard)
    assert {r.id for r in expected.heard} == {r.id for r in found}
    stored = (await stored_positions(kafka, [FIRST, FIRST + 1], [NAME, "facts"]))[NAME]
    assert stored == {FIRST: fold.position}


def by_case(told: list[Reply]) -> dict[str, list[Reply]]:
    found: dict[str, list[Reply]] = {}
    for reply in told:
        found.setdefault(reply.case_id, []).append(reply)
    return found


async def _publish(sender: AIOKafkaProducer, raws: list[bytes], partition: int, stored: Position | None) -> Any:
    fold = Fold(folded(DESK_NAME, []), partition)
    out: outlet.Outlet = Replies(sender, fold, stored)
    fold.read(records(raws))  # type: ignore[arg-type]
    await out.publish()
    await out.save()
    return fold.position
