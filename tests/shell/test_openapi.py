"""Schemathesis asks every endpoint with what it generates from our own OpenAPI document: right, wrong and absurd."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from tests.support_gateway import site

# Not asked: it never ends (the stream), or would sign us out in the middle.
LEFT_OUT = "/api/(stream|logout|login)"
EXAMPLES = 15
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")


@pytest.mark.timeout(280)
async def test_no_generated_request_finds_a_fault(tmp_path: Path) -> None:
    async with site(tmp_path) as here, here.signed_in("js-operator") as operator:
        cookie = next(c.value for c in operator.http.cookie_jar if c.key == "paidan")
        words = [
            str(Path(sys.executable).parent / "schemathesis"), "run", f"{here.url}/api/openapi.json",
            "-H", f"Cookie: paidan={cookie}", "-H", f"X-CSRF: {operator.me['csrf']}",
            "--exclude-path-regex", LEFT_OUT, "--max-examples", str(EXAMPLES), "--phases", "fuzzing",
            "--checks", ",".join(CHECKS),
            "--seed", "20260713", "--no-color", "--workers", "2",
        ]  # fmt: skip
        run = await asyncio.create_subprocess_exec(
            *words, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said = (await run.communicate())[0].decode()
        assert run.returncode == 0, said[-6000:]
        tested = re.search(r"(\d+) generated", said)
        assert tested, said[-2000:]
        assert int(tested[1]) > 100
