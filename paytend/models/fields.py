"""How the undocumented fields of Paytend's answers are found and read: tolerantly, without guessing a value."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.fields import FieldInfo

from paytend.money import Money, NotMoney, read_amount
from paytend.redaction import mask_card_number, mask_text, redact
from paytend.wire import strict_json

_PLACEHOLDERS = frozenset({"null", "none", "nil", "nan", "n/a", "na", "undefined"})
_OURS = frozenset({"raw", "contradicting"})  # what `Answer.decode` adds
_STATUSES = frozenset({"status", "change_status"})


def named(*names: str) -> Any:
    """Return the field for the candidate names, in the order of preference, each also in snake_case."""
    both = dict.fromkeys(form for name in names for form in (name, re.sub(r"(?=[A-Z])", "_", name).lower()))
    return Field(default=None, validation_alias=AliasChoices(*both))


def find_contradictions(raw: Mapping[str, Any], fields: Mapping[str, FieldInfo]) -> tuple[str, ...]:
    """Return the names under which an answer says two things of one field; without what it says.

    Two names of a status must say the same, and so must two spellings of any name. Of other fields the names are
    of things that may differ: a card has an id and a token.
    """
    found: dict[str, None] = {}
    for field, info in fields.items():
        if not isinstance(info.validation_alias, AliasChoices):
            continue
        names: dict[str, list[str]] = {}
        for name in info.validation_alias.choices:
            value = raw.get(str(name))
            if value not in (None, "") and (read_text(value) or "?").casefold() not in _PLACEHOLDERS:
                plain = "" if field in _STATUSES else str(name).replace("_", "").lower()
                names.setdefault(plain, []).append(str(name))
        for alike in names.values():
            if len({read_text(raw[name]) or repr(raw[name]) for name in alike}) > 1:
                found.update(dict.fromkeys(alike))
    return tuple(found)


def read_text(value: object) -> str | None:
    """Return a text or number as storable text, without space around it; None for anything else and nothing."""
    match value:
        case bool() | dict() | list() | None:
            return None
        case _:
            return strict_json.storable(str(value)).strip() or None


def _read_joining_id(value: object) -> str | None:
    """Return an id; None for what stands where there is none, such as "000000", "-" or "null"."""
    text = read_text(value)
    if text is None or text.casefold() in _PLACEHOLDERS:
        return None
    return text if any(sign.isalnum() and not (sign.isdecimal() and int(sign) == 0) for sign in text) else None


def forgive(value: object, read: ValidatorFunctionWrapHandler) -> object:
    """Turn what cannot be understood into None: it stays in `raw`."""
    if value is None or value == "":
        return None
    # One odd field must not spoil the whole answer: a change that was done would then end as unknown.
    try:
        return read(value)
    except ValidationError:
        return None


def _read_masked(value: object) -> str | None:
    text = read_text(value)
    return text and mask_text(text)


Text = Annotated[str | None, BeforeValidator(_read_masked)]
# As it came, as masking could make one of two ids: it is masked where it is stored or shown.
Id = Annotated[str | None, BeforeValidator(read_text)]
# The same without placeholders, for what is joined by it; and a text without them.
JoiningId = Annotated[str | None, BeforeValidator(_read_joining_id)]
JoiningText = Annotated[str | None, BeforeValidator(lambda value: _read_masked(_read_joining_id(value)))]
Number = Annotated[int | None, WrapValidator(forgive)]
CardNumber = Annotated[
    str | None, BeforeValidator(lambda value: mask_card_number(text) if (text := read_text(value)) else None)
]
FORGIVING = WrapValidator(forgive)


def read_money(value: object, info: ValidationInfo) -> object:
    """Return the money of an amount whose currency was read before it, or None."""
    text, currency = read_text(value), info.data.get("currency")
    if isinstance(value, Money) or text is None or not isinstance(currency, str) or info.context is None:
        return value if isinstance(value, Money) else None
    try:
        # `eur` is EUR: an amount that is not read alarms as another one would (A19).
        return read_amount(
            text, currency=currency.upper(), unit=info.context["unit"], precision=info.data.get("precision")
        )
    except NotMoney:
        return None


def find_rows(fields: Mapping[str, Any], *names: str) -> list[dict[str, Any]]:
    """Return the list of objects under one of these names, else under any name."""
    candidates = [fields.get(name) for name in names]
    candidates += [value for name, value in fields.items() if name not in _OURS]
    for value in candidates:
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            return value
    return []


def with_raw(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with what came beside it, redacted."""
    return {**row, "raw": redact({name: value for name, value in row.items() if name not in _OURS})}
