"""The environment, read strictly."""

from pathlib import Path

import pytest
import structlog

from streams.settings import SettingsError, read


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine has set is not in these tests."""
    import os

    for name in [name for name in os.environ if name.startswith("PAIDAN_")]:
        monkeypatch.delenv(name)


def test_without_environment_all_is_embedded() -> None:
    """Nothing set: no addresses, data beside, the key in the data."""
    settings = read()
    assert ("", "", Path(".data"), Path(".data/master.key"), None) == (
        settings.kafka,
        settings.redis,
        settings.data,
        settings.master_key,
        settings.clock,
    )


def test_the_environment_is_read_and_the_command_line_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """PAIDAN_DATA moves the key too; an argument is stronger; an empty variable counts as not set."""
    monkeypatch.setenv("PAIDAN_DATA", "elsewhere")
    monkeypatch.setenv("PAIDAN_WORKER_ID", "desk-1")
    monkeypatch.setenv("PAIDAN_CLOCK", "")
    settings = read(worker_id="desk-2", log_level="WARNING")
    assert (Path("elsewhere/master.key"), "desk-2", None, "warning") == (
        settings.master_key,
        settings.worker_id,
        settings.clock,
        settings.log_level,
    )


def test_all_faults_are_told_at_once_and_no_value_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt name, a bad port and a bad URL are three lines; the password in the URL is in none of them."""
    monkeypatch.setenv("PAIDAN_KAFAK", "broker:9092")
    monkeypatch.setenv("PAIDAN_METRICS_PORT", "many")
    monkeypatch.setenv("PAIDAN_REDIS", "http://:secret@redis")
    with pytest.raises(SettingsError) as error:
        read()
    lines = str(error.value).splitlines()
    assert ["PAIDAN_KAFAK", "PAIDAN_REDIS", "PAIDAN_METRICS_PORT"] == [line.split(":")[0] for line in lines]
    assert "secret" not in str(error.value)


def test_a_log_shows_where_and_never_with_what(capsys: pytest.CaptureFixture[str]) -> None:
    """A traceback names the lines, not the values of their variables (law 11); what is below the level is not said."""
    read(log_level="warning")
    log = structlog.get_logger("test")
    try:
        _fail("1380000" + "1111")
    except ValueError as fault:
        log.error("leaving", exc_info=fault)
    log.info("a trifle")
    said = capsys.readouterr().out
    assert "in _fail" in said
    assert "ValueError: no" in said
    assert "13800001111" not in said
    assert "a trifle" not in said


def _fail(telephone: str) -> None:
    assert telephone
    raise ValueError("no")
