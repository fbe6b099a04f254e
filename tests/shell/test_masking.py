"""Persons' numbers leave free text; other numbers stay."""

import pytest

from streams.masking import clean, mask, mask_reference, normal, tokens

PHONES = [
    "19900009999",
    "199-0000-9999",
    "199 0000 9999",
    "19900 009999",
    "199.0000.9999",
    "1 9 9 0 0 0 0 9 9 9 9",
    "+86 199 0000 9999",
    "+86.19900009999",
    "0086-19900009999",
    "8619900009999",
    "１９９００００９９９９",
    "①⑨⑨００００９９９９",
    "0573-82220000",
    "0573 8222 0000",
    "(0573)82220000",
    "057382220000",
    "010-82220000转801",
    "+86 573 8222 0000",
    "+44 20 7946 0958",
    "0044 20 7946 0958 00",
]
IDENTITIES = [
    "339999199001011234",
    "33999919900101123X",
    "339999 19900101 1234",
    "３３９９９９１９９００１０１１２３ｘ",
    "339999900101123",
]
OTHERS = [
    "2026-07-13 15:30:45",
    "20260713153045",
    "1783900800000",
    "1783900800",
    "120.7512345, 30.7501234",
    "139.69171234567",
    "0.19900009999",
    "+30.751234+120.755301/",
    "中山东路1388号2幢1501室",
    "1501、1502、1503室",
    "15 16 17 18 19 20号",
    "12345",
    "110",
    "400-820-0000",
    "JX-20260713-0042",
    "330400202607130042",  # a work order: region, date, number
    "202607130000042",
    "K12+345.678",
    "浙F·D0000挂",
    "100000000元",
    "GB/T 30428.2-2013",
]


@pytest.mark.parametrize("number", PHONES)
def test_a_telephone_number_is_masked(number: str) -> None:
    """Whatever its spelling, nothing of it is left, and it is handed back."""
    assert mask(f"请打{number}，谢谢") == ("请打〔电话〕，谢谢", (number,))


@pytest.mark.parametrize("number", IDENTITIES)
def test_an_identity_number_is_masked(number: str) -> None:
    """18 and 15 digits, with X, with gaps, in full width."""
    assert mask(f"证号{number}。") == ("证号〔证件〕。", (number,))


@pytest.mark.parametrize("other", OTHERS)
def test_a_number_that_is_no_persons_stays(other: str) -> None:
    """Times, coordinates, house and case numbers, service numbers are needed to do the work."""
    assert mask(f"见 {other} 处") == (f"见 {other} 处", ())


def test_the_hash_of_a_photo_stays_whole() -> None:
    """A collector names photos in a note; of a hundred hashes one has a run of digits like a telephone number."""
    digits = "432b481c56ca915ed2cd16872566186e62427d501241bba7c9a80e2a8963d00b"
    said = f"现场照片 photo:{digits};at=1783908019732;lon=120.916123;lat=30.832456;acc=12"
    assert mask(said) == (said, ())
    assert mask(f"{said} 电话19900009999") == (f"{said} 电话〔电话〕", ("19900009999",))


def test_a_recent_birth_counts_only_with_its_check_digit() -> None:
    """Work orders look like identity numbers with a date of these years: the check digit tells (GB 11643)."""
    assert mask("33999920200101123X")[0] == "〔证件〕"
    assert mask("339999202001011237")[0] == "339999202001011237"


def test_an_e_mail_address_is_masked() -> None:
    """The Chinese words around it stay."""
    assert mask("邮箱canary.1@example.com。") == ("邮箱〔邮箱〕。", ("canary.1@example.com",))


def test_a_local_number_is_masked_where_it_is_called_one() -> None:
    """Eight digits alone may be a date; behind 电话 they are a number."""
    assert mask("电话：82220000，日期20260713") == ("电话：〔电话〕，日期20260713", ("82220000",))


def test_the_reporters_own_numbers_go_whatever_they_look_like() -> None:
    """A local number or a passport given in the block is taken out of the text, too."""
    known = tokens("8222 0000", "Ecanary01")
    assert mask("82220000 与 ecanary01 同", known)[0] == "〔电话〕 与 〔证件〕 同"


def test_numbers_side_by_side_are_each_masked() -> None:
    """Two numbers with a space or a line break between are two."""
    assert mask("19900009999 19900009998\n0573-82220000")[0] == "〔电话〕 〔电话〕\n〔电话〕"


def test_hidden_characters_hide_no_number() -> None:
    """A zero-width space inside a number is gone before it is looked for."""
    assert mask(clean("199\u200b0000\u200b9999"))[0] == "〔电话〕"


def test_a_reference_loses_numbers_but_no_hash() -> None:
    """A file named by a number breaks; a hash with the same digits stays whole."""
    assert mask_reference("a/19900009999.jpg") == "a/〔电话〕.jpg"
    assert mask_reference("sha256:ab19900009999cd") == "sha256:ab19900009999cd"


@pytest.mark.parametrize(
    ("given", "one"),
    [
        ("199 0000 9999", "19900009999"),
        ("+86-199-0000-9999", "19900009999"),
        ("0086 19900009999", "19900009999"),
        ("１９９００００９９９９", "19900009999"),
        ("19900009999/19900009998", "19900009999"),
        ("0573-82220000转12", "057382220000"),
        ("0573-82220000-12", "057382220000"),
        ("+86 573 82220000", "057382220000"),
        ("8222 0000", "82220000"),
        ("+44 20 7946 0958", "+442079460958"),
        ("0044 20 7946 0958 00", "+44207946095800"),
        ("无", ""),
    ],
)
def test_a_number_has_one_spelling(given: str, one: str) -> None:
    """The same caller gets the same tag however the number was written."""
    assert normal(given) == one
