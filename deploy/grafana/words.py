"""What label values are called on a screen: a dashboard has no language switch, so Chinese and English stand together.

Only labels that people read. Topics, processes, causes of records and the like are shown as they are called in the
code, because who looks at those looks there next. A test holds that no value of these labels is without a word.
"""

from __future__ import annotations

from collections.abc import Mapping

from dispatchers.explain.terms import CHANNELS, LIMITS, PUSHES, STATUSES, STREAMS
from dispatchers.explain.words import REASONS, Said

Names = Mapping[str, str]


def _both(words: Mapping[str, Said]) -> dict[str, str]:
    return {code: f"{said.zh} {said.en}" for code, said in words.items()}


NO_DATA = "无数据 no data"
STATUS: Names = _both(STATUSES)
STAGE: Names = _both(LIMITS) | {"verify": "核实 verification", "other": "其他 other"}
REASON: Names = _both(REASONS)
CHANNEL: Names = _both(CHANNELS)
CAUSE: Names = {**REASON, "other": "其他 other"}
PRIORITY: Names = {"0": "0 最急 most urgent", "1": "1", "2": "2", "3": "3 一般 ordinary"}
ATTEMPT: Names = {"1": "首次 first", "2": "第二次 second", "3": "第三次 third", "more": "更多 more"}
LATE: Names = {"1h": "≤1 小时 hour", "1d": "≤1 天 day", "3d": "≤3 天 days", "more": ">3 天 days"}
PUSHED: Names = _both(PUSHES)
REPLY: Names = {
    "acknowledged": "已签收 acknowledged",
    "pending": "待签收 pending",
    "dead": "投递失败 given up",
    "by_topic": "经主题自取 read from the topic",
}
WINDOW: Names = {"today": "今日 today", "month": "本月 month", "year": "本年 year", "d30": "近30日 30 days"}
STREAM: Names = _both(STREAMS) | {
    "self": "自行处置（单列） settled by the patrol itself (apart)",
    "all": "合计（不含自行处置） all (without those)",
}
ASIDE: Names = {
    "routed_dept": "自始归部门 a department's from the start",
    "other": "非执法任务 no enforcement task",
    "merged": "并案 merged",
    "transferred": "移送系统外 transferred out",
    "cancelled": "不予受理、作废 rejected or cancelled",
    "residual": "不明 of no known sort",
}
READING: Names = {
    "headline": "定义所定口径 by the definition",
    "attendance": "实际岗位（考勤） by attendance",
    "posting": "岗位文件 by posting documents",
    "certified": "持证 certified",
    "auxiliaries": "辅助人员（单列） auxiliaries (apart)",
}
SUPPORT: Names = {
    "force": "力量 force",
    "money": "实际支出 money spent",
    "budget": "预算 budget",
    "vehicle": "车辆 vehicles",
    "vessel": "船只 vessels",
    "recorder": "记录仪 recorders",
    "terminal": "移动终端 terminals",
}
# domain.md §3.
INDICATOR: Names = {
    "reported_valid": "有效上报率 valid reports",
    "registered": "立案率 registered",
    "registered_on_time": "按时立案率 registered on time",
    "registered_right": "准确立案率 registered rightly",
    "dispatched": "派遣率 dispatched",
    "dispatched_on_time": "按时派遣率 dispatched on time",
    "dispatched_right": "准确派遣率 dispatched rightly",
    "disposed": "处置率 disposed",
    "disposed_on_time": "按期处置率 disposed on time",
    "overdue_waiting": "超期待处置率 overdue, not disposed",
    "extended": "延期率 extended",
    "closed": "结案率 closed",
    "closed_on_time": "按期结案率 closed on time",
    "reworked": "返工率 reworked",
    "checked_on_time": "核查按时率 checked on time",
    "missed": "漏报率 missed by collectors",
    "by_public": "公众举报率 reported by the public",
}
COUNT: Names = {
    "reworks": "返工次数 reworks",
    "suspended_now": "当前挂账 suspended now",
    "suspended_ever": "曾挂账 ever suspended",
    "suspensions": "挂账次数 suspensions",
    "backlog": "积存 backlog",
    "rejected": "不予受理 rejected",
    "not_registered": "不予立案 not registered",
    "cancelled": "作废 cancelled",
    "overdue": "超期 overdue",
    "exempt": "免责 exempt",
}
EMPLOYMENT: Names = {"formal": "正式 formal", "aux": "辅助 auxiliary"}
