"""`paidan decide`: a whole city without a broker. JSON lines of messages in, log records out, always the same.

    {"topic": "complaints" | "city-events" | "desk-inbox", "at": RFC 3339 with zone or ms, "value": the message}

1. Messages go the worker's way: the same reading, masking and looking up of places, the same writers, the same bytes.
   Only nothing is kept of a reporter, and marks of callers and contents are made with a key of zeros, not the city's.
2. `value` is the message as on the topic; a text stands for bytes that are no JSON. A line that is no such object
   counts as a message to `complaints` that nobody can read, at the time of the line before: its record is a refusal.
3. An order goes to the desk that holds its case (or names itself in `desk`); a line may say another one in "desk".
4. Time never runs backwards; what falls due up to the last `at`, or `until`, is decided.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import IO, Annotated, Any, Literal

import msgspec

from dispatchers.city import City
from dispatchers.ids import inbox_key
from dispatchers.intake import key_of
from dispatchers.memory import Memory, Stored
from dispatchers.messages import AdoptCity, ForgetReporter, Unreadable
from dispatchers.rows import CityPack

from . import wire
from .city_files import version
from .desk_wire import SAFE, read_desk_message
from .faults import Fault, decode, told
from .geo import Geo
from .scan import partition_of
from .vault import Vault


class Line(msgspec.Struct, frozen=True):
    """One line of the input."""

    topic: Literal["complaints", "city-events", "desk-inbox"]
    at: Annotated[int, msgspec.Meta(ge=0, le=SAFE)] | dt.datetime
    value: msgspec.Raw
    desk: str = ""


class _Addressed(msgspec.Struct):
    """What an order says of whom it is for."""

    desk: str = ""
    case_id: str = ""


_line = msgspec.json.Decoder(Line)
_addressed = msgspec.json.Decoder(_Addressed)


class Decide:
    """A city in memory that is told lines."""

    def __init__(self, pack: CityPack, others: Iterable[CityPack] = ()) -> None:
        """`others` are versions that an `AdoptCity` may name."""
        self.city = City(pack, version(pack))
        self.memory = Memory(self.city, {version(p): City(p, version(p)) for p in others})
        self._geo = Geo(pack)
        self._vault = Vault(bytes(32))

    def lines(self, lines: IO[bytes] | Iterable[bytes], until: int | None = None) -> Iterator[Stored]:
        """Every record that the lines lead to, in the order in which they are decided."""
        for raw in lines:
            if raw.strip():
                yield from self.line(raw.strip())
        yield from self.memory.pass_time(max(until or 0, self.memory.at))

    def line(self, raw: bytes) -> Iterator[Stored]:
        """The records of one line, those of what fell due before it first."""
        try:
            line = decode(_line, raw)
            at = max(_instant(line.at), self.memory.at)
        except Fault as fault:
            message = Unreadable(reason=fault.reason, detail=f"the line itself: {fault.detail}")
            yield from self.memory.file("complaints", 0, message, self.memory.at)
            return
        if line.topic == "desk-inbox":
            yield from self._tell(line.desk, _bytes(line.value), at)
        else:
            yield from self._file(line.topic, _bytes(line.value), at)

    def _file(self, topic: str, value: bytes, at: int) -> Iterator[Stored]:
        partition, message = self.message(topic, value, at)
        yield from self.memory.file(topic, partition, message, at)

    def message(self, topic: str, value: bytes, at: int) -> tuple[int, Any]:
        """What intake gets of a message's bytes, and in which partition."""
        told: Any = wire.read(topic, value, at, self._vault)
        if isinstance(told, Unreadable):
            return 0, told  # the broker would have chosen any
        partition = partition_of(topic, inbox_key(told.source, told.source_id))
        if isinstance(told, ForgetReporter):
            return partition, told
        receipt = self.memory.intake(topic, partition).writer.state.receipts.get(key_of(told.source, told.source_id))
        forgotten = bool(receipt and receipt.reporter_forgotten)
        filed = wire.file(topic, told, self._geo.locate, self._vault, forgotten).filed
        return partition, msgspec.structs.replace(filed, filed_at=at)

    def _tell(self, desk: str, value: bytes, at: int) -> Iterator[Stored]:
        wanted = desk or self._holder(value)
        known = wanted if wanted in self.memory.desks else self.city.city_desk
        message: Any = read_desk_message(value, known)
        if isinstance(message, AdoptCity):
            message = msgspec.structs.replace(message, found=message.city in self.memory.cities)
        yield from self.memory.tell(known, message, at)

    def _holder(self, value: bytes) -> str:
        """The desk that an order means: its own word, or who holds the case, or where it ended; "" if that cannot be
        told."""
        said = told(_addressed, value) or _Addressed()
        if said.desk:
            return said.desk
        states = {name: d.writer.state for name, d in self.memory.desks.items()}
        held = next((name for name, state in states.items() if said.case_id in state.cases), "")
        return held or next((name for name, state in states.items() if said.case_id in state.reopenable), "")


def _instant(at: int | dt.datetime) -> int:
    if isinstance(at, int):
        return at
    if at.tzinfo is None:
        raise Fault("time_without_zone", "$.at: without a zone; add +08:00, or Z for UTC")
    return round(at.timestamp() * 1000)


def instant(text: str) -> int:
    """Milliseconds since 1970 of RFC 3339 with a zone, or of such a number. ValueError says what would be right."""
    try:
        return int(text) if text.isdigit() else _instant(dt.datetime.fromisoformat(text))
    except (ValueError, Fault) as error:
        raise ValueError(f"{text!r} is no time: write RFC 3339 with a zone, or ms since 1970") from error


def _bytes(value: msgspec.Raw) -> bytes:
    """The message's bytes as they would lie on the topic."""
    raw = bytes(value)
    if raw.startswith(b'"'):
        text = msgspec.json.decode(raw)
        return str(text).encode()
    return raw
