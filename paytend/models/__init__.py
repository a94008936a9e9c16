"""What Paytend answers, as frozen models.

The fields of the answers are not documented. Their candidate names are those of `paytend-api.md` a.2, each
accepted in camelCase and in snake_case, as a number or as text. A missing field is None. Everything stays in `raw`
(without secrets, card numbers masked), also what is not understood. An amount that cannot be read exactly is None.
"""

from paytend.models.answer import Answer, Done, RetrievedPassword
from paytend.models.balances import Balance, CardBalance, PartnerBalance
from paytend.models.cardholders import Cardholder
from paytend.models.cards import CardInfo, CardOrder, OrderedCard, TopUp
from paytend.models.lists import Cities, City, Design, Designs
from paytend.models.transactions import (
    PartnerTopUps,
    PartnerTransaction,
    PartnerTransactions,
    Transaction,
    TransactionKey,
    TransactionNames,
    Transactions,
)

__all__ = [
    "Answer",
    "Balance",
    "CardBalance",
    "CardInfo",
    "CardOrder",
    "Cardholder",
    "Cities",
    "City",
    "Design",
    "Designs",
    "Done",
    "OrderedCard",
    "PartnerBalance",
    "PartnerTopUps",
    "PartnerTransaction",
    "PartnerTransactions",
    "RetrievedPassword",
    "TopUp",
    "Transaction",
    "TransactionKey",
    "TransactionNames",
    "Transactions",
]
