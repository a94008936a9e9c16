"""Books into answers: the candidate V1 names of paytend-api.md a.2, in one place."""

from datetime import datetime
from typing import Any

from sandbox.paytend.amounts import PRECISION, precision_of, shown
from sandbox.paytend.books import Books
from sandbox.paytend.records import Card, Holder, Order, PartnerEntry, TopUp, Transaction


def business_date(books: Books, at: datetime) -> str:
    """Return a local time like 2023-11-06 14:30:05."""
    return f"{at.astimezone(books.zone):%Y-%m-%d %H:%M:%S}"


def accounts_shown(books: Books, balances: dict[str, int]) -> list[dict[str, Any]]:
    """Return the `accountList`; `digital` is the number of decimal places of the currency."""
    return [
        {
            "currency": currency,
            "balance": shown(amount, currency=currency, unit=books.unit),
            "digital": PRECISION[currency],
        }
        for currency, amount in balances.items()
    ]


def balances_shown(books: Books, card: Card) -> dict[str, Any]:
    """Return `balance` (EUR) and `accountList` of a card."""
    used = [name for name in books.ledger.currencies(f"card:{card.card_id}") if name != "EUR"]
    balances = {currency: books.card_balance(card.card_id, currency) for currency in ["EUR", *used]}
    return {
        "balance": shown(balances["EUR"], currency="EUR", unit=books.unit),
        "accountList": accounts_shown(books, balances),
    }


def card_shown(books: Books, card: Card, *, full_number: bool = False) -> dict[str, Any]:
    """Return the answer to getCardInfo, with the whole number and the CVV only when asked to leak them."""
    activated = business_date(books, card.activated_at) if card.activated_at else ""
    answer = {
        "cardId": card.card_id,
        "cardNo": card.number if full_number else card.masked,
        "cardScheme": "3",
        "cardType": card.card_type,
        "cardStatus": int(card.status),
        "holderId": card.holder_id,
        "expiryDate": card.expiry,
        "activeTime": activated,
        **balances_shown(books, card),
    }
    return {**answer, "cvv": card.cvv} if full_number else answer


def holder_shown(holder: Holder) -> dict[str, Any]:
    """Return the answer of the holder operations; names are plain, not Base64."""
    return {
        "holderId": holder.holder_id,
        "auditStatus": int(holder.status),
        "errMsg": holder.error,
        "firstName": holder.first_name,
        "lastName": holder.last_name,
        "mobile": holder.mobile,
        "email": holder.email,
        "idNo": holder.id_no,
        "idType": holder.id_type,
        "birthday": holder.birthday,
        "gender": holder.gender,
        "nationalityCode": holder.nationality,
        "eeaAddress": dict(holder.address),
    }


def audit_shown(holder: Holder) -> dict[str, Any]:
    """Return the content of webhook 2."""
    names = ("holderId", "auditStatus", "errMsg", "mobile", "lastName", "firstName", "idType", "idNo")
    answer = holder_shown(holder)
    return {name: answer[name] for name in names}


def order_shown(books: Books, order: Order) -> dict[str, Any]:
    """Return a CardApplyResponse: getApplyCardResult's answer and webhook 3's content."""
    cards = [{"cardId": card_id, "cardNo": books.cards[card_id].masked} for card_id in order.card_ids]
    return {
        "orderNo": order.order_no,
        "holderId": order.holder_id,
        "applyStatus": int(order.status),
        "errMsg": order.error,
        **(cards[0] if cards else {"cardId": "", "cardNo": ""}),
        "cardList": cards,
    }


def top_up_shown(books: Books, top_up: TopUp) -> dict[str, Any]:
    """Return the answer to topup and getTopupResult."""
    return {
        "topupStatus": int(top_up.status),
        "errMsg": top_up.error,
        "payAccountNum": f"PA{top_up.currency}001",
        "cardNo": books.cards[top_up.card_id].masked,
        "cardId": top_up.card_id,
        "orderNo": top_up.order_no,
        "tradeId": top_up.trade_id,
        "relatedId": "",
        "currency": top_up.currency,
        "amount": shown(top_up.amount, currency=top_up.currency, unit=books.unit),
        "fee": shown(top_up.fee, currency=top_up.currency, unit=books.unit),
    }


def transaction_shown(books: Books, line: Transaction) -> dict[str, Any]:
    """Return one entry of a `tradeList`, which is also the content of webhook 1."""
    answer = {
        "cardId": line.card_id,
        "cardNo": books.cards[line.card_id].masked,
        "currency": line.currency,
        "amount": shown(line.amount, currency=line.currency, unit=books.unit),
        "fee": shown(line.fee, currency=line.currency, unit=books.unit),
        "businessDate": business_date(books, line.at),
        "tradeId": line.trade_id,
        "relatedId": line.related_id,
        "authCode": line.auth_code,
        "tradeType": int(line.trade_type),
        "tradeSrc": str(line.side),
        "tradeStatus": int(line.status),
        "remark": line.merchant,
    }
    if line.txn_currency and line.txn_currency != line.currency:
        answer["currencyTxn"] = line.txn_currency
        answer["txnAmount"] = shown(line.txn_amount, currency=line.txn_currency, unit=books.unit)
    return answer


def partner_entry_shown(books: Books, entry: PartnerEntry) -> dict[str, Any]:
    """Return one entry of the partner's lists; `digital` as in `accountList`."""
    return {
        "tradeId": entry.trade_id,
        "orderNo": entry.order_no,
        "currency": entry.currency,
        "amount": shown(entry.amount, currency=entry.currency, unit=books.unit),
        "fee": shown(entry.fee, currency=entry.currency, unit=books.unit),
        "balance": shown(entry.balance, currency=entry.currency, unit=books.unit),
        "digital": precision_of(entry.currency),
        "businessDate": business_date(books, entry.at),
        "tradeType": int(entry.trade_type),
        "tradeStatus": int(entry.status),
        "remark": entry.remark,
    }
