"""Photos: what was answered 2xx is on the disk and is what it was said to be, whatever broke; only who sees a case that
names one sees it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from streams.photos import (
    LARGEST,
    MOST_PARTS,
    PART_AGE_S,
    NoPhotoError,
    OffsetError,
    Photos,
    WrongHashError,
    hashes,
    references,
    type_of,
)
from tests.support_gateway import Answer, Caller, Site, site
from tests.support_photos import JPEG, OTHER, UNIT, answered, asked, photo, png, send

# -- the store ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Photos:
    return Photos(tmp_path / "photos")


def files(tmp_path: Path) -> set[str]:
    root = tmp_path / "photos"
    return {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()}


def test_a_photo_is_there_once_it_is_whole(store: Photos, tmp_path: Path) -> None:
    """Piece by piece, then under its hash, readable by nobody else on the machine; of its part nothing is left."""
    name, content = photo(100_000)
    assert store.append("d-a", name, 0, content[:7]) == 7
    assert store.kept("d-a", name) == 7
    assert store.size(name) is None
    assert store.append("d-a", name, 7, content[7:]) == 100_000
    store.sync("d-a", name)
    store.finish("d-a", name, 100_000)
    assert (store.size(name), store.kept("d-a", name)) == (100_000, 0)
    assert store.piece(name, 0, 50_000) + store.piece(name, 50_000) == content
    assert store.piece(name, 100_000) == b""
    assert files(tmp_path) == {f"{name[:2]}/{name}"}
    assert (tmp_path / "photos" / name[:2] / name).stat().st_mode & 0o077 == 0


def test_a_piece_is_taken_where_what_is_kept_ends(store: Photos) -> None:
    """Neither again nor beyond, and each account has its own."""
    name, content = photo(1_000)
    store.append("d-a", name, 0, content[:400])
    for account, offset, kept in (("d-a", 0, 400), ("d-a", 300, 400), ("d-a", 500, 400), ("d-b", 400, 0)):
        with pytest.raises(OffsetError) as refused:
            store.append(account, name, offset, content[offset:])
        assert refused.value.kept == kept
    with pytest.raises(OffsetError):
        store.finish("d-a", name, 1_000)
    store.append("d-a", name, 400, content[400:])
    store.finish("d-a", name, 1_000)


def test_what_is_wrong_is_thrown_away(store: Photos, tmp_path: Path) -> None:
    """Another hash, another type; also a type that only the second piece tells, and one too short to have any."""
    name, content = photo(1_000)
    store.append("d-a", name, 0, content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(WrongHashError):
        store.finish("d-a", name, 1_000)
    with pytest.raises(NoPhotoError):
        store.append("d-a", name, 0, b"<svg onload=alert(1)>")
    store.append("d-a", name, 0, b"<svg")
    with pytest.raises(NoPhotoError):
        store.append("d-a", name, 4, b" onload=alert(1)>")
    store.append("d-a", name, 0, b"MZ")
    with pytest.raises(NoPhotoError):
        store.finish("d-a", name, 2)
    assert files(tmp_path) == set()


def test_many_who_send_one_photo_at_once_make_one_photo(store: Photos) -> None:
    """Each goes on wherever it stands: it is whole and right in the end, and nobody writes into what is finished."""
    name, content = photo(64 * 1024)

    def send(piece: int) -> None:
        while store.size(name) is None:
            kept = store.kept("d-a", name)
            with suppress(OffsetError):
                if kept < len(content):
                    store.append("d-a", name, kept, content[kept : kept + piece])
                else:
                    store.finish("d-a", name, len(content))

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(send, 100 + nth) for nth in range(8)]:
            done.result()
    assert store.piece(name, 0, LARGEST) == content


def test_who_waited_for_a_part_does_not_write_into_the_photo(store: Photos, tmp_path: Path) -> None:
    """Under the file's lock it is seen that the part became a photo meanwhile."""
    from streams import photos as module

    name, content = photo(5_000)
    store.append("d-a", name, 0, content)
    late = os.open(tmp_path / "photos" / "parts" / f"d-a-{name}", os.O_RDWR)
    store.finish("d-a", name, 5_000)
    assert not module._same(late, tmp_path / "photos" / "parts" / f"d-a-{name}")
    os.close(late)
    with pytest.raises(OffsetError):
        store.append("d-a", name, 5_000, b"more")
    assert store.piece(name, 0) == content


def test_parts_are_few_and_do_not_grow_old(tmp_path: Path) -> None:
    """Of an account the oldest gives way to a new one; of nobody else, though one account's name begins another's."""
    now = [1e9]
    store = Photos(tmp_path / "photos", now=lambda: now[0])

    def begun(account: str) -> str:
        name, content = photo(100)
        store.append(account, name, 0, content[:50])
        os.utime(tmp_path / "photos" / "parts" / f"{account}-{name}", (now[0], now[0]))
        now[0] += 60
        return name

    others = begun("d-a-b")
    mine = [begun("d-a") for _ in range(MOST_PARTS + 2)]
    assert [bool(store.kept("d-a", name)) for name in mine] == [False] * 2 + [True] * MOST_PARTS
    assert store.kept("d-a-b", others)
    now[0] += PART_AGE_S - 90
    assert store.tidy() == len([n for n in (others, *mine[2:]) if n != mine[-1]])
    assert store.kept("d-a", mine[-1])
    now[0] += 3_600
    begun("d-a")
    assert not store.kept("d-a", mine[-1])


@pytest.mark.parametrize(
    ("head", "media"),
    [
        (JPEG, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"RIFF1234WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"\0\0\0\x18ftypmif1", "image/heif"),
        (b"RIFF1234WAVE", ""),
        (b"\0\0\0\x18ftypisom", ""),
        (b"GIF89a......", ""),
        (b"%PDF-1.7....", ""),
        (b"<svg xmlns=..", ""),
        (b"", ""),
    ],
)
def test_a_type_is_told_by_the_first_bytes(head: bytes, media: str) -> None:
    kind = type_of(head)
    assert (kind.media if kind else "") == media


def test_what_names_a_photo() -> None:
    """A word of its own in evidence or in a note; no other text, and nothing that only looks like it."""
    a, b = "a" * 64, "b" * 64
    said = (f"photo:{a};at=1783908000000;lon=120.9;lat=30.8", f"see photo:{b} there", f"xphoto:{'c' * 64}", "photo:abc")
    assert references(said) == (said[0], f"photo:{b}")
    assert hashes(said) == {a, b}
    assert hashes((f"photo:{a}0", f"photo:{a.upper()}", f"photo:../{a}")) == frozenset()


# -- the gateway -------------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site(tmp_path_factory.mktemp("photos")) as started:
        yield started


async def so_far(who: Caller, name: str) -> tuple[int, str]:
    """What HEAD says."""
    answer = await who.ask("HEAD", f"/api/photos/{name}")
    return answer.status, answer.headers.get("Upload-Offset", "")


async def reached(who: Caller, name: str, offset: int, sending: asyncio.Task[Answer]) -> None:
    """Wait until so much is kept of what is being sent."""
    while int((await so_far(who, name))[1]) < offset:
        assert not sending.done(), sending.result()
        await asyncio.sleep(0.02)


class TestOverHTTP:
    """A real gateway."""

    pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

    async def test_a_photo_comes_in_pieces(self, here: Site) -> None:
        """Each answer says where to go on, the last that it is whole; once more is as good."""
        name, content = photo(3_000_000)
        async with here.signed_in(UNIT) as unit:
            assert await so_far(unit, name) == (404, "0")
            begun = await send(unit, name, content[:1_000_000], total=len(content))
            assert (begun.status, begun.headers["Upload-Offset"]) == (204, "1000000")
            assert await so_far(unit, name) == (404, "1000000")
            done = await send(unit, name, content[1_000_000:], 1_000_000)
            assert (done.status, done.headers["Upload-Offset"]) == (201, "3000000")
            assert await so_far(unit, name) == (200, "3000000")
            assert (await send(unit, name, content)).status == 201
            kept = here.run.data / "photos" / name[:2] / name
            assert sha256(kept.read_bytes()).hexdigest() == name

    async def test_it_goes_on_after_the_connection_broke(self, here: Site) -> None:
        """What had come is kept; nobody waits for the dead one."""
        name, content = photo(4_000_000)
        async with here.signed_in(UNIT) as unit:

            async def breaking() -> AsyncIterator[bytes]:
                yield content[:1_500_000]
                await asyncio.Event().wait()  # a phone in a basement

            broken = asyncio.create_task(send(unit, name, breaking(), total=len(content)))
            await reached(unit, name, 1_500_000, broken)
            done = await send(unit, name, content[1_500_000:], 1_500_000)  # the old one still hangs there
            assert done.status == 201
            broken.cancel()
            await asyncio.gather(broken, return_exceptions=True)
            assert await so_far(unit, name) == (200, "4000000")

    async def test_two_at_once(self, here: Site) -> None:
        """One of them is told to go on elsewhere, and the photo is what it should be."""
        async with here.signed_in(UNIT) as unit:
            for _ in range(5):
                name, content = photo(2_000_000)
                answers = await asyncio.gather(*(send(unit, name, content) for _ in range(3)))
                assert {a.status for a in answers} <= {201, 409}
                assert 201 in [a.status for a in answers]
                assert all(
                    a.body["error"] == "offset" and a.headers["Upload-Offset"] for a in answers if a.status == 409
                )
                kept = here.run.data / "photos" / name[:2] / name
                assert sha256(kept.read_bytes()).hexdigest() == name

    async def test_the_second_of_two_is_refused_while_the_first_still_sends(self, here: Site) -> None:
        """409 with where the first one is; and the first one ends well."""
        name, content = photo(1_000_000)
        async with here.signed_in(UNIT) as unit:
            go_on = asyncio.Event()

            async def slow() -> AsyncIterator[bytes]:
                yield content[:400_000]
                await go_on.wait()
                yield content[400_000:]

            first = asyncio.create_task(send(unit, name, slow(), total=len(content)))
            await reached(unit, name, 400_000, first)
            second = await send(unit, name, content)
            assert (second.status, second.headers["Upload-Offset"], second.body["offset"]) == (409, "400000", 400_000)
            go_on.set()
            assert (await first).status == 201

    async def test_what_is_no_photo_is_refused(self, here: Site) -> None:
        """20 MB, nothing, another type, another hash, more than was said; nothing of it stays."""
        name, content = photo(50_000)
        page = b"<!doctype html><script>alert(1)</script>"
        async with here.signed_in(UNIT) as unit:
            asked = [
                (await send(unit, name, content, total=20_000_000), 413, "too_large"),
                (await send(unit, name, JPEG + bytes(20_000_000)), 413, "too_large"),
                (await send(unit, name, b"", total=0), 422, "unfit"),
                (await send(unit, sha256(page).hexdigest(), page), 415, "no_photo"),
                (await send(unit, name, content[:-1] + b"?"), 422, "unfit"),
                (await send(unit, name, content + b"more", total=len(content)), 422, "unfit"),
                (await unit.ask("PATCH", f"/api/photos/{name}", content), 422, "unfit"),
                (await unit.ask("PATCH", f"/api/photos/{name}", content, Upload_Offset="-1"), 422, "unfit"),
            ]
            assert [(a.status, a.body["error"]) for a, _, _ in asked] == [(code, error) for _, code, error in asked]
            assert await so_far(unit, name) == (404, "0")
            assert (await send(unit, name, content)).status == 201

    async def test_a_wrong_offset_is_told_the_right_one(self, here: Site) -> None:
        name, content = photo(50_000)
        async with here.signed_in(UNIT) as unit:
            for offset in (1, 49_999):
                answer = await send(unit, name, content[offset:], offset)
                assert (answer.status, answer.headers["Upload-Offset"]) == (409, "0")
            await send(unit, name, content[:100], total=50_000)
            for offset in (0, 99, 101):
                answer = await send(unit, name, content[offset:], offset)
                assert (answer.status, answer.headers["Upload-Offset"]) == (409, "100")
            assert (await send(unit, name, content[100:], 100)).status == 201

    async def test_an_accounts_part_is_its_own(self, here: Site) -> None:
        """Another one neither sees how far it is nor goes on with it, and each may send the same photo."""
        name, content = photo(50_000)
        async with here.signed_in(UNIT) as unit, here.signed_in(OTHER) as other:
            await send(unit, name, content[:20_000], total=50_000)
            assert await so_far(other, name) == (404, "0")
            assert (await send(other, name, content[20_000:], 20_000)).status == 409
            assert (await send(other, name, content)).status == 201
            assert (await send(unit, name, content[20_000:], 20_000)).status == 201
            assert not list((here.run.data / "photos" / "parts").glob(f"*{name}"))

    async def test_who_may_not_send_one(self, here: Site) -> None:
        """Not signed in, without the page's token, a role that has nothing to show."""
        name, content = photo(1_000)
        headers = {"Upload-Offset": "0", "Upload-Length": "1000"}
        async with here.signed_in(UNIT) as unit, here.signed_in("nh-operator") as operator:
            async with unit.http.patch(f"/api/photos/{name}", data=content, headers=headers) as answer:
                assert answer.status == 403
            assert (await send(operator, name, content)).status == 403
            assert (await so_far(operator, name))[0] == 403
            async with (
                aiohttp.ClientSession(here.url) as nobody,
                nobody.patch(f"/api/photos/{name}", data=content, headers=headers) as answer,
            ):
                assert answer.status == 401
            assert await so_far(unit, name) == (404, "0")

    async def test_a_hash_is_no_way_into_the_folders(self, here: Site) -> None:
        """Whatever stands in its place is refused, and no file is made or read."""
        before = {p for p in here.run.data.rglob("*") if p.is_file() and "photos" in p.parts}
        tricks = [
            "..%2f..%2fmaster.key",
            "%2e%2e",
            "a" * 63,
            "A" * 64,
            "a" * 64 + "%00",
            "a" * 64 + "%0a",
            "parts",
            "é",
        ]
        async with here.signed_in(UNIT) as unit:
            case_id = await asked(here)
            for trick in tricks:
                answer = await send(unit, trick, JPEG)
                assert answer.status in (404, 422), trick
                assert (await unit.ask("HEAD", f"/api/photos/{trick}")).status in (404, 422), trick
                shown = await unit.ask("GET", f"/api/cases/{case_id}/photos/{trick}")
                assert shown.status == 404, trick
        assert {p for p in here.run.data.rglob("*") if p.is_file() and "photos" in p.parts} == before

    async def test_who_sees_the_case_sees_its_photos(self, here: Site) -> None:
        """And nobody else, and no other photo by it: 404 in the very words of a case that is not there."""
        content = png()
        name, (stray, stray_content) = sha256(content).hexdigest(), photo(10_000)
        async with (
            here.signed_in(UNIT) as unit, here.signed_in("nh-operator") as operator,
            here.signed_in("ph-operator") as stranger, here.signed_in(OTHER) as other,
        ):  # fmt: skip
            assert (await send(unit, name, content)).status == 201
            assert (await send(unit, stray, stray_content)).status == 201
            case_id = await asked(here)
            place = f"/api/cases/{case_id}/photos/{name}"
            hidden = await operator.ask("GET", place)
            assert hidden.status == 404  # it is here, but nobody has named it
            evidence = f"photo:{name};at=1783908000000;lon=120.916;lat=30.832;acc=8"
            await answered(unit, case_id, evidence)
            case = await operator.case(case_id, lambda c: c["evidence"])
            assert case["evidence"] == [evidence]
            for who in (operator, unit):
                async with who.http.get(place) as shown:
                    assert (shown.status, shown.content_type) == (200, "image/png")
                    assert await shown.read() == content
                    assert shown.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
                    assert shown.headers["X-Content-Type-Options"] == "nosniff"
                    assert shown.headers["Content-Disposition"] == f'inline; filename="{name[:12]}.png"'
                    assert shown.headers["Cache-Control"] == "private, no-cache"
                    assert shown.headers["ETag"] == f'"{name}"'
            assert (await operator.ask("GET", place, If_None_Match=f'"{name}"')).status == 304
            nowhere = await operator.ask("GET", f"/api/cases/c-00000000000000000000/photos/{name}")
            for who, path in (
                (stranger, place), (other, place),
                (operator, f"/api/cases/{case_id}/photos/{stray}"),
                (operator, f"/api/cases/{case_id}/photos/{'0' * 64}"),
            ):  # fmt: skip
                refused = await who.ask("GET", path)
                assert (refused.status, refused.body) == (404, nowhere.body), path
            assert (await stranger.ask("GET", place, If_None_Match=f'"{name}"')).status == 404

    async def test_a_photo_that_is_named_but_not_here_yet(self, here: Site) -> None:
        """A report may be there before its photo: 404 until the photo has come."""
        name, content = photo(20_000)
        async with here.signed_in(UNIT) as unit:
            case_id = await asked(here)
            await answered(unit, case_id, f"photo:{name}")
            await unit.case(case_id, lambda c: c["evidence"])
            place = f"/api/cases/{case_id}/photos/{name}"
            assert (await unit.ask("GET", place)).status == 404
            await send(unit, name, content)
            async with unit.http.get(place) as shown:
                assert await shown.read() == content

    async def test_it_goes_on_after_the_gateway_was_killed(self, here: Site) -> None:
        """kill -9 in the middle of a piece: the new gateway knows how far it came, and throws old parts away."""
        name, content = photo(5_000_000)
        old = here.run.data / "photos" / "parts" / f"{UNIT}-{'e' * 64}"
        async with here.signed_in(UNIT) as unit:

            async def slow() -> AsyncIterator[bytes]:
                yield content[:2_500_000]
                await asyncio.Event().wait()

            cut = asyncio.create_task(send(unit, name, slow(), total=len(content)))
            await reached(unit, name, 2_000_000, cut)
            here.gateway.kill()
            assert isinstance((await asyncio.gather(cut, return_exceptions=True))[0], aiohttp.ClientError)
            old.write_bytes(JPEG)
            os.utime(old, (1e9, 1e9))
            said = here.gateway.said(1 << 20).count("gateway serves")
            here.gateway.start()
            while here.gateway.said(1 << 20).count("gateway serves") == said:
                await asyncio.sleep(0.05)
            status, offset = await so_far(unit, name)
            assert (status, 2_000_000 <= int(offset) <= 2_500_000) == (404, True)
            assert (await send(unit, name, content[int(offset) :], int(offset))).status == 201
            assert not old.exists()
            kept = here.run.data / "photos" / name[:2] / name
            assert sha256(kept.read_bytes()).hexdigest() == name
