"""The gateway over HTTP: what is answered 2xx is so, a refusal says what is true, nobody sees what is not theirs."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import signal
import uuid
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
import pytest_asyncio

from streams.gateway.api import ENDPOINTS, Endpoint
from tests.support_gateway import AT, Site, complaint, site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]
OLD = 5_000  # ms; from here on the console says so (link.js)
ELSEWHERE = {"datum": "wgs84", "lon": 121.0, "lat": 30.71, "address": "平湖市当湖街道"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site(tmp_path_factory.mktemp("gateway")) as started:
        yield started


async def _events(http: aiohttp.ClientSession, path: str, last: str = "") -> AsyncIterator[tuple[str, str, Any]]:
    """(event, id, data) of a stream, until nobody asks for more."""
    headers = {"Last-Event-ID": last} if last else {}
    async with http.get(path, headers=headers, timeout=aiohttp.ClientTimeout(total=60)) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        told: dict[str, str] = {}
        async for raw in answer.content:
            line = raw.decode().rstrip("\n")
            if line:
                name, _, value = line.partition(": ")
                told[name] = value
            elif "event" in told:
                yield told["event"], told.get("id", ""), json.loads(told["data"])
                told = {}


async def test_a_complaint_by_http_comes_to_the_console_without_reload(here: Site) -> None:
    async with here.signed_in("js-operator") as operator:
        board = await operator.get("/api/board?desk=jiashan")
        stream = _events(operator.http, f"/api/stream?desk=jiashan&after={board['seq']}")
        kept = await operator.file("巷口垃圾成堆")
        async with asyncio.timeout(10):
            async for event, number, data in stream:  # noqa: B007  # looked at below
                if event == "delta" and any(row["id"] == kept["case_id"] for row in data["cases"]):
                    break
        assert number.partition(".")[0] == board["seq"].partition(".")[0]
        assert data["desk"]["id"] == "jiashan"
        await stream.aclose()
        case = await operator.case(kept["case_id"])
        assert (case["row"]["title"], case["row"]["territory"]) == ("巷口垃圾成堆", "330421002")
        again = await operator.get("/api/board?desk=jiashan")
        assert kept["case_id"] in [row["id"] for row in again["cases"]]


async def test_an_order_is_answered_with_what_the_desk_decided(here: Site) -> None:
    async with here.signed_in("js-operator") as operator:
        kept = await operator.file("沿街晾晒")
        case = await operator.case(kept["case_id"])
        done = await operator.order("UrgeCase", case, note="居民多次来电")
        assert done.status == 200, done
        assert "CaseUrged" in done.body["events"]
        assert done.body["case"]["row"]["urges"] == 1
        assert done.body["case"]["row"]["version"] == case["row"]["version"] + 1


async def test_a_refused_order_says_why_and_how_it_stands_now(here: Site) -> None:
    async with here.signed_in("js-operator") as operator:
        case = await operator.case((await operator.file("路面油污"))["case_id"])
        refused = await operator.order("CloseCase", case)
        assert refused.status == 409, refused
        assert refused.body["reason"] == "forbidden_now"
        assert refused.body["text"]["zh"]
        assert refused.body["text"]["en"]
        assert refused.body["case"]["row"]["status"] == case["row"]["status"]


async def test_of_two_who_change_one_case_one_wins_and_the_other_sees_how_it_is(here: Site) -> None:
    async with here.signed_in("js-operator") as one, here.signed_in("js-lead") as other:
        case = await one.case((await one.file("占道堆物"))["case_id"], lambda c: c["row"].get("squad"))
        version, squad = case["row"]["version"], case["row"]["squad"]
        teams = [t["id"] for s in (await one.get("/api/catalog"))["squads"] if s["id"] == squad for t in s["teams"]]
        free = [t for t in teams if t != case["row"]["team"]]
        given = await asyncio.gather(
            one.order("AssignCase", case, case_version=version, squad=squad, team=free[0], reason="就近"),
            other.order("AssignCase", case, case_version=version, squad=squad, team=free[0], reason="负荷"),
        )
        done = [a for a in given if a.status == 200]
        refused = [a for a in given if a.status == 409]
        if not done:  # nobody of that team may be on duty now: then both hear the same reason
            assert {a.body["reason"] for a in refused} <= {"off_duty", "no_certified_pair", "cap"}
            return
        assert len(done) == 1
        assert refused[0].body["reason"] in ("stale", "forbidden_now")
        assert refused[0].body["case"]["row"]["version"] > version


async def test_an_order_sent_again_under_its_key_happens_once(here: Site) -> None:
    async with here.signed_in("js-operator") as operator:
        case = await operator.case((await operator.file("井盖移位"))["case_id"])
        key = str(uuid.uuid4())
        first = await operator.order("UrgeCase", case, key, note="x")
        again = await operator.order("UrgeCase", case, key, note="x")
        assert (first.status, again.status) == (200, 200)
        assert again.body["events"] == first.body["events"]
        assert (await operator.case(case["row"]["id"]))["row"]["urges"] == 1
        other = await operator.order("UrgeCase", case, key, note="y")
        assert (other.status, other.body["where"]) == (422, "Idempotency-Key")
        asked = await operator.ask("GET", f"/api/orders/{key}")
        assert asked.status == 200
        async with here.signed_in("js-lead") as stranger:
            assert (await stranger.ask("GET", f"/api/orders/{key}")).status == 404


async def test_an_order_about_a_version_to_come_waits(here: Site) -> None:
    async with here.signed_in("js-operator") as operator:
        case = await operator.case((await operator.file("树枝断落"))["case_id"])
        ahead = await operator.order(
            "UrgeCase", case, "early-" + str(uuid.uuid4()), case_version=case["row"]["version"] + 1
        )
        assert (ahead.status, ahead.body["waits_for_version"]) == (202, True)


async def test_an_order_that_does_not_fit_says_where(here: Site) -> None:
    async with here.signed_in("js-operator") as operator:
        answers = [
            (await operator.ask("POST", "/api/orders", {"type": "UrgeCase"}, Idempotency_Key="k1"), "$"),
            (await operator.ask("POST", "/api/orders", {"type": "Nothing"}, Idempotency_Key="k2"), "$.type"),
            (await operator.ask("POST", "/api/orders", b"{", Idempotency_Key="k3"), "$"),
            (await operator.ask("POST", "/api/orders", {"type": "UrgeCase", "case_id": "c-1"}), "Idempotency-Key"),
            (
                await operator.ask("POST", "/api/orders", {"type": "UrgeCase", "actor": {}}, Idempotency_Key="k4"),
                "$.actor",
            ),
        ]
        assert [(a.status, a.body["where"]) for a, _ in answers] == [(422, where) for _, where in answers]
        never = await operator.order("ReportArrival", "c-1", assignment_id="c-1/1")
        assert (never.status, never.body["error"]) == (403, "not_your_role")


async def test_what_is_absent_and_what_is_another_desks_answer_alike(here: Site) -> None:
    async with here.signed_in("ph-operator") as theirs, here.signed_in("js-operator") as ours:
        kept = await theirs.file("河岸垃圾", location=ELSEWHERE)
        await theirs.case(kept["case_id"])
        reading = [one.path for one in ENDPOINTS if one.method == "GET" and "{case_id}" in one.path]
        assert len(reading) >= 3
        for path in reading:
            there, nowhere = [
                await ours.ask("GET", path.format(case_id=c, sha256="0" * 64))
                for c in (kept["case_id"], "c-00000000000000000000")
            ]
            assert (there.status, there.body) == (nowhere.status, nowhere.body), path
            assert there.status == 404
        for case in (kept["case_id"], "c-00000000000000000000"):
            refused = await ours.order("UrgeCase", case)
            assert (refused.status, refused.body["error"]) == (404, "not_found")
        assert (await ours.ask("GET", "/api/board?desk=pinghu")).status == 404


async def test_a_town_sees_its_own_town_and_asks_offices_at_most(here: Site) -> None:
    async with here.signed_in("js-operator") as operator:
        kept = await operator.file("公园长椅损坏")
        case = await operator.case(kept["case_id"])
        town = f"js-town-{case['row']['territory']}"
        seats = [name for name in here.passwords if name.startswith("js-town-")]
        for seat in seats:
            async with here.signed_in(seat) as person:
                seen = await person.ask("GET", f"/api/cases/{kept['case_id']}")
                assert seen.status == (200 if seat == town else 404)
                if seat == town:
                    assert set(seen.body["allowed_actions"]) <= {"AskOffice"}


def somewhere(one: Endpoint) -> str:
    """The address of an endpoint, with something in each of its places."""
    return re.sub(r"{\w+}", "x-1", one.path)


async def test_every_role_meets_every_endpoint(here: Site) -> None:
    """403 wherever the table of access says no, and something else wherever it says yes."""
    from streams.gateway import access

    roles = {"js-operator": "operator", "js-lead": "lead", "js-checker": "checker", "js-hotline": "hotline"}
    roles |= {r: r for r in ("coordination", "supervisor", "auditor", "wall", "ops")}
    for account, role in roles.items():
        async with here.signed_in(account) as person:
            for one in ENDPOINTS:
                if one.may in (None, "") or one.path == "/api/stream":
                    continue
                answer = await person.ask(one.method, somewhere(one), {} if one.method in ("POST", "PUT") else None)
                allowed = access.may(role, one.may)  # type: ignore[arg-type]
                assert (answer.status != 403) is allowed, (role, one.method, one.path, answer)


async def test_nobody_gets_in_without_signing_in_and_no_change_without_the_token(here: Site) -> None:
    async with aiohttp.ClientSession(here.url) as http:
        for one in ENDPOINTS:
            if one.may is None:
                continue
            async with http.request(one.method, somewhere(one)) as answer:
                assert answer.status == 401, one.path
                assert one.method == "HEAD" or set(await answer.json()) >= {"error", "text"}
    async with (
        here.signed_in("js-operator") as operator,
        operator.http.post("/api/orders", json={}, headers={"Idempotency-Key": "k"}) as answer,
    ):
        assert answer.status == 403


async def test_every_answer_forbids_what_is_not_ours(here: Site) -> None:
    async with aiohttp.ClientSession(here.url) as http:
        for path in ("/login", "/api/me", "/livez", "/nothing", "/static/css/base.css"):
            async with http.get(path) as answer:
                policy = answer.headers["Content-Security-Policy"]
                assert "script-src 'self'" in policy
                assert "unsafe" not in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff", path


async def test_a_file_of_reports_has_a_result_for_each_row(here: Site) -> None:
    rows = [
        "source_id,kind,received_at,title,datum,lon,lat,phone",
        "F-1,complaint,2026-07-13T09:00:00+08:00,油烟扰民,wgs84,120.926,30.84,13800000001",
        "F-2,complaint,yesterday,噪音,wgs84,120.926,30.84,",
        "F-3,complaint,2026-07-13T09:00:00+08:00,没有坐标系,,120.926,30.84,",
        "F-4,complaint,2026-07-13T09:00:00+08:00,=HYPERLINK(1),wgs84,120.926,30.84,",
    ]
    async with here.signed_in("js-operator") as operator:
        for encoding in ("utf-8", "gb18030"):
            sent = await operator.ask(
                "POST", "/api/complaints/csv", "\n".join(rows).encode(encoding), Content_Type="text/csv"
            )
            assert (sent.status, sent.body["rows"]) == (202, 4), sent
            told = sent.body
            async with asyncio.timeout(10):
                while not told["finished"]:
                    told = await operator.get(f"/api/uploads/{sent.body['upload']}")
            assert [r["status"] for r in told["results"]] == [201, 422, 422, 201]
            assert (told["done"], told["failed"]) == (2, 2)
            assert "received_at" in told["results"][1]["text"]["en"]
            assert "坐标系" in told["results"][2]["text"]["zh"]
        strange = await operator.ask("POST", "/api/complaints/csv", b"a,b\n1,2\n", Content_Type="text/csv")
        assert (strange.status, strange.body["where"]) == (422, "line 1")


async def test_a_flood_is_told_to_wait_and_what_was_taken_is_kept(here: Site) -> None:
    async with here.signed_in("ph-lead") as operator:
        body = complaint("洪水") | {"location": ELSEWHERE}
        answers = await asyncio.gather(*(operator.ask("POST", "/api/complaints", body) for _ in range(1_300)))
        kept = [a.body["case_id"] for a in answers if a.status == 201]
        refused = [a for a in answers if a.status == 429]
        assert len(kept) + len(refused) == 1_300
        assert kept
        assert refused
        assert all(int(a.headers["Retry-After"]) >= 1 for a in refused)
        assert len({*kept}) == len(kept)


async def test_a_silent_broker_leaves_nobody_hanging_and_what_is_read_is_marked(here: Site) -> None:
    """The order that nobody acknowledged is answered 503, and sent again it happens once."""
    async with here.signed_in("js-operator") as operator:
        case = await operator.case((await operator.file("树枝挡道"))["case_id"])
        place, key = f"/api/cases/{case['row']['id']}", str(uuid.uuid4())
        report = complaint("树枝再挡道") | {"source_id": str(uuid.uuid4())}
        os.kill(here.kafka.pid, signal.SIGSTOP)
        try:
            async with asyncio.timeout(60):  # else it hangs
                order, filed, put = await asyncio.gather(
                    operator.order("UrgeCase", case, key, note="x"),
                    operator.ask("POST", "/api/complaints", report),
                    operator.ask("PUT", "/api/filters/mine", {"query": "open=1"}),
                )
                while int((read := await operator.ask("GET", place)).headers["X-Behind-Ms"]) < OLD:
                    await asyncio.sleep(0.1)
        finally:
            os.kill(here.kafka.pid, signal.SIGCONT)
        assert [(a.status, a.body["missing"]) for a in (order, filed, put)] == [(503, "broker")] * 3
        assert all(int(a.headers["Retry-After"]) >= 1 for a in (order, filed, put))
        assert (read.status, read.body["row"]["id"]) == (200, case["row"]["id"])
        while (again := await operator.order("UrgeCase", case, key, note="x")).status != 200:
            assert again.status in (202, 503), again
        while (kept := await operator.ask("POST", "/api/complaints", report)).status != 201:
            assert kept.status == 503, kept
        await operator.case(kept.body["case_id"])
        assert (await operator.case(case["row"]["id"]))["row"]["urges"] == 1
        async with asyncio.timeout(60):
            while int((await operator.ask("GET", place)).headers["X-Behind-Ms"]) >= OLD:
                await asyncio.sleep(0.1)


async def test_after_kill_9_browsers_come_back_to_the_whole_board(here: Site) -> None:
    async with here.signed_in("js-supervisor" if "js-supervisor" in here.passwords else "supervisor") as person:
        board = await person.get("/api/board")
        here.gateway.kill()
        here.gateway.log.write_text("")
        here.gateway.start()
        await here.gateway.ready("gateway serves")
        async with asyncio.timeout(10):
            events = []
            async for event, _, _ in _events(person.http, "/api/stream", board["seq"]):
                events.append(event)
                if len(events) == 2:
                    break
        assert events == ["anew", "beat"]  # the session holds, and the place of before is not taken for ours
        after = await person.get("/api/board")
        assert {row["id"] for row in after["cases"]} >= {row["id"] for row in board["cases"]}


async def test_the_openapi_document_describes_every_endpoint(here: Site) -> None:
    async with aiohttp.ClientSession(here.url) as http, http.get("/api/openapi.json") as answer:
        document = await answer.json()
    assert document["openapi"].startswith("3.1")
    told = {(path, method) for path, ways in document["paths"].items() for method in ways}
    assert told == {(one.path, one.method.lower()) for one in ENDPOINTS}
    assert "AssignCase" in document["components"]["schemas"]


HOSTILE = "<script>alert(1)</script>\u202e'\"\\{{7*7}}%00=HYPERLINK(1)"


async def test_hostile_text_in_every_field_is_kept_as_text_or_refused_with_its_place(here: Site) -> None:
    """64 KB of it, in each member of a complaint, one at a time and nested; never a fault of ours."""
    long = (HOSTILE * (65_536 // len(HOSTILE) + 1))[:65_536]
    members: list[tuple[str, Any]] = [
        (name, long) for name in ("title", "description", "channel", "kind", "received_at", "source_id", "source")
    ]
    members += [("category", {"scheme": long, "code": long}), ("location", {"datum": "wgs84", "address": long})]
    members += [("location", {"datum": long, "lon": 120.9, "lat": 30.8}), ("attachments", [long])]
    members += [("reporter", {n: long}) for n in ("name", "phone", "id_number", "note")]
    members += [("facts", {long: "x"}), ("facts", {"x": long}), ("facts", [long]), ("title", {"a": long})]
    async with here.signed_in("js-lead") as lead:
        for name, value in members:
            answer = await lead.ask("POST", "/api/complaints", complaint("x") | {name: value})
            assert answer.status in (201, 422), (name, answer)
            if answer.status == 422:
                assert answer.body["where"].startswith("$"), (name, answer.body)
        short = HOSTILE[:60]
        kept = await lead.file(short, description=HOSTILE)
        case = await lead.case(kept["case_id"])
        assert case["row"]["title"] == short.replace("\u202e", "") or case["row"]["title"] == short
        for path in (f"/api/cases/{kept['case_id']}/why", f"/api/cases/{kept['case_id']}/story"):
            answer = await lead.ask("GET", path)
            assert answer.status in (200, 503)
            assert answer.headers["Content-Type"].startswith(("text/plain", "application/json"))
        for query in (HOSTILE, long[:190], "%", "_", '"', "*", "OR 1=1", "'; DROP TABLE cases; --"):
            answer = await lead.ask("GET", "/api/cases?" + urlencode({"q": query}))
            assert answer.status in (200, 422, 503), (query, answer)


async def test_a_spreadsheet_gets_no_formula(here: Site) -> None:
    async with here.signed_in("js-lead") as lead:
        kept = await lead.file('=HYPERLINK("http://x","点我")')
        await lead.case(kept["case_id"])
        async with asyncio.timeout(20):
            while kept["case_id"] not in (told := (await lead.ask("GET", "/api/cases.csv?open=1")).body):
                await asyncio.sleep(0.2)
    cells = [cell for row in csv.reader(io.StringIO(told.removeprefix("\ufeff"))) for cell in row]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]


async def test_a_case_that_went_to_another_desk_is_not_told_as_it_was(here: Site) -> None:
    async with here.signed_in("js-operator") as operator, here.signed_in("supervisor") as everywhere:
        case = await operator.case(
            (await operator.file("越界案件", category={"scheme": "x", "code": "none"}))["case_id"]
        )
        done = await operator.order("HandOverCase", case, to_desk="jiaxing", reason="市级事项")
        assert done.status == 200, done
        assert done.body.get("case") is None or done.body["case"]["row"]["desk"] == "jiaxing"
        there = await everywhere.case(case["row"]["id"], lambda c: c["row"]["desk"] == "jiaxing")
        assert there["row"]["version"] > case["row"]["version"]
        urged = await everywhere.order("SuperviseCase", there, document="督-1", limit="2 hours")
        assert urged.status == 200, urged


async def test_telephones_of_leaders_are_for_who_sees_whole_desks(here: Site) -> None:
    """`p` of the console; a town's seat and a unit see the squads they work with, and no number."""
    parts = [next(name for name in here.passwords if kind in name) for kind in ("-town-", "-unit")]
    for account in ("js-operator", "supervisor", *parts):
        async with here.signed_in(account) as caller:
            told = await caller.get("/api/catalog")
        assert {bool(squad.get("phone")) for squad in told["squads"]} == {account not in parts}, account
        if account == "js-operator":
            assert {s["id"]: s["name"] for s in told["superiors"]}["gov-330421002"] == "罗星街道办事处"


async def test_who_is_on_duty_and_what_became_of_answers(here: Site) -> None:
    async with here.signed_in("js-lead") as lead:
        duty = await lead.get("/api/duty?desk=jiashan")
        teams = [t["id"] for s in (await lead.get("/api/catalog"))["squads"] for t in s["teams"]]
        assert set(teams) == set(duty["teams"])
        assert any(team["on"] for team in duty["teams"].values())
        assert all(team["on"] == (team["people"] > 0) for team in duty["teams"].values())
        changes = {team["next_change"] for team in duty["teams"].values() if team["next_change"]}
        assert min(changes) == AT + 6 * 3_600_000  # 10:00; at 16:00 the second shift begins
        for team in (t for t in duty["teams"].values() if t["next_change"]):
            assert team["begins"] is not team["on"]
        told = await lead.get("/api/replies")
        for source in told["sources"]:
            if not source["by_topic"]:
                assert source["sent"] == source["acknowledged"] + source["pending"] + source["dead"]
