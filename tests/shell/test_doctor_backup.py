"""`paidan doctor` knows how old the last backup is, because `paidan export` left its trace in the audit."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

import pytest

from dispatchers import messages as m
from dispatchers.writer import DESK, Writer
from streams import doctor_backup
from streams.cli import app
from streams.doctor import Examined, Patient, Severity, examine
from streams.doctor_backup import BACKUP
from streams.gateway import audit
from streams.kafka_io import producer
from streams.scan import scan
from streams.vault import load_or_create
from tests.support_kafka import MONDAY, broker
from tests.support_log import small

pytestmark = pytest.mark.timeout(300)
DAY_MS = 24 * 3600 * 1000


def looked(kafka: str) -> Examined:
    """What the check comes to."""
    patient = Patient()
    patient.kafka, patient.answers = kafka, True
    (done,) = asyncio.run(examine(patient, BACKUP))
    assert done.unmade is None
    return done


def said(kafka: str) -> list[str]:
    """Its findings, in English; each needs attention."""
    found = looked(kafka).found
    assert {one.severity for one in found} <= {Severity.ATTENTION}
    return [one.what.en for one in found]


def clock(folder: Path, speed: float) -> str:
    """A run's clock."""
    file, now = folder / f"clock-{speed}.json", time.time_ns() // 1_000_000
    segment = {"wall": now, "business": MONDAY, "speed": speed, "wall_end": None}
    file.write_text(json.dumps({"segments": [segment], "said": now}))
    return str(file)


async def decide_one(kafka: str) -> None:
    """The first record of a desk."""
    decided = Writer("bing", DESK).decide(m.Unreadable(reason="bad_json"), 0, MONDAY, small())
    assert decided
    async with producer(kafka) as sender:
        await sender.send_and_wait("desk-log", decided.raw, partition=2)


async def trail(kafka: str) -> list[str]:
    """What the audit says was done."""
    return [json.loads(record.value)["what"] async for record in scan(kafka, audit.TOPIC)]


def test_a_backup_is_told_of_by_its_age(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None needed, none made, one made, and it grows old; who made it is in the audit before and after."""
    for name in [name for name in os.environ if name.startswith("PAIDAN_")]:
        monkeypatch.delenv(name)
    load_or_create(tmp_path / "master.key")
    with broker(tmp_path / "kafka") as server:
        monkeypatch.setenv("PAIDAN_KAFKA", server.address)
        monkeypatch.setenv("PAIDAN_DATA", str(tmp_path))
        monkeypatch.setenv("PAIDAN_MASTER_KEY", str(tmp_path / "master.key"))
        monkeypatch.setenv("PAIDAN_CLOCK", clock(tmp_path, 1.0))
        assert [] == said(server.address)  # nothing was ever decided
        asyncio.run(decide_one(server.address))
        assert ["no backup was ever made"] == said(server.address)
        with monkeypatch.context() as rehearsal:
            rehearsal.setenv("PAIDAN_CLOCK", clock(tmp_path, 60.0))
            assert [] == said(server.address)
        app(["export", str(tmp_path / "backup")], result_action="return_value")
        assert [] == said(server.address)
        assert ["export_begun", "exported"] == asyncio.run(trail(server.address))
        assert asyncio.run(audit.verify(server.address)).whole
        now = doctor_backup.wall_ms()
        monkeypatch.setattr(doctor_backup, "wall_ms", lambda: now + 8 * DAY_MS)
        assert ["the last backup is 8 days old"] == said(server.address)
