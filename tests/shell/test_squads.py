"""Squads' devices at a real gateway: enrolment, sessions by signature, notices, what each may read, who has a case."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import redis

from dispatchers.city import City
from streams import prepare
from streams.city_files import load
from streams.gateway.api import ENDPOINTS
from streams.gateway.offers import NTH, Place
from tests.support_devices import Device, Key, code_for, enrolled, unenrolled
from tests.support_gateway import Caller, Site, whole_site
from tests.support_kafka import CITY, teller

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

HOME = "JS02"  # 罗星街道: where `Caller.file` reports
NEXT = "JS01"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with whole_site(tmp_path_factory.mktemp("squads")) as started:
        yield started


async def offered(here: Site, caller: Caller, title: str) -> dict[str, Any]:
    """A case that was just offered to the squad at home."""
    kept = await caller.file(title)
    return await caller.case(kept["case_id"], lambda c: c["row"]["status"] == "offered" and c["row"]["squad"] == HOME)


async def next_notice(device: Device, case_id: str, after: str = "", kind: str = "offer") -> dict[str, Any]:
    """The first notice about a case."""
    async for told in device.events(after):
        if told["event"] == "notice" and told["data"]["case_id"] == case_id and told["data"]["kind"] == kind:
            return told
    raise AssertionError("the stream ended")


# -- enrolment ---------------------------------------------------------------------------------------------------------


async def test_a_code_enrols_one_device_once(here: Site) -> None:
    async with here.signed_in("js-lead") as lead, unenrolled(here) as phone, unenrolled(here) as other:
        code = await code_for(lead, "JS02-001")
        typed = code.upper().replace("-", " ")
        async with phone.post("/api/enrol", json={"code": typed, "key": Key().public}) as answer:
            told = await answer.json()
            assert answer.status == 200
        assert (told["role"], told["squad"], told["officer"]) == ("squad", HOME, "JS02-001")
        async with other.post("/api/enrol", json={"code": code, "key": Key().public}) as answer:
            assert answer.status == 401
        listed = (await lead.get("/api/devices"))["devices"]
        mine = next(d for d in listed if d["account"] == told["account"])
        assert mine["enrolled"]
        assert code not in str(listed)


@pytest.mark.parametrize("body", [
    {"code": "aaaa-bbbb", "key": Key().public},
    {"code": "aaaa-bbbb", "key": "bm8ga2V5"},
    {"code": "aaaa-bbbb"},
    {"code": "a" * 5_000, "key": Key().public},
])  # fmt: skip
async def test_what_is_no_code_or_no_key_is_refused(here: Site, body: dict[str, str]) -> None:
    async with unenrolled(here) as phone, phone.post("/api/enrol", json=body) as answer:
        assert answer.status in (401, 422)
        assert set((await answer.json())["text"]) == {"zh", "en"}


async def test_a_lead_enrols_only_officers_of_the_desk(here: Site) -> None:
    async with here.signed_in("js-lead") as lead, here.signed_in("js-operator") as operator:
        for officer, role in (("NH01-001", "squad"), ("nobody", "squad"), ("C330402007-1", "collector")):
            answer = await lead.ask("POST", "/api/devices", {"role": role, "officer": officer})
            assert (answer.status, answer.body["where"]) == (422, "$.officer")
        answer = await operator.ask("POST", "/api/devices", {"role": "squad", "officer": "JS02-001"})
        assert answer.status == 403


async def test_a_session_is_of_the_key_and_short(here: Site) -> None:
    """A quarter of an hour, begun again by a signature alone; no challenge is taken twice, no other key is."""
    async with enrolled(here, "JS02-002") as device:
        assert device.me["expires_at"] - time.time() * 1000 <= 15 * 60_000
        assert (await device.sign_in()).status == 200
        who = {"account": device.me["account"]}
        asked = (await device.ask("POST", "/api/device/challenge", who)).body["challenge"]
        signed = {**who, "challenge": asked, "signature": device.key.sign(asked)}
        stolen = {**who, "challenge": asked, "signature": Key().sign(asked)}
        changed = {**signed, "challenge": asked[:-2] + ("AA" if asked[-2:] != "AA" else "BB")}
        assert (await device.ask("POST", "/api/device/session", stolen)).status == 401
        assert (await device.ask("POST", "/api/device/session", changed)).status == 401
        assert (await device.ask("POST", "/api/device/session", signed)).status == 200
        assert (await device.ask("POST", "/api/device/session", signed)).status == 401
        async with enrolled(here, "JS02-003") as other:
            taken = {"account": other.me["account"], "challenge": asked, "signature": other.key.sign(asked)}
            assert (await other.ask("POST", "/api/device/session", taken)).status == 401


async def test_a_revoked_device_hears_and_reads_nothing_more(here: Site) -> None:
    """At once: its stream ends before the next notice, its cookie is nobody's, its key opens nothing."""
    async with here.signed_in("js-lead") as lead, enrolled(here, "JS02-001") as device:
        heard: list[str] = []

        begun = asyncio.Event()

        async def listen() -> None:
            async for told in device.events():
                begun.set()
                heard.append(told["event"])  # one by one: the first one is waited for

        listening = asyncio.create_task(listen())
        await begun.wait()
        assert (await lead.ask("DELETE", f"/api/devices/{device.me['account']}")).status == 204
        kept = await offered(here, lead, "撤销后不再收到")
        await asyncio.wait_for(listening, 10)  # the gateway ends it
        assert "notice" not in heard
        assert (await device.ask("GET", "/api/squad/day")).status == 401
        assert (await device.order("AcceptAssignment", kept, assignment_id=kept["assignment"]["id"])).status == 401
        assert (await device.sign_in()).status == 401
        assert (await lead.ask("DELETE", "/api/devices/js-operator")).status == 404


# -- what it is told ---------------------------------------------------------------------------------------------------


async def test_an_offer_comes_by_itself_and_the_squad_works_through_the_case(here: Site) -> None:
    async with enrolled(here, "JS02-001") as device, here.signed_in("js-operator") as operator:
        seq = (await device.day())["seq"]
        kept = await offered(here, operator, "送上门的派单")
        case_id = kept["row"]["id"]
        told = await next_notice(device, case_id, seq)
        assert told["id"] == told["data"]["id"]
        assert (told["data"]["squad"], told["data"]["assignment_id"]) == (HOME, kept["assignment"]["id"])
        case = await device.holding(case_id)
        assert case["reporter"] == "masked" or case["reporter"] == "none"
        assert (await device.day())["laws"][case["row"]["item"]]["basis"]
        for kind in ("ReceiveOffer", "AcceptAssignment", "ReportArrival"):
            assert kind in case["allowed_actions"]
            done = await device.report(kind, case)
            assert done.status == 200, done
            case = done.body["case"]
        assert case["row"]["status"] == "on_site"
        done = await device.report(
            "ReportDisposal", case, result="corrected", note="已清理", officers=["JS02-001", "JS02-002"]
        )
        assert done.status == 200, done
        assert "CaseDisposed" in done.body["events"]


async def test_the_day_tells_what_each_officer_who_is_there_may_enforce(here: Site) -> None:
    """As the desk looks at certificates, to the midnight on which one ends; and of an item, what it takes."""
    city = City(load(CITY), "")
    async with enrolled(here, "JS02-001") as device, here.signed_in("js-operator") as operator:
        kept = await offered(here, operator, "执法证")
        await device.holding(kept["row"]["id"])
        told = await device.day()
    now, item = told["now"], city.items[kept["row"]["item"]]
    law = told["laws"][item.id]
    assert (law["specialist"], law["enforces"]) == (item.specialist, item.crew == "enforcement")
    there = {number: held for team in told["teams"] for number, held in team["certificates"].items()}
    assert there.keys() == {number for team in told["teams"] for number in team["officers"]} > set()
    for number, held in there.items():
        valid = [c for c in held if c["since"] <= now and (not c["until"] or now < c["until"])]
        for item in city.items.values():
            may = any(c["domain"] == item.domain or (c["domain"] == "*" and not item.specialist) for c in valid)
            assert may is city.certified(number, item, city.calendar.day(now)), (number, item.id)
        general = next(c["until"] for c in held if c["domain"] == "*")
        litter = city.items["litter"]
        assert city.certified(number, litter, city.calendar.day(general - 1))
        assert not city.certified(number, litter, city.calendar.day(general))


async def test_repeats_have_the_same_id_and_nothing_is_left_out(here: Site) -> None:
    """Who asks on from a place is told what follows it, each time the same; by the stream and by the long poll."""
    async with enrolled(here, "JS02-001") as device, here.signed_in("js-operator") as operator:
        seq = (await device.day())["seq"]
        cases = [(await offered(here, operator, f"第{n}件"))["row"]["id"] for n in range(3)]
        first = [await next_notice(device, c, seq) for c in cases]
        again = [await next_notice(device, c, seq) for c in cases]
        assert first == again
        polled = await device.get(f"/api/squad/poll?after={seq}&wait=5")
        ids = [n["id"] for n in polled["notices"]]
        assert {told["id"] for told in first} <= set(ids)
        assert len(ids) == len(set(ids))
        assert not polled["anew"]
        rest = await device.get(f"/api/squad/poll?after={first[0]['id']}&wait=5")
        assert first[0]["id"] not in [n["id"] for n in rest["notices"]]
        assert first[1]["id"] in [n["id"] for n in rest["notices"]]


async def test_the_long_poll_waits_and_then_tells(here: Site) -> None:
    async with enrolled(here, "JS02-001") as device, here.signed_in("js-operator") as operator:
        seq = (await device.get("/api/squad/poll"))["last"]
        waiting = asyncio.create_task(device.get(f"/api/squad/poll?after={seq}&wait=30"))
        kept = await offered(here, operator, "长轮询")
        told = await asyncio.wait_for(waiting, 15)
        assert kept["row"]["id"] in [n["case_id"] for n in told["notices"]] or kept["row"]["id"] in told["changed"]
        for wait in ("31", "-1", "x"):
            assert (await device.ask("GET", f"/api/squad/poll?after={seq}&wait={wait}")).status == 422


@pytest.mark.parametrize("place", ["x", "jiashan/9999999-0", "nanhu/0-0", "jiashan/-1-0", "jiashan/1-١"])
async def test_a_place_that_is_none_is_a_gap(here: Site, place: str) -> None:
    async with enrolled(here, "JS02-001") as device:
        assert (await device.get(f"/api/squad/poll?after={place}&wait=0"))["anew"]


async def test_a_place_before_the_first_record_is_one() -> None:
    """Who reads its day before its desk has decided anything is not told of a gap each time that it connects."""
    before = Place("jiashan", -1, NTH)
    assert before == Place.parse(str(before))


# -- whose it is -------------------------------------------------------------------------------------------------------


async def test_of_two_squads_one_has_it_and_the_other_learns_who(here: Site) -> None:
    """A late accept of an offer that was taken away is refused, with who holds the case and nothing else of it."""
    async with enrolled(here, "JS02-001") as first, here.signed_in("js-operator") as operator:
        case = await offered(here, operator, "两队抢一单")
        mine = await first.holding(case["row"]["id"])
        squads = [s["id"] for s in (await operator.get("/api/catalog"))["squads"] if s["desk"] == "jiashan"]
        for squad in squads:
            moved = await operator.order("AssignCase", case, squad=squad, reason="距离更近") if squad != HOME else None
            if moved and moved.status == 200:
                break
        assert moved, "nobody else can"
        late = await first.report("AcceptAssignment", mine)
        assert (late.status, late.body["reason"]) == (409, "not_yours_any_more")
        assert late.body["holder"]["squad"] == squad
        assert late.body["case"] is None
        assert (await first.ask("GET", f"/api/cases/{case['row']['id']}")).status == 404
        async with enrolled(here, f"{squad}-001") as second:
            theirs = await second.holding(case["row"]["id"])
            assert (await second.report("AcceptAssignment", theirs)).status == 200


async def test_a_squad_that_guesses_ids_learns_nothing(here: Site) -> None:
    """Of another's case every endpoint says what it says of one that is not there; and none of the others opens."""
    async with enrolled(here, f"{NEXT}-001") as stranger, here.signed_in("js-operator") as operator:
        case = await offered(here, operator, "别队的案件")
        case_id, nobody = case["row"]["id"], "c-00000000000000000000"
        for one in ENDPOINTS:
            if "{case_id}" not in one.path:
                continue
            told = []
            for guessed in (case_id, nobody):
                path = one.path.replace("{case_id}", guessed).replace("{sha256}", "0" * 64)
                told.append(await stranger.ask(one.method, path, {} if one.method != "GET" else None))
            assert told[0].status == told[1].status in (403, 404), (one.path, told)
            assert told[0].body == told[1].body, one.path
        held = case["assignment"]["id"]
        for kind in ("AcceptAssignment", "ReportArrival", "ReturnAssignment", "ReceiveOffer"):
            words = {"reason": "no_capacity", "basis": "x"} if kind == "ReturnAssignment" else {}
            answers = [
                await stranger.order(kind, guessed, assignment_id=held, **words) for guessed in (case_id, nobody)
            ]
            assert [a.status for a in answers] == [404, 404]
        assert case_id not in str(await stranger.day())
        assert (await stranger.ask("GET", "/api/board")).status == 403
        assert (await stranger.ask("GET", "/api/cases")).status == 403


async def test_a_report_that_is_sent_again_is_one(here: Site) -> None:
    async with enrolled(here, "JS02-001") as device, here.signed_in("js-operator") as operator:
        case = await device.holding((await offered(here, operator, "重发的接单"))["row"]["id"])
        key = str(uuid.uuid4())
        first = await device.report("AcceptAssignment", case, key)
        again = await device.report("AcceptAssignment", case, key)
        assert (first.status, again.status) == (200, 200)
        assert again.body["case"]["row"]["version"] == first.body["case"]["row"]["version"]
        other = await device.report("ReportArrival", case, key)
        assert other.status == 422  # the id is of another report


async def test_a_collector_looks_and_reports(here: Site) -> None:
    async with here.signed_in("js-operator") as operator, here.signed_in("js-lead") as lead:
        del lead
        async with enrolled(here, "C330421002-1", "collector") as collector, enrolled(here, "JS02-001") as squad:
            seq = (await collector.day())["seq"]
            kept = await operator.file("先看后派", category={"scheme": "item", "code": "unheard_of"})
            case = await operator.case(kept["case_id"])
            done = await operator.order("VerifyCase", case, reason="现场核实")
            assert done.status == 200, done
            told = await next_notice(collector, kept["case_id"], seq, "look")
            assert told["data"]["reason"] == "现场核实"
            look = await collector.holding(kept["case_id"])
            assert "ReportVerification" in look["allowed_actions"]
            assert (await squad.ask("GET", f"/api/cases/{kept['case_id']}")).status == 404
            done = await collector.order("ReportVerification", look, found=True, note="确有其事")
            assert done.status == 200, done
            assert kept["case_id"] not in str((await collector.day())["cases"])


# -- where they are ----------------------------------------------------------------------------------------------------


async def test_positions_are_of_who_is_on_duty_and_nodes_of_who_speaks(here: Site) -> None:
    async with here.signed_in("js-operator") as operator, enrolled(here, "JS02-001") as device:
        team = next(t for t in (await device.day())["teams"] if t["on_duty"])
        async with enrolled(here, team["officers"][0]) as there:
            point = {"lon": 120.92, "lat": 30.83, "accuracy": 8.0, "at": int(time.time() * 1000)}
            assert (await there.ask("POST", "/api/squad/beat", point)).status == 204
            assert (await there.ask("POST", "/api/squad/beat", {"lon": 200.0})).status == 422
            told = await operator.get("/api/positions?desk=jiashan")
            mine = [p for p in told["positions"] if p["officer"] == team["officers"][0]]
            assert [(p["lon"], p["lat"], p["squad"]) for p in mine] == [(120.92, 30.83, HOME)]
            assert [n["online"] for n in told["nodes"] if n["squad"] == HOME] == [True]
            assert told["online"] < told["required"]
            off = {"type": "SetDuty", "desk": "jiashan", "officers": team["officers"][:1], "on_duty": False}
            done = await operator.ask("POST", "/api/orders", off, Idempotency_Key=str(uuid.uuid4()))
            assert done.status == 200, done
            told = await operator.get("/api/positions?desk=jiashan")
            assert team["officers"][0] not in [p["officer"] for p in told["positions"]]
            assert (await there.ask("POST", "/api/squad/beat", point)).status == 204
            told = await operator.get("/api/positions?desk=jiashan")
            assert team["officers"][0] not in [p["officer"] for p in told["positions"]]
            assert (await there.ask("GET", "/api/positions")).status == 403


# -- what dies ---------------------------------------------------------------------------------------------------------


async def test_over_a_new_gateway_an_empty_redis_and_a_dead_one_no_offer_is_lost(here: Site) -> None:
    """The gateway is killed between two notices: the new one has the first from Redis, or says that there is a gap; by
    the same id, once."""
    tell = teller(here.run, "tell")
    tell.start()
    try:
        async with enrolled(here, "JS02-001") as device, here.signed_in("js-operator") as operator:
            seq = (await device.day())["seq"]
            case = await offered(here, operator, "网关换了")
            told = await next_notice(device, case["row"]["id"], seq)
            await _pushed(here, told["id"])
            here.gateway.kill()
            here.gateway.start()
            await _again(here, device)
            again = await next_notice(device, case["row"]["id"], seq)
            assert again == told
            polled = await device.get(f"/api/squad/poll?after={seq}&wait=0")
            assert [n["id"] for n in polled["notices"]].count(told["id"]) == 1
            with redis.Redis.from_url(here.run.redis) as client:
                client.flushall()
                polled = await device.get(f"/api/squad/poll?after={seq}&wait=0")
                anew_or_all = polled["anew"] or told["id"] in [n["id"] for n in polled["notices"]]
                assert anew_or_all
            assert case["row"]["id"] in [c["row"]["id"] for c in (await device.day())["cases"]]
    finally:
        await tell.stop()


async def _pushed(here: Site, place: str) -> None:
    """Until `tell` has written as far."""
    offset = int(place.partition("/")[2].partition("-")[0])
    with redis.Redis.from_url(here.run.redis, decode_responses=True) as client:
        for _ in range(200):
            stands = str(client.get("paidan:{jiashan}:pushed") or "-1").partition(" ")[0]
            if int(stands) >= offset:
                return
            await asyncio.sleep(0.05)
    raise AssertionError(f"tell never reached {place}")


async def _again(here: Site, device: Device) -> None:
    """Until the gateway serves again."""
    for _ in range(300):
        try:
            if (await device.ask("GET", "/api/me")).status == 200:
                return
        except OSError:
            pass
        await asyncio.sleep(0.05)
    raise AssertionError("the gateway never came back")


async def test_the_demo_has_a_telephone_to_try(here: Site) -> None:
    """`paidan run` prints a code: it enrols once, whenever that is, and the squad's day is there."""
    code = next(code for account, code in demo_codes(here) if account.startswith("d-"))
    async with unenrolled(here) as phone:
        async with phone.post("/api/enrol", json={"code": code, "key": Key().public}) as answer:
            told = await answer.json()
            assert (answer.status, told["role"]) == (200, "squad")
        async with phone.get("/api/squad/day") as answer:
            assert (await answer.json())["me"]["officer"] == told["officer"]


def demo_codes(here: Site) -> list[tuple[str, str]]:
    """Account and code of each log-in that was noted."""
    noted = prepare.noted(here.run.data / "logins.json", list[prepare.Login])
    return [(one.account, one.code) for one in noted or []]
