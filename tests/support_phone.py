"""A squad's telephone: Chromium as wide as one, enrolled by hand with a code that the lead shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.support_browser import SEEN_WITHIN_MS, window
from tests.support_devices import code_for
from tests.support_gateway import Caller, Site

SQUAD, OFFICER = "JS02", "JS02-025"  # 罗星街道, where `Caller.file` reports; on duty at ten in the morning
PHONE = {"width": 360, "height": 740}
PLACE = {"latitude": 30.8331, "longitude": 120.9172, "accuracy": 12}

# Counts what would be heard and felt, in this window and before a reload.
_SPY = """
const counted = (name) => sessionStorage.setItem(name, Number(sessionStorage.getItem(name) ?? 0) + 1);
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) { counted("tones"); return start.apply(this, when); };
navigator.vibrate = () => { counted("shakes"); return true; };
const lock = Object.assign(new EventTarget(), { release() {} });
navigator.wakeLock.request = async () => { counted("awake"); return lock; };
"""


@asynccontextmanager
async def phone(browser: Browser, here: Site, **context: Any) -> AsyncIterator[Page]:
    """One that nobody enrolled yet."""
    hand = {"viewport": PHONE, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
    small = {**hand, "geolocation": PLACE, "reduced_motion": "reduce"}
    async with window(browser, here, **(small | context)) as page:
        await page.context.grant_permissions(["geolocation"])
        await page.add_init_script(_SPY)
        await page.goto(f"{here.url}/squad")
        yield page


@asynccontextmanager
async def carried(
    browser: Browser, here: Site, officer: str, role: str = "squad", **context: Any
) -> AsyncIterator[Page]:
    """One that an officer or collector carries; its shell is kept for when there is no network."""
    async with here.signed_in("js-lead") as lead, phone(browser, here, **context) as page:
        await page.fill("input.code", await code_for(lead, officer, role))
        await page.locator("form button.main").tap()
        await page.locator(".tabs, .offer").first.wait_for()
        async with asyncio.timeout(SEEN_WITHIN_MS / 1000):  # for ever, where a file has another hash than it should
            await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        yield page


async def counted(page: Page, name: str) -> int:
    """How often it sounded ("tones"), shook ("shakes"), or asked that the screen stay on ("awake")."""
    return int(await page.evaluate("(name) => Number(sessionStorage.getItem(name) ?? 0)", name))


async def rings(page: Page) -> tuple[float, int]:
    """How often it rang, by ear and by hand. A ring has four tones."""
    return await counted(page, "tones") / 4, await counted(page, "shakes")


def jpeg(size: int, salt: str = "") -> dict[str, Any]:
    """A file that begins as a photo does; what follows nobody looks at."""
    start = bytes.fromhex("ffd8ffe000104a46494600010100000100010000")
    body = (salt.encode() + bytes(range(256)) * (size // 256 + 1))[: size - len(start) - 2]
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": start + body + b"\xff\xd9"}


# -- what its carrier does, and what became of it ----------------------------------------------------------------------


async def day(page: Page) -> dict[str, Any]:
    """As the server tells it to this telephone."""
    return dict(await page.evaluate("fetch('/api/squad/day').then((answer) => answer.json())"))


async def offered(page: Page, operator: Caller, title: str) -> dict[str, Any]:
    """A case that was just offered to the team of who carries the telephone."""
    case = await operator.case((await operator.file(title))["case_id"], lambda c: c["row"]["status"] == "offered")
    team = (await day(page))["me"]["team"]
    if team and case["row"]["team"] != team:
        moved = await operator.order("AssignCase", case, squad=SQUAD, team=team, reason="熟悉现场")
        assert moved.status == 200, moved
        case = await operator.case(case["row"]["id"], lambda c: c["row"].get("team") == team)
    return case


def offer(page: Page, case: dict[str, Any]) -> Any:
    """The screen of its offer."""
    return page.locator(f"[data-offer='{case['assignment']['id']}']")


async def accept(page: Page, case: dict[str, Any]) -> None:
    """As soon as it is drawn."""
    await offer(page, case).locator(".accept").tap()


async def dispose(page: Page, case: dict[str, Any], photo: dict[str, Any], result: str = "已改正") -> None:
    """处置 and 反馈, with a photo."""
    await page.goto(f"{page.url.partition('#')[0]}#/case/{case['row']['id']}")
    await page.locator(".bottom .main", has_text="处置").tap()
    await page.set_input_files("input[type=file]", photo)
    await expect(page.locator(".thumbs li")).to_have_count(1)
    await page.get_by_text(result, exact=True).tap()
    await page.locator(".bottom .main", has_text="反馈").tap()
    await page.locator("textarea").fill("已清理，恢复原状。")
    await page.locator(".bottom .main", has_text="提交反馈").tap()


async def story(operator: Caller, case: dict[str, Any], last: str) -> list[dict[str, Any]]:
    """The lines of a case's story once the archive has the event."""
    for _ in range(150):
        answer = await operator.ask("GET", f"/api/cases/{case['row']['id']}/story")
        lines = answer.body["lines"] if answer.status == 200 else []
        if any(line["event"] == last for line in lines):
            return list(lines)
        await asyncio.sleep(0.1)
    raise AssertionError(last)


async def keep(page: Page, name: str, value: str) -> None:
    """Change what the telephone has kept."""
    await page.evaluate(
        """([name, value]) => new Promise((done) => {
          const asked = indexedDB.open("paidan-squad");
          asked.onsuccess = () => {
            const all = asked.result.transaction("kept", "readwrite");
            all.objectStore("kept").put(value, name);
            all.oncomplete = () => { asked.result.close(); done(); };
          };
        })""",
        [name, value],
    )


async def clear(here: Site) -> None:
    """End what a test left with the squad."""
    async with here.signed_in("js-lead") as lead:
        for row in (await lead.get("/api/board"))["cases"]:
            if row.get("squad") == SQUAD and row["status"] != "disposed":
                await lead.order("CancelCase", row, outcome="cancelled", reason="测试结束")
