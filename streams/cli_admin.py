"""`paidan topics|city|reporter|dead-letters`: what a person does beside the running city."""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from pathlib import Path
from typing import Any

from cyclopts import App

from .cli_common import UserError, asked, connected, load_pack, read_settings, say

topics_app = App(name="topics", help="The topics of topics.yaml on a broker.")
city_app = App(name="city", help="City packs: what differs between two cities.")
reporter_app = App(name="reporter", help="Who reported a case.")
letters_app = App(name="dead-letters", help="Messages that could not be read.")


def _topics(what: str, *more: Any) -> Any:
    from kafka import KafkaAdminClient

    from . import topics as module

    settings = connected()
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka.split(","))
    try:
        return getattr(module, what)(admin, module.load(), *more)
    except module.TopicError as fault:
        raise UserError(str(fault)) from fault
    finally:
        admin.close()


@topics_app.command
def plan() -> None:
    """What `apply` would change."""
    say("\n".join(_topics("plan")) or "the broker is as topics.yaml says")


@topics_app.command
def apply(*, replication: int = 1) -> None:
    """Make the broker as topics.yaml says.

    Parameters
    ----------
    replication: Copies of each new topic; a city has three brokers and 3 copies.
    """
    say("\n".join(_topics("apply", replication)) or "the broker is as topics.yaml says")


@topics_app.command
def check() -> None:
    """Fail if the broker is not as topics.yaml says."""
    _topics("check")


@topics_app.command
def table() -> None:
    """The topics as a Markdown table."""
    from . import topics as module

    sys.stdout.write(module.readme_table(module.load()))


@city_app.command
def powers(folder: Path | None = None, /, *, date: dt.date | None = None, desk: str = "", json: bool = False) -> int:
    """The public power list of a date: who owns which duty of which item, by which law (R6)."""
    from . import city_cli

    return city_cli.powers(folder or read_settings().city, date, desk, as_json=json)


@city_app.command(name="check")
def city_check(folder: Path | None = None, /, *, year: int | None = None) -> int:
    """List every fault of a city pack with file, line and column.

    Parameters
    ----------
    folder: The pack; without it, that of PAIDAN_CITY.
    year: The year whose calendar it must have; this one if not given.
    """
    from . import city_cli

    return city_cli.check(folder or read_settings().city, year)


@city_app.command
def show(folder: Path | None = None, /) -> int:
    """Count what a city pack holds."""
    from . import city_cli

    return city_cli.show(folder or read_settings().city)


@city_app.command
def publish(folder: Path | None = None, /) -> None:
    """Publish a pack to `city-packs` under its hash."""
    from . import packs

    say(asyncio.run(packs.publish(connected().kafka, load_pack(folder))))


@city_app.command
def adopt(version: str, /, *, desk: str | None = None) -> None:
    """Have the desks decide by another published version from here on.

    Parameters
    ----------
    version: Hash of the pack.
    desk: Only this desk.
    """
    from . import packs

    kafka, pack = connected().kafka, load_pack()
    if version not in (known := asyncio.run(packs.published(kafka))):
        raise UserError(f"{version} is not published; there are {', '.join(sorted(known)) or 'none'}")
    done = asyncio.run(packs.adopt(kafka, pack, version, [desk] if desk else None))
    say(f"told to decide by {version}: {', '.join(done) or 'none, all do already'}")


@reporter_app.command
def forget(case: str, /) -> None:
    """Destroy the keys of a case's reporter, for good."""
    from . import reporter_cli

    say(asked(reporter_cli.forget(connected(), case)))


@reporter_app.command
def reveal(case: str, /) -> None:
    """Show a case's reporter."""
    from . import reporter_cli

    say(asked(reporter_cli.reveal(connected(), case)))


@letters_app.command(name="list")
def list_letters(*, reason: str = "", waiting: bool = False) -> None:
    """List dead letters, oldest first.

    Parameters
    ----------
    reason: Only those with this reason.
    waiting: Only those that were not played again.
    """
    from . import dead_letters_cli

    say("\n".join(asked(dead_letters_cli.show(connected(), reason, waiting))))


@letters_app.command
def redrive(*ids: str, reason: str = "") -> None:
    """Play dead letters again, as new messages.

    Parameters
    ----------
    ids: Which ones.
    reason: All with this reason.
    """
    from . import dead_letters_cli

    say("\n".join(asked(dead_letters_cli.redrive(connected(), list(ids), reason))))
