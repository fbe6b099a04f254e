"""The photos of a case in a real browser: small beside their time and place, and whole by one key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.support_browser import at_a_desk, can_be_used_by_everybody, row_of
from tests.support_gateway import Site, site
from tests.support_photos import UNIT, answered, asked, photo, png, send

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site(tmp_path_factory.mktemp("photos")) as started:
        yield started


async def drawn(page: Page, name: str) -> None:
    """Whether the picture of this hash is drawn, and not only its frame."""
    picture = page.locator(f".photos img[src$='{name}']")
    await picture.scroll_into_view_if_needed()
    await page.wait_for_function("picture => picture.naturalWidth === 2", arg=await picture.element_handle())
    await expect(picture).to_have_attribute("alt", "10:00 的照片")
    link = page.locator(f".photos a[href$='{name}']")
    await expect(link).to_contain_text("30.832, 120.916 ±8 m")


async def test_photos_stand_in_the_evidence_and_open_by_a_key(here: Site, browser: Browser, tmp_path: Path) -> None:
    """Given a case whose unit answers with one photo that is here and one that is not; when the operator, who has it
    open, asks for its evidence by the keyboard; then both stand there with time and place, and Enter opens one."""
    content, missing = png(), photo(100)[0]
    name = sha256(content).hexdigest()
    case_id = await asked(here)
    async with at_a_desk(browser, here, "nh-operator") as page, here.signed_in(UNIT) as unit:
        await (await row_of(page, case_id)).click()
        await page.keyboard.press("g")
        await page.keyboard.press("e")
        await expect(page.locator("#part")).to_contain_text("尚无证据材料")
        assert (await send(unit, name, content)).status == 201
        where = "at=1783908000000;lon=120.916;lat=30.832;acc=8"
        await answered(unit, case_id, f"photo:{name};{where}", f"photo:{missing}", "report.pdf")
        await drawn(page, name)
        await expect(page.locator(".photos li")).to_have_count(2)
        await expect(page.locator(".photos .unseen")).to_contain_text("未收到")
        await expect(page.locator("#part")).to_contain_text("report.pdf")
        await expect(page.locator(".parts [role=tab]").last).to_contain_text("3")
        await can_be_used_by_everybody(page, tmp_path / "evidence.png")
        await page.locator(f".photos a[href$='{name}']").focus()
        async with page.context.expect_page() as opening:
            await page.keyboard.press("Enter")
        large = await opening.value
        await large.wait_for_function("document.images.length === 1 && document.images[0].naturalWidth === 2")


async def test_a_unit_sees_the_photos_of_its_cases(here: Site, browser: Browser, tmp_path: Path) -> None:
    """Given a case about which it is asked twice; when it has answered once, with a photo; then the photo stands with
    what it is still asked."""
    content = png()
    name = sha256(content).hexdigest()
    case_id = await asked(here, times=2)
    async with here.signed_in(UNIT) as unit, at_a_desk(browser, here, UNIT, "/unit") as page:
        assert (await send(unit, name, content)).status == 201
        await answered(unit, case_id, f"photo:{name};at=1783908000000;lon=120.916;lat=30.832;acc=8")
        await unit.case(case_id, lambda case: case["evidence"])
        await page.reload()
        await drawn(page, name)
        await can_be_used_by_everybody(page, tmp_path / "unit.png", scrolls=True)
