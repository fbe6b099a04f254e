"""What can be wrong with the bytes of a message: a closed list of reasons, and details that repeat nothing of it.

msgspec finds the faults; its words are turned into ours here, because they repeat a wrong word of the message, which
may be anything, a telephone number too. Tests hold the words of msgspec that this file relies on.
"""

from __future__ import annotations

import re
from typing import Any, Literal, TypeVar, get_args

import msgspec

from dispatchers.messages import Datum, Kind

Reason = Literal[
    "bad_json",
    "wrong_type",
    "missing_member",
    "unknown_type",  # of an order
    "unknown_kind",
    "unknown_word",  # any other member with a closed list
    "kind_of_other_topic",
    "missing_datum",
    "bad_coordinates",
    "bad_time",
    "time_without_zone",
    "time_out_of_bounds",
    "number_out_of_bounds",
    "bad_text",
    "too_long",
    "too_large",
    "forged_control",
    "wrong_desk",
]
T = TypeVar("T")


class Fault(Exception):  # noqa: N818  (the message's, not the program's)
    """A message cannot be read. `detail`: the JSON path, what is wrong, what would be right."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


# The closed lists that a sender is told; msgspec itself would repeat the wrong word, which may be anything.
_WORDS: dict[str, tuple[Reason, Any]] = {
    "$.kind": ("unknown_kind", Kind),
    "$.location.datum": ("unknown_word", Datum),
}


def decode(decoder: msgspec.json.Decoder[T], value: bytes) -> T:
    """The message, or a Fault. The one place where bytes of others are decoded."""
    try:
        return decoder.decode(value)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None  # not chained: its text may hold the message's
    except msgspec.DecodeError as error:
        raise Fault("bad_json", f"$: {error}") from None
    except UnicodeDecodeError:
        raise Fault("bad_json", "$: a text is not UTF-8") from None
    except RecursionError:
        raise Fault("bad_json", "$: nested too deeply") from None


def _explained(error: str) -> Fault:
    """The fault that msgspec's words tell of."""
    what, _, path = error.partition(" - at `")
    path = path.rstrip("`") or "$"
    if missing := re.match(r"Object missing required field `(\w+)`", what):
        return Fault("missing_member", f"{path}.{missing[1]}: missing")
    if what.startswith("Invalid value"):
        return Fault("unknown_type", f"{path}: no type that this topic takes (see `paidan schema`)")
    if what.startswith("Invalid enum value"):
        reason, words = _WORDS.get(path, ("unknown_word", None))
        return Fault(reason, f"{path}: must be one of {words_of(words) if words else 'the words in `paidan schema`'}")
    if path in ("$.location.lon", "$.location.lat") and re.match(r"Number out of range|Expected `float` [<>]=", what):
        return Fault("bad_coordinates", f"{path}: must be degrees, longitude -180 to 180, latitude -90 to 90")
    if "out of range" in what:
        return Fault("number_out_of_bounds", f"{path}: too large a number")
    if length := re.fullmatch(r"Expected `str` of length (<=|>=) (\d+)", what):
        if length[1] == "<=":
            return Fault("too_long", f"{path}: at most {length[2]} characters")
        return Fault("bad_text", f"{path}: must not be empty")
    if re.fullmatch(r"Expected `[\w |]+`(, got `\w+`)?", what):
        return Fault("wrong_type", f"{path}: {what[0].lower()}{what[1:]}")
    return Fault("wrong_type", f"{path}: not as in `paidan schema`")


def told(decoder: msgspec.json.Decoder[T], value: bytes) -> T | None:
    """What can be read of it, or None."""
    try:
        return decode(decoder, value)
    except Fault:
        return None


def words_of(words: Any) -> str:
    """The words of a Literal, for a person."""
    return ", ".join(get_args(words))
