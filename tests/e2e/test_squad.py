"""The squad's page on a telephone, on a real gateway and broker: offers, the three steps, photos, a network that goes
and comes back. What was done is asked of the API."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import coordTransform
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from tests.support_browser import can_be_used_by_everybody
from tests.support_devices import enrolled
from tests.support_gateway import Site, whole_site
from tests.support_phone import (
    OFFICER,
    PHONE,
    SQUAD,
    accept,
    carried,
    clear,
    counted,
    day,
    dispose,
    jpeg,
    keep,
    offer,
    offered,
    phone,
    rings,
    story,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with whole_site(tmp_path_factory.mktemp("phones")) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def cleared(here: Site) -> AsyncIterator[None]:
    """Nothing that a test leaves behind is in front of the next one's offer."""
    yield
    await clear(here)


# -- enrolment, and an offer -------------------------------------------------------------------------------------------


async def test_a_wrong_code_is_said_to_be_wrong(here: Site, browser: Browser) -> None:
    async with phone(browser, here) as page:
        await page.fill("input.code", "ABCD 2345")
        await expect(page.locator("input.code")).to_have_value("abcd-2345")
        await page.locator("form button.main").tap()
        await expect(page.get_by_role("alert")).to_contain_text("注册码不对")


async def test_an_offer_is_drawn_and_rings_once_whatever_happens(here: Site, browser: Browser) -> None:
    """Also after a reload, and when the notice comes again under the same id."""
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        before = (await day(page))["seq"]
        case = await offered(page, operator, "新派单上屏")
        screen = offer(page, case)
        await expect(screen).to_contain_text("罗星街道")
        for number in case["row"]["officers"]:
            await expect(screen).to_contain_text(number)
        await operator.case(case["row"]["id"], lambda c: c["row"].get("received") is True)
        assert await rings(page) == (1, 1)
        assert await counted(page, "awake") == 1
        await page.reload()
        await expect(screen).to_be_visible()
        await keep(page, "cursor", before)
        async with page.expect_request(lambda r: "/api/squad/stream?after" in r.url):
            await page.reload()
        await expect(screen).to_be_visible()
        assert await rings(page) == (1, 1)
        box = await screen.locator(".accept").bounding_box()
        assert box
        assert box["height"] >= 64
        assert box["width"] == PHONE["width"] - 32
        await accept(page, case)
        await operator.case(case["row"]["id"], lambda c: c["row"]["status"] == "accepted")


async def test_an_offer_that_was_taken_away_says_so_and_why(here: Site, browser: Browser) -> None:
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        case = await offered(page, operator, "被收回的派单")
        await expect(offer(page, case)).to_be_visible()
        squads = [s["id"] for s in (await operator.get("/api/catalog"))["squads"] if s["id"] != SQUAD]
        for squad in squads:
            if (await operator.order("AssignCase", case, squad=squad, reason="距离更近")).status == 200:
                break
        gone = page.locator(".gone", has_text=case["row"]["no"])
        await expect(gone).to_contain_text("已不归本队")
        await expect(gone).to_contain_text("距离更近")
        await expect(gone).not_to_contain_text("承办")  # of who has it now the squad is told nothing
        await expect(offer(page, case)).to_have_count(0)
        await gone.get_by_role("button").tap()
        await expect(gone).to_have_count(0)


# -- a case from the acceptance to the report --------------------------------------------------------------------------


async def test_accept_arrive_and_dispose_with_a_photo(here: Site, browser: Browser) -> None:
    """The photo comes whole, also when its second piece was lost on the way; its time and place stand in the record."""
    photo = jpeg(600_000, "路口")
    sha = hashlib.sha256(photo["buffer"]).hexdigest()
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        await page.evaluate("localStorage.setItem('paidan.squad.placed', 'true')")
        await page.reload()
        case = await offered(page, operator, "一单到底")
        await expect(offer(page, case)).to_contain_text("距您")
        await accept(page, case)
        await expect(page.locator(".three .next")).to_contain_text("到场")
        assert "amap" in str(await page.locator(".maps a").first.get_attribute("href"))
        await page.locator(".bottom .main", has_text="到场").tap()
        await expect(page.locator(".three .next")).to_contain_text("处置")
        pieces = 0

        async def lossy(route: Route) -> None:
            nonlocal pieces
            pieces += route.request.method == "PATCH"
            await (route.abort() if pieces == 2 and route.request.method == "PATCH" else route.continue_())

        await page.route("**/api/photos/*", lossy)
        await dispose(page, case, photo)
        done = await operator.case(case["row"]["id"], lambda c: c["row"]["status"] == "disposed", limit=20)
        assert pieces == 4
        assert done["row"]["result"] == "corrected"
        line = next(one for one in await story(operator, case, "CaseDisposed") if one["event"] == "CaseDisposed")
        assert line["happened_at"]
        async with operator.http.get(f"/api/cases/{case['row']['id']}/photos/{sha}") as answer:
            assert answer.status == 200
            assert await answer.read() == photo["buffer"]
        await expect(page.locator(".three .done")).to_have_count(3)


async def test_a_penalty_without_a_photo_is_stopped_by_its_article(here: Site, browser: Browser) -> None:
    """The red line is named before the act; with one officer alone any act is warned of."""
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        case = await offered(page, operator, "红线提示")
        await accept(page, case)
        await page.locator(".bottom .main", has_text="到场").tap()
        await page.locator(".bottom .main", has_text="处置").tap()
        await page.get_by_text("简易处罚", exact=True).tap()
        await page.locator(".bottom .main", has_text="反馈").tap()
        await page.locator(".bottom .main", has_text="提交反馈").tap()
        warning = page.get_by_role("alertdialog")
        await expect(warning).to_contain_text("无证据处罚")
        await expect(warning).to_contain_text("art. 40")
        await expect(warning.get_by_role("button")).to_have_count(1)
        await warning.get_by_role("button").tap()
        await page.get_by_text("已改正", exact=True).tap()
        await page.locator(".line", has_text=case["row"]["officers"][1]).tap()
        await page.locator(".bottom .main", has_text="反馈").tap()
        await page.locator(".bottom .main", has_text="提交反馈").tap()
        await expect(warning).to_contain_text("单人执法")
        await expect(warning).to_contain_text("art. 42")
        await expect(warning.get_by_role("button")).to_have_count(2)
        assert (await operator.case(case["row"]["id"]))["row"]["status"] == "on_site"


async def test_help_is_asked_for_and_the_case_given_back(here: Site, browser: Browser) -> None:
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        case = await offered(page, operator, "求助与退单")
        await accept(page, case)
        await page.get_by_role("link", name="请求协同").tap()
        await page.get_by_text("检测鉴定", exact=True).tap()
        await page.locator("select").select_option(index=1)
        await page.locator("textarea").fill("现场噪声检测")
        await page.locator(".bottom .main").tap()
        asked = await operator.case(case["row"]["id"], lambda c: c["requests"])
        assert asked["requests"][0]["kind"] == "test"
        await expect(page.locator(".page")).to_contain_text("检测鉴定")
        await page.get_by_role("link", name="退单").tap()
        await expect(page.locator(".bottom .main")).to_be_disabled()
        await page.get_by_text("力量不足", exact=True).tap()
        await page.locator("textarea").fill("全组在另一现场")
        await page.locator(".bottom .main").tap()
        await operator.case(case["row"]["id"], lambda c: case["row"]["team"] != c["row"].get("team"))


# -- without a network -------------------------------------------------------------------------------------------------


async def test_two_cases_are_worked_through_without_a_network_and_applied_once_in_order(
    here: Site, browser: Browser
) -> None:
    """Also though the telephone was started anew meanwhile, and the first answers were lost after they came back."""
    photos = [jpeg(300_000, f"断网{n}") for n in range(2)]
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        cases = [await offered(page, operator, f"断网办案{n}") for n in range(2)]
        for case in cases:
            await operator.case(case["row"]["id"], lambda c: c["row"].get("received") is True)
        await expect(offer(page, cases[0])).to_be_visible()
        await page.context.set_offline(True)
        for case in cases:
            await page.goto(f"{here.url}/squad#/")
            await accept(page, case)
        await expect(page.locator(".trouble")).to_contain_text("离线 · 2 条待发 · ")
        await page.reload()
        for case, photo in zip(cases, photos, strict=True):
            await page.goto(f"{here.url}/squad#/case/{case['row']['id']}")
            await expect(page.locator(".waits")).to_contain_text("待发")
            await page.locator(".bottom .main", has_text="到场").tap()
            await dispose(page, case, photo)
            await expect(page.locator(".three .sent")).to_have_count(3)
        await expect(page.locator(".trouble")).to_contain_text("离线 · 6 条待发 · ")
        assert {(await operator.case(case["row"]["id"]))["row"]["status"] for case in cases} == {"offered"}
        sent: list[str] = []

        async def deaf(route: Route) -> None:
            """The first two orders arrive; their answers do not."""
            sent.append(str(route.request.headers["idempotency-key"]))
            if len(sent) <= 2:
                await route.fetch()
                await route.abort()
            else:
                await route.continue_()

        await page.route("**/api/orders", deaf)
        await page.context.set_offline(False)
        for case, photo in zip(cases, photos, strict=True):
            await operator.case(case["row"]["id"], lambda c: c["row"]["status"] == "disposed", limit=30)
            lines = await story(operator, case, "CaseDisposed")
            acts = ("AssignmentAccepted", "SquadArrived", "CaseDisposed")
            assert [line["event"] for line in lines if line["event"] in acts] == list(acts)
            claimed = [line["happened_at"] for line in lines if line["event"] in acts]
            assert claimed == sorted(claimed)
            sha = hashlib.sha256(photo["buffer"]).hexdigest()
            async with operator.http.get(f"/api/cases/{case['row']['id']}/photos/{sha}") as answer:
                assert await answer.read() == photo["buffer"]
        await expect(page.locator(".trouble")).to_have_count(0)
        assert len(sent) > len(set(sent)) == 6


async def test_a_case_that_was_taken_away_meanwhile_shows_what_is_true_and_loses_nothing(
    here: Site, browser: Browser
) -> None:
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        case = await offered(page, operator, "断网时被改派")
        await expect(offer(page, case)).to_be_visible()
        await page.context.set_offline(True)
        await accept(page, case)
        await page.locator(".bottom .main", has_text="到场").tap()
        squads = [s for s in (await operator.get("/api/catalog"))["squads"] if s["id"] != SQUAD]
        for squad in squads:
            if (await operator.order("AssignCase", case, squad=squad["id"], reason="距离更近")).status == 200:
                break
        await page.context.set_offline(False)
        conflict = page.locator(".conflict")
        await expect(conflict).to_contain_text("该派单已经失效")
        await expect(conflict).to_contain_text(squad["name"])
        await expect(conflict.locator("li")).to_contain_text("报到场")
        await expect(conflict.get_by_role("button")).to_have_count(1)
        await conflict.get_by_role("button").tap()
        await page.goto(f"{here.url}/squad#/team")
        await page.get_by_text("未办成的操作 2 条").tap()
        await expect(page.locator("details")).to_contain_text(case["row"]["no"])


async def test_the_long_poll_takes_over_where_events_do_not_come_through(here: Site, browser: Browser) -> None:
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        await page.route("**/api/squad/stream**", lambda route: route.abort())
        async with page.expect_request("**/api/squad/poll**"):
            await page.reload()
        case = await offered(page, operator, "长轮询送达")
        await expect(offer(page, case)).to_be_visible()
        await page.unroute("**/api/squad/stream**")
        async with page.expect_response(lambda r: "/api/squad/stream" in r.url and r.status == 200):
            await page.evaluate("window.dispatchEvent(new Event('online'))")
        another = await offered(page, operator, "回到事件流")
        await page.goto(f"{here.url}/squad#/list")
        await expect(page.locator(".line-of", has_text=another["row"]["no"])).to_be_visible()


async def test_a_device_that_was_revoked_says_so_and_forgets(here: Site, browser: Browser) -> None:
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-lead") as lead:
        case = await offered(page, lead, "停用后看不到")
        await expect(offer(page, case)).to_be_visible()
        account = await page.evaluate("fetch('/api/me').then((answer) => answer.json()).then((me) => me.account)")
        assert (await lead.ask("DELETE", f"/api/devices/{account}")).status == 204
        await expect(page.locator(".enrol")).to_contain_text("本机已被停用")  # a beat, and a try
        await expect(page.locator("body")).not_to_contain_text(case["row"]["no"])
        await page.wait_for_function("indexedDB.databases().then((all) => all.length === 0)")
        await page.reload()
        await expect(page.locator("input.code")).to_be_visible()


async def test_a_day_older_than_an_answer_does_not_undo_it(here: Site, browser: Browser) -> None:
    """The day was asked for before the acceptance and comes after it: what was done stays done."""
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        case = await offered(page, operator, "日程晚到")
        await offer(page, case).wait_for()
        asked, late = asyncio.Event(), asyncio.Event()

        async def hold(route: Route) -> None:
            if asked.is_set():
                await route.abort()  # no later one heals it
                return
            old = await route.fetch()
            assert any(one["row"]["status"] == "offered" for one in (await old.json())["cases"])
            asked.set()
            await late.wait()
            await route.fulfill(response=old)

        await page.route("**/api/squad/day", hold)
        await page.evaluate("dispatchEvent(new Event('online'))")
        await asked.wait()
        await accept(page, case)
        await operator.case(case["row"]["id"], lambda c: c["row"]["status"] == "accepted")
        await expect(page.locator(".queued")).to_have_count(0)
        async with page.expect_response("**/api/squad/day"):
            late.set()
        await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        await expect(offer(page, case)).to_have_count(0)
        await expect(page.locator(".bottom .main")).to_have_text("到场")


# -- others who use it -------------------------------------------------------------------------------------------------


async def test_another_desks_request_is_signed_and_answered(here: Site, browser: Browser) -> None:
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        case = await offered(page, operator, "请中队支援")
        asked = await operator.order("AskOffice", case, kind="support", squad=SQUAD, task="到场维持秩序")
        assert asked.status == 200, asked
        await page.locator(".offer").get_by_role("link").tap()
        await page.locator(".tabs a", has_text="请求").tap()
        await page.locator(".line-of", has_text="到场维持秩序").tap()
        await page.locator(".bottom .main", has_text="签收").tap()
        await operator.case(case["row"]["id"], lambda c: c["requests"][0].get("signed_at"))
        await page.locator("textarea").fill("两名队员已到场")
        await page.locator(".bottom .main", has_text="回复").tap()
        await operator.case(case["row"]["id"], lambda c: c["requests"][0].get("answered_at"))


async def test_a_collector_verifies_with_place_and_photo(here: Site, browser: Browser) -> None:
    photo = jpeg(40_000, "核实")
    async with (
        carried(browser, here, "C330421002-1", "collector") as page,
        here.signed_in("js-operator") as operator,
    ):
        kept = await operator.file("核实一处", category={"scheme": "item", "code": "unheard-of"})
        case = await operator.case(kept["case_id"], lambda c: c["row"]["status"] in ("operator", "to_dispatch"))
        ordered = await operator.order("VerifyCase", case, reason="地点不清")
        assert ordered.status == 200, ordered
        await page.locator(f"[data-case='{case['row']['id']}']").tap()
        await page.get_by_text("属实", exact=True).tap()
        await page.get_by_role("button", name="用当前位置").tap()
        await expect(page.locator("form")).to_contain_text("30.8331")
        await page.set_input_files("input[type=file]", photo)
        await expect(page.locator(".thumbs li")).to_have_count(1)
        await page.locator("textarea").fill("路口西北角")
        await page.locator(".bottom .main").tap()
        seen = await operator.case(case["row"]["id"], lambda c: c["row"]["status"] != "verifying")
        assert (seen["row"]["lon"], seen["row"]["lat"]) == (120.9172, 30.8331)
        line = next(one for one in await story(operator, case, "CaseVerified") if one["event"] == "CaseVerified")
        assert "未" not in line["text"]
        assert hashlib.sha256(photo["buffer"]).hexdigest() in str(line)


async def test_a_collector_checks_what_was_disposed_of(here: Site, browser: Browser) -> None:
    async with (
        carried(browser, here, "C330421002-1", "collector") as page,
        enrolled(here, OFFICER) as squad,
        here.signed_in("js-operator") as operator,
    ):
        case = await offered(page, operator, "处置后核查")
        case_id = case["row"]["id"]
        for kind, words in (
            ("AcceptAssignment", {}),
            ("ReportArrival", {}),
            ("ReportDisposal", {"result": "repaired"}),
        ):
            done = await squad.report(kind, await squad.holding(case_id), **words)
            assert done.status == 200, done
        await page.locator(f"[data-case='{case_id}']").tap()
        await page.get_by_text("不通过，返工", exact=True).tap()
        await page.locator("textarea").fill("仍有垃圾")
        await page.locator(".bottom .main").tap()
        await operator.case(case_id, lambda c: c["row"].get("rework") == 1)


# -- the page itself ---------------------------------------------------------------------------------------------------


async def test_points_are_handed_over_in_each_maps_datum(here: Site, browser: Browser) -> None:
    """As the library of the server converts them, to a hundredth of a millimetre."""
    points = [(120.92, 30.83), (121.05, 30.51), (120.30, 30.60), (87.6, 43.8), (139.7, 35.7)]
    async with phone(browser, here) as page:
        told = await page.evaluate(
            """(points) => import("/static/squad/datum.js").then(({ gcj02, bd09, mapLinks }) => [
              points.map(([lon, lat]) => [gcj02(lon, lat), bd09(lon, lat)]),
              mapLinks(120.92, 30.83, "人民大道 1 号", false),
            ])""",
            points,
        )
    for (lon, lat), (gcj, bd) in zip(points, told[0], strict=True):
        assert gcj == pytest.approx(coordTransform.wgs84_to_gcj02(lon, lat), abs=1e-10)
        assert bd == pytest.approx(coordTransform.wgs84_to_bd09(lon, lat), abs=1e-10)
    amap, baidu, geo = (one["href"] for one in told[1])
    gcj, bd = told[0][0]
    assert f"lat={gcj[1]:.6f}&lon={gcj[0]:.6f}&dev=0" in amap
    assert f"location={bd[1]:.6f},{bd[0]:.6f}" in baidu
    assert "coord_type=bd09ll" in baidu
    assert geo.startswith("geo:30.830000,120.920000?q=")


async def test_the_shell_is_served_as_a_browser_needs_it(here: Site, browser: Browser) -> None:
    """The worker may serve /squad and is asked for anew each time; each file of the shell has the hash it names."""
    async with here.signed_in("js-lead") as anybody:
        for path, kind in (
            ("/squad", "text/html"),
            ("/static/squad/manifest.webmanifest", "application/manifest+json"),
        ):
            async with anybody.http.get(path) as answer:
                assert (answer.status, answer.content_type) == (200, kind)
        async with anybody.http.get("/squad/sw.js") as answer:
            text = await answer.text()
            assert answer.content_type == "text/javascript"
            assert answer.headers["Service-Worker-Allowed"] == "/squad"
            assert answer.headers["Cache-Control"] == "no-cache"
        files = dict(re.findall(r'"(/[^"]*)":"([0-9a-f]{64})"', text))
        assert {"/squad", "/static/squad/main.js", "/static/css/squad.css"} <= files.keys()
        for path, wanted in files.items():
            async with anybody.http.get(path) as answer:
                assert hashlib.sha256(await answer.read()).hexdigest() == wanted, path


async def test_without_https_it_says_that_it_cannot_sign(here: Site, browser: Browser) -> None:
    async with phone(browser, here) as page:
        await page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined });")
        await page.reload()
        await expect(page.get_by_role("alert")).to_contain_text("HTTPS")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_every_view_can_be_used_by_everybody(
    here: Site, browser: Browser, lang: str, scheme: Any, tmp_path: Path
) -> None:
    """Offer, forms, case, team: nothing sticks out, everything can be read, each target is large enough for a glove."""
    async with carried(browser, here, OFFICER, color_scheme=scheme) as page, here.signed_in("js-operator") as operator:
        await page.evaluate(f"localStorage.setItem('paidan.lang', '\"{lang}\"')")
        await page.reload()
        case = await offered(page, operator, f"夜间施工噪声扰民，居民多次反映（{lang} {scheme}）")
        await expect(offer(page, case)).to_be_visible()

        async def look(name: str) -> None:
            await can_be_used_by_everybody(page, tmp_path / f"{name}-{lang}-{scheme}.png", scrolls=True)
            small = await page.evaluate(_SMALL)
            assert small == [], name

        await look("offer")
        await page.locator(".offer .back").tap()
        await look("return")
        await page.locator(".sheet .pair button").first.tap()
        await accept(page, case)
        await page.locator(".law summary").tap()
        await look("case")
        await page.locator(".bottom .main").tap()
        await expect(page.locator(".three .done")).to_have_count(1)
        await page.locator(".bottom .main").tap()
        await page.locator(".choice-list .line").nth(1).tap()
        await look("dispose")
        await page.locator(".bottom .main").tap()
        await page.locator("[name=party]").first.tap()
        await page.fill("[name=fine]", "201")
        await page.locator(".bottom .main").tap()
        await look("fine")
        for name in ("list", "tasks", "team"):
            await page.goto(f"{here.url}/squad#/{name}")
            await look(name)


# What a finger has to hit and is smaller than 48 px either way. Words in a line of text are no such target.
_SMALL = """() => [...document.querySelectorAll("button, a, select, input:not([type=file]), summary, .line")]
  .filter((one) => one.checkVisibility() && !one.closest(".line *"))
  .map((one) => [one.textContent.slice(0, 20), one.getBoundingClientRect()])
  .filter(([, box]) => box.height < 48 || box.width < 48)
  .map(([text, box]) => `${text} ${Math.round(box.width)}x${Math.round(box.height)}`)"""
