"""The public life of each case: topic `case-events`, one CloudEvents 1.0 message (Kafka binary mode) for each event.

    key      case id          value    the event as in the log, JSON, without `reporter_ref` and `caller_tag`
    headers  ce_id            "desk-log/<partition>/<offset>/<index>": stable, so a reader that saw it may drop it
             ce_source        "/desks/<desk>"        ce_type     "paidan.<EventName>.v1"
             ce_subject       case id                ce_time     the record's `at` (run's clock), RFC 3339, UTC
             ce_specversion   "1.0"                  content-type "application/json"

At least once: outlet.py says how.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer

from dispatchers.events import CaseEvent, CaseRegistered, CaseTaken

from . import metrics, outlet
from .outlet import Outlet, Told
from .reader import LOG, Fold, Position, Step

NAME = "facts"
TOPIC = "case-events"
_PRIVATE = ("reporter_ref", "caller_tag")
_encode = msgspec.json.Encoder().encode


def fact(step: Step, desk: str, partition: int) -> Told:
    """The CloudEvent of an event."""
    name = type(step.event).__name__
    subject = step.event.case_id.encode()
    return Told(
        key=subject,
        value=public(step.event),
        headers=[
            ("ce_specversion", b"1.0"),
            ("ce_id", f"{LOG}/{partition}/{step.offset}/{step.nth}".encode()),
            ("ce_source", f"/desks/{desk}".encode()),
            ("ce_type", f"paidan.{name}.v1".encode()),
            ("ce_time", rfc3339(step.at).encode()),
            ("ce_subject", subject),
            ("content-type", b"application/json"),
        ],
        label=name,
    )


def public(event: CaseEvent) -> bytes:
    """The event as JSON, without what points to its reporter. Only two types hold that; the others are not copied."""
    if not isinstance(event, CaseRegistered | CaseTaken):
        return _encode(event)
    told: dict[str, Any] = msgspec.to_builtins(event)
    for holder in (told, told.get("case", {})):
        for name in _PRIVATE:
            holder.pop(name, None)
    return _encode(told)


def rfc3339(at: int) -> str:
    """An instant in UTC with milliseconds."""
    return dt.datetime.fromtimestamp(at / 1000, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Facts(Outlet):
    """The public events of one desk. A watcher of its fold."""

    def __init__(self, producer: AIOKafkaProducer, fold: Fold, stored: Position | None) -> None:
        """`stored`: outlet.Outlet says what."""
        super().__init__(
            producer,
            fold,
            stored,
            name=NAME,
            topic=TOPIC,
            told=lambda step: (fact(step, fold.desk.id, fold.partition),),
            counted=metrics.facts_published,
        )


async def stored_positions(kafka: str, partitions: Iterable[int]) -> dict[int, Position]:
    """Up to where the logs of these partitions are published; those of which nothing is are left out."""
    return (await outlet.stored_positions(kafka, partitions, [NAME]))[NAME]
