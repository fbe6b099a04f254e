"""For leaders 领导: the three 80 % numbers, what they are made of, and what stands beside each to keep it honest.

Official numbers are gauges that `paidan targets` folds from the desks' logs; nothing here is computed from a counter.
A vector stays a vector: R3 has six parts, and their mean is no number.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import words
from .board import (
    DEN,
    NUM,
    RATIO,
    About,
    Query,
    Row,
    bars,
    board,
    lines,
    listed,
    note,
    numbers,
    percent,
    rows_of,
    share,
)

NOTE = """**本平台口径，非官方考核** · 口径版本 **${definition}**
80% 含本数，比率只舍不入，0/0 为“无数据”；月份在次月定稿前为暂计。

**This platform's count, no official assessment** · definition **${definition}**
80 % includes itself, ratios are cut and not rounded, 0/0 is "no data"; a month is provisional until it is frozen."""
YUAN = " / 100"  # of fen


def tasks(part: str, window: str, stream: str = "all", by: str = "") -> str:
    """R1, over desks. `all` is a union: never summed with what it is the union of."""
    selected = f'paidan_target_cases{{part="{part}",stream="{stream}",window="{window}"}}'
    return f"sum{f' by ({by})' if by else ''} ({selected})"


def beside(part: str, window: str) -> str:
    """What stands beside R1, of the whole city."""
    return f'sum(paidan_target_beside_cases{{part="{part}",window="{window}"}})'


def force(part: str, reading: str = "headline") -> str:
    """R2 by one reading of where an officer serves; `headline` is the one that the definition names."""
    return f'sum(paidan_target_force_officers{{part="{part}",reading="{reading}"}})'


def support(part: str, of: str) -> str:
    """R3, one part of the vector."""
    return f'sum(paidan_target_support{{part="{part}",of="{of}"}})'


MONEY = {words.SUPPORT[of]: (support("num", of), support("den", of)) for of in ("money", "budget")}


def columns(num: str, den: str) -> list[Query]:
    """The three columns of a ratio."""
    return [Query(num, NUM), Query(den, DEN), Query(percent(num, den), RATIO)]


def readings(window: str) -> Mapping[str, tuple[str, str]]:
    """R1 as others could count it: name to numerator and denominator."""
    num, den = tasks("num", window), tasks("den", window)
    with_self = (f"({num} + {tasks('num', window, 'self')})", f"({den} + {tasks('den', window, 'self')})")
    return {
        "本口径（严） this definition, strict": (num, den),
        "按期口径（加超期未结） by due date: and open, overdue": (num, f"({den} + {beside('due_open', window)})"),
        "不含月末下沉 without month-end hand-downs": (beside("unmarked_num", window), beside("unmarked_den", window)),
        "仅镇街，不含开发区 towns alone, without zones": (beside("towns", window), den),
        "宽口径（含县级大队，仅供参考） broad, for comparison only": (beside("broad", window), den),
        "含自行处置 with what patrols settle": with_self,
    }


def columns_of(ratios: Mapping[str, tuple[str, str]], per: str = "") -> list[Query]:
    """The three columns of several ratios, each a row under its name."""
    return [
        Query(rows_of({name: num + per for name, (num, _) in ratios.items()}), NUM),
        Query(rows_of({name: den + per for name, (_, den) in ratios.items()}), DEN),
        Query(rows_of({name: percent(num, den) for name, (num, den) in ratios.items()}), RATIO),
    ]


PROMISES = Row(
    "三个80% The three 80 %",
    [
        note(
            About(
                "口径 Definition",
                "本页数字的口径版本。原文见城市数据包 definitions.csv，或运行 paidan targets。",
                "The version of the definition behind every number here. Its wording is in the city pack "
                "(definitions.csv); `paidan targets` prints it.",
            ),
            NOTE,
        ),
        share(
            About(
                "任务·本月 R1 tasks, month",
                "80%以上的执法任务在基层完成：本月结案的执法任务中，由基层中队主办完成的件数。",
                "Enforcement done at the grassroots: of the tasks closed this month, those a grassroots squad led.",
            ),
            tasks("num", "month"),
            tasks("den", "month"),
            width=6,
        ),
        share(
            About(
                "任务·本年 R1 tasks, year",
                "同上，本年至今，含本月暂计数。",
                "The same for the year to date, the provisional month in it.",
            ),
            tasks("num", "year"),
            tasks("den", "year"),
            width=6,
        ),
        share(
            About(
                "力量·今日 R2 force, today",
                "80%以上的执法力量配置到基层：在编人员中岗位在基层的人数，按定义所定的口径（考勤或岗位文件）。",
                "Force posted at the grassroots: formal officers who serve there, by attendance or by posting "
                "documents, whichever the definition names.",
            ),
            force("num"),
            force("den"),
            width=6,
        ),
        share(
            About(
                "保障·本年 R3 support, year",
                "80%以上的执法保障落实到基层：本年实际支出中，成本对象为基层单位的金额（元）。",
                "Support spent for the grassroots: of what was spent this year, what has its cost object there (yuan).",
                "locale",
            ),
            support("num", "money"),
            support("den", "money"),
            width=6,
            per=YUAN,
        ),
        lines(
            About(
                "走势 Trend",
                "三个比率的走势，虚线为80%。近30日为日常参考；月初基数小，比率跳动大。",
                "The three ratios over time, the dashed line is 80 %. 30 days are for daily use: when a month begins, "
                "few cases move it much.",
                "percent",
            ),
            [
                Query(percent(tasks("num", "month"), tasks("den", "month")), "任务·本月 R1 month"),
                Query(percent(tasks("num", "d30"), tasks("den", "d30")), "任务·近30日 R1 30 days"),
                Query(percent(force("num"), force("den")), "力量·今日 R2 today"),
                Query(percent(support("num", "money"), support("den", "money")), "保障·本年 R3 year"),
            ],
            width=18,
            promise=True,
        ),
        numbers(
            About(
                "数据时点 As of",
                "数字最近一次更新的时刻，及已计入的最新记录（系统时钟）。",
                "When the numbers were last set, and the newest record in them (clock of the run).",
                "dateTimeAsIso",
            ),
            [
                Query("1000 * max(paidan_target_shown_timestamp_seconds)", "更新于 set at"),
                Query("1000 * max(paidan_target_watermark_timestamp_seconds)", "计至 newest record"),
            ],
            width=6,
            height=8,
        ),
    ],
)

TASKS = Row(
    "一、执法任务 R1 Tasks",
    [
        listed(
            About(
                "各指挥席·本月 By desk, month",
                "各县（市、区）、开发区指挥席本月的件数与比率。各席相加等于全市。",
                "Cases and ratio of each command desk this month. The desks add up to the city.",
            ),
            "desk",
            "指挥席 desk",
            columns(tasks("num", "month", by="desk"), tasks("den", "month", by="desk")),
            width=12,
            height=11,
            promise=True,
        ),
        listed(
            About(
                "其他口径·本月 Read otherwise, month",
                "同一批案件按其他口径的结果。按期口径防止久拖不办，不含月末下沉防止突击下派。只有第一行是本口径。",
                "The same cases counted otherwise. By due date: who sits on hard cases does not win. Without "
                "hand-downs: nor who sends cases down just before a month ends. Only the first row is official here.",
            ),
            "name",
            "口径 reading",
            columns_of(readings("month")),
            width=12,
            height=11,
            promise=True,
        ),
        listed(
            About(
                "分类·本月 By stream, month",
                "按结案方式分。合计不含自行处置，自行处置单列。",
                "By how they ended. The total is without what patrols settled themselves, which stands apart.",
            ),
            "stream",
            "类别 stream",
            columns(
                'sum by (stream) (paidan_target_cases{part="num",window="month"})',
                'sum by (stream) (paidan_target_cases{part="den",window="month"})',
            ),
            width=8,
            names=words.STREAM,
        ),
        listed(
            About(
                "各时段 By window",
                "今日、本月、本年、近30日，均按结案日（上海时区）。",
                "Today, month, year and the last 30 days, by the day of closing in Shanghai's zone.",
            ),
            "window",
            "时段 window",
            columns(
                'sum by (window) (paidan_target_cases{part="num",stream="all"})',
                'sum by (window) (paidan_target_cases{part="den",stream="all"})',
            ),
            width=8,
            names=words.WINDOW,
            promise=True,
        ),
        bars(
            About(
                "不计入的·本月 Not counted, month",
                "本月办结而不属于执法任务的案件，按原因。“不明”应为0。",
                "Cases that ended this month and are no task, by why. Those of no known sort must be 0.",
            ),
            "sum by (sort) (paidan_target_asides_cases)",
            "sort",
            width=8,
            names=words.ASIDE,
        ),
        numbers(
            About(
                "强制结案 Forced",
                "本月、本年强制结案的件数：只计入分母。",
                "Closed by force this month and year: in the denominator only.",
            ),
            [
                Query(beside("forced", "month"), "本月 month"),
                Query(beside("forced", "year"), "本年 year"),
            ],
            width=8,
        ),
        numbers(
            About(
                "超期未结 Overdue and open",
                "现在已超期而未结的执法任务，计入按期口径的分母。",
                "Tasks that are overdue and not closed now; in the denominator by due date.",
            ),
            [Query(beside("due_open", "month"), "现在 now")],
            width=8,
        ),
        numbers(
            About(
                "定稿后更正 Restatements",
                "月份定稿后又撤回的结案件数。定稿数不改，另记更正账。",
                "Closings taken back after their month was final. A final number stays; corrections have a ledger.",
            ),
            [Query("sum(paidan_target_restatements)", "件 cases")],
            width=8,
        ),
    ],
)

FORCE = Row(
    "二、执法力量 R2 Force",
    [
        listed(
            About(
                "各口径·今日 By reading, today",
                "实际岗位（考勤）、岗位文件、持证；以哪一种为准由口径定。辅助人员不得计入，单列。",
                "By attendance, by posting documents, of the certified; which is the headline, the definition says. "
                "Auxiliaries may not be counted and stand apart.",
            ),
            "reading",
            "口径 reading",
            columns(
                'sum by (reading) (paidan_target_force_officers{part="num"})',
                'sum by (reading) (paidan_target_force_officers{part="den"})',
            ),
            width=12,
            names=words.READING,
            promise=True,
        ),
        lines(
            About(
                "走势 Trend",
                "按实际岗位与岗位文件计算的比率，虚线为80%。两线分开，说明编制与人不在一处。",
                "By attendance and by documents; the dashed line is 80 %. Where they part, posts and people are apart.",
                "percent",
            ),
            [
                Query(percent(force("num", "attendance"), force("den", "attendance")), "实际岗位 attendance"),
                Query(percent(force("num", "posting"), force("den", "posting")), "岗位文件 posting"),
            ],
            width=12,
            height=9,
            promise=True,
        ),
    ],
)

SUPPORT = Row(
    "三、执法保障 R3 Support（逐项，不求平均 a vector, never a mean）",
    [
        listed(
            About(
                "资金·本年 Money, year",
                "实际支出为本口径，预算为对照（元）。",
                "What was spent is the headline; the budget stands beside it (yuan).",
                "locale",
            ),
            "name",
            "项目 what",
            columns_of(MONEY, YUAN),
            width=8,
            promise=True,
        ),
        listed(
            About(
                "装备·近30日 Things, 30 days",
                "在用车、船、记录仪、终端中，半数以上使用工时在基层的台数。各类均达标，保障才算达标。",
                "Vehicles, vessels, recorders and terminals in service, and those used at the grassroots for at least "
                "half of their hours. Each kind must reach 80 %, if the definition says so.",
            ),
            "of",
            "装备 thing",
            columns(
                'sum by (of) (paidan_target_support{part="num",of=~"vehicle|vessel|recorder|terminal"})',
                'sum by (of) (paidan_target_support{part="den",of=~"vehicle|vessel|recorder|terminal"})',
            ),
            width=8,
            names=words.SUPPORT,
            promise=True,
        ),
        numbers(
            About(
                "能否计算 Computable",
                "数据有误或缺失的项目不出数，而不是显示0%或100%。原因见 paidan city check。",
                "What has wrong or missing data has no number, not 0 or 100 %. `paidan city check` says why.",
            ),
            [Query("max by (of) (paidan_target_uncomputable)", "{{of}}")],
            width=8,
            height=9,
            names=words.SUPPORT,
            says={0: "可 yes", 1: "不可 no"},
            red_from=1,
        ),
    ],
)

BOARD = board(
    "paidan-leaders",
    About(
        "领导：三个80% Leaders: the three 80 %",
        "三个80%：任务、力量、保障。",
        "The three 80 % numbers: tasks, force, support.",
    ),
    [PROMISES, TASKS, FORCE, SUPPORT],
    versions={"definition": "paidan_definition_info == 1"},
)
