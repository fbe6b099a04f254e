"""`paidan`: one command, whose words each import what they need (a worker must be up in a second).

Faults of a person's making are one clear line on stderr and exit code 2; everything else is a traceback, as it should.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import errno
import logging
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

from cyclopts import App, CycloptsError, Parameter
from cyclopts.validators import Number

from .accounts_cli import account_app, audit_app
from .backup import cli as backup
from .cli_admin import city_app, letters_app, reporter_app, topics_app
from .cli_common import UserError, connected, existing, load_pack, opened, read_settings, say
from .notify.cli import notify_app
from .outbox.cli import replies_app

if TYPE_CHECKING:  # pydantic is a quarter of a second
    from .settings import Settings

LogFile = Annotated[Path | None, Parameter(allow_leading_hyphen=True)]  # "-": standard input
Succeed = Annotated[
    int,
    Parameter(
        help="Id of the process to succeed: it is ended when this one is ready, so that the pause is under a second."
    ),
]
WRONG = 2  # exit code of a fault of a person's making
FULL = 74  # EX_IOERR: a restarter goes on trying

app = App(
    name="paidan",
    help="派单: dispatches what citizens and patrols report to the squad that may and can deal with it.",
    help_format="plaintext",
    version_flags=[],
)
for group in (topics_app, city_app, reporter_app, letters_app, account_app, audit_app, replies_app, notify_app):
    app.command(group)
app.command(backup.export)
app.command(backup.import_, name="import")


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
        return main(read_settings(), Plan(speed=speed, seconds=for_, demo=demo, workers=workers, seed=seed))
    except RunError as fault:
        sys.stderr.write(f"paidan: {fault}\n")
        return 1


def _succeeding(run: Callable[[Settings, int], None], pid: int) -> None:
    from .stop import SucceedError

    if pid == 1 or pid < 0:
        raise UserError("--succeed takes the id of a worker's process")
    try:
        run(connected(), pid)
    except SucceedError as fault:
        raise UserError(str(fault)) from None


@app.command
def desk(*, succeed: Succeed = 0) -> None:
    """The process that decides: intake and command desks."""
    from .desk import run

    _succeeding(run, succeed)


@app.command
def tell(*, succeed: Succeed = 0) -> None:
    """The process that tells: board, offers to squads, public events."""
    from .tell import run

    _succeeding(run, succeed)


@app.command
def archive() -> None:
    """The process that keeps all cases and their stories, to be searched."""
    from .archive.follow import run

    run(connected())


@app.command
def gateway() -> None:
    """The process that people and programs speak HTTP with: console, API, intake."""
    from .gateway.app import run

    run(connected())


@app.command
def targets(
    *,
    at: dt.date | None = None,
    explain: Literal["R1", "R2", "R3"] | None = None,
    log: LogFile = None,
    city: Path | None = None,
) -> None:
    """The exporter of the official numbers; or, with --explain, what is behind one of them.

    Parameters
    ----------
    at
        As of the end of this day (without: of all that was decided, or of today).
    explain
        R1 with its cases of the month to that day, R2 of the day, R3 of the year to it.
    log
        A file of records, "-" for the standard input; without it the running system is asked.
    city
        Folder of the pack; without it PAIDAN_CITY.
    """
    if explain:
        from .targets_cli import explained

        say(explained(explain, at, log, city))
        return
    if at or log or city:
        raise UserError("--at, --log and --city go with --explain")
    from .targets import run

    run(connected())


@app.command
def simulate(
    *,
    url: str = "",
    seed: str = "jiaxing",
    rate: float = 0.0,
    squads: int | None = None,
    for_: Annotated[float | None, Parameter(name="--for")] = None,
) -> None:
    """Simulated squads, units, checkers and operators, as clients of a gateway; at its end, what they saw as JSON.

    Parameters
    ----------
    url: Of the gateway; not given: by PAIDAN_HTTP_HOST and PAIDAN_HTTP_PORT.
    seed: The same seed, the same people.
    rate: File so many of the demo's complaints a second, too.
    squads: How many squads have devices; not given: all.
    for_: End by itself after so many seconds.
    """
    from .people.accounts import NotSimulatedError
    from .people.simulate import Plan, main, url_of

    if rate < 0 or (for_ is not None and for_ <= 0) or (squads is not None and squads < 0):
        raise UserError("--for must be above 0, --rate and --squads not below it")
    settings = connected()
    try:
        say(main(settings, Plan(url=url or url_of(settings), seed=seed, rate=rate, squads=squads, seconds=for_)))
    except NotSimulatedError as fault:
        raise UserError(str(fault)) from fault


@app.command
def feed(file: Path, /, *, speed: float | None = None) -> None:
    """Play a file of complaints (JSON lines, also .gz) into their topics, each at its time.

    Parameters
    ----------
    file: Each line a message in the wire form with a leading member "topic".
    speed: Times as fast as the file's own times; 0: as fast as the broker takes it. Not given: on the run's clock.
    """
    from .feed import run

    done = asyncio.run(run(connected(), existing(file), speed))
    say(f"{done.sent} sent, {done.unreadable} of them no JSON; {done.skipped} were sent before")


@app.command
def ops(
    *,
    target: tuple[str, ...] = (),
    port: Annotated[int, Parameter(validator=Number(gte=0, lte=65535))] = 9090,
    alerts_port: Annotated[int, Parameter(validator=Number(gte=0, lte=65535))] = 9093,
    every: Annotated[float, Parameter(validator=Number(gte=0.1))] = 5.0,
) -> int:
    """Prometheus and Alertmanager of the system's packages, on 127.0.0.1, against a city that runs.

    Parameters
    ----------
    target: kind=host:port of a process (desk=127.0.0.1:9101), any number of times; without: the run on PAIDAN_DATA.
    port: Of Prometheus, if it is free and no earlier start on these data took another.
    alerts_port: Of Alertmanager, likewise.
    every: Seconds between two looks at each process.
    """
    from .local import LocalError
    from .ops import main, named

    try:
        main(read_settings().data, named(target), (port, alerts_port), every, partial(print, flush=True))
    except LocalError as fault:
        sys.stderr.write(f"paidan: {fault}\n")
        return 1
    return 0


@app.command
def doctor(*, lang: Literal["zh", "en"] = "zh", json: bool = False) -> int:
    """What is wrong, in words, and what would be right; it reads and changes nothing.

    Exit code: 0 all is well, 1 something needs attention (or could not be looked at), 2 something is broken now.

    Parameters
    ----------
    lang: Chinese or English.
    json: As JSON, in both.
    """
    from . import doctor_cli

    told, code = doctor_cli.doctor(lang, as_json=json)
    say(told)
    return code


# -- without a broker --------------------------------------------------------------------------------------------------


@app.command
def decide(
    file: Path | None = None,
    /,
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
    from .decide import Decide, instant

    pack = load_pack(city)
    try:
        end = instant(until) if until else None
    except ValueError as fault:
        raise UserError(str(fault)) from fault
    with opened(file) as lines:
        for stored in Decide(pack).lines(lines, end):
            if log == "all" or stored.topic == log:
                sys.stdout.buffer.write(stored.raw + b"\n")


@app.command
def replay(
    file: Path | None = None,
    /,
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

    if file is None:
        done = asyncio.run(logs.of_topic(connected().kafka, topic, load_pack(), partition))
    else:
        with opened(None if str(file) == "-" else file) as lines:
            done = logs.of_file(lines)
    for one in done.result():
        say(msgspec.json.encode(one).decode())


@app.command
def why(
    case: str,
    /,
    *,
    lang: Literal["zh", "en"] = "zh",
    log: LogFile = None,
    city: Path | None = None,
) -> None:
    """Why a case is where it is: each decision about it with its reasons, as a short text.

    Parameters
    ----------
    case: Its id, or its number (JS-20260713-0042).
    lang: Chinese or English.
    log: Records as `paidan decide` prints them ("-": standard input). Without it, the running system's logs are read.
    city: Folder of the city pack for names, if it is not that of PAIDAN_CITY.
    """
    from . import why_cli

    say(why_cli.why(case, lang, log, city))


@app.command
def rollout(*, log: LogFile = None, json: bool = False) -> None:
    """How far people did what the rules proposed, for each desk and item that does not run by itself yet.

    Parameters
    ----------
    log: Records as `paidan decide` prints them ("-": standard input). Without it, the running system's logs are read.
    json: As JSON.
    """
    from . import why_cli

    say(why_cli.rollout(log, as_json=json))


@app.command
def schema() -> None:
    """JSON Schema of every message, event, record and wire form."""
    import orjson

    from .schema import document

    say(orjson.dumps(document(), option=orjson.OPT_INDENT_2).decode())


def _end(text: str, code: int = WRONG) -> NoReturn:
    sys.stderr.write(f"paidan: {text}\n")
    sys.exit(code)


def _unreachable(fault: Exception) -> bool:
    """Whether it says that there is no broker where we were told to look."""
    from aiokafka.errors import KafkaConnectionError
    from kafka.errors import KafkaTimeoutError

    return isinstance(fault, KafkaConnectionError | KafkaTimeoutError)


def _refused(fault: Exception) -> int:
    """The exit code of a process that would not take part; 0: it is another fault."""
    from .stop import REFUSALS, REFUSED

    return REFUSED if isinstance(fault, REFUSALS) else 0


def _full(fault: Exception) -> bool:
    """Whether it says that a disk is full; by itself nothing is wrong then."""
    if isinstance(fault, OSError):
        return fault.errno == errno.ENOSPC
    return getattr(fault, "sqlite_errorname", "") == "SQLITE_FULL"


def main(words: list[str] | None = None) -> NoReturn:
    """Entry point of `paidan`."""
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # it says each fault, and then raises it
    try:
        code = app(words, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as fault:
        _end(" ".join(str(fault).split()))
    except UserError as fault:
        _end(str(fault))
    except BrokenPipeError:  # `paidan schema | head`
        sys.stderr.close()
        sys.exit(0)
    except Exception as fault:
        if refused := _refused(fault):
            _end(str(fault), refused)
        if _full(fault):
            _end(f"there is no room left on the disk ({fault}); it goes on where it was once there is", FULL)
        if not _unreachable(fault):
            raise
        _end(f"no Kafka answers: {fault}")
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
