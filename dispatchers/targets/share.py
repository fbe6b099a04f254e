"""A share, and whether it is 80 % or more."""

from __future__ import annotations

from typing import NamedTuple


class Share(NamedTuple):
    """Cases that count for it, of cases that count. Never averaged: numerators and denominators are added apart."""

    num: int = 0
    den: int = 0

    @property
    def met(self) -> bool | None:
        """Whether it is 80 % or more (以上 includes the number itself, 民法典 art. 1259); None: no data."""
        return 5 * self.num >= 4 * self.den if self.den else None

    def plus(self, other: Share) -> Share:
        """Both together."""
        return Share(self.num + other.num, self.den + other.den)

    def __str__(self) -> str:
        """For people: truncated, since 79.96 % is not 80 %."""
        if not self.den:
            return "no data"
        tenths = 1000 * self.num // self.den
        return f"{tenths // 10}.{tenths % 10} %"
