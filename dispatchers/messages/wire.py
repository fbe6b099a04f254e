"""The public wire form of `complaints` and `city-events`: what sources send, instants in RFC 3339 with a zone."""

from __future__ import annotations

from typing import Annotated

import msgspec

from .words import Datum, Id, Kind, Long, Short


class WireCategory(msgspec.Struct, frozen=True, gc=False):
    """What the source calls the matter, in its own scheme."""

    scheme: Id
    code: Id


class WireLocation(msgspec.Struct, frozen=True, gc=False):
    """Where. The datum is mandatory where there are coordinates: GCJ-02 read as WGS-84 is 485 m off in Jiaxing."""

    datum: Datum | None = None
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    address: Short = ""


class WireReporter(msgspec.Struct, frozen=True, gc=False):
    """Who. Leaves the message at intake and is encrypted under a key of the case (DESIGN law 11)."""

    name: Short = ""
    phone: Short = ""
    id_number: Short = ""
    note: Short = ""


class WireComplaint(msgspec.Struct, frozen=True, gc=False):
    """A complaint or city event as sources send it to `complaints` or `city-events`. Unknown members are ignored."""

    source: Id
    source_id: Id
    kind: Kind
    received_at: Id  # RFC 3339 with zone
    title: Short = ""
    description: Long = ""
    category: WireCategory | None = None
    location: WireLocation | None = None
    reporter: WireReporter | None = None
    attachments: tuple[Short, ...] = ()
    channel: Short = ""
    facts: dict[Short, Short] = {}  # what the source knows of the matter, e.g. {"actor": "vehicle"}
