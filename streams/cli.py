"""`paidan`: one command, whose words each import what they need (a worker must be up in a second).

Faults of a person's making are one clear line on stderr and exit code 2; everything else is a traceback, as it should.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Annotated, Any, Literal, NoReturn

from cyclopts import App, CycloptsError, Parameter

WRONG = 2  # exit code of a fault of a person's making

app = App(name="paidan", help="派单: dispatches what citizens and patrols report to the squad that may and can deal with it.", help_format="plaintext", version_flags=[])
topics_app = App(name="topics", help="The topics of topics.yaml on a broker.")
city_app = App(name="city", help="City packs: what differs between two cities.")
reporter_app = App(name="reporter", help="Who reported a case.")
letters_app = App(name="dead-letters", help="Messages that could not be read.")
for group in (topics_app, city_app, reporter_app, letters_app):
    app.command(group)


class UserError(Exception):
    """Something a person can mend; the text is one line for them."""


def _settings(**given: Any) -> Any:
    from .settings import SettingsError, read

    try:
        return read(**given)
    except SettingsError as fault:
        raise UserError("; ".join(str(fault).splitlines())) from fault


def _connected(**given: Any) -> Any:
    """Settings with a broker, for what has none of its own."""
    settings = _settings(**given)
    if not settings.kafka:
        raise UserError("PAIDAN_KAFKA is not set: say which broker, host:port (a running `paidan run` shows its own)")
    return settings


# -- processes ---------------------------------------------------------------------------------------------------------


@app.command
def run(
    *,
    speed: float = 60.0,
    for_: Annotated[float | None, Parameter(name="--for")] = None,
    demo: bool = True,
    workers: int = 1,
    seed: str = "jiaxing",
) -> int:
    """A whole city on this machine: everything that is not there yet, complaints, and people who answer.

    Parameters
    ----------
    speed: How many times faster than the wall the city lives.
    for_: End by itself so many seconds after the first complaint.
    demo: Play the city's demo complaints and let simulated people answer (--no-demo: only the processes).
    workers: How many `paidan desk` processes.
    seed: Of the simulated people.
    """
    from .run import Plan, RunError, main

    if speed <= 0 or (for_ is not None and for_ <= 0) or workers < 1:
        raise UserError("--speed and --for must be above 0, --workers at least 1")
    try:
        return main(_settings(), Plan(speed=speed, seconds=for_, demo=demo, workers=workers, seed=seed))
    except RunError as fault:
        raise UserError(str(fault)) from fault


@app.command
def desk() -> None:
    """The process that decides: intake and command desks."""
    from .desk import run

    run(_connected())


@app.command
def tell() -> None:
    """The process that tells: board, offers to squads, public events."""
    from .tell import run

    run(_connected())


@app.command
def targets() -> None:
    """The exporter of the official numbers."""
    from .targets import run

    run(_connected())


@app.command
def people(*, seed: str = "jiaxing") -> None:
    """Simulated squads, units, checkers and operators who answer on the topics.

    Parameters
    ----------
    seed: The same seed, the same people.
    """
    from .people.client import run

    asyncio.run(run(_connected(), seed))


@app.command
def feed(file: Path, *, speed: float | None = None) -> None:
    """Play a file of complaints (JSON lines, also .gz) into their topics, each at its time.

    Parameters
    ----------
    file: Each line a message in the wire form with a leading member "topic".
    speed: Times as fast as the file's own times; 0: as fast as the broker takes it. Not given: on the run's clock.
    """
    from .feed import run

    settings = _connected()
    done = asyncio.run(run(settings, _readable(file), speed))
    _say(f"{done.sent} sent, {done.unreadable} of them no JSON; {done.skipped} were sent before")


# -- without a broker --------------------------------------------------------------------------------------------------


@app.command
def decide(
    file: Path | None = None,
    *,
    city: Path | None = None,
    until: str | None = None,
    log: Literal["desk-log", "all"] = "desk-log",
) -> None:
    """A whole city without a broker: JSON lines {"topic", "at", "value"} in, log records out.

    Parameters
    ----------
    file: The lines; without it, standard input.
    city: Folder of the city pack.
    until: Go on until then (RFC 3339 with a zone, or ms since 1970).
    log: Which records to print.
    """
    from .city_files import BadCityError, load
    from .decide import Decide, instant

    try:
        pack = load(city or _settings().city)
        end = instant(until) if until else None
    except (BadCityError, ValueError) as fault:
        raise UserError(str(fault)) from fault
    with _lines(file) as lines:
        for stored in Decide(pack).lines(lines, end):
            if log == "all" or stored.topic == log:
                sys.stdout.buffer.write(stored.raw + b"\n")


@app.command
def replay(
    file: Path | None = None,
    *,
    topic: Literal["desk-log", "complaint-receipts", "event-receipts"] = "desk-log",
    partition: int | None = None,
) -> None:
    """Fold a log and print the hash of each state: of a file of records, or of a topic.

    Parameters
    ----------
    file: Records as `paidan decide` prints them ("-": standard input). Without it, the topic is read.
    topic: The log to read.
    partition: Only this one.
    """
    import msgspec

    from . import replay as logs
    from .city_files import load

    if file is None:
        settings = _connected()
        done = asyncio.run(logs.of_topic(settings.kafka, topic, load(settings.city), partition))
    else:
        with _lines(None if str(file) == "-" else file) as lines:
            done = logs.of_file(lines)
    for one in done.result():
        _say(msgspec.json.encode(one).decode())


@app.command
def schema() -> None:
    """JSON Schema of every message, event, record and wire form."""
    import orjson

    from .schema import document

    _say(orjson.dumps(document(), option=orjson.OPT_INDENT_2).decode())


# -- topics, packs, reporters, dead letters ----------------------------------------------------------------------------


def _topics(what: str, *more: Any) -> Any:
    from kafka import KafkaAdminClient

    from . import topics as module

    settings = _connected()
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
    _say("\n".join(_topics("plan")) or "the broker is as topics.yaml says")


@topics_app.command
def apply(*, replication: int = 1) -> None:
    """Make the broker as topics.yaml says.

    Parameters
    ----------
    replication: Copies of each new topic; a city has three brokers and 3 copies.
    """
    _say("\n".join(_topics("apply", replication)) or "the broker is as topics.yaml says")


@topics_app.command
def check() -> None:
    """Fail if the broker is not as topics.yaml says."""
    _topics("check")


@topics_app.command
def table() -> None:
    """The topics as a Markdown table."""
    from . import topics as module

    sys.stdout.write(module.readme_table(module.load()))


@city_app.command(name="check")
def city_check(folder: Path | None = None, *, year: int | None = None) -> int:
    """List every fault of a city pack with file, line and column.

    Parameters
    ----------
    folder: The pack; without it, that of PAIDAN_CITY.
    year: The year whose calendar it must have; this one if not given.
    """
    from . import city_cli

    return city_cli.check(folder or _settings().city, year)


@city_app.command
def show(folder: Path | None = None) -> int:
    """Count what a city pack holds."""
    from . import city_cli

    return city_cli.show(folder or _settings().city)


@city_app.command
def publish(folder: Path | None = None) -> None:
    """Publish a pack to `city-packs` under its hash."""
    from . import packs

    settings = _connected()
    _say(asyncio.run(packs.publish(settings.kafka, packs.read(folder or settings.city))))


@city_app.command
def adopt(version: str, *, desk: str | None = None) -> None:
    """Have the desks decide by another published version from here on.

    Parameters
    ----------
    version: Hash of the pack.
    desk: Only this desk.
    """
    from . import packs

    settings = _connected()
    done = asyncio.run(packs.adopt(settings.kafka, packs.read(settings.city), version, [desk] if desk else None))
    _say(f"told to decide by {version}: {', '.join(done) or 'none, all do already'}")


@reporter_app.command
def forget(case: str) -> None:
    """Destroy the keys of a case's reporter, for good."""
    from . import reporter_cli

    _say(_asked(reporter_cli.forget(_connected(), case)))


@reporter_app.command
def reveal(case: str) -> None:
    """Show a case's reporter."""
    from . import reporter_cli

    _say(_asked(reporter_cli.reveal(_connected(), case)))


@letters_app.command(name="list")
def list_letters(*, reason: str = "", waiting: bool = False) -> None:
    """List dead letters, oldest first.

    Parameters
    ----------
    reason: Only those with this reason.
    waiting: Only those that were not played again.
    """
    from . import dead_letters_cli

    _say("\n".join(_asked(dead_letters_cli.show(_connected(), reason, waiting))))


@letters_app.command
def redrive(*ids: str, reason: str = "") -> None:
    """Play dead letters again, as new messages.

    Parameters
    ----------
    ids: Which ones.
    reason: All with this reason.
    """
    from . import dead_letters_cli

    _say("\n".join(_asked(dead_letters_cli.redrive(_connected(), list(ids), reason))))


# -- the words of all --------------------------------------------------------------------------------------------------


def _asked(work: Any) -> Any:
    """Run what speaks to a person; its own faults are the person's."""
    from .dead_letters import NoSuchLetterError
    from .vault import VaultError

    try:
        return asyncio.run(work)
    except (NoSuchLetterError, VaultError, ValueError) as fault:
        raise UserError(str(fault)) from fault


def _readable(file: Path) -> Path:
    if not file.is_file():
        raise UserError(f"{file}: there is no such file")
    return file


def _lines(file: Path | None) -> Any:
    """A file's lines, unpacked if need be, or those of standard input."""
    import gzip
    from contextlib import nullcontext

    if file is None:
        return nullcontext(sys.stdin.buffer)
    opened: IO[bytes] | Iterable[bytes] = gzip.open(file) if _readable(file).suffix == ".gz" else file.open("rb")  # type: ignore[assignment]
    return opened


def _say(text: str) -> None:
    if text:
        sys.stdout.write(text + "\n")


def _wrong(text: str) -> NoReturn:
    sys.stderr.write(f"paidan: {text}\n")
    sys.exit(WRONG)


def main(words: list[str] | None = None) -> NoReturn:
    """Entry point of `paidan`."""
    try:
        code = app(words, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as fault:
        _wrong(" ".join(str(fault).split()))
    except UserError as fault:
        _wrong(str(fault))
    except BrokenPipeError:  # `paidan schema | head`
        sys.stderr.close()
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
