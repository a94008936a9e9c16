"""The operations on cards.

Paths and field names are those of the vendor's demo (`paytend-api.md` a.1). The demo lacks the overdue
monthly fee: its path is a guess, which `Client.paths` can correct.
"""

from paytend.models import CardBalance, CardInfo, CardOrder, Designs, Done, RetrievedPassword, TopUp, Transactions
from paytend.operations.call import PERIOD, Operation, optional, required
from paytend.operations.encoding import Encoding

_CARD_ID = required("card_id", "cardId")
_REFERENCE = required("reference", "orderNo")

APPLY_CARD = Operation(
    name="applyCard",
    title="Apply card",
    path="/issuing/card/applyCard",
    changes=True,
    answer=CardOrder,
    parameters=(
        _REFERENCE,
        # Commented out in the demo: without it, several unactivated cards are ordered (document §4.4).
        optional("holder_id", "holderId"),
        required("card_scheme", "cardScheme"),
        required("card_type", "cardType"),
        required("sku", "sku"),
        required("remarks", "remarks"),
        required("quantity", "quantity"),
        # Plain in the demo, unlike a cardholder's names, which are Base64.
        required("contact_name", "contactName"),
        required("contact_mobile", "contactMobile"),
        required("delivery_address", "deliveryAddress", Encoding.ADDRESS),
    ),
)
ACTIVATE_CARD = Operation(
    name="activeCard",  # the provider's own spelling
    title="Active card",
    path="/issuing/card/activeCard",
    changes=True,
    answer=Done,
    parameters=(_CARD_ID, required("holder_id", "holderId")),
)
TOP_UP = Operation(
    name="topup",
    title="Topup",
    path="/issuing/card/topup",
    changes=True,
    answer=TopUp,
    parameters=(_CARD_ID, _REFERENCE, required("money", "amount", Encoding.MONEY)),
)
REPLACE_CARD = Operation(
    name="replaceCard",
    title="Replace card",
    path="/issuing/card/replaceCard",
    changes=True,
    answer=Done,
    # Paytend's third field is the CVV, checked only when given: it is never asked for here.
    parameters=(required("new_card_id", "cardId"), required("old_card_id", "oldCardId")),
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
    parameters=(_REFERENCE, optional("holder_id", "holderId")),
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
    parameters=(_CARD_ID, optional("status", "transactionStatus"), *PERIOD),
    blank_optionals=True,
)
GET_AUTHORIZATION_TRANSACTIONS = Operation(
    name="getAuthorizationTransactions",
    title="Query authorization transactions",
    path="/issuing/card/getAuthorizationTransactions",
    changes=False,
    answer=Transactions,
    parameters=(_CARD_ID, *PERIOD),
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
