"""`paidan doctor`: the checks of the logs, of their ends as doctor_tails.py reads them."""

from __future__ import annotations

import msgspec
from aiokafka import TopicPartition

from dispatchers.explain.words import Said
from dispatchers.record import RULES, decode_record, newer

from . import packs
from .city_files import version
from .clock import wall_ms
from .doctor import Check, Finding, Patient, attention, broken, few
from .doctor_tails import Told
from .kafka_io import ends, read_ranges, reader
from .log import SNAPSHOT_EVERY
from .recovery import find_stored

CLOCKS_APART_MS = 2_000
STOP = Said("停下，什么都不要动，找开发者", "stop, touch nothing, call the developers")


async def logs(patient: Patient) -> list[Finding]:
    """A log begins at 0 and has no hole: state is its fold."""
    found = []
    right = Said("停下，什么都不要动，从备份恢复", "stop, touch nothing, restore from the backup")
    for tail in (await patient.logs()).tails.values():
        if tail.first > 0:
            what = Said(
                f"从{tail.first}开始：之前的记录被删除了",
                f"it begins at {tail.first}: its first records were deleted",
            )
            found.append(broken(tail.where, what, right))
        if tail.holes:
            told = few(tail.holes)
            found.append(broken(tail.where, Said(f"缺少记录{told}", f"records are missing: {told}"), right))
    return found


async def void(patient: Patient) -> list[Finding]:
    """Void records harm nothing, and say that a worker went on writing after it had lost its partition."""
    found = []
    for tail in (await patient.logs()).tails.values():
        read = len(tail.chain) + len(tail.void)
        if not tail.chain:
            what = Said(f"最近{read}条记录都不在链上", f"none of the last {read} records continues a chain")
            found.append(broken(tail.where, what, STOP))
        elif tail.void:
            told = few(tail.void)
            what = Said(
                f"最近{read}条记录中有{len(tail.void)}条无效（僵尸进程所写）：{told}",
                f"{len(tail.void)} of the last {read} records are void, a zombie's: {told}",
            )
            right = Said(
                "没有；查明哪个进程停顿过或重复启动", "none; find which worker stood still, or was started twice"
            )
            found.append(attention(tail.where, what, right))
    return found


async def rules(patient: Patient) -> list[Finding]:
    """A record that this program cannot read whole must not be continued by it. What newer rules decided and it can
    read, it may: so is an upgrade, process by process."""
    found = []
    for tail in (await patient.logs()).tails.values():
        bad = next(((offset, why) for offset, raw, _ in tail.chain if (why := _unreadable(raw))), None)
        by = next((record.rules for _, _, record in reversed(tail.chain) if newer(record.rules)), "")
        if bad:
            offset, why = bad
            what = Said(f"记录{offset}本程序读不懂：{why}", f"record {offset} cannot be read by this program: {why}")
            right = Said("不要运行这个旧程序，用新版本", "do not run this older program: use the newer version")
            found.append(broken(tail.where, what, right))
        elif by:
            what = Said(f"由规则{by}决定，本程序只有{RULES}", f"decided by rules {by}, this program has {RULES}")
            right = Said("把升级做完，或者退回新版本", "finish the upgrade, or take the newer version back")
            found.append(attention(tail.where, what, right))
    return found


async def cities(patient: Patient) -> list[Finding]:
    """What a desk decides by is published, and is what is configured here."""
    kafka, wanted = patient.reach(), version(patient.pack)
    known = await packs.published(kafka)
    found = []
    if wanted not in known:
        what = Said(f"配置的城市版本{wanted}没有发布", f"the configured version {wanted} is not published")
        found.append(attention("city-packs", what, Said("paidan city publish", "paidan city publish")))
    for tail in (await patient.logs()).tails.values():
        if tail.tp.topic != "desk-log" or tail.last is None:
            continue
        where, by = f"{tail.last.desk} ({tail.where})", _decides_by(tail.last)
        if by not in known:
            what = Said(f"指挥席按城市版本{by}决定，而它没有发布", f"the desk decides by {by}, which is not published")
            found.append(broken(where, what, Said("发布该版本的文件夹", "publish the folder of that version")))
        elif by != wanted:
            what = Said(
                f"指挥席按城市版本{by}决定，配置的是{wanted}", f"the desk decides by {by}, configured is {wanted}"
            )
            right = Said(
                f"paidan city adopt {wanted}，或改 PAIDAN_CITY",
                f"paidan city adopt {wanted}, or another PAIDAN_CITY",
            )
            found.append(attention(where, what, right))
    return found


async def positions(patient: Patient) -> list[Finding]:
    """A log's last record is of a message that its inbox has or had, and what comes next is still there."""
    decided = (await patient.logs()).decided()
    async with reader(patient.reach()) as consumer:
        bounds = await ends(consumer, [TopicPartition(*place) for place in decided])
    found = []
    for (inbox, partition), start in decided.items():
        first, end = bounds[TopicPartition(inbox, partition)]
        where = f"{inbox}/{partition}"
        if start > end:
            what = Said(
                f"到{end}为止，而日志已决定到{start - 1}",
                f"it ends at {end}, its log has decided up to {start - 1}",
            )
            found.append(broken(where, what, STOP))
        elif start < first:
            what = Said(
                f"从{first}开始，而{start}还没有决定就被删除了",
                f"it begins at {first}: {start} was deleted undecided",
            )
            found.append(broken(where, what, STOP))
    return found


async def snapshots(patient: Patient) -> list[Finding]:
    """A long log has a recent snapshot that can be trusted, or taking it takes long."""
    found = []
    logs = await patient.logs()
    async with reader(patient.reach()) as consumer:
        for tp, end in logs.ends.items():
            if end <= SNAPSHOT_EVERY:
                continue
            stored = await find_stored(consumer, tp, end)
            since = end - 1 - (stored.offset if stored else -1)
            if since > 2 * SNAPSHOT_EVERY or not stored:
                what = (
                    Said(
                        f"最近可信的快照在{stored.offset}，其后还有{since}条",
                        f"the newest snapshot is at {stored.offset}, {since} records ago",
                    )
                    if stored
                    else Said(
                        f"没有可信的快照：接管时要读全部{since}条",
                        f"no snapshot can be trusted: who takes it folds all {since} records",
                    )
                )
                right = Said(
                    f"每{SNAPSHOT_EVERY}条记录一个；看 desk 的日志",
                    f"one at each {SNAPSHOT_EVERY} records; see the log of desk",
                )
                found.append(attention(f"{tp.topic}/{tp.partition}", what, right))
    return found


async def clock(patient: Patient) -> list[Finding]:
    """Time is the broker's append time: if its clock and ours are apart, limits are. Nothing is written to ask it:
    no record is from the future, and what came while we looked has a time between."""
    logs = await patient.logs()
    now = wall_ms()
    apart = [ahead for tail in logs.tails.values() if (ahead := tail.newest - now) > 0]
    async with reader(patient.reach()) as consumer:
        until = await consumer.end_offsets(list(logs.ends))
        async for _, records in read_ranges(consumer, {tp: (end, until[tp]) for tp, end in logs.ends.items()}):
            now = wall_ms()
            apart += [record.timestamp - min(max(record.timestamp, logs.asked), now) for record in records]
    most = max(apart, key=abs, default=0)
    if abs(most) <= CLOCKS_APART_MS:
        return []
    seconds = abs(most) / 1000
    what = (
        Said(
            f"消息代理的时钟比本机快{seconds:.1f}秒",
            f"the broker's clock is {seconds:.1f} s ahead of this machine's",
        )
        if most > 0
        else Said(
            f"消息代理的时钟比本机慢{seconds:.1f}秒", f"the broker's clock is {seconds:.1f} s behind this machine's"
        )
    )
    right = Said("两台机器都与时间服务器同步", "both keep time with the same server")
    return [attention(patient.kafka, what, right)]


def _decides_by(last: Told) -> str:
    """The version by which a desk decides its next message."""
    adopted = [event.city for event in last.events if event.type == "CityAdopted"]
    return adopted[-1] if adopted else last.city


def _unreadable(raw: bytes) -> str:
    try:
        decode_record(raw)
    except msgspec.MsgspecError as fault:
        return str(fault)
    return ""


LOGS = (
    Check("logs", Said("日志", "logs"), logs),
    Check("void", Said("无效记录", "void records"), void),
    Check("rules", Said("规则版本", "rules"), rules),
    Check("city-versions", Said("城市版本", "city versions"), cities),
    Check("positions", Said("位置", "positions"), positions),
    Check("snapshots", Said("快照", "snapshots"), snapshots),
    Check("clock", Said("时钟", "clock"), clock),
)
