"""Persons in free text: telephone numbers, identity numbers and e-mail addresses are taken out (DESIGN law 11).

1. What is taken out is handed back beside the text. Intake seals it with the reporter, so a number masked by mistake is
   not lost, and where it is a close call we mask.
2. What is no person's number stays: times, dates, coordinates, house numbers, case numbers, service numbers (12345).
3. One pass over a flat copy (full-width digits, odd dashes and spaces made ASCII, one character for one), so that the
   places found hold in the text itself. Every repetition is bounded: no text makes it slow.

Rejected: 138****0000, which leaves seven of eleven digits in a log that is kept for ever; a library of numbering plans
(`phonenumbers` finds a number in nearly any long digit string when told nothing of the region, and knows no identity
numbers). Not found: numbers in Chinese words (一三八…), and names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

_TABLE = {c: str(d) for c in range(0x80, 0x20000) if (d := unicodedata.digit(chr(c), None)) is not None}
_TABLE |= {c: chr(c - 0xFEE0) for c in range(0xFF01, 0xFF5F)}  # full-width forms
_TABLE |= dict.fromkeys([0xA0, 0x3000, *range(0x2000, 0x200B), 0x202F], " ")
_TABLE |= dict.fromkeys([*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63, 0x30FC], "-")

# Cc but tab and line break, and Cf: zero-width characters hide a number from people's eyes and from the patterns, and
# direction marks turn a text around. Price: emoji that are joined from several come apart.
_HIDDEN = (chr(c) for c in [*range(0x20000), *range(0xE0000, 0xE0080)] if unicodedata.category(chr(c)) in ("Cc", "Cf"))
_CONTROL = re.compile("[" + "".join(c for c in _HIDDEN if c not in "\t\n") + "]")

_PATTERN = re.compile(
    r"""
    (?P<photo> photo:[0-9a-f]{64} )   # a hash has all kinds of numbers in it
  | (?P<mail> [A-Za-z0-9._%+-]{1,64} @ [A-Za-z0-9-]{1,63} (?: \.[A-Za-z0-9-]{1,63} ){1,6} )
  | (?P<id18> (?<!\d) [1-8]\d{5} [ -]? (?P<year>(?:18|19|20)\d\d) [ -]? (?:0[1-9]|1[0-2]) [ -]? (?:0[1-9]|[12]\d|3[01])
              [ -]? \d{3} [ -]? [\dXx] (?!\d) )
  | (?P<id15> (?<!\d) (?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]) \d{4} [3-9]\d   # region; born 1930 to 1999
              (?:0[1-9]|1[0-2]) (?:0[1-9]|[12]\d|3[01]) \d{3} (?!\d) )
  | (?P<mobile> (?: \+\(?86\)?[ .-]{0,2} | (?<!\d)(?<!\d\.) (?: (?:00)?86[ -]{0,2} | \(86\)[ -]{0,2} )? )
                (?: 1[3-9]\d (?: [ \t-]{0,2}\d ){8} | 1[ -][3-9] (?: [ -]\d ){9} | 1[3-9]\d\.\d{4}\.\d{4} ) (?!\d) )
  | (?P<landline> (?<!\d)(?<!\d\.) (?: (?:\+|00)86[ -]{0,2} )? \(?0 (?:10|2\d|[3-9]\d\d) \)? [ \t-]{0,2}
                  [2-8]\d{2,3} [ -]? \d{4} (?: (?:转|分机|[ ]?ext\.?|-) [ ]?\d{1,6} )? (?!\d) )
  | (?P<abroad> (?<!\d) (?: (?! \+\d{1,3}\.\d+ (?![\d.]) )   # +30.751234 is a latitude
                \+[1-9] (?: [ ().-]{0,2}\d ){7,14} | 00[1-9] (?: [ ().-]{0,2}\d ){9,14} ) (?!\d) )
  | (?: 电话|座机|手机|联系方式|(?i:tel|phone) ) [号码是为: .]{0,4} (?P<local> [2-9]\d{2,3} [ -]? \d{4} ) (?!\d)
    """,
    re.VERBOSE,
)
# A reference (a URL, a file's name) is cut only where a whole word of it is a person's number: hashes stay whole.
_WORD = re.compile(r"(?<![0-9A-Za-z])(?:(?:\+?86-?)?1[3-9]\d{9}|[1-8]\d{5}(?:19|20)\d{9}[\dXx])(?![0-9A-Za-z])")
_ANY = re.compile(r"[\d@＠]|[²³¹①-⑨⓪]")
_TOKEN = {"mail": "〔邮箱〕", "id18": "〔证件〕", "id15": "〔证件〕"}
_PHONE = "〔电话〕"


def clean(text: str) -> str:
    """The text without control, zero-width and direction characters; tab and line break stay."""
    return _CONTROL.sub("", text)


def mask(text: str, known: Iterable[str] = ()) -> tuple[str, tuple[str, ...]]:
    """The text without persons' numbers, and what was taken out, in order.

    `known`: numbers that are the reporter's for certain (`tokens`), taken out whatever they look like.
    """
    if not _ANY.search(text):
        return text, ()
    flat = text if text.isascii() else text.translate(_TABLE)
    spans = sorted([*_known(flat, known), *_found(flat)])
    parts: list[str] = []
    taken: list[str] = []
    end = 0
    for begin, stop, token in spans:
        if begin < end:  # inside what was taken out already
            if stop > end:  # or reaching beyond it: that remainder goes too
                taken[-1] += text[end:stop]
                end = stop
            continue
        parts += [text[end:begin], token]
        taken.append(text[begin:stop])
        end = stop
    return "".join([*parts, text[end:]]), tuple(taken)


def mask_reference(reference: str) -> str:
    """A reference to an attachment without mobile and identity numbers. Price: one that is named by a number breaks."""
    return _WORD.sub(_PHONE, reference)


def normal(phone: str) -> str:
    """A telephone number in one spelling: digits, with "+" only when abroad; "" if there is none in it.

    The first number counts when several are given; an extension does not.
    """
    flat = clean(phone).translate(_TABLE)
    found = _PATTERN.search(flat)
    if found and found.lastgroup in ("mobile", "landline", "abroad"):
        flat = re.split(r"转|分机|\s?ext|(?<=\d{7})-", found[0])[0]
    digits = re.sub(r"\D", "", flat)
    if "+" in flat or digits.startswith("00"):
        digits = digits.removeprefix("00")
        if not digits.startswith("86"):
            return "+" + digits if digits else ""
    if digits.startswith("86") and len(digits) > 11:
        digits = digits.removeprefix("86")
        return digits if digits[0] in "01" else "0" + digits  # +86 573 … is 0573 …
    return digits


def tokens(phone: str, id_number: str) -> tuple[str, ...]:
    """What of a reporter's numbers is certain enough to be searched for as it stands."""
    flat = [clean(text).translate(_TABLE).upper() for text in (phone, id_number)]
    spelt = {re.sub(r"\D", "", flat[0]), normal(phone).lstrip("+"), re.sub(r"[^0-9A-Z]", "", flat[1])}
    return tuple(sorted(t for t in spelt if len(t) >= 7))


def _known(flat: str, known: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    upper = flat.upper() if flat.isascii() else "".join(c.upper() if c.isascii() else c for c in flat)
    for token in known:
        begin = upper.find(token)
        while begin >= 0:
            yield begin, begin + len(token), _PHONE if token.isdigit() and len(token) < 15 else _TOKEN["id18"]
            begin = upper.find(token, begin + len(token))


def _found(flat: str) -> Iterator[tuple[int, int, str]]:
    for match in _PATTERN.finditer(flat):
        kind = match.lastgroup or ""
        if kind == "photo":
            continue
        if kind == "local":
            yield *match.span("local"), _PHONE
        elif match["id18"] is None or _identity(match):
            yield *match.span(), _TOKEN.get("id18" if match["id18"] else kind, _PHONE)


def _identity(match: re.Match[str]) -> bool:
    """Whether 18 digits are a person's: work orders have the same form, region and then a date, but a recent one.

    So a birth before 2020 is enough (a mistyped number must go too); after that the check digit must hold (GB 11643).
    """
    if match["year"] < "2020":
        return True
    digits = re.sub(r"[ -]", "", match["id18"]).upper()
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(w * int(d) for w, d in zip(weights, digits, strict=False)) % 11] == digits[17]
