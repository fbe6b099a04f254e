"""`paidan doctor`: what is wrong, in words. Each check is one function; here are their frame and those of this machine.

1. It reads and changes nothing: no topic, no file, no group is made, and no lock is taken.
2. A check that cannot be made says so, and the others go on: that is told as something that needs attention.
3. A finding is one sentence on what is wrong and where, and one on what would be right.

Severities are those of `deploy/prometheus/RUNBOOK.md`: *broken* is what pages somebody, or what lets no process start;
*attention* is for the next working day. Thresholds are those of its rules. What the broker holds:
doctor_broker.py, doctor_replicas.py and doctor_logs.py.
"""

from __future__ import annotations

import asyncio
import shutil
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterable
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

import msgspec
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from dispatchers.clock import Calendar
from dispatchers.explain.words import Said
from dispatchers.record import RULES
from dispatchers.rows import CityPack

from . import city_files, doctor_tails, ops, vault
from . import settings as settings_of
from .clock import Clock
from .doctor_tails import Logs
from .settings import PREFIX, Settings, SettingsError

WITHIN_S = 60.0  # for one check
ANSWER_S = 2.0  # for one answer of a process on this machine
KNOWN_DAYS = 90  # so long before the first unknown day its calendar should be there
SHOWN = 5  # numbers of a list
LITTLE, NEARLY_NONE = 0.10, 0.02  # of a disk that are free


class Severity(IntEnum):
    """How bad it is; the exit code is the worst."""

    WELL = 0
    ATTENTION = 1
    BROKEN = 2


class Finding(NamedTuple):
    """One thing that is wrong."""

    severity: Severity
    where: str
    what: Said
    right: Said


class CannotLookError(Exception):
    """A check cannot be made."""

    def __init__(self, why: Said) -> None:
        super().__init__(why.en)
        self.why = why


class Examined(NamedTuple):
    """What a check came to: findings, or why there are none to be had."""

    name: str
    title: Said
    found: list[Finding]
    unmade: Said | None = None

    @property
    def severity(self) -> Severity:
        """Of the worst."""
        return max([Severity.ATTENTION if self.unmade else Severity.WELL, *(one.severity for one in self.found)])


class Patient:
    """What is examined: where it is, and what was learnt of it on the way."""

    def __init__(self) -> None:
        self.faults: list[str] = []  # of the settings
        self.answers = False  # whether the broker does; the check of it says so
        self._logs: Logs | None = None
        try:
            self.settings = settings_of.read()
        except SettingsError as fault:
            self.faults = str(fault).splitlines()
            self.settings = _without(self.faults)

    @cached_property
    def ports(self) -> dict[str, int]:
        """Those of the `paidan run` on this data, if there ever was one."""
        file = self.settings.data / "ports.json"
        return msgspec.json.decode(file.read_bytes(), type=dict[str, int]) if file.exists() else {}

    @cached_property
    def kafka(self) -> str:
        """The broker: the one of the settings, else that of the run on this data; "": nobody says."""
        return self.settings.kafka or self._own_kafka

    @property
    def _own_kafka(self) -> str:
        return f"127.0.0.1:{self.ports['kafka']}" if "kafka" in self.ports else ""

    def reach(self) -> str:
        """As `kafka`, of a broker that answered. Raises CannotLookError."""
        if not self.answers:
            raise CannotLookError(Said("没有应答的消息代理可问", "there is no broker that answers"))
        return self.kafka

    async def logs(self) -> Logs:
        """The ends of all logs. Raises CannotLookError, KafkaError."""
        if self._logs is None:
            self._logs = await doctor_tails.read(self.reach())
        return self._logs

    @cached_property
    def redis(self) -> str:
        """URL of Redis, likewise."""
        return self.settings.redis or (f"redis://127.0.0.1:{self.ports['redis']}/0" if "redis" in self.ports else "")

    @cached_property
    def clock(self) -> Clock:
        """The run's clock. A run that has one keeps it beside its ports."""
        file = self.settings.data / "clock.json"
        ours = file.exists() and self.kafka == self._own_kafka
        return Clock.read(self.settings.clock or (file if ours else None))

    @cached_property
    def city(self) -> tuple[CityPack | None, list[city_files.Fault]]:
        """The configured pack, and its faults."""
        pack, said = city_files.read(self.settings.city)
        return pack, [one for one in said if not one.warning]

    @property
    def pack(self) -> CityPack:
        """As `city`. Raises CannotLookError if it cannot be read."""
        pack, _ = self.city
        if pack is None:
            raise CannotLookError(Said("城市数据包有错误", "the city pack has faults"))
        return pack

    @cached_property
    def samples(self) -> dict[str, list[Sample] | None]:
        """What each process of the run on this data exports, by kind=address; None: it does not answer."""
        kinds = ops.of_run(self.settings.data) if self.ports else {}
        return {f"{kind}={one}": _samples(one) for kind, addresses in kinds.items() for one in addresses}


Look = Callable[[Patient], Awaitable[list[Finding]]]


class Check(NamedTuple):
    """A thing to look at."""

    name: str  # as in --json
    title: Said
    look: Look


async def examine(patient: Patient, checks: Iterable[Check]) -> list[Examined]:
    """Make all checks, one after the other: what the first ones read the later ones use."""
    return [await _examine(patient, check) for check in checks]


async def _examine(patient: Patient, check: Check) -> Examined:
    try:
        async with asyncio.timeout(WITHIN_S):
            return Examined(check.name, check.title, await check.look(patient))
    except CannotLookError as fault:
        why = fault.why
    except TimeoutError:
        why = Said(f"{WITHIN_S:.0f}秒内没有看完", f"not done within {WITHIN_S:.0f} s")
    except Exception as fault:  # noqa: BLE001 - rule 2: whatever it was, it is told, and the others go on
        why = Said(*[f"{type(fault).__name__}: {fault}"] * 2)
    return Examined(check.name, check.title, [], why)


def broken(where: str, what: Said, right: Said) -> Finding:
    """It fails somebody now, or no process starts with it."""
    return Finding(Severity.BROKEN, where, what, right)


def attention(where: str, what: Said, right: Said) -> Finding:
    """It will, if nobody looks after it."""
    return Finding(Severity.ATTENTION, where, what, right)


def note(where: str, what: Said, right: Said) -> Finding:
    """It is as somebody chose it, and has a price that is worth knowing."""
    return Finding(Severity.WELL, where, what, right)


def few(numbers: list[int]) -> str:
    """Some of them, and how many there are."""
    told = ", ".join(map(str, numbers[:SHOWN]))
    return told if len(numbers) <= SHOWN else f"{told}, … ({len(numbers)})"


# -- the checks --------------------------------------------------------------------------------------------------------


async def settings(patient: Patient) -> list[Finding]:
    """No process starts with a setting that cannot be used."""
    right = Said("改正或去掉该环境变量", "mend or remove the variable")
    cut = [line.partition(": ") for line in patient.faults]
    return [broken(name, Said(f"设置不可用：{fault}", f"cannot be used: {fault}"), right) for name, _, fault in cut]


async def master_key(patient: Patient) -> list[Finding]:
    """Who reported is readable by this key alone, and by nobody if it is lost."""
    file = patient.settings.master_key
    if not file.exists():
        what = Said("主密钥文件不存在", "there is no master key")
        return [
            attention(
                str(file),
                what,
                Said(
                    "指到原来的密钥（PAIDAN_MASTER_KEY）；新系统首次启动时会生成，旧系统换了新密钥就再也读不出来电人",
                    "point PAIDAN_MASTER_KEY at it; a new system draws one at its first start, an old one "
                    "with a new key reads no reporter any more",
                ),
            )
        ]
    try:
        vault.load_or_create(file)
    except vault.MasterKeyError as fault:
        what = Said(f"主密钥不可用：{fault}", f"cannot be used: {fault}")
        right = Said(
            "只有属主可读写（0600），内容为32字节的base64", "readable by its owner alone (0600), 32 bytes in base64"
        )
        return [broken(str(file), what, right)]
    return []


async def disk(patient: Patient) -> list[Finding]:
    """A full disk stops the broker on it, and with it every decision."""
    data = patient.settings.data
    if not data.exists():
        return []  # nothing of ours lies here
    size = shutil.disk_usage(data)
    free = size.free / size.total
    if free >= LITTLE:
        return []
    told = f"{free:.0%}", f"{size.free >> 20:,} MiB"
    what = Said(f"磁盘只剩{told[0]}（{told[1]}）", f"only {told[0]} of the disk are free ({told[1]})")
    right = Said(
        f"至少{LITTLE:.0%}空闲：照片和消息日志最大", f"at least {LITTLE:.0%} free: photos and logs are the largest"
    )
    return [Finding(Severity.BROKEN if free < NEARLY_NONE else Severity.ATTENTION, str(data), what, right)]


async def city(patient: Patient) -> list[Finding]:
    """A desk does not start with a pack that has a fault."""
    pack, faults = patient.city
    if pack:
        return []
    first = faults[0]
    more = f" ({len(faults)})" if len(faults) > 1 else ""
    what = Said(
        f"城市数据包有{len(faults)}处错误，第一处：{first.what}", f"the city pack has a fault{more}: {first.what}"
    )
    right = Said(f"{first.right}；全部见 paidan city check", f"{first.right}; all of them: paidan city check")
    return [broken(f"{first.file}:{first.line}:{first.column}", what, right)]


async def calendar(patient: Patient) -> list[Finding]:
    """A limit in working time that ends on a day whose kind is not known may be wrong."""
    pack, facts = patient.pack, patient.pack.facts
    known = Calendar(pack.calendar, facts.duty_hours, facts.utc_offset_minutes)
    days = known.first_unknown.toordinal() - known.date(patient.clock.now()).toordinal()
    if days >= KNOWN_DAYS:
        return []
    first = known.first_unknown
    what = (
        Said(f"工作日历自{first}起未知，还有{days}天", f"the calendar is not known from {first} on, in {days} days")
        if days > 0
        else Said(
            f"工作日历自{first}起未知，现在算出的时限可能是错的", f"unknown since {first}: limits made now may be wrong"
        )
    )
    right = Said(
        "录入国务院放假通知，再 paidan city publish、adopt",
        "enter the notice of holidays, then paidan city publish and adopt",
    )
    where = str(patient.settings.city / "calendar.csv")
    return [Finding(Severity.ATTENTION if days > 0 else Severity.BROKEN, where, what, right)]


async def processes(patient: Patient) -> list[Finding]:
    """Of a `paidan run` on this data every process answers, and has the rules of this program."""
    if not patient.ports:
        return []
    if not any(told is not None for told in patient.samples.values()):
        what = Said("这里运行过，现在没有任何进程应答", "a run was here, and none of its processes answers now")
        right = Said("需要时启动 paidan run", "start paidan run, if it should run")
        return [attention(str(patient.settings.data), what, right)]
    found = [one for where, told in patient.samples.items() for one in _process(where, told)]
    if "console" in patient.ports:
        found += _gateway(f"http://{patient.settings.http_host}:{patient.ports['console']}")
    return found


def _process(where: str, told: list[Sample] | None) -> list[Finding]:
    if told is None:
        what = Said("进程没有应答", "the process does not answer")
        right = Said(
            "看它在 logs/ 中的日志；paidan run 会重新启动它", "see its file in logs/; paidan run starts it again"
        )
        return [broken(where, what, right)]
    if (rules := _rules(told)) != RULES:
        what = Said(
            f"进程的规则版本是{rules or '不明'}，本程序是{RULES}",
            f"it runs rules {rules or 'unknown'}, this program has {RULES}",
        )
        return [attention(where, what, Said("各进程用同一版本", "one version for all processes"))]
    return []


def _gateway(base: str) -> list[Finding]:
    right = Said("查看 logs/gateway.log", "see logs/gateway.log")
    if _status(f"{base}/livez") != 200:
        return [broken(base, Said("网关没有应答", "the gateway does not answer"), right)]
    if _status(f"{base}/readyz") != 200:
        what = Said("网关还没有准备好：显示的不是现在的情况", "the gateway is not ready: what it shows is not of now")
        return [attention(base, what, right)]
    return []


# -- asking ------------------------------------------------------------------------------------------------------------


def _without(faults: list[str]) -> Settings:
    """The settings with the default in place of each that cannot be used, so that the rest can be looked at."""
    names = {fault.partition(":")[0].removeprefix(PREFIX).lower() for fault in faults}
    fields = Settings.model_fields
    defaults = {n: fields[n].get_default(call_default_factory=True, validated_data={}) for n in names & fields.keys()}
    return Settings(**defaults)


def _samples(address: str) -> list[Sample] | None:
    try:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=ANSWER_S) as answer:
            told = answer.read().decode()
    except OSError:
        return None
    return [sample for family in text_string_to_metric_families(told) for sample in family.samples]


def _rules(samples: list[Sample]) -> str:
    return next((s.labels["rules"] for s in samples if s.name == "paidan_rules_info" and s.value), "")


def _status(url: str) -> int:
    """The code of an answer; 0: there is none."""
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_S) as answer:  # noqa: S310 - ours, http
            return int(answer.status)
    except urllib.error.HTTPError as fault:
        return fault.code
    except OSError:
        return 0


HERE = (
    Check("settings", Said("设置", "settings"), settings),
    Check("master-key", Said("主密钥", "master key"), master_key),
    Check("disk", Said("磁盘", "disk"), disk),
    Check("city", Said("城市数据包", "city pack"), city),
    Check("calendar", Said("工作日历", "calendar"), calendar),
    Check("processes", Said("进程", "processes"), processes),
)
