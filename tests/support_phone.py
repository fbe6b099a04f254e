"""A squad's telephone: Chromium as wide as one, enrolled by hand with a code that the lead shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page

from tests.support_browser import SEEN_WITHIN_MS, window
from tests.support_devices import code_for
from tests.support_gateway import Site

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
