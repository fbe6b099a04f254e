"""What may be asked of the archive, and what is told to who asks wrongly."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec
from msgspec.structs import fields

from dispatchers.case import Status

from .phones import LONGEST, SHORTEST

Deadline = Literal["in_time", "warn", "overdue", "paused"]
Sort = Literal["registered_at", "due_at", "priority"]
Order = Literal["asc", "desc"]
DEADLINES: tuple[Deadline, ...] = ("in_time", "warn", "overdue", "paused")
USUAL: dict[Sort, Order] = {"registered_at": "desc", "due_at": "asc", "priority": "asc"}
MOST = 200  # of a page
LONGEST_TEXT = 200
MOST_WORDS = 10
LAST = 253_402_300_799_999  # the end of the year 9999


class QueryError(ValueError):
    """A parameter does not fit: which, and in both languages what is wrong and what would be right."""

    def __init__(self, where: str, en: str, zh: str) -> None:
        super().__init__(f"{where}: {en}")
        self.where = where
        self.text = {"zh": zh, "en": en}


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The last case of a page: what follows it is the next one."""

    sort: Sort
    order: Order
    key: int
    number: int


class Query(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """The filters of GET /api/cases, and'ed; "" and None ask nothing."""

    q: str = ""
    id: str = ""  # or the case's number
    source: str = ""
    source_id: str = ""
    phone: str = ""  # last digits
    address: str = ""
    territory: str = ""
    desk: str = ""
    item: str = ""
    domain: str = ""
    status: str = ""
    squad: str = ""
    unit: str = ""
    open: bool | None = None
    deadline: Deadline | None = None  # of open cases; who is closed has none
    from_: int | None = None  # registered at that instant or later
    to: int | None = None  # registered before that
    closed_from: int | None = None  # closed, or ended in another way, at that instant or later
    closed_to: int | None = None  # and before that
    sort: Sort = "registered_at"
    order: Order = "desc"
    limit: int = 50
    cursor: Cursor | None = None


class Scope(msgspec.Struct, frozen=True):
    """What the caller may see, whatever is asked: None and "" are no bound. An empty set of desks sees nothing."""

    desks: frozenset[str] | None = None
    territory: str = ""
    unit: str = ""  # cases that it has or had, gave back, or is asked about


NAMES = tuple(f.encode_name for f in fields(Query))


def parse(given: Mapping[str, str], now: int) -> Query:
    """The query of a request's parameters; empty ones are as if not given. `now`: nothing is asked of later.

    Raises:
        QueryError: one of them does not fit.
    """
    told: dict[str, Any] = {}
    for name, text in given.items():
        if name not in NAMES:
            raise QueryError(
                name, f"no such filter; there are {', '.join(NAMES)}", f"没有这个条件；有：{'、'.join(NAMES)}"
            )
        if text and (value := _READ.get(name, _text)(name, text)) is not None:
            told["from_" if name == "from" else name] = value
    told.setdefault("order", USUAL[told.get("sort", "registered_at")])
    query = Query(**told)
    _span("from", query.from_, "to", query.to, now)
    _span("closed_from", query.closed_from, "closed_to", query.closed_to, now)
    if query.cursor and (query.cursor.sort, query.cursor.order) != (query.sort, query.order):
        raise QueryError(
            "cursor", "is of another sort or order: begin with the first page", "排序已改变：请从第一页开始"
        )
    return query


def write_cursor(cursor: Cursor) -> str:
    """A cursor as the text that `parse` reads."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def _span(first: str, begin: int | None, last: str, end: int | None, now: int) -> None:
    if begin is not None and end is not None and begin >= end:
        raise QueryError(last, f"must be later than {first} ({begin})", f"应晚于 {first}（{begin}）")
    if begin is not None and begin > now:
        raise QueryError(first, f"is in the future; now is {now}", f"在将来；现在是 {now}")


def _text(name: str, text: str) -> str:
    text = text.strip()
    if len(text) > LONGEST_TEXT:
        raise QueryError(name, f"at most {LONGEST_TEXT} characters, not {len(text)}", f"最多 {LONGEST_TEXT} 个字符")
    if not text.isascii() and text != text.encode("utf-8", "replace").decode():
        raise QueryError(name, "is no valid Unicode text", "不是有效的 Unicode 文本")
    return text


def _words(name: str, text: str) -> str:
    text = _text(name, text)
    if len(text.split()) > MOST_WORDS:
        raise QueryError(name, f"at most {MOST_WORDS} words", f"最多 {MOST_WORDS} 个词")
    return text


def _phone(name: str, text: str) -> str:
    digits = text.strip().removeprefix("*")
    if not (digits.isascii() and digits.isdigit() and SHORTEST <= len(digits) <= LONGEST):
        raise QueryError(
            name,
            f"must be the last {SHORTEST} to {LONGEST} digits of a number",
            f"应为号码的最后 {SHORTEST} 至 {LONGEST} 位",
        )
    return digits


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text) <= LAST):
        raise QueryError(name, "must be an instant in milliseconds since 1970 (UTC)", "应为 1970 年以来的毫秒数（UTC）")
    return int(text)


def _limit(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST):
        raise QueryError(name, f"must be a number from 1 to {MOST}", f"应为 1 至 {MOST} 的整数")
    return int(text)


def _open(name: str, text: str) -> bool:
    return _one_of("0", "1")(name, text) == "1"


def _one_of(*values: str) -> Callable[[str, str], str]:
    def read(name: str, text: str) -> str:
        if text not in values:
            raise QueryError(name, f"must be one of {', '.join(values)}", f"应为以下之一：{'、'.join(values)}")
        return text

    return read


def _cursor(name: str, text: str) -> Cursor:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        cursor = msgspec.json.decode(raw, type=Cursor)
    except (binascii.Error, msgspec.MsgspecError, ValueError) as fault:
        raise QueryError(name, "must be the `next` of a page", "应为上一页的 next") from fault
    if max(abs(cursor.key), abs(cursor.number)) >= 1 << 62:
        raise QueryError(name, "must be the `next` of a page", "应为上一页的 next")
    return cursor


_READ: dict[str, Callable[[str, str], Any]] = {
    "q": _words,
    "address": _words,
    "phone": _phone,
    "status": _one_of(*(s.value for s in Status)),
    "open": _open,
    "deadline": _one_of(*DEADLINES),
    "from": _number,
    "to": _number,
    "closed_from": _number,
    "closed_to": _number,
    "sort": _one_of(*USUAL),
    "order": _one_of("asc", "desc"),
    "limit": _limit,
    "cursor": _cursor,
}
