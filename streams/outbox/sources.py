"""Which source of reports wants its replies posted: the file of PAIDAN_SOURCES, YAML (or JSON), read strictly.

    sources:
      "12345":                                # as in the member `source` of its reports
        url: https://hotline.example/paidan   # where to; nothing else is ever asked, a redirect is a failure
        secret_file: /run/secrets/hotline     # or secret_env: HOTLINE_SECRET; never in this file itself
        timeout_s: 10                         # these and the rest may be left out; `Limits` has them all
        give_up_hours: 72

A source that is not in the file reads the topic `replies`. Every fault of the file is told at once, with its line, what
is wrong and what would be right. The file is read at the start only: a new secret is a restart.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import yaml
from msgspec import Meta
from yarl import URL

from ..strict_yaml import SECRETS, Members, Reading


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What may be left out of a source. Hours and seconds are the wall's, since the receiver lives by that."""

    timeout_s: Annotated[float, Meta(ge=0.1, le=60)] = 10.0  # of one try
    give_up_hours: Annotated[float, Meta(gt=0, le=24 * 28)] = 72.0  # then a reply is dead; the topic keeps it 30 days
    parallel: Annotated[int, Meta(ge=1, le=32)] = 4  # posts at a time; of one case always one
    retry_first_s: Annotated[float, Meta(ge=0.01, le=60)] = 1.0  # after the first failure; doubled with each
    retry_most_s: Annotated[float, Meta(ge=0.01, le=3600)] = 300.0
    not_before: str = ""  # RFC 3339: what was said earlier is not posted to a source that is new here


class Source(NamedTuple):
    """Where a source's replies go."""

    name: str
    url: URL
    secret: bytes
    limits: Limits
    not_before: int = 0  # ms


class SourcesError(ValueError):
    """The file cannot be used. The text has a line for each fault."""


def webhooks(sources: Mapping[str, Source]) -> dict[str, int]:
    """From when on each source is posted its replies, as `account.ledger` asks."""
    return {name: source.not_before for name, source in sources.items()}


def webhooks_in(path: Path | None) -> dict[str, int]:
    """As `webhooks`, of a file: for who only counts, and has no business with the secrets. Raises SourcesError."""
    return webhooks(_read(path, None))


def read(path: Path | None, environment: Mapping[str, str]) -> dict[str, Source]:
    """The sources of the file, by name; none without a file. Secrets in variables are looked up in `environment`.

    Raises SourcesError.
    """
    return _read(path, environment)


def _read(path: Path | None, environment: Mapping[str, str] | None) -> dict[str, Source]:
    if path is None:
        return {}
    reading = Reading(path, environment, _EXAMPLE, "PAIDAN_SOURCES")
    given = reading.top("sources").items()
    sources = {name: source for name, (key, node) in given if (source := _source(reading, name, key, node))}
    if reading.faults:
        raise SourcesError("\n".join(reading.faults))
    return sources


_KNOWN = {field.name: field.type for field in msgspec.structs.fields(Limits)}
_EXAMPLE = 'sources: {"12345": {url: …, secret_file: …}}'


def _source(reading: Reading, name: str, at: yaml.Node, node: yaml.Node) -> Source | None:
    before, what = len(reading.faults), f"source {name!r}"
    if not 1 <= len(name) <= 200:
        reading.wrong(at, "a source without a name, or with a very long one", "1 to 200 characters")
    members = reading.members(node, what)
    if members is None:
        return None
    reading.unknown(members, ("url", *SECRETS, *_KNOWN))
    url = reading.url(at, what, members)
    secret = reading.secret(at, what, members)
    limits = Limits(**reading.values(members, _KNOWN))
    since = _not_before(reading, members, limits)
    return Source(name, url, secret, limits, since) if len(reading.faults) == before else None


def _not_before(reading: Reading, members: Members, limits: Limits) -> int:
    if not limits.not_before:
        return 0
    try:
        told = dt.datetime.fromisoformat(limits.not_before)
    except ValueError:
        told = None
    if told is None or told.tzinfo is None:
        right = "a time with its zone, as 2026-07-13T08:00:00+08:00"
        reading.wrong(members["not_before"][1], f"`not_before` is {limits.not_before!r}", right)
        return 0
    return round(told.timestamp() * 1000)
