"""The one list of metrics: names by the rules, labels from closed sets, few series."""

import re
from pathlib import Path

import pytest
from prometheus_client import Counter, Gauge, Histogram

from dispatchers import refusals, targets
from streams import lag, metrics
from streams.metrics import FAMILIES, OTHER
from tests.core.test_explain import written

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("variable", FAMILIES)
def test_names_are_what_prometheus_asks(variable: str) -> None:
    """Prefix, lower case, base units, `_total` on counters alone, and called in the code as it is called outside."""
    family = FAMILIES[variable]
    name = family.metric._name + ("_total" if isinstance(family.metric, Counter) else "")
    assert re.fullmatch(r"paidan_[a-z0-9]+(_[a-z0-9]+)*", name)
    assert not re.search(r"_(ms|milliseconds|minutes|hours|kb|percent|count|sum|bucket)(_|$)", name)
    assert not isinstance(family.metric, Gauge | Histogram) or not name.endswith("_total")
    assert not isinstance(family.metric, Histogram) or name.endswith("_seconds")
    assert variable.split("_")[0] in name
    assert family.metric._documentation
    assert all(re.fullmatch(r"[a-z]+", label) for label in family.labels)


@pytest.mark.parametrize("variable", FAMILIES)
def test_every_metric_is_explained(variable: str) -> None:
    """A comment stands above each: what is counted, in which unit."""
    lines = (ROOT / "streams/metrics.py").read_text("utf-8").splitlines()
    number = next(i for i, line in enumerate(lines) if line.startswith(f"{variable} = "))
    assert lines[number - 1].startswith("# ")


@pytest.mark.parametrize("process", metrics.PROCESSES)
def test_there_are_at_most_3000_series(process: metrics.Process) -> None:
    """Every label combination of every metric, buckets included, strangers included, of each kind of process."""
    total = 0
    for family in metrics.told_by(process):
        buckets = len(family.metric._upper_bounds) + 2 if isinstance(family.metric, Histogram) else 1
        total += family.most_series * buckets
    assert total <= 3000
    collected = metrics.REGISTRIES[process].collect()
    assert not [s for f in collected for s in f.samples if s.name.endswith("_created")]


def test_a_value_outside_its_set_is_other() -> None:
    """A telephone number as a label becomes "other", and a million of them no more than that."""
    before = metrics.orders_refused.of(OTHER)._value.get()
    for number in range(1000):
        metrics.orders_refused.of(f"13800{number}").inc()
    assert before + 1000 == metrics.orders_refused.of(OTHER)._value.get()
    assert not [v for v in metrics.orders_refused.series() if v[0].startswith("138")]


def test_the_number_of_desks_is_bounded() -> None:
    """A pack with a thousand desks declares no more names than there is room for; one said twice takes one place."""
    names = metrics.Names(3)
    names.declare(f"desk-{n}" for n in range(1000))
    assert ["desk-0", "desk-1", "desk-10"] == list(names)
    names = metrics.Names(3)
    names.declare(["a", "a", "a", "a", "b"])
    names.declare(["a", "b", "c", "d"])
    assert ["a", "b", "c"] == list(names)


def test_every_reason_of_a_refusal_is_used() -> None:
    """The labels are the reasons that the rules may refuse for (mypy sees to that), and no reason is there in vain."""
    rules = "".join(p.read_text("utf-8") for p in (ROOT / "dispatchers").glob("*.py") if p.name != "refusals.py")
    assert metrics.REFUSALS == refusals.REFUSALS
    assert [] == [reason for reason in refusals.REFUSALS if f'"{reason}"' not in rules]


def test_what_the_rules_write_is_in_the_sets() -> None:
    """Reasons and causes that the rules themselves give, read from their source. (They are followed a little too far:
    "as proposed" is the reason of an assignment.)"""
    assert written("AssignmentReturned", "reason") - {"as proposed"} <= {*metrics.RETURN_REASONS}
    assert "not_theirs" in written("AssignmentReturned", "reason")
    assert written("CaseEscalated", "cause") <= {*metrics.CAUSES_UP}
    assert written("DeadlineMissed", "name") <= {*metrics.MISSED}


def test_label_sets_agree_with_what_they_are_of() -> None:
    """Streams and windows are those of the rules, groups and topics those whose lag is measured."""
    assert (targets.STREAMS, targets.WINDOWS) == (metrics.TARGET_STREAMS, metrics.TARGET_WINDOWS)
    assert {*targets.ASIDES, "residual"} == {*metrics.TARGET_ASIDES}
    assert {*metrics.TARGET_READINGS} - {"headline"} < {*targets.Force._fields}
    assert set(lag.GROUPS) <= set(metrics.GROUPS)
    assert {t for topics in lag.GROUPS.values() for t in topics} == {*metrics.INBOXES, "desk-log"}


def test_what_left_is_not_scraped() -> None:
    """Series that were dropped are gone from the registry, and may come again."""
    metrics.DESKS.declare(["somewhere"])
    metrics.cases.of("somewhere", "offered").set(3)
    metrics.cases.drop("somewhere")
    said = [s for f in metrics.REGISTRIES["tell"].collect() for s in f.samples if s.labels.get("desk") == "somewhere"]
    assert said == []
    metrics.cases.of("somewhere", "offered").set(1)
    assert metrics.cases.of("somewhere", "offered")._value.get() == 1
