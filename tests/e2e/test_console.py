"""The console in a real browser, on a real broker: what an operator sees and does in a shift."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.support_browser import at_a_desk, can_be_used_by_everybody, row_of
from tests.support_gateway import Site, site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site(tmp_path_factory.mktemp("console")) as started:
        yield started


async def test_a_new_complaint_stands_on_the_console_without_reload(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        await page.wait_for_selector("#list-active")
        kept = await operator.file("桥头垃圾满溢")
        row = await row_of(page, kept["case_id"])
        await expect(row).to_contain_text("桥头垃圾满溢")


async def test_the_keyboard_alone_opens_a_case_urges_it_and_asks_why(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        case = await operator.case((await operator.file("键盘案件"))["case_id"])
        row = await row_of(page, case["row"]["id"])
        await page.keyboard.press("2")
        for _ in range(60):
            if await row.get_attribute("aria-selected") == "true":
                break
            await page.keyboard.press("j")
        assert await row.get_attribute("aria-selected") == "true"
        await page.keyboard.press("Enter")
        await expect(page.locator("main, .middle").first).to_contain_text("键盘案件")
        await page.keyboard.press("w")
        await expect(page.locator("body")).to_contain_text("职责")
        await page.keyboard.press("u")
        await page.keyboard.press("Enter")
        await operator.case(case["row"]["id"], lambda c: c["row"].get("urges") == 1)


async def test_who_was_second_sees_what_the_first_one_changed(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-lead") as lead:
        case = await lead.case((await lead.file("两人同办"))["case_id"])
        row = await row_of(page, case["row"]["id"])
        await row.click()
        await page.locator(".case .verbs").wait_for()
        await page.keyboard.press("e")  # the form keeps the version that was seen
        await page.locator("[role=dialog]").first.wait_for()
        done = await lead.order("CancelCase", case, outcome="cancelled", reason="重复来件")
        assert done.status == 200, done
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        refusal = page.locator(".refusal")
        await expect(refusal).to_contain_text("案件已经结束")
        await expect(refusal.locator(".difference")).to_contain_text("已作废")
        assert (await lead.case(case["row"]["id"]))["row"]["version"] == done.body["case"]["row"]["version"]


async def test_a_lost_link_says_so_and_heals_by_itself(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        await page.wait_for_selector("#list-active")
        await page.evaluate("window.same = true")
        here.gateway.kill()
        await expect(page.locator("body")).to_contain_text("链路中断")
        here.gateway.log.write_text("")
        here.gateway.start()
        await here.gateway.ready("gateway serves")
        await expect(page.locator("body")).not_to_contain_text("链路中断")
        kept = await operator.file("恢复之后")
        await row_of(page, kept["case_id"])
        assert await page.evaluate("window.same") is True  # nothing was loaded again


async def test_both_languages_without_reload(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page:
        await expect(page.locator("body")).to_contain_text("待派")
        await page.evaluate("window.same = true")
        await page.get_by_role("button", name="EN").or_(page.get_by_text("EN", exact=True)).first.click()
        await expect(page.locator("body")).to_contain_text(re.compile("unassigned", re.IGNORECASE))
        assert await page.evaluate("window.same") is True


async def test_hostile_text_is_shown_as_text(here: Site, browser: Browser) -> None:
    hostile = "<img src=x onerror=window.hit=1><script>window.hit=1</script>\"'&" + "长" * 100
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        kept = await operator.file(hostile, description="</textarea><svg onload=window.hit=1>")
        row = await row_of(page, kept["case_id"])
        await expect(row).to_contain_text("<img src=x onerror=window.hit=1>")
        await row.click()
        await expect(page.locator("body")).to_contain_text("</textarea><svg onload=window.hit=1>")
        assert await page.evaluate("window.hit") is None


@pytest.mark.parametrize(
    ("account", "path", "size", "dark"),
    [
        ("js-operator", "/console", (1440, 900), False),
        ("js-operator", "/console", (1280, 800), True),
        ("wall", "/wall", (1920, 1080), False),
    ],
)
async def test_every_screen_can_be_used_by_everybody(
    here: Site, browser: Browser, tmp_path: Path, account: str, path: str, size: tuple[int, int], dark: bool
) -> None:
    """Axe finds nothing serious; nothing sticks out of the window; Chinese is no boxes."""
    scheme = "dark" if dark else "light"
    size_of = {"viewport": {"width": size[0], "height": size[1]}, "color_scheme": scheme}
    async with at_a_desk(browser, here, account, path, **size_of) as page:
        await asyncio.sleep(1.5)
        if path == "/console":
            row = page.locator("#list-active [data-id]").first
            if await row.count():
                await row.click()
                await asyncio.sleep(1)
        await can_be_used_by_everybody(page, tmp_path / f"{path.strip('/')}-{scheme}.png")


async def test_a_case_by_hand_is_suggested_its_like_while_typing(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        title = f"独特标题{uuid.uuid4().hex[:6]}"
        kept = await operator.file(title)
        await row_of(page, kept["case_id"])
        case = await operator.case(kept["case_id"])
        await asyncio.sleep(2)  # the archive has it within a second
        await page.keyboard.press("n")
        dialog = page.locator("[role=dialog]").first
        await dialog.wait_for()
        await dialog.locator("input").first.fill(title)
        await expect(dialog).to_contain_text(case["row"]["no"][-9:])
