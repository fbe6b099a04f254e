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
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import yaml
from msgspec import Meta
from yarl import URL

from ..settings import PREFIX

SHORTEST = 16  # bytes of a secret: `openssl rand -hex 32` makes one of 64
SECRETS = ("secret_file", "secret_env")


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
    reading = _Reading(path, environment)
    sources = {source.name: source for source in reading.sources()}
    if reading.faults:
        raise SourcesError("\n".join(reading.faults))
    return sources


_KNOWN = {field.name: field.type for field in msgspec.structs.fields(Limits)}
_NAMES = ("url", *SECRETS, *_KNOWN)


class _Reading:
    """One reading, and what was wrong."""

    def __init__(self, path: Path, environment: Mapping[str, str] | None) -> None:
        """Without `environment` secrets are not looked up at all."""
        self.faults: list[str] = []
        self._path, self._environment = path, environment

    def sources(self) -> Iterator[Source]:
        top = self._members(self._root(), "the file")
        if top is None:
            return
        for name, (key, _) in top.items():
            if name != "sources":
                self._wrong(key, f"unknown name {name!r}", "`sources` alone")
        if "sources" not in top:
            if not top:
                self._wrong(None, "`sources` is missing", 'sources: {"12345": {url: …, secret_file: …}}')
            return
        for name, (key, node) in (self._members(top["sources"][1], "`sources`") or {}).items():
            if not 1 <= len(name) <= 200:
                self._wrong(key, "a source without a name, or with a very long one", "1 to 200 characters")
            source = self._source(name, key, node)
            if source:
                yield source

    def _root(self) -> yaml.Node | None:
        try:
            root = yaml.compose(self._path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except (OSError, UnicodeDecodeError) as fault:
            what = "there is no such file" if isinstance(fault, FileNotFoundError) else f"it cannot be read: {fault}"
            self._wrong(None, what, "a YAML file in UTF-8 (PAIDAN_SOURCES says which)")
            return None
        except yaml.YAMLError as fault:
            mark = getattr(fault, "problem_mark", None)
            where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
            # Not the library's whole words: they quote the line, and somebody may have put the secret there.
            self.faults.append(f"{self._path}{where}: no YAML: {getattr(fault, 'problem', None) or 'broken'}")
            return None
        if root is None:
            self._wrong(None, "the file is empty", 'sources: {"12345": {url: …, secret_file: …}}')
        return root

    def _members(self, node: yaml.Node | None, what: str) -> dict[str, tuple[yaml.Node, yaml.Node]] | None:
        """Name, its node and its value's: of a mapping in which no name stands twice (YAML would take the last)."""
        if node is None:
            return None
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, f"{what} is no mapping", "name: value, a line each")
            return None
        members: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name in members:
                self._wrong(key, f"{name!r} stands twice", "each name once")
            members[name] = key, value
        return members

    def _source(self, name: str, at: yaml.Node, node: yaml.Node) -> Source | None:
        before = len(self.faults)
        members = self._members(node, f"source {name!r}")
        if members is None:
            return None
        for one, (key, _) in members.items():
            if one not in _NAMES:
                self._wrong(key, f"unknown name {one!r}", f"one of {', '.join(_NAMES)}")
        url = self._url(at, name, members.get("url"))
        secret = self._secret(at, name, members)
        limits = self._limits(members)
        since = self._not_before(members.get("not_before"), limits)
        if len(self.faults) > before or url is None:
            return None
        return Source(name, url, secret, limits, since)

    def _url(self, at: yaml.Node, name: str, given: tuple[yaml.Node, yaml.Node] | None) -> URL | None:
        right = "http:// or https://, a host, and a path if need be; without user, password and #fragment"
        if given is None:
            self._wrong(at, f"source {name!r} has no `url`", right)
            return None
        text = str(given[1].value)
        try:
            url = URL(text)
            good = url.scheme in ("http", "https") and url.host and not (url.user or url.password or url.fragment)
        except ValueError:
            good = False
        if not good:
            self._wrong(given[1], "`url` is no address that can be posted to", right)  # not repeated: it may be secret
            return None
        return url

    def _secret(self, at: yaml.Node, name: str, members: dict[str, tuple[yaml.Node, yaml.Node]]) -> bytes:
        given = [one for one in SECRETS if one in members]
        if len(given) != 1:
            has = "both" if given else "none"
            self._wrong(at, f"source {name!r} has {has} of {' and '.join(SECRETS)}", "one of the two")
            return b""
        if self._environment is None:
            return b""
        node = members[given[0]][1]
        word = str(node.value)  # never repeated: somebody may have put the secret itself there
        if given[0] == "secret_env":
            if word.upper().startswith(PREFIX):
                self._wrong(node, f"the variable begins with {PREFIX}", "another name: those are our settings'")
                return b""
            secret = self._environment.get(word, "").strip().encode()
        else:
            try:
                secret = (self._path.parent / word).read_bytes().strip()
            except (OSError, ValueError) as fault:
                why = getattr(fault, "strerror", "") or "not a file's name"
                self._wrong(node, f"`secret_file` cannot be read: {why}", "a file with the secret alone")
                return b""
        if len(secret) < SHORTEST:
            what = "the variable is not set" if not secret and given[0] == "secret_env" else f"{len(secret)} bytes"
            self._wrong(node, f"`{given[0]}`: {what}", f"a secret of {SHORTEST} or more: openssl rand -hex 32")
        return secret

    def _limits(self, members: dict[str, tuple[yaml.Node, yaml.Node]]) -> Limits:
        given: dict[str, Any] = {}
        for name, kind in _KNOWN.items():
            if name not in members:
                continue
            node = members[name][1]
            raw = yaml.safe_load(yaml.serialize(node)) if not isinstance(node, yaml.ScalarNode) else node.value
            try:
                given[name] = msgspec.convert(raw, kind, strict=False)
            except msgspec.ValidationError as fault:
                self._wrong(node, f"`{name}` is {raw!r}", str(fault))
        return Limits(**given)

    def _not_before(self, given: tuple[yaml.Node, yaml.Node] | None, limits: Limits) -> int:
        if given is None or not limits.not_before:
            return 0
        try:
            told = dt.datetime.fromisoformat(limits.not_before)
        except ValueError:
            told = None
        if told is None or told.tzinfo is None:
            right = "a time with its zone, as 2026-07-13T08:00:00+08:00"
            self._wrong(given[1], f"`not_before` is {limits.not_before!r}", right)
            return 0
        return round(told.timestamp() * 1000)

    def _wrong(self, node: yaml.Node | None, what: str, right: str) -> None:
        where = f":{node.start_mark.line + 1}:{node.start_mark.column + 1}" if node is not None else ""
        self.faults.append(f"{self._path}{where}: {what}; right would be: {right}")
