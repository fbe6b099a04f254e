"""`paidan export`, `paidan import`: the words; what is done is in export.py and restore.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cli_common import UserError, asked, connected, faults_of, load_pack, say

if TYPE_CHECKING:
    from ..settings import Settings
    from .files import Manifest


def export(folder: Path, /) -> None:
    """A backup of everything into a new folder: topics, photos, accounts; all but the master key. Nothing is stopped;
    the audit has who made it, and when.

    Parameters
    ----------
    folder: Where to; empty, or not there yet.
    """
    done = _told(_audited(connected(), folder))
    say(f"{folder}: whole, of {done.made_at}; to restore it the master key {done.master_key} is needed")
    for photo in done.photos.damaged:
        say(f"photo {photo} is damaged and is not in it")


async def _audited(settings: Settings, folder: Path) -> Manifest:
    """Who takes a copy of all that a city knows is in the audit before it is made, and again when it is whole: that is
    how `paidan doctor` knows how old the last one is."""
    from ..accounts_cli import who
    from ..doctor_backup import EXPORTED
    from ..gateway.audit import Audit, AuditError
    from ..kafka_io import producer
    from .export import export as work
    from .files import BackupError

    async with producer(settings.kafka) as sender:
        audit = Audit(settings.kafka, sender)
        try:
            await audit.record(who(), "cli", "export_begun")
            done = await work(settings, folder, say)
            await audit.record(who(), "cli", EXPORTED, detail=done.made_at)
        except AuditError as fault:
            raise BackupError(f"the audit could not be told of it: {fault}") from fault
    return done


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
