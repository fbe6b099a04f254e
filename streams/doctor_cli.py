"""`paidan doctor`: the words to a person, or JSON for a program; and the exit code."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from dispatchers.explain.voice import Lang
from dispatchers.explain.words import Said

from .doctor import HERE, Examined, Patient, Severity, examine
from .doctor_backup import BACKUP
from .doctor_broker import FIRST, WAITING
from .doctor_logs import LOGS
from .doctor_replicas import REPLICAS

SEVERITIES = {
    Severity.WELL: Said("正常", "well"),
    Severity.ATTENTION: Said("注意", "attention"),
    Severity.BROKEN: Said("故障", "broken"),
}
NOTED = Said("说明", "note")
UNMADE = Said("没有检查", "not looked at")
COLON = Said("：", ": ")


def doctor(lang: Lang, *, as_json: bool) -> tuple[str, int]:
    """What was found, and the worst of it as exit code."""
    examined = asyncio.run(examine(Patient(), (*HERE, *FIRST, *REPLICAS, *LOGS, *BACKUP, *WAITING)))
    worst = max(one.severity for one in examined)
    return (_json(examined, worst) if as_json else text(examined, lang)), int(worst)


def text(examined: list[Examined], lang: Lang) -> str:
    """A line for each finding, the worst first; then what could not be looked at, and what is well."""
    found = [(check, one) for check in examined for one in check.found]
    lines = []
    for check, one in sorted(found, key=lambda pair: -pair[1].severity):
        said = _in(lang, Said("{0}；应当：{1}", "{0}; right: {1}")).format(_in(lang, one.what), _in(lang, one.right))
        how_bad = SEVERITIES[one.severity] if one.severity else NOTED
        head = _in(lang, how_bad), _in(lang, check.title)
        lines.append("  ".join((*head, one.where, said)))
    unmade: dict[Said, list[Said]] = {}
    for check in examined:
        if check.unmade:
            unmade.setdefault(check.unmade, []).append(check.title)
    lines += [
        f"{_in(lang, UNMADE)}  {_list(lang, titles)}{_in(lang, COLON)}{_in(lang, why)}"
        for why, titles in unmade.items()
    ]
    if well := [check.title for check in examined if check.severity is Severity.WELL]:
        lines.append(f"{_in(lang, SEVERITIES[Severity.WELL])}  {_list(lang, well)}")
    return "\n".join(lines)


def _json(examined: list[Examined], worst: Severity) -> str:
    def finding(one: Any) -> dict[str, Any]:
        said = {"what": one.what._asdict(), "right": one.right._asdict()}
        return {"severity": one.severity.name.lower(), "where": one.where, **said}

    checks = [
        {
            "check": check.name,
            "severity": check.severity.name.lower(),
            "findings": [finding(one) for one in check.found],
            "not_looked_at": check.unmade._asdict() if check.unmade else None,
        }
        for check in examined
    ]
    told = msgspec.json.encode({"severity": worst.name.lower(), "checks": checks})
    return msgspec.json.format(told, indent=2).decode()


def _in(lang: Lang, said: Said) -> str:
    return said.zh if lang == "zh" else said.en


def _list(lang: Lang, titles: list[Said]) -> str:
    return ("、" if lang == "zh" else ", ").join(_in(lang, title) for title in titles)
