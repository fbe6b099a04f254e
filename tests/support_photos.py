"""Photos to send, a unit that sends them, and a case that it shows them for."""

from __future__ import annotations

import itertools
import os
import struct
import zlib
from hashlib import sha256
from typing import Any

from tests.support_gateway import Answer, Caller, Site

UNIT, OTHER = "nh-parks-unit", "nh-fire-unit"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"


def photo(size: int, begin: bytes = JPEG) -> tuple[str, bytes]:
    """One that nobody has yet, by its hash and with its bytes."""
    content = begin + os.urandom(size - len(begin))
    return sha256(content).hexdigest(), content


def png() -> bytes:
    """A real one, of four pixels, each time another."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = b"".join(b"\x00" + os.urandom(6) for _ in range(2))
    head = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


async def send(who: Caller, name: str, content: Any, offset: int = 0, total: int | None = None) -> Answer:
    """A PATCH with these bytes, or with those of a generator."""
    length = len(content) + offset if total is None else total
    headers = {"X-CSRF": who.me["csrf"], "Upload-Offset": str(offset), "Upload-Length": str(length)}
    async with who.http.patch(f"/api/photos/{name}", data=content, headers=headers) as answer:
        return Answer(answer.status, await answer.json() if answer.status >= 400 else "", answer.headers)


_places = itertools.count()  # each report at its own, or they would be one matter


async def asked(here: Site, times: int = 1) -> str:
    """A case about which the unit is asked for a survey."""
    async with here.signed_in("nh-operator") as operator:
        place = {"datum": "wgs84", "lon": 120.76, "lat": 30.74 + next(_places) / 100, "address": "南湖区"}
        case_id = (await operator.file("行道树倒伏", location=place))["case_id"]
        case = await operator.case(case_id)
        for _ in range(times):
            done = await operator.order("AskOffice", case, kind="survey", unit="NH-parks", task="现场查看")
            assert done.status == 200, done
        return str(case_id)


async def answered(unit: Caller, case_id: str, *evidence: str) -> None:
    """The unit answers what it was asked, with evidence."""
    case = await unit.case(case_id)
    request = case["requests"][0]["id"]
    signed = await unit.order("SignRequest", case, request_id=request)
    assert signed.status == 200, signed
    done = await unit.order("AnswerRequest", case, request_id=request, note="已查看", evidence=list(evidence))
    assert done.status == 200, done
