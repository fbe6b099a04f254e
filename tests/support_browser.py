"""People at a real browser: the system's Chromium, signed in by hand, and what must hold whatever they do there."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, Page, Route, async_playwright, expect

from tests.support_gateway import Site

CHROMIUM = next(p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p)
SEEN_WITHIN_MS = 20_000  # some screens ask every five seconds, and the machine may have other work
expect.set_options(timeout=SEEN_WITHIN_MS)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser, for all tests of a module."""
    async with async_playwright() as engine:
        running = await engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        await running.close()


@asynccontextmanager
async def window(browser: Browser, here: Site, **context: Any) -> AsyncIterator[Page]:
    """An empty window. Whatever leaves the origin, or fails in the page, fails the test."""
    wide = {"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN"} | context
    opened = await browser.new_context(**wide)
    page = await opened.new_page()
    page.set_default_timeout(SEEN_WITHIN_MS)
    elsewhere: list[str] = []
    faults: list[str] = []
    page.on("request", lambda r: elsewhere.append(r.url) if not r.url.startswith((here.url, "data:")) else None)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    yield page
    failed = list(faults)  # what closing breaks off is nobody's loss
    await opened.close()
    assert elsewhere == []
    assert failed == []


@asynccontextmanager
async def at_a_desk(
    browser: Browser, here: Site, account: str, path: str = "/console", **context: Any
) -> AsyncIterator[Page]:
    """Signed in by hand."""
    async with window(browser, here, **context) as page:
        await page.goto(f"{here.url}/login?next={path}")
        await page.fill("input[name=account]", account)
        await page.fill("input[name=password]", here.passwords[account])
        await page.keyboard.press("Enter")
        await page.wait_for_url(lambda url: urlsplit(url).path == path)
        yield page


async def told_otherwise(page: Page, url: str, change: Callable[[Any], None]) -> None:
    """What an address answers is changed on its way, and the page read again."""

    async def told(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        change(body)
        await route.fulfill(response=answer, json=body)

    await page.route(url, told)
    await page.reload()


async def row_of(page: Page, case_id: str) -> Locator:
    """A case's row in a list, once it is there."""
    row = page.locator(f"[data-id='{case_id}']").first
    await row.wait_for()
    return row


async def can_be_used_by_everybody(page: Page, picture: Path, *, scrolls: bool = False) -> None:
    """Axe finds nothing serious; nothing sticks out of the window; Chinese is no boxes. Leaves a picture."""
    size = page.viewport_size
    assert size
    wide, high = await page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert wide == size["width"] or (scrolls and wide <= size["width"])
    assert high == size["height"] or scrolls
    assert await page.evaluate(_GLYPHS) > 1
    await page.screenshot(path=picture, full_page=scrolls)
    assert picture.stat().st_size > 10_000
    results = await Axe().run(page)
    serious = [
        (v["id"], [node["html"][:160] for node in v["nodes"]])
        for v in results.response["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert serious == []


# How many of these characters look different: without a font all of them are the same box.
_GLYPHS = """() => {
  const seen = new Set();
  for (const letter of "派单改催办") {
    const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 40 });
    const pen = canvas.getContext("2d");
    pen.font = `24px ${getComputedStyle(document.body).fontFamily}`;
    pen.fillText(letter, 4, 30);
    seen.add(canvas.toDataURL());
  }
  return seen.size;
}"""
