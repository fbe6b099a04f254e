"""What calls an operator's eye and ear: rows that turn at their instants by themselves, and few sounds."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.support_browser import at_a_desk, row_of, told_otherwise
from tests.support_gateway import Site, site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

# Counts what sounds; nothing is heard.
_EAR = """
  window.tones = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (at) { window.tones += 1; return start.call(this, at); };
"""


_COLOURS = "row => [...row.querySelectorAll('*')].map((part) => getComputedStyle(part).color).join()"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site(tmp_path_factory.mktemp("attention")) as started:
        yield started


async def test_a_row_turns_at_its_instants_without_reload(here: Site, browser: Browser) -> None:
    """In time, then four fifths used up, then overdue: each by word, shape and colour, and nothing came meanwhile."""
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        case = await operator.case((await operator.file("到点变色"))["case_id"])

        def soon(board: dict[str, Any]) -> None:
            for row in board["cases"]:
                if row["id"] == case["row"]["id"]:
                    row |= {"warn_at": board["now"] + 4_000, "due_at": board["now"] + 8_000}

        await page.route("**/api/stream*", lambda route: route.abort())
        await told_otherwise(page, "**/api/board*", soon)
        row = await row_of(page, case["row"]["id"])
        colours = []
        for shape, word in (("○", "期限内"), ("◔", "临期"), ("▲", "超期")):
            await expect(row).to_contain_text(shape)
            told = await row.text_content()
            assert word in (told or "")
            colours.append(await row.evaluate(_COLOURS))
        assert len(set(colours)) == 3


async def test_few_sounds_and_each_can_be_silenced_for_a_while(here: Site, browser: Browser) -> None:
    """A new case that nobody has sounds if it is urgent, and not otherwise; muted it does not; a mute that is over does
    not outlast the shift."""
    async with at_a_desk(browser, here, "js-operator") as page:
        await page.add_init_script(_EAR)
        await page.reload()
        await page.locator("#list-active").click()

        async def comes(number: int, priority: int) -> int:
            """Tones after a row was told by the stream."""
            await page.evaluate(
                """async ([id, priority]) => {
                  const { learn, rows } = await import('/static/console/store.js');
                  const like = [...rows.values()][0] ?? {};
                  learn({ ...like, id, no: id, title: id, desk: 'jiashan', version: 1, status: 'operator',
                          level: 'town', kind: 'complaint', registered_at: 1, priority });
                }""",
                [f"c-{number:020d}", priority],
            )
            await page.evaluate("new Promise((done) => setTimeout(done, 50))")
            return int(await page.evaluate("window.tones"))

        await page.wait_for_function("document.title.includes('派单')")
        assert await comes(1, 3) == 0
        assert await comes(2, 2) == 0
        assert await comes(3, 1) == 2  # two tones: one sound
        assert await comes(3, 1) == 2  # told once more, it is no news
        await page.locator(".sounds button").first.click()
        await page.get_by_role("button", name="新紧急案件").click()
        assert await comes(4, 0) == 2
        over = json.dumps({"urgent": int(time.time() * 1000) - 1})
        keys = await page.evaluate("Object.keys(localStorage)")
        kept = next(key for key in keys if key.endswith("mutes"))
        await page.evaluate("([key, value]) => localStorage.setItem(key, value)", [kept, over])
        await page.reload()
        await page.locator("#list-active").click()
        await page.wait_for_function("document.title.includes('派单')")
        assert await comes(5, 0) == 2  # counted anew by the new page
