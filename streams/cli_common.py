"""What all words of `paidan` share: settings, faults of a person's making, files to read, words to say."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # each word imports what it needs, and these are not quick
    from dispatchers.rows import CityPack

    from .settings import Settings


class UserError(Exception):
    """Something a person can mend; the text is one line for them."""


def read_settings() -> Settings:
    """The settings of the environment."""
    from .settings import SettingsError, read

    try:
        return read()
    except SettingsError as fault:
        raise UserError("; ".join(str(fault).splitlines())) from fault


def connected() -> Settings:
    """Settings with a broker, for what has none of its own."""
    settings = read_settings()
    if not settings.kafka:
        raise UserError("PAIDAN_KAFKA is not set: say which broker, host:port (a running `paidan run` shows its own)")
    return settings


def faults_of(fault: Exception) -> str:
    """The faults of a file, a line each, as one line."""
    first, *others = str(fault).splitlines()
    return first + (f" ({len(others) + 1} faults in all: {'; '.join(others)})" if others else "")


def asked(work: Any) -> Any:
    """Run what speaks to a person; its own faults are the person's."""
    from .dead_letters import NoSuchLetterError
    from .vault import VaultError

    try:
        return asyncio.run(work)
    except (NoSuchLetterError, VaultError, ValueError) as fault:
        raise UserError(str(fault)) from fault


def load_pack(folder: Path | None = None) -> CityPack:
    """The city pack of a folder, or of PAIDAN_CITY."""
    from .city_files import BadCityError, load

    chosen = folder or read_settings().city
    try:
        return load(chosen)
    except BadCityError as bad:
        first = str(bad).splitlines()[0]
        raise UserError(f"{first} ({len(bad.faults)} fault(s) in all: paidan city check {chosen})") from bad


def existing(file: Path) -> Path:
    """The file, if it is there."""
    if not file.is_file():
        raise UserError(f"{file}: there is no such file")
    return file


def opened(file: Path | None) -> Any:
    """A file's lines, unpacked if need be, or those of standard input."""
    import gzip
    from contextlib import nullcontext

    if file is None:
        return nullcontext(sys.stdin.buffer)
    return (gzip.open if existing(file).suffix == ".gz" else open)(file, "rb")


def say(text: str) -> None:
    """A text for stdout, with the end of its line; of no text, nothing."""
    if text:
        sys.stdout.write(text + "\n")
