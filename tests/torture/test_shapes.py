"""What comes all at once: a storm, a pile that is typed in, a crew's day, and arrivals that rise and fall.

Nothing of it is lost, doubled or out of order; how long it took is told, not judged. `PROFILE_PART` says another share
of the profile's times than all of them (at 10,000 cases), `PROFILE_CASES` another number than a million.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.bench.archive import fill
from tests.bench.day import AT, city
from tests.bench.day import lines as demo
from tests.bench.processes import fill as put
from tests.support_devices import enrolled
from tests.support_gateway import Caller, Site, archiver, complaint, site
from tests.support_kafka import Child, Run, broker, worker
from tests.support_phone import OFFICER, jpeg

from . import shapes
from .conftest import KeepRow, Tell
from .shapes import Came, Lives, looked_at, post

pytestmark = [pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]
SOURCE = "desk-jiashan"  # as which the account of this desk files
AT_ONCE = 50


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A gateway before a desk, for the shapes that come over HTTP."""
    async with site(tmp_path_factory.mktemp("shapes")) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def load(here: Site) -> AsyncIterator[Lives]:
    """All that the shapes send to it, in one book: each is looked at with what came before it."""
    one = Lives(here.run, 1)
    yield one
    one.book.close()


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Whether this is `make torture`."""
    return bool(request.config.getoption("--long"))


async def _post_all(load: Lives, caller: Caller, bodies: list[dict[str, object]]) -> int:
    """AT_ONCE clients; how many answers said 429."""
    left, refused = iter(bodies), 0

    async def client() -> None:
        nonlocal refused
        for body in left:
            refused += await post(load, caller, body)

    await asyncio.gather(*(client() for _ in range(AT_ONCE)))
    return refused


async def test_storm(here: Site, load: Lives, long: bool, keep_row: KeepRow, figure: Tell) -> None:
    """Three days' reports of one item from one source: past what a source may, it is told when to come again, and all
    of it becomes cases once."""
    count = 3 * shapes.A_DAY if long else 300
    people = asyncio.create_task(load.go(5))
    async with here.signed_in("js-operator") as clerk:
        refused = await _post_all(load, clerk, list(shapes.storm(count, SOURCE, "storm")))
    await people
    came = await looked_at(load)
    _keep(came, "storm, 3x a day of one category", keep_row)
    figure("storm over HTTP: reports, of them told 429 first", "none lost", f"{count}, {refused}")
    figure("storm: longest backlog", "-", str(shapes.backlog(list(shapes.waits(came.checker)))))
    assert [] == came.broken[:20]
    assert [] == shapes.out_of_order(came.checker)[:20]


async def test_past_the_bound_it_is_told_to_wait(here: Site, load: Lives, keep_row: KeepRow, figure: Tell) -> None:
    """While the desk stands still a gateway takes as much as the desk decides in a minute, and no more."""
    rate, more = 2, 40
    bound = 60 * rate
    port = int(here.url.rsplit(":", 1)[1]) + 1
    words = here.run.settings[:-1] + f", http_port={port}, drain_rate={rate})"
    code = f"WORKER = 'second'\nfrom streams.gateway import app\nfrom streams import settings\napp.run({words})"
    second = Child("second", code, here.run.data / "second.log")
    second.start()
    try:
        await second.ready("gateway serves", 240)
        there = here._replace(url=f"http://127.0.0.1:{port}")
        async with there.signed_in("js-operator") as clerk:
            here.desk.send(signal.SIGSTOP)
            bodies = list(shapes.storm(bound + more, SOURCE, "bound"))
            filing = asyncio.create_task(_post_all(load, clerk, bodies))
            while not any(op.answer == "refused" and "/bound-" in op.message for op in load.operations):
                assert not filing.done(), "all was taken"
                await asyncio.sleep(0.1)
            taken = sum(op.answer == "acknowledged" and "/bound-" in op.message for op in load.operations)
            here.desk.send(signal.SIGCONT)
            while not filing.done():
                if not here.desk.alive:  # stopped for longer than its session, it left
                    here.desk.start()
                await asyncio.sleep(0.1)
            refused = await filing
    finally:
        here.desk.send(signal.SIGCONT)
        second.kill()
    here.desk.start()
    came = await looked_at(load)
    _keep(came, "more than is decided in a minute", keep_row)
    figure(f"taken while no desk decided, bound {bound}", f"<= {bound + AT_ONCE}", str(taken))
    assert refused
    assert taken <= bound + AT_ONCE
    assert [] == came.broken[:20]


async def test_pile(here: Site, load: Lives, long: bool, keep_row: KeepRow) -> None:
    """A back office types what lay there: 60 in a minute, then the rest of 360, an hour's, at fifty times its pace."""
    count, pause = (360, (1.0, 0.2)) if long else (60, (0.0, 0.0))
    async with here.signed_in("js-operator") as clerk:
        for number, body in enumerate(shapes.storm(count, SOURCE, "pile")):
            await post(load, clerk, body)
            await asyncio.sleep(pause[number >= 60])
    came = await looked_at(load)
    _keep(came, "a pile typed in", keep_row)
    assert [] == came.broken[:20]


async def test_crew(here: Site, load: Lives, long: bool, keep_row: KeepRow) -> None:
    """A telephone that was offline all day sends 107 things in a minute: its desk hears them in the telephone's order,
    whatever is sent twice."""
    pause = 0.5 if long else 0.0
    async with here.signed_in("js-operator") as clerk, enrolled(here, OFFICER) as phone:
        cases = []
        for number in range(36):
            body = complaint(f"一天 {number}") | {"source": SOURCE, "source_id": f"crew-{number}"}
            await post(load, clerk, body)
        ids = {op.message for op in load.operations if "/crew-" in op.message}
        assert len(ids) == 36
        while len(cases) < 36:
            cases = [c for c in (await phone.day())["cases"] if c["row"]["title"].startswith("一天")]
            await asyncio.sleep(0.1)
        for case in cases[:35]:
            assert 200 == await _say(load, phone, "AcceptAssignment", case, "setup")
        sent = []
        for number, case in enumerate(cases):
            todo = (
                ["ReportArrival", "photo", "ReportDisposal"] if number < 35 else ["AcceptAssignment", "ReportArrival"]
            )
            for what in todo:
                if what == "photo":
                    photo = jpeg(20_000, f"crew {number}")["buffer"]
                    name = hashlib.sha256(photo).hexdigest()
                    head = {"Upload_Offset": "0", "Upload_Length": str(len(photo))}
                    told = await phone.ask("PATCH", f"/api/photos/{name}", photo, **head)
                    assert told.status == 201, told
                else:
                    words = {"result": "corrected", "evidence": [f"photo:{name}"]} if what == "ReportDisposal" else {}
                    for _ in range(2 if number % 7 == 0 else 1):  # now and then the answer got lost on its way
                        status = await _say(load, phone, what, case, "crew", **words)
                        assert status == 200
                    sent.append(_id(case, what, "crew"))
                await asyncio.sleep(pause)
    came = await looked_at(load)
    _keep(came, "a crew's day uploaded", keep_row)
    assert [] == came.broken[:20]
    heard = [
        said["message_id"]
        for (topic, _), all_ in came.checker.parsed.items()
        for said in all_
        if topic == "desk-inbox" and said.get("message_id", "").startswith("crew:")
    ]
    assert len(sent) == 72
    assert list(dict.fromkeys(heard)) == sent


def _id(case: dict[str, object], kind: str, named: str) -> str:
    return f"{named}:{case['row']['id']}:{kind}"  # type: ignore[index]


async def _say(load: Lives, phone: Caller, kind: str, case: dict[str, object], named: str, **words: object) -> int:
    key = _id(case, kind, named)
    if key not in load.ordered:
        load.ordered.append(key)
    held = case["assignment"]["id"]  # type: ignore[index]
    answer = await phone.order(kind, case, key, assignment_id=held, **words)
    assert answer.status == 200, answer
    return answer.status


def _keep(came: Came, shape: str, keep_row: KeepRow) -> None:
    keep_row(came.row(shape))


# -- by a profile ------------------------------------------------------------------------------------------------------


async def _profile(data: Path, cases: int, part: float, name: str, keep_row: KeepRow, figure: Tell) -> None:
    """Whole lives by a `part` of the profile's times, while the archive writes them to the cases it has already."""
    profile = tuple((rate, seconds * part) for rate, seconds in shapes.PROFILE)
    with broker(data / "kafka") as kafka:
        run = Run(kafka.address, data)
        await asyncio.to_thread(_archive, run, cases)
        load, children = Lives(run, 2, profile), (worker(run, "one"), archiver(run))
        try:
            for child in children:
                child.start()
            await children[0].ready(limit=240)
            await load.go(3)
            came = await looked_at(load, 120)
            ended = [child.name for child in children if not child.alive]
        finally:
            for child in children:
                child.kill()
            load.book.close()
    _keep(came, name, keep_row)
    for step, told in shapes.told(came.checker, profile, load.begun):
        figure(f"{name}: {step}", "-", told)
    assert [] == ended
    assert [] == came.broken[:20]
    assert [] == shapes.out_of_order(came.checker)[:20]


def _archive(run: Run, cases: int) -> None:
    """An archive that has so many cases, and nothing of this run's log yet."""
    from streams.archive.store import Store

    path = run.data / "archive.sqlite"
    fill(path, city(), cases)
    store = Store(path)
    store.db.execute("DELETE FROM position")
    store.db.commit()
    store.db.close()


async def test_profile(tmp_path: Path, keep_row: KeepRow) -> None:
    """A sixtieth of its times, too short for figures."""
    await _profile(tmp_path, 1_000, 1 / 60, "profile at 1,000 cases", keep_row, lambda *_: None)


@pytest.mark.long
@pytest.mark.timeout(1500)
async def test_profile_at_ten_thousand(tmp_path: Path, keep_row: KeepRow, figure: Tell) -> None:
    """All of it: ten minutes."""
    part = float(os.environ.get("PROFILE_PART", "1"))
    await _profile(tmp_path, 10_000, part, "profile at 10,000 cases", keep_row, figure)


@pytest.mark.long
@pytest.mark.timeout(2400)
async def test_profile_at_a_million(tmp_path: Path, keep_row: KeepRow, figure: Tell) -> None:
    """A tenth of its times; making the archive takes longer."""
    cases = int(os.environ.get("PROFILE_CASES", "1000000"))
    await _profile(tmp_path, cases, 0.1, f"profile at {cases:,} cases", keep_row, figure)


@pytest.mark.long
async def test_drain_rate(tmp_path: Path, keep_row: KeepRow, figure: Tell) -> None:
    """A backlog that was there before the desk: how fast it goes, from which the gateway's bound follows."""
    with broker(tmp_path / "kafka") as kafka:
        run = Run(kafka.address, tmp_path, start=AT)  # the demo's reports are of a moment before
        load, one = Lives(run, 3), worker(run, "one")
        count = 4_000
        backlog = (
            (topic, None, f"{b['source']}/{b['source_id']}".encode(), shapes.msgspec.json.encode(b))
            for topic, b in demo(count, "drain")
        )
        await put(run.kafka, backlog)
        try:
            one.start()
            await one.ready(limit=240)
            await looked_at(load, 120)  # every complaint has its receipt; now what the letters bring
            came = await looked_at(load, 120)
        finally:
            one.kill()
            load.book.close()
    records = shapes.drained(came.checker)
    times = [v.appended for (log, _), rows in came.checker.logs.items() if log != "desk-log" for v in rows]
    all_times = [v.appended for rows in came.checker.logs.values() for v in rows]
    rate = 1000 * count / max(1, max(all_times) - min(times))
    figure("drain rate, one worker: complaints with what follows of each, a second", "-", f"{rate:.0f}")
    figure("drain rate, one worker: records a second", "-", f"{records:.0f}")
    figure("bound that follows for a wait of 60 s: messages", "drain rate x 60 s", f"{60 * records:,.0f}")
    assert len(came.checker.cases) == count
    assert [] == [f for f in came.broken if f.promise != "sent"][:20]
