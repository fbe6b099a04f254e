"""An open-loop load: so many messages a second, whatever the system does. Complaints, and people who answer.

People read `desk-log` (with a chain rule of their own) and post orders: they accept, arrive, dispose, check, close;
some return, some let a lease run out, some hand the case to another desk. Some say a thing twice. Every operation is
written down with its begin, its end and its answer (history.py).
"""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import json
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from tests.support_kafka import ROOT, Run

from .checker import Rules, Sent
from .history import Book, Operation, read, sent

LINES = ROOT / "tests" / "data" / "demo_500.jsonl"
CHECKER = {"id": "checker-1", "role": "checker"}
OPERATOR = {"id": "operator-1", "role": "operator"}
BODY = {"id": "body-1", "role": "coordination"}  # the coordination body: only it gives cases to other counties
SPARE = 0.25  # of the messages are complaints even when people have something to say
HOT = 0.15  # of the complaints are about one place: its squad comes to its cap


def rules_of(run: Run) -> Rules:
    """What the checker must know, read from the files by itself."""
    desks = {int(row["partition"]): row["id"] for row in _rows(run, "desks")}
    caps = {row["id"]: int(row["cap"]) for row in _rows(run, "squads")}
    segment = json.loads(run.clock.read_text())["segments"][0]

    def clock(wall: int) -> int:
        return int(segment["business"] + int(max(0, wall - segment["wall"]) * segment["speed"]))

    return Rules(desks, caps, clock)


def _rows(run: Run, name: str) -> list[dict[str, str]]:
    with (run.city / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Load:
    """Everything that is sent, and what became of it."""

    def __init__(self, run: Run, rate: float, seed: int, handovers: float = 0.04, *, polite: bool = False) -> None:
        """`handovers`: this share of the offers. `polite` people do all at once, say it once, and give nothing back."""
        self.run, self.rate, self.handovers, self.polite = run, rate, handovers, polite
        self.rules = rules_of(run)
        self.book = Book(run.data / f"history-T{seed}.jsonl", f"T{seed}")
        self.sent = 0
        self._dice = random.Random(seed)
        self._lines = [json.loads(line) for line in LINES.read_text("utf-8").splitlines()]
        self._partition = {desk: p for p, desk in self.rules.desks.items()}
        self._squads: dict[str, list[str]] = {}
        for row in _rows(run, "squads"):
            self._squads.setdefault(row["desk"], []).append(row["id"])
        self._to_say: deque[tuple[str, dict[str, Any]]] = deque()  # (desk, order)
        self._again: deque[tuple[str, dict[str, Any]]] = deque()  # (topic, complaint): said before
        self._hot = next(line["location"] for line in self._lines if "location" in line)
        self._held: dict[str, dict[str, Any]] = {}  # case -> the assignment people know of
        self._heads: dict[int, str] = {}
        self._numbers = 0
        self._name = f"T{seed}"

    @property
    def operations(self) -> list[Operation]:
        """All that was sent, from the file."""
        return read(self.book.file)

    @property
    def history(self) -> list[Sent]:
        """What of it was acknowledged."""
        return sent(self.operations)

    async def go(self, seconds: float) -> None:
        """Send for so long, then wait for the acknowledgements of what was sent."""
        async with self._sending() as (send_one, _):
            begun = time.monotonic()
            while (passed := time.monotonic() - begun) < seconds:
                while self.sent < passed * self.rate:
                    self.sent += 1
                    await send_one()
                await asyncio.sleep(0.005)

    @asynccontextmanager
    async def _sending(self) -> AsyncIterator[tuple[Callable[[], Awaitable[None]], asyncio.Task[None]]]:
        """How to send one more message, and the task of the people who read what becomes of it; in the end what was
        sent has its acknowledgement."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.run.kafka, acks="all", enable_idempotence=True, max_request_size=2 << 20
        )
        await producer.start()
        reading = asyncio.create_task(self._read())
        waiting: set[asyncio.Future[Any]] = set()
        try:
            yield partial(self._send_one, producer, waiting), reading
            while waiting:
                await asyncio.wait(set(waiting), timeout=60)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await producer.stop()

    async def _send_one(self, producer: AIOKafkaProducer, waiting: set[asyncio.Future[Any]]) -> None:
        if self._to_say and self._dice.random() > (0.0 if self.polite else SPARE):
            desk, order = self._to_say.popleft()
            to, key = self._partition[desk], desk.encode()
            await self._send(producer, "desk-inbox", order["message_id"], _bytes(order), key, to, waiting)
            return
        topic, body = self._complaint()
        number = f"{body['source']}/{body['source_id']}"
        stray = self._dice.randrange(32) if self._now_and_then(0.02) else None
        await self._send(producer, topic, number, _bytes(body), number.encode(), stray, waiting)

    async def poison(self, producer: AIOKafkaProducer, topic: str, kind: str, value: bytes) -> None:
        """A message that nobody can read."""
        partition = self._dice.choice(list(self.rules.desks)) if topic == "desk-inbox" else self._dice.randrange(32)
        op = self.book.begin(topic, kind, value, poison=kind)
        try:
            self.book.end(op, await producer.send_and_wait(topic, value, partition=partition))
        except KafkaError as fault:
            self.book.end(op, fault)

    async def _send(
        self,
        producer: AIOKafkaProducer,
        topic: str,
        message: str,
        value: bytes,
        key: bytes,
        partition: int | None,
        waiting: set[asyncio.Future[Any]],
    ) -> None:
        op = self.book.begin(topic, message, value)
        future = await producer.send(topic, value, key=key, partition=partition)

        def done(ended: asyncio.Future[Any]) -> None:
            waiting.discard(ended)
            if not ended.cancelled():
                self.book.end(op, ended.exception() or ended.result())

        waiting.add(future)
        future.add_done_callback(done)

    # -- complaints ----------------------------------------------------------------------------------------------------

    def _complaint(self) -> tuple[str, dict[str, Any]]:
        if self._again:
            return self._again.popleft()
        self._numbers += 1
        body = dict(self._dice.choice(self._lines))
        topic = body.pop("topic")
        at = self.rules.clock(int(time.time() * 1000)) / 1000
        body["received_at"] = dt.datetime.fromtimestamp(at, dt.UTC).isoformat()
        body["source_id"] = f"{self._name}-{self._numbers}"
        if self._now_and_then(HOT):
            body["location"] = self._hot
        if self._now_and_then(0.05):  # three times: at once, with another address, and again much later
            other = self._dice.choice(self._lines).get("location")
            moved = {**body, "location": other} if other else body
            for seconds, again in ((0.0, body), (0.5, moved), (6.0, body)):
                _later(seconds, self._again, (topic, again))
        return topic, body

    def _now_and_then(self, share: float) -> bool:
        return not self.polite and self._dice.random() < share

    # -- people --------------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.run.kafka, enable_auto_commit=False)
        await consumer.start()
        try:
            tps = [TopicPartition("desk-log", p) for p in self.rules.desks]
            consumer.assign(tps)
            for tp in tps:
                consumer.seek(tp, 0)
            while True:
                try:
                    fetched = await consumer.getmany(timeout_ms=100)
                except KafkaError:  # the broker is down
                    continue
                for tp, records in fetched.items():
                    for record in records:
                        self._hear(tp.partition, record.value)
        finally:
            await consumer.stop()

    def _hear(self, partition: int, raw: bytes) -> None:
        record = json.loads(raw)
        if record["prev"] != self._heads.get(partition, "0" * 64):
            return
        self._heads[partition] = sha256(raw).hexdigest()
        for event in record["events"]:
            answer = self._answers.get(event["type"])
            if answer:
                answer(self, record["desk"], event)

    def _say(self, desk: str, event: dict[str, Any], kind: str, actor: dict[str, str], **rest: Any) -> None:
        case = event["case_id"]
        order = {
            "type": kind,
            "message_id": f"{self._name}:{case}:{event['case_version']}:{kind}",
            "actor": actor,
            "case_id": case,
            "simulated": True,
            **rest,
        }
        self._to_say.append((desk, order))
        if self._now_and_then(0.03):  # the same words again: at once, and much later
            self._to_say.append((desk, order))
            _later(6.0, self._to_say, (desk, order))

    def _holder(self, event: dict[str, Any]) -> dict[str, Any]:
        return self._held.get(event["case_id"], {})

    def _report(self, desk: str, event: dict[str, Any], kind: str, **rest: Any) -> None:
        held = self._holder(event)
        if held:
            self._say(desk, event, kind, held["actor"], assignment_id=held["id"], **rest)

    def _offered(self, desk: str, event: dict[str, Any]) -> None:
        actor = {"id": event["officers"][0], "role": "squad", "squad": event["squad"]}
        self._held[event["case_id"]] = {"id": event["assignment_id"], "actor": actor}
        chance = self._dice.random() if not self.polite else 0.5
        if chance < self.handovers:
            to = self._dice.choice([d for d in self._partition if d != desk])
            self._say(desk, event, "HandOverCase", BODY, to_desk=to, reason="not ours")
        elif chance < 0.10 + self.handovers:
            reason = self._dice.choice(["no_capacity", "not_our_power"])
            self._report(desk, event, "ReturnAssignment", reason=reason, basis=self._dice.choice(["art. 1", "art. 2"]))
        elif chance < 0.92:
            self._report(desk, event, "AcceptAssignment")  # the others let the lease run out

    def _ordered(self, desk: str, event: dict[str, Any]) -> None:
        actor = {"id": event["unit"], "role": "unit"}
        self._held[event["case_id"]] = {"id": event["assignment_id"], "actor": actor}
        self._report(desk, event, "AcceptAssignment")

    def _accepted(self, desk: str, event: dict[str, Any]) -> None:
        held = self._holder(event)
        if held and held["actor"]["role"] == "unit":
            self._report(desk, event, "ReportDisposal", result="repaired")
        else:
            self._report(desk, event, "ReportArrival")

    def _arrived(self, desk: str, event: dict[str, Any]) -> None:
        self._report(desk, event, "ReportDisposal", result="corrected", note="done")

    def _disposed(self, desk: str, event: dict[str, Any]) -> None:
        self._say(desk, event, "CheckCase", CHECKER, passed=not self._now_and_then(0.05))

    def _checked(self, desk: str, event: dict[str, Any]) -> None:
        self._held.pop(event["case_id"], None)
        self._say(desk, event, "CloseCase", OPERATOR, reply="done")

    def _doubted(self, desk: str, event: dict[str, Any]) -> None:
        self._say(desk, event, "ReportVerification", CHECKER, found=not self._now_and_then(0.1))

    def _given_back(self, desk: str, event: dict[str, Any]) -> None:
        outcome = "refused" if self.polite else self._dice.choice(["approved", "refused", "dispute"])
        self._say(desk, event, "ReviewReturn", OPERATOR, outcome=outcome, reason="by the list")

    def _disputed(self, desk: str, event: dict[str, Any]) -> None:
        interim = event["interim"]
        owner = {"squad": interim.get("squad", ""), "unit": interim.get("unit", "")}
        self._say(desk, event, "RuleDispute", BODY, document="1", reason="they were first", **owner)

    def _needed(self, desk: str, event: dict[str, Any]) -> None:
        chance = self._dice.random() if not self.polite else 1.0
        squads = self._squads.get(desk)
        if chance < 0.4 and squads:
            self._say(desk, event, "AssignCase", OPERATOR, squad=self._dice.choice(squads), reason="you can")
        elif chance < 0.4 + 2 * self.handovers:
            to = self._dice.choice([d for d in self._partition if d != desk])
            self._say(desk, event, "HandOverCase", BODY, to_desk=to, reason="yours")
        else:
            self._say(desk, event, "CloseCase", OPERATOR, forced=True, reason="answered by telephone")

    _answers: dict[str, Callable[[Load, str, dict[str, Any]], None]] = {
        "AssignmentOffered": _offered,
        "WorkOrderIssued": _ordered,
        "AssignmentAccepted": _accepted,
        "SquadArrived": _arrived,
        "CaseDisposed": _disposed,
        "ReworkOrdered": _accepted,
        "WorkOrderReopened": _accepted,
        "CaseChecked": _checked,
        "CaseNeedsOperator": _needed,
        "VerificationOrdered": _doubted,
        "ReturnRequested": _given_back,
        "DisputeOpened": _disputed,
    }


def _later(seconds: float, queue: deque[Any], what: Any) -> None:
    asyncio.get_running_loop().call_later(seconds, queue.append, what)


def _bytes(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
