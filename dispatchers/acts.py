"""What every act of somebody carries into its event, and how an order is refused."""

from __future__ import annotations

from typing import Any

from . import events as e
from .case import Case
from .decision import Decision, next_of
from .refusals import Refusal


def act(decision: Decision, case: Case, message: Any) -> dict[str, Any]:
    """The fields of an event that an order caused; a claim of time beyond the city's bounds is flagged (law 6)."""
    claim = message.happened_at
    odd = ""
    if claim is not None and claim > decision.at + decision.city.claim_ahead_ms:
        odd = "ahead"
    elif claim is not None and claim < decision.at - decision.city.claim_behind_ms:
        odd = "behind"
    return {**next_of(case), "actor": message.actor, "happened_at": claim, "odd_claim": odd}


def refuse(decision: Decision, message: Any, reason: Refusal, case: Case | None = None, version: int = 0) -> None:
    """Nothing happens; the sender is told why, and what is true now."""
    held = case.assignment if case else None
    decision.emit(
        e.OrderRefused(
            case_id=getattr(message, "case_id", ""),
            case_version=case.version if case else version,
            message_id=message.message_id,
            order=type(message).__name__,
            actor=message.actor,
            reason=reason,
            status=case.status if case else "",
            holder=(held.unit or held.team) if held else "",
        )
    )
