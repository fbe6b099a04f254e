"""What a process of ours keeps of memory, and what it never takes."""

import platform
import subprocess
import sys

import pytest

# Sixteen large blocks of work, in threads as the gateway has them; what is printed is by how much the process grew.
HASHES = """
from concurrent.futures import ThreadPoolExecutor
import psutil
from streams import memory
from streams.gateway.accounts import HASHER
{begin}
before = psutil.Process().memory_info().rss
with ThreadPoolExecutor(4) as pool:
    list(pool.map(HASHER.hash, ["password"] * 16))
    print(psutil.Process().memory_info().rss - before)
"""


def said(code: str) -> str:
    """What a process of its own prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="what is set is glibc's")
def test_a_hash_is_given_back_to_the_system() -> None:
    """19 MiB each time; without the setting each thread keeps them."""
    kept, given_back = (int(said(HASHES.format(begin=begin))) for begin in ("", "memory.hand_back()"))
    assert given_back < 10 << 20
    assert kept > given_back + (10 << 20), "glibc keeps nothing any more: streams/memory.py can go"


def test_the_gateway_loads_no_geometry_and_no_worker() -> None:
    """It looks no place up and is no member of a group: a fifth of its memory at the start."""
    loaded = said("import sys, streams.gateway.app; print(*sys.modules)").split()
    assert not set(loaded) & {"shapely", "numpy", "faust", "streams.geo", "streams.outlines"}
