"""A partner account at Paytend as its list shows it, with everything that a list may do wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paytend import PaytendError, operations
from paytend.models import PartnerBalance, PartnerTransactions, TopUp
from paytend.money import AmountUnit
from paytend.operations.call import Call

MOST = 30


def listed(reference: str, amount: object = 1000, **changes: Any) -> dict[str, Any]:
    """Return a row of the list: a transfer of 10.00 EUR at noon of the day before the tests."""
    row = {
        "tradeId": f"T{reference[-6:]}",
        "orderNo": reference,
        "currency": "EUR",
        "amount": amount,
        "businessDate": "2026-11-20 11:00:05",
        "tradeType": 121,
        "tradeStatus": 1,
    }
    return {name: value for name, value in (row | changes).items() if value is not None}


@dataclass
class Account:
    """Answers like `Client.send`: rows by day and currency, newest first, a page at a time.

    `total` is what it says instead of the truth (None: nothing). `fails` are errors by currency, or by the number
    of the first row. `gives` is how many rows it gives at most. `before_page` is called with each first row.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    currencies: tuple[str, ...] = ("EUR", "USDT")
    total: int | str | None = "true"
    fails: Mapping[object, PaytendError] = field(default_factory=dict)
    gives: int | None = None
    ignores: frozenset[str] = frozenset()
    grows: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def send(self, call: Call[Any]) -> Any:
        """Answer one call."""
        self.asked.append(call.operation.name)
        if call.operation is operations.GET_PARTNER_BALANCE:
            accounts = [{"currency": currency, "balance": 1} for currency in self.currencies]
            return PartnerBalance.decode({"accountList": accounts}, unit=AmountUnit.MINOR)
        if call.operation is operations.GET_TOP_UP_RESULT:
            return TopUp.decode(
                {"topupStatus": 1, "amount": 1000, "currency": "EUR", "orderNo": call.values["reference"]},
                unit=AmountUnit.MINOR,
            )
        assert call.operation is operations.GET_PARTNER_TRANSACTIONS
        return self._page(call.values)

    def _page(self, values: Mapping[str, Any]) -> PartnerTransactions:
        for reason in (values["currency"], values["start"]):
            if reason in self.fails:
                raise self.fails[reason]
        found = [row for row in self.rows if self._is_asked_for(row, values)]
        start = 0 if "start" in self.ignores else values["start"]
        until = min(start + MOST, len(found) if self.gives is None else self.gives)
        answer: dict[str, Any] = {"tradeList": found[start:until]}
        if self.total is not None:
            answer["total"] = len(found) if self.total == "true" else self.total
        if self.grows:
            self.rows.insert(0, self.grows.pop())
        return PartnerTransactions.decode(answer, unit=AmountUnit.MINOR)

    def _is_asked_for(self, row: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
        of_day = str(row.get("businessDate", ""))[:10] == values["begin"].isoformat()
        of_currency = row.get("currency", "EUR") == values["currency"]
        odd = not str(row.get("businessDate", "")).startswith("20") and values["begin"].day == 20
        return (of_day or odd or "day" in self.ignores) and (of_currency or "currency" in self.ignores)
