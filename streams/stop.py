"""How processes end. Those without Faust: SIGTERM or Ctrl-C asks, the loop finishes what it has begun (with Faust:
app.py). Who refuses to take part, and why. Who takes another's place."""

from __future__ import annotations

import asyncio
import os
import select
import signal

from dispatchers.record import NewerError

from .topics import TopicError


class ReplacedError(Exception):
    """Another process has this one's place in their group (member.py)."""

    def __init__(self, worker: str) -> None:
        super().__init__(
            f"another process runs as worker {worker!r} and goes on in place of this one; "
            "each worker needs a PAIDAN_WORKER_ID of its own, unless one is started to succeed another"
        )


# Exit code (EX_CONFIG) of who refuses to take part: to start it again changes nothing, another thing must be mended
# first. A supervisor may be told to let it be (systemd: RestartPreventExitStatus=78); others then take its partitions.
REFUSED = 78
REFUSALS = (NewerError, TopicError, ReplacedError)


def asked() -> asyncio.Event:
    """An event that is set when this process is asked to end. To be called inside the running loop, once."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, event.set)
    return event


class SucceedError(Exception):
    """The process that shall be succeeded does not end, or is none that we may end."""


def succeed(pid: int, within_s: float = 10.0) -> None:
    """End process `pid` by SIGTERM; returns when it is gone, at once if it is. For who has loaded all that it needs:
    between the two lies a moment, not a start. Raises SucceedError, and nobody was ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except OSError as fault:
        raise SucceedError(f"no process {pid}: {fault.strerror}") from None
    try:
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        gone = select.poll()
        gone.register(handle, select.POLLIN)
        if not gone.poll(within_s * 1000):
            raise SucceedError(f"process {pid} did not end within {within_s:.0f} s and goes on")
    except PermissionError:
        raise SucceedError(f"process {pid} is another user's") from None
    finally:
        os.close(handle)
