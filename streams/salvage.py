"""Messages that fail the same way every time: their bytes are kept, acknowledged, before their record (law 10)."""

from __future__ import annotations

import traceback
from typing import Any

import structlog
from aiokafka import ConsumerRecord

from dispatchers.messages import BrokenLetter, Letter, TakeCase, Unreadable

from . import metrics
from .dead_letters import DeadLetters

log = structlog.get_logger(__name__)
RULE_FAILED = "rule_failed"


def failed(message: Any, fault: Exception) -> Any:
    """What to decide instead of a message on which the rules raised: where, never the message's own text."""
    place = traceback.extract_tb(fault.__traceback__)[-1]
    detail = f"{type(fault).__name__} in {place.name}, line {place.lineno}"
    log.error("the rules failed", message=type(message).__name__, fault=detail)
    if isinstance(message, Letter):
        body = message.body
        case_id = body.case.id if isinstance(body, TakeCase) else getattr(body, "case_id", "")
        return BrokenLetter(
            sender=message.sender, number=message.number, reason=RULE_FAILED, detail=detail, case_id=case_id
        )
    return Unreadable(
        reason=RULE_FAILED,
        detail=detail,
        source=getattr(message, "source", ""),
        source_id=getattr(message, "source_id", ""),
    )


async def keep(dead_letters: DeadLetters, record: ConsumerRecord, at: int, message: Any) -> None:
    """Put the original bytes aside; returns when that is acknowledged."""
    await dead_letters.put(
        record.topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        message.reason,
        message.detail,
        at,
        record.headers,
    )
    metrics.dead_letters.of(record.topic, message.reason).inc()
