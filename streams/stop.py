"""How the processes without Faust end: SIGTERM or Ctrl-C asks, the loop finishes what it has begun."""

from __future__ import annotations

import asyncio
import signal

from dispatchers.record import NewerError

from .topics import TopicError

# Exit code (EX_CONFIG) of who refuses to take part: to start it again changes nothing, another thing must be mended
# first. A supervisor may be told to let it be (systemd: RestartPreventExitStatus=78); others then take its partitions.
REFUSED = 78
REFUSALS = (NewerError, TopicError)


def asked() -> asyncio.Event:
    """An event that is set when this process is asked to end. To be called inside the running loop, once."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, event.set)
    return event
