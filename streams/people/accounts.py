"""The accounts of simulated people: one for each post that they play, each with a key. A real city has none of them.

    sim-operator-<desk>, sim-chief-, sim-checker-, sim-hotline-, sim-coordination-    a desk's people
    sim-unit-<unit>    sim-collector-<number>    sim-squad-<squad>, sim-leader-<squad>    sim-source, which files

They are made by `paidan simulate` alone, written to the topic `accounts` like anybody's, and marked: whatever they
order is `simulated` in the log (gateway/orders.py). Their keys stand in <data>/simulated.json, which only its owner may
read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from dispatchers import messages as m
from dispatchers.city import City

from ..gateway.access import Role
from ..gateway.accounts import TOPIC, Account, fold, key_hash, made, new_key, write
from ..kafka_io import producer
from ..prepare import note, noted
from ..scan import scan
from ..settings import Settings

FILE = "simulated.json"
SOURCE = "simulated"
SOURCE_ACCOUNT = "sim-source"
# A desk's people, by the word that begins their id (acts.py).
_AT_A_DESK: dict[str, Role] = {
    "operator": "operator", "chief": "lead", "checker": "checker", "hotline": "hotline", "coordination": "coordination",
}  # fmt: skip


class NotSimulatedError(Exception):
    """A human's account has the name of one of ours."""


class Post(NamedTuple):
    """An account to be, and its area."""

    account: str
    role: Role
    area: dict[str, str]


def device_of(squad: str, *, leader: bool = False) -> str:
    """The account of a squad's device: a member's, or its leader's."""
    return f"sim-{'leader' if leader else 'squad'}-{squad}".lower()


class Names:
    """Under which account each of a city's people speaks."""

    def __init__(self, city: City) -> None:
        self._collectors = {c.number for c in city.pack.collectors}

    def of(self, actor: m.Actor) -> str:
        """The account of who acts (acts.py)."""
        if actor.squad:
            return device_of(actor.squad, leader=actor.role == "leader")
        if actor.role == "unit" or actor.id in self._collectors:
            return f"sim-{'unit' if actor.role == 'unit' else 'collector'}-{actor.id}".lower()
        return f"sim-{actor.id}"


def posts(city: City) -> Iterator[Post]:
    """All of a city's."""
    pack = city.pack
    for desk in pack.desks:
        for word, role in _AT_A_DESK.items():
            yield Post(f"sim-{word}-{desk.id}", role, {"desk": desk.id})
    for unit in pack.units:
        yield Post(f"sim-unit-{unit.id}".lower(), "unit", {"unit": unit.id})
    for row in pack.collectors:
        area = {"desk": city.territories[row.territory].desk, "territory": row.territory, "officer": row.number}
        yield Post(f"sim-collector-{row.number}".lower(), "collector", area)
    formal = sorted((o for o in pack.officers if o.employment == "formal"), key=lambda o: o.number)
    for squad in pack.squads:
        # The last one leads where nobody is named to.
        theirs = sorted((o for o in formal if o.squad == squad.id), key=lambda o: o.post == "leader")
        for leader, officer in ((False, theirs[0]), (True, theirs[-1])) if theirs else ():
            area = {"desk": squad.desk, "squad": squad.id, "officer": officer.number}
            yield Post(device_of(squad.id, leader=leader), "leader" if leader else "squad", area)
    yield Post(SOURCE_ACCOUNT, "integrator", {"source": SOURCE})


async def ready(settings: Settings, city: City) -> dict[str, str]:
    """See to it that all of them stand in the topic; their keys, by account. Raises NotSimulatedError, KafkaError.

    What stands there is left: one that a lead closed stays closed.
    """
    file = settings.data / FILE
    keys = await asyncio.to_thread(_keys, file)
    held: dict[str, Account] = {}
    async for record in scan(settings.kafka, TOPIC):
        fold(held, record)
    absent: list[Account] = []
    for post in posts(city):
        key = keys.setdefault(post.account, new_key())
        account = made(post.account, post.role, "simulate", simulated=True, key=key_hash(key), **post.area)
        there = held.get(account.id)
        if there and not there.simulated:
            raise NotSimulatedError(f"{account.id} is an account of somebody who is not simulated")
        if there is None or _plain(there) != _plain(account):
            absent.append(account)
    if absent:
        await asyncio.to_thread(note, keys, file)
        async with producer(settings.kafka) as sender:
            await write(sender, *absent)
    return keys


def _keys(file: Path) -> dict[str, str]:
    return noted(file, dict) or {}


def _plain(account: Account) -> Account:
    """Without what time does to an account."""
    return msgspec.structs.replace(account, disabled=False, push=None, filters={}, epoch=0, changed_at=0, changed_by="")
