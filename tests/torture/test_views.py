"""The tests of views.py: what the project's own code makes of a small run is right by it, and each thing broken once is
caught."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from prometheus_client import generate_latest

from dispatchers.record import decode_record
from streams import facts, metrics
from streams.archive.store import Store
from streams.clock import Clock, Segment
from streams.facts import fact
from streams.outbox.account import Delivery
from streams.reader import Fold, Position, Step
from streams.replies import replies
from streams.targets import Exporter
from streams.views import case_row
from tests.support_kafka import Entry, Lying
from tests.support_log import Record

from .checker import Checker
from .test_checker import World, world  # noqa: F401 - a fixture
from .views import (
    offers,
    undelivered,
    unlike_archive,
    unlike_boards,
    unlike_facts,
    unlike_numbers,
    unlike_replies,
    unpushed,
)

SOURCE = "12345"


class Made:
    """What the project makes of the run. A watcher of its folds."""

    def __init__(self, world: World, folder: Path) -> None:  # noqa: F811
        self.checker = Checker(world.lying, world.history, world.rules)
        self.facts: list[Entry] = []
        self.replies: list[Entry] = []
        self.boards: dict[str, list[dict[str, object]]] = {}
        clock = Clock([Segment(wall=0, business=world.now, speed=1.0, wall_end=0)])
        metrics.DESKS.declare(world.rules.desks.values())
        exporter, store = Exporter(world.serial.city.pack, clock), Store(folder / "archive.sqlite")
        positions = {}
        for partition, desk in world.rules.desks.items():
            self._partition, self._desk = partition, desk
            fold = self._fold = Fold(world.serial.writer("desk-inbox", partition), partition, [self])
            for entry in world.lying.get(("desk-log", partition), []):
                fold.take(entry.offset, entry.value or b"")
                exporter.take(Record(partition, entry.offset, entry.value))  # type: ignore[arg-type]
                store.take(partition, entry.offset, decode_record(entry.value or b""))
                positions[partition] = fold.position
            rows = [msgspec.to_builtins(case_row(case, desk)) for case in fold.desk.cases.values()]
            self.boards[desk] = rows
        store.commit(positions)
        store.close()
        self.db = sqlite3.connect(folder / "archive.sqlite")
        exporter.show()
        self.numbers = generate_latest(metrics.REGISTRIES["targets"]).decode()

    def see(self, step: Step) -> None:
        told = fact(step, self._desk, self._partition)
        self.facts.append(Entry(len(self.facts), 0, told.key, told.value, tuple(told.headers)))
        for reply in replies(step, self._fold.desk, self._partition):
            raw = msgspec.json.encode(reply)
            self.replies.append(Entry(len(self.replies), 0, reply.case_id.encode(), raw))

    def passed(self, position: Position) -> None:
        """Nothing."""

    @property
    def owed(self) -> list[tuple[str, bytes]]:
        """The replies of a source: (id, body)."""
        told = [(json.loads(e.value or b""), e.value or b"") for e in self.replies]
        return [(said["id"], raw) for said, raw in told if said["source"] == SOURCE]

    def topics(self, state: str = "acknowledged") -> Lying:
        """With what became of each of them."""
        made = []
        for number, (name, _) in enumerate(self.owed):
            more = {"case_id": "", "source": SOURCE, "attempts": 1, "at": 0, "status": "200"}
            told = Delivery(id=name, state=state, partition=0, offset=number, **more)  # type: ignore[arg-type]
            made.append(Entry(number, 0, name.encode(), msgspec.json.encode(told)))
        return {("replies", 0): self.replies, ("deliveries", 0): made}


@pytest.fixture
def made(world: World, tmp_path: Path) -> Made:  # noqa: F811
    return Made(world, tmp_path)


def test_what_is_right_is_right(made: Made) -> None:
    """Archive, public topics, numbers, boards and deliveries of the run, repeats among them."""
    assert [] == unlike_archive(made.db, made.checker)
    assert [] == unlike_facts(made.facts + made.facts[-3:], made.checker)
    assert [] == unlike_replies(made.replies + made.replies[-3:], made.checker)
    assert [] == unlike_numbers(made.numbers, made.checker)
    assert [] == unlike_boards(made.boards, made.checker)
    assert [] == undelivered(SOURCE, made.topics(), made.owed + made.owed[:2])
    done = [(offer.id, offer.squad) for offer in offers(made.checker).values()]
    assert done
    assert [] == unpushed("webhook", made.checker, done, waits=True)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE position SET offset = offset - 1",
        "UPDATE position SET hash = 'x' WHERE partition = 0",
        "UPDATE bodies SET version = version + 1 WHERE n = (SELECT max(n) FROM bodies)",
        "UPDATE bodies SET desk = 'jiaxing' WHERE n = (SELECT max(n) FROM bodies)",
        "UPDATE cases SET open = 1 - open WHERE n = (SELECT max(n) FROM cases)",
        "UPDATE cases SET status = (SELECT status FROM cases WHERE NOT open) WHERE open",
        "DELETE FROM story WHERE rowid = (SELECT min(rowid) FROM story WHERE moves)",
        "DELETE FROM bodies WHERE n = (SELECT max(n) FROM bodies)",
    ],
)
def test_an_archive_that_is_not_the_log_is_caught(made: Made, sql: str) -> None:
    """A row too few, or one that says something else."""
    assert made.db.execute(sql).rowcount > 0
    assert {"archive"} == {fault.promise for fault in unlike_archive(made.db, made.checker)}


def _changed(entry: Entry) -> Entry:
    return entry._replace(value=(entry.value or b"").replace(b'"case_version":', b'"case_version":1'))


@pytest.mark.parametrize(
    "edit",
    [
        lambda told: told[:-1],
        lambda told: told[1:],
        lambda told: [*told[1:], told[0]],
        lambda told: [_changed(told[0]), *told[1:]],
        lambda told: [*told, _changed(told[-1])],
    ],
    ids=["lost", "first lost", "not in order", "changed", "repeated otherwise"],
)
def test_a_public_topic_that_is_not_the_log_is_caught(made: Made, edit: Callable[[list[Entry]], list[Entry]]) -> None:
    """Of both topics."""
    assert {"facts"} == {fault.promise for fault in unlike_facts(edit(made.facts), made.checker)}
    assert {"replies"} == {fault.promise for fault in unlike_replies(edit(made.replies), made.checker)}


def test_who_points_to_a_reporter_in_public_is_caught(made: Made) -> None:
    """The reference and the tag are not for everybody."""
    first = json.loads(made.facts[0].value or b"") | {"caller_tag": "x"}
    leaky = made.facts[0]._replace(value=json.dumps(first).encode())
    assert ["facts"] == [fault.promise for fault in unlike_facts([leaky, *made.facts[1:]], made.checker)]
    assert facts.TOPIC == "case-events"


@pytest.mark.parametrize(
    "edit",
    [
        lambda done: done[1:],
        lambda done: [*done[1:], done[0]],
        lambda done: [(done[0][0], b"{}"), *done],
        lambda done: [*done, ("desk-log/0/9999/0", b"{}")],
    ],
    ids=["lost", "not in order", "another text", "nobody's"],
)
def test_what_a_source_did_not_get_is_caught(
    made: Made, edit: Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]]
) -> None:
    """Not done, done in another order, or otherwise."""
    assert undelivered(SOURCE, made.topics(), edit(made.owed))


def test_what_is_done_and_not_acknowledged_is_caught(made: Made) -> None:
    """And a reply that was given up though it was done."""
    assert undelivered(SOURCE, made.topics("dead"), made.owed)


def test_what_a_channel_did_not_do_is_caught(made: Made) -> None:
    """An offer that stands and went nowhere, one that went to another squad, one that is nobody's."""
    done = [(offer.id, offer.squad) for offer in offers(made.checker).values()]
    standing = [offer.id for offer in offers(made.checker).values() if offer.standing]
    assert standing
    without = [one for one in done if one[0] != standing[0]]
    assert ["outside"] == [f.promise for f in unpushed("webhook", made.checker, without, waits=True)]
    assert [] == unpushed("webhook", made.checker, without, waits=False)
    assert ["outside"] == [f.promise for f in unpushed("webhook", made.checker, [(done[0][0], "X1")], waits=False)]
    assert ["outside"] == [f.promise for f in unpushed("webhook", made.checker, [("c-x/1", "")], waits=False)]


def test_a_number_that_is_not_the_recount_is_caught(made: Made) -> None:
    """One case too many, or an old record."""
    lines = made.numbers.splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("paidan_target_cases{") and '"all"' in line)
    series, value = lines[first].rsplit(" ", 1)
    text = "\n".join([*lines[:first], f"{series} {float(value) + 1}", *lines[first + 1 :]]) + "\n"
    assert {"numbers"} == {fault.promise for fault in unlike_numbers(text, made.checker)}
    old = made.numbers.replace(
        "paidan_target_watermark_timestamp_seconds 1", "paidan_target_watermark_timestamp_seconds 2"
    )
    assert ["numbers"] == [fault.promise for fault in unlike_numbers(old, made.checker)]


def test_a_board_with_an_old_row_is_caught(made: Made) -> None:
    """Or with one too few."""
    desk = next(desk for desk, rows in made.boards.items() if rows)
    for rows in (made.boards[desk][1:], [{**made.boards[desk][0], "version": 99}, *made.boards[desk][1:]]):
        assert ["console"] == [f.promise for f in unlike_boards({**made.boards, desk: rows}, made.checker)]
