"""The pages and their modules: plain files of the package, so that a closed network needs nothing else.

The squad's page works without a network too: its service worker keeps the page and everything that the page names, each
file by its hash, so that what it opens with is one version.
"""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from pathlib import Path

import msgspec
from aiohttp import web

from . import sessions

STATIC = Path(__file__).parent / "static"
PAGES = ("console", "wall", "login", "unit", "report", "squad")
HOME = {"wall": "/wall", "unit": "/unit", "squad": "/squad", "leader": "/squad", "collector": "/squad"}  # else: console


def routes() -> list[web.AbstractRouteDef]:
    """Each page, the way to one's own, the squad's service worker, and the modules."""
    pages = [web.get(f"/{name}", _page) for name in PAGES]
    worker = web.get("/squad/sw.js", _worker)
    return [web.get("/", _home), *pages, worker, web.static("/static", STATIC, append_version=False)]


async def _home(request: web.Request) -> web.Response:
    session = sessions.session_of(request)
    place = HOME.get(session.account.role, "/console") if session else "/login"
    return web.Response(status=302, headers={"Location": place, "Cache-Control": "no-store"})


async def _page(request: web.Request) -> web.StreamResponse:
    """A page is the same for everybody and says nothing; what it asks the API for is not."""
    name = request.path.strip("/")
    return web.FileResponse(STATIC / name / "index.html", headers={"Cache-Control": "no-cache"})


async def _worker(request: web.Request) -> web.Response:
    """It lies below /squad/ and serves /squad itself, which a browser allows only where the server says so."""
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": "/squad"}
    return web.Response(text=worker(), content_type="text/javascript", charset="utf-8", headers=headers)


@cache
def worker() -> str:
    """The service worker, told what the shell is: the page, and each file that the page names."""
    page = STATIC / "squad" / "index.html"
    named = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.read_text())
    files = {"/squad": page} | {name: STATIC / name.removeprefix("/static/") for name in named}
    hashes = {name: sha256(file.read_bytes()).hexdigest() for name, file in sorted(files.items())}
    whole = sha256(msgspec.json.encode(hashes)).hexdigest()
    shell = msgspec.json.encode({"hash": whole[:16], "files": hashes}).decode()
    return f"const SHELL = {shell};\n{(STATIC / 'squad' / 'sw.js').read_text()}"
