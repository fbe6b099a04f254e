"""A whole shift by keyboard, and every screen as it looks: forms, uploads, sheets to print, a case that goes away.

In a real browser, on a real broker; what was done is asked of the API.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from tests.support_browser import at_a_desk, can_be_used_by_everybody, row_of, window
from tests.support_gateway import AT, Caller, Site, site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


_DAY = AT - 10 * 3_600_000  # midnight in Jiaxing
_UNHEARD = {"scheme": "item", "code": "unheard-of"}  # waits for the operator, who may end it


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site(tmp_path_factory.mktemp("screens")) as started:
        yield started


async def _filed(caller: Caller, title: str, **more: Any) -> dict[str, Any]:
    """A new case of its own."""
    return await caller.case((await caller.file(title, **more))["case_id"])


async def _point(page: Page, case: dict[str, Any]) -> None:
    """The cursor to a case, by `j` alone, in whichever list it is by now: leases run out meanwhile."""
    now = "id => fetch(`/api/cases/${id}`).then(answer => answer.json()).then(view => view.row.status)"
    for _ in range(4):
        status = await page.evaluate(now, case["row"]["id"])
        name = "unassigned" if status in ("to_dispatch", "operator") else "active"
        await page.locator(f"#list-{name} [data-id]").first.wait_for()
        await page.keyboard.press("1" if name == "unassigned" else "2")
        at = page.locator(f"#list-{name} [data-id='{case['row']['id']}'][aria-selected=true]")
        for step in range(60):
            if await at.count():
                return
            await page.keyboard.press("j" if step else "Home")
    raise AssertionError(f"the cursor never reached {case['row']['no']}")


async def _open(page: Page, case: dict[str, Any]) -> None:
    """A case into the middle."""
    await _point(page, case)
    await page.keyboard.press("Enter")
    await expect(page.locator(".case-head")).to_contain_text(case["row"]["no"])


async def _told(caller: Caller, case: dict[str, Any], true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The line of a case's story that is so, once the archive has it."""
    for _ in range(100):
        answer = await caller.ask("GET", f"/api/cases/{case['row']['id']}/story")
        lines = answer.body["lines"] if answer.status == 200 else []
        if found := [line for line in lines if true(line)]:
            return dict(found[-1])
        await asyncio.sleep(0.1)
    raise AssertionError(lines)


async def _found(caller: Caller, words: str) -> dict[str, Any]:
    """A case by its text, once the archive has it."""
    for _ in range(100):
        page = await caller.get(f"/api/cases?q={words}")
        if page["cases"]:
            return dict(page["cases"][0])
        await asyncio.sleep(0.1)
    raise AssertionError(words)


async def _filed_as_ended(caller: Caller, case: dict[str, Any]) -> None:
    """Once the archive has its end."""
    for _ in range(100):
        told = await caller.get(f"/api/cases?id={case['row']['id']}&closed_from={_DAY}")
        if told["cases"] and told["cases"][0]["ended_at"]:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(case["row"]["no"])


async def _accepted(caller: Caller, but: str) -> str:
    """A squad that the desk accepts for such a case, other than the one that the rules chose."""
    probe = await _filed(caller, f"探路{uuid.uuid4().hex[:6]}")
    for squad in (await caller.get("/api/catalog"))["squads"]:
        if squad["id"] != but:
            answer = await caller.order("AssignCase", probe, squad=squad["id"], reason="探路")
            if answer.status == 200:
                return str(squad["id"])
    raise AssertionError("the desk accepts no other squad")


# -- a shift by keyboard -----------------------------------------------------------------------------------------------


async def test_override_with_reason(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        case = await _filed(operator, "键盘改派")
        squad = await _accepted(operator, case["row"]["squad"])
        await _open(page, case)
        await page.keyboard.press("o")
        await page.keyboard.type(squad)
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")  # the first reason: 距离更近
        await operator.case(case["row"]["id"], lambda c: c["row"].get("squad") == squad)
        line = await _told(operator, case, lambda line: line["event"] == "AssignmentOffered" and line["actor"])
        assert "距离更近" in json.dumps(line, ensure_ascii=False)


async def test_what_is_typed_before_the_case_has_come_is_not_lost(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        case = await _filed(operator, "先按后到")
        squad = await _accepted(operator, case["row"]["squad"])
        await _point(page, case)

        async def slow(route: Route) -> None:
            await asyncio.sleep(1.5)
            await route.continue_()

        await page.route(f"**/api/cases/{case['row']['id']}", slow)
        await page.keyboard.press("o")
        await expect(page.get_by_role("dialog")).to_contain_text("正在取案件", timeout=500)
        await page.keyboard.type(squad)
        await page.keyboard.press("Enter")
        await page.keyboard.type("熟悉")
        await page.keyboard.press("Enter")
        await operator.case(case["row"]["id"], lambda c: c["row"].get("squad") == squad)
        await expect(page.get_by_role("dialog")).to_have_count(0)
        line = await _told(operator, case, lambda line: line["event"] == "AssignmentOffered" and line["actor"])
        assert "熟悉现场" in json.dumps(line, ensure_ascii=False)


async def test_who_is_quicker_than_the_names_of_the_city_is_left_where_they_are(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        case = await _filed(operator, "键比名先到")
        names = asyncio.Event()

        async def slow(route: Route) -> None:
            await names.wait()
            await route.continue_()

        await page.route("**/api/filters", slow)
        await page.reload()
        await _point(page, case)
        async with page.expect_response("**/api/filters") as answered:
            names.set()
        await (await answered.value).finished()
        await page.evaluate("new Promise(requestAnimationFrame)")
        await expect(page.locator("#list-active")).to_be_focused()


async def test_answer_the_caller(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        case = await _filed(operator, "键盘答复")
        await _open(page, case)
        await page.keyboard.press("l")
        await page.keyboard.type("已派人前往，今日内清理。")
        await page.keyboard.press("Control+Enter")
        line = await _told(operator, case, lambda line: line["event"] == "CallerAnswered")
        assert line["actor"]["id"] == "js-operator"


async def test_merge_two_and_split_them_again(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        parent = await _filed(operator, "键盘并案一")
        # Of a matter that the rules do not know: it waits for the operator, and nobody has begun with it.
        child = await _filed(operator, "键盘并案二", category={"scheme": "item", "code": "unheard-of"})
        await row_of(page, parent["row"]["id"])
        await _open(page, child)
        await page.keyboard.press("m")
        await page.keyboard.type(parent["row"]["no"])
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        await operator.case(child["row"]["id"], lambda c: c["row"].get("parent") == parent["row"]["id"])
        await expect(page.locator(".case")).to_contain_text("并入")
        await page.keyboard.press("x")
        await page.keyboard.press("Enter")
        await operator.case(child["row"]["id"], lambda c: not c["row"].get("parent"))


async def test_a_new_case_by_hand_is_found_by_search(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        title = f"手工登记{uuid.uuid4().hex[:6]}"
        await page.wait_for_selector("#list-active")
        await page.keyboard.press("n")
        await page.keyboard.type(title)
        await page.keyboard.press("Tab")
        await page.keyboard.type("一位居民来电反映")
        await page.keyboard.press("Tab")
        await page.keyboard.type("嘉善县罗星街道人民大道 1 号")
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_role("dialog")).to_contain_text("已登记")
        found = await _found(operator, title)
        await page.keyboard.press("Escape")
        await page.keyboard.press("/")
        await page.keyboard.type(title)
        await row_of(page, found["id"])
        await expect(page.locator("#list-active [role=option]")).to_have_count(1)
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        await expect(page.locator(".case-head")).to_contain_text(title)


async def test_many_are_urged_at_once(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        cases = [await _filed(operator, f"批量催办{n}") for n in range(2)]
        for case in cases:
            await _point(page, case)
            await page.keyboard.press(" ")
        await page.keyboard.press("u")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_contain_text("已办 2")
        await page.keyboard.press("Escape")
        for case in cases:
            await operator.case(case["row"]["id"], lambda c: c["row"].get("urges") == 1)


async def test_a_lead_says_in_whose_name_and_nobody_must(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-lead") as page, here.signed_in("js-lead") as lead:
        case = await _filed(lead, "以块的名义")
        await _open(page, case)
        await page.keyboard.press("u")
        await page.keyboard.press("Enter")  # left out: not one key more
        await lead.case(case["row"]["id"], lambda c: c["row"].get("urges") == 1)
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.keyboard.press("u")
        for key in ("Tab", "ArrowRight", "ArrowRight", "Enter"):
            await page.keyboard.press(key)
        await lead.case(case["row"]["id"], lambda c: c["row"].get("urges") == 2)
        assert await _told(lead, case, lambda line: line["authority"] == "block")
    async with at_a_desk(browser, here, "js-operator") as page:
        await _open(page, case)
        await page.keyboard.press("u")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await expect(page.locator(".authority")).to_have_count(0)


# -- what happens meanwhile --------------------------------------------------------------------------------------------


async def test_a_case_that_ends_under_ones_eyes_says_so_and_keeps_what_was_typed(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-lead") as lead:
        case = await _filed(lead, "眼前结束")
        await _open(page, case)
        await page.keyboard.press("l")
        await page.keyboard.type("写到一半")
        assert (await lead.order("CancelCase", case, outcome="cancelled", reason="重复来件")).status == 200
        await expect(page.locator(".form .away")).to_contain_text("已作废")
        assert await page.evaluate("document.activeElement.value") == "写到一半"
        await page.keyboard.press("Escape")
        await expect(page.locator(".case .away")).to_contain_text("已作废")
        await expect(page.locator(".case .verbs button")).to_have_count(0)


async def test_a_case_that_goes_to_another_desk_is_no_longer_here(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-lead") as lead:
        case = await _filed(lead, "移交他席")
        await _open(page, case)
        done = await lead.order("HandOverCase", case, to_desk="jiaxing", reason="属其职责")
        assert done.status == 200, done
        await expect(page.locator(".case .away")).to_contain_text("不在本席")
        await expect(page.locator(".case .verbs button")).to_have_count(0)


async def test_no_time_is_shown_before_the_server_was_heard(here: Site, browser: Browser) -> None:
    async with window(browser, here) as page:
        await page.goto(f"{here.url}/login?next=/console")
        let = asyncio.Event()

        async def hold(route: Route) -> None:
            await let.wait()
            await route.continue_()

        await page.route("**/api/board*", hold)
        await page.fill("input[name=account]", "js-operator")
        await page.fill("input[name=password]", here.passwords["js-operator"])
        await page.keyboard.press("Enter")
        await expect(page.locator(".time")).to_have_text("–")
        let.set()
        await expect(page.locator(".time")).to_have_text(re.compile(r"^1\d:\d\d:\d\d$"))


async def test_dots_say_who_is_on_duty(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        squad = (await operator.get("/api/catalog"))["squads"][0]
        duty = (await operator.get("/api/duty?desk=jiashan"))["teams"]
        mine = [duty[team["id"]] for team in squad["teams"]]
        on, people = sum(team["on"] for team in mine), sum(team["people"] for team in mine)
        words = f"{on}/{len(mine)} 组在岗 · {people} 人"
        row = page.locator(".squad", has_text=squad["name"][:2]).first
        await expect(row).to_have_attribute("title", re.compile(re.escape(words)))
        await expect(row.locator(".words")).to_be_hidden()
        await page.keyboard.press("g")
        await page.keyboard.press("s")
        await expect(page.locator(".squad").first.locator(".words")).to_be_visible()
        await expect(page.locator(".squad").first.locator(".words")).to_contain_text("组在岗")


# -- files -------------------------------------------------------------------------------------------------------------


async def test_a_file_of_reports_has_a_result_for_each_row(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        mark = uuid.uuid4().hex[:6]
        head = "source_id,kind,received_at,title,scheme,code,datum,lon,lat"
        good = f"{mark}-1,complaint,2026-07-13T09:59:00+08:00,文件来件{mark},item,litter,wgs84,120.93,30.86"
        bad = f"{mark}-2,complaint,何时,不会登记,item,litter,wgs84,120.93,30.86"
        await page.wait_for_selector("#list-active")
        await page.keyboard.press("U")
        dialog = page.get_by_role("dialog")
        await expect(dialog.locator("input[type=file]")).to_be_focused()
        await expect(dialog).to_contain_text("received_at")
        raw = "\n".join((head, good, bad)).encode("gb18030")
        await dialog.locator("input[type=file]").set_input_files(
            {"name": "来件.csv", "mimeType": "text/csv", "buffer": raw}
        )
        await expect(dialog).to_contain_text("已全部处理 2 / 2 行")
        rows = await dialog.locator(".upload-rows tbody tr").all_inner_texts()
        assert [row.split("\t")[0] for row in rows] == ["2", "1"]  # what failed comes first
        assert "未登记" in rows[0]
        assert "received_at" in rows[0]
        assert (await _found(operator, f"文件来件{mark}"))["source_id"] == f"{mark}-1"
        await dialog.locator("input[type=file]").set_input_files(
            {"name": "x.csv", "mimeType": "text/csv", "buffer": "没有\n列".encode()}
        )
        await expect(dialog.get_by_role("alert")).to_contain_text("缺少列")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)


async def test_who_may_not_file_is_told_so(here: Site, browser: Browser) -> None:
    async with at_a_desk(browser, here, "js-checker") as page:
        await page.wait_for_selector("#list-active")
        await page.keyboard.press("U")
        await expect(page.get_by_role("alertdialog")).to_contain_text("您的岗位不登记")


async def test_an_exported_cell_is_no_formula(here: Site) -> None:
    async with here.signed_in("js-operator") as operator:
        mark = uuid.uuid4().hex[:6]
        title = f"=1+1 {mark}"
        await operator.file(title)
        await _found(operator, mark)
        answer = await operator.ask("GET", f"/api/cases.csv?q={mark}")
        assert answer.status == 200, answer
        rows = list(csv.DictReader(io.StringIO(answer.body.removeprefix("\ufeff"))))
        assert [row["title"] for row in rows] == [f"'{title}"]


# -- sheets and layers -------------------------------------------------------------------------------------------------


async def test_the_sheets_say_what_the_api_says_and_print(here: Site, browser: Browser, tmp_path: Path) -> None:
    async with at_a_desk(browser, here, "js-lead", "/report") as page, here.signed_in("js-lead") as lead:
        await _filed(lead, "交班案件")
        closed, cancelled = [await _filed(lead, title, category=_UNHEARD) for title in ("当日办结", "当日作废")]
        done = await lead.order("CloseCase", closed, forced=True, reason="已由他人办结", reply="已处理")
        assert done.status == 200, done
        done = await lead.order("CancelCase", cancelled, outcome="cancelled", reason="重复来件")
        assert done.status == 200, done
        span = f"closed_from={_DAY}&closed_to={_DAY + 86_400_000}"
        for case in (closed, cancelled):
            await _filed_as_ended(lead, case)
        await page.get_by_role("button", name="重新取数").click()
        sheet = page.locator(".paper")
        board = await lead.get("/api/board?desk=jiashan")
        await expect(sheet).to_contain_text(f"在办 {len(board['cases'])} 件")
        groups = ("待派遣", "已超期", "下一班内到期", "职责争议", "待审批", "协同请求未复", "各中队在办")
        for words in ("交接班清单", *groups, "交班人签字", "js-lead"):
            await expect(sheet).to_contain_text(words)
        await page.emulate_media(media="print")
        await expect(page.locator(".bar")).to_be_hidden()
        paper = await page.pdf(path=tmp_path / "handover.pdf", prefer_css_page_size=True)
        assert paper.startswith(b"%PDF")
        await page.emulate_media(media="screen")
        await page.get_by_role("tab", name="日报").click()
        total = (await lead.get("/api/cases/count?by=status"))["total"]
        await expect(sheet.locator(".figures")).to_contain_text(f"当日立案\t{total}", use_inner_text=True)
        ends = (await lead.get(f"/api/cases/count?by=status&{span}"))["by"]
        assert ends["closed"] >= 1
        assert ends["cancelled"] >= 1
        others = sum(n for status, n in ends.items() if status != "closed")
        for words, n in (("当日办结", ends["closed"]), ("当日作废、移出系统", others)):
            told = f"{words}（不论何日立案）\t{n}"
            await expect(sheet.locator(".figures")).to_contain_text(told, use_inner_text=True)
        await expect(sheet).to_contain_text("本平台口徑，非官方考核")
        sums = [int(text) for text in await sheet.locator("tfoot th:nth-child(2)").all_inner_texts()]
        assert sums == [total] * 4
        await page.pdf(path=tmp_path / "daily.pdf", prefer_css_page_size=True)


_ACCOUNTS = [
    {"source": "12345", "sent": 312, "acknowledged": 300, "pending": 9, "dead": 3, "by_topic": False},
    {"source": "grid", "sent": 7, "acknowledged": 1, "pending": 2, "dead": 1, "by_topic": False},
    {"source": "video", "sent": 40, "acknowledged": 0, "pending": 0, "dead": 0, "by_topic": True},
]


async def test_answers_to_sources_add_up_on_the_screen(here: Site, browser: Browser, tmp_path: Path) -> None:
    async with at_a_desk(browser, here, "js-operator") as page, here.signed_in("js-operator") as operator:
        now = (await operator.get("/api/board?desk=jiashan"))["now"]
        waits = [now - 40 * 60_000, now - 60_000, None]
        sources = [{**one, "oldest_pending_at": at} for one, at in zip(_ACCOUNTS, waits, strict=True)]
        answer: dict[str, Any] = {"status": 200, "json": {"now": now, "sources": sources}}

        async def told(route: Route) -> None:
            await route.fulfill(**answer)

        await page.route("**/api/replies", told)
        await page.wait_for_selector("#list-active")

        async def shown() -> Any:
            await page.keyboard.press("g")
            await page.keyboard.press("l")
            return page.get_by_role("dialog")

        rows = (await shown()).locator("tbody tr")
        await expect(rows.nth(0)).to_contain_text("相符")
        await expect(rows.nth(0)).to_contain_text("▲ 过久 40:")
        await expect(rows.nth(1)).to_contain_text("相差 3")
        await expect(rows.nth(2)).to_contain_text("自行取走")
        await page.screenshot(path=tmp_path / "replies.png")
        for status, words in ((404, "尚未提供"), (503, "暂时取不到")):
            await page.keyboard.press("Escape")
            answer |= {"status": status, "json": {"error": "missing", "text": {"zh": "", "en": ""}}}
            await expect(await shown()).to_contain_text(words)


# -- as it looks -------------------------------------------------------------------------------------------------------


async def _as_it_is(page: Page) -> None:
    await asyncio.sleep(1)


async def _with_a_form(page: Page) -> None:
    await page.locator("#list-active [data-id]").first.click()
    await page.locator(".case .verbs button").first.wait_for()
    await page.keyboard.press("o")
    await page.get_by_role("dialog").wait_for()
    await page.keyboard.press("Enter")  # to its last step
    await expect(page.locator(".authority")).to_be_visible()


def _after(*keys: str) -> Callable[[Page], Any]:
    async def pressed(page: Page) -> None:
        await page.wait_for_selector("#list-active")
        await asyncio.sleep(0.5)
        for key in keys:
            await page.keyboard.press(key)
        await page.get_by_role("dialog").wait_for()

    return pressed


async def _daily(page: Page) -> None:
    await page.get_by_role("tab", name="日报").click()
    await page.locator(".figures").wait_for()


_SCREENS: dict[str, tuple[str, str, Callable[[Page], Any]]] = {
    "login": ("", "/login", _as_it_is),
    "unit": ("*-unit", "/unit", _as_it_is),
    "handover": ("js-lead", "/report", _as_it_is),
    "daily": ("js-lead", "/report", _daily),
    "form": ("js-lead", "/console", _with_a_form),
    "help": ("js-operator", "/console", _after("?")),
    "upload": ("js-operator", "/console", _after("U")),
    "replies": ("js-operator", "/console", _after("g", "l")),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", _SCREENS)
async def test_every_screen_can_be_used_by_everybody(
    here: Site, browser: Browser, tmp_path: Path, screen: str, scheme: str
) -> None:
    account, path, ready = _SCREENS[screen]
    async with here.signed_in("js-operator") as operator:
        await _filed(operator, "一件在办案件")
    picture = tmp_path / f"{screen}-{scheme}.png"
    scrolls = path in ("/unit", "/report")
    if account:
        named = next(name for name in here.passwords if name == account or name.endswith(account.lstrip("*")))
        async with at_a_desk(browser, here, named, path, color_scheme=scheme) as page:
            await ready(page)
            await can_be_used_by_everybody(page, picture, scrolls=scrolls)
    else:
        async with window(browser, here, color_scheme=scheme) as page:
            await page.goto(f"{here.url}{path}")
            await ready(page)
            await can_be_used_by_everybody(page, picture)
