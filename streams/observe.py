"""What the writers tell the metrics, apart from `log.py` and `writers.py` so that the laws read without counters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from dispatchers import events as e
from dispatchers.clock import DAY, HOUR
from dispatchers.writer import Decided

from . import metrics


class Observe:
    """Counts what happens to inboxes and logs. Topics and logs are named as in topics.yaml."""

    def received(self, topic: str, messages: int, records: int, waited: float) -> None:
        """Messages were decided, the first of them so many wall seconds after its append; those without a record needed
        none."""
        metrics.inbox_wait_seconds.of(topic).observe(max(0.0, waited))
        metrics.messages_received.of(topic, "decided").inc(records)
        if messages > records:
            metrics.messages_received.of(topic, "silent").inc(messages - records)

    def decided(self, log: str, messages: int, seconds: float) -> None:
        """A batch was decided; the mean counts once for the batch, because a clock read per message costs as much."""
        if messages:
            metrics.decide_seconds.of(_writer(log)).observe(seconds / messages)

    def settled(self, log: str, decided: list[Decided], seconds: float) -> None:
        """Records are acknowledged."""
        metrics.append_seconds.of(log).observe(seconds)
        writer = _writer(log)
        for cause, count in Counter(one.record.cause.type for one in decided).items():
            metrics.records.of(writer, cause).inc(count)
        for one in decided:
            for event in one.record.events:
                if tell := _TELLING.get(type(event)):
                    tell(event)
                if isinstance(event, e.CaseAct) and event.happened_at:
                    _late(one.record.at - event.happened_at)

    def letters(self, log: str, count: int) -> None:
        """Letters are in their receivers' inboxes."""
        metrics.letters_posted.of(log).inc(count)

    def void(self, log: str, count: int) -> None:
        """Records of others that continue no chain."""
        metrics.void_records.of(log).inc(count)

    def taken(self, seconds: float) -> None:
        """Partitions were taken, and are decided about from now on."""
        metrics.recovery_seconds.of().observe(seconds)

    def snapshot(self, log: str) -> None:
        """A snapshot is written whole."""
        metrics.snapshots.of(log).inc()


# Events that are counted by what they say; a look-up by type, because there are a thousand others for each.
_TELLING: dict[type, Callable[[Any], None]] = {
    e.OrderRefused: lambda event: metrics.orders_refused.of(event.reason).inc(),
    e.OrderRepeated: lambda event: metrics.duplicates.of("order").inc(),
    e.ComplaintRepeated: lambda event: metrics.duplicates.of("complaint").inc(),
    e.LetterGap: lambda event: metrics.letter_gaps.of("intake" if "/" in event.sender else "desk").inc(),
    e.AssignmentOffered: lambda event: metrics.offers.of(_attempt(event.attempt)).inc(),
    e.WorkOrderIssued: lambda event: metrics.offers.of(_attempt(event.attempt)).inc(),
    e.LeaseExpired: lambda event: metrics.leases_expired.of().inc(),
    e.AssignmentReturned: lambda event: metrics.returns.of(event.reason).inc(),
    e.CaseHandedOver: lambda event: metrics.hand_overs.of().inc(),
    e.CaseEscalated: lambda event: metrics.escalations.of(event.cause or event.reason).inc(),
    e.DeadlineMissed: lambda event: metrics.deadlines_missed.of(event.name).inc(),
}
_AT_ONCE = 60_000  # ms of the run's clock: what comes within a minute is not late
_LATE = ((HOUR, "1h"), (DAY, "1d"), (3 * DAY, "3d"))


def _attempt(number: int) -> str:
    return str(number) if number <= 3 else "more"


def _late(by: int) -> None:
    if by > _AT_ONCE:
        metrics.late_reports.of(next((name for most, name in _LATE if by <= most), "more")).inc()


def _writer(log: str) -> str:
    return "desk" if log == "desk-log" else "intake"
