"""The wall's numbers opened: squads close cases, and from the city down to the case everything adds up, also after one
is reopened; who may see sums alone sees no case.

In a real browser, on a real broker; each level is compared with the wall and with the one above.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from tests.support_browser import at_a_desk, can_be_used_by_everybody
from tests.support_devices import Device, enrolled
from tests.support_gateway import Caller, Site, complaint, whole_site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]
ELSEWHERE = {"datum": "wgs84", "lon": 121.0, "lat": 30.71, "address": "平湖市当湖街道"}
NUMBERS = "/api/numbers/tasks"


class City(NamedTuple):
    """A site, and what was closed there: by the squad at home twice properly and once by force, once settled on patrol;
    once at another desk; and one was called off."""

    site: Site
    done: tuple[str, str]
    forced: str
    own: str
    elsewhere: str
    off: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    async with whole_site(tmp_path_factory.mktemp("wall")) as here:
        async with here.signed_in("js-operator") as operator, enrolled(here, "JS02-001") as device:
            cases = [await _disposed(operator, device, f"大屏{n}", "JS02") for n in range(3)]
            cases.append(await _disposed(operator, device, "当场处理", "JS02", "self_handled"))
            for n in (0, 1, 3):
                await _closed(here, operator, "js-checker", cases[n])
            done = await operator.order("CloseCase", cases[2], forced=True, reason="重复件", reply="已处理")
            assert done.status == 200, done
            off = (await operator.file("打错的电话"))["case_id"]
            await operator.case(off)
            async with here.signed_in("js-lead") as lead:
                done = await lead.order("CancelCase", off, outcome="cancelled", reason="重复来件")
                assert done.status == 200, done
        async with here.signed_in("ph-operator") as operator, enrolled(here, "PH01-001", lead="ph-lead") as device:
            other = await _disposed(operator, device, "邻县的", "PH01", location=ELSEWHERE)
            await _closed(here, operator, "ph-checker", other)
        yield City(here, (cases[0], cases[1]), cases[2], cases[3], other, off)


async def _disposed(
    operator: Caller, device: Device, title: str, squad: str, result: str = "corrected", **more: Any
) -> str:
    """A case that the squad at home worked through."""
    topic, kind = ("city-events", "event") if result == "self_handled" else ("complaints", "complaint")
    filed = await operator.ask("POST", f"/api/{topic}", complaint(title) | {"kind": kind} | more)
    assert filed.status == 201, filed
    case_id = str(filed.body["case_id"])
    case = await device.holding(case_id)
    assert case["row"]["squad"] == squad
    for kind in ("AcceptAssignment", "ReportArrival"):
        done = await device.report(kind, case)
        assert done.status == 200, done
        case = done.body["case"]
    officers = [f"{squad}-001", f"{squad}-002"]
    done = await device.report("ReportDisposal", case, result=result, note="已清理", officers=officers)
    assert done.status == 200, done
    return case_id


async def _closed(here: Site, operator: Caller, checker: str, case_id: str) -> None:
    async with here.signed_in(checker) as other:
        done = await other.order("CheckCase", case_id, passed=True)
        assert done.status == 200, done
    done = await operator.order("CloseCase", case_id, reply="已清理，感谢反映")
    assert done.status == 200, done


async def _until(ask: Callable[[], Awaitable[Any]], true: Callable[[Any], bool], limit: float = 20.0) -> Any:
    """What is answered once it is so."""
    async with asyncio.timeout(limit):
        while not true(told := await ask()):
            await asyncio.sleep(0.1)
    return told


async def _opened(person: Caller, den: int, **where: str) -> dict[str, Any]:
    """R1, opened at a place, once fold and archive both have so many cases in it."""
    path = f"{NUMBERS}?{'&'.join(f'{k}={v}' for k, v in where.items())}"

    def there(told: dict[str, Any]) -> bool:
        same = not any(told["position"].values())
        return same and told["whole"]["denominator"] == den and told["residual"] == {"numerator": 0, "denominator": 0}

    return dict(await _until(lambda: person.get(path), there))


def _share(figure: dict[str, Any]) -> tuple[int, int]:
    return figure["numerator"], figure["denominator"]


def _sum(told: dict[str, Any]) -> tuple[int, int]:
    shares = [_share(part["figure"]) for part in told["parts"]]
    return sum(num for num, _ in shares), sum(den for _, den in shares)


async def _wall(person: Caller, number: str, window: str) -> dict[str, Any]:
    """What the wall shows; it is set once a second."""
    return dict((await person.get("/api/wall"))["targets"][number][window])


async def _listed(person: Caller, **where: str) -> dict[str, Any]:
    return dict(await person.get(f"{NUMBERS}/cases?{'&'.join(f'{k}={v}' for k, v in where.items())}"))


# -- asked -------------------------------------------------------------------------------------------------------------


async def test_each_level_adds_up_to_the_one_above_and_the_lists_to_the_numbers(city: City) -> None:
    async with city.site.signed_in("coordination") as person:
        whole = await _opened(person, 4, window="month")
        assert _share(whole["whole"]) == _sum(whole) == (3, 4)
        await _until(lambda: _wall(person, "tasks", "month"), lambda wall: _share(wall) == (3, 4))
        assert {p["id"]: _share(p["figure"]) for p in whole["parts"]} == {"jiashan": (2, 3), "pinghu": (1, 1)}
        assert _share(whole["beside"]["with_self"])[1] == 5
        assert (whole["counts"]["self"], whole["counts"]["cancelled"], whole["counts"]["forced"]) == (1, 1, 1)
        desk = await _opened(person, 3, window="month", desk="jiashan")
        towns = {p["id"]: _share(p["figure"]) for p in desk["parts"]}
        assert towns == {"330421002": (2, 3)}
        squads = await person.get(f"{NUMBERS}?window=month&desk=jiashan&territory=330421002")
        assert {p["id"]: _share(p["figure"]) for p in squads["parts"] if p["figure"]["denominator"]} == {"JS02": (2, 3)}
        for where in ({}, {"desk": "jiashan"}, {"desk": "jiashan", "squad": "JS02"}, {"desk": "pinghu"}):
            told = await person.get(f"{NUMBERS}?{'&'.join(f'{k}={v}' for k, v in where.items())}")
            for kind, many in (("num", told["whole"]["numerator"]), ("den", told["whole"]["denominator"])):
                found = await _listed(person, listed=kind, **where)
                assert (found["total"], len(found["cases"])) == (many, many)
        found = {c["id"]: c for c in (await _listed(person, listed="all"))["cases"]}
        assert set(found) == {*city.done, city.forced, city.own, city.elsewhere, city.off}
        assert {found[c]["counts"] for c in (*city.done, city.elsewhere)} == {"num"}
        assert (found[city.forced]["counts"], found[city.forced]["forced"]) == ("rest", True)
        assert (found[city.own]["counts"], found[city.own]["sort"]) == ("self", "self")
        assert (found[city.off]["counts"], found[city.off]["sort"]) == ("", "cancelled")
        for window in ("today", "year", "d30"):
            assert _share((await _opened(person, 4, window=window))["whole"]) == (3, 4)
        assert (await person.get(f"{NUMBERS}?window=last_month"))["whole"]["text"] is None


async def test_who_may_not_sees_no_case_and_does_not_learn_that_there_is_one(city: City) -> None:
    here = city.site
    async with here.signed_in("wall") as wall, here.signed_in("js-operator") as own:
        sums = await _opened(wall, 4, window="month")
        assert not sums["listable"]
        assert (await wall.ask("GET", f"{NUMBERS}/cases")).status == 403
        assert _share((await own.get(NUMBERS))["whole"]) == (3, 4)
        assert [(await own.get(f"{NUMBERS}?desk={d}"))["listable"] for d in ("jiashan", "pinghu")] == [True, False]
        mine = await _listed(own, listed="all")
        assert city.elsewhere not in {c["id"] for c in mine["cases"]}
        assert mine["desk"] == "jiashan"
        theirs, nobodys = [await own.ask("GET", f"{NUMBERS}/cases?desk={d}") for d in ("pinghu", "atlantis")]
        assert (theirs.status, theirs.body) == (nobodys.status, nobodys.body)
        assert theirs.status == 404
    seat = next(name for name in here.passwords if "-town-" in name)
    async with here.signed_in(seat) as town:
        assert (await town.ask("GET", NUMBERS)).status == 403
        assert (await town.ask("GET", f"{NUMBERS}/cases")).status == 404


async def test_what_is_asked_wrongly_is_told_where(city: City) -> None:
    async with city.site.signed_in("coordination") as person:
        for path, where in (("?window=never", "window"), ("?by=colour", "by")):
            answer = await person.ask("GET", NUMBERS + path)
            assert (answer.status, answer.body["where"]) == (422, where)
        for path, where in (("listed=some", "listed"), ("cursor=x", "cursor")):
            answer = await person.ask("GET", f"{NUMBERS}/cases?{path}")
            assert (answer.status, answer.body["where"]) == (422, where)
        assert (await person.ask("GET", "/api/numbers/happiness")).status == 404


async def test_posts_and_cost_objects_add_up_to_the_wall(city: City) -> None:
    async with city.site.signed_in("wall") as person:
        for number, window in (("force", "today"), ("force", "month"), ("support", "year")):
            told = await person.get(f"/api/numbers/{number}?window={window}")
            assert _share(told["whole"]) == _sum(told) == _share(await _wall(person, number, window))
            below = await person.get(f"/api/numbers/{number}?window={window}&desk=jiashan")
            (part,) = [p for p in told["parts"] if p["id"] == "jiashan"]
            assert _sum(below) == _share(part["figure"])
            assert "JS02" in {p["id"] for p in below["parts"]}


# -- seen --------------------------------------------------------------------------------------------------------------


async def _cells(page: Page, row: str) -> str:
    of = page.locator(".parts tr", has=page.get_by_role("rowheader", name=row))
    return (await of.locator("td").first.inner_text()).replace(" ", "")


async def test_from_the_wall_down_to_a_case_by_keyboard_and_back(city: City, browser: Browser) -> None:
    async with city.site.signed_in("coordination") as person:
        await _opened(person, 4, window="month")
    async with at_a_desk(browser, city.site, "coordination", "/wall") as page:
        link = page.get_by_role("link", name="执法任务在基层完成")
        await link.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_be_focused()
        await expect(page.locator(".whole")).to_contain_text("75.0 %")
        await expect(page.locator("tfoot")).to_contain_text("各部分之和与总数一致")
        assert await _cells(page, "嘉善县指挥席") == "2/3"
        await page.get_by_role("link", name="嘉善县指挥席", exact=True).press("Enter")
        await expect(page.locator(".whole")).to_contain_text("66.6 %")
        await page.get_by_role("link", name="罗星街道", exact=True).press("Enter")
        await expect(page.locator(".parts tbody")).to_contain_text("罗星街道中队")
        await page.get_by_role("link", name="罗星街道中队 计入的 3").press("Enter")
        await expect(page.locator("[data-case]")).to_have_count(3)
        await expect(page.locator(f"[data-case='{city.forced}']")).to_contain_text("强制结案")
        await expect(page.locator("main")).to_contain_text("共 3 件（基层完成 / 计入：2 / 3）")
        await page.go_back()
        await expect(page.locator(".parts")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("heading", level=1)).to_contain_text("嘉善县")
        await expect(page.locator(".whole")).to_contain_text("66.6 %")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        await expect(page.locator(".numbers")).to_be_visible()
        await page.go_back()
        await expect(page.locator(".parts")).to_be_visible()


async def test_a_case_of_the_list_opens_in_the_console(city: City, browser: Browser) -> None:
    place = "/wall#tasks?desk=jiashan&listed=num"
    async with at_a_desk(browser, city.site, "js-operator", "/wall") as page:
        await page.goto(city.site.url + place)
        row = page.locator(f"[data-case='{city.done[0]}']")
        number = await row.get_by_role("link").inner_text()
        await row.get_by_role("link").click()
        await expect(page.locator(".case-head")).to_contain_text(number)


async def test_the_wall_account_is_led_to_sums_alone(city: City, browser: Browser) -> None:
    async with at_a_desk(browser, city.site, "wall", "/wall") as page:
        await page.get_by_role("link", name="执法任务在基层完成").click()
        await page.get_by_role("link", name="嘉善县指挥席", exact=True).click()
        await page.get_by_role("link", name="按主办中队").click()
        await expect(page.locator(".parts tbody")).to_contain_text("罗星街道中队")
        await expect(page.locator("main")).to_contain_text("由有权查看该席案件的岗位打开")
        await expect(page.locator(".parts a")).to_have_count(0)
        await page.goto(city.site.url + "/wall#tasks?desk=jiashan&listed=all")
        await expect(page.get_by_role("alert")).to_contain_text("没有这项权限")
        await expect(page.locator("[data-case]")).to_have_count(0)


async def test_words_change_without_reload_and_the_definition_is_printed(city: City, browser: Browser) -> None:
    async with at_a_desk(browser, city.site, "supervisor", "/wall") as page:
        await page.goto(city.site.url + "/wall#force?window=today")
        foot = page.locator("footer")
        await expect(foot).to_contain_text("本平台口徑，非官方考核 · 口径 R-2026-01")
        await page.get_by_role("button", name="EN", exact=True).click()
        await expect(foot).to_contain_text("definition R-2026-01")
        await expect(page.locator("main")).to_contain_text("By desk")
        await page.get_by_role("button", name="中文").click()
        await expect(page.locator("main")).to_contain_text("按指挥席")
        await expect(foot).to_contain_text("数据")


async def test_what_cannot_be_computed_says_why(city: City, browser: Browser) -> None:
    reason = "JS02-001 serves at two posts 一人两岗"
    async with at_a_desk(browser, city.site, "wall", "/wall") as page:

        async def told(route: Any) -> None:
            answer = await route.fetch()
            body = await answer.json()
            if "targets" in body:
                lost = {"numerator": 0, "denominator": 0, "met": None, "text": None, "why": [reason]}
                body["targets"]["force"]["month"] |= lost
            else:
                body |= {"whole": None, "residual": None, "why": {"force": [reason]}}
            await route.fulfill(response=answer, json=body)

        await page.route("**/api/wall", told)
        await page.route("**/api/numbers/force*", told)
        await page.reload()
        await expect(page.locator(".number").nth(1)).to_contain_text(reason)
        await page.goto(city.site.url + "/wall#force")
        await expect(page.locator(".whole")).to_contain_text("不可计算，因为：")
        await expect(page.locator(".whole")).to_contain_text(reason)
        await expect(page.locator(".whole")).not_to_contain_text("%")


async def test_parts_that_do_not_add_up_say_by_how_much(city: City, browser: Browser) -> None:
    async with at_a_desk(browser, city.site, "wall", "/wall") as page:

        async def told(route: Any) -> None:
            answer = await route.fetch()
            body = await answer.json()
            body |= {"residual": {"numerator": 1, "denominator": 2}}
            body["position"] |= {"fold_ahead": behind}
            await route.fulfill(response=answer, json=body)

        await page.route("**/api/numbers/tasks*", told)
        for behind, words in ((7, "总数多读 7 条记录"), (0, "请报运维核对")):
            await page.goto(city.site.url + f"/wall#tasks?window={'month' if behind else 'today'}")
            await expect(page.locator(".differs")).to_contain_text("1 / 2")
            await expect(page.locator(".differs")).to_contain_text(words)


@pytest.mark.parametrize(
    ("name", "place", "size", "scheme"),
    [
        ("wall", "", (1920, 1080), "dark"),
        ("wall-phone", "", (390, 844), "light"),
        ("city", "#tasks", (1920, 1080), "light"),
        ("desk", "#tasks?desk=jiashan&by=squad", (1440, 900), "dark"),
        ("desk-phone", "#tasks?desk=jiashan", (360, 740), "light"),
        ("cases", "#tasks?desk=jiashan&listed=all", (1440, 900), "light"),
        ("cases-phone", "#tasks?desk=jiashan&listed=all", (360, 740), "dark"),
        ("force", "#force?desk=jiashan", (1440, 900), "light"),
        ("support", "#support", (1920, 1080), "dark"),
        ("support-phone", "#support", (360, 740), "light"),
    ],
)
async def test_every_place_can_be_used_by_everybody(
    city: City, browser: Browser, tmp_path: Path, name: str, place: str, size: tuple[int, int], scheme: Any
) -> None:
    """Axe finds nothing serious; nothing sticks out at the side, also on a telephone."""
    window: dict[str, Any] = {"viewport": {"width": size[0], "height": size[1]}, "color_scheme": scheme}
    async with at_a_desk(browser, city.site, "coordination", "/wall", **window) as page:
        await page.goto(f"{city.site.url}/wall{place}")
        await page.locator(
            "[data-case]" if "listed" in place else ".parts tbody tr" if place else ".figure"
        ).first.wait_for()
        await can_be_used_by_everybody(page, tmp_path / f"{name}-{scheme}.png", scrolls=bool(place) or size[0] < 700)


@pytest.mark.parametrize("path", ["/wall", "/console"])
async def test_a_page_opened_while_the_gateway_is_away_comes_up_when_it_is_back(
    city: City, browser: Browser, path: str
) -> None:
    """Nobody stands beside a wall to load it again. First nobody answers, then too few brokers live."""
    async with at_a_desk(browser, city.site, "coordination", path) as page:
        left = {"/api/me": 2, "/api/catalog": 2}

        async def away(route: Route) -> None:
            asked = urlsplit(route.request.url).path
            left[asked] -= 1
            if left[asked] == 1:
                await route.abort()
            elif left[asked] == 0:
                await route.fulfill(status=503, json={"error": "no_broker"})
            else:
                await route.continue_()

        for asked in left:
            await page.route(f"**{asked}", away)
        await page.reload()
        shown = page.locator(".oldest-desk" if path == "/wall" else "button:has-text('嘉善县')").first
        await expect(shown).to_be_visible()
        while max(left.values()) >= 0:
            await page.wait_for_timeout(100)


# -- it goes on --------------------------------------------------------------------------------------------------------


async def test_a_reopened_case_is_gone_from_every_level(city: City, browser: Browser) -> None:
    """Last of this file: the number is another one from here on."""
    here = city.site
    async with at_a_desk(browser, here, "coordination", "/wall") as page, here.signed_in("coordination") as person:
        await page.goto(f"{here.url}/wall#tasks?desk=jiashan")
        await expect(page.locator(".whole")).to_contain_text("66.6 %")
        async with here.signed_in("js-lead") as lead:
            done = await lead.order("ReopenCase", city.done[0], cause="unsatisfied", reason="现场未清理")
            assert done.status == 200, done
        told = await _opened(person, 2, window="month", desk="jiashan")
        assert _share(told["whole"]) == _sum(told) == (1, 2)
        assert city.done[0] not in {c["id"] for c in (await _listed(person, listed="all"))["cases"]}
        await expect(page.locator(".whole")).to_contain_text("50.0 %")
        await expect(page.locator("tfoot")).to_contain_text("各部分之和与总数一致")
