"""What the indicators of the trade 数字城管评价指标 are (domain.md §3), and of which sums they are made.

Sums are of a month: each step where it happened. What stands is as of an instant: now, or the end of a month that is
over. So every share lies between 0 and 1. The fold that counts, and what it takes back, is indicators.py.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Sum = Literal[
    "reported", "valid", "registered", "prompt", "void", "public", "missed", "dispatched", "dispatched_on_time",
    "wrong", "disposed", "disposed_on_time", "disposed_extended", "disposed_exempt", "closed", "closed_on_time",
    "closed_reworked", "looked", "looked_on_time", "overdue", "exempt", "reworks", "suspended", "suspensions",
    "rejected", "not_registered", "cancelled", "seen",
]  # fmt: skip


class Standing(NamedTuple):
    """What stands at an instant: open cases of their own."""

    pending: int = 0  # 待立案: nobody knows yet what it is or where
    waiting: int = 0  # 待派遣: registered, and never dispatched here
    late: int = 0  # 超期未处置
    late_extended: int = 0
    late_reworked: int = 0
    done: int = 0  # 已处置未结案
    done_reworked: int = 0
    unlooked: int = 0  # 核实, 核查 that fell due and were not done
    hung: int = 0  # 挂账 now
    backlog: int = 0  # 积存 now


class Formula(NamedTuple):
    """An indicator: sums of the month and what stands, added, or taken away where the name begins with "-"."""

    name: str
    says: str
    num: tuple[str, ...]
    den: tuple[str, ...]


_TO_DISPATCH = ("dispatched", "waiting")  # 应派遣 = dispatched + waiting
_TO_DISPOSE = ("disposed", "late")  # 应处置 = disposed + overdue and undisposed; ? in the source, chosen like 应结案
# 应结案 = disposed + overdue and undisposed, not all open: of the disposed, those closed this month and those not yet.
_TO_CLOSE = ("closed", "done", "late")

# domain.md §3, "Indicators". "?": the source fixes no denominator; what is chosen stands beside it.
FORMULAS: dict[str, Formula] = {
    # 有效: it did not turn out to be a repeat, 不予受理 or 不予立案.
    "reported_valid": Formula("有效上报率", "有效上报/上报", ("valid",), ("reported",)),
    # ? 立案/受理; 受理 = registered, refused 不予立案, or still waiting for it.
    "registered": Formula("立案率", "立案/受理", ("registered",), ("registered", "not_registered", "pending")),
    # Where the rules know what it is and where, it is registered with its receipt: at once.
    "registered_on_time": Formula("按时立案率", "按时立案/立案", ("prompt",), ("registered",)),
    "registered_right": Formula("准确立案率", "(立案−作废)/立案", ("registered", "-void"), ("registered",)),
    # ? 派遣/应派遣. Once for a case, however often it is dispatched again.
    "dispatched": Formula("派遣率", "派遣/应派遣", ("dispatched",), _TO_DISPATCH),
    "dispatched_on_time": Formula("按时派遣率", "按时派遣/应派遣", ("dispatched_on_time",), _TO_DISPATCH),
    # 错派: returned, and the review found that it was never theirs. It is the dispatching desk's (scenario 32).
    "dispatched_right": Formula("准确派遣率", "准确派遣/应派遣", ("dispatched", "-wrong"), _TO_DISPATCH),
    "disposed": Formula("处置率", "处置/应处置", ("disposed",), _TO_DISPOSE),
    "disposed_on_time": Formula(
        "按期处置率", "按期处置/应处置", ("disposed_on_time",), (*_TO_DISPOSE, "-disposed_exempt")
    ),
    "overdue_waiting": Formula("超期待处置率", "超期待处置/应处置", ("late",), _TO_DISPOSE),
    # ? Of what was to be disposed of, what had been given more time: a part of the same cases, once each.
    "extended": Formula("延期率", "延期/应处置", ("disposed_extended", "late_extended"), _TO_DISPOSE),
    "closed": Formula("结案率", "结案/应结案", ("closed",), _TO_CLOSE),
    "closed_on_time": Formula("按期结案率", "按期结案/应结案", ("closed_on_time",), (*_TO_CLOSE, "-exempt")),
    # A case 0 or 1; how often is `reworks`. ReworkOrdered comes from a check and sends it to the same hands.
    "reworked": Formula(
        "返工率", "返工/应结案", ("closed_reworked", "done_reworked", "late_reworked"), _TO_CLOSE
    ),
    # 核实 before and 核查 after, the last look of each round; 应 = done, or fell due.
    "checked_on_time": Formula("核实、核查按时率", "按时/应", ("looked_on_time",), ("looked", "unlooked")),
    # ? Of what the public reported first, what collectors are to find themselves: matters of city management
    # 城镇管理, the field of 数字城管. Had a patrol reported it before, the report would have been merged with it.
    "missed": Formula("漏报率", "漏报/立案", ("missed",), ("registered",)),
    "by_public": Formula("公众举报率", "监督举报核实数/立案", ("public",), ("registered",)),
}  # fmt: skip

# What is counted beside them: in the month, or (of Standing) as of now.
COUNTED: dict[str, str] = {
    "reworks": "reworks", "suspended_now": "hung", "suspended_ever": "suspended", "suspensions": "suspensions",
    "backlog": "backlog", "rejected": "rejected", "not_registered": "not_registered", "cancelled": "cancelled",
    "overdue": "overdue", "exempt": "exempt",
}  # fmt: skip
