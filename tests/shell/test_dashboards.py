"""The dashboards as files: made by the code, about metrics that exist, summed as they may be, in two languages."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import Any, NamedTuple

import promql_parser as promql
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client import Counter, Gauge, Histogram, ProcessCollector

from deploy.grafana.board import DEN, NUM, RATIO, WIDTH
from deploy.grafana.make_dashboards import BOARDS, FOLDER, files
from streams.metrics import FAMILIES, Family
from streams.topics import ROOT

# What Prometheus itself adds to every series (deploy/prometheus/prometheus.yml), and what `rows_of` makes.
SCRAPED = {"process", "instance", "job"}
MADE = {"name"}
OURS = {
    f.metric._name + suffix: f
    for f in FAMILIES.values()
    for suffix in {Counter: ("_total",), Gauge: ("",), Histogram: ("_bucket", "_sum", "_count")}[type(f.metric)]
}
OTHERS = {"up", *(s.name for f in ProcessCollector(registry=None).collect() for s in f.samples)}
# Labels whose values are not parts of one whole: the sum over them is no number.
APART = {"part", "window", "reading", "of", "indicator"}
# Rare events are shown as they stand: what happened before the first scrape would be no growth.
SINCE_THE_START = {
    "paidan_dead_letters_total",
    "paidan_letter_gaps_total",
    "paidan_void_records_total",
    "paidan_redis_rebuilds_total",
    "paidan_recovery_seconds_bucket",
    "paidan_recovery_seconds_count",
}
REGEX = (promql.MatchOp.Re, promql.MatchOp.NotRe)
RANGES = {"$__rate_interval": dt.timedelta(minutes=7), "$__range": dt.timedelta(minutes=11)}


class Asked(NamedTuple):
    """A query of a panel, with what it was parsed to."""

    panel: dict[str, Any]
    expr: str
    name: str
    parsed: promql.Expr


def panels() -> list[dict[str, Any]]:
    return [p for b in boards() for p in b["panels"] if p["type"] != "row"]


def boards() -> list[dict[str, Any]]:
    return [json.loads(text) for text in files().values()]


def parsed(expr: str) -> promql.Expr:
    for variable, value in RANGES.items():
        expr = expr.replace(variable, promql.display_duration(value))
    return promql.parse(expr)


@cache
def asked() -> list[Asked]:
    """Every query of every panel, and of the variables of texts. ValueError: one is no PromQL."""
    return list(_asked())


def _asked() -> Iterator[Asked]:
    for panel in panels():
        for target in panel.get("targets", ()):
            yield Asked(panel, target["expr"], target.get("legendFormat", ""), parsed(target["expr"]))
    for one in boards():
        for variable in one["templating"]["list"]:
            if made := re.fullmatch(r"query_result\((.*)\)", variable["query"]):
                yield Asked({"title": variable["name"]}, made[1], "", parsed(made[1]))


def found(within: promql.Expr, kind: type[Any]) -> list[Any]:
    """The nodes of this kind."""
    nodes: list[Any] = []

    def visit(node: promql.Expr) -> None:
        if isinstance(node, kind):
            nodes.append(node)

    promql.walk(within, visit)
    return nodes


def labels(name: str) -> set[str]:
    """The labels that a series of this name has."""
    own = set(OURS[name].labels) if name in OURS else set()
    return own | SCRAPED | ({"le"} if name.endswith("_bucket") else set())


def values(family: Family[Any], label: str, selector: promql.VectorSelector) -> set[str]:
    """What a selector lets through of a label's closed set."""
    left = set(family.labels[label])
    for m in selector.matchers.matchers:
        if m.name == label:
            hit = {v for v in left if re.fullmatch(m.value, v)} if m.op in REGEX else {v for v in left if v == m.value}
            left = hit if m.op in (promql.MatchOp.Equal, promql.MatchOp.Re) else left - hit
    return left


def test_the_files_are_what_the_code_makes() -> None:
    """Who changes deploy/grafana runs `python -m deploy.grafana.make_dashboards`; no file is left over."""
    assert {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()} == files()
    assert len(files()) == len(BOARDS) == 3


def test_grafanas_own_types_read_them() -> None:
    """What is written comes back from the SDK's types unchanged: no field is misspelt or of another type."""
    for text in files().values():
        assert json.loads(json.dumps(Dashboard.from_json(json.loads(text)), cls=JSONEncoder)) == json.loads(text)


def test_every_query_is_about_metrics_that_exist() -> None:
    """Names, labels and their values are those of streams/metrics.py; also those that are summed by or matched."""
    for one in asked():
        selectors = found(one.parsed, promql.VectorSelector)
        assert selectors, one.expr
        for selector in selectors:
            assert selector.name in OURS or selector.name in OTHERS, one.expr
            for m in selector.matchers.matchers:
                assert m.name in labels(selector.name), one.expr
                if m.name not in SCRAPED:
                    wanted = m.value.split("|") if m.op in REGEX else [m.value]
                    assert set(wanted) <= set(OURS[selector.name].labels[m.name]), one.expr
        for sum_ in found(one.parsed, promql.AggregateExpr):
            by = set(sum_.modifier.labels) if sum_.modifier else set()
            for selector in found(sum_, promql.VectorSelector):
                assert by <= labels(selector.name), one.expr
        known = set().union(*(labels(s.name) for s in selectors)) | MADE
        assert set(re.findall(r"{{(\w+)}}", one.name)) <= known, one.name


def test_every_metric_is_on_a_dashboard() -> None:
    """What is measured and never looked at is measured for nobody."""
    shown = {s.name for one in asked() for s in found(one.parsed, promql.VectorSelector)}
    assert {f.metric._name for name, f in OURS.items() if name in shown} == {f.metric._name for f in OURS.values()}


def test_nothing_is_summed_that_is_no_whole() -> None:
    """Pitfall 1 of domain.md §2.5: no means; `all` is a union; shares, windows and readings are not added up."""
    for one in asked():
        for call in found(one.parsed, promql.Call):
            assert call.func.name in {
                "floor",
                "rate",
                "increase",
                "histogram_quantile",
                "label_replace",
                "time",
                "vector",
            }
        for sum_ in found(one.parsed, promql.AggregateExpr):
            assert str(sum_.op) in {"sum", "max", "min", "count"}, one.expr
            kept = set(sum_.modifier.labels) if sum_.modifier else set()
            for selector in found(sum_, promql.VectorSelector):
                family = OURS.get(selector.name)
                for label in family.labels if family and str(sum_.op) == "sum" else ():
                    mixed = values(family, label, selector)
                    if label in APART or "all" in mixed:
                        assert label in kept or len(mixed) == 1, one.expr


def test_counters_are_asked_for_growth_and_gauges_are_not() -> None:
    """Over windows that fit the scrape interval or are what is shown; rare events since the start. The buckets of a
    histogram are summed with their bounds."""
    for one in asked():
        growing = set()
        for call in found(one.parsed, promql.Call):
            for ranged in found(call, promql.MatrixSelector):
                assert ranged.range in RANGES.values(), one.expr
                name = ranged.vector_selector.name
                growing.add(name)
                assert name in OTHERS or not isinstance(OURS[name].metric, Gauge), one.expr
            if call.func.name == "histogram_quantile":
                assert "le" in call.args[1].modifier.labels, one.expr
        for selector in found(one.parsed, promql.VectorSelector):
            counts = selector.name in OURS and not isinstance(OURS[selector.name].metric, Gauge)
            if counts and selector.name not in growing:
                assert selector.name in SINCE_THE_START, one.expr


def test_a_ratio_stands_beside_its_parts() -> None:
    """Pitfall 11: where a share is shown as it is now, numerator and denominator are shown with it; and it is cut."""
    shares = 0
    for panel in panels():
        legends = {t.get("legendFormat") for t in panel.get("targets", ())}
        columns = {c for t in panel["transformations"] for c in t["options"].get("renameByName", {}).values()}
        names = (legends | columns) - {None}
        divided = [t["expr"] for t in panel.get("targets", ()) if found(parsed(t["expr"]), promql.BinaryExpr)]
        for expr in divided:
            if "/" in expr.replace("/ 100", "") and panel["type"] != "timeseries":
                assert RATIO in names, panel["title"]
                assert len(names - {RATIO}) >= 2, panel["title"]
                assert {NUM, DEN} <= names or "辅助" in panel["title"], panel["title"]
                assert "floor(1000 * (" in expr, panel["title"]
                shares += 1
    assert shares >= 12


def test_every_panel_says_what_it_is() -> None:
    """A title and a description in both languages, a unit, and what to show where there is nothing."""
    for panel in panels():
        assert re.search(r"[一-鿿]", panel["title"]), panel["title"]
        assert re.search(r"[A-Za-z]{2}", panel["title"]), panel["title"]
        zh, en = panel["description"].split("\n\n")
        assert re.search(r"[一-鿿].*。$", zh), panel["title"]
        assert re.search(r"^[^一-鿿]+\.$", en), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert "无数据" in panel["fieldConfig"]["defaults"]["noValue"], panel["title"]


def test_no_two_panels_overlap() -> None:
    """On a grid of 24 columns; and no number is used twice."""
    for one in boards():
        ids = [p["id"] for p in one["panels"]]
        assert len(set(ids)) == len(ids)
        places = [(p["title"], p["gridPos"]) for p in one["panels"]]
        assert all(at["x"] >= 0 and at["x"] + at["w"] <= WIDTH for _, at in places)
        for (a, at), (b, bt) in combinations(places, 2):
            apart = at["x"] + at["w"] <= bt["x"] or bt["x"] + bt["w"] <= at["x"]
            above = at["y"] + at["h"] <= bt["y"] or bt["y"] + bt["h"] <= at["y"]
            assert apart or above, (one["title"], a, b)


def test_every_value_that_is_put_into_words_has_one() -> None:
    """A panel that has words for some values of a label has them for all that it can show."""
    worded = 0
    for one in asked():
        overrides = one.panel.get("fieldConfig", {}).get("overrides", ())
        names = {o["matcher"]["options"] for o in overrides if o["properties"][0]["id"] == "displayName"}
        label = one.name.strip("{}") if re.fullmatch(r"{{\w+}}", one.name) else ""
        for change in one.panel.get("transformations", ()):
            for code, head in change["options"].get("renameByName", {}).items():
                for o in overrides:
                    if o["matcher"]["options"] == head and o["properties"][0]["id"] == "mappings":
                        label, names = code, set(o["properties"][0]["value"][0]["options"])
        if names and label:
            for selector in found(one.parsed, promql.VectorSelector):
                assert values(OURS[selector.name], label, selector) <= names, one.expr
                worded += 1
    assert worded >= 20


def test_a_table_has_the_columns_that_it_names() -> None:
    """Two queries or more, for of one alone Grafana calls the column otherwise; each has its name."""
    tables = [p for p in panels() if p["type"] == "table"]
    assert tables
    for panel in tables:
        columns = panel["transformations"][1]["options"]["renameByName"]
        assert len(panel["targets"]) >= 2, panel["title"]
        assert {f"Value #{t['refId']}" for t in panel["targets"]} == {c for c in columns if c.startswith("Value")}
        (label,) = (c for c in columns if not c.startswith("Value"))
        for target in panel["targets"]:
            query = parsed(target["expr"])
            by = {name for sum_ in found(query, promql.AggregateExpr) if sum_.modifier for name in sum_.modifier.labels}
            made = {c.args[1].val for c in found(query, promql.Call) if c.func.name == "label_replace"}
            assert label in by | made, panel["title"]


def test_grafana_finds_them() -> None:
    """Provisioning: the data source has the interval and the name of the job of Prometheus' own configuration."""
    there = ROOT / "deploy" / "grafana" / "provisioning"
    (source,) = yaml.safe_load((there / "datasources" / "prometheus.yaml").read_text("utf-8"))["datasources"]
    asks = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text("utf-8"))
    assert source["type"] == "prometheus"
    assert source["jsonData"]["timeInterval"] == asks["global"]["scrape_interval"]
    assert [job["job_name"] for job in asks["scrape_configs"]] == ["paidan"]
    (provider,) = yaml.safe_load((there / "dashboards" / "paidan.yaml").read_text("utf-8"))["providers"]
    assert provider["type"] == "file"
