"""What intake decides on: a message read, located and masked, or why it could not be."""

from __future__ import annotations

import msgspec

from .words import Kind


class Near(msgspec.Struct, frozen=True, gc=False):
    """A territory that may claim a place, and how far its border is (0: the place is inside)."""

    territory: str
    metres: int


class Place(msgspec.Struct, frozen=True, gc=False):
    """A place as found out before deciding: both pairs kept, and every territory that may claim it, nearest first."""

    address: str = ""
    lon: float | None = None  # WGS-84
    lat: float | None = None
    datum: str = ""  # the pair as given
    given_lon: float | None = None
    given_lat: float | None = None
    near: tuple[Near, ...] = ()
    named: str = ""  # territory the address names, when the point says nothing
    note: str = ""  # "outside", "gap": why near is empty or doubtful


class Filed(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """A readable complaint or city event: located, masked, its reporter put away."""

    topic: str
    source: str
    source_id: str
    kind: Kind
    received_at: int  # the source's word
    filed_at: int = 0  # the broker's: when the message was appended, on the run's clock
    title: str = ""
    description: str = ""
    scheme: str = ""
    code: str = ""
    place: Place = Place()
    channel: str = ""
    attachments: tuple[str, ...] = ()
    reporter_ref: str = ""  # where the encrypted block lies; "" if none was given
    caller_tag: str = ""  # HMAC of the normalised number: same caller, unknown person
    facts: dict[str, str] = {}  # by the source's own word
    digest: str = ""  # of the content, to tell a repeat from an update


class Unreadable(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """A message that no reading can save. Its bytes are in `dead-letters` under the same place, encrypted."""

    reason: str
    detail: str = ""
    source: str = ""
    source_id: str = ""


class Misplaced(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """A message that came to the wrong partition; it was posted again to `partition` before this was decided."""

    source: str
    source_id: str
    partition: int


class ForgetReporter(msgspec.Struct, tag=True, frozen=True, kw_only=True, gc=False):
    """The keys of a case's reporter were destroyed; whatever comes for it must not be kept again."""

    source: str
    source_id: str


IntakeMessage = Filed | Unreadable | Misplaced | ForgetReporter
