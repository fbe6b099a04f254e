"""A notifier kept within what its provider takes: so many a second, so many a user and day.

What does not pass within PATIENCE_S is said to be limited, and the offer takes the next channel meanwhile. Counts of a
day are this process's own: after a restart they begin anew, and the provider's refusal says the rest.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from aiolimiter import AsyncLimiter

from .notifier import Notice, Notifier, Receipt

PATIENCE_S = 2.0


class Bounded:
    """A notifier that asks its provider no more than it declares."""

    def __init__(self, way: Notifier, today: Callable[[], int]) -> None:
        """`today` numbers the days as the provider counts them, by the wall's clock."""
        self.channel, self.limits = way.channel, way.limits
        self._way, self._today = way, today
        self._bucket = AsyncLimiter(self.limits.burst, self.limits.burst / self.limits.rate)
        self._day, self._sent = 0, Counter[str]()

    async def notify(self, notice: Notice) -> Receipt:
        """As the notifier's own, or "limited" without asking it."""
        officers = tuple(filter(self._may, notice.officers))
        if notice.officers and not officers:
            return Receipt("limited", "user_day")
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._bucket.acquire()
        except TimeoutError:
            return Receipt("limited", "rate")
        receipt = await self._way.notify(notice._replace(officers=officers))
        if receipt.result == "sent":
            self._sent.update(officers)
        return receipt

    def _may(self, officer: str) -> bool:
        today = self._today()
        if today != self._day:
            self._day, self._sent = today, Counter()
        return not self.limits.user_day or self._sent[officer] < self.limits.user_day
