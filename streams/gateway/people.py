"""Who reported a case, shown to somebody who says why: the entry in the audit topic first, then the person.

In this order, and acknowledged: whoever stops us in between leaves an entry of a look that never was, and no look ever
is without an entry. A reason is free text, so persons' numbers in it are masked like any other's (law 11).
"""

from __future__ import annotations

from typing import Any

import msgspec

from dispatchers.messages import WireReporter

from .. import reporters
from ..masking import clean, mask
from ..vault import Vault
from ..wire import Private
from .access import may
from .audit import Audit
from .sessions import Session

LONGEST = 500  # characters of a reason


class Reason(msgspec.Struct, frozen=True):
    """What somebody says who wants to look."""

    reason: str


class Revealed(msgspec.Struct, frozen=True):
    """Who it was: name, phone, id_number, note."""

    reporter: dict[str, str]


class NoReasonError(ValueError):
    """Nobody looks at people without saying why."""


class NotTheirsError(ValueError):
    """The role never sees a reporter."""


async def reveal(kafka: str, vault: Vault, audit: Audit, session: Session, case_id: str, reason: str) -> dict[str, Any]:
    """What is kept of a case's reporter: {name, phone, id_number, note}; of several times it was told, the newest word.

    Whether the case is the caller's to see was asked before.

    Raises NoReasonError, NotTheirsError, AuditError (nothing is shown then), vault.VaultError (nothing is kept).
    """
    if not may(session.role, "reveal"):
        raise NotTheirsError(f"{session.role} sees no reporter")
    said = mask(clean(reason))[0].strip()[:LONGEST]
    if not said:
        raise NoReasonError("a reason is needed")
    await audit.record(session.account.id, session.role, "reveal", case_id=case_id, reason=said)
    found: dict[str, Any] = msgspec.to_builtins(WireReporter())
    for block in await reporters.reveal(kafka, vault, case_id):
        private = msgspec.json.decode(block, type=Private)
        if private.reporter:
            found |= {name: word for name, word in msgspec.to_builtins(private.reporter).items() if word}
    return found
