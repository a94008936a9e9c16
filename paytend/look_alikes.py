"""What has as many digits as a card number and is none: dates, times, amounts, phone numbers, IBANs, ids. Pure.

All texts here are as `card_numbers.fold` returns them: ASCII, with every digit as 0 to 9.
"""

import re

_MOST_PHONE_DIGITS = 13  # with a plus: E.164 has up to 15, but no country needs more, and card numbers have more

_YEAR, _DAY = r"(?:19|20)[0-9]{2}", r"(?:0?[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_DATE = re.compile(
    rf"(?<![0-9])(?:{_YEAR}(?P<sign>[-./]){_DAY}(?P=sign){_DAY}|{_DAY}(?P<sign2>[-./]){_DAY}(?P=sign2){_YEAR})"
    rf"(?![0-9])(?:[ ,T]{{1,2}}{_TIME}(?::[0-5][0-9](?:[.,][0-9]{{1,9}})?)?(?![0-9:]))?"
)
# With seconds: two pairs of digits alone are too little to call a time.
_TIME_OF_DAY = re.compile(rf"(?<![0-9])(?<![0-9]:){_TIME}:[0-5][0-9](?:[.,][0-9]{{1,9}})?(?!:?[0-9])")
_OPAQUE = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}"
    r"|[0-7][0-9A-HJKMNP-TV-Z]{25})(?![0-9A-Za-z])"
)
_IBAN_START = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{2}[0-9]{2}")
# The IBAN registry of SWIFT: how long an IBAN of a country is.
_IBAN_LENGTHS = {
    found[:2]: int(found[2:])
    for found in re.findall(
        "[A-Z]{2}[0-9]{2}",
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18"
        "FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27"
        "MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27"
        "SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30",
    )
}

# Eighteen digits, which Maestro's numbers may have too: where from, birthday, number, check digit (GB 11643).
_CHINESE_ID = re.compile(
    r"(?<![0-9A-Za-z])[1-8][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{4}"
    r"(?![0-9A-Za-z])"
)

_AMOUNT = r"(?:[0-9]{1,7}|[0-9]{1,3}(?:[ ,.'][0-9]{3}){1,2})[.,][0-9]{2}"
_SIDE_BY_SIDE = tuple(
    re.compile(pattern)
    for pattern in (
        r"[0-9]{6,7}(?:[^0-9]{1,3}[0-9]{6,7})*",  # ids of cards and cardholders
        rf"[0-9]{{6,10}} {{1,2}}{_AMOUNT}",  # an id and an amount
        r"[0-9]{6,7}[^0-9]{1,3}20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])",  # an id and a day
        # Amounts; if all were of two and two digits, it would be a number in pairs.
        rf"(?!(?:[0-9]{{2}}[^0-9]{{1,3}})*[0-9]{{2}}$){_AMOUNT}(?:[;,/|]? {_AMOUNT})+",
    )
)
_AND_PHONE = re.compile(r"(?:[0-9]{6,7}[^0-9+]{1,2})?\+(?P<phone>[0-9][^+]*)")


def set_aside(text: str) -> str:
    """Return the text, equally long, without the digits of dates, times, IBANs and ids with letters in them."""
    text = _DATE.sub(_hide_date, text)
    if ":" in text:
        text = _TIME_OF_DAY.sub(_hide, text)
    text = _OPAQUE.sub(_hide_opaque, text)
    text = _CHINESE_ID.sub(_hide_chinese_id, text)
    for start in _IBAN_START.finditer(text):
        end = _end_of_iban(text, start.start())
        if end is not None:
            text = text[: start.start()] + "x" * (end - start.start()) + text[end:]
    return text


def is_look_alike(text: str, *, begin: int, end: int) -> bool:
    """Whether numbers side by side, from `begin` to `end`, are what people write beside each other."""
    numbers = text[begin:end]
    if any(pattern.fullmatch(numbers) for pattern in _SIDE_BY_SIDE):
        return True
    phone = _AND_PHONE.fullmatch(f"+{numbers}" if _follows_plus(text, begin) else numbers)
    return phone is not None and sum(map(str.isdigit, phone["phone"])) <= _MOST_PHONE_DIGITS


def _follows_plus(text: str, begin: int) -> bool:
    return text[max(0, begin - 2) : begin].rstrip("( ").endswith("+")


def _hide(match: re.Match[str]) -> str:
    return "x" * len(match.group())


def _hide_date(match: re.Match[str]) -> str:
    """Hide a date, unless the same sign goes on to other digits: then it is a part of a longer number."""
    sign = match["sign"] or match["sign2"]
    before, after = match.string[: match.start()][-2:], match.string[match.end() :][:2]
    goes_on = (before[-1:] == sign and before[:1].isdigit()) or (after[:1] == sign and after[1:].isdigit())
    return match.group() if goes_on else _hide(match)


def _hide_opaque(match: re.Match[str]) -> str:
    """Hide an id or digest; one with few letters could be a card number between some letters."""
    letters = sum(map(str.isalpha, match.group()))
    return _hide(match) if letters * 4 >= len(match.group()) else match.group()


def _hide_chinese_id(match: re.Match[str]) -> str:
    digits = [int(digit) for digit in match.group()]
    weighed = sum(digit * 2 ** (17 - place) for place, digit in enumerate(digits))
    return _hide(match) if weighed % 11 == 1 else match.group()


def _end_of_iban(text: str, begin: int) -> int | None:
    """Return where the valid IBAN ends that begins here; None if there is none (ISO 13616)."""
    length = _IBAN_LENGTHS.get(text[begin : begin + 2].upper())
    if length is None:
        return None
    found = re.compile(rf"(?:[0-9A-Za-z][ -]?){{{length - 1}}}[0-9A-Za-z](?![0-9A-Za-z])").match(text, begin)
    if found is None:
        return None
    written = re.sub("[ -]", "", found.group())
    as_number = "".join(str(int(character, 36)) for character in written[4:] + written[:4])
    return found.end() if int(as_number) % 97 == 1 else None
