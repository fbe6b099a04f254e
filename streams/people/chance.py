"""Chance without a state: each draw is a hash of the seed and of what is drawn, so it does not matter who came first.

Rejected: a random generator per case (its state would have to survive a restart) or for all (the order of two cases
would change both lives, and no run could be compared with another).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """Draws of one seed. `about` names what is drawn: the same words, the same draw."""

    def __init__(self, seed: int | str) -> None:
        self._seeded = blake2b(f"{seed}/".encode(), digest_size=8)

    def unit(self, *about: object) -> float:
        """Uniform in [0, 1)."""
        drawn = self._seeded.copy()
        drawn.update("/".join(map(str, about)).encode())
        return int.from_bytes(drawn.digest(), "big") / 2**64

    def between(self, low: float, high: float, *about: object) -> float:
        """Uniform in [low, high)."""
        return low + (high - low) * self.unit(*about)

    def happens(self, share: float, *about: object) -> bool:
        """Whether one of the `share` (0 to 1) is drawn."""
        return self.unit(*about) < share

    def weighted(self, choices: Sequence[tuple[T, float]], *about: object) -> T:
        """One of the choices, by weight."""
        left = self.unit(*about) * sum(weight for _, weight in choices)
        for choice, weight in choices:
            left -= weight
            if left < 0:
                return choice
        return choices[-1][0]
