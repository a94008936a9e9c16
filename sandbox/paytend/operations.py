"""All 23 operations: path, fields, and the function that does it on the books."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sandbox.paytend import cards, holders, lists, orders
from sandbox.paytend.books import Books
from sandbox.paytend.fields import Fields
from sandbox.paytend.switches import Modes

Run: TypeAlias = Callable[[Books, Fields, Modes], dict[str, Any]]

_CARD = ("cardId",)
_DATES = ("beginDate", "endDate")
_PAGE = ("start", "maxSize")
_HOLDER = ("birthday", "gender", "nationalityCode", "eeaAddress")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation; its fields are in `required` or in `optional`, others are refused."""

    path: str
    run: Run
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the path, by which switches and calls name it."""
        return self.path.rpartition("/")[2]

    def carry_out(self, books: Books, biz_data: dict[str, Any], modes: Modes) -> dict[str, Any]:
        """Do it in one piece and return the answer's respData; raises PaytendRefusal when nothing was done."""
        fields = Fields(biz_data)
        with books.lock:
            fields.only((*self.required, *self.optional))
            for name in self.required:
                if not fields.has(name):
                    fields.text(name)
            answer = self.run(books, fields, modes)
            books.check()
        return answer


def _card(path: str, run: Run, *required: str, optional: tuple[str, ...] = ()) -> Operation:
    return Operation(path=f"/issuing/card/{path}", run=run, required=required, optional=optional)


def _holder(path: str, run: Run, *required: str, optional: tuple[str, ...] = ()) -> Operation:
    return Operation(path=f"/issuing/holder/{path}", run=run, required=required, optional=optional)


def _partner(path: str, run: Run, *required: str, optional: tuple[str, ...] = ()) -> Operation:
    return Operation(path=f"/issuing/partner/{path}", run=run, required=required, optional=optional)


OPERATIONS = (
    _card(
        "applyCard",
        orders.apply_card,
        *("orderNo", "cardScheme", "cardType", "sku", "quantity"),
        optional=("holderId", "remarks", "contactName", "contactMobile", "deliveryAddress"),
    ),
    _card("activeCard", cards.active_card, "cardId", "holderId"),
    _card("topup", cards.top_up, "cardId", "orderNo", "amount", "currency"),
    _card("replaceCard", cards.replace_card, "cardId", "oldCardId", optional=("cvv",)),
    _card("lostCard", cards.lost_card, *_CARD),
    _card("cancelCardLost", cards.cancel_card_lost, *_CARD),
    _card("retrievePassword", cards.retrieve_password, *_CARD),
    _card("getApplyCardResult", orders.get_apply_card_result, "orderNo", optional=("holderId",)),
    _card("getCardInfo", cards.get_card_info, *_CARD),
    _card("getTopupResult", cards.get_top_up_result, "orderNo"),
    _card(
        "getCardTransactions",
        lists.get_card_transactions,
        *_CARD,
        optional=("transactionStatus", "currency", *_DATES, *_PAGE),
    ),
    _card(
        "getAuthorizationTransactions",
        lists.get_authorization_transactions,
        *_CARD,
        optional=("currency", *_DATES, *_PAGE),
    ),
    _card("getSKUs", orders.get_skus),
    _card("getCardBalance", cards.get_card_balance, *_CARD),
    _card("getCardOverdueMonthlyFee", cards.get_overdue_fee, *_CARD),
    _holder(
        "createCardholder",
        holders.create_cardholder,
        *("mobile", "firstName", "idNo", "idType", "email", *_HOLDER),
        optional=("lastName",),
    ),
    _holder("updateCardholder", holders.update_cardholder, "holderId", optional=_HOLDER),
    _holder("getHolder", holders.get_holder, optional=("holderId", "idNo", "idType")),
    _holder("uploadDocument", holders.upload_document, "holderId", "fileType", "fileContent", "suffix"),
    _holder("getCities", holders.get_cities, "countryCode", optional=("start", "maxResult")),
    _partner("getPartnerBalance", lists.get_partner_balance),
    _partner("getPartnerTopup", lists.get_partner_topup, "currency"),
    _partner(
        "getPartnerTransactions",
        lists.get_partner_transactions,
        optional=("transactionStatus", "currency", *_DATES, *_PAGE),
    ),
)

BY_NAME = {operation.name: operation for operation in OPERATIONS}
