"""What lies in the inboxes and is not decided yet: whether a gateway may take more, and when it may again.

A report that is taken waits behind all that lies there. So no more is taken than is decided within WAIT_S, at the rate
that this installation decides at (`drain_rate`, which `make torture` prints): past that a report is answered 429 with
the seconds until there is room. People's orders are not counted out: they are what gives squads room again, and a city
has few people.

Looked at every LOOK_S, from the group's offsets: they claim what they claim (law 3), but nothing is decided by them
here. Between two looks what this gateway sends is added; what others send shows with the next look, so that several
gateways together may exceed the bound by what they take in one. Rejected: to follow every log for it, a fold of
receipts in each gateway; a bound of its own for each desk, since which desk a report becomes is intake's to find.
"""

from __future__ import annotations

import asyncio

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from ..kafka_io import reader, within
from ..lag import GROUPS
from ..scan import partitions

GROUP = "paidan-desk"
WAIT_S = 60  # an offer within a minute of the call's end is the strictest standard there is (NFPA 1225)
LOOK_S, PATIENCE_S = 1.0, 5.0
log = structlog.get_logger(__name__)


class Undecided:
    """How much it is."""

    def __init__(self, kafka: str, rate: float) -> None:
        """`rate`: messages a second that the desks decide when there is a backlog."""
        self._kafka, self._rate = kafka, rate
        self.bound = int(rate * WAIT_S)
        self.count = 0

    def wait(self) -> float:
        """0, or the seconds until there is room again."""
        return max(0, self.count + 1 - self.bound) / self._rate

    def add(self) -> None:
        """Another one lies there."""
        self.count += 1

    async def run(self) -> None:
        """Look, until cancelled. A broker that does not answer leaves the count as it was: what is sent then is not
        acknowledged, and refused by that."""
        while True:
            admin = AIOKafkaAdminClient(bootstrap_servers=self._kafka)
            try:
                await admin.start()
                async with reader(self._kafka) as consumer:
                    while True:
                        async with within(PATIENCE_S):
                            self.count = await _look(admin, consumer)
                        await asyncio.sleep(LOOK_S)
            except (KafkaError, OSError) as fault:
                log.warning("what lies undecided is not known", fault=f"{type(fault).__name__}: {fault}")
                await asyncio.sleep(LOOK_S)
            finally:
                await admin.close()


async def _look(admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer) -> int:
    tps = [TopicPartition(topic, p) for topic in GROUPS[GROUP] for p in range(partitions(topic))]
    said = await admin.list_consumer_group_offsets(GROUP)
    ends = await consumer.end_offsets(tps)
    return sum(max(0, end - max(0, said[tp].offset if tp in said else 0)) for tp, end in ends.items())
