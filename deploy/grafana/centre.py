"""For the dispatch centre 指挥中心: what is open and how long, how fast offers come, what comes back, who is there.

What is so now are gauges; flows are counters over the time that is shown, extrapolated, for the eye and not for a
report. Ages and people's latencies are seconds of the run's clock.
"""

from __future__ import annotations

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
    numbers,
    percent,
    quantile,
    speed,
    within,
)

SHOWN = "所示时段内的增量（外推值，不作考核用）。"
SHOWN_EN = "Growth in the time shown (extrapolated, for no report)."


def _latencies(histogram: str) -> list[Query]:
    """Three quantiles and the number, for each priority, in the time that is shown."""
    found = [Query(quantile(of, histogram, "priority", "$__range"), f"p{of * 100:.0f}") for of in (0.5, 0.95, 0.99)]
    return [*found, Query(within(f"{histogram}_count", "priority"), "件数 number")]


def _parts(metric: str, by: str, num: str = "num", den: str = "den") -> list[Query]:
    of = [f'sum by ({by}) ({metric}{{part="{part}"}})' for part in (num, den)]
    return [Query(of[0], NUM), Query(of[1], DEN), Query(percent(*of), RATIO)]


OPEN = Row(
    "在办 Open cases",
    [
        numbers(
            About("在办 Open", "全市在办案件数。", "Open cases of the whole city."),
            [Query("sum(paidan_open_cases)", "件 cases")],
            width=4,
        ),
        numbers(
            About(
                "无人承办 Unassigned",
                "在办而无人承办的案件：等待空闲小组，或等待派遣员处理。",
                "Open cases nobody has: they wait for a free team or for the operator.",
            ),
            [Query("sum(paidan_cases_unassigned)", "件 cases")],
            width=4,
        ),
        numbers(
            About(
                "最久 Oldest",
                "最久的在办案件、最久的无人承办案件，自立案起（系统时钟）。",
                "Age of the oldest open case and of the oldest nobody has, since registration (clock of the run).",
                "s",
            ),
            [
                Query('max(paidan_case_oldest_age_seconds{of="open"})', "在办 open"),
                Query('max(paidan_case_oldest_age_seconds{of="unassigned"})', "无人承办 unassigned"),
            ],
            width=6,
        ),
        numbers(
            About(
                "未送达 Not received",
                "没有任何设备收到的派单数，及其中最久的时间（系统时钟）。",
                "Offers that no device has received, and the age of the oldest (clock of the run).",
            ),
            [
                Query("sum(paidan_notify_pending)", "件 offers"),
                Query("max(paidan_notify_oldest_pending_age_seconds)", "最久（秒） oldest, seconds"),
            ],
            width=5,
        ),
        numbers(
            About(
                "终端在线 Terminals there",
                "有设备在线的中队数与应有设备的中队数。",
                "Squads whose terminal was heard lately, and squads that must have one.",
            ),
            [
                Query("sum(paidan_nodes_online)", "在线 online"),
                Query("sum(paidan_nodes_required)", "应有 required"),
            ],
            width=5,
        ),
        bars(
            About("按状态 By status", "在办案件按状态。", "Open cases by where they stand."),
            "sum by (status) (paidan_open_cases)",
            "status",
            width=8,
            height=14,
            names=words.STATUS,
        ),
        listed(
            About("按优先级 By priority", "在办件数与最久时间。", "Open cases and the age of the oldest."),
            "priority",
            "优先级 priority",
            [
                Query("sum by (priority) (paidan_open_cases)", "在办 open"),
                Query("max by (priority) (paidan_open_oldest_age_seconds)", "最久 oldest"),
            ],
            width=8,
            height=7,
            names=words.PRIORITY,
            units={"最久 oldest": "s"},
        ),
        lines(
            About("走势 Trend", "在办与无人承办的件数。", "Open cases, and those nobody has."),
            [
                Query("sum(paidan_open_cases)", "在办 open"),
                Query("sum(paidan_cases_unassigned)", "无人承办 unassigned"),
            ],
            width=8,
            height=7,
        ),
        listed(
            About(
                "按指挥席 By desk",
                "各指挥席的在办、无人承办与最久时间。",
                "Open cases of each command desk, those nobody has, and the oldest.",
            ),
            "desk",
            "指挥席 desk",
            [
                Query("sum by (desk) (paidan_cases)", "在办 open"),
                Query("sum by (desk) (paidan_cases_unassigned)", "无人承办 unassigned"),
                Query('max by (desk) (paidan_case_oldest_age_seconds{of="open"})', "最久在办 oldest"),
                Query('max by (desk) (paidan_case_oldest_age_seconds{of="unassigned"})', "最久无人 oldest unassigned"),
            ],
            width=16,
            height=7,
            units={"最久在办 oldest": "s", "最久无人 oldest unassigned": "s"},
        ),
    ],
)

OFFERS = Row(
    "派单与接单 Offers and answers",
    [
        listed(
            About(
                "派单时延 Offer latency",
                "自收到投诉到派单写入中队队列的时间，首次派单，按优先级。" + SHOWN,
                "From the complaint's receipt to the first offer in the squad's stream, by priority. " + SHOWN_EN,
                "s",
            ),
            "priority",
            "优先级 priority",
            _latencies("paidan_offer_latency_seconds"),
            width=8,
            height=8,
            names=words.PRIORITY,
            units={"件数 number": "none"},
        ),
        lines(
            About(
                "派单时延走势 Offer latency",
                "百分之九十五的首次派单在此时间内完成，按优先级。",
                "Within this time 95 % of first offers were made, by priority.",
                "s",
            ),
            [Query(quantile(0.95, "paidan_offer_latency_seconds", "priority"), "{{priority}}")],
            width=8,
            names=words.PRIORITY,
        ),
        listed(
            About(
                "接单时间 Acknowledgement",
                "自派单到队员接单的时间（系统时钟），按优先级。" + SHOWN,
                "From an offer to its acceptance by a human (clock of the run), by priority. " + SHOWN_EN,
                "s",
            ),
            "priority",
            "优先级 priority",
            _latencies("paidan_ack_latency_seconds"),
            width=8,
            height=8,
            names=words.PRIORITY,
            units={"件数 number": "none"},
        ),
        bars(
            About(
                "派单次数 Hops",
                "派单按其在案件中的次序；第二次起为转派。" + SHOWN,
                "Offers by their number in the life of the case; all after the first are hops. " + SHOWN_EN,
            ),
            within("paidan_offers_total", "attempt"),
            "attempt",
            width=6,
            names=words.ATTEMPT,
        ),
        bars(
            About("退单 Returns", "退单按原因。" + SHOWN, "Assignments given back, by reason. " + SHOWN_EN),
            within("paidan_returns_total", "reason"),
            "reason",
            width=6,
            names=words.REASON,
        ),
        bars(
            About("升级 Escalations", "升级按原因。" + SHOWN, "Cases raised by a level, by cause. " + SHOWN_EN),
            within("paidan_escalations_total", "cause"),
            "cause",
            width=6,
            names=words.CAUSE,
        ),
        bars(
            About(
                "超时限 Missed limits",
                "超过时限而未办的环节。" + SHOWN,
                "Limits that passed without their act, by stage. " + SHOWN_EN,
            ),
            within("paidan_deadlines_missed_total", "stage"),
            "stage",
            width=6,
            names=words.STAGE,
        ),
        numbers(
            About(
                "未应答与移交 Unanswered, handed over",
                "到期无人应答的派单数，移交其他指挥席的案件数。" + SHOWN,
                "Offers that ran out without an answer, cases that went to another desk. " + SHOWN_EN,
            ),
            [
                Query(within("paidan_leases_expired_total"), "未应答 unanswered"),
                Query(within("paidan_hand_overs_total"), "移交 handed over"),
            ],
            width=8,
        ),
        numbers(
            About(
                "迟到的上报 Late reports",
                "比发生时间晚到的上报（设备离线等），按迟到时间。" + SHOWN,
                "Reports that came later than they happened (a device that was offline), by how much. " + SHOWN_EN,
            ),
            [Query(within("paidan_late_reports_total", "late"), "{{late}}")],
            width=8,
            names=words.LATE,
        ),
        numbers(
            About(
                "结案与撤回 Closed, taken back",
                "执法任务的结案与撤回（重办）。官方数见“领导”一页。" + SHOWN,
                "Tasks closed, and closings taken back; official numbers are on the leaders' page. " + SHOWN_EN,
            ),
            [
                Query('sum(increase(paidan_tasks_closed_total{stream!="self"}[$__range]))', "结案 closed"),
                Query('sum(increase(paidan_tasks_retracted_total{stream!="self"}[$__range]))', "撤回 taken back"),
            ],
            width=8,
        ),
    ],
)

PUSH = Row(
    "推送 Push",
    [
        lines(
            About(
                "推送结果 Push results",
                "除中队网页外各通道的推送，每分钟，按结果。",
                "Tries to take an offer further than the squad's page, a minute, by channel and result.",
                "cpm",
            ),
            [Query("60 * " + speed("paidan_notify_attempts_total", "channel, result"), "{{channel}} {{result}}")],
            width=12,
        ),
        lines(
            About(
                "队列写入 Entries in streams",
                "写入中队、单位队列的条目，每分钟，按种类。",
                "Entries in the streams of squads and units, a minute, by kind.",
                "cpm",
            ),
            [Query("60 * " + speed("paidan_push_sent_total", "kind"), "{{kind}}")],
            width=6,
        ),
        listed(
            About(
                "终端在线·各席 Terminals by desk",
                "有设备在线的中队数与应有设备的中队数。",
                "Squads whose terminal was heard lately, and squads that must have one.",
            ),
            "desk",
            "指挥席 desk",
            [
                Query("sum by (desk) (paidan_nodes_online)", "在线 online"),
                Query("sum by (desk) (paidan_nodes_required)", "应有 required"),
            ],
            width=6,
            height=8,
        ),
    ],
)

PEOPLE = Row(
    "力量 People",
    [
        listed(
            About(
                "两人在岗 Cover",
                "本周有两名持证正式人员在岗的时间占全部时间的比率（中队秒）。",
                "Time of this week in which two certified formal officers were on duty, of all of it (squad-seconds).",
            ),
            "desk",
            "指挥席 desk",
            _parts("paidan_duty_cover_seconds", "desk"),
            width=8,
            height=11,
            units={NUM: "s", DEN: "s"},
        ),
        listed(
            About(
                "辅助与正式 Auxiliaries",
                "辅助人员与正式人员之比；不应超过100%。",
                "Auxiliaries by formal officers; not more than 100 %.",
            ),
            "desk",
            "指挥席 desk",
            [
                Query('sum by (desk) (paidan_force_people{employment="aux"})', "辅助 auxiliary"),
                Query('sum by (desk) (paidan_force_people{employment="formal"})', "正式 formal"),
                Query(
                    percent(
                        'sum by (desk) (paidan_force_people{employment="aux"})',
                        'sum by (desk) (paidan_force_people{employment="formal"})',
                    ),
                    RATIO,
                ),
            ],
            width=8,
            height=11,
        ),
        listed(
            About(
                "人员配备 Staffing",
                "按标准应有与现有的正式人员数。",
                "Formal officers that squads should have by their norm, and have.",
            ),
            "desk",
            "指挥席 desk",
            [
                Query('sum by (desk) (paidan_staffing_officers{part="present"})', "现有 present"),
                Query('sum by (desk) (paidan_staffing_officers{part="norm"})', "应有 norm"),
            ],
            width=8,
            height=11,
        ),
        listed(
            About(
                "负荷不均 Load",
                "每对在办量在中队间的不均：基尼系数（0 均等，近 1 集中于一队），及最大值为中位数的倍数。",
                "How unequal open cases per pair are between squads: Gini (0 all alike, near 1 all on one), and the "
                "largest as a multiple of the median.",
            ),
            "desk",
            "指挥席 desk",
            [
                Query("max by (desk) (paidan_load_gini_ratio)", "基尼 Gini"),
                Query("max by (desk) (paidan_load_peak_ratio)", "最大/中位 peak"),
            ],
            width=12,
            height=11,
        ),
        bars(
            About(
                "看得见、管不着 Found, not governable",
                "本月镇街发现而无权处罚的案件数，按指挥席。",
                "Cases of this month that a town found and may not punish, by desk.",
            ),
            "sum by (desk) (paidan_seen_not_governable_cases)",
            "desk",
            width=12,
            height=11,
            names=None,
        ),
    ],
)

INDICATORS = Row(
    "行业指标·本月 Indicators of the trade, month",
    [
        listed(
            About(
                "指标 Indicators",
                "数字化城市管理指标，本月，全市：先分别加总分子、分母，再相除。公式见 indicators.py。",
                "Indicators of digital city management, this month, of the whole city: parts are summed, then divided. "
                "Formulas in dispatchers/targets/indicators.py.",
            ),
            "indicator",
            "指标 indicator",
            _parts("paidan_indicator_cases", "indicator"),
            width=16,
            height=18,
            names=words.INDICATOR,
        ),
        bars(
            About("计数 Counts", "与指标并列的件数，本月。", "Counts beside the indicators, this month."),
            "sum by (of) (paidan_indicator_counts)",
            "of",
            width=8,
            height=18,
            names=words.COUNT,
        ),
    ],
)

BOARD = board(
    "paidan-centre",
    About(
        "指挥中心 Dispatch centre",
        "在办、派单、退单、升级、推送、力量、指标。",
        "Open cases, offers, returns, escalations, push, people, indicators.",
    ),
    [OPEN, OFFERS, PUSH, PEOPLE, INDICATORS],
)
