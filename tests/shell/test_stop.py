"""Who takes another process's place ends it first, and nobody else."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from streams.stop import SucceedError, succeed

STUBBORN = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"


@pytest.fixture
def stubborn() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does not hear SIGTERM."""
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE) as one:
        assert one.stdout
        one.stdout.readline()
        yield one
        one.kill()


def test_who_is_succeeded_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as one:
        succeed(one.pid)
        assert one.wait() < 0
        succeed(one.pid)  # and is gone


def test_who_does_not_end_goes_on(stubborn: subprocess.Popen[bytes]) -> None:
    with pytest.raises(SucceedError, match=f"process {stubborn.pid} did not end within 0 s"):
        succeed(stubborn.pid, 0.2)
    assert stubborn.poll() is None


def test_what_is_no_process_is_said_so() -> None:
    with pytest.raises(SucceedError, match="no process -5"):
        succeed(-5)
