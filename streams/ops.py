"""`paidan ops`: Prometheus and Alertmanager of the system's packages, on loopback, against a city that runs.

1. There is one configuration, `deploy/prometheus/`: what a city uses. Only ports, paths and the interval are filled in.
2. Whom to ask comes from the ports of the run on the same data, or from the command line. It is written to a file that
   Prometheus reads again by itself, so that a worker which comes later is found without a restart.
3. Their data lie under `<data>/ops/`; both die with this process (local.py). A child that dies ends it: a city without
   alarms should not look like one without faults.

Rejected: loading the programs from the net (a pinned version with a hash to renew; distributions have both), and a
container (no Docker on many desks).
"""

from __future__ import annotations

import re
import shutil
import signal
import threading
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import yaml

from .cli_common import UserError
from .local import LocalError, LocalServer
from .metrics import PROCESSES
from .ports import Ports, taken
from .topics import ROOT

CONFIG = ROOT / "deploy" / "prometheus"
KEPT = "60d"  # the rules look back 30 days, and a week beside that
LARGEST = "2GB"  # of a laptop's disk; whatever is reached first
# An alert that is told again once in 30 days must be remembered for so long (alertmanager.yml).
REMEMBERED = f"{35 * 24}h"
LOOK_EVERY_S = 1.0
# Debian starts what it installs as services of its own; they do no harm here, but nobody asked for them.
PACKAGES = (
    "sudo apt-get install -y --no-install-recommends prometheus prometheus-alertmanager; "
    "and, unless they should run as services too: sudo systemctl disable --now prometheus prometheus-alertmanager"
)
Targets = Mapping[str, list[str]]


class _Server(LocalServer):
    """One of the two: a program of the system with a configuration of its own and a page that says it is ready."""

    names: tuple[str, ...]  # of the program; Debian's differ

    @property
    def address(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def program(cls) -> str | None:
        """The program on the PATH, if there is one."""
        return next(filter(None, map(shutil.which, cls.names)), None)

    def _write(self, config: Any) -> str:
        file = self.dir / f"{self.name}.yml"
        file.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), "utf-8")
        return str(file)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/-/ready", timeout=1) as answer:  # noqa: S310 - loopback
                return bool(answer.status == 200)
        except OSError:
            return False


class Alertmanager(_Server):
    """Groups, holds back, silences and hands on what Prometheus finds."""

    name = "alertmanager"
    names = ("prometheus-alertmanager", "alertmanager")

    def _command(self) -> list[str]:
        return [
            self.program() or self.names[0],
            f"--config.file={self._write(_read('alertmanager.yml'))}",
            f"--storage.path={self.dir}",
            f"--data.retention={REMEMBERED}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",  # alone: no gossip, no second port
        ]


class Prometheus(_Server):
    """Asks all processes, keeps what they said, and follows the rules."""

    name = "prometheus"
    names = ("prometheus",)

    def __init__(self, data_dir: Path, port: int, alerts: Alertmanager, every_s: float) -> None:
        super().__init__(data_dir, port)
        self._alerts, self._every = alerts, f"{round(every_s * 1000)}ms"
        self._file = self.dir / "targets.json"

    def ask(self, targets: Targets) -> None:
        """Scrape these from now on: addresses host:port by the kind of process. Seen within seconds."""
        self.dir.mkdir(parents=True, exist_ok=True)
        groups = [{"targets": addresses, "labels": {"process": kind}} for kind, addresses in targets.items()]
        text = msgspec.json.encode(groups)
        if not self._file.exists() or self._file.read_bytes() != text:
            new = self._file.with_suffix(".new")
            new.write_bytes(text)
            new.replace(self._file)  # whole, or not at all: it is read at any moment

    def _command(self) -> list[str]:
        config = _read("prometheus.yml")
        config["global"] = {"scrape_interval": self._every, "evaluation_interval": self._every}
        config["rule_files"] = [str(CONFIG / file) for file in config["rule_files"]]
        config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [f"127.0.0.1:{self._alerts.port}"]}]}]
        for job in config["scrape_configs"]:
            job["file_sd_configs"] = [{"files": [str(self._file)], "refresh_interval": "5s"}]
        return [
            self.program() or self.names[0],
            f"--config.file={self._write(config)}",
            f"--storage.tsdb.path={self.dir / 'tsdb'}",
            f"--storage.tsdb.retention.time={KEPT}",
            f"--storage.tsdb.retention.size={LARGEST}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]


class Ops:
    """Both of them, as a context manager; `.prometheus` and `.alertmanager` are their base URLs.

    `targets`: addresses (host:port) by kind of process. Ports 0: free ones. `every_s`: seconds between two looks at
    each process and two rounds of the rules. Raises LocalError when one is not installed or does not start.
    """

    def __init__(self, data: Path, targets: Targets, port: int = 0, alerts_port: int = 0, every_s: float = 5.0) -> None:
        root = data.absolute() / "ops"
        self._alerts = Alertmanager(root / "alertmanager", alerts_port)
        self._prometheus = Prometheus(root / "prometheus", port, self._alerts, every_s)
        self._targets = targets
        self._stack = ExitStack()

    @property
    def prometheus(self) -> str:
        """Base URL of Prometheus."""
        return self._prometheus.address

    @property
    def alertmanager(self) -> str:
        """Base URL of Alertmanager."""
        return self._alerts.address

    def ask(self, targets: Targets) -> None:
        """Scrape these from now on."""
        self._prometheus.ask(targets)

    def check(self) -> None:
        """Raises LocalError, with the end of its log, when one has died."""
        for server in (self._prometheus, self._alerts):
            if not server.alive():
                raise LocalError(f"{server.name} ended by itself; the end of {server.log_file}:\n{server.tail()}")

    def __enter__(self) -> Self:
        if missing := [server.names[-1] for server in (Prometheus, Alertmanager) if not server.program()]:
            raise LocalError(f"{' and '.join(missing)}: not installed ({PACKAGES})")
        self.ask(self._targets)
        with ExitStack() as started:  # what was started ends, also when the second one does not start
            started.enter_context(self._alerts)  # first: Prometheus should find it
            started.enter_context(self._prometheus)
            self._stack = started.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


def of_run(data: Path) -> dict[str, list[str]]:
    """The processes of the `paidan run` on this data, by kind: those that every run has, and the further desks
    (`desk-1`, …) that listen now: the file of ports remembers those of earlier runs, too.

    Raises UserError: nothing ever ran on it.
    """
    file = data / "ports.json"
    if not file.exists():
        raise UserError(f"{file}: nothing ran here; start `paidan run` first, or name the processes by --target")
    ports = msgspec.json.decode(file.read_bytes(), type=dict[str, int])
    found: dict[str, list[str]] = {}
    for name, port in sorted(ports.items()):
        kind = re.sub(r"-\d+$", "", name)
        if kind in PROCESSES and (name == kind or taken(port)):
            found.setdefault(kind, []).append(f"127.0.0.1:{port}")
    return found


def named(words: Iterable[str]) -> dict[str, list[str]]:
    """Targets as a person writes them, `kind=host:port`. Raises UserError."""
    found: dict[str, list[str]] = {}
    for word in words:
        kind, _, address = word.partition("=")
        if kind not in PROCESSES or not re.fullmatch(r"[\w.-]+:\d{1,5}", address):
            raise UserError(f"--target {word}: must be kind=host:port, the kind one of {', '.join(PROCESSES)}")
        found.setdefault(kind, []).append(address)
    return found


def main(data: Path, given: Targets, ports: tuple[int, int], every_s: float, say: Callable[[str], None]) -> None:
    """Run until Ctrl-C or SIGTERM; `ports` are the wished ones of Prometheus and Alertmanager, kept from run to run.

    Raises LocalError: one is missing, does not start, or died. UserError: no targets given, and nothing ran here.
    """
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    targets = dict(given) or of_run(data)
    kept = Ports(data / "ops" / "ports.json")
    with Ops(data, targets, kept.of("prometheus", ports[0]), kept.of("alertmanager", ports[1]), every_s) as ops:
        say(f"Prometheus   {ops.prometheus}/alerts")
        say(f"Alertmanager {ops.alertmanager} (amtool --alertmanager.url={ops.alertmanager} alert)")
        for kind, addresses in targets.items():
            say(f"  {kind}: {', '.join(addresses)}")
        while not ended.wait(LOOK_EVERY_S):
            ops.check()
            if not given:
                with suppress(msgspec.DecodeError):  # a run that starts is writing the file; the next look has it
                    targets = _more(targets, of_run(data))
                ops.ask(targets)
        say("ending")


def _more(known: Targets, found: Targets) -> dict[str, list[str]]:
    """What is known and what was found: who was once seen and is gone is down, and must not be forgotten."""
    return {kind: sorted({*known.get(kind, ()), *found.get(kind, ())}) for kind in sorted({*known, *found})}


def _read(name: str) -> Any:
    return yaml.safe_load((CONFIG / name).read_text("utf-8"))
