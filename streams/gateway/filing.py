"""Complaints and city events over HTTP: checked as intake will check them, acknowledged once the broker has them.

2xx means that it is in `complaints` or `city-events` on the disks that must have it (acks=all), and nothing else: what
it becomes is intake's to say. The case's id is known at once, because ids are derived (law 8).
A flood is answered with 429 and Retry-After before it becomes a backlog: per source by a bucket, for all by what the
broker has not acknowledged yet and by what lies undecided (undecided.py). What was answered 2xx is kept. The rows of a
file, which nobody waits for, come when there is room.
"""

from __future__ import annotations

import asyncio
import csv
import io
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from dispatchers.ids import case_id, inbox_key
from dispatchers.messages import Unreadable, WireComplaint
from dispatchers.messages.words import Datum, Kind

from .. import wire
from ..clock import Clock
from ..kafka_io import within
from ..vault import Vault
from .accounts import Account
from .problem import PATIENCE_S, Problem, no_broker, too_many, unfit
from .undecided import Undecided

UNDERWAY = 2_000  # not acknowledged yet, of all sources
RATE, BURST = 100.0, 1_000.0  # of one source: a second, and at once
UPLOADS = 100  # whose progress is remembered
UPLOADING = 10  # that are on their way at once; of each at most 5 MiB of text is in memory
MOST_ROWS = 20_000
COLUMNS = (
    "source_id", "kind", "received_at", "title", "description", "scheme", "code", "datum", "lon", "lat", "address",
    "name", "phone", "channel",
)  # fmt: skip
# What a spreadsheet in China saves as "CSV": UTF-8 with a mark, or GB 18030.
ENCODINGS = ("utf-8-sig", "gb18030")


def source_of(account: Account) -> str:
    """As which source an account files: a program's own, else that of the desk or the town it sits at."""
    if account.role == "integrator":
        return account.source
    return f"town-{account.territory}" if account.role == "town" else f"desk-{account.desk}"


# What is wrong with a report, for people; the English detail is that of faults.py.
WRONG: dict[str, str] = {
    "bad_json": "不是正确的 JSON",
    "wrong_type": "类型不对",
    "missing_member": "缺少这一项",
    "unknown_type": "没有这种类型",
    "unknown_kind": f"类别应为 {'、'.join(get_args(Kind))} 之一",
    "unknown_word": "不在可用的取值之内",
    "kind_of_other_topic": "这一类别属于另一个入口（投诉与城管事件分开）",
    "missing_datum": f"有坐标就须注明坐标系：{'、'.join(get_args(Datum))} 之一",
    "bad_coordinates": "经度和纬度应同时填写，或都不填",
    "bad_time": "时间格式应如 2026-07-13T08:00:00+08:00",
    "time_without_zone": "时间须带时区，例如 +08:00",
    "time_out_of_bounds": "时间过早或在将来",
    "number_out_of_bounds": "数值超出范围",
    "bad_text": "编号应是一行文字，不含控制字符",
    "too_long": "过长",
}


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """It is kept. `case_id`: what it becomes, if intake takes it as a case of its own."""

    source: str
    source_id: str
    topic: str
    partition: int
    offset: int
    case_id: str


class RowResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one row of a file; rows count from 1, the head not counted."""

    row: int
    status: int
    source_id: str
    text: dict[str, str] = {}


class Upload(msgspec.Struct, kw_only=True):
    """A file on its way."""

    upload: str
    account: str
    rows: int
    done: int = 0
    failed: int = 0
    finished: bool = False
    results: list[RowResult] = []


class _Bucket:
    """How much one source may still send now."""

    def __init__(self) -> None:
        self._left, self._at = BURST, time.monotonic()

    def take(self) -> float:
        """0, or the seconds to wait."""
        now = time.monotonic()
        self._left, self._at = min(BURST, self._left + (now - self._at) * RATE), now
        if self._left < 1:
            return (1 - self._left) / RATE
        self._left -= 1
        return 0.0


class Filing:
    """The way of a report into its topic."""

    def __init__(self, sender: AIOKafkaProducer, vault: Vault, clock: Clock, undecided: Undecided) -> None:
        self._sender, self._vault, self._clock, self._undecided = sender, vault, clock, undecided
        self._underway = 0
        self._buckets: dict[str, _Bucket] = {}
        self._uploads: OrderedDict[str, Upload] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    async def file(self, topic: str, source: str, raw: bytes, key: str = "") -> Receipt:
        """Keep a report of a source. `source` "": as the body says (a source's own key was checked against it).

        Raises Problem: 422 with the place of the fault, 413, 429, 503.
        """
        if wait := self._undecided.wait() or self._buckets.setdefault(source, _Bucket()).take():
            raise too_many(wait)
        return await self._keep(topic, self._checked(topic, source, raw, key), PATIENCE_S)

    def _checked(self, topic: str, source: str, raw: bytes, key: str) -> bytes:
        """The report as it goes into the topic, read as intake reads it."""
        try:
            body = msgspec.json.decode(raw, type=dict[str, Any])
        except msgspec.MsgspecError as fault:
            raise unfit("$", "不是 JSON 对象", f"no JSON object ({fault})") from fault
        if body.setdefault("source", source) != source:
            raise unfit("$.source", f"此密钥属于来源 {source}", f"this key is the source's {source!r}")
        body.setdefault("source_id", key or str(uuid.uuid4()))
        whole = msgspec.json.encode(body)
        told = wire.read(topic, whole, self._clock.now(), self._vault)
        if isinstance(told, Unreadable):
            if told.reason == "too_large":
                raise Problem(413, "too_large", "内容过大", told.detail)
            where, _, detail = told.detail.partition(": ")
            raise unfit(
                where if where.startswith("$") else "$", WRONG.get(told.reason, "不合要求"), detail or told.detail
            )
        if not isinstance(told, WireComplaint):
            raise unfit("$", "不是投诉或事件", "this is no complaint or event")
        return whole

    async def _keep(self, topic: str, whole: bytes, patience_s: float | None) -> Receipt:
        if self._underway >= UNDERWAY:
            raise too_many(1.0)
        number = msgspec.json.decode(whole, type=_Number)
        self._underway += 1
        try:
            async with within(patience_s):
                sent = await self._sender.send_and_wait(topic, whole, key=inbox_key(number.source, number.source_id))
        except MessageSizeTooLargeError as fault:
            raise Problem(413, "too_large", "内容过大", "too large for one message") from fault
        except KafkaError as fault:
            raise no_broker() from fault
        finally:
            self._underway -= 1
        self._undecided.add()
        return Receipt(
            source=number.source,
            source_id=number.source_id,
            topic=topic,
            partition=sent.partition,
            offset=sent.offset,
            case_id=case_id(topic, number.source, number.source_id),
        )

    # -- a file of them ------------------------------------------------------------------------------------------------

    def upload(self, account: str, topic: str, source: str, raw: bytes) -> Upload:
        """Begin with a file; its rows are kept one after the other, each with a result of its own.

        Raises Problem 422: it cannot be read, or lacks a column; 429; nothing of it is kept then.
        """
        if len(self._tasks) >= UPLOADING:
            raise too_many(10.0)
        rows = list(_rows(_text(raw)))
        told = Upload(upload=str(uuid.uuid4()), account=account, rows=len(rows))
        self._uploads[told.upload] = told
        if len(self._uploads) > UPLOADS:
            self._uploads.popitem(last=False)
        task = asyncio.create_task(self._rows(told, topic, source, rows))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return told

    def uploaded(self, account: str, upload: str) -> Upload | None:
        """How far a file of this account is."""
        told = self._uploads.get(upload)
        return told if told and told.account == account else None

    async def _rows(self, told: Upload, topic: str, source: str, rows: list[dict[str, str]]) -> None:
        for number, row in enumerate(rows, 1):
            result = await self._row(number, topic, source, row)
            told.results.append(result)
            told.done += result.status < 300
            told.failed += result.status >= 300
        told.finished = True

    async def _row(self, number: int, topic: str, source: str, row: dict[str, str]) -> RowResult:
        try:
            whole = self._checked(topic, source, msgspec.json.encode(_complaint(row)), "")
            while (wait := self._undecided.wait()) or self._underway >= UNDERWAY:  # noqa: ASYNC110 - desks elsewhere make it
                await asyncio.sleep(max(1.0, wait))
            kept = await self._keep(topic, whole, None)  # nobody waits at the other end: a file goes on by itself
        except Problem as problem:
            return RowResult(row=number, status=problem.status, source_id=row["source_id"], text=problem.body["text"])
        return RowResult(row=number, status=201, source_id=kept.source_id)


class _Number(msgspec.Struct):
    source: str
    source_id: str


def _text(raw: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise unfit("$", "请用 UTF-8 或 GB 18030 编码", "neither UTF-8 nor GB 18030")


def _rows(text: str) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    head = reader.fieldnames or ()
    absent = [c for c in ("source_id", "kind", "received_at") if c not in head]
    strange = [c for c in head if c not in COLUMNS]
    if absent or strange:
        raise unfit(
            "line 1",
            f"缺少列 {absent}，不认识的列 {strange}；可用的列：{', '.join(COLUMNS)}",
            f"missing columns {absent}, unknown columns {strange}; there are: {', '.join(COLUMNS)}",
        )
    for count, row in enumerate(reader, 1):
        if count > MOST_ROWS:
            raise unfit(f"line {count + 1}", f"一次最多 {MOST_ROWS} 行", f"at most {MOST_ROWS} rows at a time")
        yield {name: (row.get(name) or "").strip() for name in COLUMNS}


def _complaint(row: dict[str, str]) -> dict[str, Any]:
    """A row in the wire form; what is empty is left out."""
    body: dict[str, Any] = {n: row[n] for n in ("source_id", "kind", "received_at", "title", "description", "channel")}
    if row["scheme"] or row["code"]:
        body["category"] = {"scheme": row["scheme"], "code": row["code"]}
    place: dict[str, Any] = {"datum": row["datum"] or None, "address": row["address"]}
    place |= {n: _number(row[n]) for n in ("lon", "lat") if row[n]}
    if any(place.values()):
        body["location"] = place
    if row["name"] or row["phone"]:
        body["reporter"] = {"name": row["name"], "phone": row["phone"]}
    return {k: v for k, v in body.items() if v not in ("", None)}


def _number(text: str) -> float | str:
    """A number, or the text itself, which the form then refuses with its place."""
    try:
        return float(text)
    except ValueError:
        return text
