"""`/holder`: look up a cardholder."""

from collections.abc import Sequence
from typing import Any

from commands.arguments import guess, misread, no_more, read_card_id
from commands.surface import HELP, SUPPORT, Ask, Command, Form, Reply
from paytend import operations
from paytend.models import Cardholder

STATUS_FORM = "/holder status <holder> or /holder status <passport|id> <number>"
ID_TYPES = {"passport": "2", "id": "1"}

COMMAND = Command(
    name="/holder",
    does="Look up a cardholder",
    forms=(
        Form(
            word="status",
            usage="<holder> or <passport|id> <number>",
            does="the cardholder and the KYC state",
            roles=SUPPORT,
        ),
        HELP,
    ),
)


def read_status(words: Sequence[str]) -> dict[str, str]:
    """Return the values by which a cardholder is asked for; raises Misread."""
    if len(words) == 2:
        id_type = ID_TYPES.get(words[0].lower())
        if id_type is None:
            raise misread(f"“{words[0][:40]}” is no document.", form=STATUS_FORM, guess=guess(words[0], ID_TYPES))
        return {"id_type": id_type, "id_number": words[1][:40]}
    holder_id, rest = read_card_id(words, form=STATUS_FORM, of="cardholder")
    no_more(rest, form=STATUS_FORM)
    return {"holder_id": holder_id}


def status(values: dict[str, str], *, ask: Ask) -> Reply:
    """Return the cardholder and the KYC state, the id number masked."""
    holder = ask(operations.GET_CARDHOLDER(**values))
    return Reply(template="holder_status", facts=facts_of(holder))


def facts_of(holder: Cardholder) -> dict[str, Any]:
    """Return what a private answer about a cardholder shows."""
    return {
        "holder_id": holder.holder_id or "",
        "name": holder.name or "",
        "kyc": holder.audit_status.text if holder.audit_status else "not told by Paytend",
        "kyc_code": holder.audit_status or "",
        "message": holder.message or "",
        "document": holder.id_type.text if holder.id_type else "",
        "id_number": mask_id_number(holder.id_number or ""),
        "nationality": holder.nationality or "",
        "birthday": holder.birthday or "",
        "mobile": holder.mobile or "",
        "email": holder.email or "",
    }


def mask_id_number(number: str) -> str:
    """Return the first two and last two characters of an id number of at least seven, else none of them."""
    return f"{number[:2]}{'•' * (len(number) - 4)}{number[-2:]}" if len(number) >= 7 else "•" * len(number)
