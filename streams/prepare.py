"""What a broker needs before a city can live on it, and the question whether it does by now (`paidan run`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from kafka import KafkaAdminClient

from dispatchers.messages import WakeUp
from dispatchers.rows import CityPack

from . import packs, topics
from .gateway import accounts, devices
from .kafka_io import producer
from .settings import Settings
from .vault import load_or_create
from .watch import total

T = TypeVar("T")


async def prepare(settings: Settings, pack: CityPack, say: Callable[[str], None]) -> None:
    """Topics as in topics.yaml, and the city pack published and adopted. Raises TopicError, KafkaError."""
    changes = await asyncio.to_thread(_apply, settings.kafka)
    if changes:
        say(f"topics: {len(changes)} changes")
    wanted = await packs.publish(settings.kafka, pack)
    if told := await packs.adopt(settings.kafka, pack, wanted):
        say(f"city pack {wanted} is another one: told {', '.join(told)}")
    say(f"kafka {settings.kafka}  redis {settings.redis.rpartition('@')[2]}  city pack {wanted}")


def _apply(kafka: str) -> list[str]:
    """Make the topics. Where there are three brokers or more, a new one gets three copies."""
    admin = KafkaAdminClient(bootstrap_servers=kafka.split(","))
    try:
        brokers = len(admin.describe_cluster()["brokers"])
        return topics.apply(admin, topics.load(), 3 if brokers >= 3 else 1)
    finally:
        admin.close()


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """How to sign in for a first look. `code`: the secret of its one-time codes, if it needs one; of a device, which
    has no password, what it is enrolled by, once."""

    account: str
    role: str
    password: str
    code: str = ""


async def demo_logins(settings: Settings, pack: CityPack, file: Path) -> list[Login]:
    """Accounts to try the city with, made once and noted in a file that only its owner may read. Raises KafkaError."""
    known = await asyncio.to_thread(noted, file, list[Login])
    if known:
        return known
    keys = accounts.Keys(load_or_create(settings.master_key))
    made = await asyncio.to_thread(accounts.demo, pack, keys)
    carried = devices.demo(pack)
    async with producer(settings.kafka) as sender:
        await accounts.write(sender, *(account for account, _, _ in made), *(account for account, _ in carried))
    logins = [Login(account=a.id, role=a.role, password=password, code=code) for a, password, code in made]
    logins += [Login(account=a.id, role=a.role, password="", code=code) for a, code in carried]
    await asyncio.to_thread(note, logins, file)
    return logins


def noted(file: Path, kind: type[T]) -> T | None:
    """What was noted in a file; None: nothing was."""
    return msgspec.json.decode(file.read_bytes(), type=kind) if file.exists() else None


def note(secrets: Any, file: Path) -> None:
    """Note what signs somebody in, in a file that only its owner may read."""
    new = file.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_bytes(msgspec.json.format(msgspec.json.encode(secrets), indent=2))
    new.replace(file)


async def decides(kafka: str, pack: CityPack, ports: list[int]) -> None:
    """Return when a desk decides: a complaint before that would only wait for the start.

    Asked with a wake-up for nothing, which leaves no record (law 1), and answered by the count of messages heard at one
    of the `ports`. That the group is stable would say too little: then the logs are still to be folded.
    """
    async with producer(kafka) as sender:
        for desk in pack.desks:
            value = msgspec.json.encode(WakeUp(due=0))
            await sender.send_and_wait("desk-inbox", value, key=desk.id.encode(), partition=desk.partition)
    heard = 0.0
    while not heard:
        await asyncio.sleep(0.1)
        counts = [asyncio.to_thread(total, port, "paidan_messages_received_total") for port in ports]
        heard = sum(await asyncio.gather(*counts))
