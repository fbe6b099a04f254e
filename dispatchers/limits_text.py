"""Limits in the wording of the standards' tables (立案、处置和结案标准) become durations (domain.md §3, "Time units").

Those tables are filled in by hand, and the words do not mean what they say at first sight:

    4工作时, 4工作小时, 4小时       4 working_hours   duty hours alone; a bare 小时 in that city's Excel is one too
    2工作日, 2天                   2 working_days    8 working hours each; a bare 天 is one too
    2紧急工作时, 2紧急工作小时      2 hours           continuous, in spite of 工作
    2紧急工作日                    2 days            continuous
    15自然日                       15 days           continuous
    30分钟                         30 minutes        continuous

个 may stand before the unit, traditional characters and full-width digits are as good as simplified and ASCII ones,
and 一 to 十 and 两 are numbers. Anything else is refused: a guessed limit is wrong by nights and weekends, in silence.
"""

from __future__ import annotations

import re

from .clock import Duration, Unit

_UNITS: dict[str, Unit] = {
    "分钟": "minutes",
    "小时": "working_hours",
    "工作时": "working_hours",
    "工作小时": "working_hours",
    "紧急工作时": "hours",
    "紧急工作小时": "hours",
    "天": "working_days",
    "工作日": "working_days",
    "紧急工作日": "days",
    "自然日": "days",
}
_NUMERALS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
# Named one by one: Unicode's own normalisation would also read ② and ² as 2.
_SAME = str.maketrans("０１２３４５６７８９時緊個兩鐘鍾", "0123456789时紧个两钟钟")
_SHAPE = re.compile(r"\s*([0-9]+|[一二两三四五六七八九十])\s*个?([^0-9一二两三四五六七八九十]*)")
_RIGHT = "write a whole number and one of 分钟, 工作时, 工作日, 紧急工作时, 紧急工作日, 自然日, as in 4工作时"


def read_limit(text: str) -> Duration:
    """Read the wording of a standard's table, "2天" or "4 紧急工作时".

    ValueError says what is wrong and, after a colon, what would be right; in which line, the caller knows.
    """
    shape = _SHAPE.fullmatch(text.translate(_SAME))
    if not shape:
        raise ValueError(f"{text!r} is not one whole number with a unit: {_RIGHT}")
    digits, words = shape.groups()
    unit = "".join(words.split())
    if unit in ("日", "时"):
        raise ValueError(f"{text!r} does not say whether nights and holidays count: {_RIGHT}")
    if unit not in _UNITS:
        raise ValueError(f"{text!r} has {f'the unknown unit {unit!r}' if unit else 'no unit'}: {_RIGHT}")
    number = _NUMERALS.get(digits) or int(digits)
    if not number:
        raise ValueError(f"{text!r} is no time at all: {_RIGHT}")
    return Duration(number, _UNITS[unit])
