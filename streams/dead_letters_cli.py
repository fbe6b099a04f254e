"""`paidan dead-letters list|redrive`: the words to a person; what is done is in `dead_letters`."""

from __future__ import annotations

from . import dead_letters
from .clock import Clock
from .dead_letters import DeadLetter
from .faults import Reason, words_of
from .settings import Settings
from .vault import Vault, load_or_create


async def show(settings: Settings, reason: str = "", waiting: bool = False) -> list[str]:
    """A line for each dead letter, oldest first; only those with a reason, only those not yet played again."""
    now = Clock.read(settings.clock).now()
    return [_line(letter, now) for letter in await _chosen(settings, reason, waiting)]


async def redrive(settings: Settings, ids: list[str], reason: str = "") -> list[str]:
    """Play letters again: those with these ids, and all not yet played again with this reason. A line for each.

    Raises dead_letters.NoSuchLetterError and vault.VaultError, whose text is for the person who asked, and ValueError
    for a reason that is on no letter and in no list.
    """
    chosen = [letter.id for letter in await _chosen(settings, reason, waiting=True)] if reason else []
    if reason and not chosen and reason not in words_of(Reason).split(", "):
        raise ValueError(f"no letter has the reason {reason!r}; reasons of bytes are {words_of(Reason)}")
    vault = Vault(load_or_create(settings.master_key))
    now = Clock.read(settings.clock).now()
    played = await dead_letters.redrive(settings.kafka, vault, list(dict.fromkeys([*ids, *chosen])), now)
    return [f"{letter.id} played again as {letter.redriven_to}" for letter in played]


async def _chosen(settings: Settings, reason: str, waiting: bool) -> list[DeadLetter]:
    return [
        letter
        for letter in await dead_letters.letters(settings.kafka)
        if (not reason or letter.reason == reason) and not (waiting and letter.redriven_to)
    ]


def _line(letter: DeadLetter, now: int) -> str:
    again = f"  -> {letter.redriven_to}" if letter.redriven_to else ""
    tries = f" (failed {letter.attempt} times)" if letter.attempt > 1 else ""
    return f"{letter.id}  {_age(now - letter.at)}  {letter.reason}{tries}  {letter.detail}  {letter.size} B{again}"


def _age(ms: int) -> str:
    """A length of time in its largest unit that fits: 45 s, 12 min, 3 h, 2 d."""
    for unit, length in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)):
        if ms >= 2 * length:
            return f"{ms // length} {unit}"
    return f"{max(ms, 0) // 1000} s"
