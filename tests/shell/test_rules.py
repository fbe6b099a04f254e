"""Rules, alerts, runbook and routes as files: Prometheus' own tools find no fault, and nothing in them is made up."""

import re
import subprocess
from collections.abc import Collection, Iterator
from typing import Any

import promql_parser as promql
import pytest
import yaml
from cyclopts import App
from prometheus_client import Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.utils import floatToGoString

from streams import metrics, ops
from streams.cli import app
from streams.gateway import access

FOLDER = ops.CONFIG
RULE_FILES = sorted((FOLDER / "rules").glob("*.yaml"))
TEST_FILES = sorted((FOLDER / "tests").glob("*.yaml"))
RUNBOOK = (FOLDER / "RUNBOOK.md").read_text("utf-8")
SUFFIXES = {Counter: ("_total",), Gauge: ("",), Histogram: ("_bucket", "_sum", "_count")}
OURS = {f.metric._name + s: f for f in metrics.FAMILIES.values() for s in SUFFIXES[type(f.metric)]}
OTHERS = {"up", *(s.name for f in ProcessCollector(registry=None).collect() for s in f.samples)}
SCRAPED = {"job": {"paidan"}, "process": set(metrics.PROCESSES), "instance": None}  # None: anything
OPEN = {"desk"}  # closed by each city's pack


def read(path: Any) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


GROUPS = [group for path in RULE_FILES for group in read(path)["groups"]]
RULES = [rule for group in GROUPS for rule in group["rules"]]
RECORDED = {rule["record"]: rule for rule in RULES if "record" in rule}
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
TESTS = [test for path in TEST_FILES for test in read(path)["tests"]]


def found(expr: str, kind: type[Any]) -> list[Any]:
    """The nodes of this kind."""
    nodes: list[Any] = []
    promql.walk(promql.parse(expr), lambda node: nodes.append(node) if isinstance(node, kind) else None)
    return nodes


def labels(name: str) -> dict[str, Collection[str] | None]:
    """The labels that series of this name may have, with their values; None: anything. KeyError: no such metric."""
    if name in RECORDED:
        parts = [labels(s.name) for s in found(RECORDED[name]["expr"], promql.VectorSelector)]
        return {label: known for part in parts for label, known in part.items()}
    if name in OTHERS:
        return dict(SCRAPED)
    family = OURS[name]
    own: dict[str, Collection[str] | None] = {n: None if n in OPEN else known for n, known in family.labels.items()}
    if name == "paidan_http_requests_total":
        own["what"] = access.CAPABILITIES
    if name.endswith("_bucket"):
        own["le"] = {floatToGoString(bound) for bound in family.metric._upper_bounds}
    return own | SCRAPED


def made_up(expr: str) -> Iterator[str]:
    """Metrics, labels and their values in an expression that nobody tells."""
    for selector in found(expr, promql.VectorSelector):
        try:
            known = labels(selector.name)
        except KeyError:
            yield selector.name
            continue
        for m in selector.matchers.matchers:
            words = m.value.split("|") if m.op in (promql.MatchOp.Re, promql.MatchOp.NotRe) else [m.value]
            values = known.get(m.name, ())
            yield from (f"{selector.name}{{{m.name}={w}}}" for w in words if values is not None and w not in values)
    for sum_ in found(expr, promql.AggregateExpr):
        by = set(sum_.modifier.labels) if sum_.modifier else set()
        for selector in found(str(sum_), promql.VectorSelector):
            yield from (f"{selector.name} by {label}" for label in by - set(labels(selector.name)))


def run(*words: str) -> None:
    done = subprocess.run(words, cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# -- Prometheus' and Alertmanager's own tools --------------------------------------------------------------------------


def test_promtool_finds_no_fault_in_the_configuration() -> None:
    """Syntax, references and lint of the version that Debian 12 has."""
    run("promtool", "check", "config", "prometheus.yml")
    run("promtool", "check", "rules", "--lint=all", "--lint-fatal", *map(str, RULE_FILES))


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.name)
def test_the_rules_do_what_their_tests_say(path: Any) -> None:
    """Prometheus' own engine on invented series, one file a time."""
    run("promtool", "test", "rules", str(path))


def test_amtool_finds_no_fault_in_the_routes() -> None:
    """And each severity goes where it should."""
    run("amtool", "check-config", "alertmanager.yml")
    for receiver, told in (
        ("on-call", ["severity=page"]),
        ("office", ["severity=ticket"]),
        ("office", ["severity=info", "alertname=AuxiliariesOutnumberOfficers"]),
        ("log", ["severity=info", "alertname=TargetRestated"]),
    ):
        words = ["amtool", "config", "routes", "test", "--config.file=alertmanager.yml"]
        run(*words, f"--verify.receivers={receiver}", *told)


# -- against the list of metrics ---------------------------------------------------------------------------------------


def test_every_expression_is_about_what_is_told() -> None:
    """Names, labels and label values of rules and of the runbook's commands are those of streams/metrics.py."""
    asked = re.findall(r"`ask '([^']+)'", RUNBOOK) + re.findall(r"`ask (\w[^'`\s]*)`", RUNBOOK)
    asked += re.findall(r"\$PROM '([^']+)'", RUNBOOK)
    assert len(asked) > len(ALERTS)
    for expr in [rule["expr"] for rule in RULES] + asked:
        assert [] == list(made_up(expr)), expr


def test_every_test_is_about_what_is_told() -> None:
    """A rule that is tested with series which nobody makes is not tested."""
    for test in TESTS:
        for one in test["input_series"]:
            assert [] == list(made_up(one["series"])), one["series"]


def test_what_is_made_up_is_found() -> None:
    """The check itself sees a wrong name, label, value, bucket and sum."""
    for expr in (
        "paidan_target_case",
        "paidan_offer_latency_seconds",
        'paidan_target_cases{county="a"}',
        'paidan_target_cases{window="mtd"}',
        'paidan_offer_latency_seconds_bucket{le="1"}',
        'city:paidan_target_cases:ratio{window=~"month|mtd"}',
        "sum by (city) (paidan_target_cases)",
        'up{process="targts"}',
    ):
        assert list(made_up(expr)), expr
    assert [] == list(made_up('sum by (desk) (paidan_target_cases{desk="whoever"})'))


def test_a_recording_says_level_metric_operation() -> None:
    """And no name is taken twice; a sum of tasks keeps stream and window apart (`all` is a union)."""
    assert len([r for r in RULES if "record" in r]) == len(RECORDED)
    levels = {"city", "desk", "platform", "group", "topic"}
    for name, rule in RECORDED.items():
        level, metric, operation = name.split(":")
        assert level in levels, name
        assert operation, name
        assert metric.startswith("paidan_"), name
        for sum_ in found(rule["expr"], promql.AggregateExpr):
            if str(sum_.op) == "avg":
                pytest.fail(f"{name}: a mean of ratios (pitfall 1)")


# -- alerts ------------------------------------------------------------------------------------------------------------


def test_each_alert_speaks_to_people_in_both_languages() -> None:
    """With a severity, the process whose numbers it is made of, and the section of the runbook."""
    for name, rule in ALERTS.items():
        own, said = rule["labels"], rule["annotations"]
        assert own["severity"] in {"page", "ticket", "info"}, name
        if "process" in own:
            assert own["process"] in metrics.PROCESSES, name
        else:  # then it is in the series
            for selector in found(rule["expr"], promql.VectorSelector):
                assert ("job", "paidan") in {(m.name, m.value) for m in selector.matchers.matchers}, name
        assert set(said) == {"summary", "summary_zh", "description", "description_zh", "runbook_url"}, name
        for text in (said["summary_zh"], said["description_zh"]):
            assert re.search(r"[一-鿿]", text), name
        assert said["runbook_url"] == f"RUNBOOK.md#{name.lower()}", name


def test_each_alert_has_a_test_in_which_it_fires_and_one_in_which_it_stays_quiet() -> None:
    """As promtool asks them: ALERTS with and without samples, or alert_rule_test."""
    fires, quiet = set(), set()
    for test in TESTS:
        for one in test.get("alert_rule_test", ()):
            (fires if one["exp_alerts"] else quiet).add(one["alertname"])
        for one in test.get("promql_expr_test", ()):
            for selector in found(one["expr"], promql.VectorSelector):
                if selector.name == "ALERTS":
                    wanted = {m.name: m.value for m in selector.matchers.matchers}
                    names = {name for name in ALERTS if re.fullmatch(wanted["alertname"], name)}
                    assert names, one["expr"]
                    if one["exp_samples"]:
                        assert wanted["alertstate"] == "firing", one["expr"]
                    (fires if one["exp_samples"] else quiet).update(names)
    assert set(ALERTS) == fires
    assert set(ALERTS) == quiet


def test_targets_have_no_burn_rate_and_promises_have_all_four() -> None:
    """With a budget of 20 % nothing burns faster than 5; each promise has its pair of windows at 14.4, 6, 3 and 1."""
    promises: dict[str, str] = {}
    for rule in ALERTS.values():
        promise = rule["labels"].get("promise")
        if promise:
            promises[promise] = promises.get(promise, "") + rule["expr"]
        else:
            assert ":ratio_rate" not in rule["expr"]
    assert set(promises) == {"intake", "offer"}
    for expr in promises.values():
        compared = [(e.lhs.name, str(e.rhs)) for e in found(expr_of(expr), promql.BinaryExpr) if named(e)]
        windows = {(name.rsplit("rate", 1)[1], bound) for name, bound in compared}
        budget = "0.001" if "http" in expr else "0.01"
        for burn, pair in (("14.4", ("1h", "5m")), ("6", ("6h", "30m")), ("3", ("1d", "2h")), ("", ("3d", "6h"))):
            for window in pair:
                assert (window, f"{burn} * {budget}" if burn else budget) in windows, (window, windows)


def expr_of(joined: str) -> str:
    """Two alerts of one promise as one expression."""
    return joined.replace(")(", ") or (")


def named(node: Any) -> bool:
    return str(node.op) == ">" and isinstance(node.lhs, promql.VectorSelector)


# -- runbook and routes ------------------------------------------------------------------------------------------------


def test_the_runbook_has_a_section_for_each_alert_and_no_other() -> None:
    """In the order of the rules, each with what it means, why it matters, where to look, what to do, whom to call."""
    sections = re.split(r"^## ", RUNBOOK, flags=re.MULTILINE)[1:]
    assert list(ALERTS) == [section.split("\n", 1)[0] for section in sections]
    for section in sections:
        assert re.findall(r"^\*(\w+)\*:", section, re.MULTILINE) == ["Means", "Matters", "Look", "Do", "Escalate"]
    for anchor in re.findall(r"\]\(#(\w+)\)", RUNBOOK):
        assert anchor in {name.lower() for name in ALERTS}


def test_the_runbooks_commands_exist() -> None:
    """Words of `paidan`, and files of this repository."""
    commands = re.findall(r"\.venv/bin/paidan ([a-z-]+)(?: ([a-z][a-z-]+))?", RUNBOOK)
    assert len(commands) > 10
    for group, word in commands:
        there: App = app[group]
        if word and list(there)[2:]:  # a group of commands, beside --help and --version
            assert there[word], (group, word)


def test_routes_and_inhibitions_name_alerts_that_exist() -> None:
    """A renamed alert would silently lose its route, or its reason to be quiet."""
    config = read(FOLDER / "alertmanager.yml")
    rules = config["inhibit_rules"]
    matchers = [m for rule in rules for side in ("source_matchers", "target_matchers") for m in rule[side]]
    matchers += [m for route in config["route"]["routes"] for m in route["matchers"]]
    names = [found[1].split("|") for m in matchers if (found := re.match(r'alertname!?=~?"([^()]+)"$', m))]
    wider = [found[1] for m in matchers if (found := re.match(r'alertname=~"(.*\(.*)"$', m))]
    assert len(names) + len(wider) == len([m for m in matchers if m.startswith("alertname")])
    for name in (name for some in names for name in some):
        assert name in ALERTS
    for pattern in wider:
        for branch in re.split(r"\|(?![^(]*\))", pattern):
            assert any(re.fullmatch(branch, name) for name in ALERTS), branch


def test_what_is_told_once_is_remembered_for_longer() -> None:
    """Scenario 29: an alert that holds for months is told again after 30 days, and not when the memory of it ends."""
    config = read(FOLDER / "alertmanager.yml")
    (route,) = [r for r in config["route"]["routes"] if r["matchers"] == ['alertname="AuxiliariesOutnumberOfficers"']]
    assert 24 * int(route["repeat_interval"].removesuffix("d")) < int(ops.REMEMBERED.removesuffix("h"))
    assert f"--data.retention={ops.REMEMBERED}" in (FOLDER / "alertmanager.yml").read_text("utf-8")
    assert all({"url"} == set(hook) for r in config["receivers"] for hook in r["webhook_configs"])
    hooks = [hook["url"] for r in config["receivers"] for hook in r["webhook_configs"]]
    assert all(url.startswith("http://127.0.0.1:") for url in hooks)
