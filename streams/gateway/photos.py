"""Photos over HTTP: taken piece by piece over a network that breaks, shown to who sees a case that names them.

    HEAD  /api/photos/{sha256}   200: it is here;  404 with Upload-Offset: so much of yours is
    PATCH /api/photos/{sha256}   Upload-Offset, Upload-Length, the next bytes ─▶ 204 so far, 201 whole, both on the disk
    GET   /api/cases/{case_id}/photos/{sha256}

1. Nothing is whole in memory: a piece is on its way to the file before the next one is read, in a thread. What came
   before a connection broke is kept, and the next request goes on there.
2. 409 tells where to go on, also to whoever sent the same photo twice at once. A body that says nothing for long ends.
3. A photo belongs to no account and no case: an event that names it makes it a case's (`Matter.evidence`). Who asks for
   one that the case does not name hears the same as for a case that is not there. Price: of a hash that one knows one
   can learn that its photo is here; whoever knows the hash has seen the photo, or its case.
4. What is shown can do nothing in a browser: its type is that of its first bytes, and it has a sandbox of its own.
"""

from __future__ import annotations

import asyncio
import errno
import re
from typing import TYPE_CHECKING

from aiohttp import web

from ..photos import LARGEST, PIECE, NoPhotoError, OffsetError, WrongHashError, hashes, is_hash
from .problem import Problem, missing, not_found, unfit
from .sessions import Session

if TYPE_CHECKING:
    from .context import Context

QUIET_S = 20.0  # a body of which nothing comes for so long has lost its sender
ONE, OF_CASE = "/api/photos/{sha256}", "/api/cases/{case_id}/photos/{sha256}"
OFFSET, LENGTH = "Upload-Offset", "Upload-Length"
POLICY = "sandbox; default-src 'none'"


async def look(request: web.Request, context: Context, session: Session) -> web.StreamResponse:
    """HEAD /api/photos/{sha256}."""
    photo = _hash(request)
    size = await asyncio.to_thread(context.photos.size, photo)
    if size is not None:
        return _so_far(200, size)
    answer = not_found().response()
    answer.headers[OFFSET] = str(await asyncio.to_thread(context.photos.kept, session.account.id, photo))
    return answer


async def take(request: web.Request, context: Context, session: Session) -> web.StreamResponse:
    """PATCH /api/photos/{sha256}."""
    photo, offset, total = _hash(request), _number(request, OFFSET), _number(request, LENGTH)
    if total > LARGEST:
        raise Problem(413, "too_large", "照片超过 10 MB", f"a photo has at most {LARGEST} bytes")
    if not total:
        raise unfit(LENGTH, "照片没有内容", "a photo has some bytes")
    try:
        return await _take(request, context, session.account.id, photo, offset, total)
    except OffsetError as fault:
        text = f"已收到 {fault.kept} 字节，请从此处续传", f"{fault.kept} bytes are kept: go on from there"
        answer = Problem(409, "offset", *text, offset=fault.kept).response()
        answer.headers[OFFSET] = str(fault.kept)
        return answer
    except NoPhotoError as fault:
        text = "只收 JPEG、PNG、WebP、HEIC 照片", "only JPEG, PNG, WebP and HEIC are taken"
        raise Problem(415, "no_photo", *text) from fault
    except WrongHashError as fault:
        raise unfit("sha256", "内容与编号不符，请重新上传", "the content has another hash; send it again") from fault
    except OSError as fault:
        if fault.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise _no_room() from fault  # somebody else took it meanwhile; what was kept, is


async def _take(
    request: web.Request, context: Context, account: str, photo: str, offset: int, total: int
) -> web.StreamResponse:
    photos = context.photos
    if (size := await asyncio.to_thread(photos.size, photo)) is not None:
        await asyncio.to_thread(photos.drop, account, photo)
        return _so_far(201, size)
    if await asyncio.to_thread(photos.full):
        raise _no_room()
    kept = await asyncio.to_thread(photos.kept, account, photo)
    if offset != kept:
        raise OffsetError(kept)
    while piece := await _more(request):
        if offset + len(piece) > total:
            await asyncio.to_thread(photos.drop, account, photo)
            raise unfit(LENGTH, "内容多于所报长度", "there is more than it said")
        offset = await asyncio.to_thread(photos.append, account, photo, offset, piece)
    if offset < total:
        if offset:
            await asyncio.to_thread(photos.sync, account, photo)
        return _so_far(204, offset)
    await asyncio.to_thread(photos.finish, account, photo, total)
    return _so_far(201, total)


async def _more(request: web.Request) -> bytes:
    """The next bytes of the body; b"": that was its end."""
    try:
        async with asyncio.timeout(QUIET_S):
            return await request.content.read(PIECE)
    except TimeoutError as fault:
        raise Problem(408, "quiet", "传输中断，请续传", "nothing came for long; go on from where it ended") from fault


async def show(request: web.Request, context: Context, session: Session) -> web.StreamResponse:
    """GET /api/cases/{case_id}/photos/{sha256}."""
    photo = request.match_info["sha256"]
    if photo not in hashes(context.cases.evidence(session, request.match_info["case_id"])):
        raise not_found()
    headers = {"ETag": f'"{photo}"', "Cache-Control": "private, no-cache", "Content-Security-Policy": POLICY}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    size, kind = await asyncio.to_thread(lambda: (context.photos.size(photo), context.photos.type(photo)))
    if size is None or kind is None:
        raise not_found()  # named by a device that has not sent it yet
    headers |= {"Content-Type": kind.media, "Content-Disposition": f'inline; filename="{photo[:12]}.{kind.suffix}"'}
    response = web.StreamResponse(headers=headers)
    response.content_length = size
    await response.prepare(request)
    offset = 0
    while piece := await asyncio.to_thread(context.photos.piece, photo, offset):
        await response.write(piece)
        offset += len(piece)
    await response.write_eof()
    return response


def _no_room() -> Problem:
    return missing("disk", "存储空间不足，请稍后再传", "the disk is nearly full; try again later")


def _so_far(status: int, offset: int) -> web.Response:
    return web.Response(status=status, headers={OFFSET: str(offset), "Cache-Control": "no-store"})


def _hash(request: web.Request) -> str:
    photo = request.match_info["sha256"]
    if not is_hash(photo):
        raise unfit("sha256", "应为 64 位小写十六进制", "64 small hexadecimal digits")
    return photo


def _number(request: web.Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise unfit(header, "请求头缺少或不是数字", "a header with a number of bytes")
    return int(text)
