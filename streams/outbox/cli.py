"""`paidan replies`, `replies dead`, `replies again`: the words; what is done is in process.py and dead.py."""

from __future__ import annotations

from cyclopts import App

from ..cli_common import UserError, asked, connected, faults_of, say

replies_app = App(name="replies", help="The process that posts replies to the sources of reports; what was given up.")


@replies_app.default
def replies() -> None:
    """The process that posts to each source that has a webhook (PAIDAN_SOURCES) the replies it is owed."""
    from .process import run
    from .sources import SourcesError

    try:
        run(connected())
    except SourcesError as fault:
        raise UserError(faults_of(fault)) from fault


@replies_app.command
def dead(*, source: str = "") -> None:
    """List replies that were given up, the longest dead first.

    Parameters
    ----------
    source: Only those to this source.
    """
    from . import dead as work

    say("\n".join(work.line(told) for told in asked(work.dead(connected().kafka, source))))


@replies_app.command
def again(*ids: str, source: str = "") -> None:
    """Have replies that were given up sent again.

    Parameters
    ----------
    ids: Which ones.
    source: All to this source.
    """
    from . import dead as work

    if not ids and not source:
        raise UserError("say which: ids as `paidan replies dead` shows them, or --source")
    for told in asked(work.again(connected().kafka, ids, source)):
        say(f"{told.id} is pending again, for {told.source}")
