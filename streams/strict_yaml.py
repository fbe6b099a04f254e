"""A YAML file that a person wrote, read strictly: all faults at once, each with line, what is wrong, what is right.

For files that say where to send and by which secret (`outbox/sources.py`, `notify/channels.py`); the secrets themselves
are in files or variables of their own, and no fault repeats a text in which somebody may have put one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml
from yarl import URL

from .settings import PREFIX

SHORTEST = 16  # bytes of a secret: `openssl rand -hex 32` makes one of 64
SECRETS = ("secret_file", "secret_env")

Members = dict[str, tuple[yaml.Node, yaml.Node]]  # by name: its node, its value's


class Reading:
    """One reading of a file, and what was wrong."""

    def __init__(self, path: Path, environment: Mapping[str, str] | None, example: str, setting: str) -> None:
        """Without `environment` secrets are not looked up at all. `setting` names the file, `example` is one."""
        self.faults: list[str] = []
        self._path, self._environment, self._example, self._setting = path, environment, example, setting

    def top(self, name: str) -> Members:
        """The members of the file's one mapping `name`."""
        top = self.members(self._root(), "the file")
        if top is None:
            return {}
        self.unknown(top, (name,), f"`{name}` alone")
        if name not in top:
            if not top:
                self.wrong(None, f"`{name}` is missing", self._example)
            return {}
        return self.members(top[name][1], f"`{name}`") or {}

    def _root(self) -> yaml.Node | None:
        try:
            root = yaml.compose(self._path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except (OSError, UnicodeDecodeError) as fault:
            what = "there is no such file" if isinstance(fault, FileNotFoundError) else f"it cannot be read: {fault}"
            self.wrong(None, what, f"a YAML file in UTF-8 ({self._setting} says which)")
            return None
        except yaml.YAMLError as fault:
            mark = getattr(fault, "problem_mark", None)
            where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
            # Not the library's whole words: they quote the line, and somebody may have put the secret there.
            self.faults.append(f"{self._path}{where}: no YAML: {getattr(fault, 'problem', None) or 'broken'}")
            return None
        if root is None:
            self.wrong(None, "the file is empty", self._example)
        return root

    def members(self, node: yaml.Node | None, what: str) -> Members | None:
        """A mapping's members, of which no name stands twice (YAML would take the last)."""
        if node is None:
            return None
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, f"{what} is no mapping", "name: value, a line each")
            return None
        members: Members = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name in members:
                self.wrong(key, f"{name!r} stands twice", "each name once")
            members[name] = key, value
        return members

    def unknown(self, members: Members, known: tuple[str, ...], right: str = "") -> None:
        """Say each name that is not known."""
        for name, (key, _) in members.items():
            if name not in known:
                self.wrong(key, f"unknown name {name!r}", right or f"one of {', '.join(known)}")

    def url(self, at: yaml.Node, what: str, members: Members, schemes: tuple[str, ...] = ("http", "https")) -> URL:
        """The member `url`; an empty one if it is not there or no address."""
        *others, last = [f"{scheme}://" for scheme in schemes]
        right = f"{', '.join(others)} or {last}, a host, and a path if need be; without user, password and #fragment"
        if "url" not in members:
            self.wrong(at, f"{what} has no `url`", right)
            return URL()
        node = members["url"][1]
        try:
            url = URL(str(node.value))
            good = url.scheme in schemes and url.host and not (url.user or url.password or url.fragment)
        except ValueError:
            good = False
        if not good:
            self.wrong(node, "`url` is no address that can be posted to", right)  # not repeated: it may be secret
            return URL()
        return url

    def secret(self, at: yaml.Node, what: str, members: Members, *, shortest: int = SHORTEST) -> bytes:
        """What the file or the variable of one of SECRETS holds."""
        given = [one for one in SECRETS if one in members]
        if len(given) != 1:
            has = "both" if given else "none"
            self.wrong(at, f"{what} has {has} of {' and '.join(SECRETS)}", "one of the two")
            return b""
        if self._environment is None:
            return b""
        node = members[given[0]][1]
        word = str(node.value)  # never repeated: somebody may have put the secret itself there
        if given[0] == "secret_env":
            if word.upper().startswith(PREFIX):
                self.wrong(node, f"the variable begins with {PREFIX}", "another name: those are our settings'")
                return b""
            secret = self._environment.get(word, "").strip().encode()
        else:
            try:
                secret = (self._path.parent / word).read_bytes().strip()
            except (OSError, ValueError) as fault:
                why = getattr(fault, "strerror", "") or "not a file's name"
                self.wrong(node, f"`secret_file` cannot be read: {why}", "a file with the secret alone")
                return b""
        if len(secret) < shortest:
            unset = not secret and given[0] == "secret_env"
            self.wrong(
                node,
                f"`{given[0]}`: {'the variable is not set' if unset else f'{len(secret)} bytes'}",
                f"a secret of {shortest} or more: openssl rand -hex 32",
            )
        return secret

    def values(self, members: Members, kinds: Mapping[str, Any]) -> dict[str, Any]:
        """The members that are plain values, each read as its kind."""
        given: dict[str, Any] = {}
        for name, kind in kinds.items():
            if name not in members:
                continue
            node = members[name][1]
            raw = yaml.safe_load(yaml.serialize(node)) if not isinstance(node, yaml.ScalarNode) else node.value
            try:
                given[name] = msgspec.convert(raw, kind, strict=False)
            except msgspec.ValidationError as fault:
                self.wrong(node, f"`{name}` is {raw!r}", str(fault))
        return given

    def wrong(self, node: yaml.Node | None, what: str, right: str) -> None:
        """A fault, at a place of the file or about all of it."""
        where = f":{node.start_mark.line + 1}:{node.start_mark.column + 1}" if node is not None else ""
        self.faults.append(f"{self._path}{where}: {what}; right would be: {right}")
