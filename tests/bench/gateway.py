"""The gateway: from a POST to a browser, and to five hundred of them, at thousands of open cases; its memory."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
import uuid
from pathlib import Path

import aiohttp
from playwright.async_api import async_playwright

from tests.support_gateway import Site, complaint, site

from .day import lines
from .processes import cpu, resident
from .table import Row

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
OPEN = 5_000  # cases that stand open at all desks together
BROWSERS = 500
MEASURED, EVERY_S = 200, 0.1  # complaints, one after the other


async def bench(data: Path) -> list[Row]:
    """One site: filled first, then watched by one browser, then by five hundred."""
    async with site(data) as here:
        opened = await _fill(here)
        rows = [Row("gateway", f"first board, {opened} open cases of all desks", await _board(here), "ms", 2_000)]
        rows += await _looked_at(here)
        few = await _measured(here, 1)
        many = await _measured(here, BROWSERS)
        rows += [
            Row("gateway", "POST to a browser's event, 1 browser: p95", _at(few, 0.95), "ms", 1_000),
            Row("gateway", f"the same, {BROWSERS} browsers: p99 of all", _at(many, 0.99), "ms", 1_000),
            Row("gateway", f"resident with {BROWSERS} browsers", resident(here.gateway), "MB", 200),
            Row("gateway", "CPU since its start", cpu(here.gateway), "s"),
        ]
    return rows


async def _fill(here: Site) -> int:
    """The demo's complaints until so many cases are open; nobody answers them."""
    async with here.signed_in("supervisor") as person:
        from aiokafka import AIOKafkaProducer

        async with AIOKafkaProducer(bootstrap_servers=here.run.kafka, acks="all", linger_ms=20) as producer:
            for topic, body in lines(OPEN):
                key = f"{body['source']}/{body['source_id']}".encode()
                await producer.send(topic, json.dumps(body).encode(), key=key)
            await producer.flush()
        count = -1
        while True:
            wall = await person.get("/api/board")
            now = len(wall["cases"])
            if now == count and now > OPEN // 2:
                return now
            count = now
            await asyncio.sleep(2)


async def _board(here: Site) -> float:
    async with here.signed_in("supervisor") as person:
        begun = time.monotonic()
        await person.get("/api/board")
        return (time.monotonic() - begun) * 1000


# Kept by the page: every pause between two frames of more than a frame and a half, from the first row on.
_FRAMES = """() => {
  window.pauses = [];
  let last = performance.now();
  const step = (now) => {
    if (now - last > 25) window.pauses.push(now - last);
    last = now;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""


async def _looked_at(here: Site) -> list[Row]:
    """The console of all desks in a real browser: first use, and the longest frame while cases move."""
    async with async_playwright() as engine, here.signed_in("js-operator") as operator:
        browser = await engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await page.goto(f"{here.url}/login")
        login = {"account": "supervisor", "password": here.passwords["supervisor"]}
        await page.request.post(f"{here.url}/api/login", data=login)
        begun = time.monotonic()
        await page.goto(f"{here.url}/console")
        await page.wait_for_selector("#list-active [data-id]")
        first = (time.monotonic() - begun) * 1000
        await asyncio.sleep(2)
        await page.evaluate(_FRAMES)
        for _ in range(50):
            await operator.file(f"画面 {uuid.uuid4()}")
            await page.keyboard.press("j")
            await asyncio.sleep(EVERY_S)
        pauses = await page.evaluate("window.pauses")
        await browser.close()
    return [
        Row("gateway", "console, first use", first, "ms", 2_000),
        Row("gateway", "console, longest frame while 50 cases come", max(pauses, default=0.0), "ms", 100),
    ]


async def _measured(here: Site, browsers: int) -> list[float]:
    """Milliseconds from the POST of each complaint to the event that has its case, in every browser."""
    posted: dict[str, float] = {}
    took: list[float] = []
    async with here.signed_in("js-operator") as operator:
        board = await operator.get("/api/board?desk=jiashan")
        watching = [asyncio.create_task(_watch(operator.http, board["seq"], posted, took)) for _ in range(browsers)]
        await asyncio.sleep(2 + browsers / 200)
        for _ in range(MEASURED if browsers == 1 else MEASURED // 10):
            body = complaint(f"量测 {uuid.uuid4()}") | {"source_id": str(uuid.uuid4()), "source": "desk-jiashan"}
            from dispatchers.ids import case_id

            posted[case_id("complaints", body["source"], body["source_id"])] = time.monotonic()
            answer = await operator.ask("POST", "/api/complaints", body)
            assert answer.status == 201, answer
            await asyncio.sleep(EVERY_S)
        await asyncio.sleep(3)
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    return sorted(took)


async def _watch(http: aiohttp.ClientSession, last: str, posted: dict[str, float], took: list[float]) -> None:
    path = f"/api/stream?desk=jiashan&after={last}"
    async with http.get(path, timeout=aiohttp.ClientTimeout(total=None)) as answer:
        seen: set[str] = set()
        async for raw in answer.content:
            if not raw.startswith(b"data: "):
                continue
            now = time.monotonic()
            for row in json.loads(raw[6:]).get("cases", ()):
                if row["id"] in posted and row["id"] not in seen:
                    seen.add(row["id"])
                    took.append((now - posted[row["id"]]) * 1000)


def _at(values: list[float], share: float) -> float:
    return values[int(share * (len(values) - 1))] if values else float("nan")
