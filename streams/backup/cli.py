"""`paidan export`, `paidan import`: the words; what is done is in export.py and restore.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..cli_common import UserError, asked, connected, faults_of, load_pack, say


def export(folder: Path, /) -> None:
    """A backup of everything into a new folder: topics, photos, accounts; all but the master key. Nothing is stopped.

    Parameters
    ----------
    folder: Where to; empty, or not there yet.
    """
    from .export import export as work

    done = _told(work(connected(), folder, say))
    say(f"{folder}: whole, of {done.made_at}; to restore it the master key {done.master_key} is needed")
    for photo in done.photos.damaged:
        say(f"photo {photo} is damaged and is not in it")


def import_(folder: Path, /, *, check: bool = False) -> None:
    """A backup into an empty cluster, with nothing running on it.

    Parameters
    ----------
    folder: The backup.
    check: Only look whether it is whole; no broker is needed.
    """
    from .files import BackupError
    from .restore import restore, verify

    if check:
        try:
            manifest = verify(folder).manifest
        except BackupError as fault:
            raise UserError(faults_of(fault)) from fault
    else:
        manifest = _told(restore(connected(), load_pack(), folder, say))
    say(f"{folder}: {'whole' if check else 'restored'}, of {manifest.made_at}, rules {manifest.rules}")


def _told(work: Any) -> Any:
    from .files import BackupError

    try:
        return asked(work)
    except BackupError as fault:
        raise UserError(faults_of(fault)) from fault
