"""What the dashboards are built from: a few kinds of panels on the types of Grafana's own SDK.

1. A title is "中文 English", a description has a paragraph of each: Grafana has no switch of languages for a dashboard.
2. A ratio stands beside both its parts, is cut and not rounded (79.96 % is 79.9 %), and of nothing it is "no data":
   0/0 is NaN in PromQL, and a value mapping says what that means, so the number keeps its place on the screen.
   (Rejected: `den > 0`, as the rules have it: the ratio would vanish, and leave its parts to be read as the answer.)
3. Sums over processes are made here, means of ratios never: both parts are summed, then divided (domain.md §2.5).

The SDK's builders lay panels out from left to right, 24 columns wide; a test holds that no two overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from string import ascii_uppercase
from typing import Any, NamedTuple, TypeVar

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, table, text, timeseries
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.text import TextMode

from .words import NO_DATA, Names

SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
TARGET = 80.0  # percent: each of the three promises
WIDTH = 24  # columns of Grafana's grid
NUM, DEN, RATIO = "分子 num", "分母 den", "比率 ratio"
Panel = stat.Panel | bargauge.Panel | table.Panel | timeseries.Panel | text.Panel
P = TypeVar("P", stat.Panel, bargauge.Panel, table.Panel, timeseries.Panel, text.Panel)


class About(NamedTuple):
    """What a panel or a dashboard shows, in both languages, and the unit it counts in (Grafana's name)."""

    title: str  # "中文 English"
    zh: str
    en: str
    unit: str = "none"


class Query(NamedTuple):
    """A question to Prometheus, and what its answers are called: `{{label}}` is filled in; in a table, the column."""

    expr: str
    name: str


class Row(NamedTuple):
    """A headline and its panels, from left to right, then down."""

    title: str
    panels: Sequence[Panel]


def board(uid: str, about: About, rows: Iterable[Row], *, versions: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A dashboard as Grafana reads it. `versions`: variables for its texts: the label `version` of a query's series."""
    made = dashboard.Dashboard(about.title).uid(uid).description(f"{about.zh}\n\n{about.en}").tags(["paidan"])
    made = made.timezone("Asia/Shanghai").time("now-6h", "now").refresh("30s")  # all of China has one zone
    made = made.tooltip(models.DashboardCursorSync.CROSSHAIR).readonly()  # changed by hand, it is gone with a release
    others = dashboard.DashboardLink("派单 Paidan").type(models.DashboardLinkType.DASHBOARDS).tags(["paidan"])
    made = made.link(others.keep_time(True))
    made = made.with_variable(dashboard.DatasourceVariable("datasource").label("数据源 source").type("prometheus"))
    for name, expr in (versions or {}).items():
        one = dashboard.QueryVariable(name).datasource(SOURCE).query(f"query_result({expr})")
        one = one.regex('/version="([^"]+)"/').refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        made = made.with_variable(one.hide(models.VariableHide.HIDE_VARIABLE))
    ids = count(1)
    for row in rows:
        made = made.with_row(dashboard.Row(row.title).id(next(ids)))
        for panel in row.panels:
            made = made.with_panel(panel.id(next(ids)))
    return made.build().to_json()


# -- PromQL -----------------------------------------------------------------------------------------------------------


def percent(num: str, den: str) -> str:
    """A ratio in percent, cut after its first decimal. The parts are whole numbers, so that 4/5 is 80 and not less."""
    return f"floor(1000 * ({num}) / ({den})) / 10"


def quantile(of: float, histogram: str, by: str, window: str = "$__rate_interval") -> str:
    """A quantile of a histogram for each value of a label, over all processes."""
    return f"histogram_quantile({of}, sum by (le, {by}) (rate({histogram}_bucket[{window}])))"


def within(counter: str, by: str = "") -> str:
    """How much a counter grew in the time shown. Extrapolated: for people's eyes, never an official number."""
    return f"sum{f' by ({by})' if by else ''} (increase({counter}[$__range]))"


def speed(counter: str, by: str = "") -> str:
    """How fast a counter grows, a second."""
    return f"sum{f' by ({by})' if by else ''} (rate({counter}[$__rate_interval]))"


def rows_of(parts: Mapping[str, str]) -> str:
    """Several sums as one vector, each with its name in the label `name`: the rows of a table."""
    return " or ".join(f'label_replace({expr}, "name", "{name}", "", "")' for name, expr in parts.items())


# -- panels -----------------------------------------------------------------------------------------------------------


def share(about: About, num: str, den: str, *, width: int, height: int = 6, per: str = "") -> stat.Panel:
    """One of the promises: the ratio, green from 80 % on, and its parts, in the panel's unit (`per`: " / 100")."""
    queries = [Query(percent(num, den), RATIO), Query(num + per, NUM), Query(den + per, DEN)]
    made = numbers(about, queries, width=width, height=height).thresholds(_target())
    made = made.override_by_name(RATIO, [_is("unit", "percent"), _is("decimals", 1)])
    plain = [_is("color", {"mode": "fixed", "fixedColor": "text"})]
    return made.override_by_name(NUM, plain).override_by_name(DEN, plain)


def numbers(
    about: About,
    queries: Sequence[Query],
    *,
    width: int,
    height: int = 4,
    names: Names | None = None,
    says: Mapping[int, str] | None = None,
    red_from: float | None = None,
) -> stat.Panel:
    """Numbers as they are now. `names`: words for what a query's series are called; `says`: words for values."""
    made = stat.Panel().graph_mode(looks.BigValueGraphMode.NONE).text_mode(looks.BigValueTextMode.VALUE_AND_NAME)
    made = made.color_mode(looks.BigValueColorMode.VALUE).reduce_options(_newest())
    made = _now(_about(made, about, width, height), queries).mappings(_mappings(says))
    steps = [(None, "text")] if red_from is None else [(None, "green"), (red_from, "red")]
    return _called(made, names).thresholds(_steps(*steps))


def bars(about: About, expr: str, label: str, *, width: int, height: int = 9, names: Names | None) -> bargauge.Panel:
    """A bar for each value of a label, as it is now."""
    made = bargauge.Panel().orientation(looks.VizOrientation.HORIZONTAL).display_mode(looks.BarGaugeDisplayMode.BASIC)
    made = made.reduce_options(_newest()).value_mode(looks.BarGaugeValueMode.TEXT)
    made = _now(_about(made, about, width, height), [Query(expr, f"{{{{{label}}}}}")]).mappings(_mappings())
    return _called(made, names).min(0).thresholds(_steps((None, "blue")))


def lines(
    about: About,
    queries: Sequence[Query],
    *,
    width: int,
    height: int = 8,
    names: Names | None = None,
    stacked: bool = False,
    promise: bool = False,
) -> timeseries.Panel:
    """How it was. `promise`: with the line at 80 %."""
    made = timeseries.Panel().fill_opacity(30 if stacked else 0).show_points(looks.VisibilityMode.NEVER)
    legend = common.VizLegendOptions().display_mode(looks.LegendDisplayMode.TABLE)
    legend = legend.placement(looks.LegendPlacement.BOTTOM).show_legend(True).calcs(["lastNotNull", "max"])
    made = _called(_about(made.legend(legend), about, width, height), names)
    if stacked:
        made = made.stacking(common.StackingConfig().mode(looks.StackingMode.NORMAL).group("A"))
    if promise:
        style = common.GraphThresholdsStyleConfig().mode(looks.GraphTresholdsStyleMode.DASHED)
        made = made.thresholds(_target()).thresholds_style(style).axis_soft_min(TARGET - 10).max(100).decimals(1)
    else:
        made = made.axis_soft_min(0)
    for ref, query in zip(ascii_uppercase, queries, strict=False):
        asked = prometheus.Dataquery().expr(query.expr).legend_format(query.name).ref_id(ref).range()
        made = made.with_target(asked.datasource(SOURCE))
    return made


def listed(
    about: About,
    label: str,
    head: str,
    queries: Sequence[Query],
    *,
    width: int,
    height: int = 9,
    names: Names | None = None,
    promise: bool = False,
    units: Mapping[str, str] | None = None,
) -> table.Panel:
    """A row for each value of a label, under `head`, and a column for each query, of which there are two or more: of
    one alone Grafana calls the column otherwise. A column RATIO is in percent, and coloured if it is a `promise`;
    `units`: of columns that have another than the panel's."""
    made = _about(table.Panel(), about, width, height).mappings(_mappings())
    columns = {}
    for ref, query in zip(ascii_uppercase, queries, strict=False):
        asked = prometheus.Dataquery().expr(query.expr).ref_id(ref).instant().format(PromQueryFormat.TABLE)
        made = made.with_target(asked.datasource(SOURCE))
        columns[f"Value #{ref}"] = query.name
    order = {column: number for number, column in enumerate((label, *columns))}
    shown = {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": {label: head} | columns}
    made = made.with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
    made = made.with_transformation(models.DataTransformerConfig(id_val="organize", options=shown))
    if names:
        made = made.override_by_name(head, [_is("mappings", [_words(names)])])
    if RATIO in columns.values():
        coloured = [_is("custom.cellOptions", {"type": "color-text"}), _is("thresholds", _target().build())]
        made = made.override_by_name(
            RATIO, [_is("unit", "percent"), _is("decimals", 1), *(coloured if promise else [])]
        )
    for column, unit in (units or {}).items():
        made = made.override_by_name(column, [_is("unit", unit)])
    return made


def note(about: About, markdown: str, *, width: int = WIDTH, height: int = 3) -> text.Panel:
    """Words alone."""
    return _about(text.Panel(), about, width, height).mode(TextMode.MARKDOWN).content(markdown)


# -- parts of panels --------------------------------------------------------------------------------------------------


def _about(made: P, about: About, width: int, height: int) -> P:
    made = made.title(about.title).description(f"{about.zh}\n\n{about.en}").unit(about.unit)
    return made.no_value(NO_DATA).datasource(SOURCE).span(width).height(height)


def _now(made: P, queries: Sequence[Query]) -> P:
    for ref, query in zip(ascii_uppercase, queries, strict=False):
        asked = prometheus.Dataquery().expr(query.expr).legend_format(query.name).ref_id(ref).instant()
        made = made.with_target(asked.datasource(SOURCE))
    return made


def _called(made: P, names: Names | None) -> P:
    for value, word in (names or {}).items():
        made = made.override_by_name(value, [_is("displayName", word)])
    return made


def _newest() -> common.ReduceDataOptions:
    # Not lastNotNull: it would take the NaN of "no data" for missing and reach back to an older number.
    return common.ReduceDataOptions().values(False).calcs(["last"])


def _is(name: str, value: object) -> models.DynamicConfigValue:
    return models.DynamicConfigValue(id_val=name, value=value)


def _words(words: Mapping[str, str]) -> models.ValueMap:
    return models.ValueMap({value: models.ValueMappingResult(text=word) for value, word in words.items()})


def _mappings(says: Mapping[int, str] | None = None) -> list[models.ValueMapping]:
    nothing = models.ValueMappingResult(text=NO_DATA, color="text")
    special = models.DashboardSpecialValueMapOptions(match=models.SpecialValueMatch.NULL_AND_NAN, result=nothing)
    known = {str(value): word for value, word in (says or {}).items()}
    return [models.SpecialValueMap(options=special), *([_words(known)] if known else [])]


def _steps(*steps: tuple[float | None, str]) -> dashboard.ThresholdsConfig:
    """Colours from a value on; None: from anywhere on."""
    made = dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE)
    return made.steps([models.Threshold(value=value, color=colour) for value, colour in steps])


def _target() -> dashboard.ThresholdsConfig:
    return _steps((None, "red"), (TARGET, "green"))
