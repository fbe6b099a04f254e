"""Which ways to a squad there are here: the file of PAIDAN_CHANNELS, YAML (or JSON), read strictly.

    channels:
      webhook:
        url: https://radio.example/paidan      # where to
        secret_file: /run/secrets/radio        # or secret_env: RADIO_SECRET; never in this file itself
      webpush:
        contact: mailto:dispatch@city.example  # whom a push service may ask
        public_key: BEl6…                      # `paidan notify new-key FILE` makes both
        secret_file: /run/secrets/webpush.pem
      worknotice:
        url: https://openplatform.example
        api_key: paidan
        tenant: "196729"
        secret_file: /run/secrets/worknotice
        limited_codes: ["90018"]               # the installation's own
      mqtt:
        url: mqtts://broker.example            # or mqtt://, on a network of one's own
        user: paidan                           # and a secret, or neither

Which channel when is the city pack's (channels.csv); one that is not here is passed over. The rest may be left out:
timeout_s, rate and burst (below the provider's, if need be), retry_first_s, retry_most_s; seconds are the wall's. Every
fault of the file is told at once, with its line, what is wrong and what would be right. It is read at the start only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import aiohttp
import msgspec
import yaml
from msgspec import Meta
from yarl import URL

from ..metrics import CHANNELS
from ..strict_yaml import SECRETS, Members, Reading
from . import mqtt, webhook, webpush, worknotice
from .notifier import Limits, Notifier

_Text = Annotated[str, Meta(min_length=1, max_length=200)]


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What may be left out, of any channel."""

    timeout_s: Annotated[float, Meta(ge=0.1, le=60)] = 5.0  # of one try
    retry_first_s: Annotated[float, Meta(ge=0.01, le=60)] = 1.0  # after the first failure; doubled with each
    retry_most_s: Annotated[float, Meta(ge=0.01, le=600)] = 30.0
    rate: Annotated[float, Meta(gt=0, le=1000)] = 0.0  # messages a second; 0: as the provider declares
    burst: Annotated[int, Meta(ge=1, le=1000)] = 0
    # of one channel or another
    contact: Annotated[str, Meta(pattern=r"^mailto:[^@\s]+@[^@\s]+$", max_length=200)] = ""
    public_key: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{87}$")] = ""
    api_key: _Text = ""
    tenant: _Text = ""
    limited_codes: tuple[str, ...] = ()
    refused_codes: tuple[str, ...] = ()
    user: _Text = ""
    topic: Annotated[str, Meta(pattern=r"^[^#+{}\s]*\{squad\}[^#+{}\s]*$")] = mqtt.TOPIC


class Kind(NamedTuple):
    """What a channel must and may say."""

    schemes: tuple[str, ...]  # of its address; (): it has none
    limits: Limits
    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


_HTTP = ("http", "https")
KINDS = {
    "webhook": Kind(_HTTP, webhook.LIMITS),
    "webpush": Kind((), webpush.LIMITS, ("contact", "public_key")),
    "worknotice": Kind(_HTTP, worknotice.LIMITS, ("api_key", "tenant"), ("limited_codes", "refused_codes")),
    "mqtt": Kind(("mqtt", "mqtts"), mqtt.LIMITS, (), ("user", "topic")),
}
assert tuple(KINDS) == CHANNELS
_TYPES: dict[str, Any] = {field.name: field.type for field in msgspec.structs.fields(Given)}
_ANY = ("timeout_s", "retry_first_s", "retry_most_s", "rate", "burst")
_EXAMPLE = "channels: {webhook: {url: …, secret_file: …}}"


class Channel(NamedTuple):
    """A channel of the file."""

    name: str
    url: URL
    secret: bytes
    given: Given
    limits: Limits


class ChannelsError(ValueError):
    """The file cannot be used. The text has a line for each fault."""


def read(path: Path | None, environment: Mapping[str, str]) -> dict[str, Channel]:
    """The channels of the file, by name; none without a file. Secrets in variables are looked up in `environment`.

    Raises ChannelsError.
    """
    return _read(path, environment)


def public_key_in(path: Path | None) -> str:
    """The key by which a page subscribes to Web Push, of a file; "": there is none. For who has no business with the
    secrets. Raises ChannelsError."""
    found = _read(path, None).get("webpush")
    return found.given.public_key if found else ""


def _read(path: Path | None, environment: Mapping[str, str] | None) -> dict[str, Channel]:
    if path is None:
        return {}
    reading = Reading(path, environment, _EXAMPLE, "PAIDAN_CHANNELS")
    top = reading.top("channels")
    reading.unknown(top, CHANNELS)
    given = [(name, *place) for name, place in top.items() if name in KINDS]
    found = {name: one for name, key, node in given if (one := _channel(reading, name, key, node, environment))}
    if reading.faults:
        raise ChannelsError("\n".join(reading.faults))
    return found


def _channel(
    reading: Reading, name: str, at: yaml.Node, node: yaml.Node, environment: Mapping[str, str] | None
) -> Channel | None:
    before, what, kind = len(reading.faults), f"channel {name!r}", KINDS[name]
    members = reading.members(node, what)
    if members is None:
        return None
    named = (*kind.must, *kind.may, *_ANY)
    reading.unknown(members, (*(("url",) if kind.schemes else ()), *SECRETS, *named))
    url = reading.url(at, what, members, kind.schemes) if kind.schemes else URL()
    given = Given(**reading.values(members, {n: _TYPES[n] for n in named}))
    for one in kind.must:
        if one not in members:
            reading.wrong(at, f"{what} has no `{one}`", f"one of {', '.join(named)}")
    secret = _secret(reading, name, at, members, given)
    if name == "webpush" and secret and environment is not None:
        _fits(reading, members, secret, given.public_key)
    limits = kind.limits._replace(rate=given.rate or kind.limits.rate, burst=given.burst or kind.limits.burst)
    return Channel(name, url, secret, given, limits) if len(reading.faults) == before else None


def _secret(reading: Reading, name: str, at: yaml.Node, members: Members, given: Given) -> bytes:
    if name == "mqtt" and not given.user and not any(one in members for one in SECRETS):
        return b""  # a broker that asks nobody
    return reading.secret(at, f"channel {name!r}", members, shortest=8 if name == "mqtt" else 16)


def _fits(reading: Reading, members: Members, secret: bytes, public_key: str) -> None:
    node = next(members[one][1] for one in SECRETS if one in members)
    try:
        theirs = webpush.public(webpush.load_key(secret))
    except ValueError:
        reading.wrong(node, "the secret is no private P-256 key", "a PEM file: paidan notify new-key FILE")
        return
    if public_key and public_key != theirs:
        reading.wrong(members["public_key"][1], "`public_key` is not that of the secret", theirs)


def open_channels(
    channels: Mapping[str, Channel], session: aiohttp.ClientSession, subscriptions: webpush.Subscriptions
) -> dict[str, Notifier]:
    """Their adaptors."""
    made: dict[str, Callable[[Channel], Notifier]] = {
        "webhook": lambda c: webhook.Webhook(session, c.url, c.secret, c.given.timeout_s, c.limits),
        "webpush": lambda c: webpush.WebPush(
            session, webpush.load_key(c.secret), c.given.contact, subscriptions, c.given.timeout_s, c.limits
        ),
        "worknotice": lambda c: worknotice.WorkNotice(
            session,
            c.url,
            c.given.api_key,
            c.given.tenant,
            c.secret,
            c.given.timeout_s,
            c.limits,
            c.given.limited_codes,
            c.given.refused_codes,
        ),
        "mqtt": lambda c: mqtt.Mqtt(c.url, c.given.user, c.secret, c.given.timeout_s, c.limits, c.given.topic),
    }
    return {name: made[name](channel) for name, channel in channels.items()}
