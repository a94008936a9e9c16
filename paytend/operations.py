"""Every Paytend operation, as a value; the table OPERATIONS is the whole of what can be asked.

Paths and field names are those of the vendor's demo (`paytend-api.md` a.1), the path of the overdue monthly
fee is a guess: the demo lacks it. Every value travels as a text, also numbers and enumerations.
"""

from typing import Any

from paytend.calls import Encoding, Operation, Parameter
from paytend.models import (
    CardBalance,
    Cardholder,
    CardInfo,
    CardOrder,
    Cities,
    Designs,
    Done,
    PartnerBalance,
    PartnerTopUps,
    RetrievedPassword,
    TopUp,
    Transactions,
)


def _one(name: str, wire: str, encoding: Encoding = Encoding.PLAIN) -> Parameter:
    return Parameter(name=name, wire=wire, encoding=encoding)


def _maybe(name: str, wire: str, encoding: Encoding = Encoding.PLAIN) -> Parameter:
    return Parameter(name=name, wire=wire, encoding=encoding, required=False)


_CARD_ID = _one("card_id", "cardId")
_REFERENCE = _one("reference", "orderNo")
_PERIOD = (
    _maybe("currency", "currency"),
    _one("begin", "beginDate", Encoding.DATE),
    _one("end", "endDate", Encoding.DATE),
    _maybe("start", "start"),  # a row offset from 0
    _maybe("size", "maxSize"),  # default 10, at most 30
)

APPLY_CARD = Operation(
    name="applyCard",
    title="Apply card",
    path="/issuing/card/applyCard",
    changes=True,
    answer=CardOrder,
    parameters=(
        _REFERENCE,
        _maybe("holder_id", "holderId"),
        _one("card_scheme", "cardScheme"),
        _one("card_type", "cardType"),
        _one("sku", "sku"),
        _one("remarks", "remarks"),
        _one("quantity", "quantity"),
        _one("contact_name", "contactName"),
        _one("contact_mobile", "contactMobile"),
        _one("delivery_address", "deliveryAddress", Encoding.ADDRESS),
    ),
)
ACTIVATE_CARD = Operation(
    name="activeCard",
    title="Active card",
    path="/issuing/card/activeCard",
    changes=True,
    answer=Done,
    parameters=(_CARD_ID, _one("holder_id", "holderId")),
)
TOP_UP = Operation(
    name="topup",
    title="Topup",
    path="/issuing/card/topup",
    changes=True,
    answer=TopUp,
    parameters=(_CARD_ID, _REFERENCE, _one("money", "amount", Encoding.MONEY)),
)
REPLACE_CARD = Operation(
    name="replaceCard",
    title="Replace card",
    path="/issuing/card/replaceCard",
    changes=True,
    answer=Done,
    # Paytend's third field is the CVV, checked only when given: it is never asked for here.
    parameters=(_one("new_card_id", "cardId"), _one("old_card_id", "oldCardId")),
)
REPORT_LOSS = Operation(
    name="lostCard",
    title="Report loss",
    path="/issuing/card/lostCard",
    changes=True,
    answer=Done,
    parameters=(_CARD_ID,),
)
CANCEL_LOSS = Operation(
    name="cancelCardLost",
    title="Cancel report loss",
    path="/issuing/card/cancelCardLost",
    changes=True,
    answer=Done,
    parameters=(_CARD_ID,),
)
RETRIEVE_PASSWORD = Operation(
    name="retrievePassword",
    title="Retrieve password",
    path="/issuing/card/retrievePassword",
    changes=True,
    answer=RetrievedPassword,
    parameters=(_CARD_ID,),
)
GET_APPLY_RESULT = Operation(
    name="getApplyCardResult",
    title="Query apply result",
    path="/issuing/card/getApplyCardResult",
    changes=False,
    answer=CardOrder,
    parameters=(_REFERENCE, _maybe("holder_id", "holderId")),
)
GET_CARD_INFO = Operation(
    name="getCardInfo",
    title="Query card information",
    path="/issuing/card/getCardInfo",
    changes=False,
    answer=CardInfo,
    parameters=(_CARD_ID,),
)
GET_TOP_UP_RESULT = Operation(
    name="getTopupResult",
    title="Query topup result",
    path="/issuing/card/getTopupResult",
    changes=False,
    answer=TopUp,
    parameters=(_REFERENCE,),
)
GET_CARD_TRANSACTIONS = Operation(
    name="getCardTransactions",
    title="Query transaction information",
    path="/issuing/card/getCardTransactions",
    changes=False,
    answer=Transactions,
    parameters=(_CARD_ID, _maybe("status", "transactionStatus"), *_PERIOD),
    blank_optionals=True,
)
GET_AUTHORIZATION_TRANSACTIONS = Operation(
    name="getAuthorizationTransactions",
    title="Query authorization transactions",
    path="/issuing/card/getAuthorizationTransactions",
    changes=False,
    answer=Transactions,
    parameters=(_CARD_ID, *_PERIOD),
    blank_optionals=True,
)
GET_DESIGNS = Operation(
    name="getSKUs",
    title="Query card design style",
    path="/issuing/card/getSKUs",
    changes=False,
    answer=Designs,
)
GET_CARD_BALANCE = Operation(
    name="getCardBalance",
    title="Query card balance",
    path="/issuing/card/getCardBalance",
    changes=False,
    answer=CardBalance,
    parameters=(_CARD_ID,),
)
GET_OVERDUE_MONTHLY_FEE = Operation(
    name="getCardOverdueMonthlyFee",
    title="Query card overdue monthly fee",
    path="/issuing/card/getCardOverdueMonthlyFee",
    changes=False,
    answer=CardBalance,
    parameters=(_CARD_ID,),
)
CREATE_CARDHOLDER = Operation(
    name="createCardholder",
    title="Create cardholder",
    path="/issuing/holder/createCardholder",
    changes=True,
    answer=Cardholder,
    parameters=(
        _one("mobile", "mobile"),
        _one("first_name", "firstName", Encoding.BASE64),
        _one("last_name", "lastName", Encoding.BASE64),
        _one("id_number", "idNo"),
        _one("id_type", "idType"),
        _one("email", "email"),
        _one("birthday", "birthday", Encoding.DATE),
        _one("gender", "gender"),
        _one("nationality", "nationalityCode"),
        _one("address", "eeaAddress", Encoding.ADDRESS),
    ),
)
UPDATE_CARDHOLDER = Operation(
    name="updateCardholder",
    title="Update cardholder",
    path="/issuing/holder/updateCardholder",
    changes=True,
    answer=Cardholder,
    # Whether name, identity document, mobile or e-mail may be changed is unknown: the demo sends only these.
    parameters=(
        _one("holder_id", "holderId"),
        _maybe("birthday", "birthday", Encoding.DATE),
        _maybe("gender", "gender"),
        _maybe("nationality", "nationalityCode"),
        _maybe("address", "eeaAddress", Encoding.ADDRESS),
    ),
)
GET_CARDHOLDER = Operation(
    name="getHolder",
    title="Query cardholder",
    path="/issuing/holder/getHolder",
    changes=False,
    answer=Cardholder,
    parameters=(_maybe("holder_id", "holderId"), _maybe("id_number", "idNo"), _maybe("id_type", "idType")),
    blank_optionals=True,
)
UPLOAD_DOCUMENT = Operation(
    name="uploadDocument",
    title="Upload supporting documents",
    path="/issuing/holder/uploadDocument",
    changes=True,
    answer=Done,
    parameters=(
        _one("holder_id", "holderId"),
        _one("file_type", "fileType"),
        _one("document", "fileContent", Encoding.DOCUMENT),  # (bytes, suffix with its dot)
    ),
)
GET_CITIES = Operation(
    name="getCities",
    title="Query cities",
    path="/issuing/holder/getCities",
    changes=False,
    answer=Cities,
    parameters=(
        _one("country_code", "countryCode"),
        _one("start", "start"),  # the demo begins at 1: possibly a page number
        _one("size", "maxResult"),
    ),
)
GET_PARTNER_BALANCE = Operation(
    name="getPartnerBalance",
    title="Query partner balance",
    path="/issuing/partner/getPartnerBalance",
    changes=False,
    answer=PartnerBalance,
)
GET_PARTNER_TOP_UPS = Operation(
    name="getPartnerTopup",
    title="Query partner topup information",
    path="/issuing/partner/getPartnerTopup",
    changes=False,
    answer=PartnerTopUps,
    parameters=(_one("currency", "currency"),),
)
GET_PARTNER_TRANSACTIONS = Operation(
    name="getPartnerTransactions",
    title="Query partner transaction information",
    path="/issuing/partner/getPartnerTransactions",
    changes=False,
    answer=Transactions,
    parameters=(_maybe("status", "transactionStatus"), *_PERIOD),
    blank_optionals=True,
)

OPERATIONS: tuple[Operation[Any], ...] = (
    APPLY_CARD,
    ACTIVATE_CARD,
    TOP_UP,
    REPLACE_CARD,
    REPORT_LOSS,
    CANCEL_LOSS,
    RETRIEVE_PASSWORD,
    GET_APPLY_RESULT,
    GET_CARD_INFO,
    GET_TOP_UP_RESULT,
    GET_CARD_TRANSACTIONS,
    GET_AUTHORIZATION_TRANSACTIONS,
    GET_DESIGNS,
    GET_CARD_BALANCE,
    GET_OVERDUE_MONTHLY_FEE,
    CREATE_CARDHOLDER,
    UPDATE_CARDHOLDER,
    GET_CARDHOLDER,
    UPLOAD_DOCUMENT,
    GET_CITIES,
    GET_PARTNER_BALANCE,
    GET_PARTNER_TOP_UPS,
    GET_PARTNER_TRANSACTIONS,
)
