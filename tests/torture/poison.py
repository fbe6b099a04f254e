"""Poison of a thousand kinds: valid messages of every topic and type, each spoilt by a seeded hand in one of many ways.

`spoilt(n)` is the nth message, the same for ever as long as the seeds are. Those that found something are kept as files
in corpus/ with a word on what, and are played again whatever becomes of the seeds. None has yet: there is no folder.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from tests.support_kafka import ROOT

CORPUS = Path(__file__).parent / "corpus"
LINES = ROOT / "tests" / "data" / "demo_500.jsonl"
RECORDING = ROOT / "tests" / "replay" / "2026.11.5.jsonl.gz"  # not the newest: the nth message shall stay the nth


class Poison(NamedTuple):
    """A message, and in which way it is bad."""

    topic: str
    desk: str  # whose inbox, of `desk-inbox`
    kind: str
    value: bytes


@cache
def seeds() -> list[tuple[str, str, bytes]]:
    """(topic, desk, bytes) of a valid message of every type that was ever said."""
    found: dict[str, tuple[str, str, bytes]] = {}
    for line in LINES.read_text("utf-8").splitlines():
        body = json.loads(line)
        topic = body.pop("topic")
        body["received_at"] = "2026-07-13T08:00:00+08:00"  # of the day on which they are heard
        found.setdefault(f"{topic} {body['kind']} {sorted(body)}", (topic, "", _bytes(body)))
    _, _, *steps = gzip.decompress(RECORDING.read_bytes()).splitlines()
    for step in map(json.loads, steps):
        message = step["message"]
        if "/" not in step["writer"]:
            kind = f"{message['type']} {message.get('body', {}).get('type')}"
            found.setdefault(kind, ("desk-inbox", step["writer"], _bytes(message)))
    return list(found.values())


def spoilt(number: int) -> Poison:
    """The nth."""
    dice = random.Random(number)
    topic, desk, value = seeds()[number % len(seeds())]
    name = list(WAYS)[number // len(seeds()) % len(WAYS)]
    return Poison(topic, desk, name, WAYS[name](dice, value))


def kept() -> Iterator[tuple[str, Poison]]:
    """What found something, with a word on what."""
    for file in sorted(CORPUS.glob("*.json")):
        said = json.loads(file.read_text("utf-8"))
        yield said["found"], Poison(said["topic"], said["desk"], said["kind"], said["value"].encode("latin-1"))


def keep(poison: Poison, found: str) -> None:
    """Into the corpus, under a name of its bytes; those are told as Latin-1, each byte a character."""
    CORPUS.mkdir(exist_ok=True)
    said = {"found": found, **poison._asdict(), "value": poison.value.decode("latin-1")}
    name = f"{poison.topic}-{sha256(poison.value).hexdigest()[:12]}"
    (CORPUS / f"{name}.json").write_text(json.dumps(said, ensure_ascii=True, indent=1) + "\n", "utf-8")


# -- the ways ----------------------------------------------------------------------------------------------------------


def _flipped(dice: random.Random, value: bytes) -> bytes:
    spoilt = bytearray(value)
    for _ in range(dice.randint(1, 4)):
        spoilt[dice.randrange(len(spoilt))] = dice.randrange(256)
    return bytes(spoilt)


def _cut(dice: random.Random, value: bytes) -> bytes:
    return value[: dice.randrange(len(value))]


def _twice(dice: random.Random, value: bytes) -> bytes:
    return value + dice.choice([b"", b"\n", b","]) + value


def _duplicate_keys(dice: random.Random, value: bytes) -> bytes:
    body = json.loads(value)
    key = dice.choice(sorted(body))
    return value[:-1] + b"," + _bytes({key: dice.choice([None, "again", 7, body[key]])})[1:]


def _not_utf8(dice: random.Random, value: bytes) -> bytes:
    at = dice.choice([match.end() for match in re.finditer(rb'"', value)])
    return value[:at] + dice.choice([b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"]) + value[at:]


def _with(make: Callable[[random.Random], Any]) -> Callable[[random.Random, bytes], bytes]:
    """One member, at any depth, becomes something else."""

    def way(dice: random.Random, value: bytes) -> bytes:
        body = json.loads(value)
        where, key = dice.choice(list(_places(body)))
        where[key] = make(dice)
        return _bytes(body)

    return way


def _without(dice: random.Random, value: bytes) -> bytes:
    body = json.loads(value)
    where, key = dice.choice(list(_places(body)))
    del where[key]
    return _bytes(body)


def _unknown(dice: random.Random, value: bytes) -> bytes:
    body = json.loads(value)
    where, _ = dice.choice(list(_places(body)))
    if isinstance(where, dict):
        where[dice.choice(["", "newer", "__class__", "$ref", "类型"])] = {"of": ["tomorrow", dice.random()]}
    return _bytes(body)


def _in_text(text: Callable[[random.Random], str]) -> Callable[[random.Random, bytes], bytes]:
    """A text has something in it."""

    def way(dice: random.Random, value: bytes) -> bytes:
        body = json.loads(value)
        where, key = dice.choice([(w, k) for w, k in _places(body) if isinstance(w[k], str)])
        at = dice.randint(0, len(where[key]))
        where[key] = where[key][:at] + text(dice) + where[key][at:]
        return _bytes(body)

    return way


def _other_type(dice: random.Random, value: bytes) -> bytes:
    """The word of another union member, around these members; or the body of another message."""
    body, (_, _, other) = json.loads(value), dice.choice(seeds())
    said = json.loads(other)
    key = "type" if "type" in body else "kind"
    if dice.random() < 0.5:
        return _bytes({**body, key: said.get("type", said.get("kind"))})
    return _bytes({**said, **body})


def _false_letter(dice: random.Random, value: bytes) -> bytes:
    """A letter of nobody, to nobody, with another number; around whatever the message is."""
    body = json.loads(value)
    inside = body.get("body", body)
    return _bytes(
        {
            "type": "Letter",
            "sender": dice.choice(["complaints/3", "nanhu", "nobody", "", "complaints/99"]),
            "receiver": dice.choice([body.get("receiver", "nanhu"), "nobody", ""]),
            "number": dice.choice([-1, 0, 1, 2, 10**6, 2**53, 2**63, 1.5]),
            "body": inside,
        }
    )


def _large(dice: random.Random, value: bytes) -> bytes:
    body = json.loads(value)
    where, key = dice.choice(list(_places(body)))
    size = dice.choice([130_000, 260_000, 900_000])
    where[key] = dice.choice(["x" * size, ["x"] * (size // 4), {str(n): n for n in range(size // 20)}])
    return _bytes(body)


HUGE = [2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**400, 1e308, -0.0, 5e-324, -1]
DATES = [
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59+08:00", "2026-02-30T00:00:00+08:00", "2026-07-13T24:00:00+08:00"),
    *("2026-07-13T08:00:60+08:00", "2026-07-13T08:00:00+99:00", "0000-00-00", "-2026-07-13T08:00:00Z", "now"),
]
CONTROL = [*map(chr, (0, 7, 27, 127, 0x85, 0x2028, 0x202E, 0xFEFF, 0xFFFF, 0x10FFFF)), "\ud800", "\r\n", "e\u0301" * 40]
WAYS: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "bytes flipped": _flipped,
    "cut": _cut,
    "said twice": _twice,
    "not utf-8": _not_utf8,
    "duplicate keys": _duplicate_keys,
    "nested": _with(lambda dice: _nested(dice.choice([50, 500, 900]))),
    "huge number": _with(lambda dice: dice.choice(HUGE)),
    "NaN": _with(lambda dice: dice.choice([float("nan"), float("inf"), -float("inf")])),
    "wrong type": _with(lambda dice: dice.choice([None, True, 7, 0.5, "", "x", [], [[]], {}, {"type": "x"}])),
    "member gone": _without,
    "unknown member": _unknown,
    "control characters": _in_text(lambda dice: dice.choice(CONTROL)),
    "date": _with(lambda dice: dice.choice(DATES)),
    "another type": _other_type,
    "false letter": _false_letter,
    "long text": _in_text(lambda dice: dice.choice("x案🚓") * dice.choice([257, 5_000, 40_000])),
    "large": _large,
    "numbers of people": _in_text(
        lambda dice: dice.choice(["13800138000", " 330402199001011234 ", "１３８００１３８０００"])
    ),
}


def _nested(depth: int) -> Any:
    inner: Any = 0
    for _ in range(depth):
        inner = [inner]
    return inner


def _places(body: Any) -> Iterator[tuple[Any, Any]]:
    """Every member and element, at any depth: (in what, under which key)."""
    for key in list(body) if isinstance(body, dict) else range(len(body)):
        yield body, key
        if isinstance(body[key], dict | list):
            yield from _places(body[key])


def _bytes(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
