"""`paidan run` as a person starts it: everything real, in an empty directory."""

import re
import signal
import time
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from streams import metrics
from streams.clock import Clock
from streams.ops import of_run
from tests.support_run import Run, left, names

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """An empty directory; whatever a failed test left running on it is ended."""
    yield tmp_path / "data"
    for process in left(tmp_path):
        process.kill()


def scrape(address: str) -> None:
    """What a process tells Prometheus is what the one list says of its kind: the metrics, their labels, their sets;
    few series, in less than a megabyte."""
    with urllib.request.urlopen(f"http://{address}/metrics") as answer:
        text = answer.read()
    assert len(text) < 1_000_000
    said = {family.name: family for family in text_string_to_metric_families(text.decode())}
    samples = [sample for family in said.values() for sample in family.samples]
    assert len(samples) <= 3_000
    (kind,) = [k for k in metrics.PROCESSES if {f.metric._name for f in metrics.told_by(k)} == ours(said)]
    for family in metrics.told_by(kind):
        for sample in said[family.metric._name].samples:
            for label, value in sample.labels.items():
                if label == "le":
                    continue
                known = family.labels[label]
                # A pack's own names are declared in that process, not here: like names they must look.
                assert re.fullmatch(r"[\w.-]*", value) if isinstance(known, metrics.Names) else value in known


def ours(said: Iterable[str]) -> set[str]:
    return {name for name in said if name.startswith("paidan_")}


def test_it_lives_ends_dies_and_goes_on(data: Path) -> None:
    """A run ends by itself with a summary as its last line; one that is killed with -9 leaves nothing running either;
    and each next one goes on from where the log stands. (One story: every start costs seconds.)"""
    first = Run(data, "--for", "25")
    assert first.ended() == 0, first.text
    assert names(left(data)) == []
    told = first.last_line()
    assert told["assigned"] > 0
    assert told["accepted"] > 0
    assert told["filed"] >= told["registered"] > 0
    assert told["dead_letters"] == 0
    assert sum(told["restarts"].values()) == 0
    assert told["offered_ms_p50"] is not None
    stopped_at = Clock.read(data / "clock.json").now()

    killed = Run(data)
    killed.until("starting kafka")
    beside = Run(data)
    assert beside.ended(20) == 1
    assert beside.text == f"paidan: another `paidan run` uses {data}\n"
    killed.until("accepted [1-9]")
    segments = msgspec.json.decode((data / "clock.json").read_bytes())["segments"]
    assert segments[1]["business"] == stopped_at
    killed.process.kill()
    killed.process.wait()
    deadline = time.monotonic() + 10
    while left(data) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert names(left(data)) == []

    last = Run(data, "--for", "8")
    assert last.ended() == 0, last.text
    again = last.last_line()
    # More than: the killed run decided too, and while one ends its desk decides what is on its way.
    assert again["total"]["registered"] > told["total"]["registered"] + again["registered"]
    assert again["total"]["filed"] > told["total"]["filed"] + again["filed"]


def test_what_dies_is_started_again_and_ctrl_c_ends_all(data: Path) -> None:
    """Killed workers, people and Redis come back and are counted; SIGINT then ends everything cleanly, in order."""
    run = Run(data)
    run.until("accepted [1-9]")
    scraped = {kind: scrape(address) for kind, (address, *_) in of_run(data).items()}
    assert set(scraped) == set(metrics.PROCESSES)
    alive = {" ".join(p.cmdline()): p for p in run.family()}
    for word in (" desk", " tell", " simulate", "redis-server"):
        (victim,) = [p for words, p in alive.items() if word in words]
        victim.kill()
    run.until("restarts 4")
    assigned = run.assigned()
    while run.assigned() <= assigned:
        run.until(f"assigned {assigned}", 30)  # fails when the run ends
        time.sleep(1)
    run.process.send_signal(signal.SIGINT)
    assert run.ended(30) == 0, run.text
    assert names(left(data)) == []
    assert "Traceback" not in run.text
    clock = msgspec.json.decode((data / "clock.json").read_bytes())
    assert clock["segments"][-1]["wall_end"] is not None


def test_all_is_renewed_while_it_runs(data: Path) -> None:
    """SIGUSR2: every process of the city is another one, none has died, and it goes on; so an upgrade has no outage."""
    run = Run(data, "--workers", "2")
    run.until("accepted [1-9]")
    before = run.family()
    run.renew()
    after = run.family()
    assert len({p.pid for p in after} - {p.pid for p in before}) == 8
    assigned = run.assigned()
    run.until(f"assigned (?!{assigned}\\b)", 60)
    run.process.send_signal(signal.SIGINT)
    assert run.ended(30) == 0, run.text
    assert names(left(data)) == []
    assert "Traceback" not in run.text
