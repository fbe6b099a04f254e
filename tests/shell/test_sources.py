"""The file of PAIDAN_SOURCES, and what makes a reply ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.outbox.signature import ForgedError, signed, verify
from streams.outbox.sources import SourcesError, read, webhooks, webhooks_in

SECRET = "0123456789abcdef0123456789abcdef"


def given(folder: Path, text: str) -> Path:
    (folder / "secret").write_text(SECRET + "\n")
    (folder / "short").write_text("123\n")
    path = folder / "sources.yaml"
    path.write_text(text, "utf-8")
    return path


WHOLE = """
sources:
  "12345":
    url: https://hotline.example:8443/paidan?city=jiaxing
    secret_file: secret
    timeout_s: 2.5
    give_up_hours: 24
    parallel: 2
    not_before: 2026-07-13T08:00:00+08:00
  web: {url: "http://127.0.0.1/x", secret_env: WEB_SECRET}
"""


def test_a_file_says_where_to_and_by_which_secret(tmp_path: Path) -> None:
    """Secrets come from a file beside it or a variable, without the end of their line; the rest has its defaults."""
    sources = read(given(tmp_path, WHOLE), {"WEB_SECRET": SECRET + "2"})
    one, web = sources["12345"], sources["web"]
    assert (str(one.url), one.secret) == ("https://hotline.example:8443/paidan?city=jiaxing", SECRET.encode())
    assert (one.limits.timeout_s, one.limits.give_up_hours, one.limits.parallel) == (2.5, 24, 2)
    assert (web.secret, web.limits.give_up_hours, web.limits.timeout_s) == (f"{SECRET}2".encode(), 72, 10)
    assert webhooks(sources) == {"12345": 1783900800000, "web": 0}


def test_json_is_read_too_and_no_file_is_no_source(tmp_path: Path) -> None:
    """JSON is YAML; a number as a name is that number's digits; without the setting all read the topic."""
    path = given(tmp_path, '{"sources": {"12345": {"url": "https://a.example/", "secret_file": "secret"}}}')
    assert list(read(path, {})) == ["12345"]
    assert list(read(given(tmp_path, "sources: {12345: {url: 'https://a.example', secret_file: secret}}"), {})) == [
        "12345"
    ]
    assert read(None, {}) == webhooks_in(None) == {}


def test_who_only_counts_needs_no_secret(tmp_path: Path) -> None:
    """The gateway asks for names alone: it may not even be able to read the secrets."""
    path = given(tmp_path, WHOLE)
    (tmp_path / "secret").unlink()
    assert webhooks_in(path) == {"12345": 1783900800000, "web": 0}
    with pytest.raises(SourcesError, match="cannot be read"):
        read(path, {})


GOOD = "sources:\n  a:\n    url: https://a.example\n    secret_file: secret\n"


def url(text: str) -> str:
    return GOOD.replace("https://a.example", text)


WRONG = [
    ("", "", "the file is empty"),
    ("{}", "", "`sources` is missing; right would be: sources: {"),
    ("- a\n", ":1:1:", "the file is no mapping"),
    ("a: [\n", ":2:1:", "no YAML"),
    ("source: {}\n", ":1:1:", "unknown name 'source'; right would be: `sources` alone"),
    (url("ftp://a.example/"), ":3:10:", "`url` is no address that can be posted to; right would be: http"),
    (url("https://user:pw@a.example/"), ":3:10:", "without user, password"),
    (url("https:///path"), ":3:10:", "`url` is no address"),
    (url("file:///etc/passwd"), ":3:10:", "`url` is no address"),
    (url("[1, 2]"), ":3:10:", "`url` is no address"),
    ("sources:\n  a: {secret_file: secret}\n", ":2:3:", "source 'a' has no `url`"),
    ("sources:\n  a: {url: 'https://a.example'}\n", ":2:3:", "has none of secret_file and secret_env"),
    (GOOD + "    secret_env: B\n", ":2:3:", "has both of secret_file and secret_env; right would be: one"),
    (GOOD + "    timeout: 3\n", ":5:5:", "unknown name 'timeout'; right would be: one of url"),
    (GOOD + "    timeout_s: soon\n", ":5:16:", "`timeout_s` is 'soon'; right would be: Expected `float`"),
    (GOOD + "    give_up_hours: 9999\n", ":5:20:", "is '9999'; right would be: Expected `float` <= 672"),
    (GOOD + "    parallel: 0\n", ":5:15:", "`parallel` is '0'; right would be: Expected `int` >= 1"),
    (GOOD + "    parallel: [1]\n", ":5:15:", "`parallel` is [1]; right would be: Expected `int`"),
    (GOOD + "    not_before: 2026-07-13T08:00:00\n", ":5:17:", "a time with its zone"),
    (GOOD + "    url: https://b.example\n", ":5:5:", "'url' stands twice"),
    (GOOD.replace(" secret\n", " short\n"), ":4:18:", "`secret_file`: 3 bytes; right would be: a secret of 16 or"),
    (GOOD.replace(" secret\n", " nowhere\n"), ":4:18:", "`secret_file` cannot be read: No such file"),
    (GOOD.replace("_file: secret", "_env: SECRET_A"), ":4:17:", "the variable is not set"),
    (GOOD.replace("_file: secret", "_env: PAIDAN_A"), ":4:17:", "the variable begins with PAIDAN_"),
]


@pytest.mark.parametrize(("text", "where", "said"), WRONG, ids=range(len(WRONG)))
def test_a_fault_says_where_what_and_what_would_be_right(tmp_path: Path, text: str, where: str, said: str) -> None:
    """One line with the file, line and column."""
    path = given(tmp_path, text)
    with pytest.raises(SourcesError) as fault:
        read(path, {})
    lines = str(fault.value).splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith(f"{path}{where}")
    assert said in lines[0]


def test_all_faults_are_told_at_once_and_no_secret_is_repeated(tmp_path: Path) -> None:
    """Also a secret that somebody put where its place belongs, or into the address, is in no line."""
    first = "a: {url: 'https://u:hunter2@a.example', secret_file: hunter2, timeout_s: x}"
    text = f"sources:\n  {first}\n  b: {{secret_env: hunter2}}\n"
    with pytest.raises(SourcesError) as fault:
        read(given(tmp_path, text), {})
    assert len(str(fault.value).splitlines()) == 5
    assert "hunter2" not in str(fault.value)
    with pytest.raises(SourcesError, match="no such file"):
        read(tmp_path / "nowhere.yaml", {})


# -- the signature -----------------------------------------------------------------------------------------------------

BODY = '{"text":"已办结"}'.encode()
NOW = 1_783_900_800


def test_what_we_sign_is_ours() -> None:
    """The same words give the same signature; a second secret may be tried beside the first; names in any case."""
    headers = signed(SECRET.encode(), "desk-log/1/2/3", BODY, NOW)
    assert headers == signed(SECRET.encode(), "desk-log/1/2/3", BODY, NOW)
    assert verify([SECRET.encode()], headers, BODY, NOW) == "desk-log/1/2/3"
    lower = {name.lower(): value for name, value in headers.items()}
    assert verify([b"the next secret", SECRET.encode()], lower, BODY, NOW + 299) == "desk-log/1/2/3"


CHANGES = [
    ({}, BODY + b" ", 0, "not by this secret"),
    ({"X-Paidan-Id": "desk-log/1/2/4"}, BODY, 0, "not by this secret"),
    ({"X-Paidan-Timestamp": str(NOW + 1)}, BODY, 0, "not by this secret"),
    ({"X-Paidan-Signature": "v1=" + "0" * 64}, BODY, 0, "not by this secret"),
    ({"X-Paidan-Signature": "v0=é"}, BODY, 0, "not by this secret"),
    ({"X-Paidan-Signature": ""}, BODY, 0, "must be there"),
    ({"X-Paidan-Id": ""}, BODY, 0, "must be there"),
    ({"X-Paidan-Timestamp": "soon"}, BODY, 0, "must be there"),
    ({"X-Paidan-Timestamp": "９"}, BODY, 0, "must be there"),
    ({}, BODY, 301, "signed 301 s ago"),
    ({}, BODY, -301, "signed -301 s ago"),
]


@pytest.mark.parametrize(("headers", "body", "later", "why"), CHANGES, ids=range(len(CHANGES)))
def test_what_was_changed_or_is_old_is_refused(headers: dict[str, str], body: bytes, later: int, why: str) -> None:
    """Another body, id, time or signature; a signature of more than five minutes ago, or from the future."""
    told = signed(SECRET.encode(), "desk-log/1/2/3", BODY, NOW) | headers
    with pytest.raises(ForgedError, match=why):
        verify([SECRET.encode()], told, body, NOW + later)


def test_the_signature_is_that_of_openssl() -> None:
    """Another program makes the same of it: `printf '%s' "$TIME.$ID.$BODY" | openssl dgst -sha256 -hmac "$SECRET"`."""
    told = signed(SECRET.encode(), "desk-log/1/2/3", BODY, NOW)["X-Paidan-Signature"]
    assert told == "v1=e3e0624a7a00179052d35a60d19f98bc3faf6061b810e755fee69306d0c14551"
