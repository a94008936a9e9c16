"""The operations on the partner account; paths and field names as in the vendor's demo (`paytend-api.md` a.1)."""

from paytend.models import PartnerBalance, PartnerTopUps, PartnerTransactions
from paytend.operations.call import PERIOD, Operation, optional, required

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
    parameters=(required("currency", "currency"),),
)
GET_PARTNER_TRANSACTIONS = Operation(
    name="getPartnerTransactions",
    title="Query partner transaction information",
    path="/issuing/partner/getPartnerTransactions",
    changes=False,
    answer=PartnerTransactions,
    parameters=(optional("status", "transactionStatus"), *PERIOD),
    blank_optionals=True,
)
