"""The ports of a run, the same in every run on the same data: what pointed somewhere finds it there again."""

from __future__ import annotations

from pathlib import Path

import msgspec

from .local import free_port as free_port
from .local import taken as taken


class Ports:
    """Names to ports on 127.0.0.1, kept in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept = msgspec.json.decode(file.read_bytes(), type=dict[str, int]) if file.exists() else {}
        self._given: dict[str, int] = {}  # in this run; whoever got one may be listening by now

    def of(self, name: str, wished: int = 0) -> int:
        """The port of this name: that of the last run, in a first one the `wished`, unless somebody else sits on it."""
        if name not in self._given:
            port = self._kept.get(name, wished)
            while not port or taken(port) or port in self._given.values():
                port = free_port()
            self._given[name] = self._kept[name] = port
            self._file.parent.mkdir(parents=True, exist_ok=True)
            new = self._file.with_suffix(".new")
            new.write_bytes(msgspec.json.encode(self._kept))
            new.replace(self._file)  # whole at any moment: `paidan ops` reads it beside us
        return self._given[name]
