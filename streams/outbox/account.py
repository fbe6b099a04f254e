"""Where every reply stands: sent = acknowledged + pending + dead, for each source, at every moment.

1. Two topics say it all: `replies` (what was sent) and `deliveries` (what became of it; the newest record of a reply
   holds). `ledger` says so as a pure function; a `Book` (book.py) says the same record by record; a test compares.
2. Counted are the replies that the topic still holds (30 days), each once however often it was published.
3. A source without a webhook reads the topic itself. What it took of it nobody here can know: its replies are counted
   apart (`by_topic`), neither acknowledged nor pending for ever. The same holds for what is older than a webhook's
   `not_before`.
4. A Book keeps 27 bytes of a reply, and some 200 more while it is pending; never its text. A delivery therefore says
   where in `replies` its reply lies; where that place holds another one (topics copied to another cluster, the first of
   two copies expired) its partition is searched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

from ..replies import Reply


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """The value of a `deliveries` record. No text of a reply, and of what the source's server said its code alone."""

    id: str  # of the reply
    case_id: str
    source: str
    state: Literal["acknowledged", "dead", "again"]  # again: a person had it sent once more; it is pending
    attempts: int  # since it was sent, or sent again, by the process that ended it
    at: int  # wall time, ms
    status: str  # of the last try: the HTTP code, or timeout, unreachable, untried; of `again` the one before
    partition: int  # where the reply lies in `replies`
    offset: int


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """A source's account."""

    sent: int = 0
    acknowledged: int = 0
    pending: int = 0
    dead: int = 0
    oldest_pending_at: int = 0  # `Reply.at`; 0: none is pending


def ledger(replies: Iterable[Reply], deliveries: Iterable[Delivery], webhooks: Mapping[str, int]) -> dict[str, Ledger]:
    """The account of each source that has a webhook. `webhooks`: from when on (`Reply.at`) it is posted its replies."""
    newest = {delivery.id: delivery.state for delivery in deliveries}
    sent = {r.id: r for r in replies if r.source in webhooks and r.at >= webhooks[r.source]}
    found = {}
    for source in webhooks:
        mine = [r for r in sent.values() if r.source == source]
        states = [newest.get(r.id) for r in mine]
        pending = [r.at for r, state in zip(mine, states, strict=True) if state in (None, "again")]
        found[source] = Ledger(
            sent=len(mine),
            acknowledged=states.count("acknowledged"),
            pending=len(pending),
            dead=states.count("dead"),
            oldest_pending_at=min(pending, default=0),
        )
    return found


def total(accounts: Mapping[str, Ledger]) -> Ledger:
    """The sum of some accounts."""
    every = accounts.values()
    oldest: Iterator[int] = (a.oldest_pending_at for a in every if a.pending)
    return Ledger(
        sent=sum(a.sent for a in every),
        acknowledged=sum(a.acknowledged for a in every),
        pending=sum(a.pending for a in every),
        dead=sum(a.dead for a in every),
        oldest_pending_at=min(oldest, default=0),
    )
