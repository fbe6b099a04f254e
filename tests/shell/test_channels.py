"""The file of PAIDAN_CHANNELS, and the key of Web Push."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from streams.notify import webpush
from streams.notify.channels import ChannelsError, public_key_in, read

SECRET = "0123456789abcdef0123456789abcdef"
PEM, PUBLIC = webpush.new_key()
OTHER = webpush.new_key()[1]


def given(folder: Path, text: str) -> Path:
    (folder / "secret").write_text(SECRET + "\n")
    (folder / "push.pem").write_bytes(PEM)
    path = folder / "channels.yaml"
    path.write_text(text, "utf-8")
    return path


WEBPUSH = f"webpush: {{contact: 'mailto:a@b.example', public_key: {PUBLIC}, secret_file: push.pem}}"
WHOLE = f"""
channels:
  webhook: {{url: "https://radio.example/x", secret_file: secret, rate: 2, burst: 3, timeout_s: 1.5}}
  {WEBPUSH}
  worknotice:
    url: https://platform.example
    api_key: paidan
    tenant: "196729"
    secret_env: NOTICE_SECRET
    limited_codes: ["90018"]
  mqtt: {{url: "mqtt://127.0.0.1:1884"}}
"""


def test_a_file_says_which_channels_there_are(tmp_path: Path) -> None:
    """Limits are the provider's, unless the file has lower ones; without a file there are none."""
    found = read(given(tmp_path, WHOLE), {"NOTICE_SECRET": SECRET})
    assert list(found) == ["webhook", "webpush", "worknotice", "mqtt"]
    hook, notice = found["webhook"], found["worknotice"]
    assert (hook.limits.rate, hook.limits.burst, hook.given.timeout_s) == (2, 3, 1.5)
    assert (str(notice.url), notice.given.limited_codes) == ("https://platform.example", ("90018",))
    assert (notice.secret, notice.limits.user_day) == (SECRET.encode(), 100)
    assert (found["mqtt"].secret, found["mqtt"].given.topic) == (b"", "jx/squad/{squad}/assign")
    assert read(None, {}) == {}


def test_the_gateway_reads_the_public_key_alone(tmp_path: Path) -> None:
    """It has no business with the secrets, and may not even be able to read them."""
    path = given(tmp_path, WHOLE)
    (tmp_path / "secret").unlink()
    (tmp_path / "push.pem").unlink()
    assert public_key_in(path) == PUBLIC
    assert public_key_in(None) == public_key_in(given(tmp_path, "channels: {mqtt: {url: 'mqtt://a.example'}}")) == ""


HOOK = "channels:\n  webhook:\n    url: https://a.example\n    secret_file: secret\n"
MQTT = "channels:\n  mqtt:\n    url: mqtt://a.example\n"
NOTICE = "channels:\n  worknotice:\n    url: https://a.example\n    secret_file: secret\n"
WRONG = [
    ("", "", "the file is empty; right would be: channels: {webhook"),
    ("{}", "", "`channels` is missing"),
    ("sources: {}\n", ":1:1:", "unknown name 'sources'; right would be: `channels` alone"),
    ("channels:\n  sms: {url: 'https://a.example'}\n", ":2:3:", "unknown name 'sms'; right would be: one of webhook"),
    ("channels:\n  webhook: here\n", ":2:12:", "channel 'webhook' is no mapping"),
    (HOOK.replace("https://", "mqtt://"), ":3:10:", "`url` is no address"),
    (HOOK + "    topic: a\n", ":5:5:", "unknown name 'topic'; right would be: one of url, secret_file"),
    (HOOK + "    burst: 0\n", ":5:12:", "`burst` is '0'"),
    (HOOK + "    retry_most_s: 9999\n", ":5:19:", "is '9999'; right would be: Expected `float` <= 600"),
    (HOOK.replace("    secret_file: secret\n", ""), ":2:3:", "has none of secret_file and secret_env"),
    (MQTT.replace("mqtt://", "https://"), ":3:10:", "right would be: mqtt:// or mqtts://, a host"),
    (MQTT + "    user: paidan\n", ":2:3:", "channel 'mqtt' has none of secret_file and secret_env"),
    (MQTT + "    topic: jx/squad/+/assign\n", ":4:12:", "`topic` is 'jx/squad/+/assign'"),
    (MQTT + "    topic: jx/assign\n", ":4:12:", "`topic` is 'jx/assign'"),
    (NOTICE + "    tenant: '1'\n", ":2:3:", "channel 'worknotice' has no `api_key`"),
    (f"channels:\n  {WEBPUSH.replace('mailto:', '')}\n", ":2:22:", "`contact` is 'a@b.example'"),
    (f"channels:\n  {WEBPUSH.replace('push.pem', 'secret')}\n", ":2:", "the secret is no private P-256 key"),
    (f"channels:\n  {WEBPUSH.replace(PUBLIC, OTHER)}\n", ":2:", f"not that of the secret; right would be: {PUBLIC}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "where", "said"), WRONG, ids=range(len(WRONG)))
def test_a_fault_says_where_what_and_what_would_be_right(tmp_path: Path, text: str, where: str, said: str) -> None:
    """One line with the file, line and column."""
    path = given(tmp_path, text)
    with pytest.raises(ChannelsError) as fault:
        read(path, {})
    lines = str(fault.value).splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith(f"{path}{where}")
    assert said in lines[0]


def test_all_faults_are_told_at_once_and_no_secret_is_repeated(tmp_path: Path) -> None:
    """Also one that somebody put where its place belongs, or into the address."""
    text = (
        "channels:\n  webhook: {url: 'https://u:hunter2@a.example', secret_file: hunter2}\n  mqtt: {user: a, rate: x}\n"
    )
    with pytest.raises(ChannelsError) as fault:
        read(given(tmp_path, text), {})
    assert len(str(fault.value).splitlines()) == 5
    assert "hunter2" not in str(fault.value)


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    """What the command prints fits what it writes; it overwrites nothing."""
    file = tmp_path / "new.pem"
    words = [sys.executable, "-m", "streams.cli", "notify", "new-key", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == f"public_key: {webpush.public(webpush.load_key(file.read_bytes()))}\n"
    assert file.stat().st_mode & 0o777 == 0o600
    again = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (again.returncode, again.stderr) == (2, f"paidan: {file}: File exists\n")
