"""How a word is found in a text: as the same run of characters, whatever its case and width.

1. Text and word are folded alike (NFKC, case), so 占道经营 finds 占道经营, and ＡＢＣ１ finds abc1.
2. Three characters and more are looked up in a trigram index. Half of all Chinese words have two: they, and single
   characters, are looked up in an index of their own, whose tokens are all pairs of neighbours. A pair is one token, so
   nothing is searched; a single character is the beginning of a pair, or the last one of its run.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_WIDE = 4  # 36^4 is above the last character of Unicode
_PLACE = "z"  # and so far above it that no code begins so


def fold(text: str) -> str:
    """The text as it is compared."""
    return _CONTROL.sub("\n", unicodedata.normalize("NFKC", text).casefold())


def words(text: str) -> tuple[str, ...]:
    """The words of a query, folded, each once. All must be found."""
    return tuple(dict.fromkeys(fold(text).split()))


def pairs(body: str, address: str) -> str:
    """The tokens of folded texts for the index of short words. An address has its own once more, with their mark."""
    places = set(_pairs(address))
    return " ".join(sorted(places.union(_pairs(body), (_PLACE + token for token in places))))


def short(word: str) -> bool:
    """Whether a folded word is too short for trigrams."""
    return len(word) < 3


def token(word: str, *, address: bool = False) -> str:
    """The token of a folded word of one or two characters; of one, it is what tokens begin with."""
    return _PLACE * address + "".join(map(_code, word))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """How alike two texts are, 0 to 1, by their pairs (`token_set`)."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


def token_set(text: str) -> frozenset[str]:
    """The pairs of a text, to be compared with another's."""
    return frozenset("".join(p) for run in fold(text).split() for p in pairwise(run))


def _pairs(folded: str) -> Iterator[str]:
    for run in folded.split():
        codes = [_code(c) for c in run]
        yield codes[-1]
        for first, second in pairwise(codes):
            yield first + second


_codes: dict[str, str] = {}


def _code(character: str) -> str:
    """A character as four letters and digits, which no tokenizer takes apart."""
    code = _codes.get(character)
    if code is None:
        number, code = ord(character), ""
        for _ in range(_WIDE):
            number, digit = divmod(number, 36)
            code = _DIGITS[digit] + code
        _codes[character] = code
    return code
