"""`paidan notify`, `notify new-key`: the words; what is done is in process.py and webpush.py."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from ..cli_common import UserError, connected, faults_of, say

notify_app = App(name="notify", help="The process that takes offers further when the squad's own device is silent.")


@notify_app.default
def notify() -> None:
    """The process that takes an offer that no device received through the channels of PAIDAN_CHANNELS."""
    from .channels import ChannelsError
    from .process import run

    try:
        run(connected())
    except ChannelsError as fault:
        raise UserError(faults_of(fault)) from fault


@notify_app.command(name="new-key")
def new_key(file: Path, /) -> None:
    """Make the key of Web Push: the private half into a file that is not there yet, the public one is printed.

    Parameters
    ----------
    file: Where the private half is put, readable for its owner alone.
    """
    from .webpush import new_key as work

    secret, public = work()
    try:
        file.touch(mode=0o600, exist_ok=False)
    except OSError as fault:
        raise UserError(f"{file}: {fault.strerror}") from fault
    file.write_bytes(secret)
    say(f"public_key: {public}")
