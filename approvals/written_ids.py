"""Ids as people write them, brought into the one spelling that is compared, counted and stored. Pure."""

import unicodedata


def normalize_id(text: str) -> str:
    """Return an id without "#", spaces around it and characters that cannot be seen, in ASCII digits."""
    kept = (_plain(character) for character in text if unicodedata.category(character) not in {"Cf", "Mn", "Me"})
    return "".join(kept).strip().lstrip("#").strip()


def has_leading_zero(text: str) -> bool:
    """Whether a number begins with a zero: then it would be a second spelling of another number."""
    return text.isdecimal() and text.startswith("0")


def _plain(character: str) -> str:
    if character == "№":
        return "#"
    digit = unicodedata.digit(character, None)
    # By itself NFKC knows the digits of Arabic and Devanagari as they are.
    return unicodedata.normalize("NFKC", character) if digit is None else str(digit)
