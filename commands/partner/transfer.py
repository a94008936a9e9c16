"""The text with which the finance team is asked to pay in to the partner account: words only, no money moves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from commands.lists.pages import NamedValue
from commands.partner import account as partner
from commands.slash_command import CallSender, Reply
from notifier.balance.forecast import Pace, propose, say_lasts
from paytend import Money, PaytendError, operations

HIDDEN = "not shown here, as it looks like a card number; see Paytend"


@dataclass(frozen=True, kw_only=True)
class PartnerTransferReply(Reply, template="partner_transfer"):
    """A text for the finance team; an empty `amount` says that no transfer is needed."""

    currency: str
    partner_id: str
    balance: str
    amount: str
    target: str
    warn: str
    has_pace: bool
    lasts: Sequence[str]
    account: Sequence[NamedValue]


@dataclass(frozen=True, kw_only=True)
class PartnerTransferUnknownReply(Reply, template="partner_transfer_unknown"):
    """A currency in which Paytend does not say the balance."""

    currency: str


def suggest(
    currency: str, *, warn: Decimal, paces: Sequence[Pace], partner_id: str, ask: CallSender
) -> PartnerTransferReply | PartnerTransferUnknownReply:
    """Return a text that is ready to be copied; `warn` is the threshold, in whole units of the currency.

    Raises PaytendError when Paytend does not say the balance; without the account to pay to, the text
    says that it has to be looked up.
    """
    balance = ask(operations.GET_PARTNER_BALANCE()).balance(currency)
    if balance is None:
        return PartnerTransferUnknownReply(currency=currency)
    proposal = propose(balance, warn=warn, paces=paces)
    known = [pace for pace in paces if pace.is_known]
    return PartnerTransferReply(
        currency=currency,
        partner_id=partner_id,
        balance=str(balance),
        amount=str(proposal.amount) if proposal.amount.amount else "",
        target=str(proposal.target),
        warn=str(Money(amount=warn, currency=currency)),
        has_pace=proposal.pace is not None,
        lasts=[say_lasts(pace, balance=balance) for pace in known],
        account=_account(currency, ask=ask),
    )


def _account(currency: str, *, ask: CallSender) -> list[NamedValue]:
    """Return what Paytend says of the account to pay to; nothing when it does not."""
    try:
        found = ask(operations.GET_PARTNER_TOP_UPS(currency=currency))
    except PaytendError:
        return []
    # What looks like a card number is masked wherever it comes from; half an account number helps nobody.
    return [
        replace(fact, value=HIDDEN) if "***" in fact.value else fact for fact in partner.other_values(found.raw)
    ]
