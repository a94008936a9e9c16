"""`/topup`: ask for a top-up, and what became of one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from approvals.free_text import LONGEST_REASON, HoldsCardNumber, refuse_card_number
from commands.reading.amounts import CURRENCIES, read_money
from commands.reading.arguments import Misread, TypedWords, misread, no_more, read_card_id, read_input_id
from commands.slash_command import ButtonValue, CallSender, Reply, View
from paytend import Money, Refused, operations

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class TypedTopUp:
    """A top-up as somebody typed it."""

    card_id: str
    money: Money
    reason: str

    def as_value(self) -> dict[str, str]:
        """Return what a button carries, which is the payload of the request too."""
        return {"card_id": self.card_id, "money": str(self.money), "reason": self.reason}


@dataclass(frozen=True, kw_only=True)
class TopUpView(View, template="topup.view"):
    """The form in which a top-up is asked for."""

    metadata: ButtonValue
    card: str
    card_text: str
    amount: str
    currency: str
    currencies: Sequence[str]
    reason: str


@dataclass(frozen=True, kw_only=True)
class TopUpAskedReply(Reply, template="topup_asked"):
    """A top-up that was asked for, for whose card, and where, by when and by how many it is decided."""

    money: Money
    card: str
    needs: str
    channel: str
    decide_by: datetime
    phrase: str


@dataclass(frozen=True, kw_only=True)
class TopUpAgainQuestion(Reply, template="topup_again"):
    """Whether to ask for the same top-up again; `button_value` names the draft that holds it."""

    says: str
    button_value: ButtonValue


@dataclass(frozen=True, kw_only=True)
class TopUpStatusReply(Reply, template="topup_status"):
    """What Paytend says of a top-up."""

    reference: str
    status: str
    status_code: str
    card_id: str
    last_four: str
    amount: str
    fee: str
    message: str


@dataclass(frozen=True, kw_only=True)
class TopUpUnknownReply(Reply, template="topup_unknown"):
    """A top-up that Paytend does not know, and the reason it gives."""

    reference: str
    reason: str


def make_form(fields: Mapping[str, str], *, channel: str, card_text: str = "") -> TopUpView:
    """Return the form with what is known or was typed; `channel` is where it was asked for."""
    return TopUpView(
        metadata={"channel": channel},
        card=fields.get("card", ""),
        card_text=card_text,
        amount=fields.get("amount", ""),
        currency=fields.get("currency") or CURRENCIES[0],
        currencies=CURRENCIES,
        reason=fields.get("reason", ""),
    )


def read_top_up(typed: TypedWords) -> TypedTopUp:
    """Return what `/topup` asks for; raises Misread."""
    card_id, rest = read_card_id(typed.words, form=typed.form)
    money, rest = read_money(rest, form=typed.form)
    reason = " ".join(rest).strip()
    if len(reason) > LONGEST_REASON:
        raise misread(f"A reason has at most {LONGEST_REASON} characters.", form=typed.form)
    return TypedTopUp(card_id=card_id, money=money, reason=reason)


def read_fields(fields: Mapping[str, str]) -> tuple[TypedTopUp | None, dict[str, str]]:
    """Return what the modal asks for, or what is wrong under each of its inputs."""
    wrong: dict[str, str] = {}
    card_id = _read_input("card", _read_card, fields, wrong)
    money = None
    # Of a currency that nobody chose, no amount is read: ours would be a guess.
    if fields.get("currency") in CURRENCIES:
        money = _read_input("amount", _read_amount, fields, wrong)
    else:
        wrong["currency"] = "Choose one from the list."
    reason = _read_input("reason", _read_reason, fields, wrong)
    if card_id is None or money is None or reason is None:
        return None, wrong
    return TypedTopUp(card_id=card_id, money=money, reason=reason), {}


def _read_input(
    name: str, read: Callable[[Mapping[str, str]], T], fields: Mapping[str, str], wrong: dict[str, str]
) -> T | None:
    """Return what an input says; None when it cannot be read, which is added to what is wrong."""
    try:
        # First, because the refusals of `read` repeat what was typed.
        refuse_card_number(fields.get(name, ""))
        return read(fields)
    except (Misread, HoldsCardNumber) as error:
        wrong[name] = str(error).strip()
        return None


def _read_card(fields: Mapping[str, str]) -> str:
    return read_input_id(fields, "card")


def _read_amount(fields: Mapping[str, str]) -> Money:
    chosen = fields["currency"]
    money, rest = read_money(fields.get("amount", "").split(), form="", default=chosen)
    no_more(rest, form="")
    # Two answers to one question: with either guess, another amount of money may move.
    if money.currency != chosen:
        raise misread(f"This says {money.currency}, but {chosen} is chosen below.", form="")
    return money


def _read_reason(fields: Mapping[str, str]) -> str:
    reason = fields.get("reason", "").strip()
    if len(reason) > LONGEST_REASON:
        raise misread(f"At most {LONGEST_REASON} characters.", form="")
    return reason


def status(reference: str, *, ask: CallSender) -> TopUpStatusReply | TopUpUnknownReply:
    """Return what Paytend says of a top-up; one that it does not know is an answer as well."""
    try:
        found = ask(operations.GET_TOP_UP_RESULT(reference=reference))
    except Refused as refused:
        # With Paytend's reason: any refusal looks like this, and who takes it for "not done" asks for it again.
        return TopUpUnknownReply(reference=reference, reason=refused.reason)
    return TopUpStatusReply(
        reference=reference,
        status=found.status.text if found.status else "not available",
        status_code=found.status or "",
        card_id=found.card_id or "",
        last_four=(found.card_number or "")[-4:],
        amount=str(found.amount) if found.amount else "",
        fee=str(found.fee) if found.fee else "",
        message=found.message or "",
    )
