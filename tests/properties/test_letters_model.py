"""Letters between writers that crash, are taken over and come back as zombies (laws 4 and 7), against a model.

A broker of lists, the real `Writer`, and thousands of random schedules. What a worker does is cut into its smallest
steps (read, append, see the acknowledgement, post one letter); between any two of them it may die, be taken over while
it still lives, or be held up for long. After each append the model looks at the logs alone, as any reader may:

    held       every case is held by exactly one desk or is in exactly one letter under way, at every log position
    true       every letter that was taken is the one that its sender's log names under that number, which was there
    in order   per sender and receiver the numbers taken are 1, 2, 3 …
    complete   when all is quiet, everything sent was taken, and every order was decided once
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any, NamedTuple

import pytest

from dispatchers import events as e
from dispatchers import messages as m
from dispatchers.record import Head, Record, letters
from dispatchers.writer import DESK, Decided, Writer
from tests.support import CITY, MONDAY, filed

SCHEDULES = 1_500
STEPS = 70


class WrongError(Exception):
    """The model saw what may not be."""


class Sent(NamedTuple):
    """A message in an inbox, with the broker's instant of its append."""

    message: Any
    at: int


class Desks:
    """The broker, and the model that reads its logs."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.at = MONDAY
        self.inbox: dict[str, list[Sent]] = {name: [] for name in names}
        self.log: dict[str, list[bytes]] = {name: [] for name in names}
        self.reader = {name: Writer(name, DESK) for name in names}
        self.sent: dict[tuple[str, str], list[m.Letter]] = {}
        self.taken: Counter[tuple[str, str]] = Counter()
        self.under_way: dict[str, str] = {}  # case id -> "sender>receiver"
        self.decided: Counter[str] = Counter()
        self.forwarded: set[str] = set()

    def post(self, desk: str, message: Any) -> None:
        """A message lands in an inbox."""
        self.at += 1
        self.inbox[desk].append(Sent(message, self.at))

    def append(self, desk: str, raws: list[bytes]) -> int:
        """Records land in a log, as one batch; gives the offset of the first."""
        first = len(self.log[desk])
        for raw in raws:
            self.log[desk].append(raw)
            record = self.reader[desk].fold(len(self.log[desk]) - 1, raw)
            if record:
                self._look(desk, record)
        return first

    def _look(self, desk: str, record: Record) -> None:
        if record.cause.type == "Letter":
            self._taken(desk, record)
        for letter in letters(record):
            chain = self.sent.setdefault((desk, letter.receiver), [])
            if letter.number != len(chain) + 1:
                raise WrongError(f"letter {letter.number} sent after {len(chain)}")
            chain.append(letter)
            if isinstance(letter.body, m.TakeCase):
                self.under_way[letter.body.case.id] = f"{desk}>{letter.receiver}"
        for event in record.events:
            if isinstance(event, e.MessageSeen):
                self.decided[event.message_id] += 1
            elif isinstance(event, e.OrderForwarded):
                self.forwarded.add(event.message_id)
            elif isinstance(event, e.OrderRefused) and self._ran_ahead(event):
                raise WrongError("an order ran ahead of its case")
        self._held()

    def _ran_ahead(self, refused: e.OrderRefused) -> bool:
        return refused.reason == "unknown_case" and refused.message_id in self.forwarded

    def _taken(self, desk: str, record: Record) -> None:
        letter = self.inbox[desk][record.inbox_offset].message
        if any(isinstance(event, e.LetterGap) for event in record.events) or letter.sender not in self.names:
            return
        pair = (letter.sender, desk)
        if letter.number != self.taken[pair] + 1:
            raise WrongError(f"letter {letter.number} taken after {self.taken[pair]}")
        self.taken[pair] += 1
        if letter not in self.sent.get(pair, [])[letter.number - 1 : letter.number]:
            raise WrongError("a letter was taken that its sender's log does not have")
        if isinstance(letter.body, m.TakeCase):
            del self.under_way[letter.body.case.id]

    def _held(self) -> None:
        """Of every case that was ever registered there is one holder, or one letter."""
        held = Counter([*self.under_way, *(c for name in self.names for c in self.reader[name].state.cases)])
        if any(count != 1 for count in held.values()):
            raise WrongError(f"two hold a case: {held}")

    def cases(self) -> set[str]:
        return {c for name in self.names for c in self.reader[name].state.cases}


class Worker:
    """A process that has a desk, or thinks so. `repost` and `check`: what it may be made to forget."""

    def __init__(self, desks: Desks, name: str, *, repost: bool, check: bool) -> None:
        self.desks, self.name, self.check = desks, name, check
        self.writer = Writer(name, DESK)
        for offset, raw in enumerate(desks.log[name]):
            self.writer.fold(offset, raw)
        head = self.writer.head
        self.position = head.inbox_offset + 1
        self.settled = len(desks.log[name]) - 1
        head.offset = self.settled  # void records at the end of the log are known: the next append comes after them
        self.fresh: list[Decided] = []
        self.flying: list[tuple[int, list[Decided]]] = []
        self.posting: list[tuple[m.Letter | None, int]] = [(letter, -1) for _, letter in head.outbox if repost]
        if self.posting:
            self.posting.append((None, head.outbox[-1][0]))
        self.ready = not self.posting  # nothing is decided before the predecessor's letters are out
        self.dead = False

    def step(self, chance: random.Random) -> None:
        """One of the smallest steps that it could do now."""
        steps = [
            step
            for step, can in (
                (self._read, self.ready and self.position < len(self.desks.inbox[self.name]) and len(self.fresh) < 4),
                (self._append, bool(self.fresh)),
                (self._settle, bool(self.flying)),
                (self._post, bool(self.posting)),
            )
            if can
        ]
        if steps:
            chance.choice(steps)()

    @property
    def idle(self) -> bool:
        unread = self.ready and self.position < len(self.desks.inbox[self.name])
        return self.dead or not (unread or self.fresh or self.flying or self.posting)

    def _read(self) -> None:
        message, at = self.desks.inbox[self.name][self.position]
        decided = self.writer.decide(message, self.position, at, CITY)
        self.position += 1
        if decided:
            self.writer.apply(self.writer.head.offset + 1, decided)
            self.fresh.append(decided)

    def _append(self) -> None:
        batch, self.fresh = self.fresh, []
        self.flying.append((self.desks.append(self.name, [one.raw for one in batch]), batch))

    def _settle(self) -> None:
        first, batch = self.flying.pop(0)
        expected = self.settled + 1
        if self.check and first != expected:
            before = Head(writer=self.name, hash=batch[0].record.prev)
            if any(before.extends(raw) for raw in self.desks.log[self.name][expected:first]):
                self.dead = True  # fenced: another one continued the log
                return
            head = self.writer.head
            head.offset += first - expected
            head.outbox = [(o + first - expected if o >= expected else o, x) for o, x in head.outbox]
        self.settled = first + len(batch) - 1
        self.posting += [(letter, -1) for one in batch for letter in letters(one.record)]
        self.posting.append((None, self.settled))

    def _post(self) -> None:
        letter, through = self.posting.pop(0)
        if letter is not None:
            self.desks.post(letter.receiver, letter)
        else:
            self.writer.posted(through)
            self.ready = True


class Schedule:
    """One random history of a few desks."""

    def __init__(self, seed: int, *, desks: int = 2, repost: bool = True, check: bool = True) -> None:
        self.chance = random.Random(seed)
        self.memory = {"repost": repost, "check": check}
        self.desks = Desks(("jia", "ding", "yi")[:desks])  # "ding": what is raised to the top goes there
        self.workers: dict[str, Worker] = {}
        self.zombies: list[Worker] = []
        self.orders: list[str] = []
        self.registered = 0
        for _ in range(3):
            self._register()
        for name in self.desks.names:
            self._take_over(name)

    def run(self) -> Schedule:
        """Live through it, then let everybody finish."""
        for _ in range(STEPS):
            self._something()
        for zombie in self.zombies:
            for _ in range(20):
                zombie.dead or zombie.step(self.chance)
        for name in self.desks.names:
            self._take_over(name)
        while not all(worker.idle for worker in self.workers.values()):
            for name, worker in self.workers.items():
                if worker.dead:
                    self._take_over(name)
                worker.step(self.chance)
        self._complete()
        return self

    def _something(self) -> None:
        what = (self._step, self._order, self._register, self._kill, self._stop, self._late_post)
        self.chance.choices(what, (64, 16, 3, 4, 5, 8))[0]()

    def _step(self) -> None:
        worker = self.chance.choice([*self.workers.values(), *(z for z in self.zombies if not z.dead)])
        for _ in range(self.chance.randint(1, 4)):
            if not worker.dead:
                worker.step(self.chance)
        if worker.dead and self.workers[worker.name] is worker:
            self._take_over(worker.name)

    def _kill(self) -> None:
        """kill -9, with posts in flight: any of them may have landed."""
        name = self.chance.choice(self.desks.names)
        for letter, _ in self.workers[name].posting:
            if letter and self.chance.random() < 0.3:
                self.desks.post(letter.receiver, letter)
        self._take_over(name)

    def _stop(self) -> None:
        """SIGSTOP: taken over, and it knows nothing of it."""
        name = self.chance.choice(self.desks.names)
        self.zombies.append(self.workers[name])
        self._take_over(name)

    def _take_over(self, name: str) -> None:
        self.workers[name] = Worker(self.desks, name, **self.memory)

    def _register(self) -> None:
        self.registered += 1
        case = f"c-{self.registered}"
        body = m.RegisterCase(case_id=case, filed=filed(case, "ufo"))
        letter = m.Letter(sender="complaints/0", receiver="jia", number=self.registered, body=body)
        for _ in range(self.chance.choice((1, 1, 2))):
            self.desks.post("jia", letter)

    def _order(self) -> None:
        desk = self.chance.choice(self.desks.names)
        number = f"o-{len(self.orders)}"
        self.orders.append(number)
        act: dict[str, Any] = {
            "message_id": number, "actor": m.Actor("co", "coordination"), "reason": "r",
            "case_id": f"c-{self.chance.randint(1, self.registered)}",
        }  # fmt: skip
        if self.chance.random() < 0.8:
            others = [name for name in self.desks.names if name != desk]
            self.desks.post(desk, m.HandOverCase(**act, to_desk=self.chance.choice(others)))
        else:
            self.desks.post(desk, m.EscalateCase(**act))

    def _late_post(self) -> None:
        """A post of a worker long dead lands now: a letter that was taken, or one before its turn."""
        early = [x for pair, chain in self.desks.sent.items() for x in chain[self.desks.taken[pair] + 1 :]]
        late = [x for chain in self.desks.sent.values() for x in chain]
        if late:
            letter = self.chance.choice(early or late)
            self.desks.post(letter.receiver, letter)

    def _complete(self) -> None:
        desks = self.desks
        for pair, chain in desks.sent.items():
            if len(chain) != desks.taken[pair]:
                raise WrongError(f"{len(chain) - desks.taken[pair]} letters of {pair} were lost")
        if desks.under_way:
            raise WrongError(f"cases were lost under way: {desks.under_way}")
        if desks.cases() != {f"c-{n}" for n in range(1, self.registered + 1)}:
            raise WrongError("cases were lost or made up")
        wrong = [number for number in self.orders if desks.decided[number] != 1]
        if wrong:
            raise WrongError(f"orders not decided once: {wrong}")


def wrong(count: int, **forgetful: Any) -> Counter[str]:
    """How many of so many schedules the model objects to, and to what."""
    found: Counter[str] = Counter()
    for seed in range(count):
        try:
            Schedule(seed, **forgetful).run()
        except WrongError as fault:
            found[str(fault).split(":")[0]] += 1
    return found


@pytest.mark.parametrize("desks", [2, 3])
def test_letters_arrive_once_in_order_whatever_happens(desks: int) -> None:
    """In every schedule every letter is taken once and in order, and every case has one holder at every position."""
    assert {} == wrong(SCHEDULES, desks=desks)


def test_the_schedules_are_rough() -> None:
    """They have voids, zombies that lost, gaps, letters posted twice and orders that ran after their case."""
    seen: Counter[str] = Counter()
    for seed in range(200):
        schedule = Schedule(seed, desks=3).run()
        for name, log in schedule.desks.log.items():
            seen["void"] += len(log) - schedule.desks.reader[name].head.seq
            seen["posted"] += sum(isinstance(s.message, m.Letter) for s in schedule.desks.inbox[name])
        seen["fenced"] += sum(z.dead for z in schedule.zombies)
        seen["sent"] += sum(map(len, schedule.desks.sent.values()))
        seen["gap"] += sum(b'"LetterGap"' in raw for log in schedule.desks.log.values() for raw in log)
        seen["forwarded"] += len(schedule.desks.forwarded)
    assert all(seen[what] >= 100 for what in ("void", "fenced", "forwarded")), seen
    assert seen["gap"] >= 20, seen
    assert seen["posted"] > 1.5 * seen["sent"] > 1_000, seen


def test_without_posting_again_letters_are_lost() -> None:
    """A worker that does not post its predecessor's outbox loses what lay there: the model sees it."""
    lost = wrong(300, repost=False)
    assert lost.total() > 100, lost
    assert any("were lost" in what for what in lost)


def test_without_the_check_of_acknowledged_offsets_things_go_wrong() -> None:
    """A fenced worker that goes on posts letters of records that are void: the model sees it."""
    found = wrong(300, check=False)
    assert found.total() > 20, found
