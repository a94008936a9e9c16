"""Money as people write it in settings: "500.00 EUR"."""

from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from paytend.money import Money, NotMoney
from paytend.written_amounts import read_written_money


def write_money(money: Money) -> str:
    """Return the text that reads back as the same money: "1200.00 EUR"."""
    return f"{money.amount} {money.currency}"


def _read(value: object) -> Money:
    if isinstance(value, Money):
        return value
    if not isinstance(value, str):
        raise NotMoney('money is written with its currency, such as "500.00 EUR"')
    return read_written_money(value)


MoneyText = Annotated[
    Money,
    PlainValidator(_read),
    PlainSerializer(write_money, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9][0-9.,']* [A-Z]{3,4}$", "examples": ["500.00 EUR"]}),
]
