"""`city.yaml`, the city's own row, with the place of every value (city_files.py joins the files)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import msgspec
import yaml

from dispatchers.rows import CityFacts, Row


class Facts:
    """What the file held: `value` is None unless all of it could be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.value: CityFacts | None = None
        self.faults: list[tuple[int, int, str, str]] = []
        self._places: dict[str, tuple[int, int]] = {"": (1, 1)}

    def place(self, name: str) -> tuple[int, int]:
        """Line and column of a value, named like `windows.receipts` or `domains.3`; of its nearest parent else."""
        while name not in self._places:
            name = name.rpartition(".")[0]
        return self._places[name]

    def note(self, node: yaml.Node, name: str = "") -> None:
        """Keep the place of a node and of all below it."""
        self._places[name] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                self.note(value, f"{name}.{key.value}".strip("."))
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self.note(value, f"{name}.{index}".strip("."))

    def convert(self, kind: Any, raw: Any, name: str = "") -> Any:
        """`raw` as `kind`, field by field, so that all faults are found and not the first alone."""
        if isinstance(kind, type) and issubclass(kind, Row) and isinstance(raw, dict):
            known = {f.name: f.type for f in msgspec.structs.fields(kind)}
            for extra in raw.keys() - known.keys():
                self._wrong(f"{name}.{extra}", f"unknown name {extra!r}", f"one of {', '.join(known)}")
            required = {f.name for f in msgspec.structs.fields(kind) if f.required}
            for absent in sorted(required - raw.keys()):
                self._wrong(name, f"{absent!r} is missing", f"the names {', '.join(known)}")
            values = {k: self.convert(known[k], v, f"{name}.{k}".strip(".")) for k, v in raw.items() if k in known}
            return kind(**values) if required <= values.keys() else None
        if isinstance(raw, list) and len(get_args(kind)) == 2:  # tuple[X, ...]
            return tuple(self.convert(get_args(kind)[0], one, f"{name}.{n}") for n, one in enumerate(raw))
        try:
            return msgspec.convert(raw, kind)
        except msgspec.ValidationError as error:
            self._wrong(name, f"{name or 'the file'} is {raw!r}", str(error))
            return None

    def _wrong(self, name: str, what: str, right: str) -> None:
        self.faults.append((*self.place(name.strip(".")), what, right))


def read_facts(path: Path) -> Facts:
    """Read `city.yaml`; every fault is in the answer, nothing is raised."""
    facts = Facts(path)
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is not None:
            facts.note(node)
        value = facts.convert(CityFacts, yaml.safe_load(text))
        facts.value = None if facts.faults else value
    except OSError:
        facts.faults.append((1, 1, "the file is missing", "the city's own row, CityFacts of dispatchers/rows/city.py"))
    except UnicodeDecodeError as error:
        facts.faults.append((1, 1, f"not UTF-8 at byte {error.start}", "UTF-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        facts.faults.append(
            (*where, f"no YAML: {getattr(error, 'problem', error)}", "YAML with one name: value a line")
        )
    return facts
