"""Balances of a card and of the partner account, one for each currency."""

from typing import Any

from pydantic import field_validator, model_validator

from paytend.models.answer import Answer
from paytend.models.fields import Id, Number, Text, find_rows, named, read_money, with_raw
from paytend.money import Money


class Balance(Answer):
    """One currency's balance; `precision` is V1's `digital`."""

    # Currency and precision first: pydantic reads in this order, and `read_money` needs both for an amount.
    currency: Text = named("currency", "currencyCode")
    precision: Number = named("digital", "precision")
    money: Money | None = named("balance", "amount")
    available: Money | None = named("availableBalance", "available")
    blocked: Money | None = named("blockAmount", "frozenAmount")

    _money = field_validator("money", "available", "blocked", mode="before")(read_money)


class AnswerWithBalances(Answer):
    """An answer with one balance or several, under any of the names that the predecessor API used."""

    balances: tuple[Balance, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _find_balances(cls, fields: Any) -> Any:
        rows = find_rows(fields, "accountList", "accountlist", "account_list", "balanceList", "accounts")
        if not rows and fields.get("currency"):
            rows = [fields]
        return {**fields, "balances": [with_raw(row) for row in rows]}

    def balance(self, currency: str) -> Money | None:
        """Return the money in one currency, None when the answer does not say."""
        return next((row.money for row in self.balances if row.currency == currency), None)


class CardBalance(AnswerWithBalances):
    """The balances of a card; the overdue monthly fee has the same shape (document)."""

    card_id: Id = named("cardId", "cardToken")


class PartnerBalance(AnswerWithBalances):
    """What can still be spent at Paytend, for each currency."""

    name: Text = named("name", "accountName")
