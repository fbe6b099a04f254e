"""Whatever is said in whatever order: the book of one record at a time says what the pure function says of all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.outbox import book as module
from streams.outbox.account import Delivery, Ledger, ledger
from streams.outbox.book import Book
from streams.replies import Reply

SOURCES = ("12345", "web", "by-topic", "new")
WEBHOOKS = {"12345": 0, "web": 0, "new": 50}
PARTITIONS = 2


def reply(log: int, offset: int, child: int, source: str) -> Reply:
    tail = f"/{child}" if child else ""
    return Reply(
        id=f"desk-log/{log}/{offset}/0{tail}", case_id="c", case_no="n", case_version=1, source=source, source_id="s",
        kind="progress", status="working", at=1 + offset * 7 + child,
    )  # fmt: skip


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[str, int, Reply | Delivery | None]]:
    """Records as both topics have them, mixed as a reader may get them: each partition of `replies` in its order, with
    what a crash of `tell` repeats and what nobody can read; deliveries before or behind their replies."""
    pages: list[list[Reply | None]] = [[] for _ in range(PARTITIONS)]
    for log in range(draw(st.integers(1, 2))):
        said = [
            (draw(st.integers(0, PARTITIONS - 1)), reply(log, offset, child, draw(st.sampled_from(SOURCES))))
            for offset in range(draw(st.integers(0, 8)))
            for child in range(draw(st.integers(1, 3)))
        ]
        again = draw(st.integers(0, len(said)))
        stop = draw(st.integers(again, len(said)))
        for partition, one in [*said[:stop], *said[again:]]:  # ended at `stop`, began again at `again`
            pages[partition].append(one)
            if draw(st.integers(0, 9)) == 0:
                pages[partition].append(None)
    deliveries: list[Delivery] = []
    copied = draw(st.booleans())  # topics of another cluster, in which replies lie elsewhere; read before deliveries
    for partition, page in enumerate(pages):
        seen: dict[str, int] = {}
        for offset, one in enumerate(page):
            if one is None or one.id in seen:
                continue
            seen[one.id] = offset
            states = draw(st.lists(st.sampled_from(("acknowledged", "dead", "again")), max_size=3))
            wrong = draw(st.sampled_from((0, 1, -1, 100))) if copied else 0
            deliveries += [
                Delivery(
                    id=one.id,
                    case_id="c",
                    source=one.source,
                    state=state,
                    attempts=1,
                    at=1,
                    status="200",
                    partition=partition,
                    offset=max(0, offset + wrong),
                )
                for state in states
            ]
    queues = [[("reply", p, r) for r in page] for p, page in enumerate(pages)]
    after = [("delivery", d.partition, d) for d in deliveries]
    if not copied:
        queues.append(after)  # type: ignore[arg-type]
        after = []
    mixed: list[tuple[str, int, Reply | Delivery | None]] = []
    while any(queues):
        queue = draw(st.sampled_from([q for q in queues if q]))
        mixed.append(queue.pop(0))  # type: ignore[arg-type]
    return [*mixed, *after]


@given(stories(), st.integers(0, 40))
def test_the_book_is_the_fold_of_the_ledger(story: list[tuple[str, int, Reply | Delivery | None]], opened: int) -> None:
    """After every record: sent = acknowledged + pending + dead, the oldest pending is right, and what is pending is
    known by place; before and after the book is opened, and the same as `ledger` of all that was read."""
    book = Book(WEBHOOKS)
    for partition in range(PARTITIONS):
        book.begin(partition, 0)
    ends = [0] * PARTITIONS
    replies: list[Reply] = []
    deliveries: list[Delivery] = []
    places: dict[tuple[int, int], Reply] = {}
    if opened == 0:
        book.open()
    for number, (_, partition, what) in enumerate(story, 1):
        if isinstance(what, Delivery):
            book.delivery(what)
            deliveries.append(what)
        else:
            book.reply(partition, ends[partition], what, since=1)
            if what:
                places[partition, ends[partition]] = what
                replies.append(what)
            ends[partition] += 1
        if number == opened:
            book.open()
        for account in book.ledgers().values():
            assert account.sent == account.acknowledged + account.pending + account.dead
    if len(story) < opened:
        book.open()
    assert book.ledgers() == ledger(replies, deliveries, WEBHOOKS)
    pending_is_known(book, places)
    apart = {r.id for r in replies if r.source == "by-topic" or (r.source == "new" and r.at < 50)}
    assert sum(book.by_topic().values()) == len(apart)


def pending_is_known(book: Book, places: dict[tuple[int, int], Reply]) -> None:
    for source in WEBHOOKS:
        pending = list(book.pending(source))
        assert len(pending) == book.ledgers()[source].pending
        assert {places[place].source for place in pending} <= {source}
        assert len({places[place].id for place in pending}) == len(pending)


def test_what_the_topic_forgets_is_not_counted() -> None:
    """Pending, acknowledged or dead: gone from the accounts; later replies keep their places."""
    book = Book(WEBHOOKS)
    book.begin(0, 100)
    book.open()
    for n in range(6):
        book.reply(0, 100 + n, reply(0, n, 0, "web"), since=5)
    ended = Delivery(
        id="desk-log/0/1/0", case_id="c", source="web", state="acknowledged", attempts=1, at=1, status="200",
        partition=0, offset=101,
    )  # fmt: skip
    book.delivery(ended)
    book.forget(0, 103)
    assert book.ledgers()["web"] == Ledger(sent=3, pending=3, oldest_pending_at=1 + 3 * 7)
    assert list(book.pending("web")) == [(0, 103), (0, 104), (0, 105)]
    assert not book.knows(ended)
    book.delivery(replace(ended, id="desk-log/0/4/0", offset=104))
    assert book.ledgers()["web"].acknowledged == 1
    book.forget(0, 200)
    assert book.ledgers()["web"] == Ledger()
    assert book.reply(0, 200, reply(0, 9, 0, "web"), since=5)
    assert list(book.pending("web")) == [(0, 200)]


def test_sources_are_told_apart_up_to_a_bound() -> None:
    """Whatever names adaptors make up, memory is bounded; all are counted."""
    book = Book({})
    book.begin(0, 0)
    for n in range(module._MOST_SOURCES + 50):
        book.reply(0, n, reply(0, n, 0, f"made-up-{n}"), since=1)
    assert len(book.by_topic()) <= module._MOST_SOURCES + 2
    assert sum(book.by_topic().values()) == module._MOST_SOURCES + 50
