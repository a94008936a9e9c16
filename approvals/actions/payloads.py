"""What is to be done, exactly: one payload for each sensitive action. Frozen, and without card numbers."""

from abc import abstractmethod
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from approvals.free_text import LONGEST_REASON
from approvals.written_ids import has_leading_zero
from paytend.models.codes import CardType, Gender
from paytend.money import Money
from paytend.money_text import MoneyText
from paytend.operations.encoding import Address
from paytend.redaction import find_card_numbers

# How the cardholder was identified before a password is retrieved; the choices of the modal.
IDENTIFIED: dict[str, str] = {
    "called_back": "Called back on the number that we have",
    "video": "Identity document seen in a video call",
    "in_person": "In person, with the identity document",
    "questions": "Security questions, answered without help",
}
MOST_CARDS = 100


def _no_card_number(text: str) -> str:
    if find_card_numbers(text):
        raise ValueError("a card number must not be typed here")
    return text


def _one_spelling(text: str) -> str:
    # Read ids are checked where they are read; buttons and Paytend's answers bring others.
    if has_leading_zero(text):
        raise ValueError("an id must not begin with a zero")
    return text


def _positive(money: Money) -> Money:
    if money.minor <= 0:
        raise ValueError("the amount must be more than nothing")
    return money


def _one_of_the_ways(text: str) -> str:
    if text not in IDENTIFIED:
        raise ValueError("choose how the cardholder was identified")
    return text


FreeText = Annotated[str, Field(max_length=LONGEST_REASON), AfterValidator(_no_card_number)]
Id = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"),
    AfterValidator(_no_card_number),
    AfterValidator(_one_spelling),
]
ShortText = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_no_card_number)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


# Digests cover every field, defaults too: after a new field, an older request no longer fits its digest and is
# refused as Altered. What is open when such a version starts has to be asked for again.
class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Payload(_Frozen):
    """What is to be done, exactly; `reason` is the requester's."""

    reason: FreeText = ""

    @property
    @abstractmethod
    def subject(self) -> str:
        """What it is done to; only one request may be open for a subject and an action."""

    @property
    def moved_money(self) -> Money | None:
        """The money that goes from the partner balance to a card; None if no money does."""
        return None

    @property
    def cards(self) -> tuple[str, ...]:
        """The cards that this is about."""
        return ()

    @property
    def new_card(self) -> str | None:
        """The second of these cards; None if there is none."""
        return self.cards[1] if len(self.cards) > 1 else None

    @property
    def private(self) -> tuple[tuple[str, str], ...]:
        """Personal data, as labels and texts: shown in a modal to the people who decide, never in a channel."""
        return ()


class CardPayload(Payload):
    """Something that is done to one card."""

    card_id: Id

    @property
    def subject(self) -> str:
        """The card."""
        return self.card_id

    @property
    def cards(self) -> tuple[str, ...]:
        """The card."""
        return (self.card_id,)


class TopUpPayload(CardPayload):
    """A top-up of a card."""

    money: Annotated[MoneyText, AfterValidator(_positive)]

    @property
    def moved_money(self) -> Money | None:
        """The money that goes from the partner balance to the card."""
        return self.money


class ActivatePayload(CardPayload):
    """The activation of a card for a cardholder."""

    holder_id: Id


class ReplacePayload(CardPayload):
    """A card (`card_id`) that is replaced by another; there is no field for a CVV, so nobody is asked for one."""

    new_card_id: Id

    @model_validator(mode="after")
    def _two_cards(self) -> "ReplacePayload":
        if self.card_id == self.new_card_id:
            raise ValueError("a card cannot replace itself")
        return self

    @property
    def cards(self) -> tuple[str, ...]:
        """Both: the balance of the old one moves to the new one."""
        return (self.card_id, self.new_card_id)


class PasswordPayload(CardPayload):
    """The retrieval of a card's password, after its cardholder was identified."""

    identified: Annotated[str, AfterValidator(_one_of_the_ways)]


class AddressPayload(_Frozen):
    """An address, as `paytend.operations.encoding.Address`."""

    line: ShortText
    line2: Annotated[str, Field(max_length=128), AfterValidator(_no_card_number)] = ""
    city_code: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,80}$")]
    state: Annotated[str, Field(max_length=48), AfterValidator(_no_card_number)] = ""
    postcode: Annotated[str, Field(min_length=1, max_length=12)]
    country_code: Country

    def as_address(self) -> Address:
        """Return the address as the client takes it."""
        return Address(**self.model_dump())

    def as_text(self) -> str:
        """Return the address on one line."""
        parts = (self.line, self.line2, self.postcode, self.city_code, self.state, self.country_code)
        return ", ".join(part for part in parts if part)


class ApplyPayload(Payload):
    """An order of cards: one for a cardholder, or several that are activated for cardholders later."""

    sku: Id
    card_type: Annotated[str, Field(pattern=r"^[0-9]{1,3}$")]
    card_scheme: Annotated[str, Field(pattern=r"^[0-9]{1,3}$")] = "3"
    quantity: Annotated[int, Field(ge=1, le=MOST_CARDS)] = 1
    holder_id: Id | None = None
    contact_name: ShortText
    contact_mobile: Annotated[str, Field(pattern=r"^\+[0-9]{6,15}$")]
    delivery_address: AddressPayload
    remarks: FreeText = ""

    @model_validator(mode="after")
    def _one_for_a_cardholder(self) -> "ApplyPayload":
        if self.holder_id and self.quantity != 1:
            raise ValueError("for a cardholder one card is ordered")
        if not self.holder_id and self.card_type == "1":
            raise ValueError("a virtual card is ordered for a cardholder")
        return self

    @property
    def subject(self) -> str:
        """The cardholder, or the design if several cards are ordered."""
        return self.holder_id or self.sku

    @property
    def what(self) -> str:
        """How many of which cards, for people."""
        cards = "1 card" if self.quantity == 1 else f"{self.quantity} unactivated cards"
        return f"{cards} ({CardType(self.card_type).text}, design {self.sku})"

    @property
    def private(self) -> tuple[tuple[str, str], ...]:
        """Where the cards go."""
        return (
            ("Contact", f"{self.contact_name}, {self.contact_mobile}"),
            ("Delivery address", self.delivery_address.as_text()),
            *((("Remarks", self.remarks),) if self.remarks else ()),
        )


class UpdatePayload(Payload):
    """A change of a cardholder's data; a field that is None is not changed."""

    holder_id: Id
    birthday: date | None = None
    gender: Annotated[str, Field(pattern=r"^[0-9]{1,2}$")] | None = None
    nationality: Country | None = None
    address: AddressPayload | None = None

    @model_validator(mode="after")
    def _something(self) -> "UpdatePayload":
        if not self.private:
            raise ValueError("nothing is to be changed")
        return self

    @property
    def subject(self) -> str:
        """The cardholder."""
        return self.holder_id

    @property
    def private(self) -> tuple[tuple[str, str], ...]:
        """The new values."""
        values = (
            ("Birthday", self.birthday.isoformat() if self.birthday else ""),
            ("Gender", Gender(self.gender).text if self.gender else ""),
            ("Nationality", self.nationality or ""),
            ("Address", self.address.as_text() if self.address else ""),
        )
        return tuple((label, text) for label, text in values if text)
