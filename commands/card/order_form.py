"""What is typed into the form of a card order: one card for a cardholder, or several without one (pure)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass

from approvals.actions.payloads import MOST_CARDS
from approvals.free_text import LONGEST_REASON
from approvals.refusals import Refusal
from commands.holder.forms import read_mobile
from commands.reading.address import NO_CHOICE, AddressFields, read_address
from commands.reading.arguments import Misread, read_input_id
from commands.slash_command import ButtonValue, View
from paytend.models import Design
from paytend.operations.encoding import Address

VIRTUAL = "1"
MASTERCARD = "3"  # the one scheme of which the code is known (paytend-api.md a.4)
_LONGEST = {"contact_name": 100, "remarks": 200, "reason": LONGEST_REASON}


class UnknownDesign(Refusal):
    """Paytend doesn’t offer the design {sku}. Choose one from the list."""

    is_recorded = False


class NeedsCardholder(Refusal):
    """Virtual cards need a cardholder. Enter one, or choose a physical design."""

    is_recorded = False


@dataclass(frozen=True, kw_only=True)
class CardApplyView(View, template="card_apply.view"):
    """The form in which cards are ordered."""

    metadata: ButtonValue
    design: str
    design_name: str
    holder: str
    quantity: str
    contact_name: str
    contact_mobile: str
    place: AddressFields
    remarks: str
    reason: str


def make_form(
    fields: Mapping[str, str], *, place: AddressFields, channel: str, name_of_design: Callable[[str], str]
) -> CardApplyView:
    """Return the form with what was typed; `name_of_design` takes a design's code."""
    design = fields.get("design", "")
    design = "" if design == NO_CHOICE else design
    return CardApplyView(
        metadata={"channel": channel},
        design=design,
        design_name=name_of_design(design),
        holder=fields.get("holder", ""),
        quantity=fields.get("quantity", ""),
        contact_name=fields.get("contact_name", ""),
        contact_mobile=fields.get("contact_mobile", ""),
        place=place,
        remarks=fields.get("remarks", ""),
        reason=fields.get("reason", ""),
    )


@dataclass(frozen=True, kw_only=True)
class TypedOrder:
    """A card order as somebody typed it; the type and scheme of its design are not known yet."""

    holder_id: str | None
    sku: str
    quantity: int
    contact_name: str
    contact_mobile: str
    delivery_address: Address
    remarks: str
    reason: str


def read_order(fields: Mapping[str, str]) -> tuple[TypedOrder | None, dict[str, str]]:
    """Return the order, or what is wrong by field."""
    wrong: dict[str, str] = {}
    typed = {name: text.strip() for name, text in fields.items()}
    holder_id, quantity = typed.get("holder", ""), typed.get("quantity", "")
    try:
        holder_id = read_input_id(typed, "holder", of="cardholder") if holder_id else ""
    except Misread as error:
        wrong["holder"] = str(error).strip()
    if not quantity.isdecimal() or not 1 <= int(quantity) <= MOST_CARDS:
        wrong["quantity"] = f"A number from 1 to {MOST_CARDS}."
    # Paytend has two ways to order: one personal card, or unactivated ones in bulk (document §4.4).
    elif holder_id and quantity != "1":
        wrong["quantity"] = "For a cardholder one card is ordered. Leave the cardholder out to order several."
    if typed.get("design", "") in {"", NO_CHOICE}:
        wrong["design"] = "Choose one from the list."
    if not typed.get("contact_name"):
        wrong["contact_name"] = "Who receives the parcel?"
    for name, longest in _LONGEST.items():
        if len(typed.get(name, "")) > longest:
            wrong[name] = f"At most {longest} characters."
    mobile = read_mobile(typed.get("contact_mobile", ""), wrong, name="contact_mobile")
    address = read_address(fields, wrong)
    if wrong or address is None:
        return None, wrong
    order = TypedOrder(
        holder_id=holder_id or None,
        sku=typed["design"],
        quantity=int(quantity),
        contact_name=typed["contact_name"],
        contact_mobile=mobile,
        delivery_address=address,
        remarks=typed.get("remarks", ""),
        reason=typed.get("reason", ""),
    )
    return order, {}


def make_payload(order: TypedOrder, designs: Iterable[Design]) -> dict[str, object]:
    """Return the payload of `card.apply`; raises UnknownDesign or NeedsCardholder."""
    design = next((row for row in designs if row.sku == order.sku), None)
    if design is None:
        raise UnknownDesign(sku=order.sku)
    # From Paytend's list and not from the form: a click cannot turn a physical design into a virtual card.
    card_type = str(design.type or "2")
    if card_type == VIRTUAL and not order.holder_id:
        raise NeedsCardholder
    return {**asdict(order), "card_type": card_type, "card_scheme": str(design.scheme or MASTERCARD)}
