"""The console's side of squads, in a real browser: whom one telephones, who is where, which terminal is silent, whose
device is enrolled, what was done that an offer be heard, who comes next."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
import redis
from playwright.async_api import Browser, Page, Route, expect

from dispatchers.explain.terms import CHANNELS
from dispatchers.messages import Actor, ReportPush
from streams.city_files import load
from streams.kafka_io import producer
from tests.support_browser import at_a_desk, can_be_used_by_everybody, row_of
from tests.support_devices import Key, enrolled, unenrolled
from tests.support_gateway import Caller, Site, whole_site
from tests.support_kafka import CITY

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

HOME = "JS02"  # 罗星街道: where `Caller.file` reports
MINUTE = 60_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with whole_site(tmp_path_factory.mktemp("field")) as started:
        yield started


async def offered(caller: Caller, title: str) -> dict[str, Any]:
    """A case that was just offered to the squad at home."""
    kept = await caller.file(title)
    return await caller.case(kept["case_id"], lambda c: c["row"]["status"] == "offered" and c["row"]["squad"] == HOME)


async def open_case(page: Page, case: dict[str, Any]) -> None:
    """A case into the middle."""
    row = await row_of(page, case["row"]["id"])
    await row.click()
    await expect(page.locator(".case-head")).to_contain_text(case["row"]["no"])
    await page.locator(".case .verbs button").first.wait_for()


async def go(page: Page, key: str) -> None:
    """`g` and a key."""
    await page.wait_for_selector("#list-active")
    await page.keyboard.press("g")
    await page.keyboard.press(key)


def heard(here: Site, nodes: dict[str, int], points: dict[str, dict[str, Any]] | None = None) -> None:
    """What devices said some minutes ago, as the gateway has it on the whiteboard; of others nothing."""
    now = int(time.time() * 1000)
    with redis.Redis.from_url(here.run.redis) as client:
        client.delete("paidan:{jiashan}:nodes", "paidan:{jiashan}:at")
        for squad, minutes in nodes.items():
            client.hset("paidan:{jiashan}:nodes", squad, json.dumps({"at": now - minutes * MINUTE}))
        for officer, point in (points or {}).items():
            told = {"squad": point["squad"], "lon": point["lon"], "lat": point["lat"]}
            told["at"] = now - point["minutes"] * MINUTE
            client.hset("paidan:{jiashan}:at", officer, json.dumps(told))


async def on_duty(here: Site) -> list[str]:
    """Officers of the squad at home who are there now."""
    async with enrolled(here, f"{HOME}-001") as device:
        return [officer for team in (await device.day())["teams"] for officer in team["officers"]]


# -- whom one telephones -----------------------------------------------------------------------------------------------


async def test_p_shows_the_leaders_number_and_enter_logs_the_call(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        squads = (await operator.get("/api/catalog"))["squads"]
        phone = next(s["phone"] for s in squads if s["id"] == HOME)
        case = await offered(operator, "电话催一催")
        await open_case(page, case)
        await page.keyboard.press("p")
        dialog = page.get_by_role("dialog")
        await expect(dialog.locator(".dial a")).to_have_attribute("href", f"tel:{phone}")
        await expect(dialog.locator("[role=option]").first).to_contain_text("罗星街道中队")
        await expect(dialog.locator("[role=option]")).to_have_count(len(squads))
        await page.keyboard.press("ArrowDown")  # another squad's leader is as near
        await expect(dialog.locator(".dial a")).not_to_have_attribute("href", f"tel:{phone}")
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("Enter")
        await page.keyboard.type("马上到场")
        await page.keyboard.press("Enter")
        await operator.case(case["row"]["id"], lambda c: c["row"]["version"] > case["row"]["version"])
        await expect(dialog).to_have_count(0)
        await page.keyboard.press("t")
        told = page.locator(".story tr", has_text="电话")
        await expect(told).to_contain_text("罗星街道中队")
        await expect(told).to_contain_text("马上到场")
        await expect(told).to_contain_text("js-operator")


# -- who is where ------------------------------------------------------------------------------------------------------


async def test_silent_terminals_are_told_by_word_and_counted(here: Site, browser: Browser) -> None:
    officer = (await on_duty(here))[0]
    point = {"squad": HOME, "lon": 120.92, "lat": 30.83, "minutes": 0}
    heard(here, {HOME: 0, "JS01": 12}, {officer: point})
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        required = (await operator.get("/api/positions?desk=jiashan"))["required"]
        panel = page.locator(".right")
        await expect(panel.locator("header")).to_contain_text(f"终端 1/{required} 在线")
        row = panel.locator(".squad", has=page.locator(".node.silent"))
        await expect(row).to_have_count(1)
        await expect(row).to_contain_text("终端离线 12 分钟")
        await expect(panel.locator(".node.on")).to_have_text("终端在线 · 定位 1 人")
        await expect(panel.locator(".node.none").first).to_have_text("终端无信号")


async def test_the_map_shows_officers_on_duty_with_the_age_of_their_point(here: Site, browser: Browser) -> None:
    young, old, *_ = await on_duty(here)
    points = {
        young: {"squad": HOME, "lon": 120.90, "lat": 30.88, "minutes": 0},
        old: {"squad": HOME, "lon": 120.93, "lat": 30.80, "minutes": 3},
    }
    heard(here, {HOME: 0}, points)
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-lead") as lead:
        await go(page, "m")
        flags = page.locator(".flag")
        await expect(flags).to_have_count(2)
        await expect(page.locator(".flag:not(.old)")).to_have_text(f"{young} · 1 分钟内")
        await expect(page.locator(".flag.old")).to_have_text(f"{old} · 3 分钟前")
        off = {"type": "SetDuty", "desk": "jiashan", "officers": [young], "on_duty": False}
        assert (await lead.ask("POST", "/api/orders", off, Idempotency_Key=str(uuid.uuid4()))).status == 200
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # looked at again
        await expect(flags).to_have_count(1)
        await expect(flags).to_contain_text(old)
        back = off | {"on_duty": True}
        assert (await lead.ask("POST", "/api/orders", back, Idempotency_Key=str(uuid.uuid4()))).status == 200


async def test_positions_that_cannot_be_had_are_said_and_nothing_is_shown(here: Site, browser: Browser) -> None:
    heard(here, {HOME: 0}, {(await on_duty(here))[0]: {"squad": HOME, "lon": 120.9, "lat": 30.88, "minutes": 0}})
    async with at_a_desk(browser, here, "js-operator") as page:
        await expect(page.locator(".right header")).to_contain_text("终端")
        answer: dict[str, Any] = {}

        async def told(route: Route) -> None:
            await route.fulfill(**answer)

        await page.route("**/api/positions*", told)
        unknown = {"now": 1, "known": False, "positions": [], "nodes": [], "online": 0, "required": 0}
        for given in ({"status": 200, "json": unknown}, {"status": 503, "json": {}}):
            answer |= given
            await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
            await expect(page.locator(".right header")).to_contain_text("位置不可用")
            await expect(page.locator(".node .mark")).to_have_count(0)
        await go(page, "m")
        await expect(page.locator(".citymap header")).to_contain_text("派单不受影响")
        await expect(page.locator(".flag")).to_have_count(0)


_TIMES = """() => new Promise((told) => {
  const seen = [];
  const look = () => {
    seen.push(document.querySelector(".time").textContent);
    if (seen.length === 5) told(seen);
    else document.dispatchEvent(new Event("visibilitychange"));
  };
  const all = { subtree: true, childList: true, characterData: true };
  new MutationObserver(look).observe(document.querySelector(".time"), all);
  document.dispatchEvent(new Event("visibilitychange"));
})"""


async def test_the_clock_of_telephones_is_not_the_citys(here: Site, browser: Browser) -> None:
    """Telephones have the wall's clock, cases the city's: who asks for the former sets no clock by it."""

    async def told(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, json=await answer.json() | {"now": 1})  # 08:00 in Jiaxing

    async with at_a_desk(browser, here, "js-operator") as page:
        await page.route("**/api/positions*", told)
        await expect(page.locator(".right header")).to_contain_text("终端")
        times = await page.evaluate(_TIMES)
        assert all(re.fullmatch(r"10:\d\d:\d\d", text) for text in times), times


async def test_who_may_not_know_does_not_ask(here: Site, browser: Browser) -> None:
    asked: list[str] = []
    async with at_a_desk(browser, here, "js-checker", "/console") as page:
        page.on("request", lambda request: asked.append(request.url))
        await page.reload()
        await expect(page.locator(".squad").first).to_be_visible()
        await expect(page.locator(".squad .words").first).to_contain_text("组在岗")
        assert not [url for url in asked if "/api/positions" in url]
        await expect(page.locator(".squad .node")).to_have_count(0)


# -- devices -----------------------------------------------------------------------------------------------------------


async def test_a_lead_enrols_a_device_and_revokes_it_by_keyboard(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-lead") as page, here.signed_in("js-lead") as lead:
        await go(page, "n")
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("textbox")).to_be_focused()
        await page.keyboard.type("NH01-001")
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_role("alert")).to_contain_text("本指挥席没有这个编号")
        await page.keyboard.press("Control+A")
        await page.keyboard.type("JS02-005")
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("ArrowRight")  # a leader's
        await page.keyboard.press("Enter")
        code = await dialog.locator(".code b").inner_text()
        assert re.fullmatch(r"\w{4}-\w{4}", code)
        await expect(dialog.locator(".code")).to_contain_text("10 分钟内有效")
        await expect(dialog.locator("tr", has_text="JS02-005")).to_contain_text("待注册")
        async with unenrolled(here) as phone:
            async with phone.post("/api/enrol", json={"code": code, "key": Key().public}) as answer:
                told = await answer.json()
                assert (answer.status, told["role"]) == (200, "leader")
            await expect(dialog.get_by_role("status")).to_contain_text("已注册")
            await expect(dialog.locator(".code")).to_have_count(0)
            await expect(dialog.locator("tr", has_text="JS02-005")).to_contain_text("已注册")
            await page.keyboard.press("Escape")
            await expect(dialog).to_have_count(0)
            await go(page, "n")
            await expect(dialog.locator("tr", has_text="JS02-005")).to_be_visible()
            assert code not in await dialog.inner_text()
            await page.keyboard.type("js02-005")
            await expect(dialog.locator("tbody tr")).to_have_count(1)
            await page.keyboard.press("Tab")  # over the button beside the field
            await page.keyboard.press("Tab")
            await page.keyboard.press("Enter")
            await expect(dialog.locator("tbody tr")).to_contain_text("再按一次停用")
            listed = (await lead.get("/api/devices"))["devices"]
            assert [d["disabled"] for d in listed if d["officer"] == "JS02-005"] == [False]
            await page.keyboard.press("Enter")
            await expect(dialog.locator("tbody tr")).to_contain_text("已停用")
            async with phone.get("/api/me") as answer:
                assert answer.status == 401
    async with at_a_desk(browser, here, "js-operator") as page:
        await go(page, "n")
        await expect(page.get_by_role("alertdialog")).to_contain_text("值班长")


# -- what was done that an offer be heard ------------------------------------------------------------------------------


async def test_a_case_says_what_the_ladder_did(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        case = await offered(operator, "推送之后")
        await open_case(page, case)
        facts = page.locator(".facts")
        await expect(facts).to_contain_text("设备未收到")
        report = ReportPush(
            message_id=uuid.uuid4().hex, actor=Actor("notify", "notifier"), case_id=case["row"]["id"],
            assignment_id=case["assignment"]["id"], channel="webpush", result="sent",
        )  # fmt: skip
        partition = next(d.partition for d in load(CITY).desks if d.id == "jiashan")
        async with producer(here.run.kafka) as sender:
            await sender.send_and_wait("desk-inbox", msgspec.json.encode(report), key=b"jiashan", partition=partition)
        await expect(facts).to_contain_text(f"已试推送：{CHANNELS['webpush'].zh}（")

        async def silent(route: Route) -> None:
            answer = await route.fetch()
            told = await answer.json()
            told["row"]["alerted"] = "gov-330421002"
            await route.fulfill(response=answer, json=told)

        await page.route(f"**/api/cases/{case['row']['id']}", silent)
        assert (await operator.order("UrgeCase", case, note="再催")).status == 200
        await expect(facts).to_contain_text("无人应答，已告知罗星街道办事处")


# -- who comes next ----------------------------------------------------------------------------------------------------


async def test_when_the_roster_changes_and_who_comes(here: Site, browser: Browser) -> None:
    async with here.signed_in("js-lead") as lead:
        teams = (await lead.get("/api/duty?desk=jiashan"))["teams"]
        ours = [(team["next_change"], name) for name, team in teams.items() if name.startswith(HOME) and team["begins"]]
        coming = min(ours)[1]
    async with at_a_desk(browser, here, "js-lead") as page:
        await expect(page.locator(".right header")).to_contain_text("16:00 换班")
        await page.goto(f"{here.url}/report")
        row = page.locator(".paper tr", has_text="罗星街道中队").last
        await expect(row).to_contain_text(f"16:00 {coming}（{teams[coming]['of']} 人）")


# -- as it looks -------------------------------------------------------------------------------------------------------


async def _panel(page: Page, here: Site) -> None:
    await page.locator(".node.silent").first.wait_for()


async def _map(page: Page, here: Site) -> None:
    await go(page, "m")
    await page.locator(".flag").first.wait_for()


async def _call(page: Page, here: Site) -> None:
    await page.locator("[data-id]").first.click()
    await page.locator(".case .verbs button").first.wait_for()
    await page.keyboard.press("p")
    await page.locator(".dial a").wait_for()


async def _devices(page: Page, here: Site) -> None:
    await go(page, "n")
    await page.keyboard.type("JS03-001")
    await page.keyboard.press("Enter")
    await page.locator(".code b").wait_for()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")


_SCREENS: dict[str, Callable[[Page, Site], Any]] = {"panel": _panel, "map": _map, "call": _call, "devices": _devices}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", _SCREENS)
async def test_every_screen_can_be_used_by_everybody(
    here: Site, browser: Browser, tmp_path: Path, screen: str, scheme: str
) -> None:
    here_now = await on_duty(here)
    places = [(120.90, 30.88, 0), (120.93, 30.80, 3), (120.85, 30.95, 1)]
    points = {
        officer: {"squad": HOME, "lon": lon, "lat": lat, "minutes": minutes}
        for officer, (lon, lat, minutes) in zip(here_now, places, strict=False)
    }
    heard(here, {HOME: 0, "JS01": 12, "JS03": 0}, points)
    size = {"viewport": {"width": 1440 if scheme == "light" else 1280, "height": 900}, "color_scheme": scheme}
    async with at_a_desk(browser, here, "js-lead", **size) as page, here.signed_in("js-lead") as lead:
        await offered(lead, "一件在办案件")
        await _SCREENS[screen](page, here)
        await can_be_used_by_everybody(page, tmp_path / f"{screen}-{scheme}.png")
