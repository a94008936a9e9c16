"""Every way in which the stand-in says no: one table of respCodes.

Paytend publishes no list ("00" is success, anything else failure), so all numbers here are made up. Two of
the texts were seen from the real backend: "Card status is abnormal." and "Cardholder has exists".
"""

from enum import Enum


class Reason(Enum):
    """A respCode and the plain message that goes with it."""

    # 10xx: the envelope. Answered in the clear and unsigned, because nothing of the request can be trusted.
    NOT_JSON = ("1001", "Request is not valid JSON.")
    ENVELOPE_FIELD = ("1002", "A request field is missing or is not a text.")
    PARTNER_UNKNOWN = ("1003", "Partner does not exist.")
    VERSION_WRONG = ("1004", "Version or signType is not supported.")
    REQUEST_ID_WRONG = ("1005", "requestId must be 32 characters and start with the partnerId.")
    REQUEST_ID_REPEATED = ("1006", "requestId was used before.")
    SEAL_BROKEN = ("1007", "Signature verification failed.")
    BIZ_DATA_WRONG = ("1008", "bizData must be a JSON object of strings.")
    # 11xx: the fields of bizData.
    FIELD_MISSING = ("1101", "A required field is missing.")
    FIELD_WRONG = ("1102", "A field has a wrong value.")
    FIELD_UNKNOWN = ("1103", "A field is not known.")
    # 20xx: cards.
    CARD_UNKNOWN = ("2001", "Card does not exist.")
    CARD_STATUS = ("2002", "Card status is abnormal.")
    CVV_WRONG = ("2003", "CVV is wrong.")
    CARD_OF_ANOTHER = ("2004", "Card belongs to another cardholder.")
    # 21xx: cardholders.
    HOLDER_UNKNOWN = ("2101", "Cardholder does not exist.")
    HOLDER_EXISTS = ("2102", "Cardholder has exists")
    HOLDER_NOT_APPROVED = ("2103", "Cardholder is not approved.")
    FILE_TOO_LARGE = ("2104", "File is larger than 2 MB.")
    # 22xx: orders.
    ORDER_REPEATED = ("2201", "orderNo already exists.")
    ORDER_UNKNOWN = ("2202", "Order does not exist.")
    SKU_UNKNOWN = ("2203", "SKU does not exist.")
    ORDER_ENDED = ("2204", "Order status is abnormal.")
    # 23xx: money.
    AMOUNT_WRONG = ("2301", "Amount is wrong.")
    CURRENCY_UNKNOWN = ("2302", "Currency is not supported.")
    BALANCE_INSUFFICIENT = ("2303", "Insufficient balance.")
    # 24xx: lists.
    DATES_WRONG = ("2401", "Date range is wrong or longer than 30 days.")
    PAGE_WRONG = ("2402", "Page start or size is wrong.")
    TRADE_UNKNOWN = ("2403", "Transaction does not exist or cannot be changed.")

    @property
    def code(self) -> str:
        """The four digits for respCode."""
        return str(self.value[0])

    @property
    def message(self) -> str:
        """The sentence for respMsg."""
        return str(self.value[1])


class PaytendRefusal(Exception):
    """The stand-in does not do what was asked; nothing has changed."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        """Refuse for `reason`; `detail` (a field's name, say) is put behind its message."""
        self.code = reason.code
        self.message = f"{reason.message} {detail}".strip()
        super().__init__(f"{self.code} {self.message}")
