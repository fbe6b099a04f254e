"""`paidan reporter forget|reveal CASE`: the words to a person; what is done is in `reporters`."""

from __future__ import annotations

import msgspec

from . import reporters
from .settings import Settings
from .vault import Vault, load_or_create
from .wire import Private


async def forget(settings: Settings, case: str) -> str:
    """Destroy what is known of a case's reporter, for good; what was done, for the person who asked.

    Raises vault.VaultError, whose text is for that person.
    """
    done = await reporters.forget(settings.kafka, _vault(settings), case)
    said = f"{case}: {done.keys} key(s) destroyed; the reporter cannot be read any more"
    if done.remembered:
        return said + ", and intake remembers."
    return (
        said + ". Intake has not answered yet: it will when a worker runs. Run this again then, for a message that was "
        "on its way may have been kept once more."
    )


async def reveal(settings: Settings, case: str) -> str:
    """What is kept of a case's reporter, as JSON, a line for each time it was told. Raises vault.VaultError."""
    blocks = await reporters.reveal(settings.kafka, _vault(settings), case)
    return "\n".join(msgspec.json.encode(msgspec.json.decode(block, type=Private)).decode() for block in blocks)


def _vault(settings: Settings) -> Vault:
    return Vault(load_or_create(settings.master_key))
