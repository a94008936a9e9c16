"""Card orders: placed, shipped some time later, reported by webhook 3."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sandbox.paytend.books import Books
from sandbox.paytend.cities import SKUS
from sandbox.paytend.fields import Fields
from sandbox.paytend.records import (
    MASTERCARD,
    PHYSICAL,
    VIRTUAL,
    ApplyStatus,
    AuditStatus,
    CardStatus,
    Notice,
    Order,
)
from sandbox.paytend.refusals import PaytendRefusal, Reason
from sandbox.paytend.shown import order_shown
from sandbox.paytend.switches import Modes

_QUANTITY = re.compile(r"[1-9][0-9]?|100")


def apply_card(books: Books, fields: Fields, modes: Modes) -> dict[str, Any]:
    """Accept an order: a batch of cards without holder, or one card for an approved cardholder."""
    order_no = fields.order_no()
    if books.order_no_used(order_no):
        raise PaytendRefusal(Reason.ORDER_REPEATED)
    fields.choice("cardScheme", options=(MASTERCARD,))
    card_type = fields.choice("cardType", options=(VIRTUAL, PHYSICAL))
    quantity = int(fields.matching("quantity", pattern=_QUANTITY))
    order = Order(
        order_no=order_no,
        card_type=card_type,
        sku=_sku(fields, card_type=card_type),
        quantity=quantity,
        holder_id=_holder(books, fields, card_type=card_type, quantity=quantity),
        contact=_contact(fields, card_type=card_type),
    )
    books.orders[order_no] = order
    if modes.ship_seconds is not None:
        due = books.now() + timedelta(seconds=modes.ship_seconds)
        books.agenda.add(due, _shipping(books, order))
    return order_shown(books, order)


def get_apply_card_result(books: Books, fields: Fields, _: Modes) -> dict[str, Any]:
    """Tell what became of an order; a holder id, when given, must be the order's."""
    order = books.order(fields.text("orderNo"))
    if fields.has("holderId") and fields.text("holderId") != order.holder_id:
        raise PaytendRefusal(Reason.ORDER_UNKNOWN)
    return order_shown(books, order)


def get_skus(_books: Books, _fields: Fields, _: Modes) -> dict[str, Any]:
    """Show the card designs."""
    return {"total": len(SKUS), "skuList": [dict(sku) for sku in SKUS]}


def ship(books: Books, order_no: str) -> Order:
    """Make the cards of an order; a virtual one is active at once."""
    order = _waiting(books, order_no)
    for _ in range(order.quantity):
        card = books.add_card(card_type=order.card_type, sku=order.sku, holder_id=order.holder_id)
        if order.card_type == VIRTUAL:
            card.status, card.activated_at = CardStatus.ACTIVE, books.now()
        order.card_ids.append(card.card_id)
    order.status = ApplyStatus.DONE
    return _told(books, order)


def fail(books: Books, order_no: str, *, error: str) -> Order:
    """End an order without cards."""
    order = _waiting(books, order_no)
    order.status, order.error = ApplyStatus.FAILED, error
    return _told(books, order)


def _waiting(books: Books, order_no: str) -> Order:
    order = books.order(order_no)
    if order.status is not ApplyStatus.ACCEPTED:
        raise PaytendRefusal(Reason.ORDER_ENDED)
    return order


def _told(books: Books, order: Order) -> Order:
    books.notices.append(Notice(kind="3", content=order_shown(books, order)))
    return order


def _shipping(books: Books, order: Order) -> Callable[[], None]:
    def run() -> None:
        if order.status is ApplyStatus.ACCEPTED:
            ship(books, order.order_no)

    return run


def _sku(fields: Fields, *, card_type: str) -> str:
    sku = fields.text("sku")
    if not any(known["sku"] == sku and known["cardType"] == card_type for known in SKUS):
        raise PaytendRefusal(Reason.SKU_UNKNOWN)
    return sku


def _holder(books: Books, fields: Fields, *, card_type: str, quantity: int) -> str:
    if card_type == PHYSICAL and not fields.has("holderId"):
        return ""
    holder = books.holder(fields.text("holderId"))
    if holder.status is not AuditStatus.APPROVED:
        raise PaytendRefusal(Reason.HOLDER_NOT_APPROVED)
    if quantity != 1:
        raise PaytendRefusal(Reason.FIELD_WRONG, "quantity")
    return holder.holder_id


def _contact(fields: Fields, *, card_type: str) -> dict[str, Any]:
    if card_type == VIRTUAL and not fields.has("deliveryAddress"):
        return {}
    return {
        "contactName": fields.text("contactName"),
        "contactMobile": fields.mobile("contactMobile"),
        "deliveryAddress": fields.address("deliveryAddress"),
        "remarks": fields.optional("remarks"),
    }
