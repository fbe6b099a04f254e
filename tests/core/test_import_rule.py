"""The core is pure (DESIGN §2): what its modules import and call says so."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dispatchers

MODULES = sorted(Path(dispatchers.__file__).parent.glob("**/*.py"))
LIBRARIES = {"msgspec", "numpy", "scipy"}
# Parts of the standard library through which a clock, chance, the world or another moment could come in.
IMPURE = {
    "asyncio", "atexit", "concurrent", "ctypes", "curses", "dbm", "faulthandler", "fcntl", "fileinput", "ftplib", "gc",
    "getpass", "glob", "http", "imaplib", "importlib", "inspect", "io", "locale", "logging", "mmap", "multiprocessing",
    "os", "pathlib", "pickle", "pkgutil", "platform", "poplib", "pty", "queue", "random", "readline", "resource",
    "runpy", "sched", "secrets", "select", "selectors", "shelve", "shutil", "signal", "site", "smtplib", "socket",
    "socketserver", "sqlite3", "ssl", "subprocess", "sys", "syslog", "tempfile", "termios", "threading", "time",
    "timeit", "tkinter", "tracemalloc", "urllib", "uuid", "warnings", "weakref", "webbrowser", "xmlrpc", "zoneinfo",
}  # fmt: skip
# hash() of a text differs from process to process; id() from run to run.
CALLS = {"open", "print", "input", "breakpoint", "eval", "exec", "compile", "__import__", "hash", "id", "globals"}
CLOCKS = {"now", "utcnow", "today"}


def faults(source: str) -> list[str]:
    """What a module does that the core may not."""
    return list(_faults(ast.parse(source)))


def _faults(tree: ast.Module) -> Iterator[str]:
    allowed = (sys.stdlib_module_names - IMPURE) | LIBRARIES | {"dispatchers"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (f"import {a.name}" for a in node.names if a.name.split(".")[0] not in allowed)
        elif isinstance(node, ast.ImportFrom):
            if node.level > 1:
                yield "from .. import"
            if node.level == 0 and (node.module or "").split(".")[0] not in allowed:
                yield f"from {node.module} import"
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in CALLS:
                yield f"{node.func.id}()"
            if isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
                yield f".{node.func.attr}()"
        elif isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.Global):
            yield type(node).__name__


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_of_the_core_touches_nothing_of_the_world(path: Path) -> None:
    """It imports pure parts of the standard library, msgspec, numpy and scipy; it opens, prints and awaits nothing."""
    assert faults(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "import time", "from os import environ", "import random as r", "from streams.wire import read",
        "import streams", "from ..streams import x", "import faust", "def f():\n    import logging",
        "open('x')", "print(1)", "import datetime as dt\ndt.datetime.now()", "hash('x')", "async def f(): ...",
        "from socket import socket",
    ],
)  # fmt: skip
def test_the_rule_sees_what_is_forbidden(source: str) -> None:
    """Each of these in a module of the core would be one fault."""
    assert len(faults(source)) == 1


def test_all_of_the_core_was_looked_at() -> None:
    """The rule saw every module that the package's layout names."""
    looked_at = {path.stem for path in MODULES}
    assert {"desk", "intake", "orders", "life", "record", "writer", "memory", "case", "diagram"} <= looked_at
