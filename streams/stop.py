"""How the processes without Faust end: SIGTERM or Ctrl-C asks, the loop finishes what it has begun."""

from __future__ import annotations

import asyncio
import signal


def asked() -> asyncio.Event:
    """An event that is set when this process is asked to end. To be called inside the running loop, once."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, event.set)
    return event
