"""`paidan doctor`: the checks of the broker and of what waits on it, and of Redis."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import stamina
from aiokafka.errors import KafkaError
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.errors import CoordinatorNotAvailableError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dispatchers.case import Status
from dispatchers.explain.words import Said
from dispatchers.transitions import TRANSITIONS

from . import dead_letters as letters
from . import lag as lags
from . import topics as declared
from .doctor import Check, Finding, Patient, attention, broken, few
from .doctor_logs import STOP
from .doctor_tails import Tail
from .kafka_io import reader
from .outbox import sources
from .outbox.account import Ledger, total
from .outbox.ledger import Ledgers
from .reader import LOG

SILENT_S = 10.0  # a broker that does not answer within this is not there
LATE_S, TOO_LATE_S = 10.0, 60.0  # of a group: a minute pages somebody (DispatchBehind)
UNRECEIVED_S = 1800.0  # as OffersUndelivered
UNANSWERED_S = 3600.0  # as RepliesPending
# Events by which an offer is no longer one that no device has: it was received, or is no offer any more.
_RECEIVED = {name for (at, name), edge in TRANSITIONS.items() if at is Status.OFFERED and edge.to is not at}
_RECEIVED |= {"OfferReceived", "CaseHandedOver"}


async def broker(patient: Patient) -> list[Finding]:
    """Nothing is taken and nothing decided without it."""
    if not patient.kafka:
        what = Said("没有说明消息代理在哪里", "nobody says where the broker is")
        right = Said(
            "设置 PAIDAN_KAFKA，或在 paidan run 的数据目录（PAIDAN_DATA）上运行",
            "PAIDAN_KAFKA, or PAIDAN_DATA of a paidan run",
        )
        return [attention("PAIDAN_KAFKA", what, right)]
    try:
        async with asyncio.timeout(SILENT_S), reader(patient.kafka) as consumer:
            await consumer.topics()
    except (KafkaError, OSError, TimeoutError) as fault:
        told = str(fault) or f"{SILENT_S:.0f} s"
        what = Said(f"消息代理没有应答（{told}）", f"the broker does not answer ({told})")
        right = Said(
            "启动它；在它应答之前不受理也不派单", "start it: until it answers nothing is taken and nothing decided"
        )
        return [broken(patient.kafka, what, right)]
    patient.answers = True
    return []


async def redis(patient: Patient) -> list[Finding]:
    """Decisions never wait for Redis; the board, the offers' streams and the positions of vehicles do."""
    if not patient.redis:
        what = Said("没有说明 Redis 在哪里", "nobody says where Redis is")
        return [attention("PAIDAN_REDIS", what, Said("设置 PAIDAN_REDIS", "set PAIDAN_REDIS"))]
    client = Redis.from_url(patient.redis, socket_timeout=SILENT_S, socket_connect_timeout=SILENT_S)
    try:
        await client.ping()
    except (RedisError, OSError) as fault:
        what = Said(f"Redis 没有应答（{fault}）", f"Redis does not answer ({fault})")
        right = Said(
            "启动它；决定照常进行，视图和派单推送等它", "start it: decisions go on, views and offers wait for it"
        )
        return [attention(patient.redis.rpartition("@")[2], what, right)]
    finally:
        await client.aclose()
    return []


async def topics(patient: Patient) -> list[Finding]:
    """No process starts on topics that are not as declared."""
    return await asyncio.to_thread(_differences, patient.reach())


async def lag(patient: Patient) -> list[Finding]:
    """What waits for its decision, or to be told, waits for moments."""
    decided = (await patient.logs()).decided()
    found, ages = await asyncio.to_thread(_waiting, patient.reach(), decided)
    told = [_beyond(one) for one in found if one.tp.topic == LOG and one.done > one.end]
    for (group, topic), records in lags.measured(found).items():
        seconds = ages.get((group, topic))
        if not records or (seconds is not None and seconds <= LATE_S):
            continue
        of = [one.tp.partition for one in found if (one.group, one.tp.topic) == (group, topic) and one.records]
        old = (
            Said("没有读到", "was not read")
            if seconds is None
            else Said(f"已等{seconds:.0f}秒", f"waits for {seconds:.0f} s")
        )
        what = Said(
            f"{group}落后{records}条，最早的一条{old.zh}（分区{few(of)}）",
            f"{group} is {records} records behind, the oldest {old.en} (partitions {few(of)})",
        )
        process = group.removeprefix("paidan-")
        right = Said(
            f"paidan {process} 在运行；不够时再启动一个", f"paidan {process} runs; if one is not enough, another"
        )
        say = broken if seconds is not None and seconds > TOO_LATE_S else attention
        told.append(say(topic, what, right))
    return told


async def dead_letters(patient: Patient) -> list[Finding]:
    """What could not be read waits for a person."""
    waiting = [one for one in await letters.letters(patient.reach()) if not one.redriven_to]
    if not waiting:
        return []
    reasons = ", ".join(f"{reason} {count}" for reason, count in Counter(w.reason for w in waiting).most_common())
    newest = max(waiting, key=lambda one: one.at)
    age = dt.timedelta(seconds=max(0, patient.clock.now() - newest.at) // 1000)
    what = Said(
        f"{len(waiting)}条死信没有重新投递（{reasons}），最新的在{age}前",
        f"{len(waiting)} letters wait ({reasons}), the newest came {age} ago",
    )
    right = Said("paidan dead-letters list，改正后 redrive", "paidan dead-letters list; redrive what was mended")
    return [attention(newest.id, what, right)]


async def offers(patient: Patient) -> list[Finding]:
    """An offer is on a device soon. `notify` knows all of them; without it, those among the newest records."""
    where, count, seconds = "notify", 0, 0.0
    told = next((s for name, s in patient.samples.items() if name.startswith("notify=") and s is not None), None)
    if told is not None:
        of = {sample.name: sample.value for sample in told}
        count, seconds = int(of["paidan_notify_pending"]), of["paidan_notify_oldest_pending_age_seconds"]
    else:
        where = "desk-log"
        open_ = [at for tail in (await patient.logs()).tails.values() for at in _unreceived(tail)]
        if open_:
            count, seconds = len(open_), (patient.clock.now() - min(open_)) / 1000
    if seconds <= UNRECEIVED_S:
        return []
    what = Said(
        f"{count}个派单还没有任何设备收到，最早的已{seconds / 60:.0f}分钟",
        f"{count} offers are on no device, the oldest for {seconds / 60:.0f} minutes",
    )
    right = Said("打电话给中队；看 paidan notify 和 Redis", "telephone the squad; see paidan notify and Redis")
    return [attention(where, what, right)]


async def replies(patient: Patient) -> list[Finding]:
    """A source with a webhook gets its answers; what was given up waits for a person."""
    file = patient.settings.sources
    if file is None:
        return []
    try:
        webhooks = sources.webhooks_in(file)
    except sources.SourcesError as fault:
        what = Said(f"PAIDAN_SOURCES 不可用：{fault}", f"PAIDAN_SOURCES cannot be used: {fault}")
        return [broken(str(file), what, Said("改正该文件", "mend the file"))]
    sums = total(await _accounts(patient.reach(), webhooks))
    seconds = (patient.clock.now() - sums.oldest_pending_at) / 1000 if sums.pending else 0.0
    found = []
    if seconds > UNANSWERED_S:
        what = Said(
            f"{sums.pending}条答复还没有送达，最早的已{seconds / 3600:.0f}小时",
            f"{sums.pending} answers were not taken yet, the oldest for {seconds / 3600:.0f} hours",
        )
        right = Said(
            "来源的回调地址应答；paidan replies 在运行", "the source's webhook answers, and paidan replies runs"
        )
        found.append(attention("replies", what, right))
    if sums.dead:
        what = Said(f"{sums.dead}条答复已放弃送达", f"{sums.dead} answers were given up")
        found.append(
            attention("replies", what, Said("paidan replies dead，再 again", "paidan replies dead, then again"))
        )
    return found


@contextmanager
def administration(kafka: str) -> Iterator[KafkaAdminClient]:
    """A client that gives up within SILENT_S."""
    limit = int(SILENT_S * 1000)
    admin = KafkaAdminClient(bootstrap_servers=kafka.split(","), request_timeout_ms=limit, bootstrap_timeout_ms=limit)
    try:
        yield admin
    finally:
        admin.close()


def _differences(kafka: str) -> list[Finding]:
    right = Said(
        "paidan topics apply（改得了的），否则找开发者", "paidan topics apply, where that is safe; else the developers"
    )
    with administration(kafka) as admin:
        try:
            lines = declared.plan(admin, declared.load())
        except declared.TopicError as fault:
            lines = str(fault).splitlines()
    cut = [line.partition(": ") for line in lines]
    what = "与 topics.yaml 不同", "it is not as topics.yaml says"
    return [broken(name, Said(f"{what[0]}：{rest}", f"{what[1]}: {rest}"), right) for name, _, rest in cut]


def _waiting(
    kafka: str, decided: dict[tuple[str, int], int]
) -> tuple[list[lags.Waiting], dict[tuple[str, str], float]]:
    """What waits, and the ages in seconds of the oldest, as `targets` measures them."""
    consumer = KafkaConsumer(
        bootstrap_servers=kafka.split(","), group_id=None, enable_auto_commit=False, max_partition_fetch_bytes=4096
    )
    try:
        with administration(kafka) as admin:
            # A broker that never had a group first makes room for groups.
            for attempt in stamina.retry_context(on=CoordinatorNotAvailableError, timeout=SILENT_S):
                with attempt:
                    found = lags.waiting(admin, decided)
        return found, lags.behind(consumer, found, time.time())
    finally:
        consumer.close()


def _beyond(one: lags.Waiting) -> Finding:
    what = Said(
        f"到{one.end}为止，而{one.group}已读到{one.done - 1}：被截短或换成了别的",
        f"it ends at {one.end}, {one.group} was at {one.done - 1}: it was cut, or is another one",
    )
    return broken(f"{one.tp.topic}/{one.tp.partition}", what, STOP)


async def _accounts(kafka: str, webhooks: dict[str, int]) -> dict[str, Ledger]:
    ledgers = Ledgers(kafka, webhooks)
    reading = asyncio.create_task(ledgers.run())
    ready = asyncio.create_task(ledgers.ready.wait())
    try:
        await asyncio.wait([reading, ready], return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            reading.result()
        return dict(ledgers.ledgers())
    finally:
        for task in (reading, ready):
            task.cancel()
        await asyncio.gather(reading, ready, return_exceptions=True)


def _unreceived(tail: Tail) -> list[int]:
    """When the offers were made that no device has received, as far as these records tell."""
    open_: dict[Any, int] = {}
    for _, _, record in tail.chain if tail.tp.topic == "desk-log" else ():
        for event in record.events:
            if event.type == "AssignmentOffered" and event.squad:
                open_[event.case_id] = record.at
            elif event.type in _RECEIVED:
                open_.pop(event.case_id, None)
    return list(open_.values())


FIRST = (
    Check("broker", Said("消息代理", "broker"), broker),
    Check("redis", Said("Redis", "Redis"), redis),
    Check("topics", Said("主题", "topics"), topics),
)
WAITING = (
    Check("lag", Said("积压", "lag"), lag),
    Check("dead-letters", Said("死信", "dead letters"), dead_letters),
    Check("offers", Said("派单送达", "offers"), offers),
    Check("replies", Said("答复", "replies"), replies),
)
