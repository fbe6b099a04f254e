"""What else a squad's telephone is for: fines and certificates, an offer that runs out, relief, recusal, a handover,
orders that are answered late, its session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Route, expect

from dispatchers.city import City
from dispatchers.reports import IN_CASH, ON_THE_SPOT
from streams.city_files import load
from tests.support_browser import told_otherwise
from tests.support_devices import enrolled
from tests.support_gateway import AT, Site, site, whole_site
from tests.support_kafka import CITY
from tests.support_phone import (
    OFFICER,
    SQUAD,
    accept,
    carried,
    clear,
    day,
    dispose,
    jpeg,
    offer,
    offered,
    phone,
    rings,
    story,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

HOUR = 3_600_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with whole_site(tmp_path_factory.mktemp("acts")) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def cleared(here: Site) -> AsyncIterator[None]:
    yield
    await clear(here)


async def arrive(page: Page, case: dict[str, Any]) -> None:
    """接单 and 到场, and the desk has heard of both."""
    await accept(page, case)
    await page.locator(".bottom .main", has_text="到场").tap()
    await expect(page.locator(".three .done")).to_have_count(1)


async def penalise(page: Page, result: str = "简易处罚") -> None:
    """The form of a fine, with a photo."""
    await page.locator(".bottom .main", has_text="处置").tap()
    await page.set_input_files("input[type=file]", jpeg(20_000, result))
    await expect(page.locator(".thumbs li")).to_have_count(1)
    await page.get_by_text(result, exact=True).tap()
    await page.locator(".bottom .main", has_text="反馈").tap()


def give(page: Page) -> Locator:
    """The button that hands it in."""
    return page.locator(".bottom .main", has_text="提交反馈")


async def retell(page: Page, change: Any) -> None:
    """The day is told otherwise than it is."""
    await told_otherwise(page, "**/api/squad/day", change)


# -- fines -------------------------------------------------------------------------------------------------------------


async def test_a_fine_keeps_to_what_the_law_allows_on_the_spot(here: Site, browser: Browser) -> None:
    """More than art. 51 allows is stopped, more in cash than art. 68 allows asks why; what was done is in the story."""
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        case = await offered(page, operator, "当场罚款")
        await arrive(page, case)
        await penalise(page)
        await page.fill("input[name=fine]", "201")
        await expect(give(page)).to_be_disabled()  # nobody was said to be fined
        await page.get_by_text("公民", exact=True).tap()
        await give(page).tap()
        warning = page.get_by_role("alertdialog")
        await expect(warning).to_contain_text("超限额当场处罚")
        await expect(warning).to_contain_text("art. 51")
        await expect(warning.get_by_role("button")).to_have_count(1)
        await warning.get_by_role("button").tap()
        await page.locator(".bottom .main", has_text="反馈").tap()
        await page.fill("input[name=fine]", "150")
        await page.fill("input[name=cash]", "150")
        await give(page).tap()
        await expect(warning).to_contain_text("违规当场收缴")
        await expect(warning).to_contain_text("68")
        await warning.get_by_role("button").tap()
        await page.locator(".bottom .main", has_text="反馈").tap()
        await page.locator("textarea").fill("当事人系过路司机，事后难以执行")
        await give(page).tap()
        await operator.case(case["row"]["id"], lambda c: c["row"]["status"] == "disposed", limit=20)
        line = next(one for one in await story(operator, case, "CaseDisposed") if one["event"] == "CaseDisposed")
        assert "罚款 150 元，当场收缴 150 元" in str(line)


async def test_by_the_general_procedure_nothing_is_taken_on_the_spot(here: Site, browser: Browser) -> None:
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        case = await offered(page, operator, "一般程序")
        await arrive(page, case)
        await penalise(page, "一般程序立案")
        await page.get_by_text("法人或其他组织", exact=True).tap()
        await page.fill("input[name=fine]", "5000")
        await page.fill("input[name=cash]", "50")
        await give(page).tap()
        await expect(page.get_by_role("alertdialog")).to_contain_text("违规当场收缴")
        await page.get_by_role("alertdialog").get_by_role("button").tap()
        await page.locator(".bottom .main", has_text="反馈").tap()
        await page.fill("input[name=cash]", "")
        await give(page).tap()
        done = await operator.case(case["row"]["id"], lambda c: c["row"]["status"] == "disposed", limit=20)
        assert done["row"]["result"] == "general_filed"


async def test_what_the_page_let_through_the_desk_refuses_in_words(here: Site, browser: Browser) -> None:
    """A telephone that does not know the red line: the amount, the reason, and the case where it was."""
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        await retell(page, lambda told: told.update(red_lines=[]))
        case = await offered(page, operator, "不知红线")
        await arrive(page, case)
        await penalise(page)
        await page.get_by_text("公民", exact=True).tap()
        await page.fill("input[name=fine]", "201")
        await give(page).tap()
        conflict = page.locator(".conflict")
        await expect(conflict).to_contain_text("罚款超过当场处罚的限额")
        await expect(conflict).to_contain_text("罚款 201 元")
        await expect(conflict).to_contain_text("现场处置")
        assert (await operator.case(case["row"]["id"]))["row"]["status"] == "on_site"


async def test_the_page_has_the_desks_limits(here: Site, browser: Browser) -> None:
    async with phone(browser, here) as page:
        told = await page.evaluate(
            'import("/static/squad/redlines.js").then((red) => [red.ON_THE_SPOT, red.IN_CASH])',
        )
    assert told == [ON_THE_SPOT, IN_CASH]


# -- certificates ------------------------------------------------------------------------------------------------------


async def test_a_certificate_that_ends_between_offer_and_act_is_warned_of(here: Site, browser: Browser) -> None:
    """By the telephone's own clock, where nobody can be asked."""
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        ends = (await day(page))["now"] + HOUR

        def ending(told: dict[str, Any]) -> None:
            for team in told["teams"]:
                for held in team["certificates"].get(OFFICER, ()):
                    held["until"] = ends

        await page.clock.install()
        await retell(page, ending)
        case = await offered(page, operator, "执法证到期")
        assert OFFICER in case["row"]["officers"]
        await arrive(page, case)
        await expect(page.locator(".card.red")).to_have_count(0)
        await page.context.set_offline(True)
        # What answers in the server's name also does without a network; with the day the old time would come back.
        await page.unroute_all(behavior="wait")
        await page.clock.fast_forward(2 * HOUR)
        await expect(page.locator(".card.red")).to_contain_text(f"{OFFICER} 现无覆盖该事项的有效执法证")
        await penalise(page)
        await page.locator("textarea").fill("警告")
        await give(page).tap()
        warning = page.get_by_role("alertdialog")
        await expect(warning).to_contain_text("无证执法")
        await expect(warning).to_contain_text("art. 42")
        await expect(warning.get_by_role("button")).to_have_count(1)
        await warning.get_by_role("button").tap()
        await expect(page.locator(".line", has_text=OFFICER)).to_contain_text("无有效证")


async def test_a_matter_of_its_own_takes_its_own_certificate(here: Site, browser: Browser) -> None:
    """Not the general one, unless a department's expert stands beside (R10); of who is not there nothing is said."""
    asked = """(cases) => import("/static/squad/redlines.js").then(({ certified }) => cases.map(
      ([law, row, requests, at, result]) => certified(["A", "B"], { row: { item: "x", ...row }, requests },
        { laws: { x: { domain: "d", enforces: true, ...law } },
          teams: [{ certificates: {
            A: [{ domain: "*", since: 5, until: 9 }, { domain: "d", since: 20, until: 0 }] } }] },
        at, result ?? "").map((one) => one ?? null)))"""
    special, beside = {"specialist": True}, [{"kind": "support", "unit": "u", "signed_at": 3}]
    cases: list[list[Any]] = [
        [{"specialist": False}, {}, [], 5],
        [{"specialist": False}, {}, [], 9],
        [special, {}, [], 5],
        [special, {}, beside, 5],
        [special, {}, [], 20],
        [{"enforces": False}, {}, [], 1],
        [{"enforces": False}, {}, [], 1, "simple_penalty"],
        [special, {"emergency": True}, [], 5],
    ]
    async with phone(browser, here) as page:
        told = await page.evaluate(asked, cases)
    assert [one[0] for one in told] == [True, False, False, True, True, True, False, True]
    assert [one[1] for one in told] == [None, None, None, None, None, True, None, True]


# -- photos ------------------------------------------------------------------------------------------------------------


async def test_collector_and_squad_see_the_photos_of_a_case(here: Site, browser: Browser) -> None:
    async with (
        carried(browser, here, OFFICER) as page,
        carried(browser, here, "C330421002-1", "collector") as collector,
        here.signed_in("js-operator") as operator,
    ):
        case = await offered(page, operator, "处置后看照片")
        await arrive(page, case)
        picture = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": await page.screenshot(type="jpeg")}
        await dispose(page, case, picture)
        await operator.case(case["row"]["id"], lambda c: c["row"]["status"] == "disposed", limit=20)
        await collector.locator(f"[data-case='{case['row']['id']}']").tap()
        for seen in (page, collector):
            image = seen.locator(".photos img")
            await expect(image).to_be_visible()
            await seen.wait_for_function("document.querySelector('.photos img').naturalWidth > 0")


# -- the time to answer, relief, recusal, a handover -------------------------------------------------------------------


async def test_an_offer_that_nobody_answers_goes_on_to_others(browser: Browser, tmp_path: Path) -> None:
    """In a city that lives sixty times faster: its quarter of an hour is over in as many seconds."""
    async with (
        site(tmp_path, speed=60.0) as fast,
        carried(browser, fast, OFFICER) as page,
        fast.signed_in("js-operator") as operator,
    ):
        case = await offered(page, operator, "无人应答")
        await expect(offer(page, case)).to_be_visible()
        gone = page.locator(".gone", has_text=case["row"]["no"])
        await expect(gone).to_contain_text("未在时限内应答", timeout=60_000)
        await expect(offer(page, case)).to_have_count(0)
        await story(operator, case, "LeaseExpired")
        now = await operator.case(case["row"]["id"])
        assert now["row"].get("assignment_id") != case["assignment"]["id"]


@pytest.mark.parametrize(("verb", "kind"), [("申请延期", "extension"), ("申请挂账", "suspension")])
async def test_more_time_is_asked_for(here: Site, browser: Browser, verb: str, kind: str) -> None:
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        case = await offered(page, operator, verb)
        await accept(page, case)
        await page.get_by_role("link", name=verb).tap()
        await expect(page.locator(".bottom .main")).to_be_disabled()
        if kind == "suspension":
            await page.get_by_text("3 天", exact=True).tap()
        await page.locator("textarea").fill("等待鉴定结果")
        await page.locator(".bottom .main").tap()
        asked = await operator.case(case["row"]["id"], lambda c: c["relaxation"])
        assert asked["relaxation"]["kind"] == kind
        assert "等待鉴定结果" in str(asked["relaxation"])
        await expect(page.locator(".page")).to_contain_text("等待")


async def test_an_officer_is_recused_and_others_go(here: Site, browser: Browser) -> None:
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        case = await offered(page, operator, "回避")
        await accept(page, case)
        await page.get_by_role("link", name="回避").tap()
        await page.locator(".line", has_text=OFFICER).tap()
        await page.get_by_text("本人申请", exact=True).tap()
        await page.locator(".bottom .main").tap()
        lines = await story(operator, case, "OfficersRecused")
        said = next(line for line in lines if line["event"] == "OfficersRecused")
        assert OFFICER in str(said)
        assert "本人申请" in str(said)
        now = await operator.case(
            case["row"]["id"], lambda c: c["row"].get("assignment_id") != case["assignment"]["id"]
        )
        assert OFFICER not in (now["row"].get("officers") or [])


async def test_a_leader_hands_a_case_to_another_team(here: Site, browser: Browser) -> None:
    """With a reason, and to no team of another squad."""
    async with carried(browser, here, "JS02-040", "leader") as page, here.signed_in("js-operator") as operator:
        kept = await operator.file("交接班")
        case = await operator.case(kept["case_id"], lambda c: c["row"]["status"] == "offered")
        async with enrolled(here, case["row"]["officers"][0]) as squad:
            assert (await squad.report("AcceptAssignment", await squad.holding(kept["case_id"]))).status == 200
        teams = (await day(page))["teams"]
        other = next(t for t in teams if t["on_duty"] and not t["leads"] and t["id"] != case["row"]["team"])
        await page.locator(f"[data-case='{kept['case_id']}']").tap()
        await page.get_by_role("link", name="交给本队他组").tap()
        await page.locator(".line", has_text=other["name"]).tap()
        await expect(page.locator(".bottom .main")).to_be_disabled()
        await page.locator("textarea").fill("本班交接")
        await page.locator(".bottom .main").tap()
        await operator.case(kept["case_id"], lambda c: c["row"].get("team") == other["id"])
        assert "本班交接" in str(await story(operator, case, "AssignmentWithdrawn"))


# -- answers that come late, the session, a device of nobody -----------------------------------------------------------


async def test_an_order_without_an_answer_yet_is_asked_after_and_not_sent_again(here: Site, browser: Browser) -> None:
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-operator") as operator:
        seen, sent = asyncio.Event(), list[str]()

        async def pending(route: Route) -> None:
            if "AcceptAssignment" not in (route.request.post_data or ""):
                await route.continue_()
                return
            key = route.request.headers["idempotency-key"]
            sent.append(key)
            await route.fetch()
            await route.fulfill(status=202, json={"pending": True, "ask": f"/api/orders/{key}"})

        async def asked(route: Route) -> None:
            await seen.wait()
            await route.continue_()

        await page.route("**/api/orders", pending)
        await page.route("**/api/orders/*", asked)
        case = await offered(page, operator, "迟到的答复")
        await accept(page, case)
        await expect(page.locator(".waits")).to_contain_text("已发，等指挥席答复")
        async with page.expect_response(lambda r: r.url.endswith(f"/api/orders/{sent[0]}")) as answer:
            seen.set()
        assert (await answer.value).status == 200
        await expect(page.locator(".waits")).to_have_count(0)
        await expect(page.locator(".three .next")).to_contain_text("到场")
        assert len(sent) == 1


async def test_a_session_is_renewed_at_half_its_time(here: Site, browser: Browser) -> None:
    async with carried(browser, here, OFFICER) as page:
        signed = 0

        def count(told: Any) -> None:
            nonlocal signed
            signed += told.url.endswith("/api/device/session")

        page.on("request", count)
        await page.clock.install()
        async with page.expect_response("**/api/device/session"):
            await page.reload()
        await page.locator(".tabs").wait_for()
        await page.clock.fast_forward(6 * 60_000)
        await day(page)
        assert signed == 1
        async with page.expect_response("**/api/device/session") as renewed:
            await page.clock.fast_forward(2 * 60_000)
        assert (await renewed.value).status == 200
        assert signed == 2


async def test_a_revoked_telephone_draws_nothing_that_comes_after(here: Site, browser: Browser) -> None:
    """It may take a moment to say that it was revoked; what is offered meanwhile it does not show."""
    async with carried(browser, here, OFFICER) as page, here.signed_in("js-lead") as lead:
        me = (await day(page))["me"]
        await page.evaluate(
            """() => {
              window.drawn = new Set();
              const look = () => document.querySelectorAll("[data-offer], .line-of, .plain li")
                .forEach((one) => window.drawn.add(one.textContent));
              new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
            }"""
        )
        assert (await lead.ask("DELETE", f"/api/devices/{me['account']}")).status == 204
        kept = await lead.file("停用之后的派单")
        case = await lead.case(kept["case_id"], lambda c: c["row"]["status"] == "offered")
        await expect(page.locator(".enrol")).to_contain_text("本机已被停用")
        await lead.order("UrgeCase", case, note="停用之后的催办")
        assert [text for text in await page.evaluate("[...window.drawn]") if case["row"]["no"] in text] == []
        assert await rings(page) == (0, 0)


async def test_who_is_off_duty_is_not_woken(here: Site, browser: Browser) -> None:
    """The offer stands in the list, quietly; that it is there says nothing of who is to have it."""
    city = City(load(CITY), "")
    off = next(team for team in city.teams_of(SQUAD) if not city.rostered(team, AT))
    officer = city.formal(off.id, city.calendar.day(AT))[0].number
    async with carried(browser, here, officer) as page, here.signed_in("js-operator") as operator:
        assert (await day(page))["me"]["team"] == ""
        case = await offered(page, operator, "不在班不响铃")
        await expect(page.get_by_text(case["row"]["no"])).to_be_visible()
        assert await rings(page) == (0, 0)
        assert not (await operator.case(case["row"]["id"]))["row"].get("received")
