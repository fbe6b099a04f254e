"""The receipt book 收件簿 of one partition: which number of which source became which case, of which desk, or why not.

A repeat or an update goes to the same case of the same desk wherever its address points now: the first answer stands.
"""

from __future__ import annotations

import msgspec

from . import events as e
from .city import City
from .classification import classify
from .ids import case_id
from .jurisdiction import whose
from .messages import Filed, ForgetReporter, IntakeMessage, Misplaced, RegisterCase, Unreadable, UpdateCase


class Receipt(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of a number; as an array, because there are very many."""

    case_id: str
    desk: str
    digest: str
    forget_after: int
    reporter_forgotten: bool = False


class ReceiptBook(msgspec.Struct, kw_only=True):
    """The state of one intake partition."""

    id: str  # "complaints/7"
    at: int = 0
    receipts: dict[str, Receipt] = {}  # key_of(source, source_id), oldest first
    letters_out: dict[str, int] = {}

    @property
    def next_due(self) -> int:
        """Intake waits for nothing."""
        return 0


def key_of(source: str, source_id: str) -> str:
    """The key of a number; the separator can stand in neither part."""
    return f"{source}\x1f{source_id}"


def decide(book: ReceiptBook, message: IntakeMessage, city: City, at: int) -> list[e.AnyEvent]:
    """What becomes of a message. Never empty: every message is told about."""
    match message:
        case Unreadable():
            return [
                e.ComplaintRefused(
                    source=message.source, source_id=message.source_id, reason=message.reason, detail=message.detail
                )
            ]
        case Misplaced():
            return [
                e.ComplaintMisplaced(source=message.source, source_id=message.source_id, partition=message.partition)
            ]
        case ForgetReporter():
            receipt = book.receipts.get(key_of(message.source, message.source_id))
            return [
                e.ReporterForgotten(
                    source=message.source,
                    source_id=message.source_id,
                    case_id=receipt.case_id if receipt else "",
                )
            ]
        case Filed():
            return _filed(book, message, city, at)


def _filed(book: ReceiptBook, filed: Filed, city: City, at: int) -> list[e.AnyEvent]:
    number = {"source": filed.source, "source_id": filed.source_id}
    receipt = book.receipts.get(key_of(filed.source, filed.source_id))
    if receipt and receipt.forget_after <= at:
        receipt = None  # nothing happened since that would have made the book forget it
    if receipt and receipt.digest == filed.digest:
        return [e.ComplaintRepeated(**number, case_id=receipt.case_id, desk=receipt.desk)]
    if receipt:
        update = UpdateCase(case_id=receipt.case_id, filed=filed)
        return [
            e.ComplaintUpdated(**number, case_id=receipt.case_id, desk=receipt.desk, digest=filed.digest),
            _letter(book, receipt.desk, update),
        ]
    answer = whose(filed.place, city)
    matter = classify(filed, city, at)
    if matter.item and matter.item.about_force:  # nobody judges in their own cause: the supervising desk's (R66)
        answer = answer._replace(desk=city.city_desk, why="about_the_force")
    new = case_id(filed.topic, filed.source, filed.source_id)
    return [
        e.ComplaintAccepted(
            **number,
            case_id=new,
            desk=answer.desk,
            digest=filed.digest,
            why=answer.why,
            forget_after=at + city.receipts_ms,
        ),
        _letter(book, answer.desk, RegisterCase(case_id=new, filed=filed)),
    ]


def _letter(book: ReceiptBook, desk: str, body: RegisterCase | UpdateCase) -> e.LetterSent:
    return e.LetterSent(to=desk, number=book.letters_out.get(desk, 0) + 1, body=body)


def evolve(book: ReceiptBook, event: e.AnyEvent, at: int) -> ReceiptBook:
    """The book after an event; changes and hands back the book it is given (state.py says why)."""
    book.at = at
    match event:
        case e.ComplaintAccepted():
            key = key_of(event.source, event.source_id)
            book.receipts.pop(key, None)  # so that the order stays that of forgetting
            book.receipts[key] = Receipt(event.case_id, event.desk, event.digest, event.forget_after)
        case e.ComplaintUpdated():
            key = key_of(event.source, event.source_id)
            old = book.receipts[key]
            book.receipts[key] = Receipt(old.case_id, old.desk, event.digest, old.forget_after, old.reporter_forgotten)
        case e.ReporterForgotten():
            key = key_of(event.source, event.source_id)
            known = book.receipts.get(key)
            if known:
                book.receipts[key] = Receipt(known.case_id, known.desk, known.digest, known.forget_after, True)
        case e.LetterSent():
            book.letters_out[event.to] = event.number
        case e.ComplaintRepeated() | e.ComplaintRefused() | e.ComplaintMisplaced() | e.EpochOpened():
            pass
        case _:
            raise TypeError(f"{type(event).__name__} is no event of intake")
    while book.receipts:
        oldest = next(iter(book.receipts))
        if book.receipts[oldest].forget_after > at:
            break
        del book.receipts[oldest]
    return book
