"""A way to a squad beside its own page: what every adaptor is given, what it answers, what it declares.

1. A notice says what an officer must know to open the page: number, item, place, until when. Nothing of the reporter,
   no text that somebody wrote about the matter, no name.
2. Its id is that of the assignment, at every try and through every channel: a receiver that has it already, drops it.
3. A receipt speaks of the provider alone. That a person has read anything is said by the squad's own device.
4. `notify` never raises for what the other side does, and answers within the adaptor's timeout.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from dispatchers.messages.orders import PushResult

from ..outgoing import GONE, Answer


class Notice(NamedTuple):
    """An offer, as far as it goes through other hands."""

    id: str
    desk: str
    squad: str
    team: str
    officers: tuple[str, ...]  # numbers; only who is on duty
    case_no: str
    item: str  # its name
    place: str
    priority: int
    attempt: int
    clock: str  # until when it must be answered: 10:05
    valid_s: float  # wall seconds until then

    @property
    def text(self) -> str:
        """What a person reads. It differs by case and by attempt: some providers take the same text once a day."""
        return (
            f"派单 {self.case_no}（第{self.attempt}次）：{self.item}，{self.place}。请在 {self.clock} 前打开应用签收。"
        )


class Receipt(NamedTuple):
    """What became of a try: the result as the case's story has it, and why in a word (`explain` translates it)."""

    result: PushResult
    detail: str = ""
    wait_s: float = 0.0  # asked for by the provider


class Limits(NamedTuple):
    """What a provider takes. 0: it sets no such limit."""

    rate: float  # messages a second, on and on
    burst: int  # and so many at once
    size: int  # bytes of a message as sent
    receivers: int = 0  # of one message
    user_day: int = 0  # messages to one user on a day


class Notifier(Protocol):
    """An adaptor."""

    channel: str
    limits: Limits

    async def notify(self, notice: Notice) -> Receipt:
        """Try once."""
        ...


TOO_LARGE = Receipt("refused", "too_large")


def fitted(notice: Notice, size: int, encode: Callable[[Notice], bytes]) -> bytes | None:
    """The notice as bytes, its place shortened until it fits; None: not even without a place."""
    whole = notice.place
    for quarters in (4, 3, 2, 1, 0):
        kept = whole[: len(whole) * quarters // 4]
        body = encode(notice if quarters == 4 else notice._replace(place=kept and f"{kept}…"))
        if len(body) <= size:
            return body
    return None


def receipt_of(answer: Answer) -> Receipt:
    """What an answer over HTTP means for an offer."""
    match answer.outcome:
        case "accepted":
            return Receipt("sent")
        case "timeout" | "unreachable":
            return Receipt("failed", answer.outcome)
        case _ if answer.status in ("404", str(GONE)):
            return Receipt("refused", "gone")
        case _ if answer.status == "413":
            return TOO_LARGE
        case _ if answer.status == "429":
            return Receipt("limited", "busy", answer.wait_s)
        case "refused":
            return Receipt("refused", f"http {answer.status}")
    return Receipt("failed", f"http {answer.status}", answer.wait_s)
