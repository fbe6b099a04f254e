"""Three brokers, each topic three times, two of them needed: one may die, be paused or lose its disk and nothing stands
still for long; with two away nothing is acknowledged, and nothing that was is lost."""

from __future__ import annotations

import asyncio
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka.structs import TopicPartition

from streams import topics
from streams.doctor import Patient, Severity, examine
from streams.doctor_broker import FIRST
from streams.doctor_replicas import REPLICAS
from tests.support_gateway import Caller, complaint, site
from tests.support_kafka import Child, lying

from . import faults
from .cluster import KafkaCluster, Member
from .conftest import KeepRow
from .driver import Scene, Seen, torture
from .measure import Measure, Row, Seconds

pytestmark = pytest.mark.timeout(600)
THREE = Scene(brokers=3)
AWAY = 45.0  # seconds; longer than a desk waits for an acknowledgement and a client for an answer
OLD = 5_000  # ms; from here on the console says so (link.js)


def acknowledged_in_the_dark(seen: Seen) -> list[str]:
    """Messages sent while two of three brokers were dead, and acknowledged before one of them was started again."""
    return [
        str(op)
        for op in seen.load.operations
        for begun, ended in seen.plan.dark
        if op.answer == "acknowledged" and begun <= op.begun and op.ended <= ended
    ]


async def test_two_of_three_brokers(
    tmp_path: Path, seconds: Seconds, measure: Measure, request: pytest.FixtureRequest
) -> None:
    """Without one of three all goes on; without two nothing is acknowledged until one is back, and nothing is lost."""
    dark = 25.0 if request.config.getoption("--long") else 6.0
    seen = await torture(tmp_path, [faults.two_brokers(dark)], seconds(20), seed=21, scene=THREE)
    measure("2 of 3 brokers down", seen)
    assert seen.plan.dark
    assert [] == acknowledged_in_the_dark(seen)[:20]
    assert [] == seen.broken[:20]


@pytest.mark.long
@pytest.mark.parametrize(
    ("what", "fault", "seed"),
    [
        ("kill -9 of 1 of 3 brokers", faults.one_broker, 22),
        ("leaders moved", faults.leaders, 23),
        ("leader paused 15 s", faults.paused_leader(15.0), 24),
        ("a broker with an empty disk", faults.empty_disk, 25),
    ],
    ids=["one", "leaders", "paused", "empty"],
)
async def test_one_of_three_brokers(
    tmp_path: Path, seconds: Seconds, measure: Measure, what: str, fault: faults.Fault, seed: int
) -> None:
    """One broker is killed, hands its leaderships over, sleeps and finds others in its place, comes back with nothing:
    two of three have all that was acknowledged (faults.py says what is done)."""
    seen = await torture(tmp_path, [fault], seconds(0), seed=seed, scene=THREE)
    measure(what, seen)
    assert seen.plan.times
    assert [] == seen.broken[:20]


# -- people, and the doctor --------------------------------------------------------------------------------------------


@contextmanager
def cluster(data: Path) -> Iterator[KafkaCluster]:
    """Three brokers with the topics of topics.yaml."""
    with KafkaCluster(data) as brokers:
        with brokers.admin() as admin:
            topics.apply(admin, topics.load(), replication=3)
        yield brokers


async def doctor(brokers: KafkaCluster, *, all_made: bool = True) -> list[tuple[Severity, str, str]]:
    """What it says of the brokers, their topics and the copies: severity, where, English sentence. Not `all_made`: the
    settings of the topics cannot be asked of a broker that is away."""
    patient = Patient()
    patient.kafka = brokers.address
    done = await examine(patient, (*FIRST[::2], *REPLICAS))
    assert [one.unmade for one in done if all_made or one is not done[1]] == [None] * (2 + all_made)
    assert all(one.what.zh and one.right.zh and one.right.en for check in done for one in check.found)
    return [(one.severity, one.where, one.what.en) for check in done for one in check.found]


async def both(caller: Caller, case: str, key: str, report: dict[str, object]) -> tuple[int, int]:
    """An order and a report: the codes of their answers, with Retry-After wherever it is 503."""
    answers = await asyncio.gather(
        caller.order("UrgeCase", case, key, note="x"), caller.ask("POST", "/api/complaints", report)
    )
    for answer in answers:
        assert answer.status != 503 or int(answer.headers["Retry-After"]) >= 1
    return answers[0].status, answers[1].status


def restart(*children: Child) -> None:
    """As `paidan run` does: who left is started again. Not the gateway: it must stay."""
    for child in children:
        child.start()


@pytest.mark.long
async def test_people_while_two_of_three_are_away(
    tmp_path: Path, keep_row: KeepRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Orders and reports are answered 503, never 2xx and never not at all; reads go on and say how old they are; what
    is sent again under its number happens once. The doctor says at each step how many copies there are."""
    for name in [name for name in os.environ if name.startswith("PAIDAN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PAIDAN_DATA", str(tmp_path))
    async with site(tmp_path, brokers=cluster) as here, here.signed_in("js-operator") as operator:
        brokers: KafkaCluster = here.kafka
        case = (await operator.case((await operator.file("树枝挡道"))["case_id"]))["row"]["id"]
        key, report = str(uuid.uuid4()), complaint("树枝再挡道") | {"source_id": str(uuid.uuid4())}
        assert [] == await doctor(brokers)

        first, second, third = brokers.members
        brokers.kill([first])
        while (codes := await both(operator, case, str(uuid.uuid4()), complaint("x"))) != (200, 201):
            assert set(codes) <= {200, 201, 202, 503}
        (said,) = await doctor(brokers)
        assert said[:2] == (Severity.ATTENTION, brokers.address)
        assert "(broker 1 does not answer)" in said[2]

        urged = (await operator.case(case))["row"]["urges"]
        brokers.kill([second])
        gone, asked = time.monotonic(), 0
        while time.monotonic() - gone < AWAY:
            async with asyncio.timeout(60):  # else it hangs
                assert await both(operator, case, key, report) == (503, 503)
                asked += 2
                read = await operator.ask("GET", f"/api/cases/{case}")
            assert (read.status, read.body["row"]["urges"]) == (200, urged)
            restart(here.desk, here.archive)
        assert int(read.headers["X-Behind-Ms"]) > OLD
        assert (await operator.ask("GET", "/api/board")).status == 200
        assert (await operator.ask("GET", "/readyz")).status == 503
        said = (await doctor(brokers, all_made=False))[0]
        assert said[:2] == (Severity.BROKEN, brokers.address)
        assert "(broker 1, 2 does not answer)" in said[2]

        back = time.monotonic()
        await asyncio.to_thread(brokers.start)
        while (codes := await both(operator, case, key, report)) != (200, 201):
            assert set(codes) <= {200, 201, 202, 503}
            restart(here.desk, here.archive)
        recovered = time.monotonic() - back
        await operator.case(case, lambda now: now["row"]["urges"] == urged + 1, 60)
        await asyncio.to_thread(brokers.settle)
        logs = (await lying(here.run.kafka, ("desk-log", "complaint-receipts"))).values()
        events = [event for log in logs for entry in log for event in json.loads(entry.value or b"")["events"]]
        acted = [e for e in events if e["type"] == "MessageSeen" and e["message_id"] == key]
        taken = [e for e in events if e["type"] == "ComplaintAccepted" and e["source_id"] == report["source_id"]]
        doubled = len(acted) + len(taken) - 2
        keep_row(Row("2 of 3 brokers down, people at the gateway", asked, 2, 0, doubled, 0, 0, None, recovered))
        assert (len(acted), len(taken)) == (1, 1)
        assert here.gateway.ended == []
        await _few_copies(brokers, third)


async def _few_copies(brokers: KafkaCluster, one: Member) -> None:
    """Of a topic with one copy in a cluster of three the doctor says so; without its broker nobody leads it."""
    with brokers.admin() as admin:
        moved = {TopicPartition("audit", 0): [one.node]}
        assert set(admin.alter_partition_reassignments(moved).values()) == {None}
        while admin.list_partition_reassignments():
            await asyncio.sleep(0.1)
    said = [found for found in await doctor(brokers) if found[1] == "audit"]
    assert (Severity.ATTENTION, "audit", "it has 1 of 3 copies, on 3 brokers") in said
