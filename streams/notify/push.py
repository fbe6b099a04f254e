"""When an offer goes through which channel: a task for each channel of each offer that no device has received.

1. A channel is due its delay after the offer was made, on the run's clock. The first is due at once when the squad's
   terminal is silent (R46); the next one when a channel has reached its limits, or never will take it.
2. What failed is tried again, ever later, until it was received or the lease is over; "failed" and "limited" are said
   once of a channel and offer. Sent, refused and skipped end it, and stand in the state (`Assignment.pushed`).
3. The log is the only memory. What is said has an id made of what it says, so that a report after a crash is a repeat;
   the notice has the assignment's, so that a receiver tells a repeat too.
4. Who is on duty is asked at each try: nobody off duty is woken.
5. A send that has begun is ended and reported, also when the offer was received meanwhile: then it rang.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import structlog

from dispatchers.case import Case
from dispatchers.city import Channel, City
from dispatchers.duty import on_duty
from dispatchers.messages import Actor, ReportPush
from dispatchers.state import Desk

from .. import metrics
from ..clock import Clock
from ..outgoing import backoff
from .notifier import Notice, Notifier, Receipt
from .offers import Offer

ACTOR = Actor(id="notify", role="notifier")
SETTLED = ("sent", "refused", "skipped")
OVER = ("limited", "refused")  # then the next channel is due at once
log = structlog.get_logger(__name__)


class Way(NamedTuple):
    """A channel that is here."""

    notifier: Notifier
    retry_first_s: float
    retry_most_s: float


def report(offer: Offer, channel: str, receipt: Receipt) -> ReportPush:
    """What the desk is told. Said again it has the same id."""
    assignment = offer.assignment.id
    return ReportPush(
        message_id=f"push/{assignment}/{channel}/{receipt.result}",
        actor=ACTOR,
        case_id=offer.case.id,
        assignment_id=assignment,
        channel=channel,
        result=receipt.result,
        detail=receipt.detail,
    )


def notice(offer: Offer, desk: Desk, city: City, clock: Clock) -> Notice | None:
    """What goes out now; None: everybody it was made to is off duty."""
    case, offered, now = offer.case, offer.assignment, clock.now()
    officers = tuple(o for o in offered.officers if o not in case.about and on_duty(desk, city, o, now))
    if offered.officers and not officers:
        return None
    item = city.items.get(case.item)
    return Notice(
        id=offered.id,
        desk=offer.desk,
        squad=offered.squad,
        team=offered.team,
        officers=officers,
        case_no=case.no,
        item=item.name if item else "待定事项",
        place=_place(case, city),
        priority=case.priority,
        attempt=offered.attempt,
        clock="{:02}:{:02}".format(*divmod(city.calendar.minute(offered.due_at), 60)),
        valid_s=clock.seconds_until(offered.due_at),
    )


def _place(case: Case, city: City) -> str:
    area = city.territories.get(case.territory)
    return case.address or (area.name if area else "")


class Pusher:
    """Takes offers further."""

    def __init__(
        self,
        ways: dict[str, Way],
        clock: Clock,
        world: Callable[[str], Awaitable[tuple[Desk, City]]],
        silent: Callable[[str], bool],
        tell: Callable[[str, ReportPush], Awaitable[None]],
    ) -> None:
        """`world` gives a desk as it is now with its city; `tell` has it acknowledged in the desk's inbox."""
        self._ways, self._clock, self._world, self._silent, self._tell = ways, clock, world, silent, tell

    async def push(self, offer: Offer) -> None:
        """Take an offer through its channels, until it is over."""
        _, city = await self._world(offer.desk)
        steps = [step for step in city.channels[offer.case.priority] if step.channel in self._ways]
        async with asyncio.TaskGroup() as tasks:
            for nth, step in enumerate(steps):
                tasks.create_task(self._take(offer, nth, step))

    async def _take(self, offer: Offer, nth: int, step: Channel) -> None:
        if not await self._due(offer, nth, step):
            return
        way, tries, said = self._ways[step.channel], 0, set[str]()
        while not offer.over:
            if not self._clock.seconds_until(offer.assignment.due_at):
                await offer.within(None)  # the lease is over, and the desk will say so, or extend it
                continue
            receipt = await self._try(offer, nth, step)
            if receipt.result not in said and (receipt.result == "sent" or not offer.over):
                said.add(receipt.result)
                log.info("pushed", offer=offer.assignment.id, channel=step.channel, result=receipt.result)
                await self._tell(offer.desk, report(offer, step.channel, receipt))
                if receipt.result in OVER:
                    offer.hurry(nth + 1)
            if receipt.result in SETTLED:
                return
            tries += 1
            await self._pause(offer, max(backoff(tries, way.retry_first_s, way.retry_most_s), receipt.wait_s))

    async def _due(self, offer: Offer, nth: int, step: Channel) -> bool:
        """Wait until the channel is due; False: it need not be taken."""
        while not offer.over and step.channel not in offer.assignment.pushed:
            wait = self._clock.seconds_until(offer.assignment.offered_at + step.after_ms)
            if not wait or nth in offer.hurried or self._at_once(offer, nth):
                return True
            await offer.within(wait)
        return False

    def _at_once(self, offer: Offer, nth: int) -> bool:
        return nth == 0 and self._silent(offer.assignment.squad)

    async def _pause(self, offer: Offer, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while not offer.over and (left := until - loop.time()) > 0:
            await offer.within(left)

    async def _try(self, offer: Offer, nth: int, step: Channel) -> Receipt:
        desk, city = await self._world(offer.desk)
        early = self._clock.now() < offer.assignment.offered_at + step.after_ms
        told = notice(offer, desk, city, self._clock)
        if told is None:
            receipt = Receipt("skipped", "off_duty")
        else:
            receipt = await self._ways[step.channel].notifier.notify(told)
        if receipt == Receipt("sent") and early and self._at_once(offer, nth):
            receipt = Receipt("sent", "node_silent")
        metrics.notify_attempts.of(step.channel, receipt.result).inc()
        return receipt
