"""The pages and their modules: plain files of the package, so that a closed network needs nothing else."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from . import sessions

STATIC = Path(__file__).parent / "static"
PAGES = ("console", "wall", "login", "unit", "report")
HOME = {"wall": "/wall", "unit": "/unit"}  # of roles; of all others the console


def routes() -> list[web.AbstractRouteDef]:
    """Each page, the way to one's own, and the modules."""
    pages = [web.get(f"/{name}", _page) for name in PAGES]
    return [web.get("/", _home), *pages, web.static("/static", STATIC, append_version=False)]


async def _home(request: web.Request) -> web.Response:
    session = sessions.session_of(request)
    place = HOME.get(session.account.role, "/console") if session else "/login"
    return web.Response(status=302, headers={"Location": place, "Cache-Control": "no-store"})


async def _page(request: web.Request) -> web.StreamResponse:
    """A page is the same for everybody and says nothing; what it asks the API for is not."""
    name = request.path.strip("/")
    return web.FileResponse(STATIC / name / "index.html", headers={"Cache-Control": "no-cache"})
