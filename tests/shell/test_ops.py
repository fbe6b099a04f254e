"""`paidan ops`: the real Prometheus and Alertmanager with the city's own configuration, on processes that serve."""

import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest

from streams.cli_common import UserError
from streams.local import LocalError, free_port
from streams.ops import Ops, named, of_run
from streams.settings import PREFIX

# A process of the city as far as Prometheus sees one: the registry of streams/metrics.py. Not in this process: families
# are global, and its other tests look at them too.
SERVER = """
import signal, sys
from streams import metrics as m
kind, port = sys.argv[1], int(sys.argv[2])
m.DESKS.declare(["a", "b"])
m.serve(kind, port)
if kind == "targets":
    for desk, num, den in (("a", 9, 10), ("b", 700, 1000)):
        m.target_cases.of("num", "all", "month", desk).set(num)
        m.target_cases.of("den", "all", "month", desk).set(den)
if kind == "tell":
    m.open_oldest.of("offered", "0").set(700)
    m.open_oldest.of("offered", "2").set(700)
signal.sigwait({signal.SIGTERM})
"""
PATIENCE_S = 60.0


@contextmanager
def served(*kinds: str) -> Iterator[dict[str, list[str]]]:
    """Processes of these kinds with their metrics, as targets."""
    ports = {kind: free_port() for kind in kinds}
    started = [subprocess.Popen([sys.executable, "-c", SERVER, kind, str(port)]) for kind, port in ports.items()]
    try:
        yield {kind: [f"127.0.0.1:{port}"] for kind, port in ports.items()}
    finally:
        for process in started:
            process.terminate()
            process.wait()


def ask(url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"null")


def query(ops: Ops, expr: str) -> dict[tuple[tuple[str, str], ...], float]:
    """The samples, by their labels."""
    result = ask(f"{ops.prometheus}/api/v1/query?query={quote(expr)}")["data"]["result"]
    return {tuple(sorted(one["metric"].items())): float(one["value"][1]) for one in result}


def alerts(url: str) -> dict[str, Any]:
    """What Alertmanager has, by name."""
    return {one["labels"]["alertname"]: one for one in ask(f"{url}/api/v2/alerts")}


def until(true: Callable[[], Any]) -> Any:
    """What it returns once that is something."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := true()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return value


def test_numbers_become_ratios_and_an_alert_on_the_way_to_people(tmp_path: Path) -> None:
    """Scraped by the real Prometheus: up, recorded (709/1010 of two desks), fired, and at the receiver that gets up."""
    with served("targets", "tell") as targets, Ops(tmp_path, targets, every_s=1) as ops:
        assert until(lambda: len(found := query(ops, "up == 1")) == 2 and found)
        assert {dict(labels)["process"] for labels in query(ops, "up")} == {"targets", "tell"}
        assert until(lambda: query(ops, 'city:paidan_target_cases:ratio{window="month"}')) == {
            (("__name__", "city:paidan_target_cases:ratio"), ("stream", "all"), ("window", "month")): 709 / 1010
        }
        rules = ask(f"{ops.prometheus}/api/v1/rules")["data"]["groups"]
        assert [] == [rule["lastError"] for group in rules for rule in group["rules"] if rule.get("lastError")]
        alert = until(lambda: alerts(ops.alertmanager).get("UrgentCaseUnacknowledged"))
        assert [{"name": "on-call"}] == alert["receivers"]
        assert ("page", "0", "offered", "tell") == tuple(
            alert["labels"][label] for label in ("severity", "priority", "status", "process")
        )
        assert alert["annotations"]["description"] == "The oldest was registered 11m 40s ago."
        assert "优先级 0" in alert["annotations"]["summary_zh"]
        assert until(lambda: query(ops, 'ALERTS{alertname="TasksBelow80", alertstate="pending"}'))  # it has an hour
        assert "TasksBelow80" not in alerts(ops.alertmanager)


def test_a_process_that_comes_later_is_found_without_a_restart(tmp_path: Path) -> None:
    """The file of targets is read again; who is gone is down, not forgotten."""
    with served("replies") as first, Ops(tmp_path, first, every_s=1) as ops:
        until(lambda: len(query(ops, "up == 1")) == 1)
        with served("notify") as more:
            ops.ask({**first, **more})
            until(lambda: len(query(ops, "up == 1")) == 2)
        until(lambda: query(ops, 'up{process="notify"} == 0'))


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An Alertmanager with the city's routes, and nothing that fires by itself."""
    with Ops(tmp_path_factory.mktemp("ops"), {}) as ops:
        yield ops.alertmanager


def fire(url: str, **labels: str) -> None:
    until_ = (dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10)).isoformat()
    ask(f"{url}/api/v2/alerts", [{"labels": labels, "endsAt": until_}])


def test_what_holds_for_months_is_acknowledged_for_a_time(alertmanager: str) -> None:
    """Scenario 29: a silence must have an end, and when it has ended the alert is there again."""
    name = "AuxiliariesOutnumberOfficers"
    fire(alertmanager, alertname=name, severity="info", process="targets")
    alert = until(lambda: alerts(alertmanager).get(name))
    assert ("active", [{"name": "office"}]) == (alert["status"]["state"], alert["receivers"])
    now = dt.datetime.now(dt.UTC)
    silence = {
        "matchers": [{"name": "alertname", "value": name, "isRegex": False, "isEqual": True}],
        "startsAt": now.isoformat(),
        "createdBy": "chief",
        "comment": "recruitment until autumn",
    }
    with pytest.raises(urllib.error.HTTPError, match="422"):
        ask(f"{alertmanager}/api/v2/silences", silence)
    silence["endsAt"] = (now + dt.timedelta(days=90)).isoformat()
    silence["id"] = ask(f"{alertmanager}/api/v2/silences", silence)["silenceID"]
    assert until(lambda: alerts(alertmanager)[name]["status"]["state"] == "suppressed")
    # Not after 90 days but now, for the test's sake.
    silence["endsAt"] = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)).isoformat()
    ask(f"{alertmanager}/api/v2/silences", silence)
    assert until(lambda: alerts(alertmanager)[name]["status"]["state"] == "active")


def suppressed(url: str) -> set[tuple[str, str]]:
    """Alerts that are held back by another, with one more label."""
    found = ask(f"{url}/api/v2/alerts")
    held = [one["labels"] for one in found if one["status"]["inhibitedBy"]]
    return {(labels["alertname"], labels.get("process") or labels.get("window", "")) for labels in held}


def test_a_consequence_is_held_back(alertmanager: str) -> None:
    """No desk is up: what else is made of its numbers is no news; what is made of others' is."""
    fire(alertmanager, alertname="NoIntake", process="desk", severity="page", topic="complaints")
    fire(alertmanager, alertname="ProcessDown", process="desk", severity="ticket", instance="x")
    fire(alertmanager, alertname="ProcessDown", process="tell", severity="ticket", instance="y")
    fire(alertmanager, alertname="TasksTrendBelow80", process="targets", severity="ticket")
    fire(alertmanager, alertname="TasksBelow80", process="targets", severity="ticket", window="year")
    until(lambda: len(alerts(alertmanager)) >= 4)
    assert suppressed(alertmanager) == set()
    fire(alertmanager, alertname="ServiceDown", process="desk", severity="page")
    wanted = {("NoIntake", "desk"), ("ProcessDown", "desk")}
    until(lambda: suppressed(alertmanager) == wanted)
    # That the year is below says nothing of this month's end; that the month is, says it.
    fire(alertmanager, alertname="TasksBelow80", process="targets", severity="ticket", window="month")
    until(lambda: suppressed(alertmanager) == wanted | {("TasksTrendBelow80", "targets")})


# -- the command -------------------------------------------------------------------------------------------------------


@contextmanager
def command(data: Path, *words: str, path: str = os.environ["PATH"]) -> Iterator[subprocess.Popen[str]]:
    """It runs; killed at the end, if it still does."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)} | {"PAIDAN_DATA": str(data), "PATH": path}
    ports = ("--port", "0", "--alerts-port", "0")
    with subprocess.Popen(
        [sys.executable, "-m", "streams.cli", "ops", *ports, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def started(process: subprocess.Popen[str]) -> dict[str, str]:
    """The addresses that it prints, once it runs."""
    assert process.stdout
    lines = [process.stdout.readline().split() for _ in range(2)]
    return {name: url.removesuffix("/alerts") for name, url, *_ in lines}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_all_that_it_started(tmp_path: Path, number: signal.Signals) -> None:
    """Exit 0, and no server is left."""
    with command(tmp_path, "--target", "desk=127.0.0.1:1") as process:
        assert set(started(process)) == {"Prometheus", "Alertmanager"}
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) == 2
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE_S)
        assert (0, "") == (process.returncode, said)
        assert not any(child.is_running() for child in children)


def test_a_server_that_dies_ends_it_with_its_last_words(tmp_path: Path) -> None:
    """A city without alarms should not look like one without faults."""
    with command(tmp_path, "--target", "desk=127.0.0.1:1") as process:
        port = started(process)["Alertmanager"].rsplit(":", 1)[1]
        children = psutil.Process(process.pid).children()
        (child,) = [c for c in children if any(f"127.0.0.1:{port}" in word for word in c.cmdline())]
        child.kill()
        _, said = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 1
        assert "alertmanager ended by itself" in said
        assert "Listening on" in said


def test_what_is_missing_is_named_with_its_package(tmp_path: Path) -> None:
    """Exit 1, and one line that says what to install; nothing was started."""
    with command(tmp_path, "--target", "desk=127.0.0.1:1", path=str(tmp_path)) as process:
        _, said = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 1
        assert "prometheus and alertmanager: not installed" in said
        assert "prometheus-alertmanager" in said
        assert not (tmp_path / "ops" / "prometheus").exists()


def test_without_a_run_it_says_so(tmp_path: Path) -> None:
    """Exit 2: a person's mistake."""
    with command(tmp_path) as process:
        _, said = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 2
        assert "nothing ran here" in said


def test_a_runs_processes_are_found_by_its_ports(tmp_path: Path) -> None:
    """Each kind as every run has it; a second desk only if it is there now, for the file remembers earlier runs."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        here, gone = listening.getsockname()[1], free_port()
        ports = {"kafka": 1, "redis": 2, "console": 3, "desk": 4, "desk-1": here, "desk-2": gone, "tell": 5}
        (tmp_path / "ports.json").write_text(json.dumps(ports))
        assert of_run(tmp_path) == {"desk": ["127.0.0.1:4", f"127.0.0.1:{here}"], "tell": ["127.0.0.1:5"]}


def test_a_second_desk_is_found_while_it_runs(tmp_path: Path) -> None:
    """Also after a moment in which the file is half written."""
    ports = tmp_path / "ports.json"
    ports.write_text(json.dumps({"desk": 1}))
    with command(tmp_path, "--every", "1") as process, socket.socket() as listening:
        url = started(process)["Prometheus"]

        def asked() -> set[str]:
            active = ask(f"{url}/api/v1/targets?state=active")["data"]["activeTargets"]
            return {target["labels"]["instance"] for target in active}

        until(lambda: asked() == {"127.0.0.1:1"})
        ports.write_text('{"desk": 1, "des')
        read = psutil.Process(process.pid).io_counters().read_count
        until(lambda: psutil.Process(process.pid).io_counters().read_count > read + 2)  # it has looked at the half
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        ports.write_text(json.dumps({"desk": 1, "desk-1": port}))
        until(lambda: asked() == {"127.0.0.1:1", f"127.0.0.1:{port}"})
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0


def test_a_person_names_processes() -> None:
    """Several of a kind; a kind that does not exist is a mistake."""
    words = ("desk=10.0.0.1:9101", "desk=10.0.0.2:9101", "targets=kafka-1.city:9100")
    assert named(words) == {"desk": ["10.0.0.1:9101", "10.0.0.2:9101"], "targets": ["kafka-1.city:9100"]}
    for wrong in ("desks=127.0.0.1:1", "desk", "desk=127.0.0.1", "desk=:1"):
        with pytest.raises(UserError):
            named([wrong])


def test_two_on_the_same_data_would_spoil_them(tmp_path: Path) -> None:
    """The second one says so, and the first goes on."""
    with Ops(tmp_path, {}) as first:
        with pytest.raises(LocalError, match="another one runs"), Ops(tmp_path, {}):
            pass
        assert query(first, "vector(1)") == {(): 1.0}
