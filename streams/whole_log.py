"""The logs of all desks read once from their beginning, from a file or from the broker, for who asks about the past.

Only valid records are shown (law 4). A file has one record a line, as `paidan decide` prints them; records of several
writers may be mixed, each follows its own chain. What is shown is bytes: who asks about one case need not decode all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from dispatchers.record import Head, digest

LOG = "desk-log"
Take = Callable[[bytes], None]


class Looked(msgspec.Struct):
    """What was read: for an answer, and for saying where there was none."""

    where: str
    records: int = 0
    void: int = 0
    writers: set[str] = set()
    at: int = 0  # of the latest record


class _Envelope(msgspec.Struct):
    """What is asked of every record."""

    at: int
    desk: str


_envelope = msgspec.json.Decoder(_Envelope).decode


class _Chains:
    """The chain of each log, and what was seen of them all."""

    def __init__(self, where: str, take: Take) -> None:
        self.looked = Looked(where)
        self._take = take
        self._heads: dict[str, Head] = {}

    def see(self, raw: bytes, log: str = "") -> None:
        """Show a record if it is valid. `log`: which one, if not the one that the record's writer names."""
        try:
            said = _envelope(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.looked.void += 1
            return
        head = self._heads.setdefault(log or said.desk, Head(writer=said.desk))
        if not head.extends(raw):
            self.looked.void += 1
            return
        head.hash = digest(raw)
        self.looked.records += 1
        self.looked.writers.add(said.desk)
        self.looked.at = max(self.looked.at, said.at)
        self._take(raw)


def of_lines(lines: Iterable[bytes], where: str, take: Take) -> Looked:
    """Show the valid records of a file."""
    chains = _Chains(where, take)
    for line in lines:
        if raw := line.strip():
            chains.see(raw)
    return chains.looked


async def of_topic(kafka: str, take: Take) -> Looked:
    """Show the valid records of `desk-log`, up to where each partition stood when this began.

    Raises:
        aiokafka.errors.KafkaError: the broker is not there, or has no such topic.
    """
    from .scan import scan

    chains = _Chains(f"{LOG} of {kafka}", take)
    async for record in scan(kafka, LOG):
        if record.value is not None:
            chains.see(record.value, str(record.partition))
    return chains.looked
