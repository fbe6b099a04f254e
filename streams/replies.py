"""What the source of a report is told about it: topic `replies`, for the channel that the report came by.

    progress     where it stands now, in the few words below; said only when the word changes
    reply        the answer to this very report's caller
    closed, rejected, transferred     its end

1. Each report is told about on its own, also one that was merged into another case: its progress is its parent's, its
   answer and its end are its own.
2. An id is `desk-log/<partition>/<offset>/<nth event>`; what a parent's event says about its children has their places
   behind it. So it is the same however often it is said, and whoever gets it may drop what it saw.
3. No person of theirs or ours is in it: no reporter, no title or address, no squad, officer or operator. Texts are
   those that somebody wrote for the caller (an answer, why a report was rejected, or closed without an answer), and
   telephone, identity and mail numbers of persons are taken out of them; an office's number stays.
4. `case_version` counts up with the case. Two desks publish on their own, so just after a case changed desks an older
   reply may come behind a newer one: whoever shows only the newest goes by the version.

How it gets there at least once: outlet.py. How it gets to a source that has an address for it: outbox/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec
from aiokafka import AIOKafkaProducer

from dispatchers import events as e
from dispatchers.case import ENDS, Case, Status
from dispatchers.state import Desk

from . import metrics
from .masking import mask, normal
from .outlet import Outlet, Told
from .reader import LOG, Fold, Position, Step

NAME = TOPIC = "replies"
Kind = Literal["progress", "reply", "closed", "rejected", "transferred"]
Word = Literal[
    "registered",  # somebody is sought who will do it, or was asked
    "working",  # somebody has taken it
    "suspended",
    "disposed",  # it is done; others look whether it is
    "closed",
    "rejected", "not_registered", "cancelled",  # 不予受理, 不予立案, 作废
    "transferred",
]  # fmt: skip


class Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The value of a `replies` record, and the body of a source's webhook. Instants: ms since 1970."""

    id: str
    case_id: str
    case_no: str
    case_version: int
    source: str
    source_id: str
    kind: Kind
    status: Word
    text: str = ""
    to: str = ""  # the body that a transferred case is now with
    at: int
    due_at: int = 0  # of the answer; 0: none is owed, or it was given
    simulated: bool = False


_encode = msgspec.json.Encoder().encode

# Where a case stands in a source's eyes. Whom it is offered to, who gave it back and who rules on it is our own affair.
_WORDS: dict[Status, Word] = {
    Status.ACCEPTED: "working",
    Status.ON_SITE: "working",
    Status.UNIT_WORKING: "working",
    Status.PENALTY: "working",
    Status.CRIMINAL: "working",
    Status.SUSPENDED: "suspended",
    Status.DISPOSED: "disposed",
    Status.CHECKED: "disposed",
    Status.CLOSED: "closed",
    Status.CANCELLED: "cancelled",
    Status.TRANSFERRED: "transferred",
}
_ENDED = (e.CaseClosed, e.CaseCancelled, e.CaseTransferred)


def replies(step: Step, desk: Desk, partition: int) -> Iterator[Reply]:
    """What an event has to tell the sources of its case and of that one's children. `desk` as it is after it."""
    event, case = step.event, step.after or step.before
    if case is None:
        return
    own = f"{LOG}/{partition}/{step.offset}/{step.nth}"
    if isinstance(event, e.CallerAnswered):
        yield _reply(own, case, event.case_version, step.at, "reply", _word(case, desk), text=_impersonal(event.text))
    elif isinstance(event, _ENDED):
        yield _ended(own, case, event, step.at)
    elif isinstance(event, e.CaseRegistered | e.CaseReopened):
        yield _reply(own, case, event.case_version, step.at, "progress", _word(case, desk))
    elif step.before and step.after:  # a change of desk (CaseTaken, CaseHandedOver) is none: it is sought for as before
        was, now = _word(step.before, desk), _word(case, desk)
        if was == now or case.status in ENDS:
            return
        yield _reply(own, case, event.case_version, step.at, "progress", now)
        for place, child_id in enumerate(case.children, 1):
            child = desk.cases.get(child_id)
            if child and child.status is Status.MERGED and child.parent == case.id:
                yield _reply(f"{own}/{place}", child, child.version, step.at, "progress", now)


def _word(case: Case, desk: Desk) -> Word:
    """A report that was merged stands where its parent does; a return that is asked for changes nothing yet."""
    if case.status is Status.MERGED:
        parent = desk.cases.get(case.parent)
        return _word(parent, desk) if parent and parent.status is not Status.MERGED else "registered"
    status = case.before if case.status is Status.RETURNING and case.before else case.status
    return _WORDS.get(status, "registered")


def _ended(own: str, case: Case, event: e.CaseClosed | e.CaseCancelled | e.CaseTransferred, at: int) -> Reply:
    """The end of a report. What is said of it to others only (whose child it was, that it is a crime) stays here."""
    version = event.case_version
    if isinstance(event, e.CaseClosed):
        text = event.reason if event.outcome == "forced" else ""  # any other has its answer
        return _reply(own, case, version, at, "closed", "closed", text=_impersonal(text))
    if isinstance(event, e.CaseTransferred):
        text = "" if event.reason == "criminal" else event.reason
        return _reply(own, case, version, at, "transferred", "transferred", text=_impersonal(text), to=event.to)
    if case.parent and event.reason == f"transferred with {case.parent}":  # ends.py
        return _reply(own, case, version, at, "transferred", "transferred")
    return _reply(own, case, version, at, "rejected", event.outcome, text=_impersonal(event.reason))


def _reply(
    id_: str, case: Case, version: int, at: int, kind: Kind, status: Word, *, text: str = "", to: str = ""
) -> Reply:
    owed = case.term("reply") if kind in ("progress", "reply") else None
    return Reply(
        id=id_,
        case_id=case.id,
        case_no=case.no,
        case_version=version,
        source=case.source,
        source_id=case.source_id,
        kind=kind,
        status=status,
        text=text,
        to=to,
        at=at,
        due_at=owed.due_at if owed and not owed.done_at else 0,
        simulated=case.simulated,
    )


_PHONE = re.compile("〔电话〕")


def _impersonal(text: str) -> str:
    """The text without persons' numbers. A landline is an office's here: "请拨打0573-82521234" is to be said."""
    masked, taken = mask(text)
    phones = [number for number in taken if "@" not in number and "＠" not in number]
    if len(_PHONE.findall(masked)) != len(phones):
        return masked  # identity numbers among them, or somebody wrote the mark: then none is put back
    back = iter(phones)
    return _PHONE.sub(lambda mark: number if _landline(number := next(back)) else mark[0], masked)


def _landline(number: str) -> bool:
    digits = normal(number)
    return digits.startswith("0") or len(digits) in (7, 8)


class Replies(Outlet):
    """What one desk has to tell the sources of its cases. A watcher of its fold."""

    def __init__(self, producer: AIOKafkaProducer, fold: Fold, stored: Position | None) -> None:
        """`stored`: outlet.Outlet says what."""
        super().__init__(
            producer, fold, stored, name=NAME, topic=TOPIC, told=self._of, counted=metrics.replies_published
        )

    def _of(self, step: Step) -> Iterator[Told]:
        for reply in replies(step, self._fold.desk, self._partition):
            headers = [("content-type", b"application/json")]
            yield Told(reply.case_id.encode(), _encode(reply), headers, reply.kind)
