"""A card number is found whatever its separators and digits, and what is none is left alone (case A8)."""

import random
import re
import string
import time
import unicodedata
import uuid
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from paytend.redaction import find_card_numbers, mask_text

# Of all characters once, not once for each value: there are a million, and every worker imports this.
DIGITS: dict[int, list[str]] = {value: [] for value in range(10)}
for each in map(chr, range(0x110000)):
    if (value := unicodedata.digit(each, -1)) >= 0:
        DIGITS[value].append(each)
SIGNS = st.characters(categories=("P", "S", "Z", "Cc"))
UNSEEN = st.text(st.characters(categories=("M", "Cf")), max_size=2)
VISA = "4111111111111111"
MASKED = "411111******1111"


def check_digit(body: str) -> str:
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body))]
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def make_number(start: str, length: int, pick: Callable[[int], int]) -> str:
    body = start + "".join(str(pick(10)) for _ in range(length - 1 - len(start)))
    return body + check_digit(body)


# Told apart from the code under test: a scheme's first digits and its lengths, as the schemes publish them.
KNOWN = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|(?:30[0-5]|36\d|3[89]\d)\d{11,16}|3095\d{10,15}|35[2-8]\d{13,16}|(?:50|5[6-8]|6\d)\d{11,17}"
    r"|220[0-5]\d{12,15}|9792\d{12}"
)


def looks_like_card(digits: str) -> bool:
    return KNOWN.fullmatch(digits) is not None and check_digit(digits[:-1]) == digits[-1]


SCHEMES = (
    ("4", 13),
    ("4", 16),
    ("4", 19),
    ("55", 16),
    ("2720", 16),
    ("37", 15),
    ("36", 14),
    ("3530", 16),
    ("62", 16),
    ("62", 19),
    ("6304", 19),
    ("2200", 16),
    ("9792", 16),
)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    start, length = draw(st.sampled_from(SCHEMES))
    return make_number(start, length, lambda end: draw(st.integers(0, end - 1)))


@st.composite
def groups(draw: st.DrawFn, number: str) -> list[str]:
    found = []
    while number:
        size = draw(st.integers(1, min(len(number), 9)))
        found.append(number[:size])
        number = number[size:]
    # Ids of cards and cardholders have six or seven digits: side by side they are no card number.
    assume(any(len(group) not in {6, 7} for group in found))
    return found


@given(st.data())
def test_a8_a_card_number_is_found_with_any_separator_and_any_digits(data: st.DataObject) -> None:
    number = data.draw(numbers())
    sign = data.draw(st.text(SIGNS, min_size=1, max_size=3))
    written = sign.join(data.draw(groups(number)))
    assume("+" not in sign)  # see below: an id and a phone number
    digits = "".join(
        data.draw(st.sampled_from(DIGITS[int(each)])) + data.draw(UNSEEN)
        if each.isdigit() and each.isascii()
        else each
        for each in written
    )
    text = f"call about {digits} please"

    assert find_card_numbers(text) == [number]
    masked = mask_text(text)
    assert masked.startswith(f"call about {number[:6]}******{number[-4:]}")
    assert masked.endswith(" please")


@pytest.mark.parametrize("kept", [str, lambda text: f"x{text}y", lambda text: f"{text}\n1755902 10.00 EUR"])
@pytest.mark.parametrize(
    "sign",
    [
        *string.punctuation,
        *" \t\n\r\x00\x1f\x7f\x85\u00a0\u00b7\u2007\u2028\u3000\uff0f\u2014",
        "  ",
        "\r\n",
        " - ",
        "&amp;",
        "&lt;",
        "&gt;",
        "\\n",
        "\\t",
        "\\u00a0",
        "\\x00",
        "\\\\",
        "",
        "\u200b\u200d\ufeff\u0301\ufe0f\u20e3",
    ],
)
def test_a8_every_sign_between_groups_of_four(sign: str, kept: Callable[[str], str]) -> None:
    text = kept(sign.join(("4111", "1111", "1111", "1111")))

    assert find_card_numbers(text) == [VISA]
    assert MASKED in mask_text(text)
    assert mask_text(mask_text(text)) == mask_text(text)


def ways_to_write(character: str) -> list[str]:
    """A character in the notations in which it may arrive, each also escaped once more."""
    code, utf8, utf16 = ord(character), character.encode(), character.encode("utf-16-be").hex()
    units = [utf16[place : place + 4] for place in range(0, len(utf16), 4)]
    ways = [
        "".join(f"%{byte:02X}" for byte in utf8),
        "".join(f"%{byte:02x}" for byte in utf8),
        "".join(f"\\x{byte:02x}" for byte in utf8),
        "".join(f"\\u{unit}" for unit in units),
        "".join(f"%u{unit}" for unit in units) if len(units) == 1 else f"&#{code};",
        f"\\u{{{code:x}}}",
        f"\\U{code:08x}",
        f"&#{code};",
        f"&#x{code:x};",
        f"&#X{code:X};",
    ]
    return [
        *ways,
        *(way.replace("%", "%25") for way in ways),
        *(way.replace("&", "&amp;") for way in ways),
        *(way.replace("&", "%26").replace("#", "%23").replace(";", "%3B") for way in ways),
        *(way.replace("\\", "\\\\") for way in ways),
        *(way.replace("\\", "%5C") for way in ways),
    ]


@given(st.data())
def test_a8_a_card_number_is_found_with_any_of_its_signs_and_digits_escaped(data: st.DataObject) -> None:
    number = data.draw(numbers())
    sign = data.draw(st.text(SIGNS.filter(lambda sign: sign not in "%&\\<>{};"), min_size=1, max_size=3))
    assume("+" not in sign)
    escaped = "".join(data.draw(st.sampled_from(ways_to_write(each))) for each in sign)
    # All of them, as an encoder does it, or none: one plain digit behind an escape may belong to it.
    if data.draw(st.booleans()):
        parts = [
            "".join(
                data.draw(st.sampled_from(ways_to_write(data.draw(st.sampled_from(DIGITS[int(each)])))))
                for each in group
            )
            for group in data.draw(groups(number))
        ]
    else:
        parts = data.draw(groups(number))
    text = f"call about {escaped.join(parts)} please"

    assert find_card_numbers(text) == [number]
    assert mask_text(text) == f"call about {number[:6]}******{number[-4:]} please"


@pytest.mark.parametrize(
    "sign",
    [
        "&nbsp;",
        "&nbsp",
        "&ensp;",
        "&hyphen;",
        "&amp;amp;nbsp;",
        "&ZeroWidthSpace;",
        "&nosuchsign;",
        "&#1234567;",
        "<br>",
        "<br/>",
        "</td> <td>",
        '</b><b class="x">',
        "%0D%0A",
        "%C3",
        "%20-%20",
        "\\/",
        "\\" * 9,
        "\\r\\n",
        "%26nbsp%3B",
        "%5Cu00a0",
        "\uff05\uff12\uff10",
        "%\u200b20",
    ],
)
def test_a8_every_notation_of_a_sign(sign: str) -> None:
    text = f"x {sign.join(('4111', '1111', '1111', '1111'))} y"

    assert find_card_numbers(text) == [VISA]
    assert mask_text(text) == f"x {MASKED} y"


@pytest.mark.parametrize(
    "text",
    [
        "5755902%205755903%205755904",
        "4755902%201200.50",
        "2026-11-28%2012%3A30%3A45 2026-11-29%2013%3A30%3A45",
        "DE89%203704%200044%200532%200130%2000",
        "%2B370%20612%2034567 4755902",
        "550e8400%2De29b%2D41d4%2Da716%2D446655440000",
        "<!date^1764028800^{date_short}|x> 120.50 EUR &amp; 100%",
    ],
)
def test_a8_what_is_no_card_number_is_none_when_it_is_escaped(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize("share", [8, pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.parametrize(
    ("sign", "times"),
    [
        ("%25", 80_000),
        ("%34", 80_000),
        ("\\", 250_000),
        ("\\u0034 ", 35_000),
        ("&amp;", 50_000),
        ("<a", 125_000),
        ("25 ", 80_000),
        ("4", 250_000),
        ("%C3%A9 4", 30_000),
    ],
)
def test_a8_a_quarter_of_a_megabyte_of_digits_and_escapes_takes_seconds(sign: str, times: int, share: int) -> None:
    text = sign * (times // share)
    begin = time.process_time()

    mask_text(text)

    assert time.process_time() - begin < 15 / share, "of this process alone, as others may be busy"


@pytest.mark.parametrize("value", range(10))
def test_a8_every_digit_of_unicode(value: int) -> None:
    body = f"4{value}" + "1" * 13
    number = body + check_digit(body)
    for digit in DIGITS[value]:
        assert find_card_numbers(f"4{digit}{number[2:]}") == [number], hex(ord(digit))


def test_a8_digits_of_chinese_are_digits() -> None:
    assert find_card_numbers("四一一一 一一一一 一一一一 一一一一") == [VISA]


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28 12:30:45 2026-11-29 13:30:45",
        "28.11.2026 12:30 29.11.2026 12:45",
        "2026/11/28 2026/11/29, 11/28/2026",
        "55:00 512.50, 300.00, 1,200.00",
        "4755902 1200.50",
        "4755902 1,200.50",
        "5755902 5755903 5755904",
        "4755902, 101982",
        "5755902 20261128",
        "+49 1512 3456789",
        "+4111111111111",
        "(+370) 612 34567",
        "5755902 +37061234567",
        "DE89 3704 0044 0532 0130 00",
        "de89370400440532013000",
        "GB29 NWBK 6016 1331 9268 19",
        "550e8400-e29b-41d4-a716-446655440000",
        "411111******1111",
        "500101199001010229",
    ],
)
def test_a8_what_only_has_as_many_digits_is_left_alone(text: str) -> None:
    assert find_card_numbers(text) == []
    assert mask_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28 {}",
        "{} 28.11.2026 12:30:45",
        "30.11.2026 {}",
        "12:30:45 {}",
        "+370 612 34567 {}",
        "1755902 {}",
        "{} 1755902",
        "DE89 3704 0044 0532 0130 00 {}",
        "DE88 {}",
        "120.50 {}",
        "cvv 123 {} 12/28",
    ],
)
@pytest.mark.parametrize("written", [VISA, "4111 1111 1111 1111", "4111-1111-1111-1111", "41111111.11111111"])
def test_a8_what_stands_beside_a_card_number_does_not_hide_it(text: str, written: str) -> None:
    masked = mask_text(text.format(written))

    assert masked == text.format(MASKED)


def test_a8_a_date_inside_of_a_number_does_not_hide_it() -> None:
    number = make_number("54202024111256", 16, lambda _: 7)

    assert find_card_numbers(f"{number[:2]}-{number[2:4]}-2024-11-12-{number[12:]}") == [number]


def test_a8_two_readings_that_overlap_show_no_more_than_ten_digits() -> None:
    both = "4111 1111 1111 1111 4111 1111 1111 1111"

    assert mask_text(both) == f"{MASKED} {MASKED}"
    # Sixteen digits and all nineteen are card numbers: the longer mask covers both.
    longer = next(
        f"{VISA} {tail}" for tail in range(100, 1000) if check_digit(f"{VISA}{tail}"[:-1]) == str(tail)[-1]
    )
    assert mask_text(longer) == f"411111******{longer[-3:].rjust(4, '1')}"


CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LETTERS = string.ascii_letters + string.digits


def random_iban(pick: random.Random) -> str:
    bank = "".join(pick.choice(string.digits) for _ in range(16))
    check = 98 - int(f"{bank}{int('L', 36)}{int('T', 36)}00") % 97
    return f"LT{check:02}{bank}"


NEVER: tuple[Callable[[random.Random], str], ...] = (  # not one of these is masked
    lambda pick: f"{pick.randrange(10**6, 10**7)} {pick.randrange(10**5, 10**7)}",
    lambda pick: f"+{pick.randrange(1, 10)}{pick.randrange(10**6, 10**12)}",
    random_iban,
    lambda pick: " ".join(re.findall(".{1,4}", random_iban(pick))),
    lambda pick: f"{pick.randrange(10**6, 10**7)} {pick.randrange(1, 10**6)}.{pick.randrange(100):02}",
    lambda pick: (
        f"20{pick.randrange(20, 30)}-{pick.randrange(1, 13):02}-{pick.randrange(1, 29):02} "
        f"{pick.randrange(24):02}:{pick.randrange(60):02}:{pick.randrange(60):02} {pick.randrange(10**6, 10**7)}"
    ),
    lambda pick: str(1_700_000_000_000 + pick.randrange(10**11)),
    lambda pick: (
        pick.choice("01234567")
        + "".join(pick.choice(CROCKFORD[10:]) for _ in range(9))
        + "".join(pick.choice(CROCKFORD) for _ in range(16))
    ),
)
RARELY: tuple[Callable[[random.Random], str], ...] = (  # only what looks like a card is masked
    lambda pick: str(pick.randrange(10 ** pick.randrange(6, 21))),
    lambda pick: str(uuid.UUID(int=pick.getrandbits(128))),
    lambda pick: f"{pick.getrandbits(128):032x}",
    lambda pick: f"{pick.getrandbits(256):064x}",
    lambda pick: "".join(pick.choice(LETTERS) for _ in range(pick.randrange(6, 33))),
    lambda pick: f"TX{pick.randrange(10**15)}-{pick.randrange(100)}",
)


def count_false_alarms(ids: int) -> None:
    pick = random.Random(8)  # noqa: S311 - the same ids each time
    for number in range(ids):
        kinds = NEVER if number % 2 else RARELY
        text = kinds[number // 2 % len(kinds)](pick)
        found = find_card_numbers(text)
        assert not (found and kinds is NEVER), text
        assert all(map(looks_like_card, found)), text


def test_a8_no_false_alarm_among_30_000_ids() -> None:
    count_false_alarms(30_000)


@pytest.mark.soak
def test_a8_no_false_alarm_among_a_million_ids() -> None:
    count_false_alarms(1_000_000)
