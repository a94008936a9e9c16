"""Answers that list rows: what they have in common, and the designs and cities to choose from."""

from typing import Annotated, Any

from pydantic import model_validator

from paytend.models.answer import Answer
from paytend.models.codes import CardScheme, CardType
from paytend.models.fields import FORGIVING, Number, Text, find_rows, named, with_raw


class AnswerWithRows(Answer):
    """An answer that lists rows; `total` counts all pages, where Paytend says so."""

    total: Number = named("total", "totalCount", "count")

    @model_validator(mode="before")
    @classmethod
    def _rows(cls, fields: Any) -> Any:
        rows = find_rows(
            fields,
            "tradeList",
            "transactionList",
            "list",
            "rows",
            "records",
            "skuList",
            "cityList",
            "topupList",
        )
        return {**fields, "rows": [with_raw(row) for row in rows]}


class Design(Answer):
    """A card design that can be ordered."""

    sku: Text = named("sku", "skuCode", "code")
    name: Text = named("skuName", "name", "description")
    type: Annotated[CardType | None, FORGIVING] = named("cardType")
    scheme: Annotated[CardScheme | None, FORGIVING] = named("cardScheme", "cardChannel")


class Designs(AnswerWithRows):
    """The card designs."""

    rows: tuple[Design, ...] = ()


class City(Answer):
    """A city that Paytend delivers to."""

    code: Text = named("cityCode", "code")
    name: Text = named("cityName", "name", "city")


class Cities(AnswerWithRows):
    """A page of cities."""

    rows: tuple[City, ...] = ()
