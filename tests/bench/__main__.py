"""`python -m tests.bench [name…] [--json FILE]`: measures, and prints one table. Not a test.

Everything runs on this machine beside a broker of its own; CPU-seconds are those of the process that is measured, as
the kernel counts them, less what it needed to start.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import platform
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from . import archive, decide, drain, gateway, latency, life, outage, recovery, squads, targets
from .table import Row, show, write

Bench = Callable[[Path], Awaitable[list[Row]]]
ALL: dict[str, Bench] = {
    "floors": drain.floors,
    "desk": drain.desk,
    "decide": decide.bench,
    "latency": latency.bench,
    "life": life.bench,
    "recovery": recovery.bench,
    "outage": outage.bench,
    "gateway": gateway.bench,
    "squads": squads.bench,
    "archive": archive.bench,
    "targets": targets.bench,
}


def main() -> None:
    """Run what was named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"what to measure, of {', '.join(ALL)} (default: all)")
    parser.add_argument("--json", type=Path, help="write the rows here too")
    given = parser.parse_args()
    if strange := [name for name in given.names if name not in ALL]:
        parser.error(f"there is no {', '.join(strange)}; there are {', '.join(ALL)}")
    logging.disable(logging.ERROR)  # aiokafka tells of every partition of a young broker
    rows: list[Row] = []
    for name in given.names or ALL:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"paidan-bench-{name}-") as data:
            rows += asyncio.run(ALL[name](Path(data)))
        print(f"{name}: {time.monotonic() - begun:.0f} s, load average {os.getloadavg()[0]:.1f}", flush=True)
    print(f"\n{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print(show(rows))
    if given.json:
        write(rows, given.json)


if __name__ == "__main__":
    main()
